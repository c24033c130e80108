//! The rules about people.

use super::FAILURES_MAX;
use super::command::Command;
use super::event::{Event, IdentityCheck};
use super::refusal::Refusal;
use super::state::{Standing, User};
use crate::domain::Context;
use crate::domain::actor::Role;
use crate::domain::id::{ContentHash, Login};

/// Decides a command about a person.
///
/// # Errors
/// The rule that refuses.
pub fn decide(
    user: Option<&User>,
    command: &Command,
    context: &Context,
) -> Result<Vec<Event>, Refusal> {
    if let Command::Register { .. } = command {
        return register(user, command);
    }
    let Some(user) = user else {
        return Err(Refusal::Unknown { login: context.actor.login.clone() });
    };
    if user.standing == Standing::Disabled {
        return Err(Refusal::Disabled { login: user.login.clone() });
    }
    match command {
        Command::Register { .. } => register(Some(user), command),
        Command::GrantRole { role, reason } => {
            by_another(user, context)?;
            text(reason, "The reason")?;
            grant(user, *role)
        }
        Command::RevokeRole { role, reason, other_administrators } => {
            by_another(user, context)?;
            text(reason, "The reason")?;
            revoke(user, *role, *other_administrators)
        }
        Command::Designate { from, until, document } => {
            by_another(user, context)?;
            text(document, "The document of designation")?;
            if until.is_some_and(|until| until < *from) {
                return Err(Refusal::DesignationBackwards);
            }
            if !user.roles.contains_key(&Role::QualifiedPerson) {
                let role = Role::QualifiedPerson;
                return Err(Refusal::RoleNotHeld { login: user.login.clone(), role });
            }
            let (from, until, document) = (*from, *until, document.clone());
            Ok(vec![Event::Designated { from, until, document }])
        }
        Command::EndDesignation { reason } => {
            by_another(user, context)?;
            text(reason, "The reason")?;
            if user.designation.is_none() {
                return Err(Refusal::NotDesignated { login: user.login.clone() });
            }
            Ok(vec![Event::DesignationEnded {}])
        }
        _ => access(user, command, context),
    }
}

fn access(user: &User, command: &Command, context: &Context) -> Result<Vec<Event>, Refusal> {
    match command {
        Command::ChangePassword { digest } => Ok(vec![credential(digest, false)]),
        Command::ResetPassword { digest, reason } => {
            by_another(user, context)?;
            text(reason, "The reason")?;
            Ok(vec![credential(digest, true)])
        }
        Command::Fail { attempt, failures } => Ok(fail(user, *attempt, *failures)),
        Command::Unlock { reason } => {
            by_another(user, context)?;
            text(reason, "The reason")?;
            if user.usable().is_ok() {
                return Err(Refusal::NotLocked { login: user.login.clone() });
            }
            Ok(vec![Event::Unlocked {}])
        }
        Command::Disable { reason, other_administrators } => {
            by_another(user, context)?;
            text(reason, "The reason")?;
            keep_an_administrator(user, *other_administrators)?;
            Ok(vec![Event::Disabled {}])
        }
        Command::SignIn { session, role } => {
            user.usable()?;
            if !user.roles.contains_key(role) {
                return Err(Refusal::RoleNotHeld { login: user.login.clone(), role: *role });
            }
            Ok(vec![Event::SignedIn { session: session.clone(), role: *role }])
        }
        Command::SignOut { session } => Ok(vec![Event::SignedOut { session: session.clone() }]),
        _ => Ok(Vec::new()),
    }
}

fn register(user: Option<&User>, command: &Command) -> Result<Vec<Event>, Refusal> {
    let Command::Register {
        login,
        printed_name,
        personnel_number,
        identity,
        roles,
        digest,
        must_change,
    } = command
    else {
        return Ok(Vec::new());
    };
    // The program itself records its first facts under this name.
    if user.is_some() || login.as_str() == "system" {
        return Err(Refusal::LoginTaken { login: login.clone() });
    }
    text(printed_name, "The full name")?;
    text(personnel_number, "The personnel number")?;
    let IdentityCheck { how, by } = identity;
    text(how, "How the identity was verified")?;
    text(by, "Who verified the identity")?;
    let mut events = vec![Event::Registered {
        printed_name: printed_name.clone(),
        personnel_number: personnel_number.clone(),
        identity: identity.clone(),
    }];
    let mut granted: Vec<Role> = Vec::new();
    for role in roles {
        compatible(login, granted.iter().copied(), *role)?;
        if !granted.contains(role) {
            granted.push(*role);
            events.push(Event::RoleGranted { role: *role });
        }
    }
    if granted.is_empty() {
        return Err(Refusal::RoleMissing);
    }
    events.push(credential(digest, *must_change));
    Ok(events)
}

fn grant(user: &User, role: Role) -> Result<Vec<Event>, Refusal> {
    if user.roles.contains_key(&role) {
        return Err(Refusal::RoleHeld { login: user.login.clone(), role });
    }
    compatible(&user.login, user.roles.keys().copied(), role)?;
    Ok(vec![Event::RoleGranted { role }])
}

fn revoke(user: &User, role: Role, other_administrators: u32) -> Result<Vec<Event>, Refusal> {
    if !user.roles.contains_key(&role) {
        return Err(Refusal::RoleNotHeld { login: user.login.clone(), role });
    }
    if user.roles.len() == 1 {
        return Err(Refusal::LastRole { login: user.login.clone() });
    }
    if role == Role::Administrator {
        keep_an_administrator(user, other_administrators)?;
    }
    let mut events = vec![Event::RoleRevoked { role }];
    if role == Role::QualifiedPerson && user.designation.is_some() {
        events.push(Event::DesignationEnded {});
    }
    Ok(events)
}

fn fail(user: &User, attempt: super::event::Attempt, failures: u32) -> Vec<Event> {
    let mut events = vec![Event::AuthenticationFailed { attempt, failures }];
    if failures >= FAILURES_MAX && user.standing == Standing::Active {
        events.push(Event::Locked {});
    }
    events
}

fn credential(digest: &ContentHash, must_change: bool) -> Event {
    Event::CredentialSet { digest: digest.clone(), must_change }
}

/// Segregation of duties: regulations §4.4 rule 10.
fn compatible(
    login: &Login,
    mut held: impl Iterator<Item = Role>,
    asked: Role,
) -> Result<(), Refusal> {
    match held.find(|&one| !one.compatible_with(asked)) {
        Some(one) => Err(Refusal::RolesIncompatible {
            login: login.clone(),
            held: one.title(),
            asked: asked.title(),
        }),
        None => Ok(()),
    }
}

fn by_another(user: &User, context: &Context) -> Result<(), Refusal> {
    if context.actor.login == user.login { Err(Refusal::OwnRights) } else { Ok(()) }
}

fn keep_an_administrator(user: &User, others: u32) -> Result<(), Refusal> {
    if user.roles.contains_key(&Role::Administrator) && others == 0 {
        return Err(Refusal::LastAdministrator { login: user.login.clone() });
    }
    Ok(())
}

fn text(text: &str, what: &'static str) -> Result<(), Refusal> {
    if text.trim().is_empty() || text.chars().count() > 200 {
        return Err(Refusal::TextMissing { what });
    }
    Ok(())
}
