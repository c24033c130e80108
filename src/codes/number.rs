//! Our own running numbers as they are written and scanned: `ORD-2026-0001`, `B-2026-0001`,
//! `DEV-2026-0001`, `DNR-0001`, `EQ-INC-01`; `LOC:` before a storage path, `LOT:` before a lot,
//! `USER:` before a sign-in name.
//!
//! Architecture invariant: a number is read here by its form only, which `domain::id` defines;
//! whether it exists is the database's to say.

use super::{CodeError, Scanned};
use crate::domain::id::{
    AssetId, BatchNumber, DeviationNumber, DonorCode, IdError, LocationPath, Login, LotId,
    OrderNumber,
};

/// Reads one of our numbers, upper or lower case. `None` when `text` begins like none of them; an
/// error when it does and is not one.
pub(crate) fn read(text: &str) -> Option<Result<Scanned, CodeError>> {
    let upper = text.to_ascii_uppercase();
    let (mark, rest) = upper.split_once(['-', ':'])?;
    let scanned = match (mark, upper.get(..=mark.len())?) {
        (_, "ORD-") => OrderNumber::parse(&upper).map(Scanned::Order),
        (_, "B-") => BatchNumber::parse(&upper).map(Scanned::Batch),
        (_, "DEV-") => DeviationNumber::parse(&upper).map(Scanned::Deviation),
        (_, "DNR-") => DonorCode::parse(&upper).map(Scanned::Donor),
        (_, "EQ-") => AssetId::parse(&upper).map(Scanned::Equipment),
        (_, "LOC:") => LocationPath::parse(rest).map(Scanned::Location),
        (_, "LOT:") => LotId::parse(rest).map(Scanned::Lot),
        // Names have small letters only, so that a locked Caps key changes nobody.
        (_, "USER:") => Login::parse(&rest.to_ascii_lowercase()).map(Scanned::Person),
        _ => return None,
    };
    Some(scanned.map_err(|error: IdError| {
        CodeError::malformed(error.kind, text, format!("expected {}", error.expected))
    }))
}
