//! Backup and restore, within and between the databases.

use chorda::domain::RefusalKind;
use chorda::domain::actor::Role;
use chorda::store::{Store, StoreConfig, backup, verify};

use super::door::{announce, begin};
use crate::support::{TestStore, each_backend, envelope, fresh_folder, person};

fn record(store: &Store, name: &'static str) {
    store
        .write(envelope(&person("ana", Role::Technician), "bench-1"), move |tx| {
            tx.record([begin(name), announce(name)])
        })
        .expect("written");
}

/// The configuration of another place with the same secrets.
fn elsewhere(store: &TestStore, folder: &std::path::Path) -> StoreConfig {
    let mut config =
        StoreConfig::new(&format!("sqlite:{}", folder.join("restored.sqlite").display()));
    config.key_folder = Some(store.config().key_folder().expect("folder"));
    config.sealer = false;
    config
}

#[test]
fn a_backup_restores_to_the_same_ledger_and_goes_on() {
    each_backend(|store| {
        record(store, "a");
        store.seal_now().expect("seals");
        record(store, "b");
        let folder = fresh_folder();
        let file = folder.join("backup.sqlite");
        let report = backup::to_file(store, &file).expect("a backup");
        assert!(report.passed);
        assert_eq!((report.events, report.sealed), (7, 7), "everything was sealed before");
        let config = elsewhere(store, &folder);
        let restored = backup::from_file(&file, &config).expect("restored");
        assert!(restored.passed, "{:#?}", restored.lines());
        let again = Store::open(config).expect("opens");
        assert_eq!(again.origin(), store.origin());
        record(&again, "c");
        let sealed = again.seal_now().expect("seals").expect("something");
        assert_eq!(sealed.checkpoint.size, 9);
        assert!(verify::run(&again).expect("verifies").passed);
        drop(again);
        std::fs::remove_dir_all(folder).ok();
    });
}

#[test]
fn a_ledger_moves_from_a_file_to_a_server_with_the_same_root() {
    let Some(mut server) = TestStore::postgres() else { return };
    let store = TestStore::sqlite();
    record(&store, "a");
    let file = store.folder().join("backup.sqlite");
    let before = backup::to_file(&store, &file).expect("a backup");
    let occupied = backup::from_file(&file, server.config()).expect_err("holds a ledger");
    assert_eq!(occupied.refusal().expect("a refusal").rule, "nothing_is_overwritten");
    server.emptied();
    let mut config = server.config().clone();
    config.key_folder = Some(store.config().key_folder().expect("folder"));
    config.checkpoint_file = Some(server.folder().join("moved.checkpoints"));
    let report = backup::from_file(&file, &config).expect("moved");
    assert!(report.passed, "{:#?}", report.lines());
    assert_eq!((report.events, report.sealed), (before.events, before.sealed));
    let moved = Store::open(config).expect("opens");
    let root = |store: &Store| store.seal_now().expect("seals").expect("sealed").checkpoint;
    assert_eq!(root(&moved), root(&store));
    record(&moved, "b");
    assert!(verify::run(&moved).expect("verifies").passed);
}

#[test]
fn nothing_is_overwritten() {
    let store = TestStore::sqlite();
    record(&store, "a");
    let file = store.folder().join("backup.sqlite");
    std::fs::write(&file, "precious").expect("written");
    let failure = backup::to_file(&store, &file).expect_err("refused");
    assert_eq!(failure.refusal().expect("a refusal").kind, RefusalKind::Conflict);
    assert_eq!(std::fs::read_to_string(&file).expect("there"), "precious");
    let good = store.folder().join("good.sqlite");
    backup::to_file(&store, &good).expect("a backup");
    let failure = backup::from_file(&good, store.config()).expect_err("refused");
    assert_eq!(failure.refusal().expect("a refusal").rule, "nothing_is_overwritten");
    let absent = store.folder().join("absent.sqlite");
    let failure = backup::from_file(&absent, store.config()).expect_err("refused");
    assert_eq!(failure.refusal().expect("a refusal").kind, RefusalKind::NotFound);
}

#[test]
fn a_backup_older_than_the_known_checkpoints_is_told_as_such() {
    let store = TestStore::sqlite();
    record(&store, "a");
    let file = store.folder().join("backup.sqlite");
    backup::to_file(&store, &file).expect("a backup");
    record(&store, "b");
    store.seal_now().expect("seals");
    let folder = fresh_folder();
    let mut config = elsewhere(&store, &folder);
    let known = folder.join("known.checkpoints");
    std::fs::copy(store.config().checkpoint_file().expect("path"), &known).expect("copied");
    config.checkpoint_file = Some(known);
    let report = backup::from_file(&file, &config).expect("restored");
    assert!(!report.passed);
    assert!(report.lines()[1].contains("an older copy was restored"), "{:#?}", report.lines());
    std::fs::remove_dir_all(folder).ok();
}

#[test]
fn a_damaged_database_gives_no_backup() {
    let store = TestStore::sqlite();
    record(&store, "a");
    store.seal_now().expect("seals");
    super::verify::disarm(&store);
    store.sql("UPDATE ledger_key SET algorithm = 'none' WHERE kid = 'kid-a'").expect("owner");
    let file = store.folder().join("backup.sqlite");
    let failure = backup::to_file(&store, &file).expect_err("refused");
    assert!(failure.to_string().contains("does not verify"), "{failure}");
    assert!(!file.exists());
}
