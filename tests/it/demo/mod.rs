//! The demo tells its story to the end, the same each time, and leaves a ledger that verifies.

use std::path::{Path, PathBuf};

use chorda::config::Settings;
use chorda::demo::{Options, People, Summary, Trouble, play};

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
    assert!(first.refusals >= 18, "{} mistakes were refused", first.refusals);
    assert!(first.events > 900 && first.signatures > 200);
    for file in &first.files {
        assert!(std::fs::metadata(file).unwrap().len() > 1000, "{}", file.display());
    }
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
