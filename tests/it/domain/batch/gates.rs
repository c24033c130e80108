//! Gates: values and limits, materials, equipment, containers, labels.

use super::*;

fn with(plant: &Plant, step: &str, values: &[(&str, &str)]) -> PerformStep {
    plant.ask(step, values)
}

fn refused(message: &str) -> Refused {
    Refused {
        rule: "expired ATMP-28".to_owned(),
        kind: chorda::domain::RefusalKind::Conflict,
        message: message.to_owned(),
    }
}

#[test]
fn a_statement_that_is_not_confirmed_stops_the_step() {
    let (mut plant, _) = dose_plant();
    let values = &[("nothing_else_present", "no"), ("cleaned", "yes")];
    let command = with(&plant, "clear_line", values);
    assert!(matches!(plant.when(command), Err(Refusal::NotConfirmed { .. })));
}

#[test]
fn a_missing_an_unknown_and_a_malformed_value_are_refused() {
    let mut plant = dose_before_harvest();
    let cases: [(&[(&str, &str)], &str); 5] = [
        (&[("concentration", "11.7"), ("viability", "95")], "missing"),
        (&[("colour", "red"), ("concentration", "1")], "unknown"),
        (&[("concentration", "eleven"), ("viability", "95"), ("volume", "20")], "malformed"),
        (&[("concentration", "11.7001"), ("viability", "95"), ("volume", "20")], "malformed"),
        (&[("concentration", ""), ("viability", "95"), ("volume", "20")], "missing"),
    ];
    for (values, expected) in cases {
        let command = with(&plant, "harvest_p2", values);
        let refused = plant.when(command).unwrap_err();
        let found = match refused {
            Refusal::ValueMissing { .. } => "missing",
            Refusal::UnknownField { .. } => "unknown",
            Refusal::ValueMalformed { .. } => "malformed",
            ref other => panic!("{other}"),
        };
        assert_eq!(found, expected, "{values:?}");
    }
    let command = with(
        &plant,
        "harvest_p2",
        &[("concentration", "11,70"), ("viability", "95"), ("volume", "20")],
    );
    plant.when(command).unwrap();
}

#[test]
fn a_word_that_is_not_offered_is_refused() {
    let mut plant = dose_in_p2();
    let command = with(&plant, "feed_p2", &[("contamination", "maybe")]);
    assert!(matches!(plant.when(command), Err(Refusal::ValueMalformed { .. })));
}

#[test]
fn a_choice_outside_the_accepted_ones_opens_a_critical_deviation() {
    let mut plant = dose_in_p2();
    plant.done("feed_p2", &[("contamination", "suspected")]);
    assert_eq!(plant.deviations()[0].0, Class::Critical);
    let next = plant.ask("sample_supernatant", &[]);
    assert!(matches!(plant.when(next), Err(Refusal::DeviationOpen { .. })));
}

#[test]
fn a_broken_limit_opens_a_deviation_in_the_same_decision() {
    let mut plant = dose_before_harvest();
    let low = &[("concentration", "11.700"), ("viability", "79.9"), ("volume", "21.0")];
    let command = with(&plant, "harvest_p2", low);
    plant.when(command).unwrap();
    let found = plant.deviations();
    assert_eq!(found, vec![(Class::Major, "Viability: 79.9 %".to_owned())]);
    let batch = plant.batch();
    let performed = batch.last_of(&name("harvest_p2")).unwrap();
    let mark = performed.entries(&name("viability")).next().unwrap().mark;
    assert_eq!(mark, chorda::domain::batch::Mark::Action);
    assert_eq!(performed.deviations.len(), 1);
}

#[test]
fn too_few_cells_for_the_order_is_a_critical_deviation() {
    let mut plant = dose_before_harvest();
    plant.done(
        "harvest_p2",
        &[("concentration", "9.000"), ("viability", "95.0"), ("volume", "20.0")],
    );
    let found = plant.deviations();
    assert!(
        found.iter().any(|(class, title)| *class == Class::Critical && title.contains("harvested"))
    );
}

#[test]
fn a_product_off_its_concentration_is_a_critical_deviation() {
    let mut plant = dose_before_harvest();
    plant.done("harvest_p2", HARVEST);
    plant.done(
        "formulate",
        &[("volume", "4.44"), ("concentration", "60.00"), ("viability", "95.0")],
    );
    let found = plant.deviations();
    assert!(
        found.iter().any(|(class, title)| *class == Class::Critical && title.contains("57.00"))
    );
}

#[test]
fn who_has_not_acknowledged_the_master_record_performs_nothing() {
    let (mut plant, _) = dose_plant();
    plant.acknowledged = false;
    let refused = plant.when(with(&plant, "clear_line", CLEAR)).unwrap_err();
    assert!(matches!(refused, Refusal::NotAcknowledged { .. }), "{refused}");
    plant.acknowledged = true;
    plant.when(with(&plant, "clear_line", CLEAR)).unwrap();
}

#[test]
fn a_step_of_a_room_is_recorded_only_at_a_station_that_stands_there() {
    let text = DOSE.replacen(
        "operation = \"clear_line\"",
        "operation = \"clear_line\"\nroom = \"clean_room\"",
        1,
    );
    let mut plant = Plant::started(&text, for_order());
    for elsewhere in [None, Some(name("laboratory"))] {
        plant.room = elsewhere;
        let refused = plant.when(with(&plant, "clear_line", CLEAR)).unwrap_err();
        assert!(matches!(refused, Refusal::WrongRoom { .. }), "{refused}");
    }
    plant.room = Some(name("clean_room"));
    plant.when(with(&plant, "clear_line", CLEAR)).unwrap();
}

#[test]
fn a_lot_that_was_not_scanned_is_missing() {
    let (mut plant, _) = dose_plant();
    plant.done("clear_line", CLEAR);
    let mut plant = dose_in_p2();
    let mut command = with(&plant, "feed_p2", &[("contamination", "none seen")]);
    command.materials.pop();
    assert!(matches!(plant.when(command), Err(Refusal::MaterialMissing { .. })));
}

#[test]
fn how_much_of_a_lot_was_used_is_shown_and_signed_where_it_was_stated() {
    use chorda::domain::batch::{material_amount, performance_shown};
    let mut plant = dose_in_p2();
    plant.done("feed_p2", &[("contamination", "none seen"), ("medium_volume", "216")]);
    let (batch, record) = (plant.batch(), &plant.record);
    let fed = batch.last_of(&name("feed_p2")).unwrap();
    let shown = performance_shown(&batch, record, fed);
    assert_eq!(shown.materials, ["ALPHA-MEM/L1, 216.0 ml", "HPL/L1"]);
    let lots = [LotId::parse("ALPHA-MEM/L1").unwrap(), LotId::parse("ALPHA-MEM/L2").unwrap()];
    let mut two = fed.clone();
    two.materials = lots.to_vec();
    let amount = material_amount(&batch, record, &two, &lots[1]);
    assert_eq!(amount.as_deref(), Some("216.0 ml of all its lots together"));
}

#[test]
fn an_expired_lot_is_refused_with_the_words_of_the_lot() {
    let mut plant = dose_in_p2();
    plant.bad_lots.insert("HPL/L1".to_owned(), refused("HPL/L1 expired on 2026-01-01"));
    let command = with(&plant, "feed_p2", &[("contamination", "none seen")]);
    let refusal = plant.when(command).unwrap_err();
    assert!(matches!(refusal, Refusal::Unusable(_)));
    assert!(refusal.to_string().contains("expired"), "{refusal}");
}

#[test]
fn a_lot_the_step_does_not_use_is_refused() {
    let mut plant = dose_in_p2();
    let mut command = with(&plant, "feed_p2", &[("contamination", "none seen")]);
    command.materials.push(LotId::parse("CS10/L1").unwrap());
    assert!(matches!(plant.when(command), Err(Refusal::MaterialForeign { .. })));
}

#[test]
fn equipment_missing_of_another_kind_or_out_of_calibration_is_refused() {
    let (mut plant, _) = dose_plant();
    let mut command = with(&plant, "clear_line", CLEAR);
    command.equipment.clear();
    assert!(matches!(plant.when(command), Err(Refusal::EquipmentMissing { .. })));
    let mut command = with(&plant, "clear_line", CLEAR);
    command.equipment.push(AssetId::parse("EQ-CENTRIFUGE").unwrap());
    assert!(matches!(plant.when(command), Err(Refusal::EquipmentForeign { .. })));
    let asset = "EQ-BIOSAFETY-CABINET".to_owned();
    plant.bad_assets.insert(asset, refused("calibration was due"));
    let command = with(&plant, "clear_line", CLEAR);
    assert!(matches!(plant.when(command), Err(Refusal::Unusable(_))));
}

fn thaw_with(plant: &mut Plant, code: &ContainerCode) -> Result<(), Refusal> {
    let mut command = plant.ask("thaw", &[("bath_temperature", "37.0")]);
    command.consumed.push(code.clone().into());
    plant.when(command)
}

#[test]
fn a_vial_that_is_not_reserved_for_the_order_is_refused() {
    let mut plant = Plant::started(DOSE, for_order());
    let code = plant.outside(vial());
    plant.done("clear_line", CLEAR);
    assert!(matches!(thaw_with(&mut plant, &code), Err(Refusal::NotReserved { .. })));
    let other = OrderNumber::parse("ORD-2026-0009").unwrap();
    let reserved = Event::Reserved { order: other };
    plant.record_changes("ana", vec![Change::of::<Container>(code.as_str(), reserved)]);
    let refused = thaw_with(&mut plant, &code).unwrap_err();
    assert!(refused.to_string().contains("ORD-2026-0009"), "{refused}");
}

#[test]
fn a_vial_not_released_thawed_or_used_is_refused() {
    let (mut plant, code) = dose_plant();
    plant.done("clear_line", CLEAR);
    let quarantine = Standing { disposition: Disposition::Quarantine, because: None };
    plant.standings.insert(code.to_string(), quarantine);
    assert!(matches!(thaw_with(&mut plant, &code), Err(Refusal::Unusable(_))));
    plant.standings.clear();
    let other = BatchNumber::parse("B-2026-0077").unwrap();
    let consumed = Event::Consumed { batch: other, step: name("thaw"), postings: Vec::new() };
    plant.record_changes("cene", vec![Change::of::<Container>(code.as_str(), consumed)]);
    let refused = thaw_with(&mut plant, &code).unwrap_err();
    assert!(refused.to_string().contains("cene"), "{refused}");
}

#[test]
fn a_void_label_is_refused_and_a_typed_code_is_not_asked_for_one() {
    let (mut plant, code) = dose_plant();
    plant.done("clear_line", CLEAR);
    let printed = |serial| Event::LabelPrinted {
        serial,
        definition: "cryovial".to_owned(),
        definition_version: 1,
        payload: code.to_string(),
        copies: 1,
    };
    let voided = Event::LabelVoided { serial: 1, because: "smeared".to_owned() };
    for event in [printed(1), voided, printed(2)] {
        plant.record_changes("ana", vec![Change::of::<Container>(code.as_str(), event)]);
    }
    for (serial, words) in [(1, "void"), (3, "was ever printed")] {
        let mut command = plant.ask("thaw", &[("bath_temperature", "37.0")]);
        command.consumed.push(Scan { code: code.clone(), serial: Some(serial) });
        let refused = plant.when(command).unwrap_err();
        assert!(matches!(refused, Refusal::Unusable(_)), "{refused}");
        assert!(refused.to_string().contains(words), "{refused}");
    }
    let mut command = plant.ask("thaw", &[("bath_temperature", "37.0")]);
    command.consumed.push(Scan { code, serial: Some(2) });
    plant.when(command).unwrap();
}

#[test]
fn a_vial_of_another_product_and_an_unknown_code_are_refused() {
    let (mut plant, _) = dose_plant();
    plant.done("clear_line", CLEAR);
    let foreign = plant.outside(lot(&["DNR-0001"]));
    assert!(matches!(thaw_with(&mut plant, &foreign), Err(Refusal::ContainerForeign { .. })));
    let unknown = ContainerCode::parse("CC9999999").unwrap();
    assert!(matches!(thaw_with(&mut plant, &unknown), Err(Refusal::Unknown { .. })));
}

#[test]
fn two_vials_are_one_too_many_and_none_is_too_few() {
    let (mut plant, code) = dose_plant();
    plant.done("clear_line", CLEAR);
    let command = with(&plant, "thaw", &[("bath_temperature", "37.0")]);
    assert!(matches!(plant.when(command.clone()), Err(Refusal::ContainerCount { given: 0, .. })));
    let second = plant.outside(vial());
    let order = OrderNumber::parse("ORD-2026-0001").unwrap();
    let reserved = vec![Change::of::<Container>(second.as_str(), Event::Reserved { order })];
    plant.record_changes("ana", reserved);
    let mut command = command;
    command.consumed = vec![code.into(), second.into()];
    assert!(matches!(plant.when(command), Err(Refusal::ContainerCount { given: 2, .. })));
}

#[test]
fn a_vial_still_in_its_box_must_be_taken_out_first() {
    let (mut plant, code) = dose_plant();
    plant.done("clear_line", CLEAR);
    let location = chorda::domain::id::LocationPath::parse("LN2/T1/R1/B1/A1").unwrap();
    let stored = Event::Stored { location };
    plant.record_changes("ana", vec![Change::of::<Container>(code.as_str(), stored)]);
    assert!(matches!(thaw_with(&mut plant, &code), Err(Refusal::Unusable(_))));
}

#[test]
fn a_cord_that_is_too_old_is_refused() {
    let mut plant = Plant::started(P1, Start::default());
    let code = plant.outside(cord(&["DNR-0001"]));
    plant.later("49 h");
    plant.done("clear_line", CLEAR);
    let values = &[("transport_temperature", "5"), ("cord_mass", "30"), ("condition", "intact")];
    let mut command = with(&plant, "receive_cord", values);
    command.consumed.push(code.into());
    assert!(matches!(plant.when(command), Err(Refusal::TooOld { .. })));
}

#[test]
fn all_flasks_have_to_come_to_the_harvest() {
    let mut plant = dose_before_harvest();
    let mut command = with(&plant, "harvest_p2", HARVEST);
    command.consumed.pop();
    assert!(matches!(
        plant.when(command),
        Err(Refusal::ContainerCount { needed: 2, given: 1, .. })
    ));
}

#[test]
fn a_label_that_was_not_read_back_stops_the_step() {
    let (mut plant, code) = dose_plant();
    plant.done("clear_line", CLEAR);
    thaw_with(&mut plant, &code).unwrap();
    plant.verify("thaw", "bor").unwrap();
    plant.done("count_thaw", &[("concentration", "4.8"), ("viability", "92"), ("volume", "10")]);
    plant.when(with(&plant, "seed_p2", &[])).unwrap();
    let refused = plant.when(with(&plant, "label_p2", &[])).unwrap_err();
    assert!(matches!(refused, Refusal::LabelMissing { missing: "printed", .. }));
    let flasks = plant.live("p2_flask");
    let printed = Event::LabelPrinted {
        serial: 1,
        definition: "flask".to_owned(),
        definition_version: 1,
        payload: flasks[0].clone(),
        copies: 1,
    };
    plant.record_changes("ana", vec![Change::of::<Container>(&flasks[0], printed)]);
    let refused = plant.when(with(&plant, "label_p2", &[])).unwrap_err();
    assert!(matches!(refused, Refusal::LabelMissing { missing: "read back", .. }));
    let back = Event::LabelScannedBack { serial: 1 };
    plant.record_changes("ana", vec![Change::of::<Container>(&flasks[0], back)]);
    plant.label(&flasks[1].clone());
    plant.when(with(&plant, "label_p2", &[])).unwrap();
}

#[test]
fn a_surplus_label_stops_the_reconciliation() {
    let mut plant = dose_before_harvest();
    plant.done("harvest_p2", HARVEST);
    plant.done(
        "formulate",
        &[("volume", "4.44"), ("concentration", "52.50"), ("viability", "95.0")],
    );
    plant.done("sample_product", &[]);
    plant.done("fill", &[("appearance", "opalescent, no clumps")]);
    let syringe = plant.live("syringes")[0].clone();
    let reprint = Event::LabelPrinted {
        serial: 2,
        definition: "syringe".to_owned(),
        definition_version: 1,
        payload: syringe.clone(),
        copies: 1,
    };
    let back = Event::LabelScannedBack { serial: 2 };
    plant.record_changes(
        "ana",
        vec![
            Change::of::<Container>(
                &syringe,
                Event::LabelVoided { serial: 1, because: "smeared".to_owned() },
            ),
            Change::of::<Container>(&syringe, reprint),
            Change::of::<Container>(&syringe, back),
        ],
    );
    plant.done("label_syringes", &[]);
    let close = with(&plant, "close", &[("line_left_clear", "yes")]);
    assert!(matches!(plant.when(close), Err(Refusal::LabelsUnreconciled { .. })));
}

#[test]
fn more_than_the_suspension_holds_cannot_be_filled() {
    let mut plant = dose_before_harvest();
    // 2.90 ml are formulated; the order needs 3.0 ml and 0.5 ml are drawn for samples.
    plant.done(
        "harvest_p2",
        &[("concentration", "9.700"), ("viability", "95.0"), ("volume", "20.0")],
    );
    plant.done(
        "formulate",
        &[("volume", "3.40"), ("concentration", "52.50"), ("viability", "95.0")],
    );
    let refused = plant.when(with(&plant, "sample_product", &[]));
    assert!(matches!(refused, Err(Refusal::DeviationOpen { .. })));
}

#[test]
fn a_bank_cannot_have_more_aliquots_than_its_volume() {
    let mut plant = super::pooling::pooled();
    plant.done(
        "formulate",
        &[("volume", "64.0"), ("concentration", "52.60"), ("viability", "95.0")],
    );
    plant.done("sample_bank", &[]);
    let refused = plant.when(with(&plant, "fill", &[("aliquot_count", "65")])).unwrap_err();
    assert!(matches!(refused, Refusal::OutsideLimit { .. }));
    // 64 aliquots would fit the count but not the volume left after sampling.
    let refused = plant.when(with(&plant, "fill", &[("aliquot_count", "63")])).unwrap_err();
    assert!(matches!(refused, Refusal::Balance { .. }), "{refused}");
}
