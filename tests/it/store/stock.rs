//! Containers, places and the graph in the tables of both databases.

use std::sync::Arc;

use chorda::db::Db;
use chorda::domain::actor::Role;
use chorda::domain::container::{
    Command, Container, ContainerKind, Contents, Custodian, Event, NewLabel, Purpose, Use, decide,
};
use chorda::domain::disposition::Disposition;
use chorda::domain::genealogy::{Edge, Graph, Node};
use chorda::domain::id::{BatchNumber, ContainerCode, LocationPath, Login, MaterialCode};
use chorda::domain::language::Wording;
use chorda::domain::storage::{self, Grid, LocationKind};
use chorda::domain::{Aggregate, Change};
use chorda::store::{Failure, Store, Tx, container, genealogy, label, storage as places};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::support::{TestStore, each_backend, envelope, person};

pub(super) fn batch(number: u32) -> BatchNumber {
    BatchNumber::parse(&format!("B-2026-{number:04}")).unwrap()
}

fn path(text: &str) -> LocationPath {
    LocationPath::parse(text).unwrap()
}

fn produced(kind: ContainerKind, made_by: u32) -> Event {
    Event::Produced {
        kind,
        contents: Contents {
            material: MaterialCode::parse("EQ-MSC").unwrap(),
            title: Wording::english("EQ-MSC, cryopreserved"),
            passage: Some(1),
            volume: None,
            viable_cells: None,
        },
        donation: None,
        batch: Some(batch(made_by)),
        step: None,
        output: None,
        number: 1,
        of: 1,
        identity: None,
        expires_at: None,
        order: None,
        target: None,
        disposition: Disposition::Released,
        custodian: Custodian::Person { login: Login::parse("ana").unwrap() },
    }
}

/// Makes `n` containers and gives their codes.
pub(super) fn make(store: &Store, kind: ContainerKind, made_by: u32, n: u32) -> Vec<ContainerCode> {
    let codes: Vec<String> = store
        .write(envelope(&person("ana", Role::Technician), "bench-1"), move |tx| {
            let codes = container::next_codes(tx, kind, n)?;
            let made = codes
                .iter()
                .map(|code| Change::of::<Container>(code.as_str(), produced(kind, made_by)));
            tx.record(made)?;
            Ok(codes.iter().map(ToString::to_string).collect())
        })
        .expect("made");
    codes.iter().map(|code| ContainerCode::parse(code).unwrap()).collect()
}

fn define(
    tx: &mut Tx<'_>,
    at: &str,
    kind: LocationKind,
    grid: Option<Grid>,
) -> Result<(), Failure> {
    let command = storage::Command::Define {
        path: path(at),
        kind,
        title: at.to_owned(),
        condition: None,
        grid,
    };
    let parent = match at.rsplit_once('/') {
        Some((parent, _)) => places::load(tx.db(), parent)?,
        None => None,
    };
    let context = tx.context();
    tx.record(storage::decide(&path(at), None, parent.as_ref(), &command, &context)?)
}

pub(super) fn build(store: &Store) {
    store
        .write(envelope(&person("nina", Role::Qa), "office-1"), |tx| {
            define(tx, "LN2", LocationKind::Room, None)?;
            define(tx, "LN2/T1", LocationKind::Tank, None)?;
            define(tx, "LN2/T1/B1", LocationKind::Box, Grid::new(9, 9))
        })
        .expect("built");
}

pub(super) fn command(
    store: &Store,
    who: &str,
    code: &ContainerCode,
    command: Command,
) -> Result<(), Failure> {
    let code = code.clone();
    store.write(envelope(&person(who, Role::Technician), who), move |tx| {
        let (state, standing) = container::require_with_standing(tx.db(), &code)?;
        let context = tx.context();
        tx.record(decide(&state, &command, &standing, &context)?)
    })
}

pub(super) fn put(store: &Store, who: &str, code: &ContainerCode, at: &str) -> Result<(), Failure> {
    let (code, at) = (code.clone(), path(at));
    store.write(envelope(&person(who, Role::Technician), who), move |tx| {
        let (state, standing) = container::require_with_standing(tx.db(), &code)?;
        let slot = places::slot(tx.db(), &at)?;
        let context = tx.context();
        let command = Command::Store { slot, refreeze_allowed: false };
        tx.record(decide(&state, &command, &standing, &context)?)
    })
}

fn thaw(made_for: u32) -> Command {
    Command::Thaw {
        wanted: Use {
            batch: batch(made_for),
            order: None,
            accepts: Disposition::Released,
            outside_max: None,
        },
    }
}

fn words(failure: &Failure) -> String {
    failure.refusal().unwrap_or_else(|| panic!("{failure}")).message.clone()
}

#[test]
fn codes_are_numbered_within_their_kind_without_gaps() {
    each_backend(|store| {
        let first = make(store, ContainerKind::Cryovial, 1, 3);
        let flask = make(store, ContainerKind::Flask, 1, 1);
        let more = make(store, ContainerKind::Cryovial, 1, 2);
        let text: Vec<_> =
            first.iter().chain(&flask).chain(&more).map(ContainerCode::as_str).collect();
        let expected =
            ["CV0000001", "CV0000002", "CV0000003", "CF0000001", "CV0000004", "CV0000005"];
        assert_eq!(text, expected);
    });
}

#[test]
fn a_kept_state_is_what_the_events_give() {
    each_backend(|store| {
        build(store);
        let code = make(store, ContainerKind::Cryovial, 1, 1).remove(0);
        put(store, "ana", &code, "LN2/T1/B1/A1").expect("stored");
        let take = Command::Retrieve { from: None, purpose: Purpose::Inspect };
        command(store, "bor", &code, take).expect("taken");
        store
            .read(|db| {
                let kept = container::load(db, &code)?;
                let folded = chorda::store::ledger::load::<Container>(db, code.as_str())?;
                assert_eq!(kept, folded);
                let place = places::load(db, "LN2/T1/B1")?;
                assert_eq!(place, chorda::store::ledger::load(db, "LN2/T1/B1")?);
                Ok(())
            })
            .expect("reads");
    });
}

#[test]
fn a_taken_position_names_who_is_there() {
    each_backend(|store| {
        build(store);
        let codes = make(store, ContainerKind::Cryovial, 1, 2);
        put(store, "ana", &codes[0], "LN2/T1/B1/A1").expect("stored");
        let refused = put(store, "ana", &codes[1], "LN2/T1/B1/A1").expect_err("occupied");
        assert!(words(&refused).contains("LN2/T1/B1/A1 holds CV0000001 already"));
        let nowhere = put(store, "ana", &codes[1], "LN2/T1/B1/K1").expect_err("no such position");
        assert!(words(&nowhere).contains("no storage position LN2/T1/B1/K1"));
        store
            .read(|db| {
                assert_eq!(
                    container::occupant(db, &path("LN2/T1/B1/A1"))?.as_deref(),
                    Some("CV0000001")
                );
                assert_eq!(container::count_within(db, "LN2/T1")?, 1);
                assert_eq!(container::count_within(db, "LN2/T")?, 0);
                Ok(())
            })
            .expect("reads");
    });
}

#[test]
fn the_database_itself_refuses_two_in_one_position_and_one_in_none() {
    each_backend(|store| {
        build(store);
        let codes = make(store, ContainerKind::Cryovial, 1, 2);
        put(store, "ana", &codes[0], "LN2/T1/B1/A1").expect("stored");
        for statement in [
            "UPDATE container SET custody = 'place', holder = NULL, location = 'LN2/T1/B1/A1' \
             WHERE code = 'CV0000002'",
            "UPDATE container SET custody = 'person', holder = 'ana' WHERE code = 'CV0000001'",
            "UPDATE container SET location = NULL WHERE code = 'CV0000001'",
            "UPDATE container SET custody = 'spent', holder = NULL WHERE code = 'CV0000002'",
            "UPDATE container SET fate = 'consumed', fate_at = held_since WHERE code = 'CV0000002'",
        ] {
            assert!(store.sql(statement).is_err(), "{statement}");
        }
    });
}

/// Runs the same work from several stations at once.
fn at_once<T: Send + 'static>(
    store: &TestStore,
    stations: u32,
    work: impl Fn(&Store, u32) -> T + Send + Sync + 'static,
) -> Vec<T> {
    let work = Arc::new(work);
    let threads: Vec<_> = (0..stations)
        .map(|station| {
            let (work, store) = (Arc::clone(&work), Store::clone(store));
            std::thread::spawn(move || work(&store, station))
        })
        .collect();
    threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
}

#[test]
fn two_stations_thaw_the_same_vial_and_exactly_one_wins() {
    each_backend(|store| {
        for round in 1..=5 {
            let code = make(store, ContainerKind::Cryovial, 1, 1).remove(0);
            let outcomes = at_once(store, 4, move |store, station| {
                let who = format!("tech{station}");
                (command(store, &who, &code, thaw(round)), who)
            });
            let winners: Vec<_> = outcomes
                .iter()
                .filter(|(outcome, _)| outcome.is_ok())
                .map(|(_, who)| who)
                .collect();
            assert_eq!(winners.len(), 1, "one wins");
            for (outcome, _) in outcomes.iter().filter(|(outcome, _)| outcome.is_err()) {
                let said = words(outcome.as_ref().expect_err("lost"));
                assert!(said.contains(&format!("by {} on 20", winners[0])), "{said}");
            }
        }
    });
}

#[test]
fn many_stations_put_into_one_position_and_one_vial_is_there() {
    each_backend(|store| {
        build(store);
        let codes = make(store, ContainerKind::Cryovial, 1, 6);
        let each = codes.clone();
        let outcomes = at_once(store, 6, move |store, station| {
            let code = &each[usize::try_from(station).unwrap()];
            put(store, &format!("tech{station}"), code, "LN2/T1/B1/A1")
        });
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        let there = store.read(|db| container::occupant(db, &path("LN2/T1/B1/A1"))).expect("reads");
        let there = there.expect("occupied");
        for refused in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
            assert!(words(refused).contains(&format!("holds {there} already")));
        }
    });
}

fn set(store: &Store, node: &str, disposition: Disposition) {
    let node = Node::parse(node).unwrap();
    store
        .write(envelope(&person("nina", Role::Qa), "office-1"), move |tx| {
            genealogy::set_standing(tx.db(), &node, disposition)?;
            // A row that no event stands behind: only this test writes one.
            Ok(())
        })
        .expect("set");
}

#[test]
fn a_scan_is_one_answer_with_the_disposition_of_everything_it_came_from() {
    each_backend(|store| {
        // The graph is drawn by hand here, not by events.
        store.reached_past();
        let code = make(store, ContainerKind::Cryovial, 3, 1).remove(0);
        store
            .write(envelope(&person("nina", Role::Qa), "office-1"), |tx| {
                let link = |tx: &mut Tx<'_>, parent: &str, child: &str| {
                    genealogy::link(
                        tx.db(),
                        &Node::parse(parent).unwrap(),
                        &Node::parse(child).unwrap(),
                    )
                };
                link(tx, "donor/DNR-0001", "donation/A999926000001")?;
                link(tx, "donation/A999926000001", "container/CP0000001")?;
                link(tx, "container/CP0000001", "batch/B-2026-0003")
            })
            .expect("linked");
        let look = |serial| {
            store.read(|db| container::scan(db, &code, serial)).expect("reads").expect("found")
        };
        assert_eq!(look(None).standing.disposition, Disposition::Released);
        set(store, "donor/DNR-0001", Disposition::OnHold);
        let scan = look(None);
        assert_eq!(scan.standing.disposition, Disposition::OnHold);
        assert_eq!(scan.standing.because, Node::parse("donor/DNR-0001"));
        assert_eq!(scan.holder.as_deref(), Some("ana"));
        set(store, "donor/DNR-0001", Disposition::Released);
        assert_eq!(look(None).standing.disposition, Disposition::Released);
    });
}

pub(super) fn print(serial: u32) -> NewLabel {
    NewLabel {
        serial,
        definition: "cryovial".to_owned(),
        definition_version: 1,
        payload: format!("CV0000001{serial:02}X"),
        copies: 1,
    }
}

#[test]
fn labels_of_a_batch_are_counted_until_each_is_accounted_for() {
    each_backend(|store| {
        let code = make(store, ContainerKind::Cryovial, 1, 1).remove(0);
        let ask = |given| command(store, "ana", &code, given).expect("allowed");
        let balance = || store.read(|db| label::balance(db, &batch(1))).expect("reads");
        assert_eq!(balance().containers_without, 1);
        ask(Command::PrintLabel(print(1)));
        assert_eq!((balance().issued, balance().missing), (1, 1));
        ask(Command::ReprintLabel { label: print(2), because: "smudged".to_owned() });
        ask(Command::ScanBack { scanned: code.clone(), serial: 2 });
        assert_eq!((balance().issued, balance().applied, balance().missing), (2, 1, 1));
        assert!(!balance().is_even());
        ask(Command::DestroyLabel { serial: 1, copies: 1 });
        assert!(balance().is_even(), "{:?}", balance());
        let void = store.read(|db| container::scan(db, &code, Some(1))).expect("reads");
        assert_eq!(void.expect("found").label_void.expect("void").1, "smudged");
    });
}

/// A donor culture of four donors, a pool of sixty vials, three patients: each question is answered
/// with the closed form (ATMP-12).
#[test]
fn a_trace_finds_everything_connected_in_both_directions() {
    each_backend(|store| {
        // The graph is drawn by hand here, not by events.
        store.reached_past();
        let node = |text: String| Node::parse(&text).unwrap();
        let mut graph = Graph::default();
        for donor in 1..=4 {
            let din = node(format!("donation/A99992600000{donor}"));
            let pot = node(format!("container/CP000000{donor}"));
            let culture = node(format!("batch/B-2026-000{donor}"));
            let harvest = node(format!("container/CH000000{donor}"));
            graph.link(node(format!("donor/DNR-000{donor}")), din.clone());
            graph.link(din, pot.clone());
            graph.link(pot, culture.clone());
            graph.link(culture, harvest.clone());
            graph.link(harvest, node("batch/B-2026-0005".to_owned()));
        }
        for vial in 1..=60 {
            let vial = node(format!("container/CV{vial:07}"));
            graph.link(node("batch/B-2026-0005".to_owned()), vial);
        }
        for patient in 1..=3 {
            let dose = node(format!("batch/B-2026-001{patient}"));
            graph.link(node(format!("container/CV000000{patient}")), dose.clone());
            let syringe = node(format!("container/CJ000000{patient}"));
            graph.link(dose, syringe.clone());
            graph.link(syringe, node(format!("order/ORD-2026-000{patient}")));
        }
        let edges: Vec<(String, String)> =
            graph.edges().map(|(parent, child)| (parent.to_string(), child.to_string())).collect();
        store
            .write(envelope(&person("nina", Role::Qa), "office-1"), move |tx| {
                edges.iter().try_for_each(|(parent, child)| {
                    let ends = (Node::parse(parent).unwrap(), Node::parse(child).unwrap());
                    genealogy::link(tx.db(), &ends.0, &ends.1)
                })
            })
            .expect("linked");
        store
            .read(|db| {
                for node in graph.nodes() {
                    assert_eq!(genealogy::ancestors(db, node)?, graph.ancestors(node), "{node}");
                    assert_eq!(
                        genealogy::descendants(db, node)?,
                        graph.descendants(node),
                        "{node}"
                    );
                }
                let around = genealogy::graph_around(db, &node("donor/DNR-0002".to_owned()))?;
                assert_eq!(around.nodes().len(), 1 + 5 + 60 + 9);
                Ok(())
            })
            .expect("reads");
    });
}

fn check_standings(db: &mut Db, graph: &Graph, all: &[Node]) -> Result<(), Failure> {
    for node in all {
        let walked = genealogy::effective_by_walk(db, node)?;
        let kept = genealogy::effective_with_cause(db, node)?;
        assert_eq!(walked.disposition, graph.standing(node).disposition, "{node} walked");
        assert_eq!(kept.disposition, walked.disposition, "{node} kept");
        if let Some(because) = &kept.because {
            assert_eq!(graph.own(because), kept.disposition, "{node} because {because}");
        }
    }
    Ok(())
}

/// Any edges and decisions in any order: what is kept is what a walk over the ancestry finds.
#[test]
fn the_kept_disposition_is_always_the_strictest_of_the_ancestry() {
    let step = prop_oneof![
        (0_usize..10, 0_usize..10).prop_map(|(a, b)| (a.min(b), a.max(b), None)),
        (0_usize..10, 0_i32..5).prop_map(|(a, own)| (a, a, Some(own))),
    ];
    let mut runner = TestRunner::new(ProptestConfig { cases: 24, ..ProptestConfig::default() });
    let sequences = prop::collection::vec(step, 1..30);
    runner
        .run(&sequences, |steps| {
            each_backend(|store| {
                // The graph is drawn by hand here, not by events.
                store.reached_past();
                let all: Vec<Node> = (0..10)
                    .map(|number| match number % 2 {
                        0 => Node::parse(&format!("batch/B-2026-{number:04}")).unwrap(),
                        _ => Node::parse(&format!("container/CV{number:07}")).unwrap(),
                    })
                    .collect();
                let (nodes, given) = (all.clone(), steps.clone());
                store
                    .write(envelope(&person("nina", Role::Qa), "office-1"), move |tx| {
                        let mut graph = Graph::default();
                        for (low, high, own) in &given {
                            match own {
                                Some(own) => {
                                    let own = Disposition::from_strictness(*own).unwrap();
                                    graph.set_own(nodes[*low].clone(), own);
                                    genealogy::set_standing(tx.db(), &nodes[*low], own)?;
                                }
                                // A container comes from one batch, and never from a container.
                                None if low % 2 == 1 && high % 2 == 1 || low == high => {}
                                None => {
                                    let (parent, child) =
                                        (nodes[*low].clone(), nodes[*high].clone());
                                    genealogy::link(tx.db(), &parent, &child)?;
                                    graph.link(parent, child);
                                }
                            }
                            check_standings(tx.db(), &graph, &nodes)?;
                        }
                        Ok(())
                    })
                    .expect("holds");
            });
            Ok(())
        })
        .unwrap();
}

#[test]
fn what_a_container_came_from_follows_from_its_events() {
    each_backend(|store| {
        let vial = make(store, ContainerKind::Cryovial, 1, 1).remove(0);
        let wanted =
            Use { batch: batch(2), order: None, accepts: Disposition::Released, outside_max: None };
        let step = chorda::domain::id::Name::parse("thaw").unwrap();
        command(store, "ana", &vial, Command::Consume { wanted, step }).expect("used");
        store
            .read(|db| {
                let around = genealogy::graph_around(db, &Node::container(&vial))?;
                let edges: Vec<Edge> = around
                    .edges()
                    .map(|(parent, child)| Edge { parent: parent.clone(), child: child.clone() })
                    .collect();
                let (made_by, used_by) = (Node::batch(&batch(1)), Node::batch(&batch(2)));
                let vial = Node::container(&vial);
                let expected = [
                    Edge { parent: vial.clone(), child: used_by },
                    Edge { parent: made_by, child: vial },
                ];
                assert_eq!(edges, expected);
                assert_eq!(Container::KIND, "container");
                Ok(())
            })
            .expect("reads");
    });
}
