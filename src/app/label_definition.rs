//! Proposes, approves and retires versions of label definitions; finds the one in force.
//!
//! A version is checked as files are, and besides drawn with the sample of its kind and read back
//! at every resolution, in each of its languages, before anybody can sign it.
//!
//! Neighbours: `domain::label_definition` decides; `labels` reads and draws.
//!
//! Architecture invariant: labels are drawn by an approved version, or by the program's own; any
//! other draws with a TEST watermark only (ATMP-17).

use std::sync::Arc;

use serde::Serialize;

use super::master_record_approve::kept_text;
use super::{App, Caller, signature};
use crate::db::Db;
use crate::domain::RefusalKind;
use crate::domain::actor::{Capability, Signature};
use crate::domain::label_definition::{Command, DefinitionRef, LabelDefinition, decide};
use crate::domain::master_record::hash_text;
use crate::labels::{self, Definition, LabelData, LabelKind};
use crate::site::Site;
use crate::store::{Failure, label_definition, ledger};

/// What author and approver sign: kind, number and hash of the text.
///
/// # Errors
/// The fault of the text, as a refusal.
pub fn content(site: &Site, text: &str) -> Result<(DefinitionRef, Definition), Failure> {
    let text = kept_text(text);
    let definition = Definition::parse("the text", &text).map_err(faulty)?;
    labels::sample_proofs(&definition).map_err(faulty)?;
    if !definition.languages().contains(&site.label_language) {
        return Err(faulty(format!(
            "Labels of this site are in {}, and the definition has no words in it. Give each text \
             its words as value = {{ en = \"…\", sl = \"…\" }}.",
            site.label_language.name()
        )));
    }
    let kind = definition.label_kind().map_or("", LabelKind::code).to_owned();
    let number = definition.version;
    let hash = hash_text(&text).ok_or_else(|| Failure::Broken("no hash".to_owned()))?;
    Ok((DefinitionRef { kind, number, hash }, definition))
}

fn faulty(fault: impl std::fmt::Display) -> Failure {
    Failure::refused("label_definition_faulty ATMP-17", RefusalKind::Invalid, fault.to_string())
}

/// Attaches the definition that a label is drawn by.
///
/// # Errors
/// When the database fails, or an approved text cannot be read by this version of the program.
pub fn in_force(db: &mut Db, label: LabelData) -> Result<LabelData, Failure> {
    Ok(match label_definition::in_force(db, label.kind().code())? {
        Some(version) => {
            let key = version.definition.key();
            let read = Definition::parse(&key, &version.text).map_err(faulty)?;
            label.drawn_by(Arc::new(read))
        }
        None => label,
    })
}

/// Attaches a version of the definition of a label's kind: the one that an earlier print was drawn
/// by.
///
/// # Errors
/// When the database fails, or the text cannot be read by this version of the program.
pub fn of_version(db: &mut Db, label: LabelData, number: u32) -> Result<LabelData, Failure> {
    let key = format!("{}.{number}", label.kind().code());
    match ledger::load::<LabelDefinition>(db, &key)? {
        Some(version) => {
            let read = Definition::parse(&key, &version.text).map_err(faulty)?;
            Ok(label.drawn_by(Arc::new(read)))
        }
        // The program's own.
        None => Ok(label),
    }
}

/// The text of the newest version of a kind: the site's, or the program's.
///
/// # Errors
/// When the database fails.
pub fn newest_text(db: &mut Db, kind: LabelKind) -> Result<String, Failure> {
    let newest = label_definition::newest(db, kind.code())?;
    Ok(newest.map_or_else(|| labels::shipped_text(kind).to_owned(), |version| version.text))
}

/// Put a text forward.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LabelDefinitionPropose {
    /// The text of the file.
    pub text: String,
    /// Why.
    pub reason: String,
    /// The change request it answers.
    pub change_request: String,
}

/// Puts a text forward; gives the key of the version, such as `cryovial.2`.
///
/// # Errors
/// The fault of the text; what `domain::label_definition` refuses.
pub fn label_definition_propose(
    app: &App,
    caller: &Caller,
    command: LabelDefinitionPropose,
    signed: Signature,
) -> Result<String, Failure> {
    caller.needs(Capability::ApproveMasterRecords)?;
    let (definition, _) = content(&app.config.site, &command.text)?;
    signature::covers(&signed, &definition.hash)?;
    let request = command.clone();
    app.write(caller, &("label_definition_propose", &request), move |tx| {
        let key = definition.key();
        let newest = label_definition::newest(tx.db(), &definition.kind)?;
        let version = tx.load::<LabelDefinition>(&key)?;
        let propose = Command::Propose {
            definition: definition.clone(),
            newest: newest.map_or(1, |newest| newest.definition.number),
            text: kept_text(&command.text),
            reason: command.reason.clone(),
            change_request: command.change_request.clone(),
            signature: signed.clone(),
        };
        let context = tx.context();
        tx.record(decide(version.as_ref(), &propose, &context)?)?;
        Ok(key)
    })
}

/// Approves a version; the approver is not its author.
///
/// # Errors
/// What `domain::label_definition` refuses.
pub fn label_definition_approve(
    app: &App,
    caller: &Caller,
    key: &str,
    signed: Signature,
) -> Result<(), Failure> {
    caller.needs(Capability::ApproveMasterRecords)?;
    let key = key.to_owned();
    app.write(caller, &("label_definition_approve", &key.clone()), move |tx| {
        let version = tx.require::<LabelDefinition>(&key)?;
        signature::covers(&signed, &version.definition.hash)?;
        let context = tx.context();
        let approve = Command::Approve { signature: signed.clone() };
        tx.record(decide(Some(&version), &approve, &context)?)
    })
}

/// Retires a version, or withdraws a proposal.
///
/// # Errors
/// What `domain::label_definition` refuses; a missing reason.
pub fn label_definition_retire(
    app: &App,
    caller: &Caller,
    key: &str,
    signed: Signature,
) -> Result<(), Failure> {
    caller.needs(Capability::ApproveMasterRecords)?;
    let (because, key) = (caller.needs_reason()?, key.to_owned());
    app.write(caller, &("label_definition_retire", &key.clone()), move |tx| {
        let version = tx.require::<LabelDefinition>(&key)?;
        signature::covers(&signed, &version.definition.hash)?;
        let context = tx.context();
        let retire = Command::Retire { because: because.clone(), signature: signed.clone() };
        tx.record(decide(Some(&version), &retire, &context)?)
    })
}
