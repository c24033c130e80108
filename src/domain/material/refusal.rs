//! Why something is refused to the keeper of materials.

use crate::domain::disposition::Disposition;
use crate::domain::time::{Instant, Span, Zone};
use crate::domain::{Refusal as Refuses, RefusalKind};

fn when(at: &Instant) -> String {
    at.full_text(Zone::LJUBLJANA)
}

/// Why a command to a material lot was refused, or why it may not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It was received before.
    #[error("lot {lot} was received before. Check the lot number on the package")]
    AlreadyReceived {
        /// The lot.
        lot: String,
    },
    /// The lot belongs to another material.
    #[error("lot {lot} is not one of material {material}. Write the material code before the '/'")]
    OtherMaterial {
        /// The lot.
        lot: String,
        /// The material of the receipt.
        material: String,
    },
    /// Something that must be said was not.
    #[error("{what} is missing. Enter it")]
    Missing {
        /// What is missing.
        what: &'static str,
    },
    /// It is expired.
    #[error("lot {lot} expired on {} (ATMP-28). Take a lot that is in date", when(at))]
    Expired {
        /// The lot.
        lot: String,
        /// When it expired.
        at: Instant,
    },
    /// The opened package is past its in-use limit.
    #[error(
        "package {package} of lot {lot} was opened on {} and may be used for {}; that ended on {} \
         (ATMP-28). Discard it and open a new one",
        when(opened_at), limit.text(), when(until)
    )]
    InUseLimitPassed {
        /// The lot.
        lot: String,
        /// The package.
        package: u32,
        /// When it was opened.
        opened_at: Instant,
        /// How long it may be used.
        limit: Span,
        /// When that ended.
        until: Instant,
    },
    /// QA has not released it.
    #[error("lot {lot} is {}; only a released lot may be used (ATMP-28). Ask QA", standing.word())]
    NotReleased {
        /// The lot.
        lot: String,
        /// Its disposition.
        standing: Disposition,
    },
    /// Nothing is left.
    #[error("lot {lot} was used up on {}. Take another lot", when(at))]
    UsedUp {
        /// The lot.
        lot: String,
        /// When.
        at: Instant,
    },
    /// All packages were opened.
    #[error("all {packages} packages of lot {lot} were opened. Take another lot")]
    NoPackageLeft {
        /// The lot.
        lot: String,
        /// How many came.
        packages: u32,
    },
    /// No certificate of analysis is on file.
    #[error("lot {lot} has no certificate of analysis on file (ATMP-28). File it before release")]
    CertificateMissing {
        /// The lot.
        lot: String,
    },
    /// No evidence of viral and TSE safety is on file.
    #[error(
        "lot {lot} is of {origin} origin and has no evidence of viral and TSE safety on file \
         (ATMP-28). File it before release"
    )]
    SafetyEvidenceMissing {
        /// The lot.
        lot: String,
        /// Its origin, in words.
        origin: &'static str,
    },
    /// The one who received it would release it.
    #[error("{login} received lot {lot} and cannot decide on it. Another person of QA has to")]
    DeciderIsReceiver {
        /// The lot.
        lot: String,
        /// Who.
        login: String,
    },
    /// It was decided before.
    #[error("lot {lot} is {} already. Leave it so, or decide otherwise", standing.word())]
    AlreadyDecided {
        /// The lot.
        lot: String,
        /// Its disposition.
        standing: Disposition,
    },
}

impl Refuses for Refusal {
    fn rule(&self) -> &'static str {
        match self {
            Self::AlreadyReceived { .. } => "lot_exists",
            Self::OtherMaterial { .. } => "lot_of_other_material",
            Self::Missing { .. } => "entry_missing",
            Self::Expired { .. } => "material_expired ATMP-28",
            Self::InUseLimitPassed { .. } => "in_use_limit_passed ATMP-28",
            Self::NotReleased { .. } => "material_not_released ATMP-28",
            Self::UsedUp { .. } => "material_used_up",
            Self::NoPackageLeft { .. } => "no_package_left",
            Self::CertificateMissing { .. } => "certificate_missing ATMP-28",
            Self::SafetyEvidenceMissing { .. } => "safety_evidence_missing ATMP-28",
            Self::DeciderIsReceiver { .. } => "decider_is_receiver",
            Self::AlreadyDecided { .. } => "already_decided",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::Missing { .. } | Self::OtherMaterial { .. } => RefusalKind::Invalid,
            _ => RefusalKind::Conflict,
        }
    }
}
