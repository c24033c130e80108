//! Kinds of label: one for each kind of container, and those of other things.
//!
//! Architecture invariant: what a label of a kind must show is written here once, with the rule
//! that asks for it.

use super::Particular as P;
use crate::domain::container::ContainerKind;

/// What a label is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LabelKind {
    /// A container; syringes and bags are always dose units of one patient.
    Container(ContainerKind),
    /// A container that can be other things, too, as a dose unit of one patient: a cryovial or a
    /// bottle.
    Patient(ContainerKind),
    /// A box in cold storage.
    CryoBox,
    /// Any other place: room, tank, rack, shelf, position.
    Position,
    /// The transport box of a consignment.
    Shipper,
    /// A person's badge.
    Badge,
    /// The sheet on which a scanner is tested.
    ScannerTest,
    /// The label on which a printer is tested.
    PrinterTest,
}

const OTHERS: [(LabelKind, &str, &str); 8] = [
    (LabelKind::Patient(ContainerKind::Bottle), "patient_bottle", "bottle for a patient"),
    (LabelKind::Patient(ContainerKind::Cryovial), "patient_cryovial", "cryovial for a patient"),
    (LabelKind::CryoBox, "cryo_box", "cryo box"),
    (LabelKind::Position, "position", "storage position"),
    (LabelKind::Shipper, "shipper", "shipper"),
    (LabelKind::Badge, "badge", "badge"),
    (LabelKind::ScannerTest, "scanner_test", "scanner test sheet"),
    (LabelKind::PrinterTest, "printer_test", "printer test"),
];

impl LabelKind {
    /// Every kind.
    pub fn all() -> impl Iterator<Item = Self> {
        let containers = ContainerKind::ALL.iter().map(|(kind, ..)| Self::Container(*kind));
        containers.chain(OTHERS.iter().map(|(kind, ..)| *kind))
    }

    /// What a container's label is for: only cryovials and bottles can be both.
    #[must_use]
    pub fn of(kind: ContainerKind, patient: bool) -> Self {
        match kind {
            ContainerKind::Cryovial | ContainerKind::Bottle if patient => Self::Patient(kind),
            _ => Self::Container(kind),
        }
    }

    /// The kind of container, where it is for one.
    #[must_use]
    pub fn container(self) -> Option<ContainerKind> {
        match self {
            Self::Container(kind) | Self::Patient(kind) => Some(kind),
            _ => None,
        }
    }

    /// The code in definitions, in master records and on the command line.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Container(kind) => kind.code(),
            other => {
                OTHERS.iter().find(|(kind, ..)| *kind == other).map_or("", |(_, code, _)| code)
            }
        }
    }

    /// The word on screens.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Container(kind) => kind.word(),
            other => OTHERS.iter().find(|(kind, ..)| *kind == other).map_or("", |(.., word)| word),
        }
    }

    /// The kind of a code.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::all().find(|kind| kind.code() == code)
    }

    /// Whether its expiry names the hour: what lives hours is not labelled by the day.
    #[must_use]
    pub fn lives_hours(self) -> bool {
        matches!(
            self,
            Self::Container(ContainerKind::Syringe | ContainerKind::Bag | ContainerKind::OuterPack)
                | Self::Patient(ContainerKind::Bottle)
                | Self::Shipper
        )
    }

    /// What a label of this kind must show, and by which rule. The syringe is the small immediate
    /// packaging of Regulation (EU) 536/2014 Annex VI A.2.2, with the expiry to the minute because
    /// the product lives hours; what does not fit there stands on its outer pack (A.1). The other
    /// containers follow the partial label of ISBT 128 and GMP Part IV.
    #[must_use]
    pub fn mandatory(self) -> (&'static [P], &'static str) {
        match self {
            Self::Container(kind) => of_container(kind),
            Self::Patient(kind) => (dose(kind), PATIENT),
            Self::Shipper => (
                &[P::Code, P::Contact, P::Product, P::Count, P::Storage, P::Expiry, P::Site],
                "GMP Part IV, transport of the product",
            ),
            Self::CryoBox | Self::Position => (&[P::Code, P::Title], "the site's storage map"),
            Self::Badge => (&[P::Title, P::Operator, P::Site], "21 CFR 11.100 (one name each)"),
            Self::ScannerTest => (&[P::Title, P::Purpose], "21 CFR 11.10(h) device checks"),
            Self::PrinterTest => (&[P::Title], "21 CFR 11.10(h) device checks"),
        }
    }
}

impl From<ContainerKind> for LabelKind {
    fn from(kind: ContainerKind) -> Self {
        Self::Container(kind)
    }
}

fn of_container(kind: ContainerKind) -> (&'static [P], &'static str) {
    const PARTIAL: &str = "the partial-label set (ISBT 128 ST-001, GMP Part IV)";
    match kind {
        ContainerKind::CollectionPot => {
            (&[P::Code, P::Product, P::Donation, P::Donor, P::Taken, P::Storage], PARTIAL)
        }
        ContainerKind::Flask | ContainerKind::Vessel => {
            (&[P::Code, P::Product, P::Batch, P::Donation, P::Passage, P::Taken], PARTIAL)
        }
        ContainerKind::HoldVial | ContainerKind::Cryovial => {
            (&[P::Code, P::Product, P::Batch, P::Donation, P::Passage, P::Storage], PARTIAL)
        }
        ContainerKind::SampleTube => {
            (&[P::Code, P::Purpose, P::Parent, P::Batch, P::Taken], PARTIAL)
        }
        ContainerKind::Bottle => {
            (&[P::Code, P::Product, P::Batch, P::Donation, P::Quantity, P::Storage], PARTIAL)
        }
        ContainerKind::Syringe | ContainerKind::Bag => (dose(kind), PATIENT),
        ContainerKind::OuterPack => (PACK, "Regulation (EU) 536/2014 Annex VI A.1"),
    }
}

/// Every particular of the outer package: contact; name and strength; form, route and quantity of
/// units; batch; trial, site, investigator and sponsor; subject; directions; warning; storage;
/// period of use. Who made it is on it, too.
const PACK: &[P] = &[
    P::Code,
    P::Contact,
    P::Product,
    P::Strength,
    P::Route,
    P::Quantity,
    P::Count,
    P::Batch,
    P::Trial,
    P::Subject,
    P::Purpose,
    P::Warning,
    P::Storage,
    P::Expiry,
    P::Site,
];

const PATIENT: &str = "Regulation (EU) 536/2014 Annex VI A.2.2";

/// A dose unit for one patient. A bottle may hold none but volume: its strength is told where there
/// is one.
fn dose(kind: ContainerKind) -> &'static [P] {
    const DOSE: &[P] = &[
        P::Code,
        P::Contact,
        P::Route,
        P::Product,
        P::Batch,
        P::Trial,
        P::Subject,
        P::Expiry,
        P::Target,
        P::Quantity,
        P::Warning,
        P::Strength,
    ];
    match (kind, DOSE.split_last()) {
        (ContainerKind::Bottle, Some((_, volume_only))) => volume_only,
        _ => DOSE,
    }
}
