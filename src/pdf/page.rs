//! A drawn page: its size and its items, independent of the file format.
//!
//! Architecture invariant: coordinates run from the top left, down and to the right; only the
//! writer knows that PDF counts from below.

use super::{Face, Len};

/// A colour, red, green and blue from 0 to 255.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Color(pub u8, pub u8, pub u8);

impl Color {
    /// Black.
    pub const BLACK: Self = Self(0, 0, 0);
    /// White.
    pub const WHITE: Self = Self(255, 255, 255);
}

/// A place on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// From the left edge.
    pub x: Len,
    /// From the top edge.
    pub y: Len,
}

impl Point {
    /// The place `x` from the left and `y` from the top.
    #[must_use]
    pub const fn new(x: Len, y: Len) -> Self {
        Self { x, y }
    }
}

/// One drawn thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// One line of text.
    Text {
        /// Left end of the baseline.
        at: Point,
        /// Typeface.
        face: Face,
        /// Font size.
        size: Len,
        /// Colour.
        color: Color,
        /// The text; already printable.
        text: String,
    },
    /// A rectangle.
    Box {
        /// Top left corner.
        at: Point,
        /// Width.
        width: Len,
        /// Height.
        height: Len,
        /// Colour inside.
        fill: Option<Color>,
        /// Colour and width of its edge.
        edge: Option<(Color, Len)>,
    },
    /// A polyline.
    Line {
        /// Its points.
        points: Vec<Point>,
        /// Colour.
        color: Color,
        /// Width.
        width: Len,
    },
    /// A filled polygon.
    Polygon {
        /// Its corners.
        points: Vec<Point>,
        /// Colour inside.
        fill: Color,
    },
    /// A filled circle.
    Disc {
        /// Its centre.
        center: Point,
        /// Its radius.
        radius: Len,
        /// Colour inside.
        fill: Color,
    },
    /// The dark modules of a symbol: runs of equal rectangles.
    Modules {
        /// Top left corner of the symbol without quiet zone.
        at: Point,
        /// Width of one module.
        module: Len,
        /// Height of one module: its width, but for a linear symbol.
        tall: Len,
        /// Colour.
        color: Color,
        /// Row, first column, number of columns of each dark run.
        runs: Vec<(i64, i64, i64)>,
    },
    /// A place that leads to another page when clicked.
    Link {
        /// Top left corner.
        at: Point,
        /// Width.
        width: Len,
        /// Height.
        height: Len,
        /// Page it leads to, from 0.
        page: usize,
        /// Where on that page, from the top.
        y: Len,
    },
}

impl Item {
    /// The same item, moved right and down.
    #[must_use]
    pub fn moved(self, by: Point) -> Self {
        let shift = |p: Point| Point::new(p.x + by.x, p.y + by.y);
        match self {
            Self::Text { at, face, size, color, text } => {
                Self::Text { at: shift(at), face, size, color, text }
            }
            Self::Box { at, width, height, fill, edge } => {
                Self::Box { at: shift(at), width, height, fill, edge }
            }
            Self::Line { points, color, width } => {
                Self::Line { points: points.into_iter().map(shift).collect(), color, width }
            }
            Self::Polygon { points, fill } => {
                Self::Polygon { points: points.into_iter().map(shift).collect(), fill }
            }
            Self::Disc { center, radius, fill } => {
                Self::Disc { center: shift(center), radius, fill }
            }
            Self::Modules { at, module, tall, color, runs } => {
                Self::Modules { at: shift(at), module, tall, color, runs }
            }
            Self::Link { at, width, height, page, y } => {
                Self::Link { at: shift(at), width, height, page, y }
            }
        }
    }
}

/// A page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Width.
    pub width: Len,
    /// Height.
    pub height: Len,
    /// What is drawn, in order.
    pub items: Vec<Item>,
}

impl Page {
    /// An empty page.
    #[must_use]
    pub fn new(width: Len, height: Len) -> Self {
        Self { width, height, items: Vec::new() }
    }

    /// An empty upright A4 page.
    #[must_use]
    pub fn a4() -> Self {
        Self::new(Len::mm(210), Len::mm(297))
    }

    /// Draws one line of text from its baseline.
    pub fn text(&mut self, at: Point, face: Face, size: Len, color: Color, text: &str) {
        if !text.is_empty() {
            let text = super::printable(face, text).into_owned();
            self.items.push(Item::Text { at, face, size, color, text });
        }
    }

    /// Fills a rectangle.
    pub fn fill(&mut self, at: Point, width: Len, height: Len, fill: Color) {
        self.items.push(Item::Box { at, width, height, fill: Some(fill), edge: None });
    }

    /// Draws the edge of a rectangle.
    pub fn frame(&mut self, at: Point, width: Len, height: Len, color: Color, line: Len) {
        self.items.push(Item::Box { at, width, height, fill: None, edge: Some((color, line)) });
    }

    /// Draws a straight line.
    pub fn line(&mut self, from: Point, to: Point, color: Color, width: Len) {
        self.items.push(Item::Line { points: vec![from, to], color, width });
    }
}
