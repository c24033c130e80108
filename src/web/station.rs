//! Stations: which computer a command comes from (21 CFR 11.10(h)). An administrator enrols a
//! browser once; a cookie that only this server can make holds the station's name. A browser that
//! is not enrolled works as the station of the office.
//!
//! Architecture invariant: a browser cannot name itself; the name carries the server's seal.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::domain::id::StationId;
use crate::ledger::hash::hex;
use crate::store::Failure;

/// The key of the stations' cookies, derived from the installation's secret.
///
/// # Errors
/// Never in practice: the key has the right length.
pub(super) fn key(secret: &[u8; 32]) -> Result<[u8; 32], Failure> {
    let broken = |error: &dyn std::fmt::Display| Failure::Broken(error.to_string());
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).map_err(|error| broken(&error))?;
    mac.update(b"chorda-station-key/v1");
    Ok(mac.finalize().into_bytes().into())
}

/// A station, as one request shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Station {
    /// Its name.
    pub id: StationId,
    /// Whether it is a scan station: larger type and targets.
    pub scan_station: bool,
    /// `us` if the scanner types as on a US keyboard, `host` if as on the computer's own.
    pub scanner: &'static str,
}

impl Station {
    /// The station of a browser that is not enrolled.
    pub fn office(id: StationId) -> Self {
        Self { id, scan_station: false, scanner: "us" }
    }

    /// The cookie of an enrolled browser.
    pub fn seal(&self, key: &[u8; 32]) -> String {
        let kind = if self.scan_station { "scan" } else { "office" };
        let body = format!("{}.{kind}.{}", self.id, self.scanner);
        let seal = seal_of(&body, key);
        format!("{body}.{seal}")
    }

    /// The station of a cookie, if the server made it.
    pub fn open(cookie: &str, key: &[u8; 32]) -> Option<Self> {
        let (body, seal) = cookie.rsplit_once('.')?;
        let genuine: bool = seal_of(body, key).as_bytes().ct_eq(seal.as_bytes()).into();
        if !genuine {
            return None;
        }
        let mut parts = body.split('.');
        let id = StationId::parse(parts.next()?).ok()?;
        let scan_station = parts.next()? == "scan";
        let scanner = if parts.next()? == "host" { "host" } else { "us" };
        Some(Self { id, scan_station, scanner })
    }
}

fn seal_of(body: &str, key: &[u8; 32]) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
    mac.update(b"chorda-station/v1\n");
    mac.update(body.as_bytes());
    hex(&mac.finalize().into_bytes())
}
