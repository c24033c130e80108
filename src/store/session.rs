//! Who is signed in just now: opaque sessions, of which only the hash of the secret is kept.
//! Sessions come and go outside the ledger; signing in and out are events of the person.
//!
//! Neighbours: `web::session` holds the secret in a cookie and asks here at every request.
//!
//! Architecture invariant: nothing in `session` can be turned back into a secret, and nothing of
//! it grants a right that `person` does not grant now.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::db::{Db, DbError};
use crate::domain::actor::Role;
use crate::domain::time::Instant;

use super::schema::{person, session};
use super::user::{Person, Row};
use super::{Failure, Store};

/// A session and the person it belongs to, as they are now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Hash of the secret: the session's public name.
    pub secret_hash: String,
    /// The role in use.
    pub role: Role,
    /// The station where it began.
    pub station: String,
    /// When the person signed in.
    pub began_at: Instant,
    /// When the person was last active.
    pub seen_at: Instant,
    /// Whether the screen is locked.
    pub locked: bool,
    /// The person.
    pub person: Person,
}

/// What is stored when somebody signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSession {
    /// Hash of the secret.
    pub secret_hash: String,
    /// Whose it is.
    pub login: String,
    /// The role in use.
    pub role: Role,
    /// The station.
    pub station: String,
    /// When it began: at the sign-in, also when unlocking gave it a new secret.
    pub began_at: Instant,
    /// Now.
    pub seen_at: Instant,
}

type Columns = (String, String, String, NaiveDateTime, NaiveDateTime, bool, Row);

/// The session of a secret's hash.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn find(db: &mut Db, secret_hash: &str) -> Result<Option<Session>, Failure> {
    let columns: Option<Columns> = session::table
        .inner_join(person::table.on(person::login.eq(session::login)))
        .filter(session::secret_hash.eq(secret_hash))
        .select((
            session::secret_hash,
            session::role,
            session::station,
            session::began_at,
            session::seen_at,
            session::locked,
            Row::as_select(),
        ))
        .first(db)
        .optional()?;
    let Some((secret_hash, role, station, began_at, seen_at, locked, row)) = columns else {
        return Ok(None);
    };
    let role = Role::parse(&role)
        .ok_or_else(|| DbError::Corrupt("a session has an unknown role".to_owned()))?;
    Ok(Some(Session {
        secret_hash,
        role,
        station,
        began_at: Instant::from_naive(began_at),
        seen_at: Instant::from_naive(seen_at),
        locked,
        person: Person::try_from(row)?,
    }))
}

/// Begins a session; called in the transaction that records the sign-in. An old session that it
/// replaces ends.
///
/// # Errors
/// When the database fails.
pub fn begin(db: &mut Db, new: &NewSession, replaces: Option<&str>) -> Result<(), Failure> {
    if let Some(old) = replaces {
        diesel::delete(session::table.find(old)).execute(db)?;
    }
    diesel::insert_into(session::table)
        .values((
            session::secret_hash.eq(&new.secret_hash),
            session::login.eq(&new.login),
            session::role.eq(new.role.code()),
            session::station.eq(&new.station),
            session::began_at.eq(new.began_at.naive()),
            session::seen_at.eq(new.seen_at.naive()),
            session::locked.eq(false),
        ))
        .execute(db)?;
    Ok(())
}

/// Ends a session; called in the transaction that records the sign-out.
///
/// # Errors
/// When the database fails.
pub fn end(db: &mut Db, secret_hash: &str) -> Result<(), Failure> {
    diesel::delete(session::table.find(secret_hash)).execute(db)?;
    Ok(())
}

/// Ends every session of a person but `keep`: after a change of rights or of the password.
///
/// # Errors
/// When the database fails.
pub fn end_all(db: &mut Db, login: &str, keep: Option<&str>) -> Result<(), Failure> {
    diesel::delete(
        session::table
            .filter(session::login.eq(login))
            .filter(session::secret_hash.ne(keep.unwrap_or_default())),
    )
    .execute(db)?;
    Ok(())
}

impl Store {
    /// Notes that the person is active.
    ///
    /// # Errors
    /// When the database fails.
    pub fn session_touch(&self, secret_hash: &str, at: Instant) -> Result<(), Failure> {
        let hash = secret_hash.to_owned();
        self.outside_ledger("sessions", move |db| {
            diesel::update(session::table.find(&hash))
                .set(session::seen_at.eq(at.naive()))
                .execute(db)?;
            Ok(())
        })
    }

    /// Locks the screen of a session.
    ///
    /// # Errors
    /// When the database fails.
    pub fn session_lock(&self, secret_hash: &str) -> Result<(), Failure> {
        let hash = secret_hash.to_owned();
        self.outside_ledger("sessions", move |db| {
            diesel::update(session::table.find(&hash)).set(session::locked.eq(true)).execute(db)?;
            Ok(())
        })
    }

    /// Removes the sessions that began before `earliest`.
    ///
    /// # Errors
    /// When the database fails.
    pub fn session_sweep(&self, earliest: Instant) -> Result<(), Failure> {
        self.outside_ledger("sessions", move |db| {
            diesel::delete(session::table.filter(session::began_at.lt(earliest.naive())))
                .execute(db)?;
            Ok(())
        })
    }
}
