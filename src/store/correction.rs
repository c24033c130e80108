//! Corrections of signed values as rows: what was, what is, who corrected and who verified.
//!
//! Neighbours: [`super::batch`] calls this for the events of a batch; `domain::batch` decides.
//!
//! Architecture invariant: a row is written once; only its verification is added to it, and that it
//! no longer waits for one.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::db::{Db, DbError};
use crate::domain::Recorded;
use crate::domain::actor::Signature;
use crate::domain::batch::{Changed, Corrected, Recheck};
use crate::domain::id::{BatchNumber, ContainerCode, Name};
use crate::domain::time::Instant;

use super::schema::{batch, batch_correction as table, batch_step};
use super::{Failure, Table, account};

/// The tables of this module.
pub(super) const TABLES: &[Table] =
    &[Table { name: "batch_correction", key: &["batch", "number"] }];

fn integer(number: u32) -> Result<i32, Failure> {
    i32::try_from(number).map_err(|_| Failure::Broken(format!("{number} is too large")))
}

fn code(recheck: Recheck) -> &'static str {
    match recheck {
        Recheck::NotNeeded => "not_needed",
        Recheck::WithStep => "with_step",
        Recheck::ByItself => "by_itself",
    }
}

fn item(item: Option<&ContainerCode>) -> &str {
    item.map_or("", ContainerCode::as_str)
}

/// Projects a correction, with all it moves in the book.
pub(super) fn corrected(
    db: &mut Db,
    recorded: &Recorded,
    corrected: &Corrected,
    signature: &Signature,
) -> Result<(), Failure> {
    let number = recorded.stream.id();
    let Changed { step, occurrence, old, new } = &corrected.value;
    let occurrence = integer(*occurrence)?;
    let performed_by: String = batch_step::table
        .find((number, step.as_str(), occurrence))
        .select(batch_step::performed_by)
        .first(db)?;
    // What was corrected once more is verified with the later correction.
    diesel::update(
        table::table
            .filter(table::batch.eq(number))
            .filter(table::step.eq(step.as_str()))
            .filter(table::occurrence.eq(occurrence))
            .filter(table::field.eq(new.name.as_str()))
            .filter(table::item.eq(item(new.item.as_ref()))),
    )
    .set(table::waits.eq(false))
    .execute(db)?;
    diesel::insert_into(table::table)
        .values((
            table::batch.eq(number),
            table::number.eq(integer(corrected.number)?),
            table::step.eq(step.as_str()),
            table::occurrence.eq(occurrence),
            table::field.eq(new.name.as_str()),
            table::item.eq(item(new.item.as_ref())),
            table::old_value.eq(old.as_ref().map(|old| old.value.text())),
            table::new_value.eq(new.value.text()),
            table::because.eq(&corrected.because),
            table::performed_by.eq(performed_by),
            table::corrected_by.eq(signature.login.as_str()),
            table::corrected_at.eq(recorded.at.naive()),
            table::recheck.eq(code(corrected.recheck)),
            table::waits.eq(corrected.recheck == Recheck::ByItself),
        ))
        .execute(db)?;
    let by = signature.login.as_str();
    let moved: Vec<_> = corrected
        .booked
        .iter()
        .map(|one| {
            let (what, occurrence) = (one.step.as_str(), Some(one.occurrence));
            (account::Cause { what, occurrence, by }, one.postings.as_slice())
        })
        .collect();
    account::post(db, number, recorded, &moved)
}

/// Projects the verification of a correction.
pub(super) fn verified(
    db: &mut Db,
    recorded: &Recorded,
    number: u32,
    signature: &Signature,
) -> Result<(), Failure> {
    diesel::update(table::table.find((recorded.stream.id(), integer(number)?)))
        .set((
            table::waits.eq(false),
            table::verified_by.eq(Some(signature.login.as_str())),
            table::verified_at.eq(Some(recorded.at.naive())),
        ))
        .execute(db)?;
    Ok(())
}

/// Projects what the verification of a step verifies with it.
pub(super) fn verified_with_step(
    db: &mut Db,
    recorded: &Recorded,
    (step, occurrence): (&Name, u32),
    signature: &Signature,
) -> Result<(), Failure> {
    diesel::update(
        table::table
            .filter(table::batch.eq(recorded.stream.id()))
            .filter(table::step.eq(step.as_str()))
            .filter(table::occurrence.eq(integer(occurrence)?))
            .filter(table::recheck.eq(code(Recheck::WithStep)))
            .filter(table::verified_by.is_null()),
    )
    .set((
        table::verified_by.eq(Some(signature.login.as_str())),
        table::verified_at.eq(Some(recorded.at.naive())),
    ))
    .execute(db)?;
    Ok(())
}

/// A correction that waits for a second person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingCorrection {
    /// The batch.
    pub batch: BatchNumber,
    /// Its number among the corrections of the batch.
    pub number: u32,
    /// The step whose value it corrects.
    pub step: String,
    /// The value before; none where nothing was entered.
    pub old: Option<String>,
    /// The value now.
    pub new: String,
    /// Who corrected.
    pub corrected_by: String,
    /// When.
    pub corrected_at: Instant,
}

type Head = (String, i32, String);
type Tail = (Option<String>, String, String, NaiveDateTime);

/// Corrections that a person may verify: made by somebody else, at steps performed by somebody
/// else; the oldest first, at most `limit`.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn waiting_for(
    db: &mut Db,
    login: &str,
    limit: i64,
) -> Result<Vec<WaitingCorrection>, Failure> {
    let rows: Vec<(Head, Tail)> = table::table
        .inner_join(batch::table.on(batch::number.eq(table::batch)))
        .filter(table::waits.eq(true))
        .filter(batch::state.ne("aborted"))
        .filter(table::corrected_by.ne(login))
        .filter(table::performed_by.ne(login))
        .order((table::corrected_at, table::batch, table::number))
        .limit(limit)
        .select((
            (table::batch, table::number, table::step),
            (table::old_value, table::new_value, table::corrected_by, table::corrected_at),
        ))
        .load(db)?;
    rows.into_iter().map(read).collect()
}

fn read(row: (Head, Tail)) -> Result<WaitingCorrection, Failure> {
    let ((batch, number, step), (old, new, corrected_by, at)) = row;
    let corrupt = |text: String| Failure::from(DbError::Corrupt(text));
    Ok(WaitingCorrection {
        batch: BatchNumber::parse(&batch).map_err(|error| corrupt(error.to_string()))?,
        number: u32::try_from(number).map_err(|error| corrupt(error.to_string()))?,
        step,
        old,
        new,
        corrected_by,
        corrected_at: Instant::from_naive(at),
    })
}
