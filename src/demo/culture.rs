//! From cord to P1 harvest: one batch for each donor, on shelves of their own.

use super::donors::Cord;
use super::laboratory::{self, Finding};
use super::release;
use super::site::EXPIRING_MEDIUM;
use super::stage::{Stage, Trouble};
use super::work::{self, Work, attempt, made, made_one, perform, perform_verified};
use crate::domain::id::{BatchNumber, ContainerCode, MasterRecordId, Name};
use crate::domain::quantity::Unit;

/// What the counter read at a harvest: cells, viability, volume.
type Count = (&'static str, &'static str, &'static str);

const P0: [Count; 5] = [
    ("0.920", "94.5", "60.0"),
    ("0.845", "95.2", "62.0"),
    ("1.010", "93.8", "58.0"),
    ("0.960", "94.9", "57.0"),
    ("0.830", "94.1", "64.0"),
];
const P1: [Count; 5] = [
    ("9.870", "94.6", "105.0"),
    ("9.200", "95.1", "102.0"),
    ("10.250", "93.9", "100.0"),
    ("9.640", "94.3", "101.0"),
    ("8.950", "94.4", "106.0"),
];
/// Hold bottles filled, and the volume in each; the fourth donor has two.
const HELD: [(&str, &str); 5] =
    [("1", "104.0"), ("1", "101.0"), ("1", "99.0"), ("2", "50.0"), ("1", "105.0")];

const MEDIUM: [&str; 2] = ["ALPHA-MEM/M26-071", "HPL/L26-009"];

/// The culture of one donor.
#[derive(Debug, Clone)]
pub(super) struct Culture {
    /// The donor's cord.
    pub(super) cord: Cord,
    /// The bottle with the harvest.
    pub(super) harvest: ContainerCode,
    /// A second bottle, where there is one.
    pub(super) second: Option<ContainerCode>,
}

/// A culture while it grows.
struct Growing {
    cord: Cord,
    batch: BatchNumber,
    vessels: Vec<ContainerCode>,
    sample: Option<ContainerCode>,
    harvest: Vec<ContainerCode>,
}

/// Cultures every cord to its P1 harvest and releases each.
///
/// # Errors
/// When a use case refuses what the story needs, or accepts a mistake.
pub(super) fn run(
    stage: &mut Stage,
    cords: &[Cord],
    unfit: &Cord,
) -> Result<Vec<Culture>, Trouble> {
    let at = stage.at("2026-07-08 09:00")?;
    stage.voice.chapter("P0 and P1, a batch for each donor", at);
    let mut growing = Vec::new();
    for (index, cord) in cords.iter().enumerate() {
        growing.push(seed(stage, cord, (index == 0).then_some(unfit))?);
    }
    stage.at("2026-07-15 09:00")?;
    expired(stage, growing.first())?;
    for culture in &growing {
        feed(stage, culture, "feed_p0")?;
    }
    stage.at("2026-07-19 09:00")?;
    for culture in &growing {
        let growth = Work::new(&culture.batch, "growth_p0")?.values(&[("confluence", "45")])?;
        perform(stage, &growth)?;
    }
    stage.at("2026-07-24 08:00")?;
    for (culture, count) in growing.iter_mut().zip(P0) {
        passage(stage, culture, count)?;
    }
    stage.at("2026-07-27 09:00")?;
    for culture in &growing {
        feed(stage, culture, "feed_p1")?;
    }
    stage.at("2026-07-30 08:00")?;
    for ((culture, count), held) in growing.iter_mut().zip(P1).zip(HELD) {
        harvest(stage, culture, count, held)?;
    }
    stage.at("2026-07-30 16:00")?;
    growing.into_iter().map(|culture| released(stage, culture)).collect()
}

/// Line clearance, receipt and seeding of the explants.
fn seed(stage: &mut Stage, cord: &Cord, unfit: Option<&Cord>) -> Result<Growing, Trouble> {
    let batch = work::start(stage, &MasterRecordId::parse("EQ-MSC-P1")?, None)?;
    if unfit.is_some() {
        let early = Work::new(&batch, "seed_p0")?.lots(&MEDIUM)?.devices(&["EQ-INC-01"])?;
        let outcome = attempt(stage, &early)?;
        stage.refused("seed before the line is cleared and the cord received", outcome)?;
    }
    let clear = Work::new(&batch, "clear_line")?
        .values(&[("nothing_else_present", "yes"), ("cleaned", "yes")])?
        .devices(&["EQ-BSC-01"])?;
    if unfit.is_some() {
        let outcome = perform(stage, &clear)?;
        let (ana, bor) = (stage.people.ana.clone(), stage.people.bor.clone());
        let step = Name::parse("clear_line")?;
        let own = work::verify(stage, &ana, &batch, &step, outcome.occurrence)?;
        stage.refused("verify one's own step", own)?;
        let verified = work::verify(stage, &bor, &batch, &step, outcome.occurrence)?;
        stage.done("verify line clearance", verified)?;
    } else {
        perform_verified(stage, &clear)?;
    }
    let receive = |pot: &ContainerCode| -> Result<Work, Trouble> {
        let values =
            [("transport_temperature", "5.4"), ("cord_mass", "38.6"), ("condition", "intact")];
        let work = Work::new(&batch, "receive_cord")?.values(&values)?;
        Ok(work.devices(&["EQ-BAL-01"])?.using(std::slice::from_ref(pot)))
    };
    if let Some(unfit) = unfit {
        let outcome = attempt(stage, &receive(&unfit.pot)?)?;
        stage.refused("use the cord of a donor who is not eligible", outcome)?;
    }
    perform_verified(stage, &receive(&cord.pot)?)?;
    let prepare = Work::new(&batch, "prepare_explants")?
        .values(&[("vessels_removed", "yes"), ("buffer_volume", "150.0")])?
        .lots(&["DPBS/P26-114"])?;
    perform(stage, &prepare)?;
    let seed = Work::new(&batch, "seed_p0")?
        .values(&[("medium_volume", "216.0"), ("lysate_volume", "24.0")])?
        .lots(&MEDIUM)?
        .devices(&["EQ-INC-01"])?;
    let outcome = perform(stage, &seed)?;
    let vessels = made(&outcome, "p0_flask");
    work::label(stage, &vessels)?;
    perform(stage, &Work::new(&batch, "label_p0")?)?;
    Ok(Growing { cord: cord.clone(), batch, vessels, sample: None, harvest: Vec::new() })
}

/// Somebody takes a bottle of medium that has expired.
fn expired(stage: &mut Stage, culture: Option<&Growing>) -> Result<(), Trouble> {
    let Some(culture) = culture else { return Ok(()) };
    let feed = Work::new(&culture.batch, "feed_p0")?
        .values(&[("contamination", "none seen")])?
        .lots(&[EXPIRING_MEDIUM, "HPL/L26-009"])?;
    let outcome = attempt(stage, &feed)?;
    stage.refused("feed with a medium that expired yesterday", outcome)
}

fn feed(stage: &mut Stage, culture: &Growing, step: &str) -> Result<(), Trouble> {
    let used = [("medium_volume", "216.0"), ("lysate_volume", "24.0")];
    let feed = Work::new(&culture.batch, step)?
        .values(&[("contamination", "none seen")])?
        .values(&used)?
        .lots(&MEDIUM)?;
    perform(stage, &feed).map(drop)
}

fn counted(work: Work, (cells, viability, volume): Count) -> Result<Work, Trouble> {
    work.values(&[("concentration", cells), ("viability", viability), ("volume", volume)])
}

/// P0 harvest and P1 seeding on the same day.
fn passage(stage: &mut Stage, culture: &mut Growing, count: Count) -> Result<(), Trouble> {
    let harvest = counted(Work::new(&culture.batch, "harvest_p0")?, count)?
        .values(&[("enzyme_volume", "40.0")])?
        .lots(&["TRYPLE/T26-032"])?
        .devices(&["EQ-CNT-01"])?
        .using(&culture.vessels);
    perform_verified(stage, &harvest)?;
    let seed = Work::new(&culture.batch, "seed_p1")?
        .values(&[("medium_volume", "720.0"), ("lysate_volume", "80.0")])?
        .lots(&MEDIUM)?
        .devices(&["EQ-INC-02"])?;
    let outcome = perform(stage, &seed)?;
    culture.vessels = made(&outcome, "p1_flask");
    work::label(stage, &culture.vessels)?;
    perform(stage, &Work::new(&culture.batch, "label_p1")?).map(drop)
}

/// P1 harvest, sample, hold bottle, closing.
fn harvest(
    stage: &mut Stage,
    culture: &mut Growing,
    count: Count,
    (bottles, held): (&str, &str),
) -> Result<(), Trouble> {
    let batch = culture.batch.clone();
    let harvest = counted(Work::new(&batch, "harvest_p1")?, count)?
        .values(&[("enzyme_volume", "120.0")])?
        .lots(&["TRYPLE/T26-032"])?
        .devices(&["EQ-CNT-01"])?
        .using(&culture.vessels);
    perform_verified(stage, &harvest)?;
    let outcome = perform(stage, &Work::new(&batch, "sample_p1")?)?;
    let sample = made_one(&outcome, "p1_sample")?;
    let fill = Work::new(&batch, "fill_hold")?
        .values(&[("hold_bottles", bottles), ("hold_volume", held)])?;
    let outcome = perform(stage, &fill)?;
    let bottles = made(&outcome, "p1_harvest");
    let mut all = bottles.clone();
    all.push(sample.clone());
    work::label(stage, &all)?;
    perform_verified(stage, &Work::new(&batch, "label_harvest")?)?;
    let close = Work::new(&batch, "close")?.values(&[("line_left_clear", "yes")])?;
    perform_verified(stage, &close)?;
    culture.sample = Some(sample);
    culture.harvest = bottles;
    Ok(())
}

/// QC counts, QA reviews, the QP certifies.
fn released(stage: &mut Stage, culture: Growing) -> Result<Culture, Trouble> {
    let missing = || Trouble::Missing(format!("the harvest of {}", culture.batch));
    let sample = culture.sample.clone().ok_or_else(missing)?;
    let harvest = culture.harvest.first().cloned().ok_or_else(missing)?;
    let batch = culture.batch.clone();
    laboratory::begin(stage, &batch, "p1_viability", &sample)?;
    let found = [("viability", Finding::Number("94.2", Unit::Percent))];
    laboratory::result(stage, &batch, "p1_viability", &found)?;
    release::review(stage, &batch)?;
    release::certify_final(stage, &batch)?;
    let cells = work::number(stage, &batch, "harvest_p1", "viable", None)?;
    let doublings = work::number(stage, &batch, "harvest_p1", "doublings", None)?;
    stage.voice.fact(format!(
        "{batch} of {}: {} at P1, {}",
        culture.cord.donor,
        cells.text(),
        doublings.text()
    ));
    Ok(Culture { cord: culture.cord, harvest, second: culture.harvest.get(1).cloned() })
}
