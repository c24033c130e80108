//! What is known of a material lot.

use crate::domain::actor::Signature;
use crate::domain::disposition::Disposition;
use crate::domain::id::{Login, LotId, MaterialCode};
use crate::domain::quantity::Quantity;
use crate::domain::time::{Instant, Span};
use serde::{Deserialize, Serialize};

/// Where a material comes from, as far as it matters for viral and TSE safety (ATMP-28).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Neither of human nor of animal origin.
    Synthetic,
    /// Of human origin, such as albumin or platelet lysate.
    Human,
    /// Of animal origin, such as trypsin or bovine serum.
    Animal,
}

impl Origin {
    /// Every origin with its code and its words.
    pub const ALL: [(Self, &'static str, &'static str); 3] = [
        (Self::Synthetic, "synthetic", "neither human nor animal"),
        (Self::Human, "human", "human"),
        (Self::Animal, "animal", "animal"),
    ];

    /// The code in tables and forms.
    pub fn code(self) -> &'static str {
        Self::ALL.iter().find(|(origin, ..)| *origin == self).map_or("", |(_, code, _)| code)
    }

    /// The words on screens.
    pub fn words(self) -> &'static str {
        Self::ALL.iter().find(|(origin, ..)| *origin == self).map_or("", |(.., words)| words)
    }

    /// The origin of a code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, _)| *known == code).map(|(origin, ..)| *origin)
    }
}

/// What came with the supplier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The material.
    pub material: MaterialCode,
    /// Its name, as people call it.
    pub title: String,
    /// The supplier.
    pub supplier: String,
    /// How many packages came.
    pub packages: u32,
    /// What one package holds.
    pub package_size: Quantity,
    /// When the lot expires.
    pub expires_at: Instant,
    /// How long an opened package may be used, where that is limited.
    pub in_use_limit: Option<Span>,
    /// Where the material comes from.
    pub origin: Origin,
    /// Reference of the certificate of analysis, if it came along.
    pub certificate: Option<String>,
    /// Reference of the evidence of viral and TSE safety, for human and animal origin.
    pub safety_evidence: Option<String>,
    /// How it is kept, in words, such as `2 to 8 °C`.
    pub storage: String,
}

/// A package in use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenPackage {
    /// Its number among the packages of the lot, from 1.
    pub package: u32,
    /// When it was opened.
    pub at: Instant,
    /// By whom.
    pub by: Login,
}

/// A material lot, as its events tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaterialLot {
    /// Material code, `/`, supplier's lot number.
    pub id: LotId,
    /// Number of events so far.
    pub version: u64,
    /// What came.
    pub receipt: Receipt,
    /// When it came.
    pub received_at: Instant,
    /// Who received it.
    pub received_by: Login,
    /// Quarantine until QA decides; then released or rejected.
    pub disposition: Disposition,
    /// The signature of that decision.
    pub decision: Option<Signature>,
    /// Why it was decided so.
    pub because: Option<String>,
    /// The package in use.
    pub open: Option<OpenPackage>,
    /// When it was used up.
    pub used_up_at: Option<Instant>,
}

impl MaterialLot {
    /// Until when the opened package may be used: its in-use limit, never past the lot's expiry.
    pub fn open_until(&self) -> Option<Instant> {
        let (open, limit) = (self.open.as_ref()?, self.receipt.in_use_limit?);
        Some(open.at.plus(limit).min(self.receipt.expires_at))
    }

    /// How many packages were not opened yet.
    pub fn packages_left(&self) -> u32 {
        let opened = self.open.as_ref().map_or(0, |open| open.package);
        self.receipt.packages.saturating_sub(opened)
    }
}
