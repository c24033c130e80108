//! `chorda protocol`.

use super::{chorda, out};
use crate::support::{fresh_folder, slovenian_site};

const SHIPPED: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/templates/protocols/eq-msc-xerostomia.toml");

#[test]
fn the_protocol_that_ships_agrees_with_its_master_record() {
    let output = chorda(&["protocol", "check", SHIPPED]);
    assert_eq!(output.status.code(), Some(0), "{}", out(&output));
}

#[test]
fn a_fault_and_a_disagreement_are_named_with_file_line_and_remedy() {
    let text = std::fs::read_to_string(SHIPPED).unwrap();
    let file = std::env::temp_dir().join(format!("chorda-protocol-{}.toml", std::process::id()));
    let name = file.to_str().unwrap();
    let line_of = |text: &str, word: &str| {
        text.lines().position(|line| line.contains(word)).map_or(0, |line| line + 1)
    };
    let faulty = text.replace("rule = \"per_site\"", "rule = \"per_sit\"");
    std::fs::write(&file, &faulty).unwrap();
    let output = chorda(&["protocol", "check", name]);
    assert_eq!(output.status.code(), Some(1));
    let at = format!("{name}:{}:8:", line_of(&faulty, "per_sit"));
    assert!(
        out(&output).contains(&at) && out(&output).contains("did you mean"),
        "{}",
        out(&output)
    );
    let other = text.replace("overage = \"5 %\"", "overage = \"10 %\"");
    std::fs::write(&file, &other).unwrap();
    let output = chorda(&["protocol", "check", "--json", name]);
    assert_eq!(output.status.code(), Some(1));
    let faults: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(faults[0]["line"], line_of(&other, "overage = "));
    assert_eq!(faults[0]["code"], "protocol_mismatch");
    assert_eq!(faults[0]["remedy"], "write overage = \"5 %\"");
    std::fs::remove_file(&file).unwrap();
}

#[test]
fn a_record_that_is_given_stands_before_the_one_that_ships() {
    let root = env!("CARGO_MANIFEST_DIR");
    let record = std::fs::read_to_string(format!("{root}/templates/mbr/eq-msc-dose.toml")).unwrap();
    let file = std::env::temp_dir().join(format!("chorda-record-{}.toml", std::process::id()));
    std::fs::write(&file, record.replace("capacity = 1.0", "capacity = 0.5")).unwrap();
    let output = chorda(&["protocol", "check", SHIPPED, "--records", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1), "{}", out(&output));
    assert!(out(&output).contains("holds 0.5 ml"), "{}", out(&output));
    std::fs::remove_file(&file).unwrap();
}

/// A shipped protocol, changed, as a file; the answer of the checker, and the line of a word.
fn checked(protocol: &str, from: &str, to: &str, more: &[&str]) -> (Option<i32>, String, usize) {
    let root = env!("CARGO_MANIFEST_DIR");
    let text = std::fs::read_to_string(format!("{root}/templates/protocols/{protocol}")).unwrap();
    let changed = text.replacen(from, to, 1);
    assert_ne!(text, changed);
    let name = format!("chorda-words-{}-{}.toml", std::process::id(), to.len());
    let file = std::env::temp_dir().join(name);
    std::fs::write(&file, &changed).unwrap();
    let arguments = [&["protocol", "check", file.to_str().unwrap()], more].concat();
    let output = chorda(&arguments);
    std::fs::remove_file(&file).unwrap();
    let line = changed.lines().position(|line| line.contains(to)).map_or(0, |line| line + 1);
    (output.status.code(), out(&output), line)
}

#[test]
fn words_that_do_not_fit_the_label_of_a_dose_unit_are_told_before_anything_is_ordered() {
    let long = "sl = \"Za injiciranje v levo ali desno obušesno ali podčeljustno žlezo slinavko\"";
    let from = "sl = \"Za injiciranje v žlezo slinavko\"";
    let (code, told, line) = checked("eq-msc-xerostomia.toml", from, long, &[]);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains(&format!(":{line}:9: on the Slovenian syringe label")), "{told}");
    assert!(told.contains("label_too_long"), "{told}");
    // The place of a dose unit is its own line.
    let from = "en = \"Skin, topical\"";
    let long = "en = \"Skin, topical, on every affected place of the whole body and of the face\"";
    let (code, told, line) = checked("msc-supernatant.toml", from, long, &[]);
    assert_eq!(code, Some(1), "{told}");
    assert!(
        told.contains(&format!(":{line}:9: on the English bottle for a patient label")),
        "{told}"
    );
    // What the cells ask to be stated counts, too.
    let from = "en = \"For clinical trial use only\"";
    let long = "en = \"For clinical trial use only, by the physician of the trial and in it\"";
    let (code, told, line) = checked("bm-msc-xerostomia.toml", from, long, &[]);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains(&format!(":{line}:13:")), "{told}");
    let from = "en = \"For intraglandular injection\"";
    let (code, told, _) = checked("eq-msc-xerostomia.toml", from, "en = \"漢字\"", &[]);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("the typeface does not hold"), "{told}");
}

#[test]
fn a_protocol_in_one_language_is_refused_where_labels_are_in_the_other() {
    let folder = fresh_folder();
    let site = slovenian_site(&folder);
    let more = ["--site", site.to_str().unwrap()];
    let both = "{ en = \"15–25 °C, do not freeze\", sl = \"15–25 °C, ne zamrzujte\" }";
    let only = "\"15–25 °C, do not freeze\"";
    let (code, told, _) = checked("eq-msc-xerostomia.toml", both, only, &[]);
    assert_eq!(code, Some(0), "{told}");
    let (code, told, line) = checked("eq-msc-xerostomia.toml", both, only, &more);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains(&format!(":{line}:11: labels here are in Slovenian")), "{told}");
    let output = chorda(&["protocol", "check", SHIPPED, more[0], more[1]]);
    assert_eq!(output.status.code(), Some(0), "{}", out(&output));
    std::fs::remove_dir_all(&folder).unwrap();
}
