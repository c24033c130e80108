//! Printing through the pages, onto printers of the test's own: one that works, one that dies half
//! way, one that never answers, one without paper, and none at all.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use chorda::app::print_send::{Spooler, print_send_waiting};
use chorda::clock::Clock;
use chorda::domain::actor::Role;
use chorda::domain::time::Span;
use chorda::printing::Patience;

use ipp::model::Operation;

use super::app::{Client, Page, TestApp};
use super::stock::vials;
use crate::labels::{folder, have, read_graphics, take_apart};
use crate::printing::fake::{Act, FakeIpp, job as ipp_job, label_printer};
use crate::support::TestStore;

/// How a printer of a test behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Temper {
    /// Prints, and says so.
    Good,
    /// Breaks the line after so many bytes.
    Dies(usize),
    /// Takes everything and never says a word.
    Silent,
    /// Says that it has no labels.
    Empty,
    /// Says after printing began that its head is open.
    Opens,
}

/// A printer on this computer.
struct FakePrinter {
    address: SocketAddr,
    got: Arc<Mutex<Vec<u8>>>,
}

impl FakePrinter {
    fn start(temper: Temper) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let got = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&got);
        thread::spawn(move || {
            for line in listener.incoming().flatten() {
                serve(line, temper, &kept);
            }
        });
        Self { address, got }
    }

    fn port(&self) -> String {
        self.address.port().to_string()
    }

    /// The label formats that arrived, whole ones only.
    fn formats(&self) -> Vec<String> {
        let got = String::from_utf8_lossy(&self.got.lock().unwrap()).into_owned();
        let begun = got.split("^XA").skip(1);
        begun
            .filter_map(|rest| rest.split_once("^XZ"))
            .map(|(format, _)| format.to_owned())
            .collect()
    }
}

fn serve(mut line: TcpStream, temper: Temper, kept: &Mutex<Vec<u8>>) {
    let mut part = [0; 4096];
    let mut asked: Vec<u8> = Vec::new();
    loop {
        let count = match line.read(&mut part) {
            Ok(0) | Err(_) => return,
            Ok(count) => count,
        };
        let mut got = kept.lock().unwrap();
        asked.extend(&part[..count]);
        got.extend(&part[..count]);
        if let Temper::Dies(after) = temper
            && got.len() > after
        {
            got.truncate(after);
            return;
        }
        let begun = got.windows(3).any(|three| three == b"^XA");
        drop(got);
        while let Some(place) = asked.windows(3).position(|three| three == b"~HS") {
            asked.drain(..place + 3);
            let (paper, head) = match temper {
                Temper::Silent => continue,
                Temper::Empty => (1, 0),
                Temper::Opens => (0, u8::from(begun)),
                Temper::Good | Temper::Dies(_) => (0, 0),
            };
            let said = format!(
                "\u{2}030,{paper},0,0150,000,0,0,0,000,0,0,0\u{3}\r\n\
                 \u{2}000,0,{head},0,0,2,4,0,00000000,1,000\u{3}\r\n\u{2}1234,0\u{3}\r\n"
            );
            if line.write_all(said.as_bytes()).is_err() {
                return;
            }
        }
    }
}

const SHORT: Patience = Patience {
    connect: Duration::from_millis(500),
    answer: Duration::from_millis(300),
    exchange: Duration::from_secs(2),
    done: Duration::from_secs(2),
};

fn set_up(admin: &Client, asset: &str, port: &str) -> Page {
    let fields = [
        ("asset", asset),
        ("title", "Bench 1"),
        ("by", "tcp"),
        ("host", "127.0.0.1"),
        ("port", port),
        ("dpi", "203"),
    ];
    admin.post_form("/printers/new", &fields)
}

fn print(ana: &Client, codes: &[String], asset: &str) -> Page {
    let mut fields = vec![("batch", "B-2026-0001"), ("printer", asset)];
    fields.extend(codes.iter().map(|code| ("code", code.as_str())));
    ana.post_form("/labels/print", &fields)
}

/// Prints one new vial's label on a printer of this temper; gives the page of the job.
fn printed_on(temper: Temper) -> (TestApp, FakePrinter, Page) {
    let app = TestApp::start();
    let printer = FakePrinter::start(temper);
    let (admin, ana) = (app.client(Role::Administrator), app.client(Role::Technician));
    assert_eq!(set_up(&admin, "EQ-LP-01", &printer.port()).status, 303);
    let codes = vials(&app, "B-2026-0001", 1);
    assert_eq!(print(&ana, &codes, "EQ-LP-01").status, 303);
    assert_eq!(print_send_waiting(&app.app, SHORT).unwrap(), 1);
    assert_eq!(print_send_waiting(&app.app, SHORT).unwrap(), 0);
    let page = ana.get(&job_path(1));
    (app, printer, page)
}

fn job_path(number: u32) -> String {
    let now = chorda::clock::Clock::System.now().minute_text(chorda::domain::time::Zone::LJUBLJANA);
    format!("/print-jobs/PJ-{}-{number:04}", &now[..4])
}

#[test]
fn what_arrives_at_a_printer_is_what_was_proved_and_the_job_is_printed_when_it_says_so() {
    let app = TestApp::start();
    let printer = FakePrinter::start(Temper::Good);
    let (admin, ana) = (app.client(Role::Administrator), app.client(Role::Technician));
    ana.get("/printers").says("No label printer is set up");
    assert_eq!(ana.get("/printers/new").status, 403);
    assert_eq!(set_up(&admin, "EQ-LP-01", &printer.port()).status, 303);
    let codes = vials(&app, "B-2026-0001", 3);
    assert_eq!(print(&ana, &codes, "EQ-LP-01").status, 303);
    ana.get(&job_path(1)).says("waiting").says("0 of 3");
    assert_eq!(print_send_waiting(&app.app, SHORT).unwrap(), 1);
    ana.get(&job_path(1)).says("printed").says("the printer says that all came out");
    let formats = printer.formats();
    assert_eq!(formats.len(), 3);
    assert!(formats.iter().all(|format| format.contains("^PW203^LL102")), "{formats:?}");
    if have(&["dmtxread"]) {
        let folder = folder("printed");
        let read = read_graphics(&folder, &formats);
        for (code, read) in codes.iter().zip(read) {
            assert!(read.starts_with(&format!("{code}01")), "{code}: {read}");
        }
        std::fs::remove_dir_all(folder).unwrap();
    }
    ana.get("/printers").says("3 labels").says("printed");
    let settled = ana.post_form(&format!("{}/settle", job_path(1)), &[("came_out", "no")]);
    settled.says("only where that is not known a person says it");
    let again = ana.post_form(&format!("{}/retry", job_path(1)), &[("printer", "EQ-LP-01")]);
    again.says("a label would exist twice");
}

#[test]
fn a_printer_that_is_not_there_has_failed_and_the_job_can_go_to_another() {
    let app = TestApp::start();
    let (admin, ana) = (app.client(Role::Administrator), app.client(Role::Technician));
    let nobody = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port().to_string()
    };
    assert_eq!(set_up(&admin, "EQ-LP-01", &nobody).status, 303);
    let codes = vials(&app, "B-2026-0001", 1);
    assert_eq!(print(&ana, &codes, "EQ-LP-01").status, 303);
    assert_eq!(print_send_waiting(&app.app, SHORT).unwrap(), 1);
    ana.get(&job_path(1)).says("failed").says("not reached");
    let printer = FakePrinter::start(Temper::Good);
    assert_eq!(set_up(&admin, "EQ-LP-02", &printer.port()).status, 303);
    let again = ana.post_form(&format!("{}/retry", job_path(1)), &[("printer", "EQ-LP-02")]);
    assert_eq!(again.status, 303);
    assert_eq!(print_send_waiting(&app.app, SHORT).unwrap(), 1);
    ana.get(&job_path(1)).says("printed").says("EQ-LP-02").says("Attempts 2");
    assert_eq!(printer.formats().len(), 1);
}

#[test]
fn a_printer_that_dies_half_way_leaves_not_known_until_a_person_looked() {
    let (app, printer, page) = printed_on(Temper::Dies(60));
    page.says("not known").says("Did it come out?");
    assert!(printer.formats().is_empty());
    let ana = app.client(Role::Technician);
    let again = ana.post_form(&format!("{}/retry", job_path(1)), &[("printer", "EQ-LP-01")]);
    again.says("is not known and is not sent again");
    let looked = ana.post_form(&format!("{}/settle", job_path(1)), &[("came_out", "no")]);
    assert_eq!(looked.status, 303);
    ana.get(&job_path(1)).says("failed").says("seen by").says("Send it again");
}

#[test]
fn a_printer_that_never_answers_is_never_believed_to_have_printed() {
    let (app, printer, page) = printed_on(Temper::Silent);
    page.says("not known").says("the printer says nothing of itself");
    assert_eq!(printer.formats().len(), 1);
    let ana = app.client(Role::Technician);
    let looked = ana.post_form(&format!("{}/settle", job_path(1)), &[("came_out", "yes")]);
    assert_eq!(looked.status, 303);
    ana.get(&job_path(1)).says("printed").says("seen by");
}

#[test]
fn a_printer_without_labels_gets_nothing_and_one_that_opens_is_not_believed() {
    let (_app, printer, page) = printed_on(Temper::Empty);
    page.says("failed").says("nothing was sent: it has no labels");
    assert!(printer.formats().is_empty());
    let (_app, _printer, page) = printed_on(Temper::Opens);
    page.says("not known").says("its head is open");
}

#[test]
fn a_folder_gets_the_file_and_nobody_claims_that_it_was_printed() {
    let app = TestApp::start();
    let (admin, ana) = (app.client(Role::Administrator), app.client(Role::Technician));
    let folder = folder("spool");
    let fields = [
        ("asset", "EQ-LP-03"),
        ("title", "Print system"),
        ("by", "file"),
        ("folder", folder.to_str().unwrap()),
        ("dpi", "600"),
    ];
    assert_eq!(admin.post_form("/printers/new", &fields).status, 303);
    let codes = vials(&app, "B-2026-0001", 2);
    assert_eq!(print(&ana, &codes, "EQ-LP-03").status, 303);
    assert_eq!(print_send_waiting(&app.app, SHORT).unwrap(), 1);
    ana.get(&job_path(1)).says("not known").says("look whether it was printed");
    let files: Vec<_> = std::fs::read_dir(&folder).unwrap().flatten().collect();
    assert_eq!(files.len(), 1);
    let text = std::fs::read_to_string(files[0].path()).unwrap();
    assert_eq!(text.matches("^XA").count(), 2);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_printer_is_tested_by_its_own_label_and_a_wrong_reading_is_told() {
    let app = TestApp::start();
    let printer = FakePrinter::start(Temper::Good);
    let (admin, ana) = (app.client(Role::Administrator), app.client(Role::Technician));
    assert_eq!(set_up(&admin, "EQ-LP-01", &printer.port()).status, 303);
    ana.get("/printers").says("not tested");
    assert_eq!(ana.post_form("/printers/EQ-LP-01/test", &[]).status, 303);
    assert_eq!(print_send_waiting(&app.app, SHORT).unwrap(), 1);
    assert_eq!(printer.formats().len(), 1);
    let read = |text: &str| ana.post_form("/printers/EQ-LP-01/read", &[("read", text)]);
    read("TEST:EQ-LP-01.1:ZY=&><*}(,+/;'#$%").says("keyboard layout");
    assert_eq!(read("TEST:EQ-LP-01.1:YZ=&><*}(,+/;'#$%").status, 303);
    ana.get("/printers/EQ-LP-01").says("test read back");
    let scan = |code| {
        let who = crate::support::person("ana", Role::Technician);
        chorda::app::scan::resolve(&app.app, &who, code).unwrap()
    };
    assert_eq!(scan("YZ=&><*}(,+/;'#$%").title, "Scanner test");
    assert_eq!(scan("ZY=&><*}(,+/;'#$%").verdict, chorda::app::scan::Verdict::Stop);
    assert_eq!(set_up(&admin, "EQ-LP-01", &printer.port()).status, 422);
    let retired = [("reason", "head worn out")];
    assert_eq!(admin.post_form("/printers/EQ-LP-01/retire", &retired).status, 303);
    let codes = vials(&app, "B-2026-0001", 1);
    print(&ana, &codes, "EQ-LP-01").says("head worn out");
    ana.get("/labels/batch/B-2026-0001").says("Issued 0");
}

#[test]
fn a_job_whose_server_stopped_is_not_known_and_one_that_waited_is_sent_on_both_databases() {
    for store in [Some(TestStore::sqlite()), TestStore::postgres()].into_iter().flatten() {
        let clock = Clock::manual(Clock::System.now());
        let app = TestApp::over(store, clock.clone());
        let printer = FakePrinter::start(Temper::Good);
        let (admin, ana) = (app.client(Role::Administrator), app.client(Role::Technician));
        assert_eq!(set_up(&admin, "EQ-LP-01", &printer.port()).status, 303);
        let codes = vials(&app, "B-2026-0001", 2);
        assert_eq!(print(&ana, &codes[..1], "EQ-LP-01").status, 303);
        // The beginning of an attempt, as a server leaves it that is switched off then.
        let who = crate::support::person("system", Role::Administrator);
        let first = job_path(1).trim_start_matches("/print-jobs/").to_owned();
        app.store
            .write(crate::support::envelope(&who, "server"), move |tx| {
                let job = tx.require::<chorda::domain::print_job::PrintJob>(&first)?;
                tx.record(job.start()?)
            })
            .unwrap();
        assert_eq!(print(&ana, &codes[1..], "EQ-LP-01").status, 303);
        ana.get(&job_path(1)).says("sending");
        clock.advance(Span::of_minutes(3));
        let spooler = Spooler::start(app.app.clone(), SHORT).unwrap();
        let mut left = 100;
        while !ana.get(&job_path(2)).text().contains("printed") {
            left -= 1;
            assert!(left > 0, "the second job was not printed");
            thread::sleep(Duration::from_millis(100));
        }
        drop(spooler);
        ana.get(&job_path(1)).says("not known").says("the server stopped");
        assert_eq!(printer.formats().len(), 1);
    }
}

#[test]
fn a_printer_is_set_up_over_ipp_tested_printed_on_and_shown_with_its_certificate() {
    let app = TestApp::start();
    let printer = FakeIpp::start(|operation, _| match operation {
        Operation::GetPrinterAttributes => Act::Says(label_printer()),
        Operation::PrintJob => Act::Says(ipp_job(5, &["none"], None)),
        _ => Act::Says(ipp_job(9, &["job-completed-successfully"], None)),
    });
    let (admin, ana) = (app.client(Role::Administrator), app.client(Role::Technician));
    let form = admin.get("/printers/new");
    form.says("Internet Printing Protocol").says("PWG Raster");
    let at = printer.at();
    let set_up = |address: &str, certificate: &str| {
        let fields = [
            ("asset", "EQ-LP-05"),
            ("title", "Bench 5"),
            ("by", "ipp"),
            ("address", address),
            ("language", "pwg_raster"),
            ("certificate", certificate),
            ("dpi", "203"),
            ("reason", "moved"),
        ];
        admin.post_form("/printers/new", &fields)
    };
    let refused = set_up("http://labels-1/ipp/print", "");
    assert_eq!(refused.status, 422);
    refused.says("begins with ipp:// or ipps://");
    assert!(refused.body.contains("value=\"http://labels-1/ipp/print\""));
    set_up("ipp://ana:secret@labels-1/ipp/print", "").says("holds no name and no password");
    let pem = "-----BEGIN CERTIFICATE-----\r\nMIIB\r\n-----END CERTIFICATE-----";
    set_up(&at, pem).says("only an ipps address is encrypted");
    set_up("ipps://labels-1/ipp/print", pem).says("the certificate cannot be read");
    assert_eq!(set_up(&at, "").status, 303);
    ana.get("/printers/EQ-LP-05").says(&format!("{at}, PWG Raster"));
    let form = admin.get("/printers/new?asset=EQ-LP-05");
    assert!(form.body.contains(&format!("value=\"{at}\"")));
    assert_eq!(ana.post_form("/printers/EQ-LP-05/test", &[]).status, 303);
    let codes = vials(&app, "B-2026-0001", 2);
    assert_eq!(print(&ana, &codes, "EQ-LP-05").status, 303);
    assert_eq!(print_send_waiting(&app.app, SHORT).unwrap(), 2);
    ana.get(&job_path(1)).says("printed").says("the printer says that all came out");
    let page = ana.get(&job_path(2));
    page.says("printed");
    assert!(page.body.contains("href=\"/printers\" aria-current=\"page\""), "{}", page.body);
    let [test, labels] = printer.jobs().try_into().unwrap();
    assert_eq!((take_apart(&test.document).len(), take_apart(&labels.document).len()), (1, 2));
}
