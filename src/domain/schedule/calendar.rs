//! The site's calendar: what is staffed on which weekday, holidays, closures, capacity.

use super::Obstacle;
use crate::domain::time::{Day, Instant, Zone};
use crate::domain::toml_lines::{FileError, Lines};
use chrono::{Datelike, Weekday};
use serde::Deserialize;
use toml::Spanned;

/// Something that needs people on the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    /// Thawing the vial and seeding P2.
    Thaw,
    /// Taking and testing samples.
    Qc,
    /// Giving the product to the patient.
    Infusion,
}

impl Activity {
    /// The word in reasons: "no QC on Sunday".
    pub fn word(self) -> &'static str {
        match self {
            Self::Thaw => "thaw",
            Self::Qc => "QC",
            Self::Infusion => "administration",
        }
    }
}

/// When a holiday falls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HolidayRule {
    /// On the same day each year.
    Fixed {
        /// Month, 1 to 12.
        month: u32,
        /// Day of the month.
        day: u32,
    },
    /// So many days after Easter Sunday.
    Easter {
        /// Days after, negative before.
        offset: i64,
    },
}

/// A public holiday; nothing is staffed on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holiday {
    /// Its name.
    pub name: String,
    /// When it falls.
    pub rule: HolidayRule,
}

/// Days on which the whole site is closed, the last included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closure {
    /// Why.
    pub name: String,
    /// The first day.
    pub from: Day,
    /// The last day.
    pub to: Day,
}

/// What a site can do when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteCalendar {
    /// The site's time zone.
    pub zone: Zone,
    /// Orders in culture at the same time.
    pub incubators: u32,
    /// Patients that can be treated on one day.
    pub releases_per_day: u32,
    /// Wall-clock hour of thaw, `08:00`.
    pub thaw_hour: String,
    /// Weekdays with staff for thawing.
    pub thaw_days: Vec<Weekday>,
    /// Weekdays with staff in QC.
    pub qc_days: Vec<Weekday>,
    /// Weekdays on which patients are treated.
    pub infusion_days: Vec<Weekday>,
    /// Public holidays.
    pub holidays: Vec<Holiday>,
    /// Closures of the whole site.
    pub closures: Vec<Closure>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: Spanned<u32>,
    capacity: Capacity,
    hours: Hours,
    open: Open,
    #[serde(default)]
    holiday: Vec<HolidayFile>,
    #[serde(default)]
    closure: Vec<ClosureFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Capacity {
    incubators: u32,
    releases_per_day: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Hours {
    thaw: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Open {
    thaw: Vec<Spanned<String>>,
    qc: Vec<Spanned<String>>,
    infusion: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HolidayFile {
    name: Spanned<String>,
    on: Option<Spanned<String>>,
    easter: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClosureFile {
    name: String,
    from: Spanned<String>,
    to: Spanned<String>,
}

impl SiteCalendar {
    /// Reads the calendar of a site in this zone from the text of its file.
    ///
    /// # Errors
    /// The first thing that is wrong, with its line.
    pub fn parse(text: &str, zone: Zone) -> Result<Self, FileError> {
        let at = Lines(text);
        let file: File = toml::from_str(text).map_err(|error| at.syntax(&error))?;
        if *file.format.get_ref() != 1 {
            return Err(at.error(&file.format.span(), "this version reads format 1 only"));
        }
        let hour = file.hours.thaw.get_ref();
        if chrono::NaiveTime::parse_from_str(hour, "%H:%M").is_err() {
            return Err(at.error(&file.hours.thaw.span(), "write the hour as 08:00"));
        }
        let mut calendar = Self {
            zone,
            incubators: file.capacity.incubators,
            releases_per_day: file.capacity.releases_per_day,
            thaw_hour: hour.clone(),
            thaw_days: weekdays(at, &file.open.thaw)?,
            qc_days: weekdays(at, &file.open.qc)?,
            infusion_days: weekdays(at, &file.open.infusion)?,
            holidays: Vec::new(),
            closures: Vec::new(),
        };
        for holiday in file.holiday {
            calendar.holidays.push(holiday_of(at, holiday)?);
        }
        for closure in file.closure {
            let from = at.read(&closure.from, Day::parse)?;
            let to = at.read(&closure.to, Day::parse)?;
            if to < from {
                return Err(at.error(&closure.to.span(), "the closure ends before it begins"));
            }
            calendar.closures.push(Closure { name: closure.name, from, to });
        }
        Ok(calendar)
    }

    /// Why an activity cannot take place on a day, if it cannot.
    pub fn closed(&self, activity: Activity, day: Day) -> Option<Obstacle> {
        if let Some(closure) = self.closures.iter().find(|c| c.from <= day && day <= c.to) {
            return Some(Obstacle::SiteClosed { day, name: closure.name.clone() });
        }
        if let Some(holiday) = self.holidays.iter().find(|holiday| holiday.falls_on(day)) {
            return Some(Obstacle::Holiday { activity, day, name: holiday.name.clone() });
        }
        let open = match activity {
            Activity::Thaw => &self.thaw_days,
            Activity::Qc => &self.qc_days,
            Activity::Infusion => &self.infusion_days,
        };
        let staffed = open.contains(&day.date().weekday());
        (!staffed).then_some(Obstacle::NotStaffed { activity, day })
    }

    /// The instant of thaw on a day. Where the zone skips or repeats the hour, the hour in UTC.
    pub fn thaw_at(&self, day: Day) -> Instant {
        let local = format!("{day} {}", self.thaw_hour);
        Instant::parse_local(&local, self.zone)
            .or_else(|_| Instant::parse(&format!("{day}T{}:00Z", self.thaw_hour)))
            .unwrap_or_else(|_| Instant::from_naive(day.date().and_time(chrono::NaiveTime::MIN)))
    }
}

impl Holiday {
    /// Whether the holiday falls on the day.
    pub fn falls_on(&self, day: Day) -> bool {
        let date = day.date();
        match self.rule {
            HolidayRule::Fixed { month, day } => date.month() == month && date.day() == day,
            HolidayRule::Easter { offset } => easter(date.year())
                .is_some_and(|easter| Day::new(date).days_since(easter) == offset),
        }
    }
}

/// Easter Sunday of a Gregorian year, by the anonymous algorithm (Meeus/Jones/Butcher).
fn easter(year: i32) -> Option<Day> {
    let a = year % 19;
    let (b, c) = (year / 100, year % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 19 * l) / 433;
    let month = (h + l - 7 * m + 90) / 25;
    let day = (h + l - 7 * m + 33 * month + 19) % 32;
    Day::of(year, u32::try_from(month).ok()?, u32::try_from(day).ok()?)
}

fn weekdays(at: Lines<'_>, names: &[Spanned<String>]) -> Result<Vec<Weekday>, FileError> {
    let mut days = Vec::new();
    for name in names {
        let day = match name.get_ref().as_str() {
            "mon" => Weekday::Mon,
            "tue" => Weekday::Tue,
            "wed" => Weekday::Wed,
            "thu" => Weekday::Thu,
            "fri" => Weekday::Fri,
            "sat" => Weekday::Sat,
            "sun" => Weekday::Sun,
            _ => return Err(at.error(&name.span(), "write mon, tue, wed, thu, fri, sat or sun")),
        };
        days.push(day);
    }
    Ok(days)
}

fn holiday_of(at: Lines<'_>, file: HolidayFile) -> Result<Holiday, FileError> {
    let rule = match (&file.on, file.easter) {
        (Some(on), None) => {
            let wrong = || at.error(&on.span(), "write the day as month-day, such as 12-25");
            let (month, day) = on.get_ref().split_once('-').ok_or_else(wrong)?;
            let month: u32 = month.parse().map_err(|_| wrong())?;
            let day: u32 = day.parse().map_err(|_| wrong())?;
            // A leap year, so that 29 February may be named.
            Day::of(2024, month, day).ok_or_else(wrong)?;
            HolidayRule::Fixed { month, day }
        }
        (None, Some(offset)) => HolidayRule::Easter { offset },
        _ => {
            let message = "a holiday has either `on` or `easter`";
            return Err(at.error(&file.name.span(), message));
        }
    };
    Ok(Holiday { name: file.name.into_inner(), rule })
}
