//! Every code a cell-therapy laboratory meets: parse and print, nothing else.
//!
//! [`parse`] takes what a scanner or a keyboard gave and says what it is: our own container label
//! and running numbers, ISBT 128, Single European Code, GS1. Neighbours: `domain` above (codes know
//! its identifiers), `labels` below (draws what is built here).
//!
//! Architecture invariant: pure. No clock, no table of the site, no licensed table; the same text
//! gives the same answer for ever. All or nothing: no partly understood scan is returned.

pub mod aim;
pub mod container;
mod error;
mod explain;
pub mod gs1;
pub mod isbt;
pub mod mod37;
mod number;
pub mod products;
pub mod sec;

use std::fmt;

use crate::domain::container::ContainerKind;
use crate::domain::id::{
    AssetId, BatchNumber, CoiId, ContainerCode, DeviationNumber, Din, DonorCode, LocationPath,
    Login, LotId, OrderNumber,
};

pub use container::{LabelCode, PrintSerial};
pub use error::CodeError;
pub use explain::{Explanation, Part, explain};
pub use sec::Sec;

/// Longest scan that is looked at, in bytes.
pub const LENGTH_MAX: usize = 4096;

/// What a scanned or typed text is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scanned {
    /// One of our containers; the serial is there when its label was scanned.
    Container {
        /// The container.
        code: ContainerCode,
        /// Which print of its label; `None` when the bare code was typed.
        serial: Option<PrintSerial>,
    },
    /// One of our sample tubes.
    Sample {
        /// The tube.
        code: ContainerCode,
        /// Which print of its label; `None` when the bare code was typed.
        serial: Option<PrintSerial>,
    },
    /// A donation number alone, typed with its check character or scanned from its own symbol.
    Din(Din),
    /// Any other ISBT 128 structure, or several.
    Isbt(Vec<isbt::Element>),
    /// Single European Code.
    Sec(Sec),
    /// GS1 element string.
    Gs1(gs1::Gs1),
    /// Chain-of-identity identifier.
    Coi(CoiId),
    /// `ORD-2026-0001`.
    Order(OrderNumber),
    /// `B-2026-0001`.
    Batch(BatchNumber),
    /// `DEV-2026-0001`.
    Deviation(DeviationNumber),
    /// material code, `/`, supplier's lot; scanned with `LOT:` before it.
    Lot(LotId),
    /// `DNR-0001`.
    Donor(DonorCode),
    /// `EQ-INC-01`.
    Equipment(AssetId),
    /// The path after `LOC:`.
    Location(LocationPath),
    /// The sign-in name after `USER:`, as on a badge; it says who, and proves nothing.
    Person(Login),
}

impl fmt::Display for Scanned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Container { code, serial } | Self::Sample { code, serial } => match serial {
                Some(serial) => match LabelCode::new(code, *serial) {
                    Ok(label) => label.fmt(f),
                    Err(_) => code.fmt(f),
                },
                None => code.fmt(f),
            },
            Self::Din(din) => din.fmt(f),
            Self::Isbt(elements) => elements.iter().try_for_each(|e| f.write_str(&e.symbol())),
            Self::Sec(sec) => sec.fmt(f),
            Self::Gs1(gs1) => f.write_str(&gs1.text()),
            Self::Coi(id) => id.fmt(f),
            Self::Location(path) => write!(f, "LOC:{path}"),
            Self::Person(login) => write!(f, "USER:{login}"),
            Self::Lot(lot) => write!(f, "LOT:{lot}"),
            Self::Order(number) => number.fmt(f),
            Self::Batch(number) => number.fmt(f),
            Self::Deviation(number) => number.fmt(f),
            Self::Donor(code) => code.fmt(f),
            Self::Equipment(asset) => asset.fmt(f),
        }
    }
}

/// Says what `text` is. Refuses more than [`LENGTH_MAX`] bytes and control characters other than
/// the GS1 separator before anything else is looked at.
pub fn parse(text: &str) -> Result<Scanned, CodeError> {
    read(text).map(|(_, scanned)| scanned)
}

/// The donation number that `text` is, scanned from its symbol or typed.
pub fn read_donation(text: &str) -> Result<Din, CodeError> {
    match parse(text)? {
        Scanned::Din(din) => Ok(din),
        other => {
            let reason = format!("this is a {}", explain(&other).kind);
            Err(CodeError::malformed("donation number (DIN)", text, reason))
        }
    }
}

/// What `text` is, as [`parse`] says, and the symbology if the scanner said it.
pub fn read(text: &str) -> Result<(Option<aim::Symbology>, Scanned), CodeError> {
    if text.len() > LENGTH_MAX {
        return Err(CodeError::TooLong { length: text.len(), limit: LENGTH_MAX });
    }
    if let Some((position, c)) =
        text.chars().enumerate().find(|(_, c)| c.is_control() && *c != gs1::SEPARATOR)
    {
        return Err(CodeError::ControlCharacter { code: u32::from(c), position: position + 1 });
    }
    let (symbology, data) = aim::strip(text)?;
    let scanned = match symbology {
        Some(aim::Symbology::Ean) => gs1::Gs1::of_article(data).map(Scanned::Gs1),
        Some(symbology) if symbology.is_gs1() => gs1::Gs1::parse(data).map(Scanned::Gs1),
        _ => parse_unrouted(data),
    };
    Ok((symbology, scanned?))
}

fn parse_unrouted(data: &str) -> Result<Scanned, CodeError> {
    let trimmed = data.trim_matches(' ');
    if trimmed.is_empty() {
        return Err(CodeError::Empty);
    }
    if let Some(found) = trimmed.chars().find(|c| !c.is_ascii()) {
        return Err(CodeError::KeyboardLayout { found });
    }
    match trimmed.chars().next() {
        Some('=' | '&') => isbt::read(trimmed).map(from_isbt),
        Some(gs1::SEPARATOR | '(') => gs1::Gs1::parse(trimmed).map(Scanned::Gs1),
        _ => parse_text(trimmed),
    }
}

fn parse_text(text: &str) -> Result<Scanned, CodeError> {
    if let Some(number) = number::read(text) {
        return number;
    }
    let compact: String = text.chars().filter(|c| *c != ' ').collect();
    // The same letters may begin a hold vial's code, which is shorter.
    if compact.starts_with("CH") && compact.len() >= isbt::coi::LENGTH {
        return parse_coi(&compact);
    }
    if container::looks_like(text) {
        return parse_container(text);
    }
    if text.starts_with("SEC") {
        return Sec::parse(text).map(Scanned::Sec);
    }
    if has_stray_character(&compact) {
        let reason = "there is one character too many in a label's code";
        return Err(CodeError::malformed("container code", text, reason));
    }
    let number = isbt::read_din(compact.get(..isbt::din::LENGTH).unwrap_or(""));
    match (compact.len().checked_sub(isbt::din::LENGTH), number) {
        (Some(0 | 1), Ok(_)) if gs1::Gs1::of_article(&compact).is_ok() => {
            Err(CodeError::Ambiguous { excerpt: CodeError::excerpt(text) })
        }
        (Some(0), Ok(din)) => Ok(Scanned::Din(din)),
        (Some(1), Ok(_)) => isbt::read_din_checked(text).map(Scanned::Din),
        _ => parse_unmarked(text),
    }
}

/// One stray character in a label's code makes thirteen, of the form of a donation number.
fn has_stray_character(text: &str) -> bool {
    let without = |place: usize| {
        let kept = text.chars().enumerate().filter(|(at, _)| *at != place);
        kept.map(|(_, c)| c).collect::<String>()
    };
    text.len() == isbt::din::LENGTH
        && (0..text.len()).any(|place| LabelCode::parse(&without(place)).is_ok())
}

/// Forms without a mark at their beginning: tried last, accepted only when wholly right.
fn parse_unmarked(text: &str) -> Result<Scanned, CodeError> {
    let length = text.len();
    if (40..=41).contains(&length)
        && let Ok(sec) = Sec::parse(text)
    {
        return Ok(Scanned::Sec(sec));
    }
    if length >= 8 && text.chars().take(2).all(|c| c.is_ascii_digit()) {
        let gs1 = gs1::Gs1::parse(text)?;
        // Without a mark of GS1 only a right check digit tells that this is no other number.
        return if gs1.is_checked() {
            Ok(Scanned::Gs1(gs1))
        } else {
            Err(CodeError::Unmarked { excerpt: CodeError::excerpt(text) })
        };
    }
    Err(CodeError::Unknown { excerpt: CodeError::excerpt(text) })
}

fn from_isbt(mut elements: Vec<isbt::Element>) -> Scanned {
    match elements.pop() {
        // A flag that says something stays: a sample tube's label is not the unit's.
        Some(isbt::Element::Din { din, flag }) if elements.is_empty() && !flag.says_something() => {
            Scanned::Din(din)
        }
        Some(isbt::Element::Sec(sec)) if elements.is_empty() => Scanned::Sec(sec),
        Some(isbt::Element::Coi(id)) if elements.is_empty() => Scanned::Coi(id),
        last => {
            elements.extend(last);
            Scanned::Isbt(elements)
        }
    }
}

fn parse_container(text: &str) -> Result<Scanned, CodeError> {
    let (code, serial) = if text.len() <= 9 {
        (container::read(text)?, None)
    } else {
        let label = LabelCode::parse(text)?;
        (label.container().clone(), Some(label.serial()))
    };
    Ok(match container::kind(&code) {
        Some(ContainerKind::SampleTube) => Scanned::Sample { code, serial },
        _ => Scanned::Container { code, serial },
    })
}

fn parse_coi(compact: &str) -> Result<Scanned, CodeError> {
    if compact.len() > isbt::coi::LENGTH {
        isbt::read_coi_checked(compact).map(Scanned::Coi)
    } else {
        isbt::read_coi(compact).map(Scanned::Coi)
    }
}
