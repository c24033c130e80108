//! Labels of places, badges, shippers and packs through the pages: each is found again by its own
//! scan, and each mistake is told in words; on both databases.

use chorda::app::print_send::print_send_waiting;
use chorda::app::scan::{Answer, Verdict, resolve};
use chorda::clock::{self, Clock};
use chorda::codes::{LabelCode, PrintSerial};
use chorda::domain::Change;
use chorda::domain::actor::Role;
use chorda::domain::container::{Container, ContainerKind, Custodian, Event};
use chorda::domain::disposition::Disposition;
use chorda::domain::id::{BatchNumber, Login, Name, OrderNumber};
use chorda::domain::quantity::{Quantity, Unit};
use chorda::domain::time::Span;
use chorda::printing::Patience;

use super::app::{Client, PASSWORD, Page, TestApp};
use super::order::{codes, made, people, record, scheduled};
use super::stock::storage;
use crate::labels::{folder, have, read_graphics};
use crate::support::{TestStore, person};

fn each(test: impl Fn(TestApp)) {
    for store in [Some(TestStore::sqlite()), TestStore::postgres()].into_iter().flatten() {
        test(TestApp::over(store, Clock::System));
    }
}

fn scan(app: &TestApp, role: Role, code: &str) -> Answer {
    resolve(&app.app, &person("ana", role), code).unwrap()
}

/// A printer that is a folder; gives the folder.
fn printer(app: &TestApp, name: &str) -> std::path::PathBuf {
    let folder = folder(name);
    let fields = [
        ("asset", "EQ-LP-03"),
        ("title", "Print system"),
        ("by", "file"),
        ("folder", folder.to_str().unwrap()),
        ("dpi", "300"),
    ];
    let page = app.client(Role::Administrator).post_form("/printers/new", &fields);
    assert_eq!(page.status, 303, "{}", page.text());
    folder
}

/// What a decoder of its own reads on the labels that the folder got; nothing without decoder.
fn printed(app: &TestApp, folder: &std::path::Path) -> (usize, Vec<String>) {
    print_send_waiting(&app.app, Patience::default()).unwrap();
    let mut formats = Vec::new();
    for file in std::fs::read_dir(folder).unwrap().flatten() {
        let text = std::fs::read_to_string(file.path()).unwrap();
        let begun = text.split("^XA").skip(1);
        formats.extend(begun.filter_map(|rest| Some(rest.split_once("^XZ")?.0.to_owned())));
    }
    let read = match have(&["dmtxread"]) {
        true => read_graphics(folder, &formats[..formats.len().min(4)]),
        false => Vec::new(),
    };
    std::fs::remove_dir_all(folder).unwrap();
    (formats.len(), read)
}

fn print(client: &Client, page: &str, fields: &[(&str, &str)], printer: &str) -> Page {
    let mut all = fields.to_vec();
    all.extend([("copies", "1"), ("printer", printer)]);
    client.post_form(page, &all)
}

#[test]
fn the_label_of_every_place_is_found_by_its_scan_and_names_exactly_that_place() {
    each(|app| {
        let (qa, ana) = (app.client(Role::Qa), app.client(Role::Technician));
        storage(&qa);
        for path in ["LN2", "LN2/T1", "LN2/T1/R1", "LN2/T1/R1/B1", "LN2/T1/R1/B1/C7"] {
            let page = ana.get(&format!("/labels/place?path={path}"));
            page.says(&format!("LOC:{path}")).says("Read back from the Data Matrix");
            let found = scan(&app, Role::Technician, &format!("LOC:{path}"));
            assert_eq!(found.verdict, Verdict::Ok, "{path}: {}", found.text);
            let at = match path.strip_suffix("/C7") {
                Some(boxed) => format!("/storage/{boxed}?target=C7"),
                None => format!("/storage/{path}"),
            };
            assert_eq!(found.go.unwrap(), at);
            let pdf = ana.get(&format!("/labels/place.pdf?path={path}"));
            assert!(pdf.bytes.starts_with(b"%PDF"), "{path}: {}", pdf.text());
        }
        qa.get("/storage/LN2").says("Labels of all inside");
        ana.get("/storage/LN2/T1/R1/B1").says("Labels of its positions");
        let folder = printer(&app, "places");
        let inside = [("path", "LN2"), ("which", "inside")];
        let job = print(&ana, "/labels/place", &inside, "EQ-LP-03");
        ana.follow(job).says("3 labels").says("place LN2/T1/R1/B1");
        let (count, read) = printed(&app, &folder);
        assert_eq!(count, 3);
        for (path, read) in ["LN2/T1", "LN2/T1/R1", "LN2/T1/R1/B1"].iter().zip(read) {
            assert_eq!(read, format!("LOC:{path}"));
        }
    });
}

#[test]
fn all_positions_of_a_box_are_printed_at_once_and_the_queue_names_them() {
    let app = TestApp::start();
    let (qa, ana) = (app.client(Role::Qa), app.client(Role::Technician));
    storage(&qa);
    let folder = printer(&app, "positions");
    let positions = [("path", "LN2/T1/R1/B1"), ("which", "positions")];
    let job = print(&qa, "/labels/place", &positions, "EQ-LP-03");
    qa.follow(job).says("81 labels").says("place LN2/T1/R1/B1/I9");
    ana.get("/printers").says("81 labels");
    let (count, read) = printed(&app, &folder);
    assert_eq!(count, 81);
    for (spot, read) in ["A1", "A2", "A3", "A4"].iter().zip(read) {
        assert_eq!(read, format!("LOC:LN2/T1/R1/B1/{spot}"));
    }
    let by_hand = print(&ana, "/labels/place", &positions, "");
    assert!(by_hand.location().starts_with("/labels/place.pdf?"), "{}", by_hand.text());
    assert!(ana.follow(by_hand).bytes.starts_with(b"%PDF"));
}

#[test]
fn what_is_no_place_and_who_may_not_print_one_is_refused() {
    each(|app| {
        let (qa, ana) = (app.client(Role::Qa), app.client(Role::Technician));
        storage(&qa);
        assert_eq!(ana.get("/labels/place?path=LN2/T9").status, 404);
        assert_eq!(ana.get("/labels/place?path=LN2/T1/R1/B1/K1").status, 404);
        assert_eq!(ana.get("/labels/place?path=../etc").status, 404);
        assert_eq!(ana.get("/labels/place?path=LN2/T1/R1/B1&which=inside").status, 404);
        let ten = [("path", "LN2"), ("copies", "10"), ("printer", "")];
        ana.post_form("/labels/place", &ten).says("10 copies were asked for");
        let nowhere = print(&ana, "/labels/place", &[("path", "LN2")], "EQ-LP-09");
        nowhere.says("no printer EQ-LP-09");
        for role in [Role::Inspector, Role::Clinician, Role::Administrator] {
            let page = app.client(role).get("/labels/place?path=LN2");
            assert_eq!(page.status, 403, "{role:?}");
        }
    });
}

#[test]
fn a_badge_names_a_person_and_opens_and_signs_nothing() {
    each(|app| {
        people(&app);
        let admin = app.client(Role::Administrator);
        let page = admin.get("/labels/badge?login=ana");
        page.says("USER:ana").says("Read back from the Data Matrix").says("signs nothing");
        assert_eq!(app.client(Role::Technician).get("/labels/badge?login=ana").status, 403);
        assert_eq!(admin.get("/labels/badge?login=nobody").status, 404);
        let folder = printer(&app, "badge");
        let job = print(&admin, "/labels/badge", &[("login", "ana")], "EQ-LP-03");
        let job = job.location().to_owned();
        admin.get(&job).says("badge of ana");
        let (count, read) = printed(&app, &folder);
        assert_eq!(count, 1);
        assert!(read.iter().all(|read| read == "USER:ana"), "{read:?}");
        // The administrator who printed it says whether it came out, and nobody else's labels.
        let seen = admin.post_form(&format!("{job}/settle"), &[("came_out", "yes")]);
        assert_eq!(seen.status, 303, "{}", seen.text());

        let found = scan(&app, Role::Technician, "USER:ana");
        assert_eq!((found.verdict, found.title.as_str()), (Verdict::Ok, "Ana Tehnik"));
        assert_eq!(found.go, None);
        let found = scan(&app, Role::Administrator, "user:ANA");
        assert_eq!(found.go.as_deref(), Some("/administration/people/ana"));
        assert_eq!(scan(&app, Role::Qa, "USER:nobody").verdict, Verdict::Stop);

        let sign_in = |login: &str, password: &str| {
            let fields = [("login", login), ("password", password)];
            app.anonymous().post_raw("/sign-in", &fields)
        };
        assert_eq!(sign_in("USER:ana", PASSWORD).status, 303);
        assert_ne!(sign_in("USER:ana", "").status, 303);
        assert_ne!(sign_in("USER:ana", "USER:ana").status, 303);
        assert_ne!(sign_in("USER:ana", "seven loud rivers run").status, 303);
    });
}

/// Labelled syringes of the order and of a batch, in ana's hands; gives what a scanner reads.
fn doses(app: &TestApp, order: &str, batch: &str, cells: Option<&str>) -> Vec<String> {
    let sites = [("left_parotid", "1.00"), ("right_parotid", "0.50")];
    let codes = codes(app, ContainerKind::Syringe, 2);
    let mut labels = Vec::new();
    for (code, (site, volume)) in codes.iter().zip(sites) {
        let label = LabelCode::new(code, PrintSerial::FIRST).unwrap();
        let ana = Custodian::Person { login: Login::parse("ana").unwrap() };
        let mut produced = made(ContainerKind::Syringe, Disposition::Released, ana);
        if let Event::Produced { contents, expires_at, order: made_for, target, .. } = &mut produced
        {
            contents.volume = Some(Quantity::parse(volume, Unit::Millilitre).unwrap());
            let share = if volume == "1.00" { cells } else { cells.map(|_| "25") };
            contents.viable_cells =
                share.map(|cells| Quantity::parse(cells, Unit::MillionCells).unwrap());
            *expires_at = Some(clock::now().plus(Span::of_hours(6)));
            *made_for = Some(OrderNumber::parse(order).unwrap());
            *target = Some(Name::parse(site).unwrap());
        }
        if let Event::Produced { batch: made_by, .. } = &mut produced {
            *made_by = Some(BatchNumber::parse(batch).unwrap());
        }
        let printed = Event::LabelPrinted {
            serial: 1,
            definition: "syringe".to_owned(),
            definition_version: 1,
            payload: label.to_string(),
            copies: 1,
        };
        let events = [produced, printed, Event::LabelScannedBack { serial: 1 }];
        let changes = events.map(|event| Change::of::<Container>(code.as_str(), event));
        record(app, "ana", changes.to_vec());
        labels.push(label.to_string());
    }
    labels
}

#[test]
fn the_shipper_of_a_consignment_says_how_many_and_is_refused_without_any() {
    each(|app| {
        people(&app);
        let at = scheduled(&app);
        let number = at.rsplit('/').next().unwrap();
        let page = format!("/labels/shipper?order={number}");
        let ana = app.signed_in("ana");
        let nothing = ana.get(&page);
        assert_eq!(nothing.status, 409, "{}", nothing.text());
        nothing.says("no unit of order");
        doses(&app, number, "B-2026-0009", Some("50"));
        ana.get(&page).says(number).says("Read back from the Code 128");
        ana.get(&at).says("Label of the shipper");
        let found = scan(&app, Role::Technician, number);
        assert_eq!(found.go.as_deref(), Some(at.as_str()));
        let folder = printer(&app, "shipper");
        let job = print(&ana, "/labels/shipper", &[("order", number)], "EQ-LP-03");
        ana.follow(job).says(&format!("shipper of {number}"));
        assert_eq!(printed(&app, &folder).0, 1);
        assert_eq!(app.client(Role::QualifiedPerson).get(&page).status, 403);
    });
}
