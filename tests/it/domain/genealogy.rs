//! The graph of what came from what.

use chorda::domain::disposition::Disposition;
use chorda::domain::genealogy::{Edge, Graph, Node, Standing};
use proptest::prelude::*;

pub(crate) fn node(text: &str) -> Node {
    Node::parse(text).unwrap()
}

fn edges(pairs: &[(&str, &str)]) -> Graph {
    Graph::of(pairs.iter().map(|(parent, child)| Edge { parent: node(parent), child: node(child) }))
}

/// Two donors, one pool, two vials, two patients.
fn pool() -> Graph {
    edges(&[
        ("donor/DNR-0001", "batch/B-2026-0001"),
        ("donor/DNR-0002", "batch/B-2026-0002"),
        ("batch/B-2026-0001", "container/CH0000001"),
        ("batch/B-2026-0002", "container/CH0000002"),
        ("container/CH0000001", "batch/B-2026-0003"),
        ("container/CH0000002", "batch/B-2026-0003"),
        ("batch/B-2026-0003", "container/CV0000001"),
        ("batch/B-2026-0003", "container/CV0000002"),
        ("container/CV0000001", "batch/B-2026-0004"),
        ("container/CV0000002", "batch/B-2026-0004"),
        ("batch/B-2026-0004", "order/ORD-2026-0001"),
    ])
}

#[test]
fn a_pool_has_all_its_donors_and_a_patient_all_the_vials() {
    let graph = pool();
    let above = graph.ancestors(&node("order/ORD-2026-0001"));
    for expected in
        ["donor/DNR-0001", "donor/DNR-0002", "container/CV0000001", "container/CV0000002"]
    {
        assert!(above.contains(&node(expected)), "{expected}");
    }
    let below = graph.descendants(&node("donor/DNR-0002"));
    assert!(below.contains(&node("order/ORD-2026-0001")));
    assert!(!below.contains(&node("container/CH0000001")), "the other donor's harvest");
}

#[test]
fn a_donor_on_hold_holds_everything_that_came_from_it_and_says_so() {
    let mut graph = pool();
    graph.set_own(node("donor/DNR-0002"), Disposition::OnHold);
    graph.set_own(node("batch/B-2026-0004"), Disposition::Quarantine);
    for below in graph.descendants(&node("donor/DNR-0002")) {
        let standing = graph.standing(&below);
        assert_eq!(standing.disposition, Disposition::OnHold, "{below}");
        assert_eq!(standing.words(&below), "on hold because donor DNR-0002 is");
    }
    assert_eq!(graph.standing(&node("container/CH0000001")), Standing::RELEASED);
}

#[test]
fn each_node_is_drawn_right_of_everything_it_came_from() {
    let graph = pool();
    let layers = graph.layers();
    for (parent, child) in graph.edges() {
        assert!(layers[parent] < layers[child], "{parent} before {child}");
    }
}

#[test]
fn a_circle_ends_every_walk_all_the_same() {
    let graph = edges(&[
        ("batch/B-2026-0001", "batch/B-2026-0002"),
        ("batch/B-2026-0002", "batch/B-2026-0001"),
    ]);
    assert_eq!(graph.ancestors(&node("batch/B-2026-0001")).len(), 1);
    assert_eq!(graph.layers().len(), 2);
}

proptest! {
    /// Looking up from below and down from above find the same pairs.
    #[test]
    fn what_descends_from_a_node_has_it_as_an_ancestor(
        pairs in prop::collection::vec((0_u32..12, 0_u32..12), 0..40)
    ) {
        let name = |number: u32| node(&format!("batch/B-2026-{number:04}"));
        let graph = Graph::of(
            pairs.iter().filter(|(parent, child)| parent < child).map(|(parent, child)| Edge {
                parent: name(*parent),
                child: name(*child),
            }),
        );
        for low in 0..12 {
            for high in 0..12 {
                prop_assert_eq!(
                    graph.descendants(&name(low)).contains(&name(high)),
                    graph.ancestors(&name(high)).contains(&name(low))
                );
            }
        }
    }
}
