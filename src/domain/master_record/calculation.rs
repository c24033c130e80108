//! The closed set of calculations. A record names one and its inputs; it never holds a formula.
//!
//! Neighbours: `check` compares the units of inputs with [`Method::parameters`]; `batch` evaluates.
//!
//! Architecture invariant: exact decimals throughout; the only rounding is the one the record
//! states for the result.

use crate::domain::quantity::{Quantity, QuantityError, Rounding, Unit};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// A named calculation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Concentration × viability × volume.
    ViableCells,
    /// Concentration × viability.
    ViableConcentration,
    /// Concentration × volume.
    CellsInVolume,
    /// Cells ÷ volume.
    Concentration,
    /// Cells ÷ concentration: the volume a suspension is brought to.
    SuspensionVolume,
    /// Cells ÷ concentration: the volume that holds a dose.
    DoseVolume,
    /// log₂(harvested ÷ seeded).
    PopulationDoublings,
    /// Sum of the population doublings of all passages.
    CumulativePdl,
    /// Cells after ÷ cells before, in per cent.
    Recovery,
    /// Part ÷ whole, in per cent.
    PercentOf,
    /// Cells ÷ area.
    SeedingDensity,
    /// Density × area.
    SeedingCells,
    /// Volume to take of each donor so that all give the same number of viable cells (ATMP-25).
    EqualRatioShares,
    /// Each part of the sum of all parts, in per cent.
    SharePercent,
    /// Sum.
    Sum,
    /// The first less the second.
    Difference,
    /// The smallest.
    Minimum,
    /// Dose volume × (1 + overage) + volume drawn for quality control.
    FillRequirement,
    /// How many whole aliquots of a volume fit.
    AliquotCount,
    /// The whole divided evenly among containers.
    EqualParts,
    /// What several containers that hold the same hold together.
    Together,
}

/// What unit a parameter of a method takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnitRule {
    /// This one.
    Is(Unit),
    /// Any, the same for all parameters with this rule.
    Common,
}

/// A parameter of a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParameterRule {
    /// Its name in files.
    pub name: &'static str,
    /// Its unit.
    pub unit: UnitRule,
    /// Whether several values may be given.
    pub many: bool,
}

const fn one(name: &'static str, unit: Unit) -> ParameterRule {
    ParameterRule { name, unit: UnitRule::Is(unit), many: false }
}

const fn common(name: &'static str, many: bool) -> ParameterRule {
    ParameterRule { name, unit: UnitRule::Common, many }
}

/// Why a calculation has no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalculationError {
    /// An input has no value yet.
    #[error("the input '{0}' has no value; enter it first")]
    Missing(String),
    /// The numbers do not allow it.
    #[error("{0}")]
    Quantity(#[from] QuantityError),
    /// The number must be above zero.
    #[error("'{0}' must be greater than zero; check the entry")]
    NotPositive(&'static str),
}

/// A value, or one value for each container of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operand {
    /// One value.
    One(Quantity),
    /// One value for each container, by its code.
    Each(Vec<(String, Quantity)>),
}

impl Operand {
    fn quantities(&self) -> Vec<Quantity> {
        match self {
            Self::One(quantity) => vec![*quantity],
            Self::Each(items) => items.iter().map(|(_, quantity)| *quantity).collect(),
        }
    }

    fn of(&self, item: &str) -> Option<Quantity> {
        match self {
            Self::One(quantity) => Some(*quantity),
            Self::Each(items) => {
                items.iter().find(|(known, _)| known == item).map(|(_, quantity)| *quantity)
            }
        }
    }

    /// The operand with every number brought to so many decimals.
    pub fn rounded(self, decimals: u32, rule: Rounding) -> Self {
        match self {
            Self::One(quantity) => Self::One(quantity.rounded(decimals, rule)),
            Self::Each(items) => Self::Each(
                items
                    .into_iter()
                    .map(|(item, quantity)| (item, quantity.rounded(decimals, rule)))
                    .collect(),
            ),
        }
    }
}

impl Method {
    /// Every method with its word in files and what it does, for people.
    pub const ALL: [(Self, &'static str, &'static str); 21] = [
        (Self::ViableCells, "viable_cells", "concentration × viability × volume"),
        (Self::ViableConcentration, "viable_concentration", "concentration × viability"),
        (Self::CellsInVolume, "cells_in_volume", "concentration × volume"),
        (Self::Concentration, "concentration", "cells ÷ volume"),
        (Self::SuspensionVolume, "suspension_volume", "cells ÷ concentration"),
        (Self::DoseVolume, "dose_volume", "cells ÷ concentration"),
        (Self::PopulationDoublings, "population_doublings", "log₂(harvested ÷ seeded)"),
        (Self::CumulativePdl, "cumulative_pdl", "sum of doublings"),
        (Self::Recovery, "recovery", "after ÷ before"),
        (Self::PercentOf, "percent_of", "part ÷ whole"),
        (Self::SeedingDensity, "seeding_density", "cells ÷ area"),
        (Self::SeedingCells, "seeding_cells", "density × area"),
        (
            Self::EqualRatioShares,
            "equal_ratio_shares",
            "min(smallest lot, target ÷ lots) ÷ viable concentration",
        ),
        (Self::SharePercent, "share_percent", "part ÷ sum of parts"),
        (Self::Sum, "sum", "sum"),
        (Self::Difference, "difference", "from − less"),
        (Self::Minimum, "minimum", "smallest"),
        (Self::FillRequirement, "fill_requirement", "dose × (1 + overage) + draw"),
        (Self::AliquotCount, "aliquot_count", "volume ÷ aliquot, whole"),
        (Self::EqualParts, "equal_parts", "whole ÷ parts"),
        (Self::Together, "together", "each × containers"),
    ];

    /// The word in files.
    pub fn code(self) -> &'static str {
        Self::ALL.iter().find(|(method, ..)| *method == self).map_or("", |(_, code, _)| code)
    }

    /// What it does, as shown beside the result.
    pub fn formula(self) -> &'static str {
        Self::ALL.iter().find(|(method, ..)| *method == self).map_or("", |(.., formula)| formula)
    }

    /// The method of a word in files.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, _)| *known == code).map(|(method, ..)| *method)
    }

    /// Its parameters, in order.
    pub fn parameters(self) -> &'static [ParameterRule] {
        const CONCENTRATION: ParameterRule = one("concentration", Unit::MillionCellsPerMillilitre);
        const VIABILITY: ParameterRule = one("viability", Unit::Percent);
        const VOLUME: ParameterRule = one("volume", Unit::Millilitre);
        const CELLS: ParameterRule = one("cells", Unit::MillionCells);
        const AREA: ParameterRule = one("area", Unit::SquareCentimetre);
        match self {
            Self::ViableCells => const { &[CONCENTRATION, VIABILITY, VOLUME] },
            Self::ViableConcentration => const { &[CONCENTRATION, VIABILITY] },
            Self::CellsInVolume => const { &[CONCENTRATION, VOLUME] },
            Self::Concentration => const { &[CELLS, VOLUME] },
            Self::SuspensionVolume | Self::DoseVolume => const { &[CELLS, CONCENTRATION] },
            Self::PopulationDoublings => {
                const { &[one("seeded", Unit::MillionCells), one("harvested", Unit::MillionCells)] }
            }
            Self::CumulativePdl => {
                const {
                    &[ParameterRule {
                        name: "doublings",
                        unit: UnitRule::Is(Unit::Doubling),
                        many: true,
                    }]
                }
            }
            Self::Recovery => {
                const { &[one("after", Unit::MillionCells), one("before", Unit::MillionCells)] }
            }
            Self::PercentOf => const { &[common("part", false), common("whole", false)] },
            Self::SeedingDensity => const { &[CELLS, AREA] },
            Self::SeedingCells => {
                const { &[one("density", Unit::ThousandCellsPerSquareCentimetre), AREA] }
            }
            Self::EqualRatioShares => {
                const { &[CONCENTRATION, VIABILITY, VOLUME, one("target", Unit::MillionCells)] }
            }
            Self::SharePercent => const { &[common("part", false)] },
            Self::Sum | Self::Minimum => const { &[common("of", true)] },
            Self::Difference => const { &[common("from", false), common("less", false)] },
            Self::FillRequirement => {
                const {
                    &[
                        one("dose", Unit::Millilitre),
                        one("overage", Unit::Percent),
                        one("draw", Unit::Millilitre),
                    ]
                }
            }
            Self::AliquotCount => const { &[VOLUME, one("aliquot", Unit::Millilitre)] },
            Self::EqualParts => const { &[common("whole", false), one("parts", Unit::Container)] },
            Self::Together => {
                const { &[common("each", false), one("containers", Unit::Container)] }
            }
        }
    }

    /// The unit of the result, given the common unit of the inputs where there is one.
    pub fn result_unit(self, common: Option<Unit>) -> Unit {
        match self {
            Self::ViableCells | Self::CellsInVolume | Self::SeedingCells => Unit::MillionCells,
            Self::ViableConcentration | Self::Concentration => Unit::MillionCellsPerMillilitre,
            Self::SuspensionVolume
            | Self::DoseVolume
            | Self::EqualRatioShares
            | Self::FillRequirement => Unit::Millilitre,
            Self::PopulationDoublings | Self::CumulativePdl => Unit::Doubling,
            Self::Recovery | Self::PercentOf | Self::SharePercent => Unit::Percent,
            Self::SeedingDensity => Unit::ThousandCellsPerSquareCentimetre,
            Self::Sum | Self::Difference | Self::Minimum | Self::EqualParts | Self::Together => {
                common.unwrap_or(Unit::One)
            }
            Self::AliquotCount => Unit::Container,
        }
    }

    /// Whether several containers' values give one result.
    pub fn gathers(self) -> bool {
        matches!(self, Self::Sum | Self::Minimum | Self::CumulativePdl)
    }

    /// The result, unrounded. `inputs` are in the order of [`Method::parameters`].
    pub fn evaluate(self, inputs: &[Vec<Operand>]) -> Result<Operand, CalculationError> {
        match self {
            Self::Sum | Self::CumulativePdl => sum(&all(inputs)).map(Operand::One),
            Self::Minimum => minimum(&all(inputs)).map(Operand::One),
            Self::SharePercent => share_percent(&first(inputs, 0, "part")?),
            Self::EqualRatioShares => equal_ratio_operand(inputs),
            _ => self.each_item(inputs),
        }
    }

    fn each_item(self, inputs: &[Vec<Operand>]) -> Result<Operand, CalculationError> {
        let mut operands = Vec::new();
        for (index, rule) in self.parameters().iter().enumerate() {
            operands.push(first(inputs, index, rule.name)?);
        }
        let items = operands.iter().find_map(|operand| match operand {
            Operand::Each(items) => Some(items.iter().map(|(item, _)| item.clone()).collect()),
            Operand::One(_) => None,
        });
        let items: Vec<String> = match items {
            Some(items) => items,
            None => return self.scalar(&flat(&operands, "")?).map(Operand::One),
        };
        let mut results = Vec::new();
        for item in items {
            let result = self.scalar(&flat(&operands, &item)?)?;
            results.push((item, result));
        }
        Ok(Operand::Each(results))
    }

    fn scalar(self, values: &[Quantity]) -> Result<Quantity, CalculationError> {
        let mut values = values.iter().copied();
        let mut next = || values.next().ok_or(QuantityError::OutOfRange);
        let (a, b) = (next()?, next()?);
        Ok(match self {
            Self::ViableCells => viable(a, b)?.cells_in(next()?)?,
            Self::ViableConcentration => viable(a, b)?,
            Self::CellsInVolume => a.cells_in(b)?,
            Self::Concentration => divided(a, b, Unit::MillionCellsPerMillilitre, "volume")?,
            Self::SuspensionVolume | Self::DoseVolume => {
                divided(a, b, Unit::Millilitre, "concentration")?
            }
            Self::PopulationDoublings => doublings(a, b)?,
            Self::Recovery | Self::PercentOf => percent(a, b)?,
            Self::SeedingDensity => {
                let thousands = a.times(Decimal::ONE_THOUSAND)?;
                divided(thousands, b, Unit::ThousandCellsPerSquareCentimetre, "area")?
            }
            Self::SeedingCells => {
                let thousands = Quantity::new(a.value(), Unit::One).times(b.value())?;
                let millions = checked_div(thousands.value(), Decimal::ONE_THOUSAND)?;
                Quantity::new(millions, Unit::MillionCells)
            }
            Self::Difference => a.minus(b)?,
            Self::FillRequirement => {
                let overage = checked_div(b.value(), Decimal::ONE_HUNDRED)?;
                a.plus(a.times(overage)?)?.plus(next()?)?
            }
            Self::AliquotCount => {
                let count = divided(a, b, Unit::Container, "aliquot")?;
                count.rounded(0, Rounding::Down)
            }
            Self::EqualParts => divided(a, b, a.unit(), "parts")?,
            Self::Together => a.times(b.value())?,
            Self::Sum
            | Self::CumulativePdl
            | Self::Minimum
            | Self::SharePercent
            | Self::EqualRatioShares => return Err(QuantityError::OutOfRange.into()),
        })
    }
}

/// One donor lot of a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DonorLot {
    /// Cells per millilitre, dead and alive.
    pub concentration: Quantity,
    /// Share of living cells.
    pub viability: Quantity,
    /// Volume there is.
    pub volume: Quantity,
}

/// What one donor lot gives to a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolShare {
    /// Viable cells it has.
    pub available: Quantity,
    /// Viable cells it gives, the same for every lot.
    pub cells: Quantity,
    /// Volume that holds them, unrounded.
    pub volume: Quantity,
}

/// Equal ratios (ATMP-25): every lot gives `min(smallest available, target ÷ number of lots)`
/// viable cells; the volume is those cells ÷ its viable concentration.
pub fn equal_ratio_shares(
    lots: &[DonorLot],
    target: Quantity,
) -> Result<Vec<PoolShare>, CalculationError> {
    let count = Decimal::from(lots.len());
    if count.is_zero() {
        return Err(CalculationError::Missing("lots".to_owned()));
    }
    let mut available = Vec::new();
    for lot in lots {
        let concentration = viable(lot.concentration, lot.viability)?;
        available.push((concentration, concentration.cells_in(lot.volume)?));
    }
    let each = checked_div(target.value(), count)?;
    let mut cells = Quantity::new(each, target.unit());
    for (_, cells_available) in &available {
        cells = cells.min(*cells_available)?;
    }
    let mut shares = Vec::new();
    for (concentration, available) in available {
        let volume = divided(cells, concentration, Unit::Millilitre, "concentration")?;
        shares.push(PoolShare { available, cells, volume });
    }
    Ok(shares)
}

fn equal_ratio_operand(inputs: &[Vec<Operand>]) -> Result<Operand, CalculationError> {
    let concentration = first(inputs, 0, "concentration")?;
    let viability = first(inputs, 1, "viability")?;
    let volume = first(inputs, 2, "volume")?;
    let target = sum(&first(inputs, 3, "target")?.quantities())?;
    let Operand::Each(items) = &concentration else {
        return Err(CalculationError::Missing("concentration of each lot".to_owned()));
    };
    let missing = |name: &str, item: &str| CalculationError::Missing(format!("{name} of {item}"));
    let mut lots = Vec::new();
    for (item, concentration) in items {
        lots.push(DonorLot {
            concentration: *concentration,
            viability: viability.of(item).ok_or_else(|| missing("viability", item))?,
            volume: volume.of(item).ok_or_else(|| missing("volume", item))?,
        });
    }
    let shares = equal_ratio_shares(&lots, target)?;
    let volumes = items.iter().zip(shares).map(|((item, _), share)| (item.clone(), share.volume));
    Ok(Operand::Each(volumes.collect()))
}

fn share_percent(parts: &Operand) -> Result<Operand, CalculationError> {
    let whole = sum(&parts.quantities())?;
    match parts {
        Operand::One(part) => Ok(Operand::One(percent(*part, whole)?)),
        Operand::Each(items) => {
            let mut shares = Vec::new();
            for (item, part) in items {
                shares.push((item.clone(), percent(*part, whole)?));
            }
            Ok(Operand::Each(shares))
        }
    }
}

fn first(inputs: &[Vec<Operand>], at: usize, name: &str) -> Result<Operand, CalculationError> {
    inputs
        .get(at)
        .and_then(|operands| operands.first())
        .cloned()
        .ok_or_else(|| CalculationError::Missing(name.to_owned()))
}

fn all(inputs: &[Vec<Operand>]) -> Vec<Quantity> {
    inputs.iter().flatten().flat_map(Operand::quantities).collect()
}

fn flat(operands: &[Operand], item: &str) -> Result<Vec<Quantity>, CalculationError> {
    let of = |operand: &Operand| {
        operand.of(item).ok_or_else(|| CalculationError::Missing(format!("value of {item}")))
    };
    operands.iter().map(of).collect()
}

fn sum(values: &[Quantity]) -> Result<Quantity, CalculationError> {
    let mut values = values.iter();
    let first = *values.next().ok_or_else(|| CalculationError::Missing("of".to_owned()))?;
    values.try_fold(first, |sum, value| Ok(sum.plus(*value)?))
}

fn minimum(values: &[Quantity]) -> Result<Quantity, CalculationError> {
    let mut values = values.iter();
    let first = *values.next().ok_or_else(|| CalculationError::Missing("of".to_owned()))?;
    values.try_fold(first, |least, value| Ok(least.min(*value)?))
}

fn viable(concentration: Quantity, viability: Quantity) -> Result<Quantity, CalculationError> {
    let share = checked_div(viability.value(), Decimal::ONE_HUNDRED)?;
    Ok(concentration.times(share)?)
}

fn percent(part: Quantity, whole: Quantity) -> Result<Quantity, CalculationError> {
    if whole.is_zero() {
        return Err(CalculationError::NotPositive("whole"));
    }
    Ok(part.percent_of(whole)?)
}

fn divided(
    above: Quantity,
    below: Quantity,
    unit: Unit,
    name: &'static str,
) -> Result<Quantity, CalculationError> {
    if below.value() <= Decimal::ZERO {
        return Err(CalculationError::NotPositive(name));
    }
    Ok(Quantity::new(checked_div(above.value(), below.value())?, unit))
}

fn checked_div(above: Decimal, below: Decimal) -> Result<Decimal, QuantityError> {
    above.checked_div(below).ok_or(QuantityError::OutOfRange)
}

fn doublings(seeded: Quantity, harvested: Quantity) -> Result<Quantity, CalculationError> {
    if seeded.value() <= Decimal::ZERO {
        return Err(CalculationError::NotPositive("seeded"));
    }
    if harvested.value() <= Decimal::ZERO {
        return Err(CalculationError::NotPositive("harvested"));
    }
    let ratio = checked_div(harvested.value(), seeded.value())?;
    Ok(Quantity::new(log2(ratio).ok_or(QuantityError::OutOfRange)?, Unit::Doubling))
}

/// The logarithm to base 2 of a positive number, exact to eight decimals, without floating point:
/// halve or double to between 1 and 2, then square repeatedly; each square tells one binary digit.
pub fn log2(number: Decimal) -> Option<Decimal> {
    const BINARY_DIGITS: u32 = 30;
    if number <= Decimal::ZERO {
        return None;
    }
    let half = Decimal::new(5, 1);
    let (mut rest, mut whole) = (number, Decimal::ZERO);
    while rest >= Decimal::TWO {
        rest = rest.checked_mul(half)?;
        whole = whole.checked_add(Decimal::ONE)?;
    }
    while rest < Decimal::ONE {
        rest = rest.checked_mul(Decimal::TWO)?;
        whole = whole.checked_sub(Decimal::ONE)?;
    }
    let (mut fraction, mut digit) = (Decimal::ZERO, Decimal::ONE);
    for _ in 0..BINARY_DIGITS {
        digit = digit.checked_mul(half)?;
        rest = rest.checked_mul(rest)?.round_dp(24);
        if rest >= Decimal::TWO {
            rest = rest.checked_mul(half)?;
            fraction = fraction.checked_add(digit)?;
        }
    }
    whole.checked_add(fraction).map(|sum| sum.round_dp(8))
}
