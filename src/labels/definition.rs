//! Label definitions: TOML in `labels/`, checked when loaded.
//!
//! Architecture invariant: a definition that could clip, overlap, leave the stock or forget a
//! mandatory particular does not load; what loads can only fail on the data of one label.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::{Deserialize, Deserializer};

use super::{LabelUse, Particular};
use crate::domain::container::ContainerKind;
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
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// Kind of container, by its code.
    pub kind: String,
    /// Whether it is for a dose unit of one patient, where that kind of container can be one.
    #[serde(default)]
    pub patient: bool,
    /// Version of this definition.
    pub version: u32,
    /// What it is, for people.
    pub title: String,
    /// Stock size.
    pub stock: Size,
    /// Texts.
    #[serde(default)]
    pub text: Vec<Text>,
    /// Two-dimensional symbols.
    #[serde(default)]
    pub symbol: Vec<Symbol>,
    /// Separating lines.
    #[serde(default)]
    pub rule: Vec<Rule>,
}

/// Width and height.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Size {
    /// Width.
    #[serde(deserialize_with = "length")]
    pub width: Len,
    /// Height.
    #[serde(deserialize_with = "length")]
    pub height: Len,
}

/// One text: literal characters and `{particular}`s in a box.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// For example `Batch {batch}`. Left out when all its particulars are missing.
    pub value: String,
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
}

fn one() -> usize {
    1
}

/// Which two-dimensional symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SymbolKind {
    /// Data Matrix ECC 200.
    DataMatrix,
    /// QR code.
    Qr,
}

impl SymbolKind {
    /// Least quiet zone, in modules (ISO/IEC 16022: 1; ISO/IEC 18004: 4).
    #[must_use]
    pub fn quiet(self) -> i64 {
        match self {
            Self::DataMatrix => 1,
            Self::Qr => 4,
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
}

/// One symbol in a square box that includes its quiet zone.
#[derive(Debug, Clone, Deserialize)]
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
    /// Edge of the box.
    #[serde(deserialize_with = "length")]
    pub room: Len,
    /// Edge of one module.
    #[serde(deserialize_with = "length")]
    pub module: Len,
}

/// A horizontal line across part of the label.
#[derive(Debug, Clone, Deserialize)]
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

/// Smallest module that a laboratory scanner reads and a 300 dpi printer draws (three dots).
const MODULE_LEAST: Len = Len::um(250);
/// Smallest text that is legible on a frosted vial.
const TEXT_LEAST: Len = Len::pt10(45);

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
    pub fn usage(&self) -> Option<LabelUse> {
        ContainerKind::parse(&self.kind).map(|kind| LabelUse::of(kind, self.patient))
    }

    fn check(&self) -> Result<(), String> {
        let usage =
            self.usage().ok_or_else(|| format!("{:?} is no kind of container", self.kind))?;
        let mut shown = Vec::new();
        for text in &self.text {
            shown.extend(placeholders(&text.value)?);
            if text.least < TEXT_LEAST || text.size < text.least || text.lines == 0 {
                return Err(format!("{:?} may shrink below 4.5 pt or has no line", text.value));
            }
        }
        for symbol in &self.symbol {
            if symbol.module < MODULE_LEAST {
                return Err("a module is smaller than 0.25 mm".to_owned());
            }
        }
        if !self.symbol.iter().any(|symbol| symbol.payload == Payload::Code) {
            return Err("no symbol holds the label code".to_owned());
        }
        let (mandatory, rule) = Particular::mandatory(usage);
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
        let texts = self.text.iter().map(|t| {
            (format!("the text {:?}", t.value), (t.x, t.y, t.x + t.width, t.y + t.height))
        });
        let symbols = self.symbol.iter().map(|s| {
            let area = (s.x, s.y, s.x + s.room, s.y + s.room);
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

const FILES: [(&str, &str); 11] = [
    ("labels/bag.toml", include_str!("../../labels/bag.toml")),
    ("labels/bottle.toml", include_str!("../../labels/bottle.toml")),
    ("labels/collection_pot.toml", include_str!("../../labels/collection_pot.toml")),
    ("labels/cryovial.toml", include_str!("../../labels/cryovial.toml")),
    ("labels/flask.toml", include_str!("../../labels/flask.toml")),
    ("labels/hold_vial.toml", include_str!("../../labels/hold_vial.toml")),
    ("labels/patient_bottle.toml", include_str!("../../labels/patient_bottle.toml")),
    ("labels/patient_cryovial.toml", include_str!("../../labels/patient_cryovial.toml")),
    ("labels/sample_tube.toml", include_str!("../../labels/sample_tube.toml")),
    ("labels/syringe.toml", include_str!("../../labels/syringe.toml")),
    ("labels/vessel.toml", include_str!("../../labels/vessel.toml")),
];

/// The definitions in force, one for each use.
pub fn definitions() -> Result<&'static BTreeMap<LabelUse, Definition>, DefinitionError> {
    static LOADED: OnceLock<Result<BTreeMap<LabelUse, Definition>, DefinitionError>> =
        OnceLock::new();
    let loaded = LOADED.get_or_init(|| {
        let mut all = BTreeMap::new();
        for (file, text) in FILES {
            let definition = Definition::parse(file, text)?;
            all.extend(definition.usage().map(|usage| (usage, definition)));
        }
        Ok(all)
    });
    loaded.as_ref().map_err(Clone::clone)
}
