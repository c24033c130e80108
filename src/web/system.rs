//! What belongs to no slice: embedded files, the sign of life, reports of the browser.
//!
//! Architecture invariant: nothing here shows or changes a record.

use super::assets;
use super::cx::Cx;
use super::error::WebError;
use super::reply::Reply;
use super::routes::{Access, Route};

/// The rows of this slice.
pub const ROUTES: &[Route] = &[
    Route::get("/assets/{version}/{name}", Access::Public, asset, "An embedded file"),
    Route::get("/favicon.ico", Access::Public, favicon, "The icon of the browser's tab"),
    Route::get("/health", Access::Public, health, "Whether the server answers"),
    Route::post("/csp-report", Access::Public, csp_report, "What the browser blocked")
        .body_max(16 * 1024)
        .without_token(),
];

fn asset(cx: &Cx) -> Result<Reply, WebError> {
    assets::find(cx.param("version"), cx.param("name")).ok_or(WebError::not_found(""))
}

fn favicon(_cx: &Cx) -> Result<Reply, WebError> {
    Ok(Reply::see_other(assets::address("favicon.svg")))
}

fn health(_cx: &Cx) -> Result<Reply, WebError> {
    Ok(Reply::text(200, "ok\n"))
}

fn csp_report(cx: &Cx) -> Result<Reply, WebError> {
    let report: String = String::from_utf8_lossy(&cx.request.body).chars().take(2_000).collect();
    tracing::warn!(request = %cx.request.id, report = %report, "the browser blocked something");
    Ok(Reply::no_content())
}
