//! Paths to release: none may leave out a line clearance, a signature, a test or a label.

use super::Check;
use crate::domain::container::ContainerKind;
use crate::domain::id::Name;
use crate::domain::master_record::fault::Kind;
use crate::domain::master_record::model::{
    At, HoldPoint, Operation, SignatureRule, Step, TestPlan,
};

impl Check<'_> {
    pub(super) fn paths(&self) {
        for step in &self.record.steps {
            self.signatures(step);
            self.clearance(step);
        }
        for hold in &self.record.hold_points {
            if self.record.step(&hold.before).is_none() {
                let message = format!("hold point '{}' is before no known step", hold.name);
                let remedy = "name a step of this file";
                self.fault((hold.at, "before"), Kind::UnknownStep, message, remedy);
            }
            self.results(hold);
        }
    }

    /// A hold point can only wait for a test whose sample is drawn before it.
    fn results(&self, hold: &HoldPoint) {
        for name in &hold.tests {
            let test = self.record.tests.iter().find(|test| test.name == *name);
            let drawn = test.is_some_and(|test| {
                self.makers(&test.sample).any(|step| self.is_before(&step.name, &hold.before))
            });
            if !drawn {
                let message = match test {
                    None => format!("hold point '{}' waits for no known test '{name}'", hold.name),
                    Some(test) => format!(
                        "hold point '{}' waits for '{name}', but '{}' is not drawn before '{}'",
                        hold.name, test.sample, hold.before
                    ),
                };
                let remedy = "name a test whose sample an earlier step draws";
                self.fault((hold.at, "tests"), Kind::HoldPointTest, message, remedy);
            }
        }
    }

    /// ATMP-4: critical steps are verified, and what must be verified is not left out.
    fn signatures(&self, step: &Step) {
        let verified = step.signature == SignatureRule::PerformedVerified;
        if step.critical && !verified {
            let message = format!("nobody verifies the critical step '{}'", step.name);
            let remedy = "write signature = \"performed_verified\"";
            self.fault((step.at, "signature"), Kind::VerifierMissing, message, remedy);
        }
        if verified && step.repeat.min == 0 {
            let message = format!("'{}' must be verified, but may be left out", step.name);
            let remedy = "let it be done at least once, or let a condition decide";
            self.fault((step.at, "repeat"), Kind::SignatureSkipped, message, remedy);
        }
    }

    /// ATMP-7: a positive statement before the first material enters.
    fn clearance(&self, step: &Step) {
        if step.operation == Operation::ClearLine && self.record.may_be_left_out(step) {
            let message = format!("the line clearance '{}' may be left out", step.name);
            let remedy = "let it be done once, without a condition (ATMP-7)";
            self.fault((step.at, "operation"), Kind::ClearanceSkipped, message, remedy);
        }
        if step.foreign.is_some() && step.operation != Operation::ClearLine {
            let message = format!("'{}' clears no line, and nothing foreign is sought", step.name);
            let remedy = "write foreign at a step with operation = \"clear_line\"";
            self.fault((step.at, "foreign"), Kind::NotForOperation, message, remedy);
        }
        let takes_input = step.consumes.iter().any(|c| self.record.input(&c.what).is_some());
        let cleared = self
            .record
            .steps
            .iter()
            .filter(|other| other.operation == Operation::ClearLine)
            .any(|other| self.is_before(&other.name, &step.name));
        if takes_input && !cleared {
            let message = format!("nothing clears the line before '{}'", step.name);
            let remedy = "add a step with operation = \"clear_line\" before it (ATMP-7)";
            self.fault((step.at, "name"), Kind::LineClearanceMissing, message, remedy);
        }
    }

    pub(super) fn tests(&self) {
        if self.record.tests.is_empty() && !self.only_unopened() {
            let remedy = "add [[test]] tables; what is made is released on results";
            let message = "nothing tests the product";
            self.fault((At(0), "product"), Kind::NoTests, message, remedy);
        }
        for test in &self.record.tests {
            self.test(test);
            self.test_in_time(test);
        }
    }

    /// Whether every product is an unopened container that was tested before it entered.
    fn only_unopened(&self) -> bool {
        let made = self.record.steps.iter().flat_map(|step| &step.produces);
        let mut products = made
            .filter(|production| {
                let output = self.record.output(&production.output);
                output.is_some_and(|output| output.material == self.record.product)
            })
            .peekable();
        products.peek().is_some() && products.all(|production| production.from.is_some())
    }

    fn test(&self, test: &TestPlan) {
        let tube = ContainerKind::SampleTube;
        let sample = self.record.output(&test.sample).filter(|output| output.container == tube);
        let place = (test.at, "sample");
        match sample {
            None => {
                let message = format!("test '{}' has no sample '{}'", test.name, test.sample);
                let remedy = "name an output whose container is a sample_tube";
                self.fault(place, Kind::TestWithoutSample, message, remedy);
            }
            Some(sample) => {
                let made = self.makers(&sample.name).next().is_some();
                if made && !self.some_is_done(self.makers(&sample.name), None) {
                    let message = format!("the sample of test '{}' may never be drawn", test.name);
                    let remedy = "draw it at a step that is always done";
                    self.fault(place, Kind::TestSkipped, message, remedy);
                }
            }
        }
        if test.specification.criteria.is_empty() {
            let message = format!("test '{}' has no criterion", test.name);
            let remedy = "add [[test.criterion]]";
            self.fault((test.at, "name"), Kind::TestWithoutCriterion, message, remedy);
        }
        if test.specification.pending_allowed && test.specification.incubation.is_none() {
            let message = format!("test '{}' may be pending, but nothing follows it up", test.name);
            let remedy = "state incubation = { minimum = …, interim_max_age = … } (ATMP-34)";
            self.fault(
                (test.at, "pending_at_initial"),
                Kind::PendingWithoutFollowUp,
                message,
                remedy,
            );
        }
    }

    /// A result that must be there before release cannot take longer than the product keeps.
    fn test_in_time(&self, test: &TestPlan) {
        let Some(incubation) = &test.specification.incubation else { return };
        let products = self.record.outputs.iter().filter(|o| o.material == self.record.product);
        let Some(keeps) = products.filter_map(|output| output.keeps).min() else { return };
        if !test.specification.pending_allowed && incubation.minimum > keeps {
            let message = format!(
                "the result of '{}' takes {}, but the product keeps {}",
                test.name,
                incubation.minimum.text(),
                keeps.text()
            );
            let remedy = "write pending_at_initial = true, or use a faster method";
            self.fault((test.at, "incubation"), Kind::TestTooSlow, message, remedy);
        }
    }

    pub(super) fn passages(&self) {
        let inputs = self.record.inputs.iter().map(|i| (i.passage, &i.name, i.at));
        let outputs = self.record.outputs.iter().map(|o| (o.passage, &o.name, o.at));
        let stated = || inputs.clone().chain(outputs.clone());
        match self.record.max_passage {
            Some(max) => {
                for (passage, name, at) in stated() {
                    if passage.is_some_and(|passage| passage > max) {
                        let message = format!("'{name}' is beyond passage {max}");
                        let remedy = "lower it or raise max_passage";
                        self.fault((at, "passage"), Kind::PassageTooHigh, message, remedy);
                    }
                }
            }
            None => {
                if let Some((_, name, at)) = stated().find(|(passage, ..)| passage.is_some()) {
                    let message = format!("'{name}' has a passage, but no highest one is stated");
                    let remedy = "write max_passage = … at the top";
                    self.fault((at, "passage"), Kind::PassageWithoutMaximum, message, remedy);
                }
            }
        }
        for output in &self.record.outputs {
            let Some(passage) = output.passage else { continue };
            let above = self.makers(&output.name).flat_map(|step| self.parents(step));
            let highest = above.filter_map(|name| self.passage_of(name)).max();
            if let Some(highest) = highest.filter(|highest| *highest > passage) {
                let message = format!("'{}' is made of passage {highest}", output.name);
                let remedy = format!("at least passage {highest}");
                self.fault((output.at, "passage"), Kind::PassageBackwards, message, remedy);
            }
        }
    }

    fn passage_of(&self, what: &Name) -> Option<u8> {
        let input = self.record.input(what).and_then(|input| input.passage);
        input.or_else(|| self.record.output(what).and_then(|output| output.passage))
    }

    /// What was used up at a step or before it: what its outputs are made of.
    pub(super) fn parents<'s>(&'s self, step: &'s Step) -> impl Iterator<Item = &'s Name> {
        let before =
            |other: &&Step| other.name == step.name || self.is_before(&other.name, &step.name);
        let earlier = self.record.steps.iter().filter(before);
        earlier.flat_map(|other| other.consumes.iter().map(|consumption| &consumption.what))
    }
}
