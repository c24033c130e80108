//! A model test of the engine: whatever made-up master record it runs, and however people try to
//! get around it, a run that it lets pass follows every rule of the file.
//!
//! `CHORDA_CASES=20000 cargo test --test it batch::model` tries more.

mod checker;
mod record;
mod run;

use checker::{Line, check};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use run::{Ran, Runner};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// How many made-up records are run without `CHORDA_CASES`.
const CASES: u32 = 200;

/// More commands than any record here needs.
const COMMANDS: usize = 140;

/// The same cases each time, so that what must occur among them occurs.
fn runner(cases: u32) -> TestRunner {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

/// What a run left in the ledger, as a stranger reads it.
fn log(ran: &Ran) -> Vec<Line> {
    let line = |recorded: &chorda::domain::Recorded| {
        let (kind, data) = recorded.event.encode().unwrap();
        Line {
            stream: recorded.stream.to_string(),
            kind,
            at: recorded.at.to_string(),
            actor: recorded.actor.to_string(),
            data,
        }
    };
    ran.plant.events.iter().map(line).collect()
}

/// Every way to be refused that a made-up record can offer.
const REFUSALS: [&str; 25] = [
    "step_out_of_order",
    "step_already_done",
    "step_left_out",
    "hold_point_open",
    "hold_point",
    "critical_deviation_open",
    "value_missing",
    "value_malformed",
    "statement_not_confirmed",
    "outside_limit",
    "too_early",
    "too_late",
    "material_missing",
    "material_foreign",
    "equipment_missing",
    "equipment_foreign",
    "unusable",
    "container_foreign",
    "container_count",
    "balance",
    "unreconciled",
    "label_missing",
    "impossible_time",
    "late_without_reason",
    "verifier_is_performer",
];

#[test]
fn every_run_of_every_record_follows_the_record() {
    let counts = RefCell::new((0_u32, 0_u32, BTreeMap::<&str, u32>::new()));
    let asked = std::env::var("CHORDA_CASES").ok().and_then(|text| text.parse().ok());
    runner(asked.unwrap_or(CASES))
        .run(&(record::plan(), any::<u64>()), |(plan, seed)| {
            let text = plan.text();
            let ran = Runner::new(&text, seed).run(COMMANDS);
            let wrong = check(&text, &log(&ran));
            prop_assert!(wrong.is_empty(), "{wrong:#?}\n{text}");
            let mut counts = counts.borrow_mut();
            counts.0 += 1;
            counts.1 += u32::from(ran.finished);
            for (rule, times) in ran.refused {
                *counts.2.entry(rule).or_default() += times;
            }
            Ok(())
        })
        .unwrap_or_else(|failed| panic!("{failed}"));
    let (all, finished, refused) = counts.into_inner();
    assert!(finished * 3 >= all, "only {finished} of {all} runs finished");
    assert!(finished < all, "no run got stuck: nothing was forbidden for good");
    if all >= CASES {
        let never: Vec<&str> =
            REFUSALS.into_iter().filter(|rule| !refused.contains_key(rule)).collect();
        assert!(never.is_empty(), "never refused: {never:?}; refused: {refused:#?}");
    }
}

/// A way to falsify a log, and whether it found something to falsify.
type Forgery = (&'static str, fn(&mut Vec<Line>) -> bool);

fn find(log: &[Line], kind: &str) -> Option<usize> {
    log.iter().position(|line| line.kind == kind)
}

fn last_step(log: &[Line], step: &str) -> Option<usize> {
    log.iter().rposition(|line| {
        line.kind == "batch.step_performed" && line.data["step"].as_str() == Some(step)
    })
}

/// Takes one event out.
fn without(log: &mut Vec<Line>, kind: &str) -> bool {
    find(log, kind).map(|at| log.remove(at)).is_some()
}

/// Changes something in the last performance of a step.
fn change(log: &mut [Line], step: &str, what: impl FnOnce(&mut serde_json::Value) -> bool) -> bool {
    last_step(log, step).is_some_and(|at| what(&mut log[at].data))
}

fn set(data: &mut serde_json::Value, pointer: &str, to: &str) -> bool {
    let place = data.pointer_mut(pointer);
    place.map(|place| *place = serde_json::Value::String(to.to_owned())).is_some()
}

fn clear(data: &mut serde_json::Value, key: &str) -> bool {
    let list = data.get_mut(key).and_then(serde_json::Value::as_array_mut);
    list.is_some_and(|list| {
        let there = !list.is_empty();
        list.clear();
        there
    })
}

const FORGERIES: [Forgery; 16] = [
    ("a verification is missing", |log| without(log, "batch.step_verified")),
    ("a step is missing", |log| last_step(log, "seed").map(|at| log.remove(at)).is_some()),
    ("a step is done twice", |log| {
        last_step(log, "seed").map(|at| log.insert(at, log[at].clone())).is_some()
    }),
    ("the steps are swapped", |log| {
        let pair = last_step(log, "seed").zip(last_step(log, "harvest"));
        pair.map(|(seed, harvest)| log.swap(seed, harvest)).is_some()
    }),
    ("one person performed and verified", |log| {
        let at = find(log, "batch.step_verified").unwrap();
        log[at].actor = "ana".to_owned();
        set(&mut log[at].data, "/signature/login", "ana")
    }),
    ("a value is missing", |log| change(log, "harvest", |data| clear(data, "values"))),
    ("a value was changed", |log| {
        change(log, "harvest", |data| set(data, "/values/0/value/quantity/value", "3.1"))
    }),
    ("a result was changed", |log| {
        change(log, "seed", |data| set(data, "/calculated/0/value/quantity/value", "0.01"))
    }),
    ("a mark was changed", |log| change(log, "fill", |data| set(data, "/values/0/mark", "alert"))),
    ("a container was forgotten", |log| change(log, "harvest", |data| clear(data, "consumed"))),
    ("a container was not made", |log| change(log, "fill", |data| clear(data, "produced"))),
    ("the book was left out", |log| change(log, "harvest", |data| clear(data, "postings"))),
    ("a posting was changed", |log| {
        change(log, "fill", |data| set(data, "/postings/0/amount/value", "999"))
    }),
    ("a label was not read back", |log| without(log, "container.label_scanned_back")),
    ("a time was changed", |log| {
        change(log, "harvest", |data| set(data, "/performed_at", "2026-03-01T00:00:00Z"))
    }),
    ("a test was not requested", |log| without(log, "test.requested")),
];

#[test]
fn the_second_checker_sees_every_forgery_of_a_run() {
    let tried = RefCell::new(0_u32);
    runner(15)
        .run(&(record::plan(), any::<u64>()), |(plan, seed)| {
            let text = plan.text();
            let ran = Runner::new(&text, seed).run(COMMANDS);
            prop_assume!(ran.finished);
            prop_assert!(check(&text, &log(&ran)).is_empty(), "nothing is wrong yet");
            for (what, forge) in FORGERIES {
                let mut forged = log(&ran);
                let done = forge(&mut forged);
                prop_assert!(done, "{what}: nothing to forge");
                prop_assert!(!check(&text, &forged).is_empty(), "not seen: {what}\n{text}");
                *tried.borrow_mut() += 1;
            }
            Ok(())
        })
        .unwrap_or_else(|failed| panic!("{failed}"));
    assert!(tried.into_inner() > 0);
}
