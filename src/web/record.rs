//! The batch record of an order as a download.
//!
//! Neighbours: `app::record_export` gathers it, `record` writes it.
//!
//! Architecture invariant: both forms are made from one record; nothing is added here.

use super::cx::Cx;
use super::error::WebError;
use super::reply::Reply;
use super::routes::{Access, Route};
use crate::app::record_export::record_export;
use crate::domain::actor::Capability;
use crate::domain::id::OrderNumber;
use crate::record::{self, Form};
use crate::store::Failure;

const EXPORT: Access = Access::Needs(&[Capability::ExportRecord]);

/// The rows of this slice.
pub const ROUTES: &[Route] = &[
    Route::get("/orders/{number}/record.pdf", EXPORT, pdf, "The batch record of an order, PDF"),
    Route::get("/orders/{number}/record.json", EXPORT, json, "The batch record of an order, JSON"),
];

fn pdf(cx: &Cx) -> Result<Reply, WebError> {
    download(cx, Form::Pdf)
}

fn json(cx: &Cx) -> Result<Reply, WebError> {
    download(cx, Form::Json)
}

fn download(cx: &Cx, form: Form) -> Result<Reply, WebError> {
    let number = cx.param_as("number", OrderNumber::parse)?;
    let record = record_export(cx.app(), cx.actor()?, &number)?;
    let bytes =
        record::render(&record, form).map_err(|error| Failure::Broken(error.to_string()))?;
    Ok(Reply::document(form.media_type(), bytes))
}
