//! Timers as people see them: how each stands at any moment, and hold points that wait for results.

use super::*;
use chorda::domain::batch::{AwaitedTest, TimerState, timers};
use chorda::domain::quality::Status;

fn state(plant: &Plant, timer: &str) -> TimerState {
    let batch = plant.batch();
    let readings = timers(&batch, &plant.record);
    let found = readings.iter().find(|reading| reading.timer.name == name(timer)).unwrap();
    found.state(batch.state, plant.now)
}

#[test]
fn a_timer_is_too_early_then_runs_then_warns_then_is_overdue_without_anybody_doing_anything() {
    let mut plant = dose_in_p2();
    assert_eq!(state(&plant, "thaw_to_seed"), TimerState::Kept);
    // P2 lasts 3 to 5 days; half a day before the end, a tenth of the longest, it warns.
    let steps = [
        ("1 min", TimerState::TooEarly),
        ("72 h", TimerState::Running),
        ("35 h", TimerState::Running),
        ("2 h", TimerState::EndsSoon),
        ("12 h", TimerState::Overdue),
        ("30 d", TimerState::Overdue),
    ];
    for (later, expected) in steps {
        plant.later(later);
        assert_eq!(state(&plant, "p2_culture"), expected, "{later} later");
    }
    let all = plant.decisions();
    plant.give_up("forgotten", &all, Some("bor")).unwrap();
    assert_eq!(state(&plant, "p2_culture"), TimerState::Ended);
}

#[test]
fn a_record_says_itself_how_long_before_the_end_it_warns() {
    let text = DOSE.replacen("max = \"5 d\"\n", "max = \"5 d\"\nwarn_before = \"36 h\"\n", 1);
    let record = parse(&text).unwrap();
    let warns = |timer: &str| {
        let found = record.timers.iter().find(|one| one.name == name(timer)).unwrap();
        found.warns_before().map(Span::text)
    };
    assert_eq!(warns("p2_culture").as_deref(), Some("1 d 12 h"));
    assert_eq!(warns("thaw_to_seed").as_deref(), Some("6 min"), "a tenth of an hour");
}

#[test]
fn a_timer_broken_at_either_end_opens_a_deviation_with_the_step() {
    let mut late = dose_before_harvest();
    late.later("23 h");
    late.done("harvest_p2", HARVEST);
    let broken: Vec<String> = late.deviations().into_iter().map(|(_, title)| title).collect();
    assert!(broken.iter().any(|title| title.starts_with("P2 culture")), "{broken:?}");
    assert_eq!(state(&late, "p2_culture"), TimerState::Broken);
    let mut early = dose_in_p2();
    early.later("72 h");
    early.done("sample_supernatant", &[]);
    early.done("label_supernatant", &[]);
    early.later("2 h");
    early.done("harvest_p2", HARVEST);
    let broken: Vec<String> = early.deviations().into_iter().map(|(_, title)| title).collect();
    assert!(broken.iter().any(|title| title.starts_with("Supernatant sampled")), "{broken:?}");
    assert_eq!(state(&early, "supernatant_before_harvest"), TimerState::Broken);
}

/// A dose batch whose harvest waits for the interim sterility of its supernatant.
fn waiting_for_results() -> Plant {
    let hold = "\n[[hold_point]]\nname = \"interim\"\ntitle = \"Interim results agree\"\n\
                before = \"harvest_p2\"\ntests = [\"sterility_interim\"]\n";
    let mut plant = Plant::started(&format!("{DOSE}{hold}"), for_order());
    let code = plant.outside(vial());
    let reserved = Event::Reserved { order: OrderNumber::parse("ORD-2026-0001").unwrap() };
    plant.record_changes("ana", vec![Change::of::<Container>(code.as_str(), reserved)]);
    plant.done("clear_line", CLEAR);
    let mut thaw = plant.ask("thaw", &[("bath_temperature", "37.0")]);
    thaw.consumed.push(code.into());
    plant.when(thaw).unwrap();
    plant.verify("thaw", "bor").unwrap();
    plant.done("count_thaw", &[("concentration", "4.8"), ("viability", "92"), ("volume", "10")]);
    plant.done("seed_p2", &[]);
    plant.done("label_p2", &[]);
    plant.later("72 h");
    plant.done("sample_supernatant", &[]);
    plant.done("label_supernatant", &[]);
    plant
}

fn sign(plant: &mut Plant, awaited: &[AwaitedTest]) -> Result<(), Refusal> {
    let (batch, hold) = (plant.batch(), name("interim"));
    let signature = plant.signature("qa.vesna", Meaning::Reviewed);
    let context = plant.context("qa.vesna");
    let changes =
        batch::sign_hold_point(&batch, &plant.record, &hold, awaited, signature, &context)?;
    plant.record_changes("qa.vesna", changes);
    Ok(())
}

#[test]
fn a_hold_point_that_names_tests_is_signed_only_on_their_results() {
    let mut plant = waiting_for_results();
    let test = |status, accepted| {
        let (test, title) = (name("sterility_interim"), "Sterility".to_owned());
        [AwaitedTest { test, title, status, accepted }]
    };
    let waits = |refused: Result<(), Refusal>| {
        assert!(matches!(refused, Err(Refusal::HoldPointWaits { .. })), "{refused:?}");
    };
    waits(sign(&mut plant, &[]));
    for status in [Status::Planned, Status::Sampled, Status::InTest, Status::InterimNegative] {
        waits(sign(&mut plant, &test(status, false)));
    }
    waits(sign(&mut plant, &test(Status::Invalid, true)));
    waits(sign(&mut plant, &test(Status::Cancelled, true)));
    // Out of specification: QA decides the deviation first.
    waits(sign(&mut plant, &test(Status::FinalFail, false)));
    let mut judged = waiting_for_results();
    sign(&mut judged, &test(Status::FinalFail, true)).unwrap();
    sign(&mut plant, &test(Status::FinalPass, false)).unwrap();
    plant.later("26 h");
    plant.done("harvest_p2", HARVEST);
}
