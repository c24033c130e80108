//! A sample label of each kind: what a definition is shown and checked with.
//!
//! Architecture invariant: everything here is invented; the donation number is of the facility
//! A9999, which does not exist.

use std::sync::Arc;

use super::{
    Definition, LabelData, LabelKind, LabelRefusal, Particular as P, Phrase, Proof, Resolution,
    prove,
};
use crate::codes::isbt::{Division, ProductCode, read_din};
use crate::codes::{LabelCode, PrintSerial, container};
use crate::domain::container::ContainerKind;
use crate::domain::language::Language;
use crate::domain::printer::LAYOUT_TEST;

/// A label of this kind with everything that a careful site prints on it; `None` only if the codes
/// of this version of the program cannot name the sample.
#[must_use]
pub fn sample(kind: LabelKind, language: Language) -> Option<LabelData> {
    let said = |phrase: Phrase<'_>| phrase.text(language);
    let of = |payload: &str| LabelData::of(language, kind, payload);
    let label = match kind {
        LabelKind::Container(container) => {
            let code = container::code(container, 1).ok()?;
            let code = LabelCode::new(&code, PrintSerial::FIRST).ok()?;
            of_container(LabelData::new(language, container, code))?
        }
        LabelKind::Patient(container) => {
            let code = container::code(container, 2).ok()?;
            let code = LabelCode::new(&code, PrintSerial::FIRST).ok()?;
            of_container(LabelData::new(language, container, code).for_patient())?
        }
        LabelKind::CryoBox => {
            of("LOC:LN2/T1/R1/B1").with(P::Title, in_language(language, "Box 1", "Škatla 1"))
        }
        LabelKind::Position => {
            of("LOC:LN2/T1").with(P::Title, in_language(language, "Tank 1", "Posoda 1"))
        }
        LabelKind::Badge => of("USER:ana.novak").with(P::Title, "Ana Novak"),
        LabelKind::ScannerTest => of(LAYOUT_TEST)
            .with(P::Title, said(Phrase::ScannerTest))
            .with(P::Purpose, said(Phrase::ScannerTestUse("QC-1"))),
        LabelKind::PrinterTest => {
            of(&format!("TEST:EQ-LP-01.1:{LAYOUT_TEST}")).with(P::Title, "EQ-LP-01")
        }
        LabelKind::Shipper => of_order(of("ORD-2026-0001")),
    };
    Some(
        label
            .with(P::Operator, "ana.novak")
            .with(P::Site, "Inštitut Čebelnjak, Zaloška 99, 1000 Ljubljana, Slovenia"),
    )
}

/// The sample of a definition as a test label in each of its languages, read back at every
/// resolution.
///
/// # Errors
/// What `prove` refuses.
pub fn sample_proofs(definition: &Definition) -> Result<Vec<Proof>, LabelRefusal> {
    let mut proofs = Vec::new();
    for language in definition.languages() {
        let kind = definition.label_kind();
        let sample = kind.and_then(|kind| sample(kind, *language)).ok_or(LabelRefusal::Nothing)?;
        let sample = sample.drawn_by(Arc::new(definition.clone()));
        // As a real label, for its symbols; and as the test that is shown.
        prove(&sample, definition.dpi)?;
        let test = sample.as_test();
        for resolution in Resolution::ALL {
            proofs.push(prove(&test, resolution)?);
        }
    }
    Ok(proofs)
}

/// What a master record, a protocol or a person would have said in a language.
fn in_language<'w>(language: Language, english: &'w str, slovenian: &'w str) -> &'w str {
    match language {
        Language::English => english,
        Language::Slovenian => slovenian,
    }
}

/// How the site keeps it, where the program does not say it itself.
fn kept(kind: LabelKind, language: Language) -> String {
    let own = kind.container().map(|kind| Phrase::KeptAt(kind).text(language));
    let own = own.filter(|words| !words.is_empty());
    own.unwrap_or_else(|| in_language(language, "below −150 °C", "pod −150 °C").to_owned())
}

fn of_container(label: LabelData) -> Option<LabelData> {
    let language = label.language();
    let said = |english, slovenian| in_language(language, english, slovenian);
    let din = read_din("A999926000005").ok()?;
    let label = label.with(P::Batch, "B-2026-0007").with(P::Taken, "2026-11-25 11:05");
    let kind = label.kind();
    Some(match kind {
        LabelKind::Container(ContainerKind::Syringe | ContainerKind::Bag)
        | LabelKind::Patient(_) => {
            let product = ProductCode::new("D1234", '7', Division::first_level(0)?).ok()?;
            let own = [Phrase::AutologousOnly, Phrase::NotEvaluated];
            let own = own.map(|phrase| phrase.text(language)).join(". ");
            let label = of_order(label.isbt(&din, &product, None, None));
            // The most that may have to be stated there.
            let trial = label.value(P::Warning).unwrap_or("").to_owned();
            label.with(P::Warning, format!("{trial} {own}"))
        }
        LabelKind::Container(ContainerKind::OuterPack) => of_order(label.donation(&din)),
        LabelKind::Container(ContainerKind::SampleTube) => label
            .with(P::Purpose, said("Sterility, Ph. Eur. 2.6.27", "Sterilnost, Ph. Eur. 2.6.27"))
            .with(P::Parent, Phrase::Batch("B-2026-0007").text(language))
            .with(P::Quantity, said("1.0 ml", "1,0 ml"))
            .with(P::Storage, said("2 to 8 °C", "2 do 8 °C")),
        _ => label
            .donation(&din)
            .with(P::Product, "EQ-MSC")
            .with(P::Donor, "DNR-0001")
            .with(P::Passage, "P1")
            .with(P::Count, Phrase::NumberOf { number: 12, of: 60 }.text(language))
            .with(P::Purpose, said("expansion, medium change 2", "gojenje, menjava gojišča 2"))
            .with(P::Quantity, "100 ml")
            .with(P::Warning, said("QUARANTINE – for processing", "KARANTENA – za predelavo"))
            .with(P::Storage, kept(kind, language))
            .with(P::Expiry, Phrase::UsableUntil("2028-11-20").text(language)),
    })
}

fn of_order(label: LabelData) -> LabelData {
    let language = label.language();
    let said = |english, slovenian| in_language(language, english, slovenian);
    label
        .with(P::Contact, "Inštitut Čebelnjak, Zaloška 99, Ljubljana, +386 1 000 00 00")
        .with(P::Product, said("EQ-MSC suspension", "EQ-MSC, suspenzija"))
        .with(P::Strength, "50 ×10⁶/ml")
        .with(P::Quantity, said("1.0 ml", "1,0 ml"))
        .with(P::Count, said("4 syringes", "4 brizge"))
        .with(P::Route, said("intraglandular injection", "injiciranje v žlezo slinavko"))
        .with(P::Target, said("left parotid gland", "leva obušesna žleza slinavka"))
        .with(P::Batch, "B-2026-0007")
        .with(P::Order, "ORD-2026-0001")
        .with(P::Trial, said("XERO-MSC / site 01", "XERO-MSC / center 01"))
        .with(P::Subject, "XER-03")
        .with(
            P::Purpose,
            said(
                "For injection by the physician of the trial, see the protocol.",
                "Injicira zdravnik preskušanja po protokolu.",
            ),
        )
        .with(P::Warning, said("For clinical trial use only.", "Samo za klinično preskušanje."))
        .with(P::Storage, "15–25 °C")
        .with(P::Expiry, "2026-11-25 14:30 CET")
}
