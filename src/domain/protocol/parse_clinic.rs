//! Reads the tables of a protocol that concern the clinic: `[enrolment]`, `[[visit]]`,
//! `[stopping]` and `[bedside]`.
//!
//! Neighbours: `parse` reads the other tables; [`super::enrolment`] and [`super::follow_up`] are
//! what is read.
//!
//! Architecture invariant: what refers to a visit, a dose level or a number of sites is checked to
//! exist here.

use super::enrolment::{Cohort, ESCALATION, EXPANSION, Enrolment, Escalation};
use super::follow_up::{Bedside, Stopping, Visit};
use super::model::{DoseBy, DoseRule};
use super::parse::once;
use crate::domain::id::Name;
use crate::domain::master_record::{At, FaultKind as Kind, Section};
use crate::domain::quantity::Unit;
use std::collections::BTreeSet;

/// The words for the rules of enrolment.
const RULES: [(&str, bool); 2] = [("in_order", false), ("3+3", true)];

/// A level alone may need so many patients.
const FILLED: u32 = 6;

/// What the rest of the file says that enrolment refers to.
pub(super) struct Known {
    levels: Vec<u32>,
    sites: u32,
}

impl Known {
    pub(super) fn of(dose: &DoseRule) -> Self {
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        match &dose.by {
            DoseBy::Site(rule) => Self { levels: Vec::new(), sites: count(rule.sites.len()) },
            DoseBy::Weight(_) => Self { levels: Vec::new(), sites: 1 },
            DoseBy::Level(rule) => Self {
                levels: rule.levels.iter().map(|level| level.number).collect(),
                sites: count(rule.sites.len()),
            },
            DoseBy::Route(rule) => Self { levels: Vec::new(), sites: count(rule.routes.len()) },
        }
    }

    fn level(&self, section: &Section<'_>, at: At, level: u32) {
        if !self.levels.contains(&level) {
            let message = format!("the dose has no level {level}");
            section.fault(at, Kind::UnknownWord, message, "name a level of the table [dose]");
        }
    }
}

/// The visits, each due after the one before.
pub(super) fn visits(root: &mut Section<'_>) -> Vec<Visit> {
    let visits = root.sections("visit", "a visit", visit);
    once(root, visits.iter().map(|(visit, at)| (&visit.name, *at)), "the visit");
    for ((before, _), (after, at)) in visits.iter().zip(visits.iter().skip(1)) {
        if after.day <= before.day {
            let message = format!("the visit '{}' is not later than '{}'", after.name, before.name);
            root.fault(*at, Kind::OutOfRange, message, "list the visits by their day");
        }
    }
    visits.into_iter().map(|(visit, _)| visit).collect()
}

fn visit(section: &mut Section<'_>) -> Option<(Visit, At)> {
    let at = section.at_of("name");
    let name = section.required_name("name");
    let title = section.required_text("title");
    let day = section.whole("day");
    let day = section.required("day", day);
    let tolerance = section.whole("tolerance").unwrap_or(0);
    Some((Visit { name: name?, title: title?, day: day?, tolerance }, at))
}

/// The reaction that stops enrolment, and who is told.
pub(super) fn stopping(section: &mut Section<'_>) -> Option<Stopping> {
    let grade = section.small("grade");
    let grade = section.required("grade", grade);
    if grade.is_some_and(|grade| !(1..=5).contains(&grade)) {
        let at = section.at_of("grade");
        section.fault(at, Kind::OutOfRange, "there is no such CTCAE grade", "write 1 to 5");
    }
    let notify_within = section.span("notify_within");
    let notify_within = section.required("notify_within", notify_within);
    let tell = section.texts("tell");
    let tell = section.required("tell", tell);
    let mut known = BTreeSet::new();
    for (whom, at) in tell.iter().flatten() {
        if !known.insert(whom) {
            let message = format!("'{whom}' is there twice");
            section.fault(*at, Kind::DuplicateName, message, "name each once");
        }
    }
    Some(Stopping {
        grade: grade?,
        notify_within: notify_within?,
        tell: tell?.into_iter().map(|(whom, _)| whom).collect(),
    })
}

/// The thaw at the bedside.
pub(super) fn bedside(section: &mut Section<'_>) -> Option<Bedside> {
    let thaw = section.flag("thaw");
    if section.required("thaw", thaw) == Some(false) {
        let at = section.at_of("thaw");
        let message = "nothing is thawed at the patient";
        section.fault(at, Kind::OutOfRange, message, "remove the table [bedside]");
    }
    let within = section.span("within");
    let within = section.required("within", within);
    if within.is_some_and(|span| span.seconds() == 0) {
        let at = section.at_of("within");
        section.fault(at, Kind::OutOfRange, "nothing can be given at once", "such as '10 min'");
    }
    let bath = section.quantity("bath", Unit::Celsius);
    let bath = section.required("bath", bath);
    Some(Bedside { within: within?, bath: bath? })
}

/// How many are enrolled, in which order.
pub(super) fn enrolment(
    section: &mut Section<'_>,
    known: Option<&Known>,
    visits: &[Visit],
) -> Option<Enrolment> {
    let escalates = section.word("rule", Kind::UnknownWord, &RULES);
    let escalates = section.required("rule", escalates);
    let orders = section.whole("orders_per_patient");
    let orders_per_patient = section.required("orders_per_patient", orders);
    if orders_per_patient == Some(0) {
        let at = section.at_of("orders_per_patient");
        section.fault(at, Kind::OutOfRange, "no patient has an order", "write 1 or more");
    }
    let evaluated_at = section.required_name("evaluated_at");
    if let Some(name) = evaluated_at.as_ref().filter(|n| !visits.iter().any(|v| v.name == **n)) {
        let at = section.at_of("evaluated_at");
        let message = format!("there is no visit '{name}'");
        section.fault(at, Kind::UnknownWord, message, "name one of the tables [[visit]]");
    }
    let replace = section.flag("replace_excluded");
    let replace_excluded = section.required("replace_excluded", replace);
    let cohorts = section.sections("cohort", "a cohort", |cohort| named_cohort(cohort, known));
    once(section, cohorts.iter().map(|(cohort, at)| (&cohort.name, *at)), "the cohort");
    let escalation = escalation(section, known, escalates?);
    if escalates == Some(true) && replace_excluded == Some(false) {
        let at = section.at_of("replace_excluded");
        let message = "3+3 counts evaluated patients only";
        section.fault(at, Kind::OutOfRange, message, "write replace_excluded = true");
    }
    if escalates == Some(false) && cohorts.is_empty() {
        let remedy = "add a table [[enrolment.cohort]]";
        section.fault(section.at(), Kind::MissingField, "nobody can be enrolled", remedy);
    }
    Some(Enrolment {
        cohorts: cohorts.into_iter().map(|(cohort, _)| cohort).collect(),
        escalation: if escalates? { Some(escalation?) } else { None },
        orders_per_patient: orders_per_patient?,
        evaluated_at: evaluated_at?,
        replace_excluded: replace_excluded?,
    })
}

fn named_cohort(section: &mut Section<'_>, known: Option<&Known>) -> Option<(Cohort, At)> {
    let at = section.at_of("name");
    let name = section.required_name("name");
    if let Some(taken) = name.as_ref().filter(|n| [ESCALATION, EXPANSION].contains(&n.as_str())) {
        let message = format!("'{taken}' is the name of a part of 3+3");
        section.fault(at, Kind::ReservedName, message, "give the cohort another name");
    }
    let level = section.whole("level");
    if let Some((level, known)) = level.zip(known) {
        let at = section.at_of("level");
        known.level(section, at, level);
    }
    Some((cohort(section, name?, level, known)?, at))
}

fn cohort(
    section: &mut Section<'_>,
    name: Name,
    level: Option<u32>,
    known: Option<&Known>,
) -> Option<Cohort> {
    let title = section.required_text("title");
    let patients = section.whole("patients");
    let patients = section.required("patients", patients);
    if patients == Some(0) {
        let at = section.at_of("patients");
        section.fault(at, Kind::OutOfRange, "a cohort of nobody", "write 1 or more");
    }
    let sites = sites(section, known);
    let toxic_max = section.whole("toxic_max");
    Some(Cohort { name, title: title?, patients: patients?, level, sites, toxic_max })
}

fn sites(section: &mut Section<'_>, known: Option<&Known>) -> Option<u32> {
    let sites = section.whole("sites")?;
    if let Some(known) = known.filter(|known| sites == 0 || sites > known.sites) {
        let at = section.at_of("sites");
        let message = format!("the dose cannot be given into {sites} sites");
        section.fault(at, Kind::OutOfRange, message, format!("write 1 to {}", known.sites));
    }
    Some(sites)
}

fn escalation(section: &mut Section<'_>, known: Option<&Known>, asked: bool) -> Option<Escalation> {
    for key in ["escalation", "expansion"] {
        if section.has(key) != asked {
            let (at, remedy) = (section.at_of(key), format!("[enrolment.{key}]"));
            let (kind, message, remedy) = match asked {
                true => (Kind::MissingField, "a part of 3+3 is missing", format!("add {remedy}")),
                false => (Kind::UnknownField, "this is part of 3+3", format!("remove {remedy}")),
            };
            section.fault(at, kind, message, remedy);
        }
    }
    let mut climb = section.section("escalation", "the escalation")?;
    let title = climb.required_text("title");
    let levels = climb.wholes("levels");
    let levels = climb.required("levels", levels);
    let at = climb.at_of("levels");
    for level in levels.iter().flatten() {
        known.iter().for_each(|known| known.level(&climb, at, *level));
    }
    let climbs = |levels: &Vec<u32>| {
        !levels.is_empty() && levels.iter().zip(levels.iter().skip(1)).all(|(low, high)| low < high)
    };
    if levels.as_ref().is_some_and(|levels| !climbs(levels)) {
        let message = "the levels do not climb";
        climb.fault(at, Kind::LimitReversed, message, "list them from the lowest to the highest");
    }
    let sites = sites(&mut climb, known);
    let most = climb.whole("patients_max");
    let patients_max = climb.required("patients_max", most);
    if patients_max.is_some_and(|most| most < FILLED) {
        let at = climb.at_of("patients_max");
        let message = "one level alone may need more patients";
        climb.fault(at, Kind::OutOfRange, message, format!("write {FILLED} or more"));
    }
    climb.finish();
    let mut last = section.section("expansion", "the expansion")?;
    let expansion =
        Name::parse(EXPANSION).ok().and_then(|name| cohort(&mut last, name, None, known));
    last.finish();
    Some(Escalation {
        title: title?,
        levels: levels?,
        sites,
        patients_max: patients_max?,
        expansion: expansion?,
    })
}
