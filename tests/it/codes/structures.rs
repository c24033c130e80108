//! Every data structure of the index, 001 to 040: one text that is right, several that are not.

use chorda::codes::isbt::{Element, ProductKey, read};
use chorda::codes::{CodeError, Scanned, explain, parse};

/// Number, a right text, wrong ones.
const STRUCTURES: [(u16, &str, &[&str]); 40] = [
    (1, "=A99992600000109", &["=A999926000001", "=A9999260000010", "=A9999260O000100"]),
    (2, "=%Mq00", &["=%Mq0", "=%M 00", "=%Mq0-"]),
    (3, "=<S12347Ab", &["=<S12347aB", "=<s12347A0", "=<S1234-A0", "=<S12347A"]),
    (4, "=>026365", &["=>026366", "=>026000", "=>02636", "=>02A001"]),
    (5, "&>0263651200", &["&>0263652400", "&>0263651260", "&>026365120", "&>0263661200"]),
    (6, "=*026326", &["=*026367", "=*0263"]),
    (7, "&*0263261430", &["&*0263261475", "&*026326"]),
    (8, "=}026326", &["=}026999", "=}26326"]),
    (9, "&}0263261430", &["&}0263262561", "&}026326143"]),
    (10, "&(N0001", &["&(n0001", "&(N000", "&(N00-1"]),
    (11, "={111111111111111111", &["={1111111111111111 1", "={11111111111111111"]),
    (12, "=\\111111111111111100", &["=\\11111111111111110a", "=\\1"]),
    (13, "&\\111111111111111100", &["&\\11111111111111110a", "&\\1"]),
    (14, "&{111111111111111100", &["&{11111111111111110a", "&{1"]),
    (15, "=[111111111111111100", &["=[11111111111111110a", "=[1"]),
    (16, "=\"111111111111111100", &["=\"11111111111111110a", "=\"1"]),
    (17, "=)1AB1234567", &["=)1AB123456", "=)1AB123456-"]),
    (18, "&)AB12345678", &["&)AB1234567", "&)AB1234567*"]),
    (
        19,
        "=;A99990000000000000042",
        &["=;A9999000000000000004", "=;O99990000000000000042", "=;A999900000000000000AB"],
    ),
    (20, "='A9999000042", &["='A999900004", "='A9999000a42", "='0999900004A"]),
    (21, "=-ABCDE12345", &["=-ABCDE1234", "=-ABCDE123=5"]),
    (22, "&-ABCD123456", &["&-ABCD12345", "&-ABCD12345 6"]),
    (
        23,
        "=+02000=A99992600000100=<S1234700",
        &[
            "=+03000=A99992600000100=<S1234700",
            "=+01000=A99992600000100=<S1234700",
            "=+02000=A99992600000100=<S12347000",
            "=+00000",
            "=+0200",
            "=+02a00=A99992600000100=<S1234700",
        ],
    ),
    (24, "=#0119800229", &["=#0119810229", "=#0119801301", "=#0100000101", "=#011980022"]),
    (25, "&#0106XER03A", &["&#0100", "&#0107XER03A", "&#01A6XER03A", "&#0106XER-03"]),
    (26, "=]202812", &["=]202813", "=]202800", "=]20281", "=]000112"]),
    (27, "&\"111111111111111100", &["&\"11111111111111110a", "&\"1"]),
    (28, "=$A999926000010102", &["=$A999926000010302", "=$O999926000010102", "=$A99992600001010"]),
    (29, "&$0112345678901234", &["&$0012345678901234", "&$0212345678901234", "&$00"]),
    (30, "&%0011234567890", &["&%000", "&%0021234567890", "&%0A11234567890"]),
    (
        31,
        "=(1001202812312359",
        &[
            "=(3001202812312359",
            "=(1101202812312359",
            "=(1007202812312359",
            "=(1001202813312359",
            "=(1001000112312359",
            "=(100120281231235",
        ],
    ),
    (32, "=,ALAB00", &["=,AL0AB0", "=,A00000", "=,AL00AB", "=,alab00", "=,ALAB0"]),
    (33, "&+A9999000000", &["&+A999900000", "&+O9999000000", "&+A999900000a"]),
    (34, "=/A9999ABC123S1234", &["=/A9999ABC123S123", "=/A9999ABC12311234", "=/O9999ABC123S1234"]),
    (35, "&,1123456789012345678", &["&,11234567890123456", "&,112345678901234567a"]),
    (36, "&,2123456789012345678", &["&,21234567890123456", "&,212345678901234567a"]),
    (37, "&,31234567890123456789", &["&,3123456789012345678", "&,3123456789012345678a"]),
    (
        38,
        "&,4SI0TE999A999926000005A00S12340A020281231",
        &[
            "&,4SI0TE999A999926000005A00S12340A020281301",
            "&,4SI0TE999A999926000005 A00S12340A02028123",
            "&,4si0TE999A999926000005A00S12340A020281231",
        ],
    ),
    (
        39,
        "&:1234ABCDEFGHIJKLM42",
        &["&:123AABCDEFGHIJKLM42", "&:1234ABCDEFGHIJKLMA2", "&:1234ABCDEFGHIJKLM4"],
    ),
    (40, "&/CHA999926000001", &["&/CXA999926000001", "&/CHA99992600000", "&/CHA999926OO000a"]),
];

#[test]
fn each_of_the_forty_structures_is_read_checked_and_written_back() {
    for (number, (expected, text, _)) in (1..).zip(STRUCTURES) {
        assert_eq!(expected, number);
        let elements = read(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        if number != 23 {
            assert_eq!(elements.iter().map(Element::number).collect::<Vec<_>>(), [number]);
            assert_eq!(elements[0].symbol(), text);
            assert!(!elements[0].name().is_empty());
        }
        let scanned = parse(text).unwrap();
        assert_eq!(parse(&scanned.to_string()), Ok(scanned.clone()), "{text}");
        assert!(!explain(&scanned).parts.is_empty(), "{text}");
    }
}

#[test]
fn each_structure_refuses_what_is_not_of_its_length_and_characters() {
    for (number, text, wrong) in STRUCTURES {
        for one in wrong {
            assert!(read(one).is_err(), "{number:03}: {one}");
            assert!(parse(one).is_err(), "{number:03}: {one}");
        }
        for leftover in ["X", "=", "&", " =", "\u{1d}"] {
            assert!(read(&format!("{text}{leftover}")).is_err(), "{number:03}: {leftover:?} after");
        }
        let mut cut = text.to_owned();
        cut.pop();
        // A patient's number and the counted structures say their length; the rest is fixed.
        assert!(read(&cut).is_err(), "{number:03}: {cut}");
    }
}

#[test]
fn a_structure_of_disputed_length_is_unknown_rather_than_damaged() {
    for text in ["&,112345678901234567", "&,212345678901234567"] {
        assert!(matches!(read(text), Err(CodeError::Unknown { .. })), "{text}");
    }
}

#[test]
fn every_two_structures_side_by_side_read_as_two() {
    let single = || STRUCTURES.iter().filter(|(number, ..)| *number != 23);
    for (first, one, _) in single() {
        for (second, other, _) in single() {
            let read = read(&format!("{one}{other}")).unwrap();
            let numbers: Vec<u16> = read.iter().map(Element::number).collect();
            assert_eq!(numbers, [*first, *second]);
        }
    }
}

#[test]
fn check_characters_stand_where_the_standard_asks_for_them() {
    let check = |text: &str| read(text).unwrap()[0].check_character();
    assert_eq!(check("=A99992600000100"), Some('8'));
    assert_eq!(check("&/CHA999926000001"), Some('*'));
    for without in ["=<S1234700", "=%Mq00", "&)AB12345678", "&:1234ABCDEFGHIJKLM42"] {
        assert_eq!(check(without), None, "{without}");
    }
    assert!(check("=;A99990000000000000042").is_some());
}

#[test]
fn a_tube_label_of_a_donation_is_not_the_donation_alone() {
    assert!(matches!(parse("=A99992600000100"), Ok(Scanned::Din(_))));
    assert!(matches!(parse("=A99992600000168"), Ok(Scanned::Din(_))));
    for flag in ["01", "05", "06", "07", "08", "09", "10", "11", "12", "13", "15", "33"] {
        let text = format!("=A999926000001{flag}");
        let scanned = parse(&text).unwrap();
        assert!(matches!(scanned, Scanned::Isbt(_)), "{flag}");
        assert_eq!(scanned.to_string(), text);
    }
}

#[test]
fn a_product_identity_is_whole_or_there_is_none() {
    let of = |text: &str| ProductKey::of(&read(text).unwrap());
    let vial = of("=A99992600000500=<S12347A0").unwrap();
    assert_eq!((vial.din().as_str(), vial.description()), ("A999926000005", "S1234"));
    assert_eq!((vial.division(), vial.facility()), ("A0", None));
    let nested = of("=+04000=A99992600000500=<YA123799&>0263261430=,ALAB00").unwrap();
    assert_eq!(nested.division(), "ALAB00");
    let foreign = of("=A99992600000500=<D00017A0&+A9998000000").unwrap();
    assert_eq!(foreign.facility(), Some("A9998"));
    assert_eq!(of("=A99992600000500=<D00017A0&+A9999000000").unwrap().facility(), None);
    let processed = of("=A99992600000500=/A9998ABC123S1234=,000031").unwrap();
    assert_eq!((processed.division(), processed.facility()), ("000031", Some("A9998")));
    for none in [
        "=A99992600000500",
        "=<S12347A0",
        "=A99992600000500=<YA123799",
        "=A99992600000500=<S12347A0=,000031",
        "=A99992600000500=<S12347A0=<S12347B0",
        "=A99992600000500=A99992600000600=<S12347A0",
        "=A99992600000500=<S12347A0=/A9998ABC123S1234",
        "=A99992600000500=<YA123799=,000031=,000032",
    ] {
        assert!(matches!(of(none), Err(CodeError::Identity { .. })), "{none}");
    }
}

#[test]
fn an_explanation_tells_each_structure_from_the_next() {
    let text = "=+04000=A99992600000509=<S1234799=,000031=%Mq00";
    let told = explain(&parse(text).unwrap());
    let find = |structure: Option<&str>, name: &str| {
        let part =
            told.parts.iter().find(|p| p.structure.as_deref() == structure && p.name == name);
        part.unwrap_or_else(|| panic!("{name}")).clone()
    };
    let number = find(Some("001 Donation Identification Number"), "donation number");
    assert_eq!(number.value, "A999926000005");
    let flag = find(Some("001 Donation Identification Number"), "flag");
    assert_eq!(flag.meaning.as_deref(), Some("sample tube for nucleic-acid testing"));
    assert_eq!(
        find(Some("003 Product Code"), "collection type").meaning.as_deref(),
        Some("for allogeneic use")
    );
    let message = find(Some("002 Blood Groups / Special Message"), "blood group or message");
    assert!(message.meaning.unwrap().contains("quarantine"));
    assert_eq!(find(None, "product identity").value, "A999926000005 S1234 000031");
}
