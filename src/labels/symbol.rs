//! Two-dimensional symbols as runs of dark modules.
//!
//! Architecture invariant: module coordinates are whole numbers; nothing is drawn as an image.

use datamatrix::{DataMatrix, SymbolList};
use qrcode::{EcLevel, QrCode};

use super::definition::SymbolKind;

/// The modules of one symbol.
pub(crate) struct Modules {
    /// Columns, and rows: only square symbols are drawn.
    pub(crate) columns: i64,
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
    }
}

fn modules(columns: usize, dark: &[bool]) -> Option<Modules> {
    let mut runs = Vec::new();
    for (row, line) in dark.chunks(columns).zip(0_i64..).map(|(line, row)| (row, line)) {
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
    Some(Modules { columns: i64::try_from(columns).ok()?, runs })
}
