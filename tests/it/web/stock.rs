//! The stock through the pages: storing and taking, materials, equipment, labels, trace; and the
//! mistakes of a real day, each refused in words.

use chorda::domain::Change;
use chorda::domain::actor::Role;
use chorda::domain::container::{
    Container, ContainerKind, Contents, Custodian, Event, ProductIdentity,
};
use chorda::domain::disposition::Disposition;
use chorda::domain::id::{BatchNumber, ContainerCode, Din, Login, MaterialCode, Name};
use chorda::domain::language::Wording;
use chorda::domain::time::Span;
use chorda::store::{container, genealogy};

use super::app::{Client, PASSWORD, Page, TestApp, login_of};
use crate::support::{envelope, person};

/// Makes vials of a batch in the hands of the technician: what the batch pages do step by step.
pub(crate) fn vials(app: &TestApp, batch: &str, n: u32) -> Vec<String> {
    let batch = BatchNumber::parse(batch).unwrap();
    let holder = Login::parse(&login_of(Role::Technician)).unwrap();
    let who = person(holder.as_str(), Role::Technician);
    app.store
        .write(envelope(&who, "bench-1"), move |tx| {
            let codes = container::next_codes(tx, ContainerKind::Cryovial, n)?;
            let now = tx.now();
            let changes = (1_u32..).zip(&codes).map(|(number, code)| {
                let event = Event::Produced {
                    kind: ContainerKind::Cryovial,
                    contents: Contents {
                        material: MaterialCode::parse("EQ-MSC").unwrap(),
                        title: Wording::english("EQ-MSC, pooled"),
                        passage: Some(1),
                        volume: Some("1.0 mL".parse().unwrap()),
                        viable_cells: Some("5.0 10*6".parse().unwrap()),
                    },
                    donation: None,
                    batch: Some(batch.clone()),
                    step: Some(Name::parse("fill").unwrap()),
                    output: Some(Name::parse("aliquots").unwrap()),
                    number,
                    of: n,
                    identity: Some(ProductIdentity {
                        din: Din::parse("A999926000005").unwrap(),
                        product_code: "S1234V".to_owned(),
                        division: code.as_str()[3..].to_owned(),
                    }),
                    expires_at: Some(now.plus(Span::of_days(730))),
                    order: None,
                    target: None,
                    disposition: Disposition::Released,
                    custodian: Custodian::Person { login: holder.clone() },
                };
                Change::of::<Container>(code.as_str(), event)
            });
            tx.record(changes)?;
            Ok(codes.iter().map(ToString::to_string).collect())
        })
        .unwrap()
}

/// A room, a tank, a rack and a box of 9 × 9, set up by QA through the pages.
pub(crate) fn storage(qa: &Client) {
    for (path, kind, title, rows) in [
        ("LN2", "room", "Cryostorage", ""),
        ("LN2/T1", "tank", "Tank 1", ""),
        ("LN2/T1/R1", "rack", "Rack 1", ""),
        ("LN2/T1/R1/B1", "box", "Box 1", "9"),
    ] {
        let condition = if path == "LN2/T1" { "cryogenic" } else { "" };
        let fields = [
            ("path", path),
            ("kind", kind),
            ("title", title),
            ("condition", condition),
            ("rows", rows),
            ("columns", rows),
        ];
        let page = qa.post_form("/storage/new", &fields);
        assert_eq!(page.status, 303, "{path}: {}", page.text());
    }
}

fn put(client: &Client, code: &str, position: &str) -> Page {
    client.post_form("/storage/put", &[("code", code), ("position", position)])
}

fn take(client: &Client, code: &str, purpose: &str, batch: &str) -> Page {
    let fields = [("code", code), ("purpose", purpose), ("batch", batch)];
    client.post_form("/storage/take", &fields)
}

/// Sends a form that is signed: with the hash the page shows for this button.
pub(crate) fn signed(client: &Client, page: &str, path: &str, fields: &[(&str, &str)]) -> Page {
    let shown = client.get(page);
    let form = shown.body.split("<form").find(|form| {
        form.contains(&format!("action=\"{path}\""))
            && fields
                .iter()
                .filter(|(name, _)| ["what", "to"].contains(name))
                .all(|(name, value)| form.contains(&format!("name=\"{name}\" value=\"{value}\"")))
    });
    let form = form.unwrap_or_else(|| panic!("no such form on {page}: {}", shown.text()));
    let of = |name: &str| {
        let at = form.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap();
        at.split('"').next().unwrap().to_owned()
    };
    let (hash, login) = (of("sign_hash"), of("sign_login"));
    let mut all =
        vec![("sign_hash", hash.as_str()), ("sign_login", &login), ("sign_password", PASSWORD)];
    all.extend_from_slice(fields);
    client.post_form(path, &all)
}

#[test]
fn vials_are_stored_and_taken_and_every_mistake_is_told_in_words() {
    let app = TestApp::start();
    let (qa, ana) = (app.client(Role::Qa), app.client(Role::Technician));
    ana.get("/storage").says("No storage location yet");
    storage(&qa);
    let codes = vials(&app, "B-2026-0001", 3);
    ana.get("/storage/put?box=LN2/T1/R1/B1").says("Box 1");
    assert_eq!(put(&ana, &codes[0], "LOC:LN2/T1/R1/B1/A1").status, 303);
    let full = put(&ana, &codes[1], "LN2/T1/R1/B1/A1");
    assert_eq!(full.status, 422);
    full.says("LN2/T1/R1/B1/A1 holds CV0000001 already");
    put(&ana, &codes[1], "LN2/T1/R1/B1/K1").says("there is no storage position");
    put(&ana, "ORD-2026-0001", "LN2/T1/R1/B1/A2").says("is no container");
    put(&ana, &codes[0], "LN2/T1/R1/B1/A2").says("is in LN2/T1/R1/B1/A1");
    ana.get("/storage/LN2/T1/R1/B1").says("80 of 81 positions free");
    ana.get("/storage").says("1 / 81");

    let reason = [("path", "LN2/T1"), ("what", "out"), ("reason", "level alarm")];
    assert_eq!(qa.post_form("/storage/status", &reason).status, 303);
    put(&ana, &codes[1], "LN2/T1/R1/B1/A2").says("LN2/T1 is out of service: level alarm");
    let again = [("path", "LN2/T1"), ("what", "in"), ("reason", "filled up")];
    assert_eq!(qa.post_form("/storage/status", &again).status, 303);

    take(&ana, &codes[1], "inspection", "").says("is not in storage: with technician since");
    let hold = [("to", "on_hold"), ("reason", "particle seen")];
    let path = format!("/containers/{}", codes[0]);
    let page = signed(&qa, &path, &format!("{path}/disposition"), &hold);
    assert_eq!(page.status, 303, "{}", page.text());
    take(&ana, &codes[0], "batch", "B-2026-0002").says("is on hold; for this use it must be");
    assert_eq!(take(&ana, &codes[0], "relocation", "").status, 303);
    ana.get(&path).says("on hold").says("with technician").says("particle seen");
    qa.get("/containers?kind=cryovial").says(&codes[2]);
}

#[test]
fn a_label_is_printed_read_back_and_reprinted_and_the_old_one_is_refused_everywhere() {
    let app = TestApp::start();
    let ana = app.client(Role::Technician);
    let codes = vials(&app, "B-2026-0001", 2);
    let print = |fields: &[(&str, &str)]| ana.post_form("/labels/print", fields);
    let both = [("batch", "B-2026-0001"), ("code", &codes[0]), ("code", &codes[1])];
    assert_eq!(print(&both).status, 303);
    ana.get("/labels/batch/B-2026-0001").says("Issued 2").says("Not accounted for 2");
    print(&[("code", &codes[0])]).says("has label serial 1 since").says("Reprint it with a reason");

    let payload = |serial| {
        let code = ContainerCode::parse(&codes[0]).unwrap();
        let serial = chorda::codes::PrintSerial::new(serial).unwrap();
        chorda::codes::LabelCode::new(&code, serial).unwrap().to_string()
    };
    let back = |expected: &str, scanned: &str| {
        ana.post_form("/labels/scan-back", &[("code", expected), ("scanned", scanned)])
    };
    back(&codes[1], &payload(1)).says("this is the label of CV0000001; CV0000002 was expected");
    back(&codes[0], &codes[0]).says("no label with serial 0 was ever printed");
    assert_eq!(back(&codes[0], &payload(1)).status, 303);

    print(&[("code", &codes[0]), ("what", "reprint"), ("because", " ")]).says("needs a reason");
    let again = [("code", codes[0].as_str()), ("what", "reprint"), ("because", "smudged")];
    assert_eq!(print(&again).status, 303);
    let void =
        ana.get_with(&format!("/scan?code={}", payload(1)), &[("accept", "application/json")]);
    let told = void.json();
    assert_eq!(told["verdict"], "stop");
    assert!(told["text"].as_str().unwrap().contains("because smudged; scan the label printed on"));
    put(&ana, &payload(1), "LN2/T1/R1/B1/A1").says("because smudged; scan the label printed on");
    back(&codes[0], &payload(1)).says("because smudged");
    assert_eq!(back(&codes[0], &payload(2)).status, 303);
    let pdf = ana.get(&format!("/labels/pdf?code={}", codes[0]));
    assert!(pdf.bytes.starts_with(b"%PDF"), "{}", pdf.text());
    let picture = ana.get(&format!("/labels/preview/{}", codes[0]));
    assert_eq!(picture.header("content-type"), "image/png");
    ana.get(&format!("/labels/container/{}", codes[0]))
        .says("void since")
        .says("smudged")
        .says(&format!("Read back from the Data Matrix {}", payload(2)));
    let gone =
        [("code", codes[0].as_str()), ("serial", "1"), ("copies", "1"), ("fate", "destroyed")];
    assert_eq!(ana.post_form("/labels/account", &gone).status, 303);
    ana.get("/labels/batch/B-2026-0001").says("Destroyed 1").says("Not accounted for 1");
}

const DELIVERY: &[(&str, &str)] = &[
    ("material", "HSA-20"),
    ("lot", "L17"),
    ("title", "Human serum albumin 20 %"),
    ("supplier", "Fictitious Plasma Ltd"),
    ("packages", "2"),
    ("size", "100"),
    ("unit", "mL"),
    ("expires", "2099-12-31"),
    ("in_use", "7 d"),
    ("origin", "human"),
    ("storage", "2 to 8 °C"),
];

#[test]
fn a_lot_waits_in_quarantine_until_qa_signs_over_what_it_sees() {
    let app = TestApp::start();
    let (qa, ana) = (app.client(Role::Qa), app.client(Role::Technician));
    assert_eq!(ana.post_form("/materials/new", DELIVERY).status, 303);
    ana.post_form("/materials/new", DELIVERY).says("was received before");
    ana.get("/materials").says("Human serum albumin 20 %").says("quarantine");
    let step =
        |client: &Client, fields: &[(&str, &str)]| client.post_form("/materials/step", fields);
    step(&ana, &[("lot", "HSA-20/L17"), ("what", "open")]).says("only a released lot may be used");
    let release = [("lot", "HSA-20/L17"), ("what", "release"), ("reason", "documents checked")];
    let decide = || signed(&qa, "/materials/HSA-20/L17", "/materials/decide", &release);
    decide().says("has no certificate of analysis on file");
    let file = |what: &'static str| [("lot", "HSA-20/L17"), ("what", what), ("reference", "D 12")];
    assert_eq!(step(&ana, &file("certificate")).status, 303);
    decide().says("no evidence of viral and TSE safety");
    assert_eq!(step(&ana, &file("safety")).status, 303);
    let refused = ana.post_form("/materials/decide", &release);
    assert_eq!(refused.status, 403, "a technician does not release");
    let page = decide();
    assert_eq!(page.status, 303, "{}", page.text());
    assert_eq!(step(&ana, &[("lot", "HSA-20/L17"), ("what", "open")]).status, 303);
    ana.get("/materials/HSA-20/L17").says("I approve this.").says("Package 1 opened");
    let scan = ana.get_with("/scan?code=LOT:HSA-20/L17", &[("accept", "application/json")]);
    assert_eq!(scan.json()["verdict"], "ok");
}

#[test]
fn a_device_is_used_only_clean_and_goes_back_into_service_by_signature() {
    let app = TestApp::start();
    let (qa, ana) = (app.client(Role::Qa), app.client(Role::Technician));
    let fields = [
        ("asset", "EQ-INC-01"),
        ("kind", "incubator"),
        ("title", "Incubator 1"),
        ("room", "Clean room C1"),
        ("due", "2099-01-01"),
        ("cleaning", "14 d"),
    ];
    assert_eq!(qa.post_form("/equipment/new", &fields).status, 303);
    ana.get("/equipment/EQ-INC-01").says("is not clean: no cleaning is on record");
    let step = |what: &str, text: &str| {
        ana.post_form("/equipment/EQ-INC-01/step", &[("what", what), ("text", text)])
    };
    assert_eq!(step("clean", "70 % ethanol").status, 303);
    ana.get("/equipment").says("may be used");
    assert_eq!(step("out", "door seal").status, 303);
    step("out", "again").says("is out of service already");
    let path = "/equipment/EQ-INC-01";
    let back = [("reason", "seal replaced")];
    let page = signed(&qa, path, &format!("{path}/service"), &back);
    assert_eq!(page.status, 303, "{}", page.text());
    ana.get("/equipment").says("may be used");
}

#[test]
fn a_trace_says_whom_a_donor_reached_and_what_is_held() {
    let app = TestApp::start();
    // The graph is drawn by hand here, not by events.
    app.store.reached_past();
    let qa = app.client(Role::Qa);
    let codes = vials(&app, "B-2026-0001", 3);
    app.store
        .write(envelope(&person("nina", Role::Qa), "office-1"), |tx| {
            let node = |text: &str| chorda::domain::genealogy::Node::parse(text).unwrap();
            let batch = node("batch/B-2026-0001");
            genealogy::link(tx.db(), &node("donor/DNR-0001"), &batch)?;
            genealogy::set_standing(tx.db(), &node("donor/DNR-0001"), Disposition::OnHold)
        })
        .unwrap();
    let page = qa.get("/trace?code=DNR-0001");
    page.says("donor DNR-0001").says("3 × CV0000001").says(&codes[2]).says("on hold");
    qa.get(&format!("/trace?code={}", codes[0])).says("because donor DNR-0001 is");
    qa.get("/trace?code=DNR-9999").says("Nothing is known of donor DNR-9999");
    qa.get("/trace?code=%3F%3F").says("Trace");
    qa.get(&format!("/containers/{}", codes[0])).says("On hold, as donor DNR-0001 is");
}

#[test]
fn a_label_that_cannot_be_found_is_reported_lost_by_qa_and_refused_when_it_turns_up() {
    let app = TestApp::start();
    let (qa, ana) = (app.client(Role::Qa), app.client(Role::Technician));
    let codes = vials(&app, "B-2026-0001", 1);
    let page = format!("/labels/container/{}", codes[0]);
    let printed = ana.post_form("/labels/print", &[("code", &codes[0]), ("copies", "2")]);
    assert_eq!(printed.status, 303);
    let code = ContainerCode::parse(&codes[0]).unwrap();
    let label = chorda::codes::LabelCode::new(&code, chorda::codes::PrintSerial::FIRST).unwrap();
    let batch = || ana.get("/labels/batch/B-2026-0001");
    assert!(!batch().text().contains("Missing and lost"), "it waits to be read back");
    let back = [("code", codes[0].as_str()), ("scanned", &label.to_string())];
    assert_eq!(ana.post_form("/labels/scan-back", &back).status, 303);
    batch().says("Missing and lost labels").says("not accounted for");
    let entry = |copies| {
        [("code", codes[0].as_str()), ("serial", "1"), ("copies", copies), ("because", "looked")]
    };
    assert_eq!(ana.post_form("/labels/lost", &entry("1")).status, 403);
    qa.post_form("/labels/lost", &entry("2")).says("2 were issued and 1 are accounted for");
    let reviewed = qa.post_form("/labels/lost", &entry("1"));
    reviewed.says("Copies 1 of 2 issued").says("one is opened with this report");
    let done = sign_review(&qa, &reviewed, "/labels/lost", &entry("1"));
    assert_eq!(done.status, 303, "{}", done.text());
    qa.get(&page).says("is lost").says("DEV-").says("void since");
    batch().says("Lost, with a deviation 1").says("lost, void").says("Not accounted for 0");
    qa.get("/deviations").says("Labels of B-2026-0001 do not reconcile: 1 missing");
    let scan = ana.get_with(&format!("/scan?code={label}"), &[("accept", "application/json")]);
    let told = scan.json()["text"].as_str().unwrap().to_owned();
    assert!(told.contains("was reported lost on") && told.contains("Hand it to QA"), "{told}");
    let found: Vec<_> = entry("1").into_iter().chain([("fate", "kept")]).collect();
    assert_eq!(ana.post_form("/labels/found", &found).status, 403);
    let reviewed = qa.post_form("/labels/found", &found);
    reviewed.says("kept in the batch record");
    assert_eq!(sign_review(&qa, &reviewed, "/labels/found", &found).status, 303);
    batch().says("Lost, with a deviation 0").says("In the batch record 1");
}

/// Signs what a review page shows.
fn sign_review(client: &Client, shown: &Page, path: &str, fields: &[(&str, &str)]) -> Page {
    let of = |name: &str| {
        let at = shown.body.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap();
        at.split('"').next().unwrap().to_owned()
    };
    let (hash, login) = (of("sign_hash"), of("sign_login"));
    let sign = [("sign_hash", hash.as_str()), ("sign_login", &login), ("sign_password", PASSWORD)];
    let all: Vec<_> = fields.iter().copied().chain(sign).collect();
    client.post_form(path, &all)
}

#[test]
fn an_identity_is_corrected_by_two_people_and_the_old_one_says_so_when_scanned() {
    let app = TestApp::start();
    app.register("qa.two", "Second Person", &[Role::Qa]);
    let (qa, ana) = (app.client(Role::Qa), app.client(Role::Technician));
    let second = app.signed_in("qa.two");
    let codes = own_number(&app, "B-2026-0001", 2);
    let pages = [0, 1].map(|which: usize| format!("/containers/{}/identity", codes[which]));
    let path = pages[0].as_str();
    fn entry<'e>(din: &'e str, code: &'e str, division: &'e str) -> [(&'e str, &'e str); 4] {
        [("din", din), ("product_code", code), ("division", division), ("because", "typo")]
    }
    qa.get(path).says("A9999 26 000005").says("Propose a correction");
    let din = |text: &str| {
        let din = Din::parse(text).unwrap();
        format!("{}{}", din, din.check_character())
    };
    let right = din("A999926000005");
    let to = entry(&right, "D0102V", "000001");
    assert_eq!(ana.post_form(path, &to).status, 403, "a technician does not propose");
    let typed =
        |din: &str, code: &str, division: &str| qa.post_form(path, &entry(din, code, division));
    typed("A999926000005?", "D0102V", "000001").says("check character");
    typed(&right, "D0999V", "000001").says("The product codes of this site have no D0999");
    typed(&right, "D0102V", "99").says("six digits");
    typed(&din("A999926000009"), "D0102V", "000001").says("was given to nothing here");
    let shown = qa.post_form(path, &to);
    shown.says("Identity now").says("S1234V 000001").says("D0102V 000001");
    let done = sign_review(&qa, &shown, path, &to);
    assert_eq!(done.status, 303, "{}", done.text());
    qa.get(path).says("Waits for a second person").says("Take it back");
    let confirm = format!("{path}/confirm");
    let own = qa.post_form(&confirm, &[]);
    sign_review(&qa, &own, &confirm, &[]).says("cannot confirm it");
    second.get("/").says("correction of its identity");
    let shown = second.post_form(&confirm, &[]);
    shown.says("Proposed by").says("Labels none printed yet");
    let done = sign_review(&second, &shown, &confirm, &[]);
    assert_eq!(done.status, 303, "{}", done.text());
    let page = ana.get(&format!("/containers/{}", codes[0]));
    page.says("D0102V 000001").says("until").says("Identity corrected").says("typo");
    qa.get(path).says("names nothing any more").says("Second Person");
    let taken = qa.post_form(&pages[1], &entry(&right, "D0102V", "000001"));
    taken.says(&format!("is or was the identity of {}", codes[0]));
    let scan = |product: &str| {
        let symbol = format!("/scan?code=%3DA99992600000500%3D%3C{product}99%3D%2C000001");
        ana.get_with(&symbol, &[("accept", "application/json")]).json()
    };
    let old = scan("S1234V");
    assert_eq!(old["verdict"], "stop", "{old}");
    let told = old["text"].as_str().unwrap();
    assert!(told.contains("was corrected to A9999 26 000005"), "{told}");
    assert!(told.contains("D0102V 000001 on") && told.contains("hand this one to QA"), "{told}");
    assert_eq!(scan("D0102V")["verdict"], "ok");
}

/// Vials of a batch with a donation number of its own, as a pool has.
fn own_number(app: &TestApp, batch: &str, n: u32) -> Vec<String> {
    let text = include_str!("../../../templates/mbr/eq-msc-bank.toml");
    let record = chorda::domain::master_record::parse(text).unwrap();
    let started = chorda::domain::batch::Event::Started {
        record: record.record.clone(),
        text: text.to_owned(),
        title: record.title.clone(),
        product: record.product.clone(),
        order: None,
        patient: None,
        dose_units: Vec::new(),
        din: Some(Din::parse("A999926000005").unwrap()),
    };
    let started = Change::of::<chorda::domain::batch::Batch>(batch, started);
    app.store
        .write(envelope(&person("ana", Role::Technician), "bench-1"), move |tx| {
            tx.record([started.clone()])
        })
        .unwrap();
    vials(app, batch, n)
}

#[test]
fn a_label_definition_is_proposed_signed_by_two_people_and_then_draws_the_labels() {
    let app = TestApp::start();
    app.register("qa.two", "Second Person", &[Role::Qa]);
    let (qa, second, ana) =
        (app.client(Role::Qa), app.signed_in("qa.two"), app.client(Role::Technician));
    let shipped = include_str!("../../../labels/cryovial.toml");
    let text =
        shipped.replace("version = 1", "version = 2").replace("Batch {batch}", "Lot {batch}");
    let site = chorda::site::Site::example().unwrap();
    let drawn_by = |code: &str, serial: u32| {
        let code = ContainerCode::parse(code).unwrap();
        let label = app.store.read(|db| {
            let state = container::require(db, &code)?;
            chorda::app::label_data::label_data(db, &state, serial, &site)
        });
        chorda::labels::definition_version(&label.unwrap()).unwrap()
    };
    ana.get("/label-definitions").says("version 1, of the program");
    assert_eq!(ana.get("/label-definitions/propose").status, 403);
    let form = |text: &str| {
        [
            ("reason", "words of the trial".to_owned()),
            ("change_request", "CR-7".to_owned()),
            ("text", text.to_owned()),
        ]
    };
    let send = |text: &str, more: &[(&str, &str)]| {
        let own = form(text);
        let mut fields: Vec<(&str, &str)> =
            own.iter().map(|(name, value)| (*name, value.as_str())).collect();
        fields.extend_from_slice(more);
        qa.post_form("/label-definitions/propose", &fields)
    };
    send(&text.replace("0.4 mm\"", "0.2 mm\""), &[]).says("module");
    send(&text.replace("x = \"7.2 mm\"", "x = \"17.2 mm\""), &[]).says("does not load");
    let plain =
        text.replace("{ en = \"Lot {batch}\", sl = \"Serija {batch}\" }", "\"Serija {batch}\"");
    send(&plain, &[]).says("words of its own");
    let slovenian = plain.replace("version = 2", "version = 2\nlanguage = \"sl\"");
    send(&slovenian, &[]).says("Labels of this site are in English");
    let shown = send(&text, &[]);
    assert!(shown.body.contains("<svg class=\"label big-label"), "the author sees the sample");
    shown.says("Sample in Slovenian");
    shown.says("Drawn and read back at 203, 300 and 600 dpi").says("Lot {batch}");
    let of = |name: &str| {
        let at = shown.body.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap();
        at.split('"').next().unwrap().to_owned()
    };
    let (hash, login) = (of("sign_hash"), of("sign_login"));
    let sign = [("sign_hash", hash.as_str()), ("sign_login", &login), ("sign_password", PASSWORD)];
    let proposed = send(&text, &sign);
    assert_eq!(proposed.status, 303, "{}", proposed.text());
    let page = "/label-definitions/version/cryovial.2";
    qa.get(page).says("proposed").says("Lot {batch}");
    assert_eq!(qa.get(&format!("{page}/picture")).header("content-type"), "image/png");
    let approve = format!("{page}/approve");
    signed(&qa, page, &approve, &[]).says("author and approver are two people");
    let codes = vials(&app, "B-2026-0001", 2);
    let version = |code: &str| {
        let code = ContainerCode::parse(code).unwrap();
        let state = app.store.read(|db| container::require(db, &code)).unwrap();
        state.labels.prints.last().unwrap().definition_version
    };
    assert_eq!(ana.post_form("/labels/print", &[("code", &codes[0])]).status, 303);
    assert_eq!(version(&codes[0]), 1);
    assert_eq!(signed(&second, page, &approve, &[]).status, 303);
    ana.get("/label-definitions").says("version 2 of this site");
    assert_eq!(ana.post_form("/labels/print", &[("code", &codes[1])]).status, 303);
    assert_eq!(version(&codes[1]), 2);
    // What was printed stays as it was drawn; what is printed next follows the approved version.
    assert_eq!((drawn_by(&codes[0], 1), drawn_by(&codes[0], 2)), (1, 2));
    assert_eq!(drawn_by(&codes[1], 1), 2);
    let retired = signed(&second, page, &format!("{page}/retire"), &[("reason", "withdrawn")]);
    assert_eq!(retired.status, 303, "{}", retired.text());
    ana.get("/label-definitions").says("version 1, of the program");
    assert_eq!((drawn_by(&codes[1], 1), drawn_by(&codes[1], 2)), (2, 1));
}
