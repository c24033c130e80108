//! `chorda protocol`: clinical protocols as text files, checked alone, beside the master records
//! that make what they order, and on the labels that print their words.

use std::path::PathBuf;

use chorda::app::master_record_approve::SHIPPED;
use chorda::app::protocol_check::check_text;
use chorda::domain::master_record::{MasterRecord, parse as parse_record};
use chorda::domain::protocol::reference::reference;
use clap::{Args, Subcommand};

use super::Site;
use super::console::{Console, Trouble};
use super::findings::{Finding, read, tell};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Check protocols: unknown keys, wrong units, doses that fit nothing, other than the record,
    /// words that labels lack or have no room for
    Check(Check),
    /// Print the page that explains the language, as Markdown
    Reference(Reference),
}

#[derive(Args)]
#[command(
    after_help = "The master record that a protocol names is looked for among those given and \
    those that come with the program. The words that labels print must be given in the language \
    of the site's labels (--site), and are tried on the labels in every language they are given \
    in.\n\nExample:\n  chorda protocol check templates/protocols/*.toml"
)]
pub(crate) struct Check {
    /// The files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Master records that make what they order
    #[arg(long, num_args = 1.., value_name = "RECORD")]
    records: Vec<PathBuf>,
}

#[derive(Args)]
#[command(after_help = "Example:\n  chorda protocol reference > docs/protocol.md")]
pub(crate) struct Reference {}

pub(crate) fn run(command: Command, site: &Site, console: &Console) -> Result<(), Trouble> {
    match command {
        Command::Check(wanted) => check(&wanted, site, console),
        Command::Reference(_) => {
            console.line(reference().trim_end());
            Ok(())
        }
    }
}

fn check(wanted: &Check, site: &Site, console: &Console) -> Result<(), Trouble> {
    let site = site.complete()?.site;
    let mut findings = Vec::new();
    let mut records: Vec<MasterRecord> = Vec::new();
    for file in &wanted.records {
        match parse_record(&read(file)?) {
            Ok(record) => records.push(record),
            Err(faults) => findings.extend(Finding::of(file, faults.0)),
        }
    }
    // A record that was given stands before the one of that name that ships.
    let shipped = SHIPPED.iter().filter_map(|(_, text)| parse_record(text).ok());
    let given: Vec<_> = records.iter().map(|record| record.record.id.clone()).collect();
    records.extend(shipped.filter(|shipped| !given.contains(&shipped.record.id)));
    for file in &wanted.files {
        let faults = check_text(&read(file)?, &records, &site).map_err(Trouble::refused)?;
        findings.extend(Finding::of(file, faults));
    }
    tell(&findings, wanted.files.len(), console)
}
