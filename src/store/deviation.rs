//! Deviations as a table.
//!
//! Neighbours: `domain::deviation` decides; `batch` and `quality` open them in their own
//! transactions, with a number from [`next_number`].
//!
//! Architecture invariant: a row is never removed, and its opening columns are never changed.

use chrono::{Datelike, NaiveDateTime};
use diesel::dsl::max;
use diesel::prelude::*;

use crate::db::{Db, DbError};
use crate::domain::Recorded;
use crate::domain::deviation::{Class, Event, Outcome, Status};
use crate::domain::id::{BatchNumber, ContainerCode, DeviationNumber};
use crate::domain::time::Instant;

use super::schema::deviation;
use super::{Failure, Table};

/// The tables of this module.
pub(super) const TABLES: &[Table] = &[Table { name: "deviation", key: &["number"] }];

/// Projects one event.
pub(super) fn project(db: &mut Db, recorded: &Recorded, event: &Event) -> Result<(), Failure> {
    let number = recorded.stream.id();
    match event {
        Event::Opened { class, title, origin, subject, performer, .. } => {
            diesel::insert_into(deviation::table)
                .values((
                    deviation::number.eq(number),
                    deviation::class.eq(class.code()),
                    deviation::title.eq(title),
                    deviation::origin.eq(origin.code()),
                    deviation::status.eq(Status::Open.code()),
                    deviation::batch.eq(subject.batch.as_ref().map(AsRef::<str>::as_ref)),
                    deviation::step.eq(subject.step.as_ref().map(AsRef::<str>::as_ref)),
                    deviation::test.eq(subject.test.as_ref().map(AsRef::<str>::as_ref)),
                    deviation::container.eq(subject.container.as_ref().map(AsRef::<str>::as_ref)),
                    deviation::order_number.eq(subject.order.as_ref().map(AsRef::<str>::as_ref)),
                    deviation::donor.eq(subject.donor.as_ref().map(AsRef::<str>::as_ref)),
                    deviation::performer.eq(performer.as_ref().map(AsRef::<str>::as_ref)),
                    deviation::opened_by.eq(recorded.actor.as_str()),
                    deviation::opened_at.eq(recorded.at.naive()),
                ))
                .execute(db)?;
        }
        Event::Decided { class, outcome, signature, .. } => {
            diesel::update(deviation::table.find(number))
                .set((
                    deviation::class.eq(class.code()),
                    deviation::status.eq(Status::Decided.code()),
                    deviation::outcome.eq(Some(outcome.code())),
                    deviation::decided_by.eq(Some(signature.login.as_str())),
                    deviation::decided_at.eq(Some(signature.at.naive())),
                ))
                .execute(db)?;
        }
        Event::Closed { signature, .. } => {
            diesel::update(deviation::table.find(number))
                .set((
                    deviation::status.eq(Status::Closed.code()),
                    deviation::closed_by.eq(Some(signature.login.as_str())),
                    deviation::closed_at.eq(Some(signature.at.naive())),
                ))
                .execute(db)?;
        }
    }
    Ok(())
}

/// A deviation, as lists and the release need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviationRow {
    /// Its number.
    pub number: DeviationNumber,
    /// How serious it is.
    pub class: Class,
    /// One line.
    pub title: String,
    /// What noticed it, by its code.
    pub origin: String,
    /// How it stands.
    pub status: Status,
    /// What follows, once decided.
    pub outcome: Option<Outcome>,
    /// The batch.
    pub batch: Option<String>,
    /// The step.
    pub step: Option<String>,
    /// The donor.
    pub donor: Option<String>,
    /// Who opened it.
    pub opened_by: String,
    /// When.
    pub opened_at: Instant,
}

type Raw = (
    String,
    String,
    String,
    String,
    String,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    String,
    NaiveDateTime,
);

fn read(raw: Raw) -> Result<DeviationRow, Failure> {
    let corrupt = |what: &str| {
        Failure::from(DbError::Corrupt(format!("a deviation row has an unreadable {what}")))
    };
    let (number, class, title, origin, status, outcome, batch, step, donor, opened_by, opened_at) =
        raw;
    Ok(DeviationRow {
        number: DeviationNumber::parse(&number).map_err(|_| corrupt("number"))?,
        class: Class::parse(&class).ok_or_else(|| corrupt("class"))?,
        title,
        origin,
        status: Status::parse(&status).ok_or_else(|| corrupt("status"))?,
        outcome: outcome
            .map(|code| Outcome::parse(&code).ok_or_else(|| corrupt("outcome")))
            .transpose()?,
        batch,
        step,
        donor,
        opened_by,
        opened_at: Instant::from_naive(opened_at),
    })
}

macro_rules! columns {
    () => {
        (
            deviation::number,
            deviation::class,
            deviation::title,
            deviation::origin,
            deviation::status,
            deviation::outcome,
            deviation::batch,
            deviation::step,
            deviation::donor,
            deviation::opened_by,
            deviation::opened_at,
        )
    };
}

/// Deviations that are not closed, oldest first.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn unclosed(db: &mut Db) -> Result<Vec<DeviationRow>, Failure> {
    let rows: Vec<Raw> = deviation::table
        .filter(deviation::status.ne(Status::Closed.code()))
        .order((deviation::opened_at, deviation::number))
        .select(columns!())
        .load(db)?;
    rows.into_iter().map(read).collect()
}

/// The newest closed deviations.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn closed(db: &mut Db, limit: i64) -> Result<Vec<DeviationRow>, Failure> {
    let rows: Vec<Raw> = deviation::table
        .filter(deviation::status.eq(Status::Closed.code()))
        .order((deviation::closed_at.desc(), deviation::number.desc()))
        .limit(limit)
        .select(columns!())
        .load(db)?;
    rows.into_iter().map(read).collect()
}

/// The deviations of a batch, oldest first.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn of_batch(db: &mut Db, batch: &BatchNumber) -> Result<Vec<DeviationRow>, Failure> {
    let rows: Vec<Raw> = deviation::table
        .filter(deviation::batch.eq(batch.as_str()))
        .order((deviation::opened_at, deviation::number))
        .select(columns!())
        .load(db)?;
    rows.into_iter().map(read).collect()
}

/// The deviations about a container, oldest first.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn of_container(db: &mut Db, code: &ContainerCode) -> Result<Vec<DeviationRow>, Failure> {
    let rows: Vec<Raw> = deviation::table
        .filter(deviation::container.eq(code.as_str()))
        .order((deviation::opened_at, deviation::number))
        .select(columns!())
        .load(db)?;
    rows.into_iter().map(read).collect()
}

/// Whether a deviation exists and is not closed.
///
/// # Errors
/// When the database fails.
pub fn is_open(db: &mut Db, number: &DeviationNumber) -> Result<bool, Failure> {
    let status: Option<String> =
        deviation::table.find(number.as_str()).select(deviation::status).first(db).optional()?;
    Ok(status.is_some_and(|status| status != Status::Closed.code()))
}

/// The next free number of the year of `now`; `ahead` skips numbers this command takes already.
///
/// # Errors
/// When the database fails, or the year has no free number.
pub fn next_number(db: &mut Db, now: Instant, ahead: u32) -> Result<DeviationNumber, Failure> {
    let prefix = format!("DEV-{}-", now.utc().year());
    let last: Option<String> = deviation::table
        .filter(deviation::number.like(format!("{prefix}%")))
        .select(max(deviation::number))
        .first(db)?;
    let used = last
        .and_then(|number| number.strip_prefix(&prefix).and_then(|n| n.parse::<u32>().ok()))
        .unwrap_or(0);
    let next = used.saturating_add(1).saturating_add(ahead);
    DeviationNumber::parse(&format!("{prefix}{next:04}"))
        .map_err(|error| Failure::Broken(error.to_string()))
}
