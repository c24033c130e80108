//! The events behind a record: as audit trail for people, and with what proves them.
//!
//! Every event is linked to the one before it in its stream by the hash inside it, so the newest
//! event of each stream carries the inclusion proof for all of them.
//!
//! Architecture invariant: texts, hashes and signatures are copied as stored, never made anew.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Gathered;
use crate::db::Db;
use crate::domain::Aggregate;
use crate::domain::batch::Batch;
use crate::domain::container::Container;
use crate::domain::deviation::Deviation;
use crate::domain::donor::Donor;
use crate::domain::id::StreamId;
use crate::domain::order::Order;
use crate::domain::quality::TestRequest;
use crate::domain::release::Release;
use crate::ledger::{Checkpoint, PublicKey};
use crate::record::{AuditEntry, LedgerEvent, LedgerKey, LedgerProof};
use crate::store::{Failure, ledger};

/// Longest value of one event that the audit trail prints; the whole stands in the JSON.
const VALUE_MAX: usize = 220;

fn streams(gathered: &Gathered) -> Vec<StreamId> {
    let mut streams = vec![Order::stream(gathered.order.number.as_str())];
    for number in &gathered.batches {
        streams.push(Batch::stream(number.as_str()));
        streams.push(Release::stream(number.as_str()));
    }
    streams.extend(gathered.tests.iter().map(|id| TestRequest::stream(id)));
    streams.extend(gathered.deviations.iter().map(|number| Deviation::stream(number)));
    streams.extend(gathered.donor_codes().iter().map(|code| Donor::stream(code.as_str())));
    streams.extend(gathered.own_containers().iter().map(|code| Container::stream(code.as_str())));
    streams
}

pub(super) fn audit_trail(db: &mut Db, gathered: &Gathered) -> Result<Vec<AuditEntry>, Failure> {
    let mut trail = Vec::new();
    for stream in streams(gathered) {
        for entry in ledger::entries(db, &stream)? {
            let recorded = &entry.recorded;
            let (kind, data) =
                recorded.event.encode().map_err(|error| Failure::Broken(error.to_string()))?;
            let action = kind.split_once('.').map_or(kind.as_str(), |(_, what)| what);
            trail.push((
                entry.event_id.clone(),
                AuditEntry {
                    at: gathered.moment(recorded.at),
                    by: format!("{}, {}", recorded.actor, recorded.role.title()),
                    object: stream.as_str().replace('/', " "),
                    action: action.replace('_', " "),
                    old: None,
                    new: Some(summary(&data)).filter(|text| !text.is_empty()),
                    reason: recorded.reason.clone(),
                },
            ));
        }
    }
    trail.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(trail.into_iter().map(|(_, entry)| entry).collect())
}

/// The plain values of an event's data on one line.
fn summary(data: &serde_json::Value) -> String {
    let Some(members) = data.as_object() else { return String::new() };
    let mut parts = Vec::new();
    for (name, value) in members {
        let value = match value {
            serde_json::Value::String(text) => text.clone(),
            serde_json::Value::Number(number) => number.to_string(),
            serde_json::Value::Bool(yes) => yes.to_string(),
            _ => continue,
        };
        parts.push(format!("{}: {value}", name.replace('_', " ")));
    }
    let text = parts.join("; ");
    if text.chars().count() <= VALUE_MAX {
        return text;
    }
    text.chars().take(VALUE_MAX).chain(['…']).collect()
}

pub(super) fn proof(
    db: &mut Db,
    gathered: &Gathered,
    origin: &str,
    keys: &BTreeMap<String, PublicKey>,
) -> Result<LedgerProof, Failure> {
    let note = ledger::newest_checkpoint(db)?.unwrap_or_default();
    let text = crate::ledger::note::text(&note).unwrap_or("");
    let checkpoint = Checkpoint::from_text(text).ok();
    let mut events = Vec::new();
    for stream in streams(gathered) {
        let entries = ledger::entries(db, &stream)?;
        let last = entries.len().saturating_sub(1);
        for (place, entry) in entries.into_iter().enumerate() {
            let found = if place == last { ledger::proof(db, &entry.event_id)? } else { None };
            events.push(LedgerEvent {
                index: found.as_ref().map(|proof| proof.index),
                canonical: entry.canonical,
                hash: crate::ledger::hash::hex(&entry.hash.to_vec()),
                key: entry.kid,
                signature: STANDARD.encode(&entry.sig),
                inclusion: found.map_or_else(Vec::new, |proof| {
                    proof.hashes.iter().map(|hash| STANDARD.encode(hash.as_bytes())).collect()
                }),
            });
        }
    }
    Ok(LedgerProof {
        origin: origin.to_owned(),
        size: checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.size),
        root: checkpoint
            .as_ref()
            .map_or_else(String::new, |checkpoint| STANDARD.encode(checkpoint.root.as_bytes())),
        checkpoint: note,
        events,
        keys: keys
            .iter()
            .map(|(id, key)| LedgerKey {
                id: id.clone(),
                algorithm: "Ed25519".to_owned(),
                public: STANDARD.encode(key.to_bytes()),
            })
            .collect(),
    })
}
