//! What is signed in the release of a batch: review, initial and final certification, hold and its
//! lifting; and the acknowledgement of those who had to be told.
//!
//! Neighbours: `domain::release` decides on what [`super::release_facts`] gathers; a rejection is
//! signed in [`super::batch_end`], with what becomes of everything open.
//!
//! Architecture invariant: what is signed is [`ReleaseShown`]; before a certification the ledger is
//! sealed, so that a checkpoint covers everything it rests on.

use serde::Serialize;

use super::label_lost::{Attempt, stop};
use super::release_facts::release_facts;
use super::signature::covers;
use super::{App, Caller, content};
use crate::db::Db;
use crate::domain::actor::{Capability, Meaning, Signature};
use crate::domain::id::{BatchNumber, ContentHash};
use crate::domain::release::{
    self, Assessment, Certificate, Command, Designation, Facts, Release, Stage,
};
use crate::domain::time::{Instant, Span, Zone};
use crate::site::Site;
use crate::store::{Failure, Tx, release as table, user};

/// Particulars of a certificate as they were stated; [`super::certificate`] proposes them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Particulars {
    /// EU CT number and protocol code, where there is a trial.
    pub trial: Option<String>,
    /// Strength.
    pub strength: String,
    /// Pharmaceutical form.
    pub form: String,
    /// Package size.
    pub package: String,
    /// Number of the manufacturing authorisation.
    pub authorisation: String,
    /// Comments.
    pub comments: String,
}

/// Something signed in a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum ReleaseAct {
    /// Sign the review.
    Review {
        /// A remark for every exception, by its key.
        remarks: Vec<(String, String)>,
        /// The conclusion.
        conclusion: String,
    },
    /// Certify while results are pending.
    CertifyInitial {
        /// The particulars of the certificate.
        particulars: Particulars,
    },
    /// Certify on all results.
    CertifyFinal {
        /// The particulars of the certificate.
        particulars: Particulars,
    },
    /// Put it on hold.
    Hold {
        /// Why.
        because: String,
    },
    /// Lift the hold.
    Lift {
        /// Why it may be.
        because: String,
    },
}

impl ReleaseAct {
    /// What the signature must mean.
    pub fn meaning(&self) -> Meaning {
        match self {
            Self::Review { .. } => Meaning::Reviewed,
            Self::CertifyInitial { .. } | Self::CertifyFinal { .. } => Meaning::Certified,
            Self::Hold { .. } | Self::Lift { .. } => Meaning::Approved,
        }
    }

    /// Who may.
    pub fn capability(&self) -> Capability {
        match self {
            Self::Review { .. } => Capability::ReviewBatch,
            Self::CertifyInitial { .. } | Self::CertifyFinal { .. } => Capability::CertifyBatch,
            Self::Hold { .. } | Self::Lift { .. } => Capability::DecideDisposition,
        }
    }

    fn certifies(&self) -> bool {
        matches!(self, Self::CertifyInitial { .. } | Self::CertifyFinal { .. })
    }
}

/// What is shown of a release to the person who signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReleaseShown {
    /// The batch.
    pub batch: BatchNumber,
    /// Its product.
    pub product: String,
    /// The master record and its version.
    pub master_record: String,
    /// Number of events of the release.
    pub version: u64,
    /// How far it has come.
    pub stage: Stage,
    /// Why it is on hold, if it is.
    pub hold: Option<String>,
    /// Everything that stands out, that passed, that is pending.
    pub assessment: Assessment,
}

impl ReleaseShown {
    /// The hash a signature covers.
    ///
    /// # Errors
    /// Never in practice; see [`content::hash`].
    pub fn hash(&self) -> Result<ContentHash, Failure> {
        content::hash(self)
    }
}

/// What is shown of a release before signing, with what it rests on.
///
/// # Errors
/// When the batch does not exist or the database fails.
pub fn release_shown(
    db: &mut Db,
    batch: &BatchNumber,
    now: Instant,
) -> Result<(Facts, Option<Release>, ReleaseShown), Failure> {
    let (facts, release) = release_facts(db, batch)?;
    let under_way = if facts.completed { Stage::PendingReview } else { Stage::InProcess };
    let shown = ReleaseShown {
        batch: batch.clone(),
        product: facts.product.clone(),
        master_record: facts.master_record.clone(),
        version: release.as_ref().map_or(0, |release| release.version),
        stage: release.as_ref().map_or(under_way, |release| release.stage),
        hold: release.as_ref().and_then(|release| release.hold.clone()),
        assessment: release::assess(&facts, now),
    };
    Ok((facts, release, shown))
}

/// Records what was signed in the release of a batch; gives the number of the certificate, if it
/// made one.
///
/// # Errors
/// What `domain::release` refuses, with every item that stands in the way; that the content changed
/// since it was shown; or that the database failed.
pub fn release_sign(
    app: &App,
    caller: &Caller,
    batch: &BatchNumber,
    act: ReleaseAct,
    signature: Signature,
) -> Result<Option<String>, Failure> {
    caller.needs(act.capability())?;
    if act.certifies() {
        app.store.seal_now()?;
    }
    let batch = batch.clone();
    let site = app.config.site.clone();
    let request = ("release_sign", batch.clone(), act.clone());
    let attempt = app.write(caller, &request, move |tx| {
        let now = tx.now();
        let (facts, _, shown) = release_shown(tx.db(), &batch, now)?;
        covers(&signature, &shown.hash()?)?;
        if act.certifies() && facts.labels.open > 0 {
            let why = "labels of the batch do not reconcile (ATMP-18); nothing is certified";
            return stop(tx, &batch, why);
        }
        let release: Option<Release> = tx.load(batch.as_str())?;
        let (command, number) = command(tx, &act, &signature, &facts, &site)?;
        let context = tx.context();
        tx.record(release::decide(release.as_ref(), &command, &facts, &context)?)?;
        Ok(Attempt::Done(number))
    })?;
    attempt.done()
}

/// Records that somebody who had to be told of a late failure acknowledged it.
///
/// # Errors
/// When nobody of this name has to be told, or the database failed.
pub fn release_acknowledge(
    app: &App,
    caller: &Caller,
    batch: &BatchNumber,
    who: String,
    how: String,
) -> Result<(), Failure> {
    caller.needs(Capability::DecideDisposition)?;
    let batch = batch.clone();
    let request = ("release_acknowledge", batch.clone(), who.clone(), how.clone());
    app.write(caller, &request, move |tx| {
        let (facts, _) = release_facts(tx.db(), &batch)?;
        let release: Option<Release> = tx.load(batch.as_str())?;
        let command = Command::Acknowledge { who: who.clone(), how: how.clone() };
        let context = tx.context();
        tx.record(release::decide(release.as_ref(), &command, &facts, &context)?)
    })
}

fn command(
    tx: &mut Tx<'_>,
    act: &ReleaseAct,
    signature: &Signature,
    facts: &Facts,
    site: &Site,
) -> Result<(Command, Option<String>), Failure> {
    let signature = signature.clone();
    Ok(match act.clone() {
        ReleaseAct::Review { remarks, conclusion } => {
            (Command::Review { remarks, conclusion, signature }, None)
        }
        ReleaseAct::CertifyInitial { particulars } => {
            let certificate = certificate(tx, particulars, facts, (site, true))?;
            let designation = designation(tx.db(), signature.login.as_str(), site.zone)?;
            let number = Some(certificate.number.clone());
            (Command::CertifyInitial { certificate, designation, signature }, number)
        }
        ReleaseAct::CertifyFinal { particulars } => {
            let certificate = certificate(tx, particulars, facts, (site, false))?;
            let designation = designation(tx.db(), signature.login.as_str(), site.zone)?;
            let number = Some(certificate.number.clone());
            (Command::CertifyFinal { certificate, designation, signature }, number)
        }
        ReleaseAct::Hold { because } => (Command::PutOnHold { because, signature }, None),
        ReleaseAct::Lift { because } => (Command::LiftHold { because, signature }, None),
    })
}

/// The statement over a certificate (ATMP-32, ATMP-34).
pub fn statement(initial: bool) -> &'static str {
    if initial {
        "I certify that this batch was manufactured and checked in accordance with good \
         manufacturing practice and the approved specification as far as results are available, \
         in accordance with Article 62(1) of Regulation (EU) No 536/2014. The results named as \
         pending were negative to date; final certification follows when they are final."
    } else {
        "I certify that this batch was manufactured and checked in accordance with good \
         manufacturing practice and complies with its specification, in accordance with Article \
         62(1) of Regulation (EU) No 536/2014. All results are final."
    }
}

fn certificate(
    tx: &mut Tx<'_>,
    particulars: Particulars,
    facts: &Facts,
    (site, initial): (&Site, bool),
) -> Result<Certificate, Failure> {
    let now = tx.now();
    Ok(Certificate {
        number: table::next_certificate(tx.db(), now)?,
        product: facts.product.clone(),
        master_record: facts.master_record.clone(),
        trial: particulars.trial,
        strength: particulars.strength,
        form: particulars.form,
        package: particulars.package,
        expires_at: facts.expires_at,
        manufacturer: site.on_one_line(),
        authorisation: particulars.authorisation,
        results: facts
            .tests
            .iter()
            .filter(|test| test.on_certificate && !test.result.is_empty())
            .map(|test| format!("{}: {}", test.title, test.result.join("; ")))
            .collect(),
        pending: Vec::new(),
        deviations: facts.deviations.iter().map(|deviation| deviation.number.clone()).collect(),
        comments: particulars.comments,
        statement: statement(initial).to_owned(),
    })
}

/// A person's designation as Qualified Person: whole days in the site's zone, both included.
fn designation(db: &mut Db, login: &str, zone: Zone) -> Result<Option<Designation>, Failure> {
    let Some((from, until, _)) = user::find(db, login)?.and_then(|person| person.designation)
    else {
        return Ok(None);
    };
    let begin = |day: &str| {
        Instant::parse_local(&format!("{day} 00:00"), zone)
            .map_err(|error| Failure::Broken(error.to_string()))
    };
    let until = until.as_deref().map(begin).transpose()?;
    Ok(Some(Designation {
        from: begin(&from)?,
        until: until.map(|day| day.plus(Span::of_days(1))),
    }))
}
