//! The only folder that knows which database it is.
//!
//! [`Db`] is one connection to SQLite or PostgreSQL. Everywhere else it is opaque: queries are
//! written once, in the subset that both share. Here are the ways to open one ([`connect`]), to
//! write through the one door ([`door`]), to reach PostgreSQL over TLS ([`tls`]), to read rows as
//! raw bytes for verification ([`raw`]) and to tell errors apart ([`error`]).
//!
//! Neighbours: `store` holds all queries and is the only caller.
//!
//! Architecture invariant: no other folder matches on a variant of [`Db`], and none begins a
//! transaction.

pub mod connect;
mod connection;
pub mod door;
pub mod error;
pub mod raw;
pub mod tls;

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::migration::MigrationSource;
use diesel::prelude::*;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

pub use connect::{Address, Pool, PooledDb};
pub use door::{Door, Retry};
pub use error::DbError;

pub use connection::{Db, MultiBackend as Backend};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

impl Db {
    /// Whether this is PostgreSQL: for sentences in reports, never for rules.
    #[must_use]
    pub const fn is_postgres(&self) -> bool {
        matches!(self, Self::Pg(_))
    }

    /// Brings the tables up to this program's version.
    ///
    /// # Errors
    /// When a migration fails, or the database was written by a newer program.
    pub fn migrate(&mut self) -> Result<(), DbError> {
        let failed = |error: Box<dyn std::error::Error + Send + Sync>| {
            DbError::Open(format!("the tables cannot be brought up to date: {error}"))
        };
        let (applied, known) = match self {
            Self::Sqlite(inner) => (
                inner.applied_migrations().map_err(failed)?,
                names::<diesel::sqlite::Sqlite>(SQLITE)?,
            ),
            Self::Pg(inner) => {
                (inner.applied_migrations().map_err(failed)?, names::<diesel::pg::Pg>(POSTGRES)?)
            }
        };
        if let Some(newer) = applied.iter().find(|version| !known.contains(&version.to_string())) {
            return Err(DbError::Open(format!(
                "it was written by a newer version of this program (migration {newer}); use that one"
            )));
        }
        match self {
            Self::Sqlite(inner) => inner.run_pending_migrations(SQLITE).map(drop),
            Self::Pg(inner) => inner.run_pending_migrations(POSTGRES).map(drop),
        }
        .map_err(failed)
    }

    /// Folds the write-ahead log into the database file, so that the file alone is the whole
    /// database; nothing to do on a server.
    pub(crate) fn gather(&mut self) -> Result<(), DbError> {
        if let Self::Sqlite(inner) = self {
            inner.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)")?;
        }
        Ok(())
    }

    /// Begins a transaction that writes: alone on SQLite, serialisable on PostgreSQL.
    pub(crate) fn begin_write(&mut self) -> Result<(), DbError> {
        match self {
            Self::Sqlite(inner) => {
                AnsiTransactionManager::begin_transaction_sql(inner, "BEGIN IMMEDIATE")
            }
            Self::Pg(inner) => AnsiTransactionManager::begin_transaction_sql(
                inner,
                "BEGIN ISOLATION LEVEL SERIALIZABLE",
            ),
        }
        .map_err(DbError::from)
    }

    /// Begins a transaction that reads one instant of the database.
    pub(crate) fn begin_read(&mut self) -> Result<(), DbError> {
        match self {
            Self::Sqlite(inner) => AnsiTransactionManager::begin_transaction_sql(inner, "BEGIN"),
            Self::Pg(inner) => AnsiTransactionManager::begin_transaction_sql(
                inner,
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            ),
        }
        .map_err(DbError::from)
    }

    /// Sets a point to come back to inside a transaction.
    pub(crate) fn begin_savepoint(&mut self) -> Result<(), DbError> {
        <Self as TransactionManager<Self>>::begin_transaction(self).map_err(DbError::from)
    }

    /// Commits the transaction, or gives up the innermost savepoint and keeps its work.
    pub(crate) fn commit(&mut self) -> Result<(), DbError> {
        <Self as TransactionManager<Self>>::commit_transaction(self).map_err(DbError::from)
    }

    /// Undoes the transaction, or the work since the innermost savepoint.
    pub(crate) fn rollback(&mut self) -> Result<(), DbError> {
        <Self as TransactionManager<Self>>::rollback_transaction(self).map_err(DbError::from)
    }

    /// Takes, for this transaction and without waiting, the right to seal; `false` when another
    /// process has it. On SQLite the write transaction itself is that right.
    pub(crate) fn try_seal_lock(&mut self) -> Result<bool, DbError> {
        #[derive(QueryableByName)]
        struct Locked {
            #[diesel(sql_type = diesel::sql_types::Bool)]
            locked: bool,
        }
        match self {
            Self::Sqlite(_) => Ok(true),
            Self::Pg(inner) => {
                diesel::sql_query("SELECT pg_try_advisory_xact_lock(4846213071) AS locked")
                    .get_result::<Locked>(inner)
                    .map(|row| row.locked)
                    .map_err(DbError::from)
            }
        }
    }

    /// Writes a consistent copy of a SQLite database to a new or empty file. The copy of a
    /// PostgreSQL database is made through the ledger.
    pub(crate) fn copy_to_file(&mut self, path: &std::path::Path) -> Result<(), DbError> {
        match self {
            Self::Sqlite(inner) => {
                let quoted = path.to_string_lossy().replace('\'', "''");
                Ok(inner.batch_execute(&format!("VACUUM INTO '{quoted}'"))?)
            }
            Self::Pg(_) => Err(DbError::Other("PostgreSQL is no file".to_owned())),
        }
    }
}

/// Undoes and redoes every migration, which removes all data: for the test that each has a way
/// back.
///
/// # Errors
/// When a step fails.
pub fn migrate_down_and_up(address: &str) -> Result<(), DbError> {
    let address = Address::parse(address)?;
    let connector = connect::Connector::new(&address, connect::Purpose::Write)?;
    let mut db = connector.open()?;
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| DbError::Open(error.to_string());
    match &mut db {
        Db::Sqlite(inner) => inner.revert_all_migrations(SQLITE).map(drop),
        Db::Pg(inner) => inner.revert_all_migrations(POSTGRES).map(drop),
    }
    .map_err(failed)?;
    db.migrate()
}

fn names<DB: diesel::backend::Backend>(source: EmbeddedMigrations) -> Result<Vec<String>, DbError> {
    let migrations = MigrationSource::<DB>::migrations(&source)
        .map_err(|error| DbError::Open(error.to_string()))?;
    Ok(migrations.iter().map(|migration| migration.name().version().to_string()).collect())
}
