//! How far a batch is: which step is next, what waits for whom, which timers run, what is missing.
//!
//! Architecture invariant: everything here is derived from the events and the master record; no
//! state of its own.

use super::correction::Correction;
use super::correction_refusal::CorrectionRefusal;
use super::event::Value;
use super::refusal::Refusal;
use super::state::{Batch, BatchState, Performance};
use crate::domain::id::Name;
use crate::domain::master_record::{
    HoldPoint, MasterRecord, SignatureRule, Step, Timer, predecessors,
};
use crate::domain::time::Instant;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// How a step stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Done as often as it must, signed by all.
    Done,
    /// Done as often as it must; may be done again now.
    Repeatable,
    /// Can be performed now.
    Ready,
    /// May be performed now or left out.
    Optional,
    /// This repetition waits for a second person.
    ToVerify {
        /// Which repetition.
        occurrence: u32,
    },
    /// A correction of one of its values waits for a second person.
    CorrectionToVerify {
        /// The number of the correction.
        number: u32,
    },
    /// QA has to sign a hold point first.
    Held {
        /// The hold point.
        hold_point: Name,
    },
    /// An earlier step is not complete.
    Waiting {
        /// The earliest such step.
        waiting_for: Name,
    },
    /// A choice made at an earlier step leaves it out.
    NotApplicable {
        /// The step at which was chosen.
        at: Name,
        /// What was chosen.
        chosen: String,
    },
    /// The procedure went on without it, or is over.
    Closed,
}

/// Something mandatory that is still missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "missing", rename_all = "snake_case")]
pub enum Missing {
    /// A step was not performed, or not often enough.
    Step {
        /// The step.
        step: Name,
        /// Its title.
        title: String,
        /// How often it was done.
        done: u32,
        /// How often it must be done.
        needed: u32,
    },
    /// A performed step was not verified.
    Verification {
        /// The step.
        step: Name,
        /// Its title.
        title: String,
        /// Which repetition.
        occurrence: u32,
    },
    /// A correction was not verified by a second person.
    CorrectionVerification {
        /// Its number.
        number: u32,
        /// The step whose value it corrects.
        step: Name,
        /// The title of that step.
        title: String,
        /// Which repetition.
        occurrence: u32,
    },
    /// A hold point was not signed.
    HoldPoint {
        /// The hold point.
        hold_point: Name,
        /// What QA assesses.
        title: String,
    },
    /// The sample of a test was never drawn.
    Sample {
        /// The test.
        test: Name,
        /// Its title.
        title: String,
    },
}

impl Missing {
    /// What is missing, in words.
    pub fn words(&self) -> String {
        match self {
            Self::Step { title, done, needed, .. } => {
                format!("step '{title}': done {done} of {needed} times")
            }
            Self::Verification { title, occurrence, .. } => {
                format!("step '{title}' ({occurrence}) is not verified")
            }
            Self::CorrectionVerification { number, title, occurrence, .. } => {
                format!("correction {number} of step '{title}' ({occurrence}) is not verified")
            }
            Self::HoldPoint { title, .. } => format!("hold point not signed: {title}"),
            Self::Sample { title, .. } => format!("no sample drawn for '{title}'"),
        }
    }
}

/// A timer of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimerReading<'a> {
    /// The timer.
    pub timer: &'a Timer,
    /// When it began to run.
    pub from: Instant,
    /// Before this it is too early.
    pub earliest: Option<Instant>,
    /// After this it is too late.
    pub latest: Option<Instant>,
    /// When it stopped.
    pub stopped: Option<Instant>,
}

/// How a timer stands at a moment; every state has its own word, so that none rests on colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TimerState {
    /// It stopped within its times.
    Kept,
    /// It stopped too early or too late; a deviation says so.
    Broken,
    /// The later step may be done now.
    Running,
    /// It is too early for the later step.
    TooEarly,
    /// The latest time is near.
    EndsSoon,
    /// The latest time has passed and the later step was not done.
    Overdue,
    /// The batch ended before the later step.
    Ended,
}

impl TimerState {
    /// The words on screens.
    pub fn words(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Broken => "broken",
            Self::Running => "in time",
            Self::TooEarly => "too early",
            Self::EndsSoon => "ends soon",
            Self::Overdue => "overdue",
            Self::Ended => "ended with the batch",
        }
    }
}

impl TimerReading<'_> {
    /// From when it warns that the latest time is near.
    pub fn warns_from(&self) -> Option<Instant> {
        Some(self.latest?.minus(self.timer.warns_before()?))
    }

    /// How it stands. A batch that is over runs no timer.
    pub fn state(&self, batch: BatchState, now: Instant) -> TimerState {
        let at = self.stopped.unwrap_or(now);
        let early = self.earliest.is_some_and(|earliest| at < earliest);
        let late = self.latest.is_some_and(|latest| at > latest);
        match (self.stopped, batch) {
            (Some(_), _) if early || late => TimerState::Broken,
            (Some(_), _) => TimerState::Kept,
            (None, BatchState::PendingReview | BatchState::Aborted) => TimerState::Ended,
            (None, BatchState::InProcess) if early => TimerState::TooEarly,
            (None, BatchState::InProcess) if late => TimerState::Overdue,
            (None, BatchState::InProcess) => match self.warns_from() {
                Some(from) if now >= from => TimerState::EndsSoon,
                _ => TimerState::Running,
            },
        }
    }

    /// The moment that is counted down to: the earliest time, then the latest; none when stopped.
    pub fn next_moment(&self, now: Instant) -> Option<Instant> {
        match (self.stopped, self.earliest) {
            (Some(_), _) => None,
            (None, Some(earliest)) if now < earliest => Some(earliest),
            (None, _) => self.latest,
        }
    }
}

/// The order of steps of a record, worked out once and asked often.
#[derive(Debug, Clone)]
pub struct Procedure<'a> {
    batch: &'a Batch,
    record: &'a MasterRecord,
    before: BTreeMap<Name, BTreeSet<Name>>,
}

impl<'a> Procedure<'a> {
    /// The procedure of a batch.
    pub fn new(batch: &'a Batch, record: &'a MasterRecord) -> Self {
        Self { batch, record, before: predecessors(record) }
    }

    /// How a step stands.
    pub fn progress(&self, step: &Step) -> Progress {
        if let Some(open) = self.unverified(step) {
            return Progress::ToVerify { occurrence: open };
        }
        if let Some(open) = self.uncorroborated(&step.name) {
            return Progress::CorrectionToVerify { number: open.corrected.number };
        }
        let done = self.batch.count_of(&step.name);
        let enough = done >= step.repeat.min;
        if let Some((at, chosen)) = choice_against(self.batch, step) {
            return Progress::NotApplicable { at: at.clone(), chosen: chosen.to_owned() };
        }
        let over = self.batch.state != BatchState::InProcess || self.went_on(&step.name);
        if over || done >= step.repeat.max {
            return if enough && done > 0 { Progress::Done } else { Progress::Closed };
        }
        if let Some(waiting_for) = self.waits_for(&step.name) {
            return Progress::Waiting { waiting_for: waiting_for.name.clone() };
        }
        if let Some(hold) = self.open_hold_point(&step.name) {
            return Progress::Held { hold_point: hold.name.clone() };
        }
        match (done, enough) {
            (0, true) => Progress::Optional,
            (0, false) => Progress::Ready,
            (_, true) => Progress::Repeatable,
            (_, false) => Progress::Ready,
        }
    }

    /// The first step that is not complete and must be before `step`.
    pub fn waits_for(&self, step: &Name) -> Option<&'a Step> {
        let before = self.before.get(step)?;
        self.record
            .steps
            .iter()
            .filter(|other| before.contains(&other.name))
            .find(|other| !self.complete(other))
    }

    /// Whether a step was performed as often as it must and verified each time, or is left out
    /// because of a choice made before it.
    pub fn complete(&self, step: &Step) -> bool {
        let enough = self.batch.count_of(&step.name) >= step.repeat.min;
        (enough || left_out(self.batch, step))
            && self.unverified(step).is_none()
            && self.uncorroborated(&step.name).is_none()
    }

    /// The first correction of a value of this step that waits for a second person.
    pub fn uncorroborated(&self, step: &Name) -> Option<&'a Correction> {
        self.batch.waiting_corrections().find(|one| one.corrected.value.step == *step)
    }

    /// Refuses while a correction that changed this step or one before it waits for a second
    /// person (ATMP-4); `waiting` is what waits, in words.
    pub fn corrections_verified(&self, step: &Name, waiting: &str) -> Result<(), Refusal> {
        let before = self.before.get(step);
        let counts = |name: &Name| name == step || before.is_some_and(|set| set.contains(name));
        let open = self
            .batch
            .waiting_corrections()
            .find(|one| one.corrected.changes().any(|changed| counts(&changed.step)));
        let Some(open) = open else { return Ok(()) };
        let place = &open.corrected.value.step;
        Err(CorrectionRefusal::Unverified {
            number: open.corrected.number,
            step: self.record.step(place).map_or_else(String::new, |step| step.title.clone()),
            waiting: waiting.to_owned(),
        }
        .into())
    }

    /// The repetition of a step that waits for a second person.
    pub fn unverified(&self, step: &Step) -> Option<u32> {
        if step.signature == SignatureRule::Performed {
            return None;
        }
        self.batch
            .of_step(&step.name)
            .find(|performance| performance.verified.is_none())
            .map(|performance| performance.occurrence)
    }

    /// Whether a step that comes after `step` was performed.
    pub fn went_on(&self, step: &Name) -> bool {
        self.first_after(step).is_some()
    }

    /// The first performance of a step that comes after `step`.
    pub fn first_after(&self, step: &Name) -> Option<&'a Performance> {
        self.batch.performances.iter().find(|performance| {
            self.before.get(&performance.step).is_some_and(|before| before.contains(step))
        })
    }

    /// Whether `first` comes before `step`.
    pub fn comes_before(&self, first: &Name, step: &Name) -> bool {
        self.before.get(step).is_some_and(|before| before.contains(first))
    }

    /// The hold point that `step` waits for, itself or through a step before it.
    pub fn open_hold_point(&self, step: &Name) -> Option<&'a HoldPoint> {
        self.record.hold_points.iter().find(|hold| {
            let concerned = hold.before == *step
                || self.before.get(step).is_some_and(|before| before.contains(&hold.before));
            concerned && !self.batch.hold_points.contains_key(&hold.name)
        })
    }

    /// The performance before `step` that was performed last.
    pub fn latest_before(&self, step: &Name) -> Option<&'a Performance> {
        let before = self.before.get(step)?;
        self.batch
            .performances
            .iter()
            .filter(|performance| before.contains(&performance.step))
            .max_by_key(|performance| performance.performed_at)
    }
}

/// Whether a step has a condition that the choice made at the earlier step does not meet.
pub(super) fn left_out(batch: &Batch, step: &Step) -> bool {
    choice_against(batch, step).is_some()
}

/// The choice that leaves a step out, and the step at which it was made.
fn choice_against<'a>(batch: &'a Batch, step: &'a Step) -> Option<(&'a Name, &'a str)> {
    let when = step.when.as_ref()?;
    let asked = batch.last_of(&when.step)?;
    asked.entries(&when.field).find_map(|entry| match &entry.value {
        Value::Choice { word } if !when.is.contains(word) => Some((&when.step, word.as_str())),
        _ => None,
    })
}

/// The timers that run or ran.
pub fn timers<'a>(batch: &Batch, record: &'a MasterRecord) -> Vec<TimerReading<'a>> {
    let reading = |timer: &'a Timer| {
        // A timer to a step that is left out has nothing to wait for.
        record.step(&timer.to).filter(|step| !left_out(batch, step))?;
        let from = batch.last_of(&timer.from)?.performed_at;
        let stopped = batch.of_step(&timer.to).next().map(|performance| performance.performed_at);
        Some(TimerReading {
            timer,
            from,
            earliest: timer.min.map(|min| from.plus(min)),
            latest: timer.max.map(|max| from.plus(max)),
            stopped,
        })
    };
    record.timers.iter().filter_map(reading).collect()
}

/// Everything mandatory that is still missing (ATMP-2); empty when production is complete.
pub fn completeness(batch: &Batch, record: &MasterRecord) -> Vec<Missing> {
    let mut missing = Vec::new();
    for step in record.steps.iter().filter(|step| !left_out(batch, step)) {
        let done = batch.count_of(&step.name);
        let (name, title) = (&step.name, &step.title);
        if done < step.repeat.min {
            let needed = step.repeat.min;
            let (step, title) = (name.clone(), title.clone());
            missing.push(Missing::Step { step, title, done, needed });
        }
        if step.signature == SignatureRule::PerformedVerified {
            let open = batch.of_step(name).filter(|performance| performance.verified.is_none());
            missing.extend(open.map(|performance| Missing::Verification {
                step: name.clone(),
                title: title.clone(),
                occurrence: performance.occurrence,
            }));
        }
    }
    missing.extend(batch.waiting_corrections().map(|one| {
        let place = &one.corrected.value;
        Missing::CorrectionVerification {
            number: one.corrected.number,
            step: place.step.clone(),
            title: record.step(&place.step).map_or_else(String::new, |step| step.title.clone()),
            occurrence: place.occurrence,
        }
    }));
    let stands =
        |hold: &&HoldPoint| record.step(&hold.before).is_none_or(|step| !left_out(batch, step));
    for hold in record.hold_points.iter().filter(stands) {
        if !batch.hold_points.contains_key(&hold.name) {
            let (hold_point, title) = (hold.name.clone(), hold.title.clone());
            missing.push(Missing::HoldPoint { hold_point, title });
        }
    }
    for test in &record.tests {
        if !batch.produced().any(|produced| produced.output == test.sample) {
            missing.push(Missing::Sample { test: test.name.clone(), title: test.title.clone() });
        }
    }
    missing
}
