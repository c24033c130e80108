//! Fields, calculations and limits: units, what is known when, one value or one for each.

use super::Check;
use crate::domain::id::Name;
use crate::domain::master_record::calculation::UnitRule;
use crate::domain::master_record::fault::Kind;
use crate::domain::master_record::model::{
    Assumption, At, Band, Bound, Calculation, Count, Field, FieldKind, Limits, MaterialNeed,
    Reference, Step, Subject,
};
use crate::domain::master_record::units::{Shape, Unresolved};
use crate::domain::quantity::Unit;
use rust_decimal::Decimal;

/// The table and the key whose value is judged.
type Place<'p> = (At, &'p str);

impl Check<'_> {
    pub(super) fn step(&self, step: &Step) {
        self.operation(step);
        for field in &step.fields {
            self.field(step, field);
        }
        for calculation in &step.calculations {
            self.calculation(step, calculation);
        }
        for need in &step.materials {
            self.quantity(step, need);
        }
        for production in &step.produces {
            let at = production.at;
            self.one(step, production.volume.as_ref(), Unit::Millilitre, (at, "volume"));
            self.one(step, production.cells.as_ref(), Unit::MillionCells, (at, "cells"));
            match &production.count {
                Count::Value(reference) => {
                    self.one(step, Some(reference), Unit::Container, (at, "count"));
                }
                Count::DoseUnits if !self.record.for_order => {
                    let message = "dose units are of an order, but the batch is for none";
                    let remedy = "write for_order = true";
                    self.fault((at, "per_dose_unit"), Kind::NoOrder, message, remedy);
                }
                Count::DoseUnits | Count::Fixed(_) => {}
            }
        }
        if let Some(rule) = &step.account {
            self.one(step, rule.cells.as_ref(), Unit::MillionCells, (rule.at, "cells"));
            self.one(step, rule.volume.as_ref(), Unit::Millilitre, (rule.at, "volume"));
        }
    }

    /// How much of a material is used may stay unsaid, so its value may be left out.
    fn quantity(&self, step: &Step, need: &MaterialNeed) {
        let Some(reference) = &need.quantity else { return };
        let place = (need.at, "quantity");
        match self.record.resolve(step, reference, 0) {
            Ok(shape) if matches!(shape.unit, Unit::Percent | Unit::Celsius) => {
                self.mismatch(place, Unit::Millilitre, shape.unit);
            }
            Ok(_) => {}
            Err(unresolved) => self.unresolved(unresolved, place),
        }
    }

    fn field(&self, step: &Step, field: &Field) {
        if let Some(each) = &field.each
            && !self.consumed_by(each, step)
        {
            let message =
                format!("'{}' asks for each '{each}', which was not used yet", field.name);
            let remedy = "name something that this or an earlier step consumes";
            self.fault((field.at, "each"), Kind::UnknownEach, message, remedy);
        }
        let unit = match &field.kind {
            FieldKind::Number { unit, .. } => Some(*unit),
            FieldKind::Choice { choices, accept } => {
                if accept.iter().any(|word| !choices.contains(word)) || choices.is_empty() {
                    let message = "an accepted word is not among the choices";
                    let remedy = "list it in choices";
                    self.fault((field.at, "accept"), Kind::BadChoice, message, remedy);
                }
                None
            }
            _ => None,
        };
        self.limits(step, &field.limits, (unit, field.each.is_some()), field.at);
    }

    fn consumed_by(&self, what: &Name, step: &Step) -> bool {
        self.record.steps.iter().any(|other| {
            (other.name == step.name || self.is_before(&other.name, &step.name))
                && other.consumes.iter().any(|consumption| consumption.what == *what)
        })
    }

    /// One value of a unit is needed.
    fn one(&self, step: &Step, reference: Option<&Reference>, unit: Unit, place: Place<'_>) {
        let Some(reference) = reference else { return };
        let Some(shape) = self.wants(step, reference, unit, place) else { return };
        if shape.each && !self.stands_for_one(step, reference) {
            let message = "there is a value for each container, but one is needed";
            let remedy = "bring them together with method = \"sum\" or \"minimum\"";
            self.fault(place, Kind::EachMismatch, message, remedy);
        }
    }

    fn wants(
        &self,
        step: &Step,
        reference: &Reference,
        unit: Unit,
        place: Place<'_>,
    ) -> Option<Shape> {
        let shape = self.resolved(step, reference, place)?;
        if shape.unit != unit {
            self.mismatch(place, unit, shape.unit);
        }
        Some(shape)
    }

    /// A value for each of something of which there is only one.
    fn stands_for_one(&self, step: &Step, reference: &Reference) -> bool {
        let single = |what: &Name| {
            self.record.input(what).is_some_and(|input| input.count == 1 && !input.per_dose_unit)
        };
        match reference {
            Reference::Contents { what, .. } => single(what),
            Reference::Value { step: other, name } => {
                let home = other.as_ref().map_or(Some(step), |other| self.record.step(other));
                let field = home.and_then(|home| home.field(name));
                field.and_then(|field| field.each.as_ref()).is_some_and(single)
            }
            Reference::Parameter(_) | Reference::Order(_) => true,
        }
    }

    fn mismatch(&self, place: Place<'_>, wanted: Unit, given: Unit) {
        let message =
            format!("a value in {} stands where {} is needed", given.code(), wanted.code());
        let remedy = format!("point at a value in {}", wanted.code());
        self.fault(place, Kind::UnitMismatch, message, remedy);
    }

    /// What a reference stands for; reports what it does not, and what is known only later.
    fn resolved(&self, step: &Step, reference: &Reference, place: Place<'_>) -> Option<Shape> {
        if let Reference::Value { step: other, name } = reference {
            self.known_by_then(step, other.as_ref(), name, place);
        }
        self.refers_to_no_cells(reference, place);
        match self.record.resolve(step, reference, 0) {
            Ok(shape) => Some(shape),
            Err(unresolved) => {
                self.unresolved(unresolved, place);
                None
            }
        }
    }

    /// A value of another step is known only if that step is always done before.
    fn known_by_then(&self, step: &Step, other: Option<&Name>, name: &Name, place: Place<'_>) {
        let home = match other {
            Some(other) => self.record.step(other),
            None => Some(step),
        };
        let Some(home) = home else { return };
        let elsewhere = home.name != step.name;
        if elsewhere && !self.is_before(&home.name, &step.name) {
            let message = format!("'{}' is not always done before '{}'", home.name, step.name);
            let remedy = "refer to a step that is, or state it in 'after'";
            return self.fault(place, Kind::ValueTooLate, message, remedy);
        }
        let left_out = elsewhere && self.may_lack(home, step);
        if left_out || home.field(name).is_some_and(|field| !field.required) {
            let message = format!("'{}.{name}' may be left out", home.name);
            let remedy = "make the field and its step mandatory, or use another value";
            self.fault(place, Kind::ValueOptional, message, remedy);
        }
    }

    fn unresolved(&self, unresolved: Unresolved, place: Place<'_>) {
        let (kind, message, remedy) = match unresolved {
            Unresolved::NoStep(name) => {
                (Kind::UnknownStep, format!("'{name}' is no step"), "name a step of this file")
            }
            Unresolved::NoValue(words) => (
                Kind::UnknownValue,
                format!("there is no value '{words}'"),
                "name a field of the step",
            ),
            Unresolved::NotANumber(words) => {
                (Kind::NotANumber, format!("'{words}' is not a number"), "point at a number")
            }
            Unresolved::NoParameter(name) => (
                Kind::UnknownParameter,
                format!("there is no parameter '{name}'"),
                "add [[parameter]]",
            ),
            Unresolved::NoContents(name) => {
                (Kind::UnknownInput, format!("'{name}' is no input or output"), "name one of them")
            }
            Unresolved::NotForOrder => (
                Kind::NoOrder,
                "the order is referred to, but the batch is for none".to_owned(),
                "write for_order = true",
            ),
        };
        self.fault(place, kind, message, remedy);
    }

    fn calculation(&self, step: &Step, calculation: &Calculation) {
        let (rules, place) = (calculation.method.parameters(), (calculation.at, "inputs"));
        let names: Vec<&str> = rules.iter().map(|rule| rule.name).collect();
        for (name, references) in &calculation.inputs {
            if !names.contains(&name.as_str()) {
                let message = format!("{} takes no '{name}'", calculation.method.code());
                let remedy = format!("it takes {}", names.join(", "));
                self.fault(place, Kind::UnknownInputName, message, remedy);
            }
            if references.iter().any(|reference| is_later(step, calculation, reference)) {
                let message = format!("'{}' uses a value that comes after it", calculation.name);
                let remedy = "calculate what it uses before it";
                self.fault(place, Kind::ValueTooLate, message, remedy);
            }
        }
        let mut common = None;
        for rule in rules {
            let given = calculation.inputs.iter().find(|(name, _)| name == rule.name);
            let references = given.map_or(&[][..], |(_, references)| references.as_slice());
            if references.is_empty() || (references.len() > 1 && !rule.many) {
                let how_many = if rule.many { "at least one value" } else { "one value" };
                let message =
                    format!("{} needs {how_many} as '{}'", calculation.method.code(), rule.name);
                let remedy = format!("add it to inputs: {}", names.join(", "));
                self.fault(place, Kind::CalculationInputs, message, remedy);
            }
            for reference in references {
                let Some(shape) = self.resolved(step, reference, place) else { continue };
                let wanted = match rule.unit {
                    UnitRule::Is(unit) => unit,
                    UnitRule::Common => *common.get_or_insert(shape.unit),
                };
                if shape.unit != wanted {
                    self.mismatch(place, wanted, shape.unit);
                }
            }
        }
        let shape = self.record.calculation_shape(step, calculation, 0).ok();
        let (unit, each) = (shape.map(|shape| shape.unit), shape.is_some_and(|shape| shape.each));
        self.limits(step, &calculation.limits, (unit, each), calculation.at);
    }

    fn limits(&self, step: &Step, limits: &Limits, value: (Option<Unit>, bool), at: At) {
        for (band, key) in [(&limits.alert, "alert"), (&limits.action, "action")] {
            if !band.is_open() && value.0.is_none() {
                let message = "only a number can have limits";
                let remedy = "remove alert and action";
                self.fault((at, key), Kind::LimitWithoutNumber, message, remedy);
            }
            self.band(step, band, value, (at, key));
        }
        let (alert, action) = (&limits.alert, &limits.action);
        if numbers(&action.min, &alert.min).is_some_and(|(outer, inner)| inner < outer)
            || numbers(&alert.max, &action.max).is_some_and(|(inner, outer)| inner > outer)
            || numbers(&alert.min, &action.max).is_some_and(|(low, high)| low > high)
            || numbers(&action.min, &alert.max).is_some_and(|(low, high)| low > high)
        {
            let message = "the alert limits lie outside the action limits";
            let remedy = "alert must be within action";
            self.fault((at, "alert"), Kind::LimitReversed, message, remedy);
        }
    }

    fn band(&self, step: &Step, band: &Band, (unit, each): (Option<Unit>, bool), place: Place<'_>) {
        if numbers(&band.min, &band.max).is_some_and(|(min, max)| min > max) {
            let message = "the lowest value of a limit is above the highest";
            self.fault(place, Kind::LimitReversed, message, "exchange min and max");
        }
        for bound in [&band.min, &band.max] {
            let (Some(Bound::Value(reference)), Some(unit)) = (bound, unit) else { continue };
            // A limit for each container of a value that is one would silently limit nothing.
            if each {
                self.wants(step, reference, unit, place);
            } else {
                self.one(step, Some(reference), unit, place);
            }
        }
    }

    pub(super) fn assumptions(&self) {
        let r = self.record;
        for assumption in &r.assumptions {
            let home = match &assumption.about {
                Subject::Value(Reference::Value { step: Some(step), .. }) => r.step(step),
                _ => None,
            };
            if let Some((step, like)) = home.zip(assumption.like.as_ref()) {
                self.resolved(step, like, (assumption.at, "like"));
            }
            if let Some(message) = self.about_nothing(assumption) {
                let remedy = "name a step, timer, test or value of this file";
                self.sink.report(assumption.at, Kind::BadAssumption, message, remedy);
            }
            let lasts = assumption.lasts.is_none_or(|[a, b, c]| a <= b && b <= c);
            let is = assumption.is.is_none_or(|[a, b, c]| a <= b && b <= c);
            let percent = |fails| fails >= Decimal::ZERO && fails <= Decimal::ONE_HUNDRED;
            if !(lasts && is && assumption.fails.is_none_or(percent)) {
                let message = "an assumption is out of order";
                let remedy = "lowest, likely, highest in this order; fails from 0 to 100";
                self.sink.report(assumption.at, Kind::BadAssumption, message, remedy);
            }
        }
    }

    /// What is wrong with what an assumption is about.
    fn about_nothing(&self, assumption: &Assumption) -> Option<String> {
        let r = self.record;
        let lasts = assumption.lasts.is_some();
        let is = assumption.is.is_some() || assumption.like.is_some();
        match &assumption.about {
            Subject::Step(name) if r.step(name).is_none() => Some(format!("'{name}' is no step")),
            Subject::Timer(name) if !r.timers.iter().any(|timer| timer.name == *name) => {
                Some(format!("'{name}' is no timer"))
            }
            Subject::Test(name) if !r.tests.iter().any(|test| test.name == *name) => {
                Some(format!("'{name}' is no test"))
            }
            Subject::Step(_) | Subject::Timer(_) | Subject::Test(_) => {
                is.then(|| "only a value can be given with 'is'".to_owned())
            }
            Subject::Value(_) if lasts => Some("a value does not last".to_owned()),
            Subject::Value(Reference::Value { step: Some(step), name }) => {
                let field = r.step(step).and_then(|step| step.field(name));
                field.is_none().then(|| format!("'{step}.{name}' is no field"))
            }
            Subject::Value(Reference::Contents { what, .. }) => {
                r.input(what).is_none().then(|| format!("'{what}' is no input"))
            }
            Subject::Value(Reference::Order(_)) => {
                (!r.for_order).then(|| "the batch is for no order".to_owned())
            }
            Subject::Value(_) => Some("write it as 'step.field'".to_owned()),
        }
    }
}

/// Whether a calculation uses its own result or one that is calculated after it in its step.
fn is_later(step: &Step, calculation: &Calculation, reference: &Reference) -> bool {
    let Reference::Value { step: None, name } = reference else { return false };
    let own = step.calculations.iter().position(|c| c.name == calculation.name);
    let other = step.calculations.iter().position(|c| c.name == *name);
    matches!((own, other), (Some(own), Some(other)) if other >= own)
}

fn numbers(low: &Option<Bound>, high: &Option<Bound>) -> Option<(Decimal, Decimal)> {
    match (low, high) {
        (Some(Bound::Number(low)), Some(Bound::Number(high))) => Some((*low, *high)),
        _ => None,
    }
}
