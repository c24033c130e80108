//! `chorda label`: labels as PDF without a database, for printers' tests and for reviewers.

use std::path::PathBuf;

use chorda::labels;
use clap::{Args, Subcommand};

use super::console::{Console, Trouble};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Draw one label as PDF from the particulars given; it is refused if one that must be there
    /// is missing, or does not fit
    Render(Render),
    /// List the kinds of label
    Kinds(Kinds),
}

#[derive(Args)]
#[command(
    after_help = "Example:\n  chorda label render sample_tube CT000000101X --out label.pdf \\\n    \
    purpose=Sterility parent=CV0000001 batch=B-2026-0007 'taken=2026-11-25 11:05'"
)]
pub(crate) struct Render {
    /// The kind of container, such as cryovial, flask, syringe, sample_tube
    kind: String,
    /// The label code: container code and print serial
    code: String,
    /// What the label says, each as NAME=TEXT
    #[arg(value_name = "NAME=TEXT", value_parser = pair)]
    particulars: Vec<(String, String)>,
    /// The file to write
    #[arg(long, value_name = "FILE.pdf")]
    out: PathBuf,
}

#[derive(Args)]
#[command(after_help = "Example:\n  chorda label kinds --json")]
pub(crate) struct Kinds {}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write it as NAME=TEXT, such as batch=B-2026-0007".to_owned()),
    }
}

pub(crate) fn run(command: Command, console: &Console) -> Result<(), Trouble> {
    match command {
        Command::Render(wanted) => render(&wanted, console),
        Command::Kinds(_) => kinds(console),
    }
}

fn render(wanted: &Render, console: &Console) -> Result<(), Trouble> {
    let pdf = labels::render_from_text(&wanted.kind, &wanted.code, &wanted.particulars)
        .map_err(Trouble::refused)?;
    super::write_file(&wanted.out, &pdf)?;
    console.wrote(&wanted.out, pdf.len())
}

fn kinds(console: &Console) -> Result<(), Trouble> {
    let uses = labels::uses().map_err(Trouble::refused)?;
    let codes: Vec<String> = uses.into_iter().map(labels::LabelUse::name).collect();
    if console.json {
        return console.data(&codes);
    }
    for code in codes {
        console.line(code);
    }
    Ok(())
}
