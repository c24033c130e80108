//! ISBT 128 dates: `cyyjjj` (structures 004, 006, 008), `cyyjjjhhmm` (005, 007, 009), 026 and 031.
//!
//! Architecture invariant: these are wall-clock values of the labelling site; no time zone is
//! encoded in 004–009, and none is guessed here. Converting to an instant is the caller's work.

use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike};

/// Ordinal date `cyyjjj`: the year modulo 1000, then the day of the year.
#[must_use]
pub fn encode_date(date: NaiveDate) -> String {
    format!("{:03}{:03}", date.year().rem_euclid(1000), date.ordinal())
}

/// `cyyjjjhhmm`.
#[must_use]
pub fn encode_date_time(at: NaiveDateTime) -> String {
    format!("{}{:02}{:02}", encode_date(at.date()), at.hour(), at.minute())
}

/// Reads `cyyjjj`. `cyy` from 900 is the 1900s, below it the 2000s. `None` when no such day.
#[must_use]
pub fn decode_date(text: &str) -> Option<NaiveDate> {
    let (year, day) = (digits(text, 0, 3)?, digits(text, 3, 6)?);
    let century = if year >= 900 { 1000 } else { 2000 };
    (text.len() == 6)
        .then(|| NaiveDate::from_yo_opt(i32::try_from(century + year).ok()?, day))
        .flatten()
}

/// Reads `cyyjjjhhmm`; `None` when no such day or time.
#[must_use]
pub fn decode_date_time(text: &str) -> Option<NaiveDateTime> {
    let date = decode_date(text.get(..6)?)?;
    let (hour, minute) = (digits(text, 6, 8)?, digits(text, 8, 10)?);
    (text.len() == 10).then(|| date.and_hms_opt(hour, minute, 0)).flatten()
}

/// Whether a flexible date (structure 031) is local time or UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    /// Local time of the labelling site.
    Local,
    /// Coordinated Universal Time.
    Utc,
}

/// What a flexible date (structure 031) is the date of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// `01`.
    Expiration,
    /// `02`.
    Collection,
    /// `03`.
    Production,
    /// `04`.
    CrossClamp,
    /// `05`.
    Preservation,
    /// `06`.
    DonorDeath,
}

impl Moment {
    const ALL: [(Self, &'static str, &'static str); 6] = [
        (Self::Expiration, "01", "expiration"),
        (Self::Collection, "02", "collection"),
        (Self::Production, "03", "production"),
        (Self::CrossClamp, "04", "cross clamp"),
        (Self::Preservation, "05", "preservation"),
        (Self::DonorDeath, "06", "donor death"),
    ];

    /// In words.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        Self::ALL.iter().find(|(moment, ..)| *moment == self).map_or("", |(.., words)| words)
    }
}

/// Flexible Date and Time (structure 031): `ZUTTYYYYMMDDhhmm`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlexibleDateTime {
    /// Local or UTC.
    pub zone: Zone,
    /// What happens then.
    pub moment: Moment,
    /// When, in that zone.
    pub at: NaiveDateTime,
}

impl FlexibleDateTime {
    /// The 16 characters after `=(`.
    #[must_use]
    pub fn encode(&self) -> String {
        let zone = match self.zone {
            Zone::Local => '1',
            Zone::Utc => '2',
        };
        let moment =
            Moment::ALL.iter().find(|(moment, ..)| *moment == self.moment).map_or("", |m| m.1);
        format!("{zone}0{moment}{}", self.at.format("%Y%m%d%H%M"))
    }

    /// Reads the 16 characters; `None` when a part has no meaning.
    #[must_use]
    pub fn decode(text: &str) -> Option<Self> {
        let zone = match text.get(..2)? {
            "10" => Zone::Local,
            "20" => Zone::Utc,
            _ => return None,
        };
        let code = text.get(2..4)?;
        let moment = Moment::ALL.iter().find(|(_, c, _)| *c == code)?.0;
        let year = i32::try_from(digits(text, 4, 8)?).ok().filter(|year| *year >= 1900)?;
        let date = NaiveDate::from_ymd_opt(year, digits(text, 8, 10)?, digits(text, 10, 12)?)?;
        let at = date.and_hms_opt(digits(text, 12, 14)?, digits(text, 14, 16)?, 0)?;
        (text.len() == 16).then_some(Self { zone, moment, at })
    }
}

/// The digits of `text` from `from` to `to` as a number; `None` when one is no digit.
pub(crate) fn digits(text: &str, from: usize, to: usize) -> Option<u32> {
    let part = text.get(from..to)?;
    part.chars().all(|c| c.is_ascii_digit()).then(|| part.parse().ok()).flatten()
}
