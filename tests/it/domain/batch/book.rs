//! The book within its limits, and how often cells doubled.

use super::*;
use chorda::domain::batch::{Found, Line, cumulative, doublings, reconciliations};

fn found(plant: &Plant, rule: &str) -> Option<Found> {
    let batch = plant.batch();
    let all = reconciliations(&batch, &plant.record);
    all.into_iter().find(|one| one.rule.name == name(rule)).unwrap().found
}

/// A dose batch at its count after thaw; `text` is its record.
fn thawed(text: &str) -> Plant {
    let mut plant = Plant::started(text, for_order());
    let code = plant.outside(vial());
    let reserved = Event::Reserved { order: OrderNumber::parse("ORD-2026-0001").unwrap() };
    plant.record_changes("ana", vec![Change::of::<Container>(code.as_str(), reserved)]);
    plant.done("clear_line", CLEAR);
    let mut thaw = plant.ask("thaw", &[("bath_temperature", "37.0")]);
    thaw.consumed.push(code.into());
    plant.when(thaw).unwrap();
    plant.verify("thaw", "bor").unwrap();
    plant
}

const HALF_LOST: &[(&str, &str)] =
    &[("concentration", "3.000"), ("viability", "80.0"), ("volume", "10.0")];
const ALL_THERE: &[(&str, &str)] =
    &[("concentration", "4.800"), ("viability", "92.0"), ("volume", "10.0")];

#[test]
fn a_difference_beyond_its_limit_opens_a_deviation_about_it() {
    let mut plant = thawed(DOSE);
    assert_eq!(found(&plant, "thaw_loss"), None);
    plant.done("count_thaw", HALF_LOST);
    let lost = found(&plant, "thaw_loss").unwrap();
    assert!(lost.is_broken());
    assert_eq!(lost.amount, q("26.00", Unit::MillionCells));
    let opened = plant.events.iter().find_map(|recorded| match &recorded.event {
        chorda::domain::Event::Deviation(deviation::Event::Opened { title, subject, .. }) => {
            subject.reconciliation.as_ref().map(|rule| (rule.to_string(), title.clone()))
        }
        _ => None,
    });
    let words = "Cells lost at thaw and wash: 26 ×10⁶ cells of 50 ×10⁶ cells, at most 50 % \
                 (25 ×10⁶ cells)";
    assert_eq!(opened, Some(("thaw_loss".to_owned(), words.to_owned())));
}

#[test]
fn a_limit_that_refuses_lets_nobody_go_on() {
    let refusing = "step = \"count_thaw\"\npercent = 50\nbreaking = \"refuse\"";
    let text = DOSE.replace("step = \"count_thaw\"\npercent = 50\nbreaking = \"major\"", refusing);
    let mut plant = thawed(&text);
    let command = plant.ask("count_thaw", HALF_LOST);
    let refused = plant.when(command).unwrap_err();
    assert!(matches!(refused, Refusal::Unreconciled { .. }), "{refused}");
    plant.done("count_thaw", ALL_THERE);
    assert!(!found(&plant, "thaw_loss").unwrap().is_broken());
}

#[test]
fn rules_of_the_whole_batch_are_due_with_its_last_step() {
    let strict = DOSE.replace("max = 4\nbreaking = \"minor\"", "max = 0.1\nbreaking = \"minor\"");
    let mut plant = thawed(&strict);
    plant.done("count_thaw", ALL_THERE);
    plant.done("seed_p2", &[]);
    plant.done("label_p2", &[]);
    plant.later("72 h");
    plant.done("sample_supernatant", &[]);
    plant.done("label_supernatant", &[]);
    plant.later("26 h");
    plant.done("harvest_p2", HARVEST);
    let counted = &[("volume", "4.44"), ("concentration", "52.50"), ("viability", "95.0")];
    plant.done("formulate", counted);
    plant.done("sample_product", &[]);
    plant.done("fill", &[("appearance", "opalescent, no clumps")]);
    plant.done("label_syringes", &[]);
    assert_eq!(found(&plant, "product_left"), None);
    assert_eq!(plant.deviations(), Vec::new());
    plant.done("close", &[("line_left_clear", "yes")]);
    let left = found(&plant, "product_left").unwrap();
    assert_eq!(left.amount.value().normalize().to_string(), "0.94");
    assert!(left.is_broken());
    assert!(!found(&plant, "cells_lost").unwrap().is_broken());
    let words = "Volume of product disposed of at the end: 0.94 ml, at most 0.1 ml";
    assert_eq!(plant.deviations(), [(Class::Minor, words.to_owned())]);
}

#[test]
fn doublings_come_from_signed_counts_with_their_arithmetic() {
    let mut plant = dose_before_harvest();
    assert!(doublings(&plant.batch(), &plant.record).is_empty());
    plant.done("harvest_p2", HARVEST);
    let all = doublings(&plant.batch(), &plant.record);
    let [one] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!(one.passage, Some(2));
    assert_eq!(one.arithmetic(), "log₂(222.30 ÷ 44.16) = log₂(5.034) = 2.33");
    assert_eq!(one.lasted().unwrap().text(), "4 d 2 h");
    assert_eq!(one.doubling_time().unwrap().text(), "42.1 h");
}

#[test]
fn a_pool_is_as_old_as_its_oldest_donor_and_what_is_made_of_it_older() {
    let mut plant = dose_before_harvest();
    plant.done("harvest_p2", HARVEST);
    let dose = doublings(&plant.batch(), &plant.record);
    let number = |n: u32| BatchNumber::parse(&format!("B-2026-{n:04}")).unwrap();
    let line = |batch: u32, factor: usize, parents: &[u32]| Line {
        batch: number(batch),
        title: String::new(),
        doublings: dose.iter().cycle().take(factor).cloned().collect(),
        parents: parents.iter().map(|parent| number(*parent)).collect(),
        cells: true,
    };
    let lines = [line(1, 1, &[]), line(2, 3, &[]), line(3, 0, &[1, 2]), line(4, 1, &[3])];
    let levels = cumulative(&lines);
    let level = |n| levels[&number(n)].value().to_string();
    assert_eq!([level(1), level(2), level(3), level(4)], ["2.33", "6.99", "6.99", "9.32"]);
}

#[test]
fn what_has_left_a_container_is_not_used_again() {
    let mut plant = Plant::started(P1, Start::default());
    let code = plant.outside(lot(&["DNR-0001"]));
    let away = Event::ExcursionOpened {
        excursion: "X1".to_owned(),
        purpose: "a count elsewhere".to_owned(),
        volume: q("8.0", Unit::Millilitre),
        taken_by: Login::parse("bor").unwrap(),
        due_at: plant.now,
        signature: plant.signature("ana", Meaning::Approved),
        postings: vec![chorda::domain::account::Posting {
            from: chorda::domain::account::Account::Output,
            to: chorda::domain::account::Account::Excursion,
            amount: q("8.0", Unit::Millilitre),
        }],
    };
    plant.record_changes("ana", vec![Change::of::<Container>(code.as_str(), away)]);
    let held = plant.container(code.as_str());
    let there = held.booked(chorda::domain::account::Account::Output, Unit::Millilitre);
    assert_eq!(there, q("90.0", Unit::Millilitre));
}
