//! Scans while a line clearance is open: what belongs to the batch, what is foreign and fails the
//! clearance, and that it was taken away (ATMP-7).
//!
//! Neighbours: `domain::batch` decides what is foreign; `scan` answers scans everywhere else.
//!
//! Architecture invariant: what is found is recorded at once, with its deviation; nobody is asked
//! first.

use serde::{Deserialize, Serialize};

use super::batch_facts::record_of;
use super::{App, Caller};
use crate::codes::isbt::{Element, ProductKey};
use crate::codes::{self, Scanned};
use crate::db::Db;
use crate::domain::RefusalKind;
use crate::domain::actor::Capability;
use crate::domain::batch::{self, Batch, Thing};
use crate::domain::id::{BatchNumber, ContainerCode, DeviationNumber, LotId, MaterialCode, Name};
use crate::site::Site;
use crate::store::identity::Named;
use crate::store::{Failure, batch as table, container, deviation, identity, order};

/// What a scan at a line clearance showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "snake_case")]
pub enum LineScan {
    /// It belongs to the batch.
    Belongs {
        /// What it is, in words.
        what: String,
    },
    /// It is foreign; the clearance has failed.
    Foreign {
        /// What it is, in words.
        what: String,
        /// Why it may not be there.
        because: String,
        /// The deviation that was opened; none where it was found before.
        deviation: Option<DeviationNumber>,
    },
}

/// Scans something while a line clearance is open.
///
/// # Errors
/// That the code is of nothing that could lie there, that no such clearance is open, or that the
/// database failed.
pub fn batch_line_scan(
    app: &App,
    caller: &Caller,
    number: &BatchNumber,
    step: &Name,
    code: &str,
) -> Result<LineScan, Failure> {
    caller.needs(Capability::PerformSteps)?;
    let (number, step) = (number.clone(), step.clone());
    let (item, site) = (code.trim().to_owned(), app.config.site.clone());
    let request = (number.clone(), step.clone(), item.clone());
    app.write(caller, &("batch_line_scan", &request), move |tx| {
        let context = tx.context();
        let batch = tx.require::<Batch>(number.as_str())?;
        let record = record_of(&batch)?;
        let thing = thing(tx.db(), &site, &item)?;
        let free = deviation::next_number(tx.db(), context.now, 0)?;
        let place = (&step, item.as_str());
        let changes = batch::scan_line(&batch, &record, place, &thing, &free, &context)?;
        let what = thing.words();
        let outcome = match thing.foreign(&batch, &record) {
            None => LineScan::Belongs { what },
            Some(because) => {
                let deviation = (!changes.is_empty()).then_some(free);
                LineScan::Foreign { what, because, deviation }
            }
        };
        tx.record(changes)?;
        Ok(outcome)
    })
}

/// Records that something foreign was taken away, and where to.
///
/// # Errors
/// That it is not there, that the place is missing, or that the database failed.
pub fn batch_line_removed(
    app: &App,
    caller: &Caller,
    number: &BatchNumber,
    step: &Name,
    (item, to): (&str, &str),
) -> Result<(), Failure> {
    caller.needs(Capability::PerformSteps)?;
    let (number, step) = (number.clone(), step.clone());
    let (item, to) = (item.to_owned(), to.to_owned());
    let request = (number.clone(), step.clone(), item.clone(), to.clone());
    app.write(caller, &("batch_line_removed", &request), move |tx| {
        let batch = tx.require::<Batch>(number.as_str())?;
        tx.record(batch::remove_foreign(&batch, &step, (&item, &to))?)
    })
}

/// What a code is of, of all that can lie on a line.
fn thing(db: &mut Db, site: &Site, code: &str) -> Result<Thing, Failure> {
    let scanned = site.read_code(code).map_err(|_| nothing(code))?;
    Ok(match scanned {
        Scanned::Container { code, .. } | Scanned::Sample { code, .. } => of_container(db, &code)?,
        Scanned::Lot(lot) => of_lot(lot, code)?,
        Scanned::Batch(number) => match table::load(db, &number)? {
            Some(_) => Thing::Batch(number),
            None => Thing::Elsewhere(format!("label of batch {number}, which is not known here")),
        },
        Scanned::Order(number) => Thing::Order(number),
        Scanned::Coi(coi) => match order::find_by_text(db, coi.as_str())? {
            Some(line) => Thing::Order(line.number),
            None => Thing::Elsewhere(format!("label of {coi}, which is not known here")),
        },
        Scanned::Din(din) => Thing::Donation(din),
        Scanned::Isbt(elements) => of_isbt(db, &elements)?,
        Scanned::Sec(_) => Thing::Elsewhere(codes::explain(&scanned).kind.to_owned()),
        Scanned::Gs1(_)
        | Scanned::Deviation(_)
        | Scanned::Donor(_)
        | Scanned::Equipment(_)
        | Scanned::Location(_)
        | Scanned::Person(_) => return Err(nothing(code)),
    })
}

fn of_container(db: &mut Db, code: &ContainerCode) -> Result<Thing, Failure> {
    Ok(match container::load(db, code)? {
        Some(found) => Thing::Container(Box::new(found)),
        None => Thing::Elsewhere(format!("container {code}, which is not known here")),
    })
}

fn of_lot(lot: LotId, code: &str) -> Result<Thing, Failure> {
    let material = lot.as_str().split_once('/').map(|(material, _)| MaterialCode::parse(material));
    match material {
        Some(Ok(material)) => Ok(Thing::Lot { lot, material }),
        _ => Err(nothing(code)),
    }
}

fn of_isbt(db: &mut Db, elements: &[Element]) -> Result<Thing, Failure> {
    if let Ok(key) = ProductKey::of(elements) {
        let found = match key.facility().is_none() {
            true => identity::of_key(db, &key)?,
            false => None,
        };
        return match found {
            Some(Named { retired_at: Some(_), container }) => {
                Ok(Thing::Elsewhere(format!("void label {key} of {container}, corrected since")))
            }
            Some(Named { container, .. }) => of_container(db, &container),
            None => Ok(Thing::Elsewhere(format!("unit {key}, which is not known here"))),
        };
    }
    let din = elements.iter().find_map(|element| match element {
        Element::Din { din, .. } => Some(din.clone()),
        _ => None,
    });
    Ok(din.map_or_else(|| Thing::Elsewhere("ISBT 128 label".to_owned()), Thing::Donation))
}

fn nothing(code: &str) -> Failure {
    Failure::refused(
        "not_on_a_line ATMP-7",
        RefusalKind::Invalid,
        format!(
            "'{}' is no container, lot, batch or order. Scan it again; if it still cannot be read, \
             take it away and open a deviation.",
            code.chars().take(60).collect::<String>()
        ),
    )
}
