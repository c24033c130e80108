//! The plain states of an order, as the clinician follows them.

use serde::{Deserialize, Serialize};

/// Where an order stands, in plain words (screens §1.3).
///
/// The order of variants is the order of the way; what lies between two of them (a test, a release)
/// happens to the batch and its containers, so the stage is computed from their events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Placed; not yet taken into the schedule.
    Ordered,
    /// The site took the slot.
    Scheduled,
    /// A unit of the bank is thawed and in culture; the order cannot be cancelled without loss.
    Culturing,
    /// The batch is made and its samples are with quality control.
    Tested,
    /// The Qualified Person certified it, initially or finally.
    Released,
    /// Handed over, not yet received.
    InTransit,
    /// At the clinic.
    Received,
    /// Given to the patient.
    Given,
    /// Every unit accounted for.
    Closed,
    /// Cancelled.
    Cancelled,
}

impl Stage {
    /// The way of an order that goes well, in order.
    pub const WAY: [Self; 8] = [
        Self::Ordered,
        Self::Scheduled,
        Self::Culturing,
        Self::Tested,
        Self::Released,
        Self::InTransit,
        Self::Received,
        Self::Given,
    ];

    /// Every stage.
    pub const ALL: [Self; 10] = [
        Self::Ordered,
        Self::Scheduled,
        Self::Culturing,
        Self::Tested,
        Self::Released,
        Self::InTransit,
        Self::Received,
        Self::Given,
        Self::Closed,
        Self::Cancelled,
    ];

    /// The word on screens.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ordered => "ordered",
            Self::Scheduled => "scheduled",
            Self::Culturing => "culturing",
            Self::Tested => "tested",
            Self::Released => "released",
            Self::InTransit => "in transit",
            Self::Received => "received",
            Self::Given => "given",
            Self::Closed => "closed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The code in tables.
    pub fn code(self) -> &'static str {
        match self {
            Self::InTransit => "in_transit",
            other => other.word(),
        }
    }

    /// The stage of a code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.code() == code)
    }
}
