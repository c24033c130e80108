//! Thaw at the bedside: a frozen unit is thawed at the patient and given within a time.
//!
//! The clock starts with the scan that puts the unit into the bath. A unit that is not given in
//! time is destroyed, and its destruction opens a deviation.
//!
//! Neighbours: `administer` refuses what is not thawed or came too late; the protocol states the
//! time and the temperature.
//!
//! Architecture invariant: a clock that was started never stops, and nothing is frozen again.

use super::{Refusal, Scan, Unit, not_over, patient_matches, scanned_units};
use crate::domain::container::{self, Container, Fate};
use crate::domain::deviation::{self, Class, Origin, Subject};
use crate::domain::id::{ContainerCode, Login, PatientCode};
use crate::domain::order::Order;
use crate::domain::time::{Instant, Zone};
use crate::domain::{Change, Context};

/// Put one unit to thaw at the patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThawAtBedside {
    /// The patient code as scanned at the patient.
    pub patient: PatientCode,
    /// The unit as scanned.
    pub scan: Scan,
}

/// Starts the thaw of one unit: patient and unit match the order, it is released, in date,
/// received, and in the hands of who starts it.
///
/// # Errors
/// See [`Refusal`].
pub fn thaw_at_bedside(
    order: &Order,
    unit: &Unit<'_>,
    command: &ThawAtBedside,
    context: &Context,
) -> Result<Vec<Change>, Refusal> {
    not_over(order)?;
    patient_matches(order, &command.patient)?;
    scanned_units(order, std::slice::from_ref(unit), std::slice::from_ref(&command.scan))?;
    let Some(bedside) = &order.protocol.bedside else {
        return Err(Refusal::NothingToThaw { order: order.number.to_string() });
    };
    unit.not_expired(context.now)?;
    unit.released()?;
    if unit.is_live() && unit.container.received_at.is_none() {
        return Err(Refusal::NotReceived { code: unit.container.code.clone() });
    }
    let each = container::Command::ThawAtBedside {
        order: order.number.clone(),
        bath: bedside.bath,
        give_by: context.now.plus(bedside.within),
    };
    Ok(container::decide(unit.container, &each, unit.standing, context)?)
}

/// The unit is thawed, where the protocol thaws at the bedside, and its time is not over.
pub(super) fn in_time(order: &Order, unit: &Unit<'_>, given_at: Instant) -> Result<(), Refusal> {
    let Some(bedside) = &order.protocol.bedside else { return Ok(()) };
    let code = || unit.container.code.clone();
    let thaw = unit.container.thawed.as_ref();
    let Some((thaw, give_by)) = thaw.and_then(|thaw| thaw.give_by.map(|by| (thaw, by))) else {
        return Err(Refusal::NotThawed { code: code(), within: bedside.within });
    };
    if given_at < thaw.at {
        return Err(Refusal::GivenBeforeThaw { code: code(), thawed_at: thaw.at });
    }
    if given_at > give_by {
        let within = bedside.within;
        return Err(Refusal::GivenTooLate { code: code(), give_by, within });
    }
    Ok(())
}

/// When the time of a unit that was thawed at the bedside was over, if it is over and the unit was
/// not given.
pub fn lapsed(container: &Container, now: Instant) -> Option<Instant> {
    let give_by = container.thawed.as_ref().and_then(|thaw| thaw.give_by);
    give_by.filter(|by| container.fate == Fate::Live && *by < now)
}

/// The deviation that the destruction of such a unit opens.
pub fn lapsed_deviation(
    container: &Container,
    give_by: Instant,
    performer: &Login,
    zone: Zone,
) -> deviation::Event {
    let order = container.order.as_ref().map(|order| format!(" of {order}")).unwrap_or_default();
    deviation::Event::Opened {
        class: Class::Major,
        title: format!("Unit {} was thawed and not given in time", container.code),
        description: format!(
            "Unit {}{order} was put to thaw at the bedside and not given by {}; it is destroyed.",
            container.code,
            give_by.full_text(zone)
        ),
        origin: Origin::Timer,
        subject: Subject {
            container: ContainerCode::parse(&container.code).ok(),
            batch: container.batch.clone(),
            order: container.order.clone(),
            ..Subject::default()
        },
        performer: Some(performer.clone()),
    }
}
