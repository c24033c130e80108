//! How each event changes what is known of a person.

use super::FAILURES_MAX;
use super::event::Event;
use super::state::{Credential, Designation, Standing, User};
use crate::domain::id::Login;
use crate::domain::{Aggregate, Recorded};
use std::collections::BTreeMap;

impl Aggregate for User {
    type Event = Event;

    const KIND: &'static str = "user";

    fn own(event: &crate::domain::Event) -> Option<&Event> {
        Self::own_event(event)
    }

    fn apply(state: Option<Self>, recorded: &Recorded, event: &Event) -> Option<Self> {
        let Some(mut user) = state else {
            return Self::registered(recorded, event);
        };
        user.version = recorded.version;
        user.apply_rights(recorded, event);
        user.apply_access(recorded, event);
        Some(user)
    }
}

impl User {
    fn registered(recorded: &Recorded, event: &Event) -> Option<Self> {
        let Event::Registered { printed_name, personnel_number, identity } = event else {
            return None;
        };
        Some(Self {
            login: Login::parse(recorded.stream.id()).ok()?,
            version: recorded.version,
            printed_name: printed_name.clone(),
            personnel_number: personnel_number.clone(),
            identity: identity.clone(),
            roles: BTreeMap::new(),
            designation: None,
            credential: None,
            failures: 0,
            standing: Standing::Active,
            last_sign_in: None,
        })
    }

    fn apply_rights(&mut self, recorded: &Recorded, event: &Event) {
        match event {
            Event::RoleGranted { role } => {
                self.roles.insert(*role, recorded.at);
            }
            Event::RoleRevoked { role } => {
                self.roles.remove(role);
            }
            Event::Designated { from, until, document } => {
                let (from, until, document) = (*from, *until, document.clone());
                self.designation = Some(Designation { from, until, document });
            }
            Event::DesignationEnded {} => self.designation = None,
            _ => {}
        }
    }

    fn apply_access(&mut self, recorded: &Recorded, event: &Event) {
        match event {
            Event::CredentialSet { digest, must_change } => {
                self.credential = Some(Credential {
                    digest: digest.clone(),
                    set_at: recorded.at,
                    must_change: *must_change,
                });
            }
            // Of guesses made at the same time, the one that locks may be recorded before others.
            Event::AuthenticationFailed { failures, .. } if self.standing == Standing::Active => {
                self.failures = (*failures).min(FAILURES_MAX);
            }
            Event::Locked {} => self.standing = Standing::Locked,
            Event::Unlocked {} => {
                self.standing = Standing::Active;
                self.failures = 0;
            }
            Event::Disabled {} => self.standing = Standing::Disabled,
            Event::SignedIn { .. } => {
                self.failures = 0;
                self.last_sign_in = Some(recorded.at);
            }
            _ => {}
        }
    }
}
