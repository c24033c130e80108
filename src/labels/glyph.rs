//! Letters as dots, from the same typefaces as the PDF.
//!
//! Neighbours: `raster` places what is drawn here.
//!
//! Architecture invariant: floating point lives in this file and nowhere else of `labels`; what
//! leaves it are whole dots.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::OnceLock;

use ab_glyph::{Font, FontRef, PxScale};

use crate::pdf::{Face, Len};

/// One letter: runs of dark dots, relative to the left end of its baseline.
pub(super) struct Glyph {
    /// Row (negative above the baseline), first dot, number of dots.
    pub(super) runs: Vec<(i64, i64, i64)>,
}

/// Letters kept by each thread; a label has some sixty.
const KEPT_MAX: usize = 4096;

type Key = (Face, Len, Len, char);

thread_local! {
    static KEPT: RefCell<HashMap<Key, Rc<Glyph>>> = RefCell::new(HashMap::new());
}

/// The letter at a font size on a grid of dots.
pub(super) fn glyph(face: Face, size: Len, dot: Len, symbol: char) -> Rc<Glyph> {
    let key = (face, size, dot, symbol);
    KEPT.with_borrow_mut(|kept| {
        if let Some(known) = kept.get(&key) {
            return Rc::clone(known);
        }
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        let drawn = Rc::new(draw(face, size, dot, symbol));
        kept.insert(key, Rc::clone(&drawn));
        drawn
    })
}

fn font(face: Face) -> Option<&'static FontRef<'static>> {
    static FONTS: [OnceLock<Option<FontRef<'static>>>; 6] = [const { OnceLock::new() }; 6];
    let place = Face::ALL.iter().position(|known| *known == face)?;
    FONTS.get(place)?.get_or_init(|| FontRef::try_from_slice(face.data()).ok()).as_ref()
}

/// A dot is dark when this share of it is covered. A little less than half: a stroke one dot wide
/// that falls between two dots stays a line.
const COVERED: f32 = 0.45;

#[expect(
    clippy::float_arithmetic,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "the rasteriser takes sizes and gives coverage as f32; a letter is some hundred dots"
)]
fn draw(face: Face, size: Len, dot: Len, symbol: char) -> Glyph {
    let mut dark: Vec<(i64, i64)> = Vec::new();
    if let Some(font) = font(face) {
        let em = size.value() as f32 / dot.value() as f32;
        // The library counts from the top of the tallest letter to the foot of the deepest.
        let tall = font.height_unscaled() / font.units_per_em().unwrap_or(2048.0);
        let glyph = font.glyph_id(symbol).with_scale(PxScale::from(em * tall));
        if let Some(outline) = font.outline_glyph(glyph) {
            let bounds = outline.px_bounds();
            let (left, top) = (bounds.min.x as i64, bounds.min.y as i64);
            outline.draw(|x, y, coverage| {
                if coverage >= COVERED {
                    dark.push((top + i64::from(y), left + i64::from(x)));
                }
            });
        }
    }
    Glyph { runs: runs(&dark) }
}

/// Joins neighbouring dots of a row; the dots come row by row.
fn runs(dots: &[(i64, i64)]) -> Vec<(i64, i64, i64)> {
    let mut runs: Vec<(i64, i64, i64)> = Vec::new();
    for &(row, dot) in dots {
        match runs.last_mut() {
            Some(run) if run.0 == row && run.1 + run.2 == dot => run.2 += 1,
            _ => runs.push((row, dot, 1)),
        }
    }
    runs
}
