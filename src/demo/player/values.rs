//! What is entered and scanned at a step: the likely, of the right kind.

use super::Player;
use crate::app::container_move::{ContainerTake, ScannedContainer, TakeFor, container_take};
use crate::demo::stage::Trouble;
use crate::domain::batch::{Batch, Entry, Given, PerformStep};
use crate::domain::container::{Container, Custodian, Scan};
use crate::domain::id::{BatchNumber, ContainerCode, Name};
use crate::domain::master_record::calculation::Operand;
use crate::domain::master_record::simulate::{Held, Underway, likely_entries};
use crate::domain::master_record::{Field, FieldKind, MasterRecord, OrderSum, Step};
use crate::domain::protocol::DoseUnit;
use crate::domain::quantity::{Quantity, Unit};
use crate::store::container;
use std::collections::BTreeMap;

impl Player<'_> {
    /// A step with everything that its record asks for.
    pub(super) fn command(
        &mut self,
        batch: &Batch,
        record: &MasterRecord,
        step: &Step,
        inputs: &BTreeMap<Name, Vec<ContainerCode>>,
    ) -> Result<PerformStep, Trouble> {
        let mut command = PerformStep::now(step.name.clone());
        for need in &step.materials {
            command.materials.extend(self.supplies.lots.get(&need.material).cloned());
        }
        for need in &step.equipment {
            command.equipment.extend(self.supplies.devices.get(&need.kind).cloned());
        }
        let mut used: Vec<(Name, Container)> = Vec::new();
        for consumption in &step.consumes {
            let (codes, count): (Vec<ContainerCode>, Option<u32>) = match record
                .input(&consumption.what)
            {
                Some(input) => {
                    let count = consumption.count.unwrap_or(input.how_many(batch.dose_units.len()));
                    let gone: Vec<&ContainerCode> =
                        batch.consumed().map(|used| &used.container).collect();
                    let all = inputs.get(&consumption.what).into_iter().flatten();
                    (all.filter(|code| !gone.contains(code)).cloned().collect(), Some(count))
                }
                None => {
                    let own = batch.at_hand(&consumption.what);
                    (own.map(|made| made.container.clone()).collect(), consumption.count)
                }
            };
            let count = count.and_then(|count| usize::try_from(count).ok()).unwrap_or(usize::MAX);
            for code in codes.into_iter().take(count) {
                let held = self.in_hand(&batch.number, &code)?;
                let serial = held.labels.valid().map(|label| label.serial);
                command.consumed.push(Scan { code, serial });
                used.push((consumption.what.clone(), held));
            }
        }
        command.values = self.values(batch, record, step, &used)?;
        Ok(command)
    }

    /// The container, taken out of storage for the batch if it is there.
    pub(super) fn in_hand(
        &mut self,
        batch: &BatchNumber,
        code: &ContainerCode,
    ) -> Result<Container, Trouble> {
        let held = self.stage.read(|db| container::require(db, code))?;
        if !matches!(held.custodian, Custodian::Place { .. }) {
            return Ok(held);
        }
        let take = ContainerTake {
            container: ScannedContainer { code: code.clone(), serial: None },
            from: None,
            purpose: TakeFor::Batch(batch.clone()),
        };
        let caller = self.stage.by(&self.stage.people.ana);
        let outcome = container_take(&self.stage.app, &caller, take);
        self.stage.done(&format!("take {code}"), outcome)?;
        self.stage.read(|db| container::require(db, code))
    }

    fn values(
        &self,
        batch: &Batch,
        record: &MasterRecord,
        step: &Step,
        used: &[(Name, Container)],
    ) -> Result<Vec<Given>, Trouble> {
        let underway = underway(batch, record, used);
        let mut values = Vec::new();
        for entry in likely_entries(record, step, &underway) {
            let item = entry.item.map(|item| ContainerCode::parse(&item)).transpose()?;
            values.push(Given { field: entry.field, item, text: entry.text });
        }
        for field in &step.fields {
            let Some(text) = self.words(field) else { continue };
            let items: Vec<Option<ContainerCode>> = match &field.each {
                None => vec![None],
                Some(each) => {
                    let known = underway.containers.iter().filter(|(what, _)| what == each);
                    let known = known.flat_map(|(_, held)| held);
                    known.map(|held| ContainerCode::parse(&held.item).ok()).collect()
                }
            };
            for item in items {
                values.push(Given { field: field.name.clone(), item, text: text.clone() });
            }
        }
        Ok(values)
    }

    /// What is written into a field that holds no number and no choice.
    fn words(&self, field: &Field) -> Option<String> {
        match field.kind {
            FieldKind::Number { .. } | FieldKind::Choice { .. } => None,
            FieldKind::Confirm => Some("yes".to_owned()),
            FieldKind::Time => Some(self.stage.app.clock.now().to_string()),
            FieldKind::Text | FieldKind::Scan => field.required.then(|| "DEMO-2026-001".to_owned()),
        }
    }
}

/// What the batch knows, with what this step uses.
fn underway(batch: &Batch, record: &MasterRecord, used: &[(Name, Container)]) -> Underway {
    let mut underway = Underway::default();
    for step in &record.steps {
        let Some(last) = batch.last_of(&step.name) else { continue };
        let names = step.fields.iter().map(|field| &field.name);
        let names = names.chain(step.calculations.iter().map(|known| &known.name));
        for name in names {
            if let Some(operand) = operand(last.entries(name)) {
                underway.values.push((step.name.clone(), name.clone(), operand));
            }
        }
    }
    let mut containers: BTreeMap<Name, Vec<Held>> = BTreeMap::new();
    for earlier in batch.consumed() {
        let (item, cells) = (earlier.container.to_string(), earlier.cells);
        let held = Held { item, cells, volume: earlier.volume };
        containers.entry(earlier.what.clone()).or_default().push(held);
    }
    for (what, now) in used {
        let (item, cells) = (now.code.clone(), now.contents.viable_cells);
        let held = Held { item, cells, volume: now.contents.volume };
        containers.entry(what.clone()).or_default().push(held);
    }
    underway.containers = containers.into_iter().collect();
    let sum = |unit, of: fn(&DoseUnit) -> Option<Quantity>| {
        let add = |sum: Quantity, unit| sum.plus(of(unit)?).ok();
        batch.dose_units.iter().try_fold(Quantity::zero(unit), add)
    };
    let count = i64::try_from(batch.dose_units.len()).unwrap_or(i64::MAX);
    let sums = [
        (OrderSum::Cells, sum(Unit::MillionCells, |unit| unit.cells)),
        (OrderSum::Volume, sum(Unit::Millilitre, |unit| Some(unit.volume))),
        (OrderSum::Units, Some(Quantity::whole(count, Unit::Container))),
    ];
    underway.order = sums.into_iter().filter_map(|(sum, known)| Some((sum, known?))).collect();
    underway
}

fn operand<'e>(entries: impl Iterator<Item = &'e Entry>) -> Option<Operand> {
    let mut items = Vec::new();
    for entry in entries {
        let number = entry.value.number()?;
        match &entry.item {
            None => return Some(Operand::One(number)),
            Some(item) => items.push((item.to_string(), number)),
        }
    }
    (!items.is_empty()).then_some(Operand::Each(items))
}
