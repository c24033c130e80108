//! The write door: the one way in for everything that changes the database.
//!
//! On SQLite one thread owns the one writing connection. It takes the commands that wait, runs
//! each behind its own savepoint, commits them together, and answers each: a commit costs one
//! flush to disk however many share it. On PostgreSQL each command is its own SERIALIZABLE
//! transaction, run again with a random pause when it collided; commands of one lane (a station)
//! queue inside the process, since they are certain to collide, and one that keeps colliding is
//! run while the others of this process wait.
//!
//! Neighbours: `store::Store::write` is the only caller besides the sealer.
//!
//! Architecture invariant: an answer is given after its commit has returned, never before.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, SyncSender, TryRecvError, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::{self, JoinHandle};

use super::connect::{self, Connector, Pool, Purpose};
use super::{Address, Db, DbError};
use crate::clock;

/// How often a transaction is run before contention is reported.
const ATTEMPTS_MAX: u32 = 16;
/// After how many collisions the other commands of this process have to wait.
const ATTEMPTS_IN_THE_CROWD: u32 = 4;
/// The longest random pause between two attempts.
const PAUSE_MILLISECONDS_MAX: u64 = 120;
/// How many commands share one commit at most.
const GROUP_MAX: usize = 64;
const LANES: usize = 64;
const SERVER_WRITERS_MAX: u32 = 16;

/// A failure that knows whether the same work may succeed when it is run again.
pub trait Retry: From<DbError> + Send + 'static {
    /// Whether another attempt makes sense.
    fn is_contention(&self) -> bool;
    /// The failure of work that broke off in a panic.
    fn broke_off() -> Self;
}

/// Work for the door: it may run more than once, so it must touch nothing but the database.
pub type Work<E> = Arc<dyn Fn(&mut Db) -> Result<String, E> + Send + Sync>;

/// The write door of one database.
pub struct Door<E> {
    way: Way<E>,
}

enum Way<E> {
    Queue { jobs: Option<Sender<Job<E>>>, writer: Option<JoinHandle<()>> },
    Pool { pool: Pool, lanes: Vec<Mutex<()>>, crowd: RwLock<()> },
}

struct Job<E> {
    work: Work<E>,
    answer: SyncSender<Result<String, E>>,
}

impl<E> std::fmt::Debug for Door<E> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self.way {
            Way::Queue { .. } => "Door(queue)",
            Way::Pool { .. } => "Door(pool)",
        })
    }
}

/// Closing waits for the writer, so that the file is whole and its log is folded in when the
/// store is gone.
impl<E> Drop for Door<E> {
    fn drop(&mut self) {
        if let Way::Queue { jobs, writer } = &mut self.way {
            drop(jobs.take());
            // The last owner may be the work that the writer itself has just done.
            let other = |writer: &JoinHandle<()>| writer.thread().id() != thread::current().id();
            if let Some(writer) = writer.take().filter(other) {
                drop(writer.join());
            }
        }
    }
}

impl<E: Retry> Door<E> {
    /// Opens the door to a database whose tables are up to date.
    pub(crate) fn open(address: &Address, connector: &Connector) -> Result<Self, DbError> {
        let connector = connector.for_purpose(Purpose::Write);
        let way = match address {
            Address::File(_) => {
                let db = connector.open()?;
                let (sender, receiver) = channel();
                let writer = thread::Builder::new()
                    .name("ledger-writer".to_owned())
                    .spawn(move || serve(db, &receiver))
                    .map_err(|error| DbError::Open(error.to_string()))?;
                Way::Queue { jobs: Some(sender), writer: Some(writer) }
            }
            Address::Server(_) => Way::Pool {
                pool: connect::pool(connector, SERVER_WRITERS_MAX)?,
                lanes: (0..LANES).map(|_| Mutex::new(())).collect(),
                crowd: RwLock::new(()),
            },
        };
        Ok(Self { way })
    }

    /// Runs `work` alone and commits it; gives its answer once the commit has returned. `lane`
    /// names what such work is certain to contend for.
    ///
    /// # Errors
    /// What `work` answered, or that the database failed or stayed contended.
    pub fn run(&self, lane: &str, work: Work<E>) -> Result<String, E> {
        match &self.way {
            Way::Queue { jobs, .. } => {
                let (answer, outcome) = sync_channel(1);
                let gone = || E::from(DbError::Other("the writer has stopped".to_owned()));
                let jobs = jobs.as_ref().ok_or_else(gone)?;
                jobs.send(Job { work, answer }).map_err(|_| gone())?;
                outcome.recv().map_err(|_| gone())?
            }
            Way::Pool { pool, lanes, crowd } => {
                let _queued = lanes
                    .get(lane_number(lane))
                    .map(|lane| lane.lock().unwrap_or_else(PoisonError::into_inner));
                let mut db = connect::borrow(pool)?;
                let mut attempts = 0_u32;
                persist(|| {
                    attempts = attempts.saturating_add(1);
                    if attempts <= ATTEMPTS_IN_THE_CROWD {
                        let _among = crowd.read().unwrap_or_else(PoisonError::into_inner);
                        alone(&mut db, &work)
                    } else {
                        let _before = crowd.write().unwrap_or_else(PoisonError::into_inner);
                        alone(&mut db, &work)
                    }
                })
            }
        }
    }
}

fn lane_number(lane: &str) -> usize {
    let sum = lane
        .bytes()
        .fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(byte)));
    sum.checked_rem(LANES).unwrap_or(0)
}

/// Tries again, with growing random pauses, while others are in the way.
fn persist<T, E: Retry>(mut attempt: impl FnMut() -> Result<T, E>) -> Result<T, E> {
    let mut pause_max = 2;
    for _ in 1..ATTEMPTS_MAX {
        match attempt() {
            Err(failure) if failure.is_contention() => {
                thread::sleep(clock::jitter(pause_max));
                pause_max = pause_max.saturating_mul(2).min(PAUSE_MILLISECONDS_MAX);
            }
            outcome => return outcome,
        }
    }
    attempt()
}

/// One piece of work in one transaction.
fn alone<E: Retry>(db: &mut Db, work: &Work<E>) -> Result<String, E> {
    db.begin_write()?;
    match guarded(db, work) {
        Ok(answer) => match db.commit() {
            Ok(()) => Ok(answer),
            Err(error) => Err(E::from(error)),
        },
        Err(failure) => {
            db.rollback()?;
            Err(failure)
        }
    }
}

fn guarded<E: Retry>(db: &mut Db, work: &Work<E>) -> Result<String, E> {
    catch_unwind(AssertUnwindSafe(|| work(db))).unwrap_or_else(|_| Err(E::broke_off()))
}

/// The life of the writing thread: it ends when the last sender is gone.
fn serve<E: Retry>(mut db: Db, jobs: &Receiver<Job<E>>) {
    while let Ok(first) = jobs.recv() {
        let mut group = vec![first];
        while group.len() < GROUP_MAX {
            match jobs.try_recv() {
                Ok(job) => group.push(job),
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
            }
        }
        let outcomes = match group.as_slice() {
            [job] => vec![persist(|| alone(&mut db, &job.work))],
            many => together(&mut db, many),
        };
        for (job, outcome) in group.into_iter().zip(outcomes) {
            // Whoever stopped waiting finds the stored answer by the command's id.
            drop(job.answer.send(outcome));
        }
    }
    // Who copies the file of a stopped program copies everything, whatever a reader still holds.
    if let Err(error) = db.gather() {
        tracing::warn!(%error, "the write-ahead log was not folded into the database file");
    }
}

/// Several commands in one transaction, each behind its own savepoint. When the shared commit
/// fails, nothing of any of them was kept, and each is run again alone.
fn together<E: Retry>(db: &mut Db, group: &[Job<E>]) -> Vec<Result<String, E>> {
    if persist(|| db.begin_write().map_err(E::from)).is_ok() {
        let outcomes: Vec<_> = group.iter().map(|job| behind_savepoint(db, &job.work)).collect();
        match db.commit() {
            Ok(()) => return outcomes,
            Err(error) => tracing::warn!(%error, "a shared commit failed; running one by one"),
        }
        // A failed commit may leave the transaction open.
        drop(db.rollback());
    }
    group.iter().map(|job| persist(|| alone(db, &job.work))).collect()
}

fn behind_savepoint<E: Retry>(db: &mut Db, work: &Work<E>) -> Result<String, E> {
    db.begin_savepoint()?;
    match guarded(db, work) {
        Ok(answer) => {
            db.commit()?;
            Ok(answer)
        }
        Err(failure) => {
            db.rollback()?;
            Err(failure)
        }
    }
}
