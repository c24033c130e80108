//! Any process runs from its files alone. Each is played from the first delivery to the last certificate, on both databases.

use std::path::Path;
use std::process::Command;

use chorda::app::label_print::label_pdf;
use chorda::codes::container;
use chorda::config::Settings;
use chorda::demo::{Options, Played, Process, Story, play, shipped};
use chorda::domain::container::ContainerKind;
use chorda::domain::id::ContainerCode;
use chorda::record::{BatchRecord, Stage};
use chorda::store::container::load_many;

use super::Folder;
use crate::labels::have;
use crate::support::{TestStore, slovenian_site};

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

/// Plays a process at a site with Slovenian labels; gives the words of all its labels.
fn slovenian_labels(name: &str) -> Option<String> {
    let site = Folder::new(&format!("{name}-site"));
    let process = Process { site: Some(slovenian_site(&site.0)), ..own(name) };
    let folder = Folder::new(&format!("{name}-labels"));
    let played = played(&folder.0, None, &process);
    let codes = ContainerKind::ALL.iter().flat_map(|(kind, ..)| {
        (1..=60).map(|number| container::code(*kind, number).unwrap().to_string())
    });
    let codes: Vec<String> = codes.collect();
    let found = played.app.read(|db| load_many(db, &codes)).unwrap();
    let labelled = found.iter().filter(|state| state.labels.valid().is_some());
    let labelled: Vec<ContainerCode> =
        labelled.map(|state| ContainerCode::parse(&state.code).unwrap()).collect();
    let file = folder.0.join("all.pdf");
    std::fs::write(&file, label_pdf(&played.app, &labelled).unwrap()).unwrap();
    if !have(&["pdftotext"]) {
        return None;
    }
    let output = Command::new("pdftotext").args([file.as_os_str(), "-".as_ref()]).output().unwrap();
    let words = String::from_utf8_lossy(&output.stdout).into_owned();
    Some(words.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// The labels of two processes in Slovenian: each says these words, and none of the English ones.
#[test]
fn labels_of_a_slovenian_site_hold_no_english_word() {
    let all = [
        (
            "bm-msc",
            vec![
                "Samo za klinično preskušanje",
                "Samo za avtologno uporabo",
                "Leva podčeljustna",
                "BM-MSC, avtologne",
                "UPORABNO DO",
                "Upor. do",
                "Iz serije",
            ],
        ),
        ("msc-sup", vec!["Izpiranje mehurja", "Supernatant MSC", "−70 °C ali manj", "Sterilnost"]),
    ];
    for (name, said) in all {
        let Some(words) = slovenian_labels(name) else { return };
        for word in said {
            assert!(words.contains(word), "{word}: {words}");
        }
        for word in
            ["USE BY", "Batch", " of ", "For ", "Left", "Keep", "or below", "Donor", "From", "Exp."]
        {
            assert!(!words.contains(word), "{word}: {words}");
        }
    }
}
