//! TLS to PostgreSQL without OpenSSL.
//!
//! The client library is built without TLS, so that the program needs a C compiler and nothing
//! else. Where the address asks for encryption, a tunnel inside this process makes it: the client
//! library talks to a socket in a private folder, the tunnel asks the server for TLS, makes the
//! handshake with rustls and copies bytes. `sslmode` means what it means to every PostgreSQL
//! client: `disable`, `prefer` (the default), `require`, `verify-ca`, `verify-full`.
//!
//! Neighbours: [`super::connect`] hands the resulting connection text to the client library.
//!
//! Architecture invariant: with `require` and stronger, no byte of a session leaves this machine
//! unencrypted; a server without TLS is an error, never a fallback.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UnixListener, UnixStream};
use tokio_rustls::TlsConnector;

use super::DbError;
use crate::clock;

/// The message that asks a PostgreSQL server for TLS: its length, then the code 80877103.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];
const PORT: u16 = 5432;
const PROBE_TIMEOUT: Duration = Duration::from_secs(10);

/// How much encryption an address asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SslMode {
    /// None.
    Disable,
    /// If the server offers it.
    Prefer,
    /// Always, without checking who the server is.
    Require,
    /// Always, and the certificate must come from a known authority.
    VerifyCa,
    /// Always, and the certificate must also bear the host's name.
    VerifyFull,
}

/// A PostgreSQL address, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PgAddress {
    host: String,
    port: u16,
    user: Option<String>,
    password: Option<String>,
    database: Option<String>,
    ssl_mode: SslMode,
    root_certificate: Option<PathBuf>,
    parameters: BTreeMap<String, String>,
}

impl PgAddress {
    /// Reads `postgres://USER:PASSWORD@HOST:PORT/NAME?sslmode=…&sslrootcert=…&options=…`.
    ///
    /// # Errors
    /// When a part is malformed.
    pub fn parse(url: &str) -> Result<Self, DbError> {
        let malformed = || DbError::Address(without_password(url));
        let rest = url
            .strip_prefix("postgres://")
            .or_else(|| url.strip_prefix("postgresql://"))
            .ok_or_else(malformed)?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        let (login, place) = match authority.rsplit_once('@') {
            Some((login, place)) => (Some(login), place),
            None => (None, authority),
        };
        let (user, password) = match login.map(|login| login.split_once(':').unwrap_or((login, "")))
        {
            Some((user, password)) => (decoded(user), decoded(password)),
            None => (None, None),
        };
        let (host, port) = host_and_port(place).ok_or_else(malformed)?;
        let mut parameters = BTreeMap::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').ok_or_else(malformed)?;
            let value = percent_decoded(value).ok_or_else(malformed)?;
            parameters.insert(name.to_owned(), value);
        }
        let ssl_mode = match parameters.remove("sslmode").as_deref() {
            None | Some("prefer" | "allow") => SslMode::Prefer,
            Some("disable") => SslMode::Disable,
            Some("require") => SslMode::Require,
            Some("verify-ca") => SslMode::VerifyCa,
            Some("verify-full") => SslMode::VerifyFull,
            Some(_) => return Err(malformed()),
        };
        let host = parameters.remove("host").or(host).unwrap_or_else(|| "localhost".to_owned());
        Ok(Self {
            host,
            port,
            user,
            password,
            database: decoded(database),
            ssl_mode,
            root_certificate: parameters.remove("sslrootcert").map(PathBuf::from),
            parameters,
        })
    }

    /// The address without its password.
    #[must_use]
    pub fn shown(&self) -> String {
        let user = self.user.as_deref().map(|user| format!("{user}@")).unwrap_or_default();
        let database = self.database.as_deref().unwrap_or_default();
        format!("postgres://{user}{}:{}/{database}", self.host, self.port)
    }

    /// How much encryption was asked for.
    #[must_use]
    pub const fn ssl_mode(&self) -> SslMode {
        self.ssl_mode
    }

    /// The text for the client library, and the tunnel that must live as long as its connections.
    pub(crate) fn reach(&self) -> Result<(String, Option<Tunnel>), DbError> {
        let is_socket = self.host.starts_with('/');
        let encrypted = match self.ssl_mode {
            SslMode::Disable => false,
            _ if is_socket => false,
            SslMode::Prefer => self.offers_tls()?,
            SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => {
                if !self.offers_tls()? {
                    return Err(DbError::Open(format!(
                        "the server at {} offers no TLS, but the address demands it",
                        self.shown()
                    )));
                }
                true
            }
        };
        if !encrypted {
            return Ok((self.conninfo(&self.host, self.port), None));
        }
        let tunnel = Tunnel::open(self)?;
        Ok((self.conninfo(&tunnel.folder.to_string_lossy(), PORT), Some(tunnel)))
    }

    fn conninfo(&self, host: &str, port: u16) -> String {
        let mut parts = vec![
            format!("host={}", quoted(host)),
            format!("port={port}"),
            "sslmode=disable".to_owned(),
            "gssencmode=disable".to_owned(),
        ];
        let named = [
            ("user", self.user.as_ref()),
            ("password", self.password.as_ref()),
            ("dbname", self.database.as_ref()),
        ];
        for (name, value) in named {
            if let Some(value) = value {
                parts.push(format!("{name}={}", quoted(value)));
            }
        }
        if !self.parameters.contains_key("connect_timeout") {
            parts.push("connect_timeout=10".to_owned());
        }
        parts.extend(
            self.parameters.iter().map(|(name, value)| format!("{name}={}", quoted(value))),
        );
        parts.join(" ")
    }

    /// Asks the server whether it offers TLS, and hangs up.
    fn offers_tls(&self) -> Result<bool, DbError> {
        let failed = |error: std::io::Error| DbError::Open(format!("{}: {error}", self.shown()));
        let mut stream =
            std::net::TcpStream::connect((self.host.as_str(), self.port)).map_err(failed)?;
        stream.set_read_timeout(Some(PROBE_TIMEOUT)).map_err(failed)?;
        stream.write_all(&SSL_REQUEST).map_err(failed)?;
        let mut answer = [0];
        stream.read_exact(&mut answer).map_err(failed)?;
        Ok(answer == *b"S")
    }
}

/// A way through this process on which everything leaves encrypted.
#[derive(Debug)]
pub(crate) struct Tunnel {
    folder: PathBuf,
    /// Dropping it ends the thread that serves the tunnel.
    _stop: tokio::sync::oneshot::Sender<()>,
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.folder));
    }
}

impl Tunnel {
    fn open(address: &PgAddress) -> Result<Self, DbError> {
        let failed = |error: std::io::Error| DbError::Open(format!("TLS tunnel: {error}"));
        let config = client_config(address.ssl_mode, address.root_certificate.as_deref())?;
        let name = ServerName::try_from(address.host.clone()).map_err(|_| {
            DbError::Open(format!("{} is no name a certificate can bear", address.host))
        })?;
        let secret = clock::random::<8>().map_err(|error| DbError::Open(error.to_string()))?;
        let folder =
            std::env::temp_dir().join(format!("chorda-{}", crate::ledger::hash::hex(&secret)));
        fs::DirBuilder::new().mode(0o700).create(&folder).map_err(failed)?;
        let socket = folder.join(format!(".s.PGSQL.{PORT}"));
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let listener = {
            let _inside = runtime.enter();
            UnixListener::bind(&socket).map_err(failed)?
        };
        fs::set_permissions(&socket, fs::Permissions::from_mode(0o600)).map_err(failed)?;
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let far = Far { host: address.host.clone(), port: address.port, name, config };
        std::thread::Builder::new()
            .name("database-tls".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    tokio::select! {
                        _ = stopped => {}
                        () = accept(listener, far) => {}
                    }
                });
            })
            .map_err(failed)?;
        Ok(Self { folder, _stop: stop })
    }
}

/// The far end of a tunnel.
#[derive(Clone)]
struct Far {
    host: String,
    port: u16,
    name: ServerName<'static>,
    config: Arc<ClientConfig>,
}

async fn accept(listener: UnixListener, far: Far) {
    loop {
        match listener.accept().await {
            Ok((near, _)) => {
                let far = far.clone();
                tokio::spawn(async move {
                    if let Err(error) = carry(near, &far).await {
                        tracing::warn!(%error, host = far.host, "the encrypted way broke off");
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "the TLS tunnel could not accept a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn carry(mut near: UnixStream, far: &Far) -> std::io::Result<()> {
    let mut stream = TcpStream::connect((far.host.as_str(), far.port)).await?;
    stream.set_nodelay(true)?;
    stream.write_all(&SSL_REQUEST).await?;
    if stream.read_u8().await? != b'S' {
        return Err(std::io::Error::other("the server no longer offers TLS"));
    }
    let connector = TlsConnector::from(Arc::clone(&far.config));
    let mut stream = connector.connect(far.name.clone(), stream).await?;
    tokio::io::copy_bidirectional(&mut near, &mut stream).await.map(drop)
}

fn client_config(mode: SslMode, roots: Option<&Path>) -> Result<Arc<ClientConfig>, DbError> {
    let failed = |error: &dyn std::fmt::Display| DbError::Open(format!("TLS: {error}"));
    let provider = crate::tls::provider();
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(&error))?;
    // As with every PostgreSQL client, `require` checks the authority when one is named.
    let checked = mode >= SslMode::VerifyCa || roots.is_some();
    let chain = if checked {
        let store = Arc::new(root_store(roots)?);
        let verifier =
            WebPkiServerVerifier::builder_with_provider(store, Arc::clone(&provider)).build();
        Some(verifier.map_err(|error| failed(&error))?)
    } else {
        None
    };
    let verifier = Arc::new(Verifier { chain, with_name: mode == SslMode::VerifyFull, provider });
    let config =
        builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
    Ok(Arc::new(config))
}

fn root_store(file: Option<&Path>) -> Result<RootCertStore, DbError> {
    let system = || {
        crate::tls::system_roots().ok_or_else(|| {
            DbError::Open(
                "no bundle of certificate authorities; name one by sslrootcert".to_owned(),
            )
        })
    };
    let path = match file {
        Some(path) if path != Path::new("system") => path,
        _ => system()?,
    };
    let failed = |error: &dyn std::fmt::Display| {
        DbError::Open(format!("certificate authorities in {}: {error}", path.display()))
    };
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| failed(&error))? {
        let certificate = certificate.map_err(|error| failed(&error))?;
        // A system bundle may hold authorities of a kind this library does not take.
        if let Err(error) = store.add(certificate)
            && file.is_some()
        {
            return Err(failed(&error));
        }
    }
    if store.is_empty() {
        return Err(failed(&"there is none"));
    }
    Ok(store)
}

/// Judges the server's certificate as far as the mode demands. The handshake signature is always
/// checked: the server must hold the key of the certificate it shows.
#[derive(Debug)]
struct Verifier {
    chain: Option<Arc<WebPkiServerVerifier>>,
    with_name: bool,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(chain) = &self.chain else {
            return Ok(ServerCertVerified::assertion());
        };
        let verdict =
            chain.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        match verdict {
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if !self.with_name => Ok(ServerCertVerified::assertion()),
            verdict => verdict,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn host_and_port(place: &str) -> Option<(Option<String>, u16)> {
    let (host, port) = match place.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']')?;
            (host, rest.strip_prefix(':').unwrap_or_default())
        }
        None => place.rsplit_once(':').unwrap_or((place, "")),
    };
    let port = if port.is_empty() { PORT } else { port.parse().ok()? };
    Some((decoded(host), port))
}

fn decoded(text: &str) -> Option<String> {
    percent_decoded(text).filter(|text| !text.is_empty())
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            let digits = std::str::from_utf8(&digits).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\\', "\\\\").replace('\'', "\\'"))
}

fn without_password(url: &str) -> String {
    match url.rsplit_once('@') {
        Some((_, place)) => format!("postgres://…@{place}"),
        None => url.to_owned(),
    }
}
