//! `chorda label`: labels without a database, for printers' tests and for reviewers.

use std::path::PathBuf;

use chorda::domain::language::Language;
use chorda::labels;
use clap::{Args, Subcommand};

use super::console::{Console, Trouble};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Draw one label from the particulars given; it is refused if one that must be there is
    /// missing or does not fit, or if it does not read back from its own dots
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
    /// The file to write: PDF, PNG, ZPL or PWG Raster (.pwg) by its ending
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The printer's resolution: 203, 300 or 600; that of the label's definition if left out
    #[arg(long)]
    dpi: Option<u32>,
    /// The language of the words that the label has by itself: en or sl
    #[arg(long, default_value = "en")]
    language: String,
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
    let language = Language::parse(&wanted.language).ok_or_else(|| {
        Trouble::usage(format!("{:?} is no language of labels. Write en or sl.", wanted.language))
    })?;
    let label = labels::label_from_text(language, &wanted.kind, &wanted.code, &wanted.particulars)
        .map_err(Trouble::refused)?;
    let resolution = match wanted.dpi {
        Some(dpi) => Some(labels::Resolution::parse(dpi).ok_or_else(|| {
            Trouble::usage(format!("{dpi} dpi is no printer's. Write 203, 300 or 600."))
        })?),
        None => None,
    };
    let proofs = labels::prove_all(std::slice::from_ref(&label), resolution);
    let proof = proofs.map_err(Trouble::refused)?.into_iter().next();
    let ending = wanted.out.extension().and_then(std::ffi::OsStr::to_str).unwrap_or("");
    let file = match (ending, proof) {
        ("zpl", Some(proof)) => labels::zpl(&proof.raster, 1).into_bytes(),
        ("pwg", Some(proof)) => labels::pwg(&[(&proof.raster, 1)], labels::Ink::Black1),
        ("png", Some(proof)) => labels::png(&proof.raster),
        ("pdf", _) => labels::render_pdf(&[label]).map_err(Trouble::refused)?,
        _ => {
            return Err(Trouble::usage(
                "Name a file that ends in .pdf, .png, .zpl or .pwg.".to_owned(),
            ));
        }
    };
    super::write_file(&wanted.out, &file)?;
    console.wrote(&wanted.out, file.len())
}

fn kinds(console: &Console) -> Result<(), Trouble> {
    let kinds = labels::kinds().map_err(Trouble::refused)?;
    let codes: Vec<&str> = kinds.into_iter().map(labels::LabelKind::code).collect();
    if console.json {
        return console.data(&codes);
    }
    for code in codes {
        console.line(code);
    }
    Ok(())
}
