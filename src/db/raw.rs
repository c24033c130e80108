//! Rows as raw bytes: what stands in a table, column by column, without any idea of what it
//! means.
//!
//! Verification must be able to look at damaged rows: text that is no UTF-8, a number where text
//! belongs. So the database itself writes each cell as its kind and its bytes in hexadecimal.
//!
//! Neighbours: `store::verify` compares, `store::backup` carries rows from one database to
//! another.
//!
//! Architecture invariant: names of tables and columns come from the database's own catalogue or
//! from constants of this program, never from outside.

use diesel::connection::{DefaultLoadingMode, SimpleConnection};
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::{Db, DbError};

/// What a column holds, as both databases see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Text.
    Text,
    /// 32 or 64 bits.
    Integer,
    /// Truth value.
    Bool,
    /// Bytes.
    Binary,
    /// Date and time.
    Timestamp,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// The declared type, as the database tells it.
    pub declared: String,
    /// Whether it may be empty.
    pub nullable: bool,
}

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cell {
    /// Nothing.
    Null,
    /// A whole number, in decimal digits.
    Integer(Vec<u8>),
    /// Text, which may be damaged.
    Text(Vec<u8>),
    /// Bytes.
    Binary(Vec<u8>),
    /// Something no column of ours ever holds.
    Other(String),
}

impl Cell {
    /// The cell as a person can read it, shortened.
    #[must_use]
    pub fn shown(&self) -> String {
        const LENGTH_MAX: usize = 120;
        let text = match self {
            Self::Null => "nothing".to_owned(),
            Self::Integer(digits) => String::from_utf8_lossy(digits).into_owned(),
            Self::Text(bytes) => format!("{:?}", String::from_utf8_lossy(bytes)),
            Self::Binary(bytes) => format!("x'{}'", crate::ledger::hash::hex(bytes)),
            Self::Other(kind) => format!("a value of kind {kind}"),
        };
        match text.char_indices().nth(LENGTH_MAX) {
            Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
            None => text,
        }
    }

    /// The text of a text cell that is not damaged.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(bytes) => std::str::from_utf8(bytes).ok(),
            _ => None,
        }
    }

    /// The number of an integer cell.
    #[must_use]
    pub fn integer(&self) -> Option<i64> {
        match self {
            Self::Integer(digits) => std::str::from_utf8(digits).ok()?.parse().ok(),
            _ => None,
        }
    }

    /// The bytes of a binary cell.
    #[must_use]
    pub fn binary(&self) -> Option<&[u8]> {
        match self {
            Self::Binary(bytes) => Some(bytes),
            _ => None,
        }
    }
}

#[derive(QueryableByName)]
struct ColumnRow {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    declared: String,
    #[diesel(sql_type = Text)]
    nullable: String,
}

#[derive(QueryableByName)]
struct LineRow {
    #[diesel(sql_type = Text)]
    line: String,
}

/// The names of all tables of the schema, except those of SQLite itself and of the migrations.
///
/// # Errors
/// When the catalogue cannot be read.
pub fn tables(db: &mut Db) -> Result<Vec<String>, DbError> {
    let query = if db.is_postgres() {
        "SELECT table_name::text AS line FROM information_schema.tables \
         WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' \
         AND table_name <> '__diesel_schema_migrations' ORDER BY 1"
    } else {
        "SELECT name AS line FROM sqlite_master WHERE type = 'table' \
         AND name NOT LIKE 'sqlite_%' AND name <> '__diesel_schema_migrations' ORDER BY 1"
    };
    let rows: Vec<LineRow> = diesel::sql_query(query).load(db)?;
    Ok(rows.into_iter().map(|row| row.line).collect())
}

/// The columns of a table, in the order of their names so that twins compare equal.
///
/// # Errors
/// When the table does not exist, or a column has a type that is not in use here.
pub fn columns(db: &mut Db, table: &str) -> Result<Vec<Column>, DbError> {
    let query = if db.is_postgres() {
        "SELECT column_name::text AS name, data_type::text AS declared, \
         is_nullable::text AS nullable FROM information_schema.columns \
         WHERE table_schema = current_schema() AND table_name = $1 ORDER BY 1"
    } else {
        "SELECT name, upper(type) AS declared, \
         CASE WHEN \"notnull\" = 1 OR pk > 0 THEN 'NO' ELSE 'YES' END AS nullable \
         FROM pragma_table_info(?) ORDER BY 1"
    };
    let rows: Vec<ColumnRow> = diesel::sql_query(query).bind::<Text, _>(table).load(db)?;
    if rows.is_empty() {
        return Err(DbError::Corrupt(format!("the table {table} does not exist")));
    }
    rows.into_iter()
        .map(|row| {
            let kind = match row.declared.to_lowercase().as_str() {
                "text" => Kind::Text,
                "integer" | "bigint" => Kind::Integer,
                "bool" | "boolean" => Kind::Bool,
                "blob" | "bytea" => Kind::Binary,
                "timestamp" | "timestamp without time zone" => Kind::Timestamp,
                other => {
                    return Err(DbError::Corrupt(format!(
                        "column {table}.{} has the type {other}, which is not in use here",
                        row.name
                    )));
                }
            };
            let nullable = row.nullable == "YES";
            Ok(Column { name: row.name, kind, declared: row.declared, nullable })
        })
        .collect()
}

/// Reads every row of a table, ordered by `order`, and hands it over as cells in the order of
/// `columns`.
///
/// # Errors
/// When the database fails or `take` does.
pub fn each_row<E: From<DbError>>(
    db: &mut Db,
    table: &str,
    columns: &[Column],
    order: &[&str],
    mut take: impl FnMut(Vec<Cell>) -> Result<(), E>,
) -> Result<(), E> {
    let postgres = db.is_postgres();
    let cells: Vec<_> = columns
        .iter()
        .map(|column| if postgres { postgres_cell(column) } else { sqlite_cell(column) })
        .collect();
    let order: Vec<_> = order.iter().map(|name| format!("\"{name}\"")).collect();
    let query = format!(
        "SELECT {} AS line FROM \"{table}\"{}{}",
        cells.join(" || '|' || "),
        if order.is_empty() { "" } else { " ORDER BY " },
        order.join(", ")
    );
    let rows = diesel::sql_query(query)
        .load_iter::<LineRow, DefaultLoadingMode>(db)
        .map_err(|error| E::from(DbError::from(error)))?;
    for row in rows {
        let row = row.map_err(|error| E::from(DbError::from(error)))?;
        take(row.line.split('|').map(parse_cell).collect())?;
    }
    Ok(())
}

/// Inserts a row of cells as [`each_row`] hands them over, possibly of the other database.
///
/// # Errors
/// When a cell does not fit its column, or the database refuses the row.
pub fn insert(db: &mut Db, table: &str, columns: &[Column], cells: &[Cell]) -> Result<(), DbError> {
    let postgres = db.is_postgres();
    let names: Vec<_> = columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
    let values = columns
        .iter()
        .zip(cells)
        .map(|(column, cell)| literal(postgres, column, cell))
        .collect::<Result<Vec<_>, _>>()?;
    let (names, values) = (names.join(", "), values.join(", "));
    Ok(db.batch_execute(&format!("INSERT INTO \"{table}\" ({names}) VALUES ({values})"))?)
}

/// A cell as SQL. Text travels as hexadecimal digits, so nothing in it can be read as SQL.
fn literal(postgres: bool, column: &Column, cell: &Cell) -> Result<String, DbError> {
    let misfit = || DbError::Corrupt(format!("{} holds {}", column.name, cell.shown()));
    let hex = |bytes: &[u8]| crate::ledger::hash::hex(bytes);
    Ok(match (cell, column.kind, postgres) {
        (Cell::Null, _, _) => "NULL".to_owned(),
        (Cell::Integer(_), Kind::Bool, true) => {
            (if cell.integer() == Some(0) { "FALSE" } else { "TRUE" }).to_owned()
        }
        (Cell::Integer(_), Kind::Integer | Kind::Bool, _) => {
            cell.integer().ok_or_else(misfit)?.to_string()
        }
        (Cell::Text(bytes), Kind::Text, true) => {
            format!("convert_from(decode('{}', 'hex'), 'UTF8')", hex(bytes))
        }
        (Cell::Text(bytes), Kind::Timestamp, true) => {
            format!("convert_from(decode('{}', 'hex'), 'UTF8')::timestamp", hex(bytes))
        }
        (Cell::Text(bytes), Kind::Text, false) => format!("CAST(X'{}' AS TEXT)", hex(bytes)),
        (Cell::Text(bytes), Kind::Timestamp, false) => {
            // SQLite keeps what is written; diesel writes no needless zeros.
            let text = std::str::from_utf8(bytes).map_err(|_| misfit())?;
            let at = chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f")
                .map_err(|_| misfit())?;
            format!("'{}'", at.format("%Y-%m-%d %H:%M:%S%.f"))
        }
        (Cell::Binary(bytes), Kind::Binary, true) => format!("decode('{}', 'hex')", hex(bytes)),
        (Cell::Binary(bytes), Kind::Binary, false) => format!("X'{}'", hex(bytes)),
        _ => return Err(misfit()),
    })
}

fn sqlite_cell(column: &Column) -> String {
    let name = &column.name;
    format!("(typeof(\"{name}\") || ':' || coalesce(hex(\"{name}\"), ''))")
}

fn postgres_cell(column: &Column) -> String {
    let name = &column.name;
    let text = |value: String| format!("encode(convert_to({value}, 'UTF8'), 'hex')");
    let written = match column.kind {
        Kind::Text => format!("'text:' || {}", text(format!("\"{name}\""))),
        Kind::Integer => format!("'integer:' || {}", text(format!("\"{name}\"::text"))),
        Kind::Bool => format!("'integer:' || CASE WHEN \"{name}\" THEN '31' ELSE '30' END"),
        Kind::Binary => format!("'blob:' || encode(\"{name}\", 'hex')"),
        Kind::Timestamp => {
            let shape = "YYYY-MM-DD HH24:MI:SS.US";
            format!("'text:' || {}", text(format!("to_char(\"{name}\", '{shape}')")))
        }
    };
    format!("coalesce({written}, 'null:')")
}

fn parse_cell(text: &str) -> Cell {
    let (kind, digits) = text.split_once(':').unwrap_or((text, ""));
    let bytes = crate::ledger::hash::unhex(&digits.to_lowercase()).unwrap_or_default();
    match kind {
        "null" => Cell::Null,
        "integer" => Cell::Integer(bytes),
        "text" => Cell::Text(bytes),
        "blob" => Cell::Binary(bytes),
        other => Cell::Other(other.to_owned()),
    }
}
