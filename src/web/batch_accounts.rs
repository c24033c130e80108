//! The accounts of a batch: cells, volume, containers and labels in double entry, every movement
//! with the signature behind it, what may differ, and how often the cells doubled since the donor.
//!
//! Neighbours: `app::batch_accounts` gathers; [`super::batch_show`] has the head and the tabs.
//!
//! Architecture invariant: every number is one of the book or was signed; nothing is judged here.

use askama::Template;

use super::batch::{READ, address};
use super::batch_show::{Part, head, tabs};
use super::component::{Cell, Chip, Empty, Facts, Head, Link, Table, Tabs, Tone};
use super::cx::Cx;
use super::error::WebError;
use super::filters;
use super::icon::Icon;
use super::page::Shell;
use super::reply::Reply;
use super::routes::Route;
use super::sheet::{Block, Body, Finding};
use crate::app::batch_accounts::{AccountsView, batch_accounts};
use crate::app::words::capital;
use crate::domain::account::Account;
use crate::domain::actor::Capability;
use crate::domain::batch::{self, Doubling, Reconciled};
use crate::domain::deviation::Status;
use crate::domain::id::{BatchNumber, Name};
use crate::domain::quantity::{Quantity, Unit};
use crate::store::account::Posted;
use rust_decimal::Decimal;

/// The rows of this slice.
pub const ROUTES: &[Route] = &[Route::get(
    "/batches/{number}/accounts",
    READ,
    show,
    "Cells, volume, containers and labels of a batch",
)];

/// What the statement counts, in this order, with its heading.
const UNITS: [(Unit, &str); 4] = [
    (Unit::MillionCells, "Viable cells, ×10⁶"),
    (Unit::Millilitre, "Volume, ml"),
    (Unit::Container, "Containers"),
    (Unit::Label, "Labels"),
];

/// One line of the statement: a word and a number for each unit that is booked.
struct Entry {
    /// `total` or nothing.
    class: &'static str,
    words: String,
    amounts: Vec<String>,
}

/// The statement: what came in, what became of it, what is there.
#[derive(Template)]
#[template(path = "batch/_statement.html")]
struct Statement {
    units: Vec<&'static str>,
    entries: Vec<Entry>,
    verdict: Chip,
}

impl askama::filters::HtmlSafe for Statement {}

#[derive(Template)]
#[template(path = "batch/accounts.html")]
struct AccountsPage {
    shell: Shell,
    head: Head,
    tabs: Tabs,
    statement: Option<Statement>,
    main: Vec<Block>,
    aside: Vec<Block>,
}

fn show(cx: &Cx) -> Result<Reply, WebError> {
    let number = cx.param_as("number", BatchNumber::parse)?;
    let found = batch_accounts(cx.app(), &number)?;
    let pool = batch::pool(&found.view.batch, &found.view.record).is_some();
    let mut main = Vec::new();
    if found.postings.is_empty() {
        let text = "Cells and volume are booked when a step counts, moves or divides them.";
        let empty = Empty::new(Icon::Batch, "Nothing booked", text);
        main.push(Block::new("", Body::Empty(empty)));
    } else {
        main.push(journal(cx, &found));
    }
    cx.page(&AccountsPage {
        shell: cx.shell(format!("Accounts of {number}")),
        head: head(cx, &found.view),
        tabs: tabs(&found.view, Part::Accounts, pool),
        statement: (!found.postings.is_empty()).then(|| statement(&found)),
        main,
        aside: aside(cx, &found),
    })
}

/// A number without its unit, as the heading of the column has it.
fn bare(quantity: Quantity) -> String {
    quantity.value().normalize().to_string()
}

fn statement(found: &AccountsView) -> Statement {
    let booked = found.book.units();
    let units: Vec<(Unit, &str)> =
        UNITS.into_iter().filter(|(unit, _)| booked.contains(unit)).collect();
    let line = |class, words: String, amount: &dyn Fn(Unit) -> Option<Quantity>| Entry {
        class,
        words,
        amounts: units.iter().map(|(unit, _)| amount(*unit).map_or(String::new(), bare)).collect(),
    };
    let of = |account: Account, sign: Decimal| {
        move |unit: Unit| {
            let balance = found.book.balance(account, unit);
            let shown = balance.times(sign).ok()?;
            (!balance.is_zero()).then_some(shown)
        }
    };
    let accounts = || Account::ALL.iter().map(|(account, ..)| *account);
    let any = |account: &Account| units.iter().any(|(unit, _)| !zero(found, *account, *unit));
    let mut entries = Vec::new();
    for account in accounts().filter(|account| account.is_source()).filter(any) {
        let words = match account {
            Account::Input => "Opening: from outside".to_owned(),
            other => format!("+ {}", other.words()),
        };
        entries.push(line("", words, &of(account, -Decimal::ONE)));
    }
    let gone = |account: &Account| !account.is_source() && !account.holds();
    for account in accounts().filter(gone).filter(any) {
        entries.push(line("", format!("− {}", account.words()), &of(account, Decimal::ONE)));
    }
    for account in accounts().filter(|account| account.holds()).filter(any) {
        entries.push(line("", format!("= {}", account.words()), &of(account, Decimal::ONE)));
    }
    entries.push(line("total", "Closing: what is there".to_owned(), &|unit| {
        let held = accounts().filter(|account| account.holds());
        held.map(|account| found.book.balance(account, unit))
            .reduce(|sum, next| sum.plus(next).unwrap_or(sum))
    }));
    entries.push(line("total", "Sum over all accounts".to_owned(), &|unit| {
        Some(found.book.sum(unit))
    }));
    let balanced = booked.iter().all(|unit| found.book.sum(*unit).is_zero());
    Statement {
        units: units.iter().map(|(_, heading)| *heading).collect(),
        entries,
        verdict: match balanced {
            true => Chip::new(Tone::Ok, "balances to zero"),
            false => Chip::new(Tone::Stop, "does not balance"),
        },
    }
}

fn zero(found: &AccountsView, account: Account, unit: Unit) -> bool {
    found.book.balance(account, unit).is_zero()
}

/// Every movement, newest first, with what it leads to.
fn journal(cx: &Cx, found: &AccountsView) -> Block {
    let columns = ["Recorded", "What", "From", "To", "Amount", "Signed by"];
    let mut table = Table::new("Every movement of the book", &columns);
    let mut before: Option<(&str, u64)> = None;
    for posted in found.postings.iter().rev() {
        let first = before != Some((posted.stream.as_str(), posted.version));
        before = Some((posted.stream.as_str(), posted.version));
        let (what, signed) = match first {
            true => (source(found, posted), Cell::Soft(signed(found, posted))),
            false => (Cell::Soft(String::new()), Cell::Soft(String::new())),
        };
        let each = posted.posting.amount;
        let whole = each.times(Decimal::from(posted.times)).unwrap_or(each);
        let amount = match posted.times {
            1 => whole.text(),
            times => format!("{} ({times} × {})", whole.text(), bare(each)),
        };
        let when = match first {
            true => Cell::when(cx.when(posted.at)),
            false => Cell::Soft(String::new()),
        };
        table.push([
            when,
            what,
            Cell::from(posted.posting.from.words()),
            Cell::from(posted.posting.to.words()),
            Cell::Number(amount),
            signed,
        ]);
    }
    Block::new("Movements", Body::Table(table)).note("newest first")
}

/// The step or the container behind a movement, as a link to it.
fn source(found: &AccountsView, posted: &Posted) -> Cell {
    let batch = &found.view.batch;
    match (posted.stream.split_once('/'), &posted.occurrence) {
        (Some(("container", code)), _) => {
            let text = format!("{code} {}", posted.what);
            Cell::Link(Link::to(format!("/containers/{code}"), text))
        }
        (_, occurrence) => {
            let name = Name::parse(&posted.what).ok();
            let step = name.as_ref().and_then(|name| found.view.record.step(name));
            let title = step.map_or(posted.what.as_str(), |step| step.title.as_str());
            let repeated = step.is_some_and(|step| step.repeat.max > 1);
            let text = match occurrence {
                Some(number) if repeated => format!("{title} ({number})"),
                _ => title.to_owned(),
            };
            Cell::Link(Link::to(format!("{}#{}", address(&batch.number), posted.what), text))
        }
    }
}

/// Who signed: of a step its performer and its verifier.
fn signed(found: &AccountsView, posted: &Posted) -> String {
    let step = Name::parse(&posted.what).ok();
    let by = found.names.get(&posted.by).unwrap_or(&posted.by);
    let performance = step.zip(posted.occurrence).and_then(|(step, occurrence)| {
        let mut of = found.view.batch.performances.iter();
        of.find(|p| p.step == step && p.occurrence == occurrence).cloned()
    });
    match performance {
        Some(performance) if performance.recorded_at != posted.at => {
            format!("{by}, correcting")
        }
        Some(performance) => {
            let verified = performance.verified.iter().map(|one| one.printed_name.clone());
            let names: Vec<String> = std::iter::once(performance.signature.printed_name.clone())
                .chain(verified)
                .collect();
            names.join(", ")
        }
        None => by.clone(),
    }
}

fn aside(cx: &Cx, found: &AccountsView) -> Vec<Block> {
    let view = &found.view;
    let mut blocks = Vec::new();
    let rules = batch::reconciliations(&view.batch, &view.record);
    if !rules.is_empty() {
        let findings = rules.iter().map(|rule| reconciled(found, rule)).collect();
        blocks.push(Block::new("Reconciliation", Body::Findings(findings)));
        blocks.extend(to_explain(cx, found, &rules));
    }
    if found.lines.last().is_some_and(|line| line.cells) {
        blocks.extend(doublings(cx, found));
    }
    let labels = found.labels;
    if labels.issued > 0 {
        let open = match labels.missing {
            0 => Chip::new(Tone::Ok, "all accounted for"),
            missing => Chip::new(Tone::Wait, format!("{missing} not accounted for")),
        };
        let facts = Facts::new()
            .with("Issued", Cell::Number(labels.issued.to_string()))
            .with("Applied and read back", Cell::Number(labels.applied.to_string()))
            .with("Destroyed", Cell::Number(labels.destroyed.to_string()))
            .with("Kept in the record", Cell::Number(labels.kept.to_string()))
            .with("Lost, with a deviation", Cell::Number(labels.lost.to_string()))
            .with("Difference", open);
        blocks.push(Block::new("Labels now", Body::Facts(facts)));
    }
    blocks
}

fn reconciled(found: &AccountsView, reconciled: &Reconciled<'_>) -> Finding {
    let rule = reconciled.rule;
    let step = rule.step.as_ref().and_then(|name| found.view.record.step(name));
    let after = step.map_or("the last step".to_owned(), |step| format!("'{}'", step.title));
    let about = found.explained.iter().filter(|(name, ..)| *name == rule.name);
    let deviations: Vec<String> =
        about.clone().map(|(_, number, status)| format!("{number}, {}", status.code())).collect();
    let closed = about.clone().any(|(_, _, status)| *status == Status::Closed);
    let (tone, words) = match &reconciled.found {
        None => (Tone::Calm, format!("Looked at after {after}.")),
        Some(one) => {
            let tone = match (one.is_broken(), closed) {
                (false, _) => Tone::Ok,
                (true, true) => Tone::Wait,
                (true, false) => Tone::Stop,
            };
            (tone, format!("{} after {after}", one.words(rule.tolerance)))
        }
    };
    let href = about.map(|(_, number, _)| format!("/deviations/{number}")).next();
    Finding {
        tone,
        title: rule.title.clone(),
        rule: "ATMP-10".to_owned(),
        evidence: std::iter::once(words).chain(deviations).collect(),
        href: href.unwrap_or_default(),
    }
}

/// A way to explain what no deviation is about yet.
fn to_explain(cx: &Cx, found: &AccountsView, rules: &[Reconciled<'_>]) -> Option<Block> {
    let links: Vec<Link> = rules
        .iter()
        .filter(|one| one.found.is_some_and(|found| found.is_broken()))
        .filter(|one| !found.explained.iter().any(|(name, ..)| *name == one.rule.name))
        .map(|one| {
            let (batch, name) = (&found.view.batch.number, &one.rule.name);
            let address = format!("/deviations/new?batch={batch}&reconciliation={name}");
            Link::to(address, "Explain by a deviation").icon(Icon::Deviation)
        })
        .collect();
    let wanted = cx.may(Capability::OpenDeviation) && !links.is_empty();
    wanted.then(|| Block::new("", Body::Links(links)))
}

/// Passages and levels, from the donor's cells to this batch.
fn doublings(cx: &Cx, found: &AccountsView) -> Vec<Block> {
    let mut blocks = Vec::new();
    for line in found.lines.iter().rev() {
        let own = line.batch == found.view.batch.number;
        let level = found.levels.get(&line.batch).copied();
        let mut facts = Facts::new();
        for one in &line.doublings {
            facts = doubling(cx, facts, one);
        }
        if line.doublings.is_empty() {
            facts = facts.with("Own passages", "none counted");
        }
        let parents: Vec<String> = line
            .parents
            .iter()
            .filter_map(|parent| Some(format!("{parent}: {}", found.levels.get(parent)?.value())))
            .collect();
        facts = match parents.as_slice() {
            [] => facts.with("Before", "cells of the donor, first counted here"),
            [one] => facts.with("Before", one.clone()),
            many => facts.with("Before, the highest counts", many.join(", ")),
        };
        let level = level.map_or_else(String::new, |level| level.text());
        facts = facts.with("Cumulative", Cell::Number(level));
        blocks.push(match own {
            true => Block::new("Population doublings", Body::Facts(facts)),
            false => {
                let note = line.title.split(':').next().unwrap_or_default();
                Block::new(format!("… of {}", line.batch), Body::Facts(facts)).note(note).folded()
            }
        });
    }
    blocks
}

fn doubling(cx: &Cx, facts: Facts, one: &Doubling) -> Facts {
    let passage = one.passage.map_or_else(|| capital(&one.title), |passage| format!("P{passage}"));
    let grown = one.lasted().map(|span| {
        let from = one.from.map_or_else(String::new, |from| cx.when(from));
        format!("{} from {from} to {}", span.text(), cx.when(one.to))
    });
    facts
        .with(passage, one.arithmetic())
        .with_some("Grown for", grown)
        .with_some("One doubling took", one.doubling_time().map(|time| time.text()))
}
