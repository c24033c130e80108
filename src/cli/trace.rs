//! `chorda trace`: everything connected with anything that has a code, both ways.
//!
//! Neighbours: `app::trace` answers.

use chorda::app::trace::{Line, TraceReport, Used, trace_in};
use chorda::domain::genealogy::NodeKind;
use clap::Args;

use super::Site;
use super::console::{Console, Trouble};

#[derive(Args)]
#[command(
    after_help = "Example:\n  chorda trace DNR-0003 --database sqlite:demo-data/chorda.db\n  \
    chorda trace XER-03 --json"
)]
pub(crate) struct Arguments {
    /// A donor, donation, container, batch, order, patient code, material lot or device
    code: String,
}

pub(crate) fn run(wanted: &Arguments, site: &Site, console: &Console) -> Result<(), Trouble> {
    let store = site.inspect()?;
    let report = store.read(|db| trace_in(db, &wanted.code)).map_err(Trouble::refused)?;
    if console.json {
        return console.data(&report);
    }
    print(console, &report);
    Ok(())
}

fn print(console: &Console, report: &TraceReport) {
    console.line(format!("{}: {}", report.about.node.words(), standing(&report.about)));
    lines(console, "came from", &report.came_from);
    lines(console, "led to", &report.led_to);
    used(console, "material lots used", &report.materials);
    used(console, "equipment used", &report.equipment);
    if report.patients.is_empty() {
        return;
    }
    console.line(format!("patients ({}):", report.patients.len()));
    for patient in &report.patients {
        let given = match patient.administered.as_slice() {
            [] => "not treated with it".to_owned(),
            codes => format!("treated: {}", codes.join(", ")),
        };
        let (code, order) = (patient.patient.as_str(), patient.order.as_str());
        console.line(format!("  {code:13} {order:16} {given}"));
    }
}

fn standing(line: &Line) -> String {
    if !line.live {
        return line.place.clone();
    }
    match &line.because {
        Some(because) => format!("{} because {} is", line.disposition.word(), because.words()),
        None => line.disposition.word().to_owned(),
    }
}

/// Prints the nodes kind by kind, in the order of the flow from donor to patient.
fn lines(console: &Console, heading: &str, lines: &[Line]) {
    console.line(format!("{heading} ({}):", lines.len()));
    for (kind, _, word) in NodeKind::ALL {
        for line in lines.iter().filter(|line| line.node.kind() == kind) {
            console.line(format!("  {word:13} {:16} {}", line.node.id(), standing(line)));
        }
    }
}

fn used(console: &Console, heading: &str, used: &[Used]) {
    if used.is_empty() {
        return;
    }
    console.line(format!("{heading} ({}):", used.len()));
    for one in used {
        console.line(format!("  {:30} {}", one.node.id(), one.batches.join(", ")));
    }
}
