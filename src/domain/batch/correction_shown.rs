//! What a person sees before signing or verifying a correction. The signature covers exactly this.
//!
//! Neighbours: `correct` works out what follows; `shown` does the same for a step.
//!
//! Architecture invariant: made by one function for the page of who corrects, the page of who
//! verifies, and both use cases (21 CFR 11.70).

use super::correct::CorrectionAssessment;
use super::correction::{Changed, Corrected, Correction, Recheck};
use super::event::{Entry, Mark};
use super::progress::Procedure;
use super::shown::{arithmetic, break_text, posting_text, value, value_title};
use super::state::{Batch, Performance};
use super::values::Values;
use crate::domain::actor::Signature;
use crate::domain::id::{BatchNumber, ContentHash, Name};
use crate::domain::master_record::{HoldPoint, Limits, MasterRecord};
use serde::Serialize;

/// A changed value as shown: what it was, what it is, and how it stands to its limits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShownChange {
    /// Number and title of the step.
    pub step: String,
    /// Which repetition of it.
    pub occurrence: u32,
    /// What it is, in words.
    pub title: String,
    /// What it was.
    pub old: String,
    /// How that stood to its limits; none where there was no value.
    pub old_mark: Option<Mark>,
    /// What it is now.
    pub new: String,
    /// The action limit in words; empty without one.
    pub limit: String,
    /// How it stands to its limits.
    pub mark: Mark,
    /// Of a calculated value, the arithmetic.
    pub arithmetic: Option<String>,
}

/// A correction as shown before signing and before verifying.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CorrectionShown {
    /// The batch.
    pub batch: BatchNumber,
    /// Version of its master record.
    pub record: String,
    /// Hash of that version's text.
    pub record_hash: ContentHash,
    /// Number of the correction.
    pub number: u32,
    /// The step.
    pub step: Name,
    /// The corrected value.
    pub value: ShownChange,
    /// Why.
    pub because: String,
    /// What was calculated or judged anew.
    pub follows: Vec<ShownChange>,
    /// What it moves in the book, in words.
    pub postings: Vec<String>,
    /// Deviations it opens or opened, in words.
    pub deviations: Vec<String>,
    /// Signatures that do not cover all they signed any more, in words.
    pub not_covered: Vec<String>,
    /// Hold points that QA signed while the old value stood.
    pub hold_points: Vec<String>,
    /// Earlier corrections of the same value, oldest first.
    pub earlier: Vec<String>,
    /// Whether a second person has to look at it.
    pub recheck: Recheck,
    /// Who corrected it, on the page of the verifier.
    pub corrected_by: Option<String>,
}

/// What the person who corrects sees and signs.
pub fn correction_assessment_shown(
    record: &MasterRecord,
    assessment: &CorrectionAssessment,
) -> CorrectionShown {
    let deviations = assessment.broken.iter().map(|broken| break_text(&broken.found)).collect();
    let shown = Shown { batch: &assessment.after, record, corrected: &assessment.corrected };
    CorrectionShown { deviations, ..shown.base() }
}

/// What the verifier of a correction sees and signs.
pub fn correction_shown(
    batch: &Batch,
    record: &MasterRecord,
    correction: &Correction,
) -> CorrectionShown {
    let shown = Shown { batch, record, corrected: &correction.corrected };
    CorrectionShown {
        deviations: correction.deviations.iter().map(ToString::to_string).collect(),
        corrected_by: Some(correction.signature.manifestation()),
        ..shown.base()
    }
}

struct Shown<'a> {
    batch: &'a Batch,
    record: &'a MasterRecord,
    corrected: &'a Corrected,
}

impl Shown<'_> {
    fn base(&self) -> CorrectionShown {
        let corrected = self.corrected;
        let postings = corrected.booked.iter().flat_map(|one| &one.postings);
        CorrectionShown {
            batch: self.batch.number.clone(),
            record: self.record.record.key(),
            record_hash: self.record.record.hash.clone(),
            number: corrected.number,
            step: corrected.value.step.clone(),
            value: self.change(&corrected.value),
            because: corrected.because.clone(),
            follows: corrected.follows.iter().map(|changed| self.change(changed)).collect(),
            postings: postings.map(posting_text).collect(),
            deviations: Vec::new(),
            not_covered: self.not_covered(),
            hold_points: self.hold_points(),
            earlier: self.earlier(),
            recheck: corrected.recheck,
            corrected_by: None,
        }
    }

    fn step_text(&self, step: &Name) -> String {
        let title = self.record.step(step).map_or("", |step| step.title.as_str());
        format!("{} {title}", self.record.step_number(step))
    }

    fn change(&self, changed: &Changed) -> ShownChange {
        let (limit, arithmetic) = self.judged(changed).unwrap_or_default();
        ShownChange {
            step: self.step_text(&changed.step),
            occurrence: changed.occurrence,
            title: value_title(self.record, changed),
            old: changed.old_text(),
            old_mark: changed.old.as_ref().map(|old| old.mark),
            new: changed.new.value.text(),
            limit,
            mark: changed.new.mark,
            arithmetic,
        }
    }

    /// The limits of a changed value, and the arithmetic of a calculated one.
    fn judged(&self, changed: &Changed) -> Option<(String, Option<String>)> {
        let step = self.record.step(&changed.step)?;
        let performance = self.performance(changed)?;
        let own: Vec<Entry> =
            performance.values.iter().chain(&performance.calculated).cloned().collect();
        let (batch, record) = (self.batch, self.record);
        let known = Values { batch, record, step: &step.name, own, consumed: &[] };
        let limited = |limits: &Limits| value(&changed.new, "", limits, &known, None).limit;
        if let Some(field) = step.field(&changed.new.name) {
            return Some((limited(&field.limits), None));
        }
        let calculation = step.calculation(&changed.new.name)?;
        // What was corrected once more since is not what this correction calculated with.
        let current = performance.entries(&changed.new.name).any(|entry| *entry == changed.new);
        let item = changed.new.item.as_ref().map(|item| item.as_str());
        let arithmetic = current.then(|| arithmetic(calculation, &known, item));
        Some((limited(&calculation.limits), arithmetic))
    }

    fn performance(&self, changed: &Changed) -> Option<&Performance> {
        let own = |one: &&Performance| changed.is_of(&one.step, one.occurrence);
        self.batch.performances.iter().find(own)
    }

    /// The signatures given before this correction over what it changes.
    fn not_covered(&self) -> Vec<String> {
        let touched = self.batch.performances.iter().filter(|performance| {
            self.corrected
                .changes()
                .any(|changed| changed.is_of(&performance.step, performance.occurrence))
        });
        touched.flat_map(|performance| self.signatures_of(performance)).collect()
    }

    fn signatures_of(&self, performance: &Performance) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        let own = |changed: &&Changed| changed.is_of(&performance.step, performance.occurrence);
        for changed in self.corrected.changes().filter(own) {
            names.push(value_title(self.record, changed));
        }
        let (step, names) = (self.step_text(&performance.step), names.join(", "));
        let line = |signature: &Signature| {
            format!("{step}: {}. It does not cover: {names}", signature.manifestation())
        };
        let with_step = self.corrected.recheck == Recheck::WithStep;
        let verified = performance.verified.as_ref().filter(|_| !with_step);
        std::iter::once(&performance.signature).chain(verified).map(line).collect()
    }

    /// Hold points that stand behind a step this correction changes and were signed before it.
    fn hold_points(&self) -> Vec<String> {
        let procedure = Procedure::new(self.batch, self.record);
        let behind = |hold: &&HoldPoint| {
            self.corrected
                .changes()
                .any(|changed| procedure.comes_before(&changed.step, &hold.before))
        };
        let line = |hold: &HoldPoint| {
            let signature = self.batch.hold_points.get(&hold.name)?;
            Some(format!("{}: {}", hold.title, signature.manifestation()))
        };
        let before = self.batch.correction(self.corrected.number).map(|one| &one.signature);
        let earlier = |hold: &&HoldPoint| {
            let signed = self.batch.hold_points.get(&hold.name);
            signed.is_some_and(|signed| before.is_none_or(|own| signed.at <= own.at))
        };
        self.record.hold_points.iter().filter(behind).filter(earlier).filter_map(line).collect()
    }

    /// Earlier corrections of the same value.
    fn earlier(&self) -> Vec<String> {
        self.batch
            .corrections
            .iter()
            .filter(|one| one.corrected.number < self.corrected.number)
            .filter(|one| one.corrected.value.same_place(&self.corrected.value))
            .map(|one| {
                let Corrected { number, value, because, .. } = &one.corrected;
                let (old, new) = (value.old_text(), value.new.value.text());
                let by = one.signature.manifestation();
                format!("correction {number}: {old} → {new}; {because}; {by}")
            })
            .collect()
    }
}
