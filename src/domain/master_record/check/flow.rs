//! What enters, what is made of it, and what becomes of that.

use super::Check;
use crate::domain::container::ContainerKind;
use crate::domain::master_record::fault::Kind;
use crate::domain::master_record::model::{
    At, Consumption, Count, DonationRule, Input, Operation, Output, Production, Reference, Step,
};
use std::collections::BTreeSet;

impl Check<'_> {
    /// What enters a step must have been made before, and what is made must be known.
    pub(super) fn flow(&self) {
        for step in &self.record.steps {
            for production in &step.produces {
                if self.record.output(&production.output).is_none() {
                    let message = format!("'{}' is no output", production.output);
                    let place = (production.at, "output");
                    self.fault(place, Kind::UnknownOutput, message, "add [[output]]");
                }
            }
            for consumption in &step.consumes {
                self.consumption(step, consumption);
            }
        }
        for input in &self.record.inputs {
            self.input(input);
        }
        for output in &self.record.outputs {
            self.output(output);
        }
        self.product();
        self.donors();
        self.dose();
    }

    /// The product is an output, and every batch makes it, whatever was chosen.
    fn product(&self) {
        let product = |production: &Production| {
            let output = self.record.output(&production.output);
            output.is_some_and(|output| output.material == self.record.product)
        };
        if !self.record.outputs.iter().any(|output| output.material == self.record.product) {
            let message = format!("no output is the product {}", self.record.product);
            let remedy = "give one output this material, or correct 'product'";
            return self.fault((At(0), "product"), Kind::ProductNotMade, message, remedy);
        }
        let mut makers =
            self.record.steps.iter().filter(|step| step.produces.iter().any(product)).peekable();
        if makers.peek().is_some() && !self.some_is_done(makers, None) {
            let message = format!("a batch may be complete without any {}", self.record.product);
            let remedy = "make it at a step that is always done, or at one for each choice";
            self.fault((At(0), "product"), Kind::ProductSkipped, message, remedy);
        }
    }

    fn consumption(&self, step: &Step, consumption: &Consumption) {
        let what = &consumption.what;
        let place = (consumption.at, "what");
        if let Some(input) = self.record.input(what) {
            if input.per_dose_unit && consumption.count.is_some() {
                let message = format!("one of '{what}' enters for each dose unit of the order");
                let remedy = "leave out 'count': all that enter are used";
                self.fault((consumption.at, "count"), Kind::CountMismatch, message, remedy);
            } else if consumption.count.is_some_and(|count| count > input.count) {
                let message = format!("only {} of '{what}' enter the batch", input.count);
                let remedy = "lower 'count' here, or raise it at the input";
                self.fault((consumption.at, "count"), Kind::CountMismatch, message, remedy);
            }
            return;
        }
        let mut makers = self
            .record
            .steps
            .iter()
            .filter(|maker| maker.produces.iter().any(|made| made.output == *what))
            .filter(|maker| self.is_before(&maker.name, &step.name))
            .peekable();
        if makers.peek().is_none() {
            let message = format!("no earlier step makes '{what}', nor is it an input");
            let remedy = "add [[input]], or let an earlier step produce it";
            return self.fault(place, Kind::NeverMade, message, remedy);
        }
        if !self.some_is_done(makers, step.when.as_ref()) {
            let message = format!("'{what}' is made only by a step that may be left out");
            let remedy = "make that step mandatory, or give this one the same condition";
            self.fault(place, Kind::MadeOnlySometimes, message, remedy);
        }
    }

    fn input(&self, input: &Input) {
        let used = self.record.steps.iter().flat_map(|s| &s.consumes);
        if !used.clone().any(|c| c.what == input.name) {
            let message = format!("input '{}' is used by no step", input.name);
            let remedy = "let a step consume it";
            self.fault((input.at, "name"), Kind::UnusedInput, message, remedy);
        }
        if input.count == 0 {
            let remedy = "at least 1";
            self.fault((input.at, "count"), Kind::OutOfRange, "nothing enters", remedy);
        }
        let taken = used.filter(|c| c.what == input.name).filter_map(|c| c.count);
        let taken: u32 = taken.fold(0, u32::saturating_add);
        if !input.per_dose_unit && taken > input.count {
            let message = format!("the steps together use {taken} of '{}'", input.name);
            let remedy = format!("{} enter; make the two agree", input.count);
            self.fault((input.at, "count"), Kind::CountMismatch, message, remedy);
        }
        if input.per_dose_unit && !self.record.for_order {
            let message = "dose units are of an order, but the batch is for none";
            let remedy = "write for_order = true";
            self.fault((input.at, "per_dose_unit"), Kind::NoOrder, message, remedy);
        }
        if let Some(donors) = input.distinct_donors.filter(|d| *d > input.count || *d == 0) {
            let message = format!("{} containers cannot come from {donors} donors", input.count);
            let remedy = "raise count or correct distinct_donors";
            self.fault((input.at, "distinct_donors"), Kind::DonorRule, message, remedy);
        }
        if input.reserved && !self.record.for_order {
            let message = "an input is reserved for an order, but the batch is for none";
            let remedy = "write for_order = true";
            self.fault((input.at, "reserved_for_order"), Kind::NoOrder, message, remedy);
        }
        for accepted in &input.accepts {
            if accepted.id == self.record.record.id || accepted.versions.is_empty() {
                let message =
                    format!("'{}' cannot be what '{}' is made by", accepted.id, input.name);
                let remedy = "name the record before this one, and its versions";
                self.fault((input.at, "accepts"), Kind::AcceptedRecordMismatch, message, remedy);
            }
        }
    }

    /// Nothing is made that nobody asks about: the product, what is used up, stored or tested.
    fn output(&self, output: &Output) {
        if self.makers(&output.name).next().is_none() {
            let message = format!("no step makes output '{}'", output.name);
            let remedy = "let a step produce it";
            self.fault((output.at, "name"), Kind::NeverMade, message, remedy);
        }
        let sample = output.container == ContainerKind::SampleTube;
        let tested = self.record.tests.iter().any(|test| test.sample == output.name);
        if sample && !tested {
            let message = format!("no test uses the sample '{}'", output.name);
            let remedy = "add [[test]] with this sample, or do not draw it";
            return self.fault((output.at, "name"), Kind::SampleUntested, message, remedy);
        }
        let stored = self.record.steps.iter().any(|step| step.stored.contains(&output.name));
        let used = self.users(&output.name).next().is_some();
        if !(sample || used || stored || output.material == self.record.product) {
            let message = format!("nothing says what becomes of '{}'", output.name);
            let remedy = "let a step consume it, store it or dispose of it";
            self.fault((output.at, "name"), Kind::OutputLeftOver, message, remedy);
        }
    }

    fn donors(&self) {
        let inputs = &self.record.inputs;
        let pooled = inputs.iter().any(|i| i.distinct_donors.is_some_and(|donors| donors > 1));
        if pooled != (self.record.donation == DonationRule::Pool) {
            let message = "a pool of several donors has a donation number of its own";
            let remedy = "write donation = \"pool\" exactly where distinct_donors is above 1";
            self.fault((At(0), "donation"), Kind::PoolIdentity, message, remedy);
        }
        for step in self.record.steps.iter().filter(|s| s.operation == Operation::Pool) {
            if !pooled {
                let message = format!("step '{}' pools, but all comes from one donor", step.name);
                let remedy = "state distinct_donors at the input, or use another operation";
                self.fault((step.at, "operation"), Kind::DonorRule, message, remedy);
            }
        }
    }

    /// A batch for an order fills its dose units, and no container beyond what it holds.
    fn dose(&self) {
        let productions = || self.record.steps.iter().flat_map(|step| &step.produces);
        let filled = productions().any(|production| production.count == Count::DoseUnits);
        if self.record.for_order && !filled {
            let message = "the batch is made for an order, but no step fills its dose units";
            let remedy = "write per_dose_unit = true at the production of the product";
            self.fault((At(0), "for_order"), Kind::DoseUndeliverable, message, remedy);
        }
        for production in productions() {
            let output = self.record.output(&production.output);
            let capacity = output.and_then(|output| output.capacity);
            let Some(Reference::Parameter(name)) = &production.volume else { continue };
            let volume = self.record.parameter(name).map(|parameter| parameter.value.value());
            if volume.zip(capacity).is_some_and(|(volume, capacity)| volume > capacity) {
                let message = format!("'{}' does not hold that volume", production.output);
                let remedy = "lower the parameter, or choose a larger container";
                self.fault((production.at, "volume"), Kind::OverCapacity, message, remedy);
            }
        }
        self.filled_once();
        for step in &self.record.steps {
            for production in &step.produces {
                self.unopened(step, production);
            }
        }
    }

    /// No batch fills a dose unit twice; steps for different choices may each fill them.
    fn filled_once(&self) {
        let fills = |production: &&Production| production.count == Count::DoseUnits;
        for (number, step) in self.record.steps.iter().enumerate() {
            let Some(production) = step.produces.iter().find(fills) else { continue };
            let again = |other: &Step| match (&step.when, &other.when) {
                (Some(own), Some(others)) => !own.excludes(others),
                _ => true,
            };
            let made = |other: &Step| {
                let same = |p: &&Production| fills(p) || p.output == production.output;
                other.produces.iter().filter(same).count()
            };
            let others = self.record.steps.iter().skip(number.saturating_add(1));
            if made(step) > 1 || others.filter(|other| again(other)).any(|other| made(other) > 0) {
                let message = "the dose units of an order are filled twice";
                let remedy = "fill them at one step, or at one step for each choice";
                self.fault((production.at, "output"), Kind::DoseUndeliverable, message, remedy);
            }
        }
    }

    /// A dose unit that is a container of an input, unopened, is of the same kind and holds what
    /// that holds.
    fn unopened(&self, step: &Step, production: &Production) {
        let Some(from) = &production.from else { return };
        let input = self.record.input(from);
        let used = step.consumes.iter().any(|consumption| consumption.what == *from);
        let output = self.record.output(&production.output);
        let kind = input.map(|input| input.container);
        let (message, remedy) = if production.count != Count::DoseUnits {
            (
                "only a dose unit can be an unopened container".to_owned(),
                "write per_dose_unit = true",
            )
        } else if !used || !input.is_some_and(|input| input.per_dose_unit) {
            (
                format!("this step does not take one '{from}' for each dose unit"),
                "let it consume an input that has per_dose_unit = true",
            )
        } else if production.cells.is_some() || production.volume.is_some() {
            ("an unopened container holds what it holds".to_owned(), "leave out cells and volume")
        } else if output.is_some_and(|output| Some(output.container) != kind) {
            ("an unopened container stays of its kind".to_owned(), "make the containers agree")
        } else {
            return;
        };
        self.fault((production.at, "from"), Kind::BadFrom, message, remedy);
    }

    /// The bill of materials and the steps agree.
    pub(super) fn materials(&self) {
        let mut used = BTreeSet::new();
        for step in &self.record.steps {
            for need in &step.materials {
                used.insert(&need.material);
                if !self.record.materials.iter().any(|known| known.material == need.material) {
                    let message = format!("{} is not in the bill of materials", need.material);
                    let remedy = "add it as [[material]] with its title";
                    self.fault((need.at, "material"), Kind::MaterialNotListed, message, remedy);
                }
            }
        }
        let mut seen = BTreeSet::new();
        for listed in &self.record.materials {
            let place = (listed.at, "material");
            if !seen.insert(&listed.material) {
                let message = format!("{} is listed twice", listed.material);
                self.fault(place, Kind::DuplicateName, message, "remove one of them");
            } else if !used.contains(&listed.material) {
                let message = format!("no step uses {}", listed.material);
                let remedy = "remove it, or let a step use it";
                self.fault(place, Kind::MaterialUnused, message, remedy);
            }
        }
    }

    /// What the operation of a step needs to have its effect.
    pub(super) fn operation(&self, step: &Step) {
        use crate::domain::master_record::model::FieldKind;
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
        let place = (step.at, "operation");
        self.fault(place, Kind::OperationIncomplete, message, format!("add {missing}"));
    }
}
