//! Master batch records: the approved process as text, read into types that can be run.
//!
//! `parse` reads a file, `check` judges it as a whole, `calculation` is the closed set of
//! calculations a file may name; [`RecordVersion`] is the life of one version from proposal to
//! retirement. Neighbours: `batch` runs a [`MasterRecord`]; a running batch keeps its text.
//!
//! Architecture invariant: no process of any product is written here; everything a product needs
//! is in its file.

pub mod calculation;
mod check;
mod fault;
mod model;
mod parse;
mod reader;
mod units;
mod version;

pub use check::{check, predecessors};
pub use fault::{Fault, Faults};
pub use model::*;
pub use parse::{hash_text, parse};
pub use units::Shape;
pub use version::{Command, Event, RecordVersion, Refusal, VersionState, decide};
