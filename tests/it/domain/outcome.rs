//! What becomes of a patient: visits, exclusion, serious adverse reactions and their clock.

use super::order::{after, now, placed, signature};
use super::protocol::xerostomia;
use chorda::domain::Refusal as _;
use chorda::domain::actor::Meaning;
use chorda::domain::id::Name;
use chorda::domain::order::{
    self, Given, Order, OutcomeRefusal, Relatedness, Report, Ruling, Told, VisitOutcome,
};
use chorda::domain::protocol::Evaluation;
use chorda::domain::time::{Day, Instant, Span};

fn given() -> Option<Given> {
    Some(Given { at: now(), on: Day::parse("2026-11-22").unwrap() })
}

fn later(hours: i64) -> Instant {
    now().plus(Span::of_hours(hours))
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn visit(visit: &str, day: Option<&str>, limiting: Option<bool>) -> VisitOutcome {
    VisitOutcome {
        visit: name(visit),
        title: String::new(),
        held_on: day.map(|day| Day::parse(day).unwrap()),
        grade: Some(2),
        dose_limiting: limiting,
        remark: String::new(),
        correction: None,
    }
}

fn recorded(order: &Order, outcome: VisitOutcome) -> Result<Order, OutcomeRefusal> {
    let today = Day::parse("2027-01-10").unwrap();
    let visits = &xerostomia().visits;
    let by = signature("neza", Meaning::Performed);
    let changes = order::record_visit(order, visits, given(), outcome, (today, &by))?;
    Ok(after(Some(order.clone()), &changes))
}

#[test]
fn a_visit_is_one_of_the_protocol_after_the_administration_and_complete() {
    let order = placed();
    let rule = |outcome: VisitOutcome| recorded(&order, outcome).unwrap_err().rule();
    let visits = &xerostomia().visits;
    let today = Day::parse("2027-01-10").unwrap();
    let by = signature("neza", Meaning::Performed);
    let held = visit("day_5", Some("2026-11-27"), Some(false));
    let nothing = order::record_visit(&order, visits, None, held.clone(), (today, &by));
    assert_eq!(nothing.unwrap_err().rule(), "nothing_given");
    assert_eq!(rule(visit("day_6", Some("2026-11-28"), Some(false))), "visit_of_protocol");
    assert_eq!(rule(visit("day_5", Some("2026-11-21"), Some(false))), "visit_day");
    assert_eq!(rule(visit("day_5", Some("2027-01-11"), Some(false))), "visit_day");
    assert_eq!(rule(visit("day_5", Some("2026-11-27"), None)), "outcome_is_complete");
    let no_grade = VisitOutcome { grade: None, ..held.clone() };
    assert_eq!(rule(no_grade), "outcome_is_complete");
    let zero = VisitOutcome { grade: Some(0), dose_limiting: Some(true), ..held.clone() };
    assert_eq!(rule(zero), "outcome_is_complete");
    assert_eq!(rule(VisitOutcome { grade: Some(6), ..held.clone() }), "outcome_is_complete");
    assert_eq!(rule(visit("day_5", None, None)), "outcome_is_complete", "missed without a word");
    assert_eq!(rule(visit("day_120", None, None)), "visit_day", "not due yet");
    assert!(recorded(&order, held).is_ok());
}

#[test]
fn a_visit_is_recorded_again_only_with_a_reason_and_the_last_is_in_force() {
    let order = recorded(&placed(), visit("day_28", Some("2026-12-20"), Some(true))).unwrap();
    assert_eq!(order.outcomes.evaluation(&name("day_28")), Evaluation::Toxic);
    let again = visit("day_28", Some("2026-12-20"), Some(false));
    let refused = recorded(&order, again.clone()).unwrap_err();
    assert_eq!(refused.rule(), "outcome_is_corrected_with_reason");
    let why = Some("grade was of another patient".to_owned());
    let order = recorded(&order, VisitOutcome { correction: why, ..again }).unwrap();
    assert_eq!(order.outcomes.evaluation(&name("day_28")), Evaluation::Clear);
    assert_eq!(order.outcomes.visits.len(), 2, "the first entry stays");
}

#[test]
fn a_toxicity_at_any_visit_counts_and_only_who_is_not_evaluated_is_excluded() {
    let by = signature("neza", Meaning::Reviewed);
    let evaluated_at = name("day_28");
    let order = recorded(&placed(), visit("day_5", Some("2026-11-27"), Some(true))).unwrap();
    assert_eq!(order.outcomes.evaluation(&evaluated_at), Evaluation::Toxic);
    let refused = order::exclude(&order, Some(&evaluated_at), "moved away", &by).unwrap_err();
    assert_eq!(refused.rule(), "excluded_before_evaluation");
    let clear = recorded(&placed(), visit("day_5", Some("2026-11-27"), Some(false))).unwrap();
    assert_eq!(clear.outcomes.evaluation(&evaluated_at), Evaluation::Waiting);
    assert!(order::exclude(&clear, Some(&evaluated_at), " ", &by).is_err(), "no reason");
    let changes = order::exclude(&clear, Some(&evaluated_at), "moved away", &by).unwrap();
    let excluded: Order = after(Some(clear), &changes);
    assert_eq!(excluded.outcomes.evaluation(&evaluated_at), Evaluation::Excluded);
    assert!(order::exclude(&excluded, Some(&evaluated_at), "again", &by).is_err());
}

fn report(grade: u8, relatedness: Relatedness) -> Report {
    Report {
        description: "Swelling of the neck, admitted".to_owned(),
        began_at: later(5),
        aware_at: later(6),
        grade,
        relatedness,
        batch: None,
        units: vec!["J00001".to_owned()],
        donations: Vec::new(),
    }
}

fn reported(grade: u8, relatedness: Relatedness) -> Order {
    let order = placed();
    let stopping = xerostomia().stopping;
    let by = signature("neza", Meaning::Performed);
    let report = report(grade, relatedness);
    let decided =
        order::report_reaction(&order, stopping.as_ref(), given(), report, (later(7), &by));
    after(Some(order), &decided.unwrap())
}

#[test]
fn a_related_reaction_of_the_grade_stops_and_starts_the_clock_of_24_hours() {
    use Relatedness::{Possible, Probable, Sure, Unlikely, Unrelated};
    for (grade, relatedness, stops) in [
        (3, Possible, true),
        (3, Probable, true),
        (5, Sure, true),
        (2, Sure, false),
        (3, Unlikely, false),
        (5, Unrelated, false),
    ] {
        let order = reported(grade, relatedness);
        let reaction = &order.outcomes.reactions[0];
        assert_eq!(reaction.is_open(), stops, "grade {grade}, {}", relatedness.words());
        let clock = stops.then(|| later(6).plus(Span::of_hours(24)));
        assert_eq!(reaction.judged.tell_by, clock, "from the moment it was learned of");
    }
}

#[test]
fn a_report_is_complete_and_its_times_are_in_order() {
    let (order, stopping) = (placed(), xerostomia().stopping);
    let by = signature("neza", Meaning::Performed);
    let rule = |edit: fn(&mut Report)| {
        let mut report = report(3, Relatedness::Sure);
        edit(&mut report);
        let at = (later(7), &by);
        order::report_reaction(&order, stopping.as_ref(), given(), report, at).unwrap_err().rule()
    };
    assert_eq!(rule(|r| r.description = " ".to_owned()), "outcome_is_complete");
    assert_eq!(rule(|r| r.grade = 0), "outcome_is_complete");
    assert_eq!(rule(|r| r.grade = 6), "outcome_is_complete");
    assert_eq!(rule(|r| r.began_at = later(-1)), "times_are_in_order", "before the dose");
    assert_eq!(rule(|r| r.aware_at = later(4)), "times_are_in_order", "before it began");
    assert_eq!(rule(|r| r.aware_at = later(8)), "times_are_in_order", "in the future");
}

fn tell(order: &Order, whom: &str) -> Result<Order, OutcomeRefusal> {
    let told = Told {
        whom: whom.to_owned(),
        at: later(8),
        how: "by telephone, reference 12".to_owned(),
        signature: signature("neza", Meaning::Performed),
    };
    let changes = order::tell(order, 1, told, later(9))?;
    Ok(after(Some(order.clone()), &changes))
}

fn ruling(by: &str, resume: bool) -> Ruling {
    let signature = signature(by, Meaning::Approved);
    Ruling { resume, reasoning: "not of the product".to_owned(), signature }
}

#[test]
fn the_coordinator_is_told_first_and_all_before_enrolment_goes_on() {
    let bodies = xerostomia().stopping.unwrap().tell;
    let order = reported(3, Relatedness::Possible);
    assert_eq!(tell(&order, &bodies[1]).unwrap_err().rule(), "reaction_coordinator_first");
    assert_eq!(tell(&order, "The press").unwrap_err().rule(), "reaction_told");
    let order = tell(&order, &bodies[0]).unwrap();
    assert_eq!(tell(&order, &bodies[0]).unwrap_err().rule(), "reaction_told", "twice");
    let refused = order::rule(&order, 1, ruling("vesna", true)).unwrap_err();
    assert_eq!(refused, OutcomeRefusal::NotAllTold(bodies[1..].join(", ")));
    let order = tell(&tell(&order, &bodies[2]).unwrap(), &bodies[1]).unwrap();
    let refused = order::rule(&order, 1, ruling("neza", true)).unwrap_err();
    assert_eq!(refused.rule(), "reporter_is_not_decider");
    let changes = order::rule(&order, 1, ruling("vesna", true)).unwrap();
    let order: Order = after(Some(order), &changes);
    assert!(!order.outcomes.reactions[0].is_open());
    let again = order::rule(&order, 1, ruling("vesna", false)).unwrap_err();
    assert_eq!(again, OutcomeRefusal::RuledAlready(1));
}

#[test]
fn what_stopped_once_is_decided_and_what_gets_worse_is_decided_again() {
    let stopping = xerostomia().stopping;
    let by = signature("neza", Meaning::Reviewed);
    let judge = |order: &Order, grade, relatedness| {
        let judged = (grade, relatedness, "follow-up report");
        let at = (later(9), &by);
        let changes = order::judge_again(order, stopping.as_ref(), 1, judged, at).unwrap();
        after::<Order>(Some(order.clone()), &changes)
    };
    let milder = judge(&reported(3, Relatedness::Possible), 1, Relatedness::Unrelated);
    assert!(milder.outcomes.reactions[0].is_open(), "only a decision opens enrolment again");
    let worse = judge(&reported(2, Relatedness::Possible), 3, Relatedness::Possible);
    assert!(worse.outcomes.reactions[0].is_open(), "it stops from now");
    let mut order = reported(3, Relatedness::Possible);
    for whom in &stopping.as_ref().unwrap().tell {
        order = tell(&order, whom).unwrap();
    }
    let changes = order::rule(&order, 1, ruling("vesna", true)).unwrap();
    let order: Order = after(Some(order), &changes);
    assert!(judge(&order, 4, Relatedness::Possible).outcomes.reactions[0].is_open());
    assert!(!judge(&order, 3, Relatedness::Possible).outcomes.reactions[0].is_open());
}

#[test]
fn the_course_follows_from_the_orders_and_what_was_given() {
    let enrolment = xerostomia().enrolment.unwrap();
    let order = reported(3, Relatedness::Possible);
    let course = order::course(&enrolment, &[(order.clone(), true)]);
    assert_eq!(course.participants.len(), 1);
    assert_eq!(course.stops.len(), 1);
    let mut cancelled = placed();
    cancelled.cancelled = Some(chorda::domain::order::Cancellation {
        after_thaw: false,
        because: "ill".to_owned(),
        signature: signature("neza", Meaning::Approved),
    });
    let course = order::course(&enrolment, &[(cancelled.clone(), false)]);
    assert!(course.participants.is_empty(), "nothing was given");
    let course = order::course(&enrolment, &[(cancelled, true)]);
    assert_eq!(course.participants.len(), 1, "something was given");
}
