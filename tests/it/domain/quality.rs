//! Rules about tests: custody of the sample, time of the method, two people, nothing lost.

use chorda::domain::Event as Any;
use chorda::domain::actor::{Meaning, Role};
use chorda::domain::deviation::{self, Class};
use chorda::domain::id::{BatchNumber, ContainerCode, DeviationNumber, Name};
use chorda::domain::quality::{
    Command, Criterion, Event, Facts, Incubation, Limit, Observation, ObservationError, Refusal,
    ResultStanding, Specification, Status, TestRequest, Verdict, decide, evaluate,
};
use chorda::domain::quantity::{Quantity, Rounding, Unit, parse_decimal};
use chorda::domain::time::{Instant, Span};

use super::told::{Story, at, context, signed};

const ID: &str = "B-2026-0001.sterility";
const INOCULATED: &str = "2026-11-01T08:00:00Z";

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn tube() -> ContainerCode {
    ContainerCode::parse("T0000018").unwrap()
}

fn criterion(title: &str, unit: Unit, decimals: u32, limit: Limit) -> Criterion {
    Criterion {
        name: name(&title.to_lowercase()),
        title: title.to_owned(),
        unit,
        decimals,
        rounding: Rounding::HalfUp,
        limit,
    }
}

fn specification(criteria: Vec<Criterion>, incubated: bool) -> Specification {
    Specification {
        code: "SPEC-1".to_owned(),
        version: 1,
        method: "Ph. Eur. 2.6.1".to_owned(),
        method_version: 3,
        matrix: "final product".to_owned(),
        criteria,
        incubation: incubated.then(|| Incubation {
            minimum: Span::of_days(14),
            interim_max_age: Span::of_hours(24),
        }),
        pending_allowed: true,
        on_certificate: true,
    }
}

fn growth() -> Specification {
    specification(vec![criterion("Growth", Unit::One, 0, Limit::Negative)], true)
}

struct Lab {
    story: Story,
}

impl Lab {
    fn requested(specification: Specification) -> Self {
        let mut story = Story::of::<TestRequest>(ID);
        story.tell(
            "tina",
            "2026-11-01T06:00:00Z",
            Event::Requested {
                batch: BatchNumber::parse("B-2026-0001").unwrap(),
                test: name("sterility"),
                title: "Sterility".to_owned(),
                stage: "final".to_owned(),
                step: None,
                sample: Some(tube()),
                specification,
            },
        );
        Self { story }
    }

    fn under_way(specification: Specification) -> Self {
        let mut lab = Self::requested(specification);
        lab.go("quirin", "2026-11-01T07:00:00Z", receipt("T0000018", "2026-11-01T07:00:00Z"))
            .unwrap();
        let start = Command::Start { started_at: at(INOCULATED), late_because: None };
        lab.go("quirin", INOCULATED, start).unwrap();
        lab
    }

    fn request(&self) -> TestRequest {
        self.story.state().unwrap()
    }

    fn go(&mut self, by: &str, now: &str, command: Command) -> Result<Vec<Any>, Refusal> {
        let facts = Facts {
            next_deviation: DeviationNumber::parse("DEV-2026-0001").unwrap(),
            deviation_is_open: true,
        };
        let context = context(by, Role::QcAnalyst, now);
        let changes = decide(&self.request(), &command, &facts, &context)?;
        let events = changes.iter().map(|change| change.event.clone()).collect();
        self.story.take(by, now, changes);
        Ok(events)
    }
}

fn receipt(sample: &str, received_at: &str) -> Command {
    Command::Receive {
        sample: ContainerCode::parse(sample).unwrap(),
        condition: "intact, 5 °C".to_owned(),
        received_at: at(received_at),
        late_because: None,
    }
}

fn result(by: &str, observation: Observation, tested_at: Instant) -> Command {
    Command::Record {
        observations: vec![(name("growth"), observation)],
        tested_at,
        late_because: Some("weekend".to_owned()),
        signature: signed(by, Role::QcAnalyst, Meaning::Performed),
    }
}

fn grown() -> Observation {
    Observation::Detected { finding: "Gram-positive cocci".to_owned() }
}

fn review(by: &str, number: u32) -> Command {
    Command::Review { number, signature: signed(by, Role::QcAnalyst, Meaning::Reviewed) }
}

#[test]
fn a_result_of_a_sample_that_was_not_received_is_refused() {
    let mut lab = Lab::requested(growth());
    let now = "2026-11-20T08:00:00Z";
    let refused = lab.go("quirin", now, result("quirin", Observation::NotDetected, at(now)));
    assert_eq!(refused, Err(Refusal::NotReceived));
    let start = Command::Start { started_at: at(now), late_because: None };
    assert_eq!(lab.go("quirin", now, start), Err(Refusal::NotReceived));
}

#[test]
fn another_tube_is_not_the_sample() {
    let mut lab = Lab::requested(growth());
    let now = "2026-11-01T07:00:00Z";
    let refused = lab.go("quirin", now, receipt("T0000026", now));
    assert!(matches!(refused, Err(Refusal::OtherSample { .. })));
}

#[test]
fn a_negative_is_final_from_exactly_fourteen_days_after_inoculation() {
    let ends = at(INOCULATED).plus(Span::of_days(14));
    for (tested_at, met) in [(ends.minus(Span::of_minutes(1)), false), (ends, true)] {
        let mut lab = Lab::under_way(growth());
        let command = result("quirin", Observation::NotDetected, tested_at);
        let outcome = lab.go("quirin", "2026-11-20T08:00:00Z", command);
        assert_eq!(outcome.is_ok(), met, "{tested_at}");
        if !met {
            assert!(matches!(outcome, Err(Refusal::TooEarly { .. })));
        }
    }
}

#[test]
fn growth_is_a_result_at_any_time() {
    let mut lab = Lab::under_way(growth());
    let now = "2026-11-03T08:00:00Z";
    lab.go("quirin", now, result("quirin", grown(), at(now))).unwrap();
    assert_eq!(lab.request().latest().unwrap().verdict, Verdict::Fail);
}

#[test]
fn an_interim_reading_is_negative_to_date_and_no_pass() {
    let mut lab = Lab::under_way(growth());
    let now = "2026-11-04T08:00:00Z";
    let read = |at| Command::ReadInterim {
        read_at: at,
        late_because: None,
        signature: signed("quirin", Role::QcAnalyst, Meaning::Performed),
    };
    lab.go("quirin", now, read(at(now))).unwrap();
    assert_eq!(lab.request().status, Status::InterimNegative);
    assert!(!lab.request().status.is_final());
    let refused = lab.go("quirin", now, read(at("2026-11-03T08:00:00Z")));
    assert!(refused.is_err(), "readings do not go backwards");
    let mut count = Lab::under_way(specification(Vec::new(), false));
    assert_eq!(count.go("quirin", now, read(at(now))), Err(Refusal::NoInterim));
}

#[test]
fn who_recorded_a_result_does_not_review_it() {
    let mut lab = Lab::under_way(growth());
    let now = "2026-11-16T08:00:00Z";
    lab.go("quirin", now, result("quirin", Observation::NotDetected, at(now))).unwrap();
    assert!(!lab.request().status.is_final(), "not final before the review");
    let refused = lab.go("quirin", now, review("quirin", 1));
    assert!(matches!(refused, Err(Refusal::ReviewerIsAnalyst(_))));
    lab.go("petra", now, review("petra", 1)).unwrap();
    assert_eq!(lab.request().status, Status::FinalPass);
}

#[test]
fn a_failing_result_opens_a_critical_deviation_and_is_never_overwritten() {
    let mut lab = Lab::under_way(growth());
    let now = "2026-11-05T08:00:00Z";
    lab.go("quirin", now, result("quirin", grown(), at(now))).unwrap();
    let events = lab.go("petra", now, review("petra", 1)).unwrap();
    assert!(events.iter().any(|event| matches!(
        event,
        Any::Deviation(deviation::Event::Opened { class: Class::Critical, .. })
    )));
    assert_eq!(lab.request().status, Status::FinalFail);
    let again = result("quirin", Observation::NotDetected, at(now));
    assert_eq!(lab.go("quirin", now, again), Err(Refusal::Final));
}

#[test]
fn a_retest_needs_an_investigated_cause_and_leaves_the_first_value_visible() {
    let mut lab = Lab::under_way(growth());
    let now = "2026-11-05T08:00:00Z";
    lab.go("quirin", now, result("quirin", grown(), at(now))).unwrap();
    lab.go("petra", now, review("petra", 1)).unwrap();
    let invalidate = Command::Invalidate {
        number: 1,
        because: "broken hood filter".to_owned(),
        deviation: DeviationNumber::parse("DEV-2026-0001").unwrap(),
        signature: signed("mojca", Role::Qa, Meaning::Approved),
    };
    let closed = Facts {
        next_deviation: DeviationNumber::parse("DEV-2026-0002").unwrap(),
        deviation_is_open: false,
    };
    let qa = context("mojca", Role::Qa, now);
    let refused = decide(&lab.request(), &invalidate, &closed, &qa);
    assert!(matches!(refused, Err(Refusal::NoOpenDeviation(_))));
    lab.go("mojca", now, invalidate).unwrap();
    assert_eq!(lab.request().status, Status::Invalid);
    let later = "2026-11-20T08:00:00Z";
    lab.go("quirin", later, result("quirin", Observation::NotDetected, at(later))).unwrap();
    lab.go("petra", later, review("petra", 2)).unwrap();
    let request = lab.request();
    assert_eq!(request.status, Status::FinalPass);
    assert_eq!(request.results.len(), 2);
    assert_eq!(request.results[0].verdict, Verdict::Fail);
    assert!(matches!(request.results[0].standing, ResultStanding::Invalidated { .. }));
    assert!(request.ever_out_of_specification());
}

#[test]
fn a_returned_result_is_followed_by_a_new_one() {
    let mut lab = Lab::under_way(growth());
    let now = "2026-11-16T08:00:00Z";
    lab.go("quirin", now, result("quirin", Observation::NotDetected, at(now))).unwrap();
    let second = lab.go("quirin", now, result("quirin", Observation::NotDetected, at(now)));
    assert_eq!(second, Err(Refusal::AwaitsReview(1)));
    let back = Command::Return {
        number: 1,
        because: "wrong plate".to_owned(),
        signature: signed("petra", Role::QcAnalyst, Meaning::Reviewed),
    };
    lab.go("petra", now, back).unwrap();
    lab.go("quirin", now, result("quirin", Observation::NotDetected, at(now))).unwrap();
    assert_eq!(lab.request().latest().unwrap().number, 2);
}

#[test]
fn a_late_entry_needs_a_reason_and_the_future_is_no_time() {
    let mut lab = Lab::under_way(growth());
    let signature = signed("quirin", Role::QcAnalyst, Meaning::Performed);
    let read = |at, because: Option<&str>| Command::ReadInterim {
        read_at: at,
        late_because: because.map(str::to_owned),
        signature: signature.clone(),
    };
    let now = "2026-11-04T08:00:00Z";
    let early = at("2026-11-04T07:44:00Z");
    let refused = lab.go("quirin", now, read(early, None));
    assert!(matches!(refused, Err(Refusal::LateWithoutReason(_))));
    assert!(lab.go("quirin", now, read(at("2026-11-04T08:01:00Z"), None)).is_err());
    lab.go("quirin", now, read(early, Some("printer out of paper"))).unwrap();
}

#[test]
fn numbers_are_compared_after_the_stated_rounding_and_kept_unrounded() {
    let decimal = |text: &str| parse_decimal(text).unwrap();
    let percent =
        |text: &str| Observation::Number { value: Quantity::parse(text, Unit::Percent).unwrap() };
    let cases = [
        (Limit::AtLeast { value: decimal("80") }, "79.5", true),
        (Limit::AtLeast { value: decimal("80") }, "79.49", false),
        (Limit::Above { value: decimal("80") }, "80.4", false),
        (Limit::Above { value: decimal("80") }, "80.5", true),
        (Limit::AtMost { value: decimal("2") }, "2.49", true),
        (Limit::AtMost { value: decimal("2") }, "2.5", false),
        (Limit::Below { value: decimal("3") }, "2.5", false),
        (Limit::Below { value: decimal("3") }, "2.49", true),
        (Limit::Range { low: decimal("45"), high: decimal("55") }, "44.5", true),
        (Limit::Range { low: decimal("45"), high: decimal("55") }, "55.5", false),
        (Limit::ReportOnly, "1", true),
    ];
    for (limit, value, met) in cases {
        let specification =
            specification(vec![criterion("Viability", Unit::Percent, 0, limit.clone())], false);
        let (values, verdict) =
            evaluate(&specification, &[(name("viability"), percent(value))]).unwrap();
        assert_eq!(verdict == Verdict::Pass, met, "{value} against {limit:?}");
        assert_eq!(values[0].observed, percent(value));
    }
}

#[test]
fn a_result_gives_one_fitting_value_for_every_criterion() {
    let specification = specification(
        vec![
            criterion("Cd73", Unit::Percent, 1, Limit::AtLeast { value: 95.into() }),
            criterion("Gram", Unit::One, 0, Limit::Negative),
            criterion("Look", Unit::One, 0, Limit::Equals { text: "clear".to_owned() }),
        ],
        false,
    );
    let number = |unit| Observation::Number { value: Quantity::whole(96, unit) };
    let text = |text: &str| Observation::Text { text: text.to_owned() };
    let full =
        |cd73, gram, look| vec![(name("cd73"), cd73), (name("gram"), gram), (name("look"), look)];
    let good = full(number(Unit::Percent), Observation::NotDetected, text(" Clear "));
    assert_eq!(evaluate(&specification, &good).unwrap().1, Verdict::Pass);
    assert!(matches!(evaluate(&specification, &good[..2]), Err(Refusal::Incomplete(_))));
    let mut twice = good.clone();
    twice.push(good[0].clone());
    assert!(matches!(evaluate(&specification, &twice), Err(Refusal::Incomplete(_))));
    let unit = full(number(Unit::Millilitre), Observation::NotDetected, text("clear"));
    assert!(matches!(
        evaluate(&specification, &unit),
        Err(Refusal::Observation(ObservationError::WrongUnit { .. }))
    ));
    let kind = full(number(Unit::Percent), text("no"), text("clear"));
    assert!(matches!(
        evaluate(&specification, &kind),
        Err(Refusal::Observation(ObservationError::WrongKind { .. }))
    ));
}
