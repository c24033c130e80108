//! Printers: how they may be reached, and what is refused.

use chorda::domain::Refusal as _;
use chorda::domain::id::AssetId;
use chorda::domain::printer::address::AddressFault;
use chorda::domain::printer::{Connection, IppAddress, Language, Refusal, Setup, set_up};
use proptest::prelude::*;

#[test]
fn an_ipp_address_is_read_as_printers_show_it_and_written_the_same_way() {
    let cases = [
        ("ipp://labels-1.example/ipp/print", "http://labels-1.example:631/ipp/print"),
        ("ipps://labels-1.example/ipp/print", "https://labels-1.example:631/ipp/print"),
        ("ipps://10.0.0.7:8443/printers/a%20b", "https://10.0.0.7:8443/printers/a%20b"),
        ("ipp://[fe80::1]/ipp", "http://[fe80::1]:631/ipp"),
        ("ipp://[fe80::1]:99/ipp", "http://[fe80::1]:99/ipp"),
    ];
    for (text, http) in cases {
        let address = IppAddress::parse(text).unwrap();
        assert_eq!((address.to_string().as_str(), address.http().as_str()), (text, http));
        let json = serde_json::to_string(&address).unwrap();
        assert_eq!(json, format!("{text:?}"));
        assert_eq!(serde_json::from_str::<IppAddress>(&json).unwrap(), address);
    }
    let same = IppAddress::parse("IPPS://Labels-1.Example:631/ipp/Print").unwrap();
    assert_eq!(same.to_string(), "ipps://labels-1.example/ipp/Print");
}

#[test]
fn an_address_with_a_password_or_without_sense_is_refused_and_says_what_to_write() {
    use AddressFault as F;
    let cases = [
        ("", F::Scheme),
        ("labels-1/ipp/print", F::Scheme),
        ("http://labels-1/ipp/print", F::Scheme),
        ("ipp:/labels-1/ipp/print", F::Scheme),
        ("ipp://ana:secret@labels-1/ipp/print", F::UserInfo),
        ("ipp://ana@labels-1/ipp/print", F::UserInfo),
        ("ipp:///ipp/print", F::Host),
        ("ipp://:631/ipp/print", F::Host),
        ("ipp://la bels/ipp/print", F::Host),
        ("ipp://labels;1/ipp/print", F::Host),
        ("ipp://[fe80::1/ipp/print", F::Host),
        ("ipp://[fe80::1]x/ipp/print", F::Host),
        ("ipp://[labels]/ipp/print", F::Host),
        ("ipp://labels-1:0/ipp/print", F::Port),
        ("ipp://labels-1:65536/ipp/print", F::Port),
        ("ipp://labels-1:+63/ipp/print", F::Port),
        ("ipp://labels-1:/ipp/print", F::Port),
        ("ipp://labels-1", F::Path),
        ("ipp://labels-1/", F::Path),
        ("ipp://labels-1?x/ipp", F::Path),
        ("ipp://labels-1/ipp/print?waitjob=false", F::Path),
        ("ipp://labels-1/ipp/print#1", F::Path),
        ("ipp://labels-1/ipp/pr\r\nint", F::Path),
        ("ipp://labels-1/žig", F::Path),
    ];
    for (text, fault) in cases {
        assert_eq!(IppAddress::parse(text), Err(fault), "{text}");
        assert!(!fault.to_string().contains("secret"));
    }
    let long = format!("ipp://labels-1/{}", "a".repeat(250));
    assert_eq!(IppAddress::parse(&long), Err(F::Length));
    assert!(serde_json::from_str::<IppAddress>("\"ipp://a:b@c/d\"").is_err());
}

proptest! {
    #[test]
    fn no_address_that_is_read_has_user_info_or_changes_when_it_is_read_again(
        text in "(ipp|ipps|http)://[a-z0-9@:.\\[\\]/?#%-]{0,40}"
    ) {
        if let Ok(address) = IppAddress::parse(&text) {
            prop_assert!(!address.to_string().split('/').nth(2).unwrap().contains('@'));
            prop_assert_eq!(IppAddress::parse(&address.to_string()), Ok(address));
        }
    }
}

#[test]
fn a_certificate_is_one_alone_and_only_where_something_is_encrypted() {
    let asset = AssetId::parse("EQ-LP-01").unwrap();
    let reached = |address: &str, certificate: &str| {
        let connection = Connection::Ipp {
            address: IppAddress::parse(address).unwrap(),
            language: Language::PwgRaster,
            certificate: Some(certificate.to_owned()),
        };
        set_up(&asset, &Setup { title: "Bench 1".to_owned(), connection, dpi: 300 })
    };
    let one = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
    let key = "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n";
    assert!(reached("ipps://labels-1/ipp/print", one).is_ok());
    let wrong = [
        ("ipp://labels-1/ipp/print", one.to_owned()),
        ("ipps://labels-1/ipp/print", String::new()),
        ("ipps://labels-1/ipp/print", one.repeat(2)),
        ("ipps://labels-1/ipp/print", key.to_owned()),
        ("ipps://labels-1/ipp/print", format!("{one}{key}")),
        ("ipps://labels-1/ipp/print", one.replace("MIIB", &"MIIB".repeat(3000))),
    ];
    for (address, certificate) in wrong {
        let refusal = reached(address, &certificate).unwrap_err();
        assert!(matches!(refusal, Refusal::Certificate { .. }), "{certificate}");
        assert_eq!(refusal.rule(), "printer_certificate");
    }
}
