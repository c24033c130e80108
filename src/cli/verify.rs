//! `chorda verify`: PASS, or FAIL and what is wrong; of a whole site, or of one exported record.

use std::path::PathBuf;

use chorda::record::verify as record;
use chorda::store::verify;
use clap::Args;

use super::Site;
use super::console::{Console, Trouble};

#[derive(Args)]
#[command(
    after_help = "Reads only; a running server is not disturbed. The checkpoint file beside \
    the database is\nread too: it shows a cut tail or an older copy.\n\nWith --record no database \
    is needed: hashes, signatures, links, inclusion in the ledger and\nthe pages of a PDF are \
    checked against the file alone.\n\nExample:\n  \
    chorda verify --database sqlite:demo-data/chorda.db\n  \
    chorda verify --record record.pdf --key checkpoint.vkey"
)]
pub(crate) struct Arguments {
    /// Check an exported batch record, PDF or JSON, instead of a database
    #[arg(long, value_name = "FILE.(pdf|json)")]
    record: Option<PathBuf>,
    /// The site's published checkpoint key [default: the one inside the record, which is said]
    #[arg(long, value_name = "FILE", requires = "record")]
    key: Option<PathBuf>,
}

pub(crate) fn run(wanted: &Arguments, site: &Site, console: &Console) -> Result<(), Trouble> {
    let (passed, lines) = match &wanted.record {
        Some(file) => {
            let key = wanted.key.as_ref().map(std::fs::read_to_string).transpose();
            let key = key.map_err(|error| Trouble::refused(format!("the key: {error}")))?;
            let bytes = std::fs::read(file).map_err(|error| {
                Trouble::refused(format!("{} cannot be read: {error}", file.display()))
            })?;
            let report = record::verify(&bytes, key.as_deref());
            if console.json {
                console.data(&report)?;
            }
            (report.passed, report.lines())
        }
        None => {
            let report = verify::run(&site.inspect()?).map_err(Trouble::refused)?;
            if console.json {
                console.data(&report)?;
            }
            (report.passed, report.lines())
        }
    };
    if !console.json {
        for line in lines {
            console.line(line);
        }
    }
    if passed { Ok(()) } else { Err(Trouble::Failed) }
}
