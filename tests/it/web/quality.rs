//! Donors, tests and deviations through the pages: the rules refuse there as they do in the core.

use chorda::app::batch_end::batch_end_open;
use chorda::app::user_register::console;
use chorda::clock::Clock;
use chorda::domain::Change;
use chorda::domain::actor::Role;
use chorda::domain::batch::{self, Batch};
use chorda::domain::id::{BatchNumber, ContainerCode, Name};
use chorda::domain::master_record;
use chorda::domain::quality::{Criterion, Event, Limit, Specification, TestRequest};
use chorda::domain::quantity::{Rounding, Unit};
use chorda::domain::time::Instant;

use super::app::{Client, PASSWORD, Page, TestApp};

/// Signs the form of this page with the password of everybody.
fn sign(client: &Client, path: &str, fields: &[(&str, &str)]) -> Page {
    let form = client.get(path);
    assert_eq!(form.status, 200, "{path}: {}", form.text());
    let hash = form.entry("sign_hash").expect("the page shows what is signed");
    sign_over(client, path, &hash, fields)
}

fn sign_over(client: &Client, path: &str, hash: &str, fields: &[(&str, &str)]) -> Page {
    let mut all = vec![("sign_hash", hash), ("sign_password", PASSWORD)];
    all.extend_from_slice(fields);
    client.post_form(path, &all)
}

fn registered(technician: &Client) {
    let fields = [("tested_person", "TE-26-0117"), ("relation", "mother")];
    let page = technician.post_form("/donors", &fields);
    assert_eq!(page.location(), "/donors/DNR-0001", "{}", page.text());
}

fn consented(technician: &Client) {
    let fields = [
        ("scope_donation", "yes"),
        ("scope_storage", "yes"),
        ("scope_manufacture", "yes"),
        ("scope_clinical_use", "yes"),
        ("form_version", "3"),
        ("document", "TE archive"),
        ("given_at", "2026-01-10T09:00"),
    ];
    let page = technician.post_form("/donors/DNR-0001/enter/consent", &fields);
    assert_eq!(page.status, 303, "{}", page.text());
}

#[test]
fn a_donor_is_a_code_and_nothing_is_recorded_before_consent() {
    let app = TestApp::start();
    let technician = app.client(Role::Technician);
    let fields = [("tested_person", "Ana Novak"), ("relation", "mother")];
    let page = technician.post_form("/donors", &fields);
    assert_eq!(page.status, 422);
    page.says("not a pseudonymous reference");
    registered(&technician);
    let sample = [("purpose", "donation"), ("drawn_at", "2026-01-11T09:00"), ("matrix", "serum")];
    let page = technician.post_form("/donors/DNR-0001/enter/sample", &sample);
    assert_eq!(page.status, 422);
    page.says("before consent to the donation");
    let qa = app.client(Role::Qa);
    assert_eq!(qa.post_form("/donors", &fields).status, 403, "QA does not register donors");
}

#[test]
fn the_questionnaire_is_not_kept_with_an_open_question() {
    let app = TestApp::start();
    let technician = app.client(Role::Technician);
    registered(&technician);
    consented(&technician);
    let fields = [("form_version", "2"), ("interviewed_at", "2026-01-11T09:00")];
    let page = technician.post_form("/donors/DNR-0001/enter/questionnaire", &fields);
    assert_eq!(page.status, 422);
    page.says("of the exclusion criteria are not answered");
    let form = technician.get("/donors/DNR-0001/enter/questionnaire");
    let questions: Vec<String> = form
        .body
        .split("name=\"q_")
        .skip(1)
        .map(|rest| format!("q_{}", rest.split('"').next().unwrap()))
        .collect();
    assert!(questions.len() > 20, "{}", questions.len());
    let mut answered: Vec<(&str, &str)> = fields.to_vec();
    answered.extend(questions.iter().map(|name| (name.as_str(), "no")));
    let page = technician.post_form("/donors/DNR-0001/enter/questionnaire", &answered);
    assert_eq!(page.status, 422);
    page.says("the haemodilution question is not answered");
    answered.extend([("blood_or_colloids", "no"), ("crystalloids", "no")]);
    let page = technician.post_form("/donors/DNR-0001/enter/questionnaire", &answered);
    assert_eq!(page.status, 303, "{}", page.text());
}

#[test]
fn qa_signs_eligibility_only_when_the_rules_are_met_and_only_what_was_shown() {
    let app = TestApp::start();
    let technician = app.client(Role::Technician);
    let qa = app.client(Role::Qa);
    registered(&technician);
    let path = "/donors/DNR-0001/sign/eligible";
    sign(&qa, path, &[]).says("no donation yet");
    let before = qa.get(path).entry("sign_hash").unwrap();
    consented(&technician);
    let stale = sign_over(&qa, path, &before, &[]);
    assert_eq!(stale.status, 409, "{}", stale.text());
    let receive = [
        ("din", "A9999260000018"),
        ("tissue", "umbilical_cord"),
        ("donated_at", "2026-01-11T06:00"),
        ("received_at", "2026-01-11T12:00"),
        ("temperature", "5"),
        ("length", "32,5"),
        ("condition", "intact"),
    ];
    let entry = "/donors/DNR-0001/enter/donation";
    let mistyped: Vec<(&str, &str)> = receive
        .iter()
        .map(|(name, value)| (*name, if *name == "din" { "A9999260000019" } else { *value }))
        .collect();
    assert_eq!(technician.post_form(entry, &mistyped).status, 422, "wrong check character");
    let page = technician.post_form(entry, &receive);
    assert_eq!(page.status, 303, "{}", page.text());
    let again = technician.post_form(entry, &receive);
    again.says("was received before");
    let page = sign(&qa, path, &[]);
    assert_eq!(page.status, 422);
    page.says("not eligible by the rules in force");
    qa.get("/donors/DNR-0001").says("rules are not met");
    let wrong = qa.get(path).entry("sign_hash").unwrap();
    let page = qa.post_form(path, &[("sign_hash", &wrong), ("sign_password", "not it at all")]);
    assert_eq!(page.status, 422);
    page.says("password is wrong");
}

#[test]
fn a_sample_drawn_late_and_a_reactive_marker_are_found_by_the_rules() {
    let app = TestApp::start();
    let technician = app.client(Role::Technician);
    let qa = app.client(Role::Qa);
    registered(&technician);
    consented(&technician);
    let receive = [
        ("din", "A9999260000018"),
        ("tissue", "umbilical_cord"),
        ("donated_at", "2026-01-11T06:00"),
        ("received_at", "2026-01-11T12:00"),
        ("temperature", "5"),
        ("length", "32,5"),
        ("condition", "intact"),
    ];
    let page = technician.post_form("/donors/DNR-0001/enter/donation", &receive);
    assert_eq!(page.status, 303, "{}", page.text());
    let late = [("purpose", "donation"), ("drawn_at", "2026-01-18T06:01"), ("matrix", "serum")];
    let page = technician.post_form("/donors/DNR-0001/enter/sample", &late);
    assert_eq!(page.status, 303, "{}", page.text());
    let shown = qa.get("/donors/DNR-0001");
    for rule in ["DON-2", "DON-3", "DON-4", "DON-7"] {
        shown.says(rule);
    }
    let refused = sign(&qa, "/donors/DNR-0001/sign/eligible", &[]);
    assert_eq!(refused.status, 422);
    refused.says("not eligible by the rules in force");
    let reactive = [
        ("sample", "1"),
        ("marker", "anti_hiv"),
        ("reaction", "reactive"),
        ("laboratory", "Example laboratory"),
        ("method", "EIA"),
        ("report", "R-1"),
        ("reported_at", "2026-01-20T10:00"),
    ];
    let page = technician.post_form("/donors/DNR-0001/enter/result", &reactive);
    assert!(page.status == 303 || page.status == 200, "{}", page.text());
    qa.get("/donors/DNR-0001").says("on hold");
    qa.get("/trace?code=DNR-0001").says("on hold");
}

#[test]
fn no_donor_is_registered_on_a_day_without_rules() {
    let clock = Clock::manual(Instant::parse("2027-08-07T08:00:00Z").unwrap());
    let app = TestApp::with_clock(clock);
    let technician = app.client(Role::Technician);
    let fields = [("tested_person", "TE-26-0117"), ("relation", "mother")];
    let page = technician.post_form("/donors", &fields);
    assert!(page.status == 409 || page.status == 422, "{}", page.text());
    page.says("0 donor rule sets are in force");
}

/// A test of a batch whose sample was drawn.
fn requested(app: &TestApp) {
    let event = Event::Requested {
        batch: BatchNumber::parse("B-2026-0001").unwrap(),
        test: Name::parse("viability").unwrap(),
        title: "Viability".to_owned(),
        stage: "final".to_owned(),
        step: None,
        sample: Some(ContainerCode::parse("CT0000018").unwrap()),
        specification: Specification {
            code: "SPEC-1".to_owned(),
            version: 1,
            method: "2.7.29".to_owned(),
            method_version: 1,
            matrix: "final product".to_owned(),
            criteria: vec![Criterion {
                name: Name::parse("viability").unwrap(),
                title: "Viability".to_owned(),
                unit: Unit::Percent,
                decimals: 0,
                rounding: Rounding::HalfUp,
                limit: Limit::AtLeast { value: 80.into() },
            }],
            incubation: None,
            pending_allowed: false,
            on_certificate: true,
        },
    };
    let caller = console(&app.app).unwrap();
    app.app
        .write(&caller, &"a test request", move |tx| {
            tx.record([Change::of::<TestRequest>("B-2026-0001.viability", event.clone())])
        })
        .unwrap();
}

#[test]
fn a_result_is_received_entered_judged_signed_and_reviewed_by_another() {
    let now = Instant::parse("2026-11-22T10:00:00Z").unwrap();
    let app = TestApp::with_clock(Clock::manual(now));
    requested(&app);
    app.register("petra", "Petra Kos", &[Role::QcAnalyst]);
    let (analyst, other) = (app.client(Role::QcAnalyst), app.signed_in("petra"));
    analyst.get("/samples").says("Samples to receive");
    // The clock stands still at this minute, told in the site's zone.
    let at = "2026-11-22T11:00";
    let wrong = [("sample", "CT0000026"), ("condition", "intact"), ("at", at)];
    let page = analyst.post_form("/tests/B-2026-0001.viability/receive", &wrong);
    assert_eq!(page.status, 422);
    let right = [("sample", "CT0000018"), ("condition", "intact"), ("at", at)];
    let page = analyst.post_form("/tests/B-2026-0001.viability/receive", &right);
    assert_eq!(page.status, 303, "{}", page.text());
    let sign_path = "/tests/B-2026-0001.viability/sign/result";
    let values = [("v_viability", "79,4"), ("at", at)];
    let early = analyst.post_form(sign_path, &values);
    let hash = early.entry("sign_hash").unwrap();
    let exact = early.entry("exact").unwrap();
    let mut fields = values.to_vec();
    fields.push(("exact", &exact));
    sign_over(&analyst, sign_path, &hash, &fields).says("was not begun");
    let page = analyst.post_form("/tests/B-2026-0001.viability/start", &[("at", at)]);
    assert_eq!(page.status, 303, "{}", page.text());
    let shown = analyst.post_form(sign_path, &values);
    shown.says("79 %").says("Out of specification");
    let hash = shown.entry("sign_hash").unwrap();
    let exact = shown.entry("exact").unwrap();
    let mut fields = values.to_vec();
    fields.push(("exact", &exact));
    let page = sign_over(&analyst, sign_path, &hash, &fields);
    assert_eq!(page.status, 303, "{}", page.text());
    let review = "/tests/B-2026-0001.viability/sign/review";
    sign(&analyst, review, &[]).says("cannot review it");
    let page = sign(&other, review, &[]);
    assert_eq!(page.status, 303, "{}", page.text());
    other.get("/tests/B-2026-0001.viability").says("out of specification");
    let qa = app.client(Role::Qa);
    qa.get("/deviations").says("Viability of B-2026-0001 out of specification");
}

#[test]
fn who_opened_a_deviation_does_not_close_it() {
    let app = TestApp::start();
    app.register("oto", "Oto Kralj", &[Role::Qa]);
    let (qa, oto) = (app.client(Role::Qa), app.signed_in("oto"));
    let fields = [("class", "major"), ("title", "Spilled"), ("description", "5 ml of medium")];
    let page = qa.post_form("/deviations", &fields);
    assert_eq!(page.status, 303, "{}", page.text());
    let address = page.location().to_owned();
    let close = format!("{address}/sign/close");
    sign(&qa, &close, &[("conclusion", "seen")]).says("is not decided");
    let decision = [
        ("class", "minor"),
        ("root_cause", "slip"),
        ("impact", "none"),
        ("actions", "cleaned"),
        ("outcome", "continue"),
    ];
    let page = sign(&qa, &format!("{address}/sign/decide"), &decision);
    assert_eq!(page.status, 303, "{}", page.text());
    sign(&qa, &close, &[("conclusion", "seen")]).says("Another must");
    let page = sign(&oto, &close, &[("conclusion", "seen")]);
    assert_eq!(page.status, 303, "{}", page.text());
    oto.get("/deviations").says("Nothing is open");
}

#[test]
fn the_release_queue_is_there_and_an_unknown_batch_is_not() {
    let app = TestApp::start();
    let qp = app.client(Role::QualifiedPerson);
    qp.get("/release").says("Nothing waits");
    assert_eq!(qp.get("/release/B-2026-0001").status, 404);
    assert_eq!(qp.get("/release/B-2026-0001/sign/final").status, 404);
    let technician = app.client(Role::Technician);
    assert_eq!(technician.get("/release/B-2026-0001/sign/final").status, 403);
}

/// A batch whose last step is said to be done, though its record shows nothing of it.
fn completed(app: &TestApp) {
    let text = include_str!("../../../templates/mbr/eq-msc-p1.toml");
    let record = master_record::parse(text).expect("the record of the first process");
    let started = batch::Event::Started {
        record: record.record.clone(),
        text: text.to_owned(),
        title: record.title.clone(),
        product: record.product.clone(),
        order: None,
        patient: None,
        dose_units: Vec::new(),
        din: None,
    };
    let caller = console(&app.app).unwrap();
    app.app
        .write(&caller, &"a batch", move |tx| {
            let done = batch::Event::Completed { performances: 0 };
            tx.record([
                Change::of::<Batch>("B-2026-0001", started.clone()),
                Change::of::<Batch>("B-2026-0001", done),
            ])
        })
        .unwrap();
}

#[test]
fn a_batch_with_gaps_is_reviewed_by_exception_and_not_certified() {
    let app = TestApp::start();
    completed(&app);
    let (qa, qp) = (app.client(Role::Qa), app.client(Role::QualifiedPerson));
    qa.get("/release").says("B-2026-0001").says("blocked");
    let page = qa.get("/release/B-2026-0001");
    assert_eq!(page.status, 200, "{}", page.text());
    page.says("Missing: step").says("checks passed").says("I reviewed this");
    let final_act = "/release/B-2026-0001/sign/final";
    let particulars = [
        ("strength", "1"),
        ("form", "suspension"),
        ("package", "1 vial"),
        ("authorisation", "MIA-0"),
    ];
    sign(&qp, final_act, &particulars).says("has not been reviewed");

    let hash = page.entry("sign_hash").unwrap();
    let path = "/release/B-2026-0001/review";
    sign_over(&qa, path, &hash, &[("conclusion", "gaps")]).says("have no remark");
    let count = page.body.matches("name=\"k_").count();
    let mut fields = vec![("conclusion".to_owned(), "gaps".to_owned())];
    for index in 0..count {
        let key = page.entry(&format!("k_{index}")).unwrap();
        fields.push((format!("k_{index}"), key));
        fields.push((format!("r_{index}"), "seen".to_owned()));
    }
    let pairs: Vec<(&str, &str)> = fields.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    let signed = sign_over(&qa, path, &hash, &pairs);
    assert_eq!(signed.status, 303, "{}", signed.text());

    qp.get(final_act).says("Stands in the way");
    sign(&qp, final_act, &particulars).says("certification is not possible");
    let stale = sign_over(&qa, path, &hash, &pairs);
    assert_eq!(stale.status, 409, "{}", stale.text());

    let hold = "/release/B-2026-0001/sign/hold";
    assert_eq!(sign(&qa, hold, &[("because", "complaint")]).status, 303);
    qa.get("/release/B-2026-0001").says("complaint");
    assert_eq!(sign(&qp, "/release/B-2026-0001/sign/lift", &[("because", "cleared")]).status, 303);
    reject(&app, &qa, "B-2026-0001");
    sign(&qa, hold, &[("because", "again")]).says("the batch is rejected");
}

/// Rejects a batch, with the last decision possible for everything of it that is open.
fn reject(app: &TestApp, qa: &Client, number: &str) {
    let number = BatchNumber::parse(number).unwrap();
    let end = format!("/batches/{number}/end/reject");
    let reason = vec![("reason".to_owned(), "gaps".to_owned())];
    let open = batch_end_open(&app.app, &number).unwrap();
    let decided = open.iter().map(|item| {
        let last = item.choices.last().unwrap().code();
        (format!("of.{}", item.key), last.to_owned())
    });
    let fields: Vec<(String, String)> = reason.into_iter().chain(decided).collect();
    let mut fields: Vec<(&str, &str)> =
        fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert!(open.is_empty() || qa.post_form(&end, &fields[..1]).status == 422);
    let review = qa.post_form(&end, &fields);
    let hash = review.entry("sign_hash").unwrap_or_else(|| panic!("{}", review.text()));
    fields.extend([("sign_hash", hash.as_str()), ("sign_password", PASSWORD)]);
    assert_eq!(qa.post_form(&end, &fields).status, 303);
}
