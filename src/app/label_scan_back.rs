//! Reads labels back on their containers, and accounts for those that are destroyed or kept.
//!
//! Neighbours: `domain::container` compares; `store::label` has the balance of a batch;
//! [`super::label_lost`] has what is missing.
//!
//! Architecture invariant: the container that should wear the label is named before the label is
//! read, so that two mixed-up labels cannot confirm each other (ATMP-19).

use serde::Serialize;

use super::container_move::ScannedContainer;
use super::{App, Caller};
use crate::domain::actor::Capability;
use crate::domain::container::{Command, LabelFate, check_label, decide};
use crate::domain::id::ContainerCode;
use crate::store::{Failure, container};

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
        // A void or lost label says so itself, whatever it is on.
        let worn = container::load(tx.db(), &command.scanned.code)?;
        if let Some((worn, serial)) = worn.zip(command.scanned.serial) {
            check_label(&worn, serial)?;
        }
        // A typed code proves no label: it stands for serial 0, which was never printed.
        let serial = command.scanned.serial.unwrap_or(0);
        let back = Command::ScanBack { scanned: command.scanned.code.clone(), serial };
        tx.record(decide(&state, &back, &standing, &context)?)
    })
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
