//! Printer: where labels are printed, how it is reached, and whether it was seen to print well.
//!
//! Neighbours: `print_job` is what is sent to it; `labels` draws for its resolution; [`address`]
//! reads where a printer answers.
//!
//! Architecture invariant: a printer is told apart by its asset number and is never renamed; only
//! a printer in use gets a job (21 CFR 11.10(h): only enrolled devices).

pub mod address;

use crate::domain::id::{AssetId, Login};
use crate::domain::time::Instant;
use crate::domain::{Aggregate, Change, Recorded, RefusalKind};
use serde::{Deserialize, Serialize};

pub use address::IppAddress;

/// Longest certificate in a printer's settings, in bytes.
const CERTIFICATE_MAX: usize = 8 * 1024;

/// What a printer is sent over the Internet Printing Protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// PWG Raster (PWG 5102.4): the dots themselves, which every IPP Everywhere printer takes.
    PwgRaster,
    /// ZPL II with the dots as a graphic.
    Zpl,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 2] = [Self::PwgRaster, Self::Zpl];

    /// The word in forms.
    pub fn code(self) -> &'static str {
        match self {
            Self::PwgRaster => "pwg_raster",
            Self::Zpl => "zpl",
        }
    }

    /// On screens.
    pub fn title(self) -> &'static str {
        match self {
            Self::PwgRaster => "PWG Raster",
            Self::Zpl => "ZPL",
        }
    }

    /// The language of this code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.code() == code)
    }
}

/// How a printer is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Connection {
    /// Raw TCP, usually at port 9100.
    Tcp {
        /// Name or address in the site's own network.
        host: String,
        /// Port.
        port: u16,
    },
    /// The Internet Printing Protocol (RFC 8011).
    Ipp {
        /// Where it answers.
        address: IppAddress,
        /// What it is sent.
        language: Language,
        /// The certificate it shows, or that of the authority which made it, as PEM; none where
        /// the computer's own authorities know it, and where nothing is encrypted.
        certificate: Option<String>,
    },
    /// Files in a folder of the server, for a print system of the site.
    File {
        /// The folder; it exists.
        folder: String,
    },
}

impl Connection {
    /// In words.
    pub fn words(&self) -> String {
        match self {
            Self::Tcp { host, port } => format!("{host}, port {port}"),
            Self::Ipp { address, language, .. } => format!("{address}, {}", language.title()),
            Self::File { folder } => format!("files in {folder}"),
        }
    }
}

/// What is set about a printer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setup {
    /// What people call it, such as `Bench 2`.
    pub title: String,
    /// How it is reached.
    pub connection: Connection,
    /// Dots per inch: 203, 300 or 600.
    pub dpi: u32,
}

/// An event of a printer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
pub enum Event {
    /// It was set up, or set up anew; what was tested before counts no more.
    SetUp {
        /// The settings.
        setup: Setup,
    },
    /// Its test label was printed and read back as it should.
    TestPassed {
        /// The text that was read.
        read: String,
    },
    /// It is not used any more.
    Retired {
        /// Why, in words.
        because: String,
    },
}

/// A printer, as its events tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Printer {
    /// Its asset number.
    pub asset: AssetId,
    /// Number of events so far.
    pub version: u64,
    /// Its settings.
    pub setup: Setup,
    /// How often it was set up: part of the text of its test label.
    pub setups: u32,
    /// When its test label was read back, and by whom; none since it was set up.
    pub tested: Option<(Instant, Login)>,
    /// Why it is not used any more.
    pub retired: Option<String>,
}

impl Printer {
    /// The text of its test label. It holds every character that keyboard layouts move, so that
    /// the scanner is tested with the printer.
    pub fn test_text(&self) -> String {
        format!("TEST:{}.{}:{LAYOUT_TEST}", self.asset, self.setups)
    }
}

/// Characters that a scanner on a wrong keyboard layout types wrongly (ISBT 128 uses them).
pub const LAYOUT_TEST: &str = "YZ=&><*}(,+/;'#$%";

/// Why something was refused to a printer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A setting is missing.
    #[error("a printer needs {what}. Enter it")]
    Missing {
        /// What.
        what: &'static str,
    },
    /// No printer draws so.
    #[error("{dpi} dpi is no label printer's resolution. Choose 203, 300 or 600")]
    Resolution {
        /// Dots per inch.
        dpi: u32,
    },
    /// A certificate that is none, or that nobody would look at.
    #[error("{why}")]
    Certificate {
        /// What is wrong, and what to do.
        why: &'static str,
    },
    /// It is retired.
    #[error("the printer {asset} is not in use: {because}. Choose another")]
    Retired {
        /// The printer.
        asset: String,
        /// Why.
        because: String,
    },
    /// The test label reads otherwise.
    #[error(
        "this reads {read:?}; the test label of {asset} says {expected:?} (11.10(h)). If it is the \
         right label, the scanner types on another keyboard layout: set it up and scan again"
    )]
    TestDiffers {
        /// The printer.
        asset: String,
        /// What the label says.
        expected: String,
        /// What was read.
        read: String,
    },
}

impl crate::domain::Refusal for Refusal {
    fn rule(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "printer_incomplete",
            Self::Resolution { .. } => "printer_resolution",
            Self::Certificate { .. } => "printer_certificate",
            Self::Retired { .. } => "printer_retired (11.10(h))",
            Self::TestDiffers { .. } => "printer_test (11.10(h))",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::Missing { .. } | Self::Resolution { .. } | Self::Certificate { .. } => {
                RefusalKind::Invalid
            }
            Self::Retired { .. } | Self::TestDiffers { .. } => RefusalKind::Conflict,
        }
    }
}

/// Sets a printer up, for the first time or anew.
pub fn set_up(asset: &AssetId, setup: &Setup) -> Result<Vec<Change>, Refusal> {
    let missing = |what| Err(Refusal::Missing { what });
    if setup.title.trim().is_empty() {
        return missing("a name");
    }
    match &setup.connection {
        Connection::Tcp { host, .. } if host.trim().is_empty() => return missing("an address"),
        Connection::Tcp { port: 0, .. } => return missing("a port, usually 9100"),
        Connection::File { folder } if folder.trim().is_empty() => return missing("a folder"),
        Connection::Ipp { address, certificate: Some(certificate), .. } => {
            check_certificate(address, certificate)?;
        }
        Connection::Tcp { .. } | Connection::Ipp { .. } | Connection::File { .. } => {}
    }
    if ![203, 300, 600].contains(&setup.dpi) {
        return Err(Refusal::Resolution { dpi: setup.dpi });
    }
    Ok(vec![Change::of::<Printer>(asset.as_str(), Event::SetUp { setup: setup.clone() })])
}

/// Whether it can be a certificate at all; its inside is read where it is used.
fn check_certificate(address: &IppAddress, certificate: &str) -> Result<(), Refusal> {
    let refused = |why| Err(Refusal::Certificate { why });
    if !address.encrypted() {
        return refused(
            "only an ipps address is encrypted, and only there a certificate is looked at. Write \
             ipps, or leave the certificate out",
        );
    }
    if certificate.len() > CERTIFICATE_MAX {
        return refused("the certificate is longer than 8 KiB. Enter one alone");
    }
    let text = certificate.trim();
    let (begin, end) = ("-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----");
    let one = text.matches(begin).count() == 1 && text.matches(end).count() == 1;
    if !one || !text.starts_with(begin) || !text.ends_with(end) {
        return refused(
            "a certificate is entered as PEM, from BEGIN CERTIFICATE to END CERTIFICATE with the \
             lines of dashes, one alone and no key",
        );
    }
    Ok(())
}

impl Printer {
    /// Refuses unless it may get a job.
    pub fn must_be_in_use(&self) -> Result<(), Refusal> {
        match &self.retired {
            None => Ok(()),
            Some(because) => {
                Err(Refusal::Retired { asset: self.asset.to_string(), because: because.clone() })
            }
        }
    }

    /// Its test label was scanned.
    pub fn read_test(&self, read: &str) -> Result<Vec<Change>, Refusal> {
        self.must_be_in_use()?;
        let (asset, expected) = (self.asset.to_string(), self.test_text());
        if read != expected {
            let read = read.chars().take(80).collect();
            return Err(Refusal::TestDiffers { asset, expected, read });
        }
        let event = Event::TestPassed { read: read.to_owned() };
        Ok(vec![Change::of::<Self>(&asset, event)])
    }

    /// Takes it out of use.
    pub fn retire(&self, because: &str) -> Result<Vec<Change>, Refusal> {
        self.must_be_in_use()?;
        let because = because.trim().to_owned();
        if because.is_empty() {
            return Err(Refusal::Missing { what: "a reason why it is not used any more" });
        }
        Ok(vec![Change::of::<Self>(self.asset.as_str(), Event::Retired { because })])
    }
}

impl Aggregate for Printer {
    type Event = Event;

    const KIND: &'static str = "printer";

    fn own(event: &crate::domain::Event) -> Option<&Event> {
        Self::own_event(event)
    }

    fn apply(state: Option<Self>, recorded: &Recorded, event: &Event) -> Option<Self> {
        match (state, event) {
            (None, Event::SetUp { setup }) => Some(Self {
                asset: AssetId::parse(recorded.stream.id()).ok()?,
                version: recorded.version,
                setup: setup.clone(),
                setups: 1,
                tested: None,
                retired: None,
            }),
            (None, _) => None,
            (Some(mut printer), event) => {
                printer.version = recorded.version;
                match event {
                    Event::SetUp { setup } => {
                        printer.setup = setup.clone();
                        printer.setups = printer.setups.saturating_add(1);
                        (printer.tested, printer.retired) = (None, None);
                    }
                    Event::TestPassed { .. } => {
                        printer.tested = Some((recorded.at, recorded.actor.clone()));
                    }
                    Event::Retired { because } => printer.retired = Some(because.clone()),
                }
                Some(printer)
            }
        }
    }
}
