//! Sends a part of a unit out for labelling, takes it back, writes it off (ATMP-46).
//!
//! Neighbours: `domain::custody` decides; the protocol states purpose, share and deadline.
//!
//! Architecture invariant: the unit's expiry is never changed here.

use serde::Serialize;

use super::custody_hand_over::{load, one, units_and};
use super::shown::Shown;
use super::{App, Caller, signature, site};
use crate::domain::actor::{Capability, Signature};
use crate::domain::custody::{self, Scan};
use crate::domain::id::{Login, OrderNumber, PatientCode};
use crate::domain::order::Order;
use crate::domain::quantity::Quantity;
use crate::store::Failure;

/// Let a part of one unit leave.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExcursionOpen {
    /// The order.
    pub order: OrderNumber,
    /// The patient code as read.
    pub patient: PatientCode,
    /// The unit.
    pub scan: Scan,
    /// What leaves, `mL`.
    pub volume: Quantity,
    /// Who takes it.
    pub taken_by: Login,
}

impl ExcursionOpen {
    /// The content that is shown and signed.
    #[must_use]
    pub fn shown(&self, purpose: &str) -> Shown {
        Shown::new("Part leaves for labelling")
            .line("Order", self.order.as_str())
            .line("Patient", self.patient.as_str())
            .line("Unit", self.scan.code.as_str())
            .line("Purpose", purpose)
            .line("Volume out", self.volume.text())
            .line("Taken by", self.taken_by.as_str())
    }
}

/// The content of an excursion, with the protocol's purpose.
///
/// # Errors
/// That the order does not exist.
pub fn shown_open(app: &App, command: &ExcursionOpen) -> Result<Shown, Failure> {
    let order = app.read(|db| load(db, &command.order))?;
    Ok(command.shown(&site::excursion_rule(&app.config.site, &order)?.purpose))
}

/// Whether it would be accepted now, before anything is signed.
///
/// # Errors
/// What [`excursion_open`] would refuse.
pub fn try_open(app: &App, caller: &Caller, command: &ExcursionOpen) -> Result<(), Failure> {
    caller.needs(Capability::ReceiveAndAdminister)?;
    let signature = signature::unsigned(app, caller)?;
    let context = caller.context(app.clock.now());
    app.read(|db| {
        let order = load(db, &command.order)?;
        let rule = site::excursion_rule(&app.config.site, &order)?;
        let found = one(db, &command.scan.code)?;
        let unit = found.unit();
        let decided = command.decided("X".to_owned(), signature.clone());
        custody::open_excursion(&order, rule, &unit, &decided, &context)?;
        Ok(())
    })
}

impl ExcursionOpen {
    fn decided(&self, excursion: String, signature: Signature) -> custody::OpenExcursion {
        custody::OpenExcursion {
            excursion,
            patient: self.patient.clone(),
            scan: self.scan.clone(),
            volume: self.volume,
            taken_by: self.taken_by.clone(),
            signature,
        }
    }
}

/// Lets the part leave; gives the excursion.
///
/// # Errors
/// What `domain::custody` refuses; that the content changed since it was shown.
pub fn excursion_open(
    app: &App,
    caller: &Caller,
    command: ExcursionOpen,
    signature: Signature,
) -> Result<String, Failure> {
    caller.needs(Capability::ReceiveAndAdminister)?;
    let excursion = format!("X-{}", app.clock.new_id());
    let site = app.config.site.clone();
    let request = command.clone();
    app.write(caller, &("excursion_open", &request), move |tx| {
        let order = tx.require::<Order>(command.order.as_str())?;
        let rule = site::excursion_rule(&site, &order)?;
        signature::covers(&signature, &command.shown(&rule.purpose).hash()?)?;
        let found = one(tx.db(), &command.scan.code)?;
        let unit = found.unit();
        let decided = command.decided(excursion.clone(), signature.clone());
        let changes = custody::open_excursion(&order, rule, &unit, &decided, &tx.context())?;
        tx.record(changes)?;
        Ok(excursion.clone())
    })
}

/// Take back what left.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExcursionReturn {
    /// The order.
    pub order: OrderNumber,
    /// The unit it goes back to.
    pub scan: Scan,
    /// Who brings it.
    pub returned_by: Login,
    /// What came back, `mL`.
    pub volume: Quantity,
    /// Activity that came with it, `MBq`.
    pub activity: Option<Quantity>,
}

impl ExcursionReturn {
    /// The content that is shown and signed.
    #[must_use]
    pub fn shown(&self) -> Shown {
        let shown = Shown::new("Part comes back")
            .line("Order", self.order.as_str())
            .line("Unit", self.scan.code.as_str())
            .line("Volume back", self.volume.text())
            .line("Brought by", self.returned_by.as_str());
        match self.activity {
            Some(activity) => shown.line("Activity", activity.text()),
            None => shown,
        }
    }

    fn decided(&self, signature: Signature) -> custody::ReturnExcursion {
        custody::ReturnExcursion {
            scan: self.scan.clone(),
            returned_by: self.returned_by.clone(),
            volume: self.volume,
            activity: self.activity,
            signature,
        }
    }
}

/// Whether it would be accepted now, before anything is signed.
///
/// # Errors
/// What [`excursion_return`] would refuse.
pub fn try_return(app: &App, caller: &Caller, command: &ExcursionReturn) -> Result<(), Failure> {
    caller.needs(Capability::ReceiveAndAdminister)?;
    let signature = signature::unsigned(app, caller)?;
    let context = caller.context(app.clock.now());
    app.read(|db| {
        let order = load(db, &command.order)?;
        let found = one(db, &command.scan.code)?;
        let unit = found.unit();
        let decided = command.decided(signature.clone());
        custody::return_excursion(&order, &unit, &decided, &context)?;
        Ok(())
    })
}

/// Takes the part back.
///
/// # Errors
/// What `domain::custody` refuses; that the content changed since it was shown.
pub fn excursion_return(
    app: &App,
    caller: &Caller,
    command: ExcursionReturn,
    signature: Signature,
) -> Result<(), Failure> {
    caller.needs(Capability::ReceiveAndAdminister)?;
    signature::covers(&signature, &command.shown().hash()?)?;
    let request = command.clone();
    app.write(caller, &("excursion_return", &request), move |tx| {
        let order = tx.require::<Order>(command.order.as_str())?;
        let found = one(tx.db(), &command.scan.code)?;
        let unit = found.unit();
        let decided = command.decided(signature.clone());
        let changes = custody::return_excursion(&order, &unit, &decided, &tx.context())?;
        tx.record(changes)
    })
}

/// The content of a write-off.
#[must_use]
pub fn shown_write_off(order: &OrderNumber, scan: &Scan, because: &str) -> Shown {
    Shown::new("Part does not come back")
        .line("Order", order.as_str())
        .line("Unit", scan.code.as_str())
        .line("Because", because.trim())
}

/// Writes the part off; the caller's reason says why.
///
/// # Errors
/// What `domain::custody` refuses; a missing reason.
pub fn excursion_write_off(
    app: &App,
    caller: &Caller,
    order: &OrderNumber,
    scan: &Scan,
    signature: Signature,
) -> Result<(), Failure> {
    caller.needs(Capability::ReceiveAndAdminister)?;
    let because = caller.needs_reason()?;
    signature::covers(&signature, &shown_write_off(order, scan, &because).hash()?)?;
    let (order, scan) = (order.clone(), scan.clone());
    let request = ("excursion_write_off", order.clone(), scan.clone(), because);
    app.write(caller, &request, move |tx| {
        let units = units_and(tx.db(), &order, std::slice::from_ref(&scan))?;
        let units = units.borrowed();
        let unit = units.iter().find(|unit| unit.container.code == scan.code.as_str());
        let Some(unit) = unit else {
            return Err(Failure::not_found(format!("There is no container {}.", scan.code)));
        };
        let changes = custody::write_off_excursion(unit, &signature, &tx.context())?;
        tx.record(changes)
    })
}
