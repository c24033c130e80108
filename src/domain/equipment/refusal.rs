//! Why something is refused to the keeper of the equipment.

use crate::domain::time::{Instant, Zone};
use crate::domain::{Refusal as Refuses, RefusalKind};

fn when(at: &Instant) -> String {
    at.full_text(Zone::LJUBLJANA)
}

fn cleaning(until: Option<&Instant>) -> String {
    match until {
        Some(until) => format!("its cleaning held until {}", when(until)),
        None => "no cleaning is on record".to_owned(),
    }
}

/// Why a command to a piece of equipment was refused, or why it may not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is on the list.
    #[error("{asset} is on the list already. Choose another asset number")]
    AlreadyRegistered {
        /// The asset number.
        asset: String,
    },
    /// Something that must be said was not.
    #[error("{what} is missing. Enter it")]
    Missing {
        /// What is missing.
        what: &'static str,
    },
    /// It is out of service.
    #[error("{asset} is out of service: {because} (ATMP-6). Use another one")]
    OutOfService {
        /// The asset number.
        asset: String,
        /// Why.
        because: String,
    },
    /// Its calibration is past due.
    #[error(
        "the calibration of {asset} was due on {} (ATMP-6). Use another one, or have it calibrated",
        when(due_at)
    )]
    CalibrationDue {
        /// The asset number.
        asset: String,
        /// When it was due.
        due_at: Instant,
    },
    /// It was never cleaned, or too long ago.
    #[error(
        "{asset} is not clean: {} (ATMP-6). Clean it and record the cleaning",
        cleaning(clean_until.as_ref())
    )]
    NotClean {
        /// The asset number.
        asset: String,
        /// Until when its last cleaning held.
        clean_until: Option<Instant>,
    },
    /// A due date in the past.
    #[error("the next calibration of {asset} cannot be due in the past. Give a later date")]
    DueInPast {
        /// The asset number.
        asset: String,
    },
    /// Nothing would change.
    #[error("{asset} is {status} already. Leave it as it is")]
    StatusUnchanged {
        /// The asset number.
        asset: String,
        /// The status, in words.
        status: &'static str,
    },
}

impl Refuses for Refusal {
    fn rule(&self) -> &'static str {
        match self {
            Self::AlreadyRegistered { .. } => "equipment_exists",
            Self::Missing { .. } => "entry_missing",
            Self::OutOfService { .. } => "equipment_out_of_service ATMP-6",
            Self::CalibrationDue { .. } => "calibration_due ATMP-6",
            Self::NotClean { .. } => "equipment_not_clean ATMP-6",
            Self::DueInPast { .. } => "due_in_past",
            Self::StatusUnchanged { .. } => "status_unchanged",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::Missing { .. } | Self::DueInPast { .. } => RefusalKind::Invalid,
            _ => RefusalKind::Conflict,
        }
    }
}
