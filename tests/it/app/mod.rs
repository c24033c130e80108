//! Use cases, each on both databases.

mod batch;
