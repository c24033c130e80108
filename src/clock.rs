//! The clock, fresh identities and chance: everything that differs from one run to the next.
//!
//! Neighbours: `web` and the command line take an [`Instant`] and ids from here and pass them
//! down as arguments, so that what is recorded can be replayed to the same result.
//!
//! Architecture invariant: no other file asks the system for time, an identifier or randomness.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use uuid::Uuid;

use crate::domain::time::{Instant, Span};

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

/// Where an application takes its time and its identifiers from: the system, or a story that is
/// told in other days (the demo, a test).
#[derive(Debug, Clone, Default)]
pub enum Clock {
    /// The clock and the chance of this computer.
    #[default]
    System,
    /// A clock that stands still until it is moved, and identifiers in a fixed sequence.
    Manual(Arc<Manual>),
}

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct Manual {
    microseconds: AtomicI64,
    ids: AtomicU64,
}

impl Clock {
    /// A clock that stands at `start`.
    #[must_use]
    pub fn manual(start: Instant) -> Self {
        Self::Manual(Arc::new(Manual {
            microseconds: AtomicI64::new(start.utc().timestamp_micros()),
            ids: AtomicU64::new(0),
        }))
    }

    /// The present moment, to the microsecond.
    #[must_use]
    pub fn now(&self) -> Instant {
        match self {
            Self::System => now(),
            Self::Manual(manual) => {
                let microseconds = manual.microseconds.load(Ordering::SeqCst);
                chrono::DateTime::from_timestamp_micros(microseconds).map_or_else(now, Instant::new)
            }
        }
    }

    /// A fresh identifier. Of a manual clock: made of its time and of a number that counts up, so
    /// that the same story gets the same identifiers.
    #[must_use]
    pub fn new_id(&self) -> Uuid {
        match self {
            Self::System => new_id(),
            Self::Manual(manual) => {
                let number = manual.ids.fetch_add(1, Ordering::SeqCst);
                let milliseconds = manual.microseconds.load(Ordering::SeqCst).div_euclid(1000);
                let mut bytes = [0; 10];
                if let Some(tail) = bytes.get_mut(2..) {
                    tail.copy_from_slice(&number.to_be_bytes());
                }
                uuid::Builder::from_unix_timestamp_millis(
                    u64::try_from(milliseconds).unwrap_or(0),
                    &bytes,
                )
                .into_uuid()
            }
        }
    }

    /// Moves a manual clock on; the system's clock goes by itself.
    pub fn advance(&self, span: Span) {
        if let Self::Manual(manual) = self {
            let microseconds = span.seconds().saturating_mul(1_000_000);
            manual.microseconds.fetch_add(microseconds, Ordering::SeqCst);
        }
    }

    /// Moves a manual clock to an instant.
    pub fn set(&self, to: Instant) {
        if let Self::Manual(manual) = self {
            manual.microseconds.store(to.utc().timestamp_micros(), Ordering::SeqCst);
        }
    }
}
