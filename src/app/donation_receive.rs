//! Receives a donation: its number, its collection pot, and a deviation where the transport was
//! outside its limits.
//!
//! Neighbours: `domain::donation` decides.
//!
//! Architecture invariant: donation, pot and deviation are one transaction.

use serde::{Deserialize, Serialize};

use super::site::rules_at;
use super::{App, Caller};
use crate::codes::sec::DonationSequence;
use crate::domain::actor::Capability;
use crate::domain::container::ContainerKind;
use crate::domain::donation::{self, Donation, Facts, Receive, Tissue};
use crate::domain::donor::Donor;
use crate::domain::id::{ContainerCode, Din, DonationSequenceId, DonorCode};
use crate::domain::quantity::Quantity;
use crate::domain::time::Instant;
use crate::site::Site;
use crate::store::{Failure, container, deviation, donor as table, number};

/// A request to receive a donation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DonationReceive {
    /// Its number; the next free one of the facility where none is given.
    pub din: DinChoice,
    /// Who gave it.
    pub donor: DonorCode,
    /// What was given.
    pub tissue: Tissue,
    /// When it was given.
    pub donated_at: Instant,
    /// When it was received here.
    pub received_at: Instant,
    /// How much: the length of a cord, `cm`, or the volume of a liquid, `mL`.
    pub amount: Option<Quantity>,
    /// Temperature on receipt, `Cel`.
    pub temperature: Quantity,
    /// Condition of tissue and packaging.
    pub condition: String,
}

/// Which number a donation gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "number", rename_all = "snake_case")]
pub enum DinChoice {
    /// The one on its label.
    Scanned {
        /// The number.
        din: Din,
    },
    /// The next free one of the site.
    Next,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    /// Its number.
    pub din: Din,
    /// The collection pot.
    pub container: ContainerCode,
    /// The deviation that was opened, if the transport was outside its limits.
    pub deviation: Option<String>,
}

/// Receives a donation.
///
/// # Errors
/// What `domain::donation` refuses, or that the database failed.
pub fn donation_receive(
    app: &App,
    caller: &Caller,
    command: DonationReceive,
) -> Result<Received, Failure> {
    caller.needs(Capability::RegisterDonor)?;
    let site = app.config.site.clone();
    let request = ("donation_receive", command.clone());
    app.write(caller, &request, move |tx| {
        let now = tx.now();
        let din = match &command.din {
            DinChoice::Scanned { din } => din.clone(),
            DinChoice::Next => number::next_din(tx.db(), &site, now)?,
        };
        let donor: Option<Donor> = tx.load(command.donor.as_str())?;
        let existing: Option<Donation> = tx.load(din.as_str())?;
        let earlier = table::donations_of(tx.db(), &command.donor)?
            .into_iter()
            .map(|row| (row.din, row.tissue))
            .collect();
        let pot = container::next_codes(tx, ContainerKind::CollectionPot, 1)?
            .pop()
            .ok_or_else(|| Failure::Broken("no container code was given".to_owned()))?;
        let facts = Facts {
            existing: existing.as_ref(),
            donor: donor.as_ref(),
            earlier,
            rules: rules_at(&site, command.donated_at)?,
            container: pot.clone(),
            deviation: deviation::next_number(tx.db(), now, 0)?,
            sequence: sequence(&site, &din)?,
            product_code: None,
            fictitious_site: site.fictitious,
        };
        let receive = Receive {
            din: din.clone(),
            donor: command.donor.clone(),
            tissue: command.tissue,
            donated_at: command.donated_at,
            received_at: command.received_at,
            amount: command.amount,
            temperature: command.temperature,
            condition: command.condition.clone(),
        };
        let changes = donation::receive(&receive, &facts, &tx.context())?;
        let opened = changes
            .iter()
            .find(|change| change.stream.kind() == "deviation")
            .map(|change| change.stream.id().to_owned());
        tx.record(changes)?;
        Ok(Received { din, container: pot, deviation: opened })
    })
}

/// Donation identification sequence of a number, where the site is a tissue establishment.
fn sequence(site: &Site, din: &Din) -> Result<Option<DonationSequenceId>, Failure> {
    let sequence = site.donation_sequence(din);
    let read = |sequence: DonationSequence| DonationSequenceId::parse(&sequence.to_string());
    sequence.map(read).transpose().map_err(|error| Failure::Broken(error.to_string()))
}
