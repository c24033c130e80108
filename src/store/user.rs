//! People as tables: what their events tell, and the password hashes beside them.
//!
//! Neighbours: `domain::user` decides; `app::signature` compares passwords; [`super::session`]
//! keeps who is signed in.
//!
//! Architecture invariant: `person` is written by `project` alone; a password hash is in
//! `credential` alone, and only its digest is in the ledger.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

use crate::db::{Db, DbError};
use crate::domain::Recorded;
use crate::domain::actor::Role;
use crate::domain::id::{ContentHash, Login};
use crate::domain::time::Instant;
use crate::domain::user::{Designation, Event, FAILURES_MAX, IdentityCheck, Standing, User};

use super::schema::{credential, person};
use super::{Failure, Store, Table};

/// The tables of this module.
pub const TABLES: &[Table] = &[Table { name: "person", key: &["login"] }];

/// A person, as lists and the gate of the pages need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Sign-in name.
    pub login: Login,
    /// Full name as printed under signatures.
    pub printed_name: String,
    /// Number by which the employer knows the person.
    pub personnel_number: String,
    /// How the identity was verified.
    pub identity_how: String,
    /// By whom.
    pub identity_by: String,
    /// Roles held.
    pub roles: Vec<Role>,
    /// Whether the name can be used.
    pub standing: Standing,
    /// Wrong passwords in a row, as far as events tell.
    pub failures: u32,
    /// Digest of the password hash in force.
    pub credential_digest: Option<ContentHash>,
    /// When it was set.
    pub credential_set_at: Option<Instant>,
    /// Whether it must be replaced at the next sign-in.
    pub must_change: bool,
    /// First and last day of the designation as Qualified Person, and its document.
    pub designation: Option<(String, Option<String>, String)>,
    /// When the person was registered.
    pub registered_at: Instant,
    /// When the person last signed in.
    pub last_sign_in: Option<Instant>,
}

impl Person {
    /// The person as the rules see them; the roles are dated by the registration.
    #[must_use]
    pub fn user(&self) -> User {
        let day = |text: &str| text.parse::<NaiveDate>().ok();
        User {
            login: self.login.clone(),
            version: 0,
            printed_name: self.printed_name.clone(),
            personnel_number: self.personnel_number.clone(),
            identity: IdentityCheck {
                how: self.identity_how.clone(),
                by: self.identity_by.clone(),
            },
            roles: self.roles.iter().map(|role| (*role, self.registered_at)).collect(),
            designation: self.designation.as_ref().and_then(|(from, until, document)| {
                Some(Designation {
                    from: day(from)?,
                    until: until.as_deref().and_then(day),
                    document: document.clone(),
                })
            }),
            credential: None,
            failures: self.failures,
            standing: self.standing,
            last_sign_in: self.last_sign_in,
        }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = person)]
pub(super) struct Row {
    login: String,
    printed_name: String,
    personnel_number: String,
    identity_how: String,
    identity_by: String,
    roles: String,
    standing: String,
    failures: i32,
    credential_digest: Option<String>,
    credential_set_at: Option<NaiveDateTime>,
    must_change: bool,
    designated_from: Option<String>,
    designated_until: Option<String>,
    designation_document: Option<String>,
    registered_at: NaiveDateTime,
    last_sign_in: Option<NaiveDateTime>,
}

impl TryFrom<Row> for Person {
    type Error = Failure;

    fn try_from(row: Row) -> Result<Self, Failure> {
        let corrupt = |what: &str| DbError::Corrupt(format!("{what} of {}", row.login));
        let digest = row.credential_digest.as_deref().map(ContentHash::parse).transpose();
        Ok(Self {
            login: Login::parse(&row.login).map_err(|_| corrupt("the login"))?,
            roles: parse_roles(&row.roles).ok_or_else(|| corrupt("the roles"))?,
            standing: parse_standing(&row.standing).ok_or_else(|| corrupt("the standing"))?,
            failures: u32::try_from(row.failures).map_err(|_| corrupt("the failures"))?,
            credential_digest: digest.map_err(|_| corrupt("the digest"))?,
            designation: row.designated_from.map(|from| {
                (from, row.designated_until, row.designation_document.unwrap_or_default())
            }),
            printed_name: row.printed_name,
            personnel_number: row.personnel_number,
            identity_how: row.identity_how,
            identity_by: row.identity_by,
            credential_set_at: row.credential_set_at.map(Instant::from_naive),
            must_change: row.must_change,
            registered_at: Instant::from_naive(row.registered_at),
            last_sign_in: row.last_sign_in.map(Instant::from_naive),
        })
    }
}

/// Everybody, by printed name.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn list(db: &mut Db) -> Result<Vec<Person>, Failure> {
    let rows: Vec<Row> =
        person::table.order(person::printed_name).select(Row::as_select()).load(db)?;
    rows.into_iter().map(Person::try_from).collect()
}

/// The person of a sign-in name.
///
/// # Errors
/// When the database fails or the row cannot be read.
pub fn find(db: &mut Db, login: &str) -> Result<Option<Person>, Failure> {
    let row: Option<Row> =
        person::table.find(login).select(Row::as_select()).first(db).optional()?;
    row.map(Person::try_from).transpose()
}

/// The sign-in name of a personnel number.
///
/// # Errors
/// When the database fails.
pub fn login_of_personnel_number(db: &mut Db, number: &str) -> Result<Option<String>, Failure> {
    let found = person::table
        .filter(person::personnel_number.eq(number))
        .select(person::login)
        .first(db)
        .optional()?;
    Ok(found)
}

/// How many administrators besides `except` can sign in.
///
/// # Errors
/// When the database fails.
pub fn other_administrators(db: &mut Db, except: &str) -> Result<u32, Failure> {
    let count: i64 = person::table
        .filter(person::roles.eq(Role::Administrator.code()))
        .filter(person::standing.eq("active"))
        .filter(person::login.ne(except))
        .count()
        .get_result(db)?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Whether anybody is registered.
///
/// # Errors
/// When the database fails.
pub fn is_empty(db: &mut Db) -> Result<bool, Failure> {
    let count: i64 = person::table.count().get_result(db)?;
    Ok(count == 0)
}

/// Projects one event.
pub(super) fn project(db: &mut Db, recorded: &Recorded, event: &Event) -> Result<(), Failure> {
    let login = recorded.stream.id();
    let version = i64::try_from(recorded.version)
        .map_err(|_| Failure::Broken("a version does not fit its column".to_owned()))?;
    if let Event::Registered { printed_name, personnel_number, identity } = event {
        diesel::insert_into(person::table)
            .values((
                person::login.eq(login),
                person::version.eq(version),
                person::printed_name.eq(printed_name),
                person::personnel_number.eq(personnel_number),
                person::identity_how.eq(&identity.how),
                person::identity_by.eq(&identity.by),
                person::roles.eq(""),
                person::standing.eq(Standing::Active.word()),
                person::failures.eq(0),
                person::must_change.eq(false),
                person::registered_at.eq(recorded.at.naive()),
            ))
            .execute(db)?;
        return Ok(());
    }
    diesel::update(person::table.find(login)).set(person::version.eq(version)).execute(db)?;
    match event {
        Event::RoleGranted { role } => change_roles(db, login, |roles| roles.push(*role)),
        Event::RoleRevoked { role } => change_roles(db, login, |roles| {
            roles.retain(|held| held != role);
        }),
        Event::Designated { .. } | Event::DesignationEnded {} => designation(db, login, event),
        _ => access(db, recorded, event),
    }
}

fn change_roles(
    db: &mut Db,
    login: &str,
    change: impl FnOnce(&mut Vec<Role>),
) -> Result<(), Failure> {
    let text: String = person::table.find(login).select(person::roles).first(db)?;
    let mut roles = parse_roles(&text)
        .ok_or_else(|| DbError::Corrupt(format!("the roles of {login} cannot be read")))?;
    change(&mut roles);
    roles.sort_unstable();
    roles.dedup();
    let codes: Vec<&str> = roles.iter().map(|role| role.code()).collect();
    diesel::update(person::table.find(login)).set(person::roles.eq(codes.join(" "))).execute(db)?;
    Ok(())
}

fn designation(db: &mut Db, login: &str, event: &Event) -> Result<(), Failure> {
    let (from, until, document) = match event {
        Event::Designated { from, until, document } => {
            (Some(from.to_string()), until.map(|day| day.to_string()), Some(document.clone()))
        }
        _ => (None, None, None),
    };
    diesel::update(person::table.find(login))
        .set((
            person::designated_from.eq(from),
            person::designated_until.eq(until),
            person::designation_document.eq(document),
        ))
        .execute(db)?;
    Ok(())
}

fn access(db: &mut Db, recorded: &Recorded, event: &Event) -> Result<(), Failure> {
    let row = person::table.find(recorded.stream.id());
    let standing = |standing: Standing| person::standing.eq(standing.word());
    match event {
        Event::CredentialSet { digest, must_change } => diesel::update(row)
            .set((
                person::credential_digest.eq(Some(digest.as_str())),
                person::credential_set_at.eq(Some(recorded.at.naive())),
                person::must_change.eq(*must_change),
            ))
            .execute(db)?,
        Event::AuthenticationFailed { failures, .. } => {
            let failures = i32::try_from((*failures).min(FAILURES_MAX)).unwrap_or(0);
            // Of guesses made at the same time, the one that locks may be recorded before others.
            diesel::update(row.filter(person::standing.eq(Standing::Active.word())))
                .set(person::failures.eq(failures))
                .execute(db)?
        }
        Event::Locked {} => diesel::update(row).set(standing(Standing::Locked)).execute(db)?,
        Event::Unlocked {} => diesel::update(row)
            .set((standing(Standing::Active), person::failures.eq(0)))
            .execute(db)?,
        Event::Disabled {} => diesel::update(row).set(standing(Standing::Disabled)).execute(db)?,
        Event::SignedIn { .. } => diesel::update(row)
            .set((person::failures.eq(0), person::last_sign_in.eq(Some(recorded.at.naive()))))
            .execute(db)?,
        _ => 0,
    };
    Ok(())
}

/// Stores a password hash; called in the transaction that records its digest.
///
/// # Errors
/// When the database fails.
pub fn credential_put(db: &mut Db, login: &str, phc: &str) -> Result<(), Failure> {
    let row = (credential::phc.eq(phc), credential::failures.eq(0));
    if diesel::update(credential::table.find(login)).set(row).execute(db)? == 0 {
        diesel::insert_into(credential::table)
            .values((
                credential::login.eq(login),
                credential::phc.eq(phc),
                credential::failures.eq(0),
            ))
            .execute(db)?;
    }
    Ok(())
}

/// The stored password hash.
///
/// # Errors
/// When the database fails.
pub fn credential_find(db: &mut Db, login: &str) -> Result<Option<String>, Failure> {
    Ok(credential::table.find(login).select(credential::phc).first(db).optional()?)
}

/// Sets the counter of wrong passwords back; called in the transaction that unlocks.
///
/// # Errors
/// When the database fails.
pub fn attempts_clear(db: &mut Db, login: &str) -> Result<(), Failure> {
    diesel::update(credential::table.find(login)).set(credential::failures.eq(0)).execute(db)?;
    Ok(())
}

impl Store {
    /// Counts one more attempt before the password is looked at, so that guesses made at the same
    /// time cannot get past the limit. `None` when the limit is reached.
    ///
    /// # Errors
    /// When the database fails.
    pub fn attempt_count(&self, login: &Login) -> Result<Option<u32>, Failure> {
        let login = login.as_str().to_owned();
        let counted = self.outside_ledger("people", move |db| {
            let limit = i32::try_from(FAILURES_MAX).unwrap_or(1);
            let open = credential::table.find(&login).filter(credential::failures.lt(limit));
            let counted = diesel::update(open)
                .set(credential::failures.eq(credential::failures + 1))
                .execute(db)?;
            if counted == 0 {
                return Ok(None);
            }
            let failures: i32 =
                credential::table.find(&login).select(credential::failures).first(db)?;
            Ok(Some(u32::try_from(failures).unwrap_or(FAILURES_MAX)))
        })?;
        Ok(counted)
    }

    /// Sets the counter back after the right password.
    ///
    /// # Errors
    /// When the database fails.
    pub fn attempt_succeeded(&self, login: &Login) -> Result<(), Failure> {
        let login = login.as_str().to_owned();
        self.outside_ledger("people", move |db| attempts_clear(db, &login))
    }
}

fn parse_roles(text: &str) -> Option<Vec<Role>> {
    text.split_whitespace().map(Role::parse).collect()
}

fn parse_standing(word: &str) -> Option<Standing> {
    [Standing::Active, Standing::Locked, Standing::Disabled]
        .into_iter()
        .find(|standing| standing.word() == word)
}
