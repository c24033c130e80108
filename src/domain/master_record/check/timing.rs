//! Timers and shelf lives: each on its own, and all of them together.
//!
//! Together they are a simple temporal network: the first and the last performance of each step
//! are points, and every rule says how far apart two points must or may be. A schedule exists if
//! and only if no circle of rules adds up to less than nothing (Dechter, Meiri, Pearl 1991).

use super::Check;
use crate::domain::id::Name;
use crate::domain::master_record::fault::Kind;
use crate::domain::master_record::model::{Operation, Output, Step, Timer};
use crate::domain::time::Span;

/// `to` happens at most so many seconds after `from`; points are numbered.
#[derive(Clone, Copy)]
struct Edge {
    from: usize,
    to: usize,
    seconds: i64,
}

/// The points of the steps of a record.
struct Network {
    points: usize,
    edges: Vec<Edge>,
}

impl Network {
    /// `later` is not before `earlier` plus so many seconds.
    fn at_least(&mut self, earlier: usize, later: usize, seconds: i64) {
        let seconds = seconds.saturating_neg();
        self.edges.push(Edge { from: later, to: earlier, seconds });
    }

    fn at_most(&mut self, earlier: usize, later: usize, seconds: i64) {
        self.edges.push(Edge { from: earlier, to: later, seconds });
    }

    /// Bellman and Ford: after as many rounds as points, only a circle below zero still improves.
    fn has_schedule(&self) -> bool {
        let mut distance = vec![0_i64; self.points];
        for _ in 0..=self.points {
            let mut changed = false;
            for edge in &self.edges {
                let reached = distance.get(edge.from).copied().unwrap_or(0);
                let reached = reached.saturating_add(edge.seconds);
                if let Some(known) = distance.get_mut(edge.to)
                    && reached < *known
                {
                    *known = reached;
                    changed = true;
                }
            }
            if !changed {
                return true;
            }
        }
        false
    }
}

impl Check<'_> {
    pub(super) fn timers(&self) {
        for timer in &self.record.timers {
            self.timer(timer);
        }
        self.together();
        for output in &self.record.outputs {
            self.parents_keep(output);
        }
    }

    fn timer(&self, timer: &Timer) {
        for (name, key) in [(&timer.from, "from"), (&timer.to, "to")] {
            if self.record.step(name).is_none() {
                let message = format!("timer '{}' names '{name}', which is no step", timer.name);
                let remedy = "name a step of this file";
                self.fault((timer.at, key), Kind::UnknownStep, message, remedy);
            }
        }
        let from = self.record.step(&timer.from);
        if let (Some(from), Some(to)) = (from, self.record.step(&timer.to)) {
            if !self.is_before(&timer.from, &timer.to) {
                let message =
                    format!("'{}' does not always come before '{}'", timer.from, timer.to);
                let remedy = "a timer runs from an earlier step to a later one";
                self.fault((timer.at, "from"), Kind::TimerOrder, message, remedy);
            }
            if timer.max.is_some() && self.may_lack(to, from) {
                let message = format!("'{}' may be left out, and the timer never ends", timer.to);
                let remedy = "end it at a step that is always done";
                self.fault((timer.at, "to"), Kind::TimerSkipped, message, remedy);
            }
        }
        if timer.min.is_none() && timer.max.is_none() {
            let message = format!("timer '{}' states no time", timer.name);
            self.fault((timer.at, "name"), Kind::TimerEmpty, message, "state min, max or both");
        }
        if let Some(warning) = timer.warn_before
            && timer.max.is_none_or(|max| warning >= max)
        {
            let message = format!("timer '{}' cannot warn {} before", timer.name, warning.text());
            let remedy = "state a max, and a warning shorter than it";
            self.fault((timer.at, "warn_before"), Kind::TimerWarning, message, remedy);
        }
        if timer.min.zip(timer.max).is_some_and(|(min, max)| min > max) {
            let message = format!("timer '{}' can never be met", timer.name);
            let remedy = "min must not exceed max";
            self.fault((timer.at, "min"), Kind::TimerImpossible, message, remedy);
        }
    }

    fn number(&self, name: &Name) -> Option<usize> {
        self.record.steps.iter().position(|step| step.name == *name)
    }

    /// The order of the steps alone: a point for the first and one for the last performance.
    fn sequence(&self) -> Network {
        let count = self.record.steps.len();
        let mut network = Network { points: count.saturating_mul(2), edges: Vec::new() };
        for (number, step) in self.record.steps.iter().enumerate() {
            network.at_least(number, last(count, number), 0);
            for earlier in step.after.iter().filter_map(|name| self.number(name)) {
                network.at_least(last(count, earlier), number, 0);
            }
        }
        network
    }

    /// Adds one timer and one shelf life after the other; the first that leaves no schedule is the
    /// fault, and is left out of what follows.
    fn together(&self) {
        let count = self.record.steps.len();
        let mut network = self.sequence();
        if !network.has_schedule() {
            return;
        }
        for timer in &self.record.timers {
            let known = network.edges.len();
            let points = self.number(&timer.from).zip(self.number(&timer.to));
            let Some((from, to)) = points else { continue };
            let possible = timer.min.zip(timer.max).is_none_or(|(min, max)| min <= max);
            if !possible || !self.is_before(&timer.from, &timer.to) {
                continue;
            }
            if let Some(min) = timer.min {
                network.at_least(last(count, from), to, min.seconds());
            }
            if let Some(max) = timer.max {
                network.at_most(last(count, from), to, max.seconds());
            }
            if !network.has_schedule() {
                network.edges.truncate(known);
                let key = if timer.max.is_some() { "max" } else { "min" };
                let message =
                    format!("no schedule meets timer '{}' and those before it", timer.name);
                let remedy = "compare it with the timers that run at the same time";
                self.fault((timer.at, key), Kind::TimerUnmeetable, message, remedy);
            }
        }
        for output in &self.record.outputs {
            self.keeps_until_used(&mut network, output);
        }
    }

    fn keeps_until_used(&self, network: &mut Network, output: &Output) {
        let Some(keeps) = output.keeps else { return };
        for maker in self.makers(&output.name) {
            for user in self.users(&output.name) {
                let points = self.number(&maker.name).zip(self.number(&user.name));
                let Some((made, used)) = points else { continue };
                let known = network.edges.len();
                network.at_most(made, used, keeps.seconds());
                if !network.has_schedule() {
                    network.edges.truncate(known);
                    let message = format!(
                        "'{}' keeps {}, but '{}' may not be done that early",
                        output.name,
                        keeps.text(),
                        user.name
                    );
                    let remedy = "let it keep longer, or shorten the timer";
                    self.fault((output.at, "keeps"), Kind::ExpiresBeforeUse, message, remedy);
                }
            }
        }
    }

    /// What is made keeps no longer than what it is made of, unless it is grown or frozen anew.
    fn parents_keep(&self, output: &Output) {
        let Some(keeps) = output.keeps.filter(|_| !output.expiry_limited_by_inputs) else {
            return;
        };
        for maker in self.makers(&output.name) {
            let parent = self
                .parents_that_limit(output, maker)
                .filter_map(|name| self.record.output(name))
                .filter_map(|parent| Some((parent.keeps?, &parent.name)))
                .min();
            if let Some((limit, name)) = parent.filter(|(limit, _)| *limit < keeps) {
                self.keeps_too_long(output, keeps, limit, name.as_str());
            }
        }
    }

    pub(super) fn keeps_too_long(&self, output: &Output, keeps: Span, limit: Span, parent: &str) {
        let message = format!(
            "'{}' keeps {}, but it is made of '{parent}', which keeps {}",
            output.name,
            keeps.text(),
            limit.text()
        );
        let remedy = "shorten it, or write expiry_limited_by_inputs = true";
        self.fault((output.at, "keeps"), Kind::ExpiryBeyondParent, message, remedy);
    }

    /// What an output is made of, as far as the age of it counts: culture and freezing begin anew.
    pub(super) fn parents_that_limit<'s>(
        &'s self,
        output: &'s Output,
        maker: &'s Step,
    ) -> impl Iterator<Item = &'s Name> {
        let steps = &self.record.steps;
        let stored = steps.iter().any(|step| step.stored.contains(&output.name));
        let frozen = stored
            && steps.iter().any(|step| {
                step.operation == Operation::Freeze && self.is_before(&maker.name, &step.name)
            });
        let seeded_after = move |step: &Step| {
            steps.iter().any(|seed| {
                seed.operation == Operation::Seed
                    && (seed.name == maker.name || self.is_before(&seed.name, &maker.name))
                    && (seed.name == step.name || self.is_before(&step.name, &seed.name))
            })
        };
        let counts = move |step: &&Step| {
            let before = step.name == maker.name || self.is_before(&step.name, &maker.name);
            before && !frozen && !seeded_after(step)
        };
        let earlier = steps.iter().filter(counts);
        earlier.flat_map(|step| step.consumes.iter().map(|consumption| &consumption.what))
    }
}

/// The point of the last performance of a step.
fn last(count: usize, number: usize) -> usize {
    count.saturating_add(number)
}
