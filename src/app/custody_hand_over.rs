//! Hands the units of an order over, receives them, gives them back.
//!
//! Neighbours: `domain::custody` decides; `custody_excursion` and `custody_administer` go on.
//!
//! Architecture invariant: every unit is loaded with its standing in the transaction that moves it.

use serde::Serialize;

use super::order_change::needs_any;
use super::shown::Shown;
use super::{App, Caller, signature};
use crate::db::Db;
use crate::domain::actor::{Capability, Signature};
use crate::domain::container::{Container, Custodian};
use crate::domain::custody::{self, Condition, Scan, Unit};
use crate::domain::genealogy::Standing;
use crate::domain::id::{ContainerCode, Login, OrderNumber, PatientCode};
use crate::domain::lineage::Origin;
use crate::domain::order::Order;
use crate::store::{Failure, container, donor, order as table, user};

/// Units with their standings and the donors of each, owned.
#[derive(Debug, Clone, Default)]
pub struct Units(pub Vec<(Container, Standing)>, Vec<Vec<Origin>>);

impl Units {
    /// As the rules take them.
    #[must_use]
    pub fn borrowed(&self) -> Vec<Unit<'_>> {
        let each = self.0.iter().zip(&self.1);
        each.map(|((container, standing), origins)| Unit { container, standing, origins }).collect()
    }

    fn push(
        &mut self,
        db: &mut Db,
        (container, standing): (Container, Standing),
    ) -> Result<(), Failure> {
        self.1.push(donor::origins_of(db, &container)?);
        self.0.push((container, standing));
        Ok(())
    }
}

/// Every unit meant for the patient of an order.
///
/// # Errors
/// When the database fails.
pub fn units(db: &mut Db, number: &OrderNumber) -> Result<Units, Failure> {
    let mut all = Units::default();
    for container in table::units(db, number)? {
        let standing = container::standing_of(db, &container)?;
        all.push(db, (container, standing))?;
    }
    Ok(all)
}

/// The outer packs of an order, and every unit meant for its patient.
///
/// # Errors
/// When the database fails.
pub fn units_and_packs(db: &mut Db, number: &OrderNumber) -> Result<Units, Failure> {
    let mut all = Units::default();
    let packs = table::packs(db, number)?;
    for container in packs.into_iter().chain(table::units(db, number)?) {
        let standing = container::standing_of(db, &container)?;
        all.push(db, (container, standing))?;
    }
    Ok(all)
}

/// The units and whatever else was scanned, so that a foreign syringe is named and not unknown.
pub(super) fn units_and(
    db: &mut Db,
    number: &OrderNumber,
    scans: &[Scan],
) -> Result<Units, Failure> {
    let mut all = units_and_packs(db, number)?;
    for scan in scans {
        if !all.0.iter().any(|(container, _)| container.code == scan.code.as_str()) {
            let found = container::require_with_standing(db, &scan.code)?;
            all.push(db, found)?;
        }
    }
    Ok(all)
}

/// One unit as scanned, owned.
pub(super) struct OneUnit(Container, Standing, Vec<Origin>);

impl OneUnit {
    /// As the rules take it.
    pub(super) fn unit(&self) -> Unit<'_> {
        Unit { container: &self.0, standing: &self.1, origins: &self.2 }
    }
}

/// The unit of a code.
///
/// # Errors
/// A `NotFound` refusal when there is none.
pub(super) fn one(db: &mut Db, code: &ContainerCode) -> Result<OneUnit, Failure> {
    let (container, standing) = container::require_with_standing(db, code)?;
    let origins = donor::origins_of(db, &container)?;
    Ok(OneUnit(container, standing, origins))
}

fn codes(scans: &[Scan]) -> String {
    let mut codes: Vec<&str> = scans.iter().map(|scan| scan.code.as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    codes.join(", ")
}

/// Hand every live unit of an order over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HandOver {
    /// The order.
    pub order: OrderNumber,
    /// The patient code as read.
    pub patient: PatientCode,
    /// What was scanned.
    pub scans: Vec<Scan>,
    /// Who is to take them.
    pub to: Login,
    /// Where to.
    pub destination: String,
    /// In what condition.
    pub condition: Condition,
}

impl HandOver {
    /// The content that is shown and signed.
    ///
    /// # Errors
    /// When the condition is incomplete.
    pub fn shown(&self) -> Result<Shown, Failure> {
        Ok(Shown::new("Hand-over")
            .line("Order", self.order.as_str())
            .line("Patient", self.patient.as_str())
            .line("Scanned units", codes(&self.scans))
            .line("To", self.to.as_str())
            .line("Destination", self.destination.trim())
            .line("Condition", self.condition.text()?))
    }
}

/// Whether the hand-over would be accepted now, before anything is signed.
///
/// # Errors
/// What [`hand_over`] would refuse.
pub fn try_hand_over(app: &App, caller: &Caller, command: &HandOver) -> Result<(), Failure> {
    needs_any(caller, &[Capability::HandOver, Capability::ReceiveAndAdminister])?;
    let signature = signature::unsigned(app, caller)?;
    let context = caller.context(app.clock.now());
    app.read(|db| {
        receiver(db, &command.to)?;
        let order = load(db, &command.order)?;
        let units = units_and(db, &command.order, &command.scans)?;
        let decided = command.decided("T".to_owned(), signature.clone());
        custody::hand_over(&order, &units.borrowed(), &decided, &context)?;
        Ok(())
    })
}

impl HandOver {
    fn decided(&self, transfer: String, signature: Signature) -> custody::HandOver {
        custody::HandOver {
            transfer,
            patient: self.patient.clone(),
            scans: self.scans.clone(),
            to: self.to.clone(),
            destination: self.destination.clone(),
            condition: self.condition.clone(),
            signature,
        }
    }
}

/// Hands over; gives the transfer.
///
/// # Errors
/// What `domain::custody` refuses; that the content changed since it was shown.
pub fn hand_over(
    app: &App,
    caller: &Caller,
    command: HandOver,
    signature: Signature,
) -> Result<String, Failure> {
    needs_any(caller, &[Capability::HandOver, Capability::ReceiveAndAdminister])?;
    signature::covers(&signature, &command.shown()?.hash()?)?;
    let transfer = format!("T-{}", app.clock.new_id());
    let request = command.clone();
    app.write(caller, &("hand_over", &request), move |tx| {
        receiver(tx.db(), &command.to)?;
        let order = tx.require::<Order>(command.order.as_str())?;
        let units = units_and(tx.db(), &command.order, &command.scans)?;
        let decided = command.decided(transfer.clone(), signature.clone());
        let changes = custody::hand_over(&order, &units.borrowed(), &decided, &tx.context())?;
        tx.record(changes)?;
        Ok(transfer.clone())
    })
}

/// The receiver is a person who may receive.
fn receiver(db: &mut Db, login: &Login) -> Result<(), Failure> {
    let may = [Capability::HandOver, Capability::ReceiveAndAdminister];
    let person = user::find(db, login.as_str())?;
    let fits = |person: &user::Person| {
        person.roles.iter().any(|role| may.iter().any(|&one| role.may(one)))
    };
    if person.as_ref().is_some_and(fits) {
        return Ok(());
    }
    Err(Failure::refused(
        "receiver_unknown ATMP-48",
        crate::domain::RefusalKind::Conflict,
        format!("{login} is nobody who may receive product. Choose a person from the list."),
    ))
}

pub(super) fn load(db: &mut Db, number: &OrderNumber) -> Result<Order, Failure> {
    crate::store::ledger::load::<Order>(db, number.as_str())?
        .ok_or_else(|| Failure::not_found(format!("There is no order {number}.")))
}

/// Receive every unit of a transfer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Receive {
    /// The order.
    pub order: OrderNumber,
    /// The transfer.
    pub transfer: String,
    /// The patient code as read.
    pub patient: PatientCode,
    /// What was scanned.
    pub scans: Vec<Scan>,
    /// In what condition they came.
    pub condition: Condition,
}

impl Receive {
    /// The content that is shown and signed.
    ///
    /// # Errors
    /// When the condition is incomplete.
    pub fn shown(&self) -> Result<Shown, Failure> {
        Ok(Shown::new("Receipt")
            .line("Order", self.order.as_str())
            .line("Patient", self.patient.as_str())
            .line("Scanned units", codes(&self.scans))
            .line("Condition", self.condition.text()?))
    }

    fn decided(&self, signature: Signature) -> custody::Receive {
        custody::Receive {
            transfer: self.transfer.clone(),
            patient: self.patient.clone(),
            scans: self.scans.clone(),
            condition: self.condition.clone(),
            signature,
        }
    }
}

/// Whether the receipt would be accepted now, before anything is signed.
///
/// # Errors
/// What [`receive`] would refuse.
pub fn try_receive(app: &App, caller: &Caller, command: &Receive) -> Result<(), Failure> {
    needs_any(caller, &[Capability::HandOver, Capability::ReceiveAndAdminister])?;
    let signature = signature::unsigned(app, caller)?;
    let context = caller.context(app.clock.now());
    app.read(|db| {
        let order = load(db, &command.order)?;
        let units = units_and(db, &command.order, &command.scans)?;
        let decided = command.decided(signature.clone());
        custody::receive(&order, &units.borrowed(), &decided, &context)?;
        Ok(())
    })
}

/// Receives.
///
/// # Errors
/// What `domain::custody` refuses; that the content changed since it was shown.
pub fn receive(
    app: &App,
    caller: &Caller,
    command: Receive,
    signature: Signature,
) -> Result<(), Failure> {
    needs_any(caller, &[Capability::HandOver, Capability::ReceiveAndAdminister])?;
    signature::covers(&signature, &command.shown()?.hash()?)?;
    let request = command.clone();
    app.write(caller, &("receive", &request), move |tx| {
        let order = tx.require::<Order>(command.order.as_str())?;
        let units = units_and(tx.db(), &command.order, &command.scans)?;
        let decided = command.decided(signature.clone());
        let changes = custody::receive(&order, &units.borrowed(), &decided, &tx.context())?;
        tx.record(changes)
    })
}

/// Give units back to the manufacturer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReturnUnits {
    /// The order.
    pub order: OrderNumber,
    /// What was scanned.
    pub scans: Vec<Scan>,
    /// Who is to take them.
    pub to: Login,
    /// Why.
    pub because: String,
    /// In what condition.
    pub condition: Condition,
}

impl ReturnUnits {
    /// The content that is shown and signed.
    ///
    /// # Errors
    /// When the condition is incomplete.
    pub fn shown(&self) -> Result<Shown, Failure> {
        Ok(Shown::new("Return to the manufacturer")
            .line("Order", self.order.as_str())
            .line("Scanned units", codes(&self.scans))
            .line("To", self.to.as_str())
            .line("Because", self.because.trim())
            .line("Condition", self.condition.text()?))
    }
}

/// Gives units back; they are on hold from then on.
///
/// # Errors
/// What `domain::custody` refuses; that the content changed since it was shown.
pub fn return_units(
    app: &App,
    caller: &Caller,
    command: ReturnUnits,
    signature: Signature,
) -> Result<String, Failure> {
    caller.needs(Capability::ReceiveAndAdminister)?;
    signature::covers(&signature, &command.shown()?.hash()?)?;
    let transfer = format!("T-{}", app.clock.new_id());
    let request = command.clone();
    app.write(caller, &("return_units", &request), move |tx| {
        receiver(tx.db(), &command.to)?;
        let order = tx.require::<Order>(command.order.as_str())?;
        let units = units_and(tx.db(), &command.order, &command.scans)?;
        let decided = custody::ReturnUnits {
            transfer: transfer.clone(),
            scans: command.scans.clone(),
            to: command.to.clone(),
            because: command.because.clone(),
            condition: command.condition.clone(),
            signature: signature.clone(),
        };
        let changes = custody::return_units(&order, &units.borrowed(), &decided, &tx.context())?;
        tx.record(changes)?;
        Ok(transfer.clone())
    })
}

/// The units of an order that a person holds now.
#[must_use]
pub fn held_by<'a>(units: &'a Units, login: &Login) -> Vec<&'a (Container, Standing)> {
    let held = |container: &Container| match &container.custodian {
        Custodian::Person { login: holder } => holder == login,
        _ => false,
    };
    units.0.iter().filter(|(container, _)| held(container)).collect()
}

/// What a scanner read: a label with its serial, or a code that was typed.
///
/// # Errors
/// An `Invalid` refusal that says what was read.
pub fn scan(text: &str) -> Result<Scan, Failure> {
    if let Ok(label) = crate::codes::container::LabelCode::parse(text) {
        let (code, serial) = (label.container().clone(), u32::from(label.serial().number()));
        return Ok(Scan { code, serial: Some(serial) });
    }
    let typed =
        crate::codes::container::read(text.trim()).or_else(|_| ContainerCode::parse(text.trim()));
    typed.map(|code| Scan { code, serial: None }).map_err(|_| {
        Failure::refused(
            "not_a_container_code",
            crate::domain::RefusalKind::Invalid,
            format!(
                "'{}' is not the code of a container. Scan the label again.",
                text.chars().take(40).collect::<String>()
            ),
        )
    })
}
