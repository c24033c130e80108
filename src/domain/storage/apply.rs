//! How each event changes what is known of a storage location.

use super::event::Event;
use super::state::{Location, OutOfService};
use crate::domain::{Aggregate, Recorded};

impl Aggregate for Location {
    type Event = Event;

    const KIND: &'static str = "location";

    fn own(event: &crate::domain::Event) -> Option<&Event> {
        Self::own_event(event)
    }

    fn apply(state: Option<Self>, recorded: &Recorded, event: &Event) -> Option<Self> {
        let Some(mut location) = state else {
            return Self::defined(recorded, event);
        };
        location.version = recorded.version;
        match event {
            Event::Defined { .. } => {}
            Event::Renamed { title } => location.title = title.clone(),
            Event::TakenOutOfService { because } => {
                location.out_of_service = Some(OutOfService {
                    because: because.clone(),
                    since: recorded.at,
                    by: recorded.actor.clone(),
                });
            }
            Event::PutInService { .. } => location.out_of_service = None,
        }
        Some(location)
    }
}

impl Location {
    fn defined(recorded: &Recorded, event: &Event) -> Option<Self> {
        let Event::Defined { kind, title, condition, grid } = event else { return None };
        Some(Self {
            path: recorded.stream.id().to_owned(),
            version: recorded.version,
            kind: *kind,
            title: title.clone(),
            condition: *condition,
            grid: *grid,
            out_of_service: None,
        })
    }
}
