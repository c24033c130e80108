//! The events behind a record: as audit trail for people, and with what proves them.
//!
//! Architecture invariant: texts, hashes and signatures are copied as stored, never made anew;
//! every event of the record has its place under the checkpoint, or there is no record.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Gathered;
use crate::app::audit::{self, TrailEntry};
use crate::db::Db;
use crate::domain::Event;
use crate::domain::batch::Event as BatchEvent;
use crate::domain::installation::Event as Announced;
use crate::domain::time::Instant;
use crate::ledger::hash::{hex, unhex};
use crate::ledger::{Checkpoint, note};
use crate::record::{
    AuditEntry, Change, LedgerEvent, LedgerKey, LedgerNode, LedgerProof, LedgerStream, brief,
};
use crate::store::ledger::{Entry, JointProof};
use crate::store::{Failure, ledger};

/// The audit trail, oldest first; `places` are the indices of the events in the ledger.
pub(super) fn audit_trail(
    gathered: &Gathered,
    places: &BTreeMap<String, u64>,
) -> Result<Vec<AuditEntry>, Failure> {
    let mut trail = Vec::new();
    for (stream, entries, _) in gathered.streams.all() {
        for (entry, told) in entries.iter().zip(audit::fold(entries)?) {
            if gathered.streams.takes(stream, &entry.recorded) {
                let index = places.get(&entry.event_id).copied().unwrap_or_default();
                trail.push((entry.event_id.clone(), line(gathered, entry, told, index)));
            }
        }
    }
    trail.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(trail.into_iter().map(|(_, entry)| entry).collect())
}

fn line(gathered: &Gathered, entry: &Entry, told: TrailEntry, index: u64) -> AuditEntry {
    let recorded = &entry.recorded;
    let action = told.what.split_once('.').map_or(told.what.as_str(), |(_, what)| what);
    let elsewhere = elsewhere(&recorded.event);
    let stated = |text: String| match Instant::parse(&text) {
        Ok(at) => Some(brief(&gathered.moment(at)).to_owned()),
        Err(_) => Some(text).filter(|text| !text.is_empty()),
    };
    let changes = told
        .changes
        .into_iter()
        // What a step added is printed with the step; what it replaced is printed here, too.
        .filter(|change| elsewhere.is_none() || !change.old.is_empty())
        // Who and when stand at the head of the entry.
        .filter(|change| {
            !change.old.is_empty()
                || change.new != recorded.actor.as_str() && change.new != recorded.at.to_string()
        })
        .map(|change| Change {
            field: change.field,
            old: stated(change.old),
            new: stated(change.new),
        })
        .filter(|change| change.old.is_some() || change.new.is_some())
        .collect();
    AuditEntry {
        at: gathered.moment(recorded.at),
        by: recorded.actor.to_string(),
        role: recorded.role.title().to_owned(),
        station: recorded.station.to_string(),
        object: recorded.stream.as_str().replacen('/', " ", 1),
        action: action.replace('_', " "),
        changes,
        elsewhere,
        reason: recorded.reason.clone(),
        signatures: told.signatures,
        index,
    }
}

/// Where an event that a chapter prints in full is printed.
fn elsewhere(event: &Event) -> Option<String> {
    match event {
        Event::Batch(BatchEvent::StepPerformed {
            step, occurrence, values, calculated, ..
        }) => {
            let count = values.len() + calculated.len();
            Some(format!("step {step} ({occurrence}): {count} values, printed with the step"))
        }
        _ => None,
    }
}

/// The proof of every event that the record takes in; `None` when one of them is not sealed yet.
pub(super) fn proof(db: &mut Db, gathered: &Gathered) -> Result<Option<JointProof>, Failure> {
    let mut wanted = BTreeSet::new();
    for (stream, entries, _) in gathered.streams.all() {
        let taken = entries.iter().filter(|one| gathered.streams.takes(stream, &one.recorded));
        wanted.extend(taken.map(|entry| entry.event_id.as_str()));
    }
    let found = ledger::proof(db, &wanted)?;
    Ok(found.filter(|proof| proof.indices.len() == wanted.len()))
}

/// The proof as the record carries it.
pub(super) fn ledger_proof(
    gathered: &Gathered,
    origin: &str,
    found: &JointProof,
) -> Result<LedgerProof, Failure> {
    let unreadable = |error: &dyn std::fmt::Display| Failure::Broken(error.to_string());
    let text = note::text(&found.checkpoint).map_err(|error| unreadable(&error))?;
    let checkpoint = Checkpoint::from_text(text).map_err(|error| unreadable(&error))?;
    let (mut streams, mut events) = (Vec::new(), Vec::new());
    for (stream, entries, complete) in gathered.streams.all() {
        let before = events.len();
        let taken = entries.iter().filter(|one| gathered.streams.takes(stream, &one.recorded));
        events.extend(taken.map(|entry| LedgerEvent {
            index: found.indices.get(&entry.event_id).copied().unwrap_or_default(),
            canonical: entry.canonical.clone(),
            hash: hex(&entry.hash.to_vec()),
            key: entry.kid.clone(),
            signature: STANDARD.encode(&entry.sig),
        }));
        let events = u32::try_from(events.len() - before).unwrap_or(u32::MAX);
        streams.push(LedgerStream { name: stream.as_str().to_owned(), complete, events });
    }
    Ok(LedgerProof {
        origin: origin.to_owned(),
        size: checkpoint.size,
        root: STANDARD.encode(checkpoint.root.as_bytes()),
        checkpoint: found.checkpoint.clone(),
        keys: keys(gathered),
        streams,
        events,
        nodes: found
            .nodes
            .iter()
            .map(|(place, hash)| LedgerNode {
                level: place.level,
                index: place.index,
                hash: STANDARD.encode(hash.as_bytes()),
            })
            .collect(),
    })
}

/// Every key that the installation announced.
fn keys(gathered: &Gathered) -> Vec<LedgerKey> {
    let entries = gathered.streams.all().flat_map(|(_, entries, _)| entries);
    let announced = entries.filter_map(|entry| match &entry.recorded.event {
        Event::Installation(Announced::KeyAnnounced { kid, public, purpose, .. }) => {
            Some(LedgerKey {
                id: kid.clone(),
                algorithm: "Ed25519".to_owned(),
                purpose: purpose.code().to_owned(),
                public: STANDARD.encode(unhex(public).unwrap_or_default()),
            })
        }
        _ => None,
    });
    announced.collect()
}
