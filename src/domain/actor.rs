//! People as the rules see them: roles, what each may do, and what a signature says.
//!
//! Neighbours: `user` keeps who has which role; `web` asks [`Role::may`] for every route.
//!
//! Architecture invariant: the administrator holds no production, QC, QA or QP capability.

use super::id::{ContentHash, Login};
use super::time::{Instant, Zone};
use serde::{Deserialize, Serialize};

/// The role in which a person acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Performs and verifies production steps, stores and picks.
    Technician,
    /// Receives samples, tests, records and reviews results.
    QcAnalyst,
    /// Quality assurance: eligibility, material release, deviations, batch review, holds.
    Qa,
    /// Qualified Person: certifies batches (Annex 11 §15).
    QualifiedPerson,
    /// Orders for a patient code, receives and administers.
    Clinician,
    /// Keeps users, stations and the site's settings; no GMP right at all.
    Administrator,
    /// Reads everything, changes nothing.
    Inspector,
}

/// Something a person may be entitled to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Capability {
    /// Read production, stock, quality and order data.
    ReadGmp,
    /// Read orders and the products made for them.
    ReadOrders,
    /// Read the audit trail.
    ReadAudit,
    /// Download batch records.
    ExportRecord,
    /// Register donors and donations, enter questionnaires and consents.
    RegisterDonor,
    /// Decide a donor's eligibility; disqualify.
    DecideDonor,
    /// Receive material lots, open them, register equipment use.
    ManageMaterials,
    /// Release or reject material lots; set equipment status.
    ReleaseMaterials,
    /// Define storage locations.
    ManageStorage,
    /// Put, take and move containers.
    HandleContainers,
    /// Print, reprint and scan back labels.
    PrintLabels,
    /// Start batches and perform steps.
    PerformSteps,
    /// Verify steps another person performed.
    VerifySteps,
    /// Record test results and sample receipt.
    RecordResults,
    /// Review test results another analyst recorded.
    ReviewResults,
    /// Open a deviation.
    OpenDeviation,
    /// Decide and close deviations.
    DecideDeviation,
    /// Place things on hold and lift holds.
    DecideDisposition,
    /// Review a batch and its audit trail; sign hold points.
    ReviewBatch,
    /// Certify a batch as Qualified Person.
    CertifyBatch,
    /// Approve master records and protocols.
    ApproveMasterRecords,
    /// Place, confirm and cancel orders.
    PlaceOrders,
    /// Accept, schedule and allocate orders.
    FulfilOrders,
    /// Hand product over and take it back.
    HandOver,
    /// Receive product at the clinic, send it on excursion, administer it.
    ReceiveAndAdminister,
    /// Keep users and roles.
    ManageUsers,
    /// Keep the site's settings and stations.
    ManageSite,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 7] = [
        Self::Technician,
        Self::QcAnalyst,
        Self::Qa,
        Self::QualifiedPerson,
        Self::Clinician,
        Self::Administrator,
        Self::Inspector,
    ];

    /// What a person in this role may do.
    pub fn capabilities(self) -> &'static [Capability] {
        use Capability as C;
        match self {
            Self::Technician => &[
                C::ReadGmp,
                C::ReadOrders,
                C::RegisterDonor,
                C::ManageMaterials,
                C::HandleContainers,
                C::PrintLabels,
                C::PerformSteps,
                C::VerifySteps,
                C::OpenDeviation,
                C::FulfilOrders,
                C::HandOver,
            ],
            Self::QcAnalyst => {
                &[C::ReadGmp, C::RecordResults, C::ReviewResults, C::OpenDeviation, C::PrintLabels]
            }
            Self::Qa => &[
                C::ReadGmp,
                C::ReadOrders,
                C::ReadAudit,
                C::ExportRecord,
                C::DecideDonor,
                C::ReleaseMaterials,
                C::ManageStorage,
                C::OpenDeviation,
                C::DecideDeviation,
                C::DecideDisposition,
                C::ReviewBatch,
                C::ApproveMasterRecords,
                C::FulfilOrders,
            ],
            Self::QualifiedPerson => &[
                C::ReadGmp,
                C::ReadOrders,
                C::ReadAudit,
                C::ExportRecord,
                C::OpenDeviation,
                C::DecideDisposition,
                C::CertifyBatch,
            ],
            Self::Clinician => &[C::ReadOrders, C::PlaceOrders, C::ReceiveAndAdminister],
            Self::Administrator => &[C::ReadAudit, C::ManageUsers, C::ManageSite],
            Self::Inspector => &[C::ReadGmp, C::ReadOrders, C::ReadAudit, C::ExportRecord],
        }
    }

    /// Whether a person in this role may do it.
    pub fn may(self, capability: Capability) -> bool {
        self.capabilities().contains(&capability)
    }

    /// Whether one person may hold both roles (segregation of duties, regulations §4.4 rule 10).
    pub fn compatible_with(self, other: Self) -> bool {
        self == other || (self != Self::Administrator && other != Self::Administrator)
    }

    /// The word on screens and in records.
    pub fn title(self) -> &'static str {
        match self {
            Self::Technician => "Technician",
            Self::QcAnalyst => "QC analyst",
            Self::Qa => "QA",
            Self::QualifiedPerson => "Qualified Person",
            Self::Clinician => "Clinician",
            Self::Administrator => "Administrator",
            Self::Inspector => "Inspector",
        }
    }

    /// The code in tables and on the command line.
    pub fn code(self) -> &'static str {
        match self {
            Self::Technician => "technician",
            Self::QcAnalyst => "qc_analyst",
            Self::Qa => "qa",
            Self::QualifiedPerson => "qualified_person",
            Self::Clinician => "clinician",
            Self::Administrator => "administrator",
            Self::Inspector => "inspector",
        }
    }

    /// The role of a code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.code() == code)
    }
}

/// Who gives a command, in which role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// Sign-in name.
    pub login: Login,
    /// Full name as printed under signatures.
    pub printed_name: String,
    /// The role in use.
    pub role: Role,
}

/// What a signature means (21 CFR 11.50(a)(3); regulations §4.4 rule 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meaning {
    /// I did this as written.
    Performed,
    /// I watched or checked it independently.
    Verified,
    /// I reviewed it.
    Reviewed,
    /// I approve it.
    Approved,
    /// I wrote it.
    Authored,
    /// I certify as Qualified Person.
    Certified,
    /// I reject it.
    Rejected,
    /// I handed it over.
    HandedOver,
    /// I received it.
    Received,
    /// I administered it.
    Administered,
    /// I ordered it.
    Ordered,
    /// I read it and work by it.
    Acknowledged,
    /// I corrected it.
    Corrected,
}

impl Meaning {
    /// All meanings.
    pub const ALL: [Self; 13] = [
        Self::Performed,
        Self::Verified,
        Self::Reviewed,
        Self::Approved,
        Self::Authored,
        Self::Certified,
        Self::Rejected,
        Self::HandedOver,
        Self::Received,
        Self::Administered,
        Self::Ordered,
        Self::Acknowledged,
        Self::Corrected,
    ];

    /// The sentence the signer agrees to, shown before and after signing.
    pub fn words(self) -> &'static str {
        match self {
            Self::Performed => "I performed this and the entries are mine and true.",
            Self::Verified => "I verified this independently by observing or checking it.",
            Self::Reviewed => "I reviewed this and its audit trail.",
            Self::Approved => "I approve this.",
            Self::Authored => "I wrote this.",
            Self::Certified => "I certify this as Qualified Person.",
            Self::Rejected => "I reject this.",
            Self::HandedOver => "I handed this over.",
            Self::Received => "I received this and checked its identity.",
            Self::Administered => "I administered this to the patient of this code.",
            Self::Ordered => "I order this for the patient of this code.",
            Self::Acknowledged => "I read and understood this, and I work by it.",
            Self::Corrected => "I corrected this for the reason stated; the new value is true.",
        }
    }

    /// One word for tables: `performed`, `verified`, …
    pub fn code(self) -> &'static str {
        match self {
            Self::Performed => "performed",
            Self::Verified => "verified",
            Self::Reviewed => "reviewed",
            Self::Approved => "approved",
            Self::Authored => "authored",
            Self::Certified => "certified",
            Self::Rejected => "rejected",
            Self::HandedOver => "handed_over",
            Self::Received => "received",
            Self::Administered => "administered",
            Self::Ordered => "ordered",
            Self::Acknowledged => "acknowledged",
            Self::Corrected => "corrected",
        }
    }
}

/// A signature as a record carries it: who, as whom, meaning what, when, over which content.
///
/// Made by `app::signature` after a full re-authentication; lives inside the signed event, so that
/// it cannot be lifted onto another record (21 CFR 11.70).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// Sign-in name of the signer.
    pub login: Login,
    /// Full name at the time of signing.
    pub printed_name: String,
    /// Role in use.
    pub role: Role,
    /// What the signature means.
    pub meaning: Meaning,
    /// Server time of signing.
    pub at: Instant,
    /// IANA name of the zone it was shown in.
    pub zone: String,
    /// SHA-256 of the canonical content that was shown and signed.
    pub content_hash: ContentHash,
}

impl Signature {
    /// The manifestation on one line: printed name, login, role, meaning, date, time and zone.
    pub fn manifestation(&self) -> String {
        let zone = Zone::parse(&self.zone).unwrap_or(Zone::LJUBLJANA);
        format!(
            "{} ({}, {}) · {} · {}",
            self.printed_name,
            self.login,
            self.role.title(),
            self.meaning.code().replace('_', " "),
            self.at.full_text(zone)
        )
    }
}
