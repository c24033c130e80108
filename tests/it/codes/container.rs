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

#[test]
fn every_substitution_and_adjacent_swap_of_any_symbols_changes_the_check() {
    // The rule itself, position by position: v·w ≡ 0 and (v−u)·(w−w') ≡ 0 modulo 23 only for equal
    // values, whatever stands elsewhere; shown by comparing sums of texts that differ there alone.
    let symbols: Vec<char> = container::ALPHABET.chars().collect();
    let sum = |text: &str| -> u32 {
        let weight = |place: usize| (text.len() - place) as u32;
        text.chars()
            .enumerate()
            .map(|(i, c)| symbols.iter().position(|s| *s == c).unwrap() as u32 * weight(i))
            .sum::<u32>()
            % 23
    };
    for place in 0..12 {
        for a in &symbols {
            for b in &symbols {
                let with = |c: char| -> String {
                    (0..12).map(|i| if i == place { c } else { '7' }).collect()
                };
                assert_eq!(sum(&with(*a)) == sum(&with(*b)), a == b);
                if place < 11 {
                    let pair = |x: char, y: char| -> String {
                        (0..12)
                            .map(|i| match i {
                                _ if i == place => x,
                                _ if i == place + 1 => y,
                                _ => '7',
                            })
                            .collect()
                    };
                    assert_eq!(sum(&pair(*a, *b)) == sum(&pair(*b, *a)), a == b);
                }
            }
        }
    }
    assert_eq!(sum(&label(ContainerKind::Syringe, 31, 4).to_string()), 0);
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
