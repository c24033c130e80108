//! What the content of each ISBT 128 structure may be, for those that have no type of their own.
//!
//! ST-001 defines a check character for most structures; it exists only over upper-case letters
//! and digits, so only the structures without one may hold lower case.
//!
//! Architecture invariant: form only. Values that are listed in tables of the standard's owner or
//! of a country are kept as scanned and never given a meaning here.

use chrono::{Datelike, NaiveDate};

use super::date::digits;
use super::din::{is_facility_letter, is_first};

/// Length of a Facility Identification Number in characters.
const FACILITY: usize = 5;

/// Says why `content`, whose length is right already, cannot be that of structure `number`.
pub(super) fn check(number: u16, content: &str) -> Result<(), &'static str> {
    match number {
        2 | 17 | 18 | 21 | 22 => letters_or_digits(content),
        20 | 33 => facility_and(content, "it is a facility number, then A–Z, 0–9"),
        24 => birth(content),
        25 => patient(content),
        26 => month(content),
        28 => consignment(content),
        29 => counted(content, 2, upper_or_digit),
        30 => counted(content, 3, |c| c.is_ascii_alphanumeric()),
        34 => processor_product(content),
        39 => registry_donor(content),
        _ => upper(content),
    }
}

fn upper_or_digit(c: char) -> bool {
    c.is_ascii_uppercase() || c.is_ascii_digit()
}

fn all(text: &str, fits: fn(char) -> bool, reason: &'static str) -> Result<(), &'static str> {
    if text.chars().all(fits) { Ok(()) } else { Err(reason) }
}

fn letters_or_digits(content: &str) -> Result<(), &'static str> {
    all(content, |c| c.is_ascii_alphanumeric(), "it holds only letters and digits")
}

fn upper(content: &str) -> Result<(), &'static str> {
    all(content, upper_or_digit, "it holds only A–Z and 0–9")
}

fn numeric(text: &str, reason: &'static str) -> Result<(), &'static str> {
    all(text, |c| c.is_ascii_digit(), reason)
}

/// True for the five characters of a Facility Identification Number.
pub(super) fn is_facility(text: &str) -> bool {
    let mut symbols = text.chars();
    text.len() == FACILITY
        && symbols.next().is_some_and(is_first)
        && symbols.by_ref().take(2).all(is_facility_letter)
        && symbols.all(|c| c.is_ascii_digit())
}

fn facility_and(content: &str, reason: &'static str) -> Result<(), &'static str> {
    let (facility, rest) = content.split_at_checked(FACILITY).ok_or(reason)?;
    if is_facility(facility) { all(rest, upper_or_digit, reason) } else { Err(reason) }
}

/// 024: two characters of the place it was read, then `yyyymmdd`.
fn birth(content: &str) -> Result<(), &'static str> {
    upper(content.get(..2).unwrap_or(""))?;
    let day = || {
        let year = i32::try_from(digits(content, 2, 6)?).ok().filter(|year| *year >= 1850)?;
        NaiveDate::from_ymd_opt(year, digits(content, 6, 8)?, digits(content, 8, 10)?)
    };
    day().map(|_| ()).ok_or("there is no such day")
}

/// 025: two characters of the place it was read, two digits of the length, the number.
fn patient(content: &str) -> Result<(), &'static str> {
    upper(content.get(..2).unwrap_or(""))?;
    match content.get(4..) {
        None | Some("") => Err("the patient's number is empty"),
        Some(number) => letters_or_digits(number),
    }
}

/// 026: `yyyymm`.
fn month(content: &str) -> Result<(), &'static str> {
    let known = digits(content, 0, 4)
        .and_then(|year| i32::try_from(year).ok())
        .filter(|year| *year >= 1900)
        .and_then(|year| NaiveDate::from_ymd_opt(year, digits(content, 4, 6)?, 1));
    known.map(|day| day.month()).map(|_| ()).ok_or("there is no such month")
}

/// 028: facility, year (2), serial (5), container number (2, `00` on a dispatch note), total (2).
fn consignment(content: &str) -> Result<(), &'static str> {
    const REASON: &str = "it is a facility number and eleven digits";
    let (facility, rest) = content.split_at_checked(FACILITY).ok_or(REASON)?;
    numeric(rest, REASON)?;
    if !is_facility(facility) {
        return Err(REASON);
    }
    match (digits(rest, 7, 9), digits(rest, 9, 11)) {
        (Some(number), Some(total)) if number <= total => Ok(()),
        _ => Err("its container number is greater than their total"),
    }
}

/// 029, 030: `header` digits of the count, then the counted entries.
fn counted(content: &str, header: usize, fits: fn(char) -> bool) -> Result<(), &'static str> {
    if digits(content, 0, header) == Some(0) {
        return Err("it counts no entry");
    }
    all(content, fits, "it holds characters that this structure does not have")
}

/// 034: facility (5), its own product code (6), product description code (5).
fn processor_product(content: &str) -> Result<(), &'static str> {
    const REASON: &str = "it is a facility number, six of A–Z, 0–9, and a description code";
    facility_and(content, REASON)?;
    let description = content.get(FACILITY + 6..).unwrap_or("");
    if description.starts_with(|c: char| c.is_ascii_uppercase()) { Ok(()) } else { Err(REASON) }
}

/// 039: registry (4 digits), donor (13), two check digits.
fn registry_donor(content: &str) -> Result<(), &'static str> {
    const REASON: &str = "it is four digits, thirteen of A–Z, 0–9, and two digits";
    let (registry, rest) = content.split_at_checked(4).ok_or(REASON)?;
    let (donor, check) = rest.split_at_checked(13).ok_or(REASON)?;
    numeric(registry, REASON)?;
    numeric(check, REASON)?;
    all(donor, upper_or_digit, REASON)
}

/// The parts of a checked content in the order written: name, text, meaning where it has one.
pub(super) fn parts(number: u16, content: &str) -> Vec<(&'static str, String, &'static str)> {
    let part = |name, from: usize, to: usize, meaning| {
        (name, content.get(from..to).unwrap_or("").to_owned(), meaning)
    };
    let end = content.len();
    match number {
        2 => vec![
            part("blood group or message", 0, 2, message(content.get(..2).unwrap_or(""))),
            part("phenotype", 2, 3, ""),
            part("reserved", 3, 4, ""),
        ],
        20 => vec![part("facility", 0, 5, "FIN"), part("staff member", 5, end, "")],
        24 => vec![part("place read", 0, 2, ""), part("date of birth", 2, end, "YYYYMMDD")],
        25 => vec![part("place read", 0, 2, ""), part("patient number", 4, end, "")],
        26 => vec![part("year", 0, 4, ""), part("month", 4, end, "")],
        28 => vec![
            part("facility", 0, 5, "FIN"),
            part("year", 5, 7, ""),
            part("consignment", 7, 12, ""),
            part("container", 12, 14, dispatch_note(content.get(12..14).unwrap_or(""))),
            part("containers in all", 14, end, ""),
        ],
        33 => vec![
            part("processing facility", 0, 5, "FIN(P), assigned the product code"),
            part("facility's product code", 5, end, ""),
        ],
        34 => vec![
            part("processing facility", 0, 5, "FIN(P), assigned the product code"),
            part("facility's product code", 5, 11, ""),
            part("description", 11, end, "product description code"),
        ],
        39 => vec![
            part("registry", 0, 4, ""),
            part("donor", 4, 17, ""),
            part("check digits", 17, end, ""),
        ],
        _ => Vec::new(),
    }
}

fn dispatch_note(container: &str) -> &'static str {
    if container == "00" { "dispatch document" } else { "" }
}

/// Special messages that take the place of a blood group (002).
fn message(group: &str) -> &'static str {
    match group {
        "Mb" => "biohazardous",
        "Md" => "discard",
        "Mq" => "quarantine or hold for further testing or processing",
        "Mr" => "for research use only",
        "Mx" => "not for transfusion, by test results",
        "T4" | "T5" | "T6" => "tissue only",
        _ => "",
    }
}
