//! Clinical protocol: what may be ordered, for whom, in what dose, and what the labels must say.
//!
//! A protocol is a text file (`templates/protocols/*.toml`) that a clinician and QA can read. It
//! states the sites and their doses, the eligibility checklist, the allowances, the excursion for
//! labelling, the schedule's bounds and the particulars of the trial.
//!
//! Neighbours: `order` records an order against one version of a protocol; `schedule` computes
//! dates within its bounds; `batch` receives the [`DoseUnit`]s; `custody` checks the excursion.
//!
//! Architecture invariant: a protocol is never read from a file here, and no dose is rounded: a
//! dose that does not fall on a whole step of the protocol is refused.

mod dose;
mod model;
mod parse;
mod toml_lines;

pub use dose::{ArithmeticLine, DosePlan, DoseRefusal, DoseUnit, PlannedSite, SiteDose};
pub use model::{
    Allowance, Criterion, CriterionKind, DoseRule, ExcursionRule, Product, Protocol, ScheduleRule,
    Site, Trial,
};
pub use parse::parse;
pub use toml_lines::{FileError, Lines};
