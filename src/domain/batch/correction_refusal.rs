//! Why a correction of a signed value is refused, and what to do instead.
//!
//! Neighbours: `refusal` holds the other refusals of a batch; [`super::Refusal::Correction`] wraps
//! these.
//!
//! Architecture invariant: a correction that is refused always leaves a way to put the truth on the
//! record: another value to correct, or a deviation.

use crate::domain::RefusalKind;

/// Why a correction of a signed value was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CorrectionRefusal {
    /// Its release was decided.
    #[error(
        "batch {batch} is {stage}; its record is closed and no value is corrected any more. Open a \
         deviation with the right value; QA and the Qualified Person decide what follows (ATMP-38)"
    )]
    Decided {
        /// The batch.
        batch: String,
        /// How far its release came.
        stage: String,
    },
    /// It was given up.
    #[error("batch {batch} is {state}; no value is corrected any more. Open a deviation")]
    Closed {
        /// The batch.
        batch: String,
        /// Its state.
        state: &'static str,
    },
    /// The person reviewed or certified the batch.
    #[error(
        "{login} reviewed this batch and takes no part in making it. Ask a technician to correct \
         or to verify"
    )]
    Reviewer {
        /// The person.
        login: String,
    },
    /// The step was not performed so often.
    #[error(
        "'{step}' ({occurrence}) was not performed, so there is no value to correct. Open the \
         batch and choose a performed step"
    )]
    NotPerformed {
        /// The step.
        step: String,
        /// Which repetition.
        occurrence: u32,
    },
    /// It is calculated.
    #[error(
        "'{title}' is calculated and never typed over. Correct the value it is calculated from; it \
         follows by itself"
    )]
    Calculated {
        /// The calculation.
        title: String,
    },
    /// It is a scan.
    #[error(
        "'{title}' was scanned, and what was scanned is what was used. If another one was used, \
         open a deviation that names both; QA decides"
    )]
    Scanned {
        /// The field.
        title: String,
    },
    /// It is a statement.
    #[error(
        "'{title}' was confirmed and signed. A statement is not taken back by a correction; if it \
         was not true, open a deviation"
    )]
    Statement {
        /// The field.
        title: String,
    },
    /// The step asked no such value for this container.
    #[error("'{title}' was not asked for {item}. Choose one of the values shown with the step")]
    NotAsked {
        /// The field.
        title: String,
        /// The container, or words for none.
        item: String,
    },
    /// Nothing would stand where something is known.
    #[error(
        "'{title}' is {known}; nothing blank ever replaces a known value. Enter the right value, \
         or open a deviation if there is none"
    )]
    Blank {
        /// The field.
        title: String,
        /// What is known.
        known: String,
    },
    /// Nothing would change.
    #[error("'{title}' is {known} already; there is nothing to correct. Enter the right value")]
    Same {
        /// The field.
        title: String,
        /// What is known.
        known: String,
    },
    /// Something that follows from the value cannot be.
    #[error(
        "the correction cannot be followed through: at '{step}', {because}. Check the value; if it \
         is right, open a deviation with it, and QA decides"
    )]
    CannotFollow {
        /// The step where it stops.
        step: String,
        /// Why, as the rule there says.
        because: String,
    },
    /// Containers were made by it.
    #[error(
        "{output} of '{step}' were made by this value ({what}), and what is in a container is not \
         corrected on paper. Open a deviation with the right value; QA decides what becomes of them"
    )]
    Made {
        /// What was made.
        output: String,
        /// The step that made it.
        step: String,
        /// Containers, with what became of them.
        what: String,
    },
    /// A step was done, or left out, because of the choice.
    #[error(
        "'{step}' was {done} because of this choice, and work went on. Open a deviation with the \
         right choice; QA decides"
    )]
    ChoiceActedOn {
        /// The step.
        step: String,
        /// `done` or `left out`.
        done: &'static str,
    },
    /// The verifier corrected it, or performed the step.
    #[error(
        "{login} {what}, and cannot verify the correction: performer and verifier are two people \
         (ATMP-4). Ask another trained person"
    )]
    VerifierIsInvolved {
        /// The person.
        login: String,
        /// What the person did.
        what: &'static str,
    },
    /// There is no such correction, or it waits for nobody.
    #[error("correction {number} waits for no verification: {because}")]
    NothingToVerify {
        /// Its number.
        number: u32,
        /// Why not, and what to do.
        because: &'static str,
    },
    /// A correction waits for a second person.
    #[error(
        "correction {number} of '{step}' is not verified, so '{waiting}' cannot be done (ATMP-4). \
         Have another person verify it first"
    )]
    Unverified {
        /// Its number.
        number: u32,
        /// The step it is about.
        step: String,
        /// What waits for it.
        waiting: String,
    },
}

impl CorrectionRefusal {
    /// The rule that refuses, with its source.
    pub fn rule(&self) -> &'static str {
        match self {
            Self::Decided { .. } => "correction_after_release ATMP-38",
            Self::Closed { .. } => "correction_of_closed_batch",
            Self::Reviewer { .. } => "corrector_is_reviewer ATMP-29",
            Self::NotPerformed { .. } => "correction_of_nothing",
            Self::Calculated { .. } => "correction_of_calculation",
            Self::Scanned { .. } => "correction_of_scan ATMP-7",
            Self::Statement { .. } => "correction_of_statement",
            Self::NotAsked { .. } => "correction_not_asked",
            Self::Blank { .. } => "correction_is_blank ATMP-2",
            Self::Same { .. } => "correction_is_same",
            Self::CannotFollow { .. } => "correction_cannot_follow",
            Self::Made { .. } => "correction_of_what_is_made ATMP-10",
            Self::ChoiceActedOn { .. } => "correction_of_choice_acted_on ATMP-5",
            Self::VerifierIsInvolved { .. } => "correction_verifier_is_involved ATMP-4",
            Self::NothingToVerify { .. } => "correction_nothing_to_verify",
            Self::Unverified { .. } => "correction_unverified ATMP-4",
        }
    }

    /// How it is to be answered.
    pub fn kind(&self) -> RefusalKind {
        match self {
            Self::NotPerformed { .. } => RefusalKind::NotFound,
            Self::Reviewer { .. } | Self::VerifierIsInvolved { .. } => RefusalKind::Forbidden,
            Self::Calculated { .. }
            | Self::Scanned { .. }
            | Self::Statement { .. }
            | Self::NotAsked { .. }
            | Self::Blank { .. }
            | Self::Same { .. }
            | Self::CannotFollow { .. } => RefusalKind::Invalid,
            _ => RefusalKind::Conflict,
        }
    }
}
