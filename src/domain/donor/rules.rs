//! The dated rule set of donor eligibility, as data (DON-6).
//!
//! Neighbours: `verdict` applies a rule set to a donor; the text lives in `templates/rules`.
//!
//! Architecture invariant: no marker, window or question is named in code; all come from the rule
//! set that was in force on the day of the donation.

use crate::domain::donation::Tissue;
use crate::domain::id::{MaterialCode, Name};
use crate::domain::language::{Language, Wording};
use crate::domain::quantity::{Quantity, Unit, decimal_from_text};
use crate::domain::time::{Instant, Span, Zone};
use crate::domain::toml_lines::{FileError, Lines};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize};

/// A rule set by name and version, as a decision remembers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleSetRef {
    /// Its identity, such as `EU-2006-17`.
    pub id: String,
    /// Its version.
    pub version: u32,
}

/// A rule set.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleSet {
    /// Its identity.
    pub id: String,
    /// Its version.
    pub version: u32,
    /// Its title.
    pub title: String,
    /// The law or standard it states.
    pub source: String,
    /// First day on which it applies.
    #[serde(deserialize_with = "day")]
    pub valid_from: NaiveDate,
    /// First day on which it no longer applies.
    #[serde(default, deserialize_with = "optional_day")]
    pub valid_to: Option<NaiveDate>,
    /// Relations of the tested person to the donor that it accepts (DON-1).
    pub tested_persons: Vec<super::state::Relation>,
    /// What consent must cover.
    pub consent_scopes: Vec<super::state::Scope>,
    /// When the donation sample may be drawn (DON-3).
    pub window: Window,
    /// What banked material needs besides (DON-2).
    pub repeat: Repeat,
    /// The haemodilution question (DON-4).
    pub haemodilution: HaemodilutionRule,
    /// What holds for the patient's own cells (autologous use).
    pub autologous: Autologous,
    /// HLA typing.
    pub typing: Typing,
    /// Receipt of each tissue that is accepted.
    #[serde(rename = "receipt")]
    pub receipts: Vec<Receipt>,
    /// The markers.
    #[serde(rename = "marker")]
    pub markers: Vec<MarkerRule>,
    /// The exclusion criteria (DON-7).
    #[serde(rename = "question")]
    pub questions: Vec<Question>,
}

/// When the donation sample may be drawn, counted from the donation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Earliest, before the donation, without a repeat sample.
    pub before: Span,
    /// Latest, after the donation.
    pub after: Span,
    /// Earliest, before the donation, when a repeat sample is tested.
    pub before_with_repeat: Span,
}

/// What banked material needs besides the donation sample.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    /// Earliest time of the repeat sample after the donation.
    pub after: Span,
    /// Markers that make the repeat unnecessary when all are non-reactive in the donation sample.
    pub nat: Vec<Name>,
    /// Whether a validated inactivation step makes the repeat unnecessary.
    pub inactivation_exempts: bool,
}

/// The haemodilution question and its limit.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HaemodilutionRule {
    /// Blood, components or colloids count within this time before sampling.
    pub blood_or_colloids_within: Span,
    /// Crystalloids count within this time before sampling.
    pub crystalloids_within: Span,
    /// Largest acceptable dilution, `%`.
    #[serde(deserialize_with = "decimal_from_text")]
    pub dilution_maximum_percent: Decimal,
}

/// What holds when the donor is the patient (2006/17/EC Annex I 2.1): the same tests, but a
/// positive result does not necessarily prevent use.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Autologous {
    /// Whether a reactive or indeterminate marker excludes; else the label says so.
    pub reactive_excludes: bool,
    /// Whether an answer of the interview excludes; else the medical evaluation decides.
    pub history_excludes: bool,
    /// Whether banked material needs the repeat sample, NAT or inactivation.
    pub repeat: bool,
}

/// HLA typing of the donor.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Typing {
    /// The loci that are reported.
    pub loci: Vec<String>,
    /// The tissues whose donors are typed.
    pub required_for: Vec<Tissue>,
}

/// Receipt of a tissue.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// The tissue.
    pub tissue: Tissue,
    /// Earliest time of the donation sample before the donation, where it is not the set's.
    #[serde(default)]
    pub sample_before: Option<Span>,
    /// The starting material.
    pub material: MaterialCode,
    /// Its proper name, as labels print it.
    pub material_title: Wording,
    /// Lowest transport temperature, °C.
    #[serde(deserialize_with = "decimal_from_text")]
    pub temperature_low: Decimal,
    /// Highest transport temperature, °C.
    #[serde(deserialize_with = "decimal_from_text")]
    pub temperature_high: Decimal,
    /// Longest time from donation to receipt.
    pub transport_maximum: Span,
    /// How long after donation the tissue may be used.
    pub usable_for: Span,
}

impl Receipt {
    /// Lowest and highest transport temperature.
    pub fn temperatures(&self) -> (Quantity, Quantity) {
        (
            Quantity::new(self.temperature_low, Unit::Celsius),
            Quantity::new(self.temperature_high, Unit::Celsius),
        )
    }
}

/// When a marker must be tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Required {
    /// For every donor.
    Always,
    /// When the question `indicated_by` was answered with yes.
    IfIndicated,
    /// When another rule asks for it.
    IfAsked,
}

/// What a reactive result means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reactive {
    /// The donor is not eligible.
    Excludes,
    /// A signed risk assessment decides.
    Assess,
    /// The confirmatory marker decides.
    Confirm,
}

/// The rule of one marker.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarkerRule {
    /// Its name.
    pub name: Name,
    /// Its title.
    pub title: String,
    /// When it must be tested.
    pub required: Required,
    /// The question that indicates it.
    pub indicated_by: Option<Name>,
    /// Tissues for whose donors it must be tested in any case.
    #[serde(default)]
    pub always_for: Vec<Tissue>,
    /// What a reactive result means.
    pub reactive: Reactive,
    /// The marker that decides instead, for `confirm`.
    pub confirmed_by: Option<Name>,
    /// A marker that must be non-reactive for an assessment to be possible at all.
    pub with_negative: Option<Name>,
    /// First day of donation for which the row applies, if not the set's.
    #[serde(default, deserialize_with = "optional_day")]
    pub valid_from: Option<NaiveDate>,
    /// First day of donation for which the row no longer applies, if not the set's.
    #[serde(default, deserialize_with = "optional_day")]
    pub valid_to: Option<NaiveDate>,
}

/// What a `yes` means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Yes {
    /// The donor is not eligible.
    Excludes,
    /// A signed risk assessment decides.
    Assess,
    /// A further marker is needed.
    Indicates,
}

/// One exclusion criterion as a question.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Its name.
    pub name: Name,
    /// The question in words.
    pub text: String,
    /// What a `yes` means.
    pub yes: Yes,
    /// The relation of the tested person for which it is asked, if not for all.
    #[serde(default)]
    pub asked_of: Option<super::state::Relation>,
    /// First day of donation for which the row applies, if not the set's.
    #[serde(default, deserialize_with = "optional_day")]
    pub valid_from: Option<NaiveDate>,
    /// First day of donation for which the row no longer applies, if not the set's.
    #[serde(default, deserialize_with = "optional_day")]
    pub valid_to: Option<NaiveDate>,
}

/// Why no rule set can be applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// Two sets, or none, are in force on a day.
    #[error(
        "{count} donor rule sets are in force for a donation of {day}; there must be exactly one. \
         Have the rules of that day loaded"
    )]
    NotOneInForce {
        /// How many.
        count: usize,
        /// The day of the donation.
        day: NaiveDate,
    },
}

impl RuleSet {
    /// Reads a rule set and checks that its rows refer to each other rightly.
    ///
    /// # Errors
    /// The first thing that is wrong, with its line.
    pub fn parse(text: &str) -> Result<Self, FileError> {
        let at = Lines(text);
        let set: Self = toml::from_str(text).map_err(|error| at.syntax(&error))?;
        set.check().map_err(|(name, message)| {
            // What refers to nothing stands in the text nowhere but where it refers.
            let begin = text.find(&format!("\"{name}\"")).unwrap_or(0);
            at.error(&(begin..begin), message)
        })?;
        Ok(set)
    }

    /// Checks that the names of what is received are given in the language of a site's labels: a
    /// label is never in two languages.
    ///
    /// # Errors
    /// The first that is not, with its line in `text`, from which the set was read.
    pub fn check_language(&self, text: &str, language: Language) -> Result<(), FileError> {
        let lacking = self.receipts.iter().map(|receipt| &receipt.material_title);
        let lacking = lacking.filter(|title| title.in_language(language).is_none());
        lacking.take(1).try_for_each(|title| {
            let begin = text.find(&format!("{:?}", title.text())).unwrap_or(0);
            let remedy = title.with_room_for(language);
            let message = format!("labels here are in {}; write {remedy}", language.name());
            Err(Lines(text).error(&(begin..begin), message))
        })
    }

    /// How a decision remembers it.
    pub fn reference(&self) -> RuleSetRef {
        RuleSetRef { id: self.id.clone(), version: self.version }
    }

    /// The rule of a marker.
    pub fn marker(&self, name: &Name) -> Option<&MarkerRule> {
        self.markers.iter().find(|marker| marker.name == *name)
    }

    /// The question of a name.
    pub fn question(&self, name: &Name) -> Option<&Question> {
        self.questions.iter().find(|question| question.name == *name)
    }

    /// The marker rows that apply to a donation of that day.
    pub fn markers_on(&self, day: NaiveDate) -> impl Iterator<Item = &MarkerRule> {
        self.markers.iter().filter(move |row| applies(row.valid_from, row.valid_to, day))
    }

    /// The questions for a tested person that apply to a donation of that day.
    pub fn questions_on(
        &self,
        day: NaiveDate,
        of: super::state::Relation,
    ) -> impl Iterator<Item = &Question> {
        self.questions
            .iter()
            .filter(move |row| row.asked_of.is_none_or(|asked| asked == of))
            .filter(move |row| applies(row.valid_from, row.valid_to, day))
    }

    /// The rules of the receipt of a tissue.
    pub fn receipt(&self, tissue: Tissue) -> Option<&Receipt> {
        self.receipts.iter().find(|receipt| receipt.tissue == tissue)
    }

    fn check(&self) -> Result<(), (Name, String)> {
        let defined = |found: bool, name: &Name, what: &str| match found {
            true => Ok(()),
            false => Err((name.clone(), format!("there is no {what} of the name {name}"))),
        };
        let marker = |name: &Name| defined(self.marker(name).is_some(), name, "marker");
        self.repeat.nat.iter().try_for_each(marker)?;
        for row in &self.markers {
            row.confirmed_by.iter().chain(&row.with_negative).try_for_each(marker)?;
            let lacks = |field| Err((row.name.clone(), format!("this marker needs {field}")));
            if row.reactive == Reactive::Confirm && row.confirmed_by.is_none() {
                return lacks("confirmed_by");
            }
            match (&row.required, &row.indicated_by) {
                (Required::IfIndicated, Some(question)) => {
                    defined(self.question(question).is_some(), question, "question")?;
                }
                (Required::IfIndicated, None) => return lacks("indicated_by"),
                _ => {}
            }
        }
        Ok(())
    }
}

/// All rule sets that are loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleBook {
    sets: Vec<RuleSet>,
}

impl RuleBook {
    /// A book of these sets.
    pub fn new(sets: Vec<RuleSet>) -> Self {
        Self { sets }
    }

    /// The one set in force for a donation at that time, by the calendar of the zone.
    pub fn at(&self, donated_at: Instant, zone: Zone) -> Result<&RuleSet, RuleError> {
        let day = donated_at.date(zone);
        let mut found =
            self.sets.iter().filter(|set| applies(Some(set.valid_from), set.valid_to, day));
        match (found.next(), found.count()) {
            (Some(set), 0) => Ok(set),
            (first, more) => Err(RuleError::NotOneInForce {
                count: more.saturating_add(usize::from(first.is_some())),
                day,
            }),
        }
    }
}

fn applies(from: Option<NaiveDate>, to: Option<NaiveDate>, day: NaiveDate) -> bool {
    from.is_none_or(|from| day >= from) && to.is_none_or(|to| day < to)
}

fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveDate, D::Error> {
    let text = String::deserialize(deserializer)?;
    NaiveDate::parse_from_str(&text, "%Y-%m-%d")
        .map_err(|_| serde::de::Error::custom(format!("'{text}' is not a day, such as 2027-08-07")))
}

fn optional_day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<NaiveDate>, D::Error> {
    day(deserializer).map(Some)
}
