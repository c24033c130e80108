//! Whose cells may reach whom.
//!
//! Asked at every door through which a container comes nearer to a patient: when it is earmarked
//! for an order, taken into a batch, handed over, received, thawed at the bedside and given. What
//! it is asked of is the genealogy: the donors a container comes from, never a mark on it.
//!
//! Neighbours: `order`, `batch` and `custody` ask here; `store::genealogy` finds the donors.
//!
//! Architecture invariant: cells of a donor who is registered for a patient reach that patient or
//! nobody, whatever the protocol of an order says.

use super::id::{DonorCode, PatientCode};
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
}

impl Refusal for Crossing {
    fn rule(&self) -> &'static str {
        match self {
            Self::OtherRecipient { .. } => "autologous_recipient ATMP-21",
            Self::Mixed { .. } => "autologous_never_mixed ATMP-21",
        }
    }

    fn kind(&self) -> RefusalKind {
        RefusalKind::Conflict
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

/// The patient a container is for, where it comes from a donor registered for one.
pub fn recipient(origins: &[Origin]) -> Option<&PatientCode> {
    origins.iter().find_map(|origin| origin.recipient.as_ref())
}
