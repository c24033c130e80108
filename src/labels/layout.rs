//! Draws one label, or says why not.
//!
//! Architecture invariant: text keeps its size unless it must shrink, and never shrinks below the
//! least size its definition allows.

use super::definition::{Definition, Payload, Symbol, Text, placeholders};
use super::symbol::encode;
use super::{LabelData, LabelRefusal, Particular, definitions};
use crate::codes::container;
use crate::pdf::{Color, Item, Len, Page, Point, width, wrap};

/// Line distance, as a share of the font size.
const LEADING: (i64, i64) = (118, 100);

/// The drawn page of a label, of the exact size of its stock.
pub fn layout(label: &LabelData) -> Result<Page, LabelRefusal> {
    let kind = label.kind().word();
    let code = label.code().printed();
    if container::kind(label.code().container()) != Some(label.kind()) {
        return Err(LabelRefusal::WrongKind { kind, code });
    }
    require_particulars(label)?;
    let definition =
        definitions()?.get(&label.usage()).ok_or(LabelRefusal::NoDefinition { kind })?;
    draw(definition, label)
}

/// Draws a label by a given definition, for a definition that is not in force yet.
pub(super) fn draw(definition: &Definition, label: &LabelData) -> Result<Page, LabelRefusal> {
    let mut page = Page::new(definition.stock.width, definition.stock.height);
    for rule in &definition.rule {
        let to = Point::new(rule.x + rule.width, rule.y);
        page.line(Point::new(rule.x, rule.y), to, Color::BLACK, Len::um(150));
    }
    for symbol in &definition.symbol {
        draw_symbol(&mut page, label, symbol)?;
    }
    for text in &definition.text {
        draw_text(&mut page, label, text)?;
    }
    Ok(page)
}

fn require_particulars(label: &LabelData) -> Result<(), LabelRefusal> {
    let (mandatory, rule) = Particular::mandatory(label.usage());
    let missing = |particular: &'static str| LabelRefusal::MissingParticular {
        kind: label.kind().word(),
        code: label.code().printed(),
        particular,
        rule,
    };
    if let Some(particular) = mandatory.iter().find(|p| label.value(**p).is_none()) {
        return Err(missing(particular.words()));
    }
    if label.usage().lives_hours() && !label.has_timed_expiry() {
        return Err(missing("the time of the expiry beside its date"));
    }
    Ok(())
}

/// The text with its particulars filled in; `None` when it has some and all are missing.
fn filled(label: &LabelData, value: &str) -> Option<String> {
    let particulars = placeholders(value).ok()?;
    if !particulars.is_empty() && particulars.iter().all(|p| label.value(*p).is_none()) {
        return None;
    }
    let mut text = value.to_owned();
    for particular in particulars {
        let slot = format!("{{{}}}", particular.name());
        text = text.replace(&slot, label.value(particular).unwrap_or(""));
    }
    Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn draw_text(page: &mut Page, label: &LabelData, text: &Text) -> Result<(), LabelRefusal> {
    let Some(value) = filled(label, &text.value) else { return Ok(()) };
    let inset = if text.framed { Len::um(400) } else { Len::ZERO };
    let room = text.width - inset * 2;
    let mut size = text.size;
    let lines = loop {
        let lines = wrap(text.font, size, &value, room);
        let tall = size.scaled(LEADING.0, LEADING.1) * i64::try_from(lines.len()).unwrap_or(99);
        let whole = lines.iter().all(|line| width(text.font, size, line) <= room);
        // A word cut in two is not legible as one; shrink first, and refuse if that fails too.
        let uncut = lines.join(" ") == value;
        if lines.len() <= text.lines && tall <= text.height && whole && uncut {
            break lines;
        }
        size -= Len::pt10(1);
        if size < text.least {
            return Err(LabelRefusal::TextTooLong {
                kind: label.kind().word(),
                code: label.code().printed(),
                text: value,
                least_pt: points(text.least),
            });
        }
    };
    if text.framed {
        let at = Point::new(text.x, text.y);
        page.frame(at, text.width, text.height, Color::BLACK, Len::um(200));
    }
    let step = size.scaled(LEADING.0, LEADING.1);
    let tall = step * i64::try_from(lines.len()).unwrap_or(1);
    let mut middle = text.y + (text.height - tall) / 2 + step / 2;
    for line in lines {
        let baseline = middle + text.font.cap_height(size) / 2;
        let at = Point::new(text.x + inset, baseline);
        page.text(at, text.font, size, Color::BLACK, &line);
        frame_check_character(page, label, text, (at, size), &line);
        middle += step;
    }
    Ok(())
}

/// Frames the check character of a printed donation number, which ISBT 128 wants apart from it.
fn frame_check_character(
    page: &mut Page,
    label: &LabelData,
    text: &Text,
    (at, size): (Point, Len),
    line: &str,
) {
    let Some(donation) = label.value(Particular::Donation) else { return };
    let Some((before, _)) = line.split_once(donation) else { return };
    let Some((number, check)) = donation.rsplit_once(' ') else { return };
    if check.chars().count() != 1 {
        return;
    }
    let left = at.x + width(text.font, size, &format!("{before}{number} "));
    let cap = text.font.cap_height(size);
    let pad = cap.scaled(1, 5);
    let corner = Point::new(left - pad / 2, at.y - cap - pad);
    let wide = width(text.font, size, check) + pad;
    page.frame(corner, wide, cap + pad * 2, Color::BLACK, Len::um(100));
}

fn draw_symbol(page: &mut Page, label: &LabelData, symbol: &Symbol) -> Result<(), LabelRefusal> {
    let payload = match symbol.payload {
        Payload::Code => label.code().to_string(),
        Payload::Isbt => match label.isbt_message() {
            Some(message) => message.to_owned(),
            None => return Ok(()),
        },
    };
    let name = match symbol.kind {
        super::definition::SymbolKind::DataMatrix => "Data Matrix",
        super::definition::SymbolKind::Qr => "QR code",
    };
    let modules = encode(symbol.kind, &payload)
        .ok_or(LabelRefusal::NotEncodable { payload: payload.clone(), symbol: name })?;
    let edge = symbol.module * modules.columns;
    let needed = edge + symbol.module * (2 * symbol.kind.quiet());
    if needed > symbol.room {
        return Err(LabelRefusal::SymbolTooLarge {
            kind: label.kind().word(),
            code: label.code().printed(),
            payload,
            needed_mm: needed.mm_text(),
            room_mm: symbol.room.mm_text(),
        });
    }
    let inset = (symbol.room - edge) / 2;
    let at = Point::new(symbol.x + inset, symbol.y + inset);
    page.items.push(Item::Modules { at, module: symbol.module, runs: modules.runs });
    Ok(())
}

fn points(size: Len) -> String {
    let tenths = size.value() / Len::pt10(1).value();
    format!("{}.{}", tenths / 10, tenths % 10)
}
