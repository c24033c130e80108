//! The quality control laboratory: receives samples, tests, and has each result reviewed by the
//! other analyst.

use super::stage::{Stage, Trouble};
use crate::app::test_record::{TestEntry, test_record};
use crate::app::test_sign::{TestAct, test_find, test_shown, test_sign};
use crate::domain::id::{BatchNumber, ContainerCode, Name};
use crate::domain::quality::Observation;
use crate::domain::quantity::{Quantity, Unit};
use crate::store::Failure;

/// What a test found, criterion by criterion.
pub(super) type Findings<'a> = &'a [(&'a str, Finding<'a>)];

/// What was found for one criterion.
#[derive(Debug, Clone, Copy)]
pub(super) enum Finding<'a> {
    /// A number with its unit.
    Number(&'a str, Unit),
    /// Nothing was detected.
    Negative,
    /// Words.
    Words(&'a str),
}

impl Finding<'_> {
    fn observation(self) -> Result<Observation, Trouble> {
        Ok(match self {
            Self::Number(value, unit) => {
                Observation::Number { value: Quantity::parse(value, unit)? }
            }
            Self::Negative => Observation::NotDetected,
            Self::Words(text) => Observation::Text { text: text.to_owned() },
        })
    }
}

/// The stream of a test: `<batch>.<test>`.
pub(super) fn test_id(batch: &BatchNumber, test: &str) -> String {
    format!("{batch}.{test}")
}

/// The sample arrives in the laboratory and its test is begun.
pub(super) fn begin(
    stage: &mut Stage,
    batch: &BatchNumber,
    test: &str,
    sample: &ContainerCode,
) -> Result<(), Trouble> {
    let cene = stage.people.cene.clone();
    let id = test_id(batch, test);
    let received = TestEntry::Receipt {
        sample: sample.clone(),
        condition: "cold, intact".to_owned(),
        received_at: stage.app.clock.now(),
        late_because: None,
    };
    let caller = stage.by(&cene);
    let outcome = test_record(&stage.app, &caller, &id, received);
    stage.done("receive samples", outcome)?;
    let started = TestEntry::Start { started_at: stage.app.clock.now(), late_because: None };
    let caller = stage.by(&cene);
    let outcome = test_record(&stage.app, &caller, &id, started);
    stage.done("begin tests", outcome)
}

/// An incubating test is read before its end: negative to date.
pub(super) fn interim(stage: &mut Stage, batch: &BatchNumber, test: &str) -> Result<(), Trouble> {
    let act = TestAct::Interim { read_at: stage.app.clock.now(), late_because: None };
    let outcome = sign(stage, Analyst::First, &test_id(batch, test), act)?;
    stage.done("read interim results", outcome).map(drop)
}

/// A test ends with these findings; the other analyst reviews the result.
pub(super) fn result(
    stage: &mut Stage,
    batch: &BatchNumber,
    test: &str,
    findings: Findings<'_>,
) -> Result<(), Trouble> {
    let mut observations = Vec::new();
    for (criterion, finding) in findings {
        observations.push((Name::parse(criterion)?, finding.observation()?));
    }
    observed(stage, &test_id(batch, test), observations)
}

/// A test ends with these observations; the other analyst reviews the result.
pub(super) fn observed(
    stage: &mut Stage,
    id: &str,
    observations: Vec<(Name, Observation)>,
) -> Result<(), Trouble> {
    let tested_at = stage.app.clock.now();
    let act = TestAct::Result { observations, tested_at, late_because: None };
    let outcome = sign(stage, Analyst::First, id, act)?;
    stage.done("record results", outcome)?;
    let number = stage
        .read(|db| test_find(db, id))?
        .latest()
        .map(|result| result.number)
        .ok_or_else(|| Trouble::Missing(format!("a result of {id}")))?;
    let outcome = sign(stage, Analyst::Second, id, TestAct::Review { number })?;
    stage.done("review results", outcome).map(drop)
}

/// Which analyst signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Analyst {
    /// Who tests.
    First,
    /// Who reviews.
    Second,
}

/// An analyst signs over what is shown of the test now.
pub(super) fn sign(
    stage: &mut Stage,
    who: Analyst,
    id: &str,
    act: TestAct,
) -> Result<Result<Option<String>, Failure>, Trouble> {
    let analyst = match who {
        Analyst::First => stage.people.cene.clone(),
        Analyst::Second => stage.people.darja.clone(),
    };
    let request = stage.read(|db| test_find(db, id))?;
    let hash = test_shown(&request, &act)?.hash()?;
    let signature = stage.sign(&analyst, act.meaning(), &hash)?;
    let caller = stage.by(&analyst);
    Ok(test_sign(&stage.app, &caller, id, act, signature))
}
