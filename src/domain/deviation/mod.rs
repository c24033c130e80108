//! Deviations: departures from the approved instruction, from notice to closing signature.
//!
//! Neighbours: `batch` opens one when a limit or a timer is broken; `release` waits for the
//! critical ones.
//!
//! Architecture invariant: a deviation is never deleted, and its opening words are never changed.

mod apply;
mod decide;
mod event;
mod labels;
mod state;

pub use decide::{Command, Refusal, decide};
pub use event::Event;
pub use labels::{may_close, missing_labels, unexplained};
pub use state::{Class, Decision, Deviation, Origin, Outcome, Status, Subject};
