//! Receives a material lot into quarantine.
//!
//! Neighbours: `domain::material` decides.
//!
//! Architecture invariant: nothing received is released by the same step.

use serde::Serialize;

use super::{App, Caller};
use crate::domain::actor::Capability;
use crate::domain::id::LotId;
use crate::domain::material::{Receipt, receive};
use crate::store::{Failure, material};

/// A delivery.
#[derive(Debug, Clone, Serialize)]
pub struct MaterialReceive {
    /// Material code, `/`, supplier's lot number.
    pub lot: LotId,
    /// What came.
    pub receipt: Receipt,
}

/// Receives a material lot.
///
/// # Errors
/// What `domain::material` refuses, or that the database failed.
pub fn material_receive(
    app: &App,
    caller: &Caller,
    command: MaterialReceive,
) -> Result<(), Failure> {
    caller.needs(Capability::ManageMaterials)?;
    let request = command.clone();
    app.write(caller, &request, move |tx| {
        let known = material::load(tx.db(), &command.lot)?;
        let context = tx.context();
        tx.record(receive(&command.lot, &command.receipt, known.as_ref(), &context)?)
    })
}
