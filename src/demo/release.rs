//! Review by QA and certification by the Qualified Person.

use super::stage::{Stage, Trouble};
use crate::app::certificate;
use crate::app::release_sign::{Particulars, ReleaseAct, release_shown, release_sign};
use crate::domain::id::BatchNumber;
use crate::store::Failure;

/// QA reviews a batch: a remark for every exception.
pub(super) fn review(stage: &mut Stage, batch: &BatchNumber) -> Result<(), Trouble> {
    let now = stage.app.clock.now();
    let (_, _, shown) = stage.read(|db| release_shown(db, batch, now))?;
    let remarks: Vec<(String, String)> = shown
        .assessment
        .exceptions
        .iter()
        .map(|exception| (exception.key.clone(), "seen; evidence read".to_owned()))
        .collect();
    let act = ReleaseAct::Review {
        remarks,
        conclusion: "record complete and plausible, audit trail reviewed".to_owned(),
    };
    let outcome = sign(stage, batch, act)?;
    stage.done("review batches", outcome).map(drop)
}

/// The QP certifies a batch on all its results.
pub(super) fn certify_final(stage: &mut Stage, batch: &BatchNumber) -> Result<(), Trouble> {
    let particulars = particulars(stage, batch)?;
    let outcome = sign(stage, batch, ReleaseAct::CertifyFinal { particulars })?;
    stage.done("certify batches", outcome).map(drop)
}

/// The QP certifies while results are pending; what stands against it is given, not told.
pub(super) fn try_certify_initial(
    stage: &mut Stage,
    batch: &BatchNumber,
) -> Result<Result<Option<String>, Failure>, Trouble> {
    let particulars = particulars(stage, batch)?;
    sign(stage, batch, ReleaseAct::CertifyInitial { particulars })
}

/// What the form of a certification is filled with.
fn particulars(stage: &Stage, batch: &BatchNumber) -> Result<Particulars, Trouble> {
    let site = stage.app.config.site.clone();
    stage.read(|db| certificate::particulars(db, &site, batch))
}

/// Signs an act of release over what is shown of the batch now, as the person whose act it is.
fn sign(
    stage: &mut Stage,
    batch: &BatchNumber,
    act: ReleaseAct,
) -> Result<Result<Option<String>, Failure>, Trouble> {
    let person = match act {
        ReleaseAct::CertifyInitial { .. } | ReleaseAct::CertifyFinal { .. } => {
            stage.people.filip.clone()
        }
        _ => stage.people.eva.clone(),
    };
    let now = stage.app.clock.now();
    let (_, _, shown) = stage.read(|db| release_shown(db, batch, now))?;
    let signature = stage.sign(&person, act.meaning(), &shown.hash()?)?;
    let caller = stage.by(&person);
    Ok(release_sign(&stage.app, &caller, batch, act, signature))
}
