//! What a container moves in the book of the batch that made it, once it has left the process:
//! away and back, to the patient, into another batch, to waste.
//!
//! Neighbours: `decide` keeps these postings in the container's events, as `batch` keeps those of
//! its steps; `store::account` posts both to one book.
//!
//! Architecture invariant: what is in a container follows from what it was made with and from its
//! postings, and never goes below zero.

use super::state::Container;
use crate::domain::account::{Account, Posting};
use crate::domain::quantity::{Quantity, Rounding, Unit};

/// Cells leave with their volume, in proportion; the share is rounded to so many decimals of
/// `10*6`, half up, and never exceeds what is there. The rest goes with the last that leaves.
const CELL_DECIMALS: u32 = 2;

/// What of a container is booked.
const UNITS: [Unit; 3] = [Unit::MillionCells, Unit::Millilitre, Unit::Container];

impl Container {
    /// What an account holds of this container in a unit: `Output` is what is in it now.
    pub fn booked(&self, account: Account, unit: Unit) -> Quantity {
        let made = match (account, unit) {
            (Account::Output, Unit::MillionCells) => self.contents.viable_cells,
            (Account::Output, Unit::Millilitre) => self.contents.volume,
            (Account::Output, Unit::Container) => Some(Quantity::whole(1, Unit::Container)),
            _ => None,
        };
        let mut sum = made.unwrap_or(Quantity::zero(unit));
        for posting in self.moved.iter().filter(|posting| posting.amount.unit() == unit) {
            let change = match (posting.from == account, posting.to == account) {
                (true, false) => posting.amount.negated(),
                (false, true) => posting.amount,
                _ => continue,
            };
            sum = sum.plus(change).unwrap_or(sum);
        }
        sum
    }

    /// Everything of it in one account goes to another.
    pub(super) fn all(&self, from: Account, to: Account) -> Vec<Posting> {
        let posting = |unit| Posting { from, to, amount: self.booked(from, unit) };
        UNITS.into_iter().map(posting).filter(moves).collect()
    }

    /// A volume of it goes from one account to another, and its cells in proportion. Where no
    /// volume is booked, all cells go.
    pub(super) fn part(&self, from: Account, to: Account, volume: Quantity) -> Vec<Posting> {
        let there = self.booked(from, Unit::Millilitre);
        let cells = self.booked(from, Unit::MillionCells);
        let volume = volume.min(there).unwrap_or(there);
        let share = if volume.value() >= there.value() {
            cells
        } else {
            let share = cells.times(volume.value()).ok().and_then(|product| {
                product.value().checked_div(there.value()).map(|v| Quantity::new(v, cells.unit()))
            });
            let share = share.map(|share| share.rounded(CELL_DECIMALS, Rounding::HalfUp));
            share.and_then(|share| share.min(cells).ok()).unwrap_or(cells)
        };
        let posting = |amount| Posting { from, to, amount };
        [posting(share), posting(volume)].into_iter().filter(moves).collect()
    }

    /// What is left in an account after some postings goes to another.
    pub(super) fn rest(&self, from: Account, to: Account, gone: &[Posting]) -> Vec<Posting> {
        let left = |unit| {
            let gone = gone.iter().filter(|p| p.from == from && p.amount.unit() == unit);
            gone.fold(self.booked(from, unit), |left, p| left.minus(p.amount).unwrap_or(left))
        };
        let units = [Unit::MillionCells, Unit::Millilitre];
        units
            .map(|unit| Posting { from, to, amount: left(unit) })
            .into_iter()
            .filter(moves)
            .collect()
    }

    /// It was given: the volume to the patient with the container, what stays in it to waste.
    pub(super) fn given(&self, volume: Quantity) -> Vec<Posting> {
        let mut postings = self.part(Account::Output, Account::Administered, volume);
        let rest = self.rest(Account::Output, Account::Waste, &postings);
        postings.extend(rest);
        let amount = self.booked(Account::Output, Unit::Container);
        let given = Posting { from: Account::Output, to: Account::Administered, amount };
        postings.extend(Some(given).filter(moves));
        postings
    }

    /// Part of what was away came back; what did not is lost.
    pub(super) fn returned(&self, volume: Quantity) -> Vec<Posting> {
        let mut postings = self.part(Account::Excursion, Account::Output, volume);
        let short = self.rest(Account::Excursion, Account::Loss, &postings);
        postings.extend(short);
        postings
    }
}

/// A posting of nothing is none.
fn moves(posting: &Posting) -> bool {
    !posting.amount.is_zero() && !posting.amount.is_negative()
}
