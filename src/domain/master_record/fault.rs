//! What is wrong with a master record, and where.

use super::model::At;
use serde::Serialize;
use std::fmt;

/// One fault of a file: where it stands, what is wrong, what would be right.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Fault {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Short stable name of the kind of fault, such as `unknown_field`.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub remedy: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, code, message, remedy } = self;
        write!(f, "{line}:{column}: {message}; {remedy} [{code}]")
    }
}

/// The faults of a file, never empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the master record has {} fault(s); the first: {}", .0.len(), first(.0))]
pub struct Faults(pub Vec<Fault>);

fn first(faults: &[Fault]) -> String {
    faults.first().map(ToString::to_string).unwrap_or_default()
}

/// Collects faults while a file is read or checked.
pub(super) struct Sink<'a> {
    text: &'a str,
    faults: std::cell::RefCell<Vec<Fault>>,
}

impl<'a> Sink<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, faults: std::cell::RefCell::default() }
    }

    pub(super) fn report(
        &self,
        at: At,
        code: &'static str,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let (line, column) = place(self.text, at);
        self.faults.borrow_mut().push(Fault {
            line,
            column,
            code,
            message: message.into(),
            remedy: remedy.into(),
        });
    }

    /// The faults in the order of the file.
    pub(super) fn into_faults(self) -> Vec<Fault> {
        let mut faults = self.faults.into_inner();
        faults.sort();
        faults.dedup();
        faults
    }
}

/// Line and column, from 1, of a byte offset.
fn place(text: &str, at: At) -> (usize, usize) {
    let mut end = at.0.min(text.len());
    while !text.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    let before = text.get(..end).unwrap_or("");
    let line = before.matches('\n').count().saturating_add(1);
    let column = before.rsplit('\n').next().unwrap_or("").chars().count().saturating_add(1);
    (line, column)
}
