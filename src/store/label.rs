//! Printed labels as rows, for finding one by its text and for counting them by batch.
//!
//! Neighbours: `domain::container` keeps the labels of each container; [`super::container`] calls
//! `project` with its state.
//!
//! Architecture invariant: a printed label is never deleted; it is void or valid.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::db::Db;
use crate::domain::container::{Container, Event, PrintedLabel};
use crate::domain::id::BatchNumber;
use crate::domain::time::Instant;

use super::container::integer;
use super::schema::label_print;
use super::{Failure, Table};

/// The tables of this module.
pub(super) const TABLES: &[Table] = &[Table { name: "label_print", key: &["container", "serial"] }];

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = label_print, treat_none_as_null = true, treat_none_as_default_value = false)]
struct Row {
    container: String,
    serial: i32,
    batch: Option<String>,
    definition: String,
    definition_version: i32,
    payload: String,
    printed_at: NaiveDateTime,
    printed_by: String,
    copies: i32,
    applied: bool,
    destroyed: i32,
    kept: i32,
    lost: i32,
    found: i32,
    lost_at: Option<NaiveDateTime>,
    lost_by: Option<String>,
    lost_deviation: Option<String>,
    voided_at: Option<NaiveDateTime>,
    voided_by: Option<String>,
    voided_because: Option<String>,
}

/// Projects an event of a container that concerns its labels, from the state after it.
pub(super) fn project(db: &mut Db, state: &Container, event: &Event) -> Result<(), Failure> {
    match event {
        Event::LabelPrinted { .. }
        | Event::LabelVoided { .. }
        | Event::LabelScannedBack { .. }
        | Event::LabelDestroyed { .. }
        | Event::LabelKept { .. }
        | Event::LabelLost { .. }
        | Event::LabelFound { .. } => {}
        _ => return Ok(()),
    }
    for print in &state.labels.prints {
        let new = row(state, print)?;
        let key = (state.code.as_str(), new.serial);
        let known: Option<i32> =
            label_print::table.find(key).select(label_print::serial).first(db).optional()?;
        if known.is_some() {
            diesel::update(label_print::table.find(key)).set(new).execute(db)?;
        } else {
            diesel::insert_into(label_print::table).values(new).execute(db)?;
        }
    }
    Ok(())
}

fn row(state: &Container, print: &PrintedLabel) -> Result<Row, Failure> {
    let voided = state.labels.void(print.serial);
    let report = print.losses.last();
    Ok(Row {
        container: state.code.clone(),
        serial: integer(print.serial)?,
        batch: state.batch.as_ref().map(ToString::to_string),
        definition: print.definition.clone(),
        definition_version: integer(print.definition_version)?,
        payload: print.payload.clone(),
        printed_at: print.at.naive(),
        printed_by: print.by.to_string(),
        copies: integer(print.copies)?,
        applied: state.labels.worn(print.serial),
        destroyed: integer(print.destroyed)?,
        kept: integer(print.kept)?,
        lost: integer(print.lost())?,
        found: integer(print.found)?,
        lost_at: report.map(|report| report.at.naive()),
        lost_by: report.map(|report| report.by.to_string()),
        lost_deviation: report.map(|report| report.deviation.to_string()),
        voided_at: voided.map(|voided| voided.at.naive()),
        voided_by: voided.map(|voided| voided.by.to_string()),
        voided_because: voided.map(|voided| voided.because.clone()),
    })
}

/// A printed label, as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Printed {
    /// The container.
    pub container: String,
    /// The serial of the print.
    pub serial: u32,
    /// Name of the label definition.
    pub definition: String,
    /// The exact text of the symbol.
    pub payload: String,
    /// When it was printed.
    pub printed_at: Instant,
    /// By whom.
    pub printed_by: String,
    /// Copies printed.
    pub copies: u32,
    /// Whether it is on the container.
    pub applied: bool,
    /// Copies destroyed.
    pub destroyed: u32,
    /// Copies kept in the batch record.
    pub kept: u32,
    /// Copies reported lost that have not turned up.
    pub lost: u32,
    /// Copies that were lost and turned up; they are among those destroyed or kept.
    pub found: u32,
    /// When and by whom copies were reported lost last, and with which deviation.
    pub lost_with: Option<(Instant, String, String)>,
    /// When and why it was voided, if it was.
    pub voided: Option<(Instant, String)>,
}

impl Printed {
    /// Copies that are not accounted for (ATMP-18).
    pub fn missing(&self) -> u32 {
        let counts = [self.destroyed, self.kept, self.lost, u32::from(self.applied)];
        self.copies.saturating_sub(counts.into_iter().fold(0, u32::saturating_add))
    }
}

type Columns = (
    (String, i32, String, String, NaiveDateTime, String),
    (i32, bool, i32, i32, i32, i32),
    (Option<NaiveDateTime>, Option<String>, Option<String>),
    (Option<NaiveDateTime>, Option<String>),
);

/// The labels printed for the containers of a batch, container by container.
///
/// # Errors
/// When the database fails.
pub fn of_batch(db: &mut Db, batch: &BatchNumber) -> Result<Vec<Printed>, Failure> {
    let rows: Vec<Columns> = label_print::table
        .filter(label_print::batch.eq(batch.as_str()))
        .order((label_print::container, label_print::serial))
        .select((
            (
                label_print::container,
                label_print::serial,
                label_print::definition,
                label_print::payload,
                label_print::printed_at,
                label_print::printed_by,
            ),
            (
                label_print::copies,
                label_print::applied,
                label_print::destroyed,
                label_print::kept,
                label_print::lost,
                label_print::found,
            ),
            (label_print::lost_at, label_print::lost_by, label_print::lost_deviation),
            (label_print::voided_at, label_print::voided_because),
        ))
        .load(db)?;
    Ok(rows.into_iter().map(printed).collect())
}

fn printed((what, counts, told, void): Columns) -> Printed {
    let (container, serial, definition, payload, printed_at, printed_by) = what;
    let (copies, applied, destroyed, kept, lost, found) = counts;
    let (lost_at, lost_by, lost_deviation) = told;
    let (voided_at, because) = void;
    let report = lost_by.zip(lost_deviation);
    let report = lost_at.map(Instant::from_naive).zip(report);
    let count = |number: i32| u32::try_from(number).unwrap_or(0);
    Printed {
        container,
        serial: count(serial),
        definition,
        payload,
        printed_at: Instant::from_naive(printed_at),
        printed_by,
        copies: count(copies),
        applied,
        destroyed: count(destroyed),
        kept: count(kept),
        lost: count(lost),
        found: count(found),
        lost_with: report.map(|(at, (by, deviation))| (at, by, deviation)),
        voided: voided_at.map(Instant::from_naive).zip(because),
    }
}

/// The label balance of a batch (ATMP-18): issued = applied + destroyed + kept + lost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Balance {
    /// Copies printed.
    pub issued: u32,
    /// On their containers, read back.
    pub applied: u32,
    /// Destroyed.
    pub destroyed: u32,
    /// In the batch record.
    pub kept: u32,
    /// Lost, each with a deviation.
    pub lost: u32,
    /// Not accounted for.
    pub missing: u32,
    /// Containers of the batch that have no valid label on them.
    pub containers_without: u32,
}

impl Balance {
    /// The balance in words.
    #[must_use]
    pub fn words(&self) -> String {
        let Self { issued, applied, destroyed, kept, lost, missing, .. } = self;
        format!(
            "Issued {issued}: on their containers {applied}, destroyed {destroyed}, in the batch \
             record {kept}, lost {lost}, not accounted for {missing}"
        )
    }

    /// Whether every label is accounted for and every container wears one.
    pub fn is_even(&self) -> bool {
        self.missing == 0 && self.containers_without == 0
    }
}

/// The label balance of a batch.
///
/// # Errors
/// When the database fails.
pub fn balance(db: &mut Db, batch: &BatchNumber) -> Result<Balance, Failure> {
    use super::schema::container;
    let mut sum = Balance::default();
    for label in of_batch(db, batch)? {
        sum.issued = sum.issued.saturating_add(label.copies);
        sum.applied = sum.applied.saturating_add(u32::from(label.applied));
        sum.destroyed = sum.destroyed.saturating_add(label.destroyed);
        sum.kept = sum.kept.saturating_add(label.kept);
        sum.lost = sum.lost.saturating_add(label.lost);
        sum.missing = sum.missing.saturating_add(label.missing());
    }
    let without: i64 = container::table
        .filter(container::batch.eq(batch.as_str()))
        .filter(container::label_applied.eq(false))
        .count()
        .get_result(db)?;
    sum.containers_without = u32::try_from(without).unwrap_or(u32::MAX);
    Ok(sum)
}
