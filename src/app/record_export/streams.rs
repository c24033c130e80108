//! The events behind a record, each stream read once: for what chapters print of them, for the
//! audit trail and for the proof.
//!
//! Architecture invariant: a stream is here from its first event to its last, or named as partial.

use std::collections::{BTreeMap, BTreeSet};

use crate::db::Db;
use crate::domain::id::StreamId;
use crate::domain::{Aggregate, Recorded};
use crate::store::Failure;
use crate::store::ledger::{self, Entry};

/// The streams of one record, in the order in which they were asked for.
#[derive(Default)]
pub(super) struct Streams {
    order: Vec<StreamId>,
    entries: BTreeMap<String, Vec<Entry>>,
    /// Of a stream that serves many records: the versions that this one needs.
    needed: BTreeMap<String, BTreeSet<u64>>,
}

impl Streams {
    fn load(&mut self, db: &mut Db, stream: &StreamId) -> Result<&[Entry], Failure> {
        if !self.entries.contains_key(stream.as_str()) {
            let entries = ledger::entries(db, stream)?;
            self.order.push(stream.clone());
            self.entries.insert(stream.as_str().to_owned(), entries);
        }
        Ok(self.entries.get(stream.as_str()).map_or(&[], Vec::as_slice))
    }

    /// All events of a stream; the record takes in every one.
    pub(super) fn whole(&mut self, db: &mut Db, stream: &StreamId) -> Result<&[Entry], Failure> {
        self.load(db, stream)
    }

    /// All events of a stream; the record takes in only those that [`Streams::need`] names.
    pub(super) fn partial(&mut self, db: &mut Db, stream: &StreamId) -> Result<&[Entry], Failure> {
        self.needed.entry(stream.as_str().to_owned()).or_default();
        self.load(db, stream)
    }

    /// Takes versions of a partial stream into the record.
    pub(super) fn need(&mut self, stream: &StreamId, versions: impl IntoIterator<Item = u64>) {
        self.needed.entry(stream.as_str().to_owned()).or_default().extend(versions);
    }

    /// Every stream with all its events read, and whether the record takes in all of them.
    pub(super) fn all(&self) -> impl Iterator<Item = (&StreamId, &[Entry], bool)> {
        self.order.iter().map(|stream| {
            let entries = self.entries.get(stream.as_str()).map_or(&[][..], Vec::as_slice);
            let taken = entries.iter().filter(|entry| self.takes(stream, &entry.recorded)).count();
            (stream, entries, taken == entries.len())
        })
    }

    /// Whether the record takes in an event.
    pub(super) fn takes(&self, stream: &StreamId, recorded: &Recorded) -> bool {
        let needed = self.needed.get(stream.as_str());
        needed.is_none_or(|versions| versions.contains(&recorded.version))
    }
}

/// The state of an aggregate when an event at `recorded` was decided, from the events of its
/// stream.
pub(super) fn as_of<A: Aggregate>(
    entries: &[Entry],
    recorded: crate::domain::time::Instant,
) -> Option<A> {
    A::fold(entries.iter().map(|entry| &entry.recorded).filter(|one| one.at <= recorded))
}
