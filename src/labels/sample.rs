//! A sample label of each kind: what a definition is shown and checked with.
//!
//! Architecture invariant: everything here is invented; the donation number is of the facility
//! A9999, which does not exist.

use std::sync::Arc;

use super::{
    Definition, LabelData, LabelKind, LabelRefusal, Particular as P, Proof, Resolution, prove,
};
use crate::codes::isbt::{Division, ProductCode, read_din};
use crate::codes::{LabelCode, PrintSerial, container};
use crate::domain::container::ContainerKind;
use crate::domain::printer::LAYOUT_TEST;

/// A label of this kind with everything that a careful site prints on it; `None` only if the codes
/// of this version of the program cannot name the sample.
#[must_use]
pub fn sample(kind: LabelKind) -> Option<LabelData> {
    let label = match kind {
        LabelKind::Container(container) => {
            let code = container::code(container, 1).ok()?;
            of_container(LabelData::new(
                container,
                LabelCode::new(&code, PrintSerial::FIRST).ok()?,
            ))?
        }
        LabelKind::Patient(container) => {
            let code = container::code(container, 2).ok()?;
            let code = LabelCode::new(&code, PrintSerial::FIRST).ok()?;
            of_container(LabelData::new(container, code).for_patient())?
        }
        LabelKind::CryoBox => LabelData::of(kind, "LOC:LN2/T1/R1/B1").with(P::Title, "Box 1"),
        LabelKind::Position => LabelData::of(kind, "LOC:LN2/T1").with(P::Title, "Tank 1"),
        LabelKind::Badge => LabelData::of(kind, "USER:ana.novak").with(P::Title, "Ana Novak"),
        LabelKind::ScannerTest => LabelData::of(kind, LAYOUT_TEST)
            .with(P::Title, "Scanner test")
            .with(P::Purpose, "Scan each symbol on the page What is this? and compare."),
        LabelKind::PrinterTest => LabelData::of(kind, &format!("TEST:EQ-LP-01.1:{LAYOUT_TEST}"))
            .with(P::Title, "EQ-LP-01"),
        LabelKind::OuterPack | LabelKind::Shipper => of_order(LabelData::of(kind, "ORD-2026-0001")),
    };
    Some(
        label
            .with(P::Operator, "ana.novak")
            .with(P::Site, "Inštitut Čebelnjak, Zaloška 99, 1000 Ljubljana, Slovenia"),
    )
}

/// The sample of a definition as a test label, read back at every resolution.
///
/// # Errors
/// What `prove` refuses.
pub fn sample_proofs(definition: &Definition) -> Result<Vec<Proof>, LabelRefusal> {
    let kind = definition.label_kind();
    let sample = kind.and_then(sample).ok_or(LabelRefusal::Nothing)?;
    let sample = sample.drawn_by(Arc::new(definition.clone()));
    // As a real label, for its symbols; and as the test that is shown.
    prove(&sample, definition.dpi)?;
    let test = sample.as_test();
    Resolution::ALL.into_iter().map(|resolution| prove(&test, resolution)).collect()
}

fn of_container(label: LabelData) -> Option<LabelData> {
    let din = read_din("A999926000005").ok()?;
    let label = label.with(P::Batch, "B-2026-0007").with(P::Taken, "2026-11-25 11:05");
    Some(match label.kind() {
        LabelKind::Container(ContainerKind::Syringe | ContainerKind::Bag)
        | LabelKind::Patient(_) => {
            let product = ProductCode::new("D1234", '7', Division::first_level(0)?).ok()?;
            of_order(label.isbt(&din, &product, None, None))
        }
        LabelKind::Container(ContainerKind::SampleTube) => label
            .with(P::Purpose, "Sterility, Ph. Eur. 2.6.27")
            .with(P::Parent, "batch B-2026-0007")
            .with(P::Quantity, "1.0 ml")
            .with(P::Storage, "2 to 8 °C"),
        _ => label
            .donation(&din)
            .with(P::Product, "EQ-MSC")
            .with(P::Donor, "DNR-0001")
            .with(P::Passage, "P1")
            .with(P::Count, "12 of 60")
            .with(P::Purpose, "expansion, medium change 2")
            .with(P::Quantity, "100 ml")
            .with(P::Warning, "QUARANTINE – for processing")
            .with(P::Storage, "below −150 °C")
            .with(P::Expiry, "Exp. 2028-11-20"),
    })
}

fn of_order(label: LabelData) -> LabelData {
    label
        .with(P::Contact, "Inštitut Čebelnjak, Zaloška 99, Ljubljana, +386 1 000 00 00")
        .with(P::Product, "EQ-MSC suspension")
        .with(P::Strength, "50×10⁶ cells/ml")
        .with(P::Quantity, "1.0 ml")
        .with(P::Count, "4 syringes")
        .with(P::Route, "intraglandular injection")
        .with(P::Target, "left parotid gland")
        .with(P::Batch, "B-2026-0007")
        .with(P::Order, "ORD-2026-0001")
        .with(P::Trial, "XERO-MSC / site 01")
        .with(P::Subject, "XER-03")
        .with(P::Purpose, "For injection by the physician of the trial, see the protocol.")
        .with(P::Warning, "For clinical trial use only.")
        .with(P::Storage, "15–25 °C")
        .with(P::Expiry, "2026-11-25 14:30 CET")
}
