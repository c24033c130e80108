//! The audit trail of any object, and of everything; to read, to search, to take along.
//!
//! Neighbours: `app::audit` folds old and new values.
//!
//! Architecture invariant: nothing here changes a record, and no entry can be hidden.

use askama::Template;

use super::component::{Empty, Head, Link, Table};
use super::cx::Cx;
use super::error::WebError;
use super::filters;
use super::form::query_value;
use super::icon::Icon;
use super::page::Shell;
use super::reply::Reply;
use super::routes::{Access, Route};
use crate::app::audit::{self, TrailEntry};
use crate::domain::actor::Capability;
use crate::domain::id::StreamId;
use crate::domain::time::Instant;

const READ: Access = Access::Needs(&[Capability::ReadAudit]);

/// The rows of this slice.
pub const ROUTES: &[Route] = &[
    Route::get("/audit", READ, everything, "What happened last"),
    Route::get("/audit/{stream:.*}", READ, trail, "The audit trail of an object"),
];

/// Entries of the whole ledger shown at once.
const LATEST: i64 = 200;

struct EntryCard {
    title: String,
    stream: String,
    when: String,
    who: String,
    why: String,
    signatures: Vec<String>,
    table: Option<Table>,
}

#[derive(Template)]
#[template(path = "audit/trail.html")]
struct TrailPage {
    shell: Shell,
    head: Head,
    action: String,
    query: String,
    who: String,
    what: String,
    kinds: Vec<String>,
    entries: Vec<EntryCard>,
    shown: usize,
    total: usize,
    empty: Empty,
    older: Option<String>,
    everything: bool,
}

/// The entries that match what is searched for.
fn filtered(cx: &Cx, entries: Vec<TrailEntry>) -> Vec<TrailEntry> {
    let (query, who, what) = (cx.query("q"), cx.query("who"), cx.query("what"));
    entries
        .into_iter()
        .filter(|entry| query.is_empty() || entry.holds(query))
        .filter(|entry| who.is_empty() || entry.who == who)
        .filter(|entry| what.is_empty() || entry.what == what)
        .collect()
}

fn card(cx: &Cx, entry: &TrailEntry) -> EntryCard {
    let when = Instant::parse(&entry.at).map(|at| at.full_text(cx.zone()));
    let mut table = Table::new("Values", &["Value", "Old", "New"]);
    for change in &entry.changes {
        table.push([
            change.field.clone().into(),
            change.old.clone().into(),
            change.new.clone().into(),
        ]);
    }
    EntryCard {
        title: entry.what.replace('.', ": ").replace('_', " "),
        stream: entry.stream.clone(),
        when: when.unwrap_or_else(|_| entry.at.clone()),
        who: format!("{} · {} · {}", entry.who, entry.role, entry.station),
        why: entry.why.clone(),
        signatures: entry.signatures.clone(),
        table: (!table.is_empty()).then_some(table),
    }
}

fn kinds(entries: &[TrailEntry]) -> Vec<String> {
    let mut kinds: Vec<String> = entries.iter().map(|entry| entry.what.clone()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

fn export(cx: &Cx, name: &str, entries: &[TrailEntry]) -> Option<Result<Reply, WebError>> {
    let file = |ending: &str| format!("audit-{}.{ending}", name.replace('/', "-"));
    match cx.query("format") {
        "csv" => {
            // The mark tells spreadsheets that the text is UTF-8.
            let text = format!("\u{feff}{}", audit::csv(entries));
            let kind = "text/csv; charset=utf-8";
            Some(Ok(Reply::download(kind, &file("csv"), text.into_bytes())))
        }
        "json" => Some(
            serde_json::to_vec_pretty(entries)
                .map(|bytes| Reply::download("application/json", &file("json"), bytes))
                .map_err(WebError::internal),
        ),
        _ => None,
    }
}

fn page(
    cx: &Cx,
    head: Head,
    action: String,
    all: Vec<TrailEntry>,
    older: Option<String>,
) -> Result<Reply, WebError> {
    let (total, kinds) = (all.len(), kinds(&all));
    let entries = filtered(cx, all);
    let search = format!(
        "q={}&who={}&what={}",
        query_value(cx.query("q")),
        query_value(cx.query("who")),
        query_value(cx.query("what"))
    );
    let export = |format: &str| format!("{action}?{search}&format={format}");
    let head = head
        .action(Link::to(export("csv"), "CSV").icon(Icon::Download))
        .action(Link::to(export("json"), "JSON").icon(Icon::Download));
    let page = TrailPage {
        shell: cx.shell("Audit trail"),
        head,
        everything: action == "/audit",
        action,
        query: cx.query("q").to_owned(),
        who: cx.query("who").to_owned(),
        what: cx.query("what").to_owned(),
        kinds,
        shown: entries.len(),
        entries: entries.iter().map(|entry| card(cx, entry)).collect(),
        total,
        empty: Empty::new(Icon::History, "No entry", "Nothing matches what you look for."),
        older,
    };
    cx.page(&page)
}

fn trail(cx: &Cx) -> Result<Reply, WebError> {
    let name = cx.param("stream").to_owned();
    let stream = StreamId::from_stored(&name);
    let entries = audit::trail(cx.app(), &stream)?;
    if entries.is_empty() {
        return Err(WebError::not_found(name));
    }
    if let Some(reply) = export(cx, &name, &filtered(cx, entries.clone())) {
        return reply;
    }
    let head = Head::new(stream.id().to_owned())
        .under("/audit", "Audit trail")
        .lede(format!("Every change of this {}, oldest first.", stream.kind().replace('_', " ")));
    page(cx, head, format!("/audit/{name}"), entries, None)
}

fn everything(cx: &Cx) -> Result<Reply, WebError> {
    let before = Some(cx.query("before")).filter(|id| !id.is_empty());
    let entries = audit::latest(cx.app(), before, LATEST)?;
    let last = entries.last().map(|entry| entry.event_id.clone());
    if let Some(reply) = export(cx, "latest", &filtered(cx, entries.clone())) {
        return reply;
    }
    let full = i64::try_from(entries.len()).is_ok_and(|count| count >= LATEST);
    let older = last.filter(|_| full).map(|id| format!("/audit?before={id}"));
    let head = Head::new("Audit trail").lede("What happened last, newest first.");
    page(cx, head, "/audit".to_owned(), entries, older)
}
