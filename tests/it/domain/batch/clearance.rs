//! Line clearance: what is foreign fails it, with a deviation, until it is taken away (ATMP-7).

use super::*;
use chorda::domain::batch::Thing;

fn scan(plant: &mut Plant, item: &str, thing: &Thing) -> Result<(), Refusal> {
    let (batch, context) = (plant.batch(), plant.context("ana"));
    let number = DeviationNumber::parse(&format!("DEV-2026-{:04}", batch.version)).unwrap();
    let step = name("clear_line");
    let changes = batch::scan_line(&batch, &plant.record, (&step, item), thing, &number, &context)?;
    plant.record_changes("ana", changes);
    Ok(())
}

fn take_away(plant: &mut Plant, item: &str, to: &str) -> Result<(), Refusal> {
    let changes = batch::remove_foreign(&plant.batch(), &name("clear_line"), (item, to))?;
    plant.record_changes("ana", changes);
    Ok(())
}

fn lot(code: &str) -> Thing {
    let lot = LotId::parse(code).unwrap();
    let material = MaterialCode::parse(code.split('/').next().unwrap()).unwrap();
    Thing::Lot { lot, material }
}

fn held(plant: &Plant, code: &ContainerCode) -> Thing {
    Thing::Container(Box::new(plant.container(code.as_str())))
}

#[test]
fn what_belongs_to_the_batch_may_lie_there() {
    let (mut plant, vial) = dose_plant();
    let order = OrderNumber::parse("ORD-2026-0001").unwrap();
    let own = [
        held(&plant, &vial),
        lot("ALPHA-MEM/L1"),
        Thing::Batch(plant.number.clone()),
        Thing::Order(order),
    ];
    for thing in own {
        scan(&mut plant, "own", &thing).unwrap();
        assert!(plant.batch().foreign.is_empty(), "{thing:?}");
    }
    plant.done("clear_line", CLEAR);
}

#[test]
fn anything_of_another_batch_patient_or_site_fails_the_clearance() {
    let (plant, _) = dose_plant();
    let (mut other, _) = dose_plant();
    let unreserved = other.outside(vial());
    let elsewhere = other.outside(super::lot(&["DNR-0001"]));
    let foreign = [
        held(&other, &unreserved),
        held(&other, &elsewhere),
        lot("FBS/L1"),
        Thing::Batch(BatchNumber::parse("B-2026-0077").unwrap()),
        Thing::Order(OrderNumber::parse("ORD-2026-0009").unwrap()),
        Thing::Donation(Din::parse("A999926000009").unwrap()),
        Thing::Elsewhere("label of another site".to_owned()),
    ];
    for thing in foreign {
        let (mut plant, _) = dose_plant();
        scan(&mut plant, "X", &thing).unwrap();
        let found = &plant.batch().foreign;
        assert_eq!((found.len(), found[0].found.1.as_str()), (1, "ana"), "{thing:?}");
        assert_eq!(plant.deviations().len(), 1);
        assert_eq!(plant.deviations()[0].0, Class::Major);
        let sign = plant.ask("clear_line", CLEAR);
        let refused = plant.when(sign).unwrap_err();
        assert!(matches!(refused, Refusal::LineNotClear { .. }), "{refused}");
    }
    assert!(plant.batch().foreign.is_empty());
}

#[test]
fn the_step_is_signed_once_the_thing_is_gone_and_says_so() {
    let (mut plant, _) = dose_plant();
    let foreign = Thing::Batch(BatchNumber::parse("B-2026-0077").unwrap());
    scan(&mut plant, "B-2026-0077", &foreign).unwrap();
    // The same thing scanned again is the same finding.
    scan(&mut plant, "B-2026-0077", &foreign).unwrap();
    assert_eq!(plant.deviations().len(), 1);
    let refused = take_away(&mut plant, "B-2026-0077", "  ");
    assert!(matches!(refused, Err(Refusal::WhereTo { .. })));
    let refused = take_away(&mut plant, "B-2026-0078", "the shredder");
    assert!(matches!(refused, Err(Refusal::NothingOpen { .. })));
    take_away(&mut plant, "B-2026-0077", "the documents of that batch").unwrap();
    plant.done("clear_line", CLEAR);
    let batch = plant.batch();
    let performed = batch.last_of(&name("clear_line")).unwrap();
    let shown = chorda::domain::batch::performance_shown(&batch, &plant.record, performed);
    assert!(shown.foreign[0].contains("taken to the documents of that batch"), "{shown:?}");
    // Back again: it is a new finding, and the clearance is over.
    let late = scan(&mut plant, "B-2026-0077", &foreign);
    assert!(matches!(late, Err(Refusal::NotClearing { .. })));
}

#[test]
fn what_the_second_person_finds_keeps_the_step_unverified() {
    let (mut plant, _) = dose_plant();
    let sign = plant.ask("clear_line", CLEAR);
    plant.when(sign).unwrap();
    scan(&mut plant, "FBS/L1", &lot("FBS/L1")).unwrap();
    let refused = plant.verify("clear_line", "bor").unwrap_err();
    assert!(matches!(refused, Refusal::LineNotClear { .. }), "{refused}");
    take_away(&mut plant, "FBS/L1", "quarantine shelf").unwrap();
    plant.verify("clear_line", "bor").unwrap();
}

#[test]
fn the_record_says_how_serious_a_foreign_item_is() {
    let text = DOSE.replace(
        "operation = \"clear_line\"",
        "operation = \"clear_line\"\nforeign = \"critical\"",
    );
    let mut plant = Plant::started(&text, for_order());
    scan(&mut plant, "FBS/L1", &lot("FBS/L1")).unwrap();
    assert_eq!(plant.deviations()[0].0, Class::Critical);
}

#[test]
fn nothing_is_scanned_at_another_step() {
    let (mut plant, _) = dose_plant();
    plant.done("clear_line", CLEAR);
    let (batch, context) = (plant.batch(), plant.context("ana"));
    let number = DeviationNumber::parse("DEV-2026-0001").unwrap();
    let step = name("thaw");
    let foreign = lot("FBS/L1");
    let refused =
        batch::scan_line(&batch, &plant.record, (&step, "x"), &foreign, &number, &context);
    assert!(matches!(refused, Err(Refusal::NotClearing { .. })));
}
