//! Labels: a definition and the data of one container become a drawn page.
//!
//! A definition (`labels/*.toml`, one per kind of container) says where what stands on which stock;
//! [`LabelData`] carries the particulars; [`layout`] joins them or refuses. The page is written as
//! PDF, or drawn as the dots of a label printer ([`prove`]), read back by an independent decoder,
//! and sent as ZPL or PWG Raster or shown as PNG: one model for all.
//!
//! Architecture invariant: nothing is clipped, overlapped or left out silently. A particular that
//! the law wants and the data lack, a text that does not fit at its least size, a symbol that does
//! not fit its room: each refuses the label and names itself.

mod data;
mod definition;
mod glyph;
mod kind;
mod layout;
mod png;
mod proof;
mod pwg;
mod raster;
mod resolution;
mod sample;
mod sheet;
mod svg;
mod symbol;
mod words;
mod zpl;

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::domain::language::Language;
use crate::pdf::{self, Document, Page};

pub use data::{LabelData, Particular};
pub use definition::{
    Definition, DefinitionError, Frame, Payload, Rule, Size, Symbol, SymbolKind, Text, Words,
    definitions, shipped_text,
};
pub use kind::LabelKind;
pub use layout::{Drawn, PlacedSymbol, draw, layout};
pub use png::png;
pub use proof::{Fault, Proof, ReadBack, check, prove, prove_all};
pub use pwg::{Ink, pwg};
pub use raster::{Dots, Raster};
pub use resolution::Resolution;
pub use sample::{sample, sample_proofs};
pub use sheet::{Sheet, render_sheet};
pub use svg::{Strokes, sample_strokes};
pub(crate) use symbol::encode as encode_symbol;
pub use words::{Phrase, quantity};
pub use zpl::zpl;

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
    /// The drawn label does not read back as it should.
    #[error(
        "The {kind} label {code} was drawn, checked and refused: {}. Have the label definition or the data corrected; nothing was printed.",
        list(faults)
    )]
    NotProven {
        /// Kind of container, in words.
        kind: &'static str,
        /// Label code, as printed.
        code: String,
        /// Everything that is wrong.
        faults: Vec<Fault>,
        /// A PNG of the label with the places framed in red.
        picture: Vec<u8>,
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
    /// The definition has no words in the language of the label.
    #[error(
        "The {kind} label {code} is to be in {language}, and the definition it is drawn by has no words in {language}. Have a definition approved that has them."
    )]
    OtherLanguage {
        /// Kind of container, in words.
        kind: &'static str,
        /// Label code, as printed.
        code: String,
        /// The language, in words.
        language: &'static str,
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

fn list(faults: &[Fault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// One PDF page per label, each of the exact size of its stock.
pub fn render_pdf(labels: &[LabelData]) -> Result<Vec<u8>, LabelRefusal> {
    let page = |label: &LabelData| {
        Ok::<Page, LabelRefusal>(layout(label, layout::definition(label)?.dpi)?.into_page())
    };
    let pages = labels.iter().map(page).collect::<Result<Vec<Page>, _>>()?;
    write(labels, pages)
}

/// The version of the definition that a label is drawn by.
///
/// # Errors
/// When there is none.
pub fn definition_version(label: &LabelData) -> Result<u32, LabelRefusal> {
    Ok(layout::definition(label)?.version)
}

/// The kinds of label that have a definition.
pub fn kinds() -> Result<Vec<LabelKind>, DefinitionError> {
    Ok(definitions()?.keys().copied().collect())
}

/// One label from `particular=value` pairs, for the command line: `kind` is the code of a kind of
/// label, `code` the label code of a container, or the text of the symbol of anything else.
pub fn label_from_text(
    language: Language,
    kind: &str,
    code: &str,
    pairs: &[(String, String)],
) -> Result<LabelData, Box<dyn std::error::Error + Send + Sync>> {
    let kind = LabelKind::parse(kind).ok_or_else(|| {
        let known: Vec<&str> = LabelKind::all().map(LabelKind::code).collect();
        format!("{kind:?} is no kind of label. Known kinds: {}.", known.join(", "))
    })?;
    let mut label = match kind {
        LabelKind::Container(kind) => {
            LabelData::new(language, kind, crate::codes::LabelCode::parse(code)?)
        }
        other => LabelData::of(language, other, code),
    };
    for (name, value) in pairs {
        let particular = Particular::parse(name).ok_or_else(|| {
            let known: Vec<&str> = Particular::ALL.iter().map(|(_, name, _)| *name).collect();
            format!("{name:?} is no particular of a label. Known ones: {}.", known.join(", "))
        })?;
        label = label.with(particular, value);
    }
    Ok(label)
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
        [label] => format!("Label {}", label.printed()),
        _ => format!("{} labels", labels.len()),
    };
    let document = Document {
        title,
        subject: words.join(", "),
        language: labels.first().map_or("en", |label| label.language().code()).to_owned(),
        created: None,
        identity: hash.finalize().iter().take(16).copied().collect(),
        pages,
        outline: Vec::new(),
        attachments: Vec::new(),
    };
    Ok(pdf::write(&document)?)
}
