//! The checkpoint file: every signed checkpoint, one after another, outside the database.
//!
//! Whoever holds a copy of this file can tell whether the ledger was cut, rewritten or replaced
//! by an older copy since. Put it, or a copy of it, on another volume.
//!
//! Neighbours: [`super::sealer`] appends, [`super::verify`] compares.
//!
//! Architecture invariant: the file is only ever appended to.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::Failure;

/// All notes of the file, oldest first; nothing when the file does not exist. What stands in the
/// file but is no note is handed over as it is, for verification to complain about.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn read(path: &Path) -> Result<Option<Vec<String>>, Failure> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(split(&String::from_utf8_lossy(&bytes)))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unusable(path, &error)),
    }
}

/// Appends notes and waits until they are on disk.
///
/// # Errors
/// When the file cannot be written.
pub(super) fn append(path: &Path, notes: &[String]) -> Result<(), Failure> {
    if notes.is_empty() {
        return Ok(());
    }
    let write = || {
        let mut file = fs::OpenOptions::new().append(true).create(true).mode(0o644).open(path)?;
        let text: String = notes.iter().map(|note| format!("{note}\n")).collect();
        file.write_all(text.as_bytes())?;
        file.sync_data()
    };
    write().map_err(|error| unusable(path, &error))
}

/// A note is text, an empty line and signature lines; another empty line follows it here.
fn split(text: &str) -> Vec<String> {
    let mut notes = Vec::new();
    let mut note = String::new();
    let mut signed = false;
    for line in text.split_inclusive('\n') {
        if line == "\n" && signed {
            notes.push(std::mem::take(&mut note));
            signed = false;
            continue;
        }
        signed |= line == "\n";
        note.push_str(line);
    }
    if !note.is_empty() {
        notes.push(note);
    }
    notes
}

fn unusable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Broken(format!("the checkpoint file {} cannot be used: {error}", path.display()))
}
