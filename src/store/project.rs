//! The one function that turns an event into rows.
//!
//! It runs in the transaction that appends the event, and again, event by event, when a ledger
//! is verified or restored. Therefore it may look only at the event and at tables that events
//! made, never at a clock or at settings.
//!
//! Neighbours: each `store::<aggregate>` module has a `project` for its own tables.
//!
//! Architecture invariant: nothing else inserts, updates or deletes in a projection table.

use crate::db::Db;
use crate::domain::{Event, Recorded};

use super::{
    Failure, batch, container, custody, deviation, donor, equipment, installation,
    label_definition, material, order, printer, quality, release, storage, user,
};

/// Brings the tables up to date with one more event.
///
/// # Errors
/// When the database fails, or a row that the event needs is not there.
pub fn event(db: &mut Db, recorded: &Recorded) -> Result<(), Failure> {
    own_tables(db, recorded)?;
    // What happens to a vial, a batch or a syringe moves the order it belongs to.
    order::follow(db, recorded)
}

fn own_tables(db: &mut Db, recorded: &Recorded) -> Result<(), Failure> {
    // One line for each aggregate, in the order of `domain::Event`.
    match &recorded.event {
        Event::Container(event) => {
            container::project(db, recorded, event)?;
            custody::project(db, recorded, event)
        }
        Event::Donor(event) => donor::project(db, recorded, event),
        Event::Donation(event) => donor::project_donation(db, recorded, event),
        Event::Test(event) => quality::project(db, recorded, event),
        Event::Deviation(event) => deviation::project(db, recorded, event),
        Event::Release(event) => release::project(db, recorded, event),
        Event::Location(event) => storage::project(db, recorded, event),
        Event::Installation(event) => installation::project(db, recorded, event),
        Event::User(event) => user::project(db, recorded, event),
        Event::Order(event) => order::project(db, recorded, event),
        Event::MasterRecord(event) => batch::project_record(db, recorded, event),
        Event::Batch(event) => batch::project(db, recorded, event),
        // Read with its stream; there is no list of it.
        Event::Scanner(_) => Ok(()),
        Event::Printer(event) => printer::project(db, recorded, event),
        Event::PrintJob(event) => printer::project_job(db, recorded, event),
        Event::LabelDefinition(event) => label_definition::project(db, recorded, event),
        Event::Material(event) => material::project(db, recorded, event),
        Event::Equipment(event) => equipment::project(db, recorded, event),
    }
}
