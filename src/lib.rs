//! Chorda: an electronic batch record and chain-of-custody system for GMP cell manufacturing.
//!
//! The modules stand in dependency order: a module may use only what stands above it, and a test
//! holds them to it.
//!
//! * [`domain`] decides: facts and a command in, events or a named refusal out.
//! * [`codes`] reads and writes every code on a label: ours, ISBT 128, SEC, GS1.
//! * [`clock`] is the only source of time, identifiers and chance.
//! * [`config`] is what a site can set.
//! * [`web`] shows it to people: routes, session, pages.

pub mod domain;
pub mod codes;
pub mod clock;
pub mod config;
pub mod web;
