//! Addresses of printers that speak the Internet Printing Protocol (RFC 8011), such as
//! `ipps://labels-1.example/ipp/print`.
//!
//! Neighbours: [`super`] keeps it in a printer's settings; `printing` asks there.
//!
//! Architecture invariant: an address holds no name and no password, for it stands in the ledger
//! for ever and on screens.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The port of the protocol, with and without encryption (RFC 8010, RFC 7472).
const PORT: u16 = 631;
/// Longest address, in bytes.
const LENGTH_MAX: usize = 255;

/// Where a printer answers: scheme, host, port and path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IppAddress {
    encrypted: bool,
    host: String,
    port: u16,
    path: String,
}

/// What is wrong with an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressFault {
    /// Another scheme, or none.
    #[error("an address begins with ipp:// or ipps://, such as ipps://labels-1.example/ipp/print")]
    Scheme,
    /// A name or a password stands before the host.
    #[error(
        "an address holds no name and no password: it is kept for ever and shown. Take them away"
    )]
    UserInfo,
    /// No host, or none that can be one.
    #[error("after the slashes stands the printer's name or number in the site's network")]
    Host,
    /// A port that is none.
    #[error("a port is a number from 1 to 65535; leave it out where it is 631")]
    Port,
    /// No path, or one with characters that do not belong there.
    #[error("after the host stands the printer's path, usually /ipp/print, without ? and #")]
    Path,
    /// Too long.
    #[error("an address has 255 characters at most")]
    Length,
}

impl IppAddress {
    /// Reads an address as people and printers write it.
    ///
    /// # Errors
    /// What is wrong, and what to write.
    pub fn parse(text: &str) -> Result<Self, AddressFault> {
        if text.len() > LENGTH_MAX {
            return Err(AddressFault::Length);
        }
        let (scheme, rest) = text.split_once("://").ok_or(AddressFault::Scheme)?;
        let encrypted = match scheme.to_ascii_lowercase().as_str() {
            "ipp" => false,
            "ipps" => true,
            _ => return Err(AddressFault::Scheme),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end).ok_or(AddressFault::Host)?;
        if authority.contains('@') {
            return Err(AddressFault::UserInfo);
        }
        let (host, port) = host_and_port(authority)?;
        let fits = |c: char| c.is_ascii_graphic() && !"?#\"<>\\^`{|}".contains(c);
        if path.len() < 2 || !path.starts_with('/') || !path.chars().all(fits) {
            return Err(AddressFault::Path);
        }
        let host = host.to_ascii_lowercase();
        Ok(Self { encrypted, host, port, path: path.to_owned() })
    }

    /// Whether everything goes encrypted (`ipps`).
    pub fn encrypted(&self) -> bool {
        self.encrypted
    }

    /// The same place as HTTP names it; the protocol travels in it (RFC 8010).
    pub fn http(&self) -> String {
        let scheme = if self.encrypted { "https" } else { "http" };
        format!("{scheme}://{}:{}{}", self.host, self.port, self.path)
    }
}

fn host_and_port(authority: &str) -> Result<(&str, u16), AddressFault> {
    // The number of an IPv6 host has colons of its own and stands in brackets.
    let (host, port) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((number, after)) => {
            let fits = |c: char| c.is_ascii_hexdigit() || c == ':' || c == '.';
            if !number.contains(':') || !number.chars().all(fits) {
                return Err(AddressFault::Host);
            }
            let host = authority.strip_suffix(after).unwrap_or(authority);
            let port = match after.strip_prefix(':') {
                Some(port) => Some(port),
                None if after.is_empty() => None,
                None => return Err(AddressFault::Host),
            };
            (host, port)
        }
        None => {
            let (host, port) = match authority.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (authority, None),
            };
            let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
            if host.is_empty() || !host.chars().all(fits) {
                return Err(AddressFault::Host);
            }
            (host, port)
        }
    };
    let port = match port {
        None => PORT,
        Some(text) => match text.parse::<u16>() {
            Ok(port) if port > 0 && text.bytes().all(|b| b.is_ascii_digit()) => port,
            _ => return Err(AddressFault::Port),
        },
    };
    Ok((host, port))
}

impl fmt::Display for IppAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.encrypted { "ipps" } else { "ipp" };
        write!(f, "{scheme}://{}", self.host)?;
        if self.port != PORT {
            write!(f, ":{}", self.port)?;
        }
        f.write_str(&self.path)
    }
}

impl TryFrom<String> for IppAddress {
    type Error = AddressFault;

    fn try_from(text: String) -> Result<Self, AddressFault> {
        Self::parse(&text)
    }
}

impl From<IppAddress> for String {
    fn from(address: IppAddress) -> Self {
        address.to_string()
    }
}
