//! What a checker of files found, printed the same way for every kind of file.

use std::path::{Path, PathBuf};

use chorda::domain::master_record::Fault;
use serde::Serialize;

use super::console::{Console, Trouble};

/// One thing that is wrong.
#[derive(Serialize)]
pub(crate) struct Finding {
    file: PathBuf,
    #[serde(flatten)]
    fault: Fault,
}

impl Finding {
    /// The faults of one file.
    pub(crate) fn of(file: &Path, faults: Vec<Fault>) -> impl Iterator<Item = Self> {
        faults.into_iter().map(move |fault| Self { file: file.to_path_buf(), fault })
    }
}

/// The text of a file.
pub(crate) fn read(file: &Path) -> Result<String, Trouble> {
    std::fs::read_to_string(file)
        .map_err(|error| Trouble::refused(format!("{} cannot be read: {error}", file.display())))
}

/// Prints what was found in so many files; anything found is a failure.
pub(crate) fn tell(findings: &[Finding], files: usize, console: &Console) -> Result<(), Trouble> {
    if console.json {
        console.data(&findings)?;
    } else {
        for finding in findings {
            console.line(format!("{}:{}", finding.file.display(), finding.fault));
        }
        if findings.is_empty() {
            let noun = if files == 1 { "file" } else { "files" };
            console.line(format!("{files} {noun}, nothing wrong"));
        }
    }
    if findings.is_empty() { Ok(()) } else { Err(Trouble::Failed) }
}
