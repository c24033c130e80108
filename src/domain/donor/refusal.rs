//! Why a command about a donor is refused.

use crate::domain::RefusalKind;
use crate::domain::disposition::Disposition;
use crate::domain::id::{DonorCode, PatientCode};

/// A refusal about a donor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The code is taken.
    #[error("a donor with this code is registered already. Use the next free code")]
    AlreadyRegistered,
    /// There is no such donor.
    #[error("no donor has this code. Register the donor first")]
    NotRegistered,
    /// The reference could name a person, or is empty.
    #[error(
        "'{0}' is not a pseudonymous reference. Give 2 to 20 capitals, digits or hyphens; never a \
         name (ATMP-15)"
    )]
    NotPseudonymous(String),
    /// The rule set does not accept the relation.
    #[error(
        "the rules in force do not accept the {0} as tested person (DON-1). Name one they accept"
    )]
    RelationNotAccepted(&'static str),
    /// Cells for one patient only come from that patient.
    #[error(
        "a donor for {0} only is {0} in person: the tested person must be the donor, not a \
         relative. Leave the patient out, or choose the donor"
    )]
    RecipientIsNotDonor(PatientCode),
    /// The patient is a donor already.
    #[error("{patient} is registered as donor {donor} already. Record the donation under {donor}")]
    RecipientHasDonor {
        /// The patient.
        patient: PatientCode,
        /// The donor.
        donor: DonorCode,
    },
    /// The typing is not complete.
    #[error("the HLA typing says nothing of {0}. Enter the alleles of every locus")]
    LociMissing(String),
    /// A text that is needed is empty.
    #[error("{0} is missing. Enter it")]
    Missing(&'static str),
    /// The consent names no scope.
    #[error("the consent covers nothing. Tick what the signed form covers")]
    ConsentWithoutScope,
    /// There is no such consent, or it was withdrawn before.
    #[error("there is no consent {0} that could be withdrawn. Choose one that is in force")]
    NoSuchConsent(u32),
    /// Time lies in the future.
    #[error("{0} lies in the future. Enter when it happened")]
    InFuture(&'static str),
    /// Time lies before what it follows.
    #[error("{what} lies before {before}. Correct the time")]
    Before {
        /// What.
        what: &'static str,
        /// What it cannot precede.
        before: &'static str,
    },
    /// Consent is needed first.
    #[error(
        "nothing may be done with this donor before consent to the donation is recorded. Record it first"
    )]
    NoConsent,
    /// Questions are open.
    #[error(
        "{} of the exclusion criteria are not answered: {}. Each is asked and answered; none is \
         taken as no (DON-7)", .0.len(), .0.join("; ")
    )]
    Unanswered(Vec<String>),
    /// An answer is to a question that is not in the rules, or given twice.
    #[error(
        "'{0}' is not a question of the form in force, or is answered twice. Load the form again"
    )]
    UnknownQuestion(String),
    /// A yes lacks its particulars.
    #[error("the answer yes needs its particulars: {0}")]
    YesWithoutDetail(String),
    /// The haemodilution question is open.
    #[error(
        "the haemodilution question is not answered: {0}. Ask the delivery ward; the form cannot \
         be kept without it (DON-4)"
    )]
    HaemodilutionUnanswered(&'static str),
    /// An infusion was given and neither the dilution nor an earlier sample is known.
    #[error(
        "an infusion was given: enter the dilution by the algorithm in per cent, or state that the \
         tested sample is from before the infusion (DON-4)"
    )]
    DilutionNotComputed,
    /// The dilution is no percentage.
    #[error("the dilution must be from 0 to 100 %. Enter it again")]
    DilutionOutOfRange,
    /// There is no such sample.
    #[error("this donor has no sample {0}. Record the sample before its results")]
    NoSuchSample(u32),
    /// There is no such marker.
    #[error("'{0}' is not a marker of the rules in force. Choose one of the list")]
    UnknownMarker(String),
    /// Neither marker nor question, or nothing to assess.
    #[error(
        "'{0}' needs no risk assessment: it is neither reactive nor answered with yes, or the \
         rules leave no room for one"
    )]
    NothingToAssess(String),
    /// There is no donation to decide on.
    #[error("this donor has no donation yet. Receive the donation, then decide")]
    NoDonation,
    /// Rules are not met.
    #[error(
        "the donor is not eligible by the rules in force: {}. Complete what is missing, or decide \
         not eligible", .0.join("; ")
    )]
    RulesNotMet(Vec<String>),
    /// The donor was rejected.
    #[error("this donor was rejected; that is never undone (ATMP-39)")]
    Rejected,
    /// A decision stands and nothing has come up since.
    #[error("eligibility is decided and nothing has come up since. There is nothing to decide")]
    AlreadyDecided,
    /// A disqualification must hold or reject.
    #[error("a disqualification puts on hold or rejects; it cannot set '{}'", .0.word())]
    NotADisqualification(Disposition),
    /// The signature does not say what the act means.
    #[error("the signature must mean '{needed}'. Sign with that meaning")]
    WrongMeaning {
        /// The meaning that is needed.
        needed: &'static str,
    },
}

impl crate::domain::Refusal for Refusal {
    fn rule(&self) -> &'static str {
        match self {
            Self::AlreadyRegistered => "donor_code_is_unique",
            Self::NotRegistered => "donor_is_registered",
            Self::NotPseudonymous(_) => "donor_is_pseudonymous ATMP-15",
            Self::RelationNotAccepted(_) => "tested_person_is_accepted DON-1",
            Self::RecipientIsNotDonor(_) | Self::RecipientHasDonor { .. } => {
                "autologous_recipient ATMP-21"
            }
            Self::Missing(_) | Self::LociMissing(_) => "entry_is_complete",
            Self::ConsentWithoutScope | Self::NoSuchConsent(_) | Self::NoConsent => {
                "consent_is_in_force DON-1"
            }
            Self::InFuture(_) | Self::Before { .. } => "times_are_in_order",
            Self::Unanswered(_) | Self::UnknownQuestion(_) | Self::YesWithoutDetail(_) => {
                "every_question_is_answered DON-7"
            }
            Self::HaemodilutionUnanswered(_)
            | Self::DilutionNotComputed
            | Self::DilutionOutOfRange => "haemodilution_is_answered DON-4",
            Self::NoSuchSample(_) | Self::UnknownMarker(_) => "result_has_its_sample DON-2",
            Self::NothingToAssess(_) => "assessment_has_its_subject DON-2",
            Self::NoDonation | Self::RulesNotMet(_) | Self::AlreadyDecided => {
                "donor_is_eligible DON-2"
            }
            Self::Rejected => "rejection_is_final ATMP-39",
            Self::NotADisqualification(_) => "disqualification_tightens ATMP-26",
            Self::WrongMeaning { .. } => "signature_says_what_it_means",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::NotRegistered => RefusalKind::NotFound,
            Self::AlreadyRegistered
            | Self::RecipientHasDonor { .. }
            | Self::NoConsent
            | Self::NoDonation
            | Self::RulesNotMet(_)
            | Self::Rejected
            | Self::AlreadyDecided
            | Self::NothingToAssess(_) => RefusalKind::Conflict,
            _ => RefusalKind::Invalid,
        }
    }
}
