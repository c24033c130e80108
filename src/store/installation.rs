//! The announced keys, as a table.
//!
//! Neighbours: `domain::installation` has the events; `ledger::key` the keys.
//!
//! Architecture invariant: the table holds public halves only.

use diesel::prelude::*;

use crate::db::{Db, DbError};
use crate::domain::Recorded;
use crate::domain::installation::Event;
use crate::ledger::hash::unhex;

use super::schema::ledger_key;
use super::{Failure, Table};

/// The tables of this module.
pub(super) const TABLES: &[Table] = &[Table { name: "ledger_key", key: &["kid"] }];

/// Projects one event.
pub(super) fn project(db: &mut Db, recorded: &Recorded, event: &Event) -> Result<(), Failure> {
    let Event::KeyAnnounced { kid, algorithm, public, purpose } = event else {
        return Ok(());
    };
    let public =
        unhex(public).ok_or_else(|| DbError::Corrupt("a public key is no hexadecimal".into()))?;
    diesel::insert_into(ledger_key::table)
        .values((
            ledger_key::kid.eq(kid),
            ledger_key::algorithm.eq(algorithm),
            ledger_key::public.eq(public),
            ledger_key::purpose.eq(purpose.code()),
            ledger_key::announced.eq(recorded.at.naive()),
        ))
        .execute(db)?;
    Ok(())
}
