//! A code in words, for `chorda code parse` and the screen that answers "what is this?".
//!
//! Architecture invariant: only what the code itself says; nothing is looked up.

use serde::Serialize;

use super::isbt::{Division, Element, Flag, ProductKey, Zone};
use super::{Scanned, container, gs1};
use crate::domain::id::Din;

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
    /// The structure it is of, where the code has several: `003 Product Code`, `(01) GTIN`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub structure: Option<String>,
    /// Name of the part.
    pub name: String,
    /// The part as written.
    pub value: String,
    /// What it means, where that is more than the value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meaning: Option<String>,
}

fn part(name: &str, value: impl ToString) -> Part {
    Part { structure: None, name: name.to_owned(), value: value.to_string(), meaning: None }
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
            let element = Element::Din { din: din.clone(), flag: Flag::None };
            ("donation number (DIN)", element_parts(&element))
        }
        Scanned::Isbt(elements) => {
            let kind = if elements.len() > 1 { "ISBT 128 message" } else { "ISBT 128 structure" };
            (kind, message_parts(elements))
        }
        Scanned::Sec(sec) => ("Single European Code", sec_parts(sec)),
        Scanned::Gs1(gs1) => {
            ("GS1 element string", gs1.elements().iter().flat_map(gs1_parts).collect())
        }
        Scanned::Coi(id) => (
            "chain-of-identity identifier",
            vec![
                part("identifier", id),
                meant("facility", id.as_str().get(2..7).unwrap_or(""), "FIN that issued it"),
                part("check character", id.check_character()),
            ],
        ),
        Scanned::Order(number) => ("order", vec![part("number", number)]),
        Scanned::Batch(number) => ("batch", vec![part("number", number)]),
        Scanned::Deviation(number) => ("deviation", vec![part("number", number)]),
        Scanned::Lot(lot) => ("material lot", vec![part("lot", lot)]),
        Scanned::Donor(code) => ("donor", vec![part("code", code)]),
        Scanned::Equipment(number) => ("equipment", vec![part("number", number)]),
        Scanned::Location(path) => ("storage location", vec![part("path", path)]),
        Scanned::Person(login) => {
            let meaning = "names a person; a password is still asked";
            ("badge", vec![meant("sign-in name", login, meaning)])
        }
    };
    Explanation { kind, code: scanned.to_string(), parts }
}

/// Every structure with its parts, and last the identity they give together.
fn message_parts(elements: &[Element]) -> Vec<Part> {
    let of = |element: &Element| {
        let title = Some(format!("{:03} {}", element.number(), element.name()));
        let own = element_parts(element).into_iter();
        own.map(move |part| Part { structure: title.clone(), ..part }).collect::<Vec<Part>>()
    };
    let mut parts: Vec<Part> = elements.iter().flat_map(of).collect();
    let names_a_product = elements.iter().any(|element| matches!(element.number(), 3 | 34));
    if names_a_product && elements.iter().any(|element| element.number() == 1) {
        parts.push(match ProductKey::of(elements) {
            Ok(key) => meant("product identity", key, "names one unit"),
            Err(error) => meant("product identity", "none", error.to_string()),
        });
    }
    parts
}

fn gs1_parts(element: &gs1::Element) -> Vec<Part> {
    let title = format!("({}) {}", element.identifier, element.name);
    let meaning = match element.identifier {
        "11" | "13" | "15" | "16" | "17" if element.value.ends_with("00") => {
            "YYMMDD; day 00 is the last of the month"
        }
        "11" | "13" | "15" | "16" | "17" => "YYMMDD",
        "7003" => "YYMMDDhhmm",
        "00" | "01" | "02" | "410" | "411" | "412" | "413" | "414" | "415" | "416" | "417"
        | "8017" | "8018" => "check digit right",
        _ => "",
    };
    let own = Part {
        meaning: (!meaning.is_empty()).then(|| meaning.to_owned()),
        ..part(element.name, &element.value)
    };
    vec![Part { structure: Some(title), ..own }]
}

fn element_parts(element: &Element) -> Vec<Part> {
    match element {
        Element::Din { din, flag } => din_parts(din, *flag),
        Element::Product(code) => vec![
            meant("product code", code, code.class()),
            part("description", code.description()),
            Part {
                meaning: Some(code.collection_meaning())
                    .filter(|words| !words.is_empty())
                    .map(str::to_owned),
                ..part("collection type", code.collection())
            },
            meant(
                "division",
                code.division(),
                match code.division() {
                    d if d.needs_divisions() => "see structure 032, which must be scanned too",
                    Division::UNDIVIDED => "not divided",
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
        Element::Divisions(divisions) => vec![meant("divisions", divisions, divisions.meaning())],
        Element::Donor { facility, number } => {
            let mut parts = vec![part("donor facility", facility), part("donor number", number)];
            parts.extend(element.check_character().map(|check| part("check character", check)));
            parts
        }
        Element::Sec(sec) => sec_parts(sec),
        Element::Coi(id) => vec![
            part("chain-of-identity identifier", id),
            part("check character", id.check_character()),
        ],
        Element::Other { structure, content } => {
            let mut parts = vec![meant(structure.identifier, content, structure.name)];
            parts.extend(element.other_parts().into_iter().map(|(name, value, meaning)| Part {
                meaning: (!meaning.is_empty()).then(|| meaning.to_owned()),
                ..part(name, value)
            }));
            parts
        }
    }
}

fn din_parts(din: &Din, flag: Flag) -> Vec<Part> {
    let facility = if din.is_validation() { "set aside for validation" } else { "FIN" };
    let mut parts = vec![
        part("donation number", din),
        meant("facility", din.facility(), facility),
        part("year", din.year()),
        part("sequence", din.sequence()),
        part("check character", din.check_character()),
    ];
    if flag != Flag::None {
        parts.push(meant("flag", flag.characters(), flag.meaning()));
    }
    parts
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
