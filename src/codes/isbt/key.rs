//! Product identity: what ISBT 128 says about one physical unit (ST-001; regulations §1.5).
//!
//! A unit is named by donation number, product code and division together, and by the facility
//! that assigned the product code where that is another one than the donation number's.
//!
//! Architecture invariant: an identity is whole or there is none. A division `99` without
//! structure 032, two donations, or two products in one text have no identity.

use std::fmt;

use super::{Element, ProductCode};
use crate::codes::CodeError;
use crate::domain::id::Din;

/// What names one unit in the world.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProductKey {
    facility: Option<String>,
    din: Din,
    description: String,
    division: String,
}

impl ProductKey {
    /// The identity that the elements of a scan give together. Refuses when one is missing, when
    /// one occurs twice, and when the division is said twice or not at all.
    pub fn of(elements: &[Element]) -> Result<Self, CodeError> {
        let din = only(elements, "donation number", |element| match element {
            Element::Din { din, .. } => Some(din.clone()),
            _ => None,
        })?
        .ok_or(refusal("it has no donation number"))?;
        let code = only(elements, "product code", |element| match element {
            Element::Product(code) => Some(code.clone()),
            _ => None,
        })?;
        let processor = only(elements, "processing facility", |element| match element {
            Element::Other { structure, content } if matches!(structure.number, 33 | 34) => {
                Some((structure.number, content.clone()))
            }
            _ => None,
        })?;
        let divisions = only(elements, "division", |element| match element {
            Element::Divisions(divisions) => Some(divisions.to_string()),
            _ => None,
        })?;
        let assigned = processor.as_ref().and_then(|(_, content)| content.get(..5));
        let facility = assigned.filter(|fin| *fin != din.facility()).map(str::to_owned);
        let processed = processor.as_ref().filter(|(number, _)| *number == 34);
        let (description, division) = match (&code, processed) {
            (Some(code), None) => (code.description().to_owned(), division(code, divisions)?),
            (None, Some((_, content))) => {
                let description = content.get(11..).unwrap_or("").to_owned();
                (description, divisions.unwrap_or_else(|| "000000".to_owned()))
            }
            (Some(_), Some(_)) => return Err(refusal("it has two product codes")),
            (None, None) => return Err(refusal("it has no product code")),
        };
        Ok(Self { facility, din, description, division })
    }

    /// Facility that assigned the product code; `None` when it is that of the donation number.
    #[must_use]
    pub fn facility(&self) -> Option<&str> {
        self.facility.as_deref()
    }

    /// Donation number; of a pool, its own.
    #[must_use]
    pub fn din(&self) -> &Din {
        &self.din
    }

    /// Product description code, five characters.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// Two characters of the product code, or six of structure 032.
    #[must_use]
    pub fn division(&self) -> &str {
        &self.division
    }
}

impl fmt::Display for ProductKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(facility) = &self.facility {
            write!(f, "{facility} ")?;
        }
        write!(f, "{} {} {}", self.din, self.description, self.division)
    }
}

fn refusal(reason: &'static str) -> CodeError {
    CodeError::Identity { reason }
}

/// The one element of a kind; none is no error, two different ones are.
fn only<T: PartialEq>(
    elements: &[Element],
    what: &'static str,
    pick: fn(&Element) -> Option<T>,
) -> Result<Option<T>, CodeError> {
    let mut found = elements.iter().filter_map(pick);
    let first = found.next();
    if found.any(|other| Some(&other) != first.as_ref()) {
        return Err(match what {
            "donation number" => refusal("it has two donation numbers"),
            "product code" => refusal("it has two product codes"),
            "division" => refusal("it has two divisions"),
            _ => refusal("it has two processing facilities"),
        });
    }
    Ok(first)
}

/// ST-001 §003: `99` and structure 032 come together or not at all.
fn division(code: &ProductCode, divisions: Option<String>) -> Result<String, CodeError> {
    match (code.division().needs_divisions(), divisions) {
        (true, Some(divisions)) => Ok(divisions),
        (true, None) => Err(refusal("its division 99 needs structure 032; scan that symbol too")),
        (false, None) => Ok(code.division().to_string()),
        (false, Some(_)) => Err(refusal("it says a division twice, in 003 and in 032")),
    }
}
