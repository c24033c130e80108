//! The stored answer of every command that changed something: the same command sent again gets
//! the same answer and changes nothing.
//!
//! Each row is signed like an event, so that verification notices any change of an answer.
//! Commands that recorded nothing keep no answer: running them again changes nothing either.
//!
//! Neighbours: [`super::Store::write`] asks here before it does anything.
//!
//! Architecture invariant: an answer is stored in the transaction that recorded the events.

use diesel::prelude::*;

use crate::db::Db;
use crate::domain::RefusalKind;
use crate::domain::time::Instant;
use crate::ledger::{Canonical, CanonicalError, Hash, SecretKey};

use super::schema::command_result;
use super::{Envelope, Failure};

/// The stored answer of this command, if it was carried out before.
pub(super) fn find(db: &mut Db, envelope: &Envelope) -> Result<Option<String>, Failure> {
    let stored: Option<(String, Vec<u8>, String)> = command_result::table
        .find(envelope.command_id.to_string())
        .select((command_result::actor, command_result::request_hash, command_result::response))
        .first(db)
        .optional()?;
    match stored {
        None => Ok(None),
        Some((actor, request, response))
            if actor == envelope.actor.login.as_str() && request == envelope.request_hash =>
        {
            Ok(Some(response))
        }
        Some(_) => Err(Failure::refused(
            "command_id_reused",
            RefusalKind::Invalid,
            "This command number was already used for another command. Load the page again and \
             repeat what you meant to do.",
        )),
    }
}

/// Stores the answer of a command that recorded something.
pub(super) fn insert(
    db: &mut Db,
    envelope: &Envelope,
    response: &str,
    key: &SecretKey,
) -> Result<(), Failure> {
    let command_id = envelope.command_id.to_string();
    let actor = envelope.actor.login.as_str();
    let seal = seal(&command_id, actor, &envelope.request_hash, response, envelope.at)?;
    diesel::insert_into(command_result::table)
        .values((
            command_result::command_id.eq(command_id),
            command_result::actor.eq(actor),
            command_result::request_hash.eq(envelope.request_hash.to_vec()),
            command_result::response.eq(response),
            command_result::at.eq(envelope.at.naive()),
            command_result::kid.eq(key.id().as_str()),
            command_result::sig.eq(key.sign_command(&seal).to_vec()),
        ))
        .execute(db)?;
    Ok(())
}

/// What is signed of a stored answer: every other column of its row.
///
/// # Errors
/// When a column holds what canonical text cannot.
pub(super) fn seal(
    command_id: &str,
    actor: &str,
    request_hash: &[u8],
    response: &str,
    at: Instant,
) -> Result<Hash, CanonicalError> {
    let text = Canonical::of(&serde_json::json!({
        "actor": actor,
        "at": at.to_string(),
        "command_id": command_id,
        "request_hash": crate::ledger::hash::hex(request_hash),
        "response_hash": Hash::of_bytes(response.as_bytes()).to_string(),
    }))?
    .to_text()?;
    Ok(Hash::of_command(&text))
}
