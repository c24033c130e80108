//! GS1 element strings.

use chorda::codes::gs1::{Gs1, check_digit, date};
use chorda::codes::{Scanned, parse};
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
