//! What follows the dose: visits, the reaction that stops enrolment, and the thaw at the bedside.
//!
//! Neighbours: `order` records outcomes against it; `custody` runs the clock of the bedside thaw.
//!
//! Architecture invariant: whom to tell and within what time is the file's; nothing of it is code.

use crate::domain::id::Name;
use crate::domain::quantity::Quantity;
use crate::domain::time::{Day, Span};
use serde::{Deserialize, Serialize};

/// One planned visit after the administration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    /// Its name, such as `day_28`.
    pub name: Name,
    /// Its name on screens.
    pub title: String,
    /// Days after the day of administration, which is day 0.
    pub day: u32,
    /// Days before and after in which it still counts as on time.
    pub tolerance: u32,
}

impl Visit {
    /// The day it is due for an administration on a day.
    pub fn due(&self, given: Day) -> Day {
        given.plus_days(self.day)
    }

    /// The first and the last day on which it is on time.
    pub fn window(&self, given: Day) -> (Day, Day) {
        let due = self.due(given);
        let first = due.minus_days(self.tolerance.min(self.day));
        (first, due.plus_days(self.tolerance))
    }
}

/// Which serious adverse reaction stops enrolment, and who is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stopping {
    /// A related reaction of this CTCAE grade or a higher one stops enrolment.
    pub grade: u8,
    /// Within what time after learning of it the first is told.
    pub notify_within: Span,
    /// Who is told, the first before all others.
    pub tell: Vec<String>,
}

/// Units are thawed at the patient and given within a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bedside {
    /// Longest time from the start of the thaw to the end of the injection.
    pub within: Span,
    /// Temperature of the bath, `Cel`.
    pub bath: Quantity,
}
