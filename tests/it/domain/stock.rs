//! The rules of places, material lots and equipment, each with an attempt to break it.

use chorda::domain::actor::{Actor, Meaning, Role, Signature};
use chorda::domain::disposition::Disposition;
use chorda::domain::equipment::{self, Equipment, EquipmentKind, Registration};
use chorda::domain::id::{
    AssetId, ContentHash, LocationPath, Login, LotId, MaterialCode, StationId,
};
use chorda::domain::material::{self, MaterialLot, Origin, Receipt};
use chorda::domain::quantity::{Quantity, Unit};
use chorda::domain::storage::{self, Condition, Grid, Location, LocationKind, Slot};
use chorda::domain::time::{Instant, Span};
use chorda::domain::{Aggregate, Change, Context, Recorded, Refusal, Refused};

fn at(day: i64) -> Instant {
    Instant::parse("2026-11-20T08:00:00Z").unwrap().plus(Span::of_days(day))
}

fn login(text: &str) -> Login {
    Login::parse(text).unwrap()
}

fn context(who: &str, day: i64) -> Context {
    let actor = Actor { login: login(who), printed_name: who.to_owned(), role: Role::Technician };
    Context { now: at(day), actor }
}

fn signature(who: &str) -> Signature {
    Signature {
        login: login(who),
        printed_name: who.to_owned(),
        role: Role::Qa,
        meaning: Meaning::Approved,
        at: at(0),
        zone: "Europe/Ljubljana".to_owned(),
        content_hash: ContentHash::parse(&"0".repeat(64)).unwrap(),
    }
}

fn folded<A: Aggregate>(
    mut state: Option<A>,
    who: &str,
    day: i64,
    changes: &[Change],
) -> Option<A> {
    for (step, change) in (1_u64..).zip(changes) {
        let recorded = Recorded {
            stream: change.stream.clone(),
            version: step,
            at: at(day),
            actor: login(who),
            role: Role::Technician,
            station: StationId::parse("bench-1").unwrap(),
            command_id: "c".to_owned(),
            reason: None,
            event: change.event.clone(),
        };
        state = A::apply(state, &recorded, A::own(&change.event).unwrap());
    }
    state
}

fn refused<T, R: Refusal>(outcome: Result<T, R>, rule: &str, words: &str) {
    let Err(refusal) = outcome else { panic!("{rule} did not refuse") };
    let refused: Refused = refusal.into();
    assert!(refused.rule.starts_with(rule), "{} is not {rule}", refused.rule);
    assert!(refused.message.contains(words), "{:?} does not say {words:?}", refused.message);
}

// Places -----------------------------------------------------------------------------------------

fn path(text: &str) -> LocationPath {
    LocationPath::parse(text).unwrap()
}

fn location(text: &str, kind: LocationKind, condition: Condition) -> Location {
    Location {
        path: text.to_owned(),
        version: 1,
        kind,
        title: text.to_owned(),
        condition,
        grid: (kind == LocationKind::Box).then(|| Grid::new(9, 9).unwrap()),
        out_of_service: None,
    }
}

fn define(
    text: &str,
    kind: LocationKind,
    grid: Option<Grid>,
    parent: Option<&Location>,
) -> Result<Vec<Change>, storage::Refusal> {
    let command = storage::Command::Define {
        path: path(text),
        kind,
        title: "a place".to_owned(),
        condition: None,
        grid,
    };
    storage::decide(&path(text), None, parent, &command, &context("nina", 0))
}

#[test]
fn places_stand_inside_one_another_in_order_only() {
    let room = location("LN2", LocationKind::Room, Condition::Ambient);
    let tank = location("LN2/T1", LocationKind::Tank, Condition::Cryogenic);
    let filled = location("LN2/T1/B1", LocationKind::Box, Condition::Cryogenic);
    let grid = Grid::new(9, 9);
    refused(define("LN2/T1", LocationKind::Tank, None, None), "location_parent_missing", "LN2");
    refused(define("T1", LocationKind::Tank, None, None), "location_nesting", "the site itself");
    refused(define("LN2/B1", LocationKind::Box, grid, Some(&room)), "location_nesting", "room");
    refused(
        define("LN2/T1/B1/R1", LocationKind::Rack, None, Some(&filled)),
        "location_nesting",
        "box LN2/T1/B1",
    );
    assert!(define("LN2/T1", LocationKind::Tank, None, Some(&room)).is_ok());
    assert!(define("LN2/T1/B1", LocationKind::Box, grid, Some(&tank)).is_ok());
}

#[test]
fn a_box_has_positions_and_nothing_else_has() {
    let tank = location("LN2/T1", LocationKind::Tank, Condition::Cryogenic);
    let boxed = |grid| define("LN2/T1/B1", LocationKind::Box, grid, Some(&tank));
    refused(boxed(None), "location_grid", "1 to 26 rows");
    refused(boxed(Some(Grid { rows: 27, columns: 1 })), "location_grid", "1 to 26 rows");
    refused(boxed(Some(Grid { rows: 1, columns: 0 })), "location_grid", "1 to 26 rows");
    let rack = define("LN2/T1/R1", LocationKind::Rack, Grid::new(2, 2), Some(&tank));
    refused(rack, "location_grid", "nothing else has any");
}

#[test]
fn a_place_is_defined_once_and_its_status_changes_with_a_reason() {
    let tank = location("LN2/T1", LocationKind::Tank, Condition::Cryogenic);
    let ask = |place: Option<&Location>, command: storage::Command| {
        storage::decide(&path("LN2/T1"), place, None, &command, &context("nina", 0))
    };
    let out = |because: &str| storage::Command::TakeOutOfService { because: because.to_owned() };
    refused(ask(None, out("leak")), "no_such_location", "LN2/T1");
    refused(ask(Some(&tank), out(" ")), "reason_missing", "needs a reason");
    let back = storage::Command::PutInService { because: "repaired".to_owned() };
    refused(ask(Some(&tank), back), "status_unchanged", "in service already");
    let again = storage::Command::Define {
        path: path("LN2/T1"),
        kind: LocationKind::Tank,
        title: "T".to_owned(),
        condition: None,
        grid: None,
    };
    refused(ask(Some(&tank), again), "location_exists", "exists already");
}

#[test]
fn a_position_takes_the_status_of_every_place_around_it() {
    let room = location("LN2", LocationKind::Room, Condition::Ambient);
    let mut tank = location("LN2/T1", LocationKind::Tank, Condition::Cryogenic);
    let boxed = location("LN2/T1/B1", LocationKind::Box, Condition::Cryogenic);
    let look = |tank: &Location, position: &str| {
        let way = [room.clone(), tank.clone(), boxed.clone()];
        Slot::of(&path(position), &way, None)
    };
    let free = look(&tank, "LN2/T1/B1/A1");
    assert!(free.exists && free.frozen && free.out_of_service.is_none());
    for wrong in ["LN2/T1/B1/A10", "LN2/T1/B1/J1", "LN2/T1/B1/A01", "LN2/T1/B2/A1", "LN2/T1/A1"] {
        assert!(!look(&tank, wrong).exists, "{wrong}");
    }
    let change = define("LN2/T1", LocationKind::Tank, None, Some(&room)).unwrap();
    assert_eq!(folded::<Location>(None, "nina", 0, &change).unwrap().condition, Condition::Ambient);
    let command = storage::Command::TakeOutOfService { because: "level alarm".to_owned() };
    let out =
        storage::decide(&path("LN2/T1"), Some(&tank), Some(&room), &command, &context("nina", 0));
    tank = folded(Some(tank), "nina", 0, &out.unwrap()).unwrap();
    let closed = look(&tank, "LN2/T1/B1/A1").out_of_service;
    assert_eq!(closed, Some(("LN2/T1".to_owned(), "level alarm".to_owned())));
}

// Materials --------------------------------------------------------------------------------------

fn receipt() -> Receipt {
    Receipt {
        material: MaterialCode::parse("HSA-20").unwrap(),
        title: "Human serum albumin 20 %".to_owned(),
        supplier: "Fictitious Plasma Ltd".to_owned(),
        packages: 2,
        package_size: Quantity::parse("100", Unit::Millilitre).unwrap(),
        expires_at: at(300),
        in_use_limit: Some(Span::of_days(7)),
        origin: Origin::Human,
        certificate: Some("CoA 12".to_owned()),
        safety_evidence: Some("VS 3".to_owned()),
        storage: "2 to 8 °C".to_owned(),
    }
}

fn lot_id() -> LotId {
    LotId::parse("HSA-20/L17").unwrap()
}

fn received(receipt: &Receipt) -> MaterialLot {
    let changes = material::receive(&lot_id(), receipt, None, &context("ana", 0)).unwrap();
    folded(None, "ana", 0, &changes).unwrap()
}

fn release(who: &str) -> material::Command {
    material::Command::Release { because: "CoA checked".to_owned(), signature: signature(who) }
}

fn after(lot: MaterialLot, who: &str, day: i64, command: &material::Command) -> MaterialLot {
    let changes = material::decide(&lot, command, &context(who, day)).unwrap();
    folded(Some(lot), who, day, &changes).unwrap()
}

fn released() -> MaterialLot {
    after(received(&receipt()), "nina", 0, &release("nina"))
}

#[test]
fn a_lot_is_received_once_under_its_own_material_and_in_date() {
    let known = received(&receipt());
    let ask =
        |receipt: &Receipt, known| material::receive(&lot_id(), receipt, known, &context("ana", 0));
    refused(ask(&receipt(), Some(&known)), "lot_exists", "received before");
    let other = Receipt { material: MaterialCode::parse("DMSO").unwrap(), ..receipt() };
    refused(ask(&other, None), "lot_of_other_material", "HSA-20/L17");
    let old = Receipt { expires_at: at(0), ..receipt() };
    refused(ask(&old, None), "material_expired", "expired on");
    refused(ask(&Receipt { packages: 0, ..receipt() }, None), "entry_missing", "packages");
    refused(
        ask(&Receipt { supplier: " ".to_owned(), ..receipt() }, None),
        "entry_missing",
        "supplier",
    );
}

#[test]
fn a_lot_in_quarantine_or_rejected_is_not_used() {
    let lot = received(&receipt());
    refused(material::take(&lot, &context("ana", 1)), "material_not_released", "quarantine");
    let reject =
        material::Command::Reject { because: "cloudy".to_owned(), signature: signature("nina") };
    let lot = after(lot, "nina", 1, &reject);
    refused(material::take(&lot, &context("ana", 1)), "material_not_released", "rejected");
    refused(
        material::decide(&lot, &release("nina"), &context("nina", 2)),
        "already_decided",
        "rejected",
    );
}

#[test]
fn qa_releases_only_with_certificate_evidence_and_never_its_own_receipt() {
    let ask = |receipt: Receipt, who: &str| {
        material::decide(&received(&receipt), &release(who), &context(who, 1))
    };
    refused(ask(receipt(), "ana"), "decider_is_receiver", "ana received lot");
    refused(ask(Receipt { certificate: None, ..receipt() }, "nina"), "certificate_missing", "file");
    let unsafe_lot = Receipt { safety_evidence: None, ..receipt() };
    refused(ask(unsafe_lot, "nina"), "safety_evidence_missing", "human origin");
    let salt = Receipt { origin: Origin::Synthetic, safety_evidence: None, ..receipt() };
    assert!(ask(salt, "nina").is_ok());
    let late = material::decide(&received(&receipt()), &release("nina"), &context("nina", 300));
    refused(late, "material_expired", "expired");
}

#[test]
fn an_expired_lot_is_not_used() {
    let lot = released();
    assert!(lot.usable(at(299)).is_ok());
    refused(lot.usable(at(300)), "material_expired", "lot HSA-20/L17 expired");
}

#[test]
fn an_opened_bottle_past_its_in_use_limit_is_not_used() {
    let lot = released();
    let opened = material::take(&lot, &context("ana", 10)).unwrap();
    assert_eq!(opened.len(), 1, "the first use opens a package");
    let lot = folded(Some(lot), "ana", 10, &opened).unwrap();
    assert!(material::take(&lot, &context("ana", 16)).unwrap().is_empty());
    refused(material::take(&lot, &context("ana", 17)), "in_use_limit_passed", "Discard it");
    let lot = after(lot, "ana", 17, &material::Command::Open);
    assert!(material::take(&lot, &context("ana", 18)).is_ok());
    let third = material::decide(&lot, &material::Command::Open, &context("ana", 18));
    refused(third, "no_package_left", "all 2 packages");
}

#[test]
fn what_is_used_up_is_used_up() {
    let lot = after(released(), "ana", 1, &material::Command::UseUp);
    refused(material::take(&lot, &context("ana", 2)), "material_used_up", "used up on");
    let again = material::decide(&lot, &material::Command::UseUp, &context("ana", 2));
    refused(again, "material_used_up", "used up on");
}

#[test]
fn a_released_lot_can_still_be_rejected() {
    let reject =
        material::Command::Reject { because: "recall".to_owned(), signature: signature("nina") };
    assert_eq!(after(released(), "nina", 2, &reject).disposition, Disposition::Rejected);
}

// Equipment --------------------------------------------------------------------------------------

fn incubator() -> Equipment {
    let registration = Registration {
        kind: EquipmentKind::Incubator,
        title: "Incubator 1".to_owned(),
        room: "Clean room C1".to_owned(),
        calibration_due: Some(at(100)),
        cleaning_holds: Some(Span::of_days(14)),
    };
    let asset = AssetId::parse("EQ-INC-01").unwrap();
    let changes = equipment::register(&asset, &registration, None).unwrap();
    let known: Equipment = folded(None, "nina", 0, &changes).unwrap();
    refused(
        equipment::register(&asset, &registration, Some(&known)),
        "equipment_exists",
        "EQ-INC-01",
    );
    known
}

fn then(device: Equipment, day: i64, command: &equipment::Command) -> Equipment {
    let changes = equipment::decide(&device, command, &context("ana", day)).unwrap();
    folded(Some(device), "ana", day, &changes).unwrap()
}

#[test]
fn equipment_is_used_only_clean_calibrated_and_in_service() {
    let device = incubator();
    refused(device.usable(at(1)), "equipment_not_clean", "no cleaning is on record");
    let device = then(device, 1, &equipment::Command::Clean { with: "70 % ethanol".to_owned() });
    assert!(device.usable(at(14)).is_ok());
    refused(device.usable(at(15)), "equipment_not_clean", "held until");
    let device = then(device, 95, &equipment::Command::Clean { with: "70 % ethanol".to_owned() });
    refused(device.usable(at(100)), "calibration_due", "was due on");
    let calibrate =
        |due| equipment::Command::Calibrate { reference: "CAL 9".to_owned(), due_at: at(due) };
    refused(
        equipment::decide(&device, &calibrate(99), &context("ana", 100)),
        "due_in_past",
        "past",
    );
    let device = then(device, 100, &calibrate(465));
    assert!(device.usable(at(101)).is_ok());
    let out = equipment::Command::TakeOutOfService { because: "door seal".to_owned() };
    let device = then(device, 101, &out);
    refused(device.usable(at(101)), "equipment_out_of_service", "door seal");
    refused(equipment::decide(&device, &out, &context("ana", 101)), "status_unchanged", "already");
    let back = equipment::Command::PutInService {
        because: "seal replaced".to_owned(),
        signature: signature("nina"),
    };
    assert!(then(device, 102, &back).usable(at(102)).is_ok());
}
