//! Test requests and results as tables.
//!
//! Neighbours: `domain::quality` decides; detail pages fold the stream, lists read these rows.
//!
//! Architecture invariant: a result row is added once; only how it stands changes.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::db::{Db, DbError};
use crate::domain::Recorded;
use crate::domain::id::{BatchNumber, Login};
use crate::domain::quality::{Event, Status, Verdict};
use crate::domain::time::{Instant, Span};

use super::schema::{test_request, test_result};
use super::{Failure, Table};

/// The tables of this module.
pub(super) const TABLES: &[Table] = &[
    Table { name: "test_request", key: &["id"] },
    Table { name: "test_result", key: &["request", "number"] },
];

/// Statuses of tests on which nobody has to act any more.
const DONE: [Status; 3] = [Status::FinalPass, Status::FinalFail, Status::Cancelled];

/// Projects one event.
pub(super) fn project(db: &mut Db, recorded: &Recorded, event: &Event) -> Result<(), Failure> {
    let id = recorded.stream.id();
    match event {
        Event::Requested { batch, test, title, stage, step, sample, specification } => {
            let status = if sample.is_some() { Status::Sampled } else { Status::Planned };
            diesel::insert_into(test_request::table)
                .values((
                    test_request::id.eq(id),
                    test_request::batch.eq(batch.as_str()),
                    test_request::test.eq(test.as_str()),
                    test_request::title.eq(title),
                    test_request::stage.eq(stage),
                    test_request::step.eq(step.as_ref().map(AsRef::<str>::as_ref)),
                    test_request::sample.eq(sample.as_ref().map(AsRef::<str>::as_ref)),
                    test_request::specification
                        .eq(format!("{} v{}", specification.code, specification.version)),
                    test_request::pending_allowed.eq(specification.pending_allowed),
                    test_request::incubation.eq(specification
                        .incubation
                        .as_ref()
                        .map(|incubation| incubation.minimum.seconds())),
                    test_request::status.eq(status.code()),
                    test_request::review_due.eq(false),
                    test_request::requested_at.eq(recorded.at.naive()),
                    test_request::results.eq(0),
                ))
                .execute(db)?;
        }
        Event::Sampled { sample, step } => {
            diesel::update(test_request::table.find(id))
                .set((
                    test_request::sample.eq(Some(sample.as_str())),
                    test_request::status.eq(Status::Sampled.code()),
                ))
                .execute(db)?;
            if let Some(step) = step {
                diesel::update(test_request::table.find(id))
                    .set(test_request::step.eq(Some(step.as_str())))
                    .execute(db)?;
            }
        }
        Event::Received { received_at, .. } => {
            diesel::update(test_request::table.find(id))
                .set((
                    test_request::received_at.eq(Some(received_at.naive())),
                    test_request::status.eq(Status::Received.code()),
                ))
                .execute(db)?;
        }
        Event::Started { started_at, .. } => start(db, id, *started_at)?,
        Event::Cancelled { .. } => {
            diesel::update(test_request::table.find(id))
                .set((
                    test_request::status.eq(Status::Cancelled.code()),
                    test_request::review_due.eq(false),
                ))
                .execute(db)?;
        }
        Event::InterimRead { read_at, .. } => {
            diesel::update(test_request::table.find(id))
                .set((
                    test_request::interim_at.eq(Some(read_at.naive())),
                    test_request::status.eq(Status::InterimNegative.code()),
                ))
                .execute(db)?;
        }
        _ => project_result(db, recorded, event)?,
    }
    Ok(())
}

fn start(db: &mut Db, id: &str, started_at: Instant) -> Result<(), Failure> {
    let incubation: Option<i64> =
        test_request::table.find(id).select(test_request::incubation).first(db)?;
    let final_from = incubation.map(|seconds| started_at.plus(Span::of_seconds(seconds)).naive());
    diesel::update(test_request::table.find(id))
        .set((
            test_request::started_at.eq(Some(started_at.naive())),
            test_request::final_from.eq(final_from),
            test_request::status.eq(Status::InTest.code()),
        ))
        .execute(db)?;
    Ok(())
}

fn project_result(db: &mut Db, recorded: &Recorded, event: &Event) -> Result<(), Failure> {
    let id = recorded.stream.id();
    let (number, standing, signature) = match event {
        Event::ResultRecorded { number, values, verdict, tested_at, signature, .. } => {
            let summary: Vec<String> = values
                .iter()
                .map(|value| {
                    let shown = value.rounded.map_or_else(|| value.observed.text(), |q| q.text());
                    format!("{} {shown}", value.criterion)
                })
                .collect();
            diesel::insert_into(test_result::table)
                .values((
                    test_result::request.eq(id),
                    test_result::number.eq(column(*number)?),
                    test_result::verdict.eq(verdict_code(*verdict)),
                    test_result::summary.eq(summary.join("; ")),
                    test_result::tested_at.eq(tested_at.naive()),
                    test_result::recorded_at.eq(recorded.at.naive()),
                    test_result::recorded_by.eq(signature.login.as_str()),
                    test_result::standing.eq("unreviewed"),
                ))
                .execute(db)?;
            diesel::update(test_request::table.find(id))
                .set((
                    test_request::review_due.eq(true),
                    test_request::results.eq(column(*number)?),
                ))
                .execute(db)?;
            return Ok(());
        }
        Event::ResultReviewed { number, signature } => (number, "reviewed", signature),
        Event::ResultReturned { number, signature, .. } => (number, "returned", signature),
        Event::ResultInvalidated { number, signature, .. } => (number, "invalidated", signature),
        _ => return Ok(()),
    };
    let number = column(*number)?;
    diesel::update(test_result::table.find((id, number)))
        .set((
            test_result::standing.eq(standing),
            test_result::decided_by.eq(Some(signature.login.as_str())),
            test_result::decided_at.eq(Some(signature.at.naive())),
        ))
        .execute(db)?;
    conclude(db, id, number, event)
}

fn conclude(db: &mut Db, id: &str, number: i32, event: &Event) -> Result<(), Failure> {
    let status = match event {
        Event::ResultReviewed { .. } => {
            let verdict: String =
                test_result::table.find((id, number)).select(test_result::verdict).first(db)?;
            let passed = verdict == verdict_code(Verdict::Pass);
            Some(if passed { Status::FinalPass } else { Status::FinalFail })
        }
        Event::ResultInvalidated { .. } => Some(Status::Invalid),
        _ => None,
    };
    diesel::update(test_request::table.find(id))
        .set(test_request::review_due.eq(false))
        .execute(db)?;
    if let Some(status) = status {
        diesel::update(test_request::table.find(id))
            .set(test_request::status.eq(status.code()))
            .execute(db)?;
    }
    Ok(())
}

const fn verdict_code(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Fail => "fail",
    }
}

/// A test request, as lists need it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct TestRow {
    /// `<batch>.<test>`.
    pub id: String,
    /// The batch.
    pub batch: String,
    /// The test.
    pub test: String,
    /// Its title.
    pub title: String,
    /// The stage.
    pub stage: String,
    /// The sample container.
    pub sample: Option<String>,
    /// The specification and its version.
    pub specification: String,
    /// Whether it may be pending at initial certification.
    pub pending_allowed: bool,
    /// For growth-based methods, the shortest incubation of a negative, seconds.
    pub incubation: Option<i64>,
    /// How it stands, by its code.
    pub status: String,
    /// Whether a result waits for review.
    pub review_due: bool,
    /// When it was asked for, UTC.
    pub requested_at: NaiveDateTime,
    /// When it was begun, UTC.
    pub started_at: Option<NaiveDateTime>,
    /// When a negative may be final, UTC.
    pub final_from: Option<NaiveDateTime>,
    /// When it was last read, UTC.
    pub interim_at: Option<NaiveDateTime>,
    /// How many results there are.
    pub results: i32,
}

impl TestRow {
    /// How it stands.
    pub fn status(&self) -> Status {
        Status::parse(&self.status).unwrap_or(Status::Planned)
    }
}

macro_rules! columns {
    () => {
        (
            test_request::id,
            test_request::batch,
            test_request::test,
            test_request::title,
            test_request::stage,
            test_request::sample,
            test_request::specification,
            test_request::pending_allowed,
            test_request::incubation,
            test_request::status,
            test_request::review_due,
            test_request::requested_at,
            test_request::started_at,
            test_request::final_from,
            test_request::interim_at,
            test_request::results,
        )
    };
}

/// Tests on which somebody has to act, oldest first.
///
/// # Errors
/// When the database fails.
pub fn unfinished(db: &mut Db) -> Result<Vec<TestRow>, Failure> {
    let done = DONE.map(Status::code);
    Ok(test_request::table
        .filter(test_request::status.ne_all(done))
        .order((test_request::requested_at, test_request::id))
        .select(columns!())
        .load(db)?)
}

/// The newest finished tests.
///
/// # Errors
/// When the database fails.
pub fn finished(db: &mut Db, limit: i64) -> Result<Vec<TestRow>, Failure> {
    let done = DONE.map(Status::code);
    Ok(test_request::table
        .filter(test_request::status.eq_any(done))
        .order((test_request::requested_at.desc(), test_request::id))
        .limit(limit)
        .select(columns!())
        .load(db)?)
}

/// The tests of a batch.
///
/// # Errors
/// When the database fails.
pub fn of_batch(db: &mut Db, batch: &BatchNumber) -> Result<Vec<TestRow>, Failure> {
    Ok(test_request::table
        .filter(test_request::batch.eq(batch.as_str()))
        .order((test_request::requested_at, test_request::id))
        .select(columns!())
        .load(db)?)
}

/// The test whose sample is in this container, if there is one.
///
/// # Errors
/// When the database fails.
pub fn of_sample(db: &mut Db, sample: &str) -> Result<Vec<TestRow>, Failure> {
    Ok(test_request::table
        .filter(test_request::sample.eq(sample))
        .order(test_request::id)
        .select(columns!())
        .load(db)?)
}

/// Who recorded a result of a batch.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn analysts(db: &mut Db, batch: &BatchNumber) -> Result<Vec<Login>, Failure> {
    let logins: Vec<String> = test_result::table
        .inner_join(test_request::table.on(test_request::id.eq(test_result::request)))
        .filter(test_request::batch.eq(batch.as_str()))
        .select(test_result::recorded_by)
        .distinct()
        .load(db)?;
    logins
        .iter()
        .map(|login| {
            Login::parse(login).map_err(|error| DbError::Corrupt(error.to_string()).into())
        })
        .collect()
}

fn column(number: u32) -> Result<i32, Failure> {
    i32::try_from(number).map_err(|_| Failure::Broken(format!("{number} is too large")))
}
