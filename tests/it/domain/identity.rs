//! Corrections of a product identity: each rule is tried to be broken.

use chorda::domain::actor::{Role, Signature};
use chorda::domain::container::{
    Command, Event, IdentityFact, NewLabel, ProductIdentity, check_label,
};
use chorda::domain::disposition::Disposition;
use chorda::domain::id::{Din, OrderNumber};

use super::container::{
    Story, code, excursion, hand_over, label, name, receive, signature, use_by,
};

fn identity(din: &str, product_code: &str, division: &str) -> ProductIdentity {
    ProductIdentity {
        din: Din::parse(din).unwrap(),
        product_code: product_code.to_owned(),
        division: division.to_owned(),
    }
}

fn wrong() -> ProductIdentity {
    identity("A999926000005", "D0101V", "AA0000")
}

fn right() -> ProductIdentity {
    identity("A999926000005", "D0102V", "AA0000")
}

/// A vial whose identity is wrong.
fn vial() -> Story {
    with_identity(Story::vial())
}

fn with_identity(mut story: Story) -> Story {
    let found = story.container.as_mut().unwrap();
    found.identity = Some(wrong());
    story
}

fn by(who: &str, role: Role) -> Signature {
    Signature { role, ..signature(who, 1) }
}

fn propose(to: ProductIdentity, fact: IdentityFact) -> Command {
    let because = "the code of another product was entered".to_owned();
    Command::ProposeIdentity { to, fact, because, signature: by("qa.nina", Role::Qa) }
}

fn proposed() -> Command {
    propose(right(), IdentityFact::default())
}

fn confirm(who: &str, role: Role) -> Command {
    Command::ConfirmIdentity { fact: IdentityFact::default(), signature: by(who, role) }
}

#[test]
fn two_people_correct_an_identity_and_every_label_is_void_then() {
    let mut vial = vial();
    vial.does("ana", 1, Command::PrintLabel(label(1)));
    vial.does("ana", 2, Command::ScanBack { scanned: code(1), serial: 1 });
    vial.does("qa.nina", 3, proposed());
    assert_eq!(vial.now().identity, Some(wrong()), "nothing is changed by a proposal");
    assert!(check_label(vial.now(), 1).is_ok());
    vial.does("qp.filip", 4, confirm("qp.filip", Role::QualifiedPerson));
    let now = vial.now();
    assert_eq!((&now.identity, &now.identity_proposal), (&Some(right()), &None));
    assert_eq!((&now.corrected[0].from, &now.corrected[0].to), (&wrong(), &right()));
    assert_eq!(now.corrected[0].proposed.login.as_str(), "qa.nina");
    assert_eq!(now.corrected[0].confirmed.login.as_str(), "qp.filip");
    let refusal = check_label(now, 1).unwrap_err().to_string();
    assert!(refusal.contains("its identity was corrected to A999926000005 D0102V"), "{refusal}");
    assert!(!now.labels.applied() && !now.labels.worn(1));
    assert_eq!(now.labels.missing(1), 1, "the old label is taken off and destroyed");
    let anew = Command::ReprintLabel { label: label(2), because: "corrected".to_owned() };
    vial.does("ana", 5, anew).does("ana", 6, Command::DestroyLabel { serial: 1, copies: 1 });
    vial.does("ana", 7, Command::ScanBack { scanned: code(1), serial: 2 });
    assert!(vial.now().labels.applied());
}

#[test]
fn a_label_that_was_lost_is_taken_off_too() {
    let mut vial = vial();
    vial.does("ana", 1, Command::PrintLabel(NewLabel { copies: 2, ..label(1) }));
    vial.does("ana", 2, Command::ScanBack { scanned: code(1), serial: 1 });
    vial.does("qa.nina", 3, super::lost::lose(1, 1));
    assert!(vial.now().labels.worn(1));
    vial.does("qa.nina", 4, proposed()).does("qa.vida", 5, confirm("qa.vida", Role::Qa));
    assert!(!vial.now().labels.worn(1));
    assert_eq!(vial.now().labels.missing(1), 1);
}

#[test]
fn nobody_confirms_their_own_proposal_and_only_the_right_roles_sign() {
    let mut vial = vial();
    let early = confirm("qa.vida", Role::Qa);
    vial.refused("qa.vida", 1, early, "no_identity", "Propose one first");
    let technician = Command::ProposeIdentity {
        to: right(),
        fact: IdentityFact::default(),
        because: "typed wrong".to_owned(),
        signature: by("ana", Role::Technician),
    };
    vial.refused("ana", 1, technician, "identity_role", "ana signed as Technician");
    let silent = Command::ProposeIdentity {
        to: right(),
        fact: IdentityFact::default(),
        because: " ".to_owned(),
        signature: by("qa.nina", Role::Qa),
    };
    vial.refused("qa.nina", 1, silent, "reason_missing", "reason");
    vial.does("qa.nina", 2, proposed());
    let own = confirm("qa.nina", Role::Qa);
    vial.refused("qa.nina", 3, own, "confirmer_is_not_proposer", "qa.nina proposed");
    let analyst = confirm("cene", Role::QcAnalyst);
    vial.refused("cene", 3, analyst, "identity_role", "cene signed as QC analyst");
    let back = |because: &str| Command::DeclineIdentity {
        because: because.to_owned(),
        signature: by("qa.nina", Role::Qa),
    };
    vial.refused("qa.nina", 4, back(""), "reason_missing", "reason");
    vial.does("qa.nina", 4, back("it was right"));
    assert_eq!(vial.now().identity_proposal, None);
    let late = confirm("qa.vida", Role::Qa);
    vial.refused("qa.vida", 5, late, "no_identity", "Propose one first");
}

#[test]
fn the_new_identity_is_free_another_and_of_what_the_container_came_from() {
    let vial = vial();
    let free = IdentityFact::default;
    vial.refused("qa.nina", 1, propose(wrong(), free()), "identity_unchanged", "already");
    let used = IdentityFact { used_by: Some("CV0000007".to_owned()), ..free() };
    vial.refused("qa.nina", 1, propose(right(), used), "identity_used", "CV0000007");
    let foreign = IdentityFact { foreign: Some("donation A999926000002".to_owned()), ..free() };
    vial.refused("qa.nina", 1, propose(right(), foreign), "identity_foreign", "does not come from");
    // The collection type alone leaves the key as it is: it is this very container's.
    let type_alone = identity("A999926000005", "D01017", "AA0000");
    let own = IdentityFact { used_by: Some("CV0000001".to_owned()), ..free() };
    assert!(vial.asks("qa.nina", 1, &propose(type_alone, own)).is_ok());
    let none = Story::vial();
    none.refused("qa.nina", 1, proposed(), "no_identity", "nothing to correct");
}

#[test]
fn an_identity_once_retired_does_not_come_back_to_its_own_container() {
    let mut vial = vial();
    vial.does("qa.nina", 1, proposed()).does("qa.vida", 2, confirm("qa.vida", Role::Qa));
    let own = IdentityFact { used_by: Some("CV0000001".to_owned()), foreign: None };
    vial.refused("qa.nina", 3, propose(wrong(), own), "identity_used", "is or was");
}

#[test]
fn what_is_free_no_longer_when_it_is_confirmed_is_refused_then() {
    let mut vial = vial();
    vial.does("qa.nina", 1, proposed());
    let fact = IdentityFact { used_by: Some("CV0000009".to_owned()), foreign: None };
    let late = Command::ConfirmIdentity { fact, signature: by("qa.vida", Role::Qa) };
    vial.refused("qa.vida", 2, late, "identity_used", "CV0000009");
}

#[test]
fn what_was_handed_over_given_or_used_keeps_its_number() {
    let mut handed = with_identity(Story::syringe());
    handed.does("ana", 2, hand_over("ana", "klara"));
    handed.refused("qa.nina", 3, proposed(), "identity_out", "handed over to klara");
    handed.refused("qa.nina", 3, proposed(), "identity_out", "Open a deviation");
    handed.does("klara", 4, receive("klara", "T1"));
    handed.refused("qa.nina", 5, proposed(), "identity_out", "was handed over");
    let mut used = vial();
    used.does("ana", 1, Command::Consume { wanted: use_by(2, None), step: name("thaw") });
    used.refused("qa.nina", 2, proposed(), "identity_out", "used in step thaw");
    let mut away = with_identity(Story::syringe());
    away.does("ana", 1, excursion("0.05", 100_000));
    away.refused("qa.nina", 2, proposed(), "excursion_open", "is not back");
}

#[test]
fn what_may_be_something_else_is_neither_used_nor_handed_over_until_that_is_decided() {
    let decline = || Command::DeclineIdentity {
        because: "the code is right".to_owned(),
        signature: by("qa.vida", Role::Qa),
    };
    let mut syringe = with_identity(Story::syringe());
    syringe.does("qa.nina", 1, proposed());
    let over = || hand_over("ana", "klara");
    syringe.refused("ana", 2, over(), "identity_in_doubt", "confirms or declines it first");
    let part = excursion("0.05", 100_000);
    syringe.refused("ana", 2, part, "identity_in_doubt", "may be something else");
    syringe.does("qa.vida", 3, decline()).does("ana", 4, over());
    let mut vial = vial();
    vial.does("qa.nina", 1, proposed());
    let order = OrderNumber::parse("ORD-2026-0001").unwrap();
    let reserve = || Command::Reserve { order: order.clone(), accepts: Disposition::Released };
    vial.refused("ana", 2, reserve(), "identity_in_doubt", "D0102V");
    let consume = || Command::Consume { wanted: use_by(2, None), step: name("thaw") };
    vial.refused("ana", 2, consume(), "identity_in_doubt", "D0102V");
    vial.does("qa.vida", 3, confirm("qa.vida", Role::Qa)).does("ana", 4, consume());
}

#[test]
fn a_new_proposal_takes_the_place_of_the_one_before() {
    let mut vial = vial();
    vial.does("qa.nina", 1, proposed());
    let other = identity("A999926000005", "D0103V", "AA0000");
    vial.does("qa.nina", 2, propose(other.clone(), IdentityFact::default()));
    let events = vial.asks("qa.vida", 3, &confirm("qa.vida", Role::Qa)).unwrap();
    assert!(matches!(&events[0], Event::IdentityCorrected { to, .. } if *to == other));
    assert_eq!(events.len(), 1, "no label was printed yet");
}
