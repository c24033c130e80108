//! Materials and equipment of a batch as they stood when they were used: expiry, opened package,
//! release, calibration, cleaning.
//!
//! Architecture invariant: what stood at the time of use is folded from the events of the lot or
//! the asset up to then; a later recalibration or rejection does not change it.

use std::collections::BTreeMap;

use super::streams::{Streams, as_of};
use super::{Gathered, mark};
use crate::db::Db;
use crate::domain::batch::{Batch as State, Performance, material_amount};
use crate::domain::equipment::{Equipment, Event as EquipmentEvent};
use crate::domain::id::{AssetId, LotId};
use crate::domain::master_record::MasterRecord;
use crate::domain::material::MaterialLot;
use crate::domain::{Aggregate, Event, Refused};
use crate::record::{EquipmentUse, MaterialStep, MaterialUse, Verdict};
use crate::store::Failure;
use crate::store::ledger::Entry;

/// Who used what: every performance by the lot or asset, in the order of use.
fn users<T: Ord + Clone>(
    state: &State,
    used: fn(&Performance) -> &[T],
) -> BTreeMap<T, Vec<&Performance>> {
    let mut by: BTreeMap<T, Vec<&Performance>> = BTreeMap::new();
    for performance in &state.performances {
        for one in used(performance) {
            by.entry(one.clone()).or_default().push(performance);
        }
    }
    by
}

/// The number and title of a performed step, as the steps chapter prints them.
pub(super) fn step_label(state: &State, record: &MasterRecord, of: &Performance) -> String {
    let place = record.steps.iter().position(|step| step.name == of.step).unwrap_or(0) + 1;
    let title = record.step(&of.step).map_or("", |step| step.title.as_str());
    match of.occurrence {
        1 if state.count_of(&of.step) == 1 => format!("{place} {title}"),
        occurrence => format!("{place}.{occurrence} {title}"),
    }
}

pub(super) fn materials(
    db: &mut Db,
    gathered: &mut Gathered,
    state: &State,
    record: &MasterRecord,
) -> Result<Vec<MaterialUse>, Failure> {
    let mut lines = Vec::new();
    for (lot, uses) in users(state, |performance| &performance.materials) {
        let entries = gathered.streams.whole(db, &MaterialLot::stream(lot.as_str()))?;
        let known = MaterialLot::fold(entries.iter().map(|entry| &entry.recorded));
        let known = known.ok_or_else(|| Failure::Broken(format!("there is no lot {lot}")))?;
        let thens: Vec<Option<MaterialLot>> =
            uses.iter().map(|used| as_of(entries, used.recorded_at)).collect();
        let uses = uses
            .into_iter()
            .zip(thens)
            .map(|(used, then)| material_step(gathered, state, record, &lot, used, then.as_ref()))
            .collect();
        lines.push(MaterialUse {
            material: known.receipt.title.clone(),
            lot: lot.to_string(),
            supplier: known.receipt.supplier.clone(),
            certificate: known.receipt.certificate.clone(),
            released: known.decision.as_ref().map(mark),
            expiry: gathered.moment(known.receipt.expires_at),
            uses,
        });
    }
    Ok(lines)
}

fn material_step(
    gathered: &Gathered,
    state: &State,
    record: &MasterRecord,
    lot: &LotId,
    used: &Performance,
    then: Option<&MaterialLot>,
) -> MaterialStep {
    let judged = then.map(|then| then.usable(used.performed_at));
    let (word, verdict) = match judged {
        Some(Ok(())) => ("released, in date".to_owned(), Verdict::In),
        Some(Err(refusal)) => (Refused::from(refusal).message, Verdict::Out),
        None => ("not received at that time".to_owned(), Verdict::Out),
    };
    let in_use = then.and_then(|then| {
        let (open, until) = (then.open.as_ref()?, then.open_until()?);
        let until = until.minute_text(gathered.zone);
        Some(format!("package {}, in use to {until}", open.package))
    });
    MaterialStep {
        step: step_label(state, record, used),
        at: gathered.moment(used.performed_at),
        quantity: material_amount(state, record, used, lot),
        in_use,
        state: word,
        verdict,
    }
}

pub(super) fn equipment(
    db: &mut Db,
    gathered: &mut Gathered,
    state: &State,
    record: &MasterRecord,
) -> Result<Vec<EquipmentUse>, Failure> {
    let zone = gathered.zone;
    let mut lines: Vec<EquipmentUse> = Vec::new();
    for (asset, uses) in users(state, |performance| &performance.equipment) {
        for used in uses {
            let then = at_use(db, &mut gathered.streams, &asset, used)?;
            let label = step_label(state, record, used);
            let at = used.performed_at.minute_text(zone);
            let line = equipment_use(&asset, then.as_ref(), used, zone);
            let same = |known: &&mut EquipmentUse| {
                (&known.asset, &known.calibration, &known.cleaning, &known.state)
                    == (&line.asset, &line.calibration, &line.cleaning, &line.state)
            };
            let text = format!("{label} ({at})");
            match lines.iter_mut().find(same) {
                Some(known) => known.uses.push(text),
                None => lines.push(EquipmentUse { uses: vec![text], ..line }),
            }
        }
    }
    Ok(lines)
}

/// The asset as it was, and the events that say so taken into the record.
fn at_use(
    db: &mut Db,
    streams: &mut Streams,
    asset: &AssetId,
    used: &Performance,
) -> Result<Option<Equipment>, Failure> {
    let stream = Equipment::stream(asset.as_str());
    let entries = streams.partial(db, &stream)?;
    let then = as_of(entries, used.recorded_at);
    let needed = in_force(entries, used);
    streams.need(&stream, needed);
    Ok(then)
}

/// The registration, and the last calibration, cleaning and change of service before the use.
fn in_force(entries: &[Entry], used: &Performance) -> Vec<u64> {
    let mut last: BTreeMap<u8, u64> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| entry.recorded.at <= used.recorded_at) {
        let Event::Equipment(event) = &entry.recorded.event else { continue };
        let kind = match event {
            EquipmentEvent::Registered { .. } => 0,
            EquipmentEvent::Calibrated { .. } => 1,
            EquipmentEvent::Cleaned { .. } => 2,
            EquipmentEvent::TakenOutOfService { .. } | EquipmentEvent::PutInService { .. } => 3,
        };
        last.insert(kind, entry.recorded.version);
    }
    last.into_values().collect()
}

fn equipment_use(
    asset: &AssetId,
    then: Option<&Equipment>,
    used: &Performance,
    zone: crate::domain::time::Zone,
) -> EquipmentUse {
    let (state, verdict) = match then.map(|then| then.usable(used.performed_at)) {
        Some(Ok(())) => ("fit for use".to_owned(), Verdict::In),
        Some(Err(refusal)) => (Refused::from(refusal).message, Verdict::Out),
        None => ("not registered at that time".to_owned(), Verdict::Out),
    };
    let due = then.and_then(|then| then.registration.calibration_due);
    let reference = then.and_then(|then| then.calibration_reference.clone());
    let calibration = match (due, reference) {
        (Some(due), Some(reference)) => format!("{reference}, valid to {}", due.date_text(zone)),
        (Some(due), None) => format!("at registration, valid to {}", due.date_text(zone)),
        (None, _) => "needs none".to_owned(),
    };
    let holds = then.is_some_and(|then| then.registration.cleaning_holds.is_some());
    let cleaned = then.and_then(|then| then.cleaned_at).map(|at| at.minute_text(zone));
    let until = then.and_then(Equipment::clean_until).map(|at| at.minute_text(zone));
    let cleaning = match (cleaned, until, holds) {
        (Some(at), Some(until), _) => format!("cleaned {at}, holds to {until}"),
        (Some(at), None, _) => format!("cleaned {at}"),
        (None, _, true) => "never cleaned".to_owned(),
        (None, _, false) => "needs none".to_owned(),
    };
    EquipmentUse {
        asset: asset.to_string(),
        name: then.map_or_else(String::new, |then| then.registration.title.clone()),
        calibration,
        cleaning,
        uses: Vec::new(),
        state,
        verdict,
    }
}
