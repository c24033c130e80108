//! `chorda protocol`.

use super::{chorda, out};

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
