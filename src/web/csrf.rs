//! Nobody else's page can make a signed-in browser act: the browser's own word on where a request
//! comes from is checked first, then a token that only pages of this session carry.
//!
//! Architecture invariant: a request that says nothing about its origin is refused.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::ledger::hash::hex;

/// The headers by which a browser says where a request comes from.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// `Sec-Fetch-Site`.
    pub site: Option<String>,
    /// `Origin`.
    pub origin: Option<String>,
    /// `Host`.
    pub host: Option<String>,
}

impl Origin {
    /// Whether the request comes from one of our own pages, or from the person directly.
    pub fn is_own(&self) -> bool {
        if let Some(site) = &self.site {
            return matches!(site.as_str(), "same-origin" | "none");
        }
        let (Some(origin), Some(host)) = (&self.origin, &self.host) else { return false };
        let authority = origin.split_once("://").map_or("", |(_, authority)| authority);
        !authority.is_empty() && authority.eq_ignore_ascii_case(host)
    }
}

/// The token that the forms of a session carry, derived from the session's secret so that nothing
/// needs to be stored.
pub fn token(session_secret: &str) -> String {
    let mut hasher = Sha256::new();
    hasher.update(b"chorda-form/v1\n");
    hasher.update(session_secret.as_bytes());
    hex(&hasher.finalize())
}

/// Compares in constant time.
pub fn matches(expected: &str, given: &str) -> bool {
    expected.as_bytes().ct_eq(given.as_bytes()).into()
}
