//! Changing one's own password, and giving a new one to somebody who lost theirs.
//!
//! Neighbours: [`super::signature`] checks and hashes.
//!
//! Architecture invariant: the old password is asked for, and every other session of the person
//! ends.

use zeroize::Zeroizing;

use super::signature::{
    NewPassword, authenticate, new_password, one_time_password, record, shown_once,
};
use super::{App, Caller};
use crate::domain::actor::Capability;
use crate::domain::id::Login;
use crate::domain::user::{Attempt, Command, Refusal};
use crate::store::{Failure, session, user as table};

/// Replaces the caller's own password; `keep` is the session that goes on.
///
/// # Errors
/// The old password is wrong, the new one is not accepted; or the database failed.
pub fn password_change(
    app: &App,
    caller: &Caller,
    old: &str,
    new: &str,
    keep: &str,
) -> Result<(), Failure> {
    let login = caller.actor.login.clone();
    let attempt = Attempt::PasswordChange;
    let person = authenticate(app, &caller.station, attempt, login.as_str(), old)?;
    app.store.attempt_succeeded(&login)?;
    let new = new_password(app, &login, &person.printed_name, new)?;
    let command = Command::ChangePassword { digest: new.digest.clone() };
    set(app, caller, login, command, new, Some(keep.to_owned()))
}

/// Gives a person a password that works once; gives it to the administrator to hand over.
///
/// # Errors
/// Not an administrator, no reason, the own name; or the database failed.
pub fn password_reset(
    app: &App,
    caller: &Caller,
    login: Login,
) -> Result<Zeroizing<String>, Failure> {
    caller.needs(Capability::ManageUsers)?;
    let reason = caller.needs_reason()?;
    let known = app.read(|db| table::find(db, login.as_str()))?;
    let person = known.ok_or_else(|| Refusal::Unknown { login: login.clone() })?;
    let password = one_time_password()?;
    let new = new_password(app, &login, &person.printed_name, &password)?;
    let command = Command::ResetPassword { digest: new.digest.clone(), reason };
    set(app, caller, login, command, new, None)?;
    Ok(password)
}

fn set(
    app: &App,
    caller: &Caller,
    login: Login,
    command: Command,
    new: NewPassword,
    keep: Option<String>,
) -> Result<(), Failure> {
    // The digest differs at every hashing, so the request is named by what it is for.
    let request = ("password_set", login.as_str().to_owned());
    let digest = new.digest.clone();
    let set = app.write(caller, &request, move |tx| {
        record(tx, &login, &command)?;
        table::credential_put(tx.db(), login.as_str(), &new.phc)?;
        session::end_all(tx.db(), login.as_str(), keep.as_deref())?;
        Ok(new.digest.clone())
    })?;
    shown_once(&set, &digest)
}
