//! Pages of two columns made of blocks: what is known at the left, what can be done at the right.
//! Donors, QC, deviations and release share them.
//!
//! Neighbours: [`super::component`] has the parts that the blocks hold.
//!
//! Architecture invariant: a block formats what it was given; it decides and looks up nothing.

use askama::Template;
use askama::filters::HtmlSafe;

use super::component::{
    Banner, Empty, Facts, Head, Link, Pager, SignatureBlock, Signed, Table, Tone,
};
use super::cx::Cx;
use super::error::WebError;
use super::filters;
use super::form::{Errors, Field};
use super::icon::Icon;
use super::page::{Guard, Shell};
use crate::domain::actor::{Meaning, Signature};
use crate::domain::id::ContentHash;
use crate::domain::time::Instant;
use crate::store::Failure;

/// One thing that was checked, with what shows it.
#[derive(Debug, Clone)]
pub(super) struct Finding {
    /// Whether it is in order.
    pub(super) tone: Tone,
    /// What was checked.
    pub(super) title: String,
    /// The rule that asks for it.
    pub(super) rule: String,
    /// What shows it, one line each.
    pub(super) evidence: Vec<String>,
    /// Where to read on; empty if nowhere.
    pub(super) href: String,
}

/// A form that does one thing, with its signature where it needs one.
#[derive(Debug, Clone)]
pub(super) struct Act {
    pub(super) action: String,
    pub(super) guard: Guard,
    pub(super) intro: String,
    pub(super) fields: Vec<Field>,
    pub(super) signature: Option<SignatureBlock>,
    pub(super) button: String,
}

/// One block of a page.
#[derive(Debug, Clone)]
pub(super) enum Body {
    Facts(Facts),
    Table(Table),
    Empty(Empty),
    Banner(Banner),
    Act(Box<Act>),
    Signed(Vec<Signed>),
    Findings(Vec<Finding>),
    Links(Vec<Link>),
    Text(String),
}

/// A block with its title.
#[derive(Debug, Clone, Template)]
#[template(path = "quality/_block.html")]
pub(super) struct Block {
    pub(super) title: String,
    pub(super) note: String,
    pub(super) body: Body,
    /// Who signed it, below.
    pub(super) signed: Vec<Signed>,
    /// Whether it is folded away behind its title.
    pub(super) folded: bool,
}

impl HtmlSafe for Block {}

impl Block {
    /// A block.
    pub(super) fn new(title: impl Into<String>, body: Body) -> Self {
        Self { title: title.into(), note: String::new(), body, signed: Vec::new(), folded: false }
    }

    /// The same with a word at the right of its title.
    pub(super) fn note(self, note: impl Into<String>) -> Self {
        Self { note: note.into(), ..self }
    }

    /// The same with the signatures under it.
    pub(super) fn signed<'s>(self, signatures: impl IntoIterator<Item = &'s Signature>) -> Self {
        Self { signed: signatures.into_iter().map(Signed::from).collect(), ..self }
    }

    /// The same, folded away.
    pub(super) fn folded(self) -> Self {
        Self { folded: true, ..self }
    }

    fn flush(&self) -> bool {
        matches!(self.body, Body::Table(_))
    }
}

/// A page of two columns.
#[derive(Debug, Template)]
#[template(path = "quality/sheet.html")]
pub(super) struct Sheet {
    pub(super) shell: Shell,
    pub(super) head: Head,
    pub(super) banners: Vec<Banner>,
    pub(super) main: Vec<Block>,
    pub(super) aside: Vec<Block>,
    pub(super) pager: Option<Pager>,
}

impl Sheet {
    /// An empty page.
    pub(super) fn new(cx: &Cx, title: impl Into<String>, head: Head) -> Self {
        Self {
            shell: cx.shell(title),
            head,
            banners: Vec::new(),
            main: Vec::new(),
            aside: Vec::new(),
            pager: None,
        }
    }

    /// Adds a form at the right.
    pub(super) fn act(&mut self, title: &str, act: Act) {
        self.aside.push(Block::new(title, Body::Act(Box::new(act))));
    }
}

/// A form to `action`.
pub(super) fn act(
    shell: &Shell,
    action: impl Into<String>,
    fields: Vec<Field>,
    button: impl Into<String>,
) -> Act {
    Act {
        action: action.into(),
        guard: shell.guard(),
        intro: String::new(),
        fields,
        signature: None,
        button: button.into(),
    }
}

/// A form to `action` that is signed over `hash`.
pub(super) fn signed_act(
    cx: &Cx,
    shell: &Shell,
    action: impl Into<String>,
    fields: Vec<Field>,
    (meaning, hash, lines): (Meaning, &ContentHash, Vec<(String, String)>),
    (button, beside): (&str, Option<String>),
) -> Result<Act, WebError> {
    let mut block = cx.signature_block(meaning, hash)?.error(beside).button(button);
    for (name, value) in lines {
        block = block.line(name, value);
    }
    Ok(Act { signature: Some(block), ..act(shell, action, fields, String::new()) })
}

/// How signing ended.
pub(super) enum Signing<T> {
    /// It is recorded.
    Done(T),
    /// The form is to be shown again: with a refusal, or with words beside the password.
    Again(Option<Banner>, Option<String>),
}

/// Signs what was shown and carries out the command with the signature.
pub(super) fn sign<T>(
    cx: &Cx,
    meaning: Meaning,
    hash: &ContentHash,
    run: impl FnOnce(Signature) -> Result<T, Failure>,
) -> Result<Signing<T>, WebError> {
    match cx.sign(meaning, hash) {
        Ok(signature) => run(signature).map_err(WebError::from).map(Signing::Done).or_else(again),
        Err(error) => again(error),
    }
}

/// A refusal is shown in the form that caused it; a content that changed is a conflict (11.70).
fn again<T>(error: WebError) -> Result<Signing<T>, WebError> {
    if let Some(text) = error.beside("sign") {
        return Ok(Signing::Again(None, Some(text)));
    }
    if let WebError::Refused(refused) = &error
        && refused.rule.starts_with("content_changed")
    {
        return Err(error);
    }
    error.refusal().map(|banner| Signing::Again(Some(banner), None))
}

/// Carries out a command without a signature; a refusal becomes the banner of its form.
pub(super) fn attempt<T>(outcome: Result<T, Failure>) -> Result<Result<T, Banner>, WebError> {
    match outcome {
        Ok(value) => Ok(Ok(value)),
        Err(failure) => WebError::from(failure).refusal().map(Err),
    }
}

/// The banner over a form whose entries are not complete.
pub(super) fn incomplete() -> Banner {
    Banner::stop("Not recorded")
        .text("Some entries are missing or not as they should be; see below.")
}

/// A field that takes back what was sent, for a form that comes back.
pub(super) fn filled(cx: &Cx, errors: &Errors, field: Field) -> Field {
    field.fill(cx.form(), errors)
}

/// An instant as a date-and-time field holds it.
pub(super) fn field_time(cx: &Cx, at: Instant) -> String {
    cx.when(at).replacen(' ', "T", 1)
}
