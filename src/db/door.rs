//! The write door: the one way in for everything that changes the database.
//!
//! On SQLite there is one writing connection. Whoever comes while nobody writes, writes for all who
//! wait: runs each command behind its own savepoint, commits them together, answers each, and hands
//! over to the first who came meanwhile. A commit costs one flush to disk however many share it,
//! and a command that comes alone changes no thread. On PostgreSQL each command is its own
//! SERIALIZABLE transaction, run again with a random pause when it collided; commands of one lane
//! (a station) queue inside the process, since they are certain to collide, and one that keeps
//! colliding is run while the others of this process wait.
//!
//! Neighbours: `store::Store::write` is the only caller besides the sealer.
//!
//! Architecture invariant: an answer is given after its commit has returned, never before.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread;

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
    Queue(Queue<E>),
    Pool { pool: Pool, lanes: Vec<Mutex<()>>, crowd: RwLock<()> },
}

/// The one writing connection of a file, and who waits for it.
struct Queue<E> {
    db: Mutex<Db>,
    waiting: Mutex<Waiting<E>>,
}

/// While nobody writes, nobody waits.
struct Waiting<E> {
    jobs: VecDeque<Job<E>>,
    somebody_writes: bool,
}

struct Job<E> {
    work: Work<E>,
    turn: SyncSender<Turn<E>>,
}

/// What somebody who waits is told.
enum Turn<E> {
    /// The work was done, with this outcome.
    Done(Result<String, E>),
    /// The first in the queue writes next, for all who wait.
    Write,
}

impl<E> std::fmt::Debug for Door<E> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self.way {
            Way::Queue { .. } => "Door(queue)",
            Way::Pool { .. } => "Door(pool)",
        })
    }
}

/// Who copies the file of a stopped program copies everything, whatever a reader still holds.
impl<E> Drop for Queue<E> {
    fn drop(&mut self) {
        if let Err(error) = locked(&self.db).gather() {
            tracing::warn!(%error, "the write-ahead log was not folded into the database file");
        }
    }
}

impl<E: Retry> Door<E> {
    /// Opens the door to a database whose tables are up to date.
    pub(crate) fn open(address: &Address, connector: &Connector) -> Result<Self, DbError> {
        let connector = connector.for_purpose(Purpose::Write);
        let way = match address {
            Address::File(_) => {
                let waiting = Waiting { jobs: VecDeque::new(), somebody_writes: false };
                Way::Queue(Queue {
                    db: Mutex::new(connector.open()?),
                    waiting: Mutex::new(waiting),
                })
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
            Way::Queue(queue) => queue.run(work),
            Way::Pool { pool, lanes, crowd } => {
                let _queued = lanes.get(lane_number(lane)).map(locked);
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

impl<E: Retry> Queue<E> {
    fn run(&self, work: Work<E>) -> Result<String, E> {
        let (turn, told) = sync_channel(1);
        let others_write = {
            let mut waiting = locked(&self.waiting);
            waiting.jobs.push_back(Job { work, turn });
            std::mem::replace(&mut waiting.somebody_writes, true)
        };
        let gone = || E::from(DbError::Other("the command's turn was lost".to_owned()));
        if others_write && let Turn::Done(outcome) = told.recv().map_err(|_| gone())? {
            return outcome;
        }
        // Whoever may write is the first in the queue, so the own work is done with this group.
        self.write_group();
        match told.try_recv() {
            Ok(Turn::Done(outcome)) => outcome,
            Ok(Turn::Write) | Err(_) => Err(gone()),
        }
    }

    /// Takes who waits, commits their work and answers them; then the next may write.
    fn write_group(&self) {
        let _then = HandOver(self);
        let mut db = locked(&self.db);
        let group: Vec<Job<E>> = {
            let mut waiting = locked(&self.waiting);
            let many = waiting.jobs.len().min(GROUP_MAX);
            waiting.jobs.drain(..many).collect()
        };
        let outcomes = match group.as_slice() {
            [job] => vec![persist(|| alone(&mut db, &job.work))],
            many => together(&mut db, many),
        };
        for (job, outcome) in group.into_iter().zip(outcomes) {
            // Whoever stopped waiting finds the stored answer by the command's id.
            drop(job.turn.send(Turn::Done(outcome)));
        }
    }
}

/// Tells the first who waits to write, however the group before ended.
struct HandOver<'a, E>(&'a Queue<E>);

impl<E> Drop for HandOver<'_, E> {
    fn drop(&mut self) {
        let mut waiting = locked(&self.0.waiting);
        while let Some(first) = waiting.jobs.front() {
            if first.turn.send(Turn::Write).is_ok() {
                return;
            }
            waiting.jobs.pop_front();
        }
        waiting.somebody_writes = false;
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
