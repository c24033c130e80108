//! The sample of a definition as strokes for a picture inside a page: a text that is not stored
//! anywhere yet has no address to fetch a picture from.
//!
//! Architecture invariant: the strokes are the dots that the check read back; whoever shows them
//! lays a TEST over them.

use std::fmt::Write as _;
use std::sync::Arc;

use super::raster::Raster;
use super::{Definition, LabelRefusal, Resolution, check, layout, sample};
use crate::domain::language::Language;

/// A label as horizontal strokes, one dot high.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strokes {
    /// Width in dots.
    pub width: usize,
    /// Height in dots.
    pub height: usize,
    /// The strokes as an SVG path.
    pub path: String,
}

/// The sample of a definition in a language at the coarsest resolution, without its watermark.
///
/// # Errors
/// That it cannot be drawn or does not read back.
pub fn sample_strokes(
    definition: &Definition,
    language: Language,
) -> Result<Strokes, LabelRefusal> {
    let kind = definition.label_kind();
    let label = kind.and_then(|kind| sample(kind, language)).ok_or(LabelRefusal::Nothing)?;
    let label = label.drawn_by(Arc::new(definition.clone())).as_test();
    let mut drawn = layout(&label, Resolution::Dpi203)?;
    // As one word over the picture it costs nothing; as dots it is most of the strokes.
    drawn.test = false;
    let kind = label.kind().word();
    let proof = check(&drawn).map_err(|(faults, picture)| LabelRefusal::NotProven {
        kind,
        code: label.printed().to_owned(),
        faults,
        picture,
    })?;
    Ok(strokes(&proof.raster))
}

fn strokes(raster: &Raster) -> Strokes {
    let (width, height) = (raster.width, raster.height);
    let mut path = String::new();
    for y in 0..height {
        let mut x = 0;
        while x < width {
            let run = (x..width).take_while(|x| raster.dark(*x, y)).count();
            if run > 0 {
                // Writing to a text cannot fail.
                let _ = write!(path, "M{x} {y}.5h{run}");
            }
            x += run.max(1);
        }
    }
    Strokes { width, height, path }
}
