//! Specifications as data: what is measured, against which limit, rounded by which rule.
//!
//! Neighbours: `master_record` carries one [`Specification`] per test of a product; the request
//! keeps the copy it was made with, so that a later version changes nothing that is under way.
//!
//! Architecture invariant: no criterion of any product is written here; all limits are data
//! (regulations §5.3: the published sets differ).

use crate::domain::id::Name;
use crate::domain::quantity::{Quantity, Rounding, Unit, decimal_from_text, decimal_text};
use crate::domain::time::Span;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// What a test must show, by which method, in one version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Specification {
    /// Code of the specification, such as `SPEC-EQ-MSC-DOSE`.
    pub code: String,
    /// Version of the specification.
    pub version: u32,
    /// Method, such as `Ph. Eur. 2.6.27`.
    pub method: String,
    /// Version of the laboratory's method.
    pub method_version: u32,
    /// What is tested, such as `final product` or `culture supernatant`.
    pub matrix: String,
    /// What is measured, each with its limit. A result gives a value for every one.
    pub criteria: Vec<Criterion>,
    /// For growth-based methods: how long a negative must be incubated, and for how long an
    /// interim reading counts.
    pub incubation: Option<Incubation>,
    /// Whether the result may be pending at initial certification (ATMP-34 (a)).
    pub pending_allowed: bool,
    /// Whether the result stands on the certificate.
    pub on_certificate: bool,
}

/// The times of a growth-based method.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incubation {
    /// Shortest time from inoculation to a final negative (Ph. Eur. 2.6.1: 14 d).
    pub minimum: Span,
    /// Oldest interim reading that may support an initial certification (ATMP-34 (b)).
    pub interim_max_age: Span,
}

/// One measured thing and its limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Criterion {
    /// Name within the specification, such as `viability` or `cd73`.
    pub name: Name,
    /// Title as printed, such as `CD73 positive`.
    pub title: String,
    /// Unit of a number; `1` where there is none.
    pub unit: Unit,
    /// Decimals to which a number is rounded before it is compared.
    pub decimals: u32,
    /// The rule by which it is rounded.
    pub rounding: Rounding,
    /// What is acceptable.
    pub limit: Limit,
}

/// What is acceptable. Numbers are in the unit of the criterion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Limit {
    /// ≥ value.
    AtLeast {
        /// The bound, itself acceptable.
        #[serde(serialize_with = "decimal_text", deserialize_with = "decimal_from_text")]
        value: Decimal,
    },
    /// > value.
    Above {
        /// The bound, itself not acceptable.
        #[serde(serialize_with = "decimal_text", deserialize_with = "decimal_from_text")]
        value: Decimal,
    },
    /// ≤ value.
    AtMost {
        /// The bound, itself acceptable.
        #[serde(serialize_with = "decimal_text", deserialize_with = "decimal_from_text")]
        value: Decimal,
    },
    /// < value.
    Below {
        /// The bound, itself not acceptable.
        #[serde(serialize_with = "decimal_text", deserialize_with = "decimal_from_text")]
        value: Decimal,
    },
    /// From low to high, both acceptable.
    Range {
        /// The lower bound.
        #[serde(serialize_with = "decimal_text", deserialize_with = "decimal_from_text")]
        low: Decimal,
        /// The upper bound.
        #[serde(serialize_with = "decimal_text", deserialize_with = "decimal_from_text")]
        high: Decimal,
    },
    /// Exactly this text, letter case and outer spaces aside.
    Equals {
        /// The expected text.
        text: String,
    },
    /// Nothing detected: no growth, no organisms, not reactive.
    Negative,
    /// Any value; it is reported and judged by nobody.
    ReportOnly,
}

/// What was observed for one criterion, as observed: never rounded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Observation {
    /// A number with its unit.
    Number {
        /// The unrounded value.
        value: Quantity,
    },
    /// Words.
    Text {
        /// The words.
        text: String,
    },
    /// Nothing was detected.
    NotDetected,
    /// Something was detected.
    Detected {
        /// What, such as `Gram-positive cocci in both bottles`.
        finding: String,
    },
}

/// Whether an observation meets its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Within the specification, or only reported.
    Pass,
    /// Out of specification.
    Fail,
}

/// Why an observation cannot be judged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ObservationError {
    /// The kind of observation does not fit the limit.
    #[error("{title} is judged as '{limit}'; the entry does not say that. Enter it in that form")]
    WrongKind {
        /// Title of the criterion.
        title: String,
        /// The limit in words.
        limit: String,
    },
    /// The unit is not the one of the specification.
    #[error("{title} is specified in {expected}; the entry is in {given}. Enter it in {expected}")]
    WrongUnit {
        /// Title of the criterion.
        title: String,
        /// UCUM code of the specification.
        expected: &'static str,
        /// UCUM code of the entry.
        given: &'static str,
    },
}

impl Criterion {
    /// The number brought to the decimals of the specification, as it is compared and printed.
    pub fn rounded(&self, value: Quantity) -> Quantity {
        value.rounded(self.decimals, self.rounding)
    }

    /// Judges an observation after the stated rounding (regulations §5.3).
    pub fn judge(&self, observation: &Observation) -> Result<Verdict, ObservationError> {
        if let Observation::Number { value } = observation
            && value.unit() != self.unit
        {
            return Err(ObservationError::WrongUnit {
                title: self.title.clone(),
                expected: self.unit.code(),
                given: value.unit().code(),
            });
        }
        let met = match (&self.limit, observation) {
            (Limit::ReportOnly, _) => true,
            (Limit::Negative, Observation::NotDetected) => true,
            (Limit::Negative, Observation::Detected { .. }) => false,
            (Limit::Equals { text }, Observation::Text { text: seen }) => {
                text.trim().to_lowercase() == seen.trim().to_lowercase()
            }
            (limit, Observation::Number { value }) => {
                self.within(limit, self.rounded(*value).value()).ok_or_else(|| self.wrong_kind())?
            }
            _ => return Err(self.wrong_kind()),
        };
        Ok(if met { Verdict::Pass } else { Verdict::Fail })
    }

    /// The limit in words, such as `≥ 80 %`.
    pub fn limit_text(&self) -> String {
        let with_unit = |text: String| match self.unit.symbol() {
            "" => text,
            symbol => format!("{text} {symbol}"),
        };
        match &self.limit {
            Limit::AtLeast { value } => with_unit(format!("≥ {value}")),
            Limit::Above { value } => with_unit(format!("> {value}")),
            Limit::AtMost { value } => with_unit(format!("≤ {value}")),
            Limit::Below { value } => with_unit(format!("< {value}")),
            Limit::Range { low, high } => with_unit(format!("{low} – {high}")),
            Limit::Equals { text } => format!("“{text}”"),
            Limit::Negative => "negative".to_owned(),
            Limit::ReportOnly => "report".to_owned(),
        }
    }

    /// Whether the limit is judged on a number.
    pub fn is_numeric(&self) -> bool {
        matches!(
            self.limit,
            Limit::AtLeast { .. }
                | Limit::Above { .. }
                | Limit::AtMost { .. }
                | Limit::Below { .. }
                | Limit::Range { .. }
        )
    }

    fn within(&self, limit: &Limit, value: Decimal) -> Option<bool> {
        match limit {
            Limit::AtLeast { value: bound } => Some(value >= *bound),
            Limit::Above { value: bound } => Some(value > *bound),
            Limit::AtMost { value: bound } => Some(value <= *bound),
            Limit::Below { value: bound } => Some(value < *bound),
            Limit::Range { low, high } => Some(value >= *low && value <= *high),
            Limit::Equals { .. } | Limit::Negative | Limit::ReportOnly => None,
        }
    }

    fn wrong_kind(&self) -> ObservationError {
        ObservationError::WrongKind { title: self.title.clone(), limit: self.limit_text() }
    }
}

impl Observation {
    /// The observation in words, unrounded.
    pub fn text(&self) -> String {
        match self {
            Self::Number { value } => value.text(),
            Self::Text { text } => text.clone(),
            Self::NotDetected => "not detected".to_owned(),
            Self::Detected { finding } => format!("detected: {finding}"),
        }
    }
}
