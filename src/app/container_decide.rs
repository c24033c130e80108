//! Decides the disposition of one container, and destroys containers under witness.
//!
//! Neighbours: `domain::container` decides; signatures come from `signature` before.
//!
//! Architecture invariant: what is shown, hashed and signed is built by one function here.

use serde::Serialize;

use super::container_move::ScannedContainer;
use super::{App, Caller, content, signature};
use crate::domain::actor::{Capability, Signature};
use crate::domain::container::{Command, Container, decide};
use crate::domain::disposition::Disposition;
use crate::domain::genealogy::Standing;
use crate::domain::id::ContentHash;
use crate::store::Failure;

/// What a person sees of a container when signing a decision on it.
#[derive(Debug, Clone, Serialize)]
pub struct DecisionShown {
    /// What is decided, in words.
    pub decision: String,
    /// The container.
    pub code: String,
    /// What it holds.
    pub title: String,
    /// The batch that made it.
    pub batch: Option<String>,
    /// Its own disposition.
    pub disposition: Disposition,
    /// The strictest of everything it came from.
    pub effective: Disposition,
}

impl DecisionShown {
    /// What is shown when the disposition of a container is decided.
    pub fn disposition(state: &Container, standing: &Standing, to: Disposition) -> Self {
        Self::of(state, standing, format!("Disposition: {}", to.word()))
    }

    /// What is shown when a container is destroyed.
    pub fn destruction(state: &Container, standing: &Standing) -> Self {
        Self::of(state, standing, "Destruction".to_owned())
    }

    fn of(state: &Container, standing: &Standing, decision: String) -> Self {
        Self {
            decision,
            code: state.code.clone(),
            title: state.contents.title.to_string(),
            batch: state.batch.as_ref().map(ToString::to_string),
            disposition: state.disposition,
            effective: standing.disposition,
        }
    }

    /// The hash that a signature over it covers.
    ///
    /// # Errors
    /// Never in practice: it holds no float.
    pub fn hash(&self) -> Result<ContentHash, Failure> {
        content::hash(self)
    }
}

/// Decides the own disposition of a container.
#[derive(Debug, Clone, Serialize)]
pub struct ContainerDecide {
    /// The container.
    pub container: ScannedContainer,
    /// The new disposition.
    pub to: Disposition,
    /// Why.
    pub because: String,
    /// QA's signature over [`DecisionShown::disposition`].
    pub signature: Signature,
}

/// Decides the own disposition of a container.
///
/// # Errors
/// What `domain::container` refuses; that the content changed since it was shown; or that the
/// database failed.
pub fn container_decide(
    app: &App,
    caller: &Caller,
    command: ContainerDecide,
) -> Result<(), Failure> {
    caller.needs(Capability::DecideDisposition)?;
    let request = (&command.container, command.to, &command.because);
    app.write(caller, &request, {
        let command = command.clone();
        move |tx| {
            let (state, standing) = command.container.load(tx)?;
            let shown = DecisionShown::disposition(&state, &standing, command.to);
            signature::covers(&command.signature, &shown.hash()?)?;
            let decision = Command::DecideDisposition {
                to: command.to,
                because: command.because.clone(),
                signature: Some(command.signature.clone()),
            };
            let context = tx.context();
            tx.record(decide(&state, &decision, &standing, &context)?)
        }
    })
}

/// Destroys a container.
#[derive(Debug, Clone, Serialize)]
pub struct ContainerDestroy {
    /// The container.
    pub container: ScannedContainer,
    /// Why.
    pub because: String,
    /// Signature of who destroys it, over [`DecisionShown::destruction`].
    pub signature: Signature,
    /// Signature of the witness over the same.
    pub witness: Option<Signature>,
}

/// Destroys a container.
///
/// # Errors
/// As [`container_decide`].
pub fn container_destroy(
    app: &App,
    caller: &Caller,
    command: ContainerDestroy,
) -> Result<(), Failure> {
    caller.needs(Capability::HandleContainers)?;
    let request = (&command.container, &command.because);
    app.write(caller, &request, {
        let command = command.clone();
        move |tx| {
            let (state, standing) = command.container.load(tx)?;
            let shown = DecisionShown::destruction(&state, &standing).hash()?;
            signature::covers(&command.signature, &shown)?;
            if let Some(witness) = &command.witness {
                signature::covers(witness, &shown)?;
            }
            let destroy = Command::Destroy {
                because: command.because.clone(),
                signature: command.signature.clone(),
                witness: command.witness.clone(),
            };
            let context = tx.context();
            tx.record(decide(&state, &destroy, &standing, &context)?)
        }
    })
}
