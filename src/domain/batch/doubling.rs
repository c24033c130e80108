//! Population doublings from signed counts: of each passage, and in all since the donor's cells
//! were first counted.
//!
//! Neighbours: `master_record::calculation` has the logarithm; `app::batch_accounts` walks the
//! genealogy and gathers the [`Line`] of every batch.
//!
//! Architecture invariant: every number here was signed at a step; nothing is entered again.

use super::state::{Batch, Performance};
use super::values::Values;
use crate::domain::account::Account;
use crate::domain::id::{BatchNumber, Name};
use crate::domain::master_record::calculation::Method;
use crate::domain::master_record::{Calculation, MasterRecord, Operation};
use crate::domain::quantity::{Quantity, Rounding, Unit};
use crate::domain::time::{Instant, Span};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// The doublings of one passage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubling {
    /// The step whose count ends the passage.
    pub step: Name,
    /// Which repetition of it.
    pub occurrence: u32,
    /// What was calculated, in words.
    pub title: String,
    /// Passage of the vessels that were harvested.
    pub passage: Option<u8>,
    /// Viable cells seeded, as signed, `10*6`.
    pub seeded: Quantity,
    /// Viable cells harvested, as signed, `10*6`.
    pub harvested: Quantity,
    /// log₂(harvested ÷ seeded), as signed.
    pub doublings: Quantity,
    /// When the cells were put into their vessels, if a step says so.
    pub from: Option<Instant>,
    /// When they were counted.
    pub to: Instant,
}

impl Doubling {
    /// How often the cells became more, written out with the ratio to four decimals.
    pub fn arithmetic(&self) -> String {
        let (seeded, harvested) = (self.seeded.value(), self.harvested.value());
        let ratio = harvested.checked_div(seeded).unwrap_or_default().round_dp(4).normalize();
        format!("log₂({harvested} ÷ {seeded}) = log₂({ratio}) = {}", self.doublings.value())
    }

    /// How long the cells grew.
    pub fn lasted(&self) -> Option<Span> {
        self.from.map(|from| self.to.since(from)).filter(|span| span.seconds() > 0)
    }

    /// Time for one doubling, in hours to one decimal; none where the cells did not double at all.
    pub fn doubling_time(&self) -> Option<Quantity> {
        let hours = Decimal::from(self.lasted()?.seconds()).checked_div(Decimal::from(3600))?;
        let each =
            hours.checked_div(self.doublings.value()).filter(|each| *each > Decimal::ZERO)?;
        Some(Quantity::new(each, Unit::Hour).rounded(1, Rounding::HalfUp))
    }
}

/// The doublings of every passage of a batch, in the order counted.
pub fn doublings(batch: &Batch, record: &MasterRecord) -> Vec<Doubling> {
    let mut found = Vec::new();
    for performance in &batch.performances {
        let Some(step) = record.step(&performance.step) else { continue };
        let methods = step.calculations.iter().filter(|c| c.method == Method::PopulationDoublings);
        found.extend(methods.filter_map(|method| one(batch, record, performance, method)));
    }
    found
}

fn one(
    batch: &Batch,
    record: &MasterRecord,
    performance: &Performance,
    calculation: &Calculation,
) -> Option<Doubling> {
    let own = performance.values.iter().chain(&performance.calculated).cloned().collect();
    let known = Values { batch, record, step: &performance.step, own, consumed: &[] };
    let input = |name: &str| {
        let (_, references) = calculation.inputs.iter().find(|(known, _)| known == name)?;
        known.number(references.first()?, None)
    };
    let signed = performance.entries(&calculation.name).next()?.value.number()?;
    Some(Doubling {
        step: performance.step.clone(),
        occurrence: performance.occurrence,
        title: calculation.title.clone(),
        passage: passage(batch, record, performance),
        seeded: input("seeded")?,
        harvested: input("harvested")?,
        doublings: signed,
        from: seeded_at(batch, record, performance),
        to: performance.performed_at,
    })
}

/// The passage of what was harvested: the highest of the vessels used up.
fn passage(batch: &Batch, record: &MasterRecord, performance: &Performance) -> Option<u8> {
    let own = performance.consumed.iter().filter_map(|used| record.output(&used.what)?.passage);
    let made = || batch.produced().filter_map(|made| record.output(&made.output)?.passage);
    own.max().or_else(|| made().max())
}

/// When cells were put into vessels last before this performance.
fn seeded_at(batch: &Batch, record: &MasterRecord, until: &Performance) -> Option<Instant> {
    let seeds = |p: &&Performance| {
        record.step(&p.step).is_some_and(|step| step.operation == Operation::Seed)
            && p.performed_at <= until.performed_at
    };
    batch.performances.iter().filter(seeds).map(|p| p.performed_at).max()
}

/// One batch of a genealogy with its own doublings and the batches its cells come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The batch.
    pub batch: BatchNumber,
    /// What it makes.
    pub title: String,
    /// Its own passages.
    pub doublings: Vec<Doubling>,
    /// The batches whose containers it used.
    pub parents: Vec<BatchNumber>,
    /// Whether it has cells at all; an acellular batch has nothing to count.
    pub cells: bool,
}

impl Line {
    /// The line of a batch.
    pub fn of(batch: &Batch, record: &MasterRecord, parents: Vec<BatchNumber>) -> Self {
        let booked = batch.book.accounts(Unit::MillionCells);
        Self {
            batch: batch.number.clone(),
            title: batch.title.clone(),
            doublings: doublings(batch, record),
            parents,
            cells: booked.iter().any(|(account, _)| *account == Account::Process),
        }
    }

    /// The sum of its own passages.
    pub fn own(&self) -> Quantity {
        let zero = Quantity::zero(Unit::Doubling);
        self.doublings.iter().fold(zero, |sum, one| sum.plus(one.doublings).unwrap_or(sum))
    }
}

/// Cumulative population doubling level of each batch: its own passages, and before them the
/// highest level among what it was made of. A pool is therefore as old as its oldest donor.
/// `lines` has parents before children.
pub fn cumulative(lines: &[Line]) -> BTreeMap<BatchNumber, Quantity> {
    let mut levels: BTreeMap<BatchNumber, Quantity> = BTreeMap::new();
    for line in lines {
        let before = line.parents.iter().filter_map(|parent| levels.get(parent));
        let before = before.map(|level| level.value()).max().unwrap_or_default();
        let own = line.own();
        let level = own.plus(Quantity::new(before, Unit::Doubling)).unwrap_or(own);
        levels.insert(line.batch.clone(), level);
    }
    levels
}
