//! The clinical protocols and the site's calendar in force: text files that came with the program.
//!
//! Neighbours: `domain::protocol` and `domain::schedule` read the texts.
//!
//! Architecture invariant: a text that cannot be read stops the program's tests, and every use of
//! it at run time, with the line that is wrong.

use std::sync::LazyLock;

use crate::domain::id::ContentHash;
use crate::domain::order::Order;
use crate::domain::protocol::{self, FileError, Protocol};
use crate::domain::schedule::SiteCalendar;
use crate::ledger::Hash;
use crate::ledger::hash::hex;
use crate::store::Failure;

const PROTOCOLS: &[(&str, &str)] = &[(
    "templates/protocols/eq-msc-xerostomia.toml",
    include_str!("../../templates/protocols/eq-msc-xerostomia.toml"),
)];

const CALENDAR: (&str, &str) =
    ("templates/sites/example.toml", include_str!("../../templates/sites/example.toml"));

/// A protocol and the text it was read from.
#[derive(Debug, Clone)]
pub struct Published {
    /// What it says.
    pub protocol: Protocol,
    /// The text.
    pub text: &'static str,
    /// SHA-256 of the text, as orders refer to it.
    pub hash: ContentHash,
}

static READ: LazyLock<Result<Vec<Published>, String>> =
    LazyLock::new(|| PROTOCOLS.iter().map(|(file, text)| read(file, text)).collect());

static SITE: LazyLock<Result<SiteCalendar, String>> = LazyLock::new(|| {
    let (file, text) = CALENDAR;
    SiteCalendar::parse(text).map_err(|error| broken(file, &error))
});

fn read(file: &str, text: &'static str) -> Result<Published, String> {
    let protocol = protocol::parse(text).map_err(|error| broken(file, &error))?;
    let hash = ContentHash::parse(&hex(&Hash::of_bytes(text.as_bytes()).to_vec()))
        .map_err(|error| error.to_string())?;
    Ok(Published { protocol, text, hash })
}

fn broken(file: &str, error: &FileError) -> String {
    format!("{file}, {error}")
}

/// Every protocol that may be ordered under.
///
/// # Errors
/// When a text cannot be read.
pub fn protocols() -> Result<&'static [Published], Failure> {
    READ.as_deref().map_err(|error| Failure::Broken(error.clone()))
}

/// The protocol of an id; the version in force.
///
/// # Errors
/// A `NotFound` refusal when there is none.
pub fn protocol(id: &str) -> Result<&'static Published, Failure> {
    protocols()?.iter().find(|published| published.protocol.id.as_str() == id).ok_or_else(|| {
        Failure::not_found(format!("There is no protocol {id}. Choose one from the list."))
    })
}

/// The protocol that an order was placed under.
///
/// # Errors
/// A `NotFound` refusal when that version did not come with this program.
pub fn protocol_of(order: &Order) -> Result<&'static Published, Failure> {
    let published = protocol(order.protocol.id.as_str())?;
    if published.hash == order.protocol.text_hash {
        return Ok(published);
    }
    Err(Failure::not_found(format!(
        "The text of {} version {}, under which {} was placed, is not the one in force. Install the \
         program's version that has it.",
        order.protocol.id, order.protocol.version, order.number
    )))
}

/// The site's calendar.
///
/// # Errors
/// When its text cannot be read.
pub fn calendar() -> Result<&'static SiteCalendar, Failure> {
    SITE.as_ref().map_err(|error| Failure::Broken(error.clone()))
}
