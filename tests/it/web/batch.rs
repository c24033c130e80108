//! Batches through HTTP: the rules of production, each broken once by a browser.

use super::app::{Client, PASSWORD, Page, TestApp};
use crate::app::batch::Plant;
use chorda::app::master_record_approve::SHIPPED;
use chorda::domain::actor::Role;
use chorda::domain::batch::{Batch, BatchState};
use chorda::domain::id::BatchNumber;
use chorda::store::batch as table;

pub(super) const CLEAR: [(&str, &str); 3] = [
    ("asset.0", "EQ-BIOSAFETY-CABINET"),
    ("field.nothing_else_present", "yes"),
    ("field.cleaned", "yes"),
];

/// A site with people, materials, equipment and one donor-culture batch.
pub(super) fn site() -> (TestApp, BatchNumber) {
    let app = TestApp::start();
    app.register("ana", "Ana Kos", &[Role::Technician]);
    app.register("bor", "Bor Zupan", &[Role::Technician]);
    let plant = Plant::over(app.app.clone(), &app.store);
    plant.approve(SHIPPED[0].1).unwrap();
    let number = plant.start_of("EQ-MSC-P1").unwrap();
    (app, number)
}

pub(super) fn batch(app: &TestApp, number: &BatchNumber) -> Batch {
    app.app.read(|db| table::require(db, number)).unwrap()
}

pub(super) fn step(number: &BatchNumber, step: &str) -> String {
    format!("/batches/{number}/steps/{step}")
}

/// Fills in a step and signs what the server then shows.
pub(super) fn perform(
    client: &Client,
    path: &str,
    fields: &[(&str, &str)],
    password: &str,
) -> Page {
    let review = client.post_form(&format!("{path}/check"), fields);
    assert_eq!(review.status, 200, "{}", review.text());
    let hash = review.entry("sign_hash").unwrap();
    let mut all = fields.to_vec();
    all.extend([("sign_hash", hash.as_str()), ("sign_password", password)]);
    client.post_form(path, &all)
}

pub(super) fn verify_as_second(client: &Client, path: &str, login: &str) -> Page {
    let path = format!("{path}/verify/1");
    let hash = client.get(&path).entry("second_hash").unwrap();
    let fields =
        [("second_hash", hash.as_str()), ("second_login", login), ("second_password", PASSWORD)];
    client.post_form(&path, &fields)
}

#[test]
fn a_technician_performs_and_another_verifies_at_the_same_screen() {
    let (app, number) = site();
    let ana = app.signed_in("ana");
    ana.get("/batches").says(number.as_str());
    ana.get(&format!("/batches/{number}")).says("Line clearance");
    ana.get(&format!("/batches/{number}/accounts")).says("Nothing booked");
    let clear = step(&number, "clear_line");
    ana.get(&clear).says("No material, label or document of another batch is present");
    let wrong = perform(&ana, &clear, &CLEAR, "not the password");
    assert_eq!(wrong.status, 422);
    assert!(batch(&app, &number).performances.is_empty(), "nothing is signed");
    let signed = perform(&ana, &clear, &CLEAR, PASSWORD);
    assert_eq!(signed.status, 303, "{}", signed.text());
    let own = verify_as_second(&ana, &clear, "ana");
    assert_eq!(own.status, 422);
    own.says("performer and verifier are two people");
    assert_eq!(verify_as_second(&ana, &clear, "bor").status, 303);
    let batch = batch(&app, &number);
    let performed = &batch.performances[0];
    assert_eq!(performed.signature.login.as_str(), "ana");
    assert_eq!(performed.verified.as_ref().unwrap().login.as_str(), "bor");
    ana.get(&format!("/batches/{number}")).says("Bor Zupan");
}

#[test]
fn passwords_of_a_second_person_cannot_be_guessed_at_a_performers_screen() {
    let (app, number) = site();
    let ana = app.signed_in("ana");
    let clear = step(&number, "clear_line");
    assert_eq!(perform(&ana, &clear, &CLEAR, PASSWORD).status, 303);
    for _ in 0..5 {
        assert_eq!(verify_as_second(&ana, &clear, "nobody-known").status, 422);
    }
    let page = verify_as_second(&ana, &clear, "nobody-known");
    assert_eq!(page.status, 429, "{}", page.text());
    assert!(!page.header("retry-after").is_empty());
    assert_eq!(verify_as_second(&ana, &clear, "bor").status, 303, "somebody else may");
}

#[test]
fn a_label_voided_between_the_page_and_the_signature_signs_nothing() {
    let (app, number) = site();
    let ana = app.signed_in("ana");
    let clear = step(&number, "clear_line");
    assert_eq!(perform(&ana, &clear, &CLEAR, PASSWORD).status, 303);
    assert_eq!(verify_as_second(&ana, &clear, "bor").status, 303);
    let plant = Plant::over_stocked(app.app.clone(), &app.store);
    let pot = plant.labelled_cord();
    let receive = step(&number, "receive_cord");
    let fields = [
        ("asset.0", "EQ-BALANCE"),
        ("scans", pot.first.as_str()),
        ("field.transport_temperature", "5.5"),
        ("field.cord_mass", "38.2"),
        ("field.condition", "intact"),
    ];
    let review = ana.post_form(&format!("{receive}/check"), &fields);
    assert_eq!(review.status, 200, "{}", review.text());
    let hash = review.entry("sign_hash").unwrap();
    plant.reprint(&pot);
    let mut signed = fields.to_vec();
    signed.extend([("sign_hash", hash.as_str()), ("sign_password", PASSWORD)]);
    let page = ana.post_form(&receive, &signed);
    assert_eq!(page.status, 422, "{}", page.text());
    page.says("void");
    assert_eq!(batch(&app, &number).performances.len(), 1, "nothing was recorded");
    signed[1] = ("scans", pot.second.as_str());
    let page = ana.post_form(&receive, &signed);
    assert_eq!(page.status, 303, "the valid label does: {}", page.text());
}

#[test]
fn a_refused_step_says_why_and_keeps_what_was_typed() {
    let (app, number) = site();
    let ana = app.signed_in("ana");
    let refused = |name: &str, fields: &[(&str, &str)], words: &str| {
        let page = ana.post_form(&format!("{}/check", step(&number, name)), fields);
        assert_eq!(page.status, 422, "{name}: {}", page.text());
        page.says(words);
        page
    };
    let early = [("lot.0", "ALPHA-MEM/L1"), ("lot.1", "HPL/L1"), ("asset.0", "EQ-INCUBATOR")];
    refused("seed_p0", &early, "comes first");
    let unknown = [("asset.0", "EQ-NOTHING-01"), CLEAR[1], CLEAR[2]];
    let page = refused("clear_line", &unknown, "nothing is known of EQ-NOTHING-01");
    assert_eq!(page.entry("asset.0"), None, "the page holds it as a field to correct");
    assert!(page.body.contains("EQ-NOTHING-01"));
    let foreign = [("asset.0", "EQ-INCUBATOR"), CLEAR[1], CLEAR[2]];
    refused("clear_line", &foreign, "does not use");
    refused("clear_line", &CLEAR[..2], "This entry is needed");
    let late = [CLEAR[0], CLEAR[1], CLEAR[2], ("performed_at", "2031-01-01T08:00")];
    refused("clear_line", &late, "future");
    assert!(batch(&app, &number).performances.is_empty());
}

#[test]
fn a_page_that_became_stale_and_a_form_sent_twice_record_nothing_twice() {
    let (app, number) = site();
    let ana = app.signed_in("ana");
    let clear = step(&number, "clear_line");
    let zeros = "0".repeat(64);
    let mut fields = CLEAR.to_vec();
    fields.extend([("sign_hash", zeros.as_str()), ("sign_password", PASSWORD)]);
    let stale = ana.post_form(&clear, &fields);
    assert_eq!(stale.status, 409);
    stale.says("changed since you looked");
    assert!(batch(&app, &number).performances.is_empty());
    let hash = ana.post_form(&format!("{clear}/check"), &CLEAR).entry("sign_hash").unwrap();
    let id = chorda::clock::new_id().to_string();
    let mut fields = CLEAR.to_vec();
    fields.extend([
        ("sign_hash", hash.as_str()),
        ("sign_password", PASSWORD),
        ("command_id", id.as_str()),
    ]);
    ana.post_form(&clear, &fields);
    ana.post_form(&clear, &fields);
    assert_eq!(batch(&app, &number).performances.len(), 1);
}

#[test]
fn production_is_for_technicians_and_giving_up_for_qa() {
    let (app, number) = site();
    let clear = step(&number, "clear_line");
    for role in [Role::Qa, Role::QcAnalyst, Role::QualifiedPerson, Role::Inspector] {
        let client = app.client(role);
        assert_eq!(client.get(&format!("/batches/{number}")).status, 200, "{role:?} reads");
        assert_eq!(client.post_form(&format!("{clear}/check"), &CLEAR).status, 403, "{role:?}");
        assert_eq!(client.post_form(&clear, &CLEAR).status, 403, "{role:?}");
    }
    for role in [Role::Administrator, Role::Clinician] {
        assert_eq!(app.client(role).get(&format!("/batches/{number}")).status, 403, "{role:?}");
    }
    let end = format!("/batches/{number}/end/give-up");
    assert_eq!(app.signed_in("ana").get(&end).status, 403);
    let qa = app.client(Role::Qa);
    assert_eq!(qa.post_form(&end, &[]).status, 422, "a reason is needed");
    let reason = ("reason", "incubator failed");
    let hash = qa.post_form(&end, &[reason]).entry("sign_hash").unwrap();
    let signed = [reason, ("sign_hash", hash.as_str()), ("sign_password", PASSWORD)];
    let ended = qa.post_form(&end, &signed);
    assert_eq!(ended.status, 303, "{}", ended.text());
    qa.follow(ended).says("The batch is given up").says("incubator failed");
    assert_eq!(batch(&app, &number).state, BatchState::Aborted);
    let page = app.signed_in("ana").post_form(&format!("{clear}/check"), &CLEAR);
    assert_eq!(page.status, 422);
    page.says("aborted");
}

#[test]
fn something_foreign_on_the_line_is_shown_until_it_is_taken_away() {
    let (app, number) = site();
    let ana = app.signed_in("ana");
    let clear = step(&number, "clear_line");
    let (line, removed) = (format!("{clear}/line"), format!("{clear}/line/removed"));
    let unread = ana.post_form(&line, &[("code", "???")]);
    assert_eq!(unread.status, 422);
    unread.says("no container, lot, batch or order");
    let own = ana.post_form(&line, &[("code", number.as_str())]);
    ana.follow(own).says("It belongs to this batch");
    let found = ana.post_form(&line, &[("code", "B-2026-0099")]);
    assert_eq!(found.status, 303, "{}", found.text());
    ana.follow(found).says("The line is not clear").says("B-2026-0099").says("DEV-");
    let refused = ana.post_form(&format!("{clear}/check"), &CLEAR);
    assert_eq!(refused.status, 422);
    refused.says("does not belong here");
    let nowhere = ana.post_form(&removed, &[("item", "B-2026-0099")]);
    assert_eq!(nowhere.status, 422);
    nowhere.says("Write it down");
    let gone = ana.post_form(&removed, &[("item", "B-2026-0099"), ("to", "the office")]);
    assert_eq!(gone.status, 303, "{}", gone.text());
    assert_eq!(perform(&ana, &clear, &CLEAR, PASSWORD).status, 303);
    ana.get(&format!("/batches/{number}")).says("taken to the office by ana");
}

#[test]
fn a_hold_point_is_signed_by_qa_and_not_before_there_is_something_to_assess() {
    let (app, _) = site();
    let plant = Plant::over_stocked(app.app.clone(), &app.store);
    plant.approve(SHIPPED[1].1).unwrap();
    let number = plant.start_of("EQ-MSC-BANK").unwrap();
    let hold = format!("/batches/{number}/hold-points/pool_agreed");
    assert_eq!(app.signed_in("ana").get(&hold).status, 403);
    let qa = app.client(Role::Qa);
    let hash = qa.get(&hold).entry("sign_hash").unwrap();
    let page = qa.post_form(&hold, &[("sign_hash", hash.as_str()), ("sign_password", PASSWORD)]);
    assert_eq!(page.status, 422);
    page.says("comes first");
    assert!(batch(&app, &number).hold_points.is_empty());
}

#[test]
fn a_batch_that_does_not_exist_is_not_found() {
    let (app, _) = site();
    let ana = app.signed_in("ana");
    assert_eq!(ana.get("/batches/B-2026-9999").status, 404);
    assert_eq!(ana.get("/batches/nonsense").status, 404);
    assert_eq!(ana.get("/batches/B-2026-9999/steps/clear_line").status, 404);
}
