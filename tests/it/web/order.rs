//! An order by hand, from the form to the last syringe, with the mistakes of a real day.

use chorda::clock;
use chorda::codes::{LabelCode, PrintSerial};
use chorda::domain::Change;
use chorda::domain::actor::Role;
use chorda::domain::container::{Container, ContainerKind, Contents, Custodian, Event};
use chorda::domain::disposition::Disposition;
use chorda::domain::id::{ContainerCode, LocationPath, Login, MaterialCode, Name, OrderNumber};
use chorda::domain::language::Wording;
use chorda::domain::quantity::{Quantity, Unit};
use chorda::domain::time::Span;
use chorda::store::container;

use super::app::{Client, PASSWORD, Page, TestApp};
use crate::support::{each_backend, envelope, person};

const GLANDS: [(&str, &str); 4] = [
    ("left_parotid", "1.00"),
    ("right_parotid", "1.00"),
    ("left_submandibular", "0.50"),
    ("right_submandibular", "0.50"),
];

/// The people of the story, registered.
pub(super) fn people(app: &TestApp) {
    app.register("neza", "Dr. Neža Primer", &[Role::Clinician]);
    app.register("miha", "Dr. Miha Vzorec", &[Role::Clinician]);
    app.register("rok", "Rok Izotop", &[Role::Clinician]);
    app.register("ana", "Ana Tehnik", &[Role::Technician]);
    app.register("eva", "Eva Kakovost", &[Role::Qa]);
}

pub(super) fn owned(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

/// Sends a form, reads the last look, signs it.
#[track_caller]
pub(super) fn sign(client: &Client, login: &str, path: &str, fields: &[(&str, &str)]) -> Page {
    let look = client.post_form(path, fields);
    assert_eq!(look.status, 200, "{path} asks for a signature: {}", look.text());
    sign_again(client, login, path, fields, &look, PASSWORD)
}

fn sign_again(
    client: &Client,
    login: &str,
    path: &str,
    fields: &[(&str, &str)],
    look: &Page,
    password: &str,
) -> Page {
    let hash = look.entry("sign_hash").expect("a content to sign");
    let mut signed = fields.to_vec();
    signed.extend([("sign_hash", hash.as_str()), ("sign_login", login)]);
    signed.push(("sign_password", password));
    client.post_form(path, &signed)
}

/// The order form, filled in well, for the first day offered.
pub(super) fn order_form(client: &Client, patient: &str) -> Vec<(String, String)> {
    let page = client.get("/orders/new");
    let day = page.body.split("name=\"day\" value=\"").nth(1).expect("a day is offered");
    let day = day.split('"').next().unwrap().to_owned();
    let mut fields = vec![
        ("protocol".to_owned(), "EQ-MSC-XER".to_owned()),
        ("patient".to_owned(), patient.to_owned()),
        ("indication".to_owned(), "Radiation-induced xerostomia".to_owned()),
        ("day".to_owned(), day),
    ];
    for (gland, volume) in GLANDS {
        let cells = if volume == "1.00" { "50" } else { "25" };
        fields.push((format!("on_{gland}"), "yes".to_owned()));
        fields.push((format!("cells_{gland}"), cells.to_owned()));
    }
    for criterion in &chorda::site::Site::example().unwrap().protocols[0].protocol.eligibility {
        let answer = if criterion.kind.wanted() { "yes" } else { "no" };
        fields.push((format!("answer_{}", criterion.name), answer.to_owned()));
    }
    fields
}

/// A placed order; gives its address.
fn placed(client: &Client, login: &str, patient: &str) -> String {
    let form = order_form(client, patient);
    let page = sign(client, login, "/orders", &owned(&form));
    assert_eq!(page.status, 303, "{}", page.text());
    page.location().to_owned()
}

pub(super) fn scheduled(app: &TestApp) -> String {
    let at = placed(&app.signed_in("neza"), "neza", "XER-03");
    let miha = app.signed_in("miha");
    let done = sign(&miha, "miha", &format!("{at}/decide/confirm"), &[]);
    assert_eq!(done.status, 303, "{}", done.text());
    let ana = app.signed_in("ana");
    let page = ana.get(&format!("{at}/schedule"));
    let day = page.body.split("name=\"day\" value=\"").nth(1).unwrap();
    let day = day.split('"').next().unwrap().to_owned();
    let done = sign(&ana, "ana", &format!("{at}/decide/schedule"), &[("day", &day)]);
    assert_eq!(done.status, 303, "{}", done.text());
    at
}

fn contents(material: &str, volume: Option<&str>) -> Contents {
    Contents {
        material: MaterialCode::parse(material).unwrap(),
        title: Wording::english(material),
        passage: Some(1),
        volume: volume.map(|text| Quantity::parse(text, Unit::Millilitre).unwrap()),
        viable_cells: None,
    }
}

pub(super) fn record(app: &TestApp, who: &str, changes: Vec<Change>) {
    let envelope = envelope(&person(who, Role::Technician), "bench-1");
    app.store.write(envelope, move |tx| tx.record(changes.clone())).expect("recorded");
}

pub(super) fn made(kind: ContainerKind, disposition: Disposition, custodian: Custodian) -> Event {
    Event::Produced {
        kind,
        contents: contents("EQ-MSC", None),
        donation: None,
        batch: None,
        step: None,
        output: None,
        number: 1,
        of: 1,
        identity: None,
        expires_at: None,
        order: None,
        target: None,
        disposition,
        custodian,
    }
}

pub(super) fn codes(app: &TestApp, kind: ContainerKind, n: u32) -> Vec<ContainerCode> {
    let codes: Vec<String> = app
        .store
        .write(envelope(&person("ana", Role::Technician), "bench-2"), move |tx| {
            let codes = container::next_codes(tx, kind, n)?;
            Ok(codes.iter().map(ToString::to_string).collect::<Vec<_>>())
        })
        .unwrap();
    codes.iter().map(|code| ContainerCode::parse(code).unwrap()).collect()
}

/// A vial of the bank in a position.
pub(super) fn vial(app: &TestApp, code: &ContainerCode, position: &str, disposition: Disposition) {
    let location = LocationPath::parse(position).unwrap();
    let event = made(ContainerKind::Cryovial, disposition, Custodian::Place { location });
    record(app, "ana", vec![Change::of::<Container>(code.as_str(), event)]);
}

/// Four labelled syringes of the order in ana's hands; gives what a scanner reads from each.
fn syringes(app: &TestApp, order: &str, expires: Span) -> Vec<String> {
    let codes = codes(app, ContainerKind::Syringe, 4);
    let mut labels = Vec::new();
    for (code, (gland, volume)) in codes.iter().zip(GLANDS) {
        let label = LabelCode::new(code, PrintSerial::FIRST).unwrap();
        let produced = Event::Produced {
            kind: ContainerKind::Syringe,
            contents: contents("EQ-MSC-P2", Some(volume)),
            donation: None,
            batch: None,
            step: None,
            output: None,
            number: 1,
            of: 4,
            identity: None,
            expires_at: Some(clock::now().plus(expires)),
            order: Some(OrderNumber::parse(order).unwrap()),
            target: Some(Name::parse(gland).unwrap()),
            disposition: Disposition::Released,
            custodian: Custodian::Person { login: Login::parse("ana").unwrap() },
        };
        let printed = Event::LabelPrinted {
            serial: 1,
            definition: "syringe".to_owned(),
            definition_version: 1,
            payload: label.printed(),
            copies: 1,
        };
        let events = [produced, printed, Event::LabelScannedBack { serial: 1 }];
        let changes = events.map(|event| Change::of::<Container>(code.as_str(), event));
        record(app, "ana", changes.to_vec());
        labels.push(label.printed());
    }
    labels
}

fn hand_over_form<'a>(labels: &'a [String], to: &'a str) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![
        ("patient", "XER-03"),
        ("to", to),
        ("destination", "Clinic, room 3"),
        ("condition", "box closed"),
    ];
    fields.extend(labels.iter().map(|label| ("scan", label.as_str())));
    fields
}

/// The order with its syringes at the clinic; gives address and labels.
pub(super) fn received(app: &TestApp) -> (String, Vec<String>) {
    let at = scheduled(app);
    let number = at.rsplit('/').next().unwrap();
    let labels = syringes(app, number, Span::of_hours(6));
    let ana = app.signed_in("ana");
    let form = hand_over_form(&labels, "neza");
    let done = sign(&ana, "ana", &format!("{at}/hand-over"), &form);
    assert_eq!(done.status, 303, "{}", done.text());
    let neza = app.signed_in("neza");
    let mut form = vec![("patient", "XER-03"), ("condition", "intact")];
    form.extend(labels.iter().map(|label| ("scan", label.as_str())));
    let done = sign(&neza, "neza", &format!("{at}/receive"), &form);
    assert_eq!(done.status, 303, "{}", done.text());
    (at, labels)
}

#[test]
fn the_form_shows_the_arithmetic_and_recomputes_it() {
    let app = TestApp::start();
    people(&app);
    let neza = app.signed_in("neza");
    let page = neza.get("/orders/new");
    page.says("4 syringes, 3.00 ml, 150 ×10⁶ cells").says("3.92 ml").says("too soon");
    let answer = neza
        .get("/orders/new/dose?on_left_parotid=yes&cells_left_parotid=45&cells_right_parotid=50");
    assert_eq!(answer.json()["total"], "1 syringe, 0.90 ml, 45 ×10⁶ cells");
    let answer = neza.get("/orders/new/dose?on_left_parotid=yes&cells_left_parotid=55");
    assert!(answer.json()["error"].as_str().unwrap().contains("outside the protocol's limits"));
}

#[test]
fn an_incomplete_an_ineligible_and_an_oversized_order_are_refused_with_words() {
    let app = TestApp::start();
    people(&app);
    let neza = app.signed_in("neza");
    let form = order_form(&neza, "XER-03");
    let without = |name: &str| -> Vec<(String, String)> {
        form.iter().filter(|(known, _)| known != name).cloned().collect()
    };
    let with = |name: &str, value: &str| {
        let mut fields = without(name);
        fields.push((name.to_owned(), value.to_owned()));
        neza.post_form("/orders", &owned(&fields))
    };
    let page = neza.post_form("/orders", &owned(&without("answer_age")));
    assert_eq!(page.status, 422);
    page.says("Answer yes or no.");
    with("answer_active_smoker", "yes").says("the patient is not eligible");
    with("cells_left_parotid", "60").says("outside the protocol's limits");
    with("day", "2020-01-01").says("too soon");
    with("patient", "Janez Novak").says("not a patient code");
}

#[test]
fn an_order_is_confirmed_by_another_person_and_cancelled_only_with_a_reason() {
    let app = TestApp::start();
    people(&app);
    let neza = app.signed_in("neza");
    let at = placed(&neza, "neza", "XER-03");
    neza.get(&at).says("ordered, to be confirmed").says("Dr. Neža Primer");
    let confirm = format!("{at}/decide/confirm");
    let refused = sign(&neza, "neza", &confirm, &[]);
    assert_eq!(refused.status, 403);
    refused.says("a second person must read and confirm it");
    let again = neza.post_form("/orders", &owned(&order_form(&neza, "XER-03")));
    again.says("already has the open order");
    let ana = app.signed_in("ana");
    let early = ana.get(&format!("{at}/schedule"));
    let day = early.body.split("name=\"day\" value=\"").nth(1).unwrap();
    let day = day.split('"').next().unwrap().to_owned();
    let refused = sign(&ana, "ana", &format!("{at}/decide/schedule"), &[("day", &day)]);
    assert_eq!(refused.status, 409);
    refused.says("not confirmed");
    let cancel = format!("{at}/decide/cancel");
    neza.post_form(&cancel, &[("because", "")]).says("A reason is missing");
    let done = sign(&neza, "neza", &cancel, &[("because", "patient has a fever")]);
    neza.follow(done).says("cancelled").says("patient has a fever");
}

#[test]
fn a_wrong_password_signs_nothing() {
    let app = TestApp::start();
    people(&app);
    let neza = app.signed_in("neza");
    let form = order_form(&neza, "XER-03");
    let look = neza.post_form("/orders", &owned(&form));
    let page = sign_again(&neza, "neza", "/orders", &owned(&form), &look, "wrong password");
    assert_eq!(page.status, 422);
    page.says("the password is wrong");
    assert!(!neza.get("/orders").text().contains("XER-03"));
}

#[test]
fn what_is_signed_is_what_was_shown() {
    let app = TestApp::start();
    people(&app);
    let neza = app.signed_in("neza");
    let form = order_form(&neza, "XER-03");
    let look = neza.post_form("/orders", &owned(&form));
    let changed: Vec<(String, String)> = form
        .into_iter()
        .map(|(name, value)| match name.as_str() {
            "cells_left_parotid" => (name, "30".to_owned()),
            _ => (name, value),
        })
        .collect();
    let page = sign_again(&neza, "neza", "/orders", &owned(&changed), &look, PASSWORD);
    assert_eq!(page.status, 409, "{}", page.text());
    page.says("The content changed since you looked");
}

#[test]
fn only_a_released_vial_is_reserved_and_a_reserved_one_only_once() {
    let app = TestApp::start();
    people(&app);
    let at = scheduled(&app);
    let vials = codes(&app, ContainerKind::Cryovial, 2);
    vial(&app, &vials[0], "LN2/T1/B1/A1", Disposition::Quarantine);
    vial(&app, &vials[1], "LN2/T1/B1/A2", Disposition::Released);
    let ana = app.signed_in("ana");
    let allocate = format!("{at}/allocate");
    let refused = ana.post_form(&allocate, &[("vial", vials[0].as_str())]);
    assert_eq!(refused.status, 422);
    refused.says("is not released: quarantine");
    ana.get(&at).says(vials[1].as_str());
    let done = ana.post_form(&allocate, &[("vial", vials[1].as_str())]);
    ana.follow(done).says("is reserved for");
    let again = ana.post_form(&allocate, &[("vial", vials[1].as_str())]);
    again.says("has all the units it needs");
    let free = ana.post_form(
        &format!("{at}/deallocate"),
        &[("vial", vials[1].as_str()), ("reason", "label smudged")],
    );
    ana.follow(free).says("is free again");
}

#[test]
fn a_hand_over_needs_every_scan_and_the_right_receiver() {
    let app = TestApp::start();
    people(&app);
    let at = scheduled(&app);
    let number = at.rsplit('/').next().unwrap();
    let labels = syringes(&app, number, Span::of_hours(6));
    let ana = app.signed_in("ana");
    let hand_over = format!("{at}/hand-over");
    let three = hand_over_form(&labels[..3], "neza");
    ana.post_form(&hand_over, &three).says("3 of 4 units scanned");
    let mut stranger = hand_over_form(&labels, "neza");
    stranger[0].1 = "XER-04";
    ana.post_form(&hand_over, &stranger).says("STOP").says("scanned was XER-04");
    let done = sign(&ana, "ana", &hand_over, &hand_over_form(&labels, "neza"));
    ana.follow(done).says("in transit");
    let miha = app.signed_in("miha");
    let mut form = vec![("patient", "XER-03"), ("condition", "intact")];
    form.extend(labels.iter().map(|label| ("scan", label.as_str())));
    let refused = miha.post_form(&format!("{at}/receive"), &form);
    assert_eq!(refused.status, 422);
    refused.says("neza");
    app.signed_in("neza").get("/").says("receive");
}

#[test]
fn another_patients_syringe_a_wrong_gland_and_an_absent_part_are_not_given() {
    let app = TestApp::start();
    people(&app);
    let (at, labels) = received(&app);
    let neza = app.signed_in("neza");
    let give = format!("{at}/give/left_parotid");
    let form = |patient, scan, volume| [("patient", patient), ("scan", scan), ("volume", volume)];
    let left = labels[0].as_str();
    neza.post_form(&give, &form("XER-04", left, "1.00")).says("STOP");
    neza.post_form(&give, &form("XER-03", labels[1].as_str(), "1.00")).says("left_parotid");
    let code = &left[..9];
    let out = [("patient", "XER-03"), ("scan", left), ("volume", "0.05"), ("taken_by", "rok")];
    let excursion = format!("{at}/excursion/{code}");
    let too_much = [("patient", "XER-03"), ("scan", left), ("volume", "0.50"), ("taken_by", "rok")];
    neza.post_form(&format!("{excursion}/out"), &too_much).says("the protocol allows at most 10 %");
    let done = sign(&neza, "neza", &format!("{excursion}/out"), &out);
    neza.follow(done).says("The part is out.");
    let refused = neza.post_form(&give, &form("XER-03", left, "0.95"));
    assert_eq!(refused.status, 422);
    let more = [("scan", left), ("volume", "0.06"), ("returned_by", "rok"), ("activity", "20")];
    let page = neza.post_form(&format!("{excursion}/back"), &more);
    assert_eq!(page.status, 422, "{}", page.text());
    let back = [("scan", left), ("volume", "0.05"), ("returned_by", "rok"), ("activity", "20")];
    let done = sign(&neza, "neza", &format!("{excursion}/back"), &back);
    neza.follow(done).says("The part is back.");
    let given = sign(&neza, "neza", &give, &form("XER-03", left, "1.00"));
    neza.follow(given).says("Given and recorded.");
}

#[test]
fn an_order_closes_when_every_syringe_is_given_or_destroyed() {
    let app = TestApp::start();
    people(&app);
    let (at, labels) = received(&app);
    let neza = app.signed_in("neza");
    for ((gland, volume), label) in GLANDS.iter().zip(&labels).take(3) {
        let form = [("patient", "XER-03"), ("scan", label.as_str()), ("volume", *volume)];
        let done = sign(&neza, "neza", &format!("{at}/give/{gland}"), &form);
        assert_eq!(done.status, 303, "{}", done.text());
    }
    let close = format!("{at}/decide/close");
    let refused = sign(&neza, "neza", &close, &[]);
    assert_eq!(refused.status, 409);
    refused.says("not accounted for (ATMP-16)").says(&labels[3][..9]);
    let destroy = format!("{at}/destroy/{}", &labels[3][..9]);
    let look = neza.post_form(&destroy, &[("reason", "syringe dropped")]);
    let hash = look.entry("sign_hash").unwrap();
    let signed = |second: &'static str| {
        let fields = [
            ("reason", "syringe dropped"),
            ("sign_hash", hash.as_str()),
            ("sign_password", PASSWORD),
            ("second_login", second),
            ("second_hash", hash.as_str()),
            ("second_password", PASSWORD),
        ];
        neza.post_form(&destroy, &fields)
    };
    assert_eq!(signed("neza").status, 422, "the witness is another person");
    assert_eq!(signed("miha").status, 303);
    let done = sign(&neza, "neza", &close, &[]);
    neza.follow(done).says("closed").says("given");
    let eva = app.signed_in("eva");
    let number = at.rsplit('/').next().unwrap();
    eva.get(&format!("/audit/order/{number}")).says("order: placed").says("XER-03");
    let csv = eva.get(&format!("/audit/order/{number}?format=csv"));
    assert!(csv.header("content-type").starts_with("text/csv"));
    let json = eva.get(&format!("/audit/container/{}?format=json", &labels[0][..9])).json();
    let last = json.as_array().unwrap().last().unwrap();
    assert_eq!(last["what"], "container.administered");
    assert!(last["changes"].as_array().unwrap().iter().any(|change| change["old"] == "live"));
}

#[test]
fn the_interface_answers_with_the_same_rules() {
    let app = TestApp::start();
    people(&app);
    let (at, labels) = received(&app);
    let number = at.rsplit('/').next().unwrap();
    let neza = app.signed_in("neza");
    let status = neza.get(&format!("/api/v1/orders/{number}")).json();
    assert_eq!(
        (status["stage"].as_str(), status["patient"].as_str()),
        (Some("received"), Some("XER-03"))
    );
    assert_eq!(status["units"].as_array().unwrap().len(), 4);
    let scan = neza.get(&format!("/api/v1/scan/{}", labels[0])).json();
    assert_eq!(scan["go"], format!("/orders/{number}/give"));
    let refused = neza.get(&format!("/api/v1/containers/{}", &labels[0][..9]));
    assert_eq!(refused.status, 403, "a clinician reads orders only");
    let ana = app.signed_in("ana");
    let vials = codes(&app, ContainerKind::Cryovial, 1);
    vial(&app, &vials[0], "LN2/T1/B1/A1", Disposition::Released);
    let container = ana.get(&format!("/api/v1/containers/{}", vials[0])).json();
    assert_eq!(container["location"], "LN2/T1/B1/A1");
    let id = clock::new_id().to_string();
    let take = format!("/api/v1/containers/{}/take?purpose=inspection", vials[0]);
    let first = ana.post_form(&take, &[("command_id", &id)]);
    assert_eq!(first.status, 200, "{}", first.body);
    let again = ana.post_form(&take, &[("command_id", &id)]);
    assert_eq!(again.json(), first.json(), "the same command gets the same answer");
    let refused = ana.post_form(&take, &[]);
    assert_eq!(refused.status, 409);
    let problem = refused.json();
    assert!(problem["rule"].is_string() && problem["detail"].is_string());
    assert!(ana.get("/api/v1/ledger/checkpoint").json().get("note").is_some());
    let api = ana.get("/api/v1/openapi.json").json();
    assert_eq!(api["openapi"].as_str().unwrap().get(..3), Some("3.1"));
    assert!(api["paths"]["/api/v1/containers/{code}/put"]["post"].is_object());
}

#[test]
fn both_databases_refuse_a_second_open_hop_and_a_second_open_order() {
    each_backend(|store| {
        let made = made(
            ContainerKind::Syringe,
            Disposition::Released,
            Custodian::Person { login: Login::parse("ana").unwrap() },
        );
        let envelope = envelope(&person("ana", Role::Technician), "bench-1");
        store
            .write(envelope, move |tx| {
                tx.record([Change::of::<Container>("CJ0000018", made.clone())])
            })
            .unwrap();
        let hop = |name: &str| {
            format!(
                "INSERT INTO custody_hop (hop, container, kind, from_login, to_login, purpose, \
                 opened_at) VALUES ('{name}', 'CJ0000018', 'hand_over', 'ana', 'neza', 'clinic', \
                 '2026-11-22 10:00:00')"
            )
        };
        store.sql(&hop("T-1")).unwrap();
        assert!(store.sql(&hop("T-2")).is_err(), "one open hop a container");
        let own = hop("T-3").replace("'neza'", "'ana'");
        assert!(store.sql(&own).is_err(), "giver and receiver are two persons");
        let order = |number: &str, confirmed: &str| {
            format!(
                "INSERT INTO patient_order (number, patient, coi, protocol, protocol_version, \
                 title, stage, is_open, is_scheduled, infusion_on, thaw_on, cancel_by, dose, \
                 units, unit, aliquots, placed_by, placed_at, confirmed_by, confirmed_at, version) \
                 VALUES ('{number}', 'XER-03', '{number}', 'P', 1, 't', 'ordered', {}, {}, 'd', \
                 'd', '2026-11-22 10:00:00', 'd', 1, 'syringe', 1, 'neza', '2026-11-22 10:00:00', \
                 '{confirmed}', '2026-11-22 10:00:00', 1)",
                if store.is_postgres() { "true" } else { "1" },
                if store.is_postgres() { "false" } else { "0" },
            )
        };
        assert!(store.sql(&order("ORD-2026-0001", "neza")).is_err(), "the reader is another");
        store.sql(&order("ORD-2026-0001", "miha")).unwrap();
        assert!(store.sql(&order("ORD-2026-0002", "miha")).is_err(), "one open order a patient");
    });
}

#[test]
fn a_cell_of_the_export_is_never_a_formula() {
    let cell = chorda::app::audit::csv_cell;
    assert_eq!(cell("=1+1"), "\"'=1+1\"");
    assert_eq!(cell("@SUM(A1)"), "\"'@SUM(A1)\"");
    assert_eq!(cell("-2"), "\"'-2\"");
    assert_eq!(cell("say \"hi\""), "\"say \"\"hi\"\"\"");
    assert_eq!(cell("plain"), "\"plain\"");
}
