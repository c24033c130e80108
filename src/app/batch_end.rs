//! Gives a batch up, or rejects it: in one signed act with what becomes of everything of it that is
//! open (ATMP-39).
//!
//! First [`batch_end_open`] lists what is open, then [`batch_end_preview`] shows what the decisions
//! mean, then [`batch_end`] settles once more inside its transaction and refuses if anything is
//! not as it was shown.
//!
//! Neighbours: `domain::batch` decides; `release_sign` signs what else happens in a release.
//!
//! Architecture invariant: the batch, its containers, labels, tests, book and order end in one
//! transaction, under the signatures that cover all of it.

use serde::{Deserialize, Serialize};

use super::release_facts::release_facts;
use super::shown::Shown;
use super::{App, Caller, signature};
use crate::db::Db;
use crate::domain::actor::{Capability, Signature};
use crate::domain::batch::{
    self, Batch, EndAct, EndFacts, EndSigned, Ending, OpenItem, Settlement,
};
use crate::domain::id::{BatchNumber, ContainerCode};
use crate::domain::order::Order;
use crate::domain::quality::TestRequest;
use crate::domain::release::{self, Release};
use crate::store::container::{self, Of};
use crate::store::{Failure, Tx, batch as table, ledger, quality};

/// The most containers of one batch.
const CONTAINERS_MAX: i64 = 2_000;

/// End a batch without certifying it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchEnd {
    /// How it ends.
    pub act: EndAct,
    /// Why.
    pub because: String,
    /// What becomes of each thing that is open, by its key.
    pub decisions: Vec<(String, Settlement)>,
}

/// What ending a batch would mean.
#[derive(Debug, Clone)]
pub struct EndPreview {
    /// What is shown and signed.
    pub shown: Shown,
    /// Whether a second person has to sign as witness.
    pub needs_witness: bool,
}

/// Everything of a batch that is open.
///
/// # Errors
/// That there is no such batch, or that the database failed.
pub fn batch_end_open(app: &App, number: &BatchNumber) -> Result<Vec<OpenItem>, Failure> {
    app.read(|db| {
        let batch = table::require(db, number)?;
        let facts = end_facts(db, &batch)?;
        Ok(batch::open(&batch, &facts))
    })
}

/// What ending a batch so would mean.
///
/// # Errors
/// What `domain::batch` refuses, with everything that has no decision; or that the database failed.
pub fn batch_end_preview(
    app: &App,
    number: &BatchNumber,
    command: &BatchEnd,
) -> Result<EndPreview, Failure> {
    app.read(|db| {
        let batch = table::require(db, number)?;
        let facts = end_facts(db, &batch)?;
        let how = (command.act, command.because.as_str());
        let ending = batch::settle(&batch, &facts, how, &command.decisions)?;
        Ok(EndPreview { shown: shown(&batch, &ending), needs_witness: ending.needs_witness() })
    })
}

/// Ends a batch: what it made is rejected with it, and nothing of it stays open.
///
/// # Errors
/// What `domain::batch` and `domain::release` refuse; that the content changed since it was shown;
/// or that the database failed.
pub fn batch_end(
    app: &App,
    caller: &Caller,
    number: &BatchNumber,
    command: BatchEnd,
    signed: EndSigned,
) -> Result<(), Failure> {
    caller.needs(Capability::DecideDisposition)?;
    let number = number.clone();
    let request = (number.clone(), command.clone());
    app.write(caller, &("batch_end", &request), move |tx| {
        let context = tx.context();
        let batch = tx.require::<Batch>(number.as_str())?;
        let facts = end_facts(tx.db(), &batch)?;
        let how = (command.act, command.because.as_str());
        let ending = batch::settle(&batch, &facts, how, &command.decisions)?;
        let hash = shown(&batch, &ending).hash()?;
        signature::covers(&signed.signature, &hash)?;
        if let Some(witness) = &signed.witness {
            signature::covers(witness, &hash)?;
        }
        let changes = batch::end(&batch, &ending, &facts, &signed, &context)?;
        let rejected = match command.act {
            EndAct::GiveUp => Vec::new(),
            EndAct::Reject => reject(tx, &number, &ending, &signed.signature)?,
        };
        tx.record(rejected.into_iter().chain(changes))
    })
}

fn reject(
    tx: &mut Tx<'_>,
    number: &BatchNumber,
    ending: &Ending,
    signature: &Signature,
) -> Result<Vec<crate::domain::Change>, Failure> {
    let context = tx.context();
    let (facts, _) = release_facts(tx.db(), number)?;
    let release: Option<Release> = tx.load(number.as_str())?;
    let (because, signature) = (ending.because.clone(), signature.clone());
    let command = release::Command::Reject { because, signature };
    Ok(release::decide(release.as_ref(), &command, &facts, &context)?)
}

/// What is shown and signed: why, every step by the hash its performer signed, everything open with
/// its decision, and what is booked.
fn shown(batch: &Batch, ending: &Ending) -> Shown {
    let mut shown = Shown::new(ending.act.words())
        .line("Batch", batch.number.as_str())
        .line("Makes", batch.title.clone())
        .line("Because", ending.because.clone());
    for one in &ending.settled {
        shown = shown.line(one.what.clone(), one.settlement.words());
    }
    for posting in &ending.postings {
        shown = shown.line("Booked", batch::posting_text(posting));
    }
    let steps = batch::signed_steps(batch);
    shown
        .line("Steps performed", steps.len().to_string())
        .line("Seen of the batch", format!("{} events", batch.version))
}

/// Everything around a batch that may be open.
fn end_facts(db: &mut Db, batch: &Batch) -> Result<EndFacts, Failure> {
    let containers = container::list(db, &Of::Batch(&batch.number), None, CONTAINERS_MAX)?;
    let mut tests = Vec::new();
    for row in quality::of_batch(db, &batch.number)? {
        tests.extend(ledger::load::<TestRequest>(db, &row.id)?);
    }
    let order = match &batch.order {
        Some(number) => ledger::load::<Order>(db, number.as_str())?,
        None => None,
    };
    let order = order.filter(|order| order.batch.as_ref() == Some(&batch.number));
    let mut allocated = Vec::new();
    for code in order.iter().flat_map(|order| &order.allocated) {
        let code =
            ContainerCode::parse(code).map_err(|error| Failure::Broken(error.to_string()))?;
        allocated.extend(container::load(db, &code)?);
    }
    Ok(EndFacts { containers, allocated, tests, order })
}
