//! What changed between two versions of a master record: in the words of QA, and line by line.
//!
//! Neighbours: `outline` says what a record states; the approval page shows both forms.
//!
//! Architecture invariant: the comparison in words never stands alone. The lines are compared as
//! well, so that nothing in the text is signed unseen.

use super::model::MasterRecord;
use super::outline::{Part, PartKind, outline};
use serde::Serialize;

/// What happened to a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It stands elsewhere in the procedure.
    Moved,
    /// A particular of it changed.
    Changed,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What happened.
    pub change: Change,
    /// The kind of part, such as `Step`.
    pub part: &'static str,
    /// What the part is known by in the file.
    pub key: String,
    /// Its title.
    pub title: String,
    /// Which particular; empty for the part itself.
    pub particular: &'static str,
    /// What it was; empty if it was not there.
    pub before: String,
    /// What it is; empty if it is not there.
    pub after: String,
}

impl Difference {
    fn of(change: Change, part: &Part) -> Self {
        Self {
            change,
            part: part.kind.word(),
            key: part.key.clone(),
            title: part.title.clone(),
            particular: "",
            before: String::new(),
            after: String::new(),
        }
    }

    /// The difference as a sentence: `Timer 'P2 culture': maximum 5 d → 6 d`.
    pub fn words(&self) -> String {
        let Self { part, title, particular, before, after, .. } = self;
        let name = format!("{part} '{title}'");
        match self.change {
            Change::Added => format!("{name} added"),
            Change::Removed => format!("{name} removed"),
            Change::Moved => format!("{name} moved: after '{before}' → after '{after}'"),
            Change::Changed if before.is_empty() => format!("{name}: {particular} added, {after}"),
            Change::Changed if after.is_empty() => {
                format!("{name}: {particular} removed, was {before}")
            }
            Change::Changed => format!("{name}: {particular} {before} → {after}"),
        }
    }
}

/// What changed from `old` to `new`, in the order of the new procedure; what is gone comes last.
pub fn differences(old: &MasterRecord, new: &MasterRecord) -> Vec<Difference> {
    let (old, new) = (outline(old), outline(new));
    let mut found = Vec::new();
    let moved = moved_steps(&old, &new);
    for part in &new {
        match find(&old, part) {
            None => found.push(Difference::of(Change::Added, part)),
            Some(before) => {
                found.extend(moved.iter().filter(|m| m.key == part.key && is_step(part)).cloned());
                particulars(before, part, &mut found);
            }
        }
    }
    let gone = old.iter().filter(|part| find(&new, part).is_none());
    found.extend(gone.map(|part| Difference::of(Change::Removed, part)));
    found
}

fn is_step(part: &Part) -> bool {
    part.kind == PartKind::Step
}

/// The header is one and the same part even if the record was renamed.
fn find<'p>(parts: &'p [Part], wanted: &Part) -> Option<&'p Part> {
    parts.iter().find(|part| {
        part.kind == wanted.kind && (part.kind == PartKind::Header || part.key == wanted.key)
    })
}

fn particulars(before: &Part, after: &Part, found: &mut Vec<Difference>) {
    let value = |part: &Part, name: &str| {
        let stated = part.particulars.iter().find(|(known, _)| *known == name);
        stated.map(|(_, words)| words.clone()).unwrap_or_default()
    };
    let mut names: Vec<&'static str> = after.particulars.iter().map(|(name, _)| *name).collect();
    for (name, _) in &before.particulars {
        if !names.contains(name) {
            names.push(name);
        }
    }
    if before.key != after.key {
        let (before_key, after_key) = (before.key.clone(), after.key.clone());
        let difference = Difference::of(Change::Changed, after);
        found.push(Difference {
            particular: "id",
            before: before_key,
            after: after_key,
            ..difference
        });
    }
    for name in names {
        let (was, is) = (value(before, name), value(after, name));
        if was != is {
            let difference = Difference::of(Change::Changed, after);
            found.push(Difference { particular: name, before: was, after: is, ..difference });
        }
    }
}

/// Steps of both versions that stand in another order: those outside the longest common sequence.
fn moved_steps(old: &[Part], new: &[Part]) -> Vec<Difference> {
    let order = |parts: &[Part], other: &[Part]| -> Vec<Part> {
        let steps = parts.iter().filter(|part| is_step(part));
        steps.filter(|part| find(other, part).is_some()).cloned().collect()
    };
    let (before, after) = (order(old, new), order(new, old));
    let keys = |parts: &[Part]| -> Vec<String> { parts.iter().map(|p| p.key.clone()).collect() };
    let kept = common(&keys(&before), &keys(&after));
    let mut moved = Vec::new();
    for (at, part) in after.iter().enumerate() {
        if kept.iter().any(|(_, kept)| *kept == at) {
            continue;
        }
        let was = before.iter().position(|other| other.key == part.key).unwrap_or(0);
        let difference = Difference::of(Change::Moved, part);
        moved.push(Difference {
            before: title_before(&before, was),
            after: title_before(&after, at),
            ..difference
        });
    }
    moved
}

fn title_before(parts: &[Part], at: usize) -> String {
    let before = at.checked_sub(1).and_then(|at| parts.get(at));
    before.map_or_else(|| "the beginning".to_owned(), |part| part.title.clone())
}

/// A line of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Its number in the old text, from 1; none if it is new.
    pub old: Option<usize>,
    /// Its number in the new text, from 1; none if it is gone.
    pub new: Option<usize>,
    /// What it says.
    pub text: String,
}

impl Line {
    /// `+`, `−` or a space.
    pub fn sign(&self) -> char {
        match (self.old, self.new) {
            (None, _) => '+',
            (_, None) => '−',
            _ => ' ',
        }
    }
}

/// Every line of both texts, those of the old one before those of the new one where they differ.
pub fn line_differences(old: &str, new: &str) -> Vec<Line> {
    let before: Vec<&str> = old.lines().collect();
    let after: Vec<&str> = new.lines().collect();
    let line = |old: Option<usize>, new: Option<usize>, text: &str| Line {
        old: old.map(|at| at.saturating_add(1)),
        new: new.map(|at| at.saturating_add(1)),
        text: text.to_owned(),
    };
    let mut lines = Vec::new();
    let (mut old_at, mut new_at) = (0, 0);
    let ends = [(before.len(), after.len())];
    for (old_kept, new_kept) in common(&before, &after).into_iter().chain(ends) {
        for (at, text) in before.iter().enumerate().take(old_kept).skip(old_at) {
            lines.push(line(Some(at), None, text));
        }
        for (at, text) in after.iter().enumerate().take(new_kept).skip(new_at) {
            lines.push(line(None, Some(at), text));
        }
        if let Some(text) = after.get(new_kept) {
            lines.push(line(Some(old_kept), Some(new_kept), text));
        }
        (old_at, new_at) = (old_kept.saturating_add(1), new_kept.saturating_add(1));
    }
    lines
}

/// The lines near a difference, in groups; `around` lines of context on either side.
pub fn hunks(lines: &[Line], around: usize) -> Vec<Vec<Line>> {
    let changed: Vec<usize> =
        lines.iter().enumerate().filter(|(_, l)| l.sign() != ' ').map(|(at, _)| at).collect();
    let near = |at: usize| changed.iter().any(|change| change.abs_diff(at) <= around);
    let mut groups: Vec<Vec<Line>> = Vec::new();
    let mut open = false;
    for (at, line) in lines.iter().enumerate() {
        let wanted = near(at);
        match groups.last_mut() {
            Some(group) if wanted && open => group.push(line.clone()),
            _ if wanted => groups.push(vec![line.clone()]),
            _ => {}
        }
        open = wanted;
    }
    groups
}

/// Beyond so many pairs the middle of two texts is taken as wholly different.
const PAIRS_MAX: usize = 4_000_000;

/// Pairs of places of a longest common sequence.
fn common<T: PartialEq>(old: &[T], new: &[T]) -> Vec<(usize, usize)> {
    let head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) = (old.get(head..).unwrap_or(&[]), new.get(head..).unwrap_or(&[]));
    let tail = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(a, b)| a == b).count();
    let old_end = old.len().saturating_sub(tail);
    let new_end = new.len().saturating_sub(tail);
    let mut pairs: Vec<(usize, usize)> = (0..head).map(|at| (at, at)).collect();
    let middle_old = old.get(head..old_end).unwrap_or(&[]);
    let middle_new = new.get(head..new_end).unwrap_or(&[]);
    let middle = common_middle(middle_old, middle_new);
    pairs.extend(middle.into_iter().map(|(a, b)| (a.saturating_add(head), b.saturating_add(head))));
    pairs.extend((0..tail).map(|at| (old_end.saturating_add(at), new_end.saturating_add(at))));
    pairs
}

/// The table of lengths of common sequences of what is left, read from its beginning.
fn common_middle<T: PartialEq>(old: &[T], new: &[T]) -> Vec<(usize, usize)> {
    if old.is_empty() || old.len().saturating_mul(new.len()) > PAIRS_MAX {
        return Vec::new();
    }
    let width = new.len().saturating_add(1);
    let mut table: Vec<Vec<usize>> = vec![vec![0; width]];
    for a in old.iter().rev() {
        let below = table.last().cloned().unwrap_or_default();
        let mut row = vec![0; width];
        for (at, b) in new.iter().enumerate().rev() {
            let cell = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(0);
            let next = at.saturating_add(1);
            let best = if a == b {
                cell(&below, next).saturating_add(1)
            } else {
                cell(&below, at).max(cell(&row, next))
            };
            if let Some(slot) = row.get_mut(at) {
                *slot = best;
            }
        }
        table.push(row);
    }
    table.reverse();
    let length = |a: usize, b: usize| table.get(a).and_then(|row| row.get(b)).copied().unwrap_or(0);
    let (mut a, mut b) = (0, 0);
    let mut pairs = Vec::new();
    while let (Some(left), Some(right)) = (old.get(a), new.get(b)) {
        if left == right {
            pairs.push((a, b));
            (a, b) = (a.saturating_add(1), b.saturating_add(1));
        } else if length(a.saturating_add(1), b) >= length(a, b.saturating_add(1)) {
            a = a.saturating_add(1);
        } else {
            b = b.saturating_add(1);
        }
    }
    pairs
}
