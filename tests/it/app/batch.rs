//! A batch through the use cases: loaded, decided, recorded, projected and proven on both databases.

mod correct;

use std::collections::BTreeMap;
use std::sync::Arc;

use chorda::app::batch_accounts::{AccountsView, batch_accounts};
use chorda::app::batch_start::{BatchStart, batch_start};
use chorda::app::batch_step_perform::{StepOutcome, batch_step_perform, batch_step_preview};
use chorda::app::batch_step_verify::{batch_step_verify, batch_verification_preview};
use chorda::app::master_record_approve::{
    MasterRecordApprove, MasterRecordPropose, SHIPPED, content, master_record_acknowledge,
    master_record_approve, master_record_propose,
};
use chorda::app::print_send::Bell;
use chorda::app::{App, Caller};
use chorda::clock::Clock;
use chorda::codes::{LabelCode, PrintSerial};
use chorda::config::Settings;
use chorda::domain::account::Account;
use chorda::domain::actor::{Meaning, Role, Signature};
use chorda::domain::batch::{BatchState, Given, PerformStep, completeness};
use chorda::domain::container::{
    Command, Container, ContainerKind, Contents, Custodian, Event, Scan,
};
use chorda::domain::disposition::Disposition;
use chorda::domain::equipment::{Equipment, EquipmentKind, Registration};
use chorda::domain::genealogy::Standing;
use chorda::domain::id::{
    AssetId, BatchNumber, ContainerCode, ContentHash, Din, Login, LotId, MasterRecordId,
    MaterialCode, Name, StationId,
};
use chorda::domain::language::Wording;
use chorda::domain::master_record::SignatureRule;
use chorda::domain::material::{MaterialLot, Origin, Receipt};
use chorda::domain::quantity::{Quantity, Unit};
use chorda::domain::time::{Instant, Span};
use chorda::domain::{Change, Context};
use chorda::store::{Failure, account, batch as table, genealogy, verify};

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use rust_decimal::Decimal;

use crate::support::{TestStore, each_backend, p1, person};

/// A site with materials and equipment, on an application of its own or of a server.
pub(crate) struct Plant<'a> {
    pub(crate) app: App,
    store: &'a TestStore,
}

/// Who works by the master records of these tests.
const READERS: [&str; 2] = ["ana", "bor"];

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

impl<'a> Plant<'a> {
    pub(crate) fn new(store: &'a TestStore) -> Self {
        let start = Instant::parse("2026-03-02T08:00:00Z").unwrap();
        let config = Arc::new(Settings::default().complete().unwrap());
        let (clock, bell) = (Clock::manual(start), Bell::default());
        let app = App { store: (**store).clone(), config, clock, bell };
        Self::over(app, store)
    }

    pub(crate) fn over(app: App, store: &'a TestStore) -> Self {
        let plant = Self::over_stocked(app, store);
        plant.stock();
        plant
    }

    /// Over a site whose materials and equipment are there already.
    pub(crate) fn over_stocked(app: App, store: &'a TestStore) -> Self {
        Self { app, store }
    }

    pub(crate) fn later(&self, span: &str) {
        self.app.clock.advance(Span::parse(span).unwrap());
    }

    pub(crate) fn caller(&self, login: &str) -> Caller {
        let role = if login.starts_with("qa.") { Role::Qa } else { Role::Technician };
        Caller {
            actor: person(login, role),
            station: StationId::parse("CR-1").unwrap(),
            command_id: self.app.clock.new_id(),
            reason: None,
        }
    }

    pub(crate) fn signature(&self, login: &str, meaning: Meaning, hash: &ContentHash) -> Signature {
        let actor = self.caller(login).actor;
        Signature {
            login: actor.login,
            printed_name: actor.printed_name,
            role: actor.role,
            meaning,
            at: self.app.clock.now(),
            zone: "Europe/Ljubljana".to_owned(),
            content_hash: hash.clone(),
        }
    }

    pub(crate) fn record(&self, changes: Vec<Change>) {
        let caller = self.caller("ana");
        let id = caller.command_id.to_string();
        self.app.write(&caller, &id, move |tx| tx.record(changes.clone())).unwrap();
    }

    /// Materials released, equipment in service.
    fn stock(&self) {
        let hash = ContentHash::parse(&"0".repeat(64)).unwrap();
        for material in ["DPBS", "ALPHA-MEM", "HPL", "TRYPLE"] {
            let lot = format!("{material}/L1");
            let receipt = Receipt {
                material: MaterialCode::parse(material).unwrap(),
                title: material.to_owned(),
                supplier: "Example supplier".to_owned(),
                packages: 40,
                package_size: Quantity::whole(500, Unit::Millilitre),
                expires_at: self.app.clock.now().plus(Span::of_days(300)),
                in_use_limit: (material == "HPL").then(|| Span::of_days(30)),
                origin: Origin::Synthetic,
                certificate: Some("CoA 1".to_owned()),
                safety_evidence: Some("TSE 1".to_owned()),
                storage: "2 to 8 °C".to_owned(),
            };
            let received = chorda::domain::material::Event::Received { receipt };
            let released = chorda::domain::material::Event::Released {
                because: "documents complete".to_owned(),
                signature: self.signature("qa.vesna", Meaning::Approved, &hash),
            };
            self.record(vec![
                Change::of::<MaterialLot>(&lot, received),
                Change::of::<MaterialLot>(&lot, released),
            ]);
        }
        for kind in ["biosafety_cabinet", "balance", "incubator", "cell_counter"] {
            let registration = Registration {
                kind: EquipmentKind::parse(kind).unwrap(),
                title: kind.to_owned(),
                room: "CR-1".to_owned(),
                calibration_due: Some(self.app.clock.now().plus(Span::of_days(200))),
                cleaning_holds: None,
            };
            let registered = chorda::domain::equipment::Event::Registered { registration };
            self.record(vec![Change::of::<Equipment>(asset(kind).as_str(), registered)]);
        }
    }

    /// Approves a version and has those who work by it acknowledge it.
    pub(crate) fn approve(&self, text: &str) -> Result<(), Failure> {
        let key = self.approve_unread(text)?;
        READERS.iter().try_for_each(|reader| self.acknowledge(&key, text, reader))
    }

    /// Approves a version that nobody has acknowledged yet; gives its key.
    pub(crate) fn approve_unread(&self, text: &str) -> Result<String, Failure> {
        let hash = content(text)?;
        let authored = self.signature("qa.vesna", Meaning::Authored, &hash);
        let key =
            master_record_propose(&self.app, &self.caller("qa.vesna"), proposal(text), authored)?;
        let approved = self.signature("qa.tone", Meaning::Approved, &hash);
        let command = MasterRecordApprove { key: key.clone(), effective_at: self.app.clock.now() };
        master_record_approve(&self.app, &self.caller("qa.tone"), command, approved)?;
        Ok(key)
    }

    /// States that a person read a version.
    pub(crate) fn acknowledge(&self, key: &str, text: &str, login: &str) -> Result<(), Failure> {
        let signed = self.signature(login, Meaning::Acknowledged, &content(text)?);
        master_record_acknowledge(&self.app, &self.caller(login), key, signed)
    }

    fn start(&self) -> Result<BatchNumber, Failure> {
        self.start_of("EQ-MSC-P1")
    }

    pub(crate) fn start_of(&self, record: &str) -> Result<BatchNumber, Failure> {
        let command = BatchStart {
            record: MasterRecordId::parse(record).unwrap(),
            version: None,
            order: None,
        };
        batch_start(&self.app, &self.caller("ana"), command)
    }

    pub(crate) fn cord(&self) -> ContainerCode {
        let code = ContainerCode::parse("CP0000001").unwrap();
        let produced = Event::Produced {
            kind: ContainerKind::CollectionPot,
            contents: Contents {
                material: MaterialCode::parse("UC-CORD").unwrap(),
                title: Wording::english("Umbilical cord"),
                passage: None,
                volume: None,
                viable_cells: None,
            },
            donation: Some(Din::parse("A999926000001").unwrap()),
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
        self.record(vec![Change::of::<Container>(code.as_str(), produced)]);
        code
    }

    /// A cord whose pot carries its first label.
    pub(crate) fn labelled_cord(&self) -> LabelledPot {
        let code = self.cord();
        let label = |serial| {
            let serial = PrintSerial::new(serial).unwrap();
            LabelCode::new(&code, serial).unwrap().to_string()
        };
        let (first, second) = (label(1), label(2));
        let pot = LabelledPot { code, first, second };
        self.record(vec![Change::of::<Container>(pot.code.as_str(), printed(1, &pot.first))]);
        pot
    }

    /// Prints a second label, which voids the first.
    pub(crate) fn reprint(&self, pot: &LabelledPot) {
        let voided = Event::LabelVoided { serial: 1, because: "smeared".to_owned() };
        self.record(vec![
            Change::of::<Container>(pot.code.as_str(), voided),
            Change::of::<Container>(pot.code.as_str(), printed(2, &pot.second)),
        ]);
    }

    /// A command with all that the step's master record asks for.
    pub(crate) fn ask(
        &self,
        number: &BatchNumber,
        step: &str,
        values: &[(&str, &str)],
    ) -> PerformStep {
        let batch = self.app.read(|db| table::require(db, number)).unwrap();
        let record = chorda::app::batch_facts::record_of(&batch).unwrap();
        let found = record.step(&name(step)).unwrap();
        let mut command = PerformStep::now(name(step));
        for need in &found.materials {
            command.materials.push(LotId::parse(&format!("{}/L1", need.material)).unwrap());
        }
        command.equipment = found.equipment.iter().map(|need| asset(&need.kind)).collect();
        for consumption in &found.consumes {
            let own = batch.at_hand(&consumption.what).map(|made| made.container.clone());
            command.consumed.extend(own.map(Scan::from));
        }
        command.values = values
            .iter()
            .map(|(field, text)| Given { field: name(field), item: None, text: (*text).to_owned() })
            .collect();
        command
    }

    pub(crate) fn perform(
        &self,
        number: &BatchNumber,
        login: &str,
        command: PerformStep,
    ) -> Result<StepOutcome, Failure> {
        let caller = self.caller(login);
        let preview = batch_step_preview(&self.app, &caller, number, &command)?;
        let signed = self.signature(login, Meaning::Performed, &preview.hash);
        batch_step_perform(&self.app, &caller, number, command, signed)
    }

    fn verify(&self, number: &BatchNumber, step: &str, login: &str) -> Result<(), Failure> {
        let step = name(step);
        let preview = self.app.read(|db| batch_verification_preview(db, number, &step, 1)).unwrap();
        let signed = self.signature(login, Meaning::Verified, &preview.hash);
        batch_step_verify(&self.app, &self.caller(login), number, &step, 1, signed)
    }

    pub(crate) fn done(
        &self,
        number: &BatchNumber,
        step: &str,
        values: &[(&str, &str)],
        more: &[ContainerCode],
    ) {
        let mut command = self.ask(number, step, values);
        command.consumed.extend(more.iter().cloned().map(Scan::from));
        let outcome =
            self.perform(number, "ana", command).unwrap_or_else(|e| panic!("{step}: {e}"));
        let batch = self.app.read(|db| table::require(db, number)).unwrap();
        let record = chorda::app::batch_facts::record_of(&batch).unwrap();
        if record.step(&name(step)).unwrap().signature == SignatureRule::PerformedVerified {
            self.verify(number, step, "bor").unwrap_or_else(|e| panic!("{step}: {e}"));
        }
        self.label(outcome);
    }

    /// A donor culture as it usually goes, after a step (none: with a new cord) up to another.
    pub(crate) fn walk_p1(&self, number: &BatchNumber, after: Option<&str>, last: &str) {
        for leg in p1::legs(after, last) {
            if let Some(span) = leg.after {
                self.later(span);
            }
            let cord = (leg.step == p1::RECEIVE).then(|| self.cord());
            self.done(number, leg.step, leg.values, cord.as_slice());
        }
    }

    /// Labels on all that a step made, read back.
    fn label(&self, outcome: StepOutcome) {
        for (_, code) in outcome.produced {
            let printed = Event::LabelPrinted {
                serial: 1,
                definition: "flask".to_owned(),
                definition_version: 1,
                payload: code.to_string(),
                copies: 1,
            };
            let back = Event::LabelScannedBack { serial: 1 };
            self.record(vec![
                Change::of::<Container>(code.as_str(), printed),
                Change::of::<Container>(code.as_str(), back),
            ]);
        }
    }
}

/// A pot and what its labels say when they are scanned.
pub(crate) struct LabelledPot {
    pub(crate) code: ContainerCode,
    pub(crate) first: String,
    pub(crate) second: String,
}

fn printed(serial: u32, payload: &str) -> Event {
    Event::LabelPrinted {
        serial,
        definition: "collection_pot".to_owned(),
        definition_version: 1,
        payload: payload.to_owned(),
        copies: 1,
    }
}

fn asset(kind: &str) -> AssetId {
    AssetId::parse(&format!("EQ-{}", kind.to_uppercase().replace('_', "-"))).unwrap()
}

pub(crate) const CLEAR: &[(&str, &str)] = &[("nothing_else_present", "yes"), ("cleaned", "yes")];

#[test]
fn a_cord_becomes_a_p1_harvest_and_the_tables_follow_from_the_ledger() {
    each_backend(|store| {
        let plant = Plant::new(store);
        plant.approve(SHIPPED[0].1).unwrap();
        let number = plant.start().unwrap();
        plant.walk_p1(&number, None, "growth_p0");
        plant.later("5 d");
        let counted = &[("concentration", "3.250"), ("viability", "79.0"), ("volume", "20.0")];
        plant.done(&number, "harvest_p0", counted, &[]);
        plant.walk_p1(&number, Some("harvest_p0"), "close");

        let (batch, row, book, tests, deviations, standing) = plant
            .app
            .read(|db| {
                let node = chorda::domain::genealogy::Node::batch(&number);
                Ok((
                    table::require(db, &number)?,
                    table::row(db, &number)?.unwrap(),
                    account::of_batch(db, &number)?,
                    chorda::store::quality::of_batch(db, &number)?,
                    chorda::store::deviation::of_batch(db, &number)?,
                    genealogy::effective(db, &node)?,
                ))
            })
            .unwrap();
        assert_eq!(batch.state, BatchState::PendingReview);
        assert_eq!(row.state, "pending_review");
        assert_eq!(row.din.as_deref(), Some("A999926000001"));
        assert_eq!(standing, Disposition::Quarantine);
        assert_eq!(tests.len(), 1);
        assert_eq!(deviations.len(), 1, "the viability of 79 % opened one");
        let record = chorda::app::batch_facts::record_of(&batch).unwrap();
        assert!(completeness(&batch, &record).is_empty());
        // The book in the tables is the book of the events.
        for (account, quantity) in book {
            assert_eq!(batch.book.balance(account, quantity.unit()).value(), quantity.value());
        }
        let hpl = LotId::parse("HPL/L1").unwrap();
        let users = plant.app.read(|db| table::users_of_lot(db, &hpl)).unwrap();
        assert_eq!(users.len(), 3);
        let lot = plant.app.read(|db| chorda::store::material::require(db, &hpl)).unwrap();
        assert!(lot.open.is_some(), "the first use opened a package");
        destroyed_stays_in_the_book(&plant, &number);
        let report = verify::run(&plant.app.store).unwrap();
        assert!(report.passed, "{:#?}", report.lines());
    });
}

/// What becomes of the harvest after the batch is posted to its book, and leads to who signed.
fn destroyed_stays_in_the_book(plant: &Plant<'_>, number: &BatchNumber) {
    let before = batch_accounts(&plant.app, number).unwrap();
    assert_eq!(before.book, before.view.batch.book, "nothing happened after it yet");
    let doublings = before.lines[0].doublings.iter().map(|one| one.doublings.text());
    assert_eq!(doublings.collect::<Vec<_>>(), [before.levels[number].text()]);
    let bottle = before.view.made.iter().find(|made| made.kind == ContainerKind::HoldVial).unwrap();
    let hash = ContentHash::parse(&"0".repeat(64)).unwrap();
    let signature = plant.signature("bor", Meaning::Approved, &hash);
    let destroy = Command::Destroy { because: "spilt".to_owned(), signature, witness: None };
    let standing = Standing { disposition: Disposition::Quarantine, because: None };
    let context = Context { now: plant.app.clock.now(), actor: plant.caller("ana").actor };
    plant.record(chorda::domain::container::decide(bottle, &destroy, &standing, &context).unwrap());
    let after = batch_accounts(&plant.app, number).unwrap();
    for unit in after.book.units() {
        assert!(after.book.sum(unit).is_zero());
    }
    let [cells, volume] = [Unit::MillionCells, Unit::Millilitre].map(|unit| {
        assert!(after.book.balance(Account::Output, unit).is_zero());
        let waste = |view: &AccountsView| view.book.balance(Account::Waste, unit);
        waste(&after).minus(waste(&before)).unwrap()
    });
    assert_eq!(Some(cells), bottle.contents.viable_cells);
    assert_eq!(Some(volume), bottle.contents.volume);
    let last = after.postings.last().unwrap();
    assert_eq!(last.stream, format!("container/{}", bottle.code));
    assert_eq!((last.what.as_str(), last.by.as_str()), ("destroyed", "bor"));
}

pub(crate) fn proposal(text: &str) -> MasterRecordPropose {
    MasterRecordPropose {
        text: text.to_owned(),
        reason: "First version".to_owned(),
        change_request: String::new(),
    }
}

#[test]
fn a_batch_starts_only_from_an_approved_version_in_effect() {
    each_backend(|store| {
        let plant = Plant::new(store);
        let refused = plant.start().unwrap_err();
        assert!(refused.to_string().contains("ATMP-1"), "{refused}");
        let text = SHIPPED[0].1;
        let hash = content(text).unwrap();
        let authored = plant.signature("qa.vesna", Meaning::Authored, &hash);
        let caller = plant.caller("qa.vesna");
        let key = master_record_propose(&plant.app, &caller, proposal(text), authored).unwrap();
        assert!(plant.start().is_err(), "proposed is not approved");
        let own = plant.signature("qa.vesna", Meaning::Approved, &hash);
        let command = MasterRecordApprove { key, effective_at: plant.app.clock.now() };
        let refused =
            master_record_approve(&plant.app, &plant.caller("qa.vesna"), command, own).unwrap_err();
        assert!(refused.to_string().contains("qa.vesna"), "{refused}");
        let technician = plant.caller("ana");
        let authored = plant.signature("ana", Meaning::Authored, &hash);
        assert!(master_record_propose(&plant.app, &technician, proposal(text), authored).is_err());
    });
}

#[test]
fn performer_and_verifier_are_two_people_in_the_rules_and_in_the_database() {
    each_backend(|store| {
        let plant = Plant::new(store);
        plant.approve(SHIPPED[0].1).unwrap();
        let number = plant.start().unwrap();
        let command = plant.ask(&number, "clear_line", CLEAR);
        plant.perform(&number, "ana", command).unwrap();
        let refused = plant.verify(&number, "clear_line", "ana").unwrap_err();
        assert_eq!(refused.refusal().unwrap().rule, "verifier_is_performer ATMP-4");
        let forged = "UPDATE batch_step SET verified_by = 'ana', verified_at = performed_at";
        assert!(plant.store.sql(forged).is_err(), "the database refuses it too");
        plant.verify(&number, "clear_line", "bor").unwrap();
    });
}

#[test]
fn a_signature_over_something_else_signs_nothing() {
    each_backend(|store| {
        let plant = Plant::new(store);
        plant.approve(SHIPPED[0].1).unwrap();
        let number = plant.start().unwrap();
        let command = plant.ask(&number, "clear_line", CLEAR);
        let other = ContentHash::parse(&"1".repeat(64)).unwrap();
        let signed = plant.signature("ana", Meaning::Performed, &other);
        let caller = plant.caller("ana");
        let refused =
            batch_step_perform(&plant.app, &caller, &number, command, signed).unwrap_err();
        assert!(refused.refusal().unwrap().rule.starts_with("content_changed"));
        let batch = plant.app.read(|db| table::require(db, &number)).unwrap();
        assert!(batch.performances.is_empty());
    });
}

#[test]
fn who_has_not_acknowledged_the_master_record_neither_performs_nor_verifies() {
    each_backend(|store| {
        let plant = Plant::new(store);
        let text = SHIPPED[0].1;
        let key = plant.approve_unread(text).unwrap();
        let number = plant.start().unwrap();
        let command = plant.ask(&number, "clear_line", CLEAR);
        let refused = plant.perform(&number, "ana", command.clone()).unwrap_err();
        assert!(refused.to_string().contains("has not acknowledged"), "{refused}");
        plant.acknowledge(&key, text, "ana").unwrap();
        plant.perform(&number, "ana", command).unwrap();
        let refused = plant.verify(&number, "clear_line", "bor").unwrap_err();
        assert!(refused.to_string().contains("has not acknowledged"), "{refused}");
        plant.acknowledge(&key, text, "bor").unwrap();
        plant.verify(&number, "clear_line", "bor").unwrap();
    });
}

#[test]
fn a_station_performs_the_steps_of_the_room_in_which_the_site_has_it() {
    each_backend(|store| {
        let plant = Plant::new(store);
        let room = "operation = \"clear_line\"\nroom = \"clean_room\"";
        plant.approve(&SHIPPED[0].1.replacen("operation = \"clear_line\"", room, 1)).unwrap();
        let number = plant.start().unwrap();
        let command = plant.ask(&number, "clear_line", CLEAR);
        let office = Caller { station: StationId::parse("OFFICE").unwrap(), ..plant.caller("ana") };
        let refused = batch_step_preview(&plant.app, &office, &number, &command).unwrap_err();
        assert!(refused.to_string().contains("is done in clean room"), "{refused}");
        plant.perform(&number, "ana", command).unwrap();
    });
}

#[test]
fn the_same_command_sent_twice_is_one_event() {
    each_backend(|store| {
        let plant = Plant::new(store);
        plant.approve(SHIPPED[0].1).unwrap();
        let number = plant.start().unwrap();
        let command = plant.ask(&number, "clear_line", CLEAR);
        let caller = plant.caller("ana");
        let preview = batch_step_preview(&plant.app, &caller, &number, &command).unwrap();
        let signed = plant.signature("ana", Meaning::Performed, &preview.hash);
        let once =
            batch_step_perform(&plant.app, &caller, &number, command.clone(), signed.clone());
        let twice = batch_step_perform(&plant.app, &caller, &number, command, signed);
        assert_eq!(once.unwrap(), twice.unwrap());
        let batch = plant.app.read(|db| table::require(db, &number)).unwrap();
        assert_eq!(batch.performances.len(), 1);
    });
}

#[test]
fn a_label_that_was_void_when_the_step_was_recorded_records_nothing() {
    each_backend(|store| {
        let plant = Plant::new(store);
        plant.approve(SHIPPED[0].1).unwrap();
        let number = plant.start().unwrap();
        let pot = plant.labelled_cord();
        plant.done(&number, "clear_line", CLEAR, &[]);
        let values =
            &[("transport_temperature", "5.5"), ("cord_mass", "38.2"), ("condition", "intact")];
        let mut command = plant.ask(&number, "receive_cord", values);
        command.consumed.push(Scan { code: pot.code.clone(), serial: Some(1) });
        let caller = plant.caller("ana");
        let preview = batch_step_preview(&plant.app, &caller, &number, &command).unwrap();
        let signed = plant.signature("ana", Meaning::Performed, &preview.hash);
        plant.reprint(&pot);
        let refused =
            batch_step_perform(&plant.app, &caller, &number, command, signed).unwrap_err();
        assert!(refused.to_string().contains("void"), "{refused}");
        let batch = plant.app.read(|db| table::require(db, &number)).unwrap();
        assert_eq!(batch.performances.len(), 1, "line clearance alone");
    });
}

#[test]
fn two_batches_started_at_once_have_two_numbers() {
    each_backend(|store| {
        let plant = Plant::new(store);
        plant.approve(SHIPPED[0].1).unwrap();
        let numbers: Vec<String> = std::thread::scope(|scope| {
            let starts: Vec<_> =
                (0..4).map(|_| scope.spawn(|| plant.start().unwrap().to_string())).collect();
            starts.into_iter().map(|start| start.join().unwrap()).collect()
        });
        let mut distinct = numbers.clone();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), 4, "{numbers:?}");
    });
}

/// What the rounds of a test enter into a field of this name.
fn entered(field: &str, numbers: (u32, u32, u32)) -> String {
    let (concentration, viability, volume) = numbers;
    match field {
        "concentration" => format!("{}.{:03}", concentration / 1000, concentration % 1000),
        "viability" => format!("{}.{}", viability / 10, viability % 10),
        "volume" | "hold_volume" => format!("{}.{}", volume / 10, volume % 10),
        "hold_bottles" => (1 + volume % 3).to_string(),
        "transport_temperature" | "cord_mass" => (volume % 40).to_string(),
        "condition" => "intact".to_owned(),
        "contamination" => "none seen".to_owned(),
        "confluence" => (viability % 101).to_string(),
        _ => "yes".to_owned(),
    }
}

/// Whatever is counted, in whatever order steps are tried: the book balances after every command,
/// nothing is below zero, and the tables are what the events say.
#[test]
fn the_book_of_a_batch_balances_for_any_sequence_of_commands() {
    let step = (0_usize..20, 1_u32..12_000, 500_u32..1_000, 1_u32..1_200, 0_i64..8);
    let sequences = prop::collection::vec(step, 4..20);
    let mut runner = TestRunner::new(ProptestConfig { cases: 5, ..ProptestConfig::default() });
    runner
        .run(&sequences, |steps| {
            each_backend(|store| any_sequence(&Plant::new(store), &steps));
            Ok(())
        })
        .unwrap();
}

fn any_sequence(plant: &Plant<'_>, steps: &[(usize, u32, u32, u32, i64)]) {
    plant.approve(SHIPPED[0].1).unwrap();
    let number = plant.start().unwrap();
    let cord = plant.cord();
    for (choice, concentration, viability, volume, days) in steps {
        let batch = plant.app.read(|db| table::require(db, &number)).unwrap();
        let record = chorda::app::batch_facts::record_of(&batch).unwrap();
        // Mostly the step that is due, sometimes any other.
        let due = record.steps.iter().position(|step| batch.of_step(&step.name).next().is_none());
        let at = if *choice < 15 { due.unwrap_or(0) } else { choice % record.steps.len() };
        let step = &record.steps[at];
        let texts: Vec<(String, String)> = step
            .fields
            .iter()
            .map(|field| field.name.to_string())
            .map(|field| (entered(&field, (*concentration, *viability, *volume)), field))
            .map(|(text, field)| (field, text))
            .collect();
        let values: Vec<(&str, &str)> =
            texts.iter().map(|(field, text)| (field.as_str(), text.as_str())).collect();
        let mut command = plant.ask(&number, step.name.as_str(), &values);
        if step.name.as_str() == "receive_cord" {
            command.consumed.push(cord.clone().into());
        }
        if let Ok(outcome) = plant.perform(&number, "ana", command) {
            plant.label(outcome);
            if step.signature == SignatureRule::PerformedVerified {
                plant.verify(&number, step.name.as_str(), "bor").unwrap();
            }
        }
        balanced(plant, &number);
        let other =
            |field: &str| entered(field, (concentration / 2 + 7, viability - 3, volume + 2));
        plant.correct_something(&number, other, *choice);
        balanced(plant, &number);
        plant.app.clock.advance(Span::of_days(*days));
    }
}

fn balanced(plant: &Plant<'_>, number: &BatchNumber) {
    let (batch, rows) = plant
        .app
        .read(|db| Ok((table::require(db, number)?, account::of_batch(db, number)?)))
        .unwrap();
    for unit in batch.book.units() {
        assert!(batch.book.sum(unit).is_zero(), "{unit:?} of {number}");
    }
    let mut sums: BTreeMap<Unit, Decimal> = BTreeMap::new();
    for (kept, quantity) in &rows {
        assert_eq!(batch.book.balance(*kept, quantity.unit()).value(), quantity.value());
        let inside = [Account::Process, Account::Output].contains(kept);
        assert!(!inside || !quantity.is_negative(), "{kept:?} is {quantity}");
        *sums.entry(quantity.unit()).or_default() += quantity.value();
    }
    assert!(sums.values().all(Decimal::is_zero), "{sums:?}");
}
