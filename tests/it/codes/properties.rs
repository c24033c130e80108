//! What must hold for every text, tried on generated ones.
//!
//! `CHORDA_CASES=1000000 cargo test --release --test it codes::properties` tries a million of each;
//! without it a few hundred.

use std::collections::BTreeSet;

use chorda::codes::gs1::{self, Gs1};
use chorda::codes::isbt::{
    DateOf, Division, Divisions, Element, Flag, FlexibleDateTime, Moment, ProductCode, Zone,
    compound, read, read_coi, read_din,
};
use chorda::codes::sec::Sec;
use chorda::codes::{LabelCode, PrintSerial, Scanned, container, explain, mod37, parse};
use chorda::domain::container::ContainerKind;
use chrono::{NaiveDate, NaiveDateTime};
use proptest::prelude::*;

/// How many texts each property is tried on.
fn cases() -> ProptestConfig {
    let asked = std::env::var("CHORDA_CASES").ok().and_then(|text| text.parse().ok());
    ProptestConfig {
        cases: asked.unwrap_or(200),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

const DIN: &str = "[A-NP-Z1-9][A-NP-Z0-9]{2}[0-9]{2}[0-9]{2}[0-9]{6}";

fn day() -> impl Strategy<Value = NaiveDate> {
    (1900..2900_i32, 1..=365_u32).prop_map(|(y, d)| NaiveDate::from_yo_opt(y, d).unwrap())
}

fn minute() -> impl Strategy<Value = NaiveDateTime> {
    (day(), 0..24_u32, 0..60_u32).prop_map(|(day, h, m)| day.and_hms_opt(h, m, 0).unwrap())
}

fn date_of() -> impl Strategy<Value = DateOf> {
    prop::sample::select(vec![DateOf::Expiration, DateOf::Collection, DateOf::Production])
}

fn donation() -> impl Strategy<Value = Element> {
    (DIN, 0..97_u8).prop_map(|(text, flag)| {
        let din = read_din(&text).unwrap();
        let flag = match flag {
            60.. => 60 + mod37::check_value(&text).unwrap() as u8,
            14 => 0,
            other => other,
        };
        Element::Din { flag: Flag::parse(&format!("{flag:02}"), &din).unwrap(), din }
    })
}

fn product() -> impl Strategy<Value = Element> {
    ("[A-Z][A-Z0-9]{4}[A-Za-z0-9][A-Z0-9][a-z0-9]")
        .prop_filter("needs 032", |text| !text.ends_with("99"))
        .prop_map(|text| Element::Product(ProductCode::parse(&text).unwrap()))
}

fn sec() -> impl Strategy<Value = Sec> {
    let country = prop::sample::select(vec!["SI", "PL", "SE", "AT", "DE"]);
    let product = prop_oneof!["A00[A-Z][A-Z0-9]{4}", "[BE][A-Z0-9]{7}"];
    let expiry = prop_oneof![
        Just("00000000".to_owned()),
        day().prop_map(|d| d.format("%Y%m%d").to_string())
    ];
    (country, "[A-Z0-9]{19}", product, "[A-Za-z0-9]{3}", expiry)
        .prop_map(|(c, dis, p, s, e)| Sec::parse(&format!("{c}{dis}{p}{s}{e}")).unwrap())
}

fn element() -> impl Strategy<Value = Element> {
    let moment =
        prop::sample::select(vec![Moment::Expiration, Moment::CrossClamp, Moment::Collection]);
    let zone = prop::sample::select(vec![Zone::Local, Zone::Utc]);
    let other = prop_oneof![
        "=%[A-Za-z0-9]{4}",
        "&\\([A-Z0-9]{5}",
        "=\\)[A-Za-z0-9]{10}",
        "&\\)[A-Za-z0-9]{10}",
        "='A9999[A-Z0-9]{6}",
        "&#01(03[A-Za-z0-9]{3}|11[A-Z0-9]{11})",
        "=\\]20[0-9]{2}(0[1-9]|1[0-2])",
        "&\\$02[A-Z0-9]{28}",
        "&%001[A-Za-z0-9]{10}",
        "&\\+A9999[A-Z0-9]{6}",
        "=/A9999[A-Z0-9]{6}[A-Z][A-Z0-9]{4}",
        "&,[12][A-Z0-9]{18}",
        "&:[0-9]{4}[A-Z0-9]{13}[0-9]{2}",
    ];
    prop_oneof![
        donation(),
        product(),
        (date_of(), day()).prop_map(|(of, date)| Element::Date { of, date }),
        (date_of(), minute()).prop_map(|(of, at)| Element::DateTime { of, at }),
        (zone, moment, minute()).prop_map(|(zone, moment, at)| Element::Flexible(
            FlexibleDateTime { zone, moment, at }
        )),
        (0..1_000_000_u32).prop_map(|n| Element::Divisions(Divisions::numbered(n).unwrap())),
        prop::collection::vec(0..676_u16, 1..4)
            .prop_map(|levels| Element::Divisions(Divisions::nested(&levels).unwrap())),
        ("[0-9]{16}").prop_map(|number| Element::Donor { facility: "A9999".into(), number }),
        sec().prop_map(Element::Sec),
        ("CHA9999[0-9]{2}[A-Z0-9]{6}").prop_map(|text| Element::Coi(read_coi(&text).unwrap())),
        other.prop_map(|text| read(&text).unwrap().remove(0)),
    ]
}

fn gs1_text() -> impl Strategy<Value = String> {
    // Set 82 of the GS1 General Specifications: neither # nor $ is in it.
    let value = "[!\"%&'()*+,./0-9:;<=>?A-Z_a-z-]{1,20}";
    let element = prop_oneof![
        "[0-9]{13}"
            .prop_filter("zeros", |d| d.chars().any(|c| c != '0'))
            .prop_map(|d| format!("01{d}{}", gs1::check_digit(&d).unwrap())),
        value.prop_map(|v| format!("10{v}\u{1d}")),
        "[0-9]{2}(0[1-9]|1[0-2])(0[0-9]|1[0-9]|2[0-8])".prop_map(|d| format!("17{d}")),
        "[0-9]{1,8}".prop_map(|n| format!("30{n}\u{1d}")),
    ];
    prop::collection::vec(element, 1..4).prop_map(|parts| parts.concat())
}

/// `text` with one character replaced, left out or put in.
fn mangled(text: &str, place: usize, how: u8, symbol: char) -> String {
    let mut symbols: Vec<char> = text.chars().collect();
    let place = place % symbols.len();
    match how % 3 {
        0 => symbols[place] = symbol,
        1 => drop(symbols.remove(place)),
        _ => symbols.insert(place, symbol),
    }
    symbols.into_iter().collect()
}

/// What the elements of an ISBT 128 text were, written again; equal to the text if nothing of it
/// was lost, added or changed on the way.
fn rewritten(text: &str, elements: &[Element]) -> String {
    let header = text.strip_prefix("=+").map(|_| &text[..7]).unwrap_or("");
    let body: String = elements.iter().map(Element::symbol).collect();
    format!("{header}{body}")
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn elements_read_back_from_a_compound_message_and_from_a_concatenation(
        elements in prop::collection::vec(element(), 2..8)
    ) {
        let text = compound(&elements).unwrap();
        prop_assert_eq!(&read(&text).unwrap(), &elements, "{}", text);
        let bare: String = elements.iter().map(Element::symbol).collect();
        prop_assert_eq!(&read(&bare).unwrap(), &elements, "{}", bare);
        let scanned = parse(&format!("]d1{text}")).unwrap();
        prop_assert_eq!(parse(&scanned.to_string()), Ok(scanned));
    }

    #[test]
    fn a_mangled_message_is_refused_or_read_as_exactly_what_it_says(
        elements in prop::collection::vec(element(), 1..5),
        place in 0..200_usize, how in 0..3_u8, symbol in "[ -~]"
    ) {
        let good: String = elements.iter().map(Element::symbol).collect();
        let text = mangled(&good, place, how, symbol.chars().next().unwrap());
        if let Ok(read) = read(&text) {
            prop_assert_eq!(rewritten(&text, &read), text);
        }
    }

    #[test]
    fn a_mangled_compound_message_never_gives_a_part_of_itself(
        elements in prop::collection::vec(element(), 2..5),
        place in 0..200_usize, how in 0..3_u8, symbol in "[ -~]"
    ) {
        let text = mangled(&compound(&elements).unwrap(), place, how, symbol.chars().next().unwrap());
        if let Ok(read) = read(&text) {
            prop_assert_eq!(rewritten(&text, &read), &text[..]);
            if let Some(count) = text.strip_prefix("=+").and_then(|rest| rest.get(..2)) {
                prop_assert_eq!(count.parse::<usize>().unwrap(), read.len());
            }
        }
    }

    #[test]
    fn a_donation_number_is_accepted_exactly_when_the_standard_says_so(
        text in prop_oneof![DIN, "[A-Z0-9]{13}", "[A-Za-z0-9 ]{12,14}", "[O01A][A-Z0-9]{4}[0-9]{8}"]
    ) {
        let letter = |c: char| c.is_ascii_uppercase() && c != 'O';
        let expected = text.len() == 13 && text.chars().enumerate().all(|(place, c)| match place {
            0 => letter(c) || ('1'..='9').contains(&c),
            1 | 2 => letter(c) || c.is_ascii_digit(),
            _ => c.is_ascii_digit(),
        });
        prop_assert_eq!(read_din(&text).is_ok(), expected, "{}", text);
    }

    #[test]
    fn the_check_character_is_the_same_by_the_weighted_sum(text in "[0-9A-Z]{1,34}") {
        let value = |c: char| u128::from(c.to_digit(36).unwrap());
        let sum = text.chars().rev().zip(1..).fold(0_u128, |sum, (c, power)| {
            (sum + value(c) * (1_u128 << power)) % 37
        });
        let expected = u32::try_from((38 - sum % 37) % 37).unwrap();
        prop_assert_eq!(mod37::check_value(&text), Some(expected));
        let check = mod37::check_character(&text).unwrap();
        let verifies = format!("{text}{check}");
        prop_assert!(mod37::verifies(&verifies));
    }

    #[test]
    fn a_european_code_reads_back_from_print_and_symbol(sec in sec()) {
        for text in [sec.to_string(), sec.symbol(), sec.compact()] {
            prop_assert_eq!(parse(&text), Ok(Scanned::Sec(sec.clone())), "{}", text);
        }
    }

    #[test]
    fn a_mangled_european_code_is_refused_or_read_as_exactly_what_it_says(
        sec in sec(), place in 0..40_usize, how in 0..3_u8, symbol in "[ -~]"
    ) {
        let text = mangled(&sec.compact(), place, how, symbol.chars().next().unwrap());
        if let Ok(read) = Sec::parse(&text) {
            prop_assert_eq!(read.compact(), text.replacen(' ', "", 1));
        }
    }

    #[test]
    fn a_label_code_with_one_error_names_no_container(
        number in 1..=container::SEQUENCE_MAX, serial in 1..=99_u8, kind in 0..7_usize,
        place in 0..12_usize, how in 0..3_u8, symbol in "[0-9A-Za-z]"
    ) {
        let code = container::code(ContainerKind::ALL[kind].0, number).unwrap();
        let good = LabelCode::new(&code, PrintSerial::new(serial).unwrap()).unwrap();
        prop_assert_eq!(LabelCode::parse(&good.to_string()), Ok(good.clone()));
        prop_assert_eq!(LabelCode::parse(&good.printed()), Ok(good.clone()));
        let text = mangled(&good.to_string(), place, how, symbol.chars().next().unwrap());
        if !text.eq_ignore_ascii_case(&good.to_string()) {
            prop_assert!(LabelCode::parse(&text).is_err(), "{} for {}", text, good);
            prop_assert!(parse(&text).is_err(), "{} for {}", text, good);
        }
    }

    #[test]
    fn what_a_symbol_adds_to_a_labels_check_sums_up_for_any_payload(
        payload in prop::collection::vec(0..23_usize, 11)
    ) {
        let symbols: Vec<char> = container::ALPHABET.chars().collect();
        let value = |text: String| {
            let check = container::check_character(&text).unwrap();
            symbols.iter().position(|symbol| *symbol == check).unwrap()
        };
        let whole = value(payload.iter().map(|v| symbols[*v]).collect());
        let alone = |place: usize| {
            let at = |i: usize| if i == place { payload[i] } else { 0 };
            value((0..11).map(|i| symbols[at(i)]).collect())
        };
        prop_assert_eq!(whole, (0..11).map(alone).sum::<usize>() % 23);
    }

    #[test]
    fn gs1_elements_read_back_from_what_is_transmitted_and_printed(text in gs1_text()) {
        if let Ok(gs1) = Gs1::parse(&text) {
            let scanned = Scanned::Gs1(gs1);
            prop_assert_eq!(parse(&format!("]d2{text}")), Ok(scanned.clone()));
            prop_assert_eq!(parse(&scanned.to_string()), Ok(scanned));
        }
    }

    #[test]
    fn a_mangled_gs1_string_loses_nothing(
        text in gs1_text(), place in 0..90_usize, how in 0..3_u8, symbol in "[ -~]"
    ) {
        let text = mangled(&text, place, how, symbol.chars().next().unwrap());
        if !text.starts_with('(') && let Ok(gs1) = Gs1::parse(&text) {
            let body: String =
                gs1.elements().iter().map(|e| format!("{}{}", e.identifier, e.value)).collect();
            let bare = text.replace('\u{1d}', "");
            // An element that is there twice with one value is kept once.
            let parts: BTreeSet<_> = gs1.elements().iter().map(|e| e.identifier).collect();
            prop_assert_eq!(parts.len(), gs1.elements().len());
            prop_assert!(bare.len() >= body.len() && bare.starts_with(&body[..2]), "{}", text);
        }
    }

    #[test]
    fn two_divisions_of_two_levels_differ_when_their_places_do(
        one in (0..26_u8, prop::option::of(0..26_u8)), other in (0..26_u8, prop::option::of(0..26_u8))
    ) {
        let of = |(first, second): (u8, Option<u8>)| {
            let division = Division::first_level(first).unwrap();
            second.map_or(division, |n| division.second_level(n).unwrap()).to_string()
        };
        prop_assert_eq!(of(one) == of(other), one == other);
    }

    #[test]
    fn no_text_makes_the_parser_panic(
        text in prop_oneof![
            "\\PC{0,60}",
            "[=&+<>,;(%*}/\\\\\\[\\]{'\"#$:)0-9A-Za-z\u{1d} -]{1,60}",
            "(=\\+[0-9]{5}|\\]C1|\\]d2|SEC:? ?|CH|C[PFHVKJT]|LOC:|LOT:|B-|&,[1-4])\\PC{0,50}",
        ]
    ) {
        if let Ok(scanned) = parse(&text) {
            let _ = explain(&scanned);
            let again = scanned.to_string();
            prop_assert_eq!(parse(&again), Ok(scanned), "{} from {}", again, text);
        }
    }

    #[test]
    fn a_control_character_anywhere_refuses(
        element in element(), place in 0..60_usize, control in "[\u{0}-\u{1c}\u{1e}\u{1f}\u{7f}-\u{9f}]"
    ) {
        let text = mangled(&element.symbol(), place, 2, control.chars().next().unwrap());
        prop_assert!(parse(&text).is_err());
    }
}
