//! The Single European Code: published codes, and what the Directive does not allow.

use chorda::codes::isbt::{Element, ProductCode, read};
use chorda::codes::sec::{CodingSystem, DonationSequence, ProductSequence, Sec};
use chorda::codes::{Scanned, parse};
use chrono::NaiveDate;

const CODES: [(&str, &str); 5] = [
    (
        "SEC: PL001499Z549917123456 A00T041600320171231",
        "&,4PL001499Z549917123456A00T041600320171231",
    ),
    (
        "SEC: PL001499Z549917123456 A00T041600320181231",
        "&,4PL001499Z549917123456A00T041600320181231",
    ),
    (
        "SEC: PL001499Z549917123456 E000005300120161231",
        "&,4PL001499Z549917123456E000005300120161231",
    ),
    (
        "SEC: SI0TE999A999926000001 E000005300100000000",
        "&,4SI0TE999A999926000001E000005300100000000",
    ),
    (
        "SEC: SI0TE999A999926000005 A00S12340A020281231",
        "&,4SI0TE999A999926000005A00S12340A020281231",
    ),
];

#[test]
fn published_codes_read_from_print_and_from_symbol_and_write_back() {
    for (printed, symbol) in CODES {
        let sec = Sec::parse(printed).unwrap();
        assert_eq!(sec.to_string(), printed);
        assert_eq!(sec.symbol(), symbol);
        assert_eq!(read(symbol).unwrap(), [Element::Sec(sec.clone())]);
        assert_eq!(parse(printed), Ok(Scanned::Sec(sec.clone())));
        assert_eq!(parse(symbol), Ok(Scanned::Sec(sec.clone())));
        assert_eq!(Sec::parse(&sec.compact()), Ok(sec));
    }
}

#[test]
fn the_two_sequences_may_stand_on_two_lines() {
    let sec = Sec::parse("SEC: PL001499Z549917123456\nA00T041600320171231").unwrap();
    assert_eq!(sec.product.expiry(), NaiveDate::from_ymd_opt(2017, 12, 31));
}

#[test]
fn the_builder_pads_and_knows_a_code_without_expiry() {
    let donation = DonationSequence::new("SI", "TE999", "A999926000001").unwrap();
    assert_eq!(donation.to_string(), "SI0TE999A999926000001");
    assert_eq!(donation.din().unwrap().to_string(), "A999926000001");
    let product = ProductSequence::new(CodingSystem::Eutc, "53", "001", None).unwrap();
    let sec = Sec { donation, product };
    assert_eq!(sec.to_string(), CODES[3].0);
    assert_eq!(sec.product.expiry(), None);
}

#[test]
fn a_code_of_a_swedish_establishment_may_begin_with_the_letters_of_the_acronym() {
    let text = "SEC12345A999926000001E000005300120261231";
    let sec = Sec::parse(text).unwrap();
    assert_eq!((sec.donation.country(), sec.donation.establishment()), ("SE", "C12345"));
    assert_eq!(Sec::parse(&sec.to_string()), Ok(sec.clone()));
    assert_eq!(parse(text), Ok(Scanned::Sec(sec.clone())));
    assert_eq!(parse(&sec.symbol()), Ok(Scanned::Sec(sec)));
    // Nothing but the forty characters belongs into structure 038.
    assert!(read("&,4SEC: SI0TE999A999926000001E0000053001").is_err());
}

#[test]
fn the_split_number_follows_from_the_isbt_division_where_a_rule_exists() {
    let of = |code: &str| {
        let expiry = NaiveDate::from_ymd_opt(2028, 12, 31);
        ProductSequence::of_isbt(&ProductCode::parse(code).unwrap(), expiry)
    };
    assert_eq!(of("S12347A0").unwrap().to_string(), "A00S12340A020281231");
    assert_eq!(of("S12347Ab").unwrap().split(), "0Ab");
    assert_eq!(of("S1234700").unwrap().split(), "000");
    assert_eq!(of("T0416003").unwrap().to_string(), "A00T041600320281231");
    for without_rule in ["S1234799", "YA123700", "D0101V00"] {
        assert!(of(without_rule).is_err(), "{without_rule}");
    }
}

#[test]
fn the_builder_refuses_what_would_shift_the_fields() {
    assert!(DonationSequence::new("S", "I0TE999", "A999926000001").is_err());
    assert!(DonationSequence::new("SI", "0TE9999", "999926000001").is_err());
    assert!(DonationSequence::new("SI", "", "A999926000001").is_err());
}

#[test]
fn anything_but_the_exact_form_is_refused() {
    for wrong in [
        "PL001499Z549917123456A00T04160032017123",
        "PL001499Z549917123456A00T0416003201712311",
        "pl001499Z549917123456A00T041600320171231",
        "1L001499Z549917123456A00T041600320171231",
        "PL001499Z549917123456C00T041600320171231",
        "PL001499Z549917123456A00T041600320261301",
        "PL001499Z549917123456A00T041600320260230",
        "SEC PL001499Z549917123456  A00T041600320171231",
        "PL001499Z54991712345-A00T041600320171231",
        "PL001499Z549917123456A00T041600300010101",
        "XX001499Z549917123456A00T041600320171231",
        "PL001499Z549917123456A0000053001201712311",
        "PL001499Z549917123456A000005300120171231",
        "PL001499Z549917123456\n\nA00T041600320171231",
        "SEC",
        "",
    ] {
        assert!(Sec::parse(wrong).is_err(), "{wrong}");
    }
}
