//! Divisions: no two units of one donation number and product code are ever the same one.

use std::collections::{BTreeMap, BTreeSet};

use chorda::codes::isbt::{Division, Divisions};
use chorda::domain::container::division::allocate;
use proptest::prelude::*;

fn given(parent: Option<&str>, count: usize) -> Vec<String> {
    allocate(parent, count, &BTreeSet::new()).unwrap()
}

#[test]
fn a_unit_alone_is_undivided_and_several_have_letters() {
    assert_eq!(given(None, 1), ["00"]);
    assert_eq!(given(None, 3), ["A0", "B0", "C0"]);
    assert_eq!(given(Some("00"), 26)[25], "Z0");
    assert_eq!(given(None, 60)[..3], ["AA0000", "AB0000", "AC0000"]);
    assert_eq!(given(None, 60)[59], "CH0000");
    assert_eq!(given(None, 677)[675..], ["ZZ0000", "000001"]);
    assert_eq!(given(None, 0), Vec::<String>::new());
}

#[test]
fn syringes_of_two_aliquots_of_one_pool_differ() {
    assert_eq!(given(Some("AL0000"), 4), ["ALAA00", "ALAB00", "ALAC00", "ALAD00"]);
    assert_eq!(given(Some("AM0000"), 4), ["AMAA00", "AMAB00", "AMAC00", "AMAD00"]);
    assert_eq!(given(Some("A0"), 2), ["Aa", "Ab"]);
    assert_eq!(given(Some("A0"), 30)[..2], ["AAAA00", "AAAB00"]);
    assert_eq!(given(Some("Bc"), 2), ["ABACAA", "ABACAB"]);
    assert_eq!(given(Some("ALAB00"), 2), ["ALABAA", "ALABAB"]);
    // No level is left below these; they are numbered.
    assert_eq!(given(Some("ALABAC"), 2), ["000001", "000002"]);
    assert_eq!(given(Some("000007"), 2), ["000001", "000002"]);
}

#[test]
fn a_second_batch_of_one_donation_takes_what_the_first_left() {
    let taken = BTreeSet::from(["00".to_owned()]);
    assert_eq!(allocate(None, 1, &taken).unwrap(), ["A0"]);
    let taken = BTreeSet::from(["A0".to_owned(), "C0".to_owned()]);
    assert_eq!(allocate(None, 2, &taken).unwrap(), ["B0", "D0"]);
    let all = (1..=999_999).map(|n| format!("{n:06}")).collect();
    assert!(allocate(Some("000007"), 1, &all).is_none());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(96) })]

    /// Batches of random size, each made of nothing known or of a unit made before, in random
    /// products: as they come off the line, no two units are the same one.
    #[test]
    fn divisions_never_collide_whatever_is_made_of_what(
        batches in prop::collection::vec(
            (1..40_usize, any::<prop::sample::Index>(), any::<bool>(), 0..2_usize), 1..12
        )
    ) {
        let mut taken: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
        let mut made: Vec<String> = Vec::new();
        for (count, of, nested, product) in batches {
            let parent = (nested && !made.is_empty()).then(|| of.get(&made).clone());
            let used = taken.entry(product).or_default();
            let units = allocate(parent.as_deref(), count, used).unwrap();
            prop_assert_eq!(units.len(), count);
            for unit in units {
                let is_isbt = match unit.len() {
                    2 => Division::parse(&unit).is_some_and(|d| !d.needs_divisions()),
                    _ => Divisions::parse(&unit).is_ok(),
                };
                prop_assert!(is_isbt, "{}", unit);
                prop_assert!(used.insert(unit.clone()), "{} twice", unit);
                made.push(unit);
            }
        }
    }
}
