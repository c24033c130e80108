//! What can happen to a donor.

use super::state::{Matrix, Purpose, Reaction, Relation, Scope};
use super::verdict::Verdict;
use crate::domain::actor::Signature;
use crate::domain::disposition::Disposition;
use crate::domain::id::{Din, Name, PatientCode};
use crate::domain::quantity::Quantity;
use crate::domain::time::Instant;
use serde::{Deserialize, Serialize};

/// An answer to one question. There is no "not asked": an unanswered question has no answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The question.
    pub question: Name,
    /// Yes or no.
    pub yes: bool,
    /// Particulars of a yes.
    pub detail: String,
}

/// The haemodilution answers (DON-4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Haemodilution {
    /// Blood, components or colloids in the 48 h before sampling.
    pub blood_or_colloids: bool,
    /// Crystalloids in the 1 h before sampling.
    pub crystalloids: bool,
    /// Dilution by the algorithm, `%`, where either was given.
    pub dilution: Option<Quantity>,
    /// Whether a sample from before the infusion exists and is the one tested.
    pub earlier_sample: bool,
}

/// Why a donor's material is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Cause {
    /// A reactive result came in.
    ReactiveResult {
        /// The marker.
        marker: Name,
        /// The sample.
        sample: u32,
    },
    /// Consent was withdrawn.
    ConsentWithdrawn {
        /// The consent.
        consent: u32,
    },
    /// A hospital or authority reported something (look-back).
    Report {
        /// What, in words.
        what: String,
    },
}

/// An event of a donor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
pub enum Event {
    /// A donor was registered under a pseudonymous code.
    Registered {
        /// Pseudonymous reference of the tested person at the tissue establishment.
        tested_person: String,
        /// Relation of the tested person to the donor.
        relation: Relation,
        /// The only patient who may get cells of this donor: the donor (autologous use).
        recipient: Option<PatientCode>,
    },
    /// The laboratory reported the HLA typing.
    Typed {
        /// Locus and alleles, such as `A` and `02:01, 24:02`.
        alleles: Vec<(String, String)>,
        /// The laboratory.
        laboratory: String,
        /// The report's number.
        report: String,
        /// When the laboratory reported it.
        reported_at: Instant,
    },
    /// Consent was given.
    ConsentGiven {
        /// Its number for this donor, from 1.
        number: u32,
        /// What it covers.
        scopes: Vec<Scope>,
        /// Version of the form that was signed.
        form_version: String,
        /// Where the signed paper is.
        document: String,
        /// When it was given.
        given_at: Instant,
    },
    /// Consent was withdrawn.
    ConsentWithdrawn {
        /// The consent.
        number: u32,
        /// When it was withdrawn.
        withdrawn_at: Instant,
        /// What was said.
        because: String,
    },
    /// The tested person was interviewed.
    QuestionnaireAnswered {
        /// Version of the form.
        form_version: String,
        /// When the interview was.
        interviewed_at: Instant,
        /// An answer for every question in force.
        answers: Vec<Answer>,
        /// The haemodilution answers.
        haemodilution: Haemodilution,
    },
    /// A blood sample of the tested person was drawn.
    SampleDrawn {
        /// Its number for this donor, from 1.
        number: u32,
        /// What it was drawn for.
        purpose: Purpose,
        /// When it was drawn.
        drawn_at: Instant,
        /// Serum or plasma.
        matrix: Matrix,
    },
    /// The testing laboratory reported a marker.
    MarkerReported {
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
        /// When the laboratory reported it.
        reported_at: Instant,
    },
    /// The risk of a reactive marker or a positive answer was assessed.
    RiskAssessed {
        /// The marker or the question.
        about: Name,
        /// Whether the risk is acceptable.
        acceptable: bool,
        /// The reasoning.
        reasoning: String,
        /// The signature.
        signature: Signature,
    },
    /// The medical evaluation was signed (DON-2).
    MedicallyEvaluated {
        /// Whether the history allows the donation.
        acceptable: bool,
        /// Remark.
        remark: String,
        /// The signature.
        signature: Signature,
    },
    /// A validated inactivation step was named that makes the repeat sample unnecessary.
    InactivationRecorded {
        /// The validation document.
        reference: String,
        /// The signature.
        signature: Signature,
    },
    /// QA decided on eligibility.
    EligibilityDecided {
        /// The donation it is about.
        donation: Din,
        /// Whether the donor is eligible.
        eligible: bool,
        /// The verdict of the rule set with the evidence for each rule.
        verdict: Verdict,
        /// Remark.
        remark: String,
        /// The signature.
        signature: Signature,
    },
    /// Something came up; everything of this donor is on hold until QA decides (DON-5).
    Suspended {
        /// What came up.
        cause: Cause,
    },
    /// QA held or rejected the donor after the fact (ATMP-26).
    Disqualified {
        /// What came up.
        cause: Cause,
        /// On hold or rejected.
        to: Disposition,
        /// Why, in words.
        because: String,
        /// The signature.
        signature: Signature,
    },
}
