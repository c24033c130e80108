//! Reconciliation: what an account of the book may hold at the most, as the master record states,
//! against what it holds (ATMP-10).
//!
//! Neighbours: `assess` opens a deviation when a step breaks one; `release` waits until the
//! difference is explained by a closed deviation.
//!
//! Architecture invariant: derived from the postings alone, so that it says the same whenever it is
//! asked.

use super::progress::left_out;
use super::state::{Batch, BatchState};
use crate::domain::account::{Account, Book, Posting};
use crate::domain::id::Name;
use crate::domain::master_record::{MasterRecord, Reconcile, Tolerance};
use crate::domain::quantity::{Quantity, Unit};
use rust_decimal::Decimal;

/// A rule with what the book says to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Reconciled<'r> {
    /// The rule.
    pub rule: &'r Reconcile,
    /// What was found; none before its step is done.
    pub found: Option<Found>,
}

/// What an account holds, and what it may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// What it holds.
    pub amount: Quantity,
    /// What it may hold at the most.
    pub limit: Quantity,
    /// All that came in, of which the limit is a part; none for a stated amount.
    pub whole: Option<Quantity>,
}

impl Found {
    /// Whether it holds more than it may.
    pub fn is_broken(&self) -> bool {
        self.amount.value() > self.limit.value()
    }

    /// In words: `3.20 ml of 98.0 ml, at most 10 % (9.80 ml)`.
    pub fn words(&self, tolerance: Tolerance) -> String {
        let amount = text(self.amount);
        match (self.whole, tolerance) {
            (Some(whole), Tolerance::Percent(percent)) => format!(
                "{amount} of {}, at most {} % ({})",
                text(whole),
                percent.normalize(),
                text(self.limit)
            ),
            _ => format!("{amount}, at most {}", text(self.limit)),
        }
    }
}

fn text(quantity: Quantity) -> String {
    Quantity::new(quantity.value().round_dp(3).normalize(), quantity.unit()).text()
}

/// Every rule of the record with what the book says to it.
pub fn reconciliations<'r>(batch: &Batch, record: &'r MasterRecord) -> Vec<Reconciled<'r>> {
    let found = |rule: &'r Reconcile| match &rule.step {
        Some(step) => until(batch, step).map(|book| judge(rule, &book)),
        None => (batch.state == BatchState::PendingReview).then(|| judge(rule, &batch.book)),
    };
    record.reconciliations.iter().map(|rule| Reconciled { rule, found: found(rule) }).collect()
}

/// What the rules say that are due when `step` is performed with these postings: those of the
/// step, and those of the whole batch if nothing mandatory is left to perform.
pub(super) fn due<'r>(
    batch: &Batch,
    record: &'r MasterRecord,
    step: &Name,
    postings: &[Posting],
) -> Vec<(&'r Reconcile, Found)> {
    let mut book = batch.book.clone();
    for posting in postings {
        book.replay(posting);
    }
    let last = is_last(batch, record, step);
    let due = |rule: &&Reconcile| rule.step.as_ref().map_or(last, |at| at == step);
    record.reconciliations.iter().filter(due).map(|rule| (rule, judge(rule, &book))).collect()
}

/// Whether no other step has to be performed after `step`.
fn is_last(batch: &Batch, record: &MasterRecord, step: &Name) -> bool {
    record.steps.iter().filter(|other| !left_out(batch, other)).all(|other| {
        let now = u32::from(other.name == *step);
        batch.count_of(&other.name).saturating_add(now) >= other.repeat.min
    })
}

/// The book as it stood after the last performance of a step, with what was corrected since.
fn until(batch: &Batch, step: &Name) -> Option<Book> {
    let last = batch.performances.iter().rposition(|performance| performance.step == *step)?;
    let mut book = Book::default();
    for performance in batch.performances.iter().take(last.saturating_add(1)) {
        for posting in batch.booked_for(performance) {
            book.replay(posting);
        }
    }
    Some(book)
}

fn judge(rule: &Reconcile, book: &Book) -> Found {
    let amount = book.balance(rule.account, rule.unit);
    let amount = if amount.is_negative() { amount.negated() } else { amount };
    match rule.tolerance {
        Tolerance::Most(most) => {
            Found { amount, limit: Quantity::new(most, rule.unit), whole: None }
        }
        Tolerance::Percent(percent) => {
            let whole = came_in(book, rule.unit);
            let part = percent.checked_div(Decimal::ONE_HUNDRED).unwrap_or_default();
            let limit = whole.times(part).unwrap_or(Quantity::zero(rule.unit));
            Found { amount, limit, whole: Some(whole) }
        }
    }
}

/// All that came in: from outside, grown, added, from stock.
fn came_in(book: &Book, unit: Unit) -> Quantity {
    let sources = Account::ALL.iter().map(|(account, ..)| *account).filter(|a| a.is_source());
    sources.fold(Quantity::zero(unit), |sum, account| {
        sum.minus(book.balance(account, unit)).unwrap_or(sum)
    })
}
