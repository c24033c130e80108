//! Checks the text of a protocol alone, beside the master record that makes its product, beside the
//! language of the site's labels, and on the labels that print its words.
//!
//! Neighbours: `domain::protocol` finds the faults of the text; `label_fit` draws; `chorda
//! protocol check` prints what they find.
//!
//! Architecture invariant: a label is tried by the function that fills the printed one.

use super::label_dose::by_protocol;
use super::label_fit::{misfit, remedy};
use crate::domain::id::Name;
use crate::domain::language::Language;
use crate::domain::master_record::{Fault, FaultKind, MasterRecord, Output, Spot};
use crate::domain::protocol::{
    DonorRule, Protocol, check_beside, check_language, label_words, parse,
};
use crate::labels::{self, LabelData, LabelKind, Particular, Phrase};
use crate::site::Site;
use crate::store::Failure;

/// Every fault of a protocol beside the master records there are and a site, in the order of the
/// file.
///
/// # Errors
/// When a label definition of the program does not load.
pub fn check_text(
    text: &str,
    records: &[MasterRecord],
    site: &Site,
) -> Result<Vec<Fault>, Failure> {
    let protocol = match parse(text) {
        Ok(protocol) => protocol,
        Err(faults) => return Ok(faults.0),
    };
    let mut faults = check_beside(&protocol, records);
    faults.extend(check_language(&protocol, site.label_language));
    let named = records.iter().filter(|one| one.record.id == protocol.product.master_record);
    if let Some(record) = named.max_by_key(|one| one.record.version) {
        for output in record.dose_outputs() {
            faults.extend(named_in(&protocol, record, output, site.label_language));
            for language in Language::ALL {
                faults.extend(label_faults(&protocol, output, language)?);
            }
        }
    }
    faults.sort();
    faults.dedup();
    Ok(faults)
}

/// Where the protocol names the record that names the product on labels.
const RECORD: Spot = Spot { header: "[product]", nth: 0, key: "master_record" };

fn named_in(
    protocol: &Protocol,
    record: &MasterRecord,
    output: &Output,
    language: Language,
) -> Option<Fault> {
    if output.title.in_language(language).is_some() {
        return None;
    }
    let message = format!(
        "labels here are in {}, and {} names \"{}\" in another language only",
        language.name(),
        record.record.id,
        output.title
    );
    let remedy = format!("have a version of it that says {}", output.title.with_room_for(language));
    Some(RECORD.fault(&protocol.text, FaultKind::LabelLanguage, message, &remedy))
}

/// What does not fit on the labels of the dose units, for each site or route that may be ordered;
/// nothing where something is not given in the language.
fn label_faults(
    protocol: &Protocol,
    output: &Output,
    language: Language,
) -> Result<Vec<Fault>, Failure> {
    let mut faults = Vec::new();
    let Some(title) = output.title.in_language(language) else { return Ok(faults) };
    if !check_language(protocol, language).is_empty() {
        return Ok(faults);
    }
    for (target, _) in protocol.dose.targets() {
        let Some(label) = dose_label(protocol, (output, title), target, language)? else {
            continue;
        };
        if let Some(misfit) = misfit(&label) {
            let spot = spot_of(protocol, (title, &misfit.text), language);
            let kind = FaultKind::LabelTooLong;
            faults.push(spot.fault(&protocol.text, kind, misfit.message, remedy()));
        }
    }
    Ok(faults)
}

/// The label of a dose unit as it is printed, with invented codes.
fn dose_label(
    protocol: &Protocol,
    (output, title): (&Output, &str),
    target: &Name,
    language: Language,
) -> Result<Option<LabelData>, Failure> {
    let named = output.label.as_deref().and_then(LabelKind::parse);
    let kind = named.unwrap_or(LabelKind::of(protocol.product.unit, true));
    let Some(sample) = labels::sample(kind, language) else { return Ok(None) };
    // Nothing is longer than what may be said of cells for their donor alone.
    let own: &[Phrase<'_>] = match protocol.product.donor {
        DonorRule::Patient => &[Phrase::AutologousOnly, Phrase::NotEvaluated],
        _ => &[],
    };
    let strength = match protocol.dose.concentration() {
        Some(strength) => labels::quantity(strength, language),
        None => Phrase::Acellular.text(language),
    };
    let volume = protocol.dose.largest_volume().map(|volume| labels::quantity(volume, language));
    let label = sample
        .with(Particular::Product, title)
        .with(Particular::Strength, strength)
        .with(Particular::Quantity, volume.unwrap_or_default());
    by_protocol(label, protocol, Some(target), own).map(Some)
}

/// The longest words of the file in a text that does not fit.
fn spot_of(protocol: &Protocol, (title, text): (&str, &str), language: Language) -> Spot {
    let said = label_words(protocol).into_iter().filter_map(|one| {
        Some((one.wording.in_language(language)?.trim_end_matches('.').to_owned(), one.spot))
    });
    let said = said.chain([(title.to_owned(), RECORD)]);
    let within = said.filter(|(words, _)| text.contains(words.as_str()));
    let longest = within.max_by_key(|(words, _)| words.len());
    longest.map_or(Spot { key: "unit", ..RECORD }, |(_, spot)| spot)
}
