//! One batch in full: summary, steps, materials, equipment, containers, books, tests, deviations,
//! labels.
//!
//! Architecture invariant: every step of the model is printed, performed or not, in its order.

use crate::pdf::{Face, Len, Point, wrap};

use super::chapters::{brief, mark_text, short_mark, verdict_cell};
use super::flow::{Cell, Column, Flow};
use super::theme::{BODY, INK, LEFT, LINE, MUTED, SMALL, TINT, Tone, WIDTH};
use super::{Account, Batch, Deviation, Field, LabelReconciliation, Step, Test};

pub(super) fn chapter(flow: &mut Flow, batch: &Batch) {
    flow.chapter(&format!("Batch {} – {}", batch.number, batch.title));
    let moment =
        |m: &Option<super::Moment>| m.as_ref().map_or("–".to_owned(), |m| m.text.clone());
    flow.grid(&[
        ("Product", batch.product.clone()),
        ("State", batch.state.clone()),
        ("Master record", batch.master_record.clone()),
        ("Disposition", batch.disposition.word().to_owned()),
        ("Donation number", batch.donation.clone().unwrap_or_else(|| "–".to_owned())),
        ("Steps", steps_summary(batch)),
        ("Started", moment(&batch.started)),
        ("Finished", moment(&batch.finished)),
    ]);
    flow.notes(&[("Text, SHA-256", batch.master_record_hash.clone())]);
    flow.section(&format!("{} · Steps", batch.number));
    for step in &batch.steps {
        flow.keep(|flow| draw_step(flow, step));
        flow.space(Len::um(2600));
    }
    materials(flow, batch);
    containers(flow, batch);
    flow.section(&format!("{} · Accounts", batch.number));
    for account in &batch.accounts {
        draw_account(flow, account);
    }
    if batch.accounts.is_empty() {
        flow.paragraph("No book was kept for this batch.", SMALL, MUTED);
    }
    tests(flow, batch);
    flow.section(&format!("{} · Deviations", batch.number));
    for deviation in &batch.deviations {
        flow.keep(|flow| draw_deviation(flow, deviation));
    }
    if batch.deviations.is_empty() {
        flow.paragraph("No deviation was opened in this batch.", SMALL, MUTED);
    }
    labels(flow, batch);
}

fn steps_summary(batch: &Batch) -> String {
    let done = batch.steps.iter().filter(|step| step.performed.is_some()).count();
    format!("{done} of {} performed", batch.steps.len())
}

/// The state of a step in words.
fn step_state(step: &Step) -> (&'static str, Tone) {
    match (&step.performed, &step.verified, step.needs_verification) {
        (None, ..) => ("not performed", Tone::Plain),
        (Some(_), None, true) => ("performed, not verified", Tone::Warn),
        (Some(_), Some(_), _) => ("performed and verified", Tone::Good),
        (Some(_), None, false) => ("performed", Tone::Good),
    }
}

fn draw_step(flow: &mut Flow, step: &Step) {
    step_header(flow, step);
    if let Some(instruction) = &step.instruction {
        flow.notes(&[("Instruction", instruction.clone())]);
        flow.y += Len::um(500);
    }
    if !step.fields.is_empty() {
        fields(flow, &step.fields);
    }
    if !step.timers.is_empty() {
        fields(flow, &step.timers);
    }
    let mut notes = Vec::new();
    let lists = [
        ("Materials", &step.materials),
        ("Equipment", &step.equipment),
        ("Containers", &step.containers),
        ("Deviations", &step.deviations),
        ("Comments", &step.comments),
    ];
    for (name, list) in lists {
        if !list.is_empty() {
            notes.push((name, list.join("; ")));
        }
    }
    if let Some(mark) = &step.performed {
        notes.push(("Performed", mark_text(mark)));
    }
    if let Some(mark) = &step.verified {
        notes.push(("Verified", mark_text(mark)));
    }
    flow.notes(&notes);
}

fn step_header(flow: &mut Flow, step: &Step) {
    let height = Len::um(6200);
    let at = Point::new(LEFT, flow.y);
    flow.page().fill(at, WIDTH, height, TINT);
    let (word, tone) = step_state(step);
    flow.page().fill(at, Len::um(900), height, tone.color());
    let base = flow.y + Len::um(4150);
    let right = LEFT + WIDTH - Len::um(1500);
    let edge = flow.badge(right, base, word, tone);
    let number = Point::new(LEFT + Len::um(2500), base);
    flow.page().text(number, Face::Bold, BODY, INK, &step.number);
    let x = LEFT + Len::mm(14);
    let text = format!("{}  ({})", step.title, step.operation);
    let lines = wrap(Face::Bold, BODY, &text, edge - x - Len::mm(3));
    let text = lines.first().map_or("", |line| line.as_str());
    flow.page().text(Point::new(x, base), Face::Bold, BODY, INK, text);
    flow.y += height + Len::um(600);
    for line in lines.iter().skip(1) {
        let at = Point::new(x, flow.y + Len::um(2200));
        flow.page().text(at, Face::Bold, BODY, INK, line);
        flow.y += Len::um(3800);
    }
}

fn fields(flow: &mut Flow, fields: &[Field]) {
    const COLUMNS: [Column; 5] = [
        Column { title: "Value", share: 52 },
        Column { title: "Recorded", share: 48 },
        Column { title: "Limits", share: 36 },
        Column { title: "Result", share: 24 },
        Column { title: "Source", share: 16 },
    ];
    let rows: Vec<Vec<Cell>> = fields
        .iter()
        .map(|field| {
            let mut value = Cell::strong(&field.value);
            for correction in &field.corrections {
                value = value.and_muted(format!(
                    "corrected from {} by {} on {}: {}",
                    correction.from,
                    correction.by.login,
                    brief(&correction.at),
                    correction.reason
                ));
            }
            vec![
                Cell::plain(&field.label),
                value,
                Cell::plain(field.limits.as_deref().unwrap_or("")),
                verdict_cell(field.verdict, field.verdict.word()),
                Cell::plain(&field.source),
            ]
        })
        .collect();
    flow.table(&COLUMNS, &rows, "");
}

fn materials(flow: &mut Flow, batch: &Batch) {
    const MATERIALS: [Column; 5] = [
        Column { title: "Material", share: 58 },
        Column { title: "Lot", share: 34 },
        Column { title: "Expiry", share: 34 },
        Column { title: "Quantity", share: 22 },
        Column { title: "Steps", share: 28 },
    ];
    const EQUIPMENT: [Column; 5] = [
        Column { title: "Asset", share: 28 },
        Column { title: "Equipment", share: 52 },
        Column { title: "Calibration", share: 36 },
        Column { title: "Cleaning", share: 32 },
        Column { title: "Steps", share: 28 },
    ];
    flow.section(&format!("{} · Materials and equipment", batch.number));
    let rows: Vec<Vec<Cell>> = batch
        .materials
        .iter()
        .map(|used| {
            vec![
                Cell::strong(&used.material),
                Cell::plain(&used.lot),
                Cell::plain(&used.expiry),
                Cell::plain(&used.quantity),
                Cell::plain(&used.steps),
            ]
        })
        .collect();
    flow.table(&MATERIALS, &rows, "No material lot was used.");
    flow.caption("Equipment");
    let rows: Vec<Vec<Cell>> = batch
        .equipment
        .iter()
        .map(|used| {
            vec![
                Cell::strong(&used.asset),
                Cell::plain(&used.name),
                Cell::plain(&used.calibration),
                Cell::plain(&used.cleaning),
                Cell::plain(&used.steps),
            ]
        })
        .collect();
    flow.table(&EQUIPMENT, &rows, "No equipment was used.");
}

fn containers(flow: &mut Flow, batch: &Batch) {
    const COLUMNS: [Column; 6] = [
        Column { title: "Container", share: 26 },
        Column { title: "Kind", share: 24 },
        Column { title: "Direction", share: 20 },
        Column { title: "Content", share: 42 },
        Column { title: "Whereabouts", share: 34 },
        Column { title: "Disposition", share: 36 },
    ];
    flow.section(&format!("{} · Containers", batch.number));
    let rows: Vec<Vec<Cell>> = batch
        .containers
        .iter()
        .map(|line| {
            vec![
                Cell::mono(&line.code),
                Cell::plain(&line.kind),
                Cell::plain(&line.direction),
                Cell::plain(&line.content),
                Cell::plain(&line.whereabouts),
                Cell::state(line.disposition.word(), line.disposition.into()),
            ]
        })
        .collect();
    flow.table(&COLUMNS, &rows, "No container was consumed or produced.");
}

fn draw_account(flow: &mut Flow, account: &Account) {
    const COLUMNS: [Column; 6] = [
        Column { title: "When", share: 42 },
        Column { title: "Step", share: 32 },
        Column { title: "From", share: 34 },
        Column { title: "To", share: 34 },
        Column { title: "Amount", share: 22 },
        Column { title: "By", share: 14 },
    ];
    flow.caption(&format!("{} ({})", account.name, account.unit));
    let rows: Vec<Vec<Cell>> = account
        .postings
        .iter()
        .map(|posting| {
            vec![
                Cell::plain(brief(&posting.at)),
                Cell::plain(&posting.step),
                Cell::plain(&posting.from),
                Cell::plain(&posting.to),
                Cell::strong(&posting.amount),
                Cell::plain(&posting.by),
            ]
        })
        .collect();
    flow.table(&COLUMNS, &rows, "No posting.");
    let balances: Vec<String> =
        account.balances.iter().map(|b| format!("{}: {}", b.account, b.amount)).collect();
    let state = if account.balanced { "balanced" } else { "NOT BALANCED" };
    flow.notes(&[("Balance", format!("{} – {state}", balances.join("; ")))]);
}

fn tests(flow: &mut Flow, batch: &Batch) {
    const COLUMNS: [Column; 6] = [
        Column { title: "Test and method", share: 42 },
        Column { title: "Sample", share: 20 },
        Column { title: "Specification", share: 32 },
        Column { title: "Result", share: 32 },
        Column { title: "Verdict", share: 24 },
        Column { title: "Signed", share: 62 },
    ];
    flow.section(&format!("{} · Tests", batch.number));
    let rows: Vec<Vec<Cell>> = batch.tests.iter().map(test_row).collect();
    flow.table(&COLUMNS, &rows, "No test was requested.");
}

fn test_row(test: &Test) -> Vec<Cell> {
    let mut result = Cell::strong(test.result.as_deref().unwrap_or("pending"));
    for reading in &test.readings {
        result =
            result.and_muted(format!("{}: {} ({})", brief(&reading.at), reading.value, reading.by));
    }
    let word = match test.verdict {
        super::Verdict::In => "conforms",
        super::Verdict::Out => "OUT OF SPECIFICATION",
        other => other.word(),
    };
    let mut signed = Cell::default();
    for mark in &test.signed {
        signed = signed.and_muted(short_mark(mark));
    }
    vec![
        Cell::strong(&test.name)
            .and_muted(&test.method)
            .and_muted(format!("for {} certification", test.stage)),
        Cell::mono(&test.sample),
        Cell::plain(&test.specification),
        result,
        verdict_cell(test.verdict, word),
        signed,
    ]
}

fn draw_deviation(flow: &mut Flow, deviation: &Deviation) {
    let tone = if deviation.closed { Tone::Good } else { Tone::Bad };
    flow.caption(&format!("{} – {}", deviation.number, deviation.title));
    let base = flow.y - Len::um(1600);
    flow.badge(LEFT + WIDTH, base, &deviation.state, tone);
    let mut notes = vec![
        ("Class", deviation.class.clone()),
        ("Step", deviation.step.clone()),
        ("What happened", deviation.description.clone()),
    ];
    notes.extend(deviation.assessment.clone().map(|text| ("Assessment", text)));
    if !deviation.actions.is_empty() {
        notes.push(("Actions", deviation.actions.join("; ")));
    }
    notes.extend(deviation.signed.iter().map(|mark| ("Signed", mark_text(mark))));
    flow.notes(&notes);
    let y = flow.y + Len::um(700);
    flow.page().line(Point::new(LEFT, y), Point::new(LEFT + WIDTH, y), LINE, Len::um(150));
    flow.y += Len::um(1400);
}

fn labels(flow: &mut Flow, batch: &Batch) {
    const PRINTS: [Column; 5] = [
        Column { title: "Label", share: 34 },
        Column { title: "Definition", share: 34 },
        Column { title: "Printed", share: 46 },
        Column { title: "By", share: 20 },
        Column { title: "What became of it", share: 42 },
    ];
    flow.section(&format!("{} · Labels", batch.number));
    let rows: Vec<Vec<Cell>> = batch.labels.iter().map(reconciliation_row).collect();
    flow.table(&RECONCILIATION, &rows, "No label was printed.");
    let prints: Vec<Vec<Cell>> = batch
        .labels
        .iter()
        .flat_map(|account| &account.prints)
        .map(|print| {
            let mut state = Cell::plain(&print.state);
            if let Some(reason) = &print.reason {
                state = state.and_muted(reason);
            }
            vec![
                Cell::mono(&print.code),
                Cell::plain(&print.template),
                Cell::plain(brief(&print.at)),
                Cell::plain(&print.by),
                state,
            ]
        })
        .collect();
    if !prints.is_empty() {
        flow.caption("Every print");
        flow.table(&PRINTS, &prints, "");
    }
}

const RECONCILIATION: [Column; 7] = [
    Column { title: "Kind of label", share: 40 },
    Column { title: "Issued", share: 18 },
    Column { title: "Applied", share: 18 },
    Column { title: "Destroyed", share: 20 },
    Column { title: "Retained", share: 20 },
    Column { title: "In the record", share: 22 },
    Column { title: "Difference", share: 38 },
];

fn reconciliation_row(account: &LabelReconciliation) -> Vec<Cell> {
    let difference = account.difference();
    vec![
        Cell::strong(&account.kind),
        Cell::plain(account.issued.to_string()),
        Cell::plain(account.applied.to_string()),
        Cell::plain(account.destroyed.to_string()),
        Cell::plain(account.retained.to_string()),
        Cell::plain(account.in_record.to_string()),
        match difference {
            0 => Cell::state("0 – reconciled", Tone::Good),
            other => Cell::state(format!("{other} – NOT RECONCILED"), Tone::Bad),
        },
    ]
}
