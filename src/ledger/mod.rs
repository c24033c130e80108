//! The record that proves itself: canonical events, hashes, signatures, the Merkle log and its
//! checkpoints.
//!
//! Neighbours: `store::ledger` puts these values into tables, `store::sealer` grows the log,
//! `store::verify` feeds what it reads back into the checks of [`verify`]. The batch record
//! carries [`proof`] texts, so that a stranger can check one record without the server.
//!
//! Formats: RFC 8785 (JCS) canonical JSON, RFC 6962 Merkle tree over SHA-256, Ed25519
//! (RFC 8032), C2SP signed notes, checkpoints and log proofs. Once a release has been made the
//! canonical bytes of an event never change again.
//!
//! Architecture invariant: nothing in this folder reads a clock, draws randomness, touches a
//! file or knows SQL. What it is given is what it judges.

pub mod canonical;
pub mod checkpoint;
pub mod event;
pub mod hash;
pub mod key;
pub mod note;
pub mod proof;
pub mod tree;
pub mod verify;

pub use canonical::{Canonical, CanonicalError};
pub use checkpoint::Checkpoint;
pub use event::{ActorDocument, EventDocument, StationDocument};
pub use hash::Hash;
pub use key::{KeyError, KeyId, PublicKey, SecretKey};
