//! Reconciliations: each can be made, is always made, and can be met as well as broken.

use super::Check;
use crate::domain::account::Account;
use crate::domain::container::ContainerKind;
use crate::domain::id::Name;
use crate::domain::master_record::fault::Kind;
use crate::domain::master_record::model::{Operation, Reconcile, Step, Tolerance};
use crate::domain::quantity::Unit;
use rust_decimal::Decimal;

impl Check<'_> {
    /// ATMP-10: every stated reconciliation says something.
    pub(super) fn reconciliations(&self) {
        for rule in &self.record.reconciliations {
            self.tolerance(rule);
            let step = rule.step.as_ref().and_then(|name| self.record.step(name));
            if let (Some(name), None) = (&rule.step, step) {
                let message = format!("'{name}' is no step");
                let remedy = "name a step, or remove 'step' for the end of the batch";
                self.fault((rule.at, "step"), Kind::UnknownStep, message, remedy);
                continue;
            }
            if let Some(step) = step.filter(|step| self.record.may_be_left_out(step)) {
                let message = format!("'{}' may be left out, and this with it", step.name);
                let remedy = "reconcile at a step that is always done";
                self.fault((rule.at, "step"), Kind::ReconciliationSkipped, message, remedy);
            }
            let by_then = |step: &&Step| {
                rule.step
                    .as_ref()
                    .is_none_or(|at| *at == step.name || self.is_before(&step.name, at))
            };
            let mut steps = self.record.steps.iter().filter(by_then);
            if !steps.any(|step| self.posts(step, rule)) {
                let message = format!(
                    "by then no step posts {} to the account '{}'",
                    rule.unit.symbol(),
                    rule.account.code()
                );
                let remedy = "name an account and a unit that a step posts, or a later step";
                self.fault((rule.at, "account"), Kind::ReconciliationEmpty, message, remedy);
            }
        }
    }

    fn tolerance(&self, rule: &Reconcile) {
        let (key, fits) = match rule.tolerance {
            Tolerance::Most(most) => ("max", most >= Decimal::ZERO),
            Tolerance::Percent(percent) => {
                ("percent", (Decimal::ZERO..Decimal::ONE_HUNDRED).contains(&percent))
            }
        };
        if !fits {
            let remedy = "write a number from 0; per cent below 100";
            let message = "a limit that nothing can break or meet";
            self.fault((rule.at, key), Kind::ReconciliationLimit, message, remedy);
        }
    }

    /// Whether a step may post to the account of a rule in its unit.
    fn posts(&self, step: &Step, rule: &Reconcile) -> bool {
        let (cells, volume) = (rule.unit == Unit::MillionCells, rule.unit == Unit::Millilitre);
        let (containers, labels) = (rule.unit == Unit::Container, rule.unit == Unit::Label);
        let counted = step.account.as_ref().is_some_and(|account| {
            (cells && account.cells.is_some()) || (volume && account.volume.is_some())
        });
        let remainder = step.account.as_ref().is_some_and(|account| account.remainder);
        let drawn = |sample: bool| self.draws(step, rule.unit, sample);
        let made = drawn(true) || drawn(false);
        match rule.account {
            Account::Input => !labels && step.consumes.iter().any(|used| self.is_input(&used.what)),
            Account::Growth => cells && counted,
            Account::Medium => volume && (counted || made),
            Account::Supply => (containers && made) || (labels && step.reconcile_labels),
            Account::Process => (cells || volume) && (counted || !step.consumes.is_empty()),
            Account::Output => drawn(false),
            Account::Sample => drawn(true),
            Account::Loss => (cells && counted && !remainder) || (labels && step.reconcile_labels),
            Account::Removed => volume && counted && !remainder,
            Account::Remainder => counted && remainder,
            Account::Waste if containers => !step.consumes.is_empty(),
            Account::Waste => (cells || volume) && step.operation == Operation::Dispose,
            Account::Applied | Account::Destroyed | Account::Retained => {
                labels && step.reconcile_labels
            }
            // These move only after the batch.
            Account::Excursion | Account::Passed | Account::Administered => false,
        }
    }

    fn is_input(&self, what: &Name) -> bool {
        self.record.input(what).is_some()
    }

    fn draws(&self, step: &Step, unit: Unit, sample: bool) -> bool {
        step.produces.iter().any(|production| {
            let output = self.record.output(&production.output);
            let fits = output.is_some_and(|o| (o.container == ContainerKind::SampleTube) == sample);
            let doses = production.count == crate::domain::master_record::Count::DoseUnits;
            fits && match unit {
                Unit::MillionCells => production.cells.is_some() || doses,
                Unit::Millilitre => production.volume.is_some() || doses,
                Unit::Container => true,
                _ => false,
            }
        })
    }
}
