//! The hash of what was shown: what a signature covers.
//!
//! Page and use case build the same struct of what is shown and hash it here, so that a signature
//! given over a page that has become stale is refused (21 CFR 11.70).
//!
//! Architecture invariant: the hash is made of the canonical text of the values, never of HTML.

use serde::Serialize;

use crate::domain::id::ContentHash;
use crate::ledger::{Canonical, Hash};
use crate::store::Failure;

/// The hash of a value's canonical text.
///
/// # Errors
/// When the value has no canonical text, for example because it holds a float.
pub fn hash<T: Serialize + ?Sized>(shown: &T) -> Result<ContentHash, Failure> {
    let text = Canonical::of(shown)?.to_text()?;
    ContentHash::parse(&Hash::of_bytes(text.as_bytes()).to_string())
        .map_err(|error| Failure::Broken(error.to_string()))
}
