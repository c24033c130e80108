//! The pool of a batch, drawn: who gave how much, and whether the ratio is equal (ATMP-25).
//!
//! Neighbours: `domain::batch::pool` reads it; [`super::batch_show`] shows it.
//!
//! Architecture invariant: every bar has its number beside it, and nothing is judged here.

use askama::Template;
use askama::filters::HtmlSafe;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::component::{Cell, Chip, Link, Tone};
use super::filters;
use crate::domain::batch::{Mark, Pool, Share};
use crate::domain::quantity::Quantity;

/// Bars are this many units wide; the drawing is stretched to its place.
const WIDTH: u32 = 1000;
/// How much of the row is left free behind the widest bar, in per cent.
const ROOM: Decimal = Decimal::from_parts(110, 0, 0, false, 2);
const HUNDRED: Decimal = Decimal::ONE_HUNDRED;

/// One part of the whole.
struct Slice {
    x: u32,
    width: u32,
    donor: String,
    percent: String,
}

/// One row: a container and what it gave.
struct Row {
    donor: Cell,
    donation: String,
    container: Link,
    held: String,
    asked: String,
    taken: String,
    cells: String,
    percent: String,
    /// Width of the bar.
    width: u32,
    mark: Option<Chip>,
}

/// The pool as a block of a page.
#[derive(Template)]
#[template(path = "batch/_pool.html")]
pub(super) struct PoolCard {
    verdict: Chip,
    sentence: String,
    slices: Vec<Slice>,
    said: String,
    rows: Vec<Row>,
    /// Where the alert limits stand on the bars: left end and width.
    band: Option<(u32, u32)>,
    limits: Vec<String>,
}

impl HtmlSafe for PoolCard {}

/// The pool, ready to show.
pub(super) fn pool_card(pool: &Pool) -> PoolCard {
    let shares: Vec<Decimal> = pool.shares.iter().map(percent).collect();
    let widest = shares.iter().copied().max().unwrap_or(HUNDRED);
    let highest = pool.band.map_or(widest, |(_, high)| widest.max(high.value()));
    let full = highest.checked_mul(ROOM).filter(|full| !full.is_zero()).unwrap_or(HUNDRED);
    let band = pool.band.map(|(low, high)| {
        let left = units(low.value(), full);
        (left, units(high.value(), full).saturating_sub(left))
    });
    let limits = [("Limits", &pool.limit), ("alert", &pool.alert)]
        .into_iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(word, text)| format!("{word} {text}"))
        .collect();
    let slices = if pool.is_made() { slices(pool) } else { Vec::new() };
    PoolCard {
        verdict: verdict(pool),
        sentence: sentence(pool),
        said: slices
            .iter()
            .map(|slice| format!("{} {}", slice.donor, slice.percent))
            .collect::<Vec<_>>()
            .join(", "),
        slices,
        rows: pool.shares.iter().map(|share| row(share, full)).collect(),
        band: band.filter(|_| pool.is_made()),
        limits,
    }
}

fn percent(share: &Share) -> Decimal {
    share.percent.map_or(Decimal::ZERO, Quantity::value)
}

/// A share as a length on the bars.
fn units(share: Decimal, full: Decimal) -> u32 {
    let part = share.checked_div(full).and_then(|part| part.checked_mul(Decimal::from(WIDTH)));
    part.and_then(|part| part.round().to_u32()).unwrap_or(0).min(WIDTH)
}

fn slices(pool: &Pool) -> Vec<Slice> {
    let mut x = 0;
    let mut slices = Vec::new();
    for share in &pool.shares {
        let width = units(percent(share), HUNDRED);
        let percent = share.percent.map_or_else(String::new, |percent| percent.text());
        slices.push(Slice { x, width, donor: donors(share), percent });
        x = x.saturating_add(width);
    }
    slices
}

fn donors(share: &Share) -> String {
    share.from.donors.iter().map(|donor| donor.as_str()).collect::<Vec<_>>().join(", ")
}

fn row(share: &Share, full: Decimal) -> Row {
    let text = |quantity: Option<Quantity>| {
        quantity.map_or_else(|| "–".to_owned(), |quantity| quantity.text())
    };
    let held = [share.from.cells, share.from.volume].into_iter().flatten();
    let container = &share.from.container;
    let donor = match share.from.donors.as_slice() {
        [one] => Cell::CodeLink(Link::to(format!("/donors/{one}"), one.as_str())),
        _ => Cell::Code(donors(share)),
    };
    Row {
        donor,
        donation: share.from.din.as_ref().map_or_else(String::new, ToString::to_string),
        container: Link::to(format!("/containers/{container}"), container.as_str()),
        held: held.map(|held| held.text()).collect::<Vec<_>>().join(" in "),
        asked: text(share.asked),
        taken: text(share.taken),
        cells: text(share.cells),
        percent: text(share.percent),
        width: units(percent(share), full),
        mark: share.percent.map(|_| match share.mark {
            Mark::Within => Chip::new(Tone::Ok, "equal"),
            Mark::Alert => Chip::new(Tone::Wait, "alert limit"),
            Mark::Action => Chip::new(Tone::Stop, "outside limits"),
        }),
    }
}

fn verdict(pool: &Pool) -> Chip {
    match (pool.is_made(), pool.mark()) {
        (false, _) => Chip::new(Tone::Calm, "not pooled yet"),
        (true, Mark::Within) => Chip::new(Tone::Ok, "equal ratio"),
        (true, Mark::Alert) => Chip::new(Tone::Wait, "at the alert limit"),
        (true, Mark::Action) => Chip::new(Tone::Stop, "ratio is not equal"),
    }
}

fn sentence(pool: &Pool) -> String {
    let mut donors: Vec<_> = pool.shares.iter().flat_map(|share| &share.from.donors).collect();
    donors.sort();
    donors.dedup();
    let (donors, containers) = (donors.len(), pool.shares.len());
    let total = pool.shares.iter().try_fold(None, |sum: Option<Quantity>, share| {
        let cells = share.cells?;
        Some(Some(sum.map_or(Some(cells), |sum| sum.plus(cells).ok())?))
    });
    match total.flatten() {
        Some(cells) => {
            format!("{donors} donors, {containers} containers, {} in the pool", cells.text())
        }
        None => format!("{donors} donors, {containers} containers"),
    }
}
