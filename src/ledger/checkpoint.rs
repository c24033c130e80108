//! A checkpoint: the origin, size and root of the log at one moment, as a signed note.
//!
//! Neighbours: `store::sealer` makes them, the checkpoint file and every printed record keep
//! them outside the database.
//!
//! Architecture invariant: a checkpoint never carries a time of its own; what it says about time
//! comes from the events below it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::hash::Hash;
use super::key::{PublicKey, SecretKey};
use super::note::{self, NoteError};

/// The head of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The name of the log, for example `site.example/ledger/1`.
    pub origin: String,
    /// The number of leaves.
    pub size: u64,
    /// The root over these leaves.
    pub root: Hash,
}

/// Why a checkpoint could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The note around it could not be opened.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Origin, size or root line is missing or malformed.
    #[error("a checkpoint has three lines: origin, size, base64 root")]
    Malformed,
    /// The checkpoint belongs to another log.
    #[error("the checkpoint is of the log {found}, not of {expected}")]
    Origin {
        /// The log asked for.
        expected: String,
        /// The log named in the text.
        found: String,
    },
}

impl Checkpoint {
    /// The text that is signed: three lines.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root.as_bytes()))
    }

    /// Reads the text of a checkpoint. Extension lines are refused: we never write any.
    ///
    /// # Errors
    /// When it does not have exactly the three lines in their one spelling.
    pub fn from_text(text: &str) -> Result<Self, CheckpointError> {
        let mut lines = text.lines();
        let (Some(origin), Some(size), Some(root), None) =
            (lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(CheckpointError::Malformed);
        };
        let root = STANDARD.decode(root).map_err(|_| CheckpointError::Malformed)?;
        let checkpoint = Self {
            origin: origin.to_owned(),
            size: size.parse().map_err(|_| CheckpointError::Malformed)?,
            root: Hash::from_slice(&root).map_err(|_| CheckpointError::Malformed)?,
        };
        if checkpoint.origin.is_empty() || checkpoint.to_text() != text {
            return Err(CheckpointError::Malformed);
        }
        Ok(checkpoint)
    }

    /// Signs this checkpoint under its origin. Ed25519 is deterministic: signing the same
    /// checkpoint again gives the same note.
    #[must_use]
    pub fn sign(&self, key: &SecretKey) -> String {
        note::sign(&self.to_text(), &self.origin, key)
    }

    /// Opens a signed checkpoint of the log `origin`.
    ///
    /// # Errors
    /// When the note, the signature, the text or the origin is not what it must be.
    pub fn open(signed: &str, origin: &str, key: &PublicKey) -> Result<Self, CheckpointError> {
        let checkpoint = Self::from_text(note::open(signed, origin, key)?)?;
        if checkpoint.origin != origin {
            return Err(CheckpointError::Origin {
                expected: origin.to_owned(),
                found: checkpoint.origin,
            });
        }
        Ok(checkpoint)
    }
}
