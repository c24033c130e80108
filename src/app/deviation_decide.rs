//! Opens, decides and closes deviations.
//!
//! Neighbours: `domain::deviation` decides; batches and tests open theirs in their own
//! transactions.
//!
//! Architecture invariant: what is signed is [`DeviationShown`], computed here for page and use
//! case.

use serde::Serialize;

use super::content;
use super::label_lost::still_missing;
use super::signature::covers;
use super::{App, Caller};
use crate::db::Db;
use crate::domain::actor::{Capability, Signature};
use crate::domain::deviation::{self, Class, Command, Deviation, Outcome, Subject};
use crate::domain::id::{ContentHash, DeviationNumber, Login};
use crate::store::{Failure, deviation as table, ledger};

/// A deviation that somebody noticed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeviationOpen {
    /// How serious it looks.
    pub class: Class,
    /// One line.
    pub title: String,
    /// What happened.
    pub description: String,
    /// What it is about.
    pub subject: Subject,
    /// Who performed the step it is about.
    pub performer: Option<Login>,
}

/// Something QA signs about a deviation.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum DeviationAct {
    /// Assess it and decide what follows.
    Decide {
        /// How serious it is.
        class: Class,
        /// The root cause.
        root_cause: String,
        /// Impact on quality, safety and efficacy.
        impact: String,
        /// What is or was done about it.
        actions: String,
        /// What follows for the product.
        outcome: Outcome,
    },
    /// Close it.
    Close {
        /// How it was made sure that the actions are done.
        conclusion: String,
    },
}

/// What is shown of a deviation to the person who signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeviationShown {
    /// Its number.
    pub number: DeviationNumber,
    /// Number of events so far.
    pub version: u64,
    /// How serious it is.
    pub class: Class,
    /// One line.
    pub title: String,
    /// What happened.
    pub description: String,
    /// What it is about.
    pub subject: Subject,
}

impl DeviationShown {
    /// The hash a signature covers.
    ///
    /// # Errors
    /// Never in practice; see [`content::hash`].
    pub fn hash(&self) -> Result<ContentHash, Failure> {
        content::hash(self)
    }
}

/// What is shown of a deviation before signing.
///
/// # Errors
/// When it does not exist or the database fails.
pub fn deviation_shown(
    db: &mut Db,
    number: &DeviationNumber,
) -> Result<(Deviation, DeviationShown), Failure> {
    let deviation: Deviation = ledger::load(db, number.as_str())?
        .ok_or_else(|| Failure::not_found(format!("There is no deviation {number}.")))?;
    let shown = DeviationShown {
        number: number.clone(),
        version: deviation.version,
        class: deviation.class,
        title: deviation.title.clone(),
        description: deviation.description.clone(),
        subject: deviation.subject.clone(),
    };
    Ok((deviation, shown))
}

/// Opens a deviation under the next free number.
///
/// # Errors
/// What `domain::deviation` refuses, or that the database failed.
pub fn deviation_open(
    app: &App,
    caller: &Caller,
    open: DeviationOpen,
) -> Result<DeviationNumber, Failure> {
    caller.needs(Capability::OpenDeviation)?;
    let request = ("deviation_open", open.clone());
    app.write(caller, &request, move |tx| {
        let now = tx.now();
        let number = table::next_number(tx.db(), now, 0)?;
        let existing: Option<Deviation> = tx.load(number.as_str())?;
        let command = Command::Open {
            class: open.class,
            title: open.title.clone(),
            description: open.description.clone(),
            subject: open.subject.clone(),
            performer: open.performer.clone(),
        };
        tx.record(deviation::decide(existing.as_ref(), &number, &command)?)?;
        Ok(number)
    })
}

/// Records what QA signed about a deviation.
///
/// # Errors
/// What `domain::deviation` refuses; that the content changed since it was shown; or that the
/// database failed.
pub fn deviation_decide(
    app: &App,
    caller: &Caller,
    number: &DeviationNumber,
    act: DeviationAct,
    signature: Signature,
) -> Result<(), Failure> {
    caller.needs(Capability::DecideDeviation)?;
    let number = number.clone();
    let request = ("deviation_decide", number.clone(), act.clone());
    app.write(caller, &request, move |tx| {
        let (_, shown) = deviation_shown(tx.db(), &number)?;
        covers(&signature, &shown.hash()?)?;
        let deviation: Option<Deviation> = tx.load(number.as_str())?;
        if let (DeviationAct::Close { .. }, Some(open)) = (&act, &deviation) {
            let missing = still_missing(tx.db(), &open.subject.labels)?;
            deviation::may_close(open, &missing)?;
        }
        let command = command(&act, &signature);
        tx.record(deviation::decide(deviation.as_ref(), &number, &command)?)
    })
}

fn command(act: &DeviationAct, signature: &Signature) -> Command {
    let signature = signature.clone();
    match act.clone() {
        DeviationAct::Decide { class, root_cause, impact, actions, outcome } => {
            Command::Decide { class, root_cause, impact, actions, outcome, signature }
        }
        DeviationAct::Close { conclusion } => Command::Close { conclusion, signature },
    }
}
