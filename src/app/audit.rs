//! The audit trail of any object: who did what, when, from which old value to which new one, why.
//!
//! Old and new are not stored: they are the state before and after each event, folded from the
//! stream itself, so that they cannot disagree with the record.
//!
//! Neighbours: `store::ledger` reads the stream; `web::audit` shows and exports it.
//!
//! Architecture invariant: nothing is left out but hashes and versions, which the ledger proves.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::App;
use crate::domain::batch::Batch;
use crate::domain::container::Container;
use crate::domain::deviation::Deviation;
use crate::domain::donation::Donation;
use crate::domain::donor::Donor;
use crate::domain::equipment::Equipment;
use crate::domain::id::StreamId;
use crate::domain::installation::Installation;
use crate::domain::label_definition::LabelDefinition;
use crate::domain::master_record::RecordVersion;
use crate::domain::material::MaterialLot;
use crate::domain::order::Order;
use crate::domain::print_job::PrintJob;
use crate::domain::printer::Printer;
use crate::domain::quality::TestRequest;
use crate::domain::release::Release;
use crate::domain::scanner::Scanner;
use crate::domain::storage::Location;
use crate::domain::{Aggregate, Event, Recorded};
use crate::store::Failure;
use crate::store::ledger::{self, Entry};

/// One value that an event changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Which value, such as `contents volume`.
    pub field: String,
    /// What it was; empty when it was not there.
    pub old: String,
    /// What it is; empty when it is not there any more.
    pub new: String,
}

/// One entry of the trail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TrailEntry {
    /// The stream.
    pub stream: String,
    /// Its place in the stream.
    pub version: u64,
    /// When the server recorded it, UTC.
    pub at: String,
    /// Who.
    pub who: String,
    /// In which role.
    pub role: String,
    /// From which station.
    pub station: String,
    /// What happened, such as `container.stored`.
    pub what: String,
    /// Why, where a reason was given.
    pub why: String,
    /// Manifestations of the signatures inside.
    pub signatures: Vec<String>,
    /// What changed.
    pub changes: Vec<Difference>,
    /// The event's id.
    pub event_id: String,
    /// Its hash.
    pub hash: String,
}

impl TrailEntry {
    /// Whether the entry holds a text anywhere, in any case.
    #[must_use]
    pub fn holds(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        let own = [&self.stream, &self.who, &self.what, &self.why, &self.at, &self.role];
        own.into_iter().any(|part| part.to_lowercase().contains(&text))
            || self.signatures.iter().any(|one| one.to_lowercase().contains(&text))
            || self.changes.iter().any(|change| {
                [&change.field, &change.old, &change.new]
                    .into_iter()
                    .any(|part| part.to_lowercase().contains(&text))
            })
    }
}

/// The whole trail of one object, oldest first.
///
/// # Errors
/// When the database fails.
pub fn trail(app: &App, stream: &StreamId) -> Result<Vec<TrailEntry>, Failure> {
    let entries = app.read(|db| ledger::entries(db, stream))?;
    fold(&entries)
}

/// The last entries of the whole ledger, newest first; values are those the event states, since
/// the states before it are in other places of the ledger.
///
/// # Errors
/// When the database fails.
pub fn latest(app: &App, before: Option<&str>, limit: i64) -> Result<Vec<TrailEntry>, Failure> {
    let entries = app.read(|db| ledger::latest(db, before, limit))?;
    entries.iter().map(|entry| told(entry, &BTreeMap::new(), &stated(&entry.recorded)?)).collect()
}

/// The typed states of the aggregates that can be written down as they are.
#[derive(Default)]
struct States {
    container: Option<Container>,
    location: Option<Location>,
    material: Option<MaterialLot>,
    equipment: Option<Equipment>,
    batch: Option<Batch>,
    order: Option<Order>,
    donor: Option<Donor>,
    donation: Option<Donation>,
    test: Option<TestRequest>,
    deviation: Option<Deviation>,
    release: Option<Release>,
    installation: Option<Installation>,
    master_record: Option<RecordVersion>,
    printer: Option<Printer>,
    print_job: Option<PrintJob>,
    scanner: Option<Scanner>,
    label_definition: Option<LabelDefinition>,
}

fn step<A: Aggregate + Serialize + Clone>(
    state: &mut Option<A>,
    recorded: &Recorded,
    event: &A::Event,
) -> Result<Option<Value>, Failure> {
    *state = A::apply(state.take(), recorded, event);
    state.as_ref().map(|state| Ok(serde_json::to_value(state)?)).transpose()
}

/// The whole state after the event, for the aggregates that can be written down.
fn state_after(states: &mut States, recorded: &Recorded) -> Result<Option<Value>, Failure> {
    match &recorded.event {
        Event::Container(event) => step(&mut states.container, recorded, event),
        Event::Location(event) => step(&mut states.location, recorded, event),
        Event::Material(event) => step(&mut states.material, recorded, event),
        Event::Equipment(event) => step(&mut states.equipment, recorded, event),
        Event::Batch(event) => step(&mut states.batch, recorded, event),
        Event::Order(event) => step(&mut states.order, recorded, event),
        Event::Donor(event) => step(&mut states.donor, recorded, event),
        Event::Donation(event) => step(&mut states.donation, recorded, event),
        Event::Test(event) => step(&mut states.test, recorded, event),
        Event::Deviation(event) => step(&mut states.deviation, recorded, event),
        Event::Release(event) => step(&mut states.release, recorded, event),
        Event::Installation(event) => step(&mut states.installation, recorded, event),
        Event::MasterRecord(event) => step(&mut states.master_record, recorded, event),
        Event::Printer(event) => step(&mut states.printer, recorded, event),
        Event::PrintJob(event) => step(&mut states.print_job, recorded, event),
        Event::Scanner(event) => step(&mut states.scanner, recorded, event),
        Event::LabelDefinition(event) => step(&mut states.label_definition, recorded, event),
        Event::User(_) => Ok(None),
    }
}

/// The trail of one object from all its events, oldest first.
pub(super) fn fold(entries: &[Entry]) -> Result<Vec<TrailEntry>, Failure> {
    let mut states = States::default();
    let mut before: BTreeMap<String, String> = BTreeMap::new();
    let mut trail = Vec::new();
    for entry in entries {
        let after = match state_after(&mut states, &entry.recorded)? {
            Some(state) => leaves(&state),
            None => {
                // Values by name: what an event says of a name holds until the next says otherwise.
                let mut merged = before.clone();
                merged.extend(stated(&entry.recorded)?);
                merged
            }
        };
        trail.push(told(entry, &before, &after)?);
        before = after;
    }
    Ok(trail)
}

fn stated(recorded: &Recorded) -> Result<BTreeMap<String, String>, Failure> {
    Ok(leaves(&recorded.event.encode()?.1))
}

fn told(
    entry: &Entry,
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
) -> Result<TrailEntry, Failure> {
    let recorded = &entry.recorded;
    let (what, data) = recorded.event.encode()?;
    let mut signatures = Vec::new();
    collect_signatures(&data, &mut signatures);
    let names: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let changes = names
        .into_iter()
        .filter(|name| before.get(*name) != after.get(*name))
        .map(|name| Difference {
            field: name.clone(),
            old: before.get(name).cloned().unwrap_or_default(),
            new: after.get(name).cloned().unwrap_or_default(),
        })
        .collect();
    Ok(TrailEntry {
        stream: recorded.stream.as_str().to_owned(),
        version: recorded.version,
        at: recorded.at.to_string(),
        who: recorded.actor.to_string(),
        role: recorded.role.title().to_owned(),
        station: recorded.station.to_string(),
        what,
        why: recorded.reason.clone().unwrap_or_default(),
        signatures,
        changes,
        event_id: entry.event_id.clone(),
        hash: entry.hash.to_string(),
    })
}

/// Every value with its name, the names of the levels joined by spaces.
fn leaves(value: &Value) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    walk("", value, &mut found);
    found
}

fn walk(name: &str, value: &Value, found: &mut BTreeMap<String, String>) {
    let inner = |key: &str| {
        let key = key.replace('_', " ");
        if name.is_empty() { key } else { format!("{name} {key}") }
    };
    match value {
        Value::Null => {}
        Value::Bool(truth) => {
            found.insert(name.to_owned(), if *truth { "yes" } else { "no" }.to_owned());
        }
        Value::Number(number) => {
            found.insert(name.to_owned(), number.to_string());
        }
        Value::String(text) => {
            found.insert(name.to_owned(), text.clone());
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(&inner(&index.saturating_add(1).to_string()), item, found);
            }
        }
        Value::Object(map) => {
            if let Some(quantity) = quantity(map) {
                found.insert(name.to_owned(), quantity);
                return;
            }
            if signature(value).is_some() {
                return;
            }
            for (key, item) in map.iter().filter(|(key, _)| key.as_str() != "version") {
                walk(&inner(key), item, found);
            }
        }
    }
}

/// A quantity reads better as one value than as number and unit.
fn quantity(map: &serde_json::Map<String, Value>) -> Option<String> {
    let (value, unit) = (map.get("value")?.as_str()?, map.get("unit")?.as_str()?);
    (map.len() == 2).then(|| format!("{value} {unit}"))
}

fn signature(value: &Value) -> Option<crate::domain::actor::Signature> {
    value.get("content_hash")?;
    serde_json::from_value(value.clone()).ok()
}

fn collect_signatures(value: &Value, found: &mut Vec<String>) {
    if let Some(signature) = signature(value) {
        found.push(signature.manifestation());
        return;
    }
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect_signatures(item, found)),
        Value::Object(map) => map.values().for_each(|item| collect_signatures(item, found)),
        _ => {}
    }
}

/// One cell of CSV: quoted, and never read as a formula by a spreadsheet.
#[must_use]
pub fn csv_cell(text: &str) -> String {
    let dangerous = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    let guard = if dangerous { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

/// The trail as CSV, one line a changed value; entries that changed none have one line, too.
#[must_use]
pub fn csv(entries: &[TrailEntry]) -> String {
    let header = [
        "stream",
        "version",
        "at",
        "who",
        "role",
        "station",
        "what",
        "field",
        "old",
        "new",
        "why",
        "signatures",
        "event",
        "hash",
    ];
    let mut text = header.map(csv_cell).join(",");
    text.push_str("\r\n");
    let none = Difference { field: String::new(), old: String::new(), new: String::new() };
    for entry in entries {
        let changes = if entry.changes.is_empty() {
            std::slice::from_ref(&none)
        } else {
            entry.changes.as_slice()
        };
        for change in changes {
            let cells = [
                entry.stream.as_str(),
                &entry.version.to_string(),
                &entry.at,
                &entry.who,
                &entry.role,
                &entry.station,
                &entry.what,
                &change.field,
                &change.old,
                &change.new,
                &entry.why,
                &entry.signatures.join("; "),
                &entry.event_id,
                &entry.hash,
            ]
            .map(csv_cell);
            text.push_str(&cells.join(","));
            text.push_str("\r\n");
        }
    }
    text
}
