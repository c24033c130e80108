//! What the label of a container says, gathered from the container and what it came from.
//!
//! Neighbours: `labels` draws it; [`super::label_print`] records that it was printed;
//! `label_dose` adds what a protocol says.
//!
//! Architecture invariant: codes only; no person's name is looked up here. Everything is in the
//! language of the site's labels, or the label is refused.

use super::label_definition;
use super::label_dose::{by_protocol, said};
use crate::codes::isbt::{Divisions, ProductCode};
use crate::codes::{LabelCode, PrintSerial};
use crate::db::Db;
use crate::domain::RefusalKind;
use crate::domain::container::{Container, ContainerKind};
use crate::domain::genealogy::{Node, NodeKind};
use crate::domain::id::{ContainerCode, Din};
use crate::domain::language::Language;
use crate::domain::lineage;
use crate::domain::order::Order;
use crate::domain::quantity::{Quantity, Unit};
use crate::labels::{self, LabelData, Particular, Phrase};
use crate::site::Site;
use crate::store::{Failure, batch, container, donor, genealogy, ledger};

/// The label of a container under a serial: one that was printed as it was drawn then, the next one
/// by the definition in force.
///
/// # Errors
/// That the serials of the container are used up, that something is not said in the language of the
/// labels, or that the database failed.
pub fn label_data(
    db: &mut Db,
    state: &Container,
    serial: u32,
    site: &Site,
) -> Result<LabelData, Failure> {
    let (zone, language) = (site.zone, site.label_language);
    let code = label_code(state, serial)?;
    let title = said(&state.contents.title, language, &state.code)?;
    let mut label = LabelData::new(language, state.kind, code)
        .with(Particular::Product, title)
        .with(Particular::Site, site.on_one_line())
        .with(Particular::Count, count(state, language))
        .with(Particular::Taken, state.produced_at.minute_text(zone))
        .with(Particular::Storage, Phrase::KeptAt(state.kind).text(language));
    if let Some(batch) = &state.batch {
        label = label.with(Particular::Batch, batch);
    }
    if let Some(passage) = state.contents.passage {
        label = label.with(Particular::Passage, format!("P{passage}"));
    }
    if let Some(volume) = state.contents.volume {
        label = label.with(Particular::Quantity, labels::quantity(volume, language));
    }
    label = origin(db, state, site, label)?;
    let own = autologous(db, state)?;
    if !own.is_empty() {
        let words: Vec<String> = own.iter().map(|phrase| phrase.text(language)).collect();
        label = label.with(Particular::Warning, words.join(". "));
    }
    if state.kind == ContainerKind::SampleTube {
        let parent = state.batch.as_ref().map(|batch| Phrase::Batch(batch.as_str()).text(language));
        label = label
            .with(Particular::Purpose, title)
            .with(Particular::Parent, parent.unwrap_or_default());
    }
    if state.target.is_some() {
        label = label.for_patient();
    }
    // What it is for is known only now.
    let printed = state.labels.prints.iter().find(|print| print.serial == serial);
    label = match printed {
        Some(print) => label_definition::of_version(db, label, print.definition_version)?,
        None => label_definition::in_force(db, label)?,
    };
    if let Some(at) = state.expires_at {
        let timed = label.kind().lives_hours() || state.kind == ContainerKind::SampleTube;
        label = if timed {
            label.expiring(at, zone)
        } else {
            let day = at.date_text(zone);
            label.with(Particular::Expiry, Phrase::UsableUntil(&day).text(language))
        };
    }
    match &state.order {
        Some(number) => match ledger::load::<Order>(db, number.as_str())? {
            Some(order) => {
                let label = for_order(site, &order, state, (label, &own))?;
                match state.kind {
                    ContainerKind::OuterPack => of_pack(db, state, &order, (site, label)),
                    _ => Ok(label),
                }
            }
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

fn count(state: &Container, language: Language) -> String {
    match state.number_of {
        (_, 0 | 1) => String::new(),
        (number, of) => Phrase::NumberOf { number, of }.text(language),
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

/// What a label states of cells for one patient only, by the donors it comes from: their use, and
/// what the tests of the donor found or did not yet look for (2006/17/EC Annex I 2.1).
fn autologous(db: &mut Db, state: &Container) -> Result<Vec<Phrase<'static>>, Failure> {
    let origins = donor::origins_of(db, state)?;
    if lineage::recipient(&origins).is_none() {
        return Ok(Vec::new());
    }
    let mut phrases = vec![Phrase::AutologousOnly];
    for origin in &origins {
        phrases.extend(match donor::testing_of(db, &origin.donor)? {
            donor::Testing::Reactive => Some(Phrase::Biohazard),
            donor::Testing::Open => Some(Phrase::NotEvaluated),
            donor::Testing::Clear => None,
        });
    }
    Ok(phrases)
}

/// What a dose unit says besides (Regulation (EU) 536/2014 Annex VI): the subject by code only.
fn for_order(
    site: &Site,
    order: &Order,
    state: &Container,
    (label, own): (LabelData, &[Phrase<'_>]),
) -> Result<LabelData, Failure> {
    let strength = strength(order, state, site.label_language).unwrap_or_default();
    let label = label
        .with(Particular::Order, &order.number)
        .with(Particular::Subject, &order.patient)
        .with(Particular::Strength, strength);
    match site.published(&order.protocol.text_hash) {
        Some(published) => by_protocol(label, &published.protocol, state.target.as_ref(), own),
        None => Ok(label),
    }
}

/// What an outer pack says of the units in it, and what has no room on them (Regulation (EU)
/// 536/2014 Annex VI A.1: form, quantity of units, investigator, sponsor, directions for use).
fn of_pack(
    db: &mut Db,
    state: &Container,
    order: &Order,
    (site, label): (&Site, LabelData),
) -> Result<LabelData, Failure> {
    let language = site.label_language;
    let codes: Vec<String> = state.packed.iter().map(ToString::to_string).collect();
    let mut units = container::load_many(db, &codes)?;
    units.sort_by(|one, other| one.code.cmp(&other.code));
    // What is not known of every unit is not said of the pack, and the label is refused.
    let volume = |unit: &Container| Some(labels::quantity(unit.contents.volume?, language));
    let volumes: Option<Vec<String>> = units.iter().map(volume).collect();
    let strengths = units.iter().map(|unit| strength(order, unit, language));
    let mut strengths = strengths.collect::<Option<Vec<String>>>().unwrap_or_default();
    strengths.dedup();
    let volumes = tally(&volumes.unwrap_or_default());
    let volumes = volumes.iter().map(|(volume, count)| format!("{count} × {volume}"));
    let kinds = tally(&units.iter().map(|unit| unit.kind).collect::<Vec<_>>());
    let kinds = kinds.iter().map(|(kind, count)| Phrase::Pieces(*count, *kind).text(language));
    let label = label
        .with(Particular::Strength, strengths.join(", "))
        .with(Particular::Quantity, volumes.collect::<Vec<_>>().join(", "))
        .with(Particular::Count, kinds.collect::<Vec<_>>().join(", "));
    let Some(published) = site.published(&order.protocol.text_hash) else { return Ok(label) };
    let trial = &published.protocol.trial;
    let words = |wording| said(wording, language, published.protocol.id.as_str());
    let reference = format!(
        "{}, {}, {}, {}",
        trial.code,
        words(&trial.site)?,
        trial.investigator,
        Phrase::Sponsor(&trial.sponsor).text(language)
    );
    Ok(label
        .with(Particular::Route, format!("{}. {}", words(&trial.form)?, words(&trial.route)?))
        .with(Particular::Trial, reference)
        .with(Particular::Purpose, words(&trial.directions)?))
}

/// How often each comes, in the order of the first of each.
fn tally<T: Clone + PartialEq>(all: &[T]) -> Vec<(T, usize)> {
    let mut counted: Vec<(T, usize)> = Vec::new();
    for one in all {
        match counted.iter_mut().find(|(known, _)| known == one) {
            Some((_, count)) => *count = count.saturating_add(1),
            None => counted.push((one.clone(), 1)),
        }
    }
    counted
}

/// Cells in a millilitre; in words where the order asks for none.
fn strength(order: &Order, state: &Container, language: Language) -> Option<String> {
    if order.dose_cells.is_none() {
        return Some(Phrase::Acellular.text(language));
    }
    let (cells, volume) = (state.contents.viable_cells?, state.contents.volume?);
    let concentration = cells.value().checked_div(volume.value())?.normalize();
    let strength = Quantity::new(concentration, Unit::MillionCellsPerMillilitre);
    Some(labels::quantity(strength, language))
}
