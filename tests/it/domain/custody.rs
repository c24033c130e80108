//! Custody of the product made for an order, each rule broken once.

use super::order::{after, context, login, now, placed, signature};
use super::protocol::xerostomia;
use chorda::domain::actor::Meaning;
use chorda::domain::container::{self, Container, ContainerKind, Contents, Custodian};
use chorda::domain::custody::{
    self, Administer, Condition, HandOver, OpenExcursion, Receive, ReturnExcursion, ReturnUnits,
    Scan, TemperatureRecord, Unit,
};
use chorda::domain::disposition::Disposition;
use chorda::domain::genealogy::Standing;
use chorda::domain::id::{ContainerCode, MaterialCode, Name, OrderNumber, PatientCode};
use chorda::domain::language::Wording;
use chorda::domain::order::Order;
use chorda::domain::quantity::{Quantity, Unit as Measure};
use chorda::domain::time::{Instant, Span};
use chorda::domain::{Change, Refusal as _};

fn ml(text: &str) -> Quantity {
    Quantity::parse(text, Measure::Millilitre).unwrap()
}

fn expiry() -> Instant {
    now().plus(Span::of_hours(6))
}

/// A labelled, scanned-back syringe of the order, held by ana.
fn syringe(code: &str, order: &str, target: &str, volume: &str) -> Container {
    let produced = container::Event::Produced {
        kind: ContainerKind::Syringe,
        contents: Contents {
            material: MaterialCode::parse("EQ-MSC-P2").unwrap(),
            title: Wording::english("EQ-MSC P2"),
            passage: Some(2),
            volume: Some(ml(volume)),
            viable_cells: None,
        },
        donation: None,
        batch: None,
        step: None,
        output: None,
        number: 1,
        of: 4,
        identity: None,
        expires_at: Some(expiry()),
        order: Some(OrderNumber::parse(order).unwrap()),
        target: Some(Name::parse(target).unwrap()),
        disposition: Disposition::Released,
        custodian: Custodian::Person { login: login("ana") },
    };
    let printed = container::Event::LabelPrinted {
        serial: 1,
        definition: "syringe".to_owned(),
        definition_version: 1,
        payload: code.to_owned(),
        copies: 1,
    };
    let events = [produced, printed, container::Event::LabelScannedBack { serial: 1 }];
    let changes: Vec<Change> =
        events.into_iter().map(|event| Change::of::<Container>(code, event)).collect();
    after(None, &changes)
}

fn order() -> Order {
    placed()
}

fn four() -> Vec<Container> {
    [("J00001", "left_parotid", "1.00"), ("J00002", "right_parotid", "1.00")]
        .into_iter()
        .chain([
            ("J00003", "left_submandibular", "0.50"),
            ("J00004", "right_submandibular", "0.50"),
        ])
        .map(|(code, target, volume)| syringe(code, "ORD-2026-0001", target, volume))
        .collect()
}

fn units(containers: &[Container]) -> Vec<Unit<'_>> {
    let standing = &Standing::RELEASED;
    containers.iter().map(|container| Unit { container, standing, origins: &[] }).collect()
}

fn scan(code: &str) -> Scan {
    Scan { code: ContainerCode::parse(code).unwrap(), serial: Some(1) }
}

fn patient(code: &str) -> PatientCode {
    PatientCode::parse(code).unwrap()
}

fn good() -> Condition {
    Condition { words: "box closed, seal intact".to_owned(), temperature: None }
}

fn handing(scans: &[&str]) -> HandOver {
    HandOver {
        transfer: "T-1".to_owned(),
        patient: patient("XER-03"),
        scans: scans.iter().map(|code| scan(code)).collect(),
        to: login("neza"),
        destination: "Clinic, room 3".to_owned(),
        condition: good(),
        signature: signature("ana", Meaning::HandedOver),
    }
}

const ALL: [&str; 4] = ["J00001", "J00002", "J00003", "J00004"];

fn hand_over_rule(containers: &[Container], command: &HandOver) -> &'static str {
    let context = context("ana", now());
    custody::hand_over(&order(), &units(containers), command, &context).unwrap_err().rule()
}

fn apply(containers: &[Container], changes: &[Change]) -> Vec<Container> {
    let own = |code: &str| -> Vec<Change> {
        changes.iter().filter(|change| change.stream.id() == code).cloned().collect()
    };
    containers.iter().map(|c| after(Some(c.clone()), &own(&c.code))).collect()
}

fn travelling() -> Vec<Container> {
    let containers = four();
    let context = context("ana", now());
    let changes =
        custody::hand_over(&order(), &units(&containers), &handing(&ALL), &context).unwrap();
    assert_eq!(changes.len(), 4);
    apply(&containers, &changes)
}

fn receiving(by: &str) -> Receive {
    Receive {
        transfer: "T-1".to_owned(),
        patient: patient("XER-03"),
        scans: ALL.iter().map(|code| scan(code)).collect(),
        condition: good(),
        signature: signature(by, Meaning::Received),
    }
}

fn received() -> Vec<Container> {
    let containers = travelling();
    let context = context("neza", now());
    let command = receiving("neza");
    let changes = custody::receive(&order(), &units(&containers), &command, &context).unwrap();
    apply(&containers, &changes)
}

fn giving(code: &str, target: &str, volume: &str) -> Administer {
    Administer {
        patient: patient("XER-03"),
        scan: scan(code),
        target: Name::parse(target).unwrap(),
        volume: ml(volume),
        rest: None,
        given_at: now(),
        signature: signature("neza", Meaning::Administered),
    }
}

fn give(container: &Container, command: &Administer, at: Instant) -> Result<(), String> {
    let unit = Unit { container, standing: &Standing::RELEASED, origins: &[] };
    custody::administer(&order(), &unit, command, &context("neza", at))
        .map(|_| ())
        .map_err(|refusal| refusal.rule().to_owned())
}

fn away(volume: &str) -> Result<Vec<Change>, custody::Refusal> {
    let containers = received();
    let unit = Unit { container: &containers[0], standing: &Standing::RELEASED, origins: &[] };
    let command = OpenExcursion {
        excursion: "X-1".to_owned(),
        patient: patient("XER-03"),
        scan: scan("J00001"),
        volume: ml(volume),
        taken_by: login("rok"),
        signature: signature("neza", Meaning::HandedOver),
    };
    let rule = xerostomia().excursion.unwrap();
    custody::open_excursion(&order(), &rule, &unit, &command, &context("neza", now()))
}

fn back(volume: &str, by: &str) -> ReturnExcursion {
    ReturnExcursion {
        scan: scan("J00001"),
        returned_by: login(by),
        volume: ml(volume),
        activity: Some(Quantity::whole(20, Measure::Megabecquerel)),
        signature: signature("neza", Meaning::Received),
    }
}

#[test]
fn a_unit_that_is_not_scanned_stops_the_hand_over() {
    assert_eq!(hand_over_rule(&four(), &handing(&ALL[..3])), "unit_not_scanned ATMP-48");
    let twice = ["J00001", "J00001", "J00002", "J00003"];
    assert_eq!(hand_over_rule(&four(), &handing(&twice)), "unit_not_scanned ATMP-48");
}

#[test]
fn a_syringe_of_another_order_stops_the_hand_over() {
    let mut containers = four();
    containers[3] = syringe("J00004", "ORD-2026-0002", "right_submandibular", "0.50");
    assert_eq!(hand_over_rule(&containers, &handing(&ALL)), "unit_of_another_order ATMP-21");
}

#[test]
fn another_patient_code_an_expired_unit_and_a_held_one_stop_the_hand_over() {
    let mut other = handing(&ALL);
    other.patient = patient("XER-04");
    assert_eq!(hand_over_rule(&four(), &other), "patient_mismatch ATMP-21");
    let mut containers = four();
    containers[1].expires_at = Some(now());
    assert_eq!(hand_over_rule(&containers, &handing(&ALL)), "unit_expired ATMP-43");
    for strict in [Disposition::Quarantine, Disposition::OnHold, Disposition::Rejected] {
        let mut containers = four();
        containers[2].disposition = strict;
        assert_eq!(hand_over_rule(&containers, &handing(&ALL)), "unit_not_released ATMP-29");
    }
    let mut conditionally = four();
    conditionally[0].disposition = Disposition::ConditionallyReleased;
    let context = context("ana", now());
    assert!(custody::hand_over(&order(), &units(&conditionally), &handing(&ALL), &context).is_ok());
}

#[test]
fn an_unread_label_and_a_missing_word_stop_the_hand_over() {
    let mut containers = four();
    containers[0].labels.scanned_back = None;
    assert_eq!(hand_over_rule(&containers, &handing(&ALL)), "label_not_scanned_back ATMP-19");
    let mut nowhere = handing(&ALL);
    nowhere.destination = " ".to_owned();
    assert_eq!(hand_over_rule(&four(), &nowhere), "entry_missing");
    let mut wordless = handing(&ALL);
    wordless.condition.words = String::new();
    assert_eq!(hand_over_rule(&four(), &wordless), "entry_missing");
}

#[test]
fn who_does_not_hold_it_cannot_hand_it_over_nor_to_themself() {
    let mut other = handing(&ALL);
    other.signature = signature("miha", Meaning::HandedOver);
    assert!(
        custody::hand_over(&order(), &units(&four()), &other, &context("miha", now())).is_err()
    );
    let mut own = handing(&ALL);
    own.to = login("ana");
    assert!(custody::hand_over(&order(), &units(&four()), &own, &context("ana", now())).is_err());
}

#[test]
fn an_unmatched_receiver_a_missing_scan_and_an_unknown_transfer_are_refused() {
    let containers = travelling();
    let units = units(&containers);
    let rule = |command: &Receive| {
        custody::receive(&order(), &units, command, &context("neza", now())).unwrap_err().rule()
    };
    assert!(rule(&receiving("rok")).contains("receiver"), "{}", rule(&receiving("rok")));
    let mut three = receiving("neza");
    three.scans.pop();
    assert_eq!(rule(&three), "unit_not_scanned ATMP-48");
    let mut unknown = receiving("neza");
    unknown.transfer = "T-9".to_owned();
    assert_eq!(rule(&unknown), "not_this_transfer ATMP-48");
    let mut stranger = receiving("neza");
    stranger.patient = patient("XER-04");
    assert_eq!(rule(&stranger), "patient_mismatch ATMP-21");
}

#[test]
fn minutes_outside_the_temperature_range_hold_every_unit() {
    let containers = travelling();
    let celsius = |text| Quantity::parse(text, Measure::Celsius).unwrap();
    let mut command = receiving("neza");
    let record = TemperatureRecord {
        logger: "TL-07".to_owned(),
        lowest: celsius("12.5"),
        highest: celsius("26.1"),
        minutes_outside: 14,
    };
    command.condition.temperature = Some(record.clone());
    let context = context("neza", now());
    let changes = custody::receive(&order(), &units(&containers), &command, &context).unwrap();
    let held = apply(&containers, &changes);
    assert!(held.iter().all(|c| c.disposition == Disposition::OnHold));
    let rule = give(&held[0], &giving("J00001", "left_parotid", "1.00"), now()).unwrap_err();
    assert_eq!(rule, "unit_not_released ATMP-29");
    let upside_down = TemperatureRecord { lowest: celsius("30"), ..record };
    command.condition.temperature = Some(upside_down);
    let refusal = custody::receive(&order(), &units(&containers), &command, &context).unwrap_err();
    assert_eq!(refusal.rule(), "temperature_impossible ATMP-48");
}

#[test]
fn each_syringe_is_given_once_to_its_patient_into_its_gland() {
    let containers = received();
    assert_eq!(give(&containers[0], &giving("J00001", "left_parotid", "1.00"), now()), Ok(()));
    let mut other = giving("J00001", "left_parotid", "1.00");
    other.patient = patient("XER-04");
    let rule = |container, command: &Administer, at| give(container, command, at).unwrap_err();
    assert_eq!(rule(&containers[0], &other, now()), "patient_mismatch ATMP-21");
    let elsewhere = giving("J00001", "right_parotid", "1.00");
    assert!(rule(&containers[0], &elsewhere, now()).contains("target"));
    let anothers = syringe("J00001", "ORD-2026-0002", "left_parotid", "1.00");
    let command = giving("J00001", "left_parotid", "1.00");
    assert_eq!(rule(&anothers, &command, now()), "unit_of_another_order ATMP-21");
    assert_eq!(rule(&containers[0], &command, expiry()), "unit_expired ATMP-43");
    let unreceived = four();
    assert_eq!(rule(&unreceived[0], &command, now()), "not_received ATMP-48");
}

#[test]
fn a_void_label_is_not_given() {
    let containers = received();
    let event = container::Event::LabelVoided { serial: 1, because: "smudged".to_owned() };
    let voided = after(Some(containers[0].clone()), &[Change::of::<Container>("J00001", event)]);
    let rule = give(&voided, &giving("J00001", "left_parotid", "1.00"), now()).unwrap_err();
    assert!(rule.contains("label"), "{rule}");
}

#[test]
fn the_time_and_the_volume_given_must_be_possible() {
    let containers = received();
    let mut tomorrow = giving("J00001", "left_parotid", "1.00");
    tomorrow.given_at = now().plus(Span::of_minutes(1));
    let rule = |command: &Administer| give(&containers[0], command, now()).unwrap_err();
    assert_eq!(rule(&tomorrow), "given_at_impossible");
    let mut yesterday = giving("J00001", "left_parotid", "1.00");
    yesterday.given_at = now().minus(Span::of_hours(1));
    assert_eq!(rule(&yesterday), "given_at_impossible");
    assert_eq!(rule(&giving("J00001", "left_parotid", "0.80")), "rest_unexplained ATMP-16");
    assert!(rule(&giving("J00001", "left_parotid", "1.01")).contains("volume"));
    let mut less = giving("J00001", "left_parotid", "0.80");
    less.rest = Some("resistance felt; rest destroyed with the syringe".to_owned());
    assert_eq!(give(&containers[0], &less, now()), Ok(()));
}

#[test]
fn about_five_per_cent_may_leave_and_not_more() {
    let rule = xerostomia().excursion.unwrap();
    let containers = received();
    assert_eq!(custody::proposed_share(&rule, &containers[0]).unwrap().to_string(), "0.05 mL");
    assert!(away("0.05").is_ok());
    let refusal = away("0.20").unwrap_err();
    assert_eq!(refusal.rule(), "share_too_large ATMP-46");
    assert!(refusal.to_string().contains("take 0.05 ml"), "{refusal}");
}

#[test]
fn what_is_away_keeps_the_syringe_from_the_patient_until_it_is_back_or_written_off() {
    let containers = received();
    let out = apply(&containers, &away("0.05").unwrap());
    let command = giving("J00001", "left_parotid", "1.00");
    let rule = give(&out[0], &command, now()).unwrap_err();
    assert!(rule.contains("rest_unexplained") || rule.contains("excursion"), "{rule}");
    let mut rest = giving("J00001", "left_parotid", "0.90");
    rest.rest = Some("labelled part is away".to_owned());
    assert!(give(&out[0], &rest, now()).unwrap_err().contains("excursion"));
    let unit = Unit { container: &out[0], standing: &Standing::RELEASED, origins: &[] };
    let context = context("neza", now().plus(Span::of_minutes(30)));
    let home = custody::return_excursion(&order(), &unit, &back("0.05", "rok"), &context).unwrap();
    let home = apply(&out, &home);
    assert_eq!(give(&home[0], &command, now().plus(Span::of_minutes(30))), Ok(()));
    let signed = signature("neza", Meaning::Approved);
    let lost = custody::write_off_excursion(&unit, &signed, &context).unwrap();
    let lost = apply(&out, &lost);
    let command = giving("J00001", "left_parotid", "0.95");
    assert_eq!(give(&lost[0], &command, now()), Ok(()), "what is left may be given");
}

#[test]
fn not_more_comes_back_than_left_not_late_and_not_by_another() {
    let out = apply(&received(), &away("0.05").unwrap());
    let unit = Unit { container: &out[0], standing: &Standing::RELEASED, origins: &[] };
    let rule = |command: &ReturnExcursion, minutes| {
        let context = context("neza", now().plus(Span::of_minutes(minutes)));
        custody::return_excursion(&order(), &unit, command, &context).unwrap_err().rule()
    };
    assert!(rule(&back("0.06", "rok"), 30).contains("volume"));
    assert!(rule(&back("0.05", "rok"), 91).contains("late"), "{}", rule(&back("0.05", "rok"), 91));
    assert_eq!(rule(&back("0.05", "miha"), 30), "not_the_taker ATMP-46");
    let mut negative = back("0.05", "rok");
    negative.activity = Some(Quantity::whole(-1, Measure::Megabecquerel));
    assert_eq!(rule(&negative, 30), "activity_impossible ATMP-46");
    let here = received();
    let unit = Unit { container: &here[0], standing: &Standing::RELEASED, origins: &[] };
    let refusal =
        custody::return_excursion(&order(), &unit, &back("0.05", "rok"), &context("neza", now()));
    assert_eq!(refusal.unwrap_err().rule(), "not_away ATMP-46");
}

#[test]
fn the_clock_of_expiry_runs_on_the_excursion() {
    let mut containers = received();
    containers[0].expires_at = Some(now().plus(Span::of_minutes(40)));
    let rule = xerostomia().excursion.unwrap();
    let due = custody::excursion_due(&rule, &containers[0], now());
    assert_eq!(due, now().plus(Span::of_minutes(40)), "not the 90 minutes of the protocol");
}

#[test]
fn returned_units_are_on_hold_and_need_a_reason() {
    let containers = received();
    let command = ReturnUnits {
        transfer: "T-2".to_owned(),
        scans: vec![scan("J00004")],
        to: login("ana"),
        because: "procedure stopped".to_owned(),
        condition: good(),
        signature: signature("neza", Meaning::HandedOver),
    };
    let context = context("neza", now());
    let units = units(&containers);
    let changes = custody::return_units(&order(), &units, &command, &context).unwrap();
    let back = apply(&containers, &changes);
    assert_eq!(back[3].disposition, Disposition::OnHold);
    assert_eq!(back[2].disposition, Disposition::Released);
    let silent = ReturnUnits { because: " ".to_owned(), ..command.clone() };
    let refusal = custody::return_units(&order(), &units, &silent, &context).unwrap_err();
    assert_eq!(refusal.rule(), "entry_missing");
    let nothing = ReturnUnits { scans: Vec::new(), ..command };
    let refusal = custody::return_units(&order(), &units, &nothing, &context).unwrap_err();
    assert_eq!(refusal.rule(), "no_unit");
}
