//! What can be asked in the release of a batch.

use crate::domain::actor::Signature;
use crate::domain::id::{DeviationNumber, Name};

use super::event::{Certificate, Recipient};
use super::facts::Designation;

/// A command about the release of a batch.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Sign the review.
    Review {
        /// A remark for every exception, by its key.
        remarks: Vec<(String, String)>,
        /// The conclusion.
        conclusion: String,
        /// Signature of QA.
        signature: Signature,
    },
    /// Certify while results are pending.
    CertifyInitial {
        /// The certificate.
        certificate: Certificate,
        /// The signer's designation, if there is one.
        designation: Option<Designation>,
        /// Signature of the QP.
        signature: Signature,
    },
    /// Certify on all results.
    CertifyFinal {
        /// The certificate.
        certificate: Certificate,
        /// The signer's designation, if there is one.
        designation: Option<Designation>,
        /// Signature of the QP.
        signature: Signature,
    },
    /// Reject the batch.
    Reject {
        /// Why.
        because: String,
        /// The signature.
        signature: Signature,
    },
    /// Put the batch on hold.
    PutOnHold {
        /// Why.
        because: String,
        /// The signature.
        signature: Signature,
    },
    /// Lift the hold.
    LiftHold {
        /// Why it may be.
        because: String,
        /// The signature.
        signature: Signature,
    },
    /// Record that somebody who had to be told acknowledged it.
    Acknowledge {
        /// Who.
        who: String,
        /// How it was told and answered.
        how: String,
    },
}

/// A result that turned out to be out of specification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failing {
    /// The test.
    pub test: Name,
    /// The result in words.
    pub result: String,
    /// The deviation that is opened for it.
    pub deviation: DeviationNumber,
    /// Who must be told if the product is out already.
    pub recipients: Vec<Recipient>,
}
