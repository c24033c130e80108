//! The typefaces (DejaVu, full Latin Extended) and what can be known of a text without drawing it.
//!
//! Architecture invariant: what is measured here is what the reader's viewer draws; both come from
//! the same advance widths.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use printpdf::ParsedFont;

use super::Len;

/// The faces we print with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Face {
    /// DejaVu Sans.
    Sans,
    /// DejaVu Sans Bold.
    Bold,
    /// DejaVu Sans Condensed, for tables.
    Condensed,
    /// DejaVu Sans Condensed Bold.
    CondensedBold,
    /// DejaVu Sans Mono, for codes and hashes: `0`/`O` and `1`/`I` differ.
    Mono,
    /// DejaVu Sans Mono Bold.
    MonoBold,
}

impl Face {
    /// Every face.
    pub const ALL: [Self; 6] =
        [Self::Sans, Self::Bold, Self::Condensed, Self::CondensedBold, Self::Mono, Self::MonoBold];

    /// PostScript name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sans => "DejaVuSans",
            Self::Bold => "DejaVuSans-Bold",
            Self::Condensed => "DejaVuSansCondensed",
            Self::CondensedBold => "DejaVuSansCondensed-Bold",
            Self::Mono => "DejaVuSansMono",
            Self::MonoBold => "DejaVuSansMono-Bold",
        }
    }

    /// Name of the font as a PDF resource.
    pub(super) fn resource(self) -> &'static str {
        match self {
            Self::Sans => "F1",
            Self::Bold => "F2",
            Self::Condensed => "F3",
            Self::CondensedBold => "F4",
            Self::Mono => "F5",
            Self::MonoBold => "F6",
        }
    }

    /// The font file.
    pub(crate) fn data(self) -> &'static [u8] {
        match self {
            Self::Sans => dejavu::sans::regular(),
            Self::Bold => dejavu::sans::bold(),
            Self::Condensed => dejavu::sans_condensed::regular(),
            Self::CondensedBold => dejavu::sans_condensed::bold(),
            Self::Mono => dejavu::sans_mono::regular(),
            Self::MonoBold => dejavu::sans_mono::bold(),
        }
    }

    /// Height of a capital letter at a font size.
    #[must_use]
    pub fn cap_height(self, size: Len) -> Len {
        size.scaled(1493, 2048)
    }

    /// How far letters such as g reach below the baseline at a font size.
    #[must_use]
    pub fn descent(self, size: Len) -> Len {
        size.scaled(483, 2048)
    }

    pub(super) fn metrics(self) -> &'static Metrics {
        static TABLES: [OnceLock<Metrics>; 6] = [const { OnceLock::new() }; 6];
        let slot = match self {
            Self::Sans => TABLES.first(),
            Self::Bold => TABLES.get(1),
            Self::Condensed => TABLES.get(2),
            Self::CondensedBold => TABLES.get(3),
            Self::Mono => TABLES.get(4),
            Self::MonoBold => TABLES.get(5),
        };
        static NONE: Metrics = Metrics::empty();
        slot.map_or(&NONE, |slot| slot.get_or_init(|| Metrics::read(self.data())))
    }
}

/// What measuring needs of a font.
pub(super) struct Metrics {
    /// Font units to the em.
    pub(super) units: u16,
    pub(super) ascent: i16,
    pub(super) descent: i16,
    /// Advance of U+0000–U+024F, the letters in use; 0 when missing.
    latin: Vec<u16>,
    glyphs: BTreeMap<u32, u16>,
    widths: BTreeMap<u16, u16>,
}

impl Metrics {
    const fn empty() -> Self {
        Self {
            units: 1000,
            ascent: 0,
            descent: 0,
            latin: Vec::new(),
            glyphs: BTreeMap::new(),
            widths: BTreeMap::new(),
        }
    }

    fn read(data: &[u8]) -> Self {
        let Some(font) = ParsedFont::from_bytes(data, 0, &mut Vec::new()) else {
            return Self::empty();
        };
        let advance = |code: u32| -> u16 {
            let glyph = font.codepoint_to_glyph.get(&code);
            glyph.and_then(|glyph| font.glyph_widths.get(glyph)).copied().unwrap_or(0)
        };
        Self {
            units: font.units_per_em,
            ascent: font.font_metrics.ascent,
            descent: font.font_metrics.descent,
            latin: (0..0x250).map(advance).collect(),
            glyphs: font.codepoint_to_glyph,
            widths: font.glyph_widths,
        }
    }

    pub(super) fn glyph(&self, symbol: char) -> Option<u16> {
        self.glyphs.get(&u32::from(symbol)).copied()
    }

    pub(super) fn advance_of(&self, glyph: u16) -> u16 {
        self.widths.get(&glyph).copied().unwrap_or(0)
    }

    fn advance(&self, symbol: char) -> u16 {
        let code = u32::from(symbol);
        let latin = usize::try_from(code).ok().and_then(|place| self.latin.get(place));
        match latin {
            Some(width) => *width,
            None => self.glyph(symbol).map_or(0, |glyph| self.advance_of(glyph)),
        }
    }
}

/// `text` with every character that cannot be drawn replaced: line breaks and other controls by a
/// space, what the face does not hold by U+FFFD.
#[must_use]
pub fn printable(face: Face, text: &str) -> Cow<'_, str> {
    let metrics = face.metrics();
    let fits = |c: char| !c.is_control() && metrics.glyph(c).is_some();
    if text.chars().all(fits) {
        return Cow::Borrowed(text);
    }
    let replace = |c: char| match c {
        c if c.is_control() => ' ',
        c if fits(c) => c,
        _ => '\u{fffd}',
    };
    Cow::Owned(text.chars().map(replace).collect())
}

/// Width of `text` on one line.
#[must_use]
pub fn width(face: Face, size: Len, text: &str) -> Len {
    let metrics = face.metrics();
    let units: i64 = text.chars().map(|c| i64::from(metrics.advance(c))).sum();
    size.scaled(units, i64::from(metrics.units))
}

/// The greatest size from `most` down to `least`, in tenths of a point, at which `text` is no
/// wider than `room`; `None` when even the least is too wide.
#[must_use]
pub fn fit(face: Face, text: &str, most: Len, least: Len, room: Len) -> Option<Len> {
    let mut size = most;
    while size >= least {
        if width(face, size, text) <= room {
            return Some(size);
        }
        size -= Len::pt10(1);
    }
    (width(face, least, text) <= room).then_some(least)
}

/// A space at which no line ends.
pub const NO_BREAK: char = '\u{a0}';

/// Breaks `text` into lines no wider than `room`: at line breaks, at spaces that may break, and
/// inside a word only when the word alone is too wide. Always at least one line.
#[must_use]
pub fn wrap(face: Face, size: Len, text: &str, room: Len) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        let mut used = Len::ZERO;
        let space = width(face, size, " ");
        let breaks = |symbol: char| symbol.is_whitespace() && symbol != NO_BREAK;
        for word in paragraph.split(breaks).filter(|word| !word.is_empty()) {
            let wide = width(face, size, word);
            if !line.is_empty() && used + space + wide <= room {
                line.push(' ');
                line.push_str(word);
                used += space + wide;
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            let (full, rest) = chop(face, size, word, room);
            lines.extend(full);
            used = width(face, size, &rest);
            line = rest;
        }
        lines.push(line);
    }
    lines
}

/// Cuts a word that is too wide: full lines first, then what is left for the next line. A break
/// after `/ - _ , ; : . |` is taken where the line would otherwise be cut anywhere.
fn chop(face: Face, size: Len, word: &str, room: Len) -> (Vec<String>, String) {
    let mut full = Vec::new();
    let mut rest = word.to_owned();
    while width(face, size, &rest) > room {
        let mut end = 0;
        let mut mark = None;
        let mut used = Len::ZERO;
        for (place, symbol) in rest.char_indices() {
            used += width(face, size, symbol.encode_utf8(&mut [0; 4]));
            if used > room && place > 0 {
                break;
            }
            end = place + symbol.len_utf8();
            if "/-_,;:.|".contains(symbol) {
                mark = Some(end);
            }
        }
        let cut = mark.filter(|mark| *mark * 2 > end && *mark < rest.len()).unwrap_or(end);
        let tail = rest.split_off(cut.max(1).min(rest.len()));
        if tail.is_empty() {
            break;
        }
        full.push(std::mem::replace(&mut rest, tail));
    }
    (full, rest)
}
