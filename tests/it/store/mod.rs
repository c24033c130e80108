//! Storage, on both databases.

mod door;
