//! What can happen to a person's sign-in name.

use crate::domain::actor::Role;
use crate::domain::id::ContentHash;
use serde::{Deserialize, Serialize};

/// How a person's identity was verified before a sign-in name was given (21 CFR 11.100(b)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentityCheck {
    /// By which means: `identity card seen`, `known personally for years`.
    pub how: String,
    /// By whom: a name and function.
    pub by: String,
}

/// What a password was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attempt {
    /// Signing in.
    SignIn,
    /// Unlocking a screen that was idle.
    Unlock,
    /// Signing a record.
    Signature,
    /// Changing the own password.
    PasswordChange,
}

impl Attempt {
    /// The words on screens.
    pub fn word(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::Unlock => "unlocking a screen",
            Self::Signature => "a signature",
            Self::PasswordChange => "a change of password",
        }
    }
}

/// An event of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
pub enum Event {
    /// The person received a sign-in name.
    Registered {
        /// Full name as printed under signatures.
        printed_name: String,
        /// Number by which the employer knows the person.
        personnel_number: String,
        /// How the identity was verified.
        identity: IdentityCheck,
    },
    /// The person received a role.
    RoleGranted {
        /// The role.
        role: Role,
    },
    /// The person lost a role.
    RoleRevoked {
        /// The role.
        role: Role,
    },
    /// The person was designated as Qualified Person.
    Designated {
        /// First day.
        from: chrono::NaiveDate,
        /// Last day, if it ends.
        until: Option<chrono::NaiveDate>,
        /// The document that designates.
        document: String,
    },
    /// The designation ended.
    DesignationEnded {},
    /// A password was set.
    CredentialSet {
        /// SHA-256 of the stored password hash.
        digest: ContentHash,
        /// Whether it must be replaced at the next sign-in.
        must_change: bool,
    },
    /// A wrong password was given.
    AuthenticationFailed {
        /// What for.
        attempt: Attempt,
        /// How many in a row, this one included.
        failures: u32,
    },
    /// Too many wrong passwords: nobody can use the name until it is unlocked.
    Locked {},
    /// An administrator unlocked the name.
    Unlocked {},
    /// The name can never be used again.
    Disabled {},
    /// The person signed in.
    SignedIn {
        /// The first digits of the session's public name.
        session: String,
        /// The role in use.
        role: Role,
    },
    /// The person signed out.
    SignedOut {
        /// The first digits of the session's public name.
        session: String,
    },
}
