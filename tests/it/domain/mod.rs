//! Tests of the rules, without a database.

mod id;
mod quantity;
mod time;
mod user;
