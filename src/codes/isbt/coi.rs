//! Chain of Identity Identifier (ISBT 128 data structure 040, ST-028).
//!
//! Links everything that belongs to one patient therapy event. Here it starts at the order.
//!
//! Architecture invariant: it is added to the donation number and never replaces it.

use super::din::{is_facility_letter, is_first};
use crate::codes::{CodeError, mod37};
use crate::domain::id::CoiId;

const WHAT: &str = "chain-of-identity identifier";
/// Length in characters: `CH`, facility (5), year (2), six of `A-Z0-9`.
pub(crate) const LENGTH: usize = 15;

/// Reads the fifteen characters after `&/`, without check character.
pub fn read_coi(text: &str) -> Result<CoiId, CodeError> {
    if text.chars().count() != LENGTH || !text.starts_with("CH") {
        return Err(CodeError::malformed(WHAT, text, "it is CH and 13 characters"));
    }
    for (position, symbol) in text.chars().enumerate().skip(2) {
        let fits = match position {
            2 => is_first(symbol),
            3 | 4 => is_facility_letter(symbol),
            5..=8 => symbol.is_ascii_digit(),
            _ => symbol.is_ascii_uppercase() || symbol.is_ascii_digit(),
        };
        if !fits {
            let reason = format!("{symbol:?} cannot stand at position {}", position + 1);
            return Err(CodeError::malformed(WHAT, text, reason));
        }
    }
    CoiId::parse(text).map_err(|error| CodeError::malformed(WHAT, text, error.to_string()))
}

/// Reads fifteen characters and the check character after them (16 in all).
pub fn read_coi_checked(text: &str) -> Result<CoiId, CodeError> {
    if text.chars().count() != LENGTH + 1 {
        let reason = "it is CH, 13 characters and one check character";
        return Err(CodeError::malformed(WHAT, text, reason));
    }
    let id = read_coi(text.get(..LENGTH).unwrap_or(text))?;
    if mod37::verifies(text) { Ok(id) } else { Err(CodeError::check(WHAT, text)) }
}

impl CoiId {
    /// The check character that must be printed with it, over all fifteen characters.
    #[must_use]
    pub fn check_character(&self) -> char {
        mod37::check_character(self.as_str()).unwrap_or('*')
    }

    /// Content of the symbol: `&/` + 15.
    #[must_use]
    pub fn symbol(&self) -> String {
        format!("&/{self}")
    }

    /// As printed, with its check character after a space.
    #[must_use]
    pub fn printed(&self) -> String {
        format!("{self} {}", self.check_character())
    }
}
