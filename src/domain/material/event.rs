//! What can happen to a material lot.

use super::state::Receipt;
use crate::domain::actor::Signature;
use serde::{Deserialize, Serialize};

/// An event of a material lot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
pub enum Event {
    /// It came from the supplier and is in quarantine.
    Received {
        /// What came.
        receipt: Receipt,
    },
    /// A document was filed for it later.
    DocumentFiled {
        /// Reference of the certificate of analysis, if it is one.
        certificate: Option<String>,
        /// Reference of the evidence of viral and TSE safety, if it is that.
        safety_evidence: Option<String>,
    },
    /// QA released it for use.
    Released {
        /// What the decision rests on.
        because: String,
        /// QA's signature.
        signature: Signature,
    },
    /// QA rejected it.
    Rejected {
        /// Why.
        because: String,
        /// QA's signature.
        signature: Signature,
    },
    /// A package was opened.
    Opened {
        /// Its number, from 1.
        package: u32,
    },
    /// Nothing is left.
    UsedUp {},
}
