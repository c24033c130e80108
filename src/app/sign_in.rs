//! Signing in and out, unlocking a screen, changing to another of one's roles. Each gives the
//! session a new secret, of which the database keeps the hash alone.
//!
//! Neighbours: `web::session` keeps the secret in a cookie; [`super::signature`] checks passwords.
//!
//! Architecture invariant: a session begins and ends in the transaction that records it.

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::signature::{self, authenticate};
use super::{App, Caller};
use crate::clock;
use crate::domain::RefusalKind;
use crate::domain::actor::{Actor, Role};
use crate::domain::id::StationId;
use crate::domain::time::Instant;
use crate::domain::user::{Attempt, Command};
use crate::ledger::hash::hex;
use crate::store::Failure;
use crate::store::session::{self, NewSession, Session};
use crate::store::user::{self as table, Person};

/// A session that has just begun.
#[derive(Debug, Clone)]
pub struct Begun {
    /// The secret for the cookie; nowhere else.
    pub secret: Zeroizing<String>,
    /// The role in use.
    pub role: Role,
    /// Whether the password must be replaced first.
    pub must_change: bool,
}

/// The public name of a session: the hash of its secret.
#[must_use]
pub fn secret_hash(secret: &str) -> String {
    hex(Sha256::digest(secret.as_bytes()).as_slice())
}

/// Signs in. Without a wish, in the first role held.
///
/// # Errors
/// Name or password wrong, role not held; or the database failed.
pub fn sign_in(
    app: &App,
    station: &StationId,
    login: &str,
    password: &str,
    wish: Option<Role>,
) -> Result<Begun, Failure> {
    let person = authenticate(app, station, Attempt::SignIn, login, password)?;
    let role = wish.or_else(|| person.roles.first().copied()).ok_or_else(signature::wrong)?;
    begin(app, station, &person, role, app.clock.now(), None)
}

/// Unlocks the screen of a session with the password of the same person.
///
/// # Errors
/// As [`sign_in`].
pub fn unlock(
    app: &App,
    station: &StationId,
    locked: &Session,
    password: &str,
) -> Result<Begun, Failure> {
    let login = locked.person.login.as_str();
    let person = authenticate(app, station, Attempt::Unlock, login, password)?;
    let old = Some(locked.secret_hash.as_str());
    begin(app, station, &person, locked.role, locked.began_at, old)
}

/// Goes on in another role that the person holds.
///
/// # Errors
/// The role is not held; or the database failed.
pub fn change_role(
    app: &App,
    station: &StationId,
    session: &Session,
    role: Role,
) -> Result<Begun, Failure> {
    let old = Some(session.secret_hash.as_str());
    begin(app, station, &session.person, role, session.began_at, old)
}

fn begin(
    app: &App,
    station: &StationId,
    person: &Person,
    role: Role,
    began_at: Instant,
    replaces: Option<&str>,
) -> Result<Begun, Failure> {
    let secret = Zeroizing::new(hex(&clock::random::<32>()?));
    let secret_hash = secret_hash(&secret);
    let actor =
        Actor { login: person.login.clone(), printed_name: person.printed_name.clone(), role };
    let caller = caller(app, station, actor);
    let new = NewSession {
        secret_hash: secret_hash.clone(),
        login: person.login.to_string(),
        role,
        station: station.to_string(),
        began_at,
        seen_at: app.clock.now(),
    };
    let replaces = replaces.map(str::to_owned);
    let login = person.login.clone();
    let command = ("sign_in", login.as_str(), secret_hash.as_str());
    app.write(&caller, &command, {
        let login = login.clone();
        let session: String = secret_hash.chars().take(12).collect();
        move |tx| {
            let command = Command::SignIn { session: session.clone(), role };
            signature::record(tx, &login, &command)?;
            table::attempts_clear(tx.db(), login.as_str())?;
            session::begin(tx.db(), &new, replaces.as_deref())
        }
    })?;
    Ok(Begun { secret, role, must_change: person.must_change })
}

/// Signs out: the session ends at once.
///
/// # Errors
/// When the database fails.
pub fn sign_out(app: &App, station: &StationId, session: &Session) -> Result<(), Failure> {
    let person = &session.person;
    let actor = Actor {
        login: person.login.clone(),
        printed_name: person.printed_name.clone(),
        role: session.role,
    };
    let caller = caller(app, station, actor);
    let hash = session.secret_hash.clone();
    let login = person.login.clone();
    let command = ("sign_out", login.as_str(), hash.as_str());
    app.write(&caller, &command, {
        let (login, hash) = (login.clone(), hash.clone());
        move |tx| {
            let session = hash.chars().take(12).collect();
            signature::record(tx, &login, &Command::SignOut { session })?;
            session::end(tx.db(), &hash)
        }
    })
}

/// The refusal of a session that ended.
#[must_use]
pub fn ended() -> Failure {
    Failure::refused(
        "session_ended",
        RefusalKind::Forbidden,
        "The session has ended. Sign in again.",
    )
}

fn caller(app: &App, station: &StationId, actor: Actor) -> Caller {
    Caller { actor, station: station.clone(), command_id: app.clock.new_id(), reason: None }
}
