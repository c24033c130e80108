//! Prints labels: allocates the serial, stores the exact payload, voids what a reprint replaces.
//!
//! The label is drawn before anything is recorded: a label that cannot be drawn is not printed, and
//! what was recorded can be drawn.
//!
//! Neighbours: [`super::label_data`] says what stands on it, `labels` draws it, `domain::container`
//! decides.
//!
//! Architecture invariant: no serial is used twice; a reprint needs a reason and voids the earlier
//! serial in the same transaction (ATMP-18).

use serde::{Deserialize, Serialize};

use super::label_data::label_data;
use super::{App, Caller};
use crate::domain::actor::Capability;
use crate::domain::container::{Command, NewLabel, decide};
use crate::domain::id::ContainerCode;
use crate::domain::{Refusal, RefusalKind};
use crate::labels::{self, LabelData, LabelUse};
use crate::site::Site;
use crate::store::{Failure, Tx, container};

/// How many labels one command prints at most.
const PRINT_MAX: usize = 500;

/// Labels to be printed.
#[derive(Debug, Clone, Serialize)]
pub struct LabelPrint {
    /// The containers.
    pub containers: Vec<ContainerCode>,
    /// Copies of each.
    pub copies: u32,
    /// Why they are printed again; none for first labels.
    pub because: Option<String>,
}

/// A printed label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrintedSerial {
    /// The container.
    pub container: String,
    /// The serial.
    pub serial: u32,
    /// The exact text of its symbol.
    pub payload: String,
}

/// Prints labels; gives their serials.
///
/// # Errors
/// What `domain::container` or `labels` refuses, or that the database failed.
pub fn label_print(
    app: &App,
    caller: &Caller,
    command: LabelPrint,
) -> Result<Vec<PrintedSerial>, Failure> {
    caller.needs(Capability::PrintLabels)?;
    if command.containers.is_empty() || command.containers.len() > PRINT_MAX {
        return Err(Failure::refused(
            "label_count",
            RefusalKind::Invalid,
            format!("Choose from 1 to {PRINT_MAX} containers."),
        ));
    }
    let request = command.clone();
    let site = app.config.site.clone();
    app.write(caller, &request, move |tx| {
        command.containers.iter().map(|code| print_one(tx, code, &command, &site)).collect()
    })
}

fn print_one(
    tx: &mut Tx<'_>,
    code: &ContainerCode,
    command: &LabelPrint,
    site: &Site,
) -> Result<PrintedSerial, Failure> {
    let (state, standing) = container::require_with_standing(tx.db(), code)?;
    let serial = state.labels.latest.saturating_add(1);
    let data = label_data(tx.db(), &state, serial, site)?;
    labels::layout(&data).map_err(not_drawn)?;
    let payload = data.code().to_string();
    let label = new_label(data.usage(), serial, &payload, command.copies)?;
    let print = match &command.because {
        None => Command::PrintLabel(label),
        Some(because) => Command::ReprintLabel { label, because: because.clone() },
    };
    let context = tx.context();
    tx.record(decide(&state, &print, &standing, &context)?)?;
    Ok(PrintedSerial { container: code.to_string(), serial, payload })
}

fn new_label(
    usage: LabelUse,
    serial: u32,
    payload: &str,
    copies: u32,
) -> Result<NewLabel, Failure> {
    let known = labels::definitions().map_err(|error| Failure::Broken(error.to_string()))?;
    let definition_version = known.get(&usage).map_or(0, |definition| definition.version);
    Ok(NewLabel {
        serial,
        definition: usage.name(),
        definition_version,
        payload: payload.to_owned(),
        copies,
    })
}

/// A label that cannot be drawn, as a refusal: what is missing, by which rule, what to do.
fn not_drawn(refusal: labels::LabelRefusal) -> Failure {
    Failure::refused("label_not_drawn ATMP-20", RefusalKind::Conflict, refusal.to_string())
}

/// The valid labels of containers as one PDF, a page each; `copies` of each as printed.
///
/// # Errors
/// That a container has no valid label or its label cannot be drawn, or that the database failed.
pub fn label_pdf(app: &App, codes: &[ContainerCode]) -> Result<Vec<u8>, Failure> {
    let site = &app.config.site;
    let pages: Vec<LabelData> = app.read(|db| {
        let mut pages = Vec::new();
        for code in codes {
            let state = container::require(db, code)?;
            let Some(valid) = state.labels.valid() else {
                return Err(no_label(code));
            };
            let label = label_data(db, &state, valid.serial, site)?;
            pages.extend((0..valid.copies).map(|_| label.clone()));
        }
        Ok(pages)
    })?;
    labels::render_pdf(&pages).map_err(not_drawn)
}

fn no_label(code: &ContainerCode) -> Failure {
    let refusal = crate::domain::container::Refusal::NothingToReprint { code: code.to_string() };
    Failure::refused(refusal.rule(), RefusalKind::Conflict, format!("{refusal}."))
}

/// A label as it will be or was printed: the drawing, and the text in words beside it.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The serial it has.
    pub serial: u32,
    /// The drawing, or why it cannot be made.
    pub drawing: Result<String, String>,
    /// The text of its symbol.
    pub payload: String,
    /// As printed for people.
    pub printed: String,
    /// What the symbol says, part by part.
    pub parts: Vec<(String, String, String)>,
}

/// The preview of a container's valid label, or of the next one.
///
/// # Errors
/// That the container does not exist, or that the database failed.
pub fn label_preview(app: &App, code: &ContainerCode, next: bool) -> Result<Preview, Failure> {
    let site = &app.config.site;
    app.read(|db| {
        let state = container::require(db, code)?;
        let serial = match state.labels.valid() {
            Some(valid) if !next => valid.serial,
            _ => state.labels.latest.saturating_add(1),
        };
        let data = label_data(db, &state, serial, site)?;
        let payload = data.code().to_string();
        let told = crate::codes::parse(&payload).map(|scanned| crate::codes::explain(&scanned));
        let parts = told.map(|told| {
            let part = |part: crate::codes::Part| {
                (part.name, part.value, part.meaning.unwrap_or_default())
            };
            told.parts.into_iter().map(part).collect()
        });
        Ok(Preview {
            serial,
            drawing: labels::preview_svg(&data).map_err(|refusal| refusal.to_string()),
            printed: data.code().printed(),
            payload,
            parts: parts.unwrap_or_default(),
        })
    })
}
