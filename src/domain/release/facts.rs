//! What the release of a batch needs to know from elsewhere, loaded in the same transaction.
//!
//! Neighbours: `app::release_facts` fills it from batch, tests, deviations, genealogy and labels.
//!
//! Architecture invariant: plain data; what follows from it is in `assess`.

use crate::domain::deviation::{Class, Outcome, Status as DeviationStatus};
use crate::domain::disposition::Disposition;
use crate::domain::id::{BatchNumber, DeviationNumber, Login, Name, OrderNumber};
use crate::domain::quality::Status as TestStatus;
use crate::domain::time::{Instant, Span};
use serde::Serialize;
use std::collections::BTreeSet;

/// Everything about a batch that its release rests on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Facts {
    /// The batch.
    pub batch: BatchNumber,
    /// The product's title.
    pub product: String,
    /// The master record and its version, as printed.
    pub master_record: String,
    /// The order it was made for.
    pub order: Option<OrderNumber>,
    /// Whether its last step is done.
    pub completed: bool,
    /// Mandatory elements that are empty (ATMP-2).
    pub missing: Vec<Missing>,
    /// How many mandatory elements were checked, by which rule: for the completeness certificate.
    pub complete: Vec<Complete>,
    /// Everybody who performed or verified a step of it.
    pub performers: BTreeSet<Login>,
    /// The tests the master record asks for, requested or not.
    pub tests: Vec<TestFact>,
    /// Its deviations.
    pub deviations: Vec<DeviationFact>,
    /// What it was made from, with the effective disposition.
    pub inputs: Vec<InputFact>,
    /// Its labels.
    pub labels: LabelFact,
    /// Labels of it that are lost, with the deviation of each report.
    pub lost_labels: Vec<LostLabelFact>,
    /// What its book may differ by, and differs by.
    pub reconciled: Vec<ReconcileFact>,
    /// What the audit trail shows besides the plain course of things.
    pub trail: Vec<TrailFact>,
    /// How many entries of the audit trail were looked through.
    pub trail_entries: u32,
    /// When its product expires.
    pub expires_at: Option<Instant>,
}

/// A mandatory element that is empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// What is missing, such as `step count_p2: viability`.
    pub what: String,
    /// The step it belongs to.
    pub step: Option<Name>,
    /// The rule that asks for it.
    pub rule: String,
    /// Whether it is missing only since a correction, which another person still has to verify.
    pub corrected: bool,
}

/// A kind of mandatory element that was checked and is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Complete {
    /// What was checked, such as `42 steps performed`.
    pub what: String,
    /// The rule that asks for it.
    pub rule: String,
}

/// A test the master record asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TestFact {
    /// Its name.
    pub test: Name,
    /// Its title.
    pub title: String,
    /// How it stands; planned where it was not requested.
    pub status: TestStatus,
    /// Whether a result waits for review.
    pub awaits_review: bool,
    /// Whether it may be pending at initial certification.
    pub pending_allowed: bool,
    /// Whether its result stands on the certificate.
    pub on_certificate: bool,
    /// Whether the method is growth-based and has interim readings.
    pub growth_based: bool,
    /// The newest interim reading, negative to date.
    pub latest_interim: Option<Instant>,
    /// Oldest interim reading that counts.
    pub interim_max_age: Option<Span>,
    /// When the final result may be there.
    pub due_at: Option<Instant>,
    /// Results declared invalid, which stay visible.
    pub invalidated: u32,
    /// The values of the newest result in words.
    pub result: Vec<String>,
    /// Who recorded and who reviewed the newest result.
    pub analysts: Vec<Login>,
}

/// A deviation of the batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeviationFact {
    /// Its number.
    pub number: DeviationNumber,
    /// How serious it is.
    pub class: Class,
    /// One line.
    pub title: String,
    /// How it stands.
    pub status: DeviationStatus,
    /// What follows for the product, once decided.
    pub outcome: Option<Outcome>,
    /// The step it is about.
    pub step: Option<Name>,
    /// The reconciliation it explains.
    pub reconciliation: Option<Name>,
}

/// A reconciliation of the book that the master record asks for (ATMP-10).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReconcileFact {
    /// Its name.
    pub name: Name,
    /// What it is, in words.
    pub title: String,
    /// What was found and what is allowed, in words; none if it was never made.
    pub found: Option<String>,
    /// Whether more was found than is allowed.
    pub broken: bool,
}

/// Something the batch was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InputFact {
    /// The node of the genealogy, such as `donor/DNR-0001`.
    pub node: String,
    /// In words.
    pub title: String,
    /// Its effective disposition.
    pub disposition: Disposition,
    /// What causes it, in words.
    pub because: String,
}

/// The labels of the batch (ATMP-18).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct LabelFact {
    /// Labels issued.
    pub issued: u32,
    /// Labels applied and read back.
    pub applied: u32,
    /// Labels destroyed.
    pub destroyed: u32,
    /// Labels kept in the batch record.
    pub kept: u32,
    /// Labels lost, each with a deviation.
    pub lost: u32,
    /// Issued labels that are none of these.
    pub open: u32,
    /// Containers that wear no valid label (ATMP-8).
    pub containers_without: u32,
}

/// Labels that were reported lost and have not turned up (ATMP-18).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LostLabelFact {
    /// Which labels, in words.
    pub what: String,
    /// The deviation that explains it.
    pub deviation: DeviationNumber,
}

/// What the audit trail shows besides the plain course of things (regulations §4.4 rule 7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TrailFact {
    /// The event, `stream@version`.
    pub event: String,
    /// What kind of exception it is.
    pub kind: TrailKind,
    /// What happened, in words: old value, new value, reason.
    pub what: String,
    /// Who.
    pub by: Login,
    /// When.
    pub at: Instant,
}

/// Kinds of exception in an audit trail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TrailKind {
    /// An entry made after the fact.
    LateEntry,
    /// A value changed after its first entry.
    Correction,
    /// A label printed again.
    Reprint,
    /// A label reported lost, or one that was lost and turned up.
    LostLabel,
    /// A gate or limit that was overridden.
    Override,
    /// A test result that was returned or declared invalid.
    RepeatedTest,
}

impl TrailKind {
    /// The words on screens.
    pub fn word(self) -> &'static str {
        match self {
            Self::LateEntry => "late entry",
            Self::Correction => "correction",
            Self::Reprint => "reprint",
            Self::LostLabel => "lost label",
            Self::Override => "override",
            Self::RepeatedTest => "repeated test",
        }
    }
}

/// A person's designation as Qualified Person (ATMP-30).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Designation {
    /// First instant on which it is in force.
    pub from: Instant,
    /// First instant on which it is no longer.
    pub until: Option<Instant>,
}

impl Designation {
    /// Whether it is in force at that time.
    pub fn is_current(&self, now: Instant) -> bool {
        now >= self.from && self.until.is_none_or(|until| now < until)
    }
}
