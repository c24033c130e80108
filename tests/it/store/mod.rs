//! Storage, on both databases.

mod backup;
mod door;
mod stock;
mod schema;
mod sealer;
mod tls;
pub(crate) mod verify;
mod verify_demo;
