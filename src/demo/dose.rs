//! One vial becomes four syringes: thaw, P2, harvest, formulation, filling, first certification.

use super::laboratory::{self, Finding};
use super::order::DAY;
use super::release;
use super::stage::{Stage, Trouble};
use super::work::{self, Work, attempt, made, made_one, perform, perform_verified};
use crate::app::container_move::{ContainerTake, ScannedContainer, TakeFor, container_take};
use crate::app::deviation_decide::{
    DeviationAct, DeviationOpen, deviation_decide, deviation_open, deviation_shown,
};
use crate::app::label_print::PrintedSerial;
use crate::domain::actor::Meaning;
use crate::domain::deviation::{Class, Outcome, Subject};
use crate::domain::id::{
    BatchNumber, ContainerCode, DeviationNumber, MasterRecordId, Name, OrderNumber,
};
use crate::domain::quantity::Unit;

const MEDIUM: [&str; 2] = ["ALPHA-MEM/M26-071", "HPL/L26-009"];

/// The dose of the story.
#[derive(Debug, Clone)]
pub(super) struct Dose {
    /// Its batch.
    pub(super) batch: BatchNumber,
    /// The syringes.
    pub(super) syringes: Vec<ContainerCode>,
    /// Their labels.
    pub(super) labels: Vec<PrintedSerial>,
}

/// Makes the dose and certifies it while sterility is pending.
///
/// # Errors
/// When a use case refuses what the story needs, or accepts a mistake.
pub(super) fn make(
    stage: &mut Stage,
    order: &OrderNumber,
    vial: &ContainerCode,
) -> Result<Dose, Trouble> {
    let at = stage.at("2026-08-31 08:10")?;
    stage.voice.chapter("Thaw and P2 for one patient", at);
    let batch = work::start(stage, &MasterRecordId::parse("EQ-MSC-DOSE")?, Some(order))?;
    let flasks = thaw(stage, &batch, vial)?;
    stage.at("2026-09-02 09:30")?;
    let supernatant = supernatant(stage, &batch)?;
    let harvest = harvest(&batch, &flasks)?;
    let outcome = attempt(stage, &harvest)?;
    stage.refused("harvest P2 after two days instead of three to five", outcome)?;
    stage.at("2026-09-02 11:00")?;
    laboratory::begin(stage, &batch, "mycoplasma", &supernatant)?;
    laboratory::begin(stage, &batch, "sterility_interim", &supernatant)?;
    stage.at("2026-09-03 15:00")?;
    laboratory::result(stage, &batch, "mycoplasma", &[("mycoplasma", Finding::Negative)])?;
    let at = stage.at(&format!("{DAY} 08:30"))?;
    stage.voice.chapter("Harvest, formulation, four syringes", at);
    perform_verified(stage, &harvest)?;
    let dose = fill(stage, &batch)?;
    Ok(dose)
}

/// The vial is taken, scanned again and thawed; its cells are seeded.
fn thaw(
    stage: &mut Stage,
    batch: &BatchNumber,
    vial: &ContainerCode,
) -> Result<Vec<ContainerCode>, Trouble> {
    let clear = Work::new(batch, "clear_line")?
        .values(&[("nothing_else_present", "yes"), ("cleaned", "yes")])?
        .devices(&["EQ-BSC-01"])?;
    perform_verified(stage, &clear)?;
    let take = ContainerTake {
        container: ScannedContainer { code: vial.clone(), serial: None },
        from: None,
        purpose: TakeFor::Batch(batch.clone()),
    };
    let caller = stage.by(&stage.people.ana);
    let outcome = container_take(&stage.app, &caller, take);
    if let Some(position) = stage.done("take the vial", outcome)? {
        stage.voice.fact(format!("{vial} taken from {position}"));
    }
    let thaw = Work::new(batch, "thaw")?
        .values(&[("bath_temperature", "37.0")])?
        .devices(&["EQ-THW-01"])?
        .using(std::slice::from_ref(vial));
    perform_verified(stage, &thaw)?;
    let outcome = attempt(stage, &thaw)?;
    stage.refused("thaw the same vial again", outcome)?;
    let count = Work::new(batch, "count_thaw")?
        .values(&[("concentration", "4.380"), ("viability", "88.5"), ("volume", "10.0")])?
        .values(&[("medium_volume", "30.0")])?
        .lots(&["ALPHA-MEM/M26-071"])?
        .devices(&["EQ-CNT-01"])?;
    perform_verified(stage, &count)?;
    let recovery = work::number(stage, batch, "count_thaw", "recovery", None)?;
    stage.voice.fact(format!("recovery after thaw {}", recovery.text()));
    let seed = Work::new(batch, "seed_p2")?
        .values(&[("medium_volume", "360.0"), ("lysate_volume", "40.0")])?
        .lots(&MEDIUM)?
        .devices(&["EQ-INC-02"])?;
    let outcome = perform(stage, &seed)?;
    let flasks = made(&outcome, "p2_flask");
    work::label(stage, &flasks)?;
    perform(stage, &Work::new(batch, "label_p2")?)?;
    Ok(flasks)
}

fn supernatant(stage: &mut Stage, batch: &BatchNumber) -> Result<ContainerCode, Trouble> {
    let outcome = perform(stage, &Work::new(batch, "sample_supernatant")?)?;
    let sample = made_one(&outcome, "supernatant_sample")?;
    work::label(stage, std::slice::from_ref(&sample))?;
    perform(stage, &Work::new(batch, "label_supernatant")?)?;
    Ok(sample)
}

fn harvest(batch: &BatchNumber, flasks: &[ContainerCode]) -> Result<Work, Trouble> {
    let work = Work::new(batch, "harvest_p2")?
        .values(&[("concentration", "4.360"), ("viability", "95.2"), ("volume", "48.0")])?
        .values(&[("enzyme_volume", "60.0")])?
        .lots(&["TRYPLE/T26-032"])?
        .devices(&["EQ-CNT-01"])?;
    Ok(work.using(flasks))
}

/// Formulates, samples, fills, labels, closes, tests.
fn fill(stage: &mut Stage, batch: &BatchNumber) -> Result<Dose, Trouble> {
    let formulate = Work::new(batch, "formulate")?
        .values(&[("volume", "3.80"), ("concentration", "52.40"), ("viability", "95.8")])?
        .values(&[("saline_volume", "3.7"), ("albumin_volume", "0.1")])?
        .lots(&["NACL-09/N26-055", "HSA-20/A26-007"])?
        .devices(&["EQ-CTR-01", "EQ-CNT-01"])?;
    perform_verified(stage, &formulate)?;
    let samples = perform(stage, &Work::new(batch, "sample_product")?)?;
    let fill = Work::new(batch, "fill")?
        .values(&[("appearance", "opalescent, no clumps")])?
        .lots(&["SYRINGE-1ML/S26-140"])?;
    let outcome = perform_verified(stage, &fill)?;
    let syringes = made(&outcome, "syringes");
    let release_sample = made_one(&samples, "release_sample")?;
    let sterility = made_one(&samples, "sterility_sample")?;
    let mut all = syringes.clone();
    all.extend([release_sample.clone(), sterility.clone()]);
    let mut labels = work::label(stage, &all)?;
    labels.truncate(syringes.len());
    perform_verified(stage, &Work::new(batch, "label_syringes")?)?;
    let close = Work::new(batch, "close")?.values(&[("line_left_clear", "yes")])?;
    perform_verified(stage, &close)?;
    test(stage, batch, &release_sample, &sterility)?;
    stage.voice.fact(format!("{} syringes filled, labelled and read back", syringes.len()));
    Ok(Dose { batch: batch.clone(), syringes, labels })
}

fn test(
    stage: &mut Stage,
    batch: &BatchNumber,
    sample: &ContainerCode,
    sterility: &ContainerCode,
) -> Result<(), Trouble> {
    use Finding::{Negative, Number};
    let percent = |value| Number(value, Unit::Percent);
    for name in ["viability", "identity", "endotoxin", "gram_stain"] {
        laboratory::begin(stage, batch, name, sample)?;
    }
    laboratory::begin(stage, batch, "sterility", sterility)?;
    stage.minutes(45);
    let viability = [
        ("viability", percent("95.6")),
        ("concentration", Number("50.3", Unit::MillionCellsPerMillilitre)),
    ];
    laboratory::result(stage, batch, "viability", &viability)?;
    let identity = [
        ("cd73", percent("98.8")),
        ("cd90", percent("98.1")),
        ("cd105", percent("96.9")),
        ("cd45", percent("0.4")),
        ("hla_dr", percent("1.2")),
    ];
    laboratory::result(stage, batch, "identity", &identity)?;
    let endotoxin = [("endotoxin", Number("0.5", Unit::EndotoxinPerMillilitre))];
    laboratory::result(stage, batch, "endotoxin", &endotoxin)?;
    laboratory::result(stage, batch, "gram_stain", &[("organisms", Negative)])?;
    laboratory::interim(stage, batch, "sterility_interim")?;
    laboratory::interim(stage, batch, "sterility")
}

/// A critical deviation stands open; the QP cannot certify over it. QA decides, reviews again, and
/// the QP certifies initially.
///
/// # Errors
/// When a use case refuses what the story needs, or accepts a mistake.
pub(super) fn certify(stage: &mut Stage, dose: &Dose) -> Result<(), Trouble> {
    let at = stage.app.clock.now();
    stage.voice.chapter("Certification while sterility is pending", at);
    let batch = &dose.batch;
    let open = DeviationOpen {
        class: Class::Critical,
        title: "Airflow alarm of the cabinet during filling".to_owned(),
        description: "The alarm sounded for 4 s between the second and the third syringe; open \
                      containers were covered at once."
            .to_owned(),
        subject: Subject {
            batch: Some(batch.clone()),
            step: Some(Name::parse("fill")?),
            occurrence: Some(1),
            ..Subject::default()
        },
        performer: Some(stage.people.ana.actor.login.clone()),
    };
    let caller = stage.by(&stage.people.bor);
    let outcome = deviation_open(&stage.app, &caller, open);
    let number = stage.done("open a deviation", outcome)?;
    release::review(stage, batch)?;
    let outcome = release::try_certify_initial(stage, batch)?;
    stage.refused("certify over an open critical deviation", outcome)?;
    stage.minutes(20);
    settle(stage, &number)?;
    release::review(stage, batch)?;
    let outcome = release::try_certify_initial(stage, batch)?;
    let certificate = stage.done("certify initially", outcome)?;
    stage.voice.fact(format!(
        "{batch} certified initially ({}), sterility negative to date",
        certificate.unwrap_or_default()
    ));
    Ok(())
}

/// QA finds the cause, decides that the product may go on, and closes the deviation.
fn settle(stage: &mut Stage, number: &DeviationNumber) -> Result<(), Trouble> {
    let decide = DeviationAct::Decide {
        class: Class::Major,
        root_cause: "door of the room opened against the interlock".to_owned(),
        impact: "particle counts and settle plate of the session within limits; no open container"
            .to_owned(),
        actions: "interlock repaired and tested; briefing held".to_owned(),
        outcome: Outcome::Continue,
    };
    let close =
        DeviationAct::Close { conclusion: "repair record and briefing list checked".to_owned() };
    let eva = stage.people.eva.clone();
    for act in [decide, close] {
        let (_, shown) = stage.read(|db| deviation_shown(db, number))?;
        let signature = stage.sign(&eva, Meaning::Approved, &shown.hash()?)?;
        let caller = stage.by(&eva);
        let outcome = deviation_decide(&stage.app, &caller, number, act, signature);
        stage.done("decide deviations", outcome)?;
    }
    Ok(())
}

/// The sterility tests end; QA reviews once more and the QP certifies finally.
///
/// # Errors
/// When a use case refuses what the story needs.
pub(super) fn certify_final(stage: &mut Stage, dose: &Dose) -> Result<(), Trouble> {
    let at = stage.at("2026-09-14 09:00")?;
    stage.voice.chapter("Sterility is final", at);
    let growth = [("growth", Finding::Negative)];
    laboratory::result(stage, &dose.batch, "sterility_interim", &growth)?;
    laboratory::result(stage, &dose.batch, "sterility", &growth)?;
    release::review(stage, &dose.batch)?;
    release::certify_final(stage, &dose.batch)?;
    stage.voice.fact(format!("{} certified finally", dose.batch));
    Ok(())
}
