//! Donation Identification Number (ISBT 128 data structure 001) and its flag characters.
//!
//! The identity itself is [`domain::id::Din`](crate::domain::id::Din); here is what the standard
//! says about its parts, its check character and its symbol.
//!
//! Architecture invariant: a [`Din`] holds the 13 characters that identify; the leading `=` and the
//! two flag characters are never part of it, so that two scans of one donation compare equal.

use crate::codes::{CodeError, mod37};
use crate::domain::id::Din;

const WHAT: &str = "donation number (DIN)";
/// Length of a DIN in characters: facility (5), nominal year (2), sequence (6). ST-001 §2.
pub(crate) const LENGTH: usize = 13;

/// Reads the 13 characters as printed without spaces, no check character.
pub fn read_din(text: &str) -> Result<Din, CodeError> {
    let bad = |reason: &str| CodeError::malformed(WHAT, text, reason);
    if text.chars().count() != LENGTH {
        return Err(bad("it needs 13 characters"));
    }
    for (position, symbol) in text.chars().enumerate() {
        let fits = match position {
            0 => is_first(symbol),
            1 | 2 => is_facility_letter(symbol),
            _ => symbol.is_ascii_digit(),
        };
        if !fits {
            return Err(bad(&format!(
                "{symbol:?} cannot stand at position {} (facility A–N, P–Z, 1–9; then digits)",
                position + 1
            )));
        }
    }
    Din::parse(text).map_err(|error| bad(&error.to_string()))
}

/// Reads 13 characters and the keyboard-entry check character after them (14 in all); spaces
/// between the printed groups are allowed.
pub fn read_din_checked(text: &str) -> Result<Din, CodeError> {
    let compact: String = text.chars().filter(|c| *c != ' ').collect();
    let din = read_din(compact.get(..LENGTH).unwrap_or(&compact))?;
    let mut rest = compact.chars().skip(LENGTH);
    match (rest.next(), rest.next()) {
        (Some(check), None) if check == din.check_character() => Ok(din),
        (Some(_), None) => Err(CodeError::check(WHAT, text)),
        _ => {
            Err(CodeError::malformed(WHAT, text, "it needs 13 characters and one check character"))
        }
    }
}

/// The parts of a DIN and how it is written (ISBT 128 ST-001 §2).
///
/// A DIN names a donation event or a pool; a pool has its own (Directive 2006/86/EC Art. 10b).
impl Din {
    /// Facility Identification Number: the first five characters.
    #[must_use]
    pub fn facility(&self) -> &str {
        self.as_str().get(..5).unwrap_or("")
    }

    /// Nominal year of assignment, two digits.
    #[must_use]
    pub fn year(&self) -> &str {
        self.as_str().get(5..7).unwrap_or("")
    }

    /// Sequence within facility and year, six digits.
    #[must_use]
    pub fn sequence(&self) -> &str {
        self.as_str().get(7..).unwrap_or("")
    }

    /// The keyboard-entry check character K (MOD 37-2 over the 13 characters).
    #[must_use]
    pub fn check_character(&self) -> char {
        // A DIN holds only 0-9A-Z, over which the check character always exists.
        mod37::check_character(self.as_str()).unwrap_or('*')
    }

    /// Content of the bar code with flag `00`: `=` + 13 + `00`.
    #[must_use]
    pub fn symbol(&self) -> String {
        format!("={self}00")
    }

    /// As printed: facility, year and sequence grouped, then the check character.
    #[must_use]
    pub fn printed(&self) -> String {
        format!(
            "{} {} {} {}",
            self.facility(),
            self.year(),
            self.sequence(),
            self.check_character()
        )
    }
}

pub(crate) fn is_first(symbol: char) -> bool {
    symbol != 'O' && symbol != '0' && (symbol.is_ascii_uppercase() || symbol.is_ascii_digit())
}

pub(crate) fn is_facility_letter(symbol: char) -> bool {
    symbol != 'O' && (symbol.is_ascii_uppercase() || symbol.is_ascii_digit())
}

/// What the two flag characters after a DIN mean (ST-001, table of flag characters).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flag {
    /// `00`: not used.
    None,
    /// `01`–`04`, `15`–`19`: the n-th container of a set, 1–9.
    Container(u8),
    /// `05`: second or repeated demand-printed label.
    Repeat,
    /// `06`: pilot-tube label.
    PilotTube,
    /// `07`: test-tube label.
    TestTube,
    /// `08`: donor-record label.
    DonorRecord,
    /// `09`: sample tube for nucleic-acid testing.
    NucleicAcidTube,
    /// `10`: sample tube for bacterial testing.
    BacterialTube,
    /// `11`: match-with-unit label.
    MatchWithUnit,
    /// `12`: affixed partial label.
    AffixedPartial,
    /// `13`: attached label that goes with an affixed partial label.
    AttachedPartial,
    /// `20`–`59`: meaning local to the assigning facility, never to be read by another.
    Local(u8),
    /// `60`–`96`: 60 + the check value; verified when read.
    Check(u8),
}

impl Flag {
    /// Reads the two characters that follow `din`; a wrong check value or a reserved flag refuses.
    pub fn parse(text: &str, din: &Din) -> Result<Self, CodeError> {
        let bad = |reason: String| CodeError::BadContent {
            structure: 1,
            name: "Donation Identification Number",
            content: format!("{din}{text}"),
            reason,
        };
        let number = (text.len() == 2 && text.chars().all(|c| c.is_ascii_digit()))
            .then(|| text.parse::<u8>().ok())
            .flatten()
            .ok_or_else(|| bad(format!("flag {text:?} is reserved")))?;
        match number {
            0 => Ok(Self::None),
            1..=4 => Ok(Self::Container(number)),
            5 => Ok(Self::Repeat),
            6 => Ok(Self::PilotTube),
            7 => Ok(Self::TestTube),
            8 => Ok(Self::DonorRecord),
            9 => Ok(Self::NucleicAcidTube),
            10 => Ok(Self::BacterialTube),
            11 => Ok(Self::MatchWithUnit),
            12 => Ok(Self::AffixedPartial),
            13 => Ok(Self::AttachedPartial),
            15..=19 => Ok(Self::Container(number - 10)),
            20..=59 => Ok(Self::Local(number)),
            60..=96 if mod37::check_value(din.as_str()) == Some(u32::from(number) - 60) => {
                Ok(Self::Check(number))
            }
            60..=96 => Err(CodeError::check(WHAT, &format!("{din}{text}"))),
            _ => Err(bad(format!("flag {text:?} is reserved"))),
        }
    }

    /// The two characters.
    #[must_use]
    pub fn characters(self) -> String {
        let number = match self {
            Self::None => 0,
            Self::Container(n @ 1..=4) | Self::Local(n) | Self::Check(n) => n,
            Self::Container(n) => n.saturating_add(10),
            Self::Repeat => 5,
            Self::PilotTube => 6,
            Self::TestTube => 7,
            Self::DonorRecord => 8,
            Self::NucleicAcidTube => 9,
            Self::BacterialTube => 10,
            Self::MatchWithUnit => 11,
            Self::AffixedPartial => 12,
            Self::AttachedPartial => 13,
        };
        format!("{number:02}")
    }

    /// True when the flag says that this is a label or tube beside the unit, or one of several:
    /// such a scan is more than the donation number alone.
    #[must_use]
    pub fn says_something(self) -> bool {
        !matches!(self, Self::None | Self::Check(_))
    }

    /// In words.
    #[must_use]
    pub fn meaning(self) -> String {
        match self {
            Self::None => "no flag".into(),
            Self::Container(n) => format!("container {n} of a set"),
            Self::Repeat => "second or repeated label".into(),
            Self::PilotTube => "pilot tube".into(),
            Self::TestTube => "test tube".into(),
            Self::DonorRecord => "donor record".into(),
            Self::NucleicAcidTube => "sample tube for nucleic-acid testing".into(),
            Self::BacterialTube => "sample tube for bacterial testing".into(),
            Self::MatchWithUnit => "match-with-unit label".into(),
            Self::AffixedPartial => "affixed partial label".into(),
            Self::AttachedPartial => "attached label of an affixed partial label".into(),
            Self::Local(n) => {
                format!("local flag {n}: only the assigning facility knows its meaning")
            }
            Self::Check(_) => "check value, verified".into(),
        }
    }
}
