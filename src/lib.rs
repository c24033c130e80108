//! Chorda: an electronic batch record and chain-of-custody system for GMP cell manufacturing.
//!
//! The modules stand in dependency order: a module may use only what stands above it.
//!
//! * [`domain`] decides: facts and a command in, events or a named refusal out.

pub mod domain;
