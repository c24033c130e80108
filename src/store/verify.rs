//! `chorda verify`: does every row of every table follow from the ledger, and the ledger from
//! itself?
//!
//! Three passes over one instant of the database. First the ledger: every event is hashed again,
//! held against its stream, its station and its signature; the log is rebuilt and held against
//! every checkpoint, in the table and in the file outside. Then all events are replayed, in the
//! order of their ids, into an empty database by the function that projected them the first
//! time. Last, each projection table is compared with its replayed twin, row by row and column
//! by column.
//!
//! Rows are read as raw bytes, so that damage cannot hide behind a reading error.
//!
//! Neighbours: `ledger::verify` has the checks of the ledger itself; `db::raw` reads the rows.
//!
//! Architecture invariant: nothing here writes to the database that is verified.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::db::raw::{self, Cell, Column, Kind};
use crate::db::{Db, DbError};
use crate::domain::installation::{self as founding, Event as Founding, Installation, KeyPurpose};
use crate::domain::{Aggregate, Event, Recorded};
use crate::ledger::event::EventDocument;
use crate::ledger::verify::{EventRow, Events, Finding, Roots, outside_checkpoints};
use crate::ledger::{Checkpoint, Hash, PublicKey};

use super::replay::Replay;
use super::{Failure, PROJECTIONS, Store, checkpoint_file, idempotency, ledger};

/// What verification found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether nothing is wrong.
    pub passed: bool,
    /// The database, without a password.
    pub database: String,
    /// The name of the log.
    pub origin: String,
    /// How many events there are.
    pub events: u64,
    /// How many of them are sealed in the log.
    pub sealed: u64,
    /// How many signed checkpoints the checkpoint file holds.
    pub outside_checkpoints: u64,
    /// How many rows of projection tables were compared.
    pub rows_compared: u64,
    /// How many projection tables were compared.
    pub tables_compared: u64,
    /// Everything that is wrong; the first is the place to start.
    pub findings: Vec<Finding>,
    /// What limits the statement, in words.
    pub notes: Vec<String>,
}

impl Report {
    /// The report as lines of text; the first begins with PASS or FAIL.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let verdict = if self.passed {
            format!(
                "PASS  {}: {} events, {} sealed, {} rows of {} tables follow from them",
                self.database, self.events, self.sealed, self.rows_compared, self.tables_compared
            )
        } else {
            format!("FAIL  {}: {} wrong places", self.database, self.findings.len())
        };
        let findings = self.findings.iter().map(|finding| format!("FAIL  {finding}"));
        let notes = self.notes.iter().map(|note| format!("note  {note}"));
        std::iter::once(verdict).chain(findings).chain(notes).collect()
    }
}

/// Verifies the whole database.
///
/// # Errors
/// When the database cannot be read at all; everything wrong in it is a finding.
pub fn run(store: &Store) -> Result<Report, Failure> {
    let inner = store.inner();
    // The file is read first: what it knows, the database must know as well.
    let outside = checkpoint_file::read(&inner.checkpoint_file)?;
    let pinned = inner.keys.as_ref().map(|keys| (keys.event.public(), keys.checkpoint.public()));
    store.read(|db| {
        let mut check = Check::new(store.origin(), pinned.as_ref());
        check.collect_keys(db)?;
        check.events(db)?;
        check.streams_and_stations(db)?;
        check.log(db)?;
        check.checkpoints(db)?;
        check.outside(outside.as_deref());
        check.commands(db)?;
        check.projections(db)?;
        Ok(check.report(store))
    })
}

/// Verification under way.
struct Check<'a> {
    /// The name of the log, as its first event says it.
    origin: String,
    pinned: Option<&'a (PublicKey, PublicKey)>,
    /// Keys that may have signed events.
    event_keys: BTreeMap<String, PublicKey>,
    /// Keys that may have signed checkpoints.
    checkpoint_keys: Vec<PublicKey>,
    events: Events,
    /// Event hashes in the order of the log.
    sealed: Vec<Hash>,
    /// Signed checkpoints of the table by size.
    notes: BTreeMap<u64, String>,
    outside_count: u64,
    rows_compared: u64,
    tables_compared: u64,
    findings: Vec<Finding>,
    remarks: Vec<String>,
}

/// A row as found: its cells by column name.
struct Found {
    cells: BTreeMap<String, Cell>,
}

impl Found {
    fn cell(&self, column: &str) -> &Cell {
        self.cells.get(column).unwrap_or(&Cell::Null)
    }

    fn text(&self, column: &str) -> Option<String> {
        self.cell(column).text().map(str::to_owned)
    }

    fn shown(&self, column: &str) -> String {
        match self.cell(column) {
            Cell::Text(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            other => other.shown(),
        }
    }
}

impl<'a> Check<'a> {
    fn new(origin: &'a str, pinned: Option<&'a (PublicKey, PublicKey)>) -> Self {
        Self {
            origin: origin.to_owned(),
            pinned,
            event_keys: BTreeMap::new(),
            checkpoint_keys: Vec::new(),
            events: Events::default(),
            sealed: Vec::new(),
            notes: BTreeMap::new(),
            outside_count: 0,
            rows_compared: 0,
            tables_compared: 0,
            findings: Vec::new(),
            remarks: Vec::new(),
        }
    }

    /// The keys to trust: those of the key folder when there is one, else those the ledger
    /// announced itself. A key's name is made of its bytes, so a damaged key is no key.
    fn collect_keys(&mut self, db: &mut Db) -> Result<(), Failure> {
        if let Some((event, checkpoint)) = self.pinned {
            self.event_keys.insert(event.id().to_string(), event.clone());
            self.checkpoint_keys.push(checkpoint.clone());
        } else {
            self.remarks.push(
                "the keys were taken from the database itself; give the key folder to pin them"
                    .to_owned(),
            );
        }
        let mut announced = Vec::new();
        each(db, "ledger_event", &["event_id"], |row| {
            let document = row.text("canonical").and_then(|text| EventDocument::parse(&text).ok());
            if let Some(document) = document
                && document.stream == format!("{}/{}", Installation::KIND, founding::ID)
                && let Ok(Event::Installation(event)) =
                    Event::decode(&document.kind, document.data.clone())
            {
                announced.push(event);
            }
            Ok(())
        })?;
        for event in announced {
            let (kid, public, purpose) = match event {
                Founding::KeyAnnounced { kid, public, purpose, .. } => (kid, public, purpose),
                Founding::Founded { origin } => {
                    self.origin = origin;
                    continue;
                }
            };
            let key = crate::ledger::hash::unhex(&public)
                .and_then(|bytes| PublicKey::from_slice(&bytes).ok())
                .filter(|key| key.id().as_str() == kid);
            match (key, purpose) {
                (Some(key), KeyPurpose::Event) if self.pinned.is_none() => {
                    self.event_keys.insert(kid, key);
                }
                (Some(key), KeyPurpose::Checkpoint) if self.pinned.is_none() => {
                    self.checkpoint_keys.push(key);
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn events(&mut self, db: &mut Db) -> Result<(), Failure> {
        let (keys, events) = (&self.event_keys, &mut self.events);
        each(db, "ledger_event", &["stream", "stream_ver"], |row| {
            match event_row(row) {
                Ok(row) => drop(events.take(&row, keys)),
                Err(column) => events.findings.push(Finding::cell(
                    "ledger_event",
                    row.shown("event_id"),
                    column,
                    format!("holds {}", row.cell(column).shown()),
                )),
            }
            Ok(())
        })?;
        self.events.finish();
        self.findings.append(&mut self.events.findings);
        Ok(())
    }

    fn streams_and_stations(&mut self, db: &mut Db) -> Result<(), Failure> {
        let heads = self.events.heads.iter().map(|(stream, (ver, hash))| {
            let row = [
                ("ver", Cell::Integer(ver.to_string().into_bytes())),
                ("head", Cell::Binary(hash.to_vec())),
            ];
            (stream.clone(), BTreeMap::from(row))
        });
        let heads = heads.collect();
        self.compare_keyed(db, "ledger_stream", "stream", heads)?;
        let stations = self.events.stations.iter().map(|(station, numbers)| {
            let last = numbers.iter().max().copied().unwrap_or(0);
            let row = [("seq", Cell::Integer(last.to_string().into_bytes()))];
            (station.clone(), BTreeMap::from(row))
        });
        let stations = stations.collect();
        self.compare_keyed(db, "station_seq", "station", stations)
    }

    /// The leaves, what waits, and the tree over the leaves.
    fn log(&mut self, db: &mut Db) -> Result<(), Failure> {
        let mut waiting: BTreeSet<String> = self.events.hashes.keys().cloned().collect();
        let (hashes, sealed, findings) =
            (&self.events.hashes, &mut self.sealed, &mut self.findings);
        each(db, "ledger_leaf", &["idx"], |row| {
            check_leaf(row, hashes, sealed, &mut waiting, findings);
            Ok(())
        })?;
        let waiting = waiting.into_iter().map(|event| (event, BTreeMap::new())).collect();
        self.compare_keyed(db, "ledger_pending", "event_id", waiting)?;
        let mut roots = Roots::at([]);
        self.sealed.iter().for_each(|entry| roots.push(entry));
        let frontier = roots.frontier();
        let row = [
            ("size", Cell::Integer(frontier.size().to_string().into_bytes())),
            ("frontier", Cell::Binary(frontier.to_bytes())),
            ("root", Cell::Binary(frontier.root().to_vec())),
        ];
        let expected = BTreeMap::from([(self.origin.clone(), BTreeMap::from(row))]);
        self.compare_keyed(db, "ledger_tree", "origin", expected)
    }

    /// Every checkpoint of the table: its columns say what the signed note says, and the note
    /// what the log says.
    fn checkpoints(&mut self, db: &mut Db) -> Result<(), Failure> {
        let mut rows = Vec::new();
        each(db, "ledger_checkpoint", &["origin", "size"], |row| {
            rows.push(row.cells.clone());
            Ok(())
        })?;
        let rows: Vec<_> = rows.into_iter().map(|cells| Found { cells }).collect();
        let opened: Vec<_> = rows
            .iter()
            .map(|row| {
                let note = row.text("note").unwrap_or_default();
                let opened = self
                    .checkpoint_keys
                    .iter()
                    .find_map(|key| Checkpoint::open(&note, &self.origin, key).ok());
                (row, note, opened)
            })
            .collect();
        let sizes = opened.iter().filter_map(|(_, _, opened)| opened.as_ref());
        let mut roots = Roots::at(sizes.map(|checkpoint| checkpoint.size));
        self.sealed.iter().for_each(|entry| roots.push(entry));
        for (row, note, opened) in opened {
            let key = format!("{}, {}", row.shown("origin"), row.shown("size"));
            let mut wrong = |column: &str, problem: &str| {
                self.findings.push(Finding::cell("ledger_checkpoint", &key, column, problem));
            };
            let Some(checkpoint) = opened else {
                wrong("note", "the note is not signed with the installation's key");
                continue;
            };
            if row.text("origin").as_deref() != Some(&checkpoint.origin) {
                wrong("origin", "differs from the signed note");
            }
            if *row.cell("size") != Cell::Integer(checkpoint.size.to_string().into_bytes()) {
                wrong("size", "differs from the signed note");
            }
            if *row.cell("root") != Cell::Binary(checkpoint.root.to_vec()) {
                wrong("root", "differs from the signed note");
            }
            if roots.get(checkpoint.size) != Some(checkpoint.root) {
                wrong("note", "the log does not have this root at this size");
            }
            self.notes.insert(checkpoint.size, note);
        }
        Ok(())
    }

    /// The checkpoint file: the log must still contain everything it ever vouched for.
    fn outside(&mut self, notes: Option<&[String]>) {
        const FILE: &str = "checkpoint file";
        let Some(notes) = notes else {
            if !self.notes.is_empty() {
                let text = "the file is missing: a cut tail or an older copy cannot be noticed";
                self.findings.push(Finding::row(FILE, "file", text));
            }
            return;
        };
        let Some(key) = self.checkpoint_keys.first() else { return };
        self.outside_count = u64::try_from(notes.len()).unwrap_or(u64::MAX);
        let found = outside_checkpoints(notes, &self.origin, key, &self.sealed);
        let unvouched = notes
            .iter()
            .filter_map(|note| Checkpoint::open(note, &self.origin, key).ok())
            .filter(|checkpoint| !self.notes.contains_key(&checkpoint.size))
            .map(|checkpoint| {
                Finding::row(
                    "ledger_checkpoint",
                    format!("{}, {}", self.origin, checkpoint.size),
                    "the row is missing; the checkpoint file has it",
                )
            });
        let unvouched: Vec<_> = unvouched.collect();
        // A cut tail explains everything else, so it comes first.
        self.findings.splice(0..0, found);
        self.findings.extend(unvouched);
    }

    /// The stored answers: each signed, each of a command that recorded something, each command
    /// that recorded something with its answer.
    fn commands(&mut self, db: &mut Db) -> Result<(), Failure> {
        let mut missing: BTreeMap<_, _> = self.events.commands.clone();
        let (keys, findings) = (&self.event_keys, &mut self.findings);
        each(db, "command_result", &["command_id"], |row| {
            let id = row.shown("command_id");
            let known = row.text("command_id").and_then(|id| missing.remove(&id));
            match known.as_deref() {
                None | Some([]) => {
                    let text = "no event belongs to this command";
                    findings.push(Finding::cell("command_result", &id, "command_id", text));
                }
                Some([(_, actor), ..]) if row.text("actor").as_deref() != Some(actor) => {
                    let text = "another person's login stands in the events of this command";
                    findings.push(Finding::cell("command_result", &id, "actor", text));
                }
                Some(_) => {}
            }
            if let Some(column) = check_answer(row, keys) {
                let text =
                    format!("the signed answer is not this one: {}", row.cell(column).shown());
                findings.push(Finding::cell("command_result", &id, column, text));
            }
            Ok(())
        })?;
        for id in missing.keys() {
            let text = "the row is missing; events of this command exist";
            self.findings.push(Finding::row("command_result", id, text));
        }
        Ok(())
    }

    /// Replays every event into an empty database and compares all tables.
    fn projections(&mut self, db: &mut Db) -> Result<(), Failure> {
        let mut replay = Replay::empty()?;
        let findings = &mut self.findings;
        each(db, "ledger_event", &["event_id"], |row| {
            let recorded = row
                .text("canonical")
                .and_then(|text| EventDocument::parse(&text).ok())
                .map(ledger::recorded);
            let id = row.shown("event_id");
            match recorded {
                // Unreadable text was reported with the events.
                None => {}
                Some(Err(error)) => {
                    findings.push(Finding::row("ledger_event", id, error.to_string()));
                }
                Some(Ok(recorded)) => {
                    if let Some(problem) = replayed(&mut replay, &recorded) {
                        findings.push(Finding::row("ledger_event", id, problem));
                    }
                }
            }
            Ok(())
        })?;
        replay.finish()?;
        for table in PROJECTIONS.iter().flat_map(|tables| tables.iter()) {
            let exact = !db.is_postgres();
            let columns = raw::columns(db, table.name)?;
            let expected = read_table(replay.db(), table.name, &columns, table.key, exact)?;
            let found = read_table(db, table.name, &columns, table.key, exact)?;
            self.tables_compared = self.tables_compared.saturating_add(1);
            let rows = u64::try_from(expected.len()).unwrap_or(u64::MAX);
            self.rows_compared = self.rows_compared.saturating_add(rows);
            compare(table.name, &columns, &expected, &found, &mut self.findings);
        }
        Ok(())
    }

    /// Compares a table of the ledger's own with what the events say. `key` is its one key
    /// column, the expected rows hold the others.
    fn compare_keyed(
        &mut self,
        db: &mut Db,
        table: &'static str,
        key: &'static str,
        mut expected: BTreeMap<String, BTreeMap<&'static str, Cell>>,
    ) -> Result<(), Failure> {
        let findings = &mut self.findings;
        each(db, table, &[key], |row| {
            let name = row.shown(key);
            let Some(cells) = row.text(key).and_then(|name| expected.remove(&name)) else {
                let text = "the row does not follow from the ledger";
                findings.push(Finding::cell(table, name, key, text));
                return Ok(());
            };
            for (column, cell) in cells {
                if row.cell(column) != &cell {
                    findings.push(differs(table, &name, column, row.cell(column), &cell));
                }
            }
            Ok(())
        })?;
        for name in expected.keys() {
            let text = "the row is missing; the ledger demands it";
            self.findings.push(Finding::row(table, name, text));
        }
        Ok(())
    }

    fn report(mut self, store: &Store) -> Report {
        let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        let waiting = count(self.events.hashes.len()).saturating_sub(count(self.sealed.len()));
        if waiting > 0 {
            self.remarks.push(format!("{waiting} events are signed but not sealed in the log yet"));
        }
        Report {
            passed: self.findings.is_empty(),
            database: store.shown(),
            origin: self.origin,
            events: count(self.events.hashes.len()),
            sealed: count(self.sealed.len()),
            outside_checkpoints: self.outside_count,
            rows_compared: self.rows_compared,
            tables_compared: self.tables_compared,
            findings: self.findings,
            notes: self.remarks,
        }
    }
}

fn replayed(replay: &mut Replay, recorded: &Recorded) -> Option<String> {
    replay.event(recorded).err().map(|error| format!("the event cannot be replayed: {error}"))
}

/// Hands over every row of a table with its cells by name.
fn each(
    db: &mut Db,
    table: &str,
    order: &[&str],
    mut take: impl FnMut(&Found) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let columns = raw::columns(db, table)?;
    let names: Vec<_> = columns.iter().map(|column| column.name.clone()).collect();
    raw::each_row(db, table, &columns, order, |cells| {
        take(&Found { cells: names.iter().cloned().zip(cells).collect() })
    })
}

fn event_row(row: &Found) -> Result<EventRow, &'static str> {
    let text = |column: &'static str| row.text(column).ok_or(column);
    let binary = |column: &'static str| row.cell(column).binary().map(<[u8]>::to_vec).ok_or(column);
    Ok(EventRow {
        event_id: text("event_id")?,
        stream: text("stream")?,
        stream_ver: row.cell("stream_ver").integer().ok_or("stream_ver")?,
        canonical: text("canonical")?,
        event_hash: binary("event_hash")?,
        kid: text("kid")?,
        sig: binary("sig")?,
        command_id: text("command_id")?,
    })
}

fn check_leaf(
    row: &Found,
    hashes: &BTreeMap<String, Hash>,
    sealed: &mut Vec<Hash>,
    waiting: &mut BTreeSet<String>,
    findings: &mut Vec<Finding>,
) {
    let key = row.shown("idx");
    let mut wrong = |column: &str, problem: String| {
        findings.push(Finding::cell("ledger_leaf", &key, column, problem));
    };
    let place = sealed.len();
    if *row.cell("idx") != Cell::Integer(place.to_string().into_bytes()) {
        wrong("idx", format!("stands at place {place} of the log"));
    }
    let event = row.text("event_id");
    let known = event.as_ref().and_then(|event| hashes.get(event));
    let stored = row.cell("event_hash").binary().and_then(|bytes| Hash::from_slice(bytes).ok());
    match (known, stored) {
        (Some(known), stored) => {
            if stored != Some(*known) {
                wrong("event_hash", format!("is not the hash of the event ({known})"));
            }
            if event.is_some_and(|event| !waiting.remove(&event)) {
                wrong("event_id", "the event stands in the log twice".to_owned());
            }
            sealed.push(*known);
        }
        (None, Some(stored)) => {
            wrong("event_id", "there is no such event".to_owned());
            // The place is kept, so that one wrong leaf does not make all later ones wrong; an
            // event that only lost its name here is not waiting either.
            let named = hashes.iter().find(|(_, hash)| **hash == stored).map(|(id, _)| id.clone());
            if let Some(id) = named {
                waiting.remove(&id);
            }
            sealed.push(stored);
        }
        (None, None) => {
            wrong("event_id", "there is no such event, and no hash".to_owned());
            sealed.push(Hash::of_bytes(&[]));
        }
    }
}

/// The column of a stored answer that breaks its signature, if one does.
fn check_answer(row: &Found, keys: &BTreeMap<String, PublicKey>) -> Option<&'static str> {
    let Some(key) = row.text("kid").and_then(|kid| keys.get(&kid)) else { return Some("kid") };
    let Some(id) = row.text("command_id") else { return Some("command_id") };
    let Some(actor) = row.text("actor") else { return Some("actor") };
    let Some(request) = row.cell("request_hash").binary() else { return Some("request_hash") };
    let Some(response) = row.text("response") else { return Some("response") };
    let Some(at) = row.text("at").as_deref().and_then(stored_instant) else { return Some("at") };
    let Some(sig) = row.cell("sig").binary() else { return Some("sig") };
    let seal = idempotency::seal(&id, &actor, request, &response, at).ok()?;
    // The signature covers all columns at once: which of them was changed cannot be told.
    key.verify_command(&seal, sig).err().map(|_| "sig")
}

/// The instant of a timestamp cell, if it is written as the program writes it.
fn stored_instant(text: &str) -> Option<crate::domain::time::Instant> {
    let naive = chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").ok()?;
    let written = [
        naive.format("%Y-%m-%d %H:%M:%S%.f").to_string(),
        naive.format("%Y-%m-%d %H:%M:%S%.6f").to_string(),
    ];
    written
        .iter()
        .any(|written| written == text)
        .then(|| crate::domain::time::Instant::from_naive(naive))
}

type Rows = BTreeMap<Vec<Cell>, Vec<Cell>>;

/// All rows of a table by their key. Between different databases timestamps are brought to one
/// spelling; within one they must be the same to the byte.
fn read_table(
    db: &mut Db,
    table: &str,
    columns: &[Column],
    key: &[&str],
    exact: bool,
) -> Result<Rows, Failure> {
    let places: Vec<_> = key
        .iter()
        .filter_map(|name| columns.iter().position(|column| column.name == *name))
        .collect();
    if places.len() != key.len() {
        return Err(DbError::Corrupt(format!("{table} lacks a key column")).into());
    }
    let own = raw::columns(db, table)?;
    let same = own.iter().map(|column| &column.name).eq(columns.iter().map(|column| &column.name));
    if !same {
        return Err(DbError::Corrupt(format!("{table} has other columns in the twin")).into());
    }
    let mut rows = Rows::new();
    raw::each_row(db, table, &own, &[], |mut cells| {
        if !exact {
            for (cell, column) in cells.iter_mut().zip(columns) {
                if column.kind == Kind::Timestamp
                    && let Some(naive) = cell.text().and_then(stored_instant)
                {
                    let text = naive.naive().format("%Y-%m-%d %H:%M:%S%.6f").to_string();
                    *cell = Cell::Text(text.into_bytes());
                }
            }
        }
        let name = places.iter().filter_map(|place| cells.get(*place).cloned()).collect();
        rows.insert(name, cells);
        Ok::<_, Failure>(())
    })?;
    Ok(rows)
}

fn compare(
    table: &str,
    columns: &[Column],
    expected: &Rows,
    found: &Rows,
    findings: &mut Vec<Finding>,
) {
    for (key, cells) in found {
        let name = shown_key(key);
        let Some(wanted) = expected.get(key) else {
            findings.push(Finding::row(table, name, "the row does not follow from the ledger"));
            continue;
        };
        for ((column, cell), wanted) in columns.iter().zip(cells).zip(wanted) {
            if cell != wanted {
                findings.push(differs(table, &name, &column.name, cell, wanted));
            }
        }
    }
    for key in expected.keys().filter(|key| !found.contains_key(*key)) {
        let text = "the row is missing; the ledger demands it";
        findings.push(Finding::row(table, shown_key(key), text));
    }
}

fn differs(table: &str, key: &str, column: &str, found: &Cell, wanted: &Cell) -> Finding {
    let text = format!("holds {}, the ledger says {}", found.shown(), wanted.shown());
    Finding::cell(table, key, column, text)
}

fn shown_key(key: &[Cell]) -> String {
    let parts: Vec<_> = key
        .iter()
        .map(|cell| match cell {
            Cell::Text(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            other => other.shown(),
        })
        .collect();
    parts.join(", ")
}
