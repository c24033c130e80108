//! The rules of testing: custody of the sample, time of the method, two people, nothing lost.

use super::command::{Command, Facts};
use super::event::{Event, ResultValue};
use super::refusal::Refusal;
use super::specification::{Observation, Specification, Verdict};
use super::state::{ResultStanding, Status, TestRequest, TestResult};
use crate::domain::actor::{Meaning, Signature};
use crate::domain::deviation::{self, Class, Deviation, Origin, Subject};
use crate::domain::id::Name;
use crate::domain::time::{Instant, Span};
use crate::domain::{Change, Context};

/// An entry made later than this after the fact needs a reason (ATMP-3).
pub const LATE_AFTER: Span = Span::of_minutes(15);

/// Decides a command about a test request.
///
/// # Errors
/// A [`Refusal`] that names the rule.
pub fn decide(
    request: &TestRequest,
    command: &Command,
    facts: &Facts,
    context: &Context,
) -> Result<Vec<Change>, Refusal> {
    if let Some((because, _)) = &request.cancelled {
        return Err(Refusal::Cancelled(because.clone()));
    }
    let now = context.now;
    let event = match command {
        Command::Sample { sample, step } => {
            if request.status != Status::Planned {
                return Err(Refusal::SampledBefore);
            }
            Event::Sampled { sample: sample.clone(), step: step.clone() }
        }
        Command::Receive { .. } => receive(request, command, now)?,
        Command::Start { started_at, late_because } => {
            let (received, ..) = request.received.as_ref().ok_or(Refusal::NotReceived)?;
            if request.started_at.is_some() {
                return Err(Refusal::StartedBefore);
            }
            in_order("the start", *started_at, ("the receipt of the sample", *received), now)?;
            let late_because = late(*started_at, now, late_because.as_deref())?;
            Event::Started { started_at: *started_at, late_because }
        }
        Command::ReadInterim { read_at, late_because, signature } => {
            read_interim(request, *read_at, late_because.as_deref(), signature, now)?
        }
        Command::Record { .. } => record(request, command, now)?,
        Command::Review { number, signature } => {
            return review(request, *number, signature, facts);
        }
        Command::Return { number, because, signature } => {
            let result = under_review(request, *number)?;
            other_person(result, signature)?;
            means(signature, Meaning::Reviewed)?;
            let because = filled(because, "what is wrong with the result")?;
            Event::ResultReturned { number: *number, because, signature: signature.clone() }
        }
        Command::Invalidate { number, because, deviation, signature } => {
            let result = request
                .latest()
                .filter(|result| result.number == *number)
                .filter(|result| matches!(result.standing, ResultStanding::Reviewed { .. }))
                .ok_or(Refusal::NoSuchResult(*number))?;
            other_person(result, signature)?;
            means(signature, Meaning::Approved)?;
            let because = filled(because, "the assignable cause")?;
            if !facts.deviation_is_open {
                return Err(Refusal::NoOpenDeviation(deviation.clone()));
            }
            Event::ResultInvalidated {
                number: *number,
                because,
                deviation: deviation.clone(),
                signature: signature.clone(),
            }
        }
    };
    Ok(vec![Change::of::<TestRequest>(&request.id, event)])
}

/// Cancels a test that has no final result, because its batch ends.
///
/// # Errors
/// That it is final or cancelled already.
pub fn cancel(
    request: &TestRequest,
    because: &str,
    signature: Signature,
) -> Result<Vec<Change>, Refusal> {
    if request.status.is_final() {
        return Err(Refusal::Final);
    }
    let event = Event::Cancelled { because: filled(because, "why it is cancelled")?, signature };
    Ok(vec![Change::of::<TestRequest>(&request.id, event)])
}

fn receive(request: &TestRequest, command: &Command, now: Instant) -> Result<Event, Refusal> {
    let Command::Receive { sample, condition, received_at, late_because } = command else {
        return Err(Refusal::NotReceived);
    };
    let expected = request.sample.as_ref().ok_or(Refusal::NotSampled)?;
    if request.received.is_some() {
        return Err(Refusal::ReceivedBefore);
    }
    if expected != sample {
        return Err(Refusal::OtherSample { scanned: sample.clone(), expected: expected.clone() });
    }
    let drawn = request.sampled_at.unwrap_or(request.requested_at);
    in_order("the receipt", *received_at, ("the sampling", drawn), now)?;
    let late_because = late(*received_at, now, late_because.as_deref())?;
    Ok(Event::Received {
        condition: filled(condition, "the condition of the sample")?,
        received_at: *received_at,
        late_because,
    })
}

fn read_interim(
    request: &TestRequest,
    read_at: Instant,
    late_because: Option<&str>,
    signature: &Signature,
    now: Instant,
) -> Result<Event, Refusal> {
    let started = under_way(request)?;
    if request.specification.incubation.is_none() {
        return Err(Refusal::NoInterim);
    }
    means(signature, Meaning::Performed)?;
    let (what, after) = match request.latest_interim() {
        Some(reading) => ("the reading before", reading.read_at),
        None => ("the inoculation", started),
    };
    in_order("the reading", read_at, (what, after), now)?;
    let late_because = late(read_at, now, late_because)?;
    Ok(Event::InterimRead { read_at, late_because, signature: signature.clone() })
}

fn record(request: &TestRequest, command: &Command, now: Instant) -> Result<Event, Refusal> {
    let Command::Record { observations, tested_at, late_because, signature } = command else {
        return Err(Refusal::NotStarted);
    };
    let started = under_way(request)?;
    means(signature, Meaning::Performed)?;
    in_order("the end of the test", *tested_at, ("its start", started), now)?;
    let late_because = late(*tested_at, now, late_because.as_deref())?;
    let (values, verdict) = evaluate(&request.specification, observations)?;
    if verdict == Verdict::Pass
        && let Some(from) = request.final_from()
        && *tested_at < from
    {
        return Err(Refusal::TooEarly { from: from.to_string() });
    }
    let number = u32::try_from(request.results.len()).unwrap_or(u32::MAX).saturating_add(1);
    Ok(Event::ResultRecorded {
        number,
        values,
        verdict,
        tested_at: *tested_at,
        late_because,
        signature: signature.clone(),
    })
}

/// Holds observations against a specification: every criterion once, nothing else; numbers are
/// compared after the stated rounding and kept unrounded.
///
/// # Errors
/// When values are missing, double, foreign, or cannot be judged.
pub fn evaluate(
    specification: &Specification,
    observations: &[(Name, Observation)],
) -> Result<(Vec<ResultValue>, Verdict), Refusal> {
    for (name, _) in observations {
        let known = specification.criteria.iter().any(|criterion| criterion.name == *name);
        let count = observations.iter().filter(|(other, _)| other == name).count();
        if !known || count > 1 {
            return Err(Refusal::Incomplete(format!("'{name}' is not specified or given twice")));
        }
    }
    let mut values = Vec::new();
    let mut worst = Verdict::Pass;
    for criterion in &specification.criteria {
        let observed = observations
            .iter()
            .find(|(name, _)| *name == criterion.name)
            .map(|(_, observed)| observed.clone())
            .ok_or_else(|| Refusal::Incomplete(format!("{} is missing", criterion.title)))?;
        let verdict = criterion.judge(&observed)?;
        let rounded = match &observed {
            Observation::Number { value } => Some(criterion.rounded(*value)),
            _ => None,
        };
        worst = worst.max(verdict);
        values.push(ResultValue { criterion: criterion.name.clone(), observed, rounded, verdict });
    }
    Ok((values, worst))
}

/// Makes a result final. One that is out of specification opens a critical deviation in the same
/// transaction (ATMP-42).
fn review(
    request: &TestRequest,
    number: u32,
    signature: &Signature,
    facts: &Facts,
) -> Result<Vec<Change>, Refusal> {
    let result = under_review(request, number)?;
    other_person(result, signature)?;
    means(signature, Meaning::Reviewed)?;
    let reviewed = Event::ResultReviewed { number, signature: signature.clone() };
    let mut changes = vec![Change::of::<TestRequest>(&request.id, reviewed)];
    if result.verdict == Verdict::Fail {
        let failing: Vec<String> = result
            .values
            .iter()
            .filter(|value| value.verdict == Verdict::Fail)
            .map(|value| request.value_text(value))
            .collect();
        let opened = deviation::Event::Opened {
            class: Class::Critical,
            title: format!("{} of {} out of specification", request.title, request.batch),
            description: failing.join("; "),
            origin: Origin::OutOfSpecification,
            subject: Subject {
                batch: Some(request.batch.clone()),
                step: request.step.clone(),
                test: Some(request.test.clone()),
                container: request.sample.clone(),
                ..Subject::default()
            },
            performer: Some(result.signature.login.clone()),
        };
        changes.push(Change::of::<Deviation>(facts.next_deviation.as_str(), opened));
    }
    Ok(changes)
}

impl TestRequest {
    /// A value with its criterion and limit: `Viability: 78 % (limit ≥ 80 %)`.
    pub fn value_text(&self, value: &ResultValue) -> String {
        let criterion =
            self.specification.criteria.iter().find(|criterion| criterion.name == value.criterion);
        let shown = value.rounded.map_or_else(|| value.observed.text(), |rounded| rounded.text());
        match criterion {
            Some(criterion) => {
                format!("{}: {shown} (limit {})", criterion.title, criterion.limit_text())
            }
            None => format!("{}: {shown}", value.criterion),
        }
    }
}

fn under_way(request: &TestRequest) -> Result<Instant, Refusal> {
    if request.received.is_none() {
        return Err(Refusal::NotReceived);
    }
    let started = request.started_at.ok_or(Refusal::NotStarted)?;
    if request.status.is_final() {
        return Err(Refusal::Final);
    }
    match request.awaiting_review() {
        Some(result) => Err(Refusal::AwaitsReview(result.number)),
        None => Ok(started),
    }
}

fn under_review(request: &TestRequest, number: u32) -> Result<&TestResult, Refusal> {
    request
        .awaiting_review()
        .filter(|result| result.number == number)
        .ok_or(Refusal::NoSuchResult(number))
}

fn other_person(result: &TestResult, signature: &Signature) -> Result<(), Refusal> {
    if result.signature.login == signature.login {
        return Err(Refusal::ReviewerIsAnalyst(signature.login.clone()));
    }
    Ok(())
}

fn in_order(
    what: &'static str,
    at: Instant,
    after: (&'static str, Instant),
    now: Instant,
) -> Result<(), Refusal> {
    if at > now {
        return Err(Refusal::InFuture(what));
    }
    if at < after.1 {
        return Err(Refusal::Before { what, before: after.0 });
    }
    Ok(())
}

/// The reason of a late entry; a timely entry keeps none.
fn late(at: Instant, now: Instant, because: Option<&str>) -> Result<Option<String>, Refusal> {
    if at.plus(LATE_AFTER) >= now {
        return Ok(None);
    }
    match because.map(str::trim).filter(|text| !text.is_empty()) {
        Some(text) => Ok(Some(text.to_owned())),
        None => Err(Refusal::LateWithoutReason(now.since(at).text())),
    }
}

fn filled(text: &str, what: &'static str) -> Result<String, Refusal> {
    match text.trim() {
        "" => Err(Refusal::Missing(what)),
        text => Ok(text.to_owned()),
    }
}

fn means(signature: &Signature, needed: Meaning) -> Result<(), Refusal> {
    if signature.meaning == needed { Ok(()) } else { Err(Refusal::WrongMeaning(needed.words())) }
}
