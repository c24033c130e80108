//! The end of a batch that is not certified, through the use cases, on both databases.

use chorda::app::App;
use chorda::app::batch_end::{BatchEnd, batch_end, batch_end_open, batch_end_preview};
use chorda::app::batch_start::{BatchStart, batch_start};
use chorda::app::master_record_approve::SHIPPED;
use chorda::domain::Change;
use chorda::domain::account::Account;
use chorda::domain::actor::Meaning;
use chorda::domain::batch::{BatchState, EndAct, EndSigned, Settlement};
use chorda::domain::container::{Container, ContainerKind, Contents, Custodian, Event, Fate};
use chorda::domain::disposition::Disposition;
use chorda::domain::genealogy::Node;
use chorda::domain::id::{
    BatchNumber, ContainerCode, ContentHash, Login, MasterRecordId, MaterialCode, OrderNumber,
};
use chorda::domain::language::Wording;
use chorda::domain::order::{self, Order};
use chorda::domain::quality::Status;
use chorda::domain::release::Stage;
use chorda::store::{
    Failure, account, batch as table, container, genealogy, label, ledger, order as orders,
    quality, release,
};

use super::batch::Plant;
use crate::domain::order::history;
use crate::support::each_backend;

/// A P1 batch up to a step: `sample_p1` leaves a suspension in process, `close` nothing.
pub(super) fn p1_until(plant: &Plant<'_>, text: &str, last: &str) -> BatchNumber {
    plant.approve(text).unwrap();
    let number = plant.start_of("EQ-MSC-P1").unwrap();
    plant.walk_p1(&number, None, last);
    number
}

/// The first decision possible for everything open, but for those said otherwise.
fn decisions(
    app: &App,
    number: &BatchNumber,
    but: &[(&str, Settlement)],
) -> Vec<(String, Settlement)> {
    let items = batch_end_open(app, number).unwrap();
    let decide = |item: chorda::domain::batch::OpenItem| {
        let other = but.iter().find(|(key, _)| item.key.starts_with(key));
        (item.key, other.map_or(item.choices[0], |(_, settlement)| *settlement))
    };
    items.into_iter().map(decide).collect()
}

fn end(
    plant: &Plant<'_>,
    number: &BatchNumber,
    act: EndAct,
    decisions: Vec<(String, Settlement)>,
) -> Result<(), Failure> {
    let command = BatchEnd { act, because: "incubator failed".to_owned(), decisions };
    let preview = batch_end_preview(&plant.app, number, &command)?;
    let hash = preview.shown.hash()?;
    let witness = plant.signature("bor", Meaning::Verified, &hash);
    let signed = EndSigned {
        signature: plant.signature("qa.vesna", Meaning::Rejected, &hash),
        witness: preview.needs_witness.then_some(witness),
    };
    batch_end(&plant.app, &plant.caller("qa.vesna"), number, command, signed)
}

#[test]
fn a_batch_that_is_given_up_ends_with_everything_accounted_for() {
    each_backend(|store| {
        let plant = Plant::new(store);
        let number = p1_until(&plant, SHIPPED[0].1, "sample_p1");
        let refused = end(&plant, &number, EndAct::GiveUp, Vec::new()).unwrap_err();
        assert!(refused.to_string().contains("still open"), "{refused}");
        let all = decisions(&plant.app, &number, &[]);
        assert!(end(&plant, &number, EndAct::Reject, all.clone()).is_err());
        end(&plant, &number, EndAct::GiveUp, all).unwrap();
        let (batch, book, tests, labels, standing) = plant
            .app
            .read(|db| {
                Ok((
                    table::require(db, &number)?,
                    account::of_batch(db, &number)?,
                    quality::of_batch(db, &number)?,
                    label::balance(db, &number)?,
                    genealogy::effective(db, &Node::batch(&number))?,
                ))
            })
            .unwrap();
        assert_eq!((batch.state, standing), (BatchState::Aborted, Disposition::Rejected));
        assert!(tests.iter().all(|row| row.status() == Status::Cancelled));
        assert_eq!(labels.missing, 0);
        let left = book.iter().filter(|(account, _)| *account == Account::Process);
        assert!(left.into_iter().all(|(_, quantity)| quantity.is_zero()));
        let held = book.iter().filter(|(account, _)| *account == Account::Output);
        assert!(held.into_iter().all(|(_, quantity)| quantity.is_zero()), "{book:?}");
        for made in batch.produced() {
            let made = plant.app.read(|db| container::require(db, &made.container)).unwrap();
            assert_ne!(made.fate, Fate::Live, "{}", made.code);
        }
        let again = end(&plant, &number, EndAct::GiveUp, Vec::new()).unwrap_err();
        assert!(again.to_string().contains("no step can be performed"), "{again}");
    });
}

#[test]
fn a_complete_batch_is_rejected_with_what_becomes_of_everything() {
    each_backend(|store| {
        let plant = Plant::new(store);
        let number = p1_until(&plant, SHIPPED[0].1, "close");
        assert!(end(&plant, &number, EndAct::GiveUp, Vec::new()).is_err(), "it is complete");
        let kept = [("container/CK", Settlement::Retained), ("container/CH", Settlement::Retained)];
        let all = decisions(&plant.app, &number, &kept);
        end(&plant, &number, EndAct::Reject, all.clone()).unwrap();
        let (batch, stage) = plant
            .app
            .read(|db| Ok((table::require(db, &number)?, release::stage(db, &number)?)))
            .unwrap();
        assert_eq!((batch.state, stage), (BatchState::PendingReview, Some(Stage::Rejected)));
        assert_eq!(batch.settled.unwrap().items.len(), all.len());
        assert!(end(&plant, &number, EndAct::Reject, Vec::new()).is_err(), "rejected once");
    });
}

/// A scheduled order with a vial reserved for it.
fn ordered(plant: &Plant<'_>) -> (OrderNumber, ContainerCode) {
    let number = OrderNumber::parse("ORD-2026-0001").unwrap();
    let code = ContainerCode::parse("CV0000001").unwrap();
    plant.record(history(&ContentHash::parse(&"a".repeat(64)).unwrap()));
    let produced = Event::Produced {
        kind: ContainerKind::Cryovial,
        contents: Contents {
            material: MaterialCode::parse("EQ-MSC").unwrap(),
            title: Wording::english("EQ-MSC"),
            passage: Some(1),
            volume: None,
            viable_cells: None,
        },
        donation: None,
        batch: None,
        step: None,
        output: None,
        number: 1,
        of: 1,
        identity: None,
        expires_at: None,
        order: None,
        target: None,
        disposition: Disposition::Released,
        custodian: Custodian::Person { login: Login::parse("ana").unwrap() },
    };
    let allocated = order::Event::VialAllocated {
        target: None,
        container: code.to_string(),
        expires_at: None,
        because: None,
    };
    plant.record(vec![
        Change::of::<Container>(code.as_str(), produced),
        Change::of::<Order>(number.as_str(), allocated),
        Change::of::<Container>(code.as_str(), Event::Reserved { order: number.clone() }),
    ]);
    (number, code)
}

fn start_for(plant: &Plant<'_>, order: &OrderNumber) -> BatchNumber {
    let command = BatchStart {
        record: MasterRecordId::parse("EQ-MSC-DOSE").unwrap(),
        version: None,
        order: Some(order.clone()),
    };
    batch_start(&plant.app, &plant.caller("ana"), command).unwrap()
}

fn known(plant: &Plant<'_>, order: &OrderNumber) -> Order {
    plant.app.read(|db| ledger::load::<Order>(db, order.as_str())).unwrap().unwrap()
}

#[test]
fn an_order_whose_batch_is_given_up_is_made_again_or_cancelled() {
    each_backend(|store| {
        let plant = Plant::new(store);
        for (_, text) in &SHIPPED[..3] {
            plant.approve(text).unwrap();
        }
        let (order, vial) = ordered(&plant);
        let first = start_for(&plant, &order);
        let stays = [("reserved/", Settlement::Promised)];
        let all = decisions(&plant.app, &first, &stays);
        end(&plant, &first, EndAct::GiveUp, all).unwrap();
        let told = known(&plant, &order);
        assert_eq!(told.given_up, [(first.clone(), "incubator failed".to_owned())]);
        assert_eq!((&told.batch, told.allocated.len()), (&None, 1), "the vial waits for it");
        let standing = plant.app.read(|db| genealogy::effective(db, &Node::order(&order)));
        assert_eq!(standing.unwrap(), Disposition::Released, "it came from nothing");

        let second = start_for(&plant, &order);
        assert_ne!(first, second);
        let cancel = [("order/", Settlement::Cancelled), ("reserved/", Settlement::Promised)];
        let torn = decisions(&plant.app, &second, &cancel);
        let refused = end(&plant, &second, EndAct::GiveUp, torn).unwrap_err();
        assert!(refused.to_string().contains("is cancelled"), "{refused}");
        let cancel = [("order/", Settlement::Cancelled)];
        let all = decisions(&plant.app, &second, &cancel);
        end(&plant, &second, EndAct::GiveUp, all).unwrap();
        let told = known(&plant, &order);
        assert!(told.cancelled.is_some() && told.allocated.is_empty());
        let (free, line) = plant
            .app
            .read(|db| Ok((container::require(db, &vial)?, orders::find(db, &order)?.unwrap())))
            .unwrap();
        assert_eq!((free.reserved_for, free.fate), (None, Fate::Live));
        assert!(!line.is_open && line.batch.is_none());
    });
}
