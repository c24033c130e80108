//! A correction of a value that was signed: what it says, what followed from it, and how it changes
//! the batch. The old value always stays (ATMP-3, 21 CFR 11.10(e)).
//!
//! Neighbours: `correct` decides what may be corrected and what follows; `correction_shown` is what
//! a signature covers.
//!
//! Architecture invariant: a correction adds to a batch and takes nothing away; every value,
//! posting and signature from before it is still in the events before it.

use super::event::Entry;
use super::state::{Batch, Performance};
use crate::domain::Recorded;
use crate::domain::account::Posting;
use crate::domain::actor::Signature;
use crate::domain::id::{ContainerCode, DeviationNumber, Name};
use crate::domain::time::Instant;
use serde::{Deserialize, Serialize};

/// A value of a performed step before and after a correction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// The step.
    pub step: Name,
    /// Which repetition of it.
    pub occurrence: u32,
    /// What stood there; none where an optional entry had been left out.
    pub old: Option<Entry>,
    /// What stands there now.
    pub new: Entry,
}

impl Changed {
    /// Whether both are about one and the same value of one performance.
    pub fn same_place(&self, other: &Self) -> bool {
        self.is_of(&other.step, other.occurrence)
            && self.new.name == other.new.name
            && self.new.item == other.new.item
    }

    /// Whether it is a value of this performance.
    pub fn is_of(&self, step: &Name, occurrence: u32) -> bool {
        self.step == *step && self.occurrence == occurrence
    }

    /// Whether the value is another, and not only how it stands to its limits.
    pub fn is_another(&self) -> bool {
        self.old.as_ref().is_none_or(|old| old.value != self.new.value)
    }

    /// The old value in words.
    pub fn old_text(&self) -> String {
        self.old.as_ref().map_or_else(|| "nothing entered".to_owned(), |old| old.value.text())
    }
}

/// Postings that bring the book to what it would be if the right value had been entered at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Booked {
    /// The step whose postings they correct.
    pub step: Name,
    /// Which repetition of it.
    pub occurrence: u32,
    /// The postings.
    pub postings: Vec<Posting>,
}

/// Whether a second person has to look at a correction (ATMP-4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recheck {
    /// No step it changes asks for a second person, and none is critical.
    NotNeeded,
    /// The step was not verified yet; who verifies it verifies the correction with it.
    WithStep,
    /// A second person verifies the correction; until then the batch is not complete.
    ByItself,
}

/// What a correction says: one value, why, and all that followed from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Corrected {
    /// Its number among the corrections of the batch, from 1.
    pub number: u32,
    /// The value that was corrected.
    pub value: Changed,
    /// Why.
    pub because: String,
    /// What was calculated or judged anew because of it, here and at later steps.
    pub follows: Vec<Changed>,
    /// What it moves in the book.
    pub booked: Vec<Booked>,
    /// Whether a second person has to look at it.
    pub recheck: Recheck,
}

impl Corrected {
    /// The corrected value first, then all that followed from it.
    pub fn changes(&self) -> impl Iterator<Item = &Changed> {
        std::iter::once(&self.value).chain(&self.follows)
    }

    /// Whether it changes anything of this performance.
    pub fn touches(&self, step: &Name, occurrence: u32) -> bool {
        self.changes().any(|changed| changed.is_of(step, occurrence))
            || self.booked.iter().any(|one| one.step == *step && one.occurrence == occurrence)
    }
}

/// A correction as the batch knows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Correction {
    /// What it says.
    pub corrected: Corrected,
    /// Deviations it opened.
    pub deviations: Vec<DeviationNumber>,
    /// Signature of who corrected.
    pub signature: Signature,
    /// When it was recorded.
    pub recorded_at: Instant,
    /// Signature of the second person.
    pub verified: Option<Signature>,
    /// Performances whose verification was signed before it, and does not cover it. It follows from
    /// the order of the events, and is not written down.
    #[serde(skip)]
    pub past_verification: Vec<(Name, u32)>,
}

impl Batch {
    /// The correction of a number.
    pub fn correction(&self, number: u32) -> Option<&Correction> {
        self.corrections.iter().find(|one| one.corrected.number == number)
    }

    /// Corrections that wait for a second person. One whose value was corrected once more waits no
    /// longer: the later one is verified in its place.
    pub fn waiting_corrections(&self) -> impl Iterator<Item = &Correction> {
        self.corrections.iter().filter(|one| {
            one.corrected.recheck == Recheck::ByItself
                && one.verified.is_none()
                && !self.is_superseded(one)
        })
    }

    /// Whether the same value was corrected once more later.
    pub fn is_superseded(&self, correction: &Correction) -> bool {
        self.corrections.iter().any(|other| {
            other.corrected.number > correction.corrected.number
                && other.corrected.value.same_place(&correction.corrected.value)
        })
    }

    /// The corrections that changed something of a performance, oldest first.
    pub fn corrections_of<'a>(
        &'a self,
        performance: &'a Performance,
    ) -> impl Iterator<Item = &'a Correction> {
        self.corrections
            .iter()
            .filter(|one| one.corrected.touches(&performance.step, performance.occurrence))
    }

    /// Every change of one value of a performance, oldest first, with its correction.
    pub fn history_of<'a>(
        &'a self,
        performance: &'a Performance,
        name: &'a Name,
        item: Option<&'a ContainerCode>,
    ) -> impl Iterator<Item = (&'a Correction, &'a Changed)> {
        let own = move |changed: &&Changed| {
            changed.is_of(&performance.step, performance.occurrence)
                && changed.new.name == *name
                && changed.new.item.as_ref() == item
                && changed.is_another()
        };
        self.corrections
            .iter()
            .flat_map(move |one| one.corrected.changes().filter(own).map(move |c| (one, c)))
    }

    /// Everything booked for a performance: what it posted, and what corrections posted after it.
    pub fn booked_for<'a>(
        &'a self,
        performance: &'a Performance,
    ) -> impl Iterator<Item = &'a Posting> {
        let later = self
            .corrections
            .iter()
            .flat_map(|one| &one.corrected.booked)
            .filter(|one| one.step == performance.step && one.occurrence == performance.occurrence)
            .flat_map(|one| &one.postings);
        performance.postings.iter().chain(later)
    }

    /// The values of a performance that its signatures do not cover any more: those changed since
    /// it was performed, or only those changed since it was verified (21 CFR 11.70).
    pub fn not_covered<'a>(
        &'a self,
        performance: &'a Performance,
        since_verified: bool,
    ) -> impl Iterator<Item = &'a Changed> {
        let key = (performance.step.clone(), performance.occurrence);
        self.corrections
            .iter()
            .filter(move |one| !since_verified || one.past_verification.contains(&key))
            .flat_map(|one| one.corrected.changes())
            .filter(|changed| changed.is_of(&performance.step, performance.occurrence))
    }

    /// Takes in a correction.
    pub(super) fn correct(
        &mut self,
        recorded: &Recorded,
        corrected: &Corrected,
        deviations: &[DeviationNumber],
        signature: &Signature,
    ) {
        let mut past_verification = Vec::new();
        for performance in &mut self.performances {
            for changed in corrected.changes() {
                if changed.is_of(&performance.step, performance.occurrence) {
                    performance.replace(&changed.new);
                }
            }
            let touched = corrected.touches(&performance.step, performance.occurrence);
            if touched && performance.verified.is_some() {
                past_verification.push((performance.step.clone(), performance.occurrence));
            }
        }
        for posting in corrected.booked.iter().flat_map(|one| &one.postings) {
            self.book.replay(posting);
        }
        self.corrections.push(Correction {
            corrected: corrected.clone(),
            deviations: deviations.to_vec(),
            signature: signature.clone(),
            recorded_at: recorded.at,
            verified: None,
            past_verification,
        });
    }

    /// Takes in the verification of a correction.
    pub(super) fn correction_verified(&mut self, number: u32, signature: &Signature) {
        let found = self.corrections.iter_mut().find(|one| one.corrected.number == number);
        if let Some(correction) = found {
            correction.verified = Some(signature.clone());
        }
    }

    /// Who verified a step verified the corrections made to it before.
    pub(super) fn corrections_verified_with(
        &mut self,
        step: &Name,
        occurrence: u32,
        signature: &Signature,
    ) {
        for correction in &mut self.corrections {
            let with_step = correction.corrected.recheck == Recheck::WithStep
                && correction.corrected.value.is_of(step, occurrence);
            if with_step && correction.verified.is_none() {
                correction.verified = Some(signature.clone());
            }
        }
    }
}

impl Performance {
    /// Puts an entry in the place of the one of the same name and container.
    pub(super) fn replace(&mut self, new: &Entry) {
        let same = |entry: &&mut Entry| entry.name == new.name && entry.item == new.item;
        match self.values.iter_mut().chain(&mut self.calculated).find(same) {
            Some(entry) => entry.clone_from(new),
            None => self.values.push(new.clone()),
        }
    }
}
