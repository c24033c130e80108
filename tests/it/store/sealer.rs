//! The sealer: places in the log, checkpoints, the file outside, proofs.

use std::time::Duration;

use chorda::domain::actor::Role;
use chorda::domain::id::StreamId;
use chorda::ledger::Checkpoint;
use chorda::ledger::Hash;
use chorda::ledger::tree::verify_joint;
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
fn sealed_events_have_one_proof_that_stands_alone() {
    each_backend(|store| {
        record(store, &["a", "b", "c"]);
        store.seal_now().expect("seals");
        record(store, &["d"]);
        let key = store.checkpoint_key().expect("key");
        let entries: Vec<_> = ["a", "b", "c", "d"]
            .iter()
            .flat_map(|name| {
                let stream = StreamId::new("installation", name);
                store.read(|db| ledger::entries(db, &stream)).expect("reads")
            })
            .collect();
        let wanted = entries.iter().map(|entry| entry.event_id.as_str()).collect();
        let proof = store.read(|db| ledger::proof(db, &wanted)).expect("reads").expect("sealed");
        let checkpoint = Checkpoint::open(&proof.checkpoint, store.origin(), &key).expect("opens");
        assert_eq!((checkpoint.size, proof.size, proof.indices.len()), (9, 9, 6));
        let unsealed = entries.last().expect("an event of d");
        assert!(!proof.indices.contains_key(&unsealed.event_id), "d is not sealed yet");
        let mut leaves: std::collections::BTreeMap<u64, Hash> = entries
            .iter()
            .filter_map(|entry| Some((proof.indices.get(&entry.event_id)?, entry)))
            .map(|(index, entry)| (*index, Hash::of_leaf(entry.hash.as_bytes())))
            .collect();
        let check = |leaves: &_| verify_joint(proof.size, leaves, &proof.nodes, &checkpoint.root);
        assert_eq!(check(&leaves), Ok(()));
        leaves.insert(4, Hash::of_leaf(b"other"));
        assert!(check(&leaves).is_err());
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
