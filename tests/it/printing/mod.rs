//! Printing over the Internet Printing Protocol: onto printers of the test's own that work, refuse,
//! lie, break off and never end, and onto a simulator of others.

mod everywhere;
pub(crate) mod fake;
mod tls;

use std::time::{Duration, Instant};

use chorda::domain::container::ContainerKind;
use chorda::domain::print_job::Outcome;
use chorda::domain::printer::{Connection, IppAddress, Language};
use chorda::labels::{Raster, Resolution, prove};
use chorda::pdf::Len;
use chorda::printing::{Job, Page, Patience, Report, send};
use ipp::model::{Operation, StatusCode};
use ipp::value::IppValue;

use crate::labels::{Arrived, folder, full, have, run, take_apart};
use fake::{Act, FakeIpp, but, collection, job, label_printer, one, words};

/// How long these tests wait.
pub(crate) const SHORT: Patience = Patience {
    connect: Duration::from_millis(500),
    answer: Duration::from_millis(300),
    exchange: Duration::from_secs(2),
    done: Duration::from_millis(600),
};

fn reached(address: &str, language: Language) -> Connection {
    let address = IppAddress::parse(address).unwrap();
    Connection::Ipp { address, language, certificate: None }
}

/// A small label of this size in dots, with a pattern that no other has.
fn page(width: usize, height: usize, copies: u32) -> Page {
    let resolution = Resolution::Dpi203;
    let mut bits = vec![0; width.div_ceil(8) * height];
    for (place, byte) in bits.iter_mut().enumerate() {
        *byte = u8::try_from((place * 37 + height) % 251).unwrap();
    }
    let last = width.div_ceil(8);
    let keep = if width.is_multiple_of(8) { 255 } else { !(255_u8 >> (width % 8)) };
    bits.chunks_mut(last).for_each(|row| *row.last_mut().unwrap() &= keep);
    let length = |dots: usize| resolution.dot() * i64::try_from(dots).unwrap();
    let stock = (length(width), length(height));
    Page { raster: Raster { width, height, resolution, bits }, stock, copies }
}

fn small(pages: Vec<Page>) -> Job {
    Job { name: "PJ-2026-0001-1".to_owned(), pages }
}

/// Three labels of one size on a printer that does this.
fn sent(
    language: Language,
    plan: impl Fn(Operation, usize) -> Act + Send + Sync + 'static,
) -> (Report, FakeIpp) {
    let printer = FakeIpp::start(plan);
    let job = small(vec![page(203, 102, 1), page(203, 102, 2)]);
    let report = send(&reached(&printer.at(), language), &job, SHORT);
    (report, printer)
}

/// A printer that says this of itself, takes everything and says this of the job.
fn says(
    printer: Vec<ipp::attribute::IppAttribute>,
    of_job: Vec<ipp::attribute::IppAttribute>,
) -> impl Fn(Operation, usize) -> Act + Send + Sync {
    move |operation, _| match operation {
        Operation::GetPrinterAttributes => Act::Says(printer.clone()),
        Operation::PrintJob => Act::Says(job(5, &["none"], None)),
        _ => Act::Says(of_job.clone()),
    }
}

fn done() -> Vec<ipp::attribute::IppAttribute> {
    job(9, &["job-completed-successfully"], Some(3))
}

/// Expects this outcome in these words.
#[track_caller]
fn expect(report: &Report, outcome: Outcome, words: &str) {
    assert_eq!(report.outcome, outcome, "{report:?}");
    assert!(report.detail.contains(words), "{words}: {report:?}");
}

#[test]
fn a_printer_gets_the_dots_that_were_proved_and_is_believed_when_it_says_that_it_is_done() {
    let printer = FakeIpp::start(|operation, before| match (operation, before) {
        (Operation::GetPrinterAttributes, _) => Act::Says(label_printer()),
        (Operation::PrintJob, _) => Act::Says(job(3, &["none"], None)),
        (_, 0) => Act::Says(job(5, &["job-printing"], Some(1))),
        _ => Act::Says(job(9, &["job-completed-successfully"], Some(3))),
    });
    let labels = [1, 2].map(|number| full(ContainerKind::Cryovial, number));
    let proofs = labels.each_ref().map(|label| prove(label, Resolution::Dpi203).unwrap());
    let pages = proofs.iter().zip([1, 2]).map(|(proof, copies)| Page {
        raster: proof.feed(),
        stock: proof.feed_stock(),
        copies,
    });
    let work = small(pages.collect());
    let report = send(&reached(&printer.at(), Language::PwgRaster), &work, SHORT);
    expect(&report, Outcome::Printed, "the printer says that all came out");
    let [got] = printer.jobs().try_into().unwrap();
    let value = |name: &str| got.value(name).unwrap_or_else(|| panic!("{name}")).clone();
    assert_eq!(
        value("document-format"),
        IppValue::new_mime_media_type("image/pwg-raster").unwrap()
    );
    assert_eq!(value("ipp-attribute-fidelity"), IppValue::Boolean(true));
    assert_eq!(value("copies"), IppValue::Integer(1));
    assert_eq!(value("printer-uri"), IppValue::new_uri(printer.at()).unwrap());
    assert_eq!(value("printer-resolution"), IppValue::new_resolution(203, 203, 3));
    assert_eq!(value("print-scaling"), IppValue::new_keyword("none").unwrap());
    let IppValue::Collection(media) = value("media-col") else { panic!("a collection") };
    let size = collection([
        ("x-dimension", IppValue::Integer(2540)),
        ("y-dimension", IppValue::Integer(1270)),
    ]);
    assert_eq!(media.get("media-size"), Some(&size));
    assert_eq!(media.get("media-top-margin"), Some(&IppValue::Integer(0)));
    let pages = take_apart(&got.document);
    assert_eq!(pages.len(), 3);
    for (page, proof) in pages.iter().zip([&proofs[0], &proofs[1], &proofs[1]]) {
        assert_eq!((page.bits_per_dot, page.dpi), (1, (203, 203)));
        assert!(page.dots == Arrived::of(&proof.feed()), "other dots arrived");
    }
    if have(&["dmtxread"]) {
        let folder = folder("ipp");
        let file = folder.join("page.pbm");
        for (page, label) in pages.iter().zip([&labels[0], &labels[1], &labels[1]]) {
            std::fs::write(&file, page.bitmap()).unwrap();
            let file = file.to_str().unwrap();
            assert_eq!(
                run("dmtxread", &["-n", "-N", "1", "-m", "5000", file]).trim_end(),
                label.payload()
            );
        }
        std::fs::remove_dir_all(folder).unwrap();
    }
}

#[test]
fn a_printer_that_takes_grey_only_gets_the_same_dots_in_black_and_white() {
    let grey = but(
        "pwg-raster-document-type-supported",
        Some(words("pwg-raster-document-type-supported", &["sgray_8", "srgb_8"])),
    );
    let (report, printer) = sent(Language::PwgRaster, says(grey, done()));
    expect(&report, Outcome::Printed, "all came out");
    let pages = take_apart(&printer.jobs()[0].document);
    assert_eq!((pages.len(), pages[0].bits_per_dot), (3, 8));
    assert!(pages[0].dots == Arrived::of(&page(203, 102, 1).raster));
}

#[test]
fn a_printer_that_cannot_print_gets_nothing_and_the_reason_is_said() {
    let fixed = |x, y| {
        collection([("x-dimension", IppValue::Integer(x)), ("y-dimension", IppValue::Integer(y))])
    };
    let dpi = |name| one(name, IppValue::new_resolution(600, 600, 3));
    let reasons = |reason: &str| words("printer-state-reasons", &[reason]);
    let cases = [
        (reasons("media-empty"), "nothing was sent: it has no labels"),
        (reasons("media-empty-error"), "it has no labels"),
        (reasons("cover-open"), "its cover is open"),
        (reasons("flux-low-error"), "flux-low-error"),
        (one("printer-state", IppValue::Enum(5)), "it is stopped"),
        (one("printer-is-accepting-jobs", IppValue::Boolean(false)), "it takes no jobs now"),
        (words("document-format-supported", &["application/pdf"]), "only application/pdf"),
        (words("pwg-raster-document-type-supported", &["srgb_8"]), "only srgb_8"),
        (dpi("pwg-raster-document-resolution-supported"), "it does not take 203 dpi, only 600×600"),
        (
            one("media-size-supported", fixed(21_000, 29_700)),
            "it has no stock of 25.375 × 12.750 mm",
        ),
    ];
    for (said, why) in cases {
        let name = said.name().as_str().to_owned();
        let (report, printer) = sent(Language::PwgRaster, says(but(&name, Some(said)), done()));
        expect(&report, Outcome::Failed, why);
        assert!(printer.jobs().is_empty(), "{why}");
    }
    // What is only worth a remark keeps nobody from printing.
    for reason in ["media-low-warning", "none", "cover-open-report", "marker-supply-low"] {
        let said = but("printer-state-reasons", Some(reasons(reason)));
        expect(&sent(Language::PwgRaster, says(said, done())).0, Outcome::Printed, "all came out");
    }
    // A size as printers round it is the same size.
    let near = but("media-size-supported", Some(one("media-size-supported", fixed(2540, 1270))));
    let (report, printer) = sent(Language::PwgRaster, says(near, done()));
    expect(&report, Outcome::Printed, "all came out");
    let Some(IppValue::Collection(media)) = printer.jobs()[0].value("media-col").cloned() else {
        panic!("no media-col")
    };
    assert_eq!(media.get("media-size"), Some(&fixed(2540, 1270)));
}

#[test]
fn a_printer_that_refuses_has_printed_nothing_unless_it_may_have_begun() {
    use StatusCode as S;
    let cases = [
        (S::ClientErrorDocumentFormatNotSupported, Outcome::Failed),
        (S::ClientErrorAttributesOrValuesNotSupported, Outcome::Failed),
        (S::ServerErrorNotAcceptingJobs, Outcome::Failed),
        (S::ServerErrorBusy, Outcome::Failed),
        (S::ClientErrorDocumentFormatError, Outcome::NotKnown),
        (S::ServerErrorDeviceError, Outcome::NotKnown),
        (S::ServerErrorInternalError, Outcome::NotKnown),
        (S::ServerErrorJobCanceled, Outcome::NotKnown),
    ];
    for (status, outcome) in cases {
        let (report, _printer) = sent(Language::PwgRaster, move |operation, _| match operation {
            Operation::GetPrinterAttributes => Act::Says(label_printer()),
            _ => Act::Status(status),
        });
        expect(&report, outcome, &status.to_string());
    }
    for (code, outcome) in
        [(401, Outcome::Failed), (404, Outcome::Failed), (500, Outcome::NotKnown)]
    {
        let (report, _printer) = sent(Language::PwgRaster, move |operation, _| match operation {
            Operation::GetPrinterAttributes => Act::Says(label_printer()),
            _ => Act::Http(code),
        });
        assert_eq!(report.outcome, outcome, "{code}: {report:?}");
    }
}

#[test]
fn a_job_the_printer_took_is_printed_only_where_it_says_that_all_came_out() {
    let cases = [
        (job(8, &["aborted-by-system"], Some(0)), "given up by the printer (aborted-by-system)"),
        (job(8, &["aborted-by-system"], Some(0)), "0 of 3 came out"),
        (job(7, &["job-canceled-by-operator"], None), "was canceled"),
        (job(9, &["job-completed-with-errors"], Some(3)), "it ended with errors"),
        (job(9, &["queued-in-device"], None), "passed it on"),
        (job(9, &["none"], Some(1)), "ended it after 1 of 3"),
        (job(5, &["job-printing"], Some(1)), "still at it; it says that 1 of 3 came out"),
        (job(3, &["none"], None), "still at it; it does not say how many came out"),
        (job(6, &["printer-stopped"], Some(2)), "then the printer stopped"),
        (vec![], "does not say how the job stands"),
    ];
    for (of_job, why) in cases {
        let (report, printer) = sent(Language::PwgRaster, says(label_printer(), of_job));
        expect(&report, Outcome::NotKnown, why);
        assert_eq!(printer.jobs().len(), 1, "{why}");
    }
    // A print system says that a job is complete when it has handed it on.
    let mut system = label_printer();
    system.push(one("cups-version", IppValue::new_text_without_language("2.4.2").unwrap()));
    let (report, _printer) = sent(Language::PwgRaster, says(system, done()));
    expect(&report, Outcome::NotKnown, "passed it on");
}

#[test]
fn a_printer_that_runs_out_of_labels_half_way_is_not_believed_and_says_why() {
    let (report, _printer) = sent(Language::PwgRaster, |operation, before| match operation {
        Operation::GetPrinterAttributes if before == 0 => Act::Says(label_printer()),
        Operation::GetPrinterAttributes => Act::Says(but(
            "printer-state-reasons",
            Some(words("printer-state-reasons", &["media-empty-error"])),
        )),
        Operation::PrintJob => Act::Says(job(5, &["none"], None)),
        _ => Act::Says(job(6, &["printer-stopped"], Some(1))),
    });
    expect(&report, Outcome::NotKnown, "then the printer stopped: it has no labels");
    expect(&report, Outcome::NotKnown, "1 of 3 came out");
}

#[test]
fn a_line_that_breaks_is_failed_before_the_labels_and_not_known_after() {
    for act in [Act::HangsUp(20), Act::Endless, Act::Silent, Act::Bytes(b"no message".to_vec())] {
        let begun = Instant::now();
        let before = act.clone();
        let (report, printer) = sent(Language::PwgRaster, move |_, _| before.clone());
        expect(&report, Outcome::Failed, "not reached: ");
        assert!(printer.jobs().is_empty());
        let (report, _printer) = sent(Language::PwgRaster, move |operation, _| match operation {
            Operation::GetPrinterAttributes => Act::Says(label_printer()),
            _ => act.clone(),
        });
        expect(&report, Outcome::NotKnown, "the line broke while sending");
        // Nobody hangs; the figure is ten times what it takes.
        assert!(begun.elapsed() < Duration::from_secs(60));
    }
    let (report, _printer) = sent(Language::PwgRaster, |operation, _| match operation {
        Operation::GetPrinterAttributes => Act::Says(label_printer()),
        Operation::PrintJob => Act::Says(job(5, &["none"], None)),
        _ => Act::HangsUp(0),
    });
    expect(&report, Outcome::NotKnown, "then the printer was lost");
    let (report, _printer) = sent(Language::PwgRaster, |operation, _| match operation {
        Operation::GetPrinterAttributes => Act::Says(label_printer()),
        Operation::PrintJob => Act::Says(vec![]),
        _ => Act::Says(done()),
    });
    expect(&report, Outcome::NotKnown, "gave the job no number");
}

#[test]
fn lengths_that_contradict_one_another_break_nothing() {
    // A text with a language whose length reaches over the end of the value.
    let mut bytes = vec![2, 0, 0, 0, 0, 0, 0, 1, 4, 0x35, 0, 1, b'a', 0, 3, 0xff, 0xff, b'x', 3];
    let wrong = bytes.clone();
    let (report, _printer) = sent(Language::PwgRaster, move |_, _| Act::Bytes(wrong.clone()));
    expect(&report, Outcome::Failed, "its answer cannot be read");
    bytes.truncate(12);
    let (report, _printer) = sent(Language::PwgRaster, move |_, _| Act::Bytes(bytes.clone()));
    expect(&report, Outcome::Failed, "its answer cannot be read");
}

#[test]
fn an_answer_with_any_byte_changed_breaks_nothing_and_hangs_nobody() {
    let whole = fake::message(StatusCode::SuccessfulOk, 1, label_printer());
    let values = [0, 1, 3, 0x34, 0x35, 0x37, 0x7f, 0xff];
    let places: Vec<usize> = (0..whole.len()).step_by(11).collect();
    let count = places.len() * values.len();
    let printer = FakeIpp::start(move |operation, before| match operation {
        Operation::GetPrinterAttributes => {
            let mut changed = whole.clone();
            changed[places[before / values.len()]] = values[before % values.len()];
            Act::Bytes(changed)
        }
        _ => Act::Status(StatusCode::ServerErrorBusy),
    });
    let job = small(vec![page(16, 8, 1)]);
    for _ in 0..count {
        let report = send(&reached(&printer.at(), Language::PwgRaster), &job, SHORT);
        assert_eq!(report.outcome, Outcome::Failed, "{report:?}");
    }
}

#[test]
fn a_printer_that_gets_on_is_waited_for_longer_than_one_that_stands() {
    // Each answer takes a third of the patience; the job takes twice as long as that.
    let slow = |counts: bool| {
        move |operation: Operation, before: usize| match operation {
            Operation::GetPrinterAttributes => Act::Says(label_printer()),
            Operation::PrintJob => Act::Says(job(5, &["none"], None)),
            _ => {
                std::thread::sleep(SHORT.done / 3);
                let out = i32::try_from(before).unwrap();
                match (before, counts) {
                    (..6, true) => Act::Says(job(5, &["job-printing"], Some(out))),
                    (..6, false) => Act::Says(job(5, &["job-printing"], None)),
                    _ => Act::Says(done()),
                }
            }
        }
    };
    expect(&sent(Language::PwgRaster, slow(true)).0, Outcome::Printed, "all came out");
    expect(&sent(Language::PwgRaster, slow(false)).0, Outcome::NotKnown, "still at it");
}

#[test]
fn labels_of_two_sizes_are_two_documents_and_the_second_waits_for_the_first() {
    let mixed = || small(vec![page(203, 102, 1), page(203, 102, 1), page(406, 102, 1)]);
    let printer = FakeIpp::start(says(label_printer(), job(9, &["none"], None)));
    let report = send(&reached(&printer.at(), Language::PwgRaster), &mixed(), SHORT);
    expect(&report, Outcome::Printed, "all came out");
    let pages: Vec<usize> =
        printer.jobs().iter().map(|got| take_apart(&got.document).len()).collect();
    assert_eq!(pages, [2, 1]);
    // Where the second is refused, the first has come out all the same.
    let printer = FakeIpp::start(|operation, before| match (operation, before) {
        (Operation::GetPrinterAttributes, _) => Act::Says(label_printer()),
        (Operation::PrintJob, 1) => Act::Status(StatusCode::ServerErrorBusy),
        (Operation::PrintJob, _) => Act::Says(job(5, &["none"], None)),
        _ => Act::Says(job(9, &["none"], None)),
    });
    let report = send(&reached(&printer.at(), Language::PwgRaster), &mixed(), SHORT);
    expect(&report, Outcome::NotKnown, "2 came out, then: the printer refused it: Busy");
}

#[test]
fn zpl_goes_out_under_the_name_the_printer_has_for_it() {
    let takes = |formats: &[&str]| {
        but("document-format-supported", Some(words("document-format-supported", formats)))
    };
    let zebra = "application/vnd.zebra-zpl";
    let octets = "application/octet-stream";
    let raw = "application/vnd.cups-raw";
    let cases = [
        (vec![octets, zebra], zebra, Outcome::Printed),
        (vec![octets], octets, Outcome::Printed),
        // A print system that hands bytes on knows nothing of what came out.
        (vec![octets, raw], raw, Outcome::NotKnown),
    ];
    for (formats, chosen, outcome) in cases {
        let (report, printer) = sent(Language::Zpl, says(takes(&formats), done()));
        assert_eq!(report.outcome, outcome, "{report:?}");
        let [got] = printer.jobs().try_into().unwrap();
        assert_eq!(
            got.value("document-format"),
            Some(&IppValue::new_mime_media_type(chosen).unwrap())
        );
        let text = String::from_utf8(got.document).unwrap();
        assert_eq!(text.matches("^XA").count(), 2);
        assert!(text.contains("^PQ2^XZ"));
    }
    let (report, printer) = sent(Language::Zpl, says(takes(&["image/urf"]), done()));
    expect(&report, Outcome::Failed, "it takes no ZPL, only image/urf");
    assert!(printer.jobs().is_empty());
}

#[test]
fn nobody_at_the_address_is_a_failure_in_words() {
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let job = small(vec![page(203, 102, 1)]);
    let at = |address: String| send(&reached(&address, Language::PwgRaster), &job, SHORT);
    let report = at(format!("ipp://127.0.0.1:{port}/ipp/print"));
    expect(&report, Outcome::Failed, "not reached: ");
    let report = at("ipp://nobody.invalid/ipp/print".to_owned());
    expect(&report, Outcome::Failed, "not reached: ");
    assert_eq!(page(203, 102, 1).stock, (Len::um(25_375), Len::um(12_750)));
}
