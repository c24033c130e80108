//! Chorda: an electronic batch record and chain-of-custody system for GMP cell manufacturing.
//!
//! The modules stand in dependency order: a module may use only what stands above it.
//!
//! * [`domain`] decides: facts and a command in, events or a named refusal out.
//! * [`codes`] reads and writes every code on a label: ours, ISBT 128, SEC, GS1.

pub mod clock;
pub mod codes;
pub mod config;
pub mod domain;
pub mod web;
