//! Records what is known of a donor: registration, consent, interview, samples, marker reports.
//! A reactive report or a withdrawn consent puts everything of the donor on hold at once, and the
//! answer lists what was held and who was treated (ATMP-26).
//!
//! Neighbours: `domain::donor` decides; [`super::donor_decide`] has what QA signs.
//!
//! Architecture invariant: nothing here loosens a standing.

use serde::{Deserialize, Serialize};

use super::site::rules_at;
use super::{App, Caller};
use crate::db::Db;
use crate::domain::Change;
use crate::domain::actor::Capability;
use crate::domain::disposition::Disposition;
use crate::domain::donor::{
    self, Command, DonationFact, Donor, Facts, GivenAnswer, Matrix, Purpose, Reaction, Relation,
    Scope,
};
use crate::domain::genealogy::{Node, NodeKind};
use crate::domain::id::{DonorCode, Name, PatientCode};
use crate::domain::quantity::Quantity;
use crate::domain::time::Instant;
use crate::site::Site;
use crate::store::{Failure, Tx, donor as table, genealogy};

/// What a hold reached.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookBack {
    /// Whether anything is held now.
    pub held: bool,
    /// Everything that came from the donor, as `kind/id`, all of it held.
    pub descendants: Vec<String>,
    /// The orders among them: patients who were treated, or were to be.
    pub orders: Vec<String>,
}

/// One answer of the questionnaire as given; nothing is a question left open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AnswerGiven {
    /// The question.
    pub question: Name,
    /// Yes, no, or nothing.
    pub yes: Option<bool>,
    /// Particulars of a yes.
    pub detail: String,
}

/// An entry about a donor that needs no signature.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
pub enum DonorEntry {
    /// A consent was given.
    Consent {
        /// What it covers.
        scopes: Vec<Scope>,
        /// Version of the form.
        form_version: String,
        /// Where the signed paper is.
        document: String,
        /// When it was given.
        given_at: Instant,
    },
    /// A consent was withdrawn.
    Withdrawal {
        /// The consent.
        number: u32,
        /// When.
        withdrawn_at: Instant,
        /// What was said.
        because: String,
    },
    /// An interview.
    Questionnaire {
        /// Version of the form.
        form_version: String,
        /// When the interview was.
        interviewed_at: Instant,
        /// The answers as given.
        answers: Vec<AnswerGiven>,
        /// Blood or colloids in the 48 h before sampling.
        blood_or_colloids: Option<bool>,
        /// Crystalloids in the 1 h before sampling.
        crystalloids: Option<bool>,
        /// Dilution by the algorithm, `%`.
        dilution: Option<Quantity>,
        /// Whether the tested sample is from before the infusion.
        earlier_sample: bool,
    },
    /// A blood sample.
    Sample {
        /// What for.
        purpose: Purpose,
        /// When.
        drawn_at: Instant,
        /// Serum or plasma.
        matrix: Matrix,
    },
    /// A marker report of the testing laboratory.
    Marker {
        /// The sample.
        sample: u32,
        /// The marker.
        marker: Name,
        /// What was found.
        reaction: Reaction,
        /// The laboratory.
        laboratory: String,
        /// The method and kit.
        method: String,
        /// The report's number.
        report: String,
        /// When it was reported.
        reported_at: Instant,
    },
    /// The HLA typing of the testing laboratory.
    Typing {
        /// Locus and alleles.
        alleles: Vec<(String, String)>,
        /// The laboratory.
        laboratory: String,
        /// The report's number.
        report: String,
        /// When it was reported.
        reported_at: Instant,
    },
}

/// Registers a donor under the next free code; for `recipient` only, where the donor is a patient
/// in person.
///
/// # Errors
/// What `domain::donor` refuses, or that the database failed.
pub fn donor_register(
    app: &App,
    caller: &Caller,
    tested_person: String,
    relation: Relation,
    recipient: Option<PatientCode>,
) -> Result<DonorCode, Failure> {
    caller.needs(Capability::RegisterDonor)?;
    let site = app.config.site.clone();
    let request = ("donor_register", tested_person.clone(), relation, recipient.clone());
    app.write(caller, &request, move |tx| {
        let code = table::next_code(tx.db())?;
        let donor: Option<Donor> = tx.load(code.as_str())?;
        let rules = rules_at(&site, tx.now())?;
        let taken = match &recipient {
            Some(patient) => table::of_recipient(tx.db(), patient)?,
            None => None,
        };
        let (tested_person, recipient) = (tested_person.clone(), recipient.clone());
        let command = Command::Register { tested_person, relation, recipient, taken };
        let facts = Facts { rules, donation: None, zone: site.zone };
        let changes = donor::decide(donor.as_ref(), &code, &command, &facts, &tx.context())?;
        tx.record(changes)?;
        Ok(code)
    })
}

/// Records an entry about a donor; gives what it put on hold, if it did.
///
/// # Errors
/// What `domain::donor` refuses, or that the database failed.
pub fn donor_record(
    app: &App,
    caller: &Caller,
    code: &DonorCode,
    entry: DonorEntry,
) -> Result<LookBack, Failure> {
    caller.needs(Capability::RegisterDonor)?;
    let site = app.config.site.clone();
    let code = code.clone();
    let request = ("donor_record", code.clone(), entry.clone());
    app.write(caller, &request, move |tx| decide(tx, &code, &command(&entry), &site))
}

/// Decides a command about a donor in a running transaction and records it; gives what it held.
pub(super) fn decide(
    tx: &mut Tx<'_>,
    code: &DonorCode,
    command: &Command,
    site: &Site,
) -> Result<LookBack, Failure> {
    let donor: Option<Donor> = tx.load(code.as_str())?;
    let before = donor.as_ref().map(|donor| donor.standing);
    let donation = donation_of(tx.db(), code)?;
    let at = donation.as_ref().map_or(tx.now(), |donation| donation.donated_at);
    let facts = Facts { rules: rules_at(site, at)?, donation: donation.as_ref(), zone: site.zone };
    let changes = donor::decide(donor.as_ref(), code, command, &facts, &tx.context())?;
    let tightens = changes.iter().any(holds);
    tx.record(changes)?;
    if tightens && before < Some(Disposition::Rejected) {
        return look_back(tx.db(), code);
    }
    Ok(LookBack::default())
}

fn holds(change: &Change) -> bool {
    matches!(
        &change.event,
        crate::domain::Event::Donor(
            donor::Event::Suspended { .. }
                | donor::Event::Disqualified { .. }
                | donor::Event::EligibilityDecided { eligible: false, .. }
        )
    )
}

/// Everything that came from a donor, and the orders among it.
///
/// # Errors
/// When the database fails.
pub fn look_back(db: &mut Db, code: &DonorCode) -> Result<LookBack, Failure> {
    let nodes = genealogy::descendants(db, &Node::donor(code))?;
    let orders = nodes
        .iter()
        .filter(|node| node.kind() == NodeKind::Order)
        .map(|node| node.id().to_owned())
        .collect();
    Ok(LookBack {
        held: true,
        descendants: nodes.iter().map(ToString::to_string).collect(),
        orders,
    })
}

/// The newest donation of a donor, which eligibility is decided for.
///
/// # Errors
/// When the database fails.
pub fn donation_of(db: &mut Db, code: &DonorCode) -> Result<Option<DonationFact>, Failure> {
    Ok(table::donations_of(db, code)?.last().map(table::DonationRow::fact))
}

fn command(entry: &DonorEntry) -> Command {
    match entry.clone() {
        DonorEntry::Consent { scopes, form_version, document, given_at } => {
            Command::GiveConsent { scopes, form_version, document, given_at }
        }
        DonorEntry::Withdrawal { number, withdrawn_at, because } => {
            Command::WithdrawConsent { number, withdrawn_at, because }
        }
        DonorEntry::Questionnaire {
            form_version,
            interviewed_at,
            answers,
            blood_or_colloids,
            crystalloids,
            dilution,
            earlier_sample,
        } => Command::AnswerQuestionnaire {
            form_version,
            interviewed_at,
            answers: answers
                .into_iter()
                .map(|AnswerGiven { question, yes, detail }| GivenAnswer { question, yes, detail })
                .collect(),
            blood_or_colloids,
            crystalloids,
            dilution,
            earlier_sample,
        },
        DonorEntry::Sample { purpose, drawn_at, matrix } => {
            Command::DrawSample { purpose, drawn_at, matrix }
        }
        DonorEntry::Typing { alleles, laboratory, report, reported_at } => {
            Command::ReportTyping { alleles, laboratory, report, reported_at }
        }
        DonorEntry::Marker {
            sample,
            marker,
            reaction,
            laboratory,
            method,
            report,
            reported_at,
        } => Command::ReportMarker {
            sample,
            marker,
            reaction,
            laboratory,
            method,
            report,
            reported_at,
        },
    }
}
