//! What a scanned badge is: a person's name and roles.
//!
//! Neighbours: `app::scan` asks; [`super::label_thing`] prints the badge.
//!
//! Architecture invariant: a badge says who somebody is and never proves it; nothing is opened or
//! signed by it (21 CFR 11.200(a): a signature is a name and a password).

use super::App;
use super::scan::{Answer, Verdict};
use crate::codes::{self, Scanned};
use crate::domain::actor::{Actor, Capability};
use crate::domain::id::{IdError, Login};
use crate::domain::user::Standing;
use crate::store::{Failure, user};

/// The sign-in name that was typed, or scanned from a badge.
///
/// # Errors
/// That it is neither.
pub fn login(text: &str) -> Result<Login, IdError> {
    match codes::parse(text) {
        Ok(Scanned::Person(login)) => Ok(login),
        _ => Login::parse(text.trim()),
    }
}

/// The name in a text that was typed or scanned into a field for a sign-in name; a text that is no
/// badge as it is.
#[must_use]
pub fn name_in(text: &str) -> String {
    login(text).map_or_else(|_| text.to_owned(), |login| login.to_string())
}

/// Answers for badges; `None` for all other codes.
///
/// # Errors
/// When the database fails.
pub fn resolve(app: &App, actor: &Actor, code: &str) -> Result<Option<Answer>, Failure> {
    let Ok(Scanned::Person(login)) = codes::parse(code) else { return Ok(None) };
    let stop = |title: String, text: &str| {
        Some(Answer { verdict: Verdict::Stop, title, text: text.to_owned(), go: None })
    };
    let Some(person) = app.read(|db| user::find(db, login.as_str()))? else {
        let text = "Nobody here has this sign-in name. Take the badge to an administrator.";
        return Ok(stop(format!("{login} is not known"), text));
    };
    if person.standing == Standing::Disabled {
        let text = "This name is disabled for ever. Take the badge to an administrator.";
        return Ok(stop(person.printed_name, text));
    }
    let roles: Vec<&str> = person.roles.iter().map(|role| role.title()).collect();
    let page = format!("/administration/people/{login}");
    Ok(Some(Answer {
        verdict: Verdict::Ok,
        title: person.printed_name,
        text: format!("{}. A badge says who; it opens and signs nothing.", roles.join(", ")),
        go: actor.role.may(Capability::ManageUsers).then_some(page),
    }))
}
