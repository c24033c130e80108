//! One batch of the record: steps as performed, materials, containers, books, tests, deviations,
//! labels.
//!
//! Architecture invariant: every step of the master record is there, performed or not.

use std::collections::{BTreeMap, BTreeSet};

use super::{Gathered, mark};
use crate::app::batch_facts::record_of;
use crate::app::batch_show::whereabouts;
use crate::db::Db;
use crate::domain::batch::{
    Batch as State, Mark as Standing, Performance, ShownValue, performance_shown,
};
use crate::domain::container::Container;
use crate::domain::deviation::{Deviation as DeviationState, Status as DeviationStatus};
use crate::domain::genealogy::Node;
use crate::domain::id::{BatchNumber, Din};
use crate::domain::master_record::{MasterRecord, SignatureRule, Step as Planned};
use crate::domain::quality::{Status as TestStatus, TestRequest};
use crate::record::{
    Account, Balance, Batch, ContainerLine, Deviation, EquipmentUse, Field, LabelPrint,
    LabelReconciliation, MaterialUse, Posting, Reading, Step, Test, Verdict,
};
use crate::store::container::{self, Of};
use crate::store::{
    Failure, batch as table, deviation, equipment, genealogy, label, ledger, material, quality,
};

/// The most containers of one batch that a record lists.
const CONTAINERS_MAX: i64 = 2_000;

pub(super) fn batch(
    db: &mut Db,
    gathered: &mut Gathered,
    number: &BatchNumber,
) -> Result<Batch, Failure> {
    let state = table::require(db, number)?;
    let record = record_of(&state)?;
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
        materials: materials(db, gathered, &state, &record)?,
        equipment: devices(db, gathered, &state, &record)?,
        containers: containers(db, gathered, &state)?,
        accounts: accounts(gathered, &state, &record),
        tests: tests(db, gathered, number)?,
        deviations: deviations(db, gathered, number)?,
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
    steps
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
        timers: Vec::new(),
        deviations: Vec::new(),
        comments: Vec::new(),
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
    let entered = shown.values.iter().map(|value| field(value, "entered"));
    let calculated = shown.calculated.iter().map(|value| field(value, "calculated"));
    let mut performed = mark(&performance.signature);
    performed.at = gathered.moment(performance.performed_at);
    performed.reason.clone_from(&performance.late_because);
    if performance.late_because.is_some() {
        performed.recorded_at = Some(gathered.moment(performance.recorded_at));
    }
    let used = shown.consumed.iter().map(|text| format!("used: {text}"));
    let made = shown.produced.iter().map(|text| format!("made: {text}"));
    Step {
        fields: entered.chain(calculated).collect(),
        containers: used.chain(made).collect(),
        performed: Some(performed),
        verified: performance.verified.as_ref().map(mark),
        materials: shown.materials,
        equipment: shown.equipment,
        deviations: shown.deviations,
        ..step
    }
}

fn field(value: &ShownValue, source: &str) -> Field {
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
        corrections: Vec::new(),
    }
}

/// The titles of the steps that used something, by what they used.
fn users<T: Ord + Clone>(
    state: &State,
    record: &MasterRecord,
    used: fn(&Performance) -> &[T],
) -> BTreeMap<T, String> {
    let mut by: BTreeMap<T, BTreeSet<&str>> = BTreeMap::new();
    for performance in &state.performances {
        let title = record.step(&performance.step).map_or("", |step| step.title.as_str());
        for one in used(performance) {
            by.entry(one.clone()).or_default().insert(title);
        }
    }
    by.into_iter()
        .map(|(one, titles)| (one, titles.into_iter().collect::<Vec<_>>().join(", ")))
        .collect()
}

fn materials(
    db: &mut Db,
    gathered: &Gathered,
    state: &State,
    record: &MasterRecord,
) -> Result<Vec<MaterialUse>, Failure> {
    let mut lines = Vec::new();
    for (lot, steps) in users(state, record, |performance| &performance.materials) {
        let known = material::load(db, &lot)?;
        lines.push(MaterialUse {
            material: known.as_ref().map_or_else(String::new, |k| k.receipt.title.clone()),
            lot: lot.to_string(),
            expiry: known.map_or_else(
                || "unknown".to_owned(),
                |known| known.receipt.expires_at.date_text(gathered.zone),
            ),
            quantity: "see the step".to_owned(),
            steps,
        });
    }
    Ok(lines)
}

fn devices(
    db: &mut Db,
    gathered: &Gathered,
    state: &State,
    record: &MasterRecord,
) -> Result<Vec<EquipmentUse>, Failure> {
    let mut lines = Vec::new();
    for (asset, steps) in users(state, record, |performance| &performance.equipment) {
        let known = equipment::load(db, &asset)?;
        let name = known.as_ref().map_or(String::new(), |known| known.registration.title.clone());
        let due = known.as_ref().and_then(|known| known.registration.calibration_due);
        let cleaned = known.as_ref().and_then(|known| known.cleaned_at);
        lines.push(EquipmentUse {
            asset: asset.to_string(),
            name,
            calibration: due.map_or_else(
                || "not applicable".to_owned(),
                |at| format!("valid to {}", at.date_text(gathered.zone)),
            ),
            cleaning: cleaned.map_or_else(
                || "–".to_owned(),
                |at| format!("cleaned {}", at.minute_text(gathered.zone)),
            ),
            steps,
        });
    }
    Ok(lines)
}

/// Cells and volume in words.
pub(super) fn content(state: &Container) -> String {
    let cells = state.contents.viable_cells.map(|cells| cells.text());
    let volume = state.contents.volume.map(|volume| volume.text());
    let parts: Vec<String> = cells.into_iter().chain(volume).collect();
    if parts.is_empty() { state.contents.title.clone() } else { parts.join(" in ") }
}

fn containers(
    db: &mut Db,
    gathered: &Gathered,
    state: &State,
) -> Result<Vec<ContainerLine>, Failure> {
    let used: Vec<String> = state.consumed().map(|one| one.container.to_string()).collect();
    let used = container::load_many(db, &used)?;
    let made = container::list(db, &Of::Batch(&state.number), None, CONTAINERS_MAX)?;
    let line = |direction: &'static str| {
        move |one: &Container| ContainerLine {
            code: one.code.clone(),
            kind: one.kind.word().to_owned(),
            direction: direction.to_owned(),
            content: content(one),
            whereabouts: whereabouts(one),
            disposition: gathered
                .graph
                .standing(&Node::new(crate::domain::genealogy::NodeKind::Container, &one.code))
                .disposition,
        }
    };
    Ok(used.iter().map(line("consumed")).chain(made.iter().map(line("produced"))).collect())
}

fn accounts(gathered: &Gathered, state: &State, record: &MasterRecord) -> Vec<Account> {
    let mut accounts = Vec::new();
    for unit in state.book.units() {
        let mut postings = Vec::new();
        for performance in &state.performances {
            let title = record.step(&performance.step).map_or("", |step| step.title.as_str());
            for posting in performance.postings.iter().filter(|p| p.amount.unit() == unit) {
                postings.push(Posting {
                    at: gathered.moment(performance.performed_at),
                    step: title.to_owned(),
                    from: posting.from.words().to_owned(),
                    to: posting.to.words().to_owned(),
                    amount: posting.amount.text(),
                    by: performance.signature.login.to_string(),
                });
            }
        }
        let balances = state.book.accounts(unit).into_iter().map(|(account, amount)| Balance {
            account: account.words().to_owned(),
            amount: amount.text(),
        });
        accounts.push(Account {
            name: "Account".to_owned(),
            unit: unit.symbol().to_owned(),
            balances: balances.collect(),
            balanced: state.book.sum(unit).is_zero(),
            postings,
        });
    }
    accounts
}

fn tests(db: &mut Db, gathered: &mut Gathered, number: &BatchNumber) -> Result<Vec<Test>, Failure> {
    let mut tests = Vec::new();
    for row in quality::of_batch(db, number)? {
        let Some(request) = ledger::load::<TestRequest>(db, &row.id)? else { continue };
        gathered.tests.push(row.id);
        tests.push(test(gathered, &request));
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
        let Some(state) = ledger::load::<DeviationState>(db, row.number.as_str())? else {
            continue;
        };
        gathered.deviations.push(row.number.to_string());
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
                prints: Vec::new(),
            });
        account.issued += print.copies;
        account.applied += u32::from(print.applied);
        account.destroyed += print.destroyed;
        account.retained += print.kept;
        let state = match (&print.voided, print.applied) {
            (Some(_), _) => "voided by a reprint",
            (None, true) => "applied, read back",
            (None, false) => "printed",
        };
        account.prints.push(LabelPrint {
            code: print.payload.clone(),
            template: print.definition,
            at: gathered.moment(print.printed_at),
            by: print.printed_by,
            state: state.to_owned(),
            reason: print.voided.map(|(_, because)| because),
        });
    }
    Ok(kinds.into_values().collect())
}
