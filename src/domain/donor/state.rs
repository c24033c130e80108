//! What is known of a donor.

use super::event::{Answer, Haemodilution};
use super::verdict::Verdict;
use crate::domain::actor::Signature;
use crate::domain::disposition::Disposition;
use crate::domain::id::{Din, Login, Name, PatientCode};
use crate::domain::time::Instant;
use serde::{Deserialize, Serialize};

/// Who was interviewed and tested, seen from the donor (DON-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// The mother of the newborn donor.
    Mother,
    /// The donor.
    #[serde(rename = "self")]
    Donor,
}

impl Relation {
    /// Both relations with code and words.
    pub const ALL: [(Self, &'static str, &'static str); 2] =
        [(Self::Mother, "mother", "mother of the donor"), (Self::Donor, "self", "the donor")];

    /// The code in tables and forms.
    pub fn code(self) -> &'static str {
        Self::ALL.iter().find(|(relation, ..)| *relation == self).map_or("", |(_, code, _)| code)
    }

    /// The words on screens.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(relation, ..)| *relation == self).map_or("", |(.., word)| word)
    }

    /// The relation of a code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, _)| *known == code).map(|(relation, ..)| *relation)
    }
}

/// What a consent covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Donation and testing.
    Donation,
    /// Long-term storage.
    Storage,
    /// Manufacture of a cell product.
    Manufacture,
    /// Use in patients.
    ClinicalUse,
    /// Use in research.
    Research,
}

impl Scope {
    /// Every scope with code and words.
    pub const ALL: [(Self, &'static str, &'static str); 5] = [
        (Self::Donation, "donation", "donation and testing"),
        (Self::Storage, "storage", "long-term storage"),
        (Self::Manufacture, "manufacture", "manufacture of a cell product"),
        (Self::ClinicalUse, "clinical_use", "use in patients"),
        (Self::Research, "research", "use in research"),
    ];

    /// The code in tables and forms.
    pub fn code(self) -> &'static str {
        Self::ALL.iter().find(|(scope, ..)| *scope == self).map_or("", |(_, code, _)| code)
    }

    /// The words on screens.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(scope, ..)| *scope == self).map_or("", |(.., word)| word)
    }

    /// The scope of a code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, _)| *known == code).map(|(scope, ..)| *scope)
    }
}

/// A consent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Consent {
    /// Its number for this donor, from 1.
    pub number: u32,
    /// What it covers.
    pub scopes: Vec<Scope>,
    /// Version of the form that was signed.
    pub form_version: String,
    /// Where the signed paper is.
    pub document: String,
    /// When it was given.
    pub given_at: Instant,
    /// When and why it was withdrawn.
    pub withdrawn: Option<(Instant, String)>,
}

/// What a sample was drawn for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// The donation sample.
    Donation,
    /// The repeat sample, 180 days later.
    Repeat,
}

impl Purpose {
    /// Both purposes with code and words.
    pub const ALL: [(Self, &'static str, &'static str); 2] = [
        (Self::Donation, "donation", "donation sample"),
        (Self::Repeat, "repeat", "repeat sample"),
    ];

    /// The code in tables and forms.
    pub fn code(self) -> &'static str {
        Self::ALL.iter().find(|(purpose, ..)| *purpose == self).map_or("", |(_, code, _)| code)
    }

    /// The words on screens.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(purpose, ..)| *purpose == self).map_or("", |(.., word)| word)
    }

    /// The purpose of a code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, _)| *known == code).map(|(purpose, ..)| *purpose)
    }
}

/// A blood sample of the tested person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sample {
    /// Its number for this donor, from 1.
    pub number: u32,
    /// What it was drawn for.
    pub purpose: Purpose,
    /// When it was drawn.
    pub drawn_at: Instant,
    /// `serum` or `plasma` (Annex II 2.2).
    pub matrix: Matrix,
}

/// What is tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Matrix {
    /// Serum.
    Serum,
    /// Plasma.
    Plasma,
}

impl Matrix {
    /// The code, which is also the word on screens.
    pub fn code(self) -> &'static str {
        match self {
            Self::Serum => "serum",
            Self::Plasma => "plasma",
        }
    }

    /// The matrix of a code.
    pub fn parse(code: &str) -> Option<Self> {
        [Self::Serum, Self::Plasma].into_iter().find(|matrix| matrix.code() == code)
    }
}

/// What a marker test found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reaction {
    /// Not reactive; of a NAT, not detected.
    NonReactive,
    /// Reactive; of a NAT, detected.
    Reactive,
    /// Neither; the test must be repeated.
    Indeterminate,
}

impl Reaction {
    /// Every reaction with code and words.
    pub const ALL: [(Self, &'static str, &'static str); 3] = [
        (Self::NonReactive, "non_reactive", "non-reactive"),
        (Self::Reactive, "reactive", "reactive"),
        (Self::Indeterminate, "indeterminate", "indeterminate"),
    ];

    /// The code in tables and forms.
    pub fn code(self) -> &'static str {
        Self::ALL.iter().find(|(reaction, ..)| *reaction == self).map_or("", |(_, code, _)| code)
    }

    /// The words on screens.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(reaction, ..)| *reaction == self).map_or("", |(.., word)| word)
    }

    /// The reaction of a code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, _)| *known == code).map(|(reaction, ..)| *reaction)
    }
}

/// A marker result; all are kept and shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MarkerResult {
    /// The sample.
    pub sample: u32,
    /// The marker.
    pub marker: Name,
    /// What was found.
    pub reaction: Reaction,
    /// The laboratory.
    pub laboratory: String,
    /// The method and kit.
    pub method: String,
    /// The report.
    pub report: String,
    /// When the laboratory reported it.
    pub reported_at: Instant,
    /// When and by whom it was recorded.
    pub recorded: (Instant, Login),
}

/// A questionnaire with its answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Questionnaire {
    /// Version of the form.
    pub form_version: String,
    /// When the interview was.
    pub interviewed_at: Instant,
    /// Who interviewed.
    pub interviewed_by: Login,
    /// The answers.
    pub answers: Vec<Answer>,
    /// The haemodilution answers.
    pub haemodilution: Haemodilution,
}

/// A signed risk assessment of a reactive marker or a positive answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Assessment {
    /// The marker or the question.
    pub about: Name,
    /// Whether the risk is acceptable.
    pub acceptable: bool,
    /// The reasoning.
    pub reasoning: String,
    /// The signature.
    pub signature: Signature,
}

/// A decision on eligibility.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Eligibility {
    /// The donation it is about.
    pub donation: Din,
    /// Whether the donor is eligible.
    pub eligible: bool,
    /// The verdict with its evidence.
    pub verdict: Verdict,
    /// Remark.
    pub remark: String,
    /// The signature.
    pub signature: Signature,
}

/// What a laboratory reported of the HLA typing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Typed {
    /// Locus and alleles.
    pub alleles: Vec<(String, String)>,
    /// The laboratory.
    pub laboratory: String,
    /// The report's number.
    pub report: String,
    /// When it was reported.
    pub reported_at: Instant,
}

/// A donor, as its events tell.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Donor {
    /// The pseudonymous code.
    pub code: String,
    /// Number of events so far.
    pub version: u64,
    /// Pseudonymous reference of the tested person.
    pub tested_person: String,
    /// Relation of the tested person to the donor.
    pub relation: Relation,
    /// The only patient who may get cells of this donor (autologous use).
    pub recipient: Option<PatientCode>,
    /// When it was registered.
    pub registered_at: Instant,
    /// Consents, oldest first.
    pub consents: Vec<Consent>,
    /// Questionnaires, oldest first; the newest counts.
    pub questionnaires: Vec<Questionnaire>,
    /// Samples, oldest first.
    pub samples: Vec<Sample>,
    /// Marker results, oldest first.
    pub results: Vec<MarkerResult>,
    /// HLA typing, oldest first; the newest counts.
    pub typings: Vec<Typed>,
    /// Risk assessments, oldest first; the newest of a subject counts.
    pub assessments: Vec<Assessment>,
    /// The medical evaluation: whether acceptable, the remark, the signature.
    pub evaluation: Option<(bool, String, Signature)>,
    /// A validated inactivation step: its reference and the signature.
    pub inactivation: Option<(String, Signature)>,
    /// Decisions on eligibility, oldest first.
    pub decisions: Vec<Eligibility>,
    /// Whether the donor's material may be used.
    pub standing: Disposition,
    /// Why the standing is what it is.
    pub because: String,
}

impl Donor {
    /// The consent scopes that are given and not withdrawn.
    pub fn consented(&self) -> Vec<Scope> {
        let mut scopes: Vec<Scope> = self
            .consents
            .iter()
            .filter(|consent| consent.withdrawn.is_none())
            .flat_map(|consent| consent.scopes.iter().copied())
            .collect();
        scopes.sort_unstable();
        scopes.dedup();
        scopes
    }

    /// The sample of a number.
    pub fn sample(&self, number: u32) -> Option<&Sample> {
        self.samples.iter().find(|sample| sample.number == number)
    }

    /// Results of a marker in a sample.
    pub fn results_of<'a>(
        &'a self,
        sample: u32,
        marker: &'a Name,
    ) -> impl Iterator<Item = &'a MarkerResult> {
        self.results
            .iter()
            .filter(move |result| result.sample == sample && result.marker == *marker)
    }

    /// Markers with at least one reactive result, in any sample (DON-5: the biohazard flag).
    pub fn reactive_markers(&self) -> Vec<Name> {
        let mut markers: Vec<Name> = self
            .results
            .iter()
            .filter(|result| result.reaction == Reaction::Reactive)
            .map(|result| result.marker.clone())
            .collect();
        markers.sort();
        markers.dedup();
        markers
    }

    /// The newest risk assessment of a marker or question.
    pub fn assessment(&self, about: &Name) -> Option<&Assessment> {
        self.assessments.iter().rev().find(|assessment| assessment.about == *about)
    }
}
