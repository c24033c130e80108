//! How fast passwords may be tried. Beside the lock of a name, which the database keeps, wrong
//! passwords are counted here by the place they come from, for names that exist and names that do
//! not alike.
//!
//! | counted | at once | then |
//! |---|---|---|
//! | wrong passwords for one name from one place | 5 | one each 30 seconds |
//! | wrong passwords from one place, whatever the name | 30 | one each 2 seconds |
//!
//! A place is an enrolled station, or else the address (of IPv6 its first 64 bits). Only wrong
//! passwords count: however many people of a hospital share one address, their right ones use
//! nothing up. Who guesses from there slows the others down by seconds, and the enrolled stations
//! not at all. Tries under way at the same time are not counted yet; the turns at hashing bound how
//! many that can be, and the database counts those for a name that exists.
//!
//! Neighbours: `app::signature` locks names; [`super::cx`] and [`super::sign_in`] ask here first.
//!
//! Architecture invariant: nothing here knows whether a name exists, and nothing outlives the
//! process: each server of several counts for itself.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use governor::clock::Clock as Ticking;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::{Quota, RateLimiter};

use super::error::WebError;
use crate::clock::Clock;
use crate::store::Failure;

/// Wrong passwords for one name from one place: so many at once, then one each so often.
const PER_NAME: (u32, Duration) = (5, Duration::from_secs(30));
/// Wrong passwords from one place, whatever the name.
const PER_PLACE: (u32, Duration) = (30, Duration::from_secs(2));
/// Longest part of a typed name that counts.
const NAME_MAX: usize = 64;
/// From so many places and names on, those that are full again are forgotten.
const KEPT_MAX: usize = 10_000;

/// A place and, for the first count, a name.
type Key = (String, String);

/// The counts of one server.
#[derive(Debug)]
pub(super) struct Limits {
    names: Limiter,
    places: Limiter,
}

/// A try that may be made.
#[derive(Debug)]
pub(super) struct Try<'l> {
    limits: &'l Limits,
    place: Key,
    name: Key,
}

impl Limits {
    pub(super) fn new(clock: &Clock) -> Self {
        Self { names: Limiter::new(PER_NAME, clock), places: Limiter::new(PER_PLACE, clock) }
    }

    /// Whether a password may be tried from a place for a name now.
    ///
    /// # Errors
    /// [`WebError::TooManyTries`] with the seconds to wait.
    pub(super) fn attempt(&self, place: &str, name: &str) -> Result<Try<'_>, WebError> {
        let name = name.trim().to_lowercase().chars().take(NAME_MAX).collect();
        let place_key = (place.to_owned(), String::new());
        let name_key = (place.to_owned(), name);
        self.places.look(&place_key)?;
        self.names.look(&name_key)?;
        Ok(Try { limits: self, place: place_key, name: name_key })
    }
}

impl Try<'_> {
    /// Counts the try if the password was wrong; a right one ends the row of wrong ones.
    pub(super) fn settle<T>(self, outcome: &Result<T, Failure>) {
        match outcome {
            Ok(_) => self.limits.names.forget(&self.name),
            Err(Failure::Refused(refused)) if refused.rule.starts_with("authentication_failed") => {
                self.limits.places.count(&self.place);
                self.limits.names.count(&self.name);
            }
            Err(_) => {}
        }
    }
}

/// What counts as one place: the whole address of IPv4, the network of IPv6.
pub(super) fn place_of(address: Option<IpAddr>) -> String {
    match address.map(|address| address.to_canonical()) {
        Some(IpAddr::V4(address)) => address.to_string(),
        Some(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        None => "unknown".to_owned(),
    }
}

/// One count, by `governor`, over a store of our own, so that it can be looked at and forgotten.
#[derive(Debug)]
struct Limiter {
    looking: RateLimiter<Key, Look, SiteClock, NoOpMiddleware<Duration>>,
    counting: RateLimiter<Key, Kept, SiteClock, NoOpMiddleware<Duration>>,
    kept: Kept,
}

impl Limiter {
    fn new((burst, pause): (u32, Duration), clock: &Clock) -> Self {
        let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::with_period(pause).unwrap_or(Quota::per_minute(burst));
        let quota = quota.allow_burst(burst);
        let kept = Kept { states: Arc::default(), full: quota.burst_size_replenished_in().into() };
        let looking = RateLimiter::new(quota, Look(kept.clone()), SiteClock(clock.clone()));
        let counting = RateLimiter::new(quota, kept.clone(), SiteClock(clock.clone()));
        Self { looking, counting, kept }
    }

    fn look(&self, key: &Key) -> Result<(), WebError> {
        self.looking.check_key(key).map_err(|until| {
            let wait = until.wait_time_from(self.looking.clock().now());
            WebError::TooManyTries(wait.as_secs().saturating_add(1))
        })
    }

    fn count(&self, key: &Key) {
        // A count that is empty already cannot become emptier.
        self.counting.check_key(key).ok();
    }

    fn forget(&self, key: &Key) {
        self.kept.states.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

/// The time by which counts refill: the application's own, so that a test can move it.
#[derive(Debug)]
struct SiteClock(Clock);

impl Ticking for SiteClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        let micros = self.0.now().utc().timestamp_micros();
        Duration::from_micros(u64::try_from(micros).unwrap_or(0))
    }
}

/// For each key the time at which its count will be full again, as `governor` keeps it.
#[derive(Debug, Clone)]
struct Kept {
    states: Arc<Mutex<HashMap<Key, Nanos>>>,
    /// How long an empty count takes to fill.
    full: Nanos,
}

impl StateStore for Kept {
    type Key = Key;

    fn measure_and_replace<T, F, E>(&self, key: &Key, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        let (answer, state) = decide(states.get(key).copied())?;
        if states.len() >= KEPT_MAX {
            // The newest state lies at most a full count ahead of now: what lies further back than
            // that is full again.
            let past = state.saturating_sub(self.full);
            states.retain(|_, other| *other > past);
        }
        states.insert(key.clone(), state);
        Ok(answer)
    }
}

/// The same counts, looked at without counting.
#[derive(Debug)]
struct Look(Kept);

impl StateStore for Look {
    type Key = Key;

    fn measure_and_replace<T, F, E>(&self, key: &Key, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let states = self.0.states.lock().unwrap_or_else(PoisonError::into_inner);
        decide(states.get(key).copied()).map(|(answer, _)| answer)
    }
}
