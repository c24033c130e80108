//! Sentences made of words that stand in the middle of other sentences.
//!
//! Architecture invariant: letters are changed, never words.

/// With a capital letter at the beginning.
#[must_use]
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    format!("{first}{}", letters.as_str())
}

/// As a sentence: a capital letter at the beginning and one full stop at the end.
#[must_use]
pub fn sentence(text: &str) -> String {
    format!("{}.", capital(text.trim().trim_end_matches('.')))
}
