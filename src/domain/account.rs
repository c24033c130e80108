//! The book of a batch: cells, volume, containers and labels in double entry.
//!
//! A [`Posting`] moves an amount from one account to another, so that every unit always sums to
//! zero over all accounts: nothing appears and nothing vanishes. Sources (inputs, growth, medium)
//! go below zero by what they gave; what exists ([`Account::Process`], [`Account::Output`],
//! [`Account::Excursion`]) never does.
//!
//! Neighbours: `batch` derives postings from what a step does, `container` from what becomes of a
//! container afterwards; both keep them in their events.
//!
//! Architecture invariant: there is no way to change one account alone.

use super::quantity::{Quantity, Unit};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An account of the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Account {
    /// What came in from outside the batch.
    Input,
    /// What grew, or was counted more than booked.
    Growth,
    /// Medium, diluent and buffer added.
    Medium,
    /// Empty containers and labels from stock.
    Supply,
    /// What is in process and in no container.
    Process,
    /// What is in containers made by the batch.
    Output,
    /// What left a container for a purpose and has to come back (ATMP-46).
    Excursion,
    /// What was drawn for tests.
    Sample,
    /// What was lost, or counted less than booked.
    Loss,
    /// Medium and supernatant taken away.
    Removed,
    /// What was left over on purpose and discarded.
    Remainder,
    /// What other batches used.
    Passed,
    /// What was given to the patient.
    Administered,
    /// What was disposed of at the end, and emptied containers.
    Waste,
    /// Labels on their containers.
    Applied,
    /// Labels destroyed.
    Destroyed,
    /// Labels kept in the batch record.
    Retained,
}

impl Account {
    /// Every account with its code and its words.
    pub const ALL: [(Self, &'static str, &'static str); 17] = [
        (Self::Input, "input", "from outside"),
        (Self::Growth, "growth", "growth and recount"),
        (Self::Medium, "medium", "medium added"),
        (Self::Supply, "supply", "issued from stock"),
        (Self::Process, "process", "in process"),
        (Self::Output, "output", "in containers"),
        (Self::Excursion, "excursion", "away, to come back"),
        (Self::Sample, "sample", "samples"),
        (Self::Loss, "loss", "loss"),
        (Self::Removed, "removed", "medium removed"),
        (Self::Remainder, "remainder", "left over on purpose"),
        (Self::Passed, "passed", "used by other batches"),
        (Self::Administered, "administered", "given to the patient"),
        (Self::Waste, "waste", "disposed of"),
        (Self::Applied, "applied", "labels applied"),
        (Self::Destroyed, "destroyed", "labels destroyed"),
        (Self::Retained, "retained", "labels kept"),
    ];

    /// The code in tables.
    pub fn code(self) -> &'static str {
        Self::ALL.iter().find(|(account, ..)| *account == self).map_or("", |(_, code, _)| code)
    }

    /// The words on screens.
    pub fn words(self) -> &'static str {
        Self::ALL.iter().find(|(account, ..)| *account == self).map_or("", |(.., words)| words)
    }

    /// The account of a code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, _)| *known == code).map(|(account, ..)| *account)
    }

    /// Whether it gives what was not there before: from outside, growth, medium, stock.
    pub fn is_source(self) -> bool {
        matches!(self, Self::Input | Self::Growth | Self::Medium | Self::Supply)
    }

    /// Whether it holds what exists and therefore never goes below zero.
    pub fn holds(self) -> bool {
        matches!(self, Self::Process | Self::Output | Self::Excursion)
    }
}

/// An amount moved from one account to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posting {
    /// The account it leaves.
    pub from: Account,
    /// The account it enters.
    pub to: Account,
    /// How much; above zero.
    pub amount: Quantity,
}

/// The postings that are equal, each once with how often it occurs, in the order of first
/// occurrence.
pub fn alike<'p>(postings: impl IntoIterator<Item = &'p Posting>) -> Vec<(Posting, u32)> {
    let mut counted: Vec<(Posting, u32)> = Vec::new();
    for posting in postings {
        match counted.iter_mut().find(|(known, _)| known == posting) {
            Some((_, count)) => *count = count.saturating_add(1),
            None => counted.push((*posting, 1)),
        }
    }
    counted
}

/// Why a posting cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BookError {
    /// More would leave than there is.
    #[error("only {there} {account}, {asked} asked for")]
    Overdrawn {
        /// The account, in words.
        account: &'static str,
        /// What is there.
        there: String,
        /// What was asked for.
        asked: String,
    },
    /// Nothing, or less than nothing, would be moved.
    #[error("an amount of {0} cannot be moved")]
    NotPositive(String),
    /// The sum has no exact result.
    #[error("the sum of the book does not fit")]
    OutOfRange,
}

/// The balances of a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Book {
    balances: BTreeMap<(Unit, Account), Decimal>,
}

impl Book {
    /// What an account holds in a unit.
    pub fn balance(&self, account: Account, unit: Unit) -> Quantity {
        let value = self.balances.get(&(unit, account)).copied().unwrap_or_default();
        Quantity::new(value, unit)
    }

    /// Moves an amount. Refuses to take more than there is from an account that [`holds`].
    ///
    /// [`holds`]: Account::holds
    pub fn post(&mut self, posting: &Posting) -> Result<(), BookError> {
        let (value, unit) = (posting.amount.value(), posting.amount.unit());
        if value <= Decimal::ZERO {
            return Err(BookError::NotPositive(posting.amount.text()));
        }
        let left = self.balance(posting.from, unit).value();
        let left = left.checked_sub(value).ok_or(BookError::OutOfRange)?;
        if posting.from.holds() && left < Decimal::ZERO {
            return Err(BookError::Overdrawn {
                account: posting.from.words(),
                there: self.balance(posting.from, unit).text(),
                asked: posting.amount.text(),
            });
        }
        self.balances.insert((unit, posting.from), left);
        let entered = self.balance(posting.to, unit).value();
        let entered = entered.checked_add(value).ok_or(BookError::OutOfRange)?;
        self.balances.insert((unit, posting.to), entered);
        Ok(())
    }

    /// Moves an amount that an event says was moved.
    pub fn replay(&mut self, posting: &Posting) {
        let (value, unit) = (posting.amount.value(), posting.amount.unit());
        for (account, change) in
            [(posting.from, value.saturating_mul(-Decimal::ONE)), (posting.to, value)]
        {
            let balance = self.balances.entry((unit, account)).or_default();
            *balance = balance.saturating_add(change);
        }
    }

    /// The units that were ever posted.
    pub fn units(&self) -> Vec<Unit> {
        let mut units: Vec<Unit> = self.balances.keys().map(|(unit, _)| *unit).collect();
        units.dedup();
        units
    }

    /// Every account of a unit with its balance, in the order of [`Account::ALL`].
    pub fn accounts(&self, unit: Unit) -> Vec<(Account, Quantity)> {
        Account::ALL
            .iter()
            .filter(|(account, ..)| self.balances.contains_key(&(unit, *account)))
            .map(|(account, ..)| (*account, self.balance(*account, unit)))
            .collect()
    }

    /// The sum over all accounts of a unit: always zero.
    pub fn sum(&self, unit: Unit) -> Quantity {
        let sum = self
            .balances
            .iter()
            .filter(|((known, _), _)| *known == unit)
            .fold(Decimal::ZERO, |sum, (_, value)| sum.saturating_add(*value));
        Quantity::new(sum, unit)
    }
}
