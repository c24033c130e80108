//! The end of a batch that is given up: everything open has a decision, and the book closes.

use super::*;
use chorda::domain::account::Account;
use chorda::domain::batch::BatchState;
use chorda::domain::quality::Status;

/// A P1 batch with a suspension in process, a sample drawn, and a label that smeared.
fn open_batch() -> (Plant, String) {
    let mut plant = Plant::started(P1, Start::default());
    plant.walk_p1("sample_p1");
    let tube = plant.live("p1_sample")[0].clone();
    let voided = Event::LabelVoided { serial: 1, because: "smeared".to_owned() };
    plant.record_changes("ana", vec![Change::of::<Container>(&tube, voided)]);
    (plant, tube)
}

fn decide(all: &mut [(String, Settlement)], key: &str, settlement: Settlement) {
    all.iter_mut().find(|(known, _)| known == key).unwrap().1 = settlement;
}

#[test]
fn nothing_open_is_left_without_a_decision() {
    let (mut plant, tube) = open_batch();
    let all = plant.decisions();
    let keys: Vec<&str> = all.iter().map(|(key, _)| key.as_str()).collect();
    let (container, label) = (format!("container/{tube}"), format!("label/{tube}.1"));
    assert_eq!(keys[..3], ["suspension", container.as_str(), label.as_str()]);
    assert!(keys[3].starts_with("test/"), "{keys:?}");
    for left_out in 0..all.len() {
        let mut some = all.clone();
        some.remove(left_out);
        let refused = plant.give_up("contaminated", &some, Some("bor")).unwrap_err();
        assert!(matches!(refused, Refusal::Undecided { .. }), "{refused}");
    }
    assert_eq!(plant.batch().state, BatchState::InProcess);
}

#[test]
fn what_is_destroyed_is_seen_by_another_person() {
    let (mut plant, _) = open_batch();
    let all = plant.decisions();
    let refused = plant.give_up("contaminated", &all, None);
    assert!(matches!(refused, Err(Refusal::WitnessMissing)));
    let refused = plant.give_up("contaminated", &all, Some("qa.vesna"));
    assert!(matches!(refused, Err(Refusal::WitnessIsSigner { .. })));
    plant.give_up("contaminated", &all, Some("bor")).unwrap();
}

#[test]
fn a_decision_that_is_not_offered_or_contradicts_another_is_refused() {
    let (mut plant, tube) = open_batch();
    let container = format!("container/{tube}");
    let all = plant.decisions();
    let mut foreign = all.clone();
    foreign.push(("container/CF0000099".to_owned(), Settlement::Destroyed));
    let refused = plant.give_up("contaminated", &foreign, Some("bor"));
    assert!(matches!(refused, Err(Refusal::NothingOpen { .. })));
    let mut odd = all.clone();
    decide(&mut odd, &container, Settlement::Freed);
    let refused = plant.give_up("contaminated", &odd, Some("bor"));
    assert!(matches!(refused, Err(Refusal::NotSettledSo { .. })));
    // The sample stays for a test that is cancelled; the test goes on without its sample.
    let mut torn = all.clone();
    decide(&mut torn, &container, Settlement::Tested);
    let refused = plant.give_up("contaminated", &torn, Some("bor"));
    assert!(matches!(refused, Err(Refusal::SettlementsContradict { .. })));
    let test = all[3].0.clone();
    let mut torn = all;
    decide(&mut torn, &test, Settlement::Continued);
    let refused = plant.give_up("contaminated", &torn, Some("bor"));
    assert!(matches!(refused, Err(Refusal::SettlementsContradict { .. })));
}

#[test]
fn the_book_closes_and_labels_balance_when_a_batch_is_given_up() {
    let (mut plant, tube) = open_batch();
    let before = plant.batch().book;
    let suspended = before.balance(Account::Process, Unit::MillionCells);
    assert!(!suspended.is_zero());
    let all = plant.decisions();
    plant.give_up("contaminated", &all, Some("bor")).unwrap();
    let batch = plant.batch();
    assert_eq!(batch.state, BatchState::Aborted);
    for unit in batch.book.units() {
        assert!(batch.book.sum(unit).is_zero(), "{unit:?}");
        assert!(batch.book.balance(Account::Process, unit).is_zero(), "{unit:?}");
    }
    let lost = batch.book.balance(Account::Loss, Unit::MillionCells);
    let lost_before = before.balance(Account::Loss, Unit::MillionCells);
    assert_eq!(lost, lost_before.plus(suspended).unwrap());
    let sample = plant.container(&tube);
    assert!(matches!(sample.fate, Fate::Destroyed { .. }));
    assert_eq!(sample.labels.accounted(1), 1);
    let facts = plant.end_facts();
    assert!(facts.tests.iter().all(|request| request.status == Status::Cancelled));
    let issued: u32 =
        facts.containers.iter().flat_map(|one| &one.labels.prints).map(|print| print.copies).sum();
    let supplied = batch.book.balance(Account::Supply, Unit::Label);
    assert_eq!(supplied.negated(), Quantity::whole(issued.into(), Unit::Label));
}

#[test]
fn a_sample_stays_with_its_test_and_another_container_is_kept_blocked() {
    let (mut plant, tube) = open_batch();
    plant.done("fill_hold", &[("hold_bottles", "1"), ("hold_volume", "99.0")]);
    let bottle = plant.live("p1_harvest")[0].clone();
    let mut all = plant.decisions();
    decide(&mut all, &format!("container/{tube}"), Settlement::Tested);
    let test = all.iter().find(|(key, _)| key.starts_with("test/")).unwrap().0.clone();
    decide(&mut all, &test, Settlement::Continued);
    decide(&mut all, &format!("container/{bottle}"), Settlement::Retained);
    decide(&mut all, &format!("label/{tube}.1"), Settlement::Filed);
    // Nothing is destroyed, so nobody has to see it.
    plant.give_up("donor withdrew", &all, None).unwrap();
    let kept = plant.container(&bottle);
    assert_eq!((kept.fate, kept.disposition), (Fate::Live, Disposition::Rejected));
    assert_eq!(plant.container(&tube).fate, Fate::Live);
    assert_eq!(plant.end_facts().tests[0].status, Status::Sampled);
    let settled = plant.batch().settled.unwrap();
    assert_eq!(settled.items.len(), all.len());
}

#[test]
fn what_is_in_storage_is_taken_out_and_destroyed_in_one_act() {
    let (mut plant, _) = open_batch();
    plant.done("fill_hold", &[("hold_bottles", "1"), ("hold_volume", "99.0")]);
    let bottle = plant.live("p1_harvest")[0].clone();
    let location = chorda::domain::id::LocationPath::parse("LAB/FR-1/BOX-1/A1").unwrap();
    let stored = Event::Stored { location };
    plant.record_changes("ana", vec![Change::of::<Container>(&bottle, stored)]);
    let all = plant.decisions();
    plant.give_up("contaminated", &all, Some("bor")).unwrap();
    let gone = plant.container(&bottle);
    assert!(matches!(gone.fate, Fate::Destroyed { .. }));
    assert_eq!(gone.custodian, Custodian::Spent);
}

#[test]
fn a_batch_in_process_is_given_up_and_not_rejected() {
    let (plant, _) = open_batch();
    let refused = batch::settle(
        &plant.batch(),
        &plant.end_facts(),
        (EndAct::Reject, "no"),
        &plant.decisions(),
    );
    assert!(matches!(refused, Err(Refusal::RejectedTooEarly { .. })));
}
