//! Storage: the tree of places, the grid of a box, putting in and taking out.
//!
//! Neighbours: `app::container_move` and `app::storage_change`.
//!
//! Architecture invariant: a cell of the grid says what it is by word and shape as well as by
//! colour, and the grid never offers a position that the rules would refuse.

use std::collections::BTreeMap;

use askama::Template;

use super::component::{Banner, Chip, Empty, Facts, Head, Link, Tone};
use super::cx::Cx;
use super::error::WebError;
use super::filters;
use super::form::{Errors, Field};
use super::icon::Icon;
use super::page::Shell;
use super::reply::Reply;
use super::routes::{Access, Route};
use crate::app::container_move::{
    ContainerPut, ContainerTake, ScannedContainer, TakeFor, container_put, container_take,
    read_position,
};
use crate::app::storage_change::{StorageChange, storage_change};
use crate::app::words::sentence;
use crate::db::Db;
use crate::domain::actor::Capability;
use crate::domain::container::Container;
use crate::domain::disposition::Disposition;
use crate::domain::genealogy::Standing;
use crate::domain::id::{BatchNumber, LocationPath};
use crate::domain::storage::{Command, Condition, Grid, Location, LocationKind};
use crate::store::container::Of;
use crate::store::{Failure, container, storage};

const READ: Access = Access::Needs(&[Capability::ReadGmp]);
const HANDLE: Access = Access::Needs(&[Capability::HandleContainers]);
const MANAGE: Access = Access::Needs(&[Capability::ManageStorage]);

/// The rows of this slice.
pub const ROUTES: &[Route] = &[
    Route::get("/storage", READ, tree, "Storage"),
    Route::get("/storage/new", MANAGE, new_form, "Set up a storage location"),
    Route::post("/storage/new", MANAGE, define, "Set up a storage location"),
    Route::post("/storage/status", MANAGE, status, "Take a place out of service or put it back"),
    Route::get("/storage/put", HANDLE, put_form, "Put a container into a position"),
    Route::post("/storage/put", HANDLE, put, "Put a container into a position"),
    Route::get("/storage/take", HANDLE, take_form, "Take a container out"),
    Route::post("/storage/take", HANDLE, take, "Take a container out"),
    Route::get("/storage/{path:.*}", READ, show, "A storage location"),
];

const TREE_MAX: i64 = 2_000;

fn address(path: &str) -> String {
    format!("/storage/{path}")
}

// The tree ---------------------------------------------------------------------------------------

#[derive(Template)]
#[template(path = "storage/tree.html")]
struct TreePage {
    shell: Shell,
    head: Head,
    rooms: Vec<Room>,
    empty: Empty,
}

struct Room {
    title: String,
    path: String,
    places: Vec<Place>,
}

/// One line of the tree.
struct Place {
    depth: usize,
    href: String,
    path: String,
    title: String,
    kind: &'static str,
    condition: &'static str,
    chip: Option<Chip>,
    filled: Option<(i64, u32)>,
}

fn place(db: &mut Db, location: &Location) -> Result<Place, Failure> {
    let filled = match location.grid {
        Some(grid) => Some((container::count_within(db, &location.path)?, grid.capacity())),
        None => None,
    };
    Ok(Place {
        depth: location.path.matches('/').count(),
        href: address(&location.path),
        path: location.path.clone(),
        title: location.title.clone(),
        kind: location.kind.word(),
        condition: location.condition.words(),
        chip: location
            .out_of_service
            .as_ref()
            .map(|out| Chip::new(Tone::Stop, format!("out of service: {}", out.because))),
        filled,
    })
}

fn tree(cx: &Cx) -> Result<Reply, WebError> {
    let rooms = cx.app().read(|db| {
        let mut rooms: Vec<Room> = Vec::new();
        for location in storage::tree(db, None, TREE_MAX)? {
            if location.kind == LocationKind::Room {
                let (title, path) = (location.title.clone(), location.path.clone());
                rooms.push(Room { title, path, places: Vec::new() });
            } else if let Some(room) = rooms.last_mut() {
                room.places.push(place(db, &location)?);
            }
        }
        Ok(rooms)
    })?;
    let mut head = Head::new("Storage").lede("Rooms, freezers and tanks, racks, boxes, positions.");
    if cx.may(Capability::ManageStorage) {
        head = head.action(Link::to("/storage/new", "Set up a place").icon(Icon::Plus));
    }
    if cx.may(Capability::HandleContainers) {
        head = head
            .action(Link::to("/storage/take", "Take out"))
            .action(Link::to("/storage/put", "Store").primary());
    }
    let empty = Empty::new(
        Icon::Storage,
        "No storage location yet",
        "QA sets up rooms first, then what stands in them.",
    );
    cx.page(&TreePage { shell: cx.shell("Storage"), head, rooms, empty })
}

// A place and its grid ---------------------------------------------------------------------------

#[derive(Template)]
#[template(path = "storage/show.html")]
struct ShowPage {
    shell: Shell,
    head: Head,
    banner: Option<Banner>,
    facts: Facts,
    map: Option<BoxMap>,
    places: Vec<Place>,
    path: String,
    may_manage: bool,
    in_service: bool,
}

/// The grid of a box, ready to draw.
struct BoxMap {
    columns: Vec<u8>,
    rows: Vec<(char, Vec<Spot>)>,
    legend: Vec<(&'static str, &'static str, Icon, usize)>,
}

/// One position.
struct Spot {
    position: String,
    class: &'static str,
    word: &'static str,
    icon: Icon,
    code: String,
    href: Option<String>,
    target: bool,
}

fn show(cx: &Cx) -> Result<Reply, WebError> {
    cx.page(&show_page(cx, cx.param("path"), None)?)
}

fn show_page(cx: &Cx, path: &str, banner: Option<Banner>) -> Result<ShowPage, WebError> {
    let target = cx.query("target").to_owned();
    let may_put = cx.may(Capability::HandleContainers);
    let (location, around, places, map) = cx.app().read(|db| {
        let Some(location) = storage::load(db, path)? else {
            return Err(Failure::not_found(format!(
                "There is no storage location {path}. Check the label."
            )));
        };
        let around = storage::around(db, path)?;
        let mut places = Vec::new();
        for child in storage::children(db, Some(path))? {
            places.push(place(db, &child)?);
        }
        let open = around.iter().chain([&location]).all(|one| one.out_of_service.is_none());
        let map = match location.grid {
            Some(grid) => Some(box_map(db, &location, grid, &target, may_put && open)?),
            None => None,
        };
        Ok((location, around, places, map))
    })?;
    let closed = around.iter().chain([&location]).find_map(|one| {
        one.out_of_service.as_ref().map(|out| {
            Banner::stop(format!("{} is out of service", one.path))
                .text(format!("{} Nothing may be put here.", sentence(&out.because)))
        })
    });
    Ok(ShowPage {
        shell: cx.shell(location.path.clone()),
        head: place_head(cx, &location, &around, places.len()),
        banner: banner.or(closed),
        facts: place_facts(cx, &location, map.as_ref()),
        map,
        places,
        path: location.path.clone(),
        may_manage: cx.may(Capability::ManageStorage),
        in_service: location.out_of_service.is_none(),
    })
}

fn label_link(path: &str, which: &str, words: &str) -> Link {
    Link::to(super::label_thing::place_address(path, which), words).icon(Icon::Print)
}

fn place_head(cx: &Cx, location: &Location, around: &[Location], inside: usize) -> Head {
    let mut head = Head::new(location.title.clone()).under("/storage", "Storage");
    for one in around {
        head = head.under(address(&one.path), one.title.clone());
    }
    head = head.chip(Chip::new(Tone::Calm, location.kind.word()).shape(Icon::Storage));
    head = match &location.out_of_service {
        Some(_) => head.chip(Chip::new(Tone::Stop, "out of service")),
        None => head.chip(Chip::new(Tone::Ok, "in service")),
    };
    if cx.may(Capability::PrintLabels) || cx.may(Capability::ManageStorage) {
        head = head.action(label_link(&location.path, "this", "Label"));
        let (which, words) = match location.grid {
            Some(_) => ("positions", "Labels of its positions"),
            None => ("inside", "Labels of all inside"),
        };
        if location.grid.is_some() || inside > 0 {
            head = head.action(label_link(&location.path, which, words));
        }
    }
    if location.grid.is_some() && cx.may(Capability::HandleContainers) {
        let take = format!("/storage/take?box={}", location.path);
        let put = format!("/storage/put?box={}", location.path);
        head =
            head.action(Link::to(take, "Take out")).action(Link::to(put, "Store here").primary());
    }
    head
}

fn place_facts(cx: &Cx, location: &Location, map: Option<&BoxMap>) -> Facts {
    let taken = map.map(|map| {
        let spots: usize = map.rows.iter().map(|(_, spots)| spots.len()).sum();
        let free = map.rows.iter().flat_map(|(_, spots)| spots).filter(|s| s.code.is_empty());
        let free = free.count();
        format!("{free} of {spots} positions free")
    });
    Facts::new()
        .wide()
        .with("Path", super::component::Cell::Code(location.path.clone()))
        .with("Temperature", location.condition.words())
        .with_some("Room in it", taken)
        .with_some(
            "Out of service since",
            location
                .out_of_service
                .as_ref()
                .map(|out| format!("{}, {}", cx.when(out.since), out.by)),
        )
}

fn box_map(
    db: &mut Db,
    location: &Location,
    grid: Grid,
    target: &str,
    may_put: bool,
) -> Result<BoxMap, Failure> {
    let path =
        LocationPath::parse(&location.path).map_err(|error| Failure::Broken(error.to_string()))?;
    let mut inside: BTreeMap<String, (Container, Standing)> = BTreeMap::new();
    for state in container::list(db, &Of::Within(&path), None, i64::from(grid.capacity()))? {
        let standing = container::standing_of(db, &state)?;
        if let Some(at) = state.location() {
            inside.insert(at.to_string(), (state, standing));
        }
    }
    let mut legend = [0_usize; 4];
    let mut rows = Vec::new();
    for row in grid.row_letters() {
        let mut spots = Vec::new();
        for column in 1..=grid.columns {
            let position = format!("{row}{column}");
            let at = format!("{}/{position}", location.path);
            let (kind, spot) = spot(&position, &at, inside.get(&at), target, may_put);
            if let Some(count) = legend.get_mut(kind) {
                *count = count.saturating_add(1);
            }
            spots.push(spot);
        }
        rows.push((row, spots));
    }
    let names = [
        ("free", "free", Icon::Plus),
        ("taken", "released", Icon::Ok),
        ("waits", "quarantine", Icon::Check),
        ("held", "held", Icon::Hold),
    ];
    let legend = names
        .iter()
        .zip(legend)
        .map(|((class, word, icon), n)| (*class, *word, *icon, n))
        .collect();
    Ok(BoxMap { columns: (1..=grid.columns).collect(), rows, legend })
}

fn spot(
    position: &str,
    at: &str,
    inside: Option<&(Container, Standing)>,
    target: &str,
    may_put: bool,
) -> (usize, Spot) {
    let target = target == position;
    let position = position.to_owned();
    let Some((state, standing)) = inside else {
        let href = may_put.then(|| format!("/storage/put?position={at}"));
        let (class, word, icon, code) = ("free", "free", Icon::Plus, String::new());
        return (0, Spot { position, class, word, icon, code, href, target });
    };
    let (kind, class, word, icon) = match standing.disposition {
        Disposition::Released => (1, "taken", "released", Icon::Ok),
        Disposition::ConditionallyReleased => (1, "taken", "conditional", Icon::Part),
        Disposition::Quarantine => (2, "waits", "quarantine", Icon::Check),
        Disposition::OnHold => (3, "held", "on hold", Icon::Hold),
        Disposition::Rejected => (3, "held", "rejected", Icon::Stop),
    };
    let href = Some(super::container::address(&state.code));
    (kind, Spot { position, class, word, icon, code: state.code.clone(), href, target })
}

// Putting in -------------------------------------------------------------------------------------

#[derive(Template)]
#[template(path = "storage/put.html")]
struct PutPage {
    shell: Shell,
    head: Head,
    banner: Option<Banner>,
    code: Field,
    position: Field,
    map: Option<BoxMap>,
    map_title: String,
    boxes: Vec<Place>,
}

fn put_form(cx: &Cx) -> Result<Reply, WebError> {
    cx.page(&put_page(cx, &Errors::new(), None)?)
}

fn asked(cx: &Cx, name: &str) -> String {
    cx.form().get(name).map_or_else(|| cx.query(name).to_owned(), str::to_owned)
}

fn put_page(cx: &Cx, errors: &Errors, banner: Option<Banner>) -> Result<PutPage, WebError> {
    let (code, mut position, boxed) = (asked(cx, "code"), asked(cx, "position"), asked(cx, "box"));
    let from_position = position.trim_start_matches("LOC:").rsplit_once('/');
    let boxed = from_position.map_or(boxed, |(parent, _)| parent.to_owned());
    let (map, boxes) = cx.app().read(|db| {
        let location = storage::load(db, &boxed)?.filter(|location| location.grid.is_some());
        let mut boxes = Vec::new();
        if location.is_none() {
            for one in storage::tree(db, None, TREE_MAX)? {
                if one.grid.is_some() {
                    boxes.push(place(db, &one)?);
                }
            }
        }
        let map = match location {
            Some(location) => match location.grid {
                Some(grid) => Some((box_map(db, &location, grid, "", true)?, location)),
                None => None,
            },
            None => None,
        };
        Ok((map, boxes))
    })?;
    let map_title = map.as_ref().map(|(_, location)| location.title.clone()).unwrap_or_default();
    let mut map = map.map(|(map, _)| map);
    if let Some(map) = &mut map {
        aim(map, &boxed, &code, &mut position, cx.form().is_empty());
    }
    let code_known = !code.is_empty();
    let mut code_field = Field::scan("code", "1. Scan the vial").required().value(code);
    let mut position_field = Field::scan("position", "2. Scan the position")
        .required()
        .value(position)
        .placeholder("LN2/T1/R1/B1/A1");
    if code_known {
        position_field = position_field.autofocus();
    } else {
        code_field = code_field.autofocus();
    }
    code_field.error = errors.of("code").map(str::to_owned);
    position_field.error = errors.of("position").map(str::to_owned);
    Ok(PutPage {
        shell: cx.shell("Store"),
        head: Head::new("Store").under("/storage", "Storage").lede(
            "Scan the container, then the position it goes to. One position holds one container.",
        ),
        banner,
        code: code_field,
        position: position_field,
        map,
        map_title,
        boxes,
    })
}

/// Marks the position asked for, or the first free one as a proposal; free cells keep the vial.
fn aim(map: &mut BoxMap, boxed: &str, code: &str, position: &mut String, propose: bool) {
    let wanted = position.rsplit_once('/').map(|(_, last)| last.to_owned());
    let free = |spot: &&mut Spot| spot.code.is_empty();
    let spots = map.rows.iter_mut().flat_map(|(_, spots)| spots.iter_mut());
    let found = match &wanted {
        Some(wanted) => spots.into_iter().find(|spot| spot.position == *wanted),
        None if propose => spots.into_iter().find(free),
        None => None,
    };
    if let Some(spot) = found {
        spot.target = true;
        if position.is_empty() {
            *position = format!("{boxed}/{}", spot.position);
        }
    }
    for spot in map.rows.iter_mut().flat_map(|(_, spots)| spots.iter_mut()) {
        if spot.code.is_empty() {
            let at = format!("/storage/put?position={boxed}/{}&code={code}", spot.position);
            spot.href = Some(at);
        }
    }
}

fn put(cx: &Cx) -> Result<Reply, WebError> {
    let mut check = cx.check();
    let container = check.parse("code", |text| ScannedContainer::read(text).map_err(said));
    let position = check.parse("position", |text| read_position(text).map_err(said));
    let (Some(container), Some(position)) = (container, position) else {
        return cx.page_again(&put_page(cx, &check.errors, None)?);
    };
    let command = ContainerPut { container: container.clone(), position: position.clone() };
    match container_put(cx.app(), &cx.caller()?, command) {
        Ok(()) => {
            let (boxed, spot) = position.as_str().rsplit_once('/').unwrap_or(("", ""));
            Ok(Reply::see_other(format!("/storage/{boxed}?target={spot}"))
                .flash(&format!("{} is in {position}.", container.code)))
        }
        Err(failure) => {
            let banner = WebError::from(failure).refusal()?;
            cx.page_again(&put_page(cx, &Errors::new(), Some(banner))?)
        }
    }
}

/// What a refused scan says, without the full stop that the form adds.
fn said(failure: Failure) -> String {
    failure.to_string().trim_end_matches('.').to_owned()
}

// Taking out -------------------------------------------------------------------------------------

#[derive(Template)]
#[template(path = "storage/take.html")]
struct TakePage {
    shell: Shell,
    head: Head,
    banner: Option<Banner>,
    code: Field,
    position: Field,
    purpose: Field,
    batch: Field,
    way: Option<Way>,
}

/// The way to the container.
struct Way {
    code: String,
    chip: Chip,
    places: Vec<String>,
    position: String,
}

fn take_form(cx: &Cx) -> Result<Reply, WebError> {
    cx.page(&take_page(cx, &Errors::new(), None)?)
}

fn take_page(cx: &Cx, errors: &Errors, banner: Option<Banner>) -> Result<TakePage, WebError> {
    let code = asked(cx, "code");
    let way = match ScannedContainer::read(&code) {
        Ok(scanned) => cx.app().read(|db| way(db, &scanned))?,
        Err(_) => None,
    };
    let fill = |field: Field| field.fill(cx.form(), errors);
    let purposes = [
        ("batch", "For a batch"),
        ("relocation", "To put it elsewhere"),
        ("inspection", "To look at it"),
        ("destruction", "To destroy it"),
    ];
    let mut purpose = Field::radio("purpose", "What for", purposes).required();
    if cx.form().is_empty() {
        purpose = purpose.value(if cx.query("batch").is_empty() { "" } else { "batch" });
    }
    let mut batch = Field::text("batch", "Batch").mono().placeholder("B-2026-0001");
    batch = batch.hint("For a batch only.").value(cx.query("batch"));
    let mut scan = Field::scan("code", "1. Scan the vial").required().value(code);
    scan.error = errors.of("code").map(str::to_owned);
    Ok(TakePage {
        shell: cx.shell("Take out"),
        head: Head::new("Take out").under("/storage", "Storage").lede(
            "Scan what you take. What is on hold, expired or reserved for another order is not \
             issued for use.",
        ),
        banner,
        code: if way.is_none() { scan.autofocus() } else { scan },
        position: fill(Field::scan("position", "2. Scan the position it left"))
            .hint("May be left out; if scanned, it must be the right one."),
        purpose: fill(purpose),
        batch: fill(batch),
        way,
    })
}

fn way(db: &mut Db, scanned: &ScannedContainer) -> Result<Option<Way>, Failure> {
    let Some(state) = container::load(db, &scanned.code)? else { return Ok(None) };
    let Some(at) = state.location().cloned() else { return Ok(None) };
    let standing = container::standing_of(db, &state)?;
    let places = storage::around(db, at.as_str())?;
    Ok(Some(Way {
        chip: super::container::status_chip(&state, &standing),
        code: state.code,
        places: places.into_iter().map(|place| place.title).collect(),
        position: at.as_str().rsplit_once('/').map_or("", |(_, last)| last).to_owned(),
    }))
}

fn take(cx: &Cx) -> Result<Reply, WebError> {
    let mut check = cx.check();
    let container = check.parse("code", |text| ScannedContainer::read(text).map_err(said));
    let from = check.parse_optional("position", |text| read_position(text).map_err(said));
    let purpose = match cx.form().text("purpose") {
        "batch" => check.parse("batch", BatchNumber::parse).map(TakeFor::Batch),
        "relocation" => Some(TakeFor::Relocation),
        "inspection" => Some(TakeFor::Inspection),
        "destruction" => Some(TakeFor::Destruction),
        _ => {
            check.errors.add("purpose", "Choose one of the possibilities.");
            None
        }
    };
    let (Some(container), Some(purpose), true) = (container, purpose, check.is_ok()) else {
        return cx.page_again(&take_page(cx, &check.errors, None)?);
    };
    let code = container.code.clone();
    let command = ContainerTake { container, from, purpose };
    match container_take(cx.app(), &cx.caller()?, command) {
        Ok(left) => Ok(Reply::see_other(super::container::address(code.as_str()))
            .flash(&format!("{code} is in your hands; it was in {}.", left.unwrap_or_default()))),
        Err(failure) => {
            let banner = WebError::from(failure).refusal()?;
            cx.page_again(&take_page(cx, &Errors::new(), Some(banner))?)
        }
    }
}

// Setting up -------------------------------------------------------------------------------------

#[derive(Template)]
#[template(path = "_form.html")]
pub(super) struct FormPage {
    pub(super) shell: Shell,
    pub(super) head: Head,
    pub(super) banner: Option<Banner>,
    pub(super) fields: Vec<Field>,
    pub(super) action: String,
    pub(super) button: String,
}

fn new_form(cx: &Cx) -> Result<Reply, WebError> {
    cx.page(&new_page(cx, &Errors::new(), None))
}

fn new_page(cx: &Cx, errors: &Errors, banner: Option<Banner>) -> FormPage {
    let fill = |field: Field| {
        if cx.form().is_empty() { field } else { field.fill(cx.form(), errors) }
    };
    let inside = cx.query("inside");
    let start = if inside.is_empty() { String::new() } else { format!("{inside}/") };
    let kinds = LocationKind::ALL.map(|(_, code, word)| (code, word));
    let conditions = Condition::ALL.map(|(_, code, words)| (code, words));
    FormPage {
        shell: cx.shell("Set up a place"),
        head: Head::new("Set up a place").under("/storage", "Storage"),
        banner,
        fields: vec![
            fill(Field::text("path", "Path").required().mono().value(start).autofocus())
                .hint("From the room inwards, with / between: LN2/T1/R1/B1."),
            fill(Field::select("kind", "Kind", kinds).required()),
            fill(Field::text("title", "Name").required()).hint("What people call it."),
            fill(Field::select("condition", "Temperature", conditions))
                .hint("Empty: as the place around it."),
            fill(Field::text("rows", "Rows")).hint("For a box: 1 to 26."),
            fill(Field::text("columns", "Columns")).hint("For a box: 1 to 24."),
        ],
        action: "/storage/new".to_owned(),
        button: "Set up".to_owned(),
    }
}

fn define(cx: &Cx) -> Result<Reply, WebError> {
    let mut check = cx.check();
    let path = check.parse("path", LocationPath::parse);
    let kind = check.choice("kind", LocationKind::parse);
    let title = check.required("title");
    let condition = check.optional("condition").and_then(|code| Condition::parse(&code));
    let rows = check.parse_optional("rows", str::parse::<u8>);
    let columns = check.parse_optional("columns", str::parse::<u8>);
    let (Some(path), Some(kind), Some(title), true) = (path, kind, title, check.is_ok()) else {
        return cx.page_again(&new_page(cx, &check.errors, None));
    };
    let grid = rows.zip(columns).map(|(rows, columns)| Grid { rows, columns });
    let command = Command::Define { path: path.clone(), kind, title, condition, grid };
    match storage_change(cx.app(), &cx.caller()?, StorageChange { path: path.clone(), command }) {
        Ok(()) => Ok(Reply::see_other(address(path.as_str())).flash(&format!("{path} is set up."))),
        Err(failure) => {
            let banner = WebError::from(failure).refusal()?;
            cx.page_again(&new_page(cx, &Errors::new(), Some(banner)))
        }
    }
}

fn status(cx: &Cx) -> Result<Reply, WebError> {
    let path = LocationPath::parse(cx.form().text("path"))
        .map_err(|error| WebError::Invalid(error.to_string()))?;
    let because = cx.form().text("reason").to_owned();
    let command = match cx.form().text("what") {
        "out" => Command::TakeOutOfService { because },
        _ => Command::PutInService { because },
    };
    match storage_change(cx.app(), &cx.caller()?, StorageChange { path: path.clone(), command }) {
        Ok(()) => Ok(Reply::see_other(address(path.as_str())).flash("Recorded.")),
        Err(failure) => {
            let banner = WebError::from(failure).refusal()?;
            cx.page_again(&show_page(cx, path.as_str(), Some(banner))?)
        }
    }
}
