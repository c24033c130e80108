//! QC: the worklist (samples to receive, tests to begin, readings due, results to enter and to
//! review) and the page of one test with its specification and every result ever recorded.
//!
//! Neighbours: `app::test_record`, `app::test_sign`.
//!
//! Architecture invariant: a result is shown rounded and judged before it is signed, by the same
//! function that keeps it.

use super::component::{Banner, Cell, Chip, Empty, Facts, Head, Link, Signed, Table, Tone};
use super::cx::Cx;
use super::error::WebError;
use super::form::{Errors, Field, Kind};
use super::home::Waiting;
use super::icon::Icon;
use super::reply::Reply;
use super::routes::{Access, Route};
use super::sheet::{
    Block, Body, Sheet, Signing, act, attempt, field_time, filled, incomplete, sign, signed_act,
};
use crate::app::container_move::ScannedContainer;
use crate::app::test_record::{TestEntry, test_record};
use crate::app::test_sign::{TestAct, TestShown, test_find, test_shown, test_sign};
use crate::domain::actor::Capability;
use crate::domain::id::{DeviationNumber, Name};
use crate::domain::quality::{
    Criterion, Limit, Observation, ResultStanding, ResultValue, Status, TestRequest, TestResult,
    Verdict,
};
use crate::domain::quantity::Quantity;
use crate::domain::time::{Instant, Span};
use crate::store::quality as table;
use crate::store::quality::TestRow;

const READ: Access = Access::Needs(&[Capability::ReadGmp]);
const RECORD: Access = Access::Needs(&[Capability::RecordResults]);
const SIGN: Access = Access::Needs(&[
    Capability::RecordResults,
    Capability::ReviewResults,
    Capability::DecideDeviation,
]);

/// The rows of this slice.
pub const ROUTES: &[Route] = &[
    Route::get("/samples", READ, worklist, "QC worklist"),
    Route::get("/tests/{id}", READ, show, "A test"),
    Route::post("/tests/{id}/receive", RECORD, receive, "Receive a sample"),
    Route::post("/tests/{id}/start", RECORD, start, "Begin a test"),
    Route::get("/tests/{id}/sign/{act}", SIGN, act_form, "What is signed about a test"),
    Route::post("/tests/{id}/sign/{act}", SIGN, act_sign, "What is signed about a test"),
];

/// How long before an interim reading gets old it is asked for again.
const READING_EVERY: Span = Span::of_hours(24);

fn status_chip(status: Status) -> Chip {
    let tone = match status {
        Status::Planned | Status::Sampled | Status::Cancelled => Tone::Calm,
        Status::Received | Status::InTest => Tone::Part,
        Status::InterimNegative => Tone::Part,
        Status::FinalPass => Tone::Ok,
        Status::FinalFail => Tone::Stop,
        Status::Invalid => Tone::Wait,
    };
    Chip::new(tone, status.word())
}

fn test_link(row: &TestRow) -> Cell {
    Cell::Link(Link::to(format!("/tests/{}", row.id), row.title.clone()))
}

fn batch_link(batch: &str) -> Cell {
    Cell::CodeLink(Link::to(format!("/batches/{batch}"), batch.to_owned()))
}

/// What a test waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Due {
    Review,
    Receipt,
    Start,
    Result,
    Reading,
    Growing,
    Sample,
}

fn due(row: &TestRow, now: Instant) -> Due {
    let read_lately = row
        .interim_at
        .or(row.started_at)
        .is_some_and(|at| Instant::from_naive(at).plus(READING_EVERY) > now);
    let final_now = row.final_from.is_none_or(|from| Instant::from_naive(from) <= now);
    match row.status() {
        _ if row.review_due => Due::Review,
        Status::Planned => Due::Sample,
        Status::Sampled => Due::Receipt,
        Status::Received => Due::Start,
        _ if final_now => Due::Result,
        _ if read_lately => Due::Growing,
        _ => Due::Reading,
    }
}

fn worklist(cx: &Cx) -> Result<Reply, WebError> {
    let (open, done) =
        cx.app().read(|db| Ok((table::unfinished(db)?, table::finished(db, 20)?)))?;
    let head = Head::new("QC worklist").lede(
        "One test is one sample of one batch. A result is final when another analyst has \
               reviewed it.",
    );
    let mut sheet = Sheet::new(cx, "QC", head);
    let parts = [
        (Due::Review, "Results to review"),
        (Due::Result, "Results to enter"),
        (Due::Reading, "Interim readings due"),
        (Due::Receipt, "Samples to receive"),
        (Due::Start, "Tests to begin"),
        (Due::Growing, "In incubation"),
        (Due::Sample, "Samples not drawn yet"),
    ];
    for (what, title) in parts {
        let rows: Vec<&TestRow> = open.iter().filter(|row| due(row, cx.now) == what).collect();
        if !rows.is_empty() {
            let block = Block::new(title, Body::Table(rows_table(cx, &rows)));
            let block = block.note(rows.len().to_string());
            sheet.main.push(if what == Due::Sample { block.folded() } else { block });
        }
    }
    if open.is_empty() {
        let empty =
            Empty::new(Icon::Lab, "Nothing waits", "New samples appear here when they are drawn.");
        sheet.main.push(Block::new("", Body::Empty(empty)));
    }
    if !done.is_empty() {
        let rows: Vec<&TestRow> = done.iter().collect();
        sheet.main.push(Block::new("Finished lately", Body::Table(rows_table(cx, &rows))).folded());
    }
    cx.page(&sheet)
}

fn rows_table(cx: &Cx, rows: &[&TestRow]) -> Table {
    let columns = ["Test", "Batch", "Stage", "Sample", "Status", "Asked for", "Final from"];
    let mut shown = Table::new("Tests", &columns);
    for row in rows {
        let chip = if row.review_due {
            Chip::new(Tone::Wait, "result to review")
        } else {
            status_chip(row.status())
        };
        let cells = [
            test_link(row),
            batch_link(&row.batch),
            Cell::Soft(row.stage.clone()),
            row.sample.clone().map_or(Cell::Soft("not drawn".to_owned()), Cell::Code),
            chip.into(),
            Cell::when(cx.when(Instant::from_naive(row.requested_at))),
            Cell::when(row.final_from.map_or(String::new(), |at| cx.when(Instant::from_naive(at)))),
        ];
        if row.status() == Status::FinalFail {
            shown.push_exception(cells);
        } else {
            shown.push(cells);
        }
    }
    shown
}

/// What waits in QC for the person who asks.
pub(super) fn waiting(cx: &Cx) -> Result<Vec<Waiting>, WebError> {
    if !cx.may(Capability::RecordResults) {
        return Ok(Vec::new());
    }
    let open = cx.app().read(table::unfinished)?;
    let word = |due: Due| match due {
        Due::Review => Some("result to review"),
        Due::Receipt => Some("sample to receive"),
        Due::Start => Some("test to begin"),
        Due::Result => Some("result to enter"),
        Due::Reading => Some("interim reading due"),
        Due::Growing | Due::Sample => None,
    };
    Ok(open
        .iter()
        .filter_map(|row| {
            let due = due(row, cx.now);
            Some(Waiting {
                group: "QC",
                icon: Icon::Lab,
                title: format!("{} · {}", row.batch, row.title),
                detail: word(due)?.to_owned(),
                chip: Some(status_chip(row.status())),
                href: format!("/tests/{}", row.id),
                urgent: due == Due::Review || due == Due::Reading,
            })
        })
        .collect())
}

fn wanted(cx: &Cx) -> Result<TestRequest, WebError> {
    Ok(cx.app().read(|db| test_find(db, cx.param("id")))?)
}

fn address(request: &TestRequest) -> String {
    format!("/tests/{}", request.id)
}

fn head(request: &TestRequest, title: &str) -> Head {
    Head::new(title)
        .under("/samples", "QC")
        .under(format!("/batches/{}", request.batch), request.batch.to_string())
        .chip(status_chip(request.status))
}

fn show(cx: &Cx) -> Result<Reply, WebError> {
    cx.page(&show_sheet(cx, &wanted(cx)?, &Errors::new(), None)?)
}

fn show_sheet(
    cx: &Cx,
    request: &TestRequest,
    errors: &Errors,
    banner: Option<Banner>,
) -> Result<Sheet, WebError> {
    let head = head(request, &request.title)
        .lede(format!("{}, {}", request.stage, request.specification.matrix))
        .action(Link::to(format!("/audit/test/{}", request.id), "Audit trail").icon(Icon::History));
    let mut sheet = Sheet::new(cx, request.title.clone(), head);
    sheet.banners.extend(banner);
    if request.status == Status::FinalFail {
        sheet.banners.push(
            Banner::stop("Out of specification")
                .text("A deviation was opened. The value stays; only QA can declare it invalid."),
        );
    }
    for result in request.results.iter().rev() {
        sheet.main.push(result_block(cx, request, result));
    }
    sheet.main.push(specification_block(request));
    let signed = signatures(request);
    if !signed.is_empty() {
        sheet.main.push(Block::new("Signatures", Body::Signed(signed)));
    }
    sheet.aside.push(sample_block(cx, request));
    let shell = sheet.shell.clone();
    if cx.may(Capability::RecordResults) {
        match request.status {
            Status::Sampled => {
                let form = act(
                    &shell,
                    format!("{}/receive", address(request)),
                    receive_fields(cx, errors),
                    "Record receipt",
                );
                sheet.act("Receive the sample", form);
            }
            Status::Received => {
                let form = act(
                    &shell,
                    format!("{}/start", address(request)),
                    start_fields(cx, request, errors),
                    "Record the start",
                );
                sheet.act("Begin the test", form);
            }
            _ => {}
        }
    }
    sheet.aside.extend(to_sign(cx, request));
    Ok(sheet)
}

fn specification_block(request: &TestRequest) -> Block {
    let specification = &request.specification;
    let mut table = Table::new("Specification", &["Criterion", "Limit", "Rounding"]);
    for criterion in &specification.criteria {
        let rounding = if criterion.is_numeric() {
            format!("{} decimals, {:?}", criterion.decimals, criterion.rounding)
                .replace("HalfUp", "half away from zero")
                .replace("Down", "towards zero")
                .replace("Up", "away from zero")
        } else {
            String::new()
        };
        table.push([
            Cell::Text(criterion.title.clone()),
            Cell::Number(criterion.limit_text()),
            Cell::Soft(rounding),
        ]);
    }
    let note = format!(
        "{} v{} · {} v{}",
        specification.code,
        specification.version,
        specification.method,
        specification.method_version
    );
    Block::new("Specification", Body::Table(table)).note(note)
}

fn values_table(request: &TestRequest, values: &[ResultValue]) -> Table {
    let columns = ["Criterion", "Limit", "Observed", "Rounded", "Verdict"];
    let mut table = Table::new("Values", &columns);
    for value in values {
        let criterion = request
            .specification
            .criteria
            .iter()
            .find(|criterion| criterion.name == value.criterion);
        let title = criterion.map_or_else(|| value.criterion.to_string(), |c| c.title.clone());
        let report = criterion.is_some_and(|criterion| criterion.limit == Limit::ReportOnly);
        let chip = match value.verdict {
            Verdict::Pass if report => Chip::new(Tone::Calm, "reported"),
            Verdict::Pass => Chip::new(Tone::Ok, "within"),
            Verdict::Fail => Chip::new(Tone::Stop, "out of specification"),
        };
        let cells = [
            Cell::Text(title),
            Cell::Number(criterion.map_or_else(String::new, Criterion::limit_text)),
            Cell::Number(value.observed.text()),
            Cell::Number(value.rounded.map_or_else(String::new, |rounded| rounded.text())),
            chip.into(),
        ];
        if value.verdict == Verdict::Fail { table.push_exception(cells) } else { table.push(cells) }
    }
    table
}

fn result_block(cx: &Cx, request: &TestRequest, result: &TestResult) -> Block {
    let standing = match &result.standing {
        ResultStanding::Unreviewed => "waits for review".to_owned(),
        ResultStanding::Reviewed { signature } => {
            format!("reviewed by {}, {}", signature.printed_name, cx.when(signature.at))
        }
        ResultStanding::Returned { because, signature } => {
            format!("returned by {}: {because}", signature.printed_name)
        }
        ResultStanding::Invalidated { because, deviation, signature } => {
            format!("declared invalid by {}, {deviation}: {because}", signature.printed_name)
        }
    };
    let note =
        format!("{}, {} · {standing}", result.signature.printed_name, cx.when(result.tested_at));
    Block::new(
        format!("Result {}", result.number),
        Body::Table(values_table(request, &result.values)),
    )
    .note(note)
}

fn sample_block(cx: &Cx, request: &TestRequest) -> Block {
    let mut facts = Facts::new()
        .with("Batch", batch_link(request.batch.as_str()))
        .with_some("Step", request.step.as_ref().map(ToString::to_string))
        .with_some("Drawn", request.sampled_at.map(|at| cx.when(at)));
    if let Some(sample) = &request.sample {
        let link = Link::to(format!("/containers/{sample}"), sample.to_string());
        facts = facts.with("Sample", Cell::CodeLink(link));
    }
    if let Some((at, by, condition)) = &request.received {
        facts = facts.with("Received", format!("{} by {by}: {condition}", cx.when(*at)));
    }
    facts = facts.with_some("Begun", request.started_at.map(|at| cx.when(at)));
    for reading in &request.interim {
        let text = format!("{} by {}", cx.when(reading.read_at), reading.signature.printed_name);
        facts = facts.with("Negative to date", text);
    }
    facts = facts.with_some("A negative is final from", request.final_from().map(|at| cx.when(at)));
    let pending = if request.specification.pending_allowed { "yes" } else { "no" };
    facts = facts.with("May be pending at initial certification", pending);
    Block::new("Sample and course", Body::Facts(facts))
}

fn to_sign(cx: &Cx, request: &TestRequest) -> Option<Block> {
    let mut acts: Vec<(&str, &str)> = Vec::new();
    let waits = request.awaiting_review();
    if cx.may(Capability::ReviewResults) && waits.is_some() {
        acts.push(("review", "Review the result"));
        acts.push(("return", "Return the result"));
    }
    let open = request.started_at.is_some() && !request.status.is_final() && waits.is_none();
    if cx.may(Capability::RecordResults) && open {
        acts.push(("result", "Enter the result"));
        if request.specification.incubation.is_some() {
            acts.push(("interim", "Interim reading: negative to date"));
        }
    }
    if cx.may(Capability::DecideDeviation) && request.status.is_final() {
        acts.push(("invalidate", "Declare the result invalid"));
    }
    if acts.is_empty() {
        return None;
    }
    let link = |(index, (name, text)): (usize, (&str, &str))| {
        let link = Link::to(format!("{}/sign/{name}", address(request)), text);
        if index == 0 { link.primary() } else { link }
    };
    Some(Block::new("Sign", Body::Links(acts.into_iter().enumerate().map(link).collect())))
}

fn late_field() -> Field {
    Field::text("late_because", "Why the entry is late")
        .hint("Only if it is made more than 15 minutes after the fact (ATMP-3).")
}

fn receive_fields(cx: &Cx, errors: &Errors) -> Vec<Field> {
    let fields = vec![
        Field::scan("sample", "Scan the sample tube").required().autofocus(),
        Field::text("condition", "Condition and temperature")
            .placeholder("Intact, 5 °C")
            .required(),
        Field::new(Kind::DateTime, "at", "Received").value(field_time(cx, cx.now)).required(),
        late_field(),
    ];
    fields.into_iter().map(|field| filled(cx, errors, field)).collect()
}

fn start_fields(cx: &Cx, request: &TestRequest, errors: &Errors) -> Vec<Field> {
    let label = if request.specification.incubation.is_some() { "Inoculated" } else { "Begun" };
    let fields = vec![
        Field::new(Kind::DateTime, "at", label).value(field_time(cx, cx.now)).required(),
        late_field(),
    ];
    fields.into_iter().map(|field| filled(cx, errors, field)).collect()
}

/// A time as a form gives it: to the minute; the minute under way counts as now.
fn at(cx: &Cx, text: &str) -> Result<Instant, crate::domain::time::TimeError> {
    let at = Instant::parse_local(text, cx.zone())?;
    let same_minute = cx.when(at) == cx.when(cx.now);
    Ok(if same_minute { cx.now } else { at })
}

fn receive(cx: &Cx) -> Result<Reply, WebError> {
    let request = wanted(cx)?;
    let mut check = cx.check();
    let sample = check.parse("sample", |text| ScannedContainer::read(text).map(|read| read.code));
    let condition = check.required("condition");
    let received_at = check.parse("at", |text| at(cx, text));
    let late_because = check.optional("late_because");
    let (Some(sample), Some(condition), Some(received_at)) = (sample, condition, received_at)
    else {
        return cx.page_again(&show_sheet(cx, &request, &check.errors, Some(incomplete()))?);
    };
    let entry = TestEntry::Receipt { sample, condition, received_at, late_because };
    recorded(cx, &request, entry)
}

fn start(cx: &Cx) -> Result<Reply, WebError> {
    let request = wanted(cx)?;
    let mut check = cx.check();
    let started_at = check.parse("at", |text| at(cx, text));
    let late_because = check.optional("late_because");
    let Some(started_at) = started_at else {
        return cx.page_again(&show_sheet(cx, &request, &check.errors, Some(incomplete()))?);
    };
    recorded(cx, &request, TestEntry::Start { started_at, late_because })
}

fn recorded(cx: &Cx, request: &TestRequest, entry: TestEntry) -> Result<Reply, WebError> {
    match attempt(test_record(cx.app(), &cx.caller()?, &request.id, entry))? {
        Ok(()) => Ok(Reply::see_other(address(request)).flash("Recorded.")),
        Err(banner) => cx.page_again(&show_sheet(cx, request, &Errors::new(), Some(banner))?),
    }
}

const ACTS: [(&str, &str, &str); 5] = [
    ("interim", "Interim reading", "Sign: negative to date"),
    ("result", "Result", "Sign the result"),
    ("review", "Review of the result", "Sign the review"),
    ("return", "Return the result", "Sign and return"),
    ("invalidate", "Declare the result invalid", "Sign: invalid"),
];

fn act_form(cx: &Cx) -> Result<Reply, WebError> {
    cx.page(&act_sheet(cx, &wanted(cx)?, &Errors::new(), None, None)?)
}

fn observation_fields(request: &TestRequest) -> Vec<Field> {
    let criteria = &request.specification.criteria;
    criteria
        .iter()
        .flat_map(|criterion| {
            let name = &criterion.name;
            if criterion.is_numeric() {
                let unit = criterion.unit.symbol();
                return vec![
                    Field::number(format!("v_{name}"), criterion.title.clone(), unit)
                        .limits(criterion.limit_text())
                        .hint("As read, unrounded.")
                        .required(),
                ];
            }
            if criterion.limit == Limit::Negative {
                let found = [("negative", "nothing detected"), ("positive", "detected")];
                return vec![
                    Field::radio(format!("v_{name}"), criterion.title.clone(), found)
                        .limits(criterion.limit_text())
                        .required(),
                    Field::text(format!("f_{name}"), "What was detected"),
                ];
            }
            vec![
                Field::text(format!("v_{name}"), criterion.title.clone())
                    .limits(criterion.limit_text())
                    .required(),
            ]
        })
        .collect()
}

fn act_fields(cx: &Cx, request: &TestRequest, name: &str) -> Vec<Field> {
    let when = |label: &str| {
        Field::new(Kind::DateTime, "at", label).value(field_time(cx, cx.now)).required()
    };
    match name {
        "interim" => vec![when("Read"), late_field()],
        "result" => {
            let mut fields = observation_fields(request);
            fields.push(when("End of the test"));
            fields.push(late_field());
            fields
        }
        "return" => vec![Field::area("because", "What is wrong with the result").required()],
        "invalidate" => vec![
            Field::text("deviation", "Deviation that holds the investigation")
                .placeholder("DEV-2026-0001")
                .mono()
                .required(),
            Field::area("because", "Assignable laboratory cause").required(),
        ],
        _ => Vec::new(),
    }
}

fn lines(cx: &Cx, request: &TestRequest, shown: &TestShown) -> Vec<(String, String)> {
    let mut lines = vec![
        ("Test".to_owned(), format!("{} of {}", request.title, request.batch)),
        ("Sample".to_owned(), shown.sample.clone().unwrap_or_default()),
        (
            "Specification".to_owned(),
            format!("{} v{}", request.specification.code, request.specification.version),
        ),
    ];
    for value in &shown.values {
        lines.push(("Value".to_owned(), request.value_text(value)));
    }
    if let Some(verdict) = shown.verdict {
        let word = match verdict {
            Verdict::Pass => "within the specification",
            Verdict::Fail => "out of specification",
        };
        lines.push(("Verdict".to_owned(), word.to_owned()));
    }
    if let Some(tested_at) = shown.tested_at {
        lines.push(("End of the test".to_owned(), cx.when(tested_at)));
    }
    lines
}

/// The page of an act. A result is entered first and signed on a second page that shows it rounded
/// and judged; everything else is signed at once.
fn act_sheet(
    cx: &Cx,
    request: &TestRequest,
    errors: &Errors,
    banner: Option<Banner>,
    beside: Option<String>,
) -> Result<Sheet, WebError> {
    let name = cx.param("act");
    let (_, title, button) =
        ACTS.into_iter().find(|(act, ..)| *act == name).ok_or_else(|| WebError::not_found(name))?;
    let head = head(request, title).under(address(request), request.title.clone());
    let mut sheet = Sheet::new(cx, title, head);
    sheet.banners.extend(banner);
    let action = format!("{}/sign/{name}", address(request));
    let number = request.latest().map_or(0, |result| result.number);
    let fields: Vec<Field> =
        act_fields(cx, request, name).into_iter().map(|field| filled(cx, errors, field)).collect();
    if let Some(result) = request.latest().filter(|_| name != "interim" && name != "result") {
        sheet.main.push(result_block(cx, request, result));
    }
    if name == "result" {
        let form = act(&sheet.shell, action, fields, "Check before signing");
        sheet.main.push(Block::new("Enter the values", Body::Act(Box::new(form))));
        sheet.aside.push(specification_block(request));
        sheet.aside.push(sample_block(cx, request));
        return Ok(sheet);
    }
    let placeholder = match name {
        "interim" => TestAct::Interim { read_at: cx.now, late_because: None },
        _ => TestAct::Review { number },
    };
    let shown = test_shown(request, &placeholder)?;
    let meaning = match name {
        "interim" => placeholder.meaning(),
        "invalidate" => crate::domain::actor::Meaning::Approved,
        _ => crate::domain::actor::Meaning::Reviewed,
    };
    let mut lines = lines(cx, request, &shown);
    if name == "interim" {
        lines.push(("Reading".to_owned(), "negative to date; not a pass".to_owned()));
    }
    let hash = shown.hash()?;
    let form =
        signed_act(cx, &sheet.shell, action, fields, (meaning, &hash, lines), (button, beside))?;
    sheet.main.push(specification_block(request));
    sheet.act(title, form);
    Ok(sheet)
}

fn observations(cx: &Cx, request: &TestRequest, errors: &mut Errors) -> Vec<(Name, Observation)> {
    let form = cx.form();
    let mut found = Vec::new();
    for criterion in &request.specification.criteria {
        let field = format!("v_{}", criterion.name);
        let text = form.text(&field);
        let observation = if criterion.is_numeric() {
            match Quantity::parse(text, criterion.unit) {
                Ok(value) => Some(Observation::Number { value }),
                Err(error) => {
                    errors.add(&field, format!("{error}."));
                    None
                }
            }
        } else if criterion.limit == Limit::Negative {
            let finding = form.text(&format!("f_{}", criterion.name)).to_owned();
            match text {
                "negative" => Some(Observation::NotDetected),
                "positive" if !finding.is_empty() => Some(Observation::Detected { finding }),
                "positive" => {
                    errors.add(&format!("f_{}", criterion.name), "Say what was detected.");
                    None
                }
                _ => {
                    errors.add(&field, "Choose one of the possibilities.");
                    None
                }
            }
        } else if text.is_empty() {
            errors.add(&field, "This entry is needed.");
            None
        } else {
            Some(Observation::Text { text: text.to_owned() })
        };
        found.extend(observation.map(|observation| (criterion.name.clone(), observation)));
    }
    found
}

fn parse_act(cx: &Cx, request: &TestRequest, errors: &mut Errors) -> Option<TestAct> {
    let mut check = cx.check();
    let number = request.latest().map_or(0, |result| result.number);
    let late_because = check.optional("late_because");
    let act = match cx.param("act") {
        "interim" => check
            .parse("at", |text| at(cx, text))
            .map(|read_at| TestAct::Interim { read_at, late_because }),
        "result" => {
            let observations = observations(cx, request, errors);
            check.parse("at", |text| at(cx, text)).map(|tested_at| TestAct::Result {
                observations,
                tested_at,
                late_because,
            })
        }
        "review" => Some(TestAct::Review { number }),
        "return" => check.required("because").map(|because| TestAct::Return { number, because }),
        "invalidate" => {
            let deviation = check.parse("deviation", DeviationNumber::parse);
            let because = check.required("because");
            deviation.zip(because).map(|(deviation, because)| TestAct::Invalidate {
                number,
                because,
                deviation,
            })
        }
        _ => None,
    };
    for name in ["at", "because", "deviation"] {
        if let Some(message) = check.errors.of(name) {
            errors.add(name, message);
        }
    }
    act.filter(|_| errors.is_empty())
}

/// The second page of a result: the values as they will be kept, judged, and the signature.
fn confirm_sheet(
    cx: &Cx,
    request: &TestRequest,
    (result, shown): (&TestAct, &TestShown),
    banner: Option<Banner>,
    beside: Option<String>,
) -> Result<Sheet, WebError> {
    let head = head(request, "Sign the result").under(address(request), request.title.clone());
    let mut sheet = Sheet::new(cx, "Sign the result", head);
    sheet.banners.extend(banner);
    if shown.verdict == Some(Verdict::Fail) {
        sheet.banners.push(Banner::stop("Out of specification").text(
            "Record it all the same: a result is never left out. When it is reviewed, a critical \
             deviation is opened (ATMP-42).",
        ));
    }
    let table = values_table(request, &shown.values);
    sheet.main.push(Block::new("Values as they will be kept", Body::Table(table)));
    sheet.main.push(specification_block(request));
    let carried = cx
        .form()
        .with_prefix("")
        .filter(|(name, _)| {
            name.starts_with("v_") || name.starts_with("f_") || *name == "late_because"
        })
        .map(|(name, value)| Field::hidden(name, value));
    let mut fields: Vec<Field> = carried.collect();
    if let TestAct::Result { tested_at, .. } = result {
        fields.push(Field::hidden("exact", tested_at.to_string()));
        fields.push(Field::hidden("at", field_time(cx, *tested_at)));
    }
    let action = format!("{}/sign/result", address(request));
    let hash = shown.hash()?;
    let lines = lines(cx, request, shown);
    let form = signed_act(
        cx,
        &sheet.shell,
        action,
        fields,
        (result.meaning(), &hash, lines),
        ("Sign the result", beside),
    )?;
    sheet.act("Sign", form);
    Ok(sheet)
}

fn act_sign(cx: &Cx) -> Result<Reply, WebError> {
    let request = wanted(cx)?;
    let mut errors = Errors::new();
    let Some(mut act) = parse_act(cx, &request, &mut errors) else {
        return cx.page_again(&act_sheet(cx, &request, &errors, Some(incomplete()), None)?);
    };
    if let (TestAct::Result { tested_at, .. }, Some(exact)) = (&mut act, cx.form().get("exact")) {
        *tested_at = Instant::parse(exact).map_err(|error| WebError::Invalid(error.to_string()))?;
    }
    let shown = match attempt(test_shown(&request, &act))? {
        Ok(shown) => shown,
        Err(banner) => {
            return cx.page_again(&act_sheet(cx, &request, &errors, Some(banner), None)?);
        }
    };
    let entered = matches!(act, TestAct::Result { .. });
    if entered && cx.form().get("sign_hash").is_none() {
        return cx.page(&confirm_sheet(cx, &request, (&act, &shown), None, None)?);
    }
    let caller = cx.caller()?;
    let run = |signature| test_sign(cx.app(), &caller, &request.id, act.clone(), signature);
    match sign(cx, act.meaning(), &shown.hash()?, run)? {
        Signing::Done(opened) => {
            let sentence = match opened {
                Some(number) => format!("Recorded. Out of specification: {number} was opened."),
                None => "Recorded.".to_owned(),
            };
            Ok(Reply::see_other(address(&request)).flash(&sentence))
        }
        Signing::Again(banner, beside) if entered => {
            cx.page_again(&confirm_sheet(cx, &request, (&act, &shown), banner, beside)?)
        }
        Signing::Again(banner, beside) => {
            cx.page_again(&act_sheet(cx, &request, &errors, banner, beside)?)
        }
    }
}

/// The signatures under the results.
fn signatures(request: &TestRequest) -> Vec<Signed> {
    request
        .results
        .iter()
        .flat_map(|result| {
            let decided = match &result.standing {
                ResultStanding::Unreviewed => None,
                ResultStanding::Reviewed { signature }
                | ResultStanding::Returned { signature, .. }
                | ResultStanding::Invalidated { signature, .. } => Some(signature),
            };
            std::iter::once(&result.signature).chain(decided).map(Signed::from)
        })
        .collect()
}
