//! Sends what waits for printers, beside the requests of people.
//!
//! An attempt is three things in this order: its beginning is recorded, the bytes go to the
//! printer, its end is recorded. If the program stops between, the beginning stands alone; after
//! two minutes the attempt counts as not known.
//!
//! Neighbours: `printing` is the wire; `domain::print_job` keeps what is known.
//!
//! Architecture invariant: no transaction is open while a printer is waited for.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::label_thing::label_of;
use super::{App, Caller};
use crate::domain::actor::{Actor, Role};
use crate::domain::id::{AssetId, Login, StationId};
use crate::domain::print_job::{JobLabel, JobState, Outcome, PrintJob, Work};
use crate::domain::printer::Printer;
use crate::labels::{self, LabelData, Proof, Resolution};
use crate::printing::{self, Patience, Report};
use crate::store::{Failure, printer};

/// How often the queue is looked at where nobody rings: jobs of other servers.
const LOOK: Duration = Duration::from_millis(200);
/// How many jobs are looked at in one go.
const LOOK_MAX: i64 = 50;

/// The program itself, as the ledger names it.
fn server(app: &App) -> Result<Caller, Failure> {
    let broken = |error: crate::domain::id::IdError| Failure::Broken(error.to_string());
    Ok(Caller {
        actor: Actor {
            login: Login::parse("system").map_err(broken)?,
            printed_name: "Chorda".to_owned(),
            role: Role::Administrator,
        },
        station: StationId::parse("server").map_err(broken)?,
        command_id: app.clock.new_id(),
        reason: None,
    })
}

/// Rung where a job was queued, so that it need not wait until the queue is looked at again.
#[derive(Debug, Clone, Default)]
pub struct Bell(Arc<(Mutex<bool>, Condvar)>);

impl Bell {
    /// Says that something waits.
    pub fn ring(&self) {
        let (rung, heard) = &*self.0;
        *rung.lock().unwrap_or_else(PoisonError::into_inner) = true;
        heard.notify_all();
    }

    /// Waits until it is rung, and no longer than a while.
    fn wait(&self, most: Duration) {
        let (rung, heard) = &*self.0;
        let rung = rung.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = heard.wait_timeout_while(rung, most, |rung| !*rung);
        *waited.unwrap_or_else(PoisonError::into_inner).0 = false;
    }
}

/// The threads that send; they end when this is dropped.
#[derive(Debug)]
pub struct Spooler {
    bell: Bell,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Spooler {
    /// Begins to send what waits.
    ///
    /// # Errors
    /// When the computer has no thread left.
    pub fn start(app: App, patience: Patience) -> Result<Self, Failure> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let bell = app.bell.clone();
        let thread = std::thread::Builder::new()
            .name("spooler".to_owned())
            .spawn(move || serve(&app, patience, &stopped))
            .map_err(|error| Failure::Broken(format!("no thread for the printers: {error}")))?;
        Ok(Self { bell, stop, thread: Some(thread) })
    }
}

impl Drop for Spooler {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.bell.ring();
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so; there is nothing to add.
            drop(thread.join());
        }
    }
}

/// Looks at the queue until stopped. Each printer has a thread of its own while it prints, so that
/// one that does not answer keeps no other waiting.
fn serve(app: &App, patience: Patience, stop: &AtomicBool) {
    let busy: Mutex<BTreeSet<AssetId>> = Mutex::new(BTreeSet::new());
    std::thread::scope(|scope| {
        while !stop.load(Ordering::Relaxed) {
            let waiting = close_lost(app).and_then(|()| waiting(app));
            let waiting = waiting.unwrap_or_else(|failure| {
                tracing::warn!(%failure, "the queue of the printers cannot be read");
                Vec::new()
            });
            for job in waiting {
                let mut taken = busy.lock().unwrap_or_else(PoisonError::into_inner);
                if !taken.insert(job.printer.clone()) {
                    continue;
                }
                let busy = &busy;
                scope.spawn(move || {
                    if let Err(failure) = print_send(app, &job, patience) {
                        tracing::warn!(%failure, job = %job.number, "a print job was not sent");
                    }
                    busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&job.printer);
                    // Its printer is free for the next.
                    app.bell.ring();
                });
            }
            app.bell.wait(LOOK);
        }
    });
}

/// The jobs that wait, oldest first.
fn waiting(app: &App) -> Result<Vec<PrintJob>, Failure> {
    app.read(|db| printer::jobs_standing(db, JobState::Waiting, LOOK_MAX))
}

/// Says of attempts whose server stopped that nothing is known of them.
fn close_lost(app: &App) -> Result<(), Failure> {
    let now = app.clock.now();
    let sending = app.read(|db| printer::jobs_standing(db, JobState::Sending, LOOK_MAX))?;
    for job in sending.iter().filter(|job| job.lost(now)) {
        let report = Report {
            outcome: Outcome::NotKnown,
            detail: "the server stopped while it was being sent".to_owned(),
        };
        end(app, job, job.attempts, report)?;
    }
    Ok(())
}

/// Sends everything that waits now, one job after the other; for the command line, the demo and
/// tests.
///
/// # Errors
/// When the database fails.
pub fn print_send_waiting(app: &App, patience: Patience) -> Result<usize, Failure> {
    close_lost(app)?;
    let jobs = waiting(app)?;
    jobs.iter().try_for_each(|job| print_send(app, job, patience))?;
    Ok(jobs.len())
}

/// One attempt.
fn print_send(app: &App, job: &PrintJob, patience: Patience) -> Result<(), Failure> {
    let number = job.number.clone();
    let caller = server(app)?;
    // Another server may have taken it: then the beginning is refused, and nothing is sent.
    let attempt = app.write(&caller, &("print_job_start", &job.number), move |tx| {
        let job = tx.require::<PrintJob>(number.as_str())?;
        tx.record(job.start()?)?;
        Ok(job.attempts.saturating_add(1))
    })?;
    let report = match prepared(app, job) {
        Ok((printer, pages)) => {
            let job = printing::Job { name: format!("{}-{attempt}", job.number), pages };
            printing::send(&printer.setup.connection, &job, patience)
        }
        Err(failure) => {
            Report { outcome: Outcome::Failed, detail: format!("nothing was sent: {failure}") }
        }
    };
    end(app, job, attempt, report)
}

fn end(app: &App, job: &PrintJob, attempt: u32, report: Report) -> Result<(), Failure> {
    let number = job.number.clone();
    let caller = server(app)?;
    let request = ("print_job_end", job.number.clone(), attempt);
    app.write(&caller, &request, move |tx| {
        let job = tx.require::<PrintJob>(number.as_str())?;
        tx.record(job.end(attempt, report.outcome, &report.detail)?)
    })
}

/// The labels of a job, drawn and read back once more at the printer's resolution.
fn prepared(app: &App, job: &PrintJob) -> Result<(Printer, Vec<printing::Page>), Failure> {
    let language = app.config.site.label_language;
    let (printer, pages) = app.read(|db| {
        let printer = printer::require(db, &job.printer)?;
        let pages = match &job.work {
            Work::Test { text } => vec![(LabelData::printer_test(language, &job.printer, text), 1)],
            Work::Labels { labels } => {
                let page = |label: &JobLabel| {
                    Ok((label_of(db, &label.subject, &app.config.site)?, label.copies))
                };
                labels.iter().map(page).collect::<Result<Vec<_>, Failure>>()?
            }
        };
        Ok((printer, pages))
    })?;
    let (data, copies): (Vec<LabelData>, Vec<u32>) = pages.into_iter().unzip();
    let proofs = labels::prove_all(&data, Some(resolution(&printer)?));
    let proofs = proofs.map_err(super::label_print::not_drawn)?;
    let page = |(proof, copies): (&Proof, u32)| {
        let (raster, stock) = (proof.feed(), proof.feed_stock());
        printing::Page { raster, stock, copies }
    };
    Ok((printer, proofs.iter().zip(copies).map(page).collect()))
}

/// The resolution a printer was set up with.
///
/// # Errors
/// Never in practice: a printer is not set up with any other.
pub(super) fn resolution(printer: &Printer) -> Result<Resolution, Failure> {
    Resolution::parse(printer.setup.dpi)
        .ok_or_else(|| Failure::Broken(format!("{} dpi is no resolution", printer.setup.dpi)))
}
