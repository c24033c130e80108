//! Excursion: a part of the injectate leaves for labelling and comes back (ATMP-46).

use super::{Refusal, Scan, Unit, not_over, patient_matches, scanned_units};
use crate::domain::actor::Signature;
use crate::domain::container::{self, Container};
use crate::domain::id::{Login, PatientCode};
use crate::domain::order::Order;
use crate::domain::protocol::ExcursionRule;
use crate::domain::quantity::{Quantity, QuantityError, Rounding, Unit as Measure};
use crate::domain::time::Instant;
use crate::domain::{Change, Context};
use rust_decimal::Decimal;

/// Let a part of one unit leave.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenExcursion {
    /// Identity of the excursion.
    pub excursion: String,
    /// The patient code as read (ATMP-21).
    pub patient: PatientCode,
    /// The unit it is taken from.
    pub scan: Scan,
    /// What leaves, `mL`.
    pub volume: Quantity,
    /// Who takes it.
    pub taken_by: Login,
    /// Signature of who gives it out.
    pub signature: Signature,
}

/// Take back what left.
#[derive(Debug, Clone, PartialEq)]
pub struct ReturnExcursion {
    /// The unit it goes back to.
    pub scan: Scan,
    /// Who brings it back.
    pub returned_by: Login,
    /// What came back, `mL`.
    pub volume: Quantity,
    /// Activity that came with it, `MBq`.
    pub activity: Option<Quantity>,
    /// Signature of who takes it back.
    pub signature: Signature,
}

/// When a part that leaves now must be back: within the protocol's deadline, and never after the
/// product expires; its clock keeps running.
pub fn excursion_due(rule: &ExcursionRule, container: &Container, now: Instant) -> Instant {
    let deadline = now.plus(rule.deadline);
    container.expires_at.map_or(deadline, |expires| expires.min(deadline))
}

/// The share as published, as a volume of what is there, to 0.01 ml.
///
/// # Errors
/// When the volume is unknown or cannot be computed.
pub fn proposed_share(
    rule: &ExcursionRule,
    container: &Container,
) -> Result<Quantity, QuantityError> {
    let there = container.volume_now().unwrap_or(Quantity::zero(Measure::Millilitre));
    let share = rule.share.value();
    Ok(there.times(share)?.times(Decimal::new(1, 2))?.rounded(2, Rounding::HalfUp))
}

/// Lets a part of one unit leave: released, not expired, held by who gives it out, at most the
/// protocol's share, taken by a second person.
///
/// # Errors
/// See [`Refusal`].
pub fn open_excursion(
    order: &Order,
    rule: &ExcursionRule,
    unit: &Unit<'_>,
    command: &OpenExcursion,
    context: &Context,
) -> Result<Vec<Change>, Refusal> {
    not_over(order)?;
    patient_matches(order, &command.patient)?;
    scanned_units(order, std::slice::from_ref(unit), std::slice::from_ref(&command.scan))?;
    unit.not_expired(context.now)?;
    unit.released()?;
    if command.taken_by == command.signature.login {
        return Err(Refusal::TakerIsGiver(command.taken_by.to_string()));
    }
    if let Some(there) = unit.container.volume_now().filter(|there| !there.is_zero()) {
        let share = command.volume.percent_of(there)?;
        if share.compare(rule.share_max)?.is_gt() {
            return Err(Refusal::ShareTooLarge {
                asked: command.volume.text(),
                whole: there.text(),
                share: share.rounded(1, Rounding::HalfUp).text(),
                most: rule.share_max.text(),
                proposed: proposed_share(rule, unit.container)?.text(),
            });
        }
    }
    let each = container::Command::OpenExcursion {
        excursion: command.excursion.clone(),
        purpose: format!("{} by {}", rule.purpose, rule.instruction),
        volume: command.volume,
        taken_by: command.taken_by.clone(),
        due_at: excursion_due(rule, unit.container, context.now),
        signature: command.signature.clone(),
    };
    Ok(container::decide(unit.container, &each, unit.standing, context)?)
}

/// Takes back what left: in time, not more than left, brought by who took it.
///
/// # Errors
/// See [`Refusal`].
pub fn return_excursion(
    order: &Order,
    unit: &Unit<'_>,
    command: &ReturnExcursion,
    context: &Context,
) -> Result<Vec<Change>, Refusal> {
    scanned_units(order, std::slice::from_ref(unit), std::slice::from_ref(&command.scan))?;
    let code = || unit.container.code.clone();
    let Some(open) = &unit.container.excursion else {
        return Err(Refusal::NotAway { code: code() });
    };
    if open.taken_by != command.returned_by {
        return Err(Refusal::NotTheTaker {
            code: code(),
            taken_by: open.taken_by.to_string(),
            returned_by: command.returned_by.to_string(),
        });
    }
    if command.signature.login == command.returned_by {
        return Err(Refusal::TakerIsGiver(command.returned_by.to_string()));
    }
    let impossible =
        |activity: &Quantity| activity.unit() != Measure::Megabecquerel || activity.is_negative();
    if command.activity.as_ref().is_some_and(impossible) {
        return Err(Refusal::ActivityImpossible);
    }
    let each = container::Command::ReturnExcursion {
        excursion: open.excursion.clone(),
        volume: command.volume,
        activity: command.activity,
        signature: command.signature.clone(),
    };
    Ok(container::decide(unit.container, &each, unit.standing, context)?)
}

/// Declares that what left does not come back; the rest of the unit may still be given.
///
/// # Errors
/// See [`Refusal`].
pub fn write_off_excursion(
    unit: &Unit<'_>,
    signature: &Signature,
    context: &Context,
) -> Result<Vec<Change>, Refusal> {
    let Some(open) = &unit.container.excursion else {
        return Err(Refusal::NotAway { code: unit.container.code.clone() });
    };
    let each = container::Command::WriteOffExcursion {
        excursion: open.excursion.clone(),
        signature: signature.clone(),
    };
    Ok(container::decide(unit.container, &each, unit.standing, context)?)
}
