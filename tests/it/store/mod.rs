//! Storage, on both databases.

mod backup;
mod door;
mod identity;
mod label;
mod laws;
mod stock;
mod schema;
mod sealer;
mod segregation;
mod tls;
pub(crate) mod verify;
mod verify_demo;
