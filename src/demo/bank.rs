//! Four harvests become one bank of sixty identical aliquots.

use super::culture::Culture;
use super::laboratory::{self, Finding};
use super::release;
use super::stage::{Stage, Trouble};
use super::work::{self, Work, attempt, made, made_one, perform, perform_verified};
use crate::app::container_move::{ContainerPut, ScannedContainer, container_put};
use crate::app::label_print::PrintedSerial;
use crate::app::label_scan_back::{LabelAccount, label_account};
use crate::domain::container::LabelFate;
use crate::domain::id::{BatchNumber, ContainerCode, LocationPath, MasterRecordId, Name};
use crate::domain::quantity::Unit;
use crate::domain::storage::{Grid, grid_positions};

/// What the counter read of each bottle before pooling: cells, viability, volume.
const COUNTS: [(&str, &str, &str); 4] = [
    ("9.850", "94.2", "103.80"),
    ("9.180", "94.8", "100.80"),
    ("10.200", "93.6", "98.80"),
    ("8.930", "94.1", "104.80"),
];
/// The volume of the first bottle as it was typed: two digits changed places.
const MISTYPED: &str = "108.30";
const ALIQUOTS: &str = "60";

/// The bank of the story.
#[derive(Debug, Clone)]
pub(super) struct Bank {
    /// Its batch.
    pub(super) batch: BatchNumber,
    /// The aliquots.
    pub(super) vials: Vec<ContainerCode>,
    sterility: ContainerCode,
    quality: ContainerCode,
}

/// Pools, fills, labels, freezes and stores; QC begins its tests.
///
/// # Errors
/// When a use case refuses what the story needs, or accepts a mistake.
pub(super) fn make(stage: &mut Stage, pool: &[Culture], spare: &Culture) -> Result<Bank, Trouble> {
    let at = stage.at("2026-07-31 08:00")?;
    stage.voice.chapter("The pool and its sixty aliquots", at);
    let batch = work::start(stage, &MasterRecordId::parse("EQ-MSC-BANK")?, None)?;
    let clear = Work::new(&batch, "clear_line")?
        .values(&[("nothing_else_present", "yes"), ("cleaned", "yes")])?
        .devices(&["EQ-BSC-01"])?;
    perform_verified(stage, &clear)?;
    let bottles: Vec<ContainerCode> = pool.iter().map(|culture| culture.harvest.clone()).collect();
    wrong_pools(stage, &batch, &bottles, spare)?;
    mistyped(stage, &batch, &bottles)?;
    work::hold_point(stage, &batch, &Name::parse("pool_agreed")?)?;
    let mut pooling = Work::new(&batch, "pool")?;
    for bottle in &bottles {
        let take = work::number(stage, &batch, "receive_lots", "volume_to_take", Some(bottle))?;
        stage.voice.fact(format!("take {} of {bottle}", take.text()));
        pooling = pooling.each("taken", bottle, &take.value().to_string())?;
    }
    perform_verified(stage, &pooling)?;
    let (vials, sterility, quality) = fill(stage, &batch)?;
    let mut all = vials.clone();
    all.extend([sterility.clone(), quality.clone()]);
    let printed = labels(stage, &all)?;
    perform_verified(stage, &Work::new(&batch, "label_aliquots")?)?;
    let freeze = Work::new(&batch, "freeze")?
        .values(&[("run", "CRF-2026-031"), ("end_temperature", "-95")])?
        .devices(&["EQ-CRF-01"])?;
    perform(stage, &freeze)?;
    stage.minutes(120);
    store(stage, &vials, &printed)?;
    perform(stage, &Work::new(&batch, "store")?)?;
    let close = Work::new(&batch, "close")?.values(&[("line_left_clear", "yes")])?;
    perform_verified(stage, &close)?;
    let bank = Bank { batch, vials, sterility, quality };
    begin_tests(stage, &bank)?;
    Ok(bank)
}

fn counted(
    batch: &BatchNumber,
    bottles: &[ContainerCode],
    counts: &[(&str, &str, &str); 4],
) -> Result<Work, Trouble> {
    let mut counted = Work::new(batch, "receive_lots")?.devices(&["EQ-CNT-01"])?.using(bottles);
    for (bottle, (cells, viability, volume)) in bottles.iter().zip(counts) {
        counted = counted
            .each("concentration", bottle, cells)?
            .each("viability", bottle, viability)?
            .each("volume", bottle, volume)?;
    }
    Ok(counted)
}

/// Counts the bottles with one slip of the hand, which is corrected and then verified by another
/// person; who corrected it may not be that person.
fn mistyped(
    stage: &mut Stage,
    batch: &BatchNumber,
    bottles: &[ContainerCode],
) -> Result<(), Trouble> {
    let mut counts = COUNTS;
    let [(_, _, volume), ..] = COUNTS;
    let [(_, _, typed), ..] = &mut counts;
    *typed = MISTYPED;
    let first = bottles.first().ok_or_else(|| Trouble::Missing("a bottle to pool".to_owned()))?;
    perform_verified(stage, &counted(batch, bottles, &counts)?)?;
    let place = ("receive_lots", "volume", Some(first));
    let because = "two digits changed places; the balance print-out says 103.80 ml";
    let number = work::correct(stage, batch, place, volume, because)?;
    stage.voice.fact(format!("correction {number}: {MISTYPED} ml → {volume} ml of {first}"));
    let (ana, bor) = (stage.people.ana.clone(), stage.people.bor.clone());
    let own = work::verify_correction(stage, &ana, batch, number)?;
    stage.refused("verify one's own correction", own)?;
    let verified = work::verify_correction(stage, &bor, batch, number)?;
    stage.done("verify corrections", verified)
}

/// One bottle twice, two bottles of one donor, and a fifth donor.
fn wrong_pools(
    stage: &mut Stage,
    batch: &BatchNumber,
    bottles: &[ContainerCode],
    spare: &Culture,
) -> Result<(), Trouble> {
    let mut twice = bottles.to_vec();
    twice.pop();
    twice.extend(bottles.first().cloned());
    let outcome = attempt(stage, &counted(batch, &twice, &COUNTS)?)?;
    stage.refused("scan one bottle twice", outcome)?;
    let second = spare.second.clone();
    let second =
        second.ok_or_else(|| Trouble::Missing("a second bottle of one donor".to_owned()))?;
    let mut repeated: Vec<ContainerCode> = bottles.iter().take(2).cloned().collect();
    repeated.extend([spare.harvest.clone(), second]);
    let outcome = attempt(stage, &counted(batch, &repeated, &COUNTS)?)?;
    stage.refused("pool two bottles of one donor", outcome)?;
    let mut five = bottles.to_vec();
    five.push(spare.harvest.clone());
    let outcome = attempt(stage, &counted(batch, &five, &COUNTS)?)?;
    stage.refused("add a fifth donor to the pool", outcome)
}

/// Formulates, samples and fills; gives vials, sterility sample and QC sample.
fn fill(
    stage: &mut Stage,
    batch: &BatchNumber,
) -> Result<(Vec<ContainerCode>, ContainerCode, ContainerCode), Trouble> {
    let formulate = Work::new(batch, "formulate")?
        .values(&[("volume", "62.0"), ("concentration", "53.40"), ("viability", "94.6")])?
        .lots(&["CS10/C26-018"])?
        .devices(&["EQ-CTR-01", "EQ-CNT-01"])?;
    perform_verified(stage, &formulate)?;
    let samples = perform(stage, &Work::new(batch, "sample_bank")?)?;
    let fill = Work::new(batch, "fill")?
        .values(&[("aliquot_count", ALIQUOTS)])?
        .lots(&["CRYOVIAL-2ML/V26-201"])?;
    let filled = perform_verified(stage, &fill)?;
    Ok((
        made(&filled, "aliquots"),
        made_one(&samples, "sterility_sample")?,
        made_one(&samples, "qc_sample")?,
    ))
}

/// Labels everything; one label is smeared, printed again, and the old one is destroyed.
fn labels(stage: &mut Stage, containers: &[ContainerCode]) -> Result<Vec<PrintedSerial>, Trouble> {
    let mut printed = work::print(stage, containers, None)?;
    let Some(first) = printed.first_mut() else { return Ok(printed) };
    let old = first.clone();
    let container = ContainerCode::parse(&old.container)?;
    let again = work::print(stage, std::slice::from_ref(&container), Some("smeared by ethanol"))?;
    if let Some(new) = again.into_iter().next() {
        *first = new;
    }
    let destroyed = LabelAccount {
        container: container.clone(),
        serial: old.serial,
        copies: 1,
        fate: LabelFate::Destroyed,
    };
    let caller = stage.by(&stage.people.ana);
    let position = LocationPath::parse("CRYO/LN2-1/R1/BOX-1/A1")?;
    let put = ContainerPut { container: ScannedContainer::read(&old.payload)?, position };
    let outcome = container_put(&stage.app, &caller, put);
    stage.refused("scan the old label of a vial that was labelled again", outcome)?;
    let caller = stage.by(&stage.people.ana);
    let outcome = label_account(&stage.app, &caller, destroyed);
    stage.done("destroy void labels", outcome)?;
    work::read_back(stage, &printed)?;
    Ok(printed)
}

/// Puts the vials into two tanks, half in each.
fn store(
    stage: &mut Stage,
    vials: &[ContainerCode],
    printed: &[PrintedSerial],
) -> Result<(), Trouble> {
    let grid = Grid::new(9, 9).ok_or_else(|| Trouble::Script("no such grid".to_owned()))?;
    let half = vials.len().div_ceil(2);
    let positions = ["CRYO/LN2-1/R1/BOX-1", "CRYO/LN2-2/R1/BOX-1"]
        .iter()
        .flat_map(|place| {
            grid_positions(grid).take(half).map(move |position| format!("{place}/{position}"))
        })
        .collect::<Vec<_>>();
    for (index, (label, position)) in printed.iter().zip(&positions).enumerate() {
        let put = |position: &str| -> Result<ContainerPut, Trouble> {
            Ok(ContainerPut {
                container: ScannedContainer::read(&label.payload)?,
                position: LocationPath::parse(position)?,
            })
        };
        let ana = stage.people.ana.clone();
        if index == 1 {
            let taken = positions.first().map_or("", String::as_str);
            let caller = stage.by(&ana);
            let outcome = container_put(&stage.app, &caller, put(taken)?);
            stage.refused("put a vial where another stands", outcome)?;
        }
        let caller = stage.by(&ana);
        let outcome = container_put(&stage.app, &caller, put(position)?);
        stage.done("store vials", outcome)?;
    }
    stage.voice.fact(format!("{} vials in two tanks, each in its own position", vials.len()));
    Ok(())
}

const QUALITY: [&str; 4] = ["mycoplasma", "endotoxin", "identity", "karyotype"];

fn begin_tests(stage: &mut Stage, bank: &Bank) -> Result<(), Trouble> {
    laboratory::begin(stage, &bank.batch, "sterility", &bank.sterility)?;
    for test in QUALITY {
        laboratory::begin(stage, &bank.batch, test, &bank.quality)?;
    }
    Ok(())
}

/// QC finishes, QA reviews, the QP certifies: the aliquots may be used.
///
/// # Errors
/// When a use case refuses what the story needs.
pub(super) fn release(stage: &mut Stage, bank: &Bank) -> Result<(), Trouble> {
    use Finding::{Negative, Number, Words};
    let at = stage.at("2026-08-17 09:00")?;
    stage.voice.chapter("The bank is released", at);
    let percent = |value| Number(value, Unit::Percent);
    let eu = Unit::EndotoxinPerMillilitre;
    let batch = &bank.batch;
    laboratory::result(stage, batch, "mycoplasma", &[("mycoplasma", Negative)])?;
    laboratory::result(stage, batch, "endotoxin", &[("endotoxin", Number("0.8", eu))])?;
    let identity = [
        ("cd73", percent("99.1")),
        ("cd90", percent("98.7")),
        ("cd105", percent("97.9")),
        ("cd45", percent("0.3")),
        ("cd34", percent("0.2")),
        ("hla_dr", percent("0.6")),
    ];
    laboratory::result(stage, batch, "identity", &identity)?;
    let karyotype = [("karyotype", Words("normal in 20 metaphases of each donor"))];
    laboratory::result(stage, batch, "karyotype", &karyotype)?;
    laboratory::result(stage, batch, "sterility", &[("growth", Negative)])?;
    release::review(stage, batch)?;
    release::certify_final(stage, batch)?;
    stage.voice.fact(format!("{batch}: all tests passed, certified"));
    Ok(())
}
