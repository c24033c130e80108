//! A second person verifies a performed step, on the performer's screen or on their own.
//!
//! Neighbours: `domain::batch` makes sure that verifier and performer are two people (ATMP-4); so
//! does the database.
//!
//! Architecture invariant: the verification is recorded as the act of the person who signed it,
//! whoever's screen it was given on.

use super::batch_facts::{acknowledged, record_of};
use super::batch_step_perform::StepPreview;
use super::{App, Caller, content, signature};
use crate::db::Db;
use crate::domain::actor::{Actor, Capability, Signature};
use crate::domain::batch::{self, Batch};
use crate::domain::id::{BatchNumber, Name};
use crate::store::{Failure, batch as table};

/// What a verifier is shown, and the hash the signature must cover.
///
/// # Errors
/// That there is no such performed step, or that the database failed.
pub fn batch_verification_preview(
    db: &mut Db,
    number: &BatchNumber,
    step: &Name,
    occurrence: u32,
) -> Result<StepPreview, Failure> {
    let batch = table::require(db, number)?;
    preview(&batch, step, occurrence)
}

fn preview(batch: &Batch, step: &Name, occurrence: u32) -> Result<StepPreview, Failure> {
    let record = record_of(batch)?;
    let performance = batch
        .of_step(step)
        .find(|performance| performance.occurrence == occurrence)
        .ok_or_else(|| {
            Failure::not_found(format!(
                "Step {step} ({occurrence}) of batch {} was not performed.",
                batch.number
            ))
        })?;
    let shown = batch::performance_shown(batch, &record, performance);
    let hash = content::hash(&shown)?;
    Ok(StepPreview { shown, hash })
}

/// Verifies a performed step as the person who signed.
///
/// # Errors
/// That the verifier is the performer, or what else `domain::batch` refuses; that the content
/// changed; or that the database failed.
pub fn batch_step_verify(
    app: &App,
    caller: &Caller,
    number: &BatchNumber,
    step: &Name,
    occurrence: u32,
    signed: Signature,
) -> Result<(), Failure> {
    let caller = Caller { actor: signer(&signed), ..caller.clone() };
    caller.needs(Capability::VerifySteps)?;
    let (number, step) = (number.clone(), step.clone());
    let request = (number.clone(), step.clone(), occurrence);
    app.write(&caller, &("batch_step_verify", &request), move |tx| {
        let context = tx.context();
        let batch = tx.require::<Batch>(number.as_str())?;
        let record = record_of(&batch)?;
        let known = acknowledged(tx.db(), &batch, &context.actor.login)?;
        batch::must_have_acknowledged(&record, known, &context)?;
        let changes = batch::verify(&batch, &record, &step, occurrence, signed.clone(), &context)?;
        signature::covers(&signed, &preview(&batch, &step, occurrence)?.hash)?;
        tx.record(changes)
    })
}

/// The person who signed, in the role they signed in.
pub(super) fn signer(signed: &Signature) -> Actor {
    Actor {
        login: signed.login.clone(),
        printed_name: signed.printed_name.clone(),
        role: signed.role,
    }
}
