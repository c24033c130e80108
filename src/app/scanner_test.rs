//! Tests the scanner of a station against the test sheet.
//!
//! Neighbours: `domain::scanner` compares; [`super::label_thing`] prints the sheet.
//!
//! Architecture invariant: what was wrong is recorded as well as what was right, with station,
//! person and time (21 CFR 11.10(h)).

use super::{App, Caller};
use crate::domain::scanner::{self, Finding, Scanner, TestSymbol};
use crate::store::Failure;

/// Compares what was scanned at the caller's station with a symbol of the sheet; gives what is
/// wrong, nothing where every character arrived.
///
/// # Errors
/// That nothing arrived, or that the database failed.
pub fn scanner_test(
    app: &App,
    caller: &Caller,
    symbol: TestSymbol,
    read: &str,
) -> Result<Vec<Finding>, Failure> {
    let (station, read) = (caller.station.clone(), read.to_owned());
    let request = ("scanner_test", symbol, scanner::pictured(read.as_str()));
    app.write(caller, &request, move |tx| {
        // The stream need not exist; reading it gives the version that the record is appended to.
        tx.load::<Scanner>(station.as_str())?;
        let (findings, changes) = scanner::test(&station, symbol, &read)?;
        tx.record(changes)?;
        Ok(findings)
    })
}
