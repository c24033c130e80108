//! Orders as rows: where each stands, for whom, on which day, from which vial.
//!
//! An order's stage depends on what happens to its vial, its batch and its syringes; `follow`
//! moves it on when one of their events is projected.
//!
//! Neighbours: `domain::order` decides; [`super::custody`] keeps the hand-overs;
//! [`super::container`] the vials and syringes themselves.
//!
//! Architecture invariant: a stage goes back only when the batch of the order is given up.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::db::{Db, DbError};
use crate::domain::Recorded;
use crate::domain::container::{Container, ContainerKind, Fate};
use crate::domain::genealogy::{Node, NodeKind};
use crate::domain::id::{BatchNumber, CoiId, OrderNumber, PatientCode};
use crate::domain::lineage::Earlier;
use crate::domain::order::{Event, Judgement, Stage};
use crate::domain::schedule::{Booking, Slot};
use crate::domain::time::{Day, Instant};

use super::container::{self, Of};
use super::schema::{container as vial, order_stage, order_vial, patient_order, reaction};
use super::{Failure, Table, genealogy, snapshot};

/// The tables of this module.
pub(super) const TABLES: &[Table] = &[
    Table { name: "patient_order", key: &["number"] },
    Table { name: "order_stage", key: &["order_number", "stage"] },
    Table { name: "order_vial", key: &["container"] },
    Table { name: "reaction", key: &["order_number", "number"] },
];

/// More containers than this are never made for one order.
const UNITS_MAX: i64 = 500;

/// Projects one event of an order.
pub(super) fn project(db: &mut Db, recorded: &Recorded, event: &Event) -> Result<(), Failure> {
    let number = recorded.stream.id();
    if let Event::Placed { .. } = event {
        return insert(db, recorded, event);
    }
    diesel::update(patient_order::table.find(number))
        .set(patient_order::version.eq(snapshot::version(recorded.version)?))
        .execute(db)?;
    match event {
        Event::Placed { .. } => Ok(()),
        Event::Confirmed { signature } => {
            diesel::update(patient_order::table.find(number))
                .set((
                    patient_order::confirmed_by.eq(signature.login.as_str()),
                    patient_order::confirmed_at.eq(recorded.at.naive()),
                ))
                .execute(db)?;
            Ok(())
        }
        Event::Scheduled { slot, .. } => {
            take_slot(db, number, slot)?;
            reach(db, recorded, number, Stage::Scheduled)
        }
        Event::VialAllocated { container, .. } => {
            diesel::insert_into(order_vial::table)
                .values((
                    order_vial::container.eq(container),
                    order_vial::order_number.eq(number),
                    order_vial::allocated_at.eq(recorded.at.naive()),
                    order_vial::allocated_by.eq(recorded.actor.as_str()),
                ))
                .execute(db)?;
            Ok(())
        }
        Event::VialDeallocated { container } => {
            diesel::delete(order_vial::table.find(container)).execute(db)?;
            Ok(())
        }
        Event::BatchLinked { batch } => {
            diesel::update(patient_order::table.find(number))
                .set(patient_order::batch.eq(batch.as_str()))
                .execute(db)?;
            Ok(())
        }
        Event::BatchGivenUp { batch, .. } => given_up(db, number, batch),
        Event::Cancelled { .. } => end(db, recorded, number, Stage::Cancelled),
        Event::Closed { .. } => end(db, recorded, number, Stage::Closed),
        outcome => project_outcome(db, recorded, outcome),
    }
}

/// The order stands where it stood before its batch, which leads to it no more.
fn given_up(db: &mut Db, number: &str, batch: &BatchNumber) -> Result<(), Failure> {
    diesel::update(patient_order::table.find(number))
        .set((
            patient_order::batch.eq(None::<String>),
            patient_order::stage.eq(Stage::Scheduled.code()),
        ))
        .execute(db)?;
    let after: Vec<&str> =
        Stage::ALL.into_iter().filter(|stage| *stage > Stage::Scheduled).map(Stage::code).collect();
    diesel::delete(
        order_stage::table
            .filter(order_stage::order_number.eq(number))
            .filter(order_stage::stage.eq_any(after)),
    )
    .execute(db)?;
    let order = order_number(number)?;
    genealogy::unlink(db, &Node::batch(batch), &Node::order(&order))
}

fn insert(db: &mut Db, recorded: &Recorded, event: &Event) -> Result<(), Failure> {
    let Event::Placed {
        patient,
        coi,
        protocol,
        units,
        dose_cells,
        dose_volume,
        wished,
        signature,
        ..
    } = event
    else {
        return Ok(());
    };
    let number = recorded.stream.id();
    let count = u32::try_from(units.len()).unwrap_or(u32::MAX);
    diesel::insert_into(patient_order::table)
        .values((
            patient_order::number.eq(number),
            patient_order::patient.eq(patient.as_str()),
            patient_order::coi.eq(coi.as_str()),
            patient_order::protocol.eq(protocol.id.as_str()),
            patient_order::protocol_version.eq(container::integer(protocol.version)?),
            patient_order::title.eq(&protocol.title),
            patient_order::stage.eq(Stage::Ordered.code()),
            patient_order::is_open.eq(true),
            patient_order::is_scheduled.eq(false),
            patient_order::infusion_on.eq(wished.infusion_on.to_string()),
            patient_order::thaw_on.eq(wished.thaw_on.to_string()),
            patient_order::cancel_by.eq(wished.cancel_by.naive()),
            patient_order::dose.eq(match dose_cells {
                Some(cells) => format!("{} · {}", cells.text(), dose_volume.text()),
                None => dose_volume.text(),
            }),
            patient_order::unit.eq(protocol.unit.code()),
            patient_order::units.eq(container::integer(count)?),
            patient_order::aliquots.eq(container::integer(protocol.aliquots)?),
            patient_order::placed_by.eq(signature.login.as_str()),
            patient_order::placed_at.eq(recorded.at.naive()),
            patient_order::version.eq(snapshot::version(recorded.version)?),
        ))
        .execute(db)?;
    moment(db, recorded, number, Stage::Ordered)
}

/// Serious adverse reactions, as far as lists need them.
fn project_outcome(db: &mut Db, recorded: &Recorded, event: &Event) -> Result<(), Failure> {
    let order = recorded.stream.id();
    match event {
        Event::ReactionReported { number, judged, .. } => {
            diesel::insert_into(reaction::table)
                .values((
                    reaction::order_number.eq(order),
                    reaction::number.eq(container::integer(*number)?),
                    reaction::words.eq(judged_words(judged)),
                    reaction::is_open.eq(judged.stops),
                    reaction::tell_by.eq(judged.tell_by.map(Instant::naive)),
                    reaction::told.eq(0),
                    reaction::reported_at.eq(recorded.at.naive()),
                    reaction::reported_by.eq(recorded.actor.as_str()),
                ))
                .execute(db)?;
        }
        Event::ReactionJudgedAgain { number, judged, .. } => {
            let key = (order, container::integer(*number)?);
            let still: bool = reaction::table.find(key).select(reaction::is_open).first(db)?;
            diesel::update(reaction::table.find(key))
                .set((
                    reaction::words.eq(judged_words(judged)),
                    reaction::is_open.eq(still || judged.reopens),
                    reaction::tell_by.eq(judged.tell_by.map(Instant::naive)),
                ))
                .execute(db)?;
        }
        Event::ReactionTold { number, .. } => {
            diesel::update(reaction::table.find((order, container::integer(*number)?)))
                .set(reaction::told.eq(reaction::told + 1))
                .execute(db)?;
        }
        Event::ReactionRuled { number, .. } => {
            diesel::update(reaction::table.find((order, container::integer(*number)?)))
                .set(reaction::is_open.eq(false))
                .execute(db)?;
        }
        _ => {}
    }
    Ok(())
}

fn judged_words(judged: &Judgement) -> String {
    format!("CTCAE grade {}, {}", judged.grade, judged.relatedness.words())
}

fn take_slot(db: &mut Db, number: &str, slot: &Slot) -> Result<(), Failure> {
    diesel::update(patient_order::table.find(number))
        .set((
            patient_order::is_scheduled.eq(true),
            patient_order::infusion_on.eq(slot.infusion_on.to_string()),
            patient_order::thaw_on.eq(slot.thaw_on.to_string()),
            patient_order::cancel_by.eq(slot.cancel_by.naive()),
        ))
        .execute(db)?;
    Ok(())
}

fn end(db: &mut Db, recorded: &Recorded, number: &str, stage: Stage) -> Result<(), Failure> {
    diesel::update(patient_order::table.find(number))
        .set((patient_order::is_open.eq(false), patient_order::stage.eq(stage.code())))
        .execute(db)?;
    moment(db, recorded, number, stage)
}

fn moment(db: &mut Db, recorded: &Recorded, number: &str, stage: Stage) -> Result<(), Failure> {
    let known: Option<String> = order_stage::table
        .find((number, stage.code()))
        .select(order_stage::stage)
        .first(db)
        .optional()?;
    if known.is_none() {
        diesel::insert_into(order_stage::table)
            .values((
                order_stage::order_number.eq(number),
                order_stage::stage.eq(stage.code()),
                order_stage::at.eq(recorded.at.naive()),
                order_stage::by_login.eq(recorded.actor.as_str()),
            ))
            .execute(db)?;
    }
    Ok(())
}

/// Moves an order on, never back.
fn reach(db: &mut Db, recorded: &Recorded, number: &str, stage: Stage) -> Result<(), Failure> {
    let now: Option<String> =
        patient_order::table.find(number).select(patient_order::stage).first(db).optional()?;
    let Some(now) = now.as_deref().and_then(Stage::parse) else { return Ok(()) };
    if now < stage {
        diesel::update(patient_order::table.find(number))
            .set(patient_order::stage.eq(stage.code()))
            .execute(db)?;
        moment(db, recorded, number, stage)?;
    }
    Ok(())
}

/// Moves the order of a vial, batch or syringe on when one of their events was projected.
pub(super) fn follow(db: &mut Db, recorded: &Recorded) -> Result<(), Failure> {
    use crate::domain::Event as Any;
    use crate::domain::batch::Event as Made;
    use crate::domain::container::Event as Of;
    use crate::domain::release::Event as Certified;
    let id = recorded.stream.id();
    match &recorded.event {
        Any::Container(Of::Thawed { .. }) => thawed(db, recorded, id),
        Any::Container(Of::HandedOver { .. }) => {
            let Some(number) = made_for(db, id)? else { return Ok(()) };
            reach(db, recorded, &number, Stage::InTransit)
        }
        Any::Container(Of::Received { .. }) => {
            let Some(number) = made_for(db, id)? else { return Ok(()) };
            let travelling: i64 = vial::table
                .filter(vial::order_number.eq(&number))
                .filter(vial::custody.eq("transfer"))
                .count()
                .get_result(db)?;
            if travelling == 0 { reach(db, recorded, &number, Stage::Received) } else { Ok(()) }
        }
        Any::Container(Of::Administered { .. } | Of::Destroyed { .. }) => given(db, recorded, id),
        Any::Batch(Made::Started { order: Some(order), .. }) => {
            diesel::update(patient_order::table.find(order.as_str()))
                .set(patient_order::batch.eq(id))
                .execute(db)?;
            Ok(())
        }
        Any::Batch(Made::Completed { .. }) => batch_reached(db, recorded, id, Stage::Tested),
        Any::Release(Certified::CertifiedInitial { .. } | Certified::CertifiedFinal { .. }) => {
            batch_reached(db, recorded, id, Stage::Released)
        }
        _ => Ok(()),
    }
}

fn made_for(db: &mut Db, code: &str) -> Result<Option<String>, Failure> {
    let order: Option<Option<String>> =
        vial::table.find(code).select(vial::order_number).first(db).optional()?;
    Ok(order.flatten())
}

fn thawed(db: &mut Db, recorded: &Recorded, code: &str) -> Result<(), Failure> {
    let order: Option<String> =
        order_vial::table.find(code).select(order_vial::order_number).first(db).optional()?;
    let Some(number) = order else { return Ok(()) };
    diesel::update(order_vial::table.find(code))
        .set(order_vial::thawed_at.eq(recorded.at.naive()))
        .execute(db)?;
    reach(db, recorded, &number, Stage::Culturing)
}

/// An order is given when no unit meant for the patient is left and at least one was given.
fn given(db: &mut Db, recorded: &Recorded, code: &str) -> Result<(), Failure> {
    let Some(number) = made_for(db, code)? else { return Ok(()) };
    let fates: Vec<String> = vial::table
        .filter(vial::order_number.eq(&number))
        .filter(vial::target.is_not_null())
        .select(vial::fate)
        .load(db)?;
    let over = fates.iter().all(|fate| fate != "live");
    let any = fates.iter().any(|fate| fate == "administered");
    if over && any { reach(db, recorded, &number, Stage::Given) } else { Ok(()) }
}

/// Moves the order that a batch is made for on.
fn batch_reached(
    db: &mut Db,
    recorded: &Recorded,
    batch: &str,
    stage: Stage,
) -> Result<(), Failure> {
    let number: Option<String> = patient_order::table
        .filter(patient_order::batch.eq(batch))
        .select(patient_order::number)
        .first(db)
        .optional()?;
    match number {
        Some(number) => reach(db, recorded, &number, stage),
        None => Ok(()),
    }
}

/// An order as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderLine {
    /// Its number.
    pub number: OrderNumber,
    /// The patient code.
    pub patient: String,
    /// Chain-of-identity id.
    pub coi: String,
    /// The protocol's title.
    pub title: String,
    /// Where it stands.
    pub stage: Stage,
    /// Whether it is not over.
    pub is_open: bool,
    /// Whether the site took the slot.
    pub is_scheduled: bool,
    /// Day of administration.
    pub infusion_on: Day,
    /// Day of thaw.
    pub thaw_on: Day,
    /// Until when it can be cancelled without loss.
    pub cancel_by: Instant,
    /// Cells and volume to give, in words.
    pub dose: String,
    /// Dose units.
    pub units: i32,
    /// The container that holds one of them.
    pub unit: ContainerKind,
    /// Units of the bank it needs.
    pub aliquots: i32,
    /// Who placed it.
    pub placed_by: String,
    /// When.
    pub placed_at: Instant,
    /// Who confirmed it.
    pub confirmed_by: Option<String>,
    /// The batch that makes it.
    pub batch: Option<String>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = patient_order)]
struct Row {
    number: String,
    patient: String,
    coi: String,
    title: String,
    stage: String,
    is_open: bool,
    is_scheduled: bool,
    infusion_on: String,
    thaw_on: String,
    cancel_by: NaiveDateTime,
    dose: String,
    units: i32,
    unit: String,
    aliquots: i32,
    placed_by: String,
    placed_at: NaiveDateTime,
    confirmed_by: Option<String>,
    batch: Option<String>,
}

impl TryFrom<Row> for OrderLine {
    type Error = Failure;

    fn try_from(row: Row) -> Result<Self, Failure> {
        let corrupt = |what: &str| DbError::Corrupt(format!("{what} of order {}", row.number));
        Ok(Self {
            number: OrderNumber::parse(&row.number).map_err(|_| corrupt("the number"))?,
            stage: Stage::parse(&row.stage).ok_or_else(|| corrupt("the stage"))?,
            infusion_on: Day::parse(&row.infusion_on).map_err(|_| corrupt("the day"))?,
            thaw_on: Day::parse(&row.thaw_on).map_err(|_| corrupt("the day of thaw"))?,
            cancel_by: Instant::from_naive(row.cancel_by),
            placed_at: Instant::from_naive(row.placed_at),
            patient: row.patient,
            coi: row.coi,
            title: row.title,
            is_open: row.is_open,
            is_scheduled: row.is_scheduled,
            dose: row.dose,
            units: row.units,
            unit: ContainerKind::parse(&row.unit).ok_or_else(|| corrupt("the dose unit"))?,
            aliquots: row.aliquots,
            placed_by: row.placed_by,
            confirmed_by: row.confirmed_by,
            batch: row.batch,
        })
    }
}

/// Orders by day of administration; the open ones with the nearest first, or all with the latest
/// first.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn list(db: &mut Db, open_only: bool, limit: i64) -> Result<Vec<OrderLine>, Failure> {
    let mut query = patient_order::table
        .select(Row::as_select())
        .limit(limit)
        .into_boxed::<crate::db::Backend>();
    query = if open_only {
        query
            .filter(patient_order::is_open.eq(true))
            .order((patient_order::infusion_on.asc(), patient_order::number.asc()))
    } else {
        query.order((patient_order::infusion_on.desc(), patient_order::number.desc()))
    };
    let rows: Vec<Row> = query.load(db)?;
    rows.into_iter().map(OrderLine::try_from).collect()
}

/// One order as lists show it.
///
/// # Errors
/// When the database fails or the row cannot be read.
pub fn find(db: &mut Db, number: &OrderNumber) -> Result<Option<OrderLine>, Failure> {
    let row: Option<Row> =
        patient_order::table.find(number.as_str()).select(Row::as_select()).first(db).optional()?;
    row.map(OrderLine::try_from).transpose()
}

/// The order of a chain-of-identity id, or the latest of a patient code.
///
/// # Errors
/// When the database fails or the row cannot be read.
pub fn find_by_text(db: &mut Db, text: &str) -> Result<Option<OrderLine>, Failure> {
    let row: Option<Row> = patient_order::table
        .filter(patient_order::coi.eq(text).or(patient_order::patient.eq(text)))
        .order((patient_order::is_open.desc(), patient_order::number.desc()))
        .select(Row::as_select())
        .first(db)
        .optional()?;
    row.map(OrderLine::try_from).transpose()
}

/// The order that a batch is made for.
///
/// # Errors
/// When the database fails or the number cannot be read.
pub fn of_batch(db: &mut Db, batch: &BatchNumber) -> Result<Option<OrderNumber>, Failure> {
    let number: Option<String> = patient_order::table
        .filter(patient_order::batch.eq(batch.as_str()))
        .select(patient_order::number)
        .first(db)
        .optional()?;
    number.map(|number| order_number(&number)).transpose()
}

/// The orders under a protocol, by number.
///
/// # Errors
/// When the database fails or a number cannot be read.
pub fn of_protocol(db: &mut Db, protocol: &str) -> Result<Vec<OrderNumber>, Failure> {
    let numbers: Vec<String> = patient_order::table
        .filter(patient_order::protocol.eq(protocol))
        .order((patient_order::placed_at, patient_order::number))
        .select(patient_order::number)
        .load(db)?;
    numbers.iter().map(|number| order_number(number)).collect()
}

/// A reaction that stops enrolment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenReaction {
    /// The order.
    pub order: OrderNumber,
    /// The patient code.
    pub patient: String,
    /// Grade and relatedness, in words.
    pub words: String,
    /// By when the first is told, while nobody was.
    pub tell_by: Option<Instant>,
}

/// The reactions that stop enrolment, the oldest first.
///
/// # Errors
/// When the database fails or a number cannot be read.
pub fn open_reactions(db: &mut Db) -> Result<Vec<OpenReaction>, Failure> {
    let rows: Vec<(String, String, String, Option<NaiveDateTime>, i32)> = reaction::table
        .inner_join(patient_order::table)
        .filter(reaction::is_open.eq(true))
        .order((reaction::reported_at, reaction::order_number, reaction::number))
        .select((
            reaction::order_number,
            patient_order::patient,
            reaction::words,
            reaction::tell_by,
            reaction::told,
        ))
        .load(db)?;
    rows.into_iter()
        .map(|(order, patient, words, tell_by, told)| {
            let tell_by = tell_by.filter(|_| told == 0).map(Instant::from_naive);
            Ok(OpenReaction { order: order_number(&order)?, patient, words, tell_by })
        })
        .collect()
}

/// The donors of everything that was earmarked or made for a patient, in every order ever.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn donors_stored_for(db: &mut Db, patient: &PatientCode) -> Result<Vec<Earlier>, Failure> {
    let numbers: Vec<String> = patient_order::table
        .filter(patient_order::patient.eq(patient.as_str()))
        .order(patient_order::number)
        .select(patient_order::number)
        .load(db)?;
    let mut found = Vec::new();
    for number in numbers {
        let order = order_number(&number)?;
        let mut codes: Vec<String> = order_vial::table
            .filter(order_vial::order_number.eq(&number))
            .select(order_vial::container)
            .load(db)?;
        codes.extend(units(db, &order)?.into_iter().map(|unit| unit.code));
        for code in codes {
            let node = Node::new(NodeKind::Container, &code);
            for donor in super::batch::donors_of(db, &node)? {
                found.push(Earlier { donor, order: order.clone() });
            }
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

/// When an order reached which stage, and by whose command.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn stages(db: &mut Db, number: &OrderNumber) -> Result<Vec<(Stage, Instant, String)>, Failure> {
    let rows: Vec<(String, NaiveDateTime, String)> = order_stage::table
        .filter(order_stage::order_number.eq(number.as_str()))
        .order(order_stage::at)
        .select((order_stage::stage, order_stage::at, order_stage::by_login))
        .load(db)?;
    let read = |(stage, at, by): (String, NaiveDateTime, String)| {
        let stage = Stage::parse(&stage)
            .ok_or_else(|| DbError::Corrupt(format!("'{stage}' is not a stage")))?;
        Ok((stage, Instant::from_naive(at), by))
    };
    let mut stages: Vec<(Stage, Instant, String)> =
        rows.into_iter().map(read).collect::<Result<_, Failure>>()?;
    stages.sort_by_key(|(stage, at, _)| (*at, *stage));
    Ok(stages)
}

/// Every other order that takes a slot: wished for or scheduled, and not over.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn bookings(db: &mut Db, except: Option<&OrderNumber>) -> Result<Vec<Booking>, Failure> {
    let open = list(db, true, i64::MAX)?;
    Ok(open
        .into_iter()
        .filter(|line| except != Some(&line.number))
        .map(|line| Booking {
            order: line.number,
            thaw_on: line.thaw_on,
            infusion_on: line.infusion_on,
        })
        .collect())
}

/// The order of a patient that is not over.
///
/// # Errors
/// When the database fails or the number cannot be read.
pub fn open_of(db: &mut Db, patient: &PatientCode) -> Result<Option<OrderNumber>, Failure> {
    let number: Option<String> = patient_order::table
        .filter(patient_order::patient.eq(patient.as_str()))
        .filter(patient_order::is_open.eq(true))
        .select(patient_order::number)
        .first(db)
        .optional()?;
    number.map(|number| order_number(&number)).transpose()
}

/// Whether a unit of the bank was thawed for an order.
///
/// # Errors
/// When the database fails.
pub fn is_thawed(db: &mut Db, number: &OrderNumber) -> Result<bool, Failure> {
    let thawed: i64 = order_vial::table
        .filter(order_vial::order_number.eq(number.as_str()))
        .filter(order_vial::thawed_at.is_not_null())
        .count()
        .get_result(db)?;
    Ok(thawed > 0)
}

/// The containers meant for the patient of an order, in the order of their codes.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn units(db: &mut Db, number: &OrderNumber) -> Result<Vec<Container>, Failure> {
    let all = container::list(db, &Of::Order(number), None, UNITS_MAX)?;
    Ok(all.into_iter().filter(|made| made.target.is_some()).collect())
}

/// The outer packs of an order that exist, in the order of their codes.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn packs(db: &mut Db, number: &OrderNumber) -> Result<Vec<Container>, Failure> {
    let all = container::list(db, &Of::Order(number), None, UNITS_MAX)?;
    let live = |made: &Container| made.kind == ContainerKind::OuterPack && made.fate == Fate::Live;
    Ok(all.into_iter().filter(live).collect())
}

/// Free vials of a material in storage, the one that expires first first: what could be earmarked.
/// Their standing is not looked at.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn free_vials(db: &mut Db, material: &str, limit: i64) -> Result<Vec<Container>, Failure> {
    let states: Vec<String> = vial::table
        .filter(vial::material.eq(material))
        .filter(vial::fate.eq("live"))
        .filter(vial::custody.eq("place"))
        .filter(vial::reserved_for.is_null())
        .filter(vial::thaw_count.eq(0))
        .order((vial::expires_at.asc(), vial::code.asc()))
        .limit(limit)
        .select(vial::state)
        .load(db)?;
    let mut found: Vec<Container> =
        states.iter().map(|state| snapshot::read(state)).collect::<Result<_, Failure>>()?;
    // The databases disagree on where an empty date stands: what never expires comes last.
    found.sort_by_key(|c| (c.expires_at.is_none(), c.expires_at, c.code.clone()));
    Ok(found.into_iter().filter(|c| c.fate == Fate::Live).collect())
}

/// The next order number of a year and the chain-of-identity id that goes with it. They are taken
/// by recording the order in the same transaction.
///
/// # Errors
/// When the database fails, or the numbers of the year are used up.
pub fn next_number(
    db: &mut Db,
    facility: &str,
    year: i32,
) -> Result<(OrderNumber, CoiId), Failure> {
    let prefix = format!("ORD-{year}-");
    let count: i64 = patient_order::table
        .filter(patient_order::number.like(format!("{prefix}%")))
        .count()
        .get_result(db)?;
    let next = count.saturating_add(1);
    let used_up = |error: crate::domain::id::IdError| Failure::Broken(error.to_string());
    let number = OrderNumber::parse(&format!("{prefix}{next:04}")).map_err(used_up)?;
    let short_year = year.rem_euclid(100);
    let coi = CoiId::parse(&format!("CH{facility}{short_year:02}{next:06}")).map_err(used_up)?;
    Ok((number, coi))
}

fn order_number(text: &str) -> Result<OrderNumber, Failure> {
    OrderNumber::parse(text).map_err(|error| DbError::Corrupt(error.to_string()).into())
}
