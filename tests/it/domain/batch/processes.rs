//! The published processes beside the first: what each forbids, tried at the engine.

use super::*;
use chorda::domain::account::Account;
use chorda::domain::batch::BatchState;

const AT_BANK: &str = include_str!("../../../../templates/mbr/at-msc-bank.toml");
const AT_DOSE: &str = include_str!("../../../../templates/mbr/at-msc-dose.toml");
const BM_BANK: &str = include_str!("../../../../templates/mbr/bm-msc-bank.toml");
const BM_DOSE: &str = include_str!("../../../../templates/mbr/bm-msc-dose.toml");
const UC_DOSE: &str = include_str!("../../../../templates/mbr/uc-msc-dose.toml");
const SUP_BANK: &str = include_str!("../../../../templates/mbr/msc-sup-bank.toml");
const SUP_DOSE: &str = include_str!("../../../../templates/mbr/msc-sup-dose.toml");

const COUNT: &[(&str, &str)] = &[("concentration", "4.5"), ("viability", "90"), ("volume", "30")];

/// Tissue of a donor in its pot.
fn pot<'a>(material: &'a str, donor: &'a [&'a str]) -> Outside<'a> {
    Outside { material, ..cord(donor) }
}

/// A step that takes containers from outside, verified.
fn take(plant: &mut Plant, step: &str, values: &[(&str, &str)], codes: &[ContainerCode]) {
    try_take(plant, step, values, codes).unwrap_or_else(|refusal| panic!("{step}: {refusal}"));
    plant.verify(step, "bor").unwrap();
}

fn try_take(
    plant: &mut Plant,
    step: &str,
    values: &[(&str, &str)],
    codes: &[ContainerCode],
) -> Result<(), Refusal> {
    let mut command = plant.ask(step, values);
    command.consumed.extend(codes.iter().cloned().map(Scan::from));
    plant.when(command)
}

fn reserve(plant: &mut Plant, code: &ContainerCode, order: &str) {
    let reserved = Event::Reserved { order: OrderNumber::parse(order).unwrap() };
    plant.record_changes("ana", vec![Change::of::<Container>(code.as_str(), reserved)]);
}

const LIPO: &[(&str, &str)] =
    &[("transport_temperature", "18"), ("received_volume", "200"), ("condition", "intact")];

fn at_bank() -> Plant {
    let mut plant = Plant::started(AT_BANK, Start::default());
    plant.done("clear_line", CLEAR);
    plant
}

/// The bank of one donor up to the choice of its medium.
fn at_harvested() -> Plant {
    let mut plant = at_bank();
    let tissue = plant.outside(pot("LIPOASPIRATE", &["DNR-0001"]));
    take(&mut plant, "receive_lipoaspirate", LIPO, &[tissue]);
    plant.done("prepare_p0", &[("integrity", "passed"), ("run", "Q-1")]);
    plant.done("digest", &[("digestion", "45"), ("temperature", "37.0")]);
    plant.done("count_svf", COUNT);
    plant.done("seed_p0", &[]);
    plant.done("label_p0", &[]);
    plant.later("5 d");
    let fed = &[("readings", "glucose 4.1, lactate 6.0"), ("contamination", "none seen")];
    plant.done("feed_p0", fed);
    plant.done("prepare_p1", &[("integrity", "passed"), ("runs", "Q-2 to Q-4")]);
    plant.later("4 d");
    plant.done("harvest_p0", COUNT);
    plant.done("seed_p1", &[]);
    plant.done("label_p1", &[]);
    plant.later("6 d");
    plant.done("feed_p1", fed);
    let harvest = &[("concentration", "14"), ("viability", "95"), ("volume", "80")];
    plant.done("harvest_p1", harvest);
    plant
}

/// The same, frozen in a medium: 19.0 ml, of which 2.0 ml are samples.
fn at_formulated(medium: &str) -> Plant {
    let mut plant = at_harvested();
    plant.done("choose_medium", &[("medium", medium)]);
    let step = format!("resuspend_{}", medium.to_lowercase());
    plant.done(&step, &[("medium_volume", "19.0")]);
    let counted = &[("volume", "19.0"), ("concentration", "53.00"), ("viability", "95.0")];
    plant.done("formulate", counted);
    plant.done("sample_bank", &[]);
    plant
}

#[test]
fn a_bank_of_one_donor_takes_no_tissue_of_a_second_one() {
    let mut plant = at_bank();
    let own = plant.outside(pot("LIPOASPIRATE", &["DNR-0001"]));
    let other = plant.outside(pot("LIPOASPIRATE", &["DNR-0002"]));
    let refused =
        try_take(&mut plant, "receive_lipoaspirate", LIPO, &[own.clone(), other]).unwrap_err();
    assert!(matches!(refused, Refusal::DonorTooMany { number: 2, allowed: 1, .. }), "{refused}");
    let again = plant.outside(pot("LIPOASPIRATE", &["DNR-0001"]));
    let refused = try_take(&mut plant, "receive_lipoaspirate", LIPO, &[own.clone(), again]);
    assert!(matches!(refused, Err(Refusal::ContainerCount { .. })));
    let pooled = plant.outside(pot("LIPOASPIRATE", &["DNR-0001", "DNR-0002"]));
    let refused = try_take(&mut plant, "receive_lipoaspirate", LIPO, &[pooled]).unwrap_err();
    assert!(matches!(refused, Refusal::DonorTooMany { .. }), "{refused}");
    let cord = plant.outside(cord(&["DNR-0003"]));
    let refused = try_take(&mut plant, "receive_lipoaspirate", LIPO, &[cord]).unwrap_err();
    assert!(matches!(refused, Refusal::ContainerForeign { .. }), "{refused}");
    take(&mut plant, "receive_lipoaspirate", LIPO, &[own]);
}

#[test]
fn a_failed_set_is_not_loaded_and_both_branches_must_be_done_before_it_is() {
    let mut plant = at_bank();
    let tissue = plant.outside(pot("LIPOASPIRATE", &["DNR-0001"]));
    take(&mut plant, "receive_lipoaspirate", LIPO, &[tissue]);
    plant.done("digest", &[("digestion", "45"), ("temperature", "37.0")]);
    plant.done("count_svf", COUNT);
    let refused = plant.when(plant.ask("seed_p0", &[])).unwrap_err();
    assert!(matches!(refused, Refusal::StepOutOfOrder { .. }), "{refused}");
    let failed = plant.ask("prepare_p0", &[("integrity", "failed"), ("run", "Q-1")]);
    assert!(matches!(plant.when(failed), Err(Refusal::OutsideLimit { .. })));
    plant.done("prepare_p0", &[("integrity", "passed"), ("run", "Q-1")]);
    plant.done("seed_p0", &[]);
}

#[test]
fn the_medium_that_was_not_chosen_never_enters() {
    let mut plant = at_harvested();
    plant.done("choose_medium", &[("medium", "CS10")]);
    let other = plant.ask("resuspend_cs5", &[("medium_volume", "19.0")]);
    assert!(matches!(plant.when(other), Err(Refusal::StepLeftOut { .. })));
    let mut wrong = plant.ask("resuspend_cs10", &[("medium_volume", "19.0")]);
    wrong.materials = vec![LotId::parse("CS5/L1").unwrap()];
    let refused = plant.when(wrong).unwrap_err();
    assert!(matches!(refused, Refusal::MaterialForeign { .. }), "{refused}");
    plant.done("resuspend_cs10", &[("medium_volume", "19.0")]);
    let changed = plant.ask("choose_medium", &[("medium", "CS5")]);
    assert!(matches!(plant.when(changed), Err(Refusal::StepAlreadyDone { .. })));
}

#[test]
fn either_medium_gives_vials_of_two_sizes_and_a_complete_batch() {
    for (medium, filled, empty) in [("CS5", "cs5", "cs10"), ("CS10", "cs10", "cs5")] {
        let mut plant = at_formulated(medium);
        let counts = &[("large_count", "9"), ("small_count", "9")];
        plant.done(&format!("fill_{filled}"), counts);
        let other = plant.ask(&format!("fill_{empty}"), counts);
        assert!(matches!(plant.when(other), Err(Refusal::StepLeftOut { .. })));
        plant.done("label_vials", &[]);
        plant.done("freeze", &[("run", "F-1"), ("end_temperature", "-95")]);
        let missing = plant.when(plant.ask("store", &[])).unwrap_err();
        assert!(matches!(missing, Refusal::NotStored { .. }), "{missing}");
        plant.put_away(&[&format!("large_{filled}"), &format!("small_{filled}")]);
        plant.done("store", &[]);
        plant.done("close", &[("line_left_clear", "yes")]);
        let batch = plant.batch();
        assert_eq!(batch.state, BatchState::PendingReview, "{medium}");
        for (size, volume) in [("large", "1.0"), ("small", "0.5")] {
            let vials: Vec<_> = plant.made(&format!("{size}_{filled}"));
            assert_eq!(vials.len(), 9);
            assert!(
                vials.iter().all(|vial| vial.contents.volume == Some(q(volume, Unit::Millilitre))
                    && vial.contents.material.as_str() == "AT-MSC")
            );
            assert!(plant.made(&format!("{size}_{empty}")).is_empty());
        }
        assert!(plant.deviations().is_empty(), "{:?}", plant.deviations());
    }
}

#[test]
fn no_more_is_filled_than_there_is() {
    let mut plant = at_formulated("CS5");
    let values = &[("large_count", "12"), ("small_count", "12")];
    let refused = plant.when(plant.ask("fill_cs5", values)).unwrap_err();
    assert!(matches!(refused, Refusal::OutsideLimit { .. }), "{refused}");
}

/// A vial of the bank, reserved for the order.
fn at_vial(plant: &mut Plant, volume: &str, cells: &str, donor: &str) -> ContainerCode {
    let code = plant.outside(Outside {
        material: "AT-MSC",
        volume: Some(volume),
        cells: Some(cells),
        donors: &[donor],
        record: Some(("AT-MSC-BANK", 1)),
        ..vial()
    });
    reserve(plant, &code, "ORD-2026-0001");
    code
}

fn at_dose() -> Plant {
    let mut plant = Plant::started(AT_DOSE, for_order());
    plant.done("clear_line", CLEAR);
    plant.done("cool_shipper", &[("charge", "5.0"), ("temperature", "-185")]);
    plant
}

fn retrieve(plant: &mut Plant, vials: &[ContainerCode], condition: &str) -> Result<(), Refusal> {
    let each: Vec<(String, &str)> = vials
        .iter()
        .flat_map(|vial| {
            [(format!("identity@{vial}"), "yes"), (format!("condition@{vial}"), condition)]
        })
        .collect();
    let mut values: Vec<(&str, &str)> =
        each.iter().map(|(field, text)| (field.as_str(), *text)).collect();
    values.extend([("medium", "CS10"), ("carrier_temperature", "-150")]);
    try_take(plant, "retrieve", &values, vials)
}

const FROZEN: &str = "intact, frozen";

#[test]
fn each_dose_unit_is_one_reserved_vial_with_what_it_holds() {
    let mut plant = at_dose();
    let sizes = [("0.5", "26.1"), ("1.0", "52.2"), ("1.0", "52.3"), ("0.5", "26.2")];
    let vials: Vec<ContainerCode> =
        sizes.iter().map(|(ml, cells)| at_vial(&mut plant, ml, cells, "DNR-0001")).collect();
    let expires = plant.container(vials[0].as_str()).expires_at;
    retrieve(&mut plant, &vials, FROZEN).unwrap();
    plant.verify("retrieve", "bor").unwrap();
    let units = plant.made("dose_vials");
    let told: Vec<(String, String, String)> = units
        .iter()
        .map(|unit| {
            let text = |quantity: Option<Quantity>| quantity.unwrap().value().to_string();
            let target = unit.target.as_ref().unwrap().to_string();
            (target, text(unit.contents.volume), text(unit.contents.viable_cells))
        })
        .collect();
    let told: Vec<(&str, &str, &str)> =
        told.iter().map(|(a, b, c)| (a.as_str(), b.as_str(), c.as_str())).collect();
    assert_eq!(
        told,
        [
            ("left_parotid", "1.0", "52.2"),
            ("right_parotid", "1.0", "52.3"),
            ("left_submandibular", "0.5", "26.1"),
            ("right_submandibular", "0.5", "26.2"),
        ]
    );
    for unit in &units {
        assert_eq!(unit.kind, ContainerKind::Cryovial);
        assert_eq!(unit.order.as_ref().unwrap().as_str(), "ORD-2026-0001");
        assert!(unit.expires_at < expires && unit.thawed.is_none());
    }
    // Four containers came in and four go out: none is taken from stock, none thrown away.
    let book = plant.batch().book;
    assert_eq!(book.balance(Account::Waste, Unit::Container).value(), 0.into());
    assert_eq!(book.balance(Account::Supply, Unit::Container).value(), 0.into());
    assert_eq!(book.balance(Account::Output, Unit::Container).value(), 4.into());
    assert_eq!(book.balance(Account::Process, Unit::MillionCells).value(), 0.into());
    assert_eq!(book.balance(Account::Process, Unit::Millilitre).value(), 0.into());
    for unit in &units {
        plant.label(&unit.code);
    }
    plant.done("label_vials", &[]);
    let packed = &[("temperature", "-184"), ("seal", "S-17"), ("instruction", "yes")];
    plant.done("pack", packed);
    plant.done("close", &[("line_left_clear", "yes")]);
    assert_eq!(plant.batch().state, BatchState::PendingReview);
}

#[test]
fn vials_of_another_size_donor_order_or_state_are_not_taken() {
    let sizes = ["1.0", "1.0", "0.5", "0.5"];
    let four = |plant: &mut Plant| -> Vec<ContainerCode> {
        sizes.iter().map(|ml| at_vial(plant, ml, "50", "DNR-0001")).collect()
    };
    let mut plant = at_dose();
    let good = four(&mut plant);
    let swap = |vial: &ContainerCode| {
        let mut vials = good.clone();
        vials[3] = vial.clone();
        vials
    };
    let large = at_vial(&mut plant, "1.0", "50", "DNR-0001");
    let refused = retrieve(&mut plant, &swap(&large), FROZEN).unwrap_err();
    assert!(matches!(refused, Refusal::NoUnopened { .. }), "{refused}");
    let second = at_vial(&mut plant, "0.5", "25", "DNR-0002");
    let refused = retrieve(&mut plant, &swap(&second), FROZEN).unwrap_err();
    assert!(matches!(refused, Refusal::DonorTooMany { .. }), "{refused}");
    let refused = retrieve(&mut plant, &good[..3], FROZEN).unwrap_err();
    assert!(matches!(refused, Refusal::ContainerCount { needed: 4, given: 3, .. }), "{refused}");
    let free = plant.outside(Outside {
        material: "AT-MSC",
        volume: Some("0.5"),
        donors: &["DNR-0001"],
        record: Some(("AT-MSC-BANK", 1)),
        ..vial()
    });
    let refused = retrieve(&mut plant, &swap(&free), FROZEN).unwrap_err();
    assert!(matches!(refused, Refusal::NotReserved { .. }), "{refused}");
    reserve(&mut plant, &free, "ORD-2026-0002");
    let refused = retrieve(&mut plant, &swap(&free), FROZEN).unwrap_err();
    assert!(matches!(refused, Refusal::Unusable(_)), "{refused}");
    let refused = retrieve(&mut plant, &good, "damaged or thawed").unwrap_err();
    assert!(matches!(refused, Refusal::OutsideLimit { .. }), "{refused}");
    retrieve(&mut plant, &good, FROZEN).unwrap();
}

#[test]
fn a_vial_that_was_thawed_once_never_leaves_as_a_dose() {
    let mut plant = at_dose();
    let vials: Vec<ContainerCode> = ["1.0", "1.0", "0.5", "0.5"]
        .iter()
        .map(|ml| at_vial(&mut plant, ml, "50", "DNR-0001"))
        .collect();
    let thawed = Event::Thawed { batch: BatchNumber::parse("B-2026-0009").unwrap() };
    let change = Change::of::<Container>(vials[0].as_str(), thawed);
    plant.record_changes("ana", vec![change]);
    let refused = retrieve(&mut plant, &vials, FROZEN).unwrap_err();
    assert!(matches!(refused, Refusal::ThawedBefore { .. }), "{refused}");
}

fn order_of(units: &[(&str, Option<&str>, &str)]) -> Start {
    let unit = |(target, cells, volume): &(&str, Option<&str>, &str)| DoseUnit {
        target: name(target),
        title: target.replace('_', " "),
        cells: cells.map(|cells| q(cells, Unit::MillionCells)),
        volume: q(volume, Unit::Millilitre),
    };
    Start { dose_units: units.iter().map(unit).collect(), ..for_order() }
}

#[test]
fn an_infusion_by_weight_is_filled_with_the_cells_of_the_order() {
    let start = order_of(&[("vein", Some("70"), "70.0")]);
    let mut plant = Plant::started(UC_DOSE, start);
    plant.done("clear_line", CLEAR);
    let vials: Vec<ContainerCode> =
        ["DNR-0001"; 2].iter().map(|d| uc_vial(&mut plant, d)).collect();
    let foreign = uc_vial(&mut plant, "DNR-0002");
    let bath = &[("bath_temperature", "37.0")];
    let mixed = [vials[0].clone(), foreign];
    let refused = try_take(&mut plant, "thaw", bath, &mixed).unwrap_err();
    assert!(matches!(refused, Refusal::DonorTooMany { .. }), "{refused}");
    take(&mut plant, "thaw", bath, &vials);
    plant.later("10 min");
    let counted = &[("concentration", "8.000"), ("viability", "90.0"), ("volume", "20.0")];
    plant.done("wash", counted);
    let formulated = &[("volume", "144.0"), ("concentration", "1.100"), ("viability", "91.0")];
    plant.done("formulate", formulated);
    plant.done("sample_product", &[]);
    let filled = &[("mass", "71.0"), ("appearance", "opalescent, no clumps"), ("leak", "tight")];
    plant.done("fill", filled);
    let bags = plant.made("bag");
    assert_eq!(bags.len(), 1);
    assert_eq!(bags[0].kind, ContainerKind::Bag);
    assert_eq!(bags[0].contents.viable_cells, Some(q("70", Unit::MillionCells)));
    assert_eq!(bags[0].contents.volume, Some(q("70.0", Unit::Millilitre)));
    plant.done("label_bag", &[]);
    plant.done("close", &[("line_left_clear", "yes")]);
    assert_eq!(plant.batch().state, BatchState::PendingReview);
    assert!(plant.deviations().is_empty(), "{:?}", plant.deviations());
}

fn uc_vial(plant: &mut Plant, donor: &str) -> ContainerCode {
    let code = plant.outside(Outside {
        material: "UC-MSC",
        volume: Some("2.0"),
        cells: Some("100"),
        donors: &[donor],
        record: Some(("UC-MSC-BANK", 1)),
        ..vial()
    });
    reserve(plant, &code, "ORD-2026-0001");
    code
}

#[test]
fn too_few_cells_for_the_weight_of_the_patient_is_a_critical_deviation() {
    let start = order_of(&[("vein", Some("120"), "120.0")]);
    let mut plant = Plant::started(UC_DOSE, start);
    plant.done("clear_line", CLEAR);
    let vials: Vec<ContainerCode> =
        ["DNR-0001"; 2].iter().map(|d| uc_vial(&mut plant, d)).collect();
    take(&mut plant, "thaw", &[("bath_temperature", "37.0")], &vials);
    let few = &[("concentration", "7.000"), ("viability", "90.0"), ("volume", "20.0")];
    plant.done("wash", few);
    let classes: Vec<Class> = plant.deviations().into_iter().map(|(class, _)| class).collect();
    assert_eq!(classes, [Class::Critical]);
    let next = plant
        .ask("formulate", &[("volume", "126.0"), ("concentration", "1.1"), ("viability", "91.0")]);
    assert!(matches!(plant.when(next), Err(Refusal::DeviationOpen { .. })));
}

#[test]
fn an_autologous_bank_takes_one_participant_and_a_dose_one_vial() {
    let mut plant = Plant::started(BM_BANK, Start::default());
    plant.done("clear_line", CLEAR);
    let own = plant.outside(pot("BM-ASPIRATE", &["DNR-0001"]));
    let other = plant.outside(pot("BM-ASPIRATE", &["DNR-0002"]));
    let values = &[
        ("transport_temperature", "18"),
        ("received_volume", "30"),
        ("condition", "intact, not clotted"),
        ("one_participant", "yes"),
    ];
    let both = [own.clone(), other];
    let refused = try_take(&mut plant, "receive_aspirate", values, &both).unwrap_err();
    assert!(matches!(refused, Refusal::DonorTooMany { .. }), "{refused}");
    let unsure: Vec<(&str, &str)> =
        values.iter().map(|(f, v)| (*f, if *f == "one_participant" { "no" } else { *v })).collect();
    let refused = try_take(&mut plant, "receive_aspirate", &unsure, std::slice::from_ref(&own));
    assert!(matches!(refused, Err(Refusal::NotConfirmed { .. })));
    take(&mut plant, "receive_aspirate", values, &[own]);
}

#[test]
fn one_or_two_syringes_follow_the_glands_of_the_order() {
    for glands in [1, 2] {
        let units = [("left_gland", Some("10"), "1.0"), ("right_gland", Some("10"), "1.0")];
        let mut plant = Plant::started(BM_DOSE, order_of(&units[..glands]));
        plant.done("clear_line", CLEAR);
        let code = plant.outside(Outside {
            material: "BM-MSC",
            volume: Some("1.5"),
            cells: Some("75"),
            donors: &["DNR-0001"],
            record: Some(("BM-MSC-BANK", 1)),
            ..vial()
        });
        reserve(&mut plant, &code, "ORD-2026-0001");
        take(&mut plant, "thaw", &[("bath_temperature", "37.0")], &[code]);
        let counted = &[("concentration", "7.0"), ("viability", "90.0"), ("volume", "9.5")];
        plant.done("wash", counted);
        let formulated = &[("volume", "5.90"), ("concentration", "11.0"), ("viability", "91.0")];
        plant.done("formulate", formulated);
        plant.done("sample_product", &[]);
        plant.done("fill", &[("appearance", "opalescent, no clumps")]);
        assert_eq!(plant.made("syringes").len(), glands);
        assert!(plant.deviations().is_empty(), "{:?}", plant.deviations());
    }
}

/// A bottle of the bank, reserved for the order.
fn bottle(plant: &mut Plant) -> ContainerCode {
    let code = plant.outside(Outside {
        kind: ContainerKind::Bottle,
        material: "MSC-SUP",
        passage: None,
        volume: Some("100.0"),
        cells: None,
        donors: &["DNR-0001"],
        record: Some(("MSC-SUP-BANK", 1)),
    });
    reserve(plant, &code, "ORD-2026-0001");
    code
}

#[test]
fn a_dose_without_cells_asks_for_none_and_accounts_for_volume_only() {
    let record = parse(SUP_DOSE).unwrap();
    let units: Vec<Unit> = record
        .steps
        .iter()
        .flat_map(|step| {
            let fields = step.fields.iter().filter_map(|field| match field.kind {
                chorda::domain::master_record::FieldKind::Number { unit, .. } => Some(unit),
                _ => None,
            });
            let calculated =
                step.calculations.iter().filter_map(|c| record.calculation_unit(step, c));
            fields.chain(calculated).collect::<Vec<Unit>>()
        })
        .collect();
    assert!(units.iter().all(|unit| !unit.code().contains("10*")), "{units:?}");
    let routes = [("mouthwash", None, "15.0"), ("bladder", None, "50.0")];
    let mut plant = Plant::started(SUP_DOSE, order_of(&routes));
    plant.done("clear_line", CLEAR);
    let code = bottle(&mut plant);
    take(&mut plant, "thaw", &[("bath_temperature", "37.0")], &[code]);
    let clear = ("appearance", "clear, colourless to pale yellow");
    plant.done("filter", &[("volume", "97.0"), ("integrity", "passed"), clear]);
    plant.done("sample_product", &[]);
    plant.done("fill", &[("closure", "tight")]);
    plant.done("label_bottles", &[]);
    plant.done("close", &[("line_left_clear", "yes")]);
    let batch = plant.batch();
    assert_eq!(batch.state, BatchState::PendingReview);
    let made = plant.made("unit_bottles");
    let volumes: Vec<String> =
        made.iter().map(|unit| unit.contents.volume.unwrap().text()).collect();
    assert_eq!(volumes, ["15.0 ml", "50.0 ml"]);
    assert!(made.iter().all(|unit| unit.contents.viable_cells.is_none()));
    let postings = batch.performances.iter().flat_map(|performance| &performance.postings);
    assert!(postings.clone().all(|posting| posting.amount.unit() != Unit::MillionCells));
    // 100 ml: 3 lost in the filter, 7 in samples, 65 in bottles, 25 thrown away.
    let book = &batch.book;
    let ml = |account| book.balance(account, Unit::Millilitre).value().normalize().to_string();
    let accounts = [Account::Input, Account::Removed, Account::Sample, Account::Output];
    assert_eq!(accounts.map(ml), ["-100", "3", "7", "65"]);
    assert_eq!(ml(Account::Waste), "25");
    assert_eq!(ml(Account::Process), "0");
}

#[test]
fn an_order_of_cells_starts_no_batch_without_cells_and_the_other_way_round() {
    let number = BatchNumber::parse("B-2026-0001").unwrap();
    let with = order_of(&[("bladder", Some("50"), "50.0")]);
    let without = order_of(&[("bladder", None, "50.0")]);
    for (text, start, fits) in [
        (SUP_DOSE, &with, false),
        (SUP_DOSE, &without, true),
        (UC_DOSE, &without, false),
        (UC_DOSE, &with, true),
    ] {
        let started = batch::start(&number, &parse(text).unwrap(), start);
        assert_eq!(started.is_ok(), fits, "{started:?}");
    }
}

#[test]
fn more_volume_than_was_thawed_is_not_believed_and_too_little_is_critical() {
    let mut plant = Plant::started(SUP_DOSE, order_of(&[("bladder", None, "50.0")]));
    plant.done("clear_line", CLEAR);
    let code = bottle(&mut plant);
    take(&mut plant, "thaw", &[("bath_temperature", "37.0")], &[code]);
    let clear = ("appearance", "clear, colourless to pale yellow");
    let failed = plant.ask("filter", &[("volume", "97.0"), ("integrity", "failed"), clear]);
    assert!(matches!(plant.when(failed), Err(Refusal::OutsideLimit { .. })));
    plant.done("filter", &[("volume", "40.0"), ("integrity", "passed"), clear]);
    let classes: Vec<Class> = plant.deviations().into_iter().map(|(class, _)| class).collect();
    assert_eq!(classes, [Class::Critical]);
}

#[test]
fn the_supernatant_leaves_its_cells_behind() {
    let mut plant = Plant::started(SUP_BANK, Start::default());
    plant.done("clear_line", CLEAR);
    let tissue = plant.outside(cord(&["DNR-0001"]));
    let values = &[("transport_temperature", "5"), ("cord_mass", "30"), ("condition", "intact")];
    take(&mut plant, "receive_cord", values, &[tissue]);
    plant.done("prepare_explants", &[("vessels_removed", "yes")]);
    plant.done("seed_p0", &[]);
    plant.done("label_p0", &[]);
    plant.later("14 d");
    plant.done("feed_p0", &[("contamination", "none seen")]);
    plant.done("harvest_p0", &[("concentration", "2.4"), ("viability", "94"), ("volume", "30")]);
    plant.done("seed_p1", &[]);
    plant.done("label_p1", &[]);
    plant.later("6 d");
    plant.done("start_collection", &[("confluence", "88"), ("washes", "3")]);
    plant.later("48 h");
    let collected =
        &[("volume", "1950.0"), ("contamination", "none seen"), ("cells_discarded", "yes")];
    plant.done("collect", collected);
    plant.done("clarify", &[("speed_time", "30"), ("pellet", "no")]);
    let more = plant.ask("filter", &[("volume", "2000.0"), ("integrity", "passed")]);
    assert!(matches!(plant.when(more), Err(Refusal::OutsideLimit { .. })));
    plant.done("filter", &[("volume", "1850.0"), ("integrity", "passed")]);
    plant.done("sample_bulk", &[]);
    let clear = ("appearance", "clear, colourless to pale yellow");
    plant.done("fill", &[("bottle_count", "18"), clear]);
    plant.done("label_bottles", &[]);
    plant.done("freeze", &[("temperature", "-80")]);
    plant.put_away(&["bottles"]);
    plant.done("store", &[]);
    plant.done("close", &[("line_left_clear", "yes")]);
    let batch = plant.batch();
    assert_eq!(batch.state, BatchState::PendingReview);
    let bottles = plant.made("bottles");
    assert_eq!(bottles.len(), 18);
    assert!(bottles.iter().all(|b| b.contents.viable_cells.is_none()
        && b.contents.passage.is_none()
        && b.contents.volume == Some(q("100.0", Unit::Millilitre))));
    let cells = |account| batch.book.balance(account, Unit::MillionCells).value();
    assert_eq!(cells(Account::Output), 0.into());
    assert!(cells(Account::Waste) > 0.into());
}

#[test]
fn what_is_unopened_keeps_a_division_of_its_own_vial() {
    let mut plant = at_dose();
    let vials: Vec<ContainerCode> = ["1.0", "1.0", "0.5", "0.5"]
        .iter()
        .map(|ml| at_vial(&mut plant, ml, "50", "DNR-0001"))
        .collect();
    let divisions = ["AL0000", "AM0000", "BA0000", "BB0000"];
    plant.divided.used = vials.iter().cloned().zip(divisions.map(str::to_owned)).collect();
    retrieve(&mut plant, &vials, FROZEN).unwrap();
    let made: Vec<String> = plant
        .made("dose_vials")
        .into_iter()
        .map(|unit: Container| unit.identity.unwrap().division)
        .collect();
    assert_eq!(made, ["ALAA00", "AMAA00", "BAAA00", "BBAA00"]);
}
