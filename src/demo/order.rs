//! A clinician orders for one patient; the site schedules and allocates.

use super::bank::Bank;
use super::cast::Person;
use super::stage::{Stage, Trouble};
use crate::app::order_allocate::{OrderAllocate, order_allocate};
use crate::app::order_change::{Decision, order_decide, shown_now};
use crate::app::order_place::{OrderPlace, order_place, shown};
use crate::app::site::protocol;
use crate::domain::actor::Meaning;
use crate::domain::id::{OrderNumber, PatientCode};
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

/// Places, confirms and schedules the order; tries a vial that is not released yet.
///
/// # Errors
/// When a use case refuses what the story needs, or accepts a mistake.
pub(super) fn place(stage: &mut Stage, bank: &Bank) -> Result<OrderNumber, Trouble> {
    let at = stage.at("2026-08-12 10:00")?;
    stage.voice.chapter("An order for one patient", at);
    let (gaja, hugo) = (stage.people.gaja.clone(), stage.people.hugo.clone());
    let far = placement(&stage.app.config.site, "2026-08-14")?;
    let outcome = sign_and_place(stage, &gaja, far)?;
    stage.refused("order for the day after tomorrow", outcome)?;
    let wished = placement(&stage.app.config.site, DAY)?;
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
    let outcome = allocate(stage, &number, bank);
    stage.refused("reserve a vial of a bank that is not released", outcome)?;
    Ok(number)
}

/// Reserves a vial, once the bank is released.
///
/// # Errors
/// When a use case refuses what the story needs.
pub(super) fn reserve(stage: &mut Stage, number: &OrderNumber, bank: &Bank) -> Result<(), Trouble> {
    let outcome = allocate(stage, number, bank);
    stage.done("reserve a vial", outcome)
}

/// The order as it stands.
pub(super) fn state(stage: &Stage, number: &OrderNumber) -> Result<Order, Trouble> {
    stage
        .read(|db| ledger::load::<Order>(db, number.as_str()))?
        .ok_or_else(|| Trouble::Missing(format!("order {number}")))
}

pub(super) fn allocate(
    stage: &mut Stage,
    number: &OrderNumber,
    bank: &Bank,
) -> Result<(), Failure> {
    let ana = stage.people.ana.clone();
    let Some(vial) = bank.vials.get(6).cloned() else {
        return Err(Failure::not_found("The bank has no seventh vial."));
    };
    let because = Some("first row of the box, shortest way".to_owned());
    let command = OrderAllocate { order: number.clone(), vial, because };
    order_allocate(&stage.app, &stage.by(&ana), command)
}

/// What the protocol proposes: each gland its dose, every criterion fulfilled.
fn placement(site: &Site, day: &str) -> Result<OrderPlace, Trouble> {
    let protocol = &protocol(site, PROTOCOL)?.protocol;
    let answers = protocol
        .eligibility
        .iter()
        .map(|criterion| (criterion.name.clone(), criterion.kind == CriterionKind::Inclusion))
        .collect();
    Ok(OrderPlace {
        protocol: PROTOCOL.to_owned(),
        patient: PatientCode::parse(PATIENT)?,
        indication: "Radiation-induced xerostomia, CTCAE grade 3".to_owned(),
        dose: DoseAsked::proposed(protocol),
        answers,
        day: Day::parse(day)?,
    })
}

fn sign_and_place(
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
