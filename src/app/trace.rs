//! Trace: from any identifier to everything connected, both ways, in one step (ATMP-12), and the
//! look-back of a donor: what is held, who was treated (ATMP-26).
//!
//! Neighbours: `store::genealogy` walks the graph; `web::trace` draws it; the command line prints
//! it.
//!
//! Architecture invariant: read in one transaction, so that the answer is of one instant.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::App;
use super::order_scan::origin;
use crate::codes::{self, Scanned, isbt::Element};
use crate::db::Db;
use crate::domain::RefusalKind;
use crate::domain::container::{Container, ContainerKind, Fate};
use crate::domain::disposition::Disposition;
use crate::domain::genealogy::{Graph, Node, NodeKind, Standing};
use crate::domain::id::{Din, OrderNumber, PatientCode};
use crate::domain::order::Order;
use crate::store::{Failure, container, genealogy, ledger};

/// One thing that is connected with what was asked for.
#[derive(Debug, Clone, Serialize)]
pub struct Line {
    /// The thing, `kind/id`.
    pub node: Node,
    /// What it is, in words.
    pub title: String,
    /// Its effective disposition.
    pub disposition: Disposition,
    /// The node it comes from, if not its own.
    pub because: Option<Node>,
    /// Where it is or what became of it, for containers.
    pub place: String,
    /// Whether it still exists, for containers.
    pub live: bool,
}

/// A patient, by code, who is connected with what was asked for.
#[derive(Debug, Clone, Serialize)]
pub struct Patient {
    /// The order.
    pub order: OrderNumber,
    /// The patient's code in the trial.
    pub patient: PatientCode,
    /// Containers that were administered.
    pub administered: Vec<String>,
    /// Containers made or reserved for the order that are connected and still exist.
    pub pending: Vec<String>,
}

/// Everything connected with one thing.
#[derive(Debug, Clone, Serialize)]
pub struct TraceReport {
    /// What was asked for.
    pub about: Line,
    /// Everything it came from.
    pub came_from: Vec<Line>,
    /// Everything that came from it.
    pub led_to: Vec<Line>,
    /// Material lots used on the way, and the batches that used them.
    pub materials: Vec<Used>,
    /// Equipment used on the way, and the batches that used it.
    pub equipment: Vec<Used>,
    /// Patients connected with it.
    pub patients: Vec<Patient>,
    /// Every edge, parent and child.
    pub edges: Vec<(Node, Node)>,
}

/// Something batches used.
#[derive(Debug, Clone, Serialize)]
pub struct Used {
    /// The lot or device.
    pub node: Node,
    /// The batches.
    pub batches: Vec<String>,
}

impl TraceReport {
    /// What still exists and is held: on hold or rejected.
    pub fn held(&self) -> impl Iterator<Item = &Line> {
        self.led_to.iter().filter(|line| line.live && line.disposition >= Disposition::OnHold)
    }

    /// The graph of the report.
    pub fn graph(&self) -> Graph {
        let mut graph = Graph::default();
        for (parent, child) in &self.edges {
            graph.link(parent.clone(), child.clone());
        }
        graph
    }
}

/// Everything connected with what a scanned or typed code names: a donor, a donation, a container,
/// a batch, an order, a patient code, a material lot or a device.
///
/// # Errors
/// A refusal that says what can be traced, or that nothing has this code, or that the database
/// failed.
pub fn trace(app: &App, text: &str) -> Result<TraceReport, Failure> {
    app.read(|db| trace_in(db, text))
}

/// The same in a transaction that is under way: for the command line, which opens the records for
/// reading only.
///
/// # Errors
/// As [`trace`].
pub fn trace_in(db: &mut Db, text: &str) -> Result<TraceReport, Failure> {
    let node = node_of(db, text)?;
    report(db, &node)
}

fn node_of(db: &mut Db, text: &str) -> Result<Node, Failure> {
    let text = text.trim();
    let scanned = match codes::parse(text) {
        Ok(scanned) => scanned,
        Err(error) => {
            return patient(db, text)?
                .ok_or_else(|| not_traced(format!("{error}. Scan or type another code.")));
        }
    };
    Ok(match &scanned {
        Scanned::Container { code, .. } | Scanned::Sample { code, .. } => Node::container(code),
        Scanned::Din(din) => donated(db, din)?,
        Scanned::Order(number) => Node::order(number),
        Scanned::Batch(number) => Node::batch(number),
        Scanned::Donor(code) => Node::donor(code),
        Scanned::Lot(lot) => Node::material(lot),
        Scanned::Equipment(asset) => Node::equipment(asset),
        Scanned::Isbt(elements) => {
            let din = elements.iter().find_map(|element| match element {
                Element::Din { din, .. } => Some(din),
                _ => None,
            });
            match din {
                Some(din) => donated(db, din)?,
                None => {
                    let message = "This ISBT 128 message names no donation.";
                    return Err(not_traced(message.to_owned()));
                }
            }
        }
        _ => {
            return Err(not_traced(format!(
                "{scanned} is not traced itself. Name a donor, a donation, a container, a batch, an \
                 order, a patient code, a material lot or a device."
            )));
        }
    })
}

/// The donation of a number, or the batch that made the pool of this number.
fn donated(db: &mut Db, din: &Din) -> Result<Node, Failure> {
    Ok(origin(db, din)?.unwrap_or_else(|| Node::donation(din)))
}

fn not_traced(message: String) -> Failure {
    Failure::refused("not_traced", RefusalKind::Invalid, message)
}

/// The order of a patient code that is connected with most; the newest one.
fn patient(db: &mut Db, text: &str) -> Result<Option<Node>, Failure> {
    let Ok(patient) = PatientCode::parse(text) else { return Ok(None) };
    genealogy::order_of_patient(db, &patient)
}

fn report(db: &mut Db, node: &Node) -> Result<TraceReport, Failure> {
    let graph = whole_graph(db, node)?;
    let known: Vec<Node> = graph.nodes().into_iter().cloned().chain([node.clone()]).collect();
    let containers = containers(db, &known)?;
    if graph.nodes().is_empty() && !exists(db, node, &containers)? {
        return Err(Failure::not_found(format!(
            "Nothing is known of {}. Check the code and scan again.",
            node.words()
        )));
    }
    let standings = genealogy::kept(db, &known)?;
    let line = |one: &Node| line(one, &graph, &standings, &containers);
    let (above, below) = (graph.ancestors(node), graph.descendants(node));
    let batches = batches_of(node, &above, &below);
    let (materials, equipment) = used(db, node, &batches)?;
    Ok(TraceReport {
        about: line(node),
        came_from: ordered(above.iter().map(line)),
        led_to: ordered(below.iter().map(line)),
        materials,
        equipment,
        patients: patients(db, node, &below, &containers)?,
        edges: graph.edges().map(|(parent, child)| (parent.clone(), child.clone())).collect(),
    })
}

fn ordered(lines: impl Iterator<Item = Line>) -> Vec<Line> {
    let mut lines: Vec<Line> = lines.collect();
    lines.sort_by(|one, other| one.node.cmp(&other.node));
    lines
}

/// The graph around a node. A lot or a device is no part of the lineage: its graph is that of every
/// batch that used it.
fn whole_graph(db: &mut Db, node: &Node) -> Result<Graph, Failure> {
    if !matches!(node.kind(), NodeKind::Material | NodeKind::Equipment) {
        return genealogy::graph_around(db, node);
    }
    let mut graph = Graph::default();
    for batch in genealogy::batches_using(db, node)? {
        let batch = Node::new(NodeKind::Batch, batch);
        graph.link(node.clone(), batch.clone());
        let below = genealogy::graph_around(db, &batch)?;
        let reached: BTreeSet<Node> =
            below.descendants(&batch).into_iter().chain([batch]).collect();
        for (parent, child) in below.edges() {
            if reached.contains(parent) {
                graph.link(parent.clone(), child.clone());
            }
        }
    }
    Ok(graph)
}

fn exists(
    db: &mut Db,
    node: &Node,
    containers: &BTreeMap<String, Container>,
) -> Result<bool, Failure> {
    use crate::domain::id::{AssetId, DonorCode, LotId};
    use crate::store::{equipment, material};
    Ok(match node.kind() {
        NodeKind::Container => containers.contains_key(node.id()),
        NodeKind::Material => match LotId::parse(node.id()) {
            Ok(lot) => material::load(db, &lot)?.is_some(),
            Err(_) => false,
        },
        NodeKind::Equipment => match AssetId::parse(node.id()) {
            Ok(asset) => equipment::load(db, &asset)?.is_some(),
            Err(_) => false,
        },
        NodeKind::Donor => match DonorCode::parse(node.id()) {
            Ok(code) => ledger::load::<crate::domain::donor::Donor>(db, code.as_str())?.is_some(),
            Err(_) => false,
        },
        NodeKind::Order => ledger::load::<Order>(db, node.id())?.is_some(),
        NodeKind::Batch => ledger::load::<crate::domain::batch::Batch>(db, node.id())?.is_some(),
        NodeKind::Donation => false,
    })
}

fn containers(db: &mut Db, nodes: &[Node]) -> Result<BTreeMap<String, Container>, Failure> {
    let codes: Vec<String> = nodes
        .iter()
        .filter(|node| node.kind() == NodeKind::Container)
        .map(|node| node.id().to_owned())
        .collect();
    let found = container::load_many(db, &codes)?;
    Ok(found.into_iter().map(|state| (state.code.clone(), state)).collect())
}

/// The effective disposition of a node: as kept, and for a container the stricter of its own and
/// that of what it came from.
fn standing(node: &Node, graph: &Graph, kept: &BTreeMap<Node, Standing>) -> Standing {
    let own = kept.get(node).cloned().unwrap_or(Standing::RELEASED);
    if node.kind() != NodeKind::Container {
        return own;
    }
    let above = graph.parents_of(node).filter_map(|parent| kept.get(parent).cloned());
    above.fold(own, Standing::stricter)
}

fn line(
    node: &Node,
    graph: &Graph,
    kept: &BTreeMap<Node, Standing>,
    containers: &BTreeMap<String, Container>,
) -> Line {
    let standing = standing(node, graph, kept);
    let state = containers.get(node.id()).filter(|_| node.kind() == NodeKind::Container);
    Line {
        node: node.clone(),
        title: state.map_or_else(
            || node.kind().word().to_owned(),
            |state| format!("{}, {}", state.kind.word(), state.contents.title),
        ),
        disposition: standing.disposition,
        because: standing.because.filter(|because| because != node),
        place: state.map(place).unwrap_or_default(),
        live: state.is_none_or(|state| state.fate == Fate::Live),
    }
}

fn place(state: &Container) -> String {
    use crate::domain::container::Custodian;
    match (&state.fate, &state.custodian) {
        (Fate::Consumed { batch, .. }, _) => format!("used by {batch}"),
        (Fate::Administered { order, .. }, _) => format!("administered for {order}"),
        (Fate::Destroyed { .. }, _) => "destroyed".to_owned(),
        (Fate::Unpacked { .. }, _) => "unpacked".to_owned(),
        (Fate::Live, Custodian::Place { location }) => location.to_string(),
        (Fate::Live, Custodian::Person { login }) => format!("with {login}"),
        (Fate::Live, _) => "in transfer".to_owned(),
    }
}

fn batches_of(node: &Node, above: &BTreeSet<Node>, below: &BTreeSet<Node>) -> Vec<String> {
    let all = above.iter().chain(below).chain([node]);
    all.filter(|one| one.kind() == NodeKind::Batch).map(|one| one.id().to_owned()).collect()
}

fn used(db: &mut Db, node: &Node, batches: &[String]) -> Result<(Vec<Used>, Vec<Used>), Failure> {
    let mut by_node: BTreeMap<Node, BTreeSet<String>> = BTreeMap::new();
    for (batch, what) in genealogy::used_by(db, batches)? {
        by_node.entry(what).or_default().insert(batch);
    }
    by_node.remove(node);
    let (mut materials, mut equipment) = (Vec::new(), Vec::new());
    for (node, batches) in by_node {
        let list = match node.kind() {
            NodeKind::Material => &mut materials,
            _ => &mut equipment,
        };
        list.push(Used { node, batches: batches.into_iter().collect() });
    }
    Ok((materials, equipment))
}

/// The orders connected: those the product reached, and those it was made or is reserved for.
fn patients(
    db: &mut Db,
    node: &Node,
    below: &BTreeSet<Node>,
    containers: &BTreeMap<String, Container>,
) -> Result<Vec<Patient>, Failure> {
    let concerned: BTreeSet<&Node> = below.iter().chain([node]).collect();
    let states = || {
        containers.values().filter(|state| {
            concerned.contains(&Node::new(NodeKind::Container, &state.code))
                || node.kind() == NodeKind::Order
        })
    };
    let mut numbers: BTreeSet<String> = concerned
        .iter()
        .filter(|one| one.kind() == NodeKind::Order)
        .map(|one| one.id().to_owned())
        .collect();
    numbers.extend(states().filter_map(|state| {
        state.order.as_ref().or(state.reserved_for.as_ref()).map(ToString::to_string)
    }));
    let mut patients = Vec::new();
    for number in numbers {
        let Some(order) = ledger::load::<Order>(db, &number)? else { continue };
        let for_it = |state: &&Container| {
            state.order.as_ref().or(state.reserved_for.as_ref()) == Some(&order.number)
        };
        let code = |state: &Container| state.code.clone();
        let given = |state: &&Container| matches!(state.fate, Fate::Administered { .. });
        // A sample is never given.
        let live = |state: &&Container| {
            state.fate == Fate::Live && state.kind != ContainerKind::SampleTube
        };
        patients.push(Patient {
            administered: states().filter(for_it).filter(given).map(code).collect(),
            pending: states().filter(for_it).filter(live).map(code).collect(),
            patient: order.patient.clone(),
            order: order.number,
        });
    }
    Ok(patients)
}
