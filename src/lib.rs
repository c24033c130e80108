//! Chorda: an electronic batch record and chain-of-custody system for GMP cell manufacturing.
//!
//! The modules stand in dependency order: a module may use only what stands above it, and a test
//! holds them to it.
//!
//! * [`domain`] decides: facts and a command in, events or a named refusal out.
//! * [`codes`] reads and writes every code on a label: ours, ISBT 128, SEC, GS1.
//! * [`ledger`] proves: canonical events, hashes, signatures, the Merkle log.
//! * [`clock`] is the only source of time, identifiers and chance.
//! * [`site`] is who makes it where, and by which texts.
//! * [`config`] is what a site can set.
//! * [`tls`] is what every encrypted line shares.
//! * [`db`] is the one folder that knows which database it is.
//! * [`store`] loads, appends and projects, behind one write door.
//! * [`pdf`] draws vector pages: exact lengths, measured text, PDF and SVG.
//! * [`labels`] turns a label definition and a container's data into a drawn label.
//! * [`printing`] is the wire to a label printer, and what is known of what it did.
//! * [`record`] is the batch record of an order, as PDF and as canonical JSON.
//! * [`app`] is the use cases: load, decide, record.
//! * [`web`] shows it to people: routes, session, pages.
//! * [`demo`] tells the whole job in one go.

pub mod domain;
pub mod codes;
pub mod ledger;
pub mod clock;
pub mod site;
pub mod config;
pub mod tls;
pub mod db;
pub mod store;
pub mod pdf;
pub mod labels;
pub mod printing;
pub mod record;
pub mod app;
pub mod web;
pub mod demo;
