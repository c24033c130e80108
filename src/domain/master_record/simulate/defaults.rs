//! What the simulation assumes where a record states no assumption of its own. Every one of these
//! is printed with the report.

use crate::domain::master_record::model::{Operation, TestPlan, Timer};
use crate::domain::quantity::Unit;
use crate::domain::time::Span;
use rust_decimal::Decimal;

/// In how many of a hundred cases a choice is not accepted.
pub(super) const CHOICE_FAILS: Decimal = Decimal::ONE;

/// Cells of all dose units of an order, `10*6`.
pub(super) const ORDER_CELLS: Decimal = Decimal::from_parts(150, 0, 0, false, 0);
/// Volume of all dose units of an order, `mL`.
pub(super) const ORDER_VOLUME: Decimal = Decimal::from_parts(3, 0, 0, false, 0);
/// Dose units of an order.
pub(super) const ORDER_UNITS: Decimal = Decimal::from_parts(4, 0, 0, false, 0);
/// Viable cells in a container that enters, `10*6`.
pub(super) const CONTENT_CELLS: Decimal = Decimal::from_parts(50, 0, 0, false, 0);
/// Volume in a container that enters, `mL`.
pub(super) const CONTENT_VOLUME: Decimal = Decimal::ONE;

/// What a step takes: half of it, this, or twice as long.
pub(super) fn minutes(operation: Operation) -> i64 {
    use Operation as O;
    match operation {
        O::Thaw => 5,
        O::Inspect | O::Retrieve | O::HandOver | O::TakeBack => 10,
        O::ClearLine | O::Sample | O::Label | O::Dispose => 15,
        O::Store => 20,
        O::Receive | O::Count | O::Fill | O::Record => 30,
        O::Feed | O::Formulate => 45,
        O::Seed | O::Pool | O::Divide => 60,
        O::Freeze => 90,
        O::Harvest => 120,
    }
}

pub(super) fn step(operation: Operation) -> [Span; 3] {
    let likely = minutes(operation).saturating_mul(60);
    let half = likely.checked_div(2).unwrap_or(likely);
    [half, likely, likely.saturating_mul(2)].map(Span::of_seconds)
}

/// The time between two steps: within the timer; nothing where it only has a longest time.
pub(super) fn timer(timer: &Timer) -> [Span; 3] {
    let Some(min) = timer.min.map(Span::seconds) else { return [Span::of_seconds(0); 3] };
    let max = timer.max.map_or_else(|| min.saturating_add(min / 4), Span::seconds).max(min);
    let middle = min.saturating_add(max.saturating_sub(min) / 2);
    [min, middle, max].map(Span::of_seconds)
}

/// A test takes its incubation and up to a day, or 2 hours to 3 days.
pub(super) fn test(test: &TestPlan) -> [Span; 3] {
    match &test.specification.incubation {
        Some(incubation) => {
            let minimum = incubation.minimum.seconds();
            [minimum, minimum, minimum.saturating_add(86_400)].map(Span::of_seconds)
        }
        None => [Span::of_hours(2), Span::of_days(1), Span::of_days(3)],
    }
}

/// A number without limits, by its unit.
pub(super) fn number(unit: Unit) -> [Decimal; 3] {
    let three = |low: i64, likely: i64, high: i64| [low, likely, high].map(Decimal::from);
    match unit {
        Unit::Percent => three(85, 92, 98),
        Unit::MillionCellsPerMillilitre => three(1, 2, 4),
        Unit::MillionCells => three(40, 60, 90),
        Unit::Millilitre => three(20, 30, 40),
        Unit::Celsius => three(20, 22, 24),
        _ => three(1, 1, 1),
    }
}
