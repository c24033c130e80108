//! What can happen to a test request.

use super::specification::{Observation, Specification, Verdict};
use crate::domain::actor::Signature;
use crate::domain::id::{BatchNumber, ContainerCode, DeviationNumber, Name};
use crate::domain::quantity::Quantity;
use crate::domain::time::Instant;
use serde::{Deserialize, Serialize};

/// One value of a result: as observed, as rounded, as judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultValue {
    /// The criterion of the specification.
    pub criterion: Name,
    /// As observed, unrounded.
    pub observed: Observation,
    /// A number as rounded by the specification, which is what was compared.
    pub rounded: Option<Quantity>,
    /// Whether it meets the limit.
    pub verdict: Verdict,
}

/// An event of a test request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
pub enum Event {
    /// A test of a batch was asked for. With a sample at once it is sampled, else planned.
    Requested {
        /// The batch.
        batch: BatchNumber,
        /// The test's name in the master record.
        test: Name,
        /// Its title as printed.
        title: String,
        /// The stage, such as `bank`, `interim` or `final`, in words of the master record.
        stage: String,
        /// The step that drew the sample.
        step: Option<Name>,
        /// The sample container, if already drawn.
        sample: Option<ContainerCode>,
        /// The specification the result will be held against, as it is now.
        specification: Specification,
    },
    /// The sample was drawn after the test had been planned.
    Sampled {
        /// The sample container.
        sample: ContainerCode,
        /// The step that drew it.
        step: Option<Name>,
    },
    /// The laboratory received the sample (ATMP-40).
    Received {
        /// Condition and temperature on receipt, in words.
        condition: String,
        /// When it was received, if not when recorded.
        received_at: Instant,
        /// Why the entry is late, where it is.
        late_because: Option<String>,
    },
    /// The test was begun; of a growth-based method, the media were inoculated.
    Started {
        /// When.
        started_at: Instant,
        /// Why the entry is late, where it is.
        late_because: Option<String>,
    },
    /// A growth-based test was read before its end and was negative to date. Not a pass.
    InterimRead {
        /// When it was read.
        read_at: Instant,
        /// Why the entry is late, where it is.
        late_because: Option<String>,
        /// Signature of the analyst.
        signature: Signature,
    },
    /// A result was recorded. Later results never replace it.
    ResultRecorded {
        /// Its number within the request, from 1.
        number: u32,
        /// A value for every criterion of the specification.
        values: Vec<ResultValue>,
        /// The worst verdict of the values.
        verdict: Verdict,
        /// When the test ended.
        tested_at: Instant,
        /// Why the entry is late, where it is.
        late_because: Option<String>,
        /// Signature of the analyst.
        signature: Signature,
    },
    /// Another analyst reviewed the result; it is final now.
    ResultReviewed {
        /// The result.
        number: u32,
        /// Signature of the reviewer.
        signature: Signature,
    },
    /// Another analyst found the result not acceptable as recorded; a new one is needed.
    ResultReturned {
        /// The result.
        number: u32,
        /// What is wrong with it.
        because: String,
        /// Signature of the reviewer.
        signature: Signature,
    },
    /// QA declared a result invalid for an assignable laboratory cause; it stays visible and a
    /// retest may be recorded (ATMP-42).
    ResultInvalidated {
        /// The result.
        number: u32,
        /// The assignable cause.
        because: String,
        /// The deviation that holds the investigation.
        deviation: DeviationNumber,
        /// Signature of QA.
        signature: Signature,
    },
    /// The test is not wanted any more: its batch was given up or rejected.
    Cancelled {
        /// Why.
        because: String,
        /// Signature of who decided.
        signature: Signature,
    },
}
