//! SHA-256 values, and the domain prefixes that keep hashes of different things apart.
//!
//! Neighbours: [`super::tree`] hashes nodes, [`super::key`] signs hashes.
//!
//! Architecture invariant: every hash of the ledger is made by a function of this file, so a
//! prefix can never be forgotten.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

const EVENT_PREFIX: &[u8] = b"chorda-event/v1\n";
const COMMAND_PREFIX: &[u8] = b"chorda-command/v1\n";
const LEAF_PREFIX: &[u8] = &[0];
const NODE_PREFIX: &[u8] = &[1];

/// A SHA-256 value.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; 32]);

/// Why a text or byte string is not a hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a SHA-256 value has 32 bytes or 64 hexadecimal digits in lower case")]
pub struct HashError;

impl Hash {
    /// Wraps 32 bytes that are known to be a SHA-256 value.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads a stored value.
    ///
    /// # Errors
    /// When it does not have 32 bytes.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, HashError> {
        bytes.try_into().map(Self).map_err(|_| HashError)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The bytes as a vector, as a database column takes them.
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        self.0.to_vec()
    }

    /// Plain SHA-256 of `bytes`, without a prefix: for the content of files.
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Self {
        digest(&[bytes])
    }

    /// The hash of an event: SHA-256("chorda-event/v1\n" ‖ canonical text).
    #[must_use]
    pub fn of_event(canonical: &str) -> Self {
        digest(&[EVENT_PREFIX, canonical.as_bytes()])
    }

    /// The hash of a command or of its stored result:
    /// SHA-256("chorda-command/v1\n" ‖ canonical text).
    #[must_use]
    pub fn of_command(canonical: &str) -> Self {
        digest(&[COMMAND_PREFIX, canonical.as_bytes()])
    }

    /// The leaf hash of a log entry (RFC 6962 §2.1): SHA-256(0x00 ‖ entry). The entry of an
    /// event is its 32-byte event hash, so that exported tiles show no content.
    #[must_use]
    pub fn of_leaf(entry: &[u8]) -> Self {
        digest(&[LEAF_PREFIX, entry])
    }

    /// The hash of an inner node (RFC 6962 §2.1): SHA-256(0x01 ‖ left ‖ right).
    #[must_use]
    pub fn of_node(left: &Self, right: &Self) -> Self {
        digest(&[NODE_PREFIX, &left.0, &right.0])
    }

    /// The root of the tree without leaves: SHA-256 of nothing.
    #[must_use]
    pub fn of_empty_tree() -> Self {
        digest(&[])
    }
}

/// Two hexadecimal digits in lower case for each byte.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Reads hexadecimal digits in lower case; `None` when the text is anything else.
#[must_use]
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |c: char| if c.is_ascii_uppercase() { None } else { c.to_digit(16) };
    let mut digits = text.chars();
    let mut bytes = Vec::with_capacity(text.len() / 2);
    while let Some(high) = digits.next() {
        let value = digit(high)?.checked_mul(16)?.checked_add(digit(digits.next()?)?)?;
        bytes.push(u8::try_from(value).ok()?);
    }
    Some(bytes)
}

fn digest(parts: &[&[u8]]) -> Hash {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    Hash(hasher.finalize().into())
}

impl fmt::Display for Hash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Hash({self})")
    }
}

impl FromStr for Hash {
    type Err = HashError;

    fn from_str(text: &str) -> Result<Self, HashError> {
        unhex(text).ok_or(HashError).and_then(|bytes| Self::from_slice(&bytes))
    }
}
