//! ISBT 128 divisions: which part of what was divided a container is (regulations §1.5, §1.13).
//!
//! A unit that is made of one divided unit is a division of that division, so that its identity
//! tells where it came from: of aliquot `AL0000` come the syringes `ALAA00` to `ALAD00`. Beyond
//! what the letters can say, divisions are numbered.
//!
//! Neighbours: `codes::isbt` writes and reads them; `batch` asks for them when it makes units.
//!
//! Architecture invariant: what is given is never among what is taken, so that donation number,
//! product code and division together name one container for ever.

use std::collections::BTreeSet;

/// Divisions of one level that two letters can say.
const PAIRS: u16 = 26 * 26;

/// Not divided.
pub const UNDIVIDED: &str = "00";

/// Divisions for `count` units made of a unit with division `parent`, none of which is in `taken`:
/// those that units of the same donation number and product code have already. `None` when there
/// are not so many left.
#[must_use]
pub fn allocate(
    parent: Option<&str>,
    count: usize,
    taken: &BTreeSet<String>,
) -> Option<Vec<String>> {
    let parent = parent.unwrap_or(UNDIVIDED);
    if parent == UNDIVIDED && count == 1 && taken.is_empty() {
        return Some(vec![UNDIVIDED.to_owned()]);
    }
    let short = short(parent).filter(|_| count <= 26);
    let nested = short.into_iter().flatten().chain(pairs(parent));
    let numbered = (1..=999_999_u32).map(|number| format!("{number:06}"));
    let free = nested.chain(numbered).filter(|division| !taken.contains(division));
    let given: Vec<String> = free.take(count).collect();
    (given.len() == count).then_some(given)
}

/// The 26 divisions of two characters: of an undivided unit `A0` to `Z0`, of `A0` then `Aa` to
/// `Az`. `None` where no more levels fit.
fn short(parent: &str) -> Option<Vec<String>> {
    let mut symbols = parent.chars();
    match (symbols.next()?, symbols.next()?, symbols.next()) {
        ('0', '0', None) => Some(('A'..='Z').map(|letter| format!("{letter}0")).collect()),
        (first @ 'A'..='Z', '0', None) => {
            Some(('a'..='z').map(|letter| format!("{first}{letter}")).collect())
        }
        _ => None,
    }
}

/// The divisions of six characters below `parent`: up to three pairs of letters, then zeros.
fn pairs(parent: &str) -> impl Iterator<Item = String> {
    let above = levels(parent).filter(|above| above.len() < 6);
    let below = move |above: &String| {
        let above = above.clone();
        (0..PAIRS).filter_map(move |number| {
            let letters: String = [letter(number / 26)?, letter(number % 26)?].iter().collect();
            Some(format!("{:0<6}", format!("{above}{letters}")))
        })
    };
    above.as_ref().map(below).into_iter().flatten()
}

/// The levels of a division as pairs of letters; `None` for a numbered one, which has one level.
fn levels(parent: &str) -> Option<String> {
    let mut symbols = parent.chars();
    match (parent.len(), symbols.next()?, symbols.next()?) {
        (2, '0', '0') => Some(String::new()),
        (2, first @ 'A'..='Z', '0') => Some(format!("A{first}")),
        (2, first @ 'A'..='Z', second @ 'a'..='z') => {
            Some(format!("A{first}A{}", second.to_ascii_uppercase()))
        }
        (6, 'A'..='Z', _) => Some(parent.trim_end_matches('0').to_owned()),
        _ => None,
    }
}

fn letter(number: u16) -> Option<char> {
    u8::try_from(number).ok().filter(|n| *n < 26).map(|n| char::from(b'A' + n))
}
