//! Labels: preview beside the decoded text, print, reprint with a reason, read back N of M, and the
//! balance of a batch.
//!
//! Neighbours: `app::label_print` and `app::label_scan_back`.
//!
//! Architecture invariant: a label is shown as it is printed: the picture is made of its dots.

use askama::Template;

use super::component::{Banner, Cell, Chip, Empty, Facts, Head, Link, Progress, Table, Tone};
use super::cx::Cx;
use super::error::WebError;
use super::filters;
use super::form::Field;
use super::icon::Icon;
use super::page::Shell;
use super::reply::Reply;
use super::review::{self, Review};
use super::routes::{Access, Route};
use crate::app::container_move::ScannedContainer;
use crate::app::label_lost::{
    LabelAccounts, LabelFound, LabelLost, label_accounts, label_found, label_found_shown,
    label_lost, label_lost_shown,
};
use crate::app::label_print::{
    Drawing, LabelPrint, Preview, label_pdf, label_preview, label_print,
};
use crate::app::label_scan_back::{LabelAccount, LabelScanBack, label_account, label_scan_back};
use crate::app::words::sentence;
use crate::domain::actor::{Capability, Meaning};
use crate::domain::container::{Container, ContainerKind, LabelCount, LabelFate, PrintedLabel};
use crate::domain::id::{AssetId, BatchNumber, ContainerCode};
use crate::store::container::Of;
use crate::store::{Failure, container, label};

const READ: Access = Access::Needs(&[Capability::ReadGmp]);
const PRINT: Access = Access::Needs(&[Capability::PrintLabels]);
const LOST: Access = Access::Needs(&[Capability::DecideDeviation]);

/// The rows of this slice.
pub const ROUTES: &[Route] = &[
    Route::get("/labels", READ, find, "Labels: find a container or a batch"),
    Route::get("/labels/batch/{number}", READ, batch, "Labels of a batch"),
    Route::get("/labels/batch/{number}/run", PRINT, run, "Read back the labels of a batch"),
    Route::get("/labels/container/{code}", READ, one, "The labels of a container"),
    Route::get("/labels/preview/{code}", READ, preview, "A label as a drawing"),
    Route::get("/labels/pdf", PRINT, pdf, "Labels as a PDF to print"),
    Route::post("/labels/print", PRINT, print, "Print or reprint labels"),
    Route::post("/labels/scan-back", PRINT, scan_back, "Read a label back"),
    Route::post("/labels/account", PRINT, account, "Account for a label"),
    Route::post("/labels/lost", LOST, lost, "Report a label lost"),
    Route::post("/labels/found", LOST, found, "Account for a lost label that turned up"),
];

const BATCH_MAX: i64 = 500;

#[derive(Template)]
#[template(path = "label/find.html")]
struct FindPage {
    shell: Shell,
    head: Head,
    banner: Option<Banner>,
    code: Field,
    waiting: Table,
    empty: Empty,
}

/// Finds by a code; without one, lists what a person holds that has no label on it yet.
fn find(cx: &Cx) -> Result<Reply, WebError> {
    let asked = cx.query("code");
    let mut banner = None;
    if !asked.is_empty() {
        if let Ok(batch) = BatchNumber::parse(asked) {
            return Ok(Reply::see_other(format!("/labels/batch/{batch}")));
        }
        match ScannedContainer::read(asked) {
            Ok(found) => {
                return Ok(Reply::see_other(format!("/labels/container/{}", found.code)));
            }
            Err(failure) => banner = Some(WebError::from(failure).refusal()?),
        }
    }
    let login = cx.actor()?.login.clone();
    let held = cx.app().read(|db| container::list(db, &Of::HeldBy(&login), None, BATCH_MAX))?;
    let mut waiting = Table::new("Without a label", &["Container", "Contents", "Batch", "Label"]);
    for state in held.iter().filter(|state| !state.labels.applied()) {
        waiting.push(row(state));
    }
    cx.page(&FindPage {
        shell: cx.shell("Labels"),
        head: Head::new("Labels")
            .lede("Print, reprint with a reason, and read back.")
            .action(Link::to("/printers", "Printers").icon(Icon::Print))
            .action(Link::to("/label-definitions", "Definitions").icon(Icon::Record)),
        banner,
        code: Field::scan("code", "Container or batch").value(asked).autofocus(),
        waiting,
        empty: Empty::new(
            Icon::Label,
            "Nothing in your hands waits for a label",
            "Scan a container, or type a batch number, to see its labels.",
        ),
    })
}

/// What is in it; of an outer pack, that it is one.
fn called(state: &Container) -> String {
    match state.kind {
        ContainerKind::OuterPack => format!("{}: {}", state.kind.word(), state.contents.title),
        _ => state.contents.title.to_string(),
    }
}

fn row(state: &Container) -> [Cell; 4] {
    let batch = match &state.batch {
        Some(batch) => Cell::CodeLink(Link::to(format!("/labels/batch/{batch}"), batch.as_str())),
        None => Cell::Soft(String::new()),
    };
    [
        Cell::CodeLink(Link::to(format!("/labels/container/{}", state.code), state.code.clone())),
        called(state).into(),
        batch,
        chip(state).into(),
    ]
}

fn chip(state: &Container) -> Chip {
    match (state.labels.valid(), state.labels.applied()) {
        (_, true) => Chip::new(Tone::Ok, "read back"),
        (Some(_), false) => Chip::new(Tone::Wait, "printed, not read back"),
        (None, false) => Chip::new(Tone::Wait, "not printed"),
    }
}

// One container ----------------------------------------------------------------------------------

#[derive(Template)]
#[template(path = "label/container.html")]
struct ContainerPage {
    shell: Shell,
    head: Head,
    banner: Option<Banner>,
    src: String,
    not_drawn: Option<Banner>,
    facts: Facts,
    parts: Table,
    prints: Table,
    code: String,
    printed: bool,
    may_print: bool,
    may_lose: bool,
    applied: bool,
    pdf: String,
    reason: Field,
    printer: Field,
    scan: Field,
    accounts: Vec<AccountRow>,
}

/// A print of which copies are missing or lost.
struct AccountRow {
    serial: u32,
    missing: u32,
    /// Whether what is missing does not just wait to be read back.
    left_over: bool,
    lost: u32,
    /// When, by whom and with which deviation copies were reported lost last.
    report: String,
}

fn one(cx: &Cx) -> Result<Reply, WebError> {
    let code = cx.param_as("code", ContainerCode::parse)?;
    cx.page(&container_page(cx, &code, None)?)
}

fn container_page(
    cx: &Cx,
    code: &ContainerCode,
    banner: Option<Banner>,
) -> Result<ContainerPage, WebError> {
    let state = cx.app().read(|db| container::require(db, code))?;
    let (serial, preview) = label_preview(cx.app(), code, false)?;
    let Said { not_drawn, facts, parts } = Said::of(preview);
    let facts = facts.with("Serial", serial.to_string());
    let printed = state.labels.valid().is_some();
    let mut reason = Field::text("because", "Why it is printed again").required();
    reason = reason.hint("The label before is void from then on, wherever it is scanned.");
    let batch = state.batch.as_ref().map(|batch| format!("/labels/batch/{batch}"));
    let mut head = Head::new(format!("Label of {code}"))
        .under("/labels", "Labels")
        .chip(chip(&state))
        .lede(called(&state))
        .action(Link::to(super::container::address(code.as_str()), "Container"));
    if let Some(batch) = batch {
        head = head.under(batch, state.batch.as_ref().map_or("", BatchNumber::as_str));
    }
    Ok(ContainerPage {
        shell: cx.shell(format!("Label of {code}")),
        head,
        banner,
        src: format!("/labels/preview/{code}?serial={serial}"),
        not_drawn,
        facts,
        parts,
        prints: prints(cx, &state),
        code: code.to_string(),
        printed,
        may_print: cx.may(Capability::PrintLabels),
        may_lose: cx.may(Capability::DecideDeviation),
        applied: state.labels.applied(),
        pdf: format!("/labels/pdf?code={code}"),
        reason,
        printer: super::printer::field(cx)?,
        scan: Field::scan("scanned", "Scan the label on the container").required(),
        accounts: accounts(cx, &state),
    })
}

/// What stands beside the drawing of a label: why it cannot be printed, or the text of its symbol
/// with what was read in its dots, part by part.
pub(super) struct Said {
    pub(super) not_drawn: Option<Banner>,
    pub(super) facts: Facts,
    pub(super) parts: Table,
}

impl Said {
    pub(super) fn of(preview: Preview) -> Self {
        let mut parts = Table::new("What the symbol says", &["Part", "As read", "Meaning"]);
        for (name, value, meaning) in preview.parts {
            parts.push([name.into(), Cell::Code(value), Cell::Soft(meaning)]);
        }
        let (not_drawn, read) = match preview.drawing {
            Drawing::Proven { read, .. } => (None, read),
            Drawing::Faulty { why, .. } | Drawing::None { why } => {
                (Some(Banner::check("This label cannot be printed yet").text(why)), Vec::new())
            }
        };
        let facts = Facts::new()
            .with("Printed for people", Cell::Code(preview.printed))
            .with("Text of the symbol", Cell::Code(preview.payload));
        let facts = read.into_iter().fold(facts, |facts, (symbol, text)| {
            let text = text.replace(crate::codes::gs1::SEPARATOR, "\u{241d}");
            facts.with(format!("Read back from the {symbol}"), Cell::Code(text))
        });
        Self { not_drawn, facts, parts }
    }
}

/// The picture of a drawing, or a picture that says why there is none.
pub(super) fn picture(drawing: Drawing) -> Reply {
    match drawing {
        Drawing::Proven { png, .. } | Drawing::Faulty { png, .. } => {
            Reply::document("image/png", png)
        }
        Drawing::None { why } => Reply::document("image/svg+xml", not_drawn_svg(&why).into_bytes()),
    }
}

fn accounts(cx: &Cx, state: &Container) -> Vec<AccountRow> {
    let row = |print: &PrintedLabel| {
        let serial = print.serial;
        let report = print.losses.last().map(|loss| {
            format!("{} by {}, {}: {}", cx.when(loss.at), loss.by, loss.deviation, loss.because)
        });
        AccountRow {
            serial,
            missing: state.labels.missing(serial),
            // A valid single label waits to be read back; what is left over is accounted for.
            left_over: !state.labels.is_valid(serial) || state.labels.applied(),
            lost: print.lost(),
            report: report.unwrap_or_default(),
        }
    };
    let rows = state.labels.prints.iter().map(row);
    rows.filter(|row| row.missing > 0 || row.lost > 0).collect()
}

fn prints(cx: &Cx, state: &Container) -> Table {
    let mut table = Table::new("Prints", &["Serial", "Printed", "Copies", "Status"]);
    for print in state.labels.prints.iter().rev() {
        let voided = state.labels.void(print.serial);
        let chip = match voided {
            Some(_) => Chip::new(Tone::Stop, "void"),
            None if state.labels.scanned_back == Some(print.serial) => {
                Chip::new(Tone::Ok, "read back")
            }
            None => Chip::new(Tone::Wait, "not read back"),
        };
        let why = voided.map_or(String::new(), |voided| {
            format!("; void since {}: {}", cx.when(voided.at), voided.because)
        });
        table.push([
            Cell::Number(print.serial.to_string()),
            Cell::When(cx.when(print.at), format!("{}{why}", print.by)),
            Cell::Text(copies(print)),
            chip.into(),
        ]);
    }
    table
}

fn copies(print: &PrintedLabel) -> String {
    let mut text = print.copies.to_string();
    let fates = [(print.destroyed, "destroyed"), (print.kept, "kept"), (print.lost(), "lost")];
    for (count, fate) in fates {
        if count > 0 {
            text.push_str(&format!(", {count} {fate}"));
        }
    }
    text
}

fn preview(cx: &Cx) -> Result<Reply, WebError> {
    let code = cx.param_as("code", ContainerCode::parse)?;
    Ok(picture(label_preview(cx.app(), &code, false)?.1.drawing))
}

/// A drawing that says why there is none.
fn not_drawn_svg(why: &str) -> String {
    let page = NotDrawn { lines: wrapped(why, 52) };
    page.render().unwrap_or_default()
}

#[derive(Template)]
#[template(path = "label/_not_drawn.svg", ext = "html")]
struct NotDrawn {
    lines: Vec<(u32, String)>,
}

fn wrapped(text: &str, width: usize) -> Vec<(u32, String)> {
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + word.chars().count() < width => {
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    (1_u32..).map(|row| row.saturating_mul(18)).zip(lines).collect()
}

fn pdf(cx: &Cx) -> Result<Reply, WebError> {
    let codes: Vec<ContainerCode> = cx
        .request
        .query
        .all("code")
        .map(ContainerCode::parse)
        .collect::<Result<_, _>>()
        .map_err(|error| WebError::Invalid(format!("{error}.")))?;
    let batch = BatchNumber::parse(cx.query("batch")).ok();
    let codes = match batch {
        Some(batch) => cx.app().read(|db| {
            let states = container::list(db, &Of::Batch(&batch), None, BATCH_MAX)?;
            let printed = states.iter().filter(|state| state.labels.valid().is_some());
            printed.map(|state| parse(&state.code)).collect::<Result<Vec<_>, Failure>>()
        })?,
        None => codes,
    };
    Ok(Reply::document("application/pdf", label_pdf(cx.app(), &codes)?))
}

fn parse(code: &str) -> Result<ContainerCode, Failure> {
    ContainerCode::parse(code).map_err(|error| Failure::Broken(error.to_string()))
}

// Commands ---------------------------------------------------------------------------------------

fn form_codes(cx: &Cx) -> Result<Vec<ContainerCode>, WebError> {
    cx.form()
        .all("code")
        .map(ContainerCode::parse)
        .collect::<Result<_, _>>()
        .map_err(|error| WebError::Invalid(format!("{error}.")))
}

fn print(cx: &Cx) -> Result<Reply, WebError> {
    let codes = form_codes(cx)?;
    let copies = cx.form().get("copies").map_or(Ok(1), str::parse).unwrap_or(0);
    let because = cx.form().get("because").map(str::to_owned);
    let again = cx.form().text("what") == "reprint";
    // A reprint without a reason is refused by the rule, not taken for a first print.
    let because = if again { Some(because.unwrap_or_default()) } else { None };
    let printer = AssetId::parse(cx.form().text("printer")).ok();
    let command = LabelPrint { containers: codes.clone(), copies, because, printer };
    let said = |count: usize| match &command.printer {
        Some(printer) => {
            format!("Labels in the queue of {printer}: {count}. Apply each and read it back.")
        }
        None => format!("Printed labels: {count}. Apply each and read it back."),
    };
    let outcome = label_print(cx.app(), &cx.caller()?, command.clone());
    answer(cx, codes.first(), outcome.map(|printed| said(printed.len())))
}

/// Back to where the form stood: the container's page or that of its batch.
fn answer(
    cx: &Cx,
    first: Option<&ContainerCode>,
    outcome: Result<String, Failure>,
) -> Result<Reply, WebError> {
    let batch = BatchNumber::parse(cx.form().text("batch")).ok();
    let runs = cx.form().ticked("run");
    match (outcome, batch, first) {
        (Ok(said), Some(batch), _) if runs => {
            Ok(Reply::see_other(run_address(&batch)).flash(&said))
        }
        (Err(failure), Some(batch), Some(expected)) if runs => {
            let banner = WebError::from(failure).refusal()?;
            let banner = Banner { title: sentence(&banner.title), ..banner };
            cx.page_again(&run_page(cx, &batch, (Some(expected), Some(banner)))?)
        }
        (Ok(said), Some(batch), _) => {
            Ok(Reply::see_other(format!("/labels/batch/{batch}")).flash(&said))
        }
        (Ok(said), None, Some(code)) => {
            Ok(Reply::see_other(format!("/labels/container/{code}")).flash(&said))
        }
        (Ok(said), None, None) => Ok(Reply::see_other("/labels").flash(&said)),
        (Err(failure), Some(batch), _) => {
            let banner = WebError::from(failure).refusal()?;
            cx.page_again(&batch_page(cx, &batch, Some(banner))?)
        }
        (Err(failure), None, Some(code)) => {
            let banner = WebError::from(failure).refusal()?;
            cx.page_again(&container_page(cx, code, Some(banner))?)
        }
        (Err(failure), None, None) => Err(failure.into()),
    }
}

fn scan_back(cx: &Cx) -> Result<Reply, WebError> {
    let expected = form_codes(cx)?.into_iter().next();
    let scanned = ScannedContainer::read(cx.form().text("scanned"));
    let outcome = match (&expected, scanned) {
        (Some(expected), Ok(scanned)) => {
            let expected = expected.clone();
            let said = format!("The label on {expected} is the right one.");
            let command = LabelScanBack { expected, scanned };
            label_scan_back(cx.app(), &cx.caller()?, command).map(|()| said)
        }
        (None, Ok(_)) => {
            return Err(WebError::Invalid("Say which container should wear the label.".to_owned()));
        }
        (_, Err(failure)) => Err(failure),
    };
    answer(cx, expected.as_ref(), outcome)
}

fn fate(cx: &Cx) -> LabelFate {
    match cx.form().text("fate") {
        "kept" => LabelFate::Kept,
        _ => LabelFate::Destroyed,
    }
}

fn account(cx: &Cx) -> Result<Reply, WebError> {
    let mut check = cx.check();
    let whole = |text: &str| text.parse::<u32>();
    let code = check.parse("code", ContainerCode::parse);
    let serial = check.parse("serial", whole);
    let copies = check.parse("copies", whole);
    let fate = fate(cx);
    let (Some(container), Some(serial), Some(copies)) = (code, serial, copies) else {
        return Err(WebError::Invalid("Say which labels became what.".to_owned()));
    };
    let command = LabelAccount { container: container.clone(), serial, copies, fate };
    let outcome = label_account(cx.app(), &cx.caller()?, command);
    answer(cx, Some(&container), outcome.map(|()| "Accounted for.".to_owned()))
}

/// Serial, copies and reason of a form about lost labels, with the container.
fn lost_entry(cx: &Cx) -> Result<(ContainerCode, u32, u32, String), WebError> {
    let mut check = cx.check();
    let whole = |text: &str| text.parse::<u32>();
    let code = check.parse("code", ContainerCode::parse);
    let serial = check.parse("serial", whole);
    let copies = check.parse("copies", whole);
    let because = cx.form().text("because").trim().to_owned();
    match (code, serial, copies) {
        (Some(code), Some(serial), Some(copies)) => Ok((code, serial, copies, because)),
        _ => Err(WebError::Invalid("Say which labels it is about.".to_owned())),
    }
}

/// Reports labels lost: checked, shown as it is signed, and signed by QA (ATMP-18).
fn lost(cx: &Cx) -> Result<Reply, WebError> {
    let (container, serial, copies, because) = lost_entry(cx)?;
    let page = format!("/labels/container/{container}");
    let command = LabelLost { container: container.clone(), serial, copies, because };
    let (login, zone) = (cx.actor()?.login.clone(), cx.app().config.zone);
    let shown = cx.app().read(|db| label_lost_shown(db, &command, &login, zone));
    let shown = match shown {
        Ok(shown) => shown,
        Err(failure) => return refused(cx, &container, failure),
    };
    let text = "Its serial is void once you sign: wherever it is scanned, it is refused and sent \
                to QA. If a copy of it is on the container, print a new label for it.";
    let review = Review {
        title: format!("Report a label of {container} lost"),
        back: (page.clone(), format!("Label of {container}")),
        action: "/labels/lost".to_owned(),
        shown,
        meaning: Meaning::Approved,
        second: None,
        button: "Sign: it is lost",
        banner: Some(Banner::check("The label stays lost until it turns up").text(text)),
    };
    let caller = cx.caller()?;
    review::sign_and(
        cx,
        review,
        |signature| label_lost(cx.app(), &caller, command, signature),
        |number| Reply::see_other(page).flash(&format!("Reported lost. {number} is about it.")),
    )
}

/// Accounts for a lost label that turned up, signed by QA.
fn found(cx: &Cx) -> Result<Reply, WebError> {
    let (container, serial, copies, because) = lost_entry(cx)?;
    let page = format!("/labels/container/{container}");
    let fate = fate(cx);
    let command = LabelFound { container: container.clone(), serial, copies, fate, because };
    let zone = cx.app().config.zone;
    let shown = match cx.app().read(|db| label_found_shown(db, &command, zone)) {
        Ok(shown) => shown,
        Err(failure) => return refused(cx, &container, failure),
    };
    let review = Review {
        title: format!("A lost label of {container} turned up"),
        back: (page.clone(), format!("Label of {container}")),
        action: "/labels/found".to_owned(),
        shown,
        meaning: Meaning::Approved,
        second: None,
        button: "Sign",
        banner: None,
    };
    let caller = cx.caller()?;
    review::sign_and(
        cx,
        review,
        |signature| label_found(cx.app(), &caller, command, signature),
        |()| Reply::see_other(page).flash("It is accounted for and no longer lost."),
    )
}

fn refused(cx: &Cx, container: &ContainerCode, failure: Failure) -> Result<Reply, WebError> {
    let banner = WebError::from(failure).refusal()?;
    cx.page_again(&container_page(cx, container, Some(banner))?)
}

// A batch ----------------------------------------------------------------------------------------

#[derive(Template)]
#[template(path = "label/batch.html")]
struct BatchPage {
    shell: Shell,
    head: Head,
    banner: Option<Banner>,
    balance: Facts,
    progress: Progress,
    table: Table,
    empty: Empty,
    batch: String,
    unprinted: Vec<String>,
    unread: usize,
    run: String,
    may_print: bool,
    open: Table,
    printer: Field,
    pdf: String,
}

/// The run: one container after the other is shown, its label scanned and compared.
#[derive(Template)]
#[template(path = "label/run.html")]
struct RunPage {
    shell: Shell,
    head: Head,
    banner: Option<Banner>,
    progress: Progress,
    next: Option<Next>,
    batch: String,
    back: String,
    unprinted: usize,
    later: Option<String>,
}

/// The container whose label is read back next.
struct Next {
    code: String,
    title: String,
    count: String,
    src: String,
    scan: Field,
}

fn batch(cx: &Cx) -> Result<Reply, WebError> {
    let number = cx.param_as("number", BatchNumber::parse)?;
    cx.page(&batch_page(cx, &number, None)?)
}

fn batch_page(
    cx: &Cx,
    number: &BatchNumber,
    banner: Option<Banner>,
) -> Result<BatchPage, WebError> {
    let (states, balance, accounts) = cx.app().read(|db| {
        let states = container::list(db, &Of::Batch(number), None, BATCH_MAX)?;
        Ok((states, label::balance(db, number)?, label_accounts(db, number)?))
    })?;
    let done = states.iter().filter(|state| state.labels.applied()).count();
    let mut table = Table::new("Containers", &["Container", "Contents", "Number", "Label"]);
    for state in &states {
        let number = format!("{} of {}", state.number_of.0, state.number_of.1);
        let page = format!("/labels/container/{}", state.code);
        table.push([
            Cell::CodeLink(Link::to(page, state.code.clone())),
            called(state).into(),
            Cell::Number(number),
            chip(state).into(),
        ]);
    }
    // While labels wait to be read back, a difference is work to do, not a deviation.
    let unread = states.iter().filter(|state| is_unread(state)).count();
    let even = if balance.is_even() && balance.issued > 0 {
        Chip::new(Tone::Ok, "balanced")
    } else {
        Chip::new(Tone::Wait, "open")
    };
    Ok(BatchPage {
        shell: cx.shell(format!("Labels of {number}")),
        head: Head::new(format!("Labels of {number}"))
            .under("/labels", "Labels")
            .chip(even)
            .action(Link::to(format!("/batches/{number}"), "Batch")),
        banner,
        balance: balance_facts(balance),
        progress: Progress { label: "Read back".to_owned(), done, total: states.len() },
        unprinted: states
            .iter()
            .filter(|state| state.labels.latest == 0)
            .map(|state| state.code.clone())
            .collect(),
        table,
        empty: Empty::new(Icon::Label, "No containers yet", "The batch has made none so far."),
        batch: number.to_string(),
        unread,
        run: run_address(number),
        may_print: cx.may(Capability::PrintLabels),
        open: open_labels(&accounts, unread > 0),
        printer: super::printer::field(cx)?,
        pdf: format!("/labels/pdf?batch={number}"),
    })
}

/// Labels that nobody accounts for, and lost ones, with the deviations about them. What just waits
/// to be read back is work to do.
fn open_labels(accounts: &LabelAccounts, waiting: bool) -> Table {
    let mut table = Table::new(
        "Missing and lost labels",
        &["Container", "Serial", "Copies", "Status", "About it"],
    );
    let deviation =
        |number: &str| Cell::CodeLink(Link::to(format!("/deviations/{number}"), number.to_owned()));
    let row = |label: &LabelCount, chip: Chip, about: Cell| {
        let page = format!("/labels/container/{}", label.container);
        [
            Cell::CodeLink(Link::to(page, label.container.clone())),
            Cell::Number(label.serial.to_string()),
            Cell::Number(label.copies.to_string()),
            chip.into(),
            about,
        ]
    };
    let missing = accounts.missing.iter().map(|label| {
        let about = accounts.open.iter().find(|one| {
            let mut named = one.subject.labels.iter();
            named.any(|l| l.container == label.container && l.serial == label.serial)
        });
        (label, about)
    });
    for (label, about) in missing.filter(|(_, about)| about.is_some() || !waiting) {
        let about = about.map_or(Cell::Soft(String::new()), |one| deviation(&one.number));
        table.push_exception(row(label, Chip::new(Tone::Stop, "not accounted for"), about));
    }
    for (number, label) in &accounts.lost {
        let chip = Chip::new(Tone::Wait, "lost, void");
        table.push(row(label, chip, deviation(number.as_str())));
    }
    table
}

fn is_unread(state: &Container) -> bool {
    state.labels.valid().is_some() && !state.labels.applied()
}

fn run_address(batch: &BatchNumber) -> String {
    format!("/labels/batch/{batch}/run")
}

fn run(cx: &Cx) -> Result<Reply, WebError> {
    let number = cx.param_as("number", BatchNumber::parse)?;
    let from = ContainerCode::parse(cx.query("from")).ok();
    cx.page(&run_page(cx, &number, (from.as_ref(), None))?)
}

/// The run at the container asked for, or at the first whose label waits.
fn run_page(
    cx: &Cx,
    number: &BatchNumber,
    (from, banner): (Option<&ContainerCode>, Option<Banner>),
) -> Result<RunPage, WebError> {
    let states = cx.app().read(|db| container::list(db, &Of::Batch(number), None, BATCH_MAX))?;
    let done = states.iter().filter(|state| state.labels.applied()).count();
    let unread: Vec<&Container> = states.iter().filter(|state| is_unread(state)).collect();
    let asked = |state: &&&Container| from.is_some_and(|code| code.as_str() == state.code);
    let next = unread.iter().find(asked).or(unread.first()).copied();
    // Whoever does not have this one at hand goes on with the next that waits, in a circle.
    let place = unread.iter().position(|state| Some(&state.code) == next.map(|next| &next.code));
    let later = unread.iter().cycle().nth(place.map_or(0, |place| place.saturating_add(1)));
    let later = later.filter(|_| unread.len() > 1);
    let back = format!("/labels/batch/{number}");
    Ok(RunPage {
        shell: cx.shell(format!("Read back: {done} of {}", states.len())),
        head: Head::new("Read back")
            .under("/labels", "Labels")
            .under(back.clone(), number.as_str()),
        banner,
        progress: Progress { label: "Read back".to_owned(), done, total: states.len() },
        next: next.map(|state| Next {
            code: state.code.clone(),
            title: called(state),
            count: format!("{} of {}", done.saturating_add(1), states.len()),
            src: format!("/labels/preview/{}?serial={}", state.code, state.labels.latest),
            scan: Field::scan("scanned", "Scan the label on it").required().autofocus(),
        }),
        batch: number.to_string(),
        back,
        unprinted: states.iter().filter(|state| state.labels.latest == 0).count(),
        later: later.map(|state| format!("{}?from={}", run_address(number), state.code)),
    })
}

fn balance_facts(balance: label::Balance) -> Facts {
    Facts::new()
        .wide()
        .with("Issued", Cell::Number(balance.issued.to_string()))
        .with("On their containers", Cell::Number(balance.applied.to_string()))
        .with("Destroyed", Cell::Number(balance.destroyed.to_string()))
        .with("In the batch record", Cell::Number(balance.kept.to_string()))
        .with("Lost, with a deviation", Cell::Number(balance.lost.to_string()))
        .with("Not accounted for", Cell::Number(balance.missing.to_string()))
        .with("Containers without", Cell::Number(balance.containers_without.to_string()))
}
