//! The rules of release: review before certification, two steps, three people, nothing open.

use super::assess::{Assessment, Exception, assess};
use super::command::{Command, Failing};
use super::event::{Certificate, Event, Reviewed};
use super::facts::{Designation, Facts};
use super::refusal::Refusal;
use super::state::{Release, Stage};
use crate::domain::actor::{Meaning, Role, Signature};
use crate::domain::id::BatchNumber;
use crate::domain::{Change, Context};

/// Decides a command about the release of a batch.
///
/// # Errors
/// A [`Refusal`] that names the rule, and every item that stands in the way.
pub fn decide(
    release: Option<&Release>,
    command: &Command,
    facts: &Facts,
    context: &Context,
) -> Result<Vec<Change>, Refusal> {
    let stage = release.map_or(Stage::PendingReview, |release| release.stage);
    let hold = release.and_then(|release| release.hold.clone());
    let event = match command {
        Command::Review { remarks, conclusion, signature } => {
            let assessment = assess(facts, context.now);
            review(stage, facts, assessment, remarks, conclusion, signature)?
        }
        Command::CertifyInitial { certificate, designation, signature } => {
            if stage != Stage::PendingReview {
                return Err(Refusal::WrongStage(stage));
            }
            let assessment = assess(facts, context.now);
            may_certify(release, hold, facts, (designation.as_ref(), signature), context)?;
            reviewed(release, &assessment)?;
            unblocked(assessment.blocking_initial())?;
            if assessment.pending.is_empty() {
                return Err(Refusal::NothingPending);
            }
            let certificate = particulars(certificate, &assessment)?;
            Event::CertifiedInitial { certificate, signature: signature.clone() }
        }
        Command::CertifyFinal { certificate, designation, signature } => {
            if !matches!(stage, Stage::PendingReview | Stage::CertifiedInitial) {
                return Err(Refusal::WrongStage(stage));
            }
            let assessment = assess(facts, context.now);
            may_certify(release, hold, facts, (designation.as_ref(), signature), context)?;
            reviewed(release, &assessment)?;
            unblocked(assessment.blocking_final())?;
            let certificate = particulars(certificate, &assessment)?;
            Event::CertifiedFinal { certificate, signature: signature.clone() }
        }
        Command::Reject { because, signature } => {
            if stage == Stage::Rejected {
                return Err(Refusal::WrongStage(stage));
            }
            means(signature, Meaning::Rejected)?;
            Event::Rejected { because: filled(because, "why")?, signature: signature.clone() }
        }
        Command::PutOnHold { because, signature } => {
            if stage == Stage::Rejected {
                return Err(Refusal::WrongStage(stage));
            }
            if let Some(hold) = hold {
                return Err(Refusal::OnHoldBefore(hold));
            }
            means(signature, Meaning::Approved)?;
            Event::PutOnHold { because: filled(because, "why")?, signature: signature.clone() }
        }
        Command::LiftHold { because, signature } => {
            if hold.is_none() {
                return Err(Refusal::NotOnHold);
            }
            means(signature, Meaning::Approved)?;
            let because = filled(because, "why the hold may be lifted")?;
            Event::HoldLifted { because, signature: signature.clone() }
        }
        Command::Acknowledge { who, how } => acknowledge(release, who, how, context)?,
    };
    Ok(vec![change(&facts.batch, event)])
}

/// What follows for the release when a final result is out of specification: nothing before
/// certification, a late failure with those who must be told after it (ATMP-34 (d)).
pub fn late_failure(
    release: Option<&Release>,
    batch: &BatchNumber,
    failing: &Failing,
) -> Vec<Change> {
    let certified = release.is_some_and(|release| !release.certifications.is_empty());
    let rejected = release.is_some_and(|release| release.stage == Stage::Rejected);
    if !certified || rejected {
        return Vec::new();
    }
    let event = Event::OutOfSpecificationAfterRelease {
        test: failing.test.clone(),
        result: failing.result.clone(),
        deviation: failing.deviation.clone(),
        recipients: failing.recipients.clone(),
    };
    vec![change(batch, event)]
}

fn change(batch: &BatchNumber, event: Event) -> Change {
    Change::of::<Release>(batch.as_str(), event)
}

fn review(
    stage: Stage,
    facts: &Facts,
    assessment: Assessment,
    remarks: &[(String, String)],
    conclusion: &str,
    signature: &Signature,
) -> Result<Event, Refusal> {
    if !matches!(stage, Stage::PendingReview | Stage::CertifiedInitial) {
        return Err(Refusal::WrongStage(stage));
    }
    if !facts.completed {
        return Err(Refusal::NotCompleted);
    }
    // What was never there is reviewed as an exception; what was corrected is seen twice first.
    let waiting = facts.missing.iter().filter(|missing| missing.corrected);
    let waiting: Vec<String> = waiting.map(|missing| missing.what.clone()).collect();
    if !waiting.is_empty() {
        return Err(Refusal::Incomplete(waiting));
    }
    means(signature, Meaning::Reviewed)?;
    if facts.performers.contains(&signature.login) {
        return Err(Refusal::ReviewerIsPerformer(signature.login.clone()));
    }
    let known = |key: &str| assessment.exceptions.iter().any(|exception| exception.key == key);
    if let Some((key, _)) = remarks.iter().find(|(key, _)| !known(key)) {
        return Err(Refusal::UnknownException(key.clone()));
    }
    let remark = |exception: &Exception| {
        remarks
            .iter()
            .find(|(key, _)| *key == exception.key)
            .map(|(_, text)| text.trim().to_owned())
            .filter(|text| !text.is_empty())
    };
    let silent: Vec<String> = assessment
        .exceptions
        .iter()
        .filter(|exception| remark(exception).is_none())
        .map(|exception| exception.title.clone())
        .collect();
    if !silent.is_empty() {
        return Err(Refusal::Unremarked(silent));
    }
    let conclusion = filled(conclusion, "the conclusion of the review")?;
    let exceptions = assessment
        .exceptions
        .iter()
        .map(|exception| Reviewed {
            exception: exception.clone(),
            remark: remark(exception).unwrap_or_default(),
        })
        .collect();
    Ok(Event::ReviewSigned {
        exceptions,
        passed: assessment.passed,
        trail_entries: facts.trail_entries,
        performers: facts.performers.iter().cloned().collect(),
        conclusion,
        signature: signature.clone(),
    })
}

fn may_certify(
    release: Option<&Release>,
    hold: Option<String>,
    facts: &Facts,
    (designation, signature): (Option<&Designation>, &Signature),
    context: &Context,
) -> Result<(), Refusal> {
    if let Some(hold) = hold {
        return Err(Refusal::OnHold(hold));
    }
    means(signature, Meaning::Certified)?;
    let login = &signature.login;
    let current = designation.is_some_and(|designation| designation.is_current(context.now));
    if signature.role != Role::QualifiedPerson || !current {
        return Err(Refusal::NotQualified(login.clone()));
    }
    let tested = facts.tests.iter().any(|test| test.analysts.contains(login));
    if facts.performers.contains(login) || tested {
        return Err(Refusal::CertifierIsPerformer(login.clone()));
    }
    if release.and_then(Release::review).is_none() {
        return Err(Refusal::NotReviewed);
    }
    Ok(())
}

/// Everything that stands out now must have stood out when QA reviewed. What a review saw as
/// blocking may be gone; nothing may have come.
fn reviewed(release: Option<&Release>, assessment: &Assessment) -> Result<(), Refusal> {
    let new = new_since_review(release, assessment);
    if new.is_empty() { Ok(()) } else { Err(Refusal::NewSinceReview(new)) }
}

/// What stands out now and was not there when QA reviewed last: a reason to review once more.
pub fn new_since_review(release: Option<&Release>, assessment: &Assessment) -> Vec<String> {
    let seen = |exception: &Exception| {
        release.and_then(Release::review).is_some_and(|review| {
            review.exceptions.iter().any(|reviewed| reviewed.exception.key == exception.key)
        })
    };
    assessment
        .exceptions
        .iter()
        .filter(|exception| exception.blocks == super::assess::Blocks::Nothing && !seen(exception))
        .map(|exception| exception.title.clone())
        .collect()
}

fn unblocked<'a>(blocking: impl Iterator<Item = &'a Exception>) -> Result<(), Refusal> {
    let items: Vec<String> = blocking
        .map(|exception| format!("{} ({}) {}", exception.title, exception.rule, exception.remedy))
        .collect();
    if items.is_empty() { Ok(()) } else { Err(Refusal::Blocked(items)) }
}

/// The certificate must say what it has to (ATMP-32), and name exactly what is pending.
fn particulars(certificate: &Certificate, assessment: &Assessment) -> Result<Certificate, Refusal> {
    let needed = [
        (&certificate.number, "the number of the certificate"),
        (&certificate.product, "the product"),
        (&certificate.strength, "the strength"),
        (&certificate.form, "the pharmaceutical form"),
        (&certificate.package, "the package size"),
        (&certificate.manufacturer, "the manufacturer"),
        (&certificate.authorisation, "the number of the manufacturing authorisation"),
        (&certificate.statement, "the certification statement"),
    ];
    for (text, what) in needed {
        filled(text, what)?;
    }
    Ok(Certificate { pending: assessment.pending.clone(), ..certificate.clone() })
}

fn acknowledge(
    release: Option<&Release>,
    who: &str,
    how: &str,
    context: &Context,
) -> Result<Event, Refusal> {
    let awaited = release.is_some_and(|release| {
        release
            .late_failures
            .iter()
            .flat_map(|failure| &failure.recipients)
            .any(|(told, acknowledged)| told.who == who && acknowledged.is_none())
    });
    if !awaited {
        return Err(Refusal::NotARecipient(who.to_owned()));
    }
    Ok(Event::NotificationAcknowledged {
        who: who.to_owned(),
        by: context.actor.login.clone(),
        how: filled(how, "how it was told and answered")?,
    })
}

fn filled(text: &str, what: &'static str) -> Result<String, Refusal> {
    match text.trim() {
        "" => Err(Refusal::Missing(what)),
        text => Ok(text.to_owned()),
    }
}

fn means(signature: &Signature, needed: Meaning) -> Result<(), Refusal> {
    if signature.meaning == needed { Ok(()) } else { Err(Refusal::WrongMeaning(needed.words())) }
}
