//! Use cases, each on both databases.

pub(crate) mod batch;
mod batch_end;
mod batch_clearance;
mod batch_hold_point;
mod label_lost;
