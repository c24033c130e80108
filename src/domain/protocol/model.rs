//! What a clinical protocol says.

use crate::domain::id::{MasterRecordId, MaterialCode, Name};
use crate::domain::quantity::Quantity;
use crate::domain::time::Span;

/// One version of a clinical protocol.
#[derive(Debug, Clone, PartialEq)]
pub struct Protocol {
    /// Identity, such as `EQ-MSC-XER`.
    pub id: MasterRecordId,
    /// Version, from 1.
    pub version: u32,
    /// Title on screens and in records.
    pub title: String,
    /// Where its facts come from.
    pub source: String,
    /// Language of its texts, such as `en`.
    pub language: String,
    /// What is given and what it is made from.
    pub product: Product,
    /// How the dose follows from the order.
    pub dose: DoseRule,
    /// What is made beyond the dose, and why.
    pub allowance: Allowance,
    /// The part of the injectate that leaves for labelling and comes back (ATMP-46).
    pub excursion: ExcursionRule,
    /// Bounds of the backward schedule.
    pub schedule: ScheduleRule,
    /// Inclusion and exclusion criteria, in the order of the checklist.
    pub eligibility: Vec<Criterion>,
    /// Particulars for labels and records (Regulation 536/2014 Annex VI A).
    pub trial: Trial,
}

/// What is given and what it is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// The material given, such as `EQ-MSC-P2`.
    pub material: MaterialCode,
    /// Its proper name.
    pub title: String,
    /// The material thawed for it, such as `EQ-MSC`.
    pub bank_material: MaterialCode,
    /// How many units of the bank serve one order.
    pub aliquots: u32,
    /// The master record of the patient-dose batch.
    pub master_record: MasterRecordId,
    /// The needle, as printed.
    pub needle: String,
}

/// A fixed dose for each site, scaled within limits. The only rule of this version.
#[derive(Debug, Clone, PartialEq)]
pub struct DoseRule {
    /// Viable cells in a millilitre of product, `10*6/mL`.
    pub concentration: Quantity,
    /// Doses are whole multiples of this, `10*6`.
    pub step: Quantity,
    /// No order may ask for more in all, `10*6`.
    pub total_max: Quantity,
    /// Nominal sizes of the syringes in use, `mL`, smallest first.
    pub syringes: Vec<Quantity>,
    /// The sites, in the order of the form.
    pub sites: Vec<Site>,
}

/// One site of administration.
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    /// Its name, such as `left_parotid`; the target of a syringe.
    pub name: Name,
    /// Its name on screens and labels.
    pub title: String,
    /// Areas of the site among which the dose is divided, in words.
    pub areas: Vec<String>,
    /// Cells by default, `10*6`.
    pub cells: Quantity,
    /// Fewest cells that may be ordered, `10*6`.
    pub cells_min: Quantity,
    /// Most cells that may be ordered, `10*6`.
    pub cells_max: Quantity,
}

/// What is made beyond the dose; each part is shown as a line of the arithmetic.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Allowance {
    /// Stays in each syringe and needle, `mL`.
    pub hold_up_per_syringe: Quantity,
    /// Expected to stay in the labelling vial, `%` of the dose volume.
    pub labelling_loss: Quantity,
    /// Drawn for quality control, `mL`.
    pub qc_draw: Quantity,
    /// On top of all of it, `%`.
    pub overage: Quantity,
}

/// The excursion of part of the injectate (ATMP-46).
#[derive(Debug, Clone, PartialEq)]
pub struct ExcursionRule {
    /// What for, in words.
    pub purpose: String,
    /// The share that leaves, `%` of the volume.
    pub share: Quantity,
    /// The largest share that still may leave, `%` of the volume.
    pub share_max: Quantity,
    /// Within what time it must be back.
    pub deadline: Span,
    /// The written instruction that governs it (ATMP-47).
    pub instruction: String,
}

/// Bounds of the backward schedule, in calendar days before the day of administration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleRule {
    /// Fewest days in culture.
    pub culture_days_min: u32,
    /// Most days in culture.
    pub culture_days_max: u32,
    /// Days before administration on one of which QC must take its sample.
    pub qc_days_before: Vec<u32>,
    /// An order must be placed at least so many days ahead.
    pub order_lead_days: u32,
    /// How many days ahead dates are offered.
    pub horizon_days: u32,
}

/// Whether a criterion must hold or must not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CriterionKind {
    /// Must hold.
    Inclusion,
    /// Must not hold.
    Exclusion,
}

impl CriterionKind {
    /// The answer that lets a patient in.
    pub fn wanted(self) -> bool {
        self == Self::Inclusion
    }

    /// The word on screens.
    pub fn word(self) -> &'static str {
        match self {
            Self::Inclusion => "inclusion",
            Self::Exclusion => "exclusion",
        }
    }
}

/// One line of the eligibility checklist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Criterion {
    /// Its name.
    pub name: Name,
    /// Whether it must hold or must not.
    pub kind: CriterionKind,
    /// What is asked, in words.
    pub text: String,
}

/// Particulars of the trial for labels and records (Regulation 536/2014 Annex VI A).
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// Trial reference code.
    pub code: String,
    /// Reference of the ethics opinion.
    pub ethics: String,
    /// Phase and design.
    pub phase: String,
    /// Sponsor.
    pub sponsor: String,
    /// Investigator.
    pub investigator: String,
    /// Trial site.
    pub site: String,
    /// Main contact: name, address and telephone.
    pub contact: String,
    /// "For clinical trial use only" or its like.
    pub statement: String,
    /// Route of administration.
    pub route: String,
    /// Pharmaceutical form.
    pub form: String,
    /// Storage conditions.
    pub storage: String,
    /// Directions for use.
    pub directions: String,
    /// Visits, in words.
    pub visits: Vec<String>,
}

impl Protocol {
    /// The site of a name.
    pub fn site(&self, name: &Name) -> Option<&Site> {
        self.dose.sites.iter().find(|site| site.name == *name)
    }

    /// The smallest syringe that holds a volume, `mL`.
    pub fn syringe_for(&self, volume: Quantity) -> Option<Quantity> {
        self.dose
            .syringes
            .iter()
            .copied()
            .find(|size| volume.compare(*size).is_ok_and(std::cmp::Ordering::is_le))
    }

    /// Id and version as one text, `EQ-MSC-XER version 1`.
    pub fn reference(&self) -> String {
        format!("{} version {}", self.id, self.version)
    }
}
