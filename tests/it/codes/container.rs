//! The container code: layout-proof, and no single error passes.

use chorda::codes::{LabelCode, PrintSerial, Scanned, container, parse};
use chorda::domain::container::ContainerKind;

fn label(kind: ContainerKind, number: u32, serial: u8) -> LabelCode {
    let code = container::code(kind, number).unwrap();
    LabelCode::new(&code, PrintSerial::new(serial).unwrap()).unwrap()
}

#[test]
fn the_alphabet_is_of_prime_size_and_holds_no_letter_that_moves_or_looks_alike() {
    assert_eq!(container::ALPHABET.len(), 23);
    for moved_or_alike in "AMQWYZBGILOSU".chars() {
        assert!(!container::ALPHABET.contains(moved_or_alike), "{moved_or_alike}");
    }
    for (kind, _, _, letter) in ContainerKind::ALL {
        assert!(container::ALPHABET.contains(letter), "{kind:?}");
    }
    let mut letters: Vec<char> = ContainerKind::ALL.iter().map(|(.., letter)| *letter).collect();
    letters.sort_unstable();
    letters.dedup();
    assert_eq!(letters.len(), ContainerKind::ALL.len());
}

#[test]
fn every_single_substitution_is_refused() {
    for (number, serial) in [(1, 1), (123, 2), (9_999_999, 99), (4_060_708, 10)] {
        for (kind, ..) in ContainerKind::ALL {
            let good = label(kind, number, serial).to_string();
            for position in 0..good.len() {
                for other in ('0'..='9').chain('A'..='Z').chain(['*', '-', '=']) {
                    let mut symbols: Vec<char> = good.chars().collect();
                    if symbols[position] == other {
                        continue;
                    }
                    symbols[position] = other;
                    let wrong: String = symbols.into_iter().collect();
                    assert!(LabelCode::parse(&wrong).is_err(), "{good} -> {wrong}");
                    assert!(parse(&wrong).is_err(), "{good} -> {wrong} as a scan");
                }
            }
        }
    }
}

#[test]
fn every_swap_of_any_two_symbols_is_refused() {
    for number in (1..9_999_999).step_by(99_991) {
        let good = label(ContainerKind::Cryovial, number, 1 + (number % 99) as u8).to_string();
        for first in 0..good.len() {
            for second in first + 1..good.len() {
                let mut symbols: Vec<char> = good.chars().collect();
                symbols.swap(first, second);
                let wrong: String = symbols.into_iter().collect();
                if wrong != good {
                    assert!(LabelCode::parse(&wrong).is_err(), "{good} -> {wrong}");
                }
            }
        }
    }
}

/// The value of the check character of eleven symbols, as the product calculates it.
fn check_value(payload: &[usize]) -> usize {
    let symbols: Vec<char> = container::ALPHABET.chars().collect();
    let text: String = payload.iter().map(|value| symbols[*value]).collect();
    let check = container::check_character(&text).unwrap();
    symbols.iter().position(|symbol| *symbol == check).unwrap()
}

/// The same with `changes` (place, value) in a payload of zeros.
fn check_of(changes: &[(usize, usize)]) -> usize {
    let mut payload = [0; 11];
    changes.iter().for_each(|(place, value)| payload[*place] = *value);
    check_value(&payload)
}

#[test]
fn what_a_symbol_adds_to_the_check_does_not_depend_on_the_others() {
    for first in 0..11 {
        for second in first + 1..11 {
            for (one, other) in (0..23).flat_map(|one| (0..23).map(move |other| (one, other))) {
                let together = check_of(&[(first, one), (second, other)]);
                let apart = check_of(&[(first, one)]) + check_of(&[(second, other)]);
                assert_eq!(together, apart % 23);
            }
        }
    }
}

#[test]
fn every_substitution_and_every_adjacent_swap_changes_the_check() {
    // With the test above this holds for every payload: the rest of it adds the same to both.
    let pairs = || (0..23).flat_map(|a| (0..23).map(move |b| (a, b))).filter(|(a, b)| a != b);
    for place in 0..11 {
        for (a, b) in pairs() {
            assert_ne!(check_of(&[(place, a)]), check_of(&[(place, b)]), "{a} for {b} at {place}");
            if place < 10 {
                let here = check_of(&[(place, a), (place + 1, b)]);
                let swapped = check_of(&[(place, b), (place + 1, a)]);
                assert_ne!(here, swapped, "{a} and {b} swapped at {place}");
            }
        }
    }
    // The check character itself and its neighbour: `rest` runs through every sum of the others.
    for rest in 0..23 {
        for last in 0..23 {
            let check = check_of(&[(0, rest), (10, last)]);
            let swapped_is_right = check_of(&[(0, rest), (10, check)]) == last;
            assert_eq!(swapped_is_right, check == last, "{rest} {last} {check}");
        }
    }
}

#[test]
fn a_label_reads_back_in_either_case_and_as_printed() {
    let good = label(ContainerKind::Cryovial, 123, 1);
    assert_eq!(good.to_string().len(), 12);
    for text in [good.to_string(), good.to_string().to_lowercase(), good.printed()] {
        assert_eq!(LabelCode::parse(&text).as_ref(), Ok(&good), "{text}");
    }
    assert_eq!(container::kind(good.container()), Some(ContainerKind::Cryovial));
    assert_eq!(container::sequence(good.container()), Some(123));
}

#[test]
fn a_reprint_carries_the_next_serial_and_another_text() {
    let first = label(ContainerKind::Flask, 7, 1);
    let second = LabelCode::new(first.container(), first.serial().next().unwrap()).unwrap();
    assert_eq!(first.container(), second.container());
    assert_ne!(first.to_string(), second.to_string());
    assert_eq!(PrintSerial::new(99).unwrap().next(), None);
    assert!(PrintSerial::new(0).is_err());
    assert!(PrintSerial::new(100).is_err());
}

#[test]
fn numbers_outside_the_seven_digits_have_no_code() {
    assert!(container::code(ContainerKind::Cryovial, 0).is_err());
    assert!(container::code(ContainerKind::Cryovial, 10_000_000).is_err());
    assert!(container::read("CV0000000").is_err());
}

#[test]
fn a_scan_of_a_label_gives_container_and_serial_and_a_tube_is_a_sample() {
    let vial = label(ContainerKind::Cryovial, 60, 3);
    let Ok(Scanned::Container { code, serial }) = parse(&vial.to_string()) else {
        panic!("not a container")
    };
    assert_eq!((&code, serial), (vial.container(), Some(vial.serial())));
    let Ok(Scanned::Container { serial: None, .. }) = parse("CV0000060") else {
        panic!("a bare code is a container without a serial")
    };
    let tube = label(ContainerKind::SampleTube, 4, 1);
    assert!(matches!(parse(&tube.to_string()), Ok(Scanned::Sample { .. })));
}
