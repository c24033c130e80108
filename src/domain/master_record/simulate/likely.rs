//! What is likely next in a batch under way: the entries of a step and the time of each step, by
//! the same assumptions that the simulation draws from, but without chance.
//!
//! Neighbours: `values` knows what an entry follows from; the demo plays any record by this.
//!
//! Architecture invariant: nothing here is shown to a person who enters a value; what was seen is
//! entered, not what was likely.

use super::defaults;
use super::random::Random;
use super::timeline::{Order, Timeline};
use super::values::Values;
use crate::domain::id::Name;
use crate::domain::master_record::calculation::Operand;
use crate::domain::master_record::model::{
    FieldKind, MasterRecord, OrderSum, Step, Subject, Timer,
};
use crate::domain::quantity::Quantity;
use crate::domain::time::Span;

/// A container as a batch under way knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// What it is told apart by: its code.
    pub item: String,
    /// Viable cells in it, `10*6`.
    pub cells: Option<Quantity>,
    /// Volume in it, `mL`.
    pub volume: Option<Quantity>,
}

/// What a batch under way knows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Underway {
    /// Step, field or calculation, and its value.
    pub values: Vec<(Name, Name, Operand)>,
    /// The containers of each input and output that the batch uses.
    pub containers: Vec<(Name, Vec<Held>)>,
    /// The sums of its order.
    pub order: Vec<(OrderSum, Quantity)>,
}

/// A likely entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LikelyEntry {
    /// The field.
    pub field: Name,
    /// The container it belongs to, where it is asked for each.
    pub item: Option<String>,
    /// As it would be typed.
    pub text: String,
}

/// The likely entries of a step: every number, and of every choice the first that is accepted.
/// Texts, times and scans follow from nothing in a record and are not among them.
pub fn likely_entries(record: &MasterRecord, step: &Step, underway: &Underway) -> Vec<LikelyEntry> {
    let mut values = Values::new(record, Random::likely()).underway(underway);
    let mut entries = Vec::new();
    for field in &step.fields {
        let entry =
            |item: Option<String>, text| LikelyEntry { field: field.name.clone(), item, text };
        match &field.kind {
            FieldKind::Number { .. } => match values.drawn(step, field) {
                Some(Operand::One(number)) => entries.push(entry(None, number.value().to_string())),
                Some(Operand::Each(items)) => entries.extend(
                    items.into_iter().map(|(item, n)| entry(Some(item), n.value().to_string())),
                ),
                None => {}
            },
            FieldKind::Choice { choices, accept } => {
                let Some(word) = accept.first().or(choices.first()) else { continue };
                match &field.each {
                    None => entries.push(entry(None, word.clone())),
                    Some(each) => entries.extend(
                        values.items(each).into_iter().map(|item| entry(Some(item), word.clone())),
                    ),
                }
            }
            _ => {}
        }
    }
    entries
}

/// How long the time of a timer likely is; nothing where it only has a longest time.
pub fn likely_wait(record: &MasterRecord, timer: &Timer) -> Span {
    let about = Subject::Timer(timer.name.clone());
    let stated = record.assumptions.iter().find(|assumption| assumption.about == about);
    let [_, likely, _] =
        stated.and_then(|assumption| assumption.lasts).unwrap_or_else(|| defaults::timer(timer));
    likely
}

/// When each step begins, from the start of the batch, if every step takes `lasts` and the time of
/// every timer is as long as `wait` says. A step that must not be long before another is put off.
pub fn likely_starts(
    record: &MasterRecord,
    lasts: Span,
    wait: impl Fn(&Timer) -> Span,
) -> Vec<(Name, Span)> {
    let order = Order::of(record).with_a_margin();
    let lasts = vec![lasts.seconds(); record.steps.len()];
    let waits: Vec<i64> = record.timers.iter().map(|timer| wait(timer).seconds()).collect();
    let line = Timeline::of(&order, &lasts, &waits);
    let starts = line.starts.into_iter().map(Span::of_seconds);
    record.steps.iter().map(|step| step.name.clone()).zip(starts).collect()
}
