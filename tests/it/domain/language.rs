//! Words by language.

use chorda::domain::language::{Language, Wording};

#[test]
fn words_are_shown_in_english_where_they_are_given_so() {
    let both = Wording::new(Language::Slovenian, "Leva slinavka").and(Language::English, "Left");
    assert_eq!((both.text(), both.to_string().as_str()), ("Left", "Left"));
    assert_eq!(both.in_language(Language::Slovenian), Some("Leva slinavka"));
    assert_eq!(both.others().collect::<Vec<_>>(), [(Language::Slovenian, "Leva slinavka")]);
    let one = Wording::new(Language::Slovenian, "Leva slinavka");
    assert_eq!(one.text(), "Leva slinavka");
    assert_eq!(one.in_language(Language::English), None);
}

#[test]
fn words_are_written_by_language_and_read_back() {
    let both = Wording::english("Left").and(Language::Slovenian, "Leva");
    let json = serde_json::to_string(&both).unwrap();
    assert_eq!(json, r#"{"en":"Left","sl":"Leva"}"#);
    assert_eq!(serde_json::from_str::<Wording>(&json).unwrap(), both);
    for wrong in ["{}", r#"{"en":" "}"#, r#"{"de":"Links"}"#, r#""Left""#] {
        assert!(serde_json::from_str::<Wording>(wrong).is_err(), "{wrong}");
    }
    for language in Language::ALL {
        assert_eq!(Language::parse(language.code()), Some(language));
    }
    assert_eq!(Language::parse("de"), None);
}
