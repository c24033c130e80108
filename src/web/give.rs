//! At the bedside, on a phone: give each syringe, send a part out for labelling and take it back,
//! destroy what is not given.
//!
//! Neighbours: `app::custody_administer`, `app::custody_excursion`; [`super::custody`] signs.
//!
//! Architecture invariant: patient and syringe are scanned again for every single act.

use askama::Template;

use super::component::{Banner, Head, Link};
use super::custody::{CLINIC, Signing, UnitLine, parsed, patient_code, sign_and, unit_lines};
use super::cx::Cx;
use super::error::WebError;
use super::filters;
use super::form::{Errors, Field};
use super::icon::Icon;
use super::order::{address, number_of, order_of};
use super::page::Shell;
use super::reply::Reply;
use super::review::{self, Review};
use super::routes::{Access, Route};
use crate::app::custody_administer::{
    Administer, Thaw, administer, shown_destroy, thaw, try_administer, unit_destroy,
};
use crate::app::custody_excursion::{
    ExcursionOpen, ExcursionReturn, excursion_open, excursion_return, excursion_write_off,
    shown_open, shown_write_off, try_open, try_return,
};
use crate::app::{custody_hand_over as moving, site};
use crate::domain::actor::{Capability, Meaning};
use crate::domain::container::{Container, Fate};
use crate::domain::custody::{Scan, lapsed, proposed_share};
use crate::domain::genealogy::Standing;
use crate::domain::id::{ContainerCode, Login, Name};
use crate::domain::order::Order;
use crate::domain::quantity::{Quantity, Unit};
use crate::domain::time::Instant;
use crate::store::{custody, user};

const DESTROY: Access =
    Access::Needs(&[Capability::ReceiveAndAdminister, Capability::HandleContainers]);

/// The rows of this slice.
pub const ROUTES: &[Route] = &[
    Route::get("/orders/{number}/give", CLINIC, give_list, "Units to give"),
    Route::get("/orders/{number}/give/{target}", CLINIC, give_form, "Give one unit"),
    Route::post("/orders/{number}/give/{target}", CLINIC, give, "Give one unit"),
    Route::post(
        "/orders/{number}/thaw/{target}",
        CLINIC,
        start_thaw,
        "Start a thaw at the bedside",
    ),
    Route::get("/orders/{number}/excursion", CLINIC, excursion_list, "Parts out for labelling"),
    Route::get("/orders/{number}/excursion/{code}", CLINIC, excursion_form, "Part out, part back"),
    Route::post("/orders/{number}/excursion/{code}/out", CLINIC, excursion_out, "Part out"),
    Route::post("/orders/{number}/excursion/{code}/back", CLINIC, excursion_back, "Part back"),
    Route::post("/orders/{number}/excursion/{code}/lost", CLINIC, excursion_lost, "Part lost"),
    Route::get("/orders/{number}/destroy/{code}", DESTROY, destroy_form, "Destroy a unit"),
    Route::post("/orders/{number}/destroy/{code}", DESTROY, destroy, "Destroy a unit"),
];

struct UnitCard {
    title: String,
    href: String,
    verb: &'static str,
    unit: Option<UnitLine>,
    given: String,
}

#[derive(Template)]
#[template(path = "custody/give_list.html")]
struct ListPage {
    shell: Shell,
    head: Head,
    patient: String,
    cards: Vec<UnitCard>,
    left: usize,
    back: String,
}

fn cards(
    cx: &Cx,
    order: &Order,
    units: &[(Container, Standing)],
    given: &[custody::Given],
    excursion: bool,
) -> Vec<UnitCard> {
    let card = |planned: &crate::domain::protocol::DoseUnit| {
        let own = units.iter().find(|(c, _)| c.target.as_ref() == Some(&planned.target));
        let line = own.and_then(|pair| {
            unit_lines(cx, order, std::slice::from_ref(pair), false).into_iter().next()
        });
        let live = own.is_some_and(|(container, _)| container.fate == Fate::Live);
        let done = given.iter().find(|given| given.target == planned.target.as_str());
        let href = match own {
            Some((container, _)) if live && excursion => {
                format!("{}/excursion/{}", address(&order.number), container.code)
            }
            Some(_) if live => format!("{}/give/{}", address(&order.number), planned.target),
            _ => String::new(),
        };
        let away = own.is_some_and(|(container, _)| container.excursion.is_some());
        let frozen = own.is_some_and(|(container, _)| container.thawed.is_none());
        let thaws = order.protocol.bedside.is_some() && frozen;
        let verb = match (excursion, away) {
            (true, true) => "Take it back",
            (true, false) => "Send a part out",
            (false, _) if thaws => "Thaw and give",
            (false, _) => "Give",
        };
        let given = done.map_or(String::new(), |given| {
            format!("{} · {} · {}", given_volume(given), cx.when(given.given_at), given.given_by)
        });
        UnitCard { title: planned.title.clone(), href, verb, unit: line, given }
    };
    order.units.iter().map(card).collect()
}

fn given_volume(given: &custody::Given) -> String {
    given.volume.parse::<Quantity>().map_or_else(|_| given.volume.clone(), |volume| volume.text())
}

fn list_page(cx: &Cx, title: &str, lede: &str, excursion: bool) -> Result<Reply, WebError> {
    let order = order_of(cx)?;
    let (units, given) = cx.app().read(|db| {
        let units = moving::units(db, &order.number)?;
        Ok((units.0, custody::given_of_order(db, &order.number)?))
    })?;
    let cards = cards(cx, &order, &units, &given, excursion);
    let page = ListPage {
        shell: cx.shell(title),
        head: Head::new(title).under(address(&order.number), order.number.to_string()).lede(lede),
        patient: order.patient.to_string(),
        left: cards.iter().filter(|card| !card.href.is_empty()).count(),
        cards,
        back: address(&order.number),
    };
    cx.page(&page)
}

fn give_list(cx: &Cx) -> Result<Reply, WebError> {
    list_page(
        cx,
        "Give",
        "Choose the unit, then scan the patient's code and the unit's label.",
        false,
    )
}

fn excursion_list(cx: &Cx) -> Result<Reply, WebError> {
    let lede =
        "About 5 % of the volume leaves for labelling and comes back. The clock keeps running.";
    list_page(cx, "Labelling, out and back", lede, true)
}

/// One act on one unit: what it is, what is asked, the button.
#[derive(Template)]
#[template(path = "custody/act.html")]
struct ActPage {
    shell: Shell,
    head: Head,
    banner: Option<Banner>,
    patient: String,
    unit: Option<UnitLine>,
    thaw: Option<ThawClock>,
    forms: Vec<ActForm>,
}

/// Until when a unit that was thawed at the bedside is given.
struct ThawClock {
    until: String,
    text: String,
    late: bool,
    destroy: String,
}

struct ActForm {
    title: &'static str,
    action: String,
    fields: Vec<Field>,
    more: Vec<Field>,
    button: &'static str,
    /// What is to be known before the button; may be empty.
    note: String,
    danger: bool,
}

fn volume(text: &str) -> Result<Quantity, crate::domain::quantity::QuantityError> {
    Quantity::parse(text, Unit::Millilitre)
}

fn unit_of(cx: &Cx, order: &Order, target: &Name) -> Result<(Container, Standing), WebError> {
    let units = cx.app().read(|db| moving::units(db, &order.number))?;
    let mut own = units.0.into_iter().filter(|(c, _)| c.target.as_ref() == Some(target));
    own.next().ok_or_else(|| WebError::not_found(format!("unit for {target}")))
}

fn unit_field() -> Field {
    Field::scan("scan", "Unit").hint("Scan the label of the unit.").required()
}

fn give_form(cx: &Cx) -> Result<Reply, WebError> {
    give_page(cx, &Errors::new(), None)
}

fn give_page(cx: &Cx, errors: &Errors, banner: Option<Banner>) -> Result<Reply, WebError> {
    let order = order_of(cx)?;
    let target = cx.param_as("target", Name::parse)?;
    let pair = unit_of(cx, &order, &target)?;
    let again = banner.is_some() || !errors.is_empty();
    let line = unit_lines(cx, &order, std::slice::from_ref(&pair), false).into_iter().next();
    let title = line.as_ref().map(|line| line.title.clone()).unwrap_or_default();
    let page = ActPage {
        shell: cx.shell("Give"),
        head: Head::new(title).under(format!("{}/give", address(&order.number)), "Give"),
        banner,
        patient: order.patient.to_string(),
        unit: line,
        thaw: thaw_clock(cx, &order, &pair.0),
        forms: give_forms(cx, &order, &pair.0, &target, errors),
    };
    if again { cx.page_again(&page) } else { cx.page(&page) }
}

/// The form for the next act on a unit: to thaw it, where the protocol thaws at the bedside, then
/// to give it; none when its time is over.
fn give_forms(
    cx: &Cx,
    order: &Order,
    unit: &Container,
    target: &Name,
    errors: &Errors,
) -> Vec<ActForm> {
    let fill = |field: Field| field.fill(cx.form(), errors);
    let both = || {
        vec![
            fill(Field::scan("patient", "Patient").hint("Scan the patient's code.").required())
                .autofocus(),
            fill(unit_field()),
        ]
    };
    if lapsed(unit, cx.now).is_some() {
        return Vec::new();
    }
    if let (Some(bedside), None) = (&order.protocol.bedside, &unit.thawed) {
        return vec![ActForm {
            title: "Scan both, then put it into the bath",
            action: format!("{}/thaw/{target}", address(&order.number)),
            fields: both(),
            more: Vec::new(),
            button: "Start the thaw",
            note: format!(
                "Water bath at {}. The clock starts with the button: the unit must be given \
                 within {}, and it is never frozen again.",
                bedside.bath.text(),
                bedside.within.text()
            ),
            danger: false,
        }];
    }
    let there = unit.volume_now();
    let amount = there.map(|volume| volume.value().to_string()).unwrap_or_default();
    let mut fields = both();
    fields.push(fill(Field::number("volume", "Volume given", "ml").value(amount).required()));
    vec![ActForm {
        title: "Scan both",
        action: format!("{}/give/{target}", address(&order.number)),
        fields,
        more: vec![
            fill(Field::text("rest", "What happened to the rest"))
                .hint("Needed when less was given than is there."),
            fill(Field::text("given_at", "Given at, if not now"))
                .placeholder(cx.when(cx.now))
                .hint("In the site's time."),
        ],
        button: "Check",
        note: String::new(),
        danger: false,
    }]
}

/// The clock of a unit that was thawed at the bedside and not given yet.
fn thaw_clock(cx: &Cx, order: &Order, unit: &Container) -> Option<ThawClock> {
    let give_by = unit.thawed.as_ref().and_then(|thaw| thaw.give_by)?;
    if unit.fate != Fate::Live {
        return None;
    }
    Some(ThawClock {
        until: give_by.to_string(),
        text: cx.when(give_by),
        late: lapsed(unit, cx.now).is_some(),
        destroy: format!("{}/destroy/{}", address(&order.number), unit.code),
    })
}

fn start_thaw(cx: &Cx) -> Result<Reply, WebError> {
    let order = number_of(cx)?;
    let target = cx.param_as("target", Name::parse)?;
    let mut errors = Errors::new();
    let patient = parsed(cx, &mut errors, "patient", patient_code);
    let scan = parsed(cx, &mut errors, "scan", moving::scan);
    let (Some(patient), Some(scan)) = (patient, scan) else {
        return give_page(cx, &errors, None);
    };
    let command = Thaw { order: order.clone(), patient, scan };
    match thaw(cx.app(), &cx.caller()?, command) {
        Ok(()) => Ok(Reply::see_other(format!("{}/give/{target}", address(&order)))
            .flash("The thaw has begun.")),
        Err(failure) => give_page(cx, &errors, Some(WebError::from(failure).refusal()?)),
    }
}

fn give(cx: &Cx) -> Result<Reply, WebError> {
    let order = order_of(cx)?;
    let target = cx.param_as("target", Name::parse)?;
    let mut errors = Errors::new();
    let patient = parsed(cx, &mut errors, "patient", patient_code);
    let scan = parsed(cx, &mut errors, "scan", moving::scan);
    let amount = parsed(cx, &mut errors, "volume", volume);
    let given_at = match cx.form().get("given_at") {
        None => None,
        Some(_) => {
            parsed(cx, &mut errors, "given_at", |text| Instant::parse_local(text, cx.zone()))
        }
    };
    let (Some(patient), Some(scan), Some(volume), true) =
        (patient, scan, amount, errors.is_empty())
    else {
        return give_page(cx, &errors, None);
    };
    let command = Administer {
        order: order.number.clone(),
        patient,
        scan,
        target: target.clone(),
        volume,
        rest: cx.form().get("rest").map(str::to_owned),
        given_at,
    };
    let caller = cx.caller()?;
    if !review::is_signed(cx)
        && let Err(failure) = try_administer(cx.app(), &caller, &command)
    {
        return give_page(cx, &errors, Some(WebError::from(failure).refusal()?));
    }
    let patient = command.patient.clone();
    let signing = Signing {
        title: "It matches: sign and give",
        number: &order.number,
        action: format!("{}/give/{target}", address(&order.number)),
        shown: command.shown(),
        meaning: Meaning::Administered,
        button: "Sign: given",
        banner: Some(
            Banner::ok(format!("Patient {patient}: match"))
                .text("The unit is of this patient's order and target, released and in date."),
        ),
        done: (format!("{}/give", address(&order.number)), "Given and recorded.".to_owned()),
    };
    sign_and(cx, signing, |signature| administer(cx.app(), &caller, command, signature))
}

fn code_of(cx: &Cx) -> Result<ContainerCode, WebError> {
    cx.param_as("code", ContainerCode::parse)
}

fn one_unit(
    cx: &Cx,
    order: &Order,
    code: &ContainerCode,
) -> Result<(Container, Standing), WebError> {
    let units = cx.app().read(|db| moving::units(db, &order.number))?;
    let mut own = units.0.into_iter().filter(|(container, _)| container.code == code.as_str());
    own.next().ok_or_else(|| WebError::not_found(format!("unit {code} of {}", order.number)))
}

fn takers(cx: &Cx) -> Result<Vec<(String, String)>, WebError> {
    let me = cx.actor()?.login.clone();
    let active = crate::domain::user::Standing::Active;
    let all = cx.app().read(user::list)?;
    Ok(all
        .into_iter()
        .filter(|person| person.login != me && person.standing == active)
        .filter(|person| person.roles.iter().any(|r| r.may(Capability::ReadOrders)))
        .map(|person| (person.login.to_string(), person.printed_name))
        .collect())
}

fn excursion_form(cx: &Cx) -> Result<Reply, WebError> {
    excursion_page(cx, &Errors::new(), None)
}

fn excursion_page(cx: &Cx, errors: &Errors, banner: Option<Banner>) -> Result<Reply, WebError> {
    let order = order_of(cx)?;
    let code = code_of(cx)?;
    let pair = one_unit(cx, &order, &code)?;
    let base = format!("{}/excursion/{code}", address(&order.number));
    let again = banner.is_some() || !errors.is_empty();
    let forms = match &pair.0.excursion {
        None => vec![out_form(cx, &order, &pair.0, &base, errors)?],
        Some(open) => {
            let out = open.volume;
            let by = open.taken_by.to_string();
            vec![back_form(cx, out, &by, &base, errors), lost_form(cx, &base, errors)]
        }
    };
    let banner = banner.or_else(|| {
        pair.0.excursion.as_ref().map(|open| {
            Banner::check(format!("{} is with {}", open.volume.text(), open.taken_by))
                .text(format!("{}; it must be back by {}.", open.purpose, cx.when(open.due_at)))
        })
    });
    let page = ActPage {
        shell: cx.shell("Labelling"),
        head: Head::new("Labelling, out and back")
            .under(format!("{}/excursion", address(&order.number)), "Labelling"),
        banner,
        patient: order.patient.to_string(),
        unit: unit_lines(cx, &order, std::slice::from_ref(&pair), false).into_iter().next(),
        thaw: None,
        forms,
    };
    if again { cx.page_again(&page) } else { cx.page(&page) }
}

fn out_form(
    cx: &Cx,
    order: &Order,
    unit: &Container,
    base: &str,
    errors: &Errors,
) -> Result<ActForm, WebError> {
    let rule = site::excursion_rule(&cx.web.config().site, order)?;
    let proposed = proposed_share(rule, unit).map(|share| share.value().to_string());
    let fill = |field: Field| field.fill(cx.form(), errors);
    let share = format!("{} proposed, at most {}", rule.share.text(), rule.share_max.text());
    Ok(ActForm {
        title: "A part leaves",
        action: format!("{base}/out"),
        fields: vec![
            fill(Field::scan("patient", "Patient").hint("Scan the patient's code.").required()),
            fill(unit_field()),
            fill(
                Field::number("volume", "Volume out", "ml")
                    .value(proposed.unwrap_or_default())
                    .limits(share)
                    .required(),
            ),
            fill(Field::select("taken_by", "Who takes it", takers(cx)?).takes("USER:").required())
                .hint(format!("For {}, by {}.", rule.purpose, rule.instruction)),
        ],
        more: Vec::new(),
        button: "Check and sign",
        note: String::new(),
        danger: false,
    })
}

fn back_form(cx: &Cx, out: Quantity, by: &str, base: &str, errors: &Errors) -> ActForm {
    let fill = |field: Field| field.fill(cx.form(), errors);
    ActForm {
        title: "It comes back",
        action: format!("{base}/back"),
        fields: vec![
            fill(unit_field()),
            fill(
                Field::number("volume", "Volume back", "ml")
                    .value(out.value().to_string())
                    .limits(format!("at most {}", out.text()))
                    .required(),
            ),
            fill(Field::number("activity", "Activity", "MBq")),
            fill(
                Field::text("returned_by", "Who brings it").value(by.to_owned()).mono().required(),
            ),
        ],
        more: Vec::new(),
        button: "Check and sign",
        note: String::new(),
        danger: false,
    }
}

fn lost_form(cx: &Cx, base: &str, errors: &Errors) -> ActForm {
    let fill = |field: Field| field.fill(cx.form(), errors);
    ActForm {
        title: "It does not come back",
        action: format!("{base}/lost"),
        fields: vec![fill(unit_field()), fill(Field::text("reason", "Why").required())],
        more: Vec::new(),
        button: "Write it off",
        note: String::new(),
        danger: true,
    }
}

fn excursion_out(cx: &Cx) -> Result<Reply, WebError> {
    let order = number_of(cx)?;
    let code = code_of(cx)?;
    let mut errors = Errors::new();
    let patient = parsed(cx, &mut errors, "patient", patient_code);
    let scan = parsed(cx, &mut errors, "scan", moving::scan);
    let amount = parsed(cx, &mut errors, "volume", volume);
    let taken_by = parsed(cx, &mut errors, "taken_by", Login::parse);
    let (Some(patient), Some(scan), Some(volume), Some(taken_by)) =
        (patient, scan, amount, taken_by)
    else {
        return excursion_page(cx, &errors, None);
    };
    let command = ExcursionOpen { order: order.clone(), patient, scan, volume, taken_by };
    let caller = cx.caller()?;
    if !review::is_signed(cx)
        && let Err(failure) = try_open(cx.app(), &caller, &command)
    {
        return excursion_page(cx, &errors, Some(WebError::from(failure).refusal()?));
    }
    let signing = Signing {
        title: "Part out: read, then sign",
        number: &order,
        action: format!("{}/excursion/{code}/out", address(&order)),
        shown: shown_open(cx.app(), &command)?,
        meaning: Meaning::HandedOver,
        button: "Sign: handed out",
        banner: None,
        done: (format!("{}/excursion/{code}", address(&order)), "The part is out.".to_owned()),
    };
    sign_and(cx, signing, |signature| {
        excursion_open(cx.app(), &caller, command, signature).map(|_| ())
    })
}

fn excursion_back(cx: &Cx) -> Result<Reply, WebError> {
    let order = number_of(cx)?;
    let code = code_of(cx)?;
    let mut errors = Errors::new();
    let scan = parsed(cx, &mut errors, "scan", moving::scan);
    let amount = parsed(cx, &mut errors, "volume", volume);
    let returned_by = parsed(cx, &mut errors, "returned_by", Login::parse);
    let activity = match cx.form().get("activity") {
        None => None,
        Some(_) => {
            parsed(cx, &mut errors, "activity", |text| Quantity::parse(text, Unit::Megabecquerel))
        }
    };
    let (Some(scan), Some(volume), Some(returned_by), true) =
        (scan, amount, returned_by, errors.is_empty())
    else {
        return excursion_page(cx, &errors, None);
    };
    let command = ExcursionReturn { order: order.clone(), scan, returned_by, volume, activity };
    let caller = cx.caller()?;
    if !review::is_signed(cx)
        && let Err(failure) = try_return(cx.app(), &caller, &command)
    {
        return excursion_page(cx, &errors, Some(WebError::from(failure).refusal()?));
    }
    let signing = Signing {
        title: "Part back: read, then sign",
        number: &order,
        action: format!("{}/excursion/{code}/back", address(&order)),
        shown: command.shown(),
        meaning: Meaning::Received,
        button: "Sign: taken back",
        banner: None,
        done: (format!("{}/give", address(&order)), "The part is back.".to_owned()),
    };
    sign_and(cx, signing, |signature| excursion_return(cx.app(), &caller, command, signature))
}

fn excursion_lost(cx: &Cx) -> Result<Reply, WebError> {
    let order = number_of(cx)?;
    let code = code_of(cx)?;
    let mut errors = Errors::new();
    let scan = parsed(cx, &mut errors, "scan", moving::scan);
    let because = parsed(cx, &mut errors, "reason", |text| Ok::<_, &str>(text.to_owned()));
    let (Some(scan), Some(because)) = (scan, because) else {
        return excursion_page(cx, &errors, None);
    };
    let scan: Scan = scan;
    let caller = cx.caller()?;
    let signing = Signing {
        title: "Write the part off: read, then sign",
        number: &order,
        action: format!("{}/excursion/{code}/lost", address(&order)),
        shown: shown_write_off(&order, &scan, &because),
        meaning: Meaning::Approved,
        button: "Sign the write-off",
        banner: Some(
            Banner::check("The part does not come back")
                .text("What is left of the unit may still be given; the loss stays in the record."),
        ),
        done: (format!("{}/give", address(&order)), "The part is written off.".to_owned()),
    };
    sign_and(cx, signing, |signature| {
        excursion_write_off(cx.app(), &caller, &order, &scan, signature)
    })
}

fn destroy_form(cx: &Cx) -> Result<Reply, WebError> {
    destroy_page(cx, &Errors::new(), None)
}

fn destroy_page(cx: &Cx, errors: &Errors, banner: Option<Banner>) -> Result<Reply, WebError> {
    let order = order_of(cx)?;
    let code = code_of(cx)?;
    let pair = one_unit(cx, &order, &code)?;
    let again = banner.is_some() || !errors.is_empty();
    let page = ActPage {
        shell: cx.shell("Destroy"),
        head: Head::new("Destroy a unit")
            .under(address(&order.number), order.number.to_string())
            .action(Link::to(format!("/containers/{code}"), code.to_string())),
        banner,
        patient: order.patient.to_string(),
        unit: unit_lines(cx, &order, std::slice::from_ref(&pair), false).into_iter().next(),
        thaw: None,
        forms: vec![ActForm {
            title: "Under witness",
            action: format!("{}/destroy/{code}", address(&order.number)),
            fields: vec![Field::text("reason", "Why").required().fill(cx.form(), errors)],
            more: Vec::new(),
            button: "Check and sign with a witness",
            note: String::new(),
            danger: true,
        }],
    };
    if again { cx.page_again(&page) } else { cx.page(&page) }
}

fn destroy(cx: &Cx) -> Result<Reply, WebError> {
    let order = number_of(cx)?;
    let code = code_of(cx)?;
    let because = cx.form().text("reason").to_owned();
    if because.is_empty() {
        let mut errors = Errors::new();
        errors.add("reason", "This entry is needed.");
        return destroy_page(cx, &errors, None);
    }
    let shown = shown_destroy(&code, &because);
    let hash = shown.hash()?;
    let review = Review {
        title: "Destroy under witness".to_owned(),
        back: (address(&order), order.to_string()),
        action: format!("{}/destroy/{code}", address(&order)),
        shown,
        meaning: Meaning::Performed,
        second: Some(Meaning::Verified),
        button: "Sign: destroyed",
        banner: None,
    };
    if !review::is_signed(cx) {
        return review::page(cx, review, None);
    }
    let signatures = cx.sign(Meaning::Performed, &hash).and_then(|own| {
        let reader = Capability::ReadOrders;
        cx.second_signature(Meaning::Verified, &hash, reader).map(|witness| (own, witness))
    });
    match signatures {
        Ok((own, witness)) => match unit_destroy(cx.app(), &cx.caller()?, &code, own, witness) {
            Ok(()) => Ok(Reply::see_other(address(&order)).flash("Destroyed under witness.")),
            Err(failure) => {
                let banner = WebError::from(failure).refusal()?;
                destroy_page(cx, &Errors::new(), Some(banner))
            }
        },
        Err(error) if error.beside("sign").is_some() || error.beside("second").is_some() => {
            review::page(cx, review, Some(&error))
        }
        Err(error) => Err(error),
    }
}
