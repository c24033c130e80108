//! The release of batches as tables: how far each has come, the register, who must be told.
//!
//! Neighbours: `domain::release` decides; [`super::genealogy`] gets the batch's disposition.
//!
//! Architecture invariant: the disposition of a batch follows from the events of its release.

use chrono::{Datelike, NaiveDateTime};
use diesel::dsl::max;
use diesel::prelude::*;

use crate::db::{Db, DbError};
use crate::domain::disposition::Disposition;
use crate::domain::genealogy::{Node, NodeKind};
use crate::domain::id::{BatchNumber, OrderNumber};
use crate::domain::release::{Certificate, Event, Recipient, Release, Stage};
use crate::domain::time::Instant;
use crate::domain::{Aggregate, Recorded};

use super::schema::{batch_release, patient_order, release_notice, release_register};
use super::{Failure, Table, genealogy};

/// The tables of this module.
pub(super) const TABLES: &[Table] = &[
    Table { name: "batch_release", key: &["batch"] },
    Table { name: "release_register", key: &["number"] },
    Table { name: "release_notice", key: &["batch", "test", "who"] },
];

/// Projects one event.
pub(super) fn project(db: &mut Db, recorded: &Recorded, event: &Event) -> Result<(), Failure> {
    let batch = recorded.stream.id();
    if recorded.version == 1 {
        begin(db, batch)?;
    }
    match event {
        Event::ReviewSigned { signature, .. } => {
            diesel::update(batch_release::table.find(batch))
                .set((
                    batch_release::reviewed_by.eq(Some(signature.login.as_str())),
                    batch_release::reviewed_at.eq(Some(signature.at.naive())),
                ))
                .execute(db)?;
        }
        Event::CertifiedInitial { certificate, signature } => {
            certified(db, batch, (certificate, true), signature.login.as_str(), signature.at)?;
        }
        Event::CertifiedFinal { certificate, signature } => {
            certified(db, batch, (certificate, false), signature.login.as_str(), signature.at)?;
        }
        Event::OutOfSpecificationAfterRelease { test, recipients, .. } => {
            for recipient in recipients {
                add_notice(db, (batch, test.as_str()), recipient, recorded.at)?;
            }
        }
        Event::NotificationAcknowledged { who, .. } => {
            diesel::update(
                release_notice::table
                    .filter(release_notice::batch.eq(batch))
                    .filter(release_notice::who.eq(who))
                    .filter(release_notice::acknowledged_at.is_null()),
            )
            .set(release_notice::acknowledged_at.eq(Some(recorded.at.naive())))
            .execute(db)?;
        }
        Event::Rejected { .. } | Event::PutOnHold { .. } | Event::HoldLifted { .. } => {}
    }
    stand(db, recorded, event)
}

fn begin(db: &mut Db, batch: &str) -> Result<(), Failure> {
    diesel::insert_into(batch_release::table)
        .values((
            batch_release::batch.eq(batch),
            batch_release::stage.eq(Stage::PendingReview.code()),
            batch_release::pending.eq(0),
            batch_release::disposition.eq(Disposition::Quarantine.strictness()),
        ))
        .execute(db)?;
    Ok(())
}

fn certified(
    db: &mut Db,
    batch: &str,
    (certificate, initial): (&Certificate, bool),
    by: &str,
    at: Instant,
) -> Result<(), Failure> {
    let pending = i32::try_from(certificate.pending.len()).unwrap_or(i32::MAX);
    diesel::insert_into(release_register::table)
        .values((
            release_register::number.eq(&certificate.number),
            release_register::batch.eq(batch),
            release_register::initial.eq(initial),
            release_register::product.eq(&certificate.product),
            release_register::certified_by.eq(by),
            release_register::certified_at.eq(at.naive()),
            release_register::expires_at.eq(certificate.expires_at.map(Instant::naive)),
            release_register::pending.eq(pending),
        ))
        .execute(db)?;
    diesel::update(batch_release::table.find(batch))
        .set((
            batch_release::certified_by.eq(Some(by)),
            batch_release::certified_at.eq(Some(at.naive())),
            batch_release::pending.eq(pending),
        ))
        .execute(db)?;
    Ok(())
}

fn add_notice(
    db: &mut Db,
    (batch, test): (&str, &str),
    recipient: &Recipient,
    since: Instant,
) -> Result<(), Failure> {
    let order = recipient.order.as_ref().map(AsRef::<str>::as_ref);
    let told: i64 =
        release_notice::table.find((batch, test, &recipient.who)).count().get_result(db)?;
    if told > 0 {
        // The same test failed again: the person is told again.
        diesel::update(release_notice::table.find((batch, test, &recipient.who)))
            .set((
                release_notice::since.eq(since.naive()),
                release_notice::acknowledged_at.eq(None::<NaiveDateTime>),
            ))
            .execute(db)?;
        return Ok(());
    }
    diesel::insert_into(release_notice::table)
        .values((
            release_notice::batch.eq(batch),
            release_notice::test.eq(test),
            release_notice::who.eq(&recipient.who),
            release_notice::capacity.eq(&recipient.capacity),
            release_notice::order_number.eq(order),
            release_notice::since.eq(since.naive()),
        ))
        .execute(db)?;
    Ok(())
}

/// Brings stage, hold and disposition up to date, here and in the graph, by folding the one event
/// over what the row says.
fn stand(db: &mut Db, recorded: &Recorded, event: &Event) -> Result<(), Failure> {
    let batch = recorded.stream.id();
    let (stage, hold): (String, Option<String>) = batch_release::table
        .find(batch)
        .select((batch_release::stage, batch_release::hold))
        .first(db)?;
    let before = Release {
        batch: batch.to_owned(),
        version: recorded.version,
        stage: Stage::parse(&stage)
            .ok_or_else(|| DbError::Corrupt(format!("batch {batch} has no known stage")))?,
        hold,
        reviews: Vec::new(),
        certifications: Vec::new(),
        decisions: Vec::new(),
        late_failures: Vec::new(),
    };
    let Some(after) = Release::apply(Some(before), recorded, event) else {
        return Ok(());
    };
    let disposition = after.disposition();
    diesel::update(batch_release::table.find(batch))
        .set((
            batch_release::stage.eq(after.stage.code()),
            batch_release::hold.eq(after.hold),
            batch_release::disposition.eq(disposition.strictness()),
        ))
        .execute(db)?;
    genealogy::set_standing(db, &Node::new(NodeKind::Batch, batch), disposition)
}

/// How far the release of a batch has come, as lists need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseRow {
    /// The batch.
    pub batch: String,
    /// The stage.
    pub stage: Stage,
    /// Why it is on hold.
    pub hold: Option<String>,
    /// Who reviewed, and when.
    pub reviewed: Option<(String, Instant)>,
    /// Who certified last, and when.
    pub certified: Option<(String, Instant)>,
    /// How many results were pending at the last certification.
    pub pending: i32,
}

type Raw = (
    String,
    String,
    Option<String>,
    Option<String>,
    Option<NaiveDateTime>,
    Option<String>,
    Option<NaiveDateTime>,
    i32,
);

/// The releases that have begun.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn all(db: &mut Db) -> Result<Vec<ReleaseRow>, Failure> {
    let rows: Vec<Raw> = batch_release::table
        .order(batch_release::batch)
        .select((
            batch_release::batch,
            batch_release::stage,
            batch_release::hold,
            batch_release::reviewed_by,
            batch_release::reviewed_at,
            batch_release::certified_by,
            batch_release::certified_at,
            batch_release::pending,
        ))
        .load(db)?;
    rows.into_iter()
        .map(|(batch, stage, hold, reviewed_by, reviewed_at, by, at, pending)| {
            let stage = Stage::parse(&stage)
                .ok_or_else(|| DbError::Corrupt(format!("batch {batch} has no known stage")))?;
            Ok(ReleaseRow {
                batch,
                stage,
                hold,
                reviewed: reviewed_by.zip(reviewed_at.map(Instant::from_naive)),
                certified: by.zip(at.map(Instant::from_naive)),
                pending,
            })
        })
        .collect()
}

/// How far the release of a batch has come; none before its first event.
///
/// # Errors
/// When the database fails or the row cannot be read.
pub fn stage(db: &mut Db, batch: &BatchNumber) -> Result<Option<Stage>, Failure> {
    let stored: Option<String> = batch_release::table
        .find(batch.as_str())
        .select(batch_release::stage)
        .first(db)
        .optional()?;
    let known = |stage: String| {
        Stage::parse(&stage)
            .ok_or_else(|| DbError::Corrupt(format!("batch {batch} has no known stage")).into())
    };
    stored.map(known).transpose()
}

/// A person who must be told of a late failure and has not acknowledged it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeRow {
    /// The batch.
    pub batch: String,
    /// The test.
    pub test: String,
    /// Who.
    pub who: String,
    /// As what.
    pub capacity: String,
    /// Since when.
    pub since: Instant,
}

/// Who must still be told, longest waiting first.
///
/// # Errors
/// When the database fails.
pub fn unacknowledged(db: &mut Db) -> Result<Vec<NoticeRow>, Failure> {
    let rows: Vec<(String, String, String, String, NaiveDateTime)> = release_notice::table
        .filter(release_notice::acknowledged_at.is_null())
        .order((release_notice::since, release_notice::batch, release_notice::who))
        .select((
            release_notice::batch,
            release_notice::test,
            release_notice::who,
            release_notice::capacity,
            release_notice::since,
        ))
        .load(db)?;
    Ok(rows
        .into_iter()
        .map(|(batch, test, who, capacity, since)| NoticeRow {
            batch,
            test,
            who,
            capacity,
            since: Instant::from_naive(since),
        })
        .collect())
}

/// The next free number of the register in the year of `now`.
///
/// # Errors
/// When the database fails.
pub fn next_certificate(db: &mut Db, now: Instant) -> Result<String, Failure> {
    let prefix = format!("CERT-{}-", now.utc().year());
    let last: Option<String> = release_register::table
        .filter(release_register::number.like(format!("{prefix}%")))
        .select(max(release_register::number))
        .first(db)?;
    let used = last
        .and_then(|number| number.strip_prefix(&prefix).and_then(|n| n.parse::<u32>().ok()))
        .unwrap_or(0);
    Ok(format!("{prefix}{:04}", used.saturating_add(1)))
}

/// The disposition that the release of a batch gives it; quarantine before its first event.
///
/// # Errors
/// When the database fails.
pub fn disposition(db: &mut Db, batch: &BatchNumber) -> Result<Disposition, Failure> {
    let stored: Option<i32> = batch_release::table
        .find(batch.as_str())
        .select(batch_release::disposition)
        .first(db)
        .optional()?;
    Ok(stored.and_then(Disposition::from_strictness).unwrap_or(Disposition::Quarantine))
}

#[derive(QueryableByName)]
struct NumberRow {
    #[diesel(sql_type = diesel::sql_types::Text)]
    number: String,
}

/// Batches on which release has to act: completed and not certified finally, not rejected.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn waiting(db: &mut Db) -> Result<Vec<BatchNumber>, Failure> {
    let rows: Vec<NumberRow> = diesel::sql_query(
        "SELECT batch.number FROM batch \
         LEFT JOIN batch_release ON batch_release.batch = batch.number \
         WHERE batch.state = 'pending_review' \
         AND (batch_release.stage IS NULL \
              OR batch_release.stage NOT IN ('certified_final', 'rejected')) \
         ORDER BY batch.number",
    )
    .load(db)?;
    rows.iter()
        .map(|row| {
            BatchNumber::parse(&row.number)
                .map_err(|error| DbError::Corrupt(error.to_string()).into())
        })
        .collect()
}

/// The day on which an order's product is to be given, `2026-11-22`, and who ordered it.
///
/// # Errors
/// When the database fails.
pub fn ordered(db: &mut Db, order: &OrderNumber) -> Result<Option<(String, String)>, Failure> {
    Ok(patient_order::table
        .find(order.as_str())
        .select((patient_order::infusion_on, patient_order::placed_by))
        .first(db)
        .optional()?)
}

/// An entry of the register of certified batches (ATMP-32).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterRow {
    /// Number of the certificate.
    pub number: String,
    /// The batch.
    pub batch: String,
    /// Whether results were pending.
    pub initial: bool,
    /// The product.
    pub product: String,
    /// Who certified.
    pub certified_by: String,
    /// When.
    pub certified_at: Instant,
    /// How many results were pending.
    pub pending: i32,
}

/// The newest entries of the register.
///
/// # Errors
/// When the database fails.
pub fn register(db: &mut Db, limit: i64) -> Result<Vec<RegisterRow>, Failure> {
    let rows: Vec<(String, String, bool, String, String, NaiveDateTime, i32)> =
        release_register::table
            .order((release_register::certified_at.desc(), release_register::number.desc()))
            .limit(limit)
            .select((
                release_register::number,
                release_register::batch,
                release_register::initial,
                release_register::product,
                release_register::certified_by,
                release_register::certified_at,
                release_register::pending,
            ))
            .load(db)?;
    Ok(rows
        .into_iter()
        .map(|(number, batch, initial, product, certified_by, at, pending)| RegisterRow {
            number,
            batch,
            initial,
            product,
            certified_by,
            certified_at: Instant::from_naive(at),
            pending,
        })
        .collect())
}
