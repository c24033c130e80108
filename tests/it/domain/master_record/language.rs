//! What is said about a master record: what changed, what many runs come to, how the language works.

use chorda::app::master_record_approve::SHIPPED;
use chorda::app::master_record_check::check_text;
use chorda::domain::master_record::diff::{Change, differences, hunks, line_differences};
use chorda::domain::master_record::outline::outline;
use chorda::domain::master_record::reference::{EXAMPLE, UNEXPLAINED, reference};
use chorda::domain::master_record::simulate::{Report, simulate};
use chorda::domain::master_record::{MasterRecord, parse};
use chorda::domain::time::Span;
use chorda::record::timeline_svg;
use chorda::site::Site;

const DOSE: &str = include_str!("../../../../templates/mbr/eq-msc-dose.toml");
const BANK: &str = include_str!("../../../../templates/mbr/eq-msc-bank.toml");
const P1: &str = include_str!("../../../../templates/mbr/eq-msc-p1.toml");

fn read(text: &str) -> MasterRecord {
    parse(text).unwrap_or_else(|faults| panic!("{:#?}", faults.0))
}

/// The differences between the dose record and the same with one change, in words.
fn words(from: &str, to: &str) -> Vec<String> {
    assert!(DOSE.contains(from), "{from:?} is gone");
    let changed = DOSE.replacen(from, to, 1);
    differences(&read(DOSE), &read(&changed)).iter().map(|change| change.words()).collect()
}

#[test]
fn a_change_is_said_in_the_words_of_qa() {
    let cases = [
        (
            "min = \"3 d\"\nmax = \"5 d\"",
            "min = \"3 d\"\nmax = \"6 d\"",
            "Timer 'P2 culture': maximum 5 d → 6 d",
        ),
        (
            "action = { min = 35.0, max = 39.0 }\nbreaking = \"major\"",
            "action = { min = 35.0, max = 40.0 }\nbreaking = \"major\"",
            "Field 'Temperature of the bath': maximum 39.0 °C → 40.0 °C",
        ),
        (
            "breaking = \"major\"\n\n[[step]]\nname = \"count_thaw\"",
            "breaking = \"critical\"\n\n[[step]]\nname = \"count_thaw\"",
            "Field 'Temperature of the bath': when broken major deviation → critical deviation",
        ),
        (
            "name = \"seed_p2\"\nunit = \"thawing\"\n",
            "name = \"seed_p2\"\nunit = \"thawing\"\nsignature = \"performed_verified\"\n",
            "Step 'Seed P2': signature performed → performed, and verified by another person",
        ),
        (
            "title = \"CD73 positive\"\nunit = \"%\"\ndecimals = 1\nabove = 80",
            "title = \"CD73 positive\"\nunit = \"%\"\ndecimals = 1\nabove = 90",
            "Criterion 'CD73 positive': limit above 80 % → above 90 %",
        ),
        (
            "keeps = \"12 h\"\nexpiry",
            "keeps = \"10 h\"\nexpiry",
            "Output 'EQ-MSC, P2, in saline': keeps 12 h → 10 h",
        ),
        (
            "value = 5\nunit = \"%\"",
            "value = 7\nunit = \"%\"",
            "Parameter 'Overage for hold-up in needle and hub': value 5 % → 7 %",
        ),
        (
            "max_passage = 2\n",
            "max_passage = 3\n",
            "Record 'EQ-MSC patient dose: thaw, P2 culture, syringes': highest passage P2 → P3",
        ),
        (
            "repeat = { min = 0, max = 3 }",
            "repeat = { min = 1, max = 3 }",
            "Step 'Exchange medium (P2)': how often up to 3 times, or not at all → 1 to 3 times",
        ),
    ];
    for (from, to, sentence) in cases {
        assert_eq!(words(from, to), [sentence]);
    }
}

#[test]
fn added_removed_and_moved_parts_are_told_apart() {
    let timer = "[[timer]]\nname = \"harvest_to_fill\"";
    let at = DOSE.find(timer).unwrap();
    let end = at + DOSE[at..].find("\n\n").unwrap();
    let without = format!("{}{}", &DOSE[..at], &DOSE[end..]);
    let (full, short) = (read(DOSE), read(&without));
    let removed = differences(&full, &short);
    assert_eq!(removed.len(), 1);
    assert_eq!(removed[0].words(), "Timer 'Harvest until filling' removed");
    let added = differences(&short, &full);
    assert_eq!(added[0].words(), "Timer 'Harvest until filling' added");
    assert_eq!(added[0].change, Change::Added);
    let feed = DOSE.find("[[step]]\nname = \"feed_p2\"").unwrap();
    let sample = DOSE.find("[[step]]\nname = \"sample_supernatant\"").unwrap();
    let end = DOSE
        .find("# ---------------------------------------------------------------- harvest")
        .unwrap();
    let moved =
        format!("{}{}{}{}", &DOSE[..feed], &DOSE[sample..end], &DOSE[feed..sample], &DOSE[end..]);
    let changes = differences(&full, &read(&moved));
    assert!(changes.iter().all(|change| change.change == Change::Moved), "{changes:#?}");
    let sentence = "Step 'Exchange medium (P2)' moved: after 'Label the P2 vessels' → after \
        'Label the supernatant sample'";
    assert_eq!(changes.iter().map(|c| c.words()).collect::<Vec<_>>(), [sentence]);
}

#[test]
fn a_comment_changes_nothing_in_words_but_shows_in_the_lines() {
    let changed = format!("# a remark\n{DOSE}");
    assert!(differences(&read(DOSE), &read(&changed)).is_empty());
    let lines = line_differences(DOSE, &changed);
    let near = hunks(&lines, 2);
    assert_eq!(near.len(), 1);
    assert_eq!((near[0][0].sign(), near[0][0].text.as_str()), ('+', "# a remark"));
    assert_eq!(near[0].len(), 3);
}

#[test]
fn the_lines_of_a_comparison_give_both_texts_back() {
    for (old, new) in [(DOSE, BANK), (BANK, P1), ("", DOSE), (DOSE, ""), ("a\nb\nc", "b\nc\na")] {
        let lines = line_differences(old, new);
        let side = |gone: char| {
            let kept = lines.iter().filter(|line| line.sign() != gone);
            kept.map(|line| line.text.clone()).collect::<Vec<_>>()
        };
        assert_eq!(side('+'), old.lines().collect::<Vec<_>>());
        assert_eq!(side('−'), new.lines().collect::<Vec<_>>());
    }
}

#[test]
fn no_stated_number_escapes_the_comparison_in_words() {
    // Each line that states a number or a time, changed: either the file is refused, or it is said.
    for text in [DOSE, BANK, P1] {
        let (record, lines) = (read(text), text.lines().collect::<Vec<_>>());
        for at in 0..lines.len() {
            let line = lines[at];
            if line.starts_with('#') || !line.contains(" = ") || line.contains("title") {
                continue;
            }
            let Some(digit) = line.rfind(|c: char| ('1'..='8').contains(&c)) else { continue };
            let mut changed = line.to_owned();
            changed.replace_range(digit..=digit, "9");
            let mut all = lines.clone();
            all[at] = &changed;
            let Ok(other) = parse(&all.join("\n")) else { continue };
            assert!(!differences(&record, &other).is_empty(), "unsaid: {line} → {changed}");
        }
    }
}

fn run(text: &str) -> Report {
    simulate(&read(text), 60, 7)
}

#[test]
fn a_simulation_is_the_same_for_the_same_seed_and_another_for_another() {
    let record = read(DOSE);
    assert_eq!(simulate(&record, 40, 7), simulate(&record, 40, 7));
    assert_ne!(simulate(&record, 40, 7), simulate(&record, 40, 8));
}

#[test]
fn a_simulation_accounts_for_every_run_and_keeps_its_order() {
    for text in [P1, BANK, DOSE, EXAMPLE] {
        let report = run(text);
        let lost: u32 = report.lost.iter().map(|lost| lost.runs).sum();
        assert_eq!(report.finished + lost, report.runs, "{}", report.title);
        assert!(report.finished > 30, "{}: {:#?}", report.title, report.lost);
        for line in &report.dates {
            assert!(line.spread.p10 <= line.spread.p50 && line.spread.p50 <= line.spread.p90);
        }
        for step in &report.steps {
            assert!(step.start.p50 <= step.end.p50, "{}", step.title);
        }
        let share: rust_decimal::Decimal = report.bottlenecks.iter().map(|b| b.share).sum();
        assert!(share <= 101.into() && share > 60.into(), "{share}");
        assert!(report.assumed.iter().any(|assumed| !assumed.stated));
    }
}

#[test]
fn the_simulated_culture_keeps_the_times_of_the_record() {
    let report = run(DOSE);
    let step = |title: &str| report.steps.iter().find(|step| step.title == title).unwrap().clone();
    let (seed, harvest) = (step("Seed P2"), step("Harvest P2 and count"));
    assert!(harvest.start.p10.seconds() >= seed.end.p10.seconds() + 3 * 86_400);
    assert!(harvest.start.p90 <= Span::of_days(6));
    // The supernatant is drawn 24 to 48 hours before the harvest, not as soon as it could be.
    let sampled = step("Sample the supernatant");
    let before = harvest.start.p50.seconds() - sampled.end.p50.seconds();
    assert!((20 * 3_600..=52 * 3_600).contains(&before), "{before} s");
    assert!(report.broken.iter().all(|broken| !broken.what.starts_with("Supernatant")));
}

#[test]
fn a_simulated_pool_gives_the_aliquots_that_its_cells_allow() {
    let report = run(BANK);
    let aliquots = report.containers.iter().find(|line| line.title == "EQ-MSC, pooled").unwrap();
    assert!(aliquots.spread.p10 > 30 && aliquots.spread.p90 < 70, "{:?}", aliquots.spread);
    let longest = &report.bottlenecks[0];
    assert!(!longest.title.is_empty());
}

#[test]
fn a_timeline_is_drawn_within_its_frame() {
    for text in [P1, BANK, DOSE, EXAMPLE] {
        let svg = timeline_svg(&run(text));
        assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n"));
        for part in svg.split(" x=\"").skip(1) {
            let x: i64 = part.split('"').next().unwrap().parse().unwrap();
            assert!((0..=960).contains(&x), "{x} in {svg}");
        }
    }
}

#[test]
fn the_worked_example_is_clean_and_uses_every_table() {
    let others: Vec<MasterRecord> = SHIPPED.iter().map(|(_, text)| read(text)).collect();
    let record = read(EXAMPLE);
    let found = check_text(EXAMPLE, &others, &Site::example().unwrap()).unwrap().faults;
    // The record that its vial was made by is made up as well.
    let codes: Vec<&str> = found.iter().map(|fault| fault.kind.code()).collect();
    assert_eq!(codes, ["accepted_record_unknown"]);
    let kinds: std::collections::BTreeSet<_> =
        outline(&record).into_iter().map(|part| part.kind).collect();
    assert_eq!(kinds.len(), 14);
}

#[test]
fn the_reference_page_explains_every_key_and_is_the_one_in_the_documentation() {
    let page = reference();
    assert!(!page.contains(UNEXPLAINED), "{page}");
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/master-record.md");
    let known = std::fs::read_to_string(file).unwrap_or_default();
    assert!(
        known.trim_end() == page.trim_end(),
        "docs/master-record.md has drifted: chorda mbr reference > docs/master-record.md"
    );
}

#[test]
fn an_explained_key_that_the_reader_does_not_know_is_noticed() {
    // Keys are listed only if the reader asks for them, so each explanation shows in the page.
    let page = reference();
    for key in ["`reconcile_labels`", "`interim_max_age`", "`expiry_limited_by_inputs`", "`like`"] {
        assert!(page.contains(&format!("| {key} |")), "{key}");
    }
}
