//! Reads labels back on their containers, and accounts for those that are destroyed or kept.
//!
//! Neighbours: `domain::container` compares; `store::label` has the balance of a batch.
//!
//! Architecture invariant: the container that should wear the label is named before the label is
//! read, so that two mixed-up labels cannot confirm each other (ATMP-19).

use serde::Serialize;

use super::container_move::ScannedContainer;
use super::deviation_decide::{DeviationOpen, deviation_open};
use super::{App, Caller};
use crate::domain::RefusalKind;
use crate::domain::actor::Capability;
use crate::domain::container::{Command, decide};
use crate::domain::deviation::{Class, Subject};
use crate::domain::id::{BatchNumber, ContainerCode, DeviationNumber};
use crate::store::{Failure, container, label};

/// A label that was read on a container.
#[derive(Debug, Clone, Serialize)]
pub struct LabelScanBack {
    /// The container it should be on.
    pub expected: ContainerCode,
    /// What was read.
    pub scanned: ScannedContainer,
}

/// Compares a label that was read with the one expected.
///
/// # Errors
/// What `domain::container` refuses, or that the database failed.
pub fn label_scan_back(app: &App, caller: &Caller, command: LabelScanBack) -> Result<(), Failure> {
    caller.needs(Capability::PrintLabels)?;
    let request = command.clone();
    app.write(caller, &request, move |tx| {
        let (state, standing) = container::require_with_standing(tx.db(), &command.expected)?;
        let context = tx.context();
        // A typed code proves no label: it stands for serial 0, which was never printed.
        let serial = command.scanned.serial.unwrap_or(0);
        let back = Command::ScanBack { scanned: command.scanned.code.clone(), serial };
        tx.record(decide(&state, &back, &standing, &context)?)
    })
}

/// What became of labels that are not on a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LabelFate {
    /// Destroyed.
    Destroyed,
    /// Kept in the batch record.
    Kept,
}

/// Labels to be accounted for.
#[derive(Debug, Clone, Serialize)]
pub struct LabelAccount {
    /// The container they were printed for.
    pub container: ContainerCode,
    /// Their serial.
    pub serial: u32,
    /// How many copies.
    pub copies: u32,
    /// What became of them.
    pub fate: LabelFate,
}

/// Accounts for labels.
///
/// # Errors
/// What `domain::container` refuses, or that the database failed.
pub fn label_account(app: &App, caller: &Caller, command: LabelAccount) -> Result<(), Failure> {
    caller.needs(Capability::PrintLabels)?;
    let request = command.clone();
    app.write(caller, &request, move |tx| {
        let (state, standing) = container::require_with_standing(tx.db(), &command.container)?;
        let (serial, copies) = (command.serial, command.copies);
        let account = match command.fate {
            LabelFate::Destroyed => Command::DestroyLabel { serial, copies },
            LabelFate::Kept => Command::KeepLabel { serial, copies },
        };
        let context = tx.context();
        tx.record(decide(&state, &account, &standing, &context)?)
    })
}

/// Opens a deviation that says how many labels of a batch are missing, and which; the step that
/// reconciles stays refused until every one is accounted for (ATMP-18).
///
/// # Errors
/// That nothing is missing; what `domain::deviation` refuses; or that the database failed.
pub fn label_difference(
    app: &App,
    caller: &Caller,
    batch: &BatchNumber,
) -> Result<DeviationNumber, Failure> {
    let (balance, printed) =
        app.read(|db| Ok((label::balance(db, batch)?, label::of_batch(db, batch)?)))?;
    if balance.missing == 0 {
        return Err(Failure::refused(
            "labels_even ATMP-18",
            RefusalKind::Conflict,
            format!("Every label of {batch} is accounted for; there is no difference."),
        ));
    }
    let missing: Vec<String> = printed
        .iter()
        .filter(|label| label.missing() > 0)
        .map(|label| format!("{} serial {}: {}", label.container, label.serial, label.missing()))
        .collect();
    let open = DeviationOpen {
        class: Class::Major,
        title: format!("Labels of {batch} do not reconcile: {} missing", balance.missing),
        description: format!(
            "Issued {}, on their containers {}, destroyed {}, in the batch record {}. Missing: {}.",
            balance.issued,
            balance.applied,
            balance.destroyed,
            balance.kept,
            missing.join("; ")
        ),
        subject: Subject { batch: Some(batch.clone()), ..Subject::default() },
        performer: None,
    };
    deviation_open(app, caller, open)
}
