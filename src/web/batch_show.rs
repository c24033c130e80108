//! The page of one batch: its procedure with every value and signature, its pool, its containers,
//! its deviations. Each part has its own address.
//!
//! Neighbours: `batch_step` performs and verifies steps; `pool` draws the pool; `batch_accounts`
//! shows the book;
//! `app::batch_show` gathers.
//!
//! Architecture invariant: everything on this page is derived from the batch's events and the
//! master record it keeps; no process is written here.

use askama::Template;
use askama::filters::HtmlSafe;

use super::batch::{READ, address, progress_chip};
use super::batch_timer::{self, TimerRow};
use super::component::{
    Banner, Cell, Chip, Empty, Facts, Head, Link, Moment, Progress, Signed, Table, Tabs, Timeline,
    Tone,
};
use super::cx::Cx;
use super::deviation::class_chip;
use super::error::WebError;
use super::filters;
use super::icon::Icon;
use super::page::Shell;
use super::pool::{PoolCard, pool_card};
use super::reply::Reply;
use super::routes::Route;
use super::sheet::{Block, Body};
use super::trace::{held_banner, node_link};
use super::{batch_correct, batch_step};
use crate::app::batch_show::{BatchView, batch_show, whereabouts};
use crate::domain::actor::Capability;
use crate::domain::batch::{
    self, Batch, BatchState, EndAct, Mark, Performance, Procedure, ShownValue, StepShown,
};
use crate::domain::deviation::Status;
use crate::domain::genealogy::Node;
use crate::domain::id::BatchNumber;
use crate::domain::master_record::{MasterRecord, Step};
use crate::domain::quantity::Quantity;

/// The rows of this slice.
pub const ROUTES: &[Route] =
    &[Route::get("/batches/{number}", READ, show, "A batch and its procedure")];

/// One value of a step.
struct ValueRow {
    title: String,
    value: String,
    limit: String,
    mark: Option<Chip>,
    arithmetic: String,
    was: Vec<WasRow>,
}

/// What a value was before a correction.
struct WasRow {
    value: String,
    note: String,
    chip: Option<Chip>,
}

/// A signature, with what it does not cover any more.
struct SignedOver {
    signed: Signed,
    not_covered: String,
}

/// A correction of a performance: what it was, who signed it, who has verified it.
struct CorrectedRow {
    title: String,
    href: String,
    signatures: Vec<Signed>,
    chip: Option<Chip>,
}

/// The values of a step against their limits, with the arithmetic of those that were calculated.
#[derive(Template)]
#[template(path = "batch/_values.html")]
pub(super) struct Values(Vec<ValueRow>);

impl HtmlSafe for Values {}

impl Values {
    /// What was entered and what was calculated.
    pub(super) fn of(shown: &StepShown) -> Self {
        Self(shown.values.iter().chain(&shown.calculated).map(value_row).collect())
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// One performance of a step, as the procedure shows it.
struct Done {
    label: String,
    values: Values,
    used: Vec<String>,
    signatures: Vec<SignedOver>,
    corrections: Vec<CorrectedRow>,
    late: Option<String>,
    deviations: Vec<Link>,
    correct: Option<Link>,
}

/// One step, as the procedure shows it.
struct StepRow {
    unit: String,
    number: usize,
    name: String,
    title: String,
    instruction: String,
    class: &'static str,
    chip: Chip,
    note: String,
    critical: bool,
    /// Whether it must be done; others may be left out.
    must: bool,
    done: Vec<Done>,
    actions: Vec<Link>,
}

/// A step that is next for the person who looks; several where they may run side by side.
struct Next {
    number: usize,
    title: String,
    action: Link,
}

/// The procedure: the steps, and beside them what belongs to the batch as a whole.
struct Work {
    progress: Progress,
    next: Vec<Next>,
    steps: Vec<StepRow>,
    facts: Facts,
    timers: Vec<TimerRow>,
    missing: Vec<String>,
    holds: Timeline,
}

/// The parts of the page: the word in the address and on the tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Procedure,
    Pool,
    Containers,
    Accounts,
    Deviations,
    Ended,
}

impl Part {
    const ALL: [(Self, &'static str, &'static str); 6] = [
        (Self::Procedure, "", "Procedure"),
        (Self::Pool, "pool", "Pool"),
        (Self::Containers, "containers", "Containers"),
        (Self::Accounts, "accounts", "Accounts"),
        (Self::Deviations, "deviations", "Deviations"),
        (Self::Ended, "ended", "What became of it"),
    ];

    fn of(word: &str) -> Self {
        Self::ALL
            .iter()
            .find(|(part, known, _)| *known == word && *part != Self::Accounts)
            .map_or(Self::Procedure, |(part, ..)| *part)
    }
}

#[derive(Template)]
#[template(path = "batch/show.html")]
struct ShowPage {
    shell: Shell,
    head: Head,
    banners: Vec<Banner>,
    tabs: Tabs,
    work: Option<Work>,
    pool: Option<PoolCard>,
    blocks: Vec<Block>,
}

fn show(cx: &Cx) -> Result<Reply, WebError> {
    let number = cx.param_as("number", BatchNumber::parse)?;
    let view = batch_show(cx.app(), &number)?;
    let pool = batch::pool(&view.batch, &view.record);
    let part = Part::of(cx.query("part"));
    let blocks = match part {
        Part::Procedure | Part::Pool | Part::Accounts => Vec::new(),
        Part::Containers => container_blocks(&view),
        Part::Deviations => deviation_blocks(&view),
        Part::Ended => ended_blocks(&view.batch),
    };
    cx.page(&ShowPage {
        shell: cx.shell(format!("Batch {number}")),
        head: head(cx, &view),
        banners: banners(cx, &view),
        tabs: tabs(&view, part, pool.is_some()),
        work: (part == Part::Procedure).then(|| work(cx, &view)),
        pool: pool.filter(|_| part == Part::Pool).map(|pool| pool_card(&pool)),
        blocks,
    })
}

pub(super) fn tabs(view: &BatchView, current: Part, has_pool: bool) -> Tabs {
    let mut tabs = Tabs::new();
    for (part, word, title) in Part::ALL {
        let count = match part {
            Part::Procedure | Part::Pool | Part::Accounts => None,
            Part::Containers => Some(view.batch.consumed().count() + view.made.len()),
            Part::Deviations => Some(view.deviations.len()),
            Part::Ended => view.batch.settled.as_ref().map(|ended| ended.items.len()),
        };
        let ended = view.batch.settled.is_some();
        if (part == Part::Pool && !has_pool) || (part == Part::Ended && !ended) {
            continue;
        }
        let base = address(&view.batch.number);
        let href = match (part, word) {
            (Part::Accounts, word) => format!("{base}/{word}"),
            (_, "") => base,
            (_, word) => format!("{base}?part={word}"),
        };
        tabs = tabs.tab(href, title, count, part == current);
    }
    tabs
}

fn work(cx: &Cx, view: &BatchView) -> Work {
    let (batch, record) = (&view.batch, &*view.record);
    let procedure = Procedure::new(batch, record);
    let mut steps: Vec<StepRow> = Vec::new();
    let mut unit = String::new();
    for step in &record.steps {
        let title = record.unit_title(step);
        let heading = if title == unit { String::new() } else { title.to_owned() };
        unit = title.to_owned();
        steps.push(step_row(cx, view, &procedure, step, heading));
    }
    let complete = record.steps.iter().filter(|step| procedure.complete(step)).count();
    let due = steps.iter().filter(|step| step.class == "now" && step.must);
    let next = due.filter_map(|step| {
        let action = step.actions.first()?.clone();
        Some(Next { number: step.number, title: step.title.clone(), action })
    });
    let next = next.collect();
    Work {
        progress: Progress {
            label: "Steps complete".to_owned(),
            done: complete,
            total: record.steps.len(),
        },
        next,
        steps,
        facts: facts(cx, view),
        timers: batch_timer::rows(cx, batch, record, None),
        missing: batch::completeness(batch, record).iter().map(batch::Missing::words).collect(),
        holds: hold_points(cx, batch, record),
    }
}

pub(super) fn head(cx: &Cx, view: &BatchView) -> Head {
    let batch = &view.batch;
    let number = &batch.number;
    let mut head = Head::new(format!("Batch {number}"))
        .under("/batches", "Batches")
        .lede(batch.title.clone())
        .chip(progress_chip(batch.state, view.release))
        .chip(view.disposition())
        .action(Link::to(format!("/trace?code={number}"), "Trace").icon(Icon::Trace))
        .action(Link::to(format!("/audit/batch/{number}"), "Audit trail").icon(Icon::History));
    if cx.may(Capability::PrintLabels) {
        let labels = format!("/labels/batch/{number}");
        head = head.action(Link::to(labels, "Labels").icon(Icon::Label));
    }
    if batch.state == BatchState::InProcess && cx.may(Capability::DecideDisposition) {
        let end = super::batch_end::address(number, EndAct::GiveUp);
        head = head.action(Link::to(end, "Give up").icon(Icon::Stop));
    }
    if cx.may(Capability::ReviewBatch) || cx.may(Capability::CertifyBatch) {
        let review = Link::to(format!("/release/{number}"), "Review").icon(Icon::Release);
        let completed = batch.state == BatchState::PendingReview;
        head = head.action(if completed { review.primary() } else { review });
    }
    head
}

/// Who performs steps reads the master record first, and states it (ATMP-6).
pub(super) fn unread_banner(cx: &Cx, view: &BatchView) -> Option<Banner> {
    let in_process = view.batch.state == BatchState::InProcess;
    let read = cx.actor().is_ok_and(|actor| view.acknowledged.contains(&actor.login));
    if read || !in_process || !cx.may(Capability::PerformSteps) {
        return None;
    }
    let key = view.batch.record.key();
    let open = Link::to(format!("/master-records/{key}"), "Read and acknowledge it").primary();
    let text = "Who performs or verifies a step has read this version and signed that (ATMP-6).";
    Some(Banner::stop(format!("You have not acknowledged {key}")).text(text).action(open))
}

fn banners(cx: &Cx, view: &BatchView) -> Vec<Banner> {
    let mut banners: Vec<Banner> =
        held_banner(&view.standing, &Node::batch(&view.batch.number)).into_iter().collect();
    banners.extend(unread_banner(cx, view));
    banners.extend(batch_timer::banners(cx, &view.batch, &view.record));
    for deviation in view.deviations.iter().filter(|deviation| deviation.status == Status::Open) {
        let text = format!("{} ({})", deviation.title, deviation.class.code());
        let banner = Banner::check(format!("Deviation {} is open", deviation.number)).text(text);
        let address = format!("/deviations/{}", deviation.number);
        banners.push(banner.action(Link::to(address, "Open the deviation")));
    }
    if let Some(ended) = &view.batch.settled {
        let who = ended.signature.manifestation();
        banners.push(Banner::stop(ended.act.words()).text(format!("{} · {who}", ended.because)));
    }
    banners
}

fn facts(cx: &Cx, view: &BatchView) -> Facts {
    let batch = &view.batch;
    let record = batch.record.key();
    let address = format!("/master-records/{record}");
    let code = |text: String| Cell::Code(text);
    Facts::new()
        .with("Makes", code(batch.product.to_string()))
        .with("Master record", Cell::CodeLink(Link::to(address, record)))
        .with("Hash of its text", code(batch.record.hash.short()))
        .with_some(
            "Order",
            batch
                .order
                .as_ref()
                .map(|order| Cell::CodeLink(Link::to(format!("/orders/{order}"), order.as_str()))),
        )
        .with_some("Patient code", batch.patient.as_ref().map(|patient| code(patient.to_string())))
        .with_some("Donation number", batch.din().map(|din| code(din.to_string())))
        .with("Started", Cell::when(cx.when(batch.started_at)))
        .with("By", batch.started_by.to_string())
        .with_some("Completed", batch.completed_at.map(|at| Cell::when(cx.when(at))))
        .with("Disposition", view.disposition())
        .with_some(
            "Because of",
            view.standing
                .because
                .as_ref()
                .filter(|because| **because != Node::batch(&batch.number))
                .map(node_link),
        )
}

fn step_row(
    cx: &Cx,
    view: &BatchView,
    procedure: &Procedure<'_>,
    step: &Step,
    unit: String,
) -> StepRow {
    let progress = procedure.progress(step);
    let look = batch_step::look(cx, &view.batch, &view.record, step, &progress);
    let done = view.batch.of_step(&step.name).map(|one| done(cx, view, step, one)).collect();
    StepRow {
        unit,
        number: view.record.step_number(&step.name),
        name: step.name.to_string(),
        title: step.title.clone(),
        instruction: step.instruction.clone(),
        class: look.class,
        chip: look.chip,
        note: look.note,
        critical: step.critical,
        must: !matches!(progress, batch::Progress::Optional),
        done,
        actions: look.actions,
    }
}

fn done(cx: &Cx, view: &BatchView, step: &Step, performance: &Performance) -> Done {
    let shown = batch::performance_shown(&view.batch, &view.record, performance);
    let mut used: Vec<String> = Vec::new();
    used.extend(shown.materials.iter().map(|lot| format!("Lot {lot}")));
    used.extend(shown.equipment.iter().map(|asset| format!("Equipment {asset}")));
    used.extend(shown.consumed.iter().map(|container| format!("Used up {container}")));
    used.extend(shortened("Made", &shown.produced));
    used.extend(shown.postings.iter().map(|posting| format!("Booked {posting}")));
    used.extend(shown.foreign.iter().map(|found| format!("Did not belong here: {found}")));
    let repeated = step.repeat.max > 1;
    let label = if repeated {
        format!("{}. time, {}", performance.occurrence, cx.when(performance.performed_at))
    } else {
        cx.when(performance.performed_at)
    };
    let late = performance.late_because.as_ref().map(|because| {
        let after = performance.recorded_at.since(performance.performed_at).text();
        let recorded = cx.when(performance.recorded_at);
        format!("Recorded {recorded}, {after} later than performed: {because}")
    });
    Done {
        label,
        values: Values::of(&shown),
        used,
        signatures: signatures(view, performance),
        corrections: corrections(view, performance),
        correct: batch_correct::link(cx, view, step, performance),
        late,
        deviations: performance
            .deviations
            .iter()
            .chain(view.batch.corrections_of(performance).flat_map(|one| &one.deviations))
            .map(|number| Link::to(format!("/deviations/{number}"), number.as_str()))
            .collect(),
    }
}

fn signatures(view: &BatchView, performance: &Performance) -> Vec<SignedOver> {
    let names = |since_verified| {
        batch::uncovered_names(&view.batch, &view.record, performance, since_verified).join(", ")
    };
    let performed = (&performance.signature, names(false));
    let verified = performance.verified.as_ref().map(|signature| (signature, names(true)));
    std::iter::once(performed)
        .chain(verified)
        .map(|(signature, not_covered)| SignedOver { signed: signature.into(), not_covered })
        .collect()
}

fn corrections(view: &BatchView, performance: &Performance) -> Vec<CorrectedRow> {
    let batch = &view.batch;
    let row = |one: &batch::Correction| {
        let number = one.corrected.number;
        let waits = batch.waiting_corrections().any(|other| other.corrected.number == number);
        CorrectedRow {
            title: format!("Correction {number}: {}", one.corrected.because),
            href: batch_correct::verification_address(view, number),
            signatures: std::iter::once(&one.signature)
                .chain(&one.verified)
                .map(Signed::from)
                .collect(),
            chip: waits.then(|| Chip::new(Tone::Wait, "to verify")),
        }
    };
    batch.corrections_of(performance).map(row).collect()
}

/// A long list in one line: the first, the last and how many.
fn shortened(word: &str, items: &[String]) -> Vec<String> {
    match items {
        [first, .., last] if items.len() > 6 => {
            vec![format!("{word} {}: {first} … {last}", items.len())]
        }
        _ => items.iter().map(|item| format!("{word} {item}")).collect(),
    }
}

fn value_row(value: &ShownValue) -> ValueRow {
    let title = match &value.item {
        Some(item) => format!("{} · {item}", value.title),
        None => value.title.clone(),
    };
    ValueRow {
        title,
        value: value.value.clone(),
        limit: value.limit.clone(),
        mark: mark_chip(value.mark, &value.limit),
        arithmetic: value.arithmetic.clone().unwrap_or_default(),
        was: value.was.iter().map(was_row).collect(),
    }
}

fn was_row(was: &batch::Was) -> WasRow {
    let note = if was.calculated {
        format!("calculated anew by correction {}, {}", was.number, was.by)
    } else {
        format!("correction {}, {}: {}", was.number, was.by, was.because)
    };
    let chip = was.waits.then(|| Chip::new(Tone::Wait, "to verify"));
    WasRow { value: was.value.clone(), note, chip }
}

/// How a value stands to its limits; nothing to say without limits.
fn mark_chip(mark: Mark, limit: &str) -> Option<Chip> {
    match mark {
        Mark::Within if limit.is_empty() => None,
        Mark::Within => Some(Chip::new(Tone::Ok, "within limits")),
        Mark::Alert => Some(Chip::new(Tone::Wait, "alert limit")),
        Mark::Action => Some(Chip::new(Tone::Stop, "outside limits")),
    }
}

fn held(cells: Option<Quantity>, volume: Option<Quantity>) -> String {
    let parts: Vec<String> = cells.into_iter().chain(volume).map(|held| held.text()).collect();
    parts.join(" in ")
}

fn container_blocks(view: &BatchView) -> Vec<Block> {
    let columns = ["Container", "What", "Holds", "For", "Where it is or what became of it"];
    let mut made = Table::new("Containers made", &columns);
    for container in &view.made {
        let contents = &container.contents;
        let (number, of) = container.number_of;
        made.push([
            Cell::CodeLink(Link::to(format!("/containers/{}", container.code), &*container.code)),
            Cell::Text(format!("{} {number} of {of}, {}", container.kind.word(), contents.title)),
            Cell::Text(held(contents.viable_cells, contents.volume)),
            container.target.as_ref().map_or(Cell::Soft("—".to_owned()), |target| {
                Cell::Text(target.as_str().replace('_', " "))
            }),
            Cell::Soft(whereabouts(container)),
        ]);
    }
    let mut used = Table::new("Containers used", &["Container", "As", "Held", "Donors"]);
    for taken in view.batch.consumed() {
        let donors: Vec<&str> = taken.donors.iter().map(|donor| donor.as_str()).collect();
        let address = format!("/containers/{}", taken.container);
        used.push([
            Cell::CodeLink(Link::to(address, taken.container.as_str())),
            Cell::Text(taken.what.as_str().replace('_', " ")),
            Cell::Text(held(taken.cells, taken.volume)),
            Cell::Soft(donors.join(", ")),
        ]);
    }
    let block = |title: &str, table: Table, empty: &str| {
        let note = table.rows.len().to_string();
        let body = if table.is_empty() {
            Body::Empty(Empty::new(Icon::Vial, "None yet", empty))
        } else {
            Body::Table(table)
        };
        Block::new(title, body).note(note)
    };
    vec![
        block("Used", used, "What a step takes in appears here."),
        block("Made", made, "What a step makes appears here."),
    ]
}

fn deviation_blocks(view: &BatchView) -> Vec<Block> {
    let mut table = Table::new("Deviations", &["Number", "What", "Class", "State"]);
    for deviation in &view.deviations {
        let address = format!("/deviations/{}", deviation.number);
        let open = deviation.status == Status::Open;
        let tone = if open { Tone::Wait } else { Tone::Calm };
        table.push([
            Cell::CodeLink(Link::to(address, deviation.number.as_str())),
            Cell::Text(deviation.title.clone()),
            class_chip(deviation.class).into(),
            Chip::new(tone, deviation.status.code()).into(),
        ]);
    }
    let body = if table.is_empty() {
        let text = "Limits that a step breaks, and what people notice, appear here.";
        Body::Empty(Empty::new(Icon::Ok, "No deviation", text))
    } else {
        Body::Table(table)
    };
    vec![Block::new("Deviations", body)]
}

/// Everything that was open when the batch was given up or rejected, with its decision.
fn ended_blocks(batch: &Batch) -> Vec<Block> {
    let Some(ended) = &batch.settled else { return Vec::new() };
    let mut table = Table::new("What became of it", &["What was open", "What became of it"]);
    for item in &ended.items {
        table.push([Cell::Text(item.what.clone()), Cell::Text(item.settlement.words().to_owned())]);
    }
    let body = if table.is_empty() {
        Body::Empty(Empty::new(Icon::Ok, "Nothing was open", "No container, label or test."))
    } else {
        Body::Table(table)
    };
    let booked: Vec<String> = ended.postings.iter().map(batch::posting_text).collect();
    let signatures = std::iter::once(&ended.signature).chain(&ended.witness);
    let mut blocks = vec![Block::new(ended.act.words(), body).signed(signatures)];
    if !booked.is_empty() {
        blocks.push(Block::new("Booked", Body::Text(booked.join("; "))));
    }
    blocks
}

fn hold_points(cx: &Cx, batch: &Batch, record: &MasterRecord) -> Timeline {
    let moment = |hold: &crate::domain::master_record::HoldPoint| {
        let signed = batch.hold_points.get(&hold.name);
        Moment {
            tone: if signed.is_some() { Tone::Ok } else { Tone::Calm },
            what: hold.title.clone(),
            when: signed.map_or_else(
                || "waits for QA".to_owned(),
                |signature| format!("{} · {}", cx.when(signature.at), signature.printed_name),
            ),
            detail: String::new(),
            href: String::new(),
        }
    };
    Timeline { items: record.hold_points.iter().map(moment).collect() }
}
