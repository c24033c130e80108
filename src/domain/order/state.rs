//! What is known of an order.

use super::event::{Answer, OrderedProtocol};
use super::outcome::Outcomes;
use crate::domain::actor::Signature;
use crate::domain::id::{BatchNumber, CoiId, Name, OrderNumber, PatientCode};
use crate::domain::protocol::{ArithmeticLine, DoseAsked, DoseUnit, Enrolled, amount};
use crate::domain::quantity::Quantity;
use crate::domain::schedule::Slot;
use serde::Serialize;

/// How an order was cancelled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cancellation {
    /// Whether a unit had been thawed by then.
    pub after_thaw: bool,
    /// Why, in words.
    pub because: String,
    /// Who cancelled.
    pub signature: Signature,
}

/// How an order was closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Closing {
    /// Units given.
    pub administered: u32,
    /// Units destroyed.
    pub destroyed: u32,
    /// Who closed.
    pub signature: Signature,
}

/// An order, as its events tell.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Order {
    /// Order number.
    pub number: OrderNumber,
    /// Number of events so far.
    pub version: u64,
    /// The trial's code of the patient.
    pub patient: PatientCode,
    /// Chain-of-identity id.
    pub coi: CoiId,
    /// The protocol it was placed under.
    pub protocol: OrderedProtocol,
    /// What for.
    pub indication: String,
    /// The answered checklist.
    pub answers: Vec<Answer>,
    /// Where the patient is enrolled by it.
    pub enrolled: Option<Enrolled>,
    /// What was asked, as the protocol's rule asks for it.
    pub asked: DoseAsked,
    /// What each dose unit is to hold.
    pub units: Vec<DoseUnit>,
    /// Nominal size of each dose unit, in the order of `units`.
    pub sizes: Vec<Quantity>,
    /// Cells to give; none where the product holds no cells.
    pub dose_cells: Option<Quantity>,
    /// Volume to give.
    pub dose_volume: Quantity,
    /// Cells to make; none where the product holds no cells.
    pub make_cells: Option<Quantity>,
    /// Volume to make.
    pub make_volume: Quantity,
    /// How each number follows.
    pub arithmetic: Vec<ArithmeticLine>,
    /// The slot wished for.
    pub wished: Slot,
    /// Who placed it.
    pub placed: Signature,
    /// Who read it a second time.
    pub confirmed: Option<Signature>,
    /// The slot taken, and who accepted.
    pub scheduled: Option<(Slot, Signature)>,
    /// Container codes of the units earmarked for it.
    pub allocated: Vec<String>,
    /// Which of them is given as which dose unit, where each is given as it was stored.
    pub covered: Vec<(String, Name)>,
    /// The batch that makes it.
    pub batch: Option<BatchNumber>,
    /// Batches that were made for it and given up or rejected, each with the reason.
    pub given_up: Vec<(BatchNumber, String)>,
    /// How it was cancelled.
    pub cancelled: Option<Cancellation>,
    /// How it was closed.
    pub closed: Option<Closing>,
    /// What became of the patient.
    pub outcomes: Outcomes,
}

impl Order {
    /// Whether nothing more is to happen but accounting: cancelled or closed.
    pub fn is_over(&self) -> bool {
        self.cancelled.is_some() || self.closed.is_some()
    }

    /// The slot in force: the one taken, else the one wished for.
    pub fn slot(&self) -> &Slot {
        self.scheduled.as_ref().map_or(&self.wished, |(slot, _)| slot)
    }

    /// What each dose unit is to hold, with its nominal size.
    pub fn unit_plan(&self) -> impl Iterator<Item = (&DoseUnit, Option<&Quantity>)> {
        self.units.iter().enumerate().map(|(index, unit)| (unit, self.sizes.get(index)))
    }

    /// The whole dose on screens and in what is signed; a volume alone where there are no cells.
    pub fn dose(&self) -> String {
        amount(self.dose_cells, self.dose_volume)
    }

    /// The dose unit that a stored unit of this volume would be given as: the first of that volume
    /// which has none yet.
    pub fn uncovered(&self, volume: Quantity) -> Option<&DoseUnit> {
        let open = |unit: &&DoseUnit| !self.covered.iter().any(|(_, name)| *name == unit.target);
        let same = |unit: &&DoseUnit| unit.volume.compare(volume).is_ok_and(|order| order.is_eq());
        self.units.iter().filter(open).find(same)
    }

    /// Whether a stored unit of this volume can serve the order: any can that is processed further,
    /// but what is given as it was stored must hold just what one dose unit needs.
    pub fn takes(&self, volume: Option<Quantity>) -> bool {
        !self.protocol.one_per_unit || volume.is_some_and(|volume| self.uncovered(volume).is_some())
    }

    /// Whether as many units of the bank are earmarked as the protocol needs.
    pub fn fully_allocated(&self) -> bool {
        u32::try_from(self.allocated.len()).is_ok_and(|count| count >= self.protocol.aliquots)
    }
}
