//! Compares what arrived with what stands on the sheet, and says what the scanner did to it.

use super::{SEPARATOR, TestSymbol, pictured};
use serde::{Deserialize, Serialize};

/// The longest text before or behind that is looked for, in characters.
const AFFIX_MAX: usize = 12;

/// One thing that a scanner does to what it reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum Finding {
    /// Another symbol of the sheet was scanned.
    OtherSymbol {
        /// That one.
        symbol: TestSymbol,
    },
    /// What arrived is not of the sheet at all.
    NotTheSheet,
    /// Something stands before the text.
    Prefix {
        /// What.
        text: String,
    },
    /// Something stands behind the text.
    Suffix {
        /// What.
        text: String,
    },
    /// The separator did not arrive.
    SeparatorLost,
    /// Something else arrived for the separator.
    SeparatorChanged {
        /// What.
        to: String,
    },
    /// Capitals and small letters are exchanged.
    CaseExchanged,
    /// Only capitals, or only small letters, arrive.
    CaseLost,
    /// Y and Z are exchanged: a German or Slovenian layout.
    Qwertz,
    /// Characters arrive as others: the layout of the computer is not that of the scanner.
    Layout {
        /// What stands on the sheet, and what arrived for it.
        changed: Vec<(char, char)>,
    },
    /// Characters are missing.
    CutOff {
        /// How many arrived of how many.
        arrived: usize,
        /// How many there are.
        of: usize,
    },
}

impl Finding {
    /// What is wrong, and what to do.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::OtherSymbol { symbol } => {
                format!("This was the {} of the sheet. Scan the symbol asked for.", symbol.word())
            }
            Self::NotTheSheet => {
                "This is no symbol of the test sheet, or nothing of it arrived as it stands there. \
                 Print the sheet anew and scan again."
                    .to_owned()
            }
            Self::Prefix { text } => {
                format!("The scanner types {text:?} before what it reads. Switch its prefix off.")
            }
            Self::Suffix { text } => format!(
                "The scanner types {text:?} behind what it reads. Leave only Enter as its suffix."
            ),
            Self::SeparatorLost => {
                "The separator (FNC1, GS) does not arrive: parts of GS1 codes would run into each \
                 other. Have the scanner transmit it as the character 29."
                    .to_owned()
            }
            Self::SeparatorChanged { to } => format!(
                "The separator (FNC1, GS) arrives as {to:?}. Have the scanner transmit it as the \
                 character 29."
            ),
            Self::CaseExchanged => {
                "Capitals and small letters are exchanged: Caps Lock is on. Switch it off."
                    .to_owned()
            }
            Self::CaseLost => {
                "Capitals and small letters arrive alike. Switch the scanner's change of case off."
                    .to_owned()
            }
            Self::Qwertz => {
                "Y and Z are exchanged: the scanner types as on a US keyboard, the computer reads \
                 it as QWERTZ. Set the scanner to the computer's layout, or enrol this station \
                 with \"as on a US keyboard\"."
                    .to_owned()
            }
            Self::Layout { changed } => {
                let each = changed.iter().map(|(stands, came)| format!("{stands} as {came}"));
                format!(
                    "Characters arrive as others: {}. Scanner and computer have different \
                     keyboard layouts; set them alike.",
                    each.collect::<Vec<_>>().join(", ")
                )
            }
            Self::CutOff { arrived, of } => format!(
                "Only {arrived} of {of} characters arrived. Set the scanner to type more slowly."
            ),
        }
    }
}

/// What is wrong with a reading of a symbol; empty where every character arrived as it stands
/// there. An AIM identifier in front (`]d1`) is no fault: every page understands it.
#[must_use]
pub fn diagnose(symbol: TestSymbol, read: &str) -> Vec<Finding> {
    let expected = symbol.text();
    let (read, spelt) = separated(without_aim(read));
    let spelt = spelt.filter(|_| expected.contains(SEPARATOR));
    let mut found = judge(symbol, &expected, &read);
    found.extend(spelt.map(|to| Finding::SeparatorChanged { to: to.to_owned() }));
    found
}

/// How scanners spell the separator where they do not send it.
const SPELT: [&str; 4] = ["^]", "<GS>", "{GS}", "\u{241d}"];

/// The text with a spelt separator in its place, and how it was spelt.
fn separated(read: &str) -> (String, Option<&'static str>) {
    match SPELT.into_iter().find(|spelt| read.contains(spelt)) {
        Some(spelt) => (read.replacen(spelt, &SEPARATOR.to_string(), 1), Some(spelt)),
        None => (read.to_owned(), None),
    }
}

fn judge(symbol: TestSymbol, expected: &str, read: &str) -> Vec<Finding> {
    if read == expected {
        return Vec::new();
    }
    let fits = |symbol: TestSymbol| Fit::best(&symbol.text(), read);
    let own = fits(symbol);
    let others = TestSymbol::ALL.iter().map(|(other, ..)| *other).filter(|one| *one != symbol);
    let best = others.filter_map(|other| Some((other, fits(other)?.faults))).min_by_key(|f| f.1);
    match (own, best) {
        (own, Some((other, faults))) if own.as_ref().is_none_or(|own| faults < own.faults) => {
            vec![Finding::OtherSymbol { symbol: other }]
        }
        (Some(own), _) => own.findings(),
        (None, _) => cut_off(expected, read),
    }
}

/// `]` and two characters, as scanners put before what they read when asked to.
fn without_aim(read: &str) -> &str {
    let mut rest = read.chars();
    let aim = [rest.next(), rest.next(), rest.next()];
    match aim {
        [Some(']'), Some(letter), Some(digit)]
            if letter.is_ascii_alphabetic() && digit.is_ascii_alphanumeric() =>
        {
            rest.as_str()
        }
        _ => read,
    }
}

fn cut_off(expected: &str, read: &str) -> Vec<Finding> {
    let (arrived, of) = (read.chars().count(), expected.chars().count());
    let same = |(stands, came): &(char, char)| stands.eq_ignore_ascii_case(came);
    let begun = expected.chars().zip(read.chars()).take_while(same).count();
    if begun >= 4 && arrived < of {
        vec![Finding::CutOff { arrived, of }]
    } else {
        vec![Finding::NotTheSheet]
    }
}

/// Where in a reading the text stands, and what differs there.
struct Fit {
    prefix: String,
    suffix: String,
    separator_lost: bool,
    pairs: Vec<(char, char)>,
    faults: usize,
}

impl Fit {
    /// The place with the fewest differences; none where it is not likely.
    fn best(expected: &str, read: &str) -> Option<Self> {
        let read: Vec<char> = read.chars().collect();
        let whole: Vec<char> = expected.chars().collect();
        let without: Vec<char> = whole.iter().copied().filter(|c| *c != SEPARATOR).collect();
        let lost = (without.len() < whole.len()).then_some((without, true));
        let texts = std::iter::once((whole, false)).chain(lost);
        texts
            .flat_map(|(text, lost)| {
                let read = &read;
                (0..=AFFIX_MAX).filter_map(move |skip| Self::at(&text, read, (skip, lost)))
            })
            .filter(Self::is_likely)
            .min_by_key(|fit| fit.faults)
    }

    /// Whether most of the letters and figures that no layout of Europe moves stand there: where
    /// they do not, something else was scanned.
    fn is_likely(&self) -> bool {
        let steady = |(stands, _): &&(char, char)| {
            stands.is_ascii_alphanumeric() && !"YZyz".contains(*stands)
        };
        let all = self.pairs.iter().filter(steady);
        let same = all.clone().filter(|(stands, came)| stands.eq_ignore_ascii_case(came));
        same.count().saturating_mul(2) > all.count()
    }

    fn at(text: &[char], read: &[char], (skip, separator_lost): (usize, bool)) -> Option<Self> {
        let end = skip.checked_add(text.len())?;
        let (prefix, suffix) = (read.get(..skip)?, read.get(end..)?);
        if suffix.len() > AFFIX_MAX {
            return None;
        }
        let core = read.get(skip..end)?;
        let pairs: Vec<(char, char)> = text.iter().copied().zip(core.iter().copied()).collect();
        let changed = pairs.iter().filter(|(stands, came)| stands != came).count();
        let beside = prefix.len().saturating_add(suffix.len());
        // One lost character is likelier than one typed before and another one missing.
        let faults = changed.saturating_add(beside).saturating_add(usize::from(separator_lost));
        let (prefix, suffix) = (prefix.iter().collect(), suffix.iter().collect());
        Some(Self { prefix, suffix, separator_lost, pairs, faults })
    }

    fn findings(self) -> Vec<Finding> {
        let mut found = Vec::new();
        if !self.prefix.is_empty() {
            found.push(Finding::Prefix { text: pictured(&self.prefix) });
        }
        if !self.suffix.is_empty() {
            found.push(Finding::Suffix { text: pictured(&self.suffix) });
        }
        if self.separator_lost {
            found.push(Finding::SeparatorLost);
        }
        let mut pairs = self.pairs;
        let changed = |(stands, came): &&(char, char)| *stands == SEPARATOR && stands != came;
        if let Some((_, to)) = pairs.iter().find(changed) {
            found.push(Finding::SeparatorChanged { to: pictured(&to.to_string()) });
        }
        pairs.retain(|(stands, _)| *stands != SEPARATOR);
        found.extend(case(&mut pairs));
        found.extend(layout(&pairs));
        found
    }
}

/// What became of capitals and small letters; the rest is compared without them.
fn case(pairs: &mut [(char, char)]) -> Option<Finding> {
    let letters = || pairs.iter().filter(|(stands, _)| stands.is_ascii_alphabetic());
    let count = letters().count();
    let kept =
        |(stands, came): &&(char, char)| stands.is_ascii_uppercase() == came.is_ascii_uppercase();
    let kept = letters().filter(kept).count();
    if kept == count {
        return None;
    }
    for (stands, came) in pairs.iter_mut() {
        if stands.is_ascii_alphabetic() {
            *came = match stands.is_ascii_uppercase() {
                true => came.to_ascii_uppercase(),
                false => came.to_ascii_lowercase(),
            };
        }
    }
    Some(if kept == 0 { Finding::CaseExchanged } else { Finding::CaseLost })
}

fn layout(pairs: &[(char, char)]) -> Vec<Finding> {
    let mut changed: Vec<(char, char)> =
        pairs.iter().copied().filter(|(stands, came)| stands != came).collect();
    changed.sort_unstable();
    changed.dedup();
    let mut found = Vec::new();
    let exchanged =
        |pair: &(char, char)| matches!(pair, ('Y', 'Z') | ('Z', 'Y') | ('y', 'z') | ('z', 'y'));
    if changed.iter().any(exchanged) {
        found.push(Finding::Qwertz);
    }
    changed.retain(|pair| !exchanged(pair));
    for (_, came) in &mut changed {
        *came = pictured(&came.to_string()).chars().next().unwrap_or(*came);
    }
    if !changed.is_empty() {
        found.push(Finding::Layout { changed });
    }
    found
}
