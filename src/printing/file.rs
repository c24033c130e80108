//! A folder of the server, for a print system of the site.
//!
//! Architecture invariant: a file is there whole or not at all, and nobody claims that it was
//! printed.

use std::io::Write;
use std::path::Path;

use super::Report;
use crate::domain::print_job::Outcome;

/// Writes formats to a file of this name.
pub(super) fn print(folder: &str, name: &str, job: &[u8]) -> Report {
    match write(Path::new(folder), name, job) {
        Ok(()) => Report::new(
            Outcome::NotKnown,
            format!("written to {folder}/{name}; look whether it was printed"),
        ),
        Err(why) => Report::new(Outcome::Failed, format!("not written to {folder}: {why}")),
    }
}

fn write(folder: &Path, name: &str, job: &[u8]) -> std::io::Result<()> {
    let begun = folder.join(format!("{name}.part"));
    let mut file = std::fs::File::create(&begun)?;
    file.write_all(job)?;
    file.sync_all()?;
    std::fs::rename(begun, folder.join(name))
}
