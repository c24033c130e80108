//! The encrypted way: a printer is known by its certificate, or it gets nothing.

use std::process::Command;
use std::sync::Arc;

use chorda::domain::print_job::Outcome;
use chorda::domain::printer::{Connection, IppAddress, Language};
use chorda::printing::{Report, certificate_fingerprint, send};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::fake::{FakeIpp, label_printer};
use super::{SHORT, done, expect, page, says, small};
use crate::labels::{folder, have};

/// A certificate for this computer that signs itself, and how a server shows it.
fn certificate(name: &str) -> (String, Arc<rustls::ServerConfig>) {
    let folder = folder(name);
    let file = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let (key, shown) = (file("key.pem"), file("certificate.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"])
        .args([
            "-nodes",
            "-days",
            "30",
            "-subj",
            "/CN=label printer",
            "-keyout",
            &key,
            "-out",
            &shown,
        ])
        .args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let pem = std::fs::read_to_string(&shown).unwrap();
    let chain = vec![CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_file(&key).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(chorda::tls::provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    std::fs::remove_dir_all(folder).unwrap();
    (pem, Arc::new(config))
}

fn to(address: &str, certificate: Option<&str>) -> Report {
    let address = IppAddress::parse(address).unwrap();
    let certificate = certificate.map(str::to_owned);
    let language = Language::PwgRaster;
    let connection = Connection::Ipp { address, language, certificate };
    send(&connection, &small(vec![page(203, 102, 3)]), SHORT)
}

#[test]
fn a_printer_is_known_by_its_certificate_or_gets_nothing() {
    if !have(&["openssl"]) {
        return;
    }
    let (own, config) = certificate("tls-own");
    let (other, _) = certificate("tls-other");
    let printer = FakeIpp::encrypted(config, says(label_printer(), done()));
    let port = printer.address.port();
    let address = format!("ipps://localhost:{port}/ipp/print");
    let report = to(&address, None);
    expect(&report, Outcome::Failed, "enter its certificate in its settings");
    expect(&to(&address, Some(&other)), Outcome::Failed, "enter its certificate in its settings");
    assert!(printer.got().is_empty(), "asked before it was known");
    expect(&to(&address, Some(&own)), Outcome::Printed, "all came out");
    let [got] = printer.jobs().try_into().unwrap();
    assert_eq!(
        got.value("printer-uri"),
        Some(&ipp::value::IppValue::new_uri(address.as_str()).unwrap())
    );
    let by_number = format!("ipps://127.0.0.1:{port}/ipp/print");
    expect(&to(&by_number, Some(&own)), Outcome::Printed, "all came out");
    // It is not asked without encryption either, although it would be the right one.
    let plain = to(&format!("ipp://localhost:{port}/ipp/print"), None);
    expect(&plain, Outcome::Failed, "not reached");
    let fingerprint = certificate_fingerprint(&own).unwrap();
    assert_eq!((fingerprint.len(), fingerprint.matches(':').count()), (95, 31));
    let broken = own.replacen("MII", "MIJ", 1);
    assert!(certificate_fingerprint(&broken).unwrap_err().contains("cannot be read"));
}
