//! Material lots as rows.
//!
//! Neighbours: `domain::material` decides; the batch slice keeps which batch used which lot.
//!
//! Architecture invariant: every column follows from the state the events give.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::db::Db;
use crate::domain::Recorded;
use crate::domain::disposition::Disposition;
use crate::domain::id::{LotId, MaterialCode};
use crate::domain::material::{Event, MaterialLot};
use crate::domain::time::Instant;

use super::schema::material_lot;
use super::{Failure, Table, snapshot};

/// The tables of this module.
pub(super) const TABLES: &[Table] = &[Table { name: "material_lot", key: &["lot"] }];

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = material_lot, treat_none_as_null = true, treat_none_as_default_value = false)]
struct Row {
    lot: String,
    material: String,
    title: String,
    supplier: String,
    disposition: i32,
    expires_at: NaiveDateTime,
    received_at: NaiveDateTime,
    received_by: String,
    decided_by: Option<String>,
    open_until: Option<NaiveDateTime>,
    used_up_at: Option<NaiveDateTime>,
    state: String,
    version: i64,
}

/// Projects one event.
pub(super) fn project(db: &mut Db, recorded: &Recorded, event: &Event) -> Result<(), Failure> {
    let lot = recorded.stream.id();
    let stored = stored_state(db, lot)?;
    let state: MaterialLot = snapshot::next(stored.as_deref(), recorded, event)?;
    let row = Row {
        lot: state.id.to_string(),
        material: state.receipt.material.to_string(),
        title: state.receipt.title.clone(),
        supplier: state.receipt.supplier.clone(),
        disposition: state.disposition.strictness(),
        expires_at: state.receipt.expires_at.naive(),
        received_at: state.received_at.naive(),
        received_by: state.received_by.to_string(),
        decided_by: state.decision.as_ref().map(|signature| signature.login.to_string()),
        open_until: state.open_until().map(Instant::naive),
        used_up_at: state.used_up_at.map(Instant::naive),
        state: snapshot::write(&state)?,
        version: snapshot::version(state.version)?,
    };
    if stored.is_some() {
        diesel::update(material_lot::table.find(lot)).set(row).execute(db)?;
    } else {
        diesel::insert_into(material_lot::table).values(row).execute(db)?;
    }
    Ok(())
}

fn stored_state(db: &mut Db, lot: &str) -> Result<Option<String>, Failure> {
    Ok(material_lot::table.find(lot).select(material_lot::state).first(db).optional()?)
}

/// The lot of an identity; `None` when there is none.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn load(db: &mut Db, lot: &LotId) -> Result<Option<MaterialLot>, Failure> {
    stored_state(db, lot.as_str())?.as_deref().map(snapshot::read).transpose()
}

/// The lot of an identity that must exist.
///
/// # Errors
/// A `NotFound` refusal when it does not, or as [`load`].
pub fn require(db: &mut Db, lot: &LotId) -> Result<MaterialLot, Failure> {
    load(db, lot)?.ok_or_else(|| {
        Failure::not_found(format!("There is no material lot {lot}. Receive it first."))
    })
}

/// The lots of a list: those with a disposition, or all, newest first; at most `limit` after
/// `offset`.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn list(
    db: &mut Db,
    disposition: Option<Disposition>,
    offset: i64,
    limit: i64,
) -> Result<Vec<MaterialLot>, Failure> {
    let mut query = material_lot::table
        .select(material_lot::state)
        .order((material_lot::received_at.desc(), material_lot::lot))
        .offset(offset)
        .limit(limit)
        .into_boxed::<crate::db::Backend>();
    if let Some(disposition) = disposition {
        query = query.filter(material_lot::disposition.eq(disposition.strictness()));
    }
    let states: Vec<String> = query.load(db)?;
    states.iter().map(|state| snapshot::read(state)).collect()
}

/// How many lots a list has.
///
/// # Errors
/// When the database fails.
pub fn count(db: &mut Db, disposition: Option<Disposition>) -> Result<i64, Failure> {
    let query = material_lot::table.count().into_boxed::<crate::db::Backend>();
    Ok(match disposition {
        Some(disposition) => {
            query.filter(material_lot::disposition.eq(disposition.strictness())).get_result(db)?
        }
        None => query.get_result(db)?,
    })
}

/// The lots of a material that may be used at that time, the one that expires first first.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn usable(
    db: &mut Db,
    material: &MaterialCode,
    now: Instant,
) -> Result<Vec<MaterialLot>, Failure> {
    let states: Vec<String> = material_lot::table
        .filter(material_lot::material.eq(material.as_str()))
        .filter(material_lot::expires_at.gt(now.naive()))
        .filter(material_lot::used_up_at.is_null())
        .order((material_lot::expires_at, material_lot::lot))
        .select(material_lot::state)
        .load(db)?;
    let lots: Vec<MaterialLot> =
        states.iter().map(|state| snapshot::read(state)).collect::<Result<_, _>>()?;
    Ok(lots.into_iter().filter(|lot| lot.usable(now).is_ok()).collect())
}
