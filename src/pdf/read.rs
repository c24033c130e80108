//! Takes an embedded file out of a PDF.
//!
//! Neighbours: [`super::write`] puts it there. Other programs may have rewritten the file since, so
//! the names tree is walked as the format defines it.
//!
//! Architecture invariant: no input makes this panic or run without end.

use lopdf::{Dictionary, Document, Object};

/// How deep a tree of names may be nested.
const DEPTH_MAX: u32 = 16;

/// Why an embedded file could not be taken out.
#[derive(Debug, thiserror::Error)]
pub enum ExtractError {
    /// The bytes are not a PDF that can be read.
    #[error("this is not a PDF that can be read ({0})")]
    NotPdf(String),
    /// There is no embedded file of this name.
    #[error("the PDF carries no embedded file {0}")]
    Missing(String),
}

/// The embedded file of this name.
///
/// # Errors
/// When the bytes are no PDF, or it has no such file.
pub fn attachment(pdf: &[u8], name: &str) -> Result<Vec<u8>, ExtractError> {
    let document =
        Document::load_mem(pdf).map_err(|error| ExtractError::NotPdf(error.to_string()))?;
    find(&document, name).ok_or_else(|| ExtractError::Missing(name.to_owned()))
}

fn find(document: &Document, name: &str) -> Option<Vec<u8>> {
    let names = dictionary(document, document.catalog().ok()?.get(b"Names").ok()?)?;
    let files = dictionary(document, names.get(b"EmbeddedFiles").ok()?)?;
    let specification = in_tree(document, files, name, 0)?;
    let embedded = dictionary(document, specification.get(b"EF").ok()?)?;
    let file = embedded.get(b"UF").or_else(|_| embedded.get(b"F")).ok()?;
    let stream = resolved(document, file)?.as_stream().ok()?;
    match stream.dict.has(b"Filter") {
        true => stream.decompressed_content().ok(),
        false => Some(stream.content.clone()),
    }
}

fn in_tree<'d>(
    document: &'d Document,
    node: &'d Dictionary,
    name: &str,
    depth: u32,
) -> Option<&'d Dictionary> {
    if depth > DEPTH_MAX {
        return None;
    }
    if let Ok(list) = node.get(b"Names") {
        let list = resolved(document, list)?.as_array().ok()?;
        let pair = list
            .chunks(2)
            .find(|pair| pair.first().and_then(|key| key.as_str().ok()) == Some(name.as_bytes()))?;
        return dictionary(document, pair.get(1)?);
    }
    let kids = resolved(document, node.get(b"Kids").ok()?)?.as_array().ok()?;
    kids.iter().find_map(|kid| in_tree(document, dictionary(document, kid)?, name, depth + 1))
}

fn resolved<'d>(document: &'d Document, object: &'d Object) -> Option<&'d Object> {
    match object {
        Object::Reference(id) => document.get_object(*id).ok(),
        other => Some(other),
    }
}

fn dictionary<'d>(document: &'d Document, object: &'d Object) -> Option<&'d Dictionary> {
    resolved(document, object)?.as_dict().ok()
}
