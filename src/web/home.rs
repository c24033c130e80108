//! Home: what waits for the person who is signed in, by role. Each slice says what waits through a
//! function in `SOURCES`.
//!
//! Architecture invariant: home shows nothing that the person could not open.

use askama::Template;

use super::batch_timer::HomeTimer;
use super::component::{Chip, Head, Link, Tone};
use super::cx::Cx;
use super::error::WebError;
use super::filters;
use super::icon::Icon;
use super::page::Shell;
use super::reply::Reply;
use super::routes::{self, Access, Route};
use super::waiting;
use crate::domain::actor::Role;

/// The rows of this slice.
pub const ROUTES: &[Route] = &[Route::get("/", Access::SignedIn, home, "Home: what waits for me")];

/// One thing that waits for somebody.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// What it belongs to: `Batches`, `Results`, `Orders`; things of one group stand together.
    pub group: &'static str,
    /// The pictogram of the group.
    pub icon: Icon,
    /// What it is: `B-2026-0004 · Harvest P1`.
    pub title: String,
    /// Why it waits and since when, ready to show.
    pub detail: String,
    /// Its status.
    pub chip: Option<Chip>,
    /// Where to do it.
    pub href: String,
    /// Whether it comes before the others.
    pub urgent: bool,
}

/// What finds the waiting things of one slice for the person who asks.
pub type Source = fn(&Cx) -> Result<Vec<Waiting>, WebError>;

/// The sources of every slice. Append yours.
const SOURCES: &[Source] = &[
    super::follow_up::waiting,
    super::order::waiting,
    super::release::waiting,
    super::deviation::waiting,
    super::identity::waiting,
    super::quality::waiting,
    waiting::corrections,
    waiting::batches,
    waiting::patients,
    waiting::donors,
    waiting::materials,
    waiting::people,
];

#[derive(Template)]
#[template(path = "home/home.html")]
struct HomePage {
    shell: Shell,
    head: Head,
    timers: Vec<HomeTimer>,
    groups: Vec<Group>,
    begin: Vec<Link>,
}

struct Group {
    title: &'static str,
    icon: Icon,
    items: Vec<Waiting>,
}

fn home(cx: &Cx) -> Result<Reply, WebError> {
    let mut waiting = Vec::new();
    for source in SOURCES {
        waiting.extend(source(cx)?);
    }
    waiting.retain(|item| routes::exists(&item.href));
    waiting.sort_by_key(|item| !item.urgent);
    let role = cx.actor()?.role;
    let page = HomePage {
        shell: cx.shell("Home"),
        head: Head::new(cx.actor()?.printed_name.clone())
            .chip(Chip::new(Tone::Calm, role.title()).shape(Icon::Person))
            .lede(lede(role)),
        timers: super::batch_timer::running(cx)?,
        groups: grouped(waiting),
        begin: begin(role),
    };
    cx.page(&page)
}

fn grouped(waiting: Vec<Waiting>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for item in waiting {
        match groups.iter_mut().find(|group| group.title == item.group) {
            Some(group) => group.items.push(item),
            None => {
                groups.push(Group { title: item.group, icon: item.icon, items: vec![item] });
            }
        }
    }
    groups
}

/// What a person in this role begins most often; only what they may open.
fn begin(role: Role) -> Vec<Link> {
    let all: &[(&str, &str, Icon)] = match role {
        Role::Technician => &[
            ("/batches/new", "Start a batch", Icon::Batch),
            ("/storage/put", "Store a container", Icon::Storage),
            ("/storage/take", "Take a container out", Icon::Vial),
            ("/labels", "Print and read labels", Icon::Label),
            ("/materials/new", "Receive a material lot", Icon::Material),
            ("/deviations/new", "Open a deviation", Icon::Deviation),
        ],
        Role::QcAnalyst => &[
            ("/samples", "QC worklist", Icon::Lab),
            ("/deviations/new", "Open a deviation", Icon::Deviation),
        ],
        Role::Qa => &[
            ("/release", "Release queue", Icon::Release),
            ("/donors/new", "Register a donor", Icon::Donor),
            ("/deviations/new", "Open a deviation", Icon::Deviation),
            ("/trace", "Trace a code", Icon::Trace),
            ("/audit", "Read the audit trail", Icon::History),
        ],
        Role::QualifiedPerson => &[
            ("/release", "Release queue", Icon::Release),
            ("/trace", "Trace a code", Icon::Trace),
            ("/audit", "Read the audit trail", Icon::History),
        ],
        Role::Clinician => {
            &[("/orders/new", "New order", Icon::Order), ("/custody", "What I hold", Icon::Truck)]
        }
        Role::Administrator => &[
            ("/administration/people/new", "Register a person", Icon::Person),
            ("/administration", "People and their rights", Icon::People),
            ("/station", "This station", Icon::Station),
        ],
        Role::Inspector => &[
            ("/audit", "Read the audit trail", Icon::History),
            ("/trace", "Trace a code", Icon::Trace),
            ("/batches", "Batches", Icon::Batch),
        ],
    };
    all.iter()
        .filter(|(path, ..)| routes::may_open(role, path))
        .map(|(path, text, icon)| Link::to(*path, *text).icon(*icon))
        .collect()
}

fn lede(role: Role) -> &'static str {
    match role {
        Role::Technician => "Scan anything to begin, or take the next step from the list.",
        Role::QcAnalyst => "Samples to receive, results to record and to review.",
        Role::Qa => "Decisions that others wait for: eligibility, holds, deviations, review.",
        Role::QualifiedPerson => "Batches that wait for certification, nearest patient first.",
        Role::Clinician => "Your orders, and what is on its way to you.",
        Role::Administrator => "People, stations and the site's settings.",
        Role::Inspector => "Everything can be read here, nothing can be changed.",
    }
}
