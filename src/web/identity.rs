//! The product identity of a container: what it is, what it was, and its correction by two people.
//!
//! Neighbours: `app::container_identity`; [`super::container`] has the page of the container.
//!
//! Architecture invariant: old and new identity stand side by side, with check characters, on every
//! page that is signed here.

use super::component::{Banner, Cell, Chip, Facts, Head, Link, Table, Tone};
use super::container::address;
use super::cx::Cx;
use super::error::WebError;
use super::form::{Errors, Field};
use super::home::Waiting;
use super::icon::Icon;
use super::reply::Reply;
use super::review::{self, Review};
use super::routes::{Access, Route};
use super::sheet::{Block, Body, Sheet, act};
use crate::app::container_identity::{
    IdentityPropose, identity_decide, identity_decide_shown, identity_propose,
    identity_propose_shown, printed, read_identity,
};
use crate::app::shown::Shown;
use crate::domain::actor::{Capability, Meaning};
use crate::domain::container::{Container, IdentityProposal, ProductIdentity};
use crate::domain::id::ContainerCode;
use crate::store::{Failure, container as table, identity};

const READ: Access = Access::Needs(&[Capability::ReadGmp]);
const PROPOSE: Access = Access::Needs(&[Capability::DecideDeviation]);
const DECIDE: Access = Access::Needs(&[Capability::DecideDisposition]);

/// The rows of this slice.
pub const ROUTES: &[Route] = &[
    Route::get("/containers/{code}/identity", READ, show, "The product identity of a container"),
    Route::post(
        "/containers/{code}/identity",
        PROPOSE,
        propose,
        "Propose to correct a product identity",
    ),
    Route::post(
        "/containers/{code}/identity/confirm",
        DECIDE,
        confirm,
        "Confirm the correction of a product identity",
    ),
    Route::post(
        "/containers/{code}/identity/decline",
        DECIDE,
        decline,
        "Decline the correction of a product identity",
    ),
];

/// The most that wait at once on the first page.
const LIMIT: i64 = 20;

/// The page of the identity of a container.
pub(super) fn page(code: &str) -> String {
    format!("{}/identity", address(code))
}

/// Corrections that wait for the person who asks.
pub(super) fn waiting(cx: &Cx) -> Result<Vec<Waiting>, WebError> {
    if !cx.may(Capability::DecideDisposition) {
        return Ok(Vec::new());
    }
    let login = cx.actor()?.login.clone();
    let rows = cx.app().read(|db| identity::waiting_for(db, login.as_str(), LIMIT))?;
    let item = |(code, by): (String, String)| Waiting {
        group: "Containers",
        icon: Icon::Sign,
        title: format!("{code} · correction of its identity"),
        detail: format!("proposed by {by}"),
        chip: Some(Chip::new(Tone::Wait, "to confirm")),
        href: page(&code),
        urgent: true,
    };
    Ok(rows.into_iter().map(item).collect())
}

fn show(cx: &Cx) -> Result<Reply, WebError> {
    cx.page(&sheet(cx, None)?)
}

fn state(cx: &Cx) -> Result<Container, WebError> {
    let code = cx.param_as("code", ContainerCode::parse)?;
    Ok(cx.app().read(|db| table::require(db, &code))?)
}

fn sheet(cx: &Cx, banner: Option<Banner>) -> Result<Sheet, WebError> {
    let state = state(cx)?;
    let title = format!("Product identity of {}", state.code);
    let head = Head::new(title.clone())
        .under("/containers", "Containers")
        .under(address(&state.code), state.code.clone())
        .lede(state.contents.title.to_string());
    let mut sheet = Sheet::new(cx, title, head);
    sheet.banners.extend(banner);
    let now = state.identity.as_ref().map_or_else(|| "none".to_owned(), printed);
    let facts = Facts::new()
        .with("Container", Cell::Code(state.code.clone()))
        .with("Identity now", Cell::Code(now));
    sheet.main.push(Block::new("Now", Body::Facts(facts)));
    sheet.main.extend(before(cx, &state));
    if let Some(open) = &state.identity_proposal {
        sheet.main.push(proposal(cx, &state, open));
        sheet.aside.extend(decisions(cx, &sheet, &state));
    }
    sheet.aside.extend(entry(cx, &sheet, &state));
    Ok(sheet)
}

/// What it was before, with who corrected it.
fn before(cx: &Cx, state: &Container) -> Option<Block> {
    let columns = ["Corrected", "From", "To", "Proposed by", "Confirmed by", "Why"];
    let mut table = Table::new("Corrected identities", &columns);
    for one in state.corrected.iter().rev() {
        table.push([
            Cell::when(cx.when(one.at)),
            Cell::Code(printed(&one.from)),
            Cell::Code(printed(&one.to)),
            Cell::Text(one.proposed.printed_name.clone()),
            Cell::Text(one.confirmed.printed_name.clone()),
            Cell::Soft(one.because.clone()),
        ]);
    }
    let block = Block::new("Corrected", Body::Table(table));
    (!state.corrected.is_empty()).then(|| block.note("what it was names nothing any more"))
}

fn proposal(cx: &Cx, state: &Container, open: &IdentityProposal) -> Block {
    let now = state.identity.as_ref().map_or_else(String::new, printed);
    let facts = Facts::new()
        .with("From", Cell::Code(now))
        .with("To", Cell::Code(printed(&open.to)))
        .with("Because", open.because.clone())
        .with("Proposed", cx.when(open.signature.at));
    Block::new("Waits for a second person", Body::Facts(facts)).signed([&open.signature])
}

/// Confirm for who did not propose; decline for both.
fn decisions(cx: &Cx, sheet: &Sheet, state: &Container) -> Vec<Block> {
    let mut blocks = Vec::new();
    if !cx.may(Capability::DecideDisposition) {
        return blocks;
    }
    let own = cx.actor().is_ok_and(|actor| {
        state.identity_proposal.as_ref().is_some_and(|open| open.signature.login == actor.login)
    });
    let to = page(&state.code);
    if !own {
        let mut form = act(&sheet.shell, format!("{to}/confirm"), Vec::new(), "Check and confirm");
        form.intro = "Compare it with the papers of the container before you sign. Every label \
                      of it is void then."
            .to_owned();
        blocks.push(Block::new("Confirm", Body::Act(Box::new(form))));
    }
    let (title, words) = match own {
        true => ("Take it back", "Why it is taken back"),
        false => ("Decline", "Why it is declined"),
    };
    let because = vec![Field::text("declined", words).required()];
    let form = act(&sheet.shell, format!("{to}/decline"), because, title);
    blocks.push(Block::new(title, Body::Act(Box::new(form))).folded());
    blocks
}

/// The form of a new proposal, with the present identity to be changed.
fn entry(cx: &Cx, sheet: &Sheet, state: &Container) -> Option<Block> {
    if !cx.may(Capability::DecideDeviation) {
        return None;
    }
    let now = match state.correctable() {
        Ok(now) => now,
        Err(refusal) => {
            let why = Banner::note("It cannot be corrected").text(format!("{refusal}."));
            return Some(Block::new("", Body::Banner(why)));
        }
    };
    let kept = |field: Field, value: &str| {
        let field = field.value(value);
        match cx.form().get("din") {
            Some(_) => field.fill(cx.form(), &Errors::new()),
            None => field,
        }
    };
    let fields = vec![
        kept(Field::text("din", "Donation number").mono().required(), &now.din.printed())
            .hint("As printed, with the boxed check character."),
        kept(Field::text("product_code", "Product code").mono().required(), &now.product_code)
            .hint("Six characters, without the division."),
        kept(Field::text("division", "Division").mono().required(), &now.division)
            .hint("Two characters, or six."),
        kept(Field::area("because", "Why").required(), ""),
    ];
    let mut form = act(&sheet.shell, page(&state.code), fields, "Check");
    form.intro = "You propose, another person of QA or the Qualified Person confirms. The \
                  identity before is retired for ever."
        .to_owned();
    Some(Block::new("Propose a correction", Body::Act(Box::new(form))))
}

fn again(cx: &Cx, failure: Failure) -> Result<Reply, WebError> {
    let banner = WebError::from(failure).refusal()?;
    cx.page_again(&sheet(cx, Some(banner))?)
}

fn typed(cx: &Cx) -> Result<ProductIdentity, Failure> {
    let form = cx.form();
    let parts = (form.text("din"), form.text("product_code"), form.text("division"));
    read_identity(&cx.app().config.site, parts)
}

fn propose(cx: &Cx) -> Result<Reply, WebError> {
    let container = cx.param_as("code", ContainerCode::parse)?;
    let to = match typed(cx) {
        Ok(to) => to,
        Err(failure) => return again(cx, failure),
    };
    let because = cx.form().text("because").to_owned();
    let command = IdentityPropose { container: container.clone(), to, because };
    let shown = match cx.app().read(|db| identity_propose_shown(db, &command)) {
        Ok(shown) => shown,
        Err(failure) => return again(cx, failure),
    };
    let text = "Nothing changes before a second person has confirmed it.";
    let banner = Banner::note("Compare old and new with the papers").text(text);
    let caller = cx.caller()?;
    review::sign_and(
        cx,
        look(&container, "", (Meaning::Performed, shown), ("Sign the proposal", banner)),
        |signature| identity_propose(cx.app(), &caller, command, signature),
        |()| {
            Reply::see_other(page(container.as_str())).flash("Proposed. A second person confirms.")
        },
    )
}

fn confirm(cx: &Cx) -> Result<Reply, WebError> {
    let container = cx.param_as("code", ContainerCode::parse)?;
    let shown = match cx.app().read(|db| identity_decide_shown(db, &container, None)) {
        Ok(shown) => shown,
        Err(failure) => return again(cx, failure),
    };
    let text = "The identity before is retired for ever, and every label of the container is \
                void. Print a new one, take the old one off, and read the new one back.";
    let banner = Banner::check("Once signed, this identity holds").text(text);
    let caller = cx.caller()?;
    review::sign_and(
        cx,
        look(&container, "/confirm", (Meaning::Approved, shown), ("Sign and correct", banner)),
        |signature| identity_decide(cx.app(), &caller, &container, None, signature),
        |()| {
            Reply::see_other(format!("/labels/container/{container}"))
                .flash("Corrected. Its labels are void: print a new one and read it back.")
        },
    )
}

fn decline(cx: &Cx) -> Result<Reply, WebError> {
    let container = cx.param_as("code", ContainerCode::parse)?;
    let because = cx.form().text("declined").to_owned();
    let shown = cx.app().read(|db| identity_decide_shown(db, &container, Some(&because)));
    let shown = match shown {
        Ok(shown) => shown,
        Err(failure) => return again(cx, failure),
    };
    let banner = Banner::note("The identity stays as it is");
    let caller = cx.caller()?;
    review::sign_and(
        cx,
        look(&container, "/decline", (Meaning::Rejected, shown), ("Sign", banner)),
        |signature| identity_decide(cx.app(), &caller, &container, Some(because), signature),
        |()| Reply::see_other(page(container.as_str())).flash("Nothing is corrected."),
    )
}

fn look(
    container: &ContainerCode,
    path: &str,
    (meaning, shown): (Meaning, Shown),
    (button, banner): (&'static str, Banner),
) -> Review {
    let own = page(container.as_str());
    Review {
        title: shown.act.clone(),
        back: (own.clone(), format!("Product identity of {container}")),
        action: format!("{own}{path}"),
        shown,
        meaning,
        second: None,
        button,
        banner: Some(banner),
    }
}

/// The way to it from the page of the container.
pub(super) fn link(cx: &Cx, state: &Container) -> Option<Link> {
    let words = match &state.identity_proposal {
        Some(_) => "Identity: correction waits",
        None if cx.may(Capability::DecideDeviation) => "Correct its identity",
        None if !state.corrected.is_empty() => "Identity: corrected",
        None => return None,
    };
    state.identity.as_ref().map(|_| Link::to(page(&state.code), words))
}
