//! What is known of a piece of equipment.

use crate::domain::id::AssetId;
use crate::domain::time::{Instant, Span};
use serde::{Deserialize, Serialize};

/// Kinds of equipment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EquipmentKind {
    /// Incubator.
    Incubator,
    /// Biosafety cabinet.
    BiosafetyCabinet,
    /// Isolator.
    Isolator,
    /// Centrifuge.
    Centrifuge,
    /// Cell counter.
    CellCounter,
    /// Microscope.
    Microscope,
    /// Controlled-rate freezer.
    ControlledRateFreezer,
    /// Freezer.
    Freezer,
    /// Nitrogen tank.
    NitrogenTank,
    /// Refrigerator.
    Refrigerator,
    /// Water bath or dry thawing device.
    ThawingDevice,
    /// Balance.
    Balance,
    /// Pipette.
    Pipette,
    /// Bioreactor.
    Bioreactor,
    /// Temperature logger.
    Logger,
    /// Transport box or dry shipper.
    Shipper,
    /// Carrier that keeps frozen containers in nitrogen vapour while they are handled.
    VapourCarrier,
    /// Integrity tester for sterile filters.
    FilterTester,
    /// Label printer.
    LabelPrinter,
    /// Any other.
    Other,
}

impl EquipmentKind {
    /// Every kind with its code and its word.
    pub const ALL: [(Self, &'static str, &'static str); 20] = [
        (Self::Incubator, "incubator", "incubator"),
        (Self::BiosafetyCabinet, "biosafety_cabinet", "biosafety cabinet"),
        (Self::Isolator, "isolator", "isolator"),
        (Self::Centrifuge, "centrifuge", "centrifuge"),
        (Self::CellCounter, "cell_counter", "cell counter"),
        (Self::Microscope, "microscope", "microscope"),
        (Self::ControlledRateFreezer, "controlled_rate_freezer", "controlled-rate freezer"),
        (Self::Freezer, "freezer", "freezer"),
        (Self::NitrogenTank, "nitrogen_tank", "nitrogen tank"),
        (Self::Refrigerator, "refrigerator", "refrigerator"),
        (Self::ThawingDevice, "thawing_device", "thawing device"),
        (Self::Balance, "balance", "balance"),
        (Self::Pipette, "pipette", "pipette"),
        (Self::Bioreactor, "bioreactor", "bioreactor"),
        (Self::Logger, "logger", "temperature logger"),
        (Self::Shipper, "shipper", "transport box"),
        (Self::VapourCarrier, "vapour_carrier", "vapour carrier"),
        (Self::FilterTester, "filter_tester", "filter tester"),
        (Self::LabelPrinter, "label_printer", "label printer"),
        (Self::Other, "other", "other equipment"),
    ];

    /// The code in tables, forms and master records.
    pub fn code(self) -> &'static str {
        Self::ALL.iter().find(|(kind, ..)| *kind == self).map_or("", |(_, code, _)| code)
    }

    /// The word on screens.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(kind, ..)| *kind == self).map_or("", |(.., word)| word)
    }

    /// The kind of a code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, _)| *known == code).map(|(kind, ..)| *kind)
    }
}

/// What is known of it from the start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// What kind it is.
    pub kind: EquipmentKind,
    /// What people call it.
    pub title: String,
    /// The room it stands in, in words.
    pub room: String,
    /// Until when its calibration or qualification holds; none where it needs none.
    pub calibration_due: Option<Instant>,
    /// How long a cleaning holds; none where it needs none.
    pub cleaning_holds: Option<Span>,
}

/// A piece of equipment, as its events tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Equipment {
    /// Its asset number.
    pub asset: AssetId,
    /// Number of events so far.
    pub version: u64,
    /// What is known of it; the calibration due date moves with each calibration.
    pub registration: Registration,
    /// Reference of the last calibration certificate.
    pub calibration_reference: Option<String>,
    /// When it was cleaned last.
    pub cleaned_at: Option<Instant>,
    /// Why it is out of service, if it is.
    pub out_of_service: Option<String>,
}

impl Equipment {
    /// Until when it counts as clean; none where it needs no cleaning or never had one.
    pub fn clean_until(&self) -> Option<Instant> {
        Some(self.cleaned_at?.plus(self.registration.cleaning_holds?))
    }
}
