//! Starts a batch from the version of its master record that is in effect (ATMP-1).
//!
//! Neighbours: `domain::batch` decides what a start needs; `domain::order` links the batch to the
//! order it is made for.
//!
//! Architecture invariant: number, donation number of a pool, batch and link to the order are one
//! transaction.

use serde::{Deserialize, Serialize};

use super::batch_facts::record_of_text;
use super::{App, Caller};
use crate::domain::RefusalKind;
use crate::domain::actor::Capability;
use crate::domain::batch::{self, Start};
use crate::domain::id::{BatchNumber, MasterRecordId, OrderNumber};
use crate::domain::master_record::{DonationRule, RecordVersion, version_key};
use crate::domain::order::{self, Order};
use crate::store::{Failure, Tx, batch as table, number};

/// Start a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchStart {
    /// The master record.
    pub record: MasterRecordId,
    /// Its version; none for the one in effect.
    pub version: Option<u32>,
    /// The order it is made for.
    pub order: Option<OrderNumber>,
}

/// Starts a batch; gives its number.
///
/// # Errors
/// That the version is not approved or not in effect, what `domain::batch` and `domain::order`
/// refuse, or that the database failed.
pub fn batch_start(
    app: &App,
    caller: &Caller,
    command: BatchStart,
) -> Result<BatchNumber, Failure> {
    caller.needs(Capability::PerformSteps)?;
    let (request, site) = (command.clone(), app.config.site.clone());
    app.write(caller, &("batch_start", &request), move |tx| {
        let context = tx.context();
        let version = version(tx, &command)?;
        version.must_be_in_effect(context.now)?;
        let record = record_of_text(version.record.hash.as_str(), &version.text)?;
        let batch_number = number::next_batch(tx.db(), context.now)?;
        let mut start = Start::default();
        let mut linked = Vec::new();
        if let Some(order_number) = &command.order {
            let order = tx.require::<Order>(order_number.as_str())?;
            linked = order::link_batch(&order, &batch_number)?;
            start.order = Some(order_number.clone());
            start.patient = Some(order.patient.clone());
            start.dose_units = order.units.clone();
        }
        if record.donation == DonationRule::Pool {
            // A pool gets a new donation number (Directive 2006/86 Art. 10b).
            start.din = Some(number::next_din(tx.db(), &site, context.now)?);
        }
        let changes = batch::start(&batch_number, &record, &start)?;
        tx.record(changes.into_iter().chain(linked))?;
        Ok(batch_number)
    })
}

fn version(tx: &mut Tx<'_>, command: &BatchStart) -> Result<RecordVersion, Failure> {
    if let Some(version) = command.version {
        return tx.require::<RecordVersion>(&version_key(&command.record, version));
    }
    let now = tx.context().now;
    table::in_effect(tx.db(), &command.record, now)?.ok_or_else(|| {
        Failure::refused(
            "record_not_approved ATMP-1",
            RefusalKind::Conflict,
            format!(
                "No approved version of {} is in effect (ATMP-1). Ask QA to approve one.",
                command.record
            ),
        )
    })
}
