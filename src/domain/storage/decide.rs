//! The rules of the storage tree.

use super::command::Command;
use super::event::Event;
use super::refusal::Refusal;
use super::state::{Condition, Location, LocationKind};
use crate::domain::id::LocationPath;
use crate::domain::{Change, Context};

/// What `command` changes at the place `path`, or why it is refused. `location` is the place itself
/// if it exists, `parent` the place around it.
pub fn decide(
    path: &LocationPath,
    location: Option<&Location>,
    parent: Option<&Location>,
    command: &Command,
    _context: &Context,
) -> Result<Vec<Change>, Refusal> {
    let event = match (command, location) {
        (Command::Define { .. }, Some(_)) => {
            return Err(Refusal::AlreadyDefined { path: path.to_string() });
        }
        (Command::Define { .. }, None) => define(path, parent, command)?,
        (_, None) => return Err(Refusal::NotDefined { path: path.to_string() }),
        (Command::Rename { title }, Some(_)) => Event::Renamed { title: titled(title)? },
        (Command::TakeOutOfService { because }, Some(place)) => {
            let because = reason("taking a place out of service", because)?;
            if place.out_of_service.is_some() {
                return Err(unchanged(path, "out of service"));
            }
            Event::TakenOutOfService { because }
        }
        (Command::PutInService { because }, Some(place)) => {
            let because = reason("putting a place in service", because)?;
            if place.out_of_service.is_none() {
                return Err(unchanged(path, "in service"));
            }
            Event::PutInService { because }
        }
    };
    Ok(vec![Change::of::<Location>(path.as_str(), event)])
}

fn define(
    path: &LocationPath,
    parent: Option<&Location>,
    command: &Command,
) -> Result<Event, Refusal> {
    let Command::Define { kind, title, condition, grid, .. } = command else {
        return Err(Refusal::NotDefined { path: path.to_string() });
    };
    let around = path.as_str().rsplit_once('/').map(|(around, _)| around);
    if let (Some(around), None) = (around, parent) {
        return Err(Refusal::ParentMissing { parent: around.to_owned() });
    }
    if path.as_str().split('/').count() > 5 {
        return Err(Refusal::TooDeep { path: path.to_string() });
    }
    if !kind.may_be_in(parent.map(|place| place.kind)) {
        let place = parent.map_or("the site itself".to_owned(), |place| {
            format!("the {} {}", place.kind.word(), place.path)
        });
        return Err(Refusal::WrongNesting { kind: kind.word(), place });
    }
    let sized = grid.is_some_and(|grid| super::Grid::new(grid.rows, grid.columns).is_some());
    if (*kind == LocationKind::Box) != grid.is_some() || grid.is_some() != sized {
        return Err(Refusal::GridWrong);
    }
    let inherited = parent.map_or(Condition::Ambient, |place| place.condition);
    Ok(Event::Defined {
        kind: *kind,
        title: titled(title)?,
        condition: condition.unwrap_or(inherited),
        grid: *grid,
    })
}

fn titled(title: &str) -> Result<String, Refusal> {
    let title = title.trim();
    if title.is_empty() || title.chars().count() > 80 {
        return Err(Refusal::TitleMissing);
    }
    Ok(title.to_owned())
}

fn reason(what: &'static str, because: &str) -> Result<String, Refusal> {
    let because = because.trim();
    if because.is_empty() {
        return Err(Refusal::ReasonMissing { what });
    }
    Ok(because.to_owned())
}

fn unchanged(path: &LocationPath, status: &'static str) -> Refusal {
    Refusal::StatusUnchanged { path: path.to_string(), status }
}
