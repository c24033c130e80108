//! What is known of a batch, and how each event changes it.

use super::correction::Correction;
use super::ending::{EndAct, Settled};
use super::event::{Consumed, Entry, Event, Produced, number_of};
use crate::domain::account::{Book, Posting};
use crate::domain::actor::Signature;
use crate::domain::id::{
    AssetId, BatchNumber, ContainerCode, DeviationNumber, Din, DonorCode, Login, LotId,
    MaterialCode, Name, OrderNumber, PatientCode,
};
use crate::domain::master_record::RecordRef;
use crate::domain::protocol::DoseUnit;
use crate::domain::time::Instant;
use crate::domain::{Aggregate, Recorded};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How a batch stands, as far as production goes; release goes on from there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchState {
    /// Steps are being performed.
    InProcess,
    /// Everything mandatory is done; it waits for review.
    PendingReview,
    /// It was given up.
    Aborted,
}

impl BatchState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::InProcess, Self::PendingReview, Self::Aborted];

    /// The code in tables.
    pub fn code(self) -> &'static str {
        match self {
            Self::InProcess => "in_process",
            Self::PendingReview => "pending_review",
            Self::Aborted => "aborted",
        }
    }

    /// The words on screens.
    pub fn words(self) -> &'static str {
        match self {
            Self::InProcess => "in process",
            Self::PendingReview => "pending review",
            Self::Aborted => "aborted",
        }
    }
}

/// One performance of a step.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Performance {
    /// The step.
    pub step: Name,
    /// Which repetition of it, from 1.
    pub occurrence: u32,
    /// What was entered.
    pub values: Vec<Entry>,
    /// What was calculated.
    pub calculated: Vec<Entry>,
    /// Lots used.
    pub materials: Vec<LotId>,
    /// Equipment used.
    pub equipment: Vec<AssetId>,
    /// Containers used up.
    pub consumed: Vec<Consumed>,
    /// Containers made.
    pub produced: Vec<Produced>,
    /// What it moved in the book.
    pub postings: Vec<Posting>,
    /// Deviations it opened.
    pub deviations: Vec<DeviationNumber>,
    /// When it was performed.
    pub performed_at: Instant,
    /// When it was recorded.
    pub recorded_at: Instant,
    /// Why it was recorded later than performed.
    pub late_because: Option<String>,
    /// Signature of who performed it.
    pub signature: Signature,
    /// Signature of who verified it.
    pub verified: Option<Signature>,
}

impl Performance {
    /// The entries of a field or calculation.
    pub fn entries<'a>(&'a self, name: &'a Name) -> impl Iterator<Item = &'a Entry> {
        self.values.iter().chain(&self.calculated).filter(move |entry| entry.name == *name)
    }
}

/// Something foreign that was found at a line clearance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Foreign {
    /// The line clearance.
    pub step: Name,
    /// The code as read.
    pub item: String,
    /// What it is, in words.
    pub what: String,
    /// Why it may not be there.
    pub because: String,
    /// The deviation it opened.
    pub deviation: DeviationNumber,
    /// When it was found, and by whom.
    pub found: (Instant, Login),
    /// Where it was taken, when and by whom.
    pub removed: Option<(String, Instant, Login)>,
}

/// How a batch ended without being certified.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SettledBatch {
    /// How it ended.
    pub act: EndAct,
    /// Why.
    pub because: String,
    /// What was open, and what became of each.
    pub items: Vec<Settled>,
    /// What that moved in the book.
    pub postings: Vec<Posting>,
    /// Who decided.
    pub signature: Signature,
    /// Who saw what was destroyed.
    pub witness: Option<Signature>,
}

/// A batch, as its events tell.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Batch {
    /// Its number.
    pub number: BatchNumber,
    /// Number of events so far.
    pub version: u64,
    /// Identity, version and hash of the master record.
    pub record: RecordRef,
    /// The text of that version; written down by its hash.
    #[serde(skip)]
    pub text: String,
    /// Title of the master record.
    pub title: String,
    /// The material it makes.
    pub product: MaterialCode,
    /// The order it is made for.
    pub order: Option<OrderNumber>,
    /// The patient code of that order.
    pub patient: Option<PatientCode>,
    /// The dose units of that order.
    pub dose_units: Vec<DoseUnit>,
    /// Its own donation identification number, where it is a pool.
    pub own_din: Option<Din>,
    /// How it stands.
    pub state: BatchState,
    /// When it was started.
    pub started_at: Instant,
    /// By whom.
    pub started_by: Login,
    /// Every performance, in the order recorded.
    pub performances: Vec<Performance>,
    /// Corrections of signed values, oldest first.
    pub corrections: Vec<Correction>,
    /// What was found at line clearances and did not belong there, oldest first.
    pub foreign: Vec<Foreign>,
    /// Hold points signed.
    pub hold_points: BTreeMap<Name, Signature>,
    /// The book; written down by the postings it is made of.
    #[serde(skip)]
    pub book: Book,
    /// When it was completed.
    pub completed_at: Option<Instant>,
    /// What became of everything that was open when it ended without being certified.
    pub settled: Option<SettledBatch>,
    /// Why and by whom it was given up.
    pub aborted: Option<(String, Signature)>,
}

impl Batch {
    /// The performances of a step, first to last.
    pub fn of_step<'a>(&'a self, step: &'a Name) -> impl Iterator<Item = &'a Performance> {
        self.performances.iter().filter(move |performance| performance.step == *step)
    }

    /// The last performance of a step.
    pub fn last_of(&self, step: &Name) -> Option<&Performance> {
        self.performances.iter().rfind(|performance| performance.step == *step)
    }

    /// How often a step was performed.
    pub fn count_of(&self, step: &Name) -> u32 {
        u32::try_from(self.of_step(step).count()).unwrap_or(u32::MAX)
    }

    /// What is still on the line at a clearance and does not belong there.
    pub fn foreign_on<'a>(&'a self, step: &'a Name) -> impl Iterator<Item = &'a Foreign> {
        self.foreign.iter().filter(move |found| found.step == *step && found.removed.is_none())
    }

    /// Every container it used up.
    pub fn consumed(&self) -> impl Iterator<Item = &Consumed> {
        self.performances.iter().flat_map(|performance| &performance.consumed)
    }

    /// Every container it made.
    pub fn produced(&self) -> impl Iterator<Item = &Produced> {
        self.performances.iter().flat_map(|performance| &performance.produced)
    }

    /// What it made and has not used up itself, of one output.
    pub fn at_hand<'a>(&'a self, output: &'a Name) -> impl Iterator<Item = &'a Produced> {
        let used: BTreeSet<ContainerCode> =
            self.consumed().map(|consumed| consumed.container.clone()).collect();
        self.produced().filter(move |produced| {
            produced.output == *output && !used.contains(&produced.container)
        })
    }

    /// The donors of everything it used.
    pub fn donors(&self) -> BTreeSet<DonorCode> {
        self.consumed().flat_map(|consumed| consumed.donors.iter().cloned()).collect()
    }

    /// Its donation identification number: its own, or that of what it is made of.
    pub fn din(&self) -> Option<&Din> {
        self.own_din.as_ref().or_else(|| self.consumed().find_map(|c| c.din.as_ref()))
    }
}

impl Aggregate for Batch {
    type Event = Event;

    const KIND: &'static str = "batch";

    fn own(event: &crate::domain::Event) -> Option<&Event> {
        Self::own_event(event)
    }

    fn apply(state: Option<Self>, recorded: &Recorded, event: &Event) -> Option<Self> {
        let Some(mut batch) = state else {
            return Self::started(recorded, event);
        };
        batch.version = recorded.version;
        match event {
            Event::Started { .. } => {}
            Event::StepPerformed { .. } => batch.performed(recorded, event),
            Event::StepVerified { step, occurrence, signature } => {
                let verified = batch
                    .performances
                    .iter_mut()
                    .find(|p| p.step == *step && p.occurrence == *occurrence);
                if let Some(performance) = verified {
                    performance.verified = Some(signature.clone());
                }
                batch.corrections_verified_with(step, *occurrence, signature);
            }
            Event::ValueCorrected { corrected, deviations, signature } => {
                batch.correct(recorded, corrected, deviations, signature);
            }
            Event::CorrectionVerified { number, signature } => {
                batch.correction_verified(*number, signature);
            }
            Event::ForeignItemFound { .. } | Event::ForeignItemRemoved { .. } => {
                batch.cleared(recorded, event);
            }
            Event::HoldPointSigned { hold_point, signature } => {
                batch.hold_points.insert(hold_point.clone(), signature.clone());
            }
            Event::Completed { .. } => {
                batch.state = BatchState::PendingReview;
                batch.completed_at = Some(recorded.at);
            }
            Event::Settled { act, because, items, postings, signature, witness } => {
                for posting in postings {
                    batch.book.replay(posting);
                }
                batch.settled = Some(SettledBatch {
                    act: *act,
                    because: because.clone(),
                    items: items.clone(),
                    postings: postings.clone(),
                    signature: signature.clone(),
                    witness: witness.clone(),
                });
            }
            Event::Aborted { because, signature } => {
                batch.state = BatchState::Aborted;
                batch.aborted = Some((because.clone(), signature.clone()));
            }
        }
        Some(batch)
    }
}

impl Batch {
    fn started(recorded: &Recorded, event: &Event) -> Option<Self> {
        let Event::Started { record, text, title, product, order, patient, dose_units, din } =
            event
        else {
            return None;
        };
        Some(Self {
            number: number_of(recorded.stream.id())?,
            version: recorded.version,
            record: record.clone(),
            text: text.clone(),
            title: title.clone(),
            product: product.clone(),
            order: order.clone(),
            patient: patient.clone(),
            dose_units: dose_units.clone(),
            own_din: din.clone(),
            state: BatchState::InProcess,
            started_at: recorded.at,
            started_by: recorded.actor.clone(),
            performances: Vec::new(),
            corrections: Vec::new(),
            foreign: Vec::new(),
            hold_points: BTreeMap::new(),
            book: Book::default(),
            completed_at: None,
            settled: None,
            aborted: None,
        })
    }

    fn cleared(&mut self, recorded: &Recorded, event: &Event) {
        match event {
            Event::ForeignItemFound { step, item, what, because, deviation } => {
                self.foreign.push(Foreign {
                    step: step.clone(),
                    item: item.clone(),
                    what: what.clone(),
                    because: because.clone(),
                    deviation: deviation.clone(),
                    found: (recorded.at, recorded.actor.clone()),
                    removed: None,
                });
            }
            Event::ForeignItemRemoved { step, item, to } => {
                let there = |found: &&mut Foreign| {
                    found.step == *step && found.item == *item && found.removed.is_none()
                };
                if let Some(found) = self.foreign.iter_mut().find(there) {
                    found.removed = Some((to.clone(), recorded.at, recorded.actor.clone()));
                }
            }
            _ => {}
        }
    }

    fn performed(&mut self, recorded: &Recorded, event: &Event) {
        let Event::StepPerformed {
            step,
            occurrence,
            values,
            calculated,
            materials,
            equipment,
            consumed,
            produced,
            postings,
            deviations,
            performed_at,
            late_because,
            signature,
        } = event
        else {
            return;
        };
        for posting in postings {
            self.book.replay(posting);
        }
        self.performances.push(Performance {
            step: step.clone(),
            occurrence: *occurrence,
            values: values.clone(),
            calculated: calculated.clone(),
            materials: materials.clone(),
            equipment: equipment.clone(),
            consumed: consumed.clone(),
            produced: produced.clone(),
            postings: postings.clone(),
            deviations: deviations.clone(),
            performed_at: *performed_at,
            recorded_at: recorded.at,
            late_because: late_because.clone(),
            signature: signature.clone(),
            verified: None,
        });
    }
}
