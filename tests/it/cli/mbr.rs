//! `chorda mbr`.

use super::{chorda, out};
use chorda::app::master_record_approve::SHIPPED;

#[test]
fn the_master_records_that_ship_have_no_fault() {
    let root = env!("CARGO_MANIFEST_DIR");
    let files: Vec<String> = SHIPPED.iter().map(|(file, _)| format!("{root}/{file}")).collect();
    let mut arguments = vec!["mbr", "check"];
    arguments.extend(files.iter().map(String::as_str));
    let output = chorda(&arguments);
    assert_eq!(output.status.code(), Some(0), "{}", out(&output));
}

#[test]
fn a_fault_is_named_with_file_line_and_remedy() {
    let file = std::env::temp_dir().join(format!("chorda-mbr-{}.toml", std::process::id()));
    std::fs::write(&file, "id = \"X\"\nversion = 1\nnonsense = true\n").unwrap();
    let name = file.to_str().unwrap();
    let output = chorda(&["mbr", "check", name]);
    assert_eq!(output.status.code(), Some(1));
    assert!(out(&output).contains(&format!("{name}:3:")), "{}", out(&output));
    let output = chorda(&["mbr", "check", "--json", name]);
    let faults: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(faults[0]["line"].is_number() && faults[0]["message"].is_string());
    std::fs::remove_file(&file).unwrap();
}
