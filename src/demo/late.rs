//! Weeks later: a result comes in about one of the four donors.

use super::bank::Bank;
use super::culture::Culture;
use super::donors::marker_report;
use super::order;
use super::stage::{Stage, Trouble};
use crate::domain::disposition::Disposition;
use crate::domain::donor::Reaction;
use crate::domain::genealogy::Node;
use crate::domain::id::OrderNumber;
use crate::store::genealogy;

/// A repeat of the archived sample is reactive: everything made from the donor is on hold at once,
/// and the treated patient is named.
///
/// # Errors
/// When a use case refuses what the story needs, or something of the donor is not held.
pub(super) fn result(
    stage: &mut Stage,
    bank: &Bank,
    culture: &Culture,
    number: &OrderNumber,
) -> Result<(), Trouble> {
    let at = stage.at("2026-10-20 14:00")?;
    stage.voice.chapter("A late positive result", at);
    let donor = &culture.cord.donor;
    let look_back = marker_report(stage, donor, "nat_hcv", Reaction::Reactive)?;
    stage.voice.fact(format!(
        "{donor}: HCV NAT of the archived sample reactive; {} things made from it are on hold",
        look_back.descendants.len()
    ));
    for node in &bank.vials {
        let standing = stage.read(|db| genealogy::effective(db, &Node::container(node)))?;
        if standing < Disposition::OnHold {
            return Err(Trouble::NotRefused(format!("{node} is {}", standing.word())));
        }
    }
    for order in &look_back.orders {
        let order = order::state(stage, &crate::domain::id::OrderNumber::parse(order)?)?;
        stage.voice.fact(format!(
            "treated: patient {} by {} on {}",
            order.patient,
            order.number,
            order.slot().infusion_on
        ));
    }
    if !look_back.orders.iter().any(|order| order == number.as_str()) {
        return Err(Trouble::Missing(format!("{number} among the treated")));
    }
    Ok(())
}
