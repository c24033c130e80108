//! The twins: both databases and `schema.rs` have the same tables and columns.

use std::collections::{BTreeMap, BTreeSet};

use chorda::db::raw;
use chorda::store::{OUTSIDE_LEDGER, PROJECTIONS, Store};

use crate::support::TestStore;

type Shape = BTreeMap<String, Vec<(String, String, bool)>>;

fn shape(store: &Store) -> Shape {
    store
        .read(|db| {
            let mut shape = Shape::new();
            for table in raw::tables(db)? {
                let columns = raw::columns(db, &table)?
                    .into_iter()
                    .map(|column| (column.name, format!("{:?}", column.kind), column.nullable))
                    .collect();
                shape.insert(table, columns);
            }
            Ok(shape)
        })
        .expect("reads")
}

/// The tables of `schema.rs`, read from its text: names, columns, kinds, whether nullable.
fn declared() -> Shape {
    let text = include_str!("../../../src/store/schema.rs");
    let mut shape = Shape::new();
    for block in text.split("diesel::table! {").skip(1) {
        let mut lines = block.lines().map(str::trim).filter(|line| !line.is_empty());
        let head = lines.next().expect("a table");
        let (table, _) = head.split_once(" (").expect("a key");
        let mut columns: Vec<_> = lines
            .take_while(|line| *line != "}")
            .filter_map(|line| line.trim_end_matches(',').split_once(" -> "))
            .map(|(name, declared)| {
                let inner =
                    declared.strip_prefix("Nullable<").and_then(|rest| rest.strip_suffix('>'));
                let kind = match inner.unwrap_or(declared) {
                    "BigInt" | "Integer" => "Integer",
                    other => other,
                };
                (name.to_owned(), kind.to_owned(), inner.is_some())
            })
            .collect();
        columns.sort();
        shape.insert(table.to_owned(), columns);
    }
    shape
}

#[test]
fn sqlite_postgresql_and_the_code_have_the_same_tables() {
    let sqlite = shape(&TestStore::sqlite());
    assert_eq!(sqlite, declared(), "SQLite and schema.rs");
    if let Some(store) = TestStore::postgres() {
        assert_eq!(shape(&store), declared(), "PostgreSQL and schema.rs");
    }
}

#[test]
fn wide_and_narrow_integers_are_declared_alike() {
    let Some(server) = TestStore::postgres() else { return };
    let declared = |store: &Store| -> BTreeMap<(String, String), String> {
        store
            .read(|db| {
                let mut types = BTreeMap::new();
                for table in raw::tables(db)? {
                    for column in raw::columns(db, &table)? {
                        let declared = column.declared.to_lowercase();
                        if ["integer", "bigint"].contains(&declared.as_str()) {
                            types.insert((table.clone(), column.name), declared);
                        }
                    }
                }
                Ok(types)
            })
            .expect("reads")
    };
    assert_eq!(declared(&TestStore::sqlite()), declared(&server));
}

#[test]
fn every_table_is_of_the_ledger_projected_or_excused() {
    let ledger = [
        "ledger_event",
        "ledger_stream",
        "ledger_pending",
        "ledger_leaf",
        "ledger_tree",
        "ledger_checkpoint",
        "command_result",
        "station_seq",
    ];
    let projected = PROJECTIONS.iter().flat_map(|tables| tables.iter()).map(|table| table.name);
    let excused = OUTSIDE_LEDGER.iter().map(|(table, _)| *table);
    let known: BTreeSet<_> =
        ledger.into_iter().chain(projected).chain(excused).map(str::to_owned).collect();
    let found: BTreeSet<_> = shape(&TestStore::sqlite()).into_keys().collect();
    assert_eq!(found, known);
}

#[test]
fn projected_tables_name_their_primary_keys() {
    for table in PROJECTIONS.iter().flat_map(|tables| tables.iter()) {
        let text = include_str!("../../../src/store/schema.rs");
        let line = format!("{} ({}) {{", table.name, table.key.join(", "));
        assert!(text.contains(&line), "schema.rs has no `{line}`");
    }
}

#[test]
fn every_migration_can_be_undone_and_done_again() {
    let check = |store: &TestStore| {
        let before = shape(store);
        store.each_migration_down_and_up();
        assert_eq!(shape(store), before);
    };
    check(&TestStore::sqlite());
    if let Some(store) = TestStore::postgres() {
        check(&store);
    }
}

#[test]
fn migrations_are_twins_by_name() {
    let names = |database: &str| -> BTreeSet<String> {
        let folder = format!("{}/migrations/{database}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_dir(folder)
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect()
    };
    assert_eq!(names("sqlite"), names("postgres"));
}
