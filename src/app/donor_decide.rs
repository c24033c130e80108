//! What QA signs about a donor: risk assessment, medical evaluation, eligibility, disqualification.
//!
//! Neighbours: `domain::donor` decides; [`super::donor_record`] has the entries that need no
//! signature.
//!
//! Architecture invariant: what is signed is [`DonorShown`], computed here for page and use case.

use serde::Serialize;

use super::content;
use super::donor_record::{self, LookBack};
use super::signature::covers;
use super::site::rules_at;
use super::{App, Caller};
use crate::db::Db;
use crate::domain::actor::{Capability, Meaning, Signature};
use crate::domain::disposition::Disposition;
use crate::domain::donor::{self, Cause, Command, Donor, Verdict};
use crate::domain::id::{ContentHash, DonorCode, Name};
use crate::domain::time::Instant;
use crate::site::Site;
use crate::store::{Failure, ledger};

/// Something about a donor that QA signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum DonorAct {
    /// Assess the risk of a reactive marker or a positive answer.
    AssessRisk {
        /// The marker or question.
        about: Name,
        /// Whether acceptable.
        acceptable: bool,
        /// The reasoning.
        reasoning: String,
    },
    /// Sign the medical evaluation.
    Evaluate {
        /// Whether acceptable.
        acceptable: bool,
        /// Remark.
        remark: String,
    },
    /// Name a validated inactivation step.
    Inactivation {
        /// The validation document.
        reference: String,
    },
    /// Decide on eligibility.
    Eligibility {
        /// Whether eligible.
        eligible: bool,
        /// Remark.
        remark: String,
    },
    /// Hold or reject after the fact.
    Disqualify {
        /// What came up.
        cause: Cause,
        /// On hold or rejected.
        to: Disposition,
        /// Why.
        because: String,
    },
}

impl DonorAct {
    /// What the signature must mean.
    pub fn meaning(&self) -> Meaning {
        match self {
            Self::AssessRisk { .. } | Self::Evaluate { .. } => Meaning::Reviewed,
            Self::Inactivation { .. } | Self::Eligibility { eligible: true, .. } => {
                Meaning::Approved
            }
            Self::Eligibility { eligible: false, .. } | Self::Disqualify { .. } => {
                Meaning::Rejected
            }
        }
    }
}

/// What is shown to the person who signs: everything known of the donor, by its version, and the
/// verdict of the rules on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DonorShown {
    /// The donor.
    pub donor: DonorCode,
    /// Number of events about the donor.
    pub version: u64,
    /// Its standing.
    pub standing: Disposition,
    /// The verdict of the rules in force, where there is a donation.
    pub verdict: Option<Verdict>,
}

impl DonorShown {
    /// The hash a signature covers.
    ///
    /// # Errors
    /// Never in practice; see [`content::hash`].
    pub fn hash(&self) -> Result<ContentHash, Failure> {
        content::hash(self)
    }
}

/// What is shown of a donor before signing.
///
/// # Errors
/// When the donor does not exist, no rules are in force, or the database fails.
pub fn donor_shown(
    db: &mut Db,
    code: &DonorCode,
    now: Instant,
    site: &Site,
) -> Result<(Donor, DonorShown), Failure> {
    let donor: Donor = ledger::load(db, code.as_str())?
        .ok_or_else(|| Failure::not_found(format!("There is no donor {code}. Check the code.")))?;
    let donation = donor_record::donation_of(db, code)?;
    let rules = rules_at(site, donation.as_ref().map_or(now, |donation| donation.donated_at))?;
    let verdict = donation.map(|donation| donor::judge(&donor, &donation, rules, site.zone));
    let shown = DonorShown {
        donor: code.clone(),
        version: donor.version,
        standing: donor.standing,
        verdict,
    };
    Ok((donor, shown))
}

/// Records what QA signed about a donor; gives what it put on hold, if it did.
///
/// # Errors
/// What `domain::donor` refuses; that the content changed since it was shown; or that the database
/// failed.
pub fn donor_decide(
    app: &App,
    caller: &Caller,
    code: &DonorCode,
    act: DonorAct,
    signature: Signature,
) -> Result<LookBack, Failure> {
    caller.needs(Capability::DecideDonor)?;
    let site = app.config.site.clone();
    let code = code.clone();
    let request = ("donor_decide", code.clone(), act.clone());
    app.write(caller, &request, move |tx| {
        let now = tx.now();
        let (_, shown) = donor_shown(tx.db(), &code, now, &site)?;
        covers(&signature, &shown.hash()?)?;
        donor_record::decide(tx, &code, &command(&act, &signature), &site)
    })
}

fn command(act: &DonorAct, signature: &Signature) -> Command {
    let signature = signature.clone();
    match act.clone() {
        DonorAct::AssessRisk { about, acceptable, reasoning } => {
            Command::AssessRisk { about, acceptable, reasoning, signature }
        }
        DonorAct::Evaluate { acceptable, remark } => {
            Command::Evaluate { acceptable, remark, signature }
        }
        DonorAct::Inactivation { reference } => {
            Command::RecordInactivation { reference, signature }
        }
        DonorAct::Eligibility { eligible, remark } => {
            Command::DecideEligibility { eligible, remark, signature }
        }
        DonorAct::Disqualify { cause, to, because } => {
            Command::Disqualify { cause, to, because, signature }
        }
    }
}
