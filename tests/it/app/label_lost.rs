//! Labels that are missing at a gate: the deviation opens by itself, once, and nothing else happens;
//! lost and found by signature. On both databases.

use chorda::app::Caller;
use chorda::app::batch_accounts::batch_accounts;
use chorda::app::batch_step_perform::{batch_step_perform, batch_step_preview};
use chorda::app::container_move::ScannedContainer;
use chorda::app::deviation_decide::{DeviationAct, deviation_decide, deviation_shown};
use chorda::app::label_lost::{
    LabelFound, LabelLost, label_found, label_found_shown, label_lost, label_lost_shown,
};
use chorda::app::label_scan_back::{LabelAccount, LabelScanBack, label_account, label_scan_back};
use chorda::app::master_record_approve::SHIPPED;
use chorda::app::release_facts::release_facts;
use chorda::app::release_sign::{Particulars, ReleaseAct, release_shown, release_sign};
use chorda::domain::Change;
use chorda::domain::account::Account;
use chorda::domain::actor::{Meaning, Role};
use chorda::domain::container::{Container, Event, LabelFate};
use chorda::domain::deviation::{Class, Outcome};
use chorda::domain::id::{BatchNumber, ContainerCode, DeviationNumber};
use chorda::domain::quantity::Unit;
use chorda::domain::release::{Blocks, TrailKind, assess};
use chorda::store::{Failure, batch as table, container, deviation, verify};

use super::batch::Plant;
use super::batch_end::p1_until;
use crate::support::{each_backend, person};

const CLOSING: &[(&str, &str)] = &[("line_left_clear", "yes")];

/// A P1 batch whose labels are to be reconciled next, with the first two containers it made.
fn closing(plant: &Plant<'_>) -> (BatchNumber, [ContainerCode; 2]) {
    let number = p1_until(plant, SHIPPED[0].1, "label_harvest");
    let batch = plant.app.read(|db| table::require(db, &number)).unwrap();
    let mut made = batch.produced().map(|produced| produced.container.clone());
    let two = [made.next().unwrap(), made.next().unwrap()];
    (number, two)
}

/// Prints another label for a container, so that the one before has to be accounted for.
fn reprint(plant: &Plant<'_>, code: &ContainerCode) {
    let voided = Event::LabelVoided { serial: 1, because: "smeared".to_owned() };
    let printed = Event::LabelPrinted {
        serial: 2,
        definition: "flask".to_owned(),
        definition_version: 1,
        payload: format!("{code}02"),
        copies: 1,
    };
    let back = Event::LabelScannedBack { serial: 2 };
    let events = [voided, printed, back];
    plant.record(events.map(|event| Change::of::<Container>(code.as_str(), event)).to_vec());
}

fn about_labels(plant: &Plant<'_>, number: &BatchNumber) -> Vec<DeviationNumber> {
    let rows = plant.app.read(|db| deviation::of_batch(db, number)).unwrap();
    let of = rows.into_iter().filter(|row| row.title.starts_with("Labels of"));
    of.map(|row| row.number).collect()
}

#[test]
fn a_step_that_finds_labels_missing_opens_one_deviation_and_does_nothing_else() {
    each_backend(|store| {
        let plant = Plant::new(store);
        let (number, [first, second]) = closing(&plant);
        let command = plant.ask(&number, "close", CLOSING);
        let caller = plant.caller("ana");
        let preview = batch_step_preview(&plant.app, &caller, &number, &command).unwrap();
        let signed = plant.signature("ana", Meaning::Performed, &preview.hash);
        let steps = || plant.app.read(|db| table::require(db, &number)).unwrap().performances.len();
        let before = steps();
        // Between looking and signing a label was printed again.
        reprint(&plant, &first);
        let perform = |caller: &Caller| {
            let outcome =
                batch_step_perform(&plant.app, caller, &number, command.clone(), signed.clone());
            outcome.unwrap_err().to_string()
        };
        let told = perform(&caller);
        assert!(told.contains(&format!("{first} serial 1: 1")), "{told}");
        let [about] = about_labels(&plant, &number).try_into().unwrap();
        assert!(told.contains(&format!("{about} was opened about it")), "{told}");
        assert_eq!(perform(&caller), told, "the same command gets the same answer");
        let again = perform(&plant.caller("bor"));
        assert!(again.contains(&format!("{about} is about it")), "{again}");
        let looked = batch_step_preview(&plant.app, &plant.caller("ana"), &number, &command);
        assert!(looked.unwrap_err().to_string().contains("is about it"));
        assert_eq!(about_labels(&plant, &number).len(), 1, "one for one difference");
        assert_eq!(steps(), before, "nothing of the step happened");
        // Another label is another difference, and looking at the step is enough.
        reprint(&plant, &second);
        let look = plant.caller("ana");
        for _ in 0..2 {
            let looked = batch_step_preview(&plant.app, &look, &number, &command);
            assert!(looked.unwrap_err().to_string().contains("was opened about it"));
        }
        assert_eq!(about_labels(&plant, &number).len(), 2);
        for code in [&first, &second] {
            let (container, fate) = (code.clone(), LabelFate::Destroyed);
            let destroyed = LabelAccount { container, serial: 1, copies: 1, fate };
            label_account(&plant.app, &plant.caller("ana"), destroyed).unwrap();
        }
        plant.done(&number, "close", CLOSING, &[]);
        assert_eq!(about_labels(&plant, &number).len(), 2);
        assert!(verify::run(&plant.app.store).unwrap().passed);
    });
}

fn lost(plant: &Plant<'_>, who: &str, code: &ContainerCode) -> Result<DeviationNumber, Failure> {
    let (container, because) = (code.clone(), "isolator and waste looked through".to_owned());
    let report = LabelLost { container, serial: 1, copies: 1, because };
    let caller = plant.caller(who);
    let (login, zone) = (caller.actor.login.clone(), plant.app.config.zone);
    let shown = plant.app.read(|db| label_lost_shown(db, &report, &login, zone))?;
    let signed = plant.signature(who, Meaning::Approved, &shown.hash()?);
    label_lost(&plant.app, &caller, report, signed)
}

fn sign_deviation(
    plant: &Plant<'_>,
    number: &DeviationNumber,
    act: DeviationAct,
) -> Result<(), Failure> {
    let shown = plant.app.read(|db| Ok(deviation_shown(db, number)?.1)).unwrap();
    let signed = plant.signature("qa.vesna", Meaning::Approved, &shown.hash().unwrap());
    deviation_decide(&plant.app, &plant.caller("qa.vesna"), number, act, signed)
}

fn decided() -> DeviationAct {
    DeviationAct::Decide {
        class: Class::Major,
        root_cause: "torn off with the backing".to_owned(),
        impact: "none on the product".to_owned(),
        actions: "trained".to_owned(),
        outcome: Outcome::Continue,
    }
}

#[test]
fn a_label_that_is_truly_lost_lets_the_step_go_on_and_its_deviation_holds_the_certificate() {
    each_backend(|store| {
        let plant = Plant::new(store);
        let (number, [first, _]) = closing(&plant);
        reprint(&plant, &first);
        let command = plant.ask(&number, "close", CLOSING);
        plant.perform(&number, "ana", command).unwrap_err();
        let [about] = about_labels(&plant, &number).try_into().unwrap();
        let close = || DeviationAct::Close { conclusion: "done".to_owned() };
        sign_deviation(&plant, &about, decided()).unwrap();
        let early = sign_deviation(&plant, &about, close()).unwrap_err();
        assert!(early.to_string().contains("not accounted for"), "{early}");
        assert!(lost(&plant, "ana", &first).is_err(), "a technician, who printed it besides");
        assert_eq!(lost(&plant, "qa.vesna", &first).unwrap(), about, "with that deviation");
        assert!(lost(&plant, "qa.vesna", &first).is_err(), "no more are missing");
        let container = first.clone();
        let back = LabelScanBack {
            expected: first.clone(),
            scanned: ScannedContainer { code: first.clone(), serial: Some(1) },
        };
        let scanned = label_scan_back(&plant.app, &plant.caller("ana"), back).unwrap_err();
        assert!(scanned.to_string().contains("reported lost on"), "{scanned}");
        assert!(scanned.to_string().contains("Hand it to QA"), "{scanned}");
        plant.done(&number, "close", CLOSING, &[]);
        let blocks = || {
            let (facts, _) = plant.app.read(|db| release_facts(db, &number)).unwrap();
            assert!(facts.trail.iter().any(|fact| fact.kind == TrailKind::LostLabel));
            let found = assess(&facts, plant.app.clock.now()).exceptions;
            let mut lost = found.into_iter().filter(|one| one.key.starts_with("labels/lost/"));
            lost.next().map(|one| one.blocks)
        };
        assert_eq!(blocks(), Some(Blocks::Everything));
        sign_deviation(&plant, &about, close()).unwrap();
        assert_eq!(blocks(), Some(Blocks::Nothing));
        let booked = |account: Account| {
            let view = batch_accounts(&plant.app, &number).unwrap();
            assert!(view.book.sum(Unit::Label).is_zero());
            view.book.balance(account, Unit::Label).value().normalize().to_string()
        };
        assert_eq!(booked(Account::Loss), "1");
        let (fate, because) = (LabelFate::Destroyed, "in a glove".to_owned());
        let found = LabelFound { container, serial: 1, copies: 1, fate, because };
        let zone = plant.app.config.zone;
        let shown = plant.app.read(|db| label_found_shown(db, &found, zone)).unwrap();
        let signed = plant.signature("qa.vesna", Meaning::Approved, &shown.hash().unwrap());
        label_found(&plant.app, &plant.caller("qa.vesna"), found, signed).unwrap();
        assert_eq!(
            (booked(Account::Loss).as_str(), booked(Account::Destroyed).as_str()),
            ("0", "1")
        );
        assert_eq!(blocks(), None, "nothing is lost any more");
        assert!(verify::run(&plant.app.store).unwrap().passed);
    });
}

#[test]
fn a_certification_that_finds_labels_missing_opens_the_deviation_and_certifies_nothing() {
    each_backend(|store| {
        let plant = Plant::new(store);
        let (number, [first, _]) = closing(&plant);
        plant.done(&number, "close", CLOSING, &[]);
        // Labelled anew after the labels were reconciled.
        reprint(&plant, &first);
        let qp =
            Caller { actor: person("qp.filip", Role::QualifiedPerson), ..plant.caller("qa.vesna") };
        let certify = |caller: &Caller| {
            let now = plant.app.clock.now();
            let shown = plant.app.read(|db| Ok(release_shown(db, &number, now)?.2)).unwrap();
            let hash = shown.hash().unwrap();
            let signed = plant.signature("qp.filip", Meaning::Certified, &hash);
            let act = ReleaseAct::CertifyInitial { particulars: Particulars::default() };
            release_sign(&plant.app, caller, &number, act, signed).unwrap_err().to_string()
        };
        let told = certify(&qp);
        let [about] = about_labels(&plant, &number).try_into().unwrap();
        assert!(told.contains(&format!("{about} was opened about it")), "{told}");
        let again = Caller { command_id: plant.app.clock.new_id(), ..qp };
        assert!(certify(&again).contains(&format!("{about} is about it")));
        assert_eq!(about_labels(&plant, &number).len(), 1);
        let release = plant.app.read(|db| Ok(release_facts(db, &number)?.1)).unwrap();
        assert!(release.is_none(), "nothing of the release happened");
    });
}

#[test]
fn a_label_no_batch_answers_for_gets_a_deviation_with_its_report() {
    each_backend(|store| {
        let plant = Plant::new(store);
        let pot = plant.labelled_cord();
        plant.reprint(&pot);
        let number = lost(&plant, "qa.vesna", &pot.code).unwrap();
        let found = plant.app.read(|db| Ok(deviation_shown(db, &number)?.1)).unwrap();
        assert_eq!(found.subject.container, Some(pot.code.clone()));
        let state = plant.app.read(|db| container::require(db, &pot.code)).unwrap();
        assert_eq!(state.labels_missing().count(), 1, "the second waits to be read back");
        assert_eq!(state.labels.printed(1).unwrap().lost(), 1);
    });
}
