//! The rules of an order.

use super::command::{
    Allocate, Cancel, Close, Confirm, Place, Placement, Schedule, VialEnd, VialFacts,
};
use super::event::{Event, OrderedProtocol};
use super::refusal::Refusal;
use super::state::Order;
use crate::domain::actor::Signature;
use crate::domain::container::{self, Container, Custodian, Fate};
use crate::domain::disposition::Disposition;
use crate::domain::id::{BatchNumber, Name};
use crate::domain::lineage;
use crate::domain::protocol::{Aliquots, Asked, DosePlan, DoseUnit, Enrolled};
use crate::domain::quantity::Quantity;
use crate::domain::schedule::{Obstacle, Slot};
use crate::domain::{Change, Context};

/// Places an order: every criterion answered and met, the dose within the protocol, the day
/// feasible, no other open order of the patient.
///
/// # Errors
/// See [`Refusal`].
pub fn place(command: &Place, facts: &Placement<'_>) -> Result<Vec<Change>, Refusal> {
    let protocol = facts.protocol;
    if command.indication.trim().is_empty() {
        return Err(Refusal::NoIndication);
    }
    if let Some(order) = facts.open_order {
        let (patient, order) = (command.patient.to_string(), order.clone());
        return Err(Refusal::PatientHasOrder { patient, order });
    }
    for criterion in &protocol.eligibility {
        match command.answer(&criterion.name) {
            None => return Err(Refusal::CriterionNotAnswered(criterion.text.clone())),
            Some(holds) if holds != criterion.kind.wanted() => {
                return Err(Refusal::NotEligible {
                    kind: criterion.kind.word(),
                    text: criterion.text.clone(),
                    answer: if holds { "yes" } else { "no" },
                });
            }
            Some(_) => {}
        }
    }
    let plan = DosePlan::compute(protocol, &command.dose, facts.now)?;
    let enrolled = admitted(command, facts, &plan)?;
    let wished = feasible(facts.slot)?;
    let event = Event::Placed {
        patient: command.patient.clone(),
        coi: facts.coi.clone(),
        protocol: OrderedProtocol {
            id: protocol.id.clone(),
            version: protocol.version,
            text_hash: facts.protocol_hash.clone(),
            title: protocol.title.clone(),
            material: protocol.product.material.clone(),
            bank_material: protocol.product.bank_material.clone(),
            aliquots: protocol.product.aliquots.for_units(count(plan.planned.len())),
            one_per_unit: protocol.product.aliquots == Aliquots::PerUnit,
            unit: protocol.product.unit,
            donor: protocol.product.donor,
            bedside: protocol.bedside.clone(),
            master_record: protocol.product.master_record.clone(),
        },
        indication: command.indication.trim().to_owned(),
        answers: command.checklist(protocol),
        enrolled: enrolled.map(Box::new),
        asked: command.dose.clone(),
        units: plan.units(),
        sizes: plan.planned.iter().map(|planned| planned.size).collect(),
        dose_cells: plan.dose_cells,
        dose_volume: plan.dose_volume,
        make_cells: plan.make_cells,
        make_volume: plan.make_volume,
        arithmetic: plan.arithmetic,
        wished,
        signature: command.signature.clone(),
    };
    Ok(vec![Change::of::<Order>(facts.number.as_str(), event)])
}

/// Confirms an order; the second reader is another person than who placed it.
///
/// # Errors
/// See [`Refusal`].
pub fn confirm(order: &Order, command: &Confirm) -> Result<Vec<Change>, Refusal> {
    order.still_open()?;
    if order.confirmed.is_some() {
        return Err(Refusal::AlreadyConfirmed);
    }
    if order.placed.login == command.signature.login {
        return Err(Refusal::ReaderIsOrderer(command.signature.login.clone()));
    }
    Ok(vec![order.change(Event::Confirmed { signature: command.signature.clone() })])
}

/// Accepts a confirmed order and takes a slot, or moves it while nothing is thawed.
///
/// # Errors
/// See [`Refusal`].
pub fn schedule(order: &Order, command: &Schedule) -> Result<Vec<Change>, Refusal> {
    order.still_open()?;
    if order.confirmed.is_none() {
        return Err(Refusal::NotConfirmed);
    }
    if command.thawed {
        return Err(Refusal::PastThaw);
    }
    let slot = feasible(&command.slot)?;
    Ok(vec![order.change(Event::Scheduled { slot, signature: command.signature.clone() })])
}

/// Earmarks a released vial of the bank for the order, the one that expires first unless a reason
/// is stated.
///
/// # Errors
/// See [`Refusal`].
pub fn allocate(
    order: &Order,
    command: &Allocate,
    vial: &VialFacts<'_>,
    context: &Context,
) -> Result<Vec<Change>, Refusal> {
    order.still_open()?;
    let Some((slot, _)) = &order.scheduled else {
        return Err(Refusal::NotScheduled);
    };
    if order.fully_allocated() {
        return Err(Refusal::AllocationComplete(order.protocol.aliquots));
    }
    usable(order, slot, vial, context)?;
    let code = vial.container.code.as_str();
    lineage::may_reach(
        order.protocol.donor,
        &order.patient,
        code,
        vial.origins,
        vial.stored_before,
    )?;
    let target = given_as(order, vial.container)?;
    let because = command.because.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
    if let (Some(earlier), None) = (vial.earlier, because) {
        let code = vial.container.code.clone();
        return Err(Refusal::NotFirstExpiring { code, earlier: earlier.to_owned() });
    }
    let code = vial.container.code.as_str();
    Ok(vec![
        order.change(Event::VialAllocated {
            container: code.to_owned(),
            expires_at: vial.container.expires_at,
            because: vial.earlier.and(because).map(str::to_owned),
            target,
        }),
        Change::of::<Container>(code, container::Event::Reserved { order: order.number.clone() }),
    ])
}

/// Takes the earmark away again while nothing is thawed.
///
/// # Errors
/// See [`Refusal`].
pub fn deallocate(order: &Order, vial: &Container) -> Result<Vec<Change>, Refusal> {
    order.still_open()?;
    if !order.allocated.contains(&vial.code) {
        return Err(Refusal::NotAllocated(vial.code.clone()));
    }
    if vial.thaw_count > 0 || vial.fate != Fate::Live {
        return Err(Refusal::PastThaw);
    }
    Ok(order.released_vial(&vial.code).into())
}

/// Links the batch that makes the order; the batch's start asks for this.
///
/// # Errors
/// See [`Refusal`].
pub fn link_batch(order: &Order, batch: &BatchNumber) -> Result<Vec<Change>, Refusal> {
    order.still_open()?;
    if order.scheduled.is_none() {
        return Err(Refusal::NotScheduled);
    }
    if !order.fully_allocated() {
        return Err(Refusal::NoAllocation);
    }
    if let Some(linked) = &order.batch {
        return Err(Refusal::BatchLinked(linked.clone()));
    }
    Ok(vec![order.change(Event::BatchLinked { batch: batch.clone() })])
}

/// Tells an order that its batch was given up or rejected: it can be made again from other units,
/// or, with a signature, it is cancelled. Units that were used leave it; the others are free again
/// or stay, as decided.
///
/// # Errors
/// See [`Refusal`].
pub fn batch_given_up(
    order: &Order,
    (batch, because): (&BatchNumber, &str),
    vials: &[VialEnd],
    cancelled: Option<Signature>,
) -> Result<Vec<Change>, Refusal> {
    order.still_open()?;
    let (batch, because) = (batch.clone(), because.to_owned());
    let mut changes = vec![order.change(Event::BatchGivenUp { batch, because: because.clone() })];
    for vial in vials {
        match (vial.unused, vial.stays && cancelled.is_none()) {
            (true, true) => {}
            (true, false) => changes.extend(order.released_vial(&vial.code)),
            (false, _) => {
                changes.push(order.change(Event::VialDeallocated { container: vial.code.clone() }));
            }
        }
    }
    if let Some(signature) = cancelled {
        let after_thaw = vials.iter().any(|vial| !vial.unused);
        changes.push(order.change(Event::Cancelled { after_thaw, because, signature }));
    }
    Ok(changes)
}

/// Cancels the order. Before the thaw nothing is lost and the vials are free again; after it the
/// units made must still be accounted for.
///
/// # Errors
/// See [`Refusal`].
pub fn cancel(order: &Order, command: &Cancel) -> Result<Vec<Change>, Refusal> {
    order.still_open()?;
    let because = command.because.trim();
    if because.is_empty() {
        return Err(Refusal::NoReason);
    }
    let mut changes = vec![order.change(Event::Cancelled {
        after_thaw: command.thawed,
        because: because.to_owned(),
        signature: command.signature.clone(),
    })];
    if !command.thawed {
        for code in &order.allocated {
            changes.extend(order.released_vial(code));
        }
    }
    Ok(changes)
}

/// Closes the order when every unit made for it was administered or destroyed (ATMP-16).
///
/// # Errors
/// See [`Refusal`].
pub fn close(order: &Order, command: &Close) -> Result<Vec<Change>, Refusal> {
    if order.closed.is_some() {
        return Err(Refusal::Over("closed"));
    }
    if command.units.is_empty() {
        return Err(Refusal::NothingMade);
    }
    let (mut administered, mut destroyed, mut missing) = (0_u32, 0_u32, Vec::new());
    for unit in &command.units {
        match &unit.fate {
            Fate::Administered { .. } => administered = administered.saturating_add(1),
            Fate::Destroyed { .. } => destroyed = destroyed.saturating_add(1),
            Fate::Consumed { .. } | Fate::Unpacked { .. } => {}
            Fate::Live if unit.on_excursion => missing.push(format!("{} (away)", unit.code)),
            Fate::Live => missing.push(unit.code.clone()),
        }
    }
    if !missing.is_empty() {
        return Err(Refusal::UnaccountedUnits { units: missing.join(", ") });
    }
    let signature = command.signature.clone();
    Ok(vec![order.change(Event::Closed { administered, destroyed, signature })])
}

/// The order fits what the protocol's rule of enrolment has opened, where it has such a rule.
fn admitted(
    command: &Place,
    facts: &Placement<'_>,
    plan: &DosePlan,
) -> Result<Option<Enrolled>, Refusal> {
    let Some(enrolment) = &facts.protocol.enrolment else { return Ok(None) };
    let (patient, level) = (&command.patient, command.dose.level());
    let asked = Asked { patient, level, sites: count(plan.planned.len()) };
    Ok(Some(enrolment.admit(facts.course, asked)?))
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn feasible(slot: &Result<Slot, Vec<Obstacle>>) -> Result<Slot, Refusal> {
    slot.clone().map_err(|obstacles| {
        let reasons: Vec<String> = obstacles.iter().map(ToString::to_string).collect();
        Refusal::DayNotFeasible {
            day: "this day cannot be offered".to_owned(),
            reasons: reasons.join(", "),
        }
    })
}

/// The dose unit that a stored unit is given as, where each is given as it was stored.
fn given_as(order: &Order, vial: &Container) -> Result<Option<Name>, Refusal> {
    if !order.protocol.one_per_unit {
        return Ok(None);
    }
    let unit = vial.contents.volume.and_then(|volume| order.uncovered(volume));
    match unit {
        Some(unit) => Ok(Some(unit.target.clone())),
        None => {
            let open =
                |unit: &&DoseUnit| !order.covered.iter().any(|(_, name)| *name == unit.target);
            let needs: Vec<String> =
                order.units.iter().filter(open).map(|unit| unit.volume.text()).collect();
            Err(Refusal::VialWrongVolume {
                code: vial.code.clone(),
                holds: vial.contents.volume.map_or("an unknown volume".into(), Quantity::text),
                needs: needs.join(", "),
            })
        }
    }
}

fn usable(
    order: &Order,
    slot: &Slot,
    vial: &VialFacts<'_>,
    context: &Context,
) -> Result<(), Refusal> {
    let container = vial.container;
    let code = || container.code.clone();
    if container.contents.material != order.protocol.bank_material {
        return Err(Refusal::WrongMaterial {
            code: code(),
            holds: container.contents.material.to_string(),
            needs: order.protocol.bank_material.to_string(),
        });
    }
    if container.fate != Fate::Live {
        return Err(Refusal::VialSpent(code()));
    }
    if let Some(other) = &container.reserved_for {
        return Err(Refusal::VialReserved { code: code(), order: other.clone() });
    }
    if container.thaw_count > 0 {
        return Err(Refusal::VialThawed(code()));
    }
    if vial.effective != Disposition::Released {
        return Err(Refusal::VialNotReleased {
            code: code(),
            disposition: vial.effective,
            cause: vial.cause.unwrap_or("its own disposition").to_owned(),
        });
    }
    let last_use = slot.cancel_by.max(context.now);
    if container.expires_at.is_some_and(|expires| expires <= last_use) {
        return Err(Refusal::VialExpires { code: code() });
    }
    if !matches!(container.custodian, Custodian::Place { .. }) {
        return Err(Refusal::VialNotStored(code()));
    }
    Ok(())
}

impl Order {
    pub(super) fn change(&self, event: Event) -> Change {
        Change::of::<Self>(self.number.as_str(), event)
    }

    fn still_open(&self) -> Result<(), Refusal> {
        match (&self.cancelled, &self.closed) {
            (Some(_), _) => Err(Refusal::Over("cancelled")),
            (None, Some(_)) => Err(Refusal::Over("closed")),
            (None, None) => Ok(()),
        }
    }

    fn released_vial(&self, code: &str) -> [Change; 2] {
        let order = self.number.clone();
        [
            self.change(Event::VialDeallocated { container: code.to_owned() }),
            Change::of::<Container>(code, container::Event::ReservationReleased { order }),
        ]
    }
}
