//! What every encrypted line of this program shares: one provider of cryptography, and the
//! authorities this computer knows.
//!
//! Neighbours: `db` reaches PostgreSQL, `printing` reaches printers.
//!
//! Architecture invariant: there is no process-wide default; whoever encrypts takes the provider
//! from here.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;

const SYSTEM_ROOTS: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// The cryptography of every handshake.
#[must_use]
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// The file of the certificate authorities this computer knows.
#[must_use]
pub fn system_roots() -> Option<&'static Path> {
    SYSTEM_ROOTS.iter().map(Path::new).find(|path| path.exists())
}
