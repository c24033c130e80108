//! At the clinic: hand-over, a part that leaves for labelling and comes back, administration.

use super::cast::Person;
use super::dose::Dose;
use super::order::{self, PATIENT};
use super::stage::{Stage, Trouble};
use super::work::read_back;
use crate::app::custody_administer::{
    Administer, Thaw, administer, shown_destroy, thaw, unit_destroy,
};
use crate::app::custody_excursion::{
    ExcursionOpen, ExcursionReturn, excursion_open, excursion_return, shown_open,
};
use crate::app::custody_hand_over::{HandOver, Receive, hand_over, receive, scan};
use crate::app::custody_pack::{UnitsPack, units_pack};
use crate::app::label_print::PrintedSerial;
use crate::app::order_change::Decision;
use crate::domain::actor::Meaning;
use crate::domain::custody::{Condition, Scan};
use crate::domain::id::{ContainerCode, Name, OrderNumber, PatientCode};
use crate::domain::quantity::{Quantity, Unit};
use crate::store::{Failure, container};

/// Hands over, sends a part out and back, administers to each gland.
///
/// # Errors
/// When a use case refuses what the story needs, or accepts a mistake.
pub(super) fn treat(stage: &mut Stage, number: &OrderNumber, dose: &Dose) -> Result<(), Trouble> {
    stage.minutes(20);
    let at = stage.app.clock.now();
    stage.voice.chapter("Hand-over, 99mTc labelling, administration", at);
    let scans: Vec<Scan> =
        dose.labels.iter().map(|label| scan(&label.payload)).collect::<Result<_, _>>()?;
    hand(stage, number, PATIENT, &scans)?;
    stage.minutes(15);
    excursion(stage, number, dose, &scans)?;
    stage.minutes(10);
    for (syringe, scan) in dose.syringes.iter().zip(&scans) {
        give(stage, number, syringe, scan, dose.syringes.first() == Some(syringe))?;
        stage.minutes(3);
    }
    Ok(())
}

/// A technician packs the units of an order and reads the label of the pack back; gives what a
/// scanner reads of it.
fn packed(
    stage: &mut Stage,
    number: &OrderNumber,
    patient: &str,
    scans: &[Scan],
) -> Result<Scan, Trouble> {
    let command = UnitsPack {
        order: number.clone(),
        patient: PatientCode::parse(patient)?,
        scans: scans.to_vec(),
        printer: None,
    };
    let caller = stage.by(&stage.people.ana);
    let outcome = units_pack(&stage.app, &caller, command);
    let pack = stage.done("pack the units", outcome)?;
    let state = stage.read(|db| container::require(db, &pack))?;
    let label = state.labels.valid().cloned();
    let label = label.ok_or_else(|| Trouble::Missing(format!("the label of {pack}")))?;
    let printed = PrintedSerial {
        container: pack.to_string(),
        serial: label.serial,
        payload: label.payload.clone(),
    };
    read_back(stage, &[printed])?;
    let units = if scans.len() == 1 { "unit" } else { "units" };
    stage.voice.fact(format!("{} {units} in the outer pack {pack}", scans.len()));
    Ok(scan(&label.payload)?)
}

/// A technician packs every unit of an order and hands them over, the clinician receives them.
pub(super) fn hand(
    stage: &mut Stage,
    number: &OrderNumber,
    patient: &str,
    scans: &[Scan],
) -> Result<(), Trouble> {
    let (ana, gaja) = (stage.people.ana.clone(), stage.people.gaja.clone());
    let mut all = scans.to_vec();
    all.push(packed(stage, number, patient, scans)?);
    let condition = Condition {
        words: "sealed box, seals intact, suspension opalescent".to_owned(),
        temperature: None,
    };
    let command = HandOver {
        order: number.clone(),
        patient: PatientCode::parse(patient)?,
        scans: all.clone(),
        to: gaja.actor.login.clone(),
        destination: "Clinic, treatment room 2".to_owned(),
        condition: condition.clone(),
    };
    let signature = stage.sign(&ana, Meaning::HandedOver, &command.shown()?.hash()?)?;
    let caller = stage.by(&ana);
    let outcome = hand_over(&stage.app, &caller, command, signature);
    let transfer = stage.done("hand over", outcome)?;
    stage.minutes(25);
    let command = Receive {
        order: number.clone(),
        transfer,
        patient: PatientCode::parse(patient)?,
        scans: all,
        condition,
    };
    let signature = stage.sign(&gaja, Meaning::Received, &command.shown()?.hash()?)?;
    let caller = stage.by(&gaja);
    let outcome = receive(&stage.app, &caller, command, signature);
    stage.done("receive", outcome)?;
    stage.voice.fact(format!("{} units from Ana to Gaja, two scans each", scans.len()));
    Ok(())
}

/// 5 % of the first syringe leaves for labelling and comes back.
fn excursion(
    stage: &mut Stage,
    number: &OrderNumber,
    dose: &Dose,
    scans: &[Scan],
) -> Result<(), Trouble> {
    let (gaja, hugo) = (stage.people.gaja.clone(), stage.people.hugo.clone());
    let Some((syringe, scan)) = dose.syringes.iter().zip(scans).next() else { return Ok(()) };
    let out = |volume: &str| -> Result<ExcursionOpen, Trouble> {
        Ok(ExcursionOpen {
            order: number.clone(),
            patient: PatientCode::parse(PATIENT)?,
            scan: scan.clone(),
            volume: Quantity::parse(volume, Unit::Millilitre)?,
            taken_by: hugo.actor.login.clone(),
        })
    };
    let outcome = open(stage, &gaja, out("0.50")?)?;
    stage.refused("take half of a syringe for labelling", outcome)?;
    let outcome = open(stage, &gaja, out("0.05")?)?;
    stage.done("send a part out", outcome)?;
    let outcome = try_give(stage, number, syringe, scan, PATIENT)?;
    stage.refused("give a syringe of which a part is still away", outcome)?;
    stage.minutes(35);
    let back = ExcursionReturn {
        order: number.clone(),
        scan: scan.clone(),
        returned_by: hugo.actor.login.clone(),
        volume: Quantity::parse("0.05", Unit::Millilitre)?,
        activity: Some(Quantity::whole(40, Unit::Megabecquerel)),
    };
    let signature = stage.sign(&gaja, Meaning::Received, &back.shown().hash()?)?;
    let caller = stage.by(&gaja);
    let outcome = excursion_return(&stage.app, &caller, back, signature);
    stage.done("take a part back", outcome)?;
    stage.voice.fact("0.05 ml left for [99mTc]Tc-HMPAO labelling and came back with 40 MBq");
    Ok(())
}

fn open(
    stage: &mut Stage,
    by: &Person,
    command: ExcursionOpen,
) -> Result<Result<String, Failure>, Trouble> {
    let hash = shown_open(&stage.app, &command)?.hash()?;
    let signature = stage.sign(by, Meaning::HandedOver, &hash)?;
    let caller = stage.by(by);
    Ok(excursion_open(&stage.app, &caller, command, signature))
}

/// Gives one syringe; the first one is first tried on another patient.
fn give(
    stage: &mut Stage,
    number: &OrderNumber,
    syringe: &ContainerCode,
    scan: &Scan,
    first: bool,
) -> Result<(), Trouble> {
    if first {
        let outcome = try_give(stage, number, syringe, scan, "XER-04")?;
        stage.refused("give the syringe to another patient", outcome)?;
    }
    let outcome = try_give(stage, number, syringe, scan, PATIENT)?;
    stage.done("administer", outcome)?;
    let state = stage.read(|db| container::require(db, syringe))?;
    let target =
        state.target.as_ref().map_or(String::new(), |target| target.as_str().replace('_', " "));
    stage.voice.fact(format!("{syringe} given into the {target} gland"));
    Ok(())
}

/// The clinician puts a unit to thaw at the bedside; what stands against it is given.
pub(super) fn try_thaw(
    stage: &mut Stage,
    number: &OrderNumber,
    scan: &Scan,
    patient: &str,
) -> Result<Result<(), Failure>, Trouble> {
    let patient = PatientCode::parse(patient)?;
    let command = Thaw { order: number.clone(), patient, scan: scan.clone() };
    Ok(thaw(&stage.app, &stage.by(&stage.people.gaja), command))
}

/// The clinician destroys a unit, another one watches.
pub(super) fn destroy(
    stage: &mut Stage,
    unit: &ContainerCode,
    because: &str,
) -> Result<(), Trouble> {
    let (gaja, hugo) = (stage.people.gaja.clone(), stage.people.hugo.clone());
    let hash = shown_destroy(unit, because).hash()?;
    let own = stage.sign(&gaja, Meaning::Performed, &hash)?;
    let witness = stage.sign(&hugo, Meaning::Verified, &hash)?;
    let caller = stage.because(&gaja, because);
    let outcome = unit_destroy(&stage.app, &caller, unit, own, witness);
    stage.done("destroy a unit", outcome)
}

/// The clinician gives a unit to whoever is in the room; what stands against it is given.
pub(super) fn try_give(
    stage: &mut Stage,
    number: &OrderNumber,
    syringe: &ContainerCode,
    scan: &Scan,
    patient: &str,
) -> Result<Result<(), Failure>, Trouble> {
    let gaja = stage.people.gaja.clone();
    let state = stage.read(|db| container::require(db, syringe))?;
    let missing = || Trouble::Missing(format!("gland and volume of {syringe}"));
    let target: Name = state.target.clone().ok_or_else(missing)?;
    let command = Administer {
        order: number.clone(),
        patient: PatientCode::parse(patient)?,
        scan: scan.clone(),
        target,
        volume: state.contents.volume.ok_or_else(missing)?,
        rest: None,
        given_at: None,
    };
    let signature = stage.sign(&gaja, Meaning::Administered, &command.shown().hash()?)?;
    let caller = stage.by(&gaja);
    Ok(administer(&stage.app, &caller, command, signature))
}

/// Closes the order when every syringe is accounted for.
///
/// # Errors
/// When a use case refuses what the story needs.
pub(super) fn close(stage: &mut Stage, number: &OrderNumber) -> Result<(), Trouble> {
    let gaja = stage.people.gaja.clone();
    order::decide(stage, &gaja, number, Decision::Close)
}
