//! Symbols as runs of dark modules.
//!
//! Architecture invariant: module coordinates are whole numbers; nothing is drawn as an image.

use barcoders::sym::code128::Code128;
use datamatrix::{DataMatrix, SymbolList};
use qrcode::{EcLevel, QrCode};

use super::definition::SymbolKind;

/// The modules of one symbol.
pub(crate) struct Modules {
    /// Columns.
    pub(crate) columns: i64,
    /// Rows: as many as columns, or 1 for a linear symbol.
    pub(crate) rows: i64,
    /// Row, first column, number of columns of each dark run.
    pub(crate) runs: Vec<(i64, i64, i64)>,
}

/// Encodes `payload`; `None` when the symbol cannot hold it.
pub(crate) fn encode(kind: SymbolKind, payload: &str) -> Option<Modules> {
    match kind {
        SymbolKind::DataMatrix => {
            let square = SymbolList::default().enforce_square();
            let code = DataMatrix::encode(payload.as_bytes(), square).ok()?;
            let bitmap = code.bitmap();
            let columns = bitmap.width();
            let mut dark = vec![false; columns * bitmap.height()];
            for (x, y) in bitmap.pixels() {
                if let Some(module) = dark.get_mut(y * columns + x) {
                    *module = true;
                }
            }
            modules(columns, &dark)
        }
        SymbolKind::Qr => {
            let code = QrCode::with_error_correction_level(payload.as_bytes(), EcLevel::M).ok()?;
            let dark: Vec<bool> =
                code.to_colors().into_iter().map(|color| color == qrcode::Color::Dark).collect();
            modules(code.width(), &dark)
        }
        SymbolKind::Code128 => {
            let bars = Code128::new(sets(payload)?).ok()?.encode();
            let dark: Vec<bool> = bars.into_iter().map(|bar| bar == 1).collect();
            modules(dark.len(), &dark)
        }
    }
}

/// The text with the marks of its character sets: digits in pairs where that is shorter (four of
/// them at an end of the text, six inside), everything else as it is.
fn sets(text: &str) -> Option<String> {
    const CHARACTERS: char = '\u{181}';
    const PAIRS: char = '\u{106}';
    if text.is_empty() || !text.bytes().all(|byte| (32..127).contains(&byte)) {
        return None;
    }
    let mut marked = String::new();
    let mut set = None;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let least = if marked.is_empty() || digits == rest.len() { 4 } else { 6 };
        let (wanted, count) = match digits {
            digits if digits >= least && digits % 2 == 0 => (PAIRS, digits),
            _ => (CHARACTERS, 1),
        };
        if set != Some(wanted) {
            marked.push(wanted);
            set = Some(wanted);
        }
        let (head, tail) = rest.split_at_checked(count)?;
        marked.push_str(head);
        rest = tail;
    }
    Some(marked)
}

fn modules(columns: usize, dark: &[bool]) -> Option<Modules> {
    let mut runs = Vec::new();
    for (row, line) in (0_i64..).zip(dark.chunks(columns)) {
        let mut start = None;
        for (column, module) in (0_i64..).zip(line.iter().copied().chain([false])) {
            match (start, module) {
                (None, true) => start = Some(column),
                (Some(first), false) => {
                    runs.push((row, first, column - first));
                    start = None;
                }
                _ => {}
            }
        }
    }
    let rows = i64::try_from(dark.chunks(columns).len()).ok()?;
    Some(Modules { columns: i64::try_from(columns).ok()?, rows, runs })
}
