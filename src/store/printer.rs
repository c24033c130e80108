//! Printers and print jobs as rows.
//!
//! Neighbours: `domain::printer` and `domain::print_job` decide; `app::print_send` takes the oldest
//! job that waits.
//!
//! Architecture invariant: every column follows from the state the events give.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::db::Db;
use crate::domain::Recorded;
use crate::domain::id::{AssetId, PrintJobNumber};
use crate::domain::print_job::{self as jobs, JobState, PrintJob};
use crate::domain::printer::{self as printers, Printer};
use crate::domain::time::Instant;

use super::schema::{print_job, printer};
use super::{Failure, Table, snapshot};

/// The tables of this module.
pub(super) const TABLES: &[Table] =
    &[Table { name: "printer", key: &["asset"] }, Table { name: "print_job", key: &["number"] }];

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = printer)]
struct Row {
    asset: String,
    title: String,
    retired: bool,
    state: String,
    version: i64,
}

/// Projects one event of a printer.
pub(super) fn project(
    db: &mut Db,
    recorded: &Recorded,
    event: &printers::Event,
) -> Result<(), Failure> {
    let asset = recorded.stream.id();
    let stored = printer_state(db, asset)?;
    let state: Printer = snapshot::next(stored.as_deref(), recorded, event)?;
    let row = Row {
        asset: state.asset.to_string(),
        title: state.setup.title.clone(),
        retired: state.retired.is_some(),
        state: snapshot::write(&state)?,
        version: snapshot::version(state.version)?,
    };
    if stored.is_some() {
        diesel::update(printer::table.find(asset)).set(row).execute(db)?;
    } else {
        diesel::insert_into(printer::table).values(row).execute(db)?;
    }
    Ok(())
}

fn printer_state(db: &mut Db, asset: &str) -> Result<Option<String>, Failure> {
    Ok(printer::table.find(asset).select(printer::state).first(db).optional()?)
}

/// The printer of an asset number that must exist.
///
/// # Errors
/// A `NotFound` refusal when it does not; when the database fails or a row cannot be read.
pub fn require(db: &mut Db, asset: &AssetId) -> Result<Printer, Failure> {
    let stored = printer_state(db, asset.as_str())?;
    let state = stored.as_deref().map(snapshot::read).transpose()?;
    state
        .ok_or_else(|| Failure::not_found(format!("There is no printer {asset}. Set it up first.")))
}

/// The printer of an asset number; `None` when there is none.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn load(db: &mut Db, asset: &AssetId) -> Result<Option<Printer>, Failure> {
    printer_state(db, asset.as_str())?.as_deref().map(snapshot::read).transpose()
}

/// Every printer by asset number, those in use first.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn list(db: &mut Db) -> Result<Vec<Printer>, Failure> {
    let order = (printer::retired, printer::asset);
    let states: Vec<String> = printer::table.order(order).select(printer::state).load(db)?;
    states.iter().map(|state| snapshot::read(state)).collect()
}

#[derive(Insertable)]
#[diesel(table_name = print_job)]
struct NewJob {
    number: String,
    printer: String,
    standing: &'static str,
    queued_at: NaiveDateTime,
    queued_by: String,
    labels: i32,
    state: String,
    version: i64,
}

#[derive(AsChangeset)]
#[diesel(table_name = print_job)]
struct JobChange {
    printer: String,
    standing: &'static str,
    state: String,
    version: i64,
}

/// Projects one event of a print job.
pub(super) fn project_job(
    db: &mut Db,
    recorded: &Recorded,
    event: &jobs::Event,
) -> Result<(), Failure> {
    let number = recorded.stream.id();
    let stored = job_state(db, number)?;
    let job: PrintJob = snapshot::next(stored.as_deref(), recorded, event)?;
    let (printer, standing) = (job.printer.to_string(), job.state.code());
    let (state, version) = (snapshot::write(&job)?, snapshot::version(job.version)?);
    if stored.is_some() {
        let change = JobChange { printer, standing, state, version };
        diesel::update(print_job::table.find(number)).set(change).execute(db)?;
        return Ok(());
    }
    let new = NewJob {
        number: number.to_owned(),
        printer,
        standing,
        queued_at: recorded.at.naive(),
        queued_by: recorded.actor.to_string(),
        labels: i32::try_from(job.work.count()).unwrap_or(i32::MAX),
        state,
        version,
    };
    diesel::insert_into(print_job::table).values(new).execute(db)?;
    Ok(())
}

fn job_state(db: &mut Db, number: &str) -> Result<Option<String>, Failure> {
    Ok(print_job::table.find(number).select(print_job::state).first(db).optional()?)
}

/// The job of a number that must exist.
///
/// # Errors
/// A `NotFound` refusal when it does not; when the database fails or a row cannot be read.
pub fn require_job(db: &mut Db, number: &PrintJobNumber) -> Result<PrintJob, Failure> {
    let stored = job_state(db, number.as_str())?;
    let state = stored.as_deref().map(snapshot::read).transpose()?;
    state.ok_or_else(|| Failure::not_found(format!("There is no print job {number}.")))
}

/// A job as lists show it.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The job.
    pub job: PrintJob,
    /// When it was queued.
    pub queued_at: Instant,
    /// By whom.
    pub queued_by: String,
}

/// The jobs queued last, newest first.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn jobs(db: &mut Db, most: i64) -> Result<Vec<Listed>, Failure> {
    let rows: Vec<(String, NaiveDateTime, String)> = print_job::table
        .order((print_job::queued_at.desc(), print_job::number.desc()))
        .select((print_job::state, print_job::queued_at, print_job::queued_by))
        .limit(most)
        .load(db)?;
    rows.into_iter()
        .map(|(state, queued_at, queued_by)| {
            let queued_at = Instant::from_naive(queued_at);
            Ok(Listed { job: snapshot::read(&state)?, queued_at, queued_by })
        })
        .collect()
}

/// The jobs that stand so, oldest first.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn jobs_standing(db: &mut Db, standing: JobState, most: i64) -> Result<Vec<PrintJob>, Failure> {
    let states: Vec<String> = print_job::table
        .filter(print_job::standing.eq(standing.code()))
        .order((print_job::queued_at, print_job::number))
        .select(print_job::state)
        .limit(most)
        .load(db)?;
    states.iter().map(|state| snapshot::read(state)).collect()
}
