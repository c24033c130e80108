//! The rules of making, each broken once by a browser: who may be pooled, what may be used, how long
//! cells grow, who reviews and certifies; and what happens when two stations do the same at once.

use chorda::app::master_record_approve::SHIPPED;
use chorda::clock::Clock;
use chorda::codes::container::code as container_code;
use chorda::domain::Change;
use chorda::domain::actor::{Meaning, Role};
use chorda::domain::batch::{self, Batch, Start};
use chorda::domain::container::{Container, ContainerKind, Contents, Custodian, Event};
use chorda::domain::disposition::Disposition;
use chorda::domain::donation::{self, Donation, Tissue};
use chorda::domain::donor::{self, Donor, Relation, RuleSetRef, Verdict};
use chorda::domain::equipment::{Equipment, EquipmentKind, Registration};
use chorda::domain::id::{
    BatchNumber, ContainerCode, ContentHash, Din, DonorCode, Login, MaterialCode, Name,
    OrderNumber, PatientCode,
};
use chorda::domain::language::Wording;
use chorda::domain::material::{self, MaterialLot};
use chorda::domain::protocol::DoseUnit;
use chorda::domain::quantity::{Quantity, Unit};
use chorda::domain::release::{self, Certificate, Release};
use chorda::domain::time::{Instant, Span};

use super::app::{Client, PASSWORD, Page, TestApp};
use super::batch::{CLEAR, batch, perform, step, verify_as_second};
use crate::app::batch::Plant;
use crate::support::TestStore;

const CLEARED: &[(&str, &str)] = &[("nothing_else_present", "yes"), ("cleaned", "yes")];

/// A site with two technicians, materials, equipment and approved master records.
fn works(store: TestStore, clock: Clock) -> TestApp {
    let app = TestApp::over(store, clock);
    app.register("ana", "Ana Kos", &[Role::Technician]);
    app.register("bor", "Bor Zupan", &[Role::Technician]);
    let plant = Plant::over(app.app.clone(), &app.store);
    for (_, text) in SHIPPED.iter().filter(|(file, _)| file.contains("eq-msc")) {
        plant.approve(text).unwrap();
    }
    let registration = Registration {
        kind: EquipmentKind::ThawingDevice,
        title: "Thawing device".to_owned(),
        room: "CR-1".to_owned(),
        calibration_due: None,
        cleaning_holds: None,
    };
    let registered = chorda::domain::equipment::Event::Registered { registration };
    plant.record(vec![Change::of::<Equipment>("EQ-THAWING-DEVICE", registered)]);
    app
}

fn manual() -> Clock {
    Clock::manual(Instant::parse("2026-11-22T08:00:00Z").unwrap())
}

fn plant(app: &TestApp) -> Plant<'_> {
    Plant::over_stocked(app.app.clone(), &app.store)
}

fn contents(material: &str, passage: Option<u8>, volume: &str, cells: &str) -> Contents {
    Contents {
        material: MaterialCode::parse(material).unwrap(),
        title: Wording::english(material),
        passage,
        volume: Some(Quantity::parse(volume, Unit::Millilitre).unwrap()),
        viable_cells: Some(Quantity::parse(cells, Unit::MillionCells).unwrap()),
    }
}

fn made(kind: ContainerKind, contents: Contents, from: Option<&BatchNumber>, din: &Din) -> Event {
    Event::Produced {
        kind,
        contents,
        donation: from.is_none().then(|| din.clone()),
        batch: from.cloned(),
        step: None,
        output: None,
        number: 1,
        of: 1,
        identity: None,
        expires_at: None,
        order: None,
        target: None,
        disposition: Disposition::Released,
        custodian: Custodian::Person { login: Login::parse("ana").unwrap() },
    }
}

/// Certifies a batch, by events alone.
fn certified(app: &TestApp, number: &BatchNumber) {
    let plant = plant(app);
    let hash = ContentHash::parse(&"0".repeat(64)).unwrap();
    let certificate = Certificate {
        number: format!("CERT-{number}"),
        product: "EQ-MSC".to_owned(),
        master_record: "EQ-MSC.1".to_owned(),
        trial: None,
        strength: "1".to_owned(),
        form: "suspension".to_owned(),
        package: "1".to_owned(),
        expires_at: None,
        manufacturer: "Example site".to_owned(),
        authorisation: "MIA-0".to_owned(),
        results: Vec::new(),
        pending: Vec::new(),
        deviations: Vec::new(),
        comments: String::new(),
        statement: "I certify".to_owned(),
    };
    let signature = plant.signature("qp.gaja", Meaning::Certified, &hash);
    let event = release::Event::CertifiedFinal { certificate, signature };
    plant.record(vec![Change::of::<Release>(number.as_str(), event)]);
}

/// A certified culture of an eligible donor, or of one nothing is decided about.
fn culture(app: &TestApp, donor: u32, eligible: bool) -> BatchNumber {
    culture_for(app, donor, eligible, None)
}

/// The same of a donor whose cells are for one patient only.
fn culture_for(app: &TestApp, donor: u32, eligible: bool, recipient: Option<&str>) -> BatchNumber {
    let plant = plant(app);
    let hash = ContentHash::parse(&"0".repeat(64)).unwrap();
    let code = DonorCode::parse(&format!("DNR-{donor:04}")).unwrap();
    let din = Din::parse(&format!("A999926{donor:06}")).unwrap();
    let pot = container_code(ContainerKind::CollectionPot, donor).unwrap();
    let now = app.app.clock.now();
    let registered = donor::Event::Registered {
        tested_person: format!("TE-{donor}"),
        relation: if recipient.is_some() { Relation::Donor } else { Relation::Mother },
        recipient: recipient.map(|patient| PatientCode::parse(patient).unwrap()),
    };
    let received = donation::Event::Received {
        donor: code.clone(),
        tissue: Tissue::UmbilicalCord,
        sequence: None,
        donated_at: now,
        received_at: now,
        amount: Quantity::whole(30, Unit::Centimetre),
        temperature: Quantity::whole(5, Unit::Celsius),
        condition: "intact".to_owned(),
        container: pot.clone(),
    };
    let mut changes = vec![Change::of::<Donor>(code.as_str(), registered)];
    if eligible {
        let rule_set = RuleSetRef { id: "EU-2006-17".to_owned(), version: 1 };
        let decided = donor::Event::EligibilityDecided {
            donation: din.clone(),
            eligible: true,
            verdict: Verdict { rule_set, donation: din.clone(), findings: Vec::new() },
            remark: String::new(),
            signature: plant.signature("qa.vesna", Meaning::Approved, &hash),
        };
        changes.push(Change::of::<Donor>(code.as_str(), decided));
    }
    changes.push(Change::of::<Donation>(din.as_str(), received));
    let number = plant.start_of("EQ-MSC-P1").unwrap();
    let cord = contents("UC-CORD", None, "1", "1");
    let pot_made = made(ContainerKind::CollectionPot, cord, None, &din);
    let used = Event::Consumed {
        batch: number.clone(),
        step: Name::parse("receive_cord").unwrap(),
        postings: Vec::new(),
    };
    changes.push(Change::of::<Container>(pot.as_str(), pot_made));
    changes.push(Change::of::<Container>(pot.as_str(), used));
    plant.record(changes);
    certified(app, &number);
    number
}

/// A hold bottle of a culture.
fn bottle(app: &TestApp, from: &BatchNumber, number: u32, passage: u8) -> ContainerCode {
    let code = container_code(ContainerKind::HoldVial, number).unwrap();
    let din = Din::parse("A999926000099").unwrap();
    let held = contents("EQ-MSC-P1", Some(passage), "98.0", "960");
    let event = made(ContainerKind::HoldVial, held, Some(from), &din);
    plant(app).record(vec![Change::of::<Container>(code.as_str(), event)]);
    code
}

fn check(client: &Client, path: &str, fields: &[(String, String)]) -> Page {
    let fields: Vec<(&str, &str)> = fields.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    client.post_form(&format!("{path}/check"), &fields)
}

/// The entries of the step that takes bottles into a pool.
fn pooling(bottles: &[&ContainerCode]) -> Vec<(String, String)> {
    let scans: Vec<&str> = bottles.iter().map(|code| code.as_str()).collect();
    let mut fields = vec![
        ("asset.0".to_owned(), "EQ-CELL-COUNTER".to_owned()),
        ("scans".to_owned(), scans.join("\n")),
    ];
    for code in bottles {
        for (field, value) in [("concentration", "10.3"), ("viability", "95.0"), ("volume", "98.0")]
        {
            fields.push((format!("field.{field}@{code}"), value.to_owned()));
        }
    }
    fields
}

#[test]
fn a_pool_takes_four_different_eligible_donors_at_the_right_passage() {
    let app = works(TestStore::sqlite(), manual());
    let cultures: Vec<BatchNumber> = (1..=6).map(|donor| culture(&app, donor, donor < 6)).collect();
    let bottles: Vec<ContainerCode> =
        (1..).zip(&cultures).map(|(number, from)| bottle(&app, from, number, 1)).collect();
    let second = bottle(&app, &cultures[1], 7, 1);
    let passaged = bottle(&app, &cultures[3], 8, 2);
    let plant = plant(&app);
    let number = plant.start_of("EQ-MSC-BANK").unwrap();
    plant.done(&number, "clear_line", CLEARED, &[]);
    let ana = app.signed_in("ana");
    let receive = step(&number, "receive_lots");
    let with = |last: &[&ContainerCode]| {
        let mut chosen: Vec<&ContainerCode> = bottles[..3].iter().collect();
        chosen.extend(last);
        check(&ana, &receive, &pooling(&chosen))
    };
    for (last, words) in [
        (vec![&second], "who is in this pool already"),
        (vec![&bottles[3], &bottles[4]], "would be donor number 5"),
        (vec![&bottles[5]], "DNR-0006"),
        (vec![&passaged], "is at passage P2; P1 is asked for"),
        (vec![&bottles[0]], "each container counts once"),
        (vec![], "4 needed, 3 scanned"),
    ] {
        let page = with(&last);
        assert_eq!(page.status, 422, "{words}: {}", page.text());
        page.says(words);
    }
    let page = with(&[&bottles[3]]);
    assert_eq!(page.status, 200, "{}", page.text());
    assert_eq!(batch(&app, &number).performances.len(), 1, "only the line is cleared");
}

#[test]
fn cells_for_one_patient_never_enter_a_pool() {
    let app = works(TestStore::sqlite(), manual());
    let mut cultures: Vec<BatchNumber> = (1..=3).map(|donor| culture(&app, donor, true)).collect();
    cultures.push(culture_for(&app, 4, true, Some("XER-09")));
    let bottles: Vec<ContainerCode> =
        (1..).zip(&cultures).map(|(number, from)| bottle(&app, from, number, 1)).collect();
    let plant = plant(&app);
    let number = plant.start_of("EQ-MSC-BANK").unwrap();
    plant.done(&number, "clear_line", CLEARED, &[]);
    let ana = app.signed_in("ana");
    for order in [[0, 1, 2, 3], [3, 0, 1, 2]] {
        let chosen: Vec<&ContainerCode> = order.iter().map(|index| &bottles[*index]).collect();
        let page = check(&ana, &step(&number, "receive_lots"), &pooling(&chosen));
        assert_eq!(page.status, 422, "{}", page.text());
        page.says("DNR-0004").says("for XER-09 only").says("never mixed");
    }
}

#[test]
fn what_is_expired_open_too_long_or_out_of_calibration_is_not_used() {
    let clock = manual();
    let app = works(TestStore::sqlite(), clock.clone());
    let plant = plant(&app);
    let number = plant.start_of("EQ-MSC-P1").unwrap();
    let fresh = plant.start_of("EQ-MSC-P1").unwrap();
    let pot = plant.labelled_cord();
    plant.done(&number, "clear_line", CLEARED, &[]);
    let values =
        &[("transport_temperature", "5.5"), ("cord_mass", "38.2"), ("condition", "intact")];
    plant.done(&number, "receive_cord", values, &[pot.code]);
    let prepare = step(&number, "prepare_explants");
    let prepared = [("lot.0", "DPBS/L1"), ("field.vessels_removed", "yes")];
    let seed = step(&number, "seed_p0");
    let seeding = [("lot.0", "ALPHA-MEM/L1"), ("lot.1", "HPL/L1"), ("asset.0", "EQ-INCUBATOR")];
    plant.record(vec![Change::of::<MaterialLot>("HPL/L1", material::Event::Opened { package: 1 })]);
    plant.done(&number, "prepare_explants", &[("vessels_removed", "yes")], &[]);

    clock.advance(Span::of_days(31));
    let page = app.signed_in("ana").post_form(&format!("{seed}/check"), &seeding);
    assert_eq!(page.status, 422, "{}", page.text());
    page.says("package 1 of lot HPL/L1 was opened on");

    clock.advance(Span::of_days(170));
    let ana = app.signed_in("ana");
    let page = ana.post_form(&format!("{}/check", step(&fresh, "clear_line")), &CLEAR);
    assert_eq!(page.status, 422, "{}", page.text());
    page.says("calibration");

    clock.advance(Span::of_days(100));
    let page = app.signed_in("ana").post_form(&format!("{seed}/check"), &seeding);
    assert_eq!(page.status, 422, "{}", page.text());
    page.says("lot ALPHA-MEM/L1 expired on");
    let done = app.signed_in("ana").post_form(&format!("{prepare}/check"), &prepared);
    assert_eq!(done.status, 422, "and a signed step is never done again: {}", done.text());
}

/// A batch for an order, with its reserved vial of a certified bank, as far as line clearance.
fn dose(app: &TestApp, number: &str) -> BatchNumber {
    let plant = plant(app);
    let number = BatchNumber::parse(number).unwrap();
    let (_, text) = SHIPPED[2];
    let record = chorda::domain::master_record::parse(text).unwrap();
    let unit = |target: &str, cells: &str, volume: &str| DoseUnit {
        target: Name::parse(target).unwrap(),
        title: target.replace('_', " "),
        cells: Some(Quantity::parse(cells, Unit::MillionCells).unwrap()),
        volume: Quantity::parse(volume, Unit::Millilitre).unwrap(),
    };
    let start = Start {
        order: Some(OrderNumber::parse("ORD-2026-0001").unwrap()),
        patient: None,
        dose_units: vec![
            unit("left_parotid", "50", "1.0"),
            unit("right_parotid", "50", "1.0"),
            unit("left_submandibular", "25", "0.5"),
            unit("right_submandibular", "25", "0.5"),
        ],
        din: None,
    };
    plant.record(batch::start(&number, &record, &start).unwrap());
    plant.done(&number, "clear_line", CLEARED, &[]);
    number
}

/// A vial of a certified bank, reserved for the order.
fn vial(app: &TestApp) -> ContainerCode {
    let plant = plant(app);
    let bank = plant.start_of("EQ-MSC-BANK").unwrap();
    certified(app, &bank);
    let code = container_code(ContainerKind::Cryovial, 1).unwrap();
    let din = Din::parse("A999926000099").unwrap();
    let made =
        made(ContainerKind::Cryovial, contents("EQ-MSC", Some(1), "1.0", "50"), Some(&bank), &din);
    let reserved = Event::Reserved { order: OrderNumber::parse("ORD-2026-0001").unwrap() };
    plant.record(vec![
        Change::of::<Container>(code.as_str(), made),
        Change::of::<Container>(code.as_str(), reserved),
    ]);
    code
}

fn thawing(vial: &ContainerCode) -> [(&'static str, String); 3] {
    [
        ("asset.0", "EQ-THAWING-DEVICE".to_owned()),
        ("scans", vial.to_string()),
        ("field.bath_temperature", "37.0".to_owned()),
    ]
}

#[test]
fn cells_for_a_patient_grow_three_days_and_a_shorter_culture_is_not_harvested() {
    let clock = manual();
    let app = works(TestStore::sqlite(), clock.clone());
    let vial = vial(&app);
    let number = dose(&app, "B-2026-0801");
    let plant = plant(&app);
    let other = container_code(ContainerKind::Cryovial, 9).unwrap();
    let ana = app.signed_in("ana");
    let thaw = step(&number, "thaw");
    let wrong = thawing(&other);
    let wrong: Vec<(&str, &str)> = wrong.iter().map(|(k, v)| (*k, v.as_str())).collect();
    ana.post_form(&format!("{thaw}/check"), &wrong).says("nothing is known of");
    plant.done(&number, "thaw", &[("bath_temperature", "37.0")], &[vial]);
    let counted = [("concentration", "4.800"), ("viability", "92.0"), ("volume", "10.0")];
    plant.done(&number, "count_thaw", &counted, &[]);
    plant.done(&number, "seed_p2", &[], &[]);
    plant.done(&number, "label_p2", &[], &[]);
    clock.advance(Span::of_hours(47));
    plant.done(&number, "sample_supernatant", &[], &[]);
    plant.done(&number, "label_supernatant", &[], &[]);
    clock.advance(Span::of_hours(24));
    let flasks: Vec<String> = {
        let batch = batch(&app, &number);
        batch
            .at_hand(&Name::parse("p2_flask").unwrap())
            .map(|made| made.container.to_string())
            .collect()
    };
    let scans = flasks.join("\n");
    let harvest = [
        ("lot.0", "TRYPLE/L1"),
        ("asset.0", "EQ-CELL-COUNTER"),
        ("scans", scans.as_str()),
        ("field.concentration", "11.7"),
        ("field.viability", "95.0"),
        ("field.volume", "20.0"),
    ];
    let path = format!("{}/check", step(&number, "harvest_p2"));
    let early = app.signed_in("ana").post_form(&path, &harvest);
    assert_eq!(early.status, 422, "{}", early.text());
    early.says("too early: P2 culture must last at least 3 d");
    clock.advance(Span::of_hours(1));
    let due = app.signed_in("ana").post_form(&path, &harvest);
    assert_eq!(due.status, 200, "at three days to the minute: {}", due.text());
    let accounts = app.signed_in("ana").get(&format!("/batches/{number}/accounts"));
    for words in ["balances to zero", "Opening: from outside", "Wash and count after thaw"] {
        accounts.says(words);
    }
    accounts.says("5.84 ×10⁶ cells of 50 ×10⁶ cells, at most 50 % (25 ×10⁶ cells)");
}

/// Runs on SQLite and, where a server is given, on PostgreSQL.
fn each_works(test: impl Fn(&TestApp)) {
    test(&works(TestStore::sqlite(), Clock::System));
    if let Some(store) = TestStore::postgres() {
        test(&works(store, Clock::System));
    }
}

#[test]
fn two_stations_thaw_the_same_vial_and_the_other_is_told_who_and_when() {
    each_works(|app| {
        let vial = vial(app);
        let numbers = [dose(app, "B-2026-0801"), dose(app, "B-2026-0802")];
        let ready: Vec<_> = numbers
            .iter()
            .zip(["ana", "bor"])
            .map(|(number, login)| {
                let (client, path) = (app.signed_in(login), step(number, "thaw"));
                let mut fields: Vec<(String, String)> =
                    thawing(&vial).map(|(k, v)| (k.to_owned(), v)).to_vec();
                let look = check(&client, &path, &fields);
                assert_eq!(look.status, 200, "{}", look.text());
                fields.push(("sign_hash".to_owned(), look.entry("sign_hash").unwrap()));
                fields.push(("sign_password".to_owned(), PASSWORD.to_owned()));
                client.csrf();
                (client, path, fields, login)
            })
            .collect();
        let pages: Vec<(Page, &str)> = std::thread::scope(|scope| {
            let sent: Vec<_> = ready
                .into_iter()
                .map(|(client, path, fields, login)| {
                    scope.spawn(move || {
                        let fields: Vec<(&str, &str)> =
                            fields.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
                        (client.post_form(&path, &fields), login)
                    })
                })
                .collect();
            sent.into_iter().map(|sent| sent.join().unwrap()).collect()
        });
        let (won, lost): (Vec<_>, Vec<_>) = pages.iter().partition(|(page, _)| page.status == 303);
        assert_eq!((won.len(), lost.len()), (1, 1), "{}", lost[0].0.text());
        let (page, _) = lost[0];
        assert!(page.status == 422 || page.status == 409, "{}", page.status);
        page.says(&format!("by {} on 20", won[0].1)).says(vial.as_str());
        let thawed: usize = numbers
            .iter()
            .map(|number| batch(app, number).of_step(&Name::parse("thaw").unwrap()).count())
            .sum();
        assert_eq!(thawed, 1);
    });
}

#[test]
fn a_step_sent_fifty_times_at_once_is_one_event_and_one_answer() {
    each_works(|app| {
        let number = plant(app).start_of("EQ-MSC-P1").unwrap();
        let ana = app.signed_in("ana");
        let path = step(&number, "clear_line");
        let hash = ana.post_form(&format!("{path}/check"), &CLEAR).entry("sign_hash").unwrap();
        let id = chorda::clock::new_id().to_string();
        let token = ana.csrf();
        let cookies = ana.cookies.borrow().clone();
        let answers: Vec<(u16, String)> = std::thread::scope(|scope| {
            let sent: Vec<_> = (0..50)
                .map(|_| {
                    let client = app.anonymous();
                    *client.cookies.borrow_mut() = cookies.clone();
                    let (hash, id, token, path) = (&hash, &id, &token, &path);
                    scope.spawn(move || {
                        let mut fields = CLEAR.to_vec();
                        fields.extend([
                            ("csrf", token.as_str()),
                            ("command_id", id.as_str()),
                            ("sign_hash", hash.as_str()),
                            ("sign_password", PASSWORD),
                        ]);
                        let page = client.post_raw(path, &fields);
                        let said = if page.status == 303 {
                            page.location().to_owned()
                        } else {
                            page.text()
                        };
                        (page.status, said)
                    })
                })
                .collect();
            sent.into_iter().map(|sent| sent.join().unwrap()).collect()
        });
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
        assert_eq!(answers[0].0, 303, "{answers:?}");
        assert_eq!(batch(app, &number).performances.len(), 1);
        let trail = app.app.read(|db| {
            let stream = <Batch as chorda::domain::Aggregate>::stream(number.as_str());
            chorda::store::ledger::entries(db, &stream)
        });
        assert_eq!(trail.unwrap().len(), 2, "started, and one step");
    });
}

#[test]
fn who_performed_in_a_batch_neither_reviews_nor_certifies_it() {
    let app = works(TestStore::sqlite(), Clock::System);
    app.register("vida", "Vida Hribar", &[Role::Technician, Role::Qa]);
    app.register("zora", "Zora Lesjak", &[Role::Technician, Role::QualifiedPerson]);
    for reader in ["vida", "zora"] {
        plant(&app).acknowledge("EQ-MSC-P1.1", SHIPPED[0].1, reader).unwrap();
    }
    let number = plant(&app).start_of("EQ-MSC-P1").unwrap();
    let clear = step(&number, "clear_line");
    let (vida, zora) = (app.signed_in("vida"), app.signed_in("zora"));
    for client in [&vida, &zora] {
        let page = client.post_form("/account/role", &[("role", "technician")]);
        assert_eq!(page.status, 303, "{}", page.text());
    }
    assert_eq!(perform(&vida, &clear, &CLEAR, PASSWORD).status, 303);
    assert_eq!(verify_as_second(&vida, &clear, "zora").status, 303);
    let done = batch::Event::Completed { performances: 1 };
    plant(&app).record(vec![Change::of::<Batch>(number.as_str(), done)]);

    assert_eq!(vida.post_form("/account/role", &[("role", "qa")]).status, 303);
    let review = vida.get(&format!("/release/{number}"));
    let hash = review.entry("sign_hash").expect("the review can be signed");
    let fields = [("conclusion", "fine"), ("sign_hash", &hash), ("sign_password", PASSWORD)];
    let page = vida.post_form(&format!("/release/{number}/review"), &fields);
    assert_eq!(page.status, 422, "{}", page.text());
    page.says("vida performed or verified a step of this batch and cannot review it");

    assert_eq!(zora.post_form("/account/role", &[("role", "qualified_person")]).status, 303);
    let act = format!("/release/{number}/sign/final");
    let hash = zora.get(&act).entry("sign_hash").expect("the act can be signed");
    let fields = [
        ("strength", "1"),
        ("form", "suspension"),
        ("package", "1 vial"),
        ("authorisation", "MIA-0"),
        ("sign_hash", &hash),
        ("sign_password", PASSWORD),
    ];
    let page = zora.post_form(&act, &fields);
    page.says("zora performed or verified a step of this batch, or tested it, and cannot certify");
}
