//! Custody of the product made for an order: hand-over, receipt, excursion, return, administration.
//!
//! `container` decides what may happen to one container. Here stands what concerns the whole
//! order: every unit is scanned, both persons are there, the patient code matches (ATMP-21), the
//! excursion stays within the protocol (ATMP-46), the record of the transport is kept (ATMP-48).
//!
//! Neighbours: `container` for the single steps, `order` for what was ordered and when it closes.
//!
//! Architecture invariant: no unit moves that was not scanned, and the clock of expiry never stops.

mod administer;
mod bedside;
mod excursion;
mod hand_over;
mod pack;
mod refusal;

pub use administer::{Administer, administer, administration_fits};
pub use bedside::{ThawAtBedside, lapsed, lapsed_deviation, thaw_at_bedside};
pub use excursion::{
    OpenExcursion, ReturnExcursion, excursion_due, open_excursion, proposed_share,
    return_excursion, write_off_excursion,
};
pub use hand_over::{
    Condition, HandOver, Receive, ReturnUnits, TemperatureRecord, hand_over, receive, return_units,
};
pub use pack::{Pack, pack};
pub use refusal::Refusal;

pub use super::container::Scan;

use super::Change;
use super::container::{self, Container, Fate};
use super::disposition::Disposition;
use super::genealogy::Standing;
use super::id::PatientCode;
use super::lineage::{self, Origin};
use super::order::{Order, UnitFate};
use super::time::Instant;

/// One unit made for an order, with the disposition of all it came from.
#[derive(Debug, Clone, Copy)]
pub struct Unit<'a> {
    /// The container.
    pub container: &'a Container,
    /// The effective disposition and its cause.
    pub standing: &'a Standing,
    /// The donors it comes from.
    pub origins: &'a [Origin],
}

impl Unit<'_> {
    /// How the unit stands, for closing the order.
    pub fn fate(&self) -> UnitFate {
        UnitFate {
            code: self.container.code.clone(),
            target: self.container.target.clone(),
            fate: self.container.fate.clone(),
            on_excursion: self.container.excursion.is_some(),
        }
    }

    fn is_live(&self) -> bool {
        self.container.fate == Fate::Live
    }

    /// Its valid label is on it and was the one scanned.
    fn label_fits(&self, scan: &Scan) -> Result<(), Refusal> {
        if let Some(serial) = scan.serial {
            container::check_label(self.container, serial)?;
        }
        if self.container.labels.applied() {
            Ok(())
        } else {
            Err(Refusal::LabelNotScannedBack { code: self.container.code.clone() })
        }
    }

    fn not_expired(&self, now: Instant) -> Result<(), Refusal> {
        match self.container.expires_at {
            Some(at) if at <= now => {
                Err(Refusal::Expired { code: self.container.code.clone(), at })
            }
            _ => Ok(()),
        }
    }

    /// Released, at least initially (ATMP-34).
    fn released(&self) -> Result<(), Refusal> {
        let disposition = self.standing.disposition.max(self.container.disposition);
        if disposition <= Disposition::ConditionallyReleased {
            return Ok(());
        }
        let because = self.standing.because.as_ref();
        let cause = because.filter(|node| node.id() != self.container.code);
        Err(Refusal::NotReleased {
            code: self.container.code.clone(),
            disposition,
            cause: cause.map_or_else(|| "its own state".to_owned(), |node| node.words()),
        })
    }
}

/// The patient code scanned or read at the point of action is that of the order (ATMP-21).
fn patient_matches(order: &Order, scanned: &PatientCode) -> Result<(), Refusal> {
    if order.patient == *scanned {
        return Ok(());
    }
    Err(Refusal::PatientMismatch {
        order: order.number.to_string(),
        ordered_for: order.patient.to_string(),
        scanned: scanned.to_string(),
    })
}

fn not_over(order: &Order) -> Result<(), Refusal> {
    match (&order.cancelled, &order.closed) {
        (Some(_), _) => {
            Err(Refusal::OrderOver { order: order.number.to_string(), is: "cancelled" })
        }
        (_, Some(_)) => Err(Refusal::OrderOver { order: order.number.to_string(), is: "closed" }),
        (None, None) => Ok(()),
    }
}

/// The scanned units, once each, all of them made for the order.
fn scanned_units<'a>(
    order: &Order,
    units: &'a [Unit<'a>],
    scans: &[Scan],
) -> Result<Vec<(&'a Unit<'a>, Scan)>, Refusal> {
    let mut found: Vec<(&Unit<'_>, Scan)> = Vec::new();
    for scan in scans {
        let unit = units.iter().find(|unit| unit.container.code == scan.code.as_str());
        if let Some(unit) = unit {
            // First of all: the worst mix-up is named with both patients.
            let (code, rule) = (&unit.container.code, order.protocol.donor);
            lineage::may_reach(rule, &order.patient, code, unit.origins, &[])?;
        }
        let own = unit.filter(|unit| unit.container.order.as_ref() == Some(&order.number));
        let Some(unit) = own else {
            return Err(Refusal::NotOfThisOrder {
                code: scan.code.to_string(),
                order: order.number.to_string(),
                patient: order.patient.to_string(),
            });
        };
        unit.label_fits(scan)?;
        // The same code twice in a moment is one scan.
        if !found.iter().any(|(known, _)| known.container.code == unit.container.code) {
            found.push((unit, scan.clone()));
        }
    }
    Ok(found)
}

/// Every unit of `wanted` is among the scanned ones.
fn all_scanned(wanted: &[&Unit<'_>], scanned: &[(&Unit<'_>, Scan)]) -> Result<(), Refusal> {
    let missing: Vec<String> = wanted
        .iter()
        .filter(|unit| !scanned.iter().any(|(s, _)| s.container.code == unit.container.code))
        .map(|unit| unit.container.code.clone())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Refusal::NotScanned {
        missing: missing.join(", "),
        scanned: scanned.len(),
        all: wanted.len(),
    })
}

/// The decisions of single containers, joined.
fn for_each(
    units: &[(&Unit<'_>, Scan)],
    command: &container::Command,
    context: &super::Context,
) -> Result<Vec<Change>, Refusal> {
    let mut changes = Vec::new();
    for (unit, _) in units {
        changes.extend(container::decide(unit.container, command, unit.standing, context)?);
    }
    Ok(changes)
}
