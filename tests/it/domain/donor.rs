//! Rules about donors and donations: each is tried to be broken, at its exact boundary.

use chorda::domain::actor::{Meaning, Role};
use chorda::domain::disposition::Disposition;
use chorda::domain::donation::{self, Donation, Receive, Tissue};
use chorda::domain::donor::{
    Cause, Command, DonationFact, Donor, Facts, GivenAnswer, Matrix, Purpose, Reaction, Refusal,
    Relation, RuleBook, RuleSet, Scope, decide, judge,
};
use chorda::domain::id::{ContainerCode, DeviationNumber, Din, DonorCode, Name};
use chorda::domain::quantity::{Quantity, Unit};
use chorda::domain::time::{Instant, Span, Zone};

use super::told::{Story, at, context, signed};

const EU_2006_17: &str = include_str!("../../../templates/rules/donor-eu-2006-17.toml");
const NOW: &str = "2027-07-01T08:00:00Z";
const DONATED: &str = "2026-11-22T06:00:00Z";
const ALWAYS: [&str; 5] = ["anti_hiv", "hbsag", "anti_hbc", "anti_hcv", "syphilis"];
const NAT: [&str; 3] = ["nat_hiv", "nat_hbv", "nat_hcv"];

fn rules() -> RuleSet {
    RuleSet::parse(EU_2006_17).unwrap()
}

fn code() -> DonorCode {
    DonorCode::parse("DNR-0001").unwrap()
}

fn donation() -> DonationFact {
    DonationFact {
        din: Din::parse("A999926000001").unwrap(),
        donated_at: at(DONATED),
        tissue: Tissue::UmbilicalCord,
    }
}

/// The command that receives the cord, a little warm.
fn cord() -> Receive {
    Receive {
        din: donation().din,
        donor: code(),
        tissue: Tissue::UmbilicalCord,
        donated_at: at(DONATED),
        received_at: at("2026-11-22T12:00:00Z"),
        amount: Some(Quantity::parse("30", Unit::Centimetre).unwrap()),
        temperature: Quantity::parse("8", Unit::Celsius).unwrap(),
        condition: "intact".to_owned(),
    }
}

/// Nothing was received of this donor before.
fn first_cord<'a>(donor: &'a Donor, rules: &'a RuleSet) -> donation::Facts<'a> {
    donation::Facts {
        existing: None,
        donor: Some(donor),
        earlier: Vec::new(),
        rules,
        container: ContainerCode::parse("D0000018").unwrap(),
        deviation: DeviationNumber::parse("DEV-2026-0001").unwrap(),
        sequence: None,
        product_code: None,
        fictitious_site: true,
    }
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

/// A donor on the way, told by commands through the real rules.
struct Way {
    story: Story,
    rules: RuleSet,
}

impl Way {
    fn new() -> Self {
        let mut way = Self { story: Story::of::<Donor>("DNR-0001"), rules: rules() };
        way.go(Command::Register {
            tested_person: "TE-26-0117".to_owned(),
            relation: Relation::Mother,
            recipient: None,
            taken: None,
        })
        .unwrap();
        way
    }

    fn donor(&self) -> Donor {
        self.story.state().unwrap()
    }

    fn go(&mut self, command: Command) -> Result<(), Refusal> {
        let donor = self.story.state::<Donor>();
        let donation = donation();
        let facts = Facts { rules: &self.rules, donation: Some(&donation), zone: Zone::LJUBLJANA };
        let context = context("ana", Role::Qa, NOW);
        let changes = decide(donor.as_ref(), &code(), &command, &facts, &context)?;
        self.story.take("ana", NOW, changes);
        Ok(())
    }

    fn consented() -> Self {
        let mut way = Self::new();
        way.go(Command::GiveConsent {
            scopes: Scope::ALL.map(|(scope, ..)| scope).to_vec(),
            form_version: "3".to_owned(),
            document: "TE archive".to_owned(),
            given_at: at("2026-11-01T08:00:00Z"),
        })
        .unwrap();
        way
    }

    fn interviewed() -> Self {
        let mut way = Self::consented();
        way.go(way.questionnaire(&[])).unwrap();
        way.go(Command::Evaluate {
            acceptable: true,
            remark: "healthy".to_owned(),
            signature: signed("mojca", Role::Qa, Meaning::Reviewed),
        })
        .unwrap();
        way
    }

    /// Every question answered with no, but those named with yes.
    fn questionnaire(&self, yes: &[&str]) -> Command {
        Command::AnswerQuestionnaire {
            form_version: "2".to_owned(),
            interviewed_at: at("2026-11-21T08:00:00Z"),
            answers: self
                .rules
                .questions
                .iter()
                .map(|question| GivenAnswer {
                    question: question.name.clone(),
                    yes: Some(yes.contains(&question.name.as_str())),
                    detail: "particulars".to_owned(),
                })
                .collect(),
            blood_or_colloids: Some(false),
            crystalloids: Some(false),
            dilution: None,
            earlier_sample: false,
        }
    }

    fn sample(&mut self, purpose: Purpose, drawn_at: Instant) {
        self.go(Command::DrawSample { purpose, drawn_at, matrix: Matrix::Serum }).unwrap();
    }

    fn report(&mut self, sample: u32, marker: &str, reaction: Reaction) {
        let reported_at = self.donor().sample(sample).unwrap().drawn_at.plus(Span::of_days(1));
        self.go(Command::ReportMarker {
            sample,
            marker: name(marker),
            reaction,
            laboratory: "LAB-1".to_owned(),
            method: "CE kit".to_owned(),
            report: "R-1".to_owned(),
            reported_at,
        })
        .unwrap();
    }

    fn clear_panel(&mut self, sample: u32, markers: &[&str]) {
        for marker in markers {
            self.report(sample, marker, Reaction::NonReactive);
        }
    }

    fn eligible(&mut self) -> Result<(), Refusal> {
        self.go(Command::DecideEligibility {
            eligible: true,
            remark: String::new(),
            signature: signed("mojca", Role::Qa, Meaning::Approved),
        })
    }

    fn unmet(&self) -> Vec<String> {
        let verdict = judge(&self.donor(), &donation(), &self.rules, Zone::LJUBLJANA);
        verdict.unmet().map(|finding| finding.rule.clone()).collect()
    }
}

/// A donor whose donation sample was drawn so long after the donation, everything else in order.
fn sampled(offset: Span, nat: bool) -> Way {
    let mut way = Way::interviewed();
    way.sample(Purpose::Donation, at(DONATED).plus(offset));
    way.clear_panel(1, &ALWAYS);
    if nat {
        way.clear_panel(1, &NAT);
    }
    way
}

#[test]
fn a_donor_with_everything_in_order_is_eligible_only_by_signature() {
    let mut way = sampled(Span::of_hours(2), true);
    assert!(way.unmet().is_empty(), "{:?}", way.unmet());
    assert_eq!(way.donor().standing, Disposition::Quarantine);
    way.eligible().unwrap();
    assert_eq!(way.donor().standing, Disposition::Released);
    let decision = way.donor().decisions.pop().unwrap();
    assert!(decision.verdict.findings.iter().all(|finding| !finding.evidence.is_empty()));
    assert_eq!(decision.verdict.rule_set.id, "EU-2006-17");
    assert_eq!(way.eligible(), Err(Refusal::AlreadyDecided));
}

#[test]
fn the_window_without_a_repeat_is_from_the_donation_to_exactly_seven_days_after_it() {
    let minute = Span::of_minutes(1).seconds();
    for (offset, met) in [
        (-minute, false),
        (0, true),
        (Span::of_days(7).seconds(), true),
        (Span::of_days(7).seconds() + minute, false),
    ] {
        let way = sampled(Span::of_seconds(offset), true);
        assert_eq!(way.unmet().contains(&"DON-3".to_owned()), !met, "offset {offset} s");
        let mut way = way;
        assert_eq!(way.eligible().is_ok(), met, "offset {offset} s");
    }
}

#[test]
fn with_a_repeat_the_sample_may_be_up_to_thirty_days_earlier_and_not_a_minute_more() {
    let minute = Span::of_minutes(1).seconds();
    let month = Span::of_days(30).seconds();
    for (offset, met) in [
        (-month, true),
        (-month - minute, false),
        (Span::of_days(7).seconds(), true),
        (Span::of_days(7).seconds() + minute, false),
    ] {
        let mut way = sampled(Span::of_seconds(offset), false);
        way.sample(Purpose::Repeat, at(DONATED).plus(Span::of_days(180)));
        way.clear_panel(2, &ALWAYS);
        assert_eq!(way.eligible().is_ok(), met, "offset {offset} s: {:?}", way.unmet());
    }
}

#[test]
fn the_repeat_sample_counts_from_the_hundred_and_eightieth_day() {
    let day = Span::of_days(1).seconds();
    for (offset, met) in [(179 * day, false), (180 * day - 60, false), (180 * day, true)] {
        let mut way = sampled(Span::of_hours(1), false);
        way.sample(Purpose::Repeat, at(DONATED).plus(Span::of_seconds(offset)));
        way.clear_panel(2, &ALWAYS);
        assert_eq!(way.eligible().is_ok(), met, "offset {offset} s: {:?}", way.unmet());
    }
}

#[test]
fn banked_material_without_nat_repeat_or_inactivation_is_not_eligible() {
    let mut way = sampled(Span::of_hours(1), false);
    assert_eq!(way.unmet(), ["DON-2"]);
    assert!(matches!(way.eligible(), Err(Refusal::RulesNotMet(items)) if items.len() == 1));
    way.clear_panel(1, &NAT[..2]);
    assert!(way.eligible().is_err(), "two of three NAT do not do");
    way.go(Command::RecordInactivation {
        reference: "VAL-9".to_owned(),
        signature: signed("mojca", Role::Qa, Meaning::Approved),
    })
    .unwrap();
    way.eligible().unwrap();
}

#[test]
fn every_mandatory_marker_is_needed_and_a_reactive_one_excludes() {
    for missing in ALWAYS {
        let mut way = Way::interviewed();
        way.sample(Purpose::Donation, at(DONATED));
        let rest: Vec<&str> = ALWAYS.into_iter().filter(|marker| *marker != missing).collect();
        way.clear_panel(1, &rest);
        way.clear_panel(1, &NAT);
        assert!(way.eligible().is_err(), "{missing} is missing");
    }
    for reactive in ["anti_hiv", "hbsag", "anti_hcv", "nat_hcv"] {
        let mut way = sampled(Span::of_hours(1), true);
        way.report(1, reactive, Reaction::Reactive);
        assert!(way.eligible().is_err(), "{reactive} is reactive");
    }
}

#[test]
fn a_reactive_result_is_never_outvoted_by_a_later_non_reactive_one() {
    let mut way = sampled(Span::of_hours(1), true);
    way.report(1, "anti_hcv", Reaction::Reactive);
    way.report(1, "anti_hcv", Reaction::NonReactive);
    assert!(way.eligible().is_err());
}

#[test]
fn an_indeterminate_result_must_be_resolved() {
    let mut way = sampled(Span::of_hours(1), true);
    way.report(1, "hbsag", Reaction::Indeterminate);
    assert!(way.eligible().is_err());
    way.report(1, "hbsag", Reaction::NonReactive);
    way.eligible().unwrap();
}

#[test]
fn anti_hbc_alone_needs_a_signed_risk_assessment_and_a_negative_hbsag() {
    let mut way = sampled(Span::of_hours(1), true);
    way.report(1, "anti_hbc", Reaction::Reactive);
    assert_eq!(way.donor().standing, Disposition::OnHold);
    assert!(way.eligible().is_err());
    let assess = |acceptable| Command::AssessRisk {
        about: name("anti_hbc"),
        acceptable,
        reasoning: "anti-HBs high, DNA negative".to_owned(),
        signature: signed("mojca", Role::Qa, Meaning::Reviewed),
    };
    way.go(assess(false)).unwrap();
    assert!(way.eligible().is_err());
    way.go(assess(true)).unwrap();
    way.eligible().unwrap();
    let mut way = sampled(Span::of_hours(1), true);
    way.report(1, "anti_hbc", Reaction::Reactive);
    way.report(1, "hbsag", Reaction::Reactive);
    way.go(assess(true)).unwrap();
    assert!(way.eligible().is_err(), "HBsAg is reactive, no assessment helps");
}

#[test]
fn reactive_syphilis_screening_is_decided_by_the_specific_test() {
    let mut way = sampled(Span::of_hours(1), true);
    way.report(1, "syphilis", Reaction::Reactive);
    assert!(way.eligible().is_err(), "no confirmatory test yet");
    way.report(1, "syphilis_specific", Reaction::NonReactive);
    way.eligible().unwrap();
    let mut way = sampled(Span::of_hours(1), true);
    way.report(1, "syphilis", Reaction::Reactive);
    way.report(1, "syphilis_specific", Reaction::Reactive);
    assert!(way.eligible().is_err(), "the specific test is reactive and nothing was assessed");
}

#[test]
fn htlv_is_tested_when_the_questionnaire_indicates_it() {
    let mut way = Way::consented();
    way.go(way.questionnaire(&["htlv_area"])).unwrap();
    way.go(Command::Evaluate {
        acceptable: true,
        remark: "test HTLV".to_owned(),
        signature: signed("mojca", Role::Qa, Meaning::Reviewed),
    })
    .unwrap();
    way.sample(Purpose::Donation, at(DONATED));
    way.clear_panel(1, &ALWAYS);
    way.clear_panel(1, &NAT);
    assert!(way.eligible().is_err());
    way.report(1, "htlv", Reaction::NonReactive);
    way.eligible().unwrap();
}

#[test]
fn the_haemodilution_question_blocks_without_an_answer_and_above_half() {
    let way = Way::consented();
    let ask = |blood: Option<bool>, crystalloids: Option<bool>, dilution: Option<&str>| {
        let Command::AnswerQuestionnaire { form_version, interviewed_at, answers, .. } =
            way.questionnaire(&[])
        else {
            unreachable!()
        };
        Command::AnswerQuestionnaire {
            form_version,
            interviewed_at,
            answers,
            blood_or_colloids: blood,
            crystalloids,
            dilution: dilution.map(|text| Quantity::parse(text, Unit::Percent).unwrap()),
            earlier_sample: false,
        }
    };
    let refused = |command| Way::consented().go(command).unwrap_err();
    assert!(matches!(refused(ask(None, Some(false), None)), Refusal::HaemodilutionUnanswered(_)));
    assert!(matches!(refused(ask(Some(false), None, None)), Refusal::HaemodilutionUnanswered(_)));
    assert_eq!(refused(ask(Some(false), Some(true), None)), Refusal::DilutionNotComputed);
    for (dilution, met) in [("50", true), ("50.1", false)] {
        let mut way = Way::consented();
        way.go(ask(Some(true), Some(false), Some(dilution))).unwrap();
        assert_eq!(!way.unmet().contains(&"DON-4".to_owned()), met, "{dilution} %");
    }
}

#[test]
fn no_exclusion_criterion_is_taken_as_no_when_it_was_not_answered() {
    let mut way = Way::consented();
    let Command::AnswerQuestionnaire { form_version, interviewed_at, mut answers, .. } =
        way.questionnaire(&[])
    else {
        unreachable!()
    };
    answers[3].yes = None;
    let refusal = way
        .go(Command::AnswerQuestionnaire {
            form_version,
            interviewed_at,
            answers,
            blood_or_colloids: Some(false),
            crystalloids: Some(false),
            dilution: None,
            earlier_sample: false,
        })
        .unwrap_err();
    assert!(matches!(refusal, Refusal::Unanswered(open) if open.len() == 1));
}

#[test]
fn an_excluding_answer_excludes_and_an_assessable_one_needs_its_assessment() {
    let mut way = sampled(Span::of_hours(1), true);
    way.go(way.questionnaire(&["cjd_risk"])).unwrap();
    assert!(way.unmet().contains(&"DON-7".to_owned()));
    let mut way = sampled(Span::of_hours(1), true);
    way.go(way.questionnaire(&["live_vaccine"])).unwrap();
    assert!(way.unmet().contains(&"DON-7".to_owned()));
    assert!(
        way.unmet().contains(&"DON-2".to_owned()),
        "a new questionnaire needs a new medical evaluation"
    );
    way.go(Command::AssessRisk {
        about: name("live_vaccine"),
        acceptable: true,
        reasoning: "three weeks before".to_owned(),
        signature: signed("mojca", Role::Qa, Meaning::Reviewed),
    })
    .unwrap();
    assert!(!way.unmet().contains(&"DON-7".to_owned()));
    let nothing = Command::AssessRisk {
        about: name("cjd_risk"),
        acceptable: true,
        reasoning: "none".to_owned(),
        signature: signed("mojca", Role::Qa, Meaning::Reviewed),
    };
    assert!(matches!(way.go(nothing), Err(Refusal::NothingToAssess(_))));
}

#[test]
fn a_late_reactive_result_holds_an_eligible_donor_at_once() {
    let mut way = sampled(Span::of_hours(1), true);
    way.eligible().unwrap();
    way.sample(Purpose::Repeat, at(DONATED).plus(Span::of_days(181)));
    way.report(2, "anti_hcv", Reaction::Reactive);
    assert_eq!(way.donor().standing, Disposition::OnHold);
    assert!(way.eligible().is_err(), "the reactive repeat stays open");
    way.go(Command::Disqualify {
        cause: Cause::Report { what: "confirmed".to_owned() },
        to: Disposition::Rejected,
        because: "HCV".to_owned(),
        signature: signed("mojca", Role::Qa, Meaning::Rejected),
    })
    .unwrap();
    assert_eq!(way.eligible(), Err(Refusal::Rejected));
}

#[test]
fn withdrawn_consent_holds_everything_and_a_disqualification_never_loosens() {
    let mut way = sampled(Span::of_hours(1), true);
    way.eligible().unwrap();
    way.go(Command::WithdrawConsent {
        number: 1,
        withdrawn_at: at("2027-01-01T08:00:00Z"),
        because: "changed her mind".to_owned(),
    })
    .unwrap();
    assert_eq!(way.donor().standing, Disposition::OnHold);
    assert!(way.eligible().is_err());
    let loosen = Command::Disqualify {
        cause: Cause::Report { what: "x".to_owned() },
        to: Disposition::Released,
        because: "x".to_owned(),
        signature: signed("mojca", Role::Qa, Meaning::Rejected),
    };
    assert_eq!(way.go(loosen), Err(Refusal::NotADisqualification(Disposition::Released)));
}

#[test]
fn nothing_is_recorded_of_a_donor_without_consent_or_under_a_name() {
    let mut way = Way::new();
    let sample = Command::DrawSample {
        purpose: Purpose::Donation,
        drawn_at: at(DONATED),
        matrix: Matrix::Serum,
    };
    assert_eq!(way.go(sample), Err(Refusal::NoConsent));
    let rules = rules();
    let facts = Facts { rules: &rules, donation: None, zone: Zone::LJUBLJANA };
    let command = Command::Register {
        tested_person: "Ana Novak".to_owned(),
        relation: Relation::Mother,
        recipient: None,
        taken: None,
    };
    let refused = decide(None, &code(), &command, &facts, &context("ana", Role::Technician, NOW));
    assert!(matches!(refused, Err(Refusal::NotPseudonymous(_))));
}

#[test]
fn the_rules_are_chosen_by_the_day_of_the_donation() {
    let book = RuleBook::new(vec![rules()]);
    assert!(book.at(at("2027-08-06T21:59:59Z"), Zone::LJUBLJANA).is_ok());
    assert!(book.at(at("2027-08-06T22:00:00Z"), Zone::LJUBLJANA).is_err(), "7 August, local");
    let twice = RuleBook::new(vec![rules(), rules()]);
    assert!(twice.at(at(DONATED), Zone::LJUBLJANA).is_err());
    let dangling = EU_2006_17.replace("confirmed_by = \"syphilis_specific\"", "");
    let error = RuleSet::parse(&dangling).unwrap_err();
    assert!(error.line > 1 && error.message.contains("confirmed_by"), "{error}");
    let unknown = EU_2006_17.replacen("= \"syphilis_specific\"", "= \"syphilis_spezific\"", 1);
    let error = RuleSet::parse(&unknown).unwrap_err();
    assert!(error.message.contains("syphilis_spezific"), "{error}");
}

fn receive_with(donor: &Donor, edit: impl Fn(&mut Receive)) -> Result<usize, donation::Refusal> {
    let mut command = Receive {
        din: donation().din,
        donor: code(),
        tissue: Tissue::UmbilicalCord,
        donated_at: at(DONATED),
        received_at: at(DONATED).plus(Span::of_hours(6)),
        amount: Some(Quantity::parse("32.5", Unit::Centimetre).unwrap()),
        temperature: Quantity::parse("5", Unit::Celsius).unwrap(),
        condition: "intact".to_owned(),
    };
    edit(&mut command);
    let rules = rules();
    donation::receive(&command, &first_cord(donor, &rules), &context("tina", Role::Technician, NOW))
        .map(|changes| changes.len())
}

#[test]
fn a_donation_needs_consent_and_a_donor_who_is_not_held() {
    assert!(receive_with(&Way::consented().donor(), |_| {}).is_ok());
    let refused = receive_with(&Way::new().donor(), |_| {});
    assert!(matches!(refused, Err(donation::Refusal::ConsentLacking { .. })));
    let mut held = sampled(Span::of_hours(1), true);
    held.report(1, "anti_hiv", Reaction::Reactive);
    let refused = receive_with(&held.donor(), |_| {});
    assert!(matches!(refused, Err(donation::Refusal::DonorHeld { .. })));
}

#[test]
fn a_warm_or_late_transport_is_received_with_a_deviation() {
    let donor = Way::consented().donor();
    assert_eq!(receive_with(&donor, |_| {}), Ok(2), "donation and pot");
    let warm = |command: &mut Receive| {
        command.temperature = Quantity::parse("24.1", Unit::Celsius).unwrap();
    };
    assert_eq!(receive_with(&donor, warm), Ok(3));
    let late = |command: &mut Receive| {
        command.received_at = command.donated_at.plus(Span::of_seconds(48 * 3600 + 1));
    };
    assert_eq!(receive_with(&donor, late), Ok(3));
    let exactly = |command: &mut Receive| {
        command.received_at = command.donated_at.plus(Span::of_hours(48));
    };
    assert_eq!(receive_with(&donor, exactly), Ok(2));
}

#[test]
fn a_number_is_one_donation_and_a_cord_is_given_once() {
    let donor = Way::consented().donor();
    let rules = rules();
    let earlier: Donation = {
        let mut story = Story::of::<Donation>("A999926000001");
        story.tell(
            "tina",
            NOW,
            donation::Event::Received {
                donor: code(),
                tissue: Tissue::UmbilicalCord,
                sequence: None,
                donated_at: at(DONATED),
                received_at: at(DONATED),
                amount: Quantity::parse("30", Unit::Centimetre).unwrap(),
                temperature: Quantity::parse("5", Unit::Celsius).unwrap(),
                condition: "intact".to_owned(),
                container: ContainerCode::parse("D0000018").unwrap(),
            },
        );
        story.state().unwrap()
    };
    let command = Receive {
        din: Din::parse("A999926000002").unwrap(),
        donor: code(),
        tissue: Tissue::UmbilicalCord,
        donated_at: at(DONATED),
        received_at: at(DONATED),
        amount: Some(Quantity::parse("30", Unit::Centimetre).unwrap()),
        temperature: Quantity::parse("5", Unit::Celsius).unwrap(),
        condition: "intact".to_owned(),
    };
    let mut facts = donation::Facts {
        existing: Some(&earlier),
        container: ContainerCode::parse("D0000026").unwrap(),
        ..first_cord(&donor, &rules)
    };
    let now = context("tina", Role::Technician, NOW);
    let refused = donation::receive(&command, &facts, &now);
    assert!(matches!(refused, Err(donation::Refusal::DuplicateNumber(_))));
    facts.existing = None;
    facts.earlier = vec![(donation().din, Tissue::UmbilicalCord)];
    let refused = donation::receive(&command, &facts, &now);
    assert!(matches!(refused, Err(donation::Refusal::DuplicateTissue { .. })));
}

#[test]
fn a_site_that_makes_for_patients_accepts_no_number_set_aside_for_demonstration() {
    let (donor, rules) = (Way::consented().donor(), rules());
    let command = cord();
    let mut facts = donation::Facts { fictitious_site: false, ..first_cord(&donor, &rules) };
    let now = context("tina", Role::Technician, NOW);
    let refused = donation::receive(&command, &facts, &now).unwrap_err();
    assert_eq!(refused, donation::Refusal::NumberNotReal(donation().din));
    facts.fictitious_site = true;
    assert!(donation::receive(&command, &facts, &now).is_ok());
}

#[test]
fn a_donation_sequence_is_allocated_on_receipt_and_is_of_this_number() {
    use chorda::domain::Aggregate;
    use chorda::domain::donation::{Donation, Event};
    use chorda::domain::id::DonationSequenceId;
    let (donor, rules) = (Way::consented().donor(), rules());
    let command = cord();
    let sequence = |din: &str| DonationSequenceId::parse(&format!("SI0TE999{din}")).unwrap();
    let own = sequence(command.din.as_str());
    let mut facts = first_cord(&donor, &rules);
    facts.sequence = Some(sequence("A999926999999"));
    let now = context("tina", Role::Technician, NOW);
    let refused = donation::receive(&command, &facts, &now);
    assert!(matches!(refused, Err(donation::Refusal::SequenceOfAnother { .. })));
    facts.sequence = Some(own.clone());
    let changes = donation::receive(&command, &facts, &now).unwrap();
    let received = changes.iter().find_map(|change| Donation::own(&change.event)).unwrap();
    let Event::Received { sequence: recorded, .. } = received;
    assert_eq!(recorded.as_ref(), Some(&own));
}

#[test]
fn a_cord_is_measured_in_centimetres_and_a_liquid_in_millilitres() {
    let donor = Way::consented().donor();
    let aspirate = |tissue: Tissue, amount: Option<(&str, Unit)>| {
        receive_with(&donor, move |command| {
            command.tissue = tissue;
            command.amount = amount.map(|(text, unit)| Quantity::parse(text, unit).unwrap());
        })
    };
    let (cm, ml) = (Unit::Centimetre, Unit::Millilitre);
    assert!(aspirate(Tissue::BoneMarrow, Some(("30", ml))).is_ok());
    assert!(aspirate(Tissue::Lipoaspirate, Some(("120", ml))).is_ok());
    let wrong = [(Tissue::BoneMarrow, cm), (Tissue::Lipoaspirate, cm), (Tissue::UmbilicalCord, ml)];
    for (tissue, unit) in wrong {
        let refused = aspirate(tissue, Some(("30", unit))).unwrap_err();
        assert!(matches!(refused, donation::Refusal::AmountImpossible { .. }), "{refused}");
        let refused = aspirate(tissue, None).unwrap_err();
        assert!(matches!(refused, donation::Refusal::AmountMissing { .. }), "{refused}");
    }
    assert!(aspirate(Tissue::BoneMarrow, Some(("0", ml))).is_err());
}

#[test]
fn marrow_and_fat_are_given_again_a_cord_is_not() {
    let donor = Way::consented().donor();
    let rules = rules();
    let now = context("tina", Role::Technician, NOW);
    for (tissue, _, _) in Tissue::ALL {
        let command =
            Receive { tissue, amount: Some(Quantity::whole(30, tissue.measure().1)), ..cord() };
        let earlier = vec![(Din::parse("A999926000009").unwrap(), tissue)];
        let facts = donation::Facts { earlier, ..first_cord(&donor, &rules) };
        let again = donation::receive(&command, &facts, &now);
        assert_eq!(again.is_ok(), !tissue.is_given_once(), "{}", tissue.word());
    }
}

#[test]
fn a_tissue_that_the_rules_say_nothing_about_is_not_accepted() {
    let donor = Way::consented().donor();
    let mut rules = rules();
    rules.receipts.retain(|receipt| receipt.tissue != Tissue::UmbilicalCord);
    let now = context("tina", Role::Technician, NOW);
    let refused = donation::receive(&cord(), &first_cord(&donor, &rules), &now).unwrap_err();
    assert!(matches!(refused, donation::Refusal::TissueNotAccepted { .. }), "{refused}");
}

/// The verdict of the rules on the donor of a way, had it donated this tissue.
fn unmet(way: &Way, tissue: Tissue, donor: &Donor) -> Vec<String> {
    let donation = DonationFact { tissue, ..donation() };
    let verdict = judge(donor, &donation, &way.rules, Zone::LJUBLJANA);
    verdict.unmet().map(|finding| finding.title.clone()).collect()
}

#[test]
fn a_donor_of_fat_is_tested_for_htlv_and_typed() {
    let mut way = sampled(Span::of_hours(1), true);
    let fat = unmet(&way, Tissue::Lipoaspirate, &way.donor());
    assert_eq!(fat, ["anti-HTLV-I/II allows the donation", "HLA typing is recorded"]);
    assert!(unmet(&way, Tissue::UmbilicalCord, &way.donor()).is_empty(), "not of a cord");
    way.report(1, "htlv", Reaction::NonReactive);
    let loci = way.rules.typing.loci.clone();
    let typing = |loci: &[String]| Command::ReportTyping {
        alleles: loci.iter().map(|locus| (locus.clone(), "02:01, 24:02".to_owned())).collect(),
        laboratory: "Tissue typing centre".to_owned(),
        report: "HLA-26-11".to_owned(),
        reported_at: at("2026-11-25T08:00:00Z"),
    };
    let refused = way.go(typing(&loci[1..])).unwrap_err();
    assert_eq!(refused, Refusal::LociMissing(loci[0].clone()));
    way.go(typing(&loci)).unwrap();
    assert!(unmet(&way, Tissue::Lipoaspirate, &way.donor()).is_empty());
}

#[test]
fn a_reactive_marker_excludes_a_donor_for_others_but_not_one_for_herself() {
    let mut way = sampled(Span::of_hours(1), true);
    way.report(1, "anti_hcv", Reaction::Reactive);
    let mut donor = way.donor();
    assert!(!unmet(&way, Tissue::BoneMarrow, &donor).is_empty());
    donor.recipient = Some(chorda::domain::id::PatientCode::parse("XER-03").unwrap());
    assert!(unmet(&way, Tissue::BoneMarrow, &donor).is_empty());
    donor.results.retain(|result| result.marker.as_str() != "hbsag");
    assert_eq!(
        unmet(&way, Tissue::BoneMarrow, &donor),
        ["HBsAg allows the donation"],
        "the same tests are made"
    );
}

#[test]
fn a_donor_for_one_patient_is_that_patient_and_registered_once() {
    let rules = rules();
    let facts = Facts { rules: &rules, donation: None, zone: Zone::LJUBLJANA };
    let ask = |relation, taken: Option<&str>| {
        let command = Command::Register {
            tested_person: "TE-26-0117".to_owned(),
            relation,
            recipient: Some(chorda::domain::id::PatientCode::parse("XER-03").unwrap()),
            taken: taken.map(|code| DonorCode::parse(code).unwrap()),
        };
        decide(None, &code(), &command, &facts, &context("ana", Role::Technician, NOW))
    };
    assert!(matches!(ask(Relation::Mother, None), Err(Refusal::RecipientIsNotDonor(_))));
    let again = ask(Relation::Donor, Some("DNR-0007"));
    assert!(matches!(again, Err(Refusal::RecipientHasDonor { .. })));
    assert!(ask(Relation::Donor, None).is_ok());
}
