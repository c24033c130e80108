//! The sealer: gives committed events their place in the log and signs what the log has become.
//!
//! First transaction: leaves, frontier, size, root; the queue is emptied. Only when that is
//! committed does the second one sign a checkpoint. Signing first and crashing could sign two
//! different logs of one size. Ed25519 is deterministic, so the second step can be repeated.
//! Then the checkpoint goes to the file outside the database.
//!
//! Neighbours: `ledger::tree` and `ledger::checkpoint` define what is computed.
//!
//! Architecture invariant: the root that is signed was computed twice, by the growing frontier
//! and from the stored leaves.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Weak};
use std::time::Duration;

use diesel::prelude::*;

use crate::db::{Db, DbError};
use crate::ledger::tree::Frontier;
use crate::ledger::{Checkpoint, Hash, PublicKey};

use super::schema::{ledger_checkpoint, ledger_event, ledger_leaf, ledger_pending, ledger_tree};
use super::{Failure, Inner, checkpoint_file, ledger};

/// How many events get their place in one transaction: few enough not to hold up a scan.
const BATCH_MAX: i64 = 500;
/// How long committed events gather before they are sealed.
const GATHER: Duration = Duration::from_secs(1);
/// How long the sealer waits after a failure.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(5);

/// What sealing reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The checkpoint over everything that was committed before the call.
    pub checkpoint: Checkpoint,
    /// The same as a signed note.
    pub note: String,
}

/// An event on its way into the log.
struct Pending {
    event_id: String,
    hash: Hash,
}

/// Seals everything that waits, signs, and writes the checkpoint file. `None` for a ledger
/// without events.
pub(super) fn seal(inner: &Arc<Inner>) -> Result<Option<Sealed>, Failure> {
    let _alone = inner.sealing.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    inner.check_outside()?;
    loop {
        let pending = inner.read(|db| waiting(db, &inner.event_keys()))?;
        if pending.is_empty() {
            break;
        }
        let origin = inner.origin.clone();
        let pending = Arc::new(pending);
        inner.run("sealer", move |db| append_leaves(db, &origin, &pending))?;
    }
    let signed = sign(inner)?;
    publish(inner)?;
    Ok(signed)
}

/// Reads what waits, and checks hash and signature of each event before it may enter the log.
fn waiting(db: &mut Db, keys: &BTreeMap<String, PublicKey>) -> Result<Vec<Pending>, Failure> {
    type Row = (String, String, Vec<u8>, String, Vec<u8>);
    let rows: Vec<Row> = ledger_pending::table
        .inner_join(ledger_event::table.on(ledger_event::event_id.eq(ledger_pending::event_id)))
        .order((ledger_event::stream, ledger_event::stream_ver))
        .limit(BATCH_MAX)
        .select((
            ledger_event::event_id,
            ledger_event::canonical,
            ledger_event::event_hash,
            ledger_event::kid,
            ledger_event::sig,
        ))
        .load(db)?;
    rows.into_iter()
        .map(|(event_id, canonical, stored, kid, sig)| {
            let hash = Hash::of_event(&canonical);
            let genuine = stored == hash.as_bytes()
                && keys.get(&kid).is_some_and(|key| key.verify_event(&hash, &sig).is_ok());
            if !genuine {
                return Err(Failure::Db(DbError::Corrupt(format!(
                    "event {event_id} was changed before it was sealed; run verify"
                ))));
            }
            Ok(Pending { event_id, hash })
        })
        .collect()
}

/// First transaction: the leaves. Ends early when another process is sealing.
fn append_leaves(db: &mut Db, origin: &str, pending: &[Pending]) -> Result<(), Failure> {
    if !db.try_seal_lock()? {
        return Err(DbError::Contention("another process is sealing".to_owned()).into());
    }
    let mut frontier = load_frontier(db, origin)?;
    let before = frontier.size();
    for event in pending {
        let freed = diesel::delete(ledger_pending::table.find(&event.event_id));
        // The place is given before the queue lets go: the database insists on that order.
        let taken: i64 = ledger_leaf::table
            .filter(ledger_leaf::event_id.eq(&event.event_id))
            .count()
            .get_result(db)?;
        if taken > 0 {
            continue;
        }
        let index = i64::try_from(frontier.size()).map_err(|_| full())?;
        diesel::insert_into(ledger_leaf::table)
            .values((
                ledger_leaf::idx.eq(index),
                ledger_leaf::event_id.eq(&event.event_id),
                ledger_leaf::event_hash.eq(event.hash.to_vec()),
            ))
            .execute(db)?;
        freed.execute(db)?;
        frontier.push_entry(&event.hash).map_err(|_| full())?;
    }
    if frontier.size() == before {
        return Ok(());
    }
    let size = |frontier: &Frontier| i64::try_from(frontier.size()).map_err(|_| full());
    let moved = diesel::update(
        ledger_tree::table
            .filter(ledger_tree::origin.eq(origin))
            .filter(ledger_tree::size.eq(i64::try_from(before).map_err(|_| full())?)),
    )
    .set((
        ledger_tree::size.eq(size(&frontier)?),
        ledger_tree::frontier.eq(frontier.to_bytes()),
        ledger_tree::root.eq(frontier.root().to_vec()),
    ))
    .execute(db)?;
    match moved {
        1 => Ok(()),
        _ => Err(DbError::Contention("the log grew meanwhile".to_owned()).into()),
    }
}

fn load_frontier(db: &mut Db, origin: &str) -> Result<Frontier, Failure> {
    let (size, bytes): (i64, Vec<u8>) = ledger_tree::table
        .find(origin)
        .select((ledger_tree::size, ledger_tree::frontier))
        .first(db)?;
    let size = u64::try_from(size).map_err(|_| DbError::Corrupt("negative log size".into()))?;
    Frontier::from_bytes(size, &bytes).map_err(|error| DbError::Corrupt(error.to_string()).into())
}

/// Second transaction: recompute the root from the leaves since the last checkpoint, compare,
/// sign, store.
fn sign(inner: &Arc<Inner>) -> Result<Option<Sealed>, Failure> {
    let origin = &inner.origin;
    let head = inner.read(|db| {
        let (size, root): (i64, Vec<u8>) = ledger_tree::table
            .find(origin)
            .select((ledger_tree::size, ledger_tree::root))
            .first(db)?;
        let known: Option<String> = ledger_checkpoint::table
            .find((origin, size))
            .select(ledger_checkpoint::note)
            .first(db)
            .optional()?;
        let replayed = inner.walk_leaves(db, size)?;
        Ok((size, ledger::stored_hash(&root)?, known, replayed))
    })?;
    let (size, root, known, replayed) = head;
    if size == 0 {
        return Ok(None);
    }
    if replayed != root {
        return Err(DbError::Corrupt(
            "the log's root does not follow from its leaves; nothing was signed; run verify".into(),
        )
        .into());
    }
    let checkpoint =
        Checkpoint { origin: origin.clone(), size: u64::try_from(size).map_err(|_| full())?, root };
    let note = checkpoint.sign(&inner.keys()?.checkpoint);
    if known.is_none() {
        let (origin, root, text) = (origin.clone(), root.to_vec(), note.clone());
        inner.run("sealer", move |db| {
            let exists: i64 =
                ledger_checkpoint::table.find((&origin, size)).count().get_result(db)?;
            if exists == 0 {
                diesel::insert_into(ledger_checkpoint::table)
                    .values((
                        ledger_checkpoint::origin.eq(&origin),
                        ledger_checkpoint::size.eq(size),
                        ledger_checkpoint::root.eq(&root),
                        ledger_checkpoint::note.eq(&text),
                    ))
                    .execute(db)?;
            }
            Ok(())
        })?;
    }
    Ok(Some(Sealed { checkpoint, note }))
}

/// Appends to the file every checkpoint it does not have yet.
fn publish(inner: &Arc<Inner>) -> Result<(), Failure> {
    let reached = inner.outside_size();
    let missing: Vec<(i64, String)> = inner.read(|db| {
        Ok(ledger_checkpoint::table
            .filter(ledger_checkpoint::origin.eq(&inner.origin))
            .filter(ledger_checkpoint::size.gt(reached))
            .order(ledger_checkpoint::size)
            .select((ledger_checkpoint::size, ledger_checkpoint::note))
            .load(db)?)
    })?;
    let Some(last) = missing.last().map(|(size, _)| *size) else {
        return Ok(());
    };
    let notes: Vec<_> = missing.into_iter().map(|(_, note)| note).collect();
    checkpoint_file::append(&inner.checkpoint_file, &notes)?;
    inner.set_outside_size(last);
    Ok(())
}

fn full() -> Failure {
    Failure::Broken("the log is full".to_owned())
}

/// The life of the sealing thread: it wakes when something was recorded, lets more gather, and
/// seals. It ends with the store.
pub(super) fn serve(inner: &Weak<Inner>, wake: &Receiver<()>) {
    while wake.recv().is_ok() {
        // Whatever else arrives while gathering is sealed together.
        let ended = matches!(gather(wake), Err(RecvTimeoutError::Disconnected));
        let Some(inner) = inner.upgrade() else { return };
        if let Err(error) = seal(&inner) {
            tracing::error!(%error, "events could not be sealed");
            std::thread::sleep(PAUSE_AFTER_FAILURE);
            inner.wake_sealer();
        }
        if ended {
            return;
        }
    }
}

fn gather(wake: &Receiver<()>) -> Result<(), RecvTimeoutError> {
    std::thread::sleep(GATHER);
    loop {
        match wake.try_recv() {
            Ok(()) => {}
            Err(std::sync::mpsc::TryRecvError::Empty) => return Ok(()),
            Err(std::sync::mpsc::TryRecvError::Disconnected) => {
                return Err(RecvTimeoutError::Disconnected);
            }
        }
    }
}
