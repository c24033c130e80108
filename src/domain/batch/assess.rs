//! What performing a step would mean: every rule held against facts and entries, nothing signed
//! yet.
//!
//! The same [`assess`] serves the page that shows what is about to be signed and the decision
//! itself, so that content shown is content signed.
//!
//! Neighbours: `values` reads and calculates, `inputs` takes containers in, `balance` posts.

use super::clearance::must_be_clear;
use super::command::PerformStep;
use super::event::{Consumed, Entry, Mark, Value};
use super::facts::Facts;
use super::progress::{Procedure, left_out};
use super::reconcile::due;
use super::refusal::Refusal;
use super::state::{Batch, BatchState};
use super::values::{Values, read_all};
use crate::domain::Context;
use crate::domain::account::Posting;
use crate::domain::container::{ContainerKind, Contents};
use crate::domain::deviation::{Class, Origin};
use crate::domain::disposition::Disposition;
use crate::domain::id::{AssetId, ContainerCode, LotId, Name};
use crate::domain::master_record::{Breaking, FieldKind, Limits, MasterRecord, Step, Timer};
use crate::domain::time::{Instant, Span, Zone};

/// A limit or a timer that the step breaks; becomes a deviation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    /// How serious it is, as the master record says.
    pub class: Class,
    /// One line for lists.
    pub title: String,
    /// What happened, in words.
    pub description: String,
    /// What noticed it.
    pub origin: Origin,
    /// The reconciliation it breaks.
    pub reconciliation: Option<Name>,
}

/// A container that the step would make.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// The output.
    pub output: Name,
    /// What kind of container.
    pub kind: ContainerKind,
    /// Its number among the containers of that output, from 1.
    pub number: u32,
    /// How many that output has.
    pub of: u32,
    /// What it would hold.
    pub contents: Contents,
    /// When that expires.
    pub expires_at: Option<Instant>,
    /// The site it is meant for.
    pub target: Option<Name>,
    /// The container that it is, unopened and labelled anew.
    pub from: Option<ContainerCode>,
    /// Product code, where it carries a product identity.
    pub product_code: Option<String>,
}

/// What performing a step would mean.
#[derive(Debug, Clone, PartialEq)]
pub struct Assessment {
    /// The step.
    pub step: Name,
    /// Which repetition of it.
    pub occurrence: u32,
    /// What was entered, each held against its limits.
    pub values: Vec<Entry>,
    /// What was calculated, each held against its limits.
    pub calculated: Vec<Entry>,
    /// Lots used.
    pub materials: Vec<LotId>,
    /// Equipment used.
    pub equipment: Vec<AssetId>,
    /// Containers used up.
    pub consumed: Vec<Consumed>,
    /// Containers made.
    pub planned: Vec<Planned>,
    /// What it moves in the book.
    pub postings: Vec<Posting>,
    /// What it breaks.
    pub breaks: Vec<Break>,
    /// When it was performed.
    pub performed_at: Instant,
    /// The time of performance as it was stated; none for "now".
    pub stated_at: Option<Instant>,
    /// Why it is recorded later than performed.
    pub late_because: Option<String>,
}

impl Assessment {
    /// How many fresh container codes of each kind it takes.
    pub fn containers_needed(&self) -> Vec<(ContainerKind, u32)> {
        ContainerKind::ALL
            .iter()
            .map(|(kind, ..)| {
                let count = self.planned.iter().filter(|planned| planned.kind == *kind).count();
                (*kind, u32::try_from(count).unwrap_or(u32::MAX))
            })
            .filter(|(_, count)| *count > 0)
            .collect()
    }
}

/// A step under assessment.
pub(super) struct Draft<'a> {
    pub batch: &'a Batch,
    pub record: &'a MasterRecord,
    pub step: &'a Step,
    pub command: &'a PerformStep,
    pub facts: &'a Facts,
    pub context: &'a Context,
    pub at: Instant,
    pub consumed: Vec<Consumed>,
    pub breaks: Vec<Break>,
}

/// Every rule of a step held against what is known and entered.
pub fn assess(
    batch: &Batch,
    record: &MasterRecord,
    command: &PerformStep,
    facts: &Facts,
    context: &Context,
) -> Result<Assessment, Refusal> {
    let step = admissible(batch, record, &command.step, facts)?;
    must_have_acknowledged(record, facts.acknowledged, context)?;
    must_be_there(step, facts)?;
    must_be_clear(batch, step)?;
    let at = performed_at(batch, record, step, command, context)?;
    let (consumed, breaks) = (Vec::new(), Vec::new());
    let mut draft = Draft { batch, record, step, command, facts, context, at, consumed, breaks };
    draft.materials()?;
    draft.equipment()?;
    draft.take_in()?;
    let values = read_all(step, &command.values, batch, &draft.consumed)?;
    let (values, calculated) = draft.evaluate(values)?;
    draft.timers()?;
    draft.containers_ready()?;
    let own: Vec<Entry> = values.iter().chain(&calculated).cloned().collect();
    let consumed = draft.consumed.clone();
    let known = Values { batch, record, step: &step.name, own, consumed: &consumed };
    let planned = draft.plan(&known)?;
    let postings = draft.postings(&known, &planned)?;
    draft.reconcile(&postings)?;
    let late = is_late(at, context.now);
    Ok(Assessment {
        step: step.name.clone(),
        occurrence: batch.count_of(&step.name).saturating_add(1),
        values,
        calculated,
        materials: command.materials.clone(),
        equipment: command.equipment.clone(),
        consumed,
        planned,
        postings,
        breaks: draft.breaks,
        performed_at: at,
        stated_at: command.performed_at,
        late_because: command.late_because.clone().filter(|_| late),
    })
}

/// The step, if it may be performed now at all.
pub fn admissible<'r>(
    batch: &Batch,
    record: &'r MasterRecord,
    name: &Name,
    facts: &Facts,
) -> Result<&'r Step, Refusal> {
    must_be_in_process(batch)?;
    let step = record.step(name).ok_or_else(|| Refusal::UnknownStep {
        step: name.to_string(),
        record: record.record.key(),
    })?;
    if let Some(standing) = &facts.standing
        && standing.disposition >= Disposition::OnHold
    {
        let cause = standing.because.as_ref();
        return Err(Refusal::OnHold {
            batch: batch.number.to_string(),
            standing: standing.disposition.word(),
            cause: cause.map(|node| format!(" because of {}", node.words())).unwrap_or_default(),
        });
    }
    let procedure = Procedure::new(batch, record);
    if procedure.unverified(step).is_some() {
        let (step, waiting_for) = (step.title.clone(), format!("{} (verification)", step.title));
        return Err(Refusal::StepOutOfOrder { step, waiting_for });
    }
    if batch.count_of(name) >= step.repeat.max {
        return Err(Refusal::StepAlreadyDone { step: step.title.clone() });
    }
    if let Some(later) = procedure.first_after(name) {
        let later = record.step(&later.step).map_or("", |later| later.title.as_str());
        return Err(Refusal::StepPassed { step: step.title.clone(), later: later.to_owned() });
    }
    if left_out(batch, step) {
        return Err(Refusal::StepLeftOut { step: step.title.clone() });
    }
    procedure.corrections_verified(name, &step.title)?;
    if let Some(first) = procedure.waits_for(name) {
        let (step, waiting_for) = (step.title.clone(), first.title.clone());
        return Err(Refusal::StepOutOfOrder { step, waiting_for });
    }
    if let Some(hold) = procedure.open_hold_point(name) {
        let (step, hold_point) = (step.title.clone(), hold.title.clone());
        return Err(Refusal::HoldPointOpen { step, hold_point });
    }
    let open = facts.deviations.iter().find(|d| d.undecided && d.class == Class::Critical);
    match open {
        Some(open) => Err(Refusal::DeviationOpen { deviation: open.number.to_string() }),
        None => Ok(step),
    }
}

/// Refuses a step from a station that does not stand in its room (ATMP-6).
fn must_be_there(step: &Step, facts: &Facts) -> Result<(), Refusal> {
    let words = |room: &Name| room.as_str().replace('_', " ");
    match &step.room {
        Some(room) if facts.room.as_ref() != Some(room) => Err(Refusal::WrongRoom {
            step: step.title.clone(),
            room: words(room),
            here: facts.room.as_ref().map_or_else(|| "in no room".to_owned(), words),
        }),
        _ => Ok(()),
    }
}

/// Refuses who has not stated to have read the version that is followed (ATMP-6).
pub fn must_have_acknowledged(
    record: &MasterRecord,
    acknowledged: bool,
    context: &Context,
) -> Result<(), Refusal> {
    if acknowledged {
        return Ok(());
    }
    let login = context.actor.login.to_string();
    Err(Refusal::NotAcknowledged { login, record: record.record.key() })
}

/// Refuses anything once a batch is completed or given up.
pub(super) fn must_be_in_process(batch: &Batch) -> Result<(), Refusal> {
    match batch.state {
        BatchState::InProcess => Ok(()),
        state => {
            Err(Refusal::NotInProcess { batch: batch.number.to_string(), state: state.words() })
        }
    }
}

/// A step entered within this time of being performed was entered at the time of the action
/// (ATMP-3); after it, a reason is asked for and the entry is marked as late.
pub const ENTERED_AT_ONCE: Span = Span::of_minutes(5);

/// When the step was performed: now, or earlier with a reason; never before the batch began, what
/// the step follows, or its last repetition.
fn performed_at(
    batch: &Batch,
    record: &MasterRecord,
    step: &Step,
    command: &PerformStep,
    context: &Context,
) -> Result<Instant, Refusal> {
    let Some(at) = command.performed_at else { return Ok(context.now) };
    let text = |at: Instant| at.minute_text(Zone::LJUBLJANA);
    let impossible = |because: String| Refusal::ImpossibleTime { given: text(at), because };
    if at > context.now {
        return Err(impossible(format!("it lies in the future; now is {}", text(context.now))));
    }
    let before = Procedure::new(batch, record).latest_before(&step.name);
    let first = before.into_iter().chain(batch.last_of(&step.name)).max_by_key(|p| p.performed_at);
    let floor = first.map_or(batch.started_at, |first| first.performed_at.max(batch.started_at));
    // A form states whole minutes; within the minute the order of entry counts.
    let at = if text(at) == text(floor) { at.max(floor) } else { at };
    if at < floor {
        let title = |name: &Name| record.step(name).map_or("", |step| step.title.as_str());
        let what = first.map_or_else(
            || "the batch was started only at".to_owned(),
            |first| format!("'{}' comes first and was performed at", title(&first.step)),
        );
        return Err(impossible(format!("{what} {}", text(floor))));
    }
    let reason = command.late_because.as_deref().map_or("", str::trim);
    if is_late(at, context.now) && reason.is_empty() {
        return Err(Refusal::LateWithoutReason { performed: text(at) });
    }
    Ok(at)
}

/// Whether a step performed at this time and recorded now is a late entry.
fn is_late(at: Instant, now: Instant) -> bool {
    now.since(at) > ENTERED_AT_ONCE
}

impl Draft<'_> {
    /// Every lot scanned is of a listed material and usable; every needed material is there.
    fn materials(&self) -> Result<(), Refusal> {
        let mut seen = Vec::new();
        for lot in &self.command.materials {
            let fact = self.facts.materials.iter().find(|fact| fact.lot == *lot);
            let fact = fact.ok_or_else(|| Refusal::Unknown { code: lot.to_string() })?;
            if !self.step.materials.iter().any(|need| need.material == fact.material) {
                let (lot, step) = (lot.to_string(), self.step.title.clone());
                return Err(Refusal::MaterialForeign { lot, step });
            }
            if let Some(refused) = &fact.refused {
                return Err(Refusal::Unusable(refused.clone()));
            }
            seen.push(&fact.material);
        }
        let missing =
            self.step.materials.iter().find(|n| n.required && !seen.contains(&&n.material));
        match missing {
            Some(need) => Err(Refusal::MaterialMissing { material: need.title.clone() }),
            None => Ok(()),
        }
    }

    /// Every asset scanned is of a kind the step uses and usable; every kind is there.
    fn equipment(&self) -> Result<(), Refusal> {
        let mut seen = Vec::new();
        for asset in &self.command.equipment {
            let fact = self.facts.equipment.iter().find(|fact| fact.asset == *asset);
            let fact = fact.ok_or_else(|| Refusal::Unknown { code: asset.to_string() })?;
            if !self.step.equipment.iter().any(|need| need.kind == fact.kind) {
                return Err(Refusal::EquipmentForeign {
                    asset: asset.to_string(),
                    kind: fact.kind.replace('_', " "),
                    step: self.step.title.clone(),
                });
            }
            if let Some(refused) = &fact.refused {
                return Err(Refusal::Unusable(refused.clone()));
            }
            seen.push(fact.kind.as_str());
        }
        let missing = self.step.equipment.iter().find(|need| !seen.contains(&need.kind.as_str()));
        match missing {
            Some(need) => Err(Refusal::EquipmentMissing { equipment: need.title.clone() }),
            None => Ok(()),
        }
    }

    /// Calculates, and holds every value against its limits.
    pub(super) fn evaluate(
        &mut self,
        values: Vec<Entry>,
    ) -> Result<(Vec<Entry>, Vec<Entry>), Refusal> {
        let (step, consumed) = (self.step, self.consumed.clone());
        let mut known = Values {
            batch: self.batch,
            record: self.record,
            step: &step.name,
            own: values.clone(),
            consumed: &consumed,
        };
        let mut calculated = Vec::new();
        for calculation in &step.calculations {
            let results = known.calculate(calculation)?;
            known.own.extend(results.iter().cloned());
            calculated.extend(results);
        }
        let mut judged = Vec::new();
        for entry in values {
            judged.push(match step.field(&entry.name) {
                Some(field) => {
                    self.statement(&entry, &field.kind, &field.title, &field.limits)?;
                    self.judge(entry, &field.title, &field.limits, &known)?
                }
                None => entry,
            });
        }
        let mut judged_calculated = Vec::new();
        for entry in calculated {
            judged_calculated.push(match step.calculation(&entry.name) {
                Some(found) => self.judge(entry, &found.title, &found.limits, &known)?,
                None => entry,
            });
        }
        Ok((judged, judged_calculated))
    }

    /// A statement must be confirmed; a choice outside the accepted ones breaks its limit.
    fn statement(
        &mut self,
        entry: &Entry,
        kind: &FieldKind,
        title: &str,
        limits: &Limits,
    ) -> Result<(), Refusal> {
        match (&entry.value, kind) {
            (Value::Confirm { yes: false }, _) => {
                Err(Refusal::NotConfirmed { statement: title.to_owned() })
            }
            (Value::Choice { word }, FieldKind::Choice { accept, .. })
                if !accept.is_empty() && !accept.contains(word) =>
            {
                self.broken(limits, title, word, &accept.join(" or "))
            }
            _ => Ok(()),
        }
    }

    fn judge(
        &mut self,
        mut entry: Entry,
        title: &str,
        limits: &Limits,
        known: &Values<'_>,
    ) -> Result<Entry, Refusal> {
        if let Value::Choice { .. } = entry.value {
            let field = self.step.field(&entry.name);
            let accepted = field.is_none_or(|field| accepts(&field.kind, &entry.value));
            entry.mark = if accepted { Mark::Within } else { Mark::Action };
        }
        let Some(quantity) = entry.value.number() else { return Ok(entry) };
        let item = entry.item.as_ref().map(|item| item.as_str().to_owned());
        let item = item.as_deref();
        if known.outside(&limits.action, item, quantity.value()) {
            entry.mark = Mark::Action;
            let of = item.map(|item| format!(" of {item}")).unwrap_or_default();
            let band = known.band_text(&limits.action, item, quantity.unit());
            self.broken(limits, &format!("{title}{of}"), &quantity.text(), &band)?;
        } else if known.outside(&limits.alert, item, quantity.value()) {
            entry.mark = Mark::Alert;
        }
        Ok(entry)
    }

    /// A limit is broken: refuses, or notes the deviation.
    fn broken(
        &mut self,
        limits: &Limits,
        title: &str,
        given: &str,
        limit: &str,
    ) -> Result<(), Refusal> {
        match limits.breaking.unwrap_or(Breaking::Deviation(Class::Major)) {
            Breaking::Refuse => Err(Refusal::OutsideLimit {
                field: title.to_owned(),
                given: given.to_owned(),
                limit: limit.to_owned(),
            }),
            Breaking::Deviation(class) => {
                self.breaks.push(Break {
                    class,
                    title: format!("{title}: {given}"),
                    description: format!(
                        "At step '{}', {title} was {given}; the action limit is {limit}.",
                        self.step.title
                    ),
                    origin: Origin::Limit,
                    reconciliation: None,
                });
                Ok(())
            }
        }
    }

    /// Timers that end here: too early or too late refuses or is noted, as the record says.
    fn timers(&mut self) -> Result<(), Refusal> {
        if self.batch.count_of(&self.step.name) > 0 {
            return Ok(());
        }
        let record = self.record;
        for timer in record.timers.iter().filter(|timer| timer.to == self.step.name) {
            let Some(from) = self.batch.last_of(&timer.from) else { continue };
            let lasted = self.at.since(from.performed_at);
            if let Some(min) = timer.min.filter(|min| lasted < *min) {
                self.too_early(timer, from.performed_at, lasted, min)?;
            }
            if let Some(max) = timer.max.filter(|max| lasted > *max) {
                self.too_late(timer, lasted, max)?;
            }
        }
        Ok(())
    }

    /// ATMP-10: the book is within the limits that are due with this step.
    pub(super) fn reconcile(&mut self, postings: &[Posting]) -> Result<(), Refusal> {
        for (rule, found) in due(self.batch, self.record, &self.step.name, postings) {
            if !found.is_broken() {
                continue;
            }
            let (title, words) = (rule.title.clone(), found.words(rule.tolerance));
            match rule.breaking {
                Breaking::Refuse => return Err(Refusal::Unreconciled { title, words }),
                Breaking::Deviation(class) => self.breaks.push(Break {
                    class,
                    description: format!(
                        "After step '{}', the book does not reconcile. {title}: {words}.",
                        self.step.title
                    ),
                    title: format!("{title}: {words}"),
                    origin: Origin::Reconciliation,
                    reconciliation: Some(rule.name.clone()),
                }),
            }
        }
        Ok(())
    }

    fn too_early(
        &mut self,
        timer: &Timer,
        from: Instant,
        lasted: Span,
        min: Span,
    ) -> Result<(), Refusal> {
        match timer.too_early {
            Breaking::Refuse => Err(Refusal::TooEarly {
                timer: timer.title.clone(),
                min: min.text(),
                lasted: lasted.text(),
                earliest: from.plus(min).minute_text(Zone::LJUBLJANA),
            }),
            Breaking::Deviation(class) => {
                self.note_timer(class, timer, lasted, &format!("at least {}", min.text()));
                Ok(())
            }
        }
    }

    fn too_late(&mut self, timer: &Timer, lasted: Span, max: Span) -> Result<(), Refusal> {
        match timer.too_late {
            Breaking::Refuse => Err(Refusal::TooLate {
                timer: timer.title.clone(),
                max: max.text(),
                lasted: lasted.text(),
            }),
            Breaking::Deviation(class) => {
                self.note_timer(class, timer, lasted, &format!("at most {}", max.text()));
                Ok(())
            }
        }
    }

    fn note_timer(&mut self, class: Class, timer: &Timer, lasted: Span, limit: &str) {
        self.breaks.push(Break {
            class,
            title: format!("{}: {}", timer.title, lasted.text()),
            description: format!(
                "{} lasted {} until step '{}'; it must last {limit}.",
                timer.title,
                lasted.text(),
                self.step.title
            ),
            origin: Origin::Timer,
            reconciliation: None,
        });
    }
}

fn accepts(kind: &FieldKind, value: &Value) -> bool {
    match (kind, value) {
        (FieldKind::Choice { accept, .. }, Value::Choice { word }) => {
            accept.is_empty() || accept.contains(word)
        }
        _ => true,
    }
}
