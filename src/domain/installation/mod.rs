//! Installation: the ledger's own first facts, namely its name and the keys that sign it.
//!
//! Neighbours: `store` records these events when a database is founded; `ledger` defines what is
//! signed with the keys.
//!
//! Architecture invariant: a key that has been announced is never taken back here, so that old
//! signatures can be checked for as long as the record is kept.

use super::{Aggregate, Recorded};
use serde::{Deserialize, Serialize};

/// The identity of the one installation stream of a database.
pub const ID: &str = "ledger";

/// What a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyPurpose {
    /// Events and stored command results.
    Event,
    /// Checkpoints of the log.
    Checkpoint,
}

impl KeyPurpose {
    /// The code in tables.
    pub fn code(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Checkpoint => "checkpoint",
        }
    }
}

/// An event of the installation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
pub enum Event {
    /// The ledger begins.
    Founded {
        /// The name of the log, as its checkpoints bear it.
        origin: String,
    },
    /// From here on signatures of this key count.
    KeyAnnounced {
        /// The key's name, made of its public half.
        kid: String,
        /// `ed25519`.
        algorithm: String,
        /// The public half, hexadecimal.
        public: String,
        /// What it signs.
        purpose: KeyPurpose,
    },
}

/// What is known of the installation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Installation {
    /// The name of the log.
    pub origin: String,
    /// Names and purposes of the announced keys, oldest first.
    pub keys: Vec<(String, KeyPurpose)>,
}

impl Aggregate for Installation {
    type Event = Event;

    const KIND: &'static str = "installation";

    fn own(event: &super::Event) -> Option<&Event> {
        Self::own_event(event)
    }

    fn apply(state: Option<Self>, _: &Recorded, event: &Event) -> Option<Self> {
        match (state, event) {
            (None, Event::Founded { origin }) => {
                Some(Self { origin: origin.clone(), keys: Vec::new() })
            }
            (Some(mut installation), Event::KeyAnnounced { kid, purpose, .. }) => {
                installation.keys.push((kid.clone(), *purpose));
                Some(installation)
            }
            (state, _) => state,
        }
    }
}
