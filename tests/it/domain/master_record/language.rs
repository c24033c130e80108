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

/// The shipped record of a name.
fn shipped(name: &str) -> &'static str {
    SHIPPED.iter().find(|(file, _)| file.ends_with(&format!("/{name}.toml"))).unwrap().1
}

fn codes(text: &str) -> Vec<&'static str> {
    let faults = parse(text).map_or_else(|faults| faults.0, |_| Vec::new());
    faults.iter().map(|fault| fault.kind.code()).collect()
}

/// The codes of the faults of a shipped record after one change.
fn spoilt(name: &str, from: &str, to: &str) -> Vec<&'static str> {
    let text = shipped(name);
    assert!(text.contains(from), "{name} no longer holds {from:?}");
    codes(&text.replacen(from, to, 1))
}

#[test]
fn every_shipped_record_simulates_to_a_believable_end() {
    // Days until production is complete, and how many of which product, with nine runs in ten.
    let cases = [
        ("at-msc-bank", 13, 20, "AT-MSC 50M CS10", 7, 12),
        ("at-msc-dose", 0, 1, "AT-MSC, frozen", 4, 4),
        ("bm-msc-bank", 15, 24, "BM-MSC autolog.", 2, 6),
        ("bm-msc-dose", 0, 1, "BM-MSC, autologous", 2, 2),
        ("uc-msc-bank", 17, 28, "UC-MSC 100M CS10", 10, 22),
        ("uc-msc-dose", 0, 1, "UC-MSC in saline", 1, 1),
        ("msc-sup-bank", 18, 30, "MSC supernatant", 14, 21),
        ("msc-sup-dose", 0, 1, "MSC supernatant", 2, 2),
    ];
    for (name, least, most, product, fewest, largest) in cases {
        let report = simulate(&read(shipped(name)), 100, 7);
        assert!(report.finished > 85 && report.expired == 0, "{name}: {:#?}", report.lost);
        let spread = &report.dates[0].spread;
        assert!(
            spread.p10 >= Span::of_days(least) && spread.p90 <= Span::of_days(most),
            "{name}: {spread:?}"
        );
        let made = report.containers.iter().find(|line| line.title == product).unwrap();
        assert!(made.spread.p10 >= fewest && made.spread.p90 <= largest, "{name}: {made:?}");
        let late = report.broken.iter().find(|broken| broken.runs > 20);
        assert!(late.is_none(), "{name}: {late:?}");
    }
}

#[test]
fn each_run_of_a_choice_takes_one_branch_and_only_that() {
    let record = read(shipped("at-msc-bank"));
    for seed in 0..40 {
        let report = simulate(&record, 1, seed);
        let made = |title: &str| report.containers.iter().any(|line| line.title == title);
        let (five, ten) = (made("AT-MSC 25M CS5"), made("AT-MSC 25M CS10"));
        assert!(report.finished == 0 || five != ten, "seed {seed}: {five} {ten}");
    }
}

#[test]
fn cells_are_asked_of_nothing_that_holds_none() {
    let cases = [
        ("\"order.volume\"", "\"order.cells\""),
        ("\"contents.bottle.volume\"", "\"contents.bottle.cells\""),
        ("[step.account]\nvolume", "[step.account]\ncells = \"volume\"\nvolume"),
        ("unit = \"mL\"\ndecimals = 1\nalert", "unit = \"10*6\"\ndecimals = 1\nalert"),
        ("unit = \"[EU]/mL\"", "unit = \"10*6/mL\""),
        ("keeps = \"24 h\"  #", "passage = 1\nkeeps = \"24 h\"  #"),
        ("per_dose_unit = true", "per_dose_unit = true\ncells = \"order.volume\""),
        ("operation = \"formulate\"", "operation = \"count\""),
    ];
    for (from, to) in cases {
        let found = spoilt("msc-sup-dose", from, to);
        assert!(found.contains(&"cells_asked"), "{from} → {to}: {found:?}");
    }
    assert!(codes(shipped("msc-sup-dose")).is_empty());
}

#[test]
fn what_is_made_on_every_branch_of_a_choice_is_always_made() {
    let bank = shipped("at-msc-bank");
    // Both branches fill one output: it is there whatever is chosen.
    let same = bank
        .replace("output = \"large_cs10\"", "output = \"large_cs5\"")
        .replace("\"large_cs5\", \"small_cs5\", \"large_cs10\"", "\"large_cs5\", \"small_cs5\"");
    let start = same.find("[[output]]\nname = \"large_cs10\"").unwrap();
    let end = start + 2 + same[start + 2..].find("[[output]]").unwrap();
    let same = format!("{}{}", &same[..start], &same[end..]);
    let empty: Vec<&str> = Vec::new();
    assert_eq!(codes(&same), empty);
    // A third choice that nobody fills for leaves a batch without product.
    let third =
        bank.replacen("choices = [\"CS5\", \"CS10\"]", "choices = [\"CS5\", \"CS10\", \"CS2\"]", 1);
    assert_eq!(codes(&third), ["product_skipped"]);
    // Labels that are read back on one branch only are not always read back.
    let label = "name = \"label_vials\"\nunit = \"filling\"";
    let only = format!("{label}\nwhen = {{ value = \"choose_medium.medium\", is = [\"CS5\"] }}");
    assert!(codes(&bank.replacen(label, &only, 1)).contains(&"labelling_skipped"));
}

#[test]
fn an_unopened_container_is_one_for_each_dose_unit_and_nothing_else() {
    let cases = [
        ("container = \"cryovial\"\nper_dose_unit = true", "container = \"cryovial\"", "bad_from"),
        ("output = \"dose_vials\"\nper_dose_unit = true", "output = \"dose_vials\"", "bad_from"),
        ("from = \"vials\"", "from = \"dose_vials\"", "bad_from"),
        ("from = \"vials\"", "from = \"vials\"\nvolume = \"order.volume\"", "bad_from"),
        ("what = \"vials\"", "what = \"vials\"\ncount = 3", "count_mismatch"),
        ("\nfrom = \"vials\"", "", "no_tests"),
        ("for_order = true", "for_order = false", "no_order"),
    ];
    for (from, to, code) in cases {
        let found = spoilt("at-msc-dose", from, to);
        assert!(found.contains(&code), "{from} → {to}: {found:?}");
    }
    let other = spoilt("at-msc-dose", "\"cryovial\"\nper_dose_unit", "\"bottle\"\nper_dose_unit");
    assert!(other.contains(&"bad_from"), "{other:?}");
}

#[test]
fn nothing_leaves_a_batch_without_a_label() {
    let cases = [
        ("uc-msc-dose", "\nlabel = \"bag\"", "labels = [\"bag\", ", "labels = ["),
        ("msc-sup-bank", "\nlabel = \"bottle\"", "labels = [\"bottles\", ", "labels = ["),
        ("bm-msc-dose", "\nlabel = \"sample_tube\"", "\"release_sample\", ", ""),
    ];
    for (name, label, from, to) in cases {
        let text = shipped(name);
        assert!(text.contains(label) && text.contains(from), "{name}");
        let found = codes(&text.replacen(label, "", 1).replacen(from, to, 1));
        assert_eq!(found, ["never_labelled"], "{name}");
    }
}

#[test]
fn the_dose_units_of_an_order_are_filled_once_on_every_branch() {
    let dose = shipped("uc-msc-dose").replace("to = \"fill\"", "to = \"sample_product\"");
    let asked = "[[step.field]]\nname = \"leak\"";
    let fill = &dose[dose.find("[[step]]\nname = \"fill\"").unwrap()..];
    let fill = &fill[..fill.find("[[step]]\nname = \"label_bag\"").unwrap()];
    assert!(fill.contains(asked));
    let twice =
        dose.replacen(fill, &format!("{fill}{}", fill.replacen("\"fill\"", "\"fill_two\"", 1)), 1);
    assert!(codes(&twice).contains(&"dose_undeliverable"));
    let choice = "[[step]]\nname = \"choose\"\nunit = \"filling\"\ntitle = \"Choose\"\n\
                  operation = \"record\"\ninstruction = \"Choose.\"\n\n[[step.field]]\n\
                  name = \"way\"\ntitle = \"Way\"\ntype = \"choice\"\nchoices = [\"a\", \"b\"]\n\n";
    let branch = |name: &str, word: &str| {
        let when =
            format!("operation = \"fill\"\nwhen = {{ value = \"choose.way\", is = [\"{word}\"] }}");
        fill.replacen("name = \"fill\"", &format!("name = \"{name}\""), 1).replacen(
            "operation = \"fill\"",
            &when,
            1,
        )
    };
    let both = format!("{choice}{}{}", branch("fill", "a"), branch("fill_two", "b"));
    let empty: Vec<&str> = Vec::new();
    assert_eq!(codes(&dose.replacen(fill, &both, 1)), empty);
    let overlap = both.replacen("is = [\"b\"]", "is = [\"a\", \"b\"]", 1);
    assert!(codes(&dose.replacen(fill, &overlap, 1)).contains(&"dose_undeliverable"));
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
    assert_eq!(kinds.len(), 15);
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
