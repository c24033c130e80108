//! Quality control: test requests, samples on their way to the laboratory, results against a
//! specification.
//!
//! Neighbours: `batch` asks for tests at its sampling steps; `release` reads how they ended.
//!
//! Architecture invariant: no event changes or removes a recorded result (ATMP-42).

mod apply;
mod command;
mod decide;
mod event;
mod refusal;
mod specification;
mod state;

pub use command::{Command, Facts};
pub use decide::{LATE_AFTER, cancel, decide, evaluate};
pub use event::{Event, ResultValue};
pub use refusal::Refusal;
pub use specification::{
    Criterion, Incubation, Limit, Observation, ObservationError, Specification, Verdict,
};
pub use state::{InterimReading, ResultStanding, Status, TestRequest, TestResult};
