//! The document of one event: what is hashed, signed and kept for ever.
//!
//! Neighbours: `store::ledger` fills it while a command is recorded; [`super::verify`] reads it
//! back. The business content stands in `data`, everything around it is the same for all events.
//!
//! Architecture invariant: a document holds codes and logins only. No name, no birth date, no
//! hospital number has a place in it, so that erasing a person never breaks a proof.

use serde::{Deserialize, Serialize};

use super::canonical::{Canonical, CanonicalError};
use super::hash::Hash;

/// The version of the document's shape.
pub const DOCUMENT_VERSION: u32 = 1;

/// Who did it, as stored in an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActorDocument {
    /// The login, which is never reused.
    pub login: String,
    /// The role in which the person acted.
    pub role: String,
}

/// Where it was done, as stored in an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StationDocument {
    /// The station: a workstation, a scanner, or the server itself.
    pub id: String,
    /// The station's own counter: 1 for its first event, then one more for each. A gap shows
    /// that an event was taken away.
    pub seq: u64,
}

/// One business fact with everything that surrounds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventDocument {
    /// The version of this shape.
    pub v: u32,
    /// The kind of fact, for example `batch.step_performed`.
    #[serde(rename = "type")]
    pub kind: String,
    /// UUID, version 7.
    pub event_id: String,
    /// The record this fact belongs to, for example `batch/B-2026-0001`.
    pub stream: String,
    /// The number of the fact in its stream, from 1.
    pub ver: u64,
    /// The hash of the preceding event of the stream; none for the first.
    pub prev: Option<String>,
    /// When it was recorded: UTC with microseconds.
    pub at: String,
    /// The zone in which the site reads its clock, for example `Europe/Ljubljana`.
    pub tz: String,
    /// Who.
    pub actor: ActorDocument,
    /// Where.
    pub station: StationDocument,
    /// The command that caused it.
    pub command_id: String,
    /// Why, where the person gave a reason.
    pub reason: Option<String>,
    /// The fact itself.
    pub data: serde_json::Value,
    /// Hashes of events of other streams that this fact rests on.
    pub refs: Vec<String>,
    /// 16 random bytes in hexadecimal: they keep short contents from being guessed from a
    /// published hash.
    pub salt: String,
}

impl EventDocument {
    /// The canonical text, and its hash.
    ///
    /// # Errors
    /// When the content lies outside the strict profile.
    pub fn seal(&self) -> Result<(String, Hash), CanonicalError> {
        let text = Canonical::of(self)?.to_text()?;
        let hash = Hash::of_event(&text);
        Ok((text, hash))
    }

    /// Reads a stored document, which must be canonical to the byte.
    ///
    /// # Errors
    /// When the text is not canonical, or not of this shape.
    pub fn parse(text: &str) -> Result<Self, CanonicalError> {
        let json = Canonical::parse(text)?.into_json();
        let document: Self = serde_json::from_value(json)
            .map_err(|error| CanonicalError::NotJson(error.to_string()))?;
        match document.v {
            DOCUMENT_VERSION => Ok(document),
            other => Err(CanonicalError::NotJson(format!("unknown document version {other}"))),
        }
    }
}
