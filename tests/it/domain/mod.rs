//! Tests of the rules, without a database.

mod account;
mod batch;
mod custody;
mod id;
mod course;
mod lineage;
mod outcome;
pub(crate) mod order;
mod order_rules;
mod protocol;
mod protocol_beside;
mod protocol_reference;
mod protocol_rules;
mod master_record;
mod quantity;
mod schedule;
mod time;
mod user;
mod container;
mod genealogy;
mod stock;
mod deviation;
mod donor;
mod quality;
mod release;
pub(crate) mod told;
mod division;
