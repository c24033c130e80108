//! Labels of things that are no containers: places, badges, shippers, the scanner's test sheet.
//!
//! They have no serial and are not reconciled: a place, a person and an order exist once, and a
//! second copy of their label names the same (ATMP-18 counts the labels of product). Everything
//! else is as for containers: drawn by the approved definition, read back from the dots, queued as
//! one job.
//!
//! Neighbours: [`super::label_print`] prints the labels of containers; [`super::scan`] finds what
//! is printed here.
//!
//! Architecture invariant: the symbol holds exactly the text that a scan resolves to that thing.

use serde::Serialize;

use super::label_data::label_data;
use super::label_definition;
use super::label_dose::{by_protocol, said};
use super::label_print::{Preview, not_drawn, pages, queue};
use super::print_send::resolution;
use super::{App, Caller};
use crate::codes::Scanned;
use crate::db::Db;
use crate::domain::RefusalKind;
use crate::domain::actor::{Capability, Role};
use crate::domain::container::{Container, Fate, check_label};
use crate::domain::id::{AssetId, LocationPath, Login, OrderNumber, PrintJobNumber, StationId};
use crate::domain::language::Language;
use crate::domain::order::Order;
use crate::domain::print_job::{JobLabel, Subject};
use crate::domain::printer::{LAYOUT_TEST, Printer};
use crate::domain::storage::{self as places, LocationKind};
use crate::labels::{self, LabelData, LabelKind, Particular, Phrase, Resolution};
use crate::site::Site;
use crate::store::{Failure, container, order as orders, printer, storage, user};

/// How many labels one command prints at most: the positions of the largest box.
const THINGS_MAX: usize = 26 * 24;

/// What the label of a subject says, drawn by the definition in force.
///
/// # Errors
/// That there is no such thing, that the label of a container is void, or that the database failed.
pub(super) fn label_of(db: &mut Db, subject: &Subject, site: &Site) -> Result<LabelData, Failure> {
    let label = match subject {
        Subject::Container { container, serial } => {
            let state = container::require(db, container)?;
            check_label(&state, *serial)?;
            return label_data(db, &state, *serial, site);
        }
        Subject::Place { path } => place(db, path, site.label_language)?,
        Subject::Person { login } => badge(db, login, site.label_language)?,
        Subject::Consignment { order } => shipper(db, order, site)?,
        Subject::Scanner { station } => sheet(station, site.label_language),
    };
    label_definition::in_force(db, label.with(Particular::Site, site.on_one_line()))
}

/// A place, or a position of a box.
fn place(db: &mut Db, path: &LocationPath, language: Language) -> Result<LabelData, Failure> {
    let payload = Scanned::Location(path.clone()).to_string();
    let label = |kind| LabelData::of(language, kind, &payload);
    let kept = |condition| Phrase::PlaceAt(condition).text(language);
    if let Some(place) = storage::load(db, path.as_str())? {
        let kind = match place.kind {
            LocationKind::Box => LabelKind::CryoBox,
            _ => LabelKind::Position,
        };
        return Ok(label(kind)
            .with(Particular::Title, &place.title)
            .with(Particular::Storage, kept(place.condition)));
    }
    let slot = storage::slot(db, path)?;
    let way = storage::around(db, path.as_str())?;
    let (Some(holder), true) = (way.last(), slot.exists) else {
        return Err(Failure::not_found(format!(
            "There is no storage location {path}. Set it up first."
        )));
    };
    let position = path.as_str().rsplit('/').next().unwrap_or_default();
    Ok(label(LabelKind::Position)
        .with(Particular::Title, format!("{} {position}", holder.title))
        .with(Particular::Storage, kept(holder.condition)))
}

fn badge(db: &mut Db, login: &Login, language: Language) -> Result<LabelData, Failure> {
    let Some(person) = user::find(db, login.as_str())? else {
        return Err(Failure::not_found(format!("There is no person {login}.")));
    };
    let payload = Scanned::Person(login.clone()).to_string();
    Ok(LabelData::of(language, LabelKind::Badge, &payload)
        .with(Particular::Title, person.printed_name)
        .with(Particular::Operator, login))
}

fn sheet(station: &StationId, language: Language) -> LabelData {
    let use_of = Phrase::ScannerTestUse(station.as_str());
    LabelData::of(language, LabelKind::ScannerTest, LAYOUT_TEST)
        .with(Particular::Title, Phrase::ScannerTest.text(language))
        .with(Particular::Purpose, use_of.text(language))
}

/// The transport box of what is sent for an order: every unit that exists, and the packs it is in.
fn shipper(db: &mut Db, number: &OrderNumber, site: &Site) -> Result<LabelData, Failure> {
    let Some(order) = crate::store::ledger::load::<Order>(db, number.as_str())? else {
        return Err(Failure::not_found(format!("There is no order {number}.")));
    };
    let live = |container: &Container| container.fate == Fate::Live;
    let units: Vec<Container> = orders::units(db, number)?.into_iter().filter(live).collect();
    let Some(first) = units.first() else {
        return Err(Failure::refused(
            "no_unit",
            RefusalKind::Conflict,
            format!("There is no unit of order {number} to send. Label the box when it is made."),
        ));
    };
    let language = site.label_language;
    let count = Phrase::Pieces(units.len(), first.kind);
    let label = LabelData::of(language, LabelKind::Shipper, number.as_str())
        .with(Particular::Product, said(&first.contents.title, language, &first.code)?)
        .with(Particular::Count, count.text(language))
        .with(Particular::Order, number);
    let label = match units.iter().filter_map(|unit| unit.expires_at).min() {
        Some(at) => label.expiring(at, site.zone),
        None => label,
    };
    // Without its protocol the label lacks what the law asks for, and drawing it says what.
    Ok(match site.published(&order.protocol.text_hash) {
        Some(published) => by_protocol(label, &published.protocol, None, &[])?,
        None => label,
    })
}

/// Which labels of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Its own.
    This,
    /// Those of every place inside it, however deep.
    Inside,
    /// Those of every position of a box.
    Positions,
}

/// The places whose labels are meant.
///
/// # Errors
/// That there is no such place, or that the database failed.
pub fn places_of(app: &App, path: &LocationPath, which: Which) -> Result<Vec<Subject>, Failure> {
    let most = i64::try_from(THINGS_MAX).unwrap_or(i64::MAX).saturating_add(1);
    let paths: Vec<String> = app.read(|db| {
        Ok(match which {
            Which::This => vec![path.to_string()],
            Which::Inside => {
                let inside = storage::tree(db, Some(path.as_str()), most)?;
                inside.into_iter().map(|place| place.path).collect()
            }
            Which::Positions => match storage::load(db, path.as_str())?.and_then(|one| one.grid) {
                Some(grid) => {
                    places::grid_positions(grid).map(|spot| format!("{path}/{spot}")).collect()
                }
                None => Vec::new(),
            },
        })
    })?;
    let subject = |path: String| match LocationPath::parse(&path) {
        Ok(path) => Ok(Subject::Place { path }),
        Err(error) => Err(Failure::Broken(error.to_string())),
    };
    paths.into_iter().map(subject).collect()
}

/// Labels to be printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ThingPrint {
    /// What they are for.
    pub things: Vec<Subject>,
    /// Copies of each.
    pub copies: u32,
    /// The printer.
    pub printer: AssetId,
}

/// Queues labels; gives the job.
///
/// # Errors
/// That one cannot be drawn, that the printer is not in use, or that the database failed.
pub fn thing_print(
    app: &App,
    caller: &Caller,
    command: ThingPrint,
) -> Result<PrintJobNumber, Failure> {
    allowed(caller.actor.role, &command.things)?;
    countable(&command.things, command.copies)?;
    let request = command.clone();
    let site = app.config.site.clone();
    // Read back while no other writer waits; what changed since is read back again within.
    let proved = app.read(|db| {
        let resolution = resolution(&printer::require(db, &command.printer)?)?;
        Ok((resolution, data(db, &command.things, &site)?))
    })?;
    labels::prove_all(&proved.1, Some(proved.0)).map_err(not_drawn)?;
    let job = app.write(caller, &("thing_print", &request), move |tx| {
        let printer = tx.require::<Printer>(command.printer.as_str())?;
        printer.must_be_in_use()?;
        let now: (Resolution, Vec<LabelData>) =
            (resolution(&printer)?, data(tx.db(), &command.things, &site)?);
        if now != proved {
            labels::prove_all(&now.1, Some(now.0)).map_err(not_drawn)?;
        }
        let label =
            |subject: &Subject| JobLabel { subject: subject.clone(), copies: command.copies };
        queue(tx, &printer, command.things.iter().map(label).collect())
    })?;
    app.bell.ring();
    Ok(job)
}

/// The labels as one PDF, a page each.
///
/// # Errors
/// As [`thing_print`].
pub fn thing_pdf(
    app: &App,
    role: Role,
    things: &[Subject],
    copies: u32,
) -> Result<Vec<u8>, Failure> {
    allowed(role, things)?;
    countable(things, copies)?;
    let labels = app.read(|db| data(db, things, &app.config.site))?;
    pages(&labels, std::iter::repeat(copies))
}

/// A label as it will be printed, and what was read in its dots.
///
/// # Errors
/// That there is no such thing, or that the database failed.
pub fn thing_preview(app: &App, thing: &Subject) -> Result<Preview, Failure> {
    let data = app.read(|db| label_of(db, thing, &app.config.site))?;
    Ok(Preview::of(&data))
}

fn data(db: &mut Db, things: &[Subject], site: &Site) -> Result<Vec<LabelData>, Failure> {
    things.iter().map(|thing| label_of(db, thing, site)).collect()
}

fn countable(things: &[Subject], copies: u32) -> Result<(), Failure> {
    let refused = |text: String| Err(Failure::refused("label_count", RefusalKind::Invalid, text));
    if things.is_empty() || things.len() > THINGS_MAX {
        return refused(format!(
            "There are {} labels to print; one print has from 1 to {THINGS_MAX}.",
            things.len()
        ));
    }
    if !(1..=9).contains(&copies) {
        return refused(format!("{copies} copies were asked for. Print from 1 to 9."));
    }
    Ok(())
}

/// Who may print what: places, who prints labels or keeps the storage; badges, who keeps the users;
/// shippers, who prints or hands over; a test sheet, whoever uses a station.
fn allowed(role: Role, things: &[Subject]) -> Result<(), Failure> {
    use Capability as C;
    let has = |one: &[Capability]| one.iter().any(|&one| role.may(one));
    let fits = |thing: &Subject| match thing {
        Subject::Place { .. } => has(&[C::PrintLabels, C::ManageStorage]),
        Subject::Person { .. } => has(&[C::ManageUsers]),
        Subject::Consignment { .. } => has(&[C::PrintLabels, C::HandOver]),
        Subject::Scanner { .. } => true,
        // Each print of theirs has its serial and is reconciled.
        Subject::Container { .. } => false,
    };
    match things.iter().find(|thing| !fits(thing)) {
        None => Ok(()),
        Some(thing) => Err(Failure::refused(
            "not_allowed",
            RefusalKind::Forbidden,
            format!("{} does not print the {}.", role.title(), thing.words()),
        )),
    }
}
