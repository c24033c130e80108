//! How each event changes what is known of a deviation.

use super::event::Event;
use super::state::{Decision, Deviation};
use crate::domain::{Aggregate, Recorded};

impl Aggregate for Deviation {
    type Event = Event;

    const KIND: &'static str = "deviation";

    fn own(event: &crate::domain::Event) -> Option<&Event> {
        Self::own_event(event)
    }

    fn apply(state: Option<Self>, recorded: &Recorded, event: &Event) -> Option<Self> {
        let Some(mut deviation) = state else {
            return Self::opened(recorded, event);
        };
        deviation.version = recorded.version;
        match event {
            Event::Opened { .. } => {}
            Event::Decided { class, root_cause, impact, actions, outcome, signature } => {
                deviation.class = *class;
                deviation.decision = Some(Decision {
                    root_cause: root_cause.clone(),
                    impact: impact.clone(),
                    actions: actions.clone(),
                    outcome: *outcome,
                    signature: signature.clone(),
                });
            }
            Event::Closed { conclusion, signature } => {
                deviation.closed = Some((conclusion.clone(), signature.clone()));
            }
        }
        Some(deviation)
    }
}

impl Deviation {
    fn opened(recorded: &Recorded, event: &Event) -> Option<Self> {
        let Event::Opened { class, title, description, origin, subject, performer } = event else {
            return None;
        };
        Some(Self {
            number: recorded.stream.id().to_owned(),
            version: recorded.version,
            class: *class,
            title: title.clone(),
            description: description.clone(),
            origin: *origin,
            subject: subject.clone(),
            performer: performer.clone(),
            opened_by: recorded.actor.clone(),
            opened_at: recorded.at,
            decision: None,
            closed: None,
        })
    }
}
