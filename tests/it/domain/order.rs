//! The rules of an order, each broken once.

use super::protocol::{read, xerostomia};
use chorda::domain::actor::{Actor, Meaning, Role, Signature};
use chorda::domain::container::{self, Container, ContainerKind, Contents, Custodian, Fate};
use chorda::domain::disposition::Disposition;
use chorda::domain::id::{
    BatchNumber, CoiId, ContentHash, LocationPath, Login, MaterialCode, OrderNumber, PatientCode,
    StationId,
};
use chorda::domain::language::Wording;
use chorda::domain::order::{
    self, Allocate, Cancel, Close, Confirm, Order, Place, Placement, Refusal, Schedule, UnitFate,
    VialFacts,
};
use chorda::domain::protocol::{Course, DoseAsked, Protocol};
use chorda::domain::schedule::{Obstacle, Slot};
use chorda::domain::time::{Day, Instant};
use chorda::domain::{Aggregate, Change, Context, Recorded, Refusal as _};

pub(crate) fn now() -> Instant {
    Instant::parse("2026-11-22T10:00:00Z").unwrap()
}

pub(crate) fn login(text: &str) -> Login {
    Login::parse(text).unwrap()
}

pub(crate) fn signature(by: &str, meaning: Meaning) -> Signature {
    Signature {
        login: login(by),
        printed_name: format!("Dr. {by}"),
        role: Role::Clinician,
        meaning,
        at: now(),
        zone: "Europe/Ljubljana".to_owned(),
        content_hash: ContentHash::parse(&"0".repeat(64)).unwrap(),
    }
}

pub(crate) fn context(by: &str, at: Instant) -> Context {
    let role = Role::Technician;
    let actor = Actor { login: login(by), printed_name: by.to_owned(), role };
    Context { now: at, actor }
}

pub(crate) fn recorded(change: &Change, version: u64) -> Recorded {
    Recorded {
        stream: change.stream.clone(),
        version,
        at: now(),
        actor: login("ana"),
        role: Role::Technician,
        station: StationId::parse("ST-1").unwrap(),
        command_id: "c".to_owned(),
        reason: None,
        event: change.event.clone(),
    }
}

/// The state after the changes of its stream.
pub(crate) fn after<A: Aggregate>(state: Option<A>, changes: &[Change]) -> A {
    let mut state = state;
    for (index, change) in changes.iter().enumerate() {
        if let Some(event) = A::own(&change.event) {
            state = A::apply(state, &recorded(change, index as u64 + 1), event);
        }
    }
    state.unwrap()
}

fn slot() -> Slot {
    let thaw_on = Day::parse("2026-11-30").unwrap();
    Slot {
        infusion_on: Day::parse("2026-12-03").unwrap(),
        harvest_on: Day::parse("2026-12-03").unwrap(),
        qc_on: Some(Day::parse("2026-12-01").unwrap()),
        thaw_on,
        culture_days: 3,
        cancel_by: Instant::parse("2026-11-30T07:00:00Z").unwrap(),
    }
}

fn place_command() -> Place {
    place_under(&xerostomia())
}

fn place_under(protocol: &Protocol) -> Place {
    Place {
        patient: PatientCode::parse("XER-03").unwrap(),
        indication: "Radiation-induced xerostomia, grade 3".to_owned(),
        dose: DoseAsked::proposed(protocol),
        answers: protocol
            .eligibility
            .iter()
            .map(|criterion| (criterion.name.clone(), criterion.kind.wanted()))
            .collect(),
        signature: signature("neza", Meaning::Ordered),
    }
}

fn try_place(
    command: &Place,
    slot: &Result<Slot, Vec<Obstacle>>,
    open_order: Option<&OrderNumber>,
) -> Result<Vec<Change>, Refusal> {
    order::place(
        command,
        &Placement {
            number: &OrderNumber::parse("ORD-2026-0001").unwrap(),
            coi: &CoiId::parse("CHA999926000001").unwrap(),
            protocol: &xerostomia(),
            protocol_hash: &ContentHash::parse(&"a".repeat(64)).unwrap(),
            slot,
            open_order,
            course: &Course::default(),
            now: now(),
        },
    )
}

/// The changes of an order that is placed under the protocol of this hash, confirmed, scheduled.
pub(crate) fn history(protocol_hash: &ContentHash) -> Vec<Change> {
    history_of(&xerostomia(), protocol_hash)
}

/// The same under the protocol of a text.
pub(crate) fn history_under(text: &str) -> Vec<Change> {
    history_of(&read(text), &ContentHash::parse(&"a".repeat(64)).unwrap())
}

fn history_of(protocol: &Protocol, protocol_hash: &ContentHash) -> Vec<Change> {
    let placement = Placement {
        number: &OrderNumber::parse("ORD-2026-0001").unwrap(),
        coi: &CoiId::parse("CHA999926000001").unwrap(),
        protocol,
        protocol_hash,
        slot: &Ok(slot()),
        open_order: None,
        course: &Course::default(),
        now: now(),
    };
    let mut changes = order::place(&place_under(protocol), &placement).unwrap();
    let placed: Order = after(None, &changes);
    let command = Confirm { signature: signature("miha", Meaning::Verified) };
    changes.extend(order::confirm(&placed, &command).unwrap());
    changes.extend(order::schedule(&confirmed(), &scheduling(false)).unwrap());
    changes
}

pub(crate) fn placed() -> Order {
    after(None, &try_place(&place_command(), &Ok(slot()), None).unwrap())
}

fn confirmed() -> Order {
    let order = placed();
    let command = Confirm { signature: signature("miha", Meaning::Verified) };
    let changes = order::confirm(&order, &command).unwrap();
    after(Some(order), &changes)
}

fn scheduling(thawed: bool) -> Schedule {
    Schedule { slot: Ok(slot()), thawed, signature: signature("ana", Meaning::Approved) }
}

pub(crate) fn scheduled() -> Order {
    let order = confirmed();
    let changes = order::schedule(&order, &scheduling(false)).unwrap();
    after(Some(order), &changes)
}

fn vial() -> Container {
    let event = container::Event::Produced {
        kind: ContainerKind::Cryovial,
        contents: Contents {
            material: MaterialCode::parse("EQ-MSC").unwrap(),
            title: Wording::english("EQ-MSC"),
            passage: Some(1),
            volume: None,
            viable_cells: None,
        },
        donation: None,
        batch: None,
        step: None,
        output: None,
        number: 1,
        of: 60,
        identity: None,
        expires_at: Some(Instant::parse("2031-01-01T00:00:00Z").unwrap()),
        order: None,
        target: None,
        disposition: Disposition::Released,
        custodian: Custodian::Place { location: LocationPath::parse("LN2/T1/R1/B1/A1").unwrap() },
    };
    after(None, &[Change::of::<Container>("C00001X", event)])
}

fn allocate(
    order: &Order,
    vial: &Container,
    effective: Disposition,
    earlier: Option<&str>,
    because: Option<&str>,
) -> Result<Vec<Change>, Refusal> {
    let facts = VialFacts {
        container: vial,
        effective,
        cause: Some("donor DNR-0003"),
        earlier,
        origins: &[],
        stored_before: &[],
    };
    let command = Allocate { because: because.map(str::to_owned) };
    order::allocate(order, &command, &facts, &context("ana", now()))
}

fn allocated() -> Order {
    let order = scheduled();
    let changes = allocate(&order, &vial(), Disposition::Released, None, None).unwrap();
    assert_eq!(changes.len(), 2, "the order and the vial change together");
    after(Some(order), &changes)
}

#[test]
fn an_order_keeps_what_was_signed() {
    let order = placed();
    assert_eq!(order.units.len(), 4);
    assert_eq!(order.dose_volume.to_string(), "3.00 mL");
    assert_eq!(order.make_cells.unwrap().to_string(), "196 10*6");
    assert_eq!(order.answers.len(), xerostomia().eligibility.len());
    assert_eq!(order.protocol.bank_material.as_str(), "EQ-MSC");
}

#[test]
fn a_criterion_without_answer_or_with_the_wrong_one_is_refused() {
    let mut command = place_command();
    command.answers.pop();
    let refusal = try_place(&command, &Ok(slot()), None).unwrap_err();
    assert_eq!(refusal.rule(), "criterion_not_answered");
    for (index, _) in xerostomia().eligibility.iter().enumerate() {
        let mut command = place_command();
        command.answers[index].1 = !command.answers[index].1;
        let refusal = try_place(&command, &Ok(slot()), None).unwrap_err();
        assert_eq!(refusal.rule(), "patient_not_eligible", "{refusal}");
    }
}

#[test]
fn an_infeasible_day_a_second_open_order_and_no_indication_are_refused() {
    let full = Err(vec![Obstacle::DayTaken { used: 1, capacity: 1 }]);
    let refusal = try_place(&place_command(), &full, None).unwrap_err();
    assert_eq!(refusal.rule(), "day_not_feasible");
    assert!(refusal.to_string().contains("day taken"), "{refusal}");
    let other = OrderNumber::parse("ORD-2026-0009").unwrap();
    let refusal = try_place(&place_command(), &Ok(slot()), Some(&other)).unwrap_err();
    assert_eq!(refusal.rule(), "patient_has_order");
    let mut command = place_command();
    command.indication = "  ".to_owned();
    let refusal = try_place(&command, &Ok(slot()), None).unwrap_err();
    assert_eq!(refusal.rule(), "no_indication");
}

#[test]
fn who_placed_an_order_cannot_confirm_it() {
    let command = Confirm { signature: signature("neza", Meaning::Verified) };
    let refusal = order::confirm(&placed(), &command).unwrap_err();
    assert_eq!(refusal.rule(), "reader_is_orderer");
    let again = Confirm { signature: signature("miha", Meaning::Verified) };
    assert_eq!(order::confirm(&confirmed(), &again).unwrap_err().rule(), "already_confirmed");
}

#[test]
fn an_order_is_confirmed_before_it_is_scheduled_and_not_moved_after_the_thaw() {
    let refusal = order::schedule(&placed(), &scheduling(false)).unwrap_err();
    assert_eq!(refusal.rule(), "not_confirmed");
    let refusal = order::schedule(&scheduled(), &scheduling(true)).unwrap_err();
    assert_eq!(refusal.rule(), "past_point_of_no_return");
}

#[test]
fn only_a_released_free_stored_unthawed_vial_of_the_bank_is_allocated() {
    let order = scheduled();
    let released = Disposition::Released;
    let rule = |vial: &Container, effective| {
        allocate(&order, vial, effective, None, None).unwrap_err().rule()
    };
    for strict in Disposition::ALL.into_iter().skip(1) {
        assert_eq!(rule(&vial(), strict), "vial_not_released ATMP-26");
    }
    let mut other = vial();
    other.contents.material = MaterialCode::parse("EQ-MSC-P1").unwrap();
    assert_eq!(rule(&other, released), "vial_wrong_material");
    let mut spent = vial();
    spent.fate = Fate::Destroyed { at: now(), by: login("ana") };
    assert_eq!(rule(&spent, released), "vial_spent");
    let mut reserved = vial();
    reserved.reserved_for = Some(OrderNumber::parse("ORD-2026-0007").unwrap());
    assert_eq!(rule(&reserved, released), "vial_reserved");
    let mut thawed = vial();
    thawed.thaw_count = 1;
    assert_eq!(rule(&thawed, released), "vial_thawed ATMP-39");
    let mut old = vial();
    old.expires_at = Some(Instant::parse("2026-11-30T06:59:00Z").unwrap());
    assert_eq!(rule(&old, released), "vial_expires");
    let mut out = vial();
    out.custodian = Custodian::Person { login: login("ana") };
    assert_eq!(rule(&out, released), "vial_not_stored");
}

#[test]
fn the_vial_that_expires_first_is_taken_unless_a_reason_is_stated() {
    let order = scheduled();
    let try_with =
        |because| allocate(&order, &vial(), Disposition::Released, Some("C00000Y"), because);
    assert_eq!(try_with(None).unwrap_err().rule(), "not_first_expiring");
    assert_eq!(try_with(Some(" ")).unwrap_err().rule(), "not_first_expiring");
    assert!(try_with(Some("C00000Y is at the bottom of a full rack")).is_ok());
}

#[test]
fn nothing_is_allocated_before_the_schedule_or_beyond_the_need() {
    let early = allocate(&confirmed(), &vial(), Disposition::Released, None, None);
    assert_eq!(early.unwrap_err().rule(), "not_scheduled");
    let second = allocate(&allocated(), &vial(), Disposition::Released, None, None);
    assert_eq!(second.unwrap_err().rule(), "allocation_complete");
}

#[test]
fn an_allocation_is_undone_only_before_the_thaw_and_only_where_it_is() {
    let mut vial = vial();
    let order = allocated();
    assert_eq!(order::deallocate(&order, &vial).unwrap().len(), 2);
    assert_eq!(order::deallocate(&scheduled(), &vial).unwrap_err().rule(), "not_allocated");
    vial.thaw_count = 1;
    let refusal = order::deallocate(&order, &vial).unwrap_err();
    assert_eq!(refusal.rule(), "past_point_of_no_return");
}

#[test]
fn one_batch_is_made_for_an_allocated_order() {
    let batch = BatchNumber::parse("B-2026-0006").unwrap();
    assert_eq!(order::link_batch(&confirmed(), &batch).unwrap_err().rule(), "not_scheduled");
    assert_eq!(order::link_batch(&scheduled(), &batch).unwrap_err().rule(), "no_allocation");
    let order = allocated();
    let changes = order::link_batch(&order, &batch).unwrap();
    let linked = after(Some(order), &changes);
    assert_eq!(order::link_batch(&linked, &batch).unwrap_err().rule(), "batch_already_linked");
}

#[test]
fn cancelling_before_the_thaw_frees_the_vial_and_after_it_does_not() {
    let cancel = |thawed| Cancel {
        because: "patient has a fever".to_owned(),
        thawed,
        signature: signature("neza", Meaning::Approved),
    };
    let order = allocated();
    let before = order::cancel(&order, &cancel(false)).unwrap();
    assert_eq!(before.len(), 3, "cancelled, deallocated, reservation released");
    let after_thaw = order::cancel(&order, &cancel(true)).unwrap();
    assert_eq!(after_thaw.len(), 1);
    let no_reason = Cancel { because: " ".to_owned(), ..cancel(false) };
    assert_eq!(order::cancel(&order, &no_reason).unwrap_err().rule(), "no_reason");
    let over = after(Some(order), &before);
    assert_eq!(order::cancel(&over, &cancel(false)).unwrap_err().rule(), "order_is_over");
    assert!(over.allocated.is_empty());
}

#[test]
fn an_order_with_an_unaccounted_unit_cannot_close() {
    let order = allocated();
    let number = order.number.clone();
    let unit = |code: &str, fate: Fate| UnitFate {
        code: code.to_owned(),
        target: None,
        fate,
        on_excursion: false,
    };
    let given = Fate::Administered { order: number, at: now(), by: login("neza") };
    let destroyed = Fate::Destroyed { at: now(), by: login("neza") };
    let close = |units| Close { units, signature: signature("neza", Meaning::Approved) };
    let open = close(vec![unit("S1", given.clone()), unit("S2", Fate::Live)]);
    let refusal = order::close(&order, &open).unwrap_err();
    assert_eq!(refusal.rule(), "unaccounted_unit ATMP-16");
    assert!(refusal.to_string().contains("S2"), "{refusal}");
    assert_eq!(order::close(&order, &close(vec![])).unwrap_err().rule(), "nothing_made");
    let all = close(vec![unit("S1", given), unit("S2", destroyed)]);
    let changes = order::close(&order, &all).unwrap();
    let closed = after(Some(order), &changes).closed.unwrap();
    assert_eq!((closed.administered, closed.destroyed), (1, 1));
}
