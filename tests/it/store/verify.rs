//! Verification: nothing can be changed without being named. The detection matrix of the ledger,
//! and one flipped byte in every column of every table.

use chorda::db::raw::{self, Cell, Column, Kind};
use chorda::domain::actor::Role;
use chorda::store::verify::{self, Report};
use chorda::store::{PROJECTIONS, Store, StoreConfig};

use super::door::{announce, begin};
use crate::support::{TestStore, each_backend, envelope, person};

/// A small ledger with two checkpoints and some events that wait for the next.
fn small_ledger(store: &Store) {
    let ana = person("ana", Role::Technician);
    let record = |names: &[&str]| {
        for (number, name) in names.iter().enumerate() {
            let name = (*name).to_owned();
            let station = format!("bench-{}", number % 2);
            store
                .write(envelope(&ana, &station), move |tx| {
                    tx.record([begin(&name), announce(&name)])?;
                    Ok(format!("{name} began"))
                })
                .expect("written");
        }
    };
    record(&["a", "b"]);
    store.seal_now().expect("sealed");
    record(&["c"]);
    store.seal_now().expect("sealed");
    record(&["d"]);
}

fn report(store: &Store) -> Report {
    verify::run(store).expect("verification itself works")
}

fn failed(store: &Store, table: &str, words: &str) {
    let report = report(store);
    assert!(!report.passed, "{words}: passed");
    assert!(
        report.findings.iter().any(|f| f.table == table && f.to_string().contains(words)),
        "{table} {words}: {:#?}",
        report.lines()
    );
}

/// Takes away what would refuse a change, as somebody who owns the database can.
pub(crate) fn disarm(store: &TestStore) {
    let tables = store.read(|db| Ok(raw::tables(db)?)).expect("tables");
    for table in tables {
        if store.is_postgres() {
            store.sql(&format!("ALTER TABLE {table} DISABLE TRIGGER USER")).expect("owner");
        }
    }
    if !store.is_postgres() {
        let mut drops = String::new();
        store
            .read(|db| {
                use diesel::RunQueryDsl;
                #[derive(diesel::QueryableByName)]
                struct Name {
                    #[diesel(sql_type = diesel::sql_types::Text)]
                    name: String,
                }
                let query = "SELECT name FROM sqlite_master WHERE type = 'trigger'";
                for Name { name } in diesel::sql_query(query).load::<Name>(db)? {
                    drops.push_str(&format!("DROP TRIGGER {name};"));
                }
                Ok(())
            })
            .expect("triggers");
        store.sql(&drops).expect("owner");
    }
}

#[test]
fn an_untouched_ledger_passes_sealed_or_not() {
    each_backend(|store| {
        let fresh = report(store);
        assert!(fresh.passed, "{:#?}", fresh.lines());
        small_ledger(store);
        let report = report(store);
        assert!(report.passed, "{:#?}", report.lines());
        assert_eq!((report.events, report.sealed, report.outside_checkpoints), (11, 9, 2));
        assert!(report.lines()[0].starts_with("PASS"));
        let without_keys = StoreConfig {
            key_folder: Some(store.folder().join("nowhere")),
            ..store.config().clone()
        };
        let auditor = Store::inspect(&without_keys).expect("opens without keys");
        let seen = verify::run(&auditor).expect("verifies");
        assert!(seen.passed, "{:#?}", seen.lines());
        assert!(seen.notes.iter().any(|note| note.contains("taken from the database")));
    });
}

#[test]
fn an_edited_event_is_named_however_much_is_recomputed() {
    each_backend(|store| {
        small_ledger(store);
        disarm(store);
        let edit = "UPDATE ledger_event SET canonical = replace(canonical, 'ana', 'eva') \
                    WHERE stream = 'installation/a' AND stream_ver = 2";
        store.sql(edit).expect("owner");
        failed(store, "ledger_event", "not that of the content");
        failed(store, "ledger_event", "signature");
    });
}

#[test]
fn an_event_forged_with_all_hashes_recomputed_lacks_the_signature() {
    let store = TestStore::sqlite();
    small_ledger(&store);
    disarm(&store);
    let (id, canonical) = store
        .read(|db| {
            use diesel::prelude::*;
            let row: (String, String) = chorda::store::schema::ledger_event::table
                .select((
                    chorda::store::schema::ledger_event::event_id,
                    chorda::store::schema::ledger_event::canonical,
                ))
                .filter(chorda::store::schema::ledger_event::stream.eq("installation/d"))
                .filter(chorda::store::schema::ledger_event::stream_ver.eq(2))
                .first(db)?;
            Ok(row)
        })
        .expect("reads");
    let forged = canonical.replace("ana", "eva");
    let hash = chorda::ledger::Hash::of_event(&forged);
    store
        .sql(&format!(
            "UPDATE ledger_event SET canonical = '{forged}', event_hash = X'{hash}' \
             WHERE event_id = '{id}';
             UPDATE ledger_stream SET head = X'{hash}' WHERE stream = 'installation/d';"
        ))
        .expect("owner");
    failed(&store, "ledger_event", &id);
    failed(&store, "ledger_event", "signature does not match");
}

#[test]
fn a_deleted_event_is_missed_by_its_stream_its_station_its_command_and_the_log() {
    each_backend(|store| {
        small_ledger(store);
        disarm(store);
        store
            .sql("DELETE FROM ledger_event WHERE stream = 'installation/a' AND stream_ver = 1")
            .expect("owner");
        failed(store, "ledger_event", "one is missing or out of order");
        failed(store, "ledger_event", "of the station is missing");
        failed(store, "ledger_leaf", "no such event");
    });
}

#[test]
fn the_last_unsealed_event_cannot_be_taken_away_with_its_traces() {
    each_backend(|store| {
        small_ledger(store);
        disarm(store);
        store
            .sql(
                "DELETE FROM ledger_pending WHERE event_id = (SELECT max(event_id) FROM ledger_event);
                 DELETE FROM ledger_event WHERE event_id = (SELECT max(event_id) FROM ledger_event);
                 DELETE FROM ledger_key WHERE kid = 'kid-d';
                 UPDATE ledger_stream SET ver = 1, head = (SELECT event_hash FROM ledger_event \
                     WHERE stream = 'installation/d') WHERE stream = 'installation/d';",
            )
            .expect("owner");
        failed(store, "station_seq", "bench-0");
    });
}

#[test]
fn rows_that_no_event_made_and_rows_that_are_gone_are_named() {
    each_backend(|store| {
        small_ledger(store);
        disarm(store);
        store
            .sql(
                "INSERT INTO ledger_key SELECT 'forged', algorithm, public, purpose, announced \
                 FROM ledger_key WHERE kid = 'kid-a';
                 DELETE FROM ledger_key WHERE kid = 'kid-b';",
            )
            .expect("owner");
        failed(store, "ledger_key", "[forged]: the row does not follow from the ledger");
        failed(store, "ledger_key", "[kid-b]: the row is missing");
    });
}

#[test]
fn a_cut_tail_is_noticed_against_the_checkpoint_file() {
    each_backend(|store| {
        small_ledger(store);
        disarm(store);
        // Everything after the first checkpoint goes, consistently in every table.
        let blob = |hash: &str| {
            if store.is_postgres() {
                format!("decode('{hash}', 'hex')")
            } else {
                format!("X'{hash}'")
            }
        };
        let leaves: Vec<Vec<u8>> = store
            .read(|db| {
                use chorda::store::schema::ledger_leaf;
                use diesel::prelude::*;
                Ok(ledger_leaf::table
                    .filter(ledger_leaf::idx.lt(7))
                    .order(ledger_leaf::idx)
                    .select(ledger_leaf::event_hash)
                    .load(db)?)
            })
            .expect("reads");
        let mut frontier = chorda::ledger::tree::Frontier::empty();
        for leaf in &leaves {
            let hash = chorda::ledger::Hash::from_slice(leaf).expect("a hash");
            frontier.push_entry(&hash).expect("room");
        }
        let later = "('installation/c', 'installation/d')";
        store
            .sql(&format!(
                "DELETE FROM command_result WHERE command_id IN \
                   (SELECT command_id FROM ledger_event WHERE stream IN {later});
                 DELETE FROM ledger_pending;
                 DELETE FROM ledger_leaf WHERE idx >= 7;
                 DELETE FROM ledger_checkpoint WHERE size > 7;
                 DELETE FROM ledger_event WHERE stream IN {later};
                 DELETE FROM ledger_stream WHERE stream IN {later};
                 DELETE FROM ledger_key WHERE kid IN ('kid-c', 'kid-d');
                 UPDATE station_seq SET seq = 2 WHERE station = 'bench-0';
                 UPDATE ledger_tree SET size = 7, frontier = {}, root = {};",
                blob(&chorda::ledger::hash::hex(&frontier.to_bytes())),
                blob(&frontier.root().to_string()),
            ))
            .expect("owner");
        let report = report(store);
        assert!(!report.passed);
        assert_eq!(report.findings[0].table, "checkpoint file");
        assert!(report.findings[0].problem.contains("its tail was cut"), "{:#?}", report.lines());
        // Without the file nothing else would show it: that is what the file is for.
        std::fs::write(store.config().checkpoint_file().expect("path"), "").expect("emptied");
        assert!(verify::run(store).expect("verifies").passed);
    });
}

#[test]
fn an_older_copy_is_noticed_and_never_sealed_again() {
    let mut store = TestStore::sqlite();
    small_ledger(&store);
    let file = std::path::PathBuf::from(store.config().database.trim_start_matches("sqlite:"));
    let older = store.folder().join("older.sqlite");
    store.reopened(|_| {
        std::fs::copy(&file, &older).expect("copied");
    });
    let ana = person("ana", Role::Technician);
    store.write(envelope(&ana, "bench-0"), |tx| tx.record([begin("e")])).expect("written");
    store.seal_now().expect("sealed");
    assert!(report(&store).passed);
    store.reopened(|_| {
        std::fs::copy(&older, &file).expect("put back");
    });
    failed(&store, "checkpoint file", "an older copy was restored");
    store.write(envelope(&ana, "bench-0"), |tx| tx.record([begin("f")])).expect("work goes on");
    let failure = store.seal_now().expect_err("nothing is signed");
    assert!(failure.to_string().contains("do not belong together"), "{failure}");
}

#[test]
fn a_changed_checkpoint_file_is_noticed() {
    let store = TestStore::sqlite();
    store.reached_past();
    small_ledger(&store);
    let path = store.config().checkpoint_file().expect("path");
    let original = std::fs::read(&path).expect("read");
    for at in (0..original.len()).step_by(7) {
        let mut bytes = original.clone();
        bytes[at] ^= 1;
        std::fs::write(&path, &bytes).expect("written");
        assert!(!report(&store).passed, "byte {at}");
    }
    std::fs::remove_file(&path).expect("removed");
    failed(&store, "checkpoint file", "the file is missing");
}

/// Every table that verification vouches for, with its key.
fn tables() -> Vec<(&'static str, &'static [&'static str])> {
    let ledger: [(&str, &[&str]); 8] = [
        ("ledger_event", &["event_id"]),
        ("ledger_stream", &["stream"]),
        ("ledger_pending", &["event_id"]),
        ("ledger_leaf", &["idx"]),
        ("ledger_tree", &["origin"]),
        ("ledger_checkpoint", &["origin", "size"]),
        ("command_result", &["command_id"]),
        ("station_seq", &["station"]),
    ];
    let projected = PROJECTIONS.iter().flat_map(|tables| tables.iter());
    ledger.into_iter().chain(projected.map(|table| (table.name, table.key))).collect()
}

/// One place to change: a cell, and the bytes it gets instead.
struct Place {
    table: &'static str,
    /// The row in SQL, found by its key; the same after the key itself was changed.
    row: String,
    row_after: String,
    names: [String; 2],
    column: String,
    original: String,
    flipped: String,
}

/// Single flipped bytes in the cells of a table: the first, the middle and the last byte of each
/// column, in up to `rows` rows.
fn places(
    store: &TestStore,
    table: &'static str,
    key: &'static [&'static str],
    rows: usize,
) -> Vec<Place> {
    let postgres = store.is_postgres();
    let (columns, found) = store
        .read(|db| {
            let columns = raw::columns(db, table)?;
            let mut found: Vec<Vec<Cell>> = Vec::new();
            raw::each_row(db, table, &columns, key, |cells| {
                found.push(cells);
                Ok::<_, chorda::store::Failure>(())
            })?;
            Ok((columns, found))
        })
        .expect("reads");
    let step = (found.len() / rows).max(1);
    let mut places = Vec::new();
    for cells in found.iter().step_by(step).take(rows) {
        for (number, column) in columns.iter().enumerate() {
            for flipped in flips(&cells[number], column) {
                let mut after = cells.clone();
                after[number] = flipped.clone();
                places.push(Place {
                    table,
                    row: condition(postgres, &columns, cells, key),
                    row_after: condition(postgres, &columns, &after, key),
                    names: [name(&columns, cells, key), name(&columns, &after, key)],
                    column: column.name.clone(),
                    original: literal(postgres, column, &cells[number]),
                    flipped: literal(postgres, column, &flipped),
                });
            }
        }
    }
    places
}

fn flips(cell: &Cell, column: &Column) -> Vec<Cell> {
    let each = |bytes: &[u8]| -> Vec<Vec<u8>> {
        let mut at = vec![0, bytes.len() / 2, bytes.len().saturating_sub(1)];
        at.dedup();
        at.into_iter()
            .filter(|at| *at < bytes.len())
            .map(|at| {
                let mut bytes = bytes.to_vec();
                bytes[at] ^= 1;
                bytes
            })
            .collect()
    };
    match cell {
        Cell::Text(bytes) => each(bytes).into_iter().map(Cell::Text).collect(),
        Cell::Binary(bytes) => each(bytes).into_iter().map(Cell::Binary).collect(),
        Cell::Integer(_) => {
            let number = cell.integer().expect("a number");
            let masks: &[i64] = if column.kind == Kind::Bool { &[1] } else { &[1, 1 << 8] };
            masks
                .iter()
                .map(|mask| Cell::Integer((number ^ mask).to_string().into_bytes()))
                .collect()
        }
        Cell::Null | Cell::Other(_) => Vec::new(),
    }
}

fn condition(postgres: bool, columns: &[Column], cells: &[Cell], key: &[&str]) -> String {
    let parts: Vec<_> = columns
        .iter()
        .zip(cells)
        .filter(|(column, _)| key.contains(&column.name.as_str()))
        .map(|(column, cell)| format!("{} = {}", column.name, literal(postgres, column, cell)))
        .collect();
    parts.join(" AND ")
}

fn name(columns: &[Column], cells: &[Cell], key: &[&str]) -> String {
    let parts: Vec<_> = key
        .iter()
        .map(|name| {
            let place = columns.iter().position(|column| column.name == *name).expect("a key");
            match &cells[place] {
                Cell::Text(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                other => other.shown(),
            }
        })
        .collect();
    parts.join(", ")
}

fn literal(postgres: bool, column: &Column, cell: &Cell) -> String {
    let hex = chorda::ledger::hash::hex;
    match cell {
        Cell::Text(bytes) if postgres => {
            let cast = if column.kind == Kind::Timestamp { "::timestamp" } else { "" };
            format!("convert_from(decode('{}', 'hex'), 'UTF8'){cast}", hex(bytes))
        }
        Cell::Text(bytes) => format!("CAST(X'{}' AS TEXT)", hex(bytes)),
        Cell::Binary(bytes) if postgres => format!("decode('{}', 'hex')", hex(bytes)),
        Cell::Binary(bytes) => format!("X'{}'", hex(bytes)),
        Cell::Integer(_) if postgres && column.kind == Kind::Bool => {
            (if cell.integer() == Some(0) { "FALSE" } else { "TRUE" }).to_owned()
        }
        Cell::Integer(digits) => String::from_utf8_lossy(digits).into_owned(),
        Cell::Null | Cell::Other(_) => "NULL".to_owned(),
    }
}

/// Flips bytes all over the tables of this store; each time verification must name the row. Gives
/// the number of places, and the tables that held nothing to flip.
pub(crate) fn flip_everywhere(store: &TestStore, rows: usize) -> (usize, Vec<&'static str>) {
    disarm(store);
    let mut flipped = 0;
    let mut empty = Vec::new();
    for (table, key) in tables() {
        let places = places(store, table, key, rows);
        if places.is_empty() {
            empty.push(table);
        }
        for place in places {
            // The database itself may refuse the value; then nothing was changed.
            if write_cell(store, &place, &place.flipped, &place.row).is_err() {
                continue;
            }
            flipped += 1;
            let report = report(store);
            let named = report.findings.iter().any(|finding| {
                finding.table == place.table
                    && place.names.contains(&finding.key)
                    && (finding.table == "command_result"
                        || finding.column.as_ref().is_none_or(|column| {
                            *column == place.column
                                || place.column == "canonical"
                                || key.contains(&place.column.as_str())
                        }))
            });
            assert!(
                !report.passed && named,
                "{table}.{} [{}] became {}: {:#?}",
                place.column,
                place.names[0],
                place.flipped,
                report.lines()
            );
            write_cell(store, &place, &place.original, &place.row_after).expect("undone");
        }
    }
    assert!(report(store).passed, "every change was undone");
    (flipped, empty)
}

/// Flips one byte in one column of a row of every projection table at once, column after column,
/// and lets verification name all of them: a full day's tables are too many for one at a time.
/// Gives the number of places, and the tables that held nothing to flip.
pub(crate) fn flip_all_projections(store: &TestStore) -> (usize, Vec<&'static str>) {
    disarm(store);
    let projected = PROJECTIONS.iter().flat_map(|tables| tables.iter());
    let mut waiting: Vec<Vec<Place>> =
        projected.map(|table| places(store, table.name, table.key, 1)).collect();
    // One place in each column: the flips of a column stand together.
    waiting.iter_mut().for_each(|places| places.dedup_by(|a, b| a.column == b.column));
    let empty = PROJECTIONS
        .iter()
        .flat_map(|tables| tables.iter())
        .zip(&waiting)
        .filter(|(_, places)| places.is_empty())
        .map(|(table, _)| table.name)
        .collect();
    let mut flipped = 0;
    loop {
        let round: Vec<Place> = waiting.iter_mut().filter_map(Vec::pop).collect();
        if round.is_empty() {
            return (flipped, empty);
        }
        let changed: Vec<_> = round
            .into_iter()
            .filter(|place| write_cell(store, place, &place.flipped, &place.row).is_ok())
            .collect();
        let report = report(store);
        for place in &changed {
            let named = report
                .findings
                .iter()
                .any(|finding| finding.table == place.table && place.names.contains(&finding.key));
            assert!(named, "{}.{} [{}]", place.table, place.column, place.names[0]);
            write_cell(store, place, &place.original, &place.row_after).expect("undone");
        }
        flipped += changed.len();
    }
}

/// Writes a cell as somebody who owns the database can.
fn write_cell(store: &TestStore, place: &Place, to: &str, row: &str) -> diesel::QueryResult<()> {
    let free = if store.is_postgres() {
        ""
    } else {
        "PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF;"
    };
    store.sql(&format!("{free} UPDATE {} SET {} = {to} WHERE {row}", place.table, place.column))
}

#[test]
fn one_flipped_byte_anywhere_is_found_and_its_row_is_named() {
    let store = TestStore::sqlite();
    small_ledger(&store);
    let (flipped, _) = flip_everywhere(&store, 4);
    assert!(flipped >= 300, "{flipped} places");
    if let Some(store) = TestStore::postgres() {
        small_ledger(&store);
        let (flipped, _) = flip_everywhere(&store, 1);
        assert!(flipped >= 50, "{flipped} places on PostgreSQL");
    }
}
