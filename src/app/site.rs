//! The site's texts as use cases ask for them: a protocol by its id, the one of an order, the donor
//! rules of a day.
//!
//! Neighbours: `crate::site` read them when the program started.
//!
//! Architecture invariant: nothing is read from a file here, so that every command of a run is
//! decided by the same texts.

use crate::domain::RefusalKind;
use crate::domain::donor::RuleSet;
use crate::domain::order::Order;
use crate::domain::protocol::ExcursionRule;
use crate::domain::time::Instant;
use crate::site::{Published, Site};
use crate::store::Failure;

/// The protocol of an id; the version in force.
///
/// # Errors
/// A `NotFound` refusal when there is none.
pub fn protocol<'s>(site: &'s Site, id: &str) -> Result<&'s Published, Failure> {
    site.protocol(id).ok_or_else(|| {
        Failure::not_found(format!("There is no protocol {id}. Choose one from the list."))
    })
}

/// The protocol that an order was placed under, in the very text.
///
/// # Errors
/// A `NotFound` refusal when the site does not have that text any more.
pub fn protocol_of<'s>(site: &'s Site, order: &Order) -> Result<&'s Published, Failure> {
    site.published(&order.protocol.text_hash).ok_or_else(|| {
        Failure::not_found(format!(
            "The text of {} version {}, under which {} was placed, is not among the site's \
             protocols. Put that file back beside the newer ones.",
            order.protocol.id, order.protocol.version, order.number
        ))
    })
}

/// The rule by which a part of an order's product may leave for labelling (ATMP-46).
///
/// # Errors
/// As [`protocol_of`]; and a refusal where the protocol lets nothing leave.
pub fn excursion_rule<'s>(site: &'s Site, order: &Order) -> Result<&'s ExcursionRule, Failure> {
    protocol_of(site, order)?.protocol.excursion.as_ref().ok_or_else(|| {
        let text = format!(
            "{} lets no part of the product leave for labelling. Give it as it is.",
            order.protocol.id
        );
        Failure::refused("no_excursion ATMP-46", RefusalKind::Conflict, text)
    })
}

/// The donor rules in force at a time, as a refusal where there are none (DON-6).
///
/// # Errors
/// When no rule set, or more than one, is in force.
pub fn rules_at(site: &Site, at: Instant) -> Result<&RuleSet, Failure> {
    site.rules.at(at, site.zone).map_err(|error| {
        Failure::refused("donor_rules_in_force DON-6", RefusalKind::Conflict, error.to_string())
    })
}
