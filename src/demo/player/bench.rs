//! Runs batches side by side: the step that is due first is done first, in whichever batch it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Player;
use super::supply::{BOXES, grid};
use crate::app::container_move::{ContainerPut, ScannedContainer, container_put};
use crate::demo::stage::Trouble;
use crate::demo::work::{self, Work};
use crate::domain::batch::{Batch, BatchState, Procedure, Progress, completeness};
use crate::domain::container::Custodian;
use crate::domain::id::{BatchNumber, ContainerCode, LocationPath, Name, OrderNumber};
use crate::domain::master_record::simulate::{likely_starts, likely_wait};
use crate::domain::master_record::{Breaking, MasterRecord, Operation, SignatureRule, Step, Timer};
use crate::domain::storage::grid_positions;
use crate::domain::time::{Instant, Span};
use crate::store::{batch as batches, container};

/// How long a step takes here: less than any record allows.
const STEP: Span = Span::of_minutes(5);
/// How long before the day of giving a culture ends.
const EARLY: Span = Span::of_hours(1);

/// A batch under way.
#[derive(Debug)]
pub(super) struct Run {
    /// Its number.
    pub(super) batch: BatchNumber,
    /// The record it runs.
    pub(super) record: Arc<MasterRecord>,
    begun: Instant,
    starts: Vec<(Name, Span)>,
    inputs: BTreeMap<Name, Vec<ContainerCode>>,
}

/// What is due in a batch.
enum Act {
    /// A second person signs a repetition of a step.
    Verify(Name, u32),
    /// QA signs a hold point.
    Hold(Name),
    /// A step is performed.
    Perform(Name),
}

impl Player<'_> {
    /// Starts a batch; `culture` is how long its order gives the cells.
    pub(super) fn start(
        &mut self,
        record: &Arc<MasterRecord>,
        order: Option<(&OrderNumber, Option<Span>)>,
        inputs: BTreeMap<Name, Vec<ContainerCode>>,
    ) -> Result<Run, Trouble> {
        let number = order.map(|(number, _)| number);
        let batch = work::start(self.stage, &record.record.id, number)?;
        self.batches.push(batch.clone());
        let culture = order.and_then(|(_, culture)| culture);
        let starts = likely_starts(record, STEP, |timer| wait(record, timer, culture));
        let begun = self.stage.app.clock.now();
        let record = Arc::clone(record);
        Ok(Run { batch, record, begun, starts, inputs })
    }

    /// Performs everything that is due until every batch is complete.
    pub(super) fn perform(&mut self, runs: &[Run]) -> Result<(), Trouble> {
        let mut due = Vec::new();
        for run in runs {
            due.push(self.next(run)?);
        }
        loop {
            let open = due.iter().enumerate().filter_map(|(at, next)| Some((at, next.as_ref()?.0)));
            let Some((first, at)) = open.min_by_key(|(_, at)| *at) else { return Ok(()) };
            let next = due.get_mut(first).and_then(Option::take);
            if let (Some(run), Some((_, act))) = (runs.get(first), next) {
                self.try_early(run, &act)?;
                self.stage.until(at);
                self.act(run, &act)?;
                let again = self.next(run)?;
                due.splice(first..=first, [again]);
            }
        }
    }

    /// What is due first in a batch, and when; nothing when it is complete.
    fn next(&self, run: &Run) -> Result<Option<(Instant, Act)>, Trouble> {
        let batch = self.stage.read(|db| batches::require(db, &run.batch))?;
        if batch.state != BatchState::InProcess {
            return Ok(None);
        }
        let procedure = Procedure::new(&batch, &run.record);
        let mut due: Option<(Instant, Act)> = None;
        for step in &run.record.steps {
            let (at, act) = match procedure.progress(step) {
                Progress::ToVerify { occurrence } => {
                    (batch.started_at, Act::Verify(step.name.clone(), occurrence))
                }
                Progress::Held { hold_point } => (batch.started_at, Act::Hold(hold_point)),
                Progress::Ready => (run.due(&batch, step), Act::Perform(step.name.clone())),
                _ => continue,
            };
            if due.as_ref().is_none_or(|(known, _)| at < *known) {
                due = Some((at, act));
            }
        }
        due.map(Some).ok_or_else(|| {
            let missing = completeness(&batch, &run.record);
            let missing: Vec<String> = missing.iter().map(|missing| missing.words()).collect();
            Trouble::Missing(format!("a next step of {}: {}", run.batch, missing.join("; ")))
        })
    }

    fn act(&mut self, run: &Run, act: &Act) -> Result<(), Trouble> {
        match act {
            Act::Verify(step, occurrence) => {
                let bor = self.stage.people.bor.clone();
                let verified = work::verify(self.stage, &bor, &run.batch, step, *occurrence)?;
                self.stage.done(&format!("verify {step} of {}", run.batch), verified)
            }
            Act::Hold(name) => {
                self.results(&run.batch)?;
                work::hold_point(self.stage, &run.batch, name)
            }
            Act::Perform(name) => {
                let step = run.record.step(name);
                let missing = || Trouble::Missing(format!("step {name}"));
                self.step(run, step.ok_or_else(missing)?)
            }
        }
    }

    /// Performs a step before its timer allows, where that is refused.
    fn try_early(&mut self, run: &Run, act: &Act) -> Result<(), Trouble> {
        let Act::Perform(name) = act else { return Ok(()) };
        let batch = self.stage.read(|db| batches::require(db, &run.batch))?;
        let now = self.stage.app.clock.now();
        let early = run.record.timers.iter().any(|timer| {
            let from = batch.last_of(&timer.from).map(|last| last.performed_at);
            let least = from.zip(timer.min).map(|(from, min)| from.plus(min));
            let refuses = timer.to == *name && timer.too_early == Breaking::Refuse;
            refuses && least.is_some_and(|least| least > now.plus(Span::of_hours(1)))
        });
        let Some(step) = run.record.step(name).filter(|_| early) else { return Ok(()) };
        if !self.mistakes.first("too early") {
            return Ok(());
        }
        let command = self.command(&batch, &run.record, step, &run.inputs)?;
        let outcome = work::attempt(self.stage, &Work::of(&run.batch, command))?;
        self.stage.refused(&format!("'{}' before its time", step.title), outcome)
    }

    /// Performs a step: labels and positions first where it asks for them, then values and scans.
    fn step(&mut self, run: &Run, step: &Step) -> Result<(), Trouble> {
        let batch = self.stage.read(|db| batches::require(db, &run.batch))?;
        for output in &step.labels {
            self.label(&batch, output)?;
        }
        for output in &step.stored {
            self.store(&batch, &run.record, output)?;
        }
        let command = self.command(&batch, &run.record, step, &run.inputs)?;
        let work = Work::of(&run.batch, command);
        self.try_before(run, step, &work)?;
        let outcome = work::perform(self.stage, &work)?;
        if !outcome.deviations.is_empty() {
            let words = format!("step {} of {} within every limit", step.name, run.batch);
            return Err(Trouble::Missing(words));
        }
        if step.signature == SignatureRule::PerformedVerified {
            self.try_own_verification(&run.batch, &step.name, outcome.occurrence)?;
            self.act(run, &Act::Verify(step.name.clone(), outcome.occurrence))?;
        }
        self.samples(&run.batch, &run.record)
    }

    /// Prints labels for the containers of an output that wear none, and reads them back.
    fn label(&mut self, batch: &Batch, output: &Name) -> Result<(), Trouble> {
        let mut bare = Vec::new();
        for made in batch.produced().filter(|made| made.output == *output) {
            let held = self.stage.read(|db| container::require(db, &made.container))?;
            if !held.labels.applied() {
                bare.push(made.container.clone());
            }
        }
        if bare.is_empty() {
            return Ok(());
        }
        work::label(self.stage, &bare).map(drop)
    }

    /// Puts the containers of an output into positions: cold where they were frozen.
    fn store(
        &mut self,
        batch: &Batch,
        record: &MasterRecord,
        output: &Name,
    ) -> Result<(), Trouble> {
        let froze = |step: &&Step| step.operation == Operation::Freeze;
        let frozen = record.steps.iter().filter(froze).any(|step| batch.count_of(&step.name) > 0);
        let mut stored = 0_u32;
        for made in batch.at_hand(output) {
            let held = self.stage.read(|db| container::require(db, &made.container))?;
            if matches!(held.custodian, Custodian::Place { .. }) {
                continue;
            }
            let position = self.position(frozen)?;
            let serial = held.labels.valid().map(|label| label.serial);
            let container = ScannedContainer { code: made.container.clone(), serial };
            let caller = self.stage.by(&self.stage.people.ana);
            let put = ContainerPut { container, position };
            let outcome = container_put(&self.stage.app, &caller, put);
            self.stage.done("store containers", outcome)?;
            stored = stored.saturating_add(1);
        }
        self.stage.voice.fact(format!("{}: {stored} × {output} in storage", batch.number));
        Ok(())
    }

    fn position(&mut self, frozen: bool) -> Result<LocationPath, Trouble> {
        let full = || Trouble::Missing("a free position".to_owned());
        let index = usize::from(!frozen);
        let path = BOXES.get(index).ok_or_else(full)?;
        let taken = self.shelves.get_mut(index).ok_or_else(full)?;
        let position = grid_positions(grid()?).nth(*taken).ok_or_else(full)?;
        *taken = taken.saturating_add(1);
        Ok(LocationPath::parse(&format!("{path}/{position}"))?)
    }
}

impl Run {
    /// When a step is due: as planned, and not before a timer to it allows.
    fn due(&self, batch: &Batch, step: &Step) -> Instant {
        let planned = self.starts.iter().find(|(name, _)| *name == step.name);
        let planned = planned.map_or(self.begun, |(_, after)| self.begun.plus(*after));
        let timers = self.record.timers.iter().filter(|timer| timer.to == step.name);
        let allowed = timers.filter_map(|timer| {
            let from = batch.last_of(&timer.from)?.performed_at;
            Some(from.plus(timer.min?).plus(Span::of_minutes(1)))
        });
        allowed.chain([planned]).max().unwrap_or(planned)
    }
}

/// How long a timer runs here: as the order gives the cells time, where it fits, else as likely.
fn wait(record: &MasterRecord, timer: &Timer, culture: Option<Span>) -> Span {
    let fits = |culture: &Span| {
        let enough = timer.min.is_some_and(|min| min >= Span::of_days(1) && min <= *culture);
        enough && timer.max.is_some_and(|max| *culture <= max)
    };
    let Some(culture) = culture.filter(fits) else { return likely_wait(record, timer) };
    let earlier = Span::of_seconds(culture.seconds().saturating_sub(EARLY.seconds()));
    if timer.min.is_some_and(|min| earlier <= min) { culture } else { earlier }
}
