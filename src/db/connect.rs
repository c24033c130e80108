//! Opening connections: the address decides the database, and every session gets the settings on
//! which durability and exactness rest.
//!
//! Neighbours: [`super::tls`] makes the encrypted way to PostgreSQL.
//!
//! Architecture invariant: a connection is never tried on one database after failing on the
//! other, so that a mistyped address cannot silently create an empty file.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::r2d2::{ManageConnection, PooledConnection, R2D2Connection};

use super::tls::{PgAddress, Tunnel};
use super::{Db, DbError};

/// The oldest SQLite without the bug that could corrupt a file when its log was reset.
const SQLITE_MINIMUM: (u32, u32, u32) = (3, 51, 3);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Where the database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A SQLite file.
    File(PathBuf),
    /// A PostgreSQL server, as a URL.
    Server(String),
}

impl Address {
    /// Reads `sqlite:PATH`, `postgres://…` or `postgresql://…`.
    ///
    /// # Errors
    /// [`DbError::Address`] for anything else.
    pub fn parse(text: &str) -> Result<Self, DbError> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() || path.starts_with(':') {
                return Err(DbError::Address(text.to_owned()));
            }
            return Ok(Self::File(PathBuf::from(path)));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Server(text.to_owned()));
        }
        Err(DbError::Address(text.to_owned()))
    }

    /// Whether the database is a file of this machine.
    #[must_use]
    pub const fn is_file(&self) -> bool {
        matches!(self, Self::File(_))
    }

    /// The address without a password, for messages.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::File(path) => format!("sqlite:{}", path.display()),
            Self::Server(url) => PgAddress::parse(url)
                .map_or_else(|_| "postgres://…".to_owned(), |address| address.shown()),
        }
    }
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Read,
    Write,
    /// A throw-away copy that need not survive a power cut.
    Scratch,
}

/// Makes connections of one address and purpose.
#[derive(Clone)]
pub(crate) struct Connector {
    way: Way,
    purpose: Purpose,
}

#[derive(Clone)]
enum Way {
    File(PathBuf),
    Server { conninfo: String, _tunnel: Option<Arc<Tunnel>> },
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Connector({:?})", self.purpose)
    }
}

impl Connector {
    /// Prepares the way to the database: for PostgreSQL this settles encryption.
    pub(crate) fn new(address: &Address, purpose: Purpose) -> Result<Self, DbError> {
        let way = match address {
            Address::File(path) => Way::File(path.clone()),
            Address::Server(url) => {
                let (conninfo, tunnel) = PgAddress::parse(url)?.reach()?;
                Way::Server { conninfo, _tunnel: tunnel.map(Arc::new) }
            }
        };
        Ok(Self { way, purpose })
    }

    /// The same way, for another purpose.
    pub(crate) fn for_purpose(&self, purpose: Purpose) -> Self {
        Self { way: self.way.clone(), purpose }
    }

    /// Opens one connection with the settings of its purpose.
    pub(crate) fn open(&self) -> Result<Db, DbError> {
        match &self.way {
            Way::File(path) => open_file(path, self.purpose).map(Db::Sqlite),
            Way::Server { conninfo, .. } => open_server(conninfo, self.purpose).map(Db::Pg),
        }
    }
}

fn open_file(path: &std::path::Path, purpose: Purpose) -> Result<SqliteConnection, DbError> {
    let mut connection = SqliteConnection::establish(&path.to_string_lossy())
        .map_err(|error| DbError::Open(format!("{}: {error}", path.display())))?;
    // The waiting time comes first: the settings after it may have to wait for a writer.
    connection.batch_execute("PRAGMA busy_timeout = 5000")?;
    check_sqlite_version(&mut connection)?;
    let settings: &[&str] = match purpose {
        Purpose::Write => &[
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = FULL",
            "PRAGMA foreign_keys = ON",
            "PRAGMA recursive_triggers = ON",
            "PRAGMA temp_store = MEMORY",
        ],
        Purpose::Read => &[
            "PRAGMA synchronous = FULL",
            "PRAGMA foreign_keys = ON",
            "PRAGMA recursive_triggers = ON",
            "PRAGMA temp_store = MEMORY",
            "PRAGMA query_only = ON",
            "PRAGMA cache_size = -1000",
        ],
        Purpose::Scratch => &[
            "PRAGMA journal_mode = MEMORY",
            "PRAGMA synchronous = OFF",
            "PRAGMA foreign_keys = OFF",
            "PRAGMA temp_store = MEMORY",
        ],
    };
    for setting in settings {
        connection.batch_execute(setting)?;
    }
    Ok(connection)
}

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = diesel::sql_types::Text)]
    version: String,
}

fn check_sqlite_version(connection: &mut SqliteConnection) -> Result<(), DbError> {
    let Version { version } =
        diesel::sql_query("SELECT sqlite_version() AS version").get_result(connection)?;
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let mut part = || parts.next().unwrap_or(0);
    let found = (part(), part(), part());
    if found < SQLITE_MINIMUM {
        return Err(DbError::Open(format!(
            "SQLite {version} can corrupt its log; at least 3.51.3 is needed"
        )));
    }
    Ok(())
}

fn open_server(conninfo: &str, purpose: Purpose) -> Result<PgConnection, DbError> {
    let mut connection =
        PgConnection::establish(conninfo).map_err(|error| DbError::Open(error.to_string()))?;
    // Messages are read to tell errors apart, hence English; a role that may not set the
    // language keeps the server's.
    connection.batch_execute(
        "SET TIME ZONE 'UTC'; SET client_min_messages = warning; SET jit = off; \
         SET synchronous_commit = on; SET lock_timeout = '10s'; \
         SET idle_in_transaction_session_timeout = '60s'; \
         DO $$ BEGIN PERFORM set_config('lc_messages', 'C', false); \
         EXCEPTION WHEN OTHERS THEN NULL; END $$",
    )?;
    if purpose == Purpose::Write {
        // Under SERIALIZABLE a scan of a whole small table conflicts with every writer of it.
        connection.batch_execute("SET enable_seqscan = off")?;
    }
    Ok(connection)
}

/// A pool of connections.
pub type Pool = diesel::r2d2::Pool<Manager>;
/// A connection on loan from a [`Pool`].
pub type PooledDb = PooledConnection<Manager>;

/// The connector as the pool sees it.
#[derive(Debug, Clone)]
pub struct Manager(Connector);

impl ManageConnection for Manager {
    type Connection = Db;
    type Error = DbError;

    fn connect(&self) -> Result<Db, DbError> {
        self.0.open()
    }

    fn is_valid(&self, db: &mut Db) -> Result<(), DbError> {
        db.ping().map_err(DbError::from)
    }

    fn has_broken(&self, db: &mut Db) -> bool {
        std::thread::panicking() || db.is_broken()
    }
}

/// Makes a pool of at most `size` connections, opened when they are needed.
pub(crate) fn pool(connector: Connector, size: u32) -> Result<Pool, DbError> {
    diesel::r2d2::Pool::builder()
        .max_size(size)
        .min_idle(Some(1))
        .test_on_check_out(false)
        .connection_timeout(CONNECT_TIMEOUT)
        .error_handler(Box::new(diesel::r2d2::LoggingErrorHandler))
        .build(Manager(connector))
        .map_err(|error| DbError::Open(error.to_string()))
}

/// Borrows a connection.
pub(crate) fn borrow(pool: &Pool) -> Result<PooledDb, DbError> {
    pool.get().map_err(|error| DbError::Open(error.to_string()))
}
