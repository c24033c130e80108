//! Corrections through HTTP: a value corrected at the screen, checked by another person, and what is
//! refused.

use super::app::{Client, PASSWORD, Page, TestApp};
use super::batch::{batch, site, step};
use crate::app::batch::Plant;
use chorda::domain::actor::Role;
use chorda::domain::id::BatchNumber;

const RIGHT: [(&str, &str); 3] = [
    ("value", "cord_mass"),
    ("field.cord_mass", "39.2"),
    ("reason", "read before the pan had settled"),
];

/// A batch whose cord Ana received and Bor verified.
fn received() -> (TestApp, BatchNumber) {
    let (app, number) = site();
    let plant = Plant::over_stocked(app.app.clone(), &app.store);
    let pot = plant.labelled_cord();
    let values = [("transport_temperature", "5.5"), ("cord_mass", "38.2"), ("condition", "intact")];
    plant.done(&number, "clear_line", &[("nothing_else_present", "yes"), ("cleaned", "yes")], &[]);
    plant.done(&number, "receive_cord", &values, &[pot.code]);
    (app, number)
}

fn path(number: &BatchNumber) -> String {
    format!("{}/correct/1", step(number, "receive_cord"))
}

/// Fills in the right value and signs what the server then shows.
fn correct(client: &Client, number: &BatchNumber, fields: &[(&str, &str)]) -> Page {
    let review = client.post_form(&format!("{}/check", path(number)), fields);
    assert_eq!(review.status, 200, "{}", review.text());
    let hash = review.entry("sign_hash").unwrap();
    let mut all = fields.to_vec();
    all.extend([("sign_hash", hash.as_str()), ("sign_password", PASSWORD)]);
    client.post_form(&path(number), &all)
}

#[test]
fn a_value_is_corrected_at_the_screen_and_another_person_verifies_it() {
    let (app, number) = received();
    let ana = app.signed_in("ana");
    ana.get(&format!("/batches/{number}")).says("Correct a value");
    ana.get(&path(&number)).says("Which value is wrong?");
    let form = ana.get(&format!("{}?value=cord_mass", path(&number)));
    form.says("38.2 g");
    form.says("Why the signed value is wrong");
    let review = ana.post_form(&format!("{}/check", path(&number)), &RIGHT);
    for words in ["was 38.2 g", "39.2 g", "read before the pan had settled", "It does not cover"] {
        review.says(words);
    }
    review.says("A second person has to verify this correction");
    let signed = correct(&ana, &number, &RIGHT);
    assert_eq!(signed.status, 303, "{}", signed.text());
    let page = ana.get(&format!("/batches/{number}"));
    for words in ["was 38.2 g", "39.2 g", "Correction 1 waits for a second person", "to verify"] {
        page.says(words);
    }
    page.says("Does not cover any more, corrected since:");
    ana.get(&step(&number, "prepare_explants")).says("correction 1 of “Receive the cord”");
    assert!(page.body.contains("<del"), "the old value is struck through");
    assert!(!ana.get("/").text().contains("Corrections to verify"), "not by who corrected");
    let bor = app.signed_in("bor");
    bor.get("/").says("Corrections to verify");
    let check = format!("/batches/{number}/corrections/1");
    let qa = app.client(Role::Qa);
    let read = qa.get(&check);
    read.says("A second person has to verify this correction").says("39.2 g");
    assert!(read.entry("sign_hash").is_none(), "QA reads it and signs nothing here");
    let hash = bor.get(&check).entry("sign_hash").unwrap();
    let fields = [("sign_hash", hash.as_str()), ("sign_password", PASSWORD)];
    assert_eq!(bor.post_form(&check, &fields).status, 303);
    bor.get(&check).says("Verified");
    qa.get(&check).says("Verified");
    let verified = batch(&app, &number).corrections[0].verified.clone();
    assert_eq!(verified.unwrap().login.as_str(), "bor");
    for words in ["38.2 g", "39.2 g", "read before the pan had settled"] {
        qa.get(&format!("/audit/batch/{number}")).says(words);
    }
}

#[test]
fn nobody_verifies_their_own_correction_at_their_own_screen_or_at_anothers() {
    let (app, number) = received();
    let ana = app.signed_in("ana");
    assert_eq!(correct(&ana, &number, &RIGHT).status, 303);
    let check = format!("/batches/{number}/corrections/1");
    let page = ana.get(&check);
    page.says("A second person is needed");
    let hash = page.entry("second_hash").unwrap();
    let as_second = |login: &str| {
        let fields = [
            ("second_hash", hash.as_str()),
            ("second_login", login),
            ("second_password", PASSWORD),
        ];
        ana.post_form(&check, &fields)
    };
    let own = as_second("ana");
    assert_eq!(own.status, 422, "{}", own.text());
    own.says("performer and verifier are two people");
    assert!(batch(&app, &number).corrections[0].verified.is_none());
    assert_eq!(as_second("bor").status, 303);
}

#[test]
fn a_form_that_is_blank_stale_or_sent_twice_corrects_nothing_or_once() {
    let (app, number) = received();
    let ana = app.signed_in("ana");
    let check = format!("{}/check", path(&number));
    let with = |value: &str, reason: &str| {
        let fields = [("value", "cord_mass"), ("field.cord_mass", value), ("reason", reason)];
        ana.post_form(&check, &fields)
    };
    for (value, reason, words) in [
        ("", "slip", "nothing blank replaces a known value"),
        ("39.2", " ", "needed"),
        ("38.2", "slip", "there is nothing to correct"),
        ("39.2 kg", "slip", "is not right"),
    ] {
        let page = with(value, reason);
        assert_eq!(page.status, 422, "{value}: {}", page.text());
        page.says(words);
    }
    let zeros = "0".repeat(64);
    let mut fields = RIGHT.to_vec();
    fields.extend([("sign_hash", zeros.as_str()), ("sign_password", PASSWORD)]);
    let stale = ana.post_form(&path(&number), &fields);
    assert_eq!(stale.status, 409, "{}", stale.text());
    stale.says("changed since you looked");
    assert!(batch(&app, &number).corrections.is_empty());
    let hash = ana.post_form(&check, &RIGHT).entry("sign_hash").unwrap();
    let id = chorda::clock::new_id().to_string();
    let mut fields = RIGHT.to_vec();
    fields.extend([("sign_hash", hash.as_str()), ("sign_password", "not the password")]);
    assert_eq!(ana.post_form(&path(&number), &fields).status, 422);
    fields.pop();
    fields.extend([("sign_password", PASSWORD), ("command_id", id.as_str())]);
    ana.post_form(&path(&number), &fields);
    ana.post_form(&path(&number), &fields);
    assert_eq!(batch(&app, &number).corrections.len(), 1);
}

#[test]
fn correcting_is_for_technicians_and_what_is_not_there_is_not_found() {
    let (app, number) = received();
    for role in [Role::Qa, Role::QcAnalyst, Role::QualifiedPerson, Role::Inspector] {
        let client = app.client(role);
        assert_eq!(client.get(&path(&number)).status, 403, "{role:?}");
        assert_eq!(client.post_form(&path(&number), &RIGHT).status, 403, "{role:?}");
        let page = client.get(&format!("/batches/{number}"));
        assert!(!page.text().contains("Correct a value"), "{role:?}");
    }
    let ana = app.signed_in("ana");
    let missing = format!("{}/correct/9", step(&number, "receive_cord"));
    assert_eq!(ana.get(&missing).status, 404);
    assert_eq!(ana.get(&format!("/batches/{number}/corrections/1")).status, 404);
    ana.get(&path(&number)).says("Which value is wrong?");
}
