//! What can be asked of a container, with the facts that the decision needs.

use super::event::ProductIdentity;
use super::state::LabelFate;
use crate::domain::actor::Signature;
use crate::domain::disposition::Disposition;
use crate::domain::id::{
    BatchNumber, ContainerCode, DeviationNumber, LocationPath, Login, Name, OrderNumber,
};
use crate::domain::quantity::Quantity;
use crate::domain::storage::Slot;
use crate::domain::time::{Instant, Span};
use serde::{Deserialize, Serialize};

/// Who wants to use a container, and under which conditions the master record lets it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Use {
    /// The batch that would use it.
    pub batch: BatchNumber,
    /// The order that batch is for, if it is for one.
    pub order: Option<OrderNumber>,
    /// The strictest effective disposition that may still enter (ATMP-23). A batch may use what it
    /// made itself while in quarantine; what comes from outside needs what the master asks for.
    pub accepts: Disposition,
    /// Longest accumulated time outside storage, where the master sets one.
    pub outside_max: Option<Span>,
}

/// What a container is taken out of storage for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "purpose", rename_all = "snake_case")]
pub enum Purpose {
    /// To be used by a batch: everything that forbids its use forbids its issue.
    Use(Use),
    /// To be put somewhere else.
    Relocate,
    /// To be looked at and put back.
    Inspect,
    /// To be destroyed.
    Destroy,
}

impl Purpose {
    /// The purpose in words, as the event keeps it.
    pub fn words(&self) -> String {
        match self {
            Self::Use(wanted) => match &wanted.order {
                Some(order) => format!("batch {} for order {order}", wanted.batch),
                None => format!("batch {}", wanted.batch),
            },
            Self::Relocate => "relocation".to_owned(),
            Self::Inspect => "inspection".to_owned(),
            Self::Destroy => "destruction".to_owned(),
        }
    }
}

/// What is known of a product identity that a container should get.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentityFact {
    /// The container that has it, or had it once.
    pub used_by: Option<String>,
    /// What its donation number was given to, in words, where the container does not come from it.
    pub foreign: Option<String>,
}

/// A label about to be printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewLabel {
    /// The serial its payload carries; must be the next of the container.
    pub serial: u32,
    /// Name of the label definition.
    pub definition: String,
    /// Version of the label definition.
    pub definition_version: u32,
    /// The exact text of the symbol.
    pub payload: String,
    /// Copies, from 1 to 9.
    pub copies: u32,
}

/// What a person asks of a container.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// Put it into a storage position.
    Store {
        /// The position and what is known of it.
        slot: Slot,
        /// Whether the master record lets thawed material be frozen again (ATMP-39).
        refreeze_allowed: bool,
    },
    /// Take it out of storage.
    Retrieve {
        /// The position that was scanned, if one was.
        from: Option<LocationPath>,
        /// What for.
        purpose: Purpose,
    },
    /// Earmark it for an order.
    Reserve {
        /// The order.
        order: OrderNumber,
        /// The strictest effective disposition that may be promised.
        accepts: Disposition,
    },
    /// Take the earmark away.
    ReleaseReservation {
        /// The order that gives it up.
        order: OrderNumber,
    },
    /// Thaw it; cannot be undone.
    Thaw {
        /// Who uses it.
        wanted: Use,
    },
    /// Put it to thaw at the patient; cannot be undone.
    ThawAtBedside {
        /// For which order.
        order: OrderNumber,
        /// Temperature of the bath, `Cel`.
        bath: Quantity,
        /// When it must have been given.
        give_by: Instant,
    },
    /// Use it up.
    Consume {
        /// Who uses it.
        wanted: Use,
        /// The step.
        step: Name,
    },
    /// Issue its first label.
    PrintLabel(NewLabel),
    /// Issue another label in place of the one before, which is void from now on (ATMP-18).
    ReprintLabel {
        /// The new label.
        label: NewLabel,
        /// Why the earlier one is not good enough.
        because: String,
    },
    /// Compare what was read on the container with what is expected there (ATMP-19).
    ScanBack {
        /// The container the scanned label names.
        scanned: ContainerCode,
        /// The serial the scanned label carries.
        serial: u32,
    },
    /// Declare copies of a label destroyed.
    DestroyLabel {
        /// The serial.
        serial: u32,
        /// How many copies.
        copies: u32,
    },
    /// Declare copies of a label kept in the batch record.
    KeepLabel {
        /// The serial.
        serial: u32,
        /// How many copies.
        copies: u32,
    },
    /// Report copies of a label that cannot be found; their serial is void from then on.
    LoseLabel {
        /// The serial.
        serial: u32,
        /// How many copies.
        copies: u32,
        /// The deviation about it.
        deviation: DeviationNumber,
        /// Where was looked.
        because: String,
        /// QA's signature.
        signature: Signature,
    },
    /// Account for copies that were reported lost and turned up.
    FindLabel {
        /// The serial.
        serial: u32,
        /// How many copies.
        copies: u32,
        /// What became of them then.
        fate: LabelFate,
        /// Where they were.
        because: String,
        /// QA's signature.
        signature: Signature,
        /// Whether the loss stands in the book of the batch.
        booked: bool,
    },
    /// Propose to correct its product identity.
    ProposeIdentity {
        /// The identity it should have.
        to: ProductIdentity,
        /// What is known of that identity.
        fact: IdentityFact,
        /// Why.
        because: String,
        /// Signature of QA.
        signature: Signature,
    },
    /// Confirm the proposal; every label of the container is void then.
    ConfirmIdentity {
        /// What is known of the proposed identity now.
        fact: IdentityFact,
        /// Signature of another person of QA, or of the Qualified Person.
        signature: Signature,
    },
    /// Decline the proposal, or take it back.
    DeclineIdentity {
        /// Why.
        because: String,
        /// Signature of who decides.
        signature: Signature,
    },
    /// Decide its own disposition.
    DecideDisposition {
        /// The new one.
        to: Disposition,
        /// Why.
        because: String,
        /// The signature; needed when the decision loosens.
        signature: Option<Signature>,
    },
    /// Hand it to another person.
    HandOver {
        /// Identity of the transfer.
        transfer: String,
        /// Who is to take it.
        to: Login,
        /// Where to.
        destination: String,
        /// Condition and temperature.
        condition: String,
        /// The strictest effective disposition that may leave this hand.
        accepts: Disposition,
        /// The giver's signature.
        signature: Signature,
    },
    /// Take what was handed over.
    Receive {
        /// The transfer.
        transfer: String,
        /// Condition and temperature.
        condition: String,
        /// The receiver's signature.
        signature: Signature,
    },
    /// Let part of it leave, to come back (ATMP-46).
    OpenExcursion {
        /// Identity of the excursion.
        excursion: String,
        /// What for.
        purpose: String,
        /// What leaves, `mL`.
        volume: Quantity,
        /// Who takes it.
        taken_by: Login,
        /// When it must be back.
        due_at: Instant,
        /// Signature of who gives it out.
        signature: Signature,
    },
    /// Take back what left.
    ReturnExcursion {
        /// The excursion.
        excursion: String,
        /// What came back, `mL`.
        volume: Quantity,
        /// Activity that came with it, `MBq`.
        activity: Option<Quantity>,
        /// Signature of who takes it back.
        signature: Signature,
    },
    /// Declare that what left does not come back.
    WriteOffExcursion {
        /// The excursion.
        excursion: String,
        /// Signature of who decides.
        signature: Signature,
    },
    /// Give it to the patient of the order.
    Administer {
        /// The order.
        order: OrderNumber,
        /// The site.
        target: Name,
        /// What was given, `mL`.
        volume: Quantity,
        /// When it was given.
        given_at: Instant,
        /// Signature of who gave it.
        signature: Signature,
    },
    /// Destroy it.
    Destroy {
        /// Why.
        because: String,
        /// Signature of who destroys it.
        signature: Signature,
        /// Signature of the witness, another person.
        witness: Option<Signature>,
    },
}
