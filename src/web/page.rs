//! The frame around every page: who I am, where I am, where I can go, the scan field.
//!
//! A page is a struct of ready strings with a field `shell: Shell`; its template begins with
//! `{% extends "_base.html" %}` and fills `{% block content %}`.
//!
//! Architecture invariant: the frame is made from the request alone; it reads no database.

use askama::Template;
use askama::filters::HtmlSafe;

use super::component::{Banner, Head};
use super::filters;
use super::icon::Icon;
use super::{assets, nav};

/// Who is signed in, as the frame shows it.
#[derive(Clone, Debug)]
pub struct Person {
    /// Printed name.
    pub name: String,
    /// Sign-in name.
    pub login: String,
    /// The role in use, in words.
    pub role: String,
}

/// The two hidden entries that every form that changes something carries.
#[derive(Clone, Debug, Template)]
#[template(path = "_guard.html")]
pub struct Guard {
    csrf: String,
    command_id: String,
}

impl HtmlSafe for Guard {}

/// What the base layout needs.
#[derive(Clone, Debug)]
pub struct Shell {
    /// The page's title in the browser's tab.
    pub title: String,
    /// The site's name.
    pub site: String,
    /// Who is signed in.
    pub person: Option<Person>,
    /// The station this browser is.
    pub station: String,
    /// Whether it is a scan station: larger type and targets.
    pub scan_station: bool,
    /// `us` if the scanner types as on a US keyboard, `host` if as on the computer's own.
    pub scanner: &'static str,
    /// Where one can go.
    pub nav: Vec<nav::Entry>,
    /// The form token of the session.
    pub csrf: String,
    /// The nonce of this answer's scripts.
    pub nonce: String,
    /// The address of this page, for returning to it.
    pub here: String,
    /// The server's time, RFC 3339, for countdowns.
    pub now: String,
    /// The server's time in the site's zone, for people.
    pub now_text: String,
    /// What the last command reported.
    pub flash: Option<Banner>,
}

impl Shell {
    /// The hidden entries of a form, with a fresh command id. Write `{{ shell.guard() }}` first
    /// thing in every `<form method="post">`.
    pub fn guard(&self) -> Guard {
        Guard { csrf: self.csrf.clone(), command_id: crate::clock::new_id().to_string() }
    }

    /// The address of an embedded file.
    pub fn asset(&self, name: &str) -> String {
        assets::address(name)
    }
}

/// A page that consists of one banner: errors, and confirmations that need no more.
#[derive(Template)]
#[template(path = "_message.html")]
pub struct MessagePage {
    /// The frame.
    pub shell: Shell,
    /// The top.
    pub head: Head,
    /// What there is to say.
    pub banner: Banner,
    /// The number under which the server's log knows the request; empty if it does not matter.
    pub reference: String,
}
