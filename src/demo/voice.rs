//! How the demo speaks: chapters, facts, refusals, and a progress bar where there is a terminal.
//!
//! Architecture invariant: nothing that is printed is known here; it comes from what was done.

use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::domain::Refused;
use crate::domain::time::{Instant, Zone};

/// Prints the story while it happens.
#[derive(Debug)]
pub struct Voice {
    bar: ProgressBar,
    zone: Zone,
    chapter: u32,
    chapters: u32,
    silent: bool,
}

impl Voice {
    /// A voice that speaks to standard output, with a bar of `commands` if that is a terminal.
    #[must_use]
    pub fn new(chapters: u32, commands: u64, zone: Zone) -> Self {
        let bar = if std::io::stdout().is_terminal() {
            let bar = ProgressBar::new(commands);
            let style = "{bar:32.cyan/dim} {pos:>4} commands  {elapsed}  {wide_msg}";
            if let Ok(style) = ProgressStyle::with_template(style) {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        } else {
            ProgressBar::hidden()
        };
        Self { bar, zone, chapter: 0, chapters, silent: false }
    }

    /// A voice that does not know how much it has to tell.
    #[must_use]
    pub fn open(zone: Zone) -> Self {
        Self { silent: false, ..Self::silent(zone) }
    }

    /// A voice that says nothing, for tests.
    #[must_use]
    pub fn silent(zone: Zone) -> Self {
        Self { bar: ProgressBar::hidden(), zone, chapter: 0, chapters: 0, silent: true }
    }

    /// Begins a chapter that plays from `at` on.
    pub fn chapter(&mut self, title: &str, at: Instant) {
        self.chapter = self.chapter.saturating_add(1);
        self.line("");
        let when = at.date_text(self.zone);
        let of = if self.chapters > 0 { format!("/{}", self.chapters) } else { String::new() };
        self.line(format!("{}{of}  {title}  ({when})", self.chapter));
    }

    /// Says what was done.
    pub fn fact(&self, text: impl Display) {
        self.line(format!("     {text}"));
    }

    /// Says what was tried, and how it was refused.
    pub fn refusal(&self, tried: &str, refused: &Refused) {
        self.line(format!("  ✗  Tried: {tried}"));
        self.line(format!("     Refused [{}]: {}", refused.rule, refused.message));
    }

    /// One more command was carried out or refused.
    pub fn step(&self, doing: &str) {
        self.bar.inc(1);
        self.bar.set_message(doing.to_owned());
    }

    /// Takes the bar away; what follows is the summary.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }

    /// Prints a line above the bar. A reader that went away is no error.
    pub fn line(&self, text: impl Display) {
        if !self.silent {
            self.bar.suspend(|| {
                let _ = writeln!(std::io::stdout().lock(), "{text}");
            });
        }
    }
}
