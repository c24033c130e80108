//! From the text of a file to a [`MasterRecord`], or to every fault of its shape at once.
//!
//! Neighbours: `reader` reads single keys; `check` then judges what was read as a whole.

use super::calculation::Method;
use super::fault::{Faults, Keys, Kind, Sink};
use super::model::{
    AcceptedRecord, AccountRule, Assumption, At, Band, Breaking, Calculation, Condition,
    Consumption, Count, DonationRule, EquipmentNeed, Field, FieldKind, HoldPoint, Input, Limits,
    MasterRecord, Material, MaterialNeed, Operation, Output, Parameter, Production, Reconcile,
    RecordRef, Reference, Repeat, SignatureRule, Source, Step, Subject, TestPlan, Timer, Tolerance,
    UnitProcedure,
};
use super::reader::{Section, read_document};
use crate::domain::account::Account;
use crate::domain::container::ContainerKind;
use crate::domain::deviation::Class;
use crate::domain::disposition::Disposition;
use crate::domain::equipment::EquipmentKind;
use crate::domain::id::{ContentHash, MasterRecordId, MaterialCode};
use crate::domain::quality::{Criterion, Incubation, Limit, Specification};
use crate::domain::quantity::{Quantity, Rounding, Unit};
use sha2::{Digest, Sha256};

/// SHA-256 of a text in hexadecimal digits: what an approval signs.
pub fn hash_text(text: &str) -> Option<ContentHash> {
    let digits: String =
        Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    ContentHash::parse(&digits).ok()
}

/// Reads and checks the text of a file.
pub fn parse(text: &str) -> Result<MasterRecord, Faults> {
    let sink = Sink::new(text);
    let record = read(text, &sink);
    let faults = sink.into_faults();
    match record {
        Some(record) if faults.is_empty() => {
            let faults = super::check::check(&record);
            if faults.is_empty() { Ok(record) } else { Err(Faults(faults)) }
        }
        _ => Err(Faults(faults)),
    }
}

/// The keys that the reader asks for, by kind of table, in the tables that the text has.
pub(super) fn keys_asked(text: &str) -> Keys {
    let sink = Sink::new(text);
    read(text, &sink);
    sink.into_keys()
}

fn read(text: &str, sink: &Sink<'_>) -> Option<MasterRecord> {
    read_document(text, "the master record", sink, |root| master_record(root, text))
}

fn master_record(root: &mut Section<'_>, text: &str) -> Option<MasterRecord> {
    let id = root.parsed("id", Kind::BadId, MasterRecordId::parse, "such as EQ-MSC-DOSE");
    let id = root.required("id", id);
    let version = root.whole("version");
    let version = root.required("version", version);
    let title = root.required_text("title");
    let product = root.parsed("product", Kind::BadId, MaterialCode::parse, "such as EQ-MSC-P1");
    let product = root.required("product", product);
    let legal_basis = root.required_text("legal_basis");
    let source = root.required_text("source");
    let language = root.language();
    let for_order = root.flag("for_order").unwrap_or(false);
    let donation = root
        .word(
            "donation",
            Kind::UnknownWord,
            &[("inherited", DonationRule::Inherited), ("pool", DonationRule::Pool)],
        )
        .unwrap_or(DonationRule::Inherited);
    let max_passage = root.small("max_passage");
    let materials = root.sections("material", "a material", material);
    let parameters = root.sections("parameter", "a parameter", parameter);
    let units = root.sections("unit", "a unit procedure", unit_procedure);
    let inputs = root.sections("input", "an input", input);
    let outputs = root.sections("output", "an output", output);
    let mut steps = root.sections("step", "a step", step);
    follow_sequence(&mut steps);
    name_materials(&mut steps, &materials);
    let timers = root.sections("timer", "a timer", timer);
    let hold_points = root.sections("hold_point", "a hold point", hold_point);
    let reconciliations = root.sections("reconcile", "a reconciliation", reconcile);
    let tests = root.sections("test", "a test", test);
    let assumptions = root.sections("assume", "an assumption", assumption);
    Some(MasterRecord {
        record: RecordRef { id: id?, version: version?, hash: hash_text(text)? },
        title: title?,
        product: product?,
        legal_basis: legal_basis?,
        source: source?,
        language: language?,
        for_order,
        donation,
        max_passage,
        materials,
        parameters,
        units,
        inputs,
        outputs,
        steps: steps.into_iter().map(|(step, _)| step).collect(),
        timers,
        hold_points,
        reconciliations,
        tests,
        assumptions,
        text: text.to_owned(),
    })
}

/// A step that states no `after` follows the one before it in the file.
fn follow_sequence(steps: &mut [(Step, bool)]) {
    let mut before = None;
    for (step, stated) in steps {
        if !*stated {
            step.after = before.take().into_iter().collect();
        }
        before = Some(step.name.clone());
    }
}

/// A material of a step that states no title has that of the bill of materials.
fn name_materials(steps: &mut [(Step, bool)], bill: &[Material]) {
    for need in steps.iter_mut().flat_map(|(step, _)| &mut step.materials) {
        if need.title.is_empty() {
            let known = bill.iter().find(|known| known.material == need.material);
            need.title =
                known.map_or_else(|| need.material.to_string(), |known| known.title.clone());
        }
    }
}

fn material(section: &mut Section<'_>) -> Option<Material> {
    let (material, title) = (material_code(section), section.required_text("title"));
    Some(Material { material: material?, title: title?, at: section.at() })
}

fn parameter(section: &mut Section<'_>) -> Option<Parameter> {
    let name = section.required_name("name");
    let title = section.required_text("title");
    let value = section.decimal("value");
    let value = section.required("value", value);
    let unit = section.unit("unit");
    let unit = section.required("unit", unit);
    let site_value = section.flag("site_value").unwrap_or(false);
    Some(Parameter {
        name: name?,
        title: title?,
        value: Quantity::new(value?, unit?),
        site_value,
        at: section.at(),
    })
}

fn unit_procedure(section: &mut Section<'_>) -> Option<UnitProcedure> {
    let (name, title) = (section.required_name("name"), section.required_text("title"));
    Some(UnitProcedure { name: name?, title: title?, at: section.at() })
}

fn container_kind(section: &mut Section<'_>) -> Option<ContainerKind> {
    let words = ContainerKind::filled();
    let kind = section.word("container", Kind::UnknownContainer, &words);
    section.required("container", kind)
}

fn material_code(section: &mut Section<'_>) -> Option<MaterialCode> {
    let material =
        section.parsed("material", Kind::BadId, MaterialCode::parse, "such as ALPHA-MEM");
    section.required("material", material)
}

fn input(section: &mut Section<'_>) -> Option<Input> {
    let name = section.required_name("name");
    let title = section.required_text("title");
    let material = material_code(section);
    let container = container_kind(section);
    let count = section.whole("count").unwrap_or(1);
    let per_dose_unit = section.flag("per_dose_unit").unwrap_or(false);
    let distinct_donors = section.whole("distinct_donors");
    let dispositions = [
        ("released", Disposition::Released),
        ("conditionally_released", Disposition::ConditionallyReleased),
        ("quarantine", Disposition::Quarantine),
    ];
    let disposition = section.word("disposition", Kind::UnknownWord, &dispositions);
    let disposition = section.required("disposition", disposition);
    let passage = section.small("passage");
    let max_age = section.span("max_age");
    let reserved = section.flag("reserved_for_order").unwrap_or(false);
    let acellular = section.flag("acellular").unwrap_or(false);
    let accepts = section.sections("accepts", "an accepted record", accepted);
    Some(Input {
        name: name?,
        title: title?,
        material: material?,
        container: container?,
        count,
        per_dose_unit,
        distinct_donors,
        disposition: disposition?,
        passage,
        max_age,
        reserved,
        acellular,
        accepts,
        at: section.at(),
    })
}

fn accepted(section: &mut Section<'_>) -> Option<AcceptedRecord> {
    let id = section.parsed("id", Kind::BadId, MasterRecordId::parse, "such as EQ-MSC-BANK");
    let id = section.required("id", id);
    let versions = section.wholes("versions");
    let versions = section.required("versions", versions);
    Some(AcceptedRecord { id: id?, versions: versions? })
}

fn output(section: &mut Section<'_>) -> Option<Output> {
    let name = section.required_name("name");
    let title = section.wording("title");
    let material = material_code(section);
    let container = container_kind(section);
    let passage = section.small("passage");
    let product_code = section.text("product_code");
    let keeps = section.span("keeps");
    let expiry_limited_by_inputs = section.flag("expiry_limited_by_inputs").unwrap_or(false);
    let capacity = section.decimal("capacity");
    let acellular = section.flag("acellular").unwrap_or(false);
    let label = section.text("label");
    Some(Output {
        name: name?,
        title: title?,
        material: material?,
        container: container?,
        passage,
        product_code,
        keeps,
        expiry_limited_by_inputs,
        capacity,
        acellular,
        label,
        at: section.at(),
    })
}

/// The step, and whether it states what it comes after.
fn step(section: &mut Section<'_>) -> Option<(Step, bool)> {
    let name = section.required_name("name");
    let title = section.required_text("title");
    let instruction = section.required_text("instruction");
    let operation = section.word("operation", Kind::UnknownOperation, &Operation::ALL);
    let operation = section.required("operation", operation);
    let unit = section.name("unit");
    let stated = section.has("after");
    let after = section.names("after").unwrap_or_default();
    let when = condition(section);
    let repeat = repeat(section);
    let signatures = [
        ("performed", SignatureRule::Performed),
        ("performed_verified", SignatureRule::PerformedVerified),
    ];
    let signature = section.word("signature", Kind::UnknownWord, &signatures);
    let critical = section.flag("critical").unwrap_or(false);
    // Everything is read before anything is given up, so that one fault hides no other.
    let fields = section.sections("field", "a field", field);
    let calculations = section.sections("calculation", "a calculation", calculation);
    let materials = section.sections("material", "a material of a step", material_need);
    let equipment = section.sections("equipment", "an equipment of a step", equipment_need);
    let consumes = section.sections("consumes", "a consumption", consumption);
    let produces = section.sections("produces", "a production", production);
    let account = account(section);
    let labels = section.names("labels").unwrap_or_default();
    let stored = section.names("stored").unwrap_or_default();
    let reconcile_labels = section.flag("reconcile_labels").unwrap_or(false);
    let room = section.name("room");
    let classes = Class::ALL.map(|class| (class.code(), class));
    let foreign = section.word("foreign", Kind::UnknownWord, &classes);
    let step = Step {
        name: name?,
        unit,
        title: title?,
        instruction: instruction?,
        operation: operation?,
        after,
        when,
        repeat,
        signature: signature.unwrap_or(SignatureRule::Performed),
        critical,
        fields,
        calculations,
        materials,
        equipment,
        consumes,
        produces,
        account,
        labels,
        stored,
        reconcile_labels,
        room,
        foreign,
        at: section.at(),
    };
    Some((step, stated))
}

fn condition(section: &mut Section<'_>) -> Option<Condition> {
    let mut inner = section.section("when", "a condition")?;
    let value = inner.reference("value");
    let value = inner.required("value", value);
    let is = inner.texts("is");
    let is = inner.required("is", is);
    let value_at = inner.at_of("value");
    let at = inner.at();
    inner.finish();
    let is = is?.into_iter().map(|(text, _)| text).collect();
    let Reference::Value { step: Some(step), name: field } = value? else {
        let message = "a condition asks for a choice of an earlier step";
        section.fault(value_at, Kind::BadCondition, message, "write value = \"step.field\"");
        return None;
    };
    Some(Condition { step, field, is, at })
}

fn repeat(section: &mut Section<'_>) -> Repeat {
    let Some(mut inner) = section.section("repeat", "a repetition") else { return Repeat::ONCE };
    let min = inner.whole("min").unwrap_or(1);
    let max = inner.whole("max");
    let max = inner.required("max", max).unwrap_or(min.max(1));
    inner.finish();
    Repeat { min, max }
}

fn field(section: &mut Section<'_>) -> Option<Field> {
    let name = section.required_name("name");
    let title = section.required_text("title");
    let kind = field_kind(section);
    let sources = [
        ("typed", Source::Typed),
        ("scanned", Source::Scanned),
        ("instrument", Source::Instrument),
    ];
    let usual = if kind == Some(FieldKind::Scan) { Source::Scanned } else { Source::Typed };
    let source = section.word("source", Kind::UnknownWord, &sources).unwrap_or(usual);
    let required = section.flag("required").unwrap_or(true);
    let each = section.name("each");
    let limits = limits(section);
    let at = section.at();
    Some(Field { name: name?, title: title?, kind: kind?, source, required, each, limits, at })
}

/// The type of a field with the keys that belong to it.
fn field_kind(section: &mut Section<'_>) -> Option<FieldKind> {
    let kinds = ["number", "choice", "text", "time", "scan", "confirm"].map(|word| (word, word));
    let kind = section.word("type", Kind::UnknownType, &kinds);
    let kind = section.required("type", kind);
    let (is_number, is_choice) = (kind == Some("number"), kind == Some("choice"));
    // A type that is not known may have been meant to have any of these.
    let unit = if is_number || kind.is_none() { section.unit("unit") } else { None };
    let decimals = if is_number || kind.is_none() { section.whole("decimals") } else { None };
    let choices = if is_choice || kind.is_none() { section.texts("choices") } else { None };
    let accept = if is_choice || kind.is_none() { section.texts("accept") } else { None };
    let words = |texts: Vec<(String, At)>| texts.into_iter().map(|(text, _)| text).collect();
    match kind? {
        "number" => {
            let unit = section.required("unit", unit);
            Some(FieldKind::Number { unit: unit?, decimals: decimals.unwrap_or(0) })
        }
        "choice" => {
            let choices = section.required("choices", choices);
            let accept = words(accept.unwrap_or_default());
            Some(FieldKind::Choice { choices: words(choices?), accept })
        }
        "time" => Some(FieldKind::Time),
        "scan" => Some(FieldKind::Scan),
        "confirm" => Some(FieldKind::Confirm),
        _ => Some(FieldKind::Text),
    }
}

fn limits(section: &mut Section<'_>) -> Limits {
    Limits {
        alert: band(section, "alert"),
        action: band(section, "action"),
        breaking: breaking(section, "breaking"),
    }
}

fn band(section: &mut Section<'_>, key: &'static str) -> Band {
    let Some(mut inner) = section.section(key, "a limit") else { return Band::default() };
    let band = Band { min: inner.bound("min"), max: inner.bound("max") };
    inner.finish();
    band
}

fn breaking(section: &mut Section<'_>, key: &'static str) -> Option<Breaking> {
    let words = [
        ("refuse", Breaking::Refuse),
        ("minor", Breaking::Deviation(Class::Minor)),
        ("major", Breaking::Deviation(Class::Major)),
        ("critical", Breaking::Deviation(Class::Critical)),
    ];
    section.word(key, Kind::UnknownWord, &words)
}

fn calculation(section: &mut Section<'_>) -> Option<Calculation> {
    let name = section.required_name("name");
    let title = section.required_text("title");
    let methods = Method::ALL.map(|(method, code, _)| (code, method));
    let method = section.word("method", Kind::UnknownCalculation, &methods);
    let method = section.required("method", method);
    let inputs = section.references("inputs");
    let inputs = section.required("inputs", inputs);
    let decimals = section.whole("decimals");
    let decimals = section.required("decimals", decimals);
    let rounding = rounding(section);
    Some(Calculation {
        name: name?,
        title: title?,
        method: method?,
        inputs: inputs?,
        decimals: decimals?,
        rounding,
        limits: limits(section),
        at: section.at(),
    })
}

fn rounding(section: &mut Section<'_>) -> Rounding {
    let words = [("half_up", Rounding::HalfUp), ("down", Rounding::Down), ("up", Rounding::Up)];
    section.word("rounding", Kind::UnknownWord, &words).unwrap_or(Rounding::HalfUp)
}

fn material_need(section: &mut Section<'_>) -> Option<MaterialNeed> {
    let material = material_code(section);
    let title = section.text("title").unwrap_or_default();
    let required = section.flag("required").unwrap_or(true);
    let quantity = section.reference("quantity");
    Some(MaterialNeed { material: material?, title, required, quantity, at: section.at() })
}

fn equipment_need(section: &mut Section<'_>) -> Option<EquipmentNeed> {
    let words = EquipmentKind::ALL.map(|(_, code, _)| (code, code));
    let kind = section.word("kind", Kind::UnknownEquipment, &words);
    let kind = section.required("kind", kind);
    let title = section.required_text("title");
    Some(EquipmentNeed { kind: kind?.to_owned(), title: title?, at: section.at() })
}

fn consumption(section: &mut Section<'_>) -> Option<Consumption> {
    let what = section.required_name("what");
    Some(Consumption { what: what?, count: section.whole("count"), at: section.at() })
}

fn production(section: &mut Section<'_>) -> Option<Production> {
    let output = section.required_name("output");
    let count = if section.flag("per_dose_unit").unwrap_or(false) {
        section.has("count");
        Count::DoseUnits
    } else {
        match section.bound("count") {
            Some(super::model::Bound::Value(reference)) => Count::Value(reference),
            Some(super::model::Bound::Number(number)) => {
                let whole = number.to_string().parse().ok();
                if whole.is_none() {
                    let at = section.at_of("count");
                    let message = format!("{number} containers cannot be made");
                    section.fault(at, Kind::OutOfRange, message, "write a whole number from 1");
                }
                Count::Fixed(whole.unwrap_or(1))
            }
            None => Count::Fixed(1),
        }
    };
    Some(Production {
        output: output?,
        count,
        volume: section.reference("volume"),
        cells: section.reference("cells"),
        from: section.name("from"),
        at: section.at(),
    })
}

fn account(section: &mut Section<'_>) -> Option<AccountRule> {
    let mut inner = section.section("account", "an account rule")?;
    let rule = AccountRule {
        cells: inner.reference("cells"),
        volume: inner.reference("volume"),
        remainder: inner.flag("remainder").unwrap_or(false),
        at: inner.at(),
    };
    inner.finish();
    Some(rule)
}

fn timer(section: &mut Section<'_>) -> Option<Timer> {
    let name = section.required_name("name");
    let title = section.required_text("title");
    let from = section.required_name("from");
    let to = section.required_name("to");
    let (min, max) = (section.span("min"), section.span("max"));
    let warn_before = section.span("warn_before");
    let major = Breaking::Deviation(Class::Major);
    let too_early = breaking(section, "too_early").unwrap_or(major);
    let too_late = breaking(section, "too_late").unwrap_or(major);
    let at = section.at();
    Some(Timer {
        name: name?,
        title: title?,
        from: from?,
        to: to?,
        min,
        max,
        warn_before,
        too_early,
        too_late,
        at,
    })
}

fn hold_point(section: &mut Section<'_>) -> Option<HoldPoint> {
    let name = section.required_name("name");
    let title = section.required_text("title");
    let before = section.required_name("before");
    let tests = section.names("tests").unwrap_or_default();
    Some(HoldPoint { name: name?, title: title?, before: before?, tests, at: section.at() })
}

fn reconcile(section: &mut Section<'_>) -> Option<Reconcile> {
    let name = section.required_name("name");
    let title = section.required_text("title");
    let accounts = Account::ALL.map(|(account, code, _)| (code, account));
    let account = section.word("account", Kind::UnknownWord, &accounts);
    let account = section.required("account", account);
    let unit = section.unit("unit");
    let unit = section.required("unit", unit);
    let step = section.name("step");
    let (most, percent) = (section.decimal("max"), section.decimal("percent"));
    let tolerance = match (most, percent) {
        (Some(most), None) => Some(Tolerance::Most(most)),
        (None, Some(percent)) => Some(Tolerance::Percent(percent)),
        _ => {
            let message = "a reconciliation states one limit";
            let remedy = "write either max = … or percent = …";
            section.fault(section.at(), Kind::ReconciliationLimit, message, remedy);
            None
        }
    };
    let breaking = breaking(section, "breaking").unwrap_or(Breaking::Deviation(Class::Major));
    Some(Reconcile {
        name: name?,
        title: title?,
        account: account?,
        unit: unit?,
        step,
        tolerance: tolerance?,
        breaking,
        at: section.at(),
    })
}

fn test(section: &mut Section<'_>) -> Option<TestPlan> {
    let name = section.required_name("name");
    let title = section.required_text("title");
    let stage = section.required_text("stage");
    let sample = section.required_name("sample");
    let code = section.required_text("specification");
    let version = section.whole("specification_version");
    let version = section.required("specification_version", version);
    let method = section.required_text("method");
    let method_version = section.whole("method_version").unwrap_or(1);
    let matrix = section.required_text("matrix");
    let criteria = section.sections("criterion", "a criterion", criterion);
    let incubation = incubation(section);
    let pending_allowed = section.flag("pending_at_initial").unwrap_or(false);
    let on_certificate = section.flag("on_certificate").unwrap_or(true);
    let at = section.at();
    let specification = Specification {
        code: code?,
        version: version?,
        method: method?,
        method_version,
        matrix: matrix?,
        criteria,
        incubation,
        pending_allowed,
        on_certificate,
    };
    Some(TestPlan { name: name?, title: title?, stage: stage?, sample: sample?, specification, at })
}

fn incubation(section: &mut Section<'_>) -> Option<Incubation> {
    let mut inner = section.section("incubation", "an incubation")?;
    let minimum = inner.span("minimum");
    let minimum = inner.required("minimum", minimum);
    let interim_max_age = inner.span("interim_max_age");
    let interim_max_age = inner.required("interim_max_age", interim_max_age);
    inner.finish();
    Some(Incubation { minimum: minimum?, interim_max_age: interim_max_age? })
}

fn criterion(section: &mut Section<'_>) -> Option<Criterion> {
    let name = section.required_name("name");
    let title = section.required_text("title");
    let unit = section.unit("unit").unwrap_or(Unit::One);
    let decimals = section.whole("decimals").unwrap_or(0);
    let rounding = rounding(section);
    let limit = limit(section);
    Some(Criterion { name: name?, title: title?, unit, decimals, rounding, limit: limit? })
}

fn limit(section: &mut Section<'_>) -> Option<Limit> {
    let mut found = Vec::new();
    found.extend(section.decimal("at_least").map(|value| Limit::AtLeast { value }));
    found.extend(section.decimal("above").map(|value| Limit::Above { value }));
    found.extend(section.decimal("at_most").map(|value| Limit::AtMost { value }));
    found.extend(section.decimal("below").map(|value| Limit::Below { value }));
    found.extend(section.text("equals").map(|text| Limit::Equals { text }));
    let (low, high) = (section.decimal("low"), section.decimal("high"));
    found.extend(low.zip(high).map(|(low, high)| Limit::Range { low, high }));
    if section.flag("negative") == Some(true) {
        found.push(Limit::Negative);
    }
    if section.flag("report_only") == Some(true) {
        found.push(Limit::ReportOnly);
    }
    if found.len() != 1 {
        section.fault(
            section.at(),
            Kind::CriterionLimit,
            format!("this criterion states {} limits", found.len()),
            "state exactly one of: at_least, above, at_most, below, low and high, equals, \
             negative, report_only",
        );
    }
    found.pop()
}

fn assumption(section: &mut Section<'_>) -> Option<Assumption> {
    let mut about = Vec::new();
    about.extend(section.name("step").map(Subject::Step));
    about.extend(section.name("timer").map(Subject::Timer));
    about.extend(section.name("test").map(Subject::Test));
    about.extend(section.reference("value").map(Subject::Value));
    if about.len() != 1 {
        let message = format!("this assumption is about {} things", about.len());
        let remedy = "name exactly one: step, timer, test or value";
        section.fault(section.at(), Kind::BadAssumption, message, remedy);
    }
    let lasts = section.spans("lasts");
    let is = section.decimals("is");
    let like = section.reference("like");
    let fails = section.decimal("fails");
    Some(Assumption { about: about.pop()?, lasts, is, like, fails, at: section.at() })
}
