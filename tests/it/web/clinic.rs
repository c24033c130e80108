//! After the dose, and whose cells reach whom: follow-up, reactions, enrolment, autologous units at
//! every door, and the thaw at the bedside; on both databases.

use chorda::app::custody_administer::{
    Administer, Thaw, administer, shown_destroy, thaw, try_administer, unit_destroy,
};
use chorda::app::custody_excursion::{ExcursionOpen, try_open};
use chorda::app::custody_hand_over::{HandOver, Receive, hand_over, receive};
use chorda::app::order_outcome::{self, Entry};
use chorda::app::order_place::{self, OrderPlace};
use chorda::app::{Caller, shown::Shown};
use chorda::clock::{self, Clock};
use chorda::codes::container::code as container_code;
use chorda::domain::Change;
use chorda::domain::actor::{Actor, Meaning, Role, Signature};
use chorda::domain::container::{Container, ContainerKind, Custodian, Event, Scan};
use chorda::domain::custody::Condition;
use chorda::domain::disposition::Disposition;
use chorda::domain::donation::{self, Donation, Tissue};
use chorda::domain::donor::{self, Donor, Relation};
use chorda::domain::id::{
    ContainerCode, Din, DonorCode, LocationPath, Login, Name, OrderNumber, PatientCode, StationId,
};
use chorda::domain::order::Relatedness;
use chorda::domain::protocol::DoseAsked;
use chorda::domain::quantity::{Quantity, Unit};
use chorda::domain::time::Span;

use super::app::TestApp;
use super::order::{codes, made, order_form, owned, people, received, record, scheduled, sign};
use crate::browser::driver::Browser;
use crate::browser::{fits, picture, sign_in};
use crate::support::TestStore;

/// The same on a fresh SQLite file and, where a server is given, on PostgreSQL.
fn each(test: impl Fn(TestApp, Clock)) {
    for store in [Some(TestStore::sqlite()), TestStore::postgres()].into_iter().flatten() {
        let clock = Clock::manual(clock::now());
        test(TestApp::over(store, clock.clone()), clock);
    }
}

/// One syringe of the order given; gives its address.
fn given(app: &TestApp) -> String {
    let (at, labels) = received(app);
    let neza = app.signed_in("neza");
    let form = [("patient", "XER-03"), ("scan", labels[0].as_str()), ("volume", "1.00")];
    let done = sign(&neza, "neza", &format!("{at}/give/left_parotid"), &form);
    assert_eq!(done.status, 303, "{}", done.text());
    at
}

fn today(app: &TestApp) -> String {
    app.app.clock.now().date(app.app.config.zone).to_string()
}

#[test]
fn a_visit_is_recorded_on_the_day_and_corrected_only_with_a_reason() {
    let app = TestApp::start();
    people(&app);
    let at = given(&app);
    let neza = app.signed_in("neza");
    neza.get(&format!("{at}/follow-up")).says("Day 28 (4 weeks)").says("not evaluated yet");
    let day = today(&app);
    let visit = format!("{at}/follow-up/visit/day_0");
    let form = |limiting| {
        [("held", "yes"), ("held_on", day.as_str()), ("grade", "1"), ("dose_limiting", limiting)]
    };
    let incomplete = [("held", "yes"), ("held_on", day.as_str()), ("grade", "1")];
    neza.post_form(&visit, &incomplete).says("whether a dose-limiting toxicity was found");
    let done = sign(&neza, "neza", &visit, &form("no"));
    neza.follow(done).says("held on").says("Recorded.");
    neza.post_form(&visit, &form("yes")).says("to correct it, say why");
    let eva = app.signed_in("eva");
    eva.post_form(&visit, &form("no")).says("The role QA does not include this");
}

#[test]
fn a_reaction_stops_enrolment_until_all_were_told_and_qa_has_decided() {
    each(|app, clock| {
        people(&app);
        let at = given(&app);
        clock.advance(Span::of_minutes(5));
        let neza = app.signed_in("neza");
        let now = app.app.clock.now().minute_text(app.app.config.zone).replacen(' ', "T", 1);
        let report = [
            ("description", "Swelling of the neck, admitted"),
            ("began_at", now.as_str()),
            ("aware_at", now.as_str()),
            ("grade", "3"),
            ("relatedness", "possible"),
        ];
        let done = sign(&neza, "neza", &format!("{at}/follow-up/reaction/0"), &report);
        neza.follow(done).says("Enrolment is stopped").says("Trial coordinator: to be told");
        let form = order_form(&neza, "XER-04");
        neza.post_form("/orders", &owned(&form)).says("enrolment is stopped");
        neza.get("/enrolment/EQ-MSC-XER").says("stopped");
        let eva = app.signed_in("eva");
        eva.get("/").says("enrolment is stopped");
        let rule = format!("{at}/follow-up/rule/1");
        let decision = [("resume", "yes"), ("reasoning", "allergy to the dressing")];
        eva.post_form(&rule, &decision).says("not told yet");
        let told = |whom: &'static str| {
            [("whom", whom), ("at", now.as_str()), ("how", "telephone, ref. 12")]
        };
        let tell = format!("{at}/follow-up/tell/1");
        neza.post_form(&tell, &told("Ethics committee")).says("is told first");
        for whom in ["Trial coordinator", "Ethics committee", "National pharmacovigilance centre"] {
            let done = sign(&neza, "neza", &tell, &told(whom));
            assert_eq!(done.status, 303, "{}", done.text());
        }
        let done = sign(&eva, "eva", &rule, &decision);
        eva.follow(done).says("Enrolment goes on");
        let look = neza.post_form("/orders", &owned(&form));
        assert_eq!(look.status, 200, "{}", look.text());
    });
}

fn caller(app: &TestApp, login: &str, role: Role) -> Caller {
    Caller {
        actor: Actor { login: Login::parse(login).unwrap(), printed_name: login.to_owned(), role },
        station: StationId::parse("ward-1").unwrap(),
        command_id: app.app.clock.new_id(),
        reason: Some("test".to_owned()),
    }
}

fn signed(login: &str, meaning: Meaning, shown: &Shown) -> Signature {
    Signature {
        login: Login::parse(login).unwrap(),
        printed_name: login.to_owned(),
        role: Role::Technician,
        meaning,
        at: clock::now(),
        zone: "Europe/Ljubljana".to_owned(),
        content_hash: shown.hash().unwrap(),
    }
}

/// A donor with a donation; for one patient only, where one is named.
fn donor_of(app: &TestApp, number: u32, recipient: Option<&str>) -> Din {
    let code = DonorCode::parse(&format!("DNR-{number:04}")).unwrap();
    let din = Din::parse(&format!("A999926{number:06}")).unwrap();
    let now = app.app.clock.now();
    let registered = donor::Event::Registered {
        tested_person: format!("TE-{number}"),
        relation: Relation::Donor,
        recipient: recipient.map(|patient| PatientCode::parse(patient).unwrap()),
    };
    let received = donation::Event::Received {
        donor: code.clone(),
        tissue: Tissue::BoneMarrow,
        sequence: None,
        donated_at: now,
        received_at: now,
        amount: Quantity::whole(30, Unit::Millilitre),
        temperature: Quantity::whole(5, Unit::Celsius),
        condition: "intact".to_owned(),
        container: container_code(ContainerKind::CollectionPot, number).unwrap(),
    };
    record(
        app,
        "ana",
        vec![
            Change::of::<Donor>(code.as_str(), registered),
            Change::of::<Donation>(din.as_str(), received),
        ],
    );
    din
}

/// A labelled syringe of a donation, made for the order, with ana.
fn syringe_of(app: &TestApp, order: &OrderNumber, din: &Din) -> ContainerCode {
    let code = codes(app, ContainerKind::Syringe, 1).remove(0);
    let ana = Custodian::Person { login: Login::parse("ana").unwrap() };
    let mut produced = made(ContainerKind::Syringe, Disposition::Released, ana);
    if let Event::Produced { contents, donation, order: made_for, target, .. } = &mut produced {
        contents.volume = Some(Quantity::parse("1.00", Unit::Millilitre).unwrap());
        *donation = Some(din.clone());
        *made_for = Some(order.clone());
        *target = Some(Name::parse("left_parotid").unwrap());
    }
    let printed = Event::LabelPrinted {
        serial: 1,
        definition: "syringe".to_owned(),
        definition_version: 1,
        payload: code.to_string(),
        copies: 1,
    };
    let events = [produced, printed, Event::LabelScannedBack { serial: 1 }];
    let changes = events.map(|event| Change::of::<Container>(code.as_str(), event));
    record(app, "ana", changes.to_vec());
    code
}

/// Every door refuses, and says whose cells they are and whom they would have reached.
#[track_caller]
fn crossing<T: std::fmt::Debug>(door: &str, outcome: Result<T, chorda::store::Failure>) {
    let Err(failure) = outcome else { panic!("{door} let it through: {outcome:?}") };
    let words = failure.to_string();
    for named in ["XER-03", "XER-09", "DNR-0002"] {
        assert!(words.contains(named), "{door} does not name {named}: {words}");
    }
}

#[test]
fn cells_of_one_patient_pass_no_door_to_another() {
    each(|app, _| {
        people(&app);
        let at = scheduled(&app);
        let number = OrderNumber::parse(at.rsplit('/').next().unwrap()).unwrap();
        let foreign = donor_of(&app, 2, Some("XER-09"));
        let vials = codes(&app, ContainerKind::Cryovial, 1);
        let location = LocationPath::parse("LN2/T1/B1/A1").unwrap();
        let place = Custodian::Place { location };
        let mut stored = made(ContainerKind::Cryovial, Disposition::Released, place);
        if let Event::Produced { donation, .. } = &mut stored {
            *donation = Some(foreign.clone());
        }
        record(&app, "ana", vec![Change::of::<Container>(vials[0].as_str(), stored)]);
        decided(&app, 2);
        let ana = app.signed_in("ana");
        let page = ana.post_form(&format!("{at}/allocate"), &[("vial", vials[0].as_str())]);
        assert_eq!(page.status, 422, "{}", page.text());
        page.says("whose cells are for XER-09 only").says("DNR-0002").says("XER-03");

        let code = syringe_of(&app, &number, &foreign);
        let scan = Scan::from(code.clone());
        let patient = PatientCode::parse("XER-03").unwrap();
        let over = HandOver {
            order: number.clone(),
            patient: patient.clone(),
            scans: vec![scan.clone()],
            to: Login::parse("neza").unwrap(),
            destination: "ward".to_owned(),
            condition: Condition { words: "intact".to_owned(), temperature: None },
        };
        let technician = caller(&app, "ana", Role::Technician);
        let signature = signed("ana", Meaning::HandedOver, &over.shown().unwrap());
        crossing("hand-over", hand_over(&app.app, &technician, over, signature.clone()));

        // As if it had passed: the next doors are shut as well.
        let handed = Event::HandedOver {
            transfer: "T-1".to_owned(),
            from: Login::parse("ana").unwrap(),
            to: Login::parse("neza").unwrap(),
            destination: "ward".to_owned(),
            condition: "intact".to_owned(),
            signature: signature.clone(),
        };
        record(&app, "ana", vec![Change::of::<Container>(code.as_str(), handed)]);
        let take = Receive {
            order: number.clone(),
            transfer: "T-1".to_owned(),
            patient: patient.clone(),
            scans: vec![scan.clone()],
            condition: Condition { words: "intact".to_owned(), temperature: None },
        };
        let clinician = caller(&app, "neza", Role::Clinician);
        let signature = signed("neza", Meaning::Received, &take.shown().unwrap());
        crossing("receipt", receive(&app.app, &clinician, take, signature.clone()));
        let arrived = Event::Received {
            transfer: "T-1".to_owned(),
            by: Login::parse("neza").unwrap(),
            condition: "intact".to_owned(),
            signature,
        };
        record(&app, "neza", vec![Change::of::<Container>(code.as_str(), arrived)]);
        let out = ExcursionOpen {
            order: number.clone(),
            patient: patient.clone(),
            scan: scan.clone(),
            volume: Quantity::parse("0.05", Unit::Millilitre).unwrap(),
            taken_by: Login::parse("rok").unwrap(),
        };
        crossing("excursion", try_open(&app.app, &clinician, &out));
        let at_bed = Thaw { order: number.clone(), patient: patient.clone(), scan: scan.clone() };
        crossing("thaw", thaw(&app.app, &clinician, at_bed));
        let give = Administer {
            order: number.clone(),
            patient,
            scan,
            target: Name::parse("left_parotid").unwrap(),
            volume: Quantity::parse("1.00", Unit::Millilitre).unwrap(),
            rest: None,
            given_at: None,
        };
        crossing("administration", try_administer(&app.app, &clinician, &give));
    });
}

/// The donor is eligible.
fn decided(app: &TestApp, number: u32) {
    let din = Din::parse(&format!("A999926{number:06}")).unwrap();
    let rule_set = donor::RuleSetRef { id: "EU-2006-17".to_owned(), version: 1 };
    let verdict = donor::Verdict { rule_set, donation: din.clone(), findings: Vec::new() };
    let signature = signed("eva", Meaning::Approved, &Shown::new("test"));
    let event = donor::Event::EligibilityDecided {
        donation: din,
        eligible: true,
        verdict,
        remark: String::new(),
        signature,
    };
    let code = format!("DNR-{number:04}");
    record(app, "ana", vec![Change::of::<Donor>(&code, event)]);
}

#[test]
fn a_patient_in_person_is_registered_as_a_donor_once() {
    let app = TestApp::start();
    people(&app);
    let ana = app.signed_in("ana");
    let form =
        |relation| [("tested_person", "TE-26-1"), ("relation", relation), ("recipient", "XER-03")];
    ana.post_form("/donors", &form("mother")).says("must be the donor");
    let done = ana.post_form("/donors", &form("self"));
    ana.follow(done).says("for XER-03 only");
    ana.post_form("/donors", &form("self")).says("is registered as donor DNR-0001 already");
}

#[test]
fn fat_is_received_by_its_volume() {
    let app = TestApp::start();
    people(&app);
    let ana = app.signed_in("ana");
    let form = [("tested_person", "TE-26-1"), ("relation", "self")];
    assert_eq!(ana.post_form("/donors", &form).status, 303);
    let consent = [
        ("scope_donation", "yes"),
        ("scope_storage", "yes"),
        ("scope_manufacture", "yes"),
        ("scope_clinical_use", "yes"),
        ("form_version", "3"),
        ("document", "folder 1"),
        ("given_at", "2026-01-10T08:00"),
    ];
    let done = ana.post_form("/donors/DNR-0001/enter/consent", &consent);
    assert_eq!(done.status, 303, "{}", done.text());
    let receive = |amount: (&'static str, &'static str), din: &'static str| {
        vec![
            ("din", din),
            ("tissue", "lipoaspirate"),
            ("donated_at", "2026-01-11T06:00"),
            ("received_at", "2026-01-11T12:00"),
            ("temperature", "5"),
            amount,
            ("condition", "intact"),
        ]
    };
    let entry = "/donors/DNR-0001/enter/donation";
    let wrong = ana.post_form(entry, &receive(("length", "30"), "A999926000001"));
    wrong.says("the volume of the lipoaspirate is missing");
    let done = ana.post_form(entry, &receive(("volume", "120"), "A999926000001"));
    ana.follow(done).says("120 ml");
    let again = ana.post_form(entry, &receive(("volume", "80"), "A999926000002"));
    ana.follow(again).says("Donated before");
}

/// An order under a protocol that thaws at the bedside.
fn bedside_order(app: &TestApp) -> OrderNumber {
    let site = &app.app.config.site;
    let protocol = &site.protocol("AT-MSC-XER").unwrap().protocol;
    let now = app.app.clock.now();
    let days = app.app.read(|db| order_place::calendar(db, site, "AT-MSC-XER", None, now)).unwrap();
    let day = days.iter().find(|candidate| candidate.slot.is_ok()).unwrap().day;
    let command = OrderPlace {
        protocol: "AT-MSC-XER".to_owned(),
        patient: PatientCode::parse("XER-03").unwrap(),
        indication: "xerostomia".to_owned(),
        dose: DoseAsked::proposed(protocol),
        answers: protocol
            .eligibility
            .iter()
            .map(|criterion| (criterion.name.clone(), criterion.kind.wanted()))
            .collect(),
        day,
    };
    let shown = order_place::shown(site, &command, now).unwrap();
    let signature = signed("neza", Meaning::Ordered, &shown);
    let neza = caller(app, "neza", Role::Clinician);
    order_place::order_place(&app.app, &neza, command, signature).unwrap()
}

/// An order under that protocol with one frozen unit at the ward.
fn frozen_at_the_ward(app: &TestApp) -> (OrderNumber, ContainerCode) {
    let order = bedside_order(app);
    let din = donor_of(app, 5, None);
    decided(app, 5);
    let code = syringe_of(app, &order, &din);
    let signature = signed("ana", Meaning::HandedOver, &Shown::new("test"));
    let (from, to) = (Login::parse("ana").unwrap(), Login::parse("neza").unwrap());
    let (transfer, condition) = ("T-1".to_owned(), "intact".to_owned());
    let handed = Event::HandedOver {
        transfer: transfer.clone(),
        from,
        to: to.clone(),
        destination: "ward".to_owned(),
        condition: condition.clone(),
        signature: signature.clone(),
    };
    let arrived = Event::Received { transfer, by: to, condition, signature };
    let changes = [handed, arrived].map(|event| Change::of::<Container>(code.as_str(), event));
    record(app, "ana", changes.to_vec());
    (order, code)
}

/// The pages of the bedside and after it, at each size; `CHORDA_SCREENSHOTS` keeps pictures.
#[test]
fn the_pages_of_the_clinic_fit_a_phone() {
    let Some(browser) = Browser::start() else { return };
    let clock = Clock::manual(clock::now());
    let app = TestApp::with_clock(clock.clone());
    people(&app);
    let (order, code) = frozen_at_the_ward(&app);
    clock.advance(Span::of_minutes(1));
    sign_in(&browser, &app, "neza");
    let shown = |path: &str, name: &str, words: &str| {
        browser.go(&format!("{}{path}", app.origin()));
        browser.says(words);
        fits(&browser, name);
        picture(&browser, name);
    };
    let bed = format!("/orders/{order}/give/left_parotid");
    shown(&bed, "bedside-frozen", "Start the thaw");
    let scan = Scan { code: code.clone(), serial: Some(1) };
    let patient = PatientCode::parse("XER-03").unwrap();
    let neza = || caller(&app, "neza", Role::Clinician);
    thaw(
        &app.app,
        &neza(),
        Thaw { order: order.clone(), patient: patient.clone(), scan: scan.clone() },
    )
    .unwrap();
    shown(&bed, "bedside-thawed", "Thawed: give it within");
    let give = Administer {
        order: order.clone(),
        patient,
        scan,
        target: Name::parse("left_parotid").unwrap(),
        volume: Quantity::parse("1.00", Unit::Millilitre).unwrap(),
        rest: None,
        given_at: None,
    };
    let signature = signed("neza", Meaning::Administered, &give.shown());
    administer(&app.app, &neza(), give, signature).unwrap();
    let follow_up = format!("/orders/{order}/follow-up");
    shown(&follow_up, "follow-up", "Day 30");
    shown(&format!("{follow_up}/visit/day_0"), "follow-up-visit", "Highest CTCAE grade");
    shown(&format!("{follow_up}/reaction/0"), "follow-up-reaction", "What happened");
    let report = Entry::Report {
        description: "Swelling of the neck, admitted".to_owned(),
        began_at: app.app.clock.now(),
        aware_at: app.app.clock.now(),
        grade: 3,
        relatedness: Relatedness::Possible,
    };
    let look = order_outcome::try_record(&app.app, &neza(), &order, &report).unwrap();
    let signature = signed("neza", Meaning::Performed, &look);
    order_outcome::record(&app.app, &neza(), &order, report, signature).unwrap();
    shown(&follow_up, "follow-up-stopped", "Enrolment is stopped");
    shown(&format!("{follow_up}/tell/1"), "follow-up-tell", "Who was told");
    shown("/enrolment", "enrolment", "stopped");
    shown("/enrolment/AT-MSC-XER", "enrolment-protocol", "CS5");
    shown("/enrolment/BM-MSC-XER", "enrolment-escalation", "One gland");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn a_unit_is_thawed_at_the_patient_and_given_within_ten_minutes_or_destroyed() {
    each(|app, clock| {
        people(&app);
        let (order, code) = frozen_at_the_ward(&app);
        let patient = PatientCode::parse("XER-03").unwrap();
        let scan = Scan { code: code.clone(), serial: Some(1) };
        let give = Administer {
            order: order.clone(),
            patient: patient.clone(),
            scan: scan.clone(),
            target: Name::parse("left_parotid").unwrap(),
            volume: Quantity::parse("1.00", Unit::Millilitre).unwrap(),
            rest: None,
            given_at: None,
        };
        let rule = |outcome: Result<(), chorda::store::Failure>| outcome.unwrap_err().to_string();
        let neza = || caller(&app, "neza", Role::Clinician);
        clock.advance(Span::of_minutes(1));
        let frozen = rule(try_administer(&app.app, &neza(), &give));
        assert!(frozen.contains("is not thawed"), "{frozen}");
        let at_bed = Thaw { order: order.clone(), patient, scan };
        thaw(&app.app, &neza(), at_bed.clone()).unwrap();
        let twice = rule(thaw(&app.app, &neza(), at_bed));
        assert!(twice.contains("already thawed"), "{twice}");
        let page = app.signed_in("neza").get(&format!("/orders/{order}/give/left_parotid"));
        page.says("Thawed: give it within").says("Volume given");

        clock.advance(Span::of_minutes(10));
        assert!(try_administer(&app.app, &neza(), &give).is_ok(), "in the last second");
        clock.advance(Span::of_seconds(1));
        let late = rule(try_administer(&app.app, &neza(), &give));
        assert!(late.contains("Do not give it"), "{late}");
        let page = app.signed_in("neza").get(&format!("/orders/{order}/give/left_parotid"));
        page.says("Too late").says("Destroy it");

        let shown = shown_destroy(&code, "test");
        let own = signed("neza", Meaning::Performed, &shown);
        let witness = signed("miha", Meaning::Verified, &shown);
        unit_destroy(&app.app, &neza(), &code, own, witness).unwrap();
        let opened = app.signed_in("eva").get("/deviations");
        opened.says(&format!("Unit {code} was thawed and not given in time"));
        let stored = app.app.read(|db| {
            chorda::store::order::donors_stored_for(db, &PatientCode::parse("XER-03").unwrap())
        });
        let donors: Vec<String> = stored.unwrap().iter().map(|e| e.donor.to_string()).collect();
        assert_eq!(donors, ["DNR-0005"]);
    });
}
