//! Sets label printers up, retires them, and reads their test labels back.
//!
//! Neighbours: `domain::printer` decides; [`super::print_job`] queues the test label.
//!
//! Architecture invariant: whoever prints does not set printers up, and an administrator who sets
//! them up prints nothing but their test label (11.10(h)).

use serde::Serialize;

use super::{App, Caller};
use crate::domain::RefusalKind;
use crate::domain::actor::Capability;
use crate::domain::id::{AssetId, PrintJobNumber};
use crate::domain::print_job::{self, Work};
use crate::domain::printer::{self, Connection, Printer, Setup};
use crate::printing;
use crate::store::{Failure, number};

/// Set a printer up, for the first time or anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PrinterSetUp {
    /// Its asset number.
    pub asset: AssetId,
    /// Its settings.
    pub setup: Setup,
}

/// Sets a printer up.
///
/// # Errors
/// What `domain::printer` refuses; a certificate that cannot be read; a missing reason where it was
/// set up before.
pub fn printer_set_up(app: &App, caller: &Caller, command: PrinterSetUp) -> Result<(), Failure> {
    caller.needs(Capability::ManageSite)?;
    // The cheap checks first, so that only what may be a certificate is read as one.
    printer::set_up(&command.asset, &command.setup)?;
    if let Connection::Ipp { certificate: Some(certificate), .. } = &command.setup.connection
        && let Err(why) = printing::certificate_fingerprint(certificate)
    {
        return Err(Failure::refused("printer_certificate", RefusalKind::Invalid, why));
    }
    let request = command.clone();
    let by = caller.clone();
    app.write(caller, &("printer_set_up", &request), move |tx| {
        if tx.load::<Printer>(command.asset.as_str())?.is_some() {
            by.needs_reason()?;
        }
        tx.record(printer::set_up(&command.asset, &command.setup)?)
    })
}

/// Takes a printer out of use, for the reason the caller gives.
///
/// # Errors
/// What `domain::printer` refuses; a missing reason.
pub fn printer_retire(app: &App, caller: &Caller, asset: &AssetId) -> Result<(), Failure> {
    caller.needs(Capability::ManageSite)?;
    let (because, asset) = (caller.needs_reason()?, asset.clone());
    app.write(caller, &("printer_retire", &asset.clone()), move |tx| {
        let printer = tx.require::<Printer>(asset.as_str())?;
        tx.record(printer.retire(&because)?)
    })
}

/// Queues the test label of a printer.
///
/// # Errors
/// What `domain::printer` refuses.
pub fn printer_test(
    app: &App,
    caller: &Caller,
    asset: &AssetId,
) -> Result<PrintJobNumber, Failure> {
    may_test(caller)?;
    let asset = asset.clone();
    let number = app.write(caller, &("printer_test", &asset.clone()), move |tx| {
        let printer = tx.require::<Printer>(asset.as_str())?;
        printer.must_be_in_use()?;
        let now = tx.now();
        let number = number::next_print_job(tx.db(), now)?;
        let work = Work::Test { text: printer.test_text() };
        tx.record(print_job::queue(&number, &asset, work))?;
        Ok(number)
    })?;
    app.bell.ring();
    Ok(number)
}

/// Compares what was read from a printer's test label with what it says.
///
/// # Errors
/// What `domain::printer` refuses.
pub fn printer_test_read(
    app: &App,
    caller: &Caller,
    asset: &AssetId,
    read: &str,
) -> Result<(), Failure> {
    may_test(caller)?;
    let (asset, read) = (asset.clone(), read.trim().to_owned());
    app.write(caller, &("printer_test_read", &asset.clone(), &read.clone()), move |tx| {
        let printer = tx.require::<Printer>(asset.as_str())?;
        tx.record(printer.read_test(&read)?)
    })
}

fn may_test(caller: &Caller) -> Result<(), Failure> {
    match caller.needs(Capability::PrintLabels) {
        Ok(()) => Ok(()),
        Err(_) => caller.needs(Capability::ManageSite),
    }
}
