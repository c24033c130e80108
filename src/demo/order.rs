//! A clinician orders for one patient; the site schedules and allocates.

use super::bank::Bank;
use super::cast::Person;
use super::stage::{Stage, Trouble};
use crate::app::order_allocate::{OrderAllocate, order_allocate};
use crate::app::order_change::{Decision, order_decide, shown_now};
use crate::app::order_place::{OrderPlace, order_place, shown};
use crate::app::site::protocol;
use crate::domain::actor::Meaning;
use crate::domain::id::{ContainerCode, OrderNumber, PatientCode};
use crate::domain::order::Order;
use crate::domain::protocol::{CriterionKind, DoseAsked};
use crate::domain::time::Day;
use crate::site::Site;
use crate::store::{Failure, ledger};

/// The protocol of the story.
const PROTOCOL: &str = "EQ-MSC-XER";
/// The patient's code.
pub(super) const PATIENT: &str = "XER-03";
/// The day of administration.
pub(super) const DAY: &str = "2026-09-04";
/// Why the story does not take the vial that expires first.
const BECAUSE: Option<&str> = Some("first row of the box, shortest way");

/// Places, confirms and schedules the order; tries a vial that is not released yet.
///
/// # Errors
/// When a use case refuses what the story needs, or accepts a mistake.
pub(super) fn place(stage: &mut Stage, bank: &Bank) -> Result<OrderNumber, Trouble> {
    let at = stage.at("2026-08-12 10:00")?;
    stage.voice.chapter("An order for one patient", at);
    let (gaja, hugo) = (stage.people.gaja.clone(), stage.people.hugo.clone());
    let placed =
        |stage: &Stage, day| placement(&stage.app.config.site, PROTOCOL, PATIENT, Day::parse(day)?);
    let far = placed(stage, "2026-08-14")?;
    let outcome = sign_and_place(stage, &gaja, far)?;
    stage.refused("order for the day after tomorrow", outcome)?;
    let wished = placed(stage, DAY)?;
    let outcome = sign_and_place(stage, &gaja, wished)?;
    let number = stage.done("place the order", outcome)?;
    decide(stage, &hugo, &number, Decision::Confirm)?;
    let ana = stage.people.ana.clone();
    decide(stage, &ana, &number, Decision::Schedule { day: Day::parse(DAY)? })?;
    let order = state(stage, &number)?;
    let slot = order.slot();
    stage.voice.fact(format!(
        "{number} for {PATIENT}: {}, {} syringes; thaw {}, QC sample {}, administration {}",
        order.dose(),
        order.units.len(),
        slot.thaw_on,
        slot.qc_on.map_or("none".to_owned(), |day| day.to_string()),
        slot.infusion_on
    ));
    let outcome = allocate(stage, &number, seventh(bank)?, BECAUSE);
    stage.refused("reserve a vial of a bank that is not released", outcome)?;
    Ok(number)
}

/// Reserves a vial, once the bank is released.
///
/// # Errors
/// When a use case refuses what the story needs.
pub(super) fn reserve(stage: &mut Stage, number: &OrderNumber, bank: &Bank) -> Result<(), Trouble> {
    let outcome = allocate(stage, number, seventh(bank)?, BECAUSE);
    stage.done("reserve a vial", outcome)
}

/// The order as it stands.
pub(super) fn state(stage: &Stage, number: &OrderNumber) -> Result<Order, Trouble> {
    stage
        .read(|db| ledger::load::<Order>(db, number.as_str()))?
        .ok_or_else(|| Trouble::Missing(format!("order {number}")))
}

/// Somebody earmarks a vial.
pub(super) fn allocate(
    stage: &mut Stage,
    number: &OrderNumber,
    vial: &ContainerCode,
    because: Option<&str>,
) -> Result<(), Failure> {
    let ana = stage.people.ana.clone();
    let because = because.map(str::to_owned);
    let command = OrderAllocate { order: number.clone(), vial: vial.clone(), because };
    order_allocate(&stage.app, &stage.by(&ana), command)
}

/// The vial that the story takes.
pub(super) fn seventh(bank: &Bank) -> Result<&ContainerCode, Trouble> {
    bank.vials.get(6).ok_or_else(|| Trouble::Missing("a seventh vial".to_owned()))
}

/// What a protocol proposes: each site its dose, every criterion fulfilled.
pub(super) fn placement(
    site: &Site,
    id: &str,
    patient: &str,
    day: Day,
) -> Result<OrderPlace, Trouble> {
    let protocol = &protocol(site, id)?.protocol;
    let answers = protocol
        .eligibility
        .iter()
        .map(|criterion| (criterion.name.clone(), criterion.kind == CriterionKind::Inclusion))
        .collect();
    Ok(OrderPlace {
        protocol: id.to_owned(),
        patient: PatientCode::parse(patient)?,
        indication: "Radiation-induced xerostomia, CTCAE grade 3".to_owned(),
        dose: DoseAsked::proposed(protocol),
        answers,
        day,
    })
}

/// A clinician signs an order and places it.
pub(super) fn sign_and_place(
    stage: &mut Stage,
    by: &Person,
    command: OrderPlace,
) -> Result<Result<OrderNumber, Failure>, Trouble> {
    let hash = shown(&stage.app.config.site, &command, stage.app.clock.now())?.hash()?;
    let signature = stage.sign(by, Meaning::Ordered, &hash)?;
    let caller = stage.by(by);
    Ok(order_place(&stage.app, &caller, command, signature))
}

/// Somebody signs a decision about the order.
pub(super) fn decide(
    stage: &mut Stage,
    by: &Person,
    number: &OrderNumber,
    decision: Decision,
) -> Result<(), Trouble> {
    let hash = shown_now(&stage.app, number, &decision)?.hash()?;
    let signature = stage.sign(by, decision.meaning(), &hash)?;
    let caller = stage.by(by);
    let outcome = order_decide(&stage.app, &caller, number, decision, signature);
    stage.done("decide about the order", outcome)
}
