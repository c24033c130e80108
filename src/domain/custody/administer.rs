//! Administration: patient and syringe are both scanned, and both are of the order (ATMP-21).

use super::{Refusal, Scan, Unit, not_over, patient_matches, scanned_units};
use crate::domain::actor::Signature;
use crate::domain::container;
use crate::domain::id::{Name, PatientCode};
use crate::domain::order::Order;
use crate::domain::quantity::Quantity;
use crate::domain::time::Instant;
use crate::domain::{Change, Context};

/// Give one unit to the patient.
#[derive(Debug, Clone, PartialEq)]
pub struct Administer {
    /// The patient code as scanned at the patient.
    pub patient: PatientCode,
    /// The syringe as scanned.
    pub scan: Scan,
    /// The site it is given into.
    pub target: Name,
    /// What was given, `mL`.
    pub volume: Quantity,
    /// What happened to the rest, if less was given than is there.
    pub rest: Option<String>,
    /// When it was given; not in the future.
    pub given_at: Instant,
    /// Signature of who gave it.
    pub signature: Signature,
}

/// Whether the scanned syringe may be given to the scanned patient into the site now; what the
/// page shows before anything is signed. [`administer`] asks the same again.
///
/// # Errors
/// See [`Refusal`].
pub fn administration_fits(
    order: &Order,
    unit: &Unit<'_>,
    patient: &PatientCode,
    scan: &Scan,
    target: &Name,
    context: &Context,
) -> Result<(), Refusal> {
    not_over(order)?;
    patient_matches(order, patient)?;
    scanned_units(order, std::slice::from_ref(unit), std::slice::from_ref(scan))?;
    unit.not_expired(context.now)?;
    unit.released()?;
    if unit.is_live() && unit.container.received_at.is_none() {
        return Err(Refusal::NotReceived { code: unit.container.code.clone() });
    }
    let asked = unit.container.target.as_ref();
    if asked != Some(target) {
        let meant_for = asked.map_or_else(|| "no site".to_owned(), ToString::to_string);
        let (code, asked) = (unit.container.code.clone(), target.to_string());
        return Err(container::Refusal::WrongTarget { code, meant_for, asked }.into());
    }
    Ok(())
}

/// Gives one unit: the patient code and the syringe match the order, the site is the one on the
/// label, it is released and in date, received by a hand-over, held by who gives it, and no part
/// of it is away.
///
/// # Errors
/// See [`Refusal`].
pub fn administer(
    order: &Order,
    unit: &Unit<'_>,
    command: &Administer,
    context: &Context,
) -> Result<Vec<Change>, Refusal> {
    let Administer { patient, scan, target, .. } = command;
    administration_fits(order, unit, patient, scan, target, context)?;
    let before = unit.container.received_at.is_some_and(|received| command.given_at < received);
    if command.given_at > context.now || before {
        return Err(Refusal::GivenAtImpossible);
    }
    super::bedside::in_time(order, unit, command.given_at)?;
    if let Some(there) = unit.container.volume_now() {
        let explained = command.rest.as_deref().is_some_and(|rest| !rest.trim().is_empty());
        if command.volume.compare(there)?.is_lt() && !explained {
            let (given, there) = (command.volume.text(), there.text());
            return Err(Refusal::RestUnexplained { given, there });
        }
    }
    let each = container::Command::Administer {
        order: order.number.clone(),
        target: command.target.clone(),
        volume: command.volume,
        given_at: command.given_at,
        signature: command.signature.clone(),
    };
    Ok(container::decide(unit.container, &each, unit.standing, context)?)
}
