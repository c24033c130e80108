//! The batch record of an order: one model, two forms, PDF for people and canonical JSON for
//! machines.
//!
//! [`BatchRecord`] is filled by the export use case; [`to_json`] and [`render_pdf`] write it. The
//! PDF carries the JSON as an attachment.
//!
//! Architecture invariant: the same record gives the same bytes, and what the PDF shows is in the
//! JSON. The hash printed on every page is the SHA-256 of the JSON.

mod batch;
mod chapters;
mod cover;
mod custody;
mod exceptions;
mod flow;
mod genealogy;
mod model;
mod theme;
mod timeline;
mod trail;
pub mod verify;
mod words;

use sha2::{Digest, Sha256};

use crate::ledger::Canonical;
use crate::pdf::{self, Attachment, Document, Heading, Page};
use flow::Flow;

pub use model::*;
pub use timeline::timeline_svg;
pub use words::{brief, code_ranges};

/// The name of the JSON form inside the PDF form.
pub const ATTACHMENT: &str = "record.json";

/// Why a record could not be written.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The canonical JSON could not be made.
    #[error(
        "The record could not be written as canonical JSON ({0}). This is a fault of the program; report it."
    )]
    Json(String),
    /// The PDF could not be written.
    #[error(transparent)]
    Pdf(#[from] pdf::PdfError),
}

/// The record as canonical JSON (RFC 8785, the ledger's strict profile).
pub fn to_json(record: &BatchRecord) -> Result<Vec<u8>, RecordError> {
    let text = Canonical::of(record)
        .and_then(|canonical| canonical.to_text())
        .map_err(|error| RecordError::Json(error.to_string()))?;
    Ok(text.into_bytes())
}

/// SHA-256 of the canonical JSON, hexadecimal: what is printed on every page.
#[must_use]
pub fn hash(json: &[u8]) -> String {
    crate::ledger::hash::hex(&Sha256::digest(json))
}

/// The forms a record can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// For people; carries the JSON as an attachment.
    Pdf,
    /// For machines.
    Json,
}

impl Form {
    /// The form that a file name asks for by its ending; `None` for any other.
    #[must_use]
    pub fn of_path(path: &std::path::Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "pdf" => Some(Self::Pdf),
            "json" => Some(Self::Json),
            _ => None,
        }
    }

    /// Media type, for downloads.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Json => "application/json",
        }
    }
}

/// The record in the form asked for.
pub fn render(record: &BatchRecord, form: Form) -> Result<Vec<u8>, RecordError> {
    match form {
        Form::Pdf => render_pdf(record),
        Form::Json => to_json(record),
    }
}

/// The record as PDF, with its JSON attached.
pub fn render_pdf(record: &BatchRecord) -> Result<Vec<u8>, RecordError> {
    let json = to_json(record)?;
    let hash = hash(&json);
    let (pages, outline) = compose(record, &hash);
    let identity = &record.identity;
    let document = Document {
        title: format!("Batch record {}", identity.order),
        subject: format!("{}, patient {}", identity.product, identity.patient_code),
        language: "en".to_owned(),
        created: Some(record.exported.at.at.utc().format("%Y%m%d%H%M%S").to_string()),
        identity: Sha256::digest(&json).iter().take(16).copied().collect(),
        pages,
        outline,
        attachments: vec![Attachment {
            name: ATTACHMENT.to_owned(),
            description: "The same record as canonical JSON, with the proofs".to_owned(),
            media_type: "application/json".to_owned(),
            data: json,
        }],
    };
    Ok(pdf::write(&document)?)
}

/// All pages in order, with the outline.
fn compose(record: &BatchRecord, hash: &str) -> (Vec<Page>, Vec<Heading>) {
    let mut flow = Flow::new();
    exceptions::chapter(&mut flow, record);
    chapters::genealogy(&mut flow, record);
    for batch in &record.batches {
        batch::chapter(&mut flow, batch);
    }
    chapters::donors(&mut flow, record);
    custody::chapter(&mut flow, record);
    chapters::signatures(&mut flow, record);
    trail::audit_trail(&mut flow, record);
    trail::proof(&mut flow, record, hash);
    let (body, mut headings) = flow.finish();

    let mut first = Flow::new();
    cover::cover(&mut first, record, hash);
    let (mut pages, _) = first.finish();
    let before = pages.len() + cover::contents_pages(&headings);
    for heading in &mut headings {
        heading.page += before;
    }
    pages.extend(cover::contents(&headings));
    pages.extend(body);
    cover::furniture(&mut pages, record, hash);
    (pages, headings)
}
