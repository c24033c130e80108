use chorda::domain::id::{
    BatchNumber, ContentHash, Din, DonorCode, LocationPath, Login, LotId, Name, PatientCode,
};

#[test]
fn a_din_of_the_wrong_shape_is_refused() {
    for good in ["A999926000001", "G123417654321", "Z549917123456", "1AB0026000001"] {
        assert!(Din::parse(good).is_ok(), "{good}");
    }
    let bad = [
        "A99992600000O",
        "O999926000001",
        "0999926000001",
        "a999926000001",
        "A99992600000",
        "A9999260000011",
        "AOO9926000001",
        "A99992600000č",
    ];
    for text in bad {
        assert!(Din::parse(text).is_err(), "{text}");
    }
}

#[test]
fn each_identity_refuses_what_is_not_its_own() {
    assert!(BatchNumber::parse("B-2026-0001").is_ok());
    for text in ["B-26-0001", "ORD-2026-0001", "B-2026-", "B-2026-0000001", "b-2026-0001"] {
        assert!(BatchNumber::parse(text).is_err(), "{text}");
    }
    assert!(DonorCode::parse("DNR-0001").is_ok());
    assert!(DonorCode::parse("DNR-1").is_err());
    assert!(LotId::parse("MEDIUM-A/LOT-77").is_ok());
    assert!(LotId::parse("LOT-77").is_err());
    assert!(LocationPath::parse("CRYO/TANK1/R2/B07/A3").is_ok());
    assert!(LocationPath::parse("CRYO//A3").is_err());
    assert!(LocationPath::parse("cryo/a3").is_err());
    assert!(PatientCode::parse("XER-03").is_ok());
    assert!(PatientCode::parse("Janez Novak").is_err());
    assert!(Login::parse("ana.kos").is_ok());
    assert!(Login::parse("Ana Kos").is_err());
    assert!(Name::parse("left_parotid").is_ok());
    assert!(Name::parse("1st").is_err());
}

#[test]
fn a_refusal_says_what_was_expected_and_shortens_what_came() {
    let error = BatchNumber::parse(&"x".repeat(5_000)).unwrap_err();
    assert_eq!(error.text.len(), 60);
    assert!(error.to_string().contains("expected 'B-', a year"));
}

#[test]
fn an_identity_of_the_wrong_shape_is_not_read_from_json_either() {
    assert!(serde_json::from_str::<Login>("\"Ana Kos\"").is_err());
}

#[test]
fn a_content_hash_shows_a_code_people_can_compare() {
    let hash = ContentHash::parse(&"0123456789abcdef".repeat(4)).unwrap();
    assert_eq!(hash.short(), "0123 4567");
}
