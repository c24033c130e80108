//! The write door: what is recorded together, what happens when many come at once, and what the
//! database itself refuses.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chorda::clock;
use chorda::db::Db;
use chorda::domain::actor::Role;
use chorda::domain::id::StreamId;
use chorda::domain::installation::{Event, Installation, KeyPurpose};
use chorda::domain::{Change, RefusalKind};
use chorda::store::schema::{
    command_result, ledger_event, ledger_key, ledger_pending, station_seq,
};
use chorda::store::{Envelope, Failure, Store, ledger, request_hash};
use diesel::prelude::*;

use crate::support::{TestStore, each_backend, envelope, person};

/// An event that only the ledger itself knows, with a row of its own.
pub(crate) fn announce(name: &str) -> Change {
    let hash = chorda::ledger::Hash::of_bytes(name.as_bytes());
    Change::of::<Installation>(
        name,
        Event::KeyAnnounced {
            kid: format!("kid-{name}"),
            algorithm: "ed25519".to_owned(),
            public: hash.to_string(),
            purpose: KeyPurpose::Event,
        },
    )
}

pub(crate) fn begin(name: &str) -> Change {
    Change::of::<Installation>(name, Event::Founded { origin: name.to_owned() })
}

fn anybody(station: &str) -> Envelope {
    envelope(&person("ana", Role::Technician), station)
}

fn versions(store: &Store, name: &str) -> Vec<u64> {
    store
        .read(|db| ledger::entries(db, &StreamId::new("installation", name)))
        .expect("reads")
        .iter()
        .map(|entry| entry.recorded.version)
        .collect()
}

fn count_commands(db: &mut Db, id: &str) -> Result<i64, Failure> {
    Ok(command_result::table.find(id.to_owned()).count().get_result(db)?)
}

#[test]
fn what_a_command_records_is_committed_together_with_its_answer() {
    each_backend(|store| {
        let command = anybody("bench-1");
        let id = command.command_id.to_string();
        let answer: String = store
            .write(command, |tx| {
                tx.record([begin("a"), announce("a"), begin("b")])?;
                Ok(format!("{} events", tx.recorded().len()))
            })
            .expect("written");
        assert_eq!(answer, "3 events");
        assert_eq!(versions(store, "a"), [1, 2]);
        assert_eq!(versions(store, "b"), [1]);
        store
            .read(|db| {
                let row: String =
                    ledger_key::table.find("kid-a").select(ledger_key::purpose).first(db)?;
                assert_eq!(row, "event");
                let seq: i64 =
                    station_seq::table.find("bench-1").select(station_seq::seq).first(db)?;
                assert_eq!(seq, 3);
                let waiting: i64 = ledger_pending::table.count().get_result(db)?;
                assert_eq!(waiting, 3 + 3, "three of the founding and three of the command");
                assert_eq!(count_commands(db, &id)?, 1);
                Ok(())
            })
            .expect("reads");
    });
}

#[test]
fn a_refused_command_leaves_nothing_behind() {
    each_backend(|store| {
        let command = anybody("bench-1");
        let id = command.command_id.to_string();
        let outcome: Result<(), _> = store.write(command, |tx| {
            tx.record([begin("a"), announce("a")])?;
            Err(Failure::refused("test", RefusalKind::Conflict, "It must not be."))
        });
        assert_eq!(outcome.expect_err("refused").refusal().expect("a refusal").rule, "test");
        assert!(versions(store, "a").is_empty());
        store
            .read(|db| {
                assert_eq!(count_commands(db, &id)?, 0);
                let keys: i64 =
                    ledger_key::table.filter(ledger_key::kid.eq("kid-a")).count().get_result(db)?;
                assert_eq!(keys, 0);
                Ok(())
            })
            .expect("reads");
    });
}

#[test]
fn work_that_panics_is_answered_and_leaves_nothing_behind() {
    each_backend(|store| {
        let outcome: Result<(), _> = store.write(anybody("bench-1"), |tx| {
            tx.record([begin("a")])?;
            panic!("as a defect would");
        });
        assert!(matches!(outcome, Err(Failure::Broken(_))));
        assert!(versions(store, "a").is_empty());
        store.write(anybody("bench-1"), |tx| tx.record([begin("a")])).expect("goes on");
    });
}

#[test]
fn the_same_command_again_gets_the_same_answer_and_changes_nothing() {
    each_backend(|store| {
        let command = anybody("bench-1");
        let send = |command: Envelope| -> u64 {
            store
                .write(command, |tx| {
                    tx.record([begin("a")])?;
                    Ok(clock::random::<4>()?.iter().fold(0, |n, b| n * 256 + u64::from(*b)))
                })
                .expect("answered")
        };
        let first = send(command.clone());
        assert_eq!(send(command), first);
        assert_eq!(versions(store, "a"), [1]);
    });
}

#[test]
fn a_command_number_cannot_be_used_for_another_command_or_by_another_person() {
    each_backend(|store| {
        let command = anybody("bench-1");
        store.write(command.clone(), |tx| tx.record([begin("a")])).expect("written");
        let other_body =
            Envelope { request_hash: request_hash("other").expect("hash"), ..command.clone() };
        let other_person = Envelope { actor: person("bor", Role::Qa), ..command };
        for reused in [other_body, other_person] {
            let failure = store.write(reused, |tx| tx.record([begin("b")])).expect_err("refused");
            let refusal = failure.refusal().expect("a refusal").clone();
            assert_eq!(refusal.rule, "command_id_reused");
            assert_eq!(refusal.kind, RefusalKind::Invalid);
        }
        assert!(versions(store, "b").is_empty());
    });
}

#[test]
fn one_command_sent_fifty_times_at_once_is_one_event_with_one_answer() {
    each_backend(|store| {
        let command = anybody("bench-1");
        let answers: Vec<String> = at_once(store, 50, |store, _| {
            store
                .write(command.clone(), |tx| {
                    tx.record([begin("a")])?;
                    Ok(tx.recorded().join(","))
                })
                .expect("answered")
        });
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
        assert_eq!(versions(store, "a"), [1]);
    });
}

#[test]
fn two_that_change_the_same_thing_at_once_are_told_apart() {
    each_backend(|store| {
        for round in 0..5 {
            let name = format!("vial-{round}");
            let outcomes = at_once(store, 8, |store, number| {
                let name = name.clone();
                let taker = format!("{number}");
                store.write(anybody(&format!("bench-{number}")), move |tx| {
                    match tx.load::<Installation>(&name)? {
                        None => tx.record([Change::of::<Installation>(
                            &name,
                            Event::Founded { origin: taker.clone() },
                        )]),
                        Some(taken) => {
                            Err(Failure::refused("taken", RefusalKind::Conflict, taken.origin))
                        }
                    }
                })
            });
            let winners: Vec<_> = (0..8_usize).filter(|number| outcomes[*number].is_ok()).collect();
            assert_eq!(winners.len(), 1, "{outcomes:?}");
            for failure in outcomes.into_iter().filter_map(Result::err) {
                let told = failure.refusal().expect("told, not failed").message.clone();
                assert_eq!(told, winners[0].to_string());
            }
            assert_eq!(versions(store, &name), [1]);
        }
    });
}

#[test]
fn many_stations_lose_and_repeat_nothing() {
    each_backend(|store| {
        let work_runs = Arc::new(AtomicUsize::new(0));
        at_once(store, 12, |store, number| {
            for step in 0..10 {
                let runs = Arc::clone(&work_runs);
                let shared = format!("shared-{}", step % 3);
                let own = format!("own-{number}");
                store
                    .write(anybody(&format!("bench-{}", number % 4)), move |tx| {
                        runs.fetch_add(1, Ordering::Relaxed);
                        tx.load::<Installation>(&shared)?;
                        tx.record([begin(&own), begin(&shared)])
                    })
                    .expect("written, however often it collided");
            }
        });
        let total: usize = (0..3).map(|n| versions(store, &format!("shared-{n}")).len()).sum();
        assert_eq!(total, 120);
        for number in 0..12 {
            let expected: Vec<u64> = (1..=10).collect();
            assert_eq!(versions(store, &format!("own-{number}")), expected);
        }
        let seqs: Vec<i64> = store
            .read(|db| {
                Ok(station_seq::table
                    .filter(station_seq::station.like("bench-%"))
                    .select(station_seq::seq)
                    .load(db)?)
            })
            .expect("reads");
        assert_eq!(seqs, [60, 60, 60, 60]);
        assert!(work_runs.load(Ordering::Relaxed) >= 120);
    });
}

#[test]
fn the_database_refuses_to_change_what_the_ledger_holds() {
    each_backend(|store| {
        store.write(anybody("bench-1"), |tx| tx.record([begin("a")])).expect("written");
        store.seal_now().expect("sealed");
        store.write(anybody("bench-1"), |tx| tx.record([begin("b")])).expect("written");
        let columns = [
            ("ledger_event", "kid"),
            ("ledger_leaf", "event_id"),
            ("ledger_checkpoint", "note"),
            ("ledger_key", "algorithm"),
            ("command_result", "response"),
        ];
        for (table, column) in columns {
            refused(store, &format!("UPDATE {table} SET {column} = {column}"));
            refused(store, &format!("DELETE FROM {table}"));
        }
        for table in ["ledger_stream", "ledger_tree", "station_seq", "ledger_pending"] {
            refused(store, &format!("DELETE FROM {table}"));
        }
        refused(store, "UPDATE ledger_stream SET ver = ver");
        refused(store, "UPDATE ledger_tree SET size = size - 1");
        refused(store, "UPDATE station_seq SET seq = seq - 1");
        refused(store, "UPDATE ledger_pending SET event_id = 'x'");
        let tables = columns.iter().map(|(table, _)| *table);
        for table in tables.chain(["ledger_stream", "ledger_tree", "station_seq", "ledger_pending"])
        {
            if store.is_postgres() {
                refused(store, &format!("TRUNCATE {table}"));
            } else {
                refused(store, &format!("REPLACE INTO {table} SELECT * FROM {table}"));
            }
        }
    });
}

fn refused(store: &TestStore, statement: &str) {
    let error = store.sql(statement).expect_err(statement);
    assert!(error.to_string().contains("refused: "), "{statement}: {error}");
}

#[test]
fn events_carry_who_where_why_and_what_they_rest_on() {
    each_backend(|store| {
        store.write(anybody("bench-1"), |tx| tx.record([begin("basis")])).expect("written");
        let command =
            Envelope { reason: Some("the label was torn".to_owned()), ..anybody("bench-2") };
        store
            .write(command, |tx| {
                tx.require::<Installation>("basis")?;
                tx.record([begin("a"), announce("a")])
            })
            .expect("written");
        let (basis, entries) = store
            .read(|db| {
                Ok((
                    ledger::entries(db, &StreamId::new("installation", "basis"))?,
                    ledger::entries(db, &StreamId::new("installation", "a"))?,
                ))
            })
            .expect("reads");
        let recorded = &entries[0].recorded;
        assert_eq!(recorded.actor.as_str(), "ana");
        assert_eq!(recorded.role, Role::Technician);
        assert_eq!(recorded.station.as_str(), "bench-2");
        assert_eq!(recorded.reason.as_deref(), Some("the label was torn"));
        let numbers: Vec<_> = entries.iter().map(|entry| entry.station_seq).collect();
        assert_eq!(numbers, [1, 2]);
        assert!(entries[0].canonical.contains(&format!("\"refs\":[\"{}\"]", basis[0].hash)));
        assert!(entries[1].canonical.contains(&format!("\"prev\":\"{}\"", entries[0].hash)));
    });
}

#[test]
fn a_long_life_is_known_to_the_last_event_whatever_was_rolled_back() {
    each_backend(|store| {
        let keys = |store: &Store| -> u64 {
            store
                .write(anybody("bench-1"), |tx| {
                    Ok(tx.load::<Installation>("a")?.map_or(0, |state| state.keys.len() as u64))
                })
                .expect("loads")
        };
        store.write(anybody("bench-1"), |tx| tx.record([begin("a")])).expect("written");
        let next = |number: usize| {
            Change::of::<Installation>(
                "a",
                Event::KeyAnnounced {
                    kid: format!("kid-{number}"),
                    algorithm: "ed25519".to_owned(),
                    public: chorda::ledger::Hash::of_bytes(b"x").to_string(),
                    purpose: KeyPurpose::Event,
                },
            )
        };
        for number in 1..30 {
            let refused: Result<(), _> = store.write(anybody("bench-1"), move |tx| {
                tx.record([next(number + 100), next(number + 200)])?;
                tx.load::<Installation>("a")?;
                Err(Failure::refused("test", RefusalKind::Conflict, "rolled back"))
            });
            assert!(refused.is_err());
            store
                .write(anybody("bench-1"), move |tx| {
                    tx.require::<Installation>("a")?;
                    tx.record([next(number)])
                })
                .expect("written");
            assert_eq!(keys(store), number as u64);
        }
        assert!(chorda::store::verify::run(store).expect("verifies").passed);
    });
}

#[test]
fn what_does_not_exist_is_told_as_such() {
    each_backend(|store| {
        let failure = store
            .write(anybody("bench-1"), |tx| {
                tx.require::<Installation>("nowhere")?;
                Ok(())
            })
            .expect_err("refused");
        assert_eq!(failure.refusal().expect("a refusal").kind, RefusalKind::NotFound);
    });
}

#[test]
fn a_read_sees_one_instant_and_cannot_write() {
    each_backend(|store| {
        let outcome = store.read(|db| {
            let before: i64 = ledger_event::table.count().get_result(db)?;
            store.write(anybody("bench-1"), |tx| tx.record([begin("a")])).expect("written");
            let after: i64 = ledger_event::table.count().get_result(db)?;
            assert_eq!(before, after);
            diesel::insert_into(ledger_pending::table)
                .values(ledger_pending::event_id.eq("x"))
                .execute(db)?;
            Ok(())
        });
        assert!(matches!(outcome, Err(Failure::Db(_))));
    });
}

#[test]
fn a_database_does_not_open_with_the_keys_of_another() {
    let mut store = TestStore::sqlite();
    let other = TestStore::sqlite();
    store.write(anybody("bench-1"), |tx| tx.record([begin("a")])).expect("written");
    store.reopened(|_| {});
    let mut config = store.config().clone();
    config.key_folder = Some(other.folder().join("it.keys"));
    let failure = Store::open(config.clone()).expect_err("refused");
    assert!(failure.to_string().contains("another installation"), "{failure}");
    config.key_folder = Some(other.folder().join("nothing"));
    let failure = Store::open(config).expect_err("refused");
    assert!(failure.to_string().contains("keys of this installation"), "{failure}");
}

#[test]
fn a_mistyped_address_creates_nothing() {
    for address in ["postgress:typo", "typo.sqlite", "sqlite:", "sqlite::memory:", ""] {
        let config = chorda::store::StoreConfig::new(address);
        assert!(Store::open(config).is_err(), "{address}");
        assert!(address.is_empty() || !std::path::Path::new(address).exists());
    }
}

/// Runs the same thing in many threads that start together.
pub(crate) fn at_once<T: Send>(
    store: &TestStore,
    threads: usize,
    work: impl Fn(&Store, usize) -> T + Sync,
) -> Vec<T> {
    let barrier = std::sync::Barrier::new(threads);
    std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads)
            .map(|number| {
                let (barrier, work) = (&barrier, &work);
                let store: &Store = store;
                scope.spawn(move || {
                    barrier.wait();
                    work(store, number)
                })
            })
            .collect();
        handles.into_iter().map(|handle| handle.join().expect("no panic")).collect()
    })
}
