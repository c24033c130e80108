//! What the story leaves on paper: labels as PDF.

use std::fs;
use std::path::{Path, PathBuf};

use super::bank::Bank;
use super::dose::Dose;
use super::stage::{Stage, Trouble};
use crate::app::label_print::label_pdf;
use crate::domain::id::{ContainerCode, OrderNumber};

/// Writes the documents; gives their paths.
///
/// # Errors
/// When a document cannot be made or written.
pub(super) fn write(
    stage: &mut Stage,
    dir: &Path,
    bank: &Bank,
    dose: &Dose,
    _order: &OrderNumber,
) -> Result<Vec<PathBuf>, Trouble> {
    let mut files = Vec::new();
    labels(stage, &dir.join("labels/cryovials.pdf"), &bank.vials, &mut files)?;
    labels(stage, &dir.join("labels/syringes.pdf"), &dose.syringes, &mut files)?;
    Ok(files)
}

fn labels(
    stage: &Stage,
    path: &Path,
    containers: &[ContainerCode],
    files: &mut Vec<PathBuf>,
) -> Result<(), Trouble> {
    fs::write(path, label_pdf(&stage.app, containers)?)?;
    files.push(path.to_owned());
    Ok(())
}
