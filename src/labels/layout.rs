//! Draws one label, or says why not.
//!
//! Architecture invariant: text keeps its size unless it must shrink, and never shrinks below the
//! least size its definition allows.

use super::data::TEST;
use super::definition::{Definition, Payload, Symbol, SymbolKind, Text, placeholders};
use super::symbol::encode;
use super::{LabelData, LabelRefusal, Particular, Resolution, definitions};
use crate::codes::container;
use crate::domain::language::Language;
use crate::domain::scanner::TestSymbol;
use crate::pdf::{Color, Face, Item, Len, NO_BREAK, Page, Point, width, wrap};

/// Width of separating lines and frames.
const LINE: Len = Len::um(150);
/// Line distance, as a share of the font size.
const LEADING: (i64, i64) = (118, 100);

/// A label with every place on it known: what PDF and dots are made from.
#[derive(Debug, Clone)]
pub struct Drawn {
    /// The page, of the exact size of the stock.
    pub page: Page,
    /// The symbols among its items.
    pub symbols: Vec<PlacedSymbol>,
    /// The resolution its modules are whole dots of.
    pub resolution: Resolution,
    /// Quarters of a turn on the way to the printer.
    pub turn: u8,
    /// Whether a watermark says that it is a test.
    pub test: bool,
}

impl Drawn {
    /// The page as a PDF shows it: a test with its watermark behind everything.
    #[must_use]
    pub fn into_page(mut self) -> Page {
        if self.test {
            let (at, size) = watermark(&self.page);
            let (face, color) = (Face::Bold, Color(205, 205, 205));
            let text = TEST.to_owned();
            self.page.items.insert(0, Item::Text { at, face, size, color, text });
        }
        self.page
    }
}

/// Where the watermark begins, and how large it is: over the whole label.
pub(super) fn watermark(page: &Page) -> (Point, Len) {
    let wide = page.width * 9 / 10;
    let unit = width(Face::Bold, Len::pt(100), TEST);
    let fitting = Len::pt(100).scaled(wide.value(), unit.value().max(1));
    let size = fitting.min(page.height);
    let at = Point::new(
        (page.width - width(Face::Bold, size, TEST)) / 2,
        (page.height + Face::Bold.cap_height(size)) / 2,
    );
    (at, size)
}

/// A symbol on a page, and what it is meant to say.
#[derive(Debug, Clone)]
pub struct PlacedSymbol {
    /// Its place among the items of the page.
    pub item: usize,
    /// Which symbol.
    pub kind: SymbolKind,
    /// What it is meant to say.
    pub payload: String,
    /// Top left corner, without quiet zone.
    pub at: Point,
    /// Width without quiet zone.
    pub width: Len,
    /// Height without quiet zone.
    pub height: Len,
    /// Width of a module.
    pub module: Len,
}

impl PlacedSymbol {
    /// Its words in refusals.
    pub(super) fn words(&self) -> String {
        format!("the {} of {:?}", self.kind.word(), self.payload)
    }
}

/// The label of a kind with every place on it known, for a printer's resolution.
///
/// # Errors
/// A particular or a definition is missing; a text or a symbol does not fit.
pub fn layout(label: &LabelData, resolution: Resolution) -> Result<Drawn, LabelRefusal> {
    let definition = definition(label)?;
    require_particulars(label)?;
    draw(definition, label, resolution)
}

/// The definition in force for a label.
pub(super) fn definition(label: &LabelData) -> Result<&Definition, LabelRefusal> {
    let kind = label.kind().word();
    let named = label.code().map(|code| container::kind(code.container()));
    if named.is_some_and(|named| named != label.kind().container()) {
        return Err(LabelRefusal::WrongKind { kind, code: label.printed().to_owned() });
    }
    match label.definition() {
        Some(definition) => Ok(definition),
        None => definitions()?.get(&label.kind()).ok_or(LabelRefusal::NoDefinition { kind }),
    }
}

/// Draws a label by a given definition, for a definition that is not in force yet.
///
/// # Errors
/// A text or a symbol does not fit.
pub fn draw(
    definition: &Definition,
    label: &LabelData,
    resolution: Resolution,
) -> Result<Drawn, LabelRefusal> {
    let page = Page::new(definition.stock.width, definition.stock.height);
    let mut drawn = Drawn {
        page,
        symbols: Vec::new(),
        resolution,
        turn: definition.turn,
        test: label.is_test(),
    };
    for rule in &definition.rule {
        let to = Point::new(rule.x + rule.width, rule.y);
        drawn.page.line(Point::new(rule.x, rule.y), to, Color::BLACK, LINE);
    }
    for frame in &definition.frame {
        let at = Point::new(frame.x, frame.y);
        drawn.page.frame(at, frame.width, frame.height, Color::BLACK, LINE);
    }
    for symbol in &definition.symbol {
        draw_symbol(&mut drawn, label, symbol)?;
    }
    for text in &definition.text {
        draw_text(&mut drawn.page, label, (text, definition.language))?;
    }
    Ok(drawn)
}

/// Ink of so many hundredths.
fn ink(shade: u8) -> Color {
    let light = 255 - u16::from(shade.min(100)) * 255 / 100;
    let light = u8::try_from(light).unwrap_or(0);
    Color(light, light, light)
}

fn require_particulars(label: &LabelData) -> Result<(), LabelRefusal> {
    let (mandatory, rule) = label.kind().mandatory();
    let missing = |particular: &'static str| LabelRefusal::MissingParticular {
        kind: label.kind().word(),
        code: label.printed().to_owned(),
        particular,
        rule,
    };
    if let Some(particular) = mandatory.iter().find(|p| label.value(**p).is_none()) {
        return Err(missing(particular.words()));
    }
    if label.kind().lives_hours() && !label.has_timed_expiry() {
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
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    // A number is read together with its unit or with what it counts.
    let together = [" °C", " %", " ×", "× "].into_iter();
    Some(together.fold(text, |text, with| {
        let kept = with.replace(' ', &NO_BREAK.to_string());
        text.replace(with, &kept)
    }))
}

fn draw_text(
    page: &mut Page,
    label: &LabelData,
    (text, own): (&Text, Option<Language>),
) -> Result<(), LabelRefusal> {
    let words = text.value.in_language(label.language(), own);
    let words = words.ok_or_else(|| LabelRefusal::OtherLanguage {
        kind: label.kind().word(),
        code: label.printed().to_owned(),
        language: label.language().name(),
    })?;
    let Some(value) = filled(label, words) else { return Ok(()) };
    // A J reaches to the left of where it begins, the further the larger it is.
    let beside = if text.framed { Len::um(400) } else { Len::ZERO };
    let inset = if text.framed { beside + text.size / 12 } else { Len::ZERO };
    let room = text.width - inset - beside;
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
                code: label.printed().to_owned(),
                text: value.replace(NO_BREAK, " "),
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
        let line = line.replace(NO_BREAK, " ");
        page.text(at, text.font, size, ink(text.shade), &line);
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
    // The tail of a Q reaches below the baseline; nothing reaches above a capital.
    let (above, below, beside) = (cap.scaled(1, 6), cap.scaled(3, 10), cap.scaled(1, 10));
    let corner = Point::new(left - beside, at.y - cap - above);
    let wide = width(text.font, size, check) + beside * 2;
    page.frame(corner, wide, cap + above + below, Color::BLACK, Len::um(100));
}

fn draw_symbol(drawn: &mut Drawn, label: &LabelData, symbol: &Symbol) -> Result<(), LabelRefusal> {
    let payload = match symbol.payload {
        Payload::Code => label.payload().to_owned(),
        Payload::Test if label.is_test() => label.payload().to_owned(),
        Payload::Test => test_symbol(symbol.kind).text(),
        Payload::Isbt => match label.isbt_message() {
            Some(message) => message.to_owned(),
            None => return Ok(()),
        },
    };
    let modules = encode(symbol.kind, &payload).ok_or(LabelRefusal::NotEncodable {
        payload: payload.clone(),
        symbol: symbol.kind.word(),
    })?;
    let (beside, above) = symbol.kind.quiet_zone();
    let module = whole_dots(symbol, modules.columns + 2 * beside, drawn.resolution);
    let needed = module * (modules.columns + 2 * beside);
    let linear = symbol.kind == SymbolKind::Code128;
    let tall = if linear { drawn.resolution.snap(symbol.tall()) } else { module };
    if needed > symbol.room || (!linear && module * (modules.rows + 2 * above) > symbol.tall()) {
        return Err(LabelRefusal::SymbolTooLarge {
            kind: label.kind().word(),
            code: label.printed().to_owned(),
            payload,
            needed_mm: needed.mm_text(),
            room_mm: symbol.room.mm_text(),
        });
    }
    let (width, height) = (module * modules.columns, tall * modules.rows);
    let corner =
        |start: Len, room: Len, edge: Len| drawn.resolution.snap(start + (room - edge) / 2);
    let at =
        Point::new(corner(symbol.x, symbol.room, width), corner(symbol.y, symbol.tall(), height));
    let (item, kind) = (drawn.page.items.len(), symbol.kind);
    drawn.symbols.push(PlacedSymbol { item, kind, payload, at, width, height, module });
    let color = ink(symbol.shade);
    drawn.page.items.push(Item::Modules { at, module, tall, color, runs: modules.runs });
    Ok(())
}

/// The symbol of the sheet for scanners that is of this kind.
fn test_symbol(kind: SymbolKind) -> TestSymbol {
    match kind {
        SymbolKind::DataMatrix => TestSymbol::DataMatrix,
        SymbolKind::Qr => TestSymbol::Qr,
        SymbolKind::Code128 => TestSymbol::Code128,
    }
}

/// The width of a module in whole dots: the nearest to the definition's that fits the room and is
/// no less than scanners need.
fn whole_dots(symbol: &Symbol, columns: i64, resolution: Resolution) -> Len {
    let dot = resolution.dot();
    let least = symbol.kind.module_least();
    let mut module = resolution.snap(symbol.module);
    while module < least {
        module += dot;
    }
    while module * columns > symbol.room && module - dot >= least {
        module -= dot;
    }
    module
}

fn points(size: Len) -> String {
    let tenths = size.value() / Len::pt10(1).value();
    format!("{}.{}", tenths / 10, tenths % 10)
}
