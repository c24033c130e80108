//! Reads a label back from its own dots before any printer gets them.
//!
//! Every symbol is decoded by a decoder that shares nothing with the encoder (`rxing` beside
//! `datamatrix`, `qrcode` and `barcoders`) and compared with what it should say; every letter and
//! line is checked for the edge of the stock and for its neighbours.
//!
//! Architecture invariant: the check trusts nothing that `definition` or `layout` promised; it
//! looks at the page and its dots alone.

use std::fmt;

use rxing::common::GlobalHistogramBinarizer;
use rxing::datamatrix::DataMatrixReader;
use rxing::oned::Code128Reader;
use rxing::qrcode::QRCodeReader;
use rxing::{BinaryBitmap, DecodeHints, Luma8LuminanceSource, Reader};

use super::definition::SymbolKind;
use super::layout::{Drawn, PlacedSymbol, definition, watermark};
use super::png::marked;
use super::raster::{Dots, Drawing, Mishap, Raster, darkness};
use super::{LabelData, LabelRefusal, Resolution, layout};
use crate::pdf::{Item, Len, width};

/// Smallest text that is legible on a frosted vial.
pub(super) const TEXT_LEAST: Len = Len::pt10(45);
/// Least difference between ink and stock, of 100 (ISO/IEC 15415, grade A).
const CONTRAST_LEAST: u32 = 70;

/// One thing that is wrong with a drawn label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It reaches over the edge of the stock.
    OffStock {
        /// What does.
        what: String,
    },
    /// Two things stand on one another.
    Overlap {
        /// The one.
        what: String,
        /// The other.
        with: String,
    },
    /// A module is smaller than scanners read.
    ModuleTooSmall {
        /// Of which symbol.
        what: String,
        /// Its edge, in millimetres.
        module_mm: String,
        /// The least edge, in millimetres.
        least_mm: String,
    },
    /// A module is no whole number of dots, so that its modules come out unequal.
    ModuleNotWhole {
        /// Of which symbol.
        what: String,
        /// The resolution, in dots per inch.
        dpi: u32,
    },
    /// Something stands in the quiet zone of a symbol, or the stock ends there.
    QuietZone {
        /// Of which symbol.
        what: String,
    },
    /// The ink is too light.
    Contrast {
        /// Of what.
        what: String,
        /// Difference to the stock, of 100.
        percent: u32,
    },
    /// A text is too small to read.
    TextTooSmall {
        /// The text.
        what: String,
    },
    /// The typeface lacks a character.
    NotInFont {
        /// The text.
        what: String,
    },
    /// A label printer cannot draw it.
    NotDrawn {
        /// What.
        what: String,
    },
    /// The decoder does not find the symbol.
    Unreadable {
        /// Which symbol.
        what: String,
    },
    /// The decoder reads something else.
    ReadsOther {
        /// Which symbol.
        what: String,
        /// What it read.
        read: String,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OffStock { what } => write!(f, "{what} reaches over the edge of the stock"),
            Self::Overlap { what, with } => write!(f, "{what} and {with} overlap"),
            Self::ModuleTooSmall { what, module_mm, least_mm } => write!(
                f,
                "a module of {what} is {module_mm} mm; scanners need {least_mm} mm or more"
            ),
            Self::ModuleNotWhole { what, dpi } => {
                write!(f, "a module of {what} is no whole number of dots at {dpi} dpi")
            }
            Self::QuietZone { what } => write!(f, "the quiet zone of {what} is not free"),
            Self::Contrast { what, percent } => {
                write!(f, "{what} has a contrast of {percent} %, less than {CONTRAST_LEAST} %")
            }
            Self::TextTooSmall { what } => write!(f, "{what} is smaller than 4.5 pt"),
            Self::NotInFont { what } => {
                write!(f, "{what} has a character that the typeface does not hold")
            }
            Self::NotDrawn { what } => write!(f, "{what} cannot be drawn by a label printer"),
            Self::Unreadable { what } => write!(f, "{what} cannot be read back"),
            Self::ReadsOther { what, read } => write!(f, "{what} reads back as {read:?}"),
        }
    }
}

/// A symbol and what an independent decoder read from its dots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadBack {
    /// Which symbol.
    pub kind: SymbolKind,
    /// The text read, equal to the one meant.
    pub text: String,
}

/// A label that was read back from its dots and found right.
#[derive(Debug, Clone)]
pub struct Proof {
    /// The dots.
    pub raster: Raster,
    /// Width and height of the stock.
    pub stock: (Len, Len),
    /// What its symbols say.
    pub read: Vec<ReadBack>,
    /// Quarters of a turn on the way to the printer.
    pub turn: u8,
}

impl Proof {
    /// The dots as the printer's stock is wound.
    #[must_use]
    pub fn feed(&self) -> Raster {
        self.raster.turned(self.turn)
    }

    /// Width and height of the stock as it is wound.
    #[must_use]
    pub fn feed_stock(&self) -> (Len, Len) {
        let (width, height) = self.stock;
        if self.turn.is_multiple_of(2) { (width, height) } else { (height, width) }
    }
}

/// Draws a label at a printer's resolution and reads it back.
///
/// # Errors
/// What `layout` refuses; [`LabelRefusal::NotProven`] with every fault and a picture of them.
pub fn prove(label: &LabelData, resolution: Resolution) -> Result<Proof, LabelRefusal> {
    let drawn = layout(label, resolution)?;
    check(&drawn).map_err(|(faults, picture)| LabelRefusal::NotProven {
        kind: label.kind().word(),
        code: label.printed().to_owned(),
        faults,
        picture,
    })
}

/// Many labels at once, on every processor; in their order. Without a resolution each is drawn at
/// that of its definition.
///
/// # Errors
/// See [`prove`]; the first label that is refused answers for all.
pub fn prove_all(
    labels: &[LabelData],
    resolution: Option<Resolution>,
) -> Result<Vec<Proof>, LabelRefusal> {
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let share = labels.len().div_ceil(workers).max(1);
    let work = |part: &[LabelData]| -> Result<Vec<Proof>, LabelRefusal> {
        part.iter()
            .map(|label| match resolution {
                Some(resolution) => prove(label, resolution),
                None => prove(label, definition(label)?.dpi),
            })
            .collect()
    };
    if labels.len() < 2 * workers {
        return work(labels);
    }
    std::thread::scope(|scope| {
        let parts: Vec<_> =
            labels.chunks(share).map(|part| scope.spawn(move || work(part))).collect();
        let mut proofs = Vec::with_capacity(labels.len());
        for part in parts {
            // A thread that panicked has proved nothing.
            proofs.extend(part.join().map_err(|_| LabelRefusal::Nothing)??);
        }
        Ok(proofs)
    })
}

/// Checks a drawn page; gives its dots, or the faults with a picture.
///
/// # Errors
/// Every fault found, and a PNG of the label with their places framed in red.
pub fn check(drawn: &Drawn) -> Result<Proof, (Vec<Fault>, Vec<u8>)> {
    let mut check = Check {
        drawn,
        drawing: Drawing::of(&drawn.page, drawn.resolution),
        faults: Vec::new(),
        areas: Vec::new(),
    };
    check.mishaps();
    check.items();
    check.lines_of_text();
    let read: Vec<ReadBack> =
        drawn.symbols.iter().filter_map(|symbol| check.symbol(symbol)).collect();
    if check.faults.is_empty() {
        let mut raster = check.drawing.raster;
        if drawn.test {
            raster.watermark(watermark(&drawn.page));
        }
        let stock = (drawn.page.width, drawn.page.height);
        return Ok(Proof { raster, stock, read, turn: drawn.turn });
    }
    Err((check.faults, marked(&check.drawing.raster, &check.areas)))
}

struct Check<'a> {
    drawn: &'a Drawn,
    drawing: Drawing,
    faults: Vec<Fault>,
    areas: Vec<Dots>,
}

impl Check<'_> {
    fn fault(&mut self, fault: Fault, area: Dots) {
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
            self.areas.push(area);
        }
    }

    fn mishaps(&mut self) {
        for mishap in self.drawing.mishaps.clone() {
            match mishap {
                Mishap::Clipped(item) => {
                    let what = self.words(item);
                    self.fault(Fault::OffStock { what }, self.area(item));
                }
                Mishap::Met(one, other) => {
                    let (what, with) = (self.words(one), self.words(other));
                    self.fault(Fault::Overlap { what, with }, self.area(other));
                }
                Mishap::NotDrawn(item) => {
                    let what = self.words(item);
                    self.fault(Fault::NotDrawn { what }, self.area(item));
                }
            }
        }
    }

    fn items(&mut self) {
        let drawn = self.drawn;
        for (place, item) in drawn.page.items.iter().enumerate() {
            let (what, area) = (self.words(place), self.area(place));
            let percent = match item {
                Item::Text { color, .. } | Item::Modules { color, .. } => darkness(*color),
                _ => 100,
            };
            if percent < CONTRAST_LEAST {
                self.fault(Fault::Contrast { what: what.clone(), percent }, area);
            }
            let Item::Text { size, text, .. } = item else { continue };
            if *size < TEXT_LEAST {
                self.fault(Fault::TextTooSmall { what: what.clone() }, area);
            }
            if text.contains('\u{fffd}') {
                self.fault(Fault::NotInFont { what }, area);
            }
        }
    }

    /// Lines whose letters happen to miss one another are still no two lines.
    fn lines_of_text(&mut self) {
        let items = &self.drawn.page.items;
        let texts: Vec<usize> = items
            .iter()
            .enumerate()
            .filter(|(_, item)| matches!(item, Item::Text { .. }))
            .map(|(place, _)| place)
            .collect();
        for (number, one) in texts.iter().enumerate() {
            for other in texts.iter().skip(number + 1) {
                let area = self.area(*other);
                if self.area(*one).meets(&area) {
                    let (what, with) = (self.words(*one), self.words(*other));
                    self.fault(Fault::Overlap { what, with }, area);
                }
            }
        }
    }

    fn symbol(&mut self, symbol: &PlacedSymbol) -> Option<ReadBack> {
        let (what, grid) = (symbol.words(), self.drawn.resolution);
        let area = self.symbol_area(symbol, (0, 0));
        let least = symbol.kind.module_least();
        if symbol.module < least {
            let (module_mm, least_mm) = (symbol.module.mm_text(), least.mm_text());
            self.fault(Fault::ModuleTooSmall { what: what.clone(), module_mm, least_mm }, area);
        }
        if symbol.module.value() % grid.dot().value() != 0 {
            self.fault(Fault::ModuleNotWhole { what: what.clone(), dpi: grid.dpi() }, area);
        }
        let quiet = self.symbol_area(symbol, symbol.kind.quiet_zone());
        let stock = Dots {
            left: 0,
            top: 0,
            right: i64::try_from(self.drawing.raster.width).unwrap_or(0),
            bottom: i64::try_from(self.drawing.raster.height).unwrap_or(0),
        };
        let free = (quiet.top..quiet.bottom)
            .flat_map(|y| (quiet.left..quiet.right).map(move |x| (x, y)))
            .all(|(x, y)| self.drawing.owner(x, y).is_none_or(|owner| owner == symbol.item));
        if !free || !quiet.within(&stock) {
            self.fault(Fault::QuietZone { what: what.clone() }, quiet);
        }
        match decode(&self.drawing.raster, symbol.kind, quiet) {
            Some(text) if text == symbol.payload => Some(ReadBack { kind: symbol.kind, text }),
            Some(read) => {
                self.fault(Fault::ReadsOther { what, read }, area);
                None
            }
            None => {
                self.fault(Fault::Unreadable { what }, area);
                None
            }
        }
    }

    fn symbol_area(&self, symbol: &PlacedSymbol, quiet: (i64, i64)) -> Dots {
        let grid = self.drawn.resolution;
        let (beside, above) = (symbol.module * quiet.0, symbol.module * quiet.1);
        Dots {
            left: grid.dots(symbol.at.x - beside),
            top: grid.dots(symbol.at.y - above),
            right: grid.dots(symbol.at.x + symbol.width + beside),
            bottom: grid.dots(symbol.at.y + symbol.height + above),
        }
    }

    fn area(&self, place: usize) -> Dots {
        let grid = self.drawn.resolution;
        let around = |x: Len, y: Len, width: Len, height: Len| Dots {
            left: grid.dots(x),
            top: grid.dots(y),
            right: grid.dots(x + width),
            bottom: grid.dots(y + height),
        };
        match self.drawn.page.items.get(place) {
            Some(Item::Text { at, face, size, text, .. }) => {
                let tall = face.cap_height(*size);
                around(at.x, at.y - tall, width(*face, *size, text), tall)
            }
            Some(Item::Box { at, width, height, .. }) => around(at.x, at.y, *width, *height),
            Some(Item::Line { points, .. }) => match (points.first(), points.last()) {
                (Some(from), Some(to)) => around(from.x, from.y, to.x - from.x, to.y - from.y),
                _ => around(Len::ZERO, Len::ZERO, Len::ZERO, Len::ZERO),
            },
            _ => match self.drawn.symbols.iter().find(|symbol| symbol.item == place) {
                Some(symbol) => self.symbol_area(symbol, (0, 0)),
                None => around(Len::ZERO, Len::ZERO, self.drawn.page.width, Len::ZERO),
            },
        }
    }

    fn words(&self, place: usize) -> String {
        match self.drawn.page.items.get(place) {
            Some(Item::Text { text, .. }) => format!("the text {text:?}"),
            Some(Item::Box { .. }) => "a frame".to_owned(),
            Some(Item::Line { .. }) => "a line".to_owned(),
            Some(Item::Modules { .. }) => self
                .drawn
                .symbols
                .iter()
                .find(|symbol| symbol.item == place)
                .map_or_else(|| "a symbol".to_owned(), PlacedSymbol::words),
            _ => "a shape".to_owned(),
        }
    }
}

/// What a decoder reads in an area. Dots are enlarged where modules are few dots wide: a camera
/// sees more than one of its points to the dot too.
fn decode(raster: &Raster, kind: SymbolKind, area: Dots) -> Option<String> {
    const SCALE: usize = 2;
    let edge = |from: i64, to: i64| usize::try_from(to - from).ok().filter(|edge| *edge > 0);
    let (columns, rows) = (edge(area.left, area.right)?, edge(area.top, area.bottom)?);
    let mut grey = Vec::with_capacity(columns * rows * SCALE * SCALE);
    for y in area.top..area.bottom {
        let mut row = Vec::with_capacity(columns * SCALE);
        for x in area.left..area.right {
            let place = usize::try_from(x).ok().zip(usize::try_from(y).ok());
            let dark = place.is_some_and(|(x, y)| raster.dark(x, y));
            row.extend([if dark { 0 } else { 255 }; SCALE]);
        }
        (0..SCALE).for_each(|_| grey.extend_from_slice(&row));
    }
    let (columns, rows) = (u32::try_from(columns * SCALE).ok()?, u32::try_from(rows * SCALE).ok()?);
    // What a decoder gives up on by panicking it has not read.
    std::panic::catch_unwind(|| {
        let source = Luma8LuminanceSource::new(grey, columns, rows).ok()?;
        let mut image = BinaryBitmap::new(GlobalHistogramBinarizer::new(source));
        // First as a scanner finds it; then, where that looks for its corners in vain, as the
        // upright symbol that it is. Both read the modules, held against what was meant.
        let found = DecodeHints { TryHarder: Some(true), ..DecodeHints::default() };
        let upright = DecodeHints { PureBarcode: Some(true), ..DecodeHints::default() };
        [found, upright].iter().find_map(|hints| {
            let read = match kind {
                SymbolKind::DataMatrix => DataMatrixReader.decode_with_hints(&mut image, hints),
                SymbolKind::Qr => QRCodeReader.decode_with_hints(&mut image, hints),
                SymbolKind::Code128 => Code128Reader.decode_with_hints(&mut image, hints),
            };
            read.ok().map(|read| read.getText().to_owned())
        })
    })
    .ok()
    .flatten()
}
