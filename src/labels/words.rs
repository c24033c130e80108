//! The program's own words on labels, in every language of labels.
//!
//! Neighbours: definitions hold the literal words of a layout; protocols, master records and donor
//! rules give the words of a product; `app` joins them.
//!
//! Architecture invariant: a phrase without words in one of the languages does not compile. Codes,
//! donation numbers, dates and payloads are no words and are alike in every language.

use crate::domain::container::ContainerKind;
use crate::domain::language::Language;
use crate::domain::quantity::{Quantity, Unit};
use crate::domain::storage::Condition;

/// Something that the program itself says on a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phrase<'a> {
    /// Which of how many, `3 of 8`.
    NumberOf {
        /// Which.
        number: u32,
        /// Of how many.
        of: u32,
    },
    /// The last day of use, `Exp. 2028-11-20`.
    UsableUntil(&'a str),
    /// What a sample was drawn from, `batch B-2026-0007`; a definition puts `From` before it.
    Batch(&'a str),
    /// How a container in process or in stock is kept.
    KeptAt(ContainerKind),
    /// Instead of a strength, where a product holds no cells.
    Acellular,
    /// Cells for the donor and nobody else (2006/86/EC Annex II E).
    AutologousOnly,
    /// A reactive marker of infection (2006/86/EC Annex II E).
    Biohazard,
    /// Not every marker of infection was tested (2006/17/EC Annex I 2.1).
    NotEvaluated,
    /// The title of the sheet on which a scanner is tested.
    ScannerTest,
    /// What is done with that sheet, printed for a station.
    ScannerTestUse(&'a str),
    /// Who answers for a trial.
    Sponsor(&'a str),
    /// So many containers of a kind, `4 × syringe`.
    Pieces(usize, ContainerKind),
    /// How a place keeps what is in it.
    PlaceAt(Condition),
}

impl Phrase<'_> {
    /// The words in a language; empty where there is nothing to say.
    #[must_use]
    pub fn text(self, language: Language) -> String {
        match language {
            Language::English => self.english(),
            Language::Slovenian => self.slovenian(),
        }
    }

    fn english(self) -> String {
        match self {
            Self::NumberOf { number, of } => format!("{number} of {of}"),
            Self::UsableUntil(day) => format!("Exp. {day}"),
            Self::Batch(number) => format!("batch {number}"),
            Self::KeptAt(kind) => match kind {
                ContainerKind::CollectionPot => "Keep at 2 to 8 °C",
                ContainerKind::HoldVial => "2 to 8 °C",
                ContainerKind::Bottle => "−70 °C or below",
                other => kept_alike(other),
            }
            .to_owned(),
            Self::Acellular => "acellular".to_owned(),
            Self::AutologousOnly => "For autologous use only".to_owned(),
            Self::Biohazard => "BIOHAZARD".to_owned(),
            Self::NotEvaluated => "NOT EVALUATED FOR INFECTIOUS SUBSTANCES".to_owned(),
            Self::ScannerTest => "Scanner test".to_owned(),
            Self::ScannerTestUse(station) => format!(
                "Sign in at the station, open its page (This station, below every page) and scan \
                 each symbol. It says whether every character arrives. Printed at {station}."
            ),
            Self::Sponsor(name) => format!("sponsor {name}"),
            Self::Pieces(count, kind) => format!("{count} × {}", kind.word()),
            Self::PlaceAt(condition) => condition.words().to_owned(),
        }
    }

    fn slovenian(self) -> String {
        match self {
            Self::NumberOf { number, of } => format!("{number} od {of}"),
            Self::UsableUntil(day) => format!("Upor. do {day}"),
            Self::Batch(number) => format!("serije {number}"),
            Self::KeptAt(kind) => match kind {
                ContainerKind::CollectionPot => "Hraniti pri 2 do 8 °C",
                ContainerKind::HoldVial => "2 do 8 °C",
                ContainerKind::Bottle => "−70 °C ali manj",
                other => kept_alike(other),
            }
            .to_owned(),
            Self::Acellular => "brez celic".to_owned(),
            Self::AutologousOnly => "Samo za avtologno uporabo".to_owned(),
            Self::Biohazard => "BIOLOŠKO NEVARNO".to_owned(),
            Self::NotEvaluated => "NI OVREDNOTENO GLEDE POVZROČITELJEV INFEKCIJ".to_owned(),
            Self::ScannerTest => "Preizkus čitalnika".to_owned(),
            Self::ScannerTestUse(station) => format!(
                "Na postaji se prijavite, odprite njeno stran (This station, na dnu vsake strani) \
                 in odčitajte vsak simbol. Stran pove, ali pride vsak znak. Natisnjeno: {station}."
            ),
            Self::Sponsor(name) => format!("sponzor {name}"),
            Self::Pieces(count, kind) => format!("{count} × {}", kind_in_slovenian(kind)),
            Self::PlaceAt(condition) => match condition {
                Condition::Ambient => "15 do 25 °C",
                Condition::Refrigerated => "2 do 8 °C",
                Condition::Cryogenic => "pod −150 °C",
                Condition::Incubator | Condition::Frozen | Condition::DeepFrozen => {
                    condition.words()
                }
            }
            .to_owned(),
        }
    }
}

fn kind_in_slovenian(kind: ContainerKind) -> &'static str {
    match kind {
        ContainerKind::CollectionPot => "posoda za odvzem",
        ContainerKind::Flask => "gojilna steklenica",
        ContainerKind::HoldVial => "viala",
        ContainerKind::Vessel => "posoda",
        ContainerKind::Cryovial => "krioviala",
        ContainerKind::Syringe => "brizga",
        ContainerKind::Bag => "infuzijska vrečka",
        ContainerKind::Bottle => "steklenica",
        ContainerKind::SampleTube => "epruveta za vzorec",
        ContainerKind::OuterPack => "zunanja ovojnina",
    }
}

/// How a kind is kept, where figures say it alone. What lives hours takes it from its protocol.
fn kept_alike(kind: ContainerKind) -> &'static str {
    match kind {
        ContainerKind::Cryovial => "< −150 °C",
        ContainerKind::Flask => "37 °C, 5 % CO₂",
        _ => "",
    }
}

/// A quantity as a label shows it: `1.0 ml`, or `1,0 ml` where the language writes a comma.
#[must_use]
pub fn quantity(quantity: Quantity, language: Language) -> String {
    match language {
        Language::English => quantity.text(),
        Language::Slovenian => {
            let number = quantity.value().to_string().replace('.', ",");
            match unit_in_slovenian(quantity.unit()) {
                "" => number,
                unit => format!("{number} {unit}"),
            }
        }
    }
}

/// Units that are words; the symbols of the others are international.
fn unit_in_slovenian(unit: Unit) -> &'static str {
    match unit {
        Unit::MillionCells => "×10⁶ celic",
        Unit::MillionCellsPerKilogram => "×10⁶ celic/kg",
        Unit::EndotoxinPerMillilitre => "EE/ml",
        Unit::Container => "vsebnikov",
        Unit::Label => "nalepk",
        Unit::Piece => "kosov",
        Unit::Doubling => "podvojitev",
        other => other.symbol(),
    }
}
