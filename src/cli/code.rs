//! `chorda code`: what a code on a label says.

use chorda::codes;
use clap::{Args, Subcommand};

use super::console::{Console, Trouble};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Say what a scanned or typed text is, and what its parts mean
    Parse(Parse),
}

#[derive(Args)]
#[command(after_help = "Example:\n  chorda code parse B-2026-0001\n  \
    chorda code parse '=A99992600000100' --json")]
pub(crate) struct Parse {
    /// The text, as the scanner gave it
    text: String,
}

pub(crate) fn run(command: Command, console: &Console) -> Result<(), Trouble> {
    let Command::Parse(wanted) = command;
    let scanned = codes::parse(&wanted.text).map_err(Trouble::refused)?;
    let explanation = codes::explain(&scanned);
    if console.json {
        return console.data(&explanation);
    }
    console.line(format!("{}: {}", explanation.kind, explanation.code));
    let width = explanation.parts.iter().map(|part| part.name.chars().count()).max().unwrap_or(0);
    for part in &explanation.parts {
        let meaning = part.meaning.as_ref().map_or(String::new(), |text| format!("  ({text})"));
        console.line(format!("  {:width$}  {}{meaning}", part.name, part.value));
    }
    Ok(())
}
