//! Print job: labels on their way to a printer, and what is known of their arrival.
//!
//! A job waits, is sent, and ends as printed, failed or not known. `Printed` is said only where the
//! printer said so itself; `failed` only where no byte reached it or it refused them; everything
//! else is not known until a person looks and says.
//!
//! Neighbours: `printer` is where it goes; `container` has the serials that are printed. Labels of
//! places, persons, consignments and scanner sheets have no serial: they name what exists once, and
//! a second copy of them names the same.
//!
//! Architecture invariant: no job is sent twice without a person who said that nothing came out.

use crate::domain::id::{
    AssetId, ContainerCode, LocationPath, Login, OrderNumber, PrintJobNumber, StationId,
};
use crate::domain::time::{Instant, Span};
use crate::domain::{Aggregate, Change, Recorded, RefusalKind};
use serde::{Deserialize, Serialize};

/// What a label is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum Subject {
    /// A container, an outer pack among them. A reprint voids the label before it (ATMP-18).
    Container {
        /// The container.
        container: ContainerCode,
        /// The serial of the print.
        serial: u32,
    },
    /// A storage location, or a position of a box.
    Place {
        /// Its path.
        path: LocationPath,
    },
    /// A person: the badge.
    Person {
        /// The sign-in name.
        login: Login,
    },
    /// What is sent for an order: the transport box.
    Consignment {
        /// The order.
        order: OrderNumber,
    },
    /// The scanner of a station: the sheet it is tested on.
    Scanner {
        /// The station.
        station: StationId,
    },
}

impl Subject {
    /// The label in words.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Container { container, serial } => format!("label {serial} of {container}"),
            Self::Place { path } => format!("place {path}"),
            Self::Person { login } => format!("badge of {login}"),
            Self::Consignment { order } => format!("shipper of {order}"),
            Self::Scanner { station } => format!("scanner test sheet for {station}"),
        }
    }
}

/// One label in a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobLabel {
    /// What it is for.
    pub subject: Subject,
    /// Copies.
    pub copies: u32,
}

/// What a job prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Work {
    /// Labels, in this order.
    Labels {
        /// The labels.
        labels: Vec<JobLabel>,
    },
    /// The test label of the printer.
    Test {
        /// Its text.
        text: String,
    },
}

impl Work {
    /// Labels it prints, copies included.
    pub fn count(&self) -> u32 {
        match self {
            Self::Labels { labels } => {
                labels.iter().fold(0, |sum: u32, label| sum.saturating_add(label.copies))
            }
            Self::Test { .. } => 1,
        }
    }

    /// Whether labels of containers are among it.
    pub fn holds_product(&self) -> bool {
        let Self::Labels { labels } = self else { return false };
        labels.iter().any(|label| matches!(label.subject, Subject::Container { .. }))
    }
}

/// What is known of an attempt to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The printer said that everything came out.
    Printed,
    /// Something may have come out.
    NotKnown,
    /// Nothing came out.
    Failed,
}

/// How a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// It waits for its printer.
    Waiting,
    /// It is being sent.
    Sending,
    /// It came out.
    Printed,
    /// Whether it came out is not known.
    NotKnown,
    /// It did not come out.
    Failed,
}

impl JobState {
    /// The word in tables and on screens.
    pub fn code(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sending => "sending",
            Self::Printed => "printed",
            Self::NotKnown => "not known",
            Self::Failed => "failed",
        }
    }
}

/// An event of a print job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
pub enum Event {
    /// It was put into the queue of a printer.
    Queued {
        /// The printer.
        printer: AssetId,
        /// What it prints.
        work: Work,
    },
    /// Sending began.
    Started {
        /// Which attempt, from 1.
        attempt: u32,
    },
    /// Sending ended.
    Ended {
        /// Which attempt.
        attempt: u32,
        /// What is known.
        outcome: Outcome,
        /// What the printer or the network said, in words.
        detail: String,
    },
    /// A person looked whether it came out.
    Settled {
        /// Whether it did.
        printed: bool,
    },
    /// It was put into a queue again.
    Retried {
        /// The printer.
        printer: AssetId,
    },
}

/// A print job, as its events tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrintJob {
    /// Its number.
    pub number: PrintJobNumber,
    /// Number of events so far.
    pub version: u64,
    /// The printer.
    pub printer: AssetId,
    /// What it prints.
    pub work: Work,
    /// How it stands.
    pub state: JobState,
    /// Attempts so far.
    pub attempts: u32,
    /// Since when it stands so.
    pub since: Instant,
    /// What was said last, in words.
    pub detail: String,
}

/// An attempt that has said nothing for so long says nothing any more.
pub const SILENT_MAX: Span = Span::of_minutes(2);

/// Why something was refused to a print job.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It does not wait.
    #[error("print job {number} is {state}, not waiting. Look at its page")]
    NotWaiting {
        /// The job.
        number: String,
        /// How it stands.
        state: &'static str,
    },
    /// The attempt is not under way.
    #[error("attempt {attempt} of print job {number} is not under way. Look at its page")]
    NotSending {
        /// The job.
        number: String,
        /// The attempt.
        attempt: u32,
    },
    /// What became of it is known.
    #[error("print job {number} is {state}; only where that is not known a person says it")]
    NothingToSettle {
        /// The job.
        number: String,
        /// How it stands.
        state: &'static str,
    },
    /// It may not be sent again.
    #[error(
        "print job {number} is {state} and is not sent again: a label would exist twice (ATMP-18). \
         Look whether it came out and say so; reprint a lost label with a reason"
    )]
    NotAgain {
        /// The job.
        number: String,
        /// How it stands.
        state: &'static str,
    },
}

impl crate::domain::Refusal for Refusal {
    fn rule(&self) -> &'static str {
        match self {
            Self::NotWaiting { .. } => "print_job_not_waiting",
            Self::NotSending { .. } => "print_job_not_sending",
            Self::NothingToSettle { .. } => "print_job_known",
            Self::NotAgain { .. } => "print_job_twice ATMP-18",
        }
    }

    fn kind(&self) -> RefusalKind {
        RefusalKind::Conflict
    }
}

/// Puts work into the queue of a printer that was found in use.
pub fn queue(number: &PrintJobNumber, printer: &AssetId, work: Work) -> Vec<Change> {
    let event = Event::Queued { printer: printer.clone(), work };
    vec![Change::of::<PrintJob>(number.as_str(), event)]
}

impl PrintJob {
    fn change(&self, event: Event) -> Vec<Change> {
        vec![Change::of::<Self>(self.number.as_str(), event)]
    }

    fn number(&self) -> String {
        self.number.to_string()
    }

    /// Begins an attempt.
    pub fn start(&self) -> Result<Vec<Change>, Refusal> {
        if self.state != JobState::Waiting {
            let (number, state) = (self.number(), self.state.code());
            return Err(Refusal::NotWaiting { number, state });
        }
        Ok(self.change(Event::Started { attempt: self.attempts.saturating_add(1) }))
    }

    /// Ends an attempt.
    pub fn end(
        &self,
        attempt: u32,
        outcome: Outcome,
        detail: &str,
    ) -> Result<Vec<Change>, Refusal> {
        if self.state != JobState::Sending || self.attempts != attempt {
            return Err(Refusal::NotSending { number: self.number(), attempt });
        }
        Ok(self.change(Event::Ended { attempt, outcome, detail: detail.to_owned() }))
    }

    /// Whether an attempt has been silent for too long: the server that made it has stopped.
    pub fn lost(&self, now: Instant) -> bool {
        self.state == JobState::Sending && self.since.plus(SILENT_MAX) <= now
    }

    /// A person says whether it came out.
    pub fn settle(&self, printed: bool) -> Result<Vec<Change>, Refusal> {
        if self.state != JobState::NotKnown {
            let (number, state) = (self.number(), self.state.code());
            return Err(Refusal::NothingToSettle { number, state });
        }
        Ok(self.change(Event::Settled { printed }))
    }

    /// Puts what did not come out into the queue of a printer again.
    pub fn retry(&self, printer: &AssetId) -> Result<Vec<Change>, Refusal> {
        if self.state != JobState::Failed {
            let (number, state) = (self.number(), self.state.code());
            return Err(Refusal::NotAgain { number, state });
        }
        Ok(self.change(Event::Retried { printer: printer.clone() }))
    }
}

impl Aggregate for PrintJob {
    type Event = Event;

    const KIND: &'static str = "print_job";

    fn own(event: &crate::domain::Event) -> Option<&Event> {
        Self::own_event(event)
    }

    fn apply(state: Option<Self>, recorded: &Recorded, event: &Event) -> Option<Self> {
        let Some(mut job) = state else {
            let Event::Queued { printer, work } = event else { return None };
            return Some(Self {
                number: PrintJobNumber::parse(recorded.stream.id()).ok()?,
                version: recorded.version,
                printer: printer.clone(),
                work: work.clone(),
                state: JobState::Waiting,
                attempts: 0,
                since: recorded.at,
                detail: String::new(),
            });
        };
        (job.version, job.since) = (recorded.version, recorded.at);
        match event {
            Event::Queued { .. } => {}
            Event::Started { attempt } => {
                (job.state, job.attempts) = (JobState::Sending, *attempt);
                job.detail.clear();
            }
            Event::Ended { outcome, detail, .. } => {
                job.state = match outcome {
                    Outcome::Printed => JobState::Printed,
                    Outcome::NotKnown => JobState::NotKnown,
                    Outcome::Failed => JobState::Failed,
                };
                job.detail.clone_from(detail);
            }
            Event::Settled { printed } => {
                job.state = if *printed { JobState::Printed } else { JobState::Failed };
                job.detail = format!("seen by {}", recorded.actor);
            }
            Event::Retried { printer } => {
                (job.state, job.printer) = (JobState::Waiting, printer.clone());
            }
        }
        Some(job)
    }
}
