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
