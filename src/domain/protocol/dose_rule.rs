//! Reads the table `[dose]`: one of four rules, each with keys of its own.
//!
//! Neighbours: `parse` reads the other tables; `dose` computes by the rule.
//!
//! Architecture invariant: every dose that a file allows can be drawn and filled: it is a whole
//! step, a whole number of hundredths of a millilitre, and fits a dose unit.

use super::model::{
    ByLevel, ByRoute, DoseBy, DoseRule, DosedSite, Level, PerKg, PerSite, Route, RouteVolume, Site,
    exact_volume, hundredths, is_whole_step, volume_of_area,
};
use super::parse::{once, ordered, positive};
use crate::domain::master_record::{At, FaultKind as Kind, Section};
use crate::domain::quantity::{Quantity, Rounding, Unit};

/// The rules by their words in files.
pub(super) const RULES: [(&str, &str); 4] = [
    ("per_site", "a fixed dose for each site, scaled within limits"),
    ("per_kg", "so many cells for each kilogram of body weight, at one site"),
    ("by_level", "a dose level, the same for each site"),
    ("by_route", "a volume for each route; the product holds no cells"),
];

/// How cells by weight are brought to a whole step.
pub(super) const ROUNDINGS: [(&str, Rounding); 3] =
    [("half_up", Rounding::HalfUp), ("down", Rounding::Down), ("up", Rounding::Up)];

type Reader = fn(&mut Section<'_>) -> Option<DoseBy>;

pub(super) fn dose(section: &mut Section<'_>) -> Option<DoseRule> {
    let readers: [(&'static str, (Reader, &str)); 4] = [
        ("per_site", (per_site, "a dose per site")),
        ("per_kg", (per_kg, "a dose per kg")),
        ("by_level", (by_level, "a dose by level")),
        ("by_route", (by_route, "a dose by route")),
    ];
    let rule = section.word("rule", Kind::UnknownWord, &readers);
    let (read, what) = section.required("rule", rule)?;
    section.call(what);
    let sizes = sizes(section);
    let by = read(section);
    let rule = DoseRule { sizes: sizes?, by: by? };
    fits(section, &rule);
    Some(rule)
}

fn sizes(section: &mut Section<'_>) -> Option<Vec<Quantity>> {
    let sizes = section.quantities("sizes", Unit::Millilitre);
    let sizes = section.required("sizes", sizes)?;
    let mut before: Option<Quantity> = None;
    for (size, at) in &sizes {
        if size.is_zero() || before.is_some_and(|before| before.value() >= size.value()) {
            let message = format!("{} does not follow a smaller size", size.text());
            section.fault(*at, Kind::LimitReversed, message, "list sizes from small to large");
        }
        before = Some(*size);
    }
    if sizes.is_empty() {
        let at = section.at_of("sizes");
        let message = "no size is stated";
        section.fault(at, Kind::EmptyText, message, "list the sizes in use, such as [\"1.0 mL\"]");
    }
    Some(sizes.into_iter().map(|(size, _)| size).collect())
}

/// The largest dose fits the largest size.
fn fits(section: &mut Section<'_>, rule: &DoseRule) {
    let Some(largest) = rule.largest_volume() else { return };
    if rule.size_for(largest).is_none() {
        let at = section.at_of("sizes");
        let message = format!("a dose of {} may be ordered, and fits no size", largest.text());
        section.fault(at, Kind::DoseUndeliverable, message, "add a larger size, or lower the dose");
    }
}

fn per_site(section: &mut Section<'_>) -> Option<DoseBy> {
    let concentration = positive(section, "concentration", Unit::MillionCellsPerMillilitre);
    let step = step(section, concentration);
    let total_max = positive(section, "total_max", Unit::MillionCells);
    let sites = section.sections("site", "a site", |site| dosed_site(site, step));
    once(section, sites.iter().map(|(dosed, at)| (&dosed.site.name, *at)), "the site");
    some_of(section, "site", sites.is_empty());
    Some(DoseBy::Site(PerSite {
        concentration: concentration?,
        step: step?,
        total_max: total_max?,
        sites: sites.into_iter().map(|(dosed, _)| dosed).collect(),
    }))
}

fn per_kg(section: &mut Section<'_>) -> Option<DoseBy> {
    let concentration = positive(section, "concentration", Unit::MillionCellsPerMillilitre);
    let cells_per_kg = positive(section, "cells_per_kg", Unit::MillionCellsPerKilogram);
    let step = step(section, concentration);
    let rounding = section.word("rounding", Kind::UnknownWord, &ROUNDINGS);
    let rounding = section.required("rounding", rounding);
    let total_max = positive(section, "total_max", Unit::MillionCells);
    let weight_min = positive(section, "weight_min", Unit::Kilogram);
    let weight_max = positive(section, "weight_max", Unit::Kilogram);
    let reversed = "the largest weight is below the smallest";
    ordered(section, "weight_max", weight_min, weight_max, reversed);
    let weight_max_age = section.span("weight_max_age");
    let weight_max_age = section.required("weight_max_age", weight_max_age);
    let sites = plain_sites(section);
    Some(DoseBy::Weight(PerKg {
        concentration: concentration?,
        cells_per_kg: cells_per_kg?,
        step: step?,
        rounding: rounding?,
        total_max: total_max?,
        weight_min: weight_min?,
        weight_max: weight_max?,
        weight_max_age: weight_max_age?,
        sites,
    }))
}

fn by_level(section: &mut Section<'_>) -> Option<DoseBy> {
    let concentration = positive(section, "concentration", Unit::MillionCellsPerMillilitre);
    let total_max = positive(section, "total_max", Unit::MillionCells);
    let levels = section.sections("level", "a dose level", |level| {
        let at = level.at_of("number");
        let number = level.whole("number");
        let number = level.required("number", number);
        let title = level.required_text("title");
        let cells = positive(level, "cells", Unit::MillionCells);
        whole_volume(level, "cells", cells, concentration);
        Some((Level { number: number?, title: title?, cells: cells? }, at))
    });
    some_of(section, "level", levels.is_empty());
    for pair in levels.windows(2) {
        let [(lower, _), (higher, at)] = pair else { continue };
        if higher.number <= lower.number || higher.cells.value() <= lower.cells.value() {
            let message = format!("level {} does not follow level {}", higher.number, lower.number);
            let remedy = "list levels from low to high, each with a higher number and more cells";
            section.fault(*at, Kind::LimitReversed, message, remedy);
        }
    }
    let sites = plain_sites(section);
    Some(DoseBy::Level(ByLevel {
        concentration: concentration?,
        total_max: total_max?,
        levels: levels.into_iter().map(|(level, _)| level).collect(),
        sites,
    }))
}

fn by_route(section: &mut Section<'_>) -> Option<DoseBy> {
    let routes = section.sections("route", "a route", route);
    once(section, routes.iter().map(|(route, at)| (&route.name, *at)), "the route");
    some_of(section, "route", routes.is_empty());
    let routes = routes.into_iter().map(|(route, _)| route).collect();
    Some(DoseBy::Route(ByRoute { routes }))
}

fn route(section: &mut Section<'_>) -> Option<(Route, At)> {
    let at = section.at_of("name");
    let name = section.required_name("name");
    let title = section.wording("title");
    let volume = if section.has("volume_per_area") {
        per_area(section)
    } else {
        let volume = positive(section, "volume", Unit::Millilitre);
        whole_hundredths(section, "volume", volume);
        volume.map(RouteVolume::Fixed)
    };
    Some((Route { name: name?, title: title?, volume: volume? }, at))
}

fn per_area(section: &mut Section<'_>) -> Option<RouteVolume> {
    let factor = positive(section, "volume_per_area", Unit::MillilitrePerPercent);
    let step = positive(section, "area_step", Unit::Percent);
    let least = positive(section, "area_min", Unit::Percent);
    let most = positive(section, "area_max", Unit::Percent);
    ordered(section, "area_max", least, most, "the largest area is below the smallest");
    let whole = Some(Quantity::whole(100, Unit::Percent));
    ordered(section, "area_max", most, whole, "an area is more than the whole body surface");
    for (key, area) in [("area_min", least), ("area_max", most)] {
        whole_step(section, key, area, step);
    }
    let (factor, step) = (factor?, step?);
    whole_hundredths(section, "area_step", volume_of_area(factor, step).ok());
    Some(RouteVolume::PerArea { factor, step, least: least?, most: most? })
}

/// The step of a rule, itself a volume that can be drawn.
fn step(section: &mut Section<'_>, concentration: Option<Quantity>) -> Option<Quantity> {
    let step = positive(section, "step", Unit::MillionCells);
    whole_volume(section, "step", step, concentration);
    step
}

fn whole_volume(
    section: &mut Section<'_>,
    key: &'static str,
    cells: Option<Quantity>,
    concentration: Option<Quantity>,
) {
    let (Some(cells), Some(concentration)) = (cells, concentration) else { return };
    if exact_volume(cells, concentration).is_none() {
        let at = section.at_of(key);
        let message = format!(
            "{} at {} is no whole number of 0.01 ml, so it cannot be drawn",
            cells.text(),
            concentration.text()
        );
        let remedy = "choose an amount that the concentration divides";
        section.fault(at, Kind::DoseUndeliverable, message, remedy);
    }
}

fn whole_hundredths(section: &mut Section<'_>, key: &'static str, volume: Option<Quantity>) {
    let Some(volume) = volume.filter(|volume| hundredths(*volume).is_none()) else { return };
    let at = section.at_of(key);
    let message = format!("{} is no whole number of 0.01 ml", volume.text());
    section.fault(at, Kind::DoseUndeliverable, message, "choose a volume that can be drawn");
}

fn whole_step(
    section: &mut Section<'_>,
    key: &'static str,
    amount: Option<Quantity>,
    step: Option<Quantity>,
) {
    let (Some(amount), Some(step)) = (amount, step) else { return };
    if !is_whole_step(amount, step) {
        let at = section.at_of(key);
        let message = format!("{} is no whole step of {}", amount.text(), step.text());
        section.fault(at, Kind::OutOfRange, message, "write a multiple of the step");
    }
}

fn some_of(section: &Section<'_>, key: &str, is_empty: bool) {
    if is_empty {
        let message = format!("the dose has no [[dose.{key}]]");
        section.fault(section.at(), Kind::MissingField, message, "add at least one");
    }
}

fn plain_sites(section: &mut Section<'_>) -> Vec<Site> {
    let sites = section.sections("site", "a site without a dose", site);
    once(section, sites.iter().map(|(site, at)| (&site.name, *at)), "the site");
    some_of(section, "site", sites.is_empty());
    sites.into_iter().map(|(site, _)| site).collect()
}

fn site(section: &mut Section<'_>) -> Option<(Site, At)> {
    let at = section.at_of("name");
    let name = section.required_name("name");
    let title = section.wording("title");
    let areas = section.texts("areas").unwrap_or_default();
    let areas = areas.into_iter().map(|(area, _)| area).collect();
    Some((Site { name: name?, title: title?, areas }, at))
}

fn dosed_site(section: &mut Section<'_>, step: Option<Quantity>) -> Option<(DosedSite, At)> {
    let site = site(section);
    let cells = positive(section, "cells", Unit::MillionCells);
    let cells_min = positive(section, "cells_min", Unit::MillionCells);
    let cells_max = positive(section, "cells_max", Unit::MillionCells);
    ordered(section, "cells_min", cells_min, cells, "the least dose is above the default");
    ordered(section, "cells_max", cells, cells_max, "the largest dose is below the default");
    for (key, amount) in [("cells", cells), ("cells_min", cells_min), ("cells_max", cells_max)] {
        whole_step(section, key, amount, step);
    }
    let (site, at) = site?;
    Some((DosedSite { site, cells: cells?, cells_min: cells_min?, cells_max: cells_max? }, at))
}
