//! Single European Code: parse and build (Directive 2006/86/EC Annex VII; public law).
//!
//! Forty characters: donation identification sequence (21) and product identification sequence
//! (19). It has no check character: lengths, characters and the calendar are all there is to test.
//!
//! Architecture invariant: a sequence is never repaired. Its law forbids changing a donation
//! sequence in circulation, so anything but the exact form is refused.

use std::fmt;

use chrono::{Datelike, NaiveDate};

use super::CodeError;
use super::isbt::{ProductCode, read_din};
use crate::domain::id::Din;

/// ISO 3166-1 codes of countries.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO \
    BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ \
    DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP \
    GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG \
    KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML \
    MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE \
    PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL \
    SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM \
    US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

fn refuse<T>(reason: impl Into<String>) -> Result<T, CodeError> {
    Err(CodeError::Sec { reason: reason.into() })
}

fn upper_or_digit(c: char) -> bool {
    c.is_ascii_uppercase() || c.is_ascii_digit()
}

/// Donation identification sequence: country, tissue establishment, donation number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DonationSequence {
    country: String,
    establishment: String,
    donation: String,
}

impl DonationSequence {
    /// Length in characters.
    pub const LENGTH: usize = 21;

    /// Builds the sequence; establishment and donation are padded with zeros on the left.
    pub fn new(country: &str, establishment: &str, donation: &str) -> Result<Self, CodeError> {
        if country.len() != 2 || establishment.is_empty() || donation.is_empty() {
            return refuse("it needs a country, an establishment and a donation number");
        }
        Self::parse(&format!("{country}{establishment:0>6}{donation:0>13}"))
    }

    /// Reads exactly 21 characters.
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        if text.len() != Self::LENGTH || !text.chars().all(upper_or_digit) {
            return refuse("the donation sequence is 21 of A–Z, 0–9");
        }
        let country = text.get(..2).unwrap_or("");
        if !COUNTRIES.split(' ').any(|known| known == country) {
            return refuse(format!("it begins with {country:?}, which is no country's code"));
        }
        Ok(Self {
            country: country.to_owned(),
            establishment: text.get(2..8).unwrap_or("").to_owned(),
            donation: text.get(8..).unwrap_or("").to_owned(),
        })
    }

    /// ISO 3166-1 country of the tissue establishment.
    #[must_use]
    pub fn country(&self) -> &str {
        &self.country
    }

    /// Tissue establishment number, six characters.
    #[must_use]
    pub fn establishment(&self) -> &str {
        &self.establishment
    }

    /// Unique donation number, thirteen characters.
    #[must_use]
    pub fn donation(&self) -> &str {
        &self.donation
    }

    /// The donation number as an ISBT 128 DIN, when it is one.
    #[must_use]
    pub fn din(&self) -> Option<Din> {
        read_din(&self.donation).ok()
    }
}

impl fmt::Display for DonationSequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.country, self.establishment, self.donation)
    }
}

/// Whose product numbers these are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CodingSystem {
    /// `A`: ISBT 128.
    Isbt128,
    /// `B`: Eurocode.
    Eurocode,
    /// `E`: EU tissue and cell product compendium.
    Eutc,
}

impl CodingSystem {
    fn letter(self) -> char {
        match self {
            Self::Isbt128 => 'A',
            Self::Eurocode => 'B',
            Self::Eutc => 'E',
        }
    }

    /// In words.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Isbt128 => "ISBT 128",
            Self::Eurocode => "Eurocode",
            Self::Eutc => "EUTC",
        }
    }
}

/// Product identification sequence: coding system, product, split, expiry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProductSequence {
    system: CodingSystem,
    product: String,
    split: String,
    expiry: Option<NaiveDate>,
}

impl ProductSequence {
    /// Length in characters.
    pub const LENGTH: usize = 19;

    /// Builds the sequence; product and split are padded with zeros on the left.
    pub fn new(
        system: CodingSystem,
        product: &str,
        split: &str,
        expiry: Option<NaiveDate>,
    ) -> Result<Self, CodeError> {
        let text = format!("{}{product:0>7}{split:0>3}{}", system.letter(), expiry_text(expiry));
        Self::parse(&text)
    }

    /// Builds the sequence of an ISBT 128 product code. Tissue has collection type and division as
    /// its split number, cellular therapy `0` and the division; for a division of structure 032
    /// and for other classes no rule is known, and they are refused.
    pub fn of_isbt(code: &ProductCode, expiry: Option<NaiveDate>) -> Result<Self, CodeError> {
        let division = code.division();
        if division.needs_divisions() {
            return refuse("no split number is defined for a division of structure 032");
        }
        let split = match code.description().chars().next() {
            Some('T') => format!("{}{division}", code.collection()),
            Some('S') => format!("0{division}"),
            _ => return refuse("no split number is defined for this class of product"),
        };
        Self::new(CodingSystem::Isbt128, code.description(), &split, expiry)
    }

    /// Reads exactly 19 characters.
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        if text.len() != Self::LENGTH || !text.is_ascii() {
            return refuse("the product sequence is 19 characters");
        }
        let system = match text.chars().next() {
            Some('A') => CodingSystem::Isbt128,
            Some('B') => CodingSystem::Eurocode,
            Some('E') => CodingSystem::Eutc,
            _ => return refuse("the product coding system is A, B or E"),
        };
        let product = text.get(1..8).unwrap_or("");
        if !product.chars().all(upper_or_digit) {
            return refuse("the product number is seven of A–Z, 0–9");
        }
        if system == CodingSystem::Isbt128 && !is_isbt_product(product) {
            return refuse("with ISBT 128 the product number is 00 and a description code");
        }
        let split = text.get(8..11).unwrap_or("");
        if !split.chars().all(|c| c.is_ascii_alphanumeric()) {
            return refuse("the split number is three letters or digits");
        }
        let expiry = match text.get(11..).unwrap_or("") {
            "00000000" => None,
            day => Some(read_day(day)?),
        };
        Ok(Self { system, product: product.to_owned(), split: split.to_owned(), expiry })
    }

    /// Coding system.
    #[must_use]
    pub fn system(&self) -> CodingSystem {
        self.system
    }

    /// Product number, seven characters.
    #[must_use]
    pub fn product(&self) -> &str {
        &self.product
    }

    /// Split number, three characters.
    #[must_use]
    pub fn split(&self) -> &str {
        &self.split
    }

    /// Expiry date; `None` when none is defined.
    #[must_use]
    pub fn expiry(&self) -> Option<NaiveDate> {
        self.expiry
    }
}

/// `00` and a letter with four of `A–Z`, `0–9`.
fn is_isbt_product(product: &str) -> bool {
    product
        .strip_prefix("00")
        .is_some_and(|description| description.starts_with(|c: char| c.is_ascii_uppercase()))
}

fn expiry_text(expiry: Option<NaiveDate>) -> String {
    expiry.map_or_else(
        || "00000000".to_owned(),
        |day| format!("{:04}{:02}{:02}", day.year(), day.month(), day.day()),
    )
}

fn read_day(text: &str) -> Result<NaiveDate, CodeError> {
    let digits = text.chars().all(|c| c.is_ascii_digit());
    let part = |from, to| text.get(from..to).and_then(|t| t.parse::<u32>().ok());
    let day = (|| {
        let year = i32::try_from(part(0, 4)?).ok().filter(|year| *year >= 1900)?;
        NaiveDate::from_ymd_opt(year, part(4, 6)?, part(6, 8)?)
    })();
    match day {
        Some(day) if digits && text.len() == 8 => Ok(day),
        _ => refuse(format!("{text:?} is no date YYYYMMDD")),
    }
}

impl fmt::Display for ProductSequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let expiry = expiry_text(self.expiry);
        write!(f, "{}{}{}{expiry}", self.system.letter(), self.product, self.split)
    }
}

/// The whole code.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sec {
    /// Donation identification sequence.
    pub donation: DonationSequence,
    /// Product identification sequence.
    pub product: ProductSequence,
}

impl Sec {
    /// Length in characters, as encoded.
    pub const LENGTH: usize = DonationSequence::LENGTH + ProductSequence::LENGTH;

    /// Reads the code as printed (`SEC:` before it, one space or line break between the two
    /// sequences) or as encoded (40 characters).
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        // A Swedish code may begin with these letters, too: its length tells.
        let body = match text.strip_prefix("SEC") {
            Some(rest) if text.len() > Self::LENGTH + 1 => {
                rest.strip_prefix(':').unwrap_or(rest).trim_start()
            }
            _ => text,
        };
        let Some((donation, rest)) = body.split_at_checked(DonationSequence::LENGTH) else {
            return refuse("it is shorter than 40 characters");
        };
        let product = rest.strip_prefix([' ', '\n']).unwrap_or(rest);
        Ok(Self {
            donation: DonationSequence::parse(donation)?,
            product: ProductSequence::parse(product)?,
        })
    }

    /// Reads exactly forty characters, as encoded in structure 038.
    pub fn parse_compact(text: &str) -> Result<Self, CodeError> {
        match text.split_at_checked(DonationSequence::LENGTH) {
            Some((donation, product)) if text.len() == Self::LENGTH => Ok(Self {
                donation: DonationSequence::parse(donation)?,
                product: ProductSequence::parse(product)?,
            }),
            _ => refuse("it is forty characters"),
        }
    }

    /// Forty characters without a space, as encoded in structure 038.
    #[must_use]
    pub fn compact(&self) -> String {
        format!("{}{}", self.donation, self.product)
    }

    /// Content of the symbol: `&,4` + 40.
    #[must_use]
    pub fn symbol(&self) -> String {
        format!("&,4{}", self.compact())
    }
}

impl fmt::Display for Sec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SEC: {} {}", self.donation, self.product)
    }
}
