//! Master records on screen: which there are, what each says, what it would come to, who signed.
//!
//! Neighbours: `master_record_change` proposes, approves, retires and acknowledges;
//! `master_record_view` turns a record into blocks; `domain::master_record` knows it all.
//!
//! Architecture invariant: what is read here is what was signed: every page is made from the text
//! of the version.

use super::component::{Banner, Cell, Chip, Empty, Facts, Head, Link, Signed, Table, Tone};
use super::cx::Cx;
use super::error::WebError;
use super::icon::Icon;
use super::master_record_change as change;
use super::master_record_view::{RecordPage, changes, figures, procedure, text_rows};
use super::reply::Reply;
use super::routes::{Access, Route};
use super::sheet::{Block, Body, Sheet};
use crate::app::shown::Shown;
use crate::domain::actor::Capability;
use crate::domain::id::MasterRecordId;
use crate::domain::master_record::simulate::{Report, simulate};
use crate::domain::master_record::{MasterRecord, RecordVersion, VersionState, parse};
use crate::domain::time::Instant;
use crate::record::timeline_svg;
use crate::store::batch::{self as table, VersionRow};
use crate::store::ledger;

const READ: Access = Access::Needs(&[Capability::ReadGmp]);
const QA: Access = Access::Needs(&[Capability::ApproveMasterRecords]);

/// A text of a master record and what is said with it, in bytes.
const TEXT_MAX: usize = 1024 * 1024;

/// Runs of the simulation on a page.
pub(super) const RUNS: u32 = 500;
/// The seed of the simulation on a page: the same page twice shows the same numbers.
pub(super) const SEED: u64 = 1;

/// The rows of this slice.
pub const ROUTES: &[Route] = &[
    Route::get("/master-records", READ, list, "Master records and how they stand"),
    Route::get("/master-records/propose", QA, change::propose_form, "Propose a master record"),
    Route::post(
        "/master-records/propose",
        QA,
        change::propose,
        "Check and propose a master record",
    )
    .body_max(TEXT_MAX),
    Route::get("/master-records/{key}", READ, show, "A version of a master record"),
    Route::get("/master-records/{key}/file", READ, file, "Its text as a file"),
    Route::get("/master-records/{key}/timeline", READ, timeline, "Its simulated timeline"),
    Route::get("/master-records/{key}/approve", QA, change::approve_form, "Approve a version"),
    Route::post("/master-records/{key}/approve", QA, change::approve, "Approve a version"),
    Route::get("/master-records/{key}/retire", QA, change::retire_form, "Retire a version"),
    Route::post("/master-records/{key}/retire", QA, change::retire, "Retire a version"),
    Route::post(
        "/master-records/{key}/acknowledge",
        change::READER,
        change::acknowledge,
        "Acknowledge a version",
    ),
];

pub(super) fn address(key: &str) -> String {
    format!("/master-records/{key}")
}

/// The version of the path; what is no version is not found.
pub(super) fn version_of(cx: &Cx) -> Result<RecordVersion, WebError> {
    let key = cx.param("key").to_owned();
    let found = cx.app().read(|db| ledger::load::<RecordVersion>(db, &key))?;
    found.ok_or_else(|| WebError::not_found(&key))
}

/// The version of a record that is in effect now.
pub(super) fn in_effect(
    cx: &Cx,
    record: &MasterRecordId,
) -> Result<Option<RecordVersion>, WebError> {
    Ok(cx.app().read(|db| table::in_effect(db, record, cx.now))?)
}

/// How a version stands, as a chip.
fn chip(state: &str, effective_at: Option<Instant>, now: Instant) -> Chip {
    match (state, effective_at) {
        ("approved", Some(from)) if from > now => {
            Chip::new(Tone::Part, "approved, not yet in effect")
        }
        ("approved", _) => Chip::new(Tone::Ok, "approved"),
        ("retired", _) => Chip::new(Tone::Calm, "retired"),
        _ => Chip::new(Tone::Wait, "proposed"),
    }
}

fn list(cx: &Cx) -> Result<Reply, WebError> {
    let rows = cx.app().read(table::versions)?;
    let mut head = Head::new("Master records").lede(
        "The approved process of each stage, as text that runs. A batch keeps the version it \
         started with.",
    );
    if cx.may(Capability::ApproveMasterRecords) {
        let link = Link::to("/master-records/propose", "Propose a version").icon(Icon::Plus);
        head = head.action(link.primary());
    }
    let mut sheet = Sheet::new(cx, "Master records", head);
    if rows.is_empty() {
        let empty = Empty::new(
            Icon::Record,
            "No master record yet",
            "QA proposes the first one; another person of QA approves it.",
        );
        sheet.main.push(Block::new("", Body::Empty(empty)));
    } else {
        sheet.main.push(Block::new("", Body::Table(versions_table(cx, &rows))));
    }
    cx.page(&sheet)
}

fn versions_table(cx: &Cx, rows: &[VersionRow]) -> Table {
    let columns =
        ["Record", "Version", "Title", "Status", "In effect from", "Retired", "Author", "Approver"];
    let mut shown = Table::new("Versions of master records", &columns);
    let date = |at: Option<Instant>| Cell::Soft(at.map_or_else(String::new, |at| cx.when(at)));
    for row in rows {
        shown.push([
            Cell::CodeLink(Link::to(address(&row.key), row.record.clone())),
            Cell::Number(row.number.to_string()),
            Cell::Text(row.title.clone()),
            chip(&row.state, row.effective_at, cx.now).into(),
            date(row.effective_at),
            date(row.retired_at),
            Cell::Soft(row.authored_by.clone()),
            Cell::Soft(row.approved_by.clone().unwrap_or_default()),
        ]);
    }
    shown
}

fn show(cx: &Cx) -> Result<Reply, WebError> {
    cx.page(&show_page(cx, &version_of(cx)?, None, None)?)
}

/// The page of a version; `beside` is what was wrong with the reader's last signature.
pub(super) fn show_page(
    cx: &Cx,
    version: &RecordVersion,
    banner: Option<Banner>,
    beside: Option<String>,
) -> Result<RecordPage, WebError> {
    let key = version.record.key();
    let mut page = RecordPage::new(cx, key.clone(), head(cx, version));
    page.banners.extend(banner);
    page.lead.push(identity(cx, version));
    page.text = text_rows(&version.text);
    page.file = format!("{}/file", address(&key));
    match parse(&version.text) {
        Ok(record) => {
            page.body = procedure(&record);
            page.figures = figures(&report(&record));
            page.drawing = format!("{}/timeline", address(&key));
        }
        Err(faults) => page.banners.push(
            Banner::check("This version was written in an older form of the language")
                .text(format!("It can be read as text only: {faults}.")),
        ),
    }
    if let Some(other) = in_effect(cx, &version.record.id)?
        && version.state == VersionState::Proposed
        && let (Ok(old), Ok(new)) = (parse(&other.text), parse(&version.text))
    {
        page.changes = Some(changes(&old, &new));
    }
    page.aside.push(Block::new("Signatures", Body::Signed(signatures(version))));
    if let Some(act) = change::acknowledgement(cx, version, beside)? {
        page.aside.push(Block::new("Read and understood", Body::Act(Box::new(act))));
    }
    page.aside.push(readers(version));
    Ok(page)
}

pub(super) fn report(record: &MasterRecord) -> Report {
    simulate(record, RUNS, SEED)
}

fn head(cx: &Cx, version: &RecordVersion) -> Head {
    let key = version.record.key();
    let mut head = Head::new(version.title.clone())
        .under("/master-records", "Master records")
        .chip(chip(version.state.code(), version.effective_at, cx.now).large());
    if !cx.may(Capability::ApproveMasterRecords) {
        return head;
    }
    let own = cx.actor().is_ok_and(|actor| actor.login == version.authored.login);
    if version.state == VersionState::Proposed && !own {
        let link = Link::to(format!("{}/approve", address(&key)), "Approve").icon(Icon::Sign);
        head = head.action(link.primary());
    }
    let next = format!("/master-records/propose?from={key}");
    head = head.action(Link::to(next, "Write the next version").icon(Icon::Plus));
    if version.state != VersionState::Retired {
        let word = if version.state == VersionState::Proposed { "Withdraw" } else { "Retire" };
        head = head.action(Link::to(format!("{}/retire", address(&key)), word));
    }
    head
}

fn identity(cx: &Cx, version: &RecordVersion) -> Block {
    let mut facts = Facts::new()
        .wide()
        .with("Record", Cell::Code(version.record.id.to_string()))
        .with("Version", version.record.version.to_string())
        .with("Makes", Cell::Code(version.product.to_string()))
        .with("Why", version.reason.clone());
    if !version.change_request.is_empty() {
        facts = facts.with("Change request", Cell::Code(version.change_request.clone()));
    }
    facts = facts.with_some("In effect from", version.effective_at.map(|at| cx.when(at)));
    if let Some((_, because)) = &version.retired {
        facts = facts.with("Retired because", because.clone());
    }
    facts = facts.with("Content code", Cell::Code(version.record.hash.short()));
    Block::new("What it is", Body::Facts(facts))
}

fn signatures(version: &RecordVersion) -> Vec<Signed> {
    let retired = version.retired.as_ref().map(|(signature, _)| signature);
    let all = std::iter::once(&version.authored).chain(version.approved.as_ref()).chain(retired);
    all.map(Signed::from).collect()
}

fn readers(version: &RecordVersion) -> Block {
    if version.acknowledged.is_empty() {
        let text = "Nobody has acknowledged this version yet.".to_owned();
        return Block::new("Acknowledged by", Body::Text(text));
    }
    let signed = version.acknowledged.iter().map(Signed::from).collect();
    let count = version.acknowledged.len().to_string();
    Block::new("Acknowledged by", Body::Signed(signed)).note(count)
}

fn file(cx: &Cx) -> Result<Reply, WebError> {
    let version = version_of(cx)?;
    let name = format!("{}.toml", version.record.key());
    Ok(Reply::download("text/plain; charset=utf-8", &name, version.text.into_bytes()))
}

fn timeline(cx: &Cx) -> Result<Reply, WebError> {
    let version = version_of(cx)?;
    let record = parse(&version.text).map_err(|_| WebError::not_found("its timeline"))?;
    Ok(Reply::document("image/svg+xml", timeline_svg(&report(&record)).into_bytes()))
}

/// What the signer of a version reads beside the password.
pub(super) fn signed_lines(record: &MasterRecord) -> Vec<(String, String)> {
    let shown = Shown::new("Master record")
        .line("Record", record.record.id.to_string())
        .line("Version", record.record.version.to_string())
        .line("Title", record.title.clone())
        .line("Text", format!("{} lines, in full below", record.text.lines().count()));
    shown.lines
}
