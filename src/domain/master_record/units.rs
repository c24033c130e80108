//! Which unit a reference has, and whether it stands for one value or one for each container.
//!
//! Neighbours: `check` reports what does not resolve; `batch` looks the values up at run time.

use super::calculation::UnitRule;
use super::model::{Calculation, ContentsPart, FieldKind, MasterRecord, OrderSum, Reference, Step};
use crate::domain::id::Name;
use crate::domain::quantity::Unit;

/// What a reference stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Its unit.
    pub unit: Unit,
    /// Whether there is one value for each container.
    pub each: bool,
}

/// Why a reference stands for nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unresolved {
    NoStep(Name),
    NoValue(String),
    NotANumber(String),
    NoParameter(Name),
    NoContents(Name),
    NotForOrder,
}

impl MasterRecord {
    /// What a reference at `step` stands for; `None` if it points at nothing that has a number.
    pub fn shape(&self, step: &Step, reference: &Reference) -> Option<Shape> {
        self.resolve(step, reference, 0).ok()
    }

    /// The unit of a calculation's result.
    pub fn calculation_unit(&self, step: &Step, calculation: &Calculation) -> Option<Unit> {
        self.calculation_shape(step, calculation, 0).ok().map(|shape| shape.unit)
    }

    /// Calculations may refer to one another; `depth` ends a circle of references.
    pub(super) fn resolve(
        &self,
        step: &Step,
        reference: &Reference,
        depth: u32,
    ) -> Result<Shape, Unresolved> {
        match reference {
            Reference::Parameter(name) => self
                .parameter(name)
                .map(|parameter| Shape { unit: parameter.value.unit(), each: false })
                .ok_or_else(|| Unresolved::NoParameter(name.clone())),
            Reference::Order(_) if !self.for_order => Err(Unresolved::NotForOrder),
            Reference::Order(OrderSum::Cells) => {
                Ok(Shape { unit: Unit::MillionCells, each: false })
            }
            Reference::Order(OrderSum::Volume) => Ok(Shape { unit: Unit::Millilitre, each: false }),
            Reference::Order(OrderSum::Units) => Ok(Shape { unit: Unit::Container, each: false }),
            Reference::Contents { what, part } => {
                if self.input(what).is_none() && self.output(what).is_none() {
                    return Err(Unresolved::NoContents(what.clone()));
                }
                let unit = match part {
                    ContentsPart::Cells => Unit::MillionCells,
                    ContentsPart::Volume => Unit::Millilitre,
                };
                Ok(Shape { unit, each: true })
            }
            Reference::Value { step: None, name } => self.value(step, name, depth),
            Reference::Value { step: Some(other), name } => {
                let other = self.step(other).ok_or_else(|| Unresolved::NoStep(other.clone()))?;
                self.value(other, name, depth)
            }
        }
    }

    fn value(&self, step: &Step, name: &Name, depth: u32) -> Result<Shape, Unresolved> {
        let words = format!("{}.{name}", step.name);
        if let Some(field) = step.field(name) {
            return match field.kind {
                FieldKind::Number { unit, .. } => Ok(Shape { unit, each: field.each.is_some() }),
                _ => Err(Unresolved::NotANumber(words)),
            };
        }
        match step.calculation(name) {
            Some(calculation) if depth < 32 => {
                self.calculation_shape(step, calculation, depth.saturating_add(1))
            }
            _ => Err(Unresolved::NoValue(words)),
        }
    }

    pub(super) fn calculation_shape(
        &self,
        step: &Step,
        calculation: &Calculation,
        depth: u32,
    ) -> Result<Shape, Unresolved> {
        let (mut common, mut each) = (None, false);
        for rule in calculation.method.parameters() {
            let given = calculation.inputs.iter().find(|(name, _)| name == rule.name);
            for reference in given.into_iter().flat_map(|(_, references)| references) {
                let shape = self.resolve(step, reference, depth)?;
                each |= shape.each;
                if rule.unit == UnitRule::Common && common.is_none() {
                    common = Some(shape.unit);
                }
            }
        }
        let each = each && !calculation.method.gathers();
        Ok(Shape { unit: calculation.method.result_unit(common), each })
    }
}
