//! Gives a person a sign-in name, roles and a first password.
//!
//! Neighbours: `domain::user` decides; [`super::signature`] hashes.
//!
//! Architecture invariant: an administrator never chooses a password: the program makes one that
//! works once.

use serde::Serialize;
use zeroize::Zeroizing;

use super::signature::{new_password, one_time_password, record, shown_once};
use super::{App, Caller};
use crate::domain::actor::{Actor, Capability, Role};
use crate::domain::id::{Login, StationId};
use crate::domain::user::{Command, IdentityCheck, Refusal};
use crate::store::{Failure, user as table};

/// Who is registered.
#[derive(Debug, Clone, Serialize)]
pub struct UserRegister {
    /// The sign-in name.
    pub login: Login,
    /// Full name as printed under signatures.
    pub printed_name: String,
    /// Number by which the employer knows the person.
    pub personnel_number: String,
    /// How the identity was verified, and by whom.
    pub identity: IdentityCheck,
    /// The roles.
    pub roles: Vec<Role>,
}

/// Registers a person; gives the password that works once.
///
/// # Errors
/// What `domain::user` refuses, or that the database failed.
pub fn user_register(
    app: &App,
    caller: &Caller,
    command: UserRegister,
) -> Result<Zeroizing<String>, Failure> {
    caller.needs(Capability::ManageUsers)?;
    let password = one_time_password()?;
    register(app, caller, command, &password, true)?;
    Ok(password)
}

/// Registers a person whose own password is given: from the computer's console, where the person
/// types it, and in stories.
///
/// # Errors
/// As [`user_register`], or the password is not accepted.
pub fn user_register_with_password(
    app: &App,
    command: UserRegister,
    password: &str,
) -> Result<(), Failure> {
    register(app, &console(app)?, command, password, false)
}

/// Whoever works at the computer's own console, as the ledger names them.
///
/// # Errors
/// Never in practice: the names have the right shape.
pub fn console(app: &App) -> Result<Caller, Failure> {
    let broken = |error: crate::domain::id::IdError| Failure::Broken(error.to_string());
    Ok(Caller {
        actor: Actor {
            login: Login::parse("system").map_err(broken)?,
            printed_name: "Chorda".to_owned(),
            role: Role::Administrator,
        },
        station: StationId::parse("console").map_err(broken)?,
        command_id: app.clock.new_id(),
        reason: Some("at the computer's console".to_owned()),
    })
}

fn register(
    app: &App,
    caller: &Caller,
    command: UserRegister,
    password: &str,
    must_change: bool,
) -> Result<(), Failure> {
    let new = new_password(app, &command.login, &command.printed_name, password)?;
    let request = command.clone();
    let digest = new.digest.clone();
    let set = app.write(caller, &request, move |tx| {
        let number = command.personnel_number.trim();
        if let Some(login) = table::login_of_personnel_number(tx.db(), number)? {
            let login = Login::parse(&login).unwrap_or_else(|_| command.login.clone());
            // The same name again is told as such by the rules below.
            if login != command.login {
                let personnel_number = number.to_owned();
                return Err(Refusal::PersonKnown { personnel_number, login }.into());
            }
        }
        let decided = Command::Register {
            login: command.login.clone(),
            printed_name: command.printed_name.trim().to_owned(),
            personnel_number: number.to_owned(),
            identity: command.identity.clone(),
            roles: command.roles.clone(),
            digest: new.digest.clone(),
            must_change,
        };
        record(tx, &command.login, &decided)?;
        table::credential_put(tx.db(), command.login.as_str(), &new.phc)?;
        Ok(new.digest.clone())
    })?;
    shown_once(&set, &digest)
}
