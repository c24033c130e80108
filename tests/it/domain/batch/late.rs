//! Late entries (ATMP-3): what counts as now, what needs a reason, and what can no longer be entered.

use super::*;
use chorda::domain::batch::{ENTERED_AT_ONCE, timers};

const FED: &[(&str, &str)] = &[("contamination", "none seen")];

/// A step as performed at this time, with a reason.
fn late(plant: &Plant, step: &str, values: &[(&str, &str)], at: Instant) -> PerformStep {
    let late_because = Some("the terminal was down".to_owned());
    PerformStep { performed_at: Some(at), late_because, ..plant.ask(step, values) }
}

fn impossible(plant: &mut Plant, command: PerformStep) -> String {
    match plant.when(command) {
        Err(Refusal::ImpossibleTime { because, .. }) => because,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_few_minutes_are_now_and_more_are_late() {
    let (mut plant, _) = dose_plant();
    let done = plant.now;
    plant.now = done.plus(ENTERED_AT_ONCE);
    let silent = PerformStep { performed_at: Some(done), ..plant.ask("clear_line", CLEAR) };
    let at_once = silent.clone();
    plant.later("1 min");
    assert!(matches!(plant.when(silent), Err(Refusal::LateWithoutReason { .. })));
    plant.now = done.plus(ENTERED_AT_ONCE);
    plant.when(PerformStep { late_because: Some("needless".to_owned()), ..at_once }).unwrap();
    let batch = plant.batch();
    let performed = batch.last_of(&name("clear_line")).unwrap();
    assert_eq!((performed.performed_at, performed.late_because.as_deref()), (done, None));
}

#[test]
fn a_time_within_the_minute_of_what_comes_first_counts_as_after_it() {
    let (mut plant, _) = dose_plant();
    plant.later("40 s");
    let minute = Instant::parse("2026-03-02T08:00:00Z").unwrap();
    let clear = PerformStep { performed_at: Some(minute), ..plant.ask("clear_line", CLEAR) };
    plant.when(clear).unwrap();
    let batch = plant.batch();
    assert_eq!(batch.last_of(&name("clear_line")).unwrap().performed_at, batch.started_at);
}

#[test]
fn an_impossible_time_is_refused_and_named() {
    let (mut plant, code) = dose_plant();
    let hour = |plant: &Plant, hours| plant.now.plus(Span::of_hours(hours));
    let command = late(&plant, "clear_line", CLEAR, hour(&plant, 1));
    assert!(impossible(&mut plant, command).contains("future"));
    let command = late(&plant, "clear_line", CLEAR, hour(&plant, -1));
    assert!(impossible(&mut plant, command).contains("the batch was started only at"));
    plant.later("2 h");
    plant.done("clear_line", CLEAR);
    plant.later("2 h");
    let at = hour(&plant, -3);
    let mut thaw = late(&plant, "thaw", &[("bath_temperature", "37.0")], at);
    thaw.consumed.push(code.into());
    let because = impossible(&mut plant, thaw);
    assert!(because.contains("'Line clearance' comes first"), "{because}");
}

#[test]
fn a_repetition_is_not_entered_before_the_one_recorded_last() {
    let mut plant = dose_in_p2();
    let first = plant.now.plus(Span::of_days(1));
    plant.later("2 d");
    plant.done("feed_p2", FED);
    plant.later("1 h");
    let command = late(&plant, "feed_p2", FED, first);
    assert!(impossible(&mut plant, command).contains("comes first and was performed at"));
}

#[test]
fn timers_run_by_when_something_was_performed() {
    let mut plant = dose_in_p2();
    let sampled = plant.now.plus(Span::of_hours(72));
    plant.later("130 h");
    let command = late(&plant, "sample_supernatant", &[], sampled);
    plant.when(command).unwrap();
    let made = plant.batch().last_of(&name("sample_supernatant")).unwrap().produced.clone();
    made.iter().for_each(|made| plant.label(made.container.as_str()));
    let labelled = late(&plant, "label_supernatant", &[], sampled);
    plant.when(labelled).unwrap();
    let harvested = sampled.plus(Span::of_hours(26));
    let harvest = late(&plant, "harvest_p2", HARVEST, harvested);
    plant.when(harvest).unwrap();
    let batch = plant.batch();
    let readings = timers(&batch, &plant.record);
    let p2 = readings.iter().find(|r| r.timer.name.as_str() == "p2_culture").unwrap();
    assert_eq!(p2.stopped, Some(harvested));
    assert_eq!(plant.deviations(), Vec::new(), "98 h of culture, entered after 130 h");
}

/// A dose record in which feeding and sampling may be done in either order.
fn beside_each_other() -> String {
    let after = |text: &str, step: &str, before: &str| {
        let line = format!("name = \"{step}\"\n");
        text.replacen(&line, &format!("{line}after = [{before}]\n"), 1)
    };
    let text = after(DOSE, "sample_supernatant", "\"label_p2\"");
    after(&text, "harvest_p2", "\"feed_p2\", \"label_supernatant\"")
}

#[test]
fn a_forgotten_step_is_entered_late_beside_later_ones_and_never_before_what_follows_it() {
    let record = chorda::domain::master_record::parse(&beside_each_other()).unwrap();
    let mut plant = dose_in_p2();
    plant.record = record;
    let fed = plant.now.plus(Span::of_days(1));
    plant.later("72 h");
    plant.done("sample_supernatant", &[]);
    let command = late(&plant, "feed_p2", FED, fed);
    plant.when(command.clone()).unwrap();
    assert_eq!(plant.batch().last_of(&name("feed_p2")).unwrap().performed_at, fed);
    plant.done("label_supernatant", &[]);
    plant.later("26 h");
    plant.done("harvest_p2", HARVEST);
    let refused = plant.when(command).unwrap_err();
    assert!(matches!(&refused, Refusal::StepPassed { .. }), "{refused}");
    assert!(refused.to_string().contains("open a deviation"), "{refused}");
}
