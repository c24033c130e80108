//! What a person is shown before signing, as the lines on the screen: the signature covers their
//! hash. The page shows the lines, the use case computes them again inside its transaction; where
//! they differ, nothing is signed.
//!
//! Neighbours: `signature` compares, `web` shows.
//!
//! Architecture invariant: one function makes the lines for both sides.

use serde::Serialize;

use super::content;
use crate::domain::id::ContentHash;
use crate::store::Failure;

/// What is signed: an act and its particulars, in the words of the screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// What is done: `Order`, `Hand-over`.
    pub act: String,
    /// Name and value of each particular.
    pub lines: Vec<(String, String)>,
}

impl Shown {
    /// The beginning of a content.
    #[must_use]
    pub fn new(act: &str) -> Self {
        Self { act: act.to_owned(), lines: Vec::new() }
    }

    /// One more particular.
    #[must_use]
    pub fn line(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.lines.push((name.into(), value.into()));
        self
    }

    /// The hash that a signature covers: SHA-256 of the canonical text.
    ///
    /// # Errors
    /// When the content has no canonical text.
    pub fn hash(&self) -> Result<ContentHash, Failure> {
        content::hash(self)
    }
}
