//! The one entry for everything scanned: routes, refuses at once, never panics.

use chorda::codes::{CodeError, Scanned, explain, parse};
use proptest::prelude::*;

#[test]
fn our_numbers_read_in_either_case() {
    let cases: [(&str, fn(&Scanned) -> bool); 7] = [
        ("ORD-2026-0001", |s| matches!(s, Scanned::Order(_))),
        ("b-2026-0001", |s| matches!(s, Scanned::Batch(_))),
        ("DEV-2026-0001", |s| matches!(s, Scanned::Deviation(_))),
        ("dnr-0001", |s| matches!(s, Scanned::Donor(_))),
        ("EQ-INC-01", |s| matches!(s, Scanned::Equipment(_))),
        ("LOC:LN2/TANK-1/R2/B3/A3", |s| matches!(s, Scanned::Location(_))),
        ("LOT:MED-AMEM/12345", |s| matches!(s, Scanned::Lot(_))),
    ];
    for (text, is_right) in cases {
        let scanned = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert!(is_right(&scanned), "{text}: {scanned:?}");
        assert_eq!(scanned.to_string(), text.to_uppercase());
        assert_eq!(parse(&scanned.to_string()), Ok(scanned));
    }
}

#[test]
fn a_number_that_begins_right_and_ends_wrong_says_its_form() {
    for wrong in ["ORD-2026-1", "ORD-26-0001", "B-2026-0001-2", "DNR-1", "LOC:", "LOT:X"] {
        let error = parse(wrong).unwrap_err();
        assert!(error.to_string().contains("expected"), "{wrong}: {error}");
    }
}

#[test]
fn too_long_or_with_control_characters_is_refused_at_once() {
    assert!(matches!(parse(&"=".repeat(50_000)), Err(CodeError::TooLong { .. })));
    assert!(parse(&"0".repeat(4097)).is_err());
    for control in ['\0', '\n', '\r', '\t', '\u{1b}', '\u{7f}', '\u{85}'] {
        let text = format!("CV00001{control}");
        assert!(matches!(parse(&text), Err(CodeError::ControlCharacter { position: 8, .. })));
    }
    assert_eq!(parse(""), Err(CodeError::Empty));
    assert_eq!(parse("   "), Err(CodeError::Empty));
}

#[test]
fn a_scanner_set_to_another_keyboard_is_named_as_the_cause() {
    assert!(matches!(parse("CVàààà\"é(à&K"), Err(CodeError::KeyboardLayout { .. })));
    assert!(matches!(parse("´A99992600000100"), Err(CodeError::KeyboardLayout { .. })));
}

#[test]
fn symbology_prefixes_are_taken_off() {
    assert!(matches!(parse("]d1=A99992600000100"), Ok(Scanned::Din(_))));
    assert!(matches!(parse("]C0ORD-2026-0001"), Ok(Scanned::Order(_))));
    assert!(matches!(parse("]C4=A99992600000500=<S12347A0"), Ok(Scanned::Isbt(_))));
    assert!(matches!(parse("]E06291041500213"), Ok(Scanned::Gs1(_))));
    assert!(matches!(parse("]X9ABC"), Err(CodeError::UnknownSymbology { .. })));
    assert!(parse("]d2ORD-2026-0001").is_err());
    assert!(parse("]").is_err());
}

#[test]
fn a_typed_donation_number_needs_its_check_character_to_be_right() {
    assert!(matches!(parse("A999926000001"), Ok(Scanned::Din(_))));
    assert!(matches!(parse("A9999 26 000001 8"), Ok(Scanned::Din(_))));
    assert!(matches!(parse("A9999260000017"), Err(CodeError::CheckCharacter { .. })));
    assert!(matches!(parse("CHA999926000001"), Ok(Scanned::Coi(_))));
    assert!(matches!(parse("CHA999926000001 *"), Ok(Scanned::Coi(_))));
    assert!(matches!(parse("CHA9999260000017"), Err(CodeError::CheckCharacter { .. })));
}

#[test]
fn plain_words_are_no_code() {
    for text in ["hello", "XER-03", "12", "CELLS", "C", "SECTION 4"] {
        assert!(parse(text).is_err(), "{text}");
    }
}

#[test]
fn an_explanation_names_every_part() {
    let scanned = parse("=+03000=A99992600000500=<S12347A0&>0283662359").unwrap();
    let json = serde_json::to_value(explain(&scanned)).unwrap();
    assert_eq!(json["kind"], "ISBT 128 message");
    let parts = json["parts"].as_array().unwrap();
    let value = |name: &str| {
        let part = parts.iter().find(|p| p["name"] == name);
        part.unwrap_or_else(|| panic!("{name}"))["value"].as_str().unwrap().to_owned()
    };
    assert_eq!(value("donation number"), "A999926000005");
    assert_eq!(value("division"), "A0");
    assert_eq!(value("expiration"), "2028-12-31 23:59");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn nothing_mangled_in_a_compound_message_is_accepted_as_another_donation(
        place in 0_usize..45, symbol in "[ -~]"
    ) {
        let good = "=+03000=A99992600000560=<S12347A0&>0283662359";
        let mut symbols: Vec<char> = good.chars().collect();
        symbols[place] = symbol.chars().next().unwrap();
        let text: String = symbols.into_iter().collect();
        if place < 21 && text != good && place != 4 && place != 5 && place != 6 {
            prop_assert!(parse(&text).is_err(), "{}", text);
        }
    }
}
