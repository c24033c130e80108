//! Corrects a value of a performed step: which values may be corrected, what follows from it at
//! that step and at every later one, and who verifies it.
//!
//! Every performance from the corrected one on is worked out again by the very rules that worked it
//! out first, over a batch in which the right value had been entered at once. What comes out
//! different is recorded beside what was there: values, marks, postings, deviations. What cannot
//! come out different any more, because containers were made by it, is refused.
//!
//! Neighbours: `assess` evaluates, `balance` posts, `correction` holds what came of it.
//!
//! Architecture invariant: there is no second way to calculate; a correction calls the functions of
//! the first entry.

use super::assess::{Break, Draft, Planned};
use super::command::{CorrectValue, PerformStep};
use super::correction::{Booked, Changed, Corrected, Correction, Recheck};
use super::correction_refusal::CorrectionRefusal as Why;
use super::decide::{completed, must_be_by};
use super::event::{Entry, Event, Mark, Value};
use super::facts::Facts;
use super::progress::{Procedure, left_out};
use super::refusal::Refusal;
use super::state::{Batch, BatchState, Performance};
use super::values::{Values, read};
use crate::domain::account::{Account, Book, Posting};
use crate::domain::actor::{Meaning, Signature};
use crate::domain::deviation::{self, Deviation, Subject};
use crate::domain::id::{ContainerCode, DeviationNumber, Login, Name};
use crate::domain::master_record::{Field, FieldKind, MasterRecord, SignatureRule, Step};
use crate::domain::quantity::{Quantity, Unit};
use crate::domain::{Change, Context};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// What a correction needs to know of what happened to the batch since; loaded in the same
/// transaction.
#[derive(Debug, Clone, Default)]
pub struct Aftermath {
    /// How far its release came, in words, if anything was certified or rejected.
    pub decided: Option<String>,
    /// Who reviewed it.
    pub reviewers: Vec<Login>,
    /// What became of each container it made, in words.
    pub whereabouts: Vec<(ContainerCode, String)>,
}

/// A limit that the right value breaks; becomes a deviation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The step whose limit it is.
    pub step: Name,
    /// Which repetition of it.
    pub occurrence: u32,
    /// Who performed that step.
    pub performer: Login,
    /// What is broken.
    pub found: Break,
}

/// What a correction would mean.
#[derive(Debug, Clone, PartialEq)]
pub struct CorrectionAssessment {
    /// What it says and what follows.
    pub corrected: Corrected,
    /// Limits that break by it.
    pub broken: Vec<Broken>,
    /// The batch as it would be after it.
    pub after: Batch,
}

/// Every rule of a correction held against what is known.
pub fn assess_correction(
    batch: &Batch,
    record: &MasterRecord,
    command: &CorrectValue,
    aftermath: &Aftermath,
    context: &Context,
) -> Result<CorrectionAssessment, Refusal> {
    must_be_open(batch, aftermath, &context.actor.login)?;
    let because = command.because.trim();
    if because.is_empty() {
        return Err(Refusal::ReasonMissing);
    }
    let place = Place::of(batch, record, command)?;
    let new = place.new_entry(&command.text)?;
    let followed = follow(batch, record, &place, new, aftermath, context)?;
    choices_not_acted_on(batch, &followed.after, record)?;
    let number = u32::try_from(batch.corrections.len()).unwrap_or(u32::MAX).saturating_add(1);
    let recheck = recheck(batch, record, &place, &followed.changed);
    let (own, follows): (Vec<Changed>, Vec<Changed>) =
        followed.changed.into_iter().partition(|changed| place.is(changed));
    let value = own.into_iter().next().ok_or_else(|| Why::NotAsked {
        title: place.field.title.clone(),
        item: place.item_text(),
    })?;
    let (because, booked) = (because.to_owned(), followed.booked);
    let corrected = Corrected { number, value, because, follows, booked, recheck };
    Ok(CorrectionAssessment { corrected, broken: followed.broken, after: followed.after })
}

/// The value a person may correct, if it may be corrected at all.
pub fn correctable<'r>(step: &'r Step, name: &Name) -> Result<&'r Field, Refusal> {
    if let Some(calculation) = step.calculation(name) {
        return Err(Why::Calculated { title: calculation.title.clone() }.into());
    }
    let field = step.field(name).ok_or_else(|| Refusal::UnknownField {
        step: step.title.clone(),
        field: name.to_string(),
    })?;
    let title = || field.title.clone();
    match field.kind {
        FieldKind::Scan => Err(Why::Scanned { title: title() }.into()),
        FieldKind::Confirm => Err(Why::Statement { title: title() }.into()),
        _ => Ok(field),
    }
}

/// Whether values of the batch may be corrected by this person at all, release and review seen.
pub fn must_be_open(batch: &Batch, aftermath: &Aftermath, login: &Login) -> Result<(), Refusal> {
    let number = batch.number.to_string();
    if let Some(stage) = &aftermath.decided {
        return Err(Why::Decided { batch: number, stage: stage.clone() }.into());
    }
    if !matches!(batch.state, BatchState::InProcess | BatchState::PendingReview) {
        return Err(Why::Closed { batch: number, state: batch.state.words() }.into());
    }
    if aftermath.reviewers.contains(login) {
        return Err(Why::Reviewer { login: login.to_string() }.into());
    }
    Ok(())
}

/// Records a correction that was assessed and signed, with the deviations it opens.
pub fn correct(
    batch: &Batch,
    record: &MasterRecord,
    assessment: CorrectionAssessment,
    numbers: Vec<DeviationNumber>,
    signature: Signature,
    context: &Context,
) -> Result<Vec<Change>, Refusal> {
    must_be_by(&signature, Meaning::Corrected, context, "your own, as who corrects")?;
    if numbers.len() < assessment.broken.len() {
        return Err(Refusal::NothingAllocated("deviation number"));
    }
    let deviations: Vec<DeviationNumber> =
        numbers.into_iter().take(assessment.broken.len()).collect();
    let corrected = assessment.corrected;
    let opened: Vec<Change> = assessment
        .broken
        .iter()
        .zip(&deviations)
        .map(|(broken, number)| open(batch, &corrected, broken, number))
        .collect();
    let event = Event::ValueCorrected { corrected, deviations, signature };
    let mut changes = vec![Change::of::<Batch>(batch.number.as_str(), event.clone())];
    changes.extend(opened);
    changes.extend(completed(batch, record, &event, context));
    Ok(changes)
}

/// A second person verifies a correction (ATMP-4): neither who corrected nor who performed.
pub fn verify_correction(
    batch: &Batch,
    record: &MasterRecord,
    number: u32,
    aftermath: &Aftermath,
    signature: Signature,
    context: &Context,
) -> Result<Vec<Change>, Refusal> {
    must_be_open(batch, aftermath, &signature.login)?;
    let correction = waiting(batch, number)?;
    let place = &correction.corrected.value;
    let performer = batch.of_step(&place.step).find(|one| one.occurrence == place.occurrence);
    let performer = performer.map(|performance| &performance.signature.login);
    let login = &signature.login;
    let involved = |what| Why::VerifierIsInvolved { login: login.to_string(), what };
    if *login == correction.signature.login {
        return Err(involved("made this correction").into());
    }
    if Some(login) == performer {
        return Err(involved("performed this step").into());
    }
    must_be_by(&signature, Meaning::Verified, context, "your own, as the verifier")?;
    let event = Event::CorrectionVerified { number, signature };
    let mut changes = vec![Change::of::<Batch>(batch.number.as_str(), event.clone())];
    changes.extend(completed(batch, record, &event, context));
    Ok(changes)
}

fn waiting(batch: &Batch, number: u32) -> Result<&Correction, Refusal> {
    let nothing = |because| Refusal::from(Why::NothingToVerify { number, because });
    let correction = batch
        .correction(number)
        .ok_or_else(|| nothing("the batch has no such correction. Open the batch again"))?;
    match correction.corrected.recheck {
        _ if correction.verified.is_some() => Err(nothing("it is verified. Nothing is left to do")),
        Recheck::NotNeeded => {
            Err(nothing("its step needs no second person. Nothing is left to do"))
        }
        Recheck::WithStep => Err(nothing("its step is not verified yet. Verify the step")),
        Recheck::ByItself if batch.is_superseded(correction) => {
            Err(nothing("the value was corrected once more. Verify the later correction"))
        }
        Recheck::ByItself => Ok(correction),
    }
}

/// One value of one performance.
struct Place<'a> {
    step: &'a Step,
    index: usize,
    performance: &'a Performance,
    field: &'a Field,
    item: Option<ContainerCode>,
}

impl<'a> Place<'a> {
    /// The value a command speaks of: performed, entered by hand, and asked for this container.
    fn of(
        batch: &'a Batch,
        record: &'a MasterRecord,
        command: &CorrectValue,
    ) -> Result<Self, Refusal> {
        let step = record.step(&command.step).ok_or_else(|| Refusal::UnknownStep {
            step: command.step.to_string(),
            record: record.record.key(),
        })?;
        let wanted = |(_, one): &(usize, &Performance)| {
            one.step == command.step && one.occurrence == command.occurrence
        };
        let (index, performance) =
            batch.performances.iter().enumerate().find(wanted).ok_or_else(|| {
                Why::NotPerformed { step: step.title.clone(), occurrence: command.occurrence }
            })?;
        let field = correctable(step, &command.field)?;
        let place = Self { step, index, performance, field, item: command.item.clone() };
        if place.is_asked(batch) {
            return Ok(place);
        }
        Err(Why::NotAsked { title: field.title.clone(), item: place.item_text() }.into())
    }

    /// Whether the step asked for the value once, or for this container.
    fn is_asked(&self, batch: &Batch) -> bool {
        match (&self.field.each, &self.item) {
            (None, None) => true,
            (Some(each), Some(item)) => batch
                .performances
                .iter()
                .take(self.index.saturating_add(1))
                .flat_map(|performance| &performance.consumed)
                .any(|used| used.what == *each && used.container == *item),
            _ => false,
        }
    }

    fn item_text(&self) -> String {
        self.item.as_ref().map_or_else(|| "no container".to_owned(), ToString::to_string)
    }

    fn is(&self, changed: &Changed) -> bool {
        changed.is_of(&self.performance.step, self.performance.occurrence)
            && changed.new.name == self.field.name
            && changed.new.item == self.item
    }

    fn known(&self) -> Option<&'a Entry> {
        let own = |entry: &&Entry| entry.name == self.field.name && entry.item == self.item;
        self.performance.values.iter().find(own)
    }

    /// The right value, read by the rules of its field: never blank, never the same again.
    fn new_entry(&self, text: &str) -> Result<Entry, Refusal> {
        let (title, known) = (self.field.title.clone(), self.known());
        let text = text.trim();
        if text.is_empty() {
            let known = known.map_or_else(|| "not entered".to_owned(), |one| one.value.text());
            return Err(Why::Blank { title, known }.into());
        }
        let value: Value = read(self.field, text)?;
        if let Some(known) = known.filter(|known| known.value == value) {
            return Err(Why::Same { title, known: known.value.text() }.into());
        }
        let (name, item) = (self.field.name.clone(), self.item.clone());
        Ok(Entry { name, item, value, mark: Mark::Within })
    }

    /// The values of the performance with the right one in its place, in the order of the fields.
    fn values_with(&self, new: &Entry) -> Vec<Entry> {
        let mut performance = self.performance.clone();
        performance.replace(new);
        let order =
            |entry: &Entry| self.step.fields.iter().position(|field| field.name == entry.name);
        performance.values.sort_by_key(order);
        performance.values
    }
}

/// What comes of a correction.
struct Followed {
    changed: Vec<Changed>,
    booked: Vec<Booked>,
    broken: Vec<Broken>,
    after: Batch,
}

/// A performance worked out again.
struct Again {
    values: Vec<Entry>,
    calculated: Vec<Entry>,
    planned: Vec<Planned>,
    postings: Vec<Posting>,
    breaks: Vec<Break>,
}

/// Works out every performance from the corrected one on, once as it was and once as it would be.
fn follow(
    batch: &Batch,
    record: &MasterRecord,
    place: &Place<'_>,
    new: Entry,
    aftermath: &Aftermath,
    context: &Context,
) -> Result<Followed, Refusal> {
    let mut before = Batch { performances: Vec::new(), book: Book::default(), ..batch.clone() };
    for performance in batch.performances.iter().take(place.index) {
        take(&mut before, batch, performance.clone(), &[]);
    }
    let (mut changed, mut booked, mut broken) = (Vec::new(), Vec::new(), Vec::new());
    let mut after = before.clone();
    for (index, performance) in batch.performances.iter().enumerate().skip(place.index) {
        let Some(step) = record.step(&performance.step) else { continue };
        let was = again(&before, record, step, performance, performance.values.clone(), context)?;
        let values = match index == place.index {
            true => place.values_with(&new),
            false => performance.values.clone(),
        };
        let is = again(&after, record, step, performance, values, context)
            .map_err(|refusal| cannot_follow(step, index == place.index, refusal))?;
        nothing_made(record, step, performance, (&was, &is), aftermath)?;
        changed.extend(differences(performance, &is));
        let new_breaks = is.breaks.iter().filter(|found| !was.breaks.contains(found));
        broken.extend(new_breaks.map(|found| Broken {
            step: step.name.clone(),
            occurrence: performance.occurrence,
            performer: performance.signature.login.clone(),
            found: found.clone(),
        }));
        let postings = difference(&was.postings, &is.postings);
        let right =
            Performance { values: is.values, calculated: is.calculated, ..performance.clone() };
        take(&mut before, batch, performance.clone(), &[]);
        take(&mut after, batch, right, &postings);
        if !postings.is_empty() {
            let (step, occurrence) = (step.name.clone(), performance.occurrence);
            booked.push(Booked { step, occurrence, postings });
        }
    }
    Ok(Followed { changed, booked, broken, after })
}

/// Adds a performance to a batch under reconstruction, with all that is booked for it.
fn take(batch: &mut Batch, known: &Batch, performance: Performance, more: &[Posting]) {
    for posting in known.booked_for(&performance).chain(more) {
        batch.book.replay(posting);
    }
    batch.performances.push(performance);
}

/// Works out a performance by the rules of its first entry.
fn again(
    batch: &Batch,
    record: &MasterRecord,
    step: &Step,
    performance: &Performance,
    values: Vec<Entry>,
    context: &Context,
) -> Result<Again, Refusal> {
    let (command, facts) = (PerformStep::now(step.name.clone()), Facts::default());
    let values = values.into_iter().map(|entry| Entry { mark: Mark::Within, ..entry }).collect();
    let consumed = performance.consumed.clone();
    let (at, breaks) = (performance.performed_at, Vec::new());
    let (command, facts) = (&command, &facts);
    let mut draft = Draft { batch, record, step, command, facts, context, at, consumed, breaks };
    let (values, calculated) = draft.evaluate(values)?;
    let own: Vec<Entry> = values.iter().chain(&calculated).cloned().collect();
    let consumed = &performance.consumed;
    let known = Values { batch, record, step: &step.name, own, consumed };
    let planned = draft.plan(&known)?;
    let postings = draft.postings(&known, &planned)?;
    draft.reconcile(&postings)?;
    Ok(Again { values, calculated, planned, postings, breaks: draft.breaks })
}

/// At the step itself the refusal speaks for itself; further on it needs to say where.
fn cannot_follow(step: &Step, own: bool, refusal: Refusal) -> Refusal {
    match refusal {
        Refusal::OutsideLimit { .. } | Refusal::NotCalculable { .. } if own => refusal,
        other => {
            let because = other.to_string();
            Why::CannotFollow { step: step.title.clone(), because }.into()
        }
    }
}

/// What is in a container cannot be changed by a correction.
fn nothing_made(
    record: &MasterRecord,
    step: &Step,
    performance: &Performance,
    (was, is): (&Again, &Again),
    aftermath: &Aftermath,
) -> Result<(), Refusal> {
    if was.planned == is.planned {
        return Ok(());
    }
    let other = |name: &Name| {
        let of = |planned: &[Planned]| -> Vec<Planned> {
            planned.iter().filter(|one| one.output == *name).cloned().collect()
        };
        of(&was.planned) != of(&is.planned)
    };
    let produced = performance.produced.iter().filter(|made| other(&made.output));
    let (mut outputs, mut what): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    for made in produced {
        let title = record.output(&made.output).map(|output| output.title.to_string());
        outputs.extend(title.filter(|title| !outputs.contains(title)));
        let became = aftermath.whereabouts.iter().find(|(code, _)| *code == made.container);
        let became = became.map_or("made", |(_, words)| words.as_str());
        what.push(format!("{}: {became}", made.container));
    }
    if what.len() > 4 {
        let more = what.len().saturating_sub(3);
        what.truncate(3);
        what.push(format!("and {more} more"));
    }
    let (output, what) = (outputs.join(" and "), what.join(", "));
    Err(Why::Made { output, step: step.title.clone(), what }.into())
}

/// Every entry that came out different from what stands in the record.
fn differences(performance: &Performance, is: &Again) -> Vec<Changed> {
    let known = |new: &Entry| {
        performance
            .values
            .iter()
            .chain(&performance.calculated)
            .find(|old| old.name == new.name && old.item == new.item)
    };
    is.values
        .iter()
        .chain(&is.calculated)
        .filter(|new| known(new) != Some(new))
        .map(|new| Changed {
            step: performance.step.clone(),
            occurrence: performance.occurrence,
            old: known(new).cloned(),
            new: new.clone(),
        })
        .collect()
}

/// What must be posted so that `old` becomes `new`: for each two accounts the difference, back or
/// forth; never an edit.
fn difference(old: &[Posting], new: &[Posting]) -> Vec<Posting> {
    let mut net: BTreeMap<(Unit, Account, Account), Decimal> = BTreeMap::new();
    let signed = [(old, -Decimal::ONE), (new, Decimal::ONE)];
    for (posting, sign) in
        signed.iter().flat_map(|(all, sign)| all.iter().map(move |one| (one, *sign)))
    {
        let forth = posting.from <= posting.to;
        let (one, other) =
            if forth { (posting.from, posting.to) } else { (posting.to, posting.from) };
        let sign = if forth { sign } else { -sign };
        let sum = net.entry((posting.amount.unit(), one, other)).or_default();
        *sum = sum.saturating_add(posting.amount.value().saturating_mul(sign));
    }
    let posting = |((unit, one, other), sum): ((Unit, Account, Account), Decimal)| {
        let forth = sum > Decimal::ZERO;
        let (from, to) = if forth { (one, other) } else { (other, one) };
        Posting { from, to, amount: Quantity::new(sum.abs(), unit) }
    };
    net.into_iter().filter(|(_, sum)| !sum.is_zero()).map(posting).collect()
}

/// A choice that leaves a step out, or asks for it, may change only as long as nothing came of it.
fn choices_not_acted_on(
    before: &Batch,
    after: &Batch,
    record: &MasterRecord,
) -> Result<(), Refusal> {
    let procedure = Procedure::new(before, record);
    for step in &record.steps {
        let (was, is) = (left_out(before, step), left_out(after, step));
        let over = before.state != BatchState::InProcess || procedure.went_on(&step.name);
        let done = match (was, is) {
            (false, true) if before.count_of(&step.name) > 0 => "done",
            (true, false) if over => "left out",
            _ => continue,
        };
        return Err(Why::ChoiceActedOn { step: step.title.clone(), done }.into());
    }
    Ok(())
}

/// A second person looks where the record asks for one at any step that changes, or where quality
/// depends on it. A correction of a correction that waits is waited for itself.
fn recheck(
    batch: &Batch,
    record: &MasterRecord,
    place: &Place<'_>,
    changed: &[Changed],
) -> Recheck {
    let two = |step: &Step| step.signature == SignatureRule::PerformedVerified;
    if two(place.step) && place.performance.verified.is_none() {
        return Recheck::WithStep;
    }
    let asks = |step: &Step| two(step) || step.critical;
    let changes = changed.iter().filter_map(|one| record.step(&one.step)).any(asks);
    let replaces = batch.waiting_corrections().any(|one| place.is(&one.corrected.value));
    if changes || replaces { Recheck::ByItself } else { Recheck::NotNeeded }
}

fn open(batch: &Batch, corrected: &Corrected, broken: &Broken, number: &DeviationNumber) -> Change {
    let found = &broken.found;
    let opened = deviation::Event::Opened {
        class: found.class,
        title: found.title.clone(),
        description: format!(
            "{} It became known by correction {} ({}: {} → {}; {}).",
            found.description,
            corrected.number,
            corrected.value.new.name.as_str().replace('_', " "),
            corrected.value.old_text(),
            corrected.value.new.value.text(),
            corrected.because
        ),
        origin: found.origin,
        subject: Subject {
            batch: Some(batch.number.clone()),
            step: Some(broken.step.clone()),
            occurrence: Some(broken.occurrence),
            order: batch.order.clone(),
            reconciliation: found.reconciliation.clone(),
            ..Subject::default()
        },
        performer: Some(broken.performer.clone()),
    };
    Change::of::<Deviation>(number.as_str(), opened)
}
