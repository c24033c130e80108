//! Equipment: what is in service, calibrated and clean, and until when.
//!
//! Neighbours: `app::equipment_change`.
//!
//! Architecture invariant: whether a device may be used is asked of the same rule that a step asks.

use askama::Template;

use super::component::{
    Banner, Cell, Chip, Empty, Facts, Head, Link, Moment, SignatureBlock, Table, Timeline, Tone,
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
use crate::app::equipment_change::{
    DeviceShown, DeviceStep, equipment_change, equipment_put_in_service, equipment_register,
};
use crate::domain::actor::{Capability, Meaning};
use crate::domain::equipment::{Equipment, EquipmentKind, Event, Refusal, Registration};
use crate::domain::id::AssetId;
use crate::domain::time::{Instant, Span};
use crate::domain::{Aggregate, Event as AnyEvent};
use crate::store::{equipment, ledger};

const READ: Access = Access::Needs(&[Capability::ReadGmp]);
const STEP: Access = Access::Needs(&[Capability::ManageMaterials, Capability::ReleaseMaterials]);
const QA: Access = Access::Needs(&[Capability::ReleaseMaterials]);

/// The rows of this slice.
pub const ROUTES: &[Route] = &[
    Route::get("/equipment", READ, list, "Equipment"),
    Route::get("/equipment/new", QA, new_form, "Put equipment on the list"),
    Route::post("/equipment/new", QA, register, "Put equipment on the list"),
    Route::get("/equipment/{asset}", READ, show, "A piece of equipment"),
    Route::post("/equipment/{asset}/step", STEP, step, "Calibrate, clean, take out of service"),
    Route::post("/equipment/{asset}/service", QA, service, "Put equipment back in service"),
];

fn address(asset: &AssetId) -> String {
    format!("/equipment/{asset}")
}

fn chip(device: &Equipment, now: Instant) -> Chip {
    match device.usable(now) {
        Ok(()) => Chip::new(Tone::Ok, "may be used"),
        Err(Refusal::OutOfService { .. }) => Chip::new(Tone::Stop, "out of service"),
        Err(Refusal::CalibrationDue { .. }) => Chip::new(Tone::Stop, "calibration due"),
        Err(_) => Chip::new(Tone::Wait, "to be cleaned"),
    }
}

#[derive(Template)]
#[template(path = "equipment/list.html")]
struct ListPage {
    shell: Shell,
    head: Head,
    table: Table,
    empty: Empty,
}

fn list(cx: &Cx) -> Result<Reply, WebError> {
    let devices = cx.app().read(equipment::list)?;
    let columns = ["Asset", "Name", "Kind", "Room", "Status", "Calibration due", "Clean until"];
    let mut table = Table::new("Equipment", &columns);
    for device in &devices {
        let known = &device.registration;
        let none_needed = || "not needed".to_owned();
        let clean = match (known.cleaning_holds, device.clean_until()) {
            (None, _) => none_needed(),
            (Some(_), Some(until)) => cx.when(until),
            (Some(_), None) => "never cleaned".to_owned(),
        };
        table.push([
            Cell::CodeLink(Link::to(address(&device.asset), device.asset.as_str())),
            known.title.clone().into(),
            Cell::Soft(known.kind.word().to_owned()),
            Cell::Soft(known.room.clone()),
            chip(device, cx.now).into(),
            known.calibration_due.map_or_else(none_needed, |at| cx.date(at)).into(),
            Cell::Soft(clean),
        ]);
    }
    let mut head = Head::new("Equipment").lede(
        "A device that is out of service, past its calibration or not clean blocks the step.",
    );
    if cx.may(Capability::ReleaseMaterials) {
        let new = Link::to("/equipment/new", "Put on the list").icon(Icon::Plus).primary();
        head = head.action(new);
    }
    let empty =
        Empty::new(Icon::Device, "No equipment yet", "QA puts each device on the list once.");
    cx.page(&ListPage { shell: cx.shell("Equipment"), head, table, empty })
}

fn new_form(cx: &Cx) -> Result<Reply, WebError> {
    cx.page(&new_page(cx, &Errors::new(), None))
}

fn new_page(cx: &Cx, errors: &Errors, banner: Option<Banner>) -> FormPage {
    let fill = |field: Field| field.fill(cx.form(), errors);
    let kinds = EquipmentKind::ALL.map(|(_, code, word)| (code, word));
    FormPage {
        shell: cx.shell("Put on the list"),
        head: Head::new("Put equipment on the list").under("/equipment", "Equipment"),
        banner,
        fields: vec![
            fill(Field::text("asset", "Asset number").required().mono().autofocus())
                .placeholder("EQ-INC-01"),
            fill(Field::select("kind", "Kind", kinds).required()),
            fill(Field::text("title", "Name").required()),
            fill(Field::text("room", "Room").required()),
            fill(Field::new(Kind::Date, "due", "Calibration due")).hint("Empty if it needs none."),
            fill(Field::text("cleaning", "A cleaning holds"))
                .placeholder("14 d")
                .hint("Empty if it needs no cleaning."),
        ],
        action: "/equipment/new".to_owned(),
        button: "Put on the list".to_owned(),
    }
}

fn register(cx: &Cx) -> Result<Reply, WebError> {
    let mut check = cx.check();
    let asset = check.parse("asset", AssetId::parse);
    let kind = check.choice("kind", EquipmentKind::parse);
    let (title, room) = (check.required("title"), check.required("room"));
    let calibration_due = check.parse_optional("due", |day| cx.end_of_day(day));
    let cleaning_holds = check.parse_optional("cleaning", span);
    let (Some(asset), Some(kind), Some(title), Some(room), true) =
        (asset, kind, title, room, check.is_ok())
    else {
        return cx.page_again(&new_page(cx, &check.errors, None));
    };
    let registration = Registration { kind, title, room, calibration_due, cleaning_holds };
    match equipment_register(cx.app(), &cx.caller()?, asset.clone(), registration) {
        Ok(()) => Ok(Reply::see_other(address(&asset)).flash(&format!("{asset} is on the list."))),
        Err(failure) => {
            let banner = WebError::from(failure).refusal()?;
            cx.page_again(&new_page(cx, &Errors::new(), Some(banner)))
        }
    }
}

#[derive(Template)]
#[template(path = "equipment/show.html")]
struct ShowPage {
    shell: Shell,
    head: Head,
    banner: Option<Banner>,
    facts: Facts,
    timeline: Timeline,
    address: String,
    may_step: bool,
    in_service: bool,
    calibration: Vec<Field>,
    back: Option<SignatureBlock>,
    trace: String,
}

fn show(cx: &Cx) -> Result<Reply, WebError> {
    let asset = cx.param_as("asset", AssetId::parse)?;
    cx.page(&show_page(cx, &asset, None, None)?)
}

fn show_page(
    cx: &Cx,
    asset: &AssetId,
    banner: Option<Banner>,
    unsigned: Option<String>,
) -> Result<ShowPage, WebError> {
    let (device, entries) = cx.app().read(|db| {
        let device = equipment::require(db, asset)?;
        Ok((device, ledger::entries(db, &Equipment::stream(asset.as_str()))?))
    })?;
    let qa = cx.may(Capability::ReleaseMaterials);
    let back = match &device.out_of_service {
        Some(because) if qa => Some(
            cx.signature_block(Meaning::Approved, &DeviceShown::of(&device).hash()?)?
                .line("Back in service", asset.to_string())
                .line("It was out of service for", because.clone())
                .error(unsigned)
                .button("Put in service"),
        ),
        _ => None,
    };
    let blocked = device.usable(cx.now).err().map(|refusal| Banner::stop(refusal.to_string()));
    let known = &device.registration;
    let facts = Facts::new()
        .with("Asset", Cell::Code(asset.to_string()))
        .with("Kind", known.kind.word())
        .with("Room", known.room.clone())
        .with(
            "Calibration due",
            known.calibration_due.map_or("not needed".to_owned(), |at| cx.date(at)),
        )
        .with_some("Calibration certificate", device.calibration_reference.clone())
        .with_some("A cleaning holds", known.cleaning_holds.map(Span::text))
        .with_some("Clean until", device.clean_until().map(|at| cx.when(at)))
        .with_some("Out of service", device.out_of_service.clone());
    Ok(ShowPage {
        shell: cx.shell(known.title.clone()),
        head: Head::new(known.title.clone())
            .under("/equipment", "Equipment")
            .chip(chip(&device, cx.now)),
        banner: banner.or(blocked),
        facts,
        timeline: Timeline {
            items: entries.iter().rev().filter_map(|entry| moment(cx, entry)).collect(),
        },
        address: address(asset),
        may_step: qa || cx.may(Capability::ManageMaterials),
        in_service: device.out_of_service.is_none(),
        calibration: vec![
            Field::text("text", "Certificate").required(),
            Field::new(Kind::Date, "due", "Next due").required(),
        ],
        back,
        trace: format!("/trace?code={asset}"),
    })
}

fn moment(cx: &Cx, entry: &ledger::Entry) -> Option<Moment> {
    let AnyEvent::Equipment(event) = &entry.recorded.event else { return None };
    let (tone, what) = match event {
        Event::Registered { .. } => (Tone::Ok, "Put on the list".to_owned()),
        Event::Calibrated { reference, due_at } => {
            (Tone::Ok, format!("Calibrated: {reference}, next due {}", cx.date(*due_at)))
        }
        Event::Cleaned { with } => (Tone::Ok, format!("Cleaned: {with}")),
        Event::TakenOutOfService { because } => (Tone::Stop, format!("Out of service: {because}")),
        Event::PutInService { because, .. } => (Tone::Ok, format!("Back in service: {because}")),
    };
    Some(cx.moment(tone, what, &entry.recorded))
}

fn recorded(asset: &AssetId) -> Reply {
    Reply::see_other(address(asset)).flash("Recorded.")
}

fn step(cx: &Cx) -> Result<Reply, WebError> {
    let asset = cx.param_as("asset", AssetId::parse)?;
    let text = cx.form().text("text").to_owned();
    let step = match cx.form().text("what") {
        "calibrate" => {
            let due_at = cx
                .end_of_day(cx.form().text("due"))
                .map_err(|error| WebError::Invalid(format!("{error}.")))?;
            DeviceStep::Calibrate { reference: text, due_at }
        }
        "clean" => DeviceStep::Clean { with: text },
        "out" => DeviceStep::TakeOutOfService { because: text },
        _ => return Err(WebError::Invalid("Choose what to do.".to_owned())),
    };
    match attempt(equipment_change(cx.app(), &cx.caller()?, asset.clone(), step))? {
        Ok(()) => Ok(recorded(&asset)),
        Err(banner) => cx.page_again(&show_page(cx, &asset, Some(banner), None)?),
    }
}

fn service(cx: &Cx) -> Result<Reply, WebError> {
    let asset = cx.param_as("asset", AssetId::parse)?;
    let device = cx.app().read(|db| equipment::require(db, &asset))?;
    let hash = DeviceShown::of(&device).hash()?;
    let because = cx.form().text("reason").to_owned();
    let caller = cx.caller()?;
    let run =
        |signature| equipment_put_in_service(cx.app(), &caller, asset.clone(), because, signature);
    match sign(cx, Meaning::Approved, &hash, run)? {
        Signing::Done(()) => Ok(recorded(&asset)),
        Signing::Again(banner, beside) => cx.page_again(&show_page(cx, &asset, banner, beside)?),
    }
}
