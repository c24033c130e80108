//! Batch: one run of a master record, from line clearance to completion.
//!
//! `assess` holds every rule against facts and entries, `decide` turns a signed assessment into
//! changes of this and other streams, `progress` says what is next and what is missing, `pool` who
//! gave how much to a pool, `shown` is what a signature covers. Neighbours: `master_record` is the
//! text it runs; `container`, `quality` and `deviation` receive the changes it causes; `release`
//! goes on after completion.
//!
//! Architecture invariant: no process of any product is written here. Whatever differs from one
//! product to the next is read from the master record the batch keeps.

mod assess;
mod balance;
mod command;
mod decide;
mod event;
mod facts;
mod inputs;
mod pool;
mod progress;
mod refusal;
mod shown;
mod state;
mod values;

pub use assess::{Assessment, Break, Planned, admissible, assess, must_have_acknowledged};
pub use command::{Given, PerformStep, Start};
pub use decide::{abort, din_of, perform, sign_hold_point, start, verify};
pub use event::{Consumed, Entry, Event, Mark, Produced, Value};
pub use facts::{ContainerFact, DeviationFact, Divided, EquipmentFact, Facts, Fresh, MaterialFact};
pub use pool::{Pool, Share, pool};
pub use progress::{Missing, Procedure, Progress, TimerReading, completeness, timers};
pub use refusal::Refusal;
pub use shown::{
    AbortShown, HoldPointShown, ShownValue, StepShown, abort_shown, hold_point_shown, limit_text,
    material_amount, performance_shown, step_shown,
};
pub use state::{Batch, BatchState, Performance};
