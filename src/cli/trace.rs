//! `chorda trace`: the genealogy of anything that has a code, both ways.

use std::collections::BTreeSet;

use chorda::codes::{self, Scanned, isbt::Element};
use chorda::domain::genealogy::{Graph, Node, NodeKind};
use chorda::store::genealogy;
use clap::Args;
use serde::Serialize;

use super::Site;
use super::console::{Console, Trouble};

#[derive(Args)]
#[command(
    after_help = "Example:\n  chorda trace DNR-0003 --database sqlite:demo-data/chorda.db\n  \
    chorda trace ORD-2026-0001 --json"
)]
pub(crate) struct Arguments {
    /// A donor, donation, container, batch or order, as scanned or typed
    code: String,
}

/// The answer as data.
#[derive(Serialize)]
struct Traced<'a> {
    node: &'a Node,
    standing: String,
    came_from: Vec<Line>,
    led_to: Vec<Line>,
    edges: Vec<(&'a Node, &'a Node)>,
}

#[derive(Serialize)]
struct Line {
    node: Node,
    standing: String,
}

pub(crate) fn run(wanted: &Arguments, site: &Site, console: &Console) -> Result<(), Trouble> {
    let node = node_of(&codes::parse(&wanted.code).map_err(Trouble::refused)?)?;
    let store = site.inspect()?;
    let graph = store.read(|db| genealogy::graph_around(db, &node)).map_err(Trouble::refused)?;
    if graph.nodes().is_empty() {
        return Err(Trouble::refused(format!(
            "nothing is connected with the {}: it is not known here, or nothing came of it yet",
            node.words()
        )));
    }
    let traced = Traced {
        standing: graph.standing(&node).words(&node),
        came_from: lines(&graph, graph.ancestors(&node)),
        led_to: lines(&graph, graph.descendants(&node)),
        edges: graph.edges().collect(),
        node: &node,
    };
    if console.json {
        return console.data(&traced);
    }
    console.line(format!("{}: {}", node.words(), traced.standing));
    print(console, "came from", &traced.came_from);
    print(console, "led to", &traced.led_to);
    Ok(())
}

/// What a code names in the genealogy.
fn node_of(scanned: &Scanned) -> Result<Node, Trouble> {
    Ok(match scanned {
        Scanned::Container { code, .. } | Scanned::Sample { code, .. } => Node::container(code),
        Scanned::Din(din) => Node::donation(din),
        Scanned::Order(number) => Node::order(number),
        Scanned::Batch(number) => Node::batch(number),
        Scanned::Donor(code) => Node::donor(code),
        Scanned::Lot(lot) => Node::material(lot),
        Scanned::Equipment(asset) => Node::equipment(asset),
        Scanned::Isbt(elements) => elements
            .iter()
            .find_map(|element| match element {
                Element::Din { din, .. } => Some(Node::donation(din)),
                _ => None,
            })
            .ok_or_else(|| Trouble::refused("this ISBT 128 message names no donation"))?,
        Scanned::Sec(_)
        | Scanned::Gs1(_)
        | Scanned::Coi(_)
        | Scanned::Deviation(_)
        | Scanned::Location(_) => {
            return Err(Trouble::refused(format!(
                "{scanned} is not traced itself; name a donor, donation, container, batch or order"
            )));
        }
    })
}

fn lines(graph: &Graph, nodes: BTreeSet<Node>) -> Vec<Line> {
    let line = |node: Node| Line { standing: graph.standing(&node).words(&node), node };
    nodes.into_iter().map(line).collect()
}

/// Prints the nodes kind by kind, in the order of the flow from donor to patient.
fn print(console: &Console, heading: &str, lines: &[Line]) {
    console.line(format!("{heading} ({}):", lines.len()));
    for (kind, _, word) in NodeKind::ALL {
        for line in lines.iter().filter(|line| line.node.kind() == kind) {
            console.line(format!("  {word:13} {:16} {}", line.node.id(), line.standing));
        }
    }
}
