//! One test binary that mirrors `src`.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::type_complexity,
    reason = "a test that panics has found what it looked for, and its helpers are tests too"
)]

mod domain;
mod codes;
mod app;
mod browser;
mod cli;
mod clock;
mod demo;
mod labels;
mod printing;
mod record;
mod site;
mod ledger;
mod store;
mod support;
mod tidy;
mod web;
