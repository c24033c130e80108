//! Time: instants in UTC to the microsecond, spans, and how the site's zone shows them.
//!
//! Neighbours: `clock` is the only place that makes an [`Instant`] of "now".
//!
//! Architecture invariant: nothing here reads a clock.

use chrono::{DateTime, NaiveDate, NaiveDateTime, SubsecRound, TimeZone, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// A point in time, UTC, truncated to the microsecond so that both databases and every hash agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(DateTime<Utc>);

/// Why a text is not a time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a time; write it as 2026-11-22T14:30:00Z, or as 2026-11-22 14:30")]
pub struct TimeError(String);

impl Instant {
    /// The instant of a chrono time, truncated to the microsecond.
    pub fn new(at: DateTime<Utc>) -> Self {
        Self(at.trunc_subsecs(6))
    }

    /// Reads RFC 3339 text of any offset.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        DateTime::parse_from_rfc3339(text)
            .map(|at| Self::new(at.with_timezone(&Utc)))
            .map_err(|_| TimeError(text.to_owned()))
    }

    /// Reads a wall-clock time of the zone, as forms give it (`2026-11-22T14:30` or with a space,
    /// seconds optional). Refuses a time that the zone skips or repeats.
    pub fn parse_local(text: &str, zone: Zone) -> Result<Self, TimeError> {
        let text = text.trim();
        ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"]
            .into_iter()
            .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
            .and_then(|naive| zone.0.from_local_datetime(&naive).single())
            .map(|at| Self::new(at.with_timezone(&Utc)))
            .ok_or_else(|| TimeError(text.to_owned()))
    }

    /// The chrono time.
    pub fn utc(self) -> DateTime<Utc> {
        self.0
    }

    /// The UTC wall clock, as the tables hold it.
    pub fn naive(self) -> NaiveDateTime {
        self.0.naive_utc()
    }

    /// The instant of a UTC wall clock from a table.
    pub fn from_naive(naive: NaiveDateTime) -> Self {
        Self::new(naive.and_utc())
    }

    /// This instant plus a span; the far end of time when it does not fit.
    pub fn plus(self, span: Span) -> Self {
        let added = chrono::TimeDelta::try_seconds(span.seconds())
            .and_then(|delta| self.0.checked_add_signed(delta));
        Self(added.unwrap_or(DateTime::<Utc>::MAX_UTC))
    }

    /// This instant minus a span; the near end of time when it does not fit.
    pub fn minus(self, span: Span) -> Self {
        self.plus(Span::of_seconds(span.seconds().saturating_neg()))
    }

    /// The span from `earlier` to this instant in whole seconds, negative if it is later.
    pub fn since(self, earlier: Self) -> Span {
        Span::of_seconds(self.0.signed_duration_since(earlier.0).num_seconds())
    }

    /// The calendar day in the zone.
    pub fn date(self, zone: Zone) -> NaiveDate {
        self.0.with_timezone(&zone.0).date_naive()
    }

    /// `2026-11-22 14:30` in the zone.
    pub fn minute_text(self, zone: Zone) -> String {
        self.0.with_timezone(&zone.0).format("%Y-%m-%d %H:%M").to_string()
    }

    /// `2026-11-22 14:30:05 CET (+01:00)` in the zone: the form of a signature's manifestation.
    pub fn full_text(self, zone: Zone) -> String {
        self.0.with_timezone(&zone.0).format("%Y-%m-%d %H:%M:%S %Z (%:z)").to_string()
    }

    /// `2026-11-22` in the zone.
    pub fn date_text(self, zone: Zone) -> String {
        self.date(zone).format("%Y-%m-%d").to_string()
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m-%dT%H:%M:%S%.6fZ"))
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// The zone in which a site shows and enters times, by its IANA name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone(chrono_tz::Tz);

impl Zone {
    /// Central European time of the product's first site.
    pub const LJUBLJANA: Self = Self(chrono_tz::Europe::Ljubljana);

    /// The zone of an IANA name such as `Europe/Ljubljana`.
    pub fn parse(name: &str) -> Option<Self> {
        name.parse().ok().map(Self)
    }

    /// The IANA name.
    pub fn name(self) -> &'static str {
        self.0.name()
    }
}

/// A length of time in whole seconds. Written as `14 d`, `36 h`, `10 min`, `30 s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(i64);

impl Span {
    /// So many seconds.
    pub const fn of_seconds(seconds: i64) -> Self {
        Self(seconds)
    }

    /// So many minutes.
    pub const fn of_minutes(minutes: i64) -> Self {
        Self(minutes.saturating_mul(60))
    }

    /// So many hours.
    pub const fn of_hours(hours: i64) -> Self {
        Self(hours.saturating_mul(3_600))
    }

    /// So many days of 24 hours.
    pub const fn of_days(days: i64) -> Self {
        Self(days.saturating_mul(86_400))
    }

    /// The length in seconds.
    pub const fn seconds(self) -> i64 {
        self.0
    }

    /// Reads `14 d`, `36 h`, `10 min` or `30 s`.
    pub fn parse(text: &str) -> Option<Self> {
        let (number, unit) = text.trim().split_once(' ')?;
        let number: i64 = number.parse().ok()?;
        let seconds = match unit.trim() {
            "d" => 86_400,
            "h" => 3_600,
            "min" => 60,
            "s" => 1,
            _ => return None,
        };
        number.checked_mul(seconds).map(Self)
    }

    /// `3 d 4 h`, `2 h 5 min`, `10 min`, `45 s`: the two largest units, for people.
    pub fn text(self) -> String {
        let total = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "−" } else { "" };
        let units = [("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)];
        let mut rest = total;
        let mut parts = Vec::new();
        for (name, size) in units {
            let count = rest.checked_div(size).unwrap_or(0);
            rest = rest.checked_rem(size).unwrap_or(0);
            if count > 0 && parts.len() < 2 {
                parts.push(format!("{count} {name}"));
            }
        }
        if parts.is_empty() { "0 s".to_owned() } else { format!("{sign}{}", parts.join(" ")) }
    }
}

impl fmt::Display for Span {
    /// The exact form that [`Span::parse`] reads, in the largest unit that divides it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, size) in [("d", 86_400_i64), ("h", 3_600), ("min", 60)] {
            if self.0 != 0 && self.0.checked_rem(size) == Some(0) {
                return write!(f, "{} {name}", self.0.checked_div(size).unwrap_or(0));
            }
        }
        write!(f, "{} s", self.0)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            serde::de::Error::custom(format!(
                "'{text}' is not a span; write it as '14 d' or '10 min'"
            ))
        })
    }
}

/// A calendar day of the site. Written as `2026-11-22`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(NaiveDate);

impl Day {
    /// The day of a chrono date.
    pub const fn new(date: NaiveDate) -> Self {
        Self(date)
    }

    /// The day of a year, month and day of month.
    pub fn of(year: i32, month: u32, day: u32) -> Option<Self> {
        NaiveDate::from_ymd_opt(year, month, day).map(Self)
    }

    /// Reads `2026-11-22`.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        let text = text.trim();
        if text.len() != 10 {
            return Err(TimeError(text.chars().take(40).collect()));
        }
        NaiveDate::parse_from_str(text, "%Y-%m-%d")
            .map(Self)
            .map_err(|_| TimeError(text.to_owned()))
    }

    /// The chrono date.
    pub const fn date(self) -> NaiveDate {
        self.0
    }

    /// So many days later; the last day of the calendar when it does not fit.
    pub fn plus_days(self, days: u32) -> Self {
        let later = self.0.checked_add_days(chrono::Days::new(u64::from(days)));
        Self(later.unwrap_or(NaiveDate::MAX))
    }

    /// So many days earlier; the first day of the calendar when it does not fit.
    pub fn minus_days(self, days: u32) -> Self {
        let earlier = self.0.checked_sub_days(chrono::Days::new(u64::from(days)));
        Self(earlier.unwrap_or(NaiveDate::MIN))
    }

    /// Whole days from `earlier` to this day, negative if it is later.
    pub fn days_since(self, earlier: Self) -> i64 {
        self.0.signed_duration_since(earlier.0).num_days()
    }

    /// The name of the weekday: `Sunday`.
    pub fn weekday_name(self) -> &'static str {
        use chrono::Datelike;
        match self.0.weekday() {
            chrono::Weekday::Mon => "Monday",
            chrono::Weekday::Tue => "Tuesday",
            chrono::Weekday::Wed => "Wednesday",
            chrono::Weekday::Thu => "Thursday",
            chrono::Weekday::Fri => "Friday",
            chrono::Weekday::Sat => "Saturday",
            chrono::Weekday::Sun => "Sunday",
        }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m-%d"))
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}
