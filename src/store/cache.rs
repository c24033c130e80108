//! States of long streams, kept in memory so that a command need not read a whole life again.
//!
//! An entry is a state together with the head it was folded up to. It is used only after the
//! database has confirmed that the event at that version has that hash; what was folded in a
//! transaction that was rolled back is therefore never used.
//!
//! Neighbours: [`super::ledger`] asks here before it folds.
//!
//! Architecture invariant: an empty cache changes nothing but the time a command takes.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::Aggregate;
use crate::domain::id::StreamId;

use super::ledger::Head;

/// Streams shorter than this are read again at hardly any cost.
const VERSION_MIN: u64 = 8;
/// How many states are kept; beyond that all are forgotten and the busy ones come back.
const ENTRIES_MAX: usize = 4_096;

type State = Arc<dyn Any + Send + Sync>;

/// Folded states by stream.
#[derive(Default)]
pub(super) struct Cache(Mutex<HashMap<String, (Head, State)>>);

impl Cache {
    /// The kept state of a stream and the head it belongs to.
    pub(super) fn get<A: Aggregate>(&self, stream: &StreamId) -> Option<(Head, A)> {
        let (head, state) = {
            let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            entries.get(stream.as_str()).cloned()?
        };
        state.downcast_ref::<A>().map(|state| (head, state.clone()))
    }

    /// Keeps the state of a stream, if it is long enough to be worth it.
    pub(super) fn put<A: Aggregate>(&self, stream: &StreamId, head: Head, state: &A) {
        if head.version < VERSION_MIN {
            return;
        }
        let state: State = Arc::new(state.clone());
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= ENTRIES_MAX {
            entries.clear();
        }
        entries.insert(stream.as_str().to_owned(), (head, state));
    }
}
