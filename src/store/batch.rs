//! Master records and batches as rows: lists, who did what, what was used. Knows SQL, no rules.
//!
//! Neighbours: `domain::batch` and `domain::master_record` decide; [`super::account`] keeps the
//! books; [`super::genealogy`] learns that a batch is in quarantine from its start.
//!
//! Architecture invariant: a batch is loaded by folding its events; the rows serve lists, traces
//! and the database's own checks.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::db::{Db, DbError};
use crate::domain::Recorded;
use crate::domain::batch::{Batch, BatchState, Event};
use crate::domain::disposition::Disposition;
use crate::domain::genealogy::{Node, Standing};
use crate::domain::id::{AssetId, BatchNumber, Din, DonorCode, LotId, MasterRecordId, OrderNumber};
use crate::domain::master_record::{self, RecordVersion, VersionState, version_key};
use crate::domain::release::Stage;
use crate::domain::time::Instant;

use super::schema::{batch, batch_release, batch_step, batch_use, master_record as versions};
use super::{Failure, Table, account, correction, genealogy, ledger, snapshot};

/// The tables of this module.
pub(super) const TABLES: &[Table] = &[
    Table { name: "master_record", key: &["record_key"] },
    Table { name: "batch", key: &["number"] },
    Table { name: "batch_step", key: &["batch", "step", "occurrence"] },
    Table { name: "batch_use", key: &["batch", "step", "occurrence", "used"] },
];

/// Projects one event of a version of a master record.
pub(super) fn project_record(
    db: &mut Db,
    recorded: &Recorded,
    event: &master_record::Event,
) -> Result<(), Failure> {
    let key = recorded.stream.id();
    let version = snapshot::version(recorded.version)?;
    match event {
        master_record::Event::Proposed { record, title, product, signature, .. } => {
            diesel::insert_into(versions::table)
                .values((
                    versions::record_key.eq(key),
                    versions::record.eq(record.id.as_str()),
                    versions::number.eq(integer(record.version)?),
                    versions::title.eq(title),
                    versions::product.eq(product.as_str()),
                    versions::hash.eq(record.hash.as_str()),
                    versions::state.eq(VersionState::Proposed.code()),
                    versions::authored_by.eq(signature.login.as_str()),
                    versions::proposed_at.eq(recorded.at.naive()),
                    versions::version.eq(version),
                ))
                .execute(db)?;
        }
        master_record::Event::Approved { effective_at, signature } => {
            diesel::update(versions::table.find(key))
                .set((
                    versions::state.eq(VersionState::Approved.code()),
                    versions::approved_by.eq(Some(signature.login.as_str())),
                    versions::effective_at.eq(Some(effective_at.naive())),
                    versions::version.eq(version),
                ))
                .execute(db)?;
        }
        master_record::Event::Acknowledged { .. } => {
            diesel::update(versions::table.find(key))
                .set(versions::version.eq(version))
                .execute(db)?;
        }
        master_record::Event::Retired { .. } => {
            diesel::update(versions::table.find(key))
                .set((
                    versions::retired_at.eq(Some(recorded.at.naive())),
                    versions::state.eq(VersionState::Retired.code()),
                    versions::version.eq(version),
                ))
                .execute(db)?;
        }
    }
    Ok(())
}

/// Projects one event of a batch.
pub(super) fn project(db: &mut Db, recorded: &Recorded, event: &Event) -> Result<(), Failure> {
    let number = recorded.stream.id();
    match event {
        Event::Started { .. } => started(db, recorded, event)?,
        Event::StepPerformed { .. } => performed(db, recorded, event)?,
        Event::StepVerified { step, occurrence, signature } => {
            diesel::update(batch_step::table.find((number, step.as_str(), integer(*occurrence)?)))
                .set((
                    batch_step::verified_by.eq(Some(signature.login.as_str())),
                    batch_step::verified_at.eq(Some(recorded.at.naive())),
                ))
                .execute(db)?;
            correction::verified_with_step(db, recorded, (step, *occurrence), signature)?;
        }
        Event::ValueCorrected { corrected, signature, .. } => {
            correction::corrected(db, recorded, corrected, signature)?;
        }
        Event::CorrectionVerified { number, signature } => {
            correction::verified(db, recorded, *number, signature)?;
        }
        Event::ForeignItemFound { .. }
        | Event::ForeignItemRemoved { .. }
        | Event::HoldPointSigned { .. } => {}
        Event::Settled { act, postings, signature, .. } => {
            let (what, by) = (act.words(), signature.login.as_str());
            let cause = account::Cause { what, occurrence: None, by };
            account::post(db, number, recorded, &[(cause, postings)])?;
        }
        Event::Completed { .. } => ended(db, recorded, BatchState::PendingReview)?,
        Event::Aborted { .. } => {
            ended(db, recorded, BatchState::Aborted)?;
            genealogy::set_standing(db, &node(number)?, Disposition::Rejected)?;
        }
    }
    diesel::update(batch::table.find(number))
        .set((
            batch::version.eq(snapshot::version(recorded.version)?),
            batch::last_at.eq(recorded.at.naive()),
        ))
        .execute(db)?;
    Ok(())
}

fn started(db: &mut Db, recorded: &Recorded, event: &Event) -> Result<(), Failure> {
    let Event::Started { record, title, product, order, patient, din, .. } = event else {
        return Ok(());
    };
    let number = recorded.stream.id();
    diesel::insert_into(batch::table)
        .values((
            batch::number.eq(number),
            batch::record.eq(record.id.as_str()),
            batch::record_number.eq(integer(record.version)?),
            batch::title.eq(title),
            batch::product.eq(product.as_str()),
            batch::order_number.eq(order.as_ref().map(ToString::to_string)),
            batch::patient.eq(patient.as_ref().map(ToString::to_string)),
            batch::din.eq(din.as_ref().map(ToString::to_string)),
            batch::state.eq(BatchState::InProcess.code()),
            batch::started_at.eq(recorded.at.naive()),
            batch::started_by.eq(recorded.actor.as_str()),
            batch::last_at.eq(recorded.at.naive()),
            batch::steps_done.eq(0),
            batch::version.eq(snapshot::version(recorded.version)?),
        ))
        .execute(db)?;
    let own = node(number)?;
    genealogy::set_standing(db, &own, Disposition::Quarantine)?;
    match order {
        Some(order) => genealogy::link(db, &own, &Node::order(order)),
        None => Ok(()),
    }
}

fn performed(db: &mut Db, recorded: &Recorded, event: &Event) -> Result<(), Failure> {
    let Event::StepPerformed {
        step,
        occurrence,
        materials,
        equipment,
        consumed,
        postings,
        deviations,
        performed_at,
        late_because,
        signature,
        ..
    } = event
    else {
        return Ok(());
    };
    let (number, occurrence) = (recorded.stream.id(), integer(*occurrence)?);
    diesel::insert_into(batch_step::table)
        .values((
            batch_step::batch.eq(number),
            batch_step::step.eq(step.as_str()),
            batch_step::occurrence.eq(occurrence),
            batch_step::performed_at.eq(performed_at.naive()),
            batch_step::recorded_at.eq(recorded.at.naive()),
            batch_step::performed_by.eq(signature.login.as_str()),
            batch_step::late.eq(late_because.is_some()),
            batch_step::deviations.eq(i32::try_from(deviations.len()).unwrap_or(i32::MAX)),
        ))
        .execute(db)?;
    let lots = materials.iter().map(|lot| format!("material/{lot}"));
    let mut used: Vec<String> =
        lots.chain(equipment.iter().map(|asset| format!("equipment/{asset}"))).collect();
    used.sort();
    used.dedup();
    for used in used {
        diesel::insert_into(batch_use::table)
            .values((
                batch_use::batch.eq(number),
                batch_use::step.eq(step.as_str()),
                batch_use::occurrence.eq(occurrence),
                batch_use::used.eq(used),
                batch_use::used_at.eq(performed_at.naive()),
            ))
            .execute(db)?;
    }
    let by = signature.login.as_str();
    let cause =
        account::Cause { what: step.as_str(), occurrence: u32::try_from(occurrence).ok(), by };
    account::post(db, number, recorded, &[(cause, postings)])?;
    diesel::update(batch::table.find(number))
        .set((
            batch::last_step.eq(Some(step.as_str())),
            batch::steps_done.eq(batch::steps_done + 1),
        ))
        .execute(db)?;
    // The number of what it is made of, unless it has one of its own.
    if let Some(din) = consumed.iter().find_map(|consumed| consumed.din.as_ref()) {
        diesel::update(batch::table.find(number).filter(batch::din.is_null()))
            .set(batch::din.eq(Some(din.as_str())))
            .execute(db)?;
    }
    Ok(())
}

fn ended(db: &mut Db, recorded: &Recorded, state: BatchState) -> Result<(), Failure> {
    diesel::update(batch::table.find(recorded.stream.id()))
        .set((batch::state.eq(state.code()), batch::ended_at.eq(Some(recorded.at.naive()))))
        .execute(db)?;
    Ok(())
}

fn node(number: &str) -> Result<Node, Failure> {
    BatchNumber::parse(number)
        .map(|number| Node::batch(&number))
        .map_err(|error| DbError::Corrupt(error.to_string()).into())
}

fn integer(number: u32) -> Result<i32, Failure> {
    i32::try_from(number).map_err(|_| Failure::Broken(format!("{number} is too large")))
}

/// A batch in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchRow {
    /// Its number.
    pub number: BatchNumber,
    /// Its master record.
    pub record: String,
    /// The version of that record.
    pub record_number: i32,
    /// Title of the record.
    pub title: String,
    /// The material it makes.
    pub product: String,
    /// The order it is made for.
    pub order: Option<String>,
    /// The patient code of that order.
    pub patient: Option<String>,
    /// Its donation identification number, once known.
    pub din: Option<String>,
    /// `in_process`, `pending_review` or `aborted`; release goes on from there.
    pub state: String,
    /// How far its release has come; none before its first review.
    pub release: Option<Stage>,
    /// When it was started.
    pub started_at: Instant,
    /// By whom.
    pub started_by: String,
    /// The step performed last.
    pub last_step: Option<String>,
    /// When something last happened to it.
    pub last_at: Instant,
    /// Steps performed, with repetitions.
    pub steps_done: i32,
    /// Its effective disposition, with the cause.
    pub standing: Standing,
}

type Names = (String, String, i32, String, String);
type Links = (Option<String>, Option<String>, Option<String>);
type Course = (String, NaiveDateTime, String, Option<String>, NaiveDateTime, i32);

/// Which batches a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// All.
    All,
    /// Those in process.
    InProcess,
    /// Those completed, on whose release nothing is decided yet.
    PendingReview,
    /// Those certified or rejected, and those given up.
    Decided,
}

/// Narrows a query over batches. A macro, because the two queries differ in their type only.
macro_rules! of_which {
    ($query:expr, $which:expr) => {{
        let undecided = batch_release::table
            .filter(batch_release::stage.eq(Stage::PendingReview.code()))
            .select(batch_release::batch);
        let begun = batch_release::table.select(batch_release::batch);
        let completed = batch::state.eq(BatchState::PendingReview.code());
        match $which {
            Which::All => $query,
            Which::InProcess => $query.filter(batch::state.eq(BatchState::InProcess.code())),
            Which::PendingReview => $query
                .filter(completed)
                .filter(batch::number.eq_any(undecided).or(batch::number.ne_all(begun))),
            Which::Decided => $query.filter(batch::state.ne(BatchState::InProcess.code())).filter(
                batch::number
                    .ne_all(undecided)
                    .and(batch::number.eq_any(begun))
                    .or(batch::state.eq(BatchState::Aborted.code())),
            ),
        }
    }};
}

/// Batches, the one last worked on first; at most `limit` after `offset`.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn list(db: &mut Db, which: Which, offset: i64, limit: i64) -> Result<Vec<BatchRow>, Failure> {
    let mut query = batch::table
        .order((batch::last_at.desc(), batch::number.desc()))
        .offset(offset)
        .limit(limit)
        .select(columns())
        .into_boxed::<crate::db::Backend>();
    query = of_which!(query, which);
    let rows: Vec<(Names, Links, Course)> = query.load(db)?;
    rows.into_iter().map(|row| read(db, row)).collect()
}

/// How many batches a list has.
///
/// # Errors
/// When the database fails.
pub fn count(db: &mut Db, which: Which) -> Result<i64, Failure> {
    let mut query = batch::table.count().into_boxed::<crate::db::Backend>();
    query = of_which!(query, which);
    Ok(query.get_result(db)?)
}

/// The row of one batch; `None` when there is none.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn row(db: &mut Db, number: &BatchNumber) -> Result<Option<BatchRow>, Failure> {
    let found: Option<(Names, Links, Course)> =
        batch::table.find(number.as_str()).select(columns()).first(db).optional()?;
    found.map(|row| read(db, row)).transpose()
}

/// The batch made for an order; `None` when none was started.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn of_order(db: &mut Db, order: &OrderNumber) -> Result<Option<BatchNumber>, Failure> {
    let found: Option<String> = batch::table
        .filter(batch::order_number.eq(order.as_str()))
        .order(batch::number.desc())
        .select(batch::number)
        .first(db)
        .optional()?;
    found.map(|number| parse_number(&number)).transpose()
}

#[expect(clippy::type_complexity, reason = "the type is the list of columns")]
fn columns() -> (
    (batch::number, batch::record, batch::record_number, batch::title, batch::product),
    (batch::order_number, batch::patient, batch::din),
    (
        batch::state,
        batch::started_at,
        batch::started_by,
        batch::last_step,
        batch::last_at,
        batch::steps_done,
    ),
) {
    (
        (batch::number, batch::record, batch::record_number, batch::title, batch::product),
        (batch::order_number, batch::patient, batch::din),
        (
            batch::state,
            batch::started_at,
            batch::started_by,
            batch::last_step,
            batch::last_at,
            batch::steps_done,
        ),
    )
}

fn parse_number(number: &str) -> Result<BatchNumber, Failure> {
    BatchNumber::parse(number).map_err(|error| DbError::Corrupt(error.to_string()).into())
}

fn read(db: &mut Db, row: (Names, Links, Course)) -> Result<BatchRow, Failure> {
    let ((number, record, record_number, title, product), (order, patient, din), course) = row;
    let (state, started_at, started_by, last_step, last_at, steps_done) = course;
    let number = parse_number(&number)?;
    let standing = genealogy::effective_with_cause(db, &Node::batch(&number))?;
    let release = super::release::stage(db, &number)?;
    Ok(BatchRow {
        number,
        release,
        record,
        record_number,
        title,
        product,
        order,
        patient,
        din,
        state,
        started_at: Instant::from_naive(started_at),
        started_by,
        last_step,
        last_at: Instant::from_naive(last_at),
        steps_done,
        standing,
    })
}

/// The batch of a number; `None` when there is none.
///
/// # Errors
/// When the database fails or an event cannot be read.
pub fn load(db: &mut Db, number: &BatchNumber) -> Result<Option<Batch>, Failure> {
    ledger::load::<Batch>(db, number.as_str())
}

/// The batch that has a donation number, as a pool has its own; the earliest of those that do.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn of_din(db: &mut Db, din: &Din) -> Result<Option<BatchNumber>, Failure> {
    let found: Option<String> = batch::table
        .filter(batch::din.eq(din.as_str()))
        .order(batch::number)
        .select(batch::number)
        .first(db)
        .optional()?;
    let number = |text: String| {
        BatchNumber::parse(&text).map_err(|error| Failure::Broken(error.to_string()))
    };
    found.map(number).transpose()
}

/// The batch of a number that must exist.
///
/// # Errors
/// A `NotFound` refusal when it does not, or as [`load`].
pub fn require(db: &mut Db, number: &BatchNumber) -> Result<Batch, Failure> {
    load(db, number)?
        .ok_or_else(|| Failure::not_found(format!("There is no batch {number}. Check the number.")))
}

/// The donors a node descends from.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn donors_of(db: &mut Db, node: &Node) -> Result<Vec<DonorCode>, Failure> {
    Ok(genealogy::ancestors(db, node)?
        .into_iter()
        .filter(|ancestor| ancestor.kind() == crate::domain::genealogy::NodeKind::Donor)
        .filter_map(|ancestor| DonorCode::parse(ancestor.id()).ok())
        .collect())
}

/// The master record a batch was made under.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn record_of(
    db: &mut Db,
    number: &BatchNumber,
) -> Result<Option<(MasterRecordId, u32)>, Failure> {
    let found: Option<(String, i32)> = batch::table
        .find(number.as_str())
        .select((batch::record, batch::record_number))
        .first(db)
        .optional()?;
    let Some((record, version)) = found else { return Ok(None) };
    let corrupt = || Failure::from(DbError::Corrupt(format!("{number} names no master record")));
    let id = MasterRecordId::parse(&record).map_err(|_| corrupt())?;
    Ok(Some((id, u32::try_from(version).map_err(|_| corrupt())?)))
}

/// The batches that used a material lot, each with the step and when.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn users_of_lot(
    db: &mut Db,
    lot: &LotId,
) -> Result<Vec<(BatchNumber, String, Instant)>, Failure> {
    users_of(db, &format!("material/{lot}"))
}

/// The batches that used a piece of equipment, each with the step and when.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn users_of_equipment(
    db: &mut Db,
    asset: &AssetId,
) -> Result<Vec<(BatchNumber, String, Instant)>, Failure> {
    users_of(db, &format!("equipment/{asset}"))
}

fn users_of(db: &mut Db, used: &str) -> Result<Vec<(BatchNumber, String, Instant)>, Failure> {
    let rows: Vec<(String, String, NaiveDateTime)> = batch_use::table
        .filter(batch_use::used.eq(used))
        .order((batch_use::used_at.desc(), batch_use::batch, batch_use::step))
        .select((batch_use::batch, batch_use::step, batch_use::used_at))
        .load(db)?;
    rows.into_iter()
        .map(|(number, step, at)| Ok((parse_number(&number)?, step, Instant::from_naive(at))))
        .collect()
}

/// A version of a master record in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionRow {
    /// `id.version`.
    pub key: String,
    /// The record.
    pub record: String,
    /// The version.
    pub number: i32,
    /// Its title.
    pub title: String,
    /// The material it makes.
    pub product: String,
    /// Hash of its text.
    pub hash: String,
    /// `proposed`, `approved` or `retired`.
    pub state: String,
    /// Who wrote it.
    pub authored_by: String,
    /// When it was proposed.
    pub proposed_at: Instant,
    /// Who approved it.
    pub approved_by: Option<String>,
    /// From when it is in effect.
    pub effective_at: Option<Instant>,
    /// When it was retired or withdrawn.
    pub retired_at: Option<Instant>,
}

type VersionHead = (String, String, i32, String, String, String, String);
type VersionTail =
    (String, NaiveDateTime, Option<String>, Option<NaiveDateTime>, Option<NaiveDateTime>);

/// All versions of all master records, newest version of a record first.
///
/// # Errors
/// When the database fails.
pub fn versions(db: &mut Db) -> Result<Vec<VersionRow>, Failure> {
    let rows: Vec<(VersionHead, VersionTail)> = versions::table
        .order((versions::record, versions::number.desc()))
        .select((
            (
                versions::record_key,
                versions::record,
                versions::number,
                versions::title,
                versions::product,
                versions::hash,
                versions::state,
            ),
            (
                versions::authored_by,
                versions::proposed_at,
                versions::approved_by,
                versions::effective_at,
                versions::retired_at,
            ),
        ))
        .load(db)?;
    let read = |(head, tail): (VersionHead, VersionTail)| {
        let (key, record, number, title, product, hash, state) = head;
        let (authored_by, proposed_at, approved_by, effective_at, retired_at) = tail;
        VersionRow {
            key,
            record,
            number,
            title,
            product,
            hash,
            state,
            authored_by,
            proposed_at: Instant::from_naive(proposed_at),
            approved_by,
            effective_at: effective_at.map(Instant::from_naive),
            retired_at: retired_at.map(Instant::from_naive),
        }
    };
    Ok(rows.into_iter().map(read).collect())
}

/// The version of a master record that is in effect: the highest approved one whose date has come.
///
/// # Errors
/// When the database fails or an event cannot be read.
pub fn in_effect(
    db: &mut Db,
    record: &MasterRecordId,
    now: Instant,
) -> Result<Option<RecordVersion>, Failure> {
    let number: Option<i32> = versions::table
        .filter(versions::record.eq(record.as_str()))
        .filter(versions::state.eq(VersionState::Approved.code()))
        .filter(versions::effective_at.le(now.naive()))
        .order(versions::number.desc())
        .select(versions::number)
        .first(db)
        .optional()?;
    match number.and_then(|number| u32::try_from(number).ok()) {
        Some(number) => ledger::load::<RecordVersion>(db, &version_key(record, number)),
        None => Ok(None),
    }
}
