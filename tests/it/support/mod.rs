//! What storage tests share: a fresh store on each database, and the people who use it.

pub(crate) mod p1;

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::panicking;

use chorda::clock;
use chorda::domain::actor::{Actor, Role};
use chorda::domain::id::{Login, StationId};
use chorda::store::{Envelope, Store, StoreConfig, request_hash};
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};

/// Runs a test on a fresh SQLite file and, where a server is given, on a fresh PostgreSQL schema.
pub(crate) fn each_backend(test: impl Fn(&TestStore)) {
    test(&TestStore::sqlite());
    if let Some(store) = TestStore::postgres() {
        test(&store);
    }
}

/// The PostgreSQL server for tests. Its absence is said plainly, and is a failure where services
/// are required.
pub(crate) fn postgres_url() -> Option<String> {
    static SAID: Once = Once::new();
    if let Ok(url) = std::env::var("CHORDA_TEST_POSTGRES") {
        return Some(url);
    }
    let required = ["CI", "CHORDA_REQUIRE_SERVICES"];
    assert!(
        required.iter().all(|name| std::env::var_os(name).is_none()),
        "CHORDA_TEST_POSTGRES is not set, but services are required"
    );
    SAID.call_once(|| {
        eprintln!("CHORDA_TEST_POSTGRES is not set: the PostgreSQL half of the tests did NOT run");
    });
    None
}

/// A store of its own, gone when the test ends.
pub(crate) struct TestStore {
    store: Option<Store>,
    config: StoreConfig,
    folder: PathBuf,
    schema: Option<(String, String)>,
    /// Whether the test reached past the store, so that its end proves nothing.
    reached_past: AtomicBool,
}

impl Deref for TestStore {
    type Target = Store;

    fn deref(&self) -> &Store {
        self.store.as_ref().expect("open")
    }
}

impl TestStore {
    pub(crate) fn sqlite() -> Self {
        let folder = fresh_folder();
        let config = StoreConfig::new(&format!("sqlite:{}", folder.join("it.sqlite").display()));
        Self::of(config, folder, None)
    }

    pub(crate) fn postgres() -> Option<Self> {
        Self::postgres_with("")
    }

    /// A store whose address says more, such as how to encrypt.
    pub(crate) fn postgres_with(parameters: &str) -> Option<Self> {
        let url = match (postgres_url()?, parameters) {
            (url, "") => url,
            (url, more) => format!("{}?{more}", url.split('?').next().unwrap_or_default()),
        };
        let admin = postgres_url()?;
        let folder = fresh_folder();
        let schema = format!("it_{}", clock::new_id().simple());
        administer(&admin, &format!("CREATE SCHEMA {schema}"));
        let mark = if url.contains('?') { '&' } else { '?' };
        let mut config = StoreConfig::new(&format!("{url}{mark}options=-csearch_path%3D{schema}"));
        config.key_folder = Some(folder.join("it.keys"));
        config.checkpoint_file = Some(folder.join("it.checkpoints"));
        Some(Self::of(config, folder, Some((admin, schema))))
    }

    /// A store over a SQLite file that somebody else made, and its folder; both go when the test
    /// ends.
    pub(crate) fn existing(config: StoreConfig, folder: PathBuf) -> Self {
        Self::of(config, folder, None)
    }

    fn of(mut config: StoreConfig, folder: PathBuf, schema: Option<(String, String)>) -> Self {
        // Tests seal when they want to.
        config.sealer = false;
        config.readers = 4;
        let store = Store::open(config.clone()).expect("a fresh store opens");
        Self { store: Some(store), config, folder, schema, reached_past: AtomicBool::new(false) }
    }

    pub(crate) fn config(&self) -> &StoreConfig {
        &self.config
    }

    /// A folder for this test's files.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn is_postgres(&self) -> bool {
        self.schema.is_some()
    }

    /// Closes the store, so that its files can be handled, and opens it again.
    pub(crate) fn reopened(&mut self, between: impl FnOnce(&StoreConfig)) {
        self.store = None;
        self.reached_past();
        between(&self.config);
        self.store = Some(Store::open(self.config.clone()).expect("the store opens again"));
    }

    /// Opens the store again with a sealer of its own.
    pub(crate) fn with_sealer(&mut self) {
        self.config.sealer = true;
        self.reopened(|_| {});
    }

    /// Closes the store and empties its schema.
    pub(crate) fn emptied(&mut self) {
        self.store = None;
        self.reached_past();
        if let Some((url, schema)) = &self.schema {
            administer(url, &format!("DROP SCHEMA {schema} CASCADE"));
            administer(url, &format!("CREATE SCHEMA {schema}"));
        }
    }

    /// Undoes all migrations and does them again.
    pub(crate) fn each_migration_down_and_up(&self) {
        self.reached_past();
        chorda::db::migrate_down_and_up(&self.config.database).expect("down and up");
    }

    /// Says that this test changes files or tables behind the store's back.
    pub(crate) fn reached_past(&self) {
        self.reached_past.store(true, Ordering::Relaxed);
    }

    /// Runs SQL on a connection of its own: as somebody would who has the database's password.
    pub(crate) fn sql(&self, statements: &str) -> diesel::QueryResult<()> {
        self.reached_past();
        match &self.schema {
            None => {
                let path = self.config.database.trim_start_matches("sqlite:");
                let mut db = diesel::SqliteConnection::establish(path).expect("opens");
                db.batch_execute("PRAGMA busy_timeout = 5000; PRAGMA recursive_triggers = ON;")?;
                db.batch_execute(statements)
            }
            Some((url, schema)) => {
                let mut db = PgConnection::establish(url).expect("the server answers");
                db.batch_execute(&format!("SET search_path = {schema}"))?;
                db.batch_execute(statements)
            }
        }
    }
}

impl Drop for TestStore {
    /// Whatever the test did through the doors, in the end every table follows from the ledger.
    fn drop(&mut self) {
        let store = self.store.take();
        if let Some(store) =
            store.filter(|_| !self.reached_past.load(Ordering::Relaxed) && !panicking())
        {
            let report = chorda::store::verify::run(&store).expect("verifies");
            assert!(report.passed, "{:#?}", report.lines());
        }
        if let Some((url, schema)) = &self.schema {
            administer(url, &format!("DROP SCHEMA {schema} CASCADE"));
        }
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

fn administer(url: &str, statement: &str) {
    let mut db = PgConnection::establish(url).expect("the PostgreSQL server for tests answers");
    db.batch_execute("SET client_min_messages = warning").expect("a setting");
    db.batch_execute(statement).expect("the account for tests may make schemas");
}

/// A new folder for the files of one test.
pub(crate) fn fresh_folder() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("chorda-it-{}", clock::new_id().simple()));
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    folder
}

/// The site of the example with its labels in Slovenian, as a file in a folder.
pub(crate) fn slovenian_site(folder: &Path) -> PathBuf {
    let root = env!("CARGO_MANIFEST_DIR");
    let text = std::fs::read_to_string(format!("{root}/templates/sites/example.toml")).unwrap();
    let text = text
        .replace("label_language = \"en\"", "label_language = \"sl\"")
        .replace("\"../", &format!("\"{root}/templates/"))
        .replace("\"example-products", &format!("\"{root}/templates/sites/example-products"));
    std::fs::create_dir_all(folder).unwrap();
    let file = folder.join("site.toml");
    std::fs::write(&file, text).unwrap();
    file
}

/// A fictitious person.
pub(crate) fn person(login: &str, role: Role) -> Actor {
    Actor {
        login: Login::parse(login).expect("a login"),
        printed_name: format!("{login} (fictitious)"),
        role,
    }
}

/// The envelope of a fresh command by this person from this station.
pub(crate) fn envelope(actor: &Actor, station: &str) -> Envelope {
    let command_id = clock::new_id();
    Envelope {
        command_id,
        request_hash: request_hash(&command_id.to_string()).expect("canonical"),
        actor: actor.clone(),
        station: StationId::parse(station).expect("a station"),
        at: clock::now(),
        reason: None,
    }
}
