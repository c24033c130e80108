//! Who may be enrolled next: cohorts in order, and 3+3, each rule tried to be broken.

use chorda::domain::Refusal as _;
use chorda::domain::id::{Name, OrderNumber, PatientCode};
use chorda::domain::protocol::{
    self, Asked, Course, Enrolment, Evaluation, Next, Participant, Protocol, Stop,
};
use proptest::prelude::*;

const C: &str = include_str!("../../../templates/protocols/bm-msc-xerostomia.toml");
const B: &str = include_str!("../../../templates/protocols/at-msc-xerostomia.toml");
const A: &str = include_str!("../../../templates/protocols/eq-msc-xerostomia.toml");

fn parsed(text: &str) -> Protocol {
    protocol::parse(text).unwrap()
}

fn rule(text: &str) -> Enrolment {
    parsed(text).enrolment.unwrap()
}

fn patient(number: usize) -> PatientCode {
    PatientCode::parse(&format!("XER-{number:03}")).unwrap()
}

/// A course that enrols by the rule and is told what became of each patient.
struct Trial {
    rule: Enrolment,
    course: Course,
}

impl Trial {
    fn of(text: &str) -> Self {
        Self { rule: rule(text), course: Course::default() }
    }

    fn next(&self) -> Next {
        self.rule.next(&self.course)
    }

    /// Level and sites that are open.
    fn open(&self) -> Option<(String, Option<u32>, u32)> {
        match self.next() {
            Next::Open { cohort, level, places, .. } => Some((cohort.to_string(), level, places)),
            _ => None,
        }
    }

    /// Enrols one patient where it is open, with what will be known of them.
    fn enrol(&mut self, evaluation: Evaluation) {
        let Next::Open { level, sites, .. } = self.next() else {
            panic!("{:?}", self.next());
        };
        let patient = patient(self.course.participants.len());
        let asked = Asked { patient: &patient, level, sites: sites.unwrap_or(1) };
        let place = self.rule.admit(&self.course, asked).unwrap();
        self.course.participants.push(Participant {
            patient,
            cohort: place.cohort,
            level: place.level,
            orders: 1,
            evaluation,
        });
    }

    fn enrol_all(&mut self, evaluations: &[Evaluation]) {
        evaluations.iter().for_each(|evaluation| self.enrol(*evaluation));
    }

    /// Up to the escalation: six patients, one gland each, no toxicity.
    fn escalating() -> Self {
        let mut trial = Self::of(C);
        trial.enrol_all(&[Evaluation::Clear; 6]);
        trial
    }

    fn tally(&self, level: u32) -> (u32, u32) {
        let tally = self.rule.tally_at(&self.course, level);
        (tally.counted, tally.toxic)
    }
}

use Evaluation::{Clear, Excluded, Toxic, Waiting};

#[test]
fn ten_patients_are_enrolled_and_who_is_excluded_before_evaluation_is_replaced() {
    let mut trial = Trial::of(A);
    trial.enrol_all(&[Waiting; 9]);
    trial.enrol(Excluded);
    assert_eq!(trial.open(), Some(("treated".to_owned(), None, 1)));
    trial.enrol(Waiting);
    assert!(matches!(trial.next(), Next::Complete { .. }));
    let refused =
        trial.rule.admit(&trial.course, Asked { patient: &patient(99), level: None, sites: 4 });
    assert_eq!(refused.unwrap_err().rule(), "enrolment_closed");
    let again = Asked { patient: &patient(9), level: None, sites: 4 };
    let refused = trial.rule.admit(&trial.course, again).unwrap_err();
    assert_eq!(refused.rule(), "enrolment_excluded");
    let twice = Asked { patient: &patient(0), level: None, sites: 4 };
    let refused = trial.rule.admit(&trial.course, twice).unwrap_err();
    assert_eq!(refused.rule(), "enrolment_orders_per_patient");
}

#[test]
fn the_first_five_get_cs5_and_the_last_five_cs10() {
    let mut trial = Trial::of(B);
    for number in 0..10 {
        let (cohort, ..) = trial.open().unwrap();
        assert_eq!(cohort, if number < 5 { "cs5" } else { "cs10" });
        trial.enrol(Waiting);
    }
    assert!(trial.open().is_none());
}

#[test]
fn the_first_cohort_is_one_gland_and_is_evaluated_before_the_escalation() {
    let mut trial = Trial::of(C);
    assert!(matches!(trial.next(), Next::Open { sites: Some(1), level: Some(0), .. }));
    trial.enrol_all(&[Clear, Clear, Clear, Clear, Clear, Waiting]);
    assert!(matches!(trial.next(), Next::Wait { .. }), "the sixth is not evaluated");
    trial.course.participants[5].evaluation = Toxic;
    assert!(matches!(trial.next(), Next::Open { sites: Some(2), level: Some(0), .. }));
    trial.course.participants[4].evaluation = Toxic;
    assert!(matches!(trial.next(), Next::Stopped { .. }), "two of six");
}

#[test]
fn no_toxicity_in_three_opens_the_next_level_only_when_all_are_evaluated() {
    let mut trial = Trial::escalating();
    trial.enrol_all(&[Clear, Clear, Waiting]);
    assert!(matches!(trial.next(), Next::Wait { .. }));
    trial.course.participants[8].evaluation = Clear;
    assert_eq!(trial.open(), Some(("escalation".to_owned(), Some(1), 3)));
}

#[test]
fn one_toxicity_in_three_fills_the_level_to_six() {
    let mut trial = Trial::escalating();
    trial.enrol_all(&[Clear, Toxic, Clear]);
    assert_eq!(trial.open(), Some(("escalation".to_owned(), Some(0), 3)));
    trial.enrol_all(&[Waiting, Waiting, Waiting]);
    assert!(matches!(trial.next(), Next::Wait { .. }));
    for participant in &mut trial.course.participants {
        if participant.evaluation == Waiting {
            participant.evaluation = Clear;
        }
    }
    assert_eq!(trial.open(), Some(("escalation".to_owned(), Some(1), 3)), "one of six");
}

#[test]
fn two_toxicities_put_a_level_above_the_tolerated_and_the_one_below_is_filled() {
    let mut trial = Trial::escalating();
    trial.enrol_all(&[Clear; 3]);
    trial.enrol_all(&[Toxic, Toxic]);
    assert_eq!(trial.open(), Some(("escalation".to_owned(), Some(0), 3)), "de-escalated at once");
    trial.enrol_all(&[Clear, Toxic, Clear]);
    assert_eq!(trial.open(), Some(("expansion".to_owned(), Some(0), 12)));
    assert!(trial.next().because().contains("dose level 0 is recommended"));
    trial.enrol_all(&[Clear; 12]);
    assert!(matches!(trial.next(), Next::Complete { .. }));
}

#[test]
fn two_toxicities_at_the_lowest_level_stop_the_trial() {
    let mut trial = Trial::escalating();
    trial.enrol_all(&[Toxic, Waiting, Toxic]);
    assert!(matches!(trial.next(), Next::Stopped { .. }));
}

#[test]
fn the_highest_level_is_recommended_after_six() {
    let mut trial = Trial::escalating();
    trial.enrol_all(&[Clear; 9]);
    assert_eq!(trial.open(), Some(("escalation".to_owned(), Some(2), 3)), "filled to six");
    trial.enrol_all(&[Clear; 3]);
    assert_eq!(trial.open(), Some(("expansion".to_owned(), Some(2), 12)));
}

#[test]
fn an_order_for_another_level_or_number_of_sites_is_refused_with_the_reason() {
    let trial = Trial::escalating();
    let asked = |level, sites| {
        let asked = Asked { patient: &patient(50), level, sites };
        trial.rule.admit(&trial.course, asked)
    };
    assert!(asked(Some(0), 2).is_ok());
    let refused = asked(Some(1), 2).unwrap_err();
    assert_eq!(refused.rule(), "enrolment_other_level");
    assert!(refused.to_string().contains("dose level 0 is the lowest level"), "{refused}");
    assert_eq!(asked(None, 2).unwrap_err().rule(), "enrolment_other_level");
    assert_eq!(asked(Some(0), 1).unwrap_err().rule(), "enrolment_other_sites");
}

#[test]
fn nobody_is_enrolled_while_a_reaction_waits_for_its_decision() {
    let mut trial = Trial::of(A);
    let order = OrderNumber::parse("ORD-2026-0001").unwrap();
    let words = "serious adverse reaction 1".to_owned();
    trial.course.stops = vec![Stop { order, reaction: 1, words, for_good: false }];
    let asked = Asked { patient: &patient(1), level: None, sites: 4 };
    let refused = trial.rule.admit(&trial.course, asked).unwrap_err();
    assert_eq!(refused.rule(), "enrolment_stopped_by_reaction");
    assert!(refused.to_string().contains("ORD-2026-0001"));
}

#[test]
fn a_rule_that_contradicts_the_rest_of_the_file_is_found() {
    for (text, from, to, found) in [
        (C, "levels = [0, 1, 2]", "levels = [0, 1, 3]", "the dose has no level 3"),
        (C, "levels = [0, 1, 2]", "levels = [1, 0]", "the levels do not climb"),
        (C, "patients_max = 18", "patients_max = 5", "one level alone may need more"),
        (C, "sites = 2", "sites = 3", "cannot be given into 3 sites"),
        (C, "evaluated_at = \"day_30\"", "evaluated_at = \"day_31\"", "no visit 'day_31'"),
        (C, "replace_excluded = true", "replace_excluded = false", "evaluated patients only"),
        (C, "name = \"one_gland\"", "name = \"escalation\"", "name of a part of 3+3"),
        (A, "rule = \"in_order\"", "rule = \"3+3\"", "a part of 3+3 is missing"),
        (A, "day = 5\n", "day = 0\n", "is not later than"),
        (A, "grade = 3", "grade = 6", "no such CTCAE grade"),
        (B, "thaw = true", "thaw = false", "nothing is thawed"),
        (B, "within = \"10 min\"", "within = \"0 min\"", "nothing can be given at once"),
    ] {
        assert!(text.contains(from), "{from}");
        let faults = protocol::parse(&text.replacen(from, to, 1)).unwrap_err().to_string();
        assert!(faults.contains(found), "{to}: {faults}");
    }
}

proptest! {
    /// Whatever happens to the patients: never more than six at a level, no level left out upward,
    /// and nobody above a level where two had a toxicity.
    #[test]
    fn whatever_happens_the_escalation_keeps_its_rule(
        happens in prop::collection::vec((0_u8..5, any::<prop::sample::Index>()), 0..160)
    ) {
        let mut trial = Trial::escalating();
        for (what, which) in happens {
            let highest = (0..3).filter(|level| trial.tally(*level).0 > 0).max();
            if what < 2 {
                let Some((cohort, Some(level), _)) = trial.open() else { continue };
                if cohort == "escalation" {
                    prop_assert!(level <= highest.map_or(0, |highest| highest + 1), "left out");
                    prop_assert!(trial.tally(level).0 < 6, "a seventh at {}", level);
                    for below in 0..level {
                        let (counted, toxic) = trial.tally(below);
                        prop_assert!(counted >= 3 && toxic < 2, "above {} of {}", toxic, counted);
                    }
                    prop_assert!(trial.tally(level).1 < 2, "a level that proved too high");
                }
                trial.enrol(Waiting);
                continue;
            }
            // What is known of a patient who waits; a patient with a toxicity is not excluded.
            let count = trial.course.participants.len();
            let one = &mut trial.course.participants[which.index(count)];
            if one.evaluation == Waiting {
                one.evaluation = [Clear, Toxic, Excluded][usize::from(what) - 2];
            }
        }
        let waiting = trial.course.participants.iter().filter(|p| p.evaluation == Waiting).count();
        let escalation = (0..3).map(|level| trial.tally(level).0).sum::<u32>();
        prop_assert!(escalation <= 18);
        prop_assert!(waiting > 0 || !matches!(trial.next(), Next::Wait { .. }), "waits for nobody");
    }
}

#[test]
fn a_cohort_of_the_name_of_a_part_is_not_mistaken_for_it() {
    let name = Name::parse("escalation").unwrap();
    assert!(rule(C).cohorts.iter().all(|cohort| cohort.name != name));
}
