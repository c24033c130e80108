//! What can happen to a deviation.

use super::state::{Class, Origin, Outcome, Subject};
use crate::domain::actor::Signature;
use crate::domain::id::Login;
use serde::{Deserialize, Serialize};

/// An event of a deviation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
pub enum Event {
    /// A departure from the instruction was noticed.
    Opened {
        /// How serious it looks.
        class: Class,
        /// One line for lists.
        title: String,
        /// What happened, in words.
        description: String,
        /// What noticed it.
        origin: Origin,
        /// What it is about.
        subject: Subject,
        /// Who performed the step it is about, where there is one; that person may not decide it.
        performer: Option<Login>,
    },
    /// QA assessed it and decided what follows.
    Decided {
        /// How serious it is, after assessment.
        class: Class,
        /// The root cause.
        root_cause: String,
        /// Impact on quality, safety and efficacy (ATMP-35).
        impact: String,
        /// What is or was done about it.
        actions: String,
        /// What follows for the product.
        outcome: Outcome,
        /// Signature of QA.
        signature: Signature,
    },
    /// The actions are done; the deviation is closed.
    Closed {
        /// How it was made sure that the actions are done.
        conclusion: String,
        /// Signature of QA.
        signature: Signature,
    },
}
