//! The house rules that no compiler checks: what may stand where in the source tree.
//!
//! Neighbours: `source` reads files and blanks comments and texts out, so that a rule about code
//! does not stumble over a sentence about it.

mod source;

use source::{Source, folder, repository_files};
use std::collections::BTreeSet;
use std::path::Path;

/// The folders of pure functions.
const PURE: [&str; 3] = ["src/domain", "src/codes", "src/ledger"];

/// Fails with every finding, one a line.
fn assert_none(findings: Vec<String>) {
    assert!(findings.is_empty(), "{} findings:\n{}", findings.len(), findings.join("\n"));
}

/// Every line of `files` whose code contains one of the `words` as a whole word.
fn lines_with(files: &[Source], words: &[&str]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files {
        for (number, line) in file.code_lines() {
            for word in words.iter().filter(|word| contains_word(line, word)) {
                findings.push(format!("{}:{number}: {word}: {}", file.path, line.trim()));
            }
        }
    }
    findings
}

/// Whether `word` occurs in `line` with no letter, digit or underscore growing out of its ends.
fn contains_word(line: &str, word: &str) -> bool {
    let inside = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        let first = word.chars().next();
        let last = word.chars().next_back();
        !(inside(before) && inside(first) || inside(after) && inside(last))
    })
}

fn pure_sources() -> Vec<Source> {
    PURE.iter().flat_map(|path| folder(path, "rs")).collect()
}

#[test]
fn the_pure_folders_hold_no_way_to_fail_other_than_a_result() {
    assert_none(lines_with(
        &pure_sources(),
        &[
            ".unwrap()",
            ".expect(",
            "unwrap_unchecked",
            "panic!",
            "unreachable!",
            "unimplemented!",
            "todo!",
            "assert!",
            "assert_eq!",
            "assert_ne!",
        ],
    ));
}

#[test]
fn the_pure_folders_know_no_clock_no_chance_no_float_and_no_outside() {
    assert_none(lines_with(
        &pure_sources(),
        &[
            "f32",
            "f64",
            "Utc::now",
            "Local::now",
            "SystemTime",
            "std::time",
            "now_v7",
            "new_v4",
            "getrandom",
            "rand",
            "OsRng",
            "HashMap", // iterates in an order of chance
            "HashSet",
            "std::fs",
            "std::io",
            "std::net",
            "std::env",
            "std::process",
            "std::thread",
            "thread_local!",
            "static mut",
            "println!",
            "tracing",
            "diesel",
            "actix_web",
            "tokio",
            "askama",
            "async",
        ],
    ));
}

#[test]
fn only_the_database_folder_knows_which_database_it_is() {
    let outside: Vec<_> =
        folder("src", "rs").into_iter().filter(|file| !file.path.starts_with("src/db/")).collect();
    assert_none(lines_with(
        &outside,
        &["Db::Sqlite", "Db::Pg", "SqliteConnection", "PgConnection", "Backend::Sqlite"],
    ));
}

#[test]
fn only_the_store_writes_tables_and_only_the_door_begins_a_transaction() {
    let outside: Vec<_> = folder("src", "rs")
        .into_iter()
        .filter(|file| !file.path.starts_with("src/db/") && !file.path.starts_with("src/store/"))
        .collect();
    assert_none(lines_with(
        &outside,
        &["insert_into", "diesel::update", "diesel::delete", "sql_query", "batch_execute"],
    ));
    let not_db: Vec<_> =
        folder("src", "rs").into_iter().filter(|file| !file.path.starts_with("src/db/")).collect();
    assert_none(lines_with(
        &not_db,
        &[".transaction(", "immediate_transaction", "build_transaction", "begin_transaction"],
    ));
}

#[test]
fn no_statement_is_put_together_from_text() {
    let mut findings = Vec::new();
    for file in folder("src", "rs") {
        let code = file.code();
        for (at, _) in code.match_indices("sql_query(") {
            let rest = code[at + "sql_query(".len()..].trim_start().trim_start_matches('&');
            if rest.starts_with("format!") && !file.path.starts_with("src/db/") {
                findings.push(format!("{}:{}: sql_query(format!(…", file.path, file.line_of(at)));
            }
        }
    }
    assert_none(findings);
}

/// The modules of `src/lib.rs`, in the order in which they stand there.
fn modules_in_order() -> Vec<String> {
    let source = Source::read(Path::new("src/lib.rs"));
    source
        .code_lines()
        .filter_map(|(_, line)| line.trim().strip_prefix("pub mod "))
        .filter_map(|rest| rest.strip_suffix(';'))
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_folder_uses_only_what_stands_above_it() {
    let order = modules_in_order();
    let mut findings = Vec::new();
    for (place, module) in order.iter().enumerate() {
        let mut files = folder(&format!("src/{module}"), "rs");
        let single = format!("src/{module}.rs");
        if Path::new(&single).exists() {
            files.push(Source::read(Path::new(&single)));
        }
        for file in &files {
            for (number, line) in file.code_lines() {
                for used in modules_used(line) {
                    let known = order.iter().position(|name| *name == used);
                    if known.is_none_or(|known| known > place) {
                        findings.push(format!("{}:{number}: crate::{used}", file.path));
                    }
                }
            }
        }
    }
    assert_none(findings);
}

/// What stands after `crate::` in a line, also inside `crate::{…}`.
fn modules_used(line: &str) -> Vec<String> {
    let name = |text: &str| -> String {
        text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    line.match_indices("crate::")
        .filter(|(at, _)| !line[..*at].ends_with('$'))
        .flat_map(|(at, _)| {
            let rest = &line[at + "crate::".len()..];
            match rest.strip_prefix('{') {
                Some(group) => group.split(',').map(name).collect(),
                None => vec![name(rest)],
            }
        })
        .filter(|name| !name.is_empty() && name.chars().all(|c| !c.is_uppercase()))
        .collect()
}

#[test]
fn an_exception_from_a_lint_states_its_reason() {
    let mut findings = Vec::new();
    for file in folder("src", "rs").into_iter().chain(folder("tests", "rs")) {
        let code = file.code();
        for pattern in ["#[allow", "#![allow", "cfg_attr(test, allow"] {
            for (at, _) in code.match_indices(pattern) {
                findings.push(format!("{}:{}: {pattern}", file.path, file.line_of(at)));
            }
        }
        for (at, _) in code.match_indices("[expect(") {
            let attribute: String = code[at..].chars().take_while(|c| *c != ']').collect();
            if !attribute.contains("reason =") {
                let line = file.line_of(at);
                findings.push(format!("{}:{line}: an expectation without a reason", file.path));
            }
        }
    }
    assert_none(findings);
}

#[test]
fn no_test_is_switched_off() {
    assert_none(lines_with(&folder("tests", "rs"), &["#[ignore", "#[should_panic"]));
}

/// The texts of the variants of refusals, as they stand in `#[error("…")]`, with their lines.
fn refusal_texts(file: &Source) -> Vec<(usize, String)> {
    let mut texts = Vec::new();
    for (at, _) in file.text.match_indices("#[error(") {
        let rest = file.text[at + "#[error(".len()..].trim_start();
        let Some(quoted) = rest.strip_prefix('"') else { continue };
        let end = quoted
            .char_indices()
            .find(|(at, c)| *c == '"' && !quoted[..*at].ends_with('\\'))
            .map_or(0, |(at, _)| at);
        let line = file.text[..at].matches('\n').count() + 1;
        let joined = quoted[..end].split_whitespace().filter(|word| *word != "\\");
        texts.push((line, joined.collect::<Vec<_>>().join(" ")));
    }
    texts
}

#[test]
fn a_refusal_says_what_is_wrong_and_then_what_to_do_now() {
    let mut findings = Vec::new();
    let refusals = folder("src/domain", "rs").into_iter().filter(|file| {
        file.path.ends_with("/refusal.rs") || file.text.contains("pub enum Refusal {")
    });
    for file in refusals {
        for (line, text) in refusal_texts(&file) {
            // A text that is given as a whole was checked where it comes from.
            let whole = text.starts_with('{') && text.ends_with('}') && !text.contains(' ');
            let advice = [". ", "; ", ": ", ", or "].iter().any(|mark| text.contains(mark));
            if !whole && !advice {
                findings.push(format!("{}:{line}: {text}", file.path));
            }
        }
    }
    assert_none(findings);
}

#[test]
fn functions_of_the_rules_fit_a_screen() {
    let mut findings = Vec::new();
    for file in PURE.iter().flat_map(|path| folder(path, "rs")) {
        for (name, line, length) in file.functions() {
            if length > 70 {
                findings.push(format!("{}:{line}: {name} has {length} lines", file.path));
            }
        }
    }
    assert_none(findings);
}

#[test]
fn lines_fit_a_screen() {
    let mut findings = Vec::new();
    for file in folder("src", "rs") {
        for ((number, line), code) in file.text.lines().enumerate().zip(file.code().lines()) {
            // A text literal cannot be folded by the formatter, and need not be.
            let folds = line.trim_start().starts_with("//") || code.trim_end().len() > 100;
            let width = line.chars().count();
            if width > 100 && folds && !line.contains('"') {
                findings.push(format!("{}:{}: {width} characters", file.path, number + 1));
            }
        }
    }
    assert_none(findings);
}

#[test]
fn every_module_says_what_it_is_for() {
    let mut findings = Vec::new();
    for file in folder("src", "rs") {
        if !file.text.trim_start().starts_with("//!") {
            findings.push(format!("{}: begins without a module comment", file.path));
        }
        let folder_root = file.path.ends_with("/mod.rs") && file.path.matches('/').count() == 2;
        if folder_root && !file.text.contains("Architecture invariant:") {
            findings.push(format!("{}: states no architecture invariant", file.path));
        }
    }
    assert_none(findings);
}

#[test]
fn both_databases_have_the_same_migrations() {
    let names = |backend: &str| -> BTreeSet<String> {
        let path = Path::new("migrations").join(backend);
        let Ok(entries) = std::fs::read_dir(&path) else { return BTreeSet::new() };
        entries
            .map(|entry| entry.unwrap().path())
            .inspect(|path| {
                for file in ["up.sql", "down.sql"] {
                    assert!(path.join(file).is_file(), "{} has no {file}", path.display());
                }
            })
            .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
            .collect()
    };
    assert_eq!(names("sqlite"), names("postgres"));
}

#[test]
fn every_donation_number_in_the_repository_is_of_the_fictitious_facility() {
    let mut findings = Vec::new();
    for file in repository_files() {
        for (number, line) in file.text.lines().enumerate() {
            for word in line.split(|c: char| !c.is_ascii_alphanumeric()) {
                let fictitious = word.starts_with("A999") || PRINTED_IN_STANDARDS.contains(&word);
                if looks_like_a_din(word) && !fictitious {
                    findings.push(format!("{}:{}: {word}", file.path, number + 1));
                }
            }
        }
    }
    assert_none(findings);
}

/// Numbers that ISBT 128 itself prints as its examples, with their check characters.
const PRINTED_IN_STANDARDS: [&str; 3] = ["G123417654321", "G123498654321", "Z549917123456"];

/// A letter, two letters or digits, ten digits: facility, year, sequence.
fn looks_like_a_din(word: &str) -> bool {
    word.len() == 13
        && !word.contains('O')
        && word.starts_with(|c: char| c.is_ascii_uppercase())
        && word[1..3].chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
        && word[3..].chars().all(|c| c.is_ascii_digit())
}

#[test]
fn templates_escape_everything_and_load_nothing_from_elsewhere() {
    let mut findings = Vec::new();
    for extension in ["html", "css", "js", "svg"] {
        for file in folder("templates", extension) {
            for (number, line) in file.text.lines().enumerate() {
                let spaceless: String = line.chars().filter(|c| !c.is_whitespace()).collect();
                let here = format!("{}:{}", file.path, number + 1);
                for word in ["|safe", "innerHTML", "outerHTML", "document.write", "eval("] {
                    if spaceless.contains(word) {
                        findings.push(format!("{here}: {word}"));
                    }
                }
                for scheme in ["http://", "https://", "src=\"//", "url(//"] {
                    let namespace = line.contains("http://www.w3.org/");
                    if line.contains(scheme) && !namespace {
                        findings.push(format!("{here}: {scheme}: {}", line.trim()));
                    }
                }
            }
        }
    }
    assert_none(findings);
}

#[test]
fn pages_carry_no_inline_style_or_script() {
    let mut findings = Vec::new();
    for file in folder("templates/pages", "html") {
        for (number, line) in file.text.lines().enumerate() {
            let inline = line.contains(" style=\"")
                || line.contains("<style")
                || line.contains("javascript:")
                || [" onclick=", " onload=", " onchange=", " onsubmit=", " oninput="]
                    .iter()
                    .any(|handler| line.contains(handler))
                || (line.contains("<script") && !line.contains(" src="));
            if inline {
                findings.push(format!("{}:{}: {}", file.path, number + 1, line.trim()));
            }
        }
    }
    assert_none(findings);
}

#[test]
fn every_text_of_a_page_goes_through_the_translation_filter() {
    let mut findings = Vec::new();
    for file in folder("templates/pages", "html") {
        for (line, text) in source::bare_texts(&file.text) {
            findings.push(format!("{}:{line}: {text}", file.path));
        }
    }
    assert_none(findings);
}

#[test]
fn nothing_we_publish_claims_compliance_on_a_sites_behalf() {
    let mut findings = Vec::new();
    for file in repository_files() {
        let ours = file.path.ends_with(".md")
            || file.path.starts_with("templates/")
            || file.path.starts_with("src/");
        for (number, line) in file.text.lines().enumerate().filter(|_| ours) {
            let lower = line.to_lowercase();
            if lower.contains("compliant") && !lower.contains("never") {
                findings.push(format!("{}:{}: {}", file.path, number + 1, line.trim()));
            }
        }
    }
    assert_none(findings);
}

#[test]
fn the_word_matcher_sees_words_and_not_parts_of_them() {
    assert!(contains_word("let x: f64 = y;", "f64"));
    assert!(!contains_word("let buf64 = y;", "f64"));
    assert!(contains_word("value.unwrap();", ".unwrap()"));
    assert!(!contains_word("value.unwrap_or(0);", ".unwrap()"));
    assert!(!contains_word("operand", "rand"));
}
