//! Names, the order of steps, repetitions and conditions.

use super::Check;
use crate::domain::id::Name;
use crate::domain::master_record::fault::Kind;
use crate::domain::master_record::model::{At, Condition, FieldKind, Step};
use std::collections::BTreeSet;

impl Check<'_> {
    fn unique<'n>(&self, what: &str, names: impl Iterator<Item = (&'n Name, At)>) {
        let mut seen = BTreeSet::new();
        for (name, at) in names {
            if !seen.insert(name) {
                let message = format!("there are two {what}s named '{name}'");
                let remedy = "give one of them another name";
                self.fault((at, "name"), Kind::DuplicateName, message, remedy);
            }
        }
    }

    pub(super) fn names(&self) {
        let r = self.record;
        self.unique("parameter", r.parameters.iter().map(|p| (&p.name, p.at)));
        self.unique("unit procedure", r.units.iter().map(|u| (&u.name, u.at)));
        let things = r.inputs.iter().map(|i| (&i.name, i.at));
        self.unique("input or output", things.chain(r.outputs.iter().map(|o| (&o.name, o.at))));
        self.unique("step", r.steps.iter().map(|s| (&s.name, s.at)));
        self.unique("timer", r.timers.iter().map(|t| (&t.name, t.at)));
        self.unique("hold point", r.hold_points.iter().map(|h| (&h.name, h.at)));
        self.unique("reconciliation", r.reconciliations.iter().map(|r| (&r.name, r.at)));
        self.unique("test", r.tests.iter().map(|t| (&t.name, t.at)));
        for test in &r.tests {
            let criteria = test.specification.criteria.iter();
            self.unique("criterion", criteria.map(|criterion| (&criterion.name, test.at)));
        }
        for step in &r.steps {
            self.names_of_step(step);
        }
        if r.steps.is_empty() {
            let remedy = "add [[step]] tables";
            self.sink.report(At(0), Kind::NoSteps, "the record has no step", remedy);
        }
        if r.record.version == 0 {
            let remedy = "versions count from 1";
            self.fault((At(0), "version"), Kind::OutOfRange, "version 0", remedy);
        }
    }

    fn names_of_step(&self, step: &Step) {
        let fields = step.fields.iter().map(|f| (&f.name, f.at));
        let values = fields.chain(step.calculations.iter().map(|c| (&c.name, c.at)));
        self.unique("field or calculation", values);
        if ["parameter", "order", "contents"].contains(&step.name.as_str()) {
            let message = format!("'{}' cannot name a step", step.name);
            let remedy = "choose another name";
            self.fault((step.at, "name"), Kind::ReservedName, message, remedy);
        }
        let known = |unit: &Name| self.record.units.iter().any(|u| u.name == *unit);
        if step.unit.as_ref().is_some_and(|unit| !known(unit)) {
            let message = format!("step '{}' belongs to no known unit procedure", step.name);
            let remedy = "add it as [[unit]]";
            self.fault((step.at, "unit"), Kind::UnknownUnitProcedure, message, remedy);
        }
    }

    pub(super) fn order(&self) {
        let circle: BTreeSet<&Name> =
            self.record.steps.iter().map(|s| &s.name).filter(|n| self.is_before(n, n)).collect();
        for step in &self.record.steps {
            for name in &step.after {
                if self.record.step(name).is_none() {
                    let message =
                        format!("step '{}' comes after '{name}', which is no step", step.name);
                    let remedy = "name a step of this file";
                    let place = (step.at, "after", name.as_str());
                    self.fault_word(place, Kind::UnknownStep, message, remedy);
                }
            }
            let blocked = circle.iter().find(|name| self.is_before(name, &step.name));
            if circle.contains(&step.name) {
                let message = format!("step '{}' waits for itself", step.name);
                let remedy = "break the circle of 'after'";
                self.fault((step.at, "after"), Kind::AfterCycle, message, remedy);
            } else if let Some(blocked) = blocked {
                let message = format!(
                    "step '{}' is never reached: it comes after '{blocked}', which waits for itself",
                    step.name
                );
                let remedy = "break the circle of 'after' before it";
                self.fault((step.at, "name"), Kind::UnreachableStep, message, remedy);
            }
            if step.repeat.max == 0 || step.repeat.min > step.repeat.max {
                let (min, max) = (step.repeat.min, step.repeat.max);
                let message = format!("repetition from {min} to {max} cannot be met");
                let remedy = "max must be at least 1 and not below min";
                self.fault((step.at, "repeat"), Kind::BadRepeat, message, remedy);
            }
            if let Some(when) = &step.when {
                self.condition(step, when);
            }
        }
    }

    fn condition(&self, step: &Step, when: &Condition) {
        let place = (step.at, "when");
        let asked = self.record.step(&when.step);
        let field = asked.and_then(|asked| asked.field(&when.field));
        let Some(FieldKind::Choice { choices, .. }) = field.map(|field| &field.kind) else {
            let message = format!("'{}.{}' is no field with choices", when.step, when.field);
            let remedy = "name a field of type \"choice\"";
            return self.fault(place, Kind::BadCondition, message, remedy);
        };
        if field.is_some_and(|field| field.each.is_some() || !field.required) {
            let message = format!("'{}.{}' does not have one answer", when.step, when.field);
            let remedy = "name a required field without 'each'";
            self.fault(place, Kind::BadCondition, message, remedy);
        }
        if !self.is_before(&when.step, &step.name) {
            let message = format!("'{}' is not always done before '{}'", when.step, step.name);
            let remedy = "ask for a choice of a step that is";
            self.fault(place, Kind::BadCondition, message, remedy);
        }
        for word in when.is.iter().filter(|word| !choices.contains(word)) {
            let message = format!("step '{}' waits for '{word}', which is no choice", step.name);
            let remedy = format!("one of: {}", choices.join(", "));
            self.fault(place, Kind::BadCondition, message, remedy);
        }
        if when.is.is_empty() || asked.is_some_and(|asked| self.may_lack(asked, step)) {
            let message = format!("step '{}' can never be reached", step.name);
            let remedy = "state a choice of a step that is always done";
            self.fault(place, Kind::UnreachableStep, message, remedy);
        }
    }
}
