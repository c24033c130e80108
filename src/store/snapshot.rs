//! States kept as text beside the columns that lists and scans need, so that a thing with a long
//! life is loaded in one indexed read instead of being folded from all its events.
//!
//! Neighbours: the projections of containers, places, materials and equipment.
//!
//! Architecture invariant: a kept state is what the events give and nothing else; verification
//! replays the events and compares the text.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::db::DbError;
use crate::domain::{Aggregate, Recorded};

use super::Failure;

/// The state after one more event; fails when the first event of a stream is not its beginning.
pub(super) fn next<A: Aggregate + DeserializeOwned>(
    stored: Option<&str>,
    recorded: &Recorded,
    event: &A::Event,
) -> Result<A, Failure> {
    let state = stored.map(read::<A>).transpose()?;
    A::apply(state, recorded, event).ok_or_else(|| {
        let stream = recorded.stream.as_str();
        DbError::Corrupt(format!("{stream} does not begin with its first event")).into()
    })
}

/// The state of a kept text.
pub(super) fn read<A: DeserializeOwned>(stored: &str) -> Result<A, Failure> {
    serde_json::from_str(stored)
        .map_err(|error| DbError::Corrupt(format!("a kept state cannot be read: {error}")).into())
}

/// The text that keeps a state.
pub(super) fn write<A: Serialize>(state: &A) -> Result<String, Failure> {
    Ok(serde_json::to_string(state)?)
}

/// A version as the tables hold it.
pub(super) fn version(version: u64) -> Result<i64, Failure> {
    i64::try_from(version).map_err(|_| Failure::Broken(format!("{version} is too large")))
}
