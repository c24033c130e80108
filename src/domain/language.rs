//! The languages of labels, and words that are given in one or several of them.
//!
//! A label is in an official language of the Member State (Regulation (EU) 536/2014 Art. 69).
//! Screens and records are in English; files for people may be in any of these languages.
//!
//! Neighbours: protocols, master records and donor rules give [`Wording`]s; the site says the
//! language of its labels; `labels` holds the program's own words.
//!
//! Architecture invariant: words are never shown as another language than the one they are in; what
//! is not given in a language is `None` there.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// A language in which labels can be printed.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub enum Language {
    /// English, the language of the screens.
    #[default]
    #[serde(rename = "en")]
    English,
    /// Slovenian.
    #[serde(rename = "sl")]
    Slovenian,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 2] = [Self::English, Self::Slovenian];

    /// Every language by its code, for readers of closed sets.
    pub const CODES: [(&'static str, Self); 2] = [("en", Self::English), ("sl", Self::Slovenian)];

    /// ISO 639-1 code, such as `sl`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Slovenian => "sl",
        }
    }

    /// Its name on screens.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Slovenian => "Slovenian",
        }
    }

    /// The language of a code.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::CODES.iter().find(|(known, _)| *known == code).map(|(_, language)| *language)
    }
}

/// Words in at least one language.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<Language, String>", into = "BTreeMap<Language, String>")]
pub struct Wording {
    words: BTreeMap<Language, String>,
}

/// Why words cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("words in no language, or empty ones; write {{ en = \"…\", sl = \"…\" }}")]
pub struct NoWords;

impl Wording {
    /// Words in one language.
    #[must_use]
    pub fn new(language: Language, words: &str) -> Self {
        Self { words: BTreeMap::from([(language, words.to_owned())]) }
    }

    /// Words in English only.
    #[must_use]
    pub fn english(words: &str) -> Self {
        Self::new(Language::English, words)
    }

    /// The same, said in one more language.
    #[must_use]
    pub fn and(mut self, language: Language, words: &str) -> Self {
        self.words.insert(language, words.to_owned());
        self
    }

    /// The words for screens: in English where they are given so.
    #[must_use]
    pub fn text(&self) -> &str {
        self.words.values().next().map_or("", String::as_str)
    }

    /// The words in a language; `None` where they are not given in it.
    #[must_use]
    pub fn in_language(&self, language: Language) -> Option<&str> {
        self.words.get(&language).map(String::as_str)
    }

    /// The words in the languages that screens do not show.
    pub fn others(&self) -> impl Iterator<Item = (Language, &str)> {
        self.words.iter().skip(1).map(|(language, words)| (*language, words.as_str()))
    }

    /// How a file says it so that a further language can be filled in.
    #[must_use]
    pub fn with_room_for(&self, language: Language) -> String {
        let given = self.words.iter().map(|(known, words)| format!("{} = {words:?}", known.code()));
        let wanted = format!("{} = \"…\"", language.code());
        let parts: Vec<String> = given.chain([wanted]).collect();
        format!("{{ {} }}", parts.join(", "))
    }
}

impl fmt::Display for Wording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl TryFrom<BTreeMap<Language, String>> for Wording {
    type Error = NoWords;

    fn try_from(words: BTreeMap<Language, String>) -> Result<Self, NoWords> {
        if words.is_empty() || words.values().any(|words| words.trim().is_empty()) {
            return Err(NoWords);
        }
        Ok(Self { words })
    }
}

impl From<Wording> for BTreeMap<Language, String> {
    fn from(wording: Wording) -> Self {
        wording.words
    }
}
