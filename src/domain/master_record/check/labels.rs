//! Labels and books: everything that leaves is labelled, and everything printed or counted is
//! accounted for.

use super::Check;
use crate::domain::master_record::fault::Kind;
use crate::domain::master_record::model::{At, Operation, Output, Step};

impl Check<'_> {
    /// ATMP-8: no container without a label; ATMP-18: labels are reconciled.
    pub(super) fn labels(&self) {
        for output in self.record.outputs.iter().filter(|output| output.label.is_none()) {
            self.may_go_unlabelled(output);
        }
        for output in self.record.outputs.iter().filter(|output| output.label.is_some()) {
            let checks =
                || self.record.steps.iter().filter(|step| step.labels.contains(&output.name));
            if checks().next().is_none() {
                let message = format!("no step makes sure that '{}' is labelled", output.name);
                let remedy = "list it in 'labels' of a step";
                self.fault((output.at, "label"), Kind::NeverLabelled, message, remedy);
            } else if self
                .makers(&output.name)
                .any(|maker| !self.some_is_done(checks(), maker.when.as_ref()))
            {
                let message = format!("the labels of '{}' may never be checked", output.name);
                let remedy = "check them at a step that is always done";
                self.fault((output.at, "label"), Kind::LabellingSkipped, message, remedy);
            }
        }
        for step in &self.record.steps {
            self.checked_things(step);
        }
        if self.record.outputs.iter().any(|output| output.label.is_some()) {
            self.reconciled();
        }
    }

    /// Only what is used up within the batch may be without a label of its own.
    fn may_go_unlabelled(&self, output: &Output) {
        let sampled = self.record.tests.iter().any(|test| test.sample == output.name);
        let stored = self.record.steps.iter().any(|step| step.stored.contains(&output.name));
        if sampled || stored || output.material == self.record.product {
            let message = format!("'{}' leaves the batch without a label", output.name);
            let remedy = "write label = \"…\", and list it in 'labels' of a step (ATMP-8)";
            self.fault((output.at, "name"), Kind::NeverLabelled, message, remedy);
        }
    }

    fn checked_things(&self, step: &Step) {
        let labels = step.labels.iter().map(|name| (name, "labels"));
        for (name, key) in labels.chain(step.stored.iter().map(|name| (name, "stored"))) {
            let place = (step.at, key, name.as_str());
            let same_step = step.produces.iter().any(|p| p.output == *name);
            let made = self.makers(name).any(|maker| self.is_before(&maker.name, &step.name));
            let labelled = self.record.output(name).is_some_and(|o| o.label.is_some());
            if same_step {
                let message = format!("'{name}' cannot be checked by the step that makes it");
                let remedy = "check it at a later step";
                self.fault_word(place, Kind::CheckedTooEarly, message, remedy);
            } else if !made || (key == "labels" && !labelled) {
                let message = format!("'{name}' is not made before, or carries no label");
                let remedy = "name an output made before, and give it a label";
                self.fault_word(place, Kind::UnknownOutput, message, remedy);
            }
        }
    }

    /// Reconciliation counts what was printed: nothing may be printed after it.
    fn reconciled(&self) {
        let mut closing = self.record.steps.iter().filter(|step| step.reconcile_labels);
        let Some(close) = closing.next() else {
            let message = "labels are printed but never reconciled";
            let remedy = "write reconcile_labels = true at the last step (ATMP-18)";
            let last = self.record.steps.last().map_or(At(0), |step| step.at);
            return self.fault((last, "name"), Kind::ReconciliationMissing, message, remedy);
        };
        let place = (close.at, "reconcile_labels");
        if self.record.may_be_left_out(close) {
            let message = "the reconciliation of labels may be left out";
            let remedy = "reconcile at a step that is always done (ATMP-18)";
            self.fault(place, Kind::LabellingSkipped, message, remedy);
        }
        let late = self
            .record
            .steps
            .iter()
            .find(|step| !step.labels.is_empty() && !self.is_before(&step.name, &close.name));
        if let Some(late) = late {
            let message = format!("'{}' may label after labels are reconciled", late.name);
            let remedy = "reconcile after every step that labels (ATMP-18)";
            self.fault(place, Kind::ReconciliationTooEarly, message, remedy);
        }
        if let Some(second) = closing.next() {
            let message = "labels are reconciled twice";
            let remedy = "reconcile once, at the last step";
            let place = (second.at, "reconcile_labels");
            self.fault(place, Kind::ReconciliationTooEarly, message, remedy);
        }
    }

    /// The account of cells and volume: what is drawn was there, and what is left is disposed of.
    pub(super) fn book(&self) {
        let counted: Vec<&Step> =
            self.record.steps.iter().filter(|step| step.account.is_some()).collect();
        for step in &self.record.steps {
            let before = counted
                .iter()
                .any(|count| count.name == step.name || self.is_before(&count.name, &step.name));
            let draws = step.produces.iter().find(|production| production.cells.is_some());
            if let Some(production) = draws.filter(|_| !before) {
                let message = format!("'{}' draws cells that were never counted", step.name);
                let remedy = "count them at an earlier step: account = { cells = … }";
                self.fault((production.at, "cells"), Kind::BookUnbalanced, message, remedy);
            }
        }
        let Some(last) = counted.last() else { return };
        let disposes = |step: &&Step| step.operation == Operation::Dispose;
        let closed = self.record.steps.iter().filter(disposes).any(|dispose| {
            !self.record.may_be_left_out(dispose)
                && counted.iter().all(|count| self.is_before(&count.name, &dispose.name))
        });
        if !closed {
            let message = "what is left in process after the last count is never disposed of";
            let remedy = "end with a step that does operation = \"dispose\"";
            self.fault((last.at, "name"), Kind::BookUnbalanced, message, remedy);
        }
    }
}
