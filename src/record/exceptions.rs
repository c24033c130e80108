//! What a reviewer looks at first: everything that is not as planned.
//!
//! Architecture invariant: what is marked anywhere in the record as out of limits, pending, late,
//! broken or open is listed here, too.

use crate::pdf::Len;

use super::flow::{Cell, Column, Flow};
use super::theme::{BODY, INK, Tone};
use super::words::brief;
use super::{Batch, BatchRecord, Correction, Field, Mark, Step, Verdict};

const COLUMNS: [Column; 4] = [
    Column { title: "Where", share: 52 },
    Column { title: "What", share: 60 },
    Column { title: "Value and limit", share: 40 },
    Column { title: "Kind", share: 28 },
];

pub(super) fn chapter(flow: &mut Flow, record: &BatchRecord) {
    flow.chapter("Exceptions");
    flow.paragraph(
        "Everything in this record that is not as planned: values out of limits or corrected, \
         late entries, missing signatures, broken times, material or equipment that was not fit \
         for use or whose quantity was not stated, results that are pending or do not conform, \
         deviations, void labels, labels and accounts that do not balance, product that is \
         not in good hands.",
        BODY,
        INK,
    );
    flow.y += Len::mm(2);
    let mut list = List::default();
    for batch in &record.batches {
        list.batch(batch);
    }
    list.order(record);
    flow.table(&COLUMNS, &list.0, "None.");
}

#[derive(Default)]
struct List(Vec<Vec<Cell>>);

impl List {
    fn add(&mut self, place: &str, what: &str, value: &str, kind: &str, tone: Tone) {
        self.0.push(vec![
            Cell::plain(place),
            Cell::strong(what),
            Cell::plain(value),
            Cell::state(kind, tone),
        ]);
    }

    /// Lists what a verdict marks, nothing else.
    fn judged(&mut self, verdict: Verdict, place: &str, what: &str, value: &str, kind: &str) {
        if matches!(verdict, Verdict::Out | Verdict::Alert | Verdict::Pending) {
            self.add(place, what, value, kind, Tone::from(verdict));
        }
    }

    fn batch(&mut self, batch: &Batch) {
        for step in &batch.steps {
            self.step(&format!("{}, step {} {}", batch.number, step.number, step.title), step);
        }
        for timer in &batch.timers {
            let value =
                format!("{} (limits {})", timer.actual.as_deref().unwrap_or("–"), timer.limits);
            let place = format!("{}, times", batch.number);
            self.judged(timer.verdict, &place, &timer.title, &value, &timer.state);
        }
        for (material, used) in
            batch.materials.iter().flat_map(|one| one.uses.iter().map(move |used| (one, used)))
        {
            let place = format!("{}, step {}", batch.number, used.step);
            let what = format!("{}, lot {}", material.material, material.lot);
            self.judged(used.verdict, &place, &what, &used.state, "not fit for use");
            if used.quantity.is_none() {
                self.add(&place, &what, "", "quantity not stated", Tone::Warn);
            }
        }
        for used in &batch.equipment {
            let place = format!("{}, step {}", batch.number, used.uses.join(", "));
            self.judged(used.verdict, &place, &used.asset, &used.state, "not fit for use");
        }
        self.results(batch);
        let at = |what: &str| format!("{}, {what}", batch.number);
        for one in batch.reconciliations.iter().filter(|one| one.verdict == Verdict::Out) {
            self.add(&at("accounts"), &one.title, &one.found, "outside limits", Tone::Bad);
        }
        for account in batch.accounts.iter().filter(|account| !account.balanced) {
            self.add(&at("accounts"), &account.name, "", "not balanced", Tone::Bad);
        }
        for one in &batch.identities {
            let value = format!("{} → {}: {}", one.from, one.to, one.reason);
            self.add(&at("containers"), &one.container, &value, "identity corrected", Tone::Plain);
        }
        for labels in &batch.labels {
            if labels.difference() != 0 {
                let value = format!("difference {}", labels.difference());
                self.add(&at("labels"), &labels.kind, &value, "not reconciled", Tone::Bad);
            }
            for print in &labels.prints {
                if let Some(lost) = &print.lost {
                    self.add(&at("labels"), &print.code, lost, "lost label", Tone::Bad);
                }
                if let Some(reason) = &print.reason {
                    self.add(&at("labels"), &print.code, reason, "void label", Tone::Plain);
                }
            }
        }
    }

    fn step(&mut self, place: &str, step: &Step) {
        for field in &step.fields {
            self.field(place, field);
        }
        for mark in step.performed.iter().chain(&step.verified) {
            self.late(place, mark);
        }
        if step.performed.is_some() && step.verified.is_none() && step.needs_verification {
            self.add(place, "Second signature", "", "not verified", Tone::Bad);
        }
    }

    fn field(&mut self, place: &str, field: &Field) {
        let value = match &field.limits {
            Some(limits) => format!("{} (limits {limits})", field.value),
            None => field.value.clone(),
        };
        self.judged(field.verdict, place, &field.label, &value, field.verdict.word());
        for correction in &field.corrections {
            let Correction { number, from, to, reason, .. } = correction;
            let value = format!("{from} → {to}: {reason}");
            let (kind, tone) = match (correction.calculated, correction.waits) {
                (_, true) => (format!("correction {number} NOT VERIFIED"), Tone::Bad),
                (true, false) => (format!("follows from correction {number}"), Tone::Plain),
                (false, false) => (format!("correction {number}"), Tone::Warn),
            };
            self.add(place, &field.label, &value, &kind, tone);
        }
    }

    fn late(&mut self, place: &str, mark: &Mark) {
        if let Some(recorded) = &mark.recorded_at {
            let value = format!("done {}, recorded {}", brief(&mark.at), brief(recorded));
            self.add(place, &mark.meaning, &value, "late entry", Tone::Warn);
        }
    }

    fn results(&mut self, batch: &Batch) {
        for test in batch.tests.iter().filter(|test| test.verdict != Verdict::In) {
            let value = test.result.as_deref().unwrap_or("no result yet");
            let place = format!("{}, test", batch.number);
            self.judged(test.verdict, &place, &test.name, value, test.verdict.word());
        }
        for deviation in &batch.deviations {
            let tone = if deviation.closed { Tone::Plain } else { Tone::Bad };
            let what = format!("{} {}", deviation.number, deviation.title);
            let place = format!("{}, {}", batch.number, deviation.step);
            self.add(&place, &what, &deviation.class, &deviation.state, tone);
        }
    }

    fn order(&mut self, record: &BatchRecord) {
        for donor in &record.donors {
            let place = format!("Donor {}", donor.code);
            if !donor.eligible {
                self.add(&place, "Eligibility", &donor.eligibility, "not eligible", Tone::Bad);
            }
            for result in &donor.results {
                self.judged(result.verdict, &place, &result.marker, &result.result, "not negative");
            }
        }
        for hop in record.custody.iter().filter(|hop| hop.received.is_none()) {
            let value = format!("given to {}", hop.to);
            self.add("Custody", &hop.containers.join(", "), &value, "not received", Tone::Warn);
        }
        for one in &record.excursions {
            let value = format!("due {}", brief(&one.deadline));
            self.judged(one.verdict, "Excursion", &one.container, &value, &one.state);
        }
    }
}
