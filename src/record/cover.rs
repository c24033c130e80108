//! The cover and the table of contents.
//!
//! Architecture invariant: the cover alone says whose product it is, where it stands, who certified
//! it, and how to check the rest.

use crate::labels::{SymbolKind, encode_symbol};
use crate::pdf::{Face, Heading, Item, Len, Page, Point, fit, wrap};

use super::flow::{Cell, Column, Flow};
use super::theme::{ACCENT, BODY, INK, LEFT, LINE, MUTED, SMALL, TINY, TOP, Tone, WIDTH, shape};
use super::words::mark_text;
use super::{BatchRecord, DoseLine, chapters};

const QR_ROOM: Len = Len::mm(30);

/// Draws the cover; always begins at the top of the first page.
pub(super) fn cover(flow: &mut Flow, record: &BatchRecord, hash: &str) {
    let identity = &record.identity;
    line(flow, &record.site.name, Face::Bold, Len::pt(10), INK);
    line(flow, &record.site.address, Face::Sans, SMALL, MUTED);
    if let Some(authorisation) = &record.site.authorisation {
        line(flow, authorisation, Face::Sans, SMALL, MUTED);
    }
    flow.y += Len::mm(6);
    line(flow, "Electronic batch record", Face::Sans, Len::pt(12), MUTED);
    line(flow, &identity.order, Face::Bold, Len::pt(28), ACCENT);
    line(flow, &identity.product, Face::Bold, Len::pt(13), INK);
    line(flow, &identity.strength, Face::Sans, BODY, INK);
    flow.y += Len::mm(3);
    status(flow, record);
    flow.y += Len::mm(5);
    particulars(flow, record, hash);
    flow.y += Len::mm(3);
    dose_plan(flow, record);
    flow.caption("Certification and release");
    let rows: Vec<Vec<Cell>> = record
        .signatures
        .iter()
        .filter(|signature| signature.on_cover)
        .map(chapters::signature_row)
        .collect();
    flow.table(&chapters::SIGNATURE_COLUMNS, &rows, "Nobody has certified this product yet.");
}

fn line(flow: &mut Flow, text: &str, face: Face, size: Len, color: crate::pdf::Color) {
    let size = fit(face, text, size, Len::pt(7), WIDTH - Len::mm(34)).unwrap_or(Len::pt(7));
    for text in wrap(face, size, text, WIDTH) {
        flow.y += size.scaled(80, 100);
        let at = Point::new(LEFT, flow.y);
        flow.page().text(at, face, size, color, &text);
        flow.y += size.scaled(52, 100);
    }
}

/// The status in large letters on its own tint, with its shape.
fn status(flow: &mut Flow, record: &BatchRecord) {
    let status = &record.status;
    let tone = Tone::from(status.stage);
    let size = Len::pt(15);
    let inner = WIDTH - Len::mm(24);
    let head = wrap(Face::Bold, size, &status.headline, inner);
    let body = wrap(Face::Sans, BODY, &status.summary, inner);
    let count = |lines: &[String]| i64::try_from(lines.len()).unwrap_or(1);
    let head_step = size.scaled(125, 100);
    let body_step = BODY.scaled(135, 100);
    let height = head_step * count(&head) + body_step * count(&body) + Len::mm(8);
    let at = Point::new(LEFT, flow.y);
    flow.page().fill(at, WIDTH, height, tone.tint());
    flow.page().fill(at, Len::mm(2), height, tone.color());
    let mark = Point::new(LEFT + Len::mm(7), flow.y + Len::um(4600));
    shape(flow.page(), mark, Len::um(6500), tone);
    let x = LEFT + Len::mm(19);
    let mut base = flow.y + Len::mm(3) + size.scaled(90, 100);
    for text in head {
        flow.page().text(Point::new(x, base), Face::Bold, size, tone.color(), &text);
        base += head_step;
    }
    for text in body {
        flow.page().text(Point::new(x, base - Len::mm(1)), Face::Sans, BODY, INK, &text);
        base += body_step;
    }
    flow.y += height;
}

/// Patient code in a frame, the grid of particulars, and the symbol that names this record.
fn particulars(flow: &mut Flow, record: &BatchRecord, hash: &str) {
    let identity = &record.identity;
    let top = flow.y;
    let frame = Len::mm(62);
    let height = Len::mm(17);
    flow.page().frame(Point::new(LEFT, top), frame, height, INK, Len::um(400));
    let label = Point::new(LEFT + Len::mm(3), top + Len::um(4500));
    flow.page().text(label, Face::Condensed, SMALL, MUTED, "Patient code");
    let room = frame - Len::mm(6);
    let size = fit(Face::Bold, &identity.patient_code, Len::pt(24), Len::pt(8), room);
    let code = Point::new(LEFT + Len::mm(3), top + Len::um(13_500));
    let size = size.unwrap_or(Len::pt(8));
    flow.page().text(code, Face::Bold, size, INK, &identity.patient_code);
    let x = LEFT + frame + Len::mm(6);
    let facts = [
        ("Chain of identity", identity.coi.as_str(), Face::Mono),
        ("Treatment", identity.treatment.text.as_str(), Face::Sans),
        ("Use by", identity.expiry.as_ref().map_or("not set yet", |m| m.text.as_str()), Face::Sans),
    ];
    let mut base = top + Len::um(4500);
    for (name, value, face) in facts {
        flow.page().text(Point::new(x, base), Face::Condensed, SMALL, MUTED, name);
        flow.page().text(Point::new(x + Len::mm(28), base), face, BODY, INK, value);
        base += Len::um(5300);
    }
    symbol(flow, record, hash, top);
    flow.y = top + height + Len::mm(4);
    let batches: Vec<String> =
        record.batches.iter().map(|batch| format!("{} ({})", batch.number, batch.title)).collect();
    flow.grid(&[
        ("Protocol", format!("{} – {}", identity.protocol, identity.protocol_title)),
        ("Legal basis", identity.legal_basis.clone()),
        ("Sponsor", identity.sponsor.clone()),
    ]);
    flow.notes(&[
        ("Ordered by", mark_text(&identity.ordered)),
        ("Exported by", mark_text(&record.exported)),
        ("Batches", batches.join(", ")),
        ("Times", format!("in the zone of the site, {}", record.site.zone)),
    ]);
}

/// The QR symbol at the top right: order, record hash and checkpoint, for a phone or the scanner.
fn symbol(flow: &mut Flow, record: &BatchRecord, hash: &str, _top: Len) {
    let ledger = &record.ledger;
    let payload = format!(
        "{}\n{}\n{hash}\n{}\n{}\n{}\n",
        record.format, record.identity.order, ledger.origin, ledger.size, ledger.root
    );
    let Some(modules) = encode_symbol(SymbolKind::Qr, &payload) else { return };
    let module = QR_ROOM / (modules.columns + 2 * SymbolKind::Qr.quiet());
    let edge = module * modules.columns;
    let at = Point::new(LEFT + WIDTH - edge, TOP);
    flow.page().items.push(Item::Modules {
        at,
        module,
        tall: module,
        color: crate::pdf::Color::BLACK,
        runs: modules.runs,
    });
}

fn dose_plan(flow: &mut Flow, record: &BatchRecord) {
    const CELLULAR: [Column; 5] = [
        Column { title: "Dose for", share: 40 },
        Column { title: "Cells", share: 22 },
        Column { title: "Volume", share: 18 },
        Column { title: "Arithmetic", share: 62 },
        Column { title: "Filled in", share: 34 },
    ];
    const ACELLULAR: [Column; 3] = [
        Column { title: "Dose for", share: 80 },
        Column { title: "Volume", share: 40 },
        Column { title: "Filled in", share: 56 },
    ];
    flow.caption("Dose plan");
    let plan = &record.identity.dose_plan;
    // A product without cells is never asked for any, and no column stays empty.
    let has_cells = plan.iter().any(|line| line.cells.is_some());
    let row = |line: &DoseLine| {
        let filled = Cell::mono(line.container.as_deref().unwrap_or("not filled yet"));
        let (target, volume) = (Cell::strong(&line.target), Cell::plain(&line.volume));
        match &line.cells {
            Some(cells) => {
                let arithmetic = Cell::plain(&line.arithmetic);
                vec![target, Cell::plain(cells), volume, arithmetic, filled]
            }
            None => vec![target, volume, filled],
        }
    };
    let rows: Vec<Vec<Cell>> = plan.iter().map(row).collect();
    let columns: &[Column] = if has_cells { &CELLULAR } else { &ACELLULAR };
    flow.table(columns, &rows, "The order names no dose.");
    flow.paragraph(&record.identity.dose_total, SMALL, INK);
}

/// Lines that fit one column of contents.
const CONTENTS_LINES: usize = 50;
/// Width of a column, and the distance of the second from the first.
const CONTENTS_COLUMN: Len = Len::mm(84);
const CONTENTS_STEP: Len = Len::mm(92);

/// A heading as the contents print it.
struct Listed<'a> {
    heading: &'a Heading,
    lines: Vec<String>,
}

/// The headings, column by column, a chapter with its first section never apart.
fn listed(headings: &[Heading]) -> Vec<Vec<Listed<'_>>> {
    let mut columns: Vec<Vec<Listed<'_>>> = vec![Vec::new()];
    let mut used = 0;
    for heading in headings {
        let (face, indent) = contents_style(heading.level);
        let lines = wrap(face, BODY, &heading.title, CONTENTS_COLUMN - indent - Len::mm(12));
        let need = lines.len() + usize::from(heading.level == 0);
        if used + need > CONTENTS_LINES {
            columns.push(Vec::new());
            used = 0;
        }
        used += lines.len();
        if let Some(column) = columns.last_mut() {
            column.push(Listed { heading, lines });
        }
    }
    columns
}

fn contents_style(level: usize) -> (Face, Len) {
    match level {
        0 => (Face::CondensedBold, Len::ZERO),
        _ => (Face::Condensed, Len::mm(5)),
    }
}

/// How many pages the contents take.
pub(super) fn contents_pages(headings: &[Heading]) -> usize {
    listed(headings).len().div_ceil(2)
}

/// Draws the contents; `headings` carry final page numbers, counted from 0.
pub(super) fn contents(headings: &[Heading]) -> Vec<Page> {
    let mut flow = Flow::new();
    for (sheet, sides) in listed(headings).chunks(2).enumerate() {
        if sheet > 0 {
            flow.break_page();
        }
        let title = Point::new(LEFT, flow.y + Len::mm(4));
        flow.page().text(title, Face::Bold, Len::pt(15), ACCENT, "Contents");
        for (side, x) in sides.iter().zip([LEFT, LEFT + CONTENTS_STEP]) {
            flow.y = TOP + Len::mm(10);
            for entry in side {
                contents_entry(&mut flow, entry, x);
            }
        }
    }
    flow.finish().0
}

fn contents_entry(flow: &mut Flow, entry: &Listed<'_>, left: Len) {
    let step = Len::um(4600);
    let (face, indent) = contents_style(entry.heading.level);
    let x = left + indent;
    let top = flow.y;
    for line in &entry.lines {
        let at = Point::new(x, flow.y + Len::um(3300));
        flow.page().text(at, face, BODY, INK, line);
        flow.y += step;
    }
    let base = flow.y - Len::um(1300);
    let number = (entry.heading.page + 1).to_string();
    let number_at = left + CONTENTS_COLUMN - crate::pdf::width(face, BODY, &number);
    let last = entry.lines.last().map_or("", |line| line.as_str());
    let end = x + crate::pdf::width(face, BODY, last) + Len::mm(2);
    let (from, to) = (Point::new(end, base), Point::new(number_at - Len::mm(2), base));
    flow.page().line(from, to, LINE, Len::um(150));
    flow.page().text(Point::new(number_at, base), face, BODY, INK, &number);
    let (page, y, height) = (entry.heading.page, entry.heading.y, flow.y - top);
    let at = Point::new(left, top);
    flow.page().items.push(Item::Link { at, width: CONTENTS_COLUMN, height, page, y });
}

/// Header, footer and page number on every page.
pub(super) fn furniture(pages: &mut [Page], record: &BatchRecord, hash: &str) {
    let total = pages.len();
    let ledger = &record.ledger;
    let checkpoint =
        format!("Checkpoint  {}  size {}  root {}", ledger.origin, ledger.size, ledger.root);
    let head = format!(
        "Batch record {}  ·  patient {}  ·  {}",
        record.identity.order, record.identity.patient_code, record.identity.product
    );
    let tone = Tone::from(record.status.stage);
    let right = LEFT + WIDTH;
    for (index, page) in pages.iter_mut().enumerate() {
        if index > 0 {
            let base = Len::mm(15);
            page.text(Point::new(LEFT, base), Face::Condensed, SMALL, MUTED, &head);
            let word = &record.status.headline;
            let room = Len::mm(70);
            let size =
                fit(Face::CondensedBold, word, SMALL, Len::pt(5), room).unwrap_or(Len::pt(5));
            let x = right - crate::pdf::width(Face::CondensedBold, size, word);
            page.text(Point::new(x, base), Face::CondensedBold, size, tone.color(), word);
            shape(page, Point::new(x - Len::um(3000), base - Len::um(1950)), Len::um(2000), tone);
            let y = Len::um(17_500);
            page.line(Point::new(LEFT, y), Point::new(right, y), LINE, Len::um(200));
        }
        let y = Len::mm(280);
        page.line(Point::new(LEFT, y), Point::new(right, y), LINE, Len::um(200));
        let record_line = format!("Record SHA-256  {hash}");
        let small = Len::pt(6);
        let first = Point::new(LEFT, y + Len::um(3600));
        page.text(first, Face::Mono, small, MUTED, &record_line);
        let room = WIDTH - Len::mm(26);
        let size = fit(Face::Mono, &checkpoint, small, Len::pt(4), room).unwrap_or(Len::pt(4));
        let second = Point::new(LEFT, y + Len::um(6800));
        page.text(second, Face::Mono, size, MUTED, &checkpoint);
        let number = format!("Page {} of {total}", index + 1);
        let x = right - crate::pdf::width(Face::CondensedBold, TINY, &number);
        page.text(Point::new(x, y + Len::um(3600)), Face::CondensedBold, TINY, INK, &number);
    }
}
