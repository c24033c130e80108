//! Prints labels: allocates the serial, stores the exact payload, voids what a reprint replaces.
//!
//! The label is drawn and read back from its dots before anything is recorded: a label that cannot
//! be drawn or read is not printed, and what was recorded can be.
//!
//! Neighbours: [`super::label_data`] says what stands on it, `labels` draws it, `domain::container`
//! decides.
//!
//! Architecture invariant: no serial is used twice; a reprint needs a reason and voids the earlier
//! serial in the same transaction (ATMP-18).

use serde::{Deserialize, Serialize};

use super::label_data::label_data;
use super::print_send::resolution;
use super::{App, Caller};
use crate::db::Db;
use crate::domain::actor::Capability;
use crate::domain::container::{Command, Container, NewLabel, decide};
use crate::domain::id::{AssetId, ContainerCode, PrintJobNumber};
use crate::domain::print_job::{self, JobLabel, Subject, Work};
use crate::domain::printer::Printer;
use crate::domain::{Refusal, RefusalKind};
use crate::labels::{self, LabelData, Resolution};
use crate::site::Site;
use crate::store::{Failure, Tx, container, number, printer};

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
    /// The printer; none where the labels are fetched as PDF.
    pub printer: Option<AssetId>,
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
    // What is refused here is refused again within the transaction, in the order of the command.
    let proved = prove_ahead(app, &command).unwrap_or_default();
    let printed = app.write(caller, &request, move |tx| print_in(tx, &command, &proved, &site))?;
    app.bell.ring();
    Ok(printed)
}

/// Labels that were read back from their dots at a resolution.
type Proved = (Option<Resolution>, Vec<LabelData>);

/// Prints labels within a command; those of `proved` are not read back again.
pub(super) fn print_in(
    tx: &mut Tx<'_>,
    command: &LabelPrint,
    proved: &Proved,
    site: &Site,
) -> Result<Vec<PrintedSerial>, Failure> {
    let printer = match &command.printer {
        Some(asset) => {
            let printer = tx.require::<Printer>(asset.as_str())?;
            printer.must_be_in_use()?;
            Some(printer)
        }
        None => None,
    };
    let resolution = printer.as_ref().map(resolution).transpose()?;
    let one = |code| print_one(tx, code, command, (resolution, proved), site);
    let printed = command.containers.iter().map(one).collect::<Result<Vec<_>, _>>()?;
    if let Some(printer) = printer {
        let labels = command.containers.iter().zip(&printed).map(|(code, printed)| JobLabel {
            subject: Subject::Container { container: code.clone(), serial: printed.serial },
            copies: command.copies,
        });
        queue(tx, &printer, labels.collect())?;
    }
    Ok(printed)
}

/// The labels that the command would print now, read back from their dots while no other writer
/// waits.
fn prove_ahead(app: &App, command: &LabelPrint) -> Result<Proved, Failure> {
    let site = &app.config.site;
    let (resolution, labels) = app.read(|db| {
        let printer =
            command.printer.as_ref().map(|asset| printer::require(db, asset)).transpose()?;
        let next = |code| {
            let state = container::require(db, code)?;
            Ok(next_label(db, &state, site)?.1)
        };
        let labels = command.containers.iter().map(next).collect::<Result<Vec<_>, Failure>>()?;
        Ok((printer.as_ref().map(resolution).transpose()?, labels))
    })?;
    labels::prove_all(&labels, resolution).map_err(not_drawn)?;
    Ok((resolution, labels))
}

/// The serial that the next print of a label gets, and what that label says.
fn next_label(db: &mut Db, state: &Container, site: &Site) -> Result<(u32, LabelData), Failure> {
    let serial = state.labels.latest.saturating_add(1);
    Ok((serial, label_data(db, state, serial, site)?))
}

fn print_one(
    tx: &mut Tx<'_>,
    code: &ContainerCode,
    command: &LabelPrint,
    (resolution, proved): (Option<Resolution>, &Proved),
    site: &Site,
) -> Result<PrintedSerial, Failure> {
    let (state, standing) = container::require_with_standing(tx.db(), code)?;
    let (serial, data) = next_label(tx.db(), &state, site)?;
    // Whatever changed since it was proved is proved now.
    if proved.0 != resolution || !proved.1.contains(&data) {
        labels::prove_all(std::slice::from_ref(&data), resolution).map_err(not_drawn)?;
    }
    let payload = data.payload().to_owned();
    let label = new_label(&data, serial, command.copies)?;
    let print = match &command.because {
        None => Command::PrintLabel(label),
        Some(because) => Command::ReprintLabel { label, because: because.clone() },
    };
    let context = tx.context();
    tx.record(decide(&state, &print, &standing, &context)?)?;
    Ok(PrintedSerial { container: code.to_string(), serial, payload })
}

/// Puts labels into the queue of a printer, as one job.
pub(super) fn queue(
    tx: &mut Tx<'_>,
    printer: &Printer,
    labels: Vec<JobLabel>,
) -> Result<PrintJobNumber, Failure> {
    let now = tx.now();
    let number = number::next_print_job(tx.db(), now)?;
    tx.record(print_job::queue(&number, &printer.asset, Work::Labels { labels }))?;
    Ok(number)
}

fn new_label(data: &LabelData, serial: u32, copies: u32) -> Result<NewLabel, Failure> {
    let definition_version = labels::definition_version(data).map_err(not_drawn)?;
    Ok(NewLabel {
        serial,
        definition: data.kind().code().to_owned(),
        definition_version,
        payload: data.payload().to_owned(),
        copies,
    })
}

/// A label that cannot be drawn, as a refusal: what is missing, by which rule, what to do.
pub(super) fn not_drawn(refusal: labels::LabelRefusal) -> Failure {
    Failure::refused("label_not_drawn ATMP-20", RefusalKind::Conflict, refusal.to_string())
}

/// The valid labels of containers as one PDF, a page each; `copies` of each as printed.
///
/// # Errors
/// That a container has no valid label or its label cannot be drawn, or that the database failed.
pub fn label_pdf(app: &App, codes: &[ContainerCode]) -> Result<Vec<u8>, Failure> {
    let site = &app.config.site;
    let (labels, copies): (Vec<LabelData>, Vec<u32>) = app.read(|db| {
        let mut labels = Vec::new();
        for code in codes {
            let state = container::require(db, code)?;
            let Some(valid) = state.labels.valid() else {
                return Err(no_label(code));
            };
            labels.push((label_data(db, &state, valid.serial, site)?, valid.copies));
        }
        Ok(labels.into_iter().unzip())
    })?;
    pages(&labels, copies)
}

/// Labels as one PDF, each read back from its dots once and drawn on so many pages as there are
/// copies of it.
pub(super) fn pages(
    labels: &[LabelData],
    copies: impl IntoIterator<Item = u32>,
) -> Result<Vec<u8>, Failure> {
    labels::prove_all(labels, None).map_err(not_drawn)?;
    let mut pages: Vec<LabelData> = Vec::new();
    for (label, copies) in labels.iter().zip(copies) {
        pages.extend((0..copies).map(|_| label.clone()));
    }
    labels::render_pdf(&pages).map_err(not_drawn)
}

fn no_label(code: &ContainerCode) -> Failure {
    let refusal = crate::domain::container::Refusal::NothingToReprint { code: code.to_string() };
    Failure::refused(refusal.rule(), RefusalKind::Conflict, format!("{refusal}."))
}

/// The picture of a label, or of what is wrong with it.
#[derive(Debug, Clone)]
pub enum Drawing {
    /// It was read back from its dots and is right.
    Proven {
        /// A PNG of its dots.
        png: Vec<u8>,
        /// Each symbol, and what an independent decoder read in it.
        read: Vec<(&'static str, String)>,
    },
    /// It was drawn and is wrong.
    Faulty {
        /// A PNG with the faults framed.
        png: Vec<u8>,
        /// What is wrong, and what to do.
        why: String,
    },
    /// It cannot be drawn.
    None {
        /// Why, and what to do.
        why: String,
    },
}

impl Drawing {
    fn of(label: &LabelData) -> Self {
        match labels::prove_all(std::slice::from_ref(label), None) {
            Ok(proofs) => match proofs.into_iter().next() {
                Some(proof) => Self::Proven {
                    png: labels::png(&proof.raster),
                    read: proof.read.into_iter().map(|r| (r.kind.word(), r.text)).collect(),
                },
                None => Self::None { why: labels::LabelRefusal::Nothing.to_string() },
            },
            Err(refusal) => {
                let why = refusal.to_string();
                match refusal {
                    labels::LabelRefusal::NotProven { picture, .. } => {
                        Self::Faulty { png: picture, why }
                    }
                    _ => Self::None { why },
                }
            }
        }
    }
}

/// A label as it will be or was printed: the drawing, and the text in words beside it.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The drawing, or why there is none.
    pub drawing: Drawing,
    /// The text of its symbol.
    pub payload: String,
    /// As printed for people.
    pub printed: String,
    /// What the symbol says, part by part.
    pub parts: Vec<(String, String, String)>,
}

impl Preview {
    /// The preview of a label, drawn and read back.
    pub(super) fn of(data: &LabelData) -> Self {
        let payload = data.payload().to_owned();
        let told = crate::codes::parse(&payload).map(|scanned| crate::codes::explain(&scanned));
        let parts = told.map(|told| {
            let part = |part: crate::codes::Part| {
                (part.name, part.value, part.meaning.unwrap_or_default())
            };
            told.parts.into_iter().map(part).collect()
        });
        Self {
            drawing: Drawing::of(data),
            printed: data.printed().to_owned(),
            payload,
            parts: parts.unwrap_or_default(),
        }
    }
}

/// The preview of a container's valid label, or of the next one, with its serial.
///
/// # Errors
/// That the container does not exist, or that the database failed.
pub fn label_preview(
    app: &App,
    code: &ContainerCode,
    next: bool,
) -> Result<(u32, Preview), Failure> {
    let site = &app.config.site;
    let (serial, data) = app.read(|db| {
        let state = container::require(db, code)?;
        let serial = match state.labels.valid() {
            Some(valid) if !next => valid.serial,
            _ => state.labels.latest.saturating_add(1),
        };
        Ok((serial, label_data(db, &state, serial, site)?))
    })?;
    Ok((serial, Preview::of(&data)))
}
