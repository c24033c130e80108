//! `chorda mbr`: master batch records as text files, checked, compared and tried before anybody is
//! asked to approve.

use std::path::{Path, PathBuf};

use chorda::app::master_record_approve::SHIPPED;
use chorda::app::master_record_check::{Checked, check_text};
use chorda::domain::master_record::diff::{differences, hunks, line_differences};
use chorda::domain::master_record::reference::reference;
use chorda::domain::master_record::simulate::{Happened, Line, RUNS_MAX, Report, simulate};
use chorda::domain::master_record::{MasterRecord, parse};
use chorda::domain::time::{Day, Span};
use chorda::record::timeline_svg;
use clap::{Args, Subcommand};

use super::Site;
use super::console::{Console, Trouble};
use super::findings::{Finding, read, tell};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Check master records: unknown fields, unreachable steps, wrong units, unlabelled outputs, …
    Check(Check),
    /// Say what changed between two versions, in words and line by line
    Diff(Diff),
    /// Run a master record many times: dates, yields, containers, bottlenecks
    Simulate(Simulate),
    /// Print the page that explains the language, as Markdown
    Reference(Reference),
}

#[derive(Args)]
#[command(after_help = "Records that inputs are made by are looked for among the files given and \
    those that come with the program.\n\nExample:\n  chorda mbr check templates/mbr/*.toml")]
pub(crate) struct Check {
    /// The files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

#[derive(Args)]
#[command(after_help = "Example:\n  chorda mbr diff dose-1.toml dose-2.toml")]
pub(crate) struct Diff {
    /// The older version
    old: PathBuf,
    /// The newer version
    new: PathBuf,
}

#[derive(Args)]
#[command(
    after_help = "What is drawn follows the [[assume]] tables of the file and defaults that \
    are printed. The same file, runs and seed give the same numbers everywhere.\n\nExample:\n  \
    chorda mbr simulate templates/mbr/eq-msc-dose.toml --start 2026-03-02 --svg dose.svg"
)]
pub(crate) struct Simulate {
    /// The file
    file: PathBuf,
    /// How many runs
    #[arg(long, default_value_t = 1_000)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=i64::from(RUNS_MAX)))]
    runs: u32,
    /// Another seed gives other draws
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The day on which the batch starts: dates are printed instead of lengths of time
    #[arg(long, value_name = "DATE")]
    start: Option<String>,
    /// Draw the timeline into this file
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

#[derive(Args)]
#[command(after_help = "Example:\n  chorda mbr reference > docs/master-record.md")]
pub(crate) struct Reference {}

pub(crate) fn run(command: Command, site: &Site, console: &Console) -> Result<(), Trouble> {
    match command {
        Command::Check(wanted) => check(&wanted, site, console),
        Command::Diff(wanted) => diff(&wanted, console),
        Command::Simulate(wanted) => run_many(&wanted, console),
        Command::Reference(_) => {
            console.line(reference().trim_end());
            Ok(())
        }
    }
}

/// The record of a file; its faults are printed if it has any.
fn record(file: &Path, console: &Console) -> Result<MasterRecord, Trouble> {
    parse(&read(file)?).map_err(|faults| {
        for fault in &faults.0 {
            console.note(format!("{}:{fault}", file.display()));
        }
        Trouble::Failed
    })
}

fn check(wanted: &Check, site: &Site, console: &Console) -> Result<(), Trouble> {
    let config = site.complete()?;
    let mut texts = Vec::new();
    for file in &wanted.files {
        texts.push((file, read(file)?));
    }
    let given = texts.iter().filter_map(|(_, text)| parse(text).ok());
    let mut others: Vec<MasterRecord> = given.collect();
    for (_, text) in SHIPPED {
        let shipped = parse(text).ok().filter(|shipped| {
            !others.iter().any(|given| given.record.key() == shipped.record.key())
        });
        others.extend(shipped);
    }
    let mut findings = Vec::new();
    for (file, text) in &texts {
        let Checked { faults, .. } =
            check_text(text, &others, &config.site).map_err(Trouble::refused)?;
        findings.extend(Finding::of(file, faults));
    }
    tell(&findings, wanted.files.len(), console)
}

fn diff(wanted: &Diff, console: &Console) -> Result<(), Trouble> {
    let (old, new) = (record(&wanted.old, console)?, record(&wanted.new, console)?);
    let changes = differences(&old, &new);
    let lines = hunks(&line_differences(&old.text, &new.text), 2);
    if console.json {
        let value = serde_json::json!({
            "old": old.record,
            "new": new.record,
            "changes": changes,
            "words": changes.iter().map(|change| change.words()).collect::<Vec<_>>(),
            "lines": lines,
        });
        return console.data(&value);
    }
    if changes.is_empty() {
        console.line("Nothing that binds a batch changed.");
    }
    for change in &changes {
        console.line(change.words());
    }
    for hunk in &lines {
        console.line("");
        for line in hunk {
            let number = line.new.or(line.old).unwrap_or(0);
            console.line(format!("{} {number:>4}  {}", line.sign(), line.text).trim_end());
        }
    }
    Ok(())
}

fn run_many(wanted: &Simulate, console: &Console) -> Result<(), Trouble> {
    let start = match &wanted.start {
        Some(text) => Some(Day::parse(text).map_err(Trouble::usage)?),
        None => None,
    };
    let report = simulate(&record(&wanted.file, console)?, wanted.runs, wanted.seed);
    if let Some(path) = &wanted.svg {
        let svg = timeline_svg(&report);
        std::fs::write(path, &svg).map_err(|error| {
            Trouble::refused(format!("{} cannot be written: {error}", path.display()))
        })?;
        console.note(format!("wrote {} ({} bytes)", path.display(), svg.len()));
    }
    if console.json {
        return console.data(&report);
    }
    print_report(&report, start, console);
    Ok(())
}

fn print_report(report: &Report, start: Option<Day>, console: &Console) {
    let Report { runs, finished, expired, .. } = report;
    console.line(format!("{} · {runs} runs, seed {}", report.title, report.seed));
    console.line(format!("finished {finished}, product expired before certification {expired}\n"));
    let row = |title: &str, [p10, p50, p90]: [String; 3]| {
        console.line(format!("{title:<52} {p10:>18} {p50:>18} {p90:>18}"));
    };
    let when = |span: Span| match start {
        Some(day) => {
            let days = u32::try_from(span.seconds() / 86_400).unwrap_or(0);
            day.plus_days(days).date().to_string()
        }
        None => span.text(),
    };
    row("from the start", ["P10", "P50", "P90"].map(str::to_owned));
    for Line { title, spread } in &report.dates {
        row(title, [&spread.p10, &spread.p50, &spread.p90].map(|span| when(*span)));
    }
    console.line("\nviable cells after");
    for Line { title, spread } in &report.cells {
        row(title, [spread.p10, spread.p50, spread.p90].map(|amount| amount.text()));
    }
    console.line("\ncontainers made");
    for Line { title, spread } in &report.containers {
        row(title, [spread.p10, spread.p50, spread.p90].map(|count| count.to_string()));
    }
    console.line("\nthe time goes to");
    for bottleneck in &report.bottlenecks {
        console.line(format!("{:<52} {:>6} %", bottleneck.title, bottleneck.share));
    }
    happened("\nlimits and timers broken, of all runs", &report.broken, *runs, console);
    happened("\nbatches lost at", &report.lost, *runs, console);
    console.line("\nassumed (shortest, likely, longest; lowest, likely, highest)");
    for assumed in &report.assumed {
        let source = if assumed.stated { "file" } else { "default" };
        console.line(format!("{source:<8} {:<43} {}", assumed.about, assumed.what));
    }
}

fn happened(title: &str, list: &[Happened], runs: u32, console: &Console) {
    if list.is_empty() {
        return;
    }
    console.line(title);
    for Happened { what, class, runs: count } in list {
        let class = class.unwrap_or_default();
        let tenths = u64::from(*count) * 1_000 / u64::from(runs);
        console.line(format!("{what:<52} {class:<9} {}.{} %", tenths / 10, tenths % 10));
    }
}
