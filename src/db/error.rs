//! What a database can answer instead of doing what was asked, told the same way for both.
//!
//! Neighbours: [`super::door`] runs again what met [`DbError::Contention`]; `store::Failure`
//! carries the rest to the edge.
//!
//! Architecture invariant: no code outside this folder reads the message of a database error.

use diesel::result::{DatabaseErrorKind, Error};

/// A technical failure of the database; never a refusal of the rules.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// Somebody else was writing the same thing; the work may run again.
    #[error("another writer was in the way: {0}")]
    Contention(String),
    /// A row with the same unique columns exists.
    #[error("{table} already holds a row with the same {columns}")]
    Unique {
        /// The table.
        table: String,
        /// The columns, separated by comma and space.
        columns: String,
    },
    /// A CHECK constraint does not allow the row.
    #[error("{table} does not allow the row: {constraint}")]
    Check {
        /// The table, when the database names it.
        table: String,
        /// The constraint's name or text.
        constraint: String,
    },
    /// A row refers to another that does not exist.
    #[error("a row refers to another that does not exist: {0}")]
    Reference(String),
    /// A trigger refused a change that must never happen.
    #[error("the database refused the change: {0}")]
    Trigger(String),
    /// The row does not exist.
    #[error("the row does not exist")]
    NotFound,
    /// The database cannot be reached or opened.
    #[error("the database cannot be opened: {0}")]
    Open(String),
    /// The address of the database cannot be read.
    #[error("{0:?} is no database address; write sqlite:PATH or postgres://USER@HOST/NAME")]
    Address(String),
    /// What was read cannot be what was written.
    #[error("stored data cannot be read: {0}")]
    Corrupt(String),
    /// Anything else.
    #[error("the database failed: {0}")]
    Other(String),
}

/// The prefix that our own triggers put before their message.
const TRIGGER_MARK: &str = "refused: ";

impl DbError {
    /// Whether the same work may succeed when it is run again.
    #[must_use]
    pub const fn is_contention(&self) -> bool {
        matches!(self, Self::Contention(_))
    }

    /// Whether a unique constraint over `column` of `table` was broken: such as a position that
    /// another container took first.
    #[must_use]
    pub fn is_unique(&self, wanted_table: &str, column: &str) -> bool {
        matches!(self, Self::Unique { table, columns }
            if table == wanted_table && columns.split(", ").any(|name| name == column))
    }
}

impl From<Error> for DbError {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Self::NotFound,
            Error::DatabaseError(kind, information) => {
                let message = information.message().to_owned();
                let table = information.table_name().unwrap_or_default();
                match kind {
                    DatabaseErrorKind::SerializationFailure => Self::Contention(message),
                    DatabaseErrorKind::UniqueViolation => unique(
                        &message,
                        table,
                        information.details().unwrap_or_default(),
                        information.constraint_name().unwrap_or_default(),
                    ),
                    DatabaseErrorKind::CheckViolation => {
                        let constraint = information.constraint_name().map_or_else(
                            || message.replace("CHECK constraint failed: ", ""),
                            str::to_owned,
                        );
                        Self::Check { table: table.to_owned(), constraint }
                    }
                    DatabaseErrorKind::ForeignKeyViolation => Self::Reference(message),
                    DatabaseErrorKind::ClosedConnection => Self::Open(message),
                    _ => unknown(message),
                }
            }
            Error::DeserializationError(error) => Self::Corrupt(error.to_string()),
            other => Self::Other(other.to_string()),
        }
    }
}

/// PostgreSQL names the table and writes the columns into the details
/// (`Key (a, b)=(1, 2) already exists.`); SQLite has both in the message
/// (`UNIQUE constraint failed: t.a, t.b`).
fn unique(message: &str, table: &str, details: &str, constraint: &str) -> DbError {
    if let Some(listed) = message.strip_prefix("UNIQUE constraint failed: ") {
        let table = listed.split('.').next().unwrap_or_default().to_owned();
        let columns: Vec<_> = listed
            .split(", ")
            .map(|column| column.split_once('.').map_or(column, |(_, name)| name))
            .collect();
        return DbError::Unique { table, columns: columns.join(", ") };
    }
    let columns = details
        .strip_prefix("Key (")
        .and_then(|rest| rest.split_once(")="))
        .map_or(constraint, |(columns, _)| columns);
    DbError::Unique { table: table.to_owned(), columns: columns.to_owned() }
}

fn unknown(message: String) -> DbError {
    let contended = ["database is locked", "database table is locked", "deadlock detected"];
    if contended.iter().any(|text| message.contains(text)) {
        return DbError::Contention(message);
    }
    match message.split_once(TRIGGER_MARK) {
        Some((_, refusal)) => DbError::Trigger(refusal.to_owned()),
        None => DbError::Other(message),
    }
}
