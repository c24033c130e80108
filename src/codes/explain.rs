//! A code in words, for `chorda code parse` and the screen that answers "what is this?".
//!
//! Architecture invariant: only what the code itself says; nothing is looked up.

use serde::Serialize;

use super::isbt::{Element, Zone};
use super::{Scanned, container};

/// What a code is and what its parts mean.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// What it is, for example `container label`.
    pub kind: &'static str,
    /// Its canonical text.
    pub code: String,
    /// Its parts in the order written.
    pub parts: Vec<Part>,
}

/// One part of a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// Name of the part.
    pub name: String,
    /// The part as written.
    pub value: String,
    /// What it means, where that is more than the value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meaning: Option<String>,
}

fn part(name: &str, value: impl ToString) -> Part {
    Part { name: name.to_owned(), value: value.to_string(), meaning: None }
}

fn meant(name: &str, value: impl ToString, meaning: impl Into<String>) -> Part {
    Part { meaning: Some(meaning.into()), ..part(name, value) }
}

/// The code in words.
#[must_use]
pub fn explain(scanned: &Scanned) -> Explanation {
    let (kind, parts) = match scanned {
        Scanned::Container { code, serial } | Scanned::Sample { code, serial } => {
            let mut parts = vec![part("container", code)];
            if let Some(kind) = container::kind(code) {
                parts.push(meant("kind", kind.letter(), kind.word()));
            }
            parts.extend(container::sequence(code).map(|number| part("number", number)));
            if let Some(serial) = serial {
                parts.push(meant("label serial", serial, format!("print {}", serial.number())));
            }
            (if serial.is_some() { "container label" } else { "container code" }, parts)
        }
        Scanned::Din(din) => {
            let element = Element::Din { din: din.clone(), flag: super::isbt::Flag::None };
            ("donation number (DIN)", element_parts(&element))
        }
        Scanned::Isbt(elements) => {
            let kind = if elements.len() > 1 { "ISBT 128 message" } else { "ISBT 128 structure" };
            (kind, elements.iter().flat_map(element_parts).collect())
        }
        Scanned::Sec(sec) => ("Single European Code", sec_parts(sec)),
        Scanned::Gs1(gs1) => (
            "GS1 element string",
            gs1.elements()
                .iter()
                .map(|e| meant(&format!("({})", e.identifier), &e.value, e.name))
                .collect(),
        ),
        Scanned::Coi(id) => (
            "chain-of-identity identifier",
            vec![part("identifier", id), part("check character", id.check_character())],
        ),
        Scanned::Order(number) => ("order", vec![part("number", number)]),
        Scanned::Batch(number) => ("batch", vec![part("number", number)]),
        Scanned::Deviation(number) => ("deviation", vec![part("number", number)]),
        Scanned::Lot(lot) => ("material lot", vec![part("lot", lot)]),
        Scanned::Donor(code) => ("donor", vec![part("code", code)]),
        Scanned::Equipment(number) => ("equipment", vec![part("number", number)]),
        Scanned::Location(path) => ("storage location", vec![part("path", path)]),
    };
    Explanation { kind, code: scanned.to_string(), parts }
}

fn element_parts(element: &Element) -> Vec<Part> {
    match element {
        Element::Din { din, flag } => {
            let mut parts = vec![
                part("donation number", din),
                meant(
                    "facility",
                    din.facility(),
                    if din.is_validation() { "set aside for validation" } else { "FIN" },
                ),
                part("year", din.year()),
                part("sequence", din.sequence()),
                part("check character", din.check_character()),
            ];
            if *flag != super::isbt::Flag::None {
                parts.push(meant("flag", "", flag.meaning()));
            }
            parts
        }
        Element::Product(code) => vec![
            meant("product code", code, code.class()),
            part("description", code.description()),
            part("collection type", code.collection()),
            meant(
                "division",
                code.division(),
                match code.division() {
                    d if d.needs_divisions() => "see structure 032, which must be scanned too",
                    super::isbt::Division::UNDIVIDED => "not divided",
                    _ => "division of the product",
                },
            ),
        ],
        Element::Date { of, date } => {
            vec![meant(of.meaning(), date, "local date, to the end of the day")]
        }
        Element::DateTime { of, at } => {
            vec![meant(of.meaning(), at.format("%Y-%m-%d %H:%M"), "local time of the site")]
        }
        Element::Flexible(flexible) => {
            let zone = match flexible.zone {
                Zone::Local => "local time of the site",
                Zone::Utc => "UTC",
            };
            vec![meant(flexible.moment.meaning(), flexible.at.format("%Y-%m-%d %H:%M"), zone)]
        }
        Element::Divisions(divisions) => vec![part("divisions", divisions)],
        Element::Donor { facility, number } => {
            vec![part("donor facility", facility), part("donor number", number)]
        }
        Element::Sec(sec) => sec_parts(sec),
        Element::Coi(id) => vec![part("chain-of-identity identifier", id)],
        Element::Other { structure, content } => {
            vec![meant(structure.identifier, content, structure.name)]
        }
    }
}

fn sec_parts(sec: &super::sec::Sec) -> Vec<Part> {
    let mut parts = vec![
        part("country", sec.donation.country()),
        part("tissue establishment", sec.donation.establishment()),
        part("donation number", sec.donation.donation()),
        part("coding system", sec.product.system().meaning()),
        part("product", sec.product.product()),
        part("split", sec.product.split()),
    ];
    parts.push(match sec.product.expiry() {
        Some(day) => part("expiry", day),
        None => meant("expiry", "00000000", "none defined"),
    });
    parts
}
