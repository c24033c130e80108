//! The books of batches as rows: every movement with the event that made it, and one balance for
//! each account and unit.
//!
//! Neighbours: `domain::account` says what a posting is; [`super::batch`] calls when a step posts,
//! [`super::container`] when something becomes of what a batch made.
//!
//! Architecture invariant: amounts and balances are exact decimals written as text, and change only
//! by postings of an event.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

use crate::db::{Db, DbError};
use crate::domain::Recorded;
use crate::domain::account::{Account, Posting, alike};
use crate::domain::id::BatchNumber;
use crate::domain::quantity::{Quantity, Unit, parse_decimal};
use crate::domain::time::Instant;

use super::schema::{account, posting};
use super::{Failure, Table, snapshot};

/// The tables of this module.
pub(super) const TABLES: &[Table] = &[
    Table { name: "account", key: &["batch", "unit", "name"] },
    Table { name: "posting", key: &["stream", "version", "position"] },
];

/// What moved something in a book.
pub(super) struct Cause<'a> {
    /// The step of the batch, or what became of a container.
    pub what: &'a str,
    /// Which repetition of the step.
    pub occurrence: Option<u32>,
    /// Who signed it.
    pub by: &'a str,
}

/// Posts to the book of a batch what an event moved, by what moved it.
pub(super) fn post(
    db: &mut Db,
    batch: &str,
    recorded: &Recorded,
    moved: &[(Cause<'_>, &[Posting])],
) -> Result<(), Failure> {
    let mut changes: BTreeMap<(Unit, Account), Decimal> = BTreeMap::new();
    let lines = moved.iter().flat_map(|(cause, postings)| {
        alike(*postings).into_iter().map(move |(one, times)| (cause, one, times))
    });
    for ((cause, one, times), position) in lines.zip(1..) {
        let (amount, unit) = (one.amount.value(), one.amount.unit());
        let whole = amount.checked_mul(Decimal::from(times)).ok_or_else(|| too_large(batch))?;
        for (name, change) in [(one.from, -whole), (one.to, whole)] {
            let sum = changes.entry((unit, name)).or_default();
            *sum = sum.checked_add(change).ok_or_else(|| too_large(batch))?;
        }
        diesel::insert_into(posting::table)
            .values((
                posting::batch.eq(batch),
                posting::stream.eq(recorded.stream.to_string()),
                posting::version.eq(snapshot::version(recorded.version)?),
                posting::position.eq(position),
                posting::unit.eq(unit.code()),
                posting::source.eq(one.from.code()),
                posting::target.eq(one.to.code()),
                posting::amount.eq(amount.to_string()),
                posting::times.eq(i32::try_from(times).map_err(|_| too_large(batch))?),
                posting::what.eq(cause.what),
                posting::occurrence.eq(cause.occurrence.and_then(|n| i32::try_from(n).ok())),
                posting::posted_at.eq(recorded.at.naive()),
                posting::posted_by.eq(cause.by),
            ))
            .execute(db)?;
    }
    for ((unit, name), change) in changes {
        add(db, batch, name, Quantity::new(change, unit))?;
    }
    Ok(())
}

fn too_large(batch: &str) -> DbError {
    DbError::Corrupt(format!("the book of {batch} does not fit"))
}

fn add(db: &mut Db, batch: &str, to: Account, amount: Quantity) -> Result<(), Failure> {
    let key = (batch, amount.unit().code(), to.code());
    let stored: Option<String> =
        account::table.find(key).select(account::balance).first(db).optional()?;
    let before = stored.as_deref().map_or(Ok(Decimal::ZERO), read)?;
    let after = before.checked_add(amount.value()).ok_or_else(|| too_large(batch))?;
    let text = after.normalize().to_string();
    if stored.is_some() {
        diesel::update(account::table.find(key)).set(account::balance.eq(text)).execute(db)?;
    } else {
        diesel::insert_into(account::table)
            .values((
                account::batch.eq(batch),
                account::unit.eq(amount.unit().code()),
                account::name.eq(to.code()),
                account::balance.eq(text),
            ))
            .execute(db)?;
    }
    Ok(())
}

fn read(text: &str) -> Result<Decimal, Failure> {
    parse_decimal(text)
        .map_err(|_| DbError::Corrupt(format!("a balance '{text}' cannot be read")).into())
}

fn known(unit: &str, name: &str) -> Result<(Unit, Account), Failure> {
    Unit::parse(unit)
        .zip(Account::parse(name))
        .ok_or_else(|| DbError::Corrupt(format!("an account '{name}' of {unit}")).into())
}

/// The book of a batch: account and balance; by unit, then in the order of the accounts.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn of_batch(db: &mut Db, batch: &BatchNumber) -> Result<Vec<(Account, Quantity)>, Failure> {
    let rows: Vec<(String, String, String)> = account::table
        .filter(account::batch.eq(batch.as_str()))
        .order((account::unit, account::name))
        .select((account::unit, account::name, account::balance))
        .load(db)?;
    let mut book = Vec::new();
    for (unit, name, balance) in rows {
        let (unit, account) = known(&unit, &name)?;
        book.push((account, Quantity::new(read(&balance)?, unit)));
    }
    book.sort_by_key(|(account, quantity)| (quantity.unit(), *account));
    Ok(book)
}

/// A movement of a book with what made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// The stream of the event: the batch, or a container it made.
    pub stream: String,
    /// The event of that stream.
    pub version: u64,
    /// The step of the batch, or what became of a container.
    pub what: String,
    /// Which repetition of the step.
    pub occurrence: Option<u32>,
    /// What moved, once.
    pub posting: Posting,
    /// How often it moved alike.
    pub times: u32,
    /// When it was recorded.
    pub at: Instant,
    /// Who signed it.
    pub by: String,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = posting)]
struct PostingRow {
    stream: String,
    version: i64,
    unit: String,
    source: String,
    target: String,
    amount: String,
    times: i32,
    what: String,
    occurrence: Option<i32>,
    posted_at: NaiveDateTime,
    posted_by: String,
}

impl TryFrom<PostingRow> for Posted {
    type Error = Failure;

    fn try_from(row: PostingRow) -> Result<Self, Failure> {
        let (unit, from) = known(&row.unit, &row.source)?;
        let (_, to) = known(&row.unit, &row.target)?;
        let amount = Quantity::new(read(&row.amount)?, unit);
        Ok(Self {
            stream: row.stream,
            version: u64::try_from(row.version).unwrap_or_default(),
            what: row.what,
            occurrence: row.occurrence.and_then(|number| u32::try_from(number).ok()),
            posting: Posting { from, to, amount },
            times: u32::try_from(row.times).unwrap_or_default(),
            at: Instant::from_naive(row.posted_at),
            by: row.posted_by,
        })
    }
}

/// Every movement of the book of a batch, oldest first.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn postings(db: &mut Db, batch: &BatchNumber) -> Result<Vec<Posted>, Failure> {
    let rows: Vec<PostingRow> = posting::table
        .filter(posting::batch.eq(batch.as_str()))
        .order((posting::posted_at, posting::stream, posting::version, posting::position))
        .select(PostingRow::as_select())
        .load(db)?;
    rows.into_iter().map(Posted::try_from).collect()
}
