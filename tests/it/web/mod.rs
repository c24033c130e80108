//! The pages, through the real server.

pub(crate) mod app;
mod people;
mod routes;
mod session;
mod signature;
