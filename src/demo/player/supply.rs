//! Buys what records list: a released lot of every material, a calibrated device of every kind.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::site::{self, SUPPLIER};
use super::super::stage::{Stage, Trouble};
use crate::domain::equipment::EquipmentKind;
use crate::domain::id::{AssetId, LotId, MaterialCode};
use crate::domain::master_record::{FieldKind, MasterRecord, Reference, Step};
use crate::domain::material::{Origin, Receipt};
use crate::domain::quantity::{Quantity, Unit};
use crate::domain::storage::{Condition, Grid, LocationKind};

/// What was bought.
#[derive(Debug, Default)]
pub(super) struct Supplies {
    /// The lot of each material.
    pub(super) lots: BTreeMap<MaterialCode, LotId>,
    /// The device of each kind.
    pub(super) devices: BTreeMap<String, AssetId>,
}

/// The boxes of the player: one in a tank, one in a refrigerator.
pub(super) const BOXES: [&str; 2] = ["CRYO/LN2-1/R1/BOX-2", "LAB/FR-1/BOX-2"];

/// The size of those boxes.
///
/// # Errors
/// Never in practice.
pub(super) fn grid() -> Result<Grid, Trouble> {
    Grid::new(26, 24).ok_or_else(|| Trouble::Script("no such grid".to_owned()))
}

/// Buys for these records.
pub(super) fn buy(stage: &mut Stage, records: &[Arc<MasterRecord>]) -> Result<Supplies, Trouble> {
    let mut supplies = Supplies::default();
    let due = site::due(stage)?;
    for record in records {
        for material in &record.materials {
            if !supplies.lots.contains_key(&material.material) {
                let unit = unit_of(records, &material.material);
                let receipt = receipt(stage, &material.material, &material.title, unit);
                let lot = site::stock(stage, "L26-001", receipt)?;
                supplies.lots.insert(material.material.clone(), lot);
            }
        }
        for need in record.steps.iter().flat_map(|step| &step.equipment) {
            if supplies.devices.contains_key(&need.kind) {
                continue;
            }
            let kind = EquipmentKind::parse(&need.kind)
                .ok_or_else(|| Trouble::Missing(format!("equipment of kind {}", need.kind)))?;
            let number = supplies.devices.len().saturating_add(1);
            let asset = format!("EQ-{}-{number:02}", word(&need.kind));
            site::device(stage, &asset, kind, &need.title, due)?;
            supplies.devices.insert(need.kind.clone(), AssetId::parse(&asset)?);
        }
    }
    let grid = Some(grid()?);
    for path in BOXES {
        site::place(stage, path, LocationKind::Box, "Large box", (None::<Condition>, grid))?;
    }
    stage.voice.fact(format!(
        "{} material lots released, {} devices calibrated",
        supplies.lots.len(),
        supplies.devices.len()
    ));
    Ok(supplies)
}

/// The first letters of the words of a kind: `CRF` of `controlled_rate_freezer`.
fn word(kind: &str) -> String {
    let initials = kind.split('_').filter_map(|word| word.chars().next());
    initials.collect::<String>().to_uppercase()
}

fn receipt(stage: &Stage, material: &MaterialCode, title: &str, unit: Unit) -> Receipt {
    Receipt {
        material: material.clone(),
        title: title.to_owned(),
        supplier: SUPPLIER.to_owned(),
        packages: 100,
        package_size: Quantity::whole(500, unit),
        expires_at: stage.app.clock.now().plus(crate::domain::time::Span::of_days(1000)),
        in_use_limit: None,
        origin: Origin::Synthetic,
        certificate: Some("CoA L26-001".to_owned()),
        safety_evidence: None,
        storage: "as on the package".to_owned(),
    }
}

/// In what a material is counted: as the first step that says how much of it is used.
fn unit_of(records: &[Arc<MasterRecord>], material: &MaterialCode) -> Unit {
    let mut units = records.iter().flat_map(|record| {
        record.steps.iter().flat_map(move |step| {
            let own = step.materials.iter().filter(|need| need.material == *material);
            own.filter_map(move |need| unit(record, step, need.quantity.as_ref()?))
        })
    });
    match units.next() {
        Some(Unit::Container) => Unit::Piece,
        Some(unit) => unit,
        None => Unit::Millilitre,
    }
}

fn unit(record: &MasterRecord, step: &Step, reference: &Reference) -> Option<Unit> {
    match reference {
        Reference::Parameter(name) => record.parameter(name).map(|known| known.value.unit()),
        Reference::Value { step: None, name } => field_unit(step, name),
        Reference::Value { step: Some(step), name } => field_unit(record.step(step)?, name),
        Reference::Order(_) => Some(Unit::Container),
        Reference::Contents { .. } => Some(Unit::Millilitre),
    }
}

fn field_unit(step: &Step, name: &crate::domain::id::Name) -> Option<Unit> {
    match step.field(name)?.kind {
        FieldKind::Number { unit, .. } => Some(unit),
        _ => None,
    }
}
