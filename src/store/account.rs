//! The books of batches as rows: one balance for each account and unit.
//!
//! Neighbours: `domain::account` says what a posting is; [`super::batch`] calls when a step posts.
//!
//! Architecture invariant: balances are exact decimals written as text, and change only by
//! postings of an event.

use diesel::prelude::*;
use rust_decimal::Decimal;

use crate::db::{Db, DbError};
use crate::domain::account::{Account, Posting};
use crate::domain::id::BatchNumber;
use crate::domain::quantity::{Quantity, Unit, parse_decimal};

use super::schema::account;
use super::{Failure, Table};

/// The tables of this module.
pub(super) const TABLES: &[Table] = &[Table { name: "account", key: &["batch", "unit", "name"] }];

/// Posts to the book of a batch.
pub(super) fn post(db: &mut Db, batch: &str, posting: &Posting) -> Result<(), Failure> {
    let amount = posting.amount;
    add(db, batch, posting.from, amount.negated())?;
    add(db, batch, posting.to, amount)
}

fn add(db: &mut Db, batch: &str, to: Account, amount: Quantity) -> Result<(), Failure> {
    let key = (batch, amount.unit().code(), to.code());
    let stored: Option<String> =
        account::table.find(key).select(account::balance).first(db).optional()?;
    let before = stored.as_deref().map_or(Ok(Decimal::ZERO), read)?;
    let after = before
        .checked_add(amount.value())
        .ok_or_else(|| DbError::Corrupt(format!("the book of {batch} does not fit")))?;
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

/// The book of a batch: unit, account, balance; by unit, then in the order of the accounts.
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
        let known = Account::ALL.iter().find(|(_, code, _)| *code == name);
        let (Some(unit), Some((account, ..))) = (Unit::parse(&unit), known) else {
            return Err(DbError::Corrupt(format!("an account '{name}' of {unit}")).into());
        };
        book.push((*account, Quantity::new(read(&balance)?, unit)));
    }
    book.sort_by_key(|(account, quantity)| (quantity.unit(), *account));
    Ok(book)
}
