//! What an administrator does about a person who is registered: roles, designation, unlocking,
//! ending the use of a name. Each ends the person's sessions, so that it takes effect at once.
//!
//! Neighbours: `domain::user` decides.
//!
//! Architecture invariant: every change carries a reason.

use serde::Serialize;

use super::signature::record;
use super::{App, Caller};
use crate::domain::actor::{Capability, Role};
use crate::domain::id::Login;
use crate::domain::user::Command;
use crate::store::{Failure, session, user as table};

/// The change; its reason is in the caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Give a role.
    GrantRole(Role),
    /// Take a role away.
    RevokeRole(Role),
    /// Record the designation as Qualified Person.
    Designate {
        /// First day.
        from: chrono::NaiveDate,
        /// Last day, if it ends.
        until: Option<chrono::NaiveDate>,
        /// The document.
        document: String,
    },
    /// End the designation.
    EndDesignation,
    /// Unlock the name.
    Unlock,
    /// End the use of the name for ever.
    Disable,
}

/// A change about a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UserChange {
    /// Whom.
    pub login: Login,
    /// What.
    pub change: Change,
}

/// Carries out the change.
///
/// # Errors
/// What `domain::user` refuses, or that the database failed.
pub fn user_change(app: &App, caller: &Caller, command: UserChange) -> Result<(), Failure> {
    caller.needs(Capability::ManageUsers)?;
    let reason = caller.needs_reason()?;
    let request = command.clone();
    app.write(caller, &request, move |tx| {
        let login = &command.login;
        let other_administrators = table::other_administrators(tx.db(), login.as_str())?;
        let reason = reason.clone();
        let decided = match command.change.clone() {
            Change::GrantRole(role) => Command::GrantRole { role, reason },
            Change::RevokeRole(role) => Command::RevokeRole { role, reason, other_administrators },
            Change::Designate { from, until, document } => {
                Command::Designate { from, until, document }
            }
            Change::EndDesignation => Command::EndDesignation { reason },
            Change::Unlock => Command::Unlock { reason },
            Change::Disable => Command::Disable { reason, other_administrators },
        };
        record(tx, login, &decided)?;
        if command.change == Change::Unlock {
            table::attempts_clear(tx.db(), login.as_str())?;
        }
        session::end_all(tx.db(), login.as_str(), None)
    })
}
