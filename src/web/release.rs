//! Release: the queue, the review of one batch with its exceptions first, and what is signed:
//! review, initial and final certification, hold and its lifting. A rejection is signed in
//! [`super::batch_end`], with what becomes of everything open.
//!
//! Neighbours: `app::release_facts` gathers, `app::release_sign` records.
//!
//! Architecture invariant: the page shows the assessment that decides; a blocked certification is
//! shown with everything that blocks it, never hidden.

use askama::Template;

use super::component::{Banner, Cell, Chip, Empty, Facts, Head, Link, SignatureBlock, Table, Tone};
use super::cx::Cx;
use super::deviation::class_chip;
use super::error::WebError;
use super::filters;
use super::form::{Errors, Field};
use super::home::Waiting;
use super::icon::Icon;
use super::page::Shell;
use super::reply::Reply;
use super::routes::{Access, Route};
use super::sheet::{
    Block, Body, Finding, Sheet, Signing, act, attempt, filled, incomplete, sign, signed_act,
};
use super::trace::held_banner;
use crate::app::certificate;
use crate::app::release_sign::{
    Particulars, ReleaseAct, ReleaseShown, release_acknowledge, release_shown, release_sign,
    statement,
};
use crate::domain::actor::Capability;
use crate::domain::batch::EndAct;
use crate::domain::deviation::Class;
use crate::domain::genealogy::{Node, Standing};
use crate::domain::id::BatchNumber;
use crate::domain::release::{
    Assessment, Blocks, Exception, Facts as Known, Release, Stage, new_since_review,
};
use crate::store::{genealogy, release as table};

const READ: Access = Access::Needs(&[Capability::ReadGmp]);
const REVIEW: Access = Access::Needs(&[Capability::ReviewBatch]);
const SIGN: Access = Access::Needs(&[Capability::CertifyBatch, Capability::DecideDisposition]);
const TELL: Access = Access::Needs(&[Capability::DecideDisposition]);

/// The rows of this slice.
pub const ROUTES: &[Route] = &[
    Route::get("/release", READ, queue, "Release queue"),
    Route::get("/release/{batch}", READ, show, "Review of a batch"),
    Route::post("/release/{batch}/review", REVIEW, review, "Sign the review of a batch"),
    Route::get("/release/{batch}/sign/{act}", SIGN, act_form, "Certify, hold or lift"),
    Route::post("/release/{batch}/sign/{act}", SIGN, act_sign, "Certify, hold or lift"),
    Route::post("/release/{batch}/told", TELL, told, "Record that somebody was told"),
];

pub(super) fn stage_chip(stage: Stage) -> Chip {
    let tone = match stage {
        Stage::InProcess => Tone::Part,
        Stage::PendingReview => Tone::Wait,
        Stage::CertifiedInitial => Tone::Part,
        Stage::CertifiedFinal => Tone::Ok,
        Stage::OutOfSpecificationAfterRelease | Stage::Rejected => Tone::Stop,
    };
    Chip::new(tone, stage.word())
}

fn address(batch: &BatchNumber) -> String {
    format!("/release/{batch}")
}

/// One batch of the queue.
struct Queued {
    shown: ReleaseShown,
    /// Whether QA has seen everything that stands out now.
    reviewed: bool,
    /// The day of the infusion, `2026-11-22`.
    patient_date: Option<String>,
    order: Option<String>,
}

fn queued(cx: &Cx) -> Result<Vec<Queued>, WebError> {
    let now = cx.now;
    Ok(cx.app().read(|db| {
        let mut queue = Vec::new();
        for batch in table::waiting(db)? {
            let (facts, release, shown) = release_shown(db, &batch, now)?;
            let patient_date = match &facts.order {
                Some(order) => table::ordered(db, order)?.map(|(day, _)| day),
                None => None,
            };
            queue.push(Queued {
                reviewed: release.as_ref().is_some_and(|release| release.review().is_some())
                    && new_since_review(release.as_ref(), &shown.assessment).is_empty(),
                shown,
                patient_date,
                order: facts.order.map(|order| order.to_string()),
            });
        }
        queue.sort_by(|a, b| {
            let key = |of: &Queued| (of.patient_date.is_none(), of.patient_date.clone());
            key(a).cmp(&key(b)).then_with(|| a.shown.batch.cmp(&b.shown.batch))
        });
        Ok(queue)
    })?)
}

fn ready_chip(queued: &Queued) -> Chip {
    let assessment = &queued.shown.assessment;
    if queued.shown.hold.is_some() {
        return Chip::new(Tone::Hold, "on hold");
    }
    match queued.shown.stage {
        Stage::CertifiedInitial if !queued.reviewed => Chip::new(Tone::Wait, "to be reviewed"),
        Stage::CertifiedInitial if assessment.blocking_final().next().is_none() => {
            Chip::new(Tone::Ok, "ready for final certification")
        }
        Stage::CertifiedInitial => Chip::new(Tone::Part, "results pending"),
        Stage::OutOfSpecificationAfterRelease => Chip::new(Tone::Stop, "out of specification"),
        _ if assessment.blocking_initial().next().is_some() => Chip::new(Tone::Stop, "blocked"),
        _ if !queued.reviewed => Chip::new(Tone::Wait, "to be reviewed"),
        _ if assessment.pending.is_empty() => Chip::new(Tone::Ok, "ready to certify"),
        _ => Chip::new(Tone::Ok, "ready for initial certification"),
    }
}

fn queue(cx: &Cx) -> Result<Reply, WebError> {
    let rows = queued(cx)?;
    let (notices, register) =
        cx.app().read(|db| Ok((table::unacknowledged(db)?, table::register(db, 30)?)))?;
    let head = Head::new("Release queue")
        .lede("By patient date. QA reviews, the Qualified Person certifies.");
    let mut sheet = Sheet::new(cx, "Release", head);
    if let Some(first) = notices.first() {
        let words = format!(
            "Out of specification after release: {} people have not acknowledged it yet",
            notices.len()
        );
        let open = Link::to(format!("/release/{}", first.batch), first.batch.clone());
        sheet.banners.push(Banner::stop(words).text("Tell them and record it.").action(open));
    }
    if rows.is_empty() {
        let empty = Empty::new(
            Icon::Release,
            "Nothing waits",
            "Batches appear here when their last step is done.",
        );
        sheet.main.push(Block::new("", Body::Empty(empty)));
    } else {
        let block = Block::new("Batches", Body::Table(queue_table(cx, &rows)));
        sheet.main.push(block.note(rows.len().to_string()));
    }
    if !register.is_empty() {
        let columns =
            ["Certificate", "Batch", "Product", "Stage", "Certified by", "When", "Pending then"];
        let mut shown = Table::new("Register of certified batches", &columns);
        for entry in &register {
            shown.push([
                Cell::Code(entry.number.clone()),
                Cell::CodeLink(Link::to(format!("/release/{}", entry.batch), entry.batch.clone())),
                Cell::Text(entry.product.clone()),
                Cell::Text(if entry.initial { "initial" } else { "final" }.to_owned()),
                Cell::Soft(entry.certified_by.clone()),
                Cell::when(cx.when(entry.certified_at)),
                Cell::Number(entry.pending.to_string()),
            ]);
        }
        sheet.main.push(Block::new("Register", Body::Table(shown)).note("newest first").folded());
    }
    cx.page(&sheet)
}

fn queue_table(cx: &Cx, rows: &[Queued]) -> Table {
    let columns = [
        "Batch",
        "Product",
        "Patient date",
        "Critical",
        "Major",
        "Minor",
        "Missing results",
        "State",
        "Ready",
    ];
    let mut shown = Table::new("Release queue", &columns);
    for row in rows {
        let assessment = &row.shown.assessment;
        let date = match &row.patient_date {
            Some(day) => days_left(cx, day),
            None => row.order.clone().unwrap_or_else(|| "no order".to_owned()),
        };
        let missing = assessment
            .exceptions
            .iter()
            .filter(|exception| {
                exception.key.starts_with("test/") && exception.blocks != Blocks::Nothing
            })
            .count();
        let cells = [
            Cell::CodeLink(Link::to(address(&row.shown.batch), row.shown.batch.to_string())),
            Cell::Text(row.shown.product.clone()),
            Cell::Soft(date),
            Cell::Number(assessment.count(Class::Critical).to_string()),
            Cell::Number(assessment.count(Class::Major).to_string()),
            Cell::Number(assessment.count(Class::Minor).to_string()),
            Cell::Number(missing.to_string()),
            stage_chip(row.shown.stage).into(),
            ready_chip(row).into(),
        ];
        if row.shown.stage == Stage::OutOfSpecificationAfterRelease {
            shown.push_exception(cells);
        } else {
            shown.push(cells);
        }
    }
    shown
}

/// The day and how many days are left until then.
fn days_left(cx: &Cx, day: &str) -> String {
    let today = cx.now.date(cx.zone());
    match day.parse::<chrono::NaiveDate>().map(|day| day.signed_duration_since(today).num_days()) {
        Ok(0) => format!("{day}, today"),
        Ok(1) => format!("{day}, tomorrow"),
        Ok(left) if left > 1 => format!("{day}, in {left} days"),
        _ => day.to_owned(),
    }
}

/// What waits for release for the person who asks.
pub(super) fn waiting(cx: &Cx) -> Result<Vec<Waiting>, WebError> {
    let (reviews, certifies) = (cx.may(Capability::ReviewBatch), cx.may(Capability::CertifyBatch));
    if !reviews && !certifies {
        return Ok(Vec::new());
    }
    let mine = |row: &Queued| {
        let failed = row.shown.stage == Stage::OutOfSpecificationAfterRelease;
        failed || (reviews && !row.reviewed) || (certifies && row.reviewed)
    };
    Ok(queued(cx)?
        .iter()
        .filter(|row| mine(row))
        .map(|row| Waiting {
            group: "Release",
            icon: Icon::Release,
            title: format!("{} · {}", row.shown.batch, row.shown.product),
            detail: row
                .patient_date
                .as_ref()
                .map_or_else(String::new, |day| format!("for the patient on {day}")),
            chip: Some(ready_chip(row)),
            href: address(&row.shown.batch),
            urgent: row.patient_date.is_some(),
        })
        .collect())
}

/// One exception with its remark field.
struct ExceptionRow {
    index: usize,
    key: String,
    chip: Chip,
    title: String,
    rule: String,
    remedy: String,
    blocks: &'static str,
    href: String,
    remark: String,
    /// What was said at the last review.
    before: String,
}

#[derive(Template)]
#[template(path = "quality/release.html")]
struct ReleasePage {
    shell: Shell,
    head: Head,
    banners: Vec<Banner>,
    exceptions: Vec<ExceptionRow>,
    may_review: bool,
    action: String,
    conclusion: Field,
    signature: Option<SignatureBlock>,
    passed: Block,
    blocks: Vec<Block>,
    aside: Vec<Block>,
}

/// Where the evidence of a stream or a node is shown.
fn evidence_href(evidence: &str) -> String {
    let (stream, _) = evidence.split_once(['@', '#']).unwrap_or((evidence, ""));
    let Some((kind, id)) = stream.split_once('/') else {
        return format!("/batches/{stream}");
    };
    match kind {
        "batch" => format!("/batches/{id}"),
        "test" => format!("/tests/{id}"),
        "deviation" => format!("/deviations/{id}"),
        "donor" => format!("/donors/{id}"),
        "donation" => format!("/donations/{id}"),
        "container" => format!("/containers/{id}"),
        "order" => format!("/orders/{id}"),
        _ => format!("/audit/{stream}"),
    }
}

fn wanted(cx: &Cx) -> Result<(BatchNumber, Known, Option<Release>, ReleaseShown), WebError> {
    let batch = cx.param_as("batch", BatchNumber::parse)?;
    let now = cx.now;
    let (facts, release, shown) = cx.app().read(|db| release_shown(db, &batch, now))?;
    Ok((batch, facts, release, shown))
}

fn show(cx: &Cx) -> Result<Reply, WebError> {
    cx.page(&release_page(cx, None, None)?)
}

fn rows(cx: &Cx, shown: &ReleaseShown, release: Option<&Release>) -> Vec<ExceptionRow> {
    let remembered = |exception: &Exception| {
        release
            .and_then(Release::review)
            .and_then(|review| {
                review.exceptions.iter().find(|seen| seen.exception.key == exception.key)
            })
            .map_or_else(String::new, |seen| seen.remark.clone())
    };
    shown
        .assessment
        .exceptions
        .iter()
        .enumerate()
        .map(|(index, exception)| ExceptionRow {
            index,
            key: exception.key.clone(),
            chip: class_chip(exception.class),
            title: exception.title.clone(),
            rule: exception.rule.clone(),
            remedy: exception.remedy.clone(),
            blocks: match exception.blocks {
                Blocks::Nothing => "",
                Blocks::Final => "blocks final certification",
                Blocks::Everything => "blocks certification",
            },
            href: evidence_href(&exception.evidence),
            remark: cx.form().text(&format!("r_{index}")).to_owned(),
            before: remembered(exception),
        })
        .collect()
}

/// How far the release has come, and beside it what counts now: the strictest disposition of the
/// batch and of everything it came from.
fn head(batch: &BatchNumber, shown: &ReleaseShown, standing: &Standing) -> Head {
    Head::new(format!("Release of {batch}"))
        .under("/release", "Release")
        .chip(stage_chip(shown.stage))
        .chip(standing.disposition)
        .lede(format!("{} · {}", shown.product, shown.master_record))
}

fn standing(cx: &Cx, batch: &BatchNumber) -> Result<Standing, WebError> {
    Ok(cx.app().read(|db| genealogy::effective_with_cause(db, &Node::batch(batch)))?)
}

fn release_page(
    cx: &Cx,
    banner: Option<Banner>,
    beside: Option<String>,
) -> Result<ReleasePage, WebError> {
    let (batch, facts, release, shown) = wanted(cx)?;
    let assessment = &shown.assessment;
    let open = matches!(shown.stage, Stage::PendingReview | Stage::CertifiedInitial);
    let may_review = cx.may(Capability::ReviewBatch) && open;
    let hash = shown.hash()?;
    let signature = if may_review {
        let block = cx
            .signature_block(crate::domain::actor::Meaning::Reviewed, &hash)?
            .line("Batch", format!("{batch}, {}", shown.product))
            .line("Exceptions", assessment.exceptions.len().to_string())
            .line("Checks passed", assessment.passed.len().to_string())
            .line("Audit trail", format!("{} entries looked through", facts.trail_entries))
            .error(beside)
            .button("Sign the review");
        Some(block)
    } else {
        None
    };
    let standing = standing(cx, &batch)?;
    let mut banners: Vec<Banner> = banner.into_iter().collect();
    banners.extend(held_banner(&standing, &Node::batch(&batch)));
    banners
        .extend(shown.hold.as_ref().map(|because| Banner::hold("On hold").text(because.clone())));
    let head = head(&batch, &shown, &standing)
        .action(Link::to(format!("/batches/{batch}"), "Batch").icon(Icon::Batch))
        .action(Link::to(format!("/trace?code={batch}"), "Trace").icon(Icon::Trace))
        .action(Link::to(format!("/audit/release/{batch}"), "Audit trail").icon(Icon::History));
    let passed = assessment
        .passed
        .iter()
        .map(|check| Finding {
            tone: Tone::Ok,
            title: check.title.clone(),
            rule: check.rule.clone(),
            evidence: Vec::new(),
            href: evidence_href(&check.evidence),
        })
        .collect::<Vec<_>>();
    let passed_count = passed.len();
    let shell = cx.shell(format!("Review of {batch}"));
    let aside = aside(cx, &shell, (&batch, &shown), release.as_ref())?;
    Ok(ReleasePage {
        head,
        banners,
        exceptions: rows(cx, &shown, release.as_ref()),
        may_review,
        action: format!("{}/review", address(&batch)),
        conclusion: Field::area("conclusion", "Conclusion of the review")
            .value(cx.form().text("conclusion"))
            .required(),
        signature,
        passed: Block::new(format!("{passed_count} checks passed"), Body::Findings(passed))
            .note("completeness certificate")
            .folded(),
        blocks: course(&facts, release.as_ref()),
        aside,
        shell,
    })
}

/// What was signed so far.
fn course(facts: &Known, release: Option<&Release>) -> Vec<Block> {
    let mut blocks = Vec::new();
    let Some(release) = release else {
        return blocks;
    };
    for certification in release.certifications.iter().rev() {
        let certificate = &certification.certificate;
        let list = Facts::new()
            .with("Number", Cell::Code(certificate.number.clone()))
            .with("Product", certificate.product.clone())
            .with("Master record", certificate.master_record.clone())
            .with_some("Trial", certificate.trial.clone())
            .with("Strength", certificate.strength.clone())
            .with("Form", certificate.form.clone())
            .with("Package", certificate.package.clone())
            .with("Manufacturer", certificate.manufacturer.clone())
            .with("Authorisation", certificate.authorisation.clone())
            .with("Statement", certificate.statement.clone());
        let title = if certification.initial { "Initial certificate" } else { "Final certificate" };
        let note =
            format!("{} results, {} pending", certificate.results.len(), certificate.pending.len());
        let block = Block::new(title, Body::Facts(list)).note(note);
        blocks.push(block.signed([&certification.signature]));
    }
    if let Some(review) = release.review() {
        let note =
            format!("exceptions {}, checks passed {}", review.exceptions.len(), review.passed);
        let block = Block::new("Review", Body::Text(review.conclusion.clone())).note(note);
        blocks.push(block.signed(release.reviews.iter().rev().map(|review| &review.signature)));
    }
    for decision in release.decisions.iter().rev() {
        let title = match decision.what {
            "reject" => "Rejected",
            "lift" => "Hold lifted",
            _ => "Put on hold",
        };
        let block = Block::new(title, Body::Text(decision.because.clone()));
        blocks.push(block.signed([&decision.signature]));
    }
    let performers: Vec<String> = facts.performers.iter().map(ToString::to_string).collect();
    if !performers.is_empty() {
        let text = format!("{}. None of them may review or certify it.", performers.join(", "));
        blocks.push(Block::new("Who took part", Body::Text(text)).folded());
    }
    blocks
}

fn aside(
    cx: &Cx,
    shell: &Shell,
    (batch, shown): (&BatchNumber, &ReleaseShown),
    release: Option<&Release>,
) -> Result<Vec<Block>, WebError> {
    let mut blocks = Vec::new();
    for failure in release.iter().flat_map(|release| &release.late_failures) {
        for (recipient, acknowledged) in &failure.recipients {
            let title = format!("{}: {}", recipient.capacity, recipient.who);
            match acknowledged {
                Some((at, how)) => {
                    let text = format!("{}: {how}", cx.when(*at));
                    blocks.push(Block::new(title, Body::Text(text)));
                }
                None if cx.may(Capability::DecideDisposition) => {
                    let fields = vec![
                        Field::hidden("who", recipient.who.clone()),
                        Field::text("how", "How it was told and answered").required(),
                    ];
                    let action = format!("{}/told", address(batch));
                    let form = act(shell, action, fields, "Record: told and acknowledged");
                    blocks.push(
                        Block::new(title, Body::Act(Box::new(form))).note("must be told at once"),
                    );
                }
                None => {
                    blocks.push(Block::new(title, Body::Text("Must be told at once.".to_owned())))
                }
            }
        }
    }
    if !shown.assessment.pending.is_empty() {
        blocks.push(pending_block(cx, &shown.assessment));
    }
    let mut links: Vec<Link> = Vec::new();
    let certify = cx.may(Capability::CertifyBatch);
    let decide = cx.may(Capability::DecideDisposition);
    let mut push = |name: &str, text: &str| {
        links.push(Link::to(format!("{}/sign/{name}", address(batch)), text));
    };
    if certify && shown.stage == Stage::PendingReview {
        push("initial", "Certify initially, results pending");
    }
    if certify && matches!(shown.stage, Stage::PendingReview | Stage::CertifiedInitial) {
        push("final", "Certify finally");
    }
    if decide && shown.stage != Stage::Rejected {
        if shown.hold.is_some() {
            push("lift", "Lift the hold")
        } else {
            push("hold", "Put on hold")
        }
    }
    if decide && !matches!(shown.stage, Stage::Rejected | Stage::InProcess) {
        let reject = super::batch_end::address(batch, EndAct::Reject);
        links.push(Link::to(reject, "Reject the batch"));
    }
    if !links.is_empty() {
        if let Some(first) = links.first_mut().filter(|_| certify) {
            *first = first.clone().primary();
        }
        blocks.push(Block::new("Sign", Body::Links(links)));
    }
    Ok(blocks)
}

fn pending_block(cx: &Cx, assessment: &Assessment) -> Block {
    let mut table = Table::new("Pending", &["Test", "Negative to date", "Final from"]);
    for pending in &assessment.pending {
        table.push([
            Cell::Text(pending.title.clone()),
            Cell::Soft(
                pending.negative_to_date.map_or("not growth-based".to_owned(), |at| cx.when(at)),
            ),
            Cell::when(pending.due_at.map_or(String::new(), |at| cx.when(at))),
        ]);
    }
    Block::new("Results that may be pending", Body::Table(table))
}

fn review(cx: &Cx) -> Result<Reply, WebError> {
    let (batch, _, _, shown) = wanted(cx)?;
    let form = cx.form();
    let mut remarks = Vec::new();
    for (index, _) in shown.assessment.exceptions.iter().enumerate() {
        let key = form.text(&format!("k_{index}")).to_owned();
        if !key.is_empty() {
            remarks.push((key, form.text(&format!("r_{index}")).to_owned()));
        }
    }
    let conclusion = form.text("conclusion").to_owned();
    let release_act = ReleaseAct::Review { remarks, conclusion };
    let caller = cx.caller()?;
    let run = |signature| release_sign(cx.app(), &caller, &batch, release_act.clone(), signature);
    match sign(cx, release_act.meaning(), &shown.hash()?, run)? {
        Signing::Done(_) => Ok(Reply::see_other(address(&batch)).flash("Review signed.")),
        Signing::Again(banner, beside) => cx.page_again(&release_page(cx, banner, beside)?),
    }
}

fn told(cx: &Cx) -> Result<Reply, WebError> {
    let batch = cx.param_as("batch", BatchNumber::parse)?;
    let (who, how) = (cx.form().text("who").to_owned(), cx.form().text("how").to_owned());
    match attempt(release_acknowledge(cx.app(), &cx.caller()?, &batch, who, how))? {
        Ok(()) => Ok(Reply::see_other(address(&batch)).flash("Recorded.")),
        Err(banner) => cx.page_again(&release_page(cx, Some(banner), None)?),
    }
}

const ACTS: [(&str, &str, &str); 4] = [
    ("initial", "Initial certification", "Sign the initial certification"),
    ("final", "Final certification", "Sign the final certification"),
    ("hold", "Put the batch on hold", "Sign: on hold"),
    ("lift", "Lift the hold", "Sign: lift the hold"),
];

fn act_form(cx: &Cx) -> Result<Reply, WebError> {
    cx.page(&act_sheet(cx, &Errors::new(), None, None)?)
}

fn particulars_fields(
    cx: &Cx,
    errors: &Errors,
    batch: &BatchNumber,
) -> Result<Vec<Field>, WebError> {
    let app = cx.app();
    let known = app.read(|db| certificate::particulars(db, &app.config.site, batch))?;
    let trial = known.trial.unwrap_or_default();
    let fields = vec![
        Field::text("strength", "Strength").value(known.strength).required(),
        Field::text("form", "Pharmaceutical form").value(known.form).required(),
        Field::text("package", "Package size and contents").value(known.package).required(),
        Field::text("trial", "EU CT number and protocol code")
            .value(trial)
            .hint("Empty if there is no trial."),
        Field::text("authorisation", "Number of the manufacturing authorisation")
            .value(known.authorisation)
            .required(),
        Field::area("comments", "Comments"),
    ];
    Ok(fields.into_iter().map(|field| filled(cx, errors, field)).collect())
}

fn blockers(items: Vec<&Exception>) -> Vec<Finding> {
    items
        .into_iter()
        .map(|exception| Finding {
            tone: Tone::Stop,
            title: exception.title.clone(),
            rule: exception.rule.clone(),
            evidence: vec![exception.remedy.clone()],
            href: evidence_href(&exception.evidence),
        })
        .collect()
}

fn act_sheet(
    cx: &Cx,
    errors: &Errors,
    banner: Option<Banner>,
    beside: Option<String>,
) -> Result<Sheet, WebError> {
    let (batch, facts, release, shown) = wanted(cx)?;
    let name = cx.param("act");
    let (_, title, button) =
        ACTS.into_iter().find(|(act, ..)| *act == name).ok_or_else(|| WebError::not_found(name))?;
    let head =
        head(&batch, &shown, &standing(cx, &batch)?).under(address(&batch), batch.to_string());
    let mut sheet = Sheet::new(cx, title, head);
    sheet.banners.extend(banner);
    let assessment = &shown.assessment;
    let certifies = name == "initial" || name == "final";
    if certifies {
        let blocking = match name {
            "initial" => blockers(assessment.blocking_initial().collect()),
            _ => blockers(assessment.blocking_final().collect()),
        };
        if blocking.is_empty() {
            let banner = Banner::ok("Nothing stands in the way")
                .text(format!("{} checks passed.", assessment.passed.len()));
            sheet.main.push(Block::new("", Body::Banner(banner)));
        } else {
            let note = blocking.len().to_string();
            sheet.main.push(Block::new("Stands in the way", Body::Findings(blocking)).note(note));
        }
        if release.as_ref().and_then(Release::review).is_none() {
            let banner = Banner::check("Not reviewed yet").text("QA reviews first (ATMP-29).");
            sheet.main.push(Block::new("", Body::Banner(banner)));
        }
        sheet.main.push(Block::new(
            "What you certify",
            Body::Text(statement(name == "initial").to_owned()),
        ));
        if !assessment.pending.is_empty() {
            sheet.main.push(pending_block(cx, assessment));
        }
        sheet.main.push(results_block(&facts));
    }
    sheet.main.extend(course(&facts, release.as_ref()));
    let fields = if certifies {
        particulars_fields(cx, errors, &batch)?
    } else {
        vec![filled(cx, errors, Field::area("because", "Why").required())]
    };
    let release_act = placeholder(name);
    let lines = vec![
        ("Batch".to_owned(), format!("{batch}, {}", shown.product)),
        ("Master record".to_owned(), shown.master_record.clone()),
        ("Pending".to_owned(), format!("{} results", assessment.pending.len())),
        ("Decision".to_owned(), title.to_owned()),
    ];
    let hash = shown.hash()?;
    let action = format!("{}/sign/{name}", address(&batch));
    let meaning = release_act.meaning();
    let form =
        signed_act(cx, &sheet.shell, action, fields, (meaning, &hash, lines), (button, beside))?;
    sheet.act(title, form);
    Ok(sheet)
}

fn results_block(facts: &Known) -> Block {
    let mut table = Table::new("Results", &["Test", "Status", "Result"]);
    for test in &facts.tests {
        let tone = match test.status {
            crate::domain::quality::Status::FinalPass => Tone::Ok,
            crate::domain::quality::Status::FinalFail => Tone::Stop,
            _ => Tone::Wait,
        };
        table.push([
            Cell::Link(Link::to(
                format!("/tests/{}.{}", facts.batch, test.test),
                test.title.clone(),
            )),
            Chip::new(tone, test.status.word()).into(),
            Cell::Soft(test.result.join("; ")),
        ]);
    }
    Block::new("Results", Body::Table(table))
}

fn placeholder(name: &str) -> ReleaseAct {
    let because = String::new();
    match name {
        "initial" => ReleaseAct::CertifyInitial { particulars: Particulars::default() },
        "final" => ReleaseAct::CertifyFinal { particulars: Particulars::default() },
        "hold" => ReleaseAct::Hold { because },
        _ => ReleaseAct::Lift { because },
    }
}

fn parse_act(cx: &Cx, errors: &mut Errors) -> Option<ReleaseAct> {
    let mut check = cx.check();
    let parsed = match cx.param("act") {
        name @ ("initial" | "final") => {
            let strength = check.required("strength");
            let form = check.required("form");
            let package = check.required("package");
            let authorisation = check.required("authorisation");
            let trial = check.optional("trial");
            let comments = check.optional("comments").unwrap_or_default();
            match (strength, form, package, authorisation) {
                (Some(strength), Some(form), Some(package), Some(authorisation)) => {
                    let particulars =
                        Particulars { trial, strength, form, package, authorisation, comments };
                    Some(if name == "initial" {
                        ReleaseAct::CertifyInitial { particulars }
                    } else {
                        ReleaseAct::CertifyFinal { particulars }
                    })
                }
                _ => None,
            }
        }
        "hold" => check.required("because").map(|because| ReleaseAct::Hold { because }),
        "lift" => check.required("because").map(|because| ReleaseAct::Lift { because }),
        _ => None,
    };
    *errors = check.errors;
    parsed
}

fn act_sign(cx: &Cx) -> Result<Reply, WebError> {
    let (batch, _, _, shown) = wanted(cx)?;
    let mut errors = Errors::new();
    let Some(release_act) = parse_act(cx, &mut errors) else {
        return cx.page_again(&act_sheet(cx, &errors, Some(incomplete()), None)?);
    };
    let caller = cx.caller()?;
    let run = |signature| release_sign(cx.app(), &caller, &batch, release_act.clone(), signature);
    match sign(cx, release_act.meaning(), &shown.hash()?, run)? {
        Signing::Done(number) => {
            let sentence = match number {
                Some(number) => format!("Certified: {number}."),
                None => "Recorded.".to_owned(),
            };
            Ok(Reply::see_other(address(&batch)).flash(&sentence))
        }
        Signing::Again(banner, beside) => {
            cx.page_again(&act_sheet(cx, &Errors::new(), banner, beside)?)
        }
    }
}
