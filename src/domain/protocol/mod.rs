//! Clinical protocol: what may be ordered, for whom, in what dose, and what the labels must say.
//!
//! A protocol is a text file (`templates/protocols/*.toml`) that a clinician and QA can read. It
//! states the rule of the dose (per site, per kg, by level, by route), the eligibility checklist,
//! the allowances, the excursion for labelling, the schedule's bounds and the particulars of the
//! trial.
//!
//! Neighbours: `order` records an order against one version of a protocol; `schedule` computes
//! dates within its bounds; `batch` receives the [`DoseUnit`]s; `custody` checks the excursion.
//!
//! Architecture invariant: a protocol is never read from a file here, and no dose is rounded but by
//! the rule that the protocol states; any other that is no whole step is refused.

mod check;
mod course;
mod dose;
mod dose_rule;
mod enrolment;
mod follow_up;
mod model;
mod parse;
mod parse_clinic;
pub mod reference;
mod refusal;

pub use check::{LabelWords, Mismatch, check_beside, check_language, label_words, mismatches};
pub use course::{
    Asked, Course, Enrolled, EnrolmentRefusal, Evaluation, Next, Participant, Stop, Tally,
};
pub use dose::{
    ArithmeticLine, DoseAsked, DosePlan, DoseUnit, PlannedUnit, RouteDose, SiteDose, Weighing,
    amount,
};
pub use enrolment::{Cohort, ESCALATION, EXPANSION, Enrolment, Escalation};
pub use follow_up::{Bedside, Stopping, Visit};
pub use model::{
    Aliquots, Allowance, ByLevel, ByRoute, Criterion, CriterionKind, DonorRule, DoseBy, DoseRule,
    DosedSite, ExcursionRule, Level, PerKg, PerSite, Product, Protocol, Route, RouteVolume,
    ScheduleRule, Site, Trial,
};
pub use parse::parse;
pub use refusal::DoseRefusal;
