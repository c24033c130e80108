//! Proposes, approves and retires versions of master records; loads the shipped ones at set-up.
//!
//! Neighbours: `domain::master_record` decides; `batch_start` asks what is in effect.
//!
//! Architecture invariant: shipped files take the same way as a site's own: two people sign the
//! hash of the text.

use serde::Serialize;

use super::{App, Caller, signature};
use crate::domain::actor::{Capability, Signature};
use crate::domain::id::ContentHash;
use crate::domain::master_record::{Command, Faults, MasterRecord, RecordVersion, decide, parse};
use crate::domain::time::Instant;
use crate::store::Failure;

/// The master records that come with the program: file name and text.
pub const SHIPPED: [(&str, &str); 3] = [
    ("templates/mbr/eq-msc-p1.toml", include_str!("../../templates/mbr/eq-msc-p1.toml")),
    ("templates/mbr/eq-msc-bank.toml", include_str!("../../templates/mbr/eq-msc-bank.toml")),
    ("templates/mbr/eq-msc-dose.toml", include_str!("../../templates/mbr/eq-msc-dose.toml")),
];

/// Reads and checks the text of a master record: `chorda mbr check`.
///
/// # Errors
/// Every fault, in the order of the file.
pub fn check(text: &str) -> Result<MasterRecord, Faults> {
    parse(text)
}

/// What author and approver sign: the hash of the text itself.
///
/// # Errors
/// The faults of the text, as a refusal.
pub fn content(text: &str) -> Result<ContentHash, Failure> {
    Ok(read(text)?.record.hash)
}

fn read(text: &str) -> Result<MasterRecord, Failure> {
    parse(text).map_err(|faults| {
        let list: Vec<String> = faults.0.iter().map(ToString::to_string).collect();
        Failure::refused(
            "record_faulty",
            crate::domain::RefusalKind::Invalid,
            format!("This text has faults. Correct them and propose again:\n{}", list.join("\n")),
        )
    })
}

/// Puts a text forward; gives the key of the version, such as `EQ-MSC-DOSE.1`.
///
/// # Errors
/// The faults of the text; that the version exists; that the signature covers another text.
pub fn master_record_propose(
    app: &App,
    caller: &Caller,
    text: &str,
    signed: Signature,
) -> Result<String, Failure> {
    caller.needs(Capability::ApproveMasterRecords)?;
    let record = read(text)?.record;
    signature::covers(&signed, &record.hash)?;
    let (text, key, request) = (text.to_owned(), record.key(), record);
    app.write(caller, &("master_record_propose", &request), move |tx| {
        let version = tx.load::<RecordVersion>(&key)?;
        let command = Command::Propose { text: text.clone(), signature: signed.clone() };
        let context = tx.context();
        tx.record(decide(version.as_ref(), &command, &context)?)?;
        Ok(key.clone())
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

/// Retires a version: no batch starts with it any more.
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
