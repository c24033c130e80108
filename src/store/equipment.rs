//! Equipment as rows.
//!
//! Neighbours: `domain::equipment` decides; the batch slice keeps which batch used which device.
//!
//! Architecture invariant: every column follows from the state the events give.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::db::Db;
use crate::domain::Recorded;
use crate::domain::equipment::{Equipment, Event};
use crate::domain::id::AssetId;
use crate::domain::time::Instant;

use super::schema::equipment;
use super::{Failure, Table, snapshot};

/// The tables of this module.
pub(super) const TABLES: &[Table] = &[Table { name: "equipment", key: &["asset"] }];

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = equipment, treat_none_as_null = true, treat_none_as_default_value = false)]
struct Row {
    asset: String,
    kind: &'static str,
    title: String,
    room: String,
    calibration_due: Option<NaiveDateTime>,
    clean_until: Option<NaiveDateTime>,
    out_of_service: Option<String>,
    state: String,
    version: i64,
}

/// Projects one event.
pub(super) fn project(db: &mut Db, recorded: &Recorded, event: &Event) -> Result<(), Failure> {
    let asset = recorded.stream.id();
    let stored = stored_state(db, asset)?;
    let state: Equipment = snapshot::next(stored.as_deref(), recorded, event)?;
    let row = Row {
        asset: state.asset.to_string(),
        kind: state.registration.kind.code(),
        title: state.registration.title.clone(),
        room: state.registration.room.clone(),
        calibration_due: state.registration.calibration_due.map(Instant::naive),
        clean_until: state.clean_until().map(Instant::naive),
        out_of_service: state.out_of_service.clone(),
        state: snapshot::write(&state)?,
        version: snapshot::version(state.version)?,
    };
    if stored.is_some() {
        diesel::update(equipment::table.find(asset)).set(row).execute(db)?;
    } else {
        diesel::insert_into(equipment::table).values(row).execute(db)?;
    }
    Ok(())
}

fn stored_state(db: &mut Db, asset: &str) -> Result<Option<String>, Failure> {
    Ok(equipment::table.find(asset).select(equipment::state).first(db).optional()?)
}

/// The device of a number; `None` when there is none.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn load(db: &mut Db, asset: &AssetId) -> Result<Option<Equipment>, Failure> {
    stored_state(db, asset.as_str())?.as_deref().map(snapshot::read).transpose()
}

/// The device of a number that must exist.
///
/// # Errors
/// A `NotFound` refusal when it does not, or as [`load`].
pub fn require(db: &mut Db, asset: &AssetId) -> Result<Equipment, Failure> {
    load(db, asset)?.ok_or_else(|| {
        Failure::not_found(format!("There is no equipment {asset}. Check the asset number."))
    })
}

/// Every device in order of numbers.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn list(db: &mut Db) -> Result<Vec<Equipment>, Failure> {
    let states: Vec<String> =
        equipment::table.order(equipment::asset).select(equipment::state).load(db)?;
    states.iter().map(|state| snapshot::read(state)).collect()
}
