//! Work at the bench: steps performed and verified, labels printed and read back.

use super::cast::Person;
use super::stage::{Stage, Trouble};
use crate::app::batch_hold_point_sign::{batch_hold_point_preview, batch_hold_point_sign};
use crate::app::batch_start::{BatchStart, batch_start};
use crate::app::batch_step_perform::{StepOutcome, batch_step_perform, batch_step_preview};
use crate::app::batch_step_verify::{batch_step_verify, batch_verification_preview};
use crate::app::batch_value_correct::{
    batch_correction_preview, batch_correction_verification_preview, batch_correction_verify,
    batch_value_correct,
};
use crate::app::container_move::ScannedContainer;
use crate::app::label_print::{LabelPrint, PrintedSerial, label_print};
use crate::app::label_scan_back::{LabelScanBack, label_scan_back};
use crate::domain::actor::Meaning;
use crate::domain::batch::{CorrectValue, Given, PerformStep};
use crate::domain::container::Scan;
use crate::domain::id::{
    AssetId, BatchNumber, ContainerCode, LotId, MasterRecordId, Name, OrderNumber,
};
use crate::domain::quantity::Quantity;
use crate::store::{Failure, batch as batches};

/// A step with everything that is entered and scanned for it.
#[derive(Debug, Clone)]
pub(super) struct Work {
    batch: BatchNumber,
    command: PerformStep,
}

impl Work {
    /// A step of a batch, with nothing entered yet.
    pub(super) fn new(batch: &BatchNumber, step: &str) -> Result<Self, Trouble> {
        Ok(Self { batch: batch.clone(), command: PerformStep::now(Name::parse(step)?) })
    }

    /// A step with everything that was entered and scanned already.
    pub(super) fn of(batch: &BatchNumber, command: PerformStep) -> Self {
        Self { batch: batch.clone(), command }
    }

    /// What is entered and scanned.
    pub(super) fn command(&self) -> &PerformStep {
        &self.command
    }

    /// Enters values: field and text.
    pub(super) fn values(mut self, values: &[(&str, &str)]) -> Result<Self, Trouble> {
        for (field, text) in values {
            let field = Name::parse(field)?;
            self.command.values.push(Given { field, item: None, text: (*text).to_owned() });
        }
        Ok(self)
    }

    /// Enters a value that belongs to one container.
    pub(super) fn each(
        mut self,
        field: &str,
        item: &ContainerCode,
        text: &str,
    ) -> Result<Self, Trouble> {
        let given =
            Given { field: Name::parse(field)?, item: Some(item.clone()), text: text.to_owned() };
        self.command.values.push(given);
        Ok(self)
    }

    /// Scans material lots.
    pub(super) fn lots(mut self, lots: &[&str]) -> Result<Self, Trouble> {
        for lot in lots {
            self.command.materials.push(LotId::parse(lot)?);
        }
        Ok(self)
    }

    /// Scans devices.
    pub(super) fn devices(mut self, assets: &[&str]) -> Result<Self, Trouble> {
        for asset in assets {
            self.command.equipment.push(AssetId::parse(asset)?);
        }
        Ok(self)
    }

    /// Scans containers that are used up.
    pub(super) fn using(mut self, containers: &[ContainerCode]) -> Self {
        self.command.consumed.extend(containers.iter().cloned().map(Scan::from));
        self
    }
}

/// Starts a batch.
pub(super) fn start(
    stage: &mut Stage,
    record: &MasterRecordId,
    order: Option<&OrderNumber>,
) -> Result<BatchNumber, Trouble> {
    let command = BatchStart { record: record.clone(), version: None, order: order.cloned() };
    let caller = stage.by(&stage.people.ana);
    let outcome = batch_start(&stage.app, &caller, command);
    stage.done("start batches", outcome)
}

/// Performs a step as the first technician; what stands against it is given, not told.
pub(super) fn attempt(
    stage: &mut Stage,
    work: &Work,
) -> Result<Result<StepOutcome, Failure>, Trouble> {
    let ana = stage.people.ana.clone();
    let caller = stage.by(&ana);
    let preview = match batch_step_preview(&stage.app, &caller, &work.batch, &work.command) {
        Ok(preview) => preview,
        Err(failure) => return Ok(Err(failure)),
    };
    let signature = stage.sign(&ana, Meaning::Performed, &preview.hash)?;
    Ok(batch_step_perform(&stage.app, &caller, &work.batch, work.command.clone(), signature))
}

/// Performs a step.
pub(super) fn perform(stage: &mut Stage, work: &Work) -> Result<StepOutcome, Trouble> {
    let outcome = attempt(stage, work)?;
    let doing = format!("step {} of {}", work.command.step, work.batch);
    stage.done(&doing, outcome)
}

/// Performs a step and has the second technician verify it.
pub(super) fn perform_verified(stage: &mut Stage, work: &Work) -> Result<StepOutcome, Trouble> {
    let outcome = perform(stage, work)?;
    let bor = stage.people.bor.clone();
    let verified = verify(stage, &bor, &work.batch, &work.command.step, outcome.occurrence)?;
    stage.done(&format!("verify {} of {}", work.command.step, work.batch), verified)?;
    Ok(outcome)
}

/// Somebody signs as verifier of a performed step.
pub(super) fn verify(
    stage: &mut Stage,
    by: &Person,
    batch: &BatchNumber,
    step: &Name,
    occurrence: u32,
) -> Result<Result<(), Failure>, Trouble> {
    let preview = stage.read(|db| batch_verification_preview(db, batch, step, occurrence))?;
    let signature = stage.sign(by, Meaning::Verified, &preview.hash)?;
    let caller = stage.by(by);
    Ok(batch_step_verify(&stage.app, &caller, batch, step, occurrence, signature))
}

/// The first technician corrects a value of the first performance of a step; gives the number of
/// the correction.
pub(super) fn correct(
    stage: &mut Stage,
    batch: &BatchNumber,
    (step, field, item): (&str, &str, Option<&ContainerCode>),
    text: &str,
    because: &str,
) -> Result<u32, Trouble> {
    let command = CorrectValue {
        step: Name::parse(step)?,
        occurrence: 1,
        field: Name::parse(field)?,
        item: item.cloned(),
        text: text.to_owned(),
        because: because.to_owned(),
    };
    let ana = stage.people.ana.clone();
    let caller = stage.because(&ana, because);
    let preview = batch_correction_preview(&stage.app, &caller, batch, &command);
    let hash = preview
        .map_err(|failure| Trouble::Failed { doing: format!("correct {step}"), failure })?
        .hash;
    let signature = stage.sign(&ana, Meaning::Corrected, &hash)?;
    let outcome = batch_value_correct(&stage.app, &caller, batch, command, signature);
    stage.done("correct signed values", outcome)
}

/// Somebody signs as verifier of a correction.
pub(super) fn verify_correction(
    stage: &mut Stage,
    by: &Person,
    batch: &BatchNumber,
    number: u32,
) -> Result<Result<(), Failure>, Trouble> {
    let preview = stage.read(|db| batch_correction_verification_preview(db, batch, number))?;
    let signature = stage.sign(by, Meaning::Verified, &preview.hash)?;
    let caller = stage.by(by);
    Ok(batch_correction_verify(&stage.app, &caller, batch, number, signature))
}

/// QA signs a hold point.
pub(super) fn hold_point(
    stage: &mut Stage,
    batch: &BatchNumber,
    name: &Name,
) -> Result<(), Trouble> {
    let eva = stage.people.eva.clone();
    let (_, hash) = stage.read(|db| batch_hold_point_preview(db, batch, name))?;
    let signature = stage.sign(&eva, Meaning::Reviewed, &hash)?;
    let caller = stage.by(&eva);
    let outcome = batch_hold_point_sign(&stage.app, &caller, batch, name, signature);
    stage.done("sign hold points", outcome)
}

/// Prints labels for containers; gives the serials.
pub(super) fn print(
    stage: &mut Stage,
    containers: &[ContainerCode],
    because: Option<&str>,
) -> Result<Vec<PrintedSerial>, Trouble> {
    let command = LabelPrint {
        containers: containers.to_vec(),
        copies: 1,
        because: because.map(str::to_owned),
        printer: None,
    };
    let caller = stage.by(&stage.people.ana);
    let outcome = label_print(&stage.app, &caller, command);
    stage.done("print labels", outcome)
}

/// Reads the labels back on their containers.
pub(super) fn read_back(stage: &mut Stage, printed: &[PrintedSerial]) -> Result<(), Trouble> {
    for label in printed {
        let command = LabelScanBack {
            expected: ContainerCode::parse(&label.container)?,
            scanned: ScannedContainer::read(&label.payload)?,
        };
        let caller = stage.by(&stage.people.ana);
        let outcome = label_scan_back(&stage.app, &caller, command);
        stage.done("read labels back", outcome)?;
    }
    Ok(())
}

/// Prints labels, puts them on and reads them back.
pub(super) fn label(
    stage: &mut Stage,
    containers: &[ContainerCode],
) -> Result<Vec<PrintedSerial>, Trouble> {
    let printed = print(stage, containers, None)?;
    read_back(stage, &printed)?;
    Ok(printed)
}

/// The containers of one output among those a step made.
pub(super) fn made(outcome: &StepOutcome, output: &str) -> Vec<ContainerCode> {
    outcome
        .produced
        .iter()
        .filter(|(name, _)| name == output)
        .map(|(_, container)| container.clone())
        .collect()
}

/// The one container of an output that a step made.
pub(super) fn made_one(outcome: &StepOutcome, output: &str) -> Result<ContainerCode, Trouble> {
    made(outcome, output)
        .into_iter()
        .next()
        .ok_or_else(|| Trouble::Missing(format!("a container of {output}")))
}

/// A calculated or entered number of a performed step, for one container where there are several.
pub(super) fn number(
    stage: &Stage,
    batch: &BatchNumber,
    step: &str,
    name: &str,
    item: Option<&ContainerCode>,
) -> Result<Quantity, Trouble> {
    let (step, name) = (Name::parse(step)?, Name::parse(name)?);
    let state = stage.read(|db| batches::require(db, batch))?;
    state
        .last_of(&step)
        .and_then(|performance| {
            performance
                .entries(&name)
                .find(|entry| item.is_none() || entry.item.as_ref() == item)
                .and_then(|entry| entry.value.number())
        })
        .ok_or_else(|| Trouble::Missing(format!("{name} of {step} in {batch}")))
}
