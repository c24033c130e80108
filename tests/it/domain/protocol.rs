//! The dose plan and the protocol's file.

use chorda::domain::Refusal;
use chorda::domain::id::Name;
use chorda::domain::protocol::{self, DoseAsked, DosePlan, DoseRefusal, Protocol, SiteDose};
use chorda::domain::quantity::{Quantity, Unit};
use chorda::domain::time::Instant;

const TEXT: &str = include_str!("../../../templates/protocols/eq-msc-xerostomia.toml");

pub(crate) fn read(text: &str) -> Protocol {
    protocol::parse(text).unwrap()
}

pub(crate) fn xerostomia() -> Protocol {
    read(TEXT)
}

fn dose(target: &str, cells: &str) -> SiteDose {
    SiteDose {
        target: Name::parse(target).unwrap(),
        cells: Quantity::parse(cells, Unit::MillionCells).unwrap(),
    }
}

pub(crate) fn now() -> Instant {
    Instant::parse("2026-11-22T10:00:00Z").unwrap()
}

fn per_site(asked: &[SiteDose]) -> DoseAsked {
    DoseAsked::PerSite { sites: asked.to_vec() }
}

fn refused(asked: &[SiteDose]) -> DoseRefusal {
    DosePlan::compute(&xerostomia(), &per_site(asked), now()).unwrap_err()
}

fn proposed(protocol: &Protocol) -> Result<DosePlan, DoseRefusal> {
    DosePlan::compute(protocol, &DoseAsked::proposed(protocol), now())
}

#[test]
fn the_published_dose_is_four_syringes_three_millilitres_and_150_million_cells() {
    let plan = proposed(&xerostomia()).unwrap();
    let syringes: Vec<String> = plan
        .planned
        .iter()
        .map(|one| format!("{} {} in {}", one.unit.target, one.unit.volume, one.size))
        .collect();
    assert_eq!(
        syringes,
        [
            "left_parotid 1.00 mL in 1.0 mL",
            "right_parotid 1.00 mL in 1.0 mL",
            "left_submandibular 0.50 mL in 0.5 mL",
            "right_submandibular 0.50 mL in 0.5 mL",
        ]
    );
    assert_eq!(plan.dose_cells.unwrap().to_string(), "150 10*6");
    assert_eq!(plan.dose_volume.to_string(), "3.00 mL");
}

#[test]
fn every_allowance_is_a_line_of_the_arithmetic() {
    let plan = proposed(&xerostomia()).unwrap();
    let lines: Vec<String> = plan
        .arithmetic
        .iter()
        .map(|line| format!("{}: {} = {}", line.title, line.formula, line.result.text()))
        .collect();
    assert_eq!(
        lines,
        [
            "Cells to give: 50 + 50 + 25 + 25 = 150 ×10⁶ cells",
            "Volume to give: 150 ÷ 50 ×10⁶/ml = 3.00 ml",
            "Hold-up of each syringe: 4 × 0.05 ml = 0.20 ml",
            "Loss at labelling: 3.00 ml × 1 % = 0.03 ml",
            "Draw for quality control: stated by the protocol = 0.50 ml",
            "Overage: 3.73 ml × 5 % = 0.1865 ml",
            "Volume to make: 3.73 + 0.1865, rounded up to 0.01 ml = 3.92 ml",
            "Cells to make: 3.92 ml × 50 ×10⁶/ml = 196 ×10⁶ cells",
        ]
    );
}

#[test]
fn a_gland_can_be_switched_off_and_another_scaled_within_limits() {
    let asked = [dose("right_submandibular", "15"), dose("left_parotid", "45")];
    let plan = DosePlan::compute(&xerostomia(), &per_site(&asked), now()).unwrap();
    let volumes: Vec<String> =
        plan.planned.iter().map(|s| format!("{} {}", s.unit.target, s.unit.volume)).collect();
    assert_eq!(volumes, ["left_parotid 0.90 mL", "right_submandibular 0.30 mL"]);
    assert_eq!(plan.dose_cells.unwrap().to_string(), "60 10*6");
}

#[test]
fn doses_outside_the_protocol_are_refused_each_by_its_rule() {
    assert_eq!(refused(&[]).rule(), "dose_no_site");
    assert_eq!(refused(&[dose("left_parotid", "55")]).rule(), "dose_outside_limits");
    assert_eq!(refused(&[dose("left_parotid", "20")]).rule(), "dose_outside_limits");
    assert_eq!(refused(&[dose("left_parotid", "-50")]).rule(), "dose_outside_limits");
    assert_eq!(refused(&[dose("left_parotid", "27.5")]).rule(), "dose_not_a_step");
    assert_eq!(refused(&[dose("sublingual", "25")]).rule(), "dose_unknown_site");
    let twice = [dose("left_parotid", "50"), dose("left_parotid", "50")];
    assert_eq!(refused(&twice).rule(), "dose_site_twice");
}

#[test]
fn the_whole_dose_never_exceeds_the_protocols_maximum() {
    let text = TEXT.replace("total_max = \"150 10*6\"", "total_max = \"145 10*6\"");
    let refusal = proposed(&protocol::parse(&text).unwrap()).unwrap_err();
    assert_eq!(refusal.rule(), "dose_above_total");
    assert!(refusal.to_string().contains("150 ×10⁶ cells"), "{refusal}");
}

/// What is wrong, what is told of it, and on which line, of the file with one text replaced.
pub(crate) fn fault(text: &str, from: &str, to: &str) -> (String, String) {
    let changed = text.replacen(from, to, 1);
    assert_ne!(changed, text, "{from}");
    let faults = protocol::parse(&changed).unwrap_err();
    let fault = &faults.0[0];
    let line = changed.lines().nth(fault.line - 1).unwrap_or_default().to_owned();
    (fault.to_string(), line)
}

#[test]
fn a_mistake_in_the_file_is_named_with_its_line() {
    let cases = [
        ("version = 1", "version = 0", "versions count from 1"),
        ("needle = ", "nedle = ", "did you mean 'needle'"),
        ("rule = \"per_site\"", "rule = \"per_sit\"", "did you mean 'per_site'"),
        ("concentration = \"50 10*6/mL\"", "concentration = \"50 mL\"", "1.5 10*6/mL"),
        ("step = \"5 10*6\"", "step = \"0 10*6\"", "above zero"),
        ("step = \"5 10*6\"", "step = \"0.3 10*6\"", "cannot be drawn"),
        ("qc_draw = \"0.50 mL\"", "qc_draw = \"-0.50 mL\"", "below zero"),
        ("share_max = \"10 %\"", "share_max = \"2 %\"", "below the share"),
        ("deadline = \"90 min\"", "deadline = \"soon\"", "length of time"),
        ("culture_days_max = 5", "culture_days_max = 2", "below the shortest"),
        ("qc_days_before = [2, 1]", "qc_days_before = [4]", "before the shortest culture"),
        ("sponsor = \"Fictitious Institute of Oncology, A9999\"", "sponsor = \" \"", "is empty"),
        ("name = \"right_parotid\"", "name = \"left_parotid\"", "there twice"),
        ("name = \"consent\"", "name = \"age\"", "there twice"),
        ("aliquots = 1", "aliquots = 0", "no unit of the bank"),
        ("aliquots = 1", "aliquots = \"each\"", "per_unit"),
        ("unit = \"syringe\"", "unit = \"syrinx\"", "no 'unit'"),
        ("donor = \"any\"", "donor = \"anyone\"", "one_per_patient"),
        ("sizes = [\"0.5 mL\", \"1.0 mL\"]", "sizes = [\"1.0 mL\", \"0.5 mL\"]", "small to large"),
        ("sizes = [\"0.5 mL\", \"1.0 mL\"]", "sizes = [\"0.5 mL\"]", "fits no size"),
    ];
    for (from, to, message) in cases {
        let (told, line) = fault(TEXT, from, to);
        assert!(told.contains(message), "{from}: {told}");
        assert!(line.contains(to), "{told}: {line}");
    }
}

#[test]
fn every_fault_of_a_file_is_told_at_once() {
    let text = TEXT.replace("version = 1", "version = 0").replace("\"5 10*6\"", "\"5 mL\"");
    let faults = protocol::parse(&text).unwrap_err().0;
    let codes: Vec<&str> = faults.iter().map(|fault| fault.kind.code()).collect();
    assert_eq!(codes, ["out_of_range", "unit_mismatch"]);
}
