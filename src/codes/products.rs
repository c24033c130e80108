//! A site's own table of product codes with their descriptions, from a CSV file.
//!
//! The standard's tables are licensed and never shipped; a site writes the codes that it uses, with
//! the descriptions of its licensed copy. The first line names the columns, `product_code` and
//! `description`; comma or semicolon separates them; quotes as in RFC 4180.
//!
//! Architecture invariant: a table is whole or there is none: every line that is wrong is told, by
//! its number, and nothing is taken of a file with one.

use std::collections::BTreeMap;

use super::isbt::ProductCode;
use crate::domain::toml_lines::FileError;

/// Greatest length of a description in characters.
const DESCRIPTION_MAX: usize = 200;

const HEADER: &str = "the first line must name the columns: product_code,description";

/// Product description codes with what they mean.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProductTable(BTreeMap<String, String>);

impl ProductTable {
    /// Reads the whole file.
    ///
    /// # Errors
    /// Every line that is wrong, in their order.
    pub fn parse(text: &str) -> Result<Self, Vec<FileError>> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut rows = rows(text)?.into_iter();
        let header = rows.next().map(|(_, cells)| cells).unwrap_or_default();
        if header.iter().map(|cell| cell.trim()).ne(["product_code", "description"]) {
            return Err(vec![at(1, HEADER)]);
        }
        let mut table = BTreeMap::new();
        let mut wrong = Vec::new();
        for (line, cells) in rows {
            match row(&cells, &table) {
                Ok((code, description)) => {
                    table.insert(code, description);
                }
                Err(message) => wrong.push(at(line, message)),
            }
        }
        if wrong.is_empty() { Ok(Self(table)) } else { Err(wrong) }
    }

    /// The description of a code of five characters.
    #[must_use]
    pub fn description(&self, code: &str) -> Option<&str> {
        self.0.get(code).map(String::as_str)
    }

    /// Every code with its description, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(code, description)| (code.as_str(), description.as_str()))
    }
}

fn at(line: usize, message: impl Into<String>) -> FileError {
    FileError { line, message: message.into() }
}

fn row(cells: &[String], known: &BTreeMap<String, String>) -> Result<(String, String), String> {
    let [code, description] = cells else {
        return Err(format!("it has {} columns; write a code and its description", cells.len()));
    };
    let (code, description) = (code.trim(), description.trim());
    if ProductCode::parse(&format!("{code}000")).is_err() {
        return Err(format!(
            "{code:?} is no product description code: a letter, then four of A–Z, 0–9"
        ));
    }
    if description.is_empty() || description.chars().count() > DESCRIPTION_MAX {
        return Err(format!("the description of {code} needs 1 to {DESCRIPTION_MAX} characters"));
    }
    if description.chars().any(char::is_control) {
        return Err(format!("the description of {code} holds a control character"));
    }
    match known.get(code) {
        Some(_) => Err(format!("{code} occurs twice; a code has one meaning")),
        None => Ok((code.to_owned(), description.to_owned())),
    }
}

/// The rows with the line each begins on; empty lines are left out.
fn rows(text: &str) -> Result<Vec<(usize, Vec<String>)>, Vec<FileError>> {
    let first = text.lines().next().unwrap_or("");
    let separator = if first.contains(';') { ';' } else { ',' };
    let mut reader = Reader { separator, line: 1, begun: 1, ..Reader::default() };
    for c in text.chars() {
        reader.take(c)?;
    }
    if reader.quoted {
        return Err(vec![at(reader.begun, "a quote is opened and never closed")]);
    }
    reader.end_row();
    Ok(reader.rows)
}

#[derive(Default)]
struct Reader {
    separator: char,
    line: usize,
    /// Line on which the row began.
    begun: usize,
    quoted: bool,
    /// The cell was quoted and its quote is closed; only a second quote may reopen it.
    closed: bool,
    cell: String,
    cells: Vec<String>,
    rows: Vec<(usize, Vec<String>)>,
}

impl Reader {
    fn take(&mut self, c: char) -> Result<(), Vec<FileError>> {
        match c {
            '"' if self.quoted => (self.quoted, self.closed) = (false, true),
            '"' if self.closed => {
                self.cell.push('"');
                (self.quoted, self.closed) = (true, false);
            }
            '"' if self.cell.is_empty() => self.quoted = true,
            '\n' if self.quoted => {
                self.line += 1;
                self.cell.push(c);
            }
            _ if self.quoted => self.cell.push(c),
            '\r' => {}
            '\n' => {
                self.end_row();
                self.line += 1;
                self.begun = self.line;
            }
            _ if c == self.separator => self.end_cell(),
            _ if self.closed => {
                return Err(vec![at(self.line, "something stands after a closing quote")]);
            }
            _ => self.cell.push(c),
        }
        Ok(())
    }

    fn end_cell(&mut self) {
        self.closed = false;
        self.cells.push(std::mem::take(&mut self.cell));
    }

    fn end_row(&mut self) {
        self.end_cell();
        let cells = std::mem::take(&mut self.cells);
        if cells.iter().any(|cell| !cell.trim().is_empty()) {
            self.rows.push((self.begun, cells));
        }
    }
}
