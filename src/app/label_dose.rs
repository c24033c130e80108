//! What the label of a dose unit says by its protocol, in the language of the labels.
//!
//! Neighbours: [`super::label_data`] gathers the rest from the container; [`super::protocol_check`]
//! draws the same with a sample before anything is ordered.
//!
//! Architecture invariant: one function for the label that is printed and for the one that is
//! tried; what is not said in the language of the label refuses it.

use crate::domain::RefusalKind;
use crate::domain::id::Name;
use crate::domain::language::{Language, Wording};
use crate::domain::protocol::Protocol;
use crate::labels::{LabelData, Particular, Phrase};
use crate::store::Failure;

/// Words in the language of a label; `of` is what they are about.
///
/// # Errors
/// That they are not given in it.
pub(super) fn said<'w>(
    wording: &'w Wording,
    language: Language,
    of: &str,
) -> Result<&'w str, Failure> {
    wording.in_language(language).ok_or_else(|| {
        let text = format!(
            "\"{wording}\" of {of} is not given in {}, the language of this site's labels, and no \
             label is in two languages. Have it made by a text that gives it, as {}.",
            language.name(),
            wording.with_room_for(language)
        );
        Failure::refused("label_language ATMP-20", RefusalKind::Conflict, text)
    })
}

/// Adds the particulars of the trial (Regulation (EU) 536/2014 Annex VI) and the site or route of
/// the unit; `own` is what the cells themselves ask to be stated.
///
/// # Errors
/// That something is not said in the language of the label.
pub(super) fn by_protocol(
    label: LabelData,
    protocol: &Protocol,
    target: Option<&Name>,
    own: &[Phrase<'_>],
) -> Result<LabelData, Failure> {
    let language = label.language();
    let words = |wording| said(wording, language, protocol.id.as_str());
    let trial = &protocol.trial;
    let targets = protocol.dose.targets();
    let title = targets.iter().find(|(name, _)| target == Some(*name));
    let title = title.map(|(_, wording)| words(wording)).transpose()?;
    Ok(label
        .with(Particular::Target, title.unwrap_or_default())
        .with(Particular::Route, words(&trial.route)?)
        .with(Particular::Contact, words(&trial.contact)?)
        .with(Particular::Warning, warning(words(&trial.statement)?, own, language))
        .with(Particular::Storage, words(&trial.storage)?)
        .with(Particular::Trial, format!("{}, {}", trial.code, words(&trial.site)?)))
}

/// The statement of the trial, and what it does not say itself.
fn warning(statement: &str, own: &[Phrase<'_>], language: Language) -> String {
    let own = own.iter().map(|phrase| phrase.text(language));
    let own: Vec<String> = own.filter(|words| !statement.contains(words)).collect();
    if own.is_empty() {
        return statement.to_owned();
    }
    format!("{}. {}", statement.trim_end_matches('.'), own.join(". "))
}
