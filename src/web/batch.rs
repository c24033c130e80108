//! Batches: the list and the start.
//!
//! Neighbours: [`super::batch_show`] is the page of one batch, [`super::batch_step`] performs and
//! verifies its steps.
//!
//! Architecture invariant: how a batch stands is read from its rows, never worked out here.

use askama::Template;

use super::component::{Banner, Cell, Chip, Empty, Head, Link, Pager, Table, Tabs, Tone};
use super::cx::Cx;
use super::error::WebError;
use super::filters;
use super::form::{Errors, Field};
use super::icon::Icon;
use super::page::Shell;
use super::release::stage_chip;
use super::reply::Reply;
use super::routes::{Access, Route};
use crate::app::batch_start::{BatchStart, batch_start};
use crate::domain::actor::Capability;
use crate::domain::batch::BatchState;
use crate::domain::id::{BatchNumber, MasterRecordId, OrderNumber};
use crate::domain::release::Stage;
use crate::store::{
    self,
    batch::{BatchRow, Which},
};

pub(super) const READ: Access = Access::Needs(&[Capability::ReadGmp]);
const PERFORM: Access = Access::Needs(&[Capability::PerformSteps]);
const ROWS: usize = 50;
/// The lists of batches: which, the word in the address, the word on the tab.
const WHICH: [(Which, &str, &str); 4] = [
    WHICH_ALL,
    (Which::InProcess, "in_process", "In process"),
    (Which::PendingReview, "pending_review", "Pending review"),
    (Which::Decided, "decided", "Decided"),
];
const WHICH_ALL: (Which, &str, &str) = (Which::All, "", "All");

/// The rows of this slice.
pub const ROUTES: &[Route] = &[
    Route::get("/batches", READ, list, "Batches and how they stand"),
    Route::get("/batches/new", PERFORM, start_form, "Start a batch"),
    Route::post("/batches", PERFORM, start, "Start a batch"),
];

/// The address of a batch.
pub(super) fn address(number: &BatchNumber) -> String {
    format!("/batches/{number}")
}

/// How far a batch has come: its production, and from its completion on its release.
pub(super) fn progress_chip(state: BatchState, release: Option<Stage>) -> Chip {
    match state {
        BatchState::InProcess => stage_chip(Stage::InProcess),
        BatchState::PendingReview => stage_chip(release.unwrap_or(Stage::PendingReview)),
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
            "Progress",
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
        Cell::when(cx.when(row.started_at)),
        Cell::Number(row.steps_done.to_string()),
        state.map_or(Cell::Text(row.state), |state| progress_chip(state, row.release).into()),
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
