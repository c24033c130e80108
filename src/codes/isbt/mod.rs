//! ISBT 128: tokenizer, elements and compound messages (ICCBBA ST-001, facts in our own words).
//!
//! The text of one scan is one data structure, several in a row, or a compound message (023) that
//! announces how many follow. [`read`] turns it into [`Element`]s, all or nothing: an unknown
//! identifier, short content or a trailing byte refuses the whole scan.
//!
//! Architecture invariant: no reference table of the standard's owner is here; whatever needs one
//! is an [`Element::Other`] with its content as scanned.

pub(crate) mod coi;
mod content;
mod date;
pub(crate) mod din;
mod key;
mod product;
mod structure;

use chrono::{NaiveDate, NaiveDateTime};

pub use coi::{read_coi, read_coi_checked};
pub use date::{
    FlexibleDateTime, Moment, Zone, decode_date, decode_date_time, encode_date, encode_date_time,
};
pub use din::{Flag, read_din, read_din_checked};
pub use key::ProductKey;
pub use product::{Division, Divisions, ProductCode};
pub use structure::Structure;

use super::{CodeError, mod37, sec::Sec};
use crate::domain::id::{CoiId, Din};
use structure::Length;

/// What a plain date (004–009) is the date of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateOf {
    /// Structures 004, 005.
    Expiration,
    /// Structures 006, 007.
    Collection,
    /// Structures 008, 009.
    Production,
}

impl DateOf {
    /// In words.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Expiration => "expiration",
            Self::Collection => "collection",
            Self::Production => "production",
        }
    }
}

/// One ISBT 128 data structure, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Element {
    /// 001, with its flag characters taken off.
    Din {
        /// The number.
        din: Din,
        /// What the flag says.
        flag: Flag,
    },
    /// 003.
    Product(ProductCode),
    /// 004, 006, 008: a day; an expiry ends at the end of that day.
    Date {
        /// What it is the date of.
        of: DateOf,
        /// Local date.
        date: NaiveDate,
    },
    /// 005, 007, 009.
    DateTime {
        /// What it is the time of.
        of: DateOf,
        /// Local time.
        at: NaiveDateTime,
    },
    /// 031.
    Flexible(FlexibleDateTime),
    /// 032.
    Divisions(Divisions),
    /// 019: facility and pseudonymous donor number.
    Donor {
        /// Facility that assigned the number.
        facility: String,
        /// Sixteen characters, left-padded with zeros.
        number: String,
    },
    /// 038.
    Sec(Sec),
    /// 040.
    Coi(CoiId),
    /// Any other structure of the index, content checked for length and characters only.
    Other {
        /// Which structure.
        structure: &'static Structure,
        /// Its content.
        content: String,
    },
}

impl Element {
    /// Number of the data structure in ST-001.
    #[must_use]
    pub fn number(&self) -> u16 {
        match self {
            Self::Din { .. } => 1,
            Self::Product(_) => 3,
            Self::Date { of, .. } => match of {
                DateOf::Expiration => 4,
                DateOf::Collection => 6,
                DateOf::Production => 8,
            },
            Self::DateTime { of, .. } => match of {
                DateOf::Expiration => 5,
                DateOf::Collection => 7,
                DateOf::Production => 9,
            },
            Self::Flexible(_) => 31,
            Self::Divisions(_) => 32,
            Self::Donor { .. } => 19,
            Self::Sec(_) => 38,
            Self::Coi(_) => 40,
            Self::Other { structure, .. } => structure.number,
        }
    }

    /// The data structure in the index of ST-001.
    #[must_use]
    pub fn structure(&self) -> &'static Structure {
        let number = self.number();
        structure::STRUCTURES
            .iter()
            .find(|structure| structure.number == number)
            .unwrap_or(&structure::DIN)
    }

    /// Name of the data structure in ST-001.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.structure().name
    }

    /// The content after the data identifier; of a DIN with its flag characters.
    #[must_use]
    pub fn content(&self) -> String {
        match self {
            Self::Din { din, flag } => format!("{din}{}", flag.characters()),
            Self::Product(code) => code.to_string(),
            Self::Date { date, .. } => encode_date(*date),
            Self::DateTime { at, .. } => encode_date_time(*at),
            Self::Flexible(flexible) => flexible.encode(),
            Self::Divisions(divisions) => divisions.to_string(),
            Self::Donor { facility, number } => format!("{facility}{number}"),
            Self::Sec(sec) => sec.compact(),
            Self::Coi(id) => id.to_string(),
            Self::Other { content, .. } => content.clone(),
        }
    }

    /// The check character that must be printed with the text of structures 001, 019, 027, 037 and
    /// 040, and of 011–016 where they are printed (ST-001); `None` for all others.
    #[must_use]
    pub fn check_character(&self) -> Option<char> {
        match self {
            Self::Din { din, .. } => Some(din.check_character()),
            _ if matches!(self.number(), 11..=16 | 19 | 27 | 37 | 40) => {
                mod37::check_character(&self.content())
            }
            _ => None,
        }
    }

    /// The parts of the content of a structure without a type of its own: name, text, meaning.
    pub(crate) fn other_parts(&self) -> Vec<(&'static str, String, &'static str)> {
        match self {
            Self::Other { structure, content } => content::parts(structure.number, content),
            _ => Vec::new(),
        }
    }

    /// The text that encodes this element in a symbol, data identifier included.
    #[must_use]
    pub fn symbol(&self) -> String {
        format!("{}{}", self.structure().identifier, self.content())
    }
}

/// Builds a compound message (023) in undefined order (`000`) from up to 99 elements.
pub fn compound(elements: &[Element]) -> Result<String, CodeError> {
    if elements.len() < 2 || elements.len() > 99 {
        return Err(CodeError::Compound { reason: "it holds 2 to 99 structures" });
    }
    check_divisions(elements)?;
    let body: String = elements.iter().map(Element::symbol).collect();
    Ok(format!("=+{:02}000{body}", elements.len()))
}

/// Reads one scan: a structure, a bare concatenation, or a compound message; all or nothing.
pub fn read(text: &str) -> Result<Vec<Element>, CodeError> {
    match text.strip_prefix("=+") {
        Some(rest) => read_compound(rest),
        None => read_all(text, 0, false),
    }
}

fn read_compound(rest: &str) -> Result<Vec<Element>, CodeError> {
    let short = || CodeError::ShortContent { structure: 23, expected: 5, found: rest.len() };
    let header = rest.get(..5).ok_or_else(short)?;
    let announced = date::digits(header, 0, 2)
        .filter(|_| date::digits(header, 2, 5).is_some())
        .and_then(|n| usize::try_from(n).ok())
        .ok_or(CodeError::Compound { reason: "its header is not five digits" })?;
    if announced == 0 {
        return Err(CodeError::Compound { reason: "it announces nothing" });
    }
    let elements = read_all(rest.get(5..).unwrap_or(""), 7, true)?;
    if elements.len() != announced {
        return Err(CodeError::CompoundCount { announced, found: elements.len() });
    }
    check_divisions(&elements)?;
    Ok(elements)
}

/// ST-001 §003: a division `99` means nothing without structure 032 beside it.
fn check_divisions(elements: &[Element]) -> Result<(), CodeError> {
    let needs = elements
        .iter()
        .any(|e| matches!(e, Element::Product(code) if code.division().needs_divisions()));
    let has = elements.iter().any(|e| matches!(e, Element::Divisions(_)));
    if needs && !has {
        return Err(CodeError::Compound {
            reason: "its product code says division 99, and structure 032 is missing",
        });
    }
    Ok(())
}

fn read_all(text: &str, offset: usize, inside: bool) -> Result<Vec<Element>, CodeError> {
    let mut elements = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let position = offset + text.len() - rest.len() + 1;
        let (element, after) = read_one(rest, position, inside)?;
        elements.push(element);
        rest = after;
    }
    Ok(elements)
}

fn read_one(text: &str, position: usize, inside: bool) -> Result<(Element, &str), CodeError> {
    if text.strip_prefix('=').and_then(|t| t.chars().next()).is_some_and(din::is_first) {
        return din_element(text);
    }
    let Some(structure) = structure::find(text) else {
        let identifier: String = text.chars().take(2).collect();
        return Err(match identifier.strip_prefix('&').and_then(|t| t.chars().next()) {
            Some('a'..='z' | ';' | '!') if inside => {
                CodeError::Compound { reason: "it holds a structure that is not ISBT 128" }
            }
            Some('a'..='z' | ';' | '!') => CodeError::NotDefined { identifier, position },
            _ => CodeError::UnknownIdentifier { identifier, position },
        });
    };
    if structure.number == 23 {
        return Err(CodeError::Compound { reason: "another compound message is inside" });
    }
    let content = text.get(structure.identifier.len()..).unwrap_or("");
    let length = content_length(structure, content)?;
    let (content, after) = match split(structure, content, length) {
        // ST-001 gives these two 17 characters in one place and 18 in another.
        Err(_) if matches!(structure.number, 35 | 36) && content.len() == 17 => {
            return Err(CodeError::Unknown { excerpt: CodeError::excerpt(text) });
        }
        outcome => outcome?,
    };
    Ok((element(structure, content)?, after))
}

fn din_element(text: &str) -> Result<(Element, &str), CodeError> {
    let (content, after) = split(&structure::DIN, text.get(1..).unwrap_or(""), 15)?;
    let number = read_din(content.get(..din::LENGTH).unwrap_or(content))?;
    let flag = Flag::parse(content.get(din::LENGTH..).unwrap_or(""), &number)?;
    Ok((Element::Din { din: number, flag }, after))
}

fn content_length(structure: &Structure, content: &str) -> Result<usize, CodeError> {
    match structure.length {
        Length::Fixed(length) => Ok(length),
        Length::Counted { fixed, at, to, unit } => date::digits(content, at, to)
            .and_then(|count| usize::try_from(count).ok())
            .map(|count| fixed + count * unit)
            .ok_or_else(|| bad(structure, content, "its length header is not a number")),
    }
}

fn split<'a>(
    structure: &Structure,
    content: &'a str,
    length: usize,
) -> Result<(&'a str, &'a str), CodeError> {
    content.split_at_checked(length).ok_or(CodeError::ShortContent {
        structure: structure.number,
        expected: length,
        found: content.chars().count(),
    })
}

fn bad(structure: &Structure, content: &str, reason: &str) -> CodeError {
    CodeError::BadContent {
        structure: structure.number,
        name: structure.name,
        content: CodeError::excerpt(content),
        reason: reason.to_owned(),
    }
}

fn element(structure: &'static Structure, content: &str) -> Result<Element, CodeError> {
    let of = match structure.number {
        4 | 5 => DateOf::Expiration,
        6 | 7 => DateOf::Collection,
        _ => DateOf::Production,
    };
    match structure.number {
        3 => ProductCode::parse(content).map(Element::Product),
        4 | 6 | 8 => decode_date(content)
            .map(|date| Element::Date { of, date })
            .ok_or_else(|| bad(structure, content, "there is no such day")),
        5 | 7 | 9 => decode_date_time(content)
            .map(|at| Element::DateTime { of, at })
            .ok_or_else(|| bad(structure, content, "there is no such day or time")),
        19 => donor(structure, content),
        31 => FlexibleDateTime::decode(content)
            .map(Element::Flexible)
            .ok_or_else(|| bad(structure, content, "there is no such date, time or kind")),
        32 => Divisions::parse(content).map(Element::Divisions),
        38 => Sec::parse_compact(content).map(Element::Sec),
        40 => read_coi(content).map(Element::Coi),
        number => match content::check(number, content) {
            Ok(()) => Ok(Element::Other { structure, content: content.to_owned() }),
            Err(reason) => Err(bad(structure, content, reason)),
        },
    }
}

fn donor(structure: &Structure, content: &str) -> Result<Element, CodeError> {
    let (facility, number) = split(structure, content, 5)?;
    if !content::is_facility(facility) || !number.chars().all(|c| c.is_ascii_digit()) {
        return Err(bad(structure, content, "it is a facility number and 16 digits"));
    }
    Ok(Element::Donor { facility: facility.to_owned(), number: number.to_owned() })
}
