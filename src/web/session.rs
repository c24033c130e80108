//! Sessions as the browser holds them: an opaque secret in a cookie, of which the database keeps
//! the hash. A session locks when it idles, ends after its longest time, and ends at once when the
//! person is disabled, loses a role or changes the password.
//!
//! A checked session is remembered for a second at most, so that a burst of scans costs one look
//! into the database; what happens in this process takes effect at once.
//!
//! Neighbours: `store::session` keeps them; [`super::sign_in`] begins and ends them.
//!
//! Architecture invariant: what a session may do is read from the person's row, never from the
//! session's own.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant as Tick};

use super::error::WebError;
use crate::app::App;
use crate::app::sign_in::secret_hash;
use crate::domain::time::{Instant, Span};
use crate::domain::user::Standing;
use crate::store::session::{self, Session};

/// How long a checked session is believed without looking again.
const REMEMBERED: Duration = Duration::from_secs(1);
/// How old the stored time of the last activity may become, in seconds.
const STORED_AFTER: Span = Span::of_seconds(30);
/// How many sessions are remembered at once.
const REMEMBERED_MAX: usize = 4_096;

/// The sessions this process has seen within the last second, and when each was last active.
#[derive(Debug, Default)]
pub struct Sessions(Mutex<HashMap<String, Remembered>>);

#[derive(Debug)]
struct Remembered {
    session: Session,
    checked: Tick,
    active: Instant,
}

impl Sessions {
    /// The session of a secret, if it may go on.
    ///
    /// # Errors
    /// [`WebError::SignInNeeded`] if there is none or it has ended, [`WebError::Locked`] if it was
    /// idle for too long; or the database failed.
    pub fn check(&self, app: &App, secret: &str, now: Instant) -> Result<Session, WebError> {
        let hash = secret_hash(secret);
        let (known, active) = self.recall(&hash);
        let session = match known {
            Some(session) => session,
            None => app.read(|db| session::find(db, &hash))?.ok_or(WebError::SignInNeeded)?,
        };
        let seen = active.map_or(session.seen_at, |active| active.max(session.seen_at));
        if has_ended(app, &session, now) {
            self.forget(&hash);
            return Err(WebError::SignInNeeded);
        }
        let idle = now.since(seen) > app.config.idle_lock;
        if session.locked || idle {
            if !session.locked {
                app.store.session_lock(&hash)?;
            }
            self.forget(&hash);
            return Err(WebError::Locked);
        }
        let mut session = session;
        if now.since(session.seen_at) >= STORED_AFTER {
            app.store.session_touch(&hash, now)?;
            session.seen_at = now;
        }
        self.remember(hash, session.clone(), now);
        Ok(session)
    }

    /// The session of a secret whatever its state, as long as it has not ended: for the lock page.
    ///
    /// # Errors
    /// [`WebError::SignInNeeded`] if there is none; or the database failed.
    pub fn even_locked(&self, app: &App, secret: &str, now: Instant) -> Result<Session, WebError> {
        let hash = secret_hash(secret);
        let found = app.read(|db| session::find(db, &hash))?;
        found.filter(|session| !has_ended(app, session, now)).ok_or(WebError::SignInNeeded)
    }

    /// Forgets one session: it was locked, ended or replaced.
    pub fn forget(&self, secret_hash: &str) {
        self.remembered().remove(secret_hash);
    }

    /// Forgets all: rights of somebody changed.
    pub fn forget_all(&self) {
        self.remembered().clear();
    }

    fn recall(&self, hash: &str) -> (Option<Session>, Option<Instant>) {
        let remembered = self.remembered();
        let Some(found) = remembered.get(hash) else { return (None, None) };
        let fresh = found.checked.elapsed() <= REMEMBERED;
        (fresh.then(|| found.session.clone()), Some(found.active))
    }

    fn remember(&self, hash: String, session: Session, active: Instant) {
        let mut remembered = self.remembered();
        if let Some(known) = remembered.get_mut(&hash) {
            known.active = active;
            if known.checked.elapsed() > REMEMBERED {
                known.checked = Tick::now();
            }
            known.session = session;
            return;
        }
        if remembered.len() >= REMEMBERED_MAX {
            remembered.clear();
        }
        remembered.insert(hash, Remembered { session, checked: Tick::now(), active });
    }

    fn remembered(&self) -> MutexGuard<'_, HashMap<String, Remembered>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn has_ended(app: &App, session: &Session, now: Instant) -> bool {
    let person = &session.person;
    now.since(session.began_at) > app.config.session_max
        || person.standing != Standing::Active
        || !person.roles.contains(&session.role)
}
