//! When the steps of one run are done: as soon as what they wait for allows, and no sooner than a
//! timer with a longest time asks.

use crate::domain::id::Name;
use crate::domain::master_record::model::MasterRecord;

/// What the start of a step waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    Beginning,
    Step(usize),
    Timer(usize),
}

/// The order of a record, worked out once for all runs.
pub(super) struct Order {
    /// Steps, each after all that come before it.
    pub sequence: Vec<usize>,
    after: Vec<Vec<usize>>,
    /// For each timer: from, to, longest time.
    timers: Vec<Option<(usize, usize, Option<i64>)>>,
}

impl Order {
    pub(super) fn of(record: &MasterRecord) -> Self {
        let number = |name: &Name| record.steps.iter().position(|step| step.name == *name);
        let before = crate::domain::master_record::predecessors(record);
        let mut sequence: Vec<usize> = (0..record.steps.len()).collect();
        // A step has more steps before it than any of those.
        sequence.sort_by_key(|at| {
            let step = record.steps.get(*at);
            let known = step.and_then(|step| before.get(&step.name));
            (known.map_or(0, |before| before.len()), *at)
        });
        let after = record.steps.iter().map(|s| s.after.iter().filter_map(number).collect());
        let timers = record.timers.iter().map(|timer| {
            let ends = number(&timer.from).zip(number(&timer.to));
            ends.map(|(from, to)| (from, to, timer.max.map(|max| max.seconds())))
        });
        Self { sequence, after: after.collect(), timers: timers.collect() }
    }

    /// The same with every longest time a twentieth shorter, for who must not be late.
    pub(super) fn with_a_margin(mut self) -> Self {
        for (_, _, max) in self.timers.iter_mut().flatten() {
            *max = max.map(|max| max.saturating_sub(max / 20));
        }
        self
    }
}

/// When each step begins and ends, in seconds from the start, and what it waited for.
#[derive(Debug, Clone, Default)]
pub(super) struct Timeline {
    pub starts: Vec<i64>,
    pub ends: Vec<i64>,
    pub causes: Vec<Cause>,
    /// Timers whose longest time was broken.
    pub late: Vec<usize>,
}

/// Steps are put off so often to meet a longest time before it counts as broken.
const ROUNDS_MAX: usize = 12;

impl Timeline {
    /// `lasts` of every step, `waits` of every timer, in seconds.
    pub(super) fn of(order: &Order, lasts: &[i64], waits: &[i64]) -> Self {
        let mut earliest = vec![0; lasts.len()];
        let first = Self::pass(order, lasts, waits, &earliest);
        let mut current = first.clone();
        for _ in 0..ROUNDS_MAX {
            let mut better = false;
            for number in current.broken(order) {
                let trial = current.put_off(order, waits, number, &earliest);
                let next = Self::pass(order, lasts, waits, &trial);
                // Where the steps between are themselves too long, putting off helps nothing.
                if next.excess(order) < current.excess(order) {
                    (current, earliest, better) = (next, trial, true);
                }
            }
            if !better {
                break;
            }
        }
        current.late = current.broken(order);
        // What the end really waited for shows before anything is put off.
        current.causes = first.causes;
        current
    }

    fn pass(order: &Order, lasts: &[i64], waits: &[i64], earliest: &[i64]) -> Self {
        let count = lasts.len();
        let mut line = Self {
            starts: vec![0; count],
            ends: vec![0; count],
            causes: vec![Cause::Beginning; count],
            late: Vec::new(),
        };
        for at in order.sequence.iter().copied() {
            let mut start = earliest.get(at).copied().unwrap_or(0);
            let mut cause = Cause::Beginning;
            for before in order.after.get(at).into_iter().flatten() {
                let end = line.end(*before);
                if end >= start {
                    (start, cause) = (end, Cause::Step(*before));
                }
            }
            for (number, timer) in order.timers.iter().enumerate() {
                let Some((from, to, _)) = timer else { continue };
                let wait = waits.get(number).copied().unwrap_or(0);
                let bound = line.end(*from).saturating_add(wait);
                if *to == at && wait > 0 && bound > start {
                    (start, cause) = (bound, Cause::Timer(number));
                }
            }
            let end = start.saturating_add(lasts.get(at).copied().unwrap_or(0));
            set(&mut line.starts, at, start);
            set(&mut line.ends, at, end);
            if let Some(slot) = line.causes.get_mut(at) {
                *slot = cause;
            }
        }
        line
    }

    /// Whether a step was done in this run: what is left out takes no time.
    pub(super) fn was_done(&self, record: &MasterRecord, step: &Name) -> bool {
        let at = record.steps.iter().position(|known| known.name == *step);
        at.is_some_and(|at| self.end(at) > self.start(at))
    }

    fn end(&self, at: usize) -> i64 {
        self.ends.get(at).copied().unwrap_or(0)
    }

    fn start(&self, at: usize) -> i64 {
        self.starts.get(at).copied().unwrap_or(0)
    }

    /// The earliest starts, with the first step of a timer that runs too long put off.
    fn put_off(&self, order: &Order, waits: &[i64], number: usize, earliest: &[i64]) -> Vec<i64> {
        let mut trial = earliest.to_vec();
        if let Some(Some((from, to, Some(max)))) = order.timers.get(number) {
            let gap = self.start(*to).saturating_sub(self.end(*from));
            let wait = waits.get(number).copied().filter(|wait| *wait > 0).unwrap_or(*max);
            let start = self.start(*from).saturating_add(gap).saturating_sub(wait);
            set(&mut trial, *from, start);
        }
        trial
    }

    /// By how much all timers together run too long, in seconds.
    fn excess(&self, order: &Order) -> i64 {
        let over = order.timers.iter().flatten().map(|(from, to, max)| {
            let gap = self.start(*to).saturating_sub(self.end(*from));
            max.map_or(0, |max| gap.saturating_sub(max).max(0))
        });
        over.fold(0, i64::saturating_add)
    }

    fn broken(&self, order: &Order) -> Vec<usize> {
        let timers = order.timers.iter().enumerate();
        let late = timers.filter(|(_, timer)| {
            timer.is_some_and(|(from, to, max)| {
                let gap = self.start(to).saturating_sub(self.end(from));
                max.is_some_and(|max| gap > max)
            })
        });
        late.map(|(number, _)| number).collect()
    }
}

fn set(numbers: &mut [i64], at: usize, value: i64) {
    if let Some(slot) = numbers.get_mut(at) {
        *slot = value;
    }
}
