//! Why a dose is refused.

use crate::domain::id::Name;
use crate::domain::quantity::QuantityError;
use crate::domain::{Refusal, RefusalKind};

/// Why a dose is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DoseRefusal {
    /// The order asks by another rule than the protocol's.
    #[error("this protocol doses by {0}; state that, and nothing else")]
    OtherRule(&'static str),
    /// The protocol has no such site or route.
    #[error("the protocol has no site or route '{0}'; choose one on the form")]
    UnknownSite(Name),
    /// One site or route is asked for twice.
    #[error("'{0}' is in the order twice; state each site and route once")]
    SiteTwice(Name),
    /// Nothing is asked for.
    #[error("nothing is asked for; choose at least one site or route")]
    NoSite,
    /// The dose of a site, or the area of a route, is outside its limits.
    #[error(
        "{site}: {asked} is outside the protocol's limits {least} to {most}; \
         state an amount within them, or leave it out"
    )]
    OutsideLimits {
        /// The site or route, as on screens.
        site: String,
        /// What was asked.
        asked: String,
        /// The least.
        least: String,
        /// The most.
        most: String,
    },
    /// The amount is no whole step.
    #[error("{site}: {asked} is not a whole step of {step}; round it to a step yourself")]
    NotAStep {
        /// The site or route, as on screens.
        site: String,
        /// What was asked.
        asked: String,
        /// The step.
        step: String,
    },
    /// The whole dose is too large.
    #[error("the whole dose {asked} is above the protocol's maximum {most}; lower it")]
    AboveTotal {
        /// What was asked in all.
        asked: String,
        /// The maximum.
        most: String,
    },
    /// No dose unit of the protocol holds the volume.
    #[error("{site}: no {kind} of the protocol holds {volume}; lower the dose")]
    NoSize {
        /// The site or route, as on screens.
        site: String,
        /// The kind of container.
        kind: &'static str,
        /// The volume.
        volume: String,
    },
    /// The dose follows from the weight, and none is stated.
    #[error(
        "the dose follows from the weight; state the weight, its unit and when it was measured"
    )]
    NoWeight,
    /// The weight is in no unit of weight.
    #[error("'{0}' is no body weight; state it in kg or g")]
    WeightUnit(String),
    /// The weight cannot be true.
    #[error(
        "a weight of {weight} is outside {least} to {most}, what the protocol holds possible; \
         check the number and its unit, weigh the patient again"
    )]
    WeightImplausible {
        /// What was stated.
        weight: String,
        /// The least.
        least: String,
        /// The most.
        most: String,
    },
    /// The weighing is in the future.
    #[error("the weight was measured in the future; correct the date and time")]
    WeightInFuture,
    /// The weighing is too old.
    #[error("the weight is older than {most}, the protocol's limit; weigh the patient again")]
    WeightTooOld {
        /// How old it may be.
        most: String,
    },
    /// Rounding leaves no dose.
    #[error("{cells} is less than one step of {step}; this patient cannot be dosed so")]
    NothingLeft {
        /// The cells by weight.
        cells: String,
        /// The step.
        step: String,
    },
    /// No dose level is named.
    #[error("no dose level is chosen; choose the level that is open")]
    NoLevel,
    /// The protocol has no such dose level.
    #[error("the protocol has no dose level {0}; choose one on the form")]
    UnknownLevel(u32),
    /// The volume follows from the area, and none is stated.
    #[error("{0}: the volume follows from the affected area; state it in % of the body surface")]
    NoArea(String),
    /// An area is stated where the volume does not follow from one.
    #[error("{0}: the volume is fixed; leave the area out")]
    AreaNotAsked(String),
    /// The numbers cannot be computed.
    #[error("the dose cannot be computed: {0}; correct the numbers")]
    Arithmetic(#[from] QuantityError),
}

impl Refusal for DoseRefusal {
    fn rule(&self) -> &'static str {
        match self {
            Self::OtherRule(_) => "dose_other_rule",
            Self::UnknownSite(_) => "dose_unknown_site",
            Self::SiteTwice(_) => "dose_site_twice",
            Self::NoSite => "dose_no_site",
            Self::OutsideLimits { .. } => "dose_outside_limits",
            Self::NotAStep { .. } => "dose_not_a_step",
            Self::AboveTotal { .. } => "dose_above_total",
            Self::NoSize { .. } => "dose_no_size",
            Self::NoWeight => "dose_no_weight",
            Self::WeightUnit(_) => "dose_weight_unit",
            Self::WeightImplausible { .. } => "dose_weight_implausible",
            Self::WeightInFuture => "dose_weight_in_future",
            Self::WeightTooOld { .. } => "dose_weight_too_old",
            Self::NothingLeft { .. } => "dose_nothing_left",
            Self::NoLevel => "dose_no_level",
            Self::UnknownLevel(_) => "dose_unknown_level",
            Self::NoArea(_) => "dose_no_area",
            Self::AreaNotAsked(_) => "dose_area_not_asked",
            Self::Arithmetic(_) => "dose_arithmetic",
        }
    }

    fn kind(&self) -> RefusalKind {
        RefusalKind::Invalid
    }
}
