//! Receives a sample in the laboratory and records that its test was begun.
//!
//! Neighbours: `domain::quality` decides; [`super::test_sign`] has what analysts sign.
//!
//! Architecture invariant: the container that is scanned decides whether it is the right sample.

use serde::Serialize;

use super::{App, Caller};
use crate::domain::actor::Capability;
use crate::domain::id::ContainerCode;
use crate::domain::quality::{self, Command, Facts, TestRequest};
use crate::domain::time::Instant;
use crate::store::{Failure, Tx, deviation};

/// An entry about a test that needs no signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
pub enum TestEntry {
    /// The laboratory received the sample.
    Receipt {
        /// The container that arrived, as scanned.
        sample: ContainerCode,
        /// Condition and temperature.
        condition: String,
        /// When.
        received_at: Instant,
        /// Why the entry is late, where it is.
        late_because: Option<String>,
    },
    /// The test was begun.
    Start {
        /// When.
        started_at: Instant,
        /// Why the entry is late, where it is.
        late_because: Option<String>,
    },
}

/// Records an entry about a test.
///
/// # Errors
/// What `domain::quality` refuses, or that the database failed.
pub fn test_record(app: &App, caller: &Caller, id: &str, entry: TestEntry) -> Result<(), Failure> {
    caller.needs(Capability::RecordResults)?;
    let id = id.to_owned();
    let request = ("test_record", id.clone(), entry.clone());
    app.write(caller, &request, move |tx| {
        let command = match entry.clone() {
            TestEntry::Receipt { sample, condition, received_at, late_because } => {
                Command::Receive { sample, condition, received_at, late_because }
            }
            TestEntry::Start { started_at, late_because } => {
                Command::Start { started_at, late_because }
            }
        };
        let request: TestRequest = tx.require(&id)?;
        let facts = facts(tx, &command)?;
        let context = tx.context();
        tx.record(quality::decide(&request, &command, &facts, &context)?)
    })
}

/// What the rules of testing need from elsewhere.
pub(super) fn facts(tx: &mut Tx<'_>, command: &Command) -> Result<Facts, Failure> {
    let now = tx.now();
    Ok(Facts {
        next_deviation: deviation::next_number(tx.db(), now, 0)?,
        deviation_is_open: match command {
            Command::Invalidate { deviation: number, .. } => deviation::is_open(tx.db(), number)?,
            _ => false,
        },
    })
}
