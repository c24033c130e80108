//! A new order on one page: patient, dose for each gland, checklist, day; then the signature.
//!
//! Neighbours: `app::order_place` checks and places; `templates/assets/order.js` asks
//! `/orders/new/dose` for the amounts whenever a gland changes.
//!
//! Architecture invariant: the browser computes nothing; the amounts shown are those of the domain.

use askama::Template;
use serde::Serialize;

use super::component::{Banner, Head, Sums};
use super::cx::Cx;
use super::error::WebError;
use super::filters;
use super::form::{Errors, Field, Fields};
use super::icon::Icon;
use super::order::sums;
use super::order_calendar::{Calendar, calendar};
use super::page::Shell;
use super::reply::Reply;
use super::review::{self, Review};
use super::routes::{Access, Route};
use crate::app::order_place::{self as placing, OrderPlace, order_place, try_place};
use crate::app::site::protocol as protocol_named;
use crate::domain::actor::{Capability, Meaning};
use crate::domain::id::{Name, PatientCode};
use crate::domain::protocol::{CriterionKind, DosePlan, SiteDose};
use crate::domain::quantity::{Quantity, Unit};
use crate::domain::time::Day;
use crate::site::Published;

const PLACE: Access = Access::Needs(&[Capability::PlaceOrders]);

/// The rows of this slice; before those of [`super::order`], whose paths are wider.
pub const ROUTES: &[Route] = &[
    Route::get("/orders/new", PLACE, new, "A new order"),
    Route::get("/orders/new/dose", PLACE, dose, "The amounts of a dose plan"),
    Route::post("/orders", PLACE, place, "Place an order"),
];

struct GlandRow {
    name: String,
    title: String,
    areas: String,
    on: bool,
    cells: String,
    least: String,
    most: String,
    step: String,
    volume: String,
    syringe: String,
}

struct CriterionRow {
    name: String,
    text: String,
    inclusion: bool,
    yes: bool,
    no: bool,
    error: Option<String>,
}

#[derive(Template)]
#[template(path = "order/new.html")]
struct NewPage {
    shell: Shell,
    head: Head,
    banner: Option<Banner>,
    protocol: String,
    patient: Field,
    indication: Field,
    glands: Vec<GlandRow>,
    sums: Sums,
    total: String,
    dose_error: Option<String>,
    criteria: Vec<CriterionRow>,
    calendar: Calendar,
    day_error: Option<String>,
}

/// What the form asks for one gland: nothing when it is switched off.
fn asked(fields: &Fields, published: &Published) -> Result<Vec<SiteDose>, String> {
    let mut doses = Vec::new();
    for site in &published.protocol.dose.sites {
        if !fields.ticked(&format!("on_{}", site.name)) {
            continue;
        }
        let text = fields.text(&format!("cells_{}", site.name));
        let cells = Quantity::parse(text, Unit::MillionCells)
            .map_err(|error| format!("{}: {error}", site.title))?;
        doses.push(SiteDose { target: site.name.clone(), cells });
    }
    Ok(doses)
}

fn plan(fields: &Fields, published: &Published) -> Result<DosePlan, String> {
    let doses = asked(fields, published)?;
    DosePlan::compute(&published.protocol, &doses).map_err(|refusal| refusal.to_string())
}

fn first_protocol(cx: &Cx) -> Result<&Published, WebError> {
    let site = &cx.web.config().site;
    let given = cx.form().get("protocol").unwrap_or_else(|| cx.query("protocol"));
    if given.is_empty() {
        return site.protocols.first().ok_or_else(|| WebError::not_found("protocol"));
    }
    Ok(protocol_named(site, given)?)
}

fn gland_rows(fields: &Fields, published: &Published, plan: Option<&DosePlan>) -> Vec<GlandRow> {
    let fresh = fields.is_empty();
    let rule = &published.protocol.dose;
    let row = |site: &crate::domain::protocol::Site| {
        let planned = plan.and_then(|plan| plan.sites.iter().find(|p| p.unit.target == site.name));
        let given = fields.text(&format!("cells_{}", site.name));
        GlandRow {
            name: site.name.to_string(),
            title: site.title.clone(),
            areas: site.areas.join(" and "),
            on: fresh || fields.ticked(&format!("on_{}", site.name)),
            cells: if given.is_empty() { site.cells.value().to_string() } else { given.to_owned() },
            least: site.cells_min.value().to_string(),
            most: site.cells_max.value().to_string(),
            step: rule.step.value().to_string(),
            volume: planned.map_or("–".to_owned(), |p| p.unit.volume.text()),
            syringe: planned.map_or(String::new(), |p| format!("{} syringe", p.syringe.text())),
        }
    };
    rule.sites.iter().map(row).collect()
}

fn new(cx: &Cx) -> Result<Reply, WebError> {
    page(cx, &Errors::new(), None)
}

fn page(cx: &Cx, errors: &Errors, banner: Option<Banner>) -> Result<Reply, WebError> {
    let published = first_protocol(cx)?;
    let protocol = &published.protocol;
    let fields = cx.form();
    let plan = if fields.is_empty() {
        DosePlan::proposed(protocol).map_err(|refusal| refusal.to_string())
    } else {
        plan(fields, published)
    };
    let (id, site) = (protocol.id.as_str(), &cx.web.config().site);
    let days = cx.app().read(|db| placing::calendar(db, site, id, None, cx.now))?;
    let chosen = Day::parse(fields.text("day")).ok();
    let criterion = |criterion: &crate::domain::protocol::Criterion| {
        let name = format!("answer_{}", criterion.name);
        CriterionRow {
            text: criterion.text.clone(),
            inclusion: criterion.kind == CriterionKind::Inclusion,
            yes: fields.text(&name) == "yes",
            no: fields.text(&name) == "no",
            error: errors.of(&name).map(str::to_owned),
            name,
        }
    };
    let again = banner.is_some() || !errors.is_empty();
    let page = NewPage {
        shell: cx.shell("New order"),
        head: Head::new("New order").under("/orders", "Orders").lede(format!(
            "{} · {}",
            protocol.title,
            protocol.reference()
        )),
        banner,
        protocol: protocol.id.to_string(),
        patient: Field::text("patient", "Patient code")
            .hint("The trial's code; never a name.")
            .placeholder("XER-03")
            .mono()
            .required()
            .fill(fields, errors),
        indication: Field::text("indication", "Indication")
            .placeholder("Radiation-induced xerostomia, CTCAE grade 3")
            .required()
            .fill(fields, errors),
        glands: gland_rows(fields, published, plan.as_ref().ok()),
        sums: plan.as_ref().map(|plan| sums(&plan.arithmetic)).unwrap_or_default(),
        total: plan.as_ref().map(total).unwrap_or_default(),
        dose_error: plan.as_ref().err().cloned(),
        criteria: protocol.eligibility.iter().map(criterion).collect(),
        calendar: calendar(&days, chosen),
        day_error: errors.of("day").map(str::to_owned),
    };
    if again { cx.page_again(&page) } else { cx.page(&page) }
}

fn total(plan: &DosePlan) -> String {
    let count = plan.sites.len();
    let noun = if count == 1 { "syringe" } else { "syringes" };
    format!("{count} {noun}, {}, {}", plan.dose_volume.text(), plan.dose_cells.text())
}

#[derive(Serialize)]
struct DoseLine {
    title: String,
    formula: String,
    result: String,
}

#[derive(Serialize)]
struct DoseSite {
    name: String,
    volume: String,
    syringe: String,
}

/// The amounts of a plan, or why there are none; what the script shows.
#[derive(Serialize)]
struct DoseAnswer {
    error: Option<String>,
    total: String,
    sites: Vec<DoseSite>,
    lines: Vec<DoseLine>,
}

fn dose(cx: &Cx) -> Result<Reply, WebError> {
    let published = first_protocol(cx)?;
    let answer = match plan(&cx.request.query, published) {
        Err(error) => DoseAnswer {
            error: Some(error),
            total: String::new(),
            sites: Vec::new(),
            lines: Vec::new(),
        },
        Ok(plan) => DoseAnswer {
            error: None,
            total: total(&plan),
            sites: plan
                .sites
                .iter()
                .map(|site| DoseSite {
                    name: site.unit.target.to_string(),
                    volume: site.unit.volume.text(),
                    syringe: format!("{} syringe", site.syringe.text()),
                })
                .collect(),
            lines: plan
                .arithmetic
                .iter()
                .map(|line| DoseLine {
                    title: line.title.clone(),
                    formula: line.formula.clone(),
                    result: line.result.text(),
                })
                .collect(),
        },
    };
    Reply::json(&answer)
}

/// The command of the form, or what is wrong with its entries.
fn command(cx: &Cx, published: &Published) -> Result<OrderPlace, Errors> {
    let mut check = cx.check();
    let patient = check.parse("patient", |text| PatientCode::parse(&text.to_uppercase()));
    let indication = check.required("indication");
    let day = check.parse("day", Day::parse);
    let mut answers: Vec<(Name, bool)> = Vec::new();
    for criterion in &published.protocol.eligibility {
        let name = format!("answer_{}", criterion.name);
        match cx.form().text(&name) {
            "yes" => answers.push((criterion.name.clone(), true)),
            "no" => answers.push((criterion.name.clone(), false)),
            _ => check.errors.add(&name, "Answer yes or no."),
        }
    }
    let doses = asked(cx.form(), published);
    if let Err(error) = &doses {
        check.errors.add("dose", error.clone());
    }
    match (patient, indication, day, doses, check.is_ok()) {
        (Some(patient), Some(indication), Some(day), Ok(doses), true) => Ok(OrderPlace {
            protocol: published.protocol.id.to_string(),
            patient,
            indication,
            doses: doses.into_iter().map(|dose| (dose.target, dose.cells)).collect(),
            answers,
            day,
        }),
        _ => Err(check.errors),
    }
}

fn place(cx: &Cx) -> Result<Reply, WebError> {
    let published = first_protocol(cx)?;
    let command = match command(cx, published) {
        Ok(command) => command,
        Err(errors) => {
            let banner = Banner::stop("The order is not complete")
                .text("The marked entries are missing or cannot be read.");
            return page(cx, &errors, Some(banner));
        }
    };
    let caller = cx.caller()?;
    if !review::is_signed(cx)
        && let Err(failure) = try_place(cx.app(), &caller, &command)
    {
        return page(cx, &Errors::new(), Some(WebError::from(failure).refusal()?));
    }
    let shown = placing::shown(&cx.web.config().site, &command)?;
    let review = Review {
        title: "Read the order, then sign".to_owned(),
        back: ("/orders/new".to_owned(), "New order".to_owned()),
        action: "/orders".to_owned(),
        shown,
        meaning: Meaning::Ordered,
        second: None,
        button: "Sign the order",
        banner: None,
    };
    let run = |signature| order_place(cx.app(), &caller, command, signature);
    review::sign_and(cx, review, run, |number| {
        let sentence = format!("{number} is placed. A second person must confirm it.");
        Reply::see_other(super::order::address(&number)).flash(&sentence)
    })
}
