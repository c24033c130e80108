//! What a decision about a batch needs to know of other things; loaded in the same transaction.

use crate::domain::Refused;
use crate::domain::container::{Container, ContainerKind};
use crate::domain::deviation::Class;
use crate::domain::genealogy::Standing;
use crate::domain::id::{
    AssetId, ContainerCode, DeviationNumber, LotId, MasterRecordId, MaterialCode, Name,
};
use crate::domain::lineage::{Origin, Reach};
use crate::domain::quality;
use std::collections::{BTreeMap, BTreeSet};

/// What is known of a material lot at the time of use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaterialFact {
    /// The lot.
    pub lot: LotId,
    /// The material it is of.
    pub material: MaterialCode,
    /// Why it may not be used: not released, expired, past its in-use limit (ATMP-28).
    pub refused: Option<Refused>,
}

/// What is known of a piece of equipment at the time of use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EquipmentFact {
    /// The asset.
    pub asset: AssetId,
    /// Its kind, such as `incubator`.
    pub kind: String,
    /// Why it may not be used: out of service, calibration or cleaning overdue (ATMP-6).
    pub refused: Option<Refused>,
}

/// What is known of a container.
#[derive(Debug, Clone, PartialEq)]
pub struct ContainerFact {
    /// The container.
    pub container: Container,
    /// The strictest disposition of everything it came from.
    pub standing: Standing,
    /// The donors its cells come from.
    pub origins: Vec<Origin>,
    /// Version of the master record that made it.
    pub record: Option<(MasterRecordId, u32)>,
}

/// What is known of a deviation of the batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviationFact {
    /// Its number.
    pub number: DeviationNumber,
    /// How serious it is.
    pub class: Class,
    /// The step it is about.
    pub step: Option<Name>,
    /// Whether it still waits for QA's decision.
    pub undecided: bool,
}

/// How a test stands that a hold point waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwaitedTest {
    /// The test.
    pub test: Name,
    /// Its title.
    pub title: String,
    /// How it stands; planned where it was not requested.
    pub status: quality::Status,
    /// Whether a deviation about it was decided so that the product may go on.
    pub accepted: bool,
}

impl AwaitedTest {
    /// Whether the hold point may be signed as far as this test goes: reviewed and within its
    /// specification, or out of it and judged by a decided deviation.
    pub fn in_order(&self) -> bool {
        match self.status {
            quality::Status::FinalPass => true,
            quality::Status::FinalFail => self.accepted,
            _ => false,
        }
    }

    /// How it stands, in words.
    pub fn words(&self) -> String {
        let accepted = if self.accepted { ", judged by a decided deviation" } else { "" };
        format!("{}: {}{accepted}", self.title, self.status.word())
    }
}

/// Everything a step needs to know.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The lots that were scanned.
    pub materials: Vec<MaterialFact>,
    /// The equipment that was scanned.
    pub equipment: Vec<EquipmentFact>,
    /// The containers that were scanned, and all the batch has made.
    pub containers: Vec<ContainerFact>,
    /// The deviations of the batch.
    pub deviations: Vec<DeviationFact>,
    /// The strictest disposition of everything the batch came from. Quarantine is its usual state.
    pub standing: Option<Standing>,
    /// The room in which the station of who asks stands; none where the site says none.
    pub room: Option<Name>,
    /// Whether who asks has acknowledged the version of the master record the batch runs.
    pub acknowledged: bool,
    /// The donors of everything the batch took in so far.
    pub inside: Vec<Origin>,
    /// Whom the batch is made for, and whose cells they may get.
    pub reach: Option<Reach>,
}

impl Facts {
    /// What is known of a container.
    pub fn container(&self, code: &ContainerCode) -> Option<&ContainerFact> {
        self.containers.iter().find(|fact| fact.container.code == code.as_str())
    }
}

/// Fresh identities, allocated in the transaction that uses them.
#[derive(Debug, Clone, Default)]
pub struct Fresh {
    /// Container codes by kind, as many as [`super::Assessment::containers_needed`] asks.
    pub containers: Vec<(ContainerKind, Vec<ContainerCode>)>,
    /// Deviation numbers, as many as there are breaks.
    pub deviations: Vec<DeviationNumber>,
    /// How the donation number is divided so far.
    pub divided: Divided,
}

/// How the units of one donation number are divided so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Divided {
    /// Division of the unit that the batch is made of, where that carries the same number.
    pub parent: Option<String>,
    /// Divisions of the units that the batch used, where they carry the same number.
    pub used: BTreeMap<ContainerCode, String>,
    /// Divisions in use, by product description code (5 characters).
    pub taken: BTreeMap<String, BTreeSet<String>>,
}
