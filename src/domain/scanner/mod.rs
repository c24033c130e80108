//! Scanner of a station: whether what it reads arrives as it stands on the label.
//!
//! A scanner that types like a keyboard can be set to another layout, lose the separator of GS1,
//! follow a locked Caps key, or put something before and behind. Each symbol of the test sheet
//! holds the characters that show it; what arrives is compared, and what is wrong is told in words.
//!
//! Neighbours: `labels` draws the sheet; `printer` does the same for a printer with its own label.
//!
//! Architecture invariant: a scanner is right only while each symbol of the sheet was last read
//! wholly right (21 CFR 11.10(h): the validity of the source of input).

mod diagnose;

pub use diagnose::{Finding, diagnose};

use crate::domain::id::{Login, StationId};
use crate::domain::printer::LAYOUT_TEST;
use crate::domain::time::Instant;
use crate::domain::{Aggregate, Change, Recorded, RefusalKind};
use serde::{Deserialize, Serialize};

/// The separator of GS1, which scanners lose most often.
pub const SEPARATOR: char = '\u{1d}';

/// A symbol of the test sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestSymbol {
    /// Data Matrix, with the separator of GS1 in its text.
    DataMatrix,
    /// QR code.
    Qr,
    /// Code 128.
    Code128,
}

impl TestSymbol {
    /// Every symbol with its code and its word.
    pub const ALL: [(Self, &'static str, &'static str); 3] = [
        (Self::DataMatrix, "data_matrix", "Data Matrix"),
        (Self::Qr, "qr", "QR code"),
        (Self::Code128, "code_128", "Code 128"),
    ];

    /// The code in forms.
    #[must_use]
    pub fn code(self) -> &'static str {
        Self::ALL.iter().find(|(symbol, ..)| *symbol == self).map_or("", |(_, code, _)| code)
    }

    /// The word on screens.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(symbol, ..)| *symbol == self).map_or("", |(.., word)| word)
    }

    /// The symbol of a code.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, _)| *known == code).map(|(symbol, ..)| *symbol)
    }

    /// Its text: which symbol it is, every character that layouts move, both cases, and in the
    /// first the separator of GS1.
    #[must_use]
    pub fn text(self) -> String {
        match self {
            Self::DataMatrix => format!("SCAN1:{LAYOUT_TEST}yz{SEPARATOR}1"),
            Self::Qr => format!("SCAN2:{LAYOUT_TEST}yz"),
            Self::Code128 => format!("SCAN3:{LAYOUT_TEST}yz"),
        }
    }
}

/// An event of a station's scanner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
pub enum Event {
    /// A symbol of the test sheet was scanned.
    Tested {
        /// The symbol.
        symbol: TestSymbol,
        /// What arrived.
        read: String,
        /// What was wrong with it; empty where every character arrived.
        findings: Vec<Finding>,
    },
}

/// How a symbol was read last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tested {
    /// The symbol.
    pub symbol: TestSymbol,
    /// When.
    pub at: Instant,
    /// By whom.
    pub by: Login,
    /// What was wrong; empty where nothing was.
    pub findings: Vec<Finding>,
}

/// The scanner of a station, as its events tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scanner {
    /// The station.
    pub station: StationId,
    /// Number of events so far.
    pub version: u64,
    /// How each symbol was read last.
    pub tested: Vec<Tested>,
}

impl Scanner {
    /// How a symbol was read last.
    #[must_use]
    pub fn last(&self, symbol: TestSymbol) -> Option<&Tested> {
        self.tested.iter().find(|tested| tested.symbol == symbol)
    }

    /// Since when it is right: the time of the oldest of the last readings, where each is right.
    #[must_use]
    pub fn right_since(&self) -> Option<Instant> {
        let last = TestSymbol::ALL.map(|(symbol, ..)| self.last(symbol));
        let right = |tested: Option<&Tested>| {
            tested.filter(|tested| tested.findings.is_empty()).map(|tested| tested.at)
        };
        last.into_iter().map(right).collect::<Option<Vec<_>>>()?.into_iter().min()
    }
}

/// Why a reading was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nothing arrived.
    #[error("nothing arrived. Scan the symbol while the entry is marked")]
    Nothing,
}

impl crate::domain::Refusal for Refusal {
    fn rule(&self) -> &'static str {
        "scanner_test (11.10(h))"
    }

    fn kind(&self) -> RefusalKind {
        RefusalKind::Invalid
    }
}

/// A text with a picture in place of each control character: the ledger holds none.
#[must_use]
pub fn pictured(text: &str) -> String {
    let picture = |c: char| match u32::from(c) {
        code @ 0..=0x1f => char::from_u32(code.saturating_add(0x2400)).unwrap_or('\u{2426}'),
        _ if c.is_control() => '\u{2426}',
        _ => c,
    };
    text.chars().map(picture).collect()
}

/// The longest reading that is kept, in characters.
const READ_MAX: usize = 200;

/// A symbol of the sheet was scanned at a station; what is wrong is found and kept.
///
/// # Errors
/// That nothing arrived.
pub fn test(
    station: &StationId,
    symbol: TestSymbol,
    read: &str,
) -> Result<(Vec<Finding>, Vec<Change>), Refusal> {
    if read.is_empty() {
        return Err(Refusal::Nothing);
    }
    let findings = diagnose(symbol, read);
    let read = pictured(read).chars().take(READ_MAX).collect();
    let event = Event::Tested { symbol, read, findings: findings.clone() };
    Ok((findings, vec![Change::of::<Scanner>(station.as_str(), event)]))
}

impl Aggregate for Scanner {
    type Event = Event;

    const KIND: &'static str = "scanner";

    fn own(event: &crate::domain::Event) -> Option<&Event> {
        Self::own_event(event)
    }

    fn apply(state: Option<Self>, recorded: &Recorded, event: &Event) -> Option<Self> {
        let mut scanner = match state {
            Some(scanner) => scanner,
            None => Self {
                station: StationId::parse(recorded.stream.id()).ok()?,
                version: 0,
                tested: Vec::new(),
            },
        };
        scanner.version = recorded.version;
        let Event::Tested { symbol, findings, .. } = event;
        scanner.tested.retain(|tested| tested.symbol != *symbol);
        scanner.tested.push(Tested {
            symbol: *symbol,
            at: recorded.at,
            by: recorded.actor.clone(),
            findings: findings.clone(),
        });
        Some(scanner)
    }
}
