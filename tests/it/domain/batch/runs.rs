//! The three shipped records run from the first step to completion; the book balances throughout.

use super::*;
use chorda::domain::account::{Account, Book, Posting};
use chorda::domain::batch::{BatchState, Mark, completeness};
use chorda::domain::container::Fate;
use proptest::prelude::*;

fn balanced(plant: &Plant) {
    let book = plant.batch().book;
    for unit in book.units() {
        assert!(book.sum(unit).is_zero(), "{unit:?} does not balance");
        for account in [Account::Process, Account::Output] {
            assert!(!book.balance(account, unit).is_negative(), "{account:?} {unit:?}");
        }
    }
}

#[test]
fn a_cord_becomes_a_p1_harvest() {
    let mut plant = Plant::started(P1, Start::default());
    let cord = plant.outside(cord(&["DNR-0001"]));
    plant.done("clear_line", CLEAR);
    let values =
        &[("transport_temperature", "5.5"), ("cord_mass", "38.2"), ("condition", "intact")];
    let mut receive = plant.ask("receive_cord", values);
    receive.consumed.push(cord.clone().into());
    plant.when(receive).unwrap();
    plant.verify("receive_cord", "bor").unwrap();
    assert!(matches!(plant.container(cord.as_str()).fate, Fate::Consumed { .. }));
    plant.done("prepare_explants", &[("vessels_removed", "yes")]);
    plant.done("seed_p0", &[]);
    assert_eq!(plant.live("p0_flask").len(), 6);
    plant.done("label_p0", &[]);
    for _ in 0..3 {
        plant.later("4 d");
        plant.done("feed_p0", &[("contamination", "none seen")]);
    }
    plant.done("growth_p0", &[("confluence", "30")]);
    plant.later("6 d");
    let harvest = &[("concentration", "3.250"), ("viability", "94.0"), ("volume", "20.0")];
    plant.done("harvest_p0", harvest);
    assert_eq!(plant.live("p0_flask").len(), 0);
    plant.later("30 min");
    plant.done("seed_p1", &[]);
    plant.done("label_p1", &[]);
    plant.later("6 d");
    let harvest = &[("concentration", "10.300"), ("viability", "95.0"), ("volume", "100.0")];
    plant.done("harvest_p1", harvest);
    plant.done("sample_p1", &[]);
    plant.done("fill_hold", &[("hold_bottles", "1"), ("hold_volume", "99.0")]);
    plant.done("label_harvest", &[]);
    assert_eq!(completeness(&plant.batch(), &plant.record).len(), 1);
    plant.done("close", &[("line_left_clear", "yes")]);

    let batch = plant.batch();
    assert_eq!(batch.state, BatchState::PendingReview);
    assert!(completeness(&batch, &plant.record).is_empty());
    assert_eq!(plant.deviations(), Vec::new());
    let harvest = batch.last_of(&name("harvest_p1")).unwrap();
    let doublings: Vec<String> =
        harvest.entries(&name("doublings")).map(|entry| entry.value.text()).collect();
    assert_eq!(doublings, ["4.00 doublings"]);
    let held = plant.container(&plant.live("p1_harvest")[0]);
    assert_eq!(held.contents.viable_cells, Some(q("968.71", Unit::MillionCells)));
    assert_eq!(batch.din().map(ToString::to_string), Some("A999926000001".to_owned()));
    assert!(batch.book.balance(Account::Process, Unit::MillionCells).is_zero());
    balanced(&plant);
    let requested = plant.events.iter().filter(|e| e.stream.kind() == "test").count();
    assert_eq!(requested, 1);
}

#[test]
fn four_lots_become_sixty_identical_aliquots() {
    let mut plant = super::pooling::pooled();
    plant.later("20 min");
    let counted = &[("volume", "64.0"), ("concentration", "52.60"), ("viability", "95.0")];
    plant.done("formulate", counted);
    plant.done("sample_bank", &[]);
    plant.done("fill", &[("aliquot_count", "60")]);
    plant.done("label_aliquots", &[]);
    plant.later("30 min");
    plant.done("freeze", &[("run", "CRF-0042"), ("end_temperature", "-120")]);
    assert!(matches!(plant.when(plant.ask("store", &[])), Err(Refusal::NotStored { .. })));
    for (at, code) in plant.live("aliquots").into_iter().enumerate() {
        let path = format!("LN2/TANK1/RACK1/BOX{}/A{}", at / 30, at % 30 + 1);
        let location = chorda::domain::id::LocationPath::parse(&path).unwrap();
        plant.record_changes(
            "ana",
            vec![Change::of::<Container>(&code, Event::Stored { location })],
        );
    }
    plant.done("store", &[]);
    plant.done("close", &[("line_left_clear", "yes")]);

    let batch = plant.batch();
    assert_eq!(batch.state, BatchState::PendingReview);
    assert_eq!(plant.deviations(), Vec::new());
    let vials = plant.live("aliquots");
    assert_eq!(vials.len(), 60);
    let first = plant.container(&vials[0]);
    assert_eq!(first.contents.viable_cells, Some(q("49.97", Unit::MillionCells)));
    let identity = first.identity.unwrap();
    assert_eq!(identity.din.as_str(), "A999926000099");
    assert_eq!(identity.division, "AA0000");
    assert_eq!(batch.donors().len(), 4);
    balanced(&plant);
    assert_eq!(plant.events.iter().filter(|e| e.stream.kind() == "test").count(), 5);
}

#[test]
fn a_vial_becomes_the_four_syringes_of_its_order() {
    let mut plant = dose_before_harvest();
    plant.done("harvest_p2", HARVEST);
    let counted = &[("volume", "4.44"), ("concentration", "52.50"), ("viability", "95.0")];
    plant.later("30 min");
    plant.done("formulate", counted);
    plant.done("sample_product", &[]);
    plant.later("20 min");
    plant.done("fill", &[("appearance", "opalescent, no clumps")]);
    plant.done("label_syringes", &[]);
    plant.done("close", &[("line_left_clear", "yes")]);

    let batch = plant.batch();
    assert_eq!(batch.state, BatchState::PendingReview);
    assert_eq!(plant.deviations(), Vec::new());
    let syringes: Vec<Container> =
        plant.live("syringes").iter().map(|code| plant.container(code)).collect();
    let volumes: Vec<String> =
        syringes.iter().map(|s| s.contents.volume.unwrap().value().to_string()).collect();
    assert_eq!(volumes, ["1.0", "1.0", "0.5", "0.5"]);
    let targets: Vec<String> =
        syringes.iter().map(|s| s.target.as_ref().unwrap().to_string()).collect();
    assert_eq!(targets[2], "left_submandibular");
    assert!(syringes.iter().all(|s| s.order.is_some()));
    let divisions: Vec<&str> =
        syringes.iter().map(|s| s.identity.as_ref().unwrap().division.as_str()).collect();
    assert_eq!(divisions, ["A0", "B0", "C0", "D0"]);
    let harvest = batch.last_of(&name("harvest_p2")).unwrap();
    let of = |field: &str| harvest.entries(&name(field)).next().unwrap().value.text();
    assert_eq!(of("required_volume"), "3.65 ml");
    assert_eq!(of("required_cells"), "182.50 ×10⁶ cells");
    assert_eq!(of("viable"), "222.30 ×10⁶ cells");
    assert!(harvest.calculated.iter().all(|entry| entry.mark == Mark::Within));
    let pending: Vec<bool> = plant
        .events
        .iter()
        .filter_map(|e| match &e.event {
            chorda::domain::Event::Test(chorda::domain::quality::Event::Requested {
                specification,
                ..
            }) => Some(specification.pending_allowed),
            _ => None,
        })
        .collect();
    assert_eq!(pending.iter().filter(|pending| **pending).count(), 2);
    balanced(&plant);
}

#[test]
fn more_than_there_is_cannot_be_taken() {
    let mut book = Book::default();
    let amount = q("10", Unit::MillionCells);
    book.post(&Posting { from: Account::Growth, to: Account::Process, amount }).unwrap();
    let more = q("10.01", Unit::MillionCells);
    let taken = book.post(&Posting { from: Account::Process, to: Account::Output, amount: more });
    assert!(taken.is_err());
    assert!(book.sum(Unit::MillionCells).is_zero());
    let none = Posting { from: Account::Growth, to: Account::Process, amount: q("0", Unit::One) };
    assert!(book.post(&none).is_err());
}

proptest! {
    #[test]
    fn the_book_balances_for_any_sequence_of_postings(
        moves in proptest::collection::vec((0_usize..14, 0_usize..14, 1_i64..10_000, 0_u8..2), 0..60)
    ) {
        let mut book = Book::default();
        for (from, to, amount, unit) in moves {
            let unit = if unit == 0 { Unit::MillionCells } else { Unit::Millilitre };
            let posting = Posting {
                from: Account::ALL[from].0,
                to: Account::ALL[to].0,
                amount: Quantity::whole(amount, unit),
            };
            let before = book.clone();
            if book.post(&posting).is_err() {
                prop_assert_eq!(&book, &before);
            }
            for unit in book.units() {
                prop_assert!(book.sum(unit).is_zero());
                for account in [Account::Process, Account::Output] {
                    prop_assert!(!book.balance(account, unit).is_negative());
                }
            }
        }
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_book_of_a_batch_balances_whatever_is_counted_and_in_whatever_order(
        steps in proptest::collection::vec((0_usize..14, 1_u32..40_000, 1_u32..999, 1_u32..400), 1..25)
    ) {
        let mut plant = dose_before_harvest();
        for (at, concentration, viability, volume) in steps {
            let step = plant.record.steps[at].name.to_string();
            let conc = format!("{}.{:03}", concentration / 1000, concentration % 1000);
            let conc = if step == "formulate" { conc[..conc.len() - 1].to_owned() } else { conc };
            let viability = format!("{}.{}", viability / 10, viability % 10);
            let volume = format!("{}.{}", volume / 10, volume % 10);
            let values: Vec<(&str, &str)> = match step.as_str() {
                "harvest_p2" | "formulate" => vec![
                    ("concentration", conc.as_str()),
                    ("viability", viability.as_str()),
                    ("volume", volume.as_str()),
                ],
                "fill" => vec![("appearance", "opalescent, no clumps")],
                "close" => vec![("line_left_clear", "yes")],
                _ => Vec::new(),
            };
            let command = plant.ask(&step, &values);
            if plant.when(command).is_ok() {
                let _ = plant.verify(&step, "bor");
            }
            balanced(&plant);
        }
    }
}
