//! What happens to a material lot after receipt: documents, QA's decision, opening, using up.
//!
//! Neighbours: `domain::material` decides; signatures come from `signature` before.
//!
//! Architecture invariant: what is shown, hashed and signed is built by one function here.

use serde::Serialize;

use super::{App, Caller, content, signature};
use crate::domain::actor::{Capability, Signature};
use crate::domain::disposition::Disposition;
use crate::domain::id::{ContentHash, LotId};
use crate::domain::material::{Command, MaterialLot, Receipt, decide};
use crate::store::{Failure, material};

/// What QA sees of a lot when deciding on it.
#[derive(Debug, Clone, Serialize)]
pub struct LotShown<'a> {
    /// What is decided: released or rejected.
    pub decision: Disposition,
    /// The lot.
    pub lot: &'a LotId,
    /// What came, with its documents.
    pub receipt: &'a Receipt,
    /// Its disposition so far.
    pub disposition: Disposition,
}

impl<'a> LotShown<'a> {
    /// What is shown when this is decided on that lot.
    pub fn of(lot: &'a MaterialLot, decision: Disposition) -> Self {
        Self { decision, lot: &lot.id, receipt: &lot.receipt, disposition: lot.disposition }
    }

    /// The hash that a signature over it covers.
    ///
    /// # Errors
    /// Never in practice: it holds no float.
    pub fn hash(&self) -> Result<ContentHash, Failure> {
        content::hash(self)
    }
}

/// What a person does with a lot without a signature.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LotStep {
    /// Files the certificate of analysis.
    FileCertificate(String),
    /// Files the evidence of viral and TSE safety.
    FileSafetyEvidence(String),
    /// Opens the next package.
    Open,
    /// Declares it used up.
    UseUp,
}

/// Does one of these steps with a lot.
///
/// # Errors
/// What `domain::material` refuses, or that the database failed.
pub fn material_change(
    app: &App,
    caller: &Caller,
    lot: LotId,
    step: LotStep,
) -> Result<(), Failure> {
    if !caller.actor.role.may(Capability::ReleaseMaterials) {
        caller.needs(Capability::ManageMaterials)?;
    }
    let command = match step.clone() {
        LotStep::FileCertificate(reference) => Command::FileCertificate { reference },
        LotStep::FileSafetyEvidence(reference) => Command::FileSafetyEvidence { reference },
        LotStep::Open => Command::Open,
        LotStep::UseUp => Command::UseUp,
    };
    app.write(caller, &(lot.clone(), step), move |tx| {
        let state = material::require(tx.db(), &lot)?;
        let context = tx.context();
        tx.record(decide(&state, &command, &context)?)
    })
}

/// QA's decision on a lot.
#[derive(Debug, Clone, Serialize)]
pub struct MaterialDecide {
    /// The lot.
    pub lot: LotId,
    /// Whether it is released; otherwise it is rejected.
    pub release: bool,
    /// What the decision rests on.
    pub because: String,
    /// QA's signature over [`LotShown`].
    pub signature: Signature,
}

/// Releases or rejects a lot.
///
/// # Errors
/// What `domain::material` refuses; that the content changed since it was shown; or that the
/// database failed.
pub fn material_decide(
    app: &App,
    caller: &Caller,
    decision: MaterialDecide,
) -> Result<(), Failure> {
    caller.needs(Capability::ReleaseMaterials)?;
    let request = (&decision.lot, decision.release, &decision.because);
    app.write(caller, &request, {
        let decision = decision.clone();
        move |tx| {
            let state = material::require(tx.db(), &decision.lot)?;
            let to = if decision.release { Disposition::Released } else { Disposition::Rejected };
            signature::covers(&decision.signature, &LotShown::of(&state, to).hash()?)?;
            let (because, signature) = (decision.because.clone(), decision.signature.clone());
            let command = if decision.release {
                Command::Release { because, signature }
            } else {
                Command::Reject { because, signature }
            };
            let context = tx.context();
            tx.record(decide(&state, &command, &context)?)
        }
    })
}
