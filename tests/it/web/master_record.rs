//! Master records through HTTP: proposed, checked, compared, approved by another person, read,
//! retired; and what each of these refuses.

use super::app::{Client, PASSWORD, Page, TestApp};
use crate::app::batch::Plant;
use chorda::app::master_record_approve::SHIPPED;
use chorda::domain::actor::Role;
use chorda::domain::batch::BatchState;
use chorda::domain::master_record::RecordVersion;
use chorda::store::{batch as table, ledger};

const P1: &str = SHIPPED[0].1;

fn site() -> TestApp {
    let app = TestApp::start();
    app.register("eva", "Eva Čuk", &[Role::Qa]);
    app.register("klara", "Klara Dolenc", &[Role::Qa]);
    app.register("ana", "Ana Kos", &[Role::Technician]);
    app
}

fn known(app: &TestApp, key: &str) -> Option<RecordVersion> {
    app.app.read(|db| ledger::load::<RecordVersion>(db, key)).unwrap()
}

/// The second version of the donor culture, with a longer P1.
fn second() -> String {
    P1.replacen("version = 1\n", "version = 2\n", 1).replacen("max = \"10 d\"", "max = \"11 d\"", 1)
}

fn form<'f>(text: &'f str, request: &'f str) -> Vec<(&'f str, &'f str)> {
    vec![("text", text), ("reason", "To be tried"), ("change_request", request)]
}

/// Checks a text and signs what the server then shows.
fn propose(client: &Client, text: &str, request: &str) -> Page {
    let review = client.post_form("/master-records/propose", &form(text, request));
    assert_eq!(review.status, 200, "{}", review.text());
    let hash = review.entry("sign_hash").unwrap();
    let mut all = form(text, request);
    all.extend([("sign_hash", hash.as_str()), ("sign_password", PASSWORD)]);
    client.post_form("/master-records/propose", &all)
}

fn sign(client: &Client, form: &str, action: &str, fields: &[(&str, &str)]) -> Page {
    let page = client.get(form);
    assert_eq!(page.status, 200, "{}", page.text());
    let hash = page.entry("sign_hash").unwrap();
    let mut all = fields.to_vec();
    all.extend([("sign_hash", hash.as_str()), ("sign_password", PASSWORD)]);
    client.post_form(action, &all)
}

fn approve(client: &Client, key: &str, day: &str) -> Page {
    let path = format!("/master-records/{key}/approve");
    sign(client, &path, &path, &[("effective", day)])
}

fn today(app: &TestApp) -> String {
    app.app.clock.now().date_text(app.app.config.zone)
}

#[test]
fn a_text_with_faults_comes_back_with_each_fault_beside_its_line() {
    let app = site();
    let eva = app.signed_in("eva");
    let wrong = P1.replacen("min = \"10 d\"", "min = \"15 d\"", 1);
    let page = eva.post_form("/master-records/propose", &form(&wrong, ""));
    assert_eq!(page.status, 422);
    page.says("timer 'p0_to_growth' can never be met").says("min must not exceed max");
    page.says("min = \"15 d\"").says("timer_impossible");
    assert!(page.body.contains("To be tried"), "what was typed is kept");
    let unreadable = eva.post_form("/master-records/propose", &form("id = [", ""));
    assert_eq!(unreadable.status, 422);
    unreadable.says("not_toml");
    assert!(known(&app, "EQ-MSC-P1.1").is_none());
}

#[test]
fn a_version_is_proposed_by_one_person_and_approved_by_another() {
    let app = site();
    let (eva, klara) = (app.signed_in("eva"), app.signed_in("klara"));
    let plant = Plant::over(app.app.clone(), &app.store);
    let proposed = propose(&eva, P1, "");
    assert_eq!(proposed.status, 303, "{}", proposed.text());
    let show = eva.follow(proposed);
    show.says("Eva Čuk").says("To be tried").says("Receive the cord").says("proposed");
    assert!(plant.start_of("EQ-MSC-P1").is_err(), "what is only proposed starts no batch");
    let own = approve(&eva, "EQ-MSC-P1.1", &today(&app));
    assert!(own.status >= 400, "{}", own.status);
    own.says("author and approver are two people");
    assert!(known(&app, "EQ-MSC-P1.1").unwrap().approved.is_none());
    let approved = approve(&klara, "EQ-MSC-P1.1", &today(&app));
    assert_eq!(approved.status, 303, "{}", approved.text());
    klara.follow(approved).says("Klara Dolenc");
    klara.get("/master-records").says("approved").says("EQ-MSC-P1");
    plant.start_of("EQ-MSC-P1").unwrap();
}

#[test]
fn a_wrong_password_or_a_text_that_changed_signs_nothing() {
    let app = site();
    let eva = app.signed_in("eva");
    let review = eva.post_form("/master-records/propose", &form(P1, ""));
    let hash = review.entry("sign_hash").unwrap();
    let mut wrong = form(P1, "");
    wrong.extend([("sign_hash", hash.as_str()), ("sign_password", "not the password")]);
    assert_eq!(eva.post_form("/master-records/propose", &wrong).status, 422);
    let other = P1.replacen("max = \"10 d\"", "max = \"11 d\"", 1);
    let mut stale = form(&other, "");
    stale.extend([("sign_hash", hash.as_str()), ("sign_password", PASSWORD)]);
    assert_eq!(eva.post_form("/master-records/propose", &stale).status, 409);
    assert!(known(&app, "EQ-MSC-P1.1").is_none());
    // What a browser does to the ends of lines is no other text.
    let windows = P1.replace('\n', "\r\n");
    assert_eq!(propose(&eva, &windows, "").status, 303);
    assert_eq!(known(&app, "EQ-MSC-P1.1").unwrap().text, P1);
    let klara = app.signed_in("klara");
    let path = "/master-records/EQ-MSC-P1.1/approve";
    let foreign = "0".repeat(64);
    let day = today(&app);
    let fields =
        [("effective", day.as_str()), ("sign_hash", &foreign), ("sign_password", PASSWORD)];
    assert_eq!(klara.post_form(path, &fields).status, 409);
    assert!(known(&app, "EQ-MSC-P1.1").unwrap().approved.is_none());
}

#[test]
fn a_new_version_shows_what_changed_and_takes_effect_on_its_day() {
    let app = site();
    let (eva, klara) = (app.signed_in("eva"), app.signed_in("klara"));
    let plant = Plant::over(app.app.clone(), &app.store);
    plant.approve(P1).unwrap();
    let text = second();
    let bare = eva.post_form("/master-records/propose", &form(&text, ""));
    assert_eq!(bare.status, 422, "a new version answers a change request");
    let review = eva.post_form("/master-records/propose", &form(&text, "CR-2026-0007"));
    review.says("Timer 'P1 culture': maximum 10 d → 11 d").says("Record");
    assert_eq!(propose(&eva, &text, "CR-2026-0007").status, 303);
    let page = klara.get("/master-records/EQ-MSC-P1.2/approve");
    page.says("maximum 10 d → 11 d").says("CR-2026-0007").says("Production complete");
    page.says("Checked: nothing is wrong");
    let early = approve(&klara, "EQ-MSC-P1.2", "2020-01-01");
    assert_eq!(early.status, 422);
    early.says("cannot be in effect before it was approved");
    assert_eq!(approve(&klara, "EQ-MSC-P1.2", "2999-01-01").status, 303);
    klara.get("/master-records").says("approved, not yet in effect");
    // The version in force is still the first.
    let number = plant.start_of("EQ-MSC-P1").unwrap();
    let batch = app.app.read(|db| table::require(db, &number)).unwrap();
    assert_eq!(batch.record.version, 1);
}

#[test]
fn those_who_work_by_a_version_acknowledge_it_once() {
    let app = site();
    Plant::over(app.app.clone(), &app.store).approve_unread(P1).unwrap();
    let ana = app.signed_in("ana");
    let page = "/master-records/EQ-MSC-P1.1";
    ana.get(page).says("Nobody has acknowledged this version yet");
    let action = format!("{page}/acknowledge");
    let done = sign(&ana, page, &action, &[]);
    assert_eq!(done.status, 303, "{}", done.text());
    let again = ana.follow(done);
    again.says("Ana Kos");
    assert!(again.entry("sign_hash").is_none(), "there is nothing more to sign");
    assert_eq!(known(&app, "EQ-MSC-P1.1").unwrap().acknowledged.len(), 1);
}

#[test]
fn a_retired_version_starts_no_batch_and_a_running_one_keeps_its_copy() {
    let app = site();
    let plant = Plant::over(app.app.clone(), &app.store);
    plant.approve(P1).unwrap();
    let number = plant.start_of("EQ-MSC-P1").unwrap();
    let eva = app.signed_in("eva");
    let path = "/master-records/EQ-MSC-P1.1/retire";
    assert_eq!(sign(&eva, path, path, &[]).status, 422, "a reason is needed");
    assert_eq!(sign(&eva, path, path, &[("reason", "Replaced")]).status, 303);
    eva.get("/master-records/EQ-MSC-P1.1").says("Replaced").says("retired");
    assert!(plant.start_of("EQ-MSC-P1").is_err());
    let batch = app.app.read(|db| table::require(db, &number)).unwrap();
    assert_eq!((batch.state, batch.text.as_str()), (BatchState::InProcess, P1));
    let page = eva.get(&format!("/batches/{number}"));
    assert!(page.body.contains("href=\"/master-records/EQ-MSC-P1.1\""));
}

#[test]
fn only_qa_proposes_and_approves_and_everybody_in_the_plant_reads() {
    let app = site();
    Plant::over(app.app.clone(), &app.store).approve(P1).unwrap();
    let ana = app.signed_in("ana");
    ana.get("/master-records").says("EQ-MSC-P1");
    let page = ana.get("/master-records/EQ-MSC-P1.1");
    page.says("Seed explants (P0)").says("Production complete");
    assert_eq!(ana.get("/master-records/EQ-MSC-P1.1/file").body, P1);
    let drawing = ana.get("/master-records/EQ-MSC-P1.1/timeline");
    assert!(drawing.body.starts_with("<svg"));
    for path in ["/master-records/propose", "/master-records/EQ-MSC-P1.1/approve"] {
        assert_eq!(ana.get(path).status, 403, "{path}");
        assert_eq!(ana.post_form(path, &form(P1, "")).status, 403, "{path}");
    }
    assert_eq!(ana.get("/master-records/EQ-MSC-P9.1").status, 404);
}
