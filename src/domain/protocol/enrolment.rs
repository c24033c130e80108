//! How many patients may be enrolled, in which order, and by which rule the dose climbs.
//!
//! Neighbours: [`super::course`] applies it to the patients so far; the file states it.
//!
//! Architecture invariant: every number is the file's; the rule of three and six patients of a
//! "3+3" escalation is the only one stated in code.

use crate::domain::id::Name;

/// The enrolment section of a protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// Cohorts that are filled one after the other; under 3+3 those before the escalation.
    pub cohorts: Vec<Cohort>,
    /// The escalation that follows, where there is one.
    pub escalation: Option<Escalation>,
    /// Orders that one patient may have; what was cancelled or given nothing of does not count.
    pub orders_per_patient: u32,
    /// The visit at which a patient counts as evaluated.
    pub evaluated_at: Name,
    /// Whether a patient excluded before evaluation is replaced.
    pub replace_excluded: bool,
}

/// So many patients, treated alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cohort {
    /// Its name.
    pub name: Name,
    /// Its name on screens.
    pub title: String,
    /// How many patients.
    pub patients: u32,
    /// The dose level, where the protocol has levels.
    pub level: Option<u32>,
    /// How many sites are treated, where the cohort fixes it.
    pub sites: Option<u32>,
    /// More patients than this with a dose-limiting toxicity close the cohort.
    pub toxic_max: Option<u32>,
}

/// A 3+3 escalation and what follows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Escalation {
    /// Its name on screens.
    pub title: String,
    /// Dose levels, from the lowest, which is the first.
    pub levels: Vec<u32>,
    /// How many sites are treated, where it is fixed.
    pub sites: Option<u32>,
    /// Most patients in the escalation; those replaced do not count.
    pub patients_max: u32,
    /// The cohort at the recommended dose; its level is the one the escalation finds.
    pub expansion: Cohort,
}

/// The name that the escalation's patients carry as their cohort.
pub const ESCALATION: &str = "escalation";

/// The name that the patients at the recommended dose carry as their cohort.
pub const EXPANSION: &str = "expansion";

impl Enrolment {
    /// Patients of all cohorts that are filled in order.
    pub fn patients_in_order(&self) -> u32 {
        self.cohorts.iter().fold(0, |sum, cohort| sum.saturating_add(cohort.patients))
    }
}
