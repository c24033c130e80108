//! Questions to a printer and its answers: the Internet Printing Protocol inside HTTP (RFC 8010).
//!
//! Neighbours: the messages are written and read by the `ipp` library; [`super::said`] knows what
//! is in them.
//!
//! Architecture invariant: an answer is bounded in time and in size, and nothing a printer says
//! can break the program.

use std::io::{Cursor, ErrorKind};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use ipp::attribute::IppAttribute;
use ipp::model::{DelimiterTag, IppVersion, Operation};
use ipp::parser::{IppParseError, IppParser};
use ipp::reader::IppReader;
use ipp::request::IppRequestResponse;
use ipp::value::IppValue;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use sha2::{Digest, Sha256};
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};
use ureq::{Agent, Timeout};

use super::said::Answer;
use crate::domain::printer::IppAddress;

/// Most bytes of an answer. All attributes of a large office printer are a tenth of that.
const ANSWER_MAX: u64 = 1024 * 1024;
/// Who asks, as printers list their jobs.
const ASKER: &str = "chorda";

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Trouble {
    /// Nothing of the question can have been acted on.
    NotReached(String),
    /// The server of the printer refused it by an HTTP status before the printer saw it.
    Turned(String),
    /// Whether the question was acted on is not known.
    Broken(String),
}

impl Trouble {
    /// What happened, in words.
    pub(super) fn words(&self) -> &str {
        match self {
            Self::NotReached(words) | Self::Turned(words) | Self::Broken(words) => words,
        }
    }
}

/// What is asked: operation attributes, those of the job, and the document.
pub(super) struct Question<'a> {
    pub(super) operation: Operation,
    pub(super) attributes: Vec<IppAttribute>,
    pub(super) job: Vec<IppAttribute>,
    pub(super) document: &'a [u8],
}

/// A printer at an address.
pub(super) struct Client {
    agent: Agent,
    address: String,
    http: String,
}

impl Client {
    /// Knows whom to ask and whom to believe.
    pub(super) fn new(address: &IppAddress, certificate: Option<&str>) -> Result<Self, String> {
        let mut settings = Agent::config_builder()
            // A printer stands in the site's own network.
            .proxy(None)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_idle_connections(0)
            .http_status_as_error(false)
            .user_agent(concat!("chorda/", env!("CARGO_PKG_VERSION")));
        if address.encrypted() {
            let trusted = match certificate {
                Some(pem) => vec![read_certificate(pem)?],
                None => system_certificates()?,
            };
            settings = settings.tls_config(
                TlsConfig::builder()
                    .provider(TlsProvider::Rustls)
                    .unversioned_rustls_crypto_provider(crate::tls::provider())
                    .root_certs(RootCerts::Specific(Arc::new(trusted)))
                    .build(),
            );
        }
        let agent = settings.build().new_agent();
        Ok(Self { agent, address: address.to_string(), http: address.http() })
    }

    /// Asks and waits for the answer, no longer than this.
    pub(super) fn ask(
        &self,
        question: Question<'_>,
        patience: Duration,
    ) -> Result<Answer, Trouble> {
        let broken = |error: IppParseError| Trouble::NotReached(error.to_string());
        let message = self.message(question.operation, question.attributes, question.job);
        let mut bytes = message.map_err(broken)?;
        bytes.extend_from_slice(question.document);
        let request = self.agent.post(&self.http).header("content-type", "application/ipp");
        let request = request.config().timeout_global(Some(patience)).build();
        let mut response = request.send(bytes.as_slice()).map_err(trouble)?;
        match response.status().as_u16() {
            200 => {}
            code @ (301..=308 | 400..=407 | 411 | 426) => {
                return Err(Trouble::Turned(turned(code)));
            }
            code => return Err(Trouble::Broken(format!("it answered with HTTP status {code}"))),
        }
        let body = response.body_mut().with_config().limit(ANSWER_MAX).read_to_vec();
        read(body.map_err(|error| match trouble(error) {
            Trouble::NotReached(words) => Trouble::Broken(words),
            other => other,
        })?)
    }

    /// The bytes of a request without its document. Version 1.1 is understood by all.
    fn message(
        &self,
        operation: Operation,
        attributes: Vec<IppAttribute>,
        job: Vec<IppAttribute>,
    ) -> Result<Vec<u8>, IppParseError> {
        let mut message = IppRequestResponse::new(IppVersion::v1_1(), operation, None)?;
        let head = [
            IppAttribute::with_name(
                IppAttribute::PRINTER_URI,
                IppValue::new_uri(self.address.as_str())?,
            )?,
            IppAttribute::with_name(
                IppAttribute::REQUESTING_USER_NAME,
                IppValue::new_name_without_language(ASKER)?,
            )?,
        ];
        for attribute in head.into_iter().chain(attributes) {
            message.attributes_mut().add(DelimiterTag::OperationAttributes, attribute);
        }
        for attribute in job {
            message.attributes_mut().add(DelimiterTag::JobAttributes, attribute);
        }
        Ok(message.to_bytes().to_vec())
    }
}

fn turned(code: u16) -> String {
    match code {
        401 | 407 => "it wants a name and a password; let it take jobs of this server without",
        403 => "it does not let this server in",
        404 | 405 => "there is no printer at this path; look at its own pages, usually /ipp/print",
        426 => "it wants an encrypted line; write ipps",
        301..=308 => "it sends on to another address; set that one up",
        _ => return format!("it answered with HTTP status {code}"),
    }
    .to_owned()
}

fn trouble(error: ureq::Error) -> Trouble {
    let words = match &error {
        ureq::Error::HostNotFound => "its name has no address".to_owned(),
        ureq::Error::Timeout(_) => "it did not answer in time".to_owned(),
        ureq::Error::BodyExceedsLimit(_) => "its answer had no end".to_owned(),
        ureq::Error::Io(io) if io.kind() == ErrorKind::InvalidData => certificate_words(io),
        ureq::Error::Io(io) => io.to_string(),
        ureq::Error::Rustls(tls) => certificate_words(tls),
        other => other.to_string(),
    };
    match &error {
        ureq::Error::HostNotFound
        | ureq::Error::ConnectionFailed
        | ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect) => Trouble::NotReached(words),
        ureq::Error::Io(io) if io.kind() == ErrorKind::ConnectionRefused => {
            Trouble::NotReached(words)
        }
        _ => Trouble::Broken(words),
    }
}

fn certificate_words(error: &dyn std::fmt::Display) -> String {
    format!(
        "{error}; if it is the right printer, enter its certificate in its settings and name it \
         as the certificate does"
    )
}

/// Reads a whole answer. The library panics on some lengths that contradict one another.
fn read(body: Vec<u8>) -> Result<Answer, Trouble> {
    let parse = || IppParser::new(IppReader::new(Cursor::new(body))).parse();
    match catch_unwind(AssertUnwindSafe(parse)) {
        Ok(Ok(message)) => Ok(Answer::new(&message)),
        Ok(Err(error)) => Err(Trouble::Broken(format!("its answer cannot be read: {error}"))),
        Err(_) => Err(Trouble::Broken("its answer cannot be read".to_owned())),
    }
}

fn read_certificate(pem: &str) -> Result<Certificate<'static>, String> {
    CertificateDer::from_pem_slice(pem.as_bytes())
        .map(|der| Certificate::from_der(&der).to_owned())
        .map_err(|error| format!("the certificate cannot be read: {error}"))
}

fn system_certificates() -> Result<Vec<Certificate<'static>>, String> {
    let none = "this computer knows no certificate authority; enter the printer's certificate";
    let path = crate::tls::system_roots().ok_or(none)?;
    let known = CertificateDer::pem_file_iter(path).map_err(|_| none)?;
    Ok(known.flatten().map(|der| Certificate::from_der(&der).to_owned()).collect())
}

/// What a printer's certificate is known by: the SHA-256 of it, as printers show it.
///
/// # Errors
/// That it is no certificate, in words.
pub fn certificate_fingerprint(pem: &str) -> Result<String, String> {
    let broken = |error: &dyn std::fmt::Display| {
        format!("the certificate cannot be read: {error}. Enter it as the printer gives it out")
    };
    let der = CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|error| broken(&error))?;
    let hash = Sha256::digest(&der);
    rustls::RootCertStore::empty().add(der).map_err(|error| broken(&error))?;
    let pairs: Vec<String> = hash.iter().map(|byte| format!("{byte:02X}")).collect();
    Ok(pairs.join(":"))
}
