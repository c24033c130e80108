//! Sets up places to store in, renames them, takes them out of service and puts them back.
//!
//! Neighbours: `domain::storage` decides.
//!
//! Architecture invariant: a place is never deleted; what once stood there keeps its address.

use serde::Serialize;

use super::{App, Caller};
use crate::domain::actor::Capability;
use crate::domain::id::LocationPath;
use crate::domain::storage::{self, Command};
use crate::store::{Failure, storage as places};

/// A change of a place.
#[derive(Debug, Clone, Serialize)]
pub struct StorageChange {
    /// Its path.
    pub path: LocationPath,
    /// What is to change.
    pub command: Command,
}

/// Sets a place up or changes it.
///
/// # Errors
/// What `domain::storage` refuses, or that the database failed.
pub fn storage_change(app: &App, caller: &Caller, change: StorageChange) -> Result<(), Failure> {
    caller.needs(Capability::ManageStorage)?;
    let request = change.clone();
    app.write(caller, &request, move |tx| {
        let path = change.path.as_str();
        let known = places::load(tx.db(), path)?;
        let parent = match path.rsplit_once('/') {
            Some((parent, _)) => places::load(tx.db(), parent)?,
            None => None,
        };
        let context = tx.context();
        let (place, around) = (known.as_ref(), parent.as_ref());
        tx.record(storage::decide(&change.path, place, around, &change.command, &context)?)
    })
}
