//! What a decision about a batch needs to know, loaded in one transaction: its master record,
//! scanned lots, equipment and containers, its deviations and its standing.
//!
//! Neighbours: `domain::batch::facts` says what is needed; the stores answer.
//!
//! Architecture invariant: nothing here judges; a lot or an asset that may not be used arrives with
//! the refusal of its own rules.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::db::Db;
use crate::domain::Context;
use crate::domain::batch::{
    Batch, ContainerFact, DeviationFact, EquipmentFact, Facts, MaterialFact, PerformStep,
};
use crate::domain::container::Container;
use crate::domain::deviation;
use crate::domain::genealogy::Node;
use crate::domain::id::{AssetId, ContainerCode, Login, LotId, Name};
use crate::domain::lineage::Reach;
use crate::domain::master_record::{MasterRecord, RecordVersion, parse};
use crate::domain::order::Order;
use crate::domain::time::Instant;
use crate::store::{
    Failure, batch as table, container, deviation as deviations, donor as donors, equipment,
    genealogy, ledger, material, order as orders,
};

/// Records read so far, by the hash of their text. A text is read once, however many batches run
/// it.
static READ: Mutex<BTreeMap<String, Arc<MasterRecord>>> = Mutex::new(BTreeMap::new());

/// The master record a batch runs: the text it keeps, read.
///
/// # Errors
/// When the kept text cannot be read, which its approval made sure of.
pub fn record_of(batch: &Batch) -> Result<Arc<MasterRecord>, Failure> {
    record_of_text(batch.record.hash.as_str(), &batch.text)
}

/// The master record of a text with this hash.
///
/// # Errors
/// When the text cannot be read.
pub fn record_of_text(hash: &str, text: &str) -> Result<Arc<MasterRecord>, Failure> {
    let known = READ.lock().unwrap_or_else(PoisonError::into_inner).get(hash).cloned();
    if let Some(record) = known {
        return Ok(record);
    }
    let record = parse(text).map_err(|faults| Failure::Broken(faults.to_string()))?;
    let record = Arc::new(record);
    let own = record.record.hash.to_string();
    let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
    read.insert(own, Arc::clone(&record));
    Ok(record)
}

/// Everything a step of a batch needs to know.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn facts(
    db: &mut Db,
    batch: &Batch,
    command: &PerformStep,
    context: &Context,
) -> Result<Facts, Failure> {
    let at = command.performed_at.unwrap_or(context.now);
    let mut facts = Facts {
        acknowledged: acknowledged(db, batch, &context.actor.login)?,
        standing: Some(genealogy::effective_with_cause(db, &Node::batch(&batch.number))?),
        inside: donors::origins(db, &batch.donors().into_iter().collect::<Vec<_>>())?,
        reach: reach_of(db, batch)?,
        ..Facts::default()
    };
    for lot in &command.materials {
        facts.materials.extend(material_fact(db, lot, at)?);
    }
    for asset in &command.equipment {
        facts.equipment.extend(equipment_fact(db, asset, at)?);
    }
    let made = batch.produced().map(|produced| produced.container.clone());
    let mut codes: Vec<ContainerCode> =
        command.consumed.iter().map(|scan| scan.code.clone()).chain(made).collect();
    codes.sort();
    codes.dedup();
    for code in codes {
        let scanned = command.consumed.iter().any(|scan| scan.code == code);
        if let Some(container) = container::load(db, &code)? {
            facts.containers.push(container_fact(db, batch, container, scanned)?);
        }
    }
    for row in deviations::of_batch(db, &batch.number)? {
        facts.deviations.push(DeviationFact {
            number: row.number,
            class: row.class,
            step: row.step.as_deref().and_then(|step| Name::parse(step).ok()),
            undecided: row.status == deviation::Status::Open,
        });
    }
    Ok(facts)
}

/// Whether a person has acknowledged the version of the master record that a batch runs.
///
/// # Errors
/// When the database fails or an event cannot be read.
pub fn acknowledged(db: &mut Db, batch: &Batch, login: &Login) -> Result<bool, Failure> {
    let version = ledger::load::<RecordVersion>(db, &batch.record.key())?;
    Ok(version.is_some_and(|version| version.is_acknowledged_by(login)))
}

/// Whom the batch is made for, and whose cells they may get.
fn reach_of(db: &mut Db, batch: &Batch) -> Result<Option<Reach>, Failure> {
    let Some(number) = &batch.order else { return Ok(None) };
    let Some(order) = ledger::load::<Order>(db, number.as_str())? else { return Ok(None) };
    let earlier = orders::donors_stored_for(db, &order.patient)?;
    Ok(Some(Reach { rule: order.protocol.donor, patient: order.patient, earlier }))
}

fn material_fact(db: &mut Db, lot: &LotId, at: Instant) -> Result<Option<MaterialFact>, Failure> {
    Ok(material::load(db, lot)?.map(|found| MaterialFact {
        lot: lot.clone(),
        material: found.receipt.material.clone(),
        refused: found.usable(at).err().map(Into::into),
    }))
}

fn equipment_fact(
    db: &mut Db,
    asset: &AssetId,
    at: Instant,
) -> Result<Option<EquipmentFact>, Failure> {
    Ok(equipment::load(db, asset)?.map(|found| EquipmentFact {
        asset: asset.clone(),
        kind: found.registration.kind.code().to_owned(),
        refused: found.usable(at).err().map(Into::into),
    }))
}

/// Donors and master record are asked for only where a step takes the container in.
fn container_fact(
    db: &mut Db,
    batch: &Batch,
    container: Container,
    scanned: bool,
) -> Result<ContainerFact, Failure> {
    let standing = container::standing_of(db, &container)?;
    if !scanned {
        return Ok(ContainerFact { container, standing, origins: Vec::new(), record: None });
    }
    let origins = donors::origins_of(db, &container)?;
    let record = match &container.batch {
        Some(maker) if *maker == batch.number => None,
        Some(maker) => table::record_of(db, maker)?,
        None => None,
    };
    Ok(ContainerFact { container, standing, origins, record })
}
