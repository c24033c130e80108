//! Reads one table of a file, key by key, and reports what is missing, unknown or misshapen.
//!
//! Architecture invariant: a number never passes through floating point; its written digits are
//! read as an exact decimal.

use super::fault::{Kind, Sink};
use super::model::{At, Bound, ContentsPart, OrderSum, Reference};
use crate::domain::id::Name;
use crate::domain::language::{Language, Wording};
use crate::domain::quantity::{Quantity, Unit, parse_decimal};
use crate::domain::time::Span;
use rust_decimal::Decimal;
use std::collections::BTreeSet;
use toml::de::{DeTable, DeValue};

type Node<'a> = &'a toml::Spanned<DeValue<'a>>;

/// What a table of words in several languages is called.
const WORDS: &str = "words in several languages";

/// A table of the file while it is being read.
pub(in crate::domain) struct Section<'a> {
    table: &'a DeTable<'a>,
    what: String,
    at: At,
    used: BTreeSet<&'static str>,
    sink: &'a Sink<'a>,
}

/// Reads a whole file by `content`; what is no TOML is reported where it stops being so.
pub(in crate::domain) fn read_document<T>(
    text: &str,
    what: &str,
    sink: &Sink<'_>,
    content: impl FnOnce(&mut Section<'_>) -> Option<T>,
) -> Option<T> {
    let document = match DeTable::parse(text) {
        Ok(document) => document,
        Err(error) => {
            let at = At(error.span().map_or(0, |span| span.start));
            let message = error.message().to_owned();
            sink.report(at, Kind::NotToml, message, "write it as TOML: key = value");
            return None;
        }
    };
    // The document's own life ends here; everything kept is copied out of it.
    let mut root = Section::new(document.get_ref(), what, At(0), sink);
    let read = content(&mut root);
    root.finish();
    read
}

impl<'a> Section<'a> {
    fn new(table: &'a DeTable<'a>, what: &str, at: At, sink: &'a Sink<'a>) -> Self {
        Self { table, what: what.to_owned(), at, used: BTreeSet::new(), sink }
    }

    pub(in crate::domain) fn at(&self) -> At {
        self.at
    }

    /// Says more exactly what the table is, once that is known.
    pub(in crate::domain) fn call(&mut self, what: &str) {
        what.clone_into(&mut self.what);
    }

    pub(in crate::domain) fn fault(
        &self,
        at: At,
        kind: Kind,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.sink.report(at, kind, message, remedy);
    }

    /// Reports keys that were never asked for, with the known key that is nearest.
    pub(in crate::domain) fn finish(self) {
        self.sink.learn(&self.what, &self.used);
        for key in self.table.keys() {
            let name: &str = key.get_ref();
            if self.used.contains(name) {
                continue;
            }
            let known: Vec<&str> = self.used.iter().copied().collect();
            let remedy = match nearest(name, &known) {
                Some(near) => format!("did you mean '{near}'?"),
                None => format!("known here: {}", known.join(", ")),
            };
            let message = format!("'{name}' is not known in {}", self.what);
            self.sink.report(At(key.span().start), Kind::UnknownField, message, remedy);
        }
    }

    fn node(&mut self, key: &'static str) -> Option<Node<'a>> {
        self.used.insert(key);
        self.table.get(key)
    }

    fn misshapen(&self, node: Node<'a>, key: &str, expected: &str) {
        self.sink.report(
            At(node.span().start),
            Kind::WrongType,
            format!("'{key}' of {} is a {}", self.what, node.get_ref().type_str()),
            format!("write {expected}"),
        );
    }

    /// Whether the key is there.
    pub(in crate::domain) fn has(&mut self, key: &'static str) -> bool {
        self.node(key).is_some()
    }

    /// Whether the value of a key is a text.
    pub(in crate::domain) fn is_text(&mut self, key: &'static str) -> bool {
        self.node(key).is_some_and(|node| node.get_ref().as_str().is_some())
    }

    /// Where the value of a key stands; the table itself if the key is not there.
    pub(in crate::domain) fn at_of(&mut self, key: &'static str) -> At {
        let at = self.at;
        self.node(key).map_or(at, |node| At(node.span().start))
    }

    /// Reports a key that must be there.
    pub(in crate::domain) fn required<T>(
        &mut self,
        key: &'static str,
        value: Option<T>,
    ) -> Option<T> {
        if value.is_none() && self.node(key).is_none() {
            self.sink.report(
                self.at,
                Kind::MissingField,
                format!("{} has no '{key}'", self.what),
                format!("add '{key} = …'"),
            );
        }
        value
    }

    pub(in crate::domain) fn text(&mut self, key: &'static str) -> Option<String> {
        let node = self.node(key)?;
        match node.get_ref().as_str() {
            Some(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
            Some(_) => {
                self.sink.report(
                    At(node.span().start),
                    Kind::EmptyText,
                    format!("'{key}' of {} is empty", self.what),
                    "write something or remove the line",
                );
                None
            }
            None => {
                self.misshapen(node, key, "a text in quotes");
                None
            }
        }
    }

    pub(in crate::domain) fn required_text(&mut self, key: &'static str) -> Option<String> {
        let text = self.text(key);
        self.required(key, text)
    }

    /// The language of the texts of the file, which [`Section::wording`] goes by from now on.
    pub(in crate::domain) fn language(&mut self) -> Option<Language> {
        let language = self.word("language", Kind::UnknownWord, &Language::CODES);
        let language = self.required("language", language)?;
        self.sink.speaks(language);
        Some(language)
    }

    /// Words that labels print, which must be there: a text in the language of the file, or a table
    /// with the words of each language.
    pub(in crate::domain) fn wording(&mut self, key: &'static str) -> Option<Wording> {
        let own = self.sink.spoken();
        let is_table = self.node(key).is_some_and(|node| node.get_ref().as_table().is_some());
        if !is_table {
            return self.required_text(key).map(|words| Wording::new(own, &words));
        }
        let mut section = self.section(key, WORDS)?;
        let words = section.required_text(own.code());
        let mut wording = Wording::new(own, &words?);
        for language in Language::ALL {
            if let Some(words) = section.text(language.code()) {
                wording = wording.and(language, &words);
            }
        }
        section.finish();
        Some(wording)
    }

    /// A text read by `parse`, with its error reported at the value.
    pub(in crate::domain) fn parsed<T, E: std::fmt::Display>(
        &mut self,
        key: &'static str,
        kind: Kind,
        parse: impl Fn(&str) -> Result<T, E>,
        remedy: &str,
    ) -> Option<T> {
        let text = self.text(key)?;
        let at = self.at_of(key);
        match parse(&text) {
            Ok(value) => Some(value),
            Err(error) => {
                self.sink.report(at, kind, error.to_string(), remedy);
                None
            }
        }
    }

    pub(in crate::domain) fn name(&mut self, key: &'static str) -> Option<Name> {
        self.parsed(key, Kind::BadName, Name::parse, "such as 'p0_harvest'")
    }

    pub(in crate::domain) fn required_name(&mut self, key: &'static str) -> Option<Name> {
        let name = self.name(key);
        self.required(key, name)
    }

    /// One word of a closed set.
    pub(in crate::domain) fn word<T: Copy>(
        &mut self,
        key: &'static str,
        kind: Kind,
        set: &[(&'static str, T)],
    ) -> Option<T> {
        let text = self.text(key)?;
        let found = set.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let words: Vec<&str> = set.iter().map(|(word, _)| *word).collect();
            let remedy = match nearest(&text, &words) {
                Some(near) => format!("did you mean '{near}'?"),
                None => format!("one of: {}", words.join(", ")),
            };
            let message = format!("'{text}' is no '{key}' of {}", self.what);
            let at = self.at_of(key);
            self.sink.report(at, kind, message, remedy);
        }
        found
    }

    pub(in crate::domain) fn flag(&mut self, key: &'static str) -> Option<bool> {
        let node = self.node(key)?;
        let flag = node.get_ref().as_bool();
        if flag.is_none() {
            self.misshapen(node, key, "true or false");
        }
        flag
    }

    pub(in crate::domain) fn whole(&mut self, key: &'static str) -> Option<u32> {
        let node = self.node(key)?;
        let number = match node.get_ref() {
            DeValue::Integer(digits) => digits.as_str().replace('_', "").parse().ok(),
            _ => None,
        };
        if number.is_none() {
            self.misshapen(node, key, "a whole number from 0");
        }
        number
    }

    pub(in crate::domain) fn small(&mut self, key: &'static str) -> Option<u8> {
        let number = self.whole(key)?;
        let small = u8::try_from(number).ok();
        if small.is_none() {
            let at = self.at_of(key);
            self.sink.report(at, Kind::OutOfRange, format!("{number} is too large"), "at most 255");
        }
        small
    }

    pub(in crate::domain) fn decimal(&mut self, key: &'static str) -> Option<Decimal> {
        let node = self.node(key)?;
        let number = decimal_of(node);
        if number.is_none() {
            self.misshapen(node, key, "a number such as 50 or 0.5");
        }
        number
    }

    pub(in crate::domain) fn unit(&mut self, key: &'static str) -> Option<Unit> {
        let text = self.text(key)?;
        let unit = Unit::parse(&text);
        if unit.is_none() {
            let codes: Vec<&str> = Unit::ALL.iter().map(|(_, code, _)| *code).collect();
            let at = self.at_of(key);
            self.sink.report(
                at,
                Kind::UnknownUnit,
                format!("'{text}' is not a known UCUM unit"),
                format!("one of: {}", codes.join(", ")),
            );
        }
        unit
    }

    pub(in crate::domain) fn span(&mut self, key: &'static str) -> Option<Span> {
        let parse = |text: &str| {
            Span::parse(text)
                .filter(|span| span.seconds() >= 0)
                .ok_or_else(|| format!("'{text}' is not a length of time"))
        };
        self.parsed(key, Kind::BadSpan, parse, "write '14 d', '36 h', '10 min' or '30 s'")
    }

    /// An amount with its unit, such as `0.50 mL`; never below zero.
    pub(in crate::domain) fn quantity(
        &mut self,
        key: &'static str,
        unit: Unit,
    ) -> Option<Quantity> {
        let text = self.text(key)?;
        let at = self.at_of(key);
        self.amount(key, &text, unit, at)
    }

    /// Amounts with their unit, each of them.
    pub(in crate::domain) fn quantities(
        &mut self,
        key: &'static str,
        unit: Unit,
    ) -> Option<Vec<(Quantity, At)>> {
        let texts = self.texts(key)?;
        let amounts = texts
            .iter()
            .filter_map(|(text, at)| self.amount(key, text, unit, *at).map(|amount| (amount, *at)));
        Some(amounts.collect())
    }

    fn amount(&self, key: &str, text: &str, unit: Unit, at: At) -> Option<Quantity> {
        let remedy = format!("write a number and the unit, such as \"1.5 {}\"", unit.code());
        let Ok(amount) = text.parse::<Quantity>() else {
            let message = format!("'{text}' is no amount with a unit");
            self.sink.report(at, Kind::WrongType, message, remedy);
            return None;
        };
        if amount.unit() != unit {
            let message = format!("'{key}' of {} is in {}", self.what, amount.unit().code());
            self.sink.report(at, Kind::UnitMismatch, message, remedy);
            return None;
        }
        if amount.is_negative() {
            let message = format!("'{text}' is below zero");
            self.sink.report(at, Kind::OutOfRange, message, "write an amount from zero");
            return None;
        }
        Some(amount)
    }

    pub(in crate::domain) fn reference(&mut self, key: &'static str) -> Option<Reference> {
        self.parsed(key, Kind::BadReference, parse_reference, REFERENCE_FORMS)
    }

    /// A number or a reference.
    pub(in crate::domain) fn bound(&mut self, key: &'static str) -> Option<Bound> {
        let node = self.node(key)?;
        match node.get_ref() {
            DeValue::String(_) => self.reference(key).map(Bound::Value),
            _ => self.decimal(key).map(Bound::Number),
        }
    }

    /// A list of texts; one text alone is a list of one.
    pub(in crate::domain) fn texts(&mut self, key: &'static str) -> Option<Vec<(String, At)>> {
        let node = self.node(key)?;
        let found: Option<Vec<(String, At)>> = match node.get_ref() {
            DeValue::String(text) => Some(vec![(text.to_string(), At(node.span().start))]),
            DeValue::Array(array) => array
                .iter()
                .map(|item| {
                    let text = item.get_ref().as_str()?;
                    Some((text.to_owned(), At(item.span().start)))
                })
                .collect(),
            _ => None,
        };
        if found.is_none() {
            self.misshapen(node, key, "a list of texts such as [\"a\", \"b\"]");
        }
        found
    }

    pub(in crate::domain) fn names(&mut self, key: &'static str) -> Option<Vec<Name>> {
        let texts = self.texts(key)?;
        let mut names = Vec::new();
        for (text, at) in texts {
            match Name::parse(&text) {
                Ok(name) => names.push(name),
                Err(error) => {
                    self.sink.report(at, Kind::BadName, error.to_string(), "such as 'p0_harvest'");
                }
            }
        }
        Some(names)
    }

    /// The whole numbers of a list.
    pub(in crate::domain) fn wholes(&mut self, key: &'static str) -> Option<Vec<u32>> {
        let node = self.node(key)?;
        let found: Option<Vec<u32>> = node.get_ref().as_array().and_then(|array| {
            array
                .iter()
                .map(|item| match item.get_ref() {
                    DeValue::Integer(digits) => digits.as_str().parse().ok(),
                    _ => None,
                })
                .collect()
        });
        if found.is_none() {
            self.misshapen(node, key, "a list of whole numbers such as [1, 2]");
        }
        found
    }

    /// Three of a kind, as `read` makes them of the texts or digits of a list.
    fn three<T: Copy>(
        &mut self,
        key: &'static str,
        read: impl Fn(Node<'a>) -> Option<T>,
        expected: &str,
    ) -> Option<[T; 3]> {
        let node = self.node(key)?;
        let array = node.get_ref().as_array();
        let items: Option<Vec<T>> = array.and_then(|array| array.iter().map(read).collect());
        let three = items.and_then(|items| <[T; 3]>::try_from(items).ok());
        if three.is_none() {
            self.misshapen(node, key, expected);
        }
        three
    }

    /// Three lengths of time: shortest, likely, longest.
    pub(in crate::domain) fn spans(&mut self, key: &'static str) -> Option<[Span; 3]> {
        let read = |node: Node<'a>| {
            Span::parse(node.get_ref().as_str()?).filter(|span| span.seconds() >= 0)
        };
        self.three(key, read, "three times such as [\"20 min\", \"30 min\", \"1 h\"]")
    }

    /// Three numbers: lowest, likely, highest.
    pub(in crate::domain) fn decimals(&mut self, key: &'static str) -> Option<[Decimal; 3]> {
        self.three(key, decimal_of, "three numbers such as [80, 92, 98]")
    }

    /// Every key of a table whose values are one or several references.
    pub(in crate::domain) fn references(
        &mut self,
        key: &'static str,
    ) -> Option<Vec<(String, Vec<Reference>)>> {
        let node = self.node(key)?;
        let Some(table) = node.get_ref().as_table() else {
            self.misshapen(node, key, "a table such as { volume = \"volume\" }");
            return None;
        };
        let mut inputs = Vec::new();
        for (name, value) in table {
            let texts: Vec<&str> = match value.get_ref() {
                DeValue::String(text) => vec![text.as_ref()],
                DeValue::Array(array) => {
                    array.iter().filter_map(|item| item.get_ref().as_str()).collect()
                }
                _ => {
                    self.misshapen(value, name.get_ref(), "the name of a value in quotes");
                    continue;
                }
            };
            let mut references = Vec::new();
            for text in texts {
                match parse_reference(text) {
                    Ok(reference) => references.push(reference),
                    Err(message) => self.sink.report(
                        At(value.span().start),
                        Kind::BadReference,
                        message,
                        REFERENCE_FORMS,
                    ),
                }
            }
            inputs.push((name.get_ref().to_string(), references));
        }
        Some(inputs)
    }

    /// A table inside this one.
    pub(in crate::domain) fn section(
        &mut self,
        key: &'static str,
        what: &str,
    ) -> Option<Section<'a>> {
        let node = self.node(key)?;
        match node.get_ref() {
            DeValue::Table(table) => {
                Some(Section::new(table, what, At(node.span().start), self.sink))
            }
            _ => {
                self.misshapen(node, key, "a table");
                None
            }
        }
    }

    /// Tables inside this one, each read by `read` and then checked for unknown keys.
    pub(in crate::domain) fn sections<T>(
        &mut self,
        key: &'static str,
        what: &str,
        read: impl Fn(&mut Section<'a>) -> Option<T>,
    ) -> Vec<T> {
        let Some(node) = self.node(key) else { return Vec::new() };
        let Some(array) = node.get_ref().as_array() else {
            self.misshapen(node, key, &format!("[[{key}]] tables"));
            return Vec::new();
        };
        let mut values = Vec::new();
        for item in array {
            match item.get_ref() {
                DeValue::Table(table) => {
                    let at = At(item.span().start);
                    let mut section = Section::new(table, what, at, self.sink);
                    values.extend(read(&mut section));
                    section.finish();
                }
                _ => self.misshapen(item, key, "a table"),
            }
        }
        values
    }
}

const REFERENCE_FORMS: &str = "write 'field', 'step.field', 'parameter.name', 'order.cells', \
    'order.volume', 'order.units' or 'contents.input.cells'";

fn decimal_of(node: Node<'_>) -> Option<Decimal> {
    match node.get_ref() {
        DeValue::Integer(digits) if digits.radix() == 10 => {
            parse_decimal(&digits.as_str().replace('_', "")).ok()
        }
        DeValue::Float(digits) => parse_decimal(&digits.as_str().replace('_', "")).ok(),
        _ => None,
    }
}

/// Reads a reference to a value.
pub(in crate::domain) fn parse_reference(text: &str) -> Result<Reference, String> {
    let name = |part: &str| Name::parse(part).map_err(|error| error.to_string());
    let parts: Vec<&str> = text.split('.').collect();
    match parts.as_slice() {
        [value] => Ok(Reference::Value { step: None, name: name(value)? }),
        ["parameter", value] => Ok(Reference::Parameter(name(value)?)),
        ["order", "cells"] => Ok(Reference::Order(OrderSum::Cells)),
        ["order", "volume"] => Ok(Reference::Order(OrderSum::Volume)),
        ["order", "units"] => Ok(Reference::Order(OrderSum::Units)),
        ["contents", what, "cells"] => {
            Ok(Reference::Contents { what: name(what)?, part: ContentsPart::Cells })
        }
        ["contents", what, "volume"] => {
            Ok(Reference::Contents { what: name(what)?, part: ContentsPart::Volume })
        }
        [step, value] => Ok(Reference::Value { step: Some(name(step)?), name: name(value)? }),
        _ => Err(format!("'{text}' does not point at a value")),
    }
}

/// The known word that is nearest to `word`, if it is near enough to be meant.
fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    known
        .iter()
        .map(|candidate| (distance(word, candidate), *candidate))
        .filter(|(distance, candidate)| *distance <= 2 && *distance < candidate.len())
        .min()
        .map(|(_, candidate)| candidate)
}

/// How many letters must be inserted, removed or replaced to make one word the other.
fn distance(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.chars().count()).collect();
    for (index, l) in left.chars().enumerate() {
        let mut next = vec![index.saturating_add(1)];
        for (r, pair) in right.chars().zip(row.windows(2)) {
            let [diagonal, above] = pair else { continue };
            let beside = next.last().copied().unwrap_or(0);
            let replaced = diagonal.saturating_add(usize::from(l != r));
            next.push(replaced.min(above.saturating_add(1)).min(beside.saturating_add(1)));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}
