//! The batch record of an order, put together from the ledger and the tables: the order, its
//! patient-dose batch with the pool and the donor cultures behind it, each in full.
//!
//! Neighbours: `record` writes what is gathered here as PDF or JSON.
//!
//! Architecture invariant: reads only, in one transaction, after sealing; so that every event shown
//! is of one instant and under the checkpoint printed with it.

mod batch;
mod custody;
mod donors;
mod genealogy;
mod proof;
mod streams;
mod supplies;

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::App;
use super::site::protocol_of;
use crate::db::Db;
use crate::domain::actor::{Actor, Capability, Signature as Signed};
use crate::domain::container::Container;
use crate::domain::disposition::Disposition;
use crate::domain::donation::Donation;
use crate::domain::genealogy::{Graph, Node as DomainNode, NodeKind as DomainKind};
use crate::domain::id::{BatchNumber, OrderNumber};
use crate::domain::installation::{self, Installation};
use crate::domain::order::Order;
use crate::domain::protocol::DoseUnit;
use crate::domain::quantity::Quantity;
use crate::domain::release::{Release, Stage as ReleaseStage};
use crate::domain::time::{Instant, Zone};
use crate::domain::{Aggregate, RefusalKind};
use crate::ledger::Hash;
use crate::pdf::PRODUCER;
use crate::record::{
    self, BatchRecord, DoseLine, FORMAT, Identity, Mark, Moment, Person, Seal, Signature, Site,
    Stage, Status, Verdict,
};
use crate::site::Site as MadeAt;
use crate::store::{Failure, Store, container, genealogy as graph, ledger};
use streams::Streams;

/// The batch record of an order, for a person whose role may export records.
///
/// # Errors
/// A refusal when the role may not, or there is no such order; or that the database failed.
pub fn record_export(
    app: &App,
    actor: &Actor,
    number: &OrderNumber,
) -> Result<BatchRecord, Failure> {
    if !actor.role.may(Capability::ExportRecord) {
        return Err(Failure::refused(
            "role_lacks_capability (11.10(g))",
            RefusalKind::Forbidden,
            format!("The role {} does not export records. Ask QA.", actor.role.title()),
        ));
    }
    let by = Person {
        name: actor.printed_name.clone(),
        login: actor.login.to_string(),
        role: actor.role.title().to_owned(),
    };
    record_of_order(&app.store, &app.config.site, number, &by, app.clock.now())
}

/// The batch record of an order as the store holds it, sealed first and signed by the installation;
/// `by` is printed as who exported it.
///
/// # Errors
/// A `NotFound` refusal when there is no such order; that the keys of the installation are not
/// there; or that the database failed.
pub fn record_of_order(
    store: &Store,
    site: &MadeAt,
    number: &OrderNumber,
    by: &Person,
    now: Instant,
) -> Result<BatchRecord, Failure> {
    // An event may come in between sealing and reading; then what was read is sealed once more.
    for _ in 0..SEAL_TRIES {
        store.seal_now()?;
        let gathered = store.read(|db| unsigned(db, store, site, number, by, now))?;
        if let Some(mut record) = gathered {
            let text = record::to_json(&record).map_err(|e| Failure::Broken(e.to_string()))?;
            let (key, signature) = store.sign_record(&Hash::of_bytes(&text))?;
            record.seal = Some(Seal { key, signature: STANDARD.encode(signature) });
            return Ok(record);
        }
    }
    Err(Failure::Broken(format!(
        "the events of {number} are recorded faster than they can be sealed; export it again"
    )))
}

/// The record without the installation's signature; `None` when an event of it is not sealed yet.
fn unsigned(
    db: &mut Db,
    store: &Store,
    site: &MadeAt,
    number: &OrderNumber,
    by: &Person,
    now: Instant,
) -> Result<Option<BatchRecord>, Failure> {
    let zone = store.zone();
    let mut gathered = Gathered::of(db, number, zone)?;
    let donors = gathered.donors(db)?;
    let custody = custody::custody(db, &mut gathered)?;
    gathered.streams_of_containers(db)?;
    let Some(found) = proof::proof(db, &gathered)? else { return Ok(None) };
    let exported = Mark {
        by: by.clone(),
        at: Moment::new(now, zone),
        act: "exported".to_owned(),
        meaning: "I exported this record.".to_owned(),
        recorded_at: None,
        reason: None,
    };
    Ok(Some(BatchRecord {
        format: FORMAT.to_owned(),
        program: PRODUCER.to_owned(),
        site: shown_site(site),
        identity: gathered.identity(site)?,
        status: gathered.status(),
        exported,
        donors,
        custody: custody.handed_over,
        excursions: custody.excursions,
        administrations: custody.administered,
        signatures: gathered.signatures(),
        audit_trail: proof::audit_trail(&gathered, &found.indices)?,
        genealogy: gathered.genealogy(),
        ledger: proof::ledger_proof(&gathered, store.origin(), &found)?,
        batches: gathered.shown,
        seal: None,
    }))
}

fn shown_site(site: &MadeAt) -> Site {
    Site {
        name: site.name.clone(),
        address: site.address.clone(),
        authorisation: site.authorisation.clone(),
        zone: site.zone.name().to_owned(),
    }
}

/// What was read for one record.
struct Gathered {
    zone: Zone,
    order: Order,
    /// The dose batch first, then what it is made of, newest first.
    batches: Vec<BatchNumber>,
    shown: Vec<crate::record::Batch>,
    releases: BTreeMap<String, Release>,
    graph: Graph,
    /// Containers of the graph, by code.
    containers: BTreeMap<String, crate::domain::container::Container>,
    /// The events behind all of it.
    streams: Streams,
}

/// How often sealing is tried again when new events keep coming in.
const SEAL_TRIES: u32 = 5;

fn person(signed: &Signed) -> Person {
    Person {
        name: signed.printed_name.clone(),
        login: signed.login.to_string(),
        role: signed.role.title().to_owned(),
    }
}

/// A signature as the record prints it.
fn mark(signed: &Signed) -> Mark {
    let zone = Zone::parse(&signed.zone).unwrap_or(Zone::LJUBLJANA);
    Mark {
        by: person(signed),
        at: Moment::new(signed.at, zone),
        act: signed.meaning.code().replace('_', " "),
        meaning: signed.meaning.words().to_owned(),
        recorded_at: None,
        reason: None,
    }
}

fn signature(subject: String, signed: &Signed, on_cover: bool) -> Signature {
    let mark = mark(signed);
    Signature {
        subject,
        meaning: mark.meaning,
        by: mark.by,
        at: mark.at,
        content_hash: signed.content_hash.to_string(),
        on_cover,
    }
}

impl Gathered {
    fn of(db: &mut Db, number: &OrderNumber, zone: Zone) -> Result<Self, Failure> {
        let order = ledger::load::<Order>(db, number.as_str())?.ok_or_else(|| {
            Failure::not_found(format!("There is no order {number}. Check the number."))
        })?;
        let start = match &order.batch {
            Some(batch) => DomainNode::batch(batch),
            None => DomainNode::order(number),
        };
        let graph = graph::graph_around(db, &start)?;
        let mut batches: Vec<BatchNumber> = graph
            .ancestors(&start)
            .iter()
            .filter(|node| node.kind() == DomainKind::Batch)
            .filter_map(|node| BatchNumber::parse(node.id()).ok())
            .collect();
        batches.sort_by(|one, other| other.cmp(one));
        if let Some(batch) = &order.batch {
            batches.insert(0, batch.clone());
        }
        let codes: Vec<String> = graph
            .nodes()
            .iter()
            .filter(|node| node.kind() == DomainKind::Container)
            .map(|node| node.id().to_owned())
            .collect();
        let containers = container::load_many(db, &codes)?
            .into_iter()
            .map(|state| (state.code.clone(), state))
            .collect();
        let mut streams = Streams::default();
        streams.whole(db, &Installation::stream(installation::ID))?;
        streams.whole(db, &Order::stream(number.as_str()))?;
        let mut gathered = Self {
            zone,
            order,
            batches,
            shown: Vec::new(),
            releases: BTreeMap::new(),
            graph,
            containers,
            streams,
        };
        for number in gathered.batches.clone() {
            let entries = gathered.streams.whole(db, &Release::stream(number.as_str()))?;
            let release = Release::fold(entries.iter().map(|entry| &entry.recorded));
            gathered.releases.extend(release.map(|release| (number.to_string(), release)));
            let shown = batch::batch(db, &mut gathered, &number)?;
            gathered.shown.push(shown);
        }
        Ok(gathered)
    }

    /// Takes in the events of the containers that the dose batch used and made, and of the
    /// donations.
    fn streams_of_containers(&mut self, db: &mut Db) -> Result<(), Failure> {
        let lines = self.shown.first().map(|dose| dose.containers.as_slice()).unwrap_or_default();
        let codes: Vec<String> = lines.iter().map(|line| line.code.clone()).collect();
        for code in codes {
            self.streams.whole(db, &Container::stream(&code))?;
        }
        let nodes = self.graph.nodes();
        let donations = nodes.iter().filter(|node| node.kind() == DomainKind::Donation);
        let dins: Vec<String> = donations.map(|node| node.id().to_owned()).collect();
        for din in dins {
            self.streams.whole(db, &Donation::stream(&din))?;
        }
        Ok(())
    }

    fn moment(&self, at: Instant) -> Moment {
        Moment::new(at, self.zone)
    }

    fn identity(&self, site: &MadeAt) -> Result<Identity, Failure> {
        let order = &self.order;
        let protocol = &protocol_of(site, order)?.protocol;
        let day = order.slot().infusion_on.to_string();
        let at = Instant::parse_local(&format!("{day} 00:00"), self.zone)
            .map_err(|error| Failure::Broken(error.to_string()))?;
        let expiry = self.dose_units().filter_map(|state| state.expires_at).min();
        let concentration = protocol.dose.concentration().map(Quantity::text);
        let total = match order.dose_cells {
            Some(cells) => format!("{} in {}", cells.text(), order.dose_volume.text()),
            None => order.dose_volume.text(),
        };
        let steps = order
            .arithmetic
            .iter()
            .map(|line| format!("{}: {} = {}", line.title, line.formula, line.result.text()));
        let steps: Vec<String> = steps.collect();
        Ok(Identity {
            order: order.number.to_string(),
            coi: order.coi.printed(),
            patient_code: order.patient.to_string(),
            product: order.protocol.title.clone(),
            strength: match &concentration {
                Some(concentration) => format!("{concentration}; {total}, for one patient"),
                None => format!("{total}, for one patient"),
            },
            protocol: format!("{} version {}", order.protocol.id, order.protocol.version),
            protocol_title: order.protocol.title.clone(),
            legal_basis: format!("{}, {}", protocol.trial.code, protocol.trial.statement),
            sponsor: format!("{}. {}", protocol.trial.sponsor, protocol.trial.contact),
            ordered: mark(&order.placed),
            treatment: Moment { at, text: day },
            expiry: expiry.map(|at| self.moment(at)),
            dose_plan: order
                .units
                .iter()
                .map(|unit| self.dose_line(unit, concentration.as_deref()))
                .collect(),
            dose_total: if steps.is_empty() { format!("Total {total}") } else { steps.join("; ") },
        })
    }

    /// The containers that carry the doses of the order.
    fn dose_units(&self) -> impl Iterator<Item = &Container> {
        let own = &self.order.number;
        self.containers
            .values()
            .filter(move |state| state.order.as_ref() == Some(own) && state.target.is_some())
    }

    fn dose_line(&self, unit: &DoseUnit, concentration: Option<&str>) -> DoseLine {
        let (cells, volume) = (unit.cells.map(Quantity::text), unit.volume.text());
        let filled = self.dose_units().find(|state| state.target.as_ref() == Some(&unit.target));
        DoseLine {
            target: unit.title.clone(),
            arithmetic: match (&cells, concentration) {
                (Some(cells), Some(concentration)) => {
                    format!("{cells} ÷ {concentration} = {volume}")
                }
                _ => volume.clone(),
            },
            cells,
            volume,
            container: filled.map(|state| state.code.clone()),
        }
    }

    fn status(&self) -> Status {
        let dose = self.order.batch.as_ref().and_then(|b| self.releases.get(b.as_str()));
        let pending: Vec<String> = self
            .shown
            .first()
            .filter(|batch| {
                Some(&batch.number) == self.order.batch.as_ref().map(|b| b.to_string()).as_ref()
            })
            .into_iter()
            .flat_map(|batch| &batch.tests)
            .filter(|test| test.verdict == Verdict::Pending)
            .map(|test| test.name.clone())
            .collect();
        let (stage, summary) = match dose {
            None => (Stage::InProcess, "The patient's batch has not been released.".to_owned()),
            Some(release) => {
                let word = release.stage.word();
                let above = self.held_from_above();
                let stage = match (release.hold.is_some(), above.as_ref(), release.stage) {
                    (true, ..) => Stage::OnHold,
                    (_, _, ReleaseStage::Rejected) => Stage::Rejected,
                    (_, _, ReleaseStage::OutOfSpecificationAfterRelease) => Stage::Recalled,
                    (_, Some((Disposition::Rejected, _)), _) => Stage::Rejected,
                    (_, Some(_), _) => Stage::OnHold,
                    (_, None, ReleaseStage::InProcess) => Stage::InProcess,
                    (_, None, ReleaseStage::PendingReview) => Stage::PendingReview,
                    (_, None, ReleaseStage::CertifiedInitial) => Stage::ConditionallyReleased,
                    (_, None, ReleaseStage::CertifiedFinal) => Stage::Certified,
                };
                let summary = match (&release.hold, above) {
                    (Some(because), _) => format!("On hold: {because}."),
                    (None, Some((_, words))) => {
                        format!("The patient's batch is {word}, and it is {words}.")
                    }
                    (None, None) => format!("The patient's batch is {word}."),
                };
                (stage, summary)
            }
        };
        let pending = if stage == Stage::ConditionallyReleased { pending } else { Vec::new() };
        Status::new(stage, pending, &summary)
    }

    /// What holds or rejects the patient's batch although its own release does not: disposition
    /// and cause in words.
    fn held_from_above(&self) -> Option<(Disposition, String)> {
        let node = DomainNode::batch(self.order.batch.as_ref()?);
        let standing = self.graph.standing(&node);
        let above = standing.because.as_ref().is_some_and(|because| *because != node);
        (above && standing.disposition >= Disposition::OnHold)
            .then(|| (standing.disposition, standing.words(&node)))
    }

    fn signatures(&self) -> Vec<Signature> {
        let order = &self.order;
        let about = format!("Order {}", order.number);
        let mut all = vec![signature(about.clone(), &order.placed, false)];
        all.extend(order.confirmed.iter().map(|s| signature(about.clone(), s, false)));
        all.extend(order.scheduled.iter().map(|(_, s)| signature(about.clone(), s, false)));
        for (number, release) in &self.releases {
            let dose = order.batch.as_ref().is_some_and(|batch| batch.as_str() == number);
            let subject = |what: &str| format!("Batch {number}, {what}");
            all.extend(
                release.reviews.iter().map(|r| signature(subject("review"), &r.signature, false)),
            );
            for certified in &release.certifications {
                let what =
                    if certified.initial { "initial certification" } else { "final certification" };
                let what = format!("{what}, certificate {}", certified.certificate.number);
                all.push(signature(subject(&what), &certified.signature, dose));
            }
            all.extend(
                release.decisions.iter().map(|d| signature(subject(d.what), &d.signature, dose)),
            );
        }
        all.extend(order.closed.iter().map(|c| signature(about.clone(), &c.signature, false)));
        all.sort_by_key(|one| one.at.at);
        all
    }
}
