//! What is known of a deviation.

use crate::domain::actor::Signature;
use crate::domain::container::LabelCount;
use crate::domain::id::{BatchNumber, ContainerCode, DonorCode, Login, Name, OrderNumber};
use crate::domain::time::Instant;
use serde::{Deserialize, Serialize};

/// How serious a deviation is; the order of variants is the order of gravity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// No effect on the product is expected.
    Minor,
    /// An effect on the product is possible.
    Major,
    /// The product or a person may be harmed; certification waits for it.
    Critical,
}

impl Class {
    /// All classes, mildest first.
    pub const ALL: [Self; 3] = [Self::Minor, Self::Major, Self::Critical];

    /// The code, which is also the word on screens.
    pub fn code(self) -> &'static str {
        match self {
            Self::Minor => "minor",
            Self::Major => "major",
            Self::Critical => "critical",
        }
    }

    /// The class of a code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.code() == code)
    }
}

/// What noticed a deviation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A person.
    Person,
    /// A value outside its action limit.
    Limit,
    /// A timer of the master record that was broken.
    Timer,
    /// A gate (material, equipment, room, training) that did not open.
    Gate,
    /// A balance of cells, volume, containers or labels that does not close.
    Reconciliation,
    /// A test result out of specification.
    OutOfSpecification,
    /// A storage or transport excursion.
    Excursion,
    /// A donor who is no longer eligible.
    Donor,
}

impl Origin {
    /// Every origin with its code and its words.
    pub const ALL: [(Self, &'static str, &'static str); 8] = [
        (Self::Person, "person", "noticed by a person"),
        (Self::Limit, "limit", "value outside its limit"),
        (Self::Timer, "timer", "time outside its window"),
        (Self::Gate, "gate", "material, equipment or room not cleared"),
        (Self::Reconciliation, "reconciliation", "balance does not close"),
        (Self::OutOfSpecification, "out_of_specification", "result out of specification"),
        (Self::Excursion, "excursion", "storage or transport excursion"),
        (Self::Donor, "donor", "donor no longer eligible"),
    ];

    /// The code in tables.
    pub fn code(self) -> &'static str {
        Self::ALL.iter().find(|(origin, ..)| *origin == self).map_or("", |(_, code, _)| code)
    }

    /// The words on screens.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(origin, ..)| *origin == self).map_or("", |(.., word)| word)
    }

    /// The origin of a code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, _)| *known == code).map(|(origin, ..)| *origin)
    }
}

/// What a deviation is about; whatever is known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Subject {
    /// The batch.
    pub batch: Option<BatchNumber>,
    /// The step of the batch.
    pub step: Option<Name>,
    /// Which repetition of the step, from 1.
    pub occurrence: Option<u32>,
    /// The test of the batch.
    pub test: Option<Name>,
    /// The container.
    pub container: Option<ContainerCode>,
    /// The order.
    pub order: Option<OrderNumber>,
    /// The donor.
    pub donor: Option<DonorCode>,
    /// The reconciliation of the batch.
    pub reconciliation: Option<Name>,
    /// The labels that were not accounted for when it was opened (ATMP-18).
    pub labels: Vec<LabelCount>,
}

/// What follows from a deviation for the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The specification is met and the impact is negligible; the product may go on (ATMP-35).
    Continue,
    /// What was affected is done again as the master record allows.
    Repeat,
    /// The product is to be rejected.
    Reject,
}

impl Outcome {
    /// Every outcome with its code and its words.
    pub const ALL: [(Self, &'static str, &'static str); 3] = [
        (Self::Continue, "continue", "product may go on: impact negligible"),
        (Self::Repeat, "repeat", "affected work is repeated"),
        (Self::Reject, "reject", "product is to be rejected"),
    ];

    /// The code in tables.
    pub fn code(self) -> &'static str {
        Self::ALL.iter().find(|(outcome, ..)| *outcome == self).map_or("", |(_, code, _)| code)
    }

    /// The words on screens.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(outcome, ..)| *outcome == self).map_or("", |(.., word)| word)
    }

    /// The outcome of a code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, _)| *known == code).map(|(outcome, ..)| *outcome)
    }
}

/// How a deviation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Waits for QA.
    Open,
    /// Decided; waits for its actions.
    Decided,
    /// Done.
    Closed,
}

impl Status {
    /// The code, which is also the word on screens.
    pub fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Decided => "decided",
            Self::Closed => "closed",
        }
    }

    /// The status of a code.
    pub fn parse(code: &str) -> Option<Self> {
        [Self::Open, Self::Decided, Self::Closed].into_iter().find(|status| status.code() == code)
    }
}

/// QA's decision on a deviation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// The root cause.
    pub root_cause: String,
    /// Impact on quality, safety and efficacy.
    pub impact: String,
    /// What is or was done about it.
    pub actions: String,
    /// What follows for the product.
    pub outcome: Outcome,
    /// Signature of QA.
    pub signature: Signature,
}

/// A deviation, as its events tell.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Deviation {
    /// Its number, such as `DEV-2026-0001`.
    pub number: String,
    /// Number of events so far.
    pub version: u64,
    /// How serious it is.
    pub class: Class,
    /// One line for lists.
    pub title: String,
    /// What happened.
    pub description: String,
    /// What noticed it.
    pub origin: Origin,
    /// What it is about.
    pub subject: Subject,
    /// Who performed the step it is about.
    pub performer: Option<Login>,
    /// Who opened it.
    pub opened_by: Login,
    /// When it was opened.
    pub opened_at: Instant,
    /// QA's decision.
    pub decision: Option<Decision>,
    /// How it was closed, and the signature.
    pub closed: Option<(String, Signature)>,
}

impl Deviation {
    /// How it stands.
    pub fn status(&self) -> Status {
        match (&self.decision, &self.closed) {
            (_, Some(_)) => Status::Closed,
            (Some(_), None) => Status::Decided,
            (None, None) => Status::Open,
        }
    }
}
