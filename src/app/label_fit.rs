//! Whether words fit the label that will print them, told when a text is checked and not when the
//! label is wanted.
//!
//! Neighbours: [`super::protocol_check`] and [`super::master_record_check`] ask; `labels` draws.
//!
//! Architecture invariant: words are tried on the whole label, with a sample for everything else.

use crate::domain::language::Language;
use crate::domain::master_record::{Fault, FaultKind, MasterRecord, Spot};
use crate::labels::{self, Fault as LabelFault, LabelData, LabelKind, LabelRefusal, Particular};

/// What does not fit.
pub(super) struct Misfit {
    /// The whole text of its place on the label, or what a fault names.
    pub(super) text: String,
    /// The fact.
    pub(super) message: String,
}

/// What to do about it.
pub(super) fn remedy() -> &'static str {
    "shorten it, or have a label definition with more room approved"
}

/// The first thing that does not fit on a label; `None` if it can be printed.
pub(super) fn misfit(label: &LabelData) -> Option<Misfit> {
    let refusal = labels::prove_all(std::slice::from_ref(label), None).err()?;
    let language = label.language().name();
    Some(match refusal {
        LabelRefusal::TextTooLong { kind, text, least_pt, .. } => Misfit {
            message: format!(
                "on the {language} {kind} label {text:?} does not fit its place at {least_pt} pt, \
                 the least size there"
            ),
            text,
        },
        LabelRefusal::NotProven { kind, faults, .. } => {
            let faults: Vec<String> = faults.iter().map(LabelFault::to_string).collect();
            let text = faults.join("; ");
            Misfit { message: format!("on the {language} {kind} label {text}"), text }
        }
        other => Misfit { message: other.to_string(), text: String::new() },
    })
}

/// The names of outputs that do not fit the labels they are printed on, in each language in which
/// they are given.
pub(super) fn title_faults(record: &MasterRecord) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (nth, output) in record.outputs.iter().enumerate() {
        let Some(kind) = output.label.as_deref().and_then(LabelKind::parse) else { continue };
        for language in Language::ALL {
            let title = output.title.in_language(language);
            let label = title.and_then(|title| {
                let sample = labels::sample(kind, language)?;
                Some(sample.with(Particular::Product, title).with(Particular::Purpose, title))
            });
            if let Some(misfit) = label.as_ref().and_then(misfit) {
                let spot = Spot { header: "[[output]]", nth, key: "title" };
                let kind = FaultKind::LabelTooLong;
                faults.push(spot.fault(&record.text, kind, misfit.message, remedy()));
            }
        }
    }
    faults
}
