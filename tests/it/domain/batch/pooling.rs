//! Pooling: four different, eligible donors, in equal ratios (ATMP-25).

use chorda::domain::batch::Mark;

use super::*;

const DONORS: [&[&str]; 4] = [&["DNR-0001"], &["DNR-0002"], &["DNR-0003"], &["DNR-0004"]];

/// Counts of the four lots: concentration, viability, volume.
const COUNTS: [(&str, &str, &str); 4] = [
    ("10.300", "95.0", "98.50"),
    ("9.100", "93.5", "99.20"),
    ("11.050", "96.0", "97.80"),
    ("9.600", "94.0", "98.00"),
];

fn plant_with_lots() -> (Plant, Vec<ContainerCode>) {
    let mut plant = Plant::started(BANK, for_pool());
    let lots = DONORS.iter().map(|donor| plant.outside(lot(donor))).collect();
    plant.done("clear_line", CLEAR);
    (plant, lots)
}

fn receive(plant: &Plant, lots: &[ContainerCode]) -> PerformStep {
    let mut command = plant.ask("receive_lots", &[]);
    command.consumed = lots.iter().cloned().map(Scan::from).collect();
    for (code, (concentration, viability, volume)) in lots.iter().zip(COUNTS) {
        for (field, text) in
            [("concentration", concentration), ("viability", viability), ("volume", volume)]
        {
            let (field, item) = (name(field), Some(code.clone()));
            command.values.push(Given { field, item, text: text.to_owned() });
        }
    }
    command
}

fn received() -> (Plant, Vec<ContainerCode>) {
    let (mut plant, lots) = plant_with_lots();
    let command = receive(&plant, &lots);
    plant.when(command).unwrap();
    plant.verify("receive_lots", "bor").unwrap();
    (plant, lots)
}

fn take(
    plant: &Plant,
    lots: &[ContainerCode],
    change: impl Fn(usize, String) -> String,
) -> PerformStep {
    let received = plant.batch();
    let received = received.last_of(&name("receive_lots")).unwrap();
    let mut command = plant.ask("pool", &[]);
    let planned: Vec<String> = received
        .entries(&name("volume_to_take"))
        .map(|entry| entry.value.number().unwrap().value().to_string())
        .collect();
    for (at, (code, volume)) in lots.iter().zip(planned).enumerate() {
        let (field, item) = (name("taken"), Some(code.clone()));
        command.values.push(Given { field, item, text: change(at, volume) });
    }
    command
}

/// A bank batch whose pool is made.
pub(super) fn pooled() -> Plant {
    let (mut plant, lots) = received();
    plant.sign_hold_point("pool_agreed").unwrap();
    let command = take(&plant, &lots, |_, volume| volume);
    plant.when(command).unwrap();
    plant.verify("pool", "bor").unwrap();
    plant
}

#[test]
fn four_donors_give_the_same_number_of_cells() {
    let plant = pooled();
    let batch = plant.batch();
    let pool = batch.last_of(&name("pool")).unwrap();
    let shares: Vec<String> =
        pool.entries(&name("share")).map(|entry| entry.value.text()).collect();
    assert_eq!(shares, ["25.00 %"; 4]);
    let pool_cells = pool.entries(&name("pool_cells")).next().unwrap().value.number().unwrap();
    assert!(pool_cells.value() > rust_decimal::Decimal::from(3199), "{pool_cells}");
    assert_eq!(plant.deviations(), Vec::new());
}

#[test]
fn the_view_of_a_pool_says_what_is_asked_for_and_then_what_was_given() {
    let (plant, lots) = received();
    let before = batch::pool(&plant.batch(), &plant.record).unwrap();
    assert!(!before.is_made());
    assert_eq!(before.shares.len(), lots.len());
    assert!(before.shares.iter().all(|share| share.asked.is_some() && share.taken.is_none()));
    let plant = pooled();
    let made = batch::pool(&plant.batch(), &plant.record).unwrap();
    assert!(made.is_made());
    assert_eq!((made.mark(), made.alert.as_str()), (Mark::Within, "24.5 % to 25.5 %"));
    for share in &made.shares {
        assert_eq!(share.percent.unwrap().text(), "25.00 %");
        assert_eq!(share.taken, share.asked);
        assert!(share.cells.unwrap().value() > rust_decimal::Decimal::from(799));
        assert_eq!(share.from.donors.len(), 1);
    }
    let (dose, _) = dose_plant();
    assert_eq!(batch::pool(&dose.batch(), &dose.record), None);
}

#[test]
fn a_repeated_donor_is_refused_by_name() {
    let (mut plant, mut lots) = plant_with_lots();
    let second = plant.outside(lot(&["DNR-0002"]));
    lots[3] = second.clone();
    let command = receive(&plant, &lots);
    let refused = plant.when(command).unwrap_err();
    assert!(matches!(&refused, Refusal::DonorRepeated { donor, .. } if donor == "DNR-0002"));
    assert!(refused.to_string().contains(second.as_str()), "{refused}");
}

#[test]
fn a_fifth_donor_is_refused_by_name() {
    let (mut plant, mut lots) = plant_with_lots();
    lots.push(plant.outside(lot(&["DNR-0005"])));
    let mut command = receive(&plant, &lots[..4]);
    command.consumed = lots.into_iter().map(Scan::from).collect();
    let refused = plant.when(command).unwrap_err();
    assert!(
        matches!(&refused, Refusal::DonorTooMany { donor, number: 5, .. } if donor == "DNR-0005")
    );
}

#[test]
fn three_donors_are_too_few() {
    let (mut plant, lots) = plant_with_lots();
    let command = receive(&plant, &lots[..3]);
    let refused = plant.when(command).unwrap_err();
    assert!(matches!(refused, Refusal::ContainerCount { needed: 4, given: 3, .. }));
}

#[test]
fn a_lot_of_a_donor_who_is_not_eligible_is_refused() {
    let (mut plant, lots) = plant_with_lots();
    let donor = DonorCode::parse("DNR-0003").unwrap();
    let because = Some(chorda::domain::genealogy::Node::donor(&donor));
    let standing = Standing { disposition: Disposition::Rejected, because };
    plant.standings.insert(lots[2].to_string(), standing);
    let command = receive(&plant, &lots);
    let refused = plant.when(command).unwrap_err();
    assert!(matches!(refused, Refusal::Unusable(_)));
    assert!(refused.to_string().contains("DNR-0003"), "{refused}");
}

#[test]
fn a_lot_in_quarantine_is_refused() {
    let (mut plant, lots) = plant_with_lots();
    let standing = Standing { disposition: Disposition::Quarantine, because: None };
    plant.standings.insert(lots[0].to_string(), standing);
    let command = receive(&plant, &lots);
    assert!(matches!(plant.when(command), Err(Refusal::Unusable(_))));
}

#[test]
fn a_lot_at_another_passage_or_from_another_record_is_refused() {
    let (mut plant, mut lots) = plant_with_lots();
    lots[0] = plant.outside(Outside { passage: Some(2), ..lot(&["DNR-0001"]) });
    let command = receive(&plant, &lots);
    assert!(matches!(plant.when(command), Err(Refusal::WrongPassage { .. })));
    lots[0] = plant.outside(Outside { record: Some(("EQ-MSC-P1", 2)), ..lot(&["DNR-0001"]) });
    let command = receive(&plant, &lots);
    assert!(matches!(plant.when(command), Err(Refusal::RecordNotAccepted { .. })));
}

#[test]
fn the_same_bottle_counts_once() {
    let (mut plant, mut lots) = plant_with_lots();
    lots[3] = lots[0].clone();
    let command = receive(&plant, &lots);
    assert!(matches!(plant.when(command), Err(Refusal::ContainerTwice { .. })));
}

#[test]
fn unequal_shares_open_a_critical_deviation_that_stops_the_batch() {
    let (mut plant, lots) = received();
    plant.sign_hold_point("pool_agreed").unwrap();
    let command =
        take(&plant, &lots, |at, volume| if at == 0 { "60.00".to_owned() } else { volume });
    plant.when(command).unwrap();
    plant.verify("pool", "bor").unwrap();
    let found = plant.deviations();
    assert!(
        found.iter().any(|(class, title)| *class == Class::Critical && title.contains("Share"))
    );
    let seen = batch::pool(&plant.batch(), &plant.record).unwrap();
    assert_eq!(seen.mark(), Mark::Action);
    let next = plant.ask("formulate", &[]);
    assert!(matches!(plant.when(next), Err(Refusal::DeviationOpen { .. })));
}

#[test]
fn more_than_a_lot_holds_cannot_be_taken_from_it() {
    let (mut plant, lots) = received();
    plant.sign_hold_point("pool_agreed").unwrap();
    let command =
        take(&plant, &lots, |at, volume| if at == 1 { "99.21".to_owned() } else { volume });
    let refused = plant.when(command).unwrap_err();
    assert!(matches!(refused, Refusal::OutsideLimit { .. }), "{refused}");
}

#[test]
fn the_pool_waits_for_the_signature_of_qa() {
    let (mut plant, lots) = received();
    let command = take(&plant, &lots, |_, volume| volume);
    assert!(matches!(plant.when(command), Err(Refusal::HoldPointOpen { .. })));
    plant.sign_hold_point("pool_agreed").unwrap();
    assert!(matches!(plant.sign_hold_point("pool_agreed"), Err(Refusal::HoldPoint { .. })));
    assert!(matches!(plant.sign_hold_point("nothing"), Err(Refusal::HoldPoint { .. })));
}

#[test]
fn qa_cannot_sign_a_hold_point_before_there_is_anything_to_assess() {
    let (mut plant, _) = plant_with_lots();
    let refused = plant.sign_hold_point("pool_agreed").unwrap_err();
    assert!(matches!(refused, Refusal::StepOutOfOrder { .. }));
}

#[test]
fn a_pool_has_a_donation_number_of_its_own_and_nothing_else_has() {
    let record = parse(BANK).unwrap();
    let number = BatchNumber::parse("B-2026-0002").unwrap();
    let refused = batch::start(&number, &record, &Start::default()).unwrap_err();
    assert!(matches!(refused, Refusal::StartIncomplete { .. }));
    let culture = parse(P1).unwrap();
    assert!(batch::start(&number, &culture, &for_pool()).is_err());
    assert!(batch::start(&number, &culture, &for_order()).is_err());
    assert!(batch::start(&number, &parse(DOSE).unwrap(), &Start::default()).is_err());
}
