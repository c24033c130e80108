//! Use cases, each on both databases.

pub(crate) mod batch;
