//! One value, one text: RFC 8785 canonical JSON in the strict profile of this ledger.
//!
//! Strict means: no floating point at all, integers of at most 2^53 - 1 in magnitude (beyond
//! that the RFC maps two different numbers to one text, hence two facts to one hash), object
//! keys of `a-z`, `0-9` and `_` only, and text without control characters other than line feed
//! and tab. Decimals and instants travel as text.
//!
//! Architecture invariant: [`Canonical`] has no variant that could hold a float.

use std::collections::BTreeMap;

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::Value;

/// The largest magnitude an integer may have (2^53 - 1): the last one that every JSON reader
/// keeps exactly.
pub const INTEGER_MAX: i64 = 9_007_199_254_740_991;

/// A value that has exactly one canonical text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Canonical {
    /// The absent value.
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number, at most [`INTEGER_MAX`] in magnitude.
    Integer(i64),
    /// Text without forbidden control characters.
    Text(String),
    /// An ordered list.
    List(Vec<Canonical>),
    /// Named values; the order of names carries no meaning.
    Object(BTreeMap<String, Canonical>),
}

/// Why a value has no canonical text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CanonicalError {
    /// A floating point number was met.
    #[error("the number {0} is not whole; write decimals as text, for example \"1.50\"")]
    Float(String),
    /// An integer is larger than every JSON reader keeps exactly.
    #[error("the integer {0} is beyond 2^53 - 1; write it as text")]
    IntegerTooLarge(String),
    /// A name uses letters outside the profile.
    #[error("the name {0:?} may only use a-z, 0-9 and _")]
    Name(String),
    /// Text holds a control character.
    #[error("the text {0:?} holds a control character; only line feed and tab are allowed")]
    ControlCharacter(String),
    /// The text is not JSON, or the value cannot be written as JSON.
    #[error("this is not JSON of the ledger's profile: {0}")]
    NotJson(String),
    /// The text is JSON, but not in its one canonical form.
    #[error("the text is not in its canonical form (RFC 8785)")]
    NotCanonical,
}

impl Canonical {
    /// Takes any serialisable value into the strict profile.
    ///
    /// # Errors
    /// Refuses floats, integers beyond 2^53 - 1, names and text outside the profile.
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Result<Self, CanonicalError> {
        let json = serde_json::to_value(value)
            .map_err(|error| CanonicalError::NotJson(error.to_string()))?;
        Self::from_json(json)
    }

    /// Takes a JSON value into the strict profile.
    ///
    /// # Errors
    /// As [`Canonical::of`].
    pub fn from_json(json: Value) -> Result<Self, CanonicalError> {
        match json {
            Value::Null => Ok(Self::Null),
            Value::Bool(value) => Ok(Self::Bool(value)),
            Value::Number(number) => match (number.as_i64(), number.is_f64()) {
                (Some(value), _) if value.unsigned_abs() <= INTEGER_MAX.unsigned_abs() => {
                    Ok(Self::Integer(value))
                }
                (_, true) => Err(CanonicalError::Float(number.to_string())),
                _ => Err(CanonicalError::IntegerTooLarge(number.to_string())),
            },
            Value::String(text) => checked_text(text).map(Self::Text),
            Value::Array(values) => {
                values.into_iter().map(Self::from_json).collect::<Result<_, _>>().map(Self::List)
            }
            Value::Object(members) => members
                .into_iter()
                .map(|(name, value)| Ok((checked_name(name)?, Self::from_json(value)?)))
                .collect::<Result<_, _>>()
                .map(Self::Object),
        }
    }

    /// Reads a text that must already be in canonical form, byte for byte.
    ///
    /// # Errors
    /// [`CanonicalError::NotCanonical`] when the same value would be written differently, and
    /// every refusal of [`Canonical::of`].
    pub fn parse(text: &str) -> Result<Self, CanonicalError> {
        let json: Value = serde_json::from_str(text)
            .map_err(|error| CanonicalError::NotJson(error.to_string()))?;
        let value = Self::from_json(json)?;
        if value.to_text()? == text { Ok(value) } else { Err(CanonicalError::NotCanonical) }
    }

    /// The one canonical text of this value (RFC 8785).
    ///
    /// # Errors
    /// Refuses what a hand-built value may hold outside the profile.
    pub fn to_text(&self) -> Result<String, CanonicalError> {
        self.check()?;
        serde_json_canonicalizer::to_string(self)
            .map_err(|error| CanonicalError::NotJson(error.to_string()))
    }

    /// The same value as ordinary JSON, for typed reading with serde.
    #[must_use]
    pub fn into_json(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(value),
            Self::Integer(value) => Value::from(value),
            Self::Text(text) => Value::String(text),
            Self::List(values) => values.into_iter().map(Self::into_json).collect(),
            Self::Object(members) => Value::Object(
                members.into_iter().map(|(name, value)| (name, value.into_json())).collect(),
            ),
        }
    }

    fn check(&self) -> Result<(), CanonicalError> {
        match self {
            Self::Null | Self::Bool(_) => Ok(()),
            Self::Integer(value) if value.unsigned_abs() <= INTEGER_MAX.unsigned_abs() => Ok(()),
            Self::Integer(value) => Err(CanonicalError::IntegerTooLarge(value.to_string())),
            Self::Text(text) => check_text(text),
            Self::List(values) => values.iter().try_for_each(Self::check),
            Self::Object(members) => members.iter().try_for_each(|(name, value)| {
                check_name(name)?;
                value.check()
            }),
        }
    }
}

impl Serialize for Canonical {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Integer(value) => serializer.serialize_i64(*value),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(values) => {
                let mut sequence = serializer.serialize_seq(Some(values.len()))?;
                for value in values {
                    sequence.serialize_element(value)?;
                }
                sequence.end()
            }
            Self::Object(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (name, value) in members {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

fn checked_text(text: String) -> Result<String, CanonicalError> {
    check_text(&text).map(|()| text)
}

fn check_text(text: &str) -> Result<(), CanonicalError> {
    let forbidden = |c: char| c.is_control() && c != '\n' && c != '\t';
    if text.chars().any(forbidden) {
        return Err(CanonicalError::ControlCharacter(text.to_owned()));
    }
    Ok(())
}

fn checked_name(name: String) -> Result<String, CanonicalError> {
    check_name(&name).map(|()| name)
}

fn check_name(name: &str) -> Result<(), CanonicalError> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if name.is_empty() || !name.chars().all(allowed) {
        return Err(CanonicalError::Name(name.to_owned()));
    }
    Ok(())
}
