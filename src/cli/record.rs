//! `chorda record`: the batch record of an order, as a file.

use std::path::PathBuf;

use chorda::app::record_export::record_of_order;
use chorda::domain::id::OrderNumber;
use chorda::record::{self, Form, Person};
use clap::{Args, Subcommand};

use super::Site;
use super::console::{Console, Trouble};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Write the batch record of an order; the ending of the file chooses PDF or JSON
    Export(Export),
}

#[derive(Args)]
#[command(
    after_help = "Seals what is not sealed yet and signs the record, so it needs the keys of the \
    installation.\nAnybody can check the file afterwards: chorda verify --record record.pdf\n\n\
    Example:\n  chorda record export ORD-2026-0001 --out record.pdf \\\n    \
    --database sqlite:demo-data/chorda.db"
)]
pub(crate) struct Export {
    /// The order, such as ORD-2026-0001
    order: String,
    /// The file to write, ending in .pdf or .json
    #[arg(long, value_name = "FILE.(pdf|json)")]
    out: PathBuf,
}

pub(crate) fn run(command: Command, site: &Site, console: &Console) -> Result<(), Trouble> {
    let Command::Export(wanted) = command;
    let form = Form::of_path(&wanted.out)
        .ok_or_else(|| Trouble::usage("the file to write must end in .pdf or .json"))?;
    let number = OrderNumber::parse(&wanted.order).map_err(Trouble::usage)?;
    let by = Person {
        name: "Command line of this computer".to_owned(),
        login: "console".to_owned(),
        role: "its operator".to_owned(),
    };
    let made_at = site.complete()?.site;
    let now = chorda::clock::now();
    let gathered = record_of_order(&site.open()?, &made_at, &number, &by, now);
    let bytes = record::render(&gathered.map_err(Trouble::refused)?, form);
    let bytes = bytes.map_err(Trouble::refused)?;
    super::write_file(&wanted.out, &bytes)?;
    console.wrote(&wanted.out, bytes.len())
}
