//! What the story leaves on paper: labels as PDF, and the batch record of the order as PDF and as
//! canonical JSON.

use std::fs;
use std::path::{Path, PathBuf};

use super::stage::{Stage, Trouble};
use crate::app::label_print::label_pdf;
use crate::app::record_export::record_export;
use crate::domain::id::{ContainerCode, OrderNumber};
use crate::record::{self, Form};

/// Writes the documents; gives their paths.
///
/// # Errors
/// When a document cannot be made or written.
pub(super) fn write(
    stage: &mut Stage,
    dir: &Path,
    labelled: &[(&str, &[ContainerCode])],
    order: &OrderNumber,
) -> Result<Vec<PathBuf>, Trouble> {
    let mut files = Vec::new();
    for (name, containers) in labelled {
        labels(stage, &dir.join(format!("labels/{name}.pdf")), containers, &mut files)?;
    }
    let by = stage.people.eva.actor.clone();
    let gathered = record_export(&stage.app, &by, order)?;
    for (form, ending) in [(Form::Pdf, "pdf"), (Form::Json, "json")] {
        let path = dir.join(format!("records/{order}.{ending}"));
        let drawn = record::render(&gathered, form);
        fs::write(&path, drawn.map_err(|error| Trouble::Missing(error.to_string()))?)?;
        files.push(path);
    }
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
