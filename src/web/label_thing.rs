//! Labels of things that are no containers: preview beside the decoded text, print, PDF.
//!
//! Neighbours: `app::label_thing` says what stands on them; [`super::label`] has those of
//! containers.
//!
//! Architecture invariant: one page for every kind of thing; what differs is which things are meant
//! and who may print them.

use askama::Template;

use super::component::{Banner, Cell, Facts, Head, Link, Table};
use super::cx::Cx;
use super::error::WebError;
use super::filters;
use super::form::{Errors, Field, query_value};
use super::icon::Icon;
use super::label::{Said, picture};
use super::page::Shell;
use super::reply::Reply;
use super::routes::{Access, Route};
use crate::app::label_thing::{
    ThingPrint, Which, places_of, thing_pdf, thing_preview, thing_print,
};
use crate::domain::actor::Capability;
use crate::domain::id::{AssetId, LocationPath, Login, OrderNumber};
use crate::domain::print_job::Subject;

const PLACES: Access = Access::Needs(&[Capability::PrintLabels, Capability::ManageStorage]);
const PEOPLE: Access = Access::Needs(&[Capability::ManageUsers]);
const SHIPS: Access = Access::Needs(&[Capability::PrintLabels, Capability::HandOver]);
const ALL: Access = Access::SignedIn;

/// The rows of this slice.
pub const ROUTES: &[Route] = &[
    Route::get("/labels/place", PLACES, |cx| page(cx, places(cx)?), "Labels of places"),
    Route::post("/labels/place", PLACES, |cx| print(cx, places(cx)?), "Print labels of places"),
    Route::get("/labels/place.pdf", PLACES, |cx| pdf(cx, &places(cx)?), "Labels of places, PDF"),
    Route::get("/labels/place.png", PLACES, |cx| png(cx, &places(cx)?), "A place's label, drawn"),
    Route::get("/labels/badge", PEOPLE, |cx| page(cx, badge(cx)?), "A person's badge"),
    Route::post("/labels/badge", PEOPLE, |cx| print(cx, badge(cx)?), "Print a person's badge"),
    Route::get("/labels/badge.pdf", PEOPLE, |cx| pdf(cx, &badge(cx)?), "A badge, PDF"),
    Route::get("/labels/badge.png", PEOPLE, |cx| png(cx, &badge(cx)?), "A badge, drawn"),
    Route::get("/labels/shipper", SHIPS, |cx| page(cx, shipper(cx)?), "The label of a shipper"),
    Route::post("/labels/shipper", SHIPS, |cx| print(cx, shipper(cx)?), "Print a shipper's label"),
    Route::get("/labels/shipper.pdf", SHIPS, |cx| pdf(cx, &shipper(cx)?), "A shipper, PDF"),
    Route::get("/labels/shipper.png", SHIPS, |cx| png(cx, &shipper(cx)?), "A shipper, drawn"),
    Route::get("/labels/scanner", ALL, |cx| page(cx, sheet(cx)), "The scanner's test sheet"),
    Route::post("/labels/scanner", ALL, |cx| print(cx, sheet(cx)), "Print the scanner's sheet"),
    Route::get("/labels/scanner.pdf", ALL, |cx| pdf(cx, &sheet(cx)), "The scanner's sheet, PDF"),
    Route::get("/labels/scanner.png", ALL, |cx| png(cx, &sheet(cx)), "The scanner's sheet, drawn"),
];

/// Which labels are meant, and where they stand among the pages.
struct Things {
    title: String,
    lede: &'static str,
    under: (String, String),
    address: &'static str,
    fields: Vec<(&'static str, String)>,
    subjects: Vec<Subject>,
}

fn asked<'a>(cx: &'a Cx, name: &str) -> &'a str {
    cx.form().get(name).unwrap_or_else(|| cx.query(name))
}

fn parsed<T, E>(cx: &Cx, name: &str, parse: impl Fn(&str) -> Result<T, E>) -> Result<T, WebError> {
    let text = asked(cx, name);
    parse(text).map_err(|_| WebError::not_found(text))
}

/// The address of the page of a place's label.
pub(super) fn place_address(path: &str, which: &str) -> String {
    format!("/labels/place?path={}&which={which}", query_value(path))
}

fn places(cx: &Cx) -> Result<Things, WebError> {
    let path = parsed(cx, "path", LocationPath::parse)?;
    let which = match asked(cx, "which") {
        "inside" => Which::Inside,
        "positions" => Which::Positions,
        _ => Which::This,
    };
    let word = match which {
        Which::This => "this",
        Which::Inside => "inside",
        Which::Positions => "positions",
    };
    let subjects = places_of(cx.app(), &path, which)?;
    let title = match which {
        Which::This => format!("Label of {path}"),
        Which::Inside => format!("Labels of the {} places in {path}", subjects.len()),
        Which::Positions => format!("Labels of the {} positions of {path}", subjects.len()),
    };
    Ok(Things {
        title,
        lede: "A place has one path, and its label no serial: a second copy names the same place.",
        under: (format!("/storage/{path}"), path.to_string()),
        address: "/labels/place",
        fields: vec![("path", path.to_string()), ("which", word.to_owned())],
        subjects,
    })
}

fn badge(cx: &Cx) -> Result<Things, WebError> {
    let login = parsed(cx, "login", Login::parse)?;
    Ok(Things {
        title: format!("Badge of {login}"),
        lede: "A badge says who somebody is where a page asks for a person. It opens nothing and \
               signs nothing: that takes the name and the password.",
        under: (format!("/administration/people/{login}"), login.to_string()),
        address: "/labels/badge",
        fields: vec![("login", login.to_string())],
        subjects: vec![Subject::Person { login }],
    })
}

fn shipper(cx: &Cx) -> Result<Things, WebError> {
    let order = parsed(cx, "order", OrderNumber::parse)?;
    Ok(Things {
        title: format!("Shipper of {order}"),
        lede: "The transport box of everything that is sent for this order. A scan of it opens the \
               order; the packs and units in it have labels of their own.",
        under: (super::order::address(&order), order.to_string()),
        address: "/labels/shipper",
        fields: vec![("order", order.to_string())],
        subjects: vec![Subject::Consignment { order }],
    })
}

fn sheet(cx: &Cx) -> Things {
    let station = cx.station.id.clone();
    Things {
        title: "Scanner test sheet".to_owned(),
        lede: "Print it once, then scan its symbols on the page of each station.",
        under: ("/station".to_owned(), format!("Station {station}")),
        address: "/labels/scanner",
        fields: Vec::new(),
        subjects: vec![Subject::Scanner { station }],
    }
}

impl Things {
    fn query(&self, copies: u32) -> String {
        let fields =
            self.fields.iter().map(|(name, value)| format!("{name}={}&", query_value(value)));
        format!("?{}copies={copies}", fields.collect::<String>())
    }
}

/// A thing as a link to its own page.
pub(super) fn link(subject: &Subject) -> Link {
    let href = match subject {
        Subject::Container { container, .. } => format!("/labels/container/{container}"),
        Subject::Place { path } => format!("/storage/{path}"),
        Subject::Person { login } => format!("/administration/people/{login}"),
        Subject::Consignment { order } => super::order::address(order),
        Subject::Scanner { .. } => "/station".to_owned(),
    };
    Link::to(href, subject.words())
}

#[derive(Template)]
#[template(path = "label/thing.html")]
struct ThingPage {
    shell: Shell,
    head: Head,
    banner: Option<Banner>,
    not_drawn: Option<Banner>,
    src: String,
    facts: Facts,
    parts: Table,
    others: Table,
    address: &'static str,
    hidden: Vec<Field>,
    copies: Field,
    printer: Field,
    count: usize,
}

fn page(cx: &Cx, things: Things) -> Result<Reply, WebError> {
    cx.page(&thing_page(cx, things, None)?)
}

fn thing_page(cx: &Cx, things: Things, banner: Option<Banner>) -> Result<ThingPage, WebError> {
    let Some(first) = things.subjects.first() else {
        return Err(WebError::not_found(&things.title));
    };
    let Said { not_drawn, facts, parts } = Said::of(thing_preview(cx.app(), first)?);
    let mut others = Table::new("All of them", &["Label", "Of"]);
    if things.subjects.len() > 1 {
        for (number, subject) in (1_usize..).zip(&things.subjects) {
            others.push([Cell::Number(number.to_string()), link(subject).into()]);
        }
    }
    let (href, text) = things.under.clone();
    let hidden = things.fields.iter().map(|(name, value)| Field::hidden(*name, value.as_str()));
    let copies = Field::text("copies", "Copies").value("1").required();
    Ok(ThingPage {
        shell: cx.shell(things.title.clone()),
        head: Head::new(things.title.clone()).under(href, text).lede(things.lede),
        banner,
        not_drawn,
        src: format!("{}.png{}", things.address, things.query(1)),
        facts,
        parts,
        others,
        address: things.address,
        hidden: hidden.collect(),
        copies: copies.fill(cx.form(), &Errors::new()),
        printer: super::printer::field(cx)?,
        count: things.subjects.len(),
    })
}

fn copies(cx: &Cx) -> u32 {
    match asked(cx, "copies") {
        "" => 1,
        text => text.parse().unwrap_or(0),
    }
}

fn print(cx: &Cx, things: Things) -> Result<Reply, WebError> {
    let copies = copies(cx);
    let outcome = match AssetId::parse(cx.form().text("printer")) {
        Ok(printer) => {
            let command = ThingPrint { things: things.subjects.clone(), copies, printer };
            let said = "It waits for the printer.";
            thing_print(cx.app(), &cx.caller()?, command)
                .map(|job| Reply::see_other(format!("/print-jobs/{job}")).flash(said))
        }
        Err(_) => {
            // Whatever forbids it is said on this page, not in place of the document.
            let role = cx.actor()?.role;
            let address = format!("{}.pdf{}", things.address, things.query(copies));
            thing_pdf(cx.app(), role, &things.subjects, copies).map(|_| Reply::see_other(address))
        }
    };
    match outcome {
        Ok(reply) => Ok(reply),
        Err(failure) => {
            let banner = WebError::from(failure).refusal()?;
            cx.page_again(&thing_page(cx, things, Some(banner))?)
        }
    }
}

fn pdf(cx: &Cx, things: &Things) -> Result<Reply, WebError> {
    let bytes = thing_pdf(cx.app(), cx.actor()?.role, &things.subjects, copies(cx))?;
    Ok(Reply::document("application/pdf", bytes))
}

fn png(cx: &Cx, things: &Things) -> Result<Reply, WebError> {
    match things.subjects.first() {
        Some(first) => Ok(picture(thing_preview(cx.app(), first)?.drawing)),
        None => Err(WebError::not_found(&things.title)),
    }
}
