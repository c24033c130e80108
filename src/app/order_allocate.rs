//! Earmarks a unit of the bank for an order, and takes the earmark away.
//!
//! Neighbours: `domain::order` decides and changes the vial and the order together.
//!
//! Architecture invariant: the vial's effective disposition is read in the same transaction.

use serde::Serialize;

use super::{App, Caller};
use crate::db::Db;
use crate::domain::actor::Capability;
use crate::domain::container::Container;
use crate::domain::disposition::Disposition;
use crate::domain::genealogy::Standing;
use crate::domain::id::{ContainerCode, OrderNumber};
use crate::domain::order::{self, Allocate, Order, VialFacts};
use crate::store::{Failure, container, donor, order as table};

/// How many free vials are looked at for the one that expires first.
const LOOKED_AT: i64 = 500;

/// Earmark a vial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrderAllocate {
    /// The order.
    pub order: OrderNumber,
    /// The vial.
    pub vial: ContainerCode,
    /// Why not the one that expires first.
    pub because: Option<String>,
}

/// A vial that could be earmarked.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The vial.
    pub container: Container,
    /// Its effective disposition and the cause.
    pub standing: Standing,
}

/// The released free vials of a material, first expired first.
///
/// # Errors
/// When the database fails.
pub fn candidates(db: &mut Db, order: &Order, limit: usize) -> Result<Vec<Candidate>, Failure> {
    let mut found = Vec::new();
    for container in table::free_vials(db, order.protocol.bank_material.as_str(), LOOKED_AT)? {
        if !order.takes(container.contents.volume) {
            continue;
        }
        let standing = container::standing_of(db, &container)?;
        if standing.disposition == Disposition::Released {
            found.push(Candidate { container, standing });
        }
        if found.len() >= limit {
            break;
        }
    }
    Ok(found)
}

/// Earmarks the vial.
///
/// # Errors
/// What `domain::order` refuses.
pub fn order_allocate(app: &App, caller: &Caller, command: OrderAllocate) -> Result<(), Failure> {
    caller.needs(Capability::FulfilOrders)?;
    let request = command.clone();
    app.write(caller, &("order_allocate", &request), move |tx| {
        let order = tx.require::<Order>(command.order.as_str())?;
        let (vial, standing) = container::require_with_standing(tx.db(), &command.vial)?;
        let first = candidates(tx.db(), &order, 1)?;
        let earlier = first
            .iter()
            .map(|candidate| &candidate.container)
            .find(|first| first.code != vial.code && expires_earlier(first, &vial))
            .map(|first| first.code.clone());
        let cause = standing.because.as_ref().map(|node| node.words());
        let origins = donor::origins_of(tx.db(), &vial)?;
        let stored_before = table::donors_stored_for(tx.db(), &order.patient)?;
        let facts = VialFacts {
            container: &vial,
            effective: standing.disposition.max(vial.disposition),
            cause: cause.as_deref(),
            earlier: earlier.as_deref(),
            origins: &origins,
            stored_before: &stored_before,
        };
        let because = command.because.clone();
        let changes = order::allocate(&order, &Allocate { because }, &facts, &tx.context())?;
        tx.record(changes)
    })
}

fn expires_earlier(first: &Container, other: &Container) -> bool {
    match (first.expires_at, other.expires_at) {
        (Some(first), Some(other)) => first < other,
        (Some(_), None) => true,
        (None, _) => false,
    }
}

/// Takes the earmark away; nothing may be thawed yet.
///
/// # Errors
/// What `domain::order` refuses; a missing reason.
pub fn order_deallocate(
    app: &App,
    caller: &Caller,
    number: &OrderNumber,
    vial: &ContainerCode,
) -> Result<(), Failure> {
    caller.needs(Capability::FulfilOrders)?;
    caller.needs_reason()?;
    let (number, code) = (number.clone(), vial.clone());
    let request = ("order_deallocate", number.clone(), code.clone());
    app.write(caller, &request, move |tx| {
        let order = tx.require::<Order>(number.as_str())?;
        let vial = container::require(tx.db(), &code)?;
        let changes = order::deallocate(&order, &vial)?;
        tx.record(changes)
    })
}
