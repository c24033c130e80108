//! Judges a master record as a whole: what refers to what, in which order, in which unit.
//!
//! Neighbours: `parse` made sure that every single value has its shape. The runs of a record that
//! passes here can still break limits, never the record itself.

use super::calculation::UnitRule;
use super::fault::{Fault, Sink};
use super::model::{
    At, Band, Bound, Calculation, Count, DonationRule, FieldKind, Limits, MasterRecord, Operation,
    Reference, SignatureRule, Step,
};
use super::units::{Shape, Unresolved};
use crate::domain::container::ContainerKind;
use crate::domain::id::Name;
use crate::domain::quantity::Unit;
use std::collections::{BTreeMap, BTreeSet};

/// Every fault of the record, in the order of the file; none if it may be approved.
pub fn check(record: &MasterRecord) -> Vec<Fault> {
    let sink = Sink::new(&record.text);
    let check = Check { record, sink: &sink, before: predecessors(record) };
    check.names();
    check.order();
    check.flow();
    for step in &record.steps {
        check.step(step);
    }
    check.line_clearance();
    check.timers();
    check.hold_points();
    check.tests();
    check.passages();
    check.labels();
    sink.into_faults()
}

/// Every step with all that must be complete before it.
pub fn predecessors(record: &MasterRecord) -> BTreeMap<Name, BTreeSet<Name>> {
    let mut before: BTreeMap<Name, BTreeSet<Name>> = record
        .steps
        .iter()
        .map(|step| (step.name.clone(), step.after.iter().cloned().collect()))
        .collect();
    // As many rounds as steps suffice: each round adds paths that are one longer.
    for _ in &record.steps {
        let known = before.clone();
        for all in before.values_mut() {
            let further: Vec<Name> =
                all.iter().filter_map(|name| known.get(name)).flatten().cloned().collect();
            all.extend(further);
        }
        if known == before {
            break;
        }
    }
    before
}

struct Check<'a> {
    record: &'a MasterRecord,
    sink: &'a Sink<'a>,
    before: BTreeMap<Name, BTreeSet<Name>>,
}

impl Check<'_> {
    fn is_before(&self, earlier: &Name, later: &Name) -> bool {
        self.before.get(later).is_some_and(|all| all.contains(earlier))
    }

    fn unique<'n>(&self, kind: &str, names: impl Iterator<Item = (&'n Name, At)>) {
        let mut seen = BTreeSet::new();
        for (name, at) in names {
            if !seen.insert(name) {
                let message = format!("there are two {kind}s named '{name}'");
                self.sink.report(at, "duplicate_name", message, "give one of them another name");
            }
        }
    }

    fn names(&self) {
        let r = self.record;
        self.unique("parameter", r.parameters.iter().map(|p| (&p.name, p.at)));
        self.unique("unit procedure", r.units.iter().map(|u| (&u.name, u.at)));
        let things = r.inputs.iter().map(|i| (&i.name, i.at));
        self.unique("input or output", things.chain(r.outputs.iter().map(|o| (&o.name, o.at))));
        self.unique("step", r.steps.iter().map(|s| (&s.name, s.at)));
        self.unique("timer", r.timers.iter().map(|t| (&t.name, t.at)));
        self.unique("hold point", r.hold_points.iter().map(|h| (&h.name, h.at)));
        self.unique("test", r.tests.iter().map(|t| (&t.name, t.at)));
        for step in &r.steps {
            let fields = step.fields.iter().map(|f| (&f.name, f.at));
            let values = fields.chain(step.calculations.iter().map(|c| (&c.name, c.at)));
            self.unique("field or calculation", values);
            let reserved = ["parameter", "order", "contents"];
            if reserved.contains(&step.name.as_str()) {
                let message = format!("'{}' cannot name a step", step.name);
                self.sink.report(step.at, "reserved_name", message, "choose another name");
            }
            let unit_known =
                step.unit.as_ref().is_none_or(|unit| r.units.iter().any(|u| u.name == *unit));
            if !unit_known {
                let message = format!("step '{}' belongs to no known unit procedure", step.name);
                self.sink.report(step.at, "unknown_unit_procedure", message, "add it as [[unit]]");
            }
        }
        if r.steps.is_empty() {
            self.sink.report(At(0), "no_steps", "the record has no step", "add [[step]] tables");
        }
        if r.record.version == 0 {
            self.sink.report(At(0), "out_of_range", "version 0", "versions count from 1");
        }
    }

    fn order(&self) {
        for step in &self.record.steps {
            for name in &step.after {
                if self.record.step(name).is_none() {
                    let message =
                        format!("step '{}' comes after '{name}', which is no step", step.name);
                    self.sink.report(step.at, "unknown_step", message, "name a step of this file");
                }
            }
            if self.is_before(&step.name, &step.name) {
                let message = format!("step '{}' waits for itself", step.name);
                let remedy = "break the circle of 'after'";
                self.sink.report(step.at, "after_cycle", message, remedy);
            }
            if step.repeat.max == 0 || step.repeat.min > step.repeat.max {
                let (min, max) = (step.repeat.min, step.repeat.max);
                let message = format!("repetition from {min} to {max} cannot be met");
                let remedy = "max must be at least 1 and not below min";
                self.sink.report(step.at, "bad_repeat", message, remedy);
            }
            if step.critical && step.signature == SignatureRule::Performed {
                let message = format!("nobody verifies the critical step '{}'", step.name);
                let remedy = "write signature = \"performed_verified\"";
                self.sink.report(step.at, "verifier_missing", message, remedy);
            }
        }
    }

    /// What enters a step must have been made before, and what is made must be known.
    fn flow(&self) {
        let r = self.record;
        for step in &r.steps {
            for production in &step.produces {
                if r.output(&production.output).is_none() {
                    let message = format!("'{}' is no output", production.output);
                    self.sink.report(production.at, "unknown_output", message, "add [[output]]");
                }
            }
            for consumption in &step.consumes {
                let what = &consumption.what;
                let made_before = r.steps.iter().any(|maker| {
                    maker.produces.iter().any(|production| production.output == *what)
                        && self.is_before(&maker.name, &step.name)
                });
                if r.input(what).is_none() && !made_before {
                    let message = format!("no earlier step makes '{what}', nor is it an input");
                    let remedy = "add [[input]], or let an earlier step produce it";
                    self.sink.report(consumption.at, "never_made", message, remedy);
                }
            }
        }
        for input in &r.inputs {
            let used = r.steps.iter().flat_map(|s| &s.consumes).any(|c| c.what == input.name);
            if !used {
                let message = format!("input '{}' is used by no step", input.name);
                self.sink.report(input.at, "unused_input", message, "let a step consume it");
            }
            if input.distinct_donors.is_some_and(|donors| donors > input.count) {
                let message = format!("{} containers cannot come from more donors", input.count);
                let remedy = "raise count or lower distinct_donors";
                self.sink.report(input.at, "donor_rule", message, remedy);
            }
            if input.reserved && !r.for_order {
                let message = "an input is reserved for an order, but the batch is for none";
                self.sink.report(input.at, "no_order", message, "write for_order = true");
            }
        }
        for output in &r.outputs {
            let made = r.steps.iter().flat_map(|s| &s.produces).any(|p| p.output == output.name);
            if !made {
                let message = format!("no step makes output '{}'", output.name);
                self.sink.report(output.at, "never_made", message, "let a step produce it");
            }
        }
        let pooled = r.inputs.iter().any(|i| i.distinct_donors.is_some_and(|donors| donors > 1));
        if pooled != (r.donation == DonationRule::Pool) {
            let message = "a pool of several donors has a donation number of its own";
            let remedy = "write donation = \"pool\" exactly where distinct_donors is above 1";
            self.sink.report(At(0), "pool_identity", message, remedy);
        }
    }

    fn step(&self, step: &Step) {
        self.operation(step);
        for field in &step.fields {
            if let Some(each) = &field.each
                && !self.consumed_by(each, step)
            {
                let message =
                    format!("'{}' asks for each '{each}', which was not used yet", field.name);
                let remedy = "name something that this or an earlier step consumes";
                self.sink.report(field.at, "unknown_each", message, remedy);
            }
            let unit = match &field.kind {
                FieldKind::Number { unit, .. } => Some(*unit),
                FieldKind::Choice { choices, accept } => {
                    if accept.iter().any(|word| !choices.contains(word)) || choices.is_empty() {
                        let message = "an accepted word is not among the choices";
                        let remedy = "list it in choices";
                        self.sink.report(field.at, "bad_choice", message, remedy);
                    }
                    None
                }
                _ => None,
            };
            self.limits(step, &field.limits, unit, field.at);
        }
        for calculation in &step.calculations {
            self.calculation(step, calculation);
        }
        for need in &step.materials {
            let quantity = need.quantity.as_ref();
            if let Some(shape) = quantity.and_then(|at| self.resolved(step, at, need.at))
                && matches!(shape.unit, Unit::Percent | Unit::Celsius)
            {
                self.mismatch(need.at, Unit::Millilitre, shape.unit);
            }
        }
        for production in &step.produces {
            self.wants(step, production.volume.as_ref(), Unit::Millilitre, production.at);
            self.wants(step, production.cells.as_ref(), Unit::MillionCells, production.at);
            match &production.count {
                Count::Value(reference) => {
                    self.wants(step, Some(reference), Unit::Container, production.at);
                }
                Count::DoseUnits if !self.record.for_order => {
                    let message = "dose units are of an order, but the batch is for none";
                    self.sink.report(production.at, "no_order", message, "write for_order = true");
                }
                Count::DoseUnits | Count::Fixed(_) => {}
            }
        }
        if let Some(rule) = &step.account {
            self.wants(step, rule.cells.as_ref(), Unit::MillionCells, rule.at);
            self.wants(step, rule.volume.as_ref(), Unit::Millilitre, rule.at);
        }
    }

    fn consumed_by(&self, what: &Name, step: &Step) -> bool {
        self.record.steps.iter().any(|other| {
            (other.name == step.name || self.is_before(&other.name, &step.name))
                && other.consumes.iter().any(|consumption| consumption.what == *what)
        })
    }

    /// What the operation of a step needs to have its effect.
    fn operation(&self, step: &Step) {
        use Operation as O;
        let missing = match step.operation {
            O::Receive | O::Thaw | O::Retrieve if step.consumes.is_empty() => "[[step.consumes]]",
            O::Seed | O::Divide | O::Fill | O::Sample if step.produces.is_empty() => {
                "[[step.produces]]"
            }
            O::Count | O::Harvest | O::Pool | O::Formulate if step.account.is_none() => {
                "account = { cells = … }"
            }
            O::Pool if !step.fields.iter().any(|field| field.each.is_some()) => {
                "a field asked for each donor lot"
            }
            O::Label if step.labels.is_empty() => "labels = [\"…\"]",
            O::Store if step.stored.is_empty() => "stored = [\"…\"]",
            O::ClearLine if !step.fields.iter().any(|f| f.kind == FieldKind::Confirm) => {
                "a field of type \"confirm\""
            }
            _ => return,
        };
        let message = format!("a step that does '{}' lacks {missing}", step.operation.code());
        self.sink.report(step.at, "operation_incomplete", message, format!("add {missing}"));
    }

    fn wants(&self, step: &Step, reference: Option<&Reference>, unit: Unit, at: At) {
        let Some(reference) = reference else { return };
        if let Some(shape) = self.resolved(step, reference, at)
            && shape.unit != unit
        {
            self.mismatch(at, unit, shape.unit);
        }
    }

    fn mismatch(&self, at: At, wanted: Unit, given: Unit) {
        let message =
            format!("a value in {} stands where {} is needed", given.code(), wanted.code());
        let remedy = format!("point at a value in {}", wanted.code());
        self.sink.report(at, "unit_mismatch", message, remedy);
    }

    /// What a reference stands for; reports what it does not, and what is known only later.
    fn resolved(&self, step: &Step, reference: &Reference, at: At) -> Option<Shape> {
        if let Reference::Value { step: Some(other), .. } = reference
            && *other != step.name
            && self.record.step(other).is_some()
            && !self.is_before(other, &step.name)
        {
            let message = format!("'{other}' is not always done before '{}'", step.name);
            let remedy = "refer to a step that is, or state it in 'after'";
            self.sink.report(at, "value_too_late", message, remedy);
        }
        match self.record.resolve(step, reference, 0) {
            Ok(shape) => Some(shape),
            Err(unresolved) => {
                self.unresolved(unresolved, at);
                None
            }
        }
    }

    fn unresolved(&self, unresolved: Unresolved, at: At) {
        let (code, message, remedy) = match unresolved {
            Unresolved::NoStep(name) => {
                ("unknown_step", format!("'{name}' is no step"), "name a step of this file")
            }
            Unresolved::NoValue(words) => (
                "unknown_value",
                format!("there is no value '{words}'"),
                "name a field of the step",
            ),
            Unresolved::NotANumber(words) => {
                ("not_a_number", format!("'{words}' is not a number"), "point at a number")
            }
            Unresolved::NoParameter(name) => (
                "unknown_parameter",
                format!("there is no parameter '{name}'"),
                "add [[parameter]]",
            ),
            Unresolved::NoContents(name) => {
                ("unknown_input", format!("'{name}' is no input or output"), "name one of them")
            }
            Unresolved::NotForOrder => (
                "no_order",
                "the order is referred to, but the batch is for none".to_owned(),
                "write for_order = true",
            ),
        };
        self.sink.report(at, code, message, remedy);
    }

    fn calculation(&self, step: &Step, calculation: &Calculation) {
        let rules = calculation.method.parameters();
        let names: Vec<&str> = rules.iter().map(|rule| rule.name).collect();
        for (name, references) in &calculation.inputs {
            if !names.contains(&name.as_str()) {
                let message = format!("{} takes no '{name}'", calculation.method.code());
                let remedy = format!("it takes {}", names.join(", "));
                self.sink.report(calculation.at, "unknown_input_name", message, remedy);
            }
            for reference in references {
                if is_later(step, calculation, reference) {
                    let message =
                        format!("'{}' uses a value that comes after it", calculation.name);
                    let remedy = "calculate what it uses before it";
                    self.sink.report(calculation.at, "value_too_late", message, remedy);
                }
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
                self.sink.report(calculation.at, "calculation_inputs", message, remedy);
            }
            for reference in references {
                let Some(shape) = self.resolved(step, reference, calculation.at) else { continue };
                let wanted = match rule.unit {
                    UnitRule::Is(unit) => unit,
                    UnitRule::Common => *common.get_or_insert(shape.unit),
                };
                if shape.unit != wanted {
                    self.mismatch(calculation.at, wanted, shape.unit);
                }
            }
        }
        let unit = self.record.calculation_unit(step, calculation);
        self.limits(step, &calculation.limits, unit, calculation.at);
    }

    fn limits(&self, step: &Step, limits: &Limits, unit: Option<Unit>, at: At) {
        for band in [&limits.alert, &limits.action] {
            if !band.is_open() && unit.is_none() {
                let message = "only a number can have limits";
                self.sink.report(at, "limit_without_number", message, "remove alert and action");
            }
            self.band(step, band, unit, at);
        }
        let (alert, action) = (&limits.alert, &limits.action);
        if numbers(&action.min, &alert.min).is_some_and(|(outer, inner)| inner < outer)
            || numbers(&alert.max, &action.max).is_some_and(|(inner, outer)| inner > outer)
        {
            let message = "the alert limits lie outside the action limits";
            let remedy = "alert must be within action";
            self.sink.report(at, "limit_reversed", message, remedy);
        }
    }

    fn band(&self, step: &Step, band: &Band, unit: Option<Unit>, at: At) {
        if numbers(&band.min, &band.max).is_some_and(|(min, max)| min > max) {
            let message = "the lowest value of a limit is above the highest";
            self.sink.report(at, "limit_reversed", message, "exchange min and max");
        }
        for bound in [&band.min, &band.max] {
            if let (Some(Bound::Value(reference)), Some(unit)) = (bound, unit) {
                self.wants(step, Some(reference), unit, at);
            }
        }
    }

    /// ATMP-7: a positive statement before the first material enters.
    fn line_clearance(&self) {
        let clearances: Vec<&Step> =
            self.record.steps.iter().filter(|s| s.operation == Operation::ClearLine).collect();
        for step in self.record.steps.iter().filter(|step| !step.consumes.is_empty()) {
            let takes_input = step.consumes.iter().any(|c| self.record.input(&c.what).is_some());
            if takes_input && !clearances.iter().any(|c| self.is_before(&c.name, &step.name)) {
                let message = format!("nothing clears the line before '{}'", step.name);
                let remedy = "add a step with operation = \"clear_line\" before it (ATMP-7)";
                self.sink.report(step.at, "line_clearance_missing", message, remedy);
            }
        }
    }

    fn timers(&self) {
        for timer in &self.record.timers {
            for name in [&timer.from, &timer.to] {
                if self.record.step(name).is_none() {
                    let message =
                        format!("timer '{}' names '{name}', which is no step", timer.name);
                    self.sink.report(timer.at, "unknown_step", message, "name a step of this file");
                }
            }
            let known =
                self.record.step(&timer.from).is_some() && self.record.step(&timer.to).is_some();
            if known && !self.is_before(&timer.from, &timer.to) {
                let message =
                    format!("'{}' does not always come before '{}'", timer.from, timer.to);
                let remedy = "a timer runs from an earlier step to a later one";
                self.sink.report(timer.at, "timer_order", message, remedy);
            }
            if timer.min.is_none() && timer.max.is_none() {
                let message = format!("timer '{}' states no time", timer.name);
                self.sink.report(timer.at, "timer_empty", message, "state min, max or both");
            }
            if timer.min.zip(timer.max).is_some_and(|(min, max)| min > max) {
                let message = format!("timer '{}' can never be met", timer.name);
                self.sink.report(timer.at, "timer_impossible", message, "min must not exceed max");
            }
        }
    }

    fn hold_points(&self) {
        for hold in &self.record.hold_points {
            if self.record.step(&hold.before).is_none() {
                let message = format!("hold point '{}' is before no known step", hold.name);
                self.sink.report(hold.at, "unknown_step", message, "name a step of this file");
            }
        }
    }

    fn tests(&self) {
        for test in &self.record.tests {
            let is_sample = self
                .record
                .output(&test.sample)
                .is_some_and(|output| output.container == ContainerKind::SampleTube);
            if !is_sample {
                let message = format!("test '{}' has no sample '{}'", test.name, test.sample);
                let remedy = "name an output whose container is a sample_tube";
                self.sink.report(test.at, "test_without_sample", message, remedy);
            }
            if test.specification.criteria.is_empty() {
                let message = format!("test '{}' has no criterion", test.name);
                self.sink.report(
                    test.at,
                    "test_without_criterion",
                    message,
                    "add [[test.criterion]]",
                );
            }
            if test.specification.pending_allowed && test.specification.incubation.is_none() {
                let message =
                    format!("test '{}' may be pending, but nothing follows it up", test.name);
                let remedy = "state incubation = { minimum = …, interim_max_age = … } (ATMP-34)";
                self.sink.report(test.at, "pending_without_follow_up", message, remedy);
            }
        }
    }

    fn passages(&self) {
        let Some(max) = self.record.max_passage else { return };
        let inputs = self.record.inputs.iter().map(|input| (input.passage, &input.name, input.at));
        let outputs =
            self.record.outputs.iter().map(|output| (output.passage, &output.name, output.at));
        for (passage, name, at) in inputs.chain(outputs) {
            if passage.is_some_and(|passage| passage > max) {
                let message = format!("'{name}' is beyond passage {max}");
                self.sink.report(at, "passage_too_high", message, "lower it or raise max_passage");
            }
        }
    }

    /// ATMP-8: no container without a label; ATMP-18: labels are reconciled.
    fn labels(&self) {
        let mut any = false;
        for output in self.record.outputs.iter().filter(|output| output.label.is_some()) {
            any = true;
            if !self.record.steps.iter().any(|step| step.labels.contains(&output.name)) {
                let message = format!("no step makes sure that '{}' is labelled", output.name);
                let remedy = "list it in 'labels' of a step";
                self.sink.report(output.at, "never_labelled", message, remedy);
            }
        }
        for step in &self.record.steps {
            for name in step.labels.iter().chain(&step.stored) {
                let made = self.record.steps.iter().any(|maker| {
                    (maker.name == step.name || self.is_before(&maker.name, &step.name))
                        && maker.produces.iter().any(|production| production.output == *name)
                });
                let labelled = self.record.output(name).is_some_and(|o| o.label.is_some());
                if !made || (step.labels.contains(name) && !labelled) {
                    let message = format!("'{name}' is not made before, or carries no label");
                    let remedy = "name an output made before, and give it a label";
                    self.sink.report(step.at, "unknown_output", message, remedy);
                }
                let same_step = step.produces.iter().any(|p| p.output == *name);
                if same_step {
                    let message = format!("'{name}' cannot be checked by the step that makes it");
                    self.sink.report(step.at, "too_early", message, "check it at a later step");
                }
            }
        }
        if any && !self.record.steps.iter().any(|step| step.reconcile_labels) {
            let message = "labels are printed but never reconciled";
            let remedy = "write reconcile_labels = true at the last step (ATMP-18)";
            self.sink.report(At(0), "reconciliation_missing", message, remedy);
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

fn numbers(
    low: &Option<Bound>,
    high: &Option<Bound>,
) -> Option<(rust_decimal::Decimal, rust_decimal::Decimal)> {
    match (low, high) {
        (Some(Bound::Number(low)), Some(Bound::Number(high))) => Some((*low, *high)),
        _ => None,
    }
}
