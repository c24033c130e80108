//! The player: performs a whole process, whatever it is. It knows records, a protocol and a site,
//! and no product: who gives what, what is needed, what is done next, what is entered, tested,
//! released, ordered and given, all of it follows from those texts.
//!
//! `supply` buys what records list, `bench` runs batches, `values` enters what is likely,
//! `tests` has results entered, `chain` makes one thing from another down to the donors,
//! `patient` orders and gives, `dose` says how much, `mistakes` tries what must be refused.
//! Neighbours: the helpers of the story, which is told by hand and goes where no text leads.
//!
//! Architecture invariant: no name of a product, material, step, field or site of administration
//! stands here; a new process needs no line of Rust.

mod bench;
mod chain;
mod dose;
mod mistakes;
mod patient;
mod process;
mod supply;
mod tests;
mod values;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::documents;
use super::site;
use super::stage::{Stage, Trouble};
use crate::domain::id::{BatchNumber, ContainerCode, OrderNumber};
use crate::domain::master_record::MasterRecord;
pub use process::{Process, shipped};
use supply::Supplies;

/// Performs a process on a stage.
#[derive(Debug)]
pub(super) struct Player<'s> {
    stage: &'s mut Stage,
    records: Vec<Arc<MasterRecord>>,
    supplies: Supplies,
    /// Every batch made, in the order started.
    batches: Vec<BatchNumber>,
    /// How many positions of each box are taken.
    shelves: [usize; 2],
    /// How many patients gave for themselves, where the product is made of the patient's own cells.
    patients: Option<u32>,
    mistakes: mistakes::Tried,
}

/// What a process came to.
#[derive(Debug)]
pub(super) struct Outcome {
    /// The order.
    pub(super) order: OrderNumber,
    /// The units that were given.
    pub(super) units: Vec<ContainerCode>,
}

/// Performs a process from the first delivery to the last certificate and writes its documents.
///
/// # Errors
/// When a use case refuses what the texts ask for, or accepts a mistake.
pub(super) fn play(
    stage: &mut Stage,
    process: &Process,
    dir: &Path,
) -> Result<Vec<PathBuf>, Trouble> {
    let now = stage.app.clock.now();
    stage.voice.chapter(&format!("The site opens for {}", process.title), now);
    site::people(stage)?;
    site::places(stage)?;
    let records = process.records()?;
    let supplies = supply::buy(stage, &records)?;
    for record in &records {
        let key = site::propose(stage, &record.record.key(), &record.text)?;
        site::approve(stage, &key, &record.text)?;
    }
    let keys: Vec<String> = records.iter().map(|record| record.record.key()).collect();
    stage.voice.fact(format!("approved by two people: {}", keys.join(", ")));
    let mut player = Player {
        stage,
        records,
        supplies,
        batches: Vec::new(),
        shelves: [0; 2],
        patients: None,
        mistakes: mistakes::Tried::default(),
    };
    let outcome = player.treat(&process.protocol)?;
    documents::write(stage, dir, &[("units", &outcome.units)], &outcome.order)
}
