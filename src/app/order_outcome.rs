//! What became of the patient of an order: visits, exclusion, serious adverse reactions, who was
//! told of them, and whether enrolment goes on. And the course of a protocol, which follows.
//!
//! Neighbours: `domain::order` decides; `order_place` asks the course before an order is placed.
//!
//! Architecture invariant: batch, units and donations of a reaction are looked up, never typed.

use serde::{Deserialize, Serialize};

use super::order_change::needs_any;
use super::shown::Shown;
use super::{App, Caller, signature, site};
use crate::db::Db;
use crate::domain::Change;
use crate::domain::actor::{Capability, Meaning, Signature};
use crate::domain::genealogy::{Node, NodeKind};
use crate::domain::id::{Din, Name, OrderNumber};
use crate::domain::order::{
    self, Given, Order, OutcomeRefusal, Relatedness, Report, Ruling, Told, VisitOutcome,
};
use crate::domain::protocol::{Course, Protocol};
use crate::domain::time::{Day, Instant};
use crate::site::Site;
use crate::store::{Failure, custody, genealogy, ledger, order as table};

/// What is recorded about the patient of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
pub enum Entry {
    /// A visit, or that it was missed.
    Visit {
        /// The visit.
        visit: Name,
        /// The day; none when it was missed.
        held_on: Option<Day>,
        /// Highest CTCAE grade, 0 for none.
        grade: Option<u8>,
        /// Whether a dose-limiting toxicity was found.
        dose_limiting: Option<bool>,
        /// What was seen, or why it was missed.
        remark: String,
        /// Why it is recorded again.
        correction: Option<String>,
    },
    /// The patient is excluded before evaluation.
    Exclude {
        /// Why.
        because: String,
    },
    /// A serious adverse reaction.
    Report {
        /// What happened.
        description: String,
        /// When it began.
        began_at: Instant,
        /// When the investigator learned of it.
        aware_at: Instant,
        /// CTCAE grade.
        grade: u8,
        /// How likely the product caused it.
        relatedness: Relatedness,
    },
    /// A reaction is judged again.
    Judge {
        /// Which.
        number: u32,
        /// CTCAE grade.
        grade: u8,
        /// How likely the product caused it.
        relatedness: Relatedness,
        /// Why.
        reasoning: String,
    },
    /// A body was told of a reaction.
    Tell {
        /// Of which.
        number: u32,
        /// Who.
        whom: String,
        /// When.
        at: Instant,
        /// How.
        how: String,
    },
    /// It is decided whether enrolment goes on.
    Rule {
        /// After which reaction.
        number: u32,
        /// Whether it goes on.
        resume: bool,
        /// Why.
        reasoning: String,
    },
}

impl Entry {
    /// Who may.
    #[must_use]
    pub const fn capabilities(&self) -> &'static [Capability] {
        match self {
            Self::Visit { .. }
            | Self::Exclude { .. }
            | Self::Report { .. }
            | Self::Judge { .. } => &[Capability::PlaceOrders],
            Self::Tell { .. } => &[Capability::PlaceOrders, Capability::DecideDisposition],
            Self::Rule { .. } => &[Capability::DecideDisposition],
        }
    }

    /// What the signature means.
    #[must_use]
    pub const fn meaning(&self) -> Meaning {
        match self {
            Self::Visit { .. } | Self::Report { .. } | Self::Tell { .. } => Meaning::Performed,
            Self::Exclude { .. } | Self::Judge { .. } => Meaning::Reviewed,
            Self::Rule { .. } => Meaning::Approved,
        }
    }

    fn act(&self) -> &'static str {
        match self {
            Self::Visit { .. } => "Visit",
            Self::Exclude { .. } => "Exclusion before evaluation",
            Self::Report { .. } => "Serious adverse reaction",
            Self::Judge { .. } => "Reaction judged again",
            Self::Tell { .. } => "Notification",
            Self::Rule { .. } => "Decision on enrolment",
        }
    }
}

/// What is known of an order for its follow-up.
#[derive(Debug, Clone)]
pub struct FollowUp {
    /// The order.
    pub order: Order,
    /// When something of it was given first.
    pub given: Option<Given>,
    /// The units that were given.
    pub units: Vec<String>,
    /// The donations they come from.
    pub donations: Vec<Din>,
}

/// What is known of an order for its follow-up.
///
/// # Errors
/// A `NotFound` refusal when there is no such order; that the database failed.
pub fn follow_up(db: &mut Db, site: &Site, number: &OrderNumber) -> Result<FollowUp, Failure> {
    let order = ledger::load::<Order>(db, number.as_str())?
        .ok_or_else(|| Failure::not_found(format!("There is no order {number}.")))?;
    let rows = custody::given_of_order(db, number)?;
    let given = rows
        .first()
        .map(|first| Given { at: first.given_at, on: Day::new(first.given_at.date(site.zone)) });
    let mut donations = Vec::new();
    for row in &rows {
        let node = Node::new(NodeKind::Container, &row.container);
        for above in genealogy::ancestors(db, &node)? {
            if above.kind() == NodeKind::Donation {
                donations.extend(Din::parse(above.id()));
            }
        }
    }
    donations.sort();
    donations.dedup();
    let units = rows.into_iter().map(|row| row.container).collect();
    Ok(FollowUp { order, given, units, donations })
}

/// The content that is shown and signed.
#[must_use]
pub fn shown(known: &FollowUp, entry: &Entry, site: &Site) -> Shown {
    let order = &known.order;
    let at = |at: &Instant| at.full_text(site.zone);
    let shown = Shown::new(entry.act())
        .line("Order", order.number.as_str())
        .line("Patient", order.patient.as_str());
    match entry {
        Entry::Visit { visit, held_on, grade, dose_limiting, remark, correction } => {
            let mut shown = shown.line("Visit", visit.as_str().replace('_', " "));
            shown = match held_on {
                Some(day) => shown
                    .line("Held on", day.to_string())
                    .line("Highest CTCAE grade", number(*grade))
                    .line("Dose-limiting toxicity", yes_no(*dose_limiting)),
                None => shown.line("Held on", "missed"),
            };
            if !remark.trim().is_empty() {
                shown = shown.line("Remark", remark.trim());
            }
            match correction {
                Some(why) => shown.line("Corrected because", why.trim()),
                None => shown,
            }
        }
        Entry::Exclude { because } => shown.line("Because", because.trim()),
        Entry::Report { description, began_at, aware_at, grade, relatedness } => shown
            .line("What happened", description.trim())
            .line("Began", at(began_at))
            .line("Learned of", at(aware_at))
            .line("CTCAE grade", grade.to_string())
            .line("Relation to the product", relatedness.words())
            .line("Batch", order.batch.as_ref().map_or("none", |batch| batch.as_str()))
            .line("Units given", known.units.join(", "))
            .line("Donations", listed(&known.donations)),
        Entry::Judge { number, grade, relatedness, reasoning } => shown
            .line("Reaction", number.to_string())
            .line("CTCAE grade", grade.to_string())
            .line("Relation to the product", relatedness.words())
            .line("Because", reasoning.trim()),
        Entry::Tell { number, whom, at: told_at, how } => shown
            .line("Reaction", number.to_string())
            .line("Told", whom.clone())
            .line("When", at(told_at))
            .line("How", how.trim()),
        Entry::Rule { number, resume, reasoning } => shown
            .line("Reaction", number.to_string())
            .line("Enrolment", if *resume { "goes on" } else { "is closed for good" })
            .line("Because", reasoning.trim()),
    }
}

fn number(grade: Option<u8>) -> String {
    grade.map_or_else(|| "not stated".to_owned(), |grade| grade.to_string())
}

fn yes_no(answer: Option<bool>) -> &'static str {
    match answer {
        Some(true) => "yes",
        Some(false) => "no",
        None => "not answered",
    }
}

fn listed(donations: &[Din]) -> String {
    donations.iter().map(Din::to_string).collect::<Vec<_>>().join(", ")
}

/// Whether it would be accepted now, before anything is signed.
///
/// # Errors
/// What [`record`] would refuse.
pub fn try_record(
    app: &App,
    caller: &Caller,
    number: &OrderNumber,
    entry: &Entry,
) -> Result<Shown, Failure> {
    needs_any(caller, entry.capabilities())?;
    let signature = signature::unsigned(app, caller)?;
    let now = app.clock.now();
    let site = &app.config.site;
    app.read(|db| {
        let known = follow_up(db, site, number)?;
        decide(&known, entry, site, (now, &signature))?;
        Ok(shown(&known, entry, site))
    })
}

/// Records what became of the patient.
///
/// # Errors
/// What `domain::order` refuses; that the content changed since it was shown.
pub fn record(
    app: &App,
    caller: &Caller,
    number: &OrderNumber,
    entry: Entry,
    signature: Signature,
) -> Result<(), Failure> {
    needs_any(caller, entry.capabilities())?;
    let (number, site) = (number.clone(), app.config.site.clone());
    let request = ("order_outcome", number.clone(), entry.clone());
    app.write(caller, &request, move |tx| {
        let known = follow_up(tx.db(), &site, &number)?;
        signature::covers(&signature, &shown(&known, &entry, &site).hash()?)?;
        let changes = decide(&known, &entry, &site, (tx.now(), &signature))?;
        tx.record(changes)
    })
}

fn decide(
    known: &FollowUp,
    entry: &Entry,
    site: &Site,
    (now, signature): (Instant, &Signature),
) -> Result<Vec<Change>, Failure> {
    let FollowUp { order, given, .. } = known;
    let protocol = &site::protocol_of(site, order)?.protocol;
    let stopping = protocol.stopping.as_ref();
    let signature_of = || signature.clone();
    let decided = match entry.clone() {
        Entry::Visit { visit, held_on, grade, dose_limiting, remark, correction } => {
            let title = String::new();
            let outcome =
                VisitOutcome { visit, title, held_on, grade, dose_limiting, remark, correction };
            let today = Day::new(now.date(site.zone));
            order::record_visit(order, &protocol.visits, *given, outcome, (today, signature))
        }
        Entry::Exclude { because } => {
            order::exclude(order, evaluated_at(protocol), &because, signature)
        }
        Entry::Report { description, began_at, aware_at, grade, relatedness } => {
            let report = Report {
                description,
                began_at,
                aware_at,
                grade,
                relatedness,
                batch: order.batch.clone(),
                units: known.units.clone(),
                donations: known.donations.clone(),
            };
            order::report_reaction(order, stopping, *given, report, (now, signature))
        }
        Entry::Judge { number, grade, relatedness, reasoning } => {
            let judged = (grade, relatedness, reasoning.as_str());
            order::judge_again(order, stopping, number, judged, (now, signature))
        }
        Entry::Tell { number, whom, at, how } => {
            let told = Told { whom, at, how: how.trim().to_owned(), signature: signature_of() };
            order::tell(order, number, told, now)
        }
        Entry::Rule { number, resume, reasoning } => {
            let reasoning = reasoning.trim().to_owned();
            order::rule(order, number, Ruling { resume, reasoning, signature: signature_of() })
        }
    };
    decided.map_err(|refusal: OutcomeRefusal| refusal.into())
}

fn evaluated_at(protocol: &Protocol) -> Option<&Name> {
    protocol.enrolment.as_ref().map(|enrolment| &enrolment.evaluated_at)
}

/// The course of a protocol so far, over all its versions; empty where it has no rule of
/// enrolment.
///
/// # Errors
/// When the database fails.
pub fn course(db: &mut Db, protocol: &Protocol) -> Result<Course, Failure> {
    let Some(enrolment) = &protocol.enrolment else { return Ok(Course::default()) };
    let mut orders = Vec::new();
    for number in table::of_protocol(db, protocol.id.as_str())? {
        let Some(order) = ledger::load::<Order>(db, number.as_str())? else { continue };
        let given = !custody::given_of_order(db, &number)?.is_empty();
        orders.push((order, given));
    }
    Ok(order::course(enrolment, &orders))
}
