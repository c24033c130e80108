//! The storage tree as rows, and the one look at a position that a move needs.
//!
//! Neighbours: `domain::storage` decides; [`super::container`] has what stands where.
//!
//! Architecture invariant: nothing here walks all places to answer about one; a position is found
//! by its path and the few paths around it.

use diesel::prelude::*;

use crate::db::Db;
use crate::domain::Recorded;
use crate::domain::id::LocationPath;
use crate::domain::storage::{Event, Location, Slot};

use super::schema::location;
use super::{Failure, Table, container, snapshot};

/// The tables of this module.
pub(super) const TABLES: &[Table] = &[Table { name: "location", key: &["path"] }];

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = location, treat_none_as_null = true, treat_none_as_default_value = false)]
struct Row {
    path: String,
    parent: Option<String>,
    kind: &'static str,
    title: String,
    condition: &'static str,
    grid_rows: Option<i32>,
    grid_columns: Option<i32>,
    out_of_service: Option<String>,
    state: String,
    version: i64,
}

/// Projects one event.
pub(super) fn project(db: &mut Db, recorded: &Recorded, event: &Event) -> Result<(), Failure> {
    let path = recorded.stream.id();
    let stored = stored_state(db, path)?;
    let state: Location = snapshot::next(stored.as_deref(), recorded, event)?;
    let row = Row {
        path: state.path.clone(),
        parent: state.path.rsplit_once('/').map(|(parent, _)| parent.to_owned()),
        kind: state.kind.code(),
        title: state.title.clone(),
        condition: state.condition.code(),
        grid_rows: state.grid.map(|grid| i32::from(grid.rows)),
        grid_columns: state.grid.map(|grid| i32::from(grid.columns)),
        out_of_service: state.out_of_service.as_ref().map(|out| out.because.clone()),
        state: snapshot::write(&state)?,
        version: snapshot::version(state.version)?,
    };
    if stored.is_some() {
        diesel::update(location::table.find(path)).set(row).execute(db)?;
    } else {
        diesel::insert_into(location::table).values(row).execute(db)?;
    }
    Ok(())
}

fn stored_state(db: &mut Db, path: &str) -> Result<Option<String>, Failure> {
    Ok(location::table.find(path).select(location::state).first(db).optional()?)
}

/// The place of a path; `None` when there is none.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn load(db: &mut Db, path: &str) -> Result<Option<Location>, Failure> {
    stored_state(db, path)?.as_deref().map(snapshot::read).transpose()
}

/// The places around a path, outermost first.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn around(db: &mut Db, path: &str) -> Result<Vec<Location>, Failure> {
    let states: Vec<String> = location::table
        .filter(location::path.eq_any(Location::around(path)))
        .order(location::path)
        .select(location::state)
        .load(db)?;
    states.iter().map(|state| snapshot::read(state)).collect()
}

/// What is known of a position when something is put there.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn slot(db: &mut Db, position: &LocationPath) -> Result<Slot, Failure> {
    let way = around(db, position.as_str())?;
    let occupant = container::occupant(db, position)?;
    Ok(Slot::of(position, &way, occupant))
}

/// The places directly inside a place, or the rooms.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn children(db: &mut Db, parent: Option<&str>) -> Result<Vec<Location>, Failure> {
    let query = location::table
        .select(location::state)
        .order(location::path)
        .into_boxed::<crate::db::Backend>();
    let states: Vec<String> = match parent {
        Some(parent) => query.filter(location::parent.eq(parent.to_owned())).load(db)?,
        None => query.filter(location::parent.is_null()).load(db)?,
    };
    states.iter().map(|state| snapshot::read(state)).collect()
}

/// Every place below a place, or of the whole site, in order of paths; at most `limit`.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn tree(db: &mut Db, below: Option<&str>, limit: i64) -> Result<Vec<Location>, Failure> {
    let mut query = location::table
        .select(location::state)
        .order(location::path)
        .limit(limit)
        .into_boxed::<crate::db::Backend>();
    if let Some(below) = below {
        query = query
            .filter(location::path.gt(format!("{below}/")))
            .filter(location::path.lt(format!("{below}0")));
    }
    let states: Vec<String> = query.load(db)?;
    states.iter().map(|state| snapshot::read(state)).collect()
}
