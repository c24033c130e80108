//! A master record as the blocks of a page: its procedure, its figures, its changes, its text.
//!
//! Neighbours: `domain::master_record::outline` says the particulars in words; nothing is worded
//! here a second time.
//!
//! Architecture invariant: a view formats what it was given; it decides and looks up nothing.

use askama::Template;

use super::component::{Banner, Cell, Facts, Head, Table};
use super::cx::Cx;
use super::filters;
use super::icon::Icon;
use super::page::Shell;
use super::sheet::{Act, Block, Body};
use crate::domain::master_record::diff::{Line, differences, hunks, line_differences};
use crate::domain::master_record::outline::{Part, PartKind, outline};
use crate::domain::master_record::simulate::{self, Happened, Report};
use crate::domain::master_record::{Fault, MasterRecord};
use crate::domain::time::Span;

/// A version of a master record: to be read, or to be signed.
#[derive(Debug, Template)]
#[template(path = "master_record/record.html")]
pub(super) struct RecordPage {
    shell: Shell,
    head: Head,
    pub(super) banners: Vec<Banner>,
    pub(super) lead: Vec<Block>,
    pub(super) changes: Option<Changes>,
    pub(super) body: Vec<Block>,
    /// The address of the timeline; empty if there is none.
    pub(super) drawing: String,
    pub(super) figures: Vec<Block>,
    pub(super) text: Vec<TextRow>,
    /// The address of the text as a file; empty if it is not kept yet.
    pub(super) file: String,
    pub(super) aside: Vec<Block>,
}

impl RecordPage {
    pub(super) fn new(cx: &Cx, title: String, head: Head) -> Self {
        Self {
            shell: cx.shell(title),
            head,
            banners: Vec::new(),
            lead: Vec::new(),
            changes: None,
            body: Vec::new(),
            drawing: String::new(),
            figures: Vec::new(),
            text: Vec::new(),
            file: String::new(),
            aside: Vec::new(),
        }
    }
}

/// The form in which a text is proposed, with its faults beside their lines.
#[derive(Debug, Template)]
#[template(path = "master_record/propose.html")]
pub(super) struct ProposePage {
    pub(super) shell: Shell,
    pub(super) head: Head,
    pub(super) banner: Option<Banner>,
    pub(super) act: Act,
    pub(super) faults: Vec<FaultRow>,
}

/// A fault with the line it is about.
#[derive(Debug)]
pub(super) struct FaultRow {
    line: usize,
    column: usize,
    text: String,
    message: String,
    remedy: String,
    code: &'static str,
}

/// The faults of a text, each with its line.
pub(super) fn fault_rows(text: &str, faults: &[Fault]) -> Vec<FaultRow> {
    let row = |fault: &Fault| FaultRow {
        line: fault.line,
        column: fault.column,
        text: text.lines().nth(fault.line.saturating_sub(1)).unwrap_or("").to_owned(),
        message: fault.message.clone(),
        remedy: fault.remedy.clone(),
        code: fault.kind.code(),
    };
    faults.iter().map(row).collect()
}

/// A numbered line of text.
#[derive(Debug)]
pub(super) struct TextRow {
    pub(super) number: String,
    pub(super) sign: char,
    pub(super) class: &'static str,
    pub(super) text: String,
}

/// A text with its line numbers.
pub(super) fn text_rows(text: &str) -> Vec<TextRow> {
    let row = |(at, text): (usize, &str)| TextRow {
        number: (at + 1).to_string(),
        sign: ' ',
        class: "",
        text: text.to_owned(),
    };
    text.lines().enumerate().map(row).collect()
}

/// What changed against another version.
#[derive(Debug)]
pub(super) struct Changes {
    against: String,
    words: Vec<String>,
    hunks: Vec<Vec<TextRow>>,
}

/// What changed from one record to another, in words and line by line.
pub(super) fn changes(old: &MasterRecord, new: &MasterRecord) -> Changes {
    Changes {
        against: old.record.key(),
        words: differences(old, new).iter().map(|change| change.words()).collect(),
        hunks: changed_rows(&old.text, &new.text),
    }
}

/// The lines that differ between two texts, in groups with what stands around them.
pub(super) fn changed_rows(old: &str, new: &str) -> Vec<Vec<TextRow>> {
    let groups = hunks(&line_differences(old, new), 3);
    groups.into_iter().map(|hunk| hunk.into_iter().map(changed_row).collect()).collect()
}

fn changed_row(line: Line) -> TextRow {
    let sign = line.sign();
    let class = match sign {
        '+' => "added",
        '−' => "removed",
        _ => "",
    };
    let number = line.new.or(line.old).map(|number| number.to_string()).unwrap_or_default();
    TextRow { number, sign, class, text: line.text }
}

fn particulars(part: &Part) -> String {
    let words: Vec<String> = part
        .particulars
        .iter()
        .filter(|(name, _)| *name != "title")
        .map(|(name, words)| format!("{name}: {words}"))
        .collect();
    words.join(" · ")
}

/// The procedure for reading, in the order of the record.
pub(super) fn procedure(record: &MasterRecord) -> Vec<Block> {
    let parts = outline(record);
    let mut blocks = Vec::new();
    let table = |title: &str, kinds: &[PartKind]| {
        let mut table = Table::new(title, &["Name", "What it states"]);
        for part in parts.iter().filter(|part| kinds.contains(&part.kind)) {
            table.push([Cell::Text(part.title.clone()), Cell::Soft(particulars(part))]);
        }
        (!table.is_empty()).then(|| Block::new(title, Body::Table(table)))
    };
    let header = parts.iter().filter(|part| part.kind == PartKind::Header);
    blocks.extend(header.map(|part| Block::new("The process", Body::Facts(facts_of(part)))));
    blocks.extend(table("What enters", &[PartKind::Input]));
    blocks.extend(table("What is made", &[PartKind::Output]));
    blocks.extend(table("Bill of materials", &[PartKind::Material]));
    blocks.extend(table("Stated numbers", &[PartKind::Parameter]));
    blocks.extend(steps(record, &parts));
    blocks.extend(table("Times between steps", &[PartKind::Timer]));
    blocks.extend(table("Where QA signs", &[PartKind::HoldPoint]));
    blocks.extend(table("What is reconciled", &[PartKind::Reconciliation]));
    blocks.extend(table("Tests", &[PartKind::Test, PartKind::Criterion]));
    blocks
}

fn facts_of(part: &Part) -> Facts {
    part.particulars
        .iter()
        .filter(|(name, _)| !["title", "version"].contains(name))
        .fold(Facts::new(), |facts, (name, words)| facts.with(*name, words.clone()))
}

/// One block a step: its particulars, then its entries and calculations.
fn steps(record: &MasterRecord, parts: &[Part]) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    for part in parts {
        match part.kind {
            PartKind::Step => {
                let number = blocks.len() + 1;
                let title = format!("{number} · {}", part.title);
                let step = record.steps.get(blocks.len());
                let note = step.map_or_else(String::new, |step| step.operation.word());
                let block = Block::new(title, Body::Facts(facts_of(part)));
                blocks.push(block.note(note));
            }
            PartKind::Field | PartKind::Calculation => {
                if let Some(Body::Facts(facts)) = blocks.last_mut().map(|block| &mut block.body) {
                    facts.items.push((part.title.clone(), Cell::Soft(particulars(part))));
                }
            }
            _ => {}
        }
    }
    blocks
}

/// What many runs of the record come to.
pub(super) fn figures(report: &Report) -> Vec<Block> {
    let columns = ["From the start", "P10", "P50", "P90"];
    let mut dates = Table::new("Dates", &columns);
    for line in &report.dates {
        dates.push(three(&line.title, &line.spread, |span: &Span| span.text()));
    }
    let mut yields = Table::new("Yields", &["Yield", "P10", "P50", "P90"]);
    for line in &report.cells {
        let title = format!("Viable cells after: {}", line.title);
        yields.push(three(&title, &line.spread, |amount| amount.text()));
    }
    for line in &report.containers {
        let title = format!("Containers: {}", line.title);
        yields.push(three(&title, &line.spread, |count: &u32| count.to_string()));
    }
    let mut waits = Table::new("The time goes to", &["Step or time", "Share"]);
    for bottleneck in &report.bottlenecks {
        let share = Cell::Number(format!("{} %", bottleneck.share));
        waits.push([Cell::Text(bottleneck.title.clone()), share]);
    }
    let mut blocks = vec![
        Block::new("Dates", Body::Table(dates)),
        Block::new("Yields", Body::Table(yields)),
        Block::new("The time goes to", Body::Table(waits)),
    ];
    if !(report.broken.is_empty() && report.lost.is_empty()) {
        blocks.push(Block::new("What goes wrong", Body::Table(troubles(report))));
    }
    let mut assumed = Table::new("Assumed", &["About", "Assumption", "From"]);
    for one in &report.assumed {
        let from = if one.stated { "the record" } else { "default" };
        assumed.push([
            Cell::Text(one.about.clone()),
            Cell::Soft(one.what.clone()),
            Cell::Soft(from.to_owned()),
        ]);
    }
    blocks.push(Block::new("What was assumed", Body::Table(assumed)).folded());
    blocks
}

fn three<T>(title: &str, spread: &simulate::Spread<T>, text: impl Fn(&T) -> String) -> [Cell; 4] {
    let number = |value: &T| Cell::Number(text(value));
    [Cell::Text(title.to_owned()), number(&spread.p10), number(&spread.p50), number(&spread.p90)]
}

fn troubles(report: &Report) -> Table {
    let mut table = Table::new("What goes wrong", &["What", "Consequence", "Of all runs"]);
    let row = |one: &Happened| {
        let tenths = u64::from(one.runs) * 1_000 / u64::from(report.runs);
        let consequence = match one.class {
            Some(class) => format!("{class} deviation"),
            None => "the batch is lost".to_owned(),
        };
        [
            Cell::Text(one.what.clone()),
            Cell::Soft(consequence),
            Cell::Number(format!("{}.{} %", tenths / 10, tenths % 10)),
        ]
    };
    for one in report.broken.iter().chain(&report.lost) {
        table.push(row(one));
    }
    table
}
