//! The dose plan of an order and its arithmetic, every assumption a line of its own.

use super::model::{Protocol, Site};
use crate::domain::id::Name;
use crate::domain::quantity::{Quantity, QuantityError, Rounding, Unit};
use crate::domain::{Refusal, RefusalKind};
use serde::{Deserialize, Serialize};

/// What one syringe is to hold, and for which site. Travels from the order into the batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoseUnit {
    /// The site, such as `left_parotid`.
    pub target: Name,
    /// Its name on screens and labels.
    pub title: String,
    /// Viable cells, `10*6`.
    pub cells: Quantity,
    /// Volume, `mL`: cells ÷ concentration, exact.
    pub volume: Quantity,
}

/// What is asked for one site; a site that is not asked for is switched off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteDose {
    /// The site.
    pub target: Name,
    /// Viable cells, `10*6`.
    pub cells: Quantity,
}

/// One syringe of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedSite {
    /// What it holds.
    pub unit: DoseUnit,
    /// Its nominal size, `mL`.
    pub syringe: Quantity,
}

/// One line of the arithmetic, as shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArithmeticLine {
    /// What is computed.
    pub title: String,
    /// How, with the numbers put in.
    pub formula: String,
    /// The result.
    pub result: Quantity,
}

/// The dose plan of an order.
#[derive(Debug, Clone, PartialEq)]
pub struct DosePlan {
    /// The syringes, in the protocol's order of sites.
    pub sites: Vec<PlannedSite>,
    /// Cells to be given, `10*6`.
    pub dose_cells: Quantity,
    /// Volume to be given, `mL`.
    pub dose_volume: Quantity,
    /// Volume to be made, with every allowance, `mL`.
    pub make_volume: Quantity,
    /// Cells needed for that volume, `10*6`.
    pub make_cells: Quantity,
    /// How each number follows.
    pub arithmetic: Vec<ArithmeticLine>,
}

/// Why a dose is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DoseRefusal {
    /// The protocol has no such site.
    #[error("the protocol has no site '{0}'; choose one of the sites on the form")]
    UnknownSite(Name),
    /// One site is asked for twice.
    #[error("the site '{0}' is in the order twice; state one dose for each site")]
    SiteTwice(Name),
    /// Nothing is asked for.
    #[error("every site is switched off; switch on at least one site")]
    NoSite,
    /// The dose of a site is outside its limits.
    #[error(
        "{site}: {asked} is outside the protocol's limits {least} to {most}; \
         enter a dose within them or switch the site off"
    )]
    OutsideLimits {
        /// The site, as on screens.
        site: String,
        /// What was asked.
        asked: String,
        /// The least.
        least: String,
        /// The most.
        most: String,
    },
    /// The dose of a site is no whole step.
    #[error("{site}: {asked} is not a whole step of {step}; round it to a step yourself")]
    NotAStep {
        /// The site, as on screens.
        site: String,
        /// What was asked.
        asked: String,
        /// The step.
        step: String,
    },
    /// The whole dose is too large.
    #[error("the whole dose {asked} is above the protocol's maximum {most}; lower a site")]
    AboveTotal {
        /// What was asked in all.
        asked: String,
        /// The maximum.
        most: String,
    },
    /// No syringe of the protocol holds the volume.
    #[error("{site}: no syringe of the protocol holds {volume}; lower the dose")]
    NoSyringe {
        /// The site, as on screens.
        site: String,
        /// The volume.
        volume: String,
    },
    /// The numbers cannot be computed.
    #[error("the dose cannot be computed: {0}; correct the numbers")]
    Arithmetic(#[from] QuantityError),
}

impl Refusal for DoseRefusal {
    fn rule(&self) -> &'static str {
        match self {
            Self::UnknownSite(_) => "dose_unknown_site",
            Self::SiteTwice(_) => "dose_site_twice",
            Self::NoSite => "dose_no_site",
            Self::OutsideLimits { .. } => "dose_outside_limits",
            Self::NotAStep { .. } => "dose_not_a_step",
            Self::AboveTotal { .. } => "dose_above_total",
            Self::NoSyringe { .. } => "dose_no_syringe",
            Self::Arithmetic(_) => "dose_arithmetic",
        }
    }

    fn kind(&self) -> RefusalKind {
        RefusalKind::Invalid
    }
}

impl DosePlan {
    /// The plan that the protocol proposes: every site with its default.
    ///
    /// # Errors
    /// As [`DosePlan::compute`]; a protocol whose defaults break its own total is refused so.
    pub fn proposed(protocol: &Protocol) -> Result<Self, DoseRefusal> {
        let asked: Vec<SiteDose> = protocol.dose.sites.iter().map(SiteDose::default_of).collect();
        Self::compute(protocol, &asked)
    }

    /// The plan for the doses asked: volume of each site = cells ÷ concentration, exact.
    ///
    /// # Errors
    /// See [`DoseRefusal`].
    pub fn compute(protocol: &Protocol, asked: &[SiteDose]) -> Result<Self, DoseRefusal> {
        for (index, dose) in asked.iter().enumerate() {
            if protocol.site(&dose.target).is_none() {
                return Err(DoseRefusal::UnknownSite(dose.target.clone()));
            }
            if asked.iter().take(index).any(|earlier| earlier.target == dose.target) {
                return Err(DoseRefusal::SiteTwice(dose.target.clone()));
            }
        }
        let mut sites = Vec::new();
        for site in &protocol.dose.sites {
            if let Some(dose) = asked.iter().find(|dose| dose.target == site.name) {
                sites.push(planned(protocol, site, dose.cells)?);
            }
        }
        if sites.is_empty() {
            return Err(DoseRefusal::NoSite);
        }
        totals(protocol, sites)
    }

    /// The syringes alone, as the batch needs them.
    pub fn units(&self) -> Vec<DoseUnit> {
        self.sites.iter().map(|site| site.unit.clone()).collect()
    }
}

impl SiteDose {
    /// The default of a site.
    pub fn default_of(site: &Site) -> Self {
        Self { target: site.name.clone(), cells: site.cells }
    }
}

fn planned(protocol: &Protocol, site: &Site, cells: Quantity) -> Result<PlannedSite, DoseRefusal> {
    let below = cells.compare(site.cells_min)?.is_lt();
    let above = cells.compare(site.cells_max)?.is_gt();
    if below || above {
        return Err(DoseRefusal::OutsideLimits {
            site: site.title.clone(),
            asked: cells.text(),
            least: site.cells_min.text(),
            most: site.cells_max.text(),
        });
    }
    let step = protocol.dose.step;
    if !cells.value().checked_rem(step.value()).is_some_and(|rest| rest.is_zero()) {
        return Err(DoseRefusal::NotAStep {
            site: site.title.clone(),
            asked: cells.text(),
            step: step.text(),
        });
    }
    let volume = two_places(cells.volume_at(protocol.dose.concentration)?);
    let syringe = protocol.syringe_for(volume).ok_or_else(|| DoseRefusal::NoSyringe {
        site: site.title.clone(),
        volume: volume.text(),
    })?;
    let cells = Quantity::new(cells.value().normalize(), Unit::MillionCells);
    let unit = DoseUnit { target: site.name.clone(), title: site.title.clone(), cells, volume };
    Ok(PlannedSite { unit, syringe })
}

/// At least two decimals are written, and none that carries a digit is taken away.
fn two_places(quantity: Quantity) -> Quantity {
    let value = quantity.value().normalize();
    let exact = Quantity::new(value, quantity.unit());
    if value.scale() < 2 { exact.rounded(2, Rounding::HalfUp) } else { exact }
}

struct Sheet(Vec<ArithmeticLine>);

impl Sheet {
    fn line(&mut self, title: &str, formula: String, result: Quantity) -> Quantity {
        self.0.push(ArithmeticLine { title: title.to_owned(), formula, result });
        result
    }
}

fn totals(protocol: &Protocol, sites: Vec<PlannedSite>) -> Result<DosePlan, DoseRefusal> {
    let mut sheet = Sheet(Vec::new());
    let concentration = protocol.dose.concentration;
    let mut cells = Quantity::zero(Unit::MillionCells);
    for site in &sites {
        cells = cells.plus(site.unit.cells)?;
    }
    let terms: Vec<String> = sites.iter().map(|s| s.unit.cells.value().to_string()).collect();
    let dose_cells = sheet.line("Cells to give", terms.join(" + "), cells);
    if dose_cells.compare(protocol.dose.total_max)?.is_gt() {
        return Err(DoseRefusal::AboveTotal {
            asked: dose_cells.text(),
            most: protocol.dose.total_max.text(),
        });
    }
    let formula = format!("{} ÷ {}", dose_cells.value(), concentration.text());
    let volume = two_places(dose_cells.volume_at(concentration)?);
    let dose_volume = sheet.line("Volume to give", formula, volume);
    let make_volume = with_allowances(protocol, &mut sheet, sites.len(), dose_volume)?;
    let make_cells = concentration.cells_in(make_volume)?;
    let formula = format!("{} × {}", make_volume.text(), concentration.text());
    let make_cells = sheet.line("Cells to make", formula, make_cells);
    Ok(DosePlan { sites, dose_cells, dose_volume, make_volume, make_cells, arithmetic: sheet.0 })
}

fn with_allowances(
    protocol: &Protocol,
    sheet: &mut Sheet,
    syringes: usize,
    dose_volume: Quantity,
) -> Result<Quantity, DoseRefusal> {
    let allowance = protocol.allowance;
    let count = rust_decimal::Decimal::from(syringes);
    let formula = format!("{syringes} × {}", allowance.hold_up_per_syringe.text());
    let hold_up = two_places(allowance.hold_up_per_syringe.times(count)?);
    let hold_up = sheet.line("Hold-up in syringes and needles", formula, hold_up);
    let formula = format!("{} × {}", dose_volume.text(), allowance.labelling_loss.text());
    let loss = two_places(share(dose_volume, allowance.labelling_loss)?);
    let loss = sheet.line("Loss at labelling", formula, loss);
    let qc = allowance.qc_draw;
    let qc = sheet.line("Draw for quality control", "stated by the protocol".to_owned(), qc);
    let sum = dose_volume.plus(hold_up)?.plus(loss)?.plus(qc)?;
    let formula = format!("{} × {}", sum.text(), allowance.overage.text());
    let overage = sheet.line("Overage", formula, two_places(share(sum, allowance.overage)?));
    let formula = format!("{} + {}, rounded up to 0.01 ml", sum.value(), overage.value());
    let total = sum.plus(overage)?.rounded(2, Rounding::Up);
    Ok(sheet.line("Volume to make", formula, total))
}

/// So many per cent of a quantity, exact.
fn share(of: Quantity, percent: Quantity) -> Result<Quantity, QuantityError> {
    let hundredth = rust_decimal::Decimal::new(1, 2);
    of.times(percent.value())?.times(hundredth)
}
