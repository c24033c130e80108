//! The part of a line clearance that is scanned: whatever lies there is scanned; what is foreign
//! stops the step until it is taken away.
//!
//! Neighbours: `batch_step` has the page of the step; `app::batch_clearance` records.
//!
//! Architecture invariant: what stops the step is shown until it is gone, whoever looks.

use super::batch::address;
use super::batch_step;
use super::component::{Banner, Link};
use super::cx::Cx;
use super::error::WebError;
use super::form::{Field, query_value};
use super::reply::Reply;
use super::routes::{Access, Route};
use crate::app::batch_clearance::{LineScan, batch_line_removed, batch_line_scan};
use crate::app::words::capital;
use crate::domain::actor::Capability;
use crate::domain::batch::{Batch, Progress};
use crate::domain::id::{BatchNumber, Name};
use crate::domain::master_record::{Operation, Step};

const PERFORM: Access = Access::Needs(&[Capability::PerformSteps]);

/// The rows of this slice.
pub const ROUTES: &[Route] = &[
    Route::post("/batches/{number}/steps/{step}/line", PERFORM, scan, "Scan what lies on a line"),
    Route::post(
        "/batches/{number}/steps/{step}/line/removed",
        PERFORM,
        removed,
        "Record that something foreign was taken away",
    ),
];

/// Something foreign that is still there.
pub(super) struct Found {
    pub what: String,
    pub because: String,
    pub deviation: Link,
    pub item: Field,
    pub to: Field,
    /// Whether it was scanned just now: shown over the whole screen.
    pub new: bool,
}

/// What is scanned at a line clearance that is open.
pub(super) struct Line {
    pub scan: Field,
    pub action: String,
    pub removed: String,
    pub found: Vec<Found>,
    pub said: Option<Banner>,
}

fn step_address(number: &BatchNumber, step: &Name) -> String {
    format!("{}/steps/{step}", address(number))
}

/// The scans of a line clearance; none at other steps, or when it is over.
pub(super) fn line(cx: &Cx, batch: &Batch, step: &Step, progress: &Progress) -> Option<Line> {
    let open =
        matches!(progress, Progress::Ready | Progress::Repeatable | Progress::ToVerify { .. });
    let clears = step.operation == Operation::ClearLine && cx.may(Capability::PerformSteps);
    if !clears || !open {
        return None;
    }
    let base = step_address(&batch.number, &step.name);
    let (new, belongs) = (cx.query("found"), cx.query("belongs"));
    let found = |found: &crate::domain::batch::Foreign| Found {
        what: capital(&found.what),
        because: found.because.clone(),
        deviation: Link::to(format!("/deviations/{}", found.deviation), found.deviation.as_str()),
        item: Field::hidden("item", found.item.clone()),
        to: Field::text("to", "Where it was taken").required(),
        new: found.item == new,
    };
    let mut scan = Field::scan("code", "Scan whatever lies there")
        .hint("Containers, lots, labels and documents. What is of this batch may stay.")
        .takes("/");
    scan.autofocus = true;
    Some(Line {
        scan,
        action: format!("{base}/line"),
        removed: format!("{base}/line/removed"),
        found: batch.foreign_on(&step.name).map(found).collect(),
        said: (!belongs.is_empty()).then(|| Banner::ok("It belongs to this batch").text(belongs)),
    })
}

fn wanted(cx: &Cx) -> Result<(BatchNumber, Name), WebError> {
    Ok((cx.param_as("number", BatchNumber::parse)?, cx.param_as("step", Name::parse)?))
}

fn scan(cx: &Cx) -> Result<Reply, WebError> {
    let (number, step) = wanted(cx)?;
    let code = cx.form().text("code").to_owned();
    let answer = match batch_line_scan(cx.app(), &cx.caller()?, &number, &step, &code) {
        Ok(answer) => answer,
        Err(failure) => return batch_step::again(cx, WebError::from(failure).refusal()?),
    };
    let query = match answer {
        LineScan::Belongs { what } => format!("belongs={}", query_value(&what)),
        LineScan::Foreign { .. } => format!("found={}", query_value(&code)),
    };
    Ok(Reply::see_other(format!("{}?{query}", step_address(&number, &step))))
}

fn removed(cx: &Cx) -> Result<Reply, WebError> {
    let (number, step) = wanted(cx)?;
    let (item, to) = (cx.form().text("item").to_owned(), cx.form().text("to").to_owned());
    match batch_line_removed(cx.app(), &cx.caller()?, &number, &step, (&item, &to)) {
        Ok(()) => Ok(Reply::see_other(step_address(&number, &step))
            .flash("It is recorded that it was taken away.")),
        Err(failure) => batch_step::again(cx, WebError::from(failure).refusal()?),
    }
}
