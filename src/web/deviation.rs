//! Deviations: the board (what waits for whom, what blocks which batch) and the page of one.
//!
//! Neighbours: `app::deviation_decide`.
//!
//! Architecture invariant: the opening words are shown as they were written, beside the decision.

use super::component::{Banner, Cell, Chip, Empty, Facts, Head, Link, Table, Tone};
use super::cx::Cx;
use super::error::WebError;
use super::form::{Errors, Field};
use super::home::Waiting;
use super::icon::Icon;
use super::reply::Reply;
use super::routes::{Access, Route};
use super::sheet::{
    Block, Body, Sheet, Signing, act, attempt, filled, incomplete, sign, signed_act,
};
use crate::app::deviation_decide::{
    DeviationAct, DeviationOpen, DeviationShown, deviation_decide, deviation_open, deviation_shown,
};
use crate::domain::actor::{Capability, Meaning};
use crate::domain::deviation::{Class, Deviation, Origin, Outcome, Status, Subject};
use crate::domain::id::{
    BatchNumber, ContainerCode, DeviationNumber, DonorCode, Login, Name, OrderNumber,
};
use crate::store::deviation as table;
use crate::store::deviation::DeviationRow;

const READ: Access = Access::Needs(&[Capability::ReadGmp]);
const OPEN: Access = Access::Needs(&[Capability::OpenDeviation]);
const DECIDE: Access = Access::Needs(&[Capability::DecideDeviation]);

/// The rows of this slice.
pub const ROUTES: &[Route] = &[
    Route::get("/deviations", READ, board, "Deviations"),
    Route::get("/deviations/new", OPEN, new_form, "Open a deviation"),
    Route::post("/deviations", OPEN, open, "Open a deviation"),
    Route::get("/deviations/{number}", READ, show, "A deviation"),
    Route::get("/deviations/{number}/sign/{act}", DECIDE, act_form, "Decide or close a deviation"),
    Route::post("/deviations/{number}/sign/{act}", DECIDE, act_sign, "Decide or close a deviation"),
];

/// A class by word, shape and colour.
pub(super) fn class_chip(class: Class) -> Chip {
    let tone = match class {
        Class::Minor => Tone::Calm,
        Class::Major => Tone::Wait,
        Class::Critical => Tone::Stop,
    };
    Chip::new(tone, class.code())
}

fn status_chip(status: Status) -> Chip {
    let tone = match status {
        Status::Open => Tone::Wait,
        Status::Decided => Tone::Part,
        Status::Closed => Tone::Calm,
    };
    Chip::new(tone, status.code())
}

fn address(number: &DeviationNumber) -> String {
    format!("/deviations/{number}")
}

fn rows_table(cx: &Cx, rows: &[&DeviationRow]) -> Table {
    let columns = ["Number", "Class", "What", "Batch or donor", "Status", "Open for", "Opened by"];
    let mut shown = Table::new("Deviations", &columns);
    for row in rows {
        let about = match (&row.batch, &row.donor) {
            (Some(batch), _) => {
                Cell::CodeLink(Link::to(format!("/batches/{batch}"), batch.clone()))
            }
            (None, Some(donor)) => {
                Cell::CodeLink(Link::to(format!("/donors/{donor}"), donor.clone()))
            }
            (None, None) => Cell::Soft(String::new()),
        };
        let cells = [
            Cell::CodeLink(Link::to(address(&row.number), row.number.to_string())),
            class_chip(row.class).into(),
            Cell::Text(row.title.clone()),
            about,
            status_chip(row.status).into(),
            Cell::Soft(cx.now.since(row.opened_at).text()),
            Cell::Soft(row.opened_by.clone()),
        ];
        if row.class == Class::Critical && row.status == Status::Open {
            shown.push_exception(cells);
        } else {
            shown.push(cells);
        }
    }
    shown
}

fn board(cx: &Cx) -> Result<Reply, WebError> {
    let (mut rows, closed) =
        cx.app().read(|db| Ok((table::unclosed(db)?, table::closed(db, 30)?)))?;
    rows.sort_by(|a, b| b.class.cmp(&a.class).then(a.opened_at.cmp(&b.opened_at)));
    let mut head = Head::new("Deviations")
        .lede("Most serious first. An open one blocks the certification of its batch.");
    if cx.may(Capability::OpenDeviation) {
        head =
            head.action(Link::to("/deviations/new", "Open a deviation").icon(Icon::Plus).primary());
    }
    let mut sheet = Sheet::new(cx, "Deviations", head);
    for (status, title) in
        [(Status::Open, "To be decided"), (Status::Decided, "Decided, to be closed")]
    {
        let of: Vec<&DeviationRow> = rows.iter().filter(|row| row.status == status).collect();
        if !of.is_empty() {
            let block = Block::new(title, Body::Table(rows_table(cx, &of)));
            sheet.main.push(block.note(of.len().to_string()));
        }
    }
    if rows.is_empty() {
        let empty =
            Empty::new(Icon::Deviation, "Nothing is open", "No deviation waits for a decision.");
        sheet.main.push(Block::new("", Body::Empty(empty)));
    }
    if !closed.is_empty() {
        let of: Vec<&DeviationRow> = closed.iter().collect();
        sheet.main.push(Block::new("Closed lately", Body::Table(rows_table(cx, &of))).folded());
    }
    cx.page(&sheet)
}

/// What waits among the deviations for the person who asks.
pub(super) fn waiting(cx: &Cx) -> Result<Vec<Waiting>, WebError> {
    if !cx.may(Capability::DecideDeviation) {
        return Ok(Vec::new());
    }
    let rows = cx.app().read(table::unclosed)?;
    Ok(rows
        .iter()
        .map(|row| Waiting {
            group: "Deviations",
            icon: Icon::Deviation,
            title: format!("{} · {}", row.number, row.title),
            detail: match row.status {
                Status::Open => "to be decided".to_owned(),
                _ => "to be closed".to_owned(),
            },
            chip: Some(class_chip(row.class)),
            href: address(&row.number),
            urgent: row.class == Class::Critical,
        })
        .collect())
}

fn new_form(cx: &Cx) -> Result<Reply, WebError> {
    cx.page(&new_sheet(cx, &Errors::new(), None))
}

fn new_sheet(cx: &Cx, errors: &Errors, banner: Option<Banner>) -> Sheet {
    let head = Head::new("Open a deviation")
        .under("/deviations", "Deviations")
        .lede("Say what departed from the instruction. QA decides what follows.");
    let mut sheet = Sheet::new(cx, "Open a deviation", head);
    sheet.banners.extend(banner);
    let known = |name: &str| cx.query(name).to_owned();
    let fields = vec![
        Field::radio(
            "class",
            "How serious it looks",
            Class::ALL.map(|class| (class.code(), class.code())),
        )
        .hint("Critical: the product or a person may be harmed.")
        .required(),
        Field::text("title", "What, in one line").required(),
        Field::area("description", "What happened").rows(6).required(),
        Field::scan("batch", "Batch").value(known("batch")),
        Field::text("step", "Step").value(known("step")).mono(),
        Field::text("performer", "Who performed the step (sign-in name)").value(known("performer")),
        Field::scan("container", "Container").value(known("container")),
        Field::text("order", "Order").value(known("order")).mono(),
        Field::text("donor", "Donor").value(known("donor")).mono(),
        Field::text("reconciliation", "Reconciliation").value(known("reconciliation")).mono(),
    ];
    let fields = fields.into_iter().map(|field| filled(cx, errors, field)).collect();
    let form = act(&sheet.shell, "/deviations", fields, "Open");
    sheet.main.push(Block::new("", Body::Act(Box::new(form))));
    sheet
}

fn open(cx: &Cx) -> Result<Reply, WebError> {
    let mut check = cx.check();
    let class = check.choice("class", Class::parse);
    let title = check.required("title");
    let description = check.required("description");
    let subject = Subject {
        batch: check.parse_optional("batch", BatchNumber::parse),
        step: check.parse_optional("step", Name::parse),
        occurrence: None,
        test: None,
        container: check.parse_optional("container", ContainerCode::parse),
        order: check.parse_optional("order", OrderNumber::parse),
        donor: check.parse_optional("donor", DonorCode::parse),
        reconciliation: check.parse_optional("reconciliation", Name::parse),
        labels: Vec::new(),
    };
    let performer = check.parse_optional("performer", Login::parse);
    let (Some(class), Some(title), Some(description), true) =
        (class, title, description, check.is_ok())
    else {
        return cx.page_again(&new_sheet(cx, &check.errors, Some(incomplete())));
    };
    let command = DeviationOpen { class, title, description, subject, performer };
    match attempt(deviation_open(cx.app(), &cx.caller()?, command))? {
        Ok(number) => Ok(Reply::see_other(address(&number)).flash("Opened.")),
        Err(banner) => cx.page_again(&new_sheet(cx, &Errors::new(), Some(banner))),
    }
}

fn wanted(cx: &Cx) -> Result<(DeviationNumber, Deviation, DeviationShown), WebError> {
    let number = cx.param_as("number", DeviationNumber::parse)?;
    let (deviation, shown) = cx.app().read(|db| deviation_shown(db, &number))?;
    Ok((number, deviation, shown))
}

fn show(cx: &Cx) -> Result<Reply, WebError> {
    let (number, deviation, _) = wanted(cx)?;
    let head = Head::new(format!("{number}: {}", deviation.title))
        .under("/deviations", "Deviations")
        .chip(class_chip(deviation.class))
        .chip(status_chip(deviation.status()))
        .action(Link::to(format!("/audit/deviation/{number}"), "Audit trail").icon(Icon::History));
    let mut sheet = Sheet::new(cx, number.to_string(), head);
    sheet.main = course(&deviation);
    sheet.aside.push(subject_block(cx, &deviation));
    if cx.may(Capability::DecideDeviation) {
        let next = match deviation.status() {
            Status::Open => Some(("decide", "Decide")),
            Status::Decided => Some(("close", "Close")),
            Status::Closed => None,
        };
        if let Some((name, text)) = next {
            let link = Link::to(format!("{}/sign/{name}", address(&number)), text);
            sheet.head = sheet.head.action(link.icon(Icon::Sign).primary());
        }
    }
    cx.page(&sheet)
}

/// What happened, what was decided, how it was closed.
fn course(deviation: &Deviation) -> Vec<Block> {
    let mut blocks = vec![Block::new("What happened", Body::Text(deviation.description.clone()))];
    if let Some(decision) = &deviation.decision {
        let facts = Facts::new()
            .with("Root cause", decision.root_cause.clone())
            .with("Impact on quality, safety and efficacy", decision.impact.clone())
            .with("Actions", decision.actions.clone())
            .with("What follows", decision.outcome.word());
        blocks.push(Block::new("Decision", Body::Facts(facts)).signed([&decision.signature]));
    }
    if let Some((conclusion, signature)) = &deviation.closed {
        blocks.push(Block::new("Closed", Body::Text(conclusion.clone())).signed([signature]));
    }
    blocks
}

fn subject_block(cx: &Cx, deviation: &Deviation) -> Block {
    let subject = &deviation.subject;
    let code =
        |kind: &str, id: &str| Cell::CodeLink(Link::to(format!("/{kind}/{id}"), id.to_owned()));
    let step = subject.step.as_ref().map(|step| match subject.occurrence {
        Some(occurrence) => format!("{step} ({occurrence})"),
        None => step.to_string(),
    });
    let test = match (&subject.batch, &subject.test) {
        (Some(batch), Some(test)) => {
            Some(Cell::Link(Link::to(format!("/tests/{batch}.{test}"), test.to_string())))
        }
        _ => None,
    };
    let facts = Facts::new()
        .with("Noticed", Origin::word(deviation.origin))
        .with("Opened", format!("{} by {}", cx.when(deviation.opened_at), deviation.opened_by))
        .with_some("Batch", subject.batch.as_ref().map(|id| code("batches", id.as_str())))
        .with_some("Step", step)
        .with_some("Performed by", deviation.performer.as_ref().map(ToString::to_string))
        .with_some("Test", test)
        .with_some(
            "Container",
            subject.container.as_ref().map(|id| code("containers", id.as_str())),
        )
        .with_some("Order", subject.order.as_ref().map(|id| code("orders", id.as_str())))
        .with_some("Donor", subject.donor.as_ref().map(|id| code("donors", id.as_str())))
        .with_some(
            "Reconciliation",
            subject.batch.as_ref().zip(subject.reconciliation.as_ref()).map(|(batch, name)| {
                let words = name.as_str().replace('_', " ");
                Cell::Link(Link::to(format!("/batches/{batch}/accounts"), words))
            }),
        );
    Block::new("About", Body::Facts(facts))
}

const ACTS: [(&str, &str, &str); 2] = [
    ("decide", "Decide the deviation", "Sign the decision"),
    ("close", "Close the deviation", "Sign and close"),
];

fn act_form(cx: &Cx) -> Result<Reply, WebError> {
    cx.page(&act_sheet(cx, &Errors::new(), None, None)?)
}

fn act_sheet(
    cx: &Cx,
    errors: &Errors,
    banner: Option<Banner>,
    beside: Option<String>,
) -> Result<Sheet, WebError> {
    let (number, deviation, shown) = wanted(cx)?;
    let name = cx.param("act");
    let (_, title, button) =
        ACTS.into_iter().find(|(act, ..)| *act == name).ok_or_else(|| WebError::not_found(name))?;
    let head = Head::new(title)
        .under("/deviations", "Deviations")
        .under(address(&number), number.to_string())
        .chip(class_chip(deviation.class))
        .chip(status_chip(deviation.status()));
    let mut sheet = Sheet::new(cx, title, head);
    sheet.banners.extend(banner);
    sheet.main = course(&deviation);
    sheet.main.push(subject_block(cx, &deviation));
    let fields = if name == "decide" {
        vec![
            Field::radio(
                "class",
                "Class after assessment",
                Class::ALL.map(|class| (class.code(), class.code())),
            )
            .value(deviation.class.code())
            .required(),
            Field::area("root_cause", "Root cause").required(),
            Field::area("impact", "Impact on quality, safety and efficacy").required(),
            Field::area("actions", "What is or was done about it").required(),
            Field::radio(
                "outcome",
                "What follows",
                Outcome::ALL.map(|(_, code, words)| (code, words)),
            )
            .required(),
        ]
    } else {
        vec![Field::area("conclusion", "How it was made sure that the actions are done").required()]
    };
    let fields = fields.into_iter().map(|field| filled(cx, errors, field)).collect();
    let lines = vec![
        ("Deviation".to_owned(), format!("{number}, {}", deviation.class.code())),
        ("About".to_owned(), deviation.title.clone()),
    ];
    let hash = shown.hash()?;
    let action = format!("{}/sign/{name}", address(&number));
    let form = signed_act(
        cx,
        &sheet.shell,
        action,
        fields,
        (Meaning::Approved, &hash, lines),
        (button, beside),
    )?;
    sheet.act(title, form);
    Ok(sheet)
}

fn act_sign(cx: &Cx) -> Result<Reply, WebError> {
    let (number, _, shown) = wanted(cx)?;
    let mut check = cx.check();
    let act = if cx.param("act") == "decide" {
        let class = check.choice("class", Class::parse);
        let root_cause = check.required("root_cause");
        let impact = check.required("impact");
        let actions = check.required("actions");
        let outcome = check.choice("outcome", Outcome::parse);
        match (class, root_cause, impact, actions, outcome) {
            (Some(class), Some(root_cause), Some(impact), Some(actions), Some(outcome)) => {
                Some(DeviationAct::Decide { class, root_cause, impact, actions, outcome })
            }
            _ => None,
        }
    } else {
        check.required("conclusion").map(|conclusion| DeviationAct::Close { conclusion })
    };
    let Some(act) = act else {
        return cx.page_again(&act_sheet(cx, &check.errors, Some(incomplete()), None)?);
    };
    let caller = cx.caller()?;
    let run = |signature| deviation_decide(cx.app(), &caller, &number, act, signature);
    match sign(cx, Meaning::Approved, &shown.hash()?, run)? {
        Signing::Done(()) => Ok(Reply::see_other(address(&number)).flash("Recorded.")),
        Signing::Again(banner, beside) => {
            cx.page_again(&act_sheet(cx, &Errors::new(), banner, beside)?)
        }
    }
}
