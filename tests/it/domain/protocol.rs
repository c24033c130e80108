//! The dose plan and the protocol's file.

use chorda::domain::Refusal;
use chorda::domain::id::Name;
use chorda::domain::protocol::{self, DosePlan, DoseRefusal, Protocol, SiteDose};
use chorda::domain::quantity::{Quantity, Unit};

const TEXT: &str = include_str!("../../../templates/protocols/eq-msc-xerostomia.toml");

pub(crate) fn xerostomia() -> Protocol {
    protocol::parse(TEXT).unwrap()
}

fn dose(target: &str, cells: &str) -> SiteDose {
    SiteDose {
        target: Name::parse(target).unwrap(),
        cells: Quantity::parse(cells, Unit::MillionCells).unwrap(),
    }
}

fn refused(asked: &[SiteDose]) -> DoseRefusal {
    DosePlan::compute(&xerostomia(), asked).unwrap_err()
}

#[test]
fn the_published_dose_is_four_syringes_three_millilitres_and_150_million_cells() {
    let plan = DosePlan::proposed(&xerostomia()).unwrap();
    let syringes: Vec<String> = plan
        .sites
        .iter()
        .map(|site| format!("{} {} in {}", site.unit.target, site.unit.volume, site.syringe))
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
    assert_eq!(plan.dose_cells.to_string(), "150 10*6");
    assert_eq!(plan.dose_volume.to_string(), "3.00 mL");
}

#[test]
fn every_allowance_is_a_line_of_the_arithmetic() {
    let plan = DosePlan::proposed(&xerostomia()).unwrap();
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
            "Hold-up in syringes and needles: 4 × 0.05 ml = 0.20 ml",
            "Loss at labelling: 3.00 ml × 1 % = 0.03 ml",
            "Draw for quality control: stated by the protocol = 0.60 ml",
            "Overage: 3.83 ml × 10 % = 0.383 ml",
            "Volume to make: 3.83 + 0.383, rounded up to 0.01 ml = 4.22 ml",
            "Cells to make: 4.22 ml × 50 ×10⁶/ml = 211 ×10⁶ cells",
        ]
    );
}

#[test]
fn a_gland_can_be_switched_off_and_another_scaled_within_limits() {
    let asked = [dose("right_submandibular", "15"), dose("left_parotid", "45")];
    let plan = DosePlan::compute(&xerostomia(), &asked).unwrap();
    let volumes: Vec<String> =
        plan.sites.iter().map(|s| format!("{} {}", s.unit.target, s.unit.volume)).collect();
    assert_eq!(volumes, ["left_parotid 0.90 mL", "right_submandibular 0.30 mL"]);
    assert_eq!(plan.dose_cells.to_string(), "60 10*6");
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
    let refusal = DosePlan::proposed(&protocol::parse(&text).unwrap()).unwrap_err();
    assert_eq!(refusal.rule(), "dose_above_total");
    assert!(refusal.to_string().contains("150 ×10⁶ cells"), "{refusal}");
}

#[test]
fn a_mistake_in_the_file_is_named_with_its_line() {
    let cases = [
        ("version = 1", "version = 0", "versions count from 1"),
        ("needle = ", "nedle = ", "unknown field `nedle`"),
        ("rule = \"per_site\"", "rule = \"by_moon\"", "not a dose rule"),
        ("concentration = \"50 10*6/mL\"", "concentration = \"50 mL\"", "must be in 10*6/mL"),
        ("step = \"5 10*6\"", "step = \"0 10*6\"", "above zero"),
        ("qc_draw = \"0.60 mL\"", "qc_draw = \"-0.60 mL\"", "must not be negative"),
        ("share_max = \"10 %\"", "share_max = \"2 %\"", "below the share"),
        ("deadline = \"90 min\"", "deadline = \"soon\"", "write a span"),
        ("culture_days_max = 5", "culture_days_max = 2", "not below the least"),
        ("sponsor = \"Fictitious Institute of Oncology, A9999\"", "sponsor = \" \"", "sponsor"),
        ("name = \"right_parotid\"", "name = \"left_parotid\"", "there twice"),
        ("name = \"consent\"", "name = \"age\"", "there twice"),
    ];
    for (from, to, message) in cases {
        let text = TEXT.replacen(from, to, 1);
        assert_ne!(text, TEXT, "{from}");
        let error = protocol::parse(&text).unwrap_err();
        assert!(error.message.contains(message), "{from}: {error}");
        let section = error.message.contains("sponsor");
        let line = text.lines().nth(error.line - 1).unwrap_or_default();
        assert!(section || line.contains(to), "line {}: {line}", error.line);
    }
}
