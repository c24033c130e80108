//! Rules about deviations: each is tried to be broken.

use chorda::domain::actor::{Meaning, Role};
use chorda::domain::deviation::{
    Class, Command, Deviation, Event, Origin, Outcome, Refusal, Status, Subject, decide,
};
use chorda::domain::id::DeviationNumber;

use super::told::{Story, login, signed};

const NOW: &str = "2026-11-22T08:00:00Z";

fn number() -> DeviationNumber {
    DeviationNumber::parse("DEV-2026-0001").unwrap()
}

fn opened(origin: Origin) -> Story {
    let mut story = Story::of::<Deviation>("DEV-2026-0001");
    story.tell(
        "oto",
        NOW,
        Event::Opened {
            class: Class::Critical,
            title: "P2 too short".to_owned(),
            description: "2 d 20 h".to_owned(),
            origin,
            subject: Subject::default(),
            performer: Some(login("tina")),
        },
    );
    story
}

fn assess(by: &str, impact: &str, class: Class) -> Command {
    Command::Decide {
        class,
        root_cause: "calendar".to_owned(),
        impact: impact.to_owned(),
        actions: "trained".to_owned(),
        outcome: Outcome::Continue,
        signature: signed(by, Role::Qa, Meaning::Approved),
    }
}

fn close(by: &str) -> Command {
    Command::Close {
        conclusion: "seen".to_owned(),
        signature: signed(by, Role::Qa, Meaning::Approved),
    }
}

fn go(story: &mut Story, command: &Command) -> Result<(), Refusal> {
    let state = story.state::<Deviation>();
    let changes = decide(state.as_ref(), &number(), command)?;
    story.take("mojca", NOW, changes);
    Ok(())
}

#[test]
fn a_deviation_is_opened_decided_and_closed_in_this_order() {
    let mut story = opened(Origin::Timer);
    assert_eq!(go(&mut story, &close("mojca")), Err(Refusal::NotDecided));
    go(&mut story, &assess("mojca", "none", Class::Major)).unwrap();
    let state: Deviation = story.state().unwrap();
    assert_eq!((state.status(), state.class), (Status::Decided, Class::Major));
    let again = go(&mut story, &assess("mojca", "none", Class::Minor));
    assert_eq!(again, Err(Refusal::DecidedBefore));
    go(&mut story, &close("mojca")).unwrap();
    assert_eq!(story.state::<Deviation>().unwrap().status(), Status::Closed);
    assert_eq!(go(&mut story, &close("mojca")), Err(Refusal::ClosedBefore));
}

#[test]
fn who_performed_the_step_does_not_decide_and_who_opened_does_not_close() {
    let mut story = opened(Origin::Timer);
    let refused = go(&mut story, &assess("tina", "none", Class::Major));
    assert_eq!(refused, Err(Refusal::DeciderIsPerformer(login("tina"))));
    go(&mut story, &assess("mojca", "none", Class::Major)).unwrap();
    for involved in ["oto", "tina"] {
        let refused = go(&mut story, &close(involved));
        assert_eq!(refused, Err(Refusal::CloserIsInvolved(login(involved))));
    }
}

#[test]
fn a_decision_says_why_and_with_what_impact() {
    let refused = go(&mut opened(Origin::Limit), &assess("mojca", "  ", Class::Major));
    assert!(matches!(refused, Err(Refusal::Missing(_))));
}

#[test]
fn an_out_of_specification_result_stays_critical() {
    let mut story = opened(Origin::OutOfSpecification);
    let refused = go(&mut story, &assess("mojca", "none", Class::Minor));
    assert_eq!(refused, Err(Refusal::OutOfSpecificationStaysCritical));
    go(&mut story, &assess("mojca", "none", Class::Critical)).unwrap();
}

#[test]
fn the_signature_must_say_that_it_approves() {
    let mut story = opened(Origin::Limit);
    let Command::Decide { class, root_cause, impact, actions, outcome, .. } =
        assess("mojca", "none", Class::Major)
    else {
        unreachable!()
    };
    let signature = signed("mojca", Role::Qa, Meaning::Performed);
    let command = Command::Decide { class, root_cause, impact, actions, outcome, signature };
    assert!(matches!(go(&mut story, &command), Err(Refusal::WrongMeaning(_))));
}
