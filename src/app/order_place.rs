//! A clinician orders a dose for a patient code.
//!
//! Neighbours: `domain::protocol` computes the dose, `domain::schedule` the slot, `domain::order`
//! decides; `crate::site` has the protocol and the calendar.
//!
//! Architecture invariant: the slot is computed again in the transaction that takes it.

use serde::Serialize;

use super::shown::Shown;
use super::{App, Caller, order_outcome, signature, site};
use crate::db::Db;
use crate::domain::actor::{Capability, Signature};
use crate::domain::id::{Name, OrderNumber, PatientCode};
use crate::domain::order::{self, Place, Placement};
use crate::domain::protocol::{DoseAsked, DosePlan, amount};
use crate::domain::schedule::{Candidate, Obstacle, Plan, Slot};
use crate::domain::time::{Day, Instant};
use crate::site::Site;
use crate::store::{Failure, order as table};

/// What is ordered.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OrderPlace {
    /// The protocol.
    pub protocol: String,
    /// The trial's code of the patient.
    pub patient: PatientCode,
    /// What for.
    pub indication: String,
    /// The dose, as the protocol's rule asks for it.
    pub dose: DoseAsked,
    /// Criterion and whether it holds.
    pub answers: Vec<(Name, bool)>,
    /// The wished day of administration.
    pub day: Day,
}

impl OrderPlace {
    fn command(&self, signature: Signature) -> Place {
        Place {
            patient: self.patient.clone(),
            indication: self.indication.clone(),
            dose: self.dose.clone(),
            answers: self.answers.clone(),
            signature,
        }
    }
}

/// The content that is shown and signed.
///
/// # Errors
/// When the dose is refused at `now`, or the protocol cannot be read.
pub fn shown(site: &Site, command: &OrderPlace, now: Instant) -> Result<Shown, Failure> {
    let published = site::protocol(site, &command.protocol)?;
    let plan = DosePlan::compute(&published.protocol, &command.dose, now)?;
    let mut shown = Shown::new("Order")
        .line("Patient", command.patient.as_str())
        .line("Protocol", published.protocol.reference())
        .line("Indication", command.indication.trim())
        .line("Administration on", format!("{} {}", command.day, command.day.weekday_name()));
    if let Some(weighing) = command.dose.weighing() {
        let when = weighing.measured_at.minute_text(site.zone);
        shown = shown.line("Weight", format!("{}, measured {when}", weighing.weight.text()));
    }
    if let Some(level) = command.dose.level() {
        shown = shown.line("Dose level", level.to_string());
    }
    for unit in plan.units() {
        shown = shown.line(unit.title.clone(), unit.amount());
    }
    let all = |wanted| command.answers.iter().filter(|(_, holds)| *holds == wanted).count();
    Ok(shown
        .line("To give", amount(plan.dose_cells, plan.dose_volume))
        .line("To make", amount(plan.make_cells, plan.make_volume))
        .line("Checklist", format!("{} answered yes, {} answered no", all(true), all(false))))
}

/// The days that can be offered, each infeasible one with its reasons. `except` is the order that
/// is being moved, if one is.
///
/// # Errors
/// When the database fails, or there is no such protocol.
pub fn calendar(
    db: &mut Db,
    site: &Site,
    protocol: &str,
    except: Option<&OrderNumber>,
    now: Instant,
) -> Result<Vec<Candidate>, Failure> {
    let bookings = table::bookings(db, except)?;
    let rule = &site::protocol(site, protocol)?.protocol.schedule;
    let today = Day::new(now.date(site.zone));
    Ok(Plan { rule, calendar: &site.calendar, bookings: &bookings, today }.candidates())
}

/// The slot of one day, or what stands against it.
///
/// # Errors
/// As [`calendar`].
pub fn slot(
    db: &mut Db,
    site: &Site,
    protocol: &str,
    except: Option<&OrderNumber>,
    now: Instant,
    day: Day,
) -> Result<Result<Slot, Vec<Obstacle>>, Failure> {
    let bookings = table::bookings(db, except)?;
    let rule = &site::protocol(site, protocol)?.protocol.schedule;
    let today = Day::new(now.date(site.zone));
    Ok(Plan { rule, calendar: &site.calendar, bookings: &bookings, today }.slot_on(day))
}

/// Whether the order would be accepted now, before anything is signed.
///
/// # Errors
/// What [`order_place`] would refuse.
pub fn try_place(app: &App, caller: &Caller, command: &OrderPlace) -> Result<(), Failure> {
    caller.needs(Capability::PlaceOrders)?;
    let now = app.clock.now();
    let placeholder = signature::unsigned(app, caller)?;
    app.read(|db| decide(db, &app.config.site, now, command, placeholder).map(|_| ()))
}

/// Places the order; gives its number.
///
/// # Errors
/// What `domain::order` refuses; that the content changed since it was shown.
pub fn order_place(
    app: &App,
    caller: &Caller,
    command: OrderPlace,
    signature: Signature,
) -> Result<OrderNumber, Failure> {
    caller.needs(Capability::PlaceOrders)?;
    let site = app.config.site.clone();
    signature::covers(&signature, &shown(&site, &command, app.clock.now())?.hash()?)?;
    let request = command.clone();
    app.write(caller, &("order_place", &request), move |tx| {
        let now = tx.now();
        let (number, changes) = decide(tx.db(), &site, now, &command, signature.clone())?;
        tx.record(changes)?;
        Ok(number)
    })
}

fn decide(
    db: &mut Db,
    site: &Site,
    now: Instant,
    command: &OrderPlace,
    signature: Signature,
) -> Result<(OrderNumber, Vec<crate::domain::Change>), Failure> {
    use chrono::Datelike;
    let published = site::protocol(site, &command.protocol)?;
    let year = now.date(site.zone).year();
    let (number, coi) = table::next_number(db, &site.facility, year)?;
    let slot = slot(db, site, &command.protocol, None, now, command.day)?;
    let open_order = table::open_of(db, &command.patient)?;
    let course = order_outcome::course(db, &published.protocol)?;
    let facts = Placement {
        number: &number,
        coi: &coi,
        protocol: &published.protocol,
        protocol_hash: &published.hash,
        slot: &slot,
        open_order: open_order.as_ref(),
        course: &course,
        now,
    };
    let changes = order::place(&command.command(signature), &facts)?;
    Ok((number, changes))
}
