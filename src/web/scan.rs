//! The scan field of every page: a code comes in, the page of the thing comes out. Scripts ask for
//! JSON and show the answer over the whole screen; without scripts the same is a page.
//!
//! Neighbours: `app::scan` knows the codes.
//!
//! Architecture invariant: a scan is a question; it changes nothing.

use super::component::{Banner, Head, Link};
use super::cx::Cx;
use super::error::WebError;
use super::page::MessagePage;
use super::reply::Reply;
use super::routes::{Access, Route};
use crate::app::scan::{self, Answer, Verdict};

/// The rows of this slice.
pub const ROUTES: &[Route] =
    &[Route::get("/scan", Access::SignedIn, scan, "What a scanned code is, and where to go")];

fn scan(cx: &Cx) -> Result<Reply, WebError> {
    let code = cx.request.query.raw("code");
    let mut answer = scan::resolve(cx.app(), cx.actor()?, code)?;
    if answer.verdict == Verdict::Stop && answer.go.is_none() && !code.is_empty() {
        answer.go = Some(super::code::address(code));
    }
    if cx.request.wants_json {
        return Reply::json(&answer);
    }
    match (&answer.go, answer.verdict) {
        (Some(go), Verdict::Ok) => Ok(Reply::see_other(go.clone())),
        _ => page(cx, answer),
    }
}

fn page(cx: &Cx, answer: Answer) -> Result<Reply, WebError> {
    let mut banner = match answer.verdict {
        Verdict::Ok => Banner::ok(answer.title),
        Verdict::Check => Banner::check(answer.title),
        Verdict::Stop => Banner::stop(answer.title),
    }
    .text(answer.text);
    if let Some(go) = answer.go {
        banner = banner.action(Link::to(go, "Open").primary());
    }
    cx.page(&MessagePage {
        shell: cx.shell("Scan"),
        head: Head::new("Scan"),
        banner,
        reference: String::new(),
    })
}
