//! What the page of a batch shows: the batch, the record it runs, its disposition with the cause,
//! its deviations and what became of what it made. And reading the labels scanned for a step.
//!
//! Architecture invariant: reads only.

use std::sync::Arc;

use super::App;
use super::batch_facts::record_of;
use super::container_move::ScannedContainer;
use crate::db::Db;
use crate::domain::batch::Batch;
use crate::domain::container::{Container, Custodian, Fate, Scan};
use crate::domain::deviation::{Class, Status};
use crate::domain::disposition::Disposition;
use crate::domain::genealogy::{Node, Standing};
use crate::domain::id::{BatchNumber, DeviationNumber, Login};
use crate::domain::master_record::{MasterRecord, RecordVersion};
use crate::domain::release::Stage;
use crate::store::container::{self, Of};
use crate::store::{Failure, batch as table, deviation, genealogy, ledger, release};

/// The most containers of one batch that its page lists.
const CONTAINERS_MAX: i64 = 500;

/// A deviation of a batch, for its page.
#[derive(Debug, Clone)]
pub struct DeviationLine {
    /// Its number.
    pub number: DeviationNumber,
    /// One line.
    pub title: String,
    /// How serious it is.
    pub class: Class,
    /// How it stands.
    pub status: Status,
}

/// A batch with what surrounds it.
#[derive(Debug, Clone)]
pub struct BatchView {
    /// The batch.
    pub batch: Batch,
    /// The record it runs.
    pub record: Arc<MasterRecord>,
    /// How far its release has come; none before its first review.
    pub release: Option<Stage>,
    /// Its effective disposition and the cause.
    pub standing: Standing,
    /// Who has acknowledged the version of the record it runs.
    pub acknowledged: Vec<Login>,
    /// Its deviations, oldest first.
    pub deviations: Vec<DeviationLine>,
    /// The containers it made.
    pub made: Vec<Container>,
}

/// A batch with what surrounds it.
///
/// # Errors
/// A `NotFound` refusal when there is none, or that the database failed.
pub fn batch_show(app: &App, number: &BatchNumber) -> Result<BatchView, Failure> {
    app.read(|db| batch_view(db, number))
}

/// The same, for other pages of the batch, within their own reading.
pub(super) fn batch_view(db: &mut Db, number: &BatchNumber) -> Result<BatchView, Failure> {
    let batch = table::require(db, number)?;
    let record = record_of(&batch)?;
    let version = ledger::load::<RecordVersion>(db, &batch.record.key())?;
    let signed = version.into_iter().flat_map(|version| version.acknowledged);
    let acknowledged = signed.map(|signature| signature.login).collect();
    let release = release::stage(db, number)?;
    let standing = genealogy::effective_with_cause(db, &Node::batch(number))?;
    let deviations = deviation::of_batch(db, number)?
        .into_iter()
        .map(|row| DeviationLine {
            number: row.number,
            title: row.title,
            class: row.class,
            status: row.status,
        })
        .collect();
    let made = container::list(db, &Of::Batch(number), None, CONTAINERS_MAX)?;
    Ok(BatchView { batch, record, release, standing, acknowledged, deviations, made })
}

impl BatchView {
    /// The effective disposition.
    #[must_use]
    pub fn disposition(&self) -> Disposition {
        self.standing.disposition
    }
}

/// Where a container is or what became of it, in words.
#[must_use]
pub fn whereabouts(container: &Container) -> String {
    match (&container.fate, &container.custodian) {
        (Fate::Consumed { batch, .. }, _) => format!("used up by {batch}"),
        (Fate::Administered { order, .. }, _) => format!("administered for {order}"),
        (Fate::Destroyed { .. }, _) => "destroyed".to_owned(),
        (Fate::Unpacked { .. }, _) => "unpacked".to_owned(),
        (Fate::Live, Custodian::Place { location }) => location.to_string(),
        (Fate::Live, Custodian::Person { login }) => format!("held by {login}"),
        (Fate::Live, Custodian::Transfer { .. }) => "in transfer".to_owned(),
        (Fate::Live, Custodian::Spent) => "spent".to_owned(),
    }
}

/// The labels that were scanned, in the order scanned. Whether each is valid is decided with the
/// step, in the transaction that records it.
///
/// # Errors
/// That something was scanned that is no label of a container.
pub fn scanned_labels(scans: &[String]) -> Result<Vec<Scan>, Failure> {
    let read = |text: &String| {
        ScannedContainer::read(text).map(|found| Scan { code: found.code, serial: found.serial })
    };
    scans.iter().map(read).collect()
}
