//! Labels: what the law wants is there, nothing is clipped, and independent decoders read them.

use std::path::{Path, PathBuf};
use std::process::Command;

use chorda::app::master_record_approve::SHIPPED;
use chorda::codes::isbt::{Division, ProductCode, read_din};
use chorda::codes::{LabelCode, PrintSerial, container};
use chorda::domain::container::ContainerKind;
use chorda::domain::language::Language;
use chorda::domain::master_record::parse;
use chorda::domain::quantity::Quantity;
use chorda::domain::time::{Instant, Zone};
use chorda::labels::{
    Definition, LabelData, LabelKind, LabelRefusal, Particular as P, Phrase, Resolution, Sheet,
    definitions, label_from_text, quantity, render_pdf, render_sheet,
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

/// What a text says in the language of a label.
fn said<'w>(label: &LabelData, english: &'w str, slovenian: &'w str) -> &'w str {
    match label.language() {
        Language::English => english,
        Language::Slovenian => slovenian,
    }
}

pub(crate) fn full(kind: ContainerKind, number: u32) -> LabelData {
    full_in(Language::English, kind, number)
}

/// A label with everything a careful site prints; all data invented.
fn full_in(language: Language, kind: ContainerKind, number: u32) -> LabelData {
    let din = read_din("A999926000005").unwrap();
    let label = LabelData::new(language, kind, code(kind, number));
    let words = label.clone();
    let said = |english, slovenian| said(&words, english, slovenian);
    match kind {
        ContainerKind::Syringe | ContainerKind::Bag => dose(label),
        ContainerKind::OuterPack => of_trial(label.donation(&din))
            .with(P::Count, "4 × syringe")
            .with(P::Purpose, "Give as described in the protocol.")
            .with(P::Site, "Inštitut Čebelnjak, Zaloška 99, 1000 Ljubljana"),
        ContainerKind::SampleTube => label
            .with(P::Purpose, said("Sterility, Ph. Eur. 2.6.27", "Sterilnost, Ph. Eur. 2.6.27"))
            .with(P::Parent, "CK0000002")
            .with(P::Batch, "B-2026-0007")
            .with(P::Quantity, said("1.0 ml", "1,0 ml"))
            .with(P::Taken, "2026-11-25 11:05")
            .with(P::Operator, "t.novak")
            .with(P::Storage, "2–8 °C"),
        _ => label
            .donation(&din)
            .with(P::Product, "EQ-MSC")
            .with(P::Batch, "B-2026-0005")
            .with(P::Donor, "DNR-0001")
            .with(P::Passage, "P1")
            .with(P::Count, said("aliquot 60 of 60", "alikvot 60 od 60"))
            .with(P::Quantity, said("100.0 ml", "100,0 ml"))
            .with(P::Purpose, said("expansion, medium change 2", "gojenje, menjava gojišča 2"))
            .with(P::Taken, "2026-11-20 09:15")
            .with(P::Operator, "t.novak")
            .with(P::Warning, said("QUARANTINE – for processing", "KARANTENA – za predelavo"))
            .with(P::Storage, said("below −150 °C", "< −150 °C"))
            .with(P::Expiry, "2028-11-20"),
    }
}

/// The same as the label of a dose unit for one patient.
fn dose(label: LabelData) -> LabelData {
    let din = read_din("A999926000005").unwrap();
    let expiry = Instant::parse("2026-11-25T13:30:00Z").unwrap();
    let product = ProductCode::new("D1234", '7', Division::first_level(0).unwrap()).unwrap();
    of_trial(label.for_patient().isbt(&din, &product, None, Some(expiry.naive())))
}

/// What the labels of a trial say.
fn of_trial(label: LabelData) -> LabelData {
    let expiry = Instant::parse("2026-11-25T13:30:00Z").unwrap();
    let words = label.clone();
    let said = |english, slovenian| said(&words, english, slovenian);
    label
        .with(P::Contact, "Inštitut Čebelnjak, Zaloška 99, Ljubljana, +386 1 000 00 00")
        .with(P::Product, said("EQ-MSC suspension", "EQ-MSC, suspenzija"))
        .with(P::Strength, said("50×10⁶ cells/ml", "50×10⁶ celic/ml"))
        .with(P::Quantity, said("1.0 ml", "1,0 ml"))
        .with(P::Route, said("intraglandular injection", "injiciranje v žlezo slinavko"))
        .with(P::Target, said("left parotid gland", "leva podčeljustna slinavka"))
        .with(P::Batch, "B-2026-0007")
        .with(P::Order, "ORD-2026-0001")
        .with(P::Trial, said("XERO-MSC / site 01", "XERO-MSC / center 01"))
        .with(P::Subject, "XER-03")
        .with(P::Warning, said("For clinical trial use only.", "Samo za klinično preskušanje."))
        .with(P::Storage, "15–25 °C")
        .expiring(expiry, Zone::LJUBLJANA)
}

fn every_kind() -> Vec<LabelData> {
    Language::ALL.into_iter().flat_map(every_kind_in).collect()
}

fn every_kind_in(language: Language) -> Vec<LabelData> {
    let numbered = || ContainerKind::ALL.iter().zip(1..);
    let patient = |(kind, number): (ContainerKind, u32)| {
        let label = dose(LabelData::new(language, kind, code(kind, number)));
        (label.kind() != LabelKind::of(kind, false)).then_some(label)
    };
    numbered()
        .map(|((kind, ..), number)| full_in(language, *kind, number))
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
    let flask = code(ContainerKind::Flask, 1);
    let label = LabelData::new(Language::English, ContainerKind::Cryovial, flask);
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
            for language in Language::ALL {
                let title = output.title.in_language(language).unwrap();
                let plain = full_in(language, kind.container().unwrap(), 1);
                let patient = matches!(kind, LabelKind::Patient(_));
                let label = if patient { dose(plain) } else { plain };
                let label = label.with(P::Product, title).with(P::Purpose, title);
                assert_eq!(label.kind(), kind);
                layout(&label).unwrap_or_else(|refusal| panic!("{file}: {refusal}"));
            }
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
        ("value = \"{product}\"", "value = \"{order}\"", "does not show the name of the product"),
        ("value = \"{product}\"", "value = \"Cells {product}\"", "words of its own"),
        ("sl = \"Serija {batch}\" }", "}", "not given in Slovenian"),
        ("sl = \"Serija {batch}\"", "sl = \"Serija {order}\"", "other particulars in Slovenian"),
        ("sl = \"Serija {batch}\"", "sl = \" \"", "empty ones"),
        ("sl = \"Serija {batch}\"", "de = \"Charge {batch}\"", "de"),
        ("version = 1", "version = 1\nlanguage = \"de\"", "de"),
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
        label_from_text(Language::English, kind, &code, pairs)
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
    let label = label_from_text(Language::Slovenian, "sample_tube", &code, &pairs).unwrap();
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
    let english = ["USE BY 2026-11-25 14:30 CET", "50×10⁶ cells/ml", "Batch B-2026-0007"];
    let slovenian =
        ["UPORABNO DO 2026-11-25 14:30 CET", "50×10⁶ celic/ml", "Darovalec DNR-0001", "Odvzeto"];
    let both = ["Inštitut Čebelnjak", "15–25 °C", "A9999 26 000005 0"];
    for words in english.into_iter().chain(slovenian).chain(both) {
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

#[test]
fn a_label_is_in_its_language_and_its_codes_are_alike_in_every_one() {
    for (english, slovenian) in
        every_kind_in(Language::English).into_iter().zip(every_kind_in(Language::Slovenian))
    {
        assert_eq!(english.payload(), slovenian.payload());
        assert_eq!(english.isbt_message(), slovenian.isbt_message());
        let words = |label: &LabelData| -> Vec<String> {
            let items = layout(label).unwrap().items.into_iter();
            let texts = items.filter_map(|item| match item {
                Item::Text { text, .. } => Some(text),
                _ => None,
            });
            texts.collect()
        };
        let (english, slovenian) = (words(&english).join("\n"), words(&slovenian).join("\n"));
        for word in ["Batch", "USE BY", "Donor", "Collected", "From"] {
            assert!(!slovenian.contains(word), "{word}: {slovenian}");
        }
        for word in ["Serija", "UPORABNO DO", "Darovalec", "Odvzeto", "Iz "] {
            assert!(!english.contains(word), "{word}: {english}");
        }
    }
}

#[test]
fn a_definition_in_one_language_draws_no_label_of_another() {
    let text = include_str!("../../../labels/cryovial.toml")
        .replace("{ en = \"Batch {batch}\", sl = \"Serija {batch}\" }", "\"Serija {batch}\"")
        .replace("version = 1", "version = 1\nlanguage = \"sl\"");
    let definition = std::sync::Arc::new(Definition::parse("slovenian", &text).unwrap());
    assert_eq!(definition.languages(), [Language::Slovenian]);
    let drawn = |language: Language| {
        layout(&full_in(language, ContainerKind::Cryovial, 1).drawn_by(definition.clone()))
    };
    assert!(drawn(Language::Slovenian).is_ok());
    let refusal = drawn(Language::English).unwrap_err();
    assert!(matches!(refusal, LabelRefusal::OtherLanguage { .. }), "{refusal}");
    assert!(refusal.to_string().contains("no words in English"), "{refusal}");
}

#[test]
fn every_face_has_the_letters_of_both_languages() {
    for face in chorda::pdf::Face::ALL {
        for letter in "ABCČĆDĐEFGHIJKLMNOPRSŠTUVZŽabcčćdđefghijklmnoprsštuvzž°−–×⁶·µ₂".chars()
        {
            let shown = chorda::pdf::printable(face, &letter.to_string()).into_owned();
            assert_eq!(shown, letter.to_string(), "{}", face.name());
        }
    }
}

#[test]
fn every_phrase_of_the_program_has_its_words_in_both_languages() {
    let kept = ContainerKind::ALL.iter().map(|(kind, ..)| Phrase::KeptAt(*kind));
    let phrases = [
        Phrase::NumberOf { number: 3, of: 8 },
        Phrase::UsableUntil("2028-11-20"),
        Phrase::Batch("B-2026-0007"),
        Phrase::Acellular,
        Phrase::AutologousOnly,
        Phrase::Biohazard,
        Phrase::NotEvaluated,
        Phrase::ScannerTest,
        Phrase::ScannerTestUse("QC-1"),
        Phrase::Pieces(4, ContainerKind::Syringe),
    ];
    let shown: Vec<(String, String)> = phrases
        .into_iter()
        .map(|phrase| (phrase.text(Language::English), phrase.text(Language::Slovenian)))
        .collect();
    assert!(shown.iter().all(|(english, slovenian)| english != slovenian), "{shown:?}");
    assert_eq!(shown[0].1, "3 od 8");
    assert_eq!(shown[4].1, "Samo za avtologno uporabo");
    for phrase in kept {
        let (english, slovenian) =
            (phrase.text(Language::English), phrase.text(Language::Slovenian));
        assert_eq!(english.is_empty(), slovenian.is_empty());
        assert!(!slovenian.contains("or below") && !slovenian.contains(" to "), "{slovenian}");
    }
    let half: Quantity = "0.50 mL".parse().unwrap();
    assert_eq!(quantity(half, Language::English), "0.50 ml");
    assert_eq!(quantity(half, Language::Slovenian), "0,50 ml");
}

#[test]
fn a_patient_code_that_begins_with_a_j_stands_clear_of_its_frame() {
    for kind in [ContainerKind::Syringe, ContainerKind::Bag, ContainerKind::Cryovial] {
        let label = dose(LabelData::new(Language::English, kind, code(kind, 1)));
        for resolution in Resolution::ALL {
            for subject in ["J", "JUL-03"] {
                let label = label.clone().with(P::Subject, subject);
                chorda::labels::prove(&label, resolution)
                    .unwrap_or_else(|refusal| panic!("{}: {refusal}", resolution.dpi()));
            }
        }
    }
}
