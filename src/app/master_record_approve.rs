//! Proposes, approves and retires versions of master records; loads the shipped ones at set-up.
//!
//! Neighbours: `domain::master_record` decides; `batch_start` asks what is in effect.
//!
//! Architecture invariant: shipped files take the same way as a site's own: two people sign the
//! hash of the text.

use serde::Serialize;

use super::master_record_check::{check_text, records_known};
use super::{App, Caller, signature};
use crate::domain::RefusalKind;
use crate::domain::actor::{Capability, Signature};
use crate::domain::id::ContentHash;
use crate::domain::master_record::{Command, Fault, RecordVersion, decide, parse};
use crate::domain::time::Instant;
use crate::store::Failure;

/// The master records that come with the program: file name and text.
pub const SHIPPED: [(&str, &str); 11] = [
    ("templates/mbr/eq-msc-p1.toml", include_str!("../../templates/mbr/eq-msc-p1.toml")),
    ("templates/mbr/eq-msc-bank.toml", include_str!("../../templates/mbr/eq-msc-bank.toml")),
    ("templates/mbr/eq-msc-dose.toml", include_str!("../../templates/mbr/eq-msc-dose.toml")),
    ("templates/mbr/at-msc-bank.toml", include_str!("../../templates/mbr/at-msc-bank.toml")),
    ("templates/mbr/at-msc-dose.toml", include_str!("../../templates/mbr/at-msc-dose.toml")),
    ("templates/mbr/bm-msc-bank.toml", include_str!("../../templates/mbr/bm-msc-bank.toml")),
    ("templates/mbr/bm-msc-dose.toml", include_str!("../../templates/mbr/bm-msc-dose.toml")),
    ("templates/mbr/uc-msc-bank.toml", include_str!("../../templates/mbr/uc-msc-bank.toml")),
    ("templates/mbr/uc-msc-dose.toml", include_str!("../../templates/mbr/uc-msc-dose.toml")),
    ("templates/mbr/msc-sup-bank.toml", include_str!("../../templates/mbr/msc-sup-bank.toml")),
    ("templates/mbr/msc-sup-dose.toml", include_str!("../../templates/mbr/msc-sup-dose.toml")),
];

/// The text as it is kept and hashed: lines end with one character, as files do, whatever a browser
/// made of them.
#[must_use]
pub fn kept_text(text: &str) -> String {
    format!("{}\n", text.replace("\r\n", "\n").trim())
}

/// What author and approver sign: the hash of the text itself.
///
/// # Errors
/// The faults of the text, as a refusal.
pub fn content(text: &str) -> Result<ContentHash, Failure> {
    let record = parse(&kept_text(text)).map_err(|faults| faulty(&faults.0))?;
    Ok(record.record.hash)
}

fn faulty(faults: &[Fault]) -> Failure {
    let list: Vec<String> = faults.iter().map(ToString::to_string).collect();
    Failure::refused(
        "record_faulty",
        RefusalKind::Invalid,
        format!("This text has faults. Correct them and propose again:\n{}", list.join("\n")),
    )
}

/// Put a text forward.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MasterRecordPropose {
    /// The text of the file.
    pub text: String,
    /// Why.
    pub reason: String,
    /// The change request it answers; empty for a first version.
    pub change_request: String,
}

/// Puts a text forward; gives the key of the version, such as `EQ-MSC-DOSE.1`.
///
/// # Errors
/// The faults of the text, alone and beside the site's labels, protocols and other records; that
/// the version exists; that the signature covers another text.
pub fn master_record_propose(
    app: &App,
    caller: &Caller,
    command: MasterRecordPropose,
    signed: Signature,
) -> Result<String, Failure> {
    caller.needs(Capability::ApproveMasterRecords)?;
    let text = kept_text(&command.text);
    let site = app.config.site.clone();
    let request = command.clone();
    app.write(caller, &("master_record_propose", &request), move |tx| {
        let others = records_known(tx.db())?;
        let checked = check_text(&text, &others, &site)?;
        let record = checked.record.filter(|_| checked.faults.is_empty());
        let record = record.ok_or_else(|| faulty(&checked.faults))?.record;
        signature::covers(&signed, &record.hash)?;
        let version = tx.load::<RecordVersion>(&record.key())?;
        let propose = Command::Propose {
            text: text.clone(),
            reason: command.reason.clone(),
            change_request: command.change_request.clone(),
            signature: signed.clone(),
        };
        let context = tx.context();
        tx.record(decide(version.as_ref(), &propose, &context)?)?;
        Ok(record.key())
    })
}

/// Approve a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MasterRecordApprove {
    /// The version, such as `EQ-MSC-DOSE.1`.
    pub key: String,
    /// From when it is in effect.
    pub effective_at: Instant,
}

/// Approves a version; the approver is not its author.
///
/// # Errors
/// What `domain::master_record` refuses.
pub fn master_record_approve(
    app: &App,
    caller: &Caller,
    command: MasterRecordApprove,
    signed: Signature,
) -> Result<(), Failure> {
    caller.needs(Capability::ApproveMasterRecords)?;
    let request = command.clone();
    app.write(caller, &("master_record_approve", &request), move |tx| {
        let version = tx.require::<RecordVersion>(&command.key)?;
        signature::covers(&signed, &version.record.hash)?;
        let approve =
            Command::Approve { effective_at: command.effective_at, signature: signed.clone() };
        let context = tx.context();
        tx.record(decide(Some(&version), &approve, &context)?)
    })
}

/// States that a person who works by a version has read it.
///
/// # Errors
/// What `domain::master_record` refuses.
pub fn master_record_acknowledge(
    app: &App,
    caller: &Caller,
    key: &str,
    signed: Signature,
) -> Result<(), Failure> {
    caller.needs(Capability::ReadGmp)?;
    let (key, request) = (key.to_owned(), key.to_owned());
    app.write(caller, &("master_record_acknowledge", &request), move |tx| {
        let version = tx.require::<RecordVersion>(&key)?;
        signature::covers(&signed, &version.record.hash)?;
        let acknowledge = Command::Acknowledge { signature: signed.clone() };
        let context = tx.context();
        tx.record(decide(Some(&version), &acknowledge, &context)?)
    })
}

/// Retires a version, or withdraws a proposal: no batch starts with it any more.
///
/// # Errors
/// What `domain::master_record` refuses; a missing reason.
pub fn master_record_retire(
    app: &App,
    caller: &Caller,
    key: &str,
    signed: Signature,
) -> Result<(), Failure> {
    caller.needs(Capability::ApproveMasterRecords)?;
    let because = caller.needs_reason()?;
    let (key, request) = (key.to_owned(), key.to_owned());
    app.write(caller, &("master_record_retire", &request), move |tx| {
        let version = tx.require::<RecordVersion>(&key)?;
        signature::covers(&signed, &version.record.hash)?;
        let retire = Command::Retire { because: because.clone(), signature: signed.clone() };
        let context = tx.context();
        tx.record(decide(Some(&version), &retire, &context)?)
    })
}
