//! Labels: what the law wants is there, nothing is clipped, and independent decoders read them.

use std::path::{Path, PathBuf};
use std::process::Command;

use chorda::app::master_record_approve::SHIPPED;
use chorda::codes::isbt::{Division, ProductCode, read_din};
use chorda::codes::{LabelCode, PrintSerial, container};
use chorda::domain::container::ContainerKind;
use chorda::domain::master_record::parse;
use chorda::domain::time::{Instant, Zone};
use chorda::labels::{
    Definition, LabelData, LabelKind, LabelRefusal, Particular as P, Resolution, Sheet,
    definitions, label_from_text, render_pdf, render_sheet,
};
use chorda::pdf::{Item, Page};

mod proof;
mod pwg;
pub(crate) use proof::read_graphics;
pub(crate) use pwg::{Arrived, take_apart};

fn layout(label: &LabelData) -> Result<Page, LabelRefusal> {
    chorda::labels::layout(label, Resolution::Dpi300).map(|drawn| drawn.page)
}

fn code(kind: ContainerKind, number: u32) -> LabelCode {
    LabelCode::new(&container::code(kind, number).unwrap(), PrintSerial::FIRST).unwrap()
}

/// A label with everything a careful site prints; all data invented.
pub(crate) fn full(kind: ContainerKind, number: u32) -> LabelData {
    let din = read_din("A999926000005").unwrap();
    let label = LabelData::new(kind, code(kind, number));
    match kind {
        ContainerKind::Syringe | ContainerKind::Bag => dose(label),
        ContainerKind::SampleTube => label
            .with(P::Purpose, "Sterility, Ph. Eur. 2.6.27")
            .with(P::Parent, "CK0000002")
            .with(P::Batch, "B-2026-0007")
            .with(P::Quantity, "1.0 ml")
            .with(P::Taken, "2026-11-25 11:05")
            .with(P::Operator, "t.novak")
            .with(P::Storage, "2–8 °C"),
        _ => label
            .donation(&din)
            .with(P::Product, "EQ-MSC")
            .with(P::Batch, "B-2026-0005")
            .with(P::Donor, "DNR-0001")
            .with(P::Passage, "P1")
            .with(P::Count, format!("aliquot {number} of 60"))
            .with(P::Quantity, "100.0 ml")
            .with(P::Purpose, "expansion, medium change 2")
            .with(P::Taken, "2026-11-20 09:15")
            .with(P::Operator, "t.novak")
            .with(P::Warning, "QUARANTINE – for processing")
            .with(P::Storage, "below −150 °C")
            .with(P::Expiry, "2028-11-20"),
    }
}

/// The same as the label of a dose unit for one patient.
fn dose(label: LabelData) -> LabelData {
    let din = read_din("A999926000005").unwrap();
    let expiry = Instant::parse("2026-11-25T13:30:00Z").unwrap();
    let product = ProductCode::new("D1234", '7', Division::first_level(0).unwrap()).unwrap();
    label
        .for_patient()
        .isbt(&din, &product, None, Some(expiry.naive()))
        .with(P::Contact, "Inštitut Čebelnjak, Zaloška 99, Ljubljana, +386 1 000 00 00")
        .with(P::Product, "EQ-MSC suspension")
        .with(P::Strength, "50×10⁶ cells/ml")
        .with(P::Quantity, "1.0 ml")
        .with(P::Route, "intraglandular injection")
        .with(P::Target, "left parotid gland")
        .with(P::Batch, "B-2026-0007")
        .with(P::Order, "ORD-2026-0001")
        .with(P::Trial, "XERO-MSC / site 01")
        .with(P::Subject, "XER-03")
        .with(P::Warning, "For clinical trial use only.")
        .with(P::Storage, "15–25 °C")
        .expiring(expiry, Zone::LJUBLJANA)
}

fn every_kind() -> Vec<LabelData> {
    let numbered = || ContainerKind::ALL.iter().zip(1..);
    let patient = |(kind, number): (ContainerKind, u32)| {
        let label = dose(LabelData::new(kind, code(kind, number)));
        (label.kind() != LabelKind::of(kind, false)).then_some(label)
    };
    numbered()
        .map(|((kind, ..), number)| full(*kind, number))
        .chain(numbered().filter_map(|((kind, ..), number)| patient((*kind, number + 100))))
        .collect()
}

#[test]
fn every_kind_of_label_has_a_definition_that_loads() {
    let loaded = definitions().unwrap();
    for kind in LabelKind::all() {
        assert!(loaded.contains_key(&kind), "{kind:?}");
    }
    assert_eq!(LabelKind::parse("patient_flask"), None);
    assert_eq!(LabelKind::of(ContainerKind::Syringe, true), ContainerKind::Syringe.into());
}

#[test]
fn every_missing_particular_of_every_kind_refuses_and_is_named() {
    for label in every_kind() {
        for particular in Particulars::of(label.kind()) {
            let without = label.clone().with(particular, "");
            match layout(&without) {
                Err(LabelRefusal::MissingParticular { particular: named, .. }) => {
                    assert_eq!(named, particular.words());
                }
                other => panic!("{:?} without {particular:?}: {other:?}", label.kind()),
            }
        }
    }
}

struct Particulars;
impl Particulars {
    fn of(kind: LabelKind) -> impl Iterator<Item = P> {
        kind.mandatory().0.iter().copied().filter(|particular| *particular != P::Code)
    }
}

#[test]
fn a_syringe_with_a_day_but_no_hour_of_expiry_is_refused() {
    let label = full(ContainerKind::Syringe, 1).with(P::Expiry, "2026-11-25");
    let refusal = layout(&label).unwrap_err();
    assert!(refusal.to_string().contains("time of the expiry"), "{refusal}");
}

#[test]
fn a_label_of_another_kind_of_container_is_refused() {
    let label = LabelData::new(ContainerKind::Cryovial, code(ContainerKind::Flask, 1));
    assert!(matches!(layout(&label), Err(LabelRefusal::WrongKind { .. })));
}

#[test]
fn a_text_that_cannot_fit_is_refused_and_not_clipped() {
    let long = "A name of a product that nobody could print on a vial of this size";
    let label = full(ContainerKind::Cryovial, 1).with(P::Product, long);
    match layout(&label) {
        Err(LabelRefusal::TextTooLong { text, .. }) => assert_eq!(text, long),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_title_of_a_shipped_record_fits_its_label() {
    for (file, text) in SHIPPED {
        let record = parse(text).unwrap();
        for output in &record.outputs {
            let kind = LabelKind::parse(output.label.as_deref().unwrap()).unwrap();
            let plain = full(kind.container().unwrap(), 1);
            let patient = matches!(kind, LabelKind::Patient(_));
            let label = if patient { dose(plain) } else { plain };
            let label = label.with(P::Product, &output.title).with(P::Purpose, &output.title);
            assert_eq!(label.kind(), kind);
            layout(&label).unwrap_or_else(|refusal| panic!("{file}: {refusal}"));
        }
    }
}

#[test]
fn everything_drawn_stays_on_the_stock_and_text_keeps_its_least_size() {
    for label in every_kind() {
        let page = layout(&label).unwrap();
        for item in &page.items {
            if let Item::Text { at, face, size, text, .. } = item {
                assert!(*size >= chorda::pdf::Len::pt10(45), "{text}");
                let right = at.x + chorda::pdf::width(*face, *size, text);
                assert!(right <= page.width, "{text}");
                assert!(at.y - face.cap_height(*size) >= chorda::pdf::Len::ZERO, "{text}");
                assert!(at.y + face.descent(*size) <= page.height, "{text}");
            }
        }
    }
}

#[test]
fn a_definition_with_a_fault_does_not_load_and_says_which() {
    let good = include_str!("../../../labels/cryovial.toml");
    assert!(Definition::parse("good", good).is_ok());
    let faults = [
        ("value = \"{product}\"", "value = \"{colour}\"", "no particular"),
        ("value = \"{product}\"", "value = \"EQ-MSC\"", "does not show the name of the product"),
        ("value = \"{product}\"", "value = \"{product\"", "open brace"),
        ("width = \"17.6 mm\"", "width = \"19.6 mm\"", "beyond the stock"),
        ("x = \"7.2 mm\"\ny = \"0.4 mm\"", "x = \"5.0 mm\"\ny = \"0.4 mm\"", "overlap"),
        ("module = \"0.4 mm\"", "module = \"0.2 mm\"", "module"),
        ("kind = \"data_matrix\"", "kind = \"code_128\"", "height"),
        ("dpi = 300", "dpi = 250", "no printer"),
        ("dpi = 300", "dpi = 300\nturn = 45", "no turn"),
        ("room = \"6.4 mm\"", "room = \"6.4 mm\"\nheight = \"6.4 mm\"", "square"),
        ("least = \"4.5 pt\"", "least = \"3 pt\"", "4.5 pt"),
        ("room = \"6.4 mm\"", "room = \"6.4\"", "no length"),
        ("payload = \"code\"", "payload = \"isbt\"", "label code"),
        ("kind = \"cryovial\"", "kind = \"barrel\"", "no kind of label"),
        ("version = 1", "version = 1\ncolor = 3", "unknown field"),
    ];
    for (from, to, says) in faults {
        let text = good.replacen(from, to, 1);
        assert_ne!(text, good, "{from}");
        let error = Definition::parse("fault", &text).unwrap_err().to_string();
        assert!(error.contains(says), "{to}: {error}");
    }
}

#[test]
fn the_same_labels_give_the_same_bytes() {
    let labels = every_kind();
    assert_eq!(render_pdf(&labels).unwrap(), render_pdf(&labels).unwrap());
    assert!(matches!(render_pdf(&[]), Err(LabelRefusal::Nothing)));
}

#[test]
fn the_command_line_names_an_unknown_kind_or_particular() {
    let code = code(ContainerKind::SampleTube, 9).to_string();
    let error = |kind: &str, pairs: &[(String, String)]| {
        label_from_text(kind, &code, pairs)
            .map_err(|error| error.to_string())
            .and_then(|label| layout(&label).map_err(|error| error.to_string()))
            .unwrap_err()
    };
    assert!(error("barrel", &[]).contains("sample_tube"));
    assert!(error("sample_tube", &[("x".into(), "y".into())]).contains("purpose"));
    assert!(error("sample_tube", &[]).contains("the purpose"));
    let pairs: Vec<(String, String)> =
        [("purpose", "Count"), ("parent", "CF0000001"), ("batch", "B-2026-0001"), ("taken", "now")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
    let label = label_from_text("sample_tube", &code, &pairs).unwrap();
    assert!(render_pdf(&[label]).unwrap().starts_with(b"%PDF-1.7"));
}

/// A fresh folder for the files of one test.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("chorda-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// True when all `tools` can be run. Where services are required a missing one is a failure;
/// elsewhere the suite says that it did not run.
pub(crate) fn have(tools: &[&str]) -> bool {
    let on_path = |tool: &str| {
        // Where only root looks, too.
        std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
            .chain([PathBuf::from("/usr/sbin")])
            .any(|folder| folder.join(tool).is_file())
    };
    let missing: Vec<&&str> = tools.iter().filter(|tool| !on_path(tool)).collect();
    if missing.is_empty() {
        return true;
    }
    let required = ["CI", "CHORDA_REQUIRE_SERVICES"].iter().any(|v| std::env::var_os(v).is_some());
    assert!(!required, "required programs are missing: {missing:?}");
    eprintln!("NOT RUN: {missing:?} are not installed");
    false
}

pub(crate) fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn png_pages(folder: &Path, pdf: &[u8], dpi: u32) -> Vec<String> {
    let file = folder.join("labels.pdf");
    std::fs::write(&file, pdf).unwrap();
    let stem = folder.join(format!("page{dpi}"));
    let (file, stem) = (file.to_str().unwrap(), stem.to_str().unwrap());
    run("pdftoppm", &["-r", &dpi.to_string(), "-png", file, stem]);
    let mut pages: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().to_str().unwrap().to_owned())
        .filter(|path| path.starts_with(stem))
        .collect();
    pages.sort();
    pages
}

#[test]
fn independent_decoders_read_every_symbol_at_300_and_600_dpi() {
    if !have(&["pdftoppm", "dmtxread", "zbarimg", "qpdf", "pdftotext"]) {
        return;
    }
    let labels = every_kind();
    let pdf = render_pdf(&labels).unwrap();
    let folder = folder("labels");
    for dpi in [300, 600] {
        let pages = png_pages(&folder, &pdf, dpi);
        assert_eq!(pages.len(), labels.len());
        for (label, page) in labels.iter().zip(&pages) {
            let mut wanted = vec![label.payload().to_owned()];
            wanted.extend(label.isbt_message().map(str::to_owned));
            let count = wanted.len().to_string();
            let read = run("dmtxread", &["-n", "-N", &count, "-m", "5000", page]);
            for payload in wanted {
                assert!(
                    read.lines().any(|line| line == payload),
                    "{page}: {payload:?} in {read:?}"
                );
            }
            if matches!(
                label.kind(),
                LabelKind::Container(ContainerKind::Flask | ContainerKind::CollectionPot)
            ) {
                let read = run("zbarimg", &["-q", "--raw", page]);
                assert!(read.lines().any(|line| line == label.payload()), "{page}: {read}");
            }
        }
    }
    let file = folder.join("labels.pdf");
    let file = file.to_str().unwrap();
    assert!(run("qpdf", &["--check", file]).contains("No syntax or stream encoding errors"));
    let text = run("pdftotext", &["-layout", file, "-"]);
    for words in ["Inštitut Čebelnjak", "50×10⁶ cells/ml", "15–25 °C", "A9999 26 000005 0"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    if std::env::var_os("CHORDA_KEEP_FILES").is_none() {
        std::fs::remove_dir_all(&folder).unwrap();
    }
}

#[test]
fn a_sheet_holds_the_same_labels_and_breaks_to_a_second_page() {
    if !have(&["pdftoppm", "pdfinfo"]) {
        return;
    }
    let labels: Vec<LabelData> = (1..=130).map(|n| full(ContainerKind::Cryovial, n)).collect();
    let pdf = render_sheet(&labels, Sheet::A4).unwrap();
    let folder = folder("sheet");
    assert_eq!(png_pages(&folder, &pdf, 30).len(), 2);
    if std::env::var_os("CHORDA_KEEP_FILES").is_none() {
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
