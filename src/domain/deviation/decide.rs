//! The rules of deviations: who may decide, what a decision must say, when it is closed.

use super::event::Event;
use super::state::{Class, Deviation, Origin, Outcome, Status, Subject};
use crate::domain::actor::{Meaning, Signature};
use crate::domain::id::{DeviationNumber, Login};
use crate::domain::{Change, RefusalKind};

/// A command about a deviation.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Open one.
    Open {
        /// How serious it looks.
        class: Class,
        /// One line.
        title: String,
        /// What happened.
        description: String,
        /// What it is about.
        subject: Subject,
        /// Who performed the step it is about.
        performer: Option<Login>,
    },
    /// Assess it and decide what follows.
    Decide {
        /// How serious it is.
        class: Class,
        /// The root cause.
        root_cause: String,
        /// Impact on quality, safety and efficacy.
        impact: String,
        /// What is or was done about it.
        actions: String,
        /// What follows for the product.
        outcome: Outcome,
        /// Signature of QA.
        signature: Signature,
    },
    /// Close it.
    Close {
        /// How it was made sure that the actions are done.
        conclusion: String,
        /// Signature of QA.
        signature: Signature,
    },
}

/// A refusal about a deviation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The number is taken.
    #[error("this deviation number is taken. Open it again to get the next one")]
    OpenedBefore,
    /// There is no such deviation.
    #[error("there is no such deviation. Check the number")]
    NotOpened,
    /// A text is missing.
    #[error("{0} is missing. A deviation says what happened, why, and what follows (ATMP-35)")]
    Missing(&'static str),
    /// It was decided before.
    #[error("this deviation was decided before; its decision is not changed. Close it")]
    DecidedBefore,
    /// It is not decided.
    #[error("this deviation is not decided. Decide it before closing it")]
    NotDecided,
    /// It was closed before.
    #[error("this deviation is closed. Open a new one for what was found since")]
    ClosedBefore,
    /// The decider performed the step.
    #[error("{0} performed the step and cannot decide its deviation. Another person of QA must")]
    DeciderIsPerformer(Login),
    /// The closer opened it or performed the step.
    #[error("{0} opened the deviation or performed its step and cannot close it. Another must")]
    CloserIsInvolved(Login),
    /// Labels it is about are neither found nor reported lost.
    #[error(
        "labels that it names are not accounted for (ATMP-18): {0}. Account for each of them, or \
         report it lost on the page of its container, before closing"
    )]
    LabelsMissing(String),
    /// A critical deviation was made milder without a word on impact.
    #[error(
        "an out-of-specification result stays critical: its class can only be lowered by a \
         retest, not by assessment (ATMP-42)"
    )]
    OutOfSpecificationStaysCritical,
    /// The signature does not say what the act means.
    #[error("the signature must mean '{0}'. Sign with that meaning")]
    WrongMeaning(&'static str),
}

impl crate::domain::Refusal for Refusal {
    fn rule(&self) -> &'static str {
        match self {
            Self::OpenedBefore | Self::NotOpened => "deviation_is_open",
            Self::Missing(_) => "deviation_is_assessed ATMP-35",
            Self::DecidedBefore | Self::NotDecided | Self::ClosedBefore => {
                "deviation_takes_its_course"
            }
            Self::DeciderIsPerformer(_) => "decider_is_not_performer",
            Self::CloserIsInvolved(_) => "closer_is_independent",
            Self::LabelsMissing(_) => "labels_accounted_for ATMP-18",
            Self::OutOfSpecificationStaysCritical => "out_of_specification_is_critical ATMP-42",
            Self::WrongMeaning(_) => "signature_says_what_it_means",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::NotOpened => RefusalKind::NotFound,
            Self::Missing(_) | Self::WrongMeaning(_) => RefusalKind::Invalid,
            Self::DeciderIsPerformer(_) | Self::CloserIsInvolved(_) => RefusalKind::Forbidden,
            _ => RefusalKind::Conflict,
        }
    }
}

/// Decides a command about the deviation of this number.
///
/// # Errors
/// A [`Refusal`] that names the rule.
pub fn decide(
    deviation: Option<&Deviation>,
    number: &DeviationNumber,
    command: &Command,
) -> Result<Vec<Change>, Refusal> {
    let event = match (deviation, command) {
        (None, Command::Open { class, title, description, subject, performer }) => Event::Opened {
            class: *class,
            title: filled(title, "the title")?,
            description: filled(description, "what happened")?,
            origin: Origin::Person,
            subject: subject.clone(),
            performer: performer.clone(),
        },
        (Some(_), Command::Open { .. }) => return Err(Refusal::OpenedBefore),
        (None, _) => return Err(Refusal::NotOpened),
        (Some(deviation), Command::Decide { .. }) => assess(deviation, command)?,
        (Some(deviation), Command::Close { conclusion, signature }) => {
            close(deviation, conclusion, signature)?
        }
    };
    Ok(vec![Change::of::<Deviation>(number.as_str(), event)])
}

fn assess(deviation: &Deviation, command: &Command) -> Result<Event, Refusal> {
    let Command::Decide { class, root_cause, impact, actions, outcome, signature } = command else {
        return Err(Refusal::NotDecided);
    };
    match deviation.status() {
        Status::Open => {}
        Status::Decided => return Err(Refusal::DecidedBefore),
        Status::Closed => return Err(Refusal::ClosedBefore),
    }
    means(signature, Meaning::Approved)?;
    if deviation.performer.as_ref() == Some(&signature.login) {
        return Err(Refusal::DeciderIsPerformer(signature.login.clone()));
    }
    if deviation.origin == Origin::OutOfSpecification && *class < Class::Critical {
        return Err(Refusal::OutOfSpecificationStaysCritical);
    }
    Ok(Event::Decided {
        class: *class,
        root_cause: filled(root_cause, "the root cause")?,
        impact: filled(impact, "the impact on quality, safety and efficacy")?,
        actions: filled(actions, "what is done about it")?,
        outcome: *outcome,
        signature: signature.clone(),
    })
}

fn close(deviation: &Deviation, conclusion: &str, signature: &Signature) -> Result<Event, Refusal> {
    match deviation.status() {
        Status::Open => return Err(Refusal::NotDecided),
        Status::Decided => {}
        Status::Closed => return Err(Refusal::ClosedBefore),
    }
    means(signature, Meaning::Approved)?;
    let involved = deviation.opened_by == signature.login
        || deviation.performer.as_ref() == Some(&signature.login);
    if involved {
        return Err(Refusal::CloserIsInvolved(signature.login.clone()));
    }
    Ok(Event::Closed {
        conclusion: filled(conclusion, "how it was made sure that the actions are done")?,
        signature: signature.clone(),
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
