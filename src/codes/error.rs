//! Why a scanned or typed text is not a code we accept, in words for the person at the scanner.
//!
//! Architecture invariant: every variant says what is wrong, by which rule, and what to do now; no
//! variant carries a longer excerpt of the input than a screen line.

/// A text that was refused as a code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// Longer than any code can be.
    #[error(
        "The scan has {length} characters; no code has more than {limit}. Scan one symbol at a time."
    )]
    TooLong {
        /// Bytes received.
        length: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// Nothing was read.
    #[error("The scan is empty. Scan again.")]
    Empty,
    /// A control character other than GS (0x1D).
    #[error(
        "The scan holds the control character {code:#04x} at position {position}; only the GS1 separator may occur. Scan again or check the scanner's settings."
    )]
    ControlCharacter {
        /// The character's code.
        code: u32,
        /// Where it stands, from 1.
        position: usize,
    },
    /// Characters that a scanner set to another keyboard layout produces.
    #[error(
        "The scan holds {found:?}, which no code contains: the scanner types for another keyboard layout. Run the scanner self-test and set its layout."
    )]
    KeyboardLayout {
        /// The first such character.
        found: char,
    },
    /// No known form begins or continues like this.
    #[error(
        "{excerpt:?} is no code known here: not ours, not ISBT 128, not GS1, not a Single European Code. Check the symbol that was scanned."
    )]
    Unknown {
        /// The beginning of the text.
        excerpt: String,
    },
    /// The symbol's AIM prefix is not one we read.
    #[error(
        "The scanner reports symbology {prefix:?}, which carries none of our codes. Scan the label's Data Matrix, QR or Code 128 symbol."
    )]
    UnknownSymbology {
        /// The three AIM characters.
        prefix: String,
    },
    /// The text begins like one of our own codes and is not one.
    #[error(
        "{excerpt:?} is not a {what}: {reason}. Scan the label again; if it is damaged, have it reprinted."
    )]
    Malformed {
        /// What the text began like.
        what: &'static str,
        /// The beginning of the text.
        excerpt: String,
        /// The fact.
        reason: String,
    },
    /// A check character or check digit does not fit.
    #[error(
        "The check character of {excerpt:?} is wrong for a {what}: it was mistyped or misread. Scan it, or type it again."
    )]
    CheckCharacter {
        /// What was checked.
        what: &'static str,
        /// The text.
        excerpt: String,
    },
    /// An ISBT 128 data identifier that ST-001 does not list.
    #[error(
        "{identifier:?} at position {position} is no ISBT 128 data identifier; the whole scan is refused."
    )]
    UnknownIdentifier {
        /// The identifier.
        identifier: String,
        /// Where it stands, from 1.
        position: usize,
    },
    /// A structure that ISBT 128 leaves to nations and facilities.
    #[error(
        "{identifier:?} at position {position} begins a structure that ISBT 128 leaves to a nation or a facility: only its issuer knows what it holds, and nothing of the scan is used. Scan another symbol of the label."
    )]
    NotDefined {
        /// The identifier.
        identifier: String,
        /// Where it stands, from 1.
        position: usize,
    },
    /// ISBT 128 at a site that has switched it off.
    #[error(
        "This is an ISBT 128 message, and this site works without ISBT 128. Scan the label's own code; or set isbt_128 in the site file, if the site is licensed."
    )]
    NotInUse,
    /// Elements that do not name one unit.
    #[error("This names no single unit: {reason} (ISBT 128 ST-001).")]
    Identity {
        /// The fact.
        reason: &'static str,
    },
    /// Digits that could be one of two things.
    #[error(
        "{excerpt:?} could be a donation number or an article number. Scan the symbol itself, or type the article number as (01) and 14 digits."
    )]
    Ambiguous {
        /// The text.
        excerpt: String,
    },
    /// An ISBT 128 structure whose content ends too early.
    #[error(
        "ISBT 128 structure {structure:03} needs {expected} characters and has {found}; the whole scan is refused. Scan again."
    )]
    ShortContent {
        /// Data structure number.
        structure: u16,
        /// Characters the standard gives it.
        expected: usize,
        /// Characters left in the scan.
        found: usize,
    },
    /// An ISBT 128 structure whose content is not of its form.
    #[error("ISBT 128 structure {structure:03} ({name}) cannot hold {content:?}: {reason}.")]
    BadContent {
        /// Data structure number.
        structure: u16,
        /// Its name.
        name: &'static str,
        /// The content refused.
        content: String,
        /// The fact.
        reason: String,
    },
    /// A compound message that does not hold what it announces (ST-001, structure 023).
    #[error(
        "The compound message announces {announced} structures and holds {found}; nothing of it is used. Scan again."
    )]
    CompoundCount {
        /// What the header says.
        announced: usize,
        /// What was read.
        found: usize,
    },
    /// A compound message with something that may not be inside one.
    #[error("The compound message is refused as a whole: {reason}.")]
    Compound {
        /// The fact.
        reason: &'static str,
    },
    /// A Single European Code that does not follow Directive 2006/86/EC Annex VII.
    #[error(
        "This is not a Single European Code: {reason}. Compare with the printed code (SEC: 21 characters, space, 19 characters)."
    )]
    Sec {
        /// The fact.
        reason: String,
    },
    /// GS1 elements without anything that marks or checks them.
    #[error(
        "{excerpt:?} may be GS1, but nothing in it says so. Let the scanner send its symbology prefix (]C1, ]d2), or type it with parentheses, (10)LOT."
    )]
    Unmarked {
        /// The beginning of the text.
        excerpt: String,
    },
    /// A GS1 element string that does not follow the GS1 General Specifications.
    #[error("This is not a GS1 element string we accept: {reason}.")]
    Gs1 {
        /// The fact.
        reason: String,
    },
}

impl CodeError {
    /// The beginning of `text`, short enough for one screen line.
    pub(crate) fn excerpt(text: &str) -> String {
        const LENGTH: usize = 40;
        let mut excerpt: String = text.chars().take(LENGTH).collect();
        if text.chars().nth(LENGTH).is_some() {
            excerpt.push('…');
        }
        excerpt
    }

    pub(crate) fn malformed(what: &'static str, text: &str, reason: impl Into<String>) -> Self {
        Self::Malformed { what, excerpt: Self::excerpt(text), reason: reason.into() }
    }

    pub(crate) fn check(what: &'static str, text: &str) -> Self {
        Self::CheckCharacter { what, excerpt: Self::excerpt(text) }
    }
}
