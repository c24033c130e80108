//! The graph of what came from what, and what may be used for what it came from.
//!
//! The strictest disposition over a thing and everything it came from is asked for at every scan,
//! and changes when a donor turns out positive, which is almost never. So it is kept for every node
//! that is not a container, brought up to date when an edge or an own disposition changes, and a
//! container's is its own or that of the batch or donation it came from. [`effective_by_walk`]
//! walks the whole ancestry instead; a test holds one against the other.
//!
//! Neighbours: `domain::genealogy` says what is meant; the projections of donors, donations,
//! containers, batches, releases and orders call [`link`] and [`set_standing`].
//!
//! Architecture invariant: edges are only ever added; a look-back is one recursive query per
//! direction, never a query per node.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};

use crate::db::{Db, DbError};
use crate::domain::disposition::Disposition;
use crate::domain::genealogy::{Edge, Graph, Node, NodeKind, Standing};
use crate::domain::id::PatientCode;

use super::schema::{edge, standing};
use super::{Failure, Table};

/// The tables of this module.
pub(super) const TABLES: &[Table] = &[
    Table { name: "edge", key: &["parent", "child"] },
    Table { name: "standing", key: &["node"] },
];

#[derive(QueryableByName)]
struct NodeRow {
    #[diesel(sql_type = Text)]
    node: String,
}

#[derive(QueryableByName)]
struct EdgeRow {
    #[diesel(sql_type = Text)]
    parent: String,
    #[diesel(sql_type = Text)]
    child: String,
}

#[derive(QueryableByName)]
struct StandingRow {
    #[diesel(sql_type = Text)]
    node: String,
    #[diesel(sql_type = Integer)]
    own: i32,
}

const ANCESTORS: &str = "WITH RECURSIVE walk(node) AS (\
     SELECT edge.parent FROM edge WHERE edge.child = $1 \
     UNION SELECT edge.parent FROM edge JOIN walk ON edge.child = walk.node) ";

const DESCENDANTS: &str = "WITH RECURSIVE walk(node) AS (\
     SELECT edge.child FROM edge WHERE edge.parent = $1 \
     UNION SELECT edge.child FROM edge JOIN walk ON edge.parent = walk.node) ";

/// Adds an edge: `child` came from `parent`. An edge that is there already stays as it is.
///
/// # Errors
/// When the database fails.
pub fn link(db: &mut Db, parent: &Node, child: &Node) -> Result<(), Failure> {
    let (parent, name) = (parent.to_string(), child.to_string());
    let known: Option<String> =
        edge::table.find((&parent, &name)).select(edge::child).first(db).optional()?;
    if known.is_some() {
        return Ok(());
    }
    diesel::insert_into(edge::table)
        .values((edge::parent.eq(parent), edge::child.eq(name)))
        .execute(db)?;
    refresh(db, child)
}

/// Takes an edge away: `child` does not come from `parent` after all, as an order does not from a
/// batch that was given up.
///
/// # Errors
/// When the database fails.
pub fn unlink(db: &mut Db, parent: &Node, child: &Node) -> Result<(), Failure> {
    diesel::delete(edge::table.find((parent.to_string(), child.to_string()))).execute(db)?;
    refresh(db, child)
}

/// Sets the own disposition of a node.
///
/// # Errors
/// When the database fails.
pub fn set_standing(db: &mut Db, node: &Node, disposition: Disposition) -> Result<(), Failure> {
    let name = node.to_string();
    let own = disposition.strictness();
    let stored: Option<i32> =
        standing::table.find(&name).select(standing::own).first(db).optional()?;
    if stored.unwrap_or(0) == own {
        return Ok(());
    }
    let because = (own > 0).then(|| name.clone());
    let row = (standing::own.eq(own), standing::effective.eq(own), standing::because.eq(because));
    if stored.is_some() {
        diesel::update(standing::table.find(&name)).set(row).execute(db)?;
    } else {
        diesel::insert_into(standing::table).values((standing::node.eq(&name), row)).execute(db)?;
    }
    refresh(db, node)
}

/// The strictest disposition over a node and everything it came from, and whose it is.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn effective_with_cause(db: &mut Db, node: &Node) -> Result<Standing, Failure> {
    let name = node.to_string();
    let kept = (standing::effective, standing::because);
    let mut rows: Vec<(i32, Option<String>)> =
        standing::table.filter(standing::node.eq(&name)).select(kept).load(db)?;
    if node.kind() == NodeKind::Container {
        let above = edge::table
            .inner_join(standing::table.on(standing::node.eq(edge::parent)))
            .filter(edge::child.eq(&name))
            .order(edge::parent)
            .select(kept);
        rows.extend(above.load::<(i32, Option<String>)>(db)?);
    }
    rows.into_iter().try_fold(Standing::RELEASED, |strictest, (effective, because)| {
        Ok(strictest.stricter(standing_of(effective, because.as_deref())?))
    })
}

/// The strictest disposition over a node and everything it came from.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn effective(db: &mut Db, node: &Node) -> Result<Disposition, Failure> {
    effective_with_cause(db, node).map(|standing| standing.disposition)
}

/// The same by walking the whole ancestry: what the kept answer is made from and tested against.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn effective_by_walk(db: &mut Db, node: &Node) -> Result<Standing, Failure> {
    let name = node.to_string();
    let own = "SELECT node, own FROM standing WHERE node = $1";
    let above = format!(
        "{ANCESTORS} SELECT standing.node, standing.own FROM walk \
         JOIN standing ON standing.node = walk.node ORDER BY standing.node"
    );
    let mut rows: Vec<StandingRow> = diesel::sql_query(own).bind::<Text, _>(&name).load(db)?;
    rows.extend(diesel::sql_query(above).bind::<Text, _>(&name).load::<StandingRow>(db)?);
    rows.into_iter().try_fold(Standing::RELEASED, |strictest, row| {
        Ok(strictest.stricter(Standing::own(&parse(&row.node)?, disposition(row.own)?)))
    })
}

/// The standing of two columns of a joined row.
pub(super) fn standing_of(effective: i32, because: Option<&str>) -> Result<Standing, Failure> {
    let because = because.map(parse).transpose()?;
    Ok(Standing { disposition: disposition(effective)?, because })
}

/// Everything a node came from, itself not included.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn ancestors(db: &mut Db, node: &Node) -> Result<BTreeSet<Node>, Failure> {
    nodes(db, &format!("{ANCESTORS} SELECT node FROM walk"), node)
}

/// Everything that came from a node, itself not included.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn descendants(db: &mut Db, node: &Node) -> Result<BTreeSet<Node>, Failure> {
    nodes(db, &format!("{DESCENDANTS} SELECT node FROM walk"), node)
}

/// The graph of everything a node came from and everything that came from it, with the own
/// dispositions in it: one step from any identifier, both ways (ATMP-12).
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn graph_around(db: &mut Db, node: &Node) -> Result<Graph, Failure> {
    let up = "WITH RECURSIVE walk(parent, child) AS (\
              SELECT edge.parent, edge.child FROM edge WHERE edge.child = $1 \
              UNION SELECT edge.parent, edge.child FROM edge JOIN walk ON edge.child = walk.parent) \
              SELECT parent, child FROM walk";
    let down = "WITH RECURSIVE walk(parent, child) AS (\
                SELECT edge.parent, edge.child FROM edge WHERE edge.parent = $1 \
                UNION SELECT edge.parent, edge.child FROM edge JOIN walk ON edge.parent = walk.child) \
                SELECT parent, child FROM walk";
    let name = node.to_string();
    let mut graph = Graph::default();
    for query in [up, down] {
        let rows: Vec<EdgeRow> = diesel::sql_query(query).bind::<Text, _>(&name).load(db)?;
        for row in rows {
            let edge = Edge { parent: parse(&row.parent)?, child: parse(&row.child)? };
            graph.link(edge.parent, edge.child);
        }
    }
    let own = "SELECT node, own FROM standing WHERE node = $1 AND own > 0";
    let above = format!(
        "{ANCESTORS} SELECT standing.node, standing.own FROM walk \
         JOIN standing ON standing.node = walk.node WHERE standing.own > 0"
    );
    let below = format!(
        "{DESCENDANTS} SELECT standing.node, standing.own FROM walk \
         JOIN standing ON standing.node = walk.node WHERE standing.own > 0"
    );
    for query in [own, &above, &below] {
        let rows: Vec<StandingRow> = diesel::sql_query(query).bind::<Text, _>(&name).load(db)?;
        for row in rows {
            graph.set_own(parse(&row.node)?, disposition(row.own)?);
        }
    }
    Ok(graph)
}

/// What is kept of many nodes: the effective disposition, and of a container its own.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn kept(db: &mut Db, nodes: &[Node]) -> Result<BTreeMap<Node, Standing>, Failure> {
    let names: Vec<String> = nodes.iter().map(ToString::to_string).collect();
    let mut found = BTreeMap::new();
    for some in names.chunks(500) {
        let rows: Vec<(String, i32, Option<String>)> = standing::table
            .filter(standing::node.eq_any(some))
            .select((standing::node, standing::effective, standing::because))
            .load(db)?;
        for (node, effective, because) in rows {
            found.insert(parse(&node)?, standing_of(effective, because.as_deref())?);
        }
    }
    Ok(found)
}

/// The numbers of the batches that used a material lot or a device.
///
/// # Errors
/// When the database fails.
pub fn batches_using(db: &mut Db, node: &Node) -> Result<Vec<String>, Failure> {
    let query = "SELECT DISTINCT batch AS node FROM batch_use WHERE used = $1 ORDER BY batch";
    let rows: Vec<NodeRow> = diesel::sql_query(query).bind::<Text, _>(node.to_string()).load(db)?;
    Ok(rows.into_iter().map(|row| row.node).collect())
}

/// The material lots and devices that batches used, each with the batch.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn used_by(db: &mut Db, batches: &[String]) -> Result<Vec<(String, Node)>, Failure> {
    let query = "SELECT DISTINCT used AS node FROM batch_use WHERE batch = $1 ORDER BY used";
    let mut found = Vec::new();
    for batch in batches {
        let rows: Vec<NodeRow> = diesel::sql_query(query).bind::<Text, _>(batch).load(db)?;
        for row in rows {
            found.push((batch.clone(), parse(&row.node)?));
        }
    }
    Ok(found)
}

/// The newest order of a patient code.
///
/// # Errors
/// When the database fails.
pub fn order_of_patient(db: &mut Db, patient: &PatientCode) -> Result<Option<Node>, Failure> {
    let query = "SELECT number AS node FROM patient_order WHERE patient = $1 \
                 ORDER BY number DESC LIMIT 1";
    let rows: Vec<NodeRow> = diesel::sql_query(query).bind::<Text, _>(patient.as_str()).load(db)?;
    Ok(rows.into_iter().next().map(|row| Node::new(NodeKind::Order, row.node)))
}

/// Brings the kept disposition of a node and of everything below it up to date.
fn refresh(db: &mut Db, node: &Node) -> Result<(), Failure> {
    if node.kind() != NodeKind::Container {
        keep(db, node)?;
    }
    let below = format!(
        "{DESCENDANTS} SELECT node FROM walk WHERE node NOT LIKE 'container/%' ORDER BY node"
    );
    let rows: Vec<NodeRow> = diesel::sql_query(below).bind::<Text, _>(node.to_string()).load(db)?;
    rows.into_iter().try_for_each(|row| keep(db, &parse(&row.node)?))
}

/// Keeps the disposition that a walk gives.
fn keep(db: &mut Db, node: &Node) -> Result<(), Failure> {
    let name = node.to_string();
    let found = effective_by_walk(db, node)?;
    let effective = found.disposition.strictness();
    let because = found.because.map(|because| because.to_string());
    let stored: Option<(i32, Option<String>)> = standing::table
        .find(&name)
        .select((standing::effective, standing::because))
        .first(db)
        .optional()?;
    let row = (standing::effective.eq(effective), standing::because.eq(because.clone()));
    match stored {
        Some(stored) if stored == (effective, because) => {}
        Some(_) => {
            diesel::update(standing::table.find(&name)).set(row).execute(db)?;
        }
        None if effective == 0 => {}
        None => {
            diesel::insert_into(standing::table)
                .values((standing::node.eq(&name), standing::own.eq(0), row))
                .execute(db)?;
        }
    }
    Ok(())
}

fn nodes(db: &mut Db, query: &str, node: &Node) -> Result<BTreeSet<Node>, Failure> {
    let rows: Vec<NodeRow> = diesel::sql_query(query).bind::<Text, _>(node.to_string()).load(db)?;
    rows.into_iter()
        .map(|row| parse(&row.node))
        .filter(|found| found.as_ref().ok() != Some(node))
        .collect()
}

fn parse(text: &str) -> Result<Node, Failure> {
    Node::parse(text).ok_or_else(|| DbError::Corrupt(format!("'{text}' is not a node")).into())
}

fn disposition(strictness: i32) -> Result<Disposition, Failure> {
    Disposition::from_strictness(strictness)
        .ok_or_else(|| DbError::Corrupt(format!("{strictness} is not a disposition")).into())
}
