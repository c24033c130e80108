//! The sealer: places in the log, checkpoints, the file outside, proofs.

use std::time::Duration;

use chorda::domain::actor::Role;
use chorda::domain::id::StreamId;
use chorda::ledger::Checkpoint;
use chorda::ledger::proof::LogProof;
use chorda::store::{Store, ledger, verify};

use super::door::{announce, at_once, begin};
use crate::support::{TestStore, each_backend, envelope, person};

fn record(store: &Store, names: &[&str]) {
    for name in names {
        let name = (*name).to_owned();
        store
            .write(envelope(&person("ana", Role::Technician), "bench-1"), move |tx| {
                tx.record([begin(&name), announce(&name)])
            })
            .expect("written");
    }
}

#[test]
fn sealing_signs_a_checkpoint_and_writes_it_outside() {
    each_backend(|store| {
        record(store, &["a"]);
        let sealed = store.seal_now().expect("seals").expect("something");
        assert_eq!(sealed.checkpoint.size, 5);
        let key = store.checkpoint_key().expect("key");
        let opened = Checkpoint::open(&sealed.note, store.origin(), &key).expect("opens");
        assert_eq!(opened, sealed.checkpoint);
        let path = store.config().checkpoint_file().expect("path");
        let file = std::fs::read_to_string(&path).expect("file");
        assert_eq!(file, format!("{}\n", sealed.note));
        // With nothing new it says the same and writes nothing.
        assert_eq!(store.seal_now().expect("seals"), Some(sealed.clone()));
        assert_eq!(std::fs::read_to_string(&path).expect("file"), file);
        record(store, &["b"]);
        let next = store.seal_now().expect("seals").expect("something");
        assert_eq!(next.checkpoint.size, 7);
        let file = std::fs::read_to_string(&path).expect("file");
        assert_eq!(file, format!("{}\n{}\n", sealed.note, next.note));
    });
}

#[test]
fn every_sealed_event_has_a_proof_that_stands_alone() {
    each_backend(|store| {
        record(store, &["a", "b", "c"]);
        store.seal_now().expect("seals");
        record(store, &["d"]);
        let key = store.checkpoint_key().expect("key");
        let entries = |name: &str| {
            store
                .read(|db| ledger::entries(db, &StreamId::new("installation", name)))
                .expect("reads")
        };
        for name in ["a", "b", "c"] {
            for entry in entries(name) {
                let proof = store.read(|db| ledger::proof(db, &entry.event_id)).expect("reads");
                let text = proof.expect("sealed").to_text();
                let proof = LogProof::parse(&text).expect("parses");
                let checkpoint = proof.verify(&entry.hash, store.origin(), &key).expect("proves");
                assert_eq!(checkpoint.size, 9);
                let other = chorda::ledger::Hash::of_bytes(b"other");
                assert!(proof.verify(&other, store.origin(), &key).is_err());
            }
        }
        let unsealed = &entries("d")[0];
        let proof = store.read(|db| ledger::proof(db, &unsealed.event_id)).expect("reads");
        assert_eq!(proof, None);
    });
}

#[test]
fn sealing_while_others_write_and_seal_keeps_one_log() {
    each_backend(|store| {
        at_once(store, 6, |store, number| {
            for step in 0..6 {
                record(store, &[&format!("s{number}-{step}")]);
                if step % 2 == number % 2 {
                    store.seal_now().expect("seals");
                }
            }
        });
        store.seal_now().expect("seals");
        let report = verify::run(store).expect("verifies");
        assert!(report.passed, "{:#?}", report.lines());
        assert_eq!(report.sealed, 3 + 6 * 6 * 2);
    });
}

#[test]
fn the_sealer_works_by_itself_within_seconds() {
    let mut store = TestStore::sqlite();
    store.with_sealer();
    record(&store, &["a"]);
    let path = store.config().checkpoint_file().expect("path");
    let seen = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        std::fs::read_to_string(&path).is_ok_and(|text| text.contains("\n5\n"))
    });
    assert!(seen, "no checkpoint over all five events after five seconds");
}

#[test]
fn a_lost_checkpoint_file_entry_is_written_again() {
    let mut store = TestStore::sqlite();
    record(&store, &["a"]);
    store.seal_now().expect("seals");
    let path = store.config().checkpoint_file().expect("path");
    let whole = std::fs::read_to_string(&path).expect("file");
    // As if the power had failed between the commit and the file.
    store.reopened(|_| std::fs::write(&path, "").expect("emptied"));
    store.seal_now().expect("seals");
    assert_eq!(std::fs::read_to_string(&path).expect("file"), whole);
}
