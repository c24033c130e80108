//! Materials: lots received, released, opened, used up.
//!
//! Neighbours: `app::material_receive` and `app::material_change`.
//!
//! Architecture invariant: what QA signs is the lot as it stands, with its documents.

use askama::Template;

use super::component::{
    Banner, Cell, Chip, Empty, Facts, Head, Link, Moment, Pager, SignatureBlock, Signed, Table,
    Tabs, Timeline, Tone,
};
use super::cx::Cx;
use super::error::WebError;
use super::filters;
use super::form::{Errors, Field, Kind, span};
use super::icon::Icon;
use super::page::Shell;
use super::reply::Reply;
use super::routes::{Access, Route};
use super::sheet::{Signing, attempt, sign};
use super::storage::FormPage;
use crate::app::material_change::{
    LotShown, LotStep, MaterialDecide, material_change, material_decide,
};
use crate::app::material_receive::{MaterialReceive, material_receive};
use crate::domain::actor::{Capability, Meaning};
use crate::domain::disposition::Disposition;
use crate::domain::id::{LotId, MaterialCode};
use crate::domain::material::{Event, MaterialLot, Origin, Receipt};
use crate::domain::quantity::{Quantity, Unit};
use crate::domain::time::{Instant, Span};
use crate::domain::{Aggregate, Event as AnyEvent};
use crate::store::{ledger, material};

const READ: Access = Access::Needs(&[Capability::ReadGmp]);
const MANAGE: Access = Access::Needs(&[Capability::ManageMaterials]);
const STEP: Access = Access::Needs(&[Capability::ManageMaterials, Capability::ReleaseMaterials]);
const RELEASE: Access = Access::Needs(&[Capability::ReleaseMaterials]);

/// The rows of this slice.
pub const ROUTES: &[Route] = &[
    Route::get("/materials", READ, list, "Material lots"),
    Route::get("/materials/new", MANAGE, new_form, "Receive a material lot"),
    Route::post("/materials/new", MANAGE, receive, "Receive a material lot"),
    Route::post("/materials/step", STEP, step, "File a document, open or use up a lot"),
    Route::post("/materials/decide", RELEASE, decide, "Release or reject a lot"),
    Route::get("/materials/{lot:.*}", READ, show, "A material lot"),
];

const PAGE_SIZE: usize = 50;

fn address(lot: &LotId) -> String {
    format!("/materials/{lot}")
}

/// What a lot may be used for just now.
fn chip(lot: &MaterialLot, now: Instant) -> Chip {
    if lot.used_up_at.is_some() {
        return Chip::new(Tone::Calm, "used up");
    }
    if lot.receipt.expires_at <= now {
        return Chip::new(Tone::Stop, "expired");
    }
    if lot.disposition == Disposition::Released && lot.usable(now).is_err() {
        return Chip::new(Tone::Stop, "in-use limit passed");
    }
    lot.disposition.into()
}

#[derive(Template)]
#[template(path = "material/list.html")]
struct ListPage {
    shell: Shell,
    head: Head,
    tabs: Tabs,
    table: Table,
    empty: Empty,
    pager: Pager,
}

fn list(cx: &Cx) -> Result<Reply, WebError> {
    let wanted = match cx.query("status") {
        "quarantine" => Some(Disposition::Quarantine),
        "released" => Some(Disposition::Released),
        "rejected" => Some(Disposition::Rejected),
        _ => None,
    };
    let page = cx.page_number();
    let before = page.saturating_sub(1).saturating_mul(PAGE_SIZE);
    let (lots, counts) = cx.app().read(|db| {
        let offset = i64::try_from(before).unwrap_or(0);
        let lots = material::list(db, wanted, offset, i64::try_from(PAGE_SIZE).unwrap_or(50))?;
        let mut counts = Vec::new();
        for one in [None, Some(Disposition::Quarantine), Some(Disposition::Released)] {
            counts.push(usize::try_from(material::count(db, one)?).unwrap_or(0));
        }
        let listed = usize::try_from(material::count(db, wanted)?).unwrap_or(0);
        Ok((lots, (counts, listed)))
    })?;
    let (counts, listed) = counts;
    let columns = ["Lot", "Material", "Supplier", "Status", "Expires", "Open until", "Packages"];
    let mut table = Table::new("Material lots", &columns);
    for lot in &lots {
        table.push([
            Cell::CodeLink(Link::to(address(&lot.id), lot.id.as_str())),
            lot.receipt.title.clone().into(),
            Cell::Soft(lot.receipt.supplier.clone()),
            chip(lot, cx.now).into(),
            Cell::when(cx.date(lot.receipt.expires_at)),
            Cell::when(lot.open_until().map(|at| cx.when(at)).unwrap_or_default()),
            Cell::Number(format!("{} of {}", lot.packages_left(), lot.receipt.packages)),
        ]);
    }
    let count = |index: usize| counts.get(index).copied();
    let mut head = Head::new("Materials").lede("Media, reagents and consumables, lot by lot.");
    if cx.may(Capability::ManageMaterials) {
        let new = Link::to("/materials/new", "Receive a lot").icon(Icon::Plus).primary();
        head = head.action(new);
    }
    let status = cx.query("status");
    let tab = |code: &str| (format!("/materials?status={code}"), status == code);
    let tabs = [("", "All"), ("quarantine", "Quarantine"), ("released", "Released")];
    let tabs = (0..).zip(tabs).fold(Tabs::new(), |tabs, (index, (code, word))| {
        let (href, current) = tab(code);
        tabs.tab(href, word, count(index), current)
    });
    cx.page(&ListPage {
        shell: cx.shell("Materials"),
        head,
        tabs,
        table,
        empty: Empty::new(
            Icon::Material,
            "No lot here",
            "Receive a delivery; it waits in quarantine until QA releases it.",
        ),
        pager: Pager::new(&format!("/materials?status={status}&"), page, PAGE_SIZE, listed),
    })
}

fn new_form(cx: &Cx) -> Result<Reply, WebError> {
    cx.page(&new_page(cx, &Errors::new(), None))
}

const PACKAGE_UNITS: [Unit; 5] =
    [Unit::Millilitre, Unit::Gram, Unit::Piece, Unit::Kilogram, Unit::Microlitre];

fn new_page(cx: &Cx, errors: &Errors, banner: Option<Banner>) -> FormPage {
    let fill = |field: Field| field.fill(cx.form(), errors);
    let origins = Origin::ALL.map(|(_, code, words)| (code, words));
    let units = PACKAGE_UNITS.map(|unit| (unit.code(), unit.symbol()));
    FormPage {
        shell: cx.shell("Receive a lot"),
        head: Head::new("Receive a lot")
            .under("/materials", "Materials")
            .lede("It is in quarantine until QA releases it."),
        banner,
        fields: vec![
            fill(Field::text("material", "Material code").required().mono().autofocus())
                .placeholder("HSA-20"),
            fill(Field::text("lot", "Supplier's lot number").required().mono()),
            fill(Field::text("title", "Name of the material").required()),
            fill(Field::text("supplier", "Supplier").required()),
            fill(Field::text("packages", "Packages").required()).hint("How many came."),
            fill(Field::text("size", "One package holds").required()),
            fill(Field::select("unit", "Unit", units).required()),
            fill(Field::new(Kind::Date, "expires", "Expires on").required())
                .hint("The last day it may be used."),
            fill(Field::text("in_use", "In-use limit after opening"))
                .placeholder("7 d")
                .hint("14 d, 36 h or 30 min; empty if there is none."),
            fill(Field::select("origin", "Origin", origins).required()),
            fill(Field::text("certificate", "Certificate of analysis"))
                .hint("Its reference; it may follow later."),
            fill(Field::text("safety", "Viral and TSE safety"))
                .hint("Reference of the evidence, for human or animal origin."),
            fill(Field::text("storage", "Kept at").required()).placeholder("2 to 8 °C"),
        ],
        action: "/materials/new".to_owned(),
        button: "Receive into quarantine".to_owned(),
    }
}

fn whole(text: &str) -> Result<u32, &'static str> {
    text.parse().map_err(|_| "Write a whole number")
}

fn receive(cx: &Cx) -> Result<Reply, WebError> {
    let mut check = cx.check();
    let material = check.parse("material", MaterialCode::parse);
    let code = cx.form().text("material");
    let lot = check.parse("lot", |lot| LotId::parse(&format!("{code}/{lot}")));
    let (title, supplier) = (check.required("title"), check.required("supplier"));
    let packages = check.parse("packages", whole);
    let unit = check.choice("unit", Unit::parse).unwrap_or(Unit::Millilitre);
    let size = check.parse("size", |text| Quantity::parse(text, unit));
    let expires_at = check.parse("expires", |day| cx.end_of_day(day));
    let in_use_limit = check.parse_optional("in_use", span);
    let origin = check.choice("origin", Origin::parse);
    let storage = check.required("storage");
    let (certificate, safety_evidence) = (check.optional("certificate"), check.optional("safety"));
    let (Some(material), Some(lot), Some(title), Some(supplier)) = (material, lot, title, supplier)
    else {
        return cx.page_again(&new_page(cx, &check.errors, None));
    };
    let (Some(packages), Some(package_size), Some(expires_at), Some(origin), Some(storage), true) =
        (packages, size, expires_at, origin, storage, check.is_ok())
    else {
        return cx.page_again(&new_page(cx, &check.errors, None));
    };
    let receipt = Receipt {
        material,
        title,
        supplier,
        packages,
        package_size,
        expires_at,
        in_use_limit,
        origin,
        certificate,
        safety_evidence,
        storage,
    };
    match material_receive(cx.app(), &cx.caller()?, MaterialReceive { lot: lot.clone(), receipt }) {
        Ok(()) => Ok(Reply::see_other(address(&lot)).flash(&format!("{lot} is in quarantine."))),
        Err(failure) => {
            let banner = WebError::from(failure).refusal()?;
            cx.page_again(&new_page(cx, &Errors::new(), Some(banner)))
        }
    }
}

#[derive(Template)]
#[template(path = "material/show.html")]
struct ShowPage {
    shell: Shell,
    head: Head,
    banner: Option<Banner>,
    facts: Facts,
    documents: Facts,
    signed: Option<Signed>,
    because: String,
    timeline: Timeline,
    lot: String,
    trace: String,
    may_step: bool,
    may_open: bool,
    release: Option<SignatureBlock>,
    reject: Option<SignatureBlock>,
}

fn show(cx: &Cx) -> Result<Reply, WebError> {
    let lot = LotId::parse(cx.param("lot")).map_err(|_| WebError::not_found(cx.param("lot")))?;
    cx.page(&show_page(cx, &lot, None, None)?)
}

fn show_page(
    cx: &Cx,
    lot: &LotId,
    banner: Option<Banner>,
    unsigned: Option<String>,
) -> Result<ShowPage, WebError> {
    let (state, entries) = cx.app().read(|db| {
        let state = material::require(db, lot)?;
        Ok((state, ledger::entries(db, &MaterialLot::stream(lot.as_str()))?))
    })?;
    let block = |to: Disposition, meaning: Meaning, button: &str| {
        let hash = LotShown::of(&state, to).hash()?;
        let block = cx.signature_block(meaning, &hash)?;
        Ok::<_, WebError>(
            block
                .line("Decision", to.word())
                .line("Lot", lot.to_string())
                .line("Material", state.receipt.title.clone())
                .line("Expires", cx.date(state.receipt.expires_at))
                .line("Certificate", state.receipt.certificate.clone().unwrap_or_default())
                .error(unsigned.clone())
                .button(button),
        )
    };
    let decides = cx.may(Capability::ReleaseMaterials) && state.used_up_at.is_none();
    let release = match decides && state.disposition == Disposition::Quarantine {
        true => Some(block(Disposition::Released, Meaning::Approved, "Release")?),
        false => None,
    };
    let reject = match decides && state.disposition != Disposition::Rejected {
        true => Some(block(Disposition::Rejected, Meaning::Rejected, "Reject")?),
        false => None,
    };
    Ok(ShowPage {
        shell: cx.shell(lot.as_str()),
        head: Head::new(state.receipt.title.clone())
            .under("/materials", "Materials")
            .chip(chip(&state, cx.now))
            .lede(lot.to_string()),
        banner,
        facts: facts(cx, &state),
        documents: documents(&state),
        signed: state.decision.as_ref().map(Signed::from),
        because: state.because.clone().unwrap_or_default(),
        timeline: Timeline {
            items: entries.iter().rev().filter_map(|entry| moment(cx, entry)).collect(),
        },
        lot: lot.to_string(),
        trace: format!("/trace?code=LOT:{lot}"),
        may_step: state.used_up_at.is_none()
            && (cx.may(Capability::ManageMaterials) || cx.may(Capability::ReleaseMaterials)),
        may_open: state.disposition == Disposition::Released && state.packages_left() > 0,
        release,
        reject,
    })
}

fn facts(cx: &Cx, state: &MaterialLot) -> Facts {
    let receipt = &state.receipt;
    let opened = state
        .open
        .as_ref()
        .map(|open| format!("package {} by {}, {}", open.package, open.by, cx.when(open.at)));
    Facts::new()
        .with("Lot", Cell::Code(state.id.to_string()))
        .with("Supplier", receipt.supplier.clone())
        .with("Received", format!("{}, {}", cx.when(state.received_at), state.received_by))
        .with(
            "Packages",
            format!(
                "{} of {} not opened, {} each",
                state.packages_left(),
                receipt.packages,
                receipt.package_size.text()
            ),
        )
        .with("Expires", cx.when(receipt.expires_at))
        .with_some("In-use limit", receipt.in_use_limit.map(Span::text))
        .with_some("Opened", opened)
        .with_some("May be used until", state.open_until().map(|at| cx.when(at)))
        .with("Kept at", receipt.storage.clone())
        .with_some("Used up", state.used_up_at.map(|at| cx.when(at)))
}

fn documents(state: &MaterialLot) -> Facts {
    let missing = || Cell::Status(Chip::new(Tone::Wait, "not on file"));
    let receipt = &state.receipt;
    let filed = |text: &Option<String>| text.clone().map_or_else(missing, Cell::Text);
    let facts = Facts::new()
        .with("Certificate of analysis", filed(&receipt.certificate))
        .with("Origin", receipt.origin.words());
    if receipt.origin == Origin::Synthetic {
        return facts;
    }
    facts.with("Viral and TSE safety", filed(&receipt.safety_evidence))
}

fn moment(cx: &Cx, entry: &ledger::Entry) -> Option<Moment> {
    let AnyEvent::Material(event) = &entry.recorded.event else { return None };
    let (tone, what) = match event {
        Event::Received { receipt } => {
            (Tone::Wait, format!("Received, {} packages", receipt.packages))
        }
        Event::DocumentFiled { certificate: Some(reference), .. } => {
            (Tone::Part, format!("Certificate of analysis filed: {reference}"))
        }
        Event::DocumentFiled { safety_evidence, .. } => {
            let reference = safety_evidence.clone().unwrap_or_default();
            (Tone::Part, format!("Viral and TSE safety filed: {reference}"))
        }
        Event::Released { because, .. } => (Tone::Ok, format!("Released: {because}")),
        Event::Rejected { because, .. } => (Tone::Stop, format!("Rejected: {because}")),
        Event::Opened { package } => (Tone::Part, format!("Package {package} opened")),
        Event::UsedUp {} => (Tone::Calm, "Used up".to_owned()),
    };
    Some(cx.moment(tone, what, &entry.recorded))
}

fn form_lot(cx: &Cx) -> Result<LotId, WebError> {
    LotId::parse(cx.form().text("lot")).map_err(|error| WebError::Invalid(error.to_string()))
}

fn recorded(lot: &LotId) -> Reply {
    Reply::see_other(address(lot)).flash("Recorded.")
}

fn step(cx: &Cx) -> Result<Reply, WebError> {
    let lot = form_lot(cx)?;
    let reference = cx.form().text("reference").to_owned();
    let step = match cx.form().text("what") {
        "certificate" => LotStep::FileCertificate(reference),
        "safety" => LotStep::FileSafetyEvidence(reference),
        "open" => LotStep::Open,
        "use-up" => LotStep::UseUp,
        _ => return Err(WebError::Invalid("Choose what to do.".to_owned())),
    };
    match attempt(material_change(cx.app(), &cx.caller()?, lot.clone(), step))? {
        Ok(()) => Ok(recorded(&lot)),
        Err(banner) => cx.page_again(&show_page(cx, &lot, Some(banner), None)?),
    }
}

fn decide(cx: &Cx) -> Result<Reply, WebError> {
    let lot = form_lot(cx)?;
    let state = cx.app().read(|db| material::require(db, &lot))?;
    let release = cx.form().text("what") == "release";
    let (to, meaning) = if release {
        (Disposition::Released, Meaning::Approved)
    } else {
        (Disposition::Rejected, Meaning::Rejected)
    };
    let hash = LotShown::of(&state, to).hash()?;
    let because = cx.form().text("reason").to_owned();
    let caller = cx.caller()?;
    let run = |signature| {
        let decision = MaterialDecide { lot: lot.clone(), release, because, signature };
        material_decide(cx.app(), &caller, decision)
    };
    match sign(cx, meaning, &hash, run)? {
        Signing::Done(()) => Ok(recorded(&lot)),
        Signing::Again(banner, beside) => cx.page_again(&show_page(cx, &lot, banner, beside)?),
    }
}
