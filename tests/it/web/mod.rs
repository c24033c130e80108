//! The pages, through the real server.

pub(crate) mod app;
mod clinic;
mod code;
mod limit;
mod order;
mod order_rules;
mod batch;
mod correct;
mod master_record;
mod papers;
mod people;
mod printer;
mod production;
mod quality;
mod routes;
mod session;
mod signature;
mod stock;
