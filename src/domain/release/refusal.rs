//! Why a command about a release is refused.

use crate::domain::RefusalKind;
use crate::domain::id::Login;

use super::state::Stage;

/// A refusal about a release.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The batch is not completed.
    #[error("the batch is still in process. It is reviewed when its last step is done")]
    NotCompleted,
    /// Something that was complete is complete no more: a correction waits for a second person.
    #[error(
        "the batch cannot be reviewed now: {}. Have it done; then review (ATMP-29)", .0.join("; ")
    )]
    Incomplete(Vec<String>),
    /// An exception has no remark.
    #[error(
        "{} exceptions have no remark: {}. Say something about each; review by exception looks at \
         every one", .0.len(), .0.join("; ")
    )]
    Unremarked(Vec<String>),
    /// A remark is about something that is no exception.
    #[error("'{0}' is not an exception of this batch any more. Load the review again")]
    UnknownException(String),
    /// The reviewer performed a step.
    #[error("{0} performed or verified a step of this batch and cannot review it. Another must")]
    ReviewerIsPerformer(Login),
    /// The certifier performed a step.
    #[error(
        "{0} performed or verified a step of this batch, or tested it, and cannot certify it. \
         Another Qualified Person must"
    )]
    CertifierIsPerformer(Login),
    /// The signer is no Qualified Person now.
    #[error(
        "{0} holds no designation as Qualified Person that is in force today. Only a current QP \
         may certify (ATMP-30)"
    )]
    NotQualified(Login),
    /// There is no review.
    #[error("the batch has not been reviewed. QA reviews first, the QP certifies then (ATMP-29)")]
    NotReviewed,
    /// Something came up since the review.
    #[error(
        "since the review something new came up: {}. Have the batch reviewed again", .0.join("; ")
    )]
    NewSinceReview(Vec<String>),
    /// Something stands in the way.
    #[error("certification is not possible: {}", .0.join("; "))]
    Blocked(Vec<String>),
    /// No result is pending, so there is nothing initial about it.
    #[error("no result is pending: certify finally")]
    NothingPending,
    /// The batch is in the wrong stage.
    #[error("the batch is {}. This is not possible any more", .0.word())]
    WrongStage(Stage),
    /// The batch is on hold.
    #[error("the batch is on hold: {0}. Lift the hold first, if it may be lifted")]
    OnHold(String),
    /// The batch is not on hold.
    #[error("the batch is not on hold. There is nothing to lift")]
    NotOnHold,
    /// It is on hold already.
    #[error("the batch is on hold already: {0}")]
    OnHoldBefore(String),
    /// A text is missing.
    #[error("{0} is missing. Enter it")]
    Missing(&'static str),
    /// Nobody of this name has to be told.
    #[error(
        "'{0}' is not among those who must be told, or has acknowledged before. Choose a name of the list"
    )]
    NotARecipient(String),
    /// The signature does not say what the act means.
    #[error("the signature must mean '{0}'. Sign with that meaning")]
    WrongMeaning(&'static str),
}

impl crate::domain::Refusal for Refusal {
    fn rule(&self) -> &'static str {
        match self {
            Self::NotCompleted => "batch_is_complete ATMP-2",
            Self::Incomplete(_) => "reviewed_batch_is_complete ATMP-29",
            Self::Unremarked(_) | Self::UnknownException(_) => "every_exception_is_reviewed",
            Self::ReviewerIsPerformer(_) => "reviewer_is_not_performer",
            Self::CertifierIsPerformer(_) => "certifier_is_not_performer",
            Self::NotQualified(_) => "certifier_is_current_qp ATMP-30",
            Self::NotReviewed | Self::NewSinceReview(_) => "review_precedes_certification ATMP-29",
            Self::Blocked(_) => "nothing_critical_is_open ATMP-31",
            Self::NothingPending => "initial_certification_is_for_pending_results ATMP-34",
            Self::WrongStage(_) => "release_takes_its_course ATMP-29",
            Self::OnHold(_) | Self::NotOnHold | Self::OnHoldBefore(_) => "hold_is_decided",
            Self::Missing(_) => "entry_is_complete",
            Self::NotARecipient(_) => "recipients_acknowledge ATMP-34",
            Self::WrongMeaning(_) => "signature_says_what_it_means",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::ReviewerIsPerformer(_)
            | Self::CertifierIsPerformer(_)
            | Self::NotQualified(_) => RefusalKind::Forbidden,
            Self::Unremarked(_) | Self::Missing(_) | Self::WrongMeaning(_) => RefusalKind::Invalid,
            _ => RefusalKind::Conflict,
        }
    }
}
