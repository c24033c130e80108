//! Hand-overs, excursions and administrations as rows.
//!
//! Neighbours: `domain::custody` and `domain::container` decide; [`super::container`] keeps who
//! holds a container now, this module keeps every hop it made.
//!
//! Architecture invariant: a container is under way once at most, which the database enforces too.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::db::Db;
use crate::domain::Recorded;
use crate::domain::container::Event;
use crate::domain::id::{Login, OrderNumber};
use crate::domain::time::Instant;

use super::schema::{administration, container, custody_hop};
use super::{Failure, Table};

/// The tables of this module.
pub(super) const TABLES: &[Table] = &[
    Table { name: "custody_hop", key: &["hop", "container"] },
    Table { name: "administration", key: &["container"] },
];

/// Projects one event of a container, as far as custody is concerned.
pub(super) fn project(db: &mut Db, recorded: &Recorded, event: &Event) -> Result<(), Failure> {
    match event {
        Event::HandedOver { .. } | Event::ExcursionOpened { .. } => open(db, recorded, event),
        Event::Received { transfer, condition, .. } => {
            close(db, recorded, transfer, "received")?;
            diesel::update(custody_hop::table.find((transfer, recorded.stream.id())))
                .set(custody_hop::condition_in.eq(condition))
                .execute(db)?;
            Ok(())
        }
        Event::ExcursionReturned { excursion, volume, activity, .. } => {
            close(db, recorded, excursion, "returned")?;
            diesel::update(custody_hop::table.find((excursion, recorded.stream.id())))
                .set((
                    custody_hop::volume_in.eq(volume.to_string()),
                    custody_hop::activity.eq(activity.map(|activity| activity.to_string())),
                ))
                .execute(db)?;
            Ok(())
        }
        Event::ExcursionWrittenOff { excursion, .. } => {
            close(db, recorded, excursion, "written_off")
        }
        Event::Administered { order, target, volume, given_at, signature, .. } => {
            diesel::insert_into(administration::table)
                .values((
                    administration::container.eq(recorded.stream.id()),
                    administration::order_number.eq(order.as_str()),
                    administration::target.eq(target.as_str()),
                    administration::volume.eq(volume.to_string()),
                    administration::given_at.eq(given_at.naive()),
                    administration::recorded_at.eq(recorded.at.naive()),
                    administration::given_by.eq(signature.login.as_str()),
                ))
                .execute(db)?;
            Ok(())
        }
        _ => Ok(()),
    }
}

fn open(db: &mut Db, recorded: &Recorded, event: &Event) -> Result<(), Failure> {
    let code = recorded.stream.id();
    let order: Option<Option<String>> =
        container::table.find(code).select(container::order_number).first(db).optional()?;
    let common = (
        custody_hop::container.eq(code.to_owned()),
        custody_hop::order_number.eq(order.flatten()),
        custody_hop::opened_at.eq(recorded.at.naive()),
    );
    match event {
        Event::HandedOver { transfer, from, to, destination, condition, .. } => {
            diesel::insert_into(custody_hop::table)
                .values((
                    common,
                    custody_hop::hop.eq(transfer),
                    custody_hop::kind.eq("hand_over"),
                    custody_hop::from_login.eq(from.as_str()),
                    custody_hop::to_login.eq(to.as_str()),
                    custody_hop::purpose.eq(destination),
                    custody_hop::condition_out.eq(condition),
                ))
                .execute(db)?;
        }
        Event::ExcursionOpened {
            excursion, purpose, volume, taken_by, due_at, signature, ..
        } => {
            diesel::insert_into(custody_hop::table)
                .values((
                    common,
                    custody_hop::hop.eq(excursion),
                    custody_hop::kind.eq("excursion"),
                    custody_hop::from_login.eq(signature.login.as_str()),
                    custody_hop::to_login.eq(taken_by.as_str()),
                    custody_hop::purpose.eq(purpose),
                    custody_hop::volume_out.eq(volume.to_string()),
                    custody_hop::due_at.eq(due_at.naive()),
                ))
                .execute(db)?;
        }
        _ => {}
    }
    Ok(())
}

fn close(db: &mut Db, recorded: &Recorded, hop: &str, outcome: &str) -> Result<(), Failure> {
    diesel::update(custody_hop::table.find((hop, recorded.stream.id())))
        .set((custody_hop::closed_at.eq(recorded.at.naive()), custody_hop::outcome.eq(outcome)))
        .execute(db)?;
    Ok(())
}

/// One hop of a container, or of a part of it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = custody_hop)]
pub struct Hop {
    /// The transfer or excursion; containers handed over together share it.
    pub hop: String,
    /// The container.
    pub container: String,
    /// `hand_over` or `excursion`.
    pub kind: String,
    /// The order it was made for.
    pub order_number: Option<String>,
    /// Who gave it.
    pub from_login: String,
    /// Who is to take it, or took it.
    pub to_login: String,
    /// Where to, or what for.
    pub purpose: String,
    /// Condition as handed over.
    pub condition_out: Option<String>,
    /// Condition as received.
    pub condition_in: Option<String>,
    /// What left, `mL`.
    pub volume_out: Option<String>,
    /// What came back, `mL`.
    pub volume_in: Option<String>,
    /// Activity that came back with it, `MBq`.
    pub activity: Option<String>,
    /// When it began, UTC.
    pub opened_at: NaiveDateTime,
    /// When it must be over, UTC.
    pub due_at: Option<NaiveDateTime>,
    /// When it was over, UTC.
    pub closed_at: Option<NaiveDateTime>,
    /// `received`, `returned` or `written_off`.
    pub outcome: Option<String>,
}

/// Every hop of what was made for an order, oldest first.
///
/// # Errors
/// When the database fails.
pub fn hops_of_order(db: &mut Db, order: &OrderNumber) -> Result<Vec<Hop>, Failure> {
    Ok(custody_hop::table
        .filter(custody_hop::order_number.eq(order.as_str()))
        .order((custody_hop::opened_at, custody_hop::hop, custody_hop::container))
        .select(Hop::as_select())
        .load(db)?)
}

/// The hops that wait for a person to end them, the oldest first.
///
/// # Errors
/// When the database fails.
pub fn open_hops_for(db: &mut Db, login: &Login) -> Result<Vec<Hop>, Failure> {
    Ok(custody_hop::table
        .filter(custody_hop::to_login.eq(login.as_str()))
        .filter(custody_hop::closed_at.is_null())
        .order((custody_hop::opened_at, custody_hop::hop, custody_hop::container))
        .select(Hop::as_select())
        .load(db)?)
}

/// Every hop that is not over, the oldest first.
///
/// # Errors
/// When the database fails.
pub fn open_hops(db: &mut Db) -> Result<Vec<Hop>, Failure> {
    Ok(custody_hop::table
        .filter(custody_hop::closed_at.is_null())
        .order((custody_hop::opened_at, custody_hop::hop, custody_hop::container))
        .select(Hop::as_select())
        .load(db)?)
}

/// What was given: one row a syringe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// The container.
    pub container: String,
    /// The site.
    pub target: String,
    /// What was given, `mL`.
    pub volume: String,
    /// When.
    pub given_at: Instant,
    /// By whom.
    pub given_by: String,
}

/// What was given of an order, in time.
///
/// # Errors
/// When the database fails.
pub fn given_of_order(db: &mut Db, order: &OrderNumber) -> Result<Vec<Given>, Failure> {
    let rows: Vec<(String, String, String, NaiveDateTime, String)> = administration::table
        .filter(administration::order_number.eq(order.as_str()))
        .order((administration::given_at, administration::container))
        .select((
            administration::container,
            administration::target,
            administration::volume,
            administration::given_at,
            administration::given_by,
        ))
        .load(db)?;
    Ok(rows
        .into_iter()
        .map(|(container, target, volume, given_at, given_by)| Given {
            container,
            target,
            volume,
            given_at: Instant::from_naive(given_at),
            given_by,
        })
        .collect())
}
