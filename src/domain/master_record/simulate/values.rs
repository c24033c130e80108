//! The values of one run: entries are drawn, calculations are those of the record itself.

use super::defaults;
use super::likely::{Held, Underway};
use super::random::Random;
use crate::domain::deviation::Class;
use crate::domain::id::Name;
use crate::domain::master_record::calculation::Operand;
use crate::domain::master_record::model::{
    Assumption, Band, Bound, Breaking, Calculation, ContentsPart, Count, Field, FieldKind, Input,
    Limits, MasterRecord, OrderSum, Reference, Step, Subject,
};
use crate::domain::quantity::{Quantity, Rounding, Unit};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// An entry outside its limits is corrected so often before the step is given up.
const ATTEMPTS_MAX: u32 = 20;
/// References may be this deep before they are taken for a circle.
const DEPTH_MAX: u32 = 40;

/// Something outside its limits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Broken {
    pub what: String,
    pub class: Class,
}

/// What one run knows.
pub(super) struct Values<'a> {
    record: &'a MasterRecord,
    pub random: Random,
    known: BTreeMap<(Name, Name), Operand>,
    choices: BTreeMap<(Name, Name), String>,
    made: BTreeMap<Name, (u32, Option<Quantity>, Option<Quantity>)>,
    inputs: BTreeMap<(Name, bool), Vec<(String, Quantity)>>,
    items: BTreeMap<Name, Vec<String>>,
    order: Vec<(OrderSum, Quantity)>,
    pub broken: Vec<Broken>,
    depth: u32,
}

/// Why a run ends early.
pub(super) type Lost = String;

impl<'a> Values<'a> {
    pub(super) fn new(record: &'a MasterRecord, random: Random) -> Self {
        Self {
            record,
            random,
            known: BTreeMap::new(),
            choices: BTreeMap::new(),
            made: BTreeMap::new(),
            inputs: BTreeMap::new(),
            items: BTreeMap::new(),
            order: Vec::new(),
            broken: Vec::new(),
            depth: 0,
        }
    }

    /// Goes on from what a batch under way knows, instead of a run of its own.
    pub(super) fn underway(mut self, underway: &Underway) -> Self {
        for (step, name, value) in &underway.values {
            self.known.insert((step.clone(), name.clone()), value.clone());
        }
        for (what, containers) in &underway.containers {
            let part = |of: fn(&Held) -> Option<Quantity>| {
                let known =
                    containers.iter().filter_map(|held| Some((held.item.clone(), of(held)?)));
                known.collect::<Vec<_>>()
            };
            self.inputs.insert((what.clone(), true), part(|held| held.cells));
            self.inputs.insert((what.clone(), false), part(|held| held.volume));
            let items = containers.iter().map(|held| held.item.clone()).collect();
            self.items.insert(what.clone(), items);
        }
        self.order.clone_from(&underway.order);
        self
    }

    /// The containers of an input or output, as they are told apart.
    pub(super) fn items(&mut self, what: &Name) -> Vec<String> {
        if let Some(known) = self.items.get(what) {
            return known.clone();
        }
        let count = match self.record.input(what) {
            Some(input) => self.entering(input),
            None => self.made.get(what).map_or(0, |(count, ..)| *count),
        };
        items(count).collect()
    }

    /// The assumption about something.
    pub(super) fn assumption(&self, about: &Subject) -> Option<&'a Assumption> {
        self.record.assumptions.iter().find(|assumption| assumption.about == *about)
    }

    /// Whether the condition of a step holds.
    pub(super) fn applies(&self, step: &Step) -> bool {
        let Some(when) = &step.when else { return true };
        let chosen = self.choices.get(&(when.step.clone(), when.field.clone()));
        chosen.is_some_and(|chosen| when.is.contains(chosen))
    }

    /// Performs a step so many times; its last entries are those that count.
    pub(super) fn perform(&mut self, step: &Step, times: u32) -> Result<(), Lost> {
        let about = Subject::Step(step.name.clone());
        let fails = self.assumption(&about).and_then(|assumption| assumption.fails);
        for _ in 0..times {
            if fails.is_some_and(|percent| self.random.happens(percent)) {
                return Err(step.title.clone());
            }
            for field in &step.fields {
                self.choose(step, field)?;
            }
        }
        for field in &step.fields {
            self.enter(step, field)?;
        }
        for calculation in &step.calculations {
            let value = self.value(step, &calculation.name);
            if value.is_some_and(|value| self.outside(step, &calculation.limits, &value)) {
                self.note(&calculation.limits, &calculation.title, step)?;
            }
        }
        self.produce(step);
        Ok(())
    }

    fn choose(&mut self, step: &Step, field: &Field) -> Result<(), Lost> {
        let FieldKind::Choice { choices, accept } = &field.kind else { return Ok(()) };
        let about = Reference::Value { step: Some(step.name.clone()), name: field.name.clone() };
        let stated = self.assumption(&Subject::Value(about)).and_then(|a| a.fails);
        let fails = self.random.happens(stated.unwrap_or(defaults::CHOICE_FAILS));
        let within = |word: &&String| accept.is_empty() || accept.contains(word);
        let mut fitting: Vec<&String> =
            choices.iter().filter(|word| within(word) != fails).collect();
        if fitting.is_empty() {
            // Where every choice is accepted, none of them is a failure.
            fitting = choices.iter().collect();
        }
        let last = u64::try_from(fitting.len()).unwrap_or(0).saturating_sub(1);
        let drawn = usize::try_from(self.random.up_to(last)).unwrap_or(0);
        let Some(word) = fitting.get(drawn).or(fitting.first()) else { return Ok(()) };
        self.choices.insert((step.name.clone(), field.name.clone()), (*word).clone());
        if within(word) { Ok(()) } else { self.note(&field.limits, &field.title, step) }
    }

    /// Draws a number until it is not refused.
    fn enter(&mut self, step: &Step, field: &Field) -> Result<(), Lost> {
        if !matches!(field.kind, FieldKind::Number { .. }) {
            return Ok(());
        }
        for _ in 0..ATTEMPTS_MAX {
            let Some(value) = self.value(step, &field.name) else { return Ok(()) };
            if !self.outside(step, &field.limits, &value) {
                return Ok(());
            }
            if field.limits.breaking != Some(Breaking::Refuse) {
                return self.note(&field.limits, &field.title, step);
            }
            self.known.remove(&(step.name.clone(), field.name.clone()));
        }
        self.note(&field.limits, &field.title, step)
    }

    fn note(&mut self, limits: &Limits, title: &str, step: &Step) -> Result<(), Lost> {
        match limits.breaking.unwrap_or(Breaking::Deviation(Class::Minor)) {
            Breaking::Refuse => Err(step.title.clone()),
            Breaking::Deviation(class) => {
                self.broken.push(Broken { what: format!("{}: {title}", step.title), class });
                Ok(())
            }
        }
    }

    /// A field or calculation of a step: drawn or calculated the first time it is asked for.
    fn value(&mut self, step: &Step, name: &Name) -> Option<Operand> {
        let key = (step.name.clone(), name.clone());
        if let Some(known) = self.known.get(&key) {
            return Some(known.clone());
        }
        if self.depth > DEPTH_MAX {
            return None;
        }
        self.depth = self.depth.saturating_add(1);
        let value = match (step.field(name), step.calculation(name)) {
            (Some(field), _) => self.drawn(step, field),
            (None, Some(calculation)) => self.calculated(step, calculation),
            (None, None) => None,
        };
        self.depth = self.depth.saturating_sub(1);
        self.known.insert(key, value.clone()?);
        value
    }

    fn calculated(&mut self, step: &Step, calculation: &Calculation) -> Option<Operand> {
        let mut inputs = Vec::new();
        for rule in calculation.method.parameters() {
            let given = calculation.inputs.iter().find(|(name, _)| name == rule.name);
            let mut operands = Vec::new();
            for reference in given.into_iter().flat_map(|(_, references)| references) {
                operands.push(self.look_up(step, reference)?);
            }
            inputs.push(operands);
        }
        let result = calculation.method.evaluate(&inputs).ok()?;
        Some(result.rounded(calculation.decimals, calculation.rounding))
    }

    /// What a reference at a step stands for.
    pub(super) fn look_up(&mut self, step: &Step, reference: &Reference) -> Option<Operand> {
        match reference {
            Reference::Value { step: None, name } => self.value(step, name),
            Reference::Value { step: Some(other), name } => {
                let record = self.record;
                self.value(record.step(other)?, name)
            }
            Reference::Parameter(name) => {
                self.record.parameter(name).map(|parameter| Operand::One(parameter.value))
            }
            Reference::Order(sum) => Some(Operand::One(self.order(*sum))),
            Reference::Contents { what, part } => self.contents(what, *part),
        }
    }

    /// One number of what a reference stands for; of several, that of an item.
    pub(super) fn number(
        &mut self,
        step: &Step,
        reference: &Reference,
        item: Option<&str>,
    ) -> Option<Quantity> {
        match (self.look_up(step, reference)?, item) {
            (Operand::One(quantity), _) => Some(quantity),
            (Operand::Each(items), Some(item)) => {
                items.into_iter().find(|(known, _)| known == item).map(|(_, quantity)| quantity)
            }
            (Operand::Each(items), None) => match items.as_slice() {
                [(_, quantity)] => Some(*quantity),
                _ => None,
            },
        }
    }

    fn order(&mut self, sum: OrderSum) -> Quantity {
        if let Some((_, known)) = self.order.iter().find(|(known, _)| *known == sum) {
            return *known;
        }
        let (unit, usual) = match sum {
            OrderSum::Cells => (Unit::MillionCells, defaults::ORDER_CELLS),
            OrderSum::Volume => (Unit::Millilitre, defaults::ORDER_VOLUME),
            OrderSum::Units => (Unit::Container, defaults::ORDER_UNITS),
        };
        let stated = self.assumption(&Subject::Value(Reference::Order(sum)));
        // An order says one thing in a whole run: the likely value, never a drawn one.
        let value = stated.and_then(|assumption| assumption.is).map(|[_, likely, _]| likely);
        Quantity::new(value.unwrap_or(usual), unit)
    }

    /// How many containers of an input enter.
    fn entering(&mut self, input: &Input) -> u32 {
        let units = self.order(OrderSum::Units).value().trunc();
        input.how_many(usize::try_from(units).unwrap_or(0))
    }

    fn contents(&mut self, what: &Name, part: ContentsPart) -> Option<Operand> {
        let cells = part == ContentsPart::Cells;
        let (unit, usual) = match part {
            ContentsPart::Cells => (Unit::MillionCells, defaults::CONTENT_CELLS),
            ContentsPart::Volume => (Unit::Millilitre, defaults::CONTENT_VOLUME),
        };
        if let Some((count, made_cells, made_volume)) = self.made.get(what) {
            let each = if cells { *made_cells } else { *made_volume }?;
            return Some(Operand::Each(items(*count).map(|item| (item, each)).collect()));
        }
        let key = (what.clone(), cells);
        if !self.inputs.contains_key(&key) {
            let count = self.entering(self.record.input(what)?);
            let about = Subject::Value(Reference::Contents { what: what.clone(), part });
            let is = self.assumption(&about).and_then(|assumption| assumption.is);
            let range = is.unwrap_or([usual; 3]);
            let mut drawn = Vec::new();
            for item in items(count) {
                let number = self.random.triangular(range)?;
                drawn.push((item, Quantity::new(number, unit).rounded(2, Rounding::HalfUp)));
            }
            self.inputs.insert(key.clone(), drawn);
        }
        self.inputs.get(&key).cloned().map(Operand::Each)
    }

    /// The entries of a number: one, or one for each container.
    pub(super) fn drawn(&mut self, step: &Step, field: &Field) -> Option<Operand> {
        let FieldKind::Number { unit, decimals } = field.kind else { return None };
        let Some(each) = &field.each else {
            return self.draw(step, field, None, unit, decimals).map(Operand::One);
        };
        let mut drawn = Vec::new();
        for item in self.items(each) {
            let number = self.draw(step, field, Some(&item), unit, decimals)?;
            drawn.push((item, number));
        }
        Some(Operand::Each(drawn))
    }

    /// One entry, from the best that is known of it: an assumption of the record, a limit that is
    /// another value (as much as may be taken is taken), limits that are numbers, or the unit.
    fn draw(
        &mut self,
        step: &Step,
        field: &Field,
        item: Option<&str>,
        unit: Unit,
        decimals: u32,
    ) -> Option<Quantity> {
        let about = Reference::Value { step: Some(step.name.clone()), name: field.name.clone() };
        let stated = self.assumption(&Subject::Value(about));
        let is = stated.and_then(|assumption| assumption.is);
        if let Some(like) = stated.and_then(|assumption| assumption.like.as_ref()) {
            let base = self.number(step, like, item)?.value();
            let percent = match is {
                Some(range) => self.random.triangular(range)?,
                None => Decimal::ONE_HUNDRED,
            };
            let share = percent.checked_div(Decimal::ONE_HUNDRED)?;
            let number = base.checked_mul(share)?;
            return Some(Quantity::new(number, unit).rounded(decimals, Rounding::Down));
        }
        for band in [&field.limits.alert, &field.limits.action] {
            if is.is_none()
                && let Some(Bound::Value(most)) = &band.max
            {
                let most = self.number(step, most, item)?.value();
                return Some(Quantity::new(most, unit).rounded(decimals, Rounding::Down));
            }
        }
        let range = match is {
            Some(range) => range,
            None => self.range(step, field, item).unwrap_or_else(|| defaults::number(unit)),
        };
        let number = self.random.triangular(range)?;
        Some(Quantity::new(number, unit).rounded(decimals, Rounding::HalfUp))
    }

    /// Within the alert limits, or the action limits; one end alone is taken half as far again.
    fn range(&mut self, step: &Step, field: &Field, item: Option<&str>) -> Option<[Decimal; 3]> {
        for band in [&field.limits.alert, &field.limits.action] {
            let (min, max) = self.ends(step, band, item);
            let half = |number: Decimal| number.abs().checked_div(Decimal::TWO);
            let (low, high) = match (min, max) {
                (Some(min), Some(max)) => (min, max),
                (Some(min), None) => (min, min.checked_add(half(min)?)?),
                (None, Some(max)) => (max.checked_sub(half(max)?)?, max),
                (None, None) => continue,
            };
            let middle = low.checked_add(high)?.checked_div(Decimal::TWO)?;
            return Some([low, middle, high]);
        }
        None
    }

    fn ends(
        &mut self,
        step: &Step,
        band: &Band,
        item: Option<&str>,
    ) -> (Option<Decimal>, Option<Decimal>) {
        let mut end = |bound: &Option<Bound>| match bound.as_ref()? {
            Bound::Number(number) => Some(*number),
            Bound::Value(reference) => self.number(step, reference, item).map(Quantity::value),
        };
        (end(&band.min), end(&band.max))
    }

    /// Whether any number lies outside the action limits.
    fn outside(&mut self, step: &Step, limits: &Limits, value: &Operand) -> bool {
        if limits.action.is_open() {
            return false;
        }
        let numbers = match value {
            Operand::One(quantity) => vec![(None, *quantity)],
            Operand::Each(items) => {
                items.iter().map(|(item, quantity)| (Some(item.clone()), *quantity)).collect()
            }
        };
        numbers.into_iter().any(|(item, quantity)| {
            let (min, max) = self.ends(step, &limits.action, item.as_deref());
            min.is_some_and(|min| quantity.value() < min)
                || max.is_some_and(|max| quantity.value() > max)
        })
    }

    fn produce(&mut self, step: &Step) {
        for production in &step.produces {
            let count = match &production.count {
                Count::Fixed(count) => *count,
                Count::Value(reference) => self.whole(step, reference),
                Count::DoseUnits => self.whole(step, &Reference::Order(OrderSum::Units)),
            };
            let cells = production.cells.as_ref().and_then(|r| self.number(step, r, None));
            let volume = production.volume.as_ref().and_then(|r| self.number(step, r, None));
            self.made.insert(production.output.clone(), (count, cells, volume));
        }
    }

    fn whole(&mut self, step: &Step, reference: &Reference) -> u32 {
        let number = self.number(step, reference, None).map(|quantity| quantity.value().trunc());
        number.and_then(|number| u32::try_from(number).ok()).unwrap_or(0)
    }

    /// How many containers of each output were made.
    pub(super) fn counts(&self) -> impl Iterator<Item = (&Name, u32)> {
        self.made.iter().map(|(name, (count, ..))| (name, *count))
    }
}

/// The containers of a group, as they are told apart within a run.
fn items(count: u32) -> impl Iterator<Item = String> {
    (1..=count).map(|number| number.to_string())
}
