//! Custody on screen: what is under way, hand-over, receipt, return; giving and labelling are in
//! [`super::give`].
//!
//! Neighbours: `app::custody_hand_over`.
//!
//! Architecture invariant: every form is checked by the rules before it asks for a signature.

use askama::Template;

use super::component::{Banner, Cell, Chip, Empty, Head, Link, Table};
use super::cx::Cx;
use super::error::WebError;
use super::filters;
use super::form::{Errors, Field};
use super::icon::Icon;
use super::order::{address, holder, number_of, order_of, unit_chip};
use super::page::Shell;
use super::reply::Reply;
use super::review::{self, Review};
use super::routes::{Access, Route};
use crate::app::custody_hand_over::{self as moving, HandOver, Receive, ReturnUnits};
use crate::app::custody_pack::{UnitsPack, units_pack};
use crate::app::shown::Shown;
use crate::app::words::capital;
use crate::domain::actor::{Capability, Meaning, Signature};
use crate::domain::container::{Container, Fate};
use crate::domain::custody::{Condition, Scan, TemperatureRecord};
use crate::domain::genealogy::{Node, NodeKind, Standing};
use crate::domain::id::{AssetId, Login, OrderNumber, PatientCode};
use crate::domain::order::Order;
use crate::domain::quantity::{Quantity, Unit};
use crate::domain::time::Instant;
use crate::store::{Failure, container, custody, user};

pub(super) const HANDS: Access =
    Access::Needs(&[Capability::HandOver, Capability::ReceiveAndAdminister]);
const PRINT: Access = Access::Needs(&[Capability::PrintLabels]);
pub(super) const CLINIC: Access = Access::Needs(&[Capability::ReceiveAndAdminister]);

/// The rows of this slice.
pub const ROUTES: &[Route] = &[
    Route::get("/custody", super::order::READ, index, "What is under way, and what I hold"),
    Route::get("/orders/{number}/pack", PRINT, pack_form, "Pack units and print the label"),
    Route::post("/orders/{number}/pack", PRINT, pack, "Pack units and print the label"),
    Route::get("/orders/{number}/hand-over", HANDS, hand_over_form, "Hand units over"),
    Route::post("/orders/{number}/hand-over", HANDS, hand_over, "Hand units over"),
    Route::get("/orders/{number}/receive", HANDS, receive_form, "Receive units"),
    Route::post("/orders/{number}/receive", HANDS, receive, "Receive units"),
    Route::get("/orders/{number}/return", CLINIC, return_form, "Give units back"),
    Route::post("/orders/{number}/return", CLINIC, return_units, "Give units back"),
];

#[derive(Template)]
#[template(path = "custody/index.html")]
struct IndexPage {
    shell: Shell,
    head: Head,
    hops: Table,
    no_hops: Option<Empty>,
    mine: Table,
    nothing: Option<Empty>,
}

fn index(cx: &Cx) -> Result<Reply, WebError> {
    let login = cx.actor()?.login.clone();
    let (hops, held) = cx.app().read(|db| {
        let hops = custody::open_hops(db)?;
        let held = container::list(db, &container::Of::HeldBy(&login), None, 200)?;
        Ok((hops, held))
    })?;
    let columns = ["Unit", "From", "To", "What for", "Since", "Due", ""];
    let mut table = Table::new("Under way", &columns);
    for hop in &hops {
        let code = Link::to(format!("/containers/{}", hop.container), hop.container.clone());
        let (verb, page) = match hop.kind.as_str() {
            "excursion" => ("Labelling", "excursion"),
            _ => ("Receive", "receive"),
        };
        let order = hop.order_number.as_deref().unwrap_or_default();
        let due = hop.due_at.map(Instant::from_naive);
        let cells = [
            Cell::CodeLink(code),
            hop.from_login.clone().into(),
            hop.to_login.clone().into(),
            Cell::Soft(hop.purpose.clone()),
            Cell::when(cx.when(Instant::from_naive(hop.opened_at))),
            due.map(|at| cx.when(at)).unwrap_or_default().into(),
            Cell::Actions(vec![Link::to(format!("/orders/{order}/{page}"), verb)]),
        ];
        match due {
            Some(at) if at <= cx.now => table.push_exception(cells),
            _ => table.push(cells),
        }
    }
    let mut mine = Table::new("In my hands", &["Container", "What", "Order", "Since", "Expires"]);
    for held in &held {
        let code = Link::to(format!("/containers/{}", held.code), held.code.clone());
        let order = held.order.as_ref();
        mine.push([
            Cell::CodeLink(code),
            format!("{} · {}", held.kind.word(), held.contents.title).into(),
            order.map_or(Cell::Soft(String::new()), |order| {
                Cell::CodeLink(Link::to(address(order), order.to_string()))
            }),
            Cell::when(cx.when(held.held_since)),
            Cell::when(held.expires_at.map(|at| cx.when(at)).unwrap_or_default()),
        ]);
    }
    let page = IndexPage {
        shell: cx.shell("Custody"),
        head: Head::new("Custody").lede("Who holds what now, and what is between two hands."),
        no_hops: table.is_empty().then(|| {
            Empty::new(Icon::Truck, "Nothing is under way", "Every unit is in one place or hand.")
        }),
        nothing: mine.is_empty().then(|| {
            Empty::new(Icon::Person, "You hold nothing", "What you take or receive appears here.")
        }),
        hops: table,
        mine,
    };
    cx.page(&page)
}

/// A unit as the scanning pages list it.
pub(super) struct UnitLine {
    pub(super) code: String,
    pub(super) title: String,
    pub(super) volume: String,
    pub(super) holder: String,
    pub(super) chip: Chip,
    pub(super) until: Option<(String, String)>,
    pub(super) note: String,
}

/// The units of an order with the words of a page; those that are gone left out where `live`.
pub(super) fn unit_lines(
    cx: &Cx,
    order: &Order,
    units: &[(Container, Standing)],
    live: bool,
) -> Vec<UnitLine> {
    let title = |container: &Container| {
        let target = container.target.as_ref();
        let unit = order.units.iter().find(|unit| Some(&unit.target) == target);
        unit.map_or_else(|| packed_words(container), |unit| unit.title.clone())
    };
    units
        .iter()
        .filter(|(container, _)| !live || container.fate == Fate::Live)
        .map(|(container, standing)| UnitLine {
            code: container.code.clone(),
            title: title(container),
            volume: container.volume_now().map(|volume| volume.text()).unwrap_or_default(),
            holder: holder(container),
            chip: unit_chip(container, standing),
            until: container.expires_at.map(|at| (at.to_string(), cx.when(at))),
            note: note(container, standing),
        })
        .collect()
}

/// An outer pack in words, with how many are in it; nothing for any other container.
pub(super) fn packed_words(container: &Container) -> String {
    match container.packed.len() {
        0 => String::new(),
        count => format!("{} of {count}", container.kind.word()),
    }
}

/// Why a unit is held, where that is not of its own.
fn note(container: &Container, standing: &Standing) -> String {
    let own = Node::new(NodeKind::Container, &container.code);
    match &standing.because {
        Some(because) if *because != own => capital(&standing.words(&own)),
        _ => String::new(),
    }
}

/// The page on which every unit is scanned, the other particulars entered, and all of it checked.
#[derive(Template)]
#[template(path = "custody/scan_units.html")]
struct ScanPage {
    shell: Shell,
    head: Head,
    banner: Option<Banner>,
    action: String,
    patient: Option<Field>,
    units: Vec<UnitLine>,
    scans: Vec<String>,
    scans_error: Option<String>,
    fields: Vec<Field>,
    logger: Vec<Field>,
    button: &'static str,
}

/// Which of the forms.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Pack,
    HandOver,
    Receive,
    Return,
}

impl Form {
    fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Pack => (
                "Pack",
                "pack",
                "Scan each unit on its way into the outer pack. Stick the label that is printed on \
                 the pack and read it back.",
            ),
            Self::HandOver => {
                ("Hand over", "hand-over", "Scan every unit, then name who takes it.")
            }
            Self::Receive => ("Receive", "receive", "Scan every unit that came."),
            Self::Return => ("Return units", "return", "Scan what goes back."),
        }
    }
}

fn people(cx: &Cx) -> Result<Vec<(String, String)>, WebError> {
    let me = cx.actor()?.login.clone();
    let may = [Capability::HandOver, Capability::ReceiveAndAdminister];
    let all = cx.app().read(user::list)?;
    Ok(all
        .into_iter()
        .filter(|p| p.login != me && p.standing == crate::domain::user::Standing::Active)
        .filter(|p| p.roles.iter().any(|role| may.iter().any(|&one| role.may(one))))
        .map(|p| {
            let roles: Vec<&str> = p.roles.iter().map(|role| role.title()).collect();
            (p.login.to_string(), format!("{} · {}", p.printed_name, roles.join(", ")))
        })
        .collect())
}

fn scan_page(
    cx: &Cx,
    form: Form,
    errors: &Errors,
    banner: Option<Banner>,
) -> Result<Reply, WebError> {
    let order = order_of(cx)?;
    let mut units = cx.app().read(|db| moving::units_and_packs(db, &order.number))?.0;
    if form == Form::Pack {
        units = loose(units);
    }
    let (title, path, lede) = form.words();
    let again = banner.is_some() || !errors.is_empty();
    let fill = |field: Field| field.fill(cx.form(), errors);
    let lines: Vec<UnitLine> = unit_lines(cx, &order, &units, true);
    let given: Vec<String> = cx.form().all("scan").map(str::to_owned).collect();
    let mut scans = given;
    while scans.len() < lines.len().max(1) {
        scans.push(String::new());
    }
    let mut fields = Vec::new();
    if form == Form::Pack {
        fields.push(super::printer::field(cx)?);
    }
    if matches!(form, Form::HandOver | Form::Return) {
        let to = Field::select("to", "Who takes it", people(cx)?).takes("USER:").required();
        fields.push(fill(to));
    }
    if form == Form::HandOver {
        let place = Field::text("destination", "Where to").placeholder("Clinic, room 3").required();
        fields.push(fill(place));
    }
    if form == Form::Return {
        fields.push(fill(Field::text("because", "Why it goes back").required()));
    }
    let moves = form != Form::Pack;
    if moves {
        let words = Field::text("condition", "Condition").placeholder("Box closed, seal intact");
        fields.push(fill(words.required()));
    }
    let page = ScanPage {
        shell: cx.shell(title),
        head: Head::new(title).under(address(&order.number), order.number.to_string()).lede(lede),
        banner,
        action: format!("{}/{path}", address(&order.number)),
        patient: (form != Form::Return).then(|| {
            fill(
                Field::scan("patient", "Patient code")
                    .hint("Scan it from the order's form.")
                    .required(),
            )
            .autofocus()
        }),
        units: lines,
        scans,
        scans_error: errors.of("scan").map(str::to_owned),
        fields,
        logger: if moves { logger(&fill) } else { Vec::new() },
        button: if moves { "Check and sign" } else { "Pack and print the label" },
    };
    if again { cx.page_again(&page) } else { cx.page(&page) }
}

fn logger(fill: &impl Fn(Field) -> Field) -> Vec<Field> {
    vec![
        fill(Field::text("logger", "Temperature logger").placeholder("TL-07")),
        fill(Field::number("lowest", "Lowest", "°C")),
        fill(Field::number("highest", "Highest", "°C")),
        fill(Field::number("outside", "Outside the range", "min")),
    ]
}

/// The units that are in no pack yet.
fn loose(all: Vec<(Container, Standing)>) -> Vec<(Container, Standing)> {
    let packed: Vec<String> = all
        .iter()
        .flat_map(|(container, _)| container.packed.iter().map(ToString::to_string))
        .collect();
    let loose =
        |container: &Container| container.target.is_some() && !packed.contains(&container.code);
    all.into_iter().filter(|(container, _)| loose(container)).collect()
}

fn pack_form(cx: &Cx) -> Result<Reply, WebError> {
    scan_page(cx, Form::Pack, &Errors::new(), None)
}

fn pack(cx: &Cx) -> Result<Reply, WebError> {
    let order = number_of(cx)?;
    let mut errors = Errors::new();
    let scans = scans(cx, &mut errors);
    let patient = parsed(cx, &mut errors, "patient", patient_code);
    let (Some(patient), true) = (patient, errors.is_empty()) else {
        return scan_page(cx, Form::Pack, &errors, None);
    };
    let printer = AssetId::parse(cx.form().text("printer")).ok();
    let (queued, count) = (printer.is_some(), scans.len());
    let command = UnitsPack { order, patient, scans, printer };
    match units_pack(cx.app(), &cx.caller()?, command) {
        Ok(code) => {
            let next =
                if queued { "Its label is in the queue." } else { "Fetch its label as PDF." };
            let said = format!("{code} holds {count}. {next} Stick it on and read it back.");
            Ok(Reply::see_other(format!("/labels/container/{code}")).flash(&said))
        }
        Err(failure) => {
            let banner = WebError::from(failure).refusal()?;
            scan_page(cx, Form::Pack, &errors, Some(banner))
        }
    }
}

fn hand_over_form(cx: &Cx) -> Result<Reply, WebError> {
    scan_page(cx, Form::HandOver, &Errors::new(), None)
}

fn receive_form(cx: &Cx) -> Result<Reply, WebError> {
    scan_page(cx, Form::Receive, &Errors::new(), None)
}

fn return_form(cx: &Cx) -> Result<Reply, WebError> {
    scan_page(cx, Form::Return, &Errors::new(), None)
}

/// Every non-empty scan field, read.
fn scans(cx: &Cx, errors: &mut Errors) -> Vec<Scan> {
    let mut found = Vec::new();
    for text in cx.form().all("scan").map(str::trim).filter(|text| !text.is_empty()) {
        match moving::scan(text) {
            Ok(scan) => found.push(scan),
            Err(failure) => errors.add("scan", failure.to_string()),
        }
    }
    found
}

fn condition(cx: &Cx, errors: &mut Errors) -> Option<Condition> {
    let mut check = cx.check();
    let words = check.required("condition");
    let celsius = |text: &str| Quantity::parse(text, Unit::Celsius);
    let logger = check.optional("logger");
    let temperature = match logger {
        None => None,
        Some(logger) => {
            let lowest = check.parse("lowest", celsius);
            let highest = check.parse("highest", celsius);
            let outside = check.parse("outside", str::parse::<u32>);
            match (lowest, highest, outside) {
                (Some(lowest), Some(highest), Some(minutes_outside)) => {
                    Some(TemperatureRecord { logger, lowest, highest, minutes_outside })
                }
                _ => None,
            }
        }
    };
    for name in ["condition", "lowest", "highest", "outside"] {
        if let Some(message) = check.errors.of(name) {
            errors.add(name, message);
        }
    }
    words.map(|words| Condition { words, temperature })
}

/// One entry, read; what is wrong with it is noted beside it.
pub(super) fn parsed<T, E: std::fmt::Display>(
    cx: &Cx,
    errors: &mut Errors,
    name: &str,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Option<T> {
    let mut check = cx.check();
    let value = check.parse(name, parse);
    if let Some(message) = check.errors.of(name) {
        errors.add(name, message);
    }
    value
}

/// What every form of custody does: check by the rules, show, sign, carry out.
pub(super) struct Signing<'a> {
    pub(super) title: &'a str,
    pub(super) number: &'a OrderNumber,
    pub(super) action: String,
    pub(super) shown: Shown,
    pub(super) meaning: Meaning,
    pub(super) button: &'static str,
    pub(super) banner: Option<Banner>,
    pub(super) done: (String, String),
}

/// Shows the last look, or signs and carries out.
pub(super) fn sign_and(
    cx: &Cx,
    signing: Signing<'_>,
    carry_out: impl FnOnce(Signature) -> Result<(), Failure>,
) -> Result<Reply, WebError> {
    let review = Review {
        title: signing.title.to_owned(),
        back: (address(signing.number), signing.number.to_string()),
        action: signing.action,
        shown: signing.shown,
        meaning: signing.meaning,
        second: None,
        button: signing.button,
        banner: signing.banner,
    };
    let (go, sentence) = signing.done;
    review::sign_and(cx, review, carry_out, |()| Reply::see_other(go).flash(&sentence))
}

/// A patient code as typed or scanned, in capitals.
pub(super) fn patient_code(text: &str) -> Result<PatientCode, crate::domain::id::IdError> {
    PatientCode::parse(&text.trim().to_uppercase())
}

fn hand_over(cx: &Cx) -> Result<Reply, WebError> {
    let order = number_of(cx)?;
    let mut errors = Errors::new();
    let scans = scans(cx, &mut errors);
    let patient = parsed(cx, &mut errors, "patient", patient_code);
    let to = parsed(cx, &mut errors, "to", Login::parse);
    let destination =
        parsed(cx, &mut errors, "destination", |text| Ok::<_, Failure>(text.to_owned()));
    let condition = condition(cx, &mut errors);
    let (Some(patient), Some(to), Some(destination), Some(condition), true) =
        (patient, to, destination, condition, errors.is_empty())
    else {
        return scan_page(cx, Form::HandOver, &errors, None);
    };
    let command = HandOver { order: order.clone(), patient, scans, to, destination, condition };
    let caller = cx.caller()?;
    if !review::is_signed(cx)
        && let Err(failure) = moving::try_hand_over(cx.app(), &caller, &command)
    {
        let banner = WebError::from(failure).refusal()?;
        return scan_page(cx, Form::HandOver, &errors, Some(banner));
    }
    let sentence = format!("Handed over. {} now receives it by scanning every unit.", command.to);
    let signing = Signing {
        title: "Hand over: read, then sign",
        number: &order,
        action: format!("{}/hand-over", address(&order)),
        shown: command.shown()?,
        meaning: Meaning::HandedOver,
        button: "Sign the hand-over",
        banner: None,
        done: (address(&order), sentence),
    };
    sign_and(cx, signing, |signature| {
        moving::hand_over(cx.app(), &caller, command, signature).map(|_| ())
    })
}

/// The transfer in which the units of the order travel to the person who is signed in.
fn transfer_of(cx: &Cx, order: &OrderNumber) -> Result<Option<String>, WebError> {
    let units = cx.app().read(|db| moving::units(db, order))?;
    let open = units.0.iter().find_map(|(container, _)| container.transfer.as_ref());
    Ok(open.map(|open| open.transfer.clone()))
}

fn receive(cx: &Cx) -> Result<Reply, WebError> {
    let order = number_of(cx)?;
    let mut errors = Errors::new();
    let scans = scans(cx, &mut errors);
    let patient = parsed(cx, &mut errors, "patient", patient_code);
    let condition = condition(cx, &mut errors);
    let (Some(patient), Some(condition), true) = (patient, condition, errors.is_empty()) else {
        return scan_page(cx, Form::Receive, &errors, None);
    };
    let transfer = transfer_of(cx, &order)?.unwrap_or_default();
    let outside = condition.temperature.as_ref().is_some_and(|t| t.minutes_outside > 0);
    let command = Receive { order: order.clone(), transfer, patient, scans, condition };
    let caller = cx.caller()?;
    if !review::is_signed(cx)
        && let Err(failure) = moving::try_receive(cx.app(), &caller, &command)
    {
        let banner = WebError::from(failure).refusal()?;
        return scan_page(cx, Form::Receive, &errors, Some(banner));
    }
    let signing = Signing {
        title: "Receive: read, then sign",
        number: &order,
        action: format!("{}/receive", address(&order)),
        shown: command.shown()?,
        meaning: Meaning::Received,
        button: "Sign the receipt",
        banner: outside.then(|| {
            Banner::hold("Temperature outside the range").text(
                "Every unit goes on hold when you sign, until quality assurance decides. Call them.",
            )
        }),
        done: (address(&order), "Received. You hold the units now.".to_owned()),
    };
    sign_and(cx, signing, |signature| moving::receive(cx.app(), &caller, command, signature))
}

fn return_units(cx: &Cx) -> Result<Reply, WebError> {
    let order = number_of(cx)?;
    let mut errors = Errors::new();
    let scans = scans(cx, &mut errors);
    let to = parsed(cx, &mut errors, "to", Login::parse);
    let because = parsed(cx, &mut errors, "because", |text| Ok::<_, Failure>(text.to_owned()));
    let condition = condition(cx, &mut errors);
    if scans.is_empty() {
        errors.add("scan", "Scan at least one unit.");
    }
    let (Some(to), Some(because), Some(condition), true) =
        (to, because, condition, errors.is_empty())
    else {
        return scan_page(cx, Form::Return, &errors, None);
    };
    let command = ReturnUnits { order: order.clone(), scans, to, because, condition };
    let caller = cx.caller()?;
    let signing = Signing {
        title: "Return: read, then sign",
        number: &order,
        action: format!("{}/return", address(&order)),
        shown: command.shown()?,
        meaning: Meaning::HandedOver,
        button: "Sign the return",
        banner: Some(Banner::hold("Returned units are on hold").text(
            "They may not be used again unless quality assurance decides so by signature (ATMP-39).",
        )),
        done: (address(&order), "Handed back; the units are on hold.".to_owned()),
    };
    sign_and(cx, signing, |signature| {
        moving::return_units(cx.app(), &caller, command, signature).map(|_| ())
    })
}
