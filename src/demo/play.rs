//! Plays the story from the first chapter to the last, into a folder of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant as Stopwatch};

use serde::Serialize;

use super::cast::{People, Person};
use super::player::{self, Process};
use super::stage::{Counts, Stage, Trouble};
use super::voice::Voice;
use super::{bank, clinic, culture, documents, donors, dose, late, order, site};
use crate::app::App;
use crate::clock::Clock;
use crate::config::{Config, Settings};
use crate::domain::time::Instant;
use crate::store::user;
use crate::store::verify::{self, Report};

/// When the story begins.
const START: &str = "2026-07-01T06:00:00Z";
/// The name of the file that says that a folder was made by the demo.
const MARK: &str = "made-by-chorda-demo";

/// How far the story is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// To the late result in the end.
    End,
    /// Until the bank is released: the order and the dose are left to be made by hand.
    Bank,
}

/// What is told.
#[derive(Debug, Clone)]
pub enum Story {
    /// The story of four cords, with its mistakes and its late result.
    Told(Until),
    /// A process, performed from its files.
    Played(Process),
}

impl Until {
    /// How many chapters, and how many commands and mistakes, for the progress bar.
    fn length(self) -> (u32, u64) {
        match self {
            Self::End => (12, 655),
            Self::Bank => (5, 560),
        }
    }
}

/// Where the story plays.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder for the records, the keys and the documents.
    pub dir: PathBuf,
    /// A database elsewhere; a SQLite file in the folder by default.
    pub database: Option<String>,
    /// Whether an earlier demo in the folder is taken away first.
    pub fresh: bool,
    /// What is told.
    pub story: Story,
    /// Whether nothing is told.
    pub silent: bool,
    /// The other settings of the site.
    pub settings: Settings,
}

/// What was played.
#[derive(Debug)]
pub struct Played {
    /// The application, with the system's clock again.
    pub app: App,
    /// How it was told.
    pub voice: Voice,
    /// What was done.
    pub counts: Counts,
    /// Every mistake tried, with the rule that refused it.
    pub refused: Vec<(String, String)>,
    /// How long it took.
    pub took: Duration,
    /// What verification says of the result.
    pub report: Report,
    /// The documents written, in order.
    pub files: Vec<PathBuf>,
}

/// What was played, as data.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// How long it took, in milliseconds.
    pub took_ms: u128,
    /// Commands carried out.
    pub commands: u64,
    /// Signatures given.
    pub signatures: u64,
    /// Mistakes tried and refused.
    pub refusals: u64,
    /// The database.
    pub database: String,
    /// Whether it verifies.
    pub verified: bool,
    /// How many events it holds.
    pub events: u64,
    /// What was written.
    pub files: Vec<PathBuf>,
    /// Sign-in name, name and role of everybody.
    pub people: Vec<(String, String, &'static str)>,
}

impl Played {
    /// What was played, as data.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let people = People::new().map(|people| {
            let row = |person: &&Person| {
                let actor = &person.actor;
                (actor.login.to_string(), actor.printed_name.clone(), actor.role.title())
            };
            people.all().iter().map(row).collect()
        });
        Summary {
            took_ms: self.took.as_millis(),
            commands: self.counts.commands,
            signatures: self.counts.signatures,
            refusals: self.counts.refusals,
            database: self.report.database.clone(),
            verified: self.report.passed,
            events: self.report.events,
            files: self.files.clone(),
            people: people.unwrap_or_default(),
        }
    }
}

/// Plays the whole story.
///
/// # Errors
/// When the folder or the database cannot be used, or the story breaks off.
pub fn play(options: &Options) -> Result<Played, Trouble> {
    let begin = Stopwatch::now();
    let config = prepare(options)?;
    let start = Instant::parse(START)?;
    let app = App::open(config, Clock::manual(start))?;
    if !app.read(user::is_empty)? {
        return Err(Trouble::Occupied(format!(
            "{} already holds records; name an empty database",
            app.store.shown()
        )));
    }
    let zone = app.config.zone;
    let voice = match &options.story {
        _ if options.silent => Voice::silent(zone),
        Story::Told(until) => {
            let (chapters, steps) = until.length();
            Voice::new(chapters, steps, zone)
        }
        Story::Played(_) => Voice::open(zone),
    };
    let mut stage = Stage::new(app, voice)?;
    let files = match &options.story {
        Story::Told(until) => story(&mut stage, &options.dir, *until)?,
        Story::Played(process) => player::play(&mut stage, process, &options.dir)?,
    };
    stage.app.store.seal_now()?;
    let report = verify::run(&stage.app.store)?;
    stage.voice.end();
    let Stage { app, voice, counts, refused, .. } = stage;
    let app = App { clock: Clock::System, ..app };
    Ok(Played { app, voice, counts, refused, took: begin.elapsed(), report, files })
}

/// The chapters, in their order.
fn story(stage: &mut Stage, dir: &Path, until: Until) -> Result<Vec<PathBuf>, Trouble> {
    site::open(stage)?;
    let (cords, unfit) = donors::receive(stage)?;
    let mut cultures = culture::run(stage, &cords, &unfit)?;
    let spare = cultures.remove(3);
    let bank = bank::make(stage, &cultures, &spare)?;
    if until == Until::Bank {
        bank::release(stage, &bank)?;
        return Ok(Vec::new());
    }
    let number = order::place(stage, &bank)?;
    bank::release(stage, &bank)?;
    order::reserve(stage, &number, &bank)?;
    let dose = dose::make(stage, &number, order::seventh(&bank)?)?;
    dose::certify(stage, &dose)?;
    clinic::treat(stage, &number, &dose)?;
    dose::certify_final(stage, &dose)?;
    clinic::close(stage, &number)?;
    let files = {
        let labelled = [("cryovials", &bank.vials[..]), ("syringes", &dose.syringes[..])];
        documents::write(stage, dir, &labelled, &number)?
    };
    let donor = cultures.last().ok_or_else(|| Trouble::Missing("a donor".to_owned()))?;
    late::result(stage, &bank, donor, &number)?;
    Ok(files)
}

/// Makes the folder ready and says which settings the story plays under.
fn prepare(options: &Options) -> Result<Config, Trouble> {
    let dir = &options.dir;
    let records = dir.join("chorda.db");
    if dir.join(MARK).exists() && options.fresh {
        clear(dir)?;
    }
    if records.exists() && options.database.is_none() {
        return Err(Trouble::Occupied(format!(
            "{dir} already holds a demo. Look at it with\n  chorda serve --database \
             sqlite:{records}\nor play it again from the beginning, which removes it, with\n  \
             chorda demo --dir {dir} --fresh",
            dir = dir.display(),
            records = records.display()
        )));
    }
    fs::create_dir_all(dir.join("records"))?;
    fs::create_dir_all(dir.join("labels"))?;
    fs::write(dir.join(MARK), "chorda demo --fresh may remove what the demo put here\n")?;
    let database = options.database.clone();
    let settings = Settings {
        database: Some(database.unwrap_or_else(|| format!("sqlite:{}", records.display()))),
        secrets: Some(dir.join("chorda.secrets")),
        // A story is of its own site, whatever else is named.
        site: match &options.story {
            Story::Told(_) => None,
            Story::Played(process) => process.site.clone(),
        },
        ..options.settings.clone()
    };
    settings.complete().map_err(|error| Trouble::Script(error.to_string()))
}

/// Takes away what an earlier demo put into its folder, and nothing else.
fn clear(dir: &Path) -> Result<(), Trouble> {
    for name in ["chorda.db", "chorda.db-wal", "chorda.db-shm", "chorda.checkpoints", MARK] {
        remove(fs::remove_file(dir.join(name)))?;
    }
    for name in ["chorda.secrets", "records", "labels"] {
        remove(fs::remove_dir_all(dir.join(name)))?;
    }
    Ok(())
}

/// What is not there needs no removing.
fn remove(outcome: std::io::Result<()>) -> Result<(), Trouble> {
    match outcome {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}
