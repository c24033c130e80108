//! Release of a batch: review by exception, initial and final certification, hold, rejection.
//!
//! Neighbours: `batch`, `quality`, `deviation` and `genealogy` give the facts; the disposition of
//! the batch follows from these events and holds everything made of it.
//!
//! Architecture invariant: no event of a release changes a result, a step or a deviation.

mod apply;
mod assess;
mod command;
mod decide;
mod event;
mod facts;
mod refusal;
mod state;

pub use assess::{Assessment, Blocks, Check, Exception, Pending, assess};
pub use command::{Command, Failing};
pub use decide::{decide, late_failure, new_since_review};
pub use event::{Certificate, Event, Recipient, Reviewed};
pub use facts::{
    Complete, Designation, DeviationFact, Facts, InputFact, LabelFact, LostLabelFact, Missing,
    ReconcileFact, TestFact, TrailFact, TrailKind,
};
pub use refusal::Refusal;
pub use state::{Certification, Decision, LateFailure, Release, Review, Stage};
