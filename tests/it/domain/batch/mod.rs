//! The batch engine, without a database: given a plant, when a step is performed, then it is
//! recorded or refused.

mod book;
mod clearance;
mod correct;
mod ending;
mod gates;
mod late;
mod model;
mod order;
mod pooling;
mod processes;
mod runs;
mod timers;

use chorda::codes::container::code as container_code;
use chorda::domain::actor::{Actor, Meaning, Role, Signature};
use chorda::domain::batch::{
    self, Batch, ContainerFact, DeviationFact, Divided, EndAct, EndFacts, EndSigned, EquipmentFact,
    Facts, Fresh, Given, MaterialFact, PerformStep, Refusal, Settlement, Start,
};
use chorda::domain::container::{Container, ContainerKind, Contents, Custodian, Event, Fate, Scan};
use chorda::domain::deviation::{self, Class, Deviation};
use chorda::domain::disposition::Disposition;
use chorda::domain::genealogy::Standing;
use chorda::domain::id::{
    AssetId, BatchNumber, ContainerCode, ContentHash, DeviationNumber, Din, DonorCode,
    LocationPath, Login, LotId, MasterRecordId, MaterialCode, Name, OrderNumber, StationId,
};
use chorda::domain::language::Wording;
use chorda::domain::lineage::Origin;
use chorda::domain::master_record::{MasterRecord, parse};
use chorda::domain::protocol::DoseUnit;
use chorda::domain::quality::TestRequest;
use chorda::domain::quantity::{Quantity, Unit};
use chorda::domain::time::{Instant, Span};
use chorda::domain::{Aggregate, Change, Context, Recorded, Refused};
use std::collections::{BTreeMap, BTreeSet};

use crate::support::p1;

pub(super) const P1: &str = include_str!("../../../../templates/mbr/eq-msc-p1.toml");
pub(super) const BANK: &str = include_str!("../../../../templates/mbr/eq-msc-bank.toml");
pub(super) const DOSE: &str = include_str!("../../../../templates/mbr/eq-msc-dose.toml");

pub(super) fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

pub(super) fn q(text: &str, unit: Unit) -> Quantity {
    Quantity::parse(text, unit).unwrap()
}

/// A plant in memory: one batch, the containers around it, a clock that is moved by hand.
pub(super) struct Plant {
    pub(super) now: Instant,
    pub(super) record: MasterRecord,
    pub(super) number: BatchNumber,
    pub(super) events: Vec<Recorded>,
    pub(super) origins: BTreeMap<String, (Vec<DonorCode>, Option<(MasterRecordId, u32)>)>,
    pub(super) standings: BTreeMap<String, Standing>,
    pub(super) bad_lots: BTreeMap<String, Refused>,
    pub(super) bad_assets: BTreeMap<String, Refused>,
    pub(super) batch_standing: Standing,
    pub(super) acknowledged: bool,
    pub(super) divided: Divided,
    pub(super) room: Option<Name>,
    codes: u32,
    deviations: u32,
}

impl Plant {
    /// A batch of a record, just started.
    pub(super) fn started(text: &str, start: Start) -> Self {
        let record = parse(text).unwrap_or_else(|faults| panic!("{:#?}", faults.0));
        let number = BatchNumber::parse("B-2026-0001").unwrap();
        let mut plant = Self {
            now: Instant::parse("2026-03-02T08:00:00Z").unwrap(),
            number: number.clone(),
            events: Vec::new(),
            origins: BTreeMap::new(),
            standings: BTreeMap::new(),
            bad_lots: BTreeMap::new(),
            bad_assets: BTreeMap::new(),
            batch_standing: Standing { disposition: Disposition::Quarantine, because: None },
            acknowledged: true,
            divided: Divided::default(),
            room: None,
            codes: 100,
            deviations: 0,
            record,
        };
        let changes = batch::start(&number, &plant.record, &start).unwrap();
        plant.record_changes("ana", changes);
        plant
    }

    pub(super) fn record_changes(&mut self, login: &str, changes: Vec<Change>) {
        for change in changes {
            let version = self.events.iter().filter(|e| e.stream == change.stream).count() + 1;
            self.events.push(Recorded {
                stream: change.stream,
                version: u64::try_from(version).unwrap(),
                at: self.now,
                actor: Login::parse(login).unwrap(),
                role: Role::Technician,
                station: StationId::parse("CR-1").unwrap(),
                command_id: "test".to_owned(),
                reason: None,
                event: change.event,
            });
        }
    }

    pub(super) fn fold<A: Aggregate>(&self, id: &str) -> Option<A> {
        let stream = A::stream(id);
        A::fold(self.events.iter().filter(|recorded| recorded.stream == stream))
    }

    pub(super) fn batch(&self) -> Batch {
        self.fold(self.number.as_str()).unwrap()
    }

    pub(super) fn container(&self, code: &str) -> Container {
        self.fold(code).unwrap()
    }

    pub(super) fn later(&mut self, span: &str) -> &mut Self {
        self.now = self.now.plus(Span::parse(span).unwrap());
        self
    }

    pub(super) fn context(&self, login: &str) -> Context {
        let role = if login == "qa.vesna" { Role::Qa } else { Role::Technician };
        let login = Login::parse(login).unwrap();
        Context { now: self.now, actor: Actor { printed_name: login.to_string(), login, role } }
    }

    pub(super) fn signature(&self, login: &str, meaning: Meaning) -> Signature {
        Signature {
            login: Login::parse(login).unwrap(),
            printed_name: login.to_owned(),
            role: Role::Technician,
            meaning,
            at: self.now,
            zone: "Europe/Ljubljana".to_owned(),
            content_hash: ContentHash::parse(&"0".repeat(64)).unwrap(),
        }
    }

    fn facts(&self, command: &PerformStep) -> Facts {
        let mut codes: Vec<String> =
            command.consumed.iter().map(|scan| scan.code.to_string()).collect();
        codes.extend(self.batch().produced().map(|made| made.container.to_string()));
        let containers = codes.iter().filter_map(|code| {
            let container: Container = self.fold(code)?;
            let (donors, record) = self.origins.get(code).cloned().unwrap_or_default();
            let released = Standing { disposition: Disposition::Released, because: None };
            let own = container.batch.as_ref() == Some(&self.number);
            let fallback = if own { self.batch_standing.clone() } else { released };
            let standing = self.standings.get(code).cloned().unwrap_or(fallback);
            let free = |donor| Origin { donor, recipient: None };
            let origins = donors.into_iter().map(free).collect();
            Some(ContainerFact { container, standing, origins, record })
        });
        let materials = command.materials.iter().map(|lot| MaterialFact {
            lot: lot.clone(),
            material: MaterialCode::parse(lot.as_str().split('/').next().unwrap()).unwrap(),
            refused: self.bad_lots.get(lot.as_str()).cloned(),
        });
        let equipment = command.equipment.iter().map(|asset| EquipmentFact {
            asset: asset.clone(),
            kind: asset.as_str()[3..]
                .to_lowercase()
                .replace('-', "_")
                .replace("crf", "controlled_rate_freezer"),
            refused: self.bad_assets.get(asset.as_str()).cloned(),
        });
        let mut numbers: Vec<&str> = self
            .events
            .iter()
            .filter(|recorded| recorded.stream.kind() == Deviation::KIND)
            .map(|recorded| recorded.stream.id())
            .collect();
        numbers.dedup();
        let deviations = numbers.into_iter().map(|number| {
            let deviation: Deviation = self.fold(number).unwrap();
            DeviationFact {
                number: DeviationNumber::parse(number).unwrap(),
                class: deviation.class,
                step: deviation.subject.step.clone(),
                undecided: deviation.decision.is_none(),
            }
        });
        Facts {
            containers: containers.collect(),
            materials: materials.collect(),
            equipment: equipment.collect(),
            deviations: deviations.collect(),
            standing: Some(self.batch_standing.clone()),
            acknowledged: self.acknowledged,
            room: self.room.clone(),
            inside: Vec::new(),
            reach: None,
        }
    }

    /// Performs a step as `ana`, without verification.
    pub(super) fn when(&mut self, command: PerformStep) -> Result<(), Refusal> {
        let (batch, facts) = (self.batch(), self.facts(&command));
        let context = self.context("ana");
        let assessment = batch::assess(&batch, &self.record, &command, &facts, &context)?;
        let mut fresh = Fresh { divided: self.divided.clone(), ..Fresh::default() };
        for (kind, count) in assessment.containers_needed() {
            fresh.containers.push((kind, (0..count).map(|_| self.fresh(kind)).collect()));
        }
        for _ in &assessment.breaks {
            self.deviations += 1;
            let number = format!("DEV-2026-{:04}", self.deviations);
            fresh.deviations.push(DeviationNumber::parse(&number).unwrap());
        }
        let signature = self.signature("ana", Meaning::Performed);
        let changes =
            batch::perform(&batch, &self.record, assessment, &facts, fresh, signature, &context)?;
        self.record_changes("ana", changes);
        Ok(())
    }

    fn fresh(&mut self, kind: ContainerKind) -> ContainerCode {
        self.codes += 1;
        container_code(kind, self.codes).unwrap()
    }

    pub(super) fn verify(&mut self, step: &str, login: &str) -> Result<(), Refusal> {
        let batch = self.batch();
        let occurrence = batch.count_of(&name(step));
        let signature = self.signature(login, Meaning::Verified);
        let context = self.context(login);
        let changes =
            batch::verify(&batch, &self.record, &name(step), occurrence, signature, &context)?;
        self.record_changes(login, changes);
        Ok(())
    }

    pub(super) fn sign_hold_point(&mut self, hold: &str) -> Result<(), Refusal> {
        let signature = self.signature("qa.vesna", Meaning::Reviewed);
        let context = self.context("qa.vesna");
        let batch = self.batch();
        let changes =
            batch::sign_hold_point(&batch, &self.record, &name(hold), &[], signature, &context)?;
        self.record_changes("qa.vesna", changes);
        Ok(())
    }

    /// Everything around the batch that may be open.
    pub(super) fn end_facts(&self) -> EndFacts {
        let ids = |kind: &str| {
            let of = self.events.iter().filter(|recorded| recorded.stream.kind() == kind);
            of.map(|recorded| recorded.stream.id().to_owned()).collect::<BTreeSet<String>>()
        };
        let made = |container: &Container| container.batch.as_ref() == Some(&self.number);
        EndFacts {
            containers: ids(Container::KIND)
                .iter()
                .filter_map(|code| self.fold(code))
                .filter(made)
                .collect(),
            tests: ids(TestRequest::KIND).iter().filter_map(|id| self.fold(id)).collect(),
            ..EndFacts::default()
        }
    }

    /// Gives the batch up with these decisions; `witness` saw what was destroyed.
    pub(super) fn give_up(
        &mut self,
        because: &str,
        decisions: &[(String, Settlement)],
        witness: Option<&str>,
    ) -> Result<(), Refusal> {
        let (batch, facts) = (self.batch(), self.end_facts());
        let ending = batch::settle(&batch, &facts, (EndAct::GiveUp, because), decisions)?;
        let signed = EndSigned {
            signature: self.signature("qa.vesna", Meaning::Rejected),
            witness: witness.map(|login| self.signature(login, Meaning::Verified)),
        };
        let context = self.context("qa.vesna");
        let changes = batch::end(&batch, &ending, &facts, &signed, &context)?;
        self.record_changes("qa.vesna", changes);
        Ok(())
    }

    /// The first decision possible for everything that is open.
    pub(super) fn decisions(&self) -> Vec<(String, Settlement)> {
        let items = batch::open(&self.batch(), &self.end_facts());
        items.into_iter().map(|item| (item.key, item.choices[0])).collect()
    }

    /// Performs a step with what its record asks for and these values, and has it verified.
    pub(super) fn done(&mut self, step: &str, values: &[(&str, &str)]) {
        let command = self.ask(step, values);
        self.when(command).unwrap_or_else(|refusal| panic!("{step}: {refusal}"));
        let found = self.record.step(&name(step)).unwrap().clone();
        if found.signature == chorda::domain::master_record::SignatureRule::PerformedVerified {
            self.verify(step, "bor").unwrap_or_else(|refusal| panic!("{step}: {refusal}"));
        }
        let made: Vec<ContainerCode> = self
            .batch()
            .last_of(&name(step))
            .unwrap()
            .produced
            .iter()
            .map(|made| made.container.clone())
            .collect();
        for code in made {
            self.label(code.as_str());
        }
    }

    /// Prints a label for a container and reads it back.
    pub(super) fn label(&mut self, code: &str) {
        let printed = Event::LabelPrinted {
            serial: 1,
            definition: "flask".to_owned(),
            definition_version: 1,
            payload: code.to_owned(),
            copies: 1,
        };
        let back = Event::LabelScannedBack { serial: 1 };
        let changes =
            vec![Change::of::<Container>(code, printed), Change::of::<Container>(code, back)];
        self.record_changes("ana", changes);
    }

    /// A command with every material, equipment and own container the step asks for.
    pub(super) fn ask(&self, step: &str, values: &[(&str, &str)]) -> PerformStep {
        let found = self.record.step(&name(step)).unwrap();
        let batch = self.batch();
        let mut command = PerformStep::now(name(step));
        command.materials = found
            .materials
            .iter()
            .map(|need| LotId::parse(&format!("{}/L1", need.material)).unwrap())
            .collect();
        command.equipment = found
            .equipment
            .iter()
            .map(|need| {
                let kind = need.kind.replace("controlled_rate_freezer", "crf");
                let asset = format!("EQ-{}", kind.to_uppercase().replace('_', "-"));
                AssetId::parse(&asset).unwrap()
            })
            .collect();
        for consumption in &found.consumes {
            command
                .consumed
                .extend(batch.at_hand(&consumption.what).map(|made| made.container.clone().into()));
        }
        for (field, text) in values {
            let (field, item) = field.split_once('@').unwrap_or((field, ""));
            command.values.push(Given {
                field: name(field),
                item: ContainerCode::parse(item).ok(),
                text: (*text).to_owned(),
            });
        }
        command
    }

    /// A donor culture with a new cord as it usually goes, up to a step.
    pub(super) fn walk_p1(&mut self, last: &str) {
        for leg in p1::legs(None, last) {
            if let Some(span) = leg.after {
                self.later(span);
            }
            if leg.step == p1::RECEIVE {
                let cord = self.outside(cord(&["DNR-0001"]));
                let mut receive = self.ask(leg.step, leg.values);
                receive.consumed.push(cord.into());
                self.when(receive).unwrap();
                self.verify(leg.step, "bor").unwrap();
            } else {
                self.done(leg.step, leg.values);
            }
        }
    }

    /// A container from outside the batch, in the hand of `ana`.
    pub(super) fn outside(&mut self, given: Outside<'_>) -> ContainerCode {
        let code = self.fresh(given.kind);
        let produced = Event::Produced {
            kind: given.kind,
            contents: Contents {
                material: MaterialCode::parse(given.material).unwrap(),
                title: Wording::english(given.material),
                passage: given.passage,
                volume: given.volume.map(|text| q(text, Unit::Millilitre)),
                viable_cells: given.cells.map(|text| q(text, Unit::MillionCells)),
            },
            donation: Some(Din::parse("A999926000001").unwrap()),
            batch: None,
            step: None,
            output: None,
            number: 1,
            of: 1,
            identity: None,
            expires_at: Some(self.now.plus(Span::of_days(400))),
            order: None,
            target: None,
            disposition: Disposition::Released,
            custodian: Custodian::Person { login: Login::parse("ana").unwrap() },
        };
        self.record_changes("ana", vec![Change::of::<Container>(code.as_str(), produced)]);
        let donors = given.donors.iter().map(|donor| DonorCode::parse(donor).unwrap()).collect();
        let record = given.record.map(|(id, v)| (MasterRecordId::parse(id).unwrap(), v));
        self.origins.insert(code.to_string(), (donors, record));
        code
    }

    /// The containers of an output, in the order made.
    pub(super) fn made(&self, output: &str) -> Vec<Container> {
        let batch = self.batch();
        let made = batch.produced().filter(|made| made.output == name(output));
        made.map(|made| self.container(made.container.as_str())).collect()
    }

    /// Puts what was made of these outputs into positions of its own.
    pub(super) fn put_away(&mut self, outputs: &[&str]) {
        let made: Vec<Container> = outputs.iter().flat_map(|output| self.made(output)).collect();
        for container in made {
            let location = format!("CRYO/TANK-1/BOX-1/{}", container.code);
            let location = LocationPath::parse(&location).unwrap();
            let stored = Event::Stored { location };
            self.record_changes("ana", vec![Change::of::<Container>(&container.code, stored)]);
        }
    }

    /// The open deviations by class and title.
    pub(super) fn deviations(&self) -> Vec<(Class, String)> {
        self.events
            .iter()
            .filter_map(|recorded| match &recorded.event {
                chorda::domain::Event::Deviation(deviation::Event::Opened {
                    class, title, ..
                }) => Some((*class, title.clone())),
                _ => None,
            })
            .collect()
    }

    pub(super) fn live(&self, output: &str) -> Vec<String> {
        self.batch()
            .at_hand(&name(output))
            .map(|made| made.container.to_string())
            .filter(|code| self.container(code).fate == Fate::Live)
            .collect()
    }
}

/// A container from outside.
#[derive(Clone, Copy)]
pub(super) struct Outside<'a> {
    pub(super) kind: ContainerKind,
    pub(super) material: &'a str,
    pub(super) passage: Option<u8>,
    pub(super) volume: Option<&'a str>,
    pub(super) cells: Option<&'a str>,
    pub(super) donors: &'a [&'a str],
    pub(super) record: Option<(&'a str, u32)>,
}

pub(super) fn cord<'a>(donor: &'a [&'a str]) -> Outside<'a> {
    Outside {
        kind: ContainerKind::CollectionPot,
        material: "UC-CORD",
        passage: None,
        volume: None,
        cells: None,
        donors: donor,
        record: None,
    }
}

pub(super) fn lot<'a>(donor: &'a [&'a str]) -> Outside<'a> {
    Outside {
        kind: ContainerKind::HoldVial,
        material: "EQ-MSC-P1",
        passage: Some(1),
        volume: Some("98.0"),
        cells: Some("960"),
        donors: donor,
        record: Some(("EQ-MSC-P1", 1)),
    }
}

pub(super) fn vial<'a>() -> Outside<'a> {
    Outside {
        kind: ContainerKind::Cryovial,
        material: "EQ-MSC",
        passage: Some(1),
        volume: Some("1.0"),
        cells: Some("50"),
        donors: &["DNR-0001", "DNR-0002", "DNR-0003", "DNR-0004"],
        record: Some(("EQ-MSC-BANK", 1)),
    }
}

pub(super) fn for_pool() -> Start {
    Start { din: Some(Din::parse("A999926000099").unwrap()), ..Start::default() }
}

pub(super) fn for_order() -> Start {
    let unit = |target: &str, cells: &str, volume: &str| DoseUnit {
        target: name(target),
        title: target.replace('_', " "),
        cells: Some(q(cells, Unit::MillionCells)),
        volume: q(volume, Unit::Millilitre),
    };
    Start {
        order: Some(OrderNumber::parse("ORD-2026-0001").unwrap()),
        patient: None,
        dose_units: vec![
            unit("left_parotid", "50", "1.0"),
            unit("right_parotid", "50", "1.0"),
            unit("left_submandibular", "25", "0.5"),
            unit("right_submandibular", "25", "0.5"),
        ],
        din: None,
    }
}

/// A dose batch with its vial reserved and at hand.
pub(super) fn dose_plant() -> (Plant, ContainerCode) {
    let mut plant = Plant::started(DOSE, for_order());
    let code = plant.outside(vial());
    let reserved = Event::Reserved { order: OrderNumber::parse("ORD-2026-0001").unwrap() };
    plant.record_changes("ana", vec![Change::of::<Container>(code.as_str(), reserved)]);
    (plant, code)
}

pub(super) const CLEAR: &[(&str, &str)] = &[("nothing_else_present", "yes"), ("cleaned", "yes")];

/// A dose batch up to the point where P2 is growing.
pub(super) fn dose_in_p2() -> Plant {
    let (mut plant, code) = dose_plant();
    plant.done("clear_line", CLEAR);
    let mut thaw = plant.ask("thaw", &[("bath_temperature", "37.0")]);
    thaw.consumed.push(code.into());
    plant.when(thaw).unwrap();
    plant.verify("thaw", "bor").unwrap();
    plant.later("10 min");
    plant.done(
        "count_thaw",
        &[("concentration", "4.800"), ("viability", "92.0"), ("volume", "10.0")],
    );
    plant.later("15 min");
    plant.done("seed_p2", &[]);
    plant.done("label_p2", &[]);
    plant
}

/// … up to the harvest, which is due.
pub(super) fn dose_before_harvest() -> Plant {
    let mut plant = dose_in_p2();
    plant.later("72 h");
    plant.done("sample_supernatant", &[]);
    plant.done("label_supernatant", &[]);
    plant.later("26 h");
    plant
}

pub(super) const HARVEST: &[(&str, &str)] =
    &[("concentration", "11.700"), ("viability", "95.0"), ("volume", "20.0")];
