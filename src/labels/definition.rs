//! Label definitions: TOML in `labels/`, checked when loaded.
//!
//! Architecture invariant: a definition that could clip, overlap, leave the stock or forget a
//! mandatory particular does not load; what loads can only fail on the data of one label.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::OnceLock;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::proof::TEXT_LEAST;
use super::{LabelKind, Particular, Resolution};
use crate::domain::language::{Language, Wording};
use crate::pdf::{Face, Len};

/// Why a definition does not load.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("The label definition {file} does not load: {reason}. Correct the file.")]
pub struct DefinitionError {
    /// Name of the file.
    pub file: String,
    /// The fact.
    pub reason: String,
}

/// Where what stands on one kind of label.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// Kind of label, by its code.
    pub kind: String,
    /// Whether it is for a dose unit of one patient, where that kind of container can be one.
    #[serde(default)]
    pub patient: bool,
    /// Version of this definition.
    pub version: u32,
    /// What it is, for people.
    pub title: String,
    /// The language of its words, where it has them in one only.
    #[serde(default)]
    pub language: Option<Language>,
    /// Stock size.
    pub stock: Size,
    /// The resolution it is drawn for where no printer says another, in dots per inch.
    pub dpi: Resolution,
    /// How far the label is turned on its way to the printer, clockwise in degrees: the way its
    /// stock is wound.
    #[serde(default, deserialize_with = "quarters")]
    pub turn: u8,
    /// Texts.
    #[serde(default)]
    pub text: Vec<Text>,
    /// Symbols.
    #[serde(default)]
    pub symbol: Vec<Symbol>,
    /// Separating lines.
    #[serde(default)]
    pub rule: Vec<Rule>,
    /// Frames.
    #[serde(default, rename = "box")]
    pub frame: Vec<Frame>,
}

/// Width and height.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Size {
    /// Width.
    #[serde(deserialize_with = "length")]
    pub width: Len,
    /// Height.
    #[serde(deserialize_with = "length")]
    pub height: Len,
}

/// What a text says: literal characters and `{particular}`s, such as `{donation} {product_code}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Words {
    /// In the language of the definition; or alike in all, where there is no letter of its own.
    Plain(String),
    /// In each language by itself, `{ en = "USE BY {expiry}", sl = "UPORABNO DO {expiry}" }`: one
    /// place and one size for both.
    Each(Wording),
}

impl Words {
    /// What stands there in a language, in a definition of the language `own`; `None` where its
    /// words are not given in it.
    pub(super) fn in_language(&self, language: Language, own: Option<Language>) -> Option<&str> {
        match self {
            Self::Plain(text) if own == Some(language) || !has_letters(text) => Some(text),
            Self::Plain(_) => None,
            Self::Each(wording) => wording.in_language(language),
        }
    }
}

/// Whether there is a letter outside of the particulars.
fn has_letters(text: &str) -> bool {
    let outside = |part: &str| part.split_once('}').map_or("", |(_, rest)| rest).to_owned();
    let (first, rest) = text.split_once('{').unwrap_or((text, ""));
    let rest = rest.split('{').map(outside).collect::<String>();
    first.chars().chain(rest.chars()).any(char::is_alphabetic)
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(text) => write!(f, "{text:?}"),
            Self::Each(wording) => write!(f, "{:?}", wording.text()),
        }
    }
}

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = Words;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, or a table such as { en = \"…\", sl = \"…\" }")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Words, E> {
                Ok(Words::Plain(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Words, A::Error> {
                Wording::deserialize(MapAccessDeserializer::new(map)).map(Words::Each)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// One text in a box.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// What it says. Left out when all its particulars are missing.
    pub value: Words,
    /// Left edge of the box.
    #[serde(deserialize_with = "length")]
    pub x: Len,
    /// Top edge of the box.
    #[serde(deserialize_with = "length")]
    pub y: Len,
    /// Width of the box.
    #[serde(deserialize_with = "length")]
    pub width: Len,
    /// Height of the box.
    #[serde(deserialize_with = "length")]
    pub height: Len,
    /// Typeface.
    pub font: Face,
    /// Greatest font size.
    #[serde(deserialize_with = "length")]
    pub size: Len,
    /// Least font size.
    #[serde(deserialize_with = "length")]
    pub least: Len,
    /// Most lines.
    #[serde(default = "one")]
    pub lines: usize,
    /// Whether the box is framed, as for a check character or a warning.
    #[serde(default)]
    pub framed: bool,
    /// How dark it is, of 100.
    #[serde(default = "black")]
    pub shade: u8,
}

fn one() -> usize {
    1
}

fn black() -> u8 {
    100
}

/// Which symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SymbolKind {
    /// Data Matrix ECC 200.
    DataMatrix,
    /// QR code.
    Qr,
    /// Code 128, the linear symbol.
    #[serde(rename = "code_128")]
    Code128,
}

impl SymbolKind {
    /// Its name.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::DataMatrix => "Data Matrix",
            Self::Qr => "QR code",
            Self::Code128 => "Code 128",
        }
    }

    /// Least quiet zone beside it, in modules (ISO/IEC 16022: 1; ISO/IEC 18004: 4; ISBT 128
    /// ST-001 for Code 128: 10).
    #[must_use]
    pub fn quiet(self) -> i64 {
        self.quiet_zone().0
    }

    /// Least quiet zone beside it, and above and below it.
    pub(super) fn quiet_zone(self) -> (i64, i64) {
        match self {
            Self::DataMatrix => (1, 1),
            Self::Qr => (4, 4),
            Self::Code128 => (10, 0),
        }
    }

    /// Least width of a module (ISBT 128 ST-001: 0.25 mm in two dimensions, 0.17 mm linear).
    pub(super) fn module_least(self) -> Len {
        match self {
            Self::DataMatrix | Self::Qr => Len::um(250),
            Self::Code128 => Len::um(170),
        }
    }
}

/// What a symbol holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Payload {
    /// The label code.
    Code,
    /// The ISBT 128 compound message; the symbol is left out when there is none.
    Isbt,
    /// What a symbol of this kind says on the sheet on which a scanner is tested.
    Test,
}

/// One symbol in a box that includes its quiet zone.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Symbol {
    /// Which symbol.
    pub kind: SymbolKind,
    /// What it holds.
    pub payload: Payload,
    /// Left edge of the box.
    #[serde(deserialize_with = "length")]
    pub x: Len,
    /// Top edge of the box.
    #[serde(deserialize_with = "length")]
    pub y: Len,
    /// Width of the box, and its height but for Code 128.
    #[serde(deserialize_with = "length")]
    pub room: Len,
    /// Height of the bars of a Code 128.
    #[serde(default, deserialize_with = "optional_length")]
    pub height: Option<Len>,
    /// Width of one module; drawn as the nearest whole number of dots.
    #[serde(deserialize_with = "length")]
    pub module: Len,
    /// How dark it is, of 100.
    #[serde(default = "black")]
    pub shade: u8,
}

impl Symbol {
    /// Height of its box.
    pub(super) fn tall(&self) -> Len {
        self.height.unwrap_or(self.room)
    }

    fn check(&self) -> Result<(), String> {
        let (what, least) = (self.kind.word(), self.kind.module_least());
        if self.module < least {
            return Err(format!("a module of {what} is smaller than {} mm", least.mm_text()));
        }
        match (self.kind, self.height) {
            (SymbolKind::Code128, Some(height)) if height >= BARS_LEAST => Ok(()),
            (SymbolKind::Code128, _) => {
                Err(format!("{what} lacks a height of {} mm or more", BARS_LEAST.mm_text()))
            }
            (_, Some(_)) => Err(format!("{what} is square and has no height of its own")),
            (_, None) => Ok(()),
        }
    }
}

/// A frame around things that belong together.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frame {
    /// Left edge.
    #[serde(deserialize_with = "length")]
    pub x: Len,
    /// Top edge.
    #[serde(deserialize_with = "length")]
    pub y: Len,
    /// Width.
    #[serde(deserialize_with = "length")]
    pub width: Len,
    /// Height.
    #[serde(deserialize_with = "length")]
    pub height: Len,
}

/// A horizontal line across part of the label.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Left end.
    #[serde(deserialize_with = "length")]
    pub x: Len,
    /// Height on the label.
    #[serde(deserialize_with = "length")]
    pub y: Len,
    /// Length.
    #[serde(deserialize_with = "length")]
    pub width: Len,
}

/// Reads `12.5 mm` or `6 pt`.
fn length<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Len, D::Error> {
    let text = String::deserialize(deserializer)?;
    read_length(&text).ok_or_else(|| {
        serde::de::Error::custom(format!("{text:?} is no length; write 12.5 mm or 6 pt"))
    })
}

fn optional_length<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Len>, D::Error> {
    length(deserializer).map(Some)
}

/// Reads 0, 90, 180 or 270 as quarters of a turn.
fn quarters<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    match u32::deserialize(deserializer)? {
        0 => Ok(0),
        90 => Ok(1),
        180 => Ok(2),
        270 => Ok(3),
        other => {
            Err(serde::de::Error::custom(format!("{other} is no turn; write 0, 90, 180, 270")))
        }
    }
}

fn read_length(text: &str) -> Option<Len> {
    let (number, unit) = text.split_once(' ')?;
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty()
        || part.len() > 3
        || !format!("{whole}{part}").bytes().all(|b| b.is_ascii_digit())
    {
        return None;
    }
    let thousandths: i64 = format!("{whole}{part:0<3}").parse().ok()?;
    match unit {
        "mm" => Some(Len::um(thousandths)),
        "pt" => Some(Len::units(thousandths * 12_700 / 1000)),
        _ => None,
    }
}

/// Least height of linear bars (ISBT 128 ST-001).
const BARS_LEAST: Len = Len::mm(5);

/// A rectangle on the label: left, top, right, bottom.
type Area = (Len, Len, Len, Len);

impl Definition {
    /// Reads and checks a definition; `file` is for messages.
    pub fn parse(file: &str, text: &str) -> Result<Self, DefinitionError> {
        let refuse = |reason: String| DefinitionError { file: file.to_owned(), reason };
        let definition: Self = toml::from_str(text).map_err(|error| refuse(error.to_string()))?;
        definition.check().map_err(refuse)?;
        Ok(definition)
    }

    /// What it is for.
    #[must_use]
    pub fn label_kind(&self) -> Option<LabelKind> {
        match LabelKind::parse(&self.kind)? {
            LabelKind::Container(kind) => Some(LabelKind::of(kind, self.patient)),
            other => Some(other),
        }
    }

    /// The languages in which labels can be drawn by it.
    #[must_use]
    pub fn languages(&self) -> &[Language] {
        match &self.language {
            Some(own) => std::slice::from_ref(own),
            None => &Language::ALL,
        }
    }

    /// What it shows in every language; the same particulars in each.
    fn shown(&self) -> Result<Vec<Particular>, String> {
        let mut shown: Vec<Particular> = Vec::new();
        for text in &self.text {
            let mut first: Option<Vec<Particular>> = None;
            for language in self.languages() {
                let words = text.value.in_language(*language, self.language).ok_or_else(|| {
                    format!(
                        "{} has words of its own that are not given in {}; write value = \
                         {{ en = \"…\", sl = \"…\" }}, or language = \"…\" for a definition in \
                         one language",
                        text.value,
                        language.name()
                    )
                })?;
                let mut found = placeholders(words)?;
                found.sort();
                if first.as_ref().is_some_and(|first| *first != found) {
                    let (name, value) = (language.name(), &text.value);
                    return Err(format!("{value} shows other particulars in {name}"));
                }
                first = Some(found);
            }
            shown.extend(first.unwrap_or_default());
        }
        Ok(shown)
    }

    fn check(&self) -> Result<(), String> {
        let kind =
            self.label_kind().ok_or_else(|| format!("{:?} is no kind of label", self.kind))?;
        let shown = self.shown()?;
        for text in &self.text {
            if text.least < TEXT_LEAST || text.size < text.least || text.lines == 0 {
                return Err(format!("{} may shrink below 4.5 pt or has no line", text.value));
            }
        }
        for symbol in &self.symbol {
            symbol.check()?;
        }
        if self
            .text
            .iter()
            .map(|t| t.shade)
            .chain(self.symbol.iter().map(|s| s.shade))
            .any(|s| s > 100)
        {
            return Err("a shade is more than 100".to_owned());
        }
        let sheet = kind == LabelKind::ScannerTest;
        let tests = |symbol: &Symbol| symbol.payload == Payload::Test;
        if sheet && !self.symbol.iter().all(tests) {
            return Err("a symbol of it holds something else than a test".to_owned());
        }
        if !sheet && self.symbol.iter().any(tests) {
            return Err("only the sheet for scanners has symbols of a test".to_owned());
        }
        if !sheet && !self.symbol.iter().any(|symbol| symbol.payload == Payload::Code) {
            return Err("no symbol holds the label code".to_owned());
        }
        let (mandatory, rule) = kind.mandatory();
        if let Some(missing) = mandatory.iter().find(|p| !shown.contains(p)) {
            return Err(format!("it does not show {}, which {rule} asks for", missing.words()));
        }
        self.check_areas()
    }

    fn check_areas(&self) -> Result<(), String> {
        let areas = self.areas();
        for (name, (left, top, right, bottom)) in &areas {
            let inside = *left >= Len::ZERO
                && *top >= Len::ZERO
                && *right <= self.stock.width
                && *bottom <= self.stock.height
                && left < right
                && top < bottom;
            if !inside {
                return Err(format!("{name} reaches beyond the stock"));
            }
        }
        for (place, (name, area)) in areas.iter().enumerate() {
            for (other, with) in areas.iter().skip(place + 1) {
                let apart =
                    area.2 <= with.0 || with.2 <= area.0 || area.3 <= with.1 || with.3 <= area.1;
                if !apart {
                    return Err(format!("{name} and {other} overlap"));
                }
            }
        }
        Ok(())
    }

    fn areas(&self) -> Vec<(String, Area)> {
        let texts = self
            .text
            .iter()
            .map(|t| (format!("the text {}", t.value), (t.x, t.y, t.x + t.width, t.y + t.height)));
        let symbols = self.symbol.iter().map(|s| {
            let area = (s.x, s.y, s.x + s.room, s.y + s.tall());
            (format!("the symbol {:?} of {:?}", s.kind, s.payload), area)
        });
        texts.chain(symbols).collect()
    }
}

/// The particulars that a text shows.
pub(super) fn placeholders(value: &str) -> Result<Vec<Particular>, String> {
    let mut found = Vec::new();
    for part in value.split('{').skip(1) {
        let (name, _) =
            part.split_once('}').ok_or_else(|| format!("{value:?} has an open brace"))?;
        let particular = Particular::parse(name)
            .ok_or_else(|| format!("{name:?} is no particular of a label"))?;
        found.push(particular);
    }
    Ok(found)
}

const FILES: [(&str, &str); 18] = [
    ("labels/badge.toml", include_str!("../../labels/badge.toml")),
    ("labels/bag.toml", include_str!("../../labels/bag.toml")),
    ("labels/bottle.toml", include_str!("../../labels/bottle.toml")),
    ("labels/collection_pot.toml", include_str!("../../labels/collection_pot.toml")),
    ("labels/cryo_box.toml", include_str!("../../labels/cryo_box.toml")),
    ("labels/cryovial.toml", include_str!("../../labels/cryovial.toml")),
    ("labels/flask.toml", include_str!("../../labels/flask.toml")),
    ("labels/hold_vial.toml", include_str!("../../labels/hold_vial.toml")),
    ("labels/outer_pack.toml", include_str!("../../labels/outer_pack.toml")),
    ("labels/patient_bottle.toml", include_str!("../../labels/patient_bottle.toml")),
    ("labels/patient_cryovial.toml", include_str!("../../labels/patient_cryovial.toml")),
    ("labels/position.toml", include_str!("../../labels/position.toml")),
    ("labels/printer_test.toml", include_str!("../../labels/printer_test.toml")),
    ("labels/sample_tube.toml", include_str!("../../labels/sample_tube.toml")),
    ("labels/scanner_test.toml", include_str!("../../labels/scanner_test.toml")),
    ("labels/shipper.toml", include_str!("../../labels/shipper.toml")),
    ("labels/syringe.toml", include_str!("../../labels/syringe.toml")),
    ("labels/vessel.toml", include_str!("../../labels/vessel.toml")),
];

/// The text of the program's own definition of a kind; empty where it has none.
#[must_use]
pub fn shipped_text(kind: LabelKind) -> &'static str {
    let name = format!("labels/{}.toml", kind.code());
    FILES.iter().find(|(file, _)| *file == name).map_or("", |(_, text)| *text)
}

/// The definitions that come with the program, one for each kind of label.
pub fn definitions() -> Result<&'static BTreeMap<LabelKind, Definition>, DefinitionError> {
    static LOADED: OnceLock<Result<BTreeMap<LabelKind, Definition>, DefinitionError>> =
        OnceLock::new();
    let loaded = LOADED.get_or_init(|| {
        let mut all = BTreeMap::new();
        for (file, text) in FILES {
            let definition = Definition::parse(file, text)?;
            all.extend(definition.label_kind().map(|kind| (kind, definition)));
        }
        Ok(all)
    });
    loaded.as_ref().map_err(Clone::clone)
}
