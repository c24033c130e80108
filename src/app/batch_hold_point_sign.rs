//! QA signs a hold point of a batch.
//!
//! Neighbours: `domain::batch` decides; the steps behind a hold point wait for this.
//!
//! Architecture invariant: the signature covers every step performed so far, by the hash its
//! performer signed.

use super::batch_facts::record_of;
use super::{App, Caller, content, signature};
use crate::db::Db;
use crate::domain::actor::{Capability, Signature};
use crate::domain::batch::{self, AwaitedTest, Batch, HoldPointShown};
use crate::domain::deviation::{Deviation, Outcome};
use crate::domain::id::{BatchNumber, ContentHash, Name};
use crate::domain::master_record::MasterRecord;
use crate::domain::quality::{Status, TestRequest};
use crate::store::{Failure, batch as table, deviation, ledger};

/// What QA is shown at a hold point, and the hash the signature must cover.
///
/// # Errors
/// That there is no such hold point, or that the database failed.
pub fn batch_hold_point_preview(
    db: &mut Db,
    number: &BatchNumber,
    hold_point: &Name,
) -> Result<(HoldPointShown, ContentHash), Failure> {
    let batch = table::require(db, number)?;
    let record = record_of(&batch)?;
    let awaited = awaited(db, &batch, &record, hold_point)?;
    hold_point_preview(&batch, &record, hold_point, &awaited)
}

/// How the tests stand that a hold point waits for; none for one that waits for none.
///
/// # Errors
/// When the database fails or an event cannot be read.
pub fn awaited(
    db: &mut Db,
    batch: &Batch,
    record: &MasterRecord,
    hold_point: &Name,
) -> Result<Vec<AwaitedTest>, Failure> {
    let Some(hold) = record.hold_points.iter().find(|hold| hold.name == *hold_point) else {
        return Ok(Vec::new());
    };
    let mut deviations = Vec::new();
    for row in deviation::of_batch(db, &batch.number)? {
        deviations.extend(ledger::load::<Deviation>(db, row.number.as_str())?);
    }
    let mut awaited = Vec::new();
    for plan in record.tests.iter().filter(|plan| hold.tests.contains(&plan.name)) {
        let id = TestRequest::id(&batch.number, &plan.name);
        let request = ledger::load::<TestRequest>(db, &id)?;
        let about = |one: &&Deviation| one.subject.test.as_ref() == Some(&plan.name);
        let mut about = deviations.iter().filter(about).peekable();
        let goes_on = |one: &Deviation| {
            one.decision.as_ref().is_some_and(|decision| decision.outcome == Outcome::Continue)
        };
        let accepted = about.peek().is_some() && about.all(goes_on);
        awaited.push(AwaitedTest {
            test: plan.name.clone(),
            title: plan.title.clone(),
            status: request.map_or(Status::Planned, |request| request.status),
            accepted,
        });
    }
    Ok(awaited)
}

fn hold_point_preview(
    batch: &Batch,
    record: &MasterRecord,
    hold_point: &Name,
    awaited: &[AwaitedTest],
) -> Result<(HoldPointShown, ContentHash), Failure> {
    let shown = batch::hold_point_shown(batch, record, hold_point, awaited).ok_or_else(|| {
        Failure::not_found(format!("{} has no hold point {hold_point}.", record.record.key()))
    })?;
    let hash = content::hash(&shown)?;
    Ok((shown, hash))
}

/// Signs a hold point.
///
/// # Errors
/// What `domain::batch` refuses; that the content changed; or that the database failed.
pub fn batch_hold_point_sign(
    app: &App,
    caller: &Caller,
    number: &BatchNumber,
    hold_point: &Name,
    signed: Signature,
) -> Result<(), Failure> {
    caller.needs(Capability::ReviewBatch)?;
    let (number, hold_point) = (number.clone(), hold_point.clone());
    let request = (number.clone(), hold_point.clone());
    app.write(caller, &("batch_hold_point_sign", &request), move |tx| {
        let context = tx.context();
        let batch = tx.require::<Batch>(number.as_str())?;
        let record = record_of(&batch)?;
        let awaited = awaited(tx.db(), &batch, &record, &hold_point)?;
        let (_, hash) = hold_point_preview(&batch, &record, &hold_point, &awaited)?;
        let changes = batch::sign_hold_point(
            &batch,
            &record,
            &hold_point,
            &awaited,
            signed.clone(),
            &context,
        )?;
        signature::covers(&signed, &hash)?;
        tx.record(changes)
    })
}
