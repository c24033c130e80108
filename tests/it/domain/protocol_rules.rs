//! The dose by weight, by level and by route, each rule broken once.

use super::protocol::{fault, now, read};
use chorda::domain::Refusal;
use chorda::domain::id::Name;
use chorda::domain::protocol::{
    self, Aliquots, DonorRule, DoseAsked, DosePlan, RouteDose, SiteDose, Weighing,
};
use chorda::domain::quantity::{Quantity, Unit};
use chorda::domain::time::{Instant, Span};

const BY_SITE: &str = include_str!("../../../templates/protocols/at-msc-xerostomia.toml");
const BY_LEVEL: &str = include_str!("../../../templates/protocols/bm-msc-xerostomia.toml");
const PER_KG: &str = include_str!("../../../templates/protocols/uc-msc-sjogren.toml");
const BY_ROUTE: &str = include_str!("../../../templates/protocols/msc-supernatant.toml");

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn weighed(number: &str, unit: Unit, measured_at: Instant) -> DoseAsked {
    let weight = Quantity::parse(number, unit).unwrap();
    DoseAsked::PerKg { site: Some(name("vein")), weight: Some(Weighing { weight, measured_at }) }
}

fn yesterday() -> Instant {
    now().plus(Span::of_seconds(-86_400))
}

fn kilograms(number: &str) -> DoseAsked {
    weighed(number, Unit::Kilogram, yesterday())
}

fn lines(plan: &DosePlan) -> Vec<String> {
    let line = |line: &protocol::ArithmeticLine| {
        format!("{}: {} = {}", line.title, line.formula, line.result.text())
    };
    plan.arithmetic.iter().map(line).collect()
}

fn rule(text: &str, asked: &DoseAsked) -> &'static str {
    DosePlan::compute(&read(text), asked, now()).unwrap_err().rule()
}

#[test]
fn the_weight_times_the_rule_is_the_dose_and_every_line_is_shown() {
    let plan = DosePlan::compute(&read(PER_KG), &kilograms("61.5"), now()).unwrap();
    assert_eq!(
        lines(&plan),
        [
            "Weight: as measured = 61.5 kg",
            "Cells by weight: 61.5 kg × 1 ×10⁶ cells/kg = 61.5 ×10⁶ cells",
            "Dose: 61.5 brought down to a step of 1 ×10⁶ cells = 61 ×10⁶ cells",
            "Cells to give: 61 = 61 ×10⁶ cells",
            "Volume to give: 61 ÷ 1 ×10⁶/ml = 61.00 ml",
            "Hold-up of each infusion bag: 1 × 5 ml = 5.00 ml",
            "Draw for quality control: stated by the protocol = 5.0 ml",
            "Overage: 71.00 ml × 5 % = 3.55 ml",
            "Volume to make: 71.00 + 3.55, rounded up to 0.01 ml = 74.55 ml",
            "Cells to make: 74.55 ml × 1 ×10⁶/ml = 74.55 ×10⁶ cells",
        ]
    );
    let [bag] = plan.planned.as_slice() else { panic!("one bag: {plan:?}") };
    assert_eq!((bag.unit.target.as_str(), bag.size.text().as_str()), ("vein", "100 ml"));
}

#[test]
fn grams_are_brought_to_kilograms_in_sight() {
    let asked = weighed("61500", Unit::Gram, yesterday());
    let plan = DosePlan::compute(&read(PER_KG), &asked, now()).unwrap();
    assert_eq!(lines(&plan)[0], "Weight: 61500 g ÷ 1000 = 61.5 kg");
    assert_eq!(plan.dose_cells.unwrap().to_string(), "61 10*6");
    let kilograms = DosePlan::compute(&read(PER_KG), &kilograms("61.5"), now()).unwrap();
    assert_eq!(kilograms.units(), plan.units());
}

#[test]
fn the_dose_is_brought_to_a_step_only_as_the_protocol_states() {
    let dose = |rounding: &str, weight: &str| {
        let text = PER_KG.replace("rounding = \"down\"", &format!("rounding = \"{rounding}\""));
        let plan = DosePlan::compute(&read(&text), &kilograms(weight), now()).unwrap();
        plan.dose_cells.unwrap().value().to_string()
    };
    assert_eq!(
        [dose("down", "61.999"), dose("half_up", "61.5"), dose("up", "61.001")],
        ["61", "62", "62"]
    );
    assert_eq!(
        [dose("half_up", "61.499"), dose("up", "61"), dose("down", "61")],
        ["61", "61", "61"]
    );
    let (told, _) = fault(PER_KG, "rounding = \"down\"", "rounding = \"somehow\"");
    assert!(told.contains("half_up, down, up"), "{told}");
}

#[test]
fn a_weight_is_there_plausible_recent_and_in_a_unit_of_weight() {
    let missing = DoseAsked::PerKg { site: Some(name("vein")), weight: None };
    assert_eq!(rule(PER_KG, &missing), "dose_no_weight");
    assert_eq!(rule(PER_KG, &kilograms("29.9")), "dose_weight_implausible");
    assert_eq!(rule(PER_KG, &kilograms("120.1")), "dose_weight_implausible");
    assert_eq!(rule(PER_KG, &kilograms("-61")), "dose_weight_implausible");
    // Grams written as kilograms, and kilograms as grams.
    assert_eq!(rule(PER_KG, &kilograms("61500")), "dose_weight_implausible");
    let gram = weighed("61.5", Unit::Gram, yesterday());
    assert_eq!(rule(PER_KG, &gram), "dose_weight_implausible");
    let volume = weighed("61.5", Unit::Millilitre, yesterday());
    assert_eq!(rule(PER_KG, &volume), "dose_weight_unit");
    let ago = |seconds: i64| weighed("61.5", Unit::Kilogram, now().plus(Span::of_seconds(seconds)));
    assert_eq!(rule(PER_KG, &ago(-7 * 86_400 - 1)), "dose_weight_too_old");
    assert!(DosePlan::compute(&read(PER_KG), &ago(-7 * 86_400), now()).is_ok());
    assert_eq!(rule(PER_KG, &ago(1)), "dose_weight_in_future");
}

#[test]
fn a_dose_by_weight_names_one_known_site_and_keeps_below_the_maximum() {
    let at = |site: Option<&str>| match kilograms("61.5") {
        DoseAsked::PerKg { weight, .. } => DoseAsked::PerKg { site: site.map(name), weight },
        other => other,
    };
    assert_eq!(rule(PER_KG, &at(None)), "dose_no_site");
    assert_eq!(rule(PER_KG, &at(Some("artery"))), "dose_unknown_site");
    let low = PER_KG.replace("total_max = \"120 10*6\"", "total_max = \"60 10*6\"");
    assert_eq!(rule(&low, &kilograms("61.5")), "dose_above_total");
    let coarse = PER_KG.replace("step = \"1 10*6\"", "step = \"50 10*6\"");
    assert_eq!(rule(&coarse, &kilograms("49")), "dose_nothing_left");
}

#[test]
fn a_level_gives_each_chosen_gland_the_same_dose() {
    let sites = vec![name("right_submandibular"), name("left_submandibular")];
    let asked = DoseAsked::ByLevel { level: Some(1), sites };
    let plan = DosePlan::compute(&read(BY_LEVEL), &asked, now()).unwrap();
    let units: Vec<String> =
        plan.units().iter().map(|unit| format!("{} {}", unit.target, unit.amount())).collect();
    assert_eq!(
        units,
        [
            "left_submandibular 15 ×10⁶ cells = 0.75 ml",
            "right_submandibular 15 ×10⁶ cells = 0.75 ml"
        ]
    );
    assert_eq!(
        lines(&plan)[..2],
        [
            "Dose level 1: cells for each site, stated by the protocol = 15 ×10⁶ cells",
            "Cells to give: 15 + 15 = 30 ×10⁶ cells"
        ]
    );
}

#[test]
fn a_level_and_its_sites_are_known_and_stated_once() {
    let asked = |level: Option<u32>, sites: &[&str]| DoseAsked::ByLevel {
        level,
        sites: sites.iter().map(|site| name(site)).collect(),
    };
    let left = "left_submandibular";
    assert_eq!(rule(BY_LEVEL, &asked(None, &[left])), "dose_no_level");
    assert_eq!(rule(BY_LEVEL, &asked(Some(3), &[left])), "dose_unknown_level");
    assert_eq!(rule(BY_LEVEL, &asked(Some(0), &[])), "dose_no_site");
    assert_eq!(rule(BY_LEVEL, &asked(Some(0), &["left_parotid"])), "dose_unknown_site");
    assert_eq!(rule(BY_LEVEL, &asked(Some(0), &[left, left])), "dose_site_twice");
    let (told, _) = fault(BY_LEVEL, "number = 1", "number = 0");
    assert!(told.contains("from low to high"), "{told}");
    let (told, _) = fault(BY_LEVEL, "cells = \"15 10*6\"", "cells = \"15.01 10*6\"");
    assert!(told.contains("no whole number of 0.01 ml"), "{told}");
    let (told, _) = fault(BY_LEVEL, "cells = \"20 10*6\"", "cells = \"30 10*6\"");
    assert!(told.contains("fits no size"), "{told}");
}

fn routes(routes: &[(&str, Option<&str>)]) -> DoseAsked {
    let route = |(route, area): &(&str, Option<&str>)| RouteDose {
        route: name(route),
        area: area.map(|area| Quantity::parse(area, Unit::Percent).unwrap()),
    };
    DoseAsked::ByRoute { routes: routes.iter().map(route).collect() }
}

#[test]
fn a_route_gives_a_volume_and_no_cells_anywhere() {
    let asked = routes(&[("skin", Some("12")), ("mouthwash", None)]);
    let plan = DosePlan::compute(&read(BY_ROUTE), &asked, now()).unwrap();
    assert_eq!((plan.dose_cells, plan.make_cells), (None, None));
    assert!(plan.units().iter().all(|unit| unit.cells.is_none()));
    assert_eq!(
        lines(&plan)[..3],
        [
            "Mouthwash: stated by the protocol = 15.00 ml",
            "Skin, topical: 12 % × 0.5 ml/% = 6.00 ml",
            "Volume to give: 15.00 + 6.00 = 21.00 ml",
        ]
    );
    let shown = lines(&plan).join("; ");
    assert!(!shown.contains("cell") && !shown.contains("10⁶"), "{shown}");
}

#[test]
fn a_route_is_known_and_its_area_is_stated_where_it_counts_and_only_there() {
    assert_eq!(rule(BY_ROUTE, &routes(&[])), "dose_no_site");
    assert_eq!(rule(BY_ROUTE, &routes(&[("vein", None)])), "dose_unknown_site");
    assert_eq!(rule(BY_ROUTE, &routes(&[("bladder", None), ("bladder", None)])), "dose_site_twice");
    assert_eq!(rule(BY_ROUTE, &routes(&[("skin", None)])), "dose_no_area");
    assert_eq!(rule(BY_ROUTE, &routes(&[("mouthwash", Some("5"))])), "dose_area_not_asked");
    assert_eq!(rule(BY_ROUTE, &routes(&[("skin", Some("31"))])), "dose_outside_limits");
    assert_eq!(rule(BY_ROUTE, &routes(&[("skin", Some("0"))])), "dose_outside_limits");
    assert_eq!(rule(BY_ROUTE, &routes(&[("skin", Some("1.5"))])), "dose_not_a_step");
}

#[test]
fn an_order_asks_only_in_the_words_of_the_protocols_rule() {
    let cells = Quantity::whole(50, Unit::MillionCells);
    let sites = vec![SiteDose { target: name("mouthwash"), cells }];
    let with_cells = DoseAsked::PerSite { sites };
    assert_eq!(rule(BY_ROUTE, &with_cells), "dose_other_rule");
    assert_eq!(rule(BY_ROUTE, &kilograms("61.5")), "dose_other_rule");
    assert_eq!(rule(PER_KG, &routes(&[("vein", None)])), "dose_other_rule");
    assert_eq!(
        rule(BY_SITE, &DoseAsked::ByLevel { level: Some(0), sites: vec![] }),
        "dose_other_rule"
    );
    // What belongs to another rule is not even known in the file.
    let from = "rule = \"by_route\"";
    let (told, line) = fault(BY_ROUTE, from, "rule = \"by_route\"\nconcentration = \"5 10*6/mL\"");
    assert!(told.contains("'concentration' is not known in a dose by route"), "{told}");
    assert!(line.starts_with("concentration"), "{line}");
}

#[test]
fn every_shipped_protocol_proposes_what_was_published() {
    let proposed = |text: &str| {
        let protocol = read(text);
        DosePlan::compute(&protocol, &DoseAsked::proposed(&protocol), now())
    };
    let vials = proposed(BY_SITE).unwrap();
    assert_eq!(vials.dose_cells.unwrap().to_string(), "150 10*6");
    assert_eq!((vials.make_volume, vials.make_cells), (vials.dose_volume, vials.dose_cells));
    assert_eq!(proposed(PER_KG).unwrap_err().rule(), "dose_no_weight");
    assert_eq!(proposed(BY_LEVEL).unwrap_err().rule(), "dose_no_level");
    assert_eq!(proposed(BY_ROUTE).unwrap_err().rule(), "dose_no_site");
}

#[test]
fn units_of_the_bank_and_the_donor_follow_from_the_protocol() {
    let product = |text: &str| read(text).product;
    assert_eq!(product(BY_SITE).aliquots, Aliquots::PerUnit);
    assert_eq!(product(BY_SITE).aliquots.for_units(3), 3);
    assert_eq!(product(PER_KG).aliquots.for_units(1), 2);
    assert_eq!(product(BY_SITE).donor, DonorRule::OnePerPatient);
    assert_eq!(product(BY_LEVEL).donor, DonorRule::Patient);
    assert_eq!(product(PER_KG).donor, DonorRule::Any);
}
