//! `chorda demo`: the whole job with invented data, then the pages to look at it.

use std::net::SocketAddr;
use std::path::PathBuf;

use chorda::config::Settings;
use chorda::demo::{self, Options, PASSWORD, Played, Story, Until};
use clap::Args;

use super::Site;
use super::console::{Console, Trouble};
use super::serve;

#[derive(Args)]
#[command(after_help = "Example:\n  chorda demo\n  chorda demo --dir /tmp/look --no-serve\n  \
    chorda demo --until bank\n  chorda demo --process eq-msc\n  chorda demo --database postgres://chorda@127.0.0.1/empty")]
pub(crate) struct Arguments {
    /// The folder for records, keys and documents
    #[arg(long, default_value = "demo-data", value_name = "DIR")]
    dir: PathBuf,
    /// Only play; do not serve the pages afterwards
    #[arg(long)]
    no_serve: bool,
    /// Remove an earlier demo in the folder first
    #[arg(long)]
    fresh: bool,
    /// How far the story is told; after `bank`, order and dose can be made by hand
    #[arg(long, value_enum, default_value_t = Chapter::End)]
    until: Chapter,
    /// Play a process from its files instead of telling the story; `--list` names them
    #[arg(long, value_name = "NAME", conflicts_with = "until")]
    process: Option<String>,
    /// Only name the processes that can be played
    #[arg(long)]
    list: bool,
    /// The address to serve on afterwards
    #[arg(long, env = "CHORDA_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    listen: SocketAddr,
}

/// Where the story may stop.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Chapter {
    /// Until the bank is released
    Bank,
    /// To the late result in the end
    End,
}

pub(crate) fn run(wanted: &Arguments, site: &Site, console: &Console) -> Result<(), Trouble> {
    if wanted.list {
        return list(console);
    }
    let story = story(wanted)?;
    serve::start_log();
    let settings = site.settings()?;
    let listener = if wanted.no_serve { None } else { Some(serve::listen(wanted.listen)?) };
    let options = Options {
        dir: wanted.dir.clone(),
        database: settings.database.clone(),
        fresh: wanted.fresh,
        story,
        silent: console.json,
        settings: Settings { listen: Some(wanted.listen), ..settings },
    };
    let played = demo::play(&options).map_err(Trouble::refused)?;
    if console.json {
        console.data(&played.summary())?;
    } else {
        tell(&played, console);
    }
    if !played.report.passed {
        return Err(Trouble::Failed);
    }
    match listener {
        Some(listener) => serve::serve(played.app, listener, console),
        None => Ok(()),
    }
}

/// What is wished for.
fn story(wanted: &Arguments) -> Result<Story, Trouble> {
    let Some(name) = &wanted.process else {
        return Ok(Story::Told(match wanted.until {
            Chapter::Bank => Until::Bank,
            Chapter::End => Until::End,
        }));
    };
    let known = demo::shipped().map_err(Trouble::refused)?;
    let found = known.iter().find(|process| process.is_called(name)).cloned();
    found.map(Story::Played).ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|process| process.name.as_str()).collect();
        Trouble::usage(format!("there is no process '{name}'; there are {}", names.join(", ")))
    })
}

/// The processes that can be played.
fn list(console: &Console) -> Result<(), Trouble> {
    for process in demo::shipped().map_err(Trouble::refused)? {
        console.line(format!("{:14} {}", process.name, process.title));
    }
    Ok(())
}

/// The closing summary.
fn tell(played: &Played, console: &Console) {
    let summary = played.summary();
    console.line("");
    console.line(format!(
        "Done in {} ms: {} commands, {} signatures, {} mistakes refused.",
        summary.took_ms, summary.commands, summary.signatures, summary.refusals
    ));
    for line in played.report.lines() {
        console.line(line);
    }
    console.line("");
    if !summary.files.is_empty() {
        console.line("Files:");
        for file in &summary.files {
            console.line(format!("  {}", file.display()));
        }
        console.line("");
    }
    console.line(format!("Sign in with one of these names; the password of all is {PASSWORD}"));
    for (login, name, role) in &summary.people {
        console.line(format!("  {login:14} {name:14} {role}"));
    }
    console.line("");
}
