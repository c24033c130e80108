//! What a person does to a print job: puts it again into a queue, says whether it came out.
//!
//! Neighbours: [`super::label_print`] queues labels, [`super::print_send`] sends them.
//!
//! Architecture invariant: a job is sent again only where it is known that nothing came out, or a
//! person said so.

use super::{App, Caller};
use crate::domain::actor::Capability;
use crate::domain::id::{AssetId, PrintJobNumber};
use crate::domain::print_job::PrintJob;
use crate::domain::printer::Printer;
use crate::store::Failure;

/// Puts a job that failed into the queue of a printer again.
///
/// # Errors
/// What `domain::print_job` and `domain::printer` refuse.
pub fn print_job_retry(
    app: &App,
    caller: &Caller,
    number: &PrintJobNumber,
    printer: &AssetId,
) -> Result<(), Failure> {
    let (number, printer) = (number.clone(), printer.clone());
    let by = caller.clone();
    app.write(caller, &("print_job_retry", &number.clone(), &printer.clone()), move |tx| {
        tx.require::<Printer>(printer.as_str())?.must_be_in_use()?;
        let job = tx.require::<PrintJob>(number.as_str())?;
        allowed(&by, &job)?;
        tx.record(job.retry(&printer)?)
    })?;
    app.bell.ring();
    Ok(())
}

/// Says whether a job came out of which that is not known.
///
/// # Errors
/// What `domain::print_job` refuses.
pub fn print_job_settle(
    app: &App,
    caller: &Caller,
    number: &PrintJobNumber,
    printed: bool,
) -> Result<(), Failure> {
    let number = number.clone();
    let by = caller.clone();
    app.write(caller, &("print_job_settle", &number.clone(), printed), move |tx| {
        let job = tx.require::<PrintJob>(number.as_str())?;
        allowed(&by, &job)?;
        tx.record(job.settle(printed)?)
    })
}

/// Labels of product are for those who print them; an administrator looks after jobs without any.
fn allowed(caller: &Caller, job: &PrintJob) -> Result<(), Failure> {
    match caller.needs(Capability::PrintLabels) {
        Err(_) if !job.work.holds_product() => caller.needs(Capability::ManageSite),
        outcome => outcome,
    }
}
