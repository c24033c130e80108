//! Order, signatures, time: who does what when, and who may not.

use super::*;
use chorda::domain::batch::{BatchState, Procedure, Progress, timers};

#[test]
fn a_step_out_of_order_is_refused() {
    let (mut plant, _) = dose_plant();
    let refused = plant.when(plant.ask("seed_p2", &[])).unwrap_err();
    assert!(
        matches!(&refused, Refusal::StepOutOfOrder { waiting_for, .. } if waiting_for == "Line clearance")
    );
}

#[test]
fn a_step_that_is_not_verified_lets_nothing_follow() {
    let (mut plant, code) = dose_plant();
    plant.when(plant.ask("clear_line", CLEAR)).unwrap();
    let mut thaw = plant.ask("thaw", &[("bath_temperature", "37.0")]);
    thaw.consumed.push(code.into());
    assert!(matches!(plant.when(thaw.clone()), Err(Refusal::StepOutOfOrder { .. })));
    plant.verify("clear_line", "bor").unwrap();
    plant.when(thaw).unwrap();
}

#[test]
fn the_performer_cannot_verify() {
    let (mut plant, _) = dose_plant();
    plant.when(plant.ask("clear_line", CLEAR)).unwrap();
    assert!(matches!(plant.verify("clear_line", "ana"), Err(Refusal::VerifierIsPerformer { .. })));
    assert!(plant.batch().last_of(&name("clear_line")).unwrap().verified.is_none());
}

#[test]
fn a_step_is_verified_once_and_only_after_it_was_performed() {
    let (mut plant, _) = dose_plant();
    assert!(matches!(plant.verify("clear_line", "bor"), Err(Refusal::NothingToVerify { .. })));
    plant.done("clear_line", CLEAR);
    assert!(matches!(plant.verify("clear_line", "bor"), Err(Refusal::NothingToVerify { .. })));
    assert!(matches!(plant.verify("nowhere", "bor"), Err(Refusal::UnknownStep { .. })));
}

#[test]
fn a_signed_step_is_never_done_again() {
    let (mut plant, _) = dose_plant();
    plant.done("clear_line", CLEAR);
    let again = plant.ask("clear_line", CLEAR);
    assert!(matches!(plant.when(again), Err(Refusal::StepAlreadyDone { .. })));
}

#[test]
fn a_repeated_step_stops_at_its_maximum_and_when_the_procedure_goes_on() {
    let fed = &[("contamination", "none seen")];
    let mut plant = dose_in_p2();
    for _ in 0..3 {
        plant.later("1 d");
        plant.done("feed_p2", fed);
    }
    assert!(matches!(plant.when(plant.ask("feed_p2", fed)), Err(Refusal::StepAlreadyDone { .. })));
    let mut plant = dose_in_p2();
    plant.later("3 d");
    plant.done("sample_supernatant", &[]);
    assert!(matches!(plant.when(plant.ask("feed_p2", fed)), Err(Refusal::StepPassed { .. })));
}

#[test]
fn an_unknown_step_is_refused() {
    let (mut plant, _) = dose_plant();
    let refused = plant.when(PerformStep::now(name("dance"))).unwrap_err();
    assert!(matches!(refused, Refusal::UnknownStep { .. }));
}

#[test]
fn p2_shorter_than_three_days_is_refused() {
    let mut plant = dose_in_p2();
    plant.later("40 h");
    plant.done("sample_supernatant", &[]);
    plant.done("label_supernatant", &[]);
    plant.later("30 h");
    let refused = plant.when(plant.ask("harvest_p2", HARVEST)).unwrap_err();
    assert!(matches!(refused, Refusal::TooEarly { .. }), "{refused}");
    plant.later("3 h");
    plant.done("harvest_p2", HARVEST);
}

#[test]
fn p2_longer_than_five_days_opens_a_deviation_with_the_step() {
    let mut plant = dose_in_p2();
    plant.later("100 h");
    plant.done("sample_supernatant", &[]);
    plant.done("label_supernatant", &[]);
    plant.later("26 h");
    plant.done("harvest_p2", HARVEST);
    let found = plant.deviations();
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].1.contains("P2 culture: 5 d 6 h"), "{found:?}");
    let batch = plant.batch();
    assert_eq!(batch.last_of(&name("harvest_p2")).unwrap().deviations.len(), 1);
}

#[test]
fn running_timers_say_when_it_is_too_early_and_when_too_late() {
    let plant = dose_in_p2();
    let batch = plant.batch();
    let readings = timers(&batch, &plant.record);
    let p2 = readings.iter().find(|r| r.timer.name.as_str() == "p2_culture").unwrap();
    assert_eq!(p2.stopped, None);
    assert_eq!(p2.earliest, Some(p2.from.plus(Span::of_days(3))));
    assert_eq!(p2.latest, Some(p2.from.plus(Span::of_days(5))));
    let thaw = readings.iter().find(|r| r.timer.name.as_str() == "thaw_to_seed").unwrap();
    assert!(thaw.stopped.is_some());
}

#[test]
fn progress_tells_what_is_next() {
    let plant = dose_in_p2();
    let batch = plant.batch();
    let procedure = Procedure::new(&batch, &plant.record);
    let of = |step: &str| procedure.progress(plant.record.step(&name(step)).unwrap());
    assert_eq!(of("thaw"), Progress::Done);
    assert_eq!(of("feed_p2"), Progress::Optional);
    assert_eq!(of("sample_supernatant"), Progress::Ready);
    let waiting_for = name("sample_supernatant");
    assert_eq!(of("harvest_p2"), Progress::Waiting { waiting_for });
}

#[test]
fn a_late_entry_needs_a_reason_and_is_kept_with_it() {
    let (mut plant, _) = dose_plant();
    let earlier = plant.now;
    plant.later("2 h");
    let mut command = plant.ask("clear_line", CLEAR);
    command.performed_at = Some(earlier);
    assert!(matches!(plant.when(command.clone()), Err(Refusal::LateWithoutReason { .. })));
    command.late_because = Some("terminal was down".to_owned());
    plant.when(command).unwrap();
    let batch = plant.batch();
    let performed = batch.last_of(&name("clear_line")).unwrap();
    assert_eq!(performed.performed_at, earlier);
    assert_eq!(performed.recorded_at, plant.now);
    assert_eq!(performed.late_because.as_deref(), Some("terminal was down"));
}

#[test]
fn a_time_in_the_future_or_before_what_comes_first_is_refused() {
    let mut plant = dose_in_p2();
    let mut command = plant.ask("sample_supernatant", &[]);
    command.late_because = Some("forgotten".to_owned());
    command.performed_at = Some(plant.now.plus(Span::of_minutes(1)));
    assert!(matches!(plant.when(command.clone()), Err(Refusal::ImpossibleTime { .. })));
    command.performed_at = Some(plant.now.minus(Span::of_hours(5)));
    assert!(matches!(plant.when(command), Err(Refusal::ImpossibleTime { .. })));
}

#[test]
fn an_aborted_batch_goes_no_further() {
    let mut plant = dose_in_p2();
    let all = plant.decisions();
    assert!(matches!(plant.give_up("  ", &all, Some("bor")), Err(Refusal::ReasonMissing)));
    plant.give_up("incubator failed", &all, Some("bor")).unwrap();
    assert_eq!(plant.batch().state, BatchState::Aborted);
    let next = plant.ask("sample_supernatant", &[]);
    assert!(matches!(plant.when(next), Err(Refusal::NotInProcess { .. })));
    let again = plant.give_up("again", &[], None);
    assert!(matches!(again, Err(Refusal::NotInProcess { .. })));
}

#[test]
fn a_batch_whose_donor_was_held_stops_at_once() {
    let mut plant = dose_in_p2();
    let donor = DonorCode::parse("DNR-0002").unwrap();
    let because = Some(chorda::domain::genealogy::Node::donor(&donor));
    plant.batch_standing = Standing { disposition: Disposition::OnHold, because };
    let refused = plant.when(plant.ask("sample_supernatant", &[])).unwrap_err();
    assert!(matches!(refused, Refusal::OnHold { .. }));
    assert!(refused.to_string().contains("DNR-0002"), "{refused}");
}

#[test]
fn a_signature_of_another_person_or_meaning_is_refused() {
    let (plant, _) = dose_plant();
    let batch = plant.batch();
    let command = plant.ask("clear_line", CLEAR);
    let facts = plant.facts(&command);
    let context = plant.context("ana");
    let assessment = batch::assess(&batch, &plant.record, &command, &facts, &context).unwrap();
    for (login, meaning) in [("bor", Meaning::Performed), ("ana", Meaning::Verified)] {
        let refused = batch::perform(
            &batch,
            &plant.record,
            assessment.clone(),
            &facts,
            Fresh::default(),
            plant.signature(login, meaning),
            &context,
        );
        assert!(matches!(refused, Err(Refusal::WrongSignature { .. })));
    }
}

/// The donor culture in which explants are only prepared if the cord came damaged.
fn culture_with_a_choice(condition: &str) -> Plant {
    let when = "when = { value = \"receive_cord.condition\", is = [\"damaged\"] }\n";
    let text = P1.replacen(
        "name = \"prepare_explants\"\n",
        &format!("name = \"prepare_explants\"\n{when}"),
        1,
    );
    let mut plant = Plant::started(&text, Start::default());
    let cord = plant.outside(cord(&["DNR-0001"]));
    plant.done("clear_line", CLEAR);
    let values =
        [("transport_temperature", "5.5"), ("cord_mass", "38.2"), ("condition", condition)];
    let mut receive = plant.ask("receive_cord", &values);
    receive.consumed.push(cord.into());
    plant.when(receive).unwrap();
    plant.verify("receive_cord", "bor").unwrap();
    plant
}

#[test]
fn a_step_whose_condition_does_not_hold_is_left_out_and_asked_of_nobody() {
    let mut plant = culture_with_a_choice("intact");
    let explants = plant.ask("prepare_explants", &[("vessels_removed", "yes")]);
    assert!(matches!(plant.when(explants), Err(Refusal::StepLeftOut { .. })));
    let (batch, record) = (plant.batch(), plant.record.clone());
    let step = record.step(&name("prepare_explants")).unwrap();
    let progress = Procedure::new(&batch, &record).progress(step);
    assert!(matches!(progress, Progress::NotApplicable { .. }), "{progress:?}");
    let missing = chorda::domain::batch::completeness(&batch, &record);
    assert!(missing.iter().all(|one| !one.words().contains("explants'")), "{missing:?}");
    plant.done("seed_p0", &[]);
}

#[test]
fn a_step_whose_condition_holds_must_be_done() {
    let mut plant = culture_with_a_choice("damaged");
    let seed = plant.ask("seed_p0", &[]);
    assert!(matches!(plant.when(seed), Err(Refusal::StepOutOfOrder { .. })));
}
