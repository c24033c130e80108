//! Order: one patient's dose, from the clinician's wish to the last syringe accounted for.
//!
//! Neighbours: `protocol` says what may be ordered, `schedule` when, `custody` hands over and
//! gives the containers made for it; `batch` makes them.
//!
//! Architecture invariant: an order knows the patient by the trial's code only, and it never closes
//! while a unit made for it is unaccounted for (ATMP-16).

mod apply;
mod command;
mod decide;
mod event;
mod outcome;
mod refusal;
mod stage;
mod state;

pub use command::{
    Allocate, Cancel, Close, Confirm, Place, Placement, Schedule, UnitFate, VialEnd, VialFacts,
};
pub use decide::{
    allocate, batch_given_up, cancel, close, confirm, deallocate, link_batch, place, schedule,
};
pub use event::{Answer, Event, OrderedProtocol};
pub use outcome::{
    Given, Judgement, OutcomeRefusal, Outcomes, Reaction, Relatedness, Report, Ruling, SignedVisit,
    Told, VisitOutcome, course, exclude, judge_again, record_visit, report_reaction, rule, tell,
};
pub use refusal::Refusal;
pub use stage::Stage;
pub use state::{Cancellation, Closing, Order};
