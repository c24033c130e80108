//! `chorda backup` and `chorda restore`: one form for both databases, verified before it counts.

use std::path::PathBuf;

use chorda::store::backup;
use chorda::store::verify::Report;
use clap::Args;

use super::Site;
use super::console::{Console, Trouble};

#[derive(Args)]
#[command(after_help = "The keys are not in it: keep a copy of the secrets folder in another \
    safe.\n\nExample:\n  chorda backup /safe/plant-2026-11-22.db --database sqlite:plant.db")]
pub(crate) struct Backup {
    /// The file to write; it must not exist yet
    file: PathBuf,
}

#[derive(Args)]
#[command(
    after_help = "Nothing is overwritten: the database must be new or empty.\n\nExample:\n  \
    chorda restore /safe/plant-2026-11-22.db --database postgres://chorda@db.example/plant"
)]
pub(crate) struct Restore {
    /// The backup
    file: PathBuf,
}

pub(crate) fn backup(wanted: &Backup, site: &Site, console: &Console) -> Result<(), Trouble> {
    let store = site.inspect()?;
    let report = backup::to_file(&store, &wanted.file).map_err(Trouble::refused)?;
    tell(&report, console)
}

pub(crate) fn restore(wanted: &Restore, site: &Site, console: &Console) -> Result<(), Trouble> {
    let report = backup::from_file(&wanted.file, &site.store()?).map_err(Trouble::refused)?;
    tell(&report, console)
}

fn tell(report: &Report, console: &Console) -> Result<(), Trouble> {
    if console.json {
        return console.data(report);
    }
    for line in report.lines() {
        console.line(line);
    }
    Ok(())
}
