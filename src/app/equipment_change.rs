//! Puts equipment on the list, records calibration and cleaning, takes it out of service and puts
//! it back.
//!
//! Neighbours: `domain::equipment` decides; signatures come from `signature` before.
//!
//! Architecture invariant: only QA's signature puts a device back in service.

use serde::Serialize;

use super::{App, Caller, content, signature};
use crate::domain::actor::{Capability, Signature};
use crate::domain::equipment::{Command, Equipment, Registration, decide, register};
use crate::domain::id::{AssetId, ContentHash};
use crate::domain::time::Instant;
use crate::store::{Failure, equipment};

fn needs_either(caller: &Caller) -> Result<(), Failure> {
    if caller.actor.role.may(Capability::ReleaseMaterials) {
        return Ok(());
    }
    caller.needs(Capability::ManageMaterials)
}

/// Puts a device on the list.
///
/// # Errors
/// What `domain::equipment` refuses, or that the database failed.
pub fn equipment_register(
    app: &App,
    caller: &Caller,
    asset: AssetId,
    registration: Registration,
) -> Result<(), Failure> {
    caller.needs(Capability::ReleaseMaterials)?;
    app.write(caller, &(asset.clone(), registration.clone()), move |tx| {
        let known = equipment::load(tx.db(), &asset)?;
        tx.record(register(&asset, &registration, known.as_ref())?)
    })
}

/// What a person does with a device without a signature.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceStep {
    /// Records a calibration.
    Calibrate {
        /// Reference of the certificate.
        reference: String,
        /// When the next calibration is due.
        due_at: Instant,
    },
    /// Records a cleaning.
    Clean {
        /// The agent or procedure.
        with: String,
    },
    /// Takes it out of service.
    TakeOutOfService {
        /// Why.
        because: String,
    },
}

/// Does one of these steps with a device.
///
/// # Errors
/// What `domain::equipment` refuses, or that the database failed.
pub fn equipment_change(
    app: &App,
    caller: &Caller,
    asset: AssetId,
    step: DeviceStep,
) -> Result<(), Failure> {
    needs_either(caller)?;
    let command = match step.clone() {
        DeviceStep::Calibrate { reference, due_at } => Command::Calibrate { reference, due_at },
        DeviceStep::Clean { with } => Command::Clean { with },
        DeviceStep::TakeOutOfService { because } => Command::TakeOutOfService { because },
    };
    app.write(caller, &(asset.clone(), step), move |tx| {
        let state = equipment::require(tx.db(), &asset)?;
        let context = tx.context();
        tx.record(decide(&state, &command, &context)?)
    })
}

/// What QA sees of a device when putting it back in service.
#[derive(Debug, Clone, Serialize)]
pub struct DeviceShown<'a> {
    /// The device.
    pub asset: &'a AssetId,
    /// What is known of it.
    pub registration: &'a Registration,
    /// Why it is out of service.
    pub out_of_service: Option<&'a str>,
}

impl<'a> DeviceShown<'a> {
    /// What is shown of that device.
    pub fn of(device: &'a Equipment) -> Self {
        Self {
            asset: &device.asset,
            registration: &device.registration,
            out_of_service: device.out_of_service.as_deref(),
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

/// Puts a device back in service.
///
/// # Errors
/// What `domain::equipment` refuses; that the content changed since it was shown; or that the
/// database failed.
pub fn equipment_put_in_service(
    app: &App,
    caller: &Caller,
    asset: AssetId,
    because: String,
    signature: Signature,
) -> Result<(), Failure> {
    caller.needs(Capability::ReleaseMaterials)?;
    app.write(caller, &(asset.clone(), because.clone()), move |tx| {
        let state = equipment::require(tx.db(), &asset)?;
        signature::covers(&signature, &DeviceShown::of(&state).hash()?)?;
        let (because, signature) = (because.clone(), signature.clone());
        let context = tx.context();
        tx.record(decide(&state, &Command::PutInService { because, signature }, &context)?)
    })
}
