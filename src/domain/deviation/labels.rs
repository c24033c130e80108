//! Labels that are missing: which of them a deviation is about already, and what it says (ATMP-18).
//!
//! Neighbours: `container` counts the labels; `app::label_lost` opens the deviation where a gate
//! found the difference, and reports what is lost with it.
//!
//! Architecture invariant: one difference has one deviation that is not closed, and that is not
//! closed before every label it names is accounted for.

use super::decide::Refusal;
use super::event::Event;
use super::state::{Class, Deviation, Origin, Status, Subject};
use crate::domain::Change;
use crate::domain::container::LabelCount;
use crate::domain::id::{BatchNumber, ContainerCode, DeviationNumber};

/// Of the labels that are missing, those that no deviation among `known` is about which still
/// waits to be closed. `lost` are the copies reported lost so far with each of them.
pub fn unexplained(
    missing: &[LabelCount],
    known: &[Deviation],
    lost: &[(DeviationNumber, LabelCount)],
) -> Vec<LabelCount> {
    let left = |one: &LabelCount| {
        let mut left = one.copies;
        for deviation in known.iter().filter(|deviation| deviation.status() != Status::Closed) {
            let reported = lost.iter().filter(|(number, _)| number.as_str() == deviation.number);
            let settled = reported.map(|(_, label)| label);
            let named = copies(deviation.subject.labels.iter(), one);
            left = left.saturating_sub(named.saturating_sub(copies(settled, one)));
        }
        (left > 0).then(|| one.clone())
    };
    missing.iter().filter_map(left).collect()
}

/// Copies of the print of `one` among `labels`.
fn copies<'l>(labels: impl Iterator<Item = &'l LabelCount>, one: &LabelCount) -> u32 {
    let same = labels.filter(|l| l.container == one.container && l.serial == one.serial);
    same.fold(0, |sum, label| sum.saturating_add(label.copies))
}

/// Opens the deviation about labels that are missing: of a batch, or of a container that no batch
/// made. `counted` is the balance in words.
pub fn missing_labels(
    number: &DeviationNumber,
    batch: Option<&BatchNumber>,
    counted: &str,
    labels: Vec<LabelCount>,
) -> Change {
    let words: Vec<String> = labels.iter().map(LabelCount::words).collect();
    let whole = labels.iter().fold(0_u32, |sum, label| sum.saturating_add(label.copies));
    let first = labels.first().map_or("", |label| label.container.as_str());
    let of = batch.map_or(first, BatchNumber::as_str);
    let alone = labels.iter().all(|label| label.container == first);
    let container = ContainerCode::parse(first).ok().filter(|_| alone);
    let opened = Event::Opened {
        class: Class::Major,
        title: format!("Labels of {of} do not reconcile: {whole} missing"),
        description: format!("{counted}. Missing: {}.", words.join("; ")),
        origin: Origin::Reconciliation,
        subject: Subject { batch: batch.cloned(), container, labels, ..Subject::default() },
        performer: None,
    };
    Change::of::<Deviation>(number.as_str(), opened)
}

/// Whether a deviation about labels may be closed: each that it names was found, or is reported
/// lost. `missing` are the labels nobody accounts for now.
///
/// # Errors
/// Which labels are neither.
pub fn may_close(deviation: &Deviation, missing: &[LabelCount]) -> Result<(), Refusal> {
    let named = &deviation.subject.labels;
    let open = missing.iter().filter(|one| copies(named.iter(), one) > 0);
    let open: Vec<String> = open.map(LabelCount::words).collect();
    if open.is_empty() { Ok(()) } else { Err(Refusal::LabelsMissing(open.join("; "))) }
}
