//! What became of the patient: visits, exclusion, serious adverse reactions.
//!
//! A related reaction of the protocol's grade stops enrolment until QA has decided, and starts the
//! clock within which the first named body is told, and the others after it.
//!
//! Neighbours: `protocol` states visits and stopping rule; `protocol::Course` is built from here
//! and asked before the next order is placed.
//!
//! Architecture invariant: an outcome is signed and never overwritten; what is recorded again is a
//! correction with its reason, and the entry before it stays in the record.

use super::event::Event;
use super::state::Order;
use crate::domain::actor::Signature;
use crate::domain::id::{BatchNumber, Din, Login, Name, PatientCode};
use crate::domain::protocol::{Course, Enrolment, Evaluation, Participant, Stop, Stopping, Visit};
use crate::domain::time::{Day, Instant};
use crate::domain::{Change, RefusalKind};
use serde::{Deserialize, Serialize};

/// How likely the product caused a reaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relatedness {
    /// Certainly not.
    Unrelated,
    /// Hardly.
    Unlikely,
    /// Possibly.
    Possible,
    /// Probably.
    Probable,
    /// Surely.
    Sure,
}

impl Relatedness {
    /// Every answer with its code and its words.
    pub const ALL: [(Self, &'static str, &'static str); 5] = [
        (Self::Unrelated, "unrelated", "not related"),
        (Self::Unlikely, "unlikely", "unlikely related"),
        (Self::Possible, "possible", "possibly related"),
        (Self::Probable, "probable", "probably related"),
        (Self::Sure, "sure", "surely related"),
    ];

    /// The words on screens.
    pub fn words(self) -> &'static str {
        Self::ALL.iter().find(|(own, ..)| *own == self).map_or("", |(.., words)| words)
    }

    /// The answer of a code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, _)| *known == code).map(|(own, ..)| *own)
    }

    /// Whether it counts as related: possibly, probably or surely.
    pub fn counts(self) -> bool {
        self >= Self::Possible
    }
}

/// What was found at a visit, or that it was missed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitOutcome {
    /// The visit.
    pub visit: Name,
    /// Its name on screens.
    pub title: String,
    /// The day it was held; none when it was missed.
    pub held_on: Option<Day>,
    /// Highest CTCAE grade found, 0 for none.
    pub grade: Option<u8>,
    /// Whether a dose-limiting toxicity was found.
    pub dose_limiting: Option<bool>,
    /// What was seen, or why it was missed.
    pub remark: String,
    /// Why it is recorded again.
    pub correction: Option<String>,
}

/// A serious adverse reaction as it was reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// What happened, in words.
    pub description: String,
    /// When it began.
    pub began_at: Instant,
    /// When the investigator learned of it.
    pub aware_at: Instant,
    /// CTCAE grade, 1 to 5.
    pub grade: u8,
    /// How likely the product caused it.
    pub relatedness: Relatedness,
    /// The batch that was given (ATMP-50).
    pub batch: Option<BatchNumber>,
    /// The units that were given.
    pub units: Vec<String>,
    /// The donations they come from.
    pub donations: Vec<Din>,
}

/// How a reaction is judged, and what follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// CTCAE grade.
    pub grade: u8,
    /// How likely the product caused it.
    pub relatedness: Relatedness,
    /// Whether it stops enrolment.
    pub stops: bool,
    /// Whether it is worse than before, so that what was decided is decided again.
    pub reopens: bool,
    /// Who is told, the first before all others.
    pub tell: Vec<String>,
    /// By when the first is told.
    pub tell_by: Option<Instant>,
}

/// That a body was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Who.
    pub whom: String,
    /// When.
    pub at: Instant,
    /// How, with the reference that was given.
    pub how: String,
    /// Signature of who told.
    pub signature: Signature,
}

/// What was decided after a stop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruling {
    /// Whether enrolment goes on.
    pub resume: bool,
    /// Why.
    pub reasoning: String,
    /// Who decided.
    pub signature: Signature,
}

/// A serious adverse reaction and what followed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reaction {
    /// Its number for this order, from 1.
    pub number: u32,
    /// As it was reported.
    pub report: Report,
    /// As it is judged now.
    pub judged: Judgement,
    /// Who reported it.
    pub reported: Signature,
    /// Who was told.
    pub told: Vec<Told>,
    /// What was decided.
    pub ruling: Option<Ruling>,
}

impl Reaction {
    /// Who is still to be told, the next one first.
    pub fn untold(&self) -> impl Iterator<Item = &String> {
        self.judged.tell.iter().filter(|whom| !self.told.iter().any(|told| told.whom == **whom))
    }

    /// What it is, in one line.
    pub fn words(&self) -> String {
        format!(
            "serious adverse reaction {}, CTCAE grade {}, {}",
            self.number,
            self.judged.grade,
            self.judged.relatedness.words()
        )
    }

    /// Whether it stops enrolment and waits for a decision.
    pub fn is_open(&self) -> bool {
        self.judged.stops && self.ruling.is_none()
    }
}

/// A visit as recorded, with its signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SignedVisit {
    /// What was found.
    pub outcome: VisitOutcome,
    /// Who recorded it.
    pub signature: Signature,
}

/// Everything that became of the patient after an order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Outcomes {
    /// Visits in the order they were recorded; the last of a visit is in force.
    pub visits: Vec<SignedVisit>,
    /// Why the patient was excluded before evaluation.
    pub excluded: Option<(String, Signature)>,
    /// Serious adverse reactions.
    pub reactions: Vec<Reaction>,
}

impl Outcomes {
    /// What is in force of a visit.
    pub fn visit(&self, name: &Name) -> Option<&SignedVisit> {
        self.visits.iter().rev().find(|signed| signed.outcome.visit == *name)
    }

    /// What is known of the patient, evaluated at a visit.
    pub fn evaluation(&self, evaluated_at: &Name) -> Evaluation {
        let limiting = |signed: &SignedVisit| signed.outcome.dose_limiting == Some(true);
        let in_force = |signed: &&SignedVisit| {
            self.visit(&signed.outcome.visit).is_some_and(|last| last == *signed)
        };
        if self.visits.iter().filter(in_force).any(limiting) {
            return Evaluation::Toxic;
        }
        if self.excluded.is_some() {
            return Evaluation::Excluded;
        }
        match self.visit(evaluated_at) {
            Some(signed) if signed.outcome.dose_limiting == Some(false) => Evaluation::Clear,
            _ => Evaluation::Waiting,
        }
    }

    pub(super) fn apply(&mut self, event: &Event) {
        match event {
            Event::VisitRecorded { outcome, signature } => {
                let (outcome, signature) = (outcome.clone(), signature.clone());
                self.visits.push(SignedVisit { outcome, signature });
            }
            Event::PatientExcluded { because, signature } => {
                self.excluded = Some((because.clone(), signature.clone()));
            }
            Event::ReactionReported { number, report, judged, signature } => {
                self.reactions.push(Reaction {
                    number: *number,
                    report: report.clone(),
                    judged: judged.clone(),
                    reported: signature.clone(),
                    told: Vec::new(),
                    ruling: None,
                });
            }
            Event::ReactionJudgedAgain { number, judged, .. } => {
                if let Some(reaction) = self.reaction_mut(*number) {
                    if judged.reopens {
                        reaction.ruling = None;
                    }
                    reaction.judged = judged.clone();
                }
            }
            Event::ReactionTold { number, told } => {
                if let Some(reaction) = self.reaction_mut(*number) {
                    reaction.told.push(told.clone());
                }
            }
            Event::ReactionRuled { number, ruling } => {
                if let Some(reaction) = self.reaction_mut(*number) {
                    reaction.ruling = Some(ruling.clone());
                }
            }
            _ => {}
        }
    }

    fn reaction_mut(&mut self, number: u32) -> Option<&mut Reaction> {
        self.reactions.iter_mut().find(|reaction| reaction.number == number)
    }
}

fn is_worse(new: &Judgement, old: &Judgement) -> bool {
    new.grade > old.grade || (new.relatedness.counts() && !old.relatedness.counts())
}

/// Why an outcome is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutcomeRefusal {
    /// Nothing was given.
    #[error("nothing of this order was given to {0}; there is nothing to follow up yet")]
    NothingGiven(PatientCode),
    /// No such visit.
    #[error("the protocol has no visit {0}; choose one of its visits")]
    UnknownVisit(Name),
    /// The day cannot be right.
    #[error("{day} {why}; enter the day of the visit")]
    DayImpossible {
        /// The day.
        day: Day,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The visit is not due yet.
    #[error("{visit} is due on {due}; it cannot be missed before that day has passed")]
    NotDue {
        /// The visit.
        visit: String,
        /// The day.
        due: Day,
    },
    /// Something is not answered.
    #[error("{0} is missing; answer it")]
    Missing(&'static str),
    /// The grade is none.
    #[error("CTCAE grade {0} does not exist; {1}")]
    Grade(u8, &'static str),
    /// Recorded before.
    #[error("{0} was recorded already; to correct it, say why")]
    AlreadyRecorded(String),
    /// A patient who is evaluated is not excluded.
    #[error("{patient} is evaluated: {words}. Only a patient who is not evaluated is excluded")]
    Evaluated {
        /// The patient.
        patient: PatientCode,
        /// As what.
        words: &'static str,
    },
    /// Excluded before.
    #[error("{0} was excluded already")]
    ExcludedAlready(PatientCode),
    /// Times are not in order.
    #[error("{0}; correct the times")]
    Times(&'static str),
    /// No such reaction.
    #[error("this order has no reaction {0}")]
    UnknownReaction(u32),
    /// Nobody needs to be told of it.
    #[error("reaction {0} does not stop enrolment, so nobody is to be told of it by the protocol")]
    NobodyToTell(u32),
    /// The body is not named.
    #[error("the protocol does not name \"{0}\"; choose one whom it names")]
    NotNamed(String),
    /// Told before.
    #[error("\"{0}\" was told already; nothing more is needed")]
    ToldAlready(String),
    /// The first is told first.
    #[error("\"{first}\" is told first; tell them and sign it, then \"{whom}\"")]
    FirstFirst {
        /// Who is first.
        first: String,
        /// Who was to be told.
        whom: String,
    },
    /// It was decided.
    #[error("reaction {0} was decided already")]
    RuledAlready(u32),
    /// Somebody is not told yet.
    #[error("{0} not told yet; enrolment goes on only when everybody named was told")]
    NotAllTold(String),
    /// The reporter does not decide.
    #[error("{0} reported this reaction; somebody else decides on it")]
    ReporterDecides(Login),
}

impl crate::domain::Refusal for OutcomeRefusal {
    fn rule(&self) -> &'static str {
        match self {
            Self::NothingGiven(_) => "nothing_given",
            Self::UnknownVisit(_) => "visit_of_protocol",
            Self::DayImpossible { .. } | Self::NotDue { .. } => "visit_day",
            Self::Missing(_) | Self::Grade(..) => "outcome_is_complete",
            Self::AlreadyRecorded(_) => "outcome_is_corrected_with_reason",
            Self::Evaluated { .. } | Self::ExcludedAlready(_) => "excluded_before_evaluation",
            Self::Times(_) => "times_are_in_order",
            Self::UnknownReaction(_) => "reaction_of_order",
            Self::NobodyToTell(_) | Self::NotNamed(_) | Self::ToldAlready(_) => "reaction_told",
            Self::FirstFirst { .. } => "reaction_coordinator_first",
            Self::RuledAlready(_) | Self::NotAllTold(_) => "reaction_decided",
            Self::ReporterDecides(_) => "reporter_is_not_decider",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::Missing(_) | Self::Grade(..) | Self::Times(_) | Self::DayImpossible { .. } => {
                RefusalKind::Invalid
            }
            Self::UnknownVisit(_) | Self::UnknownReaction(_) => RefusalKind::NotFound,
            Self::ReporterDecides(_) => RefusalKind::Forbidden,
            _ => RefusalKind::Conflict,
        }
    }
}

/// When something of the order was given for the first time, as a time and as a day of the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Given {
    /// When.
    pub at: Instant,
    /// On which day.
    pub on: Day,
}

/// Records a visit, or that it was missed.
///
/// # Errors
/// See [`OutcomeRefusal`].
pub fn record_visit(
    order: &Order,
    visits: &[Visit],
    given: Option<Given>,
    outcome: VisitOutcome,
    (today, signature): (Day, &Signature),
) -> Result<Vec<Change>, OutcomeRefusal> {
    let given = given.ok_or_else(|| OutcomeRefusal::NothingGiven(order.patient.clone()))?;
    let visit = visits.iter().find(|visit| visit.name == outcome.visit);
    let visit = visit.ok_or_else(|| OutcomeRefusal::UnknownVisit(outcome.visit.clone()))?;
    match outcome.held_on {
        Some(day) => held(day, given.on, today, &outcome)?,
        None => {
            let due = visit.due(given.on);
            if today < due {
                return Err(OutcomeRefusal::NotDue { visit: visit.title.clone(), due });
            }
            if outcome.remark.trim().is_empty() {
                return Err(OutcomeRefusal::Missing("why the visit was missed"));
            }
        }
    }
    let says_why = outcome.correction.as_ref().is_some_and(|why| !why.trim().is_empty());
    let known = order.outcomes.visit(&visit.name).is_some();
    if known && !says_why {
        return Err(OutcomeRefusal::AlreadyRecorded(visit.title.clone()));
    }
    let outcome = VisitOutcome {
        title: visit.title.clone(),
        remark: outcome.remark.trim().to_owned(),
        correction: outcome.correction.filter(|_| known),
        grade: outcome.grade.filter(|_| outcome.held_on.is_some()),
        dose_limiting: outcome.dose_limiting.filter(|_| outcome.held_on.is_some()),
        ..outcome
    };
    let signature = signature.clone();
    Ok(vec![order.change(Event::VisitRecorded { outcome, signature })])
}

fn held(day: Day, given: Day, today: Day, outcome: &VisitOutcome) -> Result<(), OutcomeRefusal> {
    if day > today {
        return Err(OutcomeRefusal::DayImpossible { day, why: "lies in the future" });
    }
    if day < given {
        return Err(OutcomeRefusal::DayImpossible { day, why: "lies before the administration" });
    }
    let grade = outcome.grade.ok_or(OutcomeRefusal::Missing("the highest CTCAE grade"))?;
    if grade > 5 {
        return Err(OutcomeRefusal::Grade(grade, "enter 0 to 5, 0 for no toxicity"));
    }
    match outcome.dose_limiting {
        None => Err(OutcomeRefusal::Missing("whether a dose-limiting toxicity was found")),
        Some(true) if grade == 0 => {
            Err(OutcomeRefusal::Grade(grade, "a dose-limiting toxicity has a grade of 1 to 5"))
        }
        Some(_) => Ok(()),
    }
}

/// Excludes a patient before evaluation; the protocol says whether somebody else is enrolled.
///
/// # Errors
/// See [`OutcomeRefusal`].
pub fn exclude(
    order: &Order,
    evaluated_at: Option<&Name>,
    because: &str,
    signature: &Signature,
) -> Result<Vec<Change>, OutcomeRefusal> {
    let evaluation = match evaluated_at {
        Some(visit) => order.outcomes.evaluation(visit),
        None if order.outcomes.excluded.is_some() => Evaluation::Excluded,
        None => Evaluation::Waiting,
    };
    match evaluation {
        Evaluation::Waiting => {}
        Evaluation::Excluded => {
            return Err(OutcomeRefusal::ExcludedAlready(order.patient.clone()));
        }
        Evaluation::Clear | Evaluation::Toxic => {
            let (patient, words) = (order.patient.clone(), evaluation.words());
            return Err(OutcomeRefusal::Evaluated { patient, words });
        }
    }
    let because = because.trim().to_owned();
    if because.is_empty() {
        return Err(OutcomeRefusal::Missing("why the patient is excluded"));
    }
    let signature = signature.clone();
    Ok(vec![order.change(Event::PatientExcluded { because, signature })])
}

/// How a reaction of a grade and relatedness is judged by the protocol at a time.
fn judge(
    stopping: Option<&Stopping>,
    grade: u8,
    relatedness: Relatedness,
    from: Instant,
) -> Judgement {
    let rule = stopping.filter(|rule| relatedness.counts() && grade >= rule.grade);
    Judgement {
        grade,
        relatedness,
        stops: rule.is_some(),
        reopens: false,
        tell: rule.map(|rule| rule.tell.clone()).unwrap_or_default(),
        tell_by: rule.map(|rule| from.plus(rule.notify_within)),
    }
}

/// Reports a serious adverse reaction.
///
/// # Errors
/// See [`OutcomeRefusal`].
pub fn report_reaction(
    order: &Order,
    stopping: Option<&Stopping>,
    given: Option<Given>,
    report: Report,
    (now, signature): (Instant, &Signature),
) -> Result<Vec<Change>, OutcomeRefusal> {
    let given = given.ok_or_else(|| OutcomeRefusal::NothingGiven(order.patient.clone()))?;
    let description = report.description.trim().to_owned();
    if description.is_empty() {
        return Err(OutcomeRefusal::Missing("the description of the reaction"));
    }
    real_grade(report.grade)?;
    if report.began_at < given.at {
        return Err(OutcomeRefusal::Times("the reaction begins before the administration"));
    }
    if report.aware_at < report.began_at {
        return Err(OutcomeRefusal::Times("it was learned of before it began"));
    }
    if report.aware_at > now {
        return Err(OutcomeRefusal::Times("it was learned of in the future"));
    }
    let judged = judge(stopping, report.grade, report.relatedness, report.aware_at);
    let number = u32::try_from(order.outcomes.reactions.len()).unwrap_or(u32::MAX);
    let report = Report { description, ..report };
    let (number, signature) = (number.saturating_add(1), signature.clone());
    Ok(vec![order.change(Event::ReactionReported { number, report, judged, signature })])
}

fn real_grade(grade: u8) -> Result<(), OutcomeRefusal> {
    if (1..=5).contains(&grade) {
        return Ok(());
    }
    Err(OutcomeRefusal::Grade(grade, "a serious adverse reaction has a grade of 1 to 5"))
}

/// Judges a reaction again. What stopped enrolment once does so until QA has decided, whatever it
/// is judged as later.
///
/// # Errors
/// See [`OutcomeRefusal`].
pub fn judge_again(
    order: &Order,
    stopping: Option<&Stopping>,
    number: u32,
    (grade, relatedness, reasoning): (u8, Relatedness, &str),
    (now, signature): (Instant, &Signature),
) -> Result<Vec<Change>, OutcomeRefusal> {
    let reaction = reaction(order, number)?;
    real_grade(grade)?;
    let reasoning = reasoning.trim().to_owned();
    if reasoning.is_empty() {
        return Err(OutcomeRefusal::Missing("why it is judged otherwise"));
    }
    let mut judged = judge(stopping, grade, relatedness, now);
    // A worse judgement is a new reason to stop.
    judged.reopens = judged.stops && is_worse(&judged, &reaction.judged);
    if reaction.judged.stops {
        judged.stops = true;
        judged.tell.clone_from(&reaction.judged.tell);
        judged.tell_by = reaction.judged.tell_by;
    }
    let signature = signature.clone();
    Ok(vec![order.change(Event::ReactionJudgedAgain { number, judged, reasoning, signature })])
}

/// Records that a body was told; the first that the protocol names before all others.
///
/// # Errors
/// See [`OutcomeRefusal`].
pub fn tell(
    order: &Order,
    number: u32,
    told: Told,
    now: Instant,
) -> Result<Vec<Change>, OutcomeRefusal> {
    let reaction = reaction(order, number)?;
    if !reaction.judged.stops {
        return Err(OutcomeRefusal::NobodyToTell(number));
    }
    let whom = told.whom.clone();
    if !reaction.judged.tell.contains(&whom) {
        return Err(OutcomeRefusal::NotNamed(whom));
    }
    if !reaction.untold().any(|open| *open == whom) {
        return Err(OutcomeRefusal::ToldAlready(whom));
    }
    if let Some(first) = reaction.judged.tell.first().filter(|first| **first != whom)
        && reaction.untold().any(|open| open == first)
    {
        return Err(OutcomeRefusal::FirstFirst { first: first.clone(), whom });
    }
    if told.how.trim().is_empty() {
        return Err(OutcomeRefusal::Missing("how they were told"));
    }
    if told.at > now || told.at < reaction.report.aware_at {
        return Err(OutcomeRefusal::Times("told in the future, or before it was known"));
    }
    Ok(vec![order.change(Event::ReactionTold { number, told })])
}

/// Decides whether enrolment goes on after a reaction. Somebody else than who reported it decides;
/// it goes on only when everybody named was told.
///
/// # Errors
/// See [`OutcomeRefusal`].
pub fn rule(order: &Order, number: u32, ruling: Ruling) -> Result<Vec<Change>, OutcomeRefusal> {
    let reaction = reaction(order, number)?;
    if !reaction.judged.stops {
        return Err(OutcomeRefusal::NobodyToTell(number));
    }
    if reaction.ruling.is_some() {
        return Err(OutcomeRefusal::RuledAlready(number));
    }
    if reaction.reported.login == ruling.signature.login {
        return Err(OutcomeRefusal::ReporterDecides(ruling.signature.login));
    }
    if ruling.reasoning.trim().is_empty() {
        return Err(OutcomeRefusal::Missing("the reasons of the decision"));
    }
    let open: Vec<&str> = reaction.untold().map(String::as_str).collect();
    if ruling.resume && !open.is_empty() {
        return Err(OutcomeRefusal::NotAllTold(open.join(", ")));
    }
    Ok(vec![order.change(Event::ReactionRuled { number, ruling })])
}

fn reaction(order: &Order, number: u32) -> Result<&Reaction, OutcomeRefusal> {
    let mut all = order.outcomes.reactions.iter();
    all.find(|own| own.number == number).ok_or(OutcomeRefusal::UnknownReaction(number))
}

/// The course of a protocol, from its orders by number, each with whether anything of it was given.
///
/// An order counts unless it ended without anything given; that of an excluded patient counts, so
/// that nobody is enrolled twice.
pub fn course(enrolment: &Enrolment, orders: &[(Order, bool)]) -> Course {
    let mut course = Course::default();
    for (order, given) in orders {
        course.stops.extend(order.outcomes.reactions.iter().filter_map(|reaction| {
            let for_good = reaction.ruling.as_ref().is_some_and(|ruling| !ruling.resume);
            (reaction.is_open() || for_good).then(|| Stop {
                order: order.number.clone(),
                reaction: reaction.number,
                words: reaction.words(),
                for_good,
            })
        }));
        let excluded = order.outcomes.excluded.is_some();
        let Some(place) =
            order.enrolled.as_ref().filter(|_| *given || excluded || !order.is_over())
        else {
            continue;
        };
        let evaluation = order.outcomes.evaluation(&enrolment.evaluated_at);
        let known = course.participants.iter_mut().find(|p| p.patient == order.patient);
        match known {
            Some(known) => {
                known.orders = known.orders.saturating_add(1);
                if evaluation == Evaluation::Toxic {
                    known.evaluation = evaluation;
                }
            }
            None => course.participants.push(Participant {
                patient: order.patient.clone(),
                cohort: place.cohort.clone(),
                level: place.level,
                orders: 1,
                evaluation,
            }),
        }
    }
    course.stops.sort_by_key(|stop| !stop.for_good);
    course
}
