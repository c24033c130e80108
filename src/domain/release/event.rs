//! What can happen in the release of a batch.

use super::assess::{Check, Exception, Pending};
use crate::domain::actor::Signature;
use crate::domain::id::{DeviationNumber, Login, Name, OrderNumber};
use crate::domain::time::Instant;
use serde::{Deserialize, Serialize};

/// An exception and what the reviewer says about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reviewed {
    /// The exception as it was shown.
    pub exception: Exception,
    /// What the reviewer says about it.
    pub remark: String,
}

/// The particulars of a batch certificate (ATMP-32).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// Number of the register entry, such as `CERT-2026-0001`.
    pub number: String,
    /// The product's title.
    pub product: String,
    /// The master record and its version.
    pub master_record: String,
    /// EU CT number and protocol code, where there is a trial.
    pub trial: Option<String>,
    /// Strength, as printed.
    pub strength: String,
    /// Pharmaceutical form, as printed.
    pub form: String,
    /// Containers and contents, as printed.
    pub package: String,
    /// When it expires.
    pub expires_at: Option<Instant>,
    /// Name and address of the manufacturer.
    pub manufacturer: String,
    /// Number of the manufacturing authorisation.
    pub authorisation: String,
    /// The results, each in words.
    pub results: Vec<String>,
    /// Results that are pending.
    pub pending: Vec<Pending>,
    /// Deviations that were judged.
    pub deviations: Vec<DeviationNumber>,
    /// Comments.
    pub comments: String,
    /// The certification statement.
    pub statement: String,
}

/// Somebody who must be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    /// Who: a sign-in name, or a contact of the settings.
    pub who: String,
    /// As what, such as `treating physician`.
    pub capacity: String,
    /// The order that makes this person one to be told.
    pub order: Option<OrderNumber>,
}

/// An event of a release.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
pub enum Event {
    /// QA reviewed the batch and its audit trail by exception.
    ReviewSigned {
        /// Every exception with a remark.
        exceptions: Vec<Reviewed>,
        /// What was checked and is in order: the completeness certificate.
        passed: Vec<Check>,
        /// How many entries of the audit trail were looked through.
        trail_entries: u32,
        /// Who performed or verified a step: none of them may certify.
        performers: Vec<Login>,
        /// The conclusion.
        conclusion: String,
        /// Signature of QA.
        signature: Signature,
    },
    /// The QP certified for use while named results are pending (ATMP-34).
    CertifiedInitial {
        /// The certificate.
        certificate: Certificate,
        /// Signature of the QP.
        signature: Signature,
    },
    /// The QP certified on all results.
    CertifiedFinal {
        /// The certificate.
        certificate: Certificate,
        /// Signature of the QP.
        signature: Signature,
    },
    /// The batch was rejected.
    Rejected {
        /// Why.
        because: String,
        /// The signature.
        signature: Signature,
    },
    /// The batch was put on hold.
    PutOnHold {
        /// Why.
        because: String,
        /// The signature.
        signature: Signature,
    },
    /// The hold was lifted.
    HoldLifted {
        /// Why it may be.
        because: String,
        /// The signature.
        signature: Signature,
    },
    /// A result was out of specification after the product had been certified.
    OutOfSpecificationAfterRelease {
        /// The test.
        test: Name,
        /// The result in words.
        result: String,
        /// The deviation that was opened for it.
        deviation: DeviationNumber,
        /// Who must be told.
        recipients: Vec<Recipient>,
    },
    /// Somebody who had to be told acknowledged it.
    NotificationAcknowledged {
        /// Who: as named among the recipients.
        who: String,
        /// Who recorded it.
        by: Login,
        /// How it was told and answered.
        how: String,
    },
}
