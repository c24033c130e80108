//! Storage, on both databases.

mod door;
mod stock;
