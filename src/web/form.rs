//! Forms: what the browser sent, the checks on it, and the fields that show it again with the error
//! beside each entry and the input kept.
//!
//! Architecture invariant: a malformed form is a message beside a field, never an internal error.

use std::collections::BTreeMap;

use askama::Template;
use askama::filters::HtmlSafe;

use super::filters;
use super::icon::Icon;
use crate::domain::time::Span;

/// The most entries a form may carry.
pub const FIELDS_MAX: usize = 2_000;

/// Decoded `application/x-www-form-urlencoded` pairs, of a form or of a query.
#[derive(Clone, Debug, Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Decodes. `None` if it is not UTF-8, holds a control character other than line ends, tab and
    /// the group separator of scanned codes, or has more than [`FIELDS_MAX`] entries.
    pub fn decode(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        if text.is_empty() {
            return Some(Self::default());
        }
        let mut pairs = Vec::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            if pairs.len() == FIELDS_MAX {
                return None;
            }
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            pairs.push((percent_decode(name)?, percent_decode(value)?));
        }
        Some(Self(pairs))
    }

    /// The first value of this name, without white space around it; empty if there is none.
    pub fn text(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// The first value of this name exactly as sent (passwords); empty if there is none.
    pub fn raw(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// The first value of this name, if it is not blank.
    pub fn get(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    /// Whether a checkbox of this name was ticked.
    pub fn ticked(&self, name: &str) -> bool {
        self.text(name) == "yes"
    }

    /// All values of this name, trimmed, without the blank ones.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.trim())
            .filter(|value| !value.is_empty())
    }

    /// All pairs whose name begins with `prefix`, the prefix removed: `field.` gives each field of
    /// a step.
    pub fn with_prefix<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0
            .iter()
            .filter_map(move |(key, value)| Some((key.strip_prefix(prefix)?, value.trim())))
    }

    /// Whether nothing was sent.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let high = char::from(rest.next()?).to_digit(16)?;
                let low = char::from(rest.next()?).to_digit(16)?;
                bytes.push(u8::try_from(high.checked_mul(16)?.checked_add(low)?).ok()?);
            }
            other => bytes.push(other),
        }
    }
    let decoded = String::from_utf8(bytes).ok()?;
    let acceptable = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t' | '\u{1d}');
    decoded.chars().all(acceptable).then_some(decoded)
}

/// Encodes one value for a query: `?code=…`.
pub fn query_value(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// Messages beside the fields of a form.
#[derive(Clone, Debug, Default)]
pub struct Errors(BTreeMap<String, String>);

impl Errors {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a message beside a field; the first one of a field stays.
    pub fn add(&mut self, name: &str, message: impl Into<String>) {
        self.0.entry(name.to_owned()).or_insert_with(|| message.into());
    }

    /// The message beside a field.
    pub fn of(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Whether everything is well.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Reads typed values out of a form and collects what is wrong.
///
/// ```ignore
/// let mut check = cx.check();
/// let donor = check.parse("donor", DonorCode::parse);
/// let note = check.optional("note");
/// let (Some(donor), true) = (donor, check.is_ok()) else {
///     return page_again(cx, &check.errors);
/// };
/// ```
#[derive(Debug)]
pub struct Check<'a> {
    fields: &'a Fields,
    /// What is wrong so far.
    pub errors: Errors,
}

impl<'a> Check<'a> {
    /// Checks over these fields.
    pub fn new(fields: &'a Fields) -> Self {
        Self { fields, errors: Errors::new() }
    }

    /// A text that must be there.
    pub fn required(&mut self, name: &str) -> Option<String> {
        let found = self.fields.get(name).map(str::to_owned);
        if found.is_none() {
            self.errors.add(name, "This entry is needed.");
        }
        found
    }

    /// A text that may be missing.
    pub fn optional(&self, name: &str) -> Option<String> {
        self.fields.get(name).map(str::to_owned)
    }

    /// A value that must be there and of its shape; the parser's own words become the message.
    pub fn parse<T, E: std::fmt::Display>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        match self.fields.get(name) {
            None => {
                self.errors.add(name, "This entry is needed.");
                None
            }
            Some(text) => match parse(text) {
                Ok(value) => Some(value),
                Err(error) => {
                    self.errors.add(name, format!("{error}."));
                    None
                }
            },
        }
    }

    /// A value that may be missing but must be of its shape if it is there.
    pub fn parse_optional<T, E: std::fmt::Display>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        self.fields.get(name)?;
        self.parse(name, parse)
    }

    /// A choice out of a closed set, by its code.
    pub fn choice<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let chosen = self.fields.get(name).and_then(parse);
        if chosen.is_none() {
            self.errors.add(name, "Choose one of the possibilities.");
        }
        chosen
    }

    /// Whether nothing is wrong so far.
    pub fn is_ok(&self) -> bool {
        self.errors.is_empty()
    }
}

/// A span of time as people write it: `7 d`, `36 h`, `30 min`.
///
/// # Errors
/// How to write it, if it cannot be read.
pub fn span(text: &str) -> Result<Span, &'static str> {
    Span::parse(text).ok_or("Write it as 7 d, 36 h or 30 min")
}

/// What kind of entry a field is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One line of text.
    Text,
    /// A decimal number, typed with point or comma.
    Number,
    /// A secret.
    Password,
    /// A day.
    Date,
    /// A day and a time of the site's zone.
    DateTime,
    /// Several lines.
    Area,
    /// One of a list.
    Select,
    /// One of a few, all visible: best with gloves.
    Radio,
    /// Yes or nothing.
    Checkbox,
    /// A scanned or typed code; a scan while it has the focus stays here.
    Scan,
    /// Several of them, one a line.
    Scans,
    /// Not shown.
    Hidden,
}

/// One possibility of a [`Kind::Select`] or [`Kind::Radio`].
#[derive(Clone, Debug)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is shown.
    pub text: String,
}

/// One labelled entry with its unit, its limits and its error beside it.
#[derive(Clone, Debug, Template)]
#[template(path = "_field.html")]
pub struct Field {
    /// The name under which it is sent; also its id.
    pub name: String,
    /// The words before it.
    pub label: String,
    /// What kind of entry it is.
    pub kind: Kind,
    /// What it holds.
    pub value: String,
    /// One sentence of help.
    pub hint: String,
    /// The unit shown behind it.
    pub unit: String,
    /// The limits, in words: `12–18 °C`.
    pub limits: String,
    /// What is wrong with it.
    pub error: Option<String>,
    /// The possibilities.
    pub options: Vec<Choice>,
    /// Whether it must be filled in.
    pub required: bool,
    /// Whether it can only be read.
    pub readonly: bool,
    /// Whether the cursor starts here.
    pub autofocus: bool,
    /// Whether it is shown in the fixed-width face.
    pub mono: bool,
    /// Lines of an [`Kind::Area`]; 0 leaves it to the stylesheet.
    pub rows: usize,
    /// The browser's autocomplete word; empty leaves it out.
    pub autocomplete: &'static str,
    /// An example of what to write.
    pub placeholder: String,
    /// Where the pages of the things stand whose scans belong here, wherever the focus is:
    /// `/materials/`; or the mark of the codes that belong here: `USER:`. Empty if only a scan into
    /// the field itself does.
    pub takes: &'static str,
}

impl HtmlSafe for Field {}

impl Field {
    /// A field of this kind.
    pub fn new(kind: Kind, name: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            label: label.into(),
            kind,
            value: String::new(),
            hint: String::new(),
            unit: String::new(),
            limits: String::new(),
            error: None,
            options: Vec::new(),
            required: false,
            readonly: false,
            autofocus: false,
            mono: false,
            rows: 0,
            autocomplete: "",
            placeholder: String::new(),
            takes: "",
        }
    }

    /// One line of text.
    pub fn text(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(Kind::Text, name, label)
    }

    /// A number with its unit.
    pub fn number(
        name: impl Into<String>,
        label: impl Into<String>,
        unit: impl Into<String>,
    ) -> Self {
        Self { unit: unit.into(), ..Self::new(Kind::Number, name, label) }
    }

    /// A code to scan or type.
    pub fn scan(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self { mono: true, ..Self::new(Kind::Scan, name, label) }
    }

    /// Codes to scan or type, one a line.
    pub fn scans(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self { mono: true, rows: 4, ..Self::new(Kind::Scans, name, label) }
    }

    /// One of a list, of (code, words).
    pub fn select<V: Into<String>, T: Into<String>>(
        name: impl Into<String>,
        label: impl Into<String>,
        options: impl IntoIterator<Item = (V, T)>,
    ) -> Self {
        Self::new(Kind::Select, name, label).options(options)
    }

    /// One of a few, all visible, of (code, words).
    pub fn radio<V: Into<String>, T: Into<String>>(
        name: impl Into<String>,
        label: impl Into<String>,
        options: impl IntoIterator<Item = (V, T)>,
    ) -> Self {
        Self::new(Kind::Radio, name, label).options(options)
    }

    /// Several lines of text.
    pub fn area(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(Kind::Area, name, label)
    }

    /// A tick.
    pub fn checkbox(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(Kind::Checkbox, name, label)
    }

    /// A value the form carries along.
    pub fn hidden(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { value: value.into(), ..Self::new(Kind::Hidden, name, "") }
    }

    /// Sets the possibilities.
    #[must_use]
    pub fn options<V: Into<String>, T: Into<String>>(
        mut self,
        options: impl IntoIterator<Item = (V, T)>,
    ) -> Self {
        self.options = options
            .into_iter()
            .map(|(value, text)| Choice { value: value.into(), text: text.into() })
            .collect();
        self
    }

    /// Sets what it holds at first.
    #[must_use]
    pub fn value(self, value: impl Into<String>) -> Self {
        Self { value: value.into(), ..self }
    }

    /// Adds a sentence of help.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: hint.into(), ..self }
    }

    /// Adds the limits in words.
    #[must_use]
    pub fn limits(self, limits: impl Into<String>) -> Self {
        Self { limits: limits.into(), ..self }
    }

    /// Adds an example.
    #[must_use]
    pub fn placeholder(self, placeholder: impl Into<String>) -> Self {
        Self { placeholder: placeholder.into(), ..self }
    }

    /// Marks it as needed.
    #[must_use]
    pub fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// Makes it readable only.
    #[must_use]
    pub fn readonly(self) -> Self {
        Self { readonly: true, ..self }
    }

    /// Puts the cursor here.
    #[must_use]
    pub fn autofocus(self) -> Self {
        Self { autofocus: true, ..self }
    }

    /// Shows it in the fixed-width face.
    #[must_use]
    pub fn mono(self) -> Self {
        Self { mono: true, ..self }
    }

    /// Sets the number of lines.
    #[must_use]
    pub fn rows(self, rows: usize) -> Self {
        Self { rows, ..self }
    }

    /// Says whose scans belong here: the address under which the pages of such things stand.
    #[must_use]
    pub fn takes(self, takes: &'static str) -> Self {
        Self { takes, ..self }
    }

    /// Sets the browser's autocomplete word.
    #[must_use]
    pub fn autocomplete(self, autocomplete: &'static str) -> Self {
        Self { autocomplete, ..self }
    }

    /// Sets the error beside it.
    #[must_use]
    pub fn error(self, error: Option<String>) -> Self {
        Self { error, ..self }
    }

    /// Takes what was sent and what was wrong with it: for a form that comes back. Passwords stay
    /// empty.
    #[must_use]
    pub fn fill(mut self, fields: &Fields, errors: &Errors) -> Self {
        if self.kind != Kind::Password && !fields.is_empty() {
            self.value = fields.raw(&self.name).to_owned();
        }
        self.error = errors.of(&self.name).map(str::to_owned);
        self
    }

    fn is_area(&self) -> bool {
        matches!(self.kind, Kind::Area | Kind::Scans)
    }

    fn input_type(&self) -> &'static str {
        match self.kind {
            Kind::Password => "password",
            Kind::Date => "date",
            Kind::DateTime => "datetime-local",
            _ => "text",
        }
    }
}
