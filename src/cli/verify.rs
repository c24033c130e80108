//! `chorda verify`: PASS, or FAIL and every place that is wrong.

use chorda::store::verify;
use clap::Args;

use super::Site;
use super::console::{Console, Trouble};

#[derive(Args)]
#[command(
    after_help = "Reads only; a running server is not disturbed. The checkpoint file beside \
    the database is\nread too: it shows a cut tail or an older copy.\n\nExample:\n  \
    chorda verify --database sqlite:demo-data/chorda.db"
)]
pub(crate) struct Arguments {}

pub(crate) fn run(site: &Site, console: &Console) -> Result<(), Trouble> {
    let report = verify::run(&site.inspect()?).map_err(Trouble::refused)?;
    if console.json {
        console.data(&report)?;
    } else {
        for line in report.lines() {
            console.line(line);
        }
    }
    if report.passed {
        return Ok(());
    }
    Err(Trouble::Failed)
}
