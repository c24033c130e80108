//! The labels of a batch in the tables of both databases: counted, lost and found, whatever is asked.

use chorda::domain::container::{Command, ContainerKind, LabelFate, NewLabel};
use chorda::store::{container, label};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::stock::{batch, command, make, print};
use crate::domain::lost::{any_command, command_of, find, lose};
use crate::support::{TestStore, each_backend};

#[test]
fn a_lost_label_is_in_the_balance_and_its_scan_is_void() {
    each_backend(|store| {
        let code = make(store, ContainerKind::Cryovial, 1, 1).remove(0);
        let ask = |given| command(store, "ana", &code, given).expect("allowed");
        let balance = || store.read(|db| label::balance(db, &batch(1))).expect("reads");
        ask(Command::PrintLabel(NewLabel { copies: 2, ..print(1) }));
        ask(Command::ScanBack { scanned: code.clone(), serial: 1 });
        assert_eq!((balance().applied, balance().missing), (1, 1));
        ask(lose(1, 1));
        let now = balance();
        assert_eq!((now.issued, now.applied, now.lost, now.missing), (2, 1, 1, 0));
        assert_eq!(now.containers_without, 1, "its label is void: it gets another");
        let row = store.read(|db| label::of_batch(db, &batch(1))).expect("reads").remove(0);
        let (_, by, deviation) = row.lost_with.expect("reported");
        assert_eq!((by.as_str(), deviation.as_str()), ("qa.nina", "DEV-2026-0001"));
        let void = store.read(|db| container::scan(db, &code, Some(1))).expect("reads");
        let because = void.expect("found").label_void.expect("void").1;
        assert_eq!(because, "it was reported lost (DEV-2026-0001)");
        ask(find(1, 1, LabelFate::Kept));
        let now = balance();
        assert_eq!((now.kept, now.lost, now.missing), (1, 0, 0));
    });
}

#[test]
fn the_database_itself_refuses_more_labels_than_were_issued() {
    each_backend(|store| {
        let code = make(store, ContainerKind::Cryovial, 1, 1).remove(0);
        let ask = |given| command(store, "ana", &code, given).expect("allowed");
        ask(Command::PrintLabel(NewLabel { copies: 2, ..print(1) }));
        ask(Command::ScanBack { scanned: code.clone(), serial: 1 });
        let set = |what: &str| store.sql(&format!("UPDATE label_print SET {what}"));
        let lost = "lost_at = printed_at, lost_by = 'qa.nina', lost_deviation = 'DEV-2026-0001', \
                    voided_at = printed_at";
        assert!(set("destroyed = 2").is_err(), "one is on the container");
        assert!(set(&format!("lost = 2, {lost}")).is_err(), "one is on the container");
        assert!(set("lost = 1").is_err(), "without a deviation");
        assert!(set("found = 1").is_err(), "found, but not there");
        let valid = lost.replace(", voided_at = printed_at", "");
        assert!(set(&format!("lost = 1, {valid}")).is_err(), "lost and still valid");
        let own = lost.replace("'qa.nina'", "printed_by");
        assert!(set(&format!("lost = 1, {own}")).is_err(), "by who printed it");
        assert!(set("voided_at = printed_at").is_err(), "void and on the container");
        assert!(set(&format!("lost = 1, {lost}")).is_ok());
    });
}

/// Whatever is asked of the labels of three containers, in whatever order: the balance is that of
/// the containers' own counts, to the piece.
#[test]
fn the_balance_of_a_batch_adds_up_for_any_commands() {
    let step = (0_usize..3, any_command());
    let sequences = prop::collection::vec(step, 5..40);
    let mut runner = TestRunner::new(ProptestConfig { cases: 6, ..ProptestConfig::default() });
    runner
        .run(&sequences, |steps| {
            each_backend(|store| any_sequence(store, &steps));
            Ok(())
        })
        .unwrap();
}

fn any_sequence(store: &TestStore, steps: &[(usize, (u32, u32, u32))]) {
    let codes = make(store, ContainerKind::Cryovial, 1, 3);
    for (which, step) in steps {
        let code = &codes[*which];
        let latest = |db: &mut chorda::db::Db| Ok(container::require(db, code)?.labels.latest);
        let latest = store.read(latest).expect("reads");
        let _ = command(store, "ana", code, command_of(*step, code, latest));
        let (states, sum) = store
            .read(|db| {
                let of = container::Of::Batch(&batch(1));
                Ok((container::list(db, &of, None, 10)?, label::balance(db, &batch(1))?))
            })
            .expect("reads");
        assert_eq!(sum.issued, sum.applied + sum.destroyed + sum.kept + sum.lost + sum.missing);
        let prints = || states.iter().flat_map(|state| &state.labels.prints);
        assert_eq!(sum.lost, prints().map(|print| print.lost()).sum::<u32>());
        assert_eq!(sum.issued, prints().map(|print| print.copies).sum::<u32>());
        let missing = states.iter().flat_map(|state| state.labels_missing());
        assert_eq!(sum.missing, missing.map(|count| count.copies).sum::<u32>());
    }
}
