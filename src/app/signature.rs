//! Passwords and signatures: every signature is a full re-authentication (21 CFR 11.200), counted
//! before it is checked, and covers the content that was shown.
//!
//! A password is hashed with Argon2id (19 MiB, 2 passes) over its HMAC with a pepper that is kept
//! outside the database. They are computed one after the other in one piece of memory that is kept,
//! so that a flood of sign-ins leaves memory and processor to the stations.
//!
//! Neighbours: `domain::user` has the rules, `store::user` the hashes; use cases take the finished
//! [`Signature`] into their command before their transaction begins.
//!
//! Architecture invariant: no password, hash or pepper is in a message, an event or a log.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{App, Caller};
use crate::clock;
use crate::domain::actor::{Actor, Capability, Meaning, Role, Signature};
use crate::domain::id::{ContentHash, Login, StationId};
use crate::domain::user::{
    self, Attempt, Command, FAILURES_MAX, Refusal, Standing, User, check_password,
};
use crate::domain::{Change, RefusalKind};
use crate::ledger::hash::hex;
use crate::store::user::Person;
use crate::store::{Failure, session, user as table};

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const OUTPUT_BYTES: usize = 32;
const WAITING_MAX: usize = 64;

/// A person's request to sign.
#[derive(Debug, Clone)]
pub struct SignatureRequest {
    /// Sign-in name.
    pub login: String,
    /// Password.
    pub password: Zeroizing<String>,
    /// What the signature is to mean.
    pub meaning: Meaning,
    /// Hash of the content that was shown to the signer.
    pub displayed_hash: ContentHash,
}

/// In which role somebody signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignAs {
    /// In this role, the one in use.
    Role(Role),
    /// In the first role held that has this capability: a second person at somebody's screen.
    Holder(Capability),
}

/// Signs: checks name and password afresh and gives the signature over the content that was shown.
///
/// # Errors
/// Name or password wrong, name locked or disabled, role not held, Qualified Person not designated
/// today; or the database failed.
pub fn sign(
    app: &App,
    station: &StationId,
    request: &SignatureRequest,
    sign_as: SignAs,
) -> Result<Signature, Failure> {
    let password = request.password.as_str();
    let person = {
        // The same form sent many times at once is many right passwords, not a row of wrong ones.
        let _alone = Alone::with(&request.login)?;
        let person = authenticate(app, station, Attempt::Signature, &request.login, password)?;
        app.store.attempt_succeeded(&person.login)?;
        person
    };
    let at = app.clock.now();
    let zone = app.config.zone;
    let actor = person.user().acting(role_for(&person, sign_as)?, at, zone)?;
    Ok(Signature {
        login: actor.login,
        printed_name: actor.printed_name,
        role: actor.role,
        meaning: request.meaning,
        at,
        zone: zone.name().to_owned(),
        content_hash: request.displayed_hash.clone(),
    })
}

/// A signature of nobody, for asking a rule whether it would refuse before anything is signed; it
/// names the person who is going to sign. Nothing that carries it is ever recorded.
///
/// # Errors
/// Never in practice: the hash of nothing is a hash.
pub(super) fn unsigned(app: &App, caller: &Caller) -> Result<Signature, Failure> {
    Ok(Signature {
        login: caller.actor.login.clone(),
        printed_name: caller.actor.printed_name.clone(),
        role: caller.actor.role,
        meaning: Meaning::Performed,
        at: app.clock.now(),
        zone: app.config.zone.name().to_owned(),
        content_hash: digest("")?,
    })
}

/// Refuses a signature that was given over other content than this: what is signed must be what was
/// shown.
///
/// # Errors
/// A conflict that asks to look again.
pub fn covers(signature: &Signature, content: &ContentHash) -> Result<(), Failure> {
    if signature.content_hash == *content {
        return Ok(());
    }
    Err(Failure::refused(
        "content_changed 11.70",
        RefusalKind::Conflict,
        "The content changed since you looked, so nothing was signed. Open the page again, read what \
         it says now, and sign that.",
    ))
}

fn role_for(person: &Person, sign_as: SignAs) -> Result<Role, Failure> {
    match sign_as {
        SignAs::Role(role) => Ok(role),
        SignAs::Holder(capability) => {
            person.roles.iter().copied().find(|role| role.may(capability)).ok_or_else(|| {
                Failure::refused(
                    "capability_missing 11.10(g)",
                    RefusalKind::Forbidden,
                    format!(
                        "{} holds no role that may sign this. Ask somebody who does.",
                        person.printed_name
                    ),
                )
            })
        }
    }
}

/// Checks a name and a password. The attempt is counted before the password is looked at; the
/// caller sets the counter back in the transaction that follows success.
///
/// # Errors
/// [`wrong`] for everything a stranger must not tell apart; or the database failed.
pub fn authenticate(
    app: &App,
    station: &StationId,
    attempt: Attempt,
    login: &str,
    password: &str,
) -> Result<Person, Failure> {
    let known = match Login::parse(login) {
        Ok(login) => app.read(|db| table::find(db, login.as_str()))?,
        Err(_) => None,
    };
    let usable = known.filter(|person| person.standing == Standing::Active);
    let Some(person) = usable else {
        // Costs what a real check costs, so that time does not tell who exists.
        spend(app, password)?;
        tracing::warn!(attempt = attempt.word(), "a password for an unusable name");
        return Err(wrong());
    };
    let Some(failures) = app.store.attempt_count(&person.login)? else {
        spend(app, password)?;
        return Err(wrong());
    };
    if matches(app, &person, password)? {
        return Ok(person);
    }
    note_failure(app, station, attempt, &person, failures)?;
    Err(wrong())
}

/// What a stranger is told, whatever was wrong.
#[must_use]
pub fn wrong() -> Failure {
    Failure::refused(
        "authentication_failed 11.300",
        RefusalKind::Forbidden,
        format!(
            "The sign-in name or the password is wrong. After {FAILURES_MAX} wrong passwords in a \
             row a name is locked until an administrator unlocks it."
        ),
    )
}

fn note_failure(
    app: &App,
    station: &StationId,
    attempt: Attempt,
    person: &Person,
    failures: u32,
) -> Result<(), Failure> {
    let login = person.login.clone();
    let role = person.roles.first().copied().unwrap_or(Role::Inspector);
    let printed_name = person.printed_name.clone();
    let caller = Caller {
        actor: Actor { login: login.clone(), printed_name, role },
        station: station.clone(),
        command_id: app.clock.new_id(),
        reason: None,
    };
    let command = ("authentication_failed", login.as_str(), failures);
    if failures >= FAILURES_MAX {
        tracing::error!(login = %login, "locked after too many wrong passwords");
    }
    app.write(&caller, &command, {
        let login = login.clone();
        move |tx| {
            let user = tx.require::<User>(login.as_str())?;
            let context = tx.context();
            let events = user::decide(Some(&user), &Command::Fail { attempt, failures }, &context)?;
            tx.record(events.into_iter().map(|event| Change::of::<User>(login.as_str(), event)))?;
            if failures >= FAILURES_MAX {
                session::end_all(tx.db(), login.as_str(), None)?;
            }
            Ok(())
        }
    })
}

/// A new password: what goes into the table, and what goes into the ledger.
#[derive(Debug, Clone)]
pub struct NewPassword {
    /// The hash in its standard text form.
    pub phc: Zeroizing<String>,
    /// SHA-256 of that text.
    pub digest: ContentHash,
}

/// Checks a new password by the rule and hashes it.
///
/// # Errors
/// Which part of the rule it does not keep; or the computer gives no randomness or memory.
pub fn new_password(
    app: &App,
    login: &Login,
    printed_name: &str,
    password: &str,
) -> Result<NewPassword, Failure> {
    check_password(password, login, printed_name).map_err(Refusal::from)?;
    let salt = Salt::new(&clock::random::<16>()?).map_err(unhashed)?;
    let params = params()?;
    let output = argon2id(&params, &salt, &peppered(app, password)?)?;
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params).map_err(unhashed)?,
        salt: Some(salt),
        hash: Some(Output::new(output.as_slice()).map_err(unhashed)?),
    };
    let phc = Zeroizing::new(hash.to_string());
    let digest = digest(&phc)?;
    Ok(NewPassword { phc, digest })
}

/// A password to be handed out once and replaced at the first sign-in: 20 letters and digits that
/// are not mistaken for one another.
///
/// # Errors
/// When the operating system gives no randomness.
pub fn one_time_password() -> Result<Zeroizing<String>, Failure> {
    const LETTERS: [char; 32] = [
        '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'j', 'k',
        'm', 'n', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', '@',
    ];
    let mut text = Zeroizing::new(String::with_capacity(23));
    for (number, byte) in clock::random::<20>()?.into_iter().enumerate() {
        if number > 0 && number % 5 == 0 {
            text.push('-');
        }
        text.extend(LETTERS.get(usize::from(byte & 31)));
    }
    Ok(text)
}

fn matches(app: &App, person: &Person, password: &str) -> Result<bool, Failure> {
    let stored = app.read(|db| table::credential_find(db, person.login.as_str()))?;
    let Some(phc) = stored.map(Zeroizing::new) else {
        spend(app, password)?;
        return Ok(false);
    };
    if person.credential_digest.as_ref() != Some(&digest(&phc)?) {
        // Somebody wrote into the table past the ledger (threat 18): never a way in.
        tracing::error!(login = %person.login, "the stored hash is not the recorded one");
        spend(app, password)?;
        return Ok(false);
    }
    let hash = PasswordHash::new(&phc).map_err(unhashed)?;
    let (Some(salt), Some(expected)) = (&hash.salt, &hash.hash) else { return Ok(false) };
    let params = Params::try_from(&hash).map_err(unhashed)?;
    let output = argon2id(&params, salt, &peppered(app, password)?)?;
    let is_ours = hash.algorithm == Algorithm::Argon2id.ident()
        && hash.version == Some(Version::V0x13.into());
    Ok(is_ours && bool::from(output.as_slice().ct_eq(expected.as_bytes())))
}

/// Spends the time and memory of one check.
fn spend(app: &App, password: &str) -> Result<(), Failure> {
    argon2id(&params()?, b"chorda-decoy-01!", &peppered(app, password)?).map(drop)
}

fn peppered(app: &App, password: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut mac = Hmac::<Sha256>::new_from_slice(app.store.pepper()?)
        .map_err(|error| Failure::Broken(error.to_string()))?;
    mac.update(password.as_bytes());
    Ok(Zeroizing::new(mac.finalize().into_bytes().to_vec()))
}

fn digest(phc: &str) -> Result<ContentHash, Failure> {
    ContentHash::parse(&hex(Sha256::digest(phc.as_bytes()).as_slice()))
        .map_err(|error| Failure::Broken(error.to_string()))
}

fn params() -> Result<Params, Failure> {
    Params::new(MEMORY_KIB, PASSES, 1, Some(OUTPUT_BYTES)).map_err(unhashed)
}

fn unhashed(error: impl std::fmt::Display) -> Failure {
    Failure::Broken(format!("the password cannot be hashed: {error}"))
}

/// The signatures of one name, one after the other: a try counts as wrong until it was right, so
/// that right ones at the same time would otherwise lock each other out.
struct Alone(String);

static ALONE: (Mutex<Signing>, Condvar) =
    (Mutex::new(Signing { names: BTreeSet::new(), waiting: 0 }), Condvar::new());

struct Signing {
    names: BTreeSet<String>,
    waiting: usize,
}

impl Alone {
    fn with(login: &str) -> Result<Self, Failure> {
        let login = login.trim().to_lowercase();
        let (lock, freed) = &ALONE;
        let mut signing = lock.lock().unwrap_or_else(PoisonError::into_inner);
        if signing.waiting >= WAITING_MAX {
            return Err(too_many());
        }
        signing.waiting = signing.waiting.saturating_add(1);
        while signing.names.contains(&login) {
            signing = freed.wait(signing).unwrap_or_else(PoisonError::into_inner);
        }
        signing.waiting = signing.waiting.saturating_sub(1);
        signing.names.insert(login.clone());
        Ok(Self(login))
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        let (lock, freed) = &ALONE;
        let mut signing = lock.lock().unwrap_or_else(PoisonError::into_inner);
        signing.names.remove(&self.0);
        drop(signing);
        freed.notify_all();
    }
}

fn too_many() -> Failure {
    Failure::refused(
        "too_many_sign_ins",
        RefusalKind::Conflict,
        "Many passwords are being checked at this moment. Wait a few seconds and try again.",
    )
}

/// How many wait for their turn at hashing.
static WAITING: AtomicUsize = AtomicUsize::new(0);
/// The memory that the hashes are computed in: one at a time, and never given back, since an
/// allocator that keeps such a piece for each thread would keep many.
static MEMORY: Mutex<Vec<Block>> = Mutex::new(Vec::new());

/// Computes one hash when its turn has come; sends away who would be one too many.
fn argon2id(
    params: &Params,
    salt: &[u8],
    peppered: &[u8],
) -> Result<Zeroizing<[u8; OUTPUT_BYTES]>, Failure> {
    if WAITING.fetch_add(1, Ordering::Relaxed) >= WAITING_MAX {
        WAITING.fetch_sub(1, Ordering::Relaxed);
        return Err(too_many());
    }
    let mut memory = MEMORY.lock().unwrap_or_else(PoisonError::into_inner);
    WAITING.fetch_sub(1, Ordering::Relaxed);
    memory.resize(params.block_count(), Block::new());
    let mut output = Zeroizing::new([0_u8; OUTPUT_BYTES]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone())
        .hash_password_into_with_memory(
            peppered,
            salt,
            output.as_mut_slice(),
            memory.as_mut_slice(),
        )
        .map_err(unhashed)?;
    Ok(output)
}

/// Refuses to show a password that was not the one set: the same form sent twice sets it once.
pub(super) fn shown_once(set: &ContentHash, made: &ContentHash) -> Result<(), Failure> {
    if set == made {
        return Ok(());
    }
    Err(Failure::refused(
        "password_shown_once",
        RefusalKind::Conflict,
        "This was done already, and the password was shown then. If it was not noted, give the \
         person a new one.",
    ))
}

/// Records events of a person in a running transaction, as `domain::user` decides them.
///
/// # Errors
/// What the rules refuse, or that the database failed.
pub(super) fn record(
    tx: &mut crate::store::Tx<'_>,
    login: &Login,
    command: &Command,
) -> Result<(), Failure> {
    let user = tx.load::<User>(login.as_str())?;
    let context = tx.context();
    let events = user::decide(user.as_ref(), command, &context)?;
    tx.record(events.into_iter().map(|event| Change::of::<User>(login.as_str(), event)))
}
