//! Scan anything: what a code is, and where to go with it. Each slice that knows codes adds a
//! resolver; the first that recognises the code answers.
//!
//! Architecture invariant: looking a code up changes nothing.

use serde::Serialize;

use super::App;
use crate::codes;
use crate::domain::actor::Actor;
use crate::domain::printer::LAYOUT_TEST;
use crate::store::Failure;

/// The longest text looked up, in characters.
pub const CODE_LENGTH_MAX: usize = 400;

/// How the answer is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Good; go on.
    Ok,
    /// Read before going on.
    Check,
    /// Stop; the text says why and what to do.
    Stop,
}

/// What a scanned code is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Answer {
    /// How to take it.
    pub verdict: Verdict,
    /// What it is, in a few words: `Cryovial C7K2-…, EQ-MSC P1`.
    pub title: String,
    /// What matters about it now, or why it stops and what to do.
    pub text: String,
    /// The page to go to.
    pub go: Option<String>,
}

/// What knows the codes of one slice: `None` if the code is not one of its own.
pub type Resolver = fn(&App, &Actor, &str) -> Result<Option<Answer>, Failure>;

/// The resolvers in the order in which they are asked. Append yours.
const RESOLVERS: &[Resolver] =
    &[super::order_scan::resolve, super::stock_scan::resolve, super::person_scan::resolve];

/// Looks a scanned or typed code up for the person who asks.
///
/// # Errors
/// When the database fails.
pub fn resolve(app: &App, actor: &Actor, code: &str) -> Result<Answer, Failure> {
    let code = code.trim_matches(|c: char| c.is_whitespace() && c != '\u{1d}');
    if code.is_empty() || code.chars().count() > CODE_LENGTH_MAX {
        return Ok(unknown("Nothing readable was scanned. Scan the code again."));
    }
    if code == LAYOUT_TEST {
        return Ok(Answer {
            verdict: Verdict::Ok,
            title: "Scanner test".to_owned(),
            text: "The scanner types every character as it stands on the sheet.".to_owned(),
            go: None,
        });
    }
    if let Some(answer) = known(app, actor, code)? {
        return Ok(answer);
    }
    Ok(match app.config.site.read_code(code) {
        Ok(scanned) => Answer {
            title: format!("{}, not of this site", codes::explain(&scanned).kind),
            ..unknown("It is readable, and nothing here has it. Open it to see what it says.")
        },
        Err(_) => unknown(
            "This code belongs to nothing here. Check that it is one of our labels; if it is \
             damaged, type the characters below the symbol.",
        ),
    })
}

/// What the records hold of a code; `None` when nothing here has it.
///
/// # Errors
/// When the database fails.
pub fn known(app: &App, actor: &Actor, code: &str) -> Result<Option<Answer>, Failure> {
    for resolver in RESOLVERS {
        if let Some(answer) = resolver(app, actor, code)? {
            return Ok(Some(answer));
        }
    }
    Ok(None)
}

fn unknown(text: &str) -> Answer {
    Answer {
        verdict: Verdict::Stop,
        title: "Unknown code".to_owned(),
        text: text.to_owned(),
        go: None,
    }
}
