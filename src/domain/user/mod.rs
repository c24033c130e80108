//! People: who has a sign-in name, how their identity was verified, which roles they hold, and
//! whether they may sign now (21 CFR 11.100, 11.300; regulations §4.4).
//!
//! Neighbours: `actor` says what each role may do; `app::signature` checks passwords against the
//! hash whose digest stands here.
//!
//! Architecture invariant: no password and no password hash is ever in an event; events hold the
//! digest of the hash, so that a hash put into the table by hand does not open anything.

mod apply;
mod command;
mod decide;
mod event;
mod password;
mod refusal;
mod state;

pub use command::Command;
pub use decide::decide;
pub use event::{Attempt, Event, IdentityCheck};
pub use password::{PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN, check_password};
pub use refusal::Refusal;
pub use state::{Credential, Designation, Standing, User};

/// How many wrong passwords in a row lock a sign-in name (regulations §4.4 rule 9).
pub const FAILURES_MAX: u32 = 5;
