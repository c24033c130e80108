//! Gathers what the release of a batch rests on, from every part of the records.
//!
//! Neighbours: `domain::release` says what follows from it; [`super::release_sign`] records it.
//!
//! Architecture invariant: facts are read in the transaction that decides on them, and by the same
//! function for the page that shows them.

use std::collections::BTreeSet;

use super::label_lost::label_accounts;
use crate::db::Db;
use crate::domain::batch::{self, Batch, BatchState, completeness, reconciliations};
use crate::domain::container::{ContainerKind, Fate, LabelCount};
use crate::domain::deviation::Deviation;
use crate::domain::id::{BatchNumber, Login, Name};
use crate::domain::master_record::{self, MasterRecord};
use crate::domain::quality::{ResultStanding, Status, TestRequest};
use crate::domain::release::{
    Complete, DeviationFact, Facts, InputFact, LabelFact, LostLabelFact, Missing, ReconcileFact,
    Release, TestFact, TrailFact, TrailKind,
};
use crate::domain::time::Instant;
use crate::domain::{Aggregate, Event};
use crate::store::label::Printed;
use crate::store::{Failure, container, deviation, label, ledger};

/// The most containers of one batch.
const CONTAINERS_MAX: i64 = 2_000;

/// Everything the release of a batch rests on, and the release so far.
///
/// # Errors
/// When the batch does not exist, its record cannot be read, or the database fails.
pub fn release_facts(
    db: &mut Db,
    number: &BatchNumber,
) -> Result<(Facts, Option<Release>), Failure> {
    let batch: Batch = ledger::load(db, number.as_str())?
        .ok_or_else(|| Failure::not_found(format!("There is no batch {number}.")))?;
    let record = master_record::parse(&batch.text)
        .map_err(|faults| Failure::Broken(format!("the record of {number}: {faults:?}")))?;
    let release: Option<Release> = ledger::load(db, number.as_str())?;
    let certified = release.as_ref().is_some_and(|release| release.certified().is_some());
    let (missing, complete) = elements(&batch, &record);
    let requests = requests(db, &batch, &record)?;
    let mut trail = Trail::default();
    trail.batch(db, number)?;
    trail.labels(db, number)?;
    trail.identities(db, number)?;
    for request in requests.iter().filter_map(|(_, request)| request.as_ref()) {
        trail.test(db, request)?;
    }
    let facts = Facts {
        batch: number.clone(),
        product: batch.title.clone(),
        master_record: format!("{} v{}", record.record.id, record.record.version),
        order: batch.order.clone(),
        completed: batch.state == BatchState::PendingReview,
        missing,
        complete,
        performers: performers(&batch),
        tests: requests.into_iter().map(|(plan, request)| test(&plan, request)).collect(),
        deviations: deviations(db, number)?,
        inputs: inputs(db, &batch)?,
        labels: labels(db, number)?,
        lost_labels: lost_labels(db, number)?,
        reconciled: reconciled(&batch, &record),
        trail: trail.exceptions,
        trail_entries: trail.entries,
        expires_at: if certified { None } else { expiry(db, &batch)? },
    };
    Ok((facts, release))
}

fn performers(batch: &Batch) -> BTreeSet<Login> {
    batch
        .performances
        .iter()
        .flat_map(|performance| {
            std::iter::once(&performance.signature).chain(performance.verified.as_ref())
        })
        .chain(
            batch
                .corrections
                .iter()
                .flat_map(|one| std::iter::once(&one.signature).chain(one.verified.as_ref())),
        )
        .map(|signature| signature.login.clone())
        .collect()
}

fn elements(batch: &Batch, record: &MasterRecord) -> (Vec<Missing>, Vec<Complete>) {
    let missing = completeness(batch, record)
        .iter()
        .map(|missing| Missing {
            what: missing.words(),
            step: None,
            rule: "ATMP-2".to_owned(),
            corrected: matches!(missing, batch::Missing::CorrectionVerification { .. }),
        })
        .collect();
    let verified =
        batch.performances.iter().filter(|performance| performance.verified.is_some()).count();
    let complete = |what: String, rule: &str| Complete { what, rule: rule.to_owned() };
    let complete = vec![
        complete(
            format!("{} steps of the master record performed", batch.performances.len()),
            "ATMP-2",
        ),
        complete(format!("{verified} steps verified by a second person"), "ATMP-4"),
        complete(
            format!("{} corrections of signed values, none waits", batch.corrections.len()),
            "ATMP-3",
        ),
        complete(format!("{} hold points signed by QA", batch.hold_points.len()), "ATMP-1"),
    ];
    (missing, complete)
}

type Plan = master_record::TestPlan;

/// The tests the record asks for, each with its request, if it was made.
fn requests(
    db: &mut Db,
    batch: &Batch,
    record: &MasterRecord,
) -> Result<Vec<(Plan, Option<TestRequest>)>, Failure> {
    record
        .tests
        .iter()
        .map(|plan| {
            let id = TestRequest::id(&batch.number, &plan.name);
            Ok((plan.clone(), ledger::load(db, &id)?))
        })
        .collect()
}

fn test(plan: &Plan, request: Option<TestRequest>) -> TestFact {
    let specification = &plan.specification;
    let mut fact = TestFact {
        test: plan.name.clone(),
        title: plan.title.clone(),
        status: Status::Planned,
        awaits_review: false,
        pending_allowed: specification.pending_allowed,
        on_certificate: specification.on_certificate,
        growth_based: specification.incubation.is_some(),
        latest_interim: None,
        interim_max_age: specification.incubation.as_ref().map(|times| times.interim_max_age),
        due_at: None,
        invalidated: 0,
        result: Vec::new(),
        analysts: Vec::new(),
    };
    let Some(request) = request else {
        return fact;
    };
    fact.status = request.status;
    fact.awaits_review = request.awaiting_review().is_some();
    fact.latest_interim = request.latest_interim().map(|reading| reading.read_at);
    fact.due_at = request.final_from();
    let invalidated = request
        .results
        .iter()
        .filter(|result| matches!(result.standing, ResultStanding::Invalidated { .. }))
        .count();
    fact.invalidated = u32::try_from(invalidated).unwrap_or(u32::MAX);
    fact.result = request
        .latest()
        .map(|result| result.values.iter().map(|value| request.value_text(value)).collect())
        .unwrap_or_default();
    fact.analysts = request.results.iter().map(|result| result.signature.login.clone()).collect();
    fact
}

fn deviations(db: &mut Db, number: &BatchNumber) -> Result<Vec<DeviationFact>, Failure> {
    let mut facts = Vec::new();
    for row in deviation::of_batch(db, number)? {
        let whole: Option<Deviation> = ledger::load(db, row.number.as_str())?;
        facts.push(DeviationFact {
            step: row.step.as_deref().and_then(|step| Name::parse(step).ok()),
            number: row.number,
            class: row.class,
            title: row.title,
            status: row.status,
            outcome: row.outcome,
            reconciliation: whole.and_then(|deviation| deviation.subject.reconciliation),
        });
    }
    Ok(facts)
}

fn reconciled(batch: &Batch, record: &MasterRecord) -> Vec<ReconcileFact> {
    let fact = |one: &crate::domain::batch::Reconciled<'_>| ReconcileFact {
        name: one.rule.name.clone(),
        title: one.rule.title.clone(),
        found: one.found.map(|found| found.words(one.rule.tolerance)),
        broken: one.found.is_some_and(|found| found.is_broken()),
    };
    reconciliations(batch, record).iter().map(fact).collect()
}

/// What the batch used up that it did not make itself, with its effective disposition.
fn inputs(db: &mut Db, batch: &Batch) -> Result<Vec<InputFact>, Failure> {
    let mut inputs = Vec::new();
    for consumed in batch.consumed() {
        let (state, standing) = container::require_with_standing(db, &consumed.container)?;
        if state.batch.as_ref() == Some(&batch.number) {
            continue;
        }
        inputs.push(InputFact {
            node: format!("container/{}", state.code),
            title: format!("{} {} {}", state.kind.word(), state.code, state.contents.title),
            disposition: standing.disposition,
            because: standing
                .because
                .map_or_else(String::new, |node| format!("because of {}", node.words())),
        });
    }
    Ok(inputs)
}

fn labels(db: &mut Db, number: &BatchNumber) -> Result<LabelFact, Failure> {
    let balance = label::balance(db, number)?;
    Ok(LabelFact {
        issued: balance.issued,
        applied: balance.applied,
        destroyed: balance.destroyed,
        kept: balance.kept,
        lost: balance.lost,
        open: balance.missing,
        containers_without: balance.containers_without,
    })
}

fn lost_labels(db: &mut Db, number: &BatchNumber) -> Result<Vec<LostLabelFact>, Failure> {
    let fact =
        |(deviation, label): (_, LabelCount)| LostLabelFact { what: label.words(), deviation };
    Ok(label_accounts(db, number)?.lost.into_iter().map(fact).collect())
}

/// When the first of the final containers that still exist expires.
fn expiry(db: &mut Db, batch: &Batch) -> Result<Option<Instant>, Failure> {
    let mut first: Option<Instant> = None;
    for produced in batch.produced() {
        let Some(state) = container::load(db, &produced.container)? else {
            continue;
        };
        let counts = state.fate == Fate::Live
            && !matches!(state.kind, ContainerKind::SampleTube | ContainerKind::Flask);
        if let (true, Some(at)) = (counts, state.expires_at) {
            first = Some(first.map_or(at, |earlier| earlier.min(at)));
        }
    }
    Ok(first)
}

/// What stands out about an event of a batch: that it was entered late, or corrects a signed value.
fn exception(recorded_at: Instant, event: &batch::Event) -> Option<(TrailKind, String)> {
    match event {
        batch::Event::StepPerformed { step, performed_at, late_because: Some(because), .. } => {
            let late = recorded_at.since(*performed_at).text();
            let what = format!("step {step} recorded {late} after it was performed: {because}");
            Some((TrailKind::LateEntry, what))
        }
        batch::Event::ValueCorrected { corrected, .. } => {
            let batch::Corrected { number, value, because, follows, .. } = corrected;
            let (old, new) = (value.old_text(), value.new.value.text());
            let anew = match follows.len() {
                0 => String::new(),
                1 => "; 1 value follows".to_owned(),
                count => format!("; {count} values follow"),
            };
            let item = value.new.item.as_ref().map(|item| format!(" of {item}"));
            let what = format!(
                "correction {number} at step {} ({}), {}{}: {old} → {new}, {because}{anew}",
                value.step,
                value.occurrence,
                value.new.name,
                item.unwrap_or_default(),
            );
            Some((TrailKind::Correction, what))
        }
        _ => None,
    }
}

/// That copies of a label were reported lost, and how many turned up since.
fn lost_label(print: &Printed) -> Option<TrailFact> {
    let Printed { container, serial, lost, found, .. } = print;
    let (at, by, deviation) = print.lost_with.as_ref()?;
    let turned_up = match found {
        0 => String::new(),
        found => format!(", {found} found since"),
    };
    Some(TrailFact {
        event: format!("container/{container}@lost-{serial}"),
        kind: TrailKind::LostLabel,
        what: format!(
            "label {serial} of {container} was reported lost ({deviation}): {lost} lost{turned_up}"
        ),
        by: Login::parse(by).ok()?,
        at: *at,
    })
}

/// What the audit trail shows besides the plain course of things.
#[derive(Default)]
struct Trail {
    exceptions: Vec<TrailFact>,
    entries: u32,
}

impl Trail {
    fn batch(&mut self, db: &mut Db, number: &BatchNumber) -> Result<(), Failure> {
        for entry in ledger::entries(db, &Batch::stream(number.as_str()))? {
            self.entries = self.entries.saturating_add(1);
            let recorded = &entry.recorded;
            let Event::Batch(event) = &recorded.event else { continue };
            let Some((kind, what)) = exception(recorded.at, event) else { continue };
            self.exceptions.push(TrailFact {
                event: format!("{}@{}", recorded.stream, recorded.version),
                kind,
                what,
                by: recorded.actor.clone(),
                at: recorded.at,
            });
        }
        Ok(())
    }

    fn labels(&mut self, db: &mut Db, number: &BatchNumber) -> Result<(), Failure> {
        for print in label::of_batch(db, number)? {
            self.entries = self.entries.saturating_add(1);
            self.exceptions.extend(lost_label(&print));
            let lost_at = print.lost_with.as_ref().map(|(at, ..)| *at);
            let Some((at, because)) = print.voided.filter(|(at, _)| Some(*at) != lost_at) else {
                continue;
            };
            let Ok(by) = Login::parse(&print.printed_by) else {
                continue;
            };
            self.exceptions.push(TrailFact {
                event: format!("container/{}@label-{}", print.container, print.serial),
                kind: TrailKind::Reprint,
                what: format!(
                    "label {} of {} was made void: {because}",
                    print.serial, print.container
                ),
                by,
                at,
            });
        }
        Ok(())
    }

    fn identities(&mut self, db: &mut Db, number: &BatchNumber) -> Result<(), Failure> {
        for made in container::list(db, &container::Of::Batch(number), None, CONTAINERS_MAX)? {
            for (position, one) in made.corrected.iter().enumerate() {
                let (from, to) = (one.from.words(), one.to.words());
                let confirmed = &one.confirmed.login;
                self.exceptions.push(TrailFact {
                    event: format!("container/{}@identity-{}", made.code, position + 1),
                    kind: TrailKind::Correction,
                    what: format!(
                        "product identity of {}: {from} → {to}, {}; confirmed by {confirmed}",
                        made.code, one.because
                    ),
                    by: one.proposed.login.clone(),
                    at: one.at,
                });
            }
        }
        Ok(())
    }

    fn test(&mut self, db: &mut Db, request: &TestRequest) -> Result<(), Failure> {
        use crate::domain::quality::Event as Test;
        for entry in ledger::entries(db, &TestRequest::stream(&request.id))? {
            self.entries = self.entries.saturating_add(1);
            let recorded = &entry.recorded;
            let Event::Test(event) = &recorded.event else {
                continue;
            };
            let (kind, what) = match event {
                Test::Received { late_because: Some(because), .. }
                | Test::Started { late_because: Some(because), .. }
                | Test::InterimRead { late_because: Some(because), .. }
                | Test::ResultRecorded { late_because: Some(because), .. } => {
                    (TrailKind::LateEntry, format!("{} recorded late: {because}", request.title))
                }
                Test::ResultReturned { number, because, .. } => (
                    TrailKind::RepeatedTest,
                    format!("{}: result {number} was returned: {because}", request.title),
                ),
                Test::ResultInvalidated { number, because, .. } => (
                    TrailKind::RepeatedTest,
                    format!("{}: result {number} was declared invalid: {because}", request.title),
                ),
                _ => continue,
            };
            self.exceptions.push(TrailFact {
                event: format!("{}@{}", recorded.stream, recorded.version),
                kind,
                what,
                by: recorded.actor.clone(),
                at: recorded.at,
            });
        }
        Ok(())
    }
}
