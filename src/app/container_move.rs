//! Puts containers into storage positions and takes them out: two scans and one commit.
//!
//! Neighbours: `domain::container` decides; `store::storage` looks at the position.
//!
//! Architecture invariant: the label that was scanned is checked in the same transaction that moves
//! the container, so that a label voided a moment before moves nothing.

use serde::{Deserialize, Serialize};

use super::words::sentence;
use super::{App, Caller};
use crate::codes::{self, Scanned};
use crate::domain::RefusalKind;
use crate::domain::actor::Capability;
use crate::domain::container::{Command, Container, Purpose, Use, check_label, decide};
use crate::domain::disposition::Disposition;
use crate::domain::genealogy::Standing;
use crate::domain::id::{BatchNumber, ContainerCode, LocationPath};
use crate::domain::order::Order;
use crate::store::{Failure, Tx, container, storage};

/// A container as it was scanned or typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScannedContainer {
    /// The container.
    pub code: ContainerCode,
    /// The serial of the label that was scanned; none when the bare code was typed.
    pub serial: Option<u32>,
}

impl ScannedContainer {
    /// What a scan or a typed text names, if it is one of our containers.
    ///
    /// # Errors
    /// A refusal that says what was scanned instead.
    pub fn read(text: &str) -> Result<Self, Failure> {
        match codes::parse(text) {
            Ok(Scanned::Container { code, serial } | Scanned::Sample { code, serial }) => {
                Ok(Self { code, serial: serial.map(|serial| u32::from(serial.number())) })
            }
            Ok(other) => Err(wrong(format!("{other} is no container. Scan the label of one."))),
            Err(error) => Err(wrong(format!(
                "{} Scan the label of a container.",
                sentence(&error.to_string())
            ))),
        }
    }

    /// The container with its effective disposition, its label checked if one was scanned.
    ///
    /// # Errors
    /// That it does not exist or its label is void, or that the database failed.
    pub fn load(&self, tx: &mut Tx<'_>) -> Result<(Container, Standing), Failure> {
        let (state, standing) = container::require_with_standing(tx.db(), &self.code)?;
        if let Some(serial) = self.serial {
            check_label(&state, serial)?;
        }
        Ok((state, standing))
    }
}

/// The position a scan or a typed text names.
///
/// # Errors
/// A refusal that says what was scanned instead.
pub fn read_position(text: &str) -> Result<LocationPath, Failure> {
    if let Ok(Scanned::Location(path)) = codes::parse(text) {
        return Ok(path);
    }
    LocationPath::parse(text.trim())
        .map_err(|error| wrong(format!("{error}. Scan the label of a position.")))
}

fn wrong(message: String) -> Failure {
    Failure::refused("not_what_was_asked_for", RefusalKind::Invalid, message)
}

/// Puts a container into a position.
#[derive(Debug, Clone, Serialize)]
pub struct ContainerPut {
    /// The container.
    pub container: ScannedContainer,
    /// The position.
    pub position: LocationPath,
}

/// Puts a container into a position.
///
/// # Errors
/// What `domain::container` refuses, or that the database failed.
pub fn container_put(app: &App, caller: &Caller, command: ContainerPut) -> Result<(), Failure> {
    caller.needs(Capability::HandleContainers)?;
    let request = command.clone();
    app.write(caller, &request, move |tx| {
        let (state, standing) = command.container.load(tx)?;
        let slot = storage::slot(tx.db(), &command.position)?;
        let context = tx.context();
        let put = Command::Store { slot, refreeze_allowed: false };
        tx.record(decide(&state, &put, &standing, &context)?)
    })
}

/// What a container is taken for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TakeFor {
    /// For a batch.
    Batch(BatchNumber),
    /// To put it somewhere else.
    Relocation,
    /// To look at it.
    Inspection,
    /// To destroy it.
    Destruction,
}

/// Takes a container out of storage.
#[derive(Debug, Clone, Serialize)]
pub struct ContainerTake {
    /// The container.
    pub container: ScannedContainer,
    /// The position that was scanned, if one was.
    pub from: Option<LocationPath>,
    /// What for.
    pub purpose: TakeFor,
}

/// Takes a container out of storage; gives the position it left.
///
/// # Errors
/// What `domain::container` refuses, or that the database failed.
pub fn container_take(
    app: &App,
    caller: &Caller,
    command: ContainerTake,
) -> Result<Option<String>, Failure> {
    caller.needs(Capability::HandleContainers)?;
    let request = command.clone();
    app.write(caller, &request, move |tx| {
        let (state, standing) = command.container.load(tx)?;
        let purpose = match &command.purpose {
            TakeFor::Batch(batch) => Purpose::Use(wanted(tx, &state, batch)?),
            TakeFor::Relocation => Purpose::Relocate,
            TakeFor::Inspection => Purpose::Inspect,
            TakeFor::Destruction => Purpose::Destroy,
        };
        let context = tx.context();
        let take = Command::Retrieve { from: command.from.clone(), purpose };
        tx.record(decide(&state, &take, &standing, &context)?)?;
        Ok(state.location().map(ToString::to_string))
    })
}

/// How a batch wants a container that a person takes for it: its own in quarantine, another's
/// released, and a reserved one only for the order that this batch is for.
fn wanted(tx: &mut Tx<'_>, state: &Container, batch: &BatchNumber) -> Result<Use, Failure> {
    let own = state.batch.as_ref() == Some(batch);
    let accepts = if own { Disposition::Quarantine } else { Disposition::ConditionallyReleased };
    let promised = state.reserved_for.as_ref().or(state.order.as_ref());
    let order = match promised {
        Some(number) => tx
            .load::<Order>(number.as_str())?
            .filter(|order| own || order.batch.as_ref() == Some(batch))
            .map(|order| order.number),
        None => None,
    };
    Ok(Use { batch: batch.clone(), order, accepts, outside_max: None })
}
