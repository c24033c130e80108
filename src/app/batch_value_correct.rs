//! Corrects a value of a performed step, and has a second person verify it (ATMP-3, ATMP-4).
//!
//! First [`batch_correction_preview`] shows what would follow and what would be signed; then
//! [`batch_value_correct`] assesses once more inside its transaction and refuses if the outcome is
//! not what was shown. [`batch_correction_verify`] is the second person's part.
//!
//! Neighbours: `domain::batch` works out what follows; `store::release` knows whether it is too
//! late.
//!
//! Architecture invariant: nothing is recorded that the signature does not cover, and nothing that
//! was recorded is changed.

use super::batch_facts::{acknowledged, record_of};
use super::batch_show::whereabouts;
use super::batch_step_verify::signer;
use super::{App, Caller, content, signature};
use crate::db::Db;
use crate::domain::Context;
use crate::domain::actor::{Capability, Signature};
use crate::domain::batch::{
    self, Aftermath, Batch, CorrectValue, CorrectionShown, correction_assessment_shown,
    correction_shown,
};
use crate::domain::id::{BatchNumber, ContainerCode, ContentHash, Name};
use crate::domain::release::{Release, Stage};
use crate::store::{Failure, batch as table, container, deviation, ledger};

/// What a correction would mean, or meant, and the hash its signature must cover.
#[derive(Debug, Clone)]
pub struct CorrectionPreview {
    /// What is shown.
    pub shown: CorrectionShown,
    /// Its hash.
    pub hash: ContentHash,
}

fn preview(shown: CorrectionShown) -> Result<CorrectionPreview, Failure> {
    let hash = content::hash(&shown)?;
    Ok(CorrectionPreview { shown, hash })
}

/// What happened to a batch since a step was performed, as far as a correction of it asks: its
/// release, and the containers the step or a later one made.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn aftermath(db: &mut Db, batch: &Batch, step: &Name) -> Result<Aftermath, Failure> {
    let release: Option<Release> = ledger::load(db, batch.number.as_str())?;
    let mut aftermath = Aftermath::default();
    if let Some(release) = release {
        let open = matches!(release.stage, Stage::InProcess | Stage::PendingReview);
        aftermath.decided = (!open).then(|| release.stage.word().to_owned());
        aftermath.reviewers =
            release.reviews.iter().map(|review| review.signature.login.clone()).collect();
    }
    let concerned = batch.performances.iter().skip_while(|performance| performance.step != *step);
    let made = concerned.flat_map(|performance| &performance.produced);
    let codes: Vec<String> = made.map(|made| made.container.to_string()).collect();
    for found in container::load_many(db, &codes)? {
        if let Ok(code) = ContainerCode::parse(&found.code) {
            aftermath.whereabouts.push((code, whereabouts(&found)));
        }
    }
    Ok(aftermath)
}

/// What a correction would mean now.
///
/// # Errors
/// What `domain::batch` refuses, or that the database failed.
pub fn batch_correction_preview(
    app: &App,
    caller: &Caller,
    number: &BatchNumber,
    command: &CorrectValue,
) -> Result<CorrectionPreview, Failure> {
    caller.needs(Capability::PerformSteps)?;
    let context = Context { now: app.clock.now(), actor: caller.actor.clone() };
    app.read(|db| {
        let batch = table::require(db, number)?;
        let record = record_of(&batch)?;
        let known = acknowledged(db, &batch, &context.actor.login)?;
        batch::must_have_acknowledged(&record, known, &context)?;
        let aftermath = aftermath(db, &batch, &command.step)?;
        let assessment = batch::assess_correction(&batch, &record, command, &aftermath, &context)?;
        preview(correction_assessment_shown(&record, &assessment))
    })
}

/// Corrects a value of a performed step; gives the number of the correction.
///
/// # Errors
/// What `domain::batch` refuses; that what was signed is not what would happen now; or that the
/// database failed. Nothing was changed then.
pub fn batch_value_correct(
    app: &App,
    caller: &Caller,
    number: &BatchNumber,
    command: CorrectValue,
    signed: Signature,
) -> Result<u32, Failure> {
    caller.needs(Capability::PerformSteps)?;
    let caller = Caller { reason: Some(command.because.trim().to_owned()), ..caller.clone() };
    let request = (number.clone(), command.clone());
    let number = number.clone();
    app.write(&caller, &("batch_value_correct", &request), move |tx| {
        let context = tx.context();
        let batch = tx.require::<Batch>(number.as_str())?;
        let record = record_of(&batch)?;
        let known = acknowledged(tx.db(), &batch, &context.actor.login)?;
        batch::must_have_acknowledged(&record, known, &context)?;
        let aftermath = aftermath(tx.db(), &batch, &command.step)?;
        let assessment = batch::assess_correction(&batch, &record, &command, &aftermath, &context)?;
        let shown = correction_assessment_shown(&record, &assessment);
        signature::covers(&signed, &content::hash(&shown)?)?;
        let mut numbers = Vec::new();
        for (ahead, _) in (0..).zip(&assessment.broken) {
            numbers.push(deviation::next_number(tx.db(), context.now, ahead)?);
        }
        let correction = assessment.corrected.number;
        let signed = signed.clone();
        let changes = batch::correct(&batch, &record, assessment, numbers, signed, &context)?;
        tx.record(changes)?;
        Ok(correction)
    })
}

/// What the verifier of a correction is shown, and the hash the signature must cover.
///
/// # Errors
/// That there is no such correction, or that the database failed.
pub fn batch_correction_verification_preview(
    db: &mut Db,
    number: &BatchNumber,
    correction: u32,
) -> Result<CorrectionPreview, Failure> {
    verification_preview(&table::require(db, number)?, correction)
}

fn verification_preview(batch: &Batch, number: u32) -> Result<CorrectionPreview, Failure> {
    let record = record_of(batch)?;
    let correction = batch.correction(number).ok_or_else(|| {
        Failure::not_found(format!("Batch {} has no correction {number}.", batch.number))
    })?;
    preview(correction_shown(batch, &record, correction))
}

/// Verifies a correction as the person who signed.
///
/// # Errors
/// That the verifier corrected the value or performed its step, or what else `domain::batch`
/// refuses; that the content changed; or that the database failed.
pub fn batch_correction_verify(
    app: &App,
    caller: &Caller,
    number: &BatchNumber,
    correction: u32,
    signed: Signature,
) -> Result<(), Failure> {
    let caller = Caller { actor: signer(&signed), ..caller.clone() };
    caller.needs(Capability::VerifySteps)?;
    let (number, request) = (number.clone(), (number.clone(), correction));
    app.write(&caller, &("batch_correction_verify", &request), move |tx| {
        let context = tx.context();
        let batch = tx.require::<Batch>(number.as_str())?;
        let record = record_of(&batch)?;
        let known = acknowledged(tx.db(), &batch, &context.actor.login)?;
        batch::must_have_acknowledged(&record, known, &context)?;
        let found = verification_preview(&batch, correction)?;
        let aftermath = aftermath(tx.db(), &batch, &found.shown.step)?;
        let signature = signed.clone();
        let changes =
            batch::verify_correction(&batch, &record, correction, &aftermath, signature, &context)?;
        signature::covers(&signed, &found.hash)?;
        tx.record(changes)
    })
}
