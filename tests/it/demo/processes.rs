//! Any process runs from its files alone. Each is played from the first delivery to the last certificate, on both databases.

use std::path::Path;

use chorda::config::Settings;
use chorda::demo::{Options, Played, Process, Story, play, shipped};
use chorda::record::{BatchRecord, Stage};

use super::Folder;
use crate::support::TestStore;

fn options(dir: &Path, database: Option<String>, process: &Process) -> Options {
    Options {
        dir: dir.to_owned(),
        database,
        fresh: false,
        story: Story::Played(process.clone()),
        silent: true,
        settings: Settings::default(),
    }
}

fn played(dir: &Path, database: Option<String>, process: &Process) -> Played {
    let played = play(&options(dir, database, process)).unwrap_or_else(|why| panic!("{why}"));
    assert!(played.report.passed, "{:#?}", played.report.lines());
    played
}

/// Plays a process on both databases; both tell the same, and the record of its order is complete.
/// Every rule named must have refused something.
pub(super) fn runs(process: &Process, rules: &[&str]) {
    let folder = Folder::new(&process.name);
    let first = played(&folder.0, None, process);
    for rule in rules {
        let refused = first.refused.iter().any(|(_, by)| by.starts_with(rule));
        assert!(refused, "{rule} refused nothing: {:#?}", first.refused);
    }
    let json = std::fs::read(folder.0.join("records/ORD-2026-0001.json")).unwrap();
    let record: BatchRecord = serde_json::from_slice(&json).unwrap();
    assert_eq!(record.status.stage, Stage::Certified, "{}", record.status.summary);
    assert!(!record.administrations.is_empty());
    if let Some(mut server) = TestStore::postgres() {
        server.emptied();
        let folder = Folder::new(&format!("{}-server", process.name));
        let second = played(&folder.0, Some(server.config().database.clone()), process);
        assert_eq!(first.counts, second.counts);
        assert_eq!(first.refused, second.refused);
        assert_eq!(first.report.events, second.report.events);
    }
}

/// A process that comes with the program.
fn own(name: &str) -> Process {
    shipped().unwrap().into_iter().find(|process| process.is_called(name)).unwrap()
}

/// What every process refuses.
const ALWAYS: [&str; 6] = [
    "donor_is_eligible",
    "step_out_of_order",
    "verifier_is_performer",
    "container_count",
    "review_precedes_certification",
    "patient_mismatch",
];

fn runs_shipped(name: &str, rules: &[&str]) {
    let all: Vec<&str> = ALWAYS.into_iter().chain(rules.iter().copied()).collect();
    runs(&own(name), &all);
}

#[test]
fn four_cords_are_pooled_and_given_by_site() {
    runs_shipped("eq-msc", &["dose_outside_limits", "patient_not_eligible", "material_missing"]);
}

#[test]
fn vials_of_one_donor_are_thawed_at_the_bedside_and_given_in_time() {
    let rules =
        ["one_donor_per_patient", "thaw_before_giving", "give_within_time_of_thaw", "too_early"];
    runs_shipped("at-msc", &rules);
}

#[test]
fn a_patient_gets_the_own_cells_at_the_level_that_is_open() {
    let rules = ["autologous_recipient", "enrolment_other_level", "dose_unknown_level"];
    runs_shipped("bm-msc", &rules);
}

#[test]
fn an_infusion_follows_the_weight() {
    runs_shipped("uc-msc", &["dose_no_weight", "dose_weight_too_old"]);
}

#[test]
fn what_holds_no_cells_is_given_by_its_routes() {
    runs_shipped("msc-sup", &["dose_unknown_site"]);
}
