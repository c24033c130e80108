//! What can be asked of a material lot.

use crate::domain::actor::Signature;
use serde::{Deserialize, Serialize};

/// What a person asks of a material lot that was received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// File the certificate of analysis.
    FileCertificate {
        /// Its reference.
        reference: String,
    },
    /// File the evidence of viral and TSE safety.
    FileSafetyEvidence {
        /// Its reference.
        reference: String,
    },
    /// Release it for use.
    Release {
        /// What the decision rests on.
        because: String,
        /// QA's signature.
        signature: Signature,
    },
    /// Reject it; also possible after release.
    Reject {
        /// Why.
        because: String,
        /// QA's signature.
        signature: Signature,
    },
    /// Open the next package.
    Open,
    /// Declare it used up.
    UseUp,
}
