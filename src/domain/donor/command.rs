//! What can be asked of a donor.

use super::event::{Cause, Haemodilution};
use super::rules::RuleSet;
use super::state::{Matrix, Purpose, Reaction, Relation, Scope};
use super::verdict::DonationFact;
use crate::domain::actor::Signature;
use crate::domain::disposition::Disposition;
use crate::domain::id::{DonorCode, Name, PatientCode};
use crate::domain::time::{Instant, Zone};

/// What the rules need to know from elsewhere.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    /// The rule set in force for the donation, or for today while there is none.
    pub rules: &'a RuleSet,
    /// The donation the command is about.
    pub donation: Option<&'a DonationFact>,
    /// The site's zone.
    pub zone: Zone,
}

/// One answer as given; `None` is a question left open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenAnswer {
    /// The question.
    pub question: Name,
    /// Yes, no, or nothing.
    pub yes: Option<bool>,
    /// Particulars of a yes.
    pub detail: String,
}

/// A command about a donor.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Register a donor.
    Register {
        /// Pseudonymous reference of the tested person.
        tested_person: String,
        /// Relation of the tested person to the donor.
        relation: Relation,
        /// The only patient who may get cells of this donor, where it is the patient.
        recipient: Option<PatientCode>,
        /// The donor that is registered for that patient already.
        taken: Option<DonorCode>,
    },
    /// Record a consent.
    GiveConsent {
        /// What it covers.
        scopes: Vec<Scope>,
        /// Version of the form.
        form_version: String,
        /// Where the signed paper is.
        document: String,
        /// When it was given.
        given_at: Instant,
    },
    /// Record that a consent was withdrawn.
    WithdrawConsent {
        /// The consent.
        number: u32,
        /// When.
        withdrawn_at: Instant,
        /// What was said.
        because: String,
    },
    /// Record an interview.
    AnswerQuestionnaire {
        /// Version of the form.
        form_version: String,
        /// When the interview was.
        interviewed_at: Instant,
        /// The answers as given.
        answers: Vec<GivenAnswer>,
        /// Blood or colloids in the 48 h before sampling: yes, no, or nothing.
        blood_or_colloids: Option<bool>,
        /// Crystalloids in the 1 h before sampling: yes, no, or nothing.
        crystalloids: Option<bool>,
        /// The rest of the haemodilution answers.
        dilution: Option<crate::domain::quantity::Quantity>,
        /// Whether the tested sample is from before the infusion.
        earlier_sample: bool,
    },
    /// Record a blood sample.
    DrawSample {
        /// What for.
        purpose: Purpose,
        /// When.
        drawn_at: Instant,
        /// Serum or plasma.
        matrix: Matrix,
    },
    /// Record what the laboratory reported.
    ReportMarker {
        /// The sample.
        sample: u32,
        /// The marker.
        marker: Name,
        /// What was found.
        reaction: Reaction,
        /// The laboratory.
        laboratory: String,
        /// The method and kit.
        method: String,
        /// The report's number.
        report: String,
        /// When it was reported.
        reported_at: Instant,
    },
    /// Record the HLA typing.
    ReportTyping {
        /// Locus and alleles.
        alleles: Vec<(String, String)>,
        /// The laboratory.
        laboratory: String,
        /// The report's number.
        report: String,
        /// When it was reported.
        reported_at: Instant,
    },
    /// Sign a risk assessment.
    AssessRisk {
        /// The marker or question.
        about: Name,
        /// Whether acceptable.
        acceptable: bool,
        /// The reasoning.
        reasoning: String,
        /// The signature.
        signature: Signature,
    },
    /// Sign the medical evaluation.
    Evaluate {
        /// Whether acceptable.
        acceptable: bool,
        /// Remark.
        remark: String,
        /// The signature.
        signature: Signature,
    },
    /// Name a validated inactivation step.
    RecordInactivation {
        /// The validation document.
        reference: String,
        /// The signature.
        signature: Signature,
    },
    /// Decide on eligibility.
    DecideEligibility {
        /// Whether eligible.
        eligible: bool,
        /// Remark; needed when not eligible.
        remark: String,
        /// The signature.
        signature: Signature,
    },
    /// Hold or reject the donor after the fact.
    Disqualify {
        /// What came up.
        cause: Cause,
        /// On hold or rejected.
        to: Disposition,
        /// Why.
        because: String,
        /// The signature.
        signature: Signature,
    },
}

/// Haemodilution answers after both questions are known to be answered.
pub(super) fn haemodilution(
    blood_or_colloids: bool,
    crystalloids: bool,
    dilution: Option<crate::domain::quantity::Quantity>,
    earlier_sample: bool,
) -> Haemodilution {
    Haemodilution { blood_or_colloids, crystalloids, dilution, earlier_sample }
}
