//! Filters for templates. `t` is the one door for words on the screen: the English text stays in
//! the template and is the key of the catalogue, so that another language is one more catalogue.
//!
//! Architecture invariant: a filter formats; it never looks anything up in the database.

#![expect(missing_docs, reason = "the attribute macro generates items it does not document")]

use std::borrow::Cow;

/// Translates a sentence of the screens. English is the source language, so it is its own answer.
#[askama::filter_fn]
pub fn t<'a>(text: &'a str, _values: &dyn askama::Values) -> askama::Result<Cow<'a, str>> {
    Ok(Cow::Borrowed(text))
}
