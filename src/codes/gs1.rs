//! GS1 element strings, as printed on reagents, disposables and shippers (GS1 General
//! Specifications; the application identifiers we meet).
//!
//! Architecture invariant: all or nothing. An unknown application identifier, a wrong check digit
//! or a trailing byte refuses the whole scan; a reagent is never half identified.

use chrono::NaiveDate;

use super::CodeError;

/// FNC1 as transmitted.
pub const SEPARATOR: char = '\u{1d}';

#[derive(Clone, Copy)]
enum Content {
    /// Digits with a check digit at the end, exactly this long.
    Checked(usize),
    /// `YYMMDD`, day `00` allowed.
    Date,
    /// `YYMMDDhhmm`.
    DateTime,
    /// Exactly this many digits.
    Digits(usize),
    /// Up to this many digits.
    UpToDigits(usize),
    /// Up to this many characters of the GS1 set 82.
    UpTo(usize),
}

struct Rule {
    identifier: &'static str,
    name: &'static str,
    content: Content,
}

const fn rule(identifier: &'static str, name: &'static str, content: Content) -> Rule {
    Rule { identifier, name, content }
}

const RULES: [Rule; 32] = [
    rule("00", "SSCC", Content::Checked(18)),
    rule("01", "GTIN", Content::Checked(14)),
    rule("02", "content GTIN", Content::Checked(14)),
    rule("10", "lot", Content::UpTo(20)),
    rule("11", "production date", Content::Date),
    rule("13", "packaging date", Content::Date),
    rule("15", "best before", Content::Date),
    rule("16", "sell by", Content::Date),
    rule("17", "expiry date", Content::Date),
    rule("20", "variant", Content::Digits(2)),
    rule("21", "serial number", Content::UpTo(20)),
    rule("22", "consumer product variant", Content::UpTo(20)),
    rule("240", "additional product id", Content::UpTo(30)),
    rule("241", "customer part number", Content::UpTo(30)),
    rule("250", "secondary serial", Content::UpTo(30)),
    rule("30", "variable count", Content::UpToDigits(8)),
    rule("37", "count of units", Content::UpToDigits(8)),
    rule("400", "order number", Content::UpTo(30)),
    rule("410", "ship-to location", Content::Checked(13)),
    rule("411", "bill-to location", Content::Checked(13)),
    rule("412", "purchased-from location", Content::Checked(13)),
    rule("413", "ship-for location", Content::Checked(13)),
    rule("414", "location number", Content::Checked(13)),
    rule("415", "invoicing location", Content::Checked(13)),
    rule("416", "production location", Content::Checked(13)),
    rule("417", "party", Content::Checked(13)),
    rule("7003", "expiry date and time", Content::DateTime),
    rule("8004", "asset id", Content::UpTo(30)),
    rule("8005", "unit price", Content::Digits(6)),
    rule("8017", "provider GSRN", Content::Checked(18)),
    rule("8018", "recipient GSRN", Content::Checked(18)),
    rule("8020", "payment slip reference", Content::UpTo(25)),
];

/// One application identifier with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// Application identifier, for example `01`.
    pub identifier: &'static str,
    /// Its name, for example `GTIN`.
    pub name: &'static str,
    /// The value as encoded.
    pub value: String,
}

/// A whole element string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gs1 {
    elements: Vec<Element>,
}

impl Gs1 {
    /// Reads an element string as transmitted, or its printed form with `(01)` in parentheses.
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        let elements = if text.starts_with('(') {
            read_printed(text)?
        } else {
            read_transmitted(text.strip_prefix(SEPARATOR).unwrap_or(text))?
        };
        if elements.is_empty() {
            return refuse("it is empty");
        }
        Ok(Self { elements })
    }

    /// Reads an article number alone, of 8, 12, 13 or 14 digits, as EAN and UPC symbols hold it.
    pub fn of_article(digits: &str) -> Result<Self, CodeError> {
        if !matches!(digits.len(), 8 | 12 | 13 | 14) {
            return refuse("an article number has 8, 12, 13 or 14 digits");
        }
        read_transmitted(&format!("01{digits:0>14}")).map(|elements| Self { elements })
    }

    /// True when one of its elements carries a check digit, which was right.
    #[must_use]
    pub fn is_checked(&self) -> bool {
        self.elements.iter().any(|element| {
            find(element.identifier).is_ok_and(|rule| matches!(rule.content, Content::Checked(_)))
        })
    }

    /// As printed, `(01)…(10)…`; when a value holds a parenthesis, as transmitted, because the
    /// printed form could be read otherwise.
    #[must_use]
    pub fn text(&self) -> String {
        let printable = self.elements.iter().all(|e| !e.value.contains(['(', ')']));
        let part = |e: &Element| match printable {
            true => format!("({}){}", e.identifier, e.value),
            false => format!("{SEPARATOR}{}{}", e.identifier, e.value),
        };
        self.elements.iter().map(part).collect()
    }

    /// The elements in the order scanned.
    #[must_use]
    pub fn elements(&self) -> &[Element] {
        &self.elements
    }

    /// The value of an application identifier.
    #[must_use]
    pub fn value(&self, identifier: &str) -> Option<&str> {
        self.elements.iter().find(|e| e.identifier == identifier).map(|e| e.value.as_str())
    }

    /// Trade item number (01).
    #[must_use]
    pub fn gtin(&self) -> Option<&str> {
        self.value("01")
    }

    /// Lot (10).
    #[must_use]
    pub fn lot(&self) -> Option<&str> {
        self.value("10")
    }

    /// Serial (21).
    #[must_use]
    pub fn serial(&self) -> Option<&str> {
        self.value("21")
    }

    /// Last day of use (17, or the day of 7003), seen from `current_year`, which settles the
    /// century of the two-digit year.
    #[must_use]
    pub fn expiry(&self, current_year: i32) -> Option<NaiveDate> {
        let value = self.value("17").or_else(|| self.value("7003"))?;
        date(value.get(..6)?, current_year)
    }
}

fn refuse<T>(reason: impl Into<String>) -> Result<T, CodeError> {
    Err(CodeError::Gs1 { reason: reason.into() })
}

/// The check digit over `digits`: weights 3, 1, 3, … from the right. `None` for anything else.
#[must_use]
pub fn check_digit(digits: &str) -> Option<u32> {
    let mut sum = 0;
    for (symbol, weight) in digits.chars().rev().zip([3, 1].into_iter().cycle()) {
        sum += symbol.to_digit(10)? * weight;
    }
    (!digits.is_empty()).then_some((10 - sum % 10) % 10)
}

/// `YYMMDD` as a date; day `00` is the month's last. The century is the one that brings the year
/// nearest to `current_year` (51 years ahead at most 49, GS1 General Specifications §7.12).
#[must_use]
pub fn date(text: &str, current_year: i32) -> Option<NaiveDate> {
    let part = |from, to| {
        let part: &str = text.get(from..to)?;
        part.chars().all(|c| c.is_ascii_digit()).then(|| part.parse::<u32>().ok()).flatten()
    };
    let short = i32::try_from(part(0, 2)?).ok()?;
    let difference = short - current_year.rem_euclid(100);
    let century = current_year.div_euclid(100)
        + match difference {
            51.. => -1,
            ..=-50 => 1,
            _ => 0,
        };
    let (year, month, day) = (century * 100 + short, part(2, 4)?, part(4, 6)?);
    match day {
        0 if month == 12 => NaiveDate::from_ymd_opt(year, 12, 31),
        0 => NaiveDate::from_ymd_opt(year, month + 1, 1)?.pred_opt(),
        _ => NaiveDate::from_ymd_opt(year, month, day),
    }
}

fn find(text: &str) -> Result<&'static Rule, CodeError> {
    match RULES.iter().find(|rule| text.starts_with(rule.identifier)) {
        Some(rule) => Ok(rule),
        None => {
            let found: String = text.chars().take(4).collect();
            refuse(format!("{found:?} begins with no application identifier known here"))
        }
    }
}

/// How many characters of `text` (which ends at a separator or the end) the element takes.
fn taken(rule: &Rule, text: &str) -> Result<usize, CodeError> {
    let field = text.split(SEPARATOR).next().unwrap_or(text).len();
    let (length, exact) = match rule.content {
        Content::Checked(n) | Content::Digits(n) => (n, true),
        Content::Date => (6, true),
        Content::DateTime => (10, true),
        Content::UpToDigits(n) | Content::UpTo(n) => (n, false),
    };
    match (exact, field) {
        (true, _) if field >= length => Ok(length),
        (true, _) => refuse(format!("({}) {} needs {length} digits", rule.identifier, rule.name)),
        (false, 0) => refuse(format!("({}) {} is empty", rule.identifier, rule.name)),
        (false, _) if field <= length => Ok(field),
        (false, _) => refuse(format!(
            "({}) {} has {field} characters; {length} are allowed before a separator",
            rule.identifier, rule.name
        )),
    }
}

fn checked(rule: &'static Rule, value: &str) -> Result<Element, CodeError> {
    let numeric = value.chars().all(|c| c.is_ascii_digit());
    let fits = match rule.content {
        Content::Checked(_) => {
            let (data, digit) = value.split_at_checked(value.len() - 1).unwrap_or(("", ""));
            if value.chars().all(|c| c == '0') {
                return refuse(format!("({}) {} is all zeros", rule.identifier, rule.name));
            }
            if numeric && check_digit(data).map(|d| d.to_string()).as_deref() != Some(digit) {
                let what = format!("({}) {}", rule.identifier, rule.name);
                return refuse(format!("the check digit of {what} {value} is wrong"));
            }
            numeric
        }
        Content::Date => numeric && date(value, 2000).is_some(),
        Content::DateTime => {
            let hour = value.get(6..8).and_then(|t| t.parse::<u8>().ok());
            let minute = value.get(8..10).and_then(|t| t.parse::<u8>().ok());
            numeric
                && value.get(4..6) != Some("00")
                && value.get(..6).and_then(|t| date(t, 2000)).is_some()
                && hour.is_some_and(|h| h < 24)
                && minute.is_some_and(|m| m < 60)
        }
        Content::Digits(_) | Content::UpToDigits(_) => numeric,
        Content::UpTo(_) => value.chars().all(is_set_82),
    };
    if !fits {
        return refuse(format!("({}) {} cannot be {value:?}", rule.identifier, rule.name));
    }
    Ok(Element { identifier: rule.identifier, name: rule.name, value: value.to_owned() })
}

/// GS1 AI encodable character set 82.
fn is_set_82(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!\"%&'()*+,-./_:;<=>?".contains(c)
}

fn read_transmitted(text: &str) -> Result<Vec<Element>, CodeError> {
    let mut elements: Vec<Element> = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let rule = find(rest)?;
        let content = rest.get(rule.identifier.len()..).unwrap_or("");
        let length = taken(rule, content)?;
        let Some((value, after)) = content.split_at_checked(length) else {
            return refuse("it holds characters outside the GS1 set");
        };
        push(&mut elements, checked(rule, value)?)?;
        rest = after.strip_prefix(SEPARATOR).unwrap_or(after);
    }
    Ok(elements)
}

fn read_printed(text: &str) -> Result<Vec<Element>, CodeError> {
    let mut elements = Vec::new();
    for part in text.split('(').skip(1) {
        let Some((identifier, value)) = part.split_once(')') else {
            return refuse("a parenthesis is not closed");
        };
        let rule = match find(identifier) {
            Ok(rule) if rule.identifier == identifier => rule,
            _ => return refuse(format!("({identifier}) is no application identifier known here")),
        };
        if taken(rule, value)? != value.len() {
            return refuse(format!("({identifier}) {} is too long", rule.name));
        }
        push(&mut elements, checked(rule, value)?)?;
    }
    Ok(elements)
}

fn push(elements: &mut Vec<Element>, element: Element) -> Result<(), CodeError> {
    match elements.iter().find(|e| e.identifier == element.identifier) {
        Some(other) if other.value != element.value => {
            refuse(format!("({}) occurs twice with two values", element.identifier))
        }
        Some(_) => Ok(()),
        None => {
            elements.push(element);
            Ok(())
        }
    }
}
