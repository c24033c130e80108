//! The calendar of days an order can be given on: weeks of seven days, each offered or with the
//! reason why not.
//!
//! Architecture invariant: every day that cannot be chosen says why, in words.

use chrono::Datelike;

use crate::domain::schedule::{Candidate, Obstacle};
use crate::domain::time::Day;

/// One day of the calendar.
#[derive(Debug, Clone)]
pub struct Cell {
    /// `2026-12-03`; empty for a day outside the horizon.
    pub value: String,
    /// Day of the month.
    pub number: u32,
    /// `Dec`, on the first day shown and the first of a month.
    pub month: String,
    /// Weekday, for narrow screens.
    pub weekday: &'static str,
    /// Whether it can be chosen.
    pub offered: bool,
    /// Whether it is chosen.
    pub chosen: bool,
    /// A few words below the number: day of thaw, or why not.
    pub note: String,
    /// All of it, in a sentence.
    pub sentence: String,
}

/// The weeks of the horizon, Monday first.
#[derive(Debug, Clone)]
pub struct Calendar {
    /// Weeks of seven cells.
    pub weeks: Vec<Vec<Cell>>,
    /// How many days are offered.
    pub offered: usize,
}

/// The calendar of these candidates with one day chosen.
#[must_use]
pub fn calendar(candidates: &[Candidate], chosen: Option<Day>) -> Calendar {
    let mut cells: Vec<Cell> = Vec::new();
    let lead = candidates.first().map_or(0, |c| c.day.date().weekday().num_days_from_monday());
    cells.extend((0..lead).map(|_| blank()));
    for (index, candidate) in candidates.iter().enumerate() {
        cells.push(cell(candidate, index == 0, chosen));
    }
    while !cells.len().is_multiple_of(7) {
        cells.push(blank());
    }
    let offered = cells.iter().filter(|cell| cell.offered).count();
    Calendar { weeks: cells.chunks(7).map(<[Cell]>::to_vec).collect(), offered }
}

fn blank() -> Cell {
    Cell {
        value: String::new(),
        number: 0,
        month: String::new(),
        weekday: "",
        offered: false,
        chosen: false,
        note: String::new(),
        sentence: String::new(),
    }
}

fn cell(candidate: &Candidate, first: bool, chosen: Option<Day>) -> Cell {
    let day = candidate.day;
    let number = day.date().day();
    let short = |day: Day| format!("{} {}", day.date().format("%a"), day.date().format("%-d %b"));
    let (note, sentence) = match &candidate.slot {
        Ok(slot) => (
            match slot.culture_days {
                0 => "thaw on the day".to_owned(),
                _ => format!("thaw {}", short(slot.thaw_on)),
            },
            match slot.culture_days {
                0 => format!("{day}: thaw on the day"),
                days => format!("{day}: thaw on {}, {days} days of culture", slot.thaw_on),
            },
        ),
        Err(obstacles) => {
            let all: Vec<String> = obstacles.iter().map(ToString::to_string).collect();
            let note = obstacles.first().map(brief).unwrap_or_default();
            (note, format!("{day}: {}", all.join("; ")))
        }
    };
    let month =
        if first || number == 1 { day.date().format("%b").to_string() } else { String::new() };
    Cell {
        value: day.to_string(),
        number,
        month,
        weekday: day.weekday_name(),
        offered: candidate.slot.is_ok(),
        chosen: candidate.slot.is_ok() && chosen == Some(day),
        note,
        sentence,
    }
}

fn brief(obstacle: &Obstacle) -> String {
    match obstacle {
        Obstacle::TooSoon { .. } => "too soon".to_owned(),
        Obstacle::TooFar { .. } => "too far ahead".to_owned(),
        Obstacle::NotStaffed { activity, day } => {
            format!("no {} {}", activity.word(), day.date().format("%a"))
        }
        Obstacle::Holiday { name, .. } | Obstacle::SiteClosed { name, .. } => name.clone(),
        Obstacle::IncubatorFull { .. } => "incubators full".to_owned(),
        Obstacle::DayTaken { .. } => "day taken".to_owned(),
        Obstacle::NoRoom { .. } => "no hour for the sample".to_owned(),
    }
}
