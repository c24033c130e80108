//! Line clearance with things at hand: what is scanned while it is open, whether it belongs to the
//! batch, and what follows if it does not (ATMP-7).
//!
//! Something foreign fails the clearance: it is recorded with who found it, it opens a deviation of
//! the class the master record says, and the step is not signed before it is taken away.
//!
//! Neighbours: `assess` and `decide::verify` ask whether the line is clear.
//!
//! Architecture invariant: finding something is never undone; taking it away is one more event.

use super::event::Event;
use super::progress::{Procedure, Progress};
use super::refusal::Refusal;
use super::state::Batch;
use crate::domain::container::{Container, ContainerKind};
use crate::domain::deviation::{self, Class, Deviation, Origin, Subject};
use crate::domain::id::{
    BatchNumber, DeviationNumber, Din, LotId, MaterialCode, Name, OrderNumber,
};
use crate::domain::master_record::{MasterRecord, Operation, Step};
use crate::domain::{Change, Context};

/// What was read while a line clearance is open.
#[derive(Debug, Clone, PartialEq)]
pub enum Thing {
    /// A container.
    Container(Box<Container>),
    /// A material lot.
    Lot {
        /// The lot.
        lot: LotId,
        /// Its material.
        material: MaterialCode,
    },
    /// A label or document of a batch.
    Batch(BatchNumber),
    /// A label or document of an order.
    Order(OrderNumber),
    /// A label of a donation.
    Donation(Din),
    /// Something that is not of this site, in words.
    Elsewhere(String),
}

impl Thing {
    /// What it is, in words.
    pub fn words(&self) -> String {
        match self {
            Self::Container(container) => {
                let (kind, title) = (container.kind.word(), &container.contents.title);
                format!("{kind} {}, {title}", container.code)
            }
            Self::Lot { lot, .. } => format!("material lot {lot}"),
            Self::Batch(number) => format!("label of batch {number}"),
            Self::Order(number) => format!("label of order {number}"),
            Self::Donation(din) => format!("label of donation {din}"),
            Self::Elsewhere(what) => what.clone(),
        }
    }

    /// Why it may not be near this batch; none if it belongs there.
    pub fn foreign(&self, batch: &Batch, record: &MasterRecord) -> Option<String> {
        match self {
            Self::Container(container) => foreign_container(container, batch, record),
            Self::Lot { material, .. } => {
                let used = record.materials.iter().any(|known| known.material == *material);
                (!used).then(|| format!("this process does not use {material}"))
            }
            Self::Batch(number) => {
                (*number != batch.number).then(|| format!("it is of batch {number}"))
            }
            Self::Order(number) => {
                (batch.order.as_ref() != Some(number)).then(|| format!("it is of order {number}"))
            }
            Self::Donation(din) => foreign_donation(din, batch, record),
            Self::Elsewhere(_) => Some("it is not of this site".to_owned()),
        }
    }
}

fn foreign_container(
    container: &Container,
    batch: &Batch,
    record: &MasterRecord,
) -> Option<String> {
    if container.batch.as_ref() == Some(&batch.number) {
        return None;
    }
    let promised = container.reserved_for.as_ref().or(container.order.as_ref());
    if let Some(order) = promised {
        let other = batch.order.as_ref() != Some(order);
        return other.then(|| format!("it is for order {order}"));
    }
    let input = record.inputs.iter().find(|input| {
        input.material == container.contents.material && input.container == container.kind
    });
    match (input, &container.batch) {
        (Some(input), _) if !input.reserved => None,
        (Some(_), _) => Some("it is not reserved for the order of this batch".to_owned()),
        (None, Some(maker)) => Some(format!("it is of batch {maker}")),
        (None, None) => Some("it is no input of this batch".to_owned()),
    }
}

/// Before anything was taken in, the donation of a batch is not known yet.
fn foreign_donation(din: &Din, batch: &Batch, record: &MasterRecord) -> Option<String> {
    let used = batch.consumed().any(|consumed| consumed.din.as_ref() == Some(din));
    let begun = batch.consumed().next().is_some();
    let pot = |input: &crate::domain::master_record::Input| {
        input.container == ContainerKind::CollectionPot
    };
    let awaited = !begun && record.inputs.iter().any(pot);
    let belongs = used || awaited || batch.din() == Some(din);
    (!belongs).then(|| format!("donation {din} is not in this batch"))
}

/// The line clearance of this name, while it waits to be signed or verified.
fn open_clearance<'r>(
    batch: &Batch,
    record: &'r MasterRecord,
    name: &Name,
) -> Result<&'r Step, Refusal> {
    let step = record.step(name).ok_or_else(|| Refusal::UnknownStep {
        step: name.to_string(),
        record: record.record.key(),
    })?;
    let open = match Procedure::new(batch, record).progress(step) {
        Progress::Ready | Progress::Repeatable | Progress::ToVerify { .. } => true,
        Progress::Done
        | Progress::Optional
        | Progress::Held { .. }
        | Progress::Waiting { .. }
        | Progress::NotApplicable { .. }
        | Progress::CorrectionToVerify { .. }
        | Progress::Closed => false,
    };
    if open && step.operation == Operation::ClearLine {
        return Ok(step);
    }
    Err(Refusal::NotClearing { step: step.title.clone() })
}

/// Records something that was scanned while a line clearance is open. What belongs to the batch
/// changes nothing; nor does something foreign that is known to be there.
///
/// # Errors
/// That no such line clearance is open.
pub fn scan_line(
    batch: &Batch,
    record: &MasterRecord,
    (step, item): (&Name, &str),
    thing: &Thing,
    number: &DeviationNumber,
    context: &Context,
) -> Result<Vec<Change>, Refusal> {
    let step = open_clearance(batch, record, step)?;
    let Some(because) = thing.foreign(batch, record) else { return Ok(Vec::new()) };
    if batch.foreign_on(&step.name).any(|found| found.item == item) {
        return Ok(Vec::new());
    }
    let what = thing.words();
    let opened = deviation::Event::Opened {
        class: step.foreign.unwrap_or(Class::Major),
        title: format!("Line not clear: {what}"),
        description: format!(
            "At '{}' of batch {}, {what} was found; {because} (ATMP-7).",
            step.title, batch.number
        ),
        origin: Origin::Gate,
        subject: Subject {
            batch: Some(batch.number.clone()),
            step: Some(step.name.clone()),
            order: batch.order.clone(),
            ..Subject::default()
        },
        performer: Some(context.actor.login.clone()),
    };
    let found = Event::ForeignItemFound {
        step: step.name.clone(),
        item: item.to_owned(),
        what,
        because,
        deviation: number.clone(),
    };
    Ok(vec![
        Change::of::<Batch>(batch.number.as_str(), found),
        Change::of::<Deviation>(number.as_str(), opened),
    ])
}

/// Records that something foreign was taken away, and where to.
///
/// # Errors
/// That it was not found, or is away already; that the place is missing.
pub fn remove_foreign(
    batch: &Batch,
    step: &Name,
    (item, to): (&str, &str),
) -> Result<Vec<Change>, Refusal> {
    if !batch.foreign_on(step).any(|found| found.item == item) {
        return Err(Refusal::NothingOpen { key: item.to_owned() });
    }
    let to = to.trim().to_owned();
    if to.is_empty() {
        return Err(Refusal::WhereTo { item: item.to_owned() });
    }
    let (step, item) = (step.clone(), item.to_owned());
    let removed = Event::ForeignItemRemoved { step, item, to };
    Ok(vec![Change::of::<Batch>(batch.number.as_str(), removed)])
}

/// Refuses a line clearance while something foreign is still there.
pub(super) fn must_be_clear(batch: &Batch, step: &Step) -> Result<(), Refusal> {
    let there: Vec<String> = batch.foreign_on(&step.name).map(|found| found.what.clone()).collect();
    if there.is_empty() {
        return Ok(());
    }
    Err(Refusal::LineNotClear { step: step.title.clone(), items: there.join("; ") })
}
