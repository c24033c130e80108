//! What a handler answers: plain data that can cross threads and be kept for a repeated command.
//! Neighbours: `server` turns it into an HTTP response and adds the security headers.
//!
//! Architecture invariant: no handler sets a security header, and none can leave one out.

use askama::Template;
use serde::Serialize;

use super::error::WebError;

/// The body of an answer.
#[derive(Clone, Debug)]
pub enum Body {
    /// Text or bytes made for this answer.
    Made(Vec<u8>),
    /// Bytes embedded in the executable.
    Embedded(&'static [u8]),
}

/// A cookie to set with an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetCookie {
    /// Its name without the `__Host-` prefix, which the server adds where cookies are `Secure`.
    pub name: &'static str,
    /// Its value; empty removes it.
    pub value: String,
    /// How long the browser keeps it, in seconds; `None` until it is closed.
    pub max_age_seconds: Option<i64>,
}

/// How long an answer may be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Not at all: the default, because every page shows records.
    Never,
    /// For a year: embedded assets, whose address changes with their content.
    Forever,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// HTTP status code.
    pub status: u16,
    /// Media type.
    pub kind: &'static str,
    /// The body.
    pub body: Body,
    /// Where to go next, for redirects.
    pub location: Option<String>,
    /// File name under which a download is saved.
    pub download: Option<String>,
    /// Cookies to set.
    pub cookies: Vec<SetCookie>,
    /// How long it may be kept.
    pub keep: Keep,
    /// After how many seconds it may be tried again.
    pub retry_after: Option<u64>,
    /// Whether the page may ask for the camera.
    pub camera: bool,
}

const HTML: &str = "text/html; charset=utf-8";

impl Reply {
    fn new(status: u16, kind: &'static str, body: Vec<u8>) -> Self {
        Self {
            status,
            kind,
            body: Body::Made(body),
            location: None,
            download: None,
            cookies: Vec::new(),
            keep: Keep::Never,
            retry_after: None,
            camera: false,
        }
    }

    /// A page.
    pub fn page(template: &impl Template) -> Result<Self, WebError> {
        Self::page_with(200, template)
    }

    /// A page with another status: 422 when a form comes back with its errors.
    pub fn page_with(status: u16, template: &impl Template) -> Result<Self, WebError> {
        Ok(Self::new(status, HTML, template.render()?.into_bytes()))
    }

    /// `303 See Other`: what follows every successful command.
    pub fn see_other(location: impl Into<String>) -> Self {
        Self { location: Some(location.into()), ..Self::new(303, HTML, Vec::new()) }
    }

    /// JSON.
    pub fn json(value: &impl Serialize) -> Result<Self, WebError> {
        Self::json_with(200, value)
    }

    /// JSON with another status.
    pub fn json_with(status: u16, value: &impl Serialize) -> Result<Self, WebError> {
        let body = serde_json::to_vec(value).map_err(WebError::internal)?;
        Ok(Self::new(status, "application/json", body))
    }

    /// A file to be saved under `name` (letters, digits, `.`, `-`, `_`; others become `-`).
    pub fn download(kind: &'static str, name: &str, bytes: Vec<u8>) -> Self {
        Self { download: Some(safe_file_name(name)), ..Self::new(200, kind, bytes) }
    }

    /// A document to be shown by the browser, such as an SVG drawing or a PDF.
    pub fn document(kind: &'static str, bytes: Vec<u8>) -> Self {
        Self::new(200, kind, bytes)
    }

    /// Plain text.
    pub fn text(status: u16, text: impl Into<String>) -> Self {
        Self::new(status, "text/plain; charset=utf-8", text.into().into_bytes())
    }

    /// Done, and nothing to say.
    pub fn no_content() -> Self {
        Self::new(204, HTML, Vec::new())
    }

    pub(crate) fn asset(kind: &'static str, bytes: &'static [u8]) -> Self {
        Self {
            body: Body::Embedded(bytes),
            keep: Keep::Forever,
            ..Self::new(200, kind, Vec::new())
        }
    }

    /// Adds a sentence that the next page shows in a green banner, once.
    #[must_use]
    pub fn flash(self, sentence: &str) -> Self {
        use base64::Engine;
        let value = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(sentence);
        self.cookie(SetCookie { name: super::FLASH, value, max_age_seconds: Some(30) })
    }

    /// Lets the page ask for the camera (scan pages only).
    #[must_use]
    pub fn with_camera(self) -> Self {
        Self { camera: true, ..self }
    }

    #[must_use]
    pub(crate) fn cookie(mut self, cookie: SetCookie) -> Self {
        self.cookies.push(cookie);
        self
    }
}

fn safe_file_name(name: &str) -> String {
    name.chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '-' })
        .take(120)
        .collect()
}
