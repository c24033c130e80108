//! Checks an exported record without the system that made it: no database, no network.
//!
//! In this order, and the first thing that is wrong is named: the text is canonical; the checkpoint
//! is signed; the keys were announced in the ledger; every event has its hash and its signature;
//! the events of each stream are linked and none is missing; every value that an event corrected is
//! printed with what it was; all events are in the tree under the checkpoint; the installation
//! signed what people read; the pages of a PDF are what the data draw.
//!
//! Neighbours: `ledger` has the hashes, keys and proofs; `chorda verify --record` prints the
//! report.
//!
//! Architecture invariant: a checkpoint key given by the caller counts more than the one in the
//! file, and the report says which one was used. No input makes this panic.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::{ATTACHMENT, BatchRecord, FORMAT, LedgerEvent, LedgerProof, render_pdf, to_json};
use crate::domain::{Event, batch};
use crate::ledger::hash::hex;
use crate::ledger::tree::{Place, verify_joint};
use crate::ledger::verify::Finding;
use crate::ledger::{Canonical, Checkpoint, EventDocument, Hash, PublicKey, note};
use crate::pdf;

/// What a check of a record found.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Report {
    /// Whether everything is in order.
    pub passed: bool,
    /// The first thing that is wrong.
    pub finding: Option<Finding>,
    /// Order and patient code, as far as the record could be read.
    pub about: Option<String>,
    /// SHA-256 of the JSON form: what stands on every page.
    pub record: Option<String>,
    /// Origin and size of the checkpoint.
    pub checkpoint: Option<String>,
    /// How many events of how many streams were checked.
    pub events: usize,
    /// Number of streams.
    pub streams: usize,
    /// Whose word is taken for the checkpoint key.
    pub trust: Option<String>,
    /// What else the reader should know.
    pub remarks: Vec<String>,
}

impl Report {
    /// The report in lines, the verdict first.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let about = self.about.clone().unwrap_or_else(|| "the file".to_owned());
        let mut lines = match &self.finding {
            Some(finding) => vec![format!("FAIL  {about}"), format!("  {finding}")],
            None => vec![format!("PASS  {about}: complete and unaltered")],
        };
        let facts = [
            ("record SHA-256", &self.record),
            ("as of checkpoint", &self.checkpoint),
            ("checkpoint key", &self.trust),
        ];
        for (name, value) in facts {
            lines.extend(value.as_ref().map(|value| format!("  {name}: {value}")));
        }
        if self.events > 0 {
            lines.push(format!("  {} events of {} objects", self.events, self.streams));
        }
        lines.extend(self.remarks.iter().map(|remark| format!("  {remark}")));
        lines
    }
}

/// Checks a record in either form. `key` is the checkpoint key of the site's key sheet (a verifier
/// key, as the installation publishes it); without one the key inside the file is used, and the
/// report says so.
#[must_use]
pub fn verify(file: &[u8], key: Option<&str>) -> Report {
    let mut report = Report::default();
    match check(file, key, &mut report) {
        Ok(()) => {
            report.passed = true;
            report.remarks.push(
                "Newer events may exist since; ask for a fresh export where that matters."
                    .to_owned(),
            );
        }
        Err(finding) => report.finding = Some(finding),
    }
    report
}

/// The first thing wrong with a part of the file.
fn wrong(part: &str, key: impl std::fmt::Display, problem: impl ToString) -> Finding {
    Finding::row(part, key, problem.to_string())
}

fn check(file: &[u8], key: Option<&str>, report: &mut Report) -> Result<(), Finding> {
    let json = json_of(file)?;
    let record = read(&json)?;
    report.record = Some(hex(Hash::of_bytes(&json).as_bytes()));
    let identity = &record.identity;
    report.about = Some(format!("{}, patient {}", identity.order, identity.patient_code));
    let ledger = &record.ledger;
    checkpoint(ledger, key, report)?;
    let events = events(ledger)?;
    streams(&record, &events)?;
    corrections(&record, &events)?;
    keys_announced(ledger, &events)?;
    (report.events, report.streams) = (events.len(), ledger.streams.len());
    inclusion(ledger, &events)?;
    seal(&record)?;
    if file.starts_with(b"%PDF") {
        pages(file, &record, report)?;
    }
    Ok(())
}

/// The JSON form: the file itself, or what a PDF carries.
fn json_of(file: &[u8]) -> Result<Vec<u8>, Finding> {
    if file.starts_with(b"%PDF") {
        return pdf::attachment(file, ATTACHMENT).map_err(|error| wrong("file", "PDF", error));
    }
    Ok(file.to_vec())
}

fn read(json: &[u8]) -> Result<BatchRecord, Finding> {
    let unreadable = |error: &dyn std::fmt::Display| wrong("file", "JSON", error);
    let text = std::str::from_utf8(json).map_err(|error| unreadable(&error))?;
    Canonical::parse(text).map_err(|error| unreadable(&error))?;
    let record: BatchRecord = serde_json::from_str(text).map_err(|error| unreadable(&error))?;
    if record.format != FORMAT {
        let problem = format!("the format is {:?}; this program checks {FORMAT:?}", record.format);
        return Err(wrong("file", "format", problem));
    }
    // A member that this program does not know would be covered by no check.
    if to_json(&record).ok().as_deref() != Some(json) {
        return Err(wrong("file", "JSON", "it holds more than a record of this format"));
    }
    Ok(record)
}

fn public_key(text: &str) -> Option<PublicKey> {
    PublicKey::from_slice(&STANDARD.decode(text).ok()?).ok()
}

fn checkpoint(ledger: &LedgerProof, key: Option<&str>, report: &mut Report) -> Result<(), Finding> {
    let part = |problem: &dyn std::fmt::Display| wrong("checkpoint", &ledger.origin, problem);
    let embedded = ledger
        .keys
        .iter()
        .filter(|key| key.purpose == "checkpoint")
        .filter_map(|key| public_key(&key.public))
        .collect::<Vec<_>>();
    let (keys, trust) = match key {
        Some(text) => {
            let (name, key) = note::read_verifier_key(text).map_err(|error| part(&error))?;
            if name != ledger.origin {
                let problem = format!("the record is of this log, the key given is of {name}");
                return Err(part(&problem));
            }
            (vec![key], "the one given".to_owned())
        }
        None => {
            let shown = embedded.first().map(|key| note::verifier_key(&ledger.origin, key));
            let shown = shown.unwrap_or_else(|| "none".to_owned());
            let advice = "compare it with the key sheet of the site, or give that with --key";
            (embedded, format!("taken from the file itself ({shown}); {advice}"))
        }
    };
    let opened = keys
        .iter()
        .map(|key| Checkpoint::open(&ledger.checkpoint, &ledger.origin, key))
        .reduce(|one, other| if one.is_ok() { one } else { other });
    let checkpoint = opened
        .ok_or_else(|| part(&"the record carries no checkpoint key"))?
        .map_err(|error| part(&error))?;
    let root = STANDARD.encode(checkpoint.root.as_bytes());
    if checkpoint.size != ledger.size || root != ledger.root {
        return Err(part(&"size and root beside it are not those that were signed"));
    }
    report.checkpoint = Some(format!("{} of {}", checkpoint.size, checkpoint.origin));
    report.trust = Some(trust);
    Ok(())
}

/// An event that is what it says and was signed.
struct Checked {
    index: u64,
    hash: Hash,
    document: EventDocument,
}

fn events(ledger: &LedgerProof) -> Result<Vec<Checked>, Finding> {
    let mut keys = BTreeMap::new();
    for key in ledger.keys.iter().filter(|key| key.purpose == "event") {
        let public = public_key(&key.public)
            .filter(|public| public.id().as_str() == key.id)
            .ok_or_else(|| wrong("key", &key.id, "the name does not belong to these bytes"))?;
        keys.insert(key.id.as_str(), public);
    }
    ledger.events.iter().map(|event| checked(event, &keys)).collect()
}

fn checked(event: &LedgerEvent, keys: &BTreeMap<&str, PublicKey>) -> Result<Checked, Finding> {
    let place = format!("#{}", event.index);
    let document =
        EventDocument::parse(&event.canonical).map_err(|error| wrong("event", &place, error))?;
    let place = format!("{place} {} {}", document.stream, document.ver);
    let hash = Hash::of_event(&event.canonical);
    if hex(hash.as_bytes()) != event.hash {
        return Err(wrong("event", place, "the hash is not that of the content"));
    }
    let key = keys
        .get(event.key.as_str())
        .ok_or_else(|| wrong("event", &place, format!("there is no key {}", event.key)))?;
    let signature = STANDARD.decode(&event.signature).unwrap_or_default();
    key.verify_event(&hash, &signature).map_err(|error| wrong("event", place, error))?;
    Ok(Checked { index: event.index, hash, document })
}

/// Every stream is listed, linked, and whole where it says so.
fn streams(record: &BatchRecord, events: &[Checked]) -> Result<(), Finding> {
    let mut by: BTreeMap<&str, Vec<&Checked>> = BTreeMap::new();
    for event in events {
        by.entry(event.document.stream.as_str()).or_default().push(event);
    }
    for stream in &record.ledger.streams {
        let found = by.remove(stream.name.as_str()).unwrap_or_default();
        if u32::try_from(found.len()) != Ok(stream.events) {
            let problem = format!("{} events are listed, {} are here", stream.events, found.len());
            return Err(wrong("stream", &stream.name, problem));
        }
        linked(&stream.name, stream.complete, &found)?;
    }
    if let Some(name) = by.keys().next() {
        return Err(wrong("stream", name, "its events are here, but it is not listed"));
    }
    let own = format!("order/{}", record.identity.order);
    if !record.ledger.streams.iter().any(|stream| stream.name == own && stream.complete) {
        return Err(wrong("stream", own, "the events of the order itself are not here"));
    }
    let places: Vec<u64> = events.iter().map(|event| event.index).collect();
    let told = &record.audit_trail;
    match told.iter().find(|entry| !places.contains(&entry.index)) {
        Some(entry) => Err(wrong("audit trail", format!("#{}", entry.index), "it has no event")),
        None if told.len() != events.len() => {
            let problem = format!("{} entries for {} events", told.len(), events.len());
            Err(wrong("audit trail", "entries", problem))
        }
        None => Ok(()),
    }
}

fn linked(name: &str, complete: bool, events: &[&Checked]) -> Result<(), Finding> {
    let mut before: Option<(u64, Hash)> = None;
    for event in events {
        let ver = event.document.ver;
        let expected = before.map_or(1, |(last, _)| last.saturating_add(1));
        if ver < expected || complete && ver != expected {
            let problem = format!("event {ver} stands where event {expected} is expected");
            return Err(wrong("stream", name, problem));
        }
        let follows = before.filter(|(last, _)| last.saturating_add(1) == ver);
        let prev = event.document.prev.as_deref();
        let broken = match follows {
            Some((_, hash)) => prev != Some(hex(hash.as_bytes()).as_str()),
            None => (ver == 1) != prev.is_none(),
        };
        if broken {
            let problem = format!("event {ver} is not linked to the event before it");
            return Err(wrong("stream", name, problem));
        }
        before = Some((ver, event.hash));
    }
    Ok(())
}

/// What a correction changed, as an event tells it or as the record prints it: its number, whether
/// the value was calculated anew, the value before and after.
type Told = (u32, bool, String, String);

/// Every value that an event corrected stands in the record with what it was, and no other does.
fn corrections(record: &BatchRecord, events: &[Checked]) -> Result<(), Finding> {
    for batch in &record.batches {
        let stream = format!("batch/{}", batch.number);
        let own = events.iter().filter(|event| event.document.stream == stream);
        let mut told: Vec<Told> = Vec::new();
        for event in own.filter(|event| event.document.kind == "batch.value_corrected") {
            told.extend(corrected_by(&stream, event)?);
        }
        let fields = batch.steps.iter().flat_map(|step| &step.fields);
        let mut shown: Vec<Told> = fields
            .flat_map(|field| &field.corrections)
            .map(|one| (one.number, one.calculated, one.from.clone(), one.to.clone()))
            .collect();
        told.sort();
        shown.sort();
        if let Some((number, _, from, to)) = told.iter().find(|one| !shown.contains(one)) {
            let problem = format!("correction {number} ({from} → {to}) is in the events, not here");
            return Err(wrong("corrections", &batch.number, problem));
        }
        if told != shown {
            let problem = format!("{} are printed, {} happened", shown.len(), told.len());
            return Err(wrong("corrections", &batch.number, problem));
        }
    }
    Ok(())
}

fn corrected_by(stream: &str, event: &Checked) -> Result<Vec<Told>, Finding> {
    let document = &event.document;
    let decoded = Event::decode(&document.kind, document.data.clone())
        .map_err(|error| wrong("event", format!("{stream} {}", document.ver), error))?;
    let Event::Batch(batch::Event::ValueCorrected { corrected, .. }) = decoded else {
        return Ok(Vec::new());
    };
    let told = |one: &batch::Changed| {
        let calculated = *one != corrected.value;
        (corrected.number, calculated, one.old_text(), one.new.value.text())
    };
    Ok(corrected.changes().filter(|one| one.is_another()).map(told).collect())
}

/// Every key of the record was announced by an event of the installation.
fn keys_announced(ledger: &LedgerProof, events: &[Checked]) -> Result<(), Finding> {
    for key in &ledger.keys {
        let public = STANDARD.decode(&key.public).map(|bytes| hex(&bytes)).unwrap_or_default();
        let announced = events.iter().any(|event| {
            let says = |name: &str, value: &str| {
                event.document.data.get(name).and_then(serde_json::Value::as_str) == Some(value)
            };
            event.document.kind == "installation.key_announced"
                && says("kid", &key.id)
                && says("public", &public)
                && says("purpose", &key.purpose)
        });
        if !announced {
            return Err(wrong("key", &key.id, "no event of the ledger announces it"));
        }
    }
    Ok(())
}

fn inclusion(ledger: &LedgerProof, events: &[Checked]) -> Result<(), Finding> {
    let part = |problem: &dyn std::fmt::Display| wrong("inclusion proof", "tree", problem);
    let mut leaves = BTreeMap::new();
    for event in events {
        let leaf = Hash::of_leaf(event.hash.as_bytes());
        if leaves.insert(event.index, leaf).is_some() {
            return Err(part(&format!("two events claim the place #{}", event.index)));
        }
    }
    let hash =
        |text: &str| STANDARD.decode(text).ok().and_then(|bytes| Hash::from_slice(&bytes).ok());
    let mut nodes = BTreeMap::new();
    for node in &ledger.nodes {
        let (level, index) = (node.level, node.index);
        let value = hash(&node.hash)
            .ok_or_else(|| part(&format!("the node {index} of level {level} is no hash")))?;
        nodes.insert(Place { level, index }, value);
    }
    let root = hash(&ledger.root).ok_or_else(|| part(&"the root is no hash"))?;
    verify_joint(ledger.size, &leaves, &nodes, &root).map_err(|error| part(&error))
}

/// The installation signed everything people read in the record.
fn seal(record: &BatchRecord) -> Result<(), Finding> {
    let part = |problem: &dyn std::fmt::Display| wrong("record", &record.identity.order, problem);
    let seal = record.seal.as_ref().ok_or_else(|| part(&"the installation did not sign it"))?;
    let key = record.ledger.keys.iter().find(|key| key.id == seal.key && key.purpose == "event");
    let key = key.and_then(|key| public_key(&key.public));
    let key = key.ok_or_else(|| part(&format!("there is no event key {}", seal.key)))?;
    let unsigned = BatchRecord { seal: None, ..record.clone() };
    let text = to_json(&unsigned).map_err(|error| part(&error))?;
    let signature = STANDARD.decode(&seal.signature).unwrap_or_default();
    key.verify_record(&Hash::of_bytes(&text), &signature).map_err(|_| {
        part(&"what people read in it is not what the installation signed; its events are in order")
    })
}

/// The pages are drawn anew from the data and compared, byte for byte.
fn pages(file: &[u8], record: &BatchRecord, report: &mut Report) -> Result<(), Finding> {
    let drawn = render_pdf(record).map_err(|error| wrong("pages", "PDF", error))?;
    if drawn == file {
        report.remarks.push("The pages are what the data draw, byte for byte.".to_owned());
        return Ok(());
    }
    if record.program == pdf::PRODUCER {
        let problem = "the file was changed since it was written: its pages are not what its data \
                       draw. The data in it are in order; export the record once more";
        return Err(wrong("pages", "PDF", problem));
    }
    report.remarks.push(format!(
        "The pages were drawn by {}, this is {}: only the data inside were checked, not the pages.",
        record.program,
        pdf::PRODUCER
    ));
    Ok(())
}
