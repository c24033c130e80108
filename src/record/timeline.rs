//! A simulated master record as a drawing: one bar a step, from its middle start to its middle end,
//! with a thin line over what eight runs of ten need.
//!
//! Neighbours: `domain::master_record::simulate` gives the numbers; the command line writes the
//! drawing to a file, the page of a master record shows it.
//!
//! Architecture invariant: whole units only; the same report gives the same drawing.

use crate::domain::master_record::simulate::{Report, Spread};
use crate::domain::time::Span;

const LEFT: i64 = 300;
const WIDTH: i64 = 960;
const RIGHT: i64 = 20;
const ROW: i64 = 22;
const TOP: i64 = 34;

struct Drawing {
    svg: String,
    y: i64,
    total: i64,
}

impl Drawing {
    fn x(&self, span: Span) -> i64 {
        let room = WIDTH - LEFT - RIGHT;
        LEFT + span.seconds().saturating_mul(room) / self.total
    }

    fn text(&mut self, x: i64, anchor: &str, weight: &str, text: &str) {
        let y = self.y + 15;
        self.svg.push_str(&format!(
            "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\" font-weight=\"{weight}\">{}</text>\n",
            escaped(text)
        ));
    }

    fn bar(&mut self, start: &Spread<Span>, end: &Spread<Span>, color: &str) {
        let (thin, thick) = (self.y + 10, self.y + 5);
        let (from, to) = (self.x(start.p10), self.x(end.p90));
        self.svg.push_str(&format!(
            "<rect x=\"{from}\" y=\"{thin}\" width=\"{}\" height=\"2\" fill=\"#8a97a6\"/>\n",
            (to - from).max(1)
        ));
        let (from, to) = (self.x(start.p50), self.x(end.p50));
        self.svg.push_str(&format!(
            "<rect x=\"{from}\" y=\"{thick}\" width=\"{}\" height=\"12\" rx=\"2\" fill=\"{color}\"/>\n",
            (to - from).max(3)
        ));
    }

    fn grid(&mut self, height: i64) {
        let hours = self.total / 3_600;
        // Ticks of 1, 3, 6, 12 hours or whole days, so that about ten stand on the axis.
        let step = [1, 3, 6, 12, 24, 48, 96, 168, 336, 672]
            .into_iter()
            .find(|step| hours / step <= 12)
            .unwrap_or(1_344);
        let mut at = 0;
        while at <= hours {
            let x = self.x(Span::of_hours(at));
            let words = if step < 24 { format!("{at} h") } else { format!("{} d", at / 24) };
            self.svg.push_str(&format!(
                "<line x1=\"{x}\" y1=\"{TOP}\" x2=\"{x}\" y2=\"{height}\" stroke=\"#c9d1da\"/>\n\
                 <text x=\"{x}\" y=\"22\" text-anchor=\"middle\">{words}</text>\n"
            ));
            at += step;
        }
    }
}

/// The timeline of a report as SVG.
#[must_use]
pub fn timeline_svg(report: &Report) -> String {
    let ends = report.steps.iter().map(|step| step.end.p90.seconds());
    let dates = report.dates.iter().map(|line| line.spread.p90.seconds());
    let total = ends.chain(dates).max().unwrap_or(1).max(1);
    let mut chapters: Vec<&str> = report.steps.iter().map(|step| step.unit.as_str()).collect();
    chapters.dedup();
    let rows = report.steps.len() + chapters.len() + report.dates.len() + 1;
    let height = TOP + ROW * i64::try_from(rows).unwrap_or(0) + 12;
    let mut drawing = Drawing { svg: String::new(), y: TOP, total };
    drawing.svg.push_str(&format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         font-family=\"sans-serif\" font-size=\"12\" fill=\"currentColor\">\n<title>{}</title>\n",
        escaped(&format!("Timeline of {}, {} runs", report.record.key(), report.runs))
    ));
    drawing.grid(height - 8);
    let mut chapter = "";
    for step in &report.steps {
        if step.unit != chapter {
            chapter = &step.unit;
            drawing.text(8, "start", "bold", chapter);
            drawing.y += ROW;
        }
        drawing.text(LEFT - 10, "end", "normal", &shortened(&step.title));
        drawing.bar(&step.start, &step.end, "#1f6f8b");
        drawing.y += ROW;
    }
    drawing.text(8, "start", "bold", "Milestones");
    drawing.y += ROW;
    for line in &report.dates {
        drawing.text(LEFT - 10, "end", "normal", &shortened(&line.title));
        drawing.bar(&line.spread, &line.spread, "#b4530a");
        drawing.y += ROW;
    }
    drawing.svg.push_str("</svg>\n");
    drawing.svg
}

/// As much of a title as stands beside the bars.
fn shortened(title: &str) -> String {
    const LONGEST: usize = 44;
    if title.chars().count() <= LONGEST {
        return title.to_owned();
    }
    let kept: String = title.chars().take(LONGEST - 1).collect();
    format!("{}…", kept.trim_end())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
