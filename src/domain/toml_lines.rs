//! Errors of TOML files with the line they are on.

use std::fmt;
use std::ops::Range;
use toml::Spanned;

/// What is wrong in a file of this product, and on which line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct FileError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there, and what is expected.
    pub message: String,
}

/// The text of a file, for finding the line of a value in it.
#[derive(Debug, Clone, Copy)]
pub struct Lines<'a>(pub &'a str);

impl Lines<'_> {
    /// The line, from 1, on which a range of bytes begins.
    pub fn line_of(&self, range: &Range<usize>) -> usize {
        let before = self.0.as_bytes().iter().take(range.start);
        before.filter(|byte| **byte == b'\n').count().saturating_add(1)
    }

    /// An error at a range of bytes.
    pub fn error(&self, range: &Range<usize>, message: impl fmt::Display) -> FileError {
        FileError { line: self.line_of(range), message: message.to_string() }
    }

    /// An error of the TOML parser itself.
    pub fn syntax(&self, error: &toml::de::Error) -> FileError {
        let range = error.span().unwrap_or(0..0);
        self.error(&range, error.message())
    }

    /// The value that `read` makes of a text, or the error with its line.
    pub fn read<T, E: fmt::Display>(
        &self,
        text: &Spanned<String>,
        read: impl Fn(&str) -> Result<T, E>,
    ) -> Result<T, FileError> {
        read(text.get_ref()).map_err(|error| self.error(&text.span(), error))
    }
}
