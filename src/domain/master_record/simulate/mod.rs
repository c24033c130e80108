//! Runs a master record many times with drawn durations, entries and failures, and says what came
//! of it: dates, yields, containers, broken limits, bottlenecks.
//!
//! What is drawn follows the assumptions of the record (`[[assume]]`) and, where it states none,
//! `defaults`; the report lists both. Calculations and limits are those of the record itself.
//! There is no working calendar: nights and holidays count like any hour.
//!
//! Neighbours: `record::timeline` draws the report; `calculation` calculates.
//!
//! Architecture invariant: exact decimals and whole seconds only; the same text, number of runs and
//! seed give the same report on every machine.

mod defaults;
mod likely;
mod random;
mod timeline;
mod values;

use super::model::{Breaking, MasterRecord, Operation, RecordRef, Step, Subject};
use super::outline::{PartKind, outline};
use crate::domain::deviation::Class;
use crate::domain::id::Name;
use crate::domain::quantity::{Quantity, Unit};
use crate::domain::time::Span;
pub use likely::{Held, LikelyEntry, Underway, likely_entries, likely_starts, likely_wait};
use random::Random;
use rust_decimal::Decimal;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use timeline::{Cause, Order, Timeline};
use values::Values;

/// More runs than this tell nothing new.
pub const RUNS_MAX: u32 = 100_000;

/// Three points of a distribution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Spread<T> {
    /// One run in ten is below it.
    pub p10: T,
    /// Half of the runs are below it.
    pub p50: T,
    /// Nine runs in ten are below it.
    pub p90: T,
}

impl<T: Ord + Clone> Spread<T> {
    fn of(mut values: Vec<T>) -> Option<Self> {
        values.sort();
        let last = values.len().checked_sub(1)?;
        let at = |percent: usize| values.get(last.saturating_mul(percent) / 100).cloned();
        Some(Self { p10: at(10)?, p50: at(50)?, p90: at(90)? })
    }
}

/// How a date or an amount is spread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line<T> {
    /// What it is.
    pub title: String,
    /// How it is spread.
    pub spread: Spread<T>,
}

/// When a step is done, from the start of the batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepTimes {
    /// Its title.
    pub title: String,
    /// The chapter it belongs to.
    pub unit: String,
    /// When it begins.
    pub start: Spread<Span>,
    /// When it ends.
    pub end: Spread<Span>,
}

/// Something that happened in some of the runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Happened {
    /// What.
    pub what: String,
    /// The class of the deviation; none if the batch was lost.
    pub class: Option<&'static str>,
    /// In how many runs.
    pub runs: u32,
}

/// What the end waited for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bottleneck {
    /// The step, or the time between two steps.
    pub title: String,
    /// Its share of the time from start to end, in per cent.
    #[serde(serialize_with = "text")]
    pub share: Decimal,
}

/// Something that was assumed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Assumed {
    /// About what.
    pub about: String,
    /// What.
    pub what: String,
    /// Whether the record states it; otherwise it is a default.
    pub stated: bool,
}

/// What came of many runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The record.
    pub record: RecordRef,
    /// Its title.
    pub title: String,
    /// How many runs.
    pub runs: u32,
    /// The seed.
    pub seed: u64,
    /// Runs that were finished.
    pub finished: u32,
    /// Runs whose product expired before it could be certified.
    pub expired: u32,
    /// Milestones, from the start of the batch.
    pub dates: Vec<Line<Span>>,
    /// Steps, in the order of the record.
    pub steps: Vec<StepTimes>,
    /// Viable cells in process after steps that count them.
    pub cells: Vec<Line<Amount>>,
    /// Containers made.
    pub containers: Vec<Line<u32>>,
    /// Where batches were lost.
    pub lost: Vec<Happened>,
    /// Limits and timers that were broken.
    pub broken: Vec<Happened>,
    /// What the end waited for, longest first.
    pub bottlenecks: Vec<Bottleneck>,
    /// What was assumed.
    pub assumed: Vec<Assumed>,
}

/// An amount that is written with its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount(Decimal, Unit);

impl Amount {
    fn of(quantity: Quantity) -> Self {
        Self(quantity.value(), quantity.unit())
    }

    /// The amount for people.
    pub fn text(self) -> String {
        Quantity::new(self.0, self.1).text()
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Quantity::new(self.0, self.1))
    }
}

fn text<S: Serializer>(number: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(number)
}

/// What the runs gather.
#[derive(Default)]
struct Tally {
    finished: u32,
    expired: u32,
    starts: Vec<Vec<Span>>,
    ends: Vec<Vec<Span>>,
    dates: BTreeMap<Milestone, Vec<Span>>,
    cells: BTreeMap<usize, Vec<Amount>>,
    containers: BTreeMap<String, Vec<u32>>,
    lost: BTreeMap<String, u32>,
    broken: BTreeMap<(String, Class), u32>,
    waited: BTreeMap<String, i64>,
    total: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Milestone {
    Produced,
    Initial,
    Tested,
}

impl Milestone {
    fn title(self) -> &'static str {
        match self {
            Self::Produced => "Production complete",
            Self::Initial => "Results for initial certification complete",
            Self::Tested => "All results complete",
        }
    }
}

/// Runs a record so many times, at most [`RUNS_MAX`].
pub fn simulate(record: &MasterRecord, runs: u32, seed: u64) -> Report {
    let runs = runs.clamp(1, RUNS_MAX);
    let order = Order::of(record);
    let mut tally = Tally {
        starts: vec![Vec::new(); record.steps.len()],
        ends: vec![Vec::new(); record.steps.len()],
        ..Tally::default()
    };
    for run in 0..runs {
        // Far apart, so that no two runs share a stretch of the sequence.
        let own = seed.wrapping_add(u64::from(run).wrapping_mul(0xD134_2543_DE82_EF95));
        tally.run(record, &order, Random::new(own));
    }
    tally.report(record, runs, seed)
}

impl Tally {
    fn run(&mut self, record: &MasterRecord, order: &Order, random: Random) {
        let mut values = Values::new(record, random);
        let mut lasts = vec![0; record.steps.len()];
        let mut cells = Vec::new();
        for at in order.sequence.iter().copied() {
            let Some(step) = record.steps.get(at) else { continue };
            let times = if values.applies(step) { times(step, &mut values) } else { 0 };
            if times == 0 {
                continue;
            }
            let seconds = values.random.seconds(step_lasts(&values, step));
            if let Some(slot) = lasts.get_mut(at) {
                *slot = seconds.saturating_mul(i64::from(times));
            }
            if let Err(lost) = values.perform(step, times) {
                let known = self.lost.entry(lost).or_default();
                *known = known.saturating_add(1);
                return;
            }
            let counted = step.account.as_ref().and_then(|rule| rule.cells.as_ref());
            let counted = counted.and_then(|reference| values.number(step, reference, None));
            cells.extend(counted.map(|quantity| (at, Amount::of(quantity))));
        }
        let waits: Vec<i64> = record
            .timers
            .iter()
            .map(|timer| {
                let stated = values.assumption(&Subject::Timer(timer.name.clone()));
                let lasts = stated.and_then(|assumption| assumption.lasts);
                values.random.seconds(lasts.unwrap_or_else(|| defaults::timer(timer)))
            })
            .collect();
        let line = Timeline::of(order, &lasts, &waits);
        self.finish(record, &mut values, &line);
        for (at, amount) in cells {
            self.cells.entry(at).or_default().push(amount);
        }
    }

    fn finish(&mut self, record: &MasterRecord, values: &mut Values<'_>, line: &Timeline) {
        self.finished = self.finished.saturating_add(1);
        for (lists, times) in [(&mut self.starts, &line.starts), (&mut self.ends, &line.ends)] {
            for (list, seconds) in lists.iter_mut().zip(times) {
                list.push(Span::of_seconds(*seconds));
            }
        }
        for (name, count) in values.counts() {
            let title = record.output(name).map_or_else(String::new, |o| o.title.to_string());
            self.containers.entry(title).or_default().push(count);
        }
        let mut broken: Vec<(String, Class)> =
            values.broken.iter().map(|broken| (broken.what.clone(), broken.class)).collect();
        let late = line.late.iter().filter_map(|at| record.timers.get(*at));
        for timer in late.filter(|timer| line.was_done(record, &timer.from)) {
            let class = match timer.too_late {
                Breaking::Deviation(class) => class,
                Breaking::Refuse => Class::Critical,
            };
            broken.push((format!("{}: too late", timer.title), class));
        }
        broken.sort();
        broken.dedup();
        for key in broken {
            let known = self.broken.entry(key).or_default();
            *known = known.saturating_add(1);
        }
        self.milestones(record, values, line);
        self.waited_for(record, line);
    }

    fn milestones(&mut self, record: &MasterRecord, values: &mut Values<'_>, line: &Timeline) {
        let produced = line.ends.iter().copied().max().unwrap_or(0);
        let end_of = |made: &Name| {
            let makes = |step: &Step| step.produces.iter().any(|p| p.output == *made);
            let at = record.steps.iter().position(makes);
            at.and_then(|at| line.ends.get(at)).copied().unwrap_or(produced)
        };
        let (mut initial, mut tested) = (produced, produced);
        for test in &record.tests {
            let stated = values.assumption(&Subject::Test(test.name.clone()));
            let lasts = stated.and_then(|assumption| assumption.lasts);
            let lasts = values.random.seconds(lasts.unwrap_or_else(|| defaults::test(test)));
            let done = end_of(&test.sample).saturating_add(lasts);
            tested = tested.max(done);
            if !test.specification.pending_allowed {
                initial = initial.max(done);
            }
        }
        let product = record.outputs.iter().find(|output| output.material == record.product);
        if let Some((product, keeps)) = product.and_then(|p| p.keeps.map(|keeps| (p, keeps))) {
            let expires = end_of(&product.name).saturating_add(keeps.seconds());
            if initial > expires {
                self.expired = self.expired.saturating_add(1);
            }
        }
        for (milestone, seconds) in [
            (Milestone::Produced, produced),
            (Milestone::Initial, initial),
            (Milestone::Tested, tested),
        ] {
            self.dates.entry(milestone).or_default().push(Span::of_seconds(seconds));
        }
    }

    /// Walks back from the step that ends last over what each start waited for.
    fn waited_for(&mut self, record: &MasterRecord, line: &Timeline) {
        let last = line.ends.iter().enumerate().max_by_key(|(_, end)| **end);
        let Some((mut at, end)) = last else { return };
        self.total = self.total.saturating_add(*end);
        let seconds = |list: &[i64], at: usize| list.get(at).copied().unwrap_or(0);
        for _ in 0..record.steps.len() {
            let lasted = seconds(&line.ends, at).saturating_sub(seconds(&line.starts, at));
            if let Some(step) = record.steps.get(at) {
                self.add_wait(&step.title, lasted);
            }
            match line.causes.get(at).copied().unwrap_or(Cause::Beginning) {
                Cause::Beginning => return,
                Cause::Step(before) => at = before,
                Cause::Timer(number) => {
                    let Some(timer) = record.timers.get(number) else { return };
                    let from = record.steps.iter().position(|step| step.name == timer.from);
                    let Some(from) = from else { return };
                    let wait = seconds(&line.starts, at).saturating_sub(seconds(&line.ends, from));
                    self.add_wait(&timer.title, wait);
                    at = from;
                }
            }
        }
    }

    fn add_wait(&mut self, title: &str, seconds: i64) {
        let known = self.waited.entry(title.to_owned()).or_default();
        *known = known.saturating_add(seconds.max(0));
    }

    fn report(self, record: &MasterRecord, runs: u32, seed: u64) -> Report {
        let mut steps = Vec::new();
        for ((step, starts), ends) in record.steps.iter().zip(self.starts).zip(self.ends) {
            let spread = Spread::of(starts).zip(Spread::of(ends));
            steps.extend(spread.map(|(start, end)| StepTimes {
                title: step.title.clone(),
                unit: record.unit_title(step).to_owned(),
                start,
                end,
            }));
        }
        let dates = self.dates.into_iter().filter_map(|(milestone, spans)| {
            let title = milestone.title().to_owned();
            Spread::of(spans).map(|spread| Line { title, spread })
        });
        let cells = self.cells.into_iter().filter_map(|(at, amounts)| {
            let title = record.steps.get(at)?.title.clone();
            Spread::of(amounts).map(|spread| Line { title, spread })
        });
        let containers = record.outputs.iter().filter_map(|output| {
            let counts = self.containers.get(output.title.text())?.clone();
            Spread::of(counts).map(|spread| Line { title: output.title.to_string(), spread })
        });
        Report {
            record: record.record.clone(),
            title: record.title.clone(),
            runs,
            seed,
            finished: self.finished,
            expired: self.expired,
            dates: dates.collect(),
            steps,
            cells: cells.collect(),
            containers: containers.collect(),
            lost: most_first(self.lost.into_iter().map(|(what, runs)| (what, None, runs))),
            broken: most_first(
                self.broken
                    .into_iter()
                    .map(|((what, class), runs)| (what, Some(class.code()), runs)),
            ),
            bottlenecks: bottlenecks(self.waited, self.total),
            assumed: assumed(record),
        }
    }
}

fn most_first(
    happened: impl Iterator<Item = (String, Option<&'static str>, u32)>,
) -> Vec<Happened> {
    let mut all: Vec<Happened> =
        happened.map(|(what, class, runs)| Happened { what, class, runs }).collect();
    all.sort_by(|a, b| b.runs.cmp(&a.runs).then_with(|| a.what.cmp(&b.what)));
    all
}

fn bottlenecks(waited: BTreeMap<String, i64>, total: i64) -> Vec<Bottleneck> {
    let share = |seconds: i64| {
        let part = Decimal::from(seconds).checked_mul(Decimal::ONE_HUNDRED);
        let share = part.and_then(|part| part.checked_div(Decimal::from(total)));
        share.unwrap_or_default().round_dp(1)
    };
    let mut all: Vec<Bottleneck> = waited
        .into_iter()
        .map(|(title, seconds)| Bottleneck { title, share: share(seconds) })
        .collect();
    all.sort_by(|a, b| b.share.cmp(&a.share).then_with(|| a.title.cmp(&b.title)));
    all.truncate(8);
    all
}

fn times(step: &Step, values: &mut Values<'_>) -> u32 {
    let more = u64::from(step.repeat.max.saturating_sub(step.repeat.min));
    let drawn = u32::try_from(values.random.up_to(more)).unwrap_or(0);
    step.repeat.min.saturating_add(drawn)
}

fn step_lasts(values: &Values<'_>, step: &Step) -> [Span; 3] {
    let stated = values.assumption(&Subject::Step(step.name.clone()));
    let lasts = stated.and_then(|assumption| assumption.lasts);
    lasts.unwrap_or_else(|| defaults::step(step.operation))
}

/// What the record states, and the defaults for everything it does not.
fn assumed(record: &MasterRecord) -> Vec<Assumed> {
    let stated = outline(record).into_iter().filter(|part| part.kind == PartKind::Assumption);
    let mut all: Vec<Assumed> = stated
        .map(|part| {
            let words: Vec<String> =
                part.particulars.iter().map(|(name, words)| format!("{name} {words}")).collect();
            Assumed { about: part.title, what: words.join("; "), stated: true }
        })
        .collect();
    let default = |about: String, what: String| Assumed { about, what, stated: false };
    let says = |about: &Subject| record.assumptions.iter().any(|known| known.about == *about);
    let three = |spans: [Span; 3]| spans.map(Span::text).join(", ");
    let mut operations: Vec<Operation> = Vec::new();
    for step in &record.steps {
        let known = operations.contains(&step.operation);
        if !known && !says(&Subject::Step(step.name.clone())) {
            operations.push(step.operation);
            let about = format!("operation {}", step.operation.word());
            all.push(default(about, format!("lasts {}", three(defaults::step(step.operation)))));
        }
    }
    for timer in &record.timers {
        if !says(&Subject::Timer(timer.name.clone())) && timer.min.is_some() {
            let what = format!("lasts {}", three(defaults::timer(timer)));
            all.push(default(format!("timer {}", timer.name), what));
        }
    }
    for test in &record.tests {
        if !says(&Subject::Test(test.name.clone())) {
            let what = format!("lasts {}", three(defaults::test(test)));
            all.push(default(format!("test {}", test.name), what));
        }
    }
    all.push(default(
        "number without an assumption".to_owned(),
        "as much as a limit that is a value allows; else within its alert or action limits; else \
         by its unit"
            .to_owned(),
    ));
    all.push(default(
        "choice without an assumption".to_owned(),
        format!("fails {} %", defaults::CHOICE_FAILS),
    ));
    if record.for_order {
        let sums = [
            ("order.cells", defaults::ORDER_CELLS),
            ("order.volume", defaults::ORDER_VOLUME),
            ("order.units", defaults::ORDER_UNITS),
        ];
        for (name, value) in sums {
            let reference = super::reader::parse_reference(name).ok();
            // What holds no cells is ordered by volume alone.
            let asked = !(name == "order.cells" && record.makes_no_cells());
            let reference = reference.filter(|_| asked);
            if reference.is_some_and(|reference| !says(&Subject::Value(reference))) {
                all.push(default(name.to_owned(), format!("is {value}")));
            }
        }
    }
    all
}
