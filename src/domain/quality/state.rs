//! What is known of a test request.

use super::event::ResultValue;
use super::specification::{Specification, Verdict};
use crate::domain::actor::Signature;
use crate::domain::id::{BatchNumber, ContainerCode, DeviationNumber, Login, Name};
use crate::domain::time::Instant;
use serde::{Deserialize, Serialize};

/// How a test stands (regulations §5.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Asked for; no sample yet.
    Planned,
    /// The sample is drawn.
    Sampled,
    /// The laboratory has the sample.
    Received,
    /// Under way.
    InTest,
    /// Under way, negative to date. Not a pass.
    InterimNegative,
    /// Reviewed, within the specification.
    FinalPass,
    /// Reviewed, out of specification.
    FinalFail,
    /// The last result was declared invalid; a retest is needed.
    Invalid,
    /// Not wanted any more: its batch was given up or rejected.
    Cancelled,
}

impl Status {
    /// Every status with its code and its words.
    pub const ALL: [(Self, &'static str, &'static str); 9] = [
        (Self::Planned, "planned", "planned"),
        (Self::Sampled, "sampled", "sampled"),
        (Self::Received, "received", "received"),
        (Self::InTest, "in_test", "in test"),
        (Self::InterimNegative, "interim_negative", "negative to date"),
        (Self::FinalPass, "final_pass", "passed"),
        (Self::FinalFail, "final_fail", "out of specification"),
        (Self::Invalid, "invalid", "invalid, retest needed"),
        (Self::Cancelled, "cancelled", "cancelled"),
    ];

    /// The code in tables.
    pub fn code(self) -> &'static str {
        Self::ALL.iter().find(|(status, ..)| *status == self).map_or("", |(_, code, _)| code)
    }

    /// The words on screens.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(status, ..)| *status == self).map_or("", |(.., word)| word)
    }

    /// The status of a code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, _)| *known == code).map(|(status, ..)| *status)
    }

    /// Whether nothing more is awaited.
    pub fn is_final(self) -> bool {
        matches!(self, Self::FinalPass | Self::FinalFail | Self::Cancelled)
    }
}

/// How a recorded result stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum ResultStanding {
    /// Nobody has reviewed it.
    Unreviewed,
    /// Reviewed and final.
    Reviewed {
        /// Signature of the reviewer.
        signature: Signature,
    },
    /// Sent back by the reviewer.
    Returned {
        /// What was wrong.
        because: String,
        /// Signature of the reviewer.
        signature: Signature,
    },
    /// Declared invalid by QA.
    Invalidated {
        /// The assignable cause.
        because: String,
        /// The deviation that holds the investigation.
        deviation: DeviationNumber,
        /// Signature of QA.
        signature: Signature,
    },
}

/// A recorded result; all are kept and shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TestResult {
    /// Its number, from 1.
    pub number: u32,
    /// The values.
    pub values: Vec<ResultValue>,
    /// The worst verdict.
    pub verdict: Verdict,
    /// When the test ended.
    pub tested_at: Instant,
    /// When it was recorded.
    pub recorded_at: Instant,
    /// Why the entry is late, where it is.
    pub late_because: Option<String>,
    /// Signature of the analyst.
    pub signature: Signature,
    /// How it stands.
    pub standing: ResultStanding,
}

/// A reading before the end, negative to date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InterimReading {
    /// When it was read.
    pub read_at: Instant,
    /// Signature of the analyst.
    pub signature: Signature,
}

/// A test request, as its events tell.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TestRequest {
    /// `<batch>.<test>`.
    pub id: String,
    /// Number of events so far.
    pub version: u64,
    /// The batch.
    pub batch: BatchNumber,
    /// The test's name.
    pub test: Name,
    /// Its title.
    pub title: String,
    /// The stage.
    pub stage: String,
    /// The step that drew the sample.
    pub step: Option<Name>,
    /// The sample container.
    pub sample: Option<ContainerCode>,
    /// The specification.
    pub specification: Specification,
    /// How it stands.
    pub status: Status,
    /// When it was asked for.
    pub requested_at: Instant,
    /// When the sample was drawn.
    pub sampled_at: Option<Instant>,
    /// When the laboratory received it, and who recorded that, in which condition.
    pub received: Option<(Instant, Login, String)>,
    /// When the test was begun (inoculation).
    pub started_at: Option<Instant>,
    /// Interim readings, oldest first.
    pub interim: Vec<InterimReading>,
    /// Results, oldest first.
    pub results: Vec<TestResult>,
    /// Why and by whom it was cancelled.
    pub cancelled: Option<(String, Signature)>,
}

impl TestRequest {
    /// The identity of the request for a test of a batch.
    pub fn id(batch: &BatchNumber, test: &Name) -> String {
        format!("{batch}.{test}")
    }

    /// The newest result.
    pub fn latest(&self) -> Option<&TestResult> {
        self.results.last()
    }

    /// The newest result, if it waits for review.
    pub fn awaiting_review(&self) -> Option<&TestResult> {
        self.latest().filter(|result| result.standing == ResultStanding::Unreviewed)
    }

    /// Whether any reviewed result was out of specification, even if declared invalid since.
    pub fn ever_out_of_specification(&self) -> bool {
        self.results.iter().any(|result| {
            result.verdict == Verdict::Fail
                && !matches!(
                    result.standing,
                    ResultStanding::Unreviewed | ResultStanding::Returned { .. }
                )
        })
    }

    /// The earliest time at which a negative may be final, for a growth-based method under way.
    pub fn final_from(&self) -> Option<Instant> {
        match (&self.specification.incubation, self.started_at) {
            (Some(incubation), Some(started)) => Some(started.plus(incubation.minimum)),
            _ => None,
        }
    }

    /// The newest interim reading.
    pub fn latest_interim(&self) -> Option<&InterimReading> {
        self.interim.last()
    }
}
