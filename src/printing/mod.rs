//! The wire to a label printer: sends labels and says what is known of them.
//!
//! Neighbours: `app::print_send` has the labels proved and records the answer; `tcp`, `ipp` and
//! `file` are the ways a printer is reached.
//!
//! Architecture invariant: `Printed` is said only where the printer said so, `Failed` only where no
//! byte of the job can have been acted on.

mod file;
mod ipp;
mod tcp;

use std::time::{Duration, Instant};

use crate::domain::print_job::Outcome;
use crate::domain::printer::Connection;
use crate::labels::{self, Raster};
use crate::pdf::Len;

pub use self::ipp::certificate_fingerprint;

/// How long is waited for what.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For the connection, over raw TCP.
    pub connect: Duration,
    /// For an answer, and for room to write, over raw TCP.
    pub answer: Duration,
    /// For an answer over the Internet Printing Protocol, from the name of the printer to the
    /// last byte.
    pub exchange: Duration,
    /// For the next label to come out.
    pub done: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            answer: Duration::from_secs(2),
            exchange: Duration::from_secs(10),
            done: Duration::from_secs(30),
        }
    }
}

/// How long an attempt goes on at most, however many labels keep coming out: with its first and its
/// last question it ends in less than two minutes, or it counts as lost.
const MOST: Duration = Duration::from_secs(75);

/// How long a printer is waited for: as long as it gets on, within [`MOST`].
struct Wait {
    patience: Duration,
    end: Instant,
    most: Instant,
    /// What was left or done when it last got on.
    last: Option<u32>,
}

impl Wait {
    fn begin(patience: Duration) -> Self {
        let now = Instant::now();
        Self { patience, end: now + patience, most: now + patience.max(MOST), last: None }
    }

    /// It was seen to be so far; another count than the last one is a sign of life.
    fn seen(&mut self, count: Option<u32>) {
        if count != self.last {
            self.last = count;
            self.end = (Instant::now() + self.patience).min(self.most);
        }
    }

    fn is_over(&self) -> bool {
        Instant::now() >= self.end
    }
}

/// What is known of an attempt, and in whose words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What is known.
    pub outcome: Outcome,
    /// What the printer or the network said.
    pub detail: String,
}

impl Report {
    fn new(outcome: Outcome, detail: impl Into<String>) -> Self {
        Self { outcome, detail: detail.into() }
    }
}

/// A label as the printer gets it.
#[derive(Debug, Clone)]
pub struct Page {
    /// Its dots, as the stock is wound.
    pub raster: Raster,
    /// Width and height of the stock, as it is wound.
    pub stock: (Len, Len),
    /// How often it is printed.
    pub copies: u32,
}

/// Labels for one printer, in their order.
#[derive(Debug, Clone)]
pub struct Job {
    /// Number of the job and of the attempt; names its file where the printer is a folder.
    pub name: String,
    /// The labels.
    pub pages: Vec<Page>,
}

impl Job {
    /// As ZPL, a format for each label.
    #[must_use]
    pub fn zpl(&self) -> Vec<u8> {
        let formats = self.pages.iter().map(|page| labels::zpl(&page.raster, page.copies));
        formats.collect::<String>().into_bytes()
    }
}

/// Sends a job.
#[must_use]
pub fn send(connection: &Connection, job: &Job, patience: Patience) -> Report {
    match connection {
        Connection::Tcp { host, port } => tcp::print(host, *port, &job.zpl(), patience),
        Connection::Ipp { address, language, certificate } => {
            ipp::print(address, *language, certificate.as_deref(), job, patience)
        }
        Connection::File { folder } => {
            file::print(folder, &format!("{}.zpl", job.name), &job.zpl())
        }
    }
}
