//! Reads and appends events. Knows the tables of the ledger, knows no rules.
//!
//! Neighbours: `ledger::event` defines the document; `tx` decides what is appended in
//! which order; [`super::project`] turns an event into rows of other tables.
//!
//! Architecture invariant: nothing here updates or deletes a row of `ledger_event`.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use serde::Serialize;

use crate::db::{Db, DbError};
use crate::domain::actor::Role;
use crate::domain::id::{Login, StationId, StreamId};
use crate::domain::time::Instant;
use crate::domain::{Aggregate, Event, Recorded};
use crate::ledger::{EventDocument, Hash, tree};

use super::Failure;
use super::cache::Cache;
use super::schema::{ledger_checkpoint, ledger_event, ledger_leaf};

/// An event as the audit trail and the batch record show it: what it says, and what proves it.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The event.
    pub recorded: Recorded,
    /// Its id, a UUID of version 7: ids sort by time.
    pub event_id: String,
    /// The zone of the site when it was recorded.
    pub zone: String,
    /// The station's own number of it.
    pub station_seq: u64,
    /// Its canonical text.
    pub canonical: String,
    /// The hash of that text.
    pub hash: Hash,
    /// The name of the key that signed it.
    pub kid: String,
    /// The signature.
    pub sig: Vec<u8>,
}

/// The head of a stream: its last version and that event's hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Head {
    /// The number of events.
    pub version: u64,
    /// The hash of the last one.
    #[serde(serialize_with = "as_text")]
    pub hash: Hash,
}

fn as_text<S: serde::Serializer>(hash: &Hash, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(hash)
}

type Row = (String, String, Vec<u8>, String, Vec<u8>);

/// All events of a stream, oldest first, each with what proves it.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn entries(db: &mut Db, stream: &StreamId) -> Result<Vec<Entry>, Failure> {
    let rows: Vec<Row> = ledger_event::table
        .filter(ledger_event::stream.eq(stream.as_str()))
        .order(ledger_event::stream_ver)
        .select((
            ledger_event::event_id,
            ledger_event::canonical,
            ledger_event::event_hash,
            ledger_event::kid,
            ledger_event::sig,
        ))
        .load(db)?;
    rows.into_iter().map(entry).collect()
}

/// The events of these ids, in the order in which they were recorded.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn entries_by_id(db: &mut Db, event_ids: &[String]) -> Result<Vec<Entry>, Failure> {
    let rows: Vec<Row> = ledger_event::table
        .filter(ledger_event::event_id.eq_any(event_ids))
        .order(ledger_event::event_id)
        .select((
            ledger_event::event_id,
            ledger_event::canonical,
            ledger_event::event_hash,
            ledger_event::kid,
            ledger_event::sig,
        ))
        .load(db)?;
    rows.into_iter().map(entry).collect()
}

/// The last `limit` events of the whole ledger, newest first, before the event `before`.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn latest(db: &mut Db, before: Option<&str>, limit: i64) -> Result<Vec<Entry>, Failure> {
    let mut query = ledger_event::table
        .select((
            ledger_event::event_id,
            ledger_event::canonical,
            ledger_event::event_hash,
            ledger_event::kid,
            ledger_event::sig,
        ))
        .order(ledger_event::event_id.desc())
        .limit(limit)
        .into_boxed::<crate::db::Backend>();
    if let Some(before) = before {
        query = query.filter(ledger_event::event_id.lt(before.to_owned()));
    }
    let rows: Vec<Row> = query.load(db)?;
    rows.into_iter().map(entry).collect()
}

/// The state of an aggregate, folded from its events; `None` when it has none.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn load<A: Aggregate>(db: &mut Db, id: &str) -> Result<Option<A>, Failure> {
    load_with_head(db, &A::stream(id), None).map(|(state, _)| state)
}

/// The state of an aggregate together with the head of its stream, folded from where the cache
/// ends.
pub(super) fn load_with_head<A: Aggregate>(
    db: &mut Db,
    stream: &StreamId,
    cache: Option<&Cache>,
) -> Result<(Option<A>, Option<Head>), Failure> {
    let kept = cache.and_then(|cache| cache.get::<A>(stream));
    let from = kept.as_ref().map_or(1, |(head, _)| head.version);
    let from = i64::try_from(from).map_err(|_| corrupt("a version is too large"))?;
    let rows: Vec<(String, Vec<u8>)> = ledger_event::table
        .filter(ledger_event::stream.eq(stream.as_str()))
        .filter(ledger_event::stream_ver.ge(from))
        .order(ledger_event::stream_ver)
        .select((ledger_event::canonical, ledger_event::event_hash))
        .load(db)?;
    let mut rows = rows.into_iter();
    let (mut head, mut state) = match kept {
        None => (None, None),
        // The kept state counts only if its last event still stands where it stood.
        Some((head, state)) => match rows.next() {
            Some((_, hash)) if hash == head.hash.as_bytes() => (Some(head), Some(state)),
            _ => return load_with_head(db, stream, None),
        },
    };
    let known = head;
    for (canonical, hash) in rows {
        let recorded = recorded(read_document(&canonical)?)?;
        head = Some(Head { version: recorded.version, hash: stored_hash(&hash)? });
        if let Some(event) = A::own(&recorded.event) {
            state = A::apply(state, &recorded, event);
        }
    }
    if let (Some(cache), Some(head), Some(state)) = (cache, head, &state)
        && known != Some(head)
    {
        cache.put(stream, head, state);
    }
    Ok((state, head))
}

/// What proves that events are in the log: the newest signed checkpoint, the place of each event,
/// and the nodes of the tree that lead from them to the checkpoint's root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JointProof {
    /// The signed checkpoint, as a note.
    pub checkpoint: String,
    /// Number of leaves it covers.
    pub size: u64,
    /// The index of each event's leaf, by the event's id. An event that is not under the
    /// checkpoint yet is missing here: seal first.
    pub indices: BTreeMap<String, u64>,
    /// The nodes of the proof; see [`tree::joint_proof`].
    pub nodes: BTreeMap<tree::Place, Hash>,
}

/// The proof that these events are in the log under the newest signed checkpoint, for all of them
/// from one reading of the leaves; `None` before the first checkpoint.
///
/// # Errors
/// When the database fails.
pub fn proof(db: &mut Db, event_ids: &BTreeSet<&str>) -> Result<Option<JointProof>, Failure> {
    let newest: Option<(i64, String)> = ledger_checkpoint::table
        .order(ledger_checkpoint::size.desc())
        .select((ledger_checkpoint::size, ledger_checkpoint::note))
        .first(db)
        .optional()?;
    let Some((size, checkpoint)) = newest else { return Ok(None) };
    let entries: Vec<(String, Vec<u8>)> = ledger_leaf::table
        .filter(ledger_leaf::idx.lt(size))
        .order(ledger_leaf::idx)
        .select((ledger_leaf::event_id, ledger_leaf::event_hash))
        .load(db)?;
    let mut indices = BTreeMap::new();
    let mut leaves = Vec::with_capacity(entries.len());
    for ((event_id, entry), index) in entries.into_iter().zip(0_u64..) {
        leaves.push(Hash::of_leaf(&entry));
        if event_ids.contains(event_id.as_str()) {
            indices.insert(event_id, index);
        }
    }
    let size = u64::try_from(size).map_err(|_| corrupt("a checkpoint has a negative size"))?;
    let nodes = tree::joint_proof(&leaves, &indices.values().copied().collect())
        .filter(|_| u64::try_from(leaves.len()) == Ok(size))
        .ok_or_else(|| corrupt("the log has fewer leaves than its checkpoint"))?;
    Ok(Some(JointProof { checkpoint, size, indices, nodes }))
}

/// The newest signed checkpoint, as a note; `None` before the first.
///
/// # Errors
/// When the database fails.
pub fn newest_checkpoint(db: &mut Db) -> Result<Option<String>, Failure> {
    Ok(ledger_checkpoint::table
        .order(ledger_checkpoint::size.desc())
        .select(ledger_checkpoint::note)
        .first(db)
        .optional()?)
}

/// Reads a stored document without the cost of proving it canonical: that is verification's task.
pub(super) fn read_document(canonical: &str) -> Result<EventDocument, Failure> {
    serde_json::from_str(canonical)
        .map_err(|error| corrupt(&format!("an event cannot be read: {error}")))
}

/// The event of a document, as the domain sees it.
pub(super) fn recorded(document: EventDocument) -> Result<Recorded, Failure> {
    let unreadable = |error: &dyn std::fmt::Display| {
        corrupt(&format!("event {} cannot be read: {error}", document.event_id))
    };
    Ok(Recorded {
        stream: StreamId::from_stored(&document.stream),
        version: document.ver,
        at: Instant::parse(&document.at).map_err(|error| unreadable(&error))?,
        actor: Login::parse(&document.actor.login).map_err(|error| unreadable(&error))?,
        role: Role::parse(&document.actor.role)
            .ok_or_else(|| unreadable(&"the role is unknown"))?,
        station: StationId::parse(&document.station.id).map_err(|error| unreadable(&error))?,
        event: Event::decode(&document.kind, document.data.clone())
            .map_err(|error| unreadable(&error))?,
        command_id: document.command_id,
        reason: document.reason,
    })
}

pub(super) fn stored_hash(bytes: &[u8]) -> Result<Hash, Failure> {
    Hash::from_slice(bytes).map_err(|error| corrupt(&error.to_string()))
}

fn entry((event_id, canonical, hash, kid, sig): Row) -> Result<Entry, Failure> {
    let document = read_document(&canonical)?;
    Ok(Entry {
        zone: document.tz.clone(),
        station_seq: document.station.seq,
        recorded: recorded(document)?,
        event_id,
        canonical,
        hash: stored_hash(&hash)?,
        kid,
        sig,
    })
}

fn corrupt(text: &str) -> Failure {
    Failure::Db(DbError::Corrupt(text.to_owned()))
}
