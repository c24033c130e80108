//! Versions of the site's own label definitions as rows.
//!
//! Neighbours: `domain::label_definition` decides; `app::label_data` asks for the one in force.
//!
//! Architecture invariant: every column follows from the state the events give.

use diesel::prelude::*;

use crate::db::Db;
use crate::domain::Recorded;
use crate::domain::label_definition::{Event, LabelDefinition, Standing};

use super::schema::label_definition;
use super::{Failure, Table, snapshot};

/// The tables of this module.
pub(super) const TABLES: &[Table] = &[Table { name: "label_definition", key: &["key"] }];

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = label_definition)]
struct Row {
    key: String,
    kind: String,
    number: i32,
    standing: &'static str,
    state: String,
    version: i64,
}

/// Projects one event.
pub(super) fn project(db: &mut Db, recorded: &Recorded, event: &Event) -> Result<(), Failure> {
    let key = recorded.stream.id();
    let stored: Option<String> =
        label_definition::table.find(key).select(label_definition::state).first(db).optional()?;
    let state: LabelDefinition = snapshot::next(stored.as_deref(), recorded, event)?;
    let row = Row {
        key: key.to_owned(),
        kind: state.definition.kind.clone(),
        number: i32::try_from(state.definition.number).unwrap_or(i32::MAX),
        standing: state.standing.code(),
        state: snapshot::write(&state)?,
        version: snapshot::version(state.version)?,
    };
    if stored.is_some() {
        diesel::update(label_definition::table.find(key)).set(row).execute(db)?;
    } else {
        diesel::insert_into(label_definition::table).values(row).execute(db)?;
    }
    Ok(())
}

/// Every version, by kind, newest first.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn list(db: &mut Db) -> Result<Vec<LabelDefinition>, Failure> {
    let order = (label_definition::kind, label_definition::number.desc());
    let states: Vec<String> =
        label_definition::table.order(order).select(label_definition::state).load(db)?;
    states.iter().map(|state| snapshot::read(state)).collect()
}

/// The newest version of a kind, approved or not; `None` where the site has none of its own.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn newest(db: &mut Db, kind: &str) -> Result<Option<LabelDefinition>, Failure> {
    let stored: Option<String> = label_definition::table
        .filter(label_definition::kind.eq(kind))
        .order(label_definition::number.desc())
        .select(label_definition::state)
        .first(db)
        .optional()?;
    stored.as_deref().map(snapshot::read).transpose()
}

/// The version of a kind that labels are drawn by; `None` where that is the program's own.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn in_force(db: &mut Db, kind: &str) -> Result<Option<LabelDefinition>, Failure> {
    let stored: Option<String> = label_definition::table
        .filter(label_definition::kind.eq(kind))
        .filter(label_definition::standing.eq(Standing::Approved.code()))
        .order(label_definition::number.desc())
        .select(label_definition::state)
        .first(db)
        .optional()?;
    stored.as_deref().map(snapshot::read).transpose()
}
