//! The dose part of the order form: what the protocol's rule asks for, what was entered, and the
//! amounts that follow.
//!
//! Neighbours: [`super::order_new`] is the page around it; `domain::protocol` computes.
//!
//! Architecture invariant: entries are read and shown here, nothing is computed; a rule that knows
//! no cells has no entry for them.

use serde::Serialize;

use super::cx::Cx;
use super::form::{Errors, Field, Fields, Kind};
use super::order::{counted, unit_text};
use crate::domain::id::Name;
use crate::domain::protocol::{
    ByLevel, ByRoute, DoseAsked, DoseBy, DosePlan, PerKg, PerSite, Protocol, Route, RouteDose,
    RouteVolume, Site, SiteDose, Weighing,
};
use crate::domain::quantity::{Quantity, Unit, parse_decimal};
use crate::domain::time::{Instant, Zone};

/// One site or route with its entry, if it has one.
pub(super) struct DoseRow {
    pub(super) name: String,
    pub(super) title: String,
    /// Areas, or the fixed volume, in words.
    pub(super) note: String,
    /// Whether one of the rows is chosen, not several.
    pub(super) one_of: bool,
    pub(super) on: bool,
    pub(super) entry: Option<Entry>,
    pub(super) volume: String,
    pub(super) size: String,
}

/// A number to be entered for a row.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) label: &'static str,
    pub(super) value: String,
    pub(super) least: String,
    pub(super) most: String,
    pub(super) step: String,
    pub(super) unit: &'static str,
}

/// The heading of the part.
pub(super) fn heading(protocol: &Protocol) -> &'static str {
    match &protocol.dose.by {
        DoseBy::Site(_) => "Dose for each site",
        DoseBy::Weight(_) => "Dose by weight",
        DoseBy::Level(_) => "Dose level and sites",
        DoseBy::Route(_) => "Volume for each route",
    }
}

/// What was entered, in the words of the protocol's rule.
///
/// # Errors
/// What cannot be read, in words.
pub(super) fn asked(fields: &Fields, protocol: &Protocol, zone: Zone) -> Result<DoseAsked, String> {
    match &protocol.dose.by {
        DoseBy::Site(rule) => per_site(fields, rule),
        DoseBy::Weight(_) => Ok(DoseAsked::PerKg {
            site: fields.get("site").and_then(|name| Name::parse(name).ok()),
            weight: weighing(fields, zone)?,
        }),
        DoseBy::Level(rule) => Ok(DoseAsked::ByLevel {
            level: fields.get("level").and_then(|number| number.parse().ok()),
            sites: ticked(fields, &rule.sites),
        }),
        DoseBy::Route(rule) => by_route(fields, rule),
    }
}

fn is_on(fields: &Fields, name: &Name) -> bool {
    fields.ticked(&format!("on_{name}"))
}

fn ticked(fields: &Fields, sites: &[Site]) -> Vec<Name> {
    sites.iter().map(|site| &site.name).filter(|name| is_on(fields, name)).cloned().collect()
}

fn per_site(fields: &Fields, rule: &PerSite) -> Result<DoseAsked, String> {
    let mut sites = Vec::new();
    for site in rule.sites.iter().map(|dosed| &dosed.site).filter(|s| is_on(fields, &s.name)) {
        let text = fields.text(&format!("cells_{}", site.name));
        let cells = Quantity::parse(text, Unit::MillionCells)
            .map_err(|error| format!("{}: {error}", site.title))?;
        sites.push(SiteDose { target: site.name.clone(), cells });
    }
    Ok(DoseAsked::PerSite { sites })
}

/// The weighing, once its number is there.
fn weighing(fields: &Fields, zone: Zone) -> Result<Option<Weighing>, String> {
    let Some(number) = fields.get("weight") else { return Ok(None) };
    let number = parse_decimal(number).map_err(|error| format!("Weight: {error}"))?;
    let unit = match fields.text("weight_unit") {
        "g" => Unit::Gram,
        "kg" => Unit::Kilogram,
        _ => return Err("Weight: choose its unit, kg or g".to_owned()),
    };
    let measured_at = Instant::parse_local(fields.text("weight_at"), zone)
        .map_err(|_| "Weight: state date and time of the weighing".to_owned())?;
    Ok(Some(Weighing { weight: Quantity::new(number, unit), measured_at }))
}

fn by_route(fields: &Fields, rule: &ByRoute) -> Result<DoseAsked, String> {
    let mut routes = Vec::new();
    for route in rule.routes.iter().filter(|route| is_on(fields, &route.name)) {
        let area = match (&route.volume, fields.get(&format!("area_{}", route.name))) {
            (RouteVolume::PerArea { .. }, Some(text)) => Some(
                Quantity::parse(text, Unit::Percent)
                    .map_err(|error| format!("{}: {error}", route.title))?,
            ),
            _ => None,
        };
        routes.push(RouteDose { route: route.name.clone(), area });
    }
    Ok(DoseAsked::ByRoute { routes })
}

/// The plan of what was entered; of the protocol's proposal while nothing was.
///
/// # Errors
/// What cannot be read, or why the dose is refused.
pub(super) fn plan(cx: &Cx, fields: &Fields, protocol: &Protocol) -> Result<DosePlan, String> {
    let asked = asked(fields, protocol, cx.zone())?;
    DosePlan::compute(protocol, &asked, cx.now).map_err(|refusal| refusal.to_string())
}

/// The entries above the rows: the weighing, or the dose level.
pub(super) fn entries(
    cx: &Cx,
    protocol: &Protocol,
    fields: &Fields,
    errors: &Errors,
) -> Vec<Field> {
    let fill = |field: Field| field.fill(fields, errors);
    match &protocol.dose.by {
        DoseBy::Weight(rule) => weight_entries(cx, rule).into_iter().map(fill).collect(),
        DoseBy::Level(rule) => vec![fill(level_entry(rule))],
        DoseBy::Site(_) | DoseBy::Route(_) => Vec::new(),
    }
}

fn weight_entries(cx: &Cx, rule: &PerKg) -> [Field; 3] {
    let limits = format!("{} to {}", rule.weight_min.text(), rule.weight_max.text());
    [
        Field::number("weight", "Body weight", "").limits(limits).required(),
        Field::radio("weight_unit", "Unit of the weight", [("kg", "kg"), ("g", "g")]).required(),
        Field::new(Kind::DateTime, "weight_at", "Weighed at")
            .hint(format!(
                "Not older than {}. Times are those of {}.",
                rule.weight_max_age.text(),
                cx.zone().name()
            ))
            .required(),
    ]
}

fn level_entry(rule: &ByLevel) -> Field {
    let option = |level: &crate::domain::protocol::Level| {
        (level.number.to_string(), format!("{}: {} per site", level.title, level.cells.text()))
    };
    let field = Field::radio("level", "Dose level", rule.levels.iter().map(option)).required();
    match rule.levels.as_slice() {
        [level] => field.value(level.number.to_string()),
        _ => field,
    }
}

/// The sites or routes, each with its entry and what follows from it.
pub(super) fn rows(protocol: &Protocol, fields: &Fields, plan: Option<&DosePlan>) -> Vec<DoseRow> {
    let mut rows: Vec<DoseRow> = match &protocol.dose.by {
        DoseBy::Site(rule) => rule.sites.iter().map(|site| site_row(rule, site, fields)).collect(),
        DoseBy::Weight(rule) => one_of_rows(&rule.sites, fields),
        DoseBy::Level(rule) => rule.sites.iter().map(|site| several_row(site, fields)).collect(),
        DoseBy::Route(rule) => rule.routes.iter().map(|route| route_row(route, fields)).collect(),
    };
    for row in &mut rows {
        let planned = plan.and_then(|plan| {
            plan.planned.iter().find(|planned| planned.unit.target.as_str() == row.name)
        });
        row.volume = planned.map_or("–".to_owned(), |planned| planned.unit.volume.text());
        row.size =
            planned.map_or(String::new(), |planned| unit_text(planned.size, protocol.product.unit));
    }
    rows
}

fn row(name: &Name, title: &str, note: String, on: bool) -> DoseRow {
    DoseRow {
        name: name.to_string(),
        title: title.to_owned(),
        note,
        one_of: false,
        on,
        entry: None,
        volume: String::new(),
        size: String::new(),
    }
}

fn site_row(
    rule: &PerSite,
    dosed: &crate::domain::protocol::DosedSite,
    fields: &Fields,
) -> DoseRow {
    let site = &dosed.site;
    let name = format!("cells_{}", site.name);
    let given = fields.get(&name).map(str::to_owned);
    let on = fields.is_empty() || is_on(fields, &site.name);
    let entry = Entry {
        value: given.unwrap_or_else(|| dosed.cells.value().to_string()),
        name,
        label: "Cells",
        least: dosed.cells_min.value().to_string(),
        most: dosed.cells_max.value().to_string(),
        step: rule.step.value().to_string(),
        unit: "×10⁶",
    };
    DoseRow {
        entry: Some(entry),
        ..row(&site.name, site.title.text(), site.areas.join(" and "), on)
    }
}

fn one_of_rows(sites: &[Site], fields: &Fields) -> Vec<DoseRow> {
    let only = sites.len() == 1;
    let row_of = |site: &Site| {
        let on = only || fields.text("site") == site.name.as_str();
        DoseRow { one_of: true, ..row(&site.name, site.title.text(), site.areas.join(" and "), on) }
    };
    sites.iter().map(row_of).collect()
}

fn several_row(site: &Site, fields: &Fields) -> DoseRow {
    row(&site.name, site.title.text(), site.areas.join(" and "), is_on(fields, &site.name))
}

fn route_row(route: &Route, fields: &Fields) -> DoseRow {
    let on = is_on(fields, &route.name);
    match &route.volume {
        RouteVolume::Fixed(volume) => row(&route.name, route.title.text(), volume.text(), on),
        RouteVolume::PerArea { factor, step, least, most } => {
            let name = format!("area_{}", route.name);
            let entry = Entry {
                value: fields.text(&name).to_owned(),
                name,
                label: "Affected area in % of the body surface",
                least: least.value().to_string(),
                most: most.value().to_string(),
                step: step.value().to_string(),
                unit: "%",
            };
            let note = format!("{} of the body surface", factor.text());
            DoseRow { entry: Some(entry), ..row(&route.name, route.title.text(), note, on) }
        }
    }
}

/// The whole dose in a few words: `4 syringes, 3.00 ml, 150 ×10⁶ cells`.
pub(super) fn total(protocol: &Protocol, plan: &DosePlan) -> String {
    let units = counted(plan.planned.len(), protocol.product.unit);
    let volume = plan.dose_volume.text();
    match plan.dose_cells {
        Some(cells) => format!("{units}, {volume}, {}", cells.text()),
        None => format!("{units}, {volume}"),
    }
}

#[derive(Serialize)]
struct AnswerLine {
    title: String,
    formula: String,
    result: String,
}

#[derive(Serialize)]
struct AnswerRow {
    name: String,
    volume: String,
    size: String,
}

/// The amounts of a plan, or why there are none; what the script shows.
#[derive(Serialize)]
pub(super) struct Answer {
    error: Option<String>,
    total: String,
    rows: Vec<AnswerRow>,
    lines: Vec<AnswerLine>,
}

/// The answer for what is entered so far.
pub(super) fn answer(protocol: &Protocol, plan: Result<DosePlan, String>) -> Answer {
    let plan = match plan {
        Ok(plan) => plan,
        Err(error) => {
            let (rows, lines) = (Vec::new(), Vec::new());
            return Answer { error: Some(error), total: String::new(), rows, lines };
        }
    };
    let row = |planned: &crate::domain::protocol::PlannedUnit| AnswerRow {
        name: planned.unit.target.to_string(),
        volume: planned.unit.volume.text(),
        size: unit_text(planned.size, protocol.product.unit),
    };
    let line = |line: &crate::domain::protocol::ArithmeticLine| AnswerLine {
        title: line.title.clone(),
        formula: line.formula.clone(),
        result: line.result.text(),
    };
    Answer {
        error: None,
        total: total(protocol, &plan),
        rows: plan.planned.iter().map(row).collect(),
        lines: plan.arithmetic.iter().map(line).collect(),
    }
}
