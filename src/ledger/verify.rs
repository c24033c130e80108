//! The checks of a ledger: every event against itself, its stream, its station, its signature,
//! the log against its checkpoints.
//!
//! Neighbours: `store::verify` reads the tables and the checkpoint file and feeds them here, then
//! replays the events and compares the projections.
//!
//! Architecture invariant: a check never stops at the first wrong row; it names all of them, and
//! it never trusts a column that it can derive.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::checkpoint::Checkpoint;
use super::event::EventDocument;
use super::hash::Hash;
use super::key::PublicKey;
use super::tree::Frontier;

/// One thing that is wrong, by table, row and column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The table, or `checkpoint file`.
    pub table: String,
    /// The primary key of the row, as readable text.
    pub key: String,
    /// The column, when one can be named.
    pub column: Option<String>,
    /// What is wrong, as a fact.
    pub problem: String,
}

impl Finding {
    /// Names a wrong row.
    #[must_use]
    pub fn row(table: &str, key: impl fmt::Display, problem: impl Into<String>) -> Self {
        Self {
            table: table.to_owned(),
            key: key.to_string(),
            column: None,
            problem: problem.into(),
        }
    }

    /// Names a wrong column of a row.
    #[must_use]
    pub fn cell(
        table: &str,
        key: impl fmt::Display,
        column: &str,
        problem: impl Into<String>,
    ) -> Self {
        Self { column: Some(column.to_owned()), ..Self::row(table, key, problem) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} [{}]", self.table, self.key)?;
        if let Some(column) = &self.column {
            write!(out, " {column}")?;
        }
        write!(out, ": {}", self.problem)
    }
}

/// A row of `ledger_event` as it was found.
#[derive(Debug, Clone)]
pub struct EventRow {
    /// The key column.
    pub event_id: String,
    /// The stream column.
    pub stream: String,
    /// The version column.
    pub stream_ver: i64,
    /// The canonical text.
    pub canonical: String,
    /// The stored hash.
    pub event_hash: Vec<u8>,
    /// The name of the signing key.
    pub kid: String,
    /// The signature.
    pub sig: Vec<u8>,
    /// The command column.
    pub command_id: String,
}

/// What the events of a ledger say, once each of them has been checked.
#[derive(Debug, Default)]
pub struct Events {
    /// Hash of each event by its id, derived from the canonical text.
    pub hashes: BTreeMap<String, Hash>,
    /// Version and hash of the last event of each stream.
    pub heads: BTreeMap<String, (u64, Hash)>,
    /// All numbers seen of each station.
    pub stations: BTreeMap<String, Vec<u64>>,
    /// Hashes of the events of each command, with its actor, in the order met.
    pub commands: BTreeMap<String, Vec<(Hash, String)>>,
    /// What was wrong.
    pub findings: Vec<Finding>,
}

const EVENT: &str = "ledger_event";

impl Events {
    /// Checks one event. Rows must come ordered by stream and version, so that each can be held
    /// against its predecessor. Gives the document when it could be read.
    pub fn take(
        &mut self,
        row: &EventRow,
        keys: &BTreeMap<String, PublicKey>,
    ) -> Option<EventDocument> {
        let hash = Hash::of_event(&row.canonical);
        self.check_seal(row, &hash, keys);
        let document = match EventDocument::parse(&row.canonical) {
            Ok(document) => document,
            Err(error) => {
                self.wrong(row, "canonical", error.to_string());
                return None;
            }
        };
        self.check_columns(row, &document);
        self.check_chain(row, &document, hash);
        if self.hashes.insert(document.event_id.clone(), hash).is_some() {
            self.wrong(row, "event_id", "another row holds the same event".to_owned());
        }
        self.stations.entry(document.station.id.clone()).or_default().push(document.station.seq);
        let actor = document.actor.login.clone();
        self.commands.entry(document.command_id.clone()).or_default().push((hash, actor));
        Some(document)
    }

    /// Checks what can only be judged after all events: that no station skips a number.
    pub fn finish(&mut self) {
        for (station, numbers) in &mut self.stations {
            numbers.sort_unstable();
            let expected = 1..;
            if let Some((found, expected)) =
                numbers.iter().zip(expected).find(|(found, expected)| **found != *expected)
            {
                self.findings.push(Finding::row(
                    EVENT,
                    format!("station {station}"),
                    format!("number {expected} of the station is missing, {found} stands there"),
                ));
            }
        }
    }

    fn check_seal(&mut self, row: &EventRow, hash: &Hash, keys: &BTreeMap<String, PublicKey>) {
        if row.event_hash != hash.as_bytes() {
            let text = format!("the stored hash is not that of the content ({hash})");
            self.wrong(row, "event_hash", text);
        }
        match keys.get(&row.kid) {
            None => self.wrong(row, "kid", format!("no such key: {}", row.kid)),
            Some(key) => {
                if let Err(error) = key.verify_event(hash, &row.sig) {
                    self.wrong(row, "sig", error.to_string());
                }
            }
        }
    }

    fn check_columns(&mut self, row: &EventRow, document: &EventDocument) {
        let columns = [
            ("event_id", &row.event_id, &document.event_id),
            ("stream", &row.stream, &document.stream),
            ("command_id", &row.command_id, &document.command_id),
        ];
        for (column, found, expected) in columns {
            if found != expected {
                self.wrong(row, column, format!("{found:?} stands for {expected:?}"));
            }
        }
        if u64::try_from(row.stream_ver) != Ok(document.ver) {
            let text = format!("{} stands for {}", row.stream_ver, document.ver);
            self.wrong(row, "stream_ver", text);
        }
    }

    fn check_chain(&mut self, row: &EventRow, document: &EventDocument, hash: Hash) {
        let head = self.heads.insert(document.stream.clone(), (document.ver, hash));
        let (expected_ver, expected_prev) = match head {
            None => (1, None),
            Some((ver, hash)) => (ver.saturating_add(1), Some(hash.to_string())),
        };
        if document.ver != expected_ver {
            let text = format!(
                "event {} of stream {} follows {}: one is missing or out of order",
                document.ver,
                document.stream,
                expected_ver.saturating_sub(1)
            );
            self.wrong(row, "stream_ver", text);
        } else if document.prev != expected_prev {
            self.wrong(row, "canonical", "the link to the preceding event is broken".to_owned());
        }
    }

    fn wrong(&mut self, row: &EventRow, column: &str, problem: String) {
        self.findings.push(Finding::cell(EVENT, &row.event_id, column, problem));
    }
}

/// Every root the log ever had at the sizes asked for, by walking its entries once.
#[derive(Debug)]
pub struct Roots {
    frontier: Frontier,
    wanted: BTreeMap<u64, Option<Hash>>,
}

impl Roots {
    /// Prepares to note the roots at these sizes.
    #[must_use]
    pub fn at(sizes: impl IntoIterator<Item = u64>) -> Self {
        let mut roots = Self {
            frontier: Frontier::empty(),
            wanted: sizes.into_iter().map(|size| (size, None)).collect(),
        };
        roots.note();
        roots
    }

    /// Takes the next entry of the log.
    pub fn push(&mut self, entry: &Hash) {
        if self.frontier.push_entry(entry).is_ok() {
            self.note();
        }
    }

    /// The root at a size, when the log reached it.
    #[must_use]
    pub fn get(&self, size: u64) -> Option<Hash> {
        self.wanted.get(&size).copied().flatten()
    }

    /// The frontier after the last entry.
    #[must_use]
    pub const fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    fn note(&mut self) {
        let size = self.frontier.size();
        if let Some(root) = self.wanted.get_mut(&size) {
            *root = Some(self.frontier.root());
        }
    }
}

/// Checks signed checkpoints kept outside the database against the log: a shorter log was cut
/// or is an older copy, another root was rewritten.
#[must_use]
pub fn outside_checkpoints(
    notes: &[String],
    origin: &str,
    key: &PublicKey,
    sealed: &[Hash],
) -> Vec<Finding> {
    const FILE: &str = "checkpoint file";
    let opened: Vec<_> = notes.iter().map(|note| Checkpoint::open(note, origin, key)).collect();
    let mut roots = Roots::at(opened.iter().flatten().map(|checkpoint| checkpoint.size));
    sealed.iter().for_each(|entry| roots.push(entry));
    let mut largest = 0;
    let mut findings = Vec::new();
    for (number, outcome) in (1_u64..).zip(opened) {
        let key = format!("entry {number}");
        match outcome {
            Err(error) => findings.push(Finding::row(FILE, key, error.to_string())),
            Ok(checkpoint) if checkpoint.size < largest => findings.push(Finding::row(
                FILE,
                key,
                format!("size {} follows size {largest}", checkpoint.size),
            )),
            Ok(checkpoint) => {
                largest = checkpoint.size;
                match roots.get(checkpoint.size) {
                    None => findings.push(Finding::row(
                        FILE,
                        key,
                        format!(
                            "a checkpoint of {} events is known, the ledger has only {} sealed: \
                             its tail was cut, or an older copy was restored",
                            checkpoint.size,
                            sealed.len()
                        ),
                    )),
                    Some(root) if root != checkpoint.root => findings.push(Finding::row(
                        FILE,
                        key,
                        format!("the first {} events were rewritten", checkpoint.size),
                    )),
                    Some(_) => {}
                }
            }
        }
    }
    findings
}
