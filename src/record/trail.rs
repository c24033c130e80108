//! The audit trail and the proof.
//!
//! Architecture invariant: every entry of the model is printed, each changed value with what it was
//! and what it is.

use crate::pdf::{Color, Len};

use super::flow::Flow;
use super::theme::{BODY, INK, MUTED, SMALL};
use super::words::brief;
use super::{AuditEntry, BatchRecord, Change};

pub(super) fn audit_trail(flow: &mut Flow, record: &BatchRecord) {
    flow.chapter("Audit trail");
    flow.paragraph(
        "Every event behind this record, oldest first: when the server recorded it, what, on which \
         object, by whom, from which station, and its number in the ledger. Values before and after \
         are folded from the events themselves; a value without an arrow was not there before. A \
         name that begins like the one before it is printed without that beginning.",
        SMALL,
        MUTED,
    );
    flow.y += Len::mm(2);
    for entry in &record.audit_trail {
        let what = format!("{} · {}", entry.action, entry.object);
        let who = format!("{}, {}, {}   #{}", entry.by, entry.role, entry.station, entry.index);
        flow.log((brief(&entry.at), &what, &who), &body(entry));
    }
    if record.audit_trail.is_empty() {
        flow.paragraph("Nothing was changed.", SMALL, MUTED);
    }
}

/// What an entry says, in paragraphs: why, what changed, what was added and who signed.
fn body(entry: &AuditEntry) -> Vec<(String, Color)> {
    let mut body = Vec::new();
    body.extend(entry.reason.as_ref().map(|reason| (format!("Why: {reason}"), INK)));
    let (changed, added): (Vec<&Change>, Vec<&Change>) =
        entry.changes.iter().partition(|change| change.old.is_some());
    let changed = told(&changed, |change| {
        let (old, new) = (change.old.as_deref(), change.new.as_deref());
        format!("{} → {}", old.unwrap_or("–"), new.unwrap_or("not any more"))
    });
    let added = told(&added, |change| change.new.clone().unwrap_or_default());
    let signed = entry.signatures.iter().map(|signature| format!("signed: {signature}"));
    let rest: Vec<String> = std::iter::once(added)
        .chain(entry.elsewhere.clone())
        .chain(signed)
        .filter(|text| !text.is_empty())
        .collect();
    let lines = [changed, rest.join("; ")];
    body.extend(lines.into_iter().filter(|line| !line.is_empty()).map(|line| (line, INK)));
    body
}

/// Named values on one line, each name without the words it shares with the one before it.
fn told(changes: &[&Change], value: impl Fn(&Change) -> String) -> String {
    let mut before: Vec<&str> = Vec::new();
    let mut parts = Vec::new();
    for change in changes {
        let words: Vec<&str> = change.field.split(' ').collect();
        let shared = words.iter().zip(&before).take_while(|(one, other)| one == other).count();
        let rest = words.get(shared.min(words.len() - 1)..).unwrap_or_default().join(" ");
        parts.push(format!("{rest}: {}", value(change)));
        before = words;
    }
    parts.join("; ")
}

pub(super) fn proof(flow: &mut Flow, record: &BatchRecord, hash: &str) {
    let ledger = &record.ledger;
    flow.chapter("Proof");
    flow.paragraph(
        "This document is the readable form of a JSON record, attached to this file as \
         record.json. The SHA-256 of its bytes stands on every page, and the installation signed \
         it. The JSON holds the exact text, hash and signature of every event of the audit trail, \
         its number in the ledger, and the nodes of the ledger's tree that lead from all of them to \
         the root that the checkpoint signs: nothing in them can have been changed since.",
        BODY,
        INK,
    );
    flow.y += Len::mm(1);
    flow.paragraph(
        "To check it without the system that made it: chorda verify --record FILE --key \
         checkpoint.vkey, with the key from the site's key sheet. It names the first thing that is \
         wrong, and it draws the pages anew to see that they are what the data say. The form is \
         public: RFC 8785 text, SHA-256, Ed25519, RFC 6962 tree, C2SP checkpoint.",
        BODY,
        INK,
    );
    flow.y += Len::mm(2);
    let seal = record.seal.as_ref();
    flow.notes(&[
        ("Record SHA-256", hash.to_owned()),
        ("Format", format!("{}, made by {}", record.format, record.program)),
        ("Signed with", seal.map_or_else(|| "not signed".to_owned(), |seal| seal.key.clone())),
        ("Events", format!("{}, with {} nodes", ledger.events.len(), ledger.nodes.len())),
    ]);
    flow.section("Checkpoint");
    flow.listing(&ledger.checkpoint);
    flow.section("Public keys");
    let keys: Vec<(&str, String)> = ledger
        .keys
        .iter()
        .map(|key| (key.purpose.as_str(), format!("{}  {}  {}", key.id, key.algorithm, key.public)))
        .collect();
    flow.notes(&keys);
    flow.section("Streams");
    flow.paragraph(
        "Events of each object in this record; all of them, unless it says how many were needed.",
        SMALL,
        MUTED,
    );
    let streams: Vec<(String, String)> = ledger
        .streams
        .iter()
        .map(|stream| {
            let whole = if stream.complete { "" } else { " needed" };
            (stream.name.clone(), format!("{}{whole}", stream.events))
        })
        .collect();
    flow.pairs(&streams, 76, "The record holds no event of the ledger.");
}
