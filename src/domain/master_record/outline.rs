//! A master record as a list of parts with their particulars in words: what people read, and what
//! two versions are compared by.
//!
//! Neighbours: `diff` compares two outlines; the page and the reference show one.
//!
//! Architecture invariant: everything the model says that can change a batch is a particular here,
//! so that no change of meaning escapes the comparison.

use super::calculation::Method;
use super::model::{
    Assumption, Band, Bound, Breaking, Calculation, Count, DonationRule, Field, FieldKind, Input,
    Limits, MasterRecord, Output, Reconcile, Repeat, SignatureRule, Source, Step, Subject,
    TestPlan, Timer, Tolerance,
};
use crate::domain::id::Name;
use crate::domain::language::Language;
use crate::domain::quality::{Criterion, Limit};
use crate::domain::quantity::{Quantity, Rounding, Unit};
use crate::domain::time::Span;
use rust_decimal::Decimal;

/// What kind of thing a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PartKind {
    /// The record itself.
    Header,
    /// A line of the bill of materials.
    Material,
    /// A stated number.
    Parameter,
    /// A chapter.
    Unit,
    /// What enters.
    Input,
    /// What leaves or is made on the way.
    Output,
    /// A step.
    Step,
    /// An entry of a step.
    Field,
    /// A calculation of a step.
    Calculation,
    /// A time between steps.
    Timer,
    /// Where QA signs.
    HoldPoint,
    /// What an account may hold.
    Reconciliation,
    /// A test.
    Test,
    /// What a test must show.
    Criterion,
    /// What the simulation assumes.
    Assumption,
}

impl PartKind {
    /// The word for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Header => "Record",
            Self::Material => "Material",
            Self::Parameter => "Parameter",
            Self::Unit => "Unit procedure",
            Self::Input => "Input",
            Self::Output => "Output",
            Self::Step => "Step",
            Self::Field => "Field",
            Self::Calculation => "Calculation",
            Self::Timer => "Timer",
            Self::HoldPoint => "Hold point",
            Self::Reconciliation => "Reconciliation",
            Self::Test => "Test",
            Self::Criterion => "Criterion",
            Self::Assumption => "Assumption",
        }
    }
}

/// One part of a record with its particulars.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What it is.
    pub kind: PartKind,
    /// What it is known by within the record, such as `harvest_p2.viability`.
    pub key: String,
    /// Its title.
    pub title: String,
    /// Name and words of each particular that it states.
    pub particulars: Vec<(&'static str, String)>,
}

impl Part {
    fn new(kind: PartKind, key: impl ToString, title: impl Into<String>) -> Self {
        Self { kind, key: key.to_string(), title: title.into(), particulars: Vec::new() }
    }

    fn with(mut self, name: &'static str, words: impl Into<String>) -> Self {
        let words = words.into();
        if !words.is_empty() {
            self.particulars.push((name, words));
        }
        self
    }

    fn maybe(self, name: &'static str, words: Option<impl ToString>) -> Self {
        match words {
            Some(words) => self.with(name, words.to_string()),
            None => self,
        }
    }

    fn flag(self, name: &'static str, holds: bool) -> Self {
        if holds { self.with(name, "yes") } else { self }
    }

    /// What it is called in a sentence: `Step 'Thaw the aliquot'`.
    pub fn words(&self) -> String {
        format!("{} '{}'", self.kind.word(), self.title)
    }
}

/// The parts of a record, in the order of the procedure.
pub fn outline(record: &MasterRecord) -> Vec<Part> {
    let mut parts = vec![header(record)];
    parts.extend(
        record.materials.iter().map(|m| Part::new(PartKind::Material, &m.material, &m.title)),
    );
    parts.extend(record.parameters.iter().map(|parameter| {
        Part::new(PartKind::Parameter, &parameter.name, &parameter.title)
            .with("value", parameter.value.text())
            .flag("example, to be replaced by the site", parameter.site_value)
    }));
    parts.extend(record.units.iter().map(|u| Part::new(PartKind::Unit, &u.name, &u.title)));
    parts.extend(record.inputs.iter().map(input));
    parts.extend(record.outputs.iter().map(output));
    for (number, one) in record.steps.iter().enumerate() {
        let before = number.checked_sub(1).and_then(|at| record.steps.get(at));
        parts.push(step(record, one, before));
        parts.extend(one.fields.iter().map(|f| field(one, f)));
        parts.extend(one.calculations.iter().map(|c| calculation(record, one, c)));
    }
    parts.extend(record.timers.iter().map(|one| timer(record, one)));
    parts.extend(record.hold_points.iter().map(|hold| {
        Part::new(PartKind::HoldPoint, &hold.name, &hold.title)
            .with("before", step_title(record, &hold.before))
            .with("waits for results", test_titles(record, &hold.tests))
    }));
    parts.extend(record.reconciliations.iter().map(|rule| reconciliation(record, rule)));
    for one in &record.tests {
        parts.push(test(record, one));
        parts.extend(one.specification.criteria.iter().map(|c| criterion(one, c)));
    }
    parts.extend(record.assumptions.iter().map(assumption));
    parts
}

fn header(record: &MasterRecord) -> Part {
    let donation = match record.donation {
        DonationRule::Inherited => "that of its input",
        DonationRule::Pool => "a number of its own, as a pool",
    };
    Part::new(PartKind::Header, &record.record.id, &record.title)
        .with("title", &record.title)
        .with("version", record.record.version.to_string())
        .with("product", record.product.to_string())
        .with("legal basis", &record.legal_basis)
        .with("source", &record.source)
        .with("language", record.language.code())
        .flag("made for one order", record.for_order)
        .with("donation number", donation)
        .maybe("highest passage", record.max_passage.map(|passage| format!("P{passage}")))
}

fn input(input: &Input) -> Part {
    let accepts: Vec<String> = input
        .accepts
        .iter()
        .map(|accepted| {
            let versions: Vec<String> = accepted.versions.iter().map(u32::to_string).collect();
            format!("{} version {}", accepted.id, versions.join(", "))
        })
        .collect();
    Part::new(PartKind::Input, &input.name, &input.title)
        .with("title", &input.title)
        .with("material", input.material.to_string())
        .with("container", input.container.word())
        .with("how many", how_many(input))
        .maybe("different donors", input.distinct_donors)
        .with("disposition", input.disposition.word())
        .maybe("passage", input.passage.map(|passage| format!("P{passage}")))
        .maybe("oldest", input.max_age.map(Span::text))
        .flag("reserved for the order", input.reserved)
        .flag("holds no cells", input.acellular)
        .with("made by", accepts.join("; "))
}

fn how_many(input: &Input) -> String {
    if input.per_dose_unit { "one for each dose unit".to_owned() } else { input.count.to_string() }
}

fn output(output: &Output) -> Part {
    let part = Part::new(PartKind::Output, &output.name, output.title.text())
        .with("title", output.title.text());
    let part = output.title.others().fold(part, |part, (language, words)| match language {
        Language::English => part.with("title in English", words),
        Language::Slovenian => part.with("title in Slovenian", words),
    });
    part.with("material", output.material.to_string())
        .with("container", output.container.word())
        .maybe("passage", output.passage.map(|passage| format!("P{passage}")))
        .maybe("product code", output.product_code.as_ref())
        .maybe("keeps", output.keeps.map(Span::text))
        .flag("never beyond what it was made from", output.expiry_limited_by_inputs)
        .maybe("holds at most", output.capacity.map(|ml| format!("{ml} ml")))
        .flag("holds no cells", output.acellular)
        .with("label", output.label.clone().unwrap_or_else(|| "none".to_owned()))
}

fn step(record: &MasterRecord, step: &Step, before: Option<&Step>) -> Part {
    let titles = |names: &[Name]| {
        let titles: Vec<String> = names.iter().map(|name| thing_title(record, name)).collect();
        titles.join(", ")
    };
    // A step that simply follows the one above it says so by its place.
    let follows = step.after.iter().eq(before.map(|before| &before.name));
    let after: Vec<String> = step.after.iter().map(|name| step_title(record, name)).collect();
    let materials: Vec<String> = step
        .materials
        .iter()
        .map(|need| {
            let optional = if need.required { "" } else { ", if used" };
            let quantity = need.quantity.as_ref().map(|value| format!(", quantity {value}"));
            let quantity = quantity.unwrap_or_default();
            format!("{} ({}{optional}{quantity})", need.title, need.material)
        })
        .collect();
    let equipment: Vec<String> =
        step.equipment.iter().map(|need| format!("{} ({})", need.title, need.kind)).collect();
    let part = Part::new(PartKind::Step, &step.name, &step.title)
        .with("title", &step.title)
        .with("chapter", record.unit_title(step))
        .with("operation", step.operation.word())
        .with("after", if follows { String::new() } else { after.join(", ") })
        .maybe(
            "only if",
            step.when.as_ref().map(|when| {
                let asked = format!("{}.{}", when.step, when.field);
                format!("{asked} is {}", when.is.join(" or "))
            }),
        )
        .with("how often", repeat_words(step.repeat))
        .with("signature", signature_words(step.signature))
        .flag("critical", step.critical)
        .with("instruction", &step.instruction)
        .with("materials", materials.join("; "))
        .with("equipment", equipment.join("; "))
        .with("uses up", consumed(record, step))
        .with("makes", produced(record, step));
    let account = step.account.as_ref();
    let value = |reference: Option<&super::model::Reference>| reference.map(ToString::to_string);
    part.maybe("cells in process", account.and_then(|rule| value(rule.cells.as_ref())))
        .maybe("volume in process", account.and_then(|rule| value(rule.volume.as_ref())))
        .flag("rest is kept apart, not lost", account.is_some_and(|rule| rule.remainder))
        .with("labels on and read back", titles(&step.labels))
        .with("in its storage position", titles(&step.stored))
        .flag("labels reconciled", step.reconcile_labels)
        .maybe("room", step.room.as_ref().map(|room| room.as_str().replace('_', " ")))
        .maybe(
            "something foreign is a deviation",
            step.foreign.map(|class| class.code().to_owned()),
        )
}

fn test_titles(record: &MasterRecord, tests: &[Name]) -> String {
    let title = |name: &Name| {
        let test = record.tests.iter().find(|test| test.name == *name);
        test.map_or_else(|| name.to_string(), |test| test.title.clone())
    };
    tests.iter().map(title).collect::<Vec<String>>().join("; ")
}

fn consumed(record: &MasterRecord, step: &Step) -> String {
    let words: Vec<String> = step
        .consumes
        .iter()
        .map(|consumption| {
            let count = consumption.count.map_or("all".to_owned(), |count| count.to_string());
            format!("{count} × {}", thing_title(record, &consumption.what))
        })
        .collect();
    words.join("; ")
}

fn produced(record: &MasterRecord, step: &Step) -> String {
    let words: Vec<String> = step
        .produces
        .iter()
        .map(|production| {
            let count = match &production.count {
                Count::Fixed(count) => count.to_string(),
                Count::Value(reference) => reference.to_string(),
                Count::DoseUnits => "one for each dose unit".to_owned(),
            };
            let mut words = format!("{count} × {}", thing_title(record, &production.output));
            if let Some(volume) = &production.volume {
                words.push_str(&format!(", volume {volume}"));
            }
            if let Some(cells) = &production.cells {
                words.push_str(&format!(", cells {cells}"));
            }
            if let Some(from) = &production.from {
                words.push_str(&format!(", each one {}, unopened", thing_title(record, from)));
            }
            words
        })
        .collect();
    words.join("; ")
}

fn field(step: &Step, field: &Field) -> Part {
    let (kind, unit) = match &field.kind {
        FieldKind::Number { unit, decimals } => {
            (format!("number in {} with {decimals} decimals", unit_word(*unit)), Some(*unit))
        }
        FieldKind::Choice { choices, accept } => {
            let within = if accept.is_empty() {
                String::new()
            } else {
                format!("; within limits: {}", accept.join(", "))
            };
            (format!("choice of {}{within}", choices.join(", ")), None)
        }
        FieldKind::Text => ("text".to_owned(), None),
        FieldKind::Time => ("time".to_owned(), None),
        FieldKind::Scan => ("scanned code".to_owned(), None),
        FieldKind::Confirm => ("confirmation".to_owned(), None),
    };
    let source = match field.source {
        Source::Typed => "typed",
        Source::Scanned => "scanned",
        Source::Instrument => "read off an instrument",
    };
    let part = Part::new(PartKind::Field, format!("{}.{}", step.name, field.name), &field.title)
        .with("title", &field.title)
        .with("entry", kind)
        .with("source", source)
        .with("required", if field.required { "" } else { "no" })
        .maybe("for each", field.each.as_ref());
    limits(part, &field.limits, unit)
}

fn calculation(record: &MasterRecord, step: &Step, calculation: &Calculation) -> Part {
    let inputs: Vec<String> = calculation
        .inputs
        .iter()
        .map(|(name, references)| {
            let texts: Vec<String> = references.iter().map(ToString::to_string).collect();
            format!("{name} = {}", texts.join(" + "))
        })
        .collect();
    let rounding = match calculation.rounding {
        Rounding::HalfUp => "half up",
        Rounding::Down => "down",
        Rounding::Up => "up",
    };
    let key = format!("{}.{}", step.name, calculation.name);
    let part = Part::new(PartKind::Calculation, key, &calculation.title)
        .with("title", &calculation.title)
        .with("method", method_words(calculation.method))
        .with("from", inputs.join(", "))
        .with("decimals", format!("{}, rounded {rounding}", calculation.decimals));
    limits(part, &calculation.limits, record.calculation_unit(step, calculation))
}

fn method_words(method: Method) -> String {
    format!("{} ({})", method.code().replace('_', " "), method.formula())
}

fn limits(part: Part, limits: &Limits, unit: Option<Unit>) -> Part {
    let unit = unit.unwrap_or(Unit::One);
    let end = |bound: &Option<Bound>| bound.as_ref().map(|bound| bound_words(bound, unit));
    part.maybe("alert minimum", end(&limits.alert.min))
        .maybe("alert maximum", end(&limits.alert.max))
        .maybe("minimum", end(&limits.action.min))
        .maybe("maximum", end(&limits.action.max))
        .maybe("when broken", limits.breaking.map(breaking_words))
}

fn bound_words(bound: &Bound, unit: Unit) -> String {
    match bound {
        Bound::Number(number) => Quantity::new(*number, unit).text(),
        Bound::Value(reference) => reference.to_string(),
    }
}

/// A band in words: `80 % to 100 %`; empty if nothing is stated.
pub fn band_words(band: &Band, unit: Unit) -> String {
    let end = |bound: &Option<Bound>| bound.as_ref().map(|bound| bound_words(bound, unit));
    match (end(&band.min), end(&band.max)) {
        (Some(min), Some(max)) => format!("{min} to {max}"),
        (Some(min), None) => format!("at least {min}"),
        (None, Some(max)) => format!("at most {max}"),
        (None, None) => String::new(),
    }
}

/// What breaking a limit or a timer means, in words.
pub fn breaking_words(breaking: Breaking) -> String {
    match breaking {
        Breaking::Deviation(class) => format!("{} deviation", class.code()),
        Breaking::Refuse => "the step is refused".to_owned(),
    }
}

fn timer(record: &MasterRecord, timer: &Timer) -> Part {
    let from = step_title(record, &timer.from);
    let to = step_title(record, &timer.to);
    let part = Part::new(PartKind::Timer, &timer.name, &timer.title)
        .with("title", &timer.title)
        .with("between", format!("{from} and {to}"))
        .maybe("minimum", timer.min.map(Span::text))
        .maybe("maximum", timer.max.map(Span::text))
        .maybe("warns before", timer.warn_before.map(Span::text));
    let early = timer.min.map(|_| breaking_words(timer.too_early));
    let late = timer.max.map(|_| breaking_words(timer.too_late));
    part.maybe("too early", early).maybe("too late", late)
}

fn reconciliation(record: &MasterRecord, rule: &Reconcile) -> Part {
    let after = rule.step.as_ref().map(|step| step_title(record, step));
    let most = match rule.tolerance {
        Tolerance::Most(most) => Quantity::new(most, rule.unit).text(),
        Tolerance::Percent(percent) => format!("{percent} % of what came in"),
    };
    Part::new(PartKind::Reconciliation, &rule.name, &rule.title)
        .with("title", &rule.title)
        .with("account", format!("{}, {}", rule.account.words(), rule.unit.symbol()))
        .with("looked at after", after.unwrap_or_else(|| "the last step".to_owned()))
        .with("at most", most)
        .with("more than that", breaking_words(rule.breaking))
}

fn test(record: &MasterRecord, test: &TestPlan) -> Part {
    let specification = &test.specification;
    let incubation = specification.incubation.as_ref();
    Part::new(PartKind::Test, &test.name, &test.title)
        .with("title", &test.title)
        .with("stage", &test.stage)
        .with("sample", thing_title(record, &test.sample))
        .with("specification", format!("{} version {}", specification.code, specification.version))
        .with(
            "method",
            format!("{} version {}", specification.method, specification.method_version),
        )
        .with("matrix", &specification.matrix)
        .maybe("incubated at least", incubation.map(|i| i.minimum.text()))
        .maybe("interim reading not older than", incubation.map(|i| i.interim_max_age.text()))
        .with("pending at initial certification", yes_no(specification.pending_allowed))
        .with("on the certificate", yes_no(specification.on_certificate))
}

fn criterion(test: &TestPlan, criterion: &Criterion) -> Part {
    Part::new(PartKind::Criterion, format!("{}.{}", test.name, criterion.name), &criterion.title)
        .with("title", &criterion.title)
        .with("limit", limit_words(criterion))
        .with("decimals", criterion.decimals.to_string())
}

/// The limit of a criterion in words: `above 80 %`.
pub fn limit_words(criterion: &Criterion) -> String {
    let text = |number: &Decimal| Quantity::new(*number, criterion.unit).text();
    match &criterion.limit {
        Limit::AtLeast { value } => format!("at least {}", text(value)),
        Limit::Above { value } => format!("above {}", text(value)),
        Limit::AtMost { value } => format!("at most {}", text(value)),
        Limit::Below { value } => format!("below {}", text(value)),
        Limit::Range { low, high } => format!("{} to {}", text(low), text(high)),
        Limit::Equals { text } => text.clone(),
        Limit::Negative => "negative".to_owned(),
        Limit::ReportOnly => "reported, no limit".to_owned(),
    }
}

fn assumption(assumption: &Assumption) -> Part {
    let about = match &assumption.about {
        Subject::Step(name) => format!("step {name}"),
        Subject::Timer(name) => format!("timer {name}"),
        Subject::Test(name) => format!("test {name}"),
        Subject::Value(reference) => format!("value {reference}"),
    };
    let lasts = assumption.lasts.map(|three| three.map(Span::text).join(", "));
    let is = assumption.is.map(|three| three.map(|number| number.to_string()).join(", "));
    Part::new(PartKind::Assumption, &about, &about)
        .maybe("lasts", lasts)
        .maybe("is", is)
        .maybe("like", assumption.like.as_ref())
        .maybe("fails", assumption.fails.map(|percent| format!("{percent} %")))
}

fn step_title(record: &MasterRecord, name: &Name) -> String {
    record.step(name).map_or_else(|| name.to_string(), |step| step.title.clone())
}

fn thing_title(record: &MasterRecord, name: &Name) -> String {
    let input = record.input(name).map(|input| input.title.clone());
    let title = input.or_else(|| record.output(name).map(|output| output.title.to_string()));
    title.unwrap_or_else(|| name.to_string())
}

fn unit_word(unit: Unit) -> &'static str {
    match unit.symbol() {
        "" => "1",
        symbol => symbol,
    }
}

fn yes_no(holds: bool) -> &'static str {
    if holds { "yes" } else { "no" }
}

/// How often a step is done, in words.
pub fn repeat_words(repeat: Repeat) -> String {
    match (repeat.min, repeat.max) {
        (1, 1) => "once".to_owned(),
        (0, max) => format!("up to {max} times, or not at all"),
        (min, max) if min == max => format!("{min} times"),
        (min, max) => format!("{min} to {max} times"),
    }
}

/// Who signs, in words.
pub fn signature_words(rule: SignatureRule) -> &'static str {
    match rule {
        SignatureRule::Performed => "performed",
        SignatureRule::PerformedVerified => "performed, and verified by another person",
    }
}
