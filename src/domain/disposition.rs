//! Disposition: whether a thing may be used. The strictest of everything it came from counts.
//!
//! Neighbours: every aggregate that can be released or held; `store::genealogy` computes the
//! effective disposition over ancestors.
//!
//! Architecture invariant: there is no way to loosen a disposition here; only a signed decision,
//! recorded as an event of the thing itself, sets a milder one.

use serde::{Deserialize, Serialize};

/// Whether a thing may be used, from mildest to strictest; the order of variants is the order of
/// strictness (`design`: rejected > on hold > quarantine > conditionally released > released).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    /// May be used for what it was released for.
    Released,
    /// Certified initially: may be used while named results are still pending (ATMP-34).
    ConditionallyReleased,
    /// Not to be used until a decision.
    Quarantine,
    /// Held back: something came up that needs a decision.
    OnHold,
    /// Never to be used.
    Rejected,
}

impl Disposition {
    /// All dispositions, mildest first.
    pub const ALL: [Self; 5] = [
        Self::Released,
        Self::ConditionallyReleased,
        Self::Quarantine,
        Self::OnHold,
        Self::Rejected,
    ];

    /// The strictness as a number, 0 (released) to 4 (rejected), as the tables hold it.
    pub fn strictness(self) -> i32 {
        match self {
            Self::Released => 0,
            Self::ConditionallyReleased => 1,
            Self::Quarantine => 2,
            Self::OnHold => 3,
            Self::Rejected => 4,
        }
    }

    /// The disposition of a strictness that [`Self::strictness`] gave.
    pub fn from_strictness(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|disposition| disposition.strictness() == number)
    }

    /// The strictest of several; released when there is none.
    pub fn strictest(of: impl IntoIterator<Item = Self>) -> Self {
        of.into_iter().max().unwrap_or(Self::Released)
    }

    /// The word on screens and in records.
    pub fn word(self) -> &'static str {
        match self {
            Self::Released => "released",
            Self::ConditionallyReleased => "conditionally released",
            Self::Quarantine => "quarantine",
            Self::OnHold => "on hold",
            Self::Rejected => "rejected",
        }
    }

    /// The code in tables, URLs and style sheets.
    pub fn code(self) -> &'static str {
        match self {
            Self::Released => "released",
            Self::ConditionallyReleased => "conditionally_released",
            Self::Quarantine => "quarantine",
            Self::OnHold => "on_hold",
            Self::Rejected => "rejected",
        }
    }
}
