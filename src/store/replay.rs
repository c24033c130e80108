//! An empty database to replay a ledger into.
//!
//! Neighbours: [`super::verify`] compares it with the original.
//!
//! Architecture invariant: events enter through [`super::project`] only.

use std::path::PathBuf;

use crate::clock;
use crate::db::connect::{Connector, Purpose};
use crate::db::{Address, Db, DbError};
use crate::domain::Recorded;
use crate::ledger::hash::hex;

use super::{Failure, project};

/// How many events share one transaction.
const GROUP: u32 = 2_000;

/// A throw-away SQLite database with all tables, removed when dropped.
pub(super) struct Replay {
    db: Db,
    folder: PathBuf,
    open: u32,
}

impl Drop for Replay {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

impl Replay {
    /// Makes the empty database in the system's folder for temporary files.
    pub(super) fn empty() -> Result<Self, Failure> {
        use std::os::unix::fs::DirBuilderExt;
        let folder =
            std::env::temp_dir().join(format!("chorda-replay-{}", hex(&clock::random::<8>()?)));
        std::fs::DirBuilder::new()
            .mode(0o700)
            .create(&folder)
            .map_err(|error| DbError::Open(format!("{}: {error}", folder.display())))?;
        let address = Address::File(folder.join("replay.sqlite"));
        let mut db = Connector::new(&address, Purpose::Scratch)?.open()?;
        db.migrate()?;
        Ok(Self { db, folder, open: 0 })
    }

    /// Replays one event. When it cannot be projected, nothing of it stays.
    pub(super) fn event(&mut self, recorded: &Recorded) -> Result<(), Failure> {
        if self.open == 0 {
            self.db.begin_write()?;
        }
        self.db.begin_savepoint()?;
        let outcome = project::event(&mut self.db, recorded);
        match &outcome {
            Ok(()) => self.db.commit()?,
            Err(_) => self.db.rollback()?,
        }
        self.open = self.open.saturating_add(1);
        if self.open >= GROUP {
            self.finish()?;
        }
        outcome
    }

    /// Commits what was replayed.
    pub(super) fn finish(&mut self) -> Result<(), Failure> {
        if self.open > 0 {
            self.db.commit()?;
            self.open = 0;
        }
        Ok(())
    }

    /// The replayed tables.
    pub(super) fn db(&mut self) -> &mut Db {
        &mut self.db
    }
}
