//! Containers: the list, and the one page of a container: what it is, what may be done with it and
//! why, who holds it, its labels, its life, what it came from and what came of it.
//!
//! Neighbours: `web::storage` moves it, `web::label` prints for it, `web::trace` draws its origin.
//!
//! Architecture invariant: the disposition shown is the effective one, with its cause.

use askama::Template;

use super::component::{
    Banner, Cell, Chip, Empty, Facts, Head, Link, Moment, SignatureBlock, Table, Tabs, Timeline,
    Tone,
};
use super::cx::Cx;
use super::error::WebError;
use super::filters;
use super::icon::Icon;
use super::page::Shell;
use super::reply::Reply;
use super::routes::{Access, Route};
use super::trace::held_banner;
use crate::app::container_decide::{
    ContainerDecide, ContainerDestroy, DecisionShown, container_decide, container_destroy,
};
use crate::app::container_identity::printed;
use crate::app::container_move::ScannedContainer;
use crate::app::words::capital;
use crate::domain::actor::{Capability, Meaning};
use crate::domain::container::{Container, ContainerKind, Custodian, Event, Fate};
use crate::domain::disposition::Disposition;
use crate::domain::genealogy::{Node, NodeKind, Standing};
use crate::domain::id::ContainerCode;
use crate::domain::{Aggregate, Event as AnyEvent};
use crate::store::container::Of;
use crate::store::{Failure, container as table, ledger};

const READ: Access = Access::Needs(&[Capability::ReadGmp]);
const DECIDE: Access = Access::Needs(&[Capability::DecideDisposition]);
const HANDLE: Access = Access::Needs(&[Capability::HandleContainers]);

/// The rows of this slice.
pub const ROUTES: &[Route] = &[
    Route::get("/containers", READ, list, "Containers"),
    Route::get("/containers/{code}", READ, show, "A container"),
    Route::post("/containers/{code}/disposition", DECIDE, decide, "Decide a disposition"),
    Route::post("/containers/{code}/destroy", HANDLE, destroy, "Destroy a container"),
];

const PAGE_SIZE: i64 = 50;

/// The page of a container.
pub(super) fn address(code: &str) -> String {
    format!("/containers/{code}")
}

/// The chip of an effective disposition, or of what became of a spent container.
pub(super) fn status_chip(state: &Container, standing: &Standing) -> Chip {
    match &state.fate {
        Fate::Live => standing.disposition.into(),
        Fate::Consumed { .. } => Chip::new(Tone::Calm, "used"),
        Fate::Administered { .. } => Chip::new(Tone::Calm, "administered"),
        Fate::Destroyed { .. } => Chip::new(Tone::Calm, "destroyed"),
        Fate::Unpacked { .. } => Chip::new(Tone::Calm, "unpacked"),
    }
}

/// Where it is or who holds it, in words.
pub(super) fn whereabouts(state: &Container) -> String {
    match &state.custodian {
        Custodian::Place { location } => location.to_string(),
        Custodian::Person { login } => format!("with {login}"),
        Custodian::Transfer { .. } => match &state.transfer {
            Some(open) => format!("in transfer from {} to {}", open.from, open.to),
            None => "in transfer".to_owned(),
        },
        Custodian::Spent => "no longer there".to_owned(),
    }
}

#[derive(Template)]
#[template(path = "container/list.html")]
struct ListPage {
    shell: Shell,
    head: Head,
    tabs: Tabs,
    table: Table,
    empty: Empty,
    next: Option<String>,
}

fn list(cx: &Cx) -> Result<Reply, WebError> {
    let login = cx.actor()?.login.clone();
    let wanted = cx.query("kind");
    let mine = wanted == "mine";
    let kind = ContainerKind::parse(wanted).unwrap_or(ContainerKind::Cryovial);
    let of = if mine { Of::HeldBy(&login) } else { Of::Live(kind) };
    let after = Some(cx.query("after")).filter(|after| !after.is_empty());
    let rows = cx.app().read(|db| {
        let found = table::list(db, &of, after, PAGE_SIZE)?;
        found
            .into_iter()
            .map(|state| table::standing_of(db, &state).map(|standing| (state, standing)))
            .collect::<Result<Vec<_>, Failure>>()
    })?;
    let mut tabs = Tabs::new().tab("/containers?kind=mine", "In my hands", None, mine);
    for (one, code, word, _) in ContainerKind::ALL {
        let current = !mine && one == kind;
        tabs = tabs.tab(format!("/containers?kind={code}"), plural(word), None, current);
    }
    let full = i64::try_from(rows.len()).is_ok_and(|count| count == PAGE_SIZE);
    let next = rows.last().filter(|_| full).map(|(last, _)| {
        let kind = if mine { "mine" } else { kind.code() };
        format!("/containers?kind={kind}&after={}", last.code)
    });
    cx.page(&ListPage {
        shell: cx.shell("Containers"),
        head: Head::new("Containers")
            .lede("Every flask, vial, syringe, bag, bottle and tube that still exists."),
        tabs,
        table: rows_table(cx, &rows),
        empty: Empty::new(
            Icon::Vial,
            "Nothing of this kind",
            "Containers appear here when a batch makes them or a donation is received.",
        ),
        next,
    })
}

fn plural(word: &str) -> String {
    let mut letters = word.chars();
    let first: String = letters.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    format!("{first}{}s", letters.as_str())
}

/// Containers as rows, with links to their pages.
pub(super) fn rows_table(cx: &Cx, rows: &[(Container, Standing)]) -> Table {
    let mut table = Table::new(
        "Containers",
        &["Container", "Contents", "Batch", "Status", "Where", "Expires", "Label"],
    );
    for (state, standing) in rows {
        let label = match (state.labels.latest, state.labels.applied()) {
            (0, _) => Chip::new(Tone::Wait, "none"),
            (_, true) => Chip::new(Tone::Ok, "read back"),
            (_, false) => Chip::new(Tone::Wait, "printed"),
        };
        table.push([
            Cell::CodeLink(Link::to(address(&state.code), state.code.clone())),
            state.contents.title.text().to_owned().into(),
            match &state.batch {
                Some(batch) => {
                    Cell::CodeLink(Link::to(format!("/batches/{batch}"), batch.as_str()))
                }
                None => Cell::Soft(String::new()),
            },
            status_chip(state, standing).into(),
            Cell::Text(whereabouts(state)),
            Cell::when(state.expires_at.map(|at| cx.date(at)).unwrap_or_default()),
            label.into(),
        ]);
    }
    table
}

#[derive(Template)]
#[template(path = "container/show.html")]
struct ShowPage {
    shell: Shell,
    head: Head,
    banner: Option<Banner>,
    identity: Facts,
    custody: Facts,
    labels: Table,
    label_src: String,
    label_page: String,
    timeline: Timeline,
    came_from: Vec<Link>,
    led_to: Vec<Link>,
    trace: String,
    address: String,
    decisions: Vec<Decision>,
    decision_hint: String,
    destruction: Option<Destruction>,
}

struct Decision {
    to: &'static str,
    title: String,
    sign: SignatureBlock,
}

struct Destruction {
    sign: SignatureBlock,
    witness: SignatureBlock,
}

struct Found {
    state: Container,
    standing: Standing,
    entries: Vec<ledger::Entry>,
    parents: Vec<Node>,
    children: Vec<Node>,
}

fn find(cx: &Cx) -> Result<Found, WebError> {
    let code = cx.param_as("code", ContainerCode::parse)?;
    Ok(cx.app().read(|db| {
        let (state, standing) = table::require_with_standing(db, &code)?;
        let entries = ledger::entries(db, &Container::stream(code.as_str()))?;
        let node = Node::container(&code);
        let graph = crate::store::genealogy::graph_around(db, &node)?;
        let parents = graph.parents_of(&node).cloned().collect();
        let children = graph.children_of(&node).cloned().collect();
        Ok(Found { state, standing, entries, parents, children })
    })?)
}

fn show(cx: &Cx) -> Result<Reply, WebError> {
    cx.page(&show_page(cx, &find(cx)?, None, &None)?)
}

fn show_page(
    cx: &Cx,
    found: &Found,
    banner: Option<Banner>,
    unsigned: &Option<String>,
) -> Result<ShowPage, WebError> {
    let (state, standing) = (&found.state, &found.standing);
    let code = state.code.as_str();
    let links = |nodes: &[Node]| nodes.iter().map(super::trace::node_link).collect();
    let (decisions, destruction) = actions(cx, found, unsigned)?;
    Ok(ShowPage {
        shell: cx.shell(code),
        head: head(cx, state, standing),
        banner: banner.or_else(|| {
            let own = Node::new(NodeKind::Container, code);
            held_banner(standing, &own).filter(|_| state.fate == Fate::Live)
        }),
        identity: identity(cx, state),
        custody: custody(cx, state),
        labels: labels_table(cx, state),
        label_src: format!("/labels/preview/{code}"),
        label_page: format!("/labels/container/{code}"),
        timeline: Timeline {
            items: found.entries.iter().rev().filter_map(|entry| moment(cx, entry)).collect(),
        },
        came_from: links(&found.parents),
        led_to: links(&found.children),
        trace: format!("/trace?code={code}"),
        address: address(code),
        decisions,
        decision_hint: format!("Its own disposition is {} now.", state.disposition.word()),
        destruction,
    })
}

fn head(cx: &Cx, state: &Container, standing: &Standing) -> Head {
    let code = state.code.as_str();
    let mut head = Head::new(code)
        .under("/containers", "Containers")
        .chip(Chip::new(Tone::Calm, state.kind.word()).shape(Icon::Vial))
        .chip(status_chip(state, standing))
        .lede(state.contents.title.to_string());
    if state.fate != Fate::Live {
        return head;
    }
    if cx.may(Capability::HandleContainers) {
        head = match &state.custodian {
            Custodian::Place { .. } => {
                head.action(Link::to(format!("/storage/take?code={code}"), "Take out").primary())
            }
            Custodian::Person { .. } => {
                head.action(Link::to(format!("/storage/put?code={code}"), "Store").primary())
            }
            Custodian::Transfer { .. } | Custodian::Spent => head,
        };
    }
    if cx.may(Capability::PrintLabels) {
        let label = format!("/labels/container/{code}");
        head = head.action(Link::to(label, "Label").icon(Icon::Label));
    }
    head
}

fn identity(cx: &Cx, state: &Container) -> Facts {
    let order = |number: &crate::domain::id::OrderNumber| {
        Cell::CodeLink(Link::to(format!("/orders/{number}"), number.as_str()))
    };
    let number = match state.number_of {
        (_, 0 | 1) => None,
        (number, of) => Some(format!("{number} of {of}")),
    };
    let product = state.identity.as_ref().map(|identity| Cell::Code(printed(identity)));
    let before = state.corrected.last().map(|one| {
        let (from, when) = (printed(&one.from), cx.when(one.at));
        let by = (&one.proposed.login, &one.confirmed.login);
        format!("{from} until {when}, corrected by {} and {}: {}", by.0, by.1, one.because)
    });
    Facts::new()
        .with("Contents", state.contents.title.to_string())
        .with("Material", Cell::Code(state.contents.material.to_string()))
        .with_some("Donation and product", product)
        .with_some("Before", before)
        .with_some("", super::identity::link(cx, state).map(Cell::Link))
        .with_some("Donation", state.donation.as_ref().map(|din| Cell::Code(din.printed())))
        .with_some("Passage", state.contents.passage.map(|passage| format!("P{passage}")))
        .with_some("Volume", state.volume_now().map(|volume| volume.text()))
        .with_some("Viable cells", state.contents.viable_cells.map(|cells| cells.text()))
        .with_some(
            "Made by batch",
            state
                .batch
                .as_ref()
                .map(|batch| Cell::CodeLink(Link::to(format!("/batches/{batch}"), batch.as_str()))),
        )
        .with_some("Number", number)
        .with("Made", cx.when(state.produced_at))
        .with_some("Expires", state.expires_at.map(|at| cx.when(at)))
        .with_some("Made for order", state.order.as_ref().map(order))
        .with_some("For", state.target.as_ref().map(|target| target.as_str().replace('_', " ")))
        .with_some("Reserved for", state.reserved_for.as_ref().map(order))
        .with_some("Holds", holds(state))
}

/// The units in an outer pack.
fn holds(state: &Container) -> Option<Cell> {
    let link = |code: &ContainerCode| Link::to(address(code.as_str()), code.as_str());
    let links: Vec<Link> = state.packed.iter().map(link).collect();
    (!links.is_empty()).then_some(Cell::Actions(links))
}

fn custody(cx: &Cx, state: &Container) -> Facts {
    let holder: Cell = match &state.custodian {
        Custodian::Place { location } => {
            let boxed = location.as_str().rsplit_once('/').map_or("", |(boxed, _)| boxed);
            Cell::Link(Link::to(format!("/storage/{boxed}"), location.as_str()))
        }
        _ => whereabouts(state).into(),
    };
    let outside = state.outside(cx.now);
    let fate = match &state.fate {
        Fate::Live => None,
        Fate::Consumed { batch, step, at, by } => {
            Some(format!("Used in step {step} of {batch} by {by}, {}", cx.when(*at)))
        }
        Fate::Administered { order, at, by } => {
            Some(format!("Administered for {order} by {by}, {}", cx.when(*at)))
        }
        Fate::Destroyed { at, by } => Some(format!("Destroyed by {by}, {}", cx.when(*at))),
        Fate::Unpacked { at, by } => Some(format!("Unpacked by {by}, {}", cx.when(*at))),
    };
    Facts::new()
        .with("Held by", holder)
        .with("Since", cx.when(state.held_since))
        .with("Outside storage", outside.text())
        .with_some(
            "Thawed",
            state
                .thawed
                .as_ref()
                .map(|thaw| format!("for {} by {}, {}", thaw.purpose, thaw.by, cx.when(thaw.at))),
        )
        .with_some(
            "Away",
            state.excursion.as_ref().map(|open| {
                format!(
                    "{} for {} with {}, due {}",
                    open.volume.text(),
                    open.purpose,
                    open.taken_by,
                    cx.when(open.due_at)
                )
            }),
        )
        .with_some("End", fate)
}

fn labels_table(cx: &Cx, state: &Container) -> Table {
    let mut table = Table::new("Labels", &["Serial", "Text", "Printed", "Copies", "Status", "Why"]);
    for print in state.labels.prints.iter().rev() {
        let void = state.labels.void(print.serial);
        let chip = match void {
            Some(_) => Chip::new(Tone::Stop, "void"),
            None if state.labels.scanned_back == Some(print.serial) => {
                Chip::new(Tone::Ok, "read back")
            }
            None => Chip::new(Tone::Wait, "not read back"),
        };
        table.push([
            Cell::Number(print.serial.to_string()),
            Cell::Code(print.payload.clone()),
            Cell::When(cx.when(print.at), print.by.to_string()),
            Cell::Number(print.copies.to_string()),
            chip.into(),
            Cell::Soft(void.map(|voided| voided.because.clone()).unwrap_or_default()),
        ]);
    }
    table
}

fn actions(
    cx: &Cx,
    found: &Found,
    unsigned: &Option<String>,
) -> Result<(Vec<Decision>, Option<Destruction>), WebError> {
    let (state, standing) = (&found.state, &found.standing);
    let mut decisions = Vec::new();
    if state.fate != Fate::Live {
        return Ok((decisions, None));
    }
    if cx.may(Capability::DecideDisposition) {
        let open = [Disposition::Released, Disposition::OnHold, Disposition::Rejected];
        for to in open.into_iter().filter(|to| allowed(state.disposition, *to)) {
            let shown = DecisionShown::disposition(state, standing, to);
            let sign = cx
                .signature_block(decision_meaning(to), &shown.hash()?)?
                .line("Decision", shown.decision.clone())
                .line("Container", state.code.clone())
                .line("Contents", state.contents.title.to_string())
                .error(unsigned.clone())
                .button(format!("Sign: {}", to.word()));
            decisions.push(Decision { to: to.code(), title: verb(to).to_owned(), sign });
        }
    }
    let in_hand = matches!(state.custodian, Custodian::Person { .. });
    let destruction = if in_hand && cx.may(Capability::HandleContainers) {
        let hash = DecisionShown::destruction(state, standing).hash()?;
        let sign = cx
            .signature_block(Meaning::Performed, &hash)?
            .line("Destruction of", state.code.clone())
            .error(unsigned.clone());
        let witness =
            SignatureBlock::second_person(Meaning::Verified, &hash).button("Destroy under witness");
        Some(Destruction { sign, witness })
    } else {
        None
    };
    Ok((decisions, destruction))
}

fn allowed(from: Disposition, to: Disposition) -> bool {
    from != to && from != Disposition::Rejected
}

fn decision_meaning(to: Disposition) -> Meaning {
    if to == Disposition::Rejected { Meaning::Rejected } else { Meaning::Approved }
}

fn verb(to: Disposition) -> &'static str {
    match to {
        Disposition::Released => "Lift: released",
        Disposition::OnHold => "Put on hold",
        Disposition::Rejected => "Reject for good",
        Disposition::ConditionallyReleased | Disposition::Quarantine => "Decide",
    }
}

/// After a command: back to the page, or the page again with what was refused.
fn answer(cx: &Cx, outcome: Result<(), WebError>, said: &str) -> Result<Reply, WebError> {
    let found = find(cx)?;
    match outcome {
        Ok(()) => Ok(Reply::see_other(address(&found.state.code)).flash(said)),
        Err(WebError::NotSigned(prefix, message)) => {
            let banner = Banner::stop("Nothing was signed").text(message.clone());
            let beside = Some(message).filter(|_| prefix == "sign");
            cx.page_again(&show_page(cx, &found, Some(banner), &beside)?)
        }
        Err(error) => {
            let banner = error.refusal()?;
            cx.page_again(&show_page(cx, &found, Some(banner), &None)?)
        }
    }
}

fn scanned(state: &Container) -> Result<ScannedContainer, WebError> {
    let code = ContainerCode::parse(&state.code).map_err(WebError::internal)?;
    Ok(ScannedContainer { code, serial: None })
}

fn decide(cx: &Cx) -> Result<Reply, WebError> {
    let found = find(cx)?;
    let to = Disposition::ALL
        .into_iter()
        .find(|to| to.code() == cx.form().text("to"))
        .ok_or_else(|| WebError::Invalid("Choose a disposition.".to_owned()))?;
    let shown = DecisionShown::disposition(&found.state, &found.standing, to).hash()?;
    let because = cx.form().text("reason").to_owned();
    let outcome = cx.sign(decision_meaning(to), &shown).and_then(|signature| {
        let container = scanned(&found.state)?;
        let command = ContainerDecide { container, to, because, signature };
        Ok(container_decide(cx.app(), &cx.caller()?, command)?)
    });
    answer(cx, outcome, &format!("{} is {} now.", found.state.code, to.word()))
}

fn destroy(cx: &Cx) -> Result<Reply, WebError> {
    let found = find(cx)?;
    let shown = DecisionShown::destruction(&found.state, &found.standing).hash()?;
    let because = cx.form().text("reason").to_owned();
    let outcome = cx.sign(Meaning::Performed, &shown).and_then(|signature| {
        let witness =
            cx.second_signature(Meaning::Verified, &shown, Capability::HandleContainers)?;
        let container = scanned(&found.state)?;
        let witness = Some(witness);
        let command = ContainerDestroy { container, because, signature, witness };
        Ok(container_destroy(cx.app(), &cx.caller()?, command)?)
    });
    answer(cx, outcome, &format!("{} is destroyed.", found.state.code))
}

fn moment(cx: &Cx, entry: &ledger::Entry) -> Option<Moment> {
    let AnyEvent::Container(event) = &entry.recorded.event else { return None };
    let (tone, what) = told(event);
    Some(cx.moment(tone, what, &entry.recorded))
}

/// What an event says, in words.
pub(super) fn told(event: &Event) -> (Tone, String) {
    match event {
        Event::Produced { kind, .. } => (Tone::Ok, format!("Came into being as {}", kind.word())),
        Event::LabelPrinted { serial, copies, .. } => {
            (Tone::Part, format!("Label serial {serial} printed, copies: {copies}"))
        }
        Event::LabelVoided { serial, because } => {
            (Tone::Wait, format!("Label serial {serial} void: {because}"))
        }
        Event::LabelScannedBack { serial } => {
            (Tone::Ok, format!("Label serial {serial} read back on it"))
        }
        Event::LabelDestroyed { serial, copies } => {
            (Tone::Calm, format!("{copies} of label serial {serial} destroyed"))
        }
        Event::LabelKept { serial, copies } => {
            (Tone::Calm, format!("{copies} of label serial {serial} kept in the batch record"))
        }
        Event::LabelLost { serial, copies, deviation, because, .. } => (
            Tone::Stop,
            format!("{copies} of label serial {serial} reported lost ({deviation}): {because}"),
        ),
        Event::LabelFound { serial, copies, fate, because, .. } => (
            Tone::Part,
            format!("{copies} lost of label serial {serial} found, {}: {because}", fate.words()),
        ),
        Event::Stored { location } => (Tone::Ok, format!("Stored in {location}")),
        Event::Retrieved { from, by, purpose } => {
            (Tone::Part, format!("Taken from {from} by {by} for {purpose}"))
        }
        Event::Reserved { order } => (Tone::Part, format!("Reserved for {order}")),
        Event::ReservationReleased { order } => {
            (Tone::Calm, format!("No longer reserved for {order}"))
        }
        Event::Thawed { batch } => (Tone::Wait, format!("Thawed for {batch}")),
        Event::BedsideThawed { order, give_by, .. } => {
            (Tone::Wait, format!("Put to thaw for {order}, to be given by {give_by}"))
        }
        Event::Consumed { batch, step, .. } => {
            (Tone::Calm, format!("Used in step {step} of {batch}"))
        }
        Event::DispositionDecided { to, because, .. } => {
            (Chip::from(*to).tone, format!("{}: {because}", capital(to.word())))
        }
        Event::IdentityCorrectionProposed { .. }
        | Event::IdentityCorrectionDeclined { .. }
        | Event::IdentityCorrected { .. } => told_identity(event),
        custody => told_custody(custody),
    }
}

fn told_identity(event: &Event) -> (Tone, String) {
    match event {
        Event::IdentityCorrectionProposed { from, to, because, .. } => {
            let (from, to) = (printed(from), printed(to));
            (Tone::Wait, format!("Correction of its identity proposed: {from} → {to}: {because}"))
        }
        Event::IdentityCorrectionDeclined { to, because, .. } => {
            (Tone::Calm, format!("Correction to {} declined: {because}", printed(to)))
        }
        Event::IdentityCorrected { from, to, because, proposed, .. } => {
            let (from, to, by) = (printed(from), printed(to), &proposed.login);
            let text = format!("Identity corrected: {from} → {to}: {because} (proposed by {by})");
            (Tone::Stop, text)
        }
        _ => (Tone::Calm, "Recorded".to_owned()),
    }
}

fn told_custody(event: &Event) -> (Tone, String) {
    match event {
        Event::HandedOver { from, to, destination, .. } => {
            (Tone::Part, format!("Handed over by {from} to {to}, {destination}"))
        }
        Event::Received { by, condition, .. } => {
            (Tone::Ok, format!("Received by {by}: {condition}"))
        }
        Event::ExcursionOpened { purpose, volume, taken_by, .. } => {
            (Tone::Wait, format!("{} left for {purpose} with {taken_by}", volume.text()))
        }
        Event::ExcursionReturned { volume, .. } => {
            (Tone::Ok, format!("{} came back", volume.text()))
        }
        Event::ExcursionWrittenOff { .. } => (Tone::Stop, "What left was written off".to_owned()),
        Event::Administered { order, target, volume, .. } => {
            let target = target.as_str().replace('_', " ");
            (Tone::Ok, format!("{} given into {target} for {order}", volume.text()))
        }
        Event::Destroyed { because, .. } => (Tone::Stop, format!("Destroyed: {because}")),
        Event::Packed { units } => {
            let units: Vec<&str> = units.iter().map(ContainerCode::as_str).collect();
            (Tone::Part, format!("Packed: {}", units.join(", ")))
        }
        Event::Unpacked {} => (Tone::Calm, "Unpacked".to_owned()),
        _ => (Tone::Calm, "Recorded".to_owned()),
    }
}
