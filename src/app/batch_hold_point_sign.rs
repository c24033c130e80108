//! QA signs a hold point of a batch, or gives a batch up.
//!
//! Neighbours: `domain::batch` decides; the steps behind a hold point wait for this.
//!
//! Architecture invariant: the signature covers every step performed so far, by the hash its
//! performer signed.

use super::batch_facts::record_of;
use super::{App, Caller, content, signature};
use crate::db::Db;
use crate::domain::actor::{Capability, Signature};
use crate::domain::batch::{self, AbortShown, Batch, HoldPointShown};
use crate::domain::id::{BatchNumber, ContentHash, Name};
use crate::store::{Failure, batch as table};

/// What QA is shown at a hold point, and the hash the signature must cover.
///
/// # Errors
/// That there is no such hold point, or that the database failed.
pub fn batch_hold_point_preview(
    db: &mut Db,
    number: &BatchNumber,
    hold_point: &Name,
) -> Result<(HoldPointShown, ContentHash), Failure> {
    hold_point_preview(&table::require(db, number)?, hold_point)
}

fn hold_point_preview(
    batch: &Batch,
    hold_point: &Name,
) -> Result<(HoldPointShown, ContentHash), Failure> {
    let record = record_of(batch)?;
    let shown = batch::hold_point_shown(batch, &record, hold_point).ok_or_else(|| {
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
        let changes =
            batch::sign_hold_point(&batch, &record, &hold_point, signed.clone(), &context)?;
        signature::covers(&signed, &hold_point_preview(&batch, &hold_point)?.1)?;
        tx.record(changes)
    })
}

/// What is shown before a batch is given up, and the hash the signature must cover.
///
/// # Errors
/// That there is no such batch, or that the database failed.
pub fn batch_abort_preview(
    db: &mut Db,
    number: &BatchNumber,
) -> Result<(AbortShown, ContentHash), Failure> {
    let shown = batch::abort_shown(&table::require(db, number)?);
    let hash = content::hash(&shown)?;
    Ok((shown, hash))
}

/// Gives a batch up; all it made is rejected with it.
///
/// # Errors
/// What `domain::batch` refuses; a missing reason; that the content changed; or that the database
/// failed.
pub fn batch_abort(
    app: &App,
    caller: &Caller,
    number: &BatchNumber,
    signed: Signature,
) -> Result<(), Failure> {
    caller.needs(Capability::DecideDisposition)?;
    let because = caller.needs_reason()?;
    let (number, request) = (number.clone(), number.clone());
    app.write(caller, &("batch_abort", &request), move |tx| {
        let context = tx.context();
        let batch = tx.require::<Batch>(number.as_str())?;
        let changes = batch::abort(&batch, &because, signed.clone(), &context)?;
        signature::covers(&signed, &content::hash(&batch::abort_shown(&batch))?)?;
        tx.record(changes)
    })
}
