//! Trace: everything connected with a code, both ways, drawn and listed.
//!
//! Neighbours: `app::trace` answers; the drawing is made here, from the answer alone.
//!
//! Architecture invariant: every box of the drawing is also a row of a list, so that nothing is
//! said by the picture only.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use askama::filters::HtmlSafe;

use super::component::{Banner, Cell, Chip, Empty, Head, Link, Table};
use super::cx::Cx;
use super::error::WebError;
use super::filters;
use super::form::{Field, query_value};
use super::icon::Icon;
use super::page::Shell;
use super::reply::Reply;
use super::routes::{Access, Route};
use crate::app::trace::{Line, TraceReport, Used, trace};
use crate::app::words::capital;
use crate::domain::actor::Capability;
use crate::domain::disposition::Disposition;
use crate::domain::genealogy::{Graph, Node, NodeKind, Standing};

const READ: Access = Access::Needs(&[Capability::ReadGmp]);

/// The rows of this slice.
pub const ROUTES: &[Route] = &[Route::get("/trace", READ, show, "Trace a code both ways")];

/// The page of a node of the graph.
pub(super) fn node_address(node: &Node) -> String {
    match node.kind() {
        NodeKind::Donor => format!("/donors/{}", node.id()),
        NodeKind::Donation => trace_address(node),
        NodeKind::Container => super::container::address(node.id()),
        NodeKind::Batch => format!("/batches/{}", node.id()),
        NodeKind::Order => format!("/orders/{}", node.id()),
        NodeKind::Material => format!("/materials/{}", node.id()),
        NodeKind::Equipment => format!("/equipment/{}", node.id()),
    }
}

/// A link to the page of a node, with its words.
pub(super) fn node_link(node: &Node) -> Link {
    Link::to(node_address(node), node.words())
}

/// Says that a thing is held, not by itself but by something it came from, and leads there.
pub(super) fn held_banner(standing: &Standing, own: &Node) -> Option<Banner> {
    let because = standing.because.as_ref().filter(|node| *node != own)?;
    let title = format!("{}, as {} is", capital(standing.disposition.word()), because.words());
    let banner = match standing.disposition {
        Disposition::Released | Disposition::ConditionallyReleased => return None,
        Disposition::Quarantine => Banner::check(title),
        Disposition::OnHold => Banner::hold(title),
        Disposition::Rejected => Banner::stop(title),
    };
    let text = "The strictest disposition of everything it came from counts.";
    Some(banner.text(text).action(node_link(because)))
}

fn trace_address(node: &Node) -> String {
    let text = match node.kind() {
        NodeKind::Material => format!("LOT:{}", node.id()),
        NodeKind::Donation => crate::domain::id::Din::parse(node.id())
            .map_or_else(|_| node.id().to_owned(), |din| din.printed()),
        _ => node.id().to_owned(),
    };
    format!("/trace?code={}", query_value(&text))
}

#[derive(Template)]
#[template(path = "trace/show.html")]
struct TracePage {
    shell: Shell,
    head: Head,
    banner: Option<Banner>,
    code: Field,
    found: Option<Found>,
    empty: Empty,
}

struct Found {
    patients: Table,
    held: usize,
    picture: Option<Picture>,
    came_from: Table,
    led_to: Table,
    materials: Table,
    equipment: Table,
}

fn show(cx: &Cx) -> Result<Reply, WebError> {
    let asked = cx.query("code");
    let mut banner = None;
    let mut report = None;
    if !asked.is_empty() {
        match trace(cx.app(), asked) {
            Ok(found) => report = Some(found),
            Err(failure) => banner = Some(WebError::from(failure).refusal()?),
        }
    }
    let mut head = Head::new("Trace").lede(
        "From any identifier to everything connected: donor, donation, container, batch, order, \
         patient code, material lot, device.",
    );
    if let Some(report) = &report {
        let about = &report.about;
        head = Head::new(about.node.words())
            .under("/trace", "Trace")
            .chip(about.disposition)
            .lede(match &about.because {
                Some(because) => format!("It is so because {} is.", because.words()),
                None => about.place.clone(),
            })
            .action(Link::to(node_address(&about.node), "Open its page"));
    }
    let page = TracePage {
        shell: cx.shell("Trace"),
        head,
        banner,
        code: Field::scan("code", "Code").value(asked).required().autofocus(),
        found: report.map(|report| found(&report)),
        empty: Empty::new(
            Icon::Trace,
            "Scan or type a code",
            "Everything it came from and everything that came of it is listed and drawn.",
        ),
    };
    if page.banner.is_some() { cx.page_again(&page) } else { cx.page(&page) }
}

fn found(report: &TraceReport) -> Found {
    let mut patients = Table::new("Patients", &["Patient", "Order", "Given", "Not given yet"]);
    for patient in &report.patients {
        let cells = [
            Cell::Code(patient.patient.to_string()),
            Cell::CodeLink(Link::to(format!("/orders/{}", patient.order), patient.order.as_str())),
            Cell::Text(listed(&patient.administered)),
            Cell::Text(listed(&patient.pending)),
        ];
        if patient.administered.is_empty() {
            patients.push(cells);
        } else {
            patients.push_exception(cells);
        }
    }
    Found {
        patients,
        held: report.held().count(),
        picture: Picture::of(report),
        came_from: lines("Came from", &report.came_from),
        led_to: lines("Led to", &report.led_to),
        materials: used("Material lots", &report.materials),
        equipment: used("Equipment", &report.equipment),
    }
}

fn listed(codes: &[String]) -> String {
    if codes.is_empty() { "none".to_owned() } else { codes.join(", ") }
}

fn lines(caption: &str, lines: &[Line]) -> Table {
    let mut table = Table::new(caption, &["What", "Contents", "Status", "Because of", "Where"]);
    for line in lines {
        let status = if line.live {
            Cell::from(line.disposition)
        } else {
            Chip::new(super::component::Tone::Calm, "gone").into()
        };
        table.push([
            Cell::CodeLink(Link::to(node_address(&line.node), line.node.id())),
            line.title.clone().into(),
            status,
            match &line.because {
                Some(because) => Cell::Link(Link::to(trace_address(because), because.words())),
                None => Cell::Soft(String::new()),
            },
            Cell::Soft(line.place.clone()),
        ]);
    }
    table
}

fn used(caption: &str, list: &[Used]) -> Table {
    let mut table = Table::new(caption, &["What", "Used by"]);
    for one in list {
        let link = Link::to(trace_address(&one.node), one.node.id());
        table.push([Cell::CodeLink(link), Cell::Text(one.batches.join(", "))]);
    }
    table
}

// The drawing ------------------------------------------------------------------------------------

const WIDTH: usize = 176;
const HEIGHT: usize = 58;
const GAP_X: usize = 18;
const GAP_Y: usize = 40;
/// More boxes than this in one row are drawn as one.
const ROW_MAX: usize = 12;

/// The graph as boxes and lines, donors at the top and patients at the bottom.
#[derive(Template)]
#[template(path = "trace/_picture.html")]
struct Picture {
    width: usize,
    height: usize,
    boxes: Vec<Drawn>,
    lines: Vec<Connection>,
}

impl HtmlSafe for Picture {}

struct Drawn {
    x: usize,
    y: usize,
    middle: usize,
    title: String,
    what: String,
    class: &'static str,
    word: &'static str,
    href: String,
}

struct Connection {
    x1: usize,
    y1: usize,
    bend: usize,
    x2: usize,
    y2: usize,
}

/// Siblings that came from the same and led to the same, drawn as one box.
struct Group<'a> {
    members: Vec<&'a Line>,
    layer: usize,
}

impl Picture {
    fn of(report: &TraceReport) -> Option<Self> {
        let graph = drawn_graph(report);
        if report.edges.is_empty() {
            return None;
        }
        let groups = grouped(report, &graph);
        let mut rows: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (index, group) in groups.iter().enumerate() {
            rows.entry(group.layer).or_default().push(index);
        }
        let home = homes(&groups);
        let parents = |group: &Group<'_>| -> BTreeSet<usize> {
            let above = group.members.iter().flat_map(|line| graph.parents_of(&line.node));
            above.filter_map(|node| home.get(node).copied()).collect()
        };
        let widest = rows.values().map(Vec::len).max().unwrap_or(1);
        let width = span(widest);
        let mut at: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
        for (row, members) in rows.values().enumerate() {
            let mut members = members.clone();
            members.sort_by_key(|index| {
                let above = groups.get(*index).map(&parents).unwrap_or_default();
                let middles: Vec<usize> =
                    above.iter().filter_map(|parent| at.get(parent)).map(|(x, _)| *x).collect();
                middles.iter().sum::<usize>().checked_div(middles.len()).unwrap_or(0)
            });
            let start = width.saturating_sub(span(members.len())) / 2;
            for (place, index) in members.iter().enumerate() {
                let x = start.saturating_add(place.saturating_mul(WIDTH + GAP_X));
                at.insert(*index, (x, row.saturating_mul(HEIGHT + GAP_Y)));
            }
        }
        let mut lines = Vec::new();
        for (index, group) in groups.iter().enumerate() {
            for parent in parents(group) {
                lines
                    .extend(at.get(&parent).zip(at.get(&index)).map(|(from, to)| line(*from, *to)));
            }
        }
        let boxes = groups.iter().enumerate().filter_map(|(index, group)| {
            at.get(&index).map(|place| drawn(group, *place, &report.about.node))
        });
        let height = rows.len().saturating_mul(HEIGHT + GAP_Y).saturating_sub(GAP_Y);
        Some(Self { width, height, boxes: boxes.collect(), lines })
    }
}

/// Whether a batch made a container and used it up itself, such as a culture flask.
fn is_internal(graph: &Graph, node: &Node) -> bool {
    node.kind() == NodeKind::Container
        && graph.children_of(node).any(|child| graph.parents_of(node).any(|one| one == child))
}

/// The graph without what happened inside one batch: that is in the lists, and would draw circles.
fn drawn_graph(report: &TraceReport) -> Graph {
    let (all, about) = (report.graph(), &report.about.node);
    let mut graph = Graph::default();
    for (parent, child) in all.edges() {
        let hidden = is_internal(&all, child) && child != about;
        if !hidden && !is_internal(&all, parent) {
            graph.link(parent.clone(), child.clone());
        }
    }
    graph
}

fn span(boxes: usize) -> usize {
    boxes.saturating_mul(WIDTH + GAP_X).saturating_sub(GAP_X)
}

fn grouped<'a>(report: &'a TraceReport, graph: &Graph) -> Vec<Group<'a>> {
    let layers = graph.layers();
    let whole = report.graph();
    let all = report.came_from.iter().chain([&report.about]).chain(&report.led_to);
    let all = all.filter(|line| line.node == report.about.node || !is_internal(&whole, &line.node));
    let mut by_key: BTreeMap<(usize, String), Vec<&'a Line>> = BTreeMap::new();
    for line in all {
        let layer = layers.get(&line.node).copied().unwrap_or(0);
        let alone = line.node == report.about.node || line.node.kind() != NodeKind::Container;
        let key = if alone {
            line.node.to_string()
        } else {
            let list = |nodes: Vec<&Node>| {
                nodes.iter().map(|node| node.to_string()).collect::<Vec<_>>().join(",")
            };
            let above = list(graph.parents_of(&line.node).collect());
            let below = list(graph.children_of(&line.node).collect());
            format!("{above}>{below}:{}:{}", line.title, line.disposition.code())
        };
        by_key.entry((layer, key)).or_default().push(line);
    }
    crowded(by_key.into_iter().map(|((layer, _), members)| Group { members, layer }).collect())
}

/// Rows with too many boxes become one box per kind: a donor of a large bank stays readable.
fn crowded(groups: Vec<Group<'_>>) -> Vec<Group<'_>> {
    let mut in_row: BTreeMap<usize, usize> = BTreeMap::new();
    for group in &groups {
        let count = in_row.entry(group.layer).or_default();
        *count = count.saturating_add(1);
    }
    let mut merged: BTreeMap<(usize, NodeKind), Group<'_>> = BTreeMap::new();
    let mut kept = Vec::new();
    for group in groups {
        let kind = group.members.first().map_or(NodeKind::Container, |line| line.node.kind());
        if in_row.get(&group.layer).is_some_and(|count| *count <= ROW_MAX) {
            kept.push(group);
            continue;
        }
        let layer = group.layer;
        merged
            .entry((layer, kind))
            .or_insert_with(|| Group { members: Vec::new(), layer })
            .members
            .extend(group.members);
    }
    kept.extend(merged.into_values());
    kept
}

fn homes(groups: &[Group<'_>]) -> BTreeMap<Node, usize> {
    let mut homes = BTreeMap::new();
    for (index, group) in groups.iter().enumerate() {
        for line in &group.members {
            homes.insert(line.node.clone(), index);
        }
    }
    homes
}

fn line(from: (usize, usize), to: (usize, usize)) -> Connection {
    let (x1, y1) = (from.0.saturating_add(WIDTH / 2), from.1.saturating_add(HEIGHT));
    let (x2, y2) = (to.0.saturating_add(WIDTH / 2), to.1);
    Connection { x1, y1, bend: y2.saturating_sub(GAP_Y / 2), x2, y2 }
}

fn drawn(group: &Group<'_>, (x, y): (usize, usize), about: &Node) -> Drawn {
    let strictest = group.members.iter().map(|line| line.disposition).max();
    let disposition = strictest.unwrap_or(Disposition::Released);
    let live = group.members.iter().any(|line| line.live);
    let here = group.members.iter().any(|line| line.node == *about);
    let class = match (here, live, disposition) {
        (true, ..) => "here",
        (_, false, _) => "gone",
        (_, _, Disposition::Released) => "released",
        (_, _, Disposition::ConditionallyReleased) => "part",
        (_, _, Disposition::Quarantine) => "wait",
        (_, _, Disposition::OnHold) => "hold",
        (_, _, Disposition::Rejected) => "stop",
    };
    let word = if live { disposition.word() } else { "gone" };
    let (title, what, href) = match group.members.as_slice() {
        [only] => (only.node.id().to_owned(), only.title.clone(), trace_address(&only.node)),
        many => {
            let first = many.first().map(|line| (&line.node, line.title.clone()));
            let (id, title) = first.map_or((String::new(), String::new()), |(node, title)| {
                (node.id().to_owned(), title)
            });
            let href = many.first().map(|line| trace_address(&line.node)).unwrap_or_default();
            (format!("{} × {id} …", many.len()), title, href)
        }
    };
    let what = if what.chars().count() > 27 {
        format!("{}…", what.chars().take(26).collect::<String>())
    } else {
        what
    };
    Drawn { x, y, middle: x.saturating_add(WIDTH / 2), title, what, class, word, href }
}
