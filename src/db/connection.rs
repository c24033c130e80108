//! The connection itself: one type over both databases.
//!
//! Architecture invariant: what diesel derives here is all there is in this file.

#![expect(missing_docs, reason = "the derive writes public items without documentation")]

use diesel::prelude::*;

/// One connection to the database.
#[derive(diesel::MultiConnection)]
pub enum Db {
    /// A SQLite file.
    Sqlite(SqliteConnection),
    /// A PostgreSQL server.
    Pg(PgConnection),
}
