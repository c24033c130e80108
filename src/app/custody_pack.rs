//! Packs the units of a patient: scans them into an outer pack and prints its label.
//!
//! Neighbours: `domain::custody` decides; [`super::label_data`] says what the label shows;
//! [`super::custody_hand_over`] hands pack and units over.
//!
//! Architecture invariant: no pack without its label: what the label lacks refuses the pack, and
//! nothing is recorded.

use serde::Serialize;

use super::custody_hand_over::units_and;
use super::label_print::{LabelPrint, print_in};
use super::{App, Caller};
use crate::domain::actor::Capability;
use crate::domain::container::ContainerKind;
use crate::domain::custody::{self, Scan};
use crate::domain::id::{AssetId, ContainerCode, OrderNumber, PatientCode};
use crate::domain::order::Order;
use crate::store::{Failure, container};

/// Units to be packed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnitsPack {
    /// The order.
    pub order: OrderNumber,
    /// The patient code as read.
    pub patient: PatientCode,
    /// What was scanned.
    pub scans: Vec<Scan>,
    /// The printer of the label; none where it is fetched as PDF.
    pub printer: Option<AssetId>,
}

/// Packs units and prints the label of the pack; gives its code.
///
/// # Errors
/// What `domain::custody` refuses, a particular that the label lacks, or that the database failed.
pub fn units_pack(
    app: &App,
    caller: &Caller,
    command: UnitsPack,
) -> Result<ContainerCode, Failure> {
    caller.needs(Capability::PrintLabels)?;
    let request = command.clone();
    let site = app.config.site.clone();
    let pack = app.write(caller, &("units_pack", &request), move |tx| {
        let order = tx.require::<Order>(command.order.as_str())?;
        let units = units_and(tx.db(), &command.order, &command.scans)?;
        let code = container::next_codes(tx, ContainerKind::OuterPack, 1)?.into_iter().next();
        let code = code.ok_or_else(|| Failure::Broken("no code for a pack".to_owned()))?;
        let pack = custody::Pack {
            code: code.clone(),
            patient: command.patient.clone(),
            scans: command.scans.clone(),
        };
        let changes = custody::pack(&order, &units.borrowed(), &pack, &tx.context())?;
        tx.record(changes)?;
        let print = LabelPrint {
            containers: vec![code.clone()],
            copies: 1,
            because: None,
            printer: command.printer.clone(),
        };
        print_in(tx, &print, &Default::default(), &site)?;
        Ok(code)
    })?;
    app.bell.ring();
    Ok(pack)
}
