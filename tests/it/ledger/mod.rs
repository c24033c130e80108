//! The ledger's pure part: known values, made-up ones, and attempts to break it.

mod canonical;
mod note;
mod tree;
