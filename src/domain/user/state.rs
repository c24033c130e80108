//! What is known of a person.

use super::FAILURES_MAX;
use super::event::IdentityCheck;
use super::refusal::Refusal;
use crate::domain::actor::{Actor, Role};
use crate::domain::id::{ContentHash, Login};
use crate::domain::time::{Instant, Zone};
use std::collections::BTreeMap;

/// The password in force, as far as the record knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// SHA-256 of the stored password hash: the table must hold exactly that one.
    pub digest: ContentHash,
    /// When it was set.
    pub set_at: Instant,
    /// Whether it was given out by an administrator and must be replaced at the next sign-in.
    pub must_change: bool,
}

/// The designation of a Qualified Person (Directive 2001/83 Art. 48–49).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Designation {
    /// First day on which the person may certify.
    pub from: chrono::NaiveDate,
    /// Last day, if it ends.
    pub until: Option<chrono::NaiveDate>,
    /// The document that designates.
    pub document: String,
}

/// Whether the sign-in name can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It can.
    Active,
    /// Not until an administrator unlocks it.
    Locked,
    /// Never again; the name is not given to anybody else.
    Disabled,
}

impl Standing {
    /// The word on screens.
    pub fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Locked => "locked",
            Self::Disabled => "disabled",
        }
    }
}

/// A person, as their events tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Sign-in name.
    pub login: Login,
    /// Number of events so far.
    pub version: u64,
    /// Full name as printed under signatures.
    pub printed_name: String,
    /// Number by which the employer knows the person: one person, one sign-in name.
    pub personnel_number: String,
    /// How the identity was verified before the name was given.
    pub identity: IdentityCheck,
    /// Roles held, and since when.
    pub roles: BTreeMap<Role, Instant>,
    /// The designation as Qualified Person.
    pub designation: Option<Designation>,
    /// The password in force.
    pub credential: Option<Credential>,
    /// Wrong passwords in a row.
    pub failures: u32,
    /// Whether the name can be used.
    pub standing: Standing,
    /// When the person last signed in.
    pub last_sign_in: Option<Instant>,
}

impl User {
    /// The person acting in `role` at `now`, if they may (21 CFR 11.10(d), (g)).
    pub fn acting(&self, role: Role, now: Instant, zone: Zone) -> Result<Actor, Refusal> {
        self.usable()?;
        if !self.roles.contains_key(&role) {
            return Err(Refusal::RoleNotHeld { login: self.login.clone(), role });
        }
        if role == Role::QualifiedPerson && !self.is_designated(now.date(zone)) {
            return Err(Refusal::NotDesignated { login: self.login.clone() });
        }
        Ok(Actor { login: self.login.clone(), printed_name: self.printed_name.clone(), role })
    }

    /// Refuses if the name is locked or disabled.
    pub fn usable(&self) -> Result<(), Refusal> {
        match self.standing {
            Standing::Active if self.failures < FAILURES_MAX => Ok(()),
            Standing::Active | Standing::Locked => {
                Err(Refusal::Locked { login: self.login.clone() })
            }
            Standing::Disabled => Err(Refusal::Disabled { login: self.login.clone() }),
        }
    }

    /// Whether the designation as Qualified Person covers this day.
    pub fn is_designated(&self, day: chrono::NaiveDate) -> bool {
        self.designation.as_ref().is_some_and(|designation| {
            designation.from <= day && designation.until.is_none_or(|until| day <= until)
        })
    }
}
