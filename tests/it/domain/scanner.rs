//! What a wrongly set scanner does to the test sheet, told in words.

use chorda::domain::scanner::{Finding, TestSymbol, diagnose};

fn words(symbol: TestSymbol, read: &str) -> String {
    let words: Vec<String> = diagnose(symbol, read).iter().map(Finding::words).collect();
    words.join(" ")
}

#[track_caller]
fn told(symbol: TestSymbol, read: &str, words_of: &[&str]) {
    let words = words(symbol, read);
    for one in words_of {
        assert!(words.contains(one), "{read:?}: {words:?} does not say {one:?}");
    }
}

fn exchanged(text: &str, pairs: &[(char, char)]) -> String {
    let typed = |c| pairs.iter().find(|(stands, _)| *stands == c).map_or(c, |(_, came)| *came);
    text.chars().map(typed).collect()
}

#[test]
fn every_symbol_as_it_stands_is_right_with_or_without_its_aim_identifier() {
    for (symbol, ..) in TestSymbol::ALL {
        let text = symbol.text();
        assert_eq!(diagnose(symbol, &text), []);
        assert_eq!(diagnose(symbol, &format!("]d1{text}")), []);
    }
}

#[test]
fn a_lost_or_replaced_separator_is_told() {
    let text = TestSymbol::DataMatrix.text();
    let with = |other: &str| text.replace('\u{1d}', other);
    assert_eq!(diagnose(TestSymbol::DataMatrix, &with("")), [Finding::SeparatorLost]);
    told(TestSymbol::DataMatrix, &with("|"), &["arrives as \"|\"", "character 29"]);
    told(TestSymbol::DataMatrix, &with("^]"), &["arrives as \"^]\""]);
    told(TestSymbol::DataMatrix, &format!("#{}", with("")), &["\"#\" before", "does not arrive"]);
}

#[test]
fn caps_lock_and_a_changed_case_are_told() {
    let text = TestSymbol::Qr.text();
    let swapped = text.chars().map(|c| match c.is_ascii_uppercase() {
        true => c.to_ascii_lowercase(),
        false => c.to_ascii_uppercase(),
    });
    assert_eq!(diagnose(TestSymbol::Qr, &swapped.collect::<String>()), [Finding::CaseExchanged]);
    told(TestSymbol::Qr, &text.to_uppercase(), &["arrive alike"]);
}

#[test]
fn a_prefix_and_a_suffix_are_told() {
    let text = TestSymbol::Code128.text();
    told(TestSymbol::Code128, &format!("*{text}"), &["\"*\" before"]);
    told(TestSymbol::Code128, &format!("{text}##"), &["\"##\" behind"]);
}

#[test]
fn a_slovenian_keyboard_under_a_us_scanner_is_told_with_each_character() {
    let pairs = [
        ('Y', 'Z'),
        ('Z', 'Y'),
        ('y', 'z'),
        ('z', 'y'),
        ('=', '\''),
        ('&', '/'),
        ('>', ':'),
        ('<', ';'),
        ('*', '('),
        ('}', 'Đ'),
        ('(', ')'),
        ('+', '*'),
        ('/', '-'),
        (';', 'č'),
        ('\'', 'ć'),
        (':', 'Č'),
    ];
    for (symbol, ..) in TestSymbol::ALL {
        let read = exchanged(&symbol.text(), &pairs);
        told(symbol, &read, &["Y and Z are exchanged", "/ as -", "= as '", "; as č"]);
    }
}

#[test]
fn another_symbol_a_part_of_one_and_another_label_are_told_apart() {
    let (matrix, qr) = (TestSymbol::DataMatrix.text(), TestSymbol::Qr.text());
    told(TestSymbol::Qr, &matrix, &["This was the Data Matrix"]);
    told(TestSymbol::DataMatrix, &qr, &["This was the QR code"]);
    told(TestSymbol::Qr, &qr[..12], &["Only 12 of 25"]);
    told(TestSymbol::Qr, "CV000012301F", &["no symbol of the test sheet"]);
    told(TestSymbol::Qr, "=A999926000001", &["no symbol of the test sheet"]);
}

#[test]
fn no_character_can_change_arrive_twice_or_be_lost_unnoticed() {
    for (symbol, ..) in TestSymbol::ALL {
        let text: Vec<char> = symbol.text().chars().collect();
        for place in 0..text.len() {
            for other in ['0', 'x', 'Y', '-', '\u{1d}', 'č'] {
                let mut changed = text.clone();
                changed[place] = other;
                let twice = [&text[..=place], &text[place..]].concat();
                let lost = [&text[..place], &text[place + 1..]].concat();
                for read in [changed, twice, lost].into_iter().filter(|read| *read != text) {
                    let read: String = read.into_iter().collect();
                    assert_ne!(diagnose(symbol, &read), [], "{read:?}");
                }
            }
        }
    }
}
