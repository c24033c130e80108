//! Orders: the list, a new one, one of them with its way, and the decisions about it.
//!
//! Neighbours: `app::order_place`, `app::order_change`, `app::order_allocate`; [`super::custody`]
//! has the pages of hand-over and administration.
//!
//! Architecture invariant: doses and dates are computed by the domain, never in a page.

use askama::Template;

use super::component::{
    Banner, Cell, Chip, Empty, Facts, Head, Link, Moment, Signed, Sums, Table, Timeline, Tone,
};
use super::custody::packed_words;
use super::cx::Cx;
use super::error::WebError;
use super::filters;
use super::home::Waiting;
use super::icon::Icon;
use super::order_calendar::{Calendar, calendar};
use super::page::Shell;
use super::reply::Reply;
use super::review::{self, Review};
use super::routes::{Access, Route};
use super::trace::held_banner;
use crate::app::order_allocate::{
    Candidate, OrderAllocate, candidates, order_allocate, order_deallocate,
};
use crate::app::order_change::{Decision, order_decide, shown_now};
use crate::app::shown::Shown;
use crate::app::{custody_hand_over, order_place as placing, site};
use crate::domain::actor::Capability;
use crate::domain::container::{Container, ContainerKind, Custodian, Fate};
use crate::domain::disposition::Disposition;
use crate::domain::genealogy::{Node, NodeKind, Standing};
use crate::domain::id::{BatchNumber, ContainerCode, Login, OrderNumber};
use crate::domain::order::{Order, Stage};
use crate::domain::quantity::Quantity;
use crate::domain::time::{Day, Instant};
use crate::store::order::OrderLine;
use crate::store::{custody, ledger, order as table};

pub(super) const READ: Access =
    Access::Needs(&[Capability::ReadOrders, Capability::PlaceOrders, Capability::FulfilOrders]);
const DECIDE: Access = Access::Needs(&[Capability::PlaceOrders, Capability::FulfilOrders]);
const FULFIL: Access = Access::Needs(&[Capability::FulfilOrders]);

/// The rows of this slice.
pub const ROUTES: &[Route] = &[
    Route::get("/orders", READ, list, "Orders"),
    Route::get("/orders/{number}", READ, show, "One order and its way"),
    Route::get("/orders/{number}/schedule", FULFIL, schedule, "Days an order can be given on"),
    Route::get("/orders/{number}/confirm", DECIDE, confirm, "Read an order as second reader"),
    Route::post("/orders/{number}/decide/{decision}", DECIDE, decide, "Decide about an order"),
    Route::post("/orders/{number}/allocate", FULFIL, allocate, "Earmark a vial for an order"),
    Route::post("/orders/{number}/deallocate", FULFIL, deallocate, "Take an earmark away"),
];

/// The chip of a stage.
pub(super) fn stage_chip(stage: Stage) -> Chip {
    let tone = match stage {
        Stage::Ordered => Tone::Wait,
        Stage::Scheduled | Stage::Culturing | Stage::Tested => Tone::Part,
        Stage::Released | Stage::InTransit | Stage::Received => Tone::Ok,
        Stage::Given => Tone::Ok,
        Stage::Closed | Stage::Cancelled => Tone::Calm,
    };
    match stage {
        Stage::Cancelled => Chip::new(tone, stage.word()).shape(Icon::Stop),
        Stage::Closed => Chip::new(tone, stage.word()).shape(Icon::Ok),
        _ => Chip::new(tone, stage.word()),
    }
}

/// The address of an order.
pub(super) fn address(number: &OrderNumber) -> String {
    format!("/orders/{number}")
}

/// The order number of the path.
pub(super) fn number_of(cx: &Cx) -> Result<OrderNumber, WebError> {
    cx.param_as("number", OrderNumber::parse)
}

/// The order of the path, folded.
pub(super) fn order_of(cx: &Cx) -> Result<Order, WebError> {
    let number = number_of(cx)?;
    cx.app()
        .read(|db| ledger::load::<Order>(db, number.as_str()))?
        .ok_or_else(|| WebError::not_found(format!("order {number}")))
}

#[derive(Template)]
#[template(path = "order/list.html")]
struct ListPage {
    shell: Shell,
    head: Head,
    table: Table,
    empty: Option<Empty>,
    all: bool,
}

fn list(cx: &Cx) -> Result<Reply, WebError> {
    let all = cx.query("show") == "all";
    let lines = cx.app().read(|db| table::list(db, !all, 500))?;
    let columns = [
        "Order",
        "Patient",
        "State",
        "Administration",
        "Thaw",
        "Dose",
        "Cancel without loss until",
    ];
    let mut rows = Table::new("Orders", &columns);
    for line in &lines {
        let number = Link::to(address(&line.number), line.number.to_string());
        rows.push([
            Cell::CodeLink(number),
            Cell::Code(line.patient.clone()),
            line_chip(line).into(),
            Cell::When(line.infusion_on.to_string(), line.infusion_on.weekday_name().to_owned()),
            Cell::when(line.thaw_on.to_string()),
            Cell::Soft(format!("{} in {}", line.dose, counted(line.units, line.unit))),
            Cell::when(cancel_text(cx, line.cancel_by, line.stage)),
        ]);
    }
    let mut head = Head::new("Orders").lede(if all {
        "All orders, the latest day of administration first."
    } else {
        "Orders that are not over, the nearest day of administration first."
    });
    head = head.action(Link::to("/enrolment", "Enrolment"));
    if cx.may(Capability::PlaceOrders) {
        let new = Link::to("/orders/new", "New order").icon(Icon::Plus).primary();
        head = head.action(new);
    }
    let empty = rows.is_empty().then(|| {
        Empty::new(Icon::Order, "No order", "A clinician places an order for a patient code.")
    });
    cx.page(&ListPage { shell: cx.shell("Orders"), head, table: rows, empty, all })
}

/// A placed order first waits for its second reader, then for the site.
fn line_chip(line: &OrderLine) -> Chip {
    match (line.stage, &line.confirmed_by) {
        (Stage::Ordered, None) => Chip::new(Tone::Wait, "ordered, to be confirmed"),
        (Stage::Ordered, Some(_)) => Chip::new(Tone::Wait, "ordered, to be scheduled"),
        (stage, _) => stage_chip(stage),
    }
}

fn cancel_text(cx: &Cx, cancel_by: Instant, stage: Stage) -> String {
    if stage <= Stage::Scheduled { cx.when(cancel_by) } else { "–".to_owned() }
}

/// One plain state of the way.
pub(super) struct WayStep {
    pub(super) word: &'static str,
    pub(super) class: &'static str,
    pub(super) when: String,
    pub(super) icon: Icon,
}

pub(super) fn way(cx: &Cx, line: &OrderLine, reached: &[(Stage, Instant, String)]) -> Vec<WayStep> {
    let time = |stage: Stage| {
        let found = reached.iter().find(|(known, ..)| *known == stage);
        found.map(|(_, at, _)| cx.when(*at)).unwrap_or_default()
    };
    let last = reached.iter().map(|(stage, ..)| *stage).filter(|s| Stage::WAY.contains(s)).max();
    let step = |stage: Stage| {
        let done = last.is_some_and(|last| stage <= last);
        let now = last == Some(stage) && line.is_open;
        let class = if now {
            "now"
        } else if done {
            "done"
        } else {
            "later"
        };
        let icon = if done { Icon::Ok } else { Icon::Calm };
        WayStep { word: stage.word(), class, when: time(stage), icon }
    };
    Stage::WAY.into_iter().map(step).collect()
}

struct VialRow {
    code: String,
    place: String,
    expires: String,
    first: bool,
}

#[derive(Template)]
#[template(path = "order/show.html")]
struct ShowPage {
    shell: Shell,
    head: Head,
    banner: Option<Banner>,
    address: String,
    way: Vec<WayStep>,
    facts: Facts,
    dose: Table,
    sums: Sums,
    checklist: Table,
    units: Option<Table>,
    history: Timeline,
    signatures: Vec<(&'static str, Signed)>,
    actions: Vec<Link>,
    allocated: Vec<(String, bool)>,
    vials: Vec<VialRow>,
    may_allocate: bool,
    may_cancel: bool,
    may_close: bool,
    after_thaw: bool,
}

struct Loaded {
    order: Order,
    line: OrderLine,
    reached: Vec<(Stage, Instant, String)>,
    units: Vec<(Container, Standing)>,
    packs: Vec<(Container, Standing)>,
    hops: Vec<custody::Hop>,
    given: Vec<custody::Given>,
    vials: Vec<Candidate>,
    thawed: bool,
}

fn load(cx: &Cx) -> Result<Loaded, WebError> {
    let order = order_of(cx)?;
    let number = order.number.clone();
    let wants_vials = cx.may(Capability::FulfilOrders)
        && order.scheduled.is_some()
        && !order.fully_allocated()
        && !order.is_over();
    Ok(cx.app().read(|db| {
        let line = table::find(db, &number)?
            .ok_or_else(|| crate::store::Failure::not_found(format!("There is no {number}.")))?;
        let vials = if wants_vials { candidates(db, &order, 8)? } else { Vec::new() };
        let all = custody_hand_over::units_and_packs(db, &number)?.0;
        let (units, packs) = all.into_iter().partition(|(one, _)| one.target.is_some());
        Ok(Loaded {
            line,
            reached: table::stages(db, &number)?,
            units,
            packs,
            hops: custody::hops_of_order(db, &number)?,
            given: custody::given_of_order(db, &number)?,
            vials,
            thawed: table::is_thawed(db, &number)?,
            order: order.clone(),
        })
    })?)
}

fn show(cx: &Cx) -> Result<Reply, WebError> {
    show_with(cx, None)
}

fn head(cx: &Cx, order: &Order, line: &OrderLine) -> Head {
    let number = &order.number;
    let head = Head::new(number.to_string())
        .under("/orders", "Orders")
        .chip(line_chip(line).large())
        .lede(format!("{} · {}", order.patient, order.protocol.title))
        .action(Link::to(format!("/audit/order/{number}"), "Audit trail").icon(Icon::History));
    if !cx.may(Capability::ExportRecord) {
        return head;
    }
    let record = format!("/orders/{number}/record");
    head.action(Link::to(format!("{record}.pdf"), "Batch record, PDF").icon(Icon::Download))
        .action(Link::to(format!("{record}.json"), "JSON").icon(Icon::Download))
}

fn show_with(cx: &Cx, banner: Option<Banner>) -> Result<Reply, WebError> {
    let loaded = load(cx)?;
    let Loaded { order, line, .. } = &loaded;
    let number = &order.number;
    let head = head(cx, order, line);
    let open = !order.is_over();
    let first = loaded.vials.first().map(|candidate| candidate.container.expires_at);
    let again = banner.is_some();
    let page = ShowPage {
        shell: cx.shell(number.to_string()),
        head,
        banner: banner.or_else(|| given_up(order)).or_else(|| held(&loaded)),
        address: address(number),
        way: way(cx, line, &loaded.reached),
        facts: facts(cx, &loaded),
        dose: dose_table(&loaded),
        sums: sums(&order.arithmetic),
        checklist: checklist(order),
        units: (!loaded.units.is_empty()).then(|| unit_table(cx, &loaded)),
        history: history(cx, &loaded),
        signatures: signatures(order),
        actions: actions(cx, &loaded),
        allocated: order.allocated.iter().map(|code| (code.clone(), !loaded.thawed)).collect(),
        vials: loaded.vials.iter().map(|vial| vial_row(cx, vial, first)).collect(),
        may_allocate: open && cx.may(Capability::FulfilOrders) && order.scheduled.is_some(),
        may_cancel: open
            && (cx.may(Capability::PlaceOrders) || cx.may(Capability::FulfilOrders))
            && line.stage < Stage::Given,
        may_close: order.closed.is_none()
            && cx.may(Capability::PlaceOrders)
            && (line.stage >= Stage::Received || order.cancelled.is_some())
            && !loaded.units.is_empty(),
        after_thaw: loaded.thawed,
    };
    if again { cx.page_again(&page) } else { cx.page(&page) }
}

/// Says that the batch of an order was given up and no other has been started.
fn given_up(order: &Order) -> Option<Banner> {
    let (batch, because) = order.given_up.last()?;
    if order.batch.is_some() || order.is_over() {
        return None;
    }
    let text = format!("{because}. The order is to be made again, by another batch.");
    let open = Link::to(format!("/batches/{batch}"), batch.to_string());
    Some(Banner::check(format!("Batch {batch} was given up")).text(text).action(open))
}

/// Says that a unit of the order is on hold, whatever became of it, and why. What a batch made that
/// was given up is out of the way.
fn held(loaded: &Loaded) -> Option<Banner> {
    let gone =
        |made_by: &BatchNumber| loaded.order.given_up.iter().any(|(batch, _)| batch == made_by);
    loaded.units.iter().find_map(|(container, standing)| {
        if container.batch.as_ref().is_some_and(gone) {
            return None;
        }
        let own = Node::new(NodeKind::Container, &container.code);
        held_banner(standing, &own).filter(|_| standing.disposition >= Disposition::OnHold)
    })
}

fn vial_row(cx: &Cx, vial: &Candidate, first: Option<Option<Instant>>) -> VialRow {
    let place = vial.container.location().map(ToString::to_string).unwrap_or_default();
    VialRow {
        code: vial.container.code.clone(),
        place,
        expires: vial.container.expires_at.map_or("no expiry".to_owned(), |at| cx.date(at)),
        first: first == Some(vial.container.expires_at),
    }
}

fn facts(cx: &Cx, loaded: &Loaded) -> Facts {
    let Loaded { order, .. } = loaded;
    let slot = order.slot();
    let wished = if order.scheduled.is_some() { "" } else { " (wished)" };
    let day = |day: Day| format!("{day} {}", day.weekday_name());
    let batch = order
        .batch
        .as_ref()
        .map(|batch| Cell::CodeLink(Link::to(format!("/batches/{batch}"), batch.to_string())));
    let protocol = format!("{} version {}", order.protocol.id, order.protocol.version);
    let mut facts = Facts::new()
        .with("Patient", Cell::Code(order.patient.to_string()))
        .with("Chain of identity", Cell::Code(order.coi.to_string()))
        .with("Protocol", protocol)
        .with("Indication", order.indication.clone())
        .with("Administration", format!("{}{wished}", day(slot.infusion_on)))
        .with(
            "Thaw",
            match slot.culture_days {
                0 => day(slot.thaw_on),
                days => format!("{}, {days} days of culture", day(slot.thaw_on)),
            },
        )
        .with_some("QC sample", slot.qc_on.map(day))
        .with_some(
            "Weight",
            order.asked.weighing().map(|weighing| {
                format!("{}, {}", weighing.weight.text(), cx.when(weighing.measured_at))
            }),
        )
        .with_some("Dose level", order.asked.level().map(|level| level.to_string()));
    if loaded.thawed {
        facts = facts.with("Cancel without loss", "no longer: a unit is thawed");
    } else if !order.is_over() {
        facts = facts.with("Cancel without loss until", cx.when(slot.cancel_by));
    }
    if let Some(cancelled) = &order.cancelled {
        facts = facts.with("Cancelled because", cancelled.because.clone());
    }
    if let Some(enrolled) = &order.enrolled {
        facts = facts.with("Enrolled in", enrolled.title.clone());
    }
    facts.with_some("Batch", batch)
}

fn dose_table(loaded: &Loaded) -> Table {
    let order = &loaded.order;
    let size = |size: Option<&Quantity>| {
        Cell::Soft(size.map(|size| unit_text(*size, order.protocol.unit)).unwrap_or_default())
    };
    if order.dose_cells.is_none() {
        let mut table = Table::new("Dose plan", &["For", "Volume", "In"]);
        for (unit, nominal) in order.unit_plan() {
            table.push([unit.title.clone().into(), unit.volume.text().into(), size(nominal)]);
        }
        return table;
    }
    let mut table = Table::new("Dose plan", &["For", "Cells", "Volume", "In"]);
    for (unit, nominal) in order.unit_plan() {
        table.push([
            unit.title.clone().into(),
            unit.cells.map(Quantity::text).unwrap_or_default().into(),
            unit.volume.text().into(),
            size(nominal),
        ]);
    }
    table
}

/// How many dose units: `1 syringe`, `4 cryovials`.
pub(super) fn counted(number: impl std::fmt::Display, unit: ContainerKind) -> String {
    let number = number.to_string();
    let plural = if number == "1" { "" } else { "s" };
    format!("{number} {}{plural}", unit.word())
}

/// A dose unit with its nominal size: `1.0 ml syringe`.
pub(super) fn unit_text(size: Quantity, unit: ContainerKind) -> String {
    format!("{} {}", size.text(), unit.word())
}

/// The arithmetic as the parts of pages show it; the last line is the result.
pub(super) fn sums(lines: &[crate::domain::protocol::ArithmeticLine]) -> Sums {
    let mut sums = Sums::new();
    for (index, line) in lines.iter().enumerate() {
        let (what, how) = (line.title.clone(), line.formula.clone());
        let value = line.result.text();
        let is_last = index.saturating_add(1) == lines.len();
        sums = if is_last { sums.result(what, how, value) } else { sums.line(what, how, value) };
    }
    sums
}

fn checklist(order: &Order) -> Table {
    let mut table = Table::new("Eligibility", &["Criterion", "Kind", "Answer"]);
    for answer in &order.answers {
        let word = if answer.holds { "yes" } else { "no" };
        let kind = Cell::Soft(answer.kind.word().to_owned());
        table.push([answer.text.clone().into(), kind, Chip::new(Tone::Ok, word).into()]);
    }
    table
}

/// How a unit stands, in a chip.
pub(super) fn unit_chip(container: &Container, standing: &Standing) -> Chip {
    let disposition = standing.disposition.max(container.disposition);
    match &container.fate {
        Fate::Administered { .. } => Chip::new(Tone::Ok, "given"),
        Fate::Destroyed { .. } => Chip::new(Tone::Calm, "destroyed").shape(Icon::Stop),
        Fate::Consumed { .. } => Chip::new(Tone::Calm, "used"),
        Fate::Unpacked { .. } => Chip::new(Tone::Calm, "unpacked"),
        Fate::Live if container.excursion.is_some() => {
            Chip::new(Tone::Wait, "part is away").shape(Icon::Wait)
        }
        Fate::Live if disposition > Disposition::ConditionallyReleased => disposition.into(),
        Fate::Live => match &container.custodian {
            Custodian::Transfer { .. } => Chip::new(Tone::Part, "in transit").shape(Icon::Truck),
            _ => disposition.into(),
        },
    }
}

fn unit_table(cx: &Cx, loaded: &Loaded) -> Table {
    let columns = ["Unit", "For", "State", "Holder", "Expires", "Given"];
    let mut table = Table::new("Dose units", &columns);
    for (container, standing) in loaded.packs.iter().chain(&loaded.units) {
        let given = loaded.given.iter().find(|given| given.container == container.code);
        let target = container.target.as_ref();
        let title = loaded.order.units.iter().find(|unit| Some(&unit.target) == target);
        let code = Link::to(format!("/containers/{}", container.code), container.code.clone());
        table.push([
            Cell::CodeLink(code),
            title.map_or_else(|| packed_words(container), |unit| unit.title.clone()).into(),
            unit_chip(container, standing).into(),
            Cell::Soft(holder(container)),
            Cell::when(container.expires_at.map(|at| cx.when(at)).unwrap_or_default()),
            given.map_or(Cell::Soft("–".to_owned()), |given| {
                Cell::When(cx.when(given.given_at), given.given_by.clone())
            }),
        ]);
    }
    table
}

/// Who or what holds a container, in words.
pub(super) fn holder(container: &Container) -> String {
    match &container.custodian {
        Custodian::Person { login } => login.to_string(),
        Custodian::Place { location } => location.to_string(),
        Custodian::Transfer { .. } => match &container.transfer {
            Some(open) => format!("from {} to {}", open.from, open.to),
            None => "in transfer".to_owned(),
        },
        Custodian::Spent => "–".to_owned(),
    }
}

fn history(cx: &Cx, loaded: &Loaded) -> Timeline {
    let mut items: Vec<(Instant, Moment)> = Vec::new();
    for (stage, at, by) in &loaded.reached {
        let chip = stage_chip(*stage);
        let what = stage.word().to_owned();
        items.push((*at, moment(cx, chip.tone, what, *at, by, String::new())));
    }
    let mut seen: Vec<&str> = Vec::new();
    for hop in &loaded.hops {
        if seen.contains(&hop.hop.as_str()) {
            continue;
        }
        seen.push(&hop.hop);
        let unit =
            |other: &&custody::Hop| loaded.units.iter().any(|(c, _)| c.code == other.container);
        let own = loaded.hops.iter().filter(|other| other.hop == hop.hop);
        let count = own.filter(unit).count();
        let at = Instant::from_naive(hop.opened_at);
        let what = match hop.kind.as_str() {
            "excursion" => format!("{} left with {}", hop_volume(hop), hop.to_login),
            _ => format!("{count} units handed to {}", hop.to_login),
        };
        let tone = if hop.closed_at.is_none() { Tone::Wait } else { Tone::Calm };
        let detail = match (&hop.outcome, &hop.condition_in) {
            (Some(outcome), Some(condition)) => {
                format!("{}, {condition}", outcome.replace('_', " "))
            }
            (Some(outcome), None) => outcome.replace('_', " "),
            (None, _) => "not over yet".to_owned(),
        };
        let detail = format!("{} · {detail}", hop.purpose);
        items.push((at, moment(cx, tone, what, at, &hop.from_login, detail)));
    }
    items.sort_by_key(|(at, _)| *at);
    Timeline { items: items.into_iter().map(|(_, moment)| moment).collect() }
}

fn hop_volume(hop: &custody::Hop) -> String {
    hop.volume_out
        .as_deref()
        .and_then(|text| text.parse::<crate::domain::quantity::Quantity>().ok())
        .map_or_else(|| "a part".to_owned(), |volume| volume.text())
}

fn moment(cx: &Cx, tone: Tone, what: String, at: Instant, by: &str, detail: String) -> Moment {
    let when = format!("{} · {by}", cx.when(at));
    Moment { tone, what, when, detail, href: String::new() }
}

fn signatures(order: &Order) -> Vec<(&'static str, Signed)> {
    let mut signed = vec![("Ordered", Signed::from(&order.placed))];
    signed.extend(order.confirmed.as_ref().map(|s| ("Second reader", Signed::from(s))));
    signed.extend(order.scheduled.as_ref().map(|(_, s)| ("Accepted", Signed::from(s))));
    signed.extend(order.cancelled.as_ref().map(|c| ("Cancelled", Signed::from(&c.signature))));
    signed.extend(order.closed.as_ref().map(|c| ("Closed", Signed::from(&c.signature))));
    signed
}

/// What the person who looks can do next, the most likely first.
fn actions(cx: &Cx, loaded: &Loaded) -> Vec<Link> {
    let Loaded { order, line, .. } = loaded;
    let at = address(&order.number);
    let mut links = Vec::new();
    let login = cx.actor().map(|actor| actor.login.clone()).ok();
    let follow_up = Link::to(format!("{at}/follow-up"), "Follow-up").icon(Icon::Person);
    if order.is_over() {
        links.extend((!loaded.given.is_empty()).then_some(follow_up));
        return links;
    }
    let placer = login.as_ref() == Some(&order.placed.login);
    if order.confirmed.is_none() && cx.may(Capability::PlaceOrders) && !placer {
        links.push(Link::to(format!("{at}/confirm"), "Read and confirm").icon(Icon::Sign));
    }
    let schedule = |words| Link::to(format!("{at}/schedule"), words).icon(Icon::Calendar);
    let schedules = order.confirmed.is_some() && !loaded.thawed && cx.may(Capability::FulfilOrders);
    if schedules && order.scheduled.is_none() {
        links.push(schedule("Accept and schedule"));
    }
    let ready = order.fully_allocated() && order.batch.is_none();
    if ready && cx.may(Capability::PerformSteps) {
        let start = format!("/batches/new?order={}", order.number);
        links.push(Link::to(start, "Start the batch").icon(Icon::Batch));
    }
    let holds = |(container, _): &(Container, Standing)| match &container.custodian {
        Custodian::Person { login: holder } => Some(holder) == login.as_ref(),
        _ => false,
    };
    let travelling = loaded.units.iter().any(|(c, _)| c.transfer.is_some());
    if loaded.units.iter().any(holds)
        && cx.may(Capability::HandOver)
        && line.stage >= Stage::Released
    {
        links.push(Link::to(format!("{at}/hand-over"), "Hand over").icon(Icon::Truck));
    }
    let packed = |code: &str| {
        loaded.packs.iter().any(|(pack, _)| pack.packed.iter().any(|one| one.as_str() == code))
    };
    let loose = |(unit, _): &&(Container, Standing)| !packed(&unit.code);
    if cx.may(Capability::PrintLabels) && loaded.units.iter().filter(loose).any(holds) {
        links.push(Link::to(format!("{at}/pack"), "Pack and label").icon(Icon::Batch));
    }
    let prints = cx.may(Capability::PrintLabels) || cx.may(Capability::HandOver);
    if prints && loaded.units.iter().any(|(unit, _)| unit.fate == Fate::Live) {
        let shipper = format!("/labels/shipper?order={}", order.number);
        links.push(Link::to(shipper, "Label of the shipper").icon(Icon::Print));
    }
    if travelling && (cx.may(Capability::ReceiveAndAdminister) || cx.may(Capability::HandOver)) {
        links.push(Link::to(format!("{at}/receive"), "Receive").icon(Icon::Inbox));
    }
    if cx.may(Capability::ReceiveAndAdminister) && loaded.units.iter().any(holds) {
        links.push(Link::to(format!("{at}/give"), "Give").icon(Icon::Person));
        if site::excursion_rule(&cx.web.config().site, order).is_ok() {
            let labelling = Link::to(format!("{at}/excursion"), "Labelling, out and back");
            links.push(labelling.icon(Icon::Lab));
        }
        links.push(Link::to(format!("{at}/return"), "Return units").icon(Icon::Back));
    }
    if let Some(first) = links.first_mut() {
        *first = first.clone().primary();
    }
    if schedules && order.scheduled.is_some() {
        links.push(schedule("Move to another day"));
    }
    links.extend((!loaded.given.is_empty()).then_some(follow_up));
    links
}

#[derive(Template)]
#[template(path = "order/schedule.html")]
struct SchedulePage {
    shell: Shell,
    head: Head,
    address: String,
    calendar: Calendar,
}

fn schedule(cx: &Cx) -> Result<Reply, WebError> {
    let order = order_of(cx)?;
    let now = cx.now;
    let protocol = order.protocol.id.as_str();
    let site = &cx.web.config().site;
    let days =
        cx.app().read(|db| placing::calendar(db, site, protocol, Some(&order.number), now))?;
    let page = SchedulePage {
        shell: cx.shell("Schedule"),
        head: Head::new("Choose the day of administration")
            .under(address(&order.number), order.number.to_string())
            .lede(format!("{} wishes {}", order.patient, order.wished.infusion_on)),
        address: address(&order.number),
        calendar: calendar(&days, Some(order.slot().infusion_on)),
    };
    cx.page(&page)
}

fn decision_of(cx: &Cx) -> Result<Decision, WebError> {
    Ok(match cx.param("decision") {
        "confirm" => Decision::Confirm,
        "close" => Decision::Close,
        "cancel" => Decision::Cancel { because: cx.form().text("because").to_owned() },
        "schedule" => {
            let day = Day::parse(cx.form().text("day"))
                .map_err(|_| WebError::Invalid("Choose a day in the calendar.".to_owned()))?;
            Decision::Schedule { day }
        }
        other => return Err(WebError::not_found(other)),
    })
}

fn confirm(cx: &Cx) -> Result<Reply, WebError> {
    sign_decision(cx, Decision::Confirm)
}

fn review_of(number: &OrderNumber, decision: &Decision, shown: Shown) -> Review {
    let (name, button) = match decision {
        Decision::Confirm => ("confirm", "Sign the confirmation"),
        Decision::Schedule { .. } => ("schedule", "Sign and take the slot"),
        Decision::Cancel { .. } => ("cancel", "Sign the cancellation"),
        Decision::Close => ("close", "Sign and close"),
    };
    Review {
        title: decision.act().to_owned(),
        back: (address(number), number.to_string()),
        action: format!("{}/decide/{name}", address(number)),
        shown,
        meaning: decision.meaning(),
        second: None,
        button,
        banner: None,
    }
}

fn decide(cx: &Cx) -> Result<Reply, WebError> {
    let decision = decision_of(cx)?;
    if let Decision::Cancel { because } = &decision
        && because.is_empty()
    {
        let banner = Banner::stop("A reason is missing").text("Say why the order is cancelled.");
        return show_with(cx, Some(banner));
    }
    sign_decision(cx, decision)
}

/// Shows what is decided, then signs and records it.
fn sign_decision(cx: &Cx, decision: Decision) -> Result<Reply, WebError> {
    let number = number_of(cx)?;
    let shown = match shown_now(cx.app(), &number, &decision) {
        Ok(shown) => shown,
        Err(failure) => return show_with(cx, Some(WebError::from(failure).refusal()?)),
    };
    let done = match &decision {
        Decision::Confirm => "The order is confirmed.",
        Decision::Schedule { .. } => "The slot is taken.",
        Decision::Cancel { .. } => "The order is cancelled.",
        Decision::Close => "The order is closed; every unit is accounted for.",
    };
    let review = review_of(&number, &decision, shown);
    if !review::is_signed(cx) {
        return review::page(cx, review, None);
    }
    let caller = cx.caller()?;
    let run = |signature| order_decide(cx.app(), &caller, &number, decision, signature);
    review::sign_and(cx, review, run, |()| Reply::see_other(address(&number)).flash(done))
}

fn allocate(cx: &Cx) -> Result<Reply, WebError> {
    let number = number_of(cx)?;
    let scan = custody_hand_over::scan(cx.form().text("vial"));
    let command = match scan {
        Ok(scan) => OrderAllocate {
            order: number.clone(),
            vial: scan.code,
            because: cx.form().get("because").map(str::to_owned),
        },
        Err(failure) => return show_with(cx, Some(WebError::from(failure).refusal()?)),
    };
    let vial = command.vial.clone();
    match order_allocate(cx.app(), &cx.caller()?, command) {
        Ok(()) => {
            let sentence = format!("{vial} is reserved for {number}.");
            Ok(Reply::see_other(address(&number)).flash(&sentence))
        }
        Err(failure) => show_with(cx, Some(WebError::from(failure).refusal()?)),
    }
}

fn deallocate(cx: &Cx) -> Result<Reply, WebError> {
    let number = number_of(cx)?;
    let vial = ContainerCode::parse(cx.form().text("vial"))
        .map_err(|error| WebError::Invalid(format!("{error}.")))?;
    match order_deallocate(cx.app(), &cx.caller()?, &number, &vial) {
        Ok(()) => {
            let sentence = format!("{vial} is free again.");
            Ok(Reply::see_other(address(&number)).flash(&sentence))
        }
        Err(failure) => show_with(cx, Some(WebError::from(failure).refusal()?)),
    }
}

/// What of the orders waits for the person who asks.
pub(super) fn waiting(cx: &Cx) -> Result<Vec<Waiting>, WebError> {
    let login = cx.actor()?.login.clone();
    let (fulfils, places) = (cx.may(Capability::FulfilOrders), cx.may(Capability::PlaceOrders));
    if !fulfils && !places && !cx.may(Capability::ReceiveAndAdminister) {
        return Ok(Vec::new());
    }
    let (lines, hops) = cx
        .app()
        .read(|db| Ok((table::list(db, true, 200)?, custody::open_hops_for(db, &login)?)))?;
    let mut items = Vec::new();
    let mut seen: Vec<String> = Vec::new();
    for hop in &hops {
        if seen.contains(&hop.hop) || !(fulfils || cx.may(Capability::ReceiveAndAdminister)) {
            continue;
        }
        seen.push(hop.hop.clone());
        let order = hop.order_number.clone().unwrap_or_default();
        let away = hop.kind == "excursion";
        let page = if away { "excursion" } else { "receive" };
        let since = cx.when(Instant::from_naive(hop.opened_at));
        items.push(Waiting {
            group: "Custody",
            icon: Icon::Truck,
            title: format!("{order} · from {}", hop.from_login),
            detail: format!("{} · since {since}", hop.purpose),
            chip: Some(Chip::new(Tone::Wait, if away { "bring back" } else { "receive" })),
            href: if away && !cx.may(Capability::ReceiveAndAdminister) {
                format!("/orders/{order}")
            } else {
                format!("/orders/{order}/{page}")
            },
            urgent: true,
        });
    }
    for line in &lines {
        items.extend(order_waiting(cx, line, &login, fulfils, places));
    }
    Ok(items)
}

fn order_waiting(
    cx: &Cx,
    line: &OrderLine,
    login: &Login,
    fulfils: bool,
    places: bool,
) -> Option<Waiting> {
    let own = line.placed_by == login.as_str();
    let word = match (line.stage, &line.confirmed_by) {
        (Stage::Ordered, None) if places && !own => "confirm",
        (Stage::Ordered, Some(_)) if fulfils => "accept and schedule",
        (Stage::Scheduled, _) if fulfils && line.batch.is_none() => "prepare",
        (Stage::Received, _) if cx.may(Capability::ReceiveAndAdminister) => "give",
        (Stage::Given, _) if places => "close",
        _ if places && own => line.stage.word(),
        _ => return None,
    };
    let due = Instant::from_naive(line.thaw_on.date().and_time(chrono::NaiveTime::MIN));
    let soon = due <= cx.now.plus(crate::domain::time::Span::of_days(2));
    let acts = !(places && own && word == line.stage.word());
    Some(Waiting {
        group: "Orders",
        icon: Icon::Order,
        title: format!("{} · {}", line.number, line.patient),
        detail: format!("thaw {}, administration {}", line.thaw_on, line.infusion_on),
        chip: Some(Chip::new(if acts { Tone::Wait } else { Tone::Part }, word)),
        href: address(&line.number),
        urgent: acts && (soon || word == "give"),
    })
}
