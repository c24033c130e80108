//! What can be asked of a piece of equipment.

use crate::domain::actor::Signature;
use crate::domain::time::Instant;
use serde::{Deserialize, Serialize};

/// What a person asks of a piece of equipment on the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// Record a calibration.
    Calibrate {
        /// Reference of the certificate.
        reference: String,
        /// When the next calibration is due.
        due_at: Instant,
    },
    /// Record a cleaning.
    Clean {
        /// The agent or procedure, in words.
        with: String,
    },
    /// Let nobody use it.
    TakeOutOfService {
        /// Why.
        because: String,
    },
    /// Let it be used again.
    PutInService {
        /// What was done.
        because: String,
        /// QA's signature.
        signature: Signature,
    },
}
