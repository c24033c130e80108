//! What is known of a container.

use super::event::{Contents, ProductIdentity};
use crate::domain::disposition::Disposition;
use crate::domain::id::{BatchNumber, Din, LocationPath, Login, Name, OrderNumber};
use crate::domain::quantity::Quantity;
use crate::domain::time::Instant;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Kinds of container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContainerKind {
    /// Transport pot of a donated cord.
    CollectionPot,
    /// Culture flask or other vessel.
    Flask,
    /// Vial or tube that holds a harvest before pooling.
    HoldVial,
    /// Bottle or bag that holds a suspension in process.
    Vessel,
    /// Cryovial.
    Cryovial,
    /// Syringe with the final product.
    Syringe,
    /// Tube with a sample for testing.
    SampleTube,
}

impl ContainerKind {
    /// Every kind, with its code, its word on screens and the letter in container codes. The
    /// letters are of `codes::container::ALPHABET`: none moves between keyboards or looks like
    /// another.
    pub const ALL: [(Self, &'static str, &'static str, char); 7] = [
        (Self::CollectionPot, "collection_pot", "collection pot", 'P'),
        (Self::Flask, "flask", "flask", 'F'),
        (Self::HoldVial, "hold_vial", "hold vial", 'H'),
        (Self::Vessel, "vessel", "vessel", 'K'),
        (Self::Cryovial, "cryovial", "cryovial", 'V'),
        (Self::Syringe, "syringe", "syringe", 'J'),
        (Self::SampleTube, "sample_tube", "sample tube", 'T'),
    ];

    /// The code in tables, master records and label definitions.
    pub fn code(self) -> &'static str {
        Self::ALL.iter().find(|(kind, ..)| *kind == self).map_or("", |(_, code, ..)| code)
    }

    /// The word on screens.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(kind, ..)| *kind == self).map_or("", |(_, _, word, _)| word)
    }

    /// The letter in container codes.
    pub fn letter(self) -> char {
        Self::ALL.iter().find(|(kind, ..)| *kind == self).map_or('P', |(.., letter)| *letter)
    }

    /// The kind of a code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, ..)| *known == code).map(|(kind, ..)| *kind)
    }
}

/// Who or what holds a container. Exactly one at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "held_by", rename_all = "snake_case")]
pub enum Custodian {
    /// A person.
    Person {
        /// Sign-in name.
        login: Login,
    },
    /// A storage position.
    Place {
        /// The position.
        location: LocationPath,
    },
    /// Between two persons.
    Transfer {
        /// The transfer.
        transfer: String,
    },
    /// Nobody any more: it was consumed, administered or destroyed.
    Spent,
}

/// How a container's life stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fate", rename_all = "snake_case")]
pub enum Fate {
    /// It exists.
    Live,
    /// A batch used it.
    Consumed {
        /// The batch.
        batch: BatchNumber,
        /// The step.
        step: Name,
        /// When.
        at: Instant,
        /// By whose command.
        by: Login,
    },
    /// It was given to the patient of the order.
    Administered {
        /// The order.
        order: OrderNumber,
        /// When.
        at: Instant,
        /// By whose command.
        by: Login,
    },
    /// It was destroyed.
    Destroyed {
        /// When.
        at: Instant,
        /// By whose command.
        by: Login,
    },
}

/// The labels of a container.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LabelState {
    /// The serial printed last; 0 before the first.
    pub latest: u32,
    /// The serial that was last read back on the container.
    pub scanned_back: Option<u32>,
    /// Serials declared void.
    pub voided: Vec<u32>,
    /// Serials destroyed.
    pub destroyed: Vec<u32>,
}

impl LabelState {
    /// Whether a serial is the valid one: printed, latest and not void.
    pub fn is_valid(&self, serial: u32) -> bool {
        serial == self.latest && serial > 0 && !self.voided.contains(&serial)
    }
}

/// An open hand-over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// Its identity.
    pub transfer: String,
    /// Who gave it.
    pub from: Login,
    /// Who is to take it.
    pub to: Login,
    /// When it was handed over.
    pub at: Instant,
    /// Where to, in words.
    pub destination: String,
}

/// An open excursion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excursion {
    /// Its identity.
    pub excursion: String,
    /// What for.
    pub purpose: String,
    /// What left.
    pub volume: Quantity,
    /// Who took it.
    pub taken_by: Login,
    /// When it left.
    pub opened_at: Instant,
    /// When it must be back.
    pub due_at: Instant,
}

/// A container, as its events tell.
#[derive(Debug, Clone, PartialEq)]
pub struct Container {
    /// Container code.
    pub code: String,
    /// Number of events so far.
    pub version: u64,
    /// What kind it is.
    pub kind: ContainerKind,
    /// What it holds.
    pub contents: Contents,
    /// The donation it came from, for a collection container.
    pub donation: Option<Din>,
    /// The batch that produced it.
    pub batch: Option<BatchNumber>,
    /// The step that produced it.
    pub step: Option<Name>,
    /// The output of the master record it is.
    pub output: Option<Name>,
    /// Its number among its siblings, and how many there are.
    pub number_of: (u32, u32),
    /// Product identity.
    pub identity: Option<ProductIdentity>,
    /// When it was produced.
    pub produced_at: Instant,
    /// When its contents expire.
    pub expires_at: Option<Instant>,
    /// The order it was made for.
    pub order: Option<OrderNumber>,
    /// The site it is meant for.
    pub target: Option<Name>,
    /// Its own disposition; the effective one is the strictest of all it came from.
    pub disposition: Disposition,
    /// Who holds it.
    pub custodian: Custodian,
    /// How its life stands.
    pub fate: Fate,
    /// Its labels.
    pub labels: LabelState,
    /// The order it is reserved for.
    pub reserved_for: Option<OrderNumber>,
    /// How many times it was thawed.
    pub thaw_count: u32,
    /// Since when it is out of storage, if it ever was in.
    pub out_since: Option<Instant>,
    /// Seconds out of storage in earlier absences.
    pub out_seconds_before: i64,
    /// The open hand-over.
    pub transfer: Option<Transfer>,
    /// The open excursion.
    pub excursion: Option<Excursion>,
    /// Volume that left on excursions and did not come back, by excursion.
    pub written_off: BTreeMap<String, Quantity>,
}
