//! `chorda mbr`: master batch records as text files, checked before anybody is asked to approve.

use std::path::PathBuf;

use chorda::domain::master_record::{Fault, check, parse};
use clap::{Args, Subcommand};
use serde::Serialize;

use super::console::{Console, Trouble};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Check master records: unknown fields, unreachable steps, wrong units, unlabelled outputs, …
    Check(Check),
}

#[derive(Args)]
#[command(after_help = "Example:\n  chorda mbr check templates/mbr/*.toml")]
pub(crate) struct Check {
    /// The files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// One thing that is wrong.
#[derive(Serialize)]
struct Finding {
    file: PathBuf,
    #[serde(flatten)]
    fault: Fault,
}

pub(crate) fn run(command: Command, console: &Console) -> Result<(), Trouble> {
    let Command::Check(wanted) = command;
    let mut findings = Vec::new();
    for file in &wanted.files {
        let text = std::fs::read_to_string(file).map_err(|error| {
            Trouble::refused(format!("{} cannot be read: {error}", file.display()))
        })?;
        let faults = match parse(&text) {
            Ok(record) => check(&record),
            Err(faults) => faults.0,
        };
        findings.extend(faults.into_iter().map(|fault| Finding { file: file.clone(), fault }));
    }
    if console.json {
        console.data(&findings)?;
    } else {
        for finding in &findings {
            console.line(format!("{}:{}", finding.file.display(), finding.fault));
        }
        if findings.is_empty() {
            console.line(format!("{} files, nothing wrong", wanted.files.len()));
        }
    }
    if findings.is_empty() { Ok(()) } else { Err(Trouble::Failed) }
}
