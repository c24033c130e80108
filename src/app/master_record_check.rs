//! Checks the text of a master record alone and beside what the site has: its labels, its
//! protocols, and the records that its inputs are made by.
//!
//! Neighbours: `domain::master_record` finds the faults; the command line and the pages show them;
//! [`super::master_record_approve`] refuses a text that has any.
//!
//! Architecture invariant: one list of faults for everybody who asks.

use super::label_fit::title_faults;
use crate::db::Db;
use crate::domain::master_record::{
    Beside, Fault, LabelKind, LabelNeed, MasterRecord, RecordVersion, check_beside, parse,
};
use crate::domain::protocol::Protocol;
use crate::labels::{self, Particular};
use crate::site::Site;
use crate::store::{Failure, batch, ledger};

/// What is checked: the record that was read, if it could be, and all its faults.
#[derive(Debug, Clone)]
pub struct Checked {
    /// The record; none while its text has faults of its own.
    pub record: Option<MasterRecord>,
    /// Every fault, in the order of the file.
    pub faults: Vec<Fault>,
}

/// Reads a text and checks it beside other records and what the site has.
///
/// # Errors
/// When a label definition of the program does not load.
pub fn check_text(text: &str, others: &[MasterRecord], site: &Site) -> Result<Checked, Failure> {
    let record = match parse(text) {
        Ok(record) => record,
        Err(faults) => return Ok(Checked { record: None, faults: faults.0 }),
    };
    let protocols: Vec<&Protocol> = site.protocols.iter().map(|known| &known.protocol).collect();
    let beside = Beside {
        labels: label_kinds()?,
        language: Some(site.label_language),
        records: others.iter().collect(),
        protocols,
    };
    let mut faults = check_beside(&record, &beside);
    faults.extend(title_faults(&record));
    faults.sort();
    Ok(Checked { record: Some(record), faults })
}

/// The kinds of label with what each must show that only a master record can give.
///
/// # Errors
/// When a label definition of the program does not load.
pub fn label_kinds() -> Result<Vec<LabelKind>, Failure> {
    let kinds = labels::kinds().map_err(|error| Failure::Broken(error.to_string()))?;
    Ok(kinds
        .into_iter()
        .filter_map(|kind| kind.container().map(|container| (kind, container)))
        .map(|(kind, container)| {
            let (mandatory, _) = kind.mandatory();
            let mut needs: Vec<LabelNeed> = mandatory.iter().copied().filter_map(need).collect();
            needs.sort();
            needs.dedup();
            LabelKind { name: kind.code().to_owned(), container, needs }
        })
        .collect())
}

fn need(particular: Particular) -> Option<LabelNeed> {
    match particular {
        Particular::Passage => Some(LabelNeed::Passage),
        Particular::ProductCode => Some(LabelNeed::ProductCode),
        Particular::Expiry => Some(LabelNeed::Expiry),
        Particular::Quantity => Some(LabelNeed::Volume),
        Particular::Subject | Particular::Target | Particular::Strength | Particular::Route => {
            Some(LabelNeed::Order)
        }
        _ => None,
    }
}

/// Every version that was ever proposed here, read.
///
/// # Errors
/// When the database fails.
pub fn records_known(db: &mut Db) -> Result<Vec<MasterRecord>, Failure> {
    let mut records = Vec::new();
    for row in batch::versions(db)? {
        let version = ledger::load::<RecordVersion>(db, &row.key)?;
        // What was approved under an older language may not be readable any more; it is not what
        // a new text is checked beside.
        records.extend(version.and_then(|version| parse(&version.text).ok()));
    }
    Ok(records)
}
