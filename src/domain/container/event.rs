//! What can happen to a container.

use super::state::{ContainerKind, Custodian, LabelFate};
use crate::domain::account::Posting;
use crate::domain::actor::Signature;
use crate::domain::disposition::Disposition;
use crate::domain::id::{
    BatchNumber, ContainerCode, DeviationNumber, Din, LocationPath, Login, MaterialCode, Name,
    OrderNumber,
};
use crate::domain::language::Wording;
use crate::domain::quantity::Quantity;
use crate::domain::time::Instant;
use serde::{Deserialize, Serialize};

/// What a container holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contents {
    /// The material, such as `EQ-MSC-P1`.
    pub material: MaterialCode,
    /// Its proper name with modifiers, as printed, in each language in which it is known.
    pub title: Wording,
    /// Passage number, where cells are held.
    pub passage: Option<u8>,
    /// Volume, `mL`.
    pub volume: Option<Quantity>,
    /// Viable cells, `10*6`.
    pub viable_cells: Option<Quantity>,
}

/// ISBT 128 product identity: unique within the world together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductIdentity {
    /// Donation identification number; of a pool, its own (Directive 2006/86 Art. 10b).
    pub din: Din,
    /// Product description code (5) and collection type (1).
    pub product_code: String,
    /// Division: `00`, `A0`, `Aa`, or six characters of data structure 032.
    pub division: String,
}

impl ProductIdentity {
    /// In words, as the parts stand in a symbol: `A999926000007 D0101V AL0000`.
    #[must_use]
    pub fn words(&self) -> String {
        format!("{} {} {}", self.din, self.product_code, self.division)
    }

    /// Length of the product description code in characters.
    pub const DESCRIPTION: usize = 5;

    /// The product description code: with donation number and division it names one container.
    #[must_use]
    pub fn description(&self) -> &str {
        self.product_code.get(..Self::DESCRIPTION).unwrap_or(&self.product_code)
    }
}

/// An event of a container.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
pub enum Event {
    /// It came into being: received from a donation or produced by a batch step.
    Produced {
        /// What kind of container it is.
        kind: ContainerKind,
        /// What it holds.
        contents: Contents,
        /// The donation it was received from, for a collection container.
        donation: Option<Din>,
        /// The batch that produced it.
        batch: Option<BatchNumber>,
        /// The step of that batch.
        step: Option<Name>,
        /// The name of the output in the master record.
        output: Option<Name>,
        /// Its number among the containers of that output, from 1.
        number: u32,
        /// How many containers that output has.
        of: u32,
        /// Product identity, where the material carries one.
        identity: Option<ProductIdentity>,
        /// When its contents expire.
        expires_at: Option<Instant>,
        /// The order it was made for.
        order: Option<OrderNumber>,
        /// The site it is meant for, such as `left_parotid`.
        target: Option<Name>,
        /// Its own disposition from the start.
        disposition: Disposition,
        /// Who holds it first.
        custodian: Custodian,
    },
    /// A label was issued; an earlier one is void from now on.
    LabelPrinted {
        /// Print serial of this container's labels, from 1.
        serial: u32,
        /// Name of the label definition, such as `cryovial`.
        definition: String,
        /// Version of the label definition.
        definition_version: u32,
        /// The exact text encoded in the symbol.
        payload: String,
        /// Copies printed.
        copies: u32,
    },
    /// A printed label was declared void (reprint, damage).
    LabelVoided {
        /// The serial that is void.
        serial: u32,
        /// Why, in words.
        because: String,
    },
    /// The label on the container was read back and is the expected one (ATMP-19).
    LabelScannedBack {
        /// The serial that was read.
        serial: u32,
    },
    /// A void or surplus label was destroyed.
    LabelDestroyed {
        /// The serial that was destroyed.
        serial: u32,
        /// How many copies of it.
        copies: u32,
    },
    /// A label was kept in the batch record (ATMP-18).
    LabelKept {
        /// The serial that was kept.
        serial: u32,
        /// How many copies of it.
        copies: u32,
    },
    /// Copies of a label cannot be found. A deviation says how that came about, and the serial is
    /// void from now on, wherever a copy turns up (ATMP-18).
    LabelLost {
        /// The serial of which copies are lost.
        serial: u32,
        /// How many copies of it.
        copies: u32,
        /// The deviation.
        deviation: DeviationNumber,
        /// Where was looked, and what is thought, in words.
        because: String,
        /// Signature of QA, who did not print it.
        signature: Signature,
    },
    /// Copies that were reported lost turned up.
    LabelFound {
        /// The serial of which copies turned up.
        serial: u32,
        /// How many copies of it.
        copies: u32,
        /// What became of them then.
        fate: LabelFate,
        /// Where they were, in words.
        because: String,
        /// Signature of QA.
        signature: Signature,
        /// What it moved in the book of its batch, where the loss was booked.
        postings: Vec<Posting>,
    },
    /// QA proposed to correct its product identity; nothing is changed yet. A proposal before it
    /// is void.
    IdentityCorrectionProposed {
        /// The identity it has.
        from: ProductIdentity,
        /// The identity it should have.
        to: ProductIdentity,
        /// Why, in words.
        because: String,
        /// Signature of QA.
        signature: Signature,
    },
    /// The proposal was declined or taken back.
    IdentityCorrectionDeclined {
        /// The identity it does not get.
        to: ProductIdentity,
        /// Why, in words.
        because: String,
        /// Who decided.
        signature: Signature,
    },
    /// A second person confirmed the proposal: it has another product identity from now on. The one
    /// before names nothing any more, for ever.
    IdentityCorrected {
        /// The identity it had.
        from: ProductIdentity,
        /// The identity it has.
        to: ProductIdentity,
        /// Why, in words.
        because: String,
        /// Who proposed it.
        proposed: Signature,
        /// Who confirmed it, another person.
        signature: Signature,
    },
    /// It was put into a storage position.
    Stored {
        /// The position.
        location: LocationPath,
    },
    /// It was taken out of storage by a person.
    Retrieved {
        /// The position it left.
        from: LocationPath,
        /// Who holds it now.
        by: Login,
        /// What for, in words.
        purpose: String,
    },
    /// It was earmarked for an order; nobody else may use it.
    Reserved {
        /// The order.
        order: OrderNumber,
    },
    /// The earmark was taken away.
    ReservationReleased {
        /// The order it was reserved for.
        order: OrderNumber,
    },
    /// It was put to thaw at the patient, to be given within a time and never frozen again.
    BedsideThawed {
        /// For which order.
        order: OrderNumber,
        /// Temperature of the bath, `Cel`.
        bath: Quantity,
        /// When it must have been given.
        give_by: Instant,
    },
    /// It was thawed; it may not be frozen again.
    Thawed {
        /// The batch that thawed it.
        batch: BatchNumber,
    },
    /// It was used up by a step of a batch.
    Consumed {
        /// The batch.
        batch: BatchNumber,
        /// The step.
        step: Name,
        /// What it moved in the book of its batch.
        postings: Vec<Posting>,
    },
    /// Its own disposition was decided.
    DispositionDecided {
        /// The new disposition.
        to: Disposition,
        /// Why, in words.
        because: String,
        /// Who decided; always there when the decision loosens.
        signature: Option<Signature>,
    },
    /// One person handed it over; it is in transfer until the other takes it.
    HandedOver {
        /// Identity of the transfer, shared by all containers of one hand-over.
        transfer: String,
        /// Who gave it.
        from: Login,
        /// Who is to take it.
        to: Login,
        /// Where to, in words.
        destination: String,
        /// Condition and temperature as handed over, in words.
        condition: String,
        /// The giver's signature.
        signature: Signature,
    },
    /// The other person took it.
    Received {
        /// The transfer it ends.
        transfer: String,
        /// Who took it.
        by: Login,
        /// Condition and temperature as received, in words.
        condition: String,
        /// The receiver's signature.
        signature: Signature,
    },
    /// Part of it left for a purpose and must come back or be written off (ATMP-46).
    ExcursionOpened {
        /// Identity of the excursion.
        excursion: String,
        /// What for, such as `99mTc-HMPAO labelling`.
        purpose: String,
        /// What left, `mL`.
        volume: Quantity,
        /// Who took it.
        taken_by: Login,
        /// When it must be back.
        due_at: Instant,
        /// Signature of who gave it out.
        signature: Signature,
        /// What it moved in the book of its batch.
        postings: Vec<Posting>,
    },
    /// What left came back.
    ExcursionReturned {
        /// The excursion it ends.
        excursion: String,
        /// What came back, `mL`.
        volume: Quantity,
        /// Activity that came back with it, `MBq`.
        activity: Option<Quantity>,
        /// Signature of who took it back.
        signature: Signature,
        /// What it moved in the book of its batch.
        postings: Vec<Posting>,
    },
    /// What left will not come back.
    ExcursionWrittenOff {
        /// The excursion it ends.
        excursion: String,
        /// Signature of who decided.
        signature: Signature,
        /// What it moved in the book of its batch.
        postings: Vec<Posting>,
    },
    /// It was given to the patient.
    Administered {
        /// The order.
        order: OrderNumber,
        /// The site, such as `left_parotid`.
        target: Name,
        /// What was given, `mL`.
        volume: Quantity,
        /// When it was given, if not when recorded.
        given_at: Instant,
        /// Signature of who gave it.
        signature: Signature,
        /// What it moved in the book of its batch.
        postings: Vec<Posting>,
    },
    /// Units of one patient were scanned into it: what its label counts.
    Packed {
        /// The units.
        units: Vec<ContainerCode>,
    },
    /// Its units were taken out by who received it.
    Unpacked {},
    /// It was destroyed under witness.
    Destroyed {
        /// Why, in words.
        because: String,
        /// Signature of who destroyed it.
        signature: Signature,
        /// Signature of the witness, another person.
        witness: Option<Signature>,
        /// What it moved in the book of its batch.
        postings: Vec<Posting>,
    },
}

impl Event {
    /// What it moved in the book of the batch that made the container.
    pub fn postings(&self) -> &[Posting] {
        match self {
            Self::Consumed { postings, .. }
            | Self::ExcursionOpened { postings, .. }
            | Self::ExcursionReturned { postings, .. }
            | Self::ExcursionWrittenOff { postings, .. }
            | Self::Administered { postings, .. }
            | Self::LabelFound { postings, .. }
            | Self::Destroyed { postings, .. } => postings,
            _ => &[],
        }
    }

    /// What became of the contents, in words; for events that post.
    pub fn posting_word(&self) -> &'static str {
        match self {
            Self::Consumed { .. } => "used by another batch",
            Self::ExcursionOpened { .. } => "left, to come back",
            Self::ExcursionReturned { .. } => "came back",
            Self::ExcursionWrittenOff { .. } => "written off",
            Self::Administered { .. } => "given to the patient",
            Self::Destroyed { .. } => "destroyed",
            Self::LabelFound { .. } => "lost label found",
            _ => "",
        }
    }

    /// Who signed it; a use is signed with the step that used it.
    pub fn signature(&self) -> Option<&Signature> {
        match self {
            Self::ExcursionOpened { signature, .. }
            | Self::ExcursionReturned { signature, .. }
            | Self::ExcursionWrittenOff { signature, .. }
            | Self::Administered { signature, .. }
            | Self::LabelFound { signature, .. }
            | Self::Destroyed { signature, .. } => Some(signature),
            _ => None,
        }
    }
}
