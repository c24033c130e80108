//! Tests of the rules, without a database.

mod id;
mod order;
mod protocol;
mod master_record;
mod quantity;
mod schedule;
mod time;
mod user;
