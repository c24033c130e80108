//! A version of a master record from proposal to retirement: checked, shown with what changed,
//! signed by its author and by another person on the hash of the text.
//!
//! Neighbours: `app::master_record_approve` carries out; [`super::review`] says how a form that is
//! signed comes back.
//!
//! Architecture invariant: the signature covers the hash of the text on the page; a text that
//! changed on the way is a conflict, and nothing is signed.

use super::component::{Banner, Head};
use super::cx::Cx;
use super::error::WebError;
use super::form::{Errors, Field, Kind};
use super::master_record::{address, in_effect, report, show_page, signed_lines, version_of};
use super::master_record_view::{
    ProposePage, RecordPage, changes, fault_rows, figures, procedure, text_rows,
};
use super::reply::Reply;
use super::review;
use super::routes::Access;
use super::sheet::{Act, Block, Body, Signing, act, filled, sign, signed_act};
use crate::app::master_record_approve::{
    MasterRecordApprove, MasterRecordPropose, kept_text, master_record_acknowledge,
    master_record_approve, master_record_propose, master_record_retire,
};
use crate::app::master_record_check::{Checked, check_text, records_known};
use crate::domain::actor::{Capability, Meaning};
use crate::domain::master_record::{
    Fault, FaultKind, MasterRecord, RecordVersion, VersionState, parse,
};
use crate::domain::time::{Day, Instant};
use crate::store::ledger;

/// Who works by a master record, and states to have read it.
const READERS: [Capability; 4] = [
    Capability::PerformSteps,
    Capability::VerifySteps,
    Capability::RecordResults,
    Capability::ReviewBatch,
];

/// Who may acknowledge.
pub(super) const READER: Access = Access::Needs(&READERS);

const PROPOSE: &str = "/master-records/propose";

/// The text of the version that a new one is written from.
pub(super) fn propose_form(cx: &Cx) -> Result<Reply, WebError> {
    let from = cx.query("from").to_owned();
    let known = match from.is_empty() {
        true => None,
        false => cx.app().read(|db| ledger::load::<RecordVersion>(db, &from))?,
    };
    let text = known.map(|version| version.text).unwrap_or_default();
    cx.page(&form_page(cx, &text, &Errors::new(), None, &[]))
}

fn form_page(
    cx: &Cx,
    text: &str,
    errors: &Errors,
    banner: Option<Banner>,
    faults: &[Fault],
) -> ProposePage {
    let title = "Propose a version";
    let shell = cx.shell(title);
    let fields = vec![
        filled(cx, errors, Field::text("reason", "Why").required()),
        filled(cx, errors, Field::text("change_request", "Change request"))
            .hint("Needed from version 2 on."),
        Field::area("text", "Text")
            .required()
            .mono()
            .rows(28)
            .value(text)
            .error(errors.of("text").map(str::to_owned)),
    ];
    let act = act(&shell, PROPOSE, fields, "Check");
    let head = Head::new(title).under("/master-records", "Master records").lede(
        "Choose a file or edit the text. It is checked first; you sign after you have seen what \
         it says and what changed.",
    );
    ProposePage { shell, head, banner, act, faults: fault_rows(text, faults) }
}

/// Checks a text; shows its faults beside their lines, or what is to be signed; or signs it.
pub(super) fn propose(cx: &Cx) -> Result<Reply, WebError> {
    let text = kept_text(cx.form().raw("text"));
    let others = cx.app().read(records_known)?;
    let Checked { record, faults } = check_text(&text, &others, &cx.app().config.site)?;
    let mut check = cx.check();
    let reason = check.required("reason");
    let change_request = check.optional("change_request").unwrap_or_default();
    let record = match record {
        Some(record) if faults.is_empty() => record,
        _ => {
            let count = faults.len();
            let banner = Banner::stop(format!("The text has {count} fault(s)"))
                .text("Each is shown with its line and with what would be right.");
            return cx.page_again(&form_page(cx, &text, &check.errors, Some(banner), &faults));
        }
    };
    if record.record.version > 1 && change_request.is_empty() {
        check.errors.add("change_request", "A new version answers a change request.");
    }
    let (Some(reason), true) = (reason, check.is_ok()) else {
        return cx.page_again(&form_page(cx, &text, &check.errors, None, &[]));
    };
    if !review::is_signed(cx) {
        return cx.page(&review_page(cx, &record, None, None)?);
    }
    let command = MasterRecordPropose { text, reason, change_request };
    let caller = cx.caller()?;
    let signing = sign(cx, Meaning::Authored, &record.record.hash, |signature| {
        master_record_propose(cx.app(), &caller, command, signature)
    })?;
    match signing {
        Signing::Done(key) => {
            let done = format!("{key} is proposed; another person of QA approves it.");
            Ok(Reply::see_other(address(&key)).flash(&done))
        }
        Signing::Again(banner, beside) => cx.page_again(&review_page(cx, &record, banner, beside)?),
    }
}

/// What the author signs: the text, what it says, what changed, what it would come to.
fn review_page(
    cx: &Cx,
    record: &MasterRecord,
    banner: Option<Banner>,
    beside: Option<String>,
) -> Result<RecordPage, WebError> {
    let key = record.record.key();
    let head = Head::new(format!("Sign {key}"))
        .under("/master-records", "Master records")
        .lede("Nothing is wrong with the text. Read what it says and what changed, then sign.");
    let mut page = RecordPage::new(cx, format!("Sign {key}"), head);
    page.banners.extend(banner);
    let shell = cx.shell("");
    let fields = vec![
        Field::hidden("text", record.text.clone()),
        Field::hidden("reason", cx.form().text("reason")),
        Field::hidden("change_request", cx.form().text("change_request")),
    ];
    let mut lines = signed_lines(record);
    for (name, field) in [("Why", "reason"), ("Change request", "change_request")] {
        lines.extend(cx.form().get(field).map(|words| (name.to_owned(), words.to_owned())));
    }
    let hash = &record.record.hash;
    let content = (Meaning::Authored, hash, lines);
    let act = signed_act(cx, &shell, PROPOSE, fields, content, ("Sign and propose", beside))?;
    page.aside.push(Block::new("Propose", Body::Act(Box::new(act))));
    fill(cx, &mut page, record)?;
    Ok(page)
}

/// What a signer of a record is shown of it.
fn fill(cx: &Cx, page: &mut RecordPage, record: &MasterRecord) -> Result<(), WebError> {
    match in_effect(cx, &record.record.id)? {
        Some(other) => {
            if let Ok(old) = parse(&other.text) {
                page.changes = Some(changes(&old, record));
            }
        }
        None => page.banners.push(Banner::note("No version is in force").text(
            "This is the first, so there is nothing to compare it with. Read the whole procedure.",
        )),
    }
    page.banners.push(checks(cx, record)?);
    page.figures = figures(&report(record));
    page.body = procedure(record);
    page.text = text_rows(&record.text);
    Ok(())
}

/// What the checker says now: beside the labels, protocols and records of today.
fn checks(cx: &Cx, record: &MasterRecord) -> Result<Banner, WebError> {
    let others = cx.app().read(records_known)?;
    let Checked { faults, .. } = check_text(&record.text, &others, &cx.app().config.site)?;
    let kinds = FaultKind::ALL.len();
    Ok(match faults.first() {
        None => Banner::ok("Checked: nothing is wrong")
            .text(format!("None of the {kinds} kinds of fault is in this text.")),
        Some(first) => Banner::stop(format!("{} fault(s) today", faults.len()))
            .text(format!("The first: {first}. Withdraw the version and propose a corrected one.")),
    })
}

pub(super) fn approve_form(cx: &Cx) -> Result<Reply, WebError> {
    let version = version_of(cx)?;
    cx.page(&approve_page(cx, &version, &Errors::new(), None, None)?)
}

fn approve_page(
    cx: &Cx,
    version: &RecordVersion,
    errors: &Errors,
    banner: Option<Banner>,
    beside: Option<String>,
) -> Result<RecordPage, WebError> {
    let key = version.record.key();
    let record = readable(version)?;
    let head = Head::new(format!("Approve {key}"))
        .under(address(&key), key.clone())
        .lede("The text, what changed in it, and what it would come to. You sign the text.");
    let mut page = RecordPage::new(cx, format!("Approve {key}"), head);
    page.banners.extend(banner);
    if cx.actor()?.login == version.authored.login {
        page.banners.push(
            Banner::check("You wrote this version")
                .text("Author and approver are two people: another person of QA approves it."),
        );
    }
    page.drawing = format!("{}/timeline", address(&key));
    page.file = format!("{}/file", address(&key));
    let shell = cx.shell("");
    let today = cx.date(cx.now);
    let from = Field::new(Kind::Date, "effective", "In effect from").required().value(today);
    let fields = vec![filled(cx, errors, from).hint("Today: from the moment you sign.")];
    let author = format!("{} ({})", version.authored.printed_name, version.authored.login);
    let mut lines = signed_lines(&record);
    lines.push(("Author".to_owned(), author));
    lines.push(("Why".to_owned(), version.reason.clone()));
    if !version.change_request.is_empty() {
        lines.push(("Change request".to_owned(), version.change_request.clone()));
    }
    let content = (Meaning::Approved, &version.record.hash, lines);
    let action = format!("{}/approve", address(&key));
    let act = signed_act(cx, &shell, action, fields, content, ("Sign and approve", beside))?;
    page.aside.push(Block::new("Approve", Body::Act(Box::new(act))));
    fill(cx, &mut page, &record)?;
    Ok(page)
}

fn readable(version: &RecordVersion) -> Result<MasterRecord, WebError> {
    parse(&version.text).map_err(|faults| {
        WebError::Invalid(format!("This version cannot be read any more: {faults}. Withdraw it."))
    })
}

pub(super) fn approve(cx: &Cx) -> Result<Reply, WebError> {
    let version = version_of(cx)?;
    let key = version.record.key();
    let mut check = cx.check();
    let effective_at = check.parse("effective", |day| effective(cx, day));
    let (Some(effective_at), true) = (effective_at, check.is_ok()) else {
        return cx.page_again(&approve_page(cx, &version, &check.errors, None, None)?);
    };
    let command = MasterRecordApprove { key: key.clone(), effective_at };
    let caller = cx.caller()?;
    let signing = sign(cx, Meaning::Approved, &version.record.hash, |signature| {
        master_record_approve(cx.app(), &caller, command, signature)
    })?;
    match signing {
        Signing::Done(()) => {
            let from = cx.when(effective_at);
            let done = format!("{key} is approved, in effect from {from}.");
            Ok(Reply::see_other(address(&key)).flash(&done))
        }
        Signing::Again(banner, beside) => {
            let page = approve_page(cx, &version, &Errors::new(), banner, beside)?;
            cx.page_again(&page)
        }
    }
}

/// Today means now; a later day begins at midnight of the site; an earlier one is no choice.
fn effective(cx: &Cx, day: &str) -> Result<Instant, String> {
    let chosen = Day::parse(day).map_err(|error| error.to_string())?.date();
    let today = cx.now.date(cx.zone());
    if chosen < today {
        return Err("A version cannot be in effect before it was approved".to_owned());
    }
    if chosen == today {
        return Ok(cx.now);
    }
    let midnight = format!("{chosen} 00:00");
    Instant::parse_local(&midnight, cx.zone()).map_err(|error| error.to_string())
}

pub(super) fn retire_form(cx: &Cx) -> Result<Reply, WebError> {
    let version = version_of(cx)?;
    cx.page(&retire_page(cx, &version, &Errors::new(), None, None)?)
}

fn retire_page(
    cx: &Cx,
    version: &RecordVersion,
    errors: &Errors,
    banner: Option<Banner>,
    beside: Option<String>,
) -> Result<RecordPage, WebError> {
    let key = version.record.key();
    let word = if version.state == VersionState::Proposed { "Withdraw" } else { "Retire" };
    let head = Head::new(format!("{word} {key}"))
        .under(address(&key), key.clone())
        .lede("No batch starts with it any more. A batch that runs keeps its copy.");
    let mut page = RecordPage::new(cx, format!("{word} {key}"), head);
    page.banners.extend(banner);
    let shell = cx.shell("");
    let fields = vec![filled(cx, errors, Field::text("reason", "Reason").required())];
    let lines = vec![
        ("Record".to_owned(), key.clone()),
        ("Title".to_owned(), version.title.clone()),
        ("What follows".to_owned(), "No batch starts with it any more".to_owned()),
    ];
    let content = (Meaning::Approved, &version.record.hash, lines);
    let action = format!("{}/retire", address(&key));
    let button = if word == "Retire" { "Sign and retire" } else { "Sign and withdraw" };
    let act = signed_act(cx, &shell, action, fields, content, (button, beside))?;
    page.lead.push(Block::new(word, Body::Act(Box::new(act))));
    Ok(page)
}

pub(super) fn retire(cx: &Cx) -> Result<Reply, WebError> {
    let version = version_of(cx)?;
    let key = version.record.key();
    let mut check = cx.check();
    if check.required("reason").is_none() {
        return cx.page_again(&retire_page(cx, &version, &check.errors, None, None)?);
    }
    let caller = cx.caller()?;
    let signing = sign(cx, Meaning::Approved, &version.record.hash, |signature| {
        master_record_retire(cx.app(), &caller, &key, signature)
    })?;
    match signing {
        Signing::Done(()) => {
            Ok(Reply::see_other(address(&key)).flash(&format!("{key} is retired.")))
        }
        Signing::Again(banner, beside) => {
            let page = retire_page(cx, &version, &Errors::new(), banner, beside)?;
            cx.page_again(&page)
        }
    }
}

/// The form in which a reader acknowledges a version, where there is still something to do.
pub(super) fn acknowledgement(
    cx: &Cx,
    version: &RecordVersion,
    beside: Option<String>,
) -> Result<Option<Act>, WebError> {
    let done = version.is_acknowledged_by(&cx.actor()?.login);
    let may = READERS.iter().any(|&capability| cx.may(capability));
    if done || !may || !version.may_be_acknowledged() {
        return Ok(None);
    }
    let key = version.record.key();
    let lines =
        vec![("Record".to_owned(), key.clone()), ("Title".to_owned(), version.title.clone())];
    let content = (Meaning::Acknowledged, &version.record.hash, lines);
    let action = format!("{}/acknowledge", address(&key));
    let shell = cx.shell("");
    let mut act = signed_act(cx, &shell, action, Vec::new(), content, ("Sign", beside))?;
    act.intro =
        "Read the version before you perform a step of it, and state that you did.".to_owned();
    Ok(Some(act))
}

pub(super) fn acknowledge(cx: &Cx) -> Result<Reply, WebError> {
    let version = version_of(cx)?;
    let key = version.record.key();
    let caller = cx.caller()?;
    let signing = sign(cx, Meaning::Acknowledged, &version.record.hash, |signature| {
        master_record_acknowledge(cx.app(), &caller, &key, signature)
    })?;
    match signing {
        Signing::Done(()) => {
            Ok(Reply::see_other(address(&key)).flash(&format!("You acknowledged {key}.")))
        }
        Signing::Again(banner, beside) => cx.page_again(&show_page(cx, &version, banner, beside)?),
    }
}
