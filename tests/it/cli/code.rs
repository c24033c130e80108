//! `chorda code`.

use super::{chorda, err, out};

#[test]
fn a_code_is_explained_in_words_and_as_json() {
    let output = chorda(&["code", "parse", "B-2026-0001"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(out(&output).contains("B-2026-0001"), "{}", out(&output));
    let output = chorda(&["code", "parse", "B-2026-0001", "--json"]);
    let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(value["code"], "B-2026-0001");
}

#[test]
fn a_text_that_is_no_code_is_refused_in_words() {
    for text in ["", "hello", "=A9999", "\u{1}"] {
        let output = chorda(&["code", "parse", text]);
        assert_eq!(output.status.code(), Some(1), "{text:?}");
        assert!(out(&output).is_empty() && err(&output).starts_with("chorda: "), "{text:?}");
        let output = chorda(&["code", "parse", text, "--json"]);
        let value: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
        assert!(value["error"].as_str().unwrap().len() > 10);
    }
}

#[test]
fn a_check_says_right_or_refuses() {
    let right = chorda(&["code", "check", "A9999 26 000001 8"]);
    assert_eq!(right.status.code(), Some(0));
    assert!(out(&right).starts_with("right: donation number"), "{}", out(&right));
    let wrong = chorda(&["code", "check", "A9999 26 000001 7", "--json"]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(err(&wrong).contains("check character"), "{}", err(&wrong));
    let json = chorda(&["code", "check", "CV0000123", "--json"]);
    let value: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(value["right"], true);
}

#[test]
fn an_explanation_knows_the_site() {
    let message = "]d1=+02000=A99992600000500=<D0102VA0";
    let output = chorda(&["code", "explain", message]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let told = out(&output);
    for said in [
        "read from Data Matrix",
        "003 Product Code",
        "EQ-MSC, passage 2, syringe (invented code)",
        "this site's facility number; set aside for validation",
        "A999926000005 D0102 A0",
    ] {
        assert!(told.contains(said), "{said}:\n{told}");
    }
    let output = chorda(&["code", "explain", message, "--json"]);
    let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(value["symbology"], "Data Matrix");
    assert_eq!(value["parts"][0]["structure"], "001 Donation Identification Number");
}
