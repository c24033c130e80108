//! Exact quantities: a decimal number and a UCUM unit.
//!
//! Neighbours: `account` keeps books in them, `master_record` states limits in them.
//!
//! Architecture invariant: no floating point, and no rounding that was not asked for by name.

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// A unit of measure of this product's world, written by its UCUM code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    /// A pure number, `1`.
    One,
    /// Per cent, `%`.
    Percent,
    /// Millilitre, `mL`.
    Millilitre,
    /// Microlitre, `uL`.
    Microlitre,
    /// Million cells, `10*6`.
    MillionCells,
    /// Million cells per millilitre, `10*6/mL`.
    MillionCellsPerMillilitre,
    /// Million cells per kilogram of body weight, `10*6/kg`.
    MillionCellsPerKilogram,
    /// Millilitre per per cent of the body surface, `mL/%`.
    MillilitrePerPercent,
    /// Gram, `g`.
    Gram,
    /// Kilogram, `kg`.
    Kilogram,
    /// Centimetre, `cm`.
    Centimetre,
    /// Square centimetre, `cm2`.
    SquareCentimetre,
    /// Thousand cells per square centimetre, `10*3/cm2`.
    ThousandCellsPerSquareCentimetre,
    /// Degree Celsius, `Cel`.
    Celsius,
    /// Second, `s`.
    Second,
    /// Minute, `min`.
    Minute,
    /// Hour, `h`.
    Hour,
    /// Day, `d`.
    Day,
    /// Endotoxin unit per millilitre, `[EU]/mL`.
    EndotoxinPerMillilitre,
    /// Megabecquerel, `MBq`.
    Megabecquerel,
    /// Containers, `{container}`.
    Container,
    /// Labels, `{label}`.
    Label,
    /// Pieces, `{piece}`.
    Piece,
    /// Population doublings, `{doubling}`.
    Doubling,
}

impl Unit {
    /// Every unit, each with its UCUM code and the form on screens.
    pub const ALL: [(Self, &'static str, &'static str); 24] = [
        (Self::One, "1", ""),
        (Self::Percent, "%", "%"),
        (Self::Millilitre, "mL", "ml"),
        (Self::Microlitre, "uL", "µl"),
        (Self::MillionCells, "10*6", "×10⁶ cells"),
        (Self::MillionCellsPerMillilitre, "10*6/mL", "×10⁶/ml"),
        (Self::MillionCellsPerKilogram, "10*6/kg", "×10⁶ cells/kg"),
        (Self::MillilitrePerPercent, "mL/%", "ml/%"),
        (Self::Gram, "g", "g"),
        (Self::Kilogram, "kg", "kg"),
        (Self::Centimetre, "cm", "cm"),
        (Self::SquareCentimetre, "cm2", "cm²"),
        (Self::ThousandCellsPerSquareCentimetre, "10*3/cm2", "×10³/cm²"),
        (Self::Celsius, "Cel", "°C"),
        (Self::Second, "s", "s"),
        (Self::Minute, "min", "min"),
        (Self::Hour, "h", "h"),
        (Self::Day, "d", "d"),
        (Self::EndotoxinPerMillilitre, "[EU]/mL", "EU/ml"),
        (Self::Megabecquerel, "MBq", "MBq"),
        (Self::Container, "{container}", "containers"),
        (Self::Label, "{label}", "labels"),
        (Self::Piece, "{piece}", "pieces"),
        (Self::Doubling, "{doubling}", "doublings"),
    ];

    /// The UCUM code.
    pub fn code(self) -> &'static str {
        Self::ALL.iter().find(|(unit, ..)| *unit == self).map_or("1", |(_, code, _)| code)
    }

    /// The form on screens and paper, such as `×10⁶/ml`.
    pub fn symbol(self) -> &'static str {
        Self::ALL.iter().find(|(unit, ..)| *unit == self).map_or("", |(_, _, symbol)| symbol)
    }

    /// The unit of a UCUM code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, _)| *known == code).map(|(unit, ..)| *unit)
    }
}

impl Serialize for Unit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Unit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        Self::parse(&code)
            .ok_or_else(|| serde::de::Error::custom(format!("'{code}' is not a known UCUM unit")))
    }
}

/// How a number is brought to fewer decimals; always stated by a specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// Half away from zero: 0.25 → 0.3, the pharmacopoeia's rule.
    HalfUp,
    /// Towards zero.
    Down,
    /// Away from zero.
    Up,
}

/// Why a quantity cannot be made or computed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// The text is no decimal number.
    #[error("'{0}' is not a number; write digits with a point or comma, such as 1.50")]
    NotANumber(String),
    /// Two quantities of different kinds were brought together.
    #[error("a quantity in {left} and one in {right} cannot be combined")]
    UnitMismatch {
        /// UCUM code of the first.
        left: &'static str,
        /// UCUM code of the second.
        right: &'static str,
    },
    /// The result does not fit, or a division by zero was asked for.
    #[error("the calculation has no exact result that can be kept")]
    OutOfRange,
}

/// An exact decimal number with its unit. `1.50 mL` keeps its trailing zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Quantity {
    #[serde(serialize_with = "decimal_text", deserialize_with = "decimal_from_text")]
    value: Decimal,
    unit: Unit,
}

/// Writes a decimal as canonical text, so that no reader can take it for a float.
pub fn decimal_text<S: Serializer>(value: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// Reads what [`decimal_text`] wrote.
pub fn decimal_from_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_decimal(&text).map_err(serde::de::Error::custom)
}

/// Reads a decimal number; comma and point both separate, thin and plain spaces group.
pub fn parse_decimal(text: &str) -> Result<Decimal, QuantityError> {
    let not_a_number = || QuantityError::NotANumber(text.chars().take(40).collect());
    let cleaned: String = text
        .trim()
        .chars()
        .filter(|c| !matches!(c, ' ' | '\u{a0}' | '\u{2009}' | '\u{202f}'))
        .map(|c| if c == ',' { '.' } else { c })
        .collect();
    let body = cleaned.strip_prefix(['-', '+']).unwrap_or(&cleaned);
    let plain = !body.is_empty()
        && body.len() <= 28
        && body.chars().all(|c| c.is_ascii_digit() || c == '.')
        && body.chars().filter(|c| *c == '.').count() <= 1
        && body.chars().any(|c| c.is_ascii_digit())
        && !body.ends_with('.');
    if !plain {
        return Err(not_a_number());
    }
    Decimal::from_str(&cleaned).map_err(|_| not_a_number())
}

impl Quantity {
    /// A quantity of an exact number.
    pub fn new(value: Decimal, unit: Unit) -> Self {
        Self { value, unit }
    }

    /// A quantity of a whole number.
    pub fn whole(value: i64, unit: Unit) -> Self {
        Self { value: Decimal::from(value), unit }
    }

    /// Zero of a unit.
    pub fn zero(unit: Unit) -> Self {
        Self { value: Decimal::ZERO, unit }
    }

    /// Reads the number from text (see [`parse_decimal`]).
    pub fn parse(value: &str, unit: Unit) -> Result<Self, QuantityError> {
        parse_decimal(value).map(|value| Self { value, unit })
    }

    /// The number.
    pub fn value(self) -> Decimal {
        self.value
    }

    /// The unit.
    pub fn unit(self) -> Unit {
        self.unit
    }

    /// Whether the number is below zero.
    pub fn is_negative(self) -> bool {
        self.value < Decimal::ZERO
    }

    /// Whether the number is zero.
    pub fn is_zero(self) -> bool {
        self.value.is_zero()
    }

    /// The number with the sign turned.
    pub fn negated(self) -> Self {
        Self { value: Decimal::ZERO.saturating_sub(self.value), unit: self.unit }
    }

    /// Sum of two quantities of one unit.
    pub fn plus(self, other: Self) -> Result<Self, QuantityError> {
        self.same_unit(other)?;
        self.value
            .checked_add(other.value)
            .map(|value| Self { value, unit: self.unit })
            .ok_or(QuantityError::OutOfRange)
    }

    /// Difference of two quantities of one unit.
    pub fn minus(self, other: Self) -> Result<Self, QuantityError> {
        self.plus(other.negated())
    }

    /// The number times a pure number; the unit stays.
    pub fn times(self, factor: Decimal) -> Result<Self, QuantityError> {
        self.value
            .checked_mul(factor)
            .map(|value| Self { value: value.normalize(), unit: self.unit })
            .ok_or(QuantityError::OutOfRange)
    }

    /// Concentration × volume = cells, in any order of the two.
    pub fn cells_in(self, volume: Self) -> Result<Self, QuantityError> {
        match (self.unit, volume.unit) {
            (Unit::MillionCellsPerMillilitre, Unit::Millilitre) => self
                .value
                .checked_mul(volume.value)
                .map(|value| Self { value: value.normalize(), unit: Unit::MillionCells })
                .ok_or(QuantityError::OutOfRange),
            (Unit::Millilitre, Unit::MillionCellsPerMillilitre) => volume.cells_in(self),
            _ => Err(self.mismatch(volume)),
        }
    }

    /// Cells ÷ concentration = volume, unrounded (28 significant digits).
    pub fn volume_at(self, concentration: Self) -> Result<Self, QuantityError> {
        match (self.unit, concentration.unit) {
            (Unit::MillionCells, Unit::MillionCellsPerMillilitre) => self
                .value
                .checked_div(concentration.value)
                .map(|value| Self { value, unit: Unit::Millilitre })
                .ok_or(QuantityError::OutOfRange),
            _ => Err(self.mismatch(concentration)),
        }
    }

    /// This quantity as a share of `whole` in per cent, unrounded.
    pub fn percent_of(self, whole: Self) -> Result<Self, QuantityError> {
        self.same_unit(whole)?;
        self.value
            .checked_mul(Decimal::ONE_HUNDRED)
            .and_then(|value| value.checked_div(whole.value))
            .map(|value| Self { value, unit: Unit::Percent })
            .ok_or(QuantityError::OutOfRange)
    }

    /// The number brought to so many decimals by a stated rule, with trailing zeros kept.
    pub fn rounded(self, decimals: u32, rule: Rounding) -> Self {
        let strategy = match rule {
            Rounding::HalfUp => RoundingStrategy::MidpointAwayFromZero,
            Rounding::Down => RoundingStrategy::ToZero,
            Rounding::Up => RoundingStrategy::AwayFromZero,
        };
        let mut value = self.value.round_dp_with_strategy(decimals, strategy);
        value.rescale(decimals);
        Self { value, unit: self.unit }
    }

    /// Which is larger, for two quantities of one unit.
    pub fn compare(self, other: Self) -> Result<std::cmp::Ordering, QuantityError> {
        self.same_unit(other)?;
        Ok(self.value.cmp(&other.value))
    }

    /// The smaller of two quantities of one unit.
    pub fn min(self, other: Self) -> Result<Self, QuantityError> {
        Ok(if self.compare(other)?.is_le() { self } else { other })
    }

    /// The form on screens: `1.50 ml`, `1 container`.
    pub fn text(self) -> String {
        let one = self.value.scale() == 0 && self.value.abs() == Decimal::ONE;
        match (self.unit.symbol(), self.unit) {
            ("", _) => self.value.to_string(),
            (many, Unit::Container | Unit::Label | Unit::Piece) if one => {
                format!("{} {}", self.value, many.trim_end_matches('s'))
            }
            (symbol, _) => format!("{} {symbol}", self.value),
        }
    }

    fn same_unit(self, other: Self) -> Result<(), QuantityError> {
        if self.unit == other.unit { Ok(()) } else { Err(self.mismatch(other)) }
    }

    fn mismatch(self, other: Self) -> QuantityError {
        QuantityError::UnitMismatch { left: self.unit.code(), right: other.unit.code() }
    }
}

impl fmt::Display for Quantity {
    /// The number and the UCUM code: `1.50 mL`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.value, self.unit.code())
    }
}

impl FromStr for Quantity {
    type Err = QuantityError;

    /// Reads what `Display` wrote: `1.50 mL`; a bare number has the unit `1`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (number, unit) = text.trim().split_once(' ').unwrap_or((text, "1"));
        let unit = Unit::parse(unit.trim())
            .ok_or_else(|| QuantityError::NotANumber(text.chars().take(40).collect()))?;
        Self::parse(number, unit)
    }
}
