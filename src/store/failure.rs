//! Where refusals of the rules and failures of the database meet.
//!
//! Neighbours: `app` passes a [`Failure`] through, `web` and the command line turn it into a
//! status.
//!
//! Architecture invariant: a technical error is never dressed as a refusal, nor the other way.

use crate::clock::NoRandomness;
use crate::db::{DbError, Retry};
use crate::domain::{Refusal, RefusalKind, Refused};
use crate::ledger::CanonicalError;

/// Why a read or a command gave no result.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A rule said no; nothing was changed.
    #[error(transparent)]
    Refused(Refused),
    /// The database failed.
    #[error(transparent)]
    Db(DbError),
    /// The program or its installation is at fault; nothing was changed.
    #[error("{0}")]
    Broken(String),
}

impl Failure {
    /// A refusal made outside an aggregate, such as an unknown code.
    pub fn refused(rule: &str, kind: RefusalKind, message: impl Into<String>) -> Self {
        Self::Refused(Refused { rule: rule.to_owned(), kind, message: message.into() })
    }

    /// That a thing does not exist.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::refused("not_found", RefusalKind::NotFound, message)
    }

    /// The refusal, when it is one.
    #[must_use]
    pub const fn refusal(&self) -> Option<&Refused> {
        match self {
            Self::Refused(refused) => Some(refused),
            Self::Db(_) | Self::Broken(_) => None,
        }
    }
}

impl<R: Refusal> From<R> for Failure {
    fn from(refusal: R) -> Self {
        Self::Refused(refusal.into())
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<DbError> for Failure {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}

impl From<diesel::result::Error> for Failure {
    fn from(error: diesel::result::Error) -> Self {
        Self::Db(error.into())
    }
}

impl From<CanonicalError> for Failure {
    fn from(error: CanonicalError) -> Self {
        Self::Broken(format!("an event cannot be written: {error}"))
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::Broken(format!("a value cannot be written or read as JSON: {error}"))
    }
}

impl From<NoRandomness> for Failure {
    fn from(error: NoRandomness) -> Self {
        Self::Broken(error.to_string())
    }
}

impl Retry for Failure {
    /// Besides plain contention: two writers that appended to the same stream, counted the same
    /// station or carried the same command. The second run sees what the first one wrote.
    fn is_contention(&self) -> bool {
        match self {
            Self::Db(DbError::Unique { table, .. }) => {
                ["ledger_event", "ledger_stream", "command_result", "station_seq", "ledger_tree"]
                    .contains(&table.as_str())
            }
            Self::Db(error) => error.is_contention(),
            Self::Refused(_) | Self::Broken(_) => false,
        }
    }

    fn broke_off() -> Self {
        Self::Broken("the work broke off; nothing was changed".to_owned())
    }
}
