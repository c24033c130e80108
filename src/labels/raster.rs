//! A label as the dots of its printer: what ZPL, PNG and the check are made from.
//!
//! Neighbours: `layout` says what stands where, `glyph` draws letters, `proof` reads the dots.
//!
//! Architecture invariant: the dots that are checked are the dots that are sent.

use super::Resolution;
use super::data::TEST;
use super::glyph::glyph;
use crate::pdf::{Color, Face, Item, Len, Page, Point, width};

/// Rows of dots, eight to the byte, the leftmost in the highest bit; 1 is black.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raster {
    /// Dots in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// How finely it is drawn.
    pub resolution: Resolution,
    /// The rows, each filled up to whole bytes.
    pub bits: Vec<u8>,
}

impl Raster {
    fn new(width: usize, height: usize, resolution: Resolution) -> Self {
        let bits = vec![0; width.div_ceil(8) * height];
        Self { width, height, resolution, bits }
    }

    /// Bytes in a row.
    #[must_use]
    pub fn row_bytes(&self) -> usize {
        self.width.div_ceil(8)
    }

    /// Whether a dot is black; white outside.
    #[must_use]
    pub fn dark(&self, x: usize, y: usize) -> bool {
        let byte = self.bits.get(y * self.row_bytes() + x / 8).copied().unwrap_or(0);
        x < self.width && byte & (0x80 >> (x % 8)) != 0
    }

    fn blacken(&mut self, x: usize, y: usize) {
        let place = y * self.row_bytes() + x / 8;
        if let Some(byte) = self.bits.get_mut(place) {
            *byte |= 0x80 >> (x % 8);
        }
    }

    /// Lays the watermark of a test over everything, every third dot black: seen at once, and what
    /// is under it stays legible. The check came before.
    pub(super) fn watermark(&mut self, (at, size): (Point, Len)) {
        let grid = self.resolution;
        let row = grid.dots(at.y);
        let mut pen = at.x;
        for symbol in TEST.chars() {
            let left = grid.dots(pen);
            for (above, first, count) in &glyph(Face::Bold, size, grid.dot(), symbol).runs {
                let y = row + above;
                for x in (left + first)..(left + first + count) {
                    let place = usize::try_from(x).ok().zip(usize::try_from(y).ok());
                    let place = place.filter(|(x, y)| *x < self.width && (x + y) % 3 == 0);
                    if let Some((x, y)) = place {
                        self.blacken(x, y);
                    }
                }
            }
            pen += width(Face::Bold, size, symbol.encode_utf8(&mut [0; 4]));
        }
    }

    /// The same dots turned clockwise by so many quarters, as a printer feeds its stock.
    #[must_use]
    pub fn turned(&self, quarters: u8) -> Self {
        let (width, height) = match quarters % 2 {
            0 => (self.width, self.height),
            _ => (self.height, self.width),
        };
        let mut turned = Self::new(width, height, self.resolution);
        for y in 0..self.height {
            for x in (0..self.width).filter(|x| self.dark(*x, y)) {
                let (right, below) = (self.width - 1 - x, self.height - 1 - y);
                let (x, y) = match quarters % 4 {
                    0 => (x, y),
                    1 => (below, x),
                    2 => (right, below),
                    _ => (y, right),
                };
                turned.blacken(x, y);
            }
        }
        turned
    }
}

/// A rectangle of dots: left, top, and the first dots right of and below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dots {
    /// First column.
    pub left: i64,
    /// First row.
    pub top: i64,
    /// Column after the last.
    pub right: i64,
    /// Row after the last.
    pub bottom: i64,
}

impl Dots {
    /// Whether two rectangles share a dot.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }

    /// Whether all of it lies within `other`.
    #[must_use]
    pub fn within(&self, other: &Self) -> bool {
        self.left >= other.left
            && self.top >= other.top
            && self.right <= other.right
            && self.bottom <= other.bottom
    }
}

/// What drawing an item showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mishap {
    /// Dots of the item fell off the stock.
    Clipped(usize),
    /// Dots of two items fell on one another.
    Met(usize, usize),
    /// A label printer cannot draw such an item.
    NotDrawn(usize),
}

/// A drawn raster with the memory of which item made which dot.
pub(super) struct Drawing {
    pub(super) raster: Raster,
    /// The number of the item that made each dot, from 1; 0 is white.
    owners: Vec<u16>,
    pub(super) mishaps: Vec<Mishap>,
}

impl Drawing {
    /// The page in dots.
    pub(super) fn of(page: &Page, resolution: Resolution) -> Self {
        let edge = |length: Len| usize::try_from(resolution.dots(length)).unwrap_or(0);
        let (width, height) = (edge(page.width), edge(page.height));
        let raster = Raster::new(width, height, resolution);
        let mut drawing = Self { raster, owners: vec![0; width * height], mishaps: Vec::new() };
        for (place, item) in page.items.iter().enumerate() {
            drawing.item(place, item);
        }
        drawing
    }

    /// The item that made a dot, if one did.
    pub(super) fn owner(&self, x: i64, y: i64) -> Option<usize> {
        let (x, y) = (usize::try_from(x).ok()?, usize::try_from(y).ok()?);
        if x >= self.raster.width {
            return None;
        }
        let owner = self.owners.get(y * self.raster.width + x)?;
        usize::from(*owner).checked_sub(1)
    }

    fn item(&mut self, place: usize, item: &Item) {
        let grid = self.raster.resolution;
        match item {
            Item::Text { at, face, size, color, text } => {
                let row = grid.dots(at.y);
                let mut pen = at.x;
                for symbol in text.chars() {
                    let left = grid.dots(pen);
                    for (above, first, count) in &glyph(*face, *size, grid.dot(), symbol).runs {
                        self.run(place, *color, row + above, left + first, *count);
                    }
                    pen += width(*face, *size, symbol.encode_utf8(&mut [0; 4]));
                }
            }
            Item::Box { at, width, height, fill, edge } => {
                if fill.is_some() {
                    self.mishaps.push(Mishap::NotDrawn(place));
                }
                if let Some((color, line)) = edge {
                    self.frame(place, *color, (*at, *width, *height), *line);
                }
            }
            Item::Line { points, color, width } => self.line(place, *color, points, *width),
            Item::Modules { at, module, tall, color, runs } => {
                for (row, column, count) in runs {
                    let left = grid.dots(at.x + *module * *column);
                    let right = grid.dots(at.x + *module * (*column + *count));
                    let top = grid.dots(at.y + *tall * *row);
                    let bottom = grid.dots(at.y + *tall * (*row + 1));
                    self.fill(place, *color, Dots { left, top, right, bottom });
                }
            }
            Item::Link { .. } | Item::Polygon { .. } | Item::Disc { .. } => {
                self.mishaps.push(Mishap::NotDrawn(place));
            }
        }
    }

    /// Four bars, centred on the edge as PDF draws them, at least one dot wide.
    fn frame(
        &mut self,
        place: usize,
        color: Color,
        (at, width, height): (Point, Len, Len),
        line: Len,
    ) {
        let grid = self.raster.resolution;
        let thick = grid.dots(line).max(1);
        let near = |length: Len| grid.dots(length - line / 2);
        let (left, top) = (near(at.x), near(at.y));
        let (right, bottom) = (near(at.x + width), near(at.y + height));
        let bars = [
            Dots { left, top, right: right + thick, bottom: top + thick },
            Dots { left, top: bottom, right: right + thick, bottom: bottom + thick },
            Dots { left, top: top + thick, right: left + thick, bottom },
            Dots { left: right, top: top + thick, right: right + thick, bottom },
        ];
        for bar in bars {
            self.fill(place, color, bar);
        }
    }

    fn line(&mut self, place: usize, color: Color, points: &[Point], line: Len) {
        let grid = self.raster.resolution;
        let thick = grid.dots(line).max(1);
        for (from, to) in points.iter().zip(points.iter().skip(1)) {
            let (x, y) = (from.x.min(to.x), from.y.min(to.y));
            let area = if from.y == to.y {
                let top = grid.dots(y - line / 2);
                let right = grid.dots(from.x.max(to.x));
                Dots { left: grid.dots(x), top, right, bottom: top + thick }
            } else if from.x == to.x {
                let left = grid.dots(x - line / 2);
                let bottom = grid.dots(from.y.max(to.y));
                Dots { left, top: grid.dots(y), right: left + thick, bottom }
            } else {
                self.mishaps.push(Mishap::NotDrawn(place));
                continue;
            };
            self.fill(place, color, area);
        }
    }

    fn fill(&mut self, place: usize, color: Color, area: Dots) {
        for row in area.top..area.bottom {
            self.run(place, color, row, area.left, area.right - area.left);
        }
    }

    fn run(&mut self, place: usize, color: Color, row: i64, first: i64, count: i64) {
        // A printer has one ink: what is lighter than half of it leaves no dot.
        if darkness(color) < 50 {
            return;
        }
        let owner = u16::try_from(place + 1).unwrap_or(u16::MAX);
        for column in first..first + count {
            let inside =
                |place: i64, edge: usize| usize::try_from(place).ok().filter(|p| *p < edge);
            let dot = inside(column, self.raster.width).zip(inside(row, self.raster.height));
            let Some((x, y)) = dot else {
                self.mishap(Mishap::Clipped(place));
                continue;
            };
            let known = self.owners.get_mut(y * self.raster.width + x);
            let before = known.map(|known| std::mem::replace(known, owner));
            match before.and_then(|before| usize::from(before).checked_sub(1)) {
                Some(other) if other != place => self.mishap(Mishap::Met(other, place)),
                _ => {}
            }
            self.raster.blacken(x, y);
        }
    }

    fn mishap(&mut self, mishap: Mishap) {
        if !self.mishaps.contains(&mishap) {
            self.mishaps.push(mishap);
        }
    }
}

/// How dark a colour is on white, from 0 to 100.
pub(super) fn darkness(Color(red, green, blue): Color) -> u32 {
    let light = u32::from(red) * 30 + u32::from(green) * 59 + u32::from(blue) * 11;
    100 - light / 255
}
