//! What can go wrong on the way to an answer, and how it is told: what is wrong, by which rule, and
//! what to do now. The only place that knows status codes.
//!
//! Architecture invariant: an internal error shows a reference number and nothing of its cause.

use std::panic::AssertUnwindSafe;

use serde::Serialize;

use super::component::{Banner, Head, Link};
use super::cx::Cx;
use super::filters;
use super::page::{MessagePage, Shell};
use super::reply::Reply;
use crate::db::DbError;
use crate::domain::actor::Capability;
use crate::domain::{RefusalKind, Refused};
use crate::store::Failure;
use askama::Template;

/// Why there is no ordinary answer.
#[derive(Debug)]
pub enum WebError {
    /// Nobody is signed in.
    SignInNeeded,
    /// The session is locked after idling.
    Locked,
    /// The password was given out and must be replaced first.
    PasswordToChange,
    /// A password for a signature was wrong: nothing was signed. The prefix of the signature block
    /// and what to say beside it.
    NotSigned(&'static str, String),
    /// The person's role does not have any of these capabilities.
    Forbidden(&'static [Capability]),
    /// The request does not come from a page of this session.
    ForeignPage,
    /// There is no such thing.
    NotFound(String),
    /// The address exists, but not for this method.
    MethodNotAllowed,
    /// The request cannot be meant so.
    Invalid(String),
    /// The request is larger than it may be; the limit in bytes.
    TooLarge(usize),
    /// A rule of the domain refuses.
    Refused(Refused),
    /// Too many wrong passwords came from this place; the seconds to wait.
    TooManyTries(u64),
    /// Too many sign-ins are being checked at once.
    Busy,
    /// The database cannot be reached or written just now.
    Unavailable(String),
    /// Something that should not happen; goes to the log.
    Internal(String),
}

impl WebError {
    /// There is no such thing.
    pub fn not_found(what: impl Into<String>) -> Self {
        Self::NotFound(what.into())
    }

    /// Something that should not happen.
    pub fn internal(error: impl std::fmt::Display) -> Self {
        Self::Internal(error.to_string())
    }

    /// What to say beside the signature block with this prefix, if the password was what was wrong:
    /// for rendering the page again with [`super::component::SignatureBlock::error`].
    pub fn beside(&self, prefix: &str) -> Option<String> {
        match self {
            Self::NotSigned(wrong, message) if *wrong == prefix => Some(message.clone()),
            _ => None,
        }
    }

    /// The sentence of a refusal of the rules, for showing it in the form that caused it; other
    /// errors stay errors, and so does a content that changed since it was shown: nothing of that
    /// form may be sent again (409).
    ///
    /// # Errors
    /// The error itself, if it is no refusal.
    pub fn refusal(self) -> Result<Banner, Self> {
        match self {
            Self::Refused(refused) if !refused.rule.starts_with("content_changed") => {
                Ok(Banner::stop(refused.message.clone()).text(rule_text(&refused.rule)))
            }
            other => Err(other),
        }
    }

    /// The HTTP status code.
    pub fn status(&self) -> u16 {
        match self {
            Self::SignInNeeded | Self::Locked => 401,
            Self::Forbidden(_) | Self::ForeignPage | Self::PasswordToChange => 403,
            Self::NotFound(_) => 404,
            Self::MethodNotAllowed => 405,
            Self::Invalid(_) | Self::NotSigned(..) => 422,
            Self::TooLarge(_) => 413,
            Self::Refused(refused) => match refused.kind {
                RefusalKind::Invalid => 422,
                RefusalKind::Conflict => 409,
                RefusalKind::Forbidden => 403,
                RefusalKind::NotFound => 404,
            },
            Self::TooManyTries(_) => 429,
            Self::Busy | Self::Unavailable(_) => 503,
            Self::Internal(_) => 500,
        }
    }

    fn rule(&self) -> &str {
        match self {
            Self::SignInNeeded => "sign_in_needed",
            Self::Locked => "screen_locked",
            Self::PasswordToChange => "password_to_change",
            Self::NotSigned(..) => "authentication_failed 11.300",
            Self::Forbidden(_) => "capability_missing",
            Self::ForeignPage => "foreign_page",
            Self::NotFound(_) => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Invalid(_) => "invalid",
            Self::TooLarge(_) => "too_large",
            Self::Refused(refused) => &refused.rule,
            Self::TooManyTries(_) => "too_many_tries 11.300",
            Self::Busy => "busy",
            Self::Unavailable(_) => "unavailable",
            Self::Internal(_) => "internal",
        }
    }

    /// The title, and what is wrong and what to do now.
    pub fn words(&self) -> (&'static str, String) {
        match self {
            Self::SignInNeeded => {
                ("Sign in first", "Nobody is signed in here. Sign in, then repeat this.".into())
            }
            Self::Locked => {
                ("Locked", "This screen was idle and is locked. Unlock it, then repeat this.".into())
            }
            Self::PasswordToChange => (
                "Change your password first",
                "Your password was given out by an administrator. Replace it with your own.".into(),
            ),
            Self::NotSigned(_, message) => (
                "Nothing was signed",
                format!("{message} Go back and sign again."),
            ),
            Self::Forbidden(_) => (
                "Not for your role",
                "The role you are signed in with may not do this. If you hold another role, change \
                 to it on your account page; otherwise ask someone who does this work."
                    .into(),
            ),
            Self::ForeignPage => (
                "Not from this page",
                "The request did not come from a page of your session, or the page is from before \
                 your last sign-in. Open the page again and repeat the entry."
                    .into(),
            ),
            Self::NotFound(what) if what.is_empty() => {
                ("Not found", "There is no such page. Check the address, or scan the code.".into())
            }
            Self::NotFound(what) => (
                "Not found",
                format!("There is no {what} here. Check the code, or scan it again."),
            ),
            Self::MethodNotAllowed => {
                ("Not like this", "This address cannot be used in this way.".into())
            }
            Self::Invalid(message) => ("Not understood", message.clone()),
            Self::TooLarge(limit) => (
                "Too large",
                format!("What was sent is larger than {limit} bytes. Send less at once."),
            ),
            Self::Refused(refused) => match refused.kind {
                RefusalKind::Invalid => ("Not as entered", refused.message.clone()),
                RefusalKind::Conflict => ("Not now", refused.message.clone()),
                RefusalKind::Forbidden => ("Not by you", refused.message.clone()),
                RefusalKind::NotFound => ("Not found", refused.message.clone()),
            },
            Self::TooManyTries(seconds) => (
                "Wait a moment",
                format!(
                    "Too many wrong passwords came from here. Wait {seconds} seconds, then try \
                     again; nothing was checked or signed just now."
                ),
            ),
            Self::Busy => (
                "Busy",
                "Many people are signing at this moment. Wait a few seconds and try again.".into(),
            ),
            Self::Unavailable(_) => (
                "The database does not answer",
                "Nothing was recorded. Wait a moment and try again; if it stays so, go on with the \
                 paper form and tell the administrator."
                    .into(),
            ),
            Self::Internal(_) => (
                "This should not happen",
                "Nothing was recorded. Try again once; if it stays so, tell the administrator the \
                 reference below."
                    .into(),
            ),
        }
    }

    /// The answer that tells it, as a page or as JSON.
    pub fn reply(&self, cx: &Cx) -> Reply {
        let (title, text) = self.words();
        let told = if cx.request.wants_json {
            Reply::json_with(self.status(), &Problem::new(self, title, &text, &cx.request.id))
        } else {
            self.page(cx, title, text)
        };
        let mut told = told.unwrap_or_else(|_| Reply::text(500, "This should not happen."));
        if let Self::TooManyTries(seconds) = self {
            told.retry_after = Some(*seconds);
        }
        told
    }

    fn page(&self, cx: &Cx, title: &str, text: String) -> Result<Reply, WebError> {
        let shell = cx.shell(title);
        let signed_in = shell.person.is_some();
        let mut banner = match self {
            Self::Refused(refused) => Banner::stop(text).text(rule_text(&refused.rule)),
            _ => Banner::stop(title).text(text),
        };
        if matches!(self, Self::SignInNeeded) {
            banner = banner.action(Link::to("/sign-in", "Sign in").primary());
        }
        let reference = if self.status() >= 500 { cx.request.id.clone() } else { String::new() };
        let page = MessagePage { shell, head: Head::new(title), banner, reference };
        if signed_in {
            Reply::page_with(self.status(), &page)
        } else {
            Reply::page_with(self.status(), &AlonePage::from(page))
        }
    }
}

/// Answers whatever happens: a panic becomes the answer 500 with the request's number, and the
/// connection stays.
pub fn whatever_happens(request_id: &str, work: impl FnOnce() -> Reply) -> Reply {
    std::panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        tracing::error!(request = %request_id, "a handler panicked");
        Reply::text(
            500,
            format!("This should not happen. Nothing was recorded.\nReference: {request_id}\n"),
        )
    })
}

fn rule_text(rule: &str) -> String {
    format!("Rule: {}", rule.replace('_', " "))
}

/// The same message without the frame, where nobody is signed in.
#[derive(Template)]
#[template(path = "_message_alone.html")]
struct AlonePage {
    shell: Shell,
    head: Head,
    banner: Banner,
    reference: String,
}

impl From<MessagePage> for AlonePage {
    fn from(page: MessagePage) -> Self {
        Self { shell: page.shell, head: page.head, banner: page.banner, reference: page.reference }
    }
}

/// An error of the API.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Problem {
    /// The HTTP status code.
    pub status: u16,
    /// Stable short name of the rule that refuses.
    pub rule: String,
    /// What it is about, in two or three words.
    pub title: String,
    /// What is wrong and what to do now.
    pub detail: String,
    /// The number under which the log knows the request.
    pub reference: String,
    /// For the scan field: always `stop`.
    pub verdict: String,
    /// For the scan field: the same as `detail`.
    pub text: String,
}

impl Problem {
    fn new(error: &WebError, title: &str, text: &str, reference: &str) -> Self {
        Self {
            status: error.status(),
            rule: error.rule().to_owned(),
            title: title.to_owned(),
            detail: text.to_owned(),
            reference: reference.to_owned(),
            verdict: "stop".to_owned(),
            text: text.to_owned(),
        }
    }
}

impl From<Failure> for WebError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refused) if refused.rule == "too_many_sign_ins" => Self::Busy,
            Failure::Refused(refused) => Self::Refused(refused),
            Failure::Db(DbError::NotFound) => Self::not_found(""),
            Failure::Db(error @ (DbError::Contention(_) | DbError::Open(_))) => {
                Self::Unavailable(error.to_string())
            }
            Failure::Db(error) => Self::Internal(error.to_string()),
            Failure::Broken(cause) => Self::Internal(cause),
        }
    }
}

impl From<Refused> for WebError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<askama::Error> for WebError {
    fn from(error: askama::Error) -> Self {
        Self::internal(error)
    }
}
