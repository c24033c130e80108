//! The dose plan of an order and its arithmetic, every assumption a line of its own.

use super::model::{
    ByLevel, ByRoute, DoseBy, DosedSite, PerKg, PerSite, Protocol, Route, RouteVolume, Site,
    exact_volume, hundredths, is_whole_step, volume_of_area,
};
use super::refusal::DoseRefusal;
use crate::domain::id::Name;
use crate::domain::quantity::{Quantity, QuantityError, Rounding, Unit};
use crate::domain::time::Instant;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// What one dose unit is to hold, and for which site. Travels from the order into the batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoseUnit {
    /// The site or route, such as `left_parotid`.
    pub target: Name,
    /// Its name on screens.
    pub title: String,
    /// Viable cells, `10*6`; none where the product holds no cells.
    pub cells: Option<Quantity>,
    /// Volume, `mL`: cells ÷ concentration, exact.
    pub volume: Quantity,
}

impl DoseUnit {
    /// The amount on screens and in what is signed: `50 ×10⁶ cells = 1.00 ml`, or `15.00 ml`.
    #[must_use]
    pub fn amount(&self) -> String {
        amount(self.cells, self.volume)
    }
}

/// Cells and volume as one text; the volume alone where there are no cells.
#[must_use]
pub fn amount(cells: Option<Quantity>, volume: Quantity) -> String {
    match cells {
        Some(cells) => format!("{} = {}", cells.text(), volume.text()),
        None => volume.text(),
    }
}

/// What an order asks for, in the words of the protocol's rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "rule", content = "asked", rename_all = "snake_case")]
pub enum DoseAsked {
    /// A dose for each site that is switched on.
    PerSite {
        /// The sites.
        sites: Vec<SiteDose>,
    },
    /// By the patient's weight, at one site.
    PerKg {
        /// The site.
        site: Option<Name>,
        /// The weighing.
        weight: Option<Weighing>,
    },
    /// A dose level at each of some sites.
    ByLevel {
        /// The number of the level.
        level: Option<u32>,
        /// The sites.
        sites: Vec<Name>,
    },
    /// By one or several routes.
    ByRoute {
        /// The routes.
        routes: Vec<RouteDose>,
    },
}

/// What is asked for one site; a site that is not asked for is switched off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteDose {
    /// The site.
    pub target: Name,
    /// Viable cells, `10*6`.
    pub cells: Quantity,
}

/// A weighing of the patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weighing {
    /// What the scale showed, `kg` or `g`.
    pub weight: Quantity,
    /// When.
    pub measured_at: Instant,
}

/// What is asked by one route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteDose {
    /// The route.
    pub route: Name,
    /// The affected area, `%` of the body surface, where the volume follows from it.
    pub area: Option<Quantity>,
}

/// One dose unit of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedUnit {
    /// What it holds.
    pub unit: DoseUnit,
    /// Its nominal size, `mL`.
    pub size: Quantity,
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
    /// The dose units, in the protocol's order of sites or routes.
    pub planned: Vec<PlannedUnit>,
    /// Cells to be given, `10*6`; none where the product holds no cells.
    pub dose_cells: Option<Quantity>,
    /// Volume to be given, `mL`.
    pub dose_volume: Quantity,
    /// Volume to be made, with every allowance, `mL`.
    pub make_volume: Quantity,
    /// Cells needed for that volume, `10*6`; none where the product holds no cells.
    pub make_cells: Option<Quantity>,
    /// How each number follows.
    pub arithmetic: Vec<ArithmeticLine>,
}

impl DoseAsked {
    /// What the protocol proposes, as far as it can: every site with its default, the only site;
    /// nothing that depends on the patient.
    #[must_use]
    pub fn proposed(protocol: &Protocol) -> Self {
        let only = |sites: &[Site]| match sites {
            [site] => Some(site.name.clone()),
            _ => None,
        };
        match &protocol.dose.by {
            DoseBy::Site(rule) => {
                Self::PerSite { sites: rule.sites.iter().map(SiteDose::default_of).collect() }
            }
            DoseBy::Weight(rule) => Self::PerKg { site: only(&rule.sites), weight: None },
            DoseBy::Level(rule) => {
                let level = match rule.levels.as_slice() {
                    [level] => Some(level.number),
                    _ => None,
                };
                Self::ByLevel { level, sites: only(&rule.sites).into_iter().collect() }
            }
            DoseBy::Route(rule) => {
                let routes = match rule.routes.as_slice() {
                    [route] => vec![RouteDose { route: route.name.clone(), area: None }],
                    _ => Vec::new(),
                };
                Self::ByRoute { routes }
            }
        }
    }

    /// The weighing it rests on, if it rests on one.
    #[must_use]
    pub fn weighing(&self) -> Option<&Weighing> {
        match self {
            Self::PerKg { weight, .. } => weight.as_ref(),
            _ => None,
        }
    }

    /// The dose level it names, if it names one.
    #[must_use]
    pub fn level(&self) -> Option<u32> {
        match self {
            Self::ByLevel { level, .. } => *level,
            _ => None,
        }
    }
}

impl SiteDose {
    /// The default of a site.
    #[must_use]
    pub fn default_of(dosed: &DosedSite) -> Self {
        Self { target: dosed.site.name.clone(), cells: dosed.cells }
    }
}

impl DosePlan {
    /// The plan for what is asked at `now`: volume of each dose unit = cells ÷ concentration,
    /// exact.
    ///
    /// # Errors
    /// See [`DoseRefusal`].
    pub fn compute(
        protocol: &Protocol,
        asked: &DoseAsked,
        now: Instant,
    ) -> Result<Self, DoseRefusal> {
        let mut sheet = Sheet(Vec::new());
        let units = match (&protocol.dose.by, asked) {
            (DoseBy::Site(rule), DoseAsked::PerSite { sites }) => per_site(rule, sites)?,
            (DoseBy::Weight(rule), DoseAsked::PerKg { site, weight }) => {
                let weight = usable_weight(rule, weight.as_ref(), now)?;
                per_kg(rule, site.as_ref(), weight, &mut sheet)?
            }
            (DoseBy::Level(rule), DoseAsked::ByLevel { level, sites }) => {
                by_level(rule, *level, sites, &mut sheet)?
            }
            (DoseBy::Route(rule), DoseAsked::ByRoute { routes }) => {
                by_route(rule, routes, &mut sheet)?
            }
            (rule, _) => return Err(DoseRefusal::OtherRule(rule.words())),
        };
        let planned: Result<Vec<PlannedUnit>, DoseRefusal> =
            units.into_iter().map(|unit| sized(protocol, unit)).collect();
        totals(protocol, planned?, sheet)
    }

    /// The dose units alone, as the batch needs them.
    #[must_use]
    pub fn units(&self) -> Vec<DoseUnit> {
        self.planned.iter().map(|planned| planned.unit.clone()).collect()
    }
}

impl DoseBy {
    /// By what the amount is decided, in words.
    #[must_use]
    pub fn words(&self) -> &'static str {
        match self {
            Self::Site(_) => "a dose of cells for each site",
            Self::Weight(_) => "the weight of the patient",
            Self::Level(_) => "a dose level and sites",
            Self::Route(_) => "routes and volumes, never cells",
        }
    }
}

/// Refuses a name that is not there, and one that is there twice.
fn each_known_once<'n>(
    asked: impl Iterator<Item = &'n Name>,
    known: impl Fn(&Name) -> bool,
) -> Result<(), DoseRefusal> {
    let mut seen: Vec<&Name> = Vec::new();
    for name in asked {
        if !known(name) {
            return Err(DoseRefusal::UnknownSite(name.clone()));
        }
        if seen.contains(&name) {
            return Err(DoseRefusal::SiteTwice(name.clone()));
        }
        seen.push(name);
    }
    if seen.is_empty() { Err(DoseRefusal::NoSite) } else { Ok(()) }
}

fn per_site(rule: &PerSite, asked: &[SiteDose]) -> Result<Vec<DoseUnit>, DoseRefusal> {
    let known = |name: &Name| rule.sites.iter().any(|dosed| dosed.site.name == *name);
    each_known_once(asked.iter().map(|dose| &dose.target), known)?;
    let mut units = Vec::new();
    for dosed in &rule.sites {
        if let Some(dose) = asked.iter().find(|dose| dose.target == dosed.site.name) {
            within(dosed, dose.cells, rule.step)?;
            units.push(cell_unit(&dosed.site, dose.cells, rule.concentration)?);
        }
    }
    below_total(&units, rule.total_max)?;
    Ok(units)
}

fn within(dosed: &DosedSite, cells: Quantity, step: Quantity) -> Result<(), DoseRefusal> {
    let (least, most) = (dosed.cells_min, dosed.cells_max);
    if cells.compare(least)?.is_lt() || cells.compare(most)?.is_gt() {
        return Err(DoseRefusal::OutsideLimits {
            site: dosed.site.title.to_string(),
            asked: cells.text(),
            least: least.text(),
            most: most.text(),
        });
    }
    whole_step(dosed.site.title.text(), cells, step)
}

fn whole_step(title: &str, asked: Quantity, step: Quantity) -> Result<(), DoseRefusal> {
    if is_whole_step(asked, step) {
        return Ok(());
    }
    let (site, asked, step) = (title.to_owned(), asked.text(), step.text());
    Err(DoseRefusal::NotAStep { site, asked, step })
}

/// The weight in kilograms: measured, plausible, not from the future and not too old.
fn usable_weight<'w>(
    rule: &PerKg,
    weighing: Option<&'w Weighing>,
    now: Instant,
) -> Result<(&'w Weighing, Quantity), DoseRefusal> {
    let weighing = weighing.ok_or(DoseRefusal::NoWeight)?;
    let kilograms = in_kilograms(weighing.weight)?;
    let (least, most) = (rule.weight_min, rule.weight_max);
    if kilograms.compare(least)?.is_lt() || kilograms.compare(most)?.is_gt() {
        return Err(DoseRefusal::WeightImplausible {
            weight: weighing.weight.text(),
            least: least.text(),
            most: most.text(),
        });
    }
    if weighing.measured_at > now {
        return Err(DoseRefusal::WeightInFuture);
    }
    if weighing.measured_at.plus(rule.weight_max_age) < now {
        return Err(DoseRefusal::WeightTooOld { most: rule.weight_max_age.text() });
    }
    Ok((weighing, kilograms))
}

fn in_kilograms(weight: Quantity) -> Result<Quantity, DoseRefusal> {
    match weight.unit() {
        Unit::Kilogram => Ok(Quantity::new(weight.value().normalize(), Unit::Kilogram)),
        Unit::Gram => {
            let thousandth = Decimal::new(1, 3);
            let value = weight.value().checked_mul(thousandth).ok_or(QuantityError::OutOfRange)?;
            Ok(Quantity::new(value.normalize(), Unit::Kilogram))
        }
        _ => Err(DoseRefusal::WeightUnit(weight.to_string())),
    }
}

fn per_kg(
    rule: &PerKg,
    asked: Option<&Name>,
    (weighing, kilograms): (&Weighing, Quantity),
    sheet: &mut Sheet,
) -> Result<Vec<DoseUnit>, DoseRefusal> {
    let asked = asked.ok_or(DoseRefusal::NoSite)?;
    let site = rule.sites.iter().find(|site| site.name == *asked);
    let site = site.ok_or_else(|| DoseRefusal::UnknownSite(asked.clone()))?;
    if weighing.weight.unit() == Unit::Gram {
        sheet.line("Weight", format!("{} ÷ 1000", weighing.weight.text()), kilograms);
    } else {
        sheet.line("Weight", "as measured".to_owned(), kilograms);
    }
    let exact = kilograms.value().checked_mul(rule.cells_per_kg.value());
    let exact = exact.ok_or(QuantityError::OutOfRange)?;
    let exact = Quantity::new(exact.normalize(), Unit::MillionCells);
    let formula = format!("{} × {}", kilograms.text(), rule.cells_per_kg.text());
    sheet.line("Cells by weight", formula, exact);
    let cells = to_step(exact, rule.step, rule.rounding)?;
    let how = match rule.rounding {
        Rounding::HalfUp => "to the nearest step",
        Rounding::Down => "down to a step",
        Rounding::Up => "up to a step",
    };
    let formula = format!("{} brought {how} of {}", exact.value(), rule.step.text());
    sheet.line("Dose", formula, cells);
    if cells.is_zero() {
        return Err(DoseRefusal::NothingLeft { cells: exact.text(), step: rule.step.text() });
    }
    let units = vec![cell_unit(site, cells, rule.concentration)?];
    below_total(&units, rule.total_max)?;
    Ok(units)
}

/// An amount brought to a whole number of steps.
fn to_step(exact: Quantity, step: Quantity, rounding: Rounding) -> Result<Quantity, QuantityError> {
    let steps = exact.value().checked_div(step.value()).ok_or(QuantityError::OutOfRange)?;
    let steps = Quantity::new(steps, Unit::One).rounded(0, rounding);
    step.times(steps.value())
}

fn by_level(
    rule: &ByLevel,
    number: Option<u32>,
    asked: &[Name],
    sheet: &mut Sheet,
) -> Result<Vec<DoseUnit>, DoseRefusal> {
    let number = number.ok_or(DoseRefusal::NoLevel)?;
    let level = rule.levels.iter().find(|level| level.number == number);
    let level = level.ok_or(DoseRefusal::UnknownLevel(number))?;
    each_known_once(asked.iter(), |name| rule.sites.iter().any(|site| site.name == *name))?;
    let formula = "cells for each site, stated by the protocol".to_owned();
    sheet.line(&level.title, formula, level.cells);
    let mut units = Vec::new();
    for site in rule.sites.iter().filter(|site| asked.contains(&site.name)) {
        units.push(cell_unit(site, level.cells, rule.concentration)?);
    }
    below_total(&units, rule.total_max)?;
    Ok(units)
}

fn by_route(
    rule: &ByRoute,
    asked: &[RouteDose],
    sheet: &mut Sheet,
) -> Result<Vec<DoseUnit>, DoseRefusal> {
    let known = |name: &Name| rule.routes.iter().any(|route| route.name == *name);
    each_known_once(asked.iter().map(|dose| &dose.route), known)?;
    let mut units = Vec::new();
    for route in &rule.routes {
        if let Some(dose) = asked.iter().find(|dose| dose.route == route.name) {
            let volume = route_volume(route, dose.area, sheet)?;
            let (target, title) = (route.name.clone(), route.title.to_string());
            units.push(DoseUnit { target, title, cells: None, volume });
        }
    }
    Ok(units)
}

fn route_volume(
    route: &Route,
    area: Option<Quantity>,
    sheet: &mut Sheet,
) -> Result<Quantity, DoseRefusal> {
    let title = || route.title.to_string();
    match (&route.volume, area) {
        (RouteVolume::Fixed(volume), None) => {
            let formula = "stated by the protocol".to_owned();
            Ok(sheet.line(route.title.text(), formula, two_places(*volume)))
        }
        (RouteVolume::Fixed(_), Some(_)) => Err(DoseRefusal::AreaNotAsked(title())),
        (RouteVolume::PerArea { .. }, None) => Err(DoseRefusal::NoArea(title())),
        (RouteVolume::PerArea { factor, step, least, most }, Some(area)) => {
            if area.compare(*least)?.is_lt() || area.compare(*most)?.is_gt() {
                return Err(DoseRefusal::OutsideLimits {
                    site: title(),
                    asked: area.text(),
                    least: least.text(),
                    most: most.text(),
                });
            }
            whole_step(route.title.text(), area, *step)?;
            let formula = format!("{} × {}", area.text(), factor.text());
            let volume = two_places(volume_of_area(*factor, area)?);
            Ok(sheet.line(route.title.text(), formula, volume))
        }
    }
}

fn cell_unit(
    site: &Site,
    cells: Quantity,
    concentration: Quantity,
) -> Result<DoseUnit, DoseRefusal> {
    let cells = Quantity::new(cells.value().normalize(), cells.unit());
    let volume = exact_volume(cells, concentration).ok_or(QuantityError::OutOfRange)?;
    let (target, title) = (site.name.clone(), site.title.to_string());
    Ok(DoseUnit { target, title, cells: Some(cells), volume })
}

fn below_total(units: &[DoseUnit], most: Quantity) -> Result<(), DoseRefusal> {
    let asked = sum(Unit::MillionCells, units.iter().filter_map(|unit| unit.cells))?;
    if asked.compare(most)?.is_gt() {
        return Err(DoseRefusal::AboveTotal { asked: asked.text(), most: most.text() });
    }
    Ok(())
}

fn sum(unit: Unit, parts: impl Iterator<Item = Quantity>) -> Result<Quantity, QuantityError> {
    let mut sum = Quantity::zero(unit);
    for part in parts {
        sum = sum.plus(part)?;
    }
    Ok(sum)
}

fn sized(protocol: &Protocol, unit: DoseUnit) -> Result<PlannedUnit, DoseRefusal> {
    match protocol.size_for(unit.volume) {
        Some(size) => Ok(PlannedUnit { unit, size }),
        None => Err(DoseRefusal::NoSize {
            site: unit.title,
            kind: protocol.product.unit.word(),
            volume: unit.volume.text(),
        }),
    }
}

/// At least two decimals are written, and none that carries a digit is taken away.
fn two_places(quantity: Quantity) -> Quantity {
    hundredths(quantity).unwrap_or(quantity)
}

struct Sheet(Vec<ArithmeticLine>);

impl Sheet {
    fn line(&mut self, title: &str, formula: String, result: Quantity) -> Quantity {
        self.0.push(ArithmeticLine { title: title.to_owned(), formula, result });
        result
    }
}

fn totals(
    protocol: &Protocol,
    planned: Vec<PlannedUnit>,
    mut sheet: Sheet,
) -> Result<DosePlan, DoseRefusal> {
    let terms = |of: fn(&DoseUnit) -> Option<Quantity>| {
        let terms: Vec<String> =
            planned.iter().filter_map(|p| of(&p.unit)).map(|q| q.value().to_string()).collect();
        terms.join(" + ")
    };
    let volume = sum(Unit::Millilitre, planned.iter().map(|p| p.unit.volume))?;
    let concentration = protocol.dose.concentration();
    let (dose_cells, dose_volume) = match concentration {
        Some(concentration) => {
            let cells = sum(Unit::MillionCells, planned.iter().filter_map(|p| p.unit.cells))?;
            let cells = sheet.line("Cells to give", terms(|unit| unit.cells), cells);
            let formula = format!("{} ÷ {}", cells.value(), concentration.text());
            (Some(cells), sheet.line("Volume to give", formula, two_places(volume)))
        }
        None => {
            let formula = terms(|unit| Some(unit.volume));
            (None, sheet.line("Volume to give", formula, two_places(volume)))
        }
    };
    let make_volume = with_allowances(protocol, &mut sheet, planned.len(), dose_volume)?;
    let make_cells = match concentration {
        Some(concentration) if protocol.allowance.is_some() => {
            let cells = concentration.cells_in(make_volume)?;
            let formula = format!("{} × {}", make_volume.text(), concentration.text());
            Some(sheet.line("Cells to make", formula, cells))
        }
        _ => dose_cells,
    };
    let arithmetic = sheet.0;
    Ok(DosePlan { planned, dose_cells, dose_volume, make_volume, make_cells, arithmetic })
}

/// The volume to be made; without allowances the dose alone.
fn with_allowances(
    protocol: &Protocol,
    sheet: &mut Sheet,
    units: usize,
    dose_volume: Quantity,
) -> Result<Quantity, DoseRefusal> {
    let Some(allowance) = protocol.allowance else { return Ok(dose_volume) };
    let formula = format!("{units} × {}", allowance.hold_up_per_unit.text());
    let hold_up = two_places(allowance.hold_up_per_unit.times(Decimal::from(units))?);
    let title = format!("Hold-up of each {}", protocol.product.unit.word());
    let mut all = dose_volume.plus(sheet.line(&title, formula, hold_up))?;
    if let Some(percent) = allowance.labelling_loss {
        let formula = format!("{} × {}", dose_volume.text(), percent.text());
        let loss = two_places(share(dose_volume, percent)?);
        all = all.plus(sheet.line("Loss at labelling", formula, loss))?;
    }
    let formula = "stated by the protocol".to_owned();
    all = all.plus(sheet.line("Draw for quality control", formula, allowance.qc_draw))?;
    let formula = format!("{} × {}", all.text(), allowance.overage.text());
    let overage = two_places(share(all, allowance.overage)?);
    let overage = sheet.line("Overage", formula, overage);
    let formula = format!("{} + {}, rounded up to 0.01 ml", all.value(), overage.value());
    let total = all.plus(overage)?.rounded(2, Rounding::Up);
    Ok(sheet.line("Volume to make", formula, total))
}

/// So many per cent of a quantity, exact.
fn share(of: Quantity, percent: Quantity) -> Result<Quantity, QuantityError> {
    let hundredth = Decimal::new(1, 2);
    of.times(percent.value())?.times(hundredth)
}
