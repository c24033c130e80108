//! The rules of containers, each with an attempt to break it.

use std::collections::BTreeMap;

use chorda::domain::actor::{Actor, Meaning, Role, Signature};
use chorda::domain::container::{
    Command, Container, ContainerKind, Contents, Custodian, Event, LabelFate, NewLabel, Purpose,
    Refusal, Use, check_label, decide,
};
use chorda::domain::disposition::Disposition;
use chorda::domain::genealogy::{Node, Standing};
use chorda::domain::id::{
    BatchNumber, ContainerCode, ContentHash, LocationPath, Login, MaterialCode, Name, OrderNumber,
    StationId,
};
use chorda::domain::language::Wording;
use chorda::domain::quantity::{Quantity, Unit};
use chorda::domain::storage::Slot;
use chorda::domain::time::{Instant, Span};
use chorda::domain::{Aggregate, Change, Context, Recorded, Refusal as _};
use proptest::prelude::*;

fn at(minute: i64) -> Instant {
    Instant::parse("2026-11-20T08:00:00Z").unwrap().plus(Span::of_minutes(minute))
}

pub(super) fn login(text: &str) -> Login {
    Login::parse(text).unwrap()
}

fn context(who: &str, minute: i64) -> Context {
    let printed_name = format!("{who} (fictitious)");
    Context {
        now: at(minute),
        actor: Actor { login: login(who), printed_name, role: Role::Technician },
    }
}

pub(super) fn batch(number: u32) -> BatchNumber {
    BatchNumber::parse(&format!("B-2026-{number:04}")).unwrap()
}

fn order(number: u32) -> OrderNumber {
    OrderNumber::parse(&format!("ORD-2026-{number:04}")).unwrap()
}

pub(super) fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn place(text: &str) -> LocationPath {
    LocationPath::parse(text).unwrap()
}

pub(super) fn code(number: u32) -> ContainerCode {
    ContainerCode::parse(&format!("CV{number:07}")).unwrap()
}

pub(super) fn signature(who: &str, minute: i64) -> Signature {
    Signature {
        login: login(who),
        printed_name: format!("{who} (fictitious)"),
        role: Role::Qa,
        meaning: Meaning::Approved,
        at: at(minute),
        zone: "Europe/Ljubljana".to_owned(),
        content_hash: ContentHash::parse(&"0".repeat(64)).unwrap(),
    }
}

fn slot(path: &str) -> Slot {
    Slot { path: place(path), exists: true, out_of_service: None, frozen: true, occupant: None }
}

pub(super) fn use_by(batch_number: u32, for_order: Option<u32>) -> Use {
    Use {
        batch: batch(batch_number),
        order: for_order.map(order),
        accepts: Disposition::Released,
        outside_max: None,
    }
}

pub(super) fn label(serial: u32) -> NewLabel {
    NewLabel {
        serial,
        definition: "cryovial".to_owned(),
        definition_version: 1,
        payload: format!("CV0000001{serial:02}X"),
        copies: 1,
    }
}

fn ml(text: &str) -> Quantity {
    Quantity::parse(text, Unit::Millilitre).unwrap()
}

fn produced(kind: ContainerKind, for_order: Option<u32>) -> Event {
    Event::Produced {
        kind,
        contents: Contents {
            material: MaterialCode::parse("EQ-MSC").unwrap(),
            title: Wording::english("EQ-MSC, cryopreserved"),
            passage: Some(1),
            volume: Some(ml("1.0")),
            viable_cells: None,
        },
        donation: None,
        batch: Some(batch(1)),
        step: Some(name("divide")),
        output: Some(name("aliquot")),
        number: 1,
        of: 60,
        identity: None,
        expires_at: Some(at(60 * 24 * 365)),
        order: for_order.map(order),
        target: for_order.map(|_| name("left_parotid")),
        disposition: Disposition::Released,
        custodian: Custodian::Person { login: login("ana") },
    }
}

/// A container with its life so far.
pub(super) struct Story {
    code: ContainerCode,
    pub(super) container: Option<Container>,
    standing: Standing,
}

impl Story {
    pub(super) fn of(kind: ContainerKind, for_order: Option<u32>) -> Self {
        let mut story = Self { code: code(1), container: None, standing: Standing::RELEASED };
        story.record("ana", 0, produced(kind, for_order));
        story
    }

    pub(super) fn vial() -> Self {
        Self::of(ContainerKind::Cryovial, None)
    }

    pub(super) fn syringe() -> Self {
        Self::of(ContainerKind::Syringe, Some(1))
    }

    pub(super) fn now(&self) -> &Container {
        self.container.as_ref().unwrap()
    }

    pub(super) fn record(&mut self, who: &str, minute: i64, event: Event) {
        let version = self.container.as_ref().map_or(0, |container| container.version) + 1;
        let recorded = Recorded {
            stream: Container::stream(self.code.as_str()),
            version,
            at: at(minute),
            actor: login(who),
            role: Role::Technician,
            station: StationId::parse("bench-1").unwrap(),
            command_id: "c".to_owned(),
            reason: None,
            event: event.clone().into(),
        };
        self.container = Container::apply(self.container.take(), &recorded, &event);
    }

    pub(super) fn asks(
        &self,
        who: &str,
        minute: i64,
        command: &Command,
    ) -> Result<Vec<Event>, Refusal> {
        let changes = decide(self.now(), command, &self.standing, &context(who, minute))?;
        Ok(changes.iter().map(own).collect())
    }

    pub(super) fn does(&mut self, who: &str, minute: i64, command: Command) -> &mut Self {
        for event in self.asks(who, minute, &command).expect("allowed") {
            self.record(who, minute, event);
        }
        self
    }

    pub(super) fn refused(
        &self,
        who: &str,
        minute: i64,
        command: Command,
        rule: &str,
        words: &str,
    ) {
        let refusal = self.asks(who, minute, &command).expect_err("refused");
        assert!(refusal.rule().starts_with(rule), "{} is not {rule}", refusal.rule());
        let said = refusal.to_string();
        assert!(said.contains(words), "{said:?} does not say {words:?}");
    }
}

fn own(change: &Change) -> Event {
    Container::own(&change.event).expect("of a container").clone()
}

fn store(path: &str) -> Command {
    Command::Store { slot: slot(path), refreeze_allowed: false }
}

fn take(purpose: Purpose) -> Command {
    Command::Retrieve { from: None, purpose }
}

#[test]
fn an_occupied_position_is_refused_and_names_who_is_there() {
    let taken = Slot { occupant: Some("CV0000007".to_owned()), ..slot("LN2/T1/R1/B1/A1") };
    let command = Command::Store { slot: taken, refreeze_allowed: false };
    Story::vial().refused("ana", 1, command, "position_occupied", "holds CV0000007 already");
}

#[test]
fn a_position_that_does_not_exist_is_refused() {
    let nowhere = Slot { exists: false, ..slot("LN2/T1/R1/B1/Z9") };
    let command = Command::Store { slot: nowhere, refreeze_allowed: false };
    Story::vial().refused("ana", 1, command, "no_such_position", "LN2/T1/R1/B1/Z9");
}

#[test]
fn a_position_out_of_service_is_refused_with_its_reason() {
    let out_of_service = Some(("LN2/T1".to_owned(), "level alarm".to_owned()));
    let closed = Slot { out_of_service, ..slot("LN2/T1/R1/B1/A1") };
    let command = Command::Store { slot: closed, refreeze_allowed: false };
    Story::vial().refused("ana", 1, command, "position_out_of_service", "level alarm");
}

#[test]
fn a_stored_container_is_not_stored_again() {
    let mut vial = Story::vial();
    vial.does("ana", 1, store("LN2/T1/R1/B1/A1"));
    vial.refused("ana", 2, store("LN2/T1/R1/B1/A2"), "in_storage", "is in LN2/T1/R1/B1/A1");
}

#[test]
fn only_what_is_there_can_be_taken() {
    let mut vial = Story::vial();
    vial.refused("bor", 1, take(Purpose::Relocate), "not_in_storage", "with ana since");
    vial.does("ana", 1, store("LN2/T1/R1/B1/A1"));
    let elsewhere =
        Command::Retrieve { from: Some(place("LN2/T1/R1/B1/A2")), purpose: Purpose::Inspect };
    vial.refused("bor", 2, elsewhere, "not_there", "is in LN2/T1/R1/B1/A1, not in");
    vial.does("bor", 2, take(Purpose::Relocate));
    vial.refused("ana", 3, take(Purpose::Relocate), "not_in_storage", "with bor since");
}

#[test]
fn what_is_on_hold_or_rejected_is_not_issued_for_use_but_can_be_moved() {
    let donor = Node::parse("donor/DNR-0003").unwrap();
    for disposition in [Disposition::Quarantine, Disposition::OnHold, Disposition::Rejected] {
        let mut vial = Story::vial();
        vial.does("ana", 1, store("LN2/T1/R1/B1/A1"));
        vial.standing = Standing::own(&donor, disposition);
        let for_use = take(Purpose::Use(use_by(2, None)));
        vial.refused("ana", 2, for_use, "not_released", "because donor DNR-0003 is");
        vial.does("ana", 2, take(Purpose::Relocate));
    }
}

#[test]
fn a_batch_may_use_its_own_quarantined_containers_but_none_on_hold() {
    let made_by = Node::parse("batch/B-2026-0001").unwrap();
    let own = Use { accepts: Disposition::Quarantine, ..use_by(1, None) };
    let consume = Command::Consume { wanted: own, step: name("harvest") };
    let mut flask = Story::of(ContainerKind::Flask, None);
    flask.standing = Standing::own(&made_by, Disposition::Quarantine);
    assert!(flask.asks("ana", 1, &consume).is_ok());
    flask.standing = Standing::own(&made_by, Disposition::OnHold);
    flask.refused("ana", 1, consume, "not_released", "on hold");
}

#[test]
fn expired_contents_are_not_used_from_the_very_moment_of_expiry() {
    let expiry = 60 * 24 * 365;
    let consume = |_| Command::Consume { wanted: use_by(2, None), step: name("thaw") };
    let vial = Story::vial();
    assert!(vial.asks("ana", expiry - 1, &consume(())).is_ok());
    vial.refused("ana", expiry, consume(()), "expired", "expired on 2027-11-20");
}

#[test]
fn what_is_reserved_for_an_order_is_refused_to_every_other() {
    let mut vial = Story::vial();
    vial.does("ana", 1, Command::Reserve { order: order(1), accepts: Disposition::Released });
    vial.does("ana", 1, store("LN2/T1/R1/B1/A1"));
    for wanted in [use_by(2, None), use_by(2, Some(2))] {
        vial.refused("ana", 2, take(Purpose::Use(wanted)), "reserved_for_another", "ORD-2026-0001");
    }
    let again = Command::Reserve { order: order(2), accepts: Disposition::Released };
    vial.refused("ana", 2, again, "reserved_for_another", "ORD-2026-0001");
    vial.does("ana", 2, take(Purpose::Use(use_by(2, Some(1)))));
}

#[test]
fn a_reservation_is_given_up_only_by_the_order_that_has_it() {
    let mut vial = Story::vial();
    vial.does("ana", 1, Command::Reserve { order: order(1), accepts: Disposition::Released });
    let other = Command::ReleaseReservation { order: order(2) };
    vial.refused("ana", 2, other, "not_reserved", "ORD-2026-0002");
    vial.does("ana", 2, Command::ReleaseReservation { order: order(1) });
    vial.does("ana", 3, Command::Reserve { order: order(2), accepts: Disposition::Released });
}

#[test]
fn thawed_material_goes_back_into_frozen_storage_only_if_the_master_allows() {
    let mut vial = Story::vial();
    vial.does("ana", 1, Command::Thaw { wanted: use_by(2, None) });
    vial.refused("ana", 2, store("LN2/T1/R1/B1/A1"), "refreeze", "does not allow refreezing");
    let warm = Slot { frozen: false, ..slot("CR/INC/S1/A1") };
    assert!(vial.asks("ana", 2, &Command::Store { slot: warm, refreeze_allowed: false }).is_ok());
    let allowed = Command::Store { slot: slot("LN2/T1/R1/B1/A1"), refreeze_allowed: true };
    assert!(vial.asks("ana", 2, &allowed).is_ok());
}

#[test]
fn a_second_thaw_is_told_who_was_first_and_when() {
    let mut vial = Story::vial();
    vial.does("ana", 5, Command::Thaw { wanted: use_by(2, None) });
    let second = || Command::Thaw { wanted: use_by(3, None) };
    vial.refused("bor", 6, second(), "already_thawed", "by ana on 2026-11-20 09:05:00 CET");
    vial.does("ana", 7, Command::Consume { wanted: use_by(2, None), step: name("thaw") });
    vial.refused("bor", 8, second(), "container_spent", "by ana on 2026-11-20 09:07:00 CET");
}

#[test]
fn a_spent_container_takes_no_further_command_and_says_who_and_when() {
    let mut vial = Story::vial();
    vial.does("ana", 7, Command::Consume { wanted: use_by(2, None), step: name("thaw") });
    for command in every_command() {
        let label = matches!(
            command,
            Command::DestroyLabel { .. }
                | Command::KeepLabel { .. }
                | Command::LoseLabel { .. }
                | Command::FindLabel { .. }
        );
        if label {
            continue;
        }
        vial.refused(
            "bor",
            9,
            command,
            "container_spent",
            "used in step thaw of batch B-2026-0002",
        );
    }
}

#[test]
fn a_container_in_storage_is_taken_out_before_it_is_used() {
    let mut vial = Story::vial();
    vial.does("ana", 1, store("LN2/T1/R1/B1/A1"));
    let consume = Command::Consume { wanted: use_by(2, None), step: name("thaw") };
    vial.refused("ana", 2, consume, "in_storage", "LN2/T1/R1/B1/A1");
}

#[test]
fn time_outside_storage_adds_up_over_absences_and_is_limited() {
    let mut vial = Story::vial();
    assert_eq!(vial.now().outside(at(600)), Span::of_seconds(0), "never was in storage");
    vial.does("ana", 10, store("LN2/T1/R1/B1/A1"));
    vial.does("ana", 20, take(Purpose::Relocate));
    vial.does("ana", 24, store("LN2/T1/R1/B1/A2"));
    vial.does("ana", 30, take(Purpose::Relocate));
    assert_eq!(vial.now().outside(at(33)), Span::of_minutes(7));
    let within = |minutes| {
        let wanted = Use { outside_max: Some(Span::of_minutes(minutes)), ..use_by(2, None) };
        Command::Consume { wanted, step: name("thaw") }
    };
    assert!(vial.asks("ana", 33, &within(7)).is_ok());
    vial.refused("ana", 33, within(6), "outside_too_long", "7 min in total; the limit is 6 min");
}

#[test]
fn the_first_label_is_printed_once_and_a_reprint_needs_a_reason() {
    let mut vial = Story::vial();
    let reprint =
        |because: &str| Command::ReprintLabel { label: label(2), because: because.to_owned() };
    vial.refused("ana", 1, reprint("smudged"), "nothing_to_reprint", "no label yet");
    vial.does("ana", 1, Command::PrintLabel(label(1)));
    vial.refused("ana", 2, Command::PrintLabel(label(2)), "label_already_printed", "serial 1");
    vial.refused("ana", 2, reprint("  "), "reason_missing", "reason");
    vial.does("ana", 2, reprint("smudged"));
    assert!(vial.now().labels.is_valid(2));
    assert!(!vial.now().labels.is_valid(1));
}

#[test]
fn a_label_carries_the_next_serial_and_no_other() {
    let vial = Story::vial();
    vial.refused("ana", 1, Command::PrintLabel(label(3)), "label_serial_not_next", "serial 1");
    let many = NewLabel { copies: 10, ..label(1) };
    vial.refused("ana", 1, Command::PrintLabel(many), "copies_out_of_range", "10");
}

#[test]
fn a_void_label_scanned_anywhere_says_when_why_and_which_to_scan() {
    let mut vial = Story::vial();
    vial.does("ana", 1, Command::PrintLabel(label(1)));
    assert!(check_label(vial.now(), 1).is_ok());
    vial.does("ana", 5, Command::ReprintLabel { label: label(2), because: "smudged".to_owned() });
    let refusal = check_label(vial.now(), 1).expect_err("void");
    assert_eq!(
        refusal.to_string(),
        "label serial 1 of CV0000001 was voided on 2026-11-20 09:05:00 CET (+01:00) because \
         smudged; scan the label printed on 2026-11-20 09:05:00 CET (+01:00)"
    );
    let back = Command::ScanBack { scanned: code(1), serial: 1 };
    vial.refused("ana", 6, back, "label_void", "voided");
    let never = check_label(vial.now(), 3).expect_err("never printed");
    assert!(never.rule().starts_with("label_never_printed"));
}

#[test]
fn the_neighbours_label_is_refused_at_scan_back() {
    let mut vial = Story::vial();
    vial.does("ana", 1, Command::PrintLabel(label(1)));
    let neighbour = Command::ScanBack { scanned: code(2), serial: 1 };
    vial.refused("ana", 2, neighbour, "wrong_label", "this is the label of CV0000002");
    vial.does("ana", 2, Command::ScanBack { scanned: code(1), serial: 1 });
    assert!(vial.now().labels.applied());
    let again = Command::ScanBack { scanned: code(1), serial: 1 };
    assert!(vial.asks("ana", 3, &again).unwrap().is_empty(), "the same scan twice is one event");
}

#[test]
fn no_more_labels_are_accounted_for_than_were_issued() {
    let mut vial = Story::vial();
    vial.does("ana", 1, Command::PrintLabel(NewLabel { copies: 2, ..label(1) }));
    vial.does("ana", 2, Command::ScanBack { scanned: code(1), serial: 1 });
    vial.does("ana", 3, Command::KeepLabel { serial: 1, copies: 1 });
    let surplus = Command::DestroyLabel { serial: 1, copies: 1 };
    vial.refused("ana", 4, surplus, "labels_over_accounted", "2 were issued");
    vial.does("ana", 5, Command::ReprintLabel { label: label(2), because: "torn".to_owned() });
    vial.does("ana", 6, Command::DestroyLabel { serial: 1, copies: 1 });
    assert_eq!(vial.now().labels.accounted(1), 2);
}

fn decision(to: Disposition, signed: bool) -> Command {
    let signature = signed.then(|| signature("qa.nina", 2));
    Command::DecideDisposition { to, because: "particle seen".to_owned(), signature }
}

#[test]
fn a_disposition_is_loosened_only_with_a_signature_and_never_from_rejected() {
    let mut vial = Story::vial();
    vial.does("ana", 1, decision(Disposition::OnHold, false));
    vial.refused("ana", 2, decision(Disposition::Released, false), "loosening_unsigned", "Sign it");
    vial.does("nina", 2, decision(Disposition::Released, true));
    vial.does("nina", 3, decision(Disposition::Rejected, true));
    let back = decision(Disposition::Released, true);
    vial.refused("nina", 4, back, "rejected_for_good", "rejected for good");
}

pub(super) fn hand_over(from: &str, to: &str) -> Command {
    Command::HandOver {
        transfer: "T1".to_owned(),
        to: login(to),
        destination: "clinic".to_owned(),
        condition: "intact, 4 °C".to_owned(),
        accepts: Disposition::ConditionallyReleased,
        signature: signature(from, 1),
    }
}

pub(super) fn receive(who: &str, transfer: &str) -> Command {
    Command::Receive {
        transfer: transfer.to_owned(),
        condition: "intact".to_owned(),
        signature: signature(who, 2),
    }
}

#[test]
fn a_hand_over_takes_two_people_and_the_one_who_holds_it() {
    let mut syringe = Story::syringe();
    syringe.refused("bor", 1, hand_over("bor", "klara"), "held_by_another", "held by ana");
    syringe.refused("ana", 1, hand_over("ana", "ana"), "receiver_is_giver", "ana");
    syringe.does("ana", 1, hand_over("ana", "klara"));
    syringe.refused(
        "ana",
        2,
        store("LN2/T1/R1/B1/A1"),
        "in_transfer",
        "handed over by ana to klara",
    );
    syringe.refused("bor", 2, receive("bor", "T1"), "wrong_receiver", "to klara, not to bor");
    syringe.refused("klara", 2, receive("klara", "T2"), "not_in_transfer", "T2");
    syringe.does("klara", 2, receive("klara", "T1"));
    assert_eq!(syringe.now().custodian, Custodian::Person { login: login("klara") });
}

#[test]
fn what_is_not_certified_does_not_leave_the_hand_that_made_it() {
    let mut syringe = Story::syringe();
    let made_by = Node::parse("batch/B-2026-0001").unwrap();
    syringe.standing = Standing::own(&made_by, Disposition::Quarantine);
    syringe.refused("ana", 1, hand_over("ana", "klara"), "not_released", "quarantine");
}

pub(super) fn excursion(volume: &str, due: i64) -> Command {
    Command::OpenExcursion {
        excursion: "X1".to_owned(),
        purpose: "99mTc-HMPAO labelling".to_owned(),
        volume: ml(volume),
        taken_by: login("rado"),
        due_at: at(due),
        signature: signature("ana", 1),
    }
}

fn give_back(volume: &str) -> Command {
    Command::ReturnExcursion {
        excursion: "X1".to_owned(),
        volume: ml(volume),
        activity: None,
        signature: signature("ana", 2),
    }
}

fn administer(number: u32, target: &str, volume: &str) -> Command {
    Command::Administer {
        order: order(number),
        target: name(target),
        volume: ml(volume),
        given_at: at(40),
        signature: signature("ana", 40),
    }
}

#[test]
fn an_excursion_comes_back_in_time_and_not_with_more_than_left() {
    let mut syringe = Story::syringe();
    syringe.refused("ana", 1, excursion("1.1", 60), "volume_exceeded", "1.0 ml are there");
    syringe.refused("ana", 1, excursion("0", 60), "volume_invalid", "above zero");
    syringe.refused("ana", 5, excursion("0.05", 5), "due_in_past", "before it begins");
    syringe.does("ana", 1, excursion("0.05", 60));
    syringe.refused("ana", 2, excursion("0.05", 60), "excursion_open", "not back");
    let given = administer(1, "left_parotid", "0.95");
    syringe.refused("ana", 40, given, "excursion_open", "Take it back first");
    syringe.refused("ana", 41, give_back("0.06"), "volume_exceeded", "0.05 ml are there");
    syringe.refused("ana", 61, give_back("0.05"), "return_too_late", "Write it off");
    let mut short = Story::syringe();
    short.does("ana", 1, excursion("0.05", 60)).does("ana", 41, give_back("0.03"));
    assert_eq!(short.now().volume_now(), Some(ml("0.98")));
    let signature = signature("ana", 70);
    let off = Command::WriteOffExcursion { excursion: "X1".to_owned(), signature };
    syringe.does("ana", 70, off);
    assert_eq!(syringe.now().volume_now(), Some(ml("0.95")));
}

#[test]
fn another_patients_syringe_or_site_or_too_much_is_refused() {
    let syringe = Story::syringe();
    let refused = |command, rule, words| syringe.refused("ana", 41, command, rule, words);
    refused(administer(2, "left_parotid", "1.0"), "wrong_order", "made for order ORD-2026-0001");
    refused(administer(1, "right_parotid", "1.0"), "wrong_target", "left_parotid");
    refused(administer(1, "left_parotid", "1.2"), "volume_exceeded", "1.0 ml");
    let mut late = Story::syringe();
    late.standing = Standing::own(&Node::parse("batch/B-2026-0001").unwrap(), Disposition::OnHold);
    late.refused("ana", 41, administer(1, "left_parotid", "1.0"), "not_released", "on hold");
}

fn destroy(witness: Option<&str>) -> Command {
    Command::Destroy {
        because: "expired".to_owned(),
        signature: signature("ana", 1),
        witness: witness.map(|who| signature(who, 1)),
    }
}

#[test]
fn nobody_witnesses_their_own_destruction() {
    let vial = Story::vial();
    vial.refused("ana", 1, destroy(Some("ana")), "witness_is_performer", "own destruction");
    assert!(vial.asks("ana", 1, &destroy(Some("bor"))).is_ok());
}

fn every_command() -> Vec<Command> {
    vec![
        store("LN2/T1/R1/B1/A1"),
        store("LN2/T1/R1/B1/A2"),
        take(Purpose::Relocate),
        take(Purpose::Inspect),
        take(Purpose::Use(use_by(2, None))),
        take(Purpose::Use(use_by(2, Some(1)))),
        Command::Reserve { order: order(1), accepts: Disposition::Released },
        Command::ReleaseReservation { order: order(1) },
        Command::Thaw { wanted: use_by(2, Some(1)) },
        Command::Consume { wanted: use_by(2, None), step: name("thaw") },
        Command::PrintLabel(label(1)),
        Command::ReprintLabel { label: label(2), because: "torn".to_owned() },
        Command::ScanBack { scanned: code(1), serial: 1 },
        Command::ScanBack { scanned: code(1), serial: 2 },
        Command::DestroyLabel { serial: 1, copies: 1 },
        Command::KeepLabel { serial: 2, copies: 1 },
        super::lost::lose(1, 1),
        super::lost::lose(2, 1),
        super::lost::find(1, 1, LabelFate::Destroyed),
        decision(Disposition::Released, false),
        decision(Disposition::OnHold, false),
        decision(Disposition::Rejected, false),
        decision(Disposition::Released, true),
        hand_over("ana", "klara"),
        hand_over("klara", "ana"),
        receive("klara", "T1"),
        receive("ana", "T1"),
        excursion("0.05", 100_000),
        give_back("0.05"),
        administer(1, "left_parotid", "0.5"),
        destroy(None),
    ]
}

proptest! {
    /// Two containers, one box, any commands by three people in any order: one custodian each, no
    /// position twice, the box and the containers tell the same, labels never over-accounted, and
    /// no disposition loosened without a signature.
    #[test]
    fn no_container_is_ever_in_two_places_or_none(
        steps in prop::collection::vec((0_usize..2, 0_usize..31, 0_usize..3), 1..60)
    ) {
        let mut stories = [Story::vial(), Story::syringe()];
        stories[1].code = code(2);
        stories[1].container.as_mut().unwrap().code = code(2).to_string();
        let mut boxed: BTreeMap<LocationPath, String> = BTreeMap::new();
        for (minute, (which, command, who)) in steps.into_iter().enumerate() {
            let mut command = every_command().swap_remove(command);
            let who = ["ana", "bor", "klara"][who];
            if let Command::Store { slot, .. } = &mut command {
                slot.occupant = boxed.get(&slot.path).cloned();
            }
            let minute = i64::try_from(minute).unwrap() + 1;
            let before = stories[which].now().clone();
            let events = stories[which].asks(who, minute, &command).unwrap_or_default();
            for event in events {
                match &event {
                    Event::Stored { location } => {
                        let earlier = boxed.insert(location.clone(), before.code.clone());
                        prop_assert!(earlier.is_none(), "a position was taken twice");
                    }
                    Event::Retrieved { from, .. } => {
                        prop_assert_eq!(boxed.remove(from), Some(before.code.clone()));
                    }
                    _ => {}
                }
                stories[which].record(who, minute, event);
            }
            let after = stories[which].now();
            let signed = matches!(&command, Command::DecideDisposition { signature: Some(_), .. });
            prop_assert!(after.disposition >= before.disposition || signed);
            prop_assert!(before.fate == after.fate || before.must_be_live().is_ok());
            for story in &stories {
                let container = story.now();
                let place = container.location();
                let there = boxed.iter().filter(|(_, code)| **code == container.code);
                let there: Vec<_> = there.map(|(path, _)| path).collect();
                prop_assert_eq!(there, place.into_iter().collect::<Vec<_>>());
                let spent = container.must_be_live().is_err();
                prop_assert_eq!(spent, container.custodian == Custodian::Spent);
                for print in &container.labels.prints {
                    prop_assert!(container.labels.accounted(print.serial) <= print.copies);
                }
                prop_assert!(!container.volume_now().unwrap().is_negative());
            }
        }
    }
}
