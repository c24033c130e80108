//! Batch: one run of a master record, from line clearance to completion.
//!
//! `assess` holds every rule against facts and entries, `decide` turns a signed assessment into
//! changes of this and other streams, `correct` corrects what was signed, `progress` says what is
//! next and what is missing, `pool` who gave how much to a pool, `doubling` how often cells
//! doubled, `reconcile` whether the book is within its limits, `shown` is what a signature covers.
//! Neighbours: `master_record` is the text it runs; `container`, `quality` and `deviation` receive
//! the changes it causes; `release` goes on after completion.
//!
//! Architecture invariant: no process of any product is written here. Whatever differs from one
//! product to the next is read from the master record the batch keeps.

mod assess;
mod balance;
mod clearance;
mod command;
mod correct;
mod correction;
mod correction_refusal;
mod correction_shown;
mod decide;
mod doubling;
mod ending;
mod event;
mod facts;
mod inputs;
mod pool;
mod progress;
mod reconcile;
mod refusal;
mod shown;
mod state;
mod values;

pub use assess::{
    Assessment, Break, ENTERED_AT_ONCE, Planned, admissible, assess, must_have_acknowledged,
};
pub use clearance::{Thing, remove_foreign, scan_line};
pub use command::{CorrectValue, Given, PerformStep, Start};
pub use correct::{
    Aftermath, Broken, CorrectionAssessment, assess_correction, correct, correctable, must_be_open,
    verify_correction,
};
pub use correction::{Booked, Changed, Corrected, Correction, Recheck};
pub use correction_refusal::CorrectionRefusal;
pub use correction_shown::{
    CorrectionShown, ShownChange, correction_assessment_shown, correction_shown,
};
pub use decide::{din_of, perform, sign_hold_point, start, verify};
pub use doubling::{Doubling, Line, cumulative, doublings};
pub use ending::{
    EndAct, EndFacts, EndSigned, Ending, OpenItem, Settled, Settlement, end, open, settle,
};
pub use event::{Consumed, Entry, Event, Mark, Produced, Value};
pub use facts::{
    AwaitedTest, ContainerFact, DeviationFact, Divided, EquipmentFact, Facts, Fresh, MaterialFact,
};
pub use pool::{Pool, Share, pool};
pub use progress::{Missing, Procedure, Progress, TimerReading, TimerState, completeness, timers};
pub use reconcile::{Found, Reconciled, reconciliations};
pub use refusal::Refusal;
pub use shown::{
    HoldPointShown, ShownValue, StepShown, Was, hold_point_shown, limit_text, material_amount,
    performance_shown, posting_text, signed_steps, step_shown, uncovered_names,
};
pub use state::{Batch, BatchState, Foreign, Performance, SettledBatch};
