//! Runs a made-up record with random commands: mostly right ones, and every kind of wrong one.

use super::super::*;
use chorda::domain::Refusal as _;
use chorda::domain::batch::{BatchState, Procedure, Progress};
use chorda::domain::master_record::{Bound, Field, FieldKind, Limits, Step};
use std::collections::BTreeMap;

/// Chance that follows from a seed, so that a run can be had again.
pub(super) struct Chance(u64);

impl Chance {
    fn below(&mut self, most: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % most.max(1)
    }

    fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

/// What a run came to.
pub(super) struct Ran {
    pub(super) plant: Plant,
    pub(super) finished: bool,
    /// How often each rule refused.
    pub(super) refused: BTreeMap<&'static str, u32>,
}

pub(super) struct Runner {
    plant: Plant,
    chance: Chance,
    vials: Vec<ContainerCode>,
    foreign: ContainerCode,
    refused: BTreeMap<&'static str, u32>,
}

impl Runner {
    pub(super) fn new(text: &str, seed: u64) -> Self {
        let mut plant = Plant::started(text, Start::default());
        let vial = Outside {
            kind: ContainerKind::Cryovial,
            material: "MODEL-BANK",
            passage: None,
            volume: Some("1.0"),
            cells: Some("50"),
            donors: &["DNR-0001"],
            record: None,
        };
        let vials = (0..3).map(|_| plant.outside(vial)).collect();
        let foreign = plant.outside(Outside { material: "OTHER-BANK", ..vial });
        plant.bad_lots.insert("MODEL-MEDIUM/BAD".to_owned(), expired());
        Self { plant, chance: Chance(seed), vials, foreign, refused: BTreeMap::new() }
    }

    /// At most so many commands.
    pub(super) fn run(mut self, commands: usize) -> Ran {
        for _ in 0..commands {
            if self.plant.batch().state != BatchState::InProcess {
                break;
            }
            let outcome = if self.chance.percent(72) { self.right() } else { self.wrong() };
            if let Err(refusal) = outcome {
                let rule = refusal.rule().split(' ').next().unwrap();
                *self.refused.entry(rule).or_default() += 1;
            }
        }
        let finished = self.plant.batch().state == BatchState::PendingReview;
        if finished {
            let again = self.plant.ask("close", &[]);
            assert!(self.plant.when(again).is_err(), "nothing is performed after completion");
        }
        Ran { plant: self.plant, finished, refused: self.refused }
    }

    /// What a person would do next who follows the record.
    fn right(&mut self) -> Result<(), Refusal> {
        self.decide_critical();
        let batch = self.plant.batch();
        let record = self.plant.record.clone();
        let procedure = Procedure::new(&batch, &record);
        let mut open = Vec::new();
        for step in &record.steps {
            match procedure.progress(step) {
                Progress::ToVerify { .. } => {
                    let verifier = if self.chance.percent(90) { "bor" } else { "ana" };
                    return self.plant.verify(step.name.as_str(), verifier);
                }
                Progress::Held { hold_point } => {
                    return self.plant.sign_hold_point(hold_point.as_str());
                }
                Progress::Ready | Progress::Optional | Progress::Repeatable => open.push(step),
                _ => {}
            }
        }
        let at = self.chance.below(open.len());
        let Some(step) = open.get(at) else { return Ok(()) };
        self.wait(step, true);
        let command = self.command(step, 4);
        self.perform(command)
    }

    /// One of the mistakes people make.
    fn wrong(&mut self) -> Result<(), Refusal> {
        let steps = self.plant.record.steps.clone();
        let any = steps[self.chance.below(steps.len())].clone();
        let batch = self.plant.batch();
        let record = self.plant.record.clone();
        let procedure = Procedure::new(&batch, &record);
        let ready = |step: &&Step| procedure.progress(step) == Progress::Ready;
        let step = steps.iter().find(ready).cloned().unwrap_or_else(|| any.clone());
        match self.chance.below(12) {
            0 | 1 => {
                let command = self.command(&any, 0);
                self.perform(command)
            }
            2 => self.plant.verify(any.name.as_str(), "bor"),
            3 => {
                let last = batch.performances.last().map(|p| p.step.to_string());
                self.plant.verify(last.as_deref().unwrap_or("clear_line"), "ana")
            }
            4 => self.plant.sign_hold_point(["agree_seed", "agree_fill"][self.chance.below(2)]),
            5 | 6 => {
                self.wait(&step, true);
                let command = self.command(&step, 60);
                self.perform(command)
            }
            7 | 8 => {
                self.wait(&step, false);
                let command = self.command(&step, 0);
                self.perform(command)
            }
            9 => {
                let needs = |s: &&Step| !s.equipment.is_empty() || !s.materials.is_empty();
                let may = |s: &&Step| {
                    let open = [Progress::Ready, Progress::Optional, Progress::Repeatable];
                    needs(s) && open.contains(&procedure.progress(s))
                };
                let fitting: Vec<&Step> = steps.iter().filter(may).collect();
                let at = self.chance.below(fitting.len());
                self.misused(fitting.get(at).copied().unwrap_or(&step))
            }
            10 => self.at_another_time(&step),
            _ => self.wrongly_scanned(&step),
        }
    }

    /// Materials and equipment that are missing, of another kind, or not usable.
    fn misused(&mut self, step: &Step) -> Result<(), Refusal> {
        let mut command = self.command(step, 0);
        match self.chance.below(5) {
            0 => command.materials.clear(),
            1 => command.equipment.clear(),
            2 => command.materials.push(LotId::parse("OTHER/L1").unwrap()),
            3 => command.equipment.push(AssetId::parse("EQ-CENTRIFUGE").unwrap()),
            _ => command.materials.push(LotId::parse("MODEL-MEDIUM/BAD").unwrap()),
        }
        self.perform(command)
    }

    fn at_another_time(&mut self, step: &Step) -> Result<(), Refusal> {
        let mut command = self.command(step, 0);
        let hours = [-1, 0, 1, 2, 30][self.chance.below(5)];
        let now = self.plant.now;
        let span = Span::of_minutes(hours * 60);
        command.performed_at = Some(now.minus(span));
        let reason = self.chance.percent(60);
        command.late_because = reason.then(|| "the network was down".to_owned());
        self.perform(command)
    }

    fn wrongly_scanned(&mut self, step: &Step) -> Result<(), Refusal> {
        let mut command = self.command(step, 0);
        match self.chance.below(4) {
            0 => command.consumed.push(self.foreign.clone().into()),
            1 => {
                command.consumed.pop();
            }
            2 => command.consumed.extend(command.consumed.first().cloned()),
            _ => command.consumed.push(self.vials[2].clone().into()),
        }
        self.perform(command)
    }

    fn perform(&mut self, command: PerformStep) -> Result<(), Refusal> {
        let step = command.step.clone();
        self.plant.when(command)?;
        let batch = self.plant.batch();
        let made = batch.last_of(&step).into_iter().flat_map(|done| done.produced.clone());
        // Labels are put on at once, as a rule; who forgot one is refused at the check.
        for made in made.collect::<Vec<_>>() {
            if self.chance.percent(80) {
                self.plant.label(made.container.as_str());
            }
        }
        Ok(())
    }

    /// Puts on what was forgotten before labels are checked.
    fn label_the_rest(&mut self) {
        let batch = self.plant.batch();
        for made in batch.produced() {
            let code = made.container.as_str();
            if !self.plant.container(code).labels.applied() {
                self.plant.label(code);
            }
        }
    }

    /// Lets time pass: as the record wants it, or as it comes.
    fn wait(&mut self, step: &Step, as_wanted: bool) {
        let record = self.plant.record.clone();
        let batch = self.plant.batch();
        let wanted = record.timers.iter().filter(|timer| timer.to == step.name).find_map(|timer| {
            let from = batch.last_of(&timer.from)?.performed_at;
            let min = timer.min.or(timer.max)?;
            Some(from.plus(min).since(self.plant.now))
        });
        let span = match wanted.filter(|span| span.seconds() > 0) {
            Some(span) if as_wanted => span,
            _ if as_wanted => Span::of_minutes(1),
            _ => Span::of_minutes([0, 30, 600, 3600][self.chance.below(4)]),
        };
        self.plant.now = self.plant.now.plus(span);
    }

    /// QA decides on what would stop the work.
    fn decide_critical(&mut self) {
        let mut open = Vec::new();
        for recorded in &self.plant.events {
            match &recorded.event {
                chorda::domain::Event::Deviation(deviation::Event::Opened { class, .. })
                    if *class == Class::Critical =>
                {
                    open.push(recorded.stream.id().to_owned());
                }
                chorda::domain::Event::Deviation(_) => open.retain(|n| n != recorded.stream.id()),
                _ => {}
            }
        }
        for number in open {
            if self.chance.percent(30) {
                continue;
            }
            let decided = deviation::Event::Decided {
                class: Class::Critical,
                root_cause: "seen".to_owned(),
                impact: "none".to_owned(),
                actions: "none".to_owned(),
                outcome: deviation::Outcome::Continue,
                signature: self.plant.signature("qa.vesna", Meaning::Approved),
            };
            self.plant.record_changes("qa.vesna", vec![Change::of::<Deviation>(&number, decided)]);
        }
    }

    /// The command of a step; in so many of a hundred a value is not as it should be.
    fn command(&mut self, step: &Step, mistakes: usize) -> PerformStep {
        if !step.labels.is_empty() && self.chance.percent(80) {
            self.label_the_rest();
        }
        let mut command = self.plant.ask(step.name.as_str(), &[]);
        if step.name.as_str() == "enter" {
            let count = self.plant.record.input(&name("vial")).unwrap().count;
            let vials = self.vials.iter().take(usize::try_from(count).unwrap());
            command.consumed.extend(vials.map(|vial| vial.clone().into()));
        }
        for field in &step.fields {
            if let Some(text) = self.value(step, field, mistakes) {
                command.values.push(Given { field: field.name.clone(), item: None, text });
            }
        }
        command
    }

    fn value(&mut self, step: &Step, field: &Field, mistakes: usize) -> Option<String> {
        let bad = self.chance.percent(mistakes);
        if bad && self.chance.percent(25) {
            return None;
        }
        let pick =
            |chance: &mut Chance, words: &[&str]| Some(words[chance.below(words.len())].to_owned());
        match &field.kind {
            FieldKind::Confirm if bad => pick(&mut self.chance, &["no", "perhaps"]),
            FieldKind::Confirm => Some("yes".to_owned()),
            FieldKind::Choice { accept, .. } if accept.is_empty() => {
                pick(&mut self.chance, &["short", "long"])
            }
            FieldKind::Choice { .. } if bad => pick(&mut self.chance, &["bad", "worse"]),
            FieldKind::Choice { .. } => pick(&mut self.chance, &["good", "fair"]),
            FieldKind::Number { .. } if bad && self.chance.percent(20) => {
                pick(&mut self.chance, &["1.234", "many", ""])
            }
            FieldKind::Number { decimals, .. } => {
                Some(self.number(step, &field.limits, field.name.as_str(), *decimals, bad))
            }
            _ if bad => pick(&mut self.chance, &["", "seen"]),
            _ => Some("seen".to_owned()),
        }
    }

    fn number(
        &mut self,
        step: &Step,
        limits: &Limits,
        field: &str,
        decimals: u32,
        bad: bool,
    ) -> String {
        let end = |bound: &Option<Bound>| match bound {
            Some(Bound::Number(number)) => i64::try_from(number.mantissa() / scale(number)).ok(),
            _ => None,
        };
        let usual = match (step.name.as_str(), field) {
            ("enter", "viable") => (30, 60),
            ("enter", "volume") => (2, 12),
            ("harvest", "viable") => (4, 300),
            ("harvest", "volume") => (5, 40),
            ("fill", "volume_each") => (1, 2),
            _ => (0, 10),
        };
        let low = end(&limits.action.min).unwrap_or(usual.0).max(usual.0.min(-20));
        let high = end(&limits.action.max).unwrap_or(usual.1).max(low);
        let width = usize::try_from(high - low + 1).unwrap();
        let whole = low + i64::try_from(self.chance.below(width)).unwrap();
        let whole = match (bad, self.chance.below(2)) {
            (true, 0) => high + 1 + i64::try_from(self.chance.below(30)).unwrap(),
            (true, _) => low - 1 - i64::try_from(self.chance.below(5)).unwrap(),
            _ => whole,
        };
        match (decimals, bad) {
            (1.., false) if whole < high => format!("{whole}.{}", if whole < 0 { 0 } else { 5 }),
            _ => whole.to_string(),
        }
    }
}

fn scale(number: &rust_decimal::Decimal) -> i128 {
    10_i128.pow(number.scale())
}

fn expired() -> Refused {
    Refused {
        rule: "expired ATMP-13".to_owned(),
        kind: chorda::domain::RefusalKind::Conflict,
        message: "expired".to_owned(),
    }
}
