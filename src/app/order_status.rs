//! What an order is and how it stands, as one answer for other programs.
//!
//! Neighbours: the JSON interface sends it; the pages read the tables themselves.
//!
//! Architecture invariant: codes only; no person's name beyond sign-in names.

use serde::Serialize;

use super::App;
use super::custody_hand_over::units;
use crate::domain::id::OrderNumber;
use crate::domain::order::Order;
use crate::store::{Failure, ledger, order as table};

/// One syringe of an order.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct UnitStatus {
    /// Its container code.
    pub code: String,
    /// The site it is meant for.
    pub target: String,
    /// The effective disposition of it and all it came from.
    pub disposition: String,
    /// `live`, `administered`, `destroyed` or `consumed`.
    pub fate: String,
    /// When it expires, RFC 3339.
    pub expires_at: Option<String>,
}

/// An order and how it stands.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct OrderStatus {
    /// Its number.
    pub number: String,
    /// The patient code.
    pub patient: String,
    /// Chain-of-identity id.
    pub coi: String,
    /// Where it stands.
    pub stage: String,
    /// Day of administration.
    pub infusion_on: String,
    /// Day of thaw.
    pub thaw_on: String,
    /// Until when it can be cancelled without loss, RFC 3339.
    pub cancel_by: String,
    /// Cells to give, value and UCUM unit; none where the product holds no cells.
    pub dose_cells: Option<String>,
    /// Volume to give, value and UCUM unit.
    pub dose_volume: String,
    /// The batch that makes it.
    pub batch: Option<String>,
    /// Units of the bank earmarked for it.
    pub allocated: Vec<String>,
    /// What was made for it.
    pub units: Vec<UnitStatus>,
}

/// The order of a number.
///
/// # Errors
/// A `NotFound` refusal when there is none; or the database failed.
pub fn order_status(app: &App, number: &OrderNumber) -> Result<OrderStatus, Failure> {
    app.read(|db| {
        let missing = || Failure::not_found(format!("There is no order {number}."));
        let order = ledger::load::<Order>(db, number.as_str())?.ok_or_else(missing)?;
        let line = table::find(db, number)?.ok_or_else(missing)?;
        let made = units(db, number)?;
        let unit = |(container, standing): &(
            crate::domain::container::Container,
            crate::domain::genealogy::Standing,
        )| {
            use crate::domain::container::Fate;
            UnitStatus {
                code: container.code.clone(),
                target: container.target.as_ref().map(ToString::to_string).unwrap_or_default(),
                disposition: standing.disposition.max(container.disposition).code().to_owned(),
                fate: match container.fate {
                    Fate::Live => "live",
                    Fate::Consumed { .. } => "consumed",
                    Fate::Administered { .. } => "administered",
                    Fate::Destroyed { .. } => "destroyed",
                    Fate::Unpacked { .. } => "unpacked",
                }
                .to_owned(),
                expires_at: container.expires_at.map(|at| at.to_string()),
            }
        };
        Ok(OrderStatus {
            number: number.to_string(),
            patient: line.patient,
            coi: line.coi,
            stage: line.stage.code().to_owned(),
            infusion_on: line.infusion_on.to_string(),
            thaw_on: line.thaw_on.to_string(),
            cancel_by: line.cancel_by.to_string(),
            dose_cells: order.dose_cells.map(|cells| cells.to_string()),
            dose_volume: order.dose_volume.to_string(),
            batch: line.batch,
            allocated: order.allocated.clone(),
            units: made.0.iter().map(unit).collect(),
        })
    })
}
