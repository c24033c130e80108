//! What can be asked of a batch.

use crate::domain::container::Scan;
use crate::domain::id::{AssetId, ContainerCode, Din, LotId, Name, OrderNumber, PatientCode};
use crate::domain::protocol::DoseUnit;
use crate::domain::time::Instant;
use serde::{Deserialize, Serialize};

/// What a batch is made for and from, beyond its master record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    /// The order it is made for.
    pub order: Option<OrderNumber>,
    /// The patient code of that order.
    pub patient: Option<PatientCode>,
    /// The dose units of that order.
    pub dose_units: Vec<DoseUnit>,
    /// Its own donation identification number, where it is a pool.
    pub din: Option<Din>,
}

/// A value as it was entered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// The field.
    pub field: Name,
    /// The container it belongs to, where it is asked for each.
    pub item: Option<ContainerCode>,
    /// The text as typed, scanned or read; `yes` for a confirmed statement, RFC 3339 for a time.
    pub text: String,
}

/// Perform a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PerformStep {
    /// The step.
    pub step: Name,
    /// What was entered.
    pub values: Vec<Given>,
    /// Lots scanned.
    pub materials: Vec<LotId>,
    /// Equipment scanned.
    pub equipment: Vec<AssetId>,
    /// Labels scanned of containers to be used up.
    pub consumed: Vec<Scan>,
    /// When it was performed, if not now.
    pub performed_at: Option<Instant>,
    /// Why it is recorded later than performed.
    pub late_because: Option<String>,
}

/// Correct a value of a performed step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorrectValue {
    /// The step.
    pub step: Name,
    /// Which repetition of it, from 1.
    pub occurrence: u32,
    /// The field.
    pub field: Name,
    /// The container it belongs to, where it is asked for each.
    pub item: Option<ContainerCode>,
    /// The right value, as typed; in the unit of the field.
    pub text: String,
    /// Why.
    pub because: String,
}

impl PerformStep {
    /// Performs a step now, with nothing entered or scanned yet.
    pub fn now(step: Name) -> Self {
        Self {
            step,
            values: Vec::new(),
            materials: Vec::new(),
            equipment: Vec::new(),
            consumed: Vec::new(),
            performed_at: None,
            late_because: None,
        }
    }
}
