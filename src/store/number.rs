//! Running numbers, allocated in the transaction that uses them: the highest there is, plus one.
//!
//! Two writers that take the same number collide at the primary key, and one of them runs again.
//!
//! Architecture invariant: no number is kept anywhere but on the thing that has it.

use chrono::Datelike;
use diesel::dsl::max;
use diesel::prelude::*;

use crate::db::Db;
use crate::domain::id::{BatchNumber, Din, PrintJobNumber};
use crate::domain::time::Instant;
use crate::site::Site;

use super::Failure;
use super::schema::{batch, donation, print_job};

/// The next free batch number of the year of `now`.
///
/// # Errors
/// When the database fails.
pub fn next_batch(db: &mut Db, now: Instant) -> Result<BatchNumber, Failure> {
    let prefix = format!("B-{}-", now.utc().year());
    let last: Option<String> = batch::table
        .filter(batch::number.like(format!("{prefix}%")))
        .select(max(batch::number))
        .first(db)?;
    let used: u32 = last
        .and_then(|number| number.strip_prefix(&prefix).and_then(|n| n.parse().ok()))
        .unwrap_or(0);
    let next = used.saturating_add(1);
    BatchNumber::parse(&format!("{prefix}{next:04}"))
        .map_err(|error| Failure::Broken(error.to_string()))
}

/// The next free number of a print job of the year of `now`.
///
/// # Errors
/// When the database fails.
pub fn next_print_job(db: &mut Db, now: Instant) -> Result<PrintJobNumber, Failure> {
    let prefix = format!("PJ-{}-", now.utc().year());
    // Longer numbers come later: as texts `10000` stands before `9999`.
    let last: Option<String> = print_job::table
        .filter(print_job::number.like(format!("{prefix}%")))
        .order(print_job::queued_at.desc())
        .then_order_by(print_job::number.desc())
        .select(print_job::number)
        .first(db)
        .optional()?;
    let used: u32 = last
        .and_then(|number| number.strip_prefix(&prefix).and_then(|n| n.parse().ok()))
        .unwrap_or(0);
    PrintJobNumber::parse(&format!("{prefix}{:04}", used.saturating_add(1)))
        .map_err(|error| Failure::Broken(error.to_string()))
}

/// The next free donation identification number of a site in the year of `now`, over donations and
/// the pools that have a number of their own.
///
/// # Errors
/// When the database fails, or the year has no free number.
pub fn next_din(db: &mut Db, site: &Site, now: Instant) -> Result<Din, Failure> {
    let year = now.date(site.zone).year().rem_euclid(100);
    let prefix = format!("{}{year:02}", site.facility);
    let pattern = format!("{prefix}%");
    let donated: Option<String> = donation::table
        .filter(donation::din.like(&pattern))
        .select(max(donation::din))
        .first(db)?;
    let pooled: Option<String> =
        batch::table.filter(batch::din.like(&pattern)).select(max(batch::din)).first(db)?;
    let used = donated
        .into_iter()
        .chain(pooled)
        .filter_map(|din| din.get(7..).and_then(|digits| digits.parse::<u32>().ok()))
        .max();
    let next = used.unwrap_or(0).saturating_add(1);
    Din::parse(&format!("{prefix}{next:06}")).map_err(|error| Failure::Broken(error.to_string()))
}
