//! What the label of a container says, gathered from the container and what it came from.
//!
//! Neighbours: `labels` draws it; [`super::label_print`] records that it was printed.
//!
//! Architecture invariant: codes only; no person's name is looked up here.

use super::label_definition;
use crate::codes::isbt::{Divisions, ProductCode};
use crate::codes::{LabelCode, PrintSerial};
use crate::db::Db;
use crate::domain::RefusalKind;
use crate::domain::container::{Container, ContainerKind};
use crate::domain::genealogy::{Node, NodeKind};
use crate::domain::id::{ContainerCode, Din};
use crate::domain::lineage;
use crate::domain::order::Order;
use crate::domain::quantity::{Quantity, Unit};
use crate::labels::{LabelData, Particular};
use crate::site::Site;
use crate::store::{Failure, batch, donor, genealogy, ledger};

/// The label of a container under a serial.
///
/// # Errors
/// That the serials of the container are used up, or that the database failed.
pub fn label_data(
    db: &mut Db,
    state: &Container,
    serial: u32,
    site: &Site,
) -> Result<LabelData, Failure> {
    let zone = site.zone;
    let code = label_code(state, serial)?;
    let mut label = label_definition::in_force(db, LabelData::new(state.kind, code))?
        .with(Particular::Product, &state.contents.title)
        .with(Particular::Site, site.on_one_line())
        .with(Particular::Count, count(state))
        .with(Particular::Taken, state.produced_at.minute_text(zone))
        .with(Particular::Storage, storage(state.kind));
    if let Some(batch) = &state.batch {
        label = label.with(Particular::Batch, batch);
    }
    if let Some(passage) = state.contents.passage {
        label = label.with(Particular::Passage, format!("P{passage}"));
    }
    if let Some(volume) = state.contents.volume {
        label = label.with(Particular::Quantity, volume.text());
    }
    label = origin(db, state, site, label)?;
    let own = autologous(db, state)?;
    if !own.is_empty() {
        label = label.with(Particular::Warning, &own);
    }
    if state.kind == ContainerKind::SampleTube {
        label = sample(state, label);
    }
    if state.target.is_some() {
        label = label.for_patient();
    }
    if let Some(at) = state.expires_at {
        let timed = label.kind().lives_hours() || state.kind == ContainerKind::SampleTube;
        label = if timed {
            label.expiring(at, zone)
        } else {
            label.with(Particular::Expiry, format!("Exp. {}", at.date_text(zone)))
        };
    }
    match &state.order {
        Some(number) => match ledger::load::<Order>(db, number.as_str())? {
            Some(order) => Ok(for_order(site, &order, state, (label, &own))),
            None => Ok(label),
        },
        None => Ok(label),
    }
}

/// The code that the label of a container carries under a serial.
///
/// # Errors
/// That the serials of the container are used up.
pub fn label_code(state: &Container, serial: u32) -> Result<LabelCode, Failure> {
    let used_up = || {
        Failure::refused(
            "label_serials_used_up",
            RefusalKind::Conflict,
            format!("{} has had 99 labels. Transfer its contents to a new container.", state.code),
        )
    };
    let number = u8::try_from(serial).map_err(|_| used_up())?;
    let serial = PrintSerial::new(number).map_err(|_| used_up())?;
    let broken = |text: String| Failure::Broken(text);
    let code = ContainerCode::parse(&state.code).map_err(|error| broken(error.to_string()))?;
    LabelCode::new(&code, serial).map_err(|error| broken(error.to_string()))
}

fn count(state: &Container) -> String {
    match state.number_of {
        (_, 0 | 1) => String::new(),
        (number, of) => format!("{number} of {of}"),
    }
}

/// How each kind is kept; a product that lives hours takes it from its protocol.
fn storage(kind: ContainerKind) -> &'static str {
    match kind {
        ContainerKind::CollectionPot => "Keep at 2 to 8 °C",
        ContainerKind::Cryovial => "< −150 °C",
        ContainerKind::HoldVial => "2 to 8 °C",
        ContainerKind::Flask => "37 °C, 5 % CO₂",
        ContainerKind::Bottle => "−70 °C or below",
        ContainerKind::Vessel
        | ContainerKind::Syringe
        | ContainerKind::Bag
        | ContainerKind::SampleTube => "",
    }
}

/// Donation and product code: the container's own, or those of the donation it came from.
fn origin(
    db: &mut Db,
    state: &Container,
    site: &Site,
    label: LabelData,
) -> Result<LabelData, Failure> {
    if let Some(identity) = state.identity.as_ref().filter(|_| site.isbt_128) {
        // Six characters of structure 032 stand beside the product code, which says 99 for them.
        let divisions = Divisions::parse(&identity.division).ok();
        let short = if divisions.is_some() { "99" } else { &identity.division };
        let product = ProductCode::parse(&format!("{}{short}", identity.product_code));
        return Ok(match product {
            Ok(product) => label.isbt(&identity.din, &product, divisions.as_ref(), None),
            Err(_) => {
                let text = format!("{}{}", identity.product_code, identity.division);
                label.donation(&identity.din).with(Particular::ProductCode, text)
            }
        });
    }
    let above = genealogy::ancestors(db, &Node::new(NodeKind::Container, &state.code))?;
    let only = |kind: NodeKind| {
        let mut found = above.iter().filter(|node| node.kind() == kind);
        found.next().filter(|_| found.next().is_none()).map(|node| node.id().to_owned())
    };
    let donor = only(NodeKind::Donor).unwrap_or_default();
    let label = label.with(Particular::Donor, donor);
    let donation = only(NodeKind::Donation).and_then(|din| Din::parse(&din).ok());
    let din = match state.donation.clone().or(donation) {
        Some(din) => Some(din),
        None => pool(db, state)?,
    };
    Ok(match din {
        Some(din) => label.donation(&din),
        None => label,
    })
}

/// The number of the pool that a container of a batch came from: the batch's own, or that of what
/// the batch used up.
fn pool(db: &mut Db, state: &Container) -> Result<Option<Din>, Failure> {
    let Some(number) = &state.batch else { return Ok(None) };
    let Some(batch) = batch::load(db, number)? else { return Ok(None) };
    let used = || batch.consumed().find_map(|consumed| consumed.din.clone());
    Ok(batch.din().cloned().or_else(used))
}

/// What the label of cells for one patient only states.
const AUTOLOGOUS: &str = "For autologous use only";

/// What a label states of cells for one patient only, by the donors it comes from: their use, and
/// what the tests of the donor found or did not yet look for (2006/17/EC Annex I 2.1).
fn autologous(db: &mut Db, state: &Container) -> Result<String, Failure> {
    let origins = donor::origins_of(db, state)?;
    if lineage::recipient(&origins).is_none() {
        return Ok(String::new());
    }
    let mut words = AUTOLOGOUS.to_owned();
    for origin in &origins {
        words.push_str(match donor::testing_of(db, &origin.donor)? {
            donor::Testing::Reactive => ". BIOHAZARD",
            donor::Testing::Open => ". NOT EVALUATED FOR INFECTIOUS SUBSTANCES",
            donor::Testing::Clear => "",
        });
    }
    Ok(words)
}

fn sample(state: &Container, label: LabelData) -> LabelData {
    let parent = state.batch.as_ref().map(|batch| format!("batch {batch}")).unwrap_or_default();
    label.with(Particular::Purpose, &state.contents.title).with(Particular::Parent, parent)
}

/// What a dose unit says besides (Regulation (EU) 536/2014 Annex VI): the subject by code only.
fn for_order(
    site: &Site,
    order: &Order,
    state: &Container,
    (label, own): (LabelData, &str),
) -> LabelData {
    let target = state.target.as_ref().and_then(|target| {
        order.units.iter().find(|unit| unit.target == *target).map(|unit| unit.title.clone())
    });
    let label = label
        .with(Particular::Order, &order.number)
        .with(Particular::Subject, &order.patient)
        .with(Particular::Target, target.unwrap_or_default())
        .with(Particular::Strength, strength(order, state).unwrap_or_default());
    let Some(published) = site.published(&order.protocol.text_hash) else { return label };
    let trial = &published.protocol.trial;
    // A protocol of autologous use says so itself.
    let rest = own.strip_prefix(AUTOLOGOUS).filter(|_| trial.statement.contains(AUTOLOGOUS));
    let rest = rest.unwrap_or(own).trim_start_matches(['.', ' ']);
    let warning = match rest {
        "" => trial.statement.clone(),
        rest => format!("{}. {rest}", trial.statement.trim_end_matches('.')),
    };
    label
        .with(Particular::Route, &trial.route)
        .with(Particular::Contact, &trial.contact)
        .with(Particular::Warning, warning)
        .with(Particular::Storage, &trial.storage)
        .with(Particular::Trial, format!("{}, {}", trial.code, trial.site))
}

/// Cells in a millilitre; in words where the order asks for none.
fn strength(order: &Order, state: &Container) -> Option<String> {
    if order.dose_cells.is_none() {
        return Some("acellular".to_owned());
    }
    let (cells, volume) = (state.contents.viable_cells?, state.contents.volume?);
    let concentration = cells.value().checked_div(volume.value())?;
    Some(Quantity::new(concentration.normalize(), Unit::MillionCellsPerMillilitre).text())
}
