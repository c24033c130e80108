//! Donors: consent, questionnaire, infectious-marker results, eligibility by dated rules.
//!
//! Neighbours: `donation` is what a donor gave; `genealogy` carries the donor's standing to
//! everything made from it.
//!
//! Architecture invariant: only pseudonymous codes are kept here; no name, no date of birth
//! (ATMP-15).

mod apply;
mod command;
mod decide;
mod event;
mod refusal;
mod rules;
mod state;
mod verdict;

pub use command::{Command, Facts, GivenAnswer};
pub use decide::decide;
pub use event::{Answer, Cause, Event, Haemodilution};
pub use refusal::Refusal;
pub use rules::{
    Autologous, HaemodilutionRule, MarkerRule, Question, Reactive, Receipt, Repeat, Required,
    RuleBook, RuleError, RuleSet, RuleSetRef, Typing, Window, Yes,
};
pub use state::{
    Assessment, Consent, Donor, Eligibility, MarkerResult, Matrix, Purpose, Questionnaire,
    Reaction, Relation, Sample, Scope, Typed,
};
pub use verdict::{DonationFact, Finding, Verdict, judge};
