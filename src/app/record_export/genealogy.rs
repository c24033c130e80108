//! The genealogy of the product, from donor to patient.
//!
//! Architecture invariant: what is left out was made and used up inside one batch, which lists it.

use super::{Gathered, batch};
use crate::domain::container::Fate;
use crate::domain::genealogy::{Node as DomainNode, NodeKind as DomainKind};
use crate::domain::id::Din;
use crate::record::{Edge, Genealogy, Node, NodeKind};

impl Gathered {
    pub(super) fn genealogy(&self) -> Genealogy {
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
}
