//! Labels: a definition and the data of one container become a drawn page.
//!
//! A definition (`labels/*.toml`, one per kind of container) says where what stands on which stock;
//! [`LabelData`] carries the particulars; [`layout`] joins them or refuses. The page is written as
//! PDF for the printer and as SVG for the screen, from the same items.
//!
//! Architecture invariant: nothing is clipped, overlapped or left out silently. A particular that
//! the law wants and the data lack, a text that does not fit at its least size, a symbol that does
//! not fit its room: each refuses the label and names itself.

mod data;
mod definition;
mod layout;
mod sheet;
mod symbol;

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::pdf::{self, Document, Page};

pub use data::{LabelData, LabelUse, Particular};
pub use definition::{
    Definition, DefinitionError, Payload, Rule, Size, Symbol, SymbolKind, Text, definitions,
};
pub use layout::layout;
pub use sheet::{Sheet, render_sheet};
pub(crate) use symbol::encode as encode_symbol;

/// Why a label is not printed.
#[derive(Debug, thiserror::Error)]
pub enum LabelRefusal {
    /// A particular that this kind of label must show is empty.
    #[error(
        "The {kind} label {code} lacks {particular}, which {rule} asks for on this label. Enter it and print again."
    )]
    MissingParticular {
        /// Kind of container, in words.
        kind: &'static str,
        /// Label code, as printed.
        code: String,
        /// The particular, in words.
        particular: &'static str,
        /// Where the demand comes from.
        rule: &'static str,
    },
    /// A text does not fit its place at the least size.
    #[error(
        "On the {kind} label {code}, {text:?} does not fit its place at {least_pt} pt, the least size allowed there. Shorten it, or have the label definition changed."
    )]
    TextTooLong {
        /// Kind of container, in words.
        kind: &'static str,
        /// Label code, as printed.
        code: String,
        /// The text.
        text: String,
        /// Least size, in points.
        least_pt: String,
    },
    /// A symbol needs more room than the definition gives it.
    #[error(
        "On the {kind} label {code}, the symbol for {payload:?} needs {needed_mm} mm with its quiet zone and has {room_mm} mm. Have the label definition changed."
    )]
    SymbolTooLarge {
        /// Kind of container, in words.
        kind: &'static str,
        /// Label code, as printed.
        code: String,
        /// What the symbol would hold.
        payload: String,
        /// Edge it needs, in millimetres.
        needed_mm: String,
        /// Edge it has, in millimetres.
        room_mm: String,
    },
    /// The payload cannot be written as such a symbol.
    #[error("{payload:?} cannot be written as a {symbol}. Check the data of the label.")]
    NotEncodable {
        /// What the symbol should hold.
        payload: String,
        /// Which symbol.
        symbol: &'static str,
    },
    /// The container's code and the kind of label do not belong together.
    #[error(
        "The code {code} does not name a {kind}. Print the label from the container's own page."
    )]
    WrongKind {
        /// Kind of container, in words.
        kind: &'static str,
        /// Label code, as printed.
        code: String,
    },
    /// No definition for this kind of container.
    #[error("There is no label definition for a {kind}. Add one to labels/ and have it approved.")]
    NoDefinition {
        /// Kind of container, in words.
        kind: &'static str,
    },
    /// Nothing to print.
    #[error("No label was asked for. Choose at least one container.")]
    Nothing,
    /// The definitions could not be read.
    #[error(transparent)]
    Definition(#[from] DefinitionError),
    /// The PDF could not be written.
    #[error(transparent)]
    Pdf(#[from] pdf::PdfError),
}

/// One PDF page per label, each of the exact size of its stock.
pub fn render_pdf(labels: &[LabelData]) -> Result<Vec<u8>, LabelRefusal> {
    let pages = labels.iter().map(layout).collect::<Result<Vec<Page>, _>>()?;
    write(labels, pages)
}

/// The label as SVG, for the preview on a screen.
pub fn preview_svg(label: &LabelData) -> Result<String, LabelRefusal> {
    Ok(pdf::svg(&layout(label)?, &label.code().printed()))
}

/// What there is a label definition for.
pub fn uses() -> Result<Vec<LabelUse>, DefinitionError> {
    Ok(definitions()?.keys().copied().collect())
}

/// Renders one label from `particular=value` pairs, for the command line: `name` is that of a
/// definition, `code` a label code.
pub fn render_from_text(
    name: &str,
    code: &str,
    pairs: &[(String, String)],
) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
    let known: Vec<String> = uses()?.into_iter().map(LabelUse::name).collect();
    let usage = LabelUse::parse(name).ok_or_else(|| {
        format!("{name:?} is no kind of label. Known kinds: {}.", known.join(", "))
    })?;
    let mut label = LabelData::new(usage.kind(), crate::codes::LabelCode::parse(code)?);
    if usage.patient() {
        label = label.for_patient();
    }
    for (name, value) in pairs {
        let particular = Particular::parse(name).ok_or_else(|| {
            let known: Vec<&str> = Particular::ALL.iter().map(|(_, name, _)| *name).collect();
            format!("{name:?} is no particular of a label. Known ones: {}.", known.join(", "))
        })?;
        label = label.with(particular, value);
    }
    Ok(render_pdf(&[label])?)
}

pub(crate) fn write(labels: &[LabelData], pages: Vec<Page>) -> Result<Vec<u8>, LabelRefusal> {
    if labels.is_empty() {
        return Err(LabelRefusal::Nothing);
    }
    let mut hash = Sha256::new();
    let mut words: BTreeMap<&'static str, usize> = BTreeMap::new();
    for label in labels {
        hash.update(label.fingerprint());
        *words.entry(label.kind().word()).or_default() += 1;
    }
    let words: Vec<String> =
        words.iter().map(|(word, count)| format!("{count} × {word}")).collect();
    let title = match labels {
        [label] => format!("Label {}", label.code().printed()),
        _ => format!("{} labels", labels.len()),
    };
    let document = Document {
        title,
        subject: words.join(", "),
        language: "en".to_owned(),
        created: None,
        identity: hash.finalize().iter().take(16).copied().collect(),
        pages,
        outline: Vec::new(),
        attachments: Vec::new(),
    };
    Ok(pdf::write(&document)?)
}
