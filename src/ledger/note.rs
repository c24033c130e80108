//! Signed notes in the C2SP form: readable text, an empty line, signature lines.
//!
//! Neighbours: [`super::checkpoint`] is the only text we sign this way.
//!
//! Architecture invariant: a note is only ever opened with a key given by the caller; nothing
//! in the note decides which key is trusted.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::hash::Hash;
use super::key::{PublicKey, SecretKey};

const SIGNATURE_MARK: &str = "\u{2014} ";
const ALGORITHM_ED25519: u8 = 1;

/// Why a note could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Text, empty line or signature line is missing or malformed.
    #[error("this is not a signed note: text, an empty line and signature lines are needed")]
    Malformed,
    /// No signature of the wanted name and key is present.
    #[error("the note carries no signature of {0} with the expected key")]
    NoSignature(String),
    /// The text is not a verifier key.
    #[error("this is not a verifier key of the form name+hint+base64")]
    NotAKey,
    /// A signature of the wanted name and key is present but wrong.
    #[error("the signature of {0} does not match the text of the note")]
    Signature(String),
}

/// Signs `text`, which must end in a line feed, under `name`.
#[must_use]
pub fn sign(text: &str, name: &str, key: &SecretKey) -> String {
    let mut blob = key_hint(name, &key.public()).to_vec();
    blob.extend_from_slice(&key.sign(text.as_bytes()));
    format!("{text}\n{SIGNATURE_MARK}{name} {}\n", STANDARD.encode(blob))
}

/// Opens a note: gives its text when `name` signed it with `key`.
///
/// # Errors
/// When the note is malformed, or the signature is absent or wrong.
pub fn open<'a>(note: &'a str, name: &str, key: &PublicKey) -> Result<&'a str, NoteError> {
    let (text, signatures) = split(note)?;
    let hint = key_hint(name, key);
    let mut outcome = Err(NoteError::NoSignature(name.to_owned()));
    for line in signatures.lines() {
        let (signer, blob) = signature_line(line)?;
        let Some((found, signature)) = blob.split_at_checked(4) else {
            return Err(NoteError::Malformed);
        };
        if signer == name && found == hint {
            key.verify(text.as_bytes(), signature)
                .map_err(|_| NoteError::Signature(name.to_owned()))?;
            outcome = Ok(text);
        }
    }
    outcome
}

/// The text of a note, unchecked: only to find out which origin it claims.
///
/// # Errors
/// When there is no text before an empty line.
pub fn text(note: &str) -> Result<&str, NoteError> {
    split(note).map(|(text, _)| text)
}

/// The key in the form that note tools read: `name+hint+base64(algorithm ‖ key)`.
#[must_use]
pub fn verifier_key(name: &str, key: &PublicKey) -> String {
    let mut blob = vec![ALGORITHM_ED25519];
    blob.extend_from_slice(&key.to_bytes());
    format!("{name}+{}+{}", super::hash::hex(&key_hint(name, key)), STANDARD.encode(blob))
}

/// Reads a key in the form of [`verifier_key`]: the name it signs under, and the key.
///
/// # Errors
/// When it is not of that form, or its parts do not belong together.
pub fn read_verifier_key(text: &str) -> Result<(String, PublicKey), NoteError> {
    let text = text.trim();
    let mut parts = text.splitn(3, '+');
    let (Some(name), Some(_), Some(blob)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(NoteError::NotAKey);
    };
    let blob = STANDARD.decode(blob).map_err(|_| NoteError::NotAKey)?;
    let key = blob.strip_prefix(&[ALGORITHM_ED25519]).ok_or(NoteError::NotAKey)?;
    let key = PublicKey::from_slice(key).map_err(|_| NoteError::NotAKey)?;
    if verifier_key(name, &key) != text {
        return Err(NoteError::NotAKey);
    }
    Ok((name.to_owned(), key))
}

fn split(note: &str) -> Result<(&str, &str), NoteError> {
    let at = note.rfind("\n\n").ok_or(NoteError::Malformed)?;
    let text_end = at.checked_add(1).ok_or(NoteError::Malformed)?;
    let signatures_start = at.checked_add(2).ok_or(NoteError::Malformed)?;
    match (note.get(..text_end), note.get(signatures_start..)) {
        (Some(text), Some(signatures)) if text.len() > 1 && signatures.ends_with('\n') => {
            Ok((text, signatures))
        }
        _ => Err(NoteError::Malformed),
    }
}

fn signature_line(line: &str) -> Result<(&str, Vec<u8>), NoteError> {
    let (name, blob) = line
        .strip_prefix(SIGNATURE_MARK)
        .and_then(|rest| rest.split_once(' '))
        .ok_or(NoteError::Malformed)?;
    STANDARD.decode(blob).map(|blob| (name, blob)).map_err(|_| NoteError::Malformed)
}

/// The first 4 bytes of SHA-256(name ‖ 0x0A ‖ algorithm ‖ key), as the format defines.
fn key_hint(name: &str, key: &PublicKey) -> [u8; 4] {
    let mut named = name.as_bytes().to_vec();
    named.push(b'\n');
    named.push(ALGORITHM_ED25519);
    named.extend_from_slice(&key.to_bytes());
    let [a, b, c, d, ..] = *Hash::of_bytes(&named).as_bytes();
    [a, b, c, d]
}
