//! What can be asked about a person's sign-in name.

use super::event::{Attempt, IdentityCheck};
use crate::domain::actor::Role;
use crate::domain::id::{ContentHash, Login};

/// A command about a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Give a person a sign-in name, roles and a first password.
    Register {
        /// The name.
        login: Login,
        /// Full name as printed under signatures.
        printed_name: String,
        /// Number by which the employer knows the person.
        personnel_number: String,
        /// How the identity was verified.
        identity: IdentityCheck,
        /// The roles.
        roles: Vec<Role>,
        /// Digest of the first password's hash.
        digest: ContentHash,
        /// Whether it must be replaced at the first sign-in: always, unless the person typed it.
        must_change: bool,
    },
    /// Give a role.
    GrantRole {
        /// The role.
        role: Role,
        /// Why.
        reason: String,
    },
    /// Take a role away.
    RevokeRole {
        /// The role.
        role: Role,
        /// Why.
        reason: String,
        /// How many usable administrators there are besides this person.
        other_administrators: u32,
    },
    /// Record the designation as Qualified Person.
    Designate {
        /// First day.
        from: chrono::NaiveDate,
        /// Last day, if it ends.
        until: Option<chrono::NaiveDate>,
        /// The document that designates.
        document: String,
    },
    /// End the designation.
    EndDesignation {
        /// Why.
        reason: String,
    },
    /// Set the own password.
    ChangePassword {
        /// Digest of the new password's hash.
        digest: ContentHash,
    },
    /// Set a password for somebody who lost theirs; it must be replaced at once.
    ResetPassword {
        /// Digest of the new password's hash.
        digest: ContentHash,
        /// Why.
        reason: String,
    },
    /// Note a wrong password.
    Fail {
        /// What it was given for.
        attempt: Attempt,
        /// How many in a row, this one included.
        failures: u32,
    },
    /// Unlock the name.
    Unlock {
        /// Why.
        reason: String,
    },
    /// End the use of the name for ever.
    Disable {
        /// Why.
        reason: String,
        /// How many usable administrators there are besides this person.
        other_administrators: u32,
    },
    /// Note a sign-in.
    SignIn {
        /// The first digits of the session's public name.
        session: String,
        /// The role in use.
        role: Role,
    },
    /// Note a sign-out.
    SignOut {
        /// The first digits of the session's public name.
        session: String,
    },
}
