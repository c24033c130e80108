//! The timers of batches on screens: how each stands in a word with a shape, counted down to the
//! moment that comes next, with a warning before it is too late.
//!
//! Neighbours: `batch_show` and `batch_step` show those of one batch, `home` those of all.
//!
//! Architecture invariant: how a timer stands is worked out by the domain, never here.

use super::batch::address;
use super::component::{Banner, Cell, Chip, Facts, Link, Tone};
use super::cx::Cx;
use super::error::WebError;
use super::icon::Icon;
use crate::app::batch_facts::record_of;
use crate::domain::actor::Capability;
use crate::domain::batch::{self, Batch, TimerReading, TimerState};
use crate::domain::id::Name;
use crate::domain::master_record::MasterRecord;
use crate::domain::time::Instant;
use crate::store::batch as table;

/// The most batches whose timers home shows.
const BATCHES_MAX: i64 = 60;

/// A timer of a batch.
pub(super) struct TimerRow {
    pub title: String,
    /// The moment that is counted down to.
    pub until: Option<String>,
    /// From when the countdown warns; empty where it does not.
    pub warn: String,
    pub facts: Facts,
    pub chip: Chip,
}

/// A timer that runs, on the home page.
pub(super) struct HomeTimer {
    pub title: String,
    pub detail: String,
    pub href: String,
    pub until: String,
    pub warn: String,
    pub chip: Chip,
}

fn chip(state: TimerState) -> Chip {
    let (tone, shape) = match state {
        TimerState::Kept => (Tone::Calm, Icon::Ok),
        TimerState::Broken | TimerState::Overdue => (Tone::Stop, Icon::Stop),
        TimerState::Running => (Tone::Ok, Icon::Clock),
        TimerState::TooEarly => (Tone::Wait, Icon::Hold),
        TimerState::EndsSoon => (Tone::Wait, Icon::Clock),
        TimerState::Ended => (Tone::Calm, Icon::Stop),
    };
    Chip::new(tone, state.words()).shape(shape)
}

fn warn(reading: &TimerReading<'_>, now: Instant) -> String {
    let ahead = reading.earliest.is_some_and(|earliest| now < earliest);
    reading.warns_from().filter(|_| !ahead).map_or_else(String::new, |from| from.to_string())
}

/// The timers of a batch; with a step, only those that end there.
pub(super) fn rows(
    cx: &Cx,
    batch: &Batch,
    record: &MasterRecord,
    until: Option<&Name>,
) -> Vec<TimerRow> {
    let when = |at: Instant| Cell::when(cx.when(at));
    batch::timers(batch, record)
        .into_iter()
        .filter(|reading| until.is_none_or(|step| reading.timer.to == *step))
        .map(|reading| TimerRow {
            title: reading.timer.title.clone(),
            until: reading
                .next_moment(cx.now)
                .filter(|_| batch.state == batch::BatchState::InProcess)
                .map(|at| at.to_string()),
            warn: warn(&reading, cx.now),
            facts: Facts::new()
                .with("From", when(reading.from))
                .with_some("Not before", reading.earliest.map(when))
                .with_some("Not after", reading.latest.map(when))
                .with_some("Stopped", reading.stopped.map(when)),
            chip: chip(reading.state(batch.state, cx.now)),
        })
        .collect()
}

/// What is overdue or ends soon, with the step to do now.
pub(super) fn banners(cx: &Cx, batch: &Batch, record: &MasterRecord) -> Vec<Banner> {
    let banner = |reading: TimerReading<'_>| {
        let state = reading.state(batch.state, cx.now);
        let latest = cx.when(reading.latest?);
        let step = record.step(&reading.timer.to)?;
        let title = format!("{}: {}", reading.timer.title, state.words());
        let (banner, text) = match state {
            TimerState::Overdue => (
                Banner::stop(title),
                format!(
                    "“{}” was due by {latest}. Do it now; the deviation opens with it.",
                    step.title
                ),
            ),
            TimerState::EndsSoon => {
                (Banner::check(title), format!("“{}” is due by {latest}.", step.title))
            }
            _ => return None,
        };
        let open = Link::to(format!("{}#{}", address(&batch.number), step.name), "To the step");
        Some(banner.text(text).action(open))
    };
    batch::timers(batch, record).into_iter().filter_map(banner).collect()
}

/// The timers that run in any batch, the most pressing first.
///
/// # Errors
/// When the database fails or a master record cannot be read.
pub(super) fn running(cx: &Cx) -> Result<Vec<HomeTimer>, WebError> {
    if !cx.may(Capability::PerformSteps) && !cx.may(Capability::ReviewBatch) {
        return Ok(Vec::new());
    }
    let batches = cx.app().read(|db| {
        let rows = table::list(db, table::Which::InProcess, 0, BATCHES_MAX)?;
        let of = |row: table::BatchRow| {
            let batch = table::require(db, &row.number)?;
            let record = record_of(&batch)?;
            Ok((batch, record))
        };
        rows.into_iter().map(of).collect::<Result<Vec<_>, crate::store::Failure>>()
    })?;
    let mut found = Vec::new();
    for (batch, record) in &batches {
        for reading in batch::timers(batch, record) {
            let state = reading.state(batch.state, cx.now);
            let Some(until) = reading.next_moment(cx.now) else { continue };
            let next = record.step(&reading.timer.to).map_or("", |step| step.title.as_str());
            let timer = HomeTimer {
                title: reading.timer.title.clone(),
                detail: format!("{} · until “{next}”", batch.number),
                href: address(&batch.number),
                until: until.to_string(),
                warn: warn(&reading, cx.now),
                chip: chip(state),
            };
            found.push((state, until, timer));
        }
    }
    // Overdue first, then what ends soon; within one state the nearest moment first.
    found.sort_by(|(a, at, _), (b, bt, _)| b.cmp(a).then(at.cmp(bt)));
    Ok(found.into_iter().map(|(_, _, timer)| timer).collect())
}
