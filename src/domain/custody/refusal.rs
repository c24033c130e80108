//! Why a custody command is refused.

use crate::domain::disposition::Disposition;
use crate::domain::lineage::Crossing;
use crate::domain::quantity::QuantityError;
use crate::domain::time::{Instant, Span, Zone};
use crate::domain::{Refusal as Refuses, RefusalKind, container};

fn when(at: &Instant) -> String {
    at.full_text(Zone::LJUBLJANA)
}

/// Why a custody command is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The rule of a single container refuses.
    #[error(transparent)]
    Container(#[from] container::Refusal),
    /// Cells for another patient.
    #[error(transparent)]
    Line(Box<Crossing>),
    /// A unit was not scanned.
    #[error(
        "{scanned} of {all} units scanned; {missing} not scanned. Scan every unit of the order"
    )]
    NotScanned {
        /// The codes that are missing.
        missing: String,
        /// Units scanned.
        scanned: usize,
        /// Units there are.
        all: usize,
    },
    /// The unit belongs to another order.
    #[error(
        "STOP: {code} is not of order {order} for {patient}. Put it aside and look up whose it is"
    )]
    NotOfThisOrder {
        /// The container.
        code: String,
        /// The order at hand.
        order: String,
        /// Its patient code.
        patient: String,
    },
    /// There is no unit to act on.
    #[error("there is no unit of order {order} to {act}; check the order number")]
    NoUnit {
        /// The order.
        order: String,
        /// What was to be done.
        act: &'static str,
    },
    /// Another patient.
    #[error(
        "STOP: order {order} is for {ordered_for}, scanned was {scanned}. \
         Do not give it; check patient and syringe against the order (ATMP-21)"
    )]
    PatientMismatch {
        /// The order.
        order: String,
        /// Its patient code.
        ordered_for: String,
        /// The patient code that was scanned.
        scanned: String,
    },
    /// The order is over.
    #[error("order {order} is {is}; its units may only be returned or destroyed")]
    OrderOver {
        /// The order.
        order: String,
        /// Cancelled or closed.
        is: &'static str,
    },
    /// The label on the unit was never read back.
    #[error("the label of {code} was not read back after printing; scan it back first (ATMP-19)")]
    LabelNotScannedBack {
        /// The container.
        code: String,
    },
    /// Expired.
    #[error("STOP: {code} expired on {}. Do not use it; return or destroy it", when(at))]
    Expired {
        /// The container.
        code: String,
        /// When.
        at: Instant,
    },
    /// Not released.
    #[error(
        "STOP: {code} is not released: {} because of {cause}. \
         Do not use it; ask the Qualified Person", disposition.word()
    )]
    NotReleased {
        /// The container.
        code: String,
        /// Its effective disposition.
        disposition: Disposition,
        /// What makes it so.
        cause: String,
    },
    /// The units in one transfer do not belong to one transfer.
    #[error("the units of order {order} are not in transfer {transfer}; open the hand-over again")]
    NotThisTransfer {
        /// The order.
        order: String,
        /// The transfer.
        transfer: String,
    },
    /// The temperature record contradicts itself.
    #[error("the temperature record is impossible: {0}; read the logger again")]
    TemperatureImpossible(&'static str),
    /// A text is missing.
    #[error("{0} is missing; fill it in")]
    Missing(&'static str),
    /// It is in a pack already.
    #[error(
        "{code} is in the outer pack {pack} already. Scan another unit; to pack it anew, destroy \
         {pack} on its page first"
    )]
    PackedAlready {
        /// The container.
        code: String,
        /// The pack.
        pack: String,
    },
    /// A pack was scanned into a pack.
    #[error("{code} is an outer pack and goes into none. Scan the units")]
    PackInPack {
        /// The pack.
        code: String,
    },
    /// Two batches in one pack.
    #[error(
        "{code} and {other} are of different batches, and the label of a pack names one batch \
         (Annex VI A.1). Pack each batch by itself"
    )]
    PackOfTwoBatches {
        /// The container.
        code: String,
        /// One of another batch.
        other: String,
    },
    /// A unit was left out of the packs.
    #[error("{code} is in no outer pack, and the order has {pack}. Pack it, or destroy {pack}")]
    NotPacked {
        /// The container.
        code: String,
        /// A pack of the order.
        pack: String,
    },
    /// The label of a pack counts what is not there.
    #[error(
        "the label of {pack} counts {code}, which is not there any more (Annex VI A.1). Destroy \
         {pack} and pack again what is left"
    )]
    PackIncomplete {
        /// The unit that is gone.
        code: String,
        /// The pack.
        pack: String,
    },
    /// More leaves than the protocol allows.
    #[error(
        "{asked} of {whole} is {share}, the protocol allows at most {most}; \
         take {proposed} (ATMP-46)"
    )]
    ShareTooLarge {
        /// What was asked.
        asked: String,
        /// What is in the syringe.
        whole: String,
        /// The share of it.
        share: String,
        /// The largest share.
        most: String,
        /// The share as published, as a volume.
        proposed: String,
    },
    /// The same person gives out and takes.
    #[error("{0} cannot give out and take the same part; a second person takes it")]
    TakerIsGiver(String),
    /// Another person brings it back than took it.
    #[error("{taken_by} took the part of {code}, not {returned_by}; {taken_by} brings it back")]
    NotTheTaker {
        /// The container.
        code: String,
        /// Who took it.
        taken_by: String,
        /// Who claims to bring it back.
        returned_by: String,
    },
    /// No excursion is open.
    #[error("no part of {code} is away; nothing can come back")]
    NotAway {
        /// The container.
        code: String,
    },
    /// A measured activity that cannot be.
    #[error(
        "the activity must be stated in MBq and not be negative; read the dose calibrator again"
    )]
    ActivityImpossible,
    /// The unit was not received at the clinic.
    #[error("{code} was not received by a hand-over; receive it by scan first (ATMP-48)")]
    NotReceived {
        /// The container.
        code: String,
    },
    /// The protocol thaws nothing at the bedside.
    #[error("the protocol of {order} thaws nothing at the bedside; give the unit as it is")]
    NothingToThaw {
        /// The order.
        order: String,
    },
    /// The unit is still frozen.
    #[error("{code} is not thawed; start its thaw at the patient, then give it within {}", within.text())]
    NotThawed {
        /// The container.
        code: String,
        /// The time there is.
        within: Span,
    },
    /// Given before it was thawed.
    #[error("{code} was put to thaw on {}; it cannot have been given before", when(thawed_at))]
    GivenBeforeThaw {
        /// The container.
        code: String,
        /// When the thaw began.
        thawed_at: Instant,
    },
    /// The time after the thaw is over.
    #[error(
        "{code} had to be given by {}, {} after its thaw began. Do not give it: destroy it under \
         witness; a deviation is opened with that",
        when(give_by), within.text()
    )]
    GivenTooLate {
        /// The container.
        code: String,
        /// When the time was over.
        give_by: Instant,
        /// The time there was.
        within: Span,
    },
    /// The stated time cannot be.
    #[error("the time of giving must lie between the receipt and now; correct the time")]
    GivenAtImpossible,
    /// Less was given than is there, and nothing is said about the rest.
    #[error("{given} of {there} was given; say what happened to the rest, or correct the volume")]
    RestUnexplained {
        /// What was given.
        given: String,
        /// What was there.
        there: String,
    },
    /// The arithmetic fails.
    #[error("the volumes cannot be computed: {0}; correct the numbers")]
    Arithmetic(#[from] QuantityError),
}

impl From<Crossing> for Refusal {
    fn from(crossing: Crossing) -> Self {
        Self::Line(Box::new(crossing))
    }
}

impl Refuses for Refusal {
    fn rule(&self) -> &'static str {
        match self {
            Self::Container(refusal) => refusal.rule(),
            Self::Line(crossing) => crossing.rule(),
            Self::NotScanned { .. } => "unit_not_scanned ATMP-48",
            Self::NotOfThisOrder { .. } => "unit_of_another_order ATMP-21",
            Self::NoUnit { .. } => "no_unit",
            Self::PatientMismatch { .. } => "patient_mismatch ATMP-21",
            Self::OrderOver { .. } => "order_is_over",
            Self::LabelNotScannedBack { .. } => "label_not_scanned_back ATMP-19",
            Self::Expired { .. } => "unit_expired ATMP-43",
            Self::NotReleased { .. } => "unit_not_released ATMP-29",
            Self::NotThisTransfer { .. } => "not_this_transfer ATMP-48",
            Self::TemperatureImpossible(_) => "temperature_impossible ATMP-48",
            Self::Missing(_) => "entry_missing",
            Self::PackedAlready { .. } => "packed_already",
            Self::PackInPack { .. } => "pack_in_pack",
            Self::PackOfTwoBatches { .. } => "pack_of_two_batches",
            Self::NotPacked { .. } => "not_packed",
            Self::PackIncomplete { .. } => "pack_incomplete ATMP-18",
            Self::ShareTooLarge { .. } => "share_too_large ATMP-46",
            Self::TakerIsGiver(_) => "taker_is_giver ATMP-46",
            Self::NotTheTaker { .. } => "not_the_taker ATMP-46",
            Self::NotAway { .. } => "not_away ATMP-46",
            Self::ActivityImpossible => "activity_impossible ATMP-46",
            Self::NotReceived { .. } => "not_received ATMP-48",
            Self::NothingToThaw { .. } => "nothing_to_thaw",
            Self::NotThawed { .. } => "thaw_before_giving ATMP-45",
            Self::GivenBeforeThaw { .. } | Self::GivenTooLate { .. } => {
                "give_within_time_of_thaw ATMP-45"
            }
            Self::GivenAtImpossible => "given_at_impossible",
            Self::RestUnexplained { .. } => "rest_unexplained ATMP-16",
            Self::Arithmetic(_) => "custody_arithmetic",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::Container(refusal) => refusal.kind(),
            Self::Line(crossing) => crossing.kind(),
            Self::Missing(_) | Self::TemperatureImpossible(_) | Self::ActivityImpossible => {
                RefusalKind::Invalid
            }
            Self::TakerIsGiver(_) => RefusalKind::Forbidden,
            _ => RefusalKind::Conflict,
        }
    }
}
