//! A log proof in the C2SP `tlog-proof@v1` form: what a record carries to prove, offline, that
//! one event is in the log under a signed checkpoint.
//!
//! Neighbours: [`super::tree`] makes and checks the hashes, [`super::checkpoint`] the head.
//!
//! Architecture invariant: checking needs the text, the event hash and a trusted key; nothing
//! else is consulted.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::checkpoint::{Checkpoint, CheckpointError};
use super::hash::Hash;
use super::key::PublicKey;
use super::tree::{self, ProofError};

const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// The place of one event in the log, with the hashes up to a signed checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogProof {
    /// The index of the event's leaf.
    pub index: u64,
    /// The inclusion proof, leaf side first.
    pub hashes: Vec<Hash>,
    /// The signed checkpoint, verbatim.
    pub checkpoint: String,
}

/// Why a log proof was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogProofError {
    /// The text is not in the form.
    #[error("this is not a log proof of the form {HEADER}")]
    Malformed,
    /// The checkpoint is not acceptable.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The hashes do not lead to the root.
    #[error(transparent)]
    Proof(#[from] ProofError),
}

impl LogProof {
    /// The proof as text.
    #[must_use]
    pub fn to_text(&self) -> String {
        let hashes: String =
            self.hashes.iter().map(|hash| STANDARD.encode(hash.as_bytes()) + "\n").collect();
        format!("{HEADER}\nindex {}\n{hashes}\n{}", self.index, self.checkpoint)
    }

    /// Reads a proof. An `extra` line is accepted and ignored, as the form demands.
    ///
    /// # Errors
    /// When the text is not in the form.
    pub fn parse(text: &str) -> Result<Self, LogProofError> {
        let malformed = || LogProofError::Malformed;
        let (head, checkpoint) = text.split_once("\n\n").ok_or_else(malformed)?;
        let mut lines = head.lines();
        if lines.next() != Some(HEADER) {
            return Err(malformed());
        }
        let mut line = lines.next().ok_or_else(malformed)?;
        if line.starts_with("extra ") {
            line = lines.next().ok_or_else(malformed)?;
        }
        let index = line
            .strip_prefix("index ")
            .and_then(|digits| digits.parse::<u64>().ok().filter(|n| n.to_string() == digits))
            .ok_or_else(malformed)?;
        let hashes = lines
            .map(|line| STANDARD.decode(line).ok().and_then(|raw| Hash::from_slice(&raw).ok()))
            .collect::<Option<Vec<_>>>()
            .ok_or_else(malformed)?;
        Ok(Self { index, hashes, checkpoint: checkpoint.to_owned() })
    }

    /// Checks that `event` is in the log `origin` under a checkpoint signed with `key`, and
    /// gives that checkpoint.
    ///
    /// # Errors
    /// When the checkpoint or the hashes are not acceptable.
    pub fn verify(
        &self,
        event: &Hash,
        origin: &str,
        key: &PublicKey,
    ) -> Result<Checkpoint, LogProofError> {
        let checkpoint = Checkpoint::open(&self.checkpoint, origin, key)?;
        let leaf = Hash::of_leaf(event.as_bytes());
        tree::verify_inclusion(&leaf, self.index, checkpoint.size, &self.hashes, &checkpoint.root)?;
        Ok(checkpoint)
    }
}
