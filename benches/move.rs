//! How long it takes to move a vial out of its position or back, committed with fsync, beside a
//! bare transaction of the same rows on the same file: `cargo run --release -- demo --no-serve`,
//! then `cargo bench`.
//!
//! Prints the median of both in microseconds and their ratio. It works on a copy of the demo's
//! folder; the name of another folder may be given behind `--`.

mod support;

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use chorda::app::App;
use chorda::app::container_move::{
    ContainerPut, ContainerTake, ScannedContainer, TakeFor, container_put, container_take,
    read_position,
};
use chorda::domain::actor::Role;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

const MOVES: usize = 1_000;
const VIAL: &str = "CV0000012";
const PLACE: &str = "CRYO/LN2-1/R1/BOX-1/B3";

fn main() -> Result<(), Box<dyn Error>> {
    support::with_demo(compare)
}

fn compare(folder: &Path) -> Result<(), Box<dyn Error>> {
    let file = folder.join("chorda.db");
    let moved = {
        let app = support::open(folder)?;
        median(|round| move_vial(&app, round))?
    };
    let mut db = SqliteConnection::establish(&file.to_string_lossy())?;
    db.batch_execute(
        "PRAGMA busy_timeout = 5000; PRAGMA synchronous = FULL; PRAGMA recursive_triggers = ON",
    )?;
    let bare = median(|round| bare(&mut db, round))?;
    println!("a move            {moved:>6} µs");
    println!("bare transaction  {bare:>6} µs");
    println!("ratio             {}.{:02}", moved / bare, moved % bare * 100 / bare);
    Ok(())
}

/// The median duration in microseconds.
fn median(
    mut work: impl FnMut(usize) -> Result<(), Box<dyn Error>>,
) -> Result<u128, Box<dyn Error>> {
    let mut took = Vec::with_capacity(MOVES);
    for round in 0..MOVES {
        let begun = Instant::now();
        work(round)?;
        took.push(begun.elapsed().as_micros());
    }
    took.sort_unstable();
    Ok(took.get(MOVES / 2).copied().unwrap_or_default().max(1))
}

/// One move through the use case, as a scan station gives it: out, and back.
fn move_vial(app: &App, round: usize) -> Result<(), Box<dyn Error>> {
    let caller = support::caller("ana.kos", Role::Technician)?;
    let container = ScannedContainer::read(VIAL)?;
    let position = read_position(PLACE)?;
    if round.is_multiple_of(2) {
        let purpose = TakeFor::Relocation;
        let command = ContainerTake { container, from: Some(position), purpose };
        container_take(app, &caller, command)?;
    } else {
        container_put(app, &caller, ContainerPut { container, position })?;
    }
    Ok(())
}

/// The rows that a move writes, without deciding, hashing or signing anything.
fn bare(db: &mut SqliteConnection, round: usize) -> Result<(), Box<dyn Error>> {
    let id = format!("bare-{round}");
    let last = "FROM ledger_event WHERE stream = 'container/CV0000012' \
                ORDER BY stream_ver DESC LIMIT 1";
    db.batch_execute("BEGIN IMMEDIATE")?;
    diesel::sql_query(format!(
        "INSERT INTO ledger_event SELECT ?, 'bare', 1 + ?, canonical, event_hash, kid, sig, \
         command_id {last}"
    ))
    .bind::<Text, _>(&id)
    .bind::<BigInt, _>(i64::try_from(round)?)
    .execute(db)?;
    diesel::sql_query("INSERT INTO ledger_pending VALUES (?)").bind::<Text, _>(&id).execute(db)?;
    diesel::sql_query(
        "INSERT INTO command_result SELECT ?, actor, request_hash, response, at, kid, sig \
         FROM command_result LIMIT 1",
    )
    .bind::<Text, _>(&id)
    .execute(db)?;
    for update in [
        "UPDATE ledger_stream SET ver = ver + 1, head = head WHERE stream = 'container/CV0000012'",
        "UPDATE station_seq SET seq = seq + 1 WHERE station = 'BENCH-1'",
        "UPDATE container SET version = version + 1, state = state || ' ' WHERE code = 'CV0000012'",
    ] {
        diesel::sql_query(update).execute(db)?;
    }
    db.batch_execute("COMMIT")?;
    Ok(())
}
