//! Backward scheduling: from the day of administration to the day of thaw, against what the site
//! can do. Every day that cannot be offered carries the reason.
//!
//! Neighbours: `protocol` states the bounds, `order` keeps the slot that was chosen, `calendar`
//! (within) says what is open when.
//!
//! Architecture invariant: today, the bookings and the calendar are arguments; the same arguments
//! always give the same days.

mod calendar;

pub use calendar::{Activity, Closure, Holiday, HolidayRule, SiteCalendar};

use super::id::OrderNumber;
use super::protocol::ScheduleRule;
use super::time::{Day, Instant};
use serde::{Deserialize, Serialize};

/// The days of one order, computed backward from its administration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// Day of administration.
    pub infusion_on: Day,
    /// Day of harvest and formulation: the day of administration, the product lives hours.
    pub harvest_on: Day,
    /// Day on which QC takes its sample; none where no sample is taken for the order.
    pub qc_on: Option<Day>,
    /// Day of thaw.
    pub thaw_on: Day,
    /// Days in culture; 0 where the product is not cultured for the order.
    pub culture_days: u32,
    /// Until then the order can be cancelled without loss: the hour of thaw.
    pub cancel_by: Instant,
}

/// Another order that occupies the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booking {
    /// The order.
    pub order: OrderNumber,
    /// Its day of thaw.
    pub thaw_on: Day,
    /// Its day of administration.
    pub infusion_on: Day,
}

/// Why a day cannot be offered. `Display` is what the calendar shows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Obstacle {
    /// The order would be too late for it.
    #[error("too soon: an order needs {lead_days} days, the first day is {first}")]
    TooSoon {
        /// Days an order needs.
        lead_days: u32,
        /// The first day that is not too soon.
        first: Day,
    },
    /// Further ahead than dates are offered.
    #[error("too far ahead: dates are offered up to {last}")]
    TooFar {
        /// The last day offered.
        last: Day,
    },
    /// Nobody works on that weekday.
    #[error("no {} on {} ({day})", activity.word(), day.weekday_name())]
    NotStaffed {
        /// What is to be done.
        activity: Activity,
        /// The day.
        day: Day,
    },
    /// A public holiday.
    #[error("no {} on {name} ({day})", activity.word())]
    Holiday {
        /// What is to be done.
        activity: Activity,
        /// The day.
        day: Day,
        /// The holiday.
        name: String,
    },
    /// The site is closed.
    #[error("site closed for {name} ({day})")]
    SiteClosed {
        /// The day.
        day: Day,
        /// Why.
        name: String,
    },
    /// No incubator is free.
    #[error("incubators full on {day} ({used} of {capacity} in use)")]
    IncubatorFull {
        /// The first full day.
        day: Day,
        /// Orders in culture.
        used: u32,
        /// Incubators.
        capacity: u32,
    },
    /// The longest culture would end before the latest sample is old enough.
    #[error(
        "a sample on {day} leaves no hour between its shortest age at harvest and the end of \
         {culture_days} days of culture"
    )]
    NoRoom {
        /// The day of the sample.
        day: Day,
        /// Days in culture.
        culture_days: u32,
    },
    /// As many patients as the site can treat are booked already.
    #[error("day taken ({used} of {capacity} patients)")]
    DayTaken {
        /// Patients booked.
        used: u32,
        /// Patients that can be treated.
        capacity: u32,
    },
}

/// One day of the calendar: the slot it offers, or why it offers none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The day of administration.
    pub day: Day,
    /// The slot, or the fewest reasons that stand against the day.
    pub slot: Result<Slot, Vec<Obstacle>>,
}

/// Everything a schedule depends on.
#[derive(Debug, Clone, Copy)]
pub struct Plan<'a> {
    /// The protocol's bounds.
    pub rule: &'a ScheduleRule,
    /// What is open when, and how much fits.
    pub calendar: &'a SiteCalendar,
    /// The other orders that are scheduled and not cancelled.
    pub bookings: &'a [Booking],
    /// The day of asking.
    pub today: Day,
}

impl Plan<'_> {
    /// Every day of the horizon, each with its slot or its reasons.
    pub fn candidates(&self) -> Vec<Candidate> {
        (1..=self.rule.horizon_days)
            .map(|ahead| self.today.plus_days(ahead))
            .map(|day| Candidate { day, slot: self.slot_on(day) })
            .collect()
    }

    /// The slot of one day of administration.
    ///
    /// The longest culture that fits is taken: it gives the cells the most time. What stands
    /// against the day itself is told first; otherwise the culture length with the fewest
    /// obstacles tells why.
    ///
    /// # Errors
    /// The obstacles, at least one.
    pub fn slot_on(&self, day: Day) -> Result<Slot, Vec<Obstacle>> {
        let obstacles = self.against_day(day);
        if !obstacles.is_empty() {
            return Err(obstacles);
        }
        let mut fewest: Option<Vec<Obstacle>> = None;
        for culture_days in (self.rule.culture_days_min..=self.rule.culture_days_max).rev() {
            match self.slot_of(day, culture_days) {
                Ok(slot) => return Ok(slot),
                Err(obstacles) => {
                    if fewest.as_ref().is_none_or(|known| obstacles.len() < known.len()) {
                        fewest = Some(obstacles);
                    }
                }
            }
        }
        Err(fewest.unwrap_or_default())
    }

    fn against_day(&self, day: Day) -> Vec<Obstacle> {
        let first = self.today.plus_days(self.rule.order_lead_days);
        if day < first {
            return vec![Obstacle::TooSoon { lead_days: self.rule.order_lead_days, first }];
        }
        let last = self.today.plus_days(self.rule.horizon_days);
        if day > last {
            return vec![Obstacle::TooFar { last }];
        }
        if let Some(obstacle) = self.calendar.closed(Activity::Infusion, day) {
            return vec![obstacle];
        }
        if self.rule.needs_qc()
            && let Some(obstacle) = self.calendar.closed(Activity::Qc, day)
        {
            return vec![obstacle];
        }
        let booked = self.bookings.iter().filter(|booking| booking.infusion_on == day).count();
        let used = u32::try_from(booked).unwrap_or(u32::MAX);
        let capacity = self.calendar.releases_per_day;
        if used >= capacity {
            return vec![Obstacle::DayTaken { used, capacity }];
        }
        Vec::new()
    }

    fn slot_of(&self, day: Day, culture_days: u32) -> Result<Slot, Vec<Obstacle>> {
        let thaw_on = day.minus_days(culture_days);
        let mut obstacles = Vec::new();
        obstacles.extend(self.calendar.closed(Activity::Thaw, thaw_on));
        let qc_on = match self.sample_on(day, culture_days) {
            Ok(sample) => sample,
            Err(closed) => {
                obstacles.extend(closed);
                None
            }
        };
        if culture_days > 0 {
            obstacles.extend(self.incubator_full(thaw_on, culture_days));
        }
        if !obstacles.is_empty() {
            return Err(obstacles);
        }
        Ok(Slot {
            infusion_on: day,
            harvest_on: day,
            qc_on,
            thaw_on,
            culture_days,
            cancel_by: self.calendar.thaw_at(thaw_on),
        })
    }

    /// The day of the sample, if one is taken.
    ///
    /// The sample is taken a whole number of days before harvest and must be as old by the hour;
    /// the culture ends as many days after seeding, by the hour as well. The latest sample with the
    /// longest culture meets both only if it is taken before the hour of seeding: harvest would
    /// come too early for the one or too late for the other, so the two are not offered together.
    fn sample_on(&self, day: Day, culture_days: u32) -> Result<Option<Day>, Vec<Obstacle>> {
        let rule = self.rule;
        let latest = rule.qc_days_before.iter().min();
        let longest =
            culture_days == rule.culture_days_max && rule.culture_days_max > rule.culture_days_min;
        let mut closed = Vec::new();
        for before in &rule.qc_days_before {
            let on = day.minus_days(*before);
            match self.calendar.closed(Activity::Qc, on) {
                Some(obstacle) => closed.push(obstacle),
                None if longest && Some(before) == latest && *before > 0 => {
                    closed.push(Obstacle::NoRoom { day: on, culture_days });
                }
                None => return Ok(Some(on)),
            }
        }
        if closed.is_empty() { Ok(None) } else { Err(closed) }
    }

    fn incubator_full(&self, thaw_on: Day, culture_days: u32) -> Option<Obstacle> {
        let capacity = self.calendar.incubators;
        (0..=culture_days).map(|offset| thaw_on.plus_days(offset)).find_map(|day| {
            // What is thawed on the day itself needs no incubator.
            let in_culture = |b: &&Booking| {
                b.thaw_on < b.infusion_on && b.thaw_on <= day && day <= b.infusion_on
            };
            let used = self.bookings.iter().filter(in_culture).count();
            let used = u32::try_from(used).unwrap_or(u32::MAX);
            (used >= capacity).then_some(Obstacle::IncubatorFull { day, used, capacity })
        })
    }
}
