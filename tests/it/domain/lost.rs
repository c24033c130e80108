//! Labels that are lost and found: each rule is tried to be broken, and the copies always add up.

use chorda::domain::Refusal as _;
use chorda::domain::account::Account;
use chorda::domain::container::{Command, LabelCount, LabelFate, NewLabel, check_label};
use chorda::domain::deviation::{Deviation, Event, Origin, may_close, missing_labels, unexplained};
use chorda::domain::id::DeviationNumber;
use chorda::domain::{Change, Event as Any};
use proptest::prelude::*;

use super::container::{Story, batch, code, label, signature};
use super::told;

fn number(count: u32) -> DeviationNumber {
    DeviationNumber::parse(&format!("DEV-2026-{count:04}")).unwrap()
}

pub(crate) fn lose(serial: u32, copies: u32) -> Command {
    Command::LoseLabel {
        serial,
        copies,
        deviation: number(1),
        because: "not in the room".to_owned(),
        signature: signature("qa.nina", 2),
    }
}

pub(crate) fn find(serial: u32, copies: u32, fate: LabelFate) -> Command {
    Command::FindLabel {
        serial,
        copies,
        fate,
        because: "under the bench".to_owned(),
        signature: signature("qa.nina", 9),
        booked: false,
    }
}

/// A vial with two copies of its label, one of them on it.
fn with_surplus() -> Story {
    let mut vial = Story::vial();
    vial.does("ana", 1, Command::PrintLabel(NewLabel { copies: 2, ..label(1) }));
    vial.does("ana", 2, Command::ScanBack { scanned: code(1), serial: 1 });
    vial
}

#[test]
fn a_lost_label_is_void_at_once_and_sends_whoever_scans_it_to_qa() {
    let mut vial = with_surplus();
    assert!(check_label(vial.now(), 1).is_ok());
    vial.does("qa.nina", 3, lose(1, 1));
    let refusal = check_label(vial.now(), 1).unwrap_err();
    assert!(refusal.rule().starts_with("label_lost"));
    let words = refusal.to_string();
    assert!(words.contains("was reported lost on 2026-11-20 09:03:00"), "{words}");
    assert!(words.contains("DEV-2026-0001") && words.contains("Hand it to QA"), "{words}");
    // The copy on the vial is void too, and still there until another is printed.
    assert!(!vial.now().labels.applied() && vial.now().labels.worn(1));
    assert_eq!(vial.now().labels.missing(1), 0);
    let anew = Command::ReprintLabel { label: label(2), because: "lost".to_owned() };
    vial.does("ana", 4, anew);
    assert_eq!(vial.now().labels.missing(1), 1, "the one taken off is to be destroyed");
    vial.does("ana", 5, Command::DestroyLabel { serial: 1, copies: 1 });
    vial.does("ana", 6, Command::ScanBack { scanned: code(1), serial: 2 });
    assert_eq!(vial.now().labels_missing().count(), 0);
}

#[test]
fn a_label_is_lost_only_with_a_reason_by_somebody_else_and_never_more_than_are_missing() {
    let vial = with_surplus();
    vial.refused("qa.nina", 3, lose(1, 2), "labels_over_accounted", "1 are accounted");
    vial.refused("qa.nina", 3, lose(1, 0), "copies_out_of_range", "0 copies");
    vial.refused("qa.nina", 3, lose(2, 1), "label_never_printed", "serial 2");
    let own = |because: &str, who: &str| Command::LoseLabel {
        serial: 1,
        copies: 1,
        deviation: number(1),
        because: because.to_owned(),
        signature: signature(who, 3),
    };
    vial.refused("ana", 3, own("gone", "ana"), "loser_is_not_printer", "ana printed");
    vial.refused("qa.nina", 3, own("  ", "qa.nina"), "reason_missing", "reason");
    assert!(vial.asks("qa.nina", 3, &own("gone", "qa.nina")).is_ok());
}

#[test]
fn a_label_that_turned_up_is_destroyed_or_kept_and_lost_no_longer() {
    let mut vial = with_surplus();
    vial.refused("qa.nina", 3, find(1, 1, LabelFate::Kept), "labels_over_found", "0 are reported");
    vial.does("qa.nina", 3, lose(1, 1));
    vial.refused("qa.nina", 4, find(1, 2, LabelFate::Kept), "labels_over_found", "1 are reported");
    vial.does("qa.nina", 4, find(1, 1, LabelFate::Kept));
    let print = vial.now().labels.printed(1).unwrap();
    assert_eq!((print.lost(), print.kept, print.found), (0, 1, 1));
    vial.refused("qa.nina", 5, find(1, 1, LabelFate::Kept), "labels_over_found", "0 are reported");
    let refusal = check_label(vial.now(), 1).unwrap_err();
    assert!(refusal.to_string().contains("it was reported lost (DEV-2026-0001)"), "{refusal}");
    assert_eq!(vial.now().labels.missing(1), 0);
}

#[test]
fn what_was_booked_as_lost_is_booked_as_found() {
    let mut vial = with_surplus();
    vial.does("qa.nina", 3, lose(1, 1));
    let Command::FindLabel { serial, copies, fate, because, signature, .. } =
        find(1, 1, LabelFate::Destroyed)
    else {
        unreachable!()
    };
    let booked = Command::FindLabel { serial, copies, fate, because, signature, booked: true };
    let events = vial.asks("qa.nina", 4, &booked).unwrap();
    let posting = events[0].postings()[0];
    assert_eq!((posting.from, posting.to), (Account::Loss, Account::Destroyed));
    assert_eq!(posting.amount.text(), "1 label");
}

fn count(container: u32, copies: u32) -> LabelCount {
    LabelCount { container: code(container).to_string(), serial: 1, copies }
}

fn about(change: &Change) -> Deviation {
    let mut story = told::Story::of::<Deviation>("DEV-2026-0001");
    let Any::Deviation(event) = &change.event else { panic!("{change:?}") };
    assert!(matches!(event, Event::Opened { origin: Origin::Reconciliation, .. }));
    story.tell("ana", "2026-11-22T08:00:00Z", event.clone());
    story.state().unwrap()
}

#[test]
fn one_difference_has_one_deviation_until_it_is_closed_or_grows() {
    let missing = [count(1, 1), count(2, 2)];
    assert_eq!(unexplained(&missing, &[], &[]), missing);
    let opened = missing_labels(&number(1), Some(&batch(1)), "Issued 3", missing.to_vec());
    let known = [about(&opened)];
    assert!(known[0].description.contains("CV0000001 serial 1: 1; CV0000002 serial 1: 2"));
    assert!(unexplained(&missing, &known, &[]).is_empty(), "the same again");
    assert!(unexplained(&[count(2, 1)], &known, &[]).is_empty(), "some turned up");
    assert_eq!(unexplained(&[count(2, 3)], &known, &[]), [count(2, 3)], "one more");
    assert_eq!(unexplained(&[count(3, 1)], &known, &[]), [count(3, 1)], "another");
    // What was reported lost with it is used up.
    let lost = [(number(1), count(1, 1))];
    assert_eq!(unexplained(&missing, &known, &lost), [count(1, 1)]);
    let mut closed = known[0].clone();
    closed.closed = Some(("done".to_owned(), signature("qa.nina", 3)));
    assert_eq!(unexplained(&missing, &[closed], &[]), missing);
}

#[test]
fn a_deviation_about_labels_is_not_closed_while_one_it_names_is_missing() {
    let opened = missing_labels(&number(1), None, "Labels", vec![count(1, 1)]);
    let known = about(&opened);
    assert_eq!(known.subject.container, Some(code(1)));
    let refusal = may_close(&known, &[count(1, 1), count(2, 1)]).unwrap_err();
    assert!(refusal.to_string().contains("CV0000001 serial 1: 1"), "{refusal}");
    assert!(!refusal.to_string().contains("CV0000002"), "{refusal}");
    may_close(&known, &[count(2, 1)]).unwrap();
}

/// One command to the labels of a container; what is not possible is refused.
pub(crate) fn any_command() -> impl Strategy<Value = (u32, u32, u32)> {
    (0_u32..8, 1_u32..5, 1_u32..4)
}

/// The command that these numbers say, for a container of this code.
pub(crate) fn command_of(
    (what, serial, copies): (u32, u32, u32),
    scanned: &chorda::domain::id::ContainerCode,
    latest: u32,
) -> Command {
    let payload = format!("{scanned}{:02}", latest + 1);
    let label = NewLabel { serial: latest + 1, copies, payload, ..label(1) };
    match what {
        0 if latest == 0 => Command::PrintLabel(label),
        0 => Command::ReprintLabel { label, because: "torn".to_owned() },
        1 => Command::ScanBack { scanned: scanned.clone(), serial },
        2 => Command::DestroyLabel { serial, copies },
        3 => Command::KeepLabel { serial, copies },
        4 | 5 => lose(serial, copies),
        6 => find(serial, copies, LabelFate::Destroyed),
        _ => find(serial, copies, LabelFate::Kept),
    }
}

proptest! {
    /// Whatever is asked, in whatever order: issued = on the container + destroyed + kept + lost +
    /// missing for each print, at most one copy is on the container, what is lost is void, and a
    /// copy leaves the lost ones only by turning up.
    #[test]
    fn issued_is_the_sum_of_what_became_of_the_copies(
        steps in prop::collection::vec(any_command(), 1..60)
    ) {
        let mut vial = Story::vial();
        for (minute, step) in (1_i64..).zip(steps) {
            let before = vial.now().labels.clone();
            let command = command_of(step, &code(1), before.latest);
            for event in vial.asks("ana", minute, &command).unwrap_or_default() {
                vial.record("ana", minute, event);
            }
            let labels = &vial.now().labels;
            let worn = labels.prints.iter().filter(|print| labels.worn(print.serial)).count();
            prop_assert!(worn <= 1);
            for print in &labels.prints {
                let on_it = u32::from(labels.worn(print.serial));
                let sum = on_it + print.destroyed + print.kept + print.lost();
                prop_assert_eq!(print.copies, sum + labels.missing(print.serial));
                prop_assert!(print.found <= print.destroyed + print.kept);
                if print.lost() > 0 {
                    prop_assert!(check_label(vial.now(), print.serial).is_err());
                }
                let was = before.printed(print.serial).map_or(0, |print| print.lost());
                let found = before.printed(print.serial).map_or(0, |print| print.found);
                prop_assert!(print.lost() >= was || print.found > found);
            }
        }
    }
}
