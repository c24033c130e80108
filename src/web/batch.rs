//! Batches: the list, the start, and the page of one batch with its procedure.
//!
//! Neighbours: `batch_step` performs and verifies steps; `app::batch_*` are the use cases; the
//! master record decides what is shown.
//!
//! Architecture invariant: everything on these pages is derived from the batch's events and the
//! master record it keeps; no process is written here.

use askama::Template;

use super::batch_step;
use super::component::{
    Banner, Cell, Chip, Empty, Facts, Head, Link, Moment, Pager, Progress, Signed, Table, Tabs,
    Timeline, Tone,
};
use super::cx::Cx;
use super::error::WebError;
use super::filters;
use super::form::{Errors, Field};
use super::icon::Icon;
use super::page::Shell;
use super::reply::Reply;
use super::routes::{Access, Route};
use crate::app::batch_show::{BatchView, batch_show, whereabouts};
use crate::app::batch_start::{BatchStart, batch_start};
use crate::domain::actor::Capability;
use crate::domain::batch::{self, Batch, BatchState, Mark, Performance, Procedure, ShownValue};
use crate::domain::deviation::Status;
use crate::domain::id::{BatchNumber, MasterRecordId, OrderNumber};
use crate::domain::master_record::{MasterRecord, Step};
use crate::domain::time::Instant;
use crate::store::{
    self,
    batch::{BatchRow, Which},
};

pub(super) const READ: Access = Access::Needs(&[Capability::ReadGmp]);
const PERFORM: Access = Access::Needs(&[Capability::PerformSteps]);
const ROWS: usize = 50;
/// The lists of batches: which, the word in the address, the word on the tab.
const WHICH: [(Which, &str, &str); 3] = [
    WHICH_ALL,
    (Which::InProcess, "in_process", "In process"),
    (Which::PendingReview, "pending_review", "Pending review"),
];
const WHICH_ALL: (Which, &str, &str) = (Which::All, "", "All");

/// The rows of this slice.
pub const ROUTES: &[Route] = &[
    Route::get("/batches", READ, list, "Batches and how they stand"),
    Route::get("/batches/new", PERFORM, start_form, "Start a batch"),
    Route::post("/batches", PERFORM, start, "Start a batch"),
    Route::get("/batches/{number}", READ, show, "A batch and its procedure"),
];

/// The address of a batch.
pub(super) fn address(number: &BatchNumber) -> String {
    format!("/batches/{number}")
}

/// The status of a batch's production.
pub(super) fn state_chip(state: BatchState) -> Chip {
    match state {
        BatchState::InProcess => Chip::new(Tone::Part, state.words()),
        BatchState::PendingReview => Chip::new(Tone::Wait, state.words()),
        BatchState::Aborted => Chip::new(Tone::Stop, state.words()),
    }
}

#[derive(Template)]
#[template(path = "batch/list.html")]
struct ListPage {
    shell: Shell,
    head: Head,
    tabs: Tabs,
    table: Table,
    empty: Empty,
    pager: Pager,
}

fn list(cx: &Cx) -> Result<Reply, WebError> {
    let wanted = cx.query("state");
    let which = WHICH.into_iter().find(|(_, code, _)| *code == wanted);
    let (which, code, _) = which.unwrap_or(WHICH_ALL);
    let page = cx.page_number();
    let offset = page.saturating_sub(1).saturating_mul(ROWS);
    let (rows, counts) = cx.app().read(|db| {
        let rows = store::batch::list(db, which, signed(offset), signed(ROWS))?;
        let mut counts = Vec::new();
        for (which, code, word) in WHICH {
            let count = usize::try_from(store::batch::count(db, which)?).unwrap_or(0);
            counts.push((code, word, count));
        }
        Ok((rows, counts))
    })?;
    let mut table = Table::new(
        "Batches",
        &[
            "Batch",
            "Makes",
            "Master record",
            "For order",
            "Started",
            "Steps",
            "Production",
            "Disposition",
        ],
    );
    for row in rows {
        table.push(list_row(cx, row));
    }
    let mut tabs = Tabs::new();
    let mut found = 0;
    for (one, word, count) in counts {
        let current = one == code;
        if current {
            found = count;
        }
        tabs = tabs.tab(list_address(one), word, Some(count), current);
    }
    let mut head = Head::new("Batches").lede("One run of an approved master batch record each.");
    if cx.may(Capability::PerformSteps) {
        head = head.action(Link::to("/batches/new", "Start a batch").icon(Icon::Batch).primary());
    }
    cx.page(&ListPage {
        shell: cx.shell("Batches"),
        head,
        tabs,
        table,
        empty: Empty::new(
            Icon::Batch,
            "No batch here",
            "A batch starts from an approved, effective master record.",
        ),
        pager: Pager::new(&pager_address(code), page, ROWS, found),
    })
}

fn list_row(cx: &Cx, row: BatchRow) -> Vec<Cell> {
    let number = row.number.to_string();
    let state = BatchState::ALL.into_iter().find(|state| state.code() == row.state);
    vec![
        Cell::CodeLink(Link::to(format!("/batches/{number}"), number)),
        Cell::Text(row.title),
        Cell::Code(format!("{}.{}", row.record, row.record_number)),
        row.order.map_or(Cell::Soft("—".to_owned()), |order| {
            Cell::CodeLink(Link::to(format!("/orders/{order}"), order))
        }),
        Cell::Text(cx.when(row.started_at)),
        Cell::Number(row.steps_done.to_string()),
        state.map_or(Cell::Text(row.state), |state| state_chip(state).into()),
        row.standing.disposition.into(),
    ]
}

fn signed(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn list_address(code: &str) -> String {
    if code.is_empty() { "/batches".to_owned() } else { format!("/batches?state={code}") }
}

fn pager_address(code: &str) -> String {
    if code.is_empty() { "/batches?".to_owned() } else { format!("/batches?state={code}&") }
}

#[derive(Template)]
#[template(path = "batch/start.html")]
struct StartPage {
    shell: Shell,
    head: Head,
    banner: Option<Banner>,
    fields: Vec<Field>,
    none: Option<Empty>,
}

fn start_page(cx: &Cx, errors: &Errors, banner: Option<Banner>) -> Result<StartPage, WebError> {
    let now = cx.now;
    let mut records = cx.app().read(store::batch::versions)?;
    // Versions of one record stand together, newest first: the first in effect is the one in force.
    records.retain(|row| {
        row.state == "approved" && row.effective_at.is_some_and(|effective| effective <= now)
    });
    records.dedup_by(|later, first| later.record == first.record);
    let none = records.is_empty().then(|| {
        Empty::new(
            Icon::Record,
            "No master record is in force",
            "QA approves a master record and sets its effective date; then batches can start.",
        )
    });
    let options =
        records.iter().map(|row| (row.record.clone(), format!("{} ({})", row.title, row.key)));
    let fill = |field: Field| {
        let value = cx.query(&field.name).to_owned();
        field.value(value).fill(cx.form(), errors)
    };
    let fields = vec![
        fill(Field::radio("record", "What is to be made", options).required()),
        fill(Field::scan("order", "Order")).hint(
            "Only for a batch that is made for one patient: scan or type the order number. Its \
             patient code and dose units are taken over.",
        ),
    ];
    Ok(StartPage {
        shell: cx.shell("Start a batch"),
        head: Head::new("Start a batch")
            .under("/batches", "Batches")
            .lede("The batch keeps the text of its master record as it is in force now."),
        banner,
        fields,
        none,
    })
}

fn start_form(cx: &Cx) -> Result<Reply, WebError> {
    cx.page(&start_page(cx, &Errors::new(), None)?)
}

fn start(cx: &Cx) -> Result<Reply, WebError> {
    let mut check = cx.check();
    let record = check.parse("record", MasterRecordId::parse);
    let order = check.parse_optional("order", OrderNumber::parse);
    let (Some(record), true) = (record, check.is_ok()) else {
        return cx.page_again(&start_page(cx, &check.errors, None)?);
    };
    let command = BatchStart { record, version: None, order };
    match batch_start(cx.app(), &cx.caller()?, command) {
        Ok(number) => Ok(Reply::see_other(address(&number))
            .flash(&format!("Batch {number} is started. Its first step waits below."))),
        Err(failure) => {
            let banner = WebError::from(failure).refusal()?;
            cx.page_again(&start_page(cx, &check.errors, Some(banner))?)
        }
    }
}

/// One value of a performed step.
struct ValueRow {
    title: String,
    value: String,
    limit: String,
    mark: Option<Chip>,
    arithmetic: String,
}

/// One performance of a step, as the procedure shows it.
struct Done {
    label: String,
    values: Vec<ValueRow>,
    used: Vec<String>,
    signatures: Vec<Signed>,
    late: Option<String>,
    deviations: Vec<Link>,
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
    done: Vec<Done>,
    actions: Vec<Link>,
}

/// A running or stopped timer.
struct TimerRow {
    title: String,
    until: Option<String>,
    text: String,
    chip: Chip,
}

#[derive(Template)]
#[template(path = "batch/show.html")]
struct ShowPage {
    shell: Shell,
    head: Head,
    banners: Vec<Banner>,
    progress: Progress,
    steps: Vec<StepRow>,
    facts: Facts,
    timers: Vec<TimerRow>,
    donors: Option<Table>,
    made: Table,
    used: Table,
    accounts: Vec<Table>,
    deviations: Table,
    missing: Vec<String>,
    moments: Timeline,
}

fn show(cx: &Cx) -> Result<Reply, WebError> {
    let number = cx.param_as("number", BatchNumber::parse)?;
    let view = batch_show(cx.app(), &number)?;
    let (batch, record) = (&view.batch, &*view.record);
    let procedure = Procedure::new(batch, record);
    let mut steps = Vec::new();
    let mut unit = String::new();
    for step in &record.steps {
        let title = record.unit_title(step);
        let heading = if title == unit { String::new() } else { title.to_owned() };
        unit = title.to_owned();
        steps.push(step_row(cx, &view, &procedure, step, heading));
    }
    let complete = record.steps.iter().filter(|step| procedure.complete(step)).count();
    let page = ShowPage {
        shell: cx.shell(format!("Batch {number}")),
        head: head(cx, &view),
        banners: banners(&view),
        progress: Progress {
            label: "Steps complete".to_owned(),
            done: complete,
            total: record.steps.len(),
        },
        steps,
        facts: facts(cx, &view),
        timers: timer_rows(cx, batch, record),
        donors: pool_table(batch),
        made: made_table(&view),
        used: used_table(batch),
        accounts: account_tables(batch),
        deviations: deviation_table(&view),
        missing: batch::completeness(batch, record).iter().map(batch::Missing::words).collect(),
        moments: hold_points(cx, batch, record),
    };
    cx.page(&page)
}

fn head(cx: &Cx, view: &BatchView) -> Head {
    let batch = &view.batch;
    let number = &batch.number;
    let mut head = Head::new(format!("Batch {number}"))
        .under("/batches", "Batches")
        .lede(batch.title.clone())
        .chip(state_chip(batch.state))
        .chip(view.disposition())
        .action(Link::to(format!("/trace?code={number}"), "Trace").icon(Icon::Trace))
        .action(Link::to(format!("/audit/batch/{number}"), "Audit trail").icon(Icon::History));
    if cx.may(Capability::ReviewBatch) || cx.may(Capability::CertifyBatch) {
        head = head.action(Link::to(format!("/release/{number}"), "Review").icon(Icon::Release));
    }
    if cx.may(Capability::PrintLabels) {
        head = head.action(Link::to(format!("/labels?batch={number}"), "Labels").icon(Icon::Label));
    }
    if batch.state == BatchState::InProcess && cx.may(Capability::DecideDisposition) {
        head =
            head.action(Link::to(format!("/batches/{number}/abort"), "Give up").icon(Icon::Stop));
    }
    head
}

fn banners(view: &BatchView) -> Vec<Banner> {
    let mut banners = Vec::new();
    for deviation in view.deviations.iter().filter(|deviation| deviation.status == Status::Open) {
        let text = format!("{} ({})", deviation.title, deviation.class.code());
        let banner = Banner::check(format!("Deviation {} is open", deviation.number)).text(text);
        let address = format!("/deviations/{}", deviation.number);
        banners.push(banner.action(Link::to(address, "Open the deviation")));
    }
    if let Some((because, signature)) = &view.batch.aborted {
        let who = signature.manifestation();
        banners.push(Banner::stop("This batch was given up").text(format!("{because} {who}")));
    }
    banners
}

fn facts(cx: &Cx, view: &BatchView) -> Facts {
    let batch = &view.batch;
    let record = batch.record.key();
    Facts::new()
        .with("Makes", Cell::Code(batch.product.to_string()))
        .with("Master record", Link::to(format!("/master-records/{record}"), record.clone()))
        .with("Hash of its text", Cell::Code(batch.record.hash.short()))
        .with_some(
            "Order",
            batch.order.as_ref().map(|order| Link::to(format!("/orders/{order}"), order.as_str())),
        )
        .with_some("Patient code", batch.patient.as_ref().map(|code| Cell::Code(code.to_string())))
        .with_some("Donation number", batch.din().map(|din| Cell::Code(din.to_string())))
        .with("Started", format!("{} by {}", cx.when(batch.started_at), batch.started_by))
        .with_some("Completed", batch.completed_at.map(|at| cx.when(at)))
        .with("Disposition", view.disposition())
        .with_some("Because of", view.standing.because.as_ref().map(|node| node.to_string()))
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
        done,
        actions: look.actions,
    }
}

fn done(cx: &Cx, view: &BatchView, step: &Step, performance: &Performance) -> Done {
    let shown = batch::performance_shown(&view.batch, &view.record, performance);
    let values = shown.values.iter().chain(&shown.calculated).map(value_row).collect();
    let mut used: Vec<String> = Vec::new();
    used.extend(shown.materials.iter().map(|lot| format!("Lot {lot}")));
    used.extend(shown.equipment.iter().map(|asset| format!("Equipment {asset}")));
    used.extend(shown.consumed.iter().map(|container| format!("Used up {container}")));
    used.extend(shortened("Made", &shown.produced));
    used.extend(shown.postings.iter().map(|posting| format!("Booked {posting}")));
    let repeated = step.repeat.max > 1;
    let label = if repeated {
        format!("{}. time, {}", performance.occurrence, cx.when(performance.performed_at))
    } else {
        cx.when(performance.performed_at)
    };
    let late = performance.late_because.as_ref().map(|because| {
        format!("Recorded {}, later than performed: {because}", cx.when(performance.recorded_at))
    });
    Done {
        label,
        values,
        used,
        signatures: std::iter::once(&performance.signature)
            .chain(&performance.verified)
            .map(Signed::from)
            .collect(),
        late,
        deviations: performance
            .deviations
            .iter()
            .map(|number| Link::to(format!("/deviations/{number}"), number.as_str()))
            .collect(),
    }
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
    }
}

/// How a value stands to its limits; nothing to say without limits.
pub(super) fn mark_chip(mark: Mark, limit: &str) -> Option<Chip> {
    match mark {
        Mark::Within if limit.is_empty() => None,
        Mark::Within => Some(Chip::new(Tone::Ok, "within limits")),
        Mark::Alert => Some(Chip::new(Tone::Wait, "alert limit")),
        Mark::Action => Some(Chip::new(Tone::Stop, "outside limits")),
    }
}

fn timer_rows(cx: &Cx, batch: &Batch, record: &MasterRecord) -> Vec<TimerRow> {
    batch::timers(batch, record)
        .into_iter()
        .map(|reading| {
            let (until, chip) = timer_state(cx.now, &reading);
            let from = format!("from {}", cx.when(reading.from));
            let earliest = reading.earliest.map(|at| format!("not before {}", cx.when(at)));
            let latest = reading.latest.map(|at| format!("not after {}", cx.when(at)));
            let stopped = reading.stopped.map(|at| format!("stopped {}", cx.when(at)));
            let parts: Vec<String> =
                std::iter::once(from).chain(earliest).chain(latest).chain(stopped).collect();
            TimerRow {
                title: reading.timer.title.clone(),
                until: until.map(|at| at.to_string()),
                text: parts.join(" · "),
                chip,
            }
        })
        .collect()
}

fn timer_state(now: Instant, reading: &batch::TimerReading<'_>) -> (Option<Instant>, Chip) {
    if reading.stopped.is_some() {
        return (None, Chip::new(Tone::Calm, "stopped"));
    }
    if let Some(earliest) = reading.earliest.filter(|at| now < *at) {
        return (Some(earliest), Chip::new(Tone::Wait, "too early"));
    }
    match reading.latest {
        Some(latest) if now > latest => (Some(latest), Chip::new(Tone::Stop, "too late")),
        Some(latest) => (Some(latest), Chip::new(Tone::Ok, "in time")),
        None => (None, Chip::new(Tone::Ok, "may go on")),
    }
}

fn made_table(view: &BatchView) -> Table {
    let mut table = Table::new("Containers made", &["Container", "What", "Holds", "For", "Where"]);
    for made in &view.made {
        let held = [made.contents.viable_cells, made.contents.volume].into_iter().flatten();
        let holds: Vec<String> = held.map(|quantity| quantity.text()).collect();
        let address = format!("/containers/{}", made.code);
        let (number, of) = made.number_of;
        table.push([
            Cell::CodeLink(Link::to(address, made.code.as_str())),
            Cell::Text(format!("{} {number} of {of}", made.kind.word())),
            Cell::Text(holds.join(" in ")),
            made.target.as_ref().map_or(Cell::Soft("—".to_owned()), |target| {
                Cell::Text(target.as_str().replace('_', " "))
            }),
            Cell::Soft(whereabouts(made)),
        ]);
    }
    table
}

fn used_table(batch: &Batch) -> Table {
    let mut table = Table::new("Containers used", &["Container", "As", "Donors", "Held"]);
    for used in batch.consumed() {
        let donors: Vec<&str> = used.donors.iter().map(|donor| donor.as_str()).collect();
        let held = [used.cells, used.volume].into_iter().flatten();
        let held: Vec<String> = held.map(|quantity| quantity.text()).collect();
        let address = format!("/containers/{}", used.container);
        table.push([
            Cell::CodeLink(Link::to(address, used.container.as_str())),
            Cell::Text(used.what.as_str().replace('_', " ")),
            Cell::Code(donors.join(", ")),
            Cell::Text(held.join(" in ")),
        ]);
    }
    table
}

fn account_tables(batch: &Batch) -> Vec<Table> {
    let book = &batch.book;
    let table = |unit| {
        let mut table = Table::new("Account", &["Account", "Balance"]);
        for (account, quantity) in book.accounts(unit) {
            table.push([Cell::from(account.words()), Cell::Number(quantity.text())]);
        }
        table.push([Cell::from("Sum, must be zero"), Cell::Number(book.sum(unit).text())]);
        table
    };
    book.units().into_iter().map(table).collect()
}

fn deviation_table(view: &BatchView) -> Table {
    let mut table = Table::new("Deviations", &["Number", "What", "Class", "State"]);
    for deviation in &view.deviations {
        let address = format!("/deviations/{}", deviation.number);
        let open = deviation.status == Status::Open;
        let tone = if open { Tone::Wait } else { Tone::Calm };
        table.push([
            Cell::CodeLink(Link::to(address, deviation.number.as_str())),
            Cell::Text(deviation.title.clone()),
            Cell::from(deviation.class.code()),
            Chip::new(tone, deviation.status.code()).into(),
        ]);
    }
    table
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

/// The share of each donor in what the batch used, where there are several (ATMP-25).
fn pool_table(batch: &Batch) -> Option<Table> {
    let parents: Vec<_> = batch.consumed().filter(|used| !used.donors.is_empty()).collect();
    if batch.donors().len() < 2 {
        return None;
    }
    let mut table = Table::new("Donors in the pool", &["Donor", "Donation", "Container", "Held"]);
    for used in parents {
        let donors: Vec<&str> = used.donors.iter().map(|donor| donor.as_str()).collect();
        let held = [used.cells, used.volume].into_iter().flatten();
        let held: Vec<String> = held.map(|quantity| quantity.text()).collect();
        table.push([
            Cell::Code(donors.join(", ")),
            Cell::Code(used.din.as_ref().map_or(String::new(), ToString::to_string)),
            Cell::Code(used.container.to_string()),
            Cell::Text(held.join(" in ")),
        ]);
    }
    Some(table)
}
