//! What a step makes and what it moves in the book.

use super::assess::{Draft, Planned};
use super::event::Consumed;
use super::refusal::Refusal;
use super::values::Values;
use crate::domain::account::{Account, Book, Posting};
use crate::domain::container::{ContainerKind, Contents, LabelState};
use crate::domain::id::Name;
use crate::domain::master_record::{AccountRule, Count, Operation, Output, Reference};
use crate::domain::protocol::DoseUnit;
use crate::domain::quantity::{Quantity, Unit};
use rust_decimal::Decimal;

/// More containers than this at one step are an error of entry.
const CONTAINERS_MAX: u32 = 500;

/// A book that notes what is posted to it.
pub(super) struct Ledger {
    pub book: Book,
    pub postings: Vec<Posting>,
}

impl Ledger {
    /// A book with nothing noted yet.
    pub(super) fn over(book: Book) -> Self {
        Self { book, postings: Vec::new() }
    }

    pub(super) fn post(
        &mut self,
        from: Account,
        to: Account,
        amount: Quantity,
    ) -> Result<(), Refusal> {
        if amount.is_zero() {
            return Ok(());
        }
        let posting = Posting { from, to, amount };
        self.book
            .post(&posting)
            .map_err(|error| Refusal::Balance { because: error.to_string() })?;
        self.postings.push(posting);
        Ok(())
    }

    /// Posts one container, if any amount of it is known.
    fn post_known(
        &mut self,
        from: Account,
        to: Account,
        amount: Option<Quantity>,
    ) -> Result<(), Refusal> {
        amount.map_or(Ok(()), |amount| self.post(from, to, amount))
    }
}

impl Draft<'_> {
    /// The containers the step makes.
    pub(super) fn plan(&self, known: &Values<'_>) -> Result<Vec<Planned>, Refusal> {
        let mut planned = Vec::new();
        for production in &self.step.produces {
            let Some(output) = self.record.output(&production.output) else { continue };
            match &production.count {
                Count::DoseUnits => {
                    let units = &self.batch.dose_units;
                    let of = u32::try_from(units.len()).unwrap_or(u32::MAX);
                    let mut unopened = self.unopened(production.from.as_ref())?;
                    for (number, unit) in (1..).zip(units) {
                        let made = self.dose_unit(output, unit, number, of);
                        planned.push(match &production.from {
                            Some(_) => relabelled(made, unit, &mut unopened)?,
                            None => made,
                        });
                    }
                }
                count => {
                    let of = self.how_many(output, count, known)?;
                    let volume = needed(known, output, production.volume.as_ref())?;
                    let cells = needed(known, output, production.cells.as_ref())?;
                    for number in 1..=of {
                        let contents = contents(output, volume, cells);
                        planned.push(self.planned(output, contents, number, of, None));
                    }
                }
            }
        }
        Ok(planned)
    }

    fn how_many(&self, output: &Output, count: &Count, known: &Values<'_>) -> Result<u32, Refusal> {
        let refuse = |given: String, advice: String| Refusal::Containers {
            output: output.title.to_string(),
            given,
            advice,
        };
        let number = match count {
            Count::Fixed(number) => *number,
            Count::Value(reference) => {
                let value = known.number(reference, None).map(|value| value.value().normalize());
                let value = value.unwrap_or_default();
                value
                    .to_string()
                    .parse()
                    .map_err(|_| refuse(value.to_string(), "A whole number is needed".to_owned()))?
            }
            Count::DoseUnits => 0,
        };
        if number == 0 || number > CONTAINERS_MAX {
            let advice = format!("From 1 to {CONTAINERS_MAX} can be made at one step");
            return Err(refuse(number.to_string(), advice));
        }
        Ok(number)
    }

    /// The containers that this step takes in and labels anew; none may have been thawed.
    fn unopened(&self, from: Option<&Name>) -> Result<Vec<&Consumed>, Refusal> {
        let taken: Vec<&Consumed> =
            self.consumed.iter().filter(|consumed| Some(&consumed.what) == from).collect();
        let thawed = taken.iter().find(|consumed| {
            let fact = self.facts.container(&consumed.container);
            fact.is_some_and(|fact| fact.container.thawed.is_some())
        });
        match thawed {
            Some(thawed) => Err(Refusal::ThawedBefore { container: thawed.container.to_string() }),
            None => Ok(taken),
        }
    }

    fn dose_unit(&self, output: &Output, unit: &DoseUnit, number: u32, of: u32) -> Planned {
        let cells = unit.cells.filter(|_| !output.acellular);
        let contents = contents(output, Some(unit.volume), cells);
        self.planned(output, contents, number, of, Some(unit.target.clone()))
    }

    fn planned(
        &self,
        output: &Output,
        contents: Contents,
        number: u32,
        of: u32,
        target: Option<Name>,
    ) -> Planned {
        let own = output.keeps.map(|keeps| self.at.plus(keeps));
        let inherited = self.batch.consumed().chain(&self.consumed).filter_map(|c| c.expires_at);
        let inherited = inherited.min().filter(|_| output.expiry_limited_by_inputs);
        Planned {
            output: output.name.clone(),
            kind: output.container,
            number,
            of,
            contents,
            expires_at: own.into_iter().chain(inherited).min(),
            target,
            from: None,
            product_code: output.product_code.clone(),
        }
    }

    /// What the step moves, in this order: taken in, counted, filled, disposed of, reconciled.
    pub(super) fn postings(
        &self,
        known: &Values<'_>,
        planned: &[Planned],
    ) -> Result<Vec<Posting>, Refusal> {
        let mut ledger = Ledger::over(self.batch.book.clone());
        let one = Quantity::whole(1, Unit::Container);
        for consumed in &self.consumed {
            let own = self.record.output(&consumed.what).is_some();
            let from = if own { Account::Output } else { Account::Input };
            ledger.post_known(from, Account::Process, consumed.cells)?;
            ledger.post_known(from, Account::Process, consumed.volume)?;
            let kept = planned.iter().any(|made| made.from.as_ref() == Some(&consumed.container));
            if !kept {
                ledger.post(from, Account::Waste, one)?;
            }
        }
        if let Some(rule) = &self.step.account {
            counted(&mut ledger, rule, known)?;
        }
        for made in planned {
            let sample = made.kind == ContainerKind::SampleTube;
            let to = if sample { Account::Sample } else { Account::Output };
            let cells = made.contents.viable_cells;
            // What is not known to hold cells is not drawn from the suspension: medium over a
            // culture. Where no cells can be in it, the volume in process is all there is.
            let output = self.record.output(&made.output);
            let drawn = cells.is_some() || output.is_some_and(|output| output.acellular);
            let source = if drawn { Account::Process } else { Account::Medium };
            ledger.post_known(Account::Process, to, cells)?;
            ledger.post_known(source, to, made.contents.volume)?;
            // What is labelled anew is the container that came in; none is taken from stock.
            let stock = if made.from.is_some() { Account::Input } else { Account::Supply };
            ledger.post(stock, to, one)?;
        }
        if self.step.operation == Operation::Dispose {
            for unit in [Unit::MillionCells, Unit::Millilitre] {
                let left = ledger.book.balance(Account::Process, unit);
                ledger.post(Account::Process, Account::Waste, left)?;
            }
        }
        if self.step.reconcile_labels {
            self.post_labels(&mut ledger)?;
        }
        Ok(ledger.postings)
    }

    fn post_labels(&self, ledger: &mut Ledger) -> Result<(), Refusal> {
        let mut sums = LabelSums::default();
        for produced in self.batch.produced() {
            let Some(fact) = self.facts.container(&produced.container) else { continue };
            sums.add(&fact.container.labels);
        }
        for (account, count) in sums.accounts() {
            ledger.post(Account::Supply, account, Quantity::whole(count.into(), Unit::Label))?;
        }
        Ok(())
    }
}

/// What became of labels, summed over containers.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct LabelSums {
    /// On their containers.
    pub(super) applied: u32,
    /// Destroyed.
    pub(super) destroyed: u32,
    /// Kept in the record.
    pub(super) kept: u32,
    /// Lost, with a deviation.
    pub(super) lost: u32,
}

impl LabelSums {
    /// Adds the labels of one container.
    pub(super) fn add(&mut self, labels: &LabelState) {
        for print in &labels.prints {
            let worn = u32::from(labels.worn(print.serial));
            self.applied = self.applied.saturating_add(worn);
            self.destroyed = self.destroyed.saturating_add(print.destroyed);
            self.kept = self.kept.saturating_add(print.kept);
            self.lost = self.lost.saturating_add(print.lost());
        }
    }

    /// Each sum with the account of the book it stands in.
    pub(super) fn accounts(self) -> [(Account, u32); 4] {
        [
            (Account::Applied, self.applied),
            (Account::Destroyed, self.destroyed),
            (Account::Retained, self.kept),
            (Account::Loss, self.lost),
        ]
    }
}

/// The first container of the volume of a dose unit, which becomes that unit: with what it holds
/// and until when, not with what was ordered.
fn relabelled(
    mut unit: Planned,
    ordered: &DoseUnit,
    unopened: &mut Vec<&Consumed>,
) -> Result<Planned, Refusal> {
    let fits = |consumed: &&Consumed| {
        consumed.volume.is_some_and(|volume| volume.value() == ordered.volume.value())
    };
    let Some(place) = unopened.iter().position(fits) else {
        return Err(Refusal::NoUnopened {
            unit: ordered.title.clone(),
            volume: ordered.volume.text(),
        });
    };
    let from = unopened.remove(place);
    unit.contents.volume = from.volume;
    unit.contents.viable_cells = from.cells;
    unit.expires_at = unit.expires_at.into_iter().chain(from.expires_at).min();
    unit.from = Some(from.container.clone());
    Ok(unit)
}

/// The suspension holds so much now; the difference to the book is gain or loss.
fn counted(ledger: &mut Ledger, rule: &AccountRule, known: &Values<'_>) -> Result<(), Refusal> {
    let cells_lost = if rule.remainder { Account::Remainder } else { Account::Loss };
    let volume_lost = if rule.remainder { Account::Remainder } else { Account::Removed };
    for (reference, gain, loss) in
        [(&rule.cells, Account::Growth, cells_lost), (&rule.volume, Account::Medium, volume_lost)]
    {
        let Some(reference) = reference else { continue };
        let now = number(known, reference)?;
        if now.is_negative() {
            let because = format!("{reference} is below zero");
            return Err(Refusal::Balance { because });
        }
        let booked = ledger.book.balance(Account::Process, now.unit());
        let change = now.minus(booked).map_err(|e| Refusal::Balance { because: e.to_string() })?;
        if change.value() > Decimal::ZERO {
            ledger.post(gain, Account::Process, change)?;
        } else {
            ledger.post(Account::Process, loss, change.negated())?;
        }
    }
    Ok(())
}

fn number(known: &Values<'_>, reference: &Reference) -> Result<Quantity, Refusal> {
    known.number(reference, None).ok_or_else(|| Refusal::NotCalculable {
        title: reference.to_string(),
        because: "it has no value".to_owned(),
    })
}

fn needed(
    known: &Values<'_>,
    output: &Output,
    reference: Option<&Reference>,
) -> Result<Option<Quantity>, Refusal> {
    let Some(reference) = reference else { return Ok(None) };
    let quantity = number(known, reference)?;
    if quantity.value() <= Decimal::ZERO {
        return Err(Refusal::Containers {
            output: output.title.to_string(),
            given: format!("empty ({})", quantity.text()),
            advice: "Check counts and volumes".to_owned(),
        });
    }
    Ok(Some(quantity))
}

fn contents(output: &Output, volume: Option<Quantity>, cells: Option<Quantity>) -> Contents {
    Contents {
        material: output.material.clone(),
        title: output.title.clone(),
        passage: output.passage,
        volume,
        viable_cells: cells,
    }
}
