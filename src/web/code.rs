//! What is this? Explains any scanned or typed code, part by part.
//!
//! Neighbours: `app::code_explain` explains; `app::scan` says what the records hold of it.
//!
//! Architecture invariant: a question; nothing is recorded.

use askama::Template;

use super::component::{Banner, Cell, Empty, Head, Link, Table};
use super::cx::Cx;
use super::error::WebError;
use super::filters;
use super::form::{Field, query_value};
use super::icon::Icon;
use super::page::Shell;
use super::reply::Reply;
use super::routes::{Access, Route};
use crate::app::code_explain::{CodeExplained, code_explain};
use crate::app::scan;

/// The rows of this slice.
pub const ROUTES: &[Route] =
    &[Route::get("/codes", Access::SignedIn, show, "What a code says, part by part")];

/// The page that explains a code.
pub(super) fn address(code: &str) -> String {
    format!("/codes?code={}", query_value(code))
}

#[derive(Template)]
#[template(path = "code/show.html")]
struct CodePage {
    shell: Shell,
    head: Head,
    code: Field,
    banner: Option<Banner>,
    parts: Option<Table>,
    empty: Empty,
}

fn show(cx: &Cx) -> Result<Reply, WebError> {
    let asked = cx.request.query.raw("code").trim_matches(' ');
    let mut head = Head::new("What is this?")
        .lede("What any code says: ours, ISBT 128, Single European Code, GS1.");
    let (mut banner, mut parts) = (None, None);
    if !asked.is_empty() {
        match code_explain(&cx.app().config.site, asked) {
            Ok(found) => {
                head = head.lede(said(&found));
                banner = Some(here(cx, asked)?);
                parts = Some(table(&found));
            }
            Err(error) => {
                banner = Some(Banner::stop("Not a code we accept").text(error.to_string()))
            }
        }
    }
    let refused = parts.is_none() && banner.is_some();
    let page = CodePage {
        shell: cx.shell("What is this?"),
        head,
        code: Field::scan("code", "Code").value(visible(asked)).required().autofocus(),
        banner,
        parts,
        empty: Empty::new(
            Icon::Scan,
            "Scan or type a code",
            "Each of its parts is shown with what it means.",
        ),
    };
    if refused { cx.page_again(&page) } else { cx.page(&page) }
}

fn said(found: &CodeExplained) -> String {
    let kind = found.explanation.kind;
    match found.symbology {
        Some(symbology) => format!("{kind}, read from {symbology}"),
        None => kind.to_owned(),
    }
}

/// What the records hold of it.
fn here(cx: &Cx, code: &str) -> Result<Banner, WebError> {
    let Some(answer) = scan::known(cx.app(), cx.actor()?, code)? else {
        return Ok(Banner::note("Nothing here has this code")
            .text("It is readable and right in itself; no record of this site carries it."));
    };
    let banner = match answer.verdict {
        scan::Verdict::Ok => Banner::ok(answer.title),
        scan::Verdict::Check => Banner::check(answer.title),
        scan::Verdict::Stop => Banner::stop(answer.title),
    };
    let banner = banner.text(answer.text);
    Ok(match answer.go {
        Some(go) => banner.action(Link::to(go, "Open")),
        None => banner,
    })
}

fn table(found: &CodeExplained) -> Table {
    let parts = &found.explanation.parts;
    let structured = parts.iter().any(|part| part.structure.is_some());
    let columns: &[&str] = match structured {
        true => &["Structure", "Part", "Value", "Meaning"],
        false => &["Part", "Value", "Meaning"],
    };
    let mut table = Table::new("Parts of the code", columns);
    let mut above = None;
    for part in parts {
        let own = [
            Cell::Text(part.name.clone()),
            Cell::Code(visible(&part.value)),
            Cell::Text(part.meaning.clone().unwrap_or_default()),
        ];
        let repeated = above == part.structure.as_ref();
        let name = part.structure.clone().filter(|_| !repeated).unwrap_or_default();
        let first = structured.then_some(Cell::Soft(name));
        above = part.structure.as_ref();
        table.push(first.into_iter().chain(own));
    }
    table
}

/// The separator of GS1 as a picture of itself.
fn visible(text: &str) -> String {
    text.replace(crate::codes::gs1::SEPARATOR, "\u{241d}")
}
