//! Backup and restore: one form for both databases, a SQLite file that can be verified by itself.
//!
//! A SQLite database is copied as it stands. From PostgreSQL the ledger is carried over row by
//! row, and every event is projected again; the same way leads from a backup into an empty
//! PostgreSQL schema. The roots of the log decide whether a copy is the same ledger.
//!
//! The secrets are not in a backup: keep a copy of the key folder in another safe.
//!
//! Neighbours: [`super::verify`] judges each copy before it counts as one.
//!
//! Architecture invariant: nothing here overwrites anything.

use std::fs;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use diesel::prelude::*;

use crate::db::connect::{Connector, Purpose};
use crate::db::raw::{self, Column};
use crate::db::{Address, Db, DbError};
use crate::ledger::event::EventDocument;

use super::schema::ledger_checkpoint;
use super::verify::{self, Report};
use super::{Failure, OUTSIDE_LEDGER, Store, StoreConfig, checkpoint_file, ledger, project};

/// The tables of the ledger that no event projects, in the order in which they are carried.
const LEDGER_TABLES: [(&str, &str); 8] = [
    ("ledger_event", "event_id"),
    ("ledger_stream", "stream"),
    ("ledger_leaf", "idx"),
    ("ledger_pending", "event_id"),
    ("ledger_tree", "origin"),
    ("ledger_checkpoint", "size"),
    ("command_result", "command_id"),
    ("station_seq", "station"),
];

/// Writes a backup to a new file and verifies it. Everything committed before the call is in it.
///
/// # Errors
/// When the file exists, cannot be written, or does not verify.
pub fn to_file(store: &Store, file: &Path) -> Result<Report, Failure> {
    let inner = store.inner();
    if inner.door.is_some() {
        store.seal_now()?;
    }
    new_file(file)?;
    let copied = match &inner.address {
        Address::File(_) => Connector::new(&inner.address, Purpose::Write)
            .and_then(|connector| connector.open())
            .and_then(|mut db| db.copy_to_file(file))
            .map_err(Failure::from),
        Address::Server(_) => {
            let target = Address::File(file.to_path_buf());
            store.read(|source| carry(source, &target))
        }
    };
    let report = copied.and_then(|()| {
        settle(file)?;
        let mut config = StoreConfig::new(&format!("sqlite:{}", file.display()));
        config.key_folder = Some(inner.key_folder.clone());
        config.checkpoint_file = Some(inner.checkpoint_file.clone());
        verify::run(&Store::inspect(&config)?)
    });
    match report {
        Ok(report) if report.passed => Ok(report),
        Ok(report) => {
            remove(file);
            Err(Failure::Broken(format!(
                "the copy does not verify, so it was not kept:\n{}",
                report.lines().join("\n")
            )))
        }
        Err(error) => {
            remove(file);
            Err(error)
        }
    }
}

/// Restores a backup to a database that does not exist yet, or holds nothing, and verifies it.
/// A checkpoint file that is there already is kept: it shows whether the backup is older than
/// what was known.
///
/// # Errors
/// When the backup cannot be read, or the database holds a ledger already.
pub fn from_file(file: &Path, config: &StoreConfig) -> Result<Report, Failure> {
    if !file.is_file() {
        return Err(Failure::not_found(format!("There is no backup {}.", file.display())));
    }
    let mut source = StoreConfig::new(&format!("sqlite:{}", file.display()));
    source.key_folder = Some(config.key_folder()?);
    let source = Store::inspect(&source)?;
    match Address::parse(&config.database)? {
        Address::File(path) => {
            super::make_parent(&path)?;
            new_file(&path)?;
            fs::copy(file, &path).map_err(|error| unusable(&path, &error))?;
            settle(&path)?;
        }
        address @ Address::Server(_) => {
            // The connector keeps the encrypted way open for as long as it lives.
            let connector = Connector::new(&address, Purpose::Write)?;
            if super::founded_origin(&mut connector.open()?)?.is_some() {
                return Err(occupied(&address.shown()));
            }
            source.read(|source| carry(source, &address))?;
        }
    }
    restore_checkpoints(&source, &config.checkpoint_file()?)?;
    verify::run(&Store::inspect(config)?)
}

/// Carries a whole ledger into an empty database, in one transaction.
fn carry(source: &mut Db, target: &Address) -> Result<(), Failure> {
    let connector = Connector::new(target, Purpose::Write)?;
    let mut target = connector.open()?;
    target.migrate()?;
    target.begin_write()?;
    for (table, order) in LEDGER_TABLES {
        carry_table(source, &mut target, table, &[order])?;
    }
    let columns = raw::columns(source, "ledger_event")?;
    let place = columns.iter().position(|column| column.name == "canonical");
    raw::each_row(source, "ledger_event", &columns, &["event_id"], |cells| {
        let text = place.and_then(|place| cells.get(place)).and_then(raw::Cell::text);
        let document = EventDocument::parse(text.unwrap_or_default())?;
        project::event(&mut target, &ledger::recorded(document)?)
    })?;
    for (table, _) in OUTSIDE_LEDGER.iter().filter(|(table, _)| *table != "session") {
        carry_table(source, &mut target, table, &[])?;
    }
    target.commit()?;
    Ok(())
}

fn carry_table(
    source: &mut Db,
    target: &mut Db,
    table: &str,
    order: &[&str],
) -> Result<(), Failure> {
    let columns: Vec<Column> = raw::columns(source, table)?;
    raw::each_row(source, table, &columns, order, |cells| {
        raw::insert(target, table, &columns, &cells).map_err(Failure::from)
    })
}

/// Writes the checkpoint file from the restored ledger, where there is none.
fn restore_checkpoints(source: &Store, path: &Path) -> Result<(), Failure> {
    if checkpoint_file::read(path)?.is_some() {
        return Ok(());
    }
    let notes: Vec<String> = source.read(|db| {
        Ok(ledger_checkpoint::table
            .filter(ledger_checkpoint::origin.eq(source.origin()))
            .order(ledger_checkpoint::size)
            .select(ledger_checkpoint::note)
            .load(db)?)
    })?;
    checkpoint_file::append(path, &notes)
}

/// Makes an empty file that only this user can read; refuses one that exists.
fn new_file(path: &Path) -> Result<(), Failure> {
    let made = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    match made {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            Err(occupied(&path.display().to_string()))
        }
        Err(error) => Err(unusable(path, &error)),
    }
}

/// Waits until the file is on disk, and leaves nothing of a log beside it.
fn settle(path: &Path) -> Result<(), Failure> {
    fs::File::open(path).and_then(|file| file.sync_all()).map_err(|error| unusable(path, &error))
}

fn remove(path: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        fs::remove_file(name).ok();
    }
}

fn occupied(place: &str) -> Failure {
    Failure::refused(
        "nothing_is_overwritten",
        crate::domain::RefusalKind::Conflict,
        format!("{place} exists already. Name another place, or move it away first."),
    )
}

fn unusable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Db(DbError::Open(format!("{}: {error}", path.display())))
}
