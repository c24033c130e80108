//! GS1 element strings.

use chorda::codes::gs1::{Gs1, check_digit, date};
use chorda::codes::{CodeError, Scanned, parse};
use chrono::NaiveDate;

#[test]
fn check_digits_are_as_published() {
    for (data, digit) in [("0320500000400", 4), ("629104150021", 3), ("37610425002123456", 9)] {
        assert_eq!(check_digit(data), Some(digit));
    }
    assert_eq!(check_digit(""), None);
    assert_eq!(check_digit("12a"), None);
}

#[test]
fn a_reagent_reads_with_and_without_symbology_prefix_and_as_printed() {
    for text in [
        "]d20103205000004004172708311 0LOT-7/A".replace(' ', ""),
        "\u{1d}0103205000004004172708311 0LOT-7/A".replace(' ', ""),
        "0103205000004004172708311 0LOT-7/A".replace(' ', ""),
        "(01)03205000004004(17)270831(10)LOT-7/A".to_owned(),
        "]C110LOT-7/A\u{1d}0103205000004004\u{1d}17270831".to_owned(),
    ] {
        let Ok(Scanned::Gs1(gs1)) = parse(&text) else { panic!("{text}: {:?}", parse(&text)) };
        assert_eq!(gs1.gtin(), Some("03205000004004"), "{text}");
        assert_eq!(gs1.lot(), Some("LOT-7/A"), "{text}");
        assert_eq!(gs1.expiry(2026), NaiveDate::from_ymd_opt(2027, 8, 31), "{text}");
    }
}

#[test]
fn wrong_check_digits_unknown_identifiers_and_leftovers_are_refused() {
    for wrong in [
        "0103205000004005",
        "010320500000400",
        "9912345",
        "17271331",
        "1727083",
        "10",
        "10123456789012345678901",
        "70032708312460",
        "30 12",
        "(01)03205000004004(17)2708",
        "(01)03205000004004X",
        "(99)12",
        "(01",
        "10A\u{1d}10B",
        "70032708001430",
        "0000000000000000000000",
        "0100000000000000",
        "",
    ] {
        assert!(Gs1::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn two_digit_years_fall_in_the_nearest_century_and_day_00_is_the_months_last() {
    let day = NaiveDate::from_ymd_opt;
    assert_eq!(date("270200", 2026), day(2027, 2, 28));
    assert_eq!(date("281200", 2026), day(2028, 12, 31));
    assert_eq!(date("760101", 2026), day(2076, 1, 1));
    assert_eq!(date("770101", 2026), day(1977, 1, 1));
    assert_eq!(date("100101", 2070), day(2110, 1, 1));
    assert_eq!(date("270230", 2026), None);
    assert_eq!(date("27023", 2026), None);
}

#[test]
fn expiry_with_hour_gives_its_day() {
    let gs1 = Gs1::parse("70032708311430").unwrap();
    assert_eq!(gs1.expiry(2026), NaiveDate::from_ymd_opt(2027, 8, 31));
    assert_eq!(gs1.value("7003"), Some("2708311430"));
}

#[test]
fn an_article_number_alone_is_read_from_an_ean_symbol() {
    for text in ["]E06291041500213", "]E096385074", "]E496385074", "]E003205000004004"] {
        let Ok(Scanned::Gs1(gs1)) = parse(text) else { panic!("{text}: {:?}", parse(text)) };
        assert!(gs1.gtin().is_some_and(|gtin| gtin.len() == 14), "{text}");
    }
    for wrong in ["]E06291041500214", "]E0629104150021", "]E0ABC", "]E0", "]E00000000000000"] {
        assert!(parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn thirteen_digits_without_a_mark_are_neither_a_donation_nor_an_article() {
    // Right as EAN-13 and of the form of a donation number.
    assert!(matches!(parse("6291041500213"), Err(CodeError::Ambiguous { .. })));
    assert!(matches!(parse("16291041500210"), Err(CodeError::Ambiguous { .. })));
    // Not an article number: the check digit is wrong.
    assert!(matches!(parse("6291041500214"), Ok(Scanned::Din(_))));
}

#[test]
fn elements_that_nothing_marks_or_checks_are_refused() {
    for text in ["21123456", "17270831", "10ABCDEFGH", "3012345678"] {
        assert!(matches!(parse(text), Err(CodeError::Unmarked { .. })), "{text}");
        assert!(parse(&format!("]d2{text}")).is_ok(), "{text}");
        assert!(parse(&format!("\u{1d}{text}")).is_ok(), "{text}");
    }
    assert!(matches!(parse("(17)270831"), Ok(Scanned::Gs1(_))));
}

#[test]
fn every_identifier_reads_at_its_greatest_length_and_not_beyond() {
    let sized = [
        ("10", 20),
        ("21", 20),
        ("22", 20),
        ("240", 30),
        ("241", 30),
        ("250", 30),
        ("400", 30),
        ("8004", 30),
        ("8020", 25),
        ("30", 8),
        ("37", 8),
    ];
    for (identifier, longest) in sized {
        let value = "7".repeat(longest);
        let gs1 = Gs1::parse(&format!("{identifier}{value}\u{1d}17270831")).unwrap();
        assert_eq!(gs1.value(identifier), Some(value.as_str()));
        assert_eq!(gs1.value("17"), Some("270831"));
        assert!(Gs1::parse(&format!("{identifier}{value}7")).is_err(), "{identifier}");
        assert!(Gs1::parse(identifier).is_err(), "{identifier}");
    }
    let digit = |data: &str| format!("{data}{}", check_digit(data).unwrap());
    let of = |length: usize| digit(&"376104250021234567"[..length - 1]);
    let checked = [
        ("00", 18),
        ("01", 14),
        ("02", 14),
        ("410", 13),
        ("411", 13),
        ("412", 13),
        ("413", 13),
        ("414", 13),
        ("415", 13),
        ("416", 13),
        ("417", 13),
        ("8017", 18),
        ("8018", 18),
    ];
    for (identifier, length) in checked {
        let value = of(length);
        assert_eq!(
            Gs1::parse(&format!("{identifier}{value}")).unwrap().value(identifier),
            Some(value.as_str())
        );
        let last = value.chars().last().unwrap().to_digit(10).unwrap();
        for other in (0..10).filter(|other| *other != last) {
            let wrong = format!("{identifier}{}{other}", &value[..length - 1]);
            assert!(Gs1::parse(&wrong).is_err(), "{wrong}");
        }
    }
    for date in ["11", "13", "15", "16", "17"] {
        assert!(Gs1::parse(&format!("{date}280229")).is_ok());
        assert!(Gs1::parse(&format!("{date}270229")).is_err());
        assert!(Gs1::parse(&format!("{date}280200")).is_ok());
    }
    assert!(Gs1::parse("8005012345").is_ok() && Gs1::parse("800501234").is_err());
    assert!(Gs1::parse("2012").is_ok() && Gs1::parse("201A").is_err());
}

#[test]
fn a_value_with_parentheses_is_not_written_so_that_it_reads_as_another() {
    let scanned = parse("]d210A(17)270831").unwrap();
    let Scanned::Gs1(gs1) = &scanned else { panic!("{scanned:?}") };
    assert_eq!(gs1.lot(), Some("A(17)270831"));
    assert_eq!(parse(&scanned.to_string()), Ok(scanned));
}
