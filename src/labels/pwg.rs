//! Rasters as PWG Raster (PWG 5102.4), the language every IPP Everywhere printer takes.
//!
//! Neighbours: `raster` has the dots; `printing` asks the printer which [`Ink`] it takes.
//!
//! Architecture invariant: the printer gets the dots that were checked, one for one, at its own
//! resolution; nothing is left for it to scale.

use super::raster::Raster;
use crate::pdf::Len;

/// First bytes of a file: PWG Raster, every number with its highest byte first.
const SYNC: &[u8; 4] = b"RaS2";
/// Most dots or bytes that one code of a line says.
const RUN_MAX: usize = 128;

/// How a dot is written, as `pwg-raster-document-type-supported` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// A bit, 1 is black.
    Black1,
    /// A bit, 0 is black.
    Gray1,
    /// A byte, 0 is black and 255 white.
    Gray8,
}

impl Ink {
    /// Every way, the shortest first.
    pub const ALL: [Self; 3] = [Self::Black1, Self::Gray1, Self::Gray8];

    /// The keyword of PWG 5102.4.
    #[must_use]
    pub fn keyword(self) -> &'static str {
        match self {
            Self::Black1 => "black_1",
            Self::Gray1 => "sgray_1",
            Self::Gray8 => "sgray_8",
        }
    }

    fn bits(self) -> u32 {
        match self {
            Self::Black1 | Self::Gray1 => 1,
            Self::Gray8 => 8,
        }
    }

    /// `cupsColorSpace` of the page's header.
    fn color_space(self) -> u32 {
        match self {
            Self::Black1 => 3,
            Self::Gray1 | Self::Gray8 => 18,
        }
    }

    /// One row of dots.
    fn row(self, raster: &Raster, y: usize) -> Vec<u8> {
        let bytes = raster.row_bytes();
        let bits = raster.bits.iter().skip(y.saturating_mul(bytes)).take(bytes);
        match self {
            Self::Black1 => bits.copied().collect(),
            Self::Gray1 => bits.map(|byte| !byte).collect(),
            Self::Gray8 => {
                (0..raster.width).map(|x| if raster.dark(x, y) { 0 } else { 255 }).collect()
            }
        }
    }
}

/// A document of these rasters in this order, each on so many pages.
#[must_use]
pub fn pwg(pages: &[(&Raster, u32)], ink: Ink) -> Vec<u8> {
    let total = pages.iter().fold(0, |sum: u32, (_, copies)| sum.saturating_add(*copies));
    let mut file = SYNC.to_vec();
    for (raster, copies) in pages {
        let mut page = header(raster, ink, total);
        bitmap(&mut page, raster, ink);
        (0..*copies).for_each(|_| file.extend(&page));
    }
    file
}

/// The 1,796 bytes before a page's dots (PWG 5102.4, table 2), in their order.
fn header(raster: &Raster, ink: Ink, total: u32) -> Vec<u8> {
    let mut head = Header(Vec::with_capacity(1796));
    let dpi = raster.resolution.dpi();
    let dot = raster.resolution.dot();
    let (width, height) = (whole(raster.width), whole(raster.height));
    let line = match ink {
        Ink::Gray8 => width,
        Ink::Black1 | Ink::Gray1 => whole(raster.row_bytes()),
    };
    head.text("PwgRaster");
    // Color and kind of the stock and what to be best at: as the printer is set.
    head.zeros(3 * 64 + 12);
    // When to cut, and whether two-sided.
    head.numbers([0, 0]);
    head.numbers([dpi, dpi]);
    // Reserved; separator sheets, jogging, which edge goes first; reserved; source and weight of
    // the stock; reserved.
    head.zeros(16 + 3 * 4 + 12 + 2 * 4 + 8);
    // One copy each, upright.
    head.numbers([1, 0]);
    head.zeros(4);
    head.numbers([points(dot, raster.width), points(dot, raster.height)]);
    // Reserved, and how a back side would be turned.
    head.zeros(8 + 4);
    head.numbers([width, height]);
    head.zeros(4);
    // Bits to the color and to the dot, bytes to the row, colors of a dot side by side.
    head.numbers([ink.bits(), ink.bits(), line, 0, ink.color_space()]);
    head.zeros(16);
    // Number of colors.
    head.numbers([1]);
    head.zeros(28);
    // Pages in all, neither axis mirrored, and everything within the image.
    head.numbers([total, 1, 1, 0, 0, width, height]);
    // White is what the stock is; quality as the printer is set; reserved; no vendor's own data,
    // reserved; rendering and name of the size as the printer is set.
    head.numbers([0x00ff_ffff, 0]);
    head.zeros(20 + 2 * 4 + 1088 + 64 + 2 * 64);
    head.0
}

struct Header(Vec<u8>);

impl Header {
    /// A text of 64 bytes, filled up with zeros.
    fn text(&mut self, text: &str) {
        self.0.extend(text.bytes().chain(std::iter::repeat(0)).take(64));
    }

    fn numbers<const N: usize>(&mut self, numbers: [u32; N]) {
        numbers.iter().for_each(|number| self.0.extend(number.to_be_bytes()));
    }

    fn zeros(&mut self, bytes: usize) {
        self.0.extend(std::iter::repeat_n(0, bytes));
    }
}

fn whole(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// So many dots in points, the nearest whole one.
fn points(dot: Len, dots: usize) -> u32 {
    let length = dot * i64::try_from(dots).unwrap_or(i64::MAX / dot.value());
    let point = Len::pt(1).value();
    u32::try_from((length.value() + point / 2) / point).unwrap_or(u32::MAX)
}

/// The rows, equal ones together.
fn bitmap(page: &mut Vec<u8>, raster: &Raster, ink: Ink) {
    let mut rows = (0..raster.height).map(|y| ink.row(raster, y)).peekable();
    while let Some(row) = rows.next() {
        let mut again: u8 = 0;
        while again < u8::MAX && rows.next_if_eq(&row).is_some() {
            again += 1;
        }
        page.push(again);
        pack(page, &row);
    }
}

/// One row: runs of equal bytes, and stretches of unequal ones.
fn pack(page: &mut Vec<u8>, row: &[u8]) {
    let mut rest = row;
    while let Some((first, after)) = rest.split_first() {
        let same = after.iter().take(RUN_MAX - 1).take_while(|byte| *byte == first).count();
        let next = if same > 0 || after.is_empty() {
            page.push(u8::try_from(same).unwrap_or(0));
            page.push(*first);
            same + 1
        } else {
            stretch(page, rest)
        };
        rest = rest.get(next..).unwrap_or(&[]);
    }
}

/// The bytes until two are equal; gives how many they are. One alone is a run of one.
fn stretch(page: &mut Vec<u8>, rest: &[u8]) -> usize {
    let pairs = rest.iter().zip(rest.iter().skip(1));
    let until = pairs.take(RUN_MAX).position(|(one, next)| one == next);
    let count = until.unwrap_or(rest.len()).clamp(1, RUN_MAX);
    match u8::try_from(257 - count) {
        Ok(code) => page.push(code),
        Err(_) => page.push(0),
    }
    page.extend(rest.iter().take(count));
    count
}
