//! A new order on one page: protocol, patient, dose by the protocol's rule, checklist, day; then
//! the signature.
//!
//! Neighbours: `app::order_place` checks and places; [`super::order_dose`] is the dose part;
//! `templates/assets/order.js` asks `/orders/new/dose` for the amounts whenever that changes.
//!
//! Architecture invariant: the browser computes nothing; the amounts shown are those of the domain.

use super::component::{Banner, Head, Sums};
use super::cx::Cx;
use super::error::WebError;
use super::filters;
use super::form::{Errors, Field};
use super::icon::Icon;
use super::order::sums;
use super::order_calendar::{Calendar, calendar};
use super::order_dose::{self, DoseRow, total};
use super::page::Shell;
use super::reply::Reply;
use super::review::{self, Review};
use super::routes::{Access, Route};
use crate::app::order_place::{self as placing, OrderPlace, order_place, try_place};
use crate::app::site::protocol as protocol_named;
use crate::domain::actor::{Capability, Meaning};
use crate::domain::id::{Name, PatientCode};
use crate::domain::protocol::{CriterionKind, DoseAsked, DosePlan, Protocol};
use crate::domain::time::Day;
use crate::site::Published;
use askama::Template;

const PLACE: Access = Access::Needs(&[Capability::PlaceOrders]);

/// The rows of this slice; before those of [`super::order`], whose paths are wider.
pub const ROUTES: &[Route] = &[
    Route::get("/orders/new", PLACE, new, "A new order"),
    Route::get("/orders/new/dose", PLACE, dose, "The amounts of a dose plan"),
    Route::post("/orders", PLACE, place, "Place an order"),
];

struct ProtocolChoice {
    id: String,
    title: String,
    chosen: bool,
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
    choices: Vec<ProtocolChoice>,
    dose_heading: &'static str,
    dose_entries: Vec<Field>,
    rows: Vec<DoseRow>,
    sums: Sums,
    total: String,
    dose_error: Option<String>,
    criteria: Vec<CriterionRow>,
    calendar: Calendar,
    day_error: Option<String>,
}

fn first_protocol(cx: &Cx) -> Result<&Published, WebError> {
    let site = &cx.web.config().site;
    let given = cx.form().get("protocol").unwrap_or_else(|| cx.query("protocol"));
    if given.is_empty() {
        return site.protocols.first().ok_or_else(|| WebError::not_found("protocol"));
    }
    Ok(protocol_named(site, given)?)
}

/// The protocols that can be ordered under, the newest version of each.
fn choices(cx: &Cx, chosen: &Protocol) -> Vec<ProtocolChoice> {
    let site = &cx.web.config().site;
    let mut choices: Vec<ProtocolChoice> = Vec::new();
    for published in &site.protocols {
        let id = published.protocol.id.to_string();
        if choices.iter().any(|known| known.id == id) {
            continue;
        }
        let Some(newest) = site.protocol(&id) else { continue };
        choices.push(ProtocolChoice {
            title: newest.protocol.title.clone(),
            chosen: newest.protocol.id == chosen.id,
            id,
        });
    }
    choices
}

fn new(cx: &Cx) -> Result<Reply, WebError> {
    page(cx, &Errors::new(), None)
}

fn page(cx: &Cx, errors: &Errors, banner: Option<Banner>) -> Result<Reply, WebError> {
    let published = first_protocol(cx)?;
    let protocol = &published.protocol;
    let fields = cx.form();
    let fresh = fields.is_empty();
    let plan = if fresh {
        let proposed = DoseAsked::proposed(protocol);
        DosePlan::compute(protocol, &proposed, cx.now).map_err(|refusal| refusal.to_string())
    } else {
        order_dose::plan(cx, fields, protocol)
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
    let banner = match banner {
        Some(banner) => Some(banner),
        None => super::follow_up::opening_banner(cx, protocol)?,
    };
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
            .mono()
            .required()
            .fill(fields, errors),
        indication: Field::text("indication", "Indication").required().fill(fields, errors),
        choices: choices(cx, protocol),
        dose_heading: order_dose::heading(protocol),
        dose_entries: order_dose::entries(cx, protocol, fields, errors),
        rows: order_dose::rows(protocol, fields, plan.as_ref().ok()),
        sums: plan.as_ref().map(|plan| sums(&plan.arithmetic)).unwrap_or_default(),
        total: plan.as_ref().map(|plan| total(protocol, plan)).unwrap_or_default(),
        // A form that nobody touched yet has nothing wrong with it.
        dose_error: plan.as_ref().err().filter(|_| !fresh).cloned(),
        criteria: protocol.eligibility.iter().map(criterion).collect(),
        calendar: calendar(&days, chosen),
        day_error: errors.of("day").map(str::to_owned),
    };
    if again { cx.page_again(&page) } else { cx.page(&page) }
}

fn dose(cx: &Cx) -> Result<Reply, WebError> {
    let protocol = &first_protocol(cx)?.protocol;
    let plan = order_dose::plan(cx, &cx.request.query, protocol);
    Reply::json(&order_dose::answer(protocol, plan))
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
    let dose = order_dose::asked(cx.form(), &published.protocol, cx.zone());
    if let Err(error) = &dose {
        check.errors.add("dose", error.clone());
    }
    match (patient, indication, day, dose, check.is_ok()) {
        (Some(patient), Some(indication), Some(day), Ok(dose), true) => Ok(OrderPlace {
            protocol: published.protocol.id.to_string(),
            patient,
            indication,
            dose,
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
    let shown = placing::shown(&cx.web.config().site, &command, cx.now)?;
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
