//! The chapters that belong to the order as a whole.
//!
//! Architecture invariant: a chapter without content says so in words; it is never left out.

use crate::pdf::Len;

use super::flow::{Cell, Column, Flow};
use super::theme::{BODY, INK, MUTED, SMALL, Tone};
use super::{BatchRecord, Donor, Mark, Signature, Verdict, genealogy};

/// Who, when and what it means, on one line; with the time of recording where it differs.
pub(super) fn mark_text(mark: &Mark) -> String {
    let mut text = format!(
        "{} ({}), {}, {} – {}",
        mark.by.name, mark.by.login, mark.by.role, mark.at.text, mark.meaning
    );
    if let Some(recorded) = &mark.recorded_at {
        text.push_str(&format!("; recorded {}", recorded.text));
    }
    if let Some(reason) = &mark.reason {
        text.push_str(&format!("; reason: {reason}"));
    }
    text
}

/// Who, what it means and when, for narrow columns.
pub(super) fn short_mark(mark: &Mark) -> String {
    format!("{} – {} ({}), {}", mark.meaning, mark.by.name, mark.by.login, brief(&mark.at))
}

/// A time without its offset from UTC, for dense tables; the zone's name stays.
pub(super) fn brief(moment: &super::Moment) -> &str {
    moment.text.split(" (").next().unwrap_or(&moment.text)
}

pub(super) fn verdict_cell(verdict: Verdict, word: &str) -> Cell {
    match verdict {
        Verdict::None => Cell::plain(word),
        other => Cell::state(word, Tone::from(other)),
    }
}

/// Columns of signatures, on the cover and in their own chapter.
pub(super) const SIGNATURE_COLUMNS: [Column; 4] = [
    Column { title: "Meaning", share: 47 },
    Column { title: "Signed by", share: 39 },
    Column { title: "Date, time, zone", share: 39 },
    Column { title: "SHA-256 of the content signed", share: 51 },
];

pub(super) fn signature_row(signature: &Signature) -> Vec<Cell> {
    vec![
        Cell::strong(&signature.meaning).and_muted(&signature.subject),
        Cell::strong(&signature.by.name)
            .and_muted(format!("{} · {}", signature.by.login, signature.by.role)),
        Cell::plain(&signature.at.text),
        Cell::mono(&signature.content_hash),
    ]
}

/// What a reviewer looks at first: everything out of limits, corrected, late, pending or open.
pub(super) fn exceptions(flow: &mut Flow, record: &BatchRecord) {
    const COLUMNS: [Column; 4] = [
        Column { title: "Where", share: 52 },
        Column { title: "What", share: 60 },
        Column { title: "Value and limit", share: 40 },
        Column { title: "Kind", share: 28 },
    ];
    flow.chapter("Exceptions");
    flow.paragraph(
        "Everything in this record that is not as planned: values out of limits or corrected, \
         late entries, missing signatures, results that are pending or do not conform, open \
         deviations, labels and accounts that do not balance.",
        BODY,
        INK,
    );
    flow.y += Len::mm(2);
    let rows: Vec<Vec<Cell>> = record.batches.iter().flat_map(batch_exceptions).collect();
    flow.table(&COLUMNS, &rows, "None.");
}

fn exception(place: String, what: &str, value: String, kind: &str, tone: Tone) -> Vec<Cell> {
    vec![Cell::plain(place), Cell::strong(what), Cell::plain(value), Cell::state(kind, tone)]
}

fn batch_exceptions(batch: &super::Batch) -> Vec<Vec<Cell>> {
    let mut rows = Vec::new();
    for step in &batch.steps {
        let place = || format!("{}, step {} {}", batch.number, step.number, step.title);
        for field in step.fields.iter().chain(&step.timers) {
            let value = match &field.limits {
                Some(limits) => format!("{} (limits {limits})", field.value),
                None => field.value.clone(),
            };
            if matches!(field.verdict, Verdict::Out | Verdict::Alert) {
                let (kind, tone) = (field.verdict.word(), Tone::from(field.verdict));
                rows.push(exception(place(), &field.label, value.clone(), kind, tone));
            }
            for correction in &field.corrections {
                let value = format!("{} → {}: {}", correction.from, field.value, correction.reason);
                rows.push(exception(place(), &field.label, value, "corrected", Tone::Warn));
            }
        }
        for mark in step.performed.iter().chain(&step.verified) {
            if let Some(recorded) = &mark.recorded_at {
                let value = format!("done {}, recorded {}", mark.at.text, recorded.text);
                rows.push(exception(place(), &mark.meaning, value, "late entry", Tone::Warn));
            }
        }
        if step.performed.is_some() && step.verified.is_none() && step.needs_verification {
            let what = "Second signature";
            rows.push(exception(place(), what, String::new(), "not verified", Tone::Bad));
        }
    }
    for test in batch.tests.iter().filter(|test| test.verdict != Verdict::In) {
        let value = test.result.clone().unwrap_or_else(|| "no result yet".to_owned());
        let place = format!("{}, test", batch.number);
        let (kind, tone) = (test.verdict.word(), Tone::from(test.verdict));
        rows.push(exception(place, &test.name, value, kind, tone));
    }
    for deviation in &batch.deviations {
        let tone = if deviation.closed { Tone::Plain } else { Tone::Bad };
        let what = format!("{} {}", deviation.number, deviation.title);
        let place = format!("{}, {}", batch.number, deviation.step);
        rows.push(exception(place, &what, deviation.class.clone(), &deviation.state, tone));
    }
    for account in batch.accounts.iter().filter(|account| !account.balanced) {
        let place = format!("{}, accounts", batch.number);
        rows.push(exception(place, &account.name, String::new(), "not balanced", Tone::Bad));
    }
    for labels in batch.labels.iter().filter(|labels| labels.difference() != 0) {
        let place = format!("{}, labels", batch.number);
        let value = format!("difference {}", labels.difference());
        rows.push(exception(place, &labels.kind, value, "not reconciled", Tone::Bad));
    }
    rows
}

pub(super) fn genealogy(flow: &mut Flow, record: &BatchRecord) {
    const COLUMNS: [Column; 4] = [
        Column { title: "What", share: 30 },
        Column { title: "Identity", share: 50 },
        Column { title: "Detail", share: 56 },
        Column { title: "Disposition", share: 40 },
    ];
    flow.chapter("Genealogy");
    flow.paragraph(
        "From the donors (top) to the patient (bottom). Containers of one origin, one use and one \
         disposition are drawn as one box that counts them; all of them are listed after the drawing.",
        SMALL,
        MUTED,
    );
    flow.y += Len::mm(3);
    genealogy::draw(flow, &record.genealogy);
    flow.break_page();
    flow.section("Everything connected with this order");
    let rows: Vec<Vec<Cell>> = record
        .genealogy
        .nodes
        .iter()
        .map(|node| {
            vec![
                Cell::plain(&node.word),
                Cell::mono(&node.label),
                Cell::plain(&node.detail),
                match node.disposition {
                    Some(disposition) => Cell::state(disposition.word(), disposition.into()),
                    None => Cell::plain(""),
                },
            ]
        })
        .collect();
    flow.table(&COLUMNS, &rows, "The genealogy is empty.");
}

pub(super) fn donors(flow: &mut Flow, record: &BatchRecord) {
    flow.chapter("Donors");
    if record.donors.is_empty() {
        flow.paragraph("No donor stands behind this product yet.", SMALL, MUTED);
    }
    for donor in &record.donors {
        flow.space(Len::mm(4));
        flow.keep(|flow| draw_donor(flow, donor));
    }
}

fn draw_donor(flow: &mut Flow, donor: &Donor) {
    const COLUMNS: [Column; 4] = [
        Column { title: "Marker", share: 60 },
        Column { title: "Sampled", share: 40 },
        Column { title: "Result", share: 46 },
        Column { title: "Assessment", share: 30 },
    ];
    flow.section(&format!("Donor {}", donor.code));
    let collected = donor.collected.as_ref().map_or("–".to_owned(), |m| m.text.clone());
    flow.grid(&[
        ("Donation", donor.donation.clone()),
        ("Collected", collected),
        ("Eligibility", donor.eligibility.clone()),
        ("Rule set", donor.rule_set.clone()),
        ("Consent", donor.consent.clone()),
        ("Decided by", donor.decided.as_ref().map_or("–".to_owned(), mark_text)),
    ]);
    let rows: Vec<Vec<Cell>> = donor
        .results
        .iter()
        .map(|result| {
            vec![
                Cell::strong(&result.marker),
                Cell::plain(&result.sampled),
                Cell::plain(&result.result),
                verdict_cell(
                    result.verdict,
                    match result.verdict {
                        Verdict::In => "acceptable",
                        Verdict::Out => "NOT ACCEPTABLE",
                        other => other.word(),
                    },
                ),
            ]
        })
        .collect();
    flow.table(&COLUMNS, &rows, "No marker result is recorded.");
}

pub(super) fn custody(flow: &mut Flow, record: &BatchRecord) {
    const COLUMNS: [Column; 6] = [
        Column { title: "When", share: 36 },
        Column { title: "Containers", share: 34 },
        Column { title: "From", share: 30 },
        Column { title: "To", share: 30 },
        Column { title: "Condition", share: 26 },
        Column { title: "Scanned by", share: 20 },
    ];
    flow.chapter("Custody, excursions and administration");
    flow.section("Custody");
    let rows: Vec<Vec<Cell>> = record
        .custody
        .iter()
        .map(|event| {
            vec![
                Cell::plain(brief(&event.at)),
                Cell::mono(&event.containers),
                Cell::plain(&event.from),
                Cell::strong(&event.to),
                Cell::plain(event.condition.as_deref().unwrap_or("")),
                Cell::plain(&event.by),
            ]
        })
        .collect();
    flow.table(&COLUMNS, &rows, "The product has not changed hands.");
    excursions(flow, record);
    administrations(flow, record);
}

fn excursions(flow: &mut Flow, record: &BatchRecord) {
    const COLUMNS: [Column; 5] = [
        Column { title: "Container and purpose", share: 46 },
        Column { title: "Out", share: 42 },
        Column { title: "Due", share: 26 },
        Column { title: "Back", share: 42 },
        Column { title: "State", share: 32 },
    ];
    flow.section("Excursions");
    let rows: Vec<Vec<Cell>> = record
        .excursions
        .iter()
        .map(|excursion| {
            let back = match (&excursion.back, &excursion.quantity_back) {
                (Some(mark), quantity) => {
                    Cell::strong(quantity.as_deref().unwrap_or("–")).and_muted(short_mark(mark))
                }
                (None, _) => Cell::plain("not back"),
            };
            vec![
                Cell::mono(&excursion.container).and_muted(&excursion.purpose),
                Cell::strong(&excursion.quantity_out).and_muted(short_mark(&excursion.out)),
                Cell::plain(brief(&excursion.deadline)),
                back,
                verdict_cell(excursion.verdict, &excursion.state),
            ]
        })
        .collect();
    flow.table(&COLUMNS, &rows, "Nothing left and came back.");
}

fn administrations(flow: &mut Flow, record: &BatchRecord) {
    const COLUMNS: [Column; 6] = [
        Column { title: "Given to", share: 30 },
        Column { title: "Syringe", share: 26 },
        Column { title: "Patient code read", share: 24 },
        Column { title: "Quantity", share: 20 },
        Column { title: "When", share: 36 },
        Column { title: "By, with", share: 50 },
    ];
    flow.section("Administration");
    let rows: Vec<Vec<Cell>> = record
        .administrations
        .iter()
        .map(|given| {
            let mut by = Cell::plain(format!("{} ({})", given.by.name, given.by.login));
            if let Some(witness) = &given.witness {
                by = by.and_muted(format!("identity checked with {}", witness.name));
            }
            let mut target = Cell::strong(&given.target);
            if let Some(note) = &given.note {
                target = target.and_muted(note);
            }
            vec![
                target,
                Cell::mono(&given.container),
                Cell::plain(&given.patient_code),
                Cell::plain(&given.quantity),
                Cell::plain(brief(&given.at)),
                by,
            ]
        })
        .collect();
    flow.table(&COLUMNS, &rows, "Nothing has been administered.");
}

pub(super) fn signatures(flow: &mut Flow, record: &BatchRecord) {
    flow.chapter("Signatures");
    flow.paragraph(
        "Signatures of the order and its batches. The signatures of steps stand with the steps.",
        SMALL,
        MUTED,
    );
    flow.y += Len::mm(2);
    let rows: Vec<Vec<Cell>> = record.signatures.iter().map(signature_row).collect();
    flow.table(&SIGNATURE_COLUMNS, &rows, "Nobody has signed yet.");
}

pub(super) fn audit_trail(flow: &mut Flow, record: &BatchRecord) {
    const COLUMNS: [Column; 6] = [
        Column { title: "When", share: 32 },
        Column { title: "Who", share: 24 },
        Column { title: "What", share: 44 },
        Column { title: "Before", share: 24 },
        Column { title: "After", share: 30 },
        Column { title: "Why", share: 22 },
    ];
    flow.chapter("Audit trail");
    let rows: Vec<Vec<Cell>> = record
        .audit_trail
        .iter()
        .map(|entry| {
            vec![
                Cell::plain(brief(&entry.at)),
                Cell::plain(&entry.by),
                Cell::strong(&entry.action).and_muted(&entry.object),
                Cell::plain(entry.old.as_deref().unwrap_or("")),
                Cell::plain(entry.new.as_deref().unwrap_or("")),
                Cell::plain(entry.reason.as_deref().unwrap_or("")),
            ]
        })
        .collect();
    flow.table(&COLUMNS, &rows, "Nothing was changed.");
}

pub(super) fn proof(flow: &mut Flow, record: &BatchRecord, hash: &str) {
    const EVENTS: [Column; 3] = [
        Column { title: "Place in the ledger", share: 26 },
        Column { title: "SHA-256 of the event", share: 110 },
        Column { title: "Signing key", share: 40 },
    ];
    flow.chapter("Proof");
    flow.paragraph(
        "This document is the readable form of a JSON record, attached to this file as \
         record.json. The SHA-256 of its bytes stands on every page. The JSON holds the exact \
         text, the signature and the inclusion proof of every event listed below; with the public \
         keys and the signed checkpoint they show that the events are in the ledger unchanged.",
        BODY,
        INK,
    );
    flow.y += Len::mm(2);
    flow.notes(&[("Record SHA-256", hash.to_owned()), ("Format", record.format.clone())]);
    flow.section("Checkpoint");
    flow.listing(&record.ledger.checkpoint);
    flow.section("Public keys");
    let keys: Vec<(&str, String)> = record
        .ledger
        .keys
        .iter()
        .map(|key| ("Key", format!("{}  {}  {}", key.id, key.algorithm, key.public)))
        .collect();
    flow.notes(&keys);
    flow.section("Events");
    let rows: Vec<Vec<Cell>> = record
        .ledger
        .events
        .iter()
        .map(|event| {
            vec![
                Cell::plain(
                    event.index.map_or_else(|| "by its stream".to_owned(), |i| i.to_string()),
                ),
                Cell::mono(&event.hash),
                Cell::mono(&event.key),
            ]
        })
        .collect();
    flow.table(&EVENTS, &rows, "The record holds no event of the ledger.");
}
