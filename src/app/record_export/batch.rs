//! One batch of the record: steps as performed, materials, containers, books, tests, deviations,
//! labels.
//!
//! Architecture invariant: every step of the master record is there, performed or not.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::{Gathered, mark, person, supplies};
use crate::app::batch_accounts::{book, lineage};
use crate::app::batch_facts::record_of;
use crate::app::batch_show::whereabouts;
use crate::app::container_identity::printed;
use crate::db::Db;
use crate::domain::Aggregate;
use crate::domain::batch::{
    Batch as State, BatchState, Mark as Standing, Performance, Reconciled, SettledBatch,
    ShownValue, TimerReading, Was, cumulative, performance_shown, reconciliations, timers,
};
use crate::domain::container::{Container, CorrectedIdentity};
use crate::domain::deviation::{Deviation as DeviationState, Status as DeviationStatus};
use crate::domain::genealogy::Node;
use crate::domain::id::{BatchNumber, DeviationNumber, Din, Name};
use crate::domain::master_record::{self, MasterRecord, SignatureRule, Step as Planned};
use crate::domain::quality::{Status as TestStatus, TestRequest};
use crate::domain::quantity::{Quantity, Unit};
use crate::record::{
    Account, Balance, Batch, ContainerLine, Correction, Deviation, Doubling, Field,
    IdentityCorrection, LabelPrint, LabelReconciliation, Posting, Reading, Reconciliation, Step,
    Test, Timer, Verdict, code_ranges,
};
use crate::store::account::{self as account_table, Posted};
use crate::store::container::{self, Of};
use crate::store::{Failure, batch as table, deviation, genealogy, label, quality};

/// The most containers of one batch that a record lists.
const CONTAINERS_MAX: i64 = 2_000;

pub(super) fn batch(
    db: &mut Db,
    gathered: &mut Gathered,
    number: &BatchNumber,
) -> Result<Batch, Failure> {
    let state = table::require(db, number)?;
    let record = record_of(&state)?;
    gathered.streams.whole(db, &State::stream(number.as_str()))?;
    let release = gathered.releases.get(number.as_str());
    let disposition = genealogy::effective(db, &Node::batch(number))?;
    let word = match release {
        Some(release) => release.stage.word(),
        None => state.state.words(),
    };
    let last = state.performances.iter().map(|performance| performance.performed_at).max();
    Ok(Batch {
        number: number.to_string(),
        title: state.title.clone(),
        product: state.product.to_string(),
        master_record: format!("{} version {}", state.record.id, state.record.version),
        master_record_hash: state.record.hash.to_string(),
        donation: state.din().map(Din::printed),
        state: word.to_owned(),
        disposition,
        started: Some(gathered.moment(state.started_at)),
        finished: last.map(|at| gathered.moment(at)),
        steps: steps(gathered, &state, &record),
        timers: times(gathered, &state, &record),
        materials: supplies::materials(db, gathered, &state, &record)?,
        equipment: supplies::equipment(db, gathered, &state, &record)?,
        containers: containers(db, gathered, &state)?,
        accounts: accounts(db, gathered, &state, &record)?,
        reconciliations: reconciled(&state, &record),
        doublings: doublings(db, &state)?,
        tests: tests(db, gathered, number)?,
        deviations: deviations(db, gathered, number)?,
        identities: identities(db, number)?,
        labels: labels(db, gathered, number)?,
    })
}

fn steps(gathered: &Gathered, state: &State, record: &MasterRecord) -> Vec<Step> {
    let mut steps = Vec::new();
    for (planned, place) in record.steps.iter().zip(1..) {
        let mut performed = state.of_step(&planned.name).peekable();
        if performed.peek().is_none() {
            steps.push(blank(planned, format!("{place}")));
        }
        for performance in performed {
            let number = match performance.occurrence {
                1 if state.count_of(&planned.name) == 1 => format!("{place}"),
                occurrence => format!("{place}.{occurrence}"),
            };
            let step = blank(planned, number);
            steps.push(filled(gathered, state, record, performance, step));
        }
    }
    steps.extend(state.settled.as_ref().map(ended));
    steps
}

/// The end of a batch that was not certified, as its last step: what was open and what became of
/// each.
fn ended(end: &SettledBatch) -> Step {
    let mut performed = mark(&end.signature);
    performed.reason = Some(end.because.clone());
    let plain = |label: &str, value: &str| Field {
        label: label.to_owned(),
        value: value.to_owned(),
        unit: None,
        number: None,
        verdict: Verdict::None,
        limits: None,
        source: "decided".to_owned(),
        corrections: Vec::new(),
    };
    let items = end.items.iter().map(|item| plain(&item.what, item.settlement.words()));
    Step {
        id: "ended".to_owned(),
        number: "end".to_owned(),
        title: end.act.words().to_owned(),
        operation: "dispose".to_owned(),
        instruction: None,
        fields: std::iter::once(plain("Because", &end.because)).chain(items).collect(),
        not_covered: Vec::new(),
        performed: Some(performed),
        verified: end.witness.as_ref().map(mark),
        needs_verification: end.witness.is_some(),
        materials: Vec::new(),
        equipment: Vec::new(),
        containers: Vec::new(),
        deviations: Vec::new(),
    }
}

fn blank(planned: &Planned, number: String) -> Step {
    Step {
        id: planned.name.to_string(),
        number,
        title: planned.title.clone(),
        operation: planned.operation.code().replace('_', " "),
        instruction: Some(planned.instruction.clone()).filter(|text| !text.is_empty()),
        fields: Vec::new(),
        performed: None,
        verified: None,
        needs_verification: planned.signature == SignatureRule::PerformedVerified,
        materials: Vec::new(),
        equipment: Vec::new(),
        containers: Vec::new(),
        deviations: Vec::new(),
        not_covered: Vec::new(),
    }
}

fn filled(
    gathered: &Gathered,
    state: &State,
    record: &MasterRecord,
    performance: &Performance,
    step: Step,
) -> Step {
    let shown = performance_shown(state, record, performance);
    let entered = shown.values.iter().map(|value| field(gathered, state, value, "entered"));
    let calculated =
        shown.calculated.iter().map(|value| field(gathered, state, value, "calculated"));
    let mut performed = mark(&performance.signature);
    performed.at = gathered.moment(performance.performed_at);
    performed.reason.clone_from(&performance.late_because);
    if performance.late_because.is_some() {
        performed.recorded_at = Some(gathered.moment(performance.recorded_at));
    }
    let foreign = shown.foreign.iter().map(|found| format!("FOREIGN {found}")).collect::<Vec<_>>();
    let used = shown.consumed.iter().map(|text| format!("used {text}"));
    Step {
        fields: entered.chain(calculated).collect(),
        containers: used.chain(made(record, performance)).chain(foreign).collect(),
        performed: Some(performed),
        verified: performance.verified.as_ref().map(mark),
        materials: shown.materials,
        equipment: shown.equipment,
        deviations: shown
            .deviations
            .into_iter()
            .chain(corrected_into(state, performance).map(ToString::to_string))
            .collect(),
        not_covered: shown.not_covered,
        ..step
    }
}

/// Deviations that corrections opened at this step.
fn corrected_into<'a>(
    state: &'a State,
    performance: &'a Performance,
) -> impl Iterator<Item = &'a DeviationNumber> {
    state.corrections_of(performance).flat_map(|one| &one.deviations)
}

/// What a step made, in words: containers that are alike in one line.
fn made(record: &MasterRecord, performance: &Performance) -> Vec<String> {
    let mut groups: Vec<(String, String, Vec<&str>)> = Vec::new();
    for one in &performance.produced {
        let title = record.output(&one.output).map_or("", |output| output.title.text());
        let target = one.target.as_ref().map(|target| format!(" for {target}"));
        let what = format!("{title}{}", target.unwrap_or_default());
        let amounts: Vec<String> = one.cells.iter().chain(&one.volume).map(|q| q.text()).collect();
        let each = amounts.join(" in ");
        match groups.iter_mut().find(|(known, same, _)| *known == what && *same == each) {
            Some((.., codes)) => codes.push(one.container.as_str()),
            None => groups.push((what, each, vec![one.container.as_str()])),
        }
    }
    let line = |(what, each, codes): (String, String, Vec<&str>)| {
        let each = match (each.is_empty(), codes.len()) {
            (true, _) => String::new(),
            (false, 1) => format!(", {each}"),
            (false, _) => format!(", {each} each"),
        };
        let count = if codes.len() > 1 { format!("{} × ", codes.len()) } else { String::new() };
        format!("made {count}{what}{each}: {}", code_ranges(&codes))
    };
    groups.into_iter().map(line).collect()
}

/// A value that a correction replaced, with who corrected it, why, and who verified that.
fn correction(gathered: &Gathered, state: &State, was: &Was) -> Option<Correction> {
    let found = state.correction(was.number)?;
    Some(Correction {
        number: was.number,
        from: was.value.clone(),
        to: was.to.clone(),
        calculated: was.calculated,
        by: person(&found.signature),
        at: gathered.moment(found.recorded_at),
        reason: was.because.clone(),
        verified: found.verified.as_ref().map(mark),
        waits: was.waits,
    })
}

fn field(gathered: &Gathered, state: &State, value: &ShownValue, source: &str) -> Field {
    let label = match (&value.item, &value.arithmetic) {
        (Some(item), Some(arithmetic)) => format!("{}, {item} ({arithmetic})", value.title),
        (Some(item), None) => format!("{}, {item}", value.title),
        (None, Some(arithmetic)) => format!("{} ({arithmetic})", value.title),
        (None, None) => value.title.clone(),
    };
    let limits = Some(value.limit.clone()).filter(|text| !text.is_empty());
    Field {
        label,
        value: value.value.clone(),
        unit: None,
        number: None,
        verdict: match (value.mark, &limits) {
            (Standing::Within, None) => Verdict::None,
            (Standing::Within, Some(_)) => Verdict::In,
            (Standing::Alert, _) => Verdict::Alert,
            (Standing::Action, _) => Verdict::Out,
        },
        limits,
        source: source.to_owned(),
        corrections: value.was.iter().filter_map(|was| correction(gathered, state, was)).collect(),
    }
}

/// Every timer of the master record, as it was.
fn times(gathered: &Gathered, state: &State, record: &MasterRecord) -> Vec<Timer> {
    let readings = timers(state, record);
    let over = state.state != BatchState::InProcess;
    let title = |step: &Name| record.step(step).map_or_else(String::new, |step| step.title.clone());
    let of = |timer: &master_record::Timer| {
        let reading = readings.iter().find(|reading| reading.timer.name == timer.name);
        let stopped = reading.and_then(|reading| reading.stopped);
        let actual = reading.zip(stopped).map(|(reading, at)| at.since(reading.from).text());
        let (state, verdict) =
            reading.map_or(("not started", Verdict::None), |reading| standing(reading, over));
        Timer {
            title: timer.title.clone(),
            from: title(&timer.from),
            started: reading.map(|reading| gathered.moment(reading.from)),
            to: title(&timer.to),
            stopped: stopped.map(|at| gathered.moment(at)),
            limits: match (timer.min, timer.max) {
                (Some(min), Some(max)) => format!("{} to {}", min.text(), max.text()),
                (Some(min), None) => format!("at least {}", min.text()),
                (None, Some(max)) => format!("at most {}", max.text()),
                (None, None) => "none".to_owned(),
            },
            actual,
            state: state.to_owned(),
            verdict,
        }
    };
    record.timers.iter().map(of).collect()
}

/// Whether a timer was kept, in words.
fn standing(reading: &TimerReading<'_>, over: bool) -> (&'static str, Verdict) {
    match reading.stopped {
        None if over => ("ended with the batch", Verdict::None),
        None => ("running", Verdict::Pending),
        Some(at) if reading.earliest.is_some_and(|earliest| at < earliest) => {
            ("BROKEN: too early", Verdict::Out)
        }
        Some(at) if reading.latest.is_some_and(|latest| at > latest) => {
            ("BROKEN: too late", Verdict::Out)
        }
        Some(_) => ("kept", Verdict::In),
    }
}

/// Cells and volume in words.
pub(super) fn content(state: &Container) -> String {
    let cells = state.contents.viable_cells.map(|cells| cells.text());
    let volume = state.contents.volume.map(|volume| volume.text());
    let parts: Vec<String> = cells.into_iter().chain(volume).collect();
    if parts.is_empty() { state.contents.title.to_string() } else { parts.join(" in ") }
}

/// Product identities of what the batch made that were corrected.
fn identities(db: &mut Db, number: &BatchNumber) -> Result<Vec<IdentityCorrection>, Failure> {
    let made = container::list(db, &Of::Batch(number), None, CONTAINERS_MAX)?;
    let of = |state: &Container| {
        let code = state.code.clone();
        let one = move |one: &CorrectedIdentity| IdentityCorrection {
            container: code.clone(),
            from: printed(&one.from),
            to: printed(&one.to),
            reason: one.because.clone(),
            proposed: mark(&one.proposed),
            confirmed: mark(&one.confirmed),
        };
        state.corrected.iter().map(one).collect::<Vec<_>>()
    };
    Ok(made.iter().flat_map(of).collect())
}

fn containers(
    db: &mut Db,
    gathered: &Gathered,
    state: &State,
) -> Result<Vec<ContainerLine>, Failure> {
    let used: Vec<String> = state.consumed().map(|one| one.container.to_string()).collect();
    let taken = container::load_many(db, &used)?;
    let made = container::list(db, &Of::Batch(&state.number), None, CONTAINERS_MAX)?;
    let own = |one: &&Container| one.batch.as_ref() != Some(&state.number);
    let line = |one: &Container, direction: &str| ContainerLine {
        code: one.code.clone(),
        kind: one.kind.word().to_owned(),
        direction: direction.to_owned(),
        content: content(one),
        whereabouts: whereabouts(one),
        disposition: gathered
            .graph
            .standing(&Node::new(crate::domain::genealogy::NodeKind::Container, &one.code))
            .disposition,
    };
    let consumed = taken.iter().filter(own).map(|one| line(one, "consumed"));
    let produced = made.iter().map(|one| match used.contains(&one.code) {
        true => line(one, "made and used up"),
        false => line(one, "produced"),
    });
    Ok(consumed.chain(produced).collect())
}

fn accounts(
    db: &mut Db,
    gathered: &Gathered,
    state: &State,
    record: &MasterRecord,
) -> Result<Vec<Account>, Failure> {
    let posted = account_table::postings(db, &state.number)?;
    let book = book(&posted);
    let of = |unit: Unit| {
        let postings = posted.iter().filter(|one| one.posting.amount.unit() == unit);
        let balances = book.accounts(unit).into_iter().map(|(account, amount)| Balance {
            account: account.words().to_owned(),
            amount: amount.text(),
        });
        Account {
            name: "Account".to_owned(),
            unit: unit.symbol().to_owned(),
            balances: balances.collect(),
            balanced: book.sum(unit).is_zero(),
            postings: postings.map(|one| posting(gathered, state, record, one)).collect(),
        }
    };
    Ok(book.units().into_iter().map(of).collect())
}

/// A movement: of a step, when that was performed; of a container, when it happened.
fn posting(gathered: &Gathered, state: &State, record: &MasterRecord, posted: &Posted) -> Posting {
    let step = Name::parse(&posted.what).ok().filter(|_| posted.occurrence.is_some());
    let of = |p: &&Performance| {
        Some(&p.step) == step.as_ref() && Some(p.occurrence) == posted.occurrence
    };
    let performance = state.performances.iter().find(of);
    // What was recorded with no performance is a correction of one.
    let corrects = performance.is_some_and(|performance| performance.recorded_at != posted.at);
    let performed = performance.filter(|_| !corrects).map(|p| p.performed_at);
    let title = step.as_ref().and_then(|step| record.step(step)).map(|step| {
        let word = if corrects { ", correction" } else { "" };
        format!("{}{word}", step.title)
    });
    let container = || {
        let code = posted.stream.split_once('/').map_or("", |(_, code)| code);
        format!("{code}: {}", posted.what)
    };
    let amount = posted.posting.amount;
    Posting {
        at: gathered.moment(performed.unwrap_or(posted.at)),
        step: title.unwrap_or_else(container),
        from: posted.posting.from.words().to_owned(),
        to: posted.posting.to.words().to_owned(),
        amount: altogether(amount, posted.times),
        count: posted.times,
        each: amount.text(),
        by: posted.by.clone(),
    }
}

fn reconciled(state: &State, record: &MasterRecord) -> Vec<Reconciliation> {
    let line = |one: &Reconciled<'_>| Reconciliation {
        title: one.rule.title.clone(),
        found: one.found.map_or_else(String::new, |found| found.words(one.rule.tolerance)),
        verdict: match one.found {
            None => Verdict::Pending,
            Some(found) if found.is_broken() => Verdict::Out,
            Some(_) => Verdict::In,
        },
    };
    reconciliations(state, record).iter().map(line).collect()
}

/// How often the cells doubled, from the donor to this batch.
fn doublings(db: &mut Db, state: &State) -> Result<Vec<Doubling>, Failure> {
    let lines = lineage(db, state)?;
    if lines.last().is_none_or(|line| !line.cells) {
        return Ok(Vec::new());
    }
    let levels = cumulative(&lines);
    let mut rows = Vec::new();
    for line in &lines {
        let level = levels.get(&line.batch).map_or_else(String::new, |level| level.text());
        let row = |passage: String, arithmetic: String, grown: String, each: String| Doubling {
            batch: line.batch.to_string(),
            passage,
            arithmetic,
            grown,
            each,
            level: level.clone(),
        };
        for one in &line.doublings {
            let passage = one.passage.map_or(String::new(), |passage| format!("P{passage}"));
            let grown = one.lasted().map_or(String::new(), |span| span.text());
            let each = one.doubling_time().map_or(String::new(), |time| time.text());
            rows.push(row(passage, one.arithmetic(), grown, each));
        }
        if line.doublings.is_empty() {
            let none = "no passage counted; as what it was made of".to_owned();
            rows.push(row(String::new(), none, String::new(), String::new()));
        }
    }
    Ok(rows)
}

/// So many times an amount, in words.
fn altogether(amount: Quantity, count: u32) -> String {
    match (count, amount.times(Decimal::from(count))) {
        (2.., Ok(sum)) => sum.text(),
        _ => amount.text(),
    }
}

fn tests(db: &mut Db, gathered: &mut Gathered, number: &BatchNumber) -> Result<Vec<Test>, Failure> {
    let mut tests = Vec::new();
    for row in quality::of_batch(db, number)? {
        let entries = gathered.streams.whole(db, &TestRequest::stream(&row.id))?;
        let request = TestRequest::fold(entries.iter().map(|entry| &entry.recorded));
        tests.extend(request.map(|request| test(gathered, &request)));
    }
    Ok(tests)
}

fn test(gathered: &Gathered, request: &TestRequest) -> Test {
    use crate::domain::quality::ResultStanding;
    let result = request.latest().map(|result| {
        let values: Vec<String> =
            result.values.iter().map(|value| request.value_text(value)).collect();
        values.join("; ")
    });
    let mut signed = Vec::new();
    for result in &request.results {
        signed.push(mark(&result.signature));
        match &result.standing {
            ResultStanding::Unreviewed => {}
            ResultStanding::Reviewed { signature }
            | ResultStanding::Returned { signature, .. }
            | ResultStanding::Invalidated { signature, .. } => signed.push(mark(signature)),
        }
    }
    let specification = &request.specification;
    Test {
        name: request.title.clone(),
        method: format!("{} version {}", specification.method, specification.method_version),
        sample: request.sample.as_ref().map_or_else(|| "–".to_owned(), ToString::to_string),
        specification: format!("{} version {}", specification.code, specification.version),
        verdict: match request.status {
            TestStatus::FinalPass => Verdict::In,
            TestStatus::FinalFail => Verdict::Out,
            _ => Verdict::Pending,
        },
        result,
        stage: if specification.pending_allowed { "final" } else { "initial" }.to_owned(),
        signed,
        readings: request
            .interim
            .iter()
            .map(|reading| Reading {
                at: gathered.moment(reading.read_at),
                value: "no growth".to_owned(),
                by: reading.signature.login.to_string(),
            })
            .collect(),
    }
}

fn deviations(
    db: &mut Db,
    gathered: &mut Gathered,
    number: &BatchNumber,
) -> Result<Vec<Deviation>, Failure> {
    let mut deviations = Vec::new();
    for row in deviation::of_batch(db, number)? {
        let stream = DeviationState::stream(row.number.as_str());
        let entries = gathered.streams.whole(db, &stream)?;
        let state = DeviationState::fold(entries.iter().map(|entry| &entry.recorded));
        let Some(state) = state else { continue };
        let decision = state.decision.as_ref();
        let closing = state.closed.as_ref().map(|(_, signature)| signature);
        deviations.push(Deviation {
            number: state.number.clone(),
            title: state.title.clone(),
            class: state.class.code().to_owned(),
            step: state.subject.step.as_ref().map_or_else(|| "–".to_owned(), ToString::to_string),
            description: state.description.clone(),
            assessment: decision.map(|d| format!("{} {}", d.root_cause, d.impact)),
            actions: decision.map(|d| d.actions.clone()).into_iter().collect(),
            state: state.status().code().to_owned(),
            closed: state.status() == DeviationStatus::Closed,
            signed: decision.map(|d| &d.signature).into_iter().chain(closing).map(mark).collect(),
        });
    }
    Ok(deviations)
}

fn labels(
    db: &mut Db,
    gathered: &Gathered,
    number: &BatchNumber,
) -> Result<Vec<LabelReconciliation>, Failure> {
    let mut kinds: BTreeMap<String, LabelReconciliation> = BTreeMap::new();
    for print in label::of_batch(db, number)? {
        let account =
            kinds.entry(print.definition.clone()).or_insert_with(|| LabelReconciliation {
                kind: print.definition.clone(),
                issued: 0,
                applied: 0,
                destroyed: 0,
                retained: 0,
                in_record: 0,
                lost: 0,
                prints: Vec::new(),
            });
        account.issued += print.copies;
        account.applied += u32::from(print.applied);
        account.destroyed += print.destroyed;
        account.retained += print.kept;
        account.lost += print.lost;
        let lost = print.lost_with.as_ref().map(|(at, by, deviation)| {
            let when = gathered.moment(*at).text;
            format!(
                "reported lost on {when} by {by} ({deviation}): {} lost, {} found since",
                print.lost, print.found
            )
        });
        let lost_at = print.lost_with.as_ref().map(|(at, ..)| *at);
        let by_loss = print.voided.as_ref().is_some_and(|(at, _)| Some(*at) == lost_at);
        let state = match (&print.voided, print.applied) {
            (Some(_), _) if by_loss => "reported lost",
            (Some(_), _) => "void",
            (None, true) => "applied, read back",
            (None, false) => "printed",
        };
        account.prints.push(LabelPrint {
            code: print.payload.clone(),
            template: print.definition,
            at: gathered.moment(print.printed_at),
            by: print.printed_by,
            state: state.to_owned(),
            reason: print.voided.filter(|_| !by_loss).map(|(_, because)| because),
            lost,
        });
    }
    Ok(kinds.into_values().collect())
}
