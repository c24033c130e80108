//! Judges a master record as a whole: what refers to what, in which order, in which unit.
//!
//! Neighbours: `parse` made sure that every single value has its shape. [`beside`] judges a record
//! next to the files it works with. The runs of a record that passes here can still break limits,
//! never the record itself.
//!
//! Architecture invariant: a fault is reported where the words stand that have to change.

mod acellular;
mod beside;
mod flow;
mod labels;
mod order;
mod paths;
mod reconcile;
mod timing;
mod values;

use super::fault::{Fault, Kind, Sink};
use super::model::{At, Condition, FieldKind, MasterRecord, Step};
use crate::domain::id::Name;
use std::collections::{BTreeMap, BTreeSet};

pub use beside::{Beside, LabelKind, LabelNeed, check_beside};

/// Every fault of the record, in the order of the file; none if it may be approved.
pub fn check(record: &MasterRecord) -> Vec<Fault> {
    let sink = Sink::new(&record.text);
    let check = Check { record, sink: &sink, before: predecessors(record) };
    check.names();
    check.order();
    check.flow();
    check.materials();
    for step in &record.steps {
        check.step(step);
    }
    check.paths();
    check.timers();
    check.tests();
    check.passages();
    check.labels();
    check.book();
    check.acellular();
    check.reconciliations();
    check.assumptions();
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

impl<'a> Check<'a> {
    fn is_before(&self, earlier: &Name, later: &Name) -> bool {
        self.before.get(later).is_some_and(|all| all.contains(earlier))
    }

    /// Reports at the value of `key` in the table at `at`.
    fn fault(
        &self,
        (at, key): (At, &str),
        kind: Kind,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.sink.report(self.sink.value_at(at, key), kind, message, remedy);
    }

    /// Reports at a word in the value of `key`.
    fn fault_word(
        &self,
        (at, key, word): (At, &str, &str),
        kind: Kind,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.sink.report(self.sink.word_at(at, key, word), kind, message, remedy);
    }

    /// The steps that make an output.
    fn makers(&self, output: &'a Name) -> impl Iterator<Item = &'a Step> {
        let makes = move |step: &&Step| step.produces.iter().any(|p| p.output == *output);
        self.record.steps.iter().filter(makes)
    }

    /// The steps that use something up.
    fn users(&self, what: &'a Name) -> impl Iterator<Item = &'a Step> {
        let uses = move |step: &&Step| step.consumes.iter().any(|c| c.what == *what);
        self.record.steps.iter().filter(uses)
    }

    /// Whether `step` may be left out while `by` is done: it is optional, or has a condition that
    /// `by` does not share.
    fn may_lack(&self, step: &Step, by: &Step) -> bool {
        self.may_lack_when(step, by.when.as_ref())
    }

    /// Whether `step` may be left out while a condition holds; without one, ever.
    fn may_lack_when(&self, step: &Step, when: Option<&Condition>) -> bool {
        let shared = match (&step.when, when) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(own), Some(other)) => {
                own.asks_the_same(other) && other.is.iter().all(|word| own.is.contains(word))
            }
        };
        step.repeat.min == 0 || !shared
    }

    /// Whether some of these steps is done in every batch in which the condition holds, without one
    /// in every batch: one of them is never left out, or there is one for each choice.
    fn some_is_done<'s>(
        &self,
        steps: impl Iterator<Item = &'s Step>,
        when: Option<&Condition>,
    ) -> bool {
        let steps: Vec<&Step> = steps.filter(|step| step.repeat.min > 0).collect();
        if steps.iter().any(|step| !self.may_lack_when(step, when)) {
            return true;
        }
        steps.iter().filter_map(|step| step.when.as_ref()).any(|asked| {
            let home = self.record.step(&asked.step);
            let Some(home) = home.filter(|home| !self.may_lack_when(home, when)) else {
                return false;
            };
            let Some(FieldKind::Choice { choices, .. }) = home.field(&asked.field).map(|f| &f.kind)
            else {
                return false;
            };
            let narrowed = when.filter(|when| when.asks_the_same(asked));
            let possible = narrowed.map_or(choices, |when| &when.is);
            possible.iter().all(|word| {
                let answers =
                    |other: &Condition| other.asks_the_same(asked) && other.is.contains(word);
                steps.iter().any(|step| step.when.as_ref().is_some_and(answers))
            })
        })
    }
}
