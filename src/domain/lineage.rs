//! Whose cells may reach whom.
//!
//! Asked at every door through which a container comes nearer to a patient: when it is earmarked
//! for an order, taken into a batch, handed over, received, thawed at the bedside and given. What
//! it is asked of is the genealogy: the donors a container comes from, never a mark on it.
//!
//! Neighbours: `protocol` states the rule of donors; `order`, `batch` and `custody` ask here;
//! `store::genealogy` finds the donors.
//!
//! Architecture invariant: cells of a donor who is registered for a patient reach that patient or
//! nobody, whatever the protocol of an order says.

use super::id::{DonorCode, OrderNumber, PatientCode};
use super::protocol::DonorRule;
use super::{Refusal, RefusalKind};
use serde::{Deserialize, Serialize};

/// A donor that a container comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Origin {
    /// The donor.
    pub donor: DonorCode,
    /// The only patient who may get cells of this donor, where there is one (autologous use).
    pub recipient: Option<PatientCode>,
}

/// A donor whose cells were stored for or given to a patient before.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Earlier {
    /// The donor.
    pub donor: DonorCode,
    /// The order they are of.
    pub order: OrderNumber,
}

/// Whom something is made for, and whose cells they may get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// The rule of the order's protocol.
    pub rule: DonorRule,
    /// The patient.
    pub patient: PatientCode,
    /// The donors of what was stored for the patient in every order so far.
    pub earlier: Vec<Earlier>,
}

impl Reach {
    /// Whether `what`, which comes from `origins`, may be used for the patient.
    ///
    /// # Errors
    /// See [`may_reach`].
    pub fn allows(&self, what: &str, origins: &[Origin]) -> Result<(), Crossing> {
        may_reach(self.rule, &self.patient, what, origins, &self.earlier)
    }
}

/// Why cells may not go where they were to go.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Crossing {
    /// They belong to another patient.
    #[error(
        "{what} comes from donor {donor}, whose cells are for {recipient} only; it must not reach \
         {reached}. Put it back under quarantine and call QA: two patients are about to be crossed"
    )]
    OtherRecipient {
        /// The container.
        what: String,
        /// Its donor.
        donor: DonorCode,
        /// The only patient who may get it.
        recipient: PatientCode,
        /// Whom or what it was to reach.
        reached: String,
    },
    /// Cells that are for one patient only would be mixed with others.
    #[error(
        "{what} comes from donor {donor}, this batch has cells of donor {other}, and cells of \
         {autologous} are for {recipient} only. They are never mixed; take what is of one donor"
    )]
    Mixed {
        /// The container.
        what: String,
        /// Its donor.
        donor: DonorCode,
        /// A donor in the batch.
        other: DonorCode,
        /// Which of the two is registered for a patient.
        autologous: DonorCode,
        /// That patient.
        recipient: PatientCode,
    },
    /// The protocol gives a patient cells of one donor only.
    #[error(
        "{patient} gets cells of one donor only: those of order {order} are of {earlier}, {what} \
         is of {donor}. Take a unit of donor {earlier}"
    )]
    OtherDonor {
        /// The patient.
        patient: PatientCode,
        /// The order of the earlier donor.
        order: OrderNumber,
        /// The earlier donor.
        earlier: DonorCode,
        /// The container.
        what: String,
        /// Its donor.
        donor: DonorCode,
    },
    /// A unit of several donors, where one is asked for.
    #[error(
        "{what} comes from {donors}, the protocol asks for cells of one donor. \
         Take a unit made of one donor"
    )]
    SeveralDonors {
        /// The container.
        what: String,
        /// Its donors.
        donors: String,
    },
    /// Not the patient's own cells, where these are asked for.
    #[error(
        "{what} is of {donors}, the protocol gives {patient} their own cells only. \
         Take what comes from the donor that is registered for {patient}"
    )]
    NotOwn {
        /// The container.
        what: String,
        /// Its donors.
        donors: String,
        /// The patient.
        patient: PatientCode,
    },
}

impl Refusal for Crossing {
    fn rule(&self) -> &'static str {
        match self {
            Self::OtherRecipient { .. } => "autologous_recipient ATMP-21",
            Self::Mixed { .. } => "autologous_never_mixed ATMP-21",
            Self::OtherDonor { .. } => "one_donor_per_patient",
            Self::SeveralDonors { .. } => "one_donor_per_unit",
            Self::NotOwn { .. } => "own_cells_only ATMP-21",
        }
    }

    fn kind(&self) -> RefusalKind {
        RefusalKind::Conflict
    }
}

/// Whether `what`, which comes from `origins`, may reach the patient under the rule of the
/// protocol. `earlier` are the donors of what was stored for the patient in every order so far.
///
/// # Errors
/// See [`Crossing`]. Something of no known donor is refused where the rule names donors.
pub fn may_reach(
    rule: DonorRule,
    patient: &PatientCode,
    what: &str,
    origins: &[Origin],
    earlier: &[Earlier],
) -> Result<(), Crossing> {
    only_recipient(patient, what, origins)?;
    match rule {
        DonorRule::Any => Ok(()),
        DonorRule::OnePerPatient => one_donor(patient, what, origins, earlier),
        DonorRule::Patient => {
            let own = |origin: &Origin| origin.recipient.as_ref() == Some(patient);
            if !origins.is_empty() && origins.iter().all(own) {
                return Ok(());
            }
            let (what, donors) = (what.to_owned(), listed(origins));
            Err(Crossing::NotOwn { what, donors, patient: patient.clone() })
        }
    }
}

/// Whether `what` may reach the patient, whatever any protocol says.
///
/// # Errors
/// [`Crossing::OtherRecipient`].
pub fn only_recipient(
    patient: &PatientCode,
    what: &str,
    origins: &[Origin],
) -> Result<(), Crossing> {
    for origin in origins {
        if let Some(recipient) = origin.recipient.as_ref().filter(|only| *only != patient) {
            return Err(Crossing::OtherRecipient {
                what: what.to_owned(),
                donor: origin.donor.clone(),
                recipient: recipient.clone(),
                reached: patient.to_string(),
            });
        }
    }
    Ok(())
}

/// Whether `what` may join the cells of `inside` in one batch: cells for one patient only are
/// never mixed with those of another donor.
///
/// # Errors
/// [`Crossing::Mixed`].
pub fn may_mix(what: &str, origins: &[Origin], inside: &[Origin]) -> Result<(), Crossing> {
    let pairs = origins.iter().flat_map(|own| inside.iter().chain(origins).map(move |o| (own, o)));
    for (own, other) in pairs.filter(|(own, other)| own.donor != other.donor) {
        let found = [own, other].into_iter().find_map(|of| of.recipient.as_ref().map(|r| (of, r)));
        if let Some((autologous, recipient)) = found {
            return Err(Crossing::Mixed {
                what: what.to_owned(),
                donor: own.donor.clone(),
                other: other.donor.clone(),
                autologous: autologous.donor.clone(),
                recipient: recipient.clone(),
            });
        }
    }
    Ok(())
}

fn one_donor(
    patient: &PatientCode,
    what: &str,
    origins: &[Origin],
    earlier: &[Earlier],
) -> Result<(), Crossing> {
    let [only] = origins else {
        let (what, donors) = (what.to_owned(), listed(origins));
        return Err(Crossing::SeveralDonors { what, donors });
    };
    match earlier.iter().find(|earlier| earlier.donor != only.donor) {
        None => Ok(()),
        Some(other) => Err(Crossing::OtherDonor {
            patient: patient.clone(),
            order: other.order.clone(),
            earlier: other.donor.clone(),
            what: what.to_owned(),
            donor: only.donor.clone(),
        }),
    }
}

fn listed(origins: &[Origin]) -> String {
    let donors: Vec<String> = origins.iter().map(|origin| origin.donor.to_string()).collect();
    if donors.is_empty() { "no known donor".to_owned() } else { donors.join(", ") }
}

/// The patient a container is for, where it comes from a donor registered for one.
pub fn recipient(origins: &[Origin]) -> Option<&PatientCode> {
    origins.iter().find_map(|origin| origin.recipient.as_ref())
}
