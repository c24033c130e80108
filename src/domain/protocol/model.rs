//! What a clinical protocol says.

use super::enrolment::Enrolment;
use super::follow_up::{Bedside, Stopping, Visit};
use crate::domain::container::ContainerKind;
use crate::domain::id::{MasterRecordId, MaterialCode, Name};
use crate::domain::language::{Language, Wording};
use crate::domain::quantity::{Quantity, QuantityError, Rounding, Unit};
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
    /// Language of its texts.
    pub language: Language,
    /// What is given and what it is made from.
    pub product: Product,
    /// How the dose follows from the order.
    pub dose: DoseRule,
    /// What is made beyond the dose, and why; without it the dose alone is made.
    pub allowance: Option<Allowance>,
    /// The part of the injectate that leaves for labelling and comes back (ATMP-46).
    pub excursion: Option<ExcursionRule>,
    /// Bounds of the backward schedule.
    pub schedule: ScheduleRule,
    /// Inclusion and exclusion criteria, in the order of the checklist.
    pub eligibility: Vec<Criterion>,
    /// Particulars for labels and records (Regulation 536/2014 Annex VI A).
    pub trial: Trial,
    /// How many patients are enrolled, and in which order; without it nothing limits that.
    pub enrolment: Option<Enrolment>,
    /// Visits after the administration, by their day.
    pub visits: Vec<Visit>,
    /// The reaction that stops enrolment, and who is told.
    pub stopping: Option<Stopping>,
    /// The thaw at the bedside, where units are handed over frozen.
    pub bedside: Option<Bedside>,
    /// The text it was read from.
    pub text: String,
}

/// What is given and what it is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// The material given, such as `EQ-MSC-DOSE`.
    pub material: MaterialCode,
    /// Its proper name.
    pub title: String,
    /// The material stored and reserved for an order, such as `EQ-MSC`.
    pub bank_material: MaterialCode,
    /// How many units of the bank serve one order.
    pub aliquots: Aliquots,
    /// The master record of the patient-dose batch.
    pub master_record: MasterRecordId,
    /// The container that holds one dose unit.
    pub unit: ContainerKind,
    /// The needle, as printed, where one is used.
    pub needle: Option<String>,
    /// Whose cells a patient may get.
    pub donor: DonorRule,
}

/// How many units of the bank serve one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aliquots {
    /// So many, whatever is ordered.
    Fixed(u32),
    /// One for each dose unit: what is stored is given as it is.
    PerUnit,
}

impl Aliquots {
    /// How many an order of so many dose units needs.
    #[must_use]
    pub fn for_units(self, units: u32) -> u32 {
        match self {
            Self::Fixed(number) => number,
            Self::PerUnit => units,
        }
    }

    /// The words on screens and in faults.
    #[must_use]
    pub fn text(self) -> String {
        match self {
            Self::Fixed(number) => number.to_string(),
            Self::PerUnit => "one for each dose unit".to_owned(),
        }
    }
}

/// Whose cells a patient may get.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DonorRule {
    /// Any donor's, or a pool's.
    Any,
    /// One donor's, the same for every order of the patient.
    OnePerPatient,
    /// The patient's own.
    Patient,
}

impl DonorRule {
    /// Every rule with its word in files and its words on screens.
    pub const ALL: [(Self, &'static str, &'static str); 3] = [
        (Self::Any, "any", "any donor"),
        (Self::OnePerPatient, "one_per_patient", "one donor for each patient"),
        (Self::Patient, "patient", "the patient's own cells"),
    ];

    /// The words on screens.
    #[must_use]
    pub fn words(self) -> &'static str {
        Self::ALL.iter().find(|(rule, ..)| *rule == self).map_or("", |(.., words)| words)
    }
}

/// How the dose follows from the order.
#[derive(Debug, Clone, PartialEq)]
pub struct DoseRule {
    /// Nominal sizes of the dose units in use, `mL`, smallest first.
    pub sizes: Vec<Quantity>,
    /// By what the amount is decided.
    pub by: DoseBy,
}

/// By what the amount of a dose is decided.
#[derive(Debug, Clone, PartialEq)]
pub enum DoseBy {
    /// A fixed dose for each site, scaled within limits.
    Site(PerSite),
    /// The weight of the patient.
    Weight(PerKg),
    /// A dose level, the same for each site.
    Level(ByLevel),
    /// The route; a volume that holds no cells.
    Route(ByRoute),
}

/// A fixed dose for each site, scaled within limits (`per_site`).
#[derive(Debug, Clone, PartialEq)]
pub struct PerSite {
    /// Viable cells in a millilitre of product, `10*6/mL`.
    pub concentration: Quantity,
    /// Doses are whole multiples of this, `10*6`.
    pub step: Quantity,
    /// No order may ask for more in all, `10*6`.
    pub total_max: Quantity,
    /// The sites, in the order of the form.
    pub sites: Vec<DosedSite>,
}

/// So many cells for each kilogram of body weight, at one site (`per_kg`).
#[derive(Debug, Clone, PartialEq)]
pub struct PerKg {
    /// Viable cells in a millilitre of product, `10*6/mL`.
    pub concentration: Quantity,
    /// Viable cells for each kilogram, `10*6/kg`.
    pub cells_per_kg: Quantity,
    /// The cells by weight are brought to whole multiples of this, `10*6`.
    pub step: Quantity,
    /// How they are brought to a whole step.
    pub rounding: Rounding,
    /// No order may ask for more, `10*6`.
    pub total_max: Quantity,
    /// Below this a weight is taken for a mistake, `kg`.
    pub weight_min: Quantity,
    /// Above this a weight is taken for a mistake, `kg`.
    pub weight_max: Quantity,
    /// How old the weighing may be when the order is placed.
    pub weight_max_age: Span,
    /// The sites, of which an order names one.
    pub sites: Vec<Site>,
}

/// The same dose for each site, by a dose level (`by_level`).
#[derive(Debug, Clone, PartialEq)]
pub struct ByLevel {
    /// Viable cells in a millilitre of product, `10*6/mL`.
    pub concentration: Quantity,
    /// No order may ask for more in all, `10*6`.
    pub total_max: Quantity,
    /// The dose levels, lowest first.
    pub levels: Vec<Level>,
    /// The sites, of which an order names one or several.
    pub sites: Vec<Site>,
}

/// One dose level.
#[derive(Debug, Clone, PartialEq)]
pub struct Level {
    /// Its number, such as 0.
    pub number: u32,
    /// Its name on screens.
    pub title: String,
    /// Viable cells for each site, `10*6`.
    pub cells: Quantity,
}

/// A volume for each route; the product holds no cells (`by_route`).
#[derive(Debug, Clone, PartialEq)]
pub struct ByRoute {
    /// The routes, of which an order names one or several.
    pub routes: Vec<Route>,
}

/// One route of administration.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    /// Its name, such as `mouthwash`; the target of a dose unit.
    pub name: Name,
    /// Its name on screens and labels.
    pub title: Wording,
    /// How much is given.
    pub volume: RouteVolume,
}

/// How much is given by a route.
#[derive(Debug, Clone, PartialEq)]
pub enum RouteVolume {
    /// Always the same, `mL`.
    Fixed(Quantity),
    /// In proportion to the affected body-surface area.
    PerArea {
        /// Volume for each per cent of the body surface, `mL/%`.
        factor: Quantity,
        /// Areas are whole multiples of this, `%`.
        step: Quantity,
        /// Smallest area that may be ordered for, `%`.
        least: Quantity,
        /// Largest area that may be ordered for, `%`.
        most: Quantity,
    },
}

/// One site of administration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Its name, such as `left_parotid`; the target of a dose unit.
    pub name: Name,
    /// Its name on screens and labels.
    pub title: Wording,
    /// Areas of the site among which the dose is divided, in words.
    pub areas: Vec<String>,
}

/// One site with its own dose.
#[derive(Debug, Clone, PartialEq)]
pub struct DosedSite {
    /// The site.
    pub site: Site,
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
    /// Stays in each dose unit and its needle or tubing, `mL`.
    pub hold_up_per_unit: Quantity,
    /// Expected to stay in the labelling vial, `%` of the dose volume.
    pub labelling_loss: Option<Quantity>,
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
    /// Fewest days in culture; 0 where the product is not cultured for the order.
    pub culture_days_min: u32,
    /// Most days in culture.
    pub culture_days_max: u32,
    /// Days before administration on one of which QC must take its sample, 0 being the day itself;
    /// none where QC does nothing for an order.
    pub qc_days_before: Vec<u32>,
    /// An order must be placed at least so many days ahead.
    pub order_lead_days: u32,
    /// How many days ahead dates are offered.
    pub horizon_days: u32,
}

impl ScheduleRule {
    /// Whether QC takes a sample and tests the product for an order.
    #[must_use]
    pub fn needs_qc(&self) -> bool {
        !self.qc_days_before.is_empty()
    }
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
#[derive(Debug, Clone, PartialEq, Eq)]
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
    pub site: Wording,
    /// Main contact: name, address and telephone.
    pub contact: Wording,
    /// "For clinical trial use only" or its like.
    pub statement: Wording,
    /// Route of administration.
    pub route: Wording,
    /// Pharmaceutical form.
    pub form: Wording,
    /// Storage conditions.
    pub storage: Wording,
    /// Directions for use.
    pub directions: Wording,
}

impl Protocol {
    /// The smallest dose unit that holds a volume, `mL`.
    #[must_use]
    pub fn size_for(&self, volume: Quantity) -> Option<Quantity> {
        self.dose.size_for(volume)
    }

    /// Id and version as one text, `EQ-MSC-XER version 1`.
    #[must_use]
    pub fn reference(&self) -> String {
        format!("{} version {}", self.id, self.version)
    }
}

impl DoseRule {
    /// Viable cells in a millilitre of product, `10*6/mL`; none where the product holds no cells.
    #[must_use]
    pub fn concentration(&self) -> Option<Quantity> {
        match &self.by {
            DoseBy::Site(rule) => Some(rule.concentration),
            DoseBy::Weight(rule) => Some(rule.concentration),
            DoseBy::Level(rule) => Some(rule.concentration),
            DoseBy::Route(_) => None,
        }
    }

    /// The sites or routes that an order may name, with their names on screens and labels, in the
    /// order of the file.
    #[must_use]
    pub fn targets(&self) -> Vec<(&Name, &Wording)> {
        match &self.by {
            DoseBy::Site(rule) => rule.sites.iter().map(|dosed| dosed.site.named()).collect(),
            DoseBy::Weight(rule) => rule.sites.iter().map(Site::named).collect(),
            DoseBy::Level(rule) => rule.sites.iter().map(Site::named).collect(),
            DoseBy::Route(rule) => {
                rule.routes.iter().map(|route| (&route.name, &route.title)).collect()
            }
        }
    }

    /// The smallest dose unit that holds a volume, `mL`.
    #[must_use]
    pub fn size_for(&self, volume: Quantity) -> Option<Quantity> {
        let holds = |size: &Quantity| volume.compare(*size).is_ok_and(std::cmp::Ordering::is_le);
        self.sizes.iter().copied().find(holds)
    }

    /// The largest volume that one dose unit may be ordered with, `mL`, unrounded.
    #[must_use]
    pub fn largest_volume(&self) -> Option<Quantity> {
        let volumes: Vec<Quantity> = match &self.by {
            DoseBy::Site(rule) => {
                let most = rule.sites.iter().map(|site| site.cells_max);
                most.filter_map(|cells| cells.volume_at(rule.concentration).ok()).collect()
            }
            DoseBy::Weight(rule) => {
                rule.total_max.volume_at(rule.concentration).into_iter().collect()
            }
            DoseBy::Level(rule) => {
                let cells = rule.levels.iter().map(|level| level.cells);
                cells.filter_map(|cells| cells.volume_at(rule.concentration).ok()).collect()
            }
            DoseBy::Route(rule) => {
                rule.routes.iter().filter_map(|route| route.largest_volume()).collect()
            }
        };
        volumes.into_iter().max_by_key(|volume| volume.value())
    }
}

impl Site {
    fn named(&self) -> (&Name, &Wording) {
        (&self.name, &self.title)
    }
}

impl Route {
    /// The largest volume that may be ordered by it, `mL`.
    #[must_use]
    pub fn largest_volume(&self) -> Option<Quantity> {
        match &self.volume {
            RouteVolume::Fixed(volume) => Some(*volume),
            RouteVolume::PerArea { factor, most, .. } => volume_of_area(*factor, *most).ok(),
        }
    }
}

/// Area × factor, `mL`.
///
/// # Errors
/// When the number cannot be kept.
pub(super) fn volume_of_area(factor: Quantity, area: Quantity) -> Result<Quantity, QuantityError> {
    let volume = area.value().checked_mul(factor.value()).ok_or(QuantityError::OutOfRange)?;
    Ok(Quantity::new(volume.normalize(), Unit::Millilitre))
}

/// Cells ÷ concentration, `mL`, where that is a whole number of hundredths: what the scale of a
/// syringe and a pharmacy's pump can deliver.
pub(super) fn exact_volume(cells: Quantity, concentration: Quantity) -> Option<Quantity> {
    hundredths(cells.volume_at(concentration).ok()?)
}

/// A volume with two decimals, if it needs no more.
pub(super) fn hundredths(volume: Quantity) -> Option<Quantity> {
    let rounded = volume.rounded(2, Rounding::HalfUp);
    (rounded.value() == volume.value()).then_some(rounded)
}

/// Whether an amount is a whole number of steps.
pub(super) fn is_whole_step(amount: Quantity, step: Quantity) -> bool {
    amount.value().checked_rem(step.value()).is_some_and(|rest| rest.is_zero())
}
