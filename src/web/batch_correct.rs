//! Correcting a value of a performed step: which value, the right one and why, what follows from
//! it, the signature; and the second person's check of a correction.
//!
//! Neighbours: `batch_show` leads here from a performed step; `app::batch_value_correct` decides.
//!
//! Architecture invariant: the old value is on every page, in words and struck through; which
//! values can be corrected is the domain's answer, not this page's.

use askama::Template;

use super::batch::address;
use super::batch_step::{
    entry_field, identity, own_signature, read_entry, step_head, the_step, verifying_signature,
    view,
};
use super::component::{
    Banner, Cell, Chip, Facts, Head, Link, SignatureBlock, Signed, Table, Tone,
};
use super::cx::Cx;
use super::error::WebError;
use super::filters;
use super::form::{Errors, Field};
use super::icon::Icon;
use super::page::Shell;
use super::reply::Reply;
use super::routes::{Access, Route};
use super::sheet::{Block, Body};
use crate::app::batch_show::BatchView;
use crate::app::batch_value_correct::{
    CorrectionPreview, aftermath, batch_correction_preview, batch_correction_verification_preview,
    batch_correction_verify, batch_value_correct,
};
use crate::domain::actor::{Capability, Meaning};
use crate::domain::batch::{
    self, CorrectValue, CorrectionShown, Mark, Performance, Recheck, ShownChange, correctable,
};
use crate::domain::id::{ContainerCode, Name};
use crate::domain::master_record::{Field as Asked, Step};
use crate::domain::release::Stage;

const PERFORM: Access = Access::Needs(&[Capability::PerformSteps]);
const READ: Access = Access::Needs(&[Capability::ReadGmp]);
const VERIFY: Access = Access::Needs(&[Capability::VerifySteps]);

/// The rows of this slice.
pub const ROUTES: &[Route] = &[
    Route::get(
        "/batches/{number}/steps/{step}/correct/{occurrence}",
        PERFORM,
        form,
        "Choose a signed value, and correct it",
    ),
    Route::post(
        "/batches/{number}/steps/{step}/correct/{occurrence}/check",
        PERFORM,
        check,
        "What a correction would mean",
    ),
    Route::post(
        "/batches/{number}/steps/{step}/correct/{occurrence}",
        PERFORM,
        correct,
        "Correct a signed value",
    ),
    Route::get(
        "/batches/{number}/corrections/{correction}",
        READ,
        verify_form,
        "A correction, and what a second person makes of it",
    ),
    Route::post(
        "/batches/{number}/corrections/{correction}",
        VERIFY,
        verify,
        "Verify a correction as second person",
    ),
];

/// Where a value of a performance is corrected, if this person may and it is not too late.
pub(super) fn link(
    cx: &Cx,
    view: &BatchView,
    step: &Step,
    performance: &Performance,
) -> Option<Link> {
    let open =
        view.release.is_none_or(|stage| matches!(stage, Stage::InProcess | Stage::PendingReview));
    let own = |field: &Asked| correctable(step, &field.name).is_ok();
    let may = cx.may(Capability::PerformSteps)
        && open
        && view.batch.aborted.is_none()
        && step.fields.iter().any(own);
    let to = format!(
        "{}/steps/{}/correct/{}",
        address(&view.batch.number),
        step.name,
        performance.occurrence
    );
    may.then(|| Link::to(to, "Correct a value").icon(Icon::Record))
}

/// Where a correction is verified.
pub(super) fn verification_address(view: &BatchView, number: u32) -> String {
    format!("{}/corrections/{number}", address(&view.batch.number))
}

/// The form at the right of a page.
struct Entry {
    action: String,
    fields: Vec<Field>,
    carried: Vec<Field>,
    sign: Option<SignatureBlock>,
    button: &'static str,
}

#[derive(Template)]
#[template(path = "batch/correct.html")]
struct CorrectPage {
    shell: Shell,
    head: Head,
    banners: Vec<Banner>,
    identity: Facts,
    blocks: Vec<Block>,
    lines: Vec<Lines>,
    choices: Vec<Link>,
    form: Option<Entry>,
    back: String,
}

/// The performance that a page is about.
struct About<'a> {
    view: &'a BatchView,
    step: &'a Step,
    performance: &'a Performance,
}

impl<'a> About<'a> {
    fn of(cx: &Cx, view: &'a BatchView) -> Result<Self, WebError> {
        let step = the_step(cx, view)?;
        let occurrence = cx.param_as("occurrence", str::parse::<u32>)?;
        let performance =
            view.batch
                .of_step(&step.name)
                .find(|one| one.occurrence == occurrence)
                .ok_or_else(|| WebError::not_found(format!("{} {occurrence}", step.name)))?;
        Ok(Self { view, step, performance })
    }

    fn action(&self) -> String {
        let (number, step) = (&self.view.batch.number, &self.step.name);
        format!("{}/steps/{step}/correct/{}", address(number), self.performance.occurrence)
    }

    fn head(&self, title: &str) -> Head {
        let mut head = step_head(&self.view.batch, &self.view.record, self.step);
        head.title = format!("{title}: {}", head.title);
        head
    }

    /// Every value the step asked for, with what stands there.
    fn values(&self) -> Vec<(&'a Asked, Option<ContainerCode>)> {
        let mut values = Vec::new();
        for field in &self.step.fields {
            match &field.each {
                None => values.push((field, None)),
                Some(each) => values.extend(
                    self.view
                        .batch
                        .consumed()
                        .filter(|used| used.what == *each)
                        .map(|used| (field, Some(used.container.clone()))),
                ),
            }
        }
        values
    }

    fn shown(&self) -> batch::StepShown {
        batch::performance_shown(&self.view.batch, &self.view.record, self.performance)
    }
}

fn key(field: &Name, item: Option<&ContainerCode>) -> String {
    item.map_or_else(|| field.to_string(), |item| format!("{field}@{item}"))
}

/// The value that the address or the form names.
fn chosen<'a>(cx: &Cx, about: &About<'a>) -> Option<(&'a Asked, Option<ContainerCode>)> {
    let named = [cx.form().text("value"), cx.query("value")];
    let named = named.into_iter().find(|text| !text.is_empty())?;
    about.values().into_iter().find(|(field, item)| key(&field.name, item.as_ref()) == named)
}

/// What stands in the record for a value: as entered, its limits, and what it was before.
fn standing(about: &About<'_>, field: &Asked, item: Option<&ContainerCode>) -> [Cell; 3] {
    let of = |entry: &&batch::Entry| entry.name == field.name && entry.item.as_ref() == item;
    let entry = about.performance.values.iter().find(of);
    let text = entry.map_or_else(|| "nothing entered".to_owned(), |one| one.value.text());
    let item_text = item.map(ToString::to_string);
    let shown = about.shown();
    let shown = shown
        .values
        .iter()
        .find(|one| one.title == field.title && one.item == item_text && one.value == text);
    let limit = shown.map(|one| one.limit.clone()).filter(|limit| !limit.is_empty());
    let was: Vec<String> = shown
        .into_iter()
        .flat_map(|one| &one.was)
        .map(|was| format!("was {}, {}", was.value, was.because))
        .collect();
    let soft = |text: Option<String>| Cell::Soft(text.unwrap_or_else(|| "—".to_owned()));
    [Cell::Strong(text), soft(limit), soft((!was.is_empty()).then(|| was.join("; ")))]
}

fn title(field: &Asked, item: Option<&ContainerCode>) -> String {
    item.map_or_else(|| field.title.clone(), |item| format!("{} · {item}", field.title))
}

/// The page that asks which value.
fn choose_page(cx: &Cx, about: &About<'_>, banner: Option<Banner>, open: bool) -> CorrectPage {
    let columns = ["Value", "As signed", "Limits", "Before"];
    let mut table = Table::new("Values of this step", &columns);
    let (mut choices, mut fixed) = (Vec::new(), Vec::new());
    for (field, item) in about.values() {
        let [text, limit, was] = standing(about, field, item.as_ref());
        let name = title(field, item.as_ref());
        match correctable(about.step, &field.name) {
            Ok(_) => {
                let to = format!("{}?value={}", about.action(), key(&field.name, item.as_ref()));
                choices.push(Link::to(to, name.clone()));
            }
            Err(refusal) => fixed.push(refusal.to_string()),
        }
        table.push([Cell::from(name), text, limit, was]);
    }
    CorrectPage {
        shell: cx.shell(format!("Correct a value of {}", about.step.title)),
        head: about.head("Correct a value").lede(
            "The old value stays on the record, struck through. What is calculated from it follows \
             by itself.",
        ),
        banners: banner.into_iter().collect(),
        identity: identity(&about.view.batch),
        blocks: vec![
            Block::new("What stands in the record", Body::Table(table)),
            signatures(about.performance),
        ],
        lines: Lines::of([("What is not corrected here", &fixed)]),
        choices: if open { choices } else { Vec::new() },
        form: None,
        back: back(about),
    }
}

fn signatures(performance: &Performance) -> Block {
    let signed = std::iter::once(&performance.signature).chain(&performance.verified);
    Block::new("Signed so far", Body::Signed(signed.map(Signed::from).collect()))
}

fn back(about: &About<'_>) -> String {
    format!("{}#{}", address(&about.view.batch.number), about.step.name)
}

/// The page that asks for the right value.
fn entry_page(
    cx: &Cx,
    about: &About<'_>,
    (asked, item): (&Asked, Option<&ContainerCode>),
    errors: &Errors,
    banner: Option<Banner>,
) -> CorrectPage {
    let (batch, record) = (&about.view.batch, &about.view.record);
    let [text, limit, was] = standing(about, asked, item);
    let table =
        Table::new("What stands in the record", &["Value", "As signed", "Limits", "Before"]).row([
            Cell::from(title(asked, item)),
            text,
            limit,
            was,
        ]);
    let mut right = entry_field(batch, record, about.step, asked, item);
    right.label = format!("Right value: {}", right.label);
    right.required = true;
    right.autofocus = true;
    let reason = Field::area("reason", "Why the signed value is wrong")
        .rows(3)
        .hint("It becomes part of the record, beside the old and the new value.")
        .required();
    let fields = [right, reason].into_iter().map(|one| one.fill(cx.form(), errors)).collect();
    let carried = vec![Field::hidden("value", key(&asked.name, item))];
    CorrectPage {
        shell: cx.shell(format!("Correct a value of {}", about.step.title)),
        head: about.head("Correct a value"),
        banners: banner.into_iter().collect(),
        identity: identity(batch),
        blocks: vec![
            Block::new("What stands in the record", Body::Table(table)),
            signatures(about.performance),
        ],
        lines: Vec::new(),
        choices: Vec::new(),
        form: Some(Entry {
            action: format!("{}/check", about.action()),
            fields,
            carried,
            sign: None,
            button: "See what follows",
        }),
        back: about.action(),
    }
}

fn form(cx: &Cx) -> Result<Reply, WebError> {
    let view = view(cx)?;
    let about = About::of(cx, &view)?;
    let known = cx.app().read(|db| aftermath(db, &view.batch, &about.step.name))?;
    let closed = batch::must_be_open(&view.batch, &known, &cx.actor()?.login);
    match (closed, chosen(cx, &about)) {
        (Ok(()), Some((asked, item))) if correctable(about.step, &asked.name).is_ok() => {
            let place = (asked, item.as_ref());
            cx.page(&entry_page(cx, &about, place, &Errors::new(), None))
        }
        (closed, _) => {
            let open = closed.is_ok();
            let banner = closed.err().map(|refusal| Banner::stop(refusal.to_string()));
            cx.page(&choose_page(cx, &about, banner, open))
        }
    }
}

/// What the form asks for; `None` when an entry is missing or malformed, which `errors` then says.
fn command(
    cx: &Cx,
    about: &About<'_>,
    (asked, item): (&Asked, Option<&ContainerCode>),
) -> Result<CorrectValue, Errors> {
    let mut check = cx.check();
    let (name, text) = read_entry(cx, &mut check, asked, item);
    if text.is_none() && check.errors.of(&name).is_none() {
        check.errors.add(&name, "The right value is needed; nothing blank replaces a known value.");
    }
    let because = check.required("reason");
    match (text, because) {
        (Some(text), Some(because)) if check.is_ok() => Ok(CorrectValue {
            step: about.step.name.clone(),
            occurrence: about.performance.occurrence,
            field: asked.name.clone(),
            item: item.cloned(),
            text,
            because,
        }),
        _ => Err(check.errors),
    }
}

fn change_rows(changes: &[ShownChange]) -> Table {
    let mut table =
        Table::new("Values", &["Step", "Value", "Before", "Right value", "Limits, arithmetic"]);
    for change in changes {
        let limit = match (&change.arithmetic, change.limit.is_empty()) {
            (Some(arithmetic), true) => arithmetic.clone(),
            (Some(arithmetic), false) => format!("{} · {arithmetic}", change.limit),
            (None, true) => "—".to_owned(),
            (None, false) => change.limit.clone(),
        };
        let cells = [
            Cell::Soft(change.step.clone()),
            Cell::from(change.title.clone()),
            Cell::Struck(format!("was {}", change.old)),
            Cell::Strong(new_text(change)),
            Cell::Soft(limit),
        ];
        match change.mark {
            Mark::Action => table.push_exception(cells),
            _ => table.push(cells),
        }
    }
    table
}

/// The new value, and in words how it stands to its limits where that is not within.
fn new_text(change: &ShownChange) -> String {
    let word = match (change.mark, change.old_mark) {
        (Mark::Within, Some(Mark::Alert | Mark::Action)) => ", within limits now",
        (Mark::Within, _) => "",
        (Mark::Alert, _) => ", outside the alert limit",
        (Mark::Action, _) => ", OUTSIDE the action limit",
    };
    format!("{}{word}", change.new)
}

fn blocks(shown: &CorrectionShown) -> Vec<Block> {
    let value = change_rows(std::slice::from_ref(&shown.value));
    let facts = Facts::new()
        .wide()
        .with("Why", shown.because.clone())
        .with_some("Corrected and signed by", shown.corrected_by.clone());
    let mut blocks = vec![
        Block::new(format!("Correction {}", shown.number), Body::Table(value)),
        Block::new("", Body::Facts(facts)),
    ];
    if !shown.follows.is_empty() {
        let (note, table) = (shown.follows.len().to_string(), change_rows(&shown.follows));
        blocks.push(Block::new("What follows from it", Body::Table(table)).note(note));
    }
    blocks
}

/// A group of lines of what is signed.
struct Lines {
    title: &'static str,
    items: Vec<String>,
}

impl Lines {
    /// The groups that have a line.
    fn of<'a>(groups: impl IntoIterator<Item = (&'static str, &'a Vec<String>)>) -> Vec<Self> {
        let group = |(title, items): (&'static str, &Vec<String>)| {
            (!items.is_empty()).then(|| Self { title, items: items.clone() })
        };
        groups.into_iter().filter_map(group).collect()
    }
}

fn lines(shown: &CorrectionShown) -> Vec<Lines> {
    Lines::of([
        ("Booked, so that the accounts follow", &shown.postings),
        ("Signatures that do not cover the new values", &shown.not_covered),
        ("Hold points signed on the old value", &shown.hold_points),
        ("Earlier corrections of this value", &shown.earlier),
    ])
}

fn recheck_banner(recheck: Recheck) -> Banner {
    match recheck {
        Recheck::NotNeeded => Banner::note("No second person is needed for this value"),
        Recheck::WithStep => Banner::note("The step is not verified yet")
            .text("Who verifies the step verifies this correction with it."),
        Recheck::ByItself => Banner::check("A second person has to verify this correction")
            .text("Until then the batch is not complete, and nothing that follows goes on."),
    }
}

fn deviations_banner(shown: &CorrectionShown) -> Option<Banner> {
    (!shown.deviations.is_empty()).then(|| {
        let title = match shown.corrected_by {
            None => format!("Signing this opens {} deviation(s)", shown.deviations.len()),
            Some(_) => "It opened a deviation".to_owned(),
        };
        Banner::check(title).text(shown.deviations.join(" · "))
    })
}

fn review_page(
    cx: &Cx,
    about: &About<'_>,
    preview: &CorrectionPreview,
    error: Option<String>,
) -> Result<CorrectPage, WebError> {
    let shown = &preview.shown;
    let mut sign =
        cx.signature_block(Meaning::Corrected, &preview.hash)?.button("Correct this value");
    sign.error = error;
    let guard = |name: &str| ["csrf", "command_id"].contains(&name) || name.starts_with("sign_");
    let carried = cx
        .form()
        .with_prefix("")
        .filter(|(name, _)| !guard(name))
        .map(|(name, value)| Field::hidden(name, value))
        .collect();
    let mut banners: Vec<Banner> = deviations_banner(shown).into_iter().collect();
    banners.push(recheck_banner(shown.recheck));
    let value = cx.form().text("value");
    Ok(CorrectPage {
        shell: cx.shell(format!("Sign the correction of {}", about.step.title)),
        head: about.head("Sign the correction"),
        banners,
        identity: identity(&about.view.batch),
        blocks: blocks(shown),
        lines: lines(shown),
        choices: Vec::new(),
        form: Some(Entry {
            action: about.action(),
            fields: Vec::new(),
            carried,
            sign: Some(sign),
            button: "",
        }),
        back: format!("{}?value={value}", about.action()),
    })
}

/// The two posts begin alike: which value, what is asked, or the form again.
fn asked(
    cx: &Cx,
    about: &About<'_>,
    then: impl FnOnce(CorrectValue) -> Result<Reply, WebError>,
) -> Result<Reply, WebError> {
    let Some((field, item)) = chosen(cx, about) else {
        let banner = Banner::check("Choose the value that is wrong");
        return cx.page_again(&choose_page(cx, about, Some(banner), true));
    };
    let place = (field, item.as_ref());
    let again =
        |errors: &Errors, banner| cx.page_again(&entry_page(cx, about, place, errors, banner));
    match command(cx, about, place) {
        Ok(command) => match then(command) {
            Err(error) => again(&Errors::new(), Some(error.refusal()?)),
            done => done,
        },
        Err(errors) => again(&errors, None),
    }
}

fn check(cx: &Cx) -> Result<Reply, WebError> {
    let view = view(cx)?;
    let about = About::of(cx, &view)?;
    asked(cx, &about, |command| {
        let number = &view.batch.number;
        let preview = batch_correction_preview(cx.app(), &cx.caller()?, number, &command)?;
        cx.page(&review_page(cx, &about, &preview, None)?)
    })
}

fn correct(cx: &Cx) -> Result<Reply, WebError> {
    let view = view(cx)?;
    let about = About::of(cx, &view)?;
    let number = &view.batch.number;
    asked(cx, &about, |command| {
        let caller = cx.caller()?;
        let signature = match own_signature(cx, Meaning::Corrected) {
            Ok(signature) => signature,
            Err(error) => {
                let Some(beside) = error.beside("sign") else { return Err(error) };
                let preview = batch_correction_preview(cx.app(), &caller, number, &command)?;
                return cx.page_again(&review_page(cx, &about, &preview, Some(beside))?);
            }
        };
        let correction = batch_value_correct(cx.app(), &caller, number, command, signature)?;
        Ok(Reply::see_other(back(&about)).flash(&format!("Correction {correction} is signed.")))
    })
}

fn verify_page(
    cx: &Cx,
    view: &BatchView,
    correction: u32,
    error: Option<WebError>,
) -> Result<CorrectPage, WebError> {
    let number = &view.batch.number;
    let preview =
        cx.app().read(|db| batch_correction_verification_preview(db, number, correction))?;
    let CorrectionPreview { shown, hash } = preview;
    let found = view.batch.correction(correction);
    let waits = view.batch.waiting_corrections().any(|one| one.corrected.number == correction);
    let mut banners: Vec<Banner> = deviations_banner(&shown).into_iter().collect();
    let mut form = None;
    if waits && !cx.may(Capability::VerifySteps) {
        banners.push(recheck_banner(shown.recheck));
    } else if waits {
        let mut sign = signature_block(cx, view, correction, &hash, &mut banners)?;
        if let Some(error) = error {
            match error.beside(sign.prefix) {
                Some(beside) => sign.error = Some(beside),
                None => banners.push(error.refusal()?),
            }
        }
        form = Some(Entry {
            action: verification_address(view, correction),
            fields: Vec::new(),
            carried: Vec::new(),
            sign: Some(sign.button("Verify this correction")),
            button: "",
        });
    } else {
        let verified = found.and_then(|one| one.verified.as_ref());
        banners.push(match (verified, shown.recheck) {
            (Some(signature), _) => Banner::ok("Verified").text(signature.manifestation()),
            (None, Recheck::ByItself) => Banner::note("The value was corrected once more")
                .text("The later correction is verified in place of this one."),
            (None, recheck) => recheck_banner(recheck),
        });
    }
    let head = Head::new(format!("Correction {correction}: {}", shown.value.title))
        .under("/batches", "Batches")
        .under(address(number), format!("Batch {number}"))
        .chip(if waits {
            Chip::new(Tone::Wait, "to verify")
        } else {
            Chip::new(Tone::Calm, "correction")
        });
    Ok(CorrectPage {
        shell: cx.shell(format!("Correction {correction} of {number}")),
        head,
        banners,
        identity: identity(&view.batch),
        blocks: blocks(&shown),
        lines: lines(&shown),
        choices: Vec::new(),
        form,
        back: format!("{}#{}", address(number), shown.step),
    })
}

/// Who is signed in verifies, unless that person corrected or performed; then somebody else does at
/// the same screen.
fn signature_block(
    cx: &Cx,
    view: &BatchView,
    correction: u32,
    hash: &crate::domain::id::ContentHash,
    banners: &mut Vec<Banner>,
) -> Result<SignatureBlock, WebError> {
    let login = &cx.actor()?.login;
    let found = view.batch.correction(correction);
    let involved = found.is_some_and(|one| {
        let place = &one.corrected.value;
        let performed = view
            .batch
            .of_step(&place.step)
            .find(|performance| performance.occurrence == place.occurrence);
        one.signature.login == *login
            || performed.is_some_and(|performance| performance.signature.login == *login)
    });
    if !involved {
        return cx.signature_block(Meaning::Verified, hash);
    }
    let text = "You corrected the value or performed its step. Somebody else checks it against \
                what was read or written at the time, and signs below.";
    banners.push(Banner::note("A second person is needed").text(text));
    Ok(SignatureBlock::second_person(Meaning::Verified, hash))
}

fn correction_number(cx: &Cx) -> Result<u32, WebError> {
    cx.param_as("correction", str::parse::<u32>)
}

fn verify_form(cx: &Cx) -> Result<Reply, WebError> {
    let view = view(cx)?;
    cx.page(&verify_page(cx, &view, correction_number(cx)?, None)?)
}

fn verify(cx: &Cx) -> Result<Reply, WebError> {
    let view = view(cx)?;
    let correction = correction_number(cx)?;
    let number = &view.batch.number;
    let verified = verifying_signature(cx).and_then(|signature| {
        let caller = cx.caller()?;
        Ok(batch_correction_verify(cx.app(), &caller, number, correction, signature)?)
    });
    match verified {
        Ok(()) => Ok(Reply::see_other(address(number))
            .flash(&format!("Correction {correction} is verified."))),
        Err(error) => cx.page_again(&verify_page(cx, &view, correction, Some(error))?),
    }
}
