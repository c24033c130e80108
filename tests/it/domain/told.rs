//! What the tests of donors, tests, deviations and release share: people who sign, and states made
//! of events.

use chorda::domain::actor::{Actor, Meaning, Role, Signature};
use chorda::domain::id::{ContentHash, Login, StationId};
use chorda::domain::time::Instant;
use chorda::domain::{Aggregate, Change, Context, Event, Recorded};

pub(crate) fn at(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

pub(crate) fn login(name: &str) -> Login {
    Login::parse(name).unwrap()
}

pub(crate) fn context(name: &str, role: Role, now: &str) -> Context {
    let actor = Actor { login: login(name), printed_name: name.to_uppercase(), role };
    Context { now: at(now), actor }
}

pub(crate) fn signed(name: &str, role: Role, meaning: Meaning) -> Signature {
    Signature {
        login: login(name),
        printed_name: name.to_uppercase(),
        role,
        meaning,
        at: at("2026-11-22T08:00:00Z"),
        zone: "Europe/Ljubljana".to_owned(),
        content_hash: ContentHash::parse(&"ab".repeat(32)).unwrap(),
    }
}

/// A stream under construction: each event is recorded by whom and when it is told.
pub(crate) struct Story {
    stream: chorda::domain::id::StreamId,
    recorded: Vec<Recorded>,
}

impl Story {
    pub(crate) fn of<A: Aggregate>(id: &str) -> Self {
        Self { stream: A::stream(id), recorded: Vec::new() }
    }

    pub(crate) fn tell(&mut self, by: &str, when: &str, event: impl Into<Event>) {
        let version = u64::try_from(self.recorded.len()).unwrap() + 1;
        self.recorded.push(Recorded {
            stream: self.stream.clone(),
            version,
            at: at(when),
            actor: login(by),
            role: Role::Technician,
            station: StationId::parse("OFFICE").unwrap(),
            command_id: String::new(),
            reason: None,
            event: event.into(),
        });
    }

    /// Takes those of the changes that belong to this stream.
    pub(crate) fn take(&mut self, by: &str, when: &str, changes: Vec<Change>) {
        for change in changes {
            if change.stream == self.stream {
                self.tell(by, when, change.event);
            }
        }
    }

    pub(crate) fn state<A: Aggregate>(&self) -> Option<A> {
        A::fold(&self.recorded)
    }
}
