//! One batch in full: summary, steps, times, corrections, materials, equipment, containers, books,
//! tests, deviations, labels.
//!
//! Architecture invariant: every step of the model is printed, performed or not, in its order; what
//! is alike is printed once with how many it stands for.

use crate::pdf::{Face, Len, Point, wrap};

use super::flow::{Cell, Column, Flow};
use super::theme::{BODY, INK, LEFT, LINE, MUTED, SMALL, TINT, Tone, WIDTH};
use super::words::{brief, code_ranges, mark_text, or_dash, short_mark, step_mark, verdict_cell};
use super::{
    Account, Batch, ContainerLine, Correction, Deviation, Doubling, EquipmentUse, Field,
    IdentityCorrection, LabelPrint, LabelReconciliation, MaterialUse, Posting, Reconciliation,
    Step, Test, Timer, Verdict,
};

/// From here on things that are alike are one row.
const ALIKE: usize = 4;

pub(super) fn chapter(flow: &mut Flow, batch: &Batch) {
    flow.chapter(&format!("Batch {} – {}", batch.number, batch.title));
    flow.grid(&[
        ("Product", batch.product.clone()),
        ("State", batch.state.clone()),
        ("Master record", batch.master_record.clone()),
        ("Disposition", batch.disposition.word().to_owned()),
        ("Donation number", batch.donation.clone().unwrap_or_else(|| "–".to_owned())),
        ("Steps", steps_summary(batch)),
        ("Started", or_dash(batch.started.as_ref())),
        ("Finished", or_dash(batch.finished.as_ref())),
    ]);
    flow.notes(&[("Text, SHA-256", batch.master_record_hash.clone())]);
    let number = batch.number.as_str();
    flow.section_of(number, "Steps");
    for step in &batch.steps {
        flow.keep(|flow| draw_step(flow, step));
        flow.space(Len::um(2200));
    }
    times(flow, batch);
    corrections(flow, batch);
    supplies(flow, batch);
    containers(flow, batch);
    identities(flow, batch);
    flow.section_of(number, "Accounts");
    for account in &batch.accounts {
        draw_account(flow, account);
    }
    if batch.accounts.is_empty() {
        flow.paragraph("No book was kept for this batch.", SMALL, MUTED);
    }
    reconciliations(flow, batch);
    doublings(flow, batch);
    tests(flow, batch);
    flow.section_of(number, "Deviations");
    for deviation in &batch.deviations {
        flow.keep(|flow| draw_deviation(flow, deviation));
    }
    if batch.deviations.is_empty() {
        flow.paragraph("No deviation was opened in this batch.", SMALL, MUTED);
    }
    labels(flow, batch);
}

fn steps_summary(batch: &Batch) -> String {
    let performed = batch.steps.iter().filter(|step| step.performed.is_some()).count();
    let left = batch.steps.len() - performed;
    format!("{performed} performances; {left} steps not performed")
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
    let lists = [
        ("Materials", &step.materials),
        ("Equipment", &step.equipment),
        ("Containers", &step.containers),
        ("Deviations", &step.deviations),
    ];
    let filled = lists.into_iter().filter(|(_, list)| !list.is_empty());
    let mut notes: Vec<(&str, String)> =
        filled.map(|(name, list)| (name, list.join("; "))).collect();
    notes.extend(step.performed.iter().map(|mark| ("Performed", step_mark(mark))));
    notes.extend(step.verified.iter().map(|mark| ("Verified", step_mark(mark))));
    let over = |line: &String| ("Not covered", format!("corrected after the signature of {line}"));
    notes.extend(step.not_covered.iter().map(over));
    flow.notes(&notes);
}

fn step_header(flow: &mut Flow, step: &Step) {
    let height = Len::um(5600);
    let at = Point::new(LEFT, flow.y);
    flow.page().fill(at, WIDTH, height, TINT);
    let (word, tone) = step_state(step);
    flow.page().fill(at, Len::um(900), height, tone.color());
    let base = flow.y + Len::um(3850);
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
        Column { title: "Value", share: 70 },
        Column { title: "Recorded", share: 36 },
        Column { title: "Limits", share: 34 },
        Column { title: "Result", share: 24 },
        Column { title: "Source", share: 18 },
    ];
    flow.list(&COLUMNS, fields, "", |field| {
        let mut value = Cell::strong(&field.value);
        for correction in &field.corrections {
            let word =
                if correction.calculated { "calculated anew, was" } else { "corrected, was" };
            value = value.and_muted(format!(
                "{word} {} (correction {} by {} on {}: {})",
                correction.from,
                correction.number,
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
    });
}

fn times(flow: &mut Flow, batch: &Batch) {
    const COLUMNS: [Column; 6] = [
        Column { title: "Time", share: 34 },
        Column { title: "From", share: 38 },
        Column { title: "To", share: 38 },
        Column { title: "Limits", share: 20 },
        Column { title: "Actual", share: 18 },
        Column { title: "State", share: 34 },
    ];
    let moment = |moment: &Option<super::Moment>| {
        moment.as_ref().map_or("not performed".to_owned(), |at| brief(at).to_owned())
    };
    flow.section_of(&batch.number, "Times between steps");
    let empty = "The master record limits no time between steps.";
    flow.list(&COLUMNS, &batch.timers, empty, |timer: &Timer| {
        vec![
            Cell::strong(&timer.title),
            Cell::plain(&timer.from).and_muted(moment(&timer.started)),
            Cell::plain(&timer.to).and_muted(moment(&timer.stopped)),
            Cell::plain(&timer.limits),
            Cell::strong(timer.actual.as_deref().unwrap_or("–")),
            verdict_cell(timer.verdict, &timer.state),
        ]
    });
}

/// Every value that was replaced after it was signed, with the value it replaced.
fn corrections(flow: &mut Flow, batch: &Batch) {
    const COLUMNS: [Column; 6] = [
        Column { title: "No.", share: 10 },
        Column { title: "Step", share: 32 },
        Column { title: "Value", share: 36 },
        Column { title: "Before → after", share: 32 },
        Column { title: "By, when; verified", share: 42 },
        Column { title: "Why", share: 34 },
    ];
    flow.section_of(&batch.number, "Corrections");
    let mut found: Vec<(&Step, &Field, &Correction)> = Vec::new();
    for step in &batch.steps {
        for field in &step.fields {
            found.extend(field.corrections.iter().map(|correction| (step, field, correction)));
        }
    }
    found.sort_by_key(|(_, _, correction)| (correction.number, correction.calculated));
    let rows: Vec<Vec<Cell>> =
        found.into_iter().map(|(step, field, one)| correction_row(step, field, one)).collect();
    flow.table(&COLUMNS, &rows, "No value of this batch was corrected after it was signed.");
}

fn correction_row(step: &Step, field: &Field, correction: &Correction) -> Vec<Cell> {
    let mut by = Cell::plain(format!("{} ({})", correction.by.name, correction.by.login))
        .and_muted(brief(&correction.at));
    by = match (&correction.verified, correction.waits) {
        (Some(mark), _) => by.and_muted(short_mark(mark)),
        (None, true) => by.and_muted("NOT VERIFIED"),
        (None, false) => by,
    };
    let why = match correction.calculated {
        true => format!("calculated anew by correction {}", correction.number),
        false => correction.reason.clone(),
    };
    vec![
        Cell::plain(correction.number.to_string()),
        Cell::plain(format!("{} {}", step.number, step.title)),
        Cell::plain(&field.label),
        Cell::strong(format!("{} → {}", correction.from, correction.to)),
        by,
        Cell::plain(why),
    ]
}

fn supplies(flow: &mut Flow, batch: &Batch) {
    const MATERIALS: [Column; 5] = [
        Column { title: "Material and lot", share: 54 },
        Column { title: "Released, expires", share: 44 },
        Column { title: "Used at step", share: 46 },
        Column { title: "Quantity", share: 20 },
        Column { title: "State at use", share: 34 },
    ];
    const EQUIPMENT: [Column; 5] = [
        Column { title: "Equipment", share: 42 },
        Column { title: "Calibration at use", share: 40 },
        Column { title: "Cleaning at use", share: 40 },
        Column { title: "Used at steps", share: 52 },
        Column { title: "State at use", share: 24 },
    ];
    flow.section_of(&batch.number, "Materials and equipment");
    let rows: Vec<Vec<Cell>> = batch.materials.iter().flat_map(material_rows).collect();
    flow.table(&MATERIALS, &rows, "No material lot was used.");
    flow.caption("Equipment");
    flow.list(&EQUIPMENT, &batch.equipment, "No equipment was used.", |used: &EquipmentUse| {
        vec![
            Cell::strong(&used.asset).and_muted(&used.name),
            Cell::plain(&used.calibration),
            Cell::plain(&used.cleaning),
            Cell::plain(used.uses.join("; ")),
            verdict_cell(used.verdict, &used.state),
        ]
    });
}

/// A row for each use; what is said of the lot stands in the first.
fn material_rows(lot: &MaterialUse) -> Vec<Vec<Cell>> {
    let mut rows = Vec::new();
    for (place, used) in lot.uses.iter().enumerate() {
        let (head, released) = if place == 0 { lot_cells(lot) } else { Default::default() };
        let mut step = Cell::plain(&used.step).and_muted(brief(&used.at));
        if let Some(in_use) = &used.in_use {
            step = step.and_muted(in_use);
        }
        rows.push(vec![
            head,
            released,
            step,
            Cell::strong(used.quantity.as_deref().unwrap_or("not stated")),
            verdict_cell(used.verdict, &used.state),
        ]);
    }
    rows
}

fn lot_cells(lot: &MaterialUse) -> (Cell, Cell) {
    let mut head = Cell::strong(&lot.material).and(&lot.lot).and_muted(&lot.supplier);
    if let Some(certificate) = &lot.certificate {
        head = head.and_muted(format!("certificate {certificate}"));
    }
    let mut released = Cell::plain(format!("expires {}", brief(&lot.expiry)));
    released = match &lot.released {
        Some(mark) => released.and_muted(short_mark(mark)),
        None => released.and_muted("not decided by QA"),
    };
    (head, released)
}

/// Splits into runs of things that are alike, in the order of the first of each.
fn alike<'a, T, K: PartialEq>(items: &'a [T], key: impl Fn(&'a T) -> K) -> Vec<Vec<&'a T>> {
    let mut groups: Vec<(K, Vec<&T>)> = Vec::new();
    for item in items {
        let own = key(item);
        match groups.iter_mut().find(|(known, _)| *known == own) {
            Some((_, group)) => group.push(item),
            None => groups.push((own, vec![item])),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

fn identities(flow: &mut Flow, batch: &Batch) {
    const COLUMNS: [Column; 4] = [
        Column { title: "Container", share: 24 },
        Column { title: "Identity before → after", share: 62 },
        Column { title: "Proposed; confirmed", share: 56 },
        Column { title: "Why", share: 44 },
    ];
    // Rare: a section of its own where there is one, and no page that says there is none.
    if batch.identities.is_empty() {
        return;
    }
    flow.section_of(&batch.number, "Corrected product identities");
    flow.list(&COLUMNS, &batch.identities, "", |one: &IdentityCorrection| {
        vec![
            Cell::strong(one.container.clone()),
            Cell::plain(one.from.clone()).and_muted(format!("→ {}", one.to)),
            Cell::plain(short_mark(&one.proposed)).and_muted(short_mark(&one.confirmed)),
            Cell::plain(&one.reason),
        ]
    });
}

fn containers(flow: &mut Flow, batch: &Batch) {
    const COLUMNS: [Column; 6] = [
        Column { title: "Container", share: 30 },
        Column { title: "Kind", share: 20 },
        Column { title: "Direction", share: 28 },
        Column { title: "Content", share: 36 },
        Column { title: "Whereabouts", share: 42 },
        Column { title: "Disposition", share: 26 },
    ];
    flow.section_of(&batch.number, "Containers");
    let groups = alike(&batch.containers, |line| {
        (&line.kind, &line.direction, &line.content, line.disposition)
    });
    let (many, few): (Vec<Vec<&ContainerLine>>, Vec<Vec<&ContainerLine>>) =
        groups.into_iter().partition(|group| group.len() >= ALIKE);
    let row = |code: String, where_now: String, line: &ContainerLine| {
        vec![
            Cell::plain(code),
            Cell::plain(&line.kind),
            Cell::plain(&line.direction),
            Cell::plain(&line.content),
            Cell::plain(where_now),
            Cell::state(line.disposition.word(), line.disposition.into()),
        ]
    };
    let mut rows: Vec<Vec<Cell>> = few
        .iter()
        .flatten()
        .map(|line| row(line.code.clone(), line.whereabouts.clone(), line))
        .collect();
    for group in &many {
        let codes: Vec<&str> = group.iter().map(|line| line.code.as_str()).collect();
        let Some(first) = group.first() else { continue };
        let same = group.iter().all(|line| line.whereabouts == first.whereabouts);
        let place = if same { first.whereabouts.as_str() } else { "each below" };
        let code = format!("{} × {}", group.len(), code_ranges(&codes));
        rows.push(row(code, place.to_owned(), first));
    }
    flow.table(&COLUMNS, &rows, "No container was consumed or produced.");
    for group in many.iter().filter(|group| !one_place(group)) {
        let kind = group.first().map_or("", |line| line.kind.as_str());
        flow.caption(&format!("Where each {kind} is, or what became of it"));
        let pairs: Vec<(String, String)> =
            group.iter().map(|line| (line.code.clone(), line.whereabouts.clone())).collect();
        flow.pairs(&pairs, 38, "");
    }
}

fn one_place(group: &[&ContainerLine]) -> bool {
    group.iter().all(|line| group.first().is_some_and(|one| one.whereabouts == line.whereabouts))
}

fn draw_account(flow: &mut Flow, account: &Account) {
    const COLUMNS: [Column; 6] = [
        Column { title: "When", share: 40 },
        Column { title: "Step", share: 56 },
        Column { title: "From", share: 26 },
        Column { title: "To", share: 26 },
        Column { title: "Amount", share: 32 },
        Column { title: "By", share: 14 },
    ];
    flow.caption(&format!("{} ({})", account.name, account.unit));
    flow.list(&COLUMNS, &account.postings, "No posting.", |posting: &Posting| {
        let mut amount = Cell::strong(&posting.amount);
        if posting.count > 1 {
            amount = amount.and_muted(format!("{} × {}", posting.count, posting.each));
        }
        vec![
            Cell::plain(brief(&posting.at)),
            Cell::plain(&posting.step),
            Cell::plain(&posting.from),
            Cell::plain(&posting.to),
            amount,
            Cell::plain(&posting.by),
        ]
    });
    let balances: Vec<String> =
        account.balances.iter().map(|b| format!("{}: {}", b.account, b.amount)).collect();
    let state = if account.balanced { "balanced" } else { "NOT BALANCED" };
    flow.notes(&[("Balance", format!("{} – {state}", balances.join("; ")))]);
}

fn reconciliations(flow: &mut Flow, batch: &Batch) {
    const COLUMNS: [Column; 3] = [
        Column { title: "Reconciliation", share: 70 },
        Column { title: "Found, and allowed", share: 90 },
        Column { title: "Result", share: 34 },
    ];
    if batch.reconciliations.is_empty() {
        return;
    }
    flow.caption("Reconciliation");
    flow.list(&COLUMNS, &batch.reconciliations, "", |one: &Reconciliation| {
        let (word, tone) = match one.verdict {
            Verdict::In => ("within limits", Tone::Plain),
            Verdict::Out => ("OUTSIDE LIMITS", Tone::Bad),
            _ => ("not made", Tone::Plain),
        };
        vec![Cell::plain(&one.title), Cell::plain(&one.found), Cell::state(word, tone)]
    });
}

fn doublings(flow: &mut Flow, batch: &Batch) {
    const COLUMNS: [Column; 5] = [
        Column { title: "Batch", share: 30 },
        Column { title: "Passage", share: 18 },
        Column { title: "Population doublings", share: 74 },
        Column { title: "Grown for; one doubling", share: 44 },
        Column { title: "Cumulative", share: 28 },
    ];
    if batch.doublings.is_empty() {
        return;
    }
    flow.caption("Population doublings since the donor's cells were first counted");
    flow.list(&COLUMNS, &batch.doublings, "", |one: &Doubling| {
        vec![
            Cell::plain(&one.batch),
            Cell::plain(&one.passage),
            Cell::plain(&one.arithmetic),
            Cell::plain(&one.grown).and_muted(&one.each),
            Cell::strong(&one.level),
        ]
    });
}

fn tests(flow: &mut Flow, batch: &Batch) {
    const COLUMNS: [Column; 5] = [
        Column { title: "Test, method, sample", share: 48 },
        Column { title: "Specification", share: 28 },
        Column { title: "Result", share: 44 },
        Column { title: "Verdict", share: 24 },
        Column { title: "Signed", share: 62 },
    ];
    flow.section_of(&batch.number, "Tests");
    flow.list(&COLUMNS, &batch.tests, "No test was requested.", test_row);
}

fn test_row(test: &Test) -> Vec<Cell> {
    let mut result = Cell::default();
    match &test.result {
        Some(text) => {
            for line in text.split("; ") {
                result = result.and_strong(line);
            }
        }
        None => result = result.and_strong("pending"),
    }
    for reading in &test.readings {
        result =
            result.and_muted(format!("{}: {} ({})", brief(&reading.at), reading.value, reading.by));
    }
    let word = match test.verdict {
        Verdict::In => "conforms",
        Verdict::Out => "OUT OF SPECIFICATION",
        other => other.word(),
    };
    let mut signed = Cell::default();
    for mark in &test.signed {
        signed = signed.and_muted(short_mark(mark));
    }
    vec![
        Cell::strong(&test.name)
            .and_muted(&test.method)
            .and_muted(format!("sample {}; for {} certification", test.sample, test.stage)),
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
    const RECONCILIATION: [Column; 8] = [
        Column { title: "Kind of label", share: 36 },
        Column { title: "Issued", share: 16 },
        Column { title: "Applied", share: 18 },
        Column { title: "Destroyed", share: 20 },
        Column { title: "Retained", share: 20 },
        Column { title: "In the record", share: 22 },
        Column { title: "Lost", share: 14 },
        Column { title: "Difference", share: 36 },
    ];
    flow.section_of(&batch.number, "Labels");
    let empty = "No label was printed.";
    flow.list(&RECONCILIATION, &batch.labels, empty, |account: &LabelReconciliation| {
        vec![
            Cell::strong(account.kind.replace('_', " ")),
            Cell::plain(account.issued.to_string()),
            Cell::plain(account.applied.to_string()),
            Cell::plain(account.destroyed.to_string()),
            Cell::plain(account.retained.to_string()),
            Cell::plain(account.in_record.to_string()),
            match account.lost {
                0 => Cell::plain("0"),
                lost => Cell::state(lost.to_string(), Tone::Bad),
            },
            match account.difference() {
                0 => Cell::state("0 – reconciled", Tone::Good),
                other => Cell::state(format!("{other} – NOT RECONCILED"), Tone::Bad),
            },
        ]
    });
    for account in &batch.labels {
        for group in
            alike(&account.prints, |print| (&print.by, &print.state, &print.reason, &print.lost))
        {
            prints(flow, account, &group);
        }
    }
}

/// Labels of one kind that one person printed and that came to the same.
fn prints(flow: &mut Flow, account: &LabelReconciliation, group: &[&LabelPrint]) {
    let Some(first) = group.first() else { return };
    let reason = first.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    let lost = first.lost.as_ref().map(|lost| format!("; {lost}")).unwrap_or_default();
    flow.caption(&format!(
        "{} × {}, printed by {}, {}{reason}{lost}",
        group.len(),
        account.kind.replace('_', " "),
        first.by,
        first.state
    ));
    let pairs: Vec<(String, String)> =
        group.iter().map(|print| (print.code.clone(), brief(&print.at).to_owned())).collect();
    flow.pairs(&pairs, 38, "");
}
