//! Labels on a sheet of A4, for offices without a label printer.
//!
//! Architecture invariant: a label on a sheet is the same drawing as alone, moved, never scaled.

use super::layout::definition;
use super::{LabelData, LabelRefusal, layout, write};
use crate::pdf::{Len, Page, Point};

/// How labels stand on a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sheet {
    /// Width of the sheet.
    pub width: Len,
    /// Height of the sheet.
    pub height: Len,
    /// Edge left free on all sides.
    pub margin: Len,
    /// Space between labels.
    pub gap: Len,
}

impl Sheet {
    /// A4 with 10 mm edges and 3 mm between labels.
    pub const A4: Self =
        Self { width: Len::mm(210), height: Len::mm(297), margin: Len::mm(10), gap: Len::mm(3) };
}

/// The labels row by row on as many sheets as needed.
pub fn render_sheet(labels: &[LabelData], sheet: Sheet) -> Result<Vec<u8>, LabelRefusal> {
    let mut pages: Vec<Page> = Vec::new();
    let mut page = Page::new(sheet.width, sheet.height);
    let (mut x, mut y, mut row) = (sheet.margin, sheet.margin, Len::ZERO);
    for label in labels {
        let drawn = layout(label, definition(label)?.dpi)?.into_page();
        if x > sheet.margin && x + drawn.width > sheet.width - sheet.margin {
            (x, y, row) = (sheet.margin, y + row + sheet.gap, Len::ZERO);
        }
        if y > sheet.margin && y + drawn.height > sheet.height - sheet.margin {
            pages.push(std::mem::replace(&mut page, Page::new(sheet.width, sheet.height)));
            (x, y, row) = (sheet.margin, sheet.margin, Len::ZERO);
        }
        let by = Point::new(x, y);
        page.items.extend(drawn.items.into_iter().map(|item| item.moved(by)));
        x += drawn.width + sheet.gap;
        row = row.max(drawn.height);
    }
    pages.push(page);
    write(labels, pages)
}
