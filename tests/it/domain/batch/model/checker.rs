//! A second reading of what a master record demands: of the file as plain TOML, and of the events
//! as plain JSON. It shares no code with the engine, knows only the part of the language that the
//! made-up records use, and says in words what is wrong with a run.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;
use toml::{Table, Value as Toml};

/// An event: its stream, its type, when it was recorded, by whom, its data.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) stream: String,
    pub(super) kind: String,
    pub(super) at: String,
    pub(super) actor: String,
    pub(super) data: Json,
}

/// Everything wrong with a run; nothing if it followed its record.
pub(super) fn check(file: &str, log: &[Line]) -> Vec<String> {
    let file: Table = file.parse().unwrap();
    let mut reading = Reading::new(&file, log);
    for at in 0..log.len() {
        reading.line(at);
    }
    reading.end();
    reading.wrong
}

/// What is kept of a performance.
struct Done {
    step: String,
    at: DateTime<Utc>,
    by: String,
    verified: bool,
    needs: bool,
    values: BTreeMap<String, Json>,
}

struct Reading<'a> {
    file: &'a Table,
    log: &'a [Line],
    steps: Vec<&'a Table>,
    before: BTreeMap<String, BTreeSet<String>>,
    done: Vec<Done>,
    holds: BTreeSet<String>,
    labelled: BTreeSet<String>,
    made: Vec<(String, String)>,
    used: BTreeSet<String>,
    contents: BTreeMap<String, Json>,
    open: BTreeMap<String, String>,
    tests: usize,
    book: BTreeMap<(String, String), Decimal>,
    completed: bool,
    wrong: Vec<String>,
}

fn text<'t>(table: &'t Table, key: &str) -> &'t str {
    table.get(key).and_then(Toml::as_str).unwrap_or("")
}

fn tables<'t>(table: &'t Table, key: &str) -> Vec<&'t Table> {
    let array = table.get(key).and_then(Toml::as_array);
    array.into_iter().flatten().filter_map(Toml::as_table).collect()
}

fn words(table: &Table, key: &str) -> Vec<String> {
    let array = table.get(key).and_then(Toml::as_array);
    array.into_iter().flatten().filter_map(|w| w.as_str().map(str::to_owned)).collect()
}

fn whole(table: &Table, key: &str) -> Option<i64> {
    table.get(key).and_then(Toml::as_integer)
}

fn number(value: &Toml) -> Option<Decimal> {
    match value {
        Toml::Integer(number) => Some(Decimal::from(*number)),
        Toml::Float(number) => Decimal::from_str(&number.to_string()).ok(),
        _ => None,
    }
}

fn said<'j>(data: &'j Json, key: &str) -> &'j str {
    data.get(key).and_then(Json::as_str).unwrap_or("")
}

fn list<'j>(data: &'j Json, key: &str) -> Vec<&'j Json> {
    data.get(key).and_then(Json::as_array).into_iter().flatten().collect()
}

fn time(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

/// The number of an entry or a quantity.
fn amount(json: &Json) -> Option<Decimal> {
    let quantity = json.get("quantity").or_else(|| json.get("amount")).unwrap_or(json);
    Decimal::from_str(quantity.get("value")?.as_str()?).ok()
}

fn unit(json: &Json) -> &str {
    said(json.get("quantity").or_else(|| json.get("amount")).unwrap_or(json), "unit")
}

/// Hours of `"30 h"` or `"10 d"`, as seconds.
fn span(words: &str) -> i64 {
    let (number, unit) = words.split_once(' ').unwrap();
    let each = if unit == "d" { 86_400 } else { 3_600 };
    number.parse::<i64>().unwrap() * each
}

impl<'a> Reading<'a> {
    fn new(file: &'a Table, log: &'a [Line]) -> Self {
        let steps = tables(file, "step");
        let mut before: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut above: Option<String> = None;
        for step in &steps {
            let named = match step.get("after") {
                Some(_) => words(step, "after"),
                None => above.clone().into_iter().collect(),
            };
            // Steps stand after what they wait for, so one pass gathers everything behind them.
            let mut all: BTreeSet<String> = named.iter().cloned().collect();
            all.extend(named.iter().filter_map(|name| before.get(name)).flatten().cloned());
            above = Some(text(step, "name").to_owned());
            before.insert(text(step, "name").to_owned(), all);
        }
        Self {
            file,
            log,
            steps,
            before,
            done: Vec::new(),
            holds: BTreeSet::new(),
            labelled: BTreeSet::new(),
            made: Vec::new(),
            used: BTreeSet::new(),
            contents: BTreeMap::new(),
            open: BTreeMap::new(),
            tests: 0,
            book: BTreeMap::new(),
            completed: false,
            wrong: Vec::new(),
        }
    }

    fn must(&mut self, right: bool, what: impl Into<String>) {
        if !right {
            self.wrong.push(what.into());
        }
    }

    fn step(&self, name: &str) -> Option<&'a Table> {
        self.steps.iter().find(|step| text(step, "name") == name).copied()
    }

    fn count(&self, step: &str) -> i64 {
        i64::try_from(self.done.iter().filter(|done| done.step == step).count()).unwrap()
    }

    fn repeat(step: &Table) -> (i64, i64) {
        let repeat = step.get("repeat").and_then(Toml::as_table);
        repeat.map_or((1, 1), |r| (whole(r, "min").unwrap_or(1), whole(r, "max").unwrap_or(1)))
    }

    /// Whether a choice that was made says that the step is not done.
    fn left_out(&self, step: &Table) -> bool {
        let Some(when) = step.get("when").and_then(Toml::as_table) else { return false };
        let (asked, field) = text(when, "value").split_once('.').unwrap();
        let chosen = self.done.iter().rfind(|done| done.step == asked);
        let chosen = chosen.and_then(|done| done.values.get(field));
        chosen
            .is_some_and(|value| !words(when, "is").iter().any(|word| word == said(value, "word")))
    }

    fn complete(&self, name: &str) -> bool {
        let Some(step) = self.step(name) else { return false };
        let enough = self.count(name) >= Self::repeat(step).0;
        let waits = |done: &&Done| done.step == name && done.needs && !done.verified;
        (enough || self.left_out(step)) && !self.done.iter().any(|done| waits(&done))
    }

    fn line(&mut self, at: usize) {
        let line = &self.log[at];
        match line.kind.as_str() {
            "batch.step_performed" => self.performed(at),
            "batch.step_verified" => self.verified(line),
            "batch.hold_point_signed" => {
                self.held(line);
            }
            "batch.completed" => {
                let all = self.steps.iter().all(|step| self.complete(text(step, "name")));
                self.must(all && !self.completed, "completed before everything is done");
                self.completed = true;
            }
            "container.produced" => {
                let id = line.stream.split_once('/').unwrap().1.to_owned();
                self.contents.insert(id, line.data.clone());
            }
            "container.label_scanned_back" => {
                self.labelled.insert(line.stream.split_once('/').unwrap().1.to_owned());
            }
            "deviation.opened" => {
                let class = said(&line.data, "class").to_owned();
                self.open.insert(line.stream.clone(), class);
            }
            "deviation.decided" => {
                self.open.remove(&line.stream);
            }
            "test.requested" => self.tests += 1,
            _ => {}
        }
    }

    fn verified(&mut self, line: &Line) {
        let (step, by) =
            (said(&line.data, "step").to_owned(), said(&line.data["signature"], "login"));
        let occurrence = line.data["occurrence"].as_u64().unwrap_or(0);
        let of = self.done.iter_mut().filter(|done| done.step == step);
        let Some(done) = of.zip(1_u64..).find(|(_, number)| *number == occurrence).map(|(d, _)| d)
        else {
            return self.must(false, format!("{step} verified, but not performed"));
        };
        let (needs, twice, performer) = (done.needs, done.verified, done.by.clone());
        done.verified = true;
        self.must(needs && !twice, format!("{step} verified without need"));
        self.must(performer != by && line.actor == by, format!("{step} verified by {by} alone"));
        self.must(!self.completed, "verified after completion");
    }

    fn held(&mut self, line: &Line) {
        let name = said(&line.data, "hold_point").to_owned();
        let hold = tables(self.file, "hold_point");
        let hold = hold.into_iter().find(|hold| text(hold, "name") == name);
        let before = hold.map(|hold| text(hold, "before").to_owned()).unwrap_or_default();
        let all = self.before.get(&before).cloned().unwrap_or_default();
        let ready = hold.is_some() && all.iter().all(|step| self.complete(step));
        self.must(ready, format!("hold point {name} signed before its steps are done"));
        let fresh = self.holds.insert(name.clone());
        self.must(fresh, format!("hold point {name} signed twice"));
    }

    fn performed(&mut self, at: usize) {
        let line = &self.log[at];
        let data = &line.data;
        let name = said(data, "step").to_owned();
        let Some(step) = self.step(&name) else {
            return self.must(false, format!("{name} is no step"));
        };
        self.order(step, &name);
        self.times(line, &name);
        let mut breaks = Vec::new();
        let values = self.values(step, data, &mut breaks);
        self.timers(&name, time(said(data, "performed_at")), &mut breaks);
        self.things(step, data);
        self.containers(step, data, &values);
        self.postings(step, data, &values);
        self.reconcile(&name, &mut breaks);
        self.deviations(at, &name, breaks);
        let signed = said(&data["signature"], "login").to_owned();
        self.must(signed == line.actor, format!("{name} signed by another"));
        self.done.push(Done {
            at: time(said(data, "performed_at")),
            by: signed,
            verified: false,
            needs: text(step, "signature") == "performed_verified",
            step: name,
            values,
        });
    }

    fn order(&mut self, step: &Table, name: &str) {
        self.must(!self.completed, format!("{name} performed after completion"));
        self.must(!self.left_out(step), format!("{name} performed though left out"));
        let behind = self.before.get(name).cloned().unwrap_or_default();
        for earlier in &behind {
            let complete = self.complete(earlier);
            self.must(complete, format!("{name} performed before {earlier} is done"));
        }
        let gone = self.done.iter().any(|done| self.before[&done.step].contains(name));
        self.must(!gone, format!("{name} performed after what follows it"));
        let count = self.count(name) + 1;
        self.must(count <= Self::repeat(step).1, format!("{name} performed {count} times"));
        let waits = self.done.iter().any(|done| done.step == name && done.needs && !done.verified);
        self.must(!waits, format!("{name} performed again before it was verified"));
        for hold in tables(self.file, "hold_point") {
            let before = text(hold, "before");
            let concerned = before == name || behind.contains(before);
            let signed = self.holds.contains(text(hold, "name"));
            self.must(!concerned || signed, format!("{name} performed before QA agreed"));
        }
        let critical = self.open.values().any(|class| class == "critical");
        self.must(!critical, format!("{name} performed while a critical deviation is open"));
    }

    fn times(&mut self, line: &Line, name: &str) {
        let (performed, recorded) = (time(said(&line.data, "performed_at")), time(&line.at));
        self.must(performed <= recorded, format!("{name} performed in the future"));
        let because = said(&line.data, "late_because");
        self.must(performed == recorded || !because.is_empty(), format!("{name} late, no reason"));
        let behind = self.before.get(name).cloned().unwrap_or_default();
        let first = |done: &&Done| behind.contains(&done.step) || done.step == name;
        let latest = self.done.iter().filter(first).map(|done| done.at).max();
        self.must(latest.is_none_or(|at| at <= performed), format!("{name} before what is first"));
    }

    /// Fields and calculations: there, well formed, marked, within limits or a break.
    fn values(
        &mut self,
        step: &Table,
        data: &Json,
        breaks: &mut Vec<String>,
    ) -> BTreeMap<String, Json> {
        let name = text(step, "name");
        let mut known: BTreeMap<String, Json> = BTreeMap::new();
        for entry in list(data, "values").into_iter().chain(list(data, "calculated")) {
            let fresh = known.insert(said(entry, "name").to_owned(), entry["value"].clone());
            self.must(fresh.is_none(), format!("{name}: a value twice"));
        }
        for field in tables(step, "field") {
            let id = text(field, "name");
            let required = field.get("required").and_then(Toml::as_bool).unwrap_or(true);
            let Some(value) = known.get(id).cloned() else {
                self.must(!required, format!("{name}.{id} is missing"));
                continue;
            };
            self.field(field, &value, &format!("{name}.{id}"));
            self.limit(field, id, &value, data, breaks);
        }
        for calculation in tables(step, "calculation") {
            let id = text(calculation, "name");
            let Some(value) = known.get(id).cloned() else {
                self.must(false, format!("{name}.{id} was not calculated"));
                continue;
            };
            self.calculation(calculation, &value, &known);
            self.limit(calculation, id, &value, data, breaks);
        }
        let asked = tables(step, "field").len() + tables(step, "calculation").len();
        self.must(known.len() <= asked, format!("{name}: more values than asked for"));
        known
    }

    fn field(&mut self, field: &Table, value: &Json, what: &str) {
        let right = match text(field, "type") {
            "number" => {
                let decimals = whole(field, "decimals").unwrap_or(0);
                let number = amount(value).unwrap_or_default();
                said(value, "kind") == "number"
                    && i64::from(number.scale()) == decimals
                    && text(field, "unit") == unit(value)
            }
            "choice" => words(field, "choices").iter().any(|word| word == said(value, "word")),
            "confirm" => value["yes"] == Json::Bool(true),
            _ => said(value, "kind") == "text" && !said(value, "text").is_empty(),
        };
        self.must(right, format!("{what} is not as the record asks: {value}"));
    }

    /// The mark is right, and beyond an action limit there is a deviation, or nothing.
    fn limit(&mut self, of: &Table, id: &str, value: &Json, data: &Json, breaks: &mut Vec<String>) {
        let outside = |key: &str| {
            let Some(band) = of.get(key).and_then(Toml::as_table) else { return false };
            let Some(value) = amount(value) else { return false };
            let below = band.get("min").and_then(number).is_some_and(|min| value < min);
            below || band.get("max").and_then(number).is_some_and(|max| value > max)
        };
        let accept = words(of, "accept");
        let refused = !accept.is_empty() && !accept.iter().any(|word| word == said(value, "word"));
        let expected = match (outside("action") || refused, outside("alert")) {
            (true, _) => "action",
            (false, true) => "alert",
            (false, false) => "within",
        };
        let mut entries = list(data, "values").into_iter().chain(list(data, "calculated"));
        let entry = entries.find(|entry| said(entry, "name") == id);
        let mark = entry.map_or("", |entry| said(entry, "mark"));
        self.must(mark == expected, format!("{id} is marked {mark}, not {expected}"));
        if expected == "action" {
            breaks.push(or_major(text(of, "breaking")));
        }
    }

    fn calculation(&mut self, of: &Table, value: &Json, known: &BTreeMap<String, Json>) {
        let inputs = of.get("inputs").and_then(Toml::as_table).unwrap();
        let one = |name: &str| self.referred(inputs.get(name).and_then(Toml::as_str)?, known);
        let expected = match text(of, "method") {
            "sum" => words(inputs, "of")
                .iter()
                .try_fold(Decimal::ZERO, |sum, name| Some(sum + self.referred(name, known)?)),
            "equal_parts" => one("whole").zip(one("parts")).map(|(whole, parts)| whole / parts),
            // The logarithm is proved by raising: 2^doublings × seeded is what was harvested.
            "population_doublings" => {
                let seeded = one("seeded").zip(one("harvested"));
                let doubled = amount(value).zip(seeded);
                let right = doubled.is_some_and(|(doublings, (seeded, harvested))| {
                    let off = Decimal::new(6, 3);
                    let low = seeded * power(doublings - off);
                    let high = seeded * power(doublings + off);
                    low <= harvested && harvested <= high
                });
                return self.must(right, format!("doublings are not {value}"));
            }
            other => return self.must(false, format!("method {other} is not known here")),
        };
        let places = u32::try_from(whole(of, "decimals").unwrap_or(0)).unwrap();
        let rule = match text(of, "rounding") {
            "down" => rust_decimal::RoundingStrategy::ToZero,
            _ => rust_decimal::RoundingStrategy::MidpointAwayFromZero,
        };
        let expected = expected.map(|number| number.round_dp_with_strategy(places, rule));
        let same = expected.is_some() && expected == amount(value);
        self.must(same, format!("{} should be {expected:?}, is {value}", text(of, "name")));
    }

    /// A number that a reference of the file means.
    fn referred(&self, reference: &str, own: &BTreeMap<String, Json>) -> Option<Decimal> {
        match reference.split_once('.') {
            None => own.get(reference).and_then(amount),
            Some(("parameter", name)) => tables(self.file, "parameter")
                .into_iter()
                .find(|parameter| text(parameter, "name") == name)
                .and_then(|parameter| number(parameter.get("value")?)),
            Some((step, name)) => {
                let done = self.done.iter().rfind(|done| done.step == step)?;
                done.values.get(name).and_then(amount)
            }
        }
    }

    fn timers(&mut self, name: &str, at: DateTime<Utc>, breaks: &mut Vec<String>) {
        if self.count(name) > 0 {
            return;
        }
        for timer in tables(self.file, "timer") {
            let from = self.done.iter().rfind(|done| done.step == text(timer, "from"));
            let (Some(from), true) = (from, text(timer, "to") == name) else { continue };
            let lasted = (at - from.at).num_seconds();
            let bound = |key: &str| timer.get(key).and_then(Toml::as_str).map(span);
            if bound("min").is_some_and(|min| lasted < min) {
                breaks.push(or_major(text(timer, "too_early")));
            }
            if bound("max").is_some_and(|max| lasted > max) {
                breaks.push(or_major(text(timer, "too_late")));
            }
        }
    }

    /// Materials and equipment: everything needed, nothing else, nothing bad.
    fn things(&mut self, step: &Table, data: &Json) {
        let name = text(step, "name");
        let lots: Vec<String> = list(data, "materials")
            .iter()
            .filter_map(|lot| lot.as_str().map(|lot| lot.to_owned()))
            .collect();
        let materials: Vec<&str> =
            tables(step, "material").into_iter().map(|need| text(need, "material")).collect();
        for need in &materials {
            let there = lots.iter().any(|lot| lot.split('/').next() == Some(need));
            self.must(there, format!("{name} without {need}"));
        }
        for lot in &lots {
            let listed = materials.iter().any(|need| lot.split('/').next() == Some(need));
            self.must(listed && !lot.ends_with("/BAD"), format!("{name} with lot {lot}"));
        }
        let assets = list(data, "equipment");
        let kinds: Vec<String> = tables(step, "equipment")
            .into_iter()
            .map(|need| format!("EQ-{}", text(need, "kind").to_uppercase().replace('_', "-")))
            .collect();
        let all = kinds.iter().all(|kind| assets.iter().any(|asset| asset.as_str() == Some(kind)));
        let only = assets.iter().all(|asset| kinds.iter().any(|k| asset.as_str() == Some(k)));
        self.must(all && only, format!("{name} with equipment {assets:?}"));
    }

    fn containers(&mut self, step: &Table, data: &Json, values: &BTreeMap<String, Json>) {
        let name = text(step, "name");
        let consumed = list(data, "consumed");
        for consumption in tables(step, "consumes") {
            let what = text(consumption, "what");
            let of: Vec<&&Json> = consumed.iter().filter(|c| said(c, "what") == what).collect();
            let at_hand = self.made.iter().filter(|(output, _)| output == what).count();
            let input = tables(self.file, "input").into_iter().find(|i| text(i, "name") == what);
            let wanted = input.map_or(at_hand, |input| {
                usize::try_from(whole(input, "count").unwrap_or(1)).unwrap()
            });
            self.must(of.len() == wanted, format!("{name} used {} of {what}", of.len()));
            if let Some(material) = input.map(|input| text(input, "material")) {
                let right = of.iter().all(|one| self.material(said(one, "container")) == material);
                self.must(right, format!("{name} used what is no {material}"));
            }
        }
        for one in &consumed {
            let listed =
                tables(step, "consumes").iter().any(|c| text(c, "what") == said(one, "what"));
            let fresh = self.used.insert(said(one, "container").to_owned());
            self.must(listed && fresh, format!("{name} used {} wrongly", said(one, "container")));
        }
        let produced = list(data, "produced");
        for production in tables(step, "produces") {
            let output = text(production, "output");
            let of: Vec<&&Json> =
                produced.iter().filter(|made| said(made, "output") == output).collect();
            let count = match production.get("count") {
                Some(Toml::String(reference)) => self.referred(reference, values),
                Some(other) => number(other),
                None => Some(Decimal::ONE),
            };
            let right = count.map(|c| c.normalize()) == Some(Decimal::from(of.len()));
            self.must(right, format!("{name} made {} of {output}", of.len()));
            for key in ["volume", "cells"] {
                let reference = production.get(key).and_then(Toml::as_str);
                let wanted = reference.and_then(|reference| self.referred(reference, values));
                let right = of.iter().all(|made| made.get(key).and_then(amount) == wanted);
                self.must(right, format!("{name}: {key} of {output} is not {wanted:?}"));
            }
        }
        for wanted in words(step, "labels") {
            let bare =
                self.made.iter().any(|(o, code)| *o == wanted && !self.labelled.contains(code));
            self.must(!bare, format!("{name} done though a {wanted} has no label on it"));
        }
        for made in produced {
            self.made.push((said(made, "output").to_owned(), said(made, "container").to_owned()));
        }
    }

    fn material(&self, container: &str) -> &str {
        self.contents.get(container).map_or("", |made| said(&made["contents"], "material"))
    }

    /// Double entry: nothing below zero, what is counted is what is booked, and it sums to zero.
    fn postings(&mut self, step: &Table, data: &Json, values: &BTreeMap<String, Json>) {
        let name = text(step, "name");
        for posting in list(data, "postings") {
            let (moved, unit) = (amount(posting).unwrap_or_default(), unit(posting).to_owned());
            self.must(moved > Decimal::ZERO, format!("{name} posted {moved}"));
            for (account, sign) in [("from", -Decimal::ONE), ("to", Decimal::ONE)] {
                let key = (unit.clone(), said(posting, account).to_owned());
                *self.book.entry(key).or_default() += moved * sign;
            }
        }
        let mut sums: BTreeMap<&str, Decimal> = BTreeMap::new();
        let mut below = Vec::new();
        for ((unit, account), balance) in &self.book {
            *sums.entry(unit).or_default() += *balance;
            let held = account == "process" || account == "output";
            if held && *balance < Decimal::ZERO {
                below.push(format!("{name}: {account} is {balance}"));
            }
        }
        let zero = sums.values().all(Decimal::is_zero);
        self.must(zero, format!("{name}: the book does not balance: {sums:?}"));
        self.wrong.extend(below);
        self.moved(name, data);
        let account = step.get("account").and_then(Toml::as_table);
        for (key, code) in [("cells", "10*6"), ("volume", "mL")] {
            let reference = account.and_then(|a| a.get(key)).and_then(Toml::as_str);
            let Some(counted) = reference.and_then(|r| self.referred(r, values)) else { continue };
            let booked = self.balance(code, "process");
            self.must(booked == counted, format!("{name}: {booked} booked, {counted} counted"));
        }
        if text(step, "operation") == "dispose" {
            for code in ["10*6", "mL"] {
                let left = self.balance(code, "process");
                self.must(left.is_zero(), format!("{name}: {left} left in process"));
            }
        }
    }

    /// What entered and left containers is what the step says it used and made.
    fn moved(&mut self, name: &str, data: &Json) {
        let held = |key: &str, part: &str| -> Decimal {
            list(data, key).into_iter().filter_map(|one| amount(one.get(part)?)).sum()
        };
        let posted = |side: &str, accounts: [&str; 2], code: &str| -> Decimal {
            let of = list(data, "postings")
                .into_iter()
                .filter(|posting| accounts.contains(&said(posting, side)) && unit(posting) == code);
            of.filter_map(amount).sum()
        };
        for (part, code) in [("cells", "10*6"), ("volume", "mL")] {
            let (used, made) = (held("consumed", part), held("produced", part));
            let left = posted("from", ["input", "output"], code);
            let entered = posted("to", ["output", "sample"], code);
            let right = left == used && entered == made;
            self.must(right, format!("{name}: {part} in the book are not those of containers"));
        }
        let count = |key: &str| Decimal::from(list(data, key).len());
        let entered = posted("to", ["output", "sample"], "{container}");
        let left = posted("from", ["input", "output"], "{container}");
        let right = entered == count("produced") && left == count("consumed");
        self.must(right, format!("{name}: the book counts other containers"));
    }

    fn balance(&self, unit: &str, account: &str) -> Decimal {
        self.book.get(&(unit.to_owned(), account.to_owned())).copied().unwrap_or_default()
    }

    fn reconcile(&mut self, name: &str, breaks: &mut Vec<String>) {
        for rule in tables(self.file, "reconcile") {
            let due = if text(rule, "step").is_empty() { "close" } else { text(rule, "step") };
            if due != name {
                continue;
            }
            let code = text(rule, "unit");
            let found = self.balance(code, text(rule, "account"));
            let came: Decimal = ["input", "growth", "medium", "supply"]
                .iter()
                .map(|source| -self.balance(code, source))
                .sum();
            let most = match rule.get("percent").and_then(number) {
                Some(percent) => came * percent / Decimal::ONE_HUNDRED,
                None => rule.get("max").and_then(number).unwrap_or_default(),
            };
            if found > most {
                breaks.push(or_major(text(rule, "breaking")));
            }
        }
    }

    /// Exactly the deviations that the breaks of the step ask for, of their classes.
    fn deviations(&mut self, at: usize, name: &str, mut breaks: Vec<String>) {
        let refused = breaks.iter().any(|class| class == "refuse");
        self.must(!refused, format!("{name} was done over a limit that refuses"));
        let numbers: Vec<String> = list(&self.log[at].data, "deviations")
            .iter()
            .map(|number| format!("deviation/{}", number.as_str().unwrap_or("")))
            .collect();
        let opened = self.log[at..]
            .iter()
            .filter(|line| line.kind == "deviation.opened" && numbers.contains(&line.stream));
        let mut classes: Vec<String> =
            opened.map(|line| said(&line.data, "class").to_owned()).collect();
        classes.sort();
        breaks.sort();
        self.must(classes == breaks, format!("{name}: breaks {breaks:?}, deviations {classes:?}"));
        self.must(classes.len() == numbers.len(), format!("{name}: a deviation was not opened"));
    }

    fn end(&mut self) {
        let all = self.steps.iter().all(|step| self.complete(text(step, "name")));
        self.must(all == self.completed, "everything is done, but the batch is not completed");
        let drawn = self.made.iter().filter(|(output, _)| output == "sample").count();
        let wanted = drawn * tables(self.file, "test").len();
        self.must(self.tests == wanted, format!("{} tests requested of {wanted}", self.tests));
    }
}

fn or_major(word: &str) -> String {
    if word.is_empty() { "major".to_owned() } else { word.to_owned() }
}

/// 2 to some power, by the series of the exponential function: a second way, beside the engine's.
fn power(of: Decimal) -> Decimal {
    let exponent = of * Decimal::from_str("0.6931471805599453094172").unwrap();
    // Halved until it is small, then squared back.
    let small = exponent / Decimal::from(64);
    let mut term = Decimal::ONE;
    let mut sum = Decimal::ONE;
    for n in 1..12_u32 {
        term = (term * small / Decimal::from(n)).round_dp(26);
        sum += term;
    }
    (0..6).fold(sum, |sum, _| (sum * sum).round_dp(20))
}
