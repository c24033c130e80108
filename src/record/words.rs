//! How signatures, times and lists of codes read in print.
//!
//! Architecture invariant: a signature is never printed without its name, its meaning, its date,
//! its time and its zone (21 CFR 11.50).

use super::flow::Cell;
use super::theme::Tone;
use super::{Mark, Moment, Verdict};

/// Who, when and what it means, on one line; with the time of recording where it differs.
pub(super) fn mark_text(mark: &Mark) -> String {
    format!("{}, {}, {}{} – {}", who(mark), mark.by.role, mark.at.text, late(mark), mark.meaning)
}

/// The same where the word before it says what the signature means.
pub(super) fn step_mark(mark: &Mark) -> String {
    format!("{}, {}, {}{}", who(mark), mark.by.role, mark.at.text, late(mark))
}

/// What it means in one word, who and when, for narrow columns; the chapter on signatures says what
/// each word stands for.
pub(super) fn short_mark(mark: &Mark) -> String {
    format!("{}: {}, {}", mark.act, who(mark), brief(&mark.at))
}

fn who(mark: &Mark) -> String {
    format!("{} ({})", mark.by.name, mark.by.login)
}

fn late(mark: &Mark) -> String {
    let recorded = mark.recorded_at.as_ref().map(|at| format!("; recorded {}", at.text));
    let reason = mark.reason.as_ref().map(|reason| format!("; reason: {reason}"));
    format!("{}{}", recorded.unwrap_or_default(), reason.unwrap_or_default())
}

/// A time without its offset from UTC, for dense tables; the zone's name stays.
#[must_use]
pub fn brief(moment: &Moment) -> &str {
    moment.text.split(" (").next().unwrap_or(&moment.text)
}

/// A time, or a dash where there is none.
pub(super) fn or_dash(moment: Option<&Moment>) -> String {
    moment.map_or_else(|| "–".to_owned(), |moment| moment.text.clone())
}

pub(super) fn verdict_cell(verdict: Verdict, word: &str) -> Cell {
    match verdict {
        Verdict::None => Cell::plain(word),
        other => Cell::state(word, Tone::from(other)),
    }
}

/// Codes on one line, runs of consecutive ones as first and last: `CV0000001 to CV0000060`.
#[must_use]
pub fn code_ranges<T: AsRef<str>>(codes: &[T]) -> String {
    let mut runs: Vec<(&str, &str, usize)> = Vec::new();
    for code in codes.iter().map(AsRef::as_ref) {
        match runs.last_mut() {
            Some((_, last, count)) if follows(last, code) => {
                *last = code;
                *count += 1;
            }
            _ => runs.push((code, code, 1)),
        }
    }
    let texts = runs.into_iter().map(|(first, last, count)| match count {
        1 => first.to_owned(),
        2 => format!("{first}, {last}"),
        _ => format!("{first} to {last}"),
    });
    texts.collect::<Vec<_>>().join(", ")
}

/// Whether a code is the next after another: the same letters, and a number that is one higher.
fn follows(earlier: &str, later: &str) -> bool {
    let parts = |code: &str| {
        let letters = code.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        let (letters, digits) = code.split_at_checked(letters)?;
        Some((letters.to_owned(), digits.parse::<u64>().ok()?))
    };
    match (parts(earlier), parts(later)) {
        (Some((one, number)), Some((other, next))) => {
            one == other && earlier.len() == later.len() && number.checked_add(1) == Some(next)
        }
        _ => false,
    }
}
