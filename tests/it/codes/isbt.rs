//! ISBT 128: published and own vectors, positive and negative.

use chorda::codes::isbt::{
    DateOf, Division, Divisions, Element, Flag, FlexibleDateTime, Moment, ProductCode, Zone,
    compound, encode_date, encode_date_time, read, read_coi, read_coi_checked, read_din,
    read_din_checked,
};
use chorda::codes::{CodeError, mod37};
use chrono::{NaiveDate, NaiveDateTime};

/// DIN, check value, K, type-3 flag, symbol.
const DINS: [(&str, u32, char, &str, &str); 12] = [
    ("G123417654321", 10, 'A', "70", "=G12341765432100"),
    ("G123498654321", 17, 'H', "77", "=G12349865432100"),
    ("A999818123456", 23, 'N', "83", "=A99981812345600"),
    ("A999921123456", 3, '3', "63", "=A99992112345600"),
    ("A999917345628", 36, '*', "96", "=A99991734562800"),
    ("A999926000001", 8, '8', "68", "=A99992600000100"),
    ("A999926000002", 6, '6', "66", "=A99992600000200"),
    ("A999926000003", 4, '4', "64", "=A99992600000300"),
    ("A999926000004", 2, '2', "62", "=A99992600000400"),
    ("A999926000005", 0, '0', "60", "=A99992600000500"),
    ("A999926100001", 18, 'I', "78", "=A99992610000100"),
    ("A999026999999", 6, '6', "66", "=A99902699999900"),
];

fn at(text: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap()
}

#[test]
fn check_characters_of_the_published_donation_numbers_are_right() {
    for (text, value, k, flag, symbol) in DINS {
        let din = read_din(text).unwrap();
        assert_eq!(mod37::check_value(text), Some(value), "{text}");
        assert_eq!(din.check_character(), k, "{text}");
        assert_eq!(din.symbol(), symbol);
        assert_eq!(read_din_checked(&format!("{text}{k}")), Ok(din.clone()));
        assert_eq!(read_din_checked(&din.printed()), Ok(din.clone()));
        let flagged = read(&format!("={text}{flag}")).unwrap();
        assert_eq!(flagged, [Element::Din { din, flag: Flag::Check(flag.parse().unwrap()) }]);
    }
}

#[test]
fn a_mistyped_donation_number_is_refused() {
    assert!(read_din_checked("A9999260000018").is_ok());
    for wrong in ["A9999260000108", "A9999260000028", "A99992600000O8", "A999926000001", ""] {
        assert!(read_din_checked(wrong).is_err(), "{wrong}");
    }
    let misshapen =
        ["O999926000001", "0999926000001", "a999926000001", "A99992600001", "A9999260000011"];
    for wrong in misshapen {
        assert!(read_din(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn no_single_substitution_or_swap_in_a_donation_number_passes_the_check() {
    let good = "A9999260000018";
    let alphabet: Vec<char> = ('0'..='9').chain('A'..='Z').chain(['*']).collect();
    for place in 0..good.len() {
        for other in &alphabet {
            let mut symbols: Vec<char> = good.chars().collect();
            if symbols[place] != *other {
                symbols[place] = *other;
                assert!(!mod37::verifies(&symbols.iter().collect::<String>()));
            }
        }
        for second in place + 1..good.len() {
            let mut symbols: Vec<char> = good.chars().collect();
            symbols.swap(place, second);
            let wrong: String = symbols.into_iter().collect();
            assert!(wrong == good || !mod37::verifies(&wrong), "{wrong}");
        }
    }
}

#[test]
fn flags_are_taken_off_verified_and_reserved_ones_refused() {
    let flag = |ff: &str| read(&format!("=A999926000001{ff}"));
    assert!(matches!(flag("68").as_deref(), Ok([Element::Din { flag: Flag::Check(68), .. }])));
    assert!(matches!(flag("00").as_deref(), Ok([Element::Din { flag: Flag::None, .. }])));
    assert!(matches!(flag("17").as_deref(), Ok([Element::Din { flag: Flag::Container(7), .. }])));
    assert!(matches!(
        flag("09").as_deref(),
        Ok([Element::Din { flag: Flag::NucleicAcidTube, .. }])
    ));
    assert!(matches!(flag("33").as_deref(), Ok([Element::Din { flag: Flag::Local(33), .. }])));
    assert!(matches!(flag("69"), Err(CodeError::CheckCharacter { .. })));
    for reserved in ["9A", "97", "98", "99", "14", "A0"] {
        assert!(flag(reserved).is_err(), "{reserved}");
    }
}

#[test]
fn dates_encode_and_decode_as_published() {
    let rows = [
        ("2018-12-31 23:59", "018365", "0183652359", "1001201812312359"),
        ("2017-01-09 13:30", "017009", "0170091330", "1001201701091330"),
        ("2026-11-22 14:30", "026326", "0263261430", "1001202611221430"),
        ("2028-02-29 23:59", "028060", "0280602359", "1001202802292359"),
        ("2028-12-31 23:59", "028366", "0283662359", "1001202812312359"),
        ("2027-03-01 00:00", "027060", "0270600000", "1001202703010000"),
        ("2100-01-01 06:05", "100001", "1000010605", "1001210001010605"),
    ];
    for (when, day, minute, flexible) in rows {
        let when = at(when);
        assert_eq!(encode_date(when.date()), day);
        assert_eq!(encode_date_time(when), minute);
        for (identifier, of) in
            [("=>", DateOf::Expiration), ("=*", DateOf::Collection), ("=}", DateOf::Production)]
        {
            let element = Element::Date { of, date: when.date() };
            assert_eq!(element.symbol(), format!("{identifier}{day}"));
            assert_eq!(read(&element.symbol()).as_deref(), Ok([element].as_slice()));
        }
        for (identifier, of) in
            [("&>", DateOf::Expiration), ("&*", DateOf::Collection), ("&}", DateOf::Production)]
        {
            let element = Element::DateTime { of, at: when };
            assert_eq!(element.symbol(), format!("{identifier}{minute}"));
            assert_eq!(read(&element.symbol()).as_deref(), Ok([element].as_slice()));
        }
        let element = Element::Flexible(FlexibleDateTime {
            zone: Zone::Local,
            moment: Moment::Expiration,
            at: when,
        });
        assert_eq!(element.symbol(), format!("=({flexible}"));
        assert_eq!(read(&element.symbol()).as_deref(), Ok([element].as_slice()));
    }
    assert_eq!(encode_date(NaiveDate::from_ymd_opt(1999, 1, 1).unwrap()), "999001");
}

#[test]
fn days_and_hours_that_do_not_exist_are_refused() {
    for wrong in ["=>026366", "=>026000", "=>026367", "&>0263262400", "&>0263261260", "=>02632"] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_compound_message_of_an_aliquot_reads_and_writes() {
    let text = "=+03000=A99992600000500=<S12347A0&>0283662359";
    let elements = read(text).unwrap();
    assert_eq!(
        elements,
        [
            Element::Din { din: read_din("A999926000005").unwrap(), flag: Flag::None },
            Element::Product(
                ProductCode::new("S1234", '7', Division::first_level(0).unwrap()).unwrap()
            ),
            Element::DateTime { of: DateOf::Expiration, at: at("2028-12-31 23:59") },
        ]
    );
    assert_eq!(compound(&elements).as_deref(), Ok(text));
}

#[test]
fn a_division_beyond_two_characters_needs_structure_032() {
    let text = "=+04000=A99992600000500=<YA123799&>0263261430=,AA0000";
    let elements = read(text).unwrap();
    assert_eq!(elements.len(), 4);
    assert_eq!(elements[3], Element::Divisions(Divisions::nested(&[0]).unwrap()));
    assert_eq!(compound(&elements).as_deref(), Ok(text));
    assert!(read("=+03000=A99992600000500=<YA123799&>0263261430").is_err());
    assert!(compound(&elements[..3]).is_err());
    assert_eq!(Divisions::nested(&[11, 1]).unwrap().as_str(), "ALAB00");
    assert_eq!(Divisions::numbered(31).unwrap().as_str(), "000031");
    assert!(Divisions::parse("A00000").is_err());
    assert!(Divisions::parse("AA00BB").is_err());
}

#[test]
fn a_published_compound_with_a_european_code_reads() {
    let text = "=+05000=Z54991712345600=%T300=<T0416003&>0183652359\
                &,4PL001499Z549917123456A00T041600320181231";
    let elements = read(text).unwrap();
    assert_eq!(text.len(), 94);
    assert_eq!(elements.iter().map(Element::number).collect::<Vec<_>>(), [1, 2, 3, 5, 38]);
    assert_eq!(compound(&elements).as_deref(), Ok(text));
}

#[test]
fn a_compound_message_is_used_whole_or_not_at_all() {
    let short = "=+04000=A99992600000500=<S12347A0&>0283662359";
    assert_eq!(read(short), Err(CodeError::CompoundCount { announced: 4, found: 3 }));
    assert!(read("=+00000").is_err());
    for wrong in [
        "=+03000=A99992600000500&a1234567=<S12347A0",
        "=+02000=A99992600000500=<S12347A0X",
        "=+02000=A99992600000500=<S12347A",
        "=+02000=+02000=A99992600000500=<S12347A0",
        "=+0x000=A99992600000500=<S12347A0",
        "=+020",
    ] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn two_symbols_read_as_one_text_are_two_structures() {
    for (text, numbers) in [
        ("=A99992600000500=<S12347A0", [1, 3]),
        ("=<S12347A0&>0283662359", [3, 5]),
        ("=A99992600000500=;A99990000000000000042", [1, 19]),
        ("=A99992600000500=%5100", [1, 2]),
    ] {
        let found: Vec<u16> = read(text).unwrap().iter().map(Element::number).collect();
        assert_eq!(found, numbers, "{text}");
    }
}

#[test]
fn structures_with_a_length_header_take_what_it_says() {
    assert_eq!(read("&#0204AB12").unwrap().len(), 1);
    assert_eq!(read("&#0204AB12=<S12347A0").unwrap().len(), 2);
    assert!(read("&#0205AB12").is_err());
    assert!(read("&#02x4AB12").is_err());
    assert_eq!(read("&$0112345678901234").unwrap().len(), 1);
    assert_eq!(read("&%0011234567890").unwrap().len(), 1);
}

#[test]
fn unknown_identifiers_and_national_structures_refuse_the_scan() {
    for wrong in ["=~123", "=", "&", "=0123", "=O99992600000100"] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
    for foreign in ["&a123", "&z", "&;123", "&!12", "=A99992600000100&m1"] {
        assert!(matches!(read(foreign), Err(CodeError::NotDefined { .. })), "{foreign}");
    }
}

#[test]
fn product_codes_keep_their_case() {
    let undivided = ProductCode::parse("S1234700").unwrap();
    assert_eq!(undivided.division(), Division::UNDIVIDED);
    let nested = Division::first_level(0).unwrap().second_level(1).unwrap();
    assert_eq!(nested.to_string(), "Ab");
    assert_eq!(ProductCode::new("S1234", '7', nested).unwrap().to_string(), "S12347Ab");
    assert_eq!(Division::first_level(26), None);
    assert_eq!(nested.second_level(0), None);
    for wrong in ["s1234700", "11234700", "S12347aA", "S123470", "S12347000", "S1234-00"] {
        assert!(ProductCode::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn the_chain_of_identity_check_character_runs_over_all_fifteen() {
    for (text, k) in [("CHA999926000001", '*'), ("CHA9999260000A1", 'X'), ("CHW000023ABC123", '0')]
    {
        let id = read_coi(text).unwrap();
        assert_eq!(id.check_character(), k, "{text}");
        assert_eq!(read_coi_checked(&format!("{text}{k}")), Ok(id.clone()));
        assert_eq!(read(&id.symbol()).unwrap(), [Element::Coi(id)]);
    }
    for wrong in ["CHA99992600000", "CXA999926000001", "CHA9999260000a1", "CHO999926000001"] {
        assert!(read_coi(wrong).is_err(), "{wrong}");
    }
    assert!(read_coi_checked("CHA9999260000018").is_err());
    // A right check character over one character too many is still too long.
    let k = mod37::check_character("CHA999926000001X").unwrap();
    assert!(read_coi_checked(&format!("CHA999926000001X{k}")).is_err());
    assert!(chorda::codes::parse(&format!("CHA999926000001X{k}")).is_err());
    assert!(chorda::codes::parse("CHA999926000001*Z").is_err());
}

#[test]
fn the_same_check_gives_the_basic_udi_digits() {
    // ST-017 prints 08 for this content; the two digits are the check value.
    assert_eq!(mod37::check_value("A9990ABC123T0480"), Some(8));
}
