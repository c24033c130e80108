//! Performs a step of a batch: one command, one transaction, with all it does to containers, tests,
//! deviations and the book.
//!
//! First [`batch_step_preview`] shows what would happen and what would be signed; then
//! [`batch_step_perform`] assesses once more inside its transaction and refuses if the outcome is
//! not what was shown.
//!
//! Neighbours: `domain::batch` assesses and decides; `batch_facts` loads.
//!
//! Architecture invariant: nothing is recorded that the signature does not cover.

use serde::{Deserialize, Serialize};

use super::batch_facts::{facts, record_of};
use super::label_lost::{Attempt, stop, stop_at};
use super::{App, Caller, content, signature};
use crate::domain::Context;
use crate::domain::actor::{Capability, Signature};
use crate::domain::batch::{self, Batch, Fresh, PerformStep, StepShown};
use crate::domain::id::{BatchNumber, ContainerCode, ContentHash, DeviationNumber, LotId};
use crate::domain::material;
use crate::store::{Failure, Tx, batch as table, container, deviation, material as lots};

/// What a step would mean, and the hash its signature must cover.
#[derive(Debug, Clone)]
pub struct StepPreview {
    /// What is shown.
    pub shown: StepShown,
    /// Its hash.
    pub hash: ContentHash,
}

/// What a performed step brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepOutcome {
    /// Which repetition of the step it was.
    pub occurrence: u32,
    /// Containers made, with the output each is of.
    pub produced: Vec<(String, ContainerCode)>,
    /// Deviations opened.
    pub deviations: Vec<DeviationNumber>,
}

/// What performing a step would mean now. A step that reconciles labels and finds some missing
/// opens the deviation about them here already: it is attempted, and it goes no further.
///
/// # Errors
/// What `domain::batch` refuses, or that the database failed.
pub fn batch_step_preview(
    app: &App,
    caller: &Caller,
    number: &BatchNumber,
    command: &PerformStep,
) -> Result<StepPreview, Failure> {
    caller.needs(Capability::PerformSteps)?;
    let context = Context { now: app.clock.now(), actor: caller.actor.clone() };
    let assessed = app.read(|db| {
        let batch = table::require(db, number)?;
        let record = record_of(&batch)?;
        let mut facts = facts(db, &batch, command, &context)?;
        facts.room = app.config.site.room_of(&caller.station).cloned();
        let assessment = match batch::assess(&batch, &record, command, &facts, &context) {
            Ok(assessment) => assessment,
            Err(refusal @ batch::Refusal::LabelsUnreconciled { .. }) => {
                return Ok(Err(refusal.to_string()));
            }
            Err(refusal) => return Err(refusal.into()),
        };
        let shown = batch::step_shown(&batch, &record, &assessment);
        let hash = content::hash(&shown)?;
        Ok(Ok(StepPreview { shown, hash }))
    })?;
    assessed.or_else(|why| stop_at(app, caller, number, why))
}

/// Performs a step.
///
/// # Errors
/// What `domain::batch` refuses; that what was signed is not what would happen now; or that the
/// database failed. Nothing was changed then.
pub fn batch_step_perform(
    app: &App,
    caller: &Caller,
    number: &BatchNumber,
    command: PerformStep,
    signed: Signature,
) -> Result<StepOutcome, Failure> {
    caller.needs(Capability::PerformSteps)?;
    let number = number.clone();
    let request = (number.clone(), command.clone());
    let room = app.config.site.room_of(&caller.station).cloned();
    let attempt = app.write(caller, &("batch_step_perform", &request), move |tx| {
        let context = tx.context();
        let batch = tx.require::<Batch>(number.as_str())?;
        let record = record_of(&batch)?;
        let mut facts = facts(tx.db(), &batch, &command, &context)?;
        facts.room.clone_from(&room);
        let assessment = match batch::assess(&batch, &record, &command, &facts, &context) {
            Ok(assessment) => assessment,
            Err(refusal @ batch::Refusal::LabelsUnreconciled { .. }) => {
                return stop(tx, &number, &refusal.to_string());
            }
            Err(refusal) => return Err(refusal.into()),
        };
        let shown = batch::step_shown(&batch, &record, &assessment);
        signature::covers(&signed, &content::hash(&shown)?)?;
        let mut fresh = Fresh::default();
        for (kind, count) in assessment.containers_needed() {
            fresh.containers.push((kind, container::next_codes(tx, kind, count)?));
        }
        for (ahead, _) in (0..).zip(&assessment.breaks) {
            fresh.deviations.push(deviation::next_number(tx.db(), context.now, ahead)?);
        }
        if let Some(din) = batch::din_of(&batch, &assessment) {
            let consumed = batch.consumed().chain(&assessment.consumed);
            let used: Vec<ContainerCode> = consumed.map(|used| used.container.clone()).collect();
            fresh.divided = container::divided(tx.db(), din, &used)?;
        }
        let occurrence = assessment.occurrence;
        let signed = signed.clone();
        let changes = batch::perform(&batch, &record, assessment, &facts, fresh, signed, &context)?;
        let outcome = outcome(occurrence, &changes);
        tx.record(changes)?;
        open_packages(tx, &command.materials)?;
        Ok(Attempt::Done(outcome))
    })?;
    attempt.done()
}

fn outcome(occurrence: u32, changes: &[crate::domain::Change]) -> StepOutcome {
    let mut outcome = StepOutcome { occurrence, produced: Vec::new(), deviations: Vec::new() };
    for change in changes {
        if let crate::domain::Event::Batch(batch::Event::StepPerformed {
            produced,
            deviations,
            ..
        }) = &change.event
        {
            outcome.produced =
                produced.iter().map(|p| (p.output.to_string(), p.container.clone())).collect();
            outcome.deviations.clone_from(deviations);
        }
    }
    outcome
}

/// The first use of a lot with an in-use limit opens a package of it.
fn open_packages(tx: &mut Tx<'_>, used: &[LotId]) -> Result<(), Failure> {
    let context = tx.context();
    for lot in used {
        let found = lots::require(tx.db(), lot)?;
        tx.record(material::take(&found, &context)?)?;
    }
    Ok(())
}
