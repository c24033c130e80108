//! Hand-over: two persons, two scans (ATMP-48).

use super::pack::{packs_fit, unpacked};
use super::{Refusal, Scan, Unit, all_scanned, for_each, not_over, patient_matches, scanned_units};
use crate::domain::actor::Signature;
use crate::domain::container::{self, Container, Custodian};
use crate::domain::disposition::Disposition;
use crate::domain::id::{Login, PatientCode};
use crate::domain::order::Order;
use crate::domain::quantity::{Quantity, Unit as Measure};
use crate::domain::{Change, Context};
use serde::{Deserialize, Serialize};

/// What the logger in the box recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemperatureRecord {
    /// The logger's number.
    pub logger: String,
    /// Lowest temperature, `Cel`.
    pub lowest: Quantity,
    /// Highest temperature, `Cel`.
    pub highest: Quantity,
    /// Minutes outside the stated range.
    pub minutes_outside: u32,
}

/// In what condition the units were handed over or received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// In words: box, seals, appearance.
    pub words: String,
    /// The logger's record, where one travelled along.
    pub temperature: Option<TemperatureRecord>,
}

impl Condition {
    /// The condition in one line, as the event keeps it.
    ///
    /// # Errors
    /// When the words are missing or the record contradicts itself.
    pub fn text(&self) -> Result<String, Refusal> {
        let words = self.words.trim();
        if words.is_empty() {
            return Err(Refusal::Missing("the condition"));
        }
        let Some(record) = &self.temperature else {
            return Ok(words.to_owned());
        };
        if record.logger.trim().is_empty() {
            return Err(Refusal::Missing("the number of the temperature logger"));
        }
        if record.lowest.unit() != Measure::Celsius || record.highest.unit() != Measure::Celsius {
            return Err(Refusal::TemperatureImpossible("it is not in °C"));
        }
        if record.lowest.compare(record.highest)?.is_gt() {
            return Err(Refusal::TemperatureImpossible("the lowest is above the highest"));
        }
        Ok(format!(
            "{words}; logger {}: {} to {}, {} min outside the range",
            record.logger.trim(),
            record.lowest.text(),
            record.highest.text(),
            record.minutes_outside
        ))
    }

    fn out_of_range(&self) -> bool {
        self.temperature.as_ref().is_some_and(|record| record.minutes_outside > 0)
    }
}

/// Hand every live unit of an order over to another person.
#[derive(Debug, Clone, PartialEq)]
pub struct HandOver {
    /// Identity of the transfer.
    pub transfer: String,
    /// The patient code as read from the order's form (ATMP-21).
    pub patient: PatientCode,
    /// What was scanned.
    pub scans: Vec<Scan>,
    /// Who is to take them.
    pub to: Login,
    /// Where to.
    pub destination: String,
    /// In what condition.
    pub condition: Condition,
    /// The giver's signature.
    pub signature: Signature,
}

/// Hands every live unit of the order over. All of them are scanned, each with its valid label,
/// none expired, all released at least initially.
///
/// # Errors
/// See [`Refusal`].
pub fn hand_over(
    order: &Order,
    units: &[Unit<'_>],
    command: &HandOver,
    context: &Context,
) -> Result<Vec<Change>, Refusal> {
    not_over(order)?;
    patient_matches(order, &command.patient)?;
    let destination = command.destination.trim();
    if destination.is_empty() {
        return Err(Refusal::Missing("the destination"));
    }
    let scanned = scanned_units(order, units, &command.scans)?;
    let live: Vec<&Unit<'_>> = units.iter().filter(|unit| unit.is_live()).collect();
    if live.is_empty() {
        return Err(Refusal::NoUnit { order: order.number.to_string(), act: "hand over" });
    }
    all_scanned(&live, &scanned)?;
    packs_fit(&live)?;
    for (unit, _) in &scanned {
        unit.not_expired(context.now)?;
        unit.released()?;
    }
    let each = container::Command::HandOver {
        transfer: command.transfer.clone(),
        to: command.to.clone(),
        destination: destination.to_owned(),
        condition: command.condition.text()?,
        accepts: Disposition::ConditionallyReleased,
        signature: command.signature.clone(),
    };
    for_each(&scanned, &each, context)
}

/// Receive every unit of a transfer.
#[derive(Debug, Clone, PartialEq)]
pub struct Receive {
    /// The transfer.
    pub transfer: String,
    /// The patient code as read from the order's form (ATMP-21).
    pub patient: PatientCode,
    /// What was scanned.
    pub scans: Vec<Scan>,
    /// In what condition they came.
    pub condition: Condition,
    /// The receiver's signature.
    pub signature: Signature,
}

/// Receives every unit of the transfer; the receiver is the person it was meant for and scans each
/// unit, so that an outer pack has been opened then. Minutes outside the temperature range put the
/// units on hold until a decision.
///
/// # Errors
/// See [`Refusal`].
pub fn receive(
    order: &Order,
    units: &[Unit<'_>],
    command: &Receive,
    context: &Context,
) -> Result<Vec<Change>, Refusal> {
    patient_matches(order, &command.patient)?;
    let here = |unit: &&Unit<'_>| {
        matches!(&unit.container.custodian,
            Custodian::Transfer { transfer } if *transfer == command.transfer)
    };
    let travelling: Vec<&Unit<'_>> = units.iter().filter(here).collect();
    if travelling.is_empty() {
        let (order, transfer) = (order.number.to_string(), command.transfer.clone());
        return Err(Refusal::NotThisTransfer { order, transfer });
    }
    let scanned = scanned_units(order, units, &command.scans)?;
    all_scanned(&travelling, &scanned)?;
    let each = container::Command::Receive {
        transfer: command.transfer.clone(),
        condition: command.condition.text()?,
        signature: command.signature.clone(),
    };
    let mut changes = for_each(&scanned, &each, context)?;
    if command.condition.out_of_range() {
        changes.extend(held(&scanned, "temperature outside the range in transport (ATMP-48)"));
    }
    changes.extend(unpacked(&scanned));
    Ok(changes)
}

/// Give units back to the manufacturer.
#[derive(Debug, Clone, PartialEq)]
pub struct ReturnUnits {
    /// Identity of the transfer.
    pub transfer: String,
    /// What was scanned; the units that go back.
    pub scans: Vec<Scan>,
    /// Who is to take them.
    pub to: Login,
    /// Why they go back.
    pub because: String,
    /// In what condition.
    pub condition: Condition,
    /// The giver's signature.
    pub signature: Signature,
}

/// Gives units back. Returned product is on hold from then on (ATMP-39).
///
/// # Errors
/// See [`Refusal`].
pub fn return_units(
    order: &Order,
    units: &[Unit<'_>],
    command: &ReturnUnits,
    context: &Context,
) -> Result<Vec<Change>, Refusal> {
    let because = command.because.trim();
    if because.is_empty() {
        return Err(Refusal::Missing("the reason"));
    }
    let scanned = scanned_units(order, units, &command.scans)?;
    if scanned.is_empty() {
        return Err(Refusal::NoUnit { order: order.number.to_string(), act: "return" });
    }
    let each = container::Command::HandOver {
        transfer: command.transfer.clone(),
        to: command.to.clone(),
        destination: format!("returned to the manufacturer: {because}"),
        condition: command.condition.text()?,
        accepts: Disposition::Rejected,
        signature: command.signature.clone(),
    };
    let mut changes = for_each(&scanned, &each, context)?;
    changes.extend(held(&scanned, "returned from the clinic (ATMP-39)"));
    Ok(changes)
}

/// Tightening a disposition needs no signature; what is stricter already stays.
fn held(units: &[(&Unit<'_>, Scan)], because: &str) -> Vec<Change> {
    units
        .iter()
        .filter(|(unit, _)| unit.container.disposition < Disposition::OnHold)
        .map(|(unit, _)| {
            let (to, because) = (Disposition::OnHold, because.to_owned());
            let event = container::Event::DispositionDecided { to, because, signature: None };
            Change::of::<Container>(&unit.container.code, event)
        })
        .collect()
}
