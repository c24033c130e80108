//! Rules of release: each is tried to be broken.

use std::collections::BTreeSet;

use chorda::domain::actor::{Meaning, Role};
use chorda::domain::deviation::{Class, Outcome, Status as DeviationStatus};
use chorda::domain::disposition::Disposition;
use chorda::domain::id::{BatchNumber, DeviationNumber, Name};
use chorda::domain::quality::Status;
use chorda::domain::release::{
    Blocks, Certificate, Command, Designation, DeviationFact, Facts, Failing, InputFact, LabelFact,
    LostLabelFact, Missing, Recipient, Refusal, Release, Stage, TestFact, TrailFact, TrailKind,
    assess, decide, late_failure,
};
use chorda::domain::time::Span;

use super::told::{Story, at, context, login, signed};

const NOW: &str = "2026-11-22T08:00:00Z";

fn batch() -> BatchNumber {
    BatchNumber::parse("B-2026-0001").unwrap()
}

fn test(name: &str, status: Status, pending_allowed: bool) -> TestFact {
    TestFact {
        test: Name::parse(name).unwrap(),
        title: name.to_owned(),
        status,
        awaits_review: false,
        pending_allowed,
        on_certificate: true,
        growth_based: name == "sterility",
        latest_interim: None,
        interim_max_age: Some(Span::of_hours(24)),
        due_at: None,
        invalidated: 0,
        result: vec!["fine".to_owned()],
        analysts: vec![login("quirin")],
    }
}

fn clean() -> Facts {
    Facts {
        batch: batch(),
        product: "EQ-MSC dose".to_owned(),
        master_record: "EQ-MSC-DOSE v1".to_owned(),
        order: None,
        completed: true,
        missing: Vec::new(),
        complete: Vec::new(),
        performers: BTreeSet::from([login("tina"), login("tomo")]),
        tests: vec![test("viability", Status::FinalPass, false)],
        deviations: Vec::new(),
        inputs: vec![InputFact {
            node: "container/C0000018".to_owned(),
            title: "cryovial".to_owned(),
            disposition: Disposition::Released,
            because: String::new(),
        }],
        labels: LabelFact { issued: 5, applied: 4, destroyed: 1, ..LabelFact::default() },
        lost_labels: Vec::new(),
        reconciled: Vec::new(),
        trail: Vec::new(),
        trail_entries: 40,
        expires_at: None,
    }
}

fn pending() -> Facts {
    let mut facts = clean();
    let mut sterility = test("sterility", Status::InterimNegative, true);
    sterility.latest_interim = Some(at("2026-11-22T06:00:00Z"));
    facts.tests.push(sterility);
    facts
}

fn certificate() -> Certificate {
    Certificate {
        number: "CERT-2026-0001".to_owned(),
        product: "EQ-MSC".to_owned(),
        master_record: "EQ-MSC-DOSE v1".to_owned(),
        trial: None,
        strength: "50".to_owned(),
        form: "suspension".to_owned(),
        package: "4 syringes".to_owned(),
        expires_at: None,
        manufacturer: "Facility A9999".to_owned(),
        authorisation: "MIA-0".to_owned(),
        results: Vec::new(),
        pending: Vec::new(),
        deviations: Vec::new(),
        comments: String::new(),
        statement: "I certify".to_owned(),
    }
}

fn current() -> Option<Designation> {
    Some(Designation { from: at("2026-01-01T00:00:00Z"), until: Some(at("2027-01-01T00:00:00Z")) })
}

fn certify(by: &str, initial: bool, designation: Option<Designation>) -> Command {
    let certificate = certificate();
    let signature = signed(by, Role::QualifiedPerson, Meaning::Certified);
    if initial {
        Command::CertifyInitial { certificate, designation, signature }
    } else {
        Command::CertifyFinal { certificate, designation, signature }
    }
}

fn review(by: &str, facts: &Facts) -> Command {
    let exceptions = assess(facts, at(NOW)).exceptions;
    Command::Review {
        remarks: exceptions.iter().map(|e| (e.key.clone(), "seen".to_owned())).collect(),
        conclusion: "in order".to_owned(),
        signature: signed(by, Role::Qa, Meaning::Reviewed),
    }
}

struct Way(Story);

impl Way {
    fn new() -> Self {
        Self(Story::of::<Release>("B-2026-0001"))
    }

    fn reviewed(facts: &Facts) -> Self {
        let mut way = Self::new();
        way.go(facts, &review("mojca", facts)).unwrap();
        way
    }

    fn release(&self) -> Option<Release> {
        self.0.state()
    }

    fn go(&mut self, facts: &Facts, command: &Command) -> Result<(), Refusal> {
        let release = self.release();
        let context = context("mojca", Role::Qa, NOW);
        let changes = decide(release.as_ref(), command, facts, &context)?;
        self.0.take("mojca", NOW, changes);
        Ok(())
    }

    fn disposition(&self) -> Disposition {
        self.release().unwrap().disposition()
    }
}

fn blocked(outcome: Result<(), Refusal>) -> Vec<String> {
    match outcome {
        Err(Refusal::Blocked(items)) => items,
        other => panic!("expected a blocked certification, got {other:?}"),
    }
}

#[test]
fn a_clean_batch_is_reviewed_then_certified_finally() {
    let facts = clean();
    let mut way = Way::reviewed(&facts);
    assert_eq!(way.disposition(), Disposition::Quarantine);
    way.go(&facts, &certify("quentin", false, current())).unwrap();
    assert_eq!(way.disposition(), Disposition::Released);
    assert_eq!(way.release().unwrap().stage, Stage::CertifiedFinal);
}

#[test]
fn initial_certification_names_what_is_pending_and_final_waits_for_it() {
    let facts = pending();
    let mut way = Way::reviewed(&facts);
    assert_eq!(blocked(way.go(&facts, &certify("quentin", false, current()))).len(), 1);
    way.go(&facts, &certify("quentin", true, current())).unwrap();
    assert_eq!(way.disposition(), Disposition::ConditionallyReleased);
    let certificate = way.release().unwrap().certified().unwrap().certificate.clone();
    assert_eq!(certificate.pending.len(), 1);
    assert!(certificate.pending[0].negative_to_date.is_some());
    let again = way.go(&facts, &certify("quentin", true, current()));
    assert_eq!(again, Err(Refusal::WrongStage(Stage::CertifiedInitial)));
    let mut done = facts;
    done.tests[1].status = Status::FinalPass;
    way.go(&done, &certify("quentin", false, current())).unwrap();
    assert_eq!(way.disposition(), Disposition::Released);
}

#[test]
fn nothing_pending_is_certified_finally_and_not_initially() {
    let facts = clean();
    let mut way = Way::reviewed(&facts);
    let refused = way.go(&facts, &certify("quentin", true, current()));
    assert_eq!(refused, Err(Refusal::NothingPending));
}

#[test]
fn a_pending_culture_needs_a_reading_within_its_age() {
    for (read_at, met) in
        [(Some("2026-11-21T08:00:00Z"), true), (Some("2026-11-21T07:59:59Z"), false), (None, false)]
    {
        let mut facts = pending();
        facts.tests[1].latest_interim = read_at.map(at);
        let mut way = Way::reviewed(&facts);
        let outcome = way.go(&facts, &certify("quentin", true, current()));
        assert_eq!(outcome.is_ok(), met, "read at {read_at:?}");
    }
}

#[test]
fn a_test_that_may_not_be_pending_blocks() {
    let mut facts = pending();
    facts.tests[0].status = Status::InTest;
    let mut way = Way::reviewed(&facts);
    assert_eq!(blocked(way.go(&facts, &certify("quentin", true, current()))).len(), 1);
}

fn missing(what: &str) -> Missing {
    Missing { what: what.to_owned(), step: None, rule: "ATMP-2".to_owned(), corrected: false }
}

#[test]
fn a_batch_with_an_unverified_correction_is_not_reviewed() {
    let mut facts = pending();
    let waits = missing("correction 1 of step 'fill' (1) is not verified");
    facts.missing.push(Missing { corrected: true, ..waits });
    let refused = Way::new().go(&facts, &review("quality", &facts)).unwrap_err();
    assert!(matches!(&refused, Refusal::Incomplete(what) if what[0].contains("correction 1")));
}

#[test]
fn every_open_critical_item_is_listed() {
    let mut facts = pending();
    let mut way = Way::reviewed(&facts);
    facts.missing.push(missing("step 'count' is not performed"));
    facts.tests[0].status = Status::FinalFail;
    facts.deviations.push(deviation(DeviationStatus::Open, Class::Critical, None));
    facts.inputs[0].disposition = Disposition::OnHold;
    facts.labels.open = 1;
    let items = blocked(way.go(&facts, &certify("quentin", true, current())));
    assert_eq!(items.len(), 5, "{items:#?}");
}

fn deviation(status: DeviationStatus, class: Class, outcome: Option<Outcome>) -> DeviationFact {
    DeviationFact {
        number: DeviationNumber::parse("DEV-2026-0001").unwrap(),
        class,
        title: "x".to_owned(),
        status,
        outcome,
        step: None,
        reconciliation: None,
    }
}

#[test]
fn deviations_block_until_decided_critical_ones_until_closed() {
    use DeviationStatus::{Closed, Decided, Open};
    let went_on = Some(Outcome::Continue);
    for (status, class, outcome, initial, last) in [
        (Open, Class::Minor, None, false, false),
        (Decided, Class::Minor, went_on, true, false),
        (Decided, Class::Critical, went_on, false, false),
        (Closed, Class::Critical, went_on, true, true),
        (Closed, Class::Major, Some(Outcome::Reject), false, false),
    ] {
        let mut facts = pending();
        facts.deviations.push(deviation(status, class, outcome));
        let mut way = Way::reviewed(&facts);
        let certified = way.go(&facts, &certify("quentin", true, current()));
        assert_eq!(certified.is_ok(), initial, "{status:?} {class:?} initial");
        let mut facts = clean();
        facts.deviations.push(deviation(status, class, outcome));
        let mut way = Way::reviewed(&facts);
        let certified = way.go(&facts, &certify("quentin", false, current()));
        assert_eq!(certified.is_ok(), last, "{status:?} {class:?} final");
    }
}

#[test]
fn only_a_current_qualified_person_who_took_no_part_certifies() {
    let facts = pending();
    let mut way = Way::reviewed(&facts);
    let early = Some(Designation { from: at("2026-12-01T00:00:00Z"), until: None });
    let late = Some(Designation {
        from: at("2025-01-01T00:00:00Z"),
        until: Some(at("2026-11-22T08:00:00Z")),
    });
    for designation in [None, early, late] {
        let refused = way.go(&facts, &certify("quentin", true, designation));
        assert_eq!(refused, Err(Refusal::NotQualified(login("quentin"))));
    }
    let as_qa = Command::CertifyInitial {
        certificate: certificate(),
        designation: current(),
        signature: signed("mojca", Role::Qa, Meaning::Certified),
    };
    assert_eq!(way.go(&facts, &as_qa), Err(Refusal::NotQualified(login("mojca"))));
    for involved in ["tina", "tomo", "quirin"] {
        let refused = way.go(&facts, &certify(involved, true, current()));
        assert_eq!(refused, Err(Refusal::CertifierIsPerformer(login(involved))));
    }
}

#[test]
fn a_performer_does_not_review_and_nobody_certifies_unreviewed() {
    let facts = clean();
    let refused = Way::new().go(&facts, &review("tina", &facts));
    assert_eq!(refused, Err(Refusal::ReviewerIsPerformer(login("tina"))));
    let refused = Way::new().go(&facts, &certify("quentin", false, current()));
    assert_eq!(refused, Err(Refusal::NotReviewed));
    let mut running = clean();
    running.completed = false;
    let refused = Way::new().go(&running, &review("mojca", &running));
    assert_eq!(refused, Err(Refusal::NotCompleted));
}

fn late_entry() -> TrailFact {
    TrailFact {
        event: "batch/B-2026-0001@7".to_owned(),
        kind: TrailKind::LateEntry,
        what: "step thaw recorded 2 h late".to_owned(),
        by: login("tina"),
        at: at(NOW),
    }
}

#[test]
fn every_exception_gets_a_remark_and_what_comes_later_is_reviewed_again() {
    let mut facts = clean();
    facts.trail.push(late_entry());
    let mut way = Way::new();
    let silent = Command::Review {
        remarks: Vec::new(),
        conclusion: "fine".to_owned(),
        signature: signed("mojca", Role::Qa, Meaning::Reviewed),
    };
    assert!(matches!(way.go(&facts, &silent), Err(Refusal::Unremarked(items)) if items.len() == 1));
    let mut way = Way::reviewed(&clean());
    let refused = way.go(&facts, &certify("quentin", false, current()));
    assert!(matches!(refused, Err(Refusal::NewSinceReview(items)) if items.len() == 1));
    way.go(&facts, &review("mojca", &facts)).unwrap();
    way.go(&facts, &certify("quentin", false, current())).unwrap();
}

#[test]
fn a_hold_is_lifted_only_by_signature_and_a_rejection_never() {
    let facts = clean();
    let mut way = Way::reviewed(&facts);
    let approve = || signed("mojca", Role::Qa, Meaning::Approved);
    let lift = Command::LiftHold { because: "cleared".to_owned(), signature: approve() };
    assert_eq!(way.go(&facts, &lift), Err(Refusal::NotOnHold));
    let hold = Command::PutOnHold { because: "complaint".to_owned(), signature: approve() };
    way.go(&facts, &hold).unwrap();
    assert_eq!(way.disposition(), Disposition::OnHold);
    let refused = way.go(&facts, &certify("quentin", false, current()));
    assert_eq!(refused, Err(Refusal::OnHold("complaint".to_owned())));
    way.go(&facts, &lift).unwrap();
    way.go(&facts, &certify("quentin", false, current())).unwrap();
    let reject = Command::Reject {
        because: "recall".to_owned(),
        signature: signed("mojca", Role::Qa, Meaning::Rejected),
    };
    way.go(&facts, &reject).unwrap();
    assert_eq!(way.disposition(), Disposition::Rejected);
    assert_eq!(way.go(&facts, &hold), Err(Refusal::WrongStage(Stage::Rejected)));
    let certified = way.go(&facts, &certify("quentin", false, current()));
    assert_eq!(certified, Err(Refusal::WrongStage(Stage::Rejected)));
}

#[test]
fn a_late_failure_names_who_must_be_told_and_waits_for_each() {
    let facts = pending();
    let failing = Failing {
        test: Name::parse("sterility").unwrap(),
        result: "growth".to_owned(),
        deviation: DeviationNumber::parse("DEV-2026-0009").unwrap(),
        recipients: vec![Recipient {
            who: "klara".to_owned(),
            capacity: "treating physician".to_owned(),
            order: None,
        }],
    };
    let mut way = Way::reviewed(&facts);
    let before = late_failure(way.release().as_ref(), &batch(), &failing);
    assert!(before.is_empty(), "nothing was certified yet");
    way.go(&facts, &certify("quentin", true, current())).unwrap();
    let changes = late_failure(way.release().as_ref(), &batch(), &failing);
    way.0.take("quirin", NOW, changes);
    assert_eq!(way.disposition(), Disposition::OnHold);
    let last = way.go(&facts, &certify("quentin", false, current()));
    assert_eq!(last, Err(Refusal::WrongStage(Stage::OutOfSpecificationAfterRelease)));
    let told = |who: &str| Command::Acknowledge { who: who.to_owned(), how: "phone".to_owned() };
    assert_eq!(way.go(&facts, &told("nobody")), Err(Refusal::NotARecipient("nobody".to_owned())));
    way.go(&facts, &told("klara")).unwrap();
    assert!(way.release().unwrap().late_failures[0].recipients[0].1.is_some());
    assert!(way.go(&facts, &told("klara")).is_err(), "acknowledged before");
}

#[test]
fn a_certificate_lacks_none_of_its_particulars() {
    let facts = clean();
    let mut way = Way::reviewed(&facts);
    let mut without = certificate();
    without.authorisation = " ".to_owned();
    let command = Command::CertifyFinal {
        certificate: without,
        designation: current(),
        signature: signed("quentin", Role::QualifiedPerson, Meaning::Certified),
    };
    assert!(matches!(way.go(&facts, &command), Err(Refusal::Missing(_))));
}

#[test]
fn the_most_serious_exception_stands_first_and_what_is_in_order_is_counted() {
    let mut facts = pending();
    facts.trail.push(late_entry());
    facts.deviations.push(deviation(DeviationStatus::Open, Class::Critical, None));
    let assessment = assess(&facts, at(NOW));
    assert_eq!(assessment.exceptions[0].class, Class::Critical);
    assert_eq!(assessment.exceptions[0].blocks, Blocks::Everything);
    assert!(assessment.passed.len() >= 4);
    let expired = Facts { expires_at: Some(at(NOW)), ..clean() };
    assert_eq!(assess(&expired, at(NOW)).blocking_initial().count(), 1);
}

#[test]
fn a_lost_label_blocks_until_its_deviation_is_closed() {
    use DeviationStatus::{Closed, Decided, Open};
    let mut facts = clean();
    facts.labels = LabelFact { issued: 5, applied: 4, lost: 1, ..LabelFact::default() };
    facts.lost_labels.push(LostLabelFact {
        what: "CV0000001 serial 1: 1".to_owned(),
        deviation: DeviationNumber::parse("DEV-2026-0001").unwrap(),
    });
    let go_on = Some(Outcome::Continue);
    for (deviations, blocks) in [
        (vec![], Blocks::Everything),
        (vec![deviation(Open, Class::Major, None)], Blocks::Everything),
        (vec![deviation(Decided, Class::Major, go_on)], Blocks::Everything),
        (vec![deviation(Closed, Class::Major, go_on)], Blocks::Nothing),
    ] {
        facts.deviations = deviations;
        let found = assess(&facts, at(NOW));
        let lost = found.exceptions.iter().find(|e| e.key.starts_with("labels/lost/")).unwrap();
        assert_eq!(lost.blocks, blocks, "{}", lost.remedy);
        assert!(found.passed.iter().any(|check| check.title.contains("+ 1 lost")));
    }
}

#[test]
fn a_difference_beyond_its_limit_blocks_until_a_closed_deviation_explains_it() {
    use DeviationStatus::{Closed, Decided, Open};
    let mut facts = clean();
    let fact = |broken: bool| chorda::domain::release::ReconcileFact {
        name: Name::parse("cells_lost").unwrap(),
        title: "Cells lost".to_owned(),
        found: Some("26 ×10⁶ cells, at most 25 ×10⁶ cells".to_owned()),
        broken,
    };
    let blocks = |facts: &Facts| {
        let found = assess(facts, at(NOW));
        let passed = found.passed.iter().any(|check| check.title.starts_with("Cells lost"));
        let mut exceptions = found.exceptions.into_iter();
        let one = exceptions.find(|e| e.key == "reconciliation/cells_lost");
        (passed, one.map(|one| (one.blocks, one.remedy)))
    };
    facts.reconciled.push(fact(false));
    assert_eq!(blocks(&facts), (true, None));
    facts.reconciled = vec![fact(true)];
    let (passed, why) = blocks(&facts);
    assert!(!passed);
    let open_one = "Open a deviation about it from the accounts of the batch.";
    assert_eq!(why, Some((Blocks::Everything, open_one.to_owned())));
    let about = |status, outcome| DeviationFact {
        reconciliation: Some(Name::parse("cells_lost").unwrap()),
        ..deviation(status, Class::Minor, outcome)
    };
    for (deviation, expected, remedy) in [
        (deviation(Closed, Class::Minor, Some(Outcome::Continue)), Blocks::Everything, open_one),
        (about(Open, None), Blocks::Everything, "Decide and close DEV-2026-0001."),
        (
            about(Decided, Some(Outcome::Continue)),
            Blocks::Everything,
            "Decide and close DEV-2026-0001.",
        ),
        (
            about(Closed, Some(Outcome::Reject)),
            Blocks::Everything,
            "Decide and close DEV-2026-0001.",
        ),
        (
            about(Closed, Some(Outcome::Continue)),
            Blocks::Nothing,
            "DEV-2026-0001 explains it; judge that.",
        ),
    ] {
        facts.deviations = vec![deviation];
        assert_eq!(blocks(&facts).1, Some((expected, remedy.to_owned())));
    }
}
