//! What can happen to a piece of equipment.

use super::state::Registration;
use crate::domain::actor::Signature;
use crate::domain::time::Instant;
use serde::{Deserialize, Serialize};

/// An event of a piece of equipment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
pub enum Event {
    /// It was put on the list; it is in service.
    Registered {
        /// What is known of it.
        registration: Registration,
    },
    /// It was calibrated or requalified.
    Calibrated {
        /// Reference of the certificate.
        reference: String,
        /// When the next calibration is due.
        due_at: Instant,
    },
    /// It was cleaned.
    Cleaned {
        /// The agent or procedure, in words.
        with: String,
    },
    /// It may not be used.
    TakenOutOfService {
        /// Why.
        because: String,
    },
    /// QA lets it be used again.
    PutInService {
        /// What was done.
        because: String,
        /// QA's signature.
        signature: Signature,
    },
}
