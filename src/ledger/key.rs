//! Ed25519 keys of the installation: one signs events, one signs checkpoints.
//!
//! Neighbours: `clock` draws the 32 secret bytes, `store::keys` keeps them in files, never in
//! the database.
//!
//! Architecture invariant: a secret key is never formatted, compared or serialised here.

use std::fmt;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};

use super::hash::{Hash, hex};

const EVENT_SIGNATURE_PREFIX: &[u8] = b"chorda-event-sig/v1\n";
const COMMAND_SIGNATURE_PREFIX: &[u8] = b"chorda-command-sig/v1\n";
const RECORD_SIGNATURE_PREFIX: &[u8] = b"chorda-record-sig/v1\n";
const KEY_ID_PREFIX: &[u8] = b"chorda-key/v1\ned25519\n";

/// The name of a key: `ed25519-` and the first 8 bytes of the hash of its public half.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(String);

impl KeyId {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// Why a key or a signature was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The bytes are not a public key.
    #[error("these bytes are not an Ed25519 public key")]
    NotAKey,
    /// The signature does not match content and key.
    #[error("the signature does not match the content and the key")]
    Signature,
}

/// The secret half of a key, with the name of the pair.
pub struct SecretKey {
    secret: SigningKey,
    id: KeyId,
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "SecretKey({})", self.id)
    }
}

impl SecretKey {
    /// Makes a key of 32 secret bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        let secret = SigningKey::from_bytes(bytes);
        let id = PublicKey(secret.verifying_key()).id();
        Self { secret, id }
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.secret.verifying_key())
    }

    /// The name of the pair.
    #[must_use]
    pub const fn id(&self) -> &KeyId {
        &self.id
    }

    /// Signs an event: Ed25519("chorda-event-sig/v1\n" ‖ event hash).
    #[must_use]
    pub fn sign_event(&self, event: &Hash) -> [u8; 64] {
        self.sign(&message(EVENT_SIGNATURE_PREFIX, event))
    }

    /// Signs the stored result of a command: Ed25519("chorda-command-sig/v1\n" ‖ hash).
    #[must_use]
    pub fn sign_command(&self, result: &Hash) -> [u8; 64] {
        self.sign(&message(COMMAND_SIGNATURE_PREFIX, result))
    }

    /// Signs an exported record: Ed25519("chorda-record-sig/v1\n" ‖ SHA-256 of its text).
    #[must_use]
    pub fn sign_record(&self, record: &Hash) -> [u8; 64] {
        self.sign(&message(RECORD_SIGNATURE_PREFIX, record))
    }

    /// Signs raw bytes; the caller is responsible for a prefix of its own.
    #[must_use]
    pub fn sign(&self, bytes: &[u8]) -> [u8; 64] {
        self.secret.sign(bytes).to_bytes()
    }
}

/// The public half of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Reads 32 bytes.
    ///
    /// # Errors
    /// When they are no point of the curve.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, KeyError> {
        let bytes: &[u8; 32] = bytes.try_into().map_err(|_| KeyError::NotAKey)?;
        VerifyingKey::from_bytes(bytes).map(Self).map_err(|_| KeyError::NotAKey)
    }

    /// The 32 bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// The name of this key.
    #[must_use]
    pub fn id(&self) -> KeyId {
        let mut named = KEY_ID_PREFIX.to_vec();
        named.extend_from_slice(&self.to_bytes());
        let hash = Hash::of_bytes(&named);
        let short: Vec<u8> = hash.as_bytes().iter().take(8).copied().collect();
        KeyId(format!("ed25519-{}", hex(&short)))
    }

    /// Checks the signature of an event.
    ///
    /// # Errors
    /// When content, key and signature do not belong together.
    pub fn verify_event(&self, event: &Hash, signature: &[u8]) -> Result<(), KeyError> {
        self.verify(&message(EVENT_SIGNATURE_PREFIX, event), signature)
    }

    /// Checks the signature of a stored command result.
    ///
    /// # Errors
    /// When content, key and signature do not belong together.
    pub fn verify_command(&self, result: &Hash, signature: &[u8]) -> Result<(), KeyError> {
        self.verify(&message(COMMAND_SIGNATURE_PREFIX, result), signature)
    }

    /// Checks the signature of an exported record.
    ///
    /// # Errors
    /// When content, key and signature do not belong together.
    pub fn verify_record(&self, record: &Hash, signature: &[u8]) -> Result<(), KeyError> {
        self.verify(&message(RECORD_SIGNATURE_PREFIX, record), signature)
    }

    /// Checks a signature over raw bytes, refusing weak keys and malleable signatures.
    ///
    /// # Errors
    /// When content, key and signature do not belong together.
    pub fn verify(&self, bytes: &[u8], signature: &[u8]) -> Result<(), KeyError> {
        let signature = Signature::from_slice(signature).map_err(|_| KeyError::Signature)?;
        self.0.verify_strict(bytes, &signature).map_err(|_| KeyError::Signature)
    }
}

fn message(prefix: &[u8], hash: &Hash) -> Vec<u8> {
    let mut bytes = prefix.to_vec();
    bytes.extend_from_slice(hash.as_bytes());
    bytes
}
