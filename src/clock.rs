//! The clock, fresh identities and chance: everything that differs from one run to the next.
//!
//! Neighbours: `web` and the command line take an [`Instant`] and ids from here and pass them
//! down as arguments, so that what is recorded can be replayed to the same result.
//!
//! Architecture invariant: no other file asks the system for time, an identifier or randomness.

use uuid::Uuid;

use crate::domain::time::Instant;

/// The present moment, to the microsecond.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
pub fn now() -> Instant {
    Instant::new(chrono::Utc::now())
}

/// A fresh identifier (UUID version 7): later ones sort after earlier ones of this process.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one place that makes identifiers")]
pub fn new_id() -> Uuid {
    Uuid::now_v7()
}

/// The system gave no randomness.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gives no randomness: {0}")]
pub struct NoRandomness(String);

/// `N` random bytes fit for keys, tokens and salts.
///
/// # Errors
/// When the operating system has none to give.
pub fn random<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| NoRandomness(error.to_string()))?;
    Ok(bytes)
}

/// A random wait of at most `milliseconds_max`, to keep two that collided from colliding again.
#[must_use]
pub fn jitter(milliseconds_max: u64) -> std::time::Duration {
    let number = getrandom::u64().unwrap_or(milliseconds_max);
    std::time::Duration::from_millis(number.checked_rem(milliseconds_max).unwrap_or(0))
}
