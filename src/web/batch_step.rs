//! One step of a batch: the entries, what they mean, the signature; the second person's check; the
//! hold points of QA.
//!
//! Performing goes in two forms. The first takes scans and entries. The second shows what they
//! mean (values against limits, arithmetic, containers, postings, deviations) and takes the
//! signature over exactly that.
//!
//! Neighbours: `batch` shows the procedure; `app::batch_step` decides.
//!
//! Architecture invariant: the fields of these forms are derived from the master record alone.

use askama::Template;

use super::batch::{READ, address};
use super::batch_line::Line;
use super::batch_show::Values;
use super::batch_timer::TimerRow;
use super::component::{Banner, Chip, Facts, Head, Link, SignatureBlock, Tone};
use super::cx::Cx;
use super::error::WebError;
use super::filters;
use super::form::{Check, Errors, Field, Kind};
use super::icon::Icon;
use super::page::Shell;
use super::reply::Reply;
use super::routes::{Access, Route};
use crate::app::batch_hold_point_sign::{batch_hold_point_preview, batch_hold_point_sign};
use crate::app::batch_show::{BatchView, batch_show, scanned_labels};
use crate::app::batch_step_perform::{StepPreview, batch_step_perform, batch_step_preview};
use crate::app::batch_step_verify::{batch_step_verify, batch_verification_preview};
use crate::codes::{self, Scanned};
use crate::domain::actor::{Capability, Meaning, Signature};
use crate::domain::batch::{self, Batch, Given, PerformStep, Procedure, Progress, StepShown};
use crate::domain::id::{AssetId, BatchNumber, ContainerCode, ContentHash, LotId, Name};
use crate::domain::master_record::{Field as Asked, FieldKind, MasterRecord, SignatureRule, Step};
use crate::domain::quantity::Unit;
use crate::domain::time::Instant;

const PERFORM: Access = Access::Needs(&[Capability::PerformSteps]);
const VERIFY: Access = Access::Needs(&[Capability::VerifySteps]);
const HOLD: Access = Access::Needs(&[Capability::ReviewBatch]);

/// The rows of this slice.
pub const ROUTES: &[Route] = &[
    Route::get("/batches/{number}/steps/{step}", READ, form, "A step and its entries"),
    Route::post("/batches/{number}/steps/{step}/check", PERFORM, check, "What a step would mean"),
    Route::post("/batches/{number}/steps/{step}", PERFORM, perform, "Perform and sign a step"),
    Route::get(
        "/batches/{number}/steps/{step}/verify/{occurrence}",
        VERIFY,
        verify_form,
        "What a second person checks",
    ),
    Route::post(
        "/batches/{number}/steps/{step}/verify/{occurrence}",
        VERIFY,
        verify,
        "Verify a step as second person",
    ),
    Route::get("/batches/{number}/hold-points/{name}", HOLD, hold_form, "A hold point"),
    Route::post("/batches/{number}/hold-points/{name}", HOLD, hold, "Sign a hold point"),
];

/// How a step looks in the procedure.
pub(super) struct Look {
    /// Class of the step's card.
    pub class: &'static str,
    /// Its status.
    pub chip: Chip,
    /// What it waits for.
    pub note: String,
    /// What this person can do.
    pub actions: Vec<Link>,
}

/// How a step looks in the procedure, and what this person can do about it.
pub(super) fn look(
    cx: &Cx,
    batch: &Batch,
    record: &MasterRecord,
    step: &Step,
    progress: &Progress,
) -> Look {
    let base = format!("{}/steps/{}", address(&batch.number), step.name);
    let perform = |text: &str| {
        let link = Link::to(base.clone(), text).icon(Icon::Next).primary();
        if cx.may(Capability::PerformSteps) { vec![link] } else { Vec::new() }
    };
    let title = |name: &Name| record.step(name).map_or(String::new(), |step| step.title.clone());
    let look = |class, tone, word: &str, note: String, actions| Look {
        class,
        chip: Chip::new(tone, word),
        note,
        actions,
    };
    match progress {
        Progress::Done => look("done", Tone::Ok, "done", String::new(), Vec::new()),
        Progress::Repeatable => {
            let note = format!("May be repeated. {}", times(batch, step));
            look("done", Tone::Ok, "done", note, perform("Repeat"))
        }
        Progress::Ready => look("now", Tone::Part, "ready", times(batch, step), perform("Perform")),
        Progress::Optional => {
            let note = "May be performed or left out.".to_owned();
            look("now", Tone::Calm, "optional", note, perform("Perform"))
        }
        Progress::ToVerify { occurrence } => {
            let link = Link::to(format!("{base}/verify/{occurrence}"), "Verify").icon(Icon::Sign);
            let actions =
                if cx.may(Capability::VerifySteps) { vec![link.primary()] } else { Vec::new() };
            let note = "Waits for a second person.".to_owned();
            look("now", Tone::Wait, "to verify", note, actions)
        }
        Progress::CorrectionToVerify { number } => {
            let to = format!("{}/corrections/{number}", address(&batch.number));
            let link = Link::to(to, "Verify the correction").icon(Icon::Sign).primary();
            let actions = if cx.may(Capability::VerifySteps) { vec![link] } else { Vec::new() };
            let note = format!("Correction {number} waits for a second person.");
            look("now", Tone::Wait, "correction to verify", note, actions)
        }
        Progress::Held { hold_point } => {
            let to = format!("{}/hold-points/{hold_point}", address(&batch.number));
            let link = Link::to(to, "Sign the hold point").icon(Icon::Sign).primary();
            let actions = if cx.may(Capability::ReviewBatch) { vec![link] } else { Vec::new() };
            let hold = record.hold_points.iter().find(|hold| hold.name == *hold_point);
            let note = format!("Waits for QA: {}", hold.map_or("", |hold| hold.title.as_str()));
            look("stopped", Tone::Hold, "held", note, actions)
        }
        Progress::Waiting { waiting_for } => {
            let mut corrections = batch.waiting_corrections().map(|one| &one.corrected);
            let note = match corrections.find(|one| one.value.step == *waiting_for) {
                Some(one) => {
                    let (number, title) = (one.number, title(waiting_for));
                    format!("Waits for a second person: correction {number} of “{title}”.")
                }
                None => format!("Waits for “{}”.", title(waiting_for)),
            };
            look("later", Tone::Calm, "later", note, Vec::new())
        }
        Progress::NotApplicable { at, chosen } => {
            let note = format!("Not applicable: “{chosen}” was chosen at “{}”.", title(at));
            look("later", Tone::Calm, "not applicable", note, Vec::new())
        }
        Progress::Closed => look("later", Tone::Calm, "left out", String::new(), Vec::new()),
    }
}

/// How often a step is done that is done more than once; empty for others.
fn times(batch: &Batch, step: &Step) -> String {
    let (min, max) = (step.repeat.min, step.repeat.max);
    if max <= 1 {
        return String::new();
    }
    let done = batch.count_of(&step.name);
    if min == max {
        return format!("Done {done} of {max} times.");
    }
    format!("Done {done} times; at least {min}, at most {max}.")
}

pub(super) fn the_step<'a>(cx: &Cx, view: &'a BatchView) -> Result<&'a Step, WebError> {
    let name = cx.param_as("step", Name::parse)?;
    view.record.step(&name).ok_or_else(|| WebError::not_found(name.as_str()))
}

pub(super) fn view(cx: &Cx) -> Result<BatchView, WebError> {
    let number = cx.param_as("number", BatchNumber::parse)?;
    Ok(batch_show(cx.app(), &number)?)
}

pub(super) fn step_head(batch: &Batch, record: &MasterRecord, step: &Step) -> Head {
    let number = record.step_number(&step.name);
    let title = format!("{number} · {}", step.title);
    let mut head = Head::new(title)
        .under("/batches", "Batches")
        .under(address(&batch.number), format!("Batch {}", batch.number))
        .chip(Chip::new(Tone::Calm, step.operation.word()));
    if step.critical {
        head = head.chip(Chip::new(Tone::Wait, "critical step"));
    }
    head
}

#[derive(Template)]
#[template(path = "batch/step.html")]
struct StepPage {
    shell: Shell,
    head: Head,
    banner: Option<Banner>,
    identity: Facts,
    instruction: String,
    action: String,
    back: String,
    open: bool,
    line: Option<Line>,
    timers: Vec<TimerRow>,
    scans: Vec<Field>,
    entries: Vec<Field>,
    late: Vec<Field>,
    calculated: Vec<String>,
    signatures: &'static str,
}

fn step_page(
    cx: &Cx,
    view: &BatchView,
    step: &Step,
    errors: &Errors,
    banner: Option<Banner>,
) -> StepPage {
    let batch = &view.batch;
    let progress = Procedure::new(batch, &view.record).progress(step);
    let open = matches!(progress, Progress::Ready | Progress::Optional | Progress::Repeatable);
    let unread = super::batch_show::unread_banner(cx, view).filter(|_| open);
    let open = open && unread.is_none();
    let closed = || closed_banner(cx, view, step, &progress).filter(|_| !open);
    let banner = banner.or(unread).or_else(closed);
    let line = super::batch_line::line(cx, batch, step, &progress);
    // What does not belong there goes first.
    let clear = line.as_ref().is_none_or(|line| line.found.is_empty());
    let late = vec![
        Field::new(Kind::DateTime, "performed_at", "Performed at, if not now").hint(format!(
            "Server time counts unless you state another. More than {} ago is a late entry: it \
             needs a reason, and both times stand in the record.",
            batch::ENTERED_AT_ONCE.text()
        )),
        Field::area("late_because", "Reason for recording it later").rows(2),
    ];
    let mut scans = fill(cx, errors, scan_fields(step));
    let mut entries = fill(cx, errors, entry_fields(cx, batch, &view.record, step));
    let first = scans.iter_mut().chain(&mut entries).find(|one| one.value.is_empty());
    if let Some(first) = first.filter(|_| line.is_none()) {
        first.autofocus = true;
    }
    StepPage {
        shell: cx.shell(format!("{} · {}", step.title, batch.number)),
        head: step_head(batch, &view.record, step),
        banner,
        identity: identity(batch).with_some("Room", room(cx, step)),
        instruction: step.instruction.clone(),
        action: format!("{}/steps/{}/check", address(&batch.number), step.name),
        back: address(&batch.number),
        open: open && clear && cx.may(Capability::PerformSteps),
        line,
        timers: super::batch_timer::rows(cx, batch, &view.record, Some(&step.name)),
        scans,
        entries,
        late: fill(cx, errors, late),
        calculated: step.calculations.iter().map(|one| one.title.clone()).collect(),
        signatures: match step.signature {
            SignatureRule::Performed => "You sign on the next page.",
            SignatureRule::PerformedVerified => {
                "You sign on the next page; then another person verifies."
            }
        },
    }
}

/// The room in which a step is done, as the site calls it.
fn room(cx: &Cx, step: &Step) -> Option<String> {
    let name = step.room.as_ref()?;
    let known = cx.app().config.site.rooms.get(name);
    Some(known.map_or_else(|| name.as_str().replace('_', " "), |room| room.title.clone()))
}

/// Why a step cannot be performed, and where to go instead.
fn closed_banner(cx: &Cx, view: &BatchView, step: &Step, progress: &Progress) -> Option<Banner> {
    let number = &view.batch.number;
    let look = look(cx, &view.batch, &view.record, step, progress);
    let banner = match progress {
        Progress::Done | Progress::Repeatable => Banner::ok("This step is done")
            .text("Its values and signatures stand with the batch.")
            .action(Link::to(format!("{}#{}", address(number), step.name), "Show them")),
        Progress::ToVerify { .. } => {
            Banner::check("This step is performed and waits for its verification").text(look.note)
        }
        Progress::CorrectionToVerify { .. } => {
            Banner::check("A correction of this step waits for its verification").text(look.note)
        }
        _ => Banner::check("This step cannot be performed now").text(look.note),
    };
    Some(look.actions.into_iter().fold(banner, Banner::action))
}

pub(super) fn identity(batch: &Batch) -> Facts {
    Facts::new()
        .wide()
        .with("Batch", batch.number.to_string())
        .with("Makes", batch.title.clone())
        .with_some("Order", batch.order.as_ref().map(ToString::to_string))
        .with_some("Patient code", batch.patient.as_ref().map(ToString::to_string))
        .with_some("Donation number", batch.din().map(ToString::to_string))
}

fn fill(cx: &Cx, errors: &Errors, fields: Vec<Field>) -> Vec<Field> {
    fields.into_iter().map(|field| field.fill(cx.form(), errors)).collect()
}

/// The scans a step asks for: lots, equipment, containers.
fn scan_fields(step: &Step) -> Vec<Field> {
    let mut fields = Vec::new();
    for (index, need) in step.materials.iter().enumerate() {
        let field = Field::scan(format!("lot.{index}"), need.title.clone())
            .hint(format!("Scan the lot of {}.", need.material))
            .takes("/materials/");
        fields.push(if need.required { field.required() } else { field });
    }
    for (index, need) in step.equipment.iter().enumerate() {
        let field = Field::scan(format!("asset.{index}"), need.title.clone()).takes("/equipment/");
        fields.push(field.hint(format!("Scan the {}.", need.kind.replace('_', " "))).required());
    }
    if !step.consumes.is_empty() {
        let what: Vec<String> = step
            .consumes
            .iter()
            .map(|used| {
                let what = used.what.as_str().replace('_', " ");
                used.count.map_or(format!("all {what}"), |count| format!("{count} × {what}"))
            })
            .collect();
        let field = Field::scans("scans", format!("Containers that go in: {}", what.join(", ")))
            .hint("Scan one label after another; each scan goes on a line of its own.")
            .takes("/containers/");
        fields.push(field.required());
    }
    fields
}

/// The entries a step asks for, each with its unit and its limits.
fn entry_fields(cx: &Cx, batch: &Batch, record: &MasterRecord, step: &Step) -> Vec<Field> {
    let mut fields = Vec::new();
    for field in &step.fields {
        match &field.each {
            None => fields.push(entry_field(batch, record, step, field, None)),
            Some(each) => {
                for item in items(cx, batch, each) {
                    fields.push(entry_field(batch, record, step, field, Some(&item)));
                }
            }
        }
    }
    fields
}

/// The containers a value is asked for: those the batch has of this kind, and those just scanned.
fn items(cx: &Cx, batch: &Batch, each: &Name) -> Vec<ContainerCode> {
    let used = batch.consumed().filter(|used| used.what == *each).map(|used| &used.container);
    let own = batch.at_hand(each).map(|made| &made.container);
    let mut items: Vec<ContainerCode> = used.chain(own).cloned().collect();
    for text in scanned_lines(cx) {
        if let Ok(Scanned::Container { code, .. } | Scanned::Sample { code, .. }) =
            codes::parse(&text)
            && !items.contains(&code)
        {
            items.push(code);
        }
    }
    items
}

fn scanned_lines(cx: &Cx) -> Vec<String> {
    cx.form()
        .text("scans")
        .lines()
        .map(|line| line.trim().to_owned())
        .filter(|line| !line.is_empty())
        .collect()
}

pub(super) fn entry_field(
    batch: &Batch,
    record: &MasterRecord,
    step: &Step,
    field: &Asked,
    item: Option<&ContainerCode>,
) -> Field {
    let name = entry_name(field, item);
    let label = match item {
        Some(item) => format!("{} · {item}", field.title),
        None => field.title.clone(),
    };
    let limits = |unit: Unit| {
        let item = item.map(ContainerCode::as_str);
        let (action, alert) = batch::limit_text(batch, record, step, &field.limits, unit, item);
        [("Limits", action), ("alert", alert)]
            .into_iter()
            .filter(|(_, text)| !text.is_empty())
            .map(|(word, text)| format!("{word} {text}"))
            .collect::<Vec<_>>()
            .join(" · ")
    };
    let made = match &field.kind {
        FieldKind::Number { unit, decimals } => {
            Field::number(name, label, unit.symbol()).limits(limits(*unit)).hint(match decimals {
                0 => "A whole number".to_owned(),
                1 => "1 decimal at most".to_owned(),
                more => format!("{more} decimals at most"),
            })
        }
        FieldKind::Choice { choices, .. } => {
            let options: Vec<_> = choices.iter().map(|word| (word.clone(), word.clone())).collect();
            Field::radio(name, label, options)
        }
        FieldKind::Text => Field::area(name, label).rows(2),
        FieldKind::Time => Field::new(Kind::DateTime, name, label),
        FieldKind::Scan => Field::scan(name, label),
        FieldKind::Confirm => Field::checkbox(name, label),
    };
    if field.required { made.required() } else { made }
}

fn form(cx: &Cx) -> Result<Reply, WebError> {
    let view = view(cx)?;
    let step = the_step(cx, &view)?;
    cx.page(&step_page(cx, &view, step, &Errors::new(), None))
}

/// The page of the step again, with what was refused.
pub(super) fn again(cx: &Cx, banner: Banner) -> Result<Reply, WebError> {
    let view = view(cx)?;
    let step = the_step(cx, &view)?;
    cx.page_again(&step_page(cx, &view, step, &Errors::new(), Some(banner)))
}

/// Reads the first form into what is asked of the batch.
fn entry(cx: &Cx, view: &BatchView, step: &Step) -> Result<PerformStep, Errors> {
    let mut check = cx.check();
    let mut command = PerformStep::now(step.name.clone());
    for (index, need) in step.materials.iter().enumerate() {
        let name = format!("lot.{index}");
        let read = if need.required {
            check.parse(&name, read_lot)
        } else {
            check.parse_optional(&name, read_lot)
        };
        command.materials.extend(read);
    }
    for index in 0..step.equipment.len() {
        command.equipment.extend(check.parse(&format!("asset.{index}"), read_asset));
    }
    let zone = cx.zone();
    for field in &step.fields {
        let places: Vec<Option<ContainerCode>> = match &field.each {
            None => vec![None],
            Some(each) => items(cx, &view.batch, each).into_iter().map(Some).collect(),
        };
        for item in places {
            let (name, text) = read_entry(cx, &mut check, field, item.as_ref());
            match text {
                Some(text) => command.values.push(Given { field: field.name.clone(), item, text }),
                None if field.required && check.errors.of(&name).is_none() => {
                    check.errors.add(&name, "This entry is needed.");
                }
                None => {}
            }
        }
    }
    command.performed_at =
        check.parse_optional("performed_at", |text| Instant::parse_local(text, zone));
    command.late_because = check.optional("late_because");
    if !step.consumes.is_empty() {
        match scanned_labels(&scanned_lines(cx)) {
            Ok(labels) => command.consumed = labels,
            Err(failure) => check.errors.add("scans", failure.to_string()),
        }
    }
    if check.is_ok() { Ok(command) } else { Err(check.errors) }
}

/// The name of an entry in the form.
fn entry_name(field: &Asked, item: Option<&ContainerCode>) -> String {
    match item {
        Some(item) => format!("field.{}@{item}", field.name),
        None => format!("field.{}", field.name),
    }
}

/// What was entered for a value, as the domain reads it, under its name in the form; `check` notes
/// a time that cannot be read.
pub(super) fn read_entry(
    cx: &Cx,
    check: &mut Check<'_>,
    field: &Asked,
    item: Option<&ContainerCode>,
) -> (String, Option<String>) {
    let name = entry_name(field, item);
    let text = if field.kind == FieldKind::Time {
        let at = check.parse_optional(&name, |text| Instant::parse_local(text, cx.zone()));
        at.map(|at| at.to_string())
    } else {
        check.optional(&name)
    };
    (name, text)
}

/// A lot as scanned (`LOT:…`) or typed.
fn read_lot(text: &str) -> Result<LotId, String> {
    match codes::parse(text) {
        Ok(Scanned::Lot(lot)) => Ok(lot),
        _ => LotId::parse(text).map_err(|error| error.to_string()),
    }
}

fn read_asset(text: &str) -> Result<AssetId, String> {
    match codes::parse(text) {
        Ok(Scanned::Equipment(asset)) => Ok(asset),
        _ => AssetId::parse(text).map_err(|error| error.to_string()),
    }
}

/// A group of lines of what is signed.
struct Lines {
    title: &'static str,
    items: Vec<String>,
}

fn lines(shown: &StepShown) -> Vec<Lines> {
    let groups = [
        ("Materials used", &shown.materials),
        ("Equipment used", &shown.equipment),
        ("Containers used up", &shown.consumed),
        ("Containers made", &shown.produced),
        ("Booked", &shown.postings),
        ("Found and taken away", &shown.foreign),
    ];
    groups
        .into_iter()
        .filter(|(_, items)| !items.is_empty())
        .map(|(title, items)| Lines { title, items: items.clone() })
        .collect()
}

#[derive(Template)]
#[template(path = "batch/review.html")]
struct ReviewPage {
    shell: Shell,
    head: Head,
    banners: Vec<Banner>,
    identity: Facts,
    instruction: String,
    performed: Facts,
    values: Values,
    lines: Vec<Lines>,
    carried: Vec<Field>,
    action: String,
    back: String,
    sign: SignatureBlock,
}

fn deviations_banner(shown: &StepShown) -> Option<Banner> {
    (!shown.deviations.is_empty()).then(|| {
        let title = format!("Signing this opens {} deviation(s)", shown.deviations.len());
        Banner::check(title).text(shown.deviations.join(" · "))
    })
}

fn performed_facts(shown: &StepShown) -> Facts {
    Facts::new()
        .wide()
        .with("Performed", shown.performed_at.clone())
        .with_some("Recorded later because", shown.late_because.clone())
        .with_some("Performed and signed by", shown.performed_by.clone())
        .with("Master record", shown.record.clone())
}

fn review_page(
    cx: &Cx,
    view: &BatchView,
    step: &Step,
    preview: &StepPreview,
    error: Option<String>,
) -> Result<ReviewPage, WebError> {
    let shown = &preview.shown;
    let mut sign = cx.signature_block(Meaning::Performed, &preview.hash)?.button("Sign this step");
    sign.error = error;
    let carried = cx
        .form()
        .with_prefix("")
        .filter(|(name, _)| {
            let guard = ["csrf", "command_id"].contains(name) || name.starts_with("sign_");
            !guard
        })
        .map(|(name, value)| Field::hidden(name, value))
        .collect();
    Ok(ReviewPage {
        shell: cx.shell(format!("Sign {}", step.title)),
        head: step_head(&view.batch, &view.record, step),
        banners: deviations_banner(shown).into_iter().collect(),
        identity: identity(&view.batch),
        instruction: step.instruction.clone(),
        performed: performed_facts(shown),
        values: Values::of(shown),
        lines: lines(shown),
        carried,
        action: format!("{}/steps/{}", address(&view.batch.number), step.name),
        back: format!("{}/steps/{}", address(&view.batch.number), step.name),
        sign,
    })
}

fn check(cx: &Cx) -> Result<Reply, WebError> {
    let view = view(cx)?;
    let step = the_step(cx, &view)?;
    let entry = match entry(cx, &view, step) {
        Ok(entry) => entry,
        Err(errors) => return cx.page_again(&step_page(cx, &view, step, &errors, None)),
    };
    match batch_step_preview(cx.app(), &cx.caller()?, &view.batch.number, &entry) {
        Ok(shown) => cx.page(&review_page(cx, &view, step, &shown, None)?),
        Err(failure) => {
            let banner = WebError::from(failure).refusal()?;
            cx.page_again(&step_page(cx, &view, step, &Errors::new(), Some(banner)))
        }
    }
}

fn perform(cx: &Cx) -> Result<Reply, WebError> {
    let view = view(cx)?;
    let step = the_step(cx, &view)?;
    let number = view.batch.number.clone();
    let entry = match entry(cx, &view, step) {
        Ok(entry) => entry,
        Err(errors) => return cx.page_again(&step_page(cx, &view, step, &errors, None)),
    };
    let caller = cx.caller()?;
    let signature = match own_signature(cx, Meaning::Performed) {
        Ok(signature) => signature,
        Err(error) => {
            let Some(beside) = error.beside("sign") else { return Err(error) };
            let shown = batch_step_preview(cx.app(), &caller, &number, &entry)?;
            return cx.page_again(&review_page(cx, &view, step, &shown, Some(beside))?);
        }
    };
    match batch_step_perform(cx.app(), &caller, &number, entry, signature) {
        Ok(_) => Ok(Reply::see_other(address(&number))
            .flash(&format!("“{}” is performed and signed.", step.title))),
        Err(failure) => {
            let banner = WebError::from(failure).refusal()?;
            cx.page_again(&step_page(cx, &view, step, &Errors::new(), Some(banner)))
        }
    }
}

fn verify_page(
    cx: &Cx,
    view: &BatchView,
    step: &Step,
    occurrence: u32,
    error: Option<WebError>,
) -> Result<ReviewPage, WebError> {
    let performance = view
        .batch
        .of_step(&step.name)
        .find(|one| one.occurrence == occurrence)
        .ok_or_else(|| WebError::not_found(format!("{} {occurrence}", step.name)))?;
    let number = &view.batch.number;
    let preview =
        cx.app().read(|db| batch_verification_preview(db, number, &step.name, occurrence))?;
    let StepPreview { shown, hash } = preview;
    let performer = performance.signature.login == cx.actor()?.login;
    let mut banners: Vec<Banner> = deviations_banner(&shown).into_iter().collect();
    let mut sign = if performer {
        let text = "You performed this step. Somebody else checks it and signs below.";
        banners.push(Banner::note("A second person is needed").text(text));
        SignatureBlock::second_person(Meaning::Verified, &hash)
    } else {
        cx.signature_block(Meaning::Verified, &hash)?
    };
    if let Some(error) = error {
        match error.beside(sign.prefix) {
            Some(beside) => sign.error = Some(beside),
            None => banners.push(error.refusal()?),
        }
    }
    Ok(ReviewPage {
        shell: cx.shell(format!("Verify {}", step.title)),
        head: step_head(&view.batch, &view.record, step),
        banners,
        identity: identity(&view.batch),
        instruction: step.instruction.clone(),
        performed: performed_facts(&shown),
        values: Values::of(&shown),
        lines: lines(&shown),
        carried: Vec::new(),
        action: format!("{}/steps/{}/verify/{occurrence}", address(&view.batch.number), step.name),
        back: address(&view.batch.number),
        sign: sign.button("Verify this step"),
    })
}

fn occurrence(cx: &Cx) -> Result<u32, WebError> {
    cx.param_as("occurrence", str::parse::<u32>)
}

fn verify_form(cx: &Cx) -> Result<Reply, WebError> {
    let view = view(cx)?;
    let step = the_step(cx, &view)?;
    cx.page(&verify_page(cx, &view, step, occurrence(cx)?, None)?)
}

fn verify(cx: &Cx) -> Result<Reply, WebError> {
    let view = view(cx)?;
    let step = the_step(cx, &view)?;
    let occurrence = occurrence(cx)?;
    let number = view.batch.number.clone();
    let verified = verifying_signature(cx).and_then(|signature| {
        let caller = cx.caller()?;
        Ok(batch_step_verify(cx.app(), &caller, &number, &step.name, occurrence, signature)?)
    });
    match verified {
        Ok(()) => {
            Ok(Reply::see_other(address(&number)).flash(&format!("“{}” is verified.", step.title)))
        }
        Err(error) => cx.page_again(&verify_page(cx, &view, step, occurrence, Some(error))?),
    }
}

/// The hash of what the form showed. The use case compares it with what is true at signing.
fn displayed(cx: &Cx, prefix: &str) -> Result<ContentHash, WebError> {
    ContentHash::parse(cx.form().text(&format!("{prefix}_hash"))).map_err(|_| {
        WebError::Invalid("The form came without what it shows. Open the page again.".to_owned())
    })
}

pub(super) fn own_signature(cx: &Cx, meaning: Meaning) -> Result<Signature, WebError> {
    cx.sign(meaning, &displayed(cx, "sign")?)
}

/// The signature of who verifies: the person who is signed in, or a second one at this screen.
pub(super) fn verifying_signature(cx: &Cx) -> Result<Signature, WebError> {
    if cx.form().get("second_hash").is_none() {
        return own_signature(cx, Meaning::Verified);
    }
    let hash = displayed(cx, "second")?;
    cx.second_signature(Meaning::Verified, &hash, Capability::VerifySteps)
}

#[derive(Template)]
#[template(path = "batch/decide.html")]
struct DecidePage {
    shell: Shell,
    head: Head,
    banner: Option<Banner>,
    identity: Facts,
    tests: Vec<String>,
    steps: Vec<String>,
    action: String,
    back: String,
    sign: SignatureBlock,
}

/// Puts what went wrong where it belongs: beside the password, or above the form.
fn with_error(page: &mut DecidePage, error: Option<WebError>) -> Result<(), WebError> {
    if let Some(error) = error {
        match error.beside("sign") {
            Some(beside) => page.sign.error = Some(beside),
            None => page.banner = Some(error.refusal()?),
        }
    }
    Ok(())
}

fn hold_page(cx: &Cx, view: &BatchView, error: Option<WebError>) -> Result<DecidePage, WebError> {
    let name = cx.param_as("name", Name::parse)?;
    let number = &view.batch.number;
    let (shown, hash) = cx.app().read(|db| batch_hold_point_preview(db, number, &name))?;
    let mut page = DecidePage {
        shell: cx.shell(format!("Hold point of {}", view.batch.number)),
        head: Head::new(format!("Hold point: {}", shown.title))
            .under("/batches", "Batches")
            .under(address(&view.batch.number), format!("Batch {}", view.batch.number)),
        banner: None,
        identity: identity(&view.batch),
        tests: shown.tests,
        steps: shown.steps,
        action: format!("{}/hold-points/{name}", address(&view.batch.number)),
        back: address(&view.batch.number),
        sign: cx.signature_block(Meaning::Reviewed, &hash)?.button("Let the work go on"),
    };
    with_error(&mut page, error)?;
    Ok(page)
}

fn hold_form(cx: &Cx) -> Result<Reply, WebError> {
    let view = view(cx)?;
    cx.page(&hold_page(cx, &view, None)?)
}

fn hold(cx: &Cx) -> Result<Reply, WebError> {
    let view = view(cx)?;
    let name = cx.param_as("name", Name::parse)?;
    let number = view.batch.number.clone();
    let signed = own_signature(cx, Meaning::Reviewed).and_then(|signature| {
        Ok(batch_hold_point_sign(cx.app(), &cx.caller()?, &number, &name, signature)?)
    });
    match signed {
        Ok(()) => Ok(Reply::see_other(address(&number)).flash("The hold point is signed.")),
        Err(error) => cx.page_again(&hold_page(cx, &view, Some(error))?),
    }
}
