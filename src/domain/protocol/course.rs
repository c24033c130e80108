//! The course of a protocol so far, and what it lets be enrolled next.
//!
//! Under 3+3 three patients are treated at a level. When all are evaluated and none had a
//! dose-limiting toxicity, the next level opens; one of three, and the level is filled up to six;
//! two or more at any time, and the level is above the tolerated one: the level below is filled up
//! to six, and is recommended when at most one of six had a toxicity.
//!
//! Neighbours: [`super::enrolment`] is what the file says; `order` asks before an order is placed.
//!
//! Architecture invariant: the answer follows from the patients alone, so it never depends on what
//! was answered before, and a level is never left out upward.

use super::enrolment::{Cohort, ESCALATION, Enrolment, Escalation};
use crate::domain::id::{Name, OrderNumber, PatientCode};
use crate::domain::{Refusal, RefusalKind};
use serde::{Deserialize, Serialize};

/// Patients first treated at a level.
const FIRST: u32 = 3;
/// Patients at a level that is filled up.
const FILLED: u32 = 6;
/// So many toxicities put a level above the tolerated one.
const TOO_MANY: u32 = 2;

/// What is known of a patient so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evaluation {
    /// Not evaluated yet.
    Waiting,
    /// Evaluated without a dose-limiting toxicity.
    Clear,
    /// Had a dose-limiting toxicity.
    Toxic,
    /// Excluded before evaluation.
    Excluded,
}

impl Evaluation {
    /// The words on screens.
    pub fn words(self) -> &'static str {
        match self {
            Self::Waiting => "not evaluated yet",
            Self::Clear => "no dose-limiting toxicity",
            Self::Toxic => "dose-limiting toxicity",
            Self::Excluded => "excluded before evaluation",
        }
    }
}

/// Where a patient was enrolled; the order keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolled {
    /// The cohort.
    pub cohort: Name,
    /// Its name on screens.
    pub title: String,
    /// The dose level, where there are levels.
    pub level: Option<u32>,
    /// Why this was open, as it was shown.
    pub because: String,
}

/// One patient of the course.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Participant {
    /// The trial's code.
    pub patient: PatientCode,
    /// The cohort.
    pub cohort: Name,
    /// The dose level.
    pub level: Option<u32>,
    /// Orders that count.
    pub orders: u32,
    /// What is known.
    pub evaluation: Evaluation,
}

/// A serious adverse reaction that stops enrolment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// The order it was reported for.
    pub order: OrderNumber,
    /// Its number on that order.
    pub reaction: u32,
    /// What it is, in words.
    pub words: String,
    /// Whether it was decided that enrolment stays closed.
    pub for_good: bool,
}

/// The patients of a protocol so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Course {
    /// In the order of enrolment.
    pub participants: Vec<Participant>,
    /// What stops enrolment now.
    pub stops: Vec<Stop>,
}

/// What may be enrolled next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// So many patients, in this cohort.
    Open {
        /// The cohort.
        cohort: Name,
        /// Its name on screens.
        title: String,
        /// The dose level.
        level: Option<u32>,
        /// How many sites, where it is fixed.
        sites: Option<u32>,
        /// Places left.
        places: u32,
        /// Why this is open.
        because: String,
    },
    /// Nobody until patients are evaluated.
    Wait {
        /// Why.
        because: String,
    },
    /// Nobody any more: a limit of toxicity is reached.
    Stopped {
        /// Why.
        because: String,
    },
    /// Nobody any more: all are enrolled.
    Complete {
        /// Why.
        because: String,
    },
}

impl Next {
    /// Why.
    pub fn because(&self) -> &str {
        match self {
            Self::Open { because, .. }
            | Self::Wait { because }
            | Self::Stopped { because }
            | Self::Complete { because } => because,
        }
    }

    /// What it is in one word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Open { .. } => "open",
            Self::Wait { .. } => "waiting",
            Self::Stopped { .. } => "stopped",
            Self::Complete { .. } => "complete",
        }
    }
}

/// Why a patient may not be enrolled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnrolmentRefusal {
    /// A serious adverse reaction is not decided.
    #[error(
        "enrolment is stopped: {words} of order {order} is not decided. \
         Nobody is enrolled before QA has signed the decision"
    )]
    Reaction {
        /// The order.
        order: OrderNumber,
        /// What it is.
        words: String,
    },
    /// A serious adverse reaction closed enrolment.
    #[error("enrolment was closed for good after {words} of order {order}; place no order")]
    ClosedForGood {
        /// The order.
        order: OrderNumber,
        /// What it is.
        words: String,
    },
    /// Nobody may be enrolled now.
    #[error("nobody can be enrolled now: {because}. Wait until that has changed")]
    NotNow {
        /// Why.
        because: String,
    },
    /// Nobody may be enrolled any more.
    #[error("nobody can be enrolled any more: {because}")]
    NoMore {
        /// Why.
        because: String,
    },
    /// Another level is open.
    #[error("{asked} is not open, {open} is: {because}. Order {open}")]
    OtherLevel {
        /// What was asked for.
        asked: String,
        /// What is open.
        open: String,
        /// Why.
        because: String,
    },
    /// Another number of sites is treated.
    #[error("{asked} sites are ordered, {open} are treated in {cohort}: {because}. Order {open}")]
    OtherSites {
        /// How many were asked for.
        asked: u32,
        /// How many are treated.
        open: u32,
        /// The cohort.
        cohort: String,
        /// Why.
        because: String,
    },
    /// The patient had as many orders as the protocol allows.
    #[error("{patient} had {had} of {most} orders that the protocol allows; place no further one")]
    PatientHadAll {
        /// The patient.
        patient: PatientCode,
        /// Orders so far.
        had: u32,
        /// Orders allowed.
        most: u32,
    },
    /// The patient was excluded.
    #[error("{0} was excluded before evaluation and is not enrolled again; enrol another patient")]
    Excluded(PatientCode),
}

impl Refusal for EnrolmentRefusal {
    fn rule(&self) -> &'static str {
        match self {
            Self::Reaction { .. } | Self::ClosedForGood { .. } => "enrolment_stopped_by_reaction",
            Self::NotNow { .. } => "enrolment_waits",
            Self::NoMore { .. } => "enrolment_closed",
            Self::OtherLevel { .. } => "enrolment_other_level",
            Self::OtherSites { .. } => "enrolment_other_sites",
            Self::PatientHadAll { .. } => "enrolment_orders_per_patient",
            Self::Excluded(_) => "enrolment_excluded",
        }
    }

    fn kind(&self) -> RefusalKind {
        RefusalKind::Conflict
    }
}

/// What an order asks of the enrolment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked<'a> {
    /// The patient.
    pub patient: &'a PatientCode,
    /// The dose level, where there are levels.
    pub level: Option<u32>,
    /// How many sites are treated.
    pub sites: u32,
}

/// How a group of patients stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Patients that count.
    pub counted: u32,
    /// Of them not evaluated.
    pub waiting: u32,
    /// Of them with a dose-limiting toxicity.
    pub toxic: u32,
    /// Excluded and replaced.
    pub replaced: u32,
}

impl Tally {
    fn evaluated(self) -> u32 {
        self.counted.saturating_sub(self.waiting)
    }

    fn words(self) -> String {
        format!("{} of {} with a dose-limiting toxicity", self.toxic, self.evaluated())
    }
}

impl Enrolment {
    /// What may be enrolled next.
    pub fn next(&self, course: &Course) -> Next {
        for cohort in &self.cohorts {
            if let Some(next) = self.in_order(cohort, cohort.level, course) {
                return next;
            }
        }
        let Some(escalation) = &self.escalation else {
            let because = format!("all {} patients are enrolled", self.patients_in_order());
            return Next::Complete { because };
        };
        let lead = self.cohorts.iter().map(|cohort| (cohort, self.tally(course, &cohort.name)));
        for (cohort, tally) in lead {
            if tally.waiting > 0 {
                return wait(&cohort.title, tally);
            }
        }
        self.escalate(escalation, course)
    }

    /// Whether the order fits what is open now, and where the patient is enrolled by it.
    ///
    /// # Errors
    /// See [`EnrolmentRefusal`].
    pub fn admit(&self, course: &Course, asked: Asked<'_>) -> Result<Enrolled, EnrolmentRefusal> {
        if let Some(stop) = course.stops.first() {
            let (order, words) = (stop.order.clone(), stop.words.clone());
            return Err(match stop.for_good {
                true => EnrolmentRefusal::ClosedForGood { order, words },
                false => EnrolmentRefusal::Reaction { order, words },
            });
        }
        if let Some(known) = course.participants.iter().find(|p| p.patient == *asked.patient) {
            return self.again(known, asked);
        }
        match self.next(course) {
            Next::Open { cohort, title, level, sites, because, .. } => {
                fits(asked, level, sites, &title, &because)?;
                Ok(Enrolled { cohort, title, level, because })
            }
            Next::Wait { because } => Err(EnrolmentRefusal::NotNow { because }),
            Next::Stopped { because } | Next::Complete { because } => {
                Err(EnrolmentRefusal::NoMore { because })
            }
        }
    }

    /// How the patients of a cohort stand.
    pub fn tally(&self, course: &Course, cohort: &Name) -> Tally {
        self.tally_of(course.participants.iter().filter(|p| p.cohort == *cohort))
    }

    /// How the patients of the escalation at a level stand.
    pub fn tally_at(&self, course: &Course, level: u32) -> Tally {
        self.tally_of(course.participants.iter().filter(|participant| {
            participant.cohort.as_str() == ESCALATION && participant.level == Some(level)
        }))
    }

    fn tally_of<'a>(&self, of: impl Iterator<Item = &'a Participant>) -> Tally {
        let mut tally = Tally::default();
        for participant in of {
            if participant.evaluation == Evaluation::Excluded && self.replace_excluded {
                tally.replaced = tally.replaced.saturating_add(1);
                continue;
            }
            tally.counted = tally.counted.saturating_add(1);
            let waits = participant.evaluation == Evaluation::Waiting;
            let toxic = participant.evaluation == Evaluation::Toxic;
            tally.waiting = tally.waiting.saturating_add(u32::from(waits));
            tally.toxic = tally.toxic.saturating_add(u32::from(toxic));
        }
        tally
    }

    /// A further order of a patient who is enrolled: within the number, at the same level.
    fn again(&self, known: &Participant, asked: Asked<'_>) -> Result<Enrolled, EnrolmentRefusal> {
        if known.evaluation == Evaluation::Excluded {
            return Err(EnrolmentRefusal::Excluded(known.patient.clone()));
        }
        if known.orders >= self.orders_per_patient {
            return Err(EnrolmentRefusal::PatientHadAll {
                patient: known.patient.clone(),
                had: known.orders,
                most: self.orders_per_patient,
            });
        }
        let because = format!("{} is enrolled already", known.patient);
        let title = known.cohort.to_string();
        fits(asked, known.level, None, &title, &because)?;
        Ok(Enrolled { cohort: known.cohort.clone(), title, level: known.level, because })
    }

    /// What a cohort with a number of places asks for; nothing when it is full.
    fn in_order(&self, cohort: &Cohort, level: Option<u32>, course: &Course) -> Option<Next> {
        let own = course.participants.iter().filter(|p| p.cohort == cohort.name);
        let tally = self.tally_of(own);
        if let Some(most) = cohort.toxic_max.filter(|most| tally.toxic > *most) {
            let because =
                format!("{}: {}, at most {most} are allowed", cohort.title, tally.words());
            return Some(Next::Stopped { because });
        }
        let places = cohort.patients.saturating_sub(tally.counted);
        let replaced = match tally.replaced {
            0 => String::new(),
            some => format!(", {some} excluded before evaluation are replaced"),
        };
        let because = format!(
            "{}: {} of {} enrolled{replaced}",
            cohort.title, tally.counted, cohort.patients
        );
        (places > 0).then(|| Next::Open {
            cohort: cohort.name.clone(),
            title: cohort.title.clone(),
            level,
            sites: cohort.sites,
            places,
            because,
        })
    }

    /// Walks up the levels as far as they are passed.
    fn escalate(&self, escalation: &Escalation, course: &Course) -> Next {
        let mut below: Option<u32> = None;
        for &level in &escalation.levels {
            let tally = self.tally_at(course, level);
            let target = match tally {
                Tally { toxic, .. } if toxic >= TOO_MANY => {
                    return self.above(escalation, course, below, (level, tally));
                }
                Tally { counted, .. } if counted < FIRST => Some(FIRST),
                Tally { counted: FIRST, waiting: 1.., .. } => None,
                Tally { counted, toxic: 1.., .. } | Tally { counted, waiting: 1.., .. }
                    if counted < FILLED =>
                {
                    Some(FILLED)
                }
                Tally { waiting: 1.., .. } => None,
                _ => {
                    below = Some(level);
                    continue;
                }
            };
            return match target {
                Some(target) => {
                    let words = opened_because(below, level, tally);
                    self.open(escalation, course, level, (target, tally), words)
                }
                None => wait(&named(level), tally),
            };
        }
        match below {
            Some(highest) => self.settle(escalation, course, highest, "it is the highest level"),
            None => Next::Stopped { because: "the protocol names no dose level".to_owned() },
        }
    }

    /// A level proved too high: what is below it is filled to six.
    fn above(
        &self,
        escalation: &Escalation,
        course: &Course,
        below: Option<u32>,
        (level, tally): (u32, Tally),
    ) -> Next {
        let words = format!("{} is above the tolerated dose ({})", named(level), tally.words());
        match below {
            Some(below) => self.settle(escalation, course, below, &words),
            None => Next::Stopped { because: format!("{words}, and there is no lower level") },
        }
    }

    /// The level that is to be recommended: six patients, at most one of them with a toxicity.
    fn settle(&self, escalation: &Escalation, course: &Course, level: u32, because: &str) -> Next {
        let tally = self.tally_at(course, level);
        if tally.counted < FILLED {
            let words = format!("{because}; {} is filled to {FILLED}", named(level));
            return self.open(escalation, course, level, (FILLED, tally), words);
        }
        let recommended = named(level);
        let words = format!("{recommended} is recommended: {because}; {}", tally.words());
        let expansion = &escalation.expansion;
        match self.in_order(expansion, Some(level), course) {
            Some(Next::Open { cohort, title, level, sites, places, because }) => {
                let because = format!("{words}. {because}");
                Next::Open { cohort, title, level, sites, places, because }
            }
            Some(other) => other,
            None => Next::Complete { because: format!("{words}. {} is full", expansion.title) },
        }
    }

    fn open(
        &self,
        escalation: &Escalation,
        course: &Course,
        level: u32,
        (target, tally): (u32, Tally),
        because: String,
    ) -> Next {
        let own = course.participants.iter().filter(|p| p.cohort.as_str() == ESCALATION);
        let left = escalation.patients_max.saturating_sub(self.tally_of(own).counted);
        let places = target.saturating_sub(tally.counted).min(left);
        if places == 0 {
            let most = escalation.patients_max;
            let because = format!("{} has its largest number, {most}", escalation.title);
            return Next::Stopped { because };
        }
        match Name::parse(ESCALATION) {
            Ok(cohort) => Next::Open {
                cohort,
                title: escalation.title.clone(),
                level: Some(level),
                sites: escalation.sites,
                places,
                because,
            },
            Err(error) => Next::Stopped { because: error.to_string() },
        }
    }
}

fn wait(what: &str, tally: Tally) -> Next {
    let because = format!("{what}: {} of {} are not evaluated yet", tally.waiting, tally.counted);
    Next::Wait { because }
}

fn fits(
    asked: Asked<'_>,
    level: Option<u32>,
    sites: Option<u32>,
    cohort: &str,
    because: &str,
) -> Result<(), EnrolmentRefusal> {
    if let Some(open) = level.filter(|open| asked.level != Some(*open)) {
        let asked = asked.level.map_or_else(|| "no dose level".to_owned(), named);
        let (open, because) = (named(open), because.to_owned());
        return Err(EnrolmentRefusal::OtherLevel { asked, open, because });
    }
    match sites {
        Some(open) if open != asked.sites => Err(EnrolmentRefusal::OtherSites {
            asked: asked.sites,
            open,
            cohort: cohort.to_owned(),
            because: because.to_owned(),
        }),
        _ => Ok(()),
    }
}

fn opened_because(below: Option<u32>, level: u32, tally: Tally) -> String {
    let own = named(level);
    match below {
        _ if tally.counted >= FIRST => format!("{own}: {}, filled to {FILLED}", tally.words()),
        Some(below) => format!("{} was tolerated, so {own} is treated next", named(below)),
        None => format!("{own} is the lowest level"),
    }
}

/// A level in words.
fn named(level: u32) -> String {
    format!("dose level {level}")
}
