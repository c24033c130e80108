//! From the text of a file to a [`Protocol`], or to every fault of it at once.
//!
//! Neighbours: the reader of master records reads the keys; `dose_rule` reads the table `[dose]`.

use super::dose_rule::dose;
use super::model::{
    Aliquots, Allowance, Criterion, CriterionKind, DonorRule, ExcursionRule, Product, Protocol,
    ScheduleRule, Trial,
};
use super::parse_clinic as clinic;
use crate::domain::container::ContainerKind;
use crate::domain::id::{MasterRecordId, MaterialCode, Name};
use crate::domain::master_record::{
    At, FaultKind as Kind, Faults, Keys, Section, Sink, read_document,
};
use crate::domain::quantity::{Quantity, Unit};
use std::collections::BTreeSet;

/// The most days ahead for which dates are offered.
const HORIZON_MAX: u32 = 366;

/// Reads a protocol from the text of its file.
///
/// # Errors
/// Every fault, each with its line and column: a syntax error, an unknown or missing key, an amount
/// with the wrong unit, limits that exclude the default, a dose that is no whole step or fits no
/// dose unit, a name used twice.
pub fn parse(text: &str) -> Result<Protocol, Faults> {
    let sink = Sink::new(text);
    let protocol = read(text, &sink);
    let faults = sink.into_faults();
    match protocol {
        Some(protocol) if faults.is_empty() => Ok(protocol),
        _ => Err(Faults(faults)),
    }
}

/// The keys that the reader asks for, by kind of table, in the tables that the text has.
pub(super) fn keys_asked(text: &str) -> Keys {
    let sink = Sink::new(text);
    read(text, &sink);
    sink.into_keys()
}

fn read(text: &str, sink: &Sink<'_>) -> Option<Protocol> {
    read_document(text, "the protocol", sink, |root| protocol(root, text))
}

fn protocol(root: &mut Section<'_>, text: &str) -> Option<Protocol> {
    let format = root.whole("format");
    let format = root.required("format", format);
    if let Some(other) = format.filter(|format| *format != 1) {
        let at = root.at_of("format");
        let message = format!("format {other} is not known");
        root.fault(at, Kind::OutOfRange, message, "this version reads format 1 only");
    }
    let id = root.parsed("id", Kind::BadId, MasterRecordId::parse, "such as EQ-MSC-XER");
    let id = root.required("id", id);
    let version = root.whole("version");
    let version = root.required("version", version);
    if version == Some(0) {
        let at = root.at_of("version");
        root.fault(at, Kind::OutOfRange, "there is no version 0", "versions count from 1");
    }
    let title = root.required_text("title");
    let source = root.required_text("source");
    let language = root.language();
    let product = table(root, "product", "the product", product);
    let dose = table(root, "dose", "the dose", dose);
    let excursion = optional(root, "excursion", "the excursion", excursion);
    let has_excursion = root.has("excursion");
    let allowance =
        optional(root, "allowance", "the allowance", |section| allowance(section, has_excursion));
    let schedule = table(root, "schedule", "the schedule", schedule);
    let trial = table(root, "trial", "the trial", trial);
    let visits = clinic::visits(root);
    let known = dose.as_ref().map(clinic::Known::of);
    let enrolment = optional(root, "enrolment", "the enrolment", |section| {
        clinic::enrolment(section, known.as_ref(), &visits)
    });
    let stopping = optional(root, "stopping", "the stopping rule", clinic::stopping);
    let bedside = optional(root, "bedside", "the thaw at the bedside", clinic::bedside);
    let eligibility = root.sections("eligibility", "a criterion", criterion);
    once(root, eligibility.iter().map(|(criterion, at)| (&criterion.name, *at)), "the criterion");
    Some(Protocol {
        id: id?,
        version: version?,
        title: title?,
        source: source?,
        language: language?,
        product: product?,
        dose: dose?,
        allowance,
        excursion,
        schedule: schedule?,
        eligibility: eligibility.into_iter().map(|(criterion, _)| criterion).collect(),
        trial: trial?,
        enrolment,
        visits,
        stopping,
        bedside,
        text: text.to_owned(),
    })
}

/// A table that must be there, read by `read` and then checked for unknown keys.
fn table<'a, T>(
    root: &mut Section<'a>,
    key: &'static str,
    what: &str,
    read: impl Fn(&mut Section<'a>) -> Option<T>,
) -> Option<T> {
    let value = optional(root, key, what, read);
    root.required(key, value)
}

/// A table that may be left out.
fn optional<'a, T>(
    root: &mut Section<'a>,
    key: &'static str,
    what: &str,
    read: impl Fn(&mut Section<'a>) -> Option<T>,
) -> Option<T> {
    let mut section = root.section(key, what)?;
    let value = read(&mut section);
    section.finish();
    value
}

/// Reports every name that was there before.
pub(super) fn once<'n>(
    section: &Section<'_>,
    names: impl Iterator<Item = (&'n Name, At)>,
    what: &str,
) {
    let mut known = BTreeSet::new();
    for (name, at) in names {
        if !known.insert(name) {
            let message = format!("{what} '{name}' is there twice");
            section.fault(at, Kind::DuplicateName, message, "give each a name of its own");
        }
    }
}

/// An amount above zero.
pub(super) fn positive(
    section: &mut Section<'_>,
    key: &'static str,
    unit: Unit,
) -> Option<Quantity> {
    let amount = section.quantity(key, unit);
    let amount = section.required(key, amount)?;
    if amount.is_zero() {
        let at = section.at_of(key);
        let message = format!("'{key}' is zero");
        section.fault(at, Kind::OutOfRange, message, "write an amount above zero");
        return None;
    }
    Some(amount)
}

fn product(section: &mut Section<'_>) -> Option<Product> {
    let material = material(section, "material", "such as EQ-MSC-DOSE");
    let title = section.required_text("title");
    let bank_material = self::material(section, "bank_material", "such as EQ-MSC");
    let aliquots = aliquots(section);
    let record = "such as EQ-MSC-DOSE";
    let record = section.parsed("master_record", Kind::BadId, MasterRecordId::parse, record);
    let master_record = section.required("master_record", record);
    let kinds = ContainerKind::filled();
    let unit = section.word("unit", Kind::UnknownContainer, &kinds);
    let unit = section.required("unit", unit);
    let needle = section.text("needle");
    let rules = DonorRule::ALL.map(|(rule, word, _)| (word, rule));
    let donor = section.word("donor", Kind::UnknownWord, &rules);
    let donor = section.required("donor", donor);
    Some(Product {
        material: material?,
        title: title?,
        bank_material: bank_material?,
        aliquots: aliquots?,
        master_record: master_record?,
        unit: unit?,
        needle,
        donor: donor?,
    })
}

fn material(section: &mut Section<'_>, key: &'static str, remedy: &str) -> Option<MaterialCode> {
    let material = section.parsed(key, Kind::BadId, MaterialCode::parse, remedy);
    section.required(key, material)
}

/// A number of units of the bank, or `"per_unit"`.
fn aliquots(section: &mut Section<'_>) -> Option<Aliquots> {
    let key = "aliquots";
    if section.is_text(key) {
        return section.word(key, Kind::UnknownWord, &[("per_unit", Aliquots::PerUnit)]);
    }
    let number = section.whole(key);
    let number = section.required(key, number)?;
    if number == 0 {
        let at = section.at_of(key);
        let message = "no unit of the bank serves an order";
        section.fault(at, Kind::OutOfRange, message, "write 1 or more, or \"per_unit\"");
        return None;
    }
    Some(Aliquots::Fixed(number))
}

fn allowance(section: &mut Section<'_>, has_excursion: bool) -> Option<Allowance> {
    let hold_up = section.quantity("hold_up_per_unit", Unit::Millilitre);
    let hold_up_per_unit = section.required("hold_up_per_unit", hold_up);
    let labelling_loss = section.quantity("labelling_loss", Unit::Percent);
    if labelling_loss.is_some() && !has_excursion {
        let at = section.at_of("labelling_loss");
        let message = "nothing is lost at labelling where nothing leaves for it";
        section.fault(at, Kind::OutOfRange, message, "remove it, or add the table [excursion]");
    }
    let qc_draw = section.quantity("qc_draw", Unit::Millilitre);
    let qc_draw = section.required("qc_draw", qc_draw);
    let overage = section.quantity("overage", Unit::Percent);
    let overage = section.required("overage", overage);
    Some(Allowance {
        hold_up_per_unit: hold_up_per_unit?,
        labelling_loss,
        qc_draw: qc_draw?,
        overage: overage?,
    })
}

fn excursion(section: &mut Section<'_>) -> Option<ExcursionRule> {
    let purpose = section.required_text("purpose");
    let share = positive(section, "share", Unit::Percent);
    let share_max = positive(section, "share_max", Unit::Percent);
    ordered(section, "share_max", share, share_max, "the largest share is below the share");
    let deadline = section.span("deadline");
    let deadline = section.required("deadline", deadline);
    if deadline.is_some_and(|span| span.seconds() == 0) {
        let at = section.at_of("deadline");
        section.fault(at, Kind::OutOfRange, "nothing can be back at once", "such as '90 min'");
    }
    let instruction = section.required_text("instruction");
    Some(ExcursionRule {
        purpose: purpose?,
        share: share?,
        share_max: share_max?,
        deadline: deadline?,
        instruction: instruction?,
    })
}

/// Reports at `key` that the larger of two amounts is below the smaller.
pub(super) fn ordered(
    section: &mut Section<'_>,
    key: &'static str,
    smaller: Option<Quantity>,
    larger: Option<Quantity>,
    message: &str,
) {
    let (Some(smaller), Some(larger)) = (smaller, larger) else { return };
    if larger.value() < smaller.value() {
        let at = section.at_of(key);
        let remedy = format!("{larger} against {smaller}: correct one of them");
        section.fault(at, Kind::LimitReversed, message, remedy);
    }
}

fn schedule(section: &mut Section<'_>) -> Option<ScheduleRule> {
    let mut whole = |key| {
        let number = section.whole(key);
        section.required(key, number)
    };
    let min = whole("culture_days_min");
    let max = whole("culture_days_max");
    let order_lead_days = whole("order_lead_days");
    let horizon_days = whole("horizon_days");
    let qc_days_before = section.wholes("qc_days_before").unwrap_or_default();
    if let (Some(min), Some(max)) = (min, max)
        && max < min
    {
        let at = section.at_of("culture_days_max");
        let remedy = format!("write {min} or more");
        section.fault(at, Kind::LimitReversed, "the longest culture is below the shortest", remedy);
    }
    let shortest = min.unwrap_or(u32::MAX);
    if let Some(day) = qc_days_before.iter().find(|day| **day > shortest) {
        let at = section.at_of("qc_days_before");
        let message = format!("{day} days before is before the shortest culture begins");
        section.fault(at, Kind::OutOfRange, message, format!("write at most {shortest}"));
    }
    if horizon_days.is_some_and(|days| days == 0 || days > HORIZON_MAX) {
        let at = section.at_of("horizon_days");
        let remedy = format!("write 1 to {HORIZON_MAX}");
        section.fault(at, Kind::OutOfRange, "no dates can be offered so", remedy);
    }
    Some(ScheduleRule {
        culture_days_min: min?,
        culture_days_max: max?,
        qc_days_before,
        order_lead_days: order_lead_days?,
        horizon_days: horizon_days?,
    })
}

fn criterion(section: &mut Section<'_>) -> Option<(Criterion, At)> {
    let at = section.at_of("name");
    let name = section.required_name("name");
    let kinds = [("inclusion", CriterionKind::Inclusion), ("exclusion", CriterionKind::Exclusion)];
    let kind = section.word("kind", Kind::UnknownWord, &kinds);
    let kind = section.required("kind", kind);
    let text = section.required_text("text");
    Some((Criterion { name: name?, kind: kind?, text: text? }, at))
}

/// Empty particulars would print an incomplete label (ATMP-20).
fn trial(section: &mut Section<'_>) -> Option<Trial> {
    let code = section.required_text("code");
    let ethics = section.required_text("ethics");
    let phase = section.required_text("phase");
    let sponsor = section.required_text("sponsor");
    let investigator = section.required_text("investigator");
    let site = section.wording("site");
    let contact = section.wording("contact");
    let statement = section.wording("statement");
    let route = section.wording("route");
    let form = section.wording("form");
    let storage = section.wording("storage");
    let directions = section.wording("directions");
    Some(Trial {
        code: code?,
        ethics: ethics?,
        phase: phase?,
        sponsor: sponsor?,
        investigator: investigator?,
        site: site?,
        contact: contact?,
        statement: statement?,
        route: route?,
        form: form?,
        storage: storage?,
        directions: directions?,
    })
}
