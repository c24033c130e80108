//! The pure folders of Chorda, compiled without its database and its pages.

#[path = "../../src/codes/mod.rs"]
pub mod codes;
#[path = "../../src/domain/mod.rs"]
pub mod domain;
#[path = "../../src/ledger/mod.rs"]
pub mod ledger;
