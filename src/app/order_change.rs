//! What is decided about an order after it was placed: confirmed, scheduled, cancelled, closed.
//!
//! Neighbours: `domain::order` decides; `order_place` computes the slots.
//!
//! Architecture invariant: each decision is signed over the order as it stood when it was shown.

use serde::{Deserialize, Serialize};

use super::order_place::slot;
use super::shown::Shown;
use super::{App, Caller, signature};
use crate::domain::actor::{Capability, Meaning, Signature};
use crate::domain::genealogy::Standing;
use crate::domain::id::OrderNumber;
use crate::domain::order::{self, Cancel, Close, Confirm, Order, Schedule};
use crate::domain::schedule::Slot;
use crate::domain::time::Day;
use crate::domain::{RefusalKind, custody};
use crate::site::Site;
use crate::store::{Failure, Tx, order as table};

/// What is decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "snake_case")]
pub enum Decision {
    /// A second person read it.
    Confirm,
    /// The site takes the slot of a day.
    Schedule {
        /// The day of administration.
        day: Day,
    },
    /// It is not wanted any more, or cannot be made.
    Cancel {
        /// Why.
        because: String,
    },
    /// Every unit is accounted for.
    Close,
}

impl Decision {
    /// Who may.
    #[must_use]
    pub const fn capabilities(&self) -> &'static [Capability] {
        match self {
            Self::Confirm | Self::Close => &[Capability::PlaceOrders],
            Self::Schedule { .. } => &[Capability::FulfilOrders],
            Self::Cancel { .. } => &[Capability::PlaceOrders, Capability::FulfilOrders],
        }
    }

    /// What the signature means.
    #[must_use]
    pub const fn meaning(&self) -> Meaning {
        match self {
            Self::Confirm => Meaning::Verified,
            Self::Schedule { .. } | Self::Cancel { .. } | Self::Close => Meaning::Approved,
        }
    }

    /// What is done, in words.
    #[must_use]
    pub const fn act(&self) -> &'static str {
        match self {
            Self::Confirm => "Confirmation by a second reader",
            Self::Schedule { .. } => "Acceptance and scheduling",
            Self::Cancel { .. } => "Cancellation",
            Self::Close => "Closing",
        }
    }
}

/// The content that is shown and signed: what was ordered, and what is decided. `slot` is the one
/// of the day to be scheduled.
#[must_use]
pub fn shown(order: &Order, decision: &Decision, slot: Option<&Slot>) -> Shown {
    let mut shown = Shown::new(decision.act())
        .line("Order", order.number.as_str())
        .line("Patient", order.patient.as_str())
        .line("Chain of identity", order.coi.as_str())
        .line("Protocol", format!("{} version {}", order.protocol.id, order.protocol.version));
    for unit in &order.units {
        shown = shown.line(unit.title.clone(), unit.amount());
    }
    shown = shown.line("To give", order.dose());
    match decision {
        Decision::Confirm => shown.line("Administration on", order.slot().infusion_on.to_string()),
        Decision::Schedule { day } => {
            let shown = shown.line("Administration on", day.to_string());
            match slot {
                Some(slot) => {
                    let mut shown = shown
                        .line("Thaw on", slot.thaw_on.to_string())
                        .line("Culture", format!("{} days", slot.culture_days));
                    if let Some(day) = slot.qc_on {
                        shown = shown.line("QC sample on", day.to_string());
                    }
                    shown.line("Cancel without loss until", slot.cancel_by.to_string())
                }
                None => shown,
            }
        }
        Decision::Cancel { because } => shown.line("Because", because.trim()),
        Decision::Close => shown.line("Version", order.version.to_string()),
    }
}

/// The content of a decision about an order as it stands.
///
/// # Errors
/// That the order does not exist, that the day cannot be offered, or the database failed.
pub fn shown_now(app: &App, number: &OrderNumber, decision: &Decision) -> Result<Shown, Failure> {
    let now = app.clock.now();
    app.read(|db| {
        let order = crate::store::ledger::load::<Order>(db, number.as_str())?
            .ok_or_else(|| Failure::not_found(format!("There is no order {number}.")))?;
        let slot = match decision {
            Decision::Schedule { day } => {
                let protocol = order.protocol.id.as_str();
                let slot = slot(db, &app.config.site, protocol, Some(number), now, *day)?;
                Some(slot.map_err(|obstacles| infeasible(*day, &obstacles))?)
            }
            _ => None,
        };
        Ok(shown(&order, decision, slot.as_ref()))
    })
}

fn infeasible(day: Day, obstacles: &[crate::domain::schedule::Obstacle]) -> Failure {
    let reasons: Vec<String> = obstacles.iter().map(ToString::to_string).collect();
    order::Refusal::DayNotFeasible { day: day.to_string(), reasons: reasons.join(", ") }.into()
}

/// Carries a decision out.
///
/// # Errors
/// What `domain::order` refuses; that the content changed since it was shown.
pub fn order_decide(
    app: &App,
    caller: &Caller,
    number: &OrderNumber,
    decision: Decision,
    signature: Signature,
) -> Result<(), Failure> {
    needs_any(caller, decision.capabilities())?;
    let (number, site) = (number.clone(), app.config.site.clone());
    let request = ("order_decide", number.clone(), decision.clone());
    app.write(caller, &request, move |tx| {
        let order = tx.require::<Order>(number.as_str())?;
        let changes = match &decision {
            Decision::Confirm => {
                signature::covers(&signature, &shown(&order, &decision, None).hash()?)?;
                order::confirm(&order, &Confirm { signature: signature.clone() })?
            }
            Decision::Schedule { day } => {
                scheduled(tx, &site, &order, *day, (&decision, &signature))?
            }
            Decision::Cancel { because } => {
                signature::covers(&signature, &shown(&order, &decision, None).hash()?)?;
                let thawed = table::is_thawed(tx.db(), &number)?;
                let (because, signature) = (because.clone(), signature.clone());
                order::cancel(&order, &Cancel { because, thawed, signature })?
            }
            Decision::Close => {
                signature::covers(&signature, &shown(&order, &decision, None).hash()?)?;
                let standing = &Standing::RELEASED;
                let units = table::units(tx.db(), &number)?
                    .iter()
                    .map(|container| custody::Unit { container, standing, origins: &[] }.fate())
                    .collect();
                order::close(&order, &Close { units, signature: signature.clone() })?
            }
        };
        tx.record(changes)
    })
}

fn scheduled(
    tx: &mut Tx<'_>,
    site: &Site,
    order: &Order,
    day: Day,
    (decision, signature): (&Decision, &Signature),
) -> Result<Vec<crate::domain::Change>, Failure> {
    let (now, protocol) = (tx.now(), order.protocol.id.as_str());
    let slot = slot(tx.db(), site, protocol, Some(&order.number), now, day)?;
    if let Ok(slot) = &slot {
        signature::covers(signature, &shown(order, decision, Some(slot)).hash()?)?;
    }
    let thawed = table::is_thawed(tx.db(), &order.number)?;
    let command = Schedule { slot, thawed, signature: signature.clone() };
    Ok(order::schedule(order, &command)?)
}

/// Refuses unless the role in use has one of the capabilities.
pub(super) fn needs_any(caller: &Caller, capabilities: &[Capability]) -> Result<(), Failure> {
    if capabilities.iter().any(|&one| caller.actor.role.may(one)) {
        return Ok(());
    }
    match capabilities.first() {
        Some(&first) => caller.needs(first),
        None => {
            Err(Failure::refused("no_capability", RefusalKind::Forbidden, "Nobody may do this."))
        }
    }
}
