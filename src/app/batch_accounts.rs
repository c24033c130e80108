//! What the accounts of a batch show: its book with every movement and the signature behind it,
//! what the master record allows it to differ by, and how often its cells doubled since the donor.
//!
//! Neighbours: `store::account` has the movements; `domain::batch` judges and counts.
//!
//! Architecture invariant: reads only.

use std::collections::BTreeMap;

use super::App;
use super::batch_facts::record_of;
use super::batch_show::{BatchView, batch_view};
use crate::db::Db;
use crate::domain::account::Book;
use crate::domain::batch::{Batch, Line, cumulative};
use crate::domain::deviation::{Deviation, Status};
use crate::domain::id::{BatchNumber, DeviationNumber, Name};
use crate::domain::quantity::Quantity;
use crate::store::account::{Posted, postings};
use crate::store::label::{Balance, balance};
use crate::store::{Failure, batch as table, container, ledger, user};

/// More batches than this are never behind one: a pool of pools of pools.
const LINES_MAX: usize = 200;

/// The accounts of a batch.
#[derive(Debug, Clone)]
pub struct AccountsView {
    /// The batch with what surrounds it.
    pub view: BatchView,
    /// Every movement of its book, oldest first.
    pub postings: Vec<Posted>,
    /// The book they make.
    pub book: Book,
    /// Its labels as they are now.
    pub labels: Balance,
    /// The deviations that explain a reconciliation, and whether they are closed.
    pub explained: Vec<(Name, DeviationNumber, Status)>,
    /// The batches its cells come from and itself, parents before children.
    pub lines: Vec<Line>,
    /// Cumulative population doubling level of each of them.
    pub levels: BTreeMap<BatchNumber, Quantity>,
    /// The printed name of everybody who signed a movement, by sign-in name.
    pub names: BTreeMap<String, String>,
}

/// The accounts of a batch.
///
/// # Errors
/// A `NotFound` refusal when there is none, or that the database failed.
pub fn batch_accounts(app: &App, number: &BatchNumber) -> Result<AccountsView, Failure> {
    app.read(|db| {
        let view = batch_view(db, number)?;
        let postings = postings(db, number)?;
        let lines = lineage(db, &view.batch)?;
        let mut names = BTreeMap::new();
        for posted in &postings {
            if !names.contains_key(&posted.by) {
                let person = user::find(db, &posted.by)?;
                names.extend(person.map(|person| (posted.by.clone(), person.printed_name)));
            }
        }
        let mut explained = Vec::new();
        for line in &view.deviations {
            let whole: Option<Deviation> = ledger::load(db, line.number.as_str())?;
            let about = whole.and_then(|deviation| deviation.subject.reconciliation);
            explained.extend(about.map(|name| (name, line.number.clone(), line.status)));
        }
        Ok(AccountsView {
            book: book(&postings),
            postings,
            labels: balance(db, number)?,
            explained,
            levels: cumulative(&lines),
            names,
            lines,
            view,
        })
    })
}

/// The book that movements make.
#[must_use]
pub fn book(postings: &[Posted]) -> Book {
    let mut book = Book::default();
    for posted in postings {
        for _ in 0..posted.times {
            book.replay(&posted.posting);
        }
    }
    book
}

/// The batches behind a batch and itself, parents before children, each once.
///
/// # Errors
/// When the database fails or a kept record cannot be read.
pub fn lineage(db: &mut Db, batch: &Batch) -> Result<Vec<Line>, Failure> {
    let mut lines = Vec::new();
    before(db, batch, &mut lines)?;
    Ok(lines)
}

fn before(db: &mut Db, batch: &Batch, lines: &mut Vec<Line>) -> Result<(), Failure> {
    let used: Vec<String> = batch.consumed().map(|one| one.container.to_string()).collect();
    let mut parents: Vec<BatchNumber> = container::load_many(db, &used)?
        .into_iter()
        .filter_map(|container| container.batch)
        .filter(|parent| *parent != batch.number)
        .collect();
    parents.sort();
    parents.dedup();
    for parent in &parents {
        let known = lines.iter().any(|line| line.batch == *parent);
        if !known && lines.len() < LINES_MAX {
            let parent = table::require(db, parent)?;
            before(db, &parent, lines)?;
        }
    }
    lines.push(Line::of(batch, &*record_of(batch)?, parents));
    Ok(())
}
