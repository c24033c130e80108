//! What can be asked of a test request.

use super::specification::Observation;
use crate::domain::actor::Signature;
use crate::domain::id::{ContainerCode, DeviationNumber, Name};
use crate::domain::time::Instant;

/// What the rules need to know from elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// A free deviation number, used when a result is out of specification.
    pub next_deviation: DeviationNumber,
    /// Whether the deviation a command names exists and is still open.
    pub deviation_is_open: bool,
}

/// A command about a test request.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// The sample of a planned test was drawn.
    Sample {
        /// The sample container.
        sample: ContainerCode,
        /// The step that drew it.
        step: Option<Name>,
    },
    /// The laboratory received the sample.
    Receive {
        /// The container that arrived, as scanned.
        sample: ContainerCode,
        /// Condition and temperature.
        condition: String,
        /// When.
        received_at: Instant,
        /// Why the entry is late, where it is.
        late_because: Option<String>,
    },
    /// The test was begun.
    Start {
        /// When.
        started_at: Instant,
        /// Why the entry is late, where it is.
        late_because: Option<String>,
    },
    /// A growth-based test was read and is negative to date.
    ReadInterim {
        /// When.
        read_at: Instant,
        /// Why the entry is late, where it is.
        late_because: Option<String>,
        /// Signature of the analyst.
        signature: Signature,
    },
    /// A result.
    Record {
        /// An observation for every criterion.
        observations: Vec<(Name, Observation)>,
        /// When the test ended.
        tested_at: Instant,
        /// Why the entry is late, where it is.
        late_because: Option<String>,
        /// Signature of the analyst.
        signature: Signature,
    },
    /// Review of the newest result.
    Review {
        /// The result that was reviewed.
        number: u32,
        /// Signature of the reviewer.
        signature: Signature,
    },
    /// The newest result is sent back.
    Return {
        /// The result.
        number: u32,
        /// What is wrong.
        because: String,
        /// Signature of the reviewer.
        signature: Signature,
    },
    /// QA declares the newest result invalid.
    Invalidate {
        /// The result.
        number: u32,
        /// The assignable cause.
        because: String,
        /// The deviation that holds the investigation.
        deviation: DeviationNumber,
        /// Signature of QA.
        signature: Signature,
    },
}
