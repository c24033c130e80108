//! Gives a syringe to the patient of its order; destroys what is not given.
//!
//! Neighbours: `domain::custody` and `domain::container` decide.
//!
//! Architecture invariant: patient and syringe are both as scanned at the bedside (ATMP-21).

use serde::Serialize;

use super::custody_hand_over::{load, one};
use super::order_change::needs_any;
use super::shown::Shown;
use super::{App, Caller, signature};
use crate::domain::Change;
use crate::domain::actor::{Capability, Signature};
use crate::domain::container::{self as rules, Command};
use crate::domain::custody::{self, Scan};
use crate::domain::deviation::Deviation;
use crate::domain::id::{ContainerCode, Name, OrderNumber, PatientCode};
use crate::domain::order::Order;
use crate::domain::quantity::Quantity;
use crate::domain::time::Instant;
use crate::store::{Failure, container, deviation};

/// Give one unit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Administer {
    /// The order.
    pub order: OrderNumber,
    /// The patient code as scanned.
    pub patient: PatientCode,
    /// The syringe as scanned.
    pub scan: Scan,
    /// The site.
    pub target: Name,
    /// What was given, `mL`.
    pub volume: Quantity,
    /// What happened to the rest; kept as the reason of the event.
    pub rest: Option<String>,
    /// When, if not now; to the minute.
    pub given_at: Option<Instant>,
}

impl Administer {
    /// The content that is shown and signed.
    #[must_use]
    pub fn shown(&self) -> Shown {
        let mut shown = Shown::new("Administration")
            .line("Order", self.order.as_str())
            .line("Patient", self.patient.as_str())
            .line("Syringe", self.scan.code.as_str())
            .line("Gland", self.target.as_str())
            .line("Volume given", self.volume.text());
        if let Some(rest) = &self.rest {
            shown = shown.line("Rest", rest.trim());
        }
        match self.given_at {
            Some(at) => shown.line("Given at", at.to_string()),
            None => shown,
        }
    }

    fn decided(&self, now: Instant, signature: Signature) -> custody::Administer {
        custody::Administer {
            patient: self.patient.clone(),
            scan: self.scan.clone(),
            target: self.target.clone(),
            volume: self.volume,
            rest: self.rest.clone(),
            given_at: self.given_at.unwrap_or(now),
            signature,
        }
    }
}

/// Whether it would be accepted now, before anything is signed.
///
/// # Errors
/// What [`administer`] would refuse.
pub fn try_administer(app: &App, caller: &Caller, command: &Administer) -> Result<(), Failure> {
    caller.needs(Capability::ReceiveAndAdminister)?;
    let signature = signature::unsigned(app, caller)?;
    let context = caller.context(app.clock.now());
    app.read(|db| {
        let order = load(db, &command.order)?;
        let found = one(db, &command.scan.code)?;
        let unit = found.unit();
        let decided = command.decided(context.now, signature.clone());
        custody::administer(&order, &unit, &decided, &context)?;
        Ok(())
    })
}

/// Gives the unit.
///
/// # Errors
/// What `domain::custody` refuses; that the content changed since it was shown.
pub fn administer(
    app: &App,
    caller: &Caller,
    command: Administer,
    signature: Signature,
) -> Result<(), Failure> {
    caller.needs(Capability::ReceiveAndAdminister)?;
    signature::covers(&signature, &command.shown().hash()?)?;
    let mut caller = caller.clone();
    caller.reason = command.rest.clone().filter(|rest| !rest.trim().is_empty()).or(caller.reason);
    let request = command.clone();
    app.write(&caller, &("administer", &request), move |tx| {
        let order = tx.require::<Order>(command.order.as_str())?;
        let found = one(tx.db(), &command.scan.code)?;
        let unit = found.unit();
        let decided = command.decided(tx.now(), signature.clone());
        let changes = custody::administer(&order, &unit, &decided, &tx.context())?;
        tx.record(changes)
    })
}

/// Put one unit to thaw at the patient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Thaw {
    /// The order.
    pub order: OrderNumber,
    /// The patient code as scanned.
    pub patient: PatientCode,
    /// The unit as scanned.
    pub scan: Scan,
}

/// Starts the thaw of a unit at the bedside. Nothing is signed: the clock starts with the scan.
///
/// # Errors
/// What `domain::custody` refuses.
pub fn thaw(app: &App, caller: &Caller, command: Thaw) -> Result<(), Failure> {
    caller.needs(Capability::ReceiveAndAdminister)?;
    let request = command.clone();
    app.write(caller, &("thaw_at_bedside", &request), move |tx| {
        let order = tx.require::<Order>(command.order.as_str())?;
        let found = one(tx.db(), &command.scan.code)?;
        let (patient, scan) = (command.patient.clone(), command.scan.clone());
        let decided = custody::ThawAtBedside { patient, scan };
        let changes = custody::thaw_at_bedside(&order, &found.unit(), &decided, &tx.context())?;
        tx.record(changes)
    })
}

/// The content of a destruction.
#[must_use]
pub fn shown_destroy(code: &ContainerCode, because: &str) -> Shown {
    Shown::new("Destruction").line("Unit", code.as_str()).line("Because", because.trim())
}

/// Destroys a unit under witness; the caller's reason says why. One that was thawed and not given
/// in time opens a deviation.
///
/// # Errors
/// What `domain::container` refuses; a missing reason.
pub fn unit_destroy(
    app: &App,
    caller: &Caller,
    code: &ContainerCode,
    signature: Signature,
    witness: Signature,
) -> Result<(), Failure> {
    needs_any(caller, &[Capability::HandleContainers, Capability::ReceiveAndAdminister])?;
    let because = caller.needs_reason()?;
    let content = shown_destroy(code, &because).hash()?;
    signature::covers(&signature, &content)?;
    signature::covers(&witness, &content)?;
    let (code, zone) = (code.clone(), app.config.site.zone);
    let request = ("unit_destroy", code.clone(), because.clone());
    app.write(caller, &request, move |tx| {
        let (state, standing) = container::require_with_standing(tx.db(), &code)?;
        let command = Command::Destroy {
            because: because.clone(),
            signature: signature.clone(),
            witness: Some(witness.clone()),
        };
        let mut changes = rules::decide(&state, &command, &standing, &tx.context())?;
        if let Some(give_by) = custody::lapsed(&state, tx.now()) {
            let now = tx.now();
            let number = deviation::next_number(tx.db(), now, 0)?;
            let opened = custody::lapsed_deviation(&state, give_by, &signature.login, zone);
            changes.push(Change::of::<Deviation>(number.as_str(), opened));
        }
        tx.record(changes)
    })
}
