//! What is known of the release of a batch.

use super::event::{Certificate, Recipient, Reviewed};
use crate::domain::actor::Signature;
use crate::domain::disposition::Disposition;
use crate::domain::id::{DeviationNumber, Name};
use crate::domain::time::Instant;
use serde::{Deserialize, Serialize};

/// How far the release has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Production is under way.
    InProcess,
    /// Waits for review, or for certification.
    PendingReview,
    /// Certified while named results are pending.
    CertifiedInitial,
    /// Certified on all results.
    CertifiedFinal,
    /// A result failed after certification.
    OutOfSpecificationAfterRelease,
    /// Rejected.
    Rejected,
}

impl Stage {
    /// Every stage with its code and its words.
    pub const ALL: [(Self, &'static str, &'static str); 6] = [
        (Self::InProcess, "in_process", "in process"),
        (Self::PendingReview, "pending_review", "pending review"),
        (Self::CertifiedInitial, "certified_initial", "certified, results pending"),
        (Self::CertifiedFinal, "certified_final", "certified"),
        (
            Self::OutOfSpecificationAfterRelease,
            "out_of_specification_after_release",
            "out of specification after release",
        ),
        (Self::Rejected, "rejected", "rejected"),
    ];

    /// The code in tables.
    pub fn code(self) -> &'static str {
        Self::ALL.iter().find(|(stage, ..)| *stage == self).map_or("", |(_, code, _)| code)
    }

    /// The words on screens.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(stage, ..)| *stage == self).map_or("", |(.., word)| word)
    }

    /// The stage of a code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, _)| *known == code).map(|(stage, ..)| *stage)
    }
}

/// A signed review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Review {
    /// The exceptions with remarks.
    pub exceptions: Vec<Reviewed>,
    /// How many checks passed.
    pub passed: usize,
    /// The conclusion.
    pub conclusion: String,
    /// The signature.
    pub signature: Signature,
}

/// A certification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Certification {
    /// Whether results were pending.
    pub initial: bool,
    /// The certificate.
    pub certificate: Certificate,
    /// The signature.
    pub signature: Signature,
}

/// A late failure and who must be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LateFailure {
    /// The test.
    pub test: Name,
    /// The result in words.
    pub result: String,
    /// The deviation.
    pub deviation: DeviationNumber,
    /// When it became known.
    pub at: Instant,
    /// Who must be told, and when and how each acknowledged.
    pub recipients: Vec<(Recipient, Option<(Instant, String)>)>,
}

/// A decision to hold, to lift a hold, or to reject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// What was decided: `hold`, `lift` or `reject`.
    pub what: &'static str,
    /// Why.
    pub because: String,
    /// The signature.
    pub signature: Signature,
}

/// The release of a batch, as its events tell.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Release {
    /// The batch number.
    pub batch: String,
    /// Number of events so far.
    pub version: u64,
    /// How far it has come; before the first certification, pending review.
    pub stage: Stage,
    /// Why it is on hold, if it is.
    pub hold: Option<String>,
    /// Reviews, oldest first; the newest counts.
    pub reviews: Vec<Review>,
    /// Certifications, oldest first.
    pub certifications: Vec<Certification>,
    /// Holds, lifts, rejection, oldest first.
    pub decisions: Vec<Decision>,
    /// Late failures.
    pub late_failures: Vec<LateFailure>,
}

impl Release {
    /// Whether what the batch made may be used, by the decisions on this batch alone.
    pub fn disposition(&self) -> Disposition {
        let of_stage = match self.stage {
            Stage::InProcess | Stage::PendingReview => Disposition::Quarantine,
            Stage::CertifiedInitial => Disposition::ConditionallyReleased,
            Stage::CertifiedFinal => Disposition::Released,
            Stage::OutOfSpecificationAfterRelease => Disposition::OnHold,
            Stage::Rejected => Disposition::Rejected,
        };
        match self.hold {
            Some(_) => of_stage.max(Disposition::OnHold),
            None => of_stage,
        }
    }

    /// The newest certification.
    pub fn certified(&self) -> Option<&Certification> {
        self.certifications.last()
    }

    /// The newest review.
    pub fn review(&self) -> Option<&Review> {
        self.reviews.last()
    }
}
