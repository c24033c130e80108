//! What can happen to an order.

use super::outcome::{Judgement, Report, Ruling, Told, VisitOutcome};
use crate::domain::actor::Signature;
use crate::domain::container::ContainerKind;
use crate::domain::id::{
    BatchNumber, CoiId, ContentHash, MasterRecordId, MaterialCode, Name, PatientCode,
};
use crate::domain::protocol::{
    ArithmeticLine, Bedside, CriterionKind, DonorRule, DoseAsked, DoseUnit, Enrolled,
};
use crate::domain::quantity::Quantity;
use crate::domain::schedule::Slot;
use crate::domain::time::Instant;
use serde::{Deserialize, Serialize};

/// The answer to one criterion of the eligibility checklist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The criterion.
    pub criterion: Name,
    /// Whether it must hold or must not.
    pub kind: CriterionKind,
    /// What was asked, as shown.
    pub text: String,
    /// Whether it holds.
    pub holds: bool,
}

/// What an order keeps of the protocol version it was placed under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderedProtocol {
    /// Identity.
    pub id: MasterRecordId,
    /// Version.
    pub version: u32,
    /// SHA-256 of its text.
    pub text_hash: ContentHash,
    /// Title.
    pub title: String,
    /// The material given.
    pub material: MaterialCode,
    /// The material stored and reserved for it.
    pub bank_material: MaterialCode,
    /// How many units of the bank serve the order.
    pub aliquots: u32,
    /// Whether there is one for each dose unit, given as it was stored.
    pub one_per_unit: bool,
    /// The container that holds one dose unit.
    pub unit: ContainerKind,
    /// Whose cells the patient may get.
    pub donor: DonorRule,
    /// The thaw at the bedside, where units are handed over frozen.
    pub bedside: Option<Bedside>,
    /// The master record of the patient-dose batch.
    pub master_record: MasterRecordId,
}

/// An event of an order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "events live briefly, one at a time")]
pub enum Event {
    /// A clinician ordered a dose for a patient code.
    Placed {
        /// The trial's code of the patient.
        patient: PatientCode,
        /// The chain-of-identity id that joins everything made for this therapy.
        coi: CoiId,
        /// The protocol it was placed under.
        protocol: OrderedProtocol,
        /// What for, in words.
        indication: String,
        /// The answered checklist.
        answers: Vec<Answer>,
        /// Where the patient is enrolled by it, where the protocol limits enrolment.
        enrolled: Option<Box<Enrolled>>,
        /// What was asked, as the protocol's rule asks for it: sites, weight, level or routes.
        asked: DoseAsked,
        /// What each dose unit is to hold.
        units: Vec<DoseUnit>,
        /// Nominal size of each dose unit, `mL`, in the order of `units`.
        sizes: Vec<Quantity>,
        /// Cells to give, `10*6`; none where the product holds no cells.
        dose_cells: Option<Quantity>,
        /// Volume to give, `mL`.
        dose_volume: Quantity,
        /// Cells to make, with every allowance, `10*6`; none where the product holds no cells.
        make_cells: Option<Quantity>,
        /// Volume to make, with every allowance, `mL`.
        make_volume: Quantity,
        /// How each number follows, as shown when it was signed.
        arithmetic: Vec<ArithmeticLine>,
        /// The wished day of administration, with the slot that was offered for it.
        wished: Slot,
        /// The clinician's signature.
        signature: Signature,
    },
    /// A second person read the order against the patient's file.
    Confirmed {
        /// The second reader's signature.
        signature: Signature,
    },
    /// The site accepted the order and took the slot; a later one replaces an earlier.
    Scheduled {
        /// The slot.
        slot: Slot,
        /// Signature of who accepted.
        signature: Signature,
    },
    /// A unit of the bank was earmarked for the order.
    VialAllocated {
        /// Its container code.
        container: String,
        /// When it expires, if it does.
        expires_at: Option<Instant>,
        /// Why not the unit that expires first, if another was taken.
        because: Option<String>,
        /// The dose unit that it is given as, where each is given as it was stored.
        target: Option<Name>,
    },
    /// The earmark was taken away again.
    VialDeallocated {
        /// Its container code.
        container: String,
    },
    /// A batch was started for the order.
    BatchLinked {
        /// The batch.
        batch: BatchNumber,
    },
    /// The batch made for it was given up or rejected; another may be started.
    BatchGivenUp {
        /// The batch.
        batch: BatchNumber,
        /// Why, in words.
        because: String,
    },
    /// The order was cancelled.
    Cancelled {
        /// Whether a unit had been thawed by then, so that it is lost.
        after_thaw: bool,
        /// Why, in words.
        because: String,
        /// Signature of who cancelled.
        signature: Signature,
    },
    /// A visit was held or missed.
    VisitRecorded {
        /// What was found.
        outcome: VisitOutcome,
        /// Who recorded it.
        signature: Signature,
    },
    /// The patient was excluded before evaluation.
    PatientExcluded {
        /// Why.
        because: String,
        /// Who decided.
        signature: Signature,
    },
    /// A serious adverse reaction was reported (ATMP-50).
    ReactionReported {
        /// Its number for this order, from 1.
        number: u32,
        /// What happened.
        report: Report,
        /// What follows by the protocol.
        judged: Judgement,
        /// The investigator's signature.
        signature: Signature,
    },
    /// A reaction was judged again.
    ReactionJudgedAgain {
        /// Which.
        number: u32,
        /// As what.
        judged: Judgement,
        /// Why.
        reasoning: String,
        /// Who judged.
        signature: Signature,
    },
    /// A body was told of a reaction.
    ReactionTold {
        /// Of which.
        number: u32,
        /// Who, when and how.
        told: Told,
    },
    /// It was decided whether enrolment goes on after a reaction.
    ReactionRuled {
        /// After which.
        number: u32,
        /// What was decided.
        ruling: Ruling,
    },
    /// Every unit is accounted for and the order is finished (ATMP-16).
    Closed {
        /// Units given to the patient.
        administered: u32,
        /// Units destroyed.
        destroyed: u32,
        /// Signature of who closed.
        signature: Signature,
    },
}
