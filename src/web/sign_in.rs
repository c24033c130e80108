//! Signing in, locking and unlocking the screen, signing out.
//!
//! Neighbours: `app::sign_in` does it; [`super::session`] remembers it.
//!
//! Architecture invariant: the answer to a wrong password is the same whether the name exists,
//! is locked or is disabled.

use askama::Template;

use super::component::Banner;
use super::cx::Cx;
use super::error::WebError;
use super::filters;
use super::form::Field;
use super::icon::Icon;
use super::page::Shell;
use super::reply::{Reply, SetCookie};
use super::routes::{Access, Route};
use super::{SESSION, session};
use crate::app::person_scan::name_in;
use crate::app::sign_in::{self, Begun};
use crate::store::{Failure, user};

/// The rows of this slice.
pub const ROUTES: &[Route] = &[
    Route::get("/sign-in", Access::Public, form, "The sign-in page"),
    Route::post("/sign-in", Access::Public, sign_in, "Sign in").without_token(),
    Route::get("/locked", Access::Public, locked, "The page of a locked screen"),
    Route::post("/unlock", Access::Public, unlock, "Unlock the screen").without_token(),
    Route::post("/lock", Access::SignedIn, lock, "Lock the screen"),
    Route::post("/sign-out", Access::Public, sign_out, "Sign out").without_token(),
];

#[derive(Template)]
#[template(path = "sign_in/form.html")]
struct SignInPage {
    shell: Shell,
    back: String,
    login: Field,
    password: Field,
    banner: Option<Banner>,
    nobody: bool,
}

#[derive(Template)]
#[template(path = "sign_in/locked.html")]
struct LockedPage {
    shell: Shell,
    back: String,
    name: String,
    login: String,
    password: Field,
    banner: Option<Banner>,
}

fn form(cx: &Cx) -> Result<Reply, WebError> {
    cx.page(&sign_in_page(cx, cx.query("back"), "", None)?)
}

fn sign_in_page(
    cx: &Cx,
    back: &str,
    login: &str,
    banner: Option<Banner>,
) -> Result<SignInPage, WebError> {
    Ok(SignInPage {
        shell: cx.shell("Sign in"),
        back: own_path(back),
        login: Field::text("login", "Sign-in name")
            .value(login)
            .autocomplete("username")
            .takes("USER:")
            .hint("Type it, or scan your badge.")
            .required()
            .autofocus(),
        password: password_field("Password"),
        banner,
        nobody: cx.app().read(user::is_empty)?,
    })
}

fn password_field(label: &str) -> Field {
    Field::new(super::form::Kind::Password, "password", label)
        .autocomplete("current-password")
        .required()
}

fn sign_in(cx: &Cx) -> Result<Reply, WebError> {
    let (login, back) = (&name_in(cx.form().text("login")), cx.form().text("back"));
    let password = cx.form().raw("password");
    let counted = cx.count_try(login)?;
    let outcome = sign_in::sign_in(cx.app(), &cx.station.id, login, password, None);
    counted.settle(&outcome);
    match outcome {
        Ok(begun) => Ok(welcome(&begun, back)),
        Err(failure) => {
            let banner = refused(failure)?;
            cx.page_again(&sign_in_page(cx, back, login, Some(banner))?)
        }
    }
}

/// A refused password as a banner; anything else stays an error.
fn refused(failure: Failure) -> Result<Banner, WebError> {
    match failure {
        Failure::Refused(refused) if refused.rule != "too_many_sign_ins" => {
            Ok(Banner::stop("That did not work").text(refused.message))
        }
        other => Err(other.into()),
    }
}

/// Sets the session's cookie and goes where the person wanted.
pub(super) fn welcome(begun: &Begun, back: &str) -> Reply {
    let target = if begun.must_change { "/account/password".to_owned() } else { own_path(back) };
    let value = begun.secret.to_string();
    Reply::see_other(target).cookie(SetCookie { name: SESSION, value, max_age_seconds: None })
}

fn locked(cx: &Cx) -> Result<Reply, WebError> {
    match session_of(cx) {
        Ok(session) => cx.page(&locked_page(cx, &session, cx.query("back"), None)),
        Err(WebError::SignInNeeded) => Ok(Reply::see_other("/sign-in")),
        Err(other) => Err(other),
    }
}

fn locked_page(
    cx: &Cx,
    session: &crate::store::session::Session,
    back: &str,
    banner: Option<Banner>,
) -> LockedPage {
    let mut shell = cx.shell("Locked");
    shell.person = None;
    LockedPage {
        shell,
        back: own_path(back),
        name: session.person.printed_name.clone(),
        login: session.person.login.to_string(),
        password: password_field("Password").autofocus(),
        banner,
    }
}

fn unlock(cx: &Cx) -> Result<Reply, WebError> {
    let back = cx.form().text("back");
    let session = match session_of(cx) {
        Ok(session) => session,
        Err(WebError::SignInNeeded) => return Ok(Reply::see_other("/sign-in")),
        Err(other) => return Err(other),
    };
    let password = cx.form().raw("password");
    let counted = cx.count_try(session.person.login.as_str())?;
    let outcome = sign_in::unlock(cx.app(), &cx.station.id, &session, password);
    counted.settle(&outcome);
    match outcome {
        Ok(begun) => {
            cx.web.sessions().forget(&session.secret_hash);
            Ok(welcome(&begun, back))
        }
        Err(failure) => {
            let banner = refused(failure)?;
            cx.page_again(&locked_page(cx, &session, back, Some(banner)))
        }
    }
}

fn lock(cx: &Cx) -> Result<Reply, WebError> {
    let hash = &cx.signed_in()?.session.secret_hash;
    cx.app().store.session_lock(hash)?;
    cx.web.sessions().forget(hash);
    let back = super::form::query_value(&own_path(cx.form().text("back")));
    Ok(Reply::see_other(format!("/locked?back={back}")))
}

fn sign_out(cx: &Cx) -> Result<Reply, WebError> {
    let gone = SetCookie { name: SESSION, value: String::new(), max_age_seconds: Some(0) };
    match session_of(cx) {
        Ok(session) => {
            sign_in::sign_out(cx.app(), &cx.station.id, &session)?;
            cx.web.sessions().forget(&session.secret_hash);
        }
        Err(WebError::SignInNeeded) => {}
        Err(other) => return Err(other),
    }
    Ok(Reply::see_other("/sign-in").cookie(gone))
}

fn session_of(cx: &Cx) -> Result<crate::store::session::Session, WebError> {
    let secret = cx.request.session_secret.as_deref().ok_or(WebError::SignInNeeded)?;
    let sessions: &session::Sessions = cx.web.sessions();
    sessions.even_locked(cx.app(), secret, cx.now)
}

/// A path of this server, or home: never a way to another host.
fn own_path(path: &str) -> String {
    let own = path.starts_with('/') && !path.starts_with("//") && !path.starts_with("/\\");
    let plain = path.chars().all(|c| c.is_ascii_graphic()) && path.len() <= 500;
    let loops =
        ["/sign-in", "/locked", "/unlock", "/sign-out"].iter().any(|at| path.starts_with(at));
    if own && plain && !loops { path.to_owned() } else { "/".to_owned() }
}
