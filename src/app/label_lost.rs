//! Labels that are missing: the deviation that a gate opens about them, and what QA reports lost or
//! found with it (ATMP-18).
//!
//! A command that meets a difference is not carried out. Its transaction opens the deviation
//! instead, and that is the command's answer (`Attempt::Stopped`): sent again under its number it
//! gets the same answer, and it can never open the deviation and do half of what was asked. Where
//! a deviation is about the very same labels already, the command is refused and nothing recorded.
//!
//! Neighbours: `domain::container` and `domain::deviation` decide; the gates are
//! [`super::batch_step_perform`] and [`super::release_sign`]; [`super::label_scan_back`] accounts
//! for what is there.
//!
//! Architecture invariant: what is signed is computed by one function for page and use case.

use serde::{Deserialize, Serialize};

use super::shown::Shown;
use super::signature::covers;
use super::{App, Caller};
use crate::db::Db;
use crate::domain::RefusalKind;
use crate::domain::account::Account;
use crate::domain::actor::{Capability, Signature};
use crate::domain::container::{Command, Container, LabelCount, LabelFate, decide};
use crate::domain::deviation::{self, Deviation};
use crate::domain::id::{BatchNumber, ContainerCode, DeviationNumber, Login};
use crate::domain::quantity::Unit;
use crate::domain::time::Zone;
use crate::store::container::{self, Of};
use crate::store::{Failure, Tx, account, deviation as deviations, label, ledger};

/// The rule that stops.
const RULE: &str = "labels_unreconciled ATMP-18";

/// The most containers of one batch.
const CONTAINERS_MAX: i64 = 2_000;

/// What became of a command that passes a gate.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Attempt<T> {
    /// It was carried out.
    Done(T),
    /// It was not: labels are missing, and a deviation was opened. Why, in words.
    Stopped(String),
}

impl<T> Attempt<T> {
    /// What it brought.
    ///
    /// # Errors
    /// Why it was stopped.
    pub(super) fn done(self) -> Result<T, Failure> {
        match self {
            Self::Done(brought) => Ok(brought),
            Self::Stopped(words) => Err(Failure::refused(RULE, RefusalKind::Conflict, words)),
        }
    }
}

/// Whose labels they are.
enum Owner {
    /// Those of all containers a batch made.
    Batch(BatchNumber),
    /// Those of a container that no batch made.
    Container(ContainerCode),
}

impl Owner {
    fn of(state: &Container) -> Result<Self, Failure> {
        let code = || ContainerCode::parse(&state.code).map_err(broken);
        Ok(match &state.batch {
            Some(batch) => Self::Batch(batch.clone()),
            None => Self::Container(code()?),
        })
    }

    fn batch(&self) -> Option<&BatchNumber> {
        match self {
            Self::Batch(batch) => Some(batch),
            Self::Container(_) => None,
        }
    }
}

fn broken(error: impl std::fmt::Display) -> Failure {
    Failure::Broken(error.to_string())
}

/// Labels of one owner: what is missing, what is lost, and the deviations about them.
#[derive(Debug, Clone, Default)]
pub struct LabelAccounts {
    /// What nobody accounts for.
    pub missing: Vec<LabelCount>,
    /// What was reported lost, each with its deviation.
    pub lost: Vec<(DeviationNumber, LabelCount)>,
    /// The deviations about labels that are not closed.
    pub open: Vec<Deviation>,
}

impl LabelAccounts {
    fn of(db: &mut Db, owner: &Owner) -> Result<Self, Failure> {
        let (made, rows) = match owner {
            Owner::Batch(batch) => (
                container::list(db, &Of::Batch(batch), None, CONTAINERS_MAX)?,
                deviations::of_batch(db, batch)?,
            ),
            Owner::Container(code) => {
                (vec![container::require(db, code)?], deviations::of_container(db, code)?)
            }
        };
        let mut found = Self::default();
        for state in &made {
            found.missing.extend(state.labels_missing());
            found.lost.extend(losses(state));
        }
        for row in rows.iter().filter(|row| row.status != deviation::Status::Closed) {
            let whole: Option<Deviation> = ledger::load(db, row.number.as_str())?;
            found.open.extend(whole.filter(|deviation| !deviation.subject.labels.is_empty()));
        }
        Ok(found)
    }

    /// What is missing and no open deviation is about.
    fn unexplained(&self) -> Vec<LabelCount> {
        deviation::unexplained(&self.missing, &self.open, &self.lost)
    }

    /// An open deviation that is about these copies and has so many left to be reported.
    fn about(&self, wanted: &LabelCount) -> Option<DeviationNumber> {
        let covers = |deviation: &&Deviation| {
            let one = std::slice::from_ref(*deviation);
            deviation::unexplained(std::slice::from_ref(wanted), one, &self.lost).is_empty()
        };
        let found = self.open.iter().find(covers)?;
        DeviationNumber::parse(&found.number).ok()
    }
}

/// What was reported lost of the labels of a container and has not turned up, the latest first.
fn losses(state: &Container) -> Vec<(DeviationNumber, LabelCount)> {
    let mut all = Vec::new();
    for print in &state.labels.prints {
        let mut left = print.lost();
        for loss in print.losses.iter().rev() {
            let copies = loss.copies.min(left);
            left = left.saturating_sub(copies);
            let (container, serial) = (state.code.clone(), print.serial);
            if copies > 0 {
                let count = LabelCount { container, serial, copies };
                all.push((loss.deviation.clone(), count));
            }
        }
    }
    all
}

/// The labels of a batch that are missing or lost, with the deviations about them.
///
/// # Errors
/// When the database fails or an event cannot be read.
pub fn label_accounts(db: &mut Db, batch: &BatchNumber) -> Result<LabelAccounts, Failure> {
    LabelAccounts::of(db, &Owner::Batch(batch.clone()))
}

/// Opens a deviation about labels and gives its number.
fn open(
    tx: &mut Tx<'_>,
    owner: &Owner,
    labels: Vec<LabelCount>,
) -> Result<DeviationNumber, Failure> {
    let now = tx.now();
    let number = deviations::next_number(tx.db(), now, 0)?;
    let counted = match owner {
        Owner::Batch(batch) => label::balance(tx.db(), batch)?.words(),
        Owner::Container(code) => format!("Labels of container {code}"),
    };
    tx.record([deviation::missing_labels(&number, owner.batch(), &counted, labels)])?;
    Ok(number)
}

/// What a gate answers that found labels of a batch missing; `why` is its refusal in words.
///
/// # Errors
/// The refusal, where an open deviation is about these labels already.
pub(super) fn stop<T>(
    tx: &mut Tx<'_>,
    batch: &BatchNumber,
    why: &str,
) -> Result<Attempt<T>, Failure> {
    let owner = Owner::Batch(batch.clone());
    let accounts = LabelAccounts::of(tx.db(), &owner)?;
    let labels = accounts.unexplained();
    if labels.is_empty() {
        let numbers: Vec<&str> = accounts.open.iter().map(|one| one.number.as_str()).collect();
        let words = format!("{why}. {} is about it", numbers.join(", "));
        return Err(Failure::refused(RULE, RefusalKind::Conflict, words));
    }
    let number = open(tx, &owner, labels)?;
    Ok(Attempt::Stopped(format!("{why}. {number} was opened about it")))
}

/// A gate that was only looked at, not passed, opens the deviation too.
///
/// # Errors
/// Always: why the gate is shut.
pub(super) fn stop_at<T>(
    app: &App,
    caller: &Caller,
    batch: &BatchNumber,
    why: String,
) -> Result<T, Failure> {
    let batch = batch.clone();
    let request = ("label_difference", batch.clone());
    let stopped: Attempt<()> = app.write(caller, &request, move |tx| stop(tx, &batch, &why))?;
    // It never passes: `stop` gives nothing else.
    stopped.done().and_then(|()| Err(Failure::Broken("a gate that stops has passed".to_owned())))
}

/// The labels nobody accounts for now, of those that a deviation names.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub(super) fn still_missing(db: &mut Db, named: &[LabelCount]) -> Result<Vec<LabelCount>, Failure> {
    let mut codes: Vec<String> = named.iter().map(|label| label.container.clone()).collect();
    codes.sort();
    codes.dedup();
    let states = container::load_many(db, &codes)?;
    Ok(states.iter().flat_map(Container::labels_missing).collect())
}

/// Labels that cannot be found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LabelLost {
    /// The container they were printed for.
    pub container: ContainerCode,
    /// Their serial.
    pub serial: u32,
    /// How many copies.
    pub copies: u32,
    /// Where was looked, and what is thought.
    pub because: String,
}

/// Lost labels that turned up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LabelFound {
    /// The container they were printed for.
    pub container: ContainerCode,
    /// Their serial.
    pub serial: u32,
    /// How many copies.
    pub copies: u32,
    /// What became of them then.
    pub fate: LabelFate,
    /// Where they were.
    pub because: String,
}

/// What is shown before labels are reported lost by this person.
///
/// # Errors
/// What `domain::container` refuses, or that the database failed.
pub fn label_lost_shown(
    db: &mut Db,
    lost: &LabelLost,
    login: &Login,
    zone: Zone,
) -> Result<Shown, Failure> {
    let state = container::require(db, &lost.container)?;
    state.may_lose(lost.serial, lost.copies, login)?;
    let accounts = LabelAccounts::of(db, &Owner::of(&state)?)?;
    let deviation = match accounts.about(&lost.count()) {
        Some(number) => number.to_string(),
        None => "one is opened with this report".to_owned(),
    };
    let shown = about("Label lost", &state, lost.serial, lost.copies, zone);
    Ok(shown.line("Deviation", deviation).line("Where was looked", lost.because.trim()))
}

/// What is shown before lost labels are accounted for that turned up.
///
/// # Errors
/// What `domain::container` refuses, or that the database failed.
pub fn label_found_shown(db: &mut Db, found: &LabelFound, zone: Zone) -> Result<Shown, Failure> {
    let state = container::require(db, &found.container)?;
    state.may_find(found.serial, found.copies)?;
    let shown = about("Lost label found", &state, found.serial, found.copies, zone);
    Ok(shown.line("It is", found.fate.words()).line("Where it was", found.because.trim()))
}

fn about(act: &str, state: &Container, serial: u32, copies: u32, zone: Zone) -> Shown {
    let printed = state
        .labels
        .printed(serial)
        .map_or_else(String::new, |print| format!("{} by {}", print.at.full_text(zone), print.by));
    let issued = state.labels.printed(serial).map_or(0, |print| print.copies);
    let batch = state.batch.as_ref().map_or("none", BatchNumber::as_str);
    Shown::new(act)
        .line("Container", state.code.clone())
        .line("Contents", state.contents.title.to_string())
        .line("Batch", batch)
        .line("Label serial", serial.to_string())
        .line("Printed", printed)
        .line("Copies", format!("{copies} of {issued} issued"))
}

impl LabelLost {
    fn count(&self) -> LabelCount {
        let container = self.container.to_string();
        LabelCount { container, serial: self.serial, copies: self.copies }
    }
}

/// Reports labels lost, with the deviation that is about them, or with one it opens.
///
/// # Errors
/// What `domain::container` refuses; that the content changed since it was shown; or that the
/// database failed.
pub fn label_lost(
    app: &App,
    caller: &Caller,
    lost: LabelLost,
    signature: Signature,
) -> Result<DeviationNumber, Failure> {
    caller.needs(Capability::DecideDeviation)?;
    let zone = app.config.zone;
    let request = ("label_lost", lost.clone());
    app.write(caller, &request, move |tx| {
        let shown = label_lost_shown(tx.db(), &lost, &signature.login, zone)?;
        covers(&signature, &shown.hash()?)?;
        let (state, standing) = container::require_with_standing(tx.db(), &lost.container)?;
        let owner = Owner::of(&state)?;
        let accounts = LabelAccounts::of(tx.db(), &owner)?;
        let deviation = match accounts.about(&lost.count()) {
            Some(number) => number,
            None => open(tx, &owner, vec![lost.count()])?,
        };
        let command = Command::LoseLabel {
            serial: lost.serial,
            copies: lost.copies,
            deviation: deviation.clone(),
            because: lost.because.clone(),
            signature: signature.clone(),
        };
        let context = tx.context();
        tx.record(decide(&state, &command, &standing, &context)?)?;
        Ok(deviation)
    })
}

/// Accounts for lost labels that turned up.
///
/// # Errors
/// As [`label_lost`].
pub fn label_found(
    app: &App,
    caller: &Caller,
    found: LabelFound,
    signature: Signature,
) -> Result<(), Failure> {
    caller.needs(Capability::DecideDeviation)?;
    let zone = app.config.zone;
    let request = ("label_found", found.clone());
    app.write(caller, &request, move |tx| {
        let shown = label_found_shown(tx.db(), &found, zone)?;
        covers(&signature, &shown.hash()?)?;
        let (state, standing) = container::require_with_standing(tx.db(), &found.container)?;
        let booked = match &state.batch {
            Some(batch) => lost_in_book(tx.db(), batch)? >= i64::from(found.copies),
            None => false,
        };
        let command = Command::FindLabel {
            serial: found.serial,
            copies: found.copies,
            fate: found.fate,
            because: found.because.clone(),
            signature: signature.clone(),
            booked,
        };
        let context = tx.context();
        tx.record(decide(&state, &command, &standing, &context)?)
    })
}

/// How many labels the book of a batch holds as lost.
fn lost_in_book(db: &mut Db, batch: &BatchNumber) -> Result<i64, Failure> {
    let book = account::of_batch(db, batch)?;
    let mut lost =
        book.iter().filter(|(of, amount)| *of == Account::Loss && amount.unit() == Unit::Label);
    let whole = |text: String| text.parse().map_err(broken);
    lost.next().map_or(Ok(0), |(_, amount)| whole(amount.value().normalize().to_string()))
}
