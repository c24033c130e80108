//! What is known of a container.

use super::event::{Contents, ProductIdentity};
use crate::domain::account::{Account, Posting};
use crate::domain::actor::Signature;
use crate::domain::disposition::Disposition;
use crate::domain::genealogy::Node;
use crate::domain::id::{
    BatchNumber, ContainerCode, DeviationNumber, Din, LocationPath, Login, Name, OrderNumber,
};
use crate::domain::quantity::{Quantity, Unit};
use crate::domain::time::{Instant, Span};
use serde::{Deserialize, Serialize};

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
    /// Infusion bag with the final product.
    Bag,
    /// Bottle with the final product.
    Bottle,
    /// Tube with a sample for testing.
    SampleTube,
    /// Outer package of the units of one patient.
    OuterPack,
}

impl ContainerKind {
    /// Every kind, with its code, its word on screens and the letter in container codes. The
    /// letters are of `codes::container::ALPHABET`: none moves between keyboards or looks like
    /// another.
    pub const ALL: [(Self, &'static str, &'static str, char); 10] = [
        (Self::CollectionPot, "collection_pot", "collection pot", 'P'),
        (Self::Flask, "flask", "flask", 'F'),
        (Self::HoldVial, "hold_vial", "hold vial", 'H'),
        (Self::Vessel, "vessel", "vessel", 'K'),
        (Self::Cryovial, "cryovial", "cryovial", 'V'),
        (Self::Syringe, "syringe", "syringe", 'J'),
        (Self::Bag, "bag", "infusion bag", 'N'),
        (Self::Bottle, "bottle", "bottle", 'D'),
        (Self::SampleTube, "sample_tube", "sample tube", 'T'),
        (Self::OuterPack, "outer_pack", "outer pack", 'X'),
    ];

    /// The kinds that a step fills, by their codes: those that master records and protocols may
    /// name. An outer pack holds containers and no product of its own.
    pub fn filled() -> Vec<(&'static str, Self)> {
        let kinds = Self::ALL.iter().filter(|(kind, ..)| *kind != Self::OuterPack);
        kinds.map(|(kind, code, ..)| (*code, *kind)).collect()
    }

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
    /// What was packed in it was taken out.
    Unpacked {
        /// When.
        at: Instant,
        /// By whose command.
        by: Login,
    },
}

/// A print of a container's label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrintedLabel {
    /// Its serial among the labels of the container, from 1.
    pub serial: u32,
    /// When it was printed.
    pub at: Instant,
    /// By whose command.
    pub by: Login,
    /// Name of the label definition.
    pub definition: String,
    /// Version of the label definition.
    pub definition_version: u32,
    /// The exact text of the symbol.
    pub payload: String,
    /// Copies printed.
    pub copies: u32,
    /// Copies declared destroyed.
    pub destroyed: u32,
    /// Copies kept in the batch record.
    pub kept: u32,
    /// What was reported of copies that could not be found, oldest first.
    pub losses: Vec<LostLabel>,
    /// Copies that were reported lost and turned up; they are destroyed or kept.
    pub found: u32,
}

impl PrintedLabel {
    /// Copies that were reported lost and have not turned up.
    pub fn lost(&self) -> u32 {
        let reported = self.losses.iter().map(|loss| loss.copies);
        reported.fold(0, u32::saturating_add).saturating_sub(self.found)
    }
}

/// What becomes of a label that is on no container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LabelFate {
    /// Destroyed.
    Destroyed,
    /// Kept in the batch record.
    Kept,
}

impl LabelFate {
    /// The words on screens.
    pub fn words(self) -> &'static str {
        match self {
            Self::Destroyed => "destroyed",
            Self::Kept => "kept in the batch record",
        }
    }
}

/// A report that copies of a label cannot be found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LostLabel {
    /// How many copies.
    pub copies: u32,
    /// The deviation that explains it.
    pub deviation: DeviationNumber,
    /// Where was looked, in words.
    pub because: String,
    /// Who signed it.
    pub by: Login,
    /// When.
    pub at: Instant,
}

/// Copies of one print of a label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelCount {
    /// The container they were printed for.
    pub container: String,
    /// Their serial.
    pub serial: u32,
    /// How many.
    pub copies: u32,
}

impl LabelCount {
    /// In words: `CV0000012 serial 1: 2`.
    pub fn words(&self) -> String {
        format!("{} serial {}: {}", self.container, self.serial, self.copies)
    }
}

/// A label that may not be relied on any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoidedLabel {
    /// Its serial.
    pub serial: u32,
    /// When it was voided.
    pub at: Instant,
    /// By whose command.
    pub by: Login,
    /// Why.
    pub because: String,
    /// Whether it is void because a copy of it is lost: the copy on the container stays there
    /// until another label is printed.
    pub by_loss: bool,
}

/// A correction of its product identity that waits for a second person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentityProposal {
    /// The identity it should have.
    pub to: ProductIdentity,
    /// Why.
    pub because: String,
    /// Signature of who proposed it.
    pub signature: Signature,
}

/// A product identity it had once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorrectedIdentity {
    /// The identity it had.
    pub from: ProductIdentity,
    /// The identity it got.
    pub to: ProductIdentity,
    /// Why.
    pub because: String,
    /// Signature of who proposed it.
    pub proposed: Signature,
    /// Signature of who confirmed it.
    pub confirmed: Signature,
    /// When.
    pub at: Instant,
}

/// The labels of a container.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelState {
    /// The serial printed last; 0 before the first.
    pub latest: u32,
    /// Every print, oldest first.
    pub prints: Vec<PrintedLabel>,
    /// The serial that was last read back on the container.
    pub scanned_back: Option<u32>,
    /// Prints declared void.
    pub voided: Vec<VoidedLabel>,
}

impl LabelState {
    /// Whether a serial is the valid one: printed, latest and not void.
    pub fn is_valid(&self, serial: u32) -> bool {
        serial == self.latest && serial > 0 && self.void(serial).is_none()
    }

    /// The valid label, if there is one.
    pub fn valid(&self) -> Option<&PrintedLabel> {
        self.prints.last().filter(|print| self.is_valid(print.serial))
    }

    /// Whether the valid label has been read back on the container (ATMP-19).
    pub fn applied(&self) -> bool {
        self.scanned_back.is_some_and(|serial| self.is_valid(serial))
    }

    /// The print of a serial.
    pub fn printed(&self, serial: u32) -> Option<&PrintedLabel> {
        self.prints.iter().find(|print| print.serial == serial)
    }

    /// How a serial was voided, if it was.
    pub fn void(&self, serial: u32) -> Option<&VoidedLabel> {
        self.voided.iter().find(|voided| voided.serial == serial)
    }

    /// Whether the copy that was read back is on the container still: until another is printed in
    /// its place, or it is voided. A copy that is lost voids its serial, but takes none off.
    pub fn worn(&self, serial: u32) -> bool {
        self.scanned_back == Some(serial)
            && serial == self.latest
            && self.void(serial).is_none_or(|voided| voided.by_loss)
    }

    /// Copies of a serial that are accounted for: on the container, destroyed, kept in the record,
    /// or lost with a deviation.
    pub fn accounted(&self, serial: u32) -> u32 {
        let worn = u32::from(self.worn(serial));
        self.printed(serial).map_or(0, |print| {
            let counts = [print.destroyed, print.kept, print.lost()];
            counts.into_iter().fold(worn, u32::saturating_add)
        })
    }

    /// Copies of a serial that nobody accounts for (ATMP-18).
    pub fn missing(&self, serial: u32) -> u32 {
        let issued = self.printed(serial).map_or(0, |print| print.copies);
        issued.saturating_sub(self.accounted(serial))
    }
}

/// How a container was thawed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thaw {
    /// For which batch or order, in words.
    pub purpose: String,
    /// When it must have been given, where it was thawed at the patient.
    pub give_by: Option<Instant>,
    /// When.
    pub at: Instant,
    /// By whose command.
    pub by: Login,
}

/// An open hand-over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

/// What a scanner read from a label: the container, and the label's serial where it has one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scan {
    /// The container the label names.
    pub code: ContainerCode,
    /// The serial of the label; `None` where the code was typed.
    pub serial: Option<u32>,
}

impl From<ContainerCode> for Scan {
    /// A code that was typed.
    fn from(code: ContainerCode) -> Self {
        Self { code, serial: None }
    }
}

/// A container, as its events tell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    /// A correction of it that waits for a second person.
    pub identity_proposal: Option<IdentityProposal>,
    /// Identities it had before, oldest first; they name nothing any more.
    pub corrected: Vec<CorrectedIdentity>,
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
    /// Since when that one holds it.
    pub held_since: Instant,
    /// How its life stands.
    pub fate: Fate,
    /// Its labels.
    pub labels: LabelState,
    /// The order it is reserved for.
    pub reserved_for: Option<OrderNumber>,
    /// How many times it was thawed.
    pub thaw_count: u32,
    /// How it was thawed last.
    pub thawed: Option<Thaw>,
    /// Since when it is out of storage, if it ever was in.
    pub out_since: Option<Instant>,
    /// Seconds out of storage in earlier absences.
    pub out_seconds_before: i64,
    /// When it was last received by a hand-over; without one it may not be administered (ATMP-48).
    pub received_at: Option<Instant>,
    /// The open hand-over.
    pub transfer: Option<Transfer>,
    /// The open excursion.
    pub excursion: Option<Excursion>,
    /// What it moved in the book of its batch since it was made.
    pub moved: Vec<Posting>,
    /// The units that were packed in it, of an outer pack.
    pub packed: Vec<ContainerCode>,
}

impl Container {
    /// How long it was outside storage in total, the present absence included. A container that
    /// was never in storage counts nothing.
    pub fn outside(&self, now: Instant) -> Span {
        let present = self.out_since.map_or(0, |since| now.since(since).seconds().max(0));
        Span::of_seconds(self.out_seconds_before.saturating_add(present))
    }

    /// The position it is in, if it is in storage.
    pub fn location(&self) -> Option<&LocationPath> {
        match &self.custodian {
            Custodian::Place { location } => Some(location),
            Custodian::Person { .. } | Custodian::Transfer { .. } | Custodian::Spent => None,
        }
    }

    /// What is left of its volume after excursions; `None` where none is known.
    pub fn volume_now(&self) -> Option<Quantity> {
        self.contents.volume.map(|_| self.booked(Account::Output, Unit::Millilitre))
    }

    /// The labels printed for it that nobody accounts for (ATMP-18).
    pub fn labels_missing(&self) -> impl Iterator<Item = LabelCount> {
        self.labels.prints.iter().filter_map(|print| {
            let (serial, copies) = (print.serial, self.labels.missing(print.serial));
            let container = self.code.clone();
            (copies > 0).then_some(LabelCount { container, serial, copies })
        })
    }

    /// The node of the graph it came from: its batch, or the donation it was collected in.
    pub fn parent(&self) -> Option<Node> {
        match (&self.batch, &self.donation) {
            (Some(batch), _) => Some(Node::batch(batch)),
            (None, Some(din)) => Some(Node::donation(din)),
            (None, None) => None,
        }
    }
}
