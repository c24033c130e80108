//! `chorda label`.

use super::{chorda, err, out};

#[test]
fn a_label_is_drawn_from_its_particulars() {
    let folder = std::env::temp_dir().join(format!("chorda-label-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("label.pdf");
    let code = sample_label_code();
    let arguments = ["label", "render", "sample_tube", &code, "--out", file.to_str().unwrap()];
    let output = chorda(&arguments);
    assert_eq!(output.status.code(), Some(1), "a label without its particulars is refused");
    assert!(err(&output).contains("lacks"), "{}", err(&output));
    assert!(!file.exists());
    let particulars =
        ["purpose=Sterility", "parent=CK0000002", "batch=B-2026-0007", "taken=2026-11-25 11:05"];
    let output = chorda(&[&arguments[..], &particulars[..]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(std::fs::read(&file).unwrap().starts_with(b"%PDF-"));
    std::fs::remove_dir_all(&folder).unwrap();
}

fn sample_label_code() -> String {
    use chorda::codes::{LabelCode, PrintSerial, container};
    use chorda::domain::container::ContainerKind;
    let code = container::code(ContainerKind::SampleTube, 1).unwrap();
    LabelCode::new(&code, PrintSerial::FIRST).unwrap().to_string()
}

#[test]
fn every_kind_of_label_is_listed() {
    let kinds = out(&chorda(&["label", "kinds"]));
    assert_eq!(kinds.lines().count(), chorda::labels::LabelKind::all().count());
}

#[test]
fn a_particular_without_a_value_is_a_wrong_command_line() {
    let output = chorda(&["label", "render", "syringe", "X", "batch", "--out", "/dev/null"]);
    assert_eq!(output.status.code(), Some(2));
}
