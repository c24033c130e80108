//! SQL, one module per aggregate: load, append, project, query. And the two doors to it.
//!
//! [`Store::read`] shows one instant of the database. [`Store::write`] is the one way to change
//! it: an [`Envelope`] says who, when, where and which command; the work loads, decides and
//! records; events, projections, counters and the stored answer are committed together.
//!
//! Neighbours: `domain` decides, `ledger` proves, `db` knows which database it is; `app` calls.
//!
//! Architecture invariant: nothing here decides a rule of the process.

pub mod backup;
mod cache;
pub mod account;
pub mod batch;
mod checkpoint_file;
pub mod container;
pub mod correction;
pub mod deviation;
pub mod donor;
pub mod custody;
pub mod equipment;
mod failure;
pub mod genealogy;
pub mod identity;
mod idempotency;
mod installation;
mod keys;
pub mod label;
pub mod label_definition;
pub mod ledger;
pub mod material;
pub mod order;
pub mod number;
pub mod printer;
pub mod project;
pub mod quality;
pub mod release;
pub mod schema;
mod replay;
mod sealer;
mod snapshot;
pub mod storage;
pub mod session;
mod tx;
pub mod user;
pub mod verify;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, OnceLock};

use diesel::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::clock::{self, Clock};
use crate::db::connect::{self, Connector, Purpose};
use crate::db::{Address, Db, DbError, Door, Pool};
use crate::domain::Change;
use crate::domain::actor::{Actor, Role};
use crate::domain::id::{Login, StationId};
use crate::domain::installation::{self as founding, Installation, KeyPurpose};
use crate::domain::time::{Instant, Zone};
use crate::ledger::hash::hex;
use crate::ledger::tree::Frontier;
use crate::ledger::{Canonical, Checkpoint, Hash, PublicKey};

pub use failure::Failure;
pub use keys::Keys;
pub use sealer::Sealed;
pub use tx::Tx;

use schema::{ledger_key, ledger_leaf, ledger_tree};

/// A table that [`project`] fills, and the columns that name its rows.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// The name in both databases.
    pub name: &'static str,
    /// The primary key.
    pub key: &'static [&'static str],
}

/// All projection tables, module by module: verification replays the ledger and compares every
/// row of each.
pub const PROJECTIONS: &[&[Table]] = &[
    installation::TABLES,
    user::TABLES,
    material::TABLES,
    equipment::TABLES,
    storage::TABLES,
    container::TABLES,
    identity::TABLES,
    genealogy::TABLES,
    label::TABLES,
    printer::TABLES,
    label_definition::TABLES,
    donor::TABLES,
    quality::TABLES,
    deviation::TABLES,
    release::TABLES,
    order::TABLES,
    custody::TABLES,
    batch::TABLES,
    correction::TABLES,
    account::TABLES,
];

/// Tables that are no projection of the ledger, each with the reason. Verification does not look
/// at them and a backup through the ledger does not carry them.
pub const OUTSIDE_LEDGER: &[(&str, &str)] = &[
    ("credential", "password hashes: only their digests are recorded"),
    ("session", "who is signed in just now"),
];

/// How a store is opened.
#[derive(Debug, Clone)]
pub struct StoreConfig {
    /// `sqlite:PATH` or `postgres://…`.
    pub database: String,
    /// The folder of the secrets; next to a SQLite file by default.
    pub key_folder: Option<PathBuf>,
    /// The file of the checkpoints; next to a SQLite file by default.
    pub checkpoint_file: Option<PathBuf>,
    /// The name of a new ledger, such as `site.example/ledger/1`. Only used when the ledger
    /// begins; by default a random one.
    pub origin: Option<String>,
    /// The zone of the site.
    pub zone: Zone,
    /// Whether a thread seals every second while there is work.
    pub sealer: bool,
    /// How many connections read at the same time at most.
    pub readers: u32,
    /// The clock by which a new ledger is founded.
    pub clock: Clock,
}

impl StoreConfig {
    /// The usual way to open the database at this address.
    #[must_use]
    pub fn new(database: &str) -> Self {
        Self {
            database: database.to_owned(),
            key_folder: None,
            checkpoint_file: None,
            origin: None,
            zone: Zone::LJUBLJANA,
            sealer: true,
            readers: 8,
            clock: Clock::System,
        }
    }

    /// Where the secrets are: `NAME.keys` beside the file, `chorda.keys` for a server.
    ///
    /// # Errors
    /// When the address cannot be read.
    pub fn key_folder(&self) -> Result<PathBuf, DbError> {
        beside(&self.database, self.key_folder.as_ref(), "keys")
    }

    /// Where the checkpoints are: `NAME.checkpoints` beside the file, `chorda.checkpoints` for a
    /// server.
    ///
    /// # Errors
    /// When the address cannot be read.
    pub fn checkpoint_file(&self) -> Result<PathBuf, DbError> {
        beside(&self.database, self.checkpoint_file.as_ref(), "checkpoints")
    }
}

fn beside(database: &str, given: Option<&PathBuf>, suffix: &str) -> Result<PathBuf, DbError> {
    Ok(match (given, Address::parse(database)?) {
        (Some(path), _) => path.clone(),
        (None, Address::File(file)) => file.with_extension(suffix),
        (None, Address::Server(_)) => Path::new("chorda").with_extension(suffix),
    })
}

/// Who asks for what, when and from where: all that surrounds the work of a command.
#[derive(Debug, Clone)]
pub struct Envelope {
    /// The command's own number: the same number again gets the stored answer.
    pub command_id: Uuid,
    /// The hash of the command's canonical text; see [`request_hash`].
    pub request_hash: [u8; 32],
    /// Who.
    pub actor: Actor,
    /// From where.
    pub station: StationId,
    /// When, by the server's clock.
    pub at: Instant,
    /// Why, where a reason was asked for or given.
    pub reason: Option<String>,
}

/// The hash of a command, so that a command number cannot be used for two different commands.
///
/// # Errors
/// When the command has no canonical text, for example because it holds a float.
pub fn request_hash<C: Serialize + ?Sized>(command: &C) -> Result<[u8; 32], Failure> {
    let text = Canonical::of(command)?.to_text()?;
    Ok(*Hash::of_command(&text).as_bytes())
}

/// The database, opened. Cheap to clone.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

impl std::fmt::Debug for Store {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Store({})", self.0.address.shown())
    }
}

/// What all clones of a store share.
pub(crate) struct Inner {
    address: Address,
    readers: Pool,
    door: Option<Door<Failure>>,
    keys: Option<Keys>,
    zone: Zone,
    origin: String,
    key_folder: PathBuf,
    checkpoint_file: PathBuf,
    cache: cache::Cache,
    /// Only one thread seals at a time.
    sealing: Mutex<()>,
    /// The log as far as the last signing walked it.
    walked: Mutex<Frontier>,
    /// Whether the checkpoint file has been held against the database.
    outside_checked: AtomicBool,
    outside_size: AtomicI64,
    wake: OnceLock<SyncSender<()>>,
}

impl Store {
    /// Opens the database for work: brings its tables up to date, founds the ledger when there
    /// is none, loads the secrets, starts the sealer.
    ///
    /// # Errors
    /// When the database cannot be opened or is newer than this program, or its secrets are
    /// missing or belong to another installation.
    pub fn open(config: StoreConfig) -> Result<Self, Failure> {
        let address = Address::parse(&config.database)?;
        if let Address::File(path) = &address {
            make_parent(path)?;
        }
        let connector = Connector::new(&address, Purpose::Write)?;
        connector.open()?.migrate()?;
        let folder = config.key_folder()?;
        let keys = Keys::load(&folder)?;
        let founded = founded_origin(&mut connector.open()?)?;
        let keys = match (keys, &founded) {
            (Some(keys), _) => keys,
            (None, None) => Keys::create(&folder)?,
            (None, Some(_)) => {
                return Err(Failure::Broken(format!(
                    "the keys of this installation are not in {}; restore them from their own \
                     backup, or name their folder",
                    folder.display()
                )));
            }
        };
        let origin = match founded.or(config.origin.clone()) {
            Some(origin) => origin,
            None => format!("chorda.invalid/ledger/{}", hex(&clock::random::<6>()?)),
        };
        let door = Door::open(&address, &connector)?;
        let store = Self::assemble(&config, address, &connector, Some(door), Some(keys), origin)?;
        store.found(&config)?;
        if config.sealer {
            store.start_sealer()?;
        }
        Ok(store)
    }

    /// Opens an existing database for reading only: no key is needed, nothing is created.
    ///
    /// # Errors
    /// When there is no database, or no ledger in it.
    pub fn inspect(config: &StoreConfig) -> Result<Self, Failure> {
        let address = Address::parse(&config.database)?;
        if let Address::File(path) = &address
            && !path.exists()
        {
            return Err(DbError::Open(format!("{} does not exist", path.display())).into());
        }
        let connector = Connector::new(&address, Purpose::Read)?;
        let origin = founded_origin(&mut connector.open()?)?
            .ok_or_else(|| DbError::Open(format!("{} holds no ledger", address.shown())))?;
        let keys = Keys::load(&config.key_folder()?)?;
        Self::assemble(config, address, &connector, None, keys, origin)
    }

    fn assemble(
        config: &StoreConfig,
        address: Address,
        connector: &Connector,
        door: Option<Door<Failure>>,
        keys: Option<Keys>,
        origin: String,
    ) -> Result<Self, Failure> {
        let readers = connect::pool(connector.for_purpose(Purpose::Read), config.readers)?;
        Ok(Self(Arc::new(Inner {
            address,
            readers,
            door,
            keys,
            zone: config.zone,
            origin,
            key_folder: config.key_folder()?,
            checkpoint_file: config.checkpoint_file()?,
            cache: cache::Cache::default(),
            sealing: Mutex::new(()),
            walked: Mutex::new(Frontier::empty()),
            outside_checked: AtomicBool::new(false),
            outside_size: AtomicI64::new(0),
            wake: OnceLock::new(),
        })))
    }

    /// Reads one instant of the database.
    ///
    /// # Errors
    /// What `work` answers, or that the database failed.
    pub fn read<T>(&self, work: impl FnOnce(&mut Db) -> Result<T, Failure>) -> Result<T, Failure> {
        self.0.read(work)
    }

    /// Carries out one command. `work` may run more than once, so it must touch nothing but the
    /// transaction. Everything it records is appended, projected and committed together with its
    /// answer; a command number that was carried out before gets the stored answer.
    ///
    /// # Errors
    /// What `work` refuses; that the number was used for another command; that the database
    /// failed or stayed contended. Nothing was changed then.
    pub fn write<T>(
        &self,
        envelope: Envelope,
        work: impl Fn(&mut Tx<'_>) -> Result<T, Failure> + Send + Sync + 'static,
    ) -> Result<T, Failure>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
    {
        let lane = envelope.station.as_str().to_owned();
        let inner = Arc::clone(&self.0);
        let door = inner.door()?;
        let shared = Arc::clone(&self.0);
        let answer = door.run(
            &lane,
            Arc::new(move |db: &mut Db| {
                if let Some(stored) = idempotency::find(db, &envelope)? {
                    return Ok(stored);
                }
                let key = &shared.keys()?.event;
                let mut tx = Tx::new(db, &envelope, key, shared.zone, &shared.cache);
                let answer = serde_json::to_string(&work(&mut tx)?)?;
                if tx.finish()? {
                    idempotency::insert(db, &envelope, &answer, key)?;
                }
                Ok(answer)
            }),
        )?;
        inner.wake_sealer();
        Ok(serde_json::from_str(&answer)?)
    }

    /// Gives every committed event its place in the log, signs a checkpoint over it and writes
    /// it to the file outside the database: before a certification, an export, a backup.
    ///
    /// # Errors
    /// When the database or the file fails, or the ledger contradicts the file.
    pub fn seal_now(&self) -> Result<Option<Sealed>, Failure> {
        sealer::seal(&self.0)
    }

    /// Changes a table of [`OUTSIDE_LEDGER`] through the write door, without an event.
    fn outside_ledger<T>(
        &self,
        lane: &str,
        work: impl Fn(&mut Db) -> Result<T, Failure> + Send + Sync + 'static,
    ) -> Result<T, Failure>
    where
        T: Serialize + DeserializeOwned,
    {
        let work = Arc::new(move |db: &mut Db| Ok(serde_json::to_string(&work(db)?)?));
        Ok(serde_json::from_str(&self.0.door()?.run(lane, work)?)?)
    }

    /// The pepper of the password hashes.
    ///
    /// # Errors
    /// When the store was opened without secrets.
    pub fn pepper(&self) -> Result<&[u8; 32], Failure> {
        Ok(&self.0.keys()?.pepper)
    }

    /// The public key of checkpoints, as printed on key sheets.
    ///
    /// # Errors
    /// When the store was opened without secrets.
    pub fn checkpoint_key(&self) -> Result<PublicKey, Failure> {
        Ok(self.0.keys()?.checkpoint.public())
    }

    /// The public keys that this installation signs events with, by their names; none when the
    /// store was opened without secrets.
    #[must_use]
    pub fn event_public_keys(&self) -> BTreeMap<String, PublicKey> {
        self.0.event_keys()
    }

    /// Signs an exported record with the key of the events; gives the key's name, too.
    ///
    /// # Errors
    /// When the store was opened without secrets.
    pub fn sign_record(&self, record: &Hash) -> Result<(String, [u8; 64]), Failure> {
        let key = &self.0.keys()?.event;
        Ok((key.id().to_string(), key.sign_record(record)))
    }

    /// The name of the log.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.0.origin
    }

    /// The zone of the site.
    #[must_use]
    pub fn zone(&self) -> Zone {
        self.0.zone
    }

    /// The address of the database, without a password.
    #[must_use]
    pub fn shown(&self) -> String {
        self.0.address.shown()
    }

    /// What the other modules of the store work with.
    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.0
    }

    /// Records the ledger's own first facts, once.
    fn found(&self, config: &StoreConfig) -> Result<(), Failure> {
        let keys = self.0.keys()?;
        let known =
            self.read(|db| Ok(ledger_key::table.select(ledger_key::kid).load::<String>(db)?))?;
        let event = keys.event.public();
        let checkpoint = keys.checkpoint.public();
        if !known.is_empty() {
            if [&event, &checkpoint].iter().any(|key| !known.contains(&key.id().as_str().into())) {
                return Err(Failure::Broken(format!(
                    "the keys in {} belong to another installation than the database",
                    self.0.key_folder.display()
                )));
            }
            return keys.publish(&self.0.key_folder, &self.0.origin);
        }
        let origin = self.0.origin.clone();
        let envelope = system_envelope(&("found", &origin), &config.clock)?;
        let announced = [(event, KeyPurpose::Event), (checkpoint, KeyPurpose::Checkpoint)];
        self.write(envelope, move |tx| {
            if tx.load::<Installation>(founding::ID)?.is_some() {
                return Ok(());
            }
            diesel::insert_into(ledger_tree::table)
                .values((
                    ledger_tree::origin.eq(&origin),
                    ledger_tree::size.eq(0_i64),
                    ledger_tree::frontier.eq(Vec::new()),
                    ledger_tree::root.eq(Hash::of_empty_tree().to_vec()),
                ))
                .execute(tx.db())?;
            let first = founding::Event::Founded { origin: origin.clone() };
            let keys = announced.iter().map(|(key, purpose)| founding::Event::KeyAnnounced {
                kid: key.id().to_string(),
                algorithm: "ed25519".to_owned(),
                public: hex(&key.to_bytes()),
                purpose: *purpose,
            });
            let events = std::iter::once(first).chain(keys);
            tx.record(events.map(|event| Change::of::<Installation>(founding::ID, event)))
        })?;
        keys.publish(&self.0.key_folder, &self.0.origin)
    }

    fn start_sealer(&self) -> Result<(), Failure> {
        let (wake, woken) = sync_channel(1);
        let inner = Arc::downgrade(&self.0);
        std::thread::Builder::new()
            .name("ledger-sealer".to_owned())
            .spawn(move || sealer::serve(&inner, &woken))
            .map_err(|error| Failure::Broken(format!("no thread for the sealer: {error}")))?;
        // A second call would only start a thread that ends at once.
        drop(self.0.wake.set(wake));
        self.0.wake_sealer();
        Ok(())
    }
}

/// The envelope of what the program itself records, without a person.
fn system_envelope<C: Serialize>(command: &C, clock: &Clock) -> Result<Envelope, Failure> {
    let unreadable = |error: &dyn std::fmt::Display| Failure::Broken(error.to_string());
    Ok(Envelope {
        command_id: clock.new_id(),
        request_hash: request_hash(command)?,
        actor: Actor {
            login: Login::parse("system").map_err(|error| unreadable(&error))?,
            printed_name: "Chorda".to_owned(),
            role: Role::Administrator,
        },
        station: StationId::parse("server").map_err(|error| unreadable(&error))?,
        at: clock.now(),
        reason: None,
    })
}

impl Inner {
    fn read<T>(&self, work: impl FnOnce(&mut Db) -> Result<T, Failure>) -> Result<T, Failure> {
        let mut db = connect::borrow(&self.readers)?;
        db.begin_read()?;
        let outcome = work(&mut db);
        // Nothing was written: how the transaction ends makes no difference to the data.
        db.rollback()?;
        outcome
    }

    fn door(&self) -> Result<&Door<Failure>, Failure> {
        self.door
            .as_ref()
            .ok_or_else(|| Failure::Broken("the database was opened for reading only".to_owned()))
    }

    fn keys(&self) -> Result<&Keys, Failure> {
        self.keys.as_ref().ok_or_else(|| {
            Failure::Broken(format!("there are no keys in {}", self.key_folder.display()))
        })
    }

    /// Runs work of the store itself through the write door.
    fn run(
        &self,
        lane: &str,
        work: impl Fn(&mut Db) -> Result<(), Failure> + Send + Sync + 'static,
    ) -> Result<(), Failure> {
        let work = Arc::new(move |db: &mut Db| work(db).map(|()| String::new()));
        self.door()?.run(lane, work).map(drop)
    }

    fn wake_sealer(&self) {
        if let Some(wake) = self.wake.get() {
            // A full channel means that it is awake already.
            wake.try_send(()).ok();
        }
    }

    /// The public key of the events this installation signs.
    fn event_keys(&self) -> BTreeMap<String, PublicKey> {
        self.keys
            .iter()
            .map(|keys| keys.event.public())
            .map(|key| (key.id().as_str().to_owned(), key))
            .collect()
    }

    /// The root over the first `size` stored leaves. Walks only those that came since the last
    /// call.
    fn walk_leaves(&self, db: &mut Db, size: i64) -> Result<Hash, Failure> {
        let mut walked = self.walked.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let corrupt = |_| Failure::Db(DbError::Corrupt("the log has an impossible size".into()));
        let start = i64::try_from(walked.size()).map_err(corrupt)?;
        let entries: Vec<Vec<u8>> = ledger_leaf::table
            .filter(ledger_leaf::idx.ge(start))
            .filter(ledger_leaf::idx.lt(size))
            .order(ledger_leaf::idx)
            .select(ledger_leaf::event_hash)
            .load(db)?;
        for entry in entries {
            walked
                .push_entry(&ledger::stored_hash(&entry)?)
                .map_err(|error| DbError::Corrupt(error.to_string()))?;
        }
        Ok(walked.root())
    }

    /// Holds the checkpoint file against the database, once per process: a ledger that is
    /// shorter than its last known checkpoint, or another, must not be signed again.
    fn check_outside(&self) -> Result<(), Failure> {
        if self.outside_checked.load(Ordering::Acquire) {
            return Ok(());
        }
        let notes = checkpoint_file::read(&self.checkpoint_file)?.unwrap_or_default();
        let Some(last) = notes.last() else {
            self.outside_checked.store(true, Ordering::Release);
            return Ok(());
        };
        let key = self.keys()?.checkpoint.public();
        let contradiction = |text: String| {
            Failure::Broken(format!(
                "the checkpoint file {} and the database do not belong together: {text}. \
                 Nothing is sealed until this is resolved; run verify",
                self.checkpoint_file.display()
            ))
        };
        let checkpoint = Checkpoint::open(last, &self.origin, &key)
            .map_err(|error| contradiction(error.to_string()))?;
        let size =
            i64::try_from(checkpoint.size).map_err(|error| contradiction(error.to_string()))?;
        let root = self.read(|db| self.walk_leaves(db, size))?;
        if root != checkpoint.root {
            return Err(contradiction(format!(
                "the log of {} events it vouches for is not there",
                checkpoint.size
            )));
        }
        self.outside_size.store(size, Ordering::Release);
        self.outside_checked.store(true, Ordering::Release);
        Ok(())
    }

    fn outside_size(&self) -> i64 {
        self.outside_size.load(Ordering::Acquire)
    }

    fn set_outside_size(&self, size: i64) {
        self.outside_size.store(size, Ordering::Release);
    }
}

/// The origin of the ledger in this database; `None` when it has none yet.
fn founded_origin(db: &mut Db) -> Result<Option<String>, Failure> {
    let known = crate::db::raw::tables(db)?;
    if !known.iter().any(|table| table == "ledger_tree") {
        return Ok(None);
    }
    Ok(ledger_tree::table.select(ledger_tree::origin).first(db).optional()?)
}

fn make_parent(path: &Path) -> Result<(), Failure> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => std::fs::create_dir_all(parent)
            .map_err(|error| DbError::Open(format!("{}: {error}", parent.display())).into()),
        _ => Ok(()),
    }
}
