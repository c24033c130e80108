//! Reads what was entered, looks up what is referred to, and holds numbers against their limits.

use super::command::Given;
use super::event::{Consumed, Entry, Mark, Value};
use super::refusal::Refusal;
use super::state::Batch;
use crate::domain::id::{ContainerCode, Name};
use crate::domain::master_record::calculation::{CalculationError, Operand};
use crate::domain::master_record::{
    Band, Bound, Calculation, ContentsPart, Field, FieldKind, MasterRecord, OrderSum, Reference,
    Step,
};
use crate::domain::protocol::DoseUnit;
use crate::domain::quantity::{Quantity, Rounding, Unit, parse_decimal};
use crate::domain::time::Instant;
use rust_decimal::Decimal;

/// All values that a step can refer to.
pub(super) struct Values<'a> {
    pub batch: &'a Batch,
    pub record: &'a MasterRecord,
    pub step: &'a Name,
    pub own: Vec<Entry>,
    pub consumed: &'a [Consumed],
}

impl Values<'_> {
    /// What a reference stands for now; nothing if it has no value yet.
    pub(super) fn look_up(&self, reference: &Reference) -> Option<Operand> {
        match reference {
            Reference::Parameter(name) => {
                self.record.parameter(name).map(|parameter| Operand::One(parameter.value))
            }
            Reference::Order(sum) => self.order(*sum).map(Operand::One),
            Reference::Contents { what, part } => Some(self.contents(what, *part)),
            Reference::Value { step: Some(step), name } if step != self.step => {
                operand(self.batch.last_of(step)?.entries(name))
            }
            Reference::Value { name, .. } => {
                operand(self.own.iter().filter(|entry| entry.name == *name))
            }
        }
    }

    fn order(&self, sum: OrderSum) -> Option<Quantity> {
        let units = &self.batch.dose_units;
        // A unit that holds no cells has no share in a sum of cells; there is none then.
        let total = |unit: Unit, of: fn(&DoseUnit) -> Option<Quantity>| {
            units.iter().try_fold(Quantity::zero(unit), |sum, unit| sum.plus(of(unit)?).ok())
        };
        match sum {
            OrderSum::Cells => total(Unit::MillionCells, |unit| unit.cells),
            OrderSum::Volume => total(Unit::Millilitre, |unit| Some(unit.volume)),
            OrderSum::Units => Some(Quantity::new(Decimal::from(units.len()), Unit::Container)),
        }
    }

    fn contents(&self, what: &Name, part: ContentsPart) -> Operand {
        let all = self.batch.consumed().chain(self.consumed).filter(|c| c.what == *what);
        let items = all.filter_map(|consumed| {
            let quantity = match part {
                ContentsPart::Cells => consumed.cells,
                ContentsPart::Volume => consumed.volume,
            };
            quantity.map(|quantity| (consumed.container.to_string(), quantity))
        });
        Operand::Each(items.collect())
    }

    /// One number; of several, the one of `item`.
    pub(super) fn number(&self, reference: &Reference, item: Option<&str>) -> Option<Quantity> {
        match (self.look_up(reference)?, item) {
            (Operand::One(quantity), _) => Some(quantity),
            (Operand::Each(items), Some(item)) => {
                items.iter().find(|(known, _)| known == item).map(|(_, quantity)| *quantity)
            }
            (Operand::Each(items), None) => match items.as_slice() {
                [(_, quantity)] => Some(*quantity),
                _ => None,
            },
        }
    }

    /// The entries of a calculation of this step.
    pub(super) fn calculate(&self, calculation: &Calculation) -> Result<Vec<Entry>, Refusal> {
        let refuse =
            |because: String| Refusal::NotCalculable { title: calculation.title.clone(), because };
        let mut inputs = Vec::new();
        for rule in calculation.method.parameters() {
            let given = calculation.inputs.iter().find(|(name, _)| name == rule.name);
            let mut operands = Vec::new();
            for reference in given.into_iter().flat_map(|(_, references)| references) {
                let operand = self
                    .look_up(reference)
                    .ok_or_else(|| CalculationError::Missing(reference.to_string()))
                    .map_err(|error| refuse(error.to_string()))?;
                operands.push(operand);
            }
            inputs.push(operands);
        }
        let result =
            calculation.method.evaluate(&inputs).map_err(|error| refuse(error.to_string()))?;
        let entry = |item: Option<ContainerCode>, quantity| Entry {
            name: calculation.name.clone(),
            item,
            value: Value::Number { quantity },
            mark: Mark::Within,
        };
        Ok(match result.rounded(calculation.decimals, calculation.rounding) {
            Operand::One(quantity) => vec![entry(None, quantity)],
            Operand::Each(items) => items
                .into_iter()
                .map(|(item, quantity)| entry(ContainerCode::parse(&item).ok(), quantity))
                .collect(),
        })
    }

    /// Both ends of a band as numbers, where they have one.
    pub(super) fn ends(
        &self,
        band: &Band,
        item: Option<&str>,
    ) -> (Option<Decimal>, Option<Decimal>) {
        let end = |bound: &Option<Bound>| match bound.as_ref()? {
            Bound::Number(number) => Some(*number),
            Bound::Value(reference) => self.number(reference, item).map(Quantity::value),
        };
        (end(&band.min), end(&band.max))
    }

    /// Whether a number lies outside a band.
    pub(super) fn outside(&self, band: &Band, item: Option<&str>, number: Decimal) -> bool {
        let (min, max) = self.ends(band, item);
        min.is_some_and(|min| number < min) || max.is_some_and(|max| number > max)
    }

    /// A band in words: `80 % to 100 %`, `at least 3.65 ml`.
    pub(super) fn band_text(&self, band: &Band, item: Option<&str>, unit: Unit) -> String {
        let text = |number: Decimal| Quantity::new(number.normalize(), unit).text();
        match self.ends(band, item) {
            (Some(min), Some(max)) => format!("{} to {}", text(min), text(max)),
            (Some(min), None) => format!("at least {}", text(min)),
            (None, Some(max)) => format!("at most {}", text(max)),
            (None, None) => String::new(),
        }
    }
}

fn operand<'e>(entries: impl Iterator<Item = &'e Entry>) -> Option<Operand> {
    let mut items = Vec::new();
    for entry in entries {
        let quantity = entry.value.number()?;
        match &entry.item {
            None => return Some(Operand::One(quantity)),
            Some(item) => items.push((item.to_string(), quantity)),
        }
    }
    if items.is_empty() { None } else { Some(Operand::Each(items)) }
}

/// Reads everything entered at a step: each field once, or once for each container it is asked for.
pub(super) fn read_all(
    step: &Step,
    given: &[Given],
    batch: &Batch,
    consumed: &[Consumed],
) -> Result<Vec<Entry>, Refusal> {
    for entry in given {
        if step.field(&entry.field).is_none() {
            let (step, field) = (step.title.clone(), entry.field.to_string());
            return Err(Refusal::UnknownField { step, field });
        }
    }
    let mut entries = Vec::new();
    for field in &step.fields {
        let items: Vec<Option<ContainerCode>> = match &field.each {
            None => vec![None],
            Some(each) => batch
                .consumed()
                .chain(consumed)
                .filter(|used| used.what == *each)
                .map(|used| Some(used.container.clone()))
                .collect(),
        };
        for item in items {
            let found = given.iter().find(|g| g.field == field.name && g.item == item);
            let text = found.map(|given| given.text.trim()).filter(|text| !text.is_empty());
            match text {
                Some(text) => entries.push(Entry {
                    name: field.name.clone(),
                    item,
                    value: read(field, text)?,
                    mark: Mark::Within,
                }),
                None if field.required => {
                    let of = item.map(|item| format!(" for {item}")).unwrap_or_default();
                    return Err(Refusal::ValueMissing { field: field.title.clone(), of });
                }
                None => {}
            }
        }
    }
    Ok(entries)
}

pub(super) fn read(field: &Field, text: &str) -> Result<Value, Refusal> {
    let wrong = |expected: String| Refusal::ValueMalformed {
        field: field.title.clone(),
        given: text.chars().take(60).collect(),
        expected,
    };
    match &field.kind {
        FieldKind::Number { unit, decimals } => {
            let number = parse_decimal(text).map_err(|error| wrong(error.to_string()))?;
            if number.normalize().scale() > *decimals {
                return Err(wrong(format!(
                    "write it with at most {decimals} decimals; nothing is rounded silently"
                )));
            }
            let quantity = Quantity::new(number, *unit).rounded(*decimals, Rounding::HalfUp);
            Ok(Value::Number { quantity })
        }
        FieldKind::Choice { choices, .. } => choices
            .iter()
            .find(|choice| *choice == text)
            .map(|word| Value::Choice { word: word.clone() })
            .ok_or_else(|| wrong(format!("choose one of: {}", choices.join(", ")))),
        FieldKind::Text if text.chars().count() > 2000 => {
            Err(wrong("write at most 2000 characters".to_owned()))
        }
        FieldKind::Text => Ok(Value::Text { text: text.to_owned() }),
        FieldKind::Time => Instant::parse(text)
            .map(|at| Value::Time { at })
            .map_err(|error| wrong(error.to_string())),
        FieldKind::Scan if text.len() > 200 => Err(wrong("scan one code".to_owned())),
        FieldKind::Scan => Ok(Value::Scan { code: text.to_owned() }),
        FieldKind::Confirm => match text {
            "yes" | "on" | "true" => Ok(Value::Confirm { yes: true }),
            "no" | "off" | "false" => Ok(Value::Confirm { yes: false }),
            _ => Err(wrong("answer yes or no".to_owned())),
        },
    }
}
