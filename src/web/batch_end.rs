//! The end of a batch that is not certified: everything of it that is open with one decision each,
//! then what that means and the signatures over it.
//!
//! Neighbours: `app::batch_end` lists, previews and records; `review` is the page that is signed.
//!
//! Architecture invariant: nothing is chosen beforehand; who decides says what becomes of each
//! thing, or of all things of a kind at once.

use askama::Template;

use super::batch::address as batch_address;
use super::component::{Banner, Head};
use super::cx::Cx;
use super::error::WebError;
use super::filters;
use super::form::{Errors, Field};
use super::icon::Icon;
use super::page::Shell;
use super::reply::Reply;
use super::review::{self, Review};
use super::routes::{Access, Route};
use crate::app::batch_end::{BatchEnd, EndPreview, batch_end, batch_end_open, batch_end_preview};
use crate::domain::actor::{Capability, Meaning};
use crate::domain::batch::{EndAct, EndSigned, OpenItem, Settlement};
use crate::domain::id::BatchNumber;

const DECIDE: Access = Access::Needs(&[Capability::DecideDisposition]);

/// The rows of this slice.
pub const ROUTES: &[Route] = &[
    Route::get("/batches/{number}/end/{act}", DECIDE, form, "What is open of a batch that ends"),
    Route::post("/batches/{number}/end/{act}", DECIDE, end, "Give a batch up or reject it"),
];

/// The two ways a batch ends: the word in the address, the title of the page, the button.
const ACTS: [(EndAct, &str, &str, &str); 2] = [
    (EndAct::GiveUp, "give-up", "Give up batch", "Give the batch up"),
    (EndAct::Reject, "reject", "Reject batch", "Reject the batch"),
];

/// More things of a kind than this are folded; one decision for all of them stands above.
const OPEN_MAX: usize = 6;

/// Where a batch is given up or rejected.
pub(super) fn address(number: &BatchNumber, act: EndAct) -> String {
    let word = ACTS.iter().find(|(one, ..)| *one == act).map_or("", |(_, word, ..)| word);
    format!("{}/end/{word}", batch_address(number))
}

/// Things of one kind.
struct Group {
    title: String,
    count: usize,
    /// One decision for all of them, where there are several.
    all: Option<Field>,
    each: Vec<Field>,
    folded: bool,
}

#[derive(Template)]
#[template(path = "batch/end.html")]
struct EndPage {
    shell: Shell,
    head: Head,
    banner: Option<Banner>,
    groups: Vec<Group>,
    reason: Field,
    action: String,
    back: String,
}

fn wanted(cx: &Cx) -> Result<(BatchNumber, EndAct, &'static str, &'static str), WebError> {
    let number = cx.param_as("number", BatchNumber::parse)?;
    let word = cx.param("act");
    let found = ACTS.iter().find(|(_, known, ..)| *known == word);
    let (act, _, title, button) = found.ok_or_else(|| WebError::not_found(word))?;
    Ok((number, *act, title, button))
}

fn choices(item: &OpenItem) -> Vec<(String, String)> {
    let choice = |one: &Settlement| (one.code().to_owned(), one.words().to_owned());
    item.choices.iter().map(choice).collect()
}

/// The groups in the order in which their first thing stands.
fn grouped(items: &[OpenItem]) -> Vec<(&str, Vec<&OpenItem>)> {
    let mut groups: Vec<(&str, Vec<&OpenItem>)> = Vec::new();
    for item in items {
        match groups.iter_mut().find(|(title, _)| *title == item.group) {
            Some((_, of)) => of.push(item),
            None => groups.push((&item.group, vec![item])),
        }
    }
    groups
}

/// Whether one decision can be given for all of a group: they have the same choices.
fn alike(of: &[&OpenItem]) -> bool {
    let first = of.first().map(|item| &item.choices);
    of.len() > 1 && of.iter().all(|item| Some(&item.choices) == first)
}

fn page(cx: &Cx, errors: &Errors, banner: Option<Banner>) -> Result<EndPage, WebError> {
    let (number, act, title, _) = wanted(cx)?;
    let items = batch_end_open(cx.app(), &number)?;
    let fill = |field: Field| field.fill(cx.form(), errors);
    let group = |(index, (title, of)): (usize, (&str, Vec<&OpenItem>))| Group {
        title: title.to_owned(),
        count: of.len(),
        all: of
            .first()
            .filter(|_| alike(&of))
            .map(|first| fill(Field::radio(format!("all.{index}"), "All of them", choices(first)))),
        each: of
            .iter()
            .map(|item| {
                let field =
                    Field::radio(format!("of.{}", item.key), item.what.clone(), choices(item));
                fill(field)
            })
            .collect(),
        folded: alike(&of) && of.len() > OPEN_MAX,
    };
    let lede = "What it made is rejected with it. Say what becomes of everything that is open: \
                nothing stays open silently.";
    Ok(EndPage {
        shell: cx.shell(format!("{title} {number}")),
        head: Head::new(format!("{title} {number}"))
            .under("/batches", "Batches")
            .under(batch_address(&number), format!("Batch {number}"))
            .lede(lede),
        banner,
        groups: grouped(&items).into_iter().enumerate().map(group).collect(),
        reason: fill(Field::area("reason", "Why").rows(3).required()),
        action: address(&number, act),
        back: batch_address(&number),
    })
}

fn form(cx: &Cx) -> Result<Reply, WebError> {
    cx.page(&page(cx, &Errors::new(), None)?)
}

/// The decisions of the form: each thing's own, else the one for all of its kind. What has none is
/// noted beside it.
fn decisions(cx: &Cx, items: &[OpenItem], errors: &mut Errors) -> Vec<(String, Settlement)> {
    let mut decided = Vec::new();
    for (index, (_, of)) in grouped(items).into_iter().enumerate() {
        let for_all = Settlement::parse(cx.form().text(&format!("all.{index}")));
        for item in of {
            let name = format!("of.{}", item.key);
            match Settlement::parse(cx.form().text(&name)).or(for_all) {
                Some(settlement) => decided.push((item.key.clone(), settlement)),
                None => errors.add(&name, "Decide what becomes of it."),
            }
        }
    }
    decided
}

fn undecided() -> Banner {
    Banner::stop("Something is still open")
        .text("Nothing of a batch stays open silently (ATMP-39): decide what becomes of each.")
}

fn end(cx: &Cx) -> Result<Reply, WebError> {
    let (number, act, title, button) = wanted(cx)?;
    let mut check = cx.check();
    let because = check.required("reason").unwrap_or_default();
    let items = batch_end_open(cx.app(), &number)?;
    let decisions = decisions(cx, &items, &mut check.errors);
    if !check.is_ok() {
        return cx.page_again(&page(cx, &check.errors, Some(undecided()))?);
    }
    let command = BatchEnd { act, because, decisions };
    let preview = match batch_end_preview(cx.app(), &number, &command) {
        Ok(preview) => preview,
        Err(failure) => {
            let banner = WebError::from(failure).refusal()?;
            return cx.page_again(&page(cx, &check.errors, Some(banner))?);
        }
    };
    let EndPreview { shown, needs_witness } = preview;
    let hash = shown.hash()?;
    let review = Review {
        title: format!("{title} {number}"),
        back: (address(&number, act), "Everything open".to_owned()),
        action: address(&number, act),
        shown,
        meaning: Meaning::Rejected,
        second: needs_witness.then_some(Meaning::Verified),
        button,
        banner: None,
    };
    if !review::is_signed(cx) {
        return review::page(cx, review, None);
    }
    let signed = cx.sign(Meaning::Rejected, &hash).and_then(|signature| {
        let seen = Capability::HandleContainers;
        let witness = needs_witness.then(|| cx.second_signature(Meaning::Verified, &hash, seen));
        Ok(EndSigned { signature, witness: witness.transpose()? })
    });
    match signed {
        Ok(signed) => {
            batch_end(cx.app(), &cx.caller()?, &number, command, signed)?;
            Ok(Reply::see_other(format!("{}?part=ended", batch_address(&number)))
                .flash(&format!("{}.", act.words())))
        }
        Err(error) if error.beside("sign").is_some() || error.beside("second").is_some() => {
            review::page(cx, review, Some(&error))
        }
        Err(error) => Err(error),
    }
}
