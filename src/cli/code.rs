//! `chorda code`: what a code on a label says.
//!
//! Neighbours: `codes` reads; `app::code_explain` adds what the site file knows.

use chorda::app::code_explain::{CodeExplained, code_explain};
use chorda::codes::{self, Part};
use clap::{Args, Subcommand};
use serde_json::json;

use super::Site;
use super::console::{Console, Trouble};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Say what a scanned or typed text is, and its parts
    #[command(after_help = "Example:\n  chorda code parse B-2026-0001\n  \
        chorda code parse '=A99992600000100' --json")]
    Parse(Code),
    /// Say whether a text is a right code: exit status 0 if it is, 1 if not
    #[command(after_help = "Example:\n  chorda code check CV000012301F\n  \
        chorda code check 'A9999 26 000001 8'")]
    Check(Code),
    /// Say what each part means, with what the site file knows of it
    #[command(
        after_help = "Example:\n  chorda code explain '=+02000=A99992600000500=<D0102VA0'\n  \
        chorda code explain '(01)03205000004004(17)270831(10)LOT-7' --json"
    )]
    Explain(Code),
}

#[derive(Args)]
pub(crate) struct Code {
    /// The text, as the scanner gave it
    text: String,
}

pub(crate) fn run(command: Command, site: &Site, console: &Console) -> Result<(), Trouble> {
    match command {
        Command::Parse(code) => parse(&code.text, console),
        Command::Check(code) => check(&code.text, console),
        Command::Explain(code) => explain(&code.text, site, console),
    }
}

fn parse(text: &str, console: &Console) -> Result<(), Trouble> {
    let explanation = codes::explain(&codes::parse(text).map_err(Trouble::refused)?);
    if console.json {
        return console.data(&explanation);
    }
    console.line(format!("{}: {}", explanation.kind, explanation.code));
    lines(&explanation.parts, console);
    Ok(())
}

fn check(text: &str, console: &Console) -> Result<(), Trouble> {
    let explanation = codes::explain(&codes::parse(text).map_err(Trouble::refused)?);
    if console.json {
        let (kind, code) = (explanation.kind, explanation.code);
        return console.data(&json!({ "right": true, "kind": kind, "code": code }));
    }
    console.line(format!("right: {}, {}", explanation.kind, explanation.code));
    Ok(())
}

fn explain(text: &str, site: &Site, console: &Console) -> Result<(), Trouble> {
    let site = site.complete()?.site;
    let found: CodeExplained = code_explain(&site, text).map_err(Trouble::refused)?;
    if console.json {
        return console.data(&found);
    }
    let from = found.symbology.map_or(String::new(), |name| format!(", read from {name}"));
    console.line(format!("{}: {}{from}", found.explanation.kind, found.explanation.code));
    for group in found.explanation.parts.chunk_by(|one, other| one.structure == other.structure) {
        if let Some(structure) = group.first().and_then(|part| part.structure.as_ref()) {
            console.line(structure);
        }
        lines(group, console);
    }
    Ok(())
}

fn lines(parts: &[Part], console: &Console) {
    let width = parts.iter().map(|part| part.name.chars().count()).max().unwrap_or(0);
    for part in parts {
        let meaning = part.meaning.as_ref().map_or(String::new(), |text| format!("  ({text})"));
        console.line(format!("  {:width$}  {}{meaning}", part.name, part.value));
    }
}
