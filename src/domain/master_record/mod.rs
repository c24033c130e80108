//! Master batch records: the approved process as text, read into types that can be run.
//!
//! `parse` reads a file, `check` judges it as a whole, `calculation` is the closed set of
//! calculations a file may name, `outline` says in words what a file states, `diff` compares two
//! versions, `simulate` runs one many times, `reference` is the page that explains the language;
//! [`RecordVersion`] is the life of one version from proposal to retirement. Neighbours: `batch`
//! runs a [`MasterRecord`]; a running batch keeps its text; `protocol` reads its files with the
//! same reader and tells their faults in the same words.
//!
//! Architecture invariant: no process of any product is written here; everything a product needs
//! is in its file.

pub mod calculation;
mod check;
pub mod diff;
mod fault;
mod model;
pub mod outline;
mod parse;
mod reader;
pub mod reference;
pub mod simulate;
mod units;
mod version;

pub use check::{Beside, LabelKind, LabelNeed, check, check_beside, predecessors};
pub use fault::{Fault, Faults, Kind as FaultKind, Spot};
pub(in crate::domain) use fault::{Keys, Sink};
pub use model::*;
pub use parse::{hash_text, parse};
pub(in crate::domain) use reader::{Section, read_document};
pub use units::Shape;
pub use version::{Command, Event, RecordVersion, Refusal, VersionState, decide};
