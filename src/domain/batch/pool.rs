//! The pool of a batch: what each container gave to it, and whether the ratio is equal (ATMP-25).
//!
//! Neighbours: the master record says which calculation is the share; `values` calculated it when
//! the step was performed.
//!
//! Architecture invariant: reads what was signed; nothing is calculated a second time.

use super::event::{Consumed, Entry, Mark};
use super::shown::limit_text;
use super::state::{Batch, Performance};
use crate::domain::id::{ContainerCode, Name};
use crate::domain::master_record::calculation::Method;
use crate::domain::master_record::{Band, Bound, Calculation, MasterRecord, Reference, Step};
use crate::domain::quantity::{Quantity, Unit};

/// What one container gave to the pool.
#[derive(Debug, Clone, PartialEq)]
pub struct Share {
    /// The container as it was taken in, with its donors and what it held.
    pub from: Consumed,
    /// How much of it equal ratios ask for, in ml; none before the count.
    pub asked: Option<Quantity>,
    /// How much was taken, in ml; none before pooling.
    pub taken: Option<Quantity>,
    /// Viable cells taken; none before pooling.
    pub cells: Option<Quantity>,
    /// Its share of the pool, in per cent; none before pooling.
    pub percent: Option<Quantity>,
    /// How the share stands to its limits.
    pub mark: Mark,
}

/// The pool of a batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Pool {
    /// The step that pools.
    pub step: Name,
    /// Every container that goes in, in the order taken in.
    pub shares: Vec<Share>,
    /// The action limit of a share, in words; empty without one.
    pub limit: String,
    /// The alert limit of a share, in words; empty without one.
    pub alert: String,
    /// The ends of the alert limit, in per cent.
    pub band: Option<(Quantity, Quantity)>,
}

impl Pool {
    /// Whether every share is known: the step was performed.
    pub fn is_made(&self) -> bool {
        !self.shares.is_empty() && self.shares.iter().all(|share| share.percent.is_some())
    }

    /// How the least equal share stands to its limits.
    pub fn mark(&self) -> Mark {
        self.shares.iter().map(|share| share.mark).max().unwrap_or(Mark::Within)
    }
}

/// The pool of a batch; nothing where the record pools nothing or nothing was taken in yet.
pub fn pool(batch: &Batch, record: &MasterRecord) -> Option<Pool> {
    let (step, share) = calculated(record, Method::SharePercent)?;
    let part = input(share, "part");
    let volume = part.and_then(|name| input(step.calculation(name)?, "volume"));
    let made = batch.last_of(&step.name);
    let asked = calculated(record, Method::EqualRatioShares)
        .and_then(|(step, share)| Some((batch.last_of(&step.name)?, &share.name)));
    let of = |from: &Consumed| {
        let item = &from.container;
        let entry = made.and_then(|made| of_item(made, &share.name, item));
        let number = |name: Option<&Name>| number(of_item(made?, name?, item)?);
        Share {
            from: from.clone(),
            asked: asked.and_then(|(counted, name)| self::number(of_item(counted, name, item)?)),
            taken: number(volume),
            cells: number(part),
            percent: entry.and_then(self::number),
            mark: entry.map_or(Mark::Within, |entry| entry.mark),
        }
    };
    let goes_in = |from: &&Consumed| {
        made.is_none_or(|made| of_item(made, &share.name, &from.container).is_some())
    };
    let shares: Vec<Share> =
        batch.consumed().filter(|from| !from.donors.is_empty()).filter(goes_in).map(of).collect();
    if shares.is_empty() {
        return None;
    }
    let (limit, alert) = limit_text(batch, record, step, &share.limits, Unit::Percent, None);
    let percent = |end: &Option<Bound>| match end {
        Some(Bound::Number(number)) => Some(Quantity::new(*number, Unit::Percent)),
        _ => None,
    };
    let Band { min, max } = &share.limits.alert;
    Some(Pool {
        step: step.name.clone(),
        shares,
        limit,
        alert,
        band: percent(min).zip(percent(max)),
    })
}

fn calculated(record: &MasterRecord, method: Method) -> Option<(&Step, &Calculation)> {
    record.steps.iter().find_map(|step| {
        let found = step.calculations.iter().find(|one| one.method == method)?;
        Some((step, found))
    })
}

/// The value of the same step that a calculation takes under this name.
fn input<'r>(calculation: &'r Calculation, name: &str) -> Option<&'r Name> {
    let (_, references) = calculation.inputs.iter().find(|(known, _)| known == name)?;
    references.iter().find_map(|reference| match reference {
        Reference::Value { step: None, name } => Some(name),
        _ => None,
    })
}

fn of_item<'p>(made: &'p Performance, name: &Name, item: &ContainerCode) -> Option<&'p Entry> {
    made.values
        .iter()
        .chain(&made.calculated)
        .find(|entry| entry.name == *name && entry.item.as_ref() == Some(item))
}

fn number(entry: &Entry) -> Option<Quantity> {
    entry.value.number()
}
