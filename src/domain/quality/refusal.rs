//! Why a command about a test request is refused.

use super::specification::ObservationError;
use crate::domain::RefusalKind;
use crate::domain::id::{ContainerCode, DeviationNumber, Login};

/// A refusal about a test request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It was cancelled with its batch.
    #[error("this test was cancelled: {0}. Put the sample aside and ask QA")]
    Cancelled(String),
    /// The sample was drawn before.
    #[error("the sample of this test was drawn before. A further sample needs a new request")]
    SampledBefore,
    /// There is no sample yet.
    #[error("no sample was drawn for this test yet. Draw it at its step first (ATMP-40)")]
    NotSampled,
    /// Another tube arrived.
    #[error(
        "container {scanned} is not the sample of this test; expected {expected}. Put it aside and \
         find the right tube (ATMP-40)"
    )]
    OtherSample {
        /// What was scanned.
        scanned: ContainerCode,
        /// What was expected.
        expected: ContainerCode,
    },
    /// It was received before.
    #[error("the laboratory received this sample before. Check the label of the tube")]
    ReceivedBefore,
    /// It was not received.
    #[error(
        "the laboratory has not received this sample: a result of an un-received sample is no \
         result. Record its receipt first (ATMP-40)"
    )]
    NotReceived,
    /// It was begun before.
    #[error("this test was begun before. Enter its result")]
    StartedBefore,
    /// It was not begun.
    #[error("this test was not begun. Record the start, or the inoculation, first")]
    NotStarted,
    /// The test is over.
    #[error(
        "this test has its final result, and a result is never overwritten. A retest needs QA to \
         declare the result invalid for an assignable cause first (ATMP-42)"
    )]
    Final,
    /// A result waits for review.
    #[error("result {0} waits for review. Have it reviewed or returned first")]
    AwaitsReview(u32),
    /// There is nothing to review.
    #[error("there is no result {0} that waits for this. Look at the newest result")]
    NoSuchResult(u32),
    /// Interim readings are for growth-based methods.
    #[error("this method has no interim reading; record its result")]
    NoInterim,
    /// A negative before its time.
    #[error(
        "a negative of this method is final from {from} on. Until then record an interim reading; \
         it is not a pass (Ph. Eur. 2.6.1)"
    )]
    TooEarly {
        /// When it may be final, UTC.
        from: String,
    },
    /// Values are missing or too many.
    #[error("the result does not fit the specification: {0}. Enter one value for every criterion")]
    Incomplete(String),
    /// A value cannot be judged.
    #[error("{0}")]
    Observation(#[from] ObservationError),
    /// The reviewer tested it.
    #[error(
        "{0} recorded this result and cannot review it. Another analyst must (regulations §4.4 \
         rule 10)"
    )]
    ReviewerIsAnalyst(Login),
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
    /// A late entry without a reason.
    #[error("the entry is made {0} after the fact. Say why it is late (ATMP-3)")]
    LateWithoutReason(String),
    /// A text is missing.
    #[error("{0} is missing. Enter it")]
    Missing(&'static str),
    /// The deviation does not exist or is closed.
    #[error("deviation {0} is not open. Open the investigation before declaring a result invalid")]
    NoOpenDeviation(DeviationNumber),
    /// The signature does not say what the act means.
    #[error("the signature must mean '{0}'. Sign with that meaning")]
    WrongMeaning(&'static str),
}

impl crate::domain::Refusal for Refusal {
    fn rule(&self) -> &'static str {
        match self {
            Self::SampledBefore | Self::NotSampled | Self::OtherSample { .. } => {
                "sample_has_custody ATMP-40"
            }
            Self::ReceivedBefore | Self::NotReceived => "sample_is_received ATMP-40",
            Self::StartedBefore | Self::NotStarted => "test_is_under_way",
            Self::Cancelled(_) => "test_is_cancelled",
            Self::Final | Self::AwaitsReview(_) | Self::NoSuchResult(_) => {
                "result_is_never_overwritten ATMP-42"
            }
            Self::NoInterim | Self::TooEarly { .. } => "interim_is_not_a_pass Ph.Eur.2.6.1",
            Self::Incomplete(_) | Self::Observation(_) => "result_fits_specification",
            Self::ReviewerIsAnalyst(_) => "reviewer_is_not_analyst",
            Self::InFuture(_) | Self::Before { .. } => "times_are_in_order",
            Self::LateWithoutReason(_) => "late_entry_has_reason ATMP-3",
            Self::Missing(_) => "entry_is_complete",
            Self::NoOpenDeviation(_) => "invalid_result_is_investigated ATMP-42",
            Self::WrongMeaning(_) => "signature_says_what_it_means",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::ReviewerIsAnalyst(_) => RefusalKind::Forbidden,
            Self::Incomplete(_)
            | Self::Observation(_)
            | Self::InFuture(_)
            | Self::Before { .. }
            | Self::LateWithoutReason(_)
            | Self::Missing(_)
            | Self::WrongMeaning(_) => RefusalKind::Invalid,
            _ => RefusalKind::Conflict,
        }
    }
}
