//! The batch record of an order: one model, two forms, PDF for people and canonical JSON for
//! machines.
//!
//! [`BatchRecord`] is filled by the export use case; [`to_json`] and [`render_pdf`] write it.
//!
//! Architecture invariant: the same record gives the same bytes, and what the PDF shows is in the
//! JSON. The hash printed on every page is the SHA-256 of the JSON.

mod model;

use sha2::{Digest, Sha256};

pub use model::*;

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
    Pdf(#[from] crate::pdf::PdfError),
}

/// The record as canonical JSON (RFC 8785).
pub fn to_json(record: &BatchRecord) -> Result<Vec<u8>, RecordError> {
    serde_json_canonicalizer::to_vec(record).map_err(|error| RecordError::Json(error.to_string()))
}

/// SHA-256 of the canonical JSON, hexadecimal: what is printed on every page.
pub fn hash(record: &BatchRecord) -> Result<String, RecordError> {
    Ok(hexadecimal(&Sha256::digest(to_json(record)?)))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
