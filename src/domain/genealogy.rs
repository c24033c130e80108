//! The graph of what came from what: donor → donation → container → batch → container → order.
//!
//! Neighbours: `store::genealogy` keeps its edges and answers the same questions in SQL over
//! millions of nodes; the functions here say what those answers mean, draw what was found, and are
//! what the SQL is tested against.
//!
//! Architecture invariant: a graph, never a tree. A pool has several parents, and a patient
//! may be served by several vials: no function here follows "the" parent.

use super::disposition::Disposition;
use super::id::{
    AssetId, BatchNumber, ContainerCode, Din, DonorCode, LotId, OrderNumber, StreamId,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What kind of thing a node is, in the order of the flow from donor to patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeKind {
    /// A donor.
    Donor,
    /// A donation.
    Donation,
    /// A container of any kind.
    Container,
    /// A batch.
    Batch,
    /// A clinician's order for one patient code.
    Order,
    /// A material lot; not part of the lineage, linked to batches by use.
    Material,
    /// A piece of equipment; not part of the lineage, linked to batches by use.
    Equipment,
}

impl NodeKind {
    /// Every kind with its code, which is also the kind of its stream, and its word.
    pub const ALL: [(Self, &'static str, &'static str); 7] = [
        (Self::Donor, "donor", "donor"),
        (Self::Donation, "donation", "donation"),
        (Self::Container, "container", "container"),
        (Self::Batch, "batch", "batch"),
        (Self::Order, "order", "order"),
        (Self::Material, "material", "material lot"),
        (Self::Equipment, "equipment", "equipment"),
    ];

    /// The code in node names.
    pub fn code(self) -> &'static str {
        Self::ALL.iter().find(|(kind, ..)| *kind == self).map_or("", |(_, code, _)| code)
    }

    /// The word on screens.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(kind, ..)| *kind == self).map_or("", |(.., word)| word)
    }

    /// The kind of a code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, _)| *known == code).map(|(kind, ..)| *kind)
    }
}

/// A node of the graph, written `kind/id` like the stream of the thing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node {
    kind: NodeKind,
    id: String,
}

impl Node {
    /// The node of a thing.
    pub fn new(kind: NodeKind, id: impl fmt::Display) -> Self {
        Self { kind, id: id.to_string() }
    }

    /// The node of a donor.
    pub fn donor(code: &DonorCode) -> Self {
        Self::new(NodeKind::Donor, code)
    }

    /// The node of a donation.
    pub fn donation(din: &Din) -> Self {
        Self::new(NodeKind::Donation, din)
    }

    /// The node of a container.
    pub fn container(code: &ContainerCode) -> Self {
        Self::new(NodeKind::Container, code)
    }

    /// The node of a batch.
    pub fn batch(number: &BatchNumber) -> Self {
        Self::new(NodeKind::Batch, number)
    }

    /// The node of an order.
    pub fn order(number: &OrderNumber) -> Self {
        Self::new(NodeKind::Order, number)
    }

    /// The node of a material lot.
    pub fn material(lot: &LotId) -> Self {
        Self::new(NodeKind::Material, lot)
    }

    /// The node of a piece of equipment.
    pub fn equipment(asset: &AssetId) -> Self {
        Self::new(NodeKind::Equipment, asset)
    }

    /// The node that has the name of a stream, if such a thing is part of the graph.
    pub fn of_stream(stream: &StreamId) -> Option<Self> {
        Self::parse(stream.as_str())
    }

    /// Reads `kind/id`.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, id) = text.split_once('/')?;
        Some(Self { kind: NodeKind::parse(kind)?, id: id.to_owned() })
    }

    /// What kind of thing it is.
    pub fn kind(&self) -> NodeKind {
        self.kind
    }

    /// The identity of the thing.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// As a sentence names it: `donor DNR-0003`.
    pub fn words(&self) -> String {
        format!("{} {}", self.kind.word(), self.id)
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind.code(), self.id)
    }
}

impl Serialize for Node {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text)
            .ok_or_else(|| serde::de::Error::custom(format!("'{text}' is not a node")))
    }
}

/// The effective disposition of a node, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The strictest of the node's own disposition and those of everything it came from.
    pub disposition: Disposition,
    /// The node whose own disposition that is; none when everything is released.
    pub because: Option<Node>,
}

impl Standing {
    /// Nothing holds it.
    pub const RELEASED: Self = Self { disposition: Disposition::Released, because: None };

    /// The standing of a node with an own disposition.
    pub fn own(node: &Node, disposition: Disposition) -> Self {
        let because = (disposition != Disposition::Released).then(|| node.clone());
        Self { disposition, because }
    }

    /// The stricter of two; of two equal ones the first.
    pub fn stricter(self, other: Self) -> Self {
        if other.disposition > self.disposition { other } else { self }
    }

    /// `on hold because donor DNR-0003 is`, or the bare word when it is the node's own.
    pub fn words(&self, of: &Node) -> String {
        match self.because.as_ref().filter(|because| *because != of) {
            Some(because) => format!("{} because {} is", self.disposition.word(), because.words()),
            None => self.disposition.word().to_owned(),
        }
    }
}

/// An edge: the child came from the parent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Edge {
    /// What was there before.
    pub parent: Node,
    /// What came from it.
    pub child: Node,
}

/// A part of the graph in memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Graph {
    parents: BTreeMap<Node, BTreeSet<Node>>,
    children: BTreeMap<Node, BTreeSet<Node>>,
    own: BTreeMap<Node, Disposition>,
}

impl Graph {
    /// The graph of these edges.
    pub fn of(edges: impl IntoIterator<Item = Edge>) -> Self {
        let mut graph = Self::default();
        for edge in edges {
            graph.link(edge.parent, edge.child);
        }
        graph
    }

    /// Adds an edge.
    pub fn link(&mut self, parent: Node, child: Node) {
        self.parents.entry(child.clone()).or_default().insert(parent.clone());
        self.children.entry(parent).or_default().insert(child);
    }

    /// Sets the own disposition of a node.
    pub fn set_own(&mut self, node: Node, disposition: Disposition) {
        self.own.insert(node, disposition);
    }

    /// The own disposition of a node; released if none was set.
    pub fn own(&self, node: &Node) -> Disposition {
        self.own.get(node).copied().unwrap_or(Disposition::Released)
    }

    /// Every node that an edge touches.
    pub fn nodes(&self) -> BTreeSet<&Node> {
        self.parents.keys().chain(self.children.keys()).collect()
    }

    /// Every edge, in order.
    pub fn edges(&self) -> impl Iterator<Item = (&Node, &Node)> {
        self.children
            .iter()
            .flat_map(|(parent, children)| children.iter().map(move |child| (parent, child)))
    }

    /// What a node came from directly.
    pub fn parents_of(&self, node: &Node) -> impl Iterator<Item = &Node> {
        self.parents.get(node).into_iter().flatten()
    }

    /// What came from a node directly.
    pub fn children_of(&self, node: &Node) -> impl Iterator<Item = &Node> {
        self.children.get(node).into_iter().flatten()
    }

    /// Everything the node came from, itself not included.
    pub fn ancestors(&self, node: &Node) -> BTreeSet<Node> {
        reach(node, &self.parents)
    }

    /// Everything that came from the node, itself not included.
    pub fn descendants(&self, node: &Node) -> BTreeSet<Node> {
        reach(node, &self.children)
    }

    /// The strictest of the node's own disposition and those of all ancestors, and whose it is.
    pub fn standing(&self, node: &Node) -> Standing {
        self.ancestors(node)
            .iter()
            .map(|ancestor| Standing::own(ancestor, self.own(ancestor)))
            .fold(Standing::own(node, self.own(node)), Standing::stricter)
    }

    /// The longest way from a node without parents to each node: the column it is drawn in.
    pub fn layers(&self) -> BTreeMap<Node, usize> {
        let mut layers: BTreeMap<Node, usize> =
            self.nodes().into_iter().map(|node| (node.clone(), 0)).collect();
        for _ in 0..layers.len() {
            let mut moved = false;
            for (parent, child) in self.edges() {
                let least = layers.get(parent).map_or(0, |layer| layer.saturating_add(1));
                if let Some(layer) = layers.get_mut(child).filter(|layer| **layer < least) {
                    *layer = least;
                    moved = true;
                }
            }
            if !moved {
                break;
            }
        }
        layers
    }
}

fn reach(start: &Node, steps: &BTreeMap<Node, BTreeSet<Node>>) -> BTreeSet<Node> {
    let mut found = BTreeSet::new();
    let mut open = vec![start];
    while let Some(node) = open.pop() {
        for next in steps.get(node).into_iter().flatten() {
            if next != start && found.insert(next.clone()) {
                open.push(next);
            }
        }
    }
    found
}
