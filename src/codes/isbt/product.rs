//! Product Code (ISBT 128 data structure 003) and Product Divisions (032).
//!
//! Architecture invariant: no product description is known here; description codes are licensed
//! and come from the site's configuration. Case is kept: `Ab` and `AB` are different divisions.

use std::fmt;

use crate::codes::CodeError;

const STRUCTURE: u16 = 3;
const NAME: &str = "Product Code";

/// Eight characters: description code (5), collection type (1), division (2).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProductCode {
    description: String,
    collection: char,
    division: Division,
}

impl ProductCode {
    /// Builds a code; refuses what ST-001 §003 does not allow.
    pub fn new(description: &str, collection: char, division: Division) -> Result<Self, CodeError> {
        Self::parse(&format!("{description}{collection}{division}"))
    }

    /// Reads the eight characters after `=<`.
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        let bad = |reason: &str| CodeError::BadContent {
            structure: STRUCTURE,
            name: NAME,
            content: CodeError::excerpt(text),
            reason: reason.to_owned(),
        };
        if text.len() != 8 || !text.is_ascii() {
            return Err(bad("it needs 8 characters"));
        }
        let description = text.get(..5).unwrap_or("");
        let mut symbols = description.chars();
        let first = symbols.next().is_some_and(|c| c.is_ascii_uppercase());
        if !first || !symbols.all(|c| c.is_ascii_uppercase() || c.is_ascii_digit()) {
            return Err(bad("the description code is a letter and four of A–Z, 0–9"));
        }
        let collection = text.chars().nth(5).unwrap_or(' ');
        if !collection.is_ascii_alphanumeric() {
            return Err(bad("the collection type is a letter or a digit"));
        }
        let division = Division::parse(text.get(6..).unwrap_or(""))
            .ok_or_else(|| bad("the division is A–Z or 0–9, then a–z or 0–9"))?;
        Ok(Self { description: description.to_owned(), collection, division })
    }

    /// Product description code, five characters.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// Collection type, for example `7` for allogeneic use.
    #[must_use]
    pub fn collection(&self) -> char {
        self.collection
    }

    /// The division written in the code.
    #[must_use]
    pub fn division(&self) -> Division {
        self.division
    }

    /// Where the description code comes from, by its first letter.
    #[must_use]
    pub fn class(&self) -> &'static str {
        match self.description.chars().next() {
            Some('S') => "cellular therapy",
            Some('Y') => "clinical-trial product",
            Some('D') if self.has_letter_second() => "local code of the assigning facility",
            Some('A'..='C') if self.has_letter_second() => "national code",
            Some('A'..='D') => "national code, or local code of the assigning facility",
            Some('E' | 'F') => "blood component",
            Some('H') => "product with a non-proprietary name",
            Some('P') => "regenerated tissue",
            Some('T') => "tissue",
            _ => "other product class",
        }
    }
}

impl ProductCode {
    fn has_letter_second(&self) -> bool {
        self.description.chars().nth(1).is_some_and(|c| c.is_ascii_uppercase())
    }

    /// What the collection type says, where ST-001 gives the letter a meaning in this class;
    /// empty for others.
    #[must_use]
    pub fn collection_meaning(&self) -> &'static str {
        if self.description.starts_with(['A', 'B', 'C', 'D']) {
            return "";
        }
        match self.collection {
            '0' => "not specified",
            'V' => "volunteer allogeneic donor",
            'P' => "paid allogeneic donor",
            'A' => "autologous, eligible for crossover",
            '1' => "for autologous use only",
            'X' => "for autologous use only, biohazard",
            '2' => "for directed recipient only",
            '3' => "for directed recipient only, biohazard",
            '4' => "designated",
            '5' => "dedicated",
            'E' => "medical exception, for specified recipient only",
            '7' => "for allogeneic use",
            '8' => "for autologous use, contains allogeneic material",
            'R' => "volunteer research donor; not for human use",
            _ => "",
        }
    }
}

impl fmt::Display for ProductCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.description, self.collection, self.division)
    }
}

/// The two division characters `ds` of a product code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Division {
    first: char,
    second: char,
}

impl Division {
    /// `00`: not divided.
    pub const UNDIVIDED: Self = Self { first: '0', second: '0' };
    /// `99`: more than these two characters can say; structure 032 must be read as well.
    pub const ELSEWHERE: Self = Self { first: '9', second: '9' };

    /// Reads `ds`: upper case or digit, then lower case or digit.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut symbols = text.chars();
        let (first, second) = (symbols.next()?, symbols.next()?);
        let fits = symbols.next().is_none()
            && (first.is_ascii_uppercase() || first.is_ascii_digit())
            && (second.is_ascii_lowercase() || second.is_ascii_digit());
        fits.then_some(Self { first, second })
    }

    /// The n-th first-level division, from 0: `A0`, `B0`, … `Z0`; `None` beyond 25.
    #[must_use]
    pub fn first_level(n: u8) -> Option<Self> {
        (n < 26).then(|| Self { first: char::from(b'A' + n), second: '0' })
    }

    /// The n-th division of this first-level one, from 0: `Aa`, `Ab`, … `Az`.
    #[must_use]
    pub fn second_level(self, n: u8) -> Option<Self> {
        (self.first.is_ascii_uppercase() && self.second == '0' && n < 26)
            .then(|| Self { first: self.first, second: char::from(b'a' + n) })
    }

    /// True for `99`: the scan of structure 032 is required (ST-001 §003).
    #[must_use]
    pub fn needs_divisions(self) -> bool {
        self == Self::ELSEWHERE
    }
}

impl fmt::Display for Division {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.first, self.second)
    }
}

/// Product Divisions (structure 032): six digits, or three pairs of letters padded with `00`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Divisions(String);

impl Divisions {
    /// Reads the six characters after `=,`.
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        let bad = || CodeError::BadContent {
            structure: 32,
            name: "Product Divisions",
            content: CodeError::excerpt(text),
            reason: "it is six digits, or pairs AA–ZZ followed by zeros".to_owned(),
        };
        if text.len() != 6 || !text.is_ascii() {
            return Err(bad());
        }
        let digits = text.chars().all(|c| c.is_ascii_digit());
        let letters = text.trim_end_matches('0');
        let pairs = !letters.is_empty()
            && letters.len().is_multiple_of(2)
            && letters.chars().all(|c| c.is_ascii_uppercase());
        if digits || pairs { Ok(Self(text.to_owned())) } else { Err(bad()) }
    }

    /// One numbered level, 0–999999.
    pub fn numbered(number: u32) -> Result<Self, CodeError> {
        Self::parse(&format!("{number:06}"))
    }

    /// Up to three levels of pairs `AA`–`ZZ`, each 0–675 (`AA` is 0).
    pub fn nested(levels: &[u16]) -> Result<Self, CodeError> {
        let mut text = String::new();
        for level in levels {
            text.push_str(&pair(*level).unwrap_or_else(|| "?".into()));
        }
        while text.len() < 6 {
            text.push('0');
        }
        Self::parse(&text)
    }

    /// The six characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// In words: `number 31`, or `AL, then AB`.
    #[must_use]
    pub fn meaning(&self) -> String {
        if self.0.chars().all(|c| c.is_ascii_digit()) {
            return format!("number {}", self.0.trim_start_matches('0'));
        }
        let pairs = [self.0.get(..2), self.0.get(2..4), self.0.get(4..)];
        let named: Vec<&str> = pairs.into_iter().flatten().filter(|pair| *pair != "00").collect();
        named.join(", then ")
    }
}

fn pair(level: u16) -> Option<String> {
    let letter = |n: u16| u8::try_from(n).ok().map(|n| char::from(b'A' + n));
    (level < 676)
        .then(|| Some([letter(level / 26)?, letter(level % 26)?].iter().collect()))
        .flatten()
}

impl fmt::Display for Divisions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
