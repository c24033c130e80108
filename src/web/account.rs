//! The own account: who I am here, in which role, and my password.
//!
//! Neighbours: `app::user_password`, `app::sign_in`.
//!
//! Architecture invariant: nobody changes their own rights here; a role is chosen out of those
//! held.

use askama::Template;

use super::component::{Banner, Cell, Chip, Facts, Head, Link, Tone};
use super::cx::Cx;
use super::error::WebError;
use super::filters;
use super::form::{Errors, Field, Kind};
use super::icon::Icon;
use super::page::Shell;
use super::reply::Reply;
use super::routes::{Access, Route};
use crate::app::sign_in;
use crate::app::user_password::password_change;
use crate::domain::actor::Role;
use crate::store::Failure;

/// The rows of this slice.
pub const ROUTES: &[Route] = &[
    Route::get("/account", Access::SignedIn, show, "My account"),
    Route::post("/account/role", Access::SignedIn, change_role, "Go on in another of my roles"),
    Route::get("/account/password", Access::SignedIn, password_form, "Change my password"),
    Route::post("/account/password", Access::SignedIn, password, "Change my password"),
];

#[derive(Template)]
#[template(path = "account/show.html")]
struct AccountPage {
    shell: Shell,
    head: Head,
    facts: Facts,
    roles: Vec<RoleChoice>,
}

struct RoleChoice {
    code: &'static str,
    title: &'static str,
    current: bool,
}

fn show(cx: &Cx) -> Result<Reply, WebError> {
    let signed_in = cx.signed_in()?;
    let person = &signed_in.session.person;
    let page = AccountPage {
        shell: cx.shell("My account"),
        head: Head::new(person.printed_name.clone())
            .chip(Chip::new(Tone::Calm, signed_in.actor.role.title()).shape(Icon::Person))
            .action(Link::to("/account/password", "Change password").icon(Icon::Lock)),
        facts: Facts::new()
            .with("Sign-in name", Cell::Code(person.login.to_string()))
            .with("Personnel number", person.personnel_number.clone())
            .with("Role in use", signed_in.actor.role.title())
            .with("Station", cx.station.id.to_string())
            .with("Signed in since", cx.when(signed_in.session.began_at))
            .with_some("Password set", person.credential_set_at.map(|at| cx.when(at)))
            .with_some(
                "Designated as Qualified Person",
                person.designation.as_ref().map(designation_text),
            ),
        roles: person
            .roles
            .iter()
            .map(|role| RoleChoice {
                code: role.code(),
                title: role.title(),
                current: *role == signed_in.actor.role,
            })
            .collect(),
    };
    cx.page(&page)
}

/// From when, until when, by which document.
pub(super) fn designation_text(designation: &(String, Option<String>, String)) -> String {
    let (from, until, document) = designation;
    match until {
        Some(until) => format!("{from} to {until} ({document})"),
        None => format!("from {from} ({document})"),
    }
}

fn change_role(cx: &Cx) -> Result<Reply, WebError> {
    let mut check = cx.check();
    let Some(role) = check.choice("role", Role::parse) else {
        return Err(WebError::Invalid("Choose one of your roles.".to_owned()));
    };
    let session = &cx.signed_in()?.session;
    let begun = sign_in::change_role(cx.app(), &cx.station.id, session, role)?;
    cx.web.sessions().forget(&session.secret_hash);
    Ok(super::sign_in::welcome(&begun, "/"))
}

#[derive(Template)]
#[template(path = "account/password.html")]
struct PasswordPage {
    shell: Shell,
    head: Head,
    banner: Option<Banner>,
    old: Field,
    new: Field,
    again: Field,
}

fn password_page(cx: &Cx, errors: &Errors, banner: Option<Banner>) -> PasswordPage {
    let field = |name: &str, label: &str, autocomplete| {
        Field::new(Kind::Password, name, label)
            .autocomplete(autocomplete)
            .required()
            .error(errors.of(name).map(str::to_owned))
    };
    PasswordPage {
        shell: cx.shell("Change password"),
        head: Head::new("Change password").under("/account", "My account"),
        banner,
        old: field("old", "Password until now", "current-password"),
        new: field("new", "New password", "new-password")
            .hint("At least 15 characters; a sentence of four words is good."),
        again: field("again", "New password once more", "new-password"),
    }
}

fn password_form(cx: &Cx) -> Result<Reply, WebError> {
    let banner = cx.must_change_password().then(|| {
        Banner::check("Choose your own password first")
            .text("The one you signed in with was given out and works only for this.")
    });
    cx.page(&password_page(cx, &Errors::new(), banner))
}

fn password(cx: &Cx) -> Result<Reply, WebError> {
    let (old, new) = (cx.form().raw("old"), cx.form().raw("new"));
    let mut errors = Errors::new();
    if new != cx.form().raw("again") {
        errors.add("again", "This is not the same as the new password.");
    }
    if !new.is_empty() && new == old {
        errors.add("new", "This is the password until now. Choose another.");
    }
    if !errors.is_empty() {
        return cx.page_again(&password_page(cx, &errors, None));
    }
    let keep = cx.signed_in()?.session.secret_hash.clone();
    let counted = cx.count_try(cx.actor()?.login.as_str())?;
    let changed = password_change(cx.app(), &cx.caller()?, old, new, &keep);
    counted.settle(&changed);
    cx.web.sessions().forget_all();
    match changed {
        Ok(()) => Ok(Reply::see_other("/account").flash("The password is changed.")),
        Err(Failure::Refused(refused)) => {
            let field = if refused.rule.starts_with("password_rule") { "new" } else { "old" };
            errors.add(field, refused.message);
            cx.page_again(&password_page(cx, &errors, None))
        }
        Err(other) => Err(other.into()),
    }
}
