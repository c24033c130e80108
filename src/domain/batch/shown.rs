//! What a person sees before signing a step. The signature covers exactly this.
//!
//! Made by one function for the page and the use case (21 CFR 11.70); a change of anything shown
//! changes the hash, and the signature is asked for again.

use super::assess::{Assessment, Break};
use super::correction::{Changed, Corrected, Correction};
use super::event::{Consumed, Entry, Mark};
use super::facts::AwaitedTest;
use super::state::{Batch, Foreign, Performance};
use super::values::Values;
use crate::domain::account::Posting;
use crate::domain::actor::Signature;
use crate::domain::id::{BatchNumber, ContainerCode, ContentHash, LotId, Name};
use crate::domain::master_record::calculation::Operand;
use crate::domain::master_record::{Calculation, Limits, MasterRecord, Step};
use crate::domain::quantity::{Quantity, Unit};
use crate::domain::time::Zone;
use serde::Serialize;

/// A value as shown: what it is, how it came about, its limits and how it stands to them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShownValue {
    /// What it is, in words.
    pub title: String,
    /// The container it belongs to, where there is one for each.
    pub item: Option<String>,
    /// The value.
    pub value: String,
    /// The action limit in words; empty without one.
    pub limit: String,
    /// How it stands to its limits.
    pub mark: Mark,
    /// Of a calculated value, the arithmetic.
    pub arithmetic: Option<String>,
    /// What it was before corrections, oldest first.
    pub was: Vec<Was>,
}

/// What a value was before a correction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Was {
    /// The number of the correction.
    pub number: u32,
    /// The value before it.
    pub value: String,
    /// The value after it.
    pub to: String,
    /// Whether it was not corrected itself, but calculated anew from what was.
    pub calculated: bool,
    /// Who corrected, in which role, meaning what, when.
    pub by: String,
    /// Why.
    pub because: String,
    /// Who verified the correction; none where nobody has.
    pub verified: Option<String>,
    /// Whether it waits for a second person.
    pub waits: bool,
}

/// A step as shown before signing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepShown {
    /// The batch.
    pub batch: BatchNumber,
    /// Version of its master record.
    pub record: String,
    /// Hash of that version's text.
    pub record_hash: ContentHash,
    /// The step.
    pub step: Name,
    /// Which repetition of it.
    pub occurrence: u32,
    /// Its title.
    pub title: String,
    /// What was to be done.
    pub instruction: String,
    /// When it was performed; "at signing" if that is now.
    pub performed_at: String,
    /// Why it is recorded later.
    pub late_because: Option<String>,
    /// What was entered.
    pub values: Vec<ShownValue>,
    /// What was calculated.
    pub calculated: Vec<ShownValue>,
    /// Lots used.
    pub materials: Vec<String>,
    /// Equipment used.
    pub equipment: Vec<String>,
    /// Containers used up, in words.
    pub consumed: Vec<String>,
    /// Containers made, in words.
    pub produced: Vec<String>,
    /// What it moves in the book, in words.
    pub postings: Vec<String>,
    /// What was found at a line clearance and did not belong there, and where it went.
    pub foreign: Vec<String>,
    /// Deviations it opens, in words.
    pub deviations: Vec<String>,
    /// Who performed it, on the page of the verifier.
    pub performed_by: Option<String>,
    /// What its signatures do not cover any more, since it was corrected after them.
    pub not_covered: Vec<String>,
}

/// What the performer sees and signs.
pub fn step_shown(batch: &Batch, record: &MasterRecord, assessment: &Assessment) -> StepShown {
    let produced = |planned: &super::assess::Planned| {
        let target = planned.target.as_ref().map(|target| format!(" for {target}"));
        format!(
            "{} {} of {}: {}{}{}{}",
            planned.kind.word(),
            planned.number,
            planned.of,
            planned.contents.title,
            target.unwrap_or_default(),
            amounts(planned.contents.viable_cells, planned.contents.volume),
            unopened(planned.from.as_ref())
        )
    };
    let performed_at = match assessment.stated_at {
        Some(at) => at.full_text(Zone::LJUBLJANA),
        None => "at signing".to_owned(),
    };
    let shown = Shown { batch, record, entries: Entries::of(assessment), performance: None };
    StepShown {
        performed_at,
        late_because: assessment.late_because.clone(),
        materials: shown.materials(&assessment.step, &assessment.materials),
        equipment: assessment.equipment.iter().map(ToString::to_string).collect(),
        consumed: assessment.consumed.iter().map(consumed_text).collect(),
        produced: assessment.planned.iter().map(produced).collect(),
        postings: assessment.postings.iter().map(posting_text).collect(),
        deviations: assessment.breaks.iter().map(break_text).collect(),
        ..shown.base(&assessment.step, assessment.occurrence)
    }
}

/// Which container it is, where it is one that came in and is labelled anew.
fn unopened(from: Option<&ContainerCode>) -> String {
    from.map(|from| format!(", which is {from}, unopened")).unwrap_or_default()
}

/// What the verifier sees and signs: the performed step with the performer's manifestation.
pub fn performance_shown(
    batch: &Batch,
    record: &MasterRecord,
    performance: &Performance,
) -> StepShown {
    let produced = |made: &super::event::Produced| {
        let target = made.target.as_ref().map(|target| format!(" for {target}"));
        let amounts = amounts(made.cells, made.volume);
        let (target, from) = (target.unwrap_or_default(), unopened(made.from.as_ref()));
        format!("{} {}{target}{amounts}{from}", made.output, made.container)
    };
    let entries = Entries::of_performance(performance);
    let shown = Shown { batch, record, entries, performance: Some(performance) };
    StepShown {
        performed_at: performance.performed_at.full_text(Zone::LJUBLJANA),
        late_because: performance.late_because.clone(),
        materials: shown.materials(&performance.step, &performance.materials),
        equipment: performance.equipment.iter().map(ToString::to_string).collect(),
        consumed: performance.consumed.iter().map(consumed_text).collect(),
        produced: performance.produced.iter().map(produced).collect(),
        postings: batch.booked_for(performance).map(posting_text).collect(),
        deviations: performance.deviations.iter().map(ToString::to_string).collect(),
        performed_by: Some(performance.signature.manifestation()),
        not_covered: not_covered(batch, record, performance),
        ..shown.base(&performance.step, performance.occurrence)
    }
}

/// How much of a lot a performed step used, in words; none where the master record does not say
/// which value that is. A quantity counts for all lots of a material together.
pub fn material_amount(
    batch: &Batch,
    record: &MasterRecord,
    performance: &Performance,
    lot: &LotId,
) -> Option<String> {
    let entries = Entries::of_performance(performance);
    let shown = Shown { batch, record, entries, performance: Some(performance) };
    shown.amount(&performance.step, &performance.materials, lot)
}

/// What QA sees and signs at a hold point: every step before it, by the hash of its signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HoldPointShown {
    /// The batch.
    pub batch: BatchNumber,
    /// Version of its master record.
    pub record: String,
    /// The hold point.
    pub hold_point: Name,
    /// What QA assesses.
    pub title: String,
    /// Number of events of the batch that were seen.
    pub seen: u64,
    /// How the tests stand that it waits for.
    pub tests: Vec<String>,
    /// Every step performed, with the hash its performer signed.
    pub steps: Vec<String>,
}

/// What QA sees at a hold point; none if the record has no such hold point.
pub fn hold_point_shown(
    batch: &Batch,
    record: &MasterRecord,
    hold_point: &Name,
    awaited: &[AwaitedTest],
) -> Option<HoldPointShown> {
    let hold = record.hold_points.iter().find(|hold| hold.name == *hold_point)?;
    Some(HoldPointShown {
        batch: batch.number.clone(),
        record: record.record.key(),
        hold_point: hold.name.clone(),
        title: hold.title.clone(),
        seen: batch.version,
        tests: awaited.iter().map(AwaitedTest::words).collect(),
        steps: signed_steps(batch),
    })
}

/// Every step performed and every correction, with the hash of its signature.
pub fn signed_steps(batch: &Batch) -> Vec<String> {
    let performed = batch
        .performances
        .iter()
        .map(|p| format!("{} {} {}", p.step, p.occurrence, p.signature.content_hash.short()));
    let corrected = batch.corrections.iter().map(|one| {
        let Corrected { number, value, .. } = &one.corrected;
        let hash = one.signature.content_hash.short();
        format!("{} {} correction {number} {hash}", value.step, value.occurrence)
    });
    performed.chain(corrected).collect()
}

/// The signatures of a performance that do not cover all of it any more, each with what it does not
/// cover (21 CFR 11.70).
fn not_covered(batch: &Batch, record: &MasterRecord, performance: &Performance) -> Vec<String> {
    let performed = (&performance.signature, false);
    let verified = performance.verified.as_ref().map(|signature| (signature, true));
    let line = |(signature, since_verified): (&Signature, bool)| {
        let names = uncovered_names(batch, record, performance, since_verified);
        let Signature { printed_name, login, meaning, .. } = signature;
        let meaning = meaning.code().replace('_', " ");
        (!names.is_empty())
            .then(|| format!("{printed_name} ({login}), {meaning}: {}", names.join(", ")))
    };
    std::iter::once(performed).chain(verified).filter_map(line).collect()
}

/// What a signature of a performance does not cover any more, in words: the performer's, or the
/// verifier's.
pub fn uncovered_names(
    batch: &Batch,
    record: &MasterRecord,
    performance: &Performance,
    since_verified: bool,
) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for changed in batch.not_covered(performance, since_verified) {
        let name = value_title(record, changed);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// What a changed value is, in words.
pub(super) fn value_title(record: &MasterRecord, changed: &Changed) -> String {
    let name = &changed.new.name;
    let step = record.step(&changed.step);
    let title = step.and_then(|step| {
        let field = step.field(name).map(|field| field.title.clone());
        field.or_else(|| step.calculation(name).map(|one| one.title.clone()))
    });
    let title = title.unwrap_or_else(|| name.as_str().replace('_', " "));
    match &changed.new.item {
        Some(item) => format!("{title} of {item}"),
        None => title,
    }
}

struct Entries {
    values: Vec<Entry>,
    calculated: Vec<Entry>,
    consumed: Vec<Consumed>,
}

impl Entries {
    fn of(assessment: &Assessment) -> Self {
        Self {
            values: assessment.values.clone(),
            calculated: assessment.calculated.clone(),
            consumed: assessment.consumed.clone(),
        }
    }

    fn of_performance(performance: &Performance) -> Self {
        Self {
            values: performance.values.clone(),
            calculated: performance.calculated.clone(),
            // The batch knows them already.
            consumed: Vec::new(),
        }
    }
}

struct Shown<'a> {
    batch: &'a Batch,
    record: &'a MasterRecord,
    entries: Entries,
    /// What was performed, once it was.
    performance: Option<&'a Performance>,
}

impl Shown<'_> {
    fn known<'a>(&'a self, step: &'a Name) -> Values<'a> {
        let own = self.entries.values.iter().chain(&self.entries.calculated).cloned().collect();
        let consumed = &self.entries.consumed;
        Values { batch: self.batch, record: self.record, step, own, consumed }
    }

    /// The lots of a step, each with how much of it was used, where that is known.
    fn materials(&self, step: &Name, lots: &[LotId]) -> Vec<String> {
        let text = |lot: &LotId| match self.amount(step, lots, lot) {
            Some(amount) => format!("{lot}, {amount}"),
            None => lot.to_string(),
        };
        lots.iter().map(text).collect()
    }

    fn amount(&self, step: &Name, lots: &[LotId], lot: &LotId) -> Option<String> {
        let of = |lot: &LotId, material: &str| {
            lot.as_str().split_once('/').is_some_and(|(code, _)| code == material)
        };
        let needs = &self.record.step(step)?.materials;
        let need = needs.iter().find(|need| of(lot, need.material.as_str()))?;
        let quantity = self.known(step).number(need.quantity.as_ref()?, None)?;
        let several = lots.iter().filter(|other| of(other, need.material.as_str())).count() > 1;
        let together = if several { " of all its lots together" } else { "" };
        Some(format!("{}{together}", quantity.text()))
    }

    fn base(&self, name: &Name, occurrence: u32) -> StepShown {
        let step = self.record.step(name);
        let known = self.known(name);
        StepShown {
            batch: self.batch.number.clone(),
            record: self.record.record.key(),
            record_hash: self.record.record.hash.clone(),
            step: name.clone(),
            occurrence,
            title: step.map_or(String::new(), |step| step.title.clone()),
            instruction: step.map_or(String::new(), |step| step.instruction.clone()),
            performed_at: String::new(),
            late_because: None,
            values: step.map_or(Vec::new(), |step| self.values(step, &known)),
            calculated: step.map_or(Vec::new(), |step| self.calculated(step, &known)),
            materials: Vec::new(),
            equipment: Vec::new(),
            consumed: Vec::new(),
            produced: Vec::new(),
            postings: Vec::new(),
            foreign: self.foreign(name),
            deviations: Vec::new(),
            performed_by: None,
            not_covered: Vec::new(),
        }
    }

    fn was(&self, entry: &Entry) -> Vec<Was> {
        let Some(performance) = self.performance else { return Vec::new() };
        let history = self.batch.history_of(performance, &entry.name, entry.item.as_ref());
        history.map(|(correction, changed)| was(self.batch, correction, changed)).collect()
    }

    fn foreign(&self, step: &Name) -> Vec<String> {
        let words = |found: &Foreign| {
            let (at, who) = &found.found;
            let gone = match &found.removed {
                Some((to, _, by)) => format!("taken to {to} by {by}"),
                None => "still there".to_owned(),
            };
            let at = at.minute_text(Zone::LJUBLJANA);
            format!(
                "{}: {}; found by {who} {at}, {gone} ({})",
                found.what, found.because, found.deviation
            )
        };
        self.batch.foreign.iter().filter(|found| found.step == *step).map(words).collect()
    }

    fn values(&self, step: &Step, known: &Values<'_>) -> Vec<ShownValue> {
        let shown = |entry: &Entry| {
            let field = step.field(&entry.name)?;
            let was = self.was(entry);
            Some(ShownValue { was, ..value(entry, &field.title, &field.limits, known, None) })
        };
        self.entries.values.iter().filter_map(shown).collect()
    }

    fn calculated(&self, step: &Step, known: &Values<'_>) -> Vec<ShownValue> {
        let shown = |entry: &Entry| {
            let found = step.calculation(&entry.name)?;
            let item = entry.item.as_ref().map(|item| item.as_str());
            let arithmetic = arithmetic(found, known, item);
            let (was, title) = (self.was(entry), &found.title);
            let value = value(entry, title, &found.limits, known, Some(arithmetic));
            Some(ShownValue { was, ..value })
        };
        self.entries.calculated.iter().filter_map(shown).collect()
    }
}

fn was(batch: &Batch, correction: &Correction, changed: &Changed) -> Was {
    Was {
        number: correction.corrected.number,
        value: changed.old_text(),
        to: changed.new.value.text(),
        calculated: *changed != correction.corrected.value,
        by: correction.signature.manifestation(),
        because: correction.corrected.because.clone(),
        verified: correction.verified.as_ref().map(Signature::manifestation),
        waits: batch
            .waiting_corrections()
            .any(|one| one.corrected.number == correction.corrected.number),
    }
}

pub(super) fn value(
    entry: &Entry,
    title: &str,
    limits: &Limits,
    known: &Values<'_>,
    arithmetic: Option<String>,
) -> ShownValue {
    let item = entry.item.as_ref().map(ToString::to_string);
    let unit = entry.value.number().map_or(Unit::One, |quantity| quantity.unit());
    ShownValue {
        title: title.to_owned(),
        limit: known.band_text(&limits.action, item.as_deref(), unit),
        item,
        value: entry.value.text(),
        mark: entry.mark,
        arithmetic,
        was: Vec::new(),
    }
}

/// `concentration × volume: 1.20 ×10⁶/ml, 52.0 ml`.
pub(super) fn arithmetic(
    calculation: &Calculation,
    known: &Values<'_>,
    item: Option<&str>,
) -> String {
    let mut numbers = Vec::new();
    for rule in calculation.method.parameters() {
        let given = calculation.inputs.iter().find(|(name, _)| name == rule.name);
        for reference in given.into_iter().flat_map(|(_, references)| references) {
            match (known.look_up(reference), known.number(reference, item)) {
                (_, Some(quantity)) => numbers.push(quantity.text()),
                (Some(Operand::Each(items)), None) => {
                    numbers.extend(items.iter().map(|(_, quantity)| quantity.text()));
                }
                _ => {}
            }
        }
    }
    format!("{}: {}", calculation.method.formula(), numbers.join(", "))
}

/// The action limit of a field or calculation in words, as known before anything is entered.
pub fn limit_text(
    batch: &Batch,
    record: &MasterRecord,
    step: &Step,
    limits: &Limits,
    unit: Unit,
    item: Option<&str>,
) -> (String, String) {
    let known = Values { batch, record, step: &step.name, own: Vec::new(), consumed: &[] };
    let alert = known.band_text(&limits.alert, item, unit);
    (known.band_text(&limits.action, item, unit), alert)
}

fn amounts(cells: Option<Quantity>, volume: Option<Quantity>) -> String {
    let parts: Vec<String> =
        cells.into_iter().chain(volume).map(|quantity| quantity.text()).collect();
    if parts.is_empty() { String::new() } else { format!(", {}", parts.join(" in ")) }
}

fn consumed_text(consumed: &Consumed) -> String {
    let donors: Vec<&str> = consumed.donors.iter().map(|donor| donor.as_str()).collect();
    let of = if donors.is_empty() { String::new() } else { format!(" of {}", donors.join(", ")) };
    format!("{}{of}{}", consumed.container, amounts(consumed.cells, consumed.volume))
}

/// A posting in words.
pub fn posting_text(posting: &Posting) -> String {
    let (from, to) = (posting.from.words(), posting.to.words());
    format!("{}: {from} → {to}", posting.amount.text())
}

pub(super) fn break_text(found: &Break) -> String {
    format!("{}: {}", found.class.code(), found.description)
}
