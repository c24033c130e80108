//! The command line: reads arguments, calls the library, prints what came of it.
//!
//! One file a command. What a command needs to know of the site comes from flags, then from the
//! environment (`CHORDA_…`), then from a TOML file, in this order of strength. Neighbours: `config`
//! completes and checks the settings; the work is done below `app`, `store`, `ledger` and `codes`.
//!
//! Architecture invariant: no rule lives here, and no command changes data other than through a use
//! case. Exit 0: done. Exit 1: refused, or a check FAILED. Exit 2: the command line is wrong.

mod backup;
mod code;
mod completions;
mod console;
mod demo;
mod findings;
mod label;
mod mbr;
mod openapi;
mod protocol;
mod record;
mod serve;
mod trace;
mod user;
mod verify;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chorda::config::{Config, Settings};
use chorda::store::{Store, StoreConfig};
use clap::{Args, Parser, Subcommand};

use console::{Console, Trouble};

/// Electronic batch record and chain of custody for cell manufacturing.
#[derive(Parser)]
#[command(name = "chorda", version, about, max_term_width = 100)]
#[command(after_help = "To see everything at work, with invented data:\n  chorda demo\n\n\
    Exit status: 0 done, 1 refused or FAIL, 2 wrong usage.")]
struct Arguments {
    #[command(flatten)]
    site: Site,
    #[command(subcommand)]
    command: Command,
}

/// What every command may need to know of the site.
#[derive(Args)]
struct Site {
    /// A TOML file of settings; flags and environment win over it
    #[arg(long, env = "CHORDA_CONFIG", global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where the records are: sqlite:PATH or postgres://… [default: sqlite:chorda.db]
    #[arg(
        long,
        env = "CHORDA_DATABASE",
        hide_env_values = true,
        global = true,
        value_name = "URL"
    )]
    database: Option<String>,
    /// Directory of keys, pepper and checkpoints [default: beside the database file]
    #[arg(long, env = "CHORDA_SECRETS", global = true, value_name = "DIR")]
    secrets: Option<PathBuf>,
    /// The site file: name, address, facility number, calendar, protocols, donor rules
    /// [default: the invented site A9999]
    #[arg(long, env = "CHORDA_SITE", global = true, value_name = "FILE")]
    site: Option<PathBuf>,
    /// Print data as JSON
    #[arg(long, global = true)]
    json: bool,
}

impl Site {
    /// The settings of flags and environment, completed from the file.
    fn settings(&self) -> Result<Settings, Trouble> {
        let given = Settings {
            database: self.database.clone(),
            secrets: self.secrets.clone(),
            site: self.site.clone(),
            ..Settings::default()
        };
        match &self.config {
            Some(path) => Ok(given.or(Settings::read(path).map_err(Trouble::usage)?)),
            None => Ok(given),
        }
    }

    /// The settings, complete and checked.
    fn complete(&self) -> Result<Config, Trouble> {
        self.settings()?.complete().map_err(Trouble::usage)
    }

    /// How the database is opened.
    fn store(&self) -> Result<StoreConfig, Trouble> {
        let config = self.complete()?;
        Ok(StoreConfig {
            checkpoint_file: Some(config.checkpoints()),
            key_folder: Some(config.secrets),
            zone: config.zone,
            ..StoreConfig::new(&config.database)
        })
    }

    /// An existing database, opened for work; one that is not there is not founded.
    fn open(&self) -> Result<Store, Trouble> {
        let store = self.store()?;
        Store::inspect(&store).map_err(Trouble::refused)?;
        Store::open(StoreConfig { sealer: false, ..store }).map_err(Trouble::refused)
    }

    /// The database, opened for reading only.
    fn inspect(&self) -> Result<Store, Trouble> {
        Store::inspect(&self.store()?).map_err(Trouble::refused)
    }
}

#[derive(Subcommand)]
enum Command {
    /// Play the whole job with invented data, then serve it
    Demo(demo::Arguments),
    /// Serve the pages and the JSON interface
    Serve(serve::Arguments),
    /// Check that the ledger is whole and every table follows from it, or check an exported record
    Verify(verify::Arguments),
    /// List everything connected with a code: what it came from, and what came from it
    Trace(trace::Arguments),
    /// Keep people and their roles, at the computer's own console
    #[command(subcommand)]
    User(user::Command),
    /// Write a verified copy of the records to a new file
    Backup(backup::Backup),
    /// Bring a backup into a new or empty database
    Restore(backup::Restore),
    /// Check, compare and simulate master batch records
    #[command(subcommand)]
    Mbr(mbr::Command),
    /// Check clinical protocols and explain their language
    #[command(subcommand)]
    Protocol(protocol::Command),
    /// Read and explain the codes on labels
    #[command(subcommand)]
    Code(code::Command),
    /// Draw labels
    #[command(subcommand)]
    Label(label::Command),
    /// Print the description of the JSON interface (OpenAPI 3.1)
    Openapi(openapi::Arguments),
    /// Write batch records to files
    #[command(subcommand)]
    Record(record::Command),
    /// Print completions for a shell
    Completions(completions::Arguments),
}

/// Reads the command line, does what it says, and answers with the exit status.
pub(crate) fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let console = Console::new(arguments.site.json);
    let outcome = match arguments.command {
        Command::Demo(wanted) => demo::run(&wanted, &arguments.site, &console),
        Command::Serve(wanted) => serve::run(&wanted, &arguments.site, &console),
        Command::User(command) => user::run(command, &arguments.site, &console),
        Command::Verify(wanted) => verify::run(&wanted, &arguments.site, &console),
        Command::Trace(wanted) => trace::run(&wanted, &arguments.site, &console),
        Command::Backup(wanted) => backup::backup(&wanted, &arguments.site, &console),
        Command::Restore(wanted) => backup::restore(&wanted, &arguments.site, &console),
        Command::Mbr(command) => mbr::run(command, &arguments.site, &console),
        Command::Protocol(command) => protocol::run(command, &arguments.site, &console),
        Command::Code(command) => code::run(command, &arguments.site, &console),
        Command::Label(command) => label::run(command, &console),
        Command::Openapi(wanted) => openapi::run(&wanted, &console),
        Command::Record(command) => record::run(command, &arguments.site, &console),
        Command::Completions(wanted) => completions::run(&wanted),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            console.trouble(&trouble);
            trouble.exit_code()
        }
    }
}

/// Writes a file a person asked for.
fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Trouble> {
    std::fs::write(path, bytes)
        .map_err(|error| Trouble::refused(format!("{} cannot be written: {error}", path.display())))
}
