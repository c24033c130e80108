//! The batch record of an order, put together from the ledger and the tables: the order, its
//! patient-dose batch with the pool and the donor cultures behind it, each in full.
//!
//! Neighbours: `record` writes what is gathered here as PDF or JSON.
//!
//! Architecture invariant: reads only, in one transaction, after sealing; so that every event shown
//! is of one instant and under the checkpoint printed with it.

mod batch;
mod proof;

use std::collections::BTreeMap;

use super::App;
use super::site::protocol_of;
use crate::db::Db;
use crate::domain::RefusalKind;
use crate::domain::actor::{Actor, Capability, Signature as Signed};
use crate::domain::container::Fate;
use crate::domain::genealogy::{Graph, Node as DomainNode, NodeKind as DomainKind};
use crate::domain::id::{BatchNumber, ContainerCode, Din, DonorCode, OrderNumber};
use crate::domain::order::Order;
use crate::domain::release::{Release, Stage as ReleaseStage};
use crate::domain::time::{Instant, Zone};
use crate::record::{
    Administration, BatchRecord, CustodyEvent, Donor, DonorResult, DoseLine, Edge, Excursion,
    FORMAT, Genealogy, Identity, Mark, Moment, Node, NodeKind, Person, Signature, Site, Stage,
    Status, Verdict,
};
use crate::site::Site as MadeAt;
use crate::store::{Failure, Store, container, custody, donor, genealogy, ledger};

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
    app.store.seal_now()?;
    let by = Person {
        name: actor.printed_name.clone(),
        login: actor.login.to_string(),
        role: actor.role.title().to_owned(),
    };
    record_of_order(&app.store, &app.config.site, number, by, app.clock.now())
}

/// The batch record of an order as the store holds it; `by` is printed as who exported it.
///
/// # Errors
/// A `NotFound` refusal when there is no such order; or that the database failed.
pub fn record_of_order(
    store: &Store,
    site: &MadeAt,
    number: &OrderNumber,
    by: Person,
    now: Instant,
) -> Result<BatchRecord, Failure> {
    let keys = store.event_public_keys();
    let (zone, origin) = (store.zone(), store.origin().to_owned());
    store.read(|db| {
        let mut gathered = Gathered::of(db, number, zone)?;
        let ledger = proof::proof(db, &gathered, &origin, &keys)?;
        let audit_trail = proof::audit_trail(db, &gathered)?;
        let exported = Mark {
            by: by.clone(),
            at: Moment::new(now, zone),
            meaning: "I exported this record".to_owned(),
            recorded_at: None,
            reason: None,
        };
        Ok(BatchRecord {
            format: FORMAT.to_owned(),
            site: shown_site(site),
            identity: gathered.identity(site)?,
            status: gathered.status(),
            exported,
            donors: gathered.donors(db)?,
            custody: gathered.custody(db)?,
            excursions: gathered.excursions(db)?,
            administrations: gathered.administrations(db)?,
            signatures: gathered.signatures(),
            audit_trail,
            genealogy: gathered.genealogy(),
            ledger,
            batches: std::mem::take(&mut gathered.shown),
        })
    })
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
    /// Streams beside order and batches whose events belong to the record.
    tests: Vec<String>,
    deviations: Vec<String>,
    names: BTreeMap<String, Person>,
}

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
        let graph = genealogy::graph_around(db, &start)?;
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
        let mut gathered = Self {
            zone,
            order,
            batches,
            shown: Vec::new(),
            releases: BTreeMap::new(),
            graph,
            containers,
            tests: Vec::new(),
            deviations: Vec::new(),
            names: BTreeMap::new(),
        };
        for number in gathered.batches.clone() {
            if let Some(release) = ledger::load::<Release>(db, number.as_str())? {
                gathered.releases.insert(number.to_string(), release);
            }
            let shown = batch::batch(db, &mut gathered, &number)?;
            gathered.shown.push(shown);
        }
        gathered.learn_names();
        Ok(gathered)
    }

    fn moment(&self, at: Instant) -> Moment {
        Moment::new(at, self.zone)
    }

    /// Printed names by login, from the signatures of the record, for rows that hold logins only.
    fn learn_names(&mut self) {
        let marks = self.shown.iter().flat_map(|batch| &batch.steps);
        let marks = marks.flat_map(|step| step.performed.iter().chain(&step.verified));
        let mut names: BTreeMap<String, Person> =
            marks.map(|mark| (mark.by.login.clone(), mark.by.clone())).collect();
        let order = &self.order;
        let closed = order.closed.as_ref().map(|closing| &closing.signature);
        for signed in std::iter::once(&order.placed).chain(&order.confirmed).chain(closed) {
            names.insert(signed.login.to_string(), person(signed));
        }
        self.names = names;
    }

    fn known(&self, login: &str) -> Person {
        self.names.get(login).cloned().unwrap_or_else(|| Person {
            name: login.to_owned(),
            login: login.to_owned(),
            role: String::new(),
        })
    }

    fn identity(&self, site: &MadeAt) -> Result<Identity, Failure> {
        let order = &self.order;
        let protocol = &protocol_of(site, order)?.protocol;
        let slot = order.scheduled.as_ref().map_or(&order.wished, |(slot, _)| slot);
        let day = slot.infusion_on.to_string();
        let at = Instant::parse_local(&format!("{day} 00:00"), self.zone)
            .map_err(|error| Failure::Broken(error.to_string()))?;
        let syringe = |target: &str| {
            self.containers.values().find(|state| {
                state.order.as_ref() == Some(&order.number)
                    && state.target.as_ref().is_some_and(|own| own.as_str() == target)
            })
        };
        let expiry = self
            .containers
            .values()
            .filter(|state| state.order.as_ref() == Some(&order.number) && state.target.is_some())
            .filter_map(|state| state.expires_at)
            .min();
        let arithmetic = |title: &str| {
            let line = order.arithmetic.iter().find(|line| line.title == title);
            line.map(|line| format!("{} = {}", line.formula, line.result.text()))
        };
        let rest: Vec<String> = order
            .arithmetic
            .iter()
            .filter(|line| !order.units.iter().any(|unit| unit.title == line.title))
            .map(|line| format!("{}: {} = {}", line.title, line.formula, line.result.text()))
            .collect();
        Ok(Identity {
            order: order.number.to_string(),
            coi: order.coi.printed(),
            patient_code: order.patient.to_string(),
            product: order.protocol.title.clone(),
            strength: format!(
                "{} in {}, for one patient",
                order.dose_cells.text(),
                order.dose_volume.text()
            ),
            protocol: format!("{} version {}", order.protocol.id, order.protocol.version),
            protocol_title: order.protocol.title.clone(),
            legal_basis: format!("{}, {}", protocol.trial.code, protocol.trial.statement),
            ordered: mark(&order.placed),
            treatment: Moment { at, text: day },
            expiry: expiry.map(|at| self.moment(at)),
            dose_plan: order
                .units
                .iter()
                .map(|unit| DoseLine {
                    target: unit.title.clone(),
                    cells: unit.cells.text(),
                    volume: unit.volume.text(),
                    arithmetic: arithmetic(&unit.title).unwrap_or_default(),
                    container: syringe(unit.target.as_str()).map(|state| state.code.clone()),
                })
                .collect(),
            dose_total: if rest.is_empty() {
                format!("Total {} in {}", order.dose_cells.text(), order.dose_volume.text())
            } else {
                rest.join("; ")
            },
        })
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
                let held = release.hold.as_ref().map(|because| format!("On hold: {because}."));
                let stage = match (held.is_some(), release.stage) {
                    (true, _) => Stage::OnHold,
                    (_, ReleaseStage::InProcess) => Stage::InProcess,
                    (_, ReleaseStage::PendingReview) => Stage::PendingReview,
                    (_, ReleaseStage::CertifiedInitial) => Stage::ConditionallyReleased,
                    (_, ReleaseStage::CertifiedFinal) => Stage::Certified,
                    (_, ReleaseStage::OutOfSpecificationAfterRelease) => Stage::Recalled,
                    (_, ReleaseStage::Rejected) => Stage::Rejected,
                };
                let word = format!("The patient's batch is {}.", release.stage.word());
                (stage, held.unwrap_or(word))
            }
        };
        let pending = if stage == Stage::ConditionallyReleased { pending } else { Vec::new() };
        Status::new(stage, pending, &summary)
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
                release.reviews.iter().map(|r| signature(subject("review"), &r.signature, dose)),
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

    fn donor_codes(&self) -> Vec<DonorCode> {
        let nodes = self.graph.nodes();
        let donors = nodes.iter().filter(|node| node.kind() == DomainKind::Donor);
        donors.filter_map(|node| DonorCode::parse(node.id()).ok()).collect()
    }

    fn donors(&self, db: &mut Db) -> Result<Vec<Donor>, Failure> {
        let mut donors = Vec::new();
        for code in self.donor_codes() {
            let Some(state) = ledger::load::<crate::domain::donor::Donor>(db, code.as_str())?
            else {
                continue;
            };
            let given = donor::donations_of(db, &code)?;
            let decision = state.decisions.last();
            let din = decision.map(|decided| &decided.donation);
            donors.push(Donor {
                code: code.to_string(),
                donation: din.map_or("–".to_owned(), Din::printed),
                collected: given
                    .iter()
                    .find(|row| Some(&row.din) == din)
                    .map(|row| self.moment(row.donated_at)),
                consent: consent(&state),
                eligibility: match decision {
                    Some(decided) if decided.eligible => "eligible".to_owned(),
                    Some(_) => format!("not eligible: {}", state.because),
                    None => "not decided".to_owned(),
                },
                eligible: decision.is_some_and(|decided| decided.eligible),
                rule_set: decision.map_or_else(String::new, |decided| {
                    let rules = &decided.verdict.rule_set;
                    format!("{} version {}", rules.id, rules.version)
                }),
                decided: decision.map(|decided| mark(&decided.signature)),
                results: state.results.iter().map(|result| self.marker(&state, result)).collect(),
            });
        }
        Ok(donors)
    }

    fn marker(
        &self,
        state: &crate::domain::donor::Donor,
        result: &crate::domain::donor::MarkerResult,
    ) -> DonorResult {
        use crate::domain::donor::Reaction;
        let sampled = state.sample(result.sample).map(|sample| self.moment(sample.drawn_at).text);
        DonorResult {
            marker: result.marker.to_string(),
            result: result.reaction.word().to_owned(),
            sampled: sampled.unwrap_or_default(),
            verdict: match result.reaction {
                Reaction::NonReactive => Verdict::In,
                Reaction::Reactive => Verdict::Out,
                Reaction::Indeterminate => Verdict::Alert,
            },
        }
    }

    fn custody(&self, db: &mut Db) -> Result<Vec<CustodyEvent>, Failure> {
        let hops = custody::hops_of_order(db, &self.order.number)?;
        Ok(hops
            .iter()
            .filter(|hop| hop.kind == "hand_over")
            .map(|hop| CustodyEvent {
                at: self.moment(Instant::from_naive(hop.closed_at.unwrap_or(hop.opened_at))),
                containers: hop.container.clone(),
                from: self.known(&hop.from_login).name,
                to: match hop.outcome {
                    Some(_) => self.known(&hop.to_login).name,
                    None => format!("on the way to {}", self.known(&hop.to_login).name),
                },
                condition: hop.condition_in.clone().or_else(|| hop.condition_out.clone()),
                by: format!("{}, {}", hop.from_login, hop.to_login),
            })
            .collect())
    }

    fn excursions(&self, db: &mut Db) -> Result<Vec<Excursion>, Failure> {
        let hops = custody::hops_of_order(db, &self.order.number)?;
        let at_hand = |login: &str, at: Instant, meaning: &str| Mark {
            by: self.known(login),
            at: self.moment(at),
            meaning: meaning.to_owned(),
            recorded_at: None,
            reason: None,
        };
        Ok(hops
            .iter()
            .filter(|hop| hop.kind == "excursion")
            .map(|hop| {
                let out = Instant::from_naive(hop.opened_at);
                let back = hop.closed_at.map(Instant::from_naive);
                let due = hop.due_at.map_or(out, Instant::from_naive);
                let state = match (hop.outcome.as_deref(), back) {
                    (Some("returned"), Some(at)) if at <= due => "returned in time",
                    (Some("returned"), _) => "returned late",
                    (Some(_), _) => "written off",
                    (None, _) => "open",
                };
                Excursion {
                    container: hop.container.clone(),
                    purpose: hop.purpose.clone(),
                    quantity_out: millilitres(hop.volume_out.as_deref()),
                    out: at_hand(&hop.from_login, out, "let it go"),
                    deadline: self.moment(due),
                    quantity_back: hop.volume_in.as_deref().map(|v| millilitres(Some(v))),
                    back: back.map(|at| at_hand(&hop.from_login, at, "took it back")),
                    state: state.to_owned(),
                    verdict: match state {
                        "returned in time" => Verdict::In,
                        "open" => Verdict::Pending,
                        _ => Verdict::Out,
                    },
                }
            })
            .collect())
    }

    fn administrations(&self, db: &mut Db) -> Result<Vec<Administration>, Failure> {
        let given = custody::given_of_order(db, &self.order.number)?;
        let title = |target: &str| {
            let unit = self.order.units.iter().find(|unit| unit.target.as_str() == target);
            unit.map_or_else(|| target.to_owned(), |unit| unit.title.clone())
        };
        Ok(given
            .iter()
            .map(|row| Administration {
                target: title(&row.target),
                container: row.container.clone(),
                patient_code: self.order.patient.to_string(),
                quantity: millilitres(Some(&row.volume)),
                at: self.moment(row.given_at),
                by: self.known(&row.given_by),
                witness: None,
                note: None,
            })
            .collect())
    }

    fn genealogy(&self) -> Genealogy {
        let name = |node: &DomainNode| node.to_string();
        let drawn = self.graph.nodes().into_iter().filter(|node| !self.inside_one_batch(node));
        let nodes = drawn.filter_map(|node| self.node(node)).collect();
        let edges = self
            .graph
            .edges()
            .filter(|(from, to)| !self.inside_one_batch(from) && !self.inside_one_batch(to))
            .map(|(from, to)| Edge { from: name(from), to: name(to) })
            .collect();
        Genealogy { nodes, edges }
    }

    /// Whether a container was made and used up by one and the same batch: a flask between two
    /// steps says nothing about descent.
    fn inside_one_batch(&self, node: &DomainNode) -> bool {
        let state = self.containers.get(node.id()).filter(|_| node.kind() == DomainKind::Container);
        state.is_some_and(|state| match &state.fate {
            Fate::Consumed { batch, .. } => state.batch.as_ref() == Some(batch),
            _ => false,
        })
    }

    fn node(&self, node: &DomainNode) -> Option<Node> {
        let standing = Some(self.graph.standing(node).disposition);
        let (kind, word, label, detail, disposition) = match node.kind() {
            DomainKind::Donor => {
                (NodeKind::Donor, "donor", node.id().to_owned(), String::new(), standing)
            }
            DomainKind::Donation => {
                let label = Din::parse(node.id()).map_or(node.id().to_owned(), |din| din.printed());
                (NodeKind::Donation, "donation", label, String::new(), None)
            }
            DomainKind::Batch => {
                let shown = self.shown.iter().find(|batch| batch.number == node.id());
                let detail = shown.map_or(String::new(), |batch| batch.title.clone());
                (NodeKind::Batch, "batch", node.id().to_owned(), detail, standing)
            }
            DomainKind::Container => {
                let state = self.containers.get(node.id());
                let word = state.map_or("container", |state| state.kind.word());
                let detail = state.map_or(String::new(), batch::content);
                (NodeKind::Container, word, node.id().to_owned(), detail, standing)
            }
            DomainKind::Order => {
                let own = node.id() == self.order.number.as_str();
                let label = if own { self.order.patient.to_string() } else { node.id().to_owned() };
                let detail = if own { node.id().to_owned() } else { "another order".to_owned() };
                (NodeKind::Patient, "patient", label, detail, None)
            }
            DomainKind::Material | DomainKind::Equipment => return None,
        };
        Some(Node { id: node.to_string(), kind, word: word.to_owned(), label, detail, disposition })
    }

    /// Containers whose events belong to the record: those the dose batch used and made.
    fn own_containers(&self) -> Vec<ContainerCode> {
        let Some(dose) = self.shown.first() else { return Vec::new() };
        dose.containers.iter().filter_map(|line| ContainerCode::parse(&line.code).ok()).collect()
    }
}

fn consent(state: &crate::domain::donor::Donor) -> String {
    let scopes: Vec<&str> = state.consented().into_iter().map(|scope| scope.word()).collect();
    let form = state.consents.last().map_or("none", |consent| consent.form_version.as_str());
    format!("form {form}: {}", scopes.join(", "))
}

fn millilitres(text: Option<&str>) -> String {
    text.map_or_else(|| "–".to_owned(), |text| format!("{text} ml"))
}
