//! Why a command about a person is refused.

use crate::domain::actor::Role;
use crate::domain::id::Login;
use crate::domain::{Refusal as Refuses, RefusalKind};

/// Why not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The name is or was somebody's.
    #[error(
        "The sign-in name {login} is or was somebody's, and names are never given twice. Choose \
         another."
    )]
    LoginTaken {
        /// The name.
        login: Login,
    },
    /// The person has a name already.
    #[error(
        "Personnel number {personnel_number} already has the sign-in name {login}: one person, one \
         name. Add the role to that one."
    )]
    PersonKnown {
        /// The number.
        personnel_number: String,
        /// Their name.
        login: Login,
    },
    /// There is no such person.
    #[error("There is no sign-in name {login}. Check the spelling.")]
    Unknown {
        /// The name.
        login: Login,
    },
    /// A text that must say something is empty or too long.
    #[error("{what} is missing or longer than 200 characters. Write it out.")]
    TextMissing {
        /// Which text.
        what: &'static str,
    },
    /// A person without a role can do nothing.
    #[error("A person needs at least one role. Choose one.")]
    RoleMissing,
    /// The administrator may hold no GMP role.
    #[error(
        "An administrator holds no production, QC, QA or QP right, so {login} cannot hold {held} \
         and {asked} together. Give the second role to another person."
    )]
    RolesIncompatible {
        /// The name.
        login: Login,
        /// Held already.
        held: &'static str,
        /// Asked for.
        asked: &'static str,
    },
    /// The role is held already.
    #[error("{login} already holds the role {}. Nothing is to be done.", role.title())]
    RoleHeld {
        /// The name.
        login: Login,
        /// The role.
        role: Role,
    },
    /// The role is not held.
    #[error("{login} does not hold the role {}. Choose a role that is held.", role.title())]
    RoleNotHeld {
        /// The name.
        login: Login,
        /// The role.
        role: Role,
    },
    /// Nobody changes their own rights.
    #[error("Nobody changes their own rights. Ask another administrator.")]
    OwnRights,
    /// Somebody must be able to administer.
    #[error(
        "{login} is the last administrator who can sign in. Register or unlock another one first."
    )]
    LastAdministrator {
        /// The name.
        login: Login,
    },
    /// The last role cannot be taken.
    #[error("This is the only role of {login}. Disable the name instead.")]
    LastRole {
        /// The name.
        login: Login,
    },
    /// Not designated as Qualified Person today.
    #[error(
        "{login} is not designated as Qualified Person today. QA records the designation with its \
         dates before anything can be certified."
    )]
    NotDesignated {
        /// The name.
        login: Login,
    },
    /// The designation ends before it begins.
    #[error("The designation ends before it begins. Correct the dates.")]
    DesignationBackwards,
    /// Locked.
    #[error(
        "{login} is locked after too many wrong passwords. An administrator verifies who asks and \
         unlocks it."
    )]
    Locked {
        /// The name.
        login: Login,
    },
    /// Not locked.
    #[error("{login} is not locked. Nothing is to be done.")]
    NotLocked {
        /// The name.
        login: Login,
    },
    /// Disabled.
    #[error("{login} is disabled and cannot be used again. The person needs a new name.")]
    Disabled {
        /// The name.
        login: Login,
    },
    /// The password does not fit the rule.
    #[error("{0}")]
    Password(#[from] PasswordRefusal),
}

/// Why a password is not accepted (NIST SP 800-63B-4: length and a blocklist, no composition).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PasswordRefusal {
    /// Too short.
    #[error("The password is shorter than 15 characters. A sentence of four words will do.")]
    TooShort,
    /// Too long.
    #[error("The password is longer than 128 characters. Shorten it.")]
    TooLong,
    /// It holds the name.
    #[error("The password contains the sign-in name or the person's name. Choose another.")]
    ContainsName,
    /// It is one of those that are tried first.
    #[error("The password is a sequence, a repetition or a common phrase. Choose another.")]
    Guessable,
}

impl Refuses for Refusal {
    fn rule(&self) -> &'static str {
        match self {
            Self::LoginTaken { .. } => "login_never_reused 11.100(a)",
            Self::PersonKnown { .. } => "one_person_one_login 11.100(a)",
            Self::Unknown { .. } => "login_unknown",
            Self::TextMissing { .. } => "text_missing",
            Self::RoleMissing => "role_missing",
            Self::RolesIncompatible { .. } => "administrator_without_gmp_rights A11-12",
            Self::RoleHeld { .. } => "role_held",
            Self::RoleNotHeld { .. } => "role_not_held 11.10(g)",
            Self::OwnRights => "own_rights 11.10(g)",
            Self::LastAdministrator { .. } => "last_administrator",
            Self::LastRole { .. } => "last_role",
            Self::NotDesignated { .. } => "qualified_person_designated 2001/83-48",
            Self::DesignationBackwards => "designation_backwards",
            Self::Locked { .. } => "login_locked 11.300(d)",
            Self::NotLocked { .. } => "login_not_locked",
            Self::Disabled { .. } => "login_disabled 11.300(b)",
            Self::Password(_) => "password_rule 11.300",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::TextMissing { .. }
            | Self::RoleMissing
            | Self::DesignationBackwards
            | Self::Password(_) => RefusalKind::Invalid,
            Self::Unknown { .. } => RefusalKind::NotFound,
            Self::RoleNotHeld { .. }
            | Self::OwnRights
            | Self::NotDesignated { .. }
            | Self::Locked { .. }
            | Self::Disabled { .. } => RefusalKind::Forbidden,
            Self::LoginTaken { .. }
            | Self::PersonKnown { .. }
            | Self::RolesIncompatible { .. }
            | Self::RoleHeld { .. }
            | Self::LastAdministrator { .. }
            | Self::LastRole { .. }
            | Self::NotLocked { .. } => RefusalKind::Conflict,
        }
    }
}
