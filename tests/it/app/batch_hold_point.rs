//! A hold point that names tests, through the use cases, on both databases.

use chorda::app::batch_hold_point_sign::{batch_hold_point_preview, batch_hold_point_sign};
use chorda::app::master_record_approve::SHIPPED;
use chorda::domain::Change;
use chorda::domain::actor::Meaning;
use chorda::domain::deviation::{self, Deviation, Origin, Outcome, Subject};
use chorda::domain::id::{BatchNumber, ContentHash, Name};
use chorda::domain::quality::{Event, TestRequest, Verdict};
use chorda::store::Failure;

use super::batch::Plant;
use super::batch_end::p1_until;
use crate::support::each_backend;

const HOLD: &str = "\n[[hold_point]]\nname = \"counts\"\ntitle = \"Counts agree\"\n\
                    before = \"fill_hold\"\ntests = [\"p1_viability\"]\n";

fn sign(plant: &Plant<'_>, number: &BatchNumber) -> Result<(), Failure> {
    let hold = Name::parse("counts").unwrap();
    let preview = plant.app.read(|db| batch_hold_point_preview(db, number, &hold))?;
    assert_eq!(preview.0.tests.len(), 1, "the page shows what it waits for");
    let signed = plant.signature("qa.vesna", Meaning::Reviewed, &preview.1);
    batch_hold_point_sign(&plant.app, &plant.caller("qa.vesna"), number, &hold, signed)
}

/// A result of this verdict, reviewed.
fn result(plant: &Plant<'_>, number: &BatchNumber, verdict: Verdict) {
    let hash = ContentHash::parse(&"0".repeat(64)).unwrap();
    let id = format!("{number}.p1_viability");
    let recorded = Event::ResultRecorded {
        number: 1,
        values: Vec::new(),
        verdict,
        tested_at: plant.app.clock.now(),
        late_because: None,
        signature: plant.signature("qc.cene", Meaning::Performed, &hash),
    };
    plant.record(vec![Change::of::<TestRequest>(&id, recorded)]);
    let refused = sign(plant, number).unwrap_err();
    assert!(refused.to_string().contains("waits for results"), "not reviewed: {refused}");
    let signature = plant.signature("qc.darja", Meaning::Reviewed, &hash);
    let reviewed = Event::ResultReviewed { number: 1, signature };
    plant.record(vec![Change::of::<TestRequest>(&id, reviewed)]);
}

#[test]
fn qa_signs_a_hold_point_when_its_results_are_in_and_within_specification() {
    each_backend(|store| {
        let plant = Plant::new(store);
        let number = p1_until(&plant, &format!("{}{HOLD}", SHIPPED[0].1), "sample_p1");
        let refused = sign(&plant, &number).unwrap_err();
        assert!(refused.to_string().contains("sampled"), "{refused}");
        result(&plant, &number, Verdict::Pass);
        sign(&plant, &number).unwrap();
        plant.done(&number, "fill_hold", &[("hold_bottles", "1"), ("hold_volume", "99.0")], &[]);
    });
}

#[test]
fn a_result_out_of_specification_holds_the_point_until_its_deviation_is_decided() {
    each_backend(|store| {
        let plant = Plant::new(store);
        let number = p1_until(&plant, &format!("{}{HOLD}", SHIPPED[0].1), "sample_p1");
        result(&plant, &number, Verdict::Fail);
        let opened = deviation::Event::Opened {
            class: deviation::Class::Critical,
            title: "Viability out of specification".to_owned(),
            description: "79 %".to_owned(),
            origin: Origin::OutOfSpecification,
            subject: Subject {
                batch: Some(number.clone()),
                test: Some(Name::parse("p1_viability").unwrap()),
                ..Subject::default()
            },
            performer: None,
        };
        plant.record(vec![Change::of::<Deviation>("DEV-2026-0091", opened)]);
        assert!(sign(&plant, &number).is_err(), "undecided");
        let hash = ContentHash::parse(&"0".repeat(64)).unwrap();
        let decided = deviation::Event::Decided {
            class: deviation::Class::Critical,
            root_cause: "late count".to_owned(),
            impact: "none on the product".to_owned(),
            actions: "counted again".to_owned(),
            outcome: Outcome::Continue,
            signature: plant.signature("qa.vesna", Meaning::Approved, &hash),
        };
        plant.record(vec![Change::of::<Deviation>("DEV-2026-0091", decided)]);
        sign(&plant, &number).unwrap();
    });
}
