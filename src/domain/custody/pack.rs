//! Outer pack: the units of one patient in one package with a label and a code of its own.
//!
//! Each unit is scanned on its way in, so that a neighbour's is refused before the pack is closed;
//! at the hand-over pack and units are scanned again, and what the label counts is what leaves.
//!
//! Neighbours: [`super::hand_over`] moves packs with their units; `container` keeps labels.
//!
//! Architecture invariant: a unit is in one pack at most, and a pack holds units of one order and
//! one batch.

use super::{Refusal, Scan, Unit, not_over, patient_matches, scanned_units};
use crate::domain::container::{self, Container, ContainerKind, Contents, Custodian, Event};
use crate::domain::disposition::Disposition;
use crate::domain::id::{ContainerCode, Login, PatientCode};
use crate::domain::order::Order;
use crate::domain::{Change, Context};

/// Pack units of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pack {
    /// The code that the pack gets.
    pub code: ContainerCode,
    /// The patient code as read from the order's form (ATMP-21).
    pub patient: PatientCode,
    /// What was scanned into it.
    pub scans: Vec<Scan>,
}

/// Makes an outer pack of the units that were scanned. All of them were made for the order, wear
/// their own label, are not expired, are in the hands of who packs, and in no other pack. `units`
/// has the packs of the order, too.
///
/// # Errors
/// See [`Refusal`].
pub fn pack(
    order: &Order,
    units: &[Unit<'_>],
    command: &Pack,
    context: &Context,
) -> Result<Vec<Change>, Refusal> {
    not_over(order)?;
    patient_matches(order, &command.patient)?;
    let scanned = scanned_units(order, units, &command.scans)?;
    let Some((first, _)) = scanned.first() else {
        return Err(Refusal::NoUnit { order: order.number.to_string(), act: "pack" });
    };
    for (unit, _) in &scanned {
        unit.container.must_be_live()?;
        unit.not_expired(context.now)?;
        in_hand(unit.container, &context.actor.login)?;
        in_no_pack(unit.container, units)?;
        if unit.container.batch != first.container.batch {
            return Err(Refusal::PackOfTwoBatches {
                code: unit.container.code.clone(),
                other: first.container.code.clone(),
            });
        }
    }
    let produced = Event::Produced {
        kind: ContainerKind::OuterPack,
        contents: Contents { volume: None, viable_cells: None, ..first.container.contents.clone() },
        donation: None,
        batch: first.container.batch.clone(),
        step: None,
        output: None,
        number: 1,
        of: 1,
        identity: None,
        expires_at: scanned.iter().filter_map(|(unit, _)| unit.container.expires_at).min(),
        order: Some(order.number.clone()),
        target: None,
        // Its own; the effective one is the strictest of the batch that it came from.
        disposition: Disposition::Released,
        custodian: Custodian::Person { login: context.actor.login.clone() },
    };
    let packed = Event::Packed { units: scanned.into_iter().map(|(_, scan)| scan.code).collect() };
    let change = |event| Change::of::<Container>(command.code.as_str(), event);
    Ok(vec![change(produced), change(packed)])
}

fn in_hand(container: &Container, login: &Login) -> Result<(), Refusal> {
    let code = container.code.clone();
    let refusal = match &container.custodian {
        Custodian::Person { login: holder } if holder == login => return Ok(()),
        Custodian::Person { login: holder } => container::Refusal::HeldByAnother {
            code,
            holder: holder.to_string(),
            asked: login.to_string(),
        },
        Custodian::Place { location } => {
            container::Refusal::InStorage { code, location: location.to_string() }
        }
        Custodian::Transfer { transfer } => {
            container::Refusal::NotInTransfer { code, transfer: format!("to pack: {transfer}") }
        }
        Custodian::Spent => return Ok(container.must_be_live()?),
    };
    Err(refusal.into())
}

/// A pack is packed once, and a unit is in one pack.
fn in_no_pack(container: &Container, units: &[Unit<'_>]) -> Result<(), Refusal> {
    if container.kind == ContainerKind::OuterPack {
        return Err(Refusal::PackInPack { code: container.code.clone() });
    }
    let holds = |unit: &&Unit<'_>| {
        unit.is_live() && unit.container.packed.iter().any(|one| one.as_str() == container.code)
    };
    match units.iter().find(holds) {
        None => Ok(()),
        Some(pack) => Err(Refusal::PackedAlready {
            code: container.code.clone(),
            pack: pack.container.code.clone(),
        }),
    }
}

/// Where an order has packs, each live unit is in one, and each pack holds what its label counts
/// (Regulation (EU) 536/2014 Annex VI A.1: quantity of units).
pub(super) fn packs_fit(live: &[&Unit<'_>]) -> Result<(), Refusal> {
    let is_pack = |unit: &&&Unit<'_>| unit.container.kind == ContainerKind::OuterPack;
    let packs: Vec<&Container> = live.iter().filter(is_pack).map(|unit| unit.container).collect();
    let Some(pack) = packs.first() else { return Ok(()) };
    let units = || live.iter().filter(|unit| !is_pack(unit)).map(|unit| unit.container);
    let held = |code: &str| packs.iter().any(|pack| holds(pack, code));
    if let Some(loose) = units().find(|unit| !held(&unit.code)) {
        let (code, pack) = (loose.code.clone(), pack.code.clone());
        return Err(Refusal::NotPacked { code, pack });
    }
    for pack in &packs {
        let gone = |code: &&ContainerCode| !units().any(|unit| unit.code == code.as_str());
        if let Some(code) = pack.packed.iter().find(gone) {
            let (code, pack) = (code.to_string(), pack.code.clone());
            return Err(Refusal::PackIncomplete { code, pack });
        }
    }
    Ok(())
}

fn holds(pack: &Container, code: &str) -> bool {
    pack.packed.iter().any(|one| one.as_str() == code)
}

/// Who received every unit has opened the pack: it is over.
pub(super) fn unpacked(scanned: &[(&Unit<'_>, Scan)]) -> Vec<Change> {
    let packs = scanned.iter().map(|(unit, _)| unit.container);
    packs
        .filter(|container| container.kind == ContainerKind::OuterPack)
        .map(|pack| Change::of::<Container>(&pack.code, Event::Unpacked {}))
        .collect()
}
