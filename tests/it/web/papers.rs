//! Labels of places, badges, shippers and packs through the pages: each is found again by its own
//! scan, and each mistake is told in words; on both databases.

use chorda::app::label_print::label_preview;
use chorda::app::print_send::print_send_waiting;
use chorda::app::scan::{Answer, Verdict, resolve};
use chorda::clock::{self, Clock};
use chorda::codes::{LabelCode, PrintSerial};
use chorda::domain::actor::Role;
use chorda::domain::container::{Container, ContainerKind, Custodian, Event};
use chorda::domain::disposition::Disposition;
use chorda::domain::id::{BatchNumber, ContainerCode, Login, Name, OrderNumber};
use chorda::domain::quantity::{Quantity, Unit};
use chorda::domain::scanner::{Scanner, TestSymbol};
use chorda::domain::time::Span;
use chorda::domain::{Aggregate, Change};
use chorda::printing::Patience;

use super::app::{Client, PASSWORD, Page, TestApp};
use super::order::{codes, made, people, record, scheduled, sign};
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

/// What a scanner reads from the label that is on a container now.
fn label(app: &TestApp, code: &str) -> String {
    let code = ContainerCode::parse(code).unwrap();
    label_preview(&app.app, &code, false).unwrap().1.payload
}

fn units<'a>(patient: &'a str, scans: &'a [String]) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![("patient", patient), ("printer", "")];
    fields.extend(scans.iter().map(|scan| ("scan", scan.as_str())));
    fields
}

fn moved(scans: &[String]) -> Vec<(&str, &str)> {
    let mut fields = units("XER-03", scans);
    fields.extend([("to", "neza"), ("destination", "ward"), ("condition", "closed")]);
    fields
}

#[test]
fn a_pack_has_a_label_of_its_own_and_travels_with_the_units_that_were_scanned_into_it() {
    each(|app| {
        people(&app);
        let at = scheduled(&app);
        let number = at.rsplit('/').next().unwrap();
        let mut all = doses(&app, number, "B-2026-0009", Some("50"));
        let ana = app.signed_in("ana");
        ana.get(&at).says("Pack and label");
        let page = format!("{at}/pack");
        ana.get(&page).says("Scan each unit on its way into the outer pack");
        let done = ana.post_form(&page, &units("XER-03", &all));
        assert_eq!(done.location(), "/labels/container/CX0000001", "{}", done.text());
        ana.follow(done).says("CX0000001 holds 2").says("print 1").says("printed, not read back");
        let pdf = ana.get("/labels/pdf?code=CX0000001");
        assert!(pdf.bytes.starts_with(b"%PDF"), "{}", pdf.text());
        ana.get("/containers/CX0000001").says(&all[0][..9]).says("outer pack");

        // It counts among the labels of the batch, and leaves only when it was read back.
        let labels = "/labels/batch/B-2026-0009";
        ana.get(labels).says("Issued 3").says("Not accounted for 1");
        all.insert(0, label(&app, "CX0000001"));
        let over = format!("{at}/hand-over");
        ana.post_form(&over, &moved(&all)).says("was not read back");
        let back = |scanned: &str| {
            let fields = [("code", "CX0000001"), ("scanned", scanned)];
            ana.post_form("/labels/scan-back", &fields)
        };
        assert_eq!(back(&all[1]).status, 422);
        let again = [("code", "CX0000001"), ("what", "reprint"), ("because", "")];
        ana.post_form("/labels/print", &again).says("reason");
        let again = [("code", "CX0000001"), ("what", "reprint"), ("because", "smudged")];
        assert_eq!(ana.post_form("/labels/print", &again).status, 303);
        back(&all[0]).says("void");
        let old = std::mem::replace(&mut all[0], label(&app, "CX0000001"));
        assert_eq!(back(&all[0]).status, 303);
        ana.get(labels).says("Issued 4").says("Not accounted for 1");
        let fields = [("code", "CX0000001"), ("serial", "1"), ("copies", "1")];
        let fate = [&fields[..], &[("fate", "destroyed")]].concat();
        assert_eq!(ana.post_form("/labels/account", &fate).status, 303);
        ana.get(labels).says("Not accounted for 0").says("Containers without 0");
        assert_eq!(scan(&app, Role::Technician, &old).verdict, Verdict::Stop);

        ana.get(&over).says("outer pack of 2");
        ana.post_form(&over, &moved(&all[1..])).says("CX0000001 not scanned");
        ana.post_form(&over, &moved(&all[..2])).says("2 of 3 units scanned");
        let voided = [&[old][..], &all[1..]].concat();
        ana.post_form(&over, &moved(&voided)).says("void");
        let done = sign(&ana, "ana", &over, &moved(&all));
        ana.follow(done).says("in transit");
        let neza = app.signed_in("neza");
        let receive = format!("{at}/receive");
        let came = [units("XER-03", &all), vec![("condition", "intact")]].concat();
        let without = [units("XER-03", &all[1..]), vec![("condition", "intact")]].concat();
        neza.post_form(&receive, &without).says("CX0000001 not scanned");
        let done = sign(&neza, "neza", &receive, &came);
        neza.follow(done).says("Received");
        ana.get("/containers/CX0000001").says("Unpacked by neza");
        ana.get(&at).says("2 units handed to neza");
        assert_eq!(scan(&app, Role::Technician, &all[0]).verdict, Verdict::Stop);
    });
}

#[test]
fn a_neighbours_unit_a_second_pack_and_two_batches_go_into_no_pack() {
    each(|app| {
        people(&app);
        let at = scheduled(&app);
        let number = at.rsplit('/').next().unwrap();
        let own = doses(&app, number, "B-2026-0009", Some("50"));
        let neighbours = doses(&app, "ORD-2026-0099", "B-2026-0009", Some("50"));
        let other = doses(&app, number, "B-2026-0010", Some("50"));
        let ana = app.signed_in("ana");
        let page = format!("{at}/pack");
        let scans =
            |labels: &[&String]| labels.iter().map(|one| (*one).clone()).collect::<Vec<_>>();
        let refused = |patient: &str, labels: &[&String], words: &str| {
            let scanned = scans(labels);
            let answer = ana.post_form(&page, &units(patient, &scanned));
            assert_eq!(answer.status, 422, "{}", answer.text());
            answer.says(words);
        };
        refused("XER-03", &[&own[0], &neighbours[0]], "is not of order");
        refused("XER-04", &[&own[0]], "scanned was XER-04");
        refused("XER-03", &[&own[0], &other[0]], "are of different batches");
        refused("XER-03", &[], "no unit of order");
        assert_eq!(ana.get("/containers/CX0000001").status, 404);
        let first = scans(&[&own[0]]);
        assert_eq!(ana.post_form(&page, &units("XER-03", &first)).status, 303);
        refused("XER-03", &[&own[0], &own[1]], "is in the outer pack CX0000001 already");
        let pack = label(&app, "CX0000001");
        let back = [("code", "CX0000001"), ("scanned", pack.as_str())];
        assert_eq!(ana.post_form("/labels/scan-back", &back).status, 303);
        refused("XER-03", &[&own[1], &pack], "goes into none");
        let all = scans(&[&pack, &own[0], &own[1], &other[0], &other[1]]);
        let over = ana.post_form(&format!("{at}/hand-over"), &moved(&all));
        over.says("is in no outer pack");
        assert_eq!(app.client(Role::Qa).get(&page).status, 403);
        assert_eq!(app.signed_in("neza").get(&page).status, 403);
    });
}

#[test]
fn a_pack_whose_label_lacks_a_particular_is_not_made_and_the_particular_is_named() {
    each(|app| {
        people(&app);
        let at = scheduled(&app);
        let number = at.rsplit('/').next().unwrap();
        let all = doses(&app, number, "B-2026-0009", None);
        let ana = app.signed_in("ana");
        let refused = ana.post_form(&format!("{at}/pack"), &units("XER-03", &all));
        assert_eq!(refused.status, 422);
        refused.says("lacks the strength").says("Annex VI A.1");
        assert_eq!(ana.get("/containers/CX0000001").status, 404);
        ana.get("/labels/batch/B-2026-0009").says("Issued 2");
    });
}

#[test]
fn the_scanner_of_a_station_is_tested_and_what_is_wrong_is_said_and_recorded() {
    each(|app| {
        let ana = app.client(Role::Technician);
        ana.get("/station").says("Scan the Data Matrix").says("not right yet");
        ana.get("/labels/scanner").says("Read back from the Data Matrix").says("QR code");
        let pdf = ana.get("/labels/scanner.pdf");
        assert!(pdf.bytes.starts_with(b"%PDF"), "{}", pdf.text());
        let test = |symbol: &str, read: &str| {
            ana.post_form("/station/scanner", &[("symbol", symbol), ("read", read)])
        };
        let matrix = TestSymbol::DataMatrix.text();
        test("data_matrix", "").says("nothing arrived");
        let lost = test("data_matrix", &matrix.replace('\u{1d}', ""));
        lost.says("this scanner is not right").says("The separator (FNC1, GS) does not arrive");
        ana.get("/station").says("Scan the Data Matrix").says("wrong").says("not right yet");
        let right = test("data_matrix", &matrix);
        ana.follow(right).says("every character arrived").says("Scan the QR code");
        test("qr", &TestSymbol::Qr.text().replace("YZ", "ZY")).says("QWERTZ");
        assert_eq!(test("qr", &TestSymbol::Qr.text()).status, 303);
        let last = test("code_128", &format!("]C0{}", TestSymbol::Code128.text()));
        ana.follow(last).says("right since").says("QR code: Y and Z are exchanged");
        assert_eq!(test("nothing", &matrix).status, 422);
        // The station and the person are in the ledger.
        let stream = Scanner::stream("OFFICE");
        let entries = app.app.read(|db| chorda::store::ledger::entries(db, &stream)).unwrap();
        assert_eq!(entries.len(), 5);
        assert!(entries.iter().all(|entry| entry.recorded.actor.as_str() == "technician"));
        // A label printer prints the sheet, too, for whoever looks after stations.
        let folder = printer(&app, "sheet");
        let admin = app.client(Role::Administrator);
        let job = print(&admin, "/labels/scanner", &[], "EQ-LP-03");
        admin.follow(job).says("scanner test sheet for OFFICE");
        let (count, read) = printed(&app, &folder);
        assert_eq!(count, 1);
        assert!(read.iter().all(|read| *read == matrix), "{read:?}");
    });
}
