//! The demo tells its story to the end, the same each time, and leaves a ledger that verifies.

mod processes;
mod sixth;

use std::path::{Path, PathBuf};

use chorda::config::Settings;
use chorda::demo::{Options, People, Story, Summary, Trouble, Until, play};
use chorda::record::{BatchRecord, Field, Stage, Verdict, to_json, verify::verify};

use crate::cli::chorda as chorda_command;
use crate::support::TestStore;

/// A folder of its own for one test; removed when dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("chorda-demo-{name}-{}", std::process::id()));
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

fn options(dir: &Path, database: Option<String>) -> Options {
    Options {
        dir: dir.to_owned(),
        database,
        fresh: false,
        story: Story::Told(Until::End),
        silent: true,
        settings: Settings::default(),
    }
}

fn told(dir: &Path, database: Option<String>) -> Summary {
    let played = play(&options(dir, database)).unwrap();
    assert!(played.report.passed, "{:#?}", played.report.lines());
    played.summary()
}

#[test]
fn every_name_of_the_cast_has_the_right_shape_and_stands_alone() {
    let people = People::new().unwrap();
    let logins: std::collections::BTreeSet<_> =
        people.all().iter().map(|person| person.actor.login.clone()).collect();
    assert_eq!(logins.len(), people.all().len());
}

#[test]
fn the_story_is_the_same_on_both_databases_and_what_it_leaves_verifies() {
    let folder = Folder::new("story");
    let first = told(&folder.0, None);
    assert_eq!(first.refusals, 22, "mistakes refused, as the README says");
    assert!(first.events > 900 && first.signatures > 200);
    for file in &first.files {
        assert!(std::fs::metadata(file).unwrap().len() > 1000, "{}", file.display());
    }
    complete_and_true(&folder.0.join("records/ORD-2026-0001"));
    held_because_of_its_donor(&folder.0);
    // A finished demo is never played over.
    let again = play(&options(&folder.0, None));
    assert!(matches!(again, Err(Trouble::Occupied(_))), "{again:?}");
    if let Some(mut server) = TestStore::postgres() {
        server.emptied();
        let folder = Folder::new("server");
        let second = told(&folder.0, Some(server.config().database.clone()));
        let counts = |summary: &Summary| {
            (summary.commands, summary.signatures, summary.refusals, summary.events)
        };
        assert_eq!(counts(&first), counts(&second));
    }
}

/// The record of the story has nothing left out, and stands alone in both forms.
fn complete_and_true(path: &Path) {
    let key = path.parent().unwrap().parent().unwrap().join("chorda.secrets/checkpoint.vkey");
    let key = std::fs::read_to_string(key).unwrap();
    for ending in ["json", "pdf"] {
        let report = verify(&std::fs::read(path.with_extension(ending)).unwrap(), Some(&key));
        assert!(report.passed, "{:#?}", report.lines());
        assert!(report.events > 300, "{} events", report.events);
    }
    let json = std::fs::read(path.with_extension("json")).unwrap();
    let record: BatchRecord = serde_json::from_slice(&json).unwrap();
    assert_eq!(record.status.stage, Stage::Certified);
    books(&record);
    for batch in &record.batches {
        assert!(!batch.timers.is_empty() || batch.title.contains("pooled"), "{}", batch.number);
        assert!(batch.timers.iter().all(|timer| timer.verdict == Verdict::In), "{}", batch.number);
        assert!(!batch.materials.is_empty() && !batch.equipment.is_empty());
        for used in batch.materials.iter().flat_map(|material| &material.uses) {
            assert!(used.quantity.is_some(), "{} {}", batch.number, used.step);
            assert_eq!(used.state, "released, in date");
        }
        assert!(batch.equipment.iter().all(|used| used.state == "fit for use"));
    }
    corrected(&record, &key);
    let hop = record.custody.first().unwrap();
    // Four syringes and their outer pack.
    assert_eq!((record.custody.len(), hop.containers.len()), (1, 5));
    assert_eq!((hop.given.act.as_str(), hop.given.by.name.as_str()), ("handed over", "Ana Kos"));
    assert_eq!(hop.received.as_ref().unwrap().by.name, "Gaja Perše");
    assert!(record.excursions.iter().all(|one| one.back.is_some()));
    assert!(record.administrations.iter().all(|given| given.given.act == "administered"));
    assert_eq!(record.audit_trail.len(), record.ledger.events.len());
    let changes = record.audit_trail.iter().flat_map(|entry| &entry.changes);
    let stored = changes.filter(|change| change.field == "disposition" && change.old.is_some());
    assert!(stored.count() > 0, "old values are there");
    let partial = record.ledger.streams.iter().filter(|stream| !stream.complete);
    assert!(partial.clone().all(|stream| stream.name.starts_with("equipment/")));
}

/// Every book balances, what became of the syringes stands in the book of their batch, and the
/// doublings go back to the donors.
fn books(record: &BatchRecord) {
    for batch in &record.batches {
        assert!(!batch.accounts.is_empty() && batch.accounts.iter().all(|one| one.balanced));
        assert!(batch.reconciliations.iter().all(|one| one.verdict == Verdict::In));
        assert!(!batch.doublings.is_empty(), "{}", batch.number);
    }
    let dose = record.batches.iter().find(|batch| batch.title.contains("dose")).unwrap();
    assert_eq!(dose.doublings.len(), 6, "four donors, their pool, the dose");
    assert!(!dose.reconciliations.is_empty());
    let volume = dose.accounts.iter().find(|account| account.unit == "ml").unwrap();
    let came = |word: &str| volume.postings.iter().any(|one| one.step.ends_with(word));
    assert!(["left, to come back", "came back", "given to the patient"].into_iter().all(came));
    let held = |name: &str| volume.balances.iter().find(|one| one.account == name).unwrap();
    assert_eq!(held("in containers").amount, "0.00 ml");
    assert_eq!(held("away, to come back").amount, "0.00 ml");
}

/// The mistyped volume stands in the record with what it was and all that followed, and a record
/// that leaves any of it out is found out.
fn corrected(record: &BatchRecord, key: &str) {
    let fields = |record: &BatchRecord| -> Vec<Field> {
        let steps = record.batches.iter().flat_map(|batch| &batch.steps);
        steps.flat_map(|step| &step.fields).cloned().collect()
    };
    let fields = fields(record);
    let found: Vec<_> = fields.iter().flat_map(|field| &field.corrections).collect();
    let own: Vec<_> = found.iter().filter(|one| !one.calculated).collect();
    assert_eq!(own.len(), 1);
    assert_eq!((own[0].from.as_str(), own[0].to.as_str()), ("108.30 ml", "103.80 ml"));
    assert_eq!(own[0].verified.as_ref().unwrap().by.name, "Bor Župan");
    assert!(found.len() > 1, "available cells and volumes follow");
    let places = record.batches.iter().flat_map(|batch| &batch.steps);
    assert_eq!(places.filter(|step| !step.not_covered.is_empty()).count(), 1);
    let forged = |change: &dyn Fn(&mut Field)| {
        let mut forged = record.clone();
        let steps = forged.batches.iter_mut().flat_map(|batch| &mut batch.steps);
        steps.flat_map(|step| &mut step.fields).for_each(change);
        verify(&to_json(&forged).unwrap(), Some(key)).finding.unwrap().table
    };
    assert_eq!(forged(&|field| field.corrections.clear()), "corrections");
    let softened = |field: &mut Field| {
        field.corrections.iter_mut().for_each(|one| one.from = one.to.clone());
    };
    assert_eq!(forged(&softened), "corrections");
}

/// A record printed after the late result does not say that the batch is certified and no more.
fn held_because_of_its_donor(dir: &Path) {
    let database = format!("sqlite:{}", dir.join("chorda.db").display());
    let out = dir.join("late.json").display().to_string();
    let export = ["record", "export", "ORD-2026-0001", "--database", &database, "--out", &out];
    let done = chorda_command(&export);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let record: BatchRecord = serde_json::from_slice(&std::fs::read(&out).unwrap()).unwrap();
    assert_eq!(record.status.stage, Stage::OnHold);
    let words = "The patient's batch is certified, and it is on hold because donor DNR-0006 is.";
    assert_eq!(record.status.summary, words);
}

#[test]
fn only_what_the_demo_put_there_is_taken_away() {
    let folder = Folder::new("mine");
    std::fs::create_dir_all(&folder.0).unwrap();
    let mine = folder.0.join("chorda.db");
    std::fs::write(&mine, "not of the demo").unwrap();
    let fresh = Options { fresh: true, ..options(&folder.0, None) };
    assert!(matches!(play(&fresh), Err(Trouble::Occupied(_))));
    assert_eq!(std::fs::read_to_string(&mine).unwrap(), "not of the demo");
}
