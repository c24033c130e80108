//! Every kind of fault is found where it stands. One file for each kind, in `faults/`, says how a
//! shipped record is changed and what the checker must answer.

use std::collections::BTreeSet;
use std::path::PathBuf;

use chorda::app::master_record_approve::SHIPPED;
use chorda::app::master_record_check::check_text;
use chorda::domain::master_record::outline::outline;
use chorda::domain::master_record::simulate::simulate;
use chorda::domain::master_record::{Fault, FaultKind, MasterRecord, parse};
use chorda::site::Site;
use serde::Deserialize;

/// How a record is changed, and the fault that must be found.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// The shipped record that is changed; none if `text` is the whole file.
    base: Option<String>,
    #[serde(default)]
    text: String,
    #[serde(default)]
    change: Vec<Edit>,
    expect: Expected,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Edit {
    from: String,
    to: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    /// The line of the changed file at which the fault is reported.
    line: String,
    column: usize,
    message: String,
    remedy: String,
}

fn shipped(name: &str) -> &'static str {
    let found = SHIPPED.iter().find(|(file, _)| file.contains(name));
    found.unwrap_or_else(|| panic!("no shipped record {name}")).1
}

fn records() -> Vec<MasterRecord> {
    SHIPPED.iter().map(|(_, text)| parse(text).unwrap()).collect()
}

fn faults(text: &str, others: &[MasterRecord], site: &Site) -> Vec<Fault> {
    check_text(text, others, site).unwrap().faults
}

fn changed(case: &Case) -> String {
    let Some(base) = &case.base else { return case.text.clone() };
    case.change.iter().fold(shipped(base).to_owned(), |text, edit| {
        assert!(text.contains(&edit.from), "{base} no longer holds {:?}", edit.from);
        text.replacen(&edit.from, &edit.to, 1)
    })
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/domain/master_record/faults")
}

#[test]
fn every_kind_of_fault_is_found_at_its_line_with_what_would_be_right() {
    let (others, site) = (records(), Site::example().unwrap());
    let mut wrong = Vec::new();
    for (kind, code, _) in FaultKind::ALL {
        let file = folder().join(format!("{code}.toml"));
        let text = std::fs::read_to_string(&file).unwrap_or_else(|_| panic!("no case for {code}"));
        let case: Case = toml::from_str(&text).unwrap_or_else(|error| panic!("{code}: {error}"));
        let text = changed(&case);
        let found = faults(&text, &others, &site);
        let fits = |fault: &&Fault| {
            let line = text.lines().nth(fault.line - 1).unwrap_or("");
            fault.kind == kind
                && line == case.expect.line
                && fault.column == case.expect.column
                && fault.message == case.expect.message
                && fault.remedy == case.expect.remedy
        };
        if !found.iter().any(|fault| fits(&fault)) {
            let list: Vec<String> = found.iter().map(ToString::to_string).collect();
            wrong.push(format!("{code}:\n  {}", list.join("\n  ")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_case_belongs_to_a_kind_of_fault() {
    let codes: BTreeSet<String> =
        FaultKind::ALL.iter().map(|(_, code, _)| format!("{code}.toml")).collect();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(codes.contains(&name), "{name} is the case of no kind of fault");
    }
    assert_eq!(codes.len(), FaultKind::ALL.len(), "two kinds of fault have one name");
}

#[test]
fn the_shipped_records_have_no_fault_beside_one_another() {
    let (others, site) = (records(), Site::example().unwrap());
    for (file, text) in SHIPPED {
        let found = faults(text, &others, &site);
        assert!(found.is_empty(), "{file}: {found:#?}");
    }
}

/// Numbers that follow from a seed.
struct Draw(u64);

impl Draw {
    fn below(&mut self, most: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % most.max(1)
    }

    /// One of the places where `wanted` holds for the line and the lines above it.
    fn line(&mut self, lines: &[String], wanted: impl Fn(&[String], usize) -> bool) -> usize {
        let fitting: Vec<usize> = (0..lines.len()).filter(|at| wanted(lines, *at)).collect();
        assert!(!fitting.is_empty());
        fitting[self.below(fitting.len())]
    }
}

/// The table that a line stands in.
fn table(lines: &[String], at: usize) -> &str {
    lines[..=at].iter().rev().find(|line| line.starts_with('[')).map_or("", String::as_str)
}

/// The line number of the end of a table.
fn end_of_table(lines: &[String], at: usize) -> usize {
    (at + 1..lines.len()).find(|at| lines[*at].starts_with('[')).unwrap_or(lines.len())
}

fn numbers(line: &str) -> Option<(f64, f64)> {
    let (_, min) = line.split_once("{ min = ")?;
    let (min, max) = min.split_once(", max = ")?;
    let max = max.strip_suffix(" }")?;
    Some((min.parse().ok()?, max.parse().ok()?))
}

/// A change that makes a record wrong by its construction: the line where, and how.
type Spoil = (&'static str, fn(&[String], usize) -> bool, fn(&mut Vec<String>, usize));

fn replace_value(lines: &mut [String], at: usize, value: &str) {
    let key = lines[at].split('=').next().unwrap().trim().to_owned();
    lines[at] = format!("{key} = {value}");
}

const SPOILS: [Spoil; 22] = [
    (
        "an unknown key",
        |l, at| l[at].contains(" = "),
        |l, at| l[at] = l[at].replacen(" =", "x =", 1),
    ),
    ("a missing name", |l, at| l[at].starts_with("name = "), |l, at| drop(l.remove(at))),
    ("a missing instruction", |l, at| l[at].starts_with("instruction"), |l, at| drop(l.remove(at))),
    (
        "an unknown unit",
        |l, at| l[at].starts_with("unit = "),
        |l, at| replace_value(l, at, "\"ell\""),
    ),
    (
        "an unknown parameter",
        |l, at| l[at].contains("\"parameter."),
        |l, at| l[at] = l[at].replacen("\"parameter.", "\"parameter.no_", 1),
    ),
    (
        "reversed limits",
        |l, at| numbers(&l[at]).is_some_and(|(min, max)| min < max),
        |l, at| {
            let (head, rest) = l[at].split_once("{ min = ").unwrap();
            let (min, max) = rest.strip_suffix(" }").unwrap().split_once(", max = ").unwrap();
            l[at] = format!("{head}{{ min = {max}, max = {min} }}");
        },
    ),
    (
        "two steps of one name",
        |l, at| l[at].starts_with("name = ") && table(l, at) == "[[step]]" && at > 300,
        |l, at| replace_value(l, at, "\"clear_line\""),
    ),
    (
        "a critical step that nobody verifies",
        |l, at| l[at] == "critical = true" && l[at - 1].starts_with("signature"),
        |l, at| drop(l.remove(at - 1)),
    ),
    (
        "a circle",
        |l, at| l[at].starts_with("operation") && !l[at].contains("dispose"),
        |l, at| l.insert(at, "after = [\"close\"]".to_owned()),
    ),
    (
        "a timer that runs backwards",
        |l, at| l[at].starts_with("from = ") && table(l, at) == "[[timer]]",
        |l, at| {
            let from = l[at].replacen("from", "to", 1);
            l[at] = l[at + 1].replacen("to", "from", 1);
            l[at + 1] = from;
        },
    ),
    (
        "a pending result without follow-up",
        |l, at| l[at].starts_with("incubation") && l[at - 1].starts_with("pending"),
        |l, at| drop(l.remove(at)),
    ),
    (
        "a test without sample",
        |l, at| l[at].starts_with("sample = "),
        |l, at| {
            replace_value(l, at, "\"nothing\"");
        },
    ),
    ("no labels", |l, at| l[at].starts_with("labels = "), |l, at| drop(l.remove(at))),
    (
        "no line clearance",
        |l, at| l[at] == "operation = \"clear_line\"",
        |l, at| {
            replace_value(l, at, "\"record\"");
        },
    ),
    (
        "too high a passage",
        |l, at| l[at].starts_with("passage = "),
        |l, at| {
            replace_value(l, at, "9");
        },
    ),
    (
        "an unlisted material",
        |l, at| l[at] == "[[material]]",
        |l, at| {
            let end = end_of_table(l, at);
            l.drain(at..end);
        },
    ),
    (
        "a time without unit",
        |l, at| l[at].ends_with(" d\"") || l[at].ends_with(" h\""),
        |l, at| {
            replace_value(l, at, "\"5\"");
        },
    ),
    (
        "a version to come",
        |l, at| l[at].starts_with("accepts"),
        |l, at| {
            l[at] = l[at].replace("[1]", "[1, 7]");
        },
    ),
    (
        "an unknown label",
        |l, at| l[at].starts_with("label = "),
        |l, at| {
            replace_value(l, at, "\"postage\"");
        },
    ),
    (
        "an unknown method",
        |l, at| l[at].starts_with("method = ") && table(l, at).contains("calc"),
        |l, at| {
            replace_value(l, at, "\"guess\"");
        },
    ),
    (
        "nothing disposed of",
        |l, at| l[at] == "operation = \"dispose\"",
        |l, at| {
            replace_value(l, at, "\"record\"");
        },
    ),
    (
        "too many donors",
        |l, at| l[at].starts_with("distinct_donors"),
        |l, at| {
            replace_value(l, at, "99");
        },
    ),
];

#[test]
fn a_thousand_random_changes_never_crash_the_checker_and_never_hide_a_fault() {
    let (others, site) = (records(), Site::example().unwrap());
    let mut draw = Draw(20_260_302);
    let texts: Vec<Vec<String>> =
        SHIPPED.map(|(_, text)| text.lines().map(str::to_owned).collect()).to_vec();
    for round in 0..500 {
        let (what, place, spoil) = SPOILS[round % SPOILS.len()];
        let fitting: Vec<&Vec<String>> =
            texts.iter().filter(|l| (1..l.len()).any(|at| place(l, at))).collect();
        let mut lines = fitting[draw.below(fitting.len())].clone();
        let at = draw.line(&lines, |lines, at| at > 0 && place(lines, at));
        spoil(&mut lines, at);
        let found = faults(&lines.join("\n"), &others, &site);
        assert!(!found.is_empty(), "round {round}: {what} at line {} was not found", at + 1);
    }
    for _ in 0..500 {
        let mut lines = texts[draw.below(texts.len())].clone();
        for _ in 0..=draw.below(3) {
            let at = draw.below(lines.len() - 1);
            let other = draw.below(lines.len());
            match draw.below(5) {
                0 => drop(lines.remove(at)),
                1 => lines.swap(at, other),
                2 => lines.insert(at, lines[other].clone()),
                3 => lines[at] = lines[at].chars().rev().collect(),
                _ => {
                    let cut = draw.below(lines[at].chars().count() + 1);
                    lines[at] = lines[at].chars().take(cut).collect();
                }
            }
        }
        let checked = check_text(&lines.join("\n"), &others, &site).unwrap();
        // What the checker lets pass can be described and run.
        if let Some(record) = checked.record.filter(|_| checked.faults.is_empty()) {
            assert!(!outline(&record).is_empty());
            assert_eq!(simulate(&record, 1, 1).runs, 1);
        }
    }
}
