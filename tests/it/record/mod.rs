//! The batch record: complete, extractable, the same every time, and clean for other readers.

mod fixture;
mod verify;

use std::process::Command;

use chorda::record::{BatchRecord, Stage, Status, hash, render_pdf, to_json};

#[test]
fn the_same_record_gives_the_same_bytes() {
    let record = fixture::record();
    assert_eq!(render_pdf(&record).unwrap(), render_pdf(&record).unwrap());
}

#[test]
fn the_json_form_reads_back_to_the_same_record_and_any_change_changes_its_hash() {
    let record = fixture::record();
    let json = to_json(&record).unwrap();
    let again: BatchRecord = serde_json::from_slice(&json).unwrap();
    assert_eq!(again, record);
    let mut other = record;
    other.batches[0].steps[1].fields[0].value.push('0');
    assert_ne!(hash(&json), hash(&to_json(&other).unwrap()));
}

#[test]
fn the_headline_names_what_is_pending() {
    let status = Status::new(Stage::ConditionallyReleased, vec!["sterility".into()], "");
    assert_eq!(status.headline, "CONDITIONALLY RELEASED – sterility pending");
    assert_eq!(Status::new(Stage::Certified, Vec::new(), "").headline, "CERTIFIED (FINAL)");
}

#[test]
fn a_record_with_nothing_in_it_still_says_so_page_by_page() {
    let mut record = fixture::record();
    record.batches.clear();
    record.donors.clear();
    record.custody.clear();
    record.excursions.clear();
    record.administrations.clear();
    record.signatures.clear();
    record.audit_trail.clear();
    record.genealogy = chorda::record::Genealogy::default();
    record.ledger = chorda::record::LedgerProof::default();
    assert!(render_pdf(&record).unwrap().starts_with(b"%PDF-1.7"));
}

#[test]
fn texts_of_any_length_and_script_still_make_a_record() {
    let long = "a".repeat(700);
    let lines = "line\n".repeat(400);
    for text in ["", " ", long.as_str(), lines.as_str(), "日本語 \u{1F600} \u{7} č\u{301}"] {
        let mut record = fixture::record();
        record.batches.truncate(1);
        record.audit_trail.truncate(3);
        record.identity.product = text.into();
        record.identity.patient_code = text.into();
        record.status.headline = text.into();
        record.batches[0].title = text.into();
        record.batches[0].steps[0].title = text.into();
        record.batches[0].steps[1].fields[0].value = text.into();
        record.batches[0].steps[1].containers.push(text.into());
        record.audit_trail[0].changes[0].new = Some(text.into());
        record.genealogy.nodes[0].label = text.into();
        let control = text.contains('\u{7}');
        assert_eq!(render_pdf(&record).is_err(), control, "the ledger's profile refuses controls");
    }
}

#[test]
fn a_wide_genealogy_with_shared_vials_and_two_patients_is_drawn() {
    use chorda::record::{Edge, Node, NodeKind};
    let mut record = fixture::record();
    let template = record.genealogy.nodes[0].clone();
    let node = |id: &str, kind: NodeKind| Node {
        id: id.into(),
        label: id.into(),
        kind,
        detail: String::new(),
        ..template.clone()
    };
    let graph = &mut record.genealogy;
    for extra in 0..9 {
        let donor = format!("DNR-10{extra:02}");
        graph.nodes.push(node(&donor, NodeKind::Donor));
        graph.edges.push(Edge { from: donor, to: "B-2026-0005".into() });
    }
    graph.nodes.push(node("CV0000099", NodeKind::Container));
    graph.nodes.push(node("XER-04", NodeKind::Patient));
    for (from, to) in
        [("B-2026-0001", "CV0000099"), ("CV0000099", "B-2026-0006"), ("CV0000099", "XER-04")]
    {
        graph.edges.push(Edge { from: from.into(), to: to.into() });
    }
    let pdf = render_pdf(&record).unwrap();
    if std::env::var_os("CHORDA_KEEP_FILES").is_some() {
        std::fs::write(crate::labels::folder("wide").join("record.pdf"), &pdf).unwrap();
    }
    // A loop cannot be made by consuming and producing; drawn all the same, it must not hang.
    let edge = Edge { from: "XER-04".into(), to: "DNR-0001".into() };
    record.genealogy.edges.push(edge);
    render_pdf(&record).unwrap();
}

#[test]
fn a_file_name_chooses_the_form() {
    use chorda::record::Form;
    use std::path::Path;
    assert_eq!(Form::of_path(Path::new("a/b.PDF")), Some(Form::Pdf));
    assert_eq!(Form::of_path(Path::new("b.json")), Some(Form::Json));
    assert_eq!(Form::of_path(Path::new("b.txt")), None);
    assert_eq!(Form::of_path(Path::new("b")), None);
}

fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&text).into_owned()
}

#[test]
fn other_programs_read_the_record() {
    if !crate::labels::have(&["qpdf", "pdftotext", "pdfinfo", "pdftoppm", "zbarimg"]) {
        return;
    }
    let record = fixture::record();
    let folder = crate::labels::folder("record");
    let file = folder.join("record.pdf");
    std::fs::write(&file, render_pdf(&record).unwrap()).unwrap();
    let path = file.to_str().unwrap();

    let checked = run("qpdf", &["--check", path]);
    assert!(checked.contains("No syntax or stream encoding errors"), "{checked}");
    let info = run("pdfinfo", &[path]);
    let pages: usize = info
        .lines()
        .find_map(|line| line.strip_prefix("Pages:"))
        .and_then(|count| count.trim().parse().ok())
        .unwrap();
    assert!((30..=80).contains(&pages), "{pages} pages");
    assert!(std::fs::metadata(&file).unwrap().len() < 600_000);

    // Runs of spaces depend on the extracting program's idea of columns.
    let text = run("pdftotext", &["-layout", path, "-"]);
    let text: Vec<String> =
        text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let text = text.join("\n");
    let printed = hash(&to_json(&record).unwrap());
    assert_eq!(text.matches(&printed).count(), pages + 1, "the hash stands on every page");
    assert_eq!(text.matches("Checkpoint chorda.example").count(), pages);
    for page in 1..=pages {
        assert!(text.contains(&format!("Page {page} of {pages}")), "page {page}");
    }
    for words in [
        "ORD-2026-0001",
        "XER-03",
        "CONDITIONALLY RELEASED – sterility pending",
        "Špela Zupan",
        "Živa Žagar",
        "Petra Čerar",
        "50×10⁶ ÷ 50×10⁶/ml = 1.0 ml",
        "2026-05-06",
        "CEST (+02:00)",
        "corrected, was 92.0 %",
        "92.0 % → 91.0 %",
        "BROKEN: too late",
        "not stated",
        "No value of this batch was corrected after it was signed.",
        "CAL-26-014",
        "DEV-2026-0003",
        "returned in time",
        "0 – reconciled",
        "not performed",
    ] {
        assert!(text.contains(words), "{words:?} is not in the text");
    }
    let attached = run("qpdf", &["--show-attachment=record.json", path]);
    assert_eq!(attached.as_bytes(), to_json(&record).unwrap());

    let cover = folder.join("cover");
    let cover = cover.to_str().unwrap();
    run("pdftoppm", &["-r", "200", "-l", "1", "-png", path, cover]);
    let image = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().to_str().unwrap().to_owned())
        .find(|path| path.starts_with(cover))
        .unwrap();
    let read = run("zbarimg", &["-q", "--raw", &image]);
    assert!(read.contains(&printed) && read.contains("ORD-2026-0001"), "{read}");
    if std::env::var_os("CHORDA_KEEP_FILES").is_none() {
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
