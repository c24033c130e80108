//! What can be asked of an order, and the facts from elsewhere that the answer needs.

use super::event::Answer;
use crate::domain::actor::Signature;
use crate::domain::container::{Container, Fate};
use crate::domain::disposition::Disposition;
use crate::domain::id::{CoiId, ContentHash, Name, OrderNumber, PatientCode};
use crate::domain::lineage::{Earlier, Origin};
use crate::domain::protocol::{Course, DoseAsked, Protocol};
use crate::domain::schedule::{Obstacle, Slot};
use crate::domain::time::Instant;

/// Place an order.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// The trial's code of the patient.
    pub patient: PatientCode,
    /// What for, in words.
    pub indication: String,
    /// The dose, as the protocol's rule asks for it.
    pub dose: DoseAsked,
    /// The answers by criterion; one for each of the protocol's.
    pub answers: Vec<(Name, bool)>,
    /// The clinician's signature.
    pub signature: Signature,
}

/// What placing an order depends on.
#[derive(Debug, Clone, Copy)]
pub struct Placement<'a> {
    /// The number the order gets.
    pub number: &'a OrderNumber,
    /// The chain-of-identity id it gets.
    pub coi: &'a CoiId,
    /// The protocol.
    pub protocol: &'a Protocol,
    /// SHA-256 of its text.
    pub protocol_hash: &'a ContentHash,
    /// The slot of the wished day, or what stands against it.
    pub slot: &'a Result<Slot, Vec<Obstacle>>,
    /// Another order of this patient that is not over.
    pub open_order: Option<&'a OrderNumber>,
    /// The patients of the protocol so far; asked where it limits enrolment.
    pub course: &'a Course,
    /// When the order is placed.
    pub now: Instant,
}

/// Confirm an order as its second reader.
#[derive(Debug, Clone, PartialEq)]
pub struct Confirm {
    /// The second reader's signature.
    pub signature: Signature,
}

/// Accept the order and take a slot; again, to move it.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// The slot, or what stands against the day.
    pub slot: Result<Slot, Vec<Obstacle>>,
    /// Whether a unit has been thawed for it.
    pub thawed: bool,
    /// Signature of who accepts.
    pub signature: Signature,
}

/// Earmark a unit of the bank for the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allocate {
    /// Why not the unit that expires first, if another is taken.
    pub because: Option<String>,
}

/// What is known of the unit to be earmarked.
#[derive(Debug, Clone, Copy)]
pub struct VialFacts<'a> {
    /// The container.
    pub container: &'a Container,
    /// The strictest disposition of it and all it came from.
    pub effective: Disposition,
    /// What makes it so strict, in words.
    pub cause: Option<&'a str>,
    /// A unit that expires earlier and could be taken as well (first expired, first out).
    pub earlier: Option<&'a str>,
    /// The donors it comes from.
    pub origins: &'a [Origin],
    /// The donors of what was stored for the patient before, in every order.
    pub stored_before: &'a [Earlier],
}

/// Cancel the order.
#[derive(Debug, Clone, PartialEq)]
pub struct Cancel {
    /// Why, in words.
    pub because: String,
    /// Whether a unit has been thawed for it.
    pub thawed: bool,
    /// Signature of who cancels.
    pub signature: Signature,
}

/// Close the order.
#[derive(Debug, Clone, PartialEq)]
pub struct Close {
    /// Every unit made for the order.
    pub units: Vec<UnitFate>,
    /// Signature of who closes.
    pub signature: Signature,
}

/// How one unit made for an order stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitFate {
    /// Its container code.
    pub code: String,
    /// The site it is meant for.
    pub target: Option<Name>,
    /// How its life stands.
    pub fate: Fate,
    /// Whether an excursion is open.
    pub on_excursion: bool,
}

/// A unit of the bank that was allocated to an order, when the batch of the order is given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VialEnd {
    /// Its container code.
    pub code: String,
    /// Whether it was neither thawed nor used.
    pub unused: bool,
    /// Whether it stays reserved for the order.
    pub stays: bool,
}

impl Place {
    /// The answer to a criterion.
    pub fn answer(&self, criterion: &Name) -> Option<bool> {
        self.answers.iter().find(|(name, _)| name == criterion).map(|(_, holds)| *holds)
    }

    /// The answered checklist in the protocol's order, as far as it is answered.
    pub fn checklist(&self, protocol: &Protocol) -> Vec<Answer> {
        protocol
            .eligibility
            .iter()
            .filter_map(|criterion| {
                self.answer(&criterion.name).map(|holds| Answer {
                    criterion: criterion.name.clone(),
                    kind: criterion.kind,
                    text: criterion.text.clone(),
                    holds,
                })
            })
            .collect()
    }
}
