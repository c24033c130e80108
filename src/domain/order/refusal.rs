//! Why an order command is refused.

use crate::domain::RefusalKind;
use crate::domain::disposition::Disposition;
use crate::domain::id::{BatchNumber, Login, OrderNumber};
use crate::domain::lineage::Crossing;
use crate::domain::protocol::{DoseRefusal, EnrolmentRefusal};

/// Why an order command is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The dose is refused.
    #[error(transparent)]
    Dose(#[from] DoseRefusal),
    /// The protocol's rule of enrolment refuses.
    #[error(transparent)]
    Enrolment(#[from] EnrolmentRefusal),
    /// Cells of the wrong donor.
    #[error(transparent)]
    Line(Box<Crossing>),
    /// A criterion has no answer.
    #[error("the criterion \"{0}\" is not answered; answer every line of the checklist")]
    CriterionNotAnswered(String),
    /// A criterion is answered so that the patient is not eligible.
    #[error(
        "the patient is not eligible: {kind} criterion \"{text}\" is answered {answer}; \
         a patient who does not meet the protocol is not ordered for"
    )]
    NotEligible {
        /// Inclusion or exclusion.
        kind: &'static str,
        /// The criterion.
        text: String,
        /// yes or no.
        answer: &'static str,
    },
    /// The wished day is not feasible.
    #[error("{day}: {reasons}; choose a day that the calendar offers")]
    DayNotFeasible {
        /// The day.
        day: String,
        /// What stands against it.
        reasons: String,
    },
    /// The patient has an order that is not over.
    #[error("{patient} already has the open order {order}; cancel or close that one first")]
    PatientHasOrder {
        /// The patient code.
        patient: String,
        /// The order.
        order: OrderNumber,
    },
    /// No indication was stated.
    #[error("the indication is empty; say what the dose is for")]
    NoIndication,
    /// The second reader is who placed it.
    #[error("{0} placed this order; a second person must read and confirm it")]
    ReaderIsOrderer(Login),
    /// Confirmed already.
    #[error("this order was confirmed already; nothing more is needed")]
    AlreadyConfirmed,
    /// Not confirmed yet.
    #[error("this order is not confirmed by a second reader; have it confirmed first")]
    NotConfirmed,
    /// Not scheduled yet.
    #[error("this order is not scheduled; accept it and take a slot first")]
    NotScheduled,
    /// Cancelled or closed.
    #[error("this order is {0}; place a new one")]
    Over(&'static str),
    /// A unit was thawed for it.
    #[error(
        "a unit was already thawed for this order: the point of no return is passed; \
         the slot and the allocation can no longer change"
    )]
    PastThaw,
    /// Enough units are earmarked.
    #[error("this order has all the units it needs ({0}); release one before taking another")]
    AllocationComplete(u32),
    /// Not the material the protocol starts from.
    #[error("{code} holds {holds}, the protocol starts from {needs}; take a vial of {needs}")]
    WrongMaterial {
        /// The container.
        code: String,
        /// What it holds.
        holds: String,
        /// What is needed.
        needs: String,
    },
    /// Used, given or destroyed.
    #[error("{0} is no longer there to be used; choose another vial")]
    VialSpent(String),
    /// The vial holds another volume than any dose unit that is still without one.
    #[error(
        "{code} holds {holds}, but what is still needed is {needs}, each given as it was stored; \
         take a vial that holds just that"
    )]
    VialWrongVolume {
        /// The vial.
        code: String,
        /// What it holds.
        holds: String,
        /// What the dose units without a vial need.
        needs: String,
    },
    /// Earmarked for another order.
    #[error("{code} is reserved for {order}; choose another vial")]
    VialReserved {
        /// The container.
        code: String,
        /// That order.
        order: OrderNumber,
    },
    /// Not released.
    #[error(
        "{code} is not released: {} because of {cause}; choose a released vial or have QA decide",
        disposition.word()
    )]
    VialNotReleased {
        /// The container.
        code: String,
        /// Its effective disposition.
        disposition: Disposition,
        /// What makes it so.
        cause: String,
    },
    /// Expired by the day of thaw.
    #[error("{code} expires before the day of thaw; choose a vial that lasts until then")]
    VialExpires {
        /// The container.
        code: String,
    },
    /// Thawed before.
    #[error("{0} was thawed before and may not be used again; choose another vial")]
    VialThawed(String),
    /// Not in storage.
    #[error("{0} is not in storage; put it back into its place or choose another vial")]
    VialNotStored(String),
    /// A vial that expires earlier is there.
    #[error(
        "{code} is not the vial that expires first, {earlier} is; \
         take {earlier}, or state why not"
    )]
    NotFirstExpiring {
        /// The container.
        code: String,
        /// The one that expires first.
        earlier: String,
    },
    /// Not earmarked for this order.
    #[error("{0} is not allocated to this order; nothing to release")]
    NotAllocated(String),
    /// Fewer units earmarked than needed.
    #[error("this order has no allocated vial yet; allocate one before starting the batch")]
    NoAllocation,
    /// A batch is already linked.
    #[error("the batch {0} is already made for this order; continue that one")]
    BatchLinked(BatchNumber),
    /// No reason given.
    #[error("a reason is missing; say why in a few words")]
    NoReason,
    /// A unit is not accounted for.
    #[error(
        "the order cannot close: {units} not accounted for (ATMP-16); \
         administer, return and destroy, or find each of them first"
    )]
    UnaccountedUnits {
        /// The units, each with how it stands.
        units: String,
    },
    /// Nothing was made for it.
    #[error("no unit was made for this order; cancel it instead of closing it")]
    NothingMade,
}

impl From<Crossing> for Refusal {
    fn from(crossing: Crossing) -> Self {
        Self::Line(Box::new(crossing))
    }
}

impl crate::domain::Refusal for Refusal {
    fn rule(&self) -> &'static str {
        match self {
            Self::Dose(refusal) => refusal.rule(),
            Self::Enrolment(refusal) => refusal.rule(),
            Self::Line(crossing) => crossing.rule(),
            Self::CriterionNotAnswered(_) => "criterion_not_answered",
            Self::NotEligible { .. } => "patient_not_eligible",
            Self::DayNotFeasible { .. } => "day_not_feasible",
            Self::PatientHasOrder { .. } => "patient_has_order",
            Self::NoIndication => "no_indication",
            Self::ReaderIsOrderer(_) => "reader_is_orderer",
            Self::AlreadyConfirmed => "already_confirmed",
            Self::NotConfirmed => "not_confirmed",
            Self::NotScheduled => "not_scheduled",
            Self::Over(_) => "order_is_over",
            Self::PastThaw => "past_point_of_no_return",
            Self::AllocationComplete(_) => "allocation_complete",
            Self::WrongMaterial { .. } => "vial_wrong_material",
            Self::VialSpent(_) => "vial_spent",
            Self::VialWrongVolume { .. } => "vial_wrong_volume",
            Self::VialReserved { .. } => "vial_reserved",
            Self::VialNotReleased { .. } => "vial_not_released ATMP-26",
            Self::VialExpires { .. } => "vial_expires",
            Self::VialThawed(_) => "vial_thawed ATMP-39",
            Self::VialNotStored(_) => "vial_not_stored",
            Self::NotFirstExpiring { .. } => "not_first_expiring",
            Self::NotAllocated(_) => "not_allocated",
            Self::NoAllocation => "no_allocation",
            Self::BatchLinked(_) => "batch_already_linked",
            Self::NoReason => "no_reason",
            Self::UnaccountedUnits { .. } => "unaccounted_unit ATMP-16",
            Self::NothingMade => "nothing_made",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::Dose(refusal) => refusal.kind(),
            Self::CriterionNotAnswered(_) | Self::NoIndication | Self::NoReason => {
                RefusalKind::Invalid
            }
            Self::ReaderIsOrderer(_) => RefusalKind::Forbidden,
            _ => RefusalKind::Conflict,
        }
    }
}
