//! Two people where the rules want two: the database refuses one on its own, whatever wrote the row.

use crate::support::{TestStore, each_backend};

const AT: &str = "'2026-07-01 08:00:00'";

/// A step that Ana performed and Bor verified, and a test result that Cene recorded.
fn batch(store: &TestStore) {
    store
        .sql(&format!(
            "INSERT INTO batch_step VALUES ('B-2026-0001', 'fill', 1, {AT}, {AT}, 'ana', FALSE, 0, \
             'bor', {AT}); \
             INSERT INTO test_request VALUES ('B-2026-0001.growth', 'B-2026-0001', 'growth', 'Growth', \
             'final', NULL, NULL, 'spec', FALSE, NULL, 'recorded', TRUE, {AT}, NULL, NULL, NULL, \
             NULL, 1); \
             INSERT INTO test_result VALUES ('B-2026-0001.growth', 1, 'pass', 'none', {AT}, {AT}, \
             'cene', 'recorded', NULL, NULL)"
        ))
        .unwrap();
}

#[track_caller]
fn refused(store: &TestStore, statement: &str) {
    assert!(store.sql(statement).is_err(), "the database took: {statement}");
}

fn release(reviewed_by: &str, certified_by: &str) -> String {
    format!(
        "INSERT INTO batch_release VALUES ('B-2026-0001', 'pending_review', NULL, {reviewed_by}, {AT}, \
         {certified_by}, {AT}, 0, 2)"
    )
}

fn entry(certified_by: &str) -> String {
    format!(
        "INSERT INTO release_register VALUES ('CERT-2026-0001', 'B-2026-0001', FALSE, 'EQ-MSC', \
         '{certified_by}', {AT}, NULL, 0)"
    )
}

#[test]
fn the_performer_of_a_step_never_verifies_it() {
    each_backend(|store| {
        batch(store);
        refused(store, "UPDATE batch_step SET verified_by = 'ana'");
        refused(store, "UPDATE batch_step SET performed_by = 'bor'");
    });
}

#[test]
fn who_took_part_in_a_batch_neither_reviews_nor_certifies_it() {
    each_backend(|store| {
        batch(store);
        for part in ["'ana'", "'bor'"] {
            refused(store, &release(part, "NULL"));
            refused(store, &release("NULL", part));
        }
        refused(store, &release("NULL", "'cene'"));
        store.sql(&release("'eva'", "'gaja'")).unwrap();
        for part in ["ana", "bor", "cene"] {
            refused(store, &entry(part));
            refused(store, &format!("UPDATE batch_release SET certified_by = '{part}'"));
        }
        for part in ["ana", "bor"] {
            refused(store, &format!("UPDATE batch_release SET reviewed_by = '{part}'"));
        }
        store.sql(&entry("gaja")).unwrap();
        refused(store, "UPDATE release_register SET certified_by = 'ana'");
    });
}

#[test]
fn who_reviewed_or_certified_a_batch_takes_no_part_in_it_afterwards() {
    each_backend(|store| {
        batch(store);
        store.sql(&release("'eva'", "'gaja'")).unwrap();
        for late in ["eva", "gaja"] {
            refused(
                store,
                &format!(
                    "INSERT INTO batch_step VALUES ('B-2026-0001', 'close', 1, {AT}, {AT}, '{late}', \
                     FALSE, 0, NULL, NULL)"
                ),
            );
            refused(store, &format!("UPDATE batch_step SET performed_by = '{late}'"));
            refused(store, &format!("UPDATE batch_step SET verified_by = '{late}'"));
        }
    });
}

#[test]
fn a_deviation_is_decided_and_closed_by_somebody_else() {
    each_backend(|store| {
        let deviation = |decided: &str, closed: &str| {
            format!(
                "INSERT INTO deviation VALUES ('DEV-2026-0001', 'major', 'Viability', 'limit', 'open', \
                 NULL, 'B-2026-0001', 'fill', NULL, NULL, NULL, NULL, 'ana', 'bor', {AT}, {decided}, \
                 {AT}, {closed}, {AT})"
            )
        };
        refused(store, &deviation("'ana'", "NULL"));
        refused(store, &deviation("'eva'", "'ana'"));
        refused(store, &deviation("'eva'", "'bor'"));
        store.sql(&deviation("'eva'", "'klara'")).unwrap();
        refused(store, "UPDATE deviation SET closed_by = 'ana'");
        refused(store, "UPDATE deviation SET closed_by = opened_by");
        refused(store, "UPDATE deviation SET decided_by = performer");
    });
}

#[test]
fn a_result_is_reviewed_by_somebody_else_than_the_analyst() {
    each_backend(|store| {
        batch(store);
        refused(store, &format!("UPDATE test_result SET decided_by = 'cene', decided_at = {AT}"));
        store
            .sql(&format!("UPDATE test_result SET decided_by = 'klara', decided_at = {AT}"))
            .unwrap();
        refused(store, "UPDATE test_result SET recorded_by = 'klara'");
    });
}

#[test]
fn a_master_record_is_approved_by_somebody_else_than_its_author() {
    each_backend(|store| {
        let proposed = format!(
            "INSERT INTO master_record VALUES ('EQ.1', 'EQ', 1, 'Title', 'EQ', 'hash', 'proposed', \
             'klara', {AT}, NULL, NULL, NULL, 1)"
        );
        store.sql(&proposed).unwrap();
        refused(
            store,
            &format!(
                "UPDATE master_record SET state = 'approved', approved_by = 'klara', effective_at = {AT}"
            ),
        );
    });
}

#[test]
fn who_corrected_or_verified_a_correction_neither_reviews_nor_certifies() {
    each_backend(|store| {
        let correction = |by: &str, verified: &str| {
            format!(
                "INSERT INTO batch_correction VALUES ('B-2026-0001', 1, 'fill', 1, 'volume', '', \
                 '1.0 ml', '1.1 ml', 'slip', 'ana', '{by}', {AT}, 'by_itself', FALSE, '{verified}', \
                 {AT})"
            )
        };
        batch(store);
        refused(store, &correction("dana", "dana"));
        refused(store, &correction("dana", "ana"));
        store.sql(&correction("dana", "franc")).unwrap();
        for part in ["'dana'", "'franc'"] {
            refused(store, &release(part, "NULL"));
            refused(store, &release("NULL", part));
        }
        store.sql(&release("'eva'", "'gaja'")).unwrap();
        for part in ["dana", "franc"] {
            refused(store, &entry(part));
            refused(store, &format!("UPDATE batch_release SET reviewed_by = '{part}'"));
        }
        for late in ["eva", "gaja"] {
            refused(store, &format!("UPDATE batch_correction SET corrected_by = '{late}'"));
            refused(store, &format!("UPDATE batch_correction SET verified_by = '{late}'"));
        }
    });
}
