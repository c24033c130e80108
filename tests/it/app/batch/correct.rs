//! Corrections through the use cases: recorded, projected, refused and proven on both databases.

use super::*;
use chorda::app::audit;
use chorda::app::batch_value_correct::{
    batch_correction_preview, batch_correction_verification_preview, batch_correction_verify,
    batch_value_correct,
};
use chorda::app::release_facts::release_facts;
use chorda::domain::Aggregate;
use chorda::domain::batch::{Batch, CorrectValue};
use chorda::domain::release::{self, Certificate, Release, TrailKind};
use chorda::store::correction;

use crate::app::batch_end::p1_until;

impl Plant<'_> {
    fn correct(&self, number: &BatchNumber, command: &CorrectValue) -> Result<u32, Failure> {
        let caller = self.caller("ana");
        let preview = batch_correction_preview(&self.app, &caller, number, command)?;
        let signed = self.signature("ana", Meaning::Corrected, &preview.hash);
        batch_value_correct(&self.app, &caller, number, command.clone(), signed)
    }

    fn verify_correction(
        &self,
        number: &BatchNumber,
        correction: u32,
        login: &str,
    ) -> Result<(), Failure> {
        let preview = self
            .app
            .read(|db| batch_correction_verification_preview(db, number, correction))
            .unwrap();
        let signed = self.signature(login, Meaning::Verified, &preview.hash);
        batch_correction_verify(&self.app, &self.caller(login), number, correction, signed)
    }

    /// Corrects a field of the last performed step to another number, if the rules let it, and has
    /// it verified where it waits.
    pub(super) fn correct_something(
        &self,
        number: &BatchNumber,
        text: impl Fn(&str) -> String,
        choice: usize,
    ) {
        let batch = self.batch(number);
        let Some(performance) = batch.performances.last() else { return };
        let entries = performance.values.len().max(1);
        let Some(entry) = performance.values.get(choice % entries) else { return };
        let command = CorrectValue {
            occurrence: performance.occurrence,
            ..value(performance.step.as_str(), entry.name.as_str(), &text(entry.name.as_str()))
        };
        if self.correct(number, &command).is_ok() {
            let waiting: Vec<u32> =
                self.batch(number).waiting_corrections().map(|one| one.corrected.number).collect();
            for correction in waiting {
                self.verify_correction(number, correction, "bor").unwrap();
            }
        }
    }

    fn batch(&self, number: &BatchNumber) -> Batch {
        self.app.read(|db| table::require(db, number)).unwrap()
    }

    fn waiting(&self, login: &str) -> usize {
        self.app.read(|db| correction::waiting_for(db, login, 10)).unwrap().len()
    }
}

fn value(step: &str, field: &str, text: &str) -> CorrectValue {
    CorrectValue {
        step: name(step),
        occurrence: 1,
        field: name(field),
        item: None,
        text: text.to_owned(),
        because: "read from the wrong line".to_owned(),
    }
}

/// A donor culture whose cord is received.
fn received<'a>(store: &'a TestStore) -> (Plant<'a>, BatchNumber) {
    let plant = Plant::new(store);
    let number = p1_until(&plant, SHIPPED[0].1, "receive_cord");
    (plant, number)
}

/// … and its first passage is counted.
fn counted<'a>(store: &'a TestStore) -> (Plant<'a>, BatchNumber) {
    let plant = Plant::new(store);
    let number = p1_until(&plant, SHIPPED[0].1, "harvest_p0");
    (plant, number)
}

#[test]
fn a_corrected_value_is_in_the_events_the_rows_the_book_and_the_trail() {
    each_backend(|store| {
        let (plant, number) = counted(store);
        let before = plant.batch(&number);
        plant.correct(&number, &value("harvest_p0", "concentration", "3.520")).unwrap();
        let batch = plant.batch(&number);
        let cells = |batch: &Batch| batch.book.balance(Account::Process, Unit::MillionCells);
        assert!(cells(&batch).value() > cells(&before).value(), "3.52 counts more than 3.25");
        balanced(&plant, &number);
        let stream = Batch::stream(number.as_str());
        let trail = audit::trail(&plant.app, &stream).unwrap();
        let entry = trail.iter().find(|entry| entry.what == "batch.value_corrected").unwrap();
        assert_eq!(entry.why, "read from the wrong line");
        let of =
            |one: &&audit::Difference| one.old == "3.250 10*6/mL" && one.new == "3.520 10*6/mL";
        assert_eq!(entry.changes.iter().filter(of).count(), 1, "{:#?}", entry.changes);
        assert!(entry.signatures.iter().any(|one| one.contains("corrected")));
        let (facts, _) = plant.app.read(|db| release_facts(db, &number)).unwrap();
        let told = facts.trail.iter().find(|fact| fact.kind == TrailKind::Correction).unwrap();
        assert!(told.what.contains("3.250 ×10⁶/ml → 3.520 ×10⁶/ml"), "{}", told.what);
        assert!(facts.missing.iter().any(|missing| missing.what.contains("correction 1")));
        plant.verify_correction(&number, 1, "bor").unwrap();
        let report = verify::run(&plant.app.store).unwrap();
        assert!(report.passed, "{:#?}", report.lines());
    });
}

#[test]
fn neither_who_corrected_nor_who_performed_verifies_in_the_rules_and_in_the_database() {
    each_backend(|store| {
        let (plant, number) = received(store);
        let mass = value("receive_cord", "cord_mass", "39.2");
        assert_eq!(plant.correct(&number, &mass).unwrap(), 1);
        let logins = ["ana", "bor", "cene"];
        assert_eq!(logins.map(|login| plant.waiting(login)), [0, 1, 1]);
        let own = plant.verify_correction(&number, 1, "ana").unwrap_err();
        assert_eq!(own.refusal().unwrap().rule, "correction_verifier_is_involved ATMP-4");
        let forged = |by: &str| {
            format!(
                "UPDATE batch_correction SET waits = FALSE, verified_by = {by}, \
                 verified_at = corrected_at"
            )
        };
        for by in ["corrected_by", "performed_by", "'ana'"] {
            assert!(plant.store.sql(&forged(by)).is_err(), "the database took {by}");
        }
        for blank in ["new_value = ''", "because = ''", "old_value = new_value"] {
            let statement = format!("UPDATE batch_correction SET {blank}");
            assert!(plant.store.sql(&statement).is_err(), "the database took {blank}");
        }
        plant.verify_correction(&number, 1, "bor").unwrap();
        assert_eq!(plant.waiting("cene"), 0);
        assert_eq!(
            plant.batch(&number).corrections[0].verified.as_ref().unwrap().login.as_str(),
            "bor"
        );
    });
}

#[test]
fn a_signature_over_something_else_corrects_and_verifies_nothing() {
    each_backend(|store| {
        let (plant, number) = received(store);
        let command = value("receive_cord", "cord_mass", "39.2");
        let other = ContentHash::parse(&"1".repeat(64)).unwrap();
        let signed = plant.signature("ana", Meaning::Corrected, &other);
        let caller = plant.caller("ana");
        let refused =
            batch_value_correct(&plant.app, &caller, &number, command.clone(), signed).unwrap_err();
        assert!(refused.refusal().unwrap().rule.starts_with("content_changed"), "{refused}");
        assert!(plant.batch(&number).corrections.is_empty());
        plant.correct(&number, &command).unwrap();
        let signed = plant.signature("bor", Meaning::Verified, &other);
        let refused = batch_correction_verify(&plant.app, &plant.caller("bor"), &number, 1, signed);
        let refused = refused.unwrap_err();
        assert!(refused.refusal().unwrap().rule.starts_with("content_changed"), "{refused}");
        assert!(plant.batch(&number).corrections[0].verified.is_none());
    });
}

#[test]
fn the_same_correction_sent_twice_is_one_event() {
    each_backend(|store| {
        let (plant, number) = received(store);
        let command = value("receive_cord", "cord_mass", "39.2");
        let caller = plant.caller("ana");
        let preview = batch_correction_preview(&plant.app, &caller, &number, &command).unwrap();
        let signed = plant.signature("ana", Meaning::Corrected, &preview.hash);
        let send = || {
            let (command, signed) = (command.clone(), signed.clone());
            batch_value_correct(&plant.app, &caller, &number, command, signed).unwrap()
        };
        assert_eq!((send(), send()), (1, 1));
        assert_eq!(plant.batch(&number).corrections.len(), 1);
        let again = plant.caller("ana");
        let once_more = batch_correction_preview(&plant.app, &again, &number, &command);
        assert!(once_more.unwrap_err().to_string().contains("already"), "the same value again");
    });
}

#[test]
fn what_is_in_a_container_given_away_is_refused_with_what_became_of_it() {
    each_backend(|store| {
        let (plant, number) = counted(store);
        plant.done(&number, "seed_p1", &[], &[]);
        let command = value("harvest_p0", "concentration", "3.520");
        let refused = plant.correct(&number, &command).unwrap_err();
        let rule = &refused.refusal().unwrap().rule;
        assert!(rule.starts_with("correction"), "{rule}: {refused}");
        assert!(refused.to_string().contains("deviation"), "{refused}");
        assert!(plant.batch(&number).corrections.is_empty());
    });
}

fn certified() -> release::Event {
    let text = |words: &str| words.to_owned();
    let certificate = Certificate {
        number: text("CERT-2026-0001"),
        product: text("EQ-MSC"),
        master_record: text("EQ-MSC-P1 v1"),
        trial: None,
        strength: text("50"),
        form: text("suspension"),
        package: text("1"),
        expires_at: None,
        manufacturer: text("Facility A9999"),
        authorisation: text("MIA-0"),
        results: Vec::new(),
        pending: Vec::new(),
        deviations: Vec::new(),
        comments: String::new(),
        statement: text("I certify"),
    };
    let hash = ContentHash::parse(&"0".repeat(64)).unwrap();
    let signature = Signature {
        login: Login::parse("quentin").unwrap(),
        printed_name: text("Quentin"),
        role: Role::QualifiedPerson,
        meaning: Meaning::Certified,
        at: Instant::parse("2026-04-02T08:00:00Z").unwrap(),
        zone: text("Europe/Ljubljana"),
        content_hash: hash,
    };
    release::Event::CertifiedFinal { certificate, signature }
}

#[test]
fn a_certified_batch_is_corrected_no_more_in_the_rules_and_in_the_database() {
    each_backend(|store| {
        let (plant, number) = received(store);
        plant.record(vec![Change::of::<Release>(number.as_str(), certified())]);
        let refused =
            plant.correct(&number, &value("receive_cord", "cord_mass", "39.2")).unwrap_err();
        assert_eq!(refused.refusal().unwrap().rule, "correction_after_release ATMP-38");
        let at = "'2026-07-01 08:00:00'";
        let forged = format!(
            "INSERT INTO batch_correction VALUES ('{number}', 1, 'receive_cord', 1, 'cord_mass', '', \
             '38.2 g', '39.2 g', 'why', 'ana', 'ana', {at}, 'by_itself', TRUE, NULL, NULL)"
        );
        assert!(plant.store.sql(&forged).is_err(), "the database took it");
    });
}
