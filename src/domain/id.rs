//! Identities: one type per meaning, none of which can hold a text of the wrong shape.
//!
//! Neighbours: `codes` parses what scanners read into these.
//!
//! Architecture invariant: no identity is made here; numbers are allocated by `store` in the
//! transaction that uses them, codes arrive as arguments.

use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

/// Why a text is not an identity of its kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is not a {kind}; expected {expected}")]
pub struct IdError {
    /// What was given, cut to 60 characters.
    pub text: String,
    /// What it should be, in words.
    pub kind: &'static str,
    /// The expected shape, in words.
    pub expected: &'static str,
}

macro_rules! identity {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $expected:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The identity of a text of the right shape.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(IdError {
                        text: text.chars().take(60).collect(),
                        kind: $kind,
                        expected: $expected,
                    })
                }
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}

fn made_of(text: &str, length: std::ops::RangeInclusive<usize>, allowed: fn(char) -> bool) -> bool {
    length.contains(&text.len()) && text.chars().all(allowed)
}

fn code_char(c: char) -> bool {
    c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-'
}

fn numbered(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).and_then(|rest| rest.split_once('-')).is_some_and(|(year, number)| {
        made_of(year, 4..=4, |c| c.is_ascii_digit())
            && made_of(number, 4..=6, |c| c.is_ascii_digit())
    })
}

identity!(
    /// Sign-in name of a person; never reused (21 CFR 11.100(a)).
    Login, "sign-in name", "2 to 32 lower-case letters, digits, points or hyphens",
    |text| made_of(text, 2..=32, |c| {
        c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.' || c == '-'
    })
);
identity!(
    /// A workstation or other enrolled source of commands (11.10(h) device checks).
    StationId, "station", "1 to 32 letters, digits or hyphens",
    |text| made_of(text, 1..=32, |c| c.is_ascii_alphanumeric() || c == '-')
);
identity!(
    /// Pseudonymous donor code, such as `DNR-0001`.
    DonorCode, "donor code", "'DNR-' and 4 to 6 digits",
    |text| text.strip_prefix("DNR-").is_some_and(|n| made_of(n, 4..=6, |c| c.is_ascii_digit()))
);
identity!(
    /// Donation Identification Number, 13 characters: facility (5), year (2), sequence (6).
    Din, "donation identification number", "13 characters such as A999926000001",
    |text| {
        let bytes = text.as_bytes();
        let upper = |c: &u8| c.is_ascii_uppercase() && *c != b'O';
        bytes.len() == 13
            && bytes.first().is_some_and(|c| upper(c) || (c.is_ascii_digit() && *c != b'0'))
            && bytes.get(1..3).is_some_and(|two| two.iter().all(|c| upper(c) || c.is_ascii_digit()))
            && bytes.get(3..).is_some_and(|rest| rest.iter().all(u8::is_ascii_digit))
    }
);
impl Din {
    /// True for A9990–A9999: facility numbers set aside for validation, demos and tests.
    #[must_use]
    pub fn is_validation(&self) -> bool {
        self.as_str().starts_with("A999")
    }
}
identity!(
    /// Donation identification sequence of the Single European Code, 21 characters: country and
    /// number of the tissue establishment, donation number (Directive 2006/86/EC Annex VII).
    DonationSequenceId, "donation identification sequence",
    "two letters of a country and 19 capitals or digits",
    |text| made_of(text, 21..=21, |c| c.is_ascii_uppercase() || c.is_ascii_digit())
        && text.chars().take(2).all(|c| c.is_ascii_uppercase())
);
identity!(
    /// Number of a batch, such as `B-2026-0001`; never the DIN.
    BatchNumber, "batch number", "'B-', a year, '-' and 4 to 6 digits",
    |text| numbered(text, "B-")
);
identity!(
    /// Number of a clinician's order, such as `ORD-2026-0001`.
    OrderNumber, "order number", "'ORD-', a year, '-' and 4 to 6 digits",
    |text| numbered(text, "ORD-")
);
identity!(
    /// Number of a deviation, such as `DEV-2026-0001`.
    DeviationNumber, "deviation number", "'DEV-', a year, '-' and 4 to 6 digits",
    |text| numbered(text, "DEV-")
);
identity!(
    /// Number of a print job, such as `PJ-2026-0001`.
    PrintJobNumber, "print job", "'PJ-', a year, '-' and 4 to 6 digits",
    |text| numbered(text, "PJ-")
);
identity!(
    /// Code of a container, as `codes` makes and checks it.
    ContainerCode, "container code", "6 to 16 digits and capitals",
    |text| made_of(text, 6..=16, |c| c.is_ascii_uppercase() || c.is_ascii_digit())
);
identity!(
    /// The trial's code of a patient, such as `XER-03`; never a name.
    PatientCode, "patient code", "2 to 20 capitals, digits or hyphens",
    |text| made_of(text, 2..=20, code_char)
);
identity!(
    /// Chain of Identity identifier, data content of ISBT 128 structure 040 (`CH` and 13 more).
    CoiId, "chain-of-identity id", "'CH' and 13 capitals or digits",
    |text| text.starts_with("CH")
        && made_of(text, 15..=15, |c| c.is_ascii_uppercase() || c.is_ascii_digit())
);
identity!(
    /// Identity of a kind of material: a medium, a reagent, a starting material, a product.
    MaterialCode, "material code", "2 to 32 capitals, digits or hyphens",
    |text| made_of(text, 2..=32, code_char)
);
identity!(
    /// Identity of a received lot: material code, `/`, supplier's lot number.
    LotId, "material lot", "a material code, '/', and the supplier's lot number",
    |text| text.split_once('/').is_some_and(|(material, lot)| {
        MaterialCode::parse(material).is_ok() && made_of(lot, 1..=32, code_char)
    })
);
identity!(
    /// Asset number of a piece of equipment, such as `EQ-INC-01`.
    AssetId, "asset number", "'EQ-' and 2 to 20 capitals, digits or hyphens",
    |text| text.strip_prefix("EQ-").is_some_and(|rest| made_of(rest, 2..=20, code_char))
);
identity!(
    /// Path of a storage location: `ROOM/TANK/RACK/BOX`, and `…/POSITION` within a box (`A3`).
    LocationPath, "storage location",
    "1 to 6 parts of capitals, digits or hyphens, with '/' between",
    |text| {
        let parts: Vec<&str> = text.split('/').collect();
        (1..=6).contains(&parts.len()) && parts.iter().all(|part| made_of(part, 1..=16, code_char))
    }
);
identity!(
    /// Identity of a master batch record, such as `EQ-MSC-DOSE`.
    MasterRecordId, "master record id", "2 to 40 capitals, digits or hyphens",
    |text| made_of(text, 2..=40, code_char)
);
identity!(
    /// Identity of a step, field, timer, test, input or output inside a master record.
    Name, "name", "1 to 48 lower-case letters, digits or underscores, starting with a letter",
    |text| text.starts_with(|c: char| c.is_ascii_lowercase())
        && made_of(text, 1..=48, |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
);
identity!(
    /// SHA-256 of canonical content, 64 hexadecimal digits: what a signature covers.
    ContentHash, "content hash", "64 hexadecimal digits",
    |text| made_of(text, 64..=64, |c| c.is_ascii_digit() || ('a'..='f').contains(&c))
);

impl ContentHash {
    /// The short code a person can compare: the first eight digits in two groups.
    pub fn short(&self) -> String {
        let mut digits = self.0.chars();
        let first: String = digits.by_ref().take(4).collect();
        let second: String = digits.take(4).collect();
        format!("{first} {second}")
    }
}

/// The name of a stream of events: the aggregate's kind and its identity.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StreamId(String);

impl StreamId {
    /// The stream of an aggregate.
    pub fn new(kind: &str, id: &str) -> Self {
        Self(format!("{kind}/{id}"))
    }

    /// A stream name read back from the ledger.
    pub fn from_stored(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The text, `kind/id`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The aggregate's kind.
    pub fn kind(&self) -> &str {
        self.0.split_once('/').map_or("", |(kind, _)| kind)
    }

    /// The aggregate's identity.
    pub fn id(&self) -> &str {
        self.0.split_once('/').map_or("", |(_, id)| id)
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
