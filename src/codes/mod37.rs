//! ISO/IEC 7064 MOD 37-2: the keyboard-entry check character of ISBT 128.
//!
//! Used by [`crate::codes::isbt`] for donation numbers and chain-of-identity identifiers. The same
//! calculation appears with two digits in the Basic UDI-DI.
//!
//! Architecture invariant: only upper-case letters and digits are ever checked; a structure that
//! may hold lower case (product code, Single European Code) has no check character by the
//! standard, and this module refuses to invent one.

const ALPHABET: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*";

fn value_of(symbol: char) -> Option<u32> {
    ALPHABET.chars().zip(0..).find_map(|(c, value)| (c == symbol).then_some(value))
}

/// Value 0–36 of the check character over `text`; `None` when `text` holds anything but `0-9A-Z`.
#[must_use]
pub fn check_value(text: &str) -> Option<u32> {
    let mut sum: u32 = 0;
    for symbol in text.chars() {
        if symbol == '*' {
            return None;
        }
        sum = (sum + value_of(symbol)?) * 2 % 37;
    }
    Some((38 - sum) % 37)
}

/// The check character K over `text` (`0-9A-Z*`); `None` as for [`check_value`].
#[must_use]
pub fn check_character(text: &str) -> Option<char> {
    let value = check_value(text)?;
    ALPHABET.chars().zip(0..).find_map(|(c, v)| (v == value).then_some(c))
}

/// True when the last character of `text` is the check character over the rest.
#[must_use]
pub fn verifies(text: &str) -> bool {
    let mut symbols = text.chars();
    match symbols.next_back() {
        Some(check) => check_character(symbols.as_str()) == Some(check),
        None => false,
    }
}
