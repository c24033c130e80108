//! Containers as rows: where each is, who holds it, what it may be used for.
//!
//! Neighbours: `domain::container` decides; [`super::genealogy`] has what a container came from;
//! [`super::label`] keeps its labels.
//!
//! Architecture invariant: every column follows from the state the events give, by one function.

use std::collections::BTreeMap;

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::codes;
use crate::db::{Db, DbError};
use crate::domain::Recorded;
use crate::domain::batch::Divided;
use crate::domain::container::{Container, ContainerKind, Custodian, Event, Fate};
use crate::domain::disposition::Disposition;
use crate::domain::genealogy::{Node, Standing};
use crate::domain::id::{BatchNumber, ContainerCode, Din, LocationPath, Login, OrderNumber};
use crate::domain::time::Instant;

use super::schema::{container, label_print, standing};
use super::{Failure, Table, Tx, account, genealogy, identity, label, snapshot};

/// The tables of this module.
pub(super) const TABLES: &[Table] = &[Table { name: "container", key: &["code"] }];

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = container, treat_none_as_null = true, treat_none_as_default_value = false)]
struct Row {
    code: String,
    kind: &'static str,
    material: String,
    title: String,
    parent: Option<String>,
    batch: Option<String>,
    output: Option<String>,
    number: i32,
    number_of: i32,
    produced_at: NaiveDateTime,
    expires_at: Option<NaiveDateTime>,
    order_number: Option<String>,
    target: Option<String>,
    reserved_for: Option<String>,
    disposition: i32,
    custody: &'static str,
    holder: Option<String>,
    location: Option<String>,
    held_since: NaiveDateTime,
    fate: &'static str,
    fate_at: Option<NaiveDateTime>,
    fate_by: Option<String>,
    label_serial: i32,
    label_applied: bool,
    thaw_count: i32,
    excursion_due: Option<NaiveDateTime>,
    din: Option<String>,
    product: Option<String>,
    division: Option<String>,
    identity_by: Option<String>,
    state: String,
    version: i64,
}

/// Projects one event.
pub(super) fn project(db: &mut Db, recorded: &Recorded, event: &Event) -> Result<(), Failure> {
    let code = recorded.stream.id();
    let stored = stored_state(db, code)?;
    let state: Container = snapshot::next(stored.as_deref(), recorded, event)?;
    if stored.is_none() {
        diesel::insert_into(container::table).values(row(&state)?).execute(db)?;
    } else if let Event::Stored { .. } | Event::Retrieved { .. } = event {
        move_row(db, &state)?;
    } else {
        diesel::update(container::table.find(code)).set(row(&state)?).execute(db)?;
    }
    project_graph(db, &state, event)?;
    project_book(db, &state, recorded, event)?;
    identity::project(db, recorded, event)?;
    label::project(db, &state, event)
}

/// A move touches few columns; this is the path that is walked thousands of times a second.
fn move_row(db: &mut Db, state: &Container) -> Result<(), Failure> {
    let (custody, holder, location) = custody_columns(&state.custodian);
    let outcome = diesel::update(container::table.find(&state.code))
        .set((
            container::custody.eq(custody),
            container::holder.eq(holder),
            container::location.eq(location),
            container::held_since.eq(state.held_since.naive()),
            container::state.eq(snapshot::write(state)?),
            container::version.eq(snapshot::version(state.version)?),
        ))
        .execute(db)
        .map_err(DbError::from);
    match outcome {
        // Another container was put there between the decision and this: decide again, and say who.
        Err(error) if error.is_unique("container", "location") => {
            Err(DbError::Contention("the position was taken meanwhile".to_owned()).into())
        }
        Err(error) => Err(error.into()),
        Ok(_) => Ok(()),
    }
}

fn project_graph(db: &mut Db, state: &Container, event: &Event) -> Result<(), Failure> {
    let node = Node::new(crate::domain::genealogy::NodeKind::Container, &state.code);
    match event {
        Event::Produced { disposition, .. } => {
            if let Some(parent) = state.parent() {
                genealogy::link(db, &parent, &node)?;
            }
            if *disposition != Disposition::Released {
                genealogy::set_standing(db, &node, *disposition)?;
            }
            Ok(())
        }
        Event::DispositionDecided { to, .. } => genealogy::set_standing(db, &node, *to),
        Event::Consumed { batch, .. } => genealogy::link(db, &node, &Node::batch(batch)),
        Event::Administered { order, .. } => genealogy::link(db, &node, &Node::order(order)),
        _ => Ok(()),
    }
}

/// What becomes of what a batch made moves in the book of that batch. A sample stays booked as
/// drawn, whatever the laboratory does with its tube.
fn project_book(
    db: &mut Db,
    state: &Container,
    recorded: &Recorded,
    event: &Event,
) -> Result<(), Failure> {
    let label = matches!(event, Event::LabelFound { .. });
    let booked = label || state.kind != ContainerKind::SampleTube;
    let Some(batch) = state.batch.as_ref().filter(|_| booked) else { return Ok(()) };
    let by = event.signature().map_or(recorded.actor.as_str(), |signed| signed.login.as_str());
    let cause = account::Cause { what: event.posting_word(), occurrence: None, by };
    account::post(db, batch.as_str(), recorded, &[(cause, event.postings())])
}

fn custody_columns(custodian: &Custodian) -> (&'static str, Option<String>, Option<String>) {
    match custodian {
        Custodian::Person { login } => ("person", Some(login.to_string()), None),
        Custodian::Place { location } => ("place", None, Some(location.to_string())),
        Custodian::Transfer { transfer } => ("transfer", Some(transfer.clone()), None),
        Custodian::Spent => ("spent", None, None),
    }
}

fn fate_columns(fate: &Fate) -> (&'static str, Option<Instant>, Option<&Login>) {
    match fate {
        Fate::Live => ("live", None, None),
        Fate::Consumed { at, by, .. } => ("consumed", Some(*at), Some(by)),
        Fate::Administered { at, by, .. } => ("administered", Some(*at), Some(by)),
        Fate::Destroyed { at, by } => ("destroyed", Some(*at), Some(by)),
        Fate::Unpacked { at, by } => ("unpacked", Some(*at), Some(by)),
    }
}

fn row(state: &Container) -> Result<Row, Failure> {
    let (custody, holder, location) = custody_columns(&state.custodian);
    let (fate, fate_at, fate_by) = fate_columns(&state.fate);
    let text = |name: &Option<crate::domain::id::Name>| name.as_ref().map(ToString::to_string);
    let order = |order: &Option<OrderNumber>| order.as_ref().map(ToString::to_string);
    Ok(Row {
        code: state.code.clone(),
        kind: state.kind.code(),
        material: state.contents.material.to_string(),
        title: state.contents.title.to_string(),
        parent: state.parent().map(|parent| parent.to_string()),
        batch: state.batch.as_ref().map(ToString::to_string),
        output: text(&state.output),
        number: integer(state.number_of.0)?,
        number_of: integer(state.number_of.1)?,
        produced_at: state.produced_at.naive(),
        expires_at: state.expires_at.map(Instant::naive),
        order_number: order(&state.order),
        target: text(&state.target),
        reserved_for: order(&state.reserved_for),
        disposition: state.disposition.strictness(),
        custody,
        holder,
        location,
        held_since: state.held_since.naive(),
        fate,
        fate_at: fate_at.map(Instant::naive),
        fate_by: fate_by.map(ToString::to_string),
        label_serial: integer(state.labels.latest)?,
        label_applied: state.labels.applied(),
        thaw_count: integer(state.thaw_count)?,
        excursion_due: state.excursion.as_ref().map(|open| open.due_at.naive()),
        din: state.identity.as_ref().map(|identity| identity.din.to_string()),
        product: state.identity.as_ref().map(|identity| identity.description().to_owned()),
        division: state.identity.as_ref().map(|identity| identity.division.clone()),
        identity_by: state.identity_proposal.as_ref().map(|open| open.signature.login.to_string()),
        state: snapshot::write(state)?,
        version: snapshot::version(state.version)?,
    })
}

pub(super) fn integer(number: u32) -> Result<i32, Failure> {
    i32::try_from(number).map_err(|_| Failure::Broken(format!("{number} is too large")))
}

fn stored_state(db: &mut Db, code: &str) -> Result<Option<String>, Failure> {
    Ok(container::table.find(code).select(container::state).first(db).optional()?)
}

/// The container of a code; `None` when there is none.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn load(db: &mut Db, code: &ContainerCode) -> Result<Option<Container>, Failure> {
    stored_state(db, code.as_str())?.as_deref().map(snapshot::read).transpose()
}

/// The container of a code that must exist.
///
/// # Errors
/// A `NotFound` refusal when it does not, or as [`load`].
pub fn require(db: &mut Db, code: &ContainerCode) -> Result<Container, Failure> {
    load(db, code)?.ok_or_else(|| {
        Failure::not_found(format!("There is no container {code}. Check the code and scan again."))
    })
}

/// The container with its effective disposition: what `domain::container::decide` asks for.
///
/// # Errors
/// As [`require`].
pub fn require_with_standing(
    db: &mut Db,
    code: &ContainerCode,
) -> Result<(Container, Standing), Failure> {
    let state = require(db, code)?;
    let standing = standing_of(db, &state)?;
    Ok((state, standing))
}

/// The effective disposition of a loaded container: its own, or that of what it came from, which
/// ever is stricter.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn standing_of(db: &mut Db, state: &Container) -> Result<Standing, Failure> {
    let node = Node::new(crate::domain::genealogy::NodeKind::Container, &state.code);
    let own = Standing::own(&node, state.disposition);
    match state.parent() {
        Some(parent) => Ok(own.stricter(genealogy::effective_with_cause(db, &parent)?)),
        None => Ok(own),
    }
}

/// The next `n` codes of a kind. They are taken by recording the containers in the same
/// transaction: two calls without that in between give the same codes.
///
/// # Errors
/// When the database fails, or the numbers of the kind are used up.
pub fn next_codes(
    tx: &mut Tx<'_>,
    kind: ContainerKind,
    n: u32,
) -> Result<Vec<ContainerCode>, Failure> {
    let exhausted = |error: codes::CodeError| Failure::Broken(error.to_string());
    let first = codes::container::code(kind, 1).map_err(exhausted)?;
    let last = codes::container::code(kind, codes::container::SEQUENCE_MAX).map_err(exhausted)?;
    let taken: Option<String> = container::table
        .filter(container::code.between(first.as_str(), last.as_str()))
        .order(container::code.desc())
        .select(container::code)
        .first(tx.db())
        .optional()?;
    let taken = taken
        .and_then(|code| ContainerCode::parse(&code).ok())
        .and_then(|code| codes::container::sequence(&code))
        .unwrap_or(0);
    (1..=n)
        .map(|step| codes::container::code(kind, taken.saturating_add(step)).map_err(exhausted))
        .collect()
}

/// What a scan shows: one indexed read, whatever the size of the stock.
#[derive(Debug, Clone, PartialEq)]
pub struct Scan {
    /// The container.
    pub code: String,
    /// What kind it is.
    pub kind: ContainerKind,
    /// The material.
    pub material: String,
    /// Its proper name.
    pub title: String,
    /// The batch that made it.
    pub batch: Option<String>,
    /// The order it was made for.
    pub order: Option<String>,
    /// The site it is meant for.
    pub target: Option<String>,
    /// The order it is reserved for.
    pub reserved_for: Option<String>,
    /// When it expires.
    pub expires_at: Option<Instant>,
    /// `person`, `place`, `transfer` or `spent`.
    pub custody: String,
    /// The person or transfer that holds it.
    pub holder: Option<String>,
    /// The position it is in.
    pub location: Option<String>,
    /// `live`, `consumed`, `administered`, `destroyed` or `unpacked`.
    pub fate: String,
    /// When and by whom it ended.
    pub ended: Option<(Instant, String)>,
    /// The effective disposition and its cause.
    pub standing: Standing,
    /// The serial of the label printed last; 0 before the first.
    pub label_serial: u32,
    /// When and why the scanned label was voided, if it was.
    pub label_void: Option<(Instant, String)>,
}

type ScanHead = (String, String, String, String, Option<String>, Option<String>, Option<String>);
type ScanPlace = (Option<String>, Option<NaiveDateTime>, String, Option<String>, Option<String>);
type ScanEnd = (String, Option<NaiveDateTime>, Option<String>, i32, i32);
type ScanStanding = Option<(i32, Option<String>)>;
type ScanLabel = Option<(Option<NaiveDateTime>, Option<String>)>;
type ScanRow = (ScanHead, ScanPlace, ScanEnd, ScanStanding, ScanLabel);

/// Looks a container up for a scan, with the serial of the scanned label if there was one.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn scan(
    db: &mut Db,
    code: &ContainerCode,
    serial: Option<u32>,
) -> Result<Option<Scan>, Failure> {
    let serial = integer(serial.unwrap_or(0))?;
    let found: Option<ScanRow> = container::table
        .left_join(standing::table.on(container::parent.eq(standing::node.nullable())))
        .left_join(
            label_print::table
                .on(label_print::container.eq(container::code).and(label_print::serial.eq(serial))),
        )
        .filter(container::code.eq(code.as_str()))
        .select((
            (
                container::code,
                container::kind,
                container::material,
                container::title,
                container::batch,
                container::order_number,
                container::target,
            ),
            (
                container::reserved_for,
                container::expires_at,
                container::custody,
                container::holder,
                container::location,
            ),
            (
                container::fate,
                container::fate_at,
                container::fate_by,
                container::disposition,
                container::label_serial,
            ),
            (standing::effective, standing::because).nullable(),
            (label_print::voided_at, label_print::voided_because).nullable(),
        ))
        .first(db)
        .optional()?;
    found.map(scanned).transpose()
}

fn scanned((head, place, end, above, label): ScanRow) -> Result<Scan, Failure> {
    let (code, kind, material, title, batch, order, target) = head;
    let (reserved_for, expires_at, custody, holder, location) = place;
    let (fate, fate_at, fate_by, own, label_serial) = end;
    let node = Node::new(crate::domain::genealogy::NodeKind::Container, &code);
    let own = Standing::own(&node, disposition(own)?);
    let standing = match above {
        Some((effective, because)) => {
            own.stricter(genealogy::standing_of(effective, because.as_deref())?)
        }
        None => own,
    };
    let at = |naive: Option<NaiveDateTime>| naive.map(Instant::from_naive);
    Ok(Scan {
        kind: kind_of(&kind)?,
        code,
        material,
        title,
        batch,
        order,
        target,
        reserved_for,
        expires_at: at(expires_at),
        custody,
        holder,
        location,
        fate,
        ended: at(fate_at).zip(fate_by),
        standing,
        label_serial: u32::try_from(label_serial).unwrap_or(0),
        label_void: label.and_then(|(voided_at, because)| at(voided_at).zip(because)),
    })
}

fn kind_of(code: &str) -> Result<ContainerKind, Failure> {
    ContainerKind::parse(code)
        .ok_or_else(|| DbError::Corrupt(format!("'{code}' is not a kind of container")).into())
}

fn disposition(strictness: i32) -> Result<Disposition, Failure> {
    Disposition::from_strictness(strictness)
        .ok_or_else(|| DbError::Corrupt(format!("{strictness} is not a disposition")).into())
}

/// Which containers a list shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Of<'a> {
    /// Those a batch made.
    Batch(&'a BatchNumber),
    /// Those made for an order.
    Order(&'a OrderNumber),
    /// Those reserved for an order.
    ReservedFor(&'a OrderNumber),
    /// Those in positions of a place, or of places inside it.
    Within(&'a LocationPath),
    /// Those in a person's hands.
    HeldBy(&'a Login),
    /// Those of an open transfer.
    Transfer(&'a str),
    /// Those of a kind that still exist.
    Live(ContainerKind),
}

/// The containers of a list in order of their codes, at most `limit`, beginning after `after`.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn list(
    db: &mut Db,
    of: &Of<'_>,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Container>, Failure> {
    let mut query = container::table
        .select(container::state)
        .order(container::code)
        .limit(limit)
        .into_boxed::<crate::db::Backend>();
    query = match of {
        Of::Batch(batch) => query.filter(container::batch.eq(batch.to_string())),
        Of::Order(order) => query.filter(container::order_number.eq(order.to_string())),
        Of::ReservedFor(order) => query.filter(container::reserved_for.eq(order.to_string())),
        Of::Within(place) => {
            let (from, to) = inside(place.as_str());
            query.filter(container::location.gt(from)).filter(container::location.lt(to))
        }
        Of::HeldBy(login) => query
            .filter(container::holder.eq(login.to_string()))
            .filter(container::custody.eq("person")),
        Of::Transfer(transfer) => query
            .filter(container::holder.eq((*transfer).to_owned()))
            .filter(container::custody.eq("transfer")),
        Of::Live(kind) => {
            query.filter(container::kind.eq(kind.code())).filter(container::fate.eq("live"))
        }
    };
    if let Some(after) = after {
        query = query.filter(container::code.gt(after.to_owned()));
    }
    let states: Vec<String> = query.load(db)?;
    states.iter().map(|state| snapshot::read(state)).collect()
}

/// The containers of these codes that exist, in any order.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub fn load_many(db: &mut Db, codes: &[String]) -> Result<Vec<Container>, Failure> {
    let mut found = Vec::new();
    for some in codes.chunks(500) {
        let states: Vec<String> = container::table
            .filter(container::code.eq_any(some))
            .select(container::state)
            .load(db)?;
        for state in &states {
            found.push(snapshot::read(state)?);
        }
    }
    Ok(found)
}

/// How the units of a donation number are divided so far; `used` are the containers that the batch
/// which asks was made of, the earliest first.
///
/// # Errors
/// When the database fails.
pub fn divided(db: &mut Db, din: &Din, used: &[ContainerCode]) -> Result<Divided, Failure> {
    let mut divided = Divided::default();
    let mut divisions = BTreeMap::new();
    for named in identity::of_din(db, din)? {
        // What was corrected is not free for anything else.
        divided.taken.entry(named.product).or_default().insert(named.division.clone());
        if named.retired_at.is_none() {
            divisions.insert(named.container, named.division);
        }
    }
    divided.parent = used.iter().find_map(|code| divisions.get(code.as_str()).cloned());
    let own = |code: &ContainerCode| Some((code.clone(), divisions.get(code.as_str())?.clone()));
    divided.used = used.iter().filter_map(own).collect();
    Ok(divided)
}

/// How many containers stand in positions of a place, or of places inside it.
///
/// # Errors
/// When the database fails.
pub fn count_within(db: &mut Db, place: &str) -> Result<i64, Failure> {
    let (from, to) = inside(place);
    Ok(container::table
        .filter(container::location.gt(from))
        .filter(container::location.lt(to))
        .count()
        .get_result(db)?)
}

/// The code of the container in a position.
///
/// # Errors
/// When the database fails.
pub fn occupant(db: &mut Db, position: &LocationPath) -> Result<Option<String>, Failure> {
    Ok(container::table
        .filter(container::location.eq(position.as_str()))
        .select(container::code)
        .first(db)
        .optional()?)
}

/// The range of paths inside a place: `0` is the character after `/`.
fn inside(place: &str) -> (String, String) {
    (format!("{place}/"), format!("{place}0"))
}
