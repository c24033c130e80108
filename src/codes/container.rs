//! Our own container code and the label code that carries it.
//!
//! A **container code** names one container for ever: `C`, a kind letter, seven digits
//! (`CV0000123`, nine characters). A **label code** is what a symbol holds: the container code, the
//! two-digit serial of the print, and a check character (`CV000012301F`, twelve characters). A
//! reprint has the next serial, so that the old label, scanned anywhere, can be refused by name.
//!
//! The alphabet is `0123456789CDEFHJKNPRTVX`:
//! * no `A M Q W Y Z`: these keys move between US, QWERTZ and AZERTY layouts;
//! * no `B G I L O S U`: they are mistaken for `8 6 1 1 0 5 V`;
//! * no punctuation: most of it moves. Digits stay on one row; where a layout shifts them (AZERTY)
//!   a wrongly set scanner types `&é"'(-è_çà`, none of which is in the alphabet, and the scan is
//!   refused instead of misread;
//! * 23 symbols, a prime: with distinct weights modulo 23, every single substitution and every
//!   swap of two symbols changes the sum. A test proves it over all of them.
//!
//! Twelve characters with nine digits fit the smallest useful Data Matrix (14×14 modules).
//! Lower case is read as upper case: a locked Caps key changes no letter's identity here.
//!
//! Architecture invariant: the code says nothing of donor, patient or product. What a container
//! holds is looked up, never decoded.

use std::fmt;

use super::CodeError;
use crate::domain::container::ContainerKind;
use crate::domain::id::ContainerCode;

/// The 23 symbols, in order of value.
pub const ALPHABET: &str = "0123456789CDEFHJKNPRTVX";

const MODULUS: u32 = 23;
const PREFIX: char = 'C';
const SEQUENCE_DIGITS: usize = 7;
const SERIAL_DIGITS: usize = 2;
const CONTAINER_LENGTH: usize = 2 + SEQUENCE_DIGITS;
const LABEL_LENGTH: usize = CONTAINER_LENGTH + SERIAL_DIGITS + 1;
const WHAT: &str = "container code";

/// Greatest number of a kind.
pub const SEQUENCE_MAX: u32 = 9_999_999;

/// The code of container number `sequence` (1–9 999 999) of its kind.
pub fn code(kind: ContainerKind, sequence: u32) -> Result<ContainerCode, CodeError> {
    if sequence == 0 || sequence > SEQUENCE_MAX {
        let reason = format!("numbers run from 1 to {SEQUENCE_MAX}");
        return Err(CodeError::malformed(WHAT, &sequence.to_string(), reason));
    }
    read(&format!("{PREFIX}{}{sequence:0width$}", kind.letter(), width = SEQUENCE_DIGITS))
}

/// Reads the nine characters without serial and check character.
pub fn read(text: &str) -> Result<ContainerCode, CodeError> {
    let bad = |reason: &str| CodeError::malformed(WHAT, text, reason);
    let upper = text.to_ascii_uppercase();
    if upper.len() != CONTAINER_LENGTH || !upper.is_ascii() {
        return Err(bad("it is C, a kind letter and seven digits"));
    }
    let mut symbols = upper.chars();
    if symbols.next() != Some(PREFIX) {
        return Err(bad("it begins with C"));
    }
    symbols
        .next()
        .and_then(kind_of_letter)
        .ok_or_else(|| bad("its second letter names no kind of container"))?;
    match decimal(symbols) {
        None => Err(bad("seven digits follow the kind letter")),
        Some(0) => Err(bad("there is no number 0")),
        Some(_) => ContainerCode::parse(&upper).map_err(|error| bad(&error.to_string())),
    }
}

/// What kind of container a code of ours names; `None` for a code that is not of our form.
#[must_use]
pub fn kind(code: &ContainerCode) -> Option<ContainerKind> {
    code.as_str().chars().nth(1).and_then(kind_of_letter)
}

/// The number within its kind; `None` for a code that is not of our form.
#[must_use]
pub fn sequence(code: &ContainerCode) -> Option<u32> {
    code.as_str().get(2..).and_then(|digits| decimal(digits.chars()))
}

fn kind_of_letter(letter: char) -> Option<ContainerKind> {
    ContainerKind::ALL.iter().find(|(.., own)| *own == letter).map(|(kind, ..)| *kind)
}

fn decimal(mut symbols: impl Iterator<Item = char>) -> Option<u32> {
    symbols.try_fold(0_u32, |sum, c| sum.checked_mul(10)?.checked_add(c.to_digit(10)?))
}

/// Which print of a container's label this is, from 1 (the first) to 99.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PrintSerial(u8);

impl PrintSerial {
    /// The first print.
    pub const FIRST: Self = Self(1);

    /// A serial from 1 to 99.
    pub fn new(number: u8) -> Result<Self, CodeError> {
        if (1..=99).contains(&number) {
            Ok(Self(number))
        } else {
            Err(CodeError::malformed("label serial", &number.to_string(), "it runs from 1 to 99"))
        }
    }

    /// The number.
    #[must_use]
    pub fn number(self) -> u8 {
        self.0
    }

    /// The serial of a reprint; `None` after 99, when the container needs a new code.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        (self.0 < 99).then(|| Self(self.0 + 1))
    }
}

impl fmt::Display for PrintSerial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}", self.0)
    }
}

/// What a label's symbol holds: container, serial of the print, check character.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LabelCode {
    container: ContainerCode,
    serial: PrintSerial,
    check: char,
}

impl LabelCode {
    /// The code of print `serial` of this container's label. Refuses a container code that is not
    /// of our form.
    pub fn new(container: &ContainerCode, serial: PrintSerial) -> Result<Self, CodeError> {
        let container = read(container.as_str())?;
        let check = check_character(&format!("{container}{serial}"))
            .ok_or_else(|| CodeError::malformed(WHAT, container.as_str(), "foreign characters"))?;
        Ok(Self { container, serial, check })
    }

    /// Reads twelve characters; one hyphen or space before the serial, as printed, is allowed.
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        let bad = |reason: &str| CodeError::malformed(WHAT, text, reason);
        let upper = compact(text).to_ascii_uppercase();
        if upper.len() != LABEL_LENGTH || !upper.is_ascii() {
            return Err(bad("a label's code has twelve characters"));
        }
        if let Some(foreign) = upper.chars().find(|c| value_of(*c).is_none()) {
            return Err(bad(&format!("{foreign:?} is in no code of ours")));
        }
        let (payload, check) = upper.split_at_checked(LABEL_LENGTH - 1).unwrap_or((&upper, ""));
        if check_character(payload) != check.chars().next() {
            return Err(CodeError::check(WHAT, text));
        }
        let (container, serial) =
            payload.split_at_checked(CONTAINER_LENGTH).unwrap_or((&upper, ""));
        let container = read(container)?;
        let serial = decimal(serial.chars()).and_then(|n| u8::try_from(n).ok());
        let serial = PrintSerial::new(serial.ok_or_else(|| bad("its serial is two digits"))?)?;
        Self::new(&container, serial)
    }

    /// The container.
    #[must_use]
    pub fn container(&self) -> &ContainerCode {
        &self.container
    }

    /// Which print of its label.
    #[must_use]
    pub fn serial(&self) -> PrintSerial {
        self.serial
    }

    /// The check character.
    #[must_use]
    pub fn check_character(&self) -> char {
        self.check
    }

    /// As printed for people: `CV0000123-01F`.
    #[must_use]
    pub fn printed(&self) -> String {
        format!("{}-{}{}", self.container, self.serial, self.check)
    }
}

impl fmt::Display for LabelCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.container, self.serial, self.check)
    }
}

/// `text` without the one separator that the printed form has after the container code.
fn compact(text: &str) -> String {
    match text.split_at_checked(CONTAINER_LENGTH) {
        Some((container, rest)) => {
            format!("{container}{}", rest.strip_prefix(['-', ' ']).unwrap_or(rest))
        }
        None => text.to_owned(),
    }
}

/// True when `text` begins like a container code: `C`, a kind letter, a digit.
#[must_use]
pub(crate) fn looks_like(text: &str) -> bool {
    let mut symbols = text.chars().map(|c| c.to_ascii_uppercase());
    symbols.next() == Some(PREFIX)
        && symbols.next().and_then(kind_of_letter).is_some()
        && symbols.next().is_some_and(|c| c.is_ascii_digit())
}

fn value_of(symbol: char) -> Option<u32> {
    ALPHABET.chars().zip(0..).find_map(|(c, value)| (c == symbol).then_some(value))
}

/// The symbol that makes the weighted sum 0 modulo 23. Weights fall by one from left to right and
/// end with 1 at the check character, so all are distinct and none is 0 for up to 22 symbols.
/// `None` when a symbol is not of the alphabet.
#[must_use]
pub fn check_character(payload: &str) -> Option<char> {
    let mut sum = 0;
    for (symbol, weight) in payload.chars().rev().zip(2..MODULUS) {
        sum = (sum + value_of(symbol)? * weight) % MODULUS;
    }
    let value = (MODULUS - sum) % MODULUS;
    ALPHABET.chars().zip(0..).find_map(|(c, v)| (v == value).then_some(c))
}
