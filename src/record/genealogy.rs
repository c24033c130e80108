//! The drawn genealogy: donors at the top, the patient at the bottom, everything in between in
//! layers.
//!
//! Sibling containers with the same parents, the same use and the same disposition are one node
//! (`56 × cryovial`). An edge that passes a layer gets a waypoint in it, so that it crosses no
//! node.
//!
//! Architecture invariant: every edge of the model is drawn, or is inside a collapsed node that
//! says how many it stands for.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::disposition::Disposition;
use crate::pdf::{Face, Item, Len, Point, fit, width, wrap};

use super::flow::Flow;
use super::theme::{ACCENT, BOTTOM, INK, LEFT, LINE, MUTED, TINT, Tone, WIDTH, shape};
use super::{Genealogy, NodeKind};

/// A node as drawn.
#[derive(Debug, Clone)]
struct Drawn {
    word: String,
    label: String,
    detail: String,
    kind: NodeKind,
    disposition: Option<Disposition>,
}

/// The graph with siblings collapsed; nodes by position.
struct Graph {
    nodes: Vec<Drawn>,
    edges: BTreeSet<(usize, usize)>,
}

/// A place in a layer: a node, or a waypoint of a long edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Slot {
    Node(usize),
    Way(usize, usize),
}

const BOX_HEIGHT: Len = Len::um(13_500);
/// A box lower than this shows no detail line.
const BOX_FULL: Len = Len::um(11_500);
const BOX_WIDTH_MAX: Len = Len::mm(42);
const GAP_X: Len = Len::mm(3);

/// Draws the graph below the current place, on as much height as is left.
pub(super) fn draw(flow: &mut Flow, genealogy: &Genealogy) {
    let graph = collapse(genealogy);
    let layers = layers(&graph);
    if layers.is_empty() {
        return;
    }
    let places = places(flow, &layers);
    for (from, to) in segments(&graph, &layers) {
        let (Some(a), Some(b)) = (places.get(&from), places.get(&to)) else { continue };
        draw_edge(flow, *a, *b);
    }
    for (slot, place) in &places {
        if let Slot::Node(index) = slot
            && let Some(node) = graph.nodes.get(*index)
        {
            draw_node(flow, node, *place);
        }
    }
    flow.y = BOTTOM;
}

/// Where a slot is drawn: left, top, width, height.
type Place = (Len, Len, Len, Len);

fn collapse(genealogy: &Genealogy) -> Graph {
    let parents = |id: &str| -> BTreeSet<&str> {
        genealogy.edges.iter().filter(|e| e.to == id).map(|e| e.from.as_str()).collect()
    };
    let children = |id: &str| -> BTreeSet<&str> {
        genealogy.edges.iter().filter(|e| e.from == id).map(|e| e.to.as_str()).collect()
    };
    type Key<'a> = (NodeKind, &'a str, Option<i32>, BTreeSet<&'a str>, BTreeSet<&'a str>, &'a str);
    let mut groups: Vec<(Key<'_>, Vec<usize>)> = Vec::new();
    let mut seen: BTreeMap<Key<'_>, usize> = BTreeMap::new();
    for (index, node) in genealogy.nodes.iter().enumerate() {
        // Only containers are collapsed; every other node is a group of its own.
        let alone = if node.kind == NodeKind::Container { "" } else { node.id.as_str() };
        let strictness = node.disposition.map(Disposition::strictness);
        let key = (
            node.kind,
            node.word.as_str(),
            strictness,
            parents(&node.id),
            children(&node.id),
            alone,
        );
        match seen.get(&key).and_then(|place| groups.get_mut(*place)) {
            Some((_, members)) => members.push(index),
            None => {
                seen.insert(key.clone(), groups.len());
                groups.push((key, vec![index]));
            }
        }
    }
    let mut of: BTreeMap<&str, usize> = BTreeMap::new();
    let mut nodes = Vec::new();
    for (place, (_, members)) in groups.iter().enumerate() {
        let members: Vec<&super::Node> =
            members.iter().filter_map(|index| genealogy.nodes.get(*index)).collect();
        of.extend(members.iter().map(|node| (node.id.as_str(), place)));
        nodes.extend(summary(&members));
    }
    let edges = genealogy
        .edges
        .iter()
        .filter_map(|e| Some((*of.get(e.from.as_str())?, *of.get(e.to.as_str())?)))
        .filter(|(from, to)| from != to)
        .collect();
    Graph { nodes, edges }
}

/// One drawn node for one or more of the model. Syringes are few and matter one by one, but four
/// with the same use read best as one box with all their codes.
fn summary(members: &[&super::Node]) -> Option<Drawn> {
    let (first, last) = (members.first()?, members.last()?);
    let (label, detail) = match members.len() {
        1 => (first.label.clone(), first.detail.clone()),
        2..=4 => {
            let labels: Vec<&str> = members.iter().map(|node| node.label.as_str()).collect();
            (labels.join(" "), String::new())
        }
        _ => (format!("{} … {}", first.label, last.label), String::new()),
    };
    let word = match members.len() {
        1 => first.word.clone(),
        count => format!("{count} × {}", first.word),
    };
    Some(Drawn { word, label, detail, kind: first.kind, disposition: first.disposition })
}

/// Nodes by layer: each one below all it comes from; order by the middle of its neighbours.
fn layers(graph: &Graph) -> Vec<Vec<Slot>> {
    let count = graph.nodes.len();
    let level = levels(graph);
    let depth = level.iter().max().map_or(0, |deepest| deepest + 1);
    let mut layers: Vec<Vec<Slot>> = vec![Vec::new(); if count == 0 { 0 } else { depth }];
    for (index, own) in level.iter().enumerate() {
        if let Some(layer) = layers.get_mut(*own) {
            layer.push(Slot::Node(index));
        }
    }
    for (edge, (from, to)) in graph.edges.iter().enumerate() {
        let (top, bottom) = (level.get(*from).copied(), level.get(*to).copied());
        for passed in top.unwrap_or(0) + 1..bottom.unwrap_or(0) {
            if let Some(layer) = layers.get_mut(passed) {
                layer.push(Slot::Way(edge, passed));
            }
        }
    }
    let segments = segments(graph, &layers);
    for _ in 0..4 {
        order(&mut layers, &segments);
    }
    layers
}

/// How many steps each node is below the roots, on the longest way. A loop cannot be made by
/// consuming and producing; were there one, its nodes would stand below everything else.
fn levels(graph: &Graph) -> Vec<usize> {
    let count = graph.nodes.len();
    let mut level = vec![0_usize; count];
    let mut waiting = vec![0_usize; count];
    for (_, to) in &graph.edges {
        if let Some(number) = waiting.get_mut(*to) {
            *number += 1;
        }
    }
    let mut ready: Vec<usize> =
        (0..count).filter(|index| waiting.get(*index) == Some(&0)).collect();
    let mut placed = 0;
    while let Some(node) = ready.pop() {
        placed += 1;
        let below = level.get(node).copied().unwrap_or(0) + 1;
        for (_, to) in graph.edges.iter().filter(|(from, _)| *from == node) {
            if let (Some(own), Some(number)) = (level.get_mut(*to), waiting.get_mut(*to)) {
                *own = (*own).max(below);
                *number -= 1;
                if *number == 0 {
                    ready.push(*to);
                }
            }
        }
    }
    if placed < count {
        let lowest = level.iter().max().map_or(0, |deepest| deepest + 1);
        for (own, left) in level.iter_mut().zip(&waiting) {
            if *left > 0 {
                *own = lowest;
            }
        }
    }
    level
}

/// The edges cut at their waypoints.
fn segments(graph: &Graph, layers: &[Vec<Slot>]) -> Vec<(Slot, Slot)> {
    let mut cut = Vec::new();
    for (edge, (from, to)) in graph.edges.iter().enumerate() {
        let mut ways: Vec<Slot> = layers
            .iter()
            .flatten()
            .copied()
            .filter(|slot| matches!(slot, Slot::Way(own, _) if *own == edge))
            .collect();
        ways.sort();
        let mut last = Slot::Node(*from);
        for way in ways {
            cut.push((last, way));
            last = way;
        }
        cut.push((last, Slot::Node(*to)));
    }
    cut
}

/// Sorts each layer by the mean place of its neighbours above, then each by those below.
fn order(layers: &mut [Vec<Slot>], segments: &[(Slot, Slot)]) {
    let sweep = |layers: &mut [Vec<Slot>], downwards: bool| {
        let mut place: BTreeMap<Slot, i64> = BTreeMap::new();
        let indices: Vec<usize> =
            if downwards { (0..layers.len()).collect() } else { (0..layers.len()).rev().collect() };
        for index in indices {
            let Some(layer) = layers.get_mut(index) else { continue };
            let own: BTreeMap<Slot, i64> =
                layer.iter().copied().zip(0_i64..).map(|(s, i)| (s, i * 1000)).collect();
            let middle = |slot: &Slot| -> i64 {
                let near: Vec<i64> = segments
                    .iter()
                    .filter_map(|(a, b)| match (a == slot, b == slot) {
                        (true, _) if !downwards => place.get(b).copied(),
                        (_, true) if downwards => place.get(a).copied(),
                        _ => None,
                    })
                    .collect();
                let count = i64::try_from(near.len()).unwrap_or(1);
                match count {
                    0 => own.get(slot).copied().unwrap_or(0),
                    _ => near.iter().sum::<i64>() / count,
                }
            };
            layer.sort_by_key(|slot| middle(slot));
            let size = i64::try_from(layer.len()).unwrap_or(1).max(1);
            for (slot, i) in layer.iter().zip(0_i64..) {
                place.insert(*slot, (2 * i + 1) * 10_000 / (2 * size));
            }
        }
    };
    sweep(layers, true);
    sweep(layers, false);
}

fn places(flow: &Flow, layers: &[Vec<Slot>]) -> BTreeMap<Slot, Place> {
    let count = i64::try_from(layers.len()).unwrap_or(1).max(1);
    let step = (flow.left() / count).min(Len::mm(30));
    let height = BOX_HEIGHT.min(step.scaled(70, 100));
    let mut places = BTreeMap::new();
    let mut top = flow.y;
    for layer in layers {
        let weight = |slot: &Slot| if matches!(slot, Slot::Node(_)) { 3 } else { 1 };
        let total: i64 = layer.iter().map(weight).sum::<i64>().max(1);
        let mut before = 0;
        for slot in layer {
            let share = WIDTH.scaled(weight(slot), total);
            let wide = (share - GAP_X).min(BOX_WIDTH_MAX);
            let middle = LEFT + WIDTH.scaled(before, total) + share / 2;
            before += weight(slot);
            let place = match slot {
                Slot::Node(_) => (middle - wide / 2, top, wide, height),
                Slot::Way(..) => (middle, top, Len::ZERO, height),
            };
            places.insert(*slot, place);
        }
        top += step;
    }
    places
}

fn draw_edge(flow: &mut Flow, (ax, ay, aw, ah): Place, (bx, by, bw, _): Place) {
    let from = Point::new(ax + aw / 2, ay + ah);
    let to = Point::new(bx + bw / 2, by);
    let mut points = vec![from, to];
    if aw == Len::ZERO {
        points.insert(0, Point::new(from.x, ay));
    }
    flow.page().items.push(Item::Line { points, color: MUTED, width: Len::um(220) });
    if bw > Len::ZERO {
        let head = Len::um(1100);
        flow.page().items.push(Item::Polygon {
            points: vec![
                to,
                Point::new(to.x - head / 2, to.y - head),
                Point::new(to.x + head / 2, to.y - head),
            ],
            fill: MUTED,
        });
    }
}

fn draw_node(flow: &mut Flow, node: &Drawn, (x, y, wide, high): Place) {
    let at = Point::new(x, y);
    let edge = match node.kind {
        NodeKind::Patient | NodeKind::Donor => ACCENT,
        _ => LINE,
    };
    let fill = if node.kind == NodeKind::Batch { TINT } else { crate::pdf::Color::WHITE };
    flow.page().items.push(Item::Box {
        at,
        width: wide,
        height: high,
        fill: Some(fill),
        edge: Some((edge, Len::um(300))),
    });
    let inner = wide - Len::um(2400);
    let left = x + Len::um(1200);
    let small = Len::pt10(65);
    let word = fit(Face::Condensed, &node.word, small, Len::pt10(45), inner - Len::mm(3));
    let at = Point::new(left, y + Len::um(3000));
    flow.page().text(at, Face::Condensed, word.unwrap_or(Len::pt10(45)), MUTED, &node.word);
    if let Some(disposition) = node.disposition {
        let mark = Point::new(x + wide - Len::um(3000), y + Len::um(1100));
        shape(flow.page(), mark, Len::um(1900), Tone::from(disposition));
    }
    let lines = label_lines(&node.label, inner);
    let (first, step) = if lines.len() > 1 { (5800, 2800) } else { (6600, 3000) };
    let mut base = y + Len::um(first);
    for line in lines {
        let size = fit(Face::CondensedBold, &line, Len::pt10(85), Len::pt10(45), inner);
        let size = size.unwrap_or(Len::pt10(45));
        flow.page().text(Point::new(left, base), Face::CondensedBold, size, INK, &line);
        base += Len::um(step);
    }
    let foot = match node.disposition {
        Some(disposition) if node.detail.is_empty() => disposition.word().to_owned(),
        Some(disposition) => format!("{} · {}", node.detail, disposition.word()),
        None => node.detail.clone(),
    };
    let size = fit(Face::Condensed, &foot, small, Len::pt10(45), inner).unwrap_or(Len::pt10(45));
    let at = Point::new(left, y + high - Len::um(1400));
    if high >= BOX_FULL && at.y > base - Len::um(2400) {
        let shown = wrap(Face::Condensed, size, &foot, inner);
        flow.page().text(at, Face::Condensed, size, MUTED, shown.first().map_or("", |s| s));
    }
}

/// A label in one line if it fits at a legible size, else in two.
fn label_lines(label: &str, room: Len) -> Vec<String> {
    if width(Face::CondensedBold, Len::pt10(65), label) <= room {
        return vec![label.to_owned()];
    }
    let words: Vec<&str> = label.split(' ').collect();
    let half = words.len().div_ceil(2);
    let (first, second) = words.split_at_checked(half).unwrap_or((&words, &[]));
    vec![first.join(" "), second.join(" ")]
}
