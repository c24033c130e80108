//! What holds for any sequence of commands, on both databases: a container is in exactly one place or
//! pair of hands, a disposition is loosened by a signed decision alone, and the tables follow from
//! the ledger (which the end of every test store proves).

use chorda::domain::actor::{Meaning, Role, Signature};
use chorda::domain::container::{Command, Custodian, Fate, NewLabel, Purpose, Use};
use chorda::domain::container::{Container, ContainerKind};
use chorda::domain::disposition::Disposition;
use chorda::domain::id::{ContainerCode, ContentHash, LocationPath, Name};
use chorda::domain::time::Instant;
use chorda::store::{Store, container};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::stock::{batch, build, command, make, print, put};
use crate::support::{each_backend, person};

const POSITIONS: [&str; 3] = ["LN2/T1/B1/A1", "LN2/T1/B1/A2", "LN2/T1/B1/A3"];

/// Something that somebody tries with one of the vials.
#[derive(Debug, Clone)]
enum Try {
    Put(usize),
    Take,
    Thaw,
    Use,
    Decide(i32, bool),
    Send,
    Accept,
    Label,
}

fn tries() -> impl Strategy<Value = Vec<(usize, usize, Try)>> {
    let one = prop_oneof![
        4 => (0_usize..POSITIONS.len()).prop_map(Try::Put),
        3 => Just(Try::Take),
        1 => Just(Try::Thaw),
        1 => Just(Try::Use),
        4 => (0_i32..5, any::<bool>()).prop_map(|(to, signed)| Try::Decide(to, signed)),
        2 => Just(Try::Send),
        2 => Just(Try::Accept),
        1 => Just(Try::Label),
    ];
    prop::collection::vec((0_usize..4, 0_usize..2, one), 1..40)
}

fn signature(login: &str, meaning: Meaning) -> Signature {
    let actor = person(login, Role::Qa);
    Signature {
        login: actor.login,
        printed_name: actor.printed_name,
        role: actor.role,
        meaning,
        at: Instant::parse("2026-11-22T08:00:00Z").unwrap(),
        zone: "Europe/Ljubljana".to_owned(),
        content_hash: ContentHash::parse(&"0".repeat(64)).unwrap(),
    }
}

fn wanted() -> Use {
    Use { batch: batch(2), order: None, accepts: Disposition::Quarantine, outside_max: None }
}

/// The transfer that the container is in; some other name if it is in none.
fn transfer_of(store: &Store, code: &ContainerCode) -> String {
    let state = store.read(|db| container::require_with_standing(db, code)).unwrap().0;
    match state.custodian {
        Custodian::Transfer { transfer } => transfer,
        _ => "X-none".to_owned(),
    }
}

/// Carries one try out, the `turn`th; whether it was allowed does not matter.
fn carry_out(store: &Store, who: &str, code: &ContainerCode, (turn, what): (usize, &Try)) {
    let other = if who == "ana" { "bor" } else { "ana" };
    let outcome = match what {
        Try::Put(at) => put(store, who, code, POSITIONS[*at]),
        Try::Take => {
            let purpose = Purpose::Inspect;
            command(store, who, code, Command::Retrieve { from: None, purpose })
        }
        Try::Thaw => command(store, who, code, Command::Thaw { wanted: wanted() }),
        Try::Use => {
            let step = Name::parse("thaw").unwrap();
            command(store, who, code, Command::Consume { wanted: wanted(), step })
        }
        Try::Decide(to, signed) => {
            let to = Disposition::from_strictness(*to).unwrap();
            let signature = signed.then(|| signature("nina", Meaning::Approved));
            let because = "tried".to_owned();
            command(store, who, code, Command::DecideDisposition { to, because, signature })
        }
        Try::Send => {
            let given = Command::HandOver {
                transfer: format!("X-{code}-{turn}"),
                to: person(other, Role::Technician).login,
                destination: "Room B".to_owned(),
                condition: "closed".to_owned(),
                accepts: Disposition::Quarantine,
                signature: signature(who, Meaning::HandedOver),
            };
            command(store, who, code, given)
        }
        Try::Accept => {
            let taken = Command::Receive {
                transfer: transfer_of(store, code),
                condition: "closed".to_owned(),
                signature: signature(who, Meaning::Received),
            };
            command(store, who, code, taken)
        }
        Try::Label => {
            let payload = format!("{code}01X");
            command(store, who, code, Command::PrintLabel(NewLabel { payload, ..print(1) }))
        }
    };
    if let Err(failure) = outcome {
        assert!(failure.refusal().is_some(), "not a refusal: {failure}");
    }
}

/// The containers and their effective dispositions, with the positions as the tables have them.
fn look(
    store: &Store,
    codes: &[ContainerCode],
) -> (Vec<(Container, Disposition)>, Vec<Option<String>>) {
    store
        .read(|db| {
            let mut found = Vec::new();
            for code in codes {
                let (state, standing) = container::require_with_standing(db, code)?;
                found.push((state, standing.disposition));
            }
            let mut held = Vec::new();
            for position in POSITIONS {
                held.push(container::occupant(db, &LocationPath::parse(position).unwrap())?);
            }
            Ok((found, held))
        })
        .unwrap()
}

#[test]
fn whatever_is_tried_a_container_is_in_one_place_and_only_a_signature_loosens() {
    let mut runner = TestRunner::new(ProptestConfig { cases: 12, ..ProptestConfig::default() });
    runner
        .run(&tries(), |tries| {
            each_backend(|store| {
                build(store);
                let codes = make(store, ContainerKind::Cryovial, 1, 4);
                let (mut before, _) = look(store, &codes);
                for (turn, (vial, who, what)) in tries.iter().enumerate() {
                    carry_out(store, ["ana", "bor"][*who], &codes[*vial], (turn, what));
                    let (after, held) = look(store, &codes);
                    for (index, (state, disposition)) in after.iter().enumerate() {
                        let signed = matches!(what, Try::Decide(_, true)) && *vial == index;
                        let (_, earlier) = &before[index];
                        assert!(disposition >= earlier || signed, "{what:?}: {state:?}");
                        let spent = matches!(state.custodian, Custodian::Spent);
                        assert_eq!(spent, state.fate != Fate::Live, "{state:?}");
                        let place = match &state.custodian {
                            Custodian::Place { location } => Some(location.as_str()),
                            _ => None,
                        };
                        for (position, occupant) in POSITIONS.iter().zip(&held) {
                            let here = occupant.as_deref() == Some(state.code.as_str());
                            assert_eq!(here, place == Some(*position), "{what:?}: {state:?}");
                        }
                    }
                    before = after;
                }
            });
            Ok(())
        })
        .unwrap();
}
